"""The evaluation's report in a real Chromium, opened as a file."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qa.evaluation.report import to_html
from tests.qa.evaluation.sample import HARM, HARMED, NUMBER, QUERIES, evaluation, many, text_of, title_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.day]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("a report") / "report é.html"
    file.write_bytes(to_html(evaluation(baseline=True), text_of, title_of).encode())
    return file


@contextmanager
def opened(browser: Browser, path: Path, **options: object) -> Iterator[Page]:
    """The report in a tab; fails where it asks for anything, complains, or runs what it quotes."""
    tab = browser.new_page(**options)
    asked: list[str] = []
    complaints: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(path.as_uri())
    yield tab
    if options.get("java_script_enabled", True):
        assert tab.evaluate("window.harmed") is None
    assert {url.partition("#")[0] for url in asked} == {path.as_uri()}
    assert complaints == []
    tab.close()


@pytest.fixture
def page(browser: Browser, path: Path) -> Iterator[Page]:
    with opened(browser, path) as tab:
        yield tab


def shown(page: Page) -> str:
    """The id of the one question on show."""
    (article,) = page.locator("article:visible").all()
    expect(page.locator("#overview")).to_be_hidden()
    return article.get_attribute("id") or ""


def listed(page: Page) -> list[str]:
    return [link.get_attribute("href") or "" for link in page.locator("#rows tr:visible a").all()]


def test_the_page_opens_on_the_overview_and_asks_for_nothing(page: Page) -> None:
    expect(page.locator("h1")).to_be_visible()
    assert page.locator("article:visible").count() == 0
    assert len(listed(page)) == len(QUERIES)


def test_text_that_means_harm_is_read_and_does_nothing(page: Page) -> None:
    page.goto(f"{page.url}#q{NUMBER[HARMED]}")
    quote = page.locator("article:visible blockquote").first
    assert quote.text_content() == HARM.replace("\u202e", "\ufffd").replace("\x1b", "␛").replace(
        "\x00", "␀"
    ).replace("\ud800", "\ufffd")
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_take_the_colours_of_the_scheme(browser: Browser, path: Path, scheme: str) -> None:
    with opened(browser, path, color_scheme=scheme) as tab:
        paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        fill = tab.evaluate("getComputedStyle(document.querySelector('.reasons path[fill*=accent]')).fill")
    assert (paper, fill) == {
        "light": ("rgb(251, 250, 247)", "rgb(140, 47, 36)"),
        "dark": ("rgb(21, 23, 26)", "rgb(231, 154, 138)"),
    }[scheme]


def test_a_dot_opens_its_question_and_the_way_back_leads_to_its_row(page: Page) -> None:
    page.locator(f".strip a[href='#q{NUMBER['weak']}']").click()
    assert shown(page) == f"q{NUMBER['weak']}"
    expect(page.locator("article:visible")).to_be_focused()
    page.locator("article:visible .back").click()
    row = page.locator(f"#r{NUMBER['weak']} a")
    expect(row).to_be_focused()
    expect(row).to_be_in_viewport()


def test_keys_go_from_question_to_question_and_back(page: Page) -> None:
    for key, expected in [
        ("j", 1),
        ("j", 2),
        ("ArrowRight", 3),
        ("k", 2),
        ("ArrowLeft", 1),
        ("k", len(QUERIES)),
    ]:
        page.keyboard.press(key)
        assert shown(page) == f"q{expected}"
    page.keyboard.press("Escape")
    expect(page.locator("#overview")).to_be_visible()
    expect(page.locator(f"#r{len(QUERIES)} a")).to_be_focused()


def test_the_list_is_searched_by_words_in_any_order(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("FERRY paid")
    assert listed(page) == [f"#q{NUMBER['right']}"]
    expect(page.locator("#count")).to_have_text(f"1 of {len(QUERIES)} questions")


def test_the_list_is_filtered_by_verdict_reason_and_change(page: Page) -> None:
    page.get_by_label("Show").select_option("missed")
    names = ("invented", "not retrieved", "not chosen", "weak", "error")
    assert listed(page) == [f"#q{NUMBER[name]}" for name in names]
    page.get_by_label("Reason").select_option("error")
    assert listed(page) == [f"#q{NUMBER['error']}"]
    page.get_by_label("Reason").select_option("")
    page.get_by_label("Show").select_option("gained over the baseline")
    assert listed(page) == [f"#q{NUMBER['right']}"]


def test_a_reason_of_the_table_leads_to_its_questions(page: Page) -> None:
    page.get_by_role("link", name="Not retrieved").click()
    assert listed(page) == [f"#q{NUMBER['not retrieved']}"]


def test_going_on_keeps_to_the_list_as_it_is_filtered(page: Page) -> None:
    page.get_by_label("Show").select_option("missed")
    page.locator("#rows tr:visible a").first.click()
    assert shown(page) == f"q{NUMBER['invented']}"
    expect(page.locator("article:visible nav span")).to_have_text("1 of 5")
    page.locator("article:visible .next").click()
    assert shown(page) == f"q{NUMBER['not retrieved']}"


def test_the_list_is_sorted_by_a_column_both_ways(page: Page) -> None:
    button = page.get_by_role("button", name="Confidence")
    button.click()
    assert listed(page)[:2] == [f"#q{NUMBER['error']}", f"#q{NUMBER['silent']}"]
    expect(page.get_by_role("columnheader", name="Confidence")).to_have_attribute("aria-sort", "ascending")
    button.click()
    assert listed(page)[0] == f"#q{NUMBER['right']}"


def test_without_scripts_every_question_is_there(browser: Browser, path: Path) -> None:
    with opened(browser, path, java_script_enabled=False) as tab:
        expect(tab.locator("#filters")).to_be_hidden()
        tab.locator(f"#rows a[href='#q{NUMBER['weak']}']").click()
        assert shown(tab) == f"q{NUMBER['weak']}"
        tab.locator("article:visible .next").click()
        assert shown(tab) == f"q{NUMBER['weak'] + 1}"
        tab.locator("article:visible .back").click()
        expect(tab.locator("#overview")).to_be_visible()


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_page_is_wider_than_the_window(browser: Browser, path: Path, width: int) -> None:
    with opened(browser, path, viewport={"width": width, "height": 800}) as tab:
        for place in ["", *(f"#q{number}" for number in NUMBER.values())]:
            tab.goto(path.as_uri() + place)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_of_a_long_list_the_rest_is_shown_when_asked_for(browser: Browser, tmp_path: Path) -> None:
    long = tmp_path / "long.html"
    long.write_bytes(to_html(many(450), text_of, title_of).encode())
    with opened(browser, long) as tab:
        expect(tab.locator("#rows tr:visible")).to_have_count(200)
        tab.get_by_role("button", name="Show all 450").click()
        expect(tab.locator("#rows tr:visible")).to_have_count(450)
        expect(tab.locator("#count")).to_have_text(re.compile("^450 questions$"))
