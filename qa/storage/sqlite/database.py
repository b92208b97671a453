"""The SQLite file of a library: its schema, its generation, and the removal of deleted words from it."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from qa.document.identity import words_sha256
from qa.errors import LibraryError
from qa.schema import Span
from qa.storage.engines import do_nothing
from qa.storage.findings import Finding
from qa.storage.records import near_duplicates
from qa.storage.records.tables import SCHEMA, TABLES
from qa.storage.sqlite.file import FileLayout, SqliteFile, may_write
from qa.storage.sqlite.full_text import Fts5Table

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from qa.storage.intake_values import Upload
    from qa.storage.statements import Statements

FILE_NAME = "library.sqlite3"


def _add_functions(db: sqlite3.Connection) -> None:
    db.create_function("casefold", 1, str.casefold, deterministic=True)
    db.create_function("words_sha256", 2, _words_sha256, deterministic=True)


def _words_sha256(text: str, furniture: str) -> str:
    return words_sha256(text, [Span(*span) for span in json.loads(furniture)])


LAYOUT = FileLayout(
    name=FILE_NAME,
    kind="library",
    application_id=0x50756C6C,  # "Pull"
    schema=SCHEMA,
    statements=TABLES,
    advice_if_damaged="move the folder away and run `pullquote index` again",
    advice_if_refused="run `pullquote index` with another folder as --library",
    prepare=_add_functions,
)


class SqliteDatabase(SqliteFile):
    """The SQLite file of the library in `folder`. Implements `qa.storage.engines.Database`."""

    full_text = Fts5Table()
    skip_locked = ""  # one transaction writes at a time
    shared = None  # the desk lies in the folder

    def __init__(self, folder: Path, *, create: bool = True, read_only: bool = False) -> None:
        super().__init__(folder, LAYOUT, create=create, read_only=read_only)
        self.where = str(folder)
        self.after_commit: Callable[[], object] = do_nothing

    def _recognise(self, db: sqlite3.Connection, *, create: bool) -> None:
        # Look for the index first: another process may fill the library between the two statements.
        indexed = any(self.folder.glob("index-*.faiss"))
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if indexed and not tables:
            raise LibraryError(
                f"{self.path} is empty, but there is an index next to it: the file was damaged. Put it "
                "back from "
                "a backup, or move the folder away and run `pullquote index` again"
            )
        super()._recognise(db, create=create)

    @contextlib.contextmanager
    def writing(
        self, *, counted: bool = True, names: Iterable[str] | None = None
    ) -> Iterator[sqlite3.Connection]:
        """Open the only write transaction. If `counted`, it raises the generation if it changes something."""
        with super().writing() as db:
            before = db.total_changes
            yield db
            near_duplicates.compare_noted(db)
            is_counted = counted and db.total_changes > before
            if is_counted:
                db.execute("UPDATE library SET generation = generation + 1")
        if is_counted:
            self.after_commit()

    @contextlib.contextmanager
    def one_change(self, names: Iterable[str] = ()) -> Iterator[bool]:
        """Yield True: each change in the block is a transaction of its own, committed at once.

        A transaction of many changes would block other writers for longer. The reads in the block would also
        have to use the connection that writes.
        """
        yield True

    def fetched(self, upload: Upload) -> Upload:
        """Return the upload: its bytes lie in the folder."""
        return upload

    def keep_original(self, db: Statements, upload: Upload) -> None:
        """Do nothing: the bytes lie in the folder."""

    def drop_originals(self, db: Statements) -> None:
        """Do nothing: the bytes lie in the folder."""

    def fetch_own_files(self) -> None:
        """Do nothing: the files lie in the folder."""

    def share_own_file(self, name: str) -> None:
        """Do nothing: the file in the folder is the only copy."""

    def count_on(self, db: Statements, tables: Iterable[str]) -> None:
        """Do nothing: SQLite numbers a new row after the greatest number."""

    def examine(self) -> Iterator[Finding]:
        """Check the file, and whether this user may write it."""
        with self.reading() as db:
            rows = [str(row[0]) for row in db.execute("PRAGMA integrity_check(5)")]
        problem = ""
        if rows != ["ok"]:
            problem = (
                f"{self.path} is damaged ({'; '.join(rows)}): put it back from a backup, or move the folder "
                "away and run `pullquote index` again"
            )
        yield Finding("store", "damaged" if problem else f"{self.path}, whole", problem)
        if may_write(self.path):
            yield Finding("access", "read and write")
        else:
            yield Finding(
                "access",
                "read only",
                f"{self.folder} may not be written by this user: questions are answered, but documents "
                "cannot be indexed, corrected or removed. If you want to change documents, correct the "
                "permissions of the folder and its files",
            )

    def scrub(self) -> None:
        """Write the file again and empty its log, so that neither contains a byte of deleted data.

        Raises:
            LibraryError: another process keeps reading, so that the log cannot be emptied.
        """
        with self.writing(counted=False) as db:
            # A deleted word stays in the full-text index until the index's segments are merged.
            db.execute("INSERT INTO words (words) VALUES ('optimize')")
        super().scrub()
