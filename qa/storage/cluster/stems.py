"""Words as full text holds them: FTS5's own stems, in letters that no analyzer of Milvus takes apart."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

from qa.storage.cluster.schema import LONGEST
from qa.storage.records.tables import WORDS
from qa.text.terms import indexed

if TYPE_CHECKING:
    from collections.abc import Sequence


class Stemmer:
    """Makes of texts the stems that FTS5 makes of them. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.execute(WORDS)
        self._db.execute("CREATE VIRTUAL TABLE stems USING fts5vocab (words, instance)")

    def close(self) -> None:
        """Free what it holds. It cannot be used afterwards."""
        with self._lock:
            self._db.close()

    def stems(self, texts: Sequence[str]) -> list[list[str]]:
        """Give the stems of each text, in order, as Milvus holds them."""
        found: list[list[str]] = [[] for _ in texts]
        with self._lock:
            self._db.execute("INSERT INTO words (words) VALUES ('delete-all')")
            self._db.executemany(
                "INSERT INTO words (rowid, body) VALUES (?, ?)",
                [(row, indexed(text).replace("\0", " ")) for row, text in enumerate(texts)],
            )
            for row, stem in self._db.execute("SELECT doc, term FROM stems ORDER BY doc, offset"):
                found[row].append(_written(stem))
        return found


def searched(head: Sequence[str], body: Sequence[str]) -> str:
    """Write the stems of a passage and of its document's head as they are searched: the head's count half.

    Of a passage with more than a field holds, the last words are not searched.
    """
    words = " ".join((*body, ".", *body, ".", *head))
    if len(words) <= LONGEST:
        return words
    return words[:LONGEST].rpartition(" ")[0]


def body_of(words: str) -> str:
    """Give the stems of the passage alone of what `searched` has written, between spaces."""
    return f" {words.partition(' . ')[0]} "


def _written(stem: str) -> str:
    """Write a stem in ASCII letters and digits: the analyzers of servers take other scripts apart."""
    return f"a{stem}" if stem.isascii() and stem.isalnum() else f"u{stem.encode().hex()}"
