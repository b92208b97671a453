"""Makes the pictures of docs/chat.md: the chat's main states, over a few documents made for them.

Run from the repository's root: python -m docs.images.states
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect, sync_playwright

from docs.images.picture import take
from tests.web.chatting import ROOT, ask, chat, opened
from tests.web.conftest import FLAGS, chromium
from tests.web.test_sources import NOTES

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.web.chatting import Server

WAIT = 90_000  # milliseconds that a busy machine may take
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 760}, "device_scale_factor": 1.5}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 760},
    "device_scale_factor": 1.5,
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "dark",
}
SURVEY = """---
title: Rice and maize in the northern markets
publisher: Institute of Markets
date: 2008-05-20
---

# Rice and maize in the northern markets

Prices were noted in four markets between January and May 2008, on the same day of each month.

## What traders said

- Grain from abroad reached Hyesan late in April, by truck from Changbai, and was sold within two days.
- Traders in Hamhung hold back their stocks until the lean season, when they expect prices to double.
- The police closed the night market of Chongjin twice.

## Prices of a kilogram of rice

| Market | January | May |
| --- | --- | --- |
| Hyesan | 1,350 won | 2,800 won |
| Chongjin | 1,300 won | 2,650 won |
| Hamhung | 1,280 won | 2,500 won |

## What follows

The state ration covers fewer than ten days of a month.
"""


def main() -> None:
    """Add the documents, ask, and take a picture of each state."""
    expect.set_options(timeout=WAIT)
    with (
        tempfile.TemporaryDirectory() as folder,
        chat(Path(folder) / "library") as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=FLAGS) as browser,
    ):
        with opened(browser, server.url, **DESKTOP) as page:
            page.set_default_timeout(WAIT)
            page.locator(".examples button").first.wait_for()
            take(page, "start")
            page.goto(f"{server.url}documents")
            add(page, Path(folder) / "files")
            page.goto(server.url)
            questions(page)
            page.goto(f"{server.url}documents/survey.md")
            take(page, "document")
            dossier(page, server)
            page.goto(f"{server.url}history")
            page.locator("[data-conversation]").first.wait_for()
            page.set_viewport_size({"width": 1280, "height": 480})
            take(page, "history")
        with opened(browser, server.url, **PHONE) as page:
            page.set_default_timeout(WAIT)
            ask(page, "What was taken from the Kumsandong fertilizer factory?")
            take(page, "phone")


def add(page: Page, folder: Path) -> None:
    """Add files, a broken one among them."""
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    (folder / "survey.md").write_text(SURVEY, "utf-8")
    formats = ROOT / "tests" / "qa" / "formats"
    for file in (formats / "pdf" / "files" / "article.pdf", formats / "docx" / "report.docx"):
        shutil.copy(file, folder)
    (folder / "photo.docx").write_bytes(b"\x89PNG\r\n\x1a\n")
    page.get_by_text("Add files", exact=True).click()
    page.get_by_label("Into the collection").fill("Markets")
    page.locator("#files").set_input_files(sorted(folder.iterdir()))
    expect(page.locator(".sum")).to_have_text("7 of 7 files: 6 added, 1 refused")
    expect(page.locator(".count")).to_have_text("7 documents")
    page.locator("h1").click()  # no field has the focus
    take(page, "upload")


def questions(page: Page) -> None:
    """Ask, and open sources."""
    page.set_viewport_size({"width": 1280, "height": 900})
    ask(page, "How many people died in the sinking of the Corran?")
    take(page, "figures")
    page.set_viewport_size(DESKTOP["viewport"])
    answer = ask(page, "How did grain from abroad reach Hyesan?")
    answer.locator("a.cite").first.click()
    page.locator("#source mark.current").first.wait_for()
    take(page, "source")
    page.keyboard.press("Escape")
    answer = ask(page, "What course did aluminium follow?")
    answer.locator("a.cite").first.click()
    page.get_by_role("switch", name="Original").check()
    original = page.frame_locator("#source iframe")
    expect(original.get_by_text("The quote is outlined")).to_be_visible()
    picture = original.get_by_role("img", name="Page 1")
    picture.evaluate("image => image.decode()")
    take(page, "original")
    page.get_by_role("switch", name="Original").uncheck()
    page.keyboard.press("Escape")
    page.locator("#open-filters").click()
    page.locator("#filters form").wait_for()
    page.locator("#filters [name=since]").fill("2008-01-01")
    page.locator('#filters [name=collection][value="Markets"]').check()
    page.locator("#filters .primary").click()
    ask(page, "When will the ferry Corran be raised?")
    take(page, "not-in-corpus")


def dossier(page: Page, server: Server) -> None:
    """Keep quotes, and that nothing was found, and annotate them."""
    reply = page.request.post(f"{server.url}api/v1/dossiers", data={"name": "Grain in the north"})
    kept = f"{server.url}dossiers/{reply.json()['id']}"
    page.goto(server.url)
    expect(page.locator(".answer.finished")).to_have_count(4)
    page.locator("#new-conversation").click()
    expect(page.locator(".answer")).to_have_count(0)
    page.locator("#filter-chips button").first.click()
    keep(page, ask(page, "How did grain from abroad reach Hyesan?"), "Keep: quote")
    page.goto(f"{server.url}documents/survey.md")
    page.locator("#text .list > :last-child").nth(1).evaluate(
        "item => getSelection().selectAllChildren(item)"
    )
    keep(page, page.locator("#selected-words"), "Keep: the selected words")
    page.goto(server.url)
    expect(page.locator(".answer.finished")).to_have_count(1)
    keep(page, ask(page, "When will the ferry Corran be raised?"), "Keep as unanswered")
    page.goto(kept)
    page.get_by_role("button", name="Add above: Quote 1").click()
    page.keyboard.type("What traders expect")
    page.get_by_role("button", name="Add as a heading").click()
    page.get_by_label("Analyst’s heading").wait_for()
    page.get_by_role("button", name="Add above: Question").click()
    page.keyboard.type("One survey, of May. Ask for the prices of June.")
    page.get_by_role("button", name="Add as a note").click()
    page.get_by_label("Analyst’s note").wait_for()
    page.reload()
    page.set_viewport_size({"width": 1280, "height": 960})
    page.evaluate("scrollTo(0, 0)")
    take(page, "dossier")


def keep(page: Page, answer: Locator, name: str) -> None:
    """Press a card's Keep, and wait until it is kept: its name says so then."""
    answer.get_by_role("button", name=name).first.click()
    expect(answer.get_by_role("button", name=re.compile("^Kept"), pressed=True).first).to_be_visible()


if __name__ == "__main__":
    main()
