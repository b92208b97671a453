"""Writing one document: its row, passages, vectors and words, and the place that it is from."""

# ruff: noqa: S608 -- statements are put together from column lists and conditions of this package; what
# comes from outside is always bound as a value.

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from qa.document.row_identity import numbered
from qa.storage.embedded import near_duplicates, vectors, versions, words
from qa.storage.embedded.corrections import every as all_corrections
from qa.storage.embedded.corrections import put as put_corrections
from qa.storage.embedded.database import put_spellings
from qa.storage.embedded.locations import (
    SourceLocation,
    Target,
    displace,
    hand_over,
    id_of_next,
    put_location,
    stands,
)
from qa.storage.embedded.rows import COLUMN_LIST, COLUMNS, passage_row
from qa.text.names import spellings
from qa.text.terms import indexed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence

    from embeddings.arrays import Float32
    from qa.schema import (
        Document,
        Passage,
    )
    from qa.storage.embedded.locations import HeldLocation
    from qa.storage.embedded.vectors import Encoding


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A passage ready to be stored: its window's digest (`window.py`) and unit vector, float32 [d]."""

    passage: Passage
    digest: bytes
    vector: Float32


Status = Literal["added", "replaced", "unchanged", "moved", "duplicate"]


def with_free_id(
    db: sqlite3.Connection, document: Document, to: Target, part: str, taken: Collection[str] = ()
) -> tuple[str, Document]:
    """Give a document the id that it is held under, or else a free one. Gives the one first given, too.

    A corrected document that was removed comes back under its id, which is kept for it: corrections go by
    ids.
    """
    number = to.former if to.keeps_former_id else to.number
    if number is not None:
        given_id, held_id = db.execute(
            "SELECT given_id, id FROM documents WHERE serial = ?", (number,)
        ).fetchone()
        return given_id, replace(document, id=held_id)
    held_id = versions.corrected_at(db, document.path, part, document.sha256 if numbered(document) else "")
    if held_id and not is_held(db, held_id):
        return document.id, replace(document, id=held_id)
    return document.id, replace(document, id=free_id(db, document.id, taken))


def leave_to_other_places(db: sqlite3.Connection, number: int) -> str:
    """Leave a document to its other places, under an id of theirs: at the first, another text has its id.

    Passages and vectors stay as they are. What a person said of the document was said of the copies, too.
    """
    versions.keep(db, number, "superseded")
    held_id, given_id = db.execute(
        "SELECT id, given_id FROM documents WHERE serial = ?", (number,)
    ).fetchone()
    given_id = id_of_next(stands(db, number), given_id)
    free = free_id(db, given_id)
    db.execute("UPDATE documents SET id = ?, given_id = ? WHERE serial = ?", (free, given_id, number))
    put_corrections(db, free, all_corrections(db).get(held_id, {}))
    return free


def free_id(db: sqlite3.Connection, wanted: str, taken: Collection[str] = ()) -> str:
    """Find an id that no document has, and none of which there are corrections."""
    held = "SELECT 1 FROM documents WHERE id = ?1 UNION ALL SELECT 1 FROM corrections WHERE document = ?1"
    free = wanted
    for n in count(2):
        if free not in taken and not db.execute(held, (free,)).fetchone():
            break
        free = f"{wanted}~{n}"
    return free


def write_document(
    db: sqlite3.Connection,
    number: int | None,
    document: Document,
    values: tuple[str | int, ...],
    entries: Sequence[Entry],
    encoding: Encoding,
    made_by: str,
) -> tuple[int, Status]:
    """Write a document and its row's `values`, new or in place of one held; passages only if they change."""
    head = values[COLUMNS.index("head")]
    passages = [passage_row(ordinal, entry.passage) for ordinal, entry in enumerate(entries)]
    status: Status = "added"
    if number is None:
        marks = ", ".join("?" * len(values))
        number = int(
            db.execute(f"INSERT INTO documents ({COLUMN_LIST}) VALUES ({marks})", values).lastrowid or 0
        )
    else:
        status = "replaced"
        held = db.execute(f"SELECT {COLUMN_LIST} FROM documents WHERE serial = ?", (number,)).fetchone()
        digests = [entry.digest for entry in entries]
        same_passages = _held_passages(db, number, encoding) == (passages, digests)
        same_words = all(
            held[at] == values[at] for at, name in enumerate(COLUMNS) if name in ("text", "head")
        )
        if held[COLUMNS.index("sha256")] != document.sha256:
            versions.keep(db, number, "superseded")
        if not (same_passages and same_words):
            _clear(db, number)
        if held != values:
            db.execute(
                f"UPDATE documents SET {' = ?, '.join(COLUMNS)} = ? WHERE serial = ?", (*values, number)
            )
        if same_passages and same_words:
            db.execute(
                "UPDATE documents SET made_by = ? WHERE serial = ? AND made_by != ?",
                (made_by, number, made_by),
            )
            return number, "unchanged" if held == values else "replaced"
    searched = indexed(str(head))
    keys = []
    for row, entry in zip(passages, entries, strict=True):
        key = db.execute(
            "INSERT INTO passages (document, ordinal, start, end, sentences) VALUES (?, ?, ?, ?, ?)",
            (number, *row),
        ).lastrowid
        keys.append(key)
        db.execute(
            "INSERT INTO vectors (passage, encoding, digest, vector) VALUES (?, ?, ?, ?)",
            (key, encoding.number, entry.digest, vectors.stored(entry.vector)),
        )
        db.execute(
            "INSERT INTO words (rowid, head, body) VALUES (?, ?, ?)",
            (key, searched, indexed(document.text[entry.passage.start : entry.passage.end])),
        )
    put_spellings(db, f"{head}\n\n{document.text}")
    # One run: a writer is alone, and keys only grow.
    db.execute(
        "UPDATE documents SET first_key = ?, passages = ?, made_by = ? WHERE serial = ?",
        (keys[0] if keys else 0, len(keys), made_by, number),
    )
    near_duplicates.compare(db, number, document)
    return number, status


def status_of(to: Target) -> Status:
    """Say what a source is that is put where it belongs, before its text was compared."""
    if to.keeps_former_id:
        return "replaced"
    if to.number is None:
        return "added"
    if to.same_place:
        return "unchanged"
    return "moved" if to.missing else "duplicate"


def put_at_place(
    db: sqlite3.Connection, to: Target, number: int, document: Document, made_by: str, part: str
) -> HeldLocation | None:
    """Note that a document stands where it was read. Gives what stood there before and nowhere else."""
    displaced = displace(db, to.former) if to.former is not None and to.former_is_homeless else None
    db.executemany("DELETE FROM locations WHERE number = ?", [(dead,) for dead in to.missing])
    put_location(
        db,
        number,
        SourceLocation(
            document.path, part, document.format, document.source_sha256, document.sha256, made_by
        ),
    )
    hand_over(db, number)
    if to.former is not None and not to.former_is_homeless:
        hand_over(db, to.former)
    return displaced


def drop(db: sqlite3.Connection, number: int, *, withdrawn: bool = False) -> None:
    """Take a document out, and keep its text (`versions`)."""
    versions.keep(db, number, "removed", withdrawn=withdrawn)
    delete(db, number)


def is_held(db: sqlite3.Connection, document_id: str) -> bool:
    """Tell whether a document has this id."""
    return db.execute("SELECT 1 FROM documents WHERE id = ?", (document_id,)).fetchone() is not None


def delete(db: sqlite3.Connection, number: int) -> None:
    """Take a document out, with its passages, vectors and words; nothing of it is kept."""
    _clear(db, number)
    db.execute("DELETE FROM documents WHERE serial = ?", (number,))


def _clear(db: sqlite3.Connection, number: int) -> None:
    """Take a document's passages out, of the full-text index too; their vectors go with them."""
    db.executemany(
        "INSERT INTO words (words, rowid, head, body) VALUES ('delete', ?, ?, ?)",
        [
            (key, indexed(head), indexed(text[start:end]))
            for key, head, text, start, end in db.execute(
                "SELECT key, head, text, start, end FROM passages "
                "JOIN documents ON documents.serial = document WHERE document = ?",
                (number,),
            ).fetchall()
        ],
    )
    db.execute("DELETE FROM passages WHERE document = ?", (number,))
    head, text = db.execute("SELECT head, text FROM documents WHERE serial = ?", (number,)).fetchone()
    gone = [each for each in spellings(f"{head}\n\n{text}") if not words.holds(db, each[1])]
    db.executemany("DELETE FROM spellings WHERE key = ? AND folded = ?", gone)


def _held_passages(
    db: sqlite3.Connection, number: int, encoding: Encoding
) -> tuple[list[tuple[Any, ...]], list[bytes]]:
    rows = db.execute(
        "SELECT ordinal, start, end, sentences, digest FROM passages "
        "LEFT JOIN vectors ON passage = key AND encoding = ? WHERE document = ? ORDER BY ordinal",
        (encoding.number, number),
    ).fetchall()
    return [row[:4] for row in rows], [row[4] for row in rows]
