"""Selects the passages that filters leave to search in.

Each function works inside a transaction of the store.
"""

# ruff: noqa: S608 -- as in `store`: values from outside are always bound.

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from embeddings.arrays import Bits
from qa.storage.ports import Selection
from qa.storage.records.filters import where

if TYPE_CHECKING:
    import sqlite3

    from qa.schema import Filters


def select(db: sqlite3.Connection, filters: Filters) -> Selection:
    """Find the passages that the filters leave to search in."""
    condition, values = where(filters)
    undated, allowed = 0, None
    if filters.since or filters.until:
        others, other_values = where(replace(filters, since=None, until=None))
        (undated,) = db.execute(
            f"SELECT count(*) FROM documents WHERE {others} AND date = ''", other_values
        ).fetchone()
    if not filters:
        (documents,) = db.execute("SELECT count(*) FROM documents").fetchone()
    else:
        runs = db.execute(f"SELECT first_key, passages FROM documents WHERE {condition}", values).fetchall()
        documents = len(runs)
        first, counts = np.array(runs, np.int64).reshape(-1, 2).T
        allowed = Bits.of_runs(first, counts)
    return Selection(documents, undated, allowed, filters)
