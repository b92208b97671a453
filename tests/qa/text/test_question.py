from __future__ import annotations

import pytest

from qa.text.question import ParsedQuestion, spans_of_type


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ('Who said "come down hard"?', ("come down hard",)),
        ("Who said “come down hard”, and “when”?", ("come down hard", "when")),
        ("Who said «come down»?", ("come down",)),
        ('"a" and "a"', ("a",)),
        ('What is ""?', ()),
        ('What is " ? "?', ()),
        ("The factory's walls, 'bolted' down", ()),
        ('A lone " mark', ()),
        ('Was the pipe 5" or 6" wide?', ()),
        ('Was it "in 2004" or "2005"?', ("in 2004", "2005")),
    ],
)
def test_phrases_are_what_stands_in_double_quotation_marks(question: str, found: tuple[str, ...]) -> None:
    assert ParsedQuestion(question).phrases == found


def test_the_rest_of_the_question_is_what_is_not_in_quotation_marks() -> None:
    assert ParsedQuestion('Who said “this” in "March"?').without_phrases.split() == ["Who", "said", "in", "?"]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When did the famine spread?", "date"),
        ("In what year did it start?", "date"),
        ("Date of publication?", "date"),
        ("How many people were arrested?", "number"),
        ("What amount of metal was carried?", "number"),
        ("How did they react?", None),
        ("Who arrested them?", None),
        ("Whenever they like", None),
    ],
)
def test_the_kind_of_answer_is_told_from_the_question(question: str, kind: str | None) -> None:
    assert ParsedQuestion(question).answer_type == kind


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("popular in 2004, but", ["2004"]),
        ("spread in the mid-1990s, at", ["the mid-1990s"]),
        ("On April 1, the", ["April 1"]),
        ("on 4 April 2008.", ["4 April 2008"]),
        ("4/4/2008", ["4/4/2008"]),
        ("at the beginning of March to", ["the beginning of March"]),
        ("it may rain in a march", []),
        ("since last year", ["last year"]),
    ],
)
def test_dates_are_found_where_they_stand(text: str, found: list[str]) -> None:
    assert [text[span.start : span.end] for span in spans_of_type(text, "date")] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("six tones of scrap", ["six tones"]),
        ("a fee of $1,500.50 was", ["$1,500.50"]),
        ("30 per cent", ["30 per cent"]),
        ("thirty-two people", ["thirty-two people"]),
        ("someone often tendered", []),
    ],
)
def test_numbers_are_found_with_their_units(text: str, found: list[str]) -> None:
    assert [text[span.start : span.end] for span in spans_of_type(text, "number")] == found


def test_spans_are_moved_by_the_offset() -> None:
    [span] = spans_of_type("in 2004", "date", offset=100)
    assert (span.start, span.end) == (103, 107)
