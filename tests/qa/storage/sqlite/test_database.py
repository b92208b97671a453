"""What is believed of a library's file, and who may read it."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from qa.corpus import Corpus
from qa.errors import LibraryError
from qa.storage.sqlite.database import FILE_NAME, SqliteDatabase
from tests.qa.storage.folder import source
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def made(library: Path, inbox: Path) -> Path:
    """A library with a document in it."""
    with tiny_corpus(library) as corpus:
        corpus.index(write(inbox, "a.txt", "The mill was closed in March."))
    return library


def change(library: Path, *statements: str) -> None:
    with closing(sqlite3.connect(library / FILE_NAME)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


FOREIGN = {
    "trigger": "CREATE TRIGGER theirs AFTER INSERT ON documents BEGIN DELETE FROM thumbs; END",
    "view": "CREATE VIEW theirs AS SELECT * FROM documents",
    "virtual table": "CREATE VIRTUAL TABLE theirs USING fts5(x)",
    "table": "CREATE TABLE theirs (x)",
    "index": "CREATE INDEX theirs ON documents (lower(title))",
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_library_with_what_is_not_ours_is_refused_by_name(made: Path, kind: str, read_only: bool) -> None:
    change(made, FOREIGN[kind])
    with pytest.raises(LibraryError, match=r"theirs"):
        SqliteDatabase(made, create=False, read_only=read_only)


def test_a_trigger_of_ours_with_another_body_is_refused(made: Path) -> None:
    change(
        made,
        "DROP TRIGGER passage_gone",
        "CREATE TRIGGER passage_gone AFTER DELETE ON passages BEGIN DELETE FROM documents; END",
    )
    with pytest.raises(LibraryError, match="passage_gone"):
        SqliteDatabase(made, create=False)


def test_a_view_in_place_of_a_table_of_ours_is_refused(made: Path) -> None:
    change(made, "DROP TABLE purged", "CREATE VIEW purged AS SELECT 1 AS path_sha256, 2 AS source_sha256")
    with pytest.raises(LibraryError, match="purged"):
        SqliteDatabase(made, create=False)


def test_a_table_of_the_full_text_index_that_computes_is_refused(made: Path) -> None:
    change(
        made,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = 'CREATE TABLE ''words_config''(k PRIMARY KEY, "
        "v AS (randomblob(9))) WITHOUT ROWID' WHERE name = 'words_config'",
    )
    with pytest.raises(LibraryError):
        SqliteDatabase(made, create=False)


@pytest.mark.parametrize("version", [-1, 0, 1, 3])
def test_a_version_that_the_schema_is_not_of_is_refused(made: Path, version: int) -> None:
    change(made, f"PRAGMA user_version = {version}")
    with pytest.raises(LibraryError):
        SqliteDatabase(made, create=False)


def test_connections_trust_no_schema(made: Path) -> None:
    with closing(SqliteDatabase(made)) as database:
        for lend in (database.reading, database.writing):
            with lend() as db:
                assert db.execute("PRAGMA trusted_schema").fetchone() == (0,)
                assert db.execute("PRAGMA cell_size_check").fetchone() == (1,)
                if hasattr(db, "getconfig"):
                    assert db.getconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE)


@pytest.mark.parametrize("name", [FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"])
def test_a_link_in_place_of_a_file_of_the_library_is_refused_and_what_it_leads_to_stays(
    made: Path, tmp_path: Path, name: str
) -> None:
    mine = write(tmp_path, "mine.txt", "Not to be touched.")
    (made / name).unlink(missing_ok=True)
    (made / name).symlink_to(mine)
    with pytest.raises(LibraryError, match="is a link"):
        SqliteDatabase(made)
    assert mine.read_text() == "Not to be touched."


def test_no_file_elsewhere_is_opened_as_an_index(made: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    change(made, "UPDATE library SET index_file = '../pipe', words_file = '../pipe'")
    with tiny_corpus(made) as corpus:
        assert source(corpus.store).index_record().file == source(corpus.store).words_record().file == ""
        assert corpus.stats().passages == 1


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
class TestWhoMayRead:
    @pytest.fixture(autouse=True)
    def umask(self) -> Iterator[None]:
        before = os.umask(0o022)
        yield
        os.umask(before)

    def test_a_new_library_is_its_users_alone(self, made: Path) -> None:
        assert modes(made) == {0o600}
        assert mode(made) == 0o700

    def test_while_it_is_open_too(self, made: Path, inbox: Path) -> None:
        with tiny_corpus(made) as corpus:
            corpus.index(write(inbox, "b.txt", "The second text."))
            assert {f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"} <= {path.name for path in made.iterdir()}
            assert modes(made) == {0o600}

    def test_one_that_everybody_could_read_is_closed_when_it_is_opened_to_be_written(
        self, made: Path
    ) -> None:
        opened(made, 0o755, 0o644)
        with Corpus.open(made, read_only=True):
            assert mode(made) == 0o755
        with Corpus.open(made):
            assert modes(made) == {0o600}
            assert mode(made) == 0o700

    def test_one_that_a_group_shares_stays_so(self, made: Path, inbox: Path) -> None:
        opened(made, 0o2770, 0o660)
        os.umask(0o007)
        with tiny_corpus(made) as corpus:
            corpus.index(write(inbox, "b.txt", "The second text."))
        assert modes(made) == {0o660}
        assert stat.S_IMODE(made.stat().st_mode) == 0o2770

    def test_a_folder_that_holds_other_things_too_stays_as_it_is(self, made: Path) -> None:
        opened(made, 0o755, 0o644)
        other = write(made, "notes.txt", "Mine.")
        other.chmod(0o644)
        with Corpus.open(made):
            assert mode(made) == 0o755
            assert mode(other) == 0o644
            assert mode(made / FILE_NAME) == 0o600

    def test_in_a_folder_of_other_things_only_the_librarys_own_files_are_closed(
        self, library: Path, inbox: Path
    ) -> None:
        other = write(library, "notes.txt", "Mine.")
        library.chmod(0o755)
        with tiny_corpus(library) as corpus:
            corpus.index(write(inbox, "a.txt", "The mill was closed."))
        assert (mode(library), mode(other)) == (0o755, 0o644)
        assert {mode(path) for path in library.iterdir() if path != other} == {0o600}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(folder: Path) -> set[int]:
    return {mode(path) for path in folder.iterdir()}


def opened(library: Path, folder: int, file: int) -> None:
    for path in library.iterdir():
        path.chmod(file)
    library.chmod(folder)
