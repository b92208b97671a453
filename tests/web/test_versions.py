"""A citation to a text that was superseded or removed, in the page, with a real Chromium."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qa import Corpus
from qa.schema import Quote, citation_id
from tests.web.chatting import chat, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.web.chatting import Server

pytestmark = [pytest.mark.models, pytest.mark.browser, pytest.mark.day]

SAID = "In March 2008 some forty people were arrested on the highway to Hamhung."
OLD = f"Arrests on the highway\n\nA checkpoint was set up in February.\n\n{SAID} Most were let go.\n"
NEW = OLD.replace("some forty people were", "some fifty people, all traders, were")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("versions")
    for name, text in (("brief.txt", OLD), ("gone.txt", OLD.replace("Hamhung", "Hyesan"))):
        (folder / name).write_text(text, "utf-8")
    with Corpus.open(folder / "library") as corpus:
        corpus.index(folder / "brief.txt", folder / "gone.txt")
    return folder / "library"


@pytest.fixture(scope="module")
def server(library: Path) -> Iterator[Server]:
    with chat(library) as running:
        yield running


def quote(corpus: Corpus, document_id: str, words: str) -> Quote:
    document = corpus.document(document_id)
    at = document.text.index(words)
    return Quote(document, at, at + len(words))


def test_the_panel_says_what_has_become_of_a_text_and_opens_what_stands_there_now(
    browser: Browser, server: Server, library: Path
) -> None:
    with Corpus.open(library) as corpus:
        cited = [citation_id(quote(corpus, "brief.txt", words)) for words in (SAID, "Most were let go.")]
        removed = citation_id(quote(corpus, "gone.txt", "Most were let go."))
        (library.parent / "brief.txt").write_text(NEW, "utf-8")
        corpus.index(library.parent / "brief.txt")
        corpus.remove(["gone.txt"])

    with opened(browser, f"{server.url}#cite={cited[0]}") as page:
        fate = page.locator("#source .fate")
        expect(fate).to_contain_text(re.compile(r"Superseded on \d+ \w+ 20\d\d: this is the earlier text"))
        expect(page.locator("#source mark.current")).to_have_text(SAID)
        assert page.locator("#source .text").text_content() == OLD
        expect(fate.locator("del")).to_have_text(["forty people"])
        expect(fate.locator("ins")).to_have_text(["fifty people, all traders,"])
        page.screenshot(path=str(library.parent / "superseded.png"))

        fate.get_by_role("link").click()
        expect(fate).to_be_hidden()
        expect(page.locator("#source mark.current")).to_contain_text("some fifty people, all traders,")
        assert page.locator("#source .text").text_content() == NEW

        page.goto(f"{server.url}#cite={cited[1]}")
        expect(fate).to_contain_text("It still says this.")
        expect(fate.locator(".difference")).to_have_count(0)

        page.goto(f"{server.url}#cite={removed}")
        expect(fate).to_contain_text("Removed on")
        expect(page.locator("#source mark.current")).to_have_text("Most were let go.")
        expect(fate.get_by_role("link")).to_have_count(0)
