"""Lists of documents: Milvus neither orders nor counts by value, so what they need is kept in memory.

It is a table of the columns that lists are searched and ordered by, of all documents, brought in step by what
has changed since: about 1 kB a document.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qa.storage.cluster.entities import LISTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.storage.cluster.connection import Connection
    from qa.storage.cluster.schema import Collections
    from qa.storage.cluster.state import State


class Lists:
    """The table `documents` of a library, for lists. Threads may share it, one at a time."""

    def __init__(self, connection: Connection, collections: Collections) -> None:
        self._connection, self._collections = connection, collections
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.create_function("casefold", 1, str.casefold, deterministic=True)
        kinds = {"serial": "INTEGER PRIMARY KEY", "passages": "INTEGER"}
        columns = ", ".join(f"{name} {kinds.get(name, 'TEXT')}" for name in LISTED)
        self._db.execute(f"CREATE TABLE documents ({columns})")
        self._generation = -1

    def close(self) -> None:
        """Free what it holds."""
        with self._lock:
            self._db.close()

    @contextmanager
    def of(self, state: State) -> Iterator[sqlite3.Connection]:
        """Lend the table as it is in a state of the library."""
        with self._lock:
            if self._generation != state.generation:
                self._follow(state)
            yield self._db

    def _follow(self, state: State) -> None:
        self._take(f"changed > {self._generation}")
        (count,) = self._db.execute("SELECT count(*) FROM documents").fetchone()
        if count != state.documents:  # some have gone, and nothing says which
            self._db.execute("DELETE FROM documents")
            self._take("serial >= 0")
        self._generation = state.generation

    def _take(self, condition: str) -> None:
        marks = ", ".join("?" * len(LISTED))
        # What a server shows late would be missing here for good.
        rows = self._connection.scan(self._collections.documents, condition, ("listed",), strong=True)
        self._db.executemany(
            f"INSERT OR REPLACE INTO documents VALUES ({marks})",  # noqa: S608 - marks
            (json.loads(row["listed"]) for row in rows),
        )
