"""Puts a source into the tables: chooses its document and id, and writes the row and the places.

A source is a document as it was read. Each function works on the tables of `tables`, inside a transaction of
the engine. The engine itself stores passages, vectors and words.
"""

# ruff: noqa: S608 -- statements are built from column lists and conditions of this package. Values from
# outside are always bound.

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from qa.document.row_identity import numbered
from qa.document.window import head
from qa.schema import FILTERED_BY_NAME, sha256_text
from qa.storage.intake_values import HeldLocation, Ingested, KnownDocument, ReadDocument
from qa.storage.records import outbox, versions
from qa.storage.records.corrections import corrections_of
from qa.storage.records.corrections import put as put_corrections
from qa.storage.records.locations import (
    displace,
    hand_over,
    id_of_next,
    places_of,
    put_location,
    target,
)
from qa.storage.records.rows import COLUMNS, row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from qa.document.corrections import Correction
    from qa.storage.intake_values import Status
    from qa.storage.records.locations import Target
    from qa.storage.statements import Statements


def put_document(
    db: Statements,
    read: ReadDocument,
    corrections: Mapping[str, Correction] | None,
    write: Callable[[int | None, ReadDocument, str], tuple[int, Status]] | None,
) -> Ingested | None:
    """Put a document where it was read; see `Store.put`.

    `write(number, document, given_id)` writes the document with the id that it was first given. It replaces
    the document of that number, or adds a document if the number is None. It returns the document's number
    and status. `write` is None if there are no passages.
    """
    if write and not corrections and known(db, [read]) == [False]:
        number, status = write(None, read, read.document.id)
        put_location(db, number, read)
        return Ingested(status, read.document.id, collection=read.document.collection)
    to = target(db, read)
    given_id, read = with_free_id(db, read, to)
    if to.gives_text and (write is None or _was_edited(db, read.document.id, corrections or {})):
        return None
    versions.admit(db, read)
    parted = leave_to_other_places(db, to.former or 0) if to.keeps_former_id else ""
    number, status = to.number or 0, _status_of(to)
    if to.gives_text and write:
        number, written = write(to.number, read, given_id)
        status = written if to.same_place else status
        if corrections:
            put_corrections(db, read.document.id, corrections)
    displaced = _put_at_place(db, to, number, read)
    (collection,) = db.execute("SELECT collection FROM documents WHERE serial = ?", (number,)).fetchone()
    location = (read.document.path, read.part)
    other_paths = tuple(at.path for at in places_of(db, number) if (at.path, at.part) != location)
    parts_from = to.former if to.former != number and not to.former_is_homeless else None
    former = _held_at(db, parts_from) if parts_from else ()
    return Ingested(status, read.document.id, displaced, parted, other_paths, collection, former)


def _held_at(db: Statements, number: int) -> tuple[HeldLocation, ...]:
    (document_id,) = db.execute("SELECT id FROM documents WHERE serial = ?", (number,)).fetchone()
    return tuple(
        HeldLocation(at.number, at.path, at.part, number, document_id, at.format)
        for at in places_of(db, number)
    )


def known(db: Statements, documents: Iterable[ReadDocument]) -> list[bool]:
    """Return whether the library knows anything of each document's place, id, text or words.

    If it knows nothing, no rule about places, versions or corrections applies to the document, so it is new.
    """
    given = [
        (
            *(read.document.path, read.part, read.document.id, read.document.sha256, read.words),
            *(sha256_text(read.document.path), read.document.source_sha256),
        )
        for read in documents
    ]
    names = ("path", "part", "id", "text", "words", "path_hash", "source")
    columns = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in names)
    corrected = versions.CORRECTED_AT.replace("?1", "given.path").replace("?2", "given.part")
    rows = db.execute(
        f"WITH given AS MATERIALIZED (SELECT {columns} FROM json_each(?)) "
        "SELECT (SELECT count(*) FROM locations WHERE path = given.path AND part = given.part) "
        "+ (SELECT count(*) FROM documents WHERE id = given.id) "
        "+ (SELECT count(*) FROM documents WHERE sha256 = given.text) "
        "+ (SELECT count(*) FROM documents WHERE words_sha256 = given.words AND words_sha256 != '') "
        "+ (SELECT count(*) FROM versions WHERE sha256 = given.text) "
        "+ (SELECT count(*) FROM versions "
        "WHERE json_extract(held, '$.words_sha256') = given.words AND given.words != '') "
        "+ (SELECT count(*) FROM withdrawn WHERE path = given.path AND part = given.part) "
        "+ (SELECT count(*) FROM purged WHERE path_sha256 = given.path_hash "
        "AND source_sha256 IN (given.text, given.source)) "
        "+ (SELECT count(*) FROM corrections WHERE document = given.id) "
        f"+ (SELECT count(*) {corrected}) FROM given",
        (json.dumps([dict(zip(names, values, strict=True)) for values in given]),),
    )
    return [count > 0 for (count,) in rows]


def known_documents(db: Statements, documents: Sequence[ReadDocument]) -> list[KnownDocument]:
    """Return the library's knowledge about each document that was read."""
    return [
        _known_document(db, read) if is_known else KnownDocument(None, has_text=False)
        for read, is_known in zip(documents, known(db, documents), strict=True)
    ]


def _known_document(db: Statements, read: ReadDocument) -> KnownDocument:
    to = target(db, read)
    left_out = versions.left_out(db, read, new_words=to.new_words)
    if not to.gives_text:
        return KnownDocument(left_out, has_text=True)
    _, with_id = with_free_id(db, read, to)
    return KnownDocument(left_out, has_text=False, corrections=corrections_of(db, with_id.document.id))


def _was_edited(db: Statements, document_id: str, corrections: Mapping[str, Correction]) -> bool:
    """Return whether a document's stored corrections now differ from `corrections`."""
    now = corrections_of(db, document_id)
    return {name: correction.value for name, correction in now.items()} != {
        name: correction.value for name, correction in corrections.items()
    }


def with_free_id(db: Statements, read: ReadDocument, to: Target) -> tuple[str, ReadDocument]:
    """Give a document its stored id, or a free id if it is new. Return its first given id and the document.

    If a corrected document was removed from this place, the document gets that document's id. The id is
    reserved, because corrections belong to an id.
    """
    document, number = read.document, to.former if to.keeps_former_id else to.number
    given_id = document.id
    if number is not None:
        given_id, held_id = db.execute(
            "SELECT given_id, id FROM documents WHERE serial = ?", (number,)
        ).fetchone()
    else:
        sha256 = document.sha256 if numbered(document) else ""
        held_id = versions.corrected_at(db, document.path, read.part, sha256)
        if not held_id or is_held(db, held_id):
            held_id = free_id(db, given_id)
    return given_id, replace(read, document=replace(document, id=held_id))


def leave_to_other_places(db: Statements, number: int) -> str:
    """Give a document a new id by its second place, because another text takes its id at its first place.

    Return the new id. Passages and vectors stay. A person's corrections of the document stay with the copies,
    too.
    """
    versions.keep(db, number, "superseded")
    held_id, given_id = db.execute(
        "SELECT id, given_id FROM documents WHERE serial = ?", (number,)
    ).fetchone()
    given_id = id_of_next(places_of(db, number), given_id)
    free = free_id(db, given_id)
    db.execute("UPDATE documents SET id = ?, given_id = ? WHERE serial = ?", (free, given_id, number))
    put_corrections(db, free, corrections_of(db, held_id))
    return free


def free_id(db: Statements, wanted: str) -> str:
    """Return the wanted id, or the first of `id~2`, `id~3`, … that has no document and no corrections."""
    held = "SELECT 1 FROM documents WHERE id = ?1 UNION ALL SELECT 1 FROM corrections WHERE document = ?1"
    free = wanted
    for n in count(2):
        if not db.execute(held, (free,)).fetchone():
            break
        free = f"{wanted}~{n}"
    return free


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """The new row of a document, with the stored row that it replaces.

    Attributes:
        number: the number of the stored row, or None for a new document.
        values: the values of the new row by column, without the text.
        held: the same columns of the stored row, or None for a new document.
        read: the document.
    """

    number: int | None
    values: Mapping[str, Any]
    held: Mapping[str, Any] | None
    read: ReadDocument

    @property
    def has_same_words(self) -> bool:
        """Whether text and head are equal in both rows. Then the stored passages may stay."""
        held = self.held
        return held is not None and all(held[name] == self.values[name] for name in ("sha256", "head"))


def compare_row(db: Statements, number: int | None, read: ReadDocument, given_id: str) -> Row:
    """Make the row of a document, which is new or replaces the row of that number.

    If the stored row has another text, keep the stored text as a version.
    """
    document = read.document
    values = dict(zip(COLUMNS, row_of(document, read.words, given_id, head(document)), strict=True))
    del values["text"]  # its hash shows whether it has changed
    if number is None:
        return Row(None, values, None, read)
    row = db.execute(f"SELECT {', '.join(values)} FROM documents WHERE serial = ?", (number,)).fetchone()
    held = dict(zip(values, row, strict=True))
    if held["sha256"] != document.sha256:
        versions.keep(db, number, "superseded")
    return Row(number, values, held, read)


def put_row(
    db: Statements, row: Row, content: Mapping[str, Any], *, has_passages: bool
) -> tuple[int, Status]:
    """Write a row with the columns of its content. Return its number and the document's status.

    `has_passages` says whether the document's passages are stored already.
    """
    values = {**row.values, **content, "made_by": row.read.made_by}
    if row.number is None:
        marks = ", ".join("?" * len(values))
        (number,) = db.execute(
            f"INSERT INTO documents ({', '.join(values)}) VALUES ({marks}) RETURNING serial",
            tuple(values.values()),
        ).fetchone()
        return int(number), "added"
    if has_passages and row.held == row.values:
        db.execute(
            "UPDATE documents SET made_by = ?1 WHERE serial = ?2 AND made_by != ?1",
            (row.read.made_by, row.number),
        )
        return row.number, "unchanged"
    db.execute(
        f"UPDATE documents SET {' = ?, '.join(values)} = ? WHERE serial = ?", (*values.values(), row.number)
    )
    if has_passages and row.held:
        filtered = ("date", *FILTERED_BY_NAME)
        if any(row.held[name] != row.values[name] for name in filtered):
            outbox.note_document(db, row.number)
    return row.number, "replaced"


def _status_of(to: Target) -> Status:
    """Return the status of a source by its target alone, before the text is compared."""
    if to.keeps_former_id:
        return "replaced"
    if to.number is None:
        return "added"
    if to.same_place:
        return "unchanged"
    return "moved" if to.missing else "duplicate"


def _put_at_place(db: Statements, to: Target, number: int, read: ReadDocument) -> HeldLocation | None:
    """Store the place where a document was read.

    Return the former document of the place, displaced, if it has no other place.
    """
    displaced = displace(db, to.former) if to.former is not None and to.former_is_homeless else None
    db.executemany("DELETE FROM locations WHERE number = ?", [(missing,) for missing in to.missing])
    document = read.document
    db.execute(  # a different document at this place loses the place
        "DELETE FROM locations WHERE path = ? AND part = ? AND document != ?",
        (document.path, read.part, number),
    )
    put_location(db, number, read)
    hand_over(db, number)
    if to.former is not None and not to.former_is_homeless:
        hand_over(db, to.former)
    return displaced


def is_held(db: Statements, document_id: str) -> bool:
    """Return whether a document has this id."""
    return db.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone() is not None
