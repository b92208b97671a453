"""Conversations on the desk: kept as they go, and what a purge leaves of them."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qa.cli import cli
from qa.desk.file import FILE_NAME
from qa.desk.kept import kept_turn, recall
from qa.desk.stored_conversations import UNDO, is_id, new_id
from qa.errors import LibraryError, UnknownConversationError
from qa.schema import Answer, Filters, More, Quote, Reply
from qa.web import cards, transcript
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from qa.corpus import Corpus
    from qa.schema import KeptTurn

TEXT = "The harbour was dredged in March. Nobody was told.\n"
GONE = "The zyzzogeton was seen at noon. Everybody was told.\n"
COPY = "The zyzzogeton was seen at noon. Hundreds were told.\n"
ASKED = dt.datetime(2026, 11, 28, 9, 30, tzinfo=dt.UTC)
WHO = "Who was told?"


@pytest.fixture
def corpus(open_corpus: Callable[..., Corpus], inbox: Path) -> Iterator[Corpus]:
    with open_corpus() as corpus:
        corpus.index(write(inbox, "a.txt", TEXT), write(inbox, "secret.txt", GONE))
        yield corpus


def quote(corpus: Corpus, document_id: str, number: int = 1) -> Quote:
    return Quote(corpus.document(document_id), 0, 32, number=number)


def turn(question: str, *quotes: Quote, minutes: int = 0, **values: object) -> KeptTurn:
    answer = Answer(question, question, "answered", 0.9, 0.8, quotes=quotes, searched=2)
    answer = replace(answer, **values)  # type: ignore[arg-type]
    return kept_turn(answer, ASKED + dt.timedelta(minutes=minutes), 0.8)


def card(corpus: Corpus, conversation: str, number: int = 1) -> str:
    kept = corpus.desk.conversations.turns(conversation)[number - 1]
    again = recall(kept, corpus.cited)
    return cards.answer_card(again.answer, again.document, "", again.fates, again.lost)


def run(corpus: Corpus, *arguments: str) -> str:
    done = CliRunner().invoke(cli, [*arguments, "--library", str(corpus.library)])
    assert done.exit_code == 0, done.output
    return done.stdout + done.stderr


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_an_id_is_long_and_its_form_is_known() -> None:
    assert len({new_id() for _ in range(100)}) == 100
    assert is_id(new_id())
    for wrong in ("", "a" * 15, "../../etc/passwd", "é" * 16, None, 7):
        assert not is_id(wrong)


def test_turns_come_back_in_order_and_the_last_changed_conversation_first(corpus: Corpus) -> None:
    kept, one, two = corpus.desk.conversations, new_id(), new_id()
    assert kept.all() == ()
    assert kept.keep(one, turn(WHO, quote(corpus, "a.txt"))) == 1
    assert kept.keep(two, turn("Second?", minutes=1)) == 1
    assert kept.keep(one, turn("And where?", minutes=2)) == 2
    assert [each.question for each in kept.turns(one)] == [WHO, "And where?"]
    first, second = kept.all()
    assert (first.id, first.name, first.questions, first.last) == (one, WHO, 2, "And where?")
    assert (first.began, first.changed) == (ASKED, ASKED + dt.timedelta(minutes=2))
    assert second.id == two
    assert kept.info(one) == first


@pytest.mark.own_file
def test_no_text_of_a_quote_is_in_the_desks_file(corpus: Corpus) -> None:
    corpus.desk.conversations.keep(new_id(), turn("What was seen?", quote(corpus, "secret.txt")))
    corpus.close()
    kept = b"".join(path.read_bytes() for path in corpus.library.glob("desk.sqlite3*"))
    assert b"What was seen?" in kept
    assert b"zyzzogeton" not in kept


def test_all_that_answers_comes_in_place_of_the_turn(corpus: Corpus) -> None:
    kept, conversation = corpus.desk.conversations, new_id()
    kept.keep(conversation, turn(WHO, quote(corpus, "a.txt")))
    kept.keep(conversation, turn("And?", minutes=1))
    both = (quote(corpus, "a.txt"), quote(corpus, "secret.txt", 2))
    every = turn(WHO, both[0], more=More(1, 2, 2, False, 2, both))
    assert kept.keep(conversation, replace(every, number=1)) == 1
    first, second = kept.turns(conversation)
    assert len(first.all_quotes or ()) == 2
    assert second.question == "And?"
    assert kept.info(conversation).changed == ASKED + dt.timedelta(minutes=1)


def test_what_was_only_near_and_how_it_was_read_come_back_and_go_with_a_purge(corpus: Corpus) -> None:
    conversation, near = new_id(), (quote(corpus, "secret.txt", 2),)
    asked = turn(
        WHO, quote(corpus, "a.txt"), nearest=near, carried=("harbour",), read_with=("Which harbour?",)
    )
    corpus.desk.conversations.keep(conversation, asked)
    again = recall(corpus.desk.conversations.turns(conversation)[0], corpus.cited).answer
    assert [each.document.id for each in again.nearest] == ["secret.txt"]
    assert again.read_with == ("Which harbour?",)
    assert "Nearest passages" in card(corpus, conversation)
    corpus.purge(["secret.txt"])
    shown = card(corpus, conversation)
    assert "zyzzogeton" not in shown
    assert "Nearest passages" not in shown


def test_the_documents_of_a_reply_come_back(corpus: Corpus) -> None:
    conversation = new_id()
    reply = Reply("summary", "Pullquote does not do this.\n• Harbours", ("a.txt",))
    corpus.desk.conversations.keep(conversation, turn("Summarise this", outcome="none", reply=reply))
    assert recall(corpus.desk.conversations.turns(conversation)[0], corpus.cited).answer.reply == reply
    assert '<a href="/documents/a.txt">Harbours</a>' in card(corpus, conversation)


def test_a_name_is_the_first_question_until_it_is_given_and_can_be_taken_back(corpus: Corpus) -> None:
    kept, conversation = corpus.desk.conversations, new_id()
    kept.keep(conversation, turn(WHO))
    assert kept.rename(conversation, "  <b>Harbours</b> ").name == "<b>Harbours</b>"
    assert kept.rename(conversation, " ").name == WHO
    with pytest.raises(UnknownConversationError, match="no such conversation"):
        kept.rename(new_id(), "Mine")


def test_conversations_that_begin_with_the_same_question_have_different_names(corpus: Corpus) -> None:
    kept, ids = corpus.desk.conversations, [new_id() for _ in range(4)]
    for minutes, each in enumerate(ids):
        kept.keep(each, turn(WHO if minutes != 1 else "Which ferry?", minutes=minutes))
    names = {each.id: each.name for each in kept.all()}
    assert [names[each] for each in ids] == [WHO, "Which ferry?", f"{WHO} (2)", f"{WHO} (3)"]
    assert [kept.info(each).name for each in ids] == list(names.values())[::-1]
    kept.keep(ids[0], turn("And?", minutes=9))  # the one changed last keeps its name
    assert kept.info(ids[0]).name == WHO


def test_a_deleted_conversation_can_be_put_back_and_a_day_later_no_byte_of_it_is_there(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, conversation, other = corpus.desk.conversations, new_id(), new_id()
    kept.keep(conversation, turn("Where is the qwertzuiop?"))
    kept.keep(other, turn(WHO))
    kept.delete(conversation)
    assert [each.id for each in kept.all()] == [other]
    for read in (kept.turns, kept.info):
        with pytest.raises(UnknownConversationError):
            read(conversation)
    assert kept.restore(conversation).questions == 1
    kept.delete(conversation)
    monkeypatch.setattr("qa.desk.stored_conversations.UNDO", -UNDO)
    kept.delete(other)
    with pytest.raises(UnknownConversationError):
        kept.restore(conversation)
    corpus.close()
    assert b"qwertzuiop" not in bytes_in(corpus.library)


def test_asking_in_a_conversation_that_was_deleted_in_another_tab_puts_it_back(corpus: Corpus) -> None:
    kept, conversation = corpus.desk.conversations, new_id()
    kept.keep(conversation, turn(WHO))
    kept.delete(conversation)
    kept.keep(conversation, turn("And?", minutes=1))
    assert [each.question for each in kept.turns(conversation)] == [WHO, "And?"]


def test_a_question_asked_otherwise_begins_a_branch_and_the_conversation_stays(corpus: Corpus) -> None:
    kept, conversation, branch = corpus.desk.conversations, new_id(), new_id()
    for minutes, question in enumerate(("One?", "Two?", "Three?")):
        kept.keep(conversation, turn(question, quote(corpus, "a.txt"), minutes=minutes))
    kept.branch(conversation, 2, branch)
    kept.keep(branch, turn("Two and a half?", minutes=9))
    assert [each.question for each in kept.turns(branch)] == ["One?", "Two and a half?"]
    assert kept.turns(branch)[0] == kept.turns(conversation)[0]
    assert kept.info(conversation).questions == 3
    kept.branch(conversation, 1, first := new_id())
    with pytest.raises(UnknownConversationError):  # nothing comes before the first
        kept.info(first)


@pytest.mark.own_file
def test_two_processes_and_threads_write_into_one_conversation_and_no_turn_is_lost(corpus: Corpus) -> None:
    conversation = new_id()
    code = (
        "import sys; from qa.corpus import Corpus; from tests.qa.desk.test_conversations import turn\n"
        "with Corpus.open(sys.argv[1]) as corpus:\n"
        "    for n in range(10):\n"
        "        corpus.desk.conversations.keep(sys.argv[2], turn(f'Process {n}?'))\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(corpus.library), conversation])
    with ThreadPoolExecutor(4) as threads:
        list(
            threads.map(
                lambda n: corpus.desk.conversations.keep(conversation, turn(f"Thread {n}?")), range(10)
            )
        )
    assert other.wait(120) == 0
    turns = corpus.desk.conversations.turns(conversation)
    assert [each.number for each in turns] == list(range(1, 21))
    assert len({each.question for each in turns}) == 20


def test_an_answer_is_marked_where_its_sources_have_changed_since(corpus: Corpus, inbox: Path) -> None:
    kept, conversation = corpus.desk.conversations, new_id()
    kept.keep(conversation, turn(WHO, quote(corpus, "a.txt"), quote(corpus, "secret.txt", 2)))
    before = card(corpus, conversation)
    assert "since" not in before
    corpus.index(write(inbox, "a.txt", "Something else was dredged. Somebody was told of it.\n"))
    corpus.remove(["secret.txt"])
    after = card(corpus, conversation)
    today = dt.datetime.now(dt.UTC).date()
    named = f"{today.day} {today:%B %Y}"
    assert "The&#32;harbour" in after.replace(" ", "&#32;")
    assert f"This source was superseded on {named}." in after
    assert f"This source was removed on {named}." in after
    assert after.count('<blockquote class="quote" translate="no">') == 2
    kept_one = recall(kept.turns(conversation)[0], corpus.cited)
    entry = transcript.entry(kept_one.answer, kept_one.document, ASKED, kept_one.fates, kept_one.lost)
    assert f"superseded on {named}" in entry


@pytest.mark.own_file
def test_a_purge_names_the_conversations_takes_the_quotes_and_leaves_no_byte(
    corpus: Corpus, inbox: Path
) -> None:
    kept, conversation, other = corpus.desk.conversations, new_id(), new_id()
    corpus.index(write(inbox, "copy.txt", COPY))
    seen = replace(quote(corpus, "secret.txt", 2), copies=(quote(corpus, "copy.txt"),))
    noted = turn(
        WHO,
        quote(corpus, "a.txt"),
        seen,
        notes=("Matched “zyzzogeton” for “zyz”.",),
        filters=Filters(document=("secret.txt",), publisher="The zyzzogeton"),
    )
    kept.keep(conversation, noted)
    carried = replace(quote(corpus, "a.txt"), copies=(quote(corpus, "secret.txt"),))
    kept.keep(conversation, turn("Copied?", carried, minutes=1))
    listed = Reply("documents", "The library holds 2 documents:\n• The zyzzogeton")
    kept.keep(other, turn("Which documents?", reply=listed))
    kept.keep(other, turn("Nothing?", minutes=1, unsearched="There is “zyzzogeton”."))
    kept.delete(other)
    assert corpus.conversations_citing("secret.txt") == (WHO,)
    assert corpus.conversations_citing("a.txt") == (WHO,)
    said = run(corpus, "remove", "secret.txt", "copy.txt", "--purge", "--yes")
    assert f"1 conversation would lose quotes of secret.txt, and keep the questions: {WHO!r}" in said
    today = dt.datetime.now(dt.UTC).date()
    shown = card(corpus, conversation)
    assert f"Purged on {today.day} {today:%B %Y}" in shown.replace("&#32;", " ")
    assert "[2]" in shown
    assert "harbour" in shown
    assert "Also in" not in card(corpus, conversation, 2)
    kept.restore(other)
    assert "were erased when a document was purged" in card(corpus, other)
    assert "Nothing was searched" in card(corpus, other, 2)
    corpus.close()
    for trace in (b"zyzzogeton", b"secret.txt", b"Everybody", b"copy.txt"):
        assert trace not in bytes_in(corpus.library)


def test_a_purge_leaves_what_quotes_other_documents_as_it_was(corpus: Corpus) -> None:
    kept, conversation = corpus.desk.conversations, new_id()
    kept.keep(conversation, turn(WHO, quote(corpus, "a.txt"), filters=Filters(publisher="Port Office")))
    before = card(corpus, conversation)
    corpus.purge(["secret.txt"])
    assert card(corpus, conversation) == before


def test_a_purge_that_was_interrupted_is_finished_by_the_next(
    corpus: Corpus, open_corpus: Callable[..., Corpus]
) -> None:
    kept, conversation = corpus.desk.conversations, new_id()
    kept.keep(conversation, turn(WHO, quote(corpus, "secret.txt")))
    corpus.store.purge(["secret.txt"])  # as far as it came
    assert "Purged:" in card(corpus, conversation)
    corpus.close()
    with open_corpus() as again:
        again.purge()
        assert "Purged on" in card(again, conversation)
        assert b"secret.txt" not in bytes_in(again.library)


def test_an_answer_whose_document_is_purged_before_it_is_kept_is_kept_without(corpus: Corpus) -> None:
    late = turn(WHO, quote(corpus, "secret.txt"))
    corpus.purge(["secret.txt"])
    corpus.desk.conversations.keep(conversation := new_id(), late)
    assert "Purged on" in card(corpus, conversation)
    corpus.close()
    assert b"secret.txt" not in bytes_in(corpus.library)


@pytest.mark.own_file
@pytest.mark.parametrize("read_only", [False, True])
def test_a_desk_of_an_earlier_schema_is_left_as_it_is(corpus: Corpus, read_only: bool) -> None:
    corpus.desk.conversations.keep(new_id(), turn(WHO))
    corpus.close()
    file = corpus.library / FILE_NAME
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA user_version = 1")
    before = file.read_bytes()
    with (
        tiny_corpus(corpus.library, read_only=read_only) as again,
        pytest.raises(LibraryError, match=r"earlier Pullquote.*move it away"),
    ):
        again.desk.conversations.all()
    assert file.read_bytes() == before


def test_a_library_that_may_not_be_written_shows_its_conversations(
    corpus: Corpus, open_corpus: Callable[..., Corpus]
) -> None:
    corpus.desk.conversations.keep(conversation := new_id(), turn(WHO, quote(corpus, "a.txt")))
    shown = card(corpus, conversation)
    corpus.close()
    with open_corpus(read_only=True) as again:
        assert card(again, conversation) == shown


@pytest.mark.own_file
@pytest.mark.slow
def test_what_was_kept_is_there_after_a_kill(corpus: Corpus) -> None:
    code = (
        "import sys; from qa.corpus import Corpus; from tests.qa.desk.test_conversations import turn\n"
        "corpus = Corpus.open(sys.argv[1])\n"
        "for n in range(10_000):\n"
        "    corpus.desk.conversations.keep(sys.argv[2], turn(f'Question {n}?'))\n"
        "    print(n, flush=True)\n"
    )
    conversation = new_id()
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(corpus.library), conversation], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    said = [writer.stdout.readline() for _ in range(20)]
    writer.kill()
    said += writer.stdout.readlines()
    whole = sum(line.endswith("\n") for line in said)
    kept = [each.question for each in corpus.desk.conversations.turns(conversation)]
    assert kept[:whole] == [f"Question {n}?" for n in range(whole)]
    assert len(kept) in (whole, whole + 1)


COLUMNS = [
    *(("turns", each) for each in ("number", "question", "asked", "answer", "remarks", "filters")),
    *(("quotes", each) for each in ("document", "sha256", "start", "end", "number", "score", "emphasis")),
    *(("conversations", each) for each in ("name", "began", "changed")),
]
HOSTILE = ("[]", "{}", "\x1b[31m", "[[5, 2]]", "[" * 100_000, b"\0", -1, 99_999_999)


@pytest.mark.own_file
@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_whatever_stands_in_a_column_is_said_to_be_damaged_or_read(
    corpus: Corpus, table: str, column: str
) -> None:
    kept, conversation = corpus.desk.conversations, new_id()
    kept.keep(conversation, turn(WHO, quote(corpus, "a.txt"), notes=("Noted.",)))
    for value in HOSTILE:
        with closing(sqlite3.connect(corpus.library / FILE_NAME, isolation_level=None)) as db:
            db.execute(f"UPDATE {table} SET {column} = ?", (value,))  # noqa: S608
        with contextlib.suppress(LibraryError):
            card(corpus, conversation)
        with contextlib.suppress(LibraryError):
            kept.all()
