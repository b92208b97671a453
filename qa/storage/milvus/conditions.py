"""Filters as conditions of Milvus, and the columns that the conditions use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from qa.schema import FILTERED_BY_NAME, Filters
from qa.storage.records.filters import check_text, where
from qa.text.dates import span_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.storage.statements import Statements

# The columns that a collection has for filters.
COLUMNS = ("date", *FILTERED_BY_NAME)
_LONGEST = 10_000  # characters of a value, so that it fits into a column in UTF-8


def folded(value: str) -> str:
    """Return a value of a column as the collection has it, and as a condition compares it."""
    return value.casefold()[:_LONGEST]


def condition(db: Statements, filters: Filters) -> str:
    """Return the condition of Milvus for filters, or "" for no filters.

    It has the same meaning as the SQL of `qa.storage.records.filters.where`. The records find the documents
    that `filters.document` names.

    Raises:
        InputError: see `check_text`.
    """
    check_text(filters)
    conditions = []
    if filters.since:
        since = filters.since.isoformat()
        year, month = since[: len("2008")], since[: len("2008-04")]
        conditions.append(
            f"date >= {_quoted(year)} and (date >= {_quoted(since)} or {_is_in('date', (year, month))})"
        )
    if filters.until:
        conditions.append(f'date != "" and date <= {_quoted(span_of(filters.until)[1].isoformat())}')
    conditions += [
        _is_in(field, map(folded, values)) for field in FILTERED_BY_NAME if (values := filters.values(field))
    ]
    if filters.document:
        named, bound = where(Filters(document=filters.document))
        serials = db.execute(f"SELECT serial FROM documents WHERE {named}", bound)  # noqa: S608 - bound
        numbers = [serial for (serial,) in serials] or [-1]  # no document has this number
        conditions.append(_is_in("document", numbers))
    return " and ".join(f"({each})" for each in conditions)


def _is_in(field: str, values: Iterable[str | int]) -> str:
    return f"{field} in [{', '.join(map(_quoted, values))}]"


def _quoted(value: str | int) -> str:
    """Return a value as a literal of Milvus, so that no character is syntax."""
    return json.dumps(value, ensure_ascii=False)
