"""What a reader does on the page, in a real Chromium."""

from __future__ import annotations

import json
import re
import unicodedata
import urllib.request
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qa.schema import STRICTNESS
from tests.web.chatting import ask, chat, check_accessible, opened

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from tests.web.chatting import Server

pytestmark = [pytest.mark.browser, pytest.mark.models]

FACTORY = "What was taken from the Kumsandong fertilizer factory?"
UNKNOWN = "Who won the football world cup in 1998?"


def assert_in_view(page: Page, element: Locator) -> None:
    box, size = element.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= size["width"] + 1
    assert box["y"] + box["height"] <= size["height"] + 1


def test_an_answer_is_verbatim_quotes_each_with_its_citation(page: Page, brief: Path) -> None:
    answer = ask(page, FACTORY)
    source = brief.read_text("utf-8")
    cards = answer.locator(".card").all()
    assert cards
    for card in cards:
        assert card.locator(".quote").text_content() in source
        assert card.locator(".quote").evaluate("quote => quote.translate") is False
        assert re.fullmatch(
            r"\[\d+\] Scrap metal smuggling rampant in North Korea"
            r" · Institute for Far Eastern Studies \(IFES\) · NK Brief No\. 08-4-4-1 · 4 April 2008"
            r" · (header|paragraph \d)",
            card.locator("a.cite").text_content() or "",
        )
    assert "bolted down" in (answer.locator(".quote").first.text_content() or "")


def test_the_lines_around_a_quote_are_shown_on_demand_and_are_no_part_of_it(page: Page, brief: Path) -> None:
    card = ask(page, FACTORY).locator(".card").first
    quote = card.locator(".quote").text_content() or ""
    around = card.get_by_role("button", name="Context: the lines around quote [1]")
    around.click()
    before, after = (line.text_content() or "" for line in expect_two(card.locator(".context")))
    source = brief.read_text("utf-8")
    joined = r"\s*".join(map(re.escape, (before.strip("… "), quote, after.strip("… "))))
    assert re.search(joined, source)
    assert card.locator(".quote").text_content() == quote
    around.click()
    expect(card.locator(".context")).to_have_count(0)


def expect_two(lines: Locator) -> list[Locator]:
    expect(lines).to_have_count(2)
    return lines.all()


def test_below_an_answer_stands_what_was_searched_and_how_sure_it_is(page: Page, server: Server) -> None:
    answer = ask(page, FACTORY)
    body = json.dumps({"question": FACTORY}).encode()
    request = urllib.request.Request(  # noqa: S310
        server.url + "api/v1/ask", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        confidence = json.load(response)["confidence"]
    expect(answer.locator(".trace")).to_have_text(
        re.compile(
            r"^Searched 2 documents in (\d+ seconds?|less than a second) · "
            rf"likely answered: {confidence:.0%}$".replace("%", r"\s%")
        )
    )


def strictness(page: Page, name: str) -> Locator:
    return page.get_by_role("radiogroup", name="Answer").get_by_role("radio", name=name)


def asked_with(page: Page) -> float:
    """What the chosen strictness is, and what a question is asked with."""
    with page.expect_request("**/queue/join*") as joined:
        ask(page, FACTORY)
    chosen = page.locator("#strictness input:checked")
    (sent,) = (value for value in joined.value.post_data_json["data"] if isinstance(value, float))
    assert sent == float(chosen.input_value())
    return sent


def test_how_ready_to_answer_is_chosen_below_the_question_and_kept_while_the_tab_is_open(page: Page) -> None:
    expect(strictness(page, "balanced")).to_be_checked()
    assert asked_with(page) == STRICTNESS
    strictness(page, "only when sure").click()
    assert asked_with(page) > STRICTNESS
    page.get_by_role("button", name="New conversation").click()
    expect(strictness(page, "only when sure")).to_be_checked()
    page.reload()
    expect(strictness(page, "only when sure")).to_be_checked()
    strictness(page, "more often").click()
    assert asked_with(page) < STRICTNESS


def test_how_ready_to_answer_is_chosen_by_keyboard_and_explained(page: Page) -> None:
    page.locator("#ask").focus()
    page.keyboard.press("Tab")
    expect(strictness(page, "balanced")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(strictness(page, "only when sure")).to_be_focused()
    expect(strictness(page, "only when sure")).to_be_checked()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(strictness(page, "more often")).to_be_checked()
    share = round(100 * asked_with(page))
    expect(strictness(page, "more often")).to_have_attribute(
        "title", f"On average, {share} % of the answers given should be right"
    )


def test_the_choice_of_strictness_fits_a_phone(browser: Browser, server: Server) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with opened(browser, server.url, **phone) as page:
        ask(page, FACTORY)
        for label in page.locator("#strictness label").all():
            assert_in_view(page, label)
            box = label.bounding_box()
            assert box is not None
            assert box["height"] >= 24
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_chat_started_with_a_strictness_begins_with_it(browser: Browser, tmp_path: Path) -> None:
    with chat(tmp_path / "library", "--strictness", "90%") as server, opened(browser, server.url) as page:
        expect(strictness(page, "90 %")).to_be_checked()
        assert [label.inner_text() for label in page.locator("#strictness label").all()] == [
            "more often",
            "balanced",
            "90\u00a0%",
            "only when sure",
        ]


def test_a_click_on_a_citation_opens_its_source_at_the_quote(page: Page, brief: Path) -> None:
    card = ask(page, FACTORY).locator(".card").first
    card.locator("a.cite").click()
    mark = page.locator("#source mark.current")
    assert mark.text_content() == card.locator(".quote").text_content()
    assert page.locator("#source .text").text_content() == brief.read_text("utf-8")
    expect(page.locator("#source h2")).to_have_text("Scrap metal smuggling rampant in North Korea")
    expect(page.locator("#source")).to_contain_text(
        "Institute for Far Eastern Studies (IFES) · NK Brief No. 08-4-4-1 · 4 April 2008"
    )
    expect(mark).to_be_focused()
    assert_in_view(page, mark)


def test_the_page_works_by_keyboard_alone(page: Page) -> None:
    page.locator("h1:visible").click()
    page.keyboard.press("/")
    expect(page.locator("#question textarea")).to_be_focused()
    page.keyboard.type(FACTORY)
    page.keyboard.press("Enter")
    cite = page.locator("a.cite").first
    cite.wait_for()
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if cite.evaluate("element => element === document.activeElement"):
            break
    expect(cite).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#source mark.current")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()
    expect(cite).to_be_focused()


def test_previous_and_next_walk_through_the_answers_quotes(page: Page) -> None:
    answer = ask(page, "What did the authorities do against smugglers?")
    quotes = {quote.text_content() for quote in answer.locator(".quote").all()}
    assert len(quotes) > 1
    answer.locator("a.cite").first.click()
    mark = page.locator("#source mark.current")
    seen = set()
    for _ in quotes:
        expect(mark).to_be_focused()
        assert_in_view(page, mark)
        seen.add(mark.text_content())
        place = page.locator("#source .place")
        before = place.text_content() or ""
        page.keyboard.press("]")
        expect(place).not_to_have_text(before)
    assert seen == quotes


def test_all_quotes_of_the_conversation_are_marked_in_the_open_document(page: Page) -> None:
    first = ask(page, FACTORY).locator(".quote").first.text_content() or ""
    other = ask(page, "How many people were arrested on the highway?")
    second = other.locator(".quote").first.text_content() or ""
    assert first != second
    other.locator("a.cite").first.click()
    expect(page.locator("#source mark.current")).to_have_text(second)
    assert first in page.locator("#source mark").all_text_contents()


def test_the_reader_has_marks_beside_its_scroll_bar_and_a_border_that_is_dragged(page: Page) -> None:
    ask(page, "What did the authorities do against smugglers?").locator("a.cite").first.click()
    page.locator("#source mark.current").wait_for()
    ticks, marks = page.locator("#source .ticks span"), page.locator("#source mark")
    expect(ticks).to_have_count(marks.count())
    assert marks.count() > 1
    tops = ticks.evaluate_all("all => all.map((tick) => parseFloat(tick.style.top))")
    assert tops == sorted(tops)
    assert tops[0] < tops[-1] <= 100
    last = marks.last.text_content() or ""
    ticks.last.click()
    expect(page.locator("#source mark.current")).to_have_text(last)

    panel, border = page.locator("#source"), page.get_by_role("separator", name="Width of the source")
    before, at = panel.bounding_box(), border.bounding_box()
    assert before
    assert at
    page.mouse.move(at["x"] + 5, 300)
    page.mouse.down()
    page.mouse.move(at["x"] - 95, 300)
    page.mouse.up()
    after = panel.bounding_box()
    assert after
    assert before["x"] - 110 < after["x"] < before["x"] - 80
    border.press("ArrowRight")
    narrower = panel.bounding_box()
    assert narrower
    assert narrower["x"] > after["x"]
    expect(border).to_have_attribute("aria-valuenow", re.compile(r"^\d+$"))
    check_accessible(page)


def test_other_passages_like_a_quotes_are_opened_from_it(page: Page) -> None:
    ask(page, FACTORY).locator("a.cite").first.click()
    quoted = page.locator("#source mark.current").text_content()
    page.locator("#source summary").get_by_text("Other passages like this").click()
    other = page.locator("#source .similar a").first
    words = other.locator("q").text_content() or ""
    check_accessible(page)
    other.click()
    expect(page.locator("#source mark.current")).to_have_text(words)
    page.go_back()
    expect(page.locator("#source mark.current")).to_have_text(quoted or "")


def test_what_the_corpus_does_not_hold_is_said_and_not_answered(page: Page) -> None:
    answer = ask(page, UNKNOWN)
    expect(answer.locator(".not-in-corpus h2")).to_have_text("No answer found in the 2 documents searched")
    assert answer.locator(".card").count() == answer.locator(".not-in-corpus .card").count()
    if answer.locator(".quote").count():
        expect(answer.locator(".not-in-corpus h3")).to_have_text("Nearest passages")


def test_small_talk_gets_a_reply_without_quotes(page: Page) -> None:
    answer = ask(page, "Which documents do you have?")
    expect(answer.locator(".reply")).to_contain_text("Scrap metal smuggling rampant in North Korea")
    expect(answer.locator(".quote")).to_have_count(0)
    expect(answer.locator(".not-in-corpus")).to_have_count(0)


def test_a_follow_up_shows_how_it_was_understood(page: Page) -> None:
    ask(page, "What was hauled along the highway between Kabsan and Hyesan?")
    answer = ask(page, "And who caught them?")
    expect(answer.locator(".understood")).to_contain_text(
        "Read together with “What was hauled along the highway between Kabsan and Hyesan?”"
    )


def test_what_was_carried_over_is_taken_away_with_one_click_and_forgotten(page: Page) -> None:
    ask(page, "What was hauled along the highway between Kabsan and Hyesan?")
    carrying = ask(page, "And who caught them?")
    carrying.get_by_role("link", name="Ask without the earlier questions").click()
    answers = page.locator(".answer.finished")
    expect(answers).to_have_count(3)
    expect(page.locator("#conversation [data-testid=user]").nth(2)).to_have_text("And who caught them?")
    expect(answers.nth(2).locator(".understood")).to_have_count(0)
    understood = ask(page, "Why?").locator(".understood")
    expect(understood).to_contain_text("Read together with “And who caught them?”")


def test_a_place_keeps_its_number_through_the_conversation(page: Page) -> None:
    first = ask(page, FACTORY).locator("a.cite")
    numbers = {cite.get_attribute("href"): cite.locator(".number").text_content() for cite in first.all()}
    ask(page, "When did scrap metal smuggling become popular?")
    again = ask(page, FACTORY).locator("a.cite")
    assert {
        cite.get_attribute("href"): cite.locator(".number").text_content() for cite in again.all()
    } == numbers


def test_a_new_conversation_starts_empty_and_forgets(page: Page) -> None:
    ask(page, FACTORY)
    page.locator("#new-conversation").click()
    expect(page.locator("#welcome")).to_be_visible()
    expect(page.locator(".answer")).to_have_count(0)
    expect(ask(page, "And who was it?").locator(".understood")).to_have_count(0)


# Begins anew in the moment in which the page shows that the question has arrived, or so long after it.
START_ANEW = """(after) => {
  const seen = new MutationObserver(() => {
    if (!document.querySelector(".searching")) return;
    seen.disconnect();
    setTimeout(() => document.getElementById("new-conversation").click(), after);
  });
  seen.observe(document.body, { childList: true, subtree: true });
}"""


@pytest.mark.parametrize(
    "after", [0, *(pytest.param(after, marks=pytest.mark.day) for after in (20, 80, 120))]
)
def test_a_question_still_on_its_way_does_not_bring_an_ended_conversation_back(
    page: Page, after: int
) -> None:
    ask(page, FACTORY)
    box = page.locator("#question textarea")
    box.fill("When did scrap metal smuggling become popular?")
    page.evaluate(START_ANEW, after)
    box.press("Enter")
    expect(page.locator("#welcome")).to_be_visible()
    expect(box).to_be_focused()
    answer = ask(page, "What metals were smuggled in the 1990s?")
    expect(page.locator("[data-testid=user]")).to_have_text("What metals were smuggled in the 1990s?")
    expect(answer.locator(".number").first).to_have_text("[1]")


def test_an_example_is_asked_by_a_click(page: Page) -> None:
    example = page.locator(".examples button").first
    question = example.text_content()
    example.click()
    page.locator(".answer.finished").wait_for()
    expect(page.locator("[data-testid=user]")).to_have_text(question or "")


def test_a_question_that_cannot_be_asked_is_an_error_not_an_answer(page: Page) -> None:
    answer = ask(page, "?!")
    expect(answer.locator(".error")).to_have_attribute("role", "alert")
    expect(answer.locator(".error")).not_to_contain_text("bad_question")  # a code is for programs
    expect(answer.locator(".not-in-corpus, .quote")).to_have_count(0)


def test_copy_gives_the_quote_and_its_citation(browser: Browser, server: Server) -> None:
    with opened(browser, server.url, permissions=["clipboard-read", "clipboard-write"]) as page:
        card = ask(page, FACTORY).locator(".card").first
        card.get_by_role("button", name="Copy quote and citation").click()
        expect(card.locator("button.copy")).to_have_class("copy done")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"“{card.locator('.quote').text_content()}”\n")
        assert "Institute for Far Eastern Studies (IFES), NK Brief No. 08-4-4-1, 4 April 2008" in copied
        rich = page.evaluate(
            """async () => {
              const [item] = await navigator.clipboard.read();
              const html = await (await item.getType("text/html")).text();
              return new DOMParser().parseFromString(html, "text/html").body.textContent;
            }"""
        )
        assert f"“{card.locator('.quote').text_content()}”" in rich
        assert "4 April 2008" in rich


def test_copy_works_without_permission_too(browser: Browser, server: Server) -> None:
    with opened(browser, server.url) as page:
        page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        card = ask(page, FACTORY).locator(".card").first
        page.evaluate("addEventListener('copy', () => { window.copied = document.activeElement.value })")
        card.locator("button.copy").click()
        expect(card.locator("button.copy")).to_have_class("copy done")
        assert page.evaluate("window.copied").startswith(f"“{card.locator('.quote').text_content()}”")


def test_a_deep_link_opens_the_source_at_the_quote(browser: Browser, server: Server, page: Page) -> None:
    card = ask(page, FACTORY).locator(".card").first
    link = card.locator("a.cite").evaluate("link => link.href")
    with opened(browser, link) as other:
        mark = other.locator("#source mark.current")
        assert mark.text_content() == card.locator(".quote").text_content()
        assert_in_view(other, mark)
        other.keyboard.press("Escape")
        expect(other.locator("#source")).to_be_hidden()


def test_a_link_pasted_while_a_source_is_open_marks_its_own_place(page: Page, server: Server) -> None:
    ask(page, FACTORY).locator("a.cite").first.click()
    page.locator("#source mark.current").wait_for()
    for document in server.get("api/v1/documents")[1]:
        page.evaluate("hash => { location.hash = hash }", f"#cite={document['sha256']}/5-40")
        quote = server.get(f"api/v1/citations/{document['sha256']}/5-40")[1]["quote"]
        expect(page.locator("#source mark.current")).to_have_text(quote)
        expect(page.locator("#source mark.current")).to_be_focused()


def test_a_deep_link_to_a_text_that_was_erased_says_so(browser: Browser, server: Server) -> None:
    with opened(browser, f"{server.url}#cite={'0' * 64}/0-5") as page:
        expect(page.locator("#source h2")).to_have_text("This source cannot be shown")
        expect(page.locator("#source .text")).to_contain_text("it was erased for good")
        expect(page.locator("#source mark")).to_have_count(0)


def test_the_source_is_a_sheet_on_a_phone(browser: Browser, server: Server) -> None:
    with opened(
        browser, server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as page:
        card = ask(page, FACTORY).locator(".card").first
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        card.locator("a.cite").tap()
        mark = page.locator("#source mark.current")
        assert mark.text_content() == card.locator(".quote").text_content()
        page.wait_for_timeout(250)  # the sheet rises
        assert_in_view(page, mark)
        sheet = page.locator("#source").bounding_box()
        assert sheet is not None
        assert sheet["width"] == 390
        assert sheet["y"] > 50


@pytest.mark.parametrize("size", [(390, 844), (360, 640), (1280, 800)])
def test_the_question_box_is_in_view_from_the_start(
    browser: Browser, server: Server, size: tuple[int, int]
) -> None:
    width, height = size
    with opened(browser, server.url, viewport={"width": width, "height": height}) as page:
        page.locator(".examples button").first.wait_for()
        for shown in ("#question", "#ask", "#strictness label:last-of-type", "#open-filters"):
            box = page.locator(shown).last.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= height
        last = page.locator("#strictness label").last.bounding_box()
        filters = page.locator("#open-filters").bounding_box()
        assert last is not None
        assert filters is not None
        assert last["x"] + last["width"] <= filters["x"]  # "only when sure" is not cut off


def test_a_phone_shows_the_page_from_its_top(browser: Browser, server: Server) -> None:
    with opened(
        browser, server.url, viewport={"width": 390, "height": 600}, has_touch=True, is_mobile=True
    ) as page:
        page.locator(".examples button").first.wait_for()
        page.wait_for_timeout(500)  # what scrolls would scroll by now
        assert page.evaluate("scrollY") == 0
        assert_in_view(page, page.locator("h1:visible"))


def test_a_word_wider_than_the_page_does_not_widen_it(browser: Browser, server: Server) -> None:
    with opened(browser, server.url, viewport={"width": 390, "height": 844}) as page:
        ask(page, f"Who is {'x' * 500}?")
        answer = ask(page, "And where is he?")
        expect(answer.locator(".understood")).to_contain_text("xxx")
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_dark_mode_is_dark(browser: Browser, server: Server) -> None:
    with opened(browser, server.url, color_scheme="dark") as page:
        ask(page, FACTORY)
        for place in ("body", ".card"):
            colour = page.locator(place).first.evaluate(
                "element => getComputedStyle(element).backgroundColor"
            )
            assert max(int(part) for part in re.findall(r"\d+", colour)[:3]) < 60


def test_a_hostile_document_shows_as_text_and_runs_nothing(page: Page) -> None:
    answer = ask(page, "When was the harbour at Ostrava closed?")
    shown = "".join(quote.text_content() or "" for quote in answer.locator(".quote").all())
    assert '<script>window.canary = 3</script> and <img src=x onerror="window.canary = 4"> in May' in shown
    cost = ask(page, "What costs $$x^2$$ there?").locator(".quote", has_text="$$x^2$$").first
    assert (
        cost.text_content()
        == "It costs $$x^2$$ and ${window.canary = 5} or `code`\r\nand **bold** and \\(a\\\\b\\) there."
    )
    page.locator("a.cite", has_text="Hostile <script>").first.click()
    expect(page.locator("#source h2")).to_contain_text("<script>window.canary = 1</script>")
    expect(page.locator("#source .text")).to_contain_text("[the harbour](javascript:window.canary=6)")
    assert page.locator("#source .text *:not(mark, div, span)").count() == 0
    assert (
        page.locator(
            ".answer :is(script, img, iframe, b, code, a:not(.cite, .show-all, .ignore-history))"
        ).count()
        == 0
    )
    assert page.evaluate("window.canary") is None


def test_a_hostile_question_shows_as_text_and_runs_nothing(page: Page) -> None:
    question = "<img src=x onerror='window.canary=1'> $$a$$ ${window.canary=2} &amp; **b** <b>c</b>"
    ask(page, question)
    assert page.locator("[data-testid=user]").text_content() == question
    assert page.locator("[data-testid=user] :is(img, b)").count() == 0
    assert page.evaluate("window.canary") is None


def test_quotes_are_the_same_in_the_page_as_in_the_interface(page: Page, server: Server) -> None:
    cards = ask(page, "See the harbour at its page").locator(".card").all()
    assert cards
    for card in cards:
        place = (card.locator("a.cite").get_attribute("href") or "").removeprefix("#cite=")
        status, cited = server.get(f"api/v1/citations/{place}")
        assert status == 200
        assert card.locator(".quote").text_content() == cited["quote"]
        assert unicodedata.is_normalized("NFC", cited["quote"])


def test_nothing_of_gradio_is_to_be_seen(page: Page) -> None:
    ask(page, FACTORY)
    assert "gradio" not in page.locator("body").inner_text().lower()
    expect(page.locator("footer")).to_have_count(0)
    expect(page.locator("[aria-label=Clear]")).to_be_hidden()
    assert page.title() == f"{FACTORY} · Pullquote"


def test_a_screen_reader_hears_no_markup(page: Page) -> None:
    ask(page, FACTORY)
    labels = page.locator("[aria-label]").evaluate_all(
        "all => all.map(element => element.getAttribute('aria-label'))"
    )
    assert [label for label in labels if "<" in label] == []
    expect(page.get_by_role("heading", name=FACTORY)).to_be_visible()
    expect(page.get_by_role("log")).to_have_attribute("aria-live", "polite")
    expect(page.get_by_role("textbox", name="Your question")).to_be_visible()
