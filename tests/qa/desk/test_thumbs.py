"""What thumbs mean, how they are kept, and the test queries made of them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from qa.asking.conversation import interpret, parse
from qa.cli import cli
from qa.desk.kept import kept_turn
from qa.errors import InputError, UnknownAnswerError
from qa.evaluation.suite import load
from qa.evaluation.thumbs import save, shown_answer, thumbs_on, to_file, to_queries
from qa.schema import (
    EVERYTHING,
    Answer,
    Asked,
    Document,
    Filters,
    More,
    Quote,
    QuoteReference,
    Reply,
    ShownAnswer,
    Turn,
    sha256_text,
)
from qa.web.engine import Engine
from qa.web.shown import remember, to_remember
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from qa.corpus import Corpus
    from qa.schema import Outcome, Thumb

TEXT = (
    'Wells ran dry in May.\r\nThe "old" harbour, it is said, closed.  It cost =1+1 $x$ “crowns”;\tand more.\n'
)
DRY = (0, 21)
HARBOUR = (23, 61)
COST = (63, len(TEXT) - 1)
OTHER = "Rivers rose in June.\n"
QUESTION = "What ran dry?"
TIME = dt.datetime(2026, 11, 27, 9, 30, tzinfo=dt.UTC)


def place(span: tuple[int, int], document: str = "a.txt", text: str = TEXT) -> QuoteReference:
    return QuoteReference(document, sha256_text(text), *span)


def shown(outcome: Outcome = "answered", question: str = QUESTION, *history: str) -> ShownAnswer:
    quotes = () if outcome == "none" else (place(DRY), place(HARBOUR))
    return ShownAnswer(question, history, question, outcome, quotes)


@pytest.fixture
def corpus(open_corpus: Callable[..., Corpus], tmp_path: Path) -> Iterator[Corpus]:
    with open_corpus() as opened:
        opened.index(write(tmp_path, "a.txt", TEXT))
        yield opened


def only(corpus: Corpus) -> dict[str, object]:
    (query,) = to_queries(corpus.desk, corpus.store)
    return query


def text(span: tuple[int, int]) -> str:
    return TEXT[slice(*span)]


@pytest.mark.parametrize(
    ("outcome", "on_answer", "on_quotes", "expected", "rejected", "answerable"),
    [
        ("answered", None, {DRY: "up"}, [DRY], [], True),
        ("answered", None, {DRY: "down"}, [], [DRY], None),
        ("answered", None, {DRY: "up", HARBOUR: "down"}, [DRY], [HARBOUR], True),
        ("answered", "up", {}, [], [], True),
        ("answered", "up", {HARBOUR: "up"}, [HARBOUR], [], True),
        ("answered", "up", {HARBOUR: "down"}, [], [HARBOUR], True),
        ("answered", "up", {DRY: "down", HARBOUR: "down"}, [], [DRY, HARBOUR], None),
        ("answered", "down", {}, [], [], None),
        ("answered", "down", {DRY: "up"}, [DRY], [], True),
        ("answered", "down", {DRY: "down"}, [], [DRY], None),
        ("weak", "up", {}, [], [], False),
        ("weak", "up", {HARBOUR: "up"}, [HARBOUR], [], True),
        ("weak", "up", {HARBOUR: "down"}, [], [HARBOUR], False),
        ("weak", "down", {}, [], [], None),
        ("weak", None, {DRY: "up"}, [DRY], [], True),
        ("none", "up", {}, [], [], False),
        ("none", "down", {}, [], [], None),
    ],
)
def test_thumbs_say_what_was_expected(
    corpus: Corpus,
    outcome: Outcome,
    on_answer: Thumb | None,
    on_quotes: dict[tuple[int, int], Thumb],
    expected: list[tuple[int, int]],
    rejected: list[tuple[int, int]],
    answerable: bool | None,
) -> None:
    answer = shown(outcome)
    if on_answer:
        corpus.desk.put_thumb(answer, None, on_answer)
    for span, thumb in on_quotes.items():
        corpus.desk.put_thumb(answer, place(span), thumb)
    query = only(corpus)
    assert query["question"] == QUESTION
    assert query["quotes"] == [text(span) for span in expected]
    assert query.get("rejected", []) == [text(span) for span in rejected]
    assert query["answerable"] is answerable
    assert query.get("document", "") == ("a.txt" if expected else "")
    to_fill_in = bool(on_answer) and answerable is None
    assert any("add the expected quotes" in note for note in query.get("notes", [])) == to_fill_in
    unmarked = answerable is True and not expected
    assert any("none of its quotes" in note for note in query.get("notes", [])) == unmarked


@pytest.mark.own_file
def test_the_thumbs_of_one_query_are_looked_up_not_searched_for(corpus: Corpus) -> None:
    statements: list[str] = []
    corpus.desk.put_thumb(shown(), None, "up")
    with corpus.desk._tables.reading() as db:
        db.set_trace_callback(statements.append)
    corpus.desk.thumbs(shown("none"))
    (select,) = [statement for statement in statements if "FROM thumbs" in statement]
    with corpus.desk._tables.reading() as db:
        step, *_ = db.execute(f"EXPLAIN QUERY PLAN {select}").fetchall()
    assert step[-1] == "SEARCH thumbs USING INDEX sqlite_autoindex_thumbs_1 (query=? AND answer=?)"


def test_a_thumb_takes_the_place_of_the_other_and_can_be_taken_back(corpus: Corpus) -> None:
    answer = shown()
    for thumb in ("up", "down"):
        corpus.desk.put_thumb(answer, place(DRY), thumb)
        corpus.desk.put_thumb(answer, None, thumb)
        assert thumbs_on(corpus.desk.thumbs(answer)) == {
            "answer": thumb,
            "quotes": {place(DRY).citation_id: thumb},
        }
    corpus.desk.put_thumb(answer, place(DRY), None)
    corpus.desk.put_thumb(answer, None, None)
    assert corpus.desk.thumbs() == ()
    assert to_queries(corpus.desk, corpus.store) == []


WIRES = Filters(collection="Wires", since=dt.date(2008, 4, 4), document=("a.txt", "b.txt"))
OTHERWISE = {
    "another question": {"question": "What ran wet?"},
    "after other questions": {"history": ("Where?",)},
    "under filters": {"filters": WIRES},
    "more strictly": {"strictness": 0.95},
    "with another outcome": {"outcome": "weak"},
    "with other quotes": {"quotes": (place(DRY),)},
}


@pytest.mark.parametrize("changes", OTHERWISE.values(), ids=OTHERWISE)
def test_a_thumb_is_on_the_answer_that_was_judged_and_on_no_other(
    corpus: Corpus, changes: dict[str, Any]
) -> None:
    answer = replace(shown(), strictness=0.8)
    other = replace(answer, **changes)
    corpus.desk.put_thumb(answer, None, "up")
    corpus.desk.put_thumb(answer, place(DRY), "up")
    assert corpus.desk.thumbs(other) == ()
    corpus.desk.put_thumb(other, None, "down")
    assert thumbs_on(corpus.desk.thumbs(other)) == {"answer": "down", "quotes": {}}
    corpus.desk.put_thumb(other, None, None)
    assert thumbs_on(corpus.desk.thumbs(answer)) == {
        "answer": "up",
        "quotes": {place(DRY).citation_id: "up"},
    }


def test_the_same_answer_with_all_its_quotes_has_the_same_thumbs(corpus: Corpus) -> None:
    every = shown_answer(
        an_answer(
            more=More(2, 3, 1, False, 3, tuple(Quote(DOCUMENT, *span) for span in (DRY, HARBOUR, COST)))
        )
    )
    assert every.all_quotes == (place(COST),)
    corpus.desk.put_thumb(every, place(COST), "up")
    assert thumbs_on(corpus.desk.thumbs(shown_answer(an_answer())))["quotes"] == {
        place(COST).citation_id: "up"
    }


def test_silence_under_filters_is_a_test_query_with_these_filters(corpus: Corpus, tmp_path: Path) -> None:
    corpus.desk.put_thumb(replace(shown("none"), filters=WIRES), None, "up")
    corpus.desk.put_thumb(shown("answered"), None, "up")
    assert corpus.desk.count_thumbs() == (2, 2)
    queries = to_queries(corpus.desk, corpus.store)
    assert {(query["answerable"], "filters" in query) for query in queries} == {(True, False), (False, True)}
    (filters,) = (query["filters"] for query in queries if "filters" in query)
    assert filters == {"since": "2008-04-04", "document": ["a.txt", "b.txt"], "collection": "Wires"}
    assert len({query["id"] for query in queries}) == 2
    for name in ("queries.jsonl", "queries.csv"):
        save(queries, tmp_path / name)
        read = {query.answerable: query.filters for query in load(tmp_path / name).queries}
        assert read == {True: Filters(), False: WIRES}


def test_of_two_thumbs_that_contradict_each_other_the_last_counts(corpus: Corpus) -> None:
    corpus.desk.put_thumb(shown("none"), None, "up")
    corpus.desk.put_thumb(shown("answered"), None, "up")
    assert only(corpus)["answerable"] is True
    corpus.desk.put_thumb(shown("none"), None, "up")
    assert only(corpus)["answerable"] is False


def test_a_quote_of_a_changed_document_has_no_text_but_a_note(corpus: Corpus, tmp_path: Path) -> None:
    for span in (DRY, HARBOUR):
        corpus.desk.put_thumb(shown(), place(span), "up")
    corpus.index(write(tmp_path, "a.txt", TEXT.replace("dry", "wet")))
    query = only(corpus)
    assert (query["quotes"], query["answerable"]) == ([], None)
    assert query["notes"] == [
        f"a quote of 'a.txt' ({start}-{end}) is left out: the document has changed since"
        for start, end in (DRY, HARBOUR)
    ]


def test_a_quote_of_a_document_that_is_gone_has_no_text_but_a_note(corpus: Corpus) -> None:
    corpus.desk.put_thumb(shown(), place(DRY), "down")
    corpus.remove(["a.txt"])
    query = only(corpus)
    assert "rejected" not in query
    assert query["notes"] == [
        "a quote of 'a.txt' (0-21) is left out: the document is no longer in the library"
    ]


def test_what_is_left_of_the_expected_quotes_still_counts(corpus: Corpus, tmp_path: Path) -> None:
    other = "Rain fell in June.\n"
    corpus.index(write(tmp_path, "b.txt", other))
    answer = replace(shown(), quotes=(place(DRY), place((0, 18), "b.txt", other)))
    for quote in answer.quotes:
        corpus.desk.put_thumb(answer, quote, "up")
    assert "document" not in only(corpus)
    corpus.remove(["b.txt"])
    query = only(corpus)
    assert (query["quotes"], query["answerable"], query["document"]) == ([text(DRY)], True, "a.txt")
    assert len(query["notes"]) == 1


def test_a_quote_is_found_again_under_another_id_of_its_document(corpus: Corpus, tmp_path: Path) -> None:
    corpus.desk.put_thumb(shown(), place(DRY), "up")
    corpus.remove(["a.txt"], withdrawn=False)
    corpus.index(write(tmp_path, "moved.txt", TEXT))
    query = only(corpus)
    assert (query["quotes"], query["document"]) == ([text(DRY)], "moved.txt")


def test_a_follow_up_carries_its_conversation_and_how_it_was_read(corpus: Corpus) -> None:
    answer = replace(shown("answered", "And when?", QUESTION), interpreted_question="And when? (wells, dry)")
    corpus.desk.put_thumb(answer, None, "up")
    corpus.desk.put_thumb(shown("answered", "And when?"), None, "down")
    alone, following = to_queries(corpus.desk, corpus.store)
    assert ("history" in alone, "interpreted_question" in alone) == (False, False)
    assert (following["history"], following["interpreted_question"]) == ([QUESTION], "And when? (wells, dry)")
    assert alone["id"] != following["id"]


def test_the_same_thumbs_make_the_same_file_in_whatever_order_they_were_pressed(tmp_path: Path) -> None:
    presses = [
        (shown("answered", "What?"), place(DRY), "up"),
        (shown("answered", "What?"), place(HARBOUR), "up"),
        (shown("none", "Who?", "What?"), None, "up"),
        (shown("none", "How?"), None, "down"),
    ]
    files = []
    for turn, order in enumerate((presses, presses[::-1])):
        with tiny_corpus(tmp_path / str(turn)) as corpus:
            corpus.index(write(tmp_path, "a.txt", TEXT))
            for press in order:
                corpus.desk.put_thumb(*press)
            files.append(to_file(to_queries(corpus.desk, corpus.store), "jsonl"))
    assert files[0] == files[1]
    assert [json.loads(line)["question"] for line in files[0].splitlines()] == ["How?", "What?", "Who?"]


def test_evaluate_reads_what_is_exported(corpus: Corpus, tmp_path: Path) -> None:
    for span in (DRY, HARBOUR, COST):
        answer = replace(
            shown("answered", '=1+1, is "it", say?', "And\nbefore?", "- so?"), quotes=(place(span),)
        )
        corpus.desk.put_thumb(answer, place(span), "up")
    corpus.desk.put_thumb(shown("none", "Who?"), None, "up")
    corpus.desk.put_thumb(shown("answered", "Why?"), None, "down")
    corpus.desk.put_thumb(shown("answered", "Why?"), place(DRY), "down")
    queries = to_queries(corpus.desk, corpus.store)
    for name in ("test queries.jsonl", "test queries.csv"):
        save(queries, tmp_path / name)
        read = load(tmp_path / name).queries
        assert [query.id for query in read] == [query["id"] for query in queries]
        assert [query.text for query in read] == ['=1+1, is "it", say?', "Who?", "Why?"]
        assert [query.gold for query in read] == [(text(DRY), text(HARBOUR), text(COST)), (), ()]
        assert [query.answerable for query in read] == [True, False, None]
        assert [query.document for query in read] == ["a.txt", "", ""]
        assert [query.history for query in read] == [("And\nbefore?", "- so?"), (), ()]
    assert "'=1+1" in (tmp_path / "test queries.csv").read_text("utf-8")


def test_a_table_alters_no_character(corpus: Corpus) -> None:
    whole = (0, len(TEXT))
    corpus.desk.put_thumb(replace(shown(), quotes=(place(whole),)), place(whole), "up")
    data = to_file(to_queries(corpus.desk, corpus.store), "csv")
    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert row["quote"] == TEXT


# How they are kept


def test_thumbs_outlive_the_process_and_leave_the_generation_alone(tmp_path: Path) -> None:
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path, "a.txt", TEXT))
        before = corpus.store.generation
        corpus.desk.put_thumb(shown("weak", QUESTION, "Where?"), place(DRY), "up")
        corpus.desk.put_thumb(shown("weak", QUESTION, "Where?"), None, "down")
        kept = corpus.desk.thumbs()
    assert len(kept) == 2
    with tiny_corpus(tmp_path / "library") as corpus:
        assert corpus.desk.thumbs() == kept
        assert {judgement.shown for judgement in kept} == {shown("weak", QUESTION, "Where?")}
        assert corpus.store.generation == before


def test_thumbs_are_counted_and_read_by_question(corpus: Corpus) -> None:
    corpus.desk.put_thumb(shown("answered", "What?"), None, "up")
    corpus.desk.put_thumb(shown("answered", "Who?"), None, "up")
    corpus.desk.put_thumb(shown("answered", "Who?"), place(DRY), "down")
    assert corpus.desk.count_thumbs() == (3, 2)
    of_one = corpus.desk.thumbs(shown("answered", "What?"))
    assert [each.shown.question for each in of_one] == ["What?"]


def test_of_a_long_conversation_only_what_the_question_was_read_after_is_kept() -> None:
    answer = Answer("And then?", "And then? (mine)", "answered")
    history = ["x" * 1_000] * 90 + [
        "Which mine closed?",
        "ok thanks",
        Turn("assistant", "“It closed.”"),
        "Why?",
    ]
    kept = shown_answer(answer, history).history
    assert kept == ("x" * 1_000, "x" * 1_000, "Which mine closed?", "Why?")
    again = interpret(*parse(answer.question, kept))
    assert again == interpret(*parse(answer.question, history))


@pytest.mark.own_file
def test_no_text_of_a_quote_is_kept(corpus: Corpus) -> None:
    corpus.desk.put_thumb(shown(), None, "up")
    corpus.desk.put_thumb(shown(), place(HARBOUR), "up")
    db = sqlite3.connect(corpus.library / "desk.sqlite3")
    kept = str(db.execute("SELECT * FROM thumbs").fetchall())
    db.close()
    assert QUESTION in kept
    assert "harbour" not in kept


# The file


def test_a_file_that_was_filled_in_is_spared(corpus: Corpus, tmp_path: Path) -> None:
    corpus.desk.put_thumb(shown(), None, "down")
    path = tmp_path / "queries.jsonl"
    save(to_queries(corpus.desk, corpus.store), path)
    save(to_queries(corpus.desk, corpus.store), path)  # the same again is no loss
    path.write_text("filled in", encoding="utf-8")
    with pytest.raises(InputError, match=r"queries\.jsonl already exists.*--force"):
        save(to_queries(corpus.desk, corpus.store), path)
    assert path.read_text(encoding="utf-8") == "filled in"
    save(to_queries(corpus.desk, corpus.store), path, replace=True)
    assert path.read_bytes() == to_file(to_queries(corpus.desk, corpus.store), "jsonl")


def test_a_file_that_cannot_be_written_is_named(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"queries\.csv cannot be written"):
        save([], tmp_path / "missing" / "queries.csv")


# The command


def feedback(corpus: Corpus, *arguments: str):
    return CliRunner().invoke(cli, ["feedback", "--library", str(corpus.library), *arguments])


@pytest.mark.own_file
def test_the_command_prints_lines_and_says_how_many(corpus: Corpus) -> None:
    corpus.desk.put_thumb(shown(), None, "up")
    corpus.desk.put_thumb(shown(), place(HARBOUR), "down")
    corpus.desk.put_thumb(shown("none", "Who?"), None, "down")
    done = feedback(corpus)
    assert done.exit_code == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] == to_queries(corpus.desk, corpus.store)
    assert done.stderr.splitlines()[-1] == "3 thumbs: 2 test queries"
    assert "note: Who?: the answer was judged wrong" in done.stderr
    assert json.loads(feedback(corpus, "--json").stdout) == {
        "thumbs": 3,
        "queries": to_queries(corpus.desk, corpus.store),
    }
    assert feedback(corpus, "--quiet").stderr == ""


@pytest.mark.own_file
@pytest.mark.parametrize("name", ["out put.jsonl", "out.csv", "OUT.CSV"])
def test_the_command_writes_the_form_that_the_name_ends_in(corpus: Corpus, tmp_path: Path, name: str) -> None:
    corpus.desk.put_thumb(shown("none", "Who?", "What?"), None, "up")
    done = feedback(corpus, "--out", str(tmp_path / name))
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1] == f"1 thumb: 1 test query written to {tmp_path / name}"
    (query,) = load(tmp_path / name).queries
    assert (query.text, query.history, query.answerable) == ("Who?", ("What?",), False)


@pytest.mark.own_file
def test_the_command_says_where_there_is_no_thumb_yet_and_writes_nothing(
    corpus: Corpus, tmp_path: Path
) -> None:
    done = feedback(corpus, "--out", str(tmp_path / "out.jsonl"))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no thumbs yet" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()
    assert json.loads(feedback(corpus, "--json").stdout) == {"thumbs": 0, "queries": []}


@pytest.mark.own_file
def test_the_command_refuses_a_form_that_it_does_not_know(corpus: Corpus) -> None:
    assert feedback(corpus, "--out", "queries.xlsx").exit_code == 2


# What was shown


DOCUMENT = Document("a.txt", TEXT)


def an_answer(**changes: object) -> Answer:
    answer = Answer(
        f" {QUESTION} ", QUESTION, "answered", quotes=(Quote(DOCUMENT, *DRY), Quote(DOCUMENT, *HARBOUR))
    )
    return replace(answer, **changes)  # type: ignore[arg-type]


def remembered(corpus: Corpus, answer: Answer, history: Sequence[str | Turn] = ()) -> str:
    (to_judge,) = to_remember(answer, history, 3, TIME)
    corpus.desk.shown_answers.remember([to_judge])
    return to_judge.id


def test_of_an_answer_coordinates_are_remembered_and_of_a_history_the_users_words(
    open_corpus: Callable[..., Corpus], corpus: Corpus
) -> None:
    history = ["Where? ", Turn("assistant", "There."), Turn("user", "When?")]
    answer = an_answer(searched=7, unjudged="ko", carried=("Where?",), strictness=0.9)
    answer_id = remembered(corpus, answer, history)
    with open_corpus() as another:  # another server, or the same one after a restart
        found = another.desk.shown_answers.find(answer_id)
    told = replace(shown("answered", QUESTION, "Where?", "When?"), strictness=0.9)
    asked = Asked(QUESTION, "answered", EVERYTHING, TIME, 3, 7, 0.9, "ko", ("Where?", "When?"))
    assert (found.shown, found.asked, found.differing) == (told, asked, ())
    assert found.id == answer_id
    answer_id = remembered(corpus, an_answer(filters=Filters(publisher="IFES")))
    filtered = corpus.desk.shown_answers.find(answer_id).shown
    assert filtered == replace(shown(), filters=Filters(publisher="IFES"))


def test_a_fixed_reply_is_not_for_judging() -> None:
    assert to_remember(an_answer(reply=Reply("greeting", "Hello.")), ()) == []


def test_a_server_that_refuses_changes_stores_no_question(corpus: Corpus) -> None:
    engine = Engine(corpus.library, corpus.library.parent, may_change=False, _corpus=corpus)
    assert remember(engine, to_remember(an_answer(), ())) == ""
    with corpus.desk._tables.reading() as db:
        assert db.execute("SELECT count(*) FROM shown_answers").fetchone() == (0,)
    engine.may_change = True
    answer_id = remember(engine, to_remember(an_answer(), ()))
    assert corpus.desk.shown_answers.find(answer_id).shown == shown()


def test_the_oldest_answers_are_forgotten(corpus: Corpus) -> None:
    corpus.desk.shown_answers._most = 3
    ids = [remembered(corpus, an_answer(question=f"{number}?")) for number in range(5)]
    ids.append(remembered(corpus, an_answer(question="3?")))  # shown again
    assert len(set(ids)) == 5
    for forgotten in [*ids[:2], "", "made up"]:
        with pytest.raises(UnknownAnswerError, match="ask the question again"):
            corpus.desk.shown_answers.find(forgotten)
    for number in (2, 3, 4):
        assert corpus.desk.shown_answers.find(ids[number]).shown.question == f"{number}?"


def test_after_a_week_an_answer_is_forgotten(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_id = remembered(corpus, an_answer())
    monkeypatch.setattr("qa.desk.shown_answers.REMEMBERED", dt.timedelta(0))
    with pytest.raises(UnknownAnswerError, match="a week"):
        corpus.desk.shown_answers.find(answer_id)
    remembered(corpus, an_answer(question="Another?"))
    monkeypatch.undo()
    with pytest.raises(UnknownAnswerError, match="a week"):  # the row is gone, too
        corpus.desk.shown_answers.find(answer_id)


def test_a_purge_and_a_deleted_conversation_take_their_answers_with_them(
    corpus: Corpus, tmp_path: Path
) -> None:
    corpus.index(write(tmp_path, "b.txt", OTHER))
    quoting = remembered(corpus, an_answer())
    filtered = remembered(corpus, Answer(QUESTION, QUESTION, "none", filters=Filters(document=("a.txt",))))
    other = Answer("What else?", "What else?", "answered", quotes=(Quote(Document("b.txt", OTHER), 0, 5),))
    (of_conversation,) = to_remember(other, (), 0, TIME, "c" * 16)
    corpus.desk.shown_answers.remember([of_conversation])
    left = remembered(corpus, other)
    corpus.purge(["a.txt"])
    for answer_id in (quoting, filtered):
        with pytest.raises(UnknownAnswerError, match="erased"):
            corpus.desk.shown_answers.find(answer_id)
    with pytest.raises(UnknownAnswerError):  # a server that asked before the purge, and answers only now
        corpus.desk.shown_answers.find(remembered(corpus, an_answer()))
    assert corpus.desk.shown_answers.find(of_conversation.id) == of_conversation
    corpus.desk.conversations.keep("c" * 16, kept_turn(other, TIME, 0.5))
    corpus.desk.conversations.delete("c" * 16)
    with pytest.raises(UnknownAnswerError):
        corpus.desk.shown_answers.find(of_conversation.id)
    assert corpus.desk.shown_answers.find(left).shown.question == "What else?"


def test_a_quote_that_was_not_shown_cannot_be_judged() -> None:
    assert shown().place(place(DRY).citation_id) == place(DRY)
    with pytest.raises(InputError, match="has no quote"):
        shown().place(place(COST).citation_id)
