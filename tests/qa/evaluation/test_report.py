from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import pytest

from qa.evaluation.measures import judge, measure
from qa.evaluation.report import percent, to_html
from qa.evaluation.schema import Estimate, Evaluation
from qa.text.display import visible
from tests.qa.evaluation.sample import (
    ANSWERS,
    GOLD,
    HARM,
    HARMED,
    NUMBER,
    QUERIES,
    evaluation,
    text_of,
    title_of,
)  # fmt: skip

VOID = {"meta", "img", "br", "input", "link", "path", "rect", "use", "line", "circle"}
SHOWN_HARM = visible(HARM.replace("\ud800", "\ufffd"))


class Element:
    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[Element | str] = []

    def all(self, tag: str = "", cls: str = "") -> list[Element]:
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if tag in ("", child.tag) and (not cls or cls in child.attributes.get("class", "").split()):
                    found.append(child)
                found += child.all(tag, cls)
        return found

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)


class Tree(HTMLParser):
    """The page as a tree; refuses one whose elements are not closed in turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]
        self.feed(html)
        self.close()
        assert [each.tag for each in self.open] == [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID or (tag in ("path", "rect") and not self.get_starttag_text().endswith("/>")):
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def report(of: Evaluation | None = None, **facts: object) -> str:
    return to_html(of or evaluation(), text_of, title_of, **facts)


@pytest.fixture(scope="module")
def html() -> str:
    facts = {"date": dt.date(2026, 3, 4), "library": f"lib {HARM}", "command": f"evaluate {HARM}"}
    return report(evaluation(baseline=True), baseline=f"base {HARM}", **facts)


@pytest.fixture(scope="module")
def page(html: str) -> Element:
    return Tree(html).root


def question(page: Element, name: str) -> Element:
    (found,) = [each for each in page.all("article") if each.attributes["id"] == f"q{NUMBER[name]}"]
    return found


def row(page: Element, name: str) -> Element:
    (found,) = [each for each in page.all("tr") if each.attributes.get("id") == f"r{NUMBER[name]}"]
    return found


def test_the_same_evaluation_makes_the_same_bytes() -> None:
    assert report() == report()


def test_text_that_means_harm_adds_no_element_and_no_attribute(page: Element) -> None:
    tags = Counter(element.tag for element in page.all())
    assert (tags["script"], tags["style"], tags["img"], tags["b"] > 0) == (1, 1, 0, True)
    names = {name for element in page.all() for name in element.attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"style", "src", "srcset", "action", "data"}
    assert not {tag for tag in tags if tag in ("iframe", "object", "link", "base", "embed")}


def test_every_link_leads_to_a_place_in_the_page(page: Element) -> None:
    ids = Counter(element.attributes["id"] for element in page.all() if "id" in element.attributes)
    assert set(ids.values()) == {1}
    links = {each.attributes["href"] for each in page.all() if "href" in each.attributes}
    assert {link.removeprefix("#") for link in links} <= ids.keys()
    described = {
        each.attributes["aria-labelledby"] for each in page.all() if "aria-labelledby" in each.attributes
    }
    assert described <= ids.keys()


def test_only_the_pages_own_style_and_script_are_allowed(page: Element) -> None:
    (policy,) = [
        each.attributes["content"]
        for each in page.all("meta")
        if each.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    for tag in ("style", "script"):
        (element,) = page.all(tag)
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_style_and_script_could_not_end_early() -> None:
    for name in ("report.css", "report.js"):
        text = files("qa.evaluation").joinpath("templates", name).read_text(encoding="utf-8")
        assert "</" not in text
        assert "<!--" not in text


def test_what_cannot_be_written_or_would_garble_is_shown_as_a_symbol(html: str) -> None:
    html.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e]", html)
    assert "␛[31m␀ half \ufffd end." in html


def test_quotes_questions_titles_and_facts_read_as_they_are(page: Element) -> None:
    harmed = question(page, HARMED)
    quoted, expected = harmed.all("blockquote")
    assert quoted.text == expected.text == SHOWN_HARM
    assert harmed.all("h2")[0].text == f"What does this do: {SHOWN_HARM}"
    assert f"Understood as: Understood {SHOWN_HARM}" in harmed.text
    assert harmed.all("details", "history")[0].all("ol")[0].text == f"Asked {SHOWN_HARM}"
    assert "Minutes <b>1911</b>" in harmed.all("p", "cite")[0].text
    assert page.all("h1")[0].text == f"harbour {SHOWN_HARM}"
    assert page.all("footer")[0].all("code")[0].text == f"evaluate {SHOWN_HARM}"
    assert SHOWN_HARM in question(page, "error").all("p", "verdict")[0].text


def test_what_is_gold_is_marked_in_the_quotes(page: Element) -> None:
    other, gold = question(page, "right").all("section")[0].all("blockquote")
    assert [mark.text for mark in gold.all("mark")] == [GOLD]
    assert other.all("mark") == []


def test_a_page_says_where_the_gold_lies_and_how_far_it_came(page: Element) -> None:
    assert "Minutes <b>1911</b> · passage 1 of 1, quote 2" in question(page, "right").text
    assert "not in the 2 passages found" in question(page, "not retrieved").text
    assert "Expected: all of these" in question(page, "not chosen").text
    assert "Expected: no answer" in question(page, "silent").text
    assert "Expected: not given" in question(page, "open").text


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("right", "Right: quote 2 holds what was expected."),
        ("silent", "Right: the documents do not answer this, and no answer was given."),
        ("invented", "Missed: answered without an answer."),
        ("not retrieved", "Missed: not retrieved."),
        ("not chosen", "Missed: sentence not chosen."),
        ("weak", "Missed: below the threshold."),
        ("error", "Missed: error."),
        ("open", "Not judged: no expected quote is given."),
    ],
)
def test_each_page_says_why_in_a_sentence(page: Element, name: str, verdict: str) -> None:
    assert question(page, name).all("p", "verdict")[0].text.startswith(verdict)


def test_the_list_holds_every_question_with_its_verdict(page: Element) -> None:
    cells = [cell.text for cell in row(page, "weak").all("td")]
    assert cells == ["6", "What did it go for?", "below the threshold", "weak", "31\u00a0%"]
    assert len([each for each in page.all("tr") if "data-v" in each.attributes]) == len(QUERIES)


def test_missed_questions_are_counted_by_reason(page: Element) -> None:
    (table,) = page.all("table", "plain")
    rows = [[cell.text for cell in each.all("td")] for each in table.all("tbody")[0].all("tr")]
    assert rows == [["1", "11\u00a0%"]] * 5
    assert page.all("div", "reasons")[0].all("svg")[0].attributes["aria-label"].startswith("Why questions")


def test_the_headline_says_in_words_what_the_measures_say(page: Element) -> None:
    found = evaluation().measures["right"]
    first = page.all("div", "figure")[0]
    assert first.all("p", "value")[0].text == percent(found.value) == "38\u00a0%"
    assert "of 8 questions were handled right" in first.text
    assert first.all("p", "range")[0].text == f"{percent(found.low)} to {percent(found.high)}"
    quotes = sum(len(answer["quotes"]) for answer in ANSWERS.values())
    assert f"of {quotes} quotes are word for word" in page.all("div", "figure")[3].text
    silent = page.all("div", "figure")[2]
    assert silent.all("p", "value")[0].text == "50\u00a0%"
    assert "of 2 questions that the documents do not answer were left unanswered" in silent.text


def test_what_changed_against_the_baseline_is_said(page: Element) -> None:
    assert "The baseline missed it." in question(page, "right").text
    assert "The baseline had it right." in question(page, "invented").text
    assert row(page, "right").attributes["data-v"] == "right gained"
    assert row(page, "invented").attributes["data-v"] == "missed lost"
    assert row(page, "weak").attributes["data-v"] == "missed"
    assert f"base {SHOWN_HARM}" in page.all("table", "measures")[0].all("caption")[0].text
    assert "Baseline" in page.all("figure")[2].text


def test_only_a_significant_difference_is_called_better_or_worse() -> None:
    compared = evaluation(baseline=True)
    change = replace(compared.differences["hit@3"], value=-0.2, low=-0.3, high=-0.1, p=0.04)
    slower = replace(compared.differences["p50_ms"], value=-9.0, low=-12.0, high=-6.0, p=0.001)
    chance = replace(change, high=0.1, p=0.06)
    changes = {"hit@3": change, "p50_ms": slower, "right": chance}
    table = Tree(report(replace(compared, differences=changes))).root.all("table", "measures")[0]
    said = {each.all("th")[0].children[0]: [chip.text for chip in each.all("span", "chip")]
            for each in table.all("tbody")[0].all("tr")}  # fmt: skip
    assert said["hit@3"] == ["▼ worse"]
    assert said["p50_ms"] == ["▲ better"]
    assert said["right"] == []


def test_without_a_baseline_there_is_no_word_of_one() -> None:
    assert "aseline" not in Tree(report()).root.all("main")[0].text


def test_a_quote_that_is_not_what_its_document_says_is_marked_so() -> None:
    wrong = ANSWERS["right"] | {"quotes": [ANSWERS["right"]["quotes"][1] | {"text": GOLD.upper()}]}
    suite = evaluation().suite
    judged = judge(suite, ANSWERS | {"right": wrong}, text_of)
    page = Tree(report(Evaluation(suite, judged, measure(judged)))).root
    assert "not word for word in the source" in question(page, "right").text
    assert "not word for word in the source" not in question(page, "not chosen").text


def test_a_citation_says_what_the_answer_says_of_it() -> None:
    citation = {"title": "The Minutes", "publisher": "Harbour", "date": "1911-02-03", "locator": "page 2"}
    citation |= {"series": "Notes", "number": "7", "read_by": "OCR"}
    cited = ANSWERS["right"] | {"quotes": [ANSWERS["right"]["quotes"][1] | {"citation": citation}]}
    suite = evaluation().suite
    judged = judge(suite, ANSWERS | {"right": cited}, text_of)
    page = Tree(report(Evaluation(suite, judged, measure(judged)))).root
    assert "[1] The Minutes · Harbour · Notes No. 7 · 1911-02-03 · page 2 · read by OCR" in (
        question(page, "right").text
    )


def test_the_threshold_is_that_of_the_answers() -> None:
    assert "answers from 60\u00a0%" in question(Tree(report()).root, "weak").text


@pytest.mark.parametrize("others", [0.7, 0.0, None])
def test_where_the_answers_do_not_agree_on_a_threshold_or_name_none_there_is_none(others) -> None:
    suite = evaluation().suite
    changed = {
        name: each | {"threshold": others} for name, each in ANSWERS.items() if name != "right" or not others
    }
    judged = judge(suite, ANSWERS | changed, text_of)
    html = report(Evaluation(suite, judged, measure(judged)))
    assert "answers from" not in html
    assert 'class="threshold"' not in html


def test_another_systems_ranking_alone_makes_a_report() -> None:
    suite = evaluation().suite
    judged = judge(suite, {name: {"passages": each["passages"]} for name, each in ANSWERS.items()}, text_of)
    page = Tree(report(Evaluation(suite, judged, measure(judged)))).root
    assert row(page, "not retrieved").all("td")[2].text == "not retrieved"
    assert "Nothing." in question(page, "right").text
    assert "Right: found among the first 3." in question(page, "right").text
    assert "Not judged: it was only searched for." in question(page, "silent").text
    assert page.all("svg", "strip") == []


def test_documents_that_are_gone_do_not_keep_a_report_from_being_made() -> None:
    page = Tree(to_html(evaluation(), lambda _: None, lambda _: "")).root
    assert "[1] minutes" in question(page, "right").text


def test_headings_descend_one_level_at_a_time(page: Element) -> None:
    overview = [int(each.tag[1]) for each in page.all("main")[0].all() if re.fullmatch("h[1-6]", each.tag)]
    assert overview[0] == 1
    assert overview.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(overview))


def test_tables_are_captioned_and_pictures_have_words(page: Element) -> None:
    assert all(table.all("caption")[0].text for table in page.all("table"))
    for picture in page.all("svg"):
        spoken = picture.attributes.get("role") == "img" and picture.attributes.get("aria-label")
        assert spoken or picture.attributes.get("aria-hidden") == "true"
    headers = [header for table in page.all("table") for header in table.all("th")]
    assert {header.attributes.get("scope") for header in headers} == {"col", "row"}


def test_every_question_with_a_confidence_is_a_dot_that_opens_it(page: Element) -> None:
    (strip,) = page.all("svg", "strip")
    dots = {
        group.attributes["class"]: {link.attributes["href"] for link in group.all("a")}
        for group in strip.all("g")
    }
    missed = {f"#q{NUMBER[name]}" for name in ("invented", "not retrieved", "not chosen", "weak", "error")}
    assert dots["missed"] == missed
    assert dots["right"] == {f"#q{NUMBER[name]}" for name in ("right", "silent", HARMED)}


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_colour_stands_out_from_every_ground_by_4_5_to_1(scheme: int) -> None:
    css = files("qa.evaluation").joinpath("templates", "report.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", css.split("prefers-color-scheme")[scheme]))
    grounds = [
        (text, ground)
        for text in ("ink", "soft", "accent", "good")
        for ground in ("paper", "surface", "sunk")
    ]
    for text, ground in [*grounds, ("ink", "highlight"), ("paper", "ink")]:
        dark, light = sorted(_luminance(colours[name]) for name in (text, ground))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


@pytest.mark.parametrize(
    ("share", "words"),
    [(1, "100"), (0.9999, "99.9"), (0.994, "99.4"), (0.6, "60"), (0.004, "0.4"), (0.00001, "0.1"), (0, "0")],
)
def test_a_hundred_percent_means_all(share: float, words: str) -> None:
    assert percent(share) == f"{words}\u00a0%"


def test_types_of_questions_have_a_table() -> None:
    found = {"row": {"gold@3": Estimate(0.5, 0.25, 0.75, 8)}, "head": {}}
    page = Tree(report(replace(evaluation(), by_type=found))).root
    [table] = [each for each in page.all("section") if each.attributes.get("aria-labelledby") == "types"]
    said = [row.text for row in table.all("tr")]
    assert "50\u00a0%25\u00a0% to 75\u00a0%, of 8" in said[1]
    assert not any(
        each.attributes.get("aria-labelledby") == "types" for each in Tree(report()).root.all("section")
    )
