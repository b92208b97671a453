"""The desk's file: several users at once, what is erased, and what is wrong with it said by name."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from qa.cli import cli
from qa.desk.file import FILE_NAME
from qa.errors import DocumentNotFoundError, LibraryError
from qa.schema import QuoteReference, ShownAnswer
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from qa.corpus import Corpus

TEXT = "The harbour was dredged in March. Nobody was told.\n"
GONE = "The zyzzogeton was seen at noon. Everybody was told.\n"


@pytest.fixture
def corpus(library: Path, inbox: Path) -> Iterator[Corpus]:
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "a.txt", TEXT), write(inbox, "secret.txt", GONE))
        yield corpus


def put(corpus: Corpus, question: str, document_id: str = "a.txt") -> None:
    place = QuoteReference(document_id, corpus.document(document_id).sha256, 0, 33)
    corpus.desk.put_thumb(ShownAnswer(question, (), question, "answered", (place,)), place, "up")


def run(corpus: Corpus, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--library", str(corpus.library)])


def change(corpus: Corpus, *statements: str) -> None:
    with closing(sqlite3.connect(corpus.library / FILE_NAME, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_there_is_no_file_until_a_thumb_is_put_and_then_it_is_its_users_alone(corpus: Corpus) -> None:
    assert corpus.desk.thumbs() == ()
    assert corpus.stats().desk_bytes == 0
    assert not (corpus.library / FILE_NAME).exists()
    put(corpus, "What?")
    assert (corpus.library / FILE_NAME).stat().st_mode & 0o077 == 0
    assert corpus.stats().desk_bytes > 0


def test_another_process_sees_a_thumb_at_once(corpus: Corpus) -> None:
    with tiny_corpus(corpus.library) as other:
        assert other.desk.count_thumbs() == (0, 0)
        put(corpus, "What?")
        assert other.desk.thumbs() == corpus.desk.thumbs() != ()


def test_threads_and_processes_put_thumbs_at_the_same_time(corpus: Corpus) -> None:
    code = (
        "import sys; from qa.corpus import Corpus; from qa.schema import ShownAnswer\n"
        "with Corpus.open(sys.argv[1]) as corpus:\n"
        "    for n in range(20):\n"
        "        question = f'{sys.argv[2]} {n}'\n"
        "        corpus.desk.put_thumb(ShownAnswer(question, (), question, 'none'), None, 'up')\n"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", code, str(corpus.library), name]) for name in ("one", "two")
    ]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: put(corpus, f"Thread {number}?"), range(20)))
    assert [other.wait(120) for other in others] == [0, 0]
    assert corpus.desk.count_thumbs() == (60, 60)


def test_a_thumb_that_was_taken_back_leaves_no_byte(corpus: Corpus) -> None:
    put(corpus, "Where is the qwertzuiop?")
    put(corpus, "What is kept?")
    corpus.desk.put_thumb(corpus.desk.thumbs()[0].shown, corpus.desk.thumbs()[0].quote, None)
    (left,) = corpus.desk.thumbs()
    gone = ({"Where is the qwertzuiop?", "What is kept?"} - {left.shown.question}).pop()
    corpus.close()
    assert gone.encode() not in bytes_in(corpus.library)


@pytest.mark.slow
def test_a_purge_that_was_interrupted_before_the_desk_forgot_is_finished_by_the_next(corpus: Corpus) -> None:
    put(corpus, "Where was the qwertzuiop?", "secret.txt")
    put(corpus, "What is kept?")
    with closing(sqlite3.connect(corpus.library / FILE_NAME, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM thumbs").fetchall()
        with pytest.raises(LibraryError, match=r"desk\.sqlite3 is being read by another Pullquote"):
            corpus.purge(["secret.txt"])
    assert corpus.store.erasing
    corpus.close()
    with tiny_corpus(corpus.library) as again:
        again.purge()
        assert not again.store.erasing
        assert not again.store.to_forget()
        for trace in (b"qwertzuiop", b"zyzzogeton", b"secret.txt"):
            assert trace not in bytes_in(again.library)
        assert [each.shown.question for each in again.desk.thumbs()] == ["What is kept?"]


def test_a_kill_between_the_librarys_purge_and_the_desks_is_made_good(corpus: Corpus) -> None:
    put(corpus, "Where was the qwertzuiop?", "secret.txt")
    corpus.store.purge(["secret.txt"])  # as far as it came
    corpus.close()
    with tiny_corpus(corpus.library) as again:
        assert b"qwertzuiop" in bytes_in(again.library)
        again.purge()
        assert again.desk.thumbs() == ()
        for trace in (b"qwertzuiop", b"zyzzogeton", b"secret.txt"):
            assert trace not in bytes_in(again.library)


def left(corpus: Corpus) -> list[str]:
    return [each.shown.question for each in corpus.desk.thumbs()]


def test_what_another_process_purges_meanwhile_is_forgotten_by_the_next_purge(
    corpus: Corpus, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.index(write(inbox, "b.txt", "The ferry sank in June. Nobody was there.\n"))
    put(corpus, "Where was the qwertzuiop?", "secret.txt")
    put(corpus, "Which ferry zyxwvu?", "b.txt")
    forget = corpus.desk.forget
    with tiny_corpus(corpus.library) as other:

        def forget_while_another_purges(*named: Any) -> None:
            forget(*named)
            other.store.purge(["b.txt"])  # and is killed

        monkeypatch.setattr(corpus.desk, "forget", forget_while_another_purges)
        corpus.purge(["secret.txt"])
        monkeypatch.undo()
        assert left(other) == ["Which ferry zyxwvu?"]
    corpus.purge()
    assert left(corpus) == []
    assert not corpus.store.erasing
    for trace in (b"zyxwvu", b"ferry", b"b.txt"):
        assert trace not in bytes_in(corpus.library)


def test_a_purge_that_is_finished_late_spares_the_thumbs_on_what_came_meanwhile(
    corpus: Corpus, inbox: Path
) -> None:
    put(corpus, "Where was the qwertzuiop?", "secret.txt")
    corpus.store.purge(["secret.txt"])  # as far as it came
    corpus.index(write(inbox, "secret.txt", "Another text, of which much is known. And more.\n"))
    corpus.index(write(inbox, "copy.txt", GONE))
    put(corpus, "What is known?", "secret.txt")
    put(corpus, "What does the copy say?", "copy.txt")
    corpus.purge()
    assert sorted(left(corpus)) == ["What does the copy say?", "What is known?"]
    assert b"qwertzuiop" not in bytes_in(corpus.library)


def test_documents_are_erased_where_the_desk_is_damaged_and_the_next_purge_forgets_the_thumbs(
    corpus: Corpus,
) -> None:
    put(corpus, "Where was the qwertzuiop?", "secret.txt")
    corpus.close()
    file = corpus.library / FILE_NAME
    whole = file.read_bytes()
    file.write_bytes(b"not a database, but long enough to be taken for one" * 100)
    with tiny_corpus(corpus.library) as again:
        with pytest.raises(
            LibraryError, match=r"desk\.sqlite3 is damaged.*documents are erased.*their thumbs"
        ):
            again.purge(["secret.txt"])
        assert b"zyzzogeton" not in bytes_in(again.library)
        assert again.store.erasing
    file.write_bytes(whole)  # put back from a backup
    with tiny_corpus(corpus.library) as again:
        again.purge()
        assert left(again) == []
        assert not again.store.erasing
        for trace in (b"qwertzuiop", b"zyzzogeton", b"secret.txt"):
            assert trace not in bytes_in(again.library)


@pytest.mark.parametrize("on", ["answer", "quote"])
def test_no_thumb_is_put_on_an_answer_whose_text_was_purged(corpus: Corpus, on: str) -> None:
    place = QuoteReference("secret.txt", corpus.document("secret.txt").sha256, 0, 33)
    shown = ShownAnswer("What?", (), "What?", "answered", (place,))
    quote = place if on == "quote" else None
    corpus.desk.put_thumb(shown, quote, "up")
    corpus.purge(["secret.txt"])
    with pytest.raises(DocumentNotFoundError, match="erased for good"):
        corpus.desk.put_thumb(shown, quote, "up")
    assert left(corpus) == []
    corpus.desk.put_thumb(shown, quote, None)


WRONG = {
    "newer": (["PRAGMA user_version = 9"], "was made by a newer Pullquote"),
    "another kind": (["PRAGMA application_id = 1"], "is not a Pullquote desk: move it away"),
    "foreign": (
        ["CREATE TRIGGER theirs AFTER INSERT ON thumbs BEGIN DELETE FROM thumbs; END"],
        "has tables that are not Pullquote's",
    ),
    "values": (["UPDATE thumbs SET shown = '[]'"], "has content that Pullquote does not write"),
    "quotes": (["UPDATE thumbs SET start = 'x'"], "has content that Pullquote does not write"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_the_file_is_said_with_the_next_step_and_all_else_works(
    corpus: Corpus, what: str
) -> None:
    put(corpus, "What?")
    corpus.close()
    statements, said = WRONG[what]
    change(corpus, *statements)
    done = run(corpus, "feedback")
    assert done.exit_code == 3
    assert said in done.stderr
    assert str(corpus.library / FILE_NAME) in done.stderr
    assert run(corpus, "documents").exit_code == 0


@pytest.mark.slow
def test_damage_is_said_and_the_file_is_left_as_it_is(corpus: Corpus) -> None:
    put(corpus, "What?")
    corpus.close()
    file = corpus.library / FILE_NAME
    file.write_bytes(b"not a database, but long enough to be taken for one" * 100)
    before = file.read_bytes()
    done = run(corpus, "feedback")
    assert (done.exit_code, "is damaged, or is not a desk" in done.stderr) == (3, True)
    assert (
        "or move it away: this loses thumbs, conversations and dossiers, but no documents and citations"
        in done.stderr
    )
    assert file.read_bytes() == before
    examined = json.loads(run(corpus, "doctor", "--json").stdout)
    (desk,) = [finding for finding in examined["findings"] if finding["about"] == "desk"]
    assert "is damaged, or is not a desk" in desk["problem"]


def test_a_file_that_is_being_written_and_a_link_are_said(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("qa.storage.sqlite.file.BUSY_SECONDS", 0.1)
    put(corpus, "What?")
    corpus.close()
    with (
        closing(sqlite3.connect(corpus.library / FILE_NAME, isolation_level=None)) as other,
        tiny_corpus(corpus.library) as again,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryError, match=r"desk\.sqlite3 is being written by another Pullquote"):
            put(again, "And now?")
        other.execute("ROLLBACK")
        put(again, "And now?")
    (corpus.library / FILE_NAME).rename(tmp_path / "elsewhere")
    (corpus.library / FILE_NAME).symlink_to(tmp_path / "elsewhere")
    assert "is a link, which is not used" in run(corpus, "feedback").stderr


FULL = """
import resource, sys
from qa.corpus import Corpus
from qa.errors import DocumentNotFoundError, LibraryError
from qa.schema import ShownAnswer
with Corpus.open(sys.argv[1]) as corpus:
    put = lambda question: corpus.desk.put_thumb(ShownAnswer(question, (), question, "none"), None, "up")
    put("What is kept?")
    size = (corpus.library / "desk.sqlite3-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, resource.RLIM_INFINITY))
    try:
        put("x" * 100_000)
    except LibraryError as error:
        print(error)
    assert len(corpus.desk.thumbs()) == 1
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits a file's size with POSIX's setrlimit")
def test_a_full_disk_is_said_and_nothing_is_lost(corpus: Corpus) -> None:
    corpus.close()
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(corpus.library)], capture_output=True, text=True, check=True
    )
    assert "desk.sqlite3" in done.stdout
    assert "Nothing was lost" in done.stdout


@pytest.mark.slow
def test_the_doctor_and_the_stats_know_the_file(corpus: Corpus) -> None:
    put(corpus, "What?")
    file = corpus.library / FILE_NAME
    examined = json.loads(run(corpus, "doctor", "--json").stdout)["findings"]
    assert {"about": "desk", "value": f"1 thumb and 0 conversations in {file}", "problem": ""} in examined
    assert "\ndesk " in corpus_stats(corpus)


def corpus_stats(corpus: Corpus) -> str:
    from qa.storage.stats import to_text

    return to_text(corpus.stats())
