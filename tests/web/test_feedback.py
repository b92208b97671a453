"""Thumbs on the page, in a real Chromium."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.web.chatting import TOKEN, ask, chat, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from tests.web.chatting import Server

pytestmark = [pytest.mark.browser, pytest.mark.models]

FACTORY = "What was taken from the Kumsandong fertilizer factory?"
UNKNOWN = "Who won the football world cup in 1998?"


@pytest.fixture
def page(page: Page, server: Server) -> Iterator[Page]:
    """The page, in a library without thumbs; those of the test are taken back."""
    assert server.get("api/v1/feedback")[1]["thumbs"] == 0
    yield page
    for pressed in page.locator("[aria-pressed=true]").all()[::-1]:
        pressed.evaluate("button => button.click()")
    expect(page.locator("[aria-pressed=true]")).to_have_count(0)


def on_answer(answer: Locator, thumb: str) -> Locator:
    return answer.locator(f".trace .thumbs button.{thumb}")


def on_quote(answer: Locator, thumb: str) -> Locator:
    return answer.locator(f".card .thumbs button.{thumb}").first


def exported(server: Server, page: Page) -> list[dict[str, object]]:
    response = page.request.get(f"{server.url}api/v1/feedback/test-queries.jsonl")
    return [json.loads(line) for line in response.text().splitlines()]


def test_a_thumb_on_a_quote_is_kept_replaced_and_taken_back(page: Page, server: Server) -> None:
    answer = ask(page, FACTORY)
    up, down = on_quote(answer, "up"), on_quote(answer, "down")
    quote = answer.locator(".card .quote").first.text_content()
    expect(up).to_have_attribute("aria-pressed", "false")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    assert exported(server, page)[0]["quotes"] == [quote]
    down.click()
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(up).to_have_attribute("aria-pressed", "false")
    assert exported(server, page)[0]["rejected"] == [quote]
    down.click()
    expect(down).to_have_attribute("aria-pressed", "false")
    assert exported(server, page) == []
    expect(on_answer(answer, "up")).to_have_attribute("aria-pressed", "false")


@pytest.mark.day
def test_a_thumb_on_an_answer_says_that_it_is_kept(page: Page, server: Server) -> None:
    answer = ask(page, FACTORY)
    kept = answer.locator(".trace .kept")
    expect(kept).to_be_hidden()
    on_answer(answer, "up").click()
    expect(kept).to_have_text("Judgement kept")
    (query,) = exported(server, page)
    assert (query["answerable"], query["quotes"]) == (True, [])  # which of them answers, nobody has said
    on_answer(answer, "down").click()
    expect(on_answer(answer, "up")).to_have_attribute("aria-pressed", "false")
    assert exported(server, page)[0]["answerable"] is None
    on_answer(answer, "down").click()
    expect(kept).to_be_hidden()


@pytest.mark.day
def test_a_chat_that_others_can_reach_shows_no_thumbs(browser: Browser, tmp_path: Path) -> None:
    with (
        chat(tmp_path / "library", "--host", "0.0.0.0", token=TOKEN) as server,  # noqa: S104
        opened(browser, server.entry) as page,
    ):
        answer = ask(page, FACTORY)
        expect(answer.locator(".card .copy")).not_to_have_count(0)
        expect(page.locator(".thumbs, #test-queries:visible, .notice")).to_have_count(0)


def test_silence_can_be_right(page: Page, server: Server) -> None:
    answer = ask(page, UNKNOWN)
    on_answer(answer, "up").click()
    expect(on_answer(answer, "up")).to_have_attribute("aria-pressed", "true")
    (query,) = exported(server, page)
    assert (query["question"], query["answerable"]) == (UNKNOWN, False)


@pytest.mark.day
def test_thumbs_work_by_keyboard_and_keep_the_focus(page: Page) -> None:
    answer = ask(page, FACTORY)
    up = on_quote(answer, "up")
    answer.locator(".card .keep .where").first.focus()
    page.keyboard.press("Tab")
    expect(up).to_be_focused()
    page.keyboard.press("Enter")
    expect(up).to_have_attribute("aria-pressed", "true")
    expect(up).to_be_focused()
    page.keyboard.press("Tab")
    expect(on_quote(answer, "down")).to_be_focused()
    page.keyboard.press("Space")
    expect(on_quote(answer, "down")).to_have_attribute("aria-pressed", "true")


@pytest.mark.day
def test_thumbs_say_what_they_mean_and_are_large_enough(page: Page) -> None:
    answer = ask(page, FACTORY)
    for thumb in answer.locator(".thumbs button").all():
        assert "kept in your library" in (thumb.get_attribute("title") or "")
        box = thumb.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
    names = [thumb.get_attribute("aria-label") for thumb in answer.locator(".card .thumbs button").all()[:2]]
    assert names == [
        "Quote [1]: This quote answers the question",
        "Quote [1]: This quote does not answer the question",
    ]
    silence = ask(page, UNKNOWN)
    expect(on_answer(silence, "up")).to_have_attribute(
        "aria-label", "This answer: Right: the documents do not state an answer"
    )


@pytest.mark.day
def test_pressing_a_thumb_moves_nothing(page: Page) -> None:
    answer = ask(page, FACTORY)
    for thumb in (on_quote(answer, "up"), on_answer(answer, "up")):
        before = thumb.bounding_box()
        thumb.click()
        expect(thumb).to_have_attribute("aria-pressed", "true")
        assert thumb.bounding_box() == before


@pytest.mark.day
def test_a_question_asked_again_shows_its_thumbs(page: Page, browser: Browser, server: Server) -> None:
    on_answer(ask(page, FACTORY), "up").click()
    expect(page.locator(".kept")).to_be_visible()
    with opened(browser, server.url) as other:
        answer = ask(other, FACTORY)
        expect(on_answer(answer, "up")).to_have_attribute("aria-pressed", "true")
        expect(on_quote(answer, "up")).to_have_attribute("aria-pressed", "false")


@pytest.mark.day
def test_a_thumb_of_another_tab_is_seen_on_coming_back_and_not_taken_back_by_mistake(
    page: Page, browser: Browser, server: Server
) -> None:
    here = ask(page, FACTORY)
    on_answer(here, "up").click()
    expect(on_answer(here, "up")).to_have_attribute("aria-pressed", "true")
    with opened(browser, server.url) as other:
        there = ask(other, FACTORY)
        on_answer(there, "down").click()
        expect(on_answer(there, "down")).to_have_attribute("aria-pressed", "true")
        on_answer(here, "up").click()
        expect(page.locator(".notice")).to_have_text(
            "You judged this in another tab. That judgement is shown now."
        )
        expect(on_answer(here, "up")).to_have_attribute("aria-pressed", "false")
        expect(on_answer(here, "down")).to_have_attribute("aria-pressed", "true")
        on_answer(there, "up").click()
        expect(on_answer(there, "up")).to_have_attribute("aria-pressed", "true")
        page.evaluate("dispatchEvent(new Event('focus'))")
        expect(on_answer(here, "up")).to_have_attribute("aria-pressed", "true")


@pytest.mark.day
def test_earlier_thumbs_stay_when_the_conversation_goes_on(page: Page) -> None:
    answer = ask(page, FACTORY)
    on_quote(answer, "up").click()
    expect(on_quote(answer, "up")).to_have_attribute("aria-pressed", "true")
    ask(page, UNKNOWN)
    expect(on_quote(answer, "up")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[aria-pressed=true]")).to_have_count(1)


@pytest.mark.day
def test_the_test_queries_can_be_had_once_there_are_some(page: Page, server: Server, tmp_path: Path) -> None:
    link = page.locator("#test-queries")
    answer = ask(page, FACTORY)
    expect(link).to_be_hidden()
    on_quote(answer, "up").click()
    expect(link).to_have_text("↓ 1 judged question")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "test-queries.jsonl"
    assert json.loads(download.value.path().read_text(encoding="utf-8"))["question"] == FACTORY
    page.reload()
    expect(link).to_have_text("↓ 1 judged question")
    answer = ask(page, FACTORY)
    expect(on_quote(answer, "up")).to_have_attribute("aria-pressed", "true")
    on_quote(answer, "up").click()
    expect(link).to_be_hidden()


@pytest.mark.day
def test_a_thumb_that_could_not_be_kept_says_so_and_is_not_pressed(page: Page) -> None:
    answer = ask(page, FACTORY)
    page.route("**/api/v1/feedback", lambda route: route.abort())
    on_quote(answer, "up").click()
    expect(page.locator(".notice")).to_have_text(
        "Your judgement was not kept. The server does not answer. Is it still running?"
    )
    expect(on_quote(answer, "up")).to_have_attribute("aria-pressed", "false")
    page.unroute("**/api/v1/feedback")
    purged = {"detail": "the library holds no such text", "code": "document_not_found"}
    page.route("**/api/v1/feedback", lambda route: route.fulfill(status=404, json=purged))
    on_quote(answer, "up").click()
    expect(page.locator(".notice")).to_contain_text(
        "not kept. This library does not have this text: it was never added, or it was erased"
    )
    page.unroute("**/api/v1/feedback")
    answer.evaluate("article => { article.id = 'answer-forgotten' }")
    on_quote(answer, "up").click()
    expect(page.locator(".notice")).to_contain_text("Pullquote no longer remembers this answer")
    expect(on_quote(answer, "up")).to_have_attribute("aria-pressed", "false")


@pytest.mark.day
def test_small_talk_and_errors_have_no_thumbs(page: Page) -> None:
    expect(ask(page, "What can you do?").locator(".thumbs")).to_have_count(0)
    expect(ask(page, "?!").locator(".thumbs")).to_have_count(0)


@pytest.mark.day
def test_a_hostile_document_is_judged_like_any_other(page: Page, server: Server) -> None:
    answer = ask(page, "When was the harbour at Ostrava closed?")
    on_quote(answer, "up").click()
    expect(on_quote(answer, "up")).to_have_attribute("aria-pressed", "true")
    assert exported(server, page)[0]["quotes"] == [answer.locator(".card .quote").first.text_content()]
    assert page.evaluate("window.canary") is None


@pytest.mark.day
def test_a_phone_has_room_for_thumbs(browser: Browser, server: Server, page: Page) -> None:
    on_quote(ask(page, FACTORY), "up").click()
    expect(page.locator("#test-queries")).to_be_visible()
    with opened(
        browser, server.url, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    ) as phone:
        answer = ask(phone, FACTORY)
        expect(on_quote(answer, "up")).to_have_attribute("aria-pressed", "true")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360
        row = [phone.locator(each).bounding_box() for each in (".brand .mark", "#test-queries", "#save")]
        row.append(phone.locator("#new-conversation").bounding_box())
        for left, right in itertools.pairwise(row):
            assert left is not None
            assert right is not None
            assert left["x"] + left["width"] < right["x"]
