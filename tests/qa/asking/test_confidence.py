from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.reading import ReaderName, Window
from qa.asking import confidence
from qa.asking.confidence import LOOSEST, STRICTEST
from qa.errors import InputError
from qa.schema import STRICTNESS, Signals
from qa.text.question import ParsedQuestion

SIGNALS = Signals(
    answers=1.0,
    best=0.5,
    span=1.5,
    relevance=3.0,
    gap=1.0,
    sentence=2.0,
    sentence_gap=0.5,
    retrieved=0.8,
    coverage=0.5,
    fits=1.0,
    few=0.0,
)
STRICT = st.floats(LOOSEST, STRICTEST)


@pytest.mark.parametrize("reader", get_args(ReaderName))
def test_the_model_rests_on_signals_that_there_are(reader: ReaderName) -> None:
    weights = confidence.shipped(reader).weights
    assert weights
    assert weights.keys() <= {field.name for field in fields(Signals)}


@pytest.mark.parametrize(
    ("question", "sentence", "fits"),
    [
        ("How many were fined?", "Nine traders were fined.", 1.0),
        ("How many were fined?", "Traders were fined.", 0.0),
        ("When were they fined?", "They were fined on 3 March.", 1.0),
        ("When were they fined?", "They were fined twice.", 0.0),
        ("Who was fined?", "They were fined twice.", 0.5),
    ],
)
def test_a_sentence_fits_where_it_holds_what_is_asked_for(question: str, sentence: str, fits: float) -> None:
    assert confidence.fits(ParsedQuestion(question), sentence) == fits


def test_a_surer_reading_is_a_higher_confidence() -> None:
    surer = replace(
        SIGNALS, answers=SIGNALS.answers + 2, best=SIGNALS.best + 2, span=SIGNALS.span + 2, sentence=4.0
    )
    assert 0 < confidence.probability(SIGNALS) < confidence.probability(surer) < 1


def test_a_confidence_is_a_probability_whatever_the_signals() -> None:
    for extreme in (-1e9, 1e9):
        sure = confidence.probability(replace(SIGNALS, answers=extreme, best=extreme))
        assert 0 <= sure <= 1


@given(STRICT, STRICT)
def test_who_is_stricter_never_gets_an_answer_more(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= confidence.threshold(low) <= confidence.threshold(high) <= 1


@given(STRICT, st.floats(0, 1), st.booleans())
def test_strictness_moves_answers_only_and_what_is_near_stays_near(
    strictness: float, sure: float, near: bool
) -> None:
    threshold = confidence.threshold(strictness)
    outcome = confidence.outcome(sure, threshold, near=near)
    assert (outcome == "answered") == (sure >= threshold)
    assert (outcome == "none") == (sure < threshold and not near)


def test_few_passages_make_an_answer_likelier_and_nothing_nearer() -> None:
    far = replace(SIGNALS, answers=-6.0, best=-6.0, few=0.0)
    alone = replace(far, few=0.95)
    assert confidence.probability(alone) > confidence.probability(far)
    assert not confidence.shipped().is_near(far)
    assert not confidence.shipped().is_near(alone)
    assert confidence.shipped().is_near(replace(far, answers=0.0, best=0.0))


@pytest.mark.parametrize("strictness", [0.0, 0.49, 0.96, 1.5, float("nan")])
def test_a_strictness_that_cannot_be_is_refused_by_name(strictness: float) -> None:
    with pytest.raises(InputError, match=f"{strictness:g}"):
        confidence.threshold(strictness)


@pytest.mark.parametrize("strictness", ["x", "0.86", None, [0.86], 0.86j])
def test_a_strictness_that_is_no_number_is_refused_by_name(strictness: Any) -> None:
    with pytest.raises(InputError, match=r"the strictness is .*: write a number between 0\.7 and 0\.95"):
        confidence.threshold(strictness)


def test_the_default_strictness_is_one_that_can_be_said() -> None:
    assert LOOSEST <= STRICTNESS <= STRICTEST


def test_coverage_is_the_share_of_content_words_that_the_window_holds() -> None:
    window = Window("Coal at Nampo", ("Barges waited.",))
    assert confidence.coverage(ParsedQuestion("Which barges took coal?"), window) == pytest.approx(2 / 3)
    assert confidence.coverage(ParsedQuestion("Who?"), window) == 0


@pytest.mark.parametrize(
    ("question", "text", "matches"),
    [
        ("What did the DPRK do in 2008?", "DPRK는 2008년에 위성을 쏘았다.", True),
        ("What did the DPRK launch from Sohae in 2008?", "DPRK는 위성을 쏘았다.", False),
        ("How are pearls formed?", "2008년 3월에 가격은 두 배로 올랐다.", False),
        ("When did the Titanic sink?", "Пограничники задержали шестерых жителей.", False),
    ],
)
def test_a_text_in_another_script_matches_by_the_words_that_are_looked_for(
    question: str, text: str, matches: bool
) -> None:
    assert confidence.matches(ParsedQuestion(question), text) == matches
