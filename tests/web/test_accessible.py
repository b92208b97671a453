"""axe-core, by all its rules, on every page in its main states: in both colour schemes, and on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from qa import Corpus
from tests.web.chatting import ask, chat, check_accessible, check_fits, opened
from tests.web.test_sources import NOTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.web.chatting import Server

pytestmark = [pytest.mark.models, pytest.mark.browser, pytest.mark.day]

SLOW = 60_000  # milliseconds that a busy machine may take
DEAD = "How many people died in the sinking of the Corran?"
UNKNOWN = "Who won the football world cup in 1998?"
LONG = f"The loss of the ferry Corran, {'those who sailed in her, ' * 4}and what was known of it"
WINDOWS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A chat over three notes and one of a long title."""
    folder: Path = tmp_path_factory.mktemp("accessible")
    for name, text in NOTES.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    (folder / "long.md").write_text(
        f"---\ntitle: {LONG}\ndate: 2022\n---\n\nIts owners knew that her doors leaked.\n"
    )
    with Corpus.open(folder / "library") as corpus:
        corpus.index(folder)
    with chat(folder / "library") as running:
        yield running


@pytest.fixture(params=WINDOWS)
def page(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Page]:
    with opened(browser, server.url, **WINDOWS[request.param]) as tab:
        tab.set_default_timeout(SLOW)
        tab.locator(".examples button").first.wait_for()
        yield tab


def looks_well(page: Page) -> None:
    check_fits(page)
    check_accessible(page)


def test_the_ask_page(page: Page) -> None:
    looks_well(page)
    page.get_by_text("Add files").click()
    looks_well(page)
    answer = ask(page, DEAD)
    expect(answer.locator(".differing")).to_be_visible()
    looks_well(page)
    answer.get_by_role("button", name="Context").first.click()
    answer.locator(".card .context").first.wait_for()
    answer.get_by_role("button", name="Choose a dossier").first.click()
    page.locator("#keep input").wait_for()
    looks_well(page)
    page.keyboard.press("Escape")
    answer.locator("a.cite").first.click()
    page.locator("#source mark.current").wait_for()
    looks_well(page)
    page.keyboard.press("Escape")
    page.locator("#open-filters").click()
    page.locator("#filters form").wait_for()
    looks_well(page)
    page.get_by_label("From").fill("2020-01-01")
    page.locator("#filters .primary").click()
    nothing = ask(page, UNKNOWN)
    expect(nothing.get_by_role("heading", name="No answer found")).to_be_visible()
    looks_well(page)
    ask(page, "What did her owners know?")
    looks_well(page)


def test_the_other_pages(page: Page, server: Server) -> None:
    ask(page, DEAD)
    page.goto(f"{server.url}history")
    page.locator("[data-conversation]").first.wait_for()
    looks_well(page)
    page.goto(f"{server.url}documents")
    page.locator("#documents").wait_for()
    looks_well(page)
    page.get_by_text("Add files").click()
    page.get_by_text("Filters", exact=True).click()
    page.get_by_role("checkbox", name="Select The Corran goes down").check()
    looks_well(page)
    page.goto(f"{server.url}documents/inquiry.txt")
    looks_well(page)
    page.goto(f"{server.url}documents/nothing.txt")
    looks_well(page)
    page.goto(f"{server.url}api/v1/docs")
    page.locator("h1").wait_for()
    looks_well(page)


def test_the_dossiers(page: Page, server: Server, request: pytest.FixtureRequest) -> None:
    page.goto(f"{server.url}dossiers")
    looks_well(page)
    name = {"name": request.node.name}
    made = page.request.post(f"{server.url}api/v1/dossiers", data=name).json()["id"]
    sha256 = next(each["sha256"] for each in server.get("api/v1/documents")[1] if each["id"] == "inquiry.txt")
    for entry in (
        {"kind": "quote", "citation": f"{sha256}/0-33"},
        {"kind": "heading", "words": "What was found"},
        {"kind": "note", "words": "Ask the ministry."},
        {"kind": "question", "question": UNKNOWN, "outcome": "none"},
    ):
        assert page.request.post(f"{server.url}api/v1/dossiers/{made}/entries", data=entry).ok
    page.goto(f"{server.url}dossiers")
    looks_well(page)
    page.goto(f"{server.url}dossiers/{made}")
    looks_well(page)
    page.get_by_role("button", name="Export").click()
    page.locator("#export").wait_for()
    looks_well(page)
    page.keyboard.press("Escape")
    page.locator("#write-below").click()
    looks_well(page)
