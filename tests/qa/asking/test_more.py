from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from qa import Corpus
from qa.asking import more
from qa.asking.answer import Answerer
from qa.asking.budget import ALL, most
from qa.asking.extract import Evidence
from qa.asking.retrieve import retrieve
from qa.quoting import render
from qa.quoting.cite import check
from qa.quoting.claims.file import of_text
from qa.schema import AskOptions, Document, More, Quote, Sentence
from tests.qa.asking.repairs import BRIDGES, PRICED, cost, note
from tests.qa.tiny import TinyReader, tiny_corpus, words, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.asking.retrieve import Retrieved
    from qa.schema import Answer

QUESTION = "What did the repair cost?"
TEXT = Document("a", "Lead rose. Zinc fell. Tin did nothing.")


def evidence(start: int, end: int, score: float, document: Document = TEXT) -> Evidence:
    return Evidence(document, Sentence(start, end, "body"), score)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    folder = tmp_path_factory.mktemp("repairs")
    with tiny_corpus(folder / "library") as opened:
        opened.index(*(write(folder, f"{bridge}.txt", note(at)) for at, bridge in enumerate(BRIDGES)))
        yield opened


@pytest.fixture(scope="module")
def every(corpus: Corpus) -> Answer:
    return Answerer(corpus.store, TinyReader()).ask(QUESTION, options=AskOptions(find_all=True))


OTHER = Document("b", "The lead rose. Zinc fell.")
ALIKE = [evidence(0, 14, 3.0, OTHER), evidence(0, 10, 2.0), evidence(11, 21, 1.0)]


def test_sentences_of_the_same_words_count_each_by_its_place() -> None:
    counted = more.count(ALIKE, [Quote(TEXT, 0, 10)], {}, read=2, at_least=True)
    assert counted == More(shown=1, sentences=3, documents=2, at_least=True, read=2)


def test_of_near_duplicates_the_sentence_counts_once_that_is_quoted() -> None:
    copies = {"a": {"b": 1.0}, "b": {"a": 1.0}}
    counted = more.count(ALIKE, [Quote(TEXT, 0, 10)], copies, read=2, at_least=False)
    assert counted == More(shown=1, sentences=2, documents=1, at_least=False, read=2)


def test_the_same_words_in_unlike_documents_count_the_same_whether_all_is_asked_for_or_not(
    tmp_path: Path,
) -> None:
    for at in range(3):
        write(tmp_path, f"{at}.txt", f"The repair cost 900 pounds.\n\n{words(at, 60)}")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(*(tmp_path / f"{at}.txt" for at in range(3)))
        few, every = (
            Answerer(corpus.store, TinyReader()).ask(QUESTION, options=AskOptions(find_all=find_all)).more
            for find_all in (False, True)
        )
    assert few
    assert every
    assert (few.sentences, few.documents) == (every.sentences, every.documents) == (3, 3)
    assert few.shown == every.shown


def test_an_answer_counts_what_answers_in_what_was_read_and_says_if_more_was_left(corpus: Corpus) -> None:
    answer = Answerer(corpus.store, TinyReader()).ask(QUESTION)
    assert answer.more
    assert answer.more.quotes is None
    assert answer.more.at_least
    assert answer.more.read == answer.read < len(BRIDGES)
    assert len(answer.quotes) == answer.more.shown < answer.more.sentences < PRICED


def test_all_that_answers_is_found_by_reading_on(corpus: Corpus, every: Answer) -> None:
    assert every.more
    assert every.more.read > most()
    assert not every.more.at_least
    assert (every.more.sentences, every.more.documents) == (PRICED, PRICED)
    assert {quote.text for quote in every.more.quotes or ()} == {cost(at) for at in range(PRICED)}


def test_what_an_answer_quotes_is_the_same_whether_all_is_asked_for_or_not(
    corpus: Corpus, every: Answer
) -> None:
    answer = Answerer(corpus.store, TinyReader()).ask(QUESTION)
    one, other = (json.loads(render.to_json(each, corpus.document)) for each in (answer, every))
    for line in (one, other):
        del line["milliseconds"], line["more"]
    assert one == other


def test_all_are_grouped_by_document_and_keep_the_numbers_that_they_have(every: Answer) -> None:
    assert every.more
    quotes = every.more.quotes or ()
    places = [quote.document.id for quote in quotes]
    assert places == list(dict.fromkeys(places))  # one each here
    assert {quote.number for quote in quotes} == set(range(1, PRICED + 1))
    numbers = {quote.document.id: quote.number for quote in quotes}
    assert all(numbers[quote.document.id] == quote.number for quote in every.quotes)


def test_of_quotes_that_are_joined_the_one_that_was_shown_keeps_its_number() -> None:
    shown = [Quote(TEXT, 0, 10, number=1), Quote(OTHER, 0, 14, number=2)]
    grouped = more.numbered_by_document([Quote(TEXT, 22, 38), Quote(OTHER, 0, 25), Quote(TEXT, 0, 21)], shown)
    assert [(quote.document.id, quote.start, quote.end, quote.number) for quote in grouped] == [
        ("a", 0, 21, 1),
        ("a", 22, 38, 3),
        ("b", 0, 25, 2),
    ]


def test_where_two_quotes_that_were_shown_are_joined_the_lower_number_is_kept() -> None:
    shown = [Quote(TEXT, 11, 21, number=1), Quote(TEXT, 0, 10, number=2)]
    (joined,) = more.numbered_by_document([Quote(TEXT, 0, 21)], shown)
    assert joined.number == 1


def test_quotes_of_one_document_stand_together_in_its_order() -> None:
    other = Document("b", "Lead rose again.")
    quotes = [Quote(TEXT, 11, 21), Quote(other, 0, 16), Quote(TEXT, 0, 10)]
    grouped = more.numbered_by_document(quotes, [Quote(other, 0, 16, number=1)])
    assert [(quote.document.id, quote.start, quote.number) for quote in grouped] == [
        ("b", 0, 1),
        ("a", 0, 2),
        ("a", 11, 3),
    ]


def test_near_duplicates_are_quoted_once(tmp_path: Path) -> None:
    text = note(0) + "\n" + " ".join(f"Its pier number {at} was seen by a diver." for at in range(12)) + "\n"
    write(tmp_path, "a.txt", text)
    write(tmp_path, "b.txt", text.replace("a diver", "one diver", 1))
    write(tmp_path, "c.txt", note(1))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(*(tmp_path / f"{name}.txt" for name in "abc"))
        found = Answerer(corpus.store, TinyReader()).ask(QUESTION, options=AskOptions(find_all=True)).more
    assert found
    assert (found.sentences, found.documents) == (2, 2)
    copies = {quote.document.id: [copy.document.id for copy in quote.copies] for quote in found.quotes or ()}
    assert copies == {"a.txt": ["b.txt"], "c.txt": []}


def test_of_more_documents_than_are_searched_all_that_answers_is_at_least_so_much(tmp_path: Path) -> None:
    records = [
        {"_id": f"{at}", "text": f"Pier {at} was shut. The repair cost {at} pounds. {words(at, 20)}"}
        for at in range(300)
    ]
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "piers.jsonl", "\n".join(map(json.dumps, records))))
        few, every = (
            Answerer(corpus.store, TinyReader()).ask(QUESTION, options=AskOptions(find_all=find_all)).more
            for find_all in (False, True)
        )
    assert few
    assert few.at_least
    assert every
    assert every.read == ALL
    assert every.sentences < len(records)
    assert every.at_least


def test_a_document_that_is_replaced_before_all_is_looked_for_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(3):
        write(tmp_path, f"{at}.txt", note(at))
    replaced = "At first nobody knew. The repair of the pier cost 11 pounds. A diver was paid.\n"

    def replace_then_retrieve(*arguments: object, **options: object) -> Retrieved:
        if "most" in options:
            for at in range(3):
                write(tmp_path, f"{at}.txt", f"{at} {replaced}")
            corpus.index(*(tmp_path / f"{at}.txt" for at in range(3)))
        return retrieve(*arguments, **options)

    monkeypatch.setattr("qa.asking.answer.retrieve", replace_then_retrieve)
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(*(tmp_path / f"{at}.txt" for at in range(3)))
        found = Answerer(corpus.store, TinyReader()).ask(QUESTION, options=AskOptions(find_all=True)).more
        assert found
        assert {quote.text for quote in found.quotes or ()} == {"The repair of the pier cost 11 pounds."}
        for quote in found.quotes or ():
            check(quote, corpus.document)


def test_what_is_only_near_is_numbered_after_all_that_answers(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.asking.extract.set_apart", lambda _, quotes: (quotes[:1], quotes[1:]))
    answer = Answerer(corpus.store, TinyReader()).ask(QUESTION, options=AskOptions(find_all=True))
    assert len(answer.shown) > 1
    numbers = [each.number for each in (*answer.shown, *answer.nearest)]
    assert answer.nearest
    assert numbers == list(range(1, len(numbers) + 1))


def test_what_is_not_answered_has_no_more(corpus: Corpus) -> None:
    answer = Answerer(corpus.store, TinyReader()).ask(
        "Who discovered penicillin?", options=AskOptions(find_all=True)
    )
    assert answer.outcome != "answered"
    assert answer.more is None


def test_reading_on_ends_after_the_seconds_that_it_may_take(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.asking.budget.SECONDS", 0.0)
    monkeypatch.setattr("qa.asking.budget.WAVE", 2)
    found = Answerer(corpus.store, TinyReader()).ask(QUESTION, options=AskOptions(find_all=True)).more
    assert found
    assert found.at_least
    assert found.read < len(BRIDGES)


def test_every_quote_is_checked_before_it_is_shown_and_verified_after(corpus: Corpus, every: Answer) -> None:
    text = render.to_text(every, corpus.document)
    assert f"{PRICED} sentences in {PRICED} documents answer, by document:" in text
    assert {claim.text for claim in of_text(text) if not claim.maybe_title} >= {
        cost(at) for at in range(PRICED)
    }
    line = json.loads(render.to_json(every, corpus.document))
    assert {quote["text"] for quote in line["more"]["quotes"]} == {cost(at) for at in range(PRICED)}


def test_which_documents_mention_something_the_full_text_knows(corpus: Corpus) -> None:
    answer = Answerer(corpus.store, TinyReader()).ask(
        "Which documents mention the local sandstone?", options=AskOptions(find_all=True)
    )
    assert answer.outcome == "answered"
    assert answer.more
    assert (answer.more.documents, answer.more.at_least) == (len(BRIDGES), True)
    assert len(answer.more.quotes or ()) == len(BRIDGES)


@pytest.mark.parametrize("question", ["Which documents mention it?", "Which reports mention a zeppelin?"])
def test_what_no_document_mentions_word_for_word_is_asked_as_any_question(
    corpus: Corpus, question: str
) -> None:
    answer = Answerer(corpus.store, TinyReader()).ask(question)
    assert answer.outcome != "answered"
    assert answer.signals is not None


@pytest.mark.models
def test_the_reader_finds_all_that_say_what_it_cost(tmp_path: Path) -> None:
    with Corpus.open(tmp_path / "library") as corpus:
        corpus.index(*(write(tmp_path, f"{bridge}.txt", note(at)) for at, bridge in enumerate(BRIDGES)))
        found = corpus.ask(QUESTION, find_all=True).more
    assert found
    texts = {quote.text for quote in found.quotes or ()}
    assert texts <= {cost(at) for at in range(PRICED)}
    assert len(texts) >= 0.8 * PRICED
