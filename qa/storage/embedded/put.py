"""Writing one document: its row, passages, vectors and words, and the place that it is from."""

# ruff: noqa: S608 -- statements are put together from column lists and conditions of this package; what
# comes from outside is always bound as a value.

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from qa.document.row_identity import numbered
from qa.document.window import head
from qa.storage.embedded import near_duplicates, vectors, versions, words
from qa.storage.embedded.corrections import of as corrections_of
from qa.storage.embedded.corrections import put as put_corrections
from qa.storage.embedded.database import put_spellings
from qa.storage.embedded.locations import displace, hand_over, id_of_next, places_of, put_location
from qa.storage.embedded.rows import COLUMNS, passage_row, row_of
from qa.text.names import spellings
from qa.text.terms import indexed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from qa.schema import Document
    from qa.storage.embedded.locations import Target
    from qa.storage.intake_port import EmbeddedPassages, Encoding, Entry, HeldLocation, ReadDocument, Status


def with_free_id(db: sqlite3.Connection, read: ReadDocument, to: Target) -> tuple[str, ReadDocument]:
    """Give a document the id that it is held under, or else a free one. Return the one first given, too.

    A corrected document that was removed comes back under its id, which is kept for it: corrections go by
    ids.
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


def leave_to_other_places(db: sqlite3.Connection, number: int) -> str:
    """Leave a document to its other places, under an id of theirs: at the first, another text has its id.

    Passages and vectors stay as they are. What a person said of the document was said of the copies, too.
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


def free_id(db: sqlite3.Connection, wanted: str) -> str:
    """Find an id that no document has, and none of which there are corrections."""
    held = "SELECT 1 FROM documents WHERE id = ?1 UNION ALL SELECT 1 FROM corrections WHERE document = ?1"
    free = wanted
    for n in count(2):
        if not db.execute(held, (free,)).fetchone():
            break
        free = f"{wanted}~{n}"
    return free


def write_document(
    db: sqlite3.Connection,
    number: int | None,
    read: ReadDocument,
    given_id: str,
    passages: EmbeddedPassages,
    encoding: Encoding | None,
) -> tuple[int, Status]:
    """Write a document, new or in place of the one of that number; its passages only if they change.

    Without an encoding, as in a rehearsal, the row alone is written, without its text.
    """
    document = read.document
    described = dict(zip(COLUMNS, row_of(document, read.words, given_id, head(document)), strict=True))
    text = described.pop("text")  # its hash tells whether it is another
    values = described | {"text": text if encoding else "", "made_by": read.made_by}
    status: Status = "added"
    has_passages = False
    if number is None:
        marks = ", ".join("?" * len(values))
        made = db.execute(
            f"INSERT INTO documents ({', '.join(values)}) VALUES ({marks})", tuple(values.values())
        )
        number = int(made.lastrowid or 0)
    else:
        row = db.execute(
            f"SELECT {', '.join(described)} FROM documents WHERE serial = ?", (number,)
        ).fetchone()
        held = dict(zip(described, row, strict=True))
        if held["sha256"] != document.sha256:
            versions.keep(db, number, "superseded")
        same_words = (held["sha256"], held["head"]) == (document.sha256, described["head"])
        has_passages = same_words and (not encoding or _has_passages(db, number, passages, encoding))
        if not has_passages:
            _clear(db, number)
        status = "unchanged" if has_passages and held == described else "replaced"
        if status == "replaced":
            db.execute(
                f"UPDATE documents SET {' = ?, '.join(values)} = ? WHERE serial = ?",
                (*values.values(), number),
            )
        else:
            db.execute(
                "UPDATE documents SET made_by = ?1 WHERE serial = ?2 AND made_by != ?1",
                (read.made_by, number),
            )
    if encoding and not has_passages:
        _write_passages(db, number, document, str(described["head"]), passages.entries, encoding)
    return number, status


def _write_passages(
    db: sqlite3.Connection,
    number: int,
    document: Document,
    head: str,
    entries: Sequence[Entry],
    encoding: Encoding,
) -> None:
    """Write a document's passages, vectors and words, and which others are copies of it."""
    searched = indexed(head)
    keys = []
    for ordinal, entry in enumerate(entries):
        key = db.execute(
            "INSERT INTO passages (document, ordinal, start, end, sentences) VALUES (?, ?, ?, ?, ?)",
            (number, *passage_row(ordinal, entry.passage)),
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
        "UPDATE documents SET first_key = ?, passages = ? WHERE serial = ?",
        (keys[0] if keys else 0, len(keys), number),
    )
    near_duplicates.compare(db, number, document)


def status_of(to: Target) -> Status:
    """Say what a source is that is put where it belongs, before its text was compared."""
    if to.keeps_former_id:
        return "replaced"
    if to.number is None:
        return "added"
    if to.same_place:
        return "unchanged"
    return "moved" if to.missing else "duplicate"


def put_at_place(db: sqlite3.Connection, to: Target, number: int, read: ReadDocument) -> HeldLocation | None:
    """Note that a document stands where it was read. Return what stood there before and nowhere else."""
    displaced = displace(db, to.former) if to.former is not None and to.former_is_homeless else None
    db.executemany("DELETE FROM locations WHERE number = ?", [(missing,) for missing in to.missing])
    put_location(db, number, read)
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


def _has_passages(
    db: sqlite3.Connection, number: int, passages: EmbeddedPassages, encoding: Encoding
) -> bool:
    """Tell whether a document has these passages already, with the vectors of the same windows."""
    held = db.execute(
        "SELECT ordinal, start, end, sentences, digest FROM passages "
        "LEFT JOIN vectors ON passage = key AND encoding = ? WHERE document = ? ORDER BY ordinal",
        (encoding.number, number),
    ).fetchall()
    return held == [
        (*passage_row(ordinal, each.passage), each.digest) for ordinal, each in enumerate(passages.entries)
    ]
