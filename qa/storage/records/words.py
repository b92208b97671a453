"""Finds words in the records' full-text table.

Each function works inside a transaction of the records' database. `table` is the database's full-text table.
"""

# ruff: noqa: S608 -- as in `store`: values from outside are always bound.

from __future__ import annotations

import json
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from qa.text.terms import indexed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embeddings.arrays import Int64
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


def count_with(db: Statements, table: FullTextTable, words: str, most: int) -> int:
    """Count the passages that have words in sequence, up to `most`. The words are as `indexed` makes them."""
    match, values = table.matches(words)
    rows = db.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM words WHERE {match} LIMIT ?) AS few", (*values, most)
    )
    return int(rows.fetchone()[0])


def holds(db: Statements, table: FullTextTable, name: str) -> bool:
    """Return whether the words of a folded name occur anywhere in sequence, up to inflection."""
    match, values = table.matches(indexed(name), head=True)
    return db.execute(f"SELECT 1 FROM words WHERE {match} LIMIT 1", values).fetchone() is not None
