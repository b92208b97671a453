"""Finds the best passages for words by SQLite's FTS5, in a library that has no postings."""

# ruff: noqa: S608 -- statements are built from constants. Values from outside are always bound.

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qa.storage.sqlite.full_text import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.arrays import Bits
    from qa.storage.statements import Statements

BM25_HEAD_WEIGHT = 0.5
BM25_BODY_WEIGHT = 1.0


def bm25(db: Statements, terms: Sequence[str], k: int, allowed: Bits | None) -> list[tuple[int, float]]:
    """Find the best `k` passages by BM25 for any of the words, as (key, score), highest first.

    Passages with equal scores are in order of document id, then of place in the document.
    """
    match = " OR ".join(quoted(term) for term in dict.fromkeys(terms))
    if not match:
        return []
    depth = 2 * k
    condition, values = _within(allowed)
    # Only the best `depth` passages are looked up in other tables, to order equals. `depth` is more than k.
    # If the last of them equals the k-th, further passages may equal it too, and `depth` must grow.
    statement = (
        "SELECT key, cost FROM (SELECT rowid AS hit, bm25(words, ?, ?) AS cost FROM words "
        f"WHERE words MATCH ? AND {condition} ORDER BY cost LIMIT ?) "
        "JOIN passages ON key = hit JOIN documents ON documents.serial = document "
        "ORDER BY cost, id, ordinal"
    )
    while True:
        rows = db.execute(statement, (BM25_HEAD_WEIGHT, BM25_BODY_WEIGHT, match, *values, depth)).fetchall()
        if len(rows) < depth or rows[-1][1] > rows[k - 1][1]:
            return [(key, -cost) for key, cost in rows[:k]]
        depth *= 8


def _within(allowed: Bits | None) -> tuple[str, list[int | bytes]]:
    """Return a condition that a row of `words` is allowed, and the condition's values.

    One value has a byte for each key from the first to the last allowed key, in which SQLite looks each match
    up. A function in Python would be slower: each call would wait for other Python threads.
    """
    if allowed is None:
        return "TRUE", []
    if not allowed.count:
        return "FALSE", []
    last = allowed.last
    mask = allowed.mask(last + 1)
    first = int(np.argmax(mask))
    condition = "words.rowid BETWEEN ? AND ? AND substr(?, words.rowid - ? + 1, 1) = x'01'"
    return condition, [first, last, mask[first:].tobytes(), first]
