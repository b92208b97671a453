"""What an English reader cannot judge: a question or passages in another language, in Latin script too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qa import Corpus
from qa.asking.answer import Answerer
from qa.asking.confidence import LOOSEST
from qa.quoting.render import no_answer
from qa.schema import AskOptions
from tests.qa.tiny import TinyReader, tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GERMAN = (
    "Die Schleuse bei Rosswald wurde im Herbst 1931 von der Gemeinde gebaut und später dem Kreis übergeben. "
    "Ihre Tore stammen aus einer Werft an der Küste, die es heute nicht mehr gibt."
)
ENGLISH = "The lock at Norden was built by the parish in the spring of 1940. Its gates came from abroad."
HARBOUR = (
    "Der Hafen von Velden wurde am 2. Mai wegen eines Sturms geschlossen. Dreißig Menschen wurden in die "
    "Schule gebracht. Die Fähre nach Rossau fährt erst wieder am Montag.\n"
)
FERRY = (
    "Fares on the Rossau ferry will rise by 12 % in June, the operator said. A new pier opens in autumn.\n"
)
NEAREST = ". These passages are nearest"


@pytest.fixture
def corpus(library: Path, inbox: Path) -> Iterator[Corpus]:
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "de.txt", f"{GERMAN}\n"), write(inbox, "en.txt", f"{ENGLISH}\n"))
        assert corpus.document("de.txt").language == "de"
        yield corpus


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wann wurde die Schleuse bei Rosswald gebaut?", "German"),  # whose very words answer it
        ("Wer bezahlte den Turm der Kirche?", "German"),
        ("Quand le pont de la ville a-t-il été fermé ?", "French"),
        ("로스발트의 갑문은 언제 지어졌는가?", "Korean"),
    ],
)
def test_a_question_in_another_language_gets_the_nearest_passages_and_no_verdict(
    corpus: Corpus, question: str, language: str
) -> None:
    found = Answerer(corpus.store, TinyReader()).ask(question, options=AskOptions(strictness=LOOSEST))
    assert no_answer(found) == f"The reader cannot judge {language}{NEAREST}"
    assert (found.outcome, found.calibrated, found.confidence) == ("weak", False, 0)
    assert found.quotes


def test_an_english_question_that_only_passages_in_another_language_come_near(corpus: Corpus) -> None:
    answerer = Answerer(corpus.store, TinyReader())
    found = answerer.ask("Rosswald Schleuse opening hours tariffs clerks names wages boats colour")
    assert no_answer(found) == f"The reader cannot judge German{NEAREST}"
    assert {quote.document.id for quote in found.quotes} == {"de.txt"}
    found = answerer.ask("Did the parish of Norden sell boats, bread, coal, tickets, timber or wool?")
    assert no_answer(found) == "No answer found in the 2 documents searched"
    assert answerer.ask("When was the lock at Norden built by the parish?").outcome == "answered"


@pytest.mark.models
def test_a_plain_english_question_whose_names_only_a_passage_in_another_language_has(
    library: Path, inbox: Path
) -> None:
    with Corpus.open(library) as corpus:
        corpus.index(write(inbox, "de.txt", HARBOUR), write(inbox, "en.txt", FERRY))
        found = corpus.ask("Why was the harbour of Velden closed?")
        assert no_answer(found) == f"The reader cannot judge German{NEAREST}"
        assert {quote.document.id for quote in found.quotes} == {"de.txt"}
        # One has none of its words, the others words or a figure that are no name.
        for question in ("Who won the World Cup?", "Why did the minister die?", "Who was ill on 2 days?"):
            assert no_answer(corpus.ask(question)) == "No answer found in the 2 documents searched", question


def test_an_answer_tells_how_strict_it_was_asked_to_be(corpus: Corpus) -> None:
    assert (
        Answerer(corpus.store, TinyReader())
        .ask("Who sold boats?", options=AskOptions(strictness=0.93))
        .strictness
        == 0.93
    )
