"""Reads from a library's SQLite file what the files of the index are made from, and notes the files there."""

# ruff: noqa: S608 -- statements are built from this file's own column lists. Values from outside are bound.

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from embeddings.arrays import Bits
from qa.bounded_cache import BoundedCache
from qa.errors import LibraryError
from qa.storage.file_index import fts5
from qa.storage.file_index.postings import build
from qa.storage.records import vectors, words
from qa.storage.records.filters import where
from qa.storage.records.rows import count_passages, generation_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import BinaryIO

    from embeddings.arrays import Float32, Int64
    from qa.schema import Filters
    from qa.storage.file_index.postings import Segment
    from qa.storage.intake_values import Encoding
    from qa.storage.sqlite.database import SqliteDatabase
    from qa.storage.statements import Statements

# The possible names of a file of an index or of postings. Another name could lead to a file elsewhere.
_DERIVED = re.compile(r"index-\d+\.faiss|words-\d+\.bin")
# Maximum number of cached selections. In a library of a million passages, each takes 125 kB.
SELECTIONS = 8


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """The store's record of a derived file. `file` is "" if there is no file."""

    generation: int
    encoding: Encoding | None
    file: str
    file_generation: int


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """The changes that bring an index up to date with `generation`.

    Attributes:
        generation: the generation of the store.
        stale: the keys to remove. The index need not have them.
        missing: the keys to add.
    """

    generation: int
    stale: Int64
    missing: Int64


class Source:
    """The records of a library in a folder, as the files of its index follow them. Threads may share it."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self.folder, self.read_only = database.folder, database.read_only
        self._allowed: BoundedCache[tuple[Filters, int], Bits] = BoundedCache(SELECTIONS)

    def generation(self) -> int:
        """Return the generation of the records.

        Raises:
            LibraryError: the library has another index by now.
        """
        with self._database.reading() as db:
            (address,) = db.execute("SELECT index_address FROM library").fetchone()
            if address:
                raise LibraryError(
                    f"the library at {self._database.where} has another index by now: restart this Pullquote"
                )
            return generation_of(db)

    # The files

    def index_record(self) -> IndexRecord:
        """Return the record of the index of vectors."""
        return self._record("index_file, index_generation")

    def record_index(self, file: str, generation: int, encoding: Encoding) -> None:
        """Record the index's file, unless a newer file is recorded or the encoding was replaced."""
        with self._database.writing(counted=False) as db:
            db.execute(
                "UPDATE library SET index_file = ?, index_generation = ? "
                "WHERE encoding = ? AND index_generation <= ?",
                (file, generation, encoding.number, generation),
            )

    def words_record(self) -> IndexRecord:
        """Return the record of the file of postings."""
        return self._record("words_file, words_generation")

    def record_words(self, file: str, generation: int) -> None:
        """Record the file of postings, or "" for no file, unless a newer file is recorded."""
        with self._database.writing(counted=False) as db:
            db.execute(
                "UPDATE library SET words_file = ?, words_generation = ? WHERE words_generation <= ?",
                (file, generation, generation),
            )

    def _record(self, columns: str) -> IndexRecord:
        with self._database.reading() as db:
            generation, file, *of_file = db.execute(f"SELECT generation, {columns} FROM library").fetchone()
            derived_file = file if _DERIVED.fullmatch(file) else ""
            return IndexRecord(generation, vectors.encoding(db), derived_file, *of_file)

    # Passages

    def passages(self) -> int:
        """Count the passages."""
        with self._database.reading() as db:
            return count_passages(db)

    def allowed(self, filters: Filters) -> Bits | None:
        """Return the keys of the passages that the filters leave, or None for all passages.

        A document's passages are written in one transaction, so their keys are one run.
        """
        if not filters:
            return None
        with self._database.reading() as db:
            return self._allowed_in(db, filters)

    def _allowed_in(self, db: Statements, filters: Filters) -> Bits | None:
        """Return the keys of the passages that filters allow, or None if they allow all."""
        if not filters:
            return None
        key = filters, generation_of(db)
        allowed = self._allowed.get(key)
        if allowed is None:
            condition, values = where(filters)
            runs = db.execute(f"SELECT first_key, passages FROM documents WHERE {condition}", values)
            first, counts = np.array(runs.fetchall(), np.int64).reshape(-1, 2).T
            allowed = Bits.of_runs(first, counts)
            self._allowed.put(key, allowed)
        return allowed

    def difference(
        self, encoding: Encoding, keys: Callable[[], Int64], last: int = -1, generation: int = -1
    ) -> Difference | None:
        """Return the keys to remove from an index and to add to it, or None if the encoding is not active.

        The index mirrors `generation`, and `last` is the greatest of its `keys`. `keys` is called only if the
        store no longer knows which passages were removed since `generation`. Then all keys are compared.
        """
        with self._database.reading() as db:
            return _difference(db, encoding, keys, last, generation)

    def vectors_of(self, keys: Int64, encoding: Encoding) -> tuple[Int64, Float32]:
        """Read vectors by key. Return the keys that exist, ascending, and their vectors, float32 [n, d]."""
        with self._database.reading() as db:
            return vectors.read(db, keys, encoding)

    # Words

    def bm25(self, terms: Sequence[str], k: int, filters: Filters) -> list[tuple[int, float]]:
        """Find the best `k` passages by BM25 for any of the words, as (key, score), highest first.

        Passages with equal scores are in order of document id, then of place in the document.
        """
        with self._database.reading() as db:
            return fts5.bm25(db, terms, k, self._allowed_in(db, filters))

    def in_order(self, keys: Iterable[int]) -> list[int]:
        """Order passages by document id and place in the document. Leave out keys that no longer exist."""
        with self._database.reading() as db:
            return words.in_order(db, keys)

    def texts_of(self, keys: Int64) -> list[tuple[int, str, str]]:
        """Return the indexed words of passages as (key, head, body). Leave out keys that do not exist."""
        with self._database.reading() as db:
            return words.texts_of(db, keys)

    def write_postings(self, out: BinaryIO) -> tuple[int, Segment]:
        """Write the postings of all passages. Return the generation, and the segment without its postings.

        See `postings.build`. It takes about a minute for a million passages.
        """
        with self._database.reading() as db:
            rows = db.execute("SELECT key FROM passages ORDER BY key")
            keys = np.fromiter((key for (key,) in rows), np.int64)
            return generation_of(db), build(db, keys, out)


def _difference(
    db: Statements, of: Encoding, keys: Callable[[], Int64], last: int, generation: int
) -> Difference | None:
    """Return the keys to remove from an index and to add to it, or None if the encoding is not active.

    The index mirrors `generation`, and `last` is the greatest of its `keys`. `keys` is called only if the
    store no longer knows which passages were removed since `generation`. Then all keys are compared.
    """
    if vectors.encoding(db) != of:
        return None
    now, since = db.execute("SELECT generation, gone_since FROM library").fetchone()
    knows_removals = generation >= since
    # The active encoding gets vectors only for new passages, and keys only grow.
    rows = db.execute(
        "SELECT passage FROM vectors WHERE encoding = ? AND passage > ? ORDER BY passage",
        (of.number, last if knows_removals else -1),
    )
    held = np.fromiter((key for (key,) in rows), np.int64)
    # `gone` has each removed passage with the last generation that still had it. An index that mirrors this
    # generation has the passage, too.
    rows = db.execute("SELECT passage FROM gone WHERE generation >= ?", (generation,))
    gone = np.fromiter((key for (key,) in rows), np.int64) if knows_removals else held[:0]
    if knows_removals:
        return Difference(now, gone, held)
    has = keys()
    return Difference(now, np.setdiff1d(has, held), np.setdiff1d(held, has))
