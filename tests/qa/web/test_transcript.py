from __future__ import annotations

import datetime as dt
import re

from qa.schema import Answer, Document, More, Quote
from qa.web.transcript import entry

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
