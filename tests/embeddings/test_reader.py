from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import pytest

from embeddings import models, reader
from embeddings.models import ModelError
from embeddings.reader import TrainedReader, open_reader
from embeddings.reading import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from embeddings.reading import Reading

pytestmark = pytest.mark.models

QUESTION = "How many people live in Berlin?"
ANSWERS = Window("Berlin", ("It is the capital of Germany.", "It has 3,520,031 registered inhabitants."))
NEAR_MISS = Window("Berlin", ("It is the capital of Germany.", "Its inhabitants like to cycle."))


@pytest.fixture(scope="module")
def trained() -> TrainedReader:
    return TrainedReader()


def read(trained: TrainedReader, question: str, *windows: Window) -> list[Reading]:
    return trained.read(question, windows, [0.0] * len(windows))


def test_a_window_that_answers_reads_surer_than_one_that_is_only_about_it(trained: TrainedReader) -> None:
    answers, near_miss = read(trained, QUESTION, ANSWERS, NEAR_MISS)
    assert answers.answers > 1 > -1 > near_miss.answers
    assert answers.span > near_miss.span


def test_the_sentence_that_answers_is_known_though_it_says_only_it(trained: TrainedReader) -> None:
    [reading] = read(trained, QUESTION, ANSWERS)
    assert reading.sentences[1] > 0 > reading.sentences[0]


def test_the_words_that_answer_are_pointed_at(trained: TrainedReader) -> None:
    [reading] = read(trained, QUESTION, ANSWERS)
    assert reading.words[1] is not None
    start, end = reading.words[1]
    assert "3,520,031" in ANSWERS.sentences[1][start:end]
    [nothing] = read(trained, QUESTION, NEAR_MISS)
    assert nothing.words == (None, None)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Who was arrested in Hyesan in March?", "Who was arrested in Hyesan in October?"),
        ("Who was arrested in Hyesan in March?", "Who was arrested in Musan in March?"),
    ],
)
def test_a_detail_that_the_window_contradicts_makes_it_no_answer(
    trained: TrainedReader, right: str, wrong: str
) -> None:
    window = Window(
        "Scrap dealers held", ("In March, the police in Hyesan arrested three scrap dealers.", "They wait.")
    )
    [yes], [no] = read(trained, right, window), read(trained, wrong, window)
    assert yes.answers > no.answers + 1


def test_a_sentence_is_never_surer_than_its_window(trained: TrainedReader) -> None:
    for reading in read(trained, QUESTION, ANSWERS, NEAR_MISS):
        assert max(reading.sentences) <= reading.answers


def test_how_well_it_was_found_counts_in_the_order_alone(trained: TrainedReader) -> None:
    first, second = trained.read(QUESTION, [ANSWERS, ANSWERS], [0.0, 1.0])
    assert second.score > first.score
    assert (first.answers, first.sentences) == (second.answers, second.sentences)


def test_a_reading_depends_on_its_window_alone(trained: TrainedReader) -> None:
    together = read(trained, QUESTION, ANSWERS, NEAR_MISS, ANSWERS)
    assert together == [*read(trained, QUESTION, ANSWERS), *read(trained, QUESTION, NEAR_MISS, ANSWERS)]


def test_nothing_gives_nothing(trained: TrainedReader) -> None:
    assert read(trained, QUESTION) == []


@pytest.mark.parametrize(
    "window",
    [
        Window("", ()),
        Window("A title alone", ()),
        Window("", ("",)),
        Window("Empty within", ("Berlin is a city.", "", "It has people.")),
        Window("Long", tuple(f"Sentence number {n} goes on and on and on." for n in range(200))),
        Window("One long sentence", ("word " * 3000,)),
        Window("title " * 900, ("It has 3,520,031 inhabitants.",)),
    ],
    ids=[
        "empty",
        "no sentences",
        "empty sentence",
        "empty between",
        "many sentences",
        "long sentence",
        "long head",
    ],
)
@pytest.mark.parametrize("question", [QUESTION, "why " * 900, "?", "人口は何人ですか"])
def test_odd_windows_and_questions_are_read_without_a_fault(
    trained: TrainedReader, window: Window, question: str
) -> None:
    [reading] = read(trained, question, window)
    assert np.isfinite([reading.score, reading.answers, reading.span]).all()
    assert len(reading.sentences) == len(reading.words) == len(window.sentences)
    for text, words in zip(window.sentences, reading.words, strict=True):
        assert words is None or 0 <= words[0] < words[1] <= len(text)


def test_what_the_limit_cuts_off_is_not_read(trained: TrainedReader) -> None:
    long = Window("", tuple(f"Sentence number {n} goes on and on and on." for n in range(200)))
    [reading] = read(trained, QUESTION, long)
    assert reading.sentences[0] > -np.inf == reading.sentences[-1]


def damaged() -> tuple[bytes, str]:
    raise ModelError("The weights are damaged. Install Pullquote again.")


def test_without_its_weights_the_cross_encoder_stands_in_and_that_is_said(
    without_weights: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    without_weights()
    with caplog.at_level(logging.WARNING):
        assert open_reader().name == "cross-encoder"
    assert "Install Pullquote again." in caplog.text


def test_asked_for_by_name_it_is_an_error_without_its_weights(without_weights: Callable[[], None]) -> None:
    without_weights()
    with pytest.raises(ModelError, match="Install Pullquote again"):
        open_reader("reader")


@pytest.fixture
def without_weights(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> object:
    def take_away() -> None:
        monkeypatch.setattr(models, "reader_weights", damaged)
        monkeypatch.setattr(reader, "READER_SHA256", "0" * 64)  # no kept graph has this name

    return take_away


def test_weights_with_another_hash_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "READER_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="damaged"):
        models.reader_weights()


def test_the_deeper_reader_is_opened_once_and_has_none_itself(trained: TrainedReader) -> None:
    assert trained.deeper is trained.deeper is not None
    assert trained.deeper.deeper is None


def test_without_the_deeper_weights_ours_reads_alone_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(models, "deep_reader_weights", damaged)
    monkeypatch.setattr(reader, "DEEP_READER_SHA256", "0" * 64)
    with caplog.at_level(logging.WARNING):
        opened = open_reader()
        assert opened.deeper is opened.deeper is None
    assert caplog.text.count("Install Pullquote again.") == 1
    with pytest.raises(ModelError, match="Install Pullquote again"):
        open_reader("deep")
