"""The History page, with a real Chromium."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qa import Corpus
from qa.desk.kept import kept_turn
from qa.desk.stored_conversations import new_id
from qa.quoting.claims.file import claims
from qa.schema import Answer, Quote
from tests.web.chatting import ask, chat, check_accessible, check_fits, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page, Route

    from tests.web.chatting import Server

pytestmark = [pytest.mark.browser, pytest.mark.models]

FERRY = "When did the ferry sink?"
HOSTILE = (
    "<script>window.canary = 1</script><img src=x onerror='window.canary = 2'> ${window.canary = 3} {{7*7}}"
)
LONG = "Which officials were named " * 40
# Scrolls upwards through all of it: milliseconds of the slowest frame.
SLOWEST_FRAME = """() => new Promise((done) => {
  const frames = [];
  let [last, left] = [performance.now(), document.documentElement.scrollHeight];
  const step = (now) => {
    frames.push(now - last);
    [last, left] = [now, left - 2000];
    scrollTo(0, left);
    if (left > 0) requestAnimationFrame(step);
    else done(Math.max(...frames));
  };
  requestAnimationFrame(step);
})"""
TEXT = "The ferry sank in June. Everybody was told of it.\n\nThe harbour was closed in May.\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A chat over one document and four conversations, the ferry's two turns last."""
    folder = tmp_path_factory.mktemp("history")
    (folder / "a.txt").write_text(TEXT, "utf-8")
    with Corpus.open(folder / "library") as corpus:
        corpus.index(folder / "a.txt")
        document = corpus.document("a.txt")
        place = TEXT.index("The harbour")
        now = dt.datetime.now(dt.UTC)

        def keep(conversation: str, question: str, start: int, minutes: int) -> None:
            quote = Quote(document, start, TEXT.index(".", start) + 1)
            answer = Answer(question, question, "answered", 0.9, 0.5, quotes=(quote,), searched=1)
            at = now - dt.timedelta(minutes=minutes)
            corpus.desk.conversations.keep(conversation, kept_turn(answer, at, 0.86))

        keep(new_id(), LONG[:1900], place, 3 * 24 * 60)
        keep(new_id(), HOSTILE, place, 30)
        keep(new_id(), "What was closed?", place, 20)
        keep(conversation := new_id(), FERRY, 0, 11)
        keep(conversation, "And who was told?", 0, 10)
    with chat(folder / "library") as running:
        while running.get("api/v1/health")[0] != 200:
            time.sleep(0.1)
        yield running


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with opened(browser, f"{server.url}history", ready="#found .count") as tab:
        yield tab


def listed(page: Page) -> Locator:
    return page.locator("[data-conversation]")


def named(page: Page, name: str) -> Locator:
    return listed(page).filter(has=page.get_by_role("link", name=name, exact=True))


def search(page: Page, words: str, count: int) -> None:
    page.locator("#find-conversations input").fill(words)
    expect(listed(page)).to_have_count(count)


def test_conversations_are_listed_the_newest_first_and_opened_where_they_go_on(page: Page) -> None:
    expect(listed(page)).to_have_count(4)
    expect(listed(page).first).to_contain_text(FERRY)
    expect(listed(page).first).to_contain_text("2 questions · last: And who was told?")
    listed(page).first.locator("a.name").click()
    expect(page.locator(".answer.finished")).to_have_count(2)
    expect(page.locator(".answer .quote").first).to_have_text("The ferry sank in June.")
    page.go_back()
    expect(listed(page)).to_have_count(4)


def test_questions_quotes_and_names_are_searched_as_one_types(page: Page) -> None:
    search(page, "sank", 1)  # of a quote alone
    expect(page).to_have_url(re.compile(r"q=sank"))
    search(page, "closed may", 3)
    search(page, "zebra", 0)
    expect(page.get_by_text("No conversation contains these words.")).to_be_visible()
    page.get_by_role("link", name="Show all 4").click()
    expect(listed(page)).to_have_count(4)


def test_the_question_that_a_search_found_is_shown_and_gone_to(page: Page) -> None:
    search(page, "WHO told", 1)
    expect(listed(page).locator(".found")).to_have_text("Found at: And who was told?")
    expect(listed(page).locator(".found mark")).to_have_text(["who", "told"])
    page.set_viewport_size({"width": 900, "height": 420})
    listed(page).locator("a.name").click()
    aimed = page.locator("[data-testid=user].aimed")
    expect(aimed).to_have_text("And who was told?")
    expect(aimed).to_be_in_viewport()
    assert "#" not in page.url
    expect(page).to_have_title(f"{FERRY} · Pullquote")


def test_a_conversation_that_is_being_opened_is_seen_in_outline(browser: Browser, server: Server) -> None:
    conversation = server.get("api/v1/conversations?q=told")[1]["conversations"][0]["id"]
    held: list[Route] = []
    page = browser.new_context().new_page()
    page.route("**/api/v1/conversations?id=*", lambda r: held.append(r))
    page.goto(f"{server.url}?conversation={conversation}")
    expect(page.locator("#opening")).to_be_visible()
    expect(page.locator("#question textarea")).to_be_visible()
    expect(page.locator("#opening")).to_contain_text("Opening the conversation")
    expect(page.locator("#welcome")).to_be_hidden()
    check_accessible(page)
    page.wait_for_function("() => document.body.classList.contains('drawn')")
    for route in held:
        route.continue_()
    expect(page.locator(".answer.finished")).to_have_count(2)
    expect(page.locator("#opening")).to_be_hidden()
    page.context.close()


def test_a_conversation_is_renamed_and_can_be_called_by_its_question_again(page: Page) -> None:
    item = named(page, "What was closed?")
    item.get_by_role("button", name="Rename").click()
    page.keyboard.press("Escape")
    expect(item.get_by_role("link", name="What was closed?", exact=True)).to_be_visible()
    item.get_by_role("button", name="Rename").click()
    page.keyboard.type("<b>The harbour</b>")
    page.keyboard.press("Enter")
    item = named(page, "<b>The harbour</b>")
    expect(item).to_be_visible()
    page.reload()
    item.get_by_role("button", name="Rename").click()
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    expect(named(page, "What was closed?")).to_be_visible()


def test_a_deleted_conversation_is_put_back_by_undo(page: Page) -> None:
    named(page, FERRY).get_by_role("button", name="Delete").click()
    expect(listed(page)).to_have_count(3)
    expect(page.locator(".notice")).to_contain_text(f"“{FERRY}” is deleted.")
    page.locator(".notice").get_by_role("button", name="Undo").click()
    expect(listed(page)).to_have_count(4)
    expect(listed(page).first).to_contain_text(FERRY)


def test_a_conversation_is_saved_as_the_file_that_can_be_verified(page: Page, tmp_path: Path) -> None:
    with page.expect_download() as download:
        named(page, FERRY).get_by_role("link", name="Save").click()
    download.value.save_as(tmp_path / "saved.html")
    found = claims(tmp_path / "saved.html").claims
    assert [each.text for each in found] == ["The ferry sank in June."] * 2


@pytest.mark.parametrize(
    ("width", "height", "scheme"),
    [(1280, 800, "light"), pytest.param(320, 640, "dark", marks=pytest.mark.day)],
)
def test_nothing_runs_nothing_is_cut_off_and_everybody_can_use_it(
    browser: Browser, server: Server, width: int, height: int, scheme: str
) -> None:
    view = {"width": width, "height": height}
    url = f"{server.url}history"
    with opened(browser, url, ready="#found .count", viewport=view, color_scheme=scheme) as page:
        expect(page.get_by_text("{{7*7}}")).to_have_count(1)
        check_fits(page)
        check_accessible(page)
        listed(page).first.get_by_role("button", name="Rename").click()
        check_accessible(page)
        assert page.evaluate("window.canary") is None


def test_without_a_conversation_the_page_says_what_it_is_for(browser: Browser, tmp_path: Path) -> None:
    with chat(tmp_path / "new") as server, opened(browser, server.url) as page:
        page.locator(".examples button").first.wait_for()
        page.locator(".rail").get_by_text("History").click()
        expect(page.get_by_text("You have not asked a question yet.")).to_be_visible()
        expect(page.locator("#find-conversations")).to_be_hidden()
        check_accessible(page)


def test_an_old_address_of_a_conversation_leads_to_it(page: Page, server: Server) -> None:
    conversation = listed(page).first.get_attribute("data-conversation")
    page.goto(f"{server.url}history/{conversation}")
    expect(page.locator(".answer.finished")).to_have_count(2)
    assert page.url == f"{server.url}?conversation={conversation}"


@pytest.mark.day
def test_a_conversation_of_200_questions_is_opened_goes_on_and_scrolls(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(TEXT * 40, "utf-8")
    now = dt.datetime.now(dt.UTC)
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt")
        document = corpus.document("a.txt")
        conversation = new_id()
        for number in range(200):
            question = f"Question {number + 1}?"
            quotes = tuple(Quote(document, at, at + 90, number=at + 1) for at in (number, 400, 900))
            answer = Answer(question, question, "answered", 0.9, 0.5, quotes=quotes, searched=1)
            at = now - dt.timedelta(minutes=300 - number)
            corpus.desk.conversations.keep(conversation, kept_turn(answer, at, 0.86))
    with chat(tmp_path / "library") as server:
        with opened(browser, server.url) as page:
            page.locator(".examples button").first.wait_for()
        with opened(browser, f"{server.url}?conversation={conversation}") as page:
            expect(page.locator(".answer.finished")).to_have_count(200)
            expect(page.locator("[data-testid=user]").last).to_be_in_viewport()
            assert page.evaluate(SLOWEST_FRAME) < 1000
            asked = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
            # Thumbs are asked for where they are seen.
            assert sum("/feedback/answers/" in each for each in asked) < 200
            ask(page, FERRY)
            expect(page.locator(".answer.finished")).to_have_count(201)
