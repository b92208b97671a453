"""Finds words and phrases in the records' full-text table.

Each function works inside a transaction of the records' database. `table` is the database's full-text table.
"""

# ruff: noqa: S608 -- as in `store`: values from outside are always bound.

from __future__ import annotations

import json
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from qa.storage.records import phrases
from qa.storage.records.filters import where
from qa.text.terms import indexed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from embeddings.arrays import Int64
    from qa.schema import Filters
    from qa.storage.engines import FullTextTable
    from qa.storage.statements import Statements


def in_order(db: Statements, keys: Iterable[int]) -> list[int]:
    """Order passages by document id and place in the document. Leave out keys that no longer exist."""
    rows = db.execute(
        "SELECT key FROM passages JOIN documents ON documents.serial = document "
        "WHERE key IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) ORDER BY id, ordinal",
        (json.dumps([int(key) for key in keys]),),
    ).fetchall()
    return [key for (key,) in rows]


def texts_of(db: Statements, keys: Int64) -> list[tuple[int, str, str]]:
    """Return the indexed words of passages as (key, head, body). Leave out keys that do not exist."""
    rows: list[tuple[int, str, str]] = []
    places = db.execute(
        "SELECT document, key, start, end FROM passages "
        "WHERE key IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) ORDER BY key",
        (json.dumps(keys.tolist()),),
    ).fetchall()
    for number, group in groupby(places, key=itemgetter(0)):
        head, text = db.execute("SELECT head, text FROM documents WHERE serial = ?", (number,)).fetchone()
        rows += [(key, indexed(head), indexed(text[start:end])) for _, key, start, end in group]
    return rows


def holding_words(db: Statements, table: FullTextTable, words: Sequence[str], filters: Filters) -> list[str]:
    """List the ids of the documents that contain all rare words among some words, in order.

    Frequent words are ignored: they exclude few documents, and take long. At most `phrases.PHRASE_READ` + 1
    ids are returned.
    """
    matches = [table.matches(word) for word in words]
    rare = [
        (match, values)
        for match, values in matches
        if db.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM words WHERE {match} LIMIT ?) AS few",
            (*values, phrases.PHRASE_RARE),
        ).fetchone()[0]
        < phrases.PHRASE_RARE
    ]
    condition, values = where(filters)
    # The words may be in different passages: a phrase may run from one passage into the next.
    holding = " INTERSECT ".join(
        f"SELECT document FROM words JOIN passages ON passages.key = words.{table.key} WHERE {match}"
        for match, _ in rare
    )
    within = f"serial IN ({holding})" if rare else "TRUE"
    rows = db.execute(
        f"SELECT id FROM documents WHERE {within} AND {condition} ORDER BY id LIMIT ?",
        (*(value for _, match_values in rare for value in match_values), *values, phrases.PHRASE_READ + 1),
    )
    return [document_id for (document_id,) in rows]


def holding_together(
    db: Statements, table: FullTextTable, words: Sequence[str], filters: Filters
) -> list[str]:
    """List the ids of the documents with a passage that has the words in sequence, in order of id."""
    match, match_values = table.matches(" ".join(words))
    condition, values = where(filters)
    rows = db.execute(
        f"SELECT DISTINCT documents.id FROM words JOIN passages ON passages.key = words.{table.key} "
        f"JOIN documents ON documents.serial = document WHERE {match} AND {condition} ORDER BY documents.id",
        (*match_values, *values),
    )
    return [document_id for (document_id,) in rows]


def holds(db: Statements, table: FullTextTable, name: str) -> bool:
    """Return whether the words of a folded name occur anywhere in sequence, up to inflection."""
    match, values = table.matches(indexed(name), head=True)
    return db.execute(f"SELECT 1 FROM words WHERE {match} LIMIT 1", values).fetchone() is not None
