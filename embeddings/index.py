"""Vectors to nearest neighbours: exact search by inner product, kept in one file.

Exact, because it is fast enough for what an analyst keeps and because filters then cost no recall.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Self

import faiss
import numpy as np

from embeddings.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from embeddings.arrays import Float32, Int64

# A file is this mark, the SHA-256 of what follows, then FAISS's own bytes. FAISS believes the lengths that a
# file states, so a damaged one may take all memory or crash; the hash is compared before FAISS sees a byte.
# Python reads and writes, because FAISS opens files by C's fopen, which on Windows cannot name all paths, and
# because a failed write must raise OSError.
_MARK = b"pullquote index 1\n"
_HASH_BYTES = hashlib.sha256().digest_size


class IndexFileError(Exception):
    """An index file that is missing, cut, damaged, or of another kind or dimension: build it again."""


class VectorIndex:
    """Vectors of one length under ids of the caller's choosing; ids are unique and not negative.

    Threads may search at the same time; adding and removing is for one thread, with no search meanwhile.
    """

    def __init__(self, dimension: int) -> None:
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))

    @property
    def dimension(self) -> int:
        """The length of the vectors."""
        return int(self._index.d)

    @property
    def ids(self) -> Int64:
        """All ids, int64 [n], in no particular order; a copy."""
        ids: Int64 = faiss.vector_to_array(self._index.id_map)
        return ids

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Int64 | Sequence[int], vectors: Float32) -> None:
        """Add vectors float32 [n, d] under ids int64 [n]; all or none.

        Raises:
            ValueError: for an id that is negative, given twice or taken, for another dimension, and for a
                value that is not finite.
        """
        keys, rows = np.asarray(ids, dtype=np.int64), self._checked(vectors)
        if keys.shape != (len(rows),):
            raise ValueError(f"{len(rows)} vectors need as many ids, not {keys.shape}")
        if keys.size == 0:
            return
        if keys.min() < 0:
            raise ValueError(f"the id {keys.min()} is negative")
        if len(np.unique(keys)) < len(keys):
            raise ValueError("an id is given twice")
        if (taken := np.intersect1d(keys, self.ids)).size:
            raise ValueError(f"the id {taken[0]} is taken ({taken.size} are): remove it first")
        self._index.add_with_ids(rows, keys)

    def remove(self, ids: Int64 | Sequence[int]) -> int:
        """Remove the vectors under these ids, those that there are, and say how many there were."""
        return int(self._index.remove_ids(np.asarray(ids, dtype=np.int64)))

    def search(
        self, vectors: Float32, k: int, allowed: Int64 | Sequence[int] | None = None
    ) -> tuple[Float32, Int64]:
        """Find the k nearest, or as many as there are, to each of the vectors float32 [m, d].

        `allowed` restricts the search to these ids before anything is counted, so that k are found wherever
        so many are allowed.

        Returns:
            Inner products float32 [m, <=k], falling, and their ids int64 [m, <=k]; ids rise where they tie.

        Raises:
            ValueError: for another dimension, a value that is not finite, or k < 1.
        """
        queries = self._checked(vectors)
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        available, parameters = len(self), None
        if allowed is not None:
            keys = np.intersect1d(np.asarray(allowed, dtype=np.int64), self.ids)
            available = len(keys)
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(keys))  # type: ignore[call-arg] # as FAISS's stubs have it
        k = min(k, available)
        if k == 0 or len(queries) == 0:
            return np.empty((len(queries), k), dtype=np.float32), np.empty((len(queries), k), dtype=np.int64)
        # Which of several equals FAISS finds first depends on where they lie. So look past the k-th until the
        # equals end, and let the ids decide.
        depth = min(k + 1, available)
        # FAISS divides the queries among threads, and here there is one or two; a thread without any spins.
        # The setting is the calling thread's own.
        faiss.omp_set_num_threads(1)
        scores, found = self._index.search(queries, depth, params=parameters)
        while depth < available and (scores[:, -1] == scores[:, k - 1]).any():
            depth = min(2 * depth, available)
            scores, found = self._index.search(queries, depth, params=parameters)
        order = np.lexsort((found, -scores))[:, :k]
        return np.take_along_axis(scores, order, axis=1), np.take_along_axis(found, order, axis=1)

    def save(self, path: Path) -> None:
        """Write the index in one step: whatever happens, the file is the old one or the new one, whole.

        Raises:
            OSError: when it cannot be written.
        """
        payload = faiss.serialize_index(self._index).data
        write_whole(path, _MARK, hashlib.sha256(payload).digest(), payload)

    @classmethod
    def open(cls, path: Path, dimension: int) -> Self:
        """Read an index that `save` wrote.

        Raises:
            IndexFileError: when it is missing, unreadable, cut, damaged, or of another kind or dimension.
        """
        try:
            content = np.fromfile(path, dtype=np.uint8)
        except OSError as error:
            raise IndexFileError(f"the index {path} cannot be read: {error}") from error
        header = len(_MARK) + _HASH_BYTES
        if content[: len(_MARK)].tobytes() != _MARK:
            raise IndexFileError(f"{path} is not an index of this version of Pullquote")
        payload = content[header:]
        if hashlib.sha256(payload.data).digest() != content[len(_MARK) : header].tobytes():
            raise IndexFileError(f"the index {path} is cut or damaged")
        index: Any = faiss.deserialize_index(payload)
        flat = faiss.downcast_index(index.index) if isinstance(index, faiss.IndexIDMap2) else None
        if not isinstance(flat, faiss.IndexFlat) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
            raise IndexFileError(f"{path} is an index of another kind")
        if index.d != dimension:
            raise IndexFileError(f"the index {path} holds vectors of length {index.d}, not {dimension}")
        opened = cls.__new__(cls)
        opened._index = index
        return opened

    def _checked(self, vectors: Float32) -> Float32:
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.dimension:
            raise ValueError(f"vectors must be [n, {self.dimension}], not {list(rows.shape)}")
        if not np.isfinite(rows).all():
            raise ValueError("a vector holds a value that is not finite")
        return rows
