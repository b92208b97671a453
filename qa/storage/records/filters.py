"""Turns filters into conditions on the table of documents."""

# ruff: noqa: S608 -- statements are built from constants. Values from outside are always bound.

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.limits import check_filter_text
from qa.schema import FILTERED_BY_NAME, UPLOAD
from qa.text.dates import span_of

if TYPE_CHECKING:
    from qa.schema import Filters

# Selects documents by id. An id may also name a file or folder, and then selects all documents in it.
_NAMED = """id IN (
    WITH named(id) AS (SELECT value FROM json_each(?)),
    inside(first, beyond) AS (
        SELECT id || mark, id || next
        FROM named, (SELECT '#' AS mark, '$' AS next UNION ALL SELECT '/', '0') AS marks
        WHERE id NOT IN (SELECT id FROM documents)
    )
    SELECT id FROM named
    UNION ALL SELECT id FROM inside JOIN documents ON id >= first AND id < beyond
)"""

# Selects the documents of files by the files' names: records in such files have ids of their own.
_RECORDS = f"""id IN (
    SELECT documents.id
    FROM (SELECT value FROM json_each(?)) AS named
    JOIN (SELECT DISTINCT path AS file FROM locations) AS files
        ON file IN (value, '{UPLOAD}' || value)
        OR substr(file, length(file) - length(value)) IN ('{os.sep}' || value, '/' || value)
    JOIN locations ON locations.path = file
    JOIN documents ON serial = document
)"""


def check_span(filters: Filters) -> None:
    """Raise an error if the span of time ends before it starts.

    Raises:
        InputError: `since` is later than `until`.
    """
    if filters.since and filters.until and span_of(filters.since)[0] > span_of(filters.until)[1]:
        raise InputError(f"since {filters.since} is later than until {filters.until}: swap since and until")


def check_text(filters: Filters) -> None:
    """Raise an error for a value that no document can have.

    Raises:
        InputError: a value has control characters, or is not Unicode text. The message names the filter.
    """
    for name in (*FILTERED_BY_NAME, "document"):
        for value in filters.values(name):
            check_filter_text(name, value)


def where(filters: Filters) -> tuple[str, list[str]]:
    """Return a condition on `documents`, and the condition's values. Only the values come from a user.

    A month or a year is stored as `2008-04` or `2008`, which sorts before its days. It matches if some of its
    days match.

    Raises:
        InputError: see `check_text`.
    """
    check_text(filters)
    conditions: dict[str, tuple[str, ...]] = {}
    if filters.since:
        since = filters.since.isoformat()
        year, month = since[: len("2008")], since[: len("2008-04")]
        conditions["date >= ? AND (date >= ? OR date IN (?, ?))"] = (year, since, year, month)
    if filters.until:
        conditions["date != '' AND date <= ?"] = (span_of(filters.until)[1].isoformat(),)
    for field in FILTERED_BY_NAME:
        if names := tuple(name.casefold() for name in filters.values(field)):
            # PostgreSQL's index has no empty values, and is used only if the condition says the same.
            conditions[f"{field} != '' AND casefold({field}) IN ({', '.join('?' * len(names))})"] = names
    if filters.document:
        records = [path for path in filters.document if path.lower().endswith(".jsonl")]
        files = [*records, *(path.replace("/", os.sep) for path in records if os.sep != "/")]
        clauses = {_NAMED: json.dumps(filters.document)} | ({_RECORDS: json.dumps(files)} if files else {})
        conditions[f"({' OR '.join(clauses)})"] = tuple(clauses.values())
    return " AND ".join(conditions) or "TRUE", [value for values in conditions.values() for value in values]
