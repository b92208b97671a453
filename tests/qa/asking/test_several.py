from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from embeddings.reading import Reading, Window
from qa.asking.answer import Answerer
from qa.quoting.render import to_text
from qa.text.terms import content_words
from tests.qa.tiny import TinyReader, tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from qa import Corpus

NORTH = "The north quay took 140 ships."
SOUTH = "The south basin took 90 ships."
RAIN = "Rain fell on the hills all week."
BOTH = "Ships at the north quay as against the south basin"


class Deeper(TinyReader):
    """Takes a sentence for evidence of a part if it holds one of two names; together they answer."""

    NAMES = ("north", "south")

    def __init__(self) -> None:
        self.read_together: list[Window] = []

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        made = []
        for window in windows:
            said = [set(content_words(each)) for each in window.sentences]
            named = [any(name in each and name in question for name in self.NAMES) for each in said]
            asked = {name for name in self.NAMES if name in question}
            answers = 6.0 if asked and asked <= set().union(*said) else -6.0
            parts = tuple(3.0 if each else -5.0 for each in named)
            if not window.head:
                self.read_together.append(window)
            made.append(Reading(answers, answers, answers, parts, (None,) * len(parts), None, parts))
        return made


class Judge(TinyReader):
    def __init__(self) -> None:
        self.deeper = Deeper()

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        """No passage answers by itself."""
        return [
            replace(each, answers=-6.0, score=-6.0 + found)
            for each, found in zip(super().read(question, windows, retrieved), retrieved, strict=True)
        ]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("quays")
    texts = {"north.txt": NORTH, "south.txt": SOUTH, "rain.txt": RAIN}
    with tiny_corpus(folder / "library") as opened:
        opened.index(*(write(folder, name, f"{text}\n") for name, text in texts.items()))
        yield opened


def test_sentences_of_two_documents_answer_together(corpus: Corpus) -> None:
    answer = Answerer(corpus.store, Judge()).ask(BOTH)
    assert {quote.text for quote in answer.quotes} == {NORTH, SOUTH}
    assert answer.outcome == "answered"
    assert not answer.nearest
    assert NORTH in to_text(answer, corpus.document)


def test_without_a_deeper_reader_they_do_not(corpus: Corpus) -> None:
    reader = Judge()
    reader.deeper = None
    assert Answerer(corpus.store, reader).ask(BOTH).outcome != "answered"


def test_one_of_two_places_does_not_answer(library: Path, inbox: Path) -> None:
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "north.txt", f"{NORTH}\n"), write(inbox, "rain.txt", f"{RAIN}\n"))
        assert Answerer(corpus.store, Judge()).ask(BOTH).outcome != "answered"


def test_what_is_read_together_says_of_which_document_it_is(library: Path, inbox: Path) -> None:
    with tiny_corpus(library) as corpus:
        for name, text in (("North report", NORTH), ("South report", SOUTH)):
            corpus.index(write(inbox, f"{name}.md", f"# {name}\n\n{text}\n"))
        reader = Judge()
        Answerer(corpus.store, reader).ask(BOTH)
    assert isinstance(reader.deeper, Deeper)
    *_, window = reader.deeper.read_together
    assert window.sentences == (f"North report: {NORTH}", f"South report: {SOUTH}")


class Asked(Deeper):
    """Counts what it is asked to read."""

    count = 0

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        self.count += len(windows)
        return super().read(question, windows, retrieved)


@pytest.mark.parametrize(("question", "again"), [(NORTH, False), (BOTH, True)])
def test_by_default_only_questions_for_several_places_are_read_again(
    corpus: Corpus, question: str, again: bool
) -> None:
    reader = TinyReader()
    reader.deeper = asked = Asked()
    Answerer(corpus.store, reader).ask(question)
    assert bool(asked.count) is again


def test_a_deeper_reader_by_name_reads_each_question_again(corpus: Corpus) -> None:
    reader = TinyReader()
    reader.name = "deep"
    reader.deeper = asked = Asked()
    Answerer(corpus.store, reader).ask(NORTH)
    assert asked.count


def test_only_a_question_for_several_places_is_answered_surer_by_them(corpus: Corpus) -> None:
    reader = Judge()
    reader.name = "deep"
    asked, other = (Answerer(corpus.store, reader).ask(each) for each in (BOTH, "ships north south"))
    assert other.confidence < asked.confidence


class Likely(Judge):
    """Takes each passage with "quay" for the likely answer, and each passage with "wind" for no answer."""

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        logits = [
            -12.0 if "wind" in text else 4.2 if "quay" in text else -3.0
            for text in (" ".join(window.sentences) for window in windows)
        ]
        return [
            replace(each, answers=logit, score=logit + found)
            for each, logit, found in zip(
                super().read(question, windows, retrieved), logits, retrieved, strict=True
            )
        ]


def test_all_passages_that_were_found_are_read_for_several_places(library: Path, inbox: Path) -> None:
    near = [f"Ships at the quay as against the quay {number}." for number in range(6)]
    said = [NORTH, "South took 90."]
    with tiny_corpus(library) as corpus:
        corpus.index(*(write(inbox, f"{at}.txt", f"{text}\n") for at, text in enumerate((*near, *said))))
        answer = Answerer(corpus.store, Likely()).ask(BOTH)
    assert answer.read < len(near) + len(said)  # alone, none of the other passages is likelier to answer
    assert {quote.text for quote in answer.quotes} == set(said)


def test_a_sentence_of_a_passage_on_something_else_comes_last(library: Path, inbox: Path) -> None:
    said = [NORTH, SOUTH, "The north and south moles took 30 ships.", "The south quay took 8 ships."]
    wind = "Ships at the north pier and the south basin wait for wind."
    with tiny_corpus(library) as corpus:
        corpus.index(*(write(inbox, f"{at}.txt", f"{text}\n") for at, text in enumerate((wind, *said))))
        answer = Answerer(corpus.store, Likely()).ask(BOTH)
    assert {quote.text for quote in answer.quotes} == set(said)
