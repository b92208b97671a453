"""A library that an earlier commit made (schema7/make.py): all that it holds opens as before."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import pytest

from qa.commands import doctor
from qa.desk.database import DeskDatabase
from qa.desk.file import DeskFile
from qa.errors import DocumentNotFoundError, LibraryError
from qa.storage.embedded.database import FILE_NAME
from qa.storage.sqlite_file import SqliteFile
from tests.qa.consistency import problems
from tests.qa.tiny import tiny_corpus, words, write

HERE = Path(__file__).parent / "schema7"
EXPECTED: dict[str, Any] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
MADE_IN = "/briefs"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Copy the library; its files are made to lie under `tmp_path`, as if it had been made there."""
    folder = tmp_path / "library"
    folder.mkdir()
    file = folder / FILE_NAME
    file.write_bytes(gzip.decompress((HERE / "library.sqlite3.gz").read_bytes()))
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.create_function("sha256", 1, sha256)
        for table, column in (
            *(("documents", "path"), ("locations", "path"), ("files", "path"), ("withdrawn", "path")),
            *(("read_as", "path"), ("versions", "held")),
        ):
            change = f"UPDATE {table} SET {column} = replace({column}, ?, ?)"  # noqa: S608
            db.execute(change, (MADE_IN, str(tmp_path)))
        was, now = (sha256(f"{where}/docs/purged.txt") for where in (MADE_IN, tmp_path))
        assert db.execute("UPDATE purged SET path_sha256 = ? WHERE path_sha256 = ?", (now, was)).rowcount == 1
    return folder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Write the files as they were when the library was left, the purged one too."""
    docs = tmp_path / "docs"
    for name in ("kept", "removed", "restored", "purged", "corrected"):
        write(docs, f"{name}.txt", f"{name.title()} story\n\n" + words(sum(map(ord, name)), 80))
    write(docs, "superseded.txt", "Superseded story\n\n" + words(9, 80))
    write(docs, "table.csv", "body;head\nRice rose in May.;First\nWheat fell in June.;Second\n")
    return docs


def test_a_doctor_changes_nothing(library: Path) -> None:
    library.chmod(0o755)
    before = {path.name: path.read_bytes() for path in library.iterdir()}
    assert {"documents", "desk"} <= {finding.about for finding in doctor.examine(library)}
    assert {path.name: path.read_bytes() for path in library.iterdir()} == before
    assert library.stat().st_mode & 0o777 == 0o755


def test_every_citation_opens_as_before_and_nothing_purged_does(library: Path) -> None:
    with tiny_corpus(library) as corpus:
        assert [info.id for info in corpus.documents()] == EXPECTED["documents"]
        assert [version.document_id for version in corpus.store.removed()] == EXPECTED["removed"]
        for text_sha256, expected in EXPECTED["cited"].items():
            found = corpus.cited(text_sha256)
            assert {
                "document": found.document.id,
                "text": found.document.text,
                "title": found.document.title,
                "date": found.document.date.isoformat() if found.document.date else "",
                "status": found.status,
                "current": found.current_sha256,
            } == expected
        assert len({each["status"] for each in EXPECTED["cited"].values()}) == 3
        with pytest.raises(DocumentNotFoundError):
            corpus.cited(EXPECTED["purged"])
        thumbs = [
            [each.shown.question, each.quote.document, each.thumb]
            for each in corpus.desk.thumbs()
            if each.quote
        ]
        assert thumbs == EXPECTED["thumbs"]
    assert problems(library) == []


def former(library: Path, table: str = "former_thumbs") -> int:
    with closing(sqlite3.connect(library / FILE_NAME)) as db:
        (count,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    return int(count)


def test_its_thumbs_go_to_the_desks_file_once(library: Path) -> None:
    count = former(library, "thumbs")
    with tiny_corpus(library) as corpus:
        assert former(library) == count  # nobody has asked for them
        thumbs = corpus.desk.thumbs()
    assert len(thumbs) == count > 1
    assert former(library) == 0
    with tiny_corpus(library) as corpus:
        assert corpus.desk.thumbs() == thumbs
        corpus.desk.put_thumb(thumbs[0].shown, thumbs[0].quote, None)
    with tiny_corpus(library) as corpus:
        assert corpus.desk.thumbs() == thumbs[1:]


def test_one_that_may_not_be_written_shows_its_thumbs_and_keeps_every_byte(library: Path) -> None:
    before = (library / FILE_NAME).read_bytes()
    with tiny_corpus(library, read_only=True) as corpus:
        assert len(corpus.desk.thumbs()) == corpus.desk.count_thumbs()[0] == former(library, "thumbs")
        shown = corpus.desk.thumbs()[0].shown
        with pytest.raises(LibraryError, match="may not be written"):
            corpus.desk.put_thumb(shown, None, "up")
    assert (library / FILE_NAME).read_bytes() == before
    assert [path.name for path in library.iterdir()] == [FILE_NAME]


def test_damage_of_the_desk_is_told_where_former_thumbs_are_read_beside_it(
    library: Path, tmp_path: Path
) -> None:
    shutil.copytree(library, tmp_path / "moved")
    with tiny_corpus(tmp_path / "moved") as corpus:
        assert corpus.desk.thumbs()
    file = library / "desk.sqlite3"
    shutil.copy(tmp_path / "moved" / "desk.sqlite3", file)
    with closing(sqlite3.connect(file)) as db:
        (root,) = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'thumbs'"
        ).fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    data = bytearray(file.read_bytes())
    data[root * size - 1] ^= 1  # in the index alone: every row can be read
    file.write_bytes(data)
    with tiny_corpus(library, read_only=True) as corpus:
        assert corpus.desk.thumbs()
        assert DeskDatabase(corpus.store).damage()


def test_thumbs_that_another_process_takes_over_meanwhile_are_read(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tiny_corpus(library, read_only=True) as corpus:
        expected = corpus.desk.thumbs()
        open_file = DeskFile.find

        def opened_before_another_takes_over(desk: DeskFile) -> SqliteFile | None:
            file = open_file(desk)
            monkeypatch.undo()
            with tiny_corpus(library) as other:
                assert other.desk.thumbs() == expected
            return file

        monkeypatch.setattr(DeskFile, "find", opened_before_another_takes_over)
        assert corpus.desk.thumbs() == expected


def test_a_purge_that_was_interrupted_there_is_finished(library: Path) -> None:
    with closing(sqlite3.connect(library / FILE_NAME, isolation_level=None)) as db:
        db.execute("INSERT INTO erasing DEFAULT VALUES")  # as it was noted then
    with tiny_corpus(library) as corpus:
        assert corpus.store.erasing
        corpus.purge()
        assert not corpus.store.erasing


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_kill_at_any_step_of_their_move_loses_and_doubles_none(library: Path, tmp_path: Path) -> None:
    with tiny_corpus(library, read_only=True) as corpus:
        expected = corpus.desk.thumbs()
    for step in itertools.count(1):
        copy = tmp_path / f"step{step}"
        shutil.copytree(library, copy)
        child = os.fork()
        if not child:
            move_until(copy, step)
        _, status = os.waitpid(child, 0)
        with tiny_corpus(copy, read_only=True) as corpus:
            assert corpus.desk.thumbs() == expected, step
        with tiny_corpus(copy) as corpus:
            assert corpus.desk.thumbs() == expected, step
        assert former(copy) == 0
        if os.waitstatus_to_exitcode(status) == 0:
            break
    assert step > 10


def move_until(library: Path, step: int) -> NoReturn:
    """Open the desk, and end without a farewell at that statement; 0 where all were done before."""
    left = itertools.count(step - 1, -1)
    connect = SqliteFile._connect

    def traced(self: SqliteFile, **options: bool) -> tuple[Any, sqlite3.Connection]:
        stamp, db = connect(self, **options)
        db.set_trace_callback(lambda _: next(left) or os._exit(9))
        return stamp, db

    try:
        SqliteFile._connect = traced  # type: ignore[method-assign]
        tiny_corpus(library).desk.thumbs()
    except BaseException:
        os._exit(1)
    os._exit(0)


def test_what_was_taken_out_stays_out_and_what_was_said_is_remembered(library: Path, docs: Path) -> None:
    with tiny_corpus(library) as corpus:
        report = corpus.index(docs)
        status = {Path(result.path).name: result.status for result in report.files if not result.part}
        assert status["purged.txt"] == "purged"
        assert status["removed.txt"] == "withdrawn"
        assert status["gone.txt"] == "gone"
        assert corpus.document("corrected.txt").title == "A corrected title"
        rows = [info for info in corpus.documents() if info.id.startswith("table.csv")]
        assert sorted(info.title for info in rows) == ["First", "Second"]
        corpus.restore(["removed.txt"])
        assert "removed.txt" in [info.id for info in corpus.documents()]
    assert problems(library) == []


def test_a_library_of_an_earlier_schema_is_refused_and_left_as_it_is(library: Path) -> None:
    file = library / FILE_NAME
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA user_version = 6")
    before = file.read_bytes()
    with pytest.raises(LibraryError, match="early Pullquote"):
        tiny_corpus(library)
    assert file.read_bytes() == before
