from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from qa import Corpus
from qa.asking.answer import Answerer
from qa.asking.combine import Reading, combined, readings, whole
from qa.asking.conversation import parse
from qa.quoting import render
from qa.quoting.claims.file import of_text
from qa.schema import Answer, AskOptions, Document, Quote, RankedPassage, Span
from qa.text.parts import parts
from qa.text.question import ParsedQuestion
from qa.web.cards import answer_card
from tests.qa.tiny import TinyReader, tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.schema import Outcome

OPENED = "The mayor opened the new harbour on Monday."
PAID = "A brewer paid for the lighthouse."
QUESTION = "Who opened the harbour, and who paid for the lighthouse?"
HALF = "Who opened the harbour, and who designed the bandstand of Bergen?"
DOCUMENT = Document("a", f"{OPENED} Rain fell. {PAID}")


def quote(words: str, emphasis: str = "", document: Document = DOCUMENT) -> Quote:
    start = document.text.index(words)
    at = document.text.index(emphasis, start)
    spans = (Span(at, at + len(emphasis)),) if emphasis else ()
    return Quote(document, start, start + len(words), emphasis=spans)


def answer(outcome: Outcome, confidence: float, *quotes: Quote, **fields: object) -> Answer:
    return Answer("?", "Read so?", outcome, confidence, 0.5, quotes=quotes, searched=1, **fields)


def together(*answers: Answer, question: str = QUESTION) -> Answer:
    return Answer(question, question, **combined(parts(ParsedQuestion(question)), answers))


def read(question: str, *history: str) -> list[Reading]:
    asked, earlier = parse(question, history)
    divided = parts(asked)
    return readings(divided, whole(asked, divided, earlier))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("harbour")
    written = [write(folder, "one.txt", f"{OPENED}\n"), write(folder, "two.txt", f"{PAID}\n")]
    with tiny_corpus(folder / "library") as opened:
        opened.index(*written, write(folder, "three.txt", "Rain fell on the hills all week.\n"))
        yield opened


@pytest.mark.parametrize(
    ("outcomes", "outcome"),
    [
        (("answered", "answered"), "answered"),
        (("answered", "weak"), "weak"),
        (("none", "answered"), "weak"),
        (("weak", "none"), "weak"),
        (("none", "none"), "none"),
    ],
)
def test_the_whole_is_answered_only_if_every_part_is(outcomes: tuple[Outcome, ...], outcome: Outcome) -> None:
    found = together(*(answer(each, 0.9 - at / 10) for at, each in enumerate(outcomes)))
    assert (found.outcome, found.confidence) == (outcome, 0.8)
    assert found.is_answered_in_part == ("answered" in outcomes and outcome == "weak")


def test_each_part_has_a_quote_whatever_the_others_have() -> None:
    many = [quote(words) for words in ("The mayor", "opened", "the new", "harbour on")]
    found = together(answer("answered", 0.9, *many), answer("answered", 0.8, quote(PAID)))
    assert [each.text for each in found.quotes] == ["The mayor", PAID, "opened"]
    assert [each.number for each in found.quotes] == [1, 2, 3]
    assert [part.quotes for part in found.parts] == [(0, 2), (1,)]


def test_a_sentence_that_answers_both_is_quoted_once_with_the_words_that_answer_either() -> None:
    longer = quote(f"{OPENED} Rain fell.", "Monday")
    found = together(answer("answered", 0.9, quote(OPENED, "The mayor")), answer("answered", 0.8, longer))
    assert [each.text for each in found.quotes] == [longer.text]
    assert [DOCUMENT.text[span.start : span.end] for span in found.quotes[0].emphasis] == [
        "The mayor",
        "Monday",
    ]
    assert [part.quotes for part in found.parts] == [(0,), (0,)]


def test_of_a_part_that_nothing_answers_no_quote_is_shown_and_that_is_said() -> None:
    found = together(
        answer("answered", 0.9, quote(OPENED)), answer("weak", 0.2, quote(PAID), notes=("Mind.",))
    )
    assert [each.text for each in found.quotes] == [OPENED]
    assert found.notes == ("Nothing on the second part: “who paid for the lighthouse”.", "Mind.")
    assert [part.quotes for part in found.parts] == [(0,), ()]


def test_a_part_whose_closest_sentence_answers_another_is_not_said_to_be_missing() -> None:
    found = together(answer("answered", 0.9, quote(OPENED)), answer("weak", 0.2, quote(OPENED), quote(PAID)))
    words = "who paid for the lighthouse"
    assert found.notes == (
        f"Not sure of the second part: “{words}”; its closest sentence is among the quotes.",
    )
    assert [part.quotes for part in found.parts] == [(0,), ()]


def test_passages_are_ranked_together_each_once() -> None:
    one, other, third = (RankedPassage("a", at, at + 5, float(at)) for at in (1, 2, 3))
    found = together(
        answer("answered", 0.9, passages=(other, one)),
        answer("answered", 0.9, passages=(third, replace(one, score=9.0))),
    )
    assert [(each.start, each.score) for each in found.passages] == [(1, 9.0), (3, 3.0), (2, 2.0)]


def test_a_part_that_does_not_say_what_it_is_about_is_read_with_the_words_of_the_other() -> None:
    def texts(question: str, *history: str) -> list[str]:
        return [each.meaning.question.text for each in read(question, *history)]

    assert texts("When was the Lajeado dam built, and why was it closed?") == [
        "When was the Lajeado dam built?",
        "Why was it closed? (Lajeado, dam, built)",
    ]
    assert texts("How many people died and how many were hurt in Rome?") == [
        "How many people died? (hurt, Rome)",
        "How many were hurt in Rome?",
    ]
    assert texts("Who were killed and how many were hurt in Rome?", "Who is Ida Moe?") == [
        "Who were killed? (hurt, Rome)",
        "How many were hurt in Rome?",
    ]
    assert texts("Who built the Lajeado dam, and who paid for it?", "Who is Ida Moe?") == [
        "Who built the Lajeado dam?",
        "Who paid for it? (built, Lajeado, dam)",
    ]
    assert texts("When did she resign, and why?", "Who is Ida Moe?") == [
        "When did she resign? (Ida, Moe)",
        "Why did she resign? (Ida, Moe)",
    ]
    assert texts("Which is older, the Lajeado dam or the Guddu barrage?") == [
        "How old is the Lajeado dam?",
        "How old is the Guddu barrage?",
    ]


def test_a_part_that_leans_on_another_is_answered_from_a_document_that_speaks_of_the_same() -> None:
    first, second = read("Who noticed the breach of the Lajeado dam, and how old was he?")
    about, other = (Document("a", "Kuhn saw the LAJEADO burst."), Document("b", "He was 20, said the dam."))
    assert [first.is_in(each) for each in (about, other)] == [True, True]
    assert [second.is_in(each) for each in (about, other)] == [True, False]
    _, second = read("Who opened the bridge, and who paid for it?")
    assert second.is_in(Document("c", "The bridge was paid for by a brewer."))
    assert not second.is_in(other)


def searched(question: str, history: list[str]) -> list[tuple[tuple[str, float], ...]]:
    return [each.meaning.variants for each in read(question, *history)]


@pytest.mark.parametrize(
    "question",
    [
        "Who built the Lajeado dam, and who paid for it?",
        "How many died and how many were hurt in Rome?",
        "Who noticed the breach of the Lajeado dam, and how old was he?",
        "When and where was the Lajeado dam opened?",
    ],
)
def test_a_question_in_parts_that_stands_alone_is_read_as_in_a_fresh_conversation(question: str) -> None:
    history = ["Who is Ida Moe?", "How old is she?", "What is sold in Orlava?"]
    assert searched(question, history) == searched(question, [])


def test_every_part_leans_on_what_the_whole_leans_on() -> None:
    history = ["What did Nordhavn stop?", "Why did it stop?", "Did they say when?", "And how?"]
    for each in searched("When did it fall, and who said so?", history):
        assert "Nordhavn" in each[0][0]
        assert "Nordhavn" in each[2][0]


def test_a_part_of_a_follow_up_is_answered_from_a_document_that_speaks_of_the_topic() -> None:
    about, other = (
        Document("a", "The oilseed federation has a head."),
        Document("b", "She is as old as me."),
    )
    for each in read("How old is she, and where did she work?", "Who leads the oilseed federation?"):
        assert (each.is_in(about), each.is_in(other)) == (True, False)


def test_each_part_prefers_the_time_that_it_names(tmp_path: Path) -> None:
    for year, towns in ((2008, ("Tain", "Wick", "Nairn")), (2012, ("Bergen", "Bodo", "Oslo"))):
        for town in towns:
            said = f"{town} {year}\n1 March {year}\n\nThe mayor of {town} closed the harbour there.\n"
            write(tmp_path, f"{town}-{year}.txt", said)
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path)
        answerer = Answerer(corpus.store, TinyReader())
        found = answerer.ask("Who closed the harbour in 2008, and who closed the harbour in 2012?")
        alike = answerer.ask("Who closed the harbour in 2008, and who opened the harbour in 2008?")
    assert [each.document.date.year for each in found.quotes[:2] if each.document.date] == [2008, 2012]
    assert found.notes == (
        "For the first part, prefers events in 2008.",
        "For the second part, prefers events in 2012.",
    )
    assert alike.notes == ()


def test_a_question_of_two_parts_is_answered_from_two_places(corpus: Corpus) -> None:
    found = Answerer(corpus.store, TinyReader()).ask(QUESTION)
    assert found.outcome == "answered"
    assert [each.text for each in found.quotes] == [OPENED, PAID]
    assert [part.words for part in found.parts] == ["Who opened the harbour", "who paid for the lighthouse"]
    assert found.more is None
    line = json.loads(render.to_json(found, corpus.document))
    assert line["parts"][0]["quotes"] == [1]
    assert 2 in line["parts"][1]["quotes"]


def test_half_an_answer_is_never_called_one(corpus: Corpus) -> None:
    found = Answerer(corpus.store, TinyReader()).ask(HALF)
    assert found.outcome == "weak"
    assert [each.text for each in found.quotes] == [OPENED]
    told = "Nothing on the second part: “who designed the bandstand of Bergen”."
    assert found.notes[0] == told
    text = render.to_text(found, corpus.document)
    assert "Only a part of the question is answered." in text
    assert "Parts: “Who opened the harbour” [1]; “who designed the bandstand of Bergen” not answered." in text
    assert [claim.text for claim in of_text(text) if not claim.maybe_title] == [OPENED]
    card = answer_card(found, corpus.document)
    assert "not-in-corpus weak in-part" in card
    assert "Only a part of the question is answered" in card
    assert "not an answer" not in card


def test_a_question_that_is_left_whole_has_no_parts(corpus: Corpus) -> None:
    found = Answerer(corpus.store, TinyReader()).ask("Who opened the harbour?")
    assert found.parts == ()
    assert found.to_dict()["parts"] == []


@pytest.mark.models
def test_the_reader_finds_both_ages_of_a_comparison(tmp_path: Path) -> None:
    write(tmp_path, "one.txt", "Ida Moe runs the mill at Tain. She is 64 and will retire in May.\n")
    write(tmp_path, "two.txt", "The youngest captain of the fleet is Per Dahl, 26, of Bergen.\n")
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "one.txt", tmp_path / "two.txt")
        found = corpus.ask("Who is older, Ida Moe or Per Dahl?")
    shown = " ".join(each.text for each in found.quotes)
    assert "26" in shown
    assert "64" in shown
    assert [part.interpreted_question for part in found.parts] == [
        "How old is Ida Moe?",
        "How old is Per Dahl?",
    ]


def test_that_all_is_not_shown_of_a_question_of_two_parts_is_said(corpus: Corpus) -> None:
    few, every = (
        Answerer(corpus.store, TinyReader()).ask(QUESTION, options=AskOptions(find_all=find_all))
        for find_all in (False, True)
    )
    assert every.more is None
    assert set(every.notes) - set(few.notes) == {
        (
            "Every sentence that answers is shown only for a question that asks for one thing: ask each "
            "part separately."
        )
    }
