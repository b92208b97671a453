from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.reader import open_reader
from qa import Corpus
from qa.asking import budget
from qa.asking.answer import Answerer
from qa.asking.retrieve import MOST_READ
from tests.qa.tiny import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embeddings.reading import ReaderName, Reading, Window


@given(count=st.integers(0, 100))
def test_waves_hold_every_candidate_that_may_be_read_once_and_in_order(count: int) -> None:
    candidates = list(range(count))
    parts = [candidates[wave] for wave, _ in budget.waves(count, "reader")]
    assert [place for part in parts for place in part] == candidates[: budget.most()]
    assert all(parts)


def test_the_cross_encoder_compares_all_it_reads_so_it_reads_at_once() -> None:
    assert [wave for wave, _ in budget.waves(20, "cross-encoder")] == [slice(0, 20)]


@given(
    best=st.floats(-20, 20),
    better=st.floats(0, 20),
    left=st.lists(st.floats(0, 1), max_size=20),
    unlikely=st.floats(-5, 5),
)
def test_a_better_best_and_fewer_left_never_ask_for_more(
    best: float, better: float, left: list[float], unlikely: float
) -> None:
    if budget.enough(best, left, unlikely):
        assert budget.enough(best + better, left, unlikely)
        assert budget.enough(best, left[1:], unlikely)


def test_nothing_left_is_enough_and_the_last_wave_is_read_whole() -> None:
    assert budget.enough(-20.0, [], inf)
    assert not budget.enough(20.0, [0.0], inf)


# With the real models


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("budget")
    boats = ["gulls", "terns", "crabs", "seals", "winds", "tides", "sails", "ropes", "piers", "nets"]
    for number in range(30):
        other = boats[number % 10]
        text = f"The ferry of harbour {number} passed the {other}. Its crew saw {number + 3} {other}."
        write(folder, f"documents/{number}.txt", text)
    write(folder, "documents/fare.txt", "The ferry to Uist costs nine pounds. Children travel free.")
    with Corpus.open(folder / "library") as opened:
        opened.index(folder / "documents")
        yield opened


class Counting:
    """The reader, and how many windows it has read."""

    name: ReaderName = "reader"
    model = "reader"
    deeper = None

    def __init__(self) -> None:
        self.reader = open_reader()
        self.count = 0

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        self.count += len(windows)
        return self.reader.read(question, windows, retrieved)


@pytest.mark.models
@pytest.mark.parametrize(
    ("question", "all_of_them"),
    [("What does the ferry to Uist cost?", False), ("What is the boiling point of ethanol?", True)],
)
def test_reading_stops_where_an_answer_is_found_and_goes_on_where_none_is(
    question: str, all_of_them: bool, corpus: Corpus
) -> None:
    counting = Counting()
    answer = Answerer(corpus.store, counting).ask(question)
    assert answer.read == counting.count == (MOST_READ if all_of_them else budget.WAVES[0][0])
    places = [(passage.document_id, passage.start) for passage in answer.passages]
    assert len(places) == len(set(places)) > MOST_READ
    scores = [passage.score for passage in answer.passages]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.models
def test_what_is_left_unread_makes_an_answer_no_surer(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = "What does the ferry to Uist cost?"
    some = Answerer(corpus.store, open_reader()).ask(question)
    monkeypatch.setattr(budget, "WAVES", ((MOST_READ, inf),))
    every = Answerer(corpus.store, open_reader()).ask(question)
    assert some.read < every.read == MOST_READ
    # What the other passages are rated depends on how many are read; the confidence does not rest on it.
    assert some.signals
    assert every.signals
    assert replace(some.signals, background=0.0) == replace(every.signals, background=0.0)
    assert some.confidence == every.confidence
    assert some.quotes == every.quotes
    assert {(p.document_id, p.start) for p in some.passages} == {
        (p.document_id, p.start) for p in every.passages
    }
