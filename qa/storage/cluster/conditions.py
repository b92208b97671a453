"""Filters as conditions of Milvus, on documents and on passages alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.schema import FILTERED_BY_NAME
from qa.storage.cluster.connection import is_in, quoted
from qa.text.dates import span_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.schema import Filters

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
