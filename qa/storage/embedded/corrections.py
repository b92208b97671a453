"""Corrections of metadata in the store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, get_args

from qa.document.corrections import Correction
from qa.schema import Certainty, Found
from qa.storage import columns as stored

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping


_CERTAINTY = stored.one_of(get_args(Certainty))


def every(db: sqlite3.Connection) -> dict[str, dict[str, Correction]]:
    """Read all corrections, by document id and field; a document that is not held may have some too."""
    held: dict[str, dict[str, Correction]] = {}
    rows = db.execute("SELECT document, field, value, was, found FROM corrections ORDER BY document, rowid")
    for document_id, field, value, was, found in rows:
        (said,) = found_in(f"[{found}]") or (None,)
        held.setdefault(stored.text(document_id), {})[stored.text(field)] = Correction(
            stored.text(value), stored.text(was), said
        )
    return held


def found_in(row: str) -> tuple[Found, ...]:
    """Read where metadata were found, as a row holds it.

    Raises:
        ValueError: it is not what a row holds.
        TypeError: likewise.
        RecursionError: likewise.
    """
    return stored.rows(row, Found, stored.text, stored.text, _CERTAINTY)


def put(db: sqlite3.Connection, document_id: str, corrections: Mapping[str, Correction]) -> None:
    """Put corrections in place of all that a document had."""
    db.execute("DELETE FROM corrections WHERE document = ?", (document_id,))
    db.executemany(
        "INSERT INTO corrections (document, field, value, was, found) VALUES (?, ?, ?, ?, ?)",
        [
            (document_id, field, each.value, each.was, _found_row(each.found))
            for field, each in corrections.items()
        ],
    )


def _found_row(found: Found | None) -> str:
    return json.dumps([found.field, found.source, found.sure]) if found else ""
