"""Makes the stems of words that FTS5 stores in its index."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from qa.storage.records.tables import WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence


class Stemmer:
    """Makes the same stems of texts as FTS5. Threads may share a stemmer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute(WORDS)
        self._db.execute("CREATE VIRTUAL TABLE stems USING fts5vocab (words, instance)")

    def close(self) -> None:
        """Close the stemmer. It cannot be used afterwards."""
        with self._lock:
            self._db.close()

    def stems(self, texts: Sequence[str]) -> list[tuple[bytes, ...]]:
        """Return the stems of each text, in order. A word has one stem, none, or several.

        Raises:
            sqlite3.ProgrammingError: the stemmer is closed.
        """
        stems: list[list[bytes]] = [[] for _ in texts]
        for row, stem in self.select("doc, CAST(term AS BLOB)", "ORDER BY doc, offset", texts):
            stems[row].append(stem)
        return [tuple(text_stems) for text_stems in stems]

    def select(self, columns: str, order: str, texts: Sequence[str]) -> list[tuple[Any, ...]]:
        """Select columns from the stems of texts: `doc`, the text's place, with `term` and `offset`."""
        with self._lock:
            self._db.execute("INSERT INTO words (words) VALUES ('delete-all')")
            self._db.executemany("INSERT INTO words (rowid, body) VALUES (?, ?)", enumerate(texts))
            return self._db.execute(f"SELECT {columns} FROM stems {order}").fetchall()  # noqa: S608
