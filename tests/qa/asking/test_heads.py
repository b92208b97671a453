from __future__ import annotations

import datetime as dt
from dataclasses import replace
from html import unescape
from typing import TYPE_CHECKING

import pytest

from qa.asking.answer import Answerer
from qa.asking.conversation import interpret
from qa.asking.heads import facts, with_heads
from qa.asking.retrieve import prepare, retrieve
from qa.quoting.render import fact_in_words, to_text
from qa.schema import EVERYTHING, Document, Fact, Found, answer_to_dict
from qa.text.question import ParsedQuestion
from qa.web.cards import answer_card
from tests.qa.tiny import TinyReader, tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa import Corpus

RAIN = "The pier of Velmar was closed by rain, and men waited for the ferry there all day.\n\n" * 40
LETTER = f"Letter to the harbour board\nVelmar, 3 May 2007\n\n{RAIN}Signed: Ida Norr\n"
REPORT = f"Report on the harbour\n\n{RAIN}"
WHO = ParsedQuestion("Who wrote the letter on the pier of Velmar?")
MAIL = Document(
    "mail",
    "The pier of Velmar will be closed in May.",
    title="Pier of Velmar",
    author="Ida Norr",
    date=dt.date(2007, 5, 3),
    format="email",
    found=(
        Found("author", "the e-mail's header", "stated"),
        Found("date", "the name of the file", "guessed"),
    ),
)
ASKED = ParsedQuestion("Who wrote the e-mail on the pier of Velmar?")
DATED = ParsedQuestion("When was the e-mail on the pier of Velmar sent?")
DATED_MAIL = replace(MAIL, found=(Found("date", "the e-mail's header", "stated"),))
FACT = Fact("author", "Ida Norr", "mail", "Pier of Velmar", "the e-mail's header")


@pytest.fixture
def corpus(library: Path, inbox: Path) -> Iterator[Corpus]:
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "report.txt", REPORT), write(inbox, "letter.txt", LETTER))
        yield corpus


def test_heads_and_ends_of_the_kind_of_document_asked_for_are_read_first(corpus: Corpus) -> None:
    search = prepare(corpus.store, interpret(WHO))
    found = retrieve(corpus.store, search, corpus.store.select(EVERYTHING))
    read = with_heads(search, found).to_read
    letter = found.opened["letter.txt"][1]
    # The letter's first lines are no statement; it is signed at its end.
    assert read[0][0].key == letter[-1].key
    assert found.to_read[0][0].key != letter[-1].key
    keys = [passage.key for passage, _ in read]
    assert len(set(keys)) == len(keys)
    assert set(keys) >= {passage.key for passage, _ in found.to_read}


def test_other_questions_are_read_as_they_were_found(corpus: Corpus) -> None:
    search = prepare(corpus.store, interpret(ParsedQuestion("What closed the pier of Velmar?")))
    found = retrieve(corpus.store, search, corpus.store.select(EVERYTHING))
    assert with_heads(search, found) is found


def test_a_fact_that_no_sentence_says() -> None:
    assert facts(ASKED, [MAIL]) == (FACT,)
    assert facts(DATED, [DATED_MAIL])[0].value == "2007-05-03"
    assert facts(ParsedQuestion("Who sent the e-mail on the pier of Velmar?"), [MAIL]) == (FACT,)


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("Who closed the pier of Velmar?", MAIL),
        ("Who wrote about the pier of Velmar?", MAIL),  # of which document?
        ("Who wrote the e-mail on the canal of Lorring?", MAIL),
        ("When is the e-mail on the pier of Velmar dated?", MAIL),  # guessed from the name of the file
        ("Which number has the e-mail on the pier of Velmar?", MAIL),
        ("Who wrote the e-mail of 4 May 2007 on the pier of Velmar?", MAIL),  # this one is of 3 May
        ("Who wrote the letter on the pier of Velmar?", MAIL),  # which is none
        (ASKED.text, replace(MAIL, text=f"{MAIL.text} IDA NORR")),  # which can be quoted
        (DATED.text, replace(DATED_MAIL, text=f"{MAIL.text} Velmar, 3 May 2007")),
    ],
)
def test_no_fact(question: str, document: Document) -> None:
    assert facts(ParsedQuestion(question), [document]) == ()


def test_no_fact_where_two_documents_may_be_meant() -> None:
    other = replace(MAIL, id="other", author="Bo Lund")
    assert facts(ASKED, [MAIL, other]) == ()
    nearer = replace(other, title="The pier of Velmar, wrote the mayor")
    both = ParsedQuestion(f"{ASKED.text[:-1]} and its mayor?")
    assert [fact.value for fact in facts(both, [MAIL, nearer])] == ["Bo Lund"]


def test_a_question_of_two_parts_keeps_the_fact(library: Path, inbox: Path) -> None:
    with tiny_corpus(library) as corpus:
        head = "From: Ida Norr <ida@example.org>\nSubject: The pier of Velmar\n"
        corpus.index(write(inbox, "pier.eml", f"{head}\nThe pier is closed.\n"))
        question = "Who sent the e-mail on the pier of Velmar, and who painted the bandstand of Bergen?"
        answer = Answerer(corpus.store, TinyReader()).ask(question)
        assert len(answer.parts) == 2
        [fact] = answer.facts
        assert fact_in_words(fact) in to_text(answer, corpus.document)


def test_an_answer_says_a_fact_and_quotes_nothing_for_it(library: Path, inbox: Path) -> None:
    with tiny_corpus(library) as corpus:
        head = "From: Ida Norr <ida@example.org>\nSubject: The pier of Velmar\n"
        corpus.index(write(inbox, "pier.eml", f"{head}\nThe pier is closed.\n"))
        answer = Answerer(corpus.store, TinyReader()).ask("Who sent the e-mail on the pier of Velmar?")
        card = answer_card(answer, corpus.document)
    [fact] = answer.facts
    assert (answer.outcome, fact.field) == ("weak", "author")
    assert "Ida Norr" in fact.value
    assert fact.value in fact_in_words(fact)
    assert fact_in_words(fact) in unescape(card)
    assert answer_to_dict(answer)["facts"][0]["value"] == fact.value
    assert not any("Ida" in quote.text for quote in answer.quotes)


def test_a_date_is_said_in_words() -> None:
    fact = Fact("date", "2007-05-03", "mail", "", "the e-mail's header")
    assert fact_in_words(fact) == "By the e-mail's header, the date of “mail” is 3 May 2007."


DREDGING = (
    "Lorring Institute\nNo. 14, 3 May 2007\nBy Ida Norr\n\n"
    "The dredging of Lorring began in May, and the mud went to the dyke of Velmar.\n\n"
    "Nobody had asked the fishermen about it.\n"
)
FERRIES = "Lorring Institute\nNo. 15, 4 June 2007\nBy Bo Lund\n\nThe ferries of Lorring were sold in June.\n"


@pytest.fixture
def bulletins(library: Path, inbox: Path) -> Iterator[Answerer]:
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "dredging.txt", DREDGING), write(inbox, "ferries.txt", FERRIES))
        yield Answerer(corpus.store, TinyReader())


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("Who wrote the bulletin on mud that nobody wants?", "By Ida Norr"),
        ("Which number has the bulletin on the ferries that were sold?", "No. 15, 4 June 2007"),
        ("When was the bulletin on the mud of the dyke published?", "No. 14, 3 May 2007"),
    ],
)
def test_the_line_that_names_what_is_asked_is_quoted(bulletins: Answerer, question: str, line: str) -> None:
    assert line in [quote.text for quote in bulletins.ask(question).quotes]


def test_a_recognised_line_comes_before_an_unrecognised_line_of_the_head(library: Path, inbox: Path) -> None:
    head = "Lorring Institute\nMud on the Dyke of Velmar\n(second printing, grey)\nBy Ida Norr\n6 May 2007"
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "dyke.txt", f"{head}\n\nThe mud went to the dyke.\n"))
        answer = Answerer(corpus.store, TinyReader()).ask("Who wrote the bulletin on mud and the dyke?")
    assert answer.quotes[0].text == "By Ida Norr"


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("Who wrote the bulletin on mud that nobody wants?", "Ida Norr"),
        ("Which number has the bulletin on the ferries that were sold?", "15"),
    ],
)
def test_the_value_in_the_line_is_emphasised(bulletins: Answerer, question: str, value: str) -> None:
    quotes = bulletins.ask(question).quotes
    assert value in [
        quote.document.text[span.start : span.end] for quote in quotes for span in quote.emphasis
    ]


def test_lines_of_another_document_are_no_surer(bulletins: Answerer) -> None:
    answer = bulletins.ask("Who wrote the bulletin on mud that nobody wants?")
    assert not any("Bo Lund" in quote.text for quote in answer.quotes)


def test_what_surely_answers_is_quoted_alone(bulletins: Answerer) -> None:
    [quote] = bulletins.ask("Who wrote that the dredging of Lorring began?").quotes
    assert quote.text.startswith("The dredging")


def test_another_name_in_the_text_is_not_who_wrote_it(library: Path, inbox: Path) -> None:
    head = "Lorring Institute\nNo. 16, 5 July 2007\nBy Ida Norr\n"
    report = f"{head}\nKarl Sund wrote the report on the sale of ferries.\n"
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "sale.txt", report))
        answer = Answerer(corpus.store, TinyReader()).ask("Who wrote the report on the sale of ferries?")
    assert answer.quotes[0].text == "By Ida Norr"
