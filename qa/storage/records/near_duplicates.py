"""Finds the near-duplicates of a document when the document is put in."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from qa.document.similarity import SHORT, body, body_words, differ, signature_bands, similarity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.schema import Document
    from qa.storage.statements import Statements


# Minimum number of bands that two documents share before they are compared.
SHARED = 2
# Maximum number of documents with the same band. If more have it, the band is of a form that they fill in.
CROWD = 200
# Number of the band with the whole text's hash. The signature's bands have higher numbers.
WHOLE = 0


def compare(db: Statements, number: int, document: Document) -> None:
    """Find the copies of a document that was just written, and store them in the same transaction."""
    apart = [(span.start, span.end) for span in (*document.header, *document.furniture)]
    _compare(db, number, body(document.text, apart))


def _compare(db: Statements, number: int, text: str) -> None:
    """Store the bands of a document's body `text`, and the documents that it is alike, for `compare`."""
    words = body_words(text)
    db.execute("DELETE FROM bands WHERE document = ?", (number,))
    db.execute("DELETE FROM copies WHERE document = ? OR other = ?", (number, number))
    # A text without words has no copies.
    whole = hashlib.blake2b(" ".join(words or [str(number)]).encode(), digest_size=16).digest()
    bands = signature_bands(words) if len(words) >= SHORT else []
    for other in _candidates(db, whole, bands):
        held_body = _held_body(db, other)
        alike = similarity(words, body_words(held_body))
        if alike and not differ(text, held_body, _credited(db, (number, other))):
            db.executemany(
                "INSERT INTO copies (document, other, similarity) VALUES (?, ?, ?)",
                [(number, other, alike), (other, number, alike)],
            )
    db.executemany(
        "INSERT INTO bands (document, band, hash) VALUES (?, ?, ?)",
        [(number, WHOLE, whole), *((number, band, value) for band, value in enumerate(bands, start=1))],
    )


def _candidates(db: Statements, whole: bytes, bands: Sequence[bytes]) -> list[int]:
    """List the documents that share enough bands, except documents with the same hash of the whole text."""
    shared: Counter[int] = Counter()
    with_band = (
        "SELECT band, document FROM (SELECT band, document FROM bands WHERE band = ? AND hash = ? LIMIT ?)"
    )
    crowds = [values for band, value in enumerate(bands, start=1) for values in (band, value, CROWD + 1)]
    query = " UNION ALL ".join(f"{with_band} AS band{at}" for at in range(len(bands)))
    rows = db.execute(f"{query} ORDER BY 1", crowds).fetchall() if bands else []
    for _, group in groupby(rows, key=itemgetter(0)):
        documents = [document for _, document in group]
        if len(documents) <= CROWD:
            shared.update(documents)
    equal = {
        document
        for (document,) in db.execute(
            "SELECT document FROM bands WHERE band = ? AND hash = ?", (WHOLE, whole)
        )
    }
    return sorted(document for document, count in shared.items() if count >= SHARED and document not in equal)


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
