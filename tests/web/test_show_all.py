"""All that answers a question: in the page with a real Chromium, over HTTP and from the command line."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from playwright.sync_api import expect

from qa import Corpus
from qa.cli import cli
from tests.qa.asking.repairs import BRIDGES, PRICED, cost, note
from tests.web.chatting import ask, chat, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.web.chatting import Server

pytestmark = [pytest.mark.models, pytest.mark.browser]

QUESTION = "What did the repair cost?"
UNKNOWN = "Who discovered penicillin?"
COSTS = {cost(number) for number in range(PRICED)}
MOST = 0.8 * PRICED  # the reader is not sure of each
# Notes the questions on the page at every change from now on.
NOTE_QUESTIONS = """() => {
  const questions = () => [...document.querySelectorAll("[data-testid=user]")];
  window.noted = [];
  new MutationObserver(() => noted.push(questions().map((each) => each.innerText.trim())))
    .observe(document.getElementById("conversation"), { childList: true, subtree: true });
}"""
# Begins anew so soon after the click that all is still being looked for.
SHOW_ALL_AND_START_ANEW = """() => {
  document.querySelector("button.show-all").click();
  setTimeout(() => document.getElementById("new-conversation").click(), 50);
}"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repairs")
    for number, bridge in enumerate(BRIDGES):
        (folder / f"{bridge}.txt").write_text(note(number), "utf-8")
    with Corpus.open(folder / "library") as corpus:
        corpus.index(*(folder / f"{bridge}.txt" for bridge in BRIDGES))
    return folder / "library"


@pytest.fixture(scope="module")
def server(library: Path) -> Iterator[Server]:
    with chat(library) as running:
        yield running


def test_one_click_shows_all_that_answers_by_document(browser: Browser, server: Server) -> None:
    with opened(browser, server.url) as page:
        answer = ask(page, QUESTION)
        shown = answer.locator("a.cite").evaluate_all("links => links.map(link => link.hash)")
        expect(answer.locator(".some")).to_contain_text(f"{len(shown)} of at least ")
        answer.locator("button.show-all").click()
        expect(answer.locator("h2.all")).to_contain_text(" in ", timeout=60_000)
        cards = answer.locator(".document .card")
        texts = set(answer.locator(".quote").all_text_contents())
        assert texts <= COSTS
        assert len(texts) > MOST
        assert cards.count() == answer.locator(".document h3").count() == len(texts)
        # What was shown before keeps its number, and each citation opens its source.
        for at, link in enumerate(shown, start=1):
            expect(answer.locator(f'a.cite[href="{link}"] .number')).to_have_text(f"[{at}]")
        cards.last.locator("a.cite").click()
        expect(page.locator("#source mark.current")).to_have_text(cards.last.locator(".quote").inner_text())
        # They can be judged, and the next question is answered below.
        cards.last.locator(".thumbs .up").click()
        expect(cards.last.locator(".thumbs .up")).to_have_attribute("aria-pressed", "true")
        following = ask(page, UNKNOWN)
        expect(following.locator(".not-in-corpus")).to_be_visible()
        expect(page.locator(".answer")).to_have_count(2)
        expect(page.locator(".answer").first.locator("h2.all")).to_be_visible()


@pytest.mark.day
def test_two_answers_can_be_asked_for_all_at_once(browser: Browser, server: Server) -> None:
    with opened(browser, server.url) as page:
        first, second = ask(page, QUESTION), ask(page, "How much did the repair cost?")
        first.locator("button.show-all").click()
        second.locator("button.show-all").click()
        for answer in (first, second):
            expect(answer.locator("h2.all")).to_be_visible(timeout=60_000)


@pytest.mark.day
def test_a_new_conversation_is_not_brought_back_by_all_that_still_comes(
    browser: Browser, server: Server
) -> None:
    with opened(browser, server.url) as page:
        ask(page, QUESTION)
        page.evaluate(NOTE_QUESTIONS)
        page.evaluate(SHOW_ALL_AND_START_ANEW)
        expect(page.locator("#welcome")).to_be_visible()
        ask(page, UNKNOWN)
        expect(page.locator("[data-testid=user]")).to_have_text(UNKNOWN)
        noted = page.evaluate("noted")
        assert [QUESTION] not in noted[noted.index([]) :]
        expect(page.locator(".error")).to_have_count(0)


@pytest.mark.day
def test_a_question_on_its_way_stays_when_all_comes(browser: Browser, server: Server) -> None:
    with opened(browser, server.url) as page:
        first = ask(page, QUESTION)
        first.locator("button.show-all").click()
        box = page.locator("#question textarea")
        box.fill("Which bridge was closed to lorries for the winter, and why?")
        page.evaluate(NOTE_QUESTIONS)
        box.press("Enter")
        expect(page.locator("[data-testid=user]")).to_have_count(2)
        expect(first.locator("h2.all")).to_be_visible(timeout=60_000)
        expect(page.locator(".answer.finished")).to_have_count(2, timeout=60_000)
        counts = [len(questions) for questions in page.evaluate("noted")]
        assert counts == sorted(counts)
        assert counts[-1] == 2


@pytest.mark.day
def test_the_button_comes_back_where_nothing_comes(browser: Browser, server: Server) -> None:
    with opened(browser, server.url) as page:
        answer = ask(page, QUESTION)
        button = answer.locator("button.show-all")
        full = {"detail": "Queue is full."}
        page.route("**/queue/join**", lambda route: route.fulfill(status=503, json=full))
        page.clock.install()
        button.click()
        expect(button).to_be_disabled()
        for _ in range(4):
            expect(button).to_be_disabled()
            with page.expect_response("**/api/v1/status"):
                page.clock.fast_forward(10_000)
        expect(page.locator(".notice")).to_have_text("No answer has arrived yet. You can try it again.")
        expect(button).to_have_text("show all")
        page.unroute("**/queue/join**")
        button.click()
        expect(answer.locator("h2.all")).to_be_visible(timeout=60_000)


def test_over_http_all_is_in_more_and_the_rest_stays_as_it_was(server: Server) -> None:
    def asked(**options: object) -> dict:
        body = json.dumps({"question": QUESTION, **options}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{server.url}api/v1/ask", body, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return json.load(response)

    few, every = asked(), asked(all=True)
    assert few["more"]["quotes"] is None
    assert every["quotes"] == few["quotes"]
    texts = {quote["text"] for quote in every["more"]["quotes"]}
    assert texts <= COSTS
    assert every["more"]["sentences"] == len(texts) > MOST
    assert every["more"]["documents"] == len(texts)


def test_the_command_says_how_many_there_are_and_shows_them(library: Path) -> None:
    few, every = (
        CliRunner().invoke(cli, ["ask", QUESTION, *option, "--library", str(library)])
        for option in ([], ["--all"])
    )
    assert few.exit_code == every.exit_code == 0
    assert "that answer; --all shows them all." in few.stdout
    assert " answer, by document:" in every.stdout
    assert sum(sentence in every.stdout for sentence in COSTS) > MOST
