"""What the Ask page shows before anything is asked, in a real Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qa import Corpus
from tests.web.chatting import TOKEN, ask, chat, opened
from tests.web.test_sources import NOTES

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = [pytest.mark.models, pytest.mark.browser]

SLOW = 60_000  # milliseconds in which a busy machine has read some files
GALE = "The gale\n\nHarbour Herald\n3 May 2019\n\nTwo fishermen drowned in the gale off Oban.\n"


def test_files_are_added_while_the_library_is_small_and_the_examples_are_of_them(
    browser: Browser, tmp_path: Path
) -> None:
    with Corpus.open(tmp_path / "library") as corpus:
        (tmp_path / "inquiry.txt").write_text(NOTES["inquiry"], "utf-8")
        corpus.index(tmp_path / "inquiry.txt")
    (tmp_path / "gale.txt").write_text(GALE, "utf-8")
    with chat(tmp_path / "library") as server, opened(browser, server.url) as page:
        page.set_default_timeout(SLOW)
        expect(page.locator("#holdings h2")).to_have_text("One document is loaded", timeout=SLOW)
        page.locator(".examples button").first.wait_for()
        page.get_by_text("Add files").click()
        page.get_by_label("Into the collection").fill("Notes")
        page.locator("#files").set_input_files(tmp_path / "gale.txt")
        expect(page.locator(".uploads li")).to_have_text("gale.txtAdded", timeout=SLOW)
        expect(page.locator("#holdings h2")).to_have_text("2 documents are loaded", timeout=SLOW)
        example = page.get_by_role("button", name="How many fishermen drowned in the gale off Oban?")
        expect(example).to_be_visible(timeout=SLOW)
        expect(page.locator(".uploads li")).to_be_visible()  # what became of them stays to be read
        assert server.get("api/v1/collections")[1][0]["name"] == "Notes"
        example.click()
        answer = page.locator(".answer.finished")
        expect(answer.locator(".quote").first).to_have_text(
            "Two fishermen drowned in the gale off Oban.", timeout=SLOW
        )

        # The tools of a card are there without the mouse upon it, and cover nothing.
        page.mouse.move(0, 0)
        card = answer.locator(".card").first
        tools, cite = card.locator(".tools").bounding_box(), card.locator("a.cite").bounding_box()
        assert tools
        assert cite
        assert tools["y"] >= cite["y"] + cite["height"]
        assert card.locator(".tools").evaluate("tools => getComputedStyle(tools).opacity") == "1"

        # Dropped while the panel is out of sight, files still say what became of them.
        (tmp_path / "gazette.txt").write_text(NOTES["gazette"], "utf-8")
        page.locator("#files").set_input_files(tmp_path / "gazette.txt")
        expect(page.locator(".notice")).to_contain_text("2 of 2 files: 2 added", timeout=SLOW)
        ask(page, "How many people died in the sinking of the Corran?")


def test_a_server_that_only_answers_takes_no_files(browser: Browser, tmp_path: Path) -> None:
    with (
        chat(tmp_path / "library", "--host", "0.0.0.0", token=TOKEN) as server,  # noqa: S104
        opened(browser, server.entry) as page,
    ):
        expect(page.locator(".examples button")).to_have_count(4, timeout=SLOW)
        expect(page.get_by_text("Add files")).to_be_hidden()
