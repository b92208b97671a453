"""Lists of documents: searched by what is known of them, and ordered.

Each function works inside a transaction of the store's. What a list is searched and ordered by stands in the
index `documents_by_list`: the rows themselves hold the texts, and are read of those alone that are shown.
"""

# ruff: noqa: S608 -- as in `store`: what comes from outside is always bound as a value.

from __future__ import annotations

import json
from typing import TYPE_CHECKING, get_args

import numpy as np

from qa.schema import DocumentOrder
from qa.storage.records import filters
from qa.storage.records.rows import info_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from embeddings.arrays import Int64
    from qa.schema import DocumentInfo, DocumentQuery

_SEARCHED = " || char(10) || ".join(("title", "publisher", "author", "series", "number", "id"))
_BY_VALUE = {"id": "id", "date": "date", "passages": "passages"}


def find(db: sqlite3.Connection, query: DocumentQuery) -> Int64:
    """Find the numbers of the rows of documents that a query finds, all of them, in its order."""
    condition, values = _where(query)
    # In the order of their numbers, SQLite would go through the rows themselves: any index is smaller.
    ordered = "" if query.order == "added" else f"ORDER BY {_order(query)}"
    rows = db.execute(f"SELECT serial FROM documents WHERE {condition} {ordered}", values)
    found = np.fromiter((serial for (serial,) in rows), np.int64)
    if not ordered:
        found.sort()
    return found[::-1] if query.order == "added" and query.descending else found


def infos(db: sqlite3.Connection, serials: Int64) -> Iterator[DocumentInfo]:
    """Read what lists show of documents, by the numbers of their rows, in this order."""
    rows = db.execute(
        "SELECT id, title, publisher, series, number, url, format, path, collection, sha256, "
        "source_sha256, characters, language, date, notes, passages, author, found, "
        "(SELECT json_group_array(l.path) FROM (SELECT path FROM locations WHERE document = serial "
        "ORDER BY locations.number) AS l) AS locations "
        "FROM (SELECT value AS shown, key AS place FROM json_each(?)) "
        "CROSS JOIN documents ON serial = shown ORDER BY place",
        (json.dumps(serials.tolist()),),
    )
    names = [column for column, *_ in rows.description]
    for row in rows:
        yield info_of(dict(zip(names, row, strict=True)))


def _where(query: DocumentQuery) -> tuple[str, list[str]]:
    """Build a condition on `documents` and its values. Only the values come from a user."""
    condition, values = filters.where(query.filters)
    conditions = [condition]
    if query.format:
        conditions.append("+format = ?")  # not by its own index, which has nothing else that is asked for
        values.append(query.format)
    for word in query.words.split():
        conditions.append(f"{_SEARCHED} LIKE ? ESCAPE '!'")
        values.append(f"%{_pattern(word)}%")
        if not word.isascii():
            cases = dict.fromkeys((word, word.lower(), word.upper(), word.title()))
            conditions.append(f"({' OR '.join(f'instr({_SEARCHED}, ?)' for _ in cases)})")
            values += cases
    return " AND ".join(conditions), values


def _order(query: DocumentQuery) -> str:
    """Build what to order by: those without a value come last, and equals in order of id."""
    assert query.order in get_args(DocumentOrder)  # noqa: S101 - it becomes part of a statement
    direction = "DESC" if query.descending else "ASC"
    by = _BY_VALUE.get(query.order, f"{query.order} COLLATE NOCASE")
    return f"{query.order} = '', {by} {direction}, id"


def _pattern(word: str) -> str:
    """Return a word as LIKE finds it in any case: it knows those of ASCII only, so all else is any sign."""
    return "".join(f"!{each}" if each in "!%_" else each if each.isascii() else "_" for each in word)
