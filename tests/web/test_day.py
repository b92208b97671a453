"""An analyst's whole day at the desk, from an empty folder on, on a desktop and on a phone, in real Chromium.

Read `test_an_analysts_day` from top to bottom. Pictures of each main state are left in the test's folder.
"""

from __future__ import annotations

import contextlib
import re
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.web import day_files
from tests.web.chatting import PATIENCE, Server, ask, chat, check_accessible, check_fits, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.models, pytest.mark.day]

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "dark",
}
WAIT = 120_000  # milliseconds that a busy machine may take
# What Chromium and Gradio write into the console when a server is killed.
BROKEN_OFF = re.compile(
    r"net::ERR_|Connection errored out|network error|Failed to fetch|Could not resolve app"
)
UNKNOWN = None  # the documents do not say it

# Questions, and words of the quote that must be among the answers.
MORNING = [
    ("How much does a kilogram of rice cost in Orsk?", "5,200 crowns"),
    ("Why was the ferry at Lower Ford stopped?", "its cable had frayed"),
    ("And who ordered a new cable?", "Ida Brenner"),
    ("Who won the football World Cup in 1998?", UNKNOWN),
    ("When was the bridge at Tarn built?", "in 1931"),
    ("What will the repair of the bridge at Tarn cost?", "340,000 crowns"),
    ("How much coal does a barge carry?", "260 tonnes"),
    ("How long did the river freeze in 2015?", "fifty-one days"),
    ("What do smugglers pay foresters for a trunk?", "two crowns"),
    ("How many animals were vaccinated?", "38,000 animals"),
    ("What is the capital of Mongolia?", UNKNOWN),
]
NOON = [
    ("How many wolves were seen near Upper Mill?", "eleven wolves"),
    ("Who is the headmistress of the school at Kelm?", "Vera Lund"),
    ("How long was the Sorrel Pass closed by snow?", "twenty-three days"),
    ("Who was elected mayor of Orsk?", "Tobias Harrow"),
    ("What did he promise?", "a hospital"),
    ("Who kept the lighthouse?", "Greta Olsen"),
    ("How is tea smuggled?", "hollow oars"),
]
EVENING = [
    ("How much grain did the ministry buy?", "71,000 tonnes"),
    ("Who has drawn the tunnel?", "Adler and Sons"),
    ("How tall is the Eiffel Tower?", UNKNOWN),
    ("How many patients did the nurses count?", "212 patients"),
    ("How many people did the census of 2001 count?", "83,412 people"),
]


def test_an_analysts_day(browser: Browser, desk: Desk, files: Path) -> None:
    with desk.tab(browser, **DESKTOP) as page:
        remove_the_sample(page)
        drop_all_files(page, files)
        read_what_became_of_each(desk, page)
        collect(page, "River Institute", "Institute")
        collect(page, "Office of Roads", "Roads")
        take_out_of_its_collection(page, "The tunnel")

        begin_to_ask(page)
        ask_all(page, MORNING)
        open_all_citations(page)
        see_the_page_of_a_report(desk, page, "38,000 animals", "Page 2")
        ask_within_a_collection(page)
        ask_with_filters(page)

        correct_the_publisher(desk, page)
        replace_a_document(page, files)
        open_the_citation_of_the_earlier_text(desk, page)

        begin_a_new_conversation(page)
        ask_all(page, NOON)
        lose_the_server_while_typing(desk, page)
        lose_the_server_while_asking(desk, page)

    with desk.tab(browser, **PHONE) as page:
        find_a_conversation_again(desk, page, "cable", MORNING[0][0])
        continue_it(page)
        begin_a_new_conversation(page)
        ask_all(page, EVENING)
        open_all_citations(page)
        see_the_original(page, "The ministry bought 71,000 tonnes")  # a saved page
        see_the_original(page, "The firm Adler and Sons")  # a Word document
        remove_documents_and_put_them_back(desk, page)
    lose_nothing(desk)


# ---------------------------------------------------------------- the desk


@dataclass
class Desk:
    """A library, and the server over it, which can be killed and started again at the same address."""

    folder: Path
    server: Server
    running: contextlib.ExitStack
    away: bool = False
    errors: list[str] = field(default_factory=list)

    def kill(self) -> None:
        self.away = True
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()

    def start_again(self) -> None:
        port = int(self.server.url.split(":")[-1].strip("/"))
        self.server = self.running.enter_context(chat(self.folder / "library", port=port))

    def is_back(self, page: Page) -> None:
        """Wait until the page goes on: only until then may it fail to reach the server."""
        expect(page.locator("#away")).to_be_hidden()
        self.away = False

    @contextlib.contextmanager
    def tab(self, browser: Browser, **options: Any) -> Iterator[Page]:
        """Open the chat in a tab that is watched for errors in its console."""
        with opened(browser, self.server.url, **options) as page:
            page.set_default_timeout(WAIT)
            page.on("console", lambda message: self._hear(message.type, message.text))
            yield page
        assert not self.errors, self.errors

    def _hear(self, kind: str, words: str) -> None:
        if kind == "error" and not (self.away and BROKEN_OFF.search(words)):
            self.errors.append(words)

    def looks_well(self, page: Page, name: str) -> None:
        """Look at a state of the page: nothing is cut off, nobody is kept out, and a picture of it stays."""
        page.screenshot(path=self.folder / f"{name}.png")
        check_fits(page)
        check_accessible(page)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    expect.set_options(timeout=WAIT)
    with contextlib.ExitStack() as running:
        server = running.enter_context(chat(tmp_path / "library"))
        yield Desk(tmp_path, server, running)
    expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day") / "files"
    day_files.write(folder)
    return folder


def go_to(page: Page, name: str) -> None:
    page.locator(".rail").get_by_text(name, exact=True).click()


def said(page: Page, words: str) -> None:
    expect(page.locator(".notice")).to_contain_text(words)


# ---------------------------------------------------------------- documents


def remove_the_sample(page: Page) -> None:
    """A new library begins with the brief that ships; who has documents does not need it."""
    expect(page.locator(".holdings")).to_contain_text("One document is loaded")
    go_to(page, "Documents")
    page.get_by_role("checkbox", name="Select Scrap metal smuggling").check()
    page.get_by_role("button", name="Remove", exact=True).click()
    said(page, "One document removed")
    page.get_by_text("Add files", exact=True).click()
    expect(page.get_by_text("Drop files here")).to_be_visible()


def drop_all_files(page: Page, folder: Path) -> None:
    """Drop what lies in the folder, a folder among it, as from the machine's own file manager."""
    target = page.locator("#add .drop").bounding_box()
    assert target is not None
    dropped = {"items": [], "files": [str(path) for path in folder.iterdir()], "dragOperationsMask": 1}
    devtools = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        event = {"type": kind, "x": target["x"] + 100, "y": target["y"] + 20, "data": dropped}
        devtools.send("Input.dispatchDragEvent", event)
    all_done = "50 of 50 files: 43 added, 1 already there, 6 refused"
    expect(page.locator(".sum")).to_have_text(all_done, timeout=2 * WAIT)


def read_what_became_of_each(desk: Desk, page: Page) -> None:
    for name, reason in day_files.BROKEN.items():
        expect(result_of(page, name)).to_contain_text(reason)
    assert not re.search("`|--|iconv", page.locator(".uploads").inner_text())  # what is typed at a terminal
    expect(result_of(page, "archive.zip")).to_have_text("Added: 2 documents")
    expect(result_of(page, "field notes/Snow on the pass.txt")).to_have_text("Added")
    expect(page.locator(".count")).to_contain_text(f"{len(day_files.TITLES)} documents")
    rows = page.locator(".uploads li")
    assert not rows.evaluate_all("all => all.some(row => row.scrollHeight > row.clientHeight + 1)")  # cut off
    desk.looks_well(page, "dropped")


def result_of(page: Page, name: str) -> Locator:
    return page.locator(".uploads li").filter(has=page.get_by_text(name, exact=True)).locator(".result")


def collect(page: Page, publisher: str, collection: str) -> None:
    """Put all documents of a publisher into a collection."""
    page.goto(page.url.split("?")[0])
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Publisher").select_option(publisher)
    expect(page).to_have_url(re.compile("publisher="))
    page.get_by_role("checkbox", name="Select all that are shown").check()
    page.locator("#selection").get_by_label("Collection").fill(collection)
    page.get_by_role("button", name="Move", exact=True).click()
    said(page, f"Now in “{collection}”.")


def take_out_of_its_collection(page: Page, title: str) -> None:
    page.get_by_role("checkbox", name=f"Select {title}").check()
    page.locator("#selection").get_by_label("Collection").fill("")
    page.get_by_role("button", name="Move", exact=True).click()
    said(page, "Now in no collection.")


def correct_the_publisher(desk: Desk, page: Page) -> None:
    """Correct what the file does not say: the citation has it at once."""
    find_document(page, "Wolves near Upper Mill")
    page.get_by_label("Publisher").fill("Valley Letter")
    page.get_by_role("button", name="Save").click()
    said(page, "Saved")
    expect(page.locator(".citation")).to_have_text("“Wolves near Upper Mill”, Valley Letter, 2 February 2016")
    desk.looks_well(page, "corrected")


def find_document(page: Page, title: str) -> None:
    go_to(page, "Documents")
    page.get_by_role("searchbox").fill(title)
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def replace_a_document(page: Page, folder: Path) -> None:
    changed = folder.parent / "The bridge at Tarn.md"
    changed.write_bytes(day_files.markdown(day_files.CORRECTED_BRIDGE))
    go_to(page, "Documents")
    page.locator("#add-files input[type=file]").set_input_files(changed)
    expect(result_of(page, changed.name)).to_have_text("Replaced the earlier text")


def remove_documents_and_put_them_back(desk: Desk, page: Page) -> None:
    go_to(page, "Documents")
    expect(page.locator(".count")).to_contain_text(f"{len(day_files.TITLES)} documents")
    desk.looks_well(page, "documents on a phone")
    page.get_by_role("checkbox", name="Select all that are shown").check()
    page.get_by_role("button", name="Remove", exact=True).click()
    said(page, f"{len(day_files.TITLES)} documents removed")
    page.get_by_role("button", name="Undo").click()
    said(page, "Restored.")
    expect(page.locator(".count")).to_contain_text(f"{len(day_files.TITLES)} documents")


# ---------------------------------------------------------------- questions


def begin_to_ask(page: Page) -> None:
    go_to(page, "Ask")
    expect(page.locator(".holdings")).to_contain_text(f"{len(day_files.TITLES)} documents are loaded")


def ask_all(page: Page, questions: list[tuple[str, str | None]]) -> None:
    for question, words in questions:
        answer = ask(page, question)
        if words is UNKNOWN:
            expect(answer.locator(".not-in-corpus h2")).to_contain_text("No answer found in the ")
        else:
            expect(answer.locator(".quote", has_text=words).first).to_be_visible()


def open_all_citations(page: Page) -> None:
    """Open the first citation of each answer: the source opens at the very words of the card."""
    answers = page.locator(".answer.finished:not(:has(.not-in-corpus))").all()
    assert len(answers) >= 4
    for answer in answers:
        card = answer.locator(".card").first
        card.locator("a.cite").click()
        expect(page.locator("#source mark.current")).to_have_text(card.locator(".quote").inner_text())
        page.keyboard.press("Escape")
        expect(page.locator("#source")).to_be_hidden()


def see_the_page_of_a_report(desk: Desk, page: Page, words: str, number: str) -> None:
    """The original of a PDF is a picture of the page, with the quote outlined on it."""
    card_with(page, words).locator("a.cite").click()
    page.get_by_role("switch", name="Original").check()
    original = page.frame_locator("#source iframe")
    expect(original.get_by_text("The quote is outlined")).to_be_visible()
    picture = original.get_by_role("img", name=number)
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 1000
    desk.looks_well(page, "the page of a report")
    page.get_by_role("switch", name="Original").uncheck()
    page.keyboard.press("Escape")


def see_the_original(page: Page, words: str) -> None:
    """A saved page or a Word document is shown as it looks, in a frame of the frame."""
    card_with(page, words).locator("a.cite").click()
    page.get_by_role("switch", name="Original").check()
    original = page.frame_locator("#source iframe").frame_locator("iframe")
    expect(original.get_by_text(words).first).to_be_visible()
    page.get_by_role("switch", name="Original").uncheck()
    page.keyboard.press("Escape")


def card_with(page: Page, words: str) -> Locator:
    return page.locator(".card", has=page.locator(".quote", has_text=words)).first


def ask_within_a_collection(page: Page) -> None:
    go_to(page, "Documents")
    page.get_by_text("Filters", exact=True).click()
    page.locator("#choices").get_by_label("Collection").select_option("Roads")
    page.get_by_role("button", name="Ask within this collection").click()
    expect(page.locator("#filter-chips .chip")).to_have_text("Collection: Roads✕")
    see_the_conversation_again(page)
    answer = ask(page, "How is tea smuggled?")
    expect(answer.locator(".not-in-corpus")).to_be_visible()
    expect(answer.locator(".trace")).to_contain_text("collection Roads")
    ask_all(page, [("How much water do the waterworks of Orsk pump?", "18,000 cubic metres")])
    page.get_by_role("button", name="Remove the filter Collection: Roads").click()


def ask_with_filters(page: Page) -> None:
    choose(page, since="2019-01-01", until="2019-12-31")
    ask_all(page, [("How much does a kilogram of rice cost in Orsk?", "5,200 crowns")])
    expect(ask(page, "Who kept the lighthouse?").locator(".not-in-corpus")).to_be_visible()
    for chip in ("From", "To"):
        page.get_by_role("button", name=re.compile(f"Remove the filter {chip}")).click()
    choose(page, document="The census")
    ask_all(page, [("How many people were counted?", "83,412 people")])
    page.locator("#filter-chips button").click()


def choose(page: Page, *, document: str = "", **dates: str) -> None:
    """Choose filters: a document by its title."""
    page.locator("#open-filters").click()
    page.locator("#filters form").wait_for()
    for name, value in dates.items():
        page.locator(f"#filters [name={name}]").fill(value)
    if document:
        page.locator("#filters [type=search]").fill(document)
        page.get_by_role("group", name="Documents").get_by_label(document).check()
    page.locator("#filters .primary").click()
    expect(page.locator("#filters")).to_be_hidden()


def open_the_citation_of_the_earlier_text(desk: Desk, page: Page) -> None:
    """An answer of the morning says that its source was replaced; its citation opens the text as it was."""
    go_to(page, "Ask")
    see_the_conversation_again(page)
    card = card_with(page, "340,000 crowns")
    expect(card.locator(".since")).to_contain_text("superseded")
    card.locator("a.cite").click()
    fate = page.locator("#source .fate")
    expect(fate).to_contain_text("this is the earlier text")
    expect(fate.locator("ins")).to_have_text("415,000")
    expect(page.locator("#source mark.current")).to_contain_text("340,000 crowns")
    desk.looks_well(page, "superseded")
    page.keyboard.press("Escape")
    ask_all(page, [("What will the repair of the bridge at Tarn cost?", "415,000 crowns")])


# ---------------------------------------------------------------- conversations


def see_the_conversation_again(page: Page) -> None:
    expect(page.locator(".answer.finished").first).to_be_visible()


def begin_a_new_conversation(page: Page) -> None:
    page.locator("#new-conversation").click()
    expect(page.locator("#welcome")).to_be_visible()


def lose_the_server_while_typing(desk: Desk, page: Page) -> None:
    """What was asked and what is being typed is there when the server is back."""
    before = page.locator(".answer").all_inner_texts()
    page.locator("#question textarea").fill("What does a sack")
    desk.kill()
    expect(page.locator("#away")).to_be_visible()
    desk.looks_well(page, "away")
    desk.start_again()
    desk.is_back(page)
    expect(page.locator(".answer.finished")).to_have_count(len(before))
    assert page.locator(".answer").all_inner_texts() == before
    expect(page.locator("#question textarea")).to_have_value("What does a sack")
    ask_all(page, [("What does a sack of salt cost in Kelm?", "eight crowns")])


def lose_the_server_while_asking(desk: Desk, page: Page) -> None:
    """A question that is on its way when the server dies is answered when it is back."""
    answers = page.locator(".answer.finished").count()
    page.locator("#question textarea").fill("Which fish vanished after the dam was built?")
    page.locator("#question textarea").press("Enter")
    desk.kill()
    expect(page.locator("#away")).to_be_visible()
    desk.start_again()
    desk.is_back(page)
    expect(page.locator(".answer.finished")).to_have_count(answers + 1)
    expect(page.locator(".quote", has_text="The trout vanished")).to_be_visible()


def find_a_conversation_again(desk: Desk, page: Page, words: str, name: str) -> None:
    go_to(page, "History")
    expect(page.locator("[data-conversation]")).to_have_count(2)
    desk.looks_well(page, "history on a phone")
    page.get_by_role("searchbox").fill(words)
    expect(page.locator("[data-conversation]")).to_have_count(1)
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.locator("[data-testid=user]").first).to_have_text(name)


def continue_it(page: Page) -> None:
    before = page.locator(".answer.finished").count()
    ask_all(page, [("Who commands the garrison at Sorrel?", "Marek Voss"), ("When?", "last week")])
    page.reload()
    expect(page.locator(".answer.finished")).to_have_count(before + 2)


def lose_nothing(desk: Desk) -> None:
    """All documents, collections and conversations of the day are there."""
    documents = {each["title"]: each for each in desk.server.get("api/v1/documents")[1]}
    assert documents.keys() == day_files.TITLES
    assert documents["Wolves near Upper Mill"]["publisher"] == "Valley Letter"
    collections = {each["name"]: each["documents"] for each in desk.server.get("api/v1/collections")[1]}
    assert collections == {"Institute": 11, "Roads": 4}
    kept = desk.server.get("api/v1/conversations")[1]["conversations"]
    assert {each["name"] for each in kept} == {MORNING[0][0], NOON[0][0], EVENING[0][0]}
