"""Filters as conditions of Milvus, on documents and on passages alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.schema import FILTERED_BY_NAME, UPLOAD
from qa.storage.cluster.connection import is_in, quoted
from qa.storage.records.filters import check_text
from qa.text.dates import span_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.schema import Filters
    from qa.storage.cluster.connection import Connection
    from qa.storage.cluster.schema import Collections

# No row has this number.
NOTHING = "serial == -1"


def condition(filters: Filters, serials: Iterable[int] | None = None) -> str:
    """Write what filters leave, as `qa.storage.records.filters.where` does; "" for all.

    `serials` are the numbers of the documents that the filter of documents names; None without one.
    """
    conditions = []
    if filters.since:
        since = filters.since.isoformat()
        year, month = since[: len("2008")], since[: len("2008-04")]
        conditions.append(
            f"date >= {quoted(year)} and (date >= {quoted(since)} or {is_in('date', (year, month))})"
        )
    if filters.until:
        conditions.append(f'date != "" and date <= {quoted(span_of(filters.until)[1].isoformat())}')
    conditions += [
        is_in(field, [each.casefold()[:10_000] for each in values])
        for field in FILTERED_BY_NAME
        if (values := filters.values(field))
    ]
    if serials is not None:
        numbers = list(serials)
        conditions.append(is_in("serial", numbers) if numbers else NOTHING)
    return " and ".join(f"({each})" for each in conditions)


def both(*conditions: str) -> str:
    """Write that all conditions hold, of which some may be ""."""
    return " and ".join(f"({each})" for each in conditions if each)


def of(connection: Connection, collections: Collections, filters: Filters) -> str:
    """Write what filters leave, whose documents are looked up; "" for all."""
    return condition(filters, named(connection, collections, filters))


def named(connection: Connection, collections: Collections, filters: Filters) -> set[int] | None:
    """Find the numbers of the documents that the filter of documents names; None where there is none.

    Raises:
        InputError: see `check_text`.
    """
    check_text(filters)
    if not filters.document:
        return None
    documents = connection.query_in(collections.documents, "id", filters.document, ("id", "serial"))
    found = {row["serial"] for row in documents}
    missing = set(filters.document) - {row["id"] for row in documents}
    inside = [
        f"id >= {quoted(each + mark)} and id < {quoted(each + beyond)}"
        for each in missing
        for mark, beyond in (("#", "$"), ("/", "0"))
    ]
    for first in range(0, len(inside), 100):
        any_of = " or ".join(f"({each})" for each in inside[first : first + 100])
        rows = connection.query(collections.documents, any_of, ("serial",))
        found |= {row["serial"] for row in rows}
    for each in filters.document:
        if each.lower().endswith(".jsonl"):
            found |= _recorded_in(connection, collections, each)
    return found


def _recorded_in(connection: Connection, collections: Collections, file: str) -> set[int]:
    """Find the numbers of the documents that are records of a file so named."""
    ending = quoted("%" + file.replace("%", "_"))  # "_" is any sign: each path is looked at again
    conditions = 'kind == "locations"', f"path like {ending}" if connection.has_infix else ""
    rows = connection.scan(collections.catalogue, both(*conditions), ("path", "owner"))
    return {int(row["owner"]) for row in rows if f"/{row['path'].removeprefix(UPLOAD)}".endswith(f"/{file}")}
