"""Words as full text holds them: the stems that FTS5 makes."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

from qa.storage.records.tables import WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence


class Stemmer:
    """Makes of texts what FTS5 makes of them. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute(WORDS)
        self._db.execute("CREATE VIRTUAL TABLE stems USING fts5vocab (words, instance)")

    def close(self) -> None:
        """Free what it holds. It cannot be used afterwards."""
        with self._lock:
            self._db.close()

    def stems(self, texts: Sequence[str]) -> list[tuple[bytes, ...]]:
        """Give the stems of each text in order; a word has one, or none, or several.

        Raises:
            sqlite3.ProgrammingError: it is closed.
        """
        found: list[list[bytes]] = [[] for _ in texts]
        with self._lock:
            self._db.execute("INSERT INTO words (words) VALUES ('delete-all')")
            self._db.executemany("INSERT INTO words (rowid, body) VALUES (?, ?)", enumerate(texts))
            for row, stem in self._db.execute(
                "SELECT doc, CAST(term AS BLOB) FROM stems ORDER BY doc, offset"
            ):
                found[row].append(stem)
        return [tuple(each) for each in found]
