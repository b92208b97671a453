from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from qa import Corpus
from qa.errors import DeadlineError
from qa.places import shipped_corpus
from qa.web.examples import examples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.models

ANY = ("Which documents do you have?", "What can you do?")
TOWNS = ("Leith", "Oban", "Ayr", "Wick", "Largs", "Troon")


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    with Corpus.open(tmp_path / "library") as opened:
        yield opened


def add(corpus: Corpus, folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    corpus.index(*(folder / name for name in texts))


def test_of_the_brief_that_ships_it_is_asked_and_each_example_is_answered(corpus: Corpus) -> None:
    corpus.index(shipped_corpus())
    asked = examples(corpus)
    assert "What was taken from the Kumsandong fertilizer factory?" in asked
    assert [corpus.ask(question).outcome for question in asked] == ["answered"] * 4


def test_sentences_of_the_documents_become_questions_that_they_answer(corpus: Corpus, tmp_path: Path) -> None:
    sentence = "At least 3{number} fishermen drowned in the gale off {town}, two of them boys."
    texts = {
        f"{town}.txt": f"The gale\n\n{1 + number} May 2019\n\n{sentence.format(number=number, town=town)}"
        for number, town in enumerate(TOWNS)
    }
    add(corpus, tmp_path, texts)
    asked = examples(corpus)
    assert len(asked) == 4
    for question in asked:
        (town,) = (town for town in TOWNS if town in question)
        assert question == f"How many fishermen drowned in the gale off {town}?"
        answer = corpus.ask(question)
        assert answer.outcome == "answered"
        assert answer.quotes[0].document.id == f"{town}.txt"


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        (
            "Harbour Master Ada Orr closed the northern dock to tankers, as the swell rose.",
            "Who closed the northern dock to tankers?",
        ),
        (
            "The Coast Guard has ordered two lifeboats from a yard in Oban.",
            "Who has ordered two lifeboats from a yard in Oban?",
        ),
        ("Ada Orr closed it to tankers on the third of June.", ""),  # it?
        ("The northern dock was closed to all tankers in June.", ""),  # its subject did nothing
        ("The ferries lost money in the cold winter of 2008.", ""),
    ],
)
def test_only_a_sentence_that_is_clear_by_itself_becomes_a_question(
    corpus: Corpus, tmp_path: Path, sentence: str, question: str
) -> None:
    add(corpus, tmp_path, {"a.txt": f"A note\n\n4 May 2019\n\nIt was a dark night. {sentence}"})
    assert examples(corpus) == ((question,) if question else ANY)


def test_a_question_that_is_not_answered_is_no_example(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(corpus, tmp_path, {"a.txt": "A note\n\n4 May 2019\n\nAda Orr closed the northern dock to tankers."})
    ask = corpus.ask
    assert ask("Who closed the northern dock to tankers?").outcome == "answered"
    weak = {"outcome": "weak"}
    monkeypatch.setattr(corpus, "ask", lambda question, **options: replace(ask(question, **options), **weak))
    assert examples(corpus) == ANY


def test_names_in_titles_are_asked_after_where_the_text_has_them_again(
    corpus: Corpus, tmp_path: Path
) -> None:
    texts = {
        "a.txt": "Ferry sinks off Port Leith\n\n4 May 2019\n\nThe ferry sank off Port Leith on Friday.",
        "b.md": "# The Loss Of The Corran\n\n5 May 2019\n\nThe Corran was lost.",
        "c.txt": "A note on Oban\n\n5 May 2019\n\nNothing is said of the town here.",
        "d.txt": "쌀값이 오른다\n\n2019-05-06\n\n쌀값이 오른다고 한다.",
    }
    add(corpus, tmp_path, texts)
    asked = examples(corpus)
    assert set(asked) < {
        f"Which documents mention {name}?" for name in ("Port Leith", "Corran", "쌀값이", "오른다")
    }
    assert len(asked) == 2


def test_of_nothing_it_is_asked_what_there_is(corpus: Corpus) -> None:
    assert examples(corpus) == ANY


def test_when_the_time_is_up_those_found_until_then_are_shown(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {
        f"{town}.txt": f"The gale\n\n31 May 2019\n\nTwo sailors drowned in the gale off {town}."
        for town in TOWNS
    }
    add(corpus, tmp_path, texts)
    in_time = iter([corpus.ask])

    def ask(question: str, **options: Any) -> Any:
        if found := next(in_time, None):
            return found(question, **options)
        raise DeadlineError("too late")

    monkeypatch.setattr(corpus, "ask", ask)
    assert len(examples(corpus)) == 1


def test_they_are_asked_again_only_once_the_library_has_changed(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = corpus.ask
    monkeypatch.setattr(
        corpus, "ask", lambda question, **options: asked.append(question) or ask(question, **options)
    )
    for name, place in (("a.txt", "Port Leith"), ("b.txt", "Corran")):
        add(corpus, tmp_path, {name: f"Ferry sinks off {place}\n\nIt sank off {place} on Friday."})
        tabs = [threading.Thread(target=examples, args=(corpus,)) for _ in range(3)]
        for tab in tabs:
            tab.start()
        for tab in tabs:
            tab.join()
        assert f"Which documents mention {place}?" in examples(corpus)
    assert len(asked) == 3
