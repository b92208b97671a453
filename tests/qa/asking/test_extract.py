from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.reading import Reading
from qa.asking.extract import (
    QUOTES,
    SENTENCES,
    Evidence,
    choose,
    evidence,
    probabilities,
    quotes,
    set_apart,
)
from qa.document.segment import passages
from qa.formats.reading import read_path
from qa.schema import Document, Sentence, Span
from qa.text.question import ParsedQuestion

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (
    "Guards took bribes from the traders in 2004. Guards took bribes from traders, in 2004. "
    "The river froze. Barges carried anthracite to the port."
)
DOCUMENT = Document("a.txt", TEXT)


def scored(text: str, score: float, words: str = "") -> Evidence:
    start = TEXT.index(text)
    at = TEXT.index(words, start)
    return Evidence(
        DOCUMENT, Sentence(start, start + len(text)), score, Span(at, at + len(words)) if words else None
    )


BRIBES = ParsedQuestion("Who took bribes?")
FIRST = scored("Guards took bribes from the traders in 2004.", 5.0)
AGAIN = scored("Guards took bribes from traders, in 2004.", 4.9)
RIVER = scored("The river froze.", 2.0)
BARGES = scored("Barges carried anthracite to the port.", 1.0)


def test_a_sentence_that_says_the_same_again_is_not_shown_twice() -> None:
    assert choose([FIRST, AGAIN, RIVER, BARGES]) == [FIRST, RIVER, BARGES]


@pytest.mark.parametrize(
    "other",
    [
        "Police in Riwon fined nine traders 500 won in May.",
        "Police in Riwon fined nine traders 300 won in June.",
        "Police in Riwon fined not nine traders 300 won in May.",
        "Police in Hyesan fined nine traders 300 won in May.",
    ],
)
def test_sentences_that_differ_in_a_fact_do_not_say_the_same(other: str) -> None:
    first = "Police in Riwon fined nine traders 300 won in May."
    document = Document("b.txt", f"{first} {other}")
    both = [
        Evidence(document, Sentence(0, len(first)), 2.0),
        Evidence(document, Sentence(len(first) + 1, len(document.text)), 1.9),
    ]
    assert choose(both) == both


def test_one_sure_sentence_stands_alone() -> None:
    assert choose([FIRST, replace(RIVER, score=-3.0), replace(BARGES, score=-4.0)]) == [FIRST]


def test_where_nothing_is_sure_several_are_shown() -> None:
    unsure = [replace(each, score=-4.0) for each in (FIRST, RIVER, BARGES)]
    assert choose(unsure) == unsure


@given(st.lists(st.floats(-8, 8), min_size=1, max_size=40))
def test_the_choice_is_the_best_ones_and_no_shorter_one_is_expected_to_be_better(scores: list[float]) -> None:
    text = "".join(f"Number {n} in the list. " for n in range(len(scores)))
    document = Document("list.txt", text)
    places = [match.span() for match in re.finditer(r"\S[^.]*\.", text)]
    ranked = [
        Evidence(document, Sentence(*place), score)
        for place, score in zip(places, sorted(scores, reverse=True), strict=True)
    ]
    chosen = choose(ranked)
    assert chosen == ranked[: len(chosen)]
    assert 1 <= len(chosen) <= SENTENCES
    p = probabilities([each.score for each in ranked])
    assert sum(p) >= 1 - 1e-9
    f1 = [2 * sum(p[:n]) / (n + sum(p)) for n in range(1, len(chosen) + 1)]
    assert f1 == sorted(f1)


def test_nothing_is_chosen_from_nothing() -> None:
    assert choose([]) == []


def test_quotes_are_whole_sentences_numbered_in_order() -> None:
    shown = quotes(BRIBES, [BARGES, FIRST])
    assert [(quote.number, quote.text) for quote in shown] == [(1, BARGES.text), (2, FIRST.text)]


def test_neighbours_become_one_quote_where_the_better_of_them_stood() -> None:
    shown = quotes(BRIBES, [BARGES, FIRST, RIVER])
    assert [quote.text for quote in shown] == [
        "The river froze. Barges carried anthracite to the port.",
        FIRST.text,
    ]
    assert shown[0].score == RIVER.score


def test_a_quote_never_joins_what_a_line_or_a_paragraph_separates() -> None:
    text = "The river froze.\n\nBarges carried anthracite."
    document = Document("b.txt", text)
    parts = [Evidence(document, Sentence(0, 16), 2.0), Evidence(document, Sentence(18, len(text)), 1.0)]
    assert [quote.text for quote in quotes(ParsedQuestion("What froze?"), parts)] == text.split("\n\n")


def test_no_more_quotes_are_shown_than_the_limit() -> None:
    apart = "Alpha fell. Beta rose. Gamma fell. Delta rose. Epsilon fell. Zeta rose. Eta fell."
    document = Document("c.txt", apart)
    places = [match.span() for match in re.finditer(r"\w+ \w+\.", apart)][::2]
    found = [Evidence(document, Sentence(*place), 1.0) for place in places]
    assert len(found) > QUOTES
    assert len(quotes(ParsedQuestion("What fell?"), found)) == QUOTES


def test_the_words_that_the_reader_found_are_emphasised() -> None:
    [quote] = quotes(BRIBES, [scored(FIRST.text, 5.0, "Guards")])
    assert [TEXT[span.start : span.end] for span in quote.emphasis] == ["Guards"]


def test_a_date_is_emphasised_where_one_is_asked_for_and_nothing_otherwise() -> None:
    year = TEXT.index("2004")
    [quote] = quotes(ParsedQuestion("When did guards take bribes?"), [FIRST])
    assert quote.emphasis == (Span(year, year + 4),)
    assert quotes(BRIBES, [FIRST])[0].emphasis == ()


def test_beside_a_sure_quote_one_that_likelier_does_not_answer_is_set_apart() -> None:
    sure = quotes(BRIBES, [FIRST, RIVER])
    assert set_apart(BRIBES, sure) == (sure[:1], sure[1:])


def test_where_the_first_quote_is_not_sure_none_is_set_apart() -> None:
    unsure = quotes(BRIBES, [replace(FIRST, score=0.4), replace(RIVER, score=0.1)])
    assert set_apart(BRIBES, unsure) == (unsure, ())


def test_a_quote_on_a_further_part_of_the_question_is_shown() -> None:
    asked = "Who took bribes, and to which port did barges take anthracite?"
    both = quotes(ParsedQuestion(asked), [FIRST, BARGES])
    assert set_apart(ParsedQuestion(asked), both) == (both, ())


def test_of_one_quote_or_none_nothing_is_set_apart() -> None:
    (one,) = quotes(BRIBES, [FIRST])
    assert set_apart(BRIBES, (one,)) == ((one,), ())


def test_page_furniture_is_no_evidence(brief: Path) -> None:
    [document] = read_path(brief)
    assert isinstance(document, Document)
    every = [
        (passage, Reading(0.0, 0.0, 0.0, (1.0,) * n, ((0, 1),) * n))
        for passage in passages(document)
        for n in [sum(sentence.quotable for sentence in passage.sentences)]
    ]
    texts = [each.text for each in evidence(every, {document.id: document})]
    assert "4/4/2008" in texts
    assert not {"Share", "Comments are closed."} & set(texts)


def test_evidence_comes_best_first_and_without_what_was_not_read() -> None:
    [passage] = passages(DOCUMENT)
    reading = Reading(0.0, 0.0, 0.0, (1.0, 3.0, -math.inf, 2.0), ((0, 6), (0, 6), None, (0, 6)))
    found = evidence([(passage, reading)], {DOCUMENT.id: DOCUMENT})
    assert [each.score for each in found] == [3.0, 2.0, 1.0]
    assert [TEXT[each.words.start : each.words.end] for each in found if each.words] == [
        "Guards",
        "Barges",
        "Guards",
    ]


def test_a_passage_whose_sentences_were_not_scored_gives_none() -> None:
    [passage] = passages(DOCUMENT)
    assert evidence([(passage, Reading(0.0, 0.0))], {DOCUMENT.id: DOCUMENT}) == []
