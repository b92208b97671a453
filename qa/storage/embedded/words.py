"""Finds words and phrases in the store's full-text index, and the documents' spellings of names.

Each function works inside a transaction of the store. For a large library, `full_text` finds words.
"""

# ruff: noqa: S608 -- as in `store`: values from outside are always bound.

from __future__ import annotations

import json
import re
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from qa.storage.records import phrases
from qa.storage.records.filters import where
from qa.text.terms import indexed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from embeddings.arrays import Bits, Int64
    from qa.deadline import Deadline
    from qa.storage.ports import Occurrences, Selection

BM25_HEAD_WEIGHT = 0.5
BM25_BODY_WEIGHT = 1.0
# Maximum number of passages that are read to find a word in small letters. A common word is found in them.
SMALL_READ = 20


def bm25(
    db: sqlite3.Connection, terms: Sequence[str], k: int, selection: Selection
) -> list[tuple[int, float]]:
    """Find the best `k` passages by BM25 for any of the words, as (key, score), highest first.

    Passages with equal scores are in order of document id, then of place in the document.
    """
    match = " OR ".join(_quoted(term) for term in dict.fromkeys(terms))
    if not match:
        return []
    depth = 2 * k
    condition, values = _within(selection.allowed)
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


def in_order(db: sqlite3.Connection, keys: Iterable[int]) -> list[int]:
    """Order passages by document id and place in the document. Leave out keys that no longer exist."""
    rows = db.execute(
        "SELECT key FROM passages JOIN documents ON documents.serial = document "
        "WHERE key IN (SELECT value FROM json_each(?)) ORDER BY id, ordinal",
        (json.dumps([int(key) for key in keys]),),
    ).fetchall()
    return [key for (key,) in rows]


def texts_of(db: sqlite3.Connection, keys: Int64) -> list[tuple[int, str, str]]:
    """Return the indexed words of passages as (key, head, body). Leave out keys that do not exist."""
    rows: list[tuple[int, str, str]] = []
    places = db.execute(
        "SELECT document, key, start, end FROM passages "
        "WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key",
        (json.dumps(keys.tolist()),),
    ).fetchall()
    for number, group in groupby(places, key=itemgetter(0)):
        head, text = db.execute("SELECT head, text FROM documents WHERE serial = ?", (number,)).fetchone()
        rows += [(key, indexed(head), indexed(text[start:end])) for _, key, start, end in group]
    return rows


def find_phrase(
    db: sqlite3.Connection,
    phrase: str,
    selection: Selection,
    deadline: Deadline,
) -> Occurrences:
    """Find the occurrences of a phrase; see `qa.storage.records.phrases`."""

    def read(ids: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        for document_id in ids:
            yield db.execute("SELECT id, sha256, text FROM documents WHERE id = ?", (document_id,)).fetchone()

    return phrases.find_phrase(
        phrase,
        lambda words: _holding_words(db, words, selection),
        lambda words: _holding_together(db, words, selection),
        read,
        deadline,
    )


def spellings(db: sqlite3.Connection, keys: Iterable[str]) -> dict[str, list[str]]:
    """Return the documents' spellings of names, by the names' keys, in order."""
    rows = db.execute(
        "SELECT key, spelling FROM spellings WHERE key IN (SELECT value FROM json_each(?)) "
        "ORDER BY key, folded",
        (json.dumps(sorted(keys)),),
    ).fetchall()
    return {key: [spelling for _, spelling in group] for key, group in groupby(rows, key=itemgetter(0))}


def _holding_words(db: sqlite3.Connection, words: Sequence[str], selection: Selection) -> list[str]:
    """List the ids of the documents that contain all rare words among some words, in order.

    Frequent words are ignored: they exclude few documents, and take long. At most `phrases.PHRASE_READ` + 1
    ids are returned.
    """
    matches = [f"body : {_quoted(word)}" for word in words]
    rare = [
        match
        for match in matches
        if db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)",
            (match, phrases.PHRASE_RARE),
        ).fetchone()[0]
        < phrases.PHRASE_RARE
    ]
    condition, values = where(selection.filters)
    # The words may be in different passages: a phrase may run from one passage into the next.
    holding = " INTERSECT ".join(
        ["SELECT document FROM words JOIN passages ON key = words.rowid WHERE words MATCH ?"] * len(rare)
    )
    within = f"serial IN ({holding})" if rare else "TRUE"
    rows = db.execute(
        f"SELECT id FROM documents WHERE {within} AND {condition} ORDER BY id LIMIT ?",
        (*rare, *values, phrases.PHRASE_READ + 1),
    )
    return [document_id for (document_id,) in rows]


def _holding_together(db: sqlite3.Connection, words: Sequence[str], selection: Selection) -> list[str]:
    """List the ids of the documents with a passage that has the words in sequence, in order of id."""
    condition, values = _within(selection.allowed)
    rows = db.execute(
        "SELECT DISTINCT id FROM words JOIN passages ON key = words.rowid "
        f"JOIN documents ON documents.serial = document WHERE words MATCH ? AND {condition} ORDER BY id",
        (f"body : {_quoted(' '.join(words))}", *values),
    )
    return [document_id for (document_id,) in rows]


def holds(db: sqlite3.Connection, name: str) -> bool:
    """Return whether the words of a folded name occur anywhere in sequence, up to inflection."""
    match = _quoted(indexed(name))
    return db.execute("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1", (match,)).fetchone() is not None


def holds_in_lower_case(db: sqlite3.Connection, word: str) -> bool:
    """Return whether one of the first passages with a word writes it in small letters, as it is given."""
    rows = db.execute(
        "SELECT substr(text, start + 1, end - start) FROM words JOIN passages ON key = words.rowid "
        "JOIN documents ON serial = document WHERE words MATCH ? LIMIT ?",
        (f"body : {_quoted(indexed(word))}", SMALL_READ),
    )
    # Full text finds inflections too, so any word with this beginning counts.
    return any(re.search(rf"\b{re.escape(word)}", text) for (text,) in rows)


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


def _quoted(term: str) -> str:
    """Return a word as a quoted string of FTS5's query language, so that no character is syntax."""
    return '"' + term.replace('"', '""').replace("\0", " ") + '"'
