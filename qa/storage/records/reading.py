"""Reads documents, earlier texts and citations from the tables of an engine.

Each function works on the tables of `tables`, inside a transaction of the engine. `place` is the library's
place, for messages.
"""

# ruff: noqa: S608 -- statements are built from column lists and conditions of this package. Values from
# outside are always bound.

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from qa.document.corrections import uncorrected
from qa.document.metadata import BY_SIDECAR, value_of
from qa.errors import DocumentNotFoundError, LibraryError
from qa.schema import FILTERED_BY_NAME, Document, Facets, Section
from qa.storage import columns as stored
from qa.storage.parts import COPIED, ENGINES_OWN
from qa.storage.ports import Cited, Version
from qa.storage.records import versions
from qa.storage.records.corrections import corrections_of, found_in
from qa.storage.records.rows import COLUMNS, PLAIN, SECTION, date_of, spans_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qa.storage.statements import Statements

# Number of ids before, and after, a missing id in order, among which similar ids are looked for.
SUGGESTED_FROM = 500
# The text is read as bytes: a damaged text may not be UTF-8.
_READ = ", ".join(name if name != "text" else "CAST(text AS BLOB)" for name in COLUMNS)


def document_at(db: Statements, place: object, number: int) -> Document:
    """Read the document of that number, and check the text's hash."""
    row = db.execute(f"SELECT {_READ} FROM documents WHERE serial = ?", (number,)).fetchone()
    held = dict(zip(COLUMNS, row, strict=True))
    return as_document(place, held | {"text": held["text"].decode(errors="replace")})


def as_document(place: object, held: Mapping[str, Any]) -> Document:
    """Make a document from its stored values.

    Raises:
        LibraryError: the text does not have the recorded SHA-256 or length.
    """
    document = Document(
        **{name: stored.text(held.get(name, "")) for name in PLAIN},
        date=date_of(held["date"]),
        header=spans_of(held["header"]),
        furniture=spans_of(held["furniture"]),
        notes=tuple(map(stored.text, stored.items(held["notes"]))),
        sections=stored.rows(held["sections"], Section, *SECTION),
        found=found_in(held["found"]),
        unread=(),
    )
    if document.sha256 != held["sha256"] or held.get("characters") not in (None, len(document.text)):
        raise LibraryError(
            f"the text of {document.id!r} in {place}, which came from {document.path or 'no file'}, does not "
            "have the SHA-256 recorded for it: the library is damaged. Put it back from a backup, or remove "
            "the document and add that file again"
        )
    return document


def rows_of(db: Statements, table: str, where: str = "TRUE", *values: object) -> list[dict[str, Any]]:
    """Return the rows of a table that meet a condition, each row by column."""
    cursor = db.execute(f"SELECT * FROM {table} WHERE {where}", values)
    names = [name for name, *_ in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def put_rows(db: Statements, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put rows of another library into a table, without the columns about an engine's own passages."""
    held = [name for name, *_ in db.execute(f"SELECT * FROM {table} LIMIT 0").description]
    for row in rows:
        values = {name: row[name] for name in held if name in row and name not in ENGINES_OWN}
        marks = ", ".join("?" * len(values))
        anew = ", ".join(f"{name} = excluded.{name}" for name in values)
        db.execute(
            f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks}) "
            f"ON CONFLICT ({COPIED[table]}) DO UPDATE SET {anew}",
            tuple(values.values()),
        )


def number_of(db: Statements, document_id: str) -> int:
    """Return the number of a document's row.

    Raises:
        DocumentNotFoundError: no document has the id. The message suggests similar ids.
    """
    row = db.execute("SELECT serial FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None:
        held = [
            held
            for order in ("id >= ? ORDER BY id", "id < ? ORDER BY id DESC")
            for (held,) in db.execute(
                f"SELECT id FROM documents WHERE {order} LIMIT ?", (document_id, SUGGESTED_FROM)
            )
        ]
        near = difflib.get_close_matches(document_id, held, 3)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "`pullquote documents` lists them"
        if removed := next(versions.find(db, "document = ?", document_id), None):
            hint = f"it was removed on {removed.at:%Y-%m-%d}; `pullquote restore` puts it back"
        raise DocumentNotFoundError(f"the library has no document {document_id!r}: {hint}")
    return int(row[0])


def with_sha256(db: Statements, place: object, sha256: str) -> Document:
    """Read the document whose text has that SHA-256 (hex). If several have it, read the first by id.

    Raises:
        DocumentNotFoundError: no document has such a text.
    """
    row = db.execute(
        "SELECT serial FROM documents WHERE sha256 = ? ORDER BY id LIMIT 1", (sha256.lower(),)
    ).fetchone()
    if row is None:
        raise DocumentNotFoundError(
            f"the library in {place} has no document whose text has the SHA-256 {sha256!r}: "
            "it was removed, or its source has changed since"
        )
    return document_at(db, place, row[0])


def facets(db: Statements) -> Facets:
    """Return the values that filters can choose from."""

    def values(column: str) -> tuple[tuple[str, int], ...]:
        rows = db.execute(
            f"SELECT {column}, count(*) FROM documents WHERE {column} != '' GROUP BY 1 ORDER BY 1"
        )
        return tuple(rows.fetchall())

    first, last, undated = db.execute(
        "SELECT (SELECT min(date) FROM documents WHERE date != ''), "
        "(SELECT max(date) FROM documents), (SELECT count(*) FROM documents WHERE date = '')"
    ).fetchone()
    return Facets(
        # Collections come first, on pages, too: they are the user's own order of the documents.
        {name: values(name) for name in sorted(FILTERED_BY_NAME, key=lambda name: name != "collection")},
        date_of(first or ""),
        date_of(last or ""),
        undated,
        values("format"),
    )


def cited(db: Statements, place: object, sha256: str, document_id: str = "") -> Cited:
    """Read the document whose text has, or had, that SHA-256 (hex), and its status now.

    If several documents have, or had, the text, prefer the document of that id, then a document that has the
    text now.

    Raises:
        DocumentNotFoundError: the library never had such a text, or it was purged.
    """
    held = db.execute(
        "SELECT serial, id FROM documents WHERE sha256 = ? ORDER BY id != ?, id LIMIT 1",
        (sha256.lower(), document_id),
    ).fetchone()
    earlier_versions = list(versions.find(db, "sha256 = ?", sha256.lower()))
    own_versions = (version for version in earlier_versions if version.document_id == document_id)
    version = next(own_versions, earlier_versions[0] if earlier_versions else None)
    if held and (held[1] == document_id or version is None or version.document_id != document_id):
        document = document_at(db, place, held[0])
        others = versions.with_text(db, document)
        return Cited(document, "current", None, document.id, document.sha256, others)
    if version is None:
        raise DocumentNotFoundError(
            f"the library in {place} has no document whose text has, or had, the SHA-256 "
            f"{sha256!r}: it was never indexed here, or it was erased for good"
        )
    document = as_document(place, {**version.held, "text": versions.text(db, version)})
    others = versions.with_text(db, document)
    # The text that superseded this text may have been removed since. Then another document may have the id.
    removals = versions.find(
        db,
        "document = ? AND reason = 'removed' AND number >= ? "
        "AND sha256 NOT IN (SELECT sha256 FROM documents WHERE id = document)",
        document.id,
        version.number,
    )
    *_, removal = (None, *removals)
    current = db.execute("SELECT sha256 FROM documents WHERE id = ?", (version.document_id,)).fetchone()
    if current and not removal:
        return Cited(document, "superseded", version.at, document.id, current[0], others)
    return Cited(document, "removed", (removal or version).at, same_text=others)


def earlier(db: Statements, place: object, document_id: str, sha256: str) -> tuple[Version, Document]:
    """Read an earlier text of a document, by the text's SHA-256 (hex) or the beginning of the SHA-256.

    Raises:
        DocumentNotFoundError: no earlier text has such a SHA-256, or several have.
    """
    matches = [
        version
        for version in versions.find(db, "document = ?", document_id)
        if sha256 and version.sha256.startswith(sha256.lower())
    ]
    if len({version.sha256 for version in matches}) != 1:
        such = "more than one earlier text" if matches else "no earlier text"
        raise DocumentNotFoundError(
            f"{document_id!r} has {such} whose SHA-256 begins with {sha256!r}: "
            "`pullquote documents show` lists them"
        )
    return matches[0], as_document(place, {**matches[0].held, "text": versions.text(db, matches[0])})


def kept_with(db: Statements, words: str) -> list[str]:
    """Return the SHA-256 of each text that is no longer searched and contains exactly these words."""
    rows = db.execute(
        "SELECT sha256 FROM versions WHERE instr(text, ?) > 0 ORDER BY number DESC", (words,)
    ).fetchall()
    return list(dict.fromkeys(sha256 for (sha256,) in rows))


def former(db: Statements, document_id: str) -> tuple[Version, ...]:
    """List the earlier texts of a document, the newest first. Leave out the text that it has now."""
    others = "document = ? AND sha256 NOT IN (SELECT sha256 FROM documents WHERE id = document)"
    return tuple(versions.find(db, others, document_id))


def removed(db: Statements) -> tuple[Version, ...]:
    """List the documents that can be restored, the last removed first."""
    last = (
        "number IN (SELECT max(number) FROM versions WHERE reason = 'removed' GROUP BY document) "
        "AND document NOT IN (SELECT id FROM documents)"
    )
    return tuple(versions.find(db, last))


def restorable(db: Statements, place: object, document_id: str) -> tuple[Version, Document]:
    """Return the version that `restore` puts back, and its document; see `versions.restorable`."""
    version = versions.restorable(db, document_id)
    return version, as_document(place, {**version.held, "text": versions.text(db, version)})


def sidecar_values(db: Statements, place: object, path: str) -> dict[str, str]:
    """Return the values of a file's sidecar file, by field, at its last successful reading."""
    row = db.execute(
        "SELECT serial FROM documents JOIN locations ON document = serial "
        "WHERE locations.path = ?1 AND documents.path = ?1 ORDER BY locations.number DESC LIMIT 1",
        (path,),
    ).fetchone()
    if row is None:
        return {}
    document = document_at(db, place, row[0])
    document = uncorrected(document, corrections_of(db, document.id))
    return {
        origin.field: value_of(document, origin.field)
        for origin in document.found
        if origin.source == BY_SIDECAR
    }


def generation_of(db: Statements) -> int:
    """Return the generation, a number that grows with every committed change."""
    return int(db.execute("SELECT generation FROM library").fetchone()[0])
