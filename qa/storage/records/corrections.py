"""Reads and writes corrections of metadata in the store."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from qa.document.corrections import BY_HAND, Correction
from qa.schema import Certainty, Found
from qa.storage import columns as stored
from qa.storage.records import outbox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qa.storage.statements import Statements


_CERTAINTY = stored.one_of(get_args(Certainty))


def corrections_of(db: Statements, document_id: str) -> dict[str, Correction]:
    """Read the corrections of a document, by field. The document itself may no longer exist."""
    corrections = {}
    rows = db.execute(
        "SELECT field, value, was, found FROM corrections WHERE document = ? ORDER BY field", (document_id,)
    )
    for name, value, was, found in rows:
        (origin,) = found_in(f"[{found}]") or (None,)
        corrections[stored.text(name)] = Correction(stored.text(value), stored.text(was), origin)
    return corrections


def found_in(row: str) -> tuple[Found, ...]:
    """Parse a row's list of the places where metadata were found.

    Raises:
        ValueError, TypeError, RecursionError: the row is malformed.
    """
    return stored.rows(row, Found, stored.text, stored.text, _CERTAINTY)


def put(db: Statements, document_id: str, corrections: Mapping[str, Correction]) -> None:
    """Replace all corrections of a document."""
    db.execute("DELETE FROM corrections WHERE document = ?", (document_id,))
    db.executemany(
        "INSERT INTO corrections (document, field, value, was, found) VALUES (?, ?, ?, ?, ?)",
        [
            (document_id, field, correction.value, correction.was, _found_row(correction.found))
            for field, correction in corrections.items()
        ],
    )


def put_in_collection(db: Statements, number: int, collection: str) -> str:
    """Put a document into a collection, or into none (""), as a person's correction. Return its id.

    Return "" if the document is in the collection already. If the document's source names this collection,
    delete the correction.
    """
    document_id, held, row = db.execute(
        "SELECT id, collection, found FROM documents WHERE serial = ?", (number,)
    ).fetchone()
    if held == collection:
        return ""
    corrections, origins = corrections_of(db, document_id), found_in(row)
    by_source = next((origin for origin in origins if origin.field == "collection"), None)
    before = corrections.pop("collection", Correction("", held, by_source))
    if collection != before.was:
        corrections["collection"] = replace(before, value=collection)
        by_source = Found("collection", BY_HAND, "corrected")
    else:
        by_source = before.found
    said_where = [origin for origin in origins if origin.field != "collection"]
    said_where += [by_source] if by_source else []
    db.execute(
        "UPDATE documents SET collection = ?, found = ? WHERE serial = ?",
        (
            collection,
            json.dumps([(origin.field, origin.source, origin.sure) for origin in said_where]),
            number,
        ),
    )
    put(db, document_id, corrections)
    outbox.note_document(db, number)
    return str(document_id)


def _found_row(origin: Found | None) -> str:
    return json.dumps([origin.field, origin.source, origin.sure]) if origin else ""
