"""Words and phrases in the full-text index of the store, and how the documents spell names.

Each function works inside a transaction of the store's. `full_text` answers for a large library.
"""

# ruff: noqa: S608 -- as in `store`: what comes from outside is always bound as a value.

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
# So many passages are read to tell whether a word is written in small letters: a common word is by then.
SMALL_READ = 20


def bm25(
    db: sqlite3.Connection, terms: Sequence[str], k: int, selection: Selection
) -> list[tuple[int, float]]:
    """Find the best `k` passages by BM25 for any of the words, as (key, score), highest first.

    Equals come in order of their documents' ids, and of their places in these.
    """
    match = " OR ".join(_quoted(term) for term in dict.fromkeys(terms))
    if not match:
        return []
    depth = 2 * k
    condition, values = _within(selection.allowed)
    # Only the best are looked up in other tables, for what orders equals. They are more than k: where
    # the last of them equals the k-th, others may.
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
    """Order passages by their documents' ids and places in these; keys no longer held are left out."""
    rows = db.execute(
        "SELECT key FROM passages JOIN documents ON documents.serial = document "
        "WHERE key IN (SELECT value FROM json_each(?)) ORDER BY id, ordinal",
        (json.dumps([int(key) for key in keys]),),
    ).fetchall()
    return [key for (key,) in rows]


def texts_of(db: sqlite3.Connection, keys: Int64) -> list[tuple[int, str, str]]:
    """Read what the full-text index has of passages: (key, head, body), by key; those that are held."""
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
    """Find where the documents hold the phrase; see `qa.storage.records.phrases`."""

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
    """Give the spellings that the documents have of names with these keys, in order."""
    rows = db.execute(
        "SELECT key, spelling FROM spellings WHERE key IN (SELECT value FROM json_each(?)) "
        "ORDER BY key, folded",
        (json.dumps(sorted(keys)),),
    ).fetchall()
    return {key: [spelling for _, spelling in group] for key, group in groupby(rows, key=itemgetter(0))}


def _holding_words(db: sqlite3.Connection, words: Sequence[str], selection: Selection) -> list[str]:
    """List the ids of the documents that hold the rare ones of the words somewhere, in order.

    A word that many passages hold leaves out few documents, and takes long. No more than one above
    `phrases.PHRASE_READ` are given.
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
    # A word is somewhere in the document: a phrase may run from one passage into the next.
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
    """List the ids of the documents of which a passage holds the words one after the other, in order."""
    condition, values = _within(selection.allowed)
    rows = db.execute(
        "SELECT DISTINCT id FROM words JOIN passages ON key = words.rowid "
        f"JOIN documents ON documents.serial = document WHERE words MATCH ? AND {condition} ORDER BY id",
        (f"body : {_quoted(' '.join(words))}", *values),
    )
    return [document_id for (document_id,) in rows]


def holds(db: sqlite3.Connection, name: str) -> bool:
    """Tell whether the words of a name, folded, stand one after the other anywhere, up to inflection."""
    match = _quoted(indexed(name))
    return db.execute("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1", (match,)).fetchone() is not None


def holds_in_lower_case(db: sqlite3.Connection, word: str) -> bool:
    """Tell whether a word, given in small letters, stands so in any of the first passages that hold it."""
    rows = db.execute(
        "SELECT substr(text, start + 1, end - start) FROM words JOIN passages ON key = words.rowid "
        "JOIN documents ON serial = document WHERE words MATCH ? LIMIT ?",
        (f"body : {_quoted(indexed(word))}", SMALL_READ),
    )
    # Full text finds inflections too: what begins so is as good.
    return any(re.search(rf"\b{re.escape(word)}", text) for (text,) in rows)


def _within(allowed: Bits | None) -> tuple[str, list[int | bytes]]:
    """Build a condition on `words`, and its values: that its rowid is allowed.

    It has a byte for each key from the first to the last that is allowed; and SQLite itself looks there, as
    a function in Python, called for each match, would wait each time for other threads that run Python.
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
    """Write a word as a string of FTS5's query language, in which nothing is syntax."""
    return '"' + term.replace('"', '""').replace("\0", " ") + '"'
