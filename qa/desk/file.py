"""The desk's tables, and a SQLite file for them next to the library, whatever stores the library."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qa.errors import LibraryNotFoundError
from qa.storage.sqlite.file import FileLayout, SqliteFile, translated
from qa.storage.statements import empty

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from qa.storage.statements import Statements

FILE_NAME = "desk.sqlite3"
THUMBS = """
    -- A row for each thumb (`qa.evaluation.thumbs`). `query` names a question with its history and filters,
    -- and `answer` an answer to this question.
    CREATE TABLE thumbs (
        query TEXT NOT NULL,
        answer TEXT NOT NULL,
        -- The quote: by these, so that it outlives its document's row. On an answer as a whole: '' and 0.
        sha256 TEXT NOT NULL,
        start INTEGER NOT NULL,
        end INTEGER NOT NULL,
        document TEXT NOT NULL,
        thumb TEXT NOT NULL CHECK (thumb IN ('up', 'down')),
        -- The answer as it was shown, without the text of its quotes.
        shown TEXT NOT NULL,
        -- The time when the thumb was pressed, UTC, ISO 8601.
        judged TEXT NOT NULL,
        PRIMARY KEY (query, answer, sha256, start, end)
    )
    """
CONVERSATIONS = (
    """
    -- Times are UTC, ISO 8601, so that they sort as text.
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY,
        -- '' until it is renamed: then its first question is its name.
        name TEXT NOT NULL,
        began TEXT NOT NULL,
        changed TEXT NOT NULL,
        -- When it was deleted, '' while it is not: for a day that can be undone.
        deleted TEXT NOT NULL
    )
    """,
    """
    -- A question with its answer (`qa.desk.rows`). Only `remarks` may hold words of documents.
    CREATE TABLE turns (
        serial INTEGER PRIMARY KEY,
        conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
        number INTEGER NOT NULL,
        question TEXT NOT NULL,
        asked TEXT NOT NULL,
        answer TEXT NOT NULL,
        remarks TEXT NOT NULL,
        filters TEXT NOT NULL,
        UNIQUE (conversation, number)
    )
    """,
    """
    -- The coordinates of the quotes of an answer. Once the document was purged, all but `number` is empty.
    CREATE TABLE quotes (
        turn INTEGER NOT NULL REFERENCES turns ON DELETE CASCADE,
        -- 0: of the answer; 1: of all that answer.
        of_all INTEGER NOT NULL,
        place INTEGER NOT NULL,
        -- 0: the quote; from 1: the same words in other documents.
        copy INTEGER NOT NULL,
        document TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        start INTEGER NOT NULL,
        end INTEGER NOT NULL,
        number INTEGER NOT NULL,
        score REAL NOT NULL,
        emphasis TEXT NOT NULL,
        purged TEXT NOT NULL,
        PRIMARY KEY (turn, of_all, place, copy)
    )
    """,
    "CREATE INDEX quotes_by_text ON quotes (sha256)",
)
DOSSIERS = (
    """
    CREATE TABLE dossiers (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        began TEXT NOT NULL,
        changed TEXT NOT NULL,
        -- When it was deleted, '' while it is not: for a day that can be undone.
        deleted TEXT NOT NULL
    )
    """,
    """
    -- `words`, `question` and names are the analyst's own. Once the document of a quote was purged, its
    -- coordinates and filters are empty.
    CREATE TABLE dossier_entries (
        serial INTEGER PRIMARY KEY AUTOINCREMENT,
        dossier TEXT NOT NULL REFERENCES dossiers ON DELETE CASCADE,
        place INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('quote', 'heading', 'note', 'question')),
        words TEXT NOT NULL,
        document TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        start INTEGER NOT NULL,
        end INTEGER NOT NULL,
        context_start INTEGER NOT NULL,
        context_end INTEGER NOT NULL,
        -- '' where nothing was asked.
        question TEXT NOT NULL,
        outcome TEXT NOT NULL,
        filters TEXT NOT NULL,
        asked TEXT NOT NULL,
        generation INTEGER NOT NULL,
        added TEXT NOT NULL,
        purged TEXT NOT NULL,
        -- When it was removed, '' while it is not: for a day that can be undone.
        removed TEXT NOT NULL,
        -- JSON: how a question was asked and what was searched (`qa.desk.stored_dossiers`).
        how TEXT NOT NULL DEFAULT '{}',
        -- JSON: the places of figures that differ.
        differing TEXT NOT NULL DEFAULT '[]'
    )
    """,
    "CREATE INDEX dossier_entries_in_order ON dossier_entries (dossier, place)",
    "CREATE INDEX dossier_entries_by_text ON dossier_entries (sha256)",
)
SHOWN_ANSWERS = (
    """
    -- The answers that were shown lately (`qa.desk.shown_answers`), without the text of their quotes.
    -- Thumbs and dossiers name them by id.
    CREATE TABLE shown_answers (
        id TEXT PRIMARY KEY,
        -- The conversation that shows the answer, or ''.
        conversation TEXT NOT NULL,
        -- As in `thumbs`.
        shown TEXT NOT NULL,
        -- As in `dossier_entries`.
        outcome TEXT NOT NULL,
        asked TEXT NOT NULL,
        generation INTEGER NOT NULL,
        how TEXT NOT NULL,
        differing TEXT NOT NULL,
        -- When it was shown last.
        remembered TEXT NOT NULL
    )
    """,
    "CREATE INDEX shown_answers_by_time ON shown_answers (remembered)",
)


def _overwrite_what_is_deleted(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA secure_delete = ON")


_ADVICE = "move it away: this loses thumbs, conversations and dossiers, but no documents and citations"
LAYOUT = FileLayout(
    name=FILE_NAME,
    kind="desk",
    application_id=0x44657363,  # "Desc"
    schema=7,
    statements=(THUMBS, *CONVERSATIONS, *DOSSIERS, *SHOWN_ANSWERS),
    advice_if_damaged=_ADVICE,
    advice_if_refused=_ADVICE,
    prepare=_overwrite_what_is_deleted,
)


# The tables that a copy of the desk takes, in this order, because rows refer to rows of earlier tables.
TABLES = ("thumbs", "conversations", "turns", "quotes", "dossiers", "dossier_entries")
EVERY_TABLE = (*TABLES, "shown_answers")


class DeskFile:
    """The desk's file. It is opened when it is first needed, and made when something is first written.

    Implements `qa.desk.tables.DeskTables`.

    Every method raises `LibraryError` if the file is damaged, locked by another writer, of another
    schema, or out of space. What was committed before is unchanged. Several threads may use the file at
    once.
    """

    def __init__(self, folder: Path, *, read_only: bool) -> None:
        self._folder = folder
        self._read_only = read_only
        self._lock = threading.RLock()
        self._file: SqliteFile | None = None

    def close(self) -> None:
        """Close the file. The next use opens it again."""
        with self._lock:
            if self._file:
                self._file.close()
            self._file = None

    def find(self, *, create: bool = False) -> SqliteFile | None:
        """Return the open file, or None if there is no file and `create` is false."""
        with self._lock:
            if self._file is None:
                try:
                    self._file = SqliteFile(self._folder, LAYOUT, create=create, read_only=self._read_only)
                except LibraryNotFoundError:
                    if create:
                        raise
            return self._file

    def writing(self) -> AbstractContextManager[Statements]:
        """Open the one write transaction. If there is no file, make it."""
        file = self.find(create=True)
        assert file is not None  # noqa: S101 - it was made
        return file.writing()

    @contextmanager
    def reading(self) -> Iterator[Statements]:
        """Yield one snapshot. If there is no file, the snapshot is empty."""
        file = self.find()
        if file is not None:
            with file.reading() as db:
                yield db
            return
        with translated(self._folder, LAYOUT), empty(LAYOUT) as nothing:
            yield nothing

    def count_on(self, db: Statements) -> None:
        """Do nothing: SQLite gives new rows numbers after the existing rows' numbers."""

    def is_made(self) -> bool:
        """Return whether the file exists."""
        return self.find() is not None

    def scrub(self) -> None:
        """Leave no byte of deleted content in the file; see `SqliteFile.scrub`."""
        if file := self.find():
            file.scrub()

    def count_bytes(self) -> int:
        """Return the size of the file and its log."""
        file = self.find()
        return file.file_bytes() if file else 0

    def damage(self) -> list[str]:
        """Return the damage that SQLite finds in the file."""
        file = self.find()
        if file is None:
            return []
        with file.reading() as db:
            problems = [str(row) for (row,) in db.execute("PRAGMA integrity_check(5)")]
        return [] if problems == ["ok"] else problems
