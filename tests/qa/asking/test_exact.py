from __future__ import annotations

import datetime as dt
import json
import time
from itertools import product
from typing import TYPE_CHECKING

import pytest

from qa.asking.answer import Answerer
from qa.asking.exact import foremost, search
from qa.deadline import Deadline
from qa.errors import DeadlineError
from qa.schema import DatePreference, Filters, More, Quote
from qa.storage.records import phrases
from qa.text.phrase import repeats_itself
from qa.text.question import ParsedQuestion
from tests.qa.tiny import TinyReader, tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.asking.exact import Exact
    from qa.corpus import Corpus

BRIEF = (
    "Guards were told to “come down hard” on traders. Nobody did so.\n\n"
    "The order to come\ndown  hard came in March.\n"
)
EVERYTHING = Filters()


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    write(tmp_path, "brief.txt", BRIEF)
    write(tmp_path, "other.txt", "Traders carried nickel. A COME DOWN HARD order was denied.\n")
    with tiny_corpus(tmp_path / "library") as opened:
        opened.index(tmp_path / "brief.txt", tmp_path / "other.txt")
        yield opened


def looked_up(corpus: Corpus, question: str, filters: Filters = EVERYTHING) -> Exact:
    return search(corpus.store, ParsedQuestion(question), corpus.store.select(filters))


def test_a_question_that_is_a_phrase_is_answered_by_every_sentence_that_holds_it(corpus: Corpus) -> None:
    given = looked_up(corpus, '"come down hard"')
    assert given.whole
    assert [quote.text for quote in given.quotes] == [
        "Guards were told to “come down hard” on traders.",
        "The order to come\ndown  hard came in March.",
        "A COME DOWN HARD order was denied.",
    ]
    assert [quote.number for quote in given.quotes] == [1, 2, 3]


def test_quotes_that_hold_the_phrase_come_first(corpus: Corpus) -> None:
    document = corpus.document("other.txt")
    at = document.text.index("A COME")
    quotes = [Quote(document, 0, at - 1, 2.0, 1), Quote(document, at, len(document.text) - 1, 1.0, 2)]
    ordered = foremost(ParsedQuestion('Who denied "come down hard"?'), quotes)
    assert [(quote.start, quote.number) for quote in ordered] == [(at, 1), (0, 2)]
    assert foremost(ParsedQuestion("Who denied the order?"), quotes) == tuple(quotes)
    assert foremost(ParsedQuestion('Who denied "something else"?'), quotes) == tuple(quotes)


def test_the_phrase_is_emphasised_as_it_stands_in_the_source(corpus: Corpus) -> None:
    emphasised = [
        quote.document.text[span.start : span.end]
        for quote in looked_up(corpus, '"come down hard"').quotes
        for span in quote.emphasis
    ]
    assert emphasised == ["come down hard", "come\ndown  hard", "COME DOWN HARD"]


def test_a_phrase_that_does_not_occur_is_no_answer_and_is_named(corpus: Corpus) -> None:
    given = looked_up(corpus, '"go down softly"')
    assert given.missing
    assert given.quotes == ()
    assert given.notes == ("The exact phrase “go down softly” does not occur.",)


def test_a_phrase_that_repeats_itself_is_found_as_it_is_written_and_else_that_is_said(
    corpus: Corpus, tmp_path: Path
) -> None:
    refrain = "row " * 30 + "ashore"
    corpus.index(write(tmp_path, "song.txt", f"They sang {refrain}.\n"))
    assert len(looked_up(corpus, f'"{refrain}"').quotes) == 1
    (note,) = looked_up(corpus, f'"{refrain.upper()}"').notes
    assert "does not occur as it is written. It repeats its words so often" in note
    (note,) = looked_up(corpus, '"row row row your boat"').notes
    assert note.endswith("“row row row your boat” does not occur.")


@pytest.mark.parametrize(
    ("phrase", "repeats"),
    [
        ("the " * 21, False),  # it begins anew twenty times
        ("the " * 22, True),
        ("The THE " * 11, True),
        ("- " * 30 + "a", True),
        ("a-" * 30, True),
        ("ab" * 400, False),  # no match begins within a word
        ("start " + "the " * 400, False),  # nor here, at any other place
        ("They met on 4 April 2008 in Hyesan. " * 20, False),
    ],
)
def test_a_phrase_repeats_itself_that_begins_anew_within_itself_very_often(
    phrase: str, repeats: bool
) -> None:
    assert repeats_itself(phrase) is repeats


def test_a_phrase_within_a_question_restricts_the_search_to_the_documents_that_hold_it(
    corpus: Corpus,
) -> None:
    found = looked_up(corpus, 'Who carried "nickel" to the border?')
    assert not found.whole
    assert found.selection.documents == 1


def test_a_missing_phrase_within_a_question_is_told_and_restricts_nothing(corpus: Corpus) -> None:
    found = looked_up(corpus, 'Who carried "zinc" to the border?')
    assert found.missing
    assert found.selection.documents == 2


def test_filters_hold_for_phrases_too(corpus: Corpus) -> None:
    given = looked_up(corpus, '"come down hard"', Filters(document=("other.txt",)))
    assert [quote.document.id for quote in given.quotes] == ["other.txt"]


def test_phrases_that_never_stand_in_one_document_are_not_found_together(corpus: Corpus) -> None:
    assert looked_up(corpus, '"nickel" "Guards"').notes == ("No document has all of the exact phrases.",)


def test_a_question_without_a_phrase_is_left_alone(corpus: Corpus) -> None:
    found = looked_up(corpus, "Who carried nickel?")
    assert not found.whole
    assert not found.missing
    assert found.selection.documents == 2


def test_a_sentence_in_page_furniture_is_never_quoted(tmp_path: Path) -> None:
    write(tmp_path, "page.txt", "Barges left port on Monday morning.\n\nShare\n\nComments are closed.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "page.txt")
        given = looked_up(corpus, '"Comments are closed"')
        assert given.quotes == ()
        assert given.notes == (
            "Found only in page furniture (menus, headers, footers), which is not quoted.",
        )
        # Nor as part of a quotation that runs over it.
        assert looked_up(corpus, '"Monday morning. Share"').quotes == ()


def test_what_was_replaced_while_a_phrase_was_looked_for_is_not_quoted_by_the_old_offsets(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = corpus.store.phrase

    def found_then_replaced(*arguments):
        places = found(*arguments)
        write(tmp_path, "brief.txt", "A new text.\n\n" + BRIEF)
        corpus.index(tmp_path / "brief.txt")
        return places

    monkeypatch.setattr(corpus.store, "phrase", found_then_replaced)
    given = looked_up(corpus, '"come down hard"')
    assert [quote.document.id for quote in given.quotes] == ["other.txt"]


@pytest.mark.parametrize("sentences", [10, 11, 120])
def test_of_many_sentences_ten_are_shown_and_all_are_counted(tmp_path: Path, sentences: int) -> None:
    write(tmp_path, "many.txt", " ".join(f"Barge number {n} left port." for n in range(sentences)) + "\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "many.txt")
        given = looked_up(corpus, '"left port"')
        assert len(given.quotes) == 10
        assert given.more == More(10, sentences, 1, at_least=False, read=len(given.passages))
        asked, everything = ParsedQuestion('"left port"'), corpus.store.select(EVERYTHING)
        every = search(corpus.store, asked, everything, find_all=True).more
        assert every
        assert [quote.text for quote in every.quotes or ()] == [
            f"Barge number {n} left port." for n in range(sentences)
        ]


def test_of_a_phrase_in_too_many_documents_to_read_is_said_how_many_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.storage.records.phrases.PHRASE_READ", 3)
    for number in range(8):
        write(tmp_path, f"{number}.txt", f"Barge {number} left port{'' if number else ' 7'}.\n")
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(*(tmp_path / f"{number}.txt" for number in range(8)))
        given = looked_up(corpus, '"left port"')
        assert [quote.document.id for quote in given.quotes] == ["0.txt", "1.txt", "2.txt"]
        told = "The words of “left port” are together in 8 documents, of which 3 were read."
        assert given.notes == (told,)
        within = looked_up(corpus, 'Which barge "left port" first?')
        assert within.selection.documents == 8
        assert within.notes == ("Searched only the documents that have the words of “left port” together.",)
        missing = looked_up(corpus, '"left; port"')
        assert missing.missing
        told = "The exact phrase “left; port” was not found in the 3 documents that were read, of 8 that hold"
        assert missing.notes == (f"{told} its words together.",)
        apart = looked_up(corpus, '"port left"')
        assert apart.notes[0].startswith("The exact phrase “port left” does not occur within a passage.")


def test_two_phrases_are_shown_document_by_document(corpus: Corpus) -> None:
    given = looked_up(corpus, '"traders" "down hard"')
    assert [(quote.document.id, quote.start) for quote in given.quotes] == sorted(
        (quote.document.id, quote.start) for quote in given.quotes
    )
    assert len(given.quotes) == 4


@pytest.mark.slow
def test_a_word_of_every_sentence_of_a_long_document_is_found_in_no_time(tmp_path: Path) -> None:
    write(tmp_path, "long.txt", "".join(f"The word stands in line {number}.\n" for number in range(5_000)))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "long.txt")
        selection = corpus.store.select()
        started = time.thread_time()
        found = search(corpus.store, ParsedQuestion("“word”"), selection)
        assert time.thread_time() - started < 3
    assert len(found.quotes) == 10
    assert found.passages


def test_of_many_phrases_the_first_are_looked_for_and_the_rest_is_told(corpus: Corpus) -> None:
    said = ("Guards", "were", "told", "to", "come", "down", "hard", "on", "traders", "Nobody")
    found = looked_up(corpus, " ".join(f'"{word}"' for word in (*said, "zinc", "lead")))
    assert found.notes[0] == "Only the first 10 of 12 exact phrases were searched."
    assert {quote.document.id for quote in found.quotes} == {"brief.txt"}
    assert not found.missing


def test_the_places_of_a_phrase_are_bounded_and_every_document_keeps_one(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phrases, "PHRASE_PLACES", 1)
    found = corpus.store.phrase("come down hard", corpus.store.select(EVERYTHING))
    assert [place.document_id for place in found.places] == ["brief.txt", "other.txt"]
    assert found.has_more_places
    assert found.documents == ("brief.txt", "other.txt")


def test_the_bound_on_places_is_of_all_documents_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phrases, "PHRASE_PLACES", 3)
    for name, times in (("a.txt", 2), ("b.txt", 3)):
        write(tmp_path, name, f"Report {name}\n\n" + "The pilot saved the ship in the strait. " * times)
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "a.txt", tmp_path / "b.txt")
        found = corpus.store.phrase("the pilot", corpus.store.select(EVERYTHING))
    assert [place.document_id for place in found.places] == ["a.txt", "a.txt", "b.txt"]
    assert found.has_more_places


def test_what_is_not_shown_of_too_many_places_is_told_as_the_least(tmp_path: Path) -> None:
    sentence = "The pilot saved the ship in the strait. "
    write(tmp_path, "many.txt", sentence * (phrases.PHRASE_PLACES + 10))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "many.txt")
        more = looked_up(corpus, '"the pilot"').more
        assert more
        assert (more.sentences, more.at_least) == (1_000, True)


@pytest.mark.parametrize("question", ['"come down hard"', 'Who carried "nickel" to the border?'])
def test_phrases_are_looked_for_until_the_deadline(corpus: Corpus, question: str) -> None:
    with pytest.raises(DeadlineError):
        search(corpus.store, ParsedQuestion(question), corpus.store.select(EVERYTHING), deadline=Deadline(0))


@pytest.mark.slow
def test_many_phrases_of_common_words_take_no_long_time(tmp_path: Path) -> None:
    write(tmp_path, "many.txt", "The pilot saved the ship in the strait. " * 9_000)
    typed = [
        "".join(letters)
        for word in ("the", "ship", "pilot")
        for letters in product(*zip(word, word.upper(), strict=True))
    ]
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(tmp_path / "many.txt")
        for question in (" ".join(f'"{word}"' for word in typed), '"the pilot saved the ship" ' * 70):
            began = time.thread_time()
            assert looked_up(corpus, question).quotes
            assert time.thread_time() - began < 2


def test_of_the_sentences_that_hold_a_phrase_those_come_first_that_fit_the_time_asked_for(
    tmp_path: Path,
) -> None:
    records = [
        {"_id": f"{year}", "text": f"In {year} the works made nickel.", "date": f"{year}-05-01"}
        for year in range(2001, 2005)
    ]
    preference = DatePreference("event", dt.date(2003, 1, 1), dt.date(2003, 12, 31))
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "r.jsonl", "\n".join(map(json.dumps, records))))
        found = search(corpus.store, ParsedQuestion('"made nickel"'), corpus.store.select(), preference)
    assert [quote.document.id for quote in found.quotes] == ["2003", "2001", "2002", "2004"]
    assert [quote.number for quote in found.quotes] == [1, 2, 3, 4]


@pytest.fixture
def spelt(tmp_path: Path) -> Iterator[Corpus]:
    write(tmp_path, "a.txt", "The lorries stood in Kapsan all winter.\n")
    write(tmp_path, "b.txt", "A smuggler was held in Kabsan.\n")
    write(tmp_path, "c.txt", "Nothing was heard of the others.\n")
    with tiny_corpus(tmp_path / "library") as opened:
        opened.index(*(tmp_path / f"{name}.txt" for name in "abc"))
        yield opened


def test_which_documents_mention_a_name_in_any_of_its_spellings(spelt: Corpus) -> None:
    given = looked_up(spelt, "Which documents mention Kapsan?")
    assert [quote.document.id for quote in given.quotes] == ["a.txt", "b.txt"]
    assert "Matched “Kabsan” for “Kapsan”." in given.notes


def test_what_documents_mention_is_searched_word_for_word_which_is_said_and_not_called_certain(
    spelt: Corpus,
) -> None:
    given = looked_up(spelt, "Which documents mention a smuggler?")
    assert not given.is_certain
    assert given.notes == (
        "Searched word for word for “smuggler”: other forms of its words were not searched.",
    )
    assert given.more
    assert given.more.at_least
    answer = Answerer(spelt.store, TinyReader()).ask("Which documents mention a smuggler?")
    assert (answer.outcome, answer.calibrated) == ("answered", False)
    assert looked_up(spelt, "“smuggler”").is_certain


@pytest.mark.parametrize(
    "words",
    [
        "that lorry",
        "this winter",
        "such a smuggler",
        "their lorries",
        "his lorries",
        "it",
        "the others",
        "the same lorry",
    ],
)
def test_what_only_the_conversation_tells_is_not_looked_for_word_for_word(spelt: Corpus, words: str) -> None:
    spelt.index(write(spelt.store.folder.parent, "d.txt", f"They spoke of {words} again.\n"))
    assert not looked_up(spelt, f"Which documents mention {words}?").whole


def test_a_question_that_leans_on_the_one_before_is_not_looked_for_word_for_word(spelt: Corpus) -> None:
    spelt.index(write(spelt.store.folder.parent, "d.txt", "They stood in Kapsan too.\n"))
    assert not looked_up(spelt, "Which documents mention Kapsan too?").whole


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Corpus]:
    """Documents in which a phrase stands eight times, once of them in two copies; five are quoted at most."""
    monkeypatch.setattr("qa.asking.exact.ALL", 5)
    monkeypatch.setattr("qa.asking.exact.FOLDED", 5)
    story = " ".join(f"Its pier number {at} was seen by a diver." for at in range(12))
    for name, ending in (("a", ""), ("z", " So they said.")):
        write(tmp_path, f"{name}.txt", f"The harbour left port behind. {story}{ending}\n")
    lines = " ".join(f"Barge number {at} left port." for at in range(7))
    write(tmp_path, "b.txt", f"{lines}\n")
    with tiny_corpus(tmp_path / "library") as opened:
        opened.index(*(tmp_path / f"{name}.txt" for name in "abz"))
        yield opened


def test_where_not_all_that_holds_a_phrase_is_quoted_that_is_said(many: Corpus) -> None:
    given = search(many.store, ParsedQuestion("“left port”"), many.store.select(), find_all=True)
    assert given.more
    assert len(given.more.quotes or ()) == 5
    assert given.notes == ("The first 5 of 8 sentences are quoted.",)


@pytest.mark.parametrize("find_all", [True, False])
def test_near_duplicates_beyond_those_that_are_quoted_count_once(many: Corpus, *, find_all: bool) -> None:
    more = search(many.store, ParsedQuestion("“left port”"), many.store.select(), find_all=find_all).more
    assert more
    assert (more.sentences, more.documents) == (8, 2)


def test_where_a_phrase_is_missing_what_differs_by_one_word_is_shown_as_no_answer(corpus: Corpus) -> None:
    answer = Answerer(corpus.store, TinyReader()).ask("“told to come down soft on traders”")
    assert answer.outcome == "weak"
    assert [quote.text for quote in answer.quotes] == ["Guards were told to “come down hard” on traders."]
    [span] = answer.quotes[0].emphasis
    assert BRIEF[span.start : span.end] == "told to “come down hard” on traders"
    assert answer.notes == ("The exact phrase “told to come down soft on traders” does not occur.",)
    assert not looked_up(corpus, "“quite another phrase”").quotes
