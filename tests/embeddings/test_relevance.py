from __future__ import annotations

import numpy as np
import pytest

from embeddings.reader import open_reader
from embeddings.reading import Window
from embeddings.relevance import CONTEXT_WEIGHT, SCORED, TEMPERED, CrossEncoderReader
from embeddings.reranker import OnnxReranker

pytestmark = pytest.mark.models

QUESTION = "How much was the mayor fined?"
FIRST, SECOND = "The mayor of Riwon was tried in March.", "He was fined 300 won."
ANSWERS = Window("Riwon", (FIRST, SECOND))
NEAR_MISS = Window("Riwon", (FIRST, "He is fond of ice fishing."))


@pytest.fixture(scope="module")
def reader() -> CrossEncoderReader:
    return CrossEncoderReader()


@pytest.fixture(scope="module")
def reranker() -> OnnxReranker:
    return OnnxReranker()


def test_it_opens_by_name() -> None:
    assert open_reader("cross-encoder").name == "cross-encoder"


def test_a_window_that_answers_reads_surer_than_one_that_is_only_about_it(reader: CrossEncoderReader) -> None:
    answers, near_miss = reader.read(QUESTION, [ANSWERS, NEAR_MISS], [0.0, 0.0])
    assert answers.answers > near_miss.answers
    assert answers.score > near_miss.score


def test_how_well_it_was_found_counts_in_the_order(reader: CrossEncoderReader) -> None:
    first, second = reader.read(QUESTION, [ANSWERS, ANSWERS], [0.0, 1.0])
    assert second.score > first.score
    assert second.answers == first.answers


def test_a_sentence_is_scored_alone_and_after_the_one_before_it(
    reader: CrossEncoderReader, reranker: OnnxReranker
) -> None:
    [reading] = reader.read(QUESTION, [ANSWERS], [0.0])
    before, alone, both = reranker.scores(QUESTION, [FIRST, SECOND, f"{FIRST} {SECOND}"])
    expected = (alone + CONTEXT_WEIGHT * both) / (1 + CONTEXT_WEIGHT)
    assert reading.sentences == pytest.approx((TEMPERED * before, TEMPERED * expected), abs=1e-4)
    assert abs(alone - both) > 0.5, "or this test could not tell"


def test_heads_are_read_only_where_there_are_several(
    reader: CrossEncoderReader, reranker: OnnxReranker
) -> None:
    question, text = "Who was fined in Riwon?", "The mayor was fined 300 won."
    one, other = Window("News of Riwon", (text,)), Window("News of Musan", (text,))
    alone, titled = reranker.scores(question, [text, f"{one.head}: {text}"])
    [single] = reader.read(question, [one], [0.0])
    first, _ = reader.read(question, [one, other], [0.0, 0.0])
    assert single.sentences == pytest.approx((TEMPERED * alone,), abs=1e-4)
    assert first.sentences == pytest.approx((TEMPERED * titled,), abs=1e-4)
    assert abs(alone - titled) > 0.5, "or this test could not tell"


def test_only_the_best_windows_have_their_sentences_scored(reader: CrossEncoderReader) -> None:
    windows = [*[NEAR_MISS] * SCORED, ANSWERS]
    readings = reader.read(QUESTION, windows, [0.0] * len(windows))
    assert [bool(reading.sentences) for reading in readings].count(True) == SCORED
    assert readings[-1].sentences


def test_nothing_gives_nothing(reader: CrossEncoderReader) -> None:
    assert reader.read(QUESTION, [], []) == []


@pytest.mark.parametrize(
    "window",
    [
        Window("", ()),
        Window("A title alone", ()),
        Window("", ("",)),
        Window("Long", tuple(f"Sentence number {n} goes on and on." for n in range(70))),
        Window("title " * 900, ("Beyond the limit.",)),
    ],
    ids=["empty", "no sentences", "empty sentence", "many sentences", "long head"],
)
def test_odd_windows_are_read_without_a_fault(reader: CrossEncoderReader, window: Window) -> None:
    [reading] = reader.read("why " * 900, [window], [0.5])
    assert np.isfinite([reading.score, reading.answers, *reading.sentences]).all()
