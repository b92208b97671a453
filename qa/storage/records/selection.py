"""Counts the documents that filters leave to search in."""

# ruff: noqa: S608 -- as in `store`: values from outside are always bound.

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qa.storage.ports import Selection
from qa.storage.records.filters import where

if TYPE_CHECKING:
    from qa.schema import Filters
    from qa.storage.statements import Statements


def select(db: Statements, filters: Filters) -> Selection:
    """Count the documents that the filters leave, and those that only a date filter leaves out."""
    condition, values = where(filters)
    (documents,) = db.execute(f"SELECT count(*) FROM documents WHERE {condition}", values).fetchone()
    undated = 0
    if filters.since or filters.until:
        others, other_values = where(replace(filters, since=None, until=None))
        (undated,) = db.execute(
            f"SELECT count(*) FROM documents WHERE {others} AND date = ''", other_values
        ).fetchone()
    return Selection(documents, undated, filters)
