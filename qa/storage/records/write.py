"""Writes and deletes one document: its row, passages, vectors and words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.storage.records import near_duplicates, outbox, vectors, versions, words
from qa.storage.records.put import compare_row, put_row
from qa.storage.records.rows import passage_row
from qa.text.names import spellings
from qa.text.terms import indexed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.schema import Document
    from qa.storage.engines import FullTextTable
    from qa.storage.intake_values import EmbeddedPassages, Encoding, Entry, ReadDocument, Status
    from qa.storage.statements import Statements


def write_document(
    db: Statements,
    table: FullTextTable,
    number: int | None,
    read: ReadDocument,
    given_id: str,
    passages: EmbeddedPassages,
    encoding: Encoding | None,
) -> tuple[int, Status]:
    """Write a document as a new row, or over the row of that number. Write its passages only if they change.

    Without an encoding, as in a rehearsal, write only the row, without its text.
    """
    document = read.document
    row = compare_row(db, number, read, given_id)
    has_passages = (
        number is not None
        and row.has_same_words
        and (not encoding or _has_passages(db, number, passages, encoding))
    )
    if number is not None and not has_passages:
        _clear(db, table, number)
    content = {"text": document.text, "passages": len(passages.entries)} if encoding else {"text": ""}
    number, status = put_row(db, row, content, has_passages=has_passages)
    if encoding and not has_passages:
        _write_passages(db, table, number, document, str(row.values["head"]), passages.entries, encoding)
    return number, status


def write_passages(
    db: Statements,
    table: FullTextTable,
    document: Document,
    entries: Sequence[Entry],
    encoding: Encoding | None,
) -> None:
    """Write the passages of a document that has a row but no passages."""
    number, head = db.execute("SELECT serial, head FROM documents WHERE id = ?", (document.id,)).fetchone()
    if encoding:
        db.execute("UPDATE documents SET passages = ? WHERE serial = ?", (len(entries), number))
        _write_passages(db, table, number, document, head, entries, encoding)


def _write_passages(
    db: Statements,
    table: FullTextTable,
    number: int,
    document: Document,
    head: str,
    entries: Sequence[Entry],
    encoding: Encoding,
) -> None:
    """Write a document's passages, vectors and words, and find its copies."""
    searched = indexed(head)
    db.executemany(
        "INSERT INTO passages (document, ordinal, start, end, sentences) VALUES (?, ?, ?, ?, ?)",
        [(number, *passage_row(ordinal, entry.passage)) for ordinal, entry in enumerate(entries)],
    )
    rows = db.execute("SELECT key FROM passages WHERE document = ? ORDER BY ordinal", (number,))
    near_duplicates.note(db, number, document)
    keys = [key for (key,) in rows]
    db.executemany(
        "INSERT INTO vectors (passage, encoding, digest, vector) VALUES (?, ?, ?, ?)",
        [
            (key, encoding.number, entry.digest, vectors.stored(entry.vector))
            for key, entry in zip(keys, entries, strict=True)
        ],
    )
    table.put(
        db,
        [
            (key, searched, indexed(document.text[entry.passage.start : entry.passage.end]))
            for key, entry in zip(keys, entries, strict=True)
        ],
    )
    outbox.note(db, keys)
    _put_spellings(db, f"{head}\n\n{document.text}")


def drop(db: Statements, table: FullTextTable, number: int, *, withdrawn: bool = False) -> None:
    """Remove a document, and keep its text (`versions`)."""
    versions.keep(db, number, "removed", withdrawn=withdrawn)
    delete(db, table, number)


def delete(db: Statements, table: FullTextTable, number: int) -> None:
    """Delete a document with its passages, vectors and words, without keeping its text."""
    _clear(db, table, number)
    db.execute("DELETE FROM documents WHERE serial = ?", (number,))


def _clear(db: Statements, table: FullTextTable, number: int) -> None:
    """Delete a document's passages and vectors, its words in the full-text index, and unused spellings."""
    head, text = db.execute("SELECT head, text FROM documents WHERE serial = ?", (number,)).fetchone()
    rows = db.execute("SELECT key, start, end FROM passages WHERE document = ?", (number,)).fetchall()
    searched = indexed(head)
    table.delete(db, [(key, searched, indexed(text[start:end])) for key, start, end in rows])
    outbox.note(db, (key for key, *_ in rows))
    near_duplicates.forget(db, number)
    db.execute("DELETE FROM passages WHERE document = ?", (number,))
    gone = [
        spelling for spelling in spellings(f"{head}\n\n{text}") if not words.holds(db, table, spelling[1])
    ]
    db.executemany("DELETE FROM spellings WHERE key = ? AND folded = ?", gone)


def _has_passages(db: Statements, number: int, passages: EmbeddedPassages, encoding: Encoding) -> bool:
    """Return whether a document already has these passages, with vectors of the same windows."""
    held = db.execute(
        "SELECT ordinal, start, end, sentences, digest FROM passages "
        "LEFT JOIN vectors ON passage = key AND encoding = ? WHERE document = ? ORDER BY ordinal",
        (encoding.number, number),
    ).fetchall()
    return held == [
        (*passage_row(ordinal, entry.passage), entry.digest) for ordinal, entry in enumerate(passages.entries)
    ]


def _put_spellings(db: Statements, text: str) -> None:
    """Store the spellings of names in a text."""
    db.executemany(
        "INSERT INTO spellings (key, folded, spelling) SELECT ?1, ?2, ?3 "
        "WHERE NOT EXISTS (SELECT 1 FROM spellings WHERE key = ?1 AND folded = ?2)",
        [(key, folded, spelling) for (key, folded), spelling in spellings(text).items()],
    )
