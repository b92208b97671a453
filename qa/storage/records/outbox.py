"""The outbox: the passages that an index on a server must still add or delete.

A row commits together with the change of the passage. Whoever follows the outbox looks the passage up: if the
records have it, the index needs it; otherwise the index must delete it. So a row may be followed twice.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.storage.statements import Statements


def note(db: Statements, keys: Iterable[int]) -> None:
    """Note passages that were added, changed or deleted, by key, if the library's index needs the outbox."""
    (address,) = db.execute("SELECT index_address FROM library").fetchone()
    if address:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        # DO UPDATE waits for another process that is just following the row, and then writes it again.
        db.executemany(
            "INSERT INTO outbox (passage, since) VALUES (?, ?) "
            "ON CONFLICT (passage) DO UPDATE SET since = excluded.since",
            [(key, now) for key in keys],
        )
