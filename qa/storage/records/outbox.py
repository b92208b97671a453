"""The outbox: the passages that an index on a server must still add or delete.

A row commits together with the change of the passage. Whoever follows the outbox looks the passage up: if the
records have it, the index needs it; otherwise the index must delete it. So a row may be followed twice.
"""

# ruff: noqa: S608 -- `skip_locked` is a constant of the engine. Values from outside are always bound.

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.storage.statements import Statements


def note(db: Statements, keys: Iterable[int]) -> None:
    """Note passages that were added, changed or deleted, by key, if the library's index needs the outbox."""
    # DO UPDATE waits for another process that is just following the row, and then writes it again. All
    # processes write the keys in one order, so that they do not wait for each other.
    db.execute(
        "INSERT INTO outbox (passage, since) SELECT CAST(value AS BIGINT), ? FROM json_each(?) "
        "WHERE (SELECT index_address FROM library) != '' "
        "ON CONFLICT (passage) DO UPDATE SET since = outbox.since",
        (_now(), json.dumps(sorted({*keys}))),
    )


def note_document(db: Statements, serial: int) -> None:
    """Note the passages of a document whose filtered metadata have changed."""
    note(db, [key for (key,) in db.execute("SELECT key FROM passages WHERE document = ?", (serial,))])


def note_all(db: Statements) -> None:
    """Note all passages, because the index has none."""
    db.execute(
        "INSERT INTO outbox (passage, since) SELECT key, ? FROM passages WHERE TRUE ON CONFLICT DO NOTHING",
        (_now(),),
    )


def pending(db: Statements) -> set[int]:
    """Return the keys of the passages that the index must still add or delete."""
    return {key for (key,) in db.execute("SELECT passage FROM outbox")}


def take(db: Statements, most: int, skip_locked: str) -> list[int]:
    """Return some of these keys, and lock their rows. Leave out the rows that others have locked."""
    rows = db.execute(f"SELECT passage FROM outbox ORDER BY passage LIMIT ? {skip_locked}", (most,))
    return [key for (key,) in rows]


def done(db: Statements, keys: Iterable[int]) -> None:
    """Delete the rows of passages that the index has followed."""
    db.execute(
        "DELETE FROM outbox WHERE passage IN (SELECT CAST(value AS BIGINT) FROM json_each(?))",
        (json.dumps(list(keys)),),
    )


def waiting(db: Statements) -> tuple[int, str]:
    """Count the rows, and return the time of the first in ISO 8601, or "" if there is none."""
    count, since = db.execute("SELECT count(*), min(since) FROM outbox").fetchone()
    return int(count), since or ""


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
