"""Texts that are no longer searched: kept when a document changes or is removed, put back, or erased.

Citations name a text by its SHA-256, so they go on opening what is kept here. Each function works inside a
transaction of the store's.
"""

# ruff: noqa: S608 -- as in `qa.store`: what comes from outside is always bound as a value.

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from qa.errors import DocumentNotFoundError, InputError
from qa.sources import RESTORED, aside_part

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from qa.schema import Document

Reason = Literal["superseded", "removed"]
# What a row of `documents` holds only while its document is searched, and what stands in a column of its own.
_NOT_HELD = ("serial", "first_key", "passages", "text")


@dataclass(frozen=True, slots=True)
class Version:
    """A text that a document had, up to `at` (UTC), when it was superseded or removed.

    `held` is what the store held of the document, by the names of its columns, and its `locations`.
    """

    number: int
    document_id: str
    sha256: str
    reason: Reason
    at: dt.datetime
    held: Mapping[str, Any]

    @property
    def title(self) -> str:
        """The title that the document had."""
        return str(self.held["title"])


@dataclass(frozen=True, slots=True)
class Cited:
    """The document that a citation names, as it was, and what has become of it.

    It is "superseded" while the document is held with another text (`current_id`, `current_sha256`), and
    "removed" once it is not, whatever else has its id then; `since` says when (UTC), and is None for what is
    current.
    """

    document: Document
    status: Literal["current", "superseded", "removed"]
    since: dt.datetime | None = None
    current_id: str = ""
    current_sha256: str = ""


def now() -> str:
    """The time, as it is stored: UTC, ISO 8601, whole seconds."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def keep(db: sqlite3.Connection, number: int, reason: Reason, *, withdrawn: bool = False) -> None:
    """Keep what is held of a document. One that is `withdrawn` is not to come back with the same files.

    Of a text that a document has had more than once, the last time counts.
    """
    cursor = db.execute("SELECT * FROM documents WHERE serial = ?", (number,))
    held = dict(zip((column for column, *_ in cursor.description), cursor.fetchone(), strict=True))
    text = held["text"]
    cursor = db.execute("SELECT * FROM locations WHERE document = ? ORDER BY rowid", (number,))
    names = [column for column, *_ in cursor.description]
    locations = [dict(zip(names, row, strict=True)) | {"document": None} for row in cursor]
    for at in locations:  # what another has displaced stood at that one's place
        at["part"] = at["part"].removesuffix(aside_part("", number))
    described = {name: value for name, value in held.items() if name not in _NOT_HELD}
    db.execute("DELETE FROM versions WHERE document = ? AND sha256 = ?", (held["id"], held["sha256"]))
    version = db.execute(
        "INSERT INTO versions (document, sha256, reason, at, held, text) VALUES (?, ?, ?, ?, ?, ?)",
        (held["id"], held["sha256"], reason, now(), json.dumps(described | {"locations": locations}), text),
    ).lastrowid
    if withdrawn:
        db.executemany(
            "INSERT OR REPLACE INTO withdrawn (path, part, source_sha256, version) VALUES (?, ?, ?, ?)",
            [(at["path"], at["part"], at["source_sha256"], version) for at in locations],
        )


def withdrawn(db: sqlite3.Connection, path: str, part: str, source_sha256: str) -> str | None:
    """Give the id of the document that a person removed which was read from these bytes at that place."""
    row = db.execute(
        "SELECT document FROM withdrawn JOIN versions ON number = version "
        "WHERE path = ? AND part = ? AND source_sha256 = ?",
        (path, part, source_sha256),
    ).fetchone()
    return str(row[0]) if row else None


def corrected_at(db: sqlite3.Connection, path: str, part: str) -> str | None:
    """Give the id of the corrected document that was removed last of those that stood at a place."""
    row = db.execute(
        "SELECT versions.document FROM versions, json_each(held, '$.locations') "
        "WHERE versions.document IN (SELECT document FROM corrections) AND reason = 'removed' "
        "AND json_extract(value, '$.path') = ? AND json_extract(value, '$.part') = ? "
        "ORDER BY number DESC LIMIT 1",
        (path, part),
    ).fetchone()
    return str(row[0]) if row else None


def admit(db: sqlite3.Connection, path: str, part: str) -> None:
    """Forget that what stood at that place was withdrawn: something else is read from there now."""
    db.execute("DELETE FROM withdrawn WHERE path = ? AND part = ?", (path, part))


def find(db: sqlite3.Connection, where: str, *values: str | int) -> Iterator[Version]:
    """Read the versions that meet a condition, the newest first."""
    rows = db.execute(
        f"SELECT number, document, sha256, reason, at, held FROM versions WHERE {where} ORDER BY number DESC",
        values,
    )
    for number, document_id, sha256, reason, at, held in rows:
        when = dt.datetime.fromisoformat(at)
        yield Version(number, document_id, sha256, reason, when, json.loads(held))


def text(db: sqlite3.Connection, version: Version) -> str:
    """Read a version's text."""
    row = db.execute("SELECT text FROM versions WHERE number = ?", (version.number,)).fetchone()
    return str(row[0])


def restorable(db: sqlite3.Connection, document_id: str) -> Version:
    """Find what `restore` puts back: the text that the document had when it was removed last.

    Raises:
        InputError: a document of that id is held.
        DocumentNotFoundError: none was removed, or it was purged.
    """
    if db.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone():
        raise InputError(
            f"{document_id!r} is in the library: to put back what was removed, remove that document first"
        )
    version = next(find(db, "document = ? AND reason = 'removed'", document_id), None)
    if version is None:
        raise DocumentNotFoundError(
            f"no document {document_id!r} was removed, or it was erased for good: "
            "`pullquote documents --removed` lists what can be restored"
        )
    return version


def put_back(db: sqlite3.Connection, version: Version, number: int) -> None:
    """Give a restored document its places again, but for those where something else stands by now.

    Where that is so of all, it is one more part of the first file, which will be found gone.
    """
    locations = version.held["locations"]
    taken = "SELECT 1 FROM locations WHERE path = ? AND part = ?"
    free = [at for at in locations if not db.execute(taken, (at["path"], at["part"])).fetchone()]
    for at in free or [locations[0] | {"part": aside_part(locations[0]["part"], number)}]:
        held = {name: value for name, value in at.items() if name != "number"}
        held |= {"document": number, "made_by": RESTORED}
        names, marks = ", ".join(held), ", ".join("?" * len(held))
        db.execute(f"INSERT INTO locations ({names}) VALUES ({marks})", tuple(held.values()))
        db.execute(
            "DELETE FROM files WHERE path = ?", (at["path"],)
        )  # as read last, it does not give this one
    db.execute("DELETE FROM versions WHERE number = ?", (version.number,))


def citing(db: sqlite3.Connection, document_id: str) -> tuple[int, tuple[str, ...]]:
    """Tell what in the library cites a document, in any version: how many thumbs, on which questions."""
    where, values = _thumbs(db, document_id)
    rows = db.execute(
        f"SELECT json_extract(shown, '$.question') FROM thumbs WHERE {where} ORDER BY query",
        values,
    ).fetchall()
    return len(rows), tuple(dict.fromkeys(question for (question,) in rows))


def same_text(db: sqlite3.Connection, document_id: str) -> tuple[str, ...]:
    """List the ids of others that have, or had, the very text that a document has, or had."""
    own = "SELECT sha256 FROM documents WHERE id = ?1 UNION SELECT sha256 FROM versions WHERE document = ?1"
    rows = db.execute(
        f"SELECT id FROM documents WHERE sha256 IN ({own}) AND id != ?1 "
        f"UNION SELECT document FROM versions WHERE sha256 IN ({own}) AND document != ?1 ORDER BY 1",
        (document_id,),
    )
    return tuple(other for (other,) in rows)


def erase(db: sqlite3.Connection, document_id: str) -> None:
    """Delete all versions of a document, every thumb that is on it or on an answer that quotes it, and more.

    What it is held as now is left to the caller, to be deleted afterwards.
    """
    where, values = _thumbs(db, document_id)
    db.execute(f"DELETE FROM thumbs WHERE {where}", values)
    paths = {location["path"] for each in find(db, "document = ?", document_id) for location in _places(each)}
    paths |= {
        path
        for (path,) in db.execute(
            "SELECT path FROM locations WHERE document = (SELECT serial FROM documents WHERE id = ?)",
            (document_id,),
        )
    }
    db.executemany("DELETE FROM files WHERE path = ?", [(path,) for path in paths])
    db.execute("DELETE FROM corrections WHERE document = ?", (document_id,))
    db.execute("DELETE FROM versions WHERE document = ?", (document_id,))
    db.execute("INSERT INTO erasing DEFAULT VALUES")


def _places(version: Version) -> list[Mapping[str, Any]]:
    return [{"path": version.held["path"]}, *version.held["locations"]]


def _thumbs(db: sqlite3.Connection, document_id: str) -> tuple[str, tuple[str, ...]]:
    """Build a condition on `thumbs`, and its values: that one is on a document or an answer that quotes it.

    A text that another document has too is that one's as well.
    """
    own = {
        sha256
        for (sha256,) in db.execute(
            "SELECT sha256 FROM documents WHERE id = ?1 "
            "UNION SELECT sha256 FROM versions WHERE document = ?1",
            (document_id,),
        )
    }
    texts = [
        sha256
        for sha256 in sorted(own)
        if not db.execute(
            "SELECT 1 FROM documents WHERE sha256 = ?1 AND id != ?2 UNION ALL "
            "SELECT 1 FROM versions WHERE sha256 = ?1 AND document != ?2",
            (sha256, document_id),
        ).fetchone()
    ]
    is_its = "{0} = ? OR {1} IN (SELECT value FROM json_each(?))"
    quoted = is_its.format("json_extract(value, '$[0]')", "json_extract(value, '$[1]')")
    where = (
        f"{is_its.format('document', 'sha256')} "
        f"OR EXISTS (SELECT 1 FROM json_each(shown, '$.quotes') WHERE {quoted})"
    )
    return where, (document_id, json.dumps(texts)) * 2
