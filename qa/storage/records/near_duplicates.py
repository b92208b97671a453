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
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from qa.document.similarity import SHORT, body, body_words, differ, signature_bands, similarity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qa.schema import Document
    from qa.storage.statements import Found, Statements


# Minimum number of bands that two documents share before they are compared.
SHARED = 2
# Maximum number of documents with the same band. If more have it, the band is of a form that they fill in.
CROWD = 200
# Number of the band with the whole text's hash. The signature's bands have higher numbers.
WHOLE = 0
# Number of the band of a document that must still be compared.
NOTED = -1
# Maximum number of pairs whose texts are read at once.
_AT_ONCE = 256


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
        db.execute(f"DELETE FROM copies WHERE {column} {of_noted}", (json.dumps(noted),))
        for column in ("document", "other")
    ]
    pairs = list(_copies(db, noted))
    db.executemany("INSERT INTO copies (document, other, similarity) VALUES (?, ?, ?)", pairs)
    return bool(pairs) or any(found.rowcount for found in deleted)


def _copies(db: Statements, noted: Sequence[int]) -> Iterator[tuple[int, int, float]]:
    """Yield the rows of the copies of documents."""
    waiting = frozenset(noted)
    # All statements are put before a result is read: on a server, one answer has many results.
    asked = [(number, _ask_bands(db, number)) for number in noted]
    hashes = [(number, [value for (value,) in found]) for number, found in asked]
    candidates = [(number, _ask_candidates(db, *values)) for number, values in hashes]
    pairs = [
        (number, other)
        for number, found in candidates
        for (other,) in found
        if other < number or other not in waiting  # otherwise the pair comes in the other order, too
    ]
    for first in range(0, len(pairs), _AT_ONCE):
        some = pairs[first : first + _AT_ONCE]
        bodies = _bodies(db, some)
        for number, group in groupby(some, itemgetter(0)):
            one = bodies[number]
            words = body_words(one.text)
            for _, other in group:
                two = bodies.get(other)
                if two is None:  # another transaction has just deleted the document
                    continue
                alike = similarity(words, body_words(two.text))
                if alike and not differ(one.text, two.text, one.credited | two.credited):
                    yield number, other, alike
                    yield other, number, alike


def _ask_bands(db: Statements, number: int) -> Found:
    """Ask for the hash of a document's whole text, and the hashes of its bands."""
    return db.execute(
        "SELECT hash FROM bands WHERE document = ? AND band >= ? ORDER BY band", (number, WHOLE)
    )


def _ask_candidates(db: Statements, whole: bytes, *bands: bytes) -> Found | tuple[()]:
    """Ask for the documents that share enough bands, but have another hash of the whole text."""
    if not bands:
        return ()
    given = ", ".join(f"({band}, ?)" for band in range(1, len(bands) + 1))
    return db.execute(
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


class _Body(NamedTuple):
    """A document without its header and furniture.

    Attributes:
        text: the rest of the text.
        credited: the words of the publisher's and authors' names, which papers print with a story.
    """

    text: str
    credited: set[str]


def _bodies(db: Statements, pairs: Iterable[tuple[int, int]]) -> dict[int, _Body]:
    """Read the documents of pairs, by number."""
    rows = db.execute(
        "SELECT serial, text, header, furniture, publisher || ' ' || author FROM documents "
        "WHERE serial IN (SELECT CAST(value AS BIGINT) FROM json_each(?))",
        (json.dumps(sorted({number for pair in pairs for number in pair})),),
    )
    return {
        number: _Body(body(text, [*json.loads(header), *json.loads(furniture)]), set(body_words(credit)))
        for number, text, header, furniture, credit in rows
    }
