from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qa import Corpus
from qa.quoting.claims.file import claims
from qa.quoting.verify import Verifier
from tests.web.chatting import ask

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.models, pytest.mark.day]
FACTORY = "What was taken from the Kumsandong fertilizer factory?"
HARBOUR = "Which harbour was closed in May?"


def saved(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.locator("#save").click()
    name = download.value.suggested_filename
    assert re.fullmatch(r"pullquote-\d{4}-\d\d-\d\d\.html", name)
    download.value.save_as(folder / name)
    return folder / name


def test_a_saved_conversation_holds_what_was_said_and_verifies(
    page: Page, tmp_path: Path, brief: Path
) -> None:
    shown = [ask(page, question).locator(".quote").all_text_contents() for question in (FACTORY, HARBOUR)]
    ask(page, "Which documents do you have?")
    ask(page, "Who won the football match in Brazil?")
    file = saved(page, tmp_path)
    html = file.read_text(encoding="utf-8")
    assert "<script" not in html
    found = claims(file).claims
    assert [claim.text for claim in found] == [quote for each in shown for quote in each]
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(brief)
        fates = {verdict.status for verdict in Verifier(corpus.store).verdicts(found[: len(shown[0])])}
    assert fates == {"verbatim"}
    assert "NK Brief No. 08-4-4-1, 4 April 2008" in html
    assert "The library holds 2 documents" in html
    assert "No answer found in the " in html


def test_a_conversation_is_saved_again_with_what_came_since_and_a_new_one_begins_empty(
    page: Page, tmp_path: Path
) -> None:
    expect(page.locator("#save")).to_be_hidden()
    ask(page, FACTORY)
    assert saved(page, tmp_path).read_text(encoding="utf-8").count("<article") == 1
    ask(page, HARBOUR)
    assert saved(page, tmp_path).read_text(encoding="utf-8").count("<article") == 2
    page.locator("#new-conversation").click()
    expect(page.locator("#save")).to_be_hidden()
    ask(page, HARBOUR)
    html = saved(page, tmp_path).read_text(encoding="utf-8")
    assert FACTORY not in html
    assert html.count("<article") == 1
