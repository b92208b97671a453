from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qa import Corpus
from tests.web.chatting import Server, ask, chat, check_accessible, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.models, pytest.mark.day]
RICE = "What is the price of rice in Hyesan?"
RECORDS = [
    {
        "_id": "smuggling",
        "publisher": "IFES",
        "date": "2008-04-04",
        "title": "Scrap metal smuggling",
        "text": "Scrap metal was taken from the Kumsandong fertilizer factory by smugglers.",
    },
    {
        "_id": "rice",
        "publisher": "Daily <Paper>",
        "date": "2009-02-01",
        "title": "Rice price",
        "text": "The price of rice rose to 2,000 won in Hyesan.",
        "collection": "markets",
    },
    {"_id": "bridge", "title": "Undated note", "text": "The bridge at Sinuiju was closed for repair."},
]


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("dated")
    (folder / "x.jsonl").write_text("\n".join(map(json.dumps, RECORDS)))
    with Corpus.open(folder / "library") as corpus:
        corpus.index(folder / "x.jsonl")
        corpus.edit("rice", {"date": "2009-02"})
    with chat(folder / "library") as running:
        yield running


@pytest.fixture
def page(browser: Browser, dated: Server) -> Iterator[Page]:
    with opened(browser, dated.url) as tab:
        tab.locator(".examples button").first.wait_for()
        yield tab


def choose(page: Page, **values: str | list[str]) -> None:
    page.locator("#open-filters").click()
    page.locator("#filters form").wait_for()
    for name, value in values.items():
        for each in [value] if isinstance(value, str) else value:
            field = page.locator(f"#filters [name={name}]")
            if name in ("since", "until"):
                field.fill(each)
            else:
                page.locator(f'#filters [name={name}][value="{each}"]').check()
    page.locator("#filters .primary").click()
    expect(page.locator("#filters")).to_be_hidden()


def test_filters_choose_from_what_the_library_holds(page: Page):
    page.locator("#open-filters").click()
    publishers = page.get_by_role("group", name="Publishers").locator("label")
    expect(publishers).to_have_text(["Daily <Paper> 1", "IFES 1"])
    expect(page.get_by_role("group", name="Series")).to_have_count(0)
    expect(page.locator("#filters .hint")).to_have_text(
        "The documents are dated from 4 April 2008 to February 2009. "
        "Documents without a date (1) are left out if you set a date."
    )
    check_accessible(page)
    page.keyboard.press("Escape")
    expect(page.locator("#filters")).to_be_hidden()


def test_several_documents_are_chosen_by_their_titles_and_taken_away_one_by_one(page: Page):
    page.locator("#open-filters").click()
    box, documents = page.locator("#filters [name=q]"), page.get_by_role("group", name="Documents")
    box.fill("metal")
    expect(documents.get_by_role("checkbox")).to_have_count(1)
    box.press("Enter")  # applies nothing
    documents.get_by_label("Scrap metal smuggling").check()
    box.fill("undated")
    expect(documents.get_by_label("Scrap metal smuggling")).to_be_checked()  # what is chosen stays
    documents.get_by_label("Undated note").check()
    page.locator("#filters .primary").click()
    chips = page.locator("#filter-chips .chip")
    expect(chips).to_have_text(["Document: Scrap metal smuggling✕", "Document: Undated note✕"])
    assert "Searched 2 documents" in ask(page, RICE).locator(".trace").inner_text()
    page.get_by_role("button", name="Remove the filter Document: Undated note").click()
    expect(chips).to_have_text(["Document: Scrap metal smuggling✕"])
    assert "Searched 1 document" in ask(page, RICE).locator(".trace").inner_text()
    page.locator("#open-filters").click()
    expect(documents.get_by_label("Scrap metal smuggling")).to_be_checked()
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#filters :checked")).to_have_count(0)
    page.locator("#filters .primary").click()
    expect(chips).to_have_count(0)


def test_what_a_filter_leaves_out_does_not_answer_and_one_click_asks_again_without(page: Page):
    choose(page, publisher="IFES", since="2008-01-01")
    expect(page.locator("#filter-chips .chip")).to_have_text(["From: 1 January 2008✕", "Publisher: IFES✕"])
    answer = ask(page, RICE)
    expect(answer.locator(".not-in-corpus")).to_be_visible()
    expect(answer.locator(".trace")).to_contain_text(
        "Searched 1 document (since 1 January 2008, publisher IFES)"
    )
    answer.locator("a.clear-filters").click()
    again = page.locator(".answer.finished").nth(1)
    expect(again.locator(".quote")).to_have_text("The price of rice rose to 2,000 won in Hyesan.")
    expect(page.locator("#filter-chips .chip")).to_have_count(0)
    expect(page.locator("[data-testid=user]").nth(1)).to_have_text(RICE)


def test_a_filter_that_matches_nothing_says_so(page: Page):
    choose(page, publisher="Daily <Paper>", until="2008-12-31")
    answer = ask(page, RICE)
    expect(answer.locator(".not-in-corpus h2")).to_have_text("Nothing was searched")
    expect(answer.locator(".not-in-corpus p").first).to_have_text(
        "No document matches the filters: until 31 December 2008, publisher Daily <Paper>."
    )
    expect(answer).not_to_contain_text("confidence")
    expect(answer.locator(".thumbs")).to_have_count(0)
    answer.locator("a.clear-filters").click()
    expect(page.locator(".answer.finished").nth(1).locator(".quote")).to_contain_text("2,000 won")


def test_a_filter_is_removed_by_its_chip_and_stays_over_a_reload(page: Page):
    choose(page, collection="markets", publisher="IFES")
    page.reload()
    expect(page.locator("#filter-chips .chip")).to_have_text(["Collection: markets✕", "Publisher: IFES✕"])
    page.get_by_role("button", name="Remove the filter Publisher: IFES").click()
    expect(page.locator("#filter-chips .chip")).to_have_text(["Collection: markets✕"])
    expect(ask(page, RICE).locator(".quote")).to_contain_text("2,000 won")


def test_dates_in_the_wrong_order_are_refused_before_they_are_set(page: Page):
    page.locator("#open-filters").click()
    page.locator("#filters [name=since]").fill("2009-01-01")
    page.locator("#filters [name=until]").fill("2008-01-01")
    page.locator("#filters .primary").click()
    expect(page.locator("#filters .problem")).to_have_text(
        "The first date is later than the second: swap them."
    )
    expect(page.locator("#filter-chips .chip")).to_have_count(0)


def test_a_time_in_a_question_is_a_preference_that_is_shown_and_removed(page: Page):
    answer = ask(page, "What was the price of rice in Hyesan in 2009?")
    expect(answer.locator(".preference")).to_contain_text(
        "Events in 2009 are preferred, as the question says."
    )
    answer.get_by_role("link", name="Ask without this preference").click()
    again = page.locator(".answer.finished").nth(1)
    expect(again.locator(".quote").first).to_contain_text("2,000 won")
    expect(again.locator(".preference")).to_have_count(0)
    expect(ask(page, "And in 2008?").locator(".preference")).to_have_count(1)  # removed from one question


def test_what_a_document_says_of_itself_does_nothing_on_the_page(page: Page):
    choose(page, publisher="Daily <Paper>")
    expect(page.locator("#filter-chips .chip")).to_have_text(["Publisher: Daily <Paper>✕"])
    expect(ask(page, RICE).locator(".trace")).to_contain_text("publisher Daily <Paper>")


def test_the_page_asks_only_the_documents_of_the_filters_on_a_phone_too(browser: Browser, dated: Server):
    with opened(browser, dated.url, viewport={"width": 390, "height": 780}) as tab:
        tab.locator(".examples button").first.wait_for()
        choose(tab, document="bridge")
        expect(tab.locator("#filter-chips .chip")).to_have_text(["Document: Undated note✕"])
        width = tab.locator("#composer").evaluate("element => element.scrollWidth - element.clientWidth")
        assert width == 0
        trace = str(ask(tab, RICE).locator(".trace").text_content())
        assert "Searched 1 document (document “Undated note”)" in trace
