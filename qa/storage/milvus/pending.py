"""Searches the passages that are still in the outbox, by their vectors and words in the records."""

from __future__ import annotations

import json
import math
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.storage.milvus.collection import K1, B
from qa.storage.records import vectors
from qa.storage.records.filters import where
from qa.storage.records.rows import count_passages
from qa.storage.records.words import count_with
from qa.text.terms import indexed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from embeddings.arrays import Float32, Int64
    from qa.schema import Filters
    from qa.storage.engines import FullTextTable
    from qa.storage.intake_values import Encoding
    from qa.storage.milvus.rows import Stemmer
    from qa.storage.statements import Statements

# Maximum number of passages that are counted to find how rare a word is.
COUNTED = 100_000


class Pending:
    """The passages in the outbox, with vectors and words. Threads may share it.

    A passage's vector and words never change, so they are read once.
    """

    def __init__(self, table: FullTextTable, stemmer: Stemmer) -> None:
        self._table, self._stemmer = table, stemmer
        self._lock = threading.Lock()
        self._encoding = 0
        self._vectors: dict[int, Float32] = {}
        self._words: dict[int, Counter[str]] = {}

    def nearest(
        self, db: Statements, keys: Sequence[int], encoding: Encoding, queries: Float32
    ) -> list[list[tuple[int, float]]]:
        """Return (key, cosine) of each passage, for each unit vector, float32 [m, d]."""
        with self._lock:
            if encoding.number != self._encoding:
                self._encoding, self._vectors = encoding.number, {}
            _drop_others(self._vectors, keys)
            held, matrix = vectors.read(db, _missing(self._vectors, keys), encoding)
            self._vectors.update(zip(held.tolist(), matrix, strict=True))
            found = [key for key in keys if key in self._vectors]
            if not found:
                return [[] for _ in queries]
            scores = queries @ np.stack([self._vectors[key] for key in found]).T
        return [list(zip(found, each, strict=True)) for each in scores.tolist()]

    def matching(
        self, db: Statements, keys: Sequence[int], queries: Sequence[Sequence[str]]
    ) -> list[list[tuple[int, float]]]:
        """Return (key, score) of each passage that matches a word, for each query.

        The scores are by BM25. The records' full-text table counts the passages that have a word. The length
        of an average passage is that of the given passages.
        """
        with self._lock:
            _drop_others(self._words, keys)
            for key, words in self._stemmer.passages(db, _missing(self._words, keys)).items():
                self._words[key] = Counter(words.replace(" . ", " ").split())
            counts = {key: self._words[key] for key in keys if key in self._words}
        if not counts:
            return [[] for _ in queries]
        total = count_passages(db)
        average = sum(map(Counter.total, counts.values())) / len(counts)
        return [
            _bm25(counts, {stem: self._rarity(db, word, total) for word in words for stem in self._of(word)},
                  average)
            for words in queries
        ]  # fmt: skip

    def _of(self, word: str) -> list[str]:
        return self._stemmer.written([word])[0]

    def _rarity(self, db: Statements, word: str, total: int) -> float:
        """Return the weight of a word in BM25: the rarer the word, the greater."""
        count = count_with(db, self._table, indexed(word), COUNTED)
        return math.log(1 + (max(total - count, 0) + 0.5) / (count + 0.5))


def selected(db: Statements, keys: Collection[int], filters: Filters) -> list[int]:
    """Return the passages with these keys that exist and that the filters leave, in order of key."""
    if not keys:
        return []
    condition, values = where(filters)
    rows = db.execute(
        "SELECT key FROM passages JOIN documents ON serial = document "  # noqa: S608 - values are bound
        f"WHERE key IN (SELECT CAST(value AS BIGINT) FROM json_each(?)) AND {condition} ORDER BY key",
        (json.dumps(sorted(keys)), *values),
    )
    return [key for (key,) in rows]


def _bm25(
    counts: dict[int, Counter[str]], rarity: dict[str, float], average: float
) -> list[tuple[int, float]]:
    """Score passages by BM25. Leave out passages without any of the words."""
    found = []
    for key, own in counts.items():
        norm = K1 * (1 - B + B * own.total() / average)
        score = sum(
            weight * own[stem] * (K1 + 1) / (own[stem] + norm) for stem, weight in rarity.items() if own[stem]
        )
        if score:
            found.append((key, score))
    return found


def _missing(held: Collection[int], keys: Sequence[int]) -> Int64:
    return np.array([key for key in keys if key not in held], np.int64)


def _drop_others(held: dict[int, Any], keys: Sequence[int]) -> None:
    """Drop the passages that are no longer in the outbox, if most of the passages are not."""
    if len(held) > 2 * len(keys) + 1_000:
        kept = set(keys)
        for key in [key for key in held if key not in kept]:
            del held[key]
