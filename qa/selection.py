"""What filters leave to search in: conditions on documents, and the keys of their passages.

Each function works inside a transaction of the store's.
"""

# ruff: noqa: S608 -- as in `qa.store`: what comes from outside is always bound as a value.

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from embeddings.arrays import Bits
from qa.schema import EVERYTHING, Filters

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What a set of filters leaves to search in.

    `allowed` holds the passages' keys; None stands for all of them. `undated` counts the documents that a
    date filter left out for want of a date.
    """

    documents: int
    undated: int
    allowed: Bits | None
    filters: Filters = EVERYTHING


def select(db: sqlite3.Connection, filters: Filters) -> Selection:
    """Find what the filters leave to search in."""
    condition, values = where(filters)
    undated, allowed = 0, None
    if filters.since or filters.until:
        others, its = where(replace(filters, since=None, until=None))
        (undated,) = db.execute(
            f"SELECT count(*) FROM documents WHERE {others} AND date = ''", its
        ).fetchone()
    if not filters:
        (documents,) = db.execute("SELECT count(*) FROM documents").fetchone()
    else:
        runs = db.execute(f"SELECT first_key, passages FROM documents WHERE {condition}", values).fetchall()
        documents = len(runs)
        first, counts = np.array(runs, np.int64).reshape(-1, 2).T
        allowed = Bits.of_runs(first, counts)
    return Selection(documents, undated, allowed, filters)


def where(filters: Filters) -> tuple[str, list[str]]:
    """Build a condition on `documents` and its values. Only the values come from a user."""
    conditions = {
        "date != '' AND date >= ?": filters.since and filters.since.isoformat(),
        "date != '' AND date <= ?": filters.until and filters.until.isoformat(),
        "casefold(publisher) = ?": filters.publisher.casefold(),
        "casefold(series) = ?": filters.series.casefold(),
        "casefold(language) = ?": filters.language.casefold(),
        "casefold(collection) = ?": filters.collection.casefold(),
        "id IN (SELECT value FROM json_each(?))": json.dumps(filters.document) if filters.document else "",
    }
    used = {condition: value for condition, value in conditions.items() if value}
    return " AND ".join(used) or "TRUE", list(used.values())
