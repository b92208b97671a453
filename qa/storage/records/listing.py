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

from qa.schema import DocumentInfo, DocumentOrder
from qa.schema.fields import SEARCHED
from qa.storage.records import filters
from qa.storage.records.rows import info_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.schema import DocumentQuery
    from qa.storage.statements import Statements

_SEARCHED = " || '\n' || ".join((*SEARCHED, "id"))
# The text that a list is searched in: SQL's lower() changes ASCII letters only, in both databases.
SEARCHED_TEXT = f"lower({_SEARCHED})"
_SMALL = {ord(letter): letter.lower() for letter in ascii_uppercase}
_COLUMNS = [field.name for field in fields(DocumentInfo) if field.name != "locations"]
_BY_VALUE = ("id", "date")
_ALL = 2**62  # more rows than a table has


def find(db: Statements, query: DocumentQuery, offset: int, limit: int | None) -> tuple[list[int], int]:
    """Return a part of the row numbers that a query finds, in the query's order, and their total."""
    condition, values = _where(query)
    rows = db.execute(
        f"SELECT serial FROM documents WHERE {condition} ORDER BY {_order(query)} LIMIT ? OFFSET ?",
        (*values, _ALL if limit is None else limit, offset),
    )
    numbers = [serial for (serial,) in rows]
    if (limit is None or len(numbers) < limit) and (numbers or not offset):
        return numbers, offset + len(numbers)
    (total,) = db.execute(f"SELECT count(*) FROM documents WHERE {condition}", values).fetchone()
    return numbers, total


def infos(db: Statements, serials: Sequence[int]) -> Iterator[DocumentInfo]:
    """Yield the DocumentInfo of documents with these row numbers, in this order."""
    shown = json.dumps(serials)
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
    for serial in serials:
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
    if query.order == "added":
        # If few rows are found, an index of a filter finds them faster than the rows' own order.
        return (
            f"serial + 0 {direction}"
            if query.filters or query.words or query.format
            else f"serial {direction}"
        )
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
