"""Versions: texts that are no longer searched. They are kept when a document is changed or removed.

A version can be restored or erased. Citations name a text by its SHA-256, so they still find these texts.
Each function works inside a transaction of the store.
"""

# ruff: noqa: S608 -- as in `store`: values from outside are always bound.

from __future__ import annotations

import datetime as dt
import json
import secrets
from typing import TYPE_CHECKING, Any

from qa.document.identity import RECORDS, agree, certain, certain_of
from qa.errors import DocumentNotFoundError, InputError
from qa.schema import sha256_text
from qa.storage import columns as stored
from qa.storage.files import is_gone
from qa.storage.intake_values import LeftOut
from qa.storage.records.corrections import found_in
from qa.storage.records.locations import RESTORED, aside_part
from qa.storage.results import DocumentTexts, Reason, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qa.schema import Document
    from qa.storage.intake_values import ReadDocument
    from qa.storage.statements import Statements

# Columns of `documents` that `versions.held` lacks: they apply only to a document that is searched, or have a
# column of their own in `versions`.
_NOT_HELD = ("serial", "first_key", "passages", "text")
_ANEW = (
    "ON CONFLICT (path, part) DO UPDATE SET source_sha256 = excluded.source_sha256, "
    "version = excluded.version"
)
# The corrected documents that were removed from a place, by path and part.
CORRECTED_AT = (
    "FROM versions, json_each(held, '$.locations') WHERE EXISTS (SELECT 1 FROM corrections) "
    "AND versions.document IN (SELECT document FROM corrections) AND reason = 'removed' "
    "AND json_extract(value, '$.path') = ?1 AND json_extract(value, '$.part') = ?2"
)
PURGED = LeftOut(None, "")


def now() -> str:
    """Return the time in its stored form: UTC, ISO 8601, whole seconds."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def keep(db: Statements, number: int, reason: Reason, *, withdrawn: bool = False) -> None:
    """Keep a document's text and metadata as a version.

    If `withdrawn`, the same files do not bring the document back. If the document has a version with the same
    text already, the new version replaces it.
    """
    cursor = db.execute("SELECT * FROM documents WHERE serial = ?", (number,))
    held = dict(zip((column for column, *_ in cursor.description), cursor.fetchone(), strict=True))
    text = held["text"]
    cursor = db.execute("SELECT * FROM locations WHERE document = ? ORDER BY number", (number,))
    names = [column for column, *_ in cursor.description]
    locations = [dict(zip(names, row, strict=True)) | {"document": None} for row in cursor]
    for at in locations:  # undo `locations.displace`
        at["part"] = at["part"].removesuffix(aside_part("", number))
    described = {name: value for name, value in held.items() if name not in _NOT_HELD}
    db.execute("DELETE FROM versions WHERE document = ? AND sha256 = ?", (held["id"], held["sha256"]))
    version = db.execute(
        "INSERT INTO versions (document, sha256, reason, at, held, text) VALUES (?, ?, ?, ?, ?, ?)",
        (held["id"], held["sha256"], reason, now(), json.dumps(described | {"locations": locations}), text),
    ).lastrowid
    if withdrawn:
        db.executemany(
            f"INSERT INTO withdrawn (path, part, source_sha256, version) VALUES (?, ?, ?, ?) {_ANEW}",
            [(at["path"], at["part"], at["source_sha256"], version) for at in locations],
        )


def left_out(db: Statements, read: ReadDocument, *, new_words: bool) -> LeftOut | None:
    """Find the removed or purged document that a read document is.

    It is found by its place, or by its words if no stored document has them (`new_words`).
    """
    document = read.document
    row = db.execute(
        "SELECT version, document FROM withdrawn JOIN versions ON number = version "
        "WHERE path = ? AND part = ? AND source_sha256 = ? AND source_sha256 != ''",
        (document.path, read.part, document.source_sha256),
    ).fetchone()
    if row:
        return LeftOut(*row)
    if not new_words:
        return None
    was_purged = db.execute(
        "SELECT 1 FROM purged WHERE path_sha256 = ? AND source_sha256 IN (?, ?)",
        (sha256_text(document.path), document.source_sha256, document.sha256),
    )
    return _withdrawn_text(db, read) or (PURGED if was_purged.fetchone() else None)


def _withdrawn_text(db: Statements, read: ReadDocument) -> LeftOut | None:
    """Find the removed document that a read document is a copy of, by the rules of `locations._same`.

    A removed text may come back at this place if another text was read from this place meanwhile.
    """
    document = read.document
    rows = db.execute(
        "SELECT number, document, held FROM versions WHERE number IN ("
        "SELECT number FROM versions WHERE sha256 = ?1 UNION "
        "SELECT number FROM versions WHERE json_extract(held, '$.words_sha256') = ?2 AND ?2 != '') "
        "AND number IN (SELECT version FROM withdrawn) AND number NOT IN "
        "(SELECT version FROM withdrawn WHERE path = ?3 AND part = ?4 AND source_sha256 = '') "
        "ORDER BY number DESC",
        (document.sha256, read.words, document.path, read.part),
    )
    for number, document_id, row in rows:
        held = stored.record(row)
        if (held["format"] in RECORDS) != (document.format in RECORDS):
            continue
        if document.format in RECORDS:
            same = held["sha256"] == document.sha256 and (
                held["given_id"] == document.id or _was_moved(db, number, read)
            )
        else:
            origins = found_in(held["found"])
            theirs = certain((held["publisher"], held["number"], held["date"]), origins)
            same = agree(certain_of(document), theirs)
        if same:
            return LeftOut(number, document_id)
    return None


def _was_moved(db: Statements, version: int, read: ReadDocument) -> bool:
    """Return whether a removed record was the same part of a file that is gone."""
    rows = db.execute(
        "SELECT path FROM withdrawn WHERE version = ? AND part = ? AND source_sha256 = ?",
        (version, read.part, read.document.source_sha256),
    )
    return any(is_gone(path) for (path,) in rows)


def withhold(db: Statements, read: ReadDocument, version: int) -> None:
    """Note one more place of a text that a person removed."""
    db.execute(
        "INSERT INTO withdrawn (path, part, source_sha256, version) "
        f"SELECT ?, ?, ?, number FROM versions WHERE number = ? {_ANEW}",
        (read.document.path, read.part, read.document.source_sha256, version),
    )


def corrected_at(db: Statements, path: str, part: str, sha256: str = "") -> str | None:
    """Return the id of the corrected document that was last removed from a place, or None.

    If `sha256` is given, the document must have had that text.
    """
    row = db.execute(
        f"SELECT versions.document {CORRECTED_AT} AND ?3 IN ('', sha256) ORDER BY number DESC LIMIT 1",
        (path, part, sha256),
    ).fetchone()
    return str(row[0]) if row else None


def admit(db: Statements, read: ReadDocument) -> None:
    """Allow removed and purged documents of a place to come back there: a document is read from there now.

    At other places, a removed text is recognised by its words and stays out.
    """
    document = read.document
    db.execute(
        "UPDATE withdrawn SET source_sha256 = '' WHERE path = ? AND part = ? AND source_sha256 != ''",
        (document.path, read.part),
    )
    db.execute(
        "DELETE FROM purged WHERE path_sha256 = ? AND source_sha256 IN (?, ?)",
        (sha256_text(document.path), document.source_sha256, document.sha256),
    )


def find(db: Statements, where: str, *values: str | int) -> Iterator[Version]:
    """Read the versions that meet a condition, the newest first."""
    rows = db.execute(
        f"SELECT number, document, sha256, reason, at, held FROM versions WHERE {where} ORDER BY number DESC",
        values,
    )
    for number, document_id, sha256, reason, at, held in rows:
        when = dt.datetime.fromisoformat(stored.text(at))
        yield Version(number, stored.text(document_id), stored.text(sha256), reason, when, _held(held))


def _held(row: str) -> Mapping[str, Any]:
    """Parse a version's metadata and locations."""
    held = stored.record(row)
    for entry in (held, *held["locations"]):
        stored.text(entry["path"])
    stored.text(held["title"])
    return held


def text(db: Statements, version: Version) -> str:
    """Read a version's text."""
    row = db.execute("SELECT text FROM versions WHERE number = ?", (version.number,)).fetchone()
    return str(row[0])


def restorable(db: Statements, document_id: str) -> Version:
    """Return the version that `restore` puts back: the document's text when it was last removed.

    Raises:
        InputError: the library has a document of that id.
        DocumentNotFoundError: no document of that id was removed, or it was purged.
    """
    version = next(find(db, "document = ? AND reason = 'removed'", document_id), None)
    if db.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone():
        raise InputError(
            f"another document has the id {document_id!r} now: to restore the removed document, remove "
            "the other document first"
            if version
            else f"{document_id!r} is already in the library, so there is nothing to restore"
        )
    if version is None:
        raise DocumentNotFoundError(
            f"no document {document_id!r} was removed, or it was erased for good: "
            "`pullquote documents --removed` lists what can be restored"
        )
    return version


def put_back(db: Statements, version: Version, number: int) -> None:
    """Give a restored document its places again, except places that another document has now.

    If other documents have all its places, it becomes one more part of the first file. The next run finds
    that this part is gone. If its text was found at other places meanwhile, it gets those places too, and
    loses the places in files that are gone.
    """
    locations = version.held["locations"]
    before = {(at["path"], at["part"]) for at in locations}
    rows = db.execute(
        "SELECT path, part, source_sha256 FROM withdrawn WHERE version = ? AND source_sha256 != ''",
        (version.number,),
    )
    text = {"format": version.held["format"], "sha256": version.sha256}
    since = [
        {"path": path, "part": part, "source_sha256": source_sha256} | text
        for path, part, source_sha256 in rows
        if (path, part) not in before
    ]
    if since:
        locations = [at for at in (*locations, *since) if not is_gone(at["path"])] or locations
    taken = "SELECT 1 FROM locations WHERE path = ? AND part = ?"
    free = [at for at in locations if not db.execute(taken, (at["path"], at["part"])).fetchone()]
    for at in free or [locations[0] | {"part": aside_part(locations[0]["part"], number)}]:
        held = {name: value for name, value in at.items() if name != "number"}
        held |= {"document": number, "made_by": RESTORED}
        names, marks = ", ".join(held), ", ".join("?" * len(held))
        db.execute(f"INSERT INTO locations ({names}) VALUES ({marks})", tuple(held.values()))
        db.execute(
            "DELETE FROM files WHERE path = ?", (at["path"],)
        )  # the last reading did not give this document
    db.execute("DELETE FROM versions WHERE number = ?", (version.number,))


def with_text(db: Statements, document: Document) -> tuple[str, ...]:
    """List the ids of other documents that have, or had, this document's text."""
    rows = db.execute(
        "SELECT id FROM documents WHERE sha256 = ?1 AND id != ?2 "
        "UNION SELECT document FROM versions WHERE sha256 = ?1 AND document != ?2 ORDER BY 1",
        (document.sha256, document.id),
    )
    return tuple(stored.text(other) for (other,) in rows)


def erase(db: Statements, document_id: str) -> set[str]:
    """Delete all versions of a document, and the records of its files. Note the texts for the desk to forget.

    Return the paths of the document's present and former places.

    The caller must delete the document's row afterwards. Hashes of the document's places stay, so that its
    files do not bring it back.
    """
    cited = json.dumps([document_id, texts(db, document_id)])
    paths = {
        location["path"]
        for version in find(db, "document = ?", document_id)
        for location in version.locations
    }
    paths |= {
        path
        for (path,) in db.execute(
            "SELECT path FROM locations WHERE document = (SELECT serial FROM documents WHERE id = ?)",
            (document_id,),
        )
    }
    db.executemany("DELETE FROM files WHERE path = ?", [(path,) for path in paths])
    db.execute("DELETE FROM corrections WHERE document = ?", (document_id,))
    # A feed's entry is recognised by its text: its bytes are the whole feed, which changes often.
    stood = db.execute(
        "SELECT path, CASE WHEN format = 'feed' THEN sha256 ELSE source_sha256 END FROM locations "
        "WHERE document = (SELECT serial FROM documents WHERE id = ?1) UNION "
        "SELECT path, CASE WHEN json_extract(held, '$.format') = 'feed' THEN sha256 ELSE source_sha256 END "
        "FROM withdrawn JOIN versions ON number = version WHERE document = ?1 AND source_sha256 != ''",
        (document_id,),
    ).fetchall()
    db.executemany(
        "INSERT INTO purged (path_sha256, source_sha256) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(sha256_text(path), source_sha256) for path, source_sha256 in stood],
    )
    db.execute("DELETE FROM versions WHERE document = ?", (document_id,))
    # A random number: a new note must not get the number of a note that another process is about to delete.
    db.execute("INSERT INTO erasing (one, cited) VALUES (?, ?)", (secrets.randbits(63), cited))
    return paths | {path for path, _ in stood}


def texts(db: Statements, document_id: str) -> list[str]:
    """List the SHA-256 of a document's present and earlier texts."""
    rows = db.execute(
        "SELECT sha256 FROM documents WHERE id = ?1 UNION SELECT sha256 FROM versions WHERE document = ?1",
        (document_id,),
    )
    return [stored.text(sha256) for (sha256,) in rows]


def parted(db: Statements, document_id: str, texts: Iterable[str]) -> DocumentTexts:
    """Split a document's texts, by SHA-256, into its own and texts that another document has, or had, too."""
    rows = db.execute(
        "SELECT sha256 FROM documents WHERE sha256 IN (SELECT value FROM json_each(?1)) AND id != ?2 "
        "UNION SELECT sha256 FROM versions "
        "WHERE sha256 IN (SELECT value FROM json_each(?1)) AND document != ?2 ORDER BY 1",
        (json.dumps([*texts]), document_id),
    )
    shared = tuple(sha256 for (sha256,) in rows)
    return DocumentTexts(document_id, tuple(sorted({*texts}.difference(shared))), shared)
