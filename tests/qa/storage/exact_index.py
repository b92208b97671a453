"""A small exact index for tests of records without an index of their own."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from qa.storage.records import vectors, words
from qa.storage.records.filters import where
from qa.storage.records.rows import generation_of
from qa.storage.sqlite.full_text import quoted
from qa.text.terms import indexed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from embeddings.arrays import Float32, Int64
    from embeddings.index import IndexStats
    from qa.schema import OnProgress
    from qa.storage.engines import Database, Found
    from qa.storage.findings import Finding
    from qa.storage.intake_values import Encoding
    from qa.storage.results import Selection
    from qa.storage.statements import Statements


class ExactIndex:
    """Reads the records for each search: all vectors, and an FTS5 table of all words in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def close(self) -> None:
        """Do nothing."""

    def _keys(self, db: Statements, selection: Selection) -> Int64:
        condition, values = where(selection.filters)
        rows = db.execute(
            "SELECT key FROM passages JOIN documents ON documents.serial = document "  # noqa: S608
            f"WHERE {condition} ORDER BY id, ordinal",
            values,
        ).fetchall()
        return np.array([key for (key,) in rows], np.int64)

    def nearest(self, given: Float32, k: int, selection: Selection) -> Found:
        with self._database.reading() as db:
            generation, encoding = generation_of(db), vectors.encoding(db)
            if encoding is None:
                return generation, [[] for _ in given]
            keys, held = vectors.read(db, self._keys(db, selection), encoding)
        cosines = np.stack([held @ vector for vector in given])  # the same for one vector as for several
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
        return generation, [
            [(int(keys[at]), float(row[at])) for at in places]
            for row, places in zip(cosines, best, strict=True)
        ]

    def matching(self, queries: Sequence[Sequence[str]], k: int, selection: Selection) -> Found:
        with self._database.reading() as db, closing(sqlite3.connect(":memory:")) as fts:
            keys = self._keys(db, selection)
            fts.execute(
                "CREATE VIRTUAL TABLE words USING fts5 "
                "(head, body, tokenize = 'porter unicode61 remove_diacritics 2')"
            )
            places = {key: place for place, key in enumerate(keys.tolist())}
            all_keys = np.array(
                [key for (key,) in db.execute("SELECT key FROM passages").fetchall()], np.int64
            )
            fts.executemany(
                "INSERT INTO words (rowid, head, body) VALUES (?, ?, ?)", words.texts_of(db, all_keys)
            )
            found = []
            for query in queries:
                hits: list[tuple[int, float]] = []
                if asked := " OR ".join(quoted(indexed(word)) for word in query if indexed(word).strip()):
                    hits = [
                        (key, -score)
                        for key, score in fts.execute(
                            "SELECT rowid, bm25(words) FROM words WHERE words MATCH ?", (asked,)
                        )
                        if key in places
                    ]
                found.append(sorted(hits, key=lambda row: (-row[1], places[row[0]]))[:k])
            return generation_of(db), found

    def save(self, progress: OnProgress | None = None, *, changed: bool = True) -> None:
        """Do nothing: the records are read for each search."""

    def prepare(self, encoding: Encoding, progress: OnProgress | None = None) -> None:
        """Do nothing."""

    def build(self, remember: Callable[[Statements], object], progress: OnProgress | None = None) -> None:
        with self._database.writing(counted=False) as db:
            remember(db)

    def drop(self) -> None:
        """Do nothing."""

    def erase(self) -> None:
        """Do nothing."""

    def stats(self) -> IndexStats | None:
        return None

    def file_bytes(self) -> int:
        return 0

    def examine(self, passages: int) -> Iterator[Finding]:
        yield from ()
