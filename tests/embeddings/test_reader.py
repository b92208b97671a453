from __future__ import annotations

import numpy as np
import pytest

from embeddings.reader import Reader, Window
from embeddings.reranker import OnnxReranker

pytestmark = pytest.mark.models

QUESTION = "How many people live in Berlin?"
ANSWERS = Window("Berlin", ("It is the capital of Germany.", "It has 3,520,031 registered inhabitants."))
NEAR_MISS = Window("Berlin", ("It is the capital of Germany.", "Its inhabitants like to cycle."))


@pytest.fixture(scope="module")
def reranker() -> OnnxReranker:
    return OnnxReranker()


@pytest.fixture(scope="module")
def reader(reranker: OnnxReranker) -> Reader:
    return Reader(reranker)


def test_a_window_that_answers_reads_surer_than_one_that_is_only_about_it(reader: Reader) -> None:
    answers, near_miss = reader.read(QUESTION, [ANSWERS, NEAR_MISS])
    assert answers.answers > near_miss.answers + 1


def test_it_knows_an_answer_that_the_cross_encoders_score_does_not(reader: Reader) -> None:
    head = Window("Scrap metal smuggling rampant", ("Title: Scrap metal smuggling rampant.", "4/4/2008"))
    [reading] = reader.read("What is the headline?", [head])
    assert reading.answers > 0 > reading.relevance


def test_the_relevance_is_the_cross_encoders_own_score(reader: Reader, reranker: OnnxReranker) -> None:
    [reading] = reader.read(QUESTION, [Window("", ("Berlin has 3,520,031 registered inhabitants.",))])
    [score] = reranker.scores(QUESTION, ["Berlin has 3,520,031 registered inhabitants."])
    assert reading.relevance == pytest.approx(float(score), abs=1e-5)


def test_a_reading_depends_on_its_window_alone(reader: Reader) -> None:
    together = reader.read(QUESTION, [ANSWERS, NEAR_MISS, ANSWERS])
    assert together == [*reader.read(QUESTION, [ANSWERS]), *reader.read(QUESTION, [NEAR_MISS, ANSWERS])]


def test_nothing_gives_nothing(reader: Reader) -> None:
    assert reader.read(QUESTION, []) == []


@pytest.mark.parametrize(
    "window",
    [
        Window("", ()),
        Window("A title alone", ()),
        Window("", ("",)),
        Window("Long", tuple(f"Sentence number {n} goes on and on and on." for n in range(200))),
        Window("One long sentence", ("word " * 3000,)),
        Window("title " * 900, ("Beyond the limit.",)),
    ],
    ids=["empty", "no sentences", "empty sentence", "many sentences", "long sentence", "long head"],
)
def test_odd_windows_are_read_without_a_fault(reader: Reader, window: Window) -> None:
    [reading] = reader.read(QUESTION, [window])
    assert np.isfinite([reading.relevance, reading.answers]).all()


def test_a_question_longer_than_the_model_reads_is_cut(reader: Reader) -> None:
    [reading] = reader.read("why " * 900, [ANSWERS])
    assert np.isfinite([reading.relevance, reading.answers]).all()
