"""The SQLite file of a library: its schema, its generation, and the removal of deleted words from it."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from qa.document.identity import words_sha256
from qa.errors import LibraryError
from qa.schema import Span
from qa.storage.records.tables import SCHEMA, TABLES
from qa.storage.sqlite_file import FileLayout, SqliteFile
from qa.text.names import spellings

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME = "library.sqlite3"


def put_spellings(db: sqlite3.Connection, text: str) -> None:
    """Store the spellings of names in a text."""
    db.executemany(
        "INSERT OR IGNORE INTO spellings (key, folded, spelling) VALUES (?, ?, ?)",
        [(key, folded, spelling) for (key, folded), spelling in spellings(text).items()],
    )


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


class Database(SqliteFile):
    """The SQLite file of the library in `folder`; see `SqliteFile`."""

    def __init__(self, folder: Path, *, create: bool = True, read_only: bool = False) -> None:
        super().__init__(folder, LAYOUT, create=create, read_only=read_only)

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
    def writing(self, *, counted: bool = True) -> Iterator[sqlite3.Connection]:
        """Open a write transaction. If `counted`, it raises the generation if it changes something."""
        with super().writing() as db:
            before = db.total_changes
            yield db
            if counted and db.total_changes > before:
                db.execute("UPDATE library SET generation = generation + 1")

    def scrub(self) -> None:
        """Write the file again and empty its log, so that neither contains a byte of deleted data.

        Raises:
            LibraryError: another process keeps reading, so that the log cannot be emptied.
        """
        with self.writing(counted=False) as db:
            # A deleted word stays in the full-text index until the index's segments are merged.
            db.execute("INSERT INTO words (words) VALUES ('optimize')")
        super().scrub()
