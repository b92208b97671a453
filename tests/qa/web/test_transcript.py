from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest

from qa.schema import Answer, Document, More, Quote, Signals
from qa.web.transcript import entry

if TYPE_CHECKING:
    from qa.schema import Outcome

ONE = Document("one.txt", "Lead rose. Zinc fell.", title="Metals & more")
OTHER = Document("two.txt", "Lead rose again.")
QUOTES = (Quote(ONE, 0, 10, number=1), Quote(ONE, 11, 21, number=2), Quote(OTHER, 0, 16, number=3))
TEXTS = {document.id: document for document in (ONE, OTHER)}


def test_all_that_answers_stands_under_a_heading_for_each_document() -> None:
    more = More(1, 3, 2, at_least=False, read=3, quotes=QUOTES)
    answer = Answer("What rose?", "What rose?", "answered", 0.9, quotes=QUOTES[:1], searched=2, more=more)
    saved = entry(answer, TEXTS.__getitem__, dt.datetime(2026, 11, 28, tzinfo=dt.UTC))
    parts = re.findall(r"<h3>(.*?)</h3>|<blockquote[^>]*>(.*?)</blockquote>", saved)
    assert ["".join(part) for part in parts] == [
        "Metals &amp; more",
        "Lead rose.",
        "Zinc fell.",
        "two.txt",
        "Lead rose again.",
    ]


@pytest.mark.parametrize(
    ("confidence", "outcome", "said"),
    [
        (0.92, "answered", "likely answered: 92&nbsp;%"),
        (0.31, "weak", "likely answered: 31&nbsp;%; too little for “balanced”"),
    ],
)
def test_it_says_how_sure_an_answer_is_in_the_words_of_the_card(
    confidence: float, outcome: Outcome, said: str
) -> None:
    signals = Signals(1.5, 1.5, 2.5, 2.0, 0.25, 3.0, 0.5, 0.75, 0.6667, 1.0, 0.0)
    answer = Answer(
        "Who?", "Who?", outcome, confidence, 0.55, signals, QUOTES[:1], searched=1, strictness=0.86
    )
    saved = entry(answer, TEXTS.__getitem__, dt.datetime(2026, 11, 28, tzinfo=dt.UTC))
    assert said in saved.replace("\u00a0", "&nbsp;")
    assert "confidence" not in saved
