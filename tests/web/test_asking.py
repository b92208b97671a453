"""A question that is on its way: its stage, its seconds, and the button that stops it, in a real Chromium."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from embeddings import runtime
from embeddings.models import READER_SHA256, cache_folder
from tests.web.chatting import ask, chat, check_accessible, opened

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.models]

FACTORY = "What was taken from the Kumsandong fertilizer factory?"
UNKNOWN = "Who won the football world cup in 1998?"
LONG = 60_000  # ms, in which also a busy machine loads the models
AT_ONCE = 4  # questions: others wait in line


@pytest.fixture
def listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipe in which the models wait for the reader's listing: questions begin, and none goes on."""
    monkeypatch.setenv("PULLQUOTE_CACHE", str(tmp_path / "cache"))
    pipe = runtime._listing(cache_folder() / READER_SHA256)
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    return pipe


def send(page: Page, question: str) -> None:
    page.locator("#question textarea").fill(question)
    page.locator("#question textarea").press("Enter")


def test_a_question_shows_its_stage_and_seconds_and_can_be_stopped(
    browser: Browser, tmp_path: Path, listing: Path
) -> None:
    with chat(tmp_path / "library") as server, opened(browser, server.url) as page:
        send(page, UNKNOWN)
        line, stop = page.locator("#asking"), page.get_by_role("button", name="Stop")
        expect(stop).to_be_visible()
        expect(line).to_contain_text("Waiting until Pullquote has started", timeout=LONG)
        expect(line.locator(".seconds")).to_have_text(re.compile(r"^[1-9]\d* s$"))
        check_accessible(page)
        stop.click()
        stopped = page.locator(".answer.finished")
        expect(stopped.get_by_role("heading", name="Stopped")).to_be_visible(timeout=LONG)
        expect(stopped.locator(".thumbs, .not-in-corpus, .error")).to_have_count(0)
        expect(line).to_be_hidden()
        expect(page.locator("#question textarea")).to_be_focused()
        assert "conversation=" not in page.url  # nothing is kept that could be opened
        check_accessible(page)
        listing.write_text('{"files": {"model": {"name": "none yet"}}}')
        page.locator("#status").wait_for(state="hidden", timeout=LONG)
        stopped.get_by_role("link", name="Ask it again").click()
        expect(page.locator(".answer.finished .not-in-corpus")).to_be_visible(timeout=LONG)
        expect(page.locator(".answer.finished .trace")).to_contain_text(
            re.compile(r"in (\d+|less than a) second")
        )
        page.reload()  # what was stopped was no answer
        expect(page.locator("[data-testid=user]")).to_have_text([UNKNOWN], timeout=LONG)
        expect(page.locator(".answer.finished .not-in-corpus")).to_be_visible()


@pytest.mark.day
def test_a_question_that_is_stopped_in_line_stays_in_the_box(
    browser: Browser, tmp_path: Path, listing: Path
) -> None:
    with chat(tmp_path / "library") as server, contextlib.ExitStack() as tabs:
        for _ in range(AT_ONCE):
            other = tabs.enter_context(opened(browser, server.url))
            send(other, UNKNOWN)
            expect(other.locator("#asking")).to_contain_text("has started", timeout=LONG)
        page = tabs.enter_context(opened(browser, server.url))
        send(page, FACTORY)
        expect(page.locator("#asking")).to_contain_text("Waiting for the server")
        last = tabs.enter_context(opened(browser, server.url))
        send(last, FACTORY)
        expect(last.locator("#asking")).to_contain_text("Waiting: 1 question before yours")
        page.get_by_role("button", name="Stop").click()
        expect(page.locator(".notice")).to_have_text("Stopped. Your question is still in the box.")
        expect(page.locator("#question textarea")).to_have_value(FACTORY)
        expect(page.locator("#asking")).to_be_hidden()
        listing.write_text('{"files": {"model": {"name": "none yet"}}}')
        other.locator(".answer.finished").wait_for(timeout=LONG)
        answer = ask(page, FACTORY)
        expect(answer.locator(".quote").first).to_contain_text("bolted down")
        expect(page.locator("[data-testid=user]")).to_have_text([FACTORY])
