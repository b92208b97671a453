"""What the keyboard does, in a real Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qa.limits import MAX_QUESTION_CHARACTERS
from tests.web.chatting import ask

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.web.chatting import Server

pytestmark = [pytest.mark.browser, pytest.mark.models]
QUESTION = "Why did the crackdown on smugglers fail?"


def test_a_sheet_shows_the_keys_on_every_page(page: Page, server: Server) -> None:
    for place, box in (("", "#question textarea"), ("documents", "input[type=search]")):
        page.goto(server.url + place)
        field = page.locator(box)
        expect(field).to_be_visible()
        sheet = page.get_by_role("dialog", name="Keys")
        page.locator(".brand").focus()
        page.keyboard.press("?")
        expect(sheet).to_be_visible()
        expect(sheet.locator("dt")).to_have_count(10)
        page.keyboard.press("Escape")
        expect(sheet).to_be_hidden()
        page.keyboard.press("/")
        expect(field).to_be_focused()
        page.keyboard.press("?")
        expect(field).to_have_value("?")
        expect(sheet).to_be_hidden()


def test_the_last_question_comes_back_into_an_empty_box(page: Page) -> None:
    ask(page, QUESTION)
    box = page.locator("#question textarea")
    box.press("ArrowUp")
    expect(box).to_have_value(QUESTION)
    box.fill("Who?")
    box.press("ArrowUp")
    expect(box).to_have_value("Who?")


def test_a_question_that_is_too_long_stays_in_the_box(page: Page) -> None:
    box = page.locator("#question textarea")
    box.fill("?" * (MAX_QUESTION_CHARACTERS + 10))
    box.press("Enter")
    expect(page.locator(".notice")).to_have_text(
        f"A question may have at most {MAX_QUESTION_CHARACTERS:,} characters. Shorten this question by 10."
    )
    expect(box).to_have_value("?" * (MAX_QUESTION_CHARACTERS + 10))
    expect(page.locator("#conversation [data-testid=user]")).to_have_count(0)
