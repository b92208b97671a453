"""The Ask page loses nothing: at a reload, the logo, Back, in a second tab, and when the server is killed."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qa import Corpus
from tests.web.chatting import PATIENCE, ask, chat, check_accessible, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.web.chatting import Server

pytestmark = [pytest.mark.browser, pytest.mark.models]

FACTORY = "What was taken from the Kumsandong fertilizer factory?"
METALS = "What metals were smuggled in the 1990s?"
ARRESTED = "How many people were arrested on the highway?"
HOSTILE = "<script>window.canary = 8</script> <img src=x onerror='window.canary = 9'> ${window.canary = 10}?"


def cards(page: Page) -> list[str]:
    return page.locator(".answer").all_inner_texts()


def shows(page: Page, *asked: str) -> None:
    expect(page.locator("[data-testid=user]")).to_have_text(list(asked))
    expect(page.locator(".answer.finished")).to_have_count(len(asked))


def test_a_reload_the_logo_and_another_page_lose_nothing(page: Page) -> None:
    ask(page, FACTORY)
    ask(page, METALS)
    expect(page).to_have_url(re.compile(r"/\?conversation=[\w-]{16}$"))
    address, before = page.url, cards(page)
    page.reload()
    shows(page, FACTORY, METALS)
    assert cards(page) == before
    page.locator(".brand").click()
    shows(page, FACTORY, METALS)
    expect(page).to_have_url(address)
    page.locator(".rail").get_by_text("Documents").click()
    page.locator("main h1").wait_for()
    page.go_back()
    shows(page, FACTORY, METALS)
    page.locator(".rail").get_by_text("Documents").click()
    page.locator("main h1").wait_for()
    page.locator(".rail").get_by_text("Ask").click()
    shows(page, FACTORY, METALS)
    answer = ask(page, "And who was it?")
    expect(answer.locator(".understood").first).to_be_visible()  # what was asked before is still known


@pytest.mark.day
def test_a_second_tab_shows_the_conversation_and_both_go_on(
    page: Page, browser: Browser, server: Server
) -> None:
    ask(page, FACTORY)
    with opened(browser, page.url) as other:
        shows(other, FACTORY)
        ask(other, METALS)
    ask(page, ARRESTED)
    page.reload()
    shows(page, FACTORY, METALS, ARRESTED)


def test_a_new_conversation_discards_nothing_and_back_leads_to_the_old_one(page: Page) -> None:
    ask(page, FACTORY)
    first = page.url
    page.locator("#new-conversation").click()
    expect(page.locator("#welcome")).to_be_visible()
    assert "conversation" not in page.url
    page.reload()
    expect(page.locator("#welcome")).to_be_visible()
    ask(page, METALS)
    expect(page).not_to_have_url(first)
    second = page.url
    page.go_back()
    shows(page, FACTORY)
    page.go_forward()
    shows(page, METALS)
    assert page.url == second


def test_a_question_is_edited_and_asked_again_in_its_place(page: Page) -> None:
    ask(page, FACTORY)
    ask(page, METALS)
    ask(page, ARRESTED)
    address = page.url
    page.get_by_role("button", name="Edit this question").nth(1).click()
    box = page.locator("#question textarea")
    expect(box).to_have_value(METALS)
    expect(box).to_be_focused()
    expect(page.locator("#editing")).to_contain_text("Editing question 2")
    check_accessible(page)
    page.locator("#editing").get_by_role("button", name="Cancel").click()
    expect(page.locator("#editing")).to_be_hidden()
    expect(box).to_have_value("")
    page.get_by_role("button", name="Edit this question").nth(1).click()
    box.fill(other := "When did scrap metal smuggling become popular?")
    box.press("Enter")
    expect(page).not_to_have_url(address)
    shows(page, FACTORY, other)
    page.reload()
    shows(page, FACTORY, other)
    page.go_back()
    shows(page, FACTORY, METALS, ARRESTED)


@pytest.mark.day
def test_what_is_typed_survives_a_reload_and_a_hostile_question_runs_nothing(page: Page) -> None:
    ask(page, HOSTILE)
    page.locator("#question textarea").fill("Half a ques")
    page.reload()
    shows(page, HOSTILE)
    expect(page.locator("#question textarea")).to_have_value("Half a ques")
    page.get_by_role("button", name="Edit this question").first.click()
    expect(page.locator("#question textarea")).to_have_value(HOSTILE)
    assert page.evaluate("window.canary") is None


@pytest.mark.day
def test_a_conversation_that_is_not_there_is_said_and_a_new_one_begins(
    browser: Browser, server: Server
) -> None:
    with opened(browser, f"{server.url}?conversation=AAAAAAAAAAAAAAAA") as page:
        expect(page.get_by_role("status").filter(has_text="no longer exists")).to_be_visible()
        ask(page, FACTORY)
        expect(page).not_to_have_url(re.compile("AAAAAAAAAAAAAAAA"))


@pytest.mark.day
def test_a_reload_while_an_answer_is_on_its_way_asks_the_question_again(page: Page) -> None:
    ask(page, FACTORY)
    page.locator("#question textarea").fill(METALS)
    page.evaluate(
        """() => new MutationObserver(() => document.querySelector(".searching") && location.reload())
        .observe(document.body, { childList: true, subtree: true })"""
    )
    page.locator("#question textarea").press("Enter")
    shows(page, FACTORY, METALS)


@pytest.fixture
def library(tmp_path: Path, brief: Path) -> Path:
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(brief)
    return tmp_path / "library"


@pytest.fixture
def context(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE)
    yield tab
    context.close()


@pytest.mark.day
def test_a_killed_server_is_one_banner_and_the_page_goes_on_when_it_is_back(
    context: Page, library: Path
) -> None:
    page = context
    with chat(library) as server:
        page.goto(server.url)
        page.locator(".examples button").first.wait_for()
        ask(page, FACTORY)
        before = cards(page)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    away = page.locator("#away")
    expect(away).to_be_visible()
    expect(page.get_by_role("alert").filter(visible=True)).to_have_count(1)
    page.locator("#question textarea").fill(METALS)
    page.locator("#question textarea").press("Enter")
    page.wait_for_timeout(500)
    with chat(library, port=int(server.url.split(":")[-1].strip("/"))) as server:
        expect(away).to_be_hidden(timeout=60_000)
        # The page reloads itself when the server is back: what is waited for may be of the one or the other.
        expect(page.locator("[data-testid=user]")).to_have_text([FACTORY, METALS], timeout=60_000)
        expect(page.locator(".answer.finished")).to_have_count(2, timeout=60_000)
        assert cards(page)[:1] == before
        page.locator("#question textarea").fill("Half a ques")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    with chat(library, port=int(server.url.split(":")[-1].strip("/"))):
        expect(page.locator(".answer.finished")).to_have_count(2, timeout=60_000)
        expect(page.locator("#question textarea")).to_have_value("Half a ques")


@pytest.mark.day
def test_a_server_killed_in_the_middle_of_an_answer_answers_it_when_it_is_back(
    context: Page, library: Path
) -> None:
    page = context
    with chat(library) as server:
        page.goto(server.url)
        page.locator(".examples button").first.wait_for()
        ask(page, FACTORY)
        # The answer may come between two looks of the test: the page itself says when it has asked.
        page.evaluate(
            """() => new MutationObserver(() => document.querySelector(".searching") && console.log("asked"))
                .observe(document.body, { childList: true, subtree: true })"""
        )
        page.locator("#question textarea").fill(METALS)
        with page.expect_console_message(lambda message: message.text == "asked"):
            page.locator("#question textarea").press("Enter")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    expect(page.locator("#away")).to_be_visible()
    with chat(library, port=int(server.url.split(":")[-1].strip("/"))):
        # The page reloads itself when the server is back: what is waited for may be of the one or the other.
        expect(page.locator("[data-testid=user]")).to_have_text([FACTORY, METALS], timeout=60_000)
        expect(page.locator(".answer.finished")).to_have_count(2, timeout=60_000)
