"""The desk of a library in one folder: the thumbs, conversations and dossiers in its file."""

# ruff: noqa: S608 -- statements are put together from this file's own column lists and conditions; what
# comes from outside is always bound as a value.

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast, get_args

from qa.desk.conversations import Conversations
from qa.desk.dossiers import Dossiers
from qa.desk.file import DeskFile
from qa.schema import Judgement, Outcome, QuoteReference, ShownAnswer, Thumb
from qa.storage import columns as stored
from qa.storage.ports import ThumbRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from qa.storage.ports import DeskLibrary, DocumentTexts

_COLUMNS = ", ".join(ThumbRow._fields)
_PUT = f"INTO thumbs ({_COLUMNS}) VALUES ({', '.join('?' * len(ThumbRow._fields))})"
# That a thumb is on a text of a document (?1) that is its own (?2), or is named with its id and shared (?3),
# or on an answer that quotes one.
_CITES = """
    sha256 IN (SELECT value FROM json_each(?2))
    OR document = ?1 AND sha256 IN (SELECT value FROM json_each(?3)) OR EXISTS (
        SELECT 1 FROM json_each(shown, '$.quotes')
        WHERE json_extract(value, '$[1]') IN (SELECT value FROM json_each(?2))
        OR json_extract(value, '$[0]') = ?1
        AND json_extract(value, '$[1]') IN (SELECT value FROM json_each(?3))
    )
"""
_OUTCOME, _THUMB = stored.one_of(get_args(Outcome)), stored.one_of(get_args(Thumb))


class DeskDatabase:
    """The thumbs, conversations and dossiers of a library; implements `qa.desk.ports.Desk`; for threads.

    The file is opened when it is first asked for, and made when something is first kept. Thumbs that the
    library kept itself, before schema 8, are taken over first; where nothing may be written, they are read.

    Every method raises `LibraryError` when the file is damaged, locked by another writer, from a newer
    Pullquote, or out of space; what was committed before stays as it was.
    """

    def __init__(self, library: DeskLibrary) -> None:
        self._library = library
        self._file = DeskFile(
            library.folder,
            read_only=library.read_only,
            on_open=lambda: library.hand_over_thumbs(self._take_over),
        )
        self.conversations = Conversations(self._file, library)
        self.dossiers = Dossiers(self._file, library)

    def close(self) -> None:
        """Close the file. The desk opens it again where it is used again."""
        self._file.close()

    def put_thumb(self, shown: ShownAnswer, quote: QuoteReference | None, thumb: Thumb | None) -> None:
        """Put a thumb on a quote of an answer, or (None) on all of it, in place of an earlier one.

        None for the thumb takes it back.

        Raises:
            DocumentNotFoundError: the library no longer knows a text that the answer quotes.
        """
        place = (quote.sha256, quote.start, quote.end) if quote else ("", 0, 0)
        with self._file.writing() as db:
            if thumb is None:
                db.execute(
                    "DELETE FROM thumbs WHERE query = ? AND sha256 = ? AND start = ? AND end = ?",
                    (shown.query_id, *place),
                )
            else:
                for each in shown.quotes:  # a purge that begins after this waits to forget the thumb
                    self._library.cited(each.sha256, each.document)
                row = ThumbRow(shown.query_id, *place, quote.document if quote else "", thumb, _row(shown))
                db.execute(f"INSERT OR REPLACE {_PUT}", row)

    def thumbs(self, query_id: str | None = None) -> tuple[Judgement, ...]:
        """Read the thumbs on one test query, or all, in order of query and place."""
        where, values = ("", ()) if query_id is None else ("WHERE query = ? ", (query_id,))
        with self._reading() as db:
            rows = db.execute(
                "SELECT shown, document, sha256, start, end, thumb FROM thumbs "
                f"{where}ORDER BY query, sha256, start, end",
                values,
            )
            return tuple(
                Judgement(_shown(shown), _place(place) if place[1] else None, cast("Thumb", _THUMB(thumb)))
                for shown, *place, thumb in rows
            )

    def count_thumbs(self) -> tuple[int, int]:
        """Count the thumbs, and the test queries that they make."""
        with self._reading() as db:
            counts: tuple[int, int] = db.execute(
                "SELECT count(*), count(DISTINCT query) FROM thumbs"
            ).fetchone()
        return counts

    def citing(self, texts: DocumentTexts) -> tuple[int, tuple[str, ...]]:
        """Count the thumbs that `forget` would delete, and list the questions that they are on."""
        with self._reading() as db:
            rows = db.execute(
                f"SELECT json_extract(shown, '$.question') FROM thumbs WHERE {_CITES} ORDER BY query",
                _named(texts),
            ).fetchall()
            return len(rows), tuple(dict.fromkeys(stored.text(question) for (question,) in rows))

    def forget(self, purged: Iterable[DocumentTexts]) -> None:
        """Forget documents: no byte of their texts or ids stays in the file.

        Each thumb goes that is on a text of theirs, or on an answer that quotes one; on a text that another
        document has too, only those with the document's id. Of conversations and
        dossiers, see `Conversations.forget` and `Dossiers.forget`.

        Raises:
            LibraryError: another process reads all the while, which keeps what was deleted in the file's log.
        """
        if file := self._file.find():
            named = tuple(purged)
            with file.writing() as db:
                db.executemany(f"DELETE FROM thumbs WHERE {_CITES}", map(_named, named))
                self.conversations.forget(db, named)
                self.dossiers.forget(db, named)
            file.scrub()

    def file_bytes(self) -> int:
        """Measure the file and its log."""
        file = self._file.find()
        return file.file_bytes() if file else 0

    def damage(self) -> list[str]:
        """List what SQLite finds wrong in the file."""
        file = self._file.find()
        if file is None:
            return []
        with file.reading() as db:
            found = [str(row) for (row,) in db.execute("PRAGMA integrity_check(5)")]
        return [] if found == ["ok"] else found

    def _take_over(self, rows: Sequence[ThumbRow]) -> None:
        """Put the thumbs that the library kept itself; one that is here already is newer."""
        with self._file.writing() as db:
            db.executemany(f"INSERT OR IGNORE {_PUT}", rows)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Give one snapshot of the thumbs; in memory, of those that cannot be taken over."""
        # In this order: another process may take them over between the two.
        former = self._library.former_thumbs() if self._library.read_only else []
        file = self._file.find()
        if file and not former:
            with file.reading() as db:
                yield db
            return
        with self._file.empty() as db:
            if file:
                with file.reading() as held:
                    db.executemany(f"INSERT {_PUT}", held.execute(f"SELECT {_COLUMNS} FROM thumbs"))
            db.executemany(f"INSERT OR IGNORE {_PUT}", former)
            yield db


def _named(texts: DocumentTexts) -> tuple[str, str, str]:
    """Return what `_CITES` is asked with."""
    return texts.document_id, json.dumps(texts.own), json.dumps(texts.shared)


def _row(shown: ShownAnswer) -> str:
    held = asdict(shown) | {"quotes": [(q.document, q.sha256, q.start, q.end) for q in shown.quotes]}
    return json.dumps(held, separators=(",", ":"))


def _shown(row: str) -> ShownAnswer:
    held = stored.record(row)
    return ShownAnswer(
        question=stored.text(held["question"]),
        history=tuple(map(stored.text, held["history"])),
        interpreted_question=stored.text(held["interpreted_question"]),
        outcome=cast("Outcome", _OUTCOME(held["outcome"])),
        quotes=tuple(map(_place, held["quotes"])),
        filtered=bool(held.get("filtered", False)),
    )


def _place(row: Sequence[Any]) -> QuoteReference:
    document, sha256, start, end = row
    if not 0 <= stored.number(start) < stored.number(end):
        raise ValueError(f"[{start}, {end}) is no place in a text")
    return QuoteReference(stored.text(document), stored.text(sha256), start, end)
