"""What a card says, without a browser."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa.schema import Answer, Signals
from qa.web.cards import answer_card
from tests.qa.briefs import BRIEF, quote, reader

SIGNALS = Signals(1.5, 1.5, 2.5, 2.0, 0.25, 3.0, 0.5, 0.75, 0.6667, 1.0, 0.0)


@pytest.mark.parametrize(
    ("confidence", "outcome", "said"),
    [
        (0.83, "answered", "confidence 83&nbsp;%<"),
        (0.31, "weak", "confidence 31&nbsp;%; answers are given from 55&nbsp;%<"),
    ],
)
def test_a_card_says_how_sure_it_is_and_what_would_have_done(confidence, outcome, said):
    quotes = (quote(BRIEF, "In response", "useless.", 1),)
    answer = Answer("Who?", "Who?", outcome, confidence, 0.55, SIGNALS, quotes, searched=1)
    assert said in answer_card(answer, reader(BRIEF))
    card = answer_card(replace(answer, calibrated=False), reader(BRIEF))
    assert "confidence unknown<" in card
    assert "%" not in card


def test_words_of_earlier_questions_are_shown_and_can_be_taken_away():
    answer = Answer("When?", "When? (copper)", "none", carried=("copper",))
    card = answer_card(answer, reader(BRIEF))
    assert "Understood as: <q>When? (copper)</q>" in card
    assert '<a class="ignore-history" href="#history=ignore">Ask without the earlier questions</a>' in card
    assert "ignore-history" not in answer_card(replace(answer, carried=()), reader(BRIEF))
