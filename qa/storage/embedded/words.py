"""Words and phrases in the full-text index of the store, and how the documents spell names.

Each function works inside a transaction of the store's. `full_text` answers for a large library.
"""

# ruff: noqa: S608 -- as in `store`: what comes from outside is always bound as a value.

from __future__ import annotations

import json
import re
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from qa.storage.ports import Occurrence, Occurrences
from qa.storage.records.filters import where
from qa.text.phrase import occurrences, phrase_pattern, phrase_words
from qa.text.terms import indexed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from embeddings.arrays import Bits, Int64
    from qa.deadline import Deadline
    from qa.storage.ports import Selection

BM25_HEAD_WEIGHT = 0.5
BM25_BODY_WEIGHT = 1.0
# So many of a phrase's words choose the documents in which it is looked for: the longest are the rarest.
PHRASE_WORDS = 4
# A word is rare if fewer passages than this hold it. If more documents than this hold a phrase's words, only
# those are read, as many at most, that hold these together; until so many do hold the phrase.
PHRASE_RARE = 5_000
PHRASE_READ = 500
PHRASE_FOUND = 100
# So many places of a phrase are kept, and beyond them one of each document.
PHRASE_PLACES = 1_000
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
    """Find where the documents hold the phrase (see `phrase_pattern`), in order of id and offset.

    All documents that hold its words are read, unless there are many; see `Occurrences`.

    Raises:
        DeadlineError, CancelledError: see `Deadline.check`.
    """
    pattern = phrase_pattern(phrase)
    if pattern is None:
        return Occurrences()
    words = phrase_words(phrase)
    longest = sorted(set(words), key=len, reverse=True)[:PHRASE_WORDS]
    holding = _holding_words(db, longest, selection)
    complete = len(holding) <= PHRASE_READ
    if not complete and words:
        holding = _holding_together(db, words, selection)
    places: list[Occurrence] = []
    read, found, partial = 0, 0, False
    for number, _ in holding:
        deadline.check()
        if not complete and (read == PHRASE_READ or found == PHRASE_FOUND):
            break
        document_id, sha256, text = db.execute(
            "SELECT id, sha256, text FROM documents WHERE serial = ?", (number,)
        ).fetchone()
        spans = occurrences(pattern, text)
        most = max(1, PHRASE_PLACES - len(places))
        here = [Occurrence(document_id, sha256, span) for span in islice(spans, most)]
        partial = partial or next(spans, None) is not None
        places += here
        read, found = read + 1, found + bool(here)
    documents = (each.document_id for each in places) if complete else (each for _, each in holding)
    return Occurrences(
        tuple(places),
        tuple(dict.fromkeys(documents)),
        read,
        too_many_documents=not complete,
        has_more_places=partial,
    )


def spellings(db: sqlite3.Connection, keys: Iterable[str]) -> dict[str, list[str]]:
    """Give the spellings that the documents have of names with these keys, in order."""
    rows = db.execute(
        "SELECT key, spelling FROM spellings WHERE key IN (SELECT value FROM json_each(?)) "
        "ORDER BY key, folded",
        (json.dumps(sorted(keys)),),
    ).fetchall()
    return {key: [spelling for _, spelling in group] for key, group in groupby(rows, key=itemgetter(0))}


def _holding_words(
    db: sqlite3.Connection, words: Sequence[str], selection: Selection
) -> list[tuple[int, str]]:
    """Find the documents that hold the rare ones of the words somewhere, as (number, id) in order of id.

    A word that many passages hold leaves out few documents, and takes long. No more than one above
    `PHRASE_READ` are given.
    """
    matches = [f"body : {_quoted(word)}" for word in words]
    rare = [
        match
        for match in matches
        if db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)", (match, PHRASE_RARE)
        ).fetchone()[0]
        < PHRASE_RARE
    ]
    condition, values = where(selection.filters)
    # A word is somewhere in the document: a phrase may run from one passage into the next.
    holding = " INTERSECT ".join(
        ["SELECT document FROM words JOIN passages ON key = words.rowid WHERE words MATCH ?"] * len(rare)
    )
    within = f"serial IN ({holding})" if rare else "TRUE"
    return db.execute(
        f"SELECT serial, id FROM documents WHERE {within} AND {condition} ORDER BY id LIMIT ?",
        (*rare, *values, PHRASE_READ + 1),
    ).fetchall()


def _holding_together(
    db: sqlite3.Connection, words: Sequence[str], selection: Selection
) -> list[tuple[int, str]]:
    """Find the documents of which a passage holds the words one after the other: (number, id), by id."""
    condition, values = _within(selection.allowed)
    return db.execute(
        "SELECT DISTINCT serial, id FROM words JOIN passages ON key = words.rowid "
        f"JOIN documents ON documents.serial = document WHERE words MATCH ? AND {condition} ORDER BY id",
        (f"body : {_quoted(' '.join(words))}", *values),
    ).fetchall()


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
