"""An answer, kept as coordinates and read again, gives the same card and the same entry to the character."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.desk.kept import kept_turn, recall
from qa.desk.stored_conversations import new_id
from qa.schema import (
    Answer,
    AnsweredPart,
    DatePreference,
    Failure,
    Filters,
    Milliseconds,
    More,
    Quote,
    Reply,
    Signals,
    Span,
)
from qa.web import cards, transcript
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.corpus import Corpus
    from qa.schema import Document

# Copies of one text under two ids are one document: these differ.
TEXTS = {
    "a.txt": "Wells ran dry in May.\r\nThe “old” harbour <b>closed</b>.\t$x$ &amp; 😀 more.\n",
    "b.txt": "Wells ran dry in May, it is said.  Nobody knew why, and nobody asked.\n",
    "c <i>.txt": "A ferry sank. A second ferry sank. A third one did not, says the harbour master.\n",
}
ASKED = dt.datetime(2026, 11, 28, 9, 30, 5, 123456, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def corpus() -> Iterator[Corpus]:
    with tempfile.TemporaryDirectory() as folder, tiny_corpus(Path(folder) / "library") as opened:
        inbox = Path(folder) / "inbox"
        for name, text in TEXTS.items():
            opened.index(write(inbox, name, text))
        yield opened


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
floats = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 10_000)
days = st.dates()


@st.composite
def quotes(draw: st.DrawFn, documents: list[Document], *, copied: bool = True) -> Quote:
    document = draw(st.sampled_from(documents))
    start = draw(st.integers(0, len(document.text) - 1))
    end = draw(st.integers(start + 1, len(document.text)))
    spans = draw(st.lists(st.tuples(st.integers(start, end), st.integers(start, end)), max_size=2))
    emphasis = tuple(Span(a, b) for a, b in spans if a < b)
    copies = draw(st.lists(quotes(documents, copied=False), max_size=2)) if copied else []
    return Quote(document, start, end, draw(floats), draw(st.integers(1, 99)), emphasis, tuple(copies))


@st.composite
def answers(draw: st.DrawFn, documents: list[Document]) -> Answer:
    shown = tuple(draw(st.lists(quotes(documents), max_size=5)))
    every = draw(st.none() | st.lists(quotes(documents), max_size=5).map(tuple))
    more = None if draw(st.booleans()) else More(draw(counts), draw(counts), draw(counts), True, 7, every)
    kind: Any = draw(st.sampled_from(["event", "published", "latest"]))
    times = DatePreference(
        kind, draw(st.none() | days), draw(st.none() | days), draw(st.sampled_from([None, Span(2, 5)]))
    )
    parts = tuple(
        AnsweredPart(
            draw(words), draw(words), draw(st.sampled_from(["answered", "none"])), draw(floats), (at,)
        )
        for at in range(len(shown))
    )
    outcome: Any = draw(st.sampled_from(["answered", "weak", "none", "error"]))
    return Answer(
        draw(words),
        draw(words),
        outcome,
        draw(st.floats(0, 1)),
        draw(st.floats(0, 1)),
        signals=draw(st.none() | st.builds(Signals, *[floats] * 13)),
        quotes=shown,
        milliseconds=Milliseconds(total=draw(st.floats(0, 1e6))),
        read=draw(counts),
        searched=draw(counts),
        undated=draw(counts),
        filters=draw(
            st.builds(
                Filters,
                since=st.none() | days,
                publisher=words,
                document=st.lists(words, max_size=2).map(tuple),
                collection=words | st.lists(words, max_size=3).map(tuple),
            )
        ),
        notes=tuple(draw(st.lists(words, max_size=2))),
        reply=draw(st.none() | st.builds(Reply, st.just("help"), words)),
        error=draw(st.none() | st.builds(Failure, words.filter(bool), words)),
        preference=draw(st.sampled_from([None, times])),
        calibrated=draw(st.booleans()),
        unsearched=draw(words),
        carried=tuple(draw(st.lists(words, max_size=2))),
        more=more,
        parts=draw(st.sampled_from([(), parts])),
        strictness=0.8,
        unjudged=draw(st.sampled_from(["", "de"])),
    )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_a_kept_answer_is_shown_again_as_it_was_to_the_character(corpus: Corpus, data: st.DataObject) -> None:
    documents = [corpus.document(each) for each in TEXTS]
    answer = data.draw(answers(documents))
    conversation = new_id()
    corpus.desk.conversations.keep(conversation, kept_turn(answer, ASKED, 0.8, generation=3))
    (turn,) = corpus.desk.conversations.turns(conversation)
    again = recall(turn, corpus.cited)
    assert again.answer == replace(answer, passages=())
    card = cards.answer_card(answer, corpus.document, "id")
    assert cards.answer_card(again.answer, again.document, "id", again.fates, again.lost) == card
    entry = transcript.entry(answer, corpus.document, ASKED)
    assert transcript.entry(again.answer, again.document, turn.asked, again.fates, again.lost) == entry
    assert (turn.asked, turn.strictness, turn.generation, turn.number) == (ASKED, 0.8, 3, 1)
