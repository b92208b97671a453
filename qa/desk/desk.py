"""The desk of a library: thumbs, conversations and dossiers, in its file or on a server."""

# ruff: noqa: S608 -- statements consist of this file's own column lists and conditions; values from
# outside are always bound.

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, cast, get_args

from qa.desk import rows
from qa.desk.file import TABLES, DeskFile
from qa.desk.shared import SharedTables
from qa.desk.shown_answers import ShownAnswers
from qa.desk.stored_conversations import Conversations
from qa.desk.stored_dossiers import Dossiers
from qa.errors import InputError
from qa.schema import Judgement, QuoteReference, ShownAnswer, Thumb
from qa.storage import columns as stored

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.desk.tables import DeskTables
    from qa.storage.records.store import Store
    from qa.storage.results import DocumentTexts
    from qa.storage.statements import Statements

_COLUMNS = ("query", "answer", "sha256", "start", "end", "document", "thumb", "shown", "judged")
_PUT = f"INSERT INTO thumbs ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_KEY = "query = ? AND answer = ? AND sha256 = ? AND start = ? AND end = ?"
_THUMB = stored.one_of(get_args(Thumb))


class DeskDatabase:
    """The thumbs, conversations and dossiers of a library. Implements `qa.desk.interface.Desk`. Thread-safe.

    The file is opened when it is first needed, and made when something is first stored. The same holds for
    tables on a server.

    Every method raises `LibraryError` if the file is damaged, locked by another writer, of another
    schema, or out of space, or if the server cannot be reached. What was committed before is unchanged.
    """

    def __init__(self, library: Store) -> None:
        self._library = library
        self._tables: DeskTables = (
            SharedTables(library.database.shared)
            if library.database.shared
            else DeskFile(library.folder, read_only=library.read_only)
        )
        self.conversations = Conversations(self._tables, library)
        self.dossiers = Dossiers(self._tables, library)
        self.shown_answers = ShownAnswers(self._tables, library)

    def close(self) -> None:
        """Close what is open. The next use opens it again."""
        self._tables.close()

    def put_thumb(self, shown: ShownAnswer, quote: QuoteReference | None, thumb: Thumb | None) -> None:
        """Put a thumb on a quote of an answer, or on the whole answer if `quote` is None.

        An earlier thumb is replaced. If `thumb` is None, take the thumb back.

        Raises:
            DocumentNotFoundError: the library no longer knows a text that the answer quotes.
        """
        coordinates = (quote.sha256, quote.start, quote.end) if quote else ("", 0, 0)
        with self._tables.writing() as db:
            db.execute(f"DELETE FROM thumbs WHERE {_KEY}", (shown.query_id, shown.answer_id, *coordinates))
            if thumb is not None:
                # A purge that begins after this waits for it.
                for reference in (*shown.quotes, *shown.all_quotes):
                    self._library.cited(reference.sha256, reference.document)
                now = rows.from_time(dt.datetime.now(dt.UTC))
                row = (quote.document if quote else "", thumb, rows.shown_row(shown), now)
                db.execute(_PUT, (shown.query_id, shown.answer_id, *coordinates, *row))

    def thumbs(self, shown: ShownAnswer | None = None) -> tuple[Judgement, ...]:
        """Return the thumbs on one answer, or all thumbs, in order of query, time and place."""
        where = "WHERE query = ? AND answer = ? " if shown else ""
        values = (shown.query_id, shown.answer_id) if shown else ()
        with self._tables.reading() as db:
            thumb_rows = db.execute(
                "SELECT shown, document, sha256, start, end, thumb FROM thumbs "
                f"{where}ORDER BY query, judged, sha256, start, end",
                values,
            )
            return tuple(
                Judgement(
                    rows.shown_of(row),
                    rows.reference_of(reference_row) if reference_row[1] else None,
                    cast("Thumb", _THUMB(thumb)),
                )
                for row, *reference_row, thumb in thumb_rows
            )

    def count_thumbs(self) -> tuple[int, int]:
        """Count the thumbs, and the test queries that they make."""
        with self._tables.reading() as db:
            counts: tuple[int, int] = db.execute(
                "SELECT count(*), count(DISTINCT query) FROM thumbs"
            ).fetchone()
        return counts

    def citing(self, texts: DocumentTexts) -> tuple[int, tuple[str, ...]]:
        """Count the thumbs that `forget` would delete, and list their questions."""
        with self._tables.reading() as db:
            questions = [shown.question for _, shown in _citing(db, texts)]
        return len(questions), tuple(dict.fromkeys(questions))

    def forget(self, purged: Iterable[DocumentTexts]) -> None:
        """Forget documents, in this thread's transaction of the library's database if the desk is there.

        Delete each thumb that is on a text of the documents, or on an answer that quotes such a text or is
        filtered by a document. If another document has the same text, delete only the thumbs with the purged
        document's id. `forget` of `Conversations`, `Dossiers` and `ShownAnswers` says what else is forgotten.
        """
        if self._tables.is_made():
            documents = tuple(purged)
            with self._tables.writing() as db:
                for texts in documents:
                    keys = [key for key, _ in _citing(db, texts)]
                    db.executemany(f"DELETE FROM thumbs WHERE {_KEY}", keys)
                self.conversations.forget(db, documents)
                self.dossiers.forget(db, documents)
                self.shown_answers.forget(db, documents)

    def scrub(self) -> None:
        """Leave no byte of deleted content in the files.

        Raises:
            LibraryError: another process keeps reading, so deleted content stays in the file's log.
        """
        self._tables.scrub()

    def file_bytes(self) -> int:
        """Return how many bytes the desk takes on disk."""
        return self._tables.count_bytes()

    def damage(self) -> list[str]:
        """Return the damage that is found in the desk's files."""
        return self._tables.damage()

    def is_empty(self) -> bool:
        """Return whether nothing is stored here."""
        with self._tables.reading() as db:
            return _is_empty(db)

    def take(self, other: DeskDatabase) -> None:
        """Copy everything from another desk to this desk, as one change.

        Raises:
            InputError: this desk is not empty.
        """
        with other._tables.reading() as source, self._tables.writing() as target:
            if not _is_empty(target):
                raise InputError("the desk to copy to is not empty: copy to an empty or a new library")
            for table in TABLES:
                copied_rows = source.execute(f"SELECT * FROM {table}").fetchall()
                if copied_rows:
                    target.executemany(
                        f"INSERT INTO {table} VALUES ({', '.join('?' * len(copied_rows[0]))})", copied_rows
                    )
            self._tables.count_on(target)


def _is_empty(db: Statements) -> bool:
    return not any(db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in TABLES)


def _citing(db: Statements, texts: DocumentTexts) -> list[tuple[tuple[Any, ...], ShownAnswer]]:
    """Find the thumbs on a text of a document, or on an answer that quotes it or is filtered by it.

    Returns the thumbs' keys and answers.
    """
    every = db.execute(
        "SELECT query, answer, sha256, start, end, document, shown FROM thumbs ORDER BY query, judged"
    )
    thumbs = [(tuple(key), document, rows.shown_of(row)) for *key, document, row in every]
    return [(key, shown) for key, document, shown in thumbs if rows.cites(shown, texts, (document, key[2]))]
