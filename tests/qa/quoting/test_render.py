from __future__ import annotations

import datetime as dt
import io
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from qa.errors import VerbatimError
from qa.intake.report import report_to_dict
from qa.quoting import render
from qa.quoting.cite import cite_line
from qa.quoting.claims.file import of_text
from qa.schema import (
    STRICTNESS,
    Answer,
    Document,
    DocumentInfo,
    Facets,
    Failure,
    FileResult,
    Filters,
    Found,
    IndexReport,
    Milliseconds,
    More,
    Quote,
    RankedPassage,
    Reply,
    Signals,
    Span,
    answers,
    citation_id,
)
from qa.text.dates import parse_date
from qa.text.display import describe_filters, plural, visible
from tests.qa.briefs import BRIEF, HOSTILE, quote, reader

READ = reader(BRIEF, HOSTILE)
QUOTES = (
    quote(BRIEF, "On April 1", "imprisoned.", 1, ("six tones", "Daily NK")),
    quote(BRIEF, "Those arrested", "in the North.", 2, ("Unit 8",)),
    quote(BRIEF, "In response", "useless.", 3),
)
SIGNALS = Signals(1.5, 1.5, 2.5, 2.0, 0.25, 3.0, 0.5, 0.75, 0.6667, 1.0, 0.0)
ANSWERS = {
    "answered": Answer(
        "Who was arrested?",
        "Who was arrested?",
        "answered",
        0.8342,
        0.55,
        SIGNALS,
        QUOTES,
        (RankedPassage(BRIEF.id, 100, 900, 7.25), RankedPassage(HOSTILE.id, 0, 40, -3.5)),
        Milliseconds(1.5, 20.25, 3.125, 24.875),
        searched=1,
    ),
    "weak": Answer(
        "How many were arrested?",
        "How many were arrested?",
        "weak",
        0.21,
        0.55,
        SIGNALS,
        QUOTES[:1],
        searched=1204,
        undated=2,
        filters=Filters(since=dt.date(2008, 1, 1), publisher="IFES", document=("a.txt", "b.txt")),
        notes=("The phrase “six tons” does not occur.",),
    ),
    "none": Answer("Who won the match?", "Who won the match?", "none", 0.004, 0.55, SIGNALS, searched=1),
    "unsearched": Answer(
        "Who won?",
        "Who won?",
        "none",
        undated=1,
        filters=Filters(publisher="River"),
        unsearched="No document has the publisher “River”: did you mean “River Press”?",
    ),
    "reply": Answer(
        "hello", "hello", "none", reply=Reply("greeting", "Ask about the documents.\nThere is 1.")
    ),
    "error": Answer("Who?", "Who?", "error", error=Failure("model", "The reranker's weights are damaged.")),
    "follow-up": Answer(
        "When was that?",
        "When was that? (Daily, NK, arrest)",
        "answered",
        0.7,
        quotes=QUOTES[:1],
        searched=1,
        carried=("Daily", "NK", "arrest"),
    ),
    "nearest": Answer(
        "And when was it?",
        "And when was it? (Daily, NK, arrest)",
        "answered",
        0.9,
        0.5,
        SIGNALS,
        QUOTES[:1],
        searched=3,
        carried=("Daily", "NK", "arrest"),
        read_with=("When did the Daily NK\nreport an arrest?",),
        nearest=QUOTES[1:2],
    ),
    "hostile": Answer(
        "What did \x1b[2J he say?",
        "What did \x1b[2J he say?",
        "answered",
        0.5,
        quotes=(quote(HOSTILE, "He said", "e\u0301.", 1, ("$$x$$", "Two  spaces,\r\nİstanbul")),),
        searched=1,
    ),
}
NAMES = pytest.mark.parametrize("name", ANSWERS)


def on_screen(answer: Answer, width: int = 80, **options) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=width, highlight=False, **options)
    console.print(render.to_terminal(answer, READ))
    return file.getvalue()


def without_styles(screen: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", screen)


@NAMES
def test_each_outcome_as_plain_text(name, snapshot):
    assert render.to_text(ANSWERS[name], READ) == snapshot


@NAMES
def test_each_outcome_in_a_terminal(name, snapshot):
    lines = on_screen(ANSWERS[name], color_system="standard").splitlines()
    assert "\n".join(line.rstrip() for line in lines).replace("\x1b", "ESC") == snapshot


@NAMES
def test_each_outcome_as_a_line_of_json(name, snapshot):
    line = render.to_json(ANSWERS[name], READ, "q1")
    assert json.dumps(json.loads(line), indent=1) == snapshot


@NAMES
def test_the_line_of_json_is_the_dict(name):
    line = render.to_json(ANSWERS[name], READ, "q1")
    assert "\n" not in line
    assert json.loads(line) == render.to_dict(ANSWERS[name], READ, "q1")


@pytest.mark.parametrize(
    ("confidence", "threshold", "said"),
    [
        (0.834, 0.55, "83%"),
        (0.55, 0.55, "55%"),
        (0.312, 0.55, "31%; too little for “balanced”"),
        (0.5499, 0.5501, "54%; too little for “balanced”"),
        (0.48, 0.484, "48%; too little for “balanced”"),
        (0.4841, 0.484, "49%"),  # never 48%, as answers are given from 49%
    ],
)
def test_a_confidence_too_low_for_an_answer_says_for_what(confidence, threshold, said):
    answer = replace(ANSWERS["none"], confidence=confidence, threshold=threshold, strictness=STRICTNESS)
    assert render.how_sure(answer) == said
    assert f"Confidence that the documents searched state the answer: {said}.\n" in render.to_text(
        answer, READ
    )


def test_a_confidence_that_is_no_probability_is_in_no_text_and_stays_a_number_in_json():
    answer = replace(ANSWERS["weak"], confidence=0.0, calibrated=False)
    for shown in (render.to_text(answer, READ), without_styles(on_screen(answer))):
        assert "Confidence that the documents searched state the answer: unknown." in shown
        assert "%" not in shown
    line = json.loads(render.to_json(answer, READ))
    assert (line["confidence"], line["calibrated"]) == (0.0, False)


def test_where_nothing_was_read_no_threshold_is_named():
    assert render.how_sure(replace(ANSWERS["none"], confidence=0.0, signals=None)) == "0%"


def test_an_answer_line_has_its_fields_in_the_order_of_the_design():
    line = render.to_dict(ANSWERS["answered"], READ, "q1")
    assert list(line)[:9] == [
        "id",
        "question",
        "interpreted_question",
        "outcome",
        "confidence",
        "quotes",
        "passages",
        "milliseconds",
        "error",
    ]
    assert list(line["quotes"][0])[:8] == [
        "number",
        "document",
        "sha256",
        "start",
        "end",
        "text",
        "score",
        "citation",
    ]
    assert list(line["quotes"][0]["citation"]) == [
        *("title", "publisher", "number", "date", "locator", "url"),
        *("series", "read_by", "published_in", "author"),
    ]


def test_in_plain_text_each_quote_stands_exact_on_its_own_line_before_its_citation():
    lines = render.to_text(ANSWERS["answered"], READ).splitlines()
    for q in QUOTES:
        assert lines[lines.index(q.text) + 1] == f"[{q.number}] {cite_line(q)} ({citation_id(q)})"


def test_what_is_left_out_between_two_quotes_of_a_document_is_marked_outside_them():
    assert (
        render.to_text(ANSWERS["answered"], READ).count("\n[…]\n") == 1
    )  # sentences 1 and 2 follow each other
    backwards = replace(ANSWERS["answered"], quotes=QUOTES[::-1])
    assert "[…]" not in render.to_text(backwards, READ)


@pytest.mark.parametrize("name", ["weak", "none", "error"])
def test_what_is_no_answer_says_so_before_any_quote(name):
    head = render.to_text(ANSWERS[name], READ).splitlines()[1]
    assert head.startswith(
        ("No answer found in the ", "This question could not be answered because of an error.")
    )


def test_an_error_never_reads_as_not_in_the_corpus():
    for shown in (render.to_text(ANSWERS["error"], READ), on_screen(ANSWERS["error"])):
        assert "corpus" not in shown


def test_no_control_character_of_a_hostile_document_reaches_text_or_terminal():
    text = render.to_text(ANSWERS["hostile"], READ)
    screen = without_styles(on_screen(ANSWERS["hostile"]))
    for shown in (text, screen):
        assert not [
            c for c in shown if (c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" or c == "\u202e"
        ]
        assert "␛[31m$$x$$ ${y}" in shown


def test_json_gives_a_hostile_quote_as_it_is():
    (q,) = ANSWERS["hostile"].quotes
    assert "\x1b[31m$$x$$ ${y}\t[link](javascript:1) \x9b2J\x7f.\r\nTwo  spaces,\r\n" in q.text
    for ascii_only in (False, True):
        line = render.to_json(ANSWERS["hostile"], READ, ascii=ascii_only)
        assert json.loads(line)["quotes"][0]["text"] == q.text


def test_a_question_that_is_no_unicode_text_still_makes_a_line_of_utf8():
    asked = replace(ANSWERS["none"], question="half \ud83d", interpreted_question="half \ud83d")
    line = render.to_json(asked, READ).encode("utf-8")
    assert json.loads(line)["question"] == "half \ud83d"


def test_emphasised_words_are_bold_in_a_terminal():
    screen = on_screen(ANSWERS["answered"], width=500, color_system="standard")
    assert "\x1b[1mUnit 8\x1b[0m" in screen


def test_emphasis_lies_on_the_right_words_after_control_characters():
    screen = on_screen(ANSWERS["hostile"], width=500, color_system="standard")
    assert "\x1b[1m$$x$$\x1b[0m" in screen


def test_colours_are_left_out_where_the_reader_wants_none(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3\d", on_screen(ANSWERS["weak"], color_system="standard"))


@given(
    text=st.text(alphabet=st.sampled_from("ab  \t\n\r\x1b[].—é漢\U0001f600$<&’"), min_size=1, max_size=120),
    width=st.integers(8, 60),
)
def test_breaking_lines_for_a_narrow_screen_changes_nothing_but_white_space(text, width):
    document = Document(id="x", text=f"«{text}»")
    q = Quote(document, 0, len(document.text), emphasis=(Span(0, 1),))
    answer = Answer("?", "?", "answered", quotes=(q,), searched=1)
    file = io.StringIO()
    Console(file=file, width=width, highlight=False).print(render.to_terminal(answer, reader(document)))
    shown = file.getvalue()
    shown = shown[shown.index("«") : shown.index("»") + 1]
    assert "".join(shown.split()) == "".join(visible(q.text).split())


RENDERERS = pytest.mark.parametrize(
    "show", [render.to_dict, render.to_json, render.to_text, render.to_terminal], ids=lambda f: f.__name__
)


@RENDERERS
def test_a_source_that_was_tampered_with_is_an_error_and_no_answer(show):
    tampered = reader(replace(BRIEF, text=BRIEF.text.replace("gold", "lead")))
    with pytest.raises(VerbatimError, match="has changed since"):
        show(ANSWERS["answered"], tampered)


@RENDERERS
def test_a_source_that_has_gone_is_an_error_and_no_answer(show):
    with pytest.raises(VerbatimError, match="no longer in the library"):
        show(ANSWERS["answered"], reader())


@pytest.mark.parametrize("show", [render.to_text, render.to_terminal])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: " ".join(text.split(" of ")),
        lambda text: text.replace("’", "'"),
        lambda text: text.strip("."),
        lambda text: text + " ",
    ],
)
def test_a_renderer_that_alters_a_quote_is_found_out(show, spoil, monkeypatch):
    monkeypatch.setattr(render, "visible", lambda text: spoil(visible(text)))
    with pytest.raises(VerbatimError, match="is not what"):
        show(ANSWERS["answered"], READ)


@pytest.mark.parametrize("show", [render.to_dict, render.to_json])
def test_a_dict_that_alters_a_quote_is_found_out(show, monkeypatch):
    honest = answers.quote_to_dict
    monkeypatch.setattr(
        answers, "quote_to_dict", lambda q: {**honest(q), "text": q.text.replace("six", "ten")}
    )
    with pytest.raises(VerbatimError, match="is not what"):
        show(ANSWERS["answered"], READ)


ALL = replace(
    ANSWERS["answered"],
    quotes=QUOTES[:1],
    more=More(1, 3, 2, at_least=True, read=9, quotes=(*QUOTES[:2], *ANSWERS["hostile"].quotes)),
)


@pytest.mark.parametrize("show", [render.to_dict, render.to_json])
def test_a_dict_that_alters_one_of_all_quotes_is_found_out(show, monkeypatch):
    honest = answers.quote_to_dict
    monkeypatch.setattr(
        answers, "quote_to_dict", lambda q: {**honest(q), "text": q.text.replace("in the North", "there")}
    )
    with pytest.raises(VerbatimError, match="is not what"):
        show(ALL, READ)


@pytest.mark.parametrize(
    "show", [lambda: render.to_text(ALL, READ), lambda: without_styles(on_screen(ALL, width=200))]
)
def test_all_that_answers_stands_under_a_heading_for_each_document(show):
    lines = [line.strip() for line in show().splitlines()]
    headings = [f"== {visible(' '.join(document.title.split()))}" for document in (BRIEF, HOSTILE)]
    assert [line for line in lines if line.startswith("==")] == headings
    assert lines.index(headings[0]) < lines.index(headings[1])


def test_the_headings_of_documents_are_no_quotes_to_be_verified():
    claims = [claim.text for claim in of_text(render.to_text(ALL, READ)) if not claim.maybe_title]
    shorter = replace(ALL, more=None, quotes=ALL.shown)
    assert claims == [claim.text for claim in of_text(render.to_text(shorter, READ)) if not claim.maybe_title]


def test_a_quote_that_begins_as_a_heading_does_is_verified_whole():
    marked = Document("marked.txt", "== Traders carried six tons of nickel.")
    answer = Answer("What?", "What?", "answered", 0.9, quotes=(Quote(marked, 0, 38, number=1),), searched=1)
    (claim,) = of_text(render.to_text(answer, reader(marked)))
    assert claim.text == marked.text


def test_json_that_a_reader_would_read_otherwise_is_found_out(monkeypatch):
    honest = render.dumps
    monkeypatch.setattr(
        render, "dumps", lambda *given, **options: honest(*given, **options).replace("’", "'")
    )
    with pytest.raises(VerbatimError, match="is not what"):
        render.to_json(ANSWERS["answered"], READ)


def test_filters_are_described_in_the_words_of_the_options():
    assert describe_filters(Filters()) == ""
    filters = Filters(since=dt.date(2008, 1, 1), series="NK Brief", document=("a", "b"), language="en")
    assert (
        describe_filters(filters)
        == "since 1 January 2008, series NK Brief, language en, document a, document b"
    )
    assert (
        describe_filters(filters, {"a": "A visit"})
        == "since 1 January 2008, series NK Brief, language English, document “A visit”, document “b”"
    )


def test_a_document_in_a_list_has_the_fields_of_the_design():
    info = DocumentInfo(
        id="a.txt",
        title="T",
        author="A",
        publisher="P",
        publication_place="Q",
        series="S",
        number="1",
        date=dt.date(2008, 4, 4),
        url="u",
        language="en",
        collection="c",
        format="text",
        path="/a.txt",
        sha256="ab",
        source_sha256="cd",
        characters=9,
        passages=2,
        notes=("n",),
        found=(Found("title", "PDF information", "stated"),),
        locations=("/a.txt", "/b.txt"),
    )
    assert render.info_to_dict(info) == {
        "id": "a.txt",
        "title": "T",
        "publisher": "P",
        "publication_place": "Q",
        "series": "S",
        "number": "1",
        "date": "2008-04-04",
        "url": "u",
        "format": "text",
        "path": "/a.txt",
        "sha256": "ab",
        "source_sha256": "cd",
        "characters": 9,
        "passages": 2,
        "language": "en",
        "collection": "c",
        "notes": ["n"],
        "author": "A",
        "found": [{"field": "title", "source": "PDF information", "sure": "stated"}],
        "locations": ["/a.txt", "/b.txt"],
    }


def test_a_report_of_indexing_counts_by_status_and_names_each_input():
    report = IndexReport(
        (
            FileResult("a", "added", "a", 3),
            FileResult("b", "refused", error=Failure("bad_input", "b is empty")),
        ),
        1.23456,
        ("c.pdf",),
    )
    made = report_to_dict(report)
    assert {key: made[key] for key in ("added", "replaced", "unchanged", "refused", "seconds")} == {
        "added": 1,
        "replaced": 0,
        "unchanged": 0,
        "refused": 1,
        "seconds": 1.235,
    }
    assert made["skipped"] == ["c.pdf"]
    assert made["files"][1]["error"] == {"code": "bad_input", "message": "b is empty"}


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "0 documents"), (1, "1 document"), (1204, "1,204 documents")]
)
def test_numbers_of_things_read_well(count, expected):
    assert plural(count, "document") == expected


def test_the_dates_that_filters_can_choose_from_stay_months_in_json():
    held = Facets(first=parse_date("2008"), last=parse_date("2009-02"), undated=1)
    made = json.loads(json.dumps(render.facets_to_dict(held)))
    assert (made["first"], made["last"], made["undated"]) == ("2008", "2009-02", 1)
    assert (render.facets_to_dict(Facets())["first"], render.facets_to_dict(Facets())["last"]) == (None, None)
