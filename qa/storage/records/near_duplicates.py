"""Finds the near-duplicates of documents that were put in.

A document is noted in its own transaction. It is compared when everything that others have committed before
can be seen. SQLite has one writer at a time, so documents are compared in the same transaction. On
PostgreSQL, a writer does not see the open transactions of others, so documents are compared after their
commit: of two that are put in at the same moment, the last one finds the other.
"""

# ruff: noqa: S608 -- statements are built from constants. Values from outside are always bound.

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from qa.document.similarity import SHORT, body, body_words, differ, signature_bands, similarity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Set

    from qa.schema import Document
    from qa.storage.statements import Statements


# Minimum number of bands that two documents share before they are compared.
SHARED = 2
# Maximum number of documents with the same band. If more have it, the band is of a form that they fill in.
CROWD = 200
# Number of the band with the whole text's hash. The signature's bands have higher numbers.
WHOLE = 0
# Number of the band of a document that must still be compared.
NOTED = -1


def forget(db: Statements, number: int) -> None:
    """Delete the hashes and the copies of a document."""
    db.execute("DELETE FROM bands WHERE document = ?", (number,))
    db.execute("DELETE FROM copies WHERE document = ? OR other = ?", (number, number))


def note(db: Statements, number: int, document: Document) -> None:
    """Store the bands of a document that was just written. `compare_noted` then finds its copies."""
    apart = [(span.start, span.end) for span in (*document.header, *document.furniture)]
    words = body_words(body(document.text, apart))
    # A text without words has no copies.
    whole = hashlib.blake2b(" ".join(words or [str(number)]).encode(), digest_size=16).digest()
    bands = signature_bands(words) if len(words) >= SHORT else []
    hashes = [(NOTED, b""), *enumerate((whole, *bands), start=WHOLE)]
    db.executemany(
        "INSERT INTO bands (document, band, hash) VALUES (?, ?, ?)",
        [(number, band, value) for band, value in hashes],
    )


def compare_noted(db: Statements) -> bool:
    """Find the copies of all documents that are noted. Return whether copies were stored or deleted."""
    # The notes are deleted first: whoever replaces a text meanwhile waits, and then notes the document again.
    rows = db.execute("DELETE FROM bands WHERE band = ? RETURNING document", (NOTED,)).fetchall()
    if not rows:
        return False
    noted = sorted(number for (number,) in rows)
    # Another transaction may have compared one of the documents while its text was being replaced.
    of_noted = "IN (SELECT CAST(value AS BIGINT) FROM json_each(?))"
    deleted = [
        db.execute(f"DELETE FROM copies WHERE {column} {of_noted}", (json.dumps(noted),)).rowcount
        for column in ("document", "other")
    ]
    waiting = frozenset(noted)
    pairs = [pair for number in noted for pair in _copies(db, number, waiting)]
    db.executemany("INSERT INTO copies (document, other, similarity) VALUES (?, ?, ?)", pairs)
    return any(deleted) or bool(pairs)


def _copies(db: Statements, number: int, waiting: Set[int]) -> Iterator[tuple[int, int, float]]:
    """Yield the rows of a document's copies. Leave out documents that are `waiting` with higher numbers."""
    rows = db.execute(
        "SELECT hash FROM bands WHERE document = ? AND band >= ? ORDER BY band", (number, WHOLE)
    )
    whole, *bands = (value for (value,) in rows)
    candidates = [other for other in _candidates(db, whole, bands) if other < number or other not in waiting]
    text = _held_body(db, number) if candidates else ""
    words = body_words(text)
    for other in candidates:
        held_body = _held_body(db, other)
        alike = similarity(words, body_words(held_body))
        if alike and not differ(text, held_body, _credited(db, (number, other))):
            yield number, other, alike
            yield other, number, alike


def _candidates(db: Statements, whole: bytes, bands: Sequence[bytes]) -> list[int]:
    """List the documents that share enough bands, except documents with the same hash of the whole text."""
    if not bands:
        return []
    given = ", ".join(f"({band}, ?)" for band in range(1, len(bands) + 1))
    rows = db.execute(
        f"""
        SELECT shared.document FROM (VALUES {given}) AS given
            CROSS JOIN bands AS shared ON shared.band = given.column1 AND shared.hash = given.column2
            WHERE (
                SELECT 1 FROM bands AS crowd
                    WHERE crowd.band = given.column1 AND crowd.hash = given.column2 LIMIT 1 OFFSET ?
            ) IS NULL
            GROUP BY shared.document HAVING count(*) >= ? AND NOT EXISTS (
                SELECT 1 FROM bands AS whole
                    WHERE whole.band = ? AND whole.hash = ? AND whole.document = shared.document
            )
            ORDER BY shared.document
        """,
        (*bands, CROWD, SHARED, WHOLE, whole),
    )
    return [document for (document,) in rows]


def _held_body(db: Statements, number: int) -> str:
    """Return the stored text of a document without its header and furniture."""
    text, header, furniture = db.execute(
        "SELECT text, header, furniture FROM documents WHERE serial = ?", (number,)
    ).fetchone()
    return body(text, [*json.loads(header), *json.loads(furniture)])


def _credited(db: Statements, numbers: tuple[int, int]) -> set[str]:
    """Return the words of the publishers' and authors' names, which papers print with a story."""
    rows = db.execute("SELECT publisher || ' ' || author FROM documents WHERE serial IN (?, ?)", numbers)
    return {word for (credit,) in rows for word in body_words(credit)}
