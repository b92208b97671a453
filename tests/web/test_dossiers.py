"""Dossiers in the page, with a real Chromium: quotes are kept, put in order, annotated and exported."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from qa import Corpus
from tests.web.chatting import ROOT, TOKEN, ask, chat, check_accessible, check_fits, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import APIResponse, Browser, Locator, Page, Route

    from tests.web.chatting import Server

pytestmark = [pytest.mark.browser, pytest.mark.models]

FERRY = "When did the ferry sink?"
TEXT = "The ferry sank in June.  Everybody was told of it.\n\nThe harbour was closed in May.\n"
HOSTILE = (
    "<script>window.canary = 1</script><img src=x onerror='window.canary = 2'> ${window.canary = 3} {{7*7}}"
)
PLACES = [(0, 23), (25, 50), (52, 82)]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dossiers")
    (folder / "a.txt").write_text(TEXT, "utf-8")
    (folder / "b.txt").write_text(f"A note\n\nIt rained in March. {HOSTILE}\n", "utf-8")
    with Corpus.open(folder / "library") as corpus:
        corpus.index(folder / "a.txt", folder / "b.txt")
    return folder / "library"


@pytest.fixture(scope="module")
def server(library: Path) -> Iterator[Server]:
    with chat(library) as running:
        while running.get("api/v1/health")[0] != 200:
            time.sleep(0.1)
        yield running


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The list of dossiers, with none in it."""
    with opened(browser, f"{server.url}dossiers", ready="h1") as tab:
        for each in server.get("api/v1/dossiers")[1]["dossiers"]:
            tab.request.delete(f"{server.url}api/v1/dossiers/{each['id']}")
        tab.reload()
        yield tab


def post(page: Page, server: Server, path: str, **body: Any) -> Any:
    reply = page.request.post(f"{server.url}api/v1/dossiers{path}", data=body)
    assert reply.ok, reply.text()
    return reply.json()


def made(page: Page, server: Server, name: str = "Harbours") -> str:
    """A dossier of the three sentences of a.txt, opened."""
    (document,) = [each for each in server.get("api/v1/documents")[1] if each["id"] == "a.txt"]
    dossier = post(page, server, "", name=name)["id"]
    for start, end in PLACES:
        place = f"{document['sha256']}/{start}-{end}"
        post(page, server, f"/{dossier}/entries", kind="quote", citation=place, question=FERRY)
    page.goto(f"{server.url}dossiers/{dossier}")
    expect(entries(page)).to_have_count(3)
    return str(dossier)


def entries(page: Page) -> Locator:
    return page.locator("[data-entry]")


def said(page: Page) -> list[str]:
    """The entries in order: the first word or two of each."""
    contents = page.locator(".entries .content")
    words = "each => (each.querySelector('.quote')?.textContent ?? each.querySelector('textarea').value)"
    return [str(each.evaluate(words))[:9] for each in contents.all()]


def in_order(page: Page, *wanted: str) -> None:
    """Wait until the entries are in this order."""
    deadline = time.monotonic() + 10
    while said(page) != list(wanted) and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert said(page) == list(wanted)


def notice(page: Page, words: str) -> Locator:
    found = page.locator(".notice")
    expect(found).to_contain_text(words)
    return found


def test_a_quote_is_kept_from_its_card_and_from_its_source(page: Page, server: Server) -> None:
    expect(page.get_by_text("A dossier collects quotes for a report.")).to_be_visible()
    page.goto(server.url)
    page.locator(".examples button").first.wait_for()
    answer = ask(page, FERRY)
    keep = answer.get_by_role("button", name=re.compile("(Keep|Kept): quote")).first
    keep.press("Enter")  # there is no dossier yet: the menu asks for a name
    expect(page.get_by_label("Name a new dossier")).to_be_focused()
    page.keyboard.type("Harbours <b>north</b>")
    page.keyboard.press("Enter")
    notice(page, "Kept in “Harbours <b>north</b>”.")
    expect(keep).to_have_text("Kept")
    expect(keep).to_have_attribute("aria-pressed", "true")
    notice(page, "Kept in").get_by_role("button", name="Undo").click()
    notice(page, "Taken out of")
    expect(keep).to_have_attribute("aria-pressed", "false")
    answer.locator("a.cite").first.click()
    source = page.locator("#source").get_by_role("button", name=re.compile("(Keep|Kept): this quote"))
    source.click()  # at once, in the dossier used last
    expect(source).to_have_text("Kept")
    expect(keep).to_have_text("Kept")
    page.locator("#source").get_by_role("button", name="Choose a dossier").click()
    expect(page.locator("#keep li button")).to_be_focused()
    page.locator("#keep").get_by_label("A new dossier").fill("Ferries")
    check_accessible(page)
    page.keyboard.press("Enter")
    notice(page, "Kept in “Ferries”.")
    expect(source).to_have_attribute("title", re.compile("“Ferries”, “Harbours <b>north</b>”"))
    source.click()  # it is kept: the menu says where
    expect(page.locator("#keep [aria-pressed=true]")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator("#keep")).to_be_hidden()
    expect(source).to_be_visible()  # Escape has closed the menu alone
    source.click()
    page.locator("#keep").get_by_role("button", name="Ferries").click()
    notice(page, "Taken out of “Ferries”.")
    page.reload()
    expect(
        page.locator(".answer").get_by_role("button", name=re.compile("(Keep|Kept): quote")).first
    ).to_have_text("Kept")
    page.goto(f"{server.url}dossiers")
    page.get_by_role("link", name="Harbours <b>north</b>").click()
    expect(page.locator(".quote")).to_have_text("The ferry sank in June.")
    expect(page.locator(".asked")).to_contain_text(f"Asked: {FERRY}")
    page.locator(".source a").click()
    expect(page.locator("#source mark.current").first).to_have_text("The ferry sank in June.")


def test_that_nothing_was_found_is_kept_with_the_filters(page: Page, server: Server) -> None:
    post(page, server, "", name="Harbours")
    page.goto(server.url)
    page.locator("#open-filters").click()
    page.locator("#filters [name=document]").first.check()
    page.locator("#filters .primary").click()
    answer = ask(page, "What did the yacht of the minister cost?")
    expect(answer.locator(".not-in-corpus")).to_be_visible()
    keep = answer.get_by_role("button", name=re.compile("Keep as unanswered|Kept"))
    keep.click()
    notice(page, "Kept in “Harbours”.")
    expect(keep).to_have_attribute("aria-pressed", "true")
    page.goto(f"{server.url}dossiers")
    page.get_by_role("link", name="Harbours").click()
    shown = page.locator("[data-kind=question]")
    expect(shown).to_contain_text("Asked: What did the yacht of the minister cost?")
    expect(shown).to_contain_text("No answer found in the document searched (document “")
    expect(shown).to_contain_text("strictness balanced")


def test_entries_are_put_in_order_by_buttons_keys_and_the_mouse(page: Page, server: Server) -> None:
    made(page, server)
    in_order(page, "The ferry", "Everybody", "The harbo")
    down = page.get_by_role("button", name="Move down: Quote 1")
    down.press("Enter")
    in_order(page, "Everybody", "The ferry", "The harbo")
    expect(page.get_by_role("button", name="Move down: Quote 2")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")  # it is the last already
    in_order(page, "Everybody", "The harbo", "The ferry")
    handle = page.locator(".handle").nth(2)
    handle.drag_to(entries(page).first, target_position={"x": 30, "y": 5})
    in_order(page, "The ferry", "Everybody", "The harbo")
    page.reload()
    in_order(page, "The ferry", "Everybody", "The harbo")


def test_headings_and_notes_are_the_analysts_and_written_in_place(page: Page, server: Server) -> None:
    made(page, server)
    page.get_by_role("button", name="Add above: Quote 1").click()
    page.keyboard.type(HOSTILE)
    page.get_by_role("button", name="Add as a heading").click()
    expect(entries(page)).to_have_count(4)
    page.get_by_role("button", name="Add a heading or a note").click()
    page.keyboard.type("Ask again.")
    page.get_by_role("button", name="Add as a note").click()
    note, heading = page.get_by_label("Analyst’s note"), page.get_by_label("Analyst’s heading")
    expect(note).to_have_value("Ask again.")
    note.fill("Ask them\nagain.")
    heading.fill("The ferry")  # which saves the note
    with page.expect_response(
        lambda reply: reply.request.method == "PATCH" and "ferry" in (reply.request.post_data or "")
    ):
        heading.press("Enter")
    notice(page, "Saved.")
    page.reload()
    expect(note).to_have_value("Ask them\nagain.")
    expect(heading).to_have_value("The ferry")
    note.fill("Never.")
    page.locator(".back a").click()  # what is being typed as one leaves is saved, too
    page.go_back()
    expect(note).to_have_value("Never.")
    note.fill("Closed.")
    kept = f"{server.url}api/v1/dossiers/{page.url.rpartition('/')[2]}"
    page.goto("about:blank")
    deadline = time.monotonic() + 10  # it is sent while the page goes
    while "Closed." not in page.request.get(kept).text() and time.monotonic() < deadline:
        time.sleep(0.05)
    page.go_back()
    expect(note).to_have_value("Closed.")
    heading.fill(" ")
    heading.blur()
    notice(page, "a heading needs words")
    assert page.evaluate("window.canary") is None


def test_what_another_tab_does_is_shown_and_what_is_typed_stays(
    browser: Browser, page: Page, server: Server
) -> None:
    dossier = made(page, server)
    post(page, server, f"/{dossier}/entries", kind="note", words="Mine.")
    page.reload()
    with opened(browser, page.url, ready=".entries") as other:
        other.get_by_role("button", name="Remove: Quote 2").click()
        expect(entries(other)).to_have_count(3)
        expect(other.get_by_role("button", name="Move up: Quote 2")).to_be_focused()
        note = page.get_by_label("Analyst’s note")
        note.fill("Mine, being typed")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_timeout(500)
        expect(note).to_have_value("Mine, being typed")
        note.blur()
        expect(entries(page)).to_have_count(3)
        expect(note).to_have_value("Mine, being typed")
        other.locator(".notice").get_by_role("button", name="Undo").click()
        expect(entries(other)).to_have_count(4)
        expect(other.get_by_label("Analyst’s note")).to_have_value("Mine, being typed")


def test_a_dossier_is_made_renamed_deleted_and_put_back(page: Page) -> None:
    page.get_by_role("button", name="New dossier").click()
    page.keyboard.type("Ports")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Ports")
    expect(page.get_by_text("This dossier is empty.")).to_be_visible()
    page.locator(".back a").click()
    page.get_by_role("button", name="New dossier").click()
    page.keyboard.type("PORTS")
    page.keyboard.press("Enter")
    expect(page.locator("#begin .problem")).to_contain_text("there is a dossier “PORTS” already")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Rename: Ports").click()
    page.keyboard.type("Harbours")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Harbours")).to_be_visible()
    page.get_by_role("button", name="Delete: Harbours").click()
    notice(page, "“Harbours” is deleted.").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Harbours")).to_be_visible()


def test_what_is_undone_while_the_list_is_being_fetched_is_listed(page: Page, server: Server) -> None:
    made(page, server)
    page.goto(f"{server.url}dossiers")
    late: list[tuple[Route, APIResponse]] = []  # the list without it

    def listed(route: Route) -> None:
        if late:
            route.continue_()
        else:
            late.append((route, route.fetch()))

    page.route(re.compile("/dossiers$"), listed)
    page.get_by_role("button", name="Delete: Harbours").click()
    notice(page, "“Harbours” is deleted.").get_by_role("button", name="Undo").click()
    notice(page, "Restored.")
    ((route, response),) = late
    route.fulfill(response=response)
    page.wait_for_timeout(500)
    expect(page.get_by_role("link", name="Harbours")).to_be_visible()


def test_it_is_exported_as_a_report_that_verifies(
    page: Page, server: Server, library: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pypandoc")
    made(page, server, "Harbours: north")
    page.get_by_role("button", name="Export").click()
    page.get_by_label("Citations").select_option("apa")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename.endswith(".docx")
    download.value.save_as(tmp_path / "report.docx")
    expect(page.locator("#export")).to_be_hidden()
    command = [sys.executable, "-m", "qa", "verify", "report.docx", "--library", str(library), "--json"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count('"verbatim"') >= 3


def test_what_is_no_longer_current_is_shown_before_an_export_and_is_renewed(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt")
    with chat(tmp_path / "library") as server, opened(browser, server.url) as page:
        page.locator(".examples button").first.wait_for()
        while server.get("api/v1/health")[0] != 200:
            time.sleep(0.1)
        dossier = made(page, server)
        filters = {"document": ["a.txt"]}
        question = {"question": "Who built the tower of Velden?", "filters": filters}
        post(page, server, f"/{dossier}/entries", kind="question", **question)
        page.get_by_role("button", name="Export").click()
        expect(page.locator("#outdated li")).to_have_count(0)
        page.keyboard.press("Escape")
        (tmp_path / "a.txt").write_text(TEXT.replace("in June", "early in July"), "utf-8")
        with Corpus.open(tmp_path / "library") as corpus:
            corpus.index(tmp_path / "a.txt")
        page.get_by_role("button", name="Export").click()  # the page is of before
        expect(page.locator("#outdated li")).to_have_count(3)
        expect(page.locator("#outdated li").first).to_contain_text("Quote 1: superseded on ")
        check_accessible(page)
        page.keyboard.press("Escape")
        page.reload()
        page.get_by_role("button", name="Use the present words").click()
        expect(page.locator(".entries .quote").first).to_have_text("The ferry sank early in July.")
        notice(page, "The quote now has the present words.").get_by_role("button", name="Undo").click()
        expect(page.locator(".entries .quote").first).to_have_text("The ferry sank in June.")
        page.get_by_role("button", name="Ask again").click()
        found = page.locator(".found")
        expect(found).to_contain_text("No answer found in the document searched (document ")
        check_accessible(page)
        check_fits(page)
        found.get_by_role("button", name="Record this search instead").click()
        notice(page, "The new search is recorded.")
        expect(page.locator("[data-kind=question]")).to_contain_text(
            "No answer found in the document searched"
        )


def test_what_an_export_lacks_is_said_where_one_looks(page: Page, server: Server) -> None:
    made(page, server)
    told = "writing a PDF needs typst, which is not installed"
    page.route("**/export?*", lambda route: route.fulfill(status=500, json={"detail": told}))
    page.get_by_role("button", name="Export").click()
    page.get_by_label("Format").select_option("pdf")
    page.get_by_role("button", name="Download").click()
    expect(page.locator("#export [role=alert]")).to_have_text(told)
    expect(page.get_by_role("button", name="Download")).to_be_enabled()


@pytest.mark.parametrize(
    ("width", "height", "scheme"),
    [(1280, 800, "light"), pytest.param(390, 760, "dark", marks=pytest.mark.day), (320, 640, "dark")],
)
def test_nothing_runs_nothing_is_cut_off_and_everybody_can_use_it(
    browser: Browser, page: Page, server: Server, width: int, height: int, scheme: str
) -> None:
    dossier = made(page, server, HOSTILE)
    (document,) = [each for each in server.get("api/v1/documents")[1] if each["id"] == "b.txt"]
    place = f"{document['sha256']}/8-{28 + len(HOSTILE)}"
    post(page, server, f"/{dossier}/entries", kind="quote", citation=place, question=f"{HOSTILE}?")
    for kind in ("heading", "note"):
        post(page, server, f"/{dossier}/entries", kind=kind, words=f"{HOSTILE}</textarea>{'x' * 200}")
    post(page, server, f"/{dossier}/entries", kind="question", question=f"{HOSTILE} {'y' * 200}?")
    view = {"width": width, "height": height}
    with opened(browser, page.url, ready=".entries", viewport=view, color_scheme=scheme) as tab:
        check_fits(tab)
        check_accessible(tab)
        assert tab.locator(".quote").last.text_content() == f"It rained in March. {HOSTILE}"
        for name in ("Export", "Add a heading or a note"):
            tab.get_by_role("button", name=name).click()
            check_accessible(tab)
            tab.keyboard.press("Escape")
        tab.goto(f"{server.url}dossiers")
        check_fits(tab)
        check_accessible(tab)
        assert tab.evaluate("window.canary") is None


@pytest.mark.day
def test_a_purged_quote_is_gone_from_its_dossier_and_says_when(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt")
    with chat(tmp_path / "library") as server, opened(browser, server.url) as page:
        page.locator(".examples button").first.wait_for()
        made(page, server)
        purged = page.request.post(f"{server.url}api/v1/documents/a.txt/purge", data={"title": "a"})
        assert purged.ok, purged.text()
        page.reload()
        expect(page.locator("[data-kind=purged]")).to_have_count(3)
        expect(page.locator("[data-kind=purged]").first).to_contain_text("was erased for good")
        expect(page.locator("[data-kind=purged]").first).to_contain_text(f"Asked: {FERRY}")
        expect(page.get_by_text("ferry sank")).to_have_count(0)
        check_accessible(page)


@pytest.mark.day
def test_a_server_that_others_can_reach_shows_none_of_it(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt")
        kept = corpus.desk.dossiers.create("Harbours").id
    with (
        chat(tmp_path / "library", "--host", "0.0.0.0", token=TOKEN) as server,  # noqa: S104
        opened(browser, server.entry) as page,
    ):
        page.locator(".examples button").first.wait_for()
        answer = ask(page, FERRY)
        expect(answer.get_by_role("button", name="Copy quote")).to_have_count(1)
        expect(page.get_by_role("button", name=re.compile("^Keep|dossier"))).to_have_count(0)
        answer.locator("a.cite").first.click()
        page.locator("#source mark.current").first.wait_for()
        expect(page.get_by_role("button", name=re.compile("^Keep:|dossier"))).to_have_count(0)
        for path in ("dossiers", f"dossiers/{kept}"):
            page.goto(server.url + path)
            expect(page.get_by_text("This server keeps no dossiers")).to_be_visible()
            expect(page.locator("main button, main form")).to_have_count(0)
