"""Finds and orders documents for lists, by their metadata.

Each function works inside a transaction of the store. The index `documents_by_list` contains the columns that
a list is searched and ordered by. The rows themselves contain the texts, so only the rows that are shown are
read.
"""

# ruff: noqa: S608 -- as in `store`: values from outside are always bound.

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import fields
from string import ascii_uppercase
from typing import TYPE_CHECKING, get_args

import numpy as np

from qa.schema import DocumentInfo, DocumentOrder
from qa.schema.fields import SEARCHED
from qa.storage.records import filters
from qa.storage.records.rows import info_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embeddings.arrays import Int64
    from qa.schema import DocumentQuery
    from qa.storage.statements import Statements

_SEARCHED = " || '\n' || ".join((*SEARCHED, "id"))
# The text that a list is searched in: SQL's lower() changes ASCII letters only, in both databases.
SEARCHED_TEXT = f"lower({_SEARCHED})"
_SMALL = {ord(letter): letter.lower() for letter in ascii_uppercase}
_COLUMNS = [field.name for field in fields(DocumentInfo) if field.name != "locations"]
_BY_VALUE = ("id", "date")


def find(db: Statements, query: DocumentQuery) -> Int64:
    """Return the row numbers of all documents that a query finds, in the query's order."""
    condition, values = _where(query)
    # For ORDER BY serial, SQLite would scan the rows themselves. Any index is smaller.
    ordered = "" if query.order == "added" else f"ORDER BY {_order(query)}"
    rows = db.execute(f"SELECT serial FROM documents WHERE {condition} {ordered}", values)
    numbers = np.fromiter((serial for (serial,) in rows), np.int64)
    if not ordered:
        numbers.sort()
    return numbers[::-1] if query.order == "added" and query.descending else numbers


def infos(db: Statements, serials: Int64) -> Iterator[DocumentInfo]:
    """Yield the DocumentInfo of documents with these row numbers, in this order."""
    shown = json.dumps(serials.tolist())
    paths: defaultdict[int, list[str]] = defaultdict(list)
    for serial, path in db.execute(
        "SELECT document, path FROM locations "
        "WHERE document IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) ORDER BY number",
        (shown,),
    ):
        paths[serial].append(path)
    rows = db.execute(
        f"SELECT serial, {', '.join(_COLUMNS)} FROM documents "
        "WHERE serial IN (SELECT CAST(value AS BIGINT) FROM json_each(?))",
        (shown,),
    )
    held = {serial: dict(zip(_COLUMNS, row, strict=True)) for serial, *row in rows}
    for serial in serials.tolist():
        if serial in held:
            yield info_of(held[serial] | {"locations": paths[serial]})


def _where(query: DocumentQuery) -> tuple[str, list[str]]:
    """Return a condition on `documents`, and the condition's values. Only the values come from a user."""
    condition, values = filters.where(query.filters)
    conditions = [condition]
    if query.format:
        conditions.append("format || '' = ?")  # keeps SQLite from using the index on `format` alone
        values.append(query.format)
    for word in query.words.split():
        conditions.append(f"{SEARCHED_TEXT} LIKE ? ESCAPE '!'")
        values.append(f"%{_pattern(word)}%")
        if not word.isascii():
            cases = dict.fromkeys((word, word.lower(), word.upper(), word.title()))
            conditions.append(f"({' OR '.join(f'instr({_SEARCHED}, ?) > 0' for _ in cases)})")
            values += cases
    return " AND ".join(conditions), values


def _order(query: DocumentQuery) -> str:
    """Return the ORDER BY terms: documents without a value come last, and equals in order of id."""
    assert query.order in get_args(DocumentOrder)  # noqa: S101 - it becomes part of a statement
    direction = "DESC" if query.descending else "ASC"
    if query.order == "passages":
        return f"passages {direction}, id"
    by = query.order if query.order in _BY_VALUE else f"lower({query.order})"
    return f"{query.order} = '', {by} {direction}, id"


def _pattern(word: str) -> str:
    """Return a LIKE pattern that matches a word in any case.

    LIKE ignores the case of ASCII letters only, so the pattern matches any character where the word has a
    non-ASCII character.
    """
    return "".join(
        f"!{character}" if character in "!%_" else character if character.isascii() else "_"
        for character in word.translate(_SMALL)
    )
