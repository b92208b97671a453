"""Find nearest neighbours by inner product. The index chooses its kind by the number of vectors.

Up to `EXACT_UP_TO` vectors, the index is exact ("flat"), which is fast enough. Above that ("inverted"), most
vectors are in the base: compressed, in a mapped file that never changes (`embeddings.inverted`). Vectors that
were added since are in the delta, uncompressed. Vectors that were removed since are skipped. `compact` makes
one base from all of them.

Filters work inside the search: it finds k results if at least k ids are allowed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

import faiss
import numpy as np

from embeddings.arrays import Bits
from embeddings.files import DamagedFileError, KnownFile, read_sealed, write_sealed
from embeddings.inverted import BLOCK, Inverted, build, candidates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from embeddings.arrays import Float32, Int64, UInt8
    from embeddings.inverted import Stored

# Up to this many vectors of 384 dimensions (77 MB) are searched in some milliseconds: see
# benchmarks/scale.py.
EXACT_UP_TO = 50_000
# A larger delta is merged into the base. The limit is 2 % of the base, within these bounds (31 MB at most).
DELTA_SHARE, DELTA_LEAST, DELTA_MOST = 0.02, 5_000, 20_000
# The base is also built again if more than this share of it was removed.
GONE_SHARE = 0.2

# A file is sealed (`embeddings.files`): (1) FAISS's own bytes, or (2) a line of JSON, a bit for each id of
# the base, and FAISS's bytes of the delta. FAISS trusts the lengths that a file states. So a damaged or
# malicious file could take all memory or crash. The hash detects damage. Against malice, a flat index is
# built from its arrays, and a base's structure is compared with the expected structure. Python reads and
# writes the bytes. FAISS opens files by C's fopen, which cannot open all paths on Windows, and a failed write
# must raise OSError.
_FLAT, _INVERTED = b"pullquote index 1\n", b"pullquote index 2\n"
_LENGTH = 8  # bytes
_NOTHING = Bits.of_keys(np.empty(0, np.int64))


class IndexFileError(Exception):
    """An index file that is missing, cut, damaged, or of another kind or dimension: build it again."""


@dataclass(frozen=True, slots=True)
class IndexStats:
    """The kind of an index, and its costs.

    Attributes:
        kind: whether the index is exact or has compressed vectors.
        vectors: the number of vectors that can be found.
        delta: the number of vectors outside the base; all vectors if the kind is flat.
        gone: the number of vectors in the base that were removed.
        file_bytes: the size of the index's files, 0 before it is saved.
        memory_bytes: the size in memory, including the whole mapped file.
        lists: the number of lists, 0 if the kind is flat.
        probes: the number of lists that a search looks into.
        recall: the share of the 10 nearest that is found, measured when the base was built; 1 if the kind is
            flat.
    """

    kind: Literal["flat", "inverted"]
    vectors: int
    delta: int
    gone: int
    file_bytes: int
    memory_bytes: int
    lists: int
    probes: int
    recall: float


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """One state of an index, which is never changed. `live` are the ids of the base that were not removed."""

    delta: Any
    base: Inverted | None = None
    live: Bits = _NOTHING


class VectorIndex:
    """Vectors of one length, under ids that the caller chooses. Ids are unique and not negative.

    The inverted kind stores a bit for each number up to its greatest id. Threads may search at any time. Only
    one thread at a time may change the index. A search sees the index before or after a change.
    """

    def __init__(self, dimension: int) -> None:
        self._parts = _Parts(faiss.IndexIDMap2(faiss.IndexFlatIP(dimension)))
        self._file_bytes = 0

    @classmethod
    def of(cls, ids: Int64, stored: Stored, dimension: int) -> Self:
        """Return an index of these ids' stored vectors, of the kind that suits their number.

        `stored` reads the vectors in blocks; see `embeddings.inverted.Stored`. Ids without a stored vector
        are left out.
        """
        index = cls(dimension)
        if len(ids) > EXACT_UP_TO:
            base, stored_ids = build(ids, stored, dimension)
            index._parts = replace(index._parts, base=base, live=Bits.of_keys(stored_ids))
        else:
            index.update(np.empty(0, np.int64), ids, stored)
        return index

    def copy(self) -> Self:
        """Return an index to change instead of this one. The copy is cheap: both share what is the same."""
        copied = self.__class__.__new__(self.__class__)
        copied._parts, copied._file_bytes = self._parts, self._file_bytes
        return copied

    # Properties

    @property
    def dimension(self) -> int:
        """The length of the vectors."""
        return int(self._parts.delta.d)

    @property
    def kind(self) -> Literal["flat", "inverted"]:
        """The kind: "flat" is exact, and "inverted" has compressed vectors."""
        return "inverted" if self._parts.base else "flat"

    @property
    def base_file(self) -> str:
        """The name of the base's file, which is next to the index's file, or "" if there is none."""
        base = self._parts.base
        return base.file.name if base and base.file else ""

    @property
    def ids(self) -> Int64:
        """A copy of all ids, int64 [n], in no particular order."""
        parts = self._parts
        return np.concatenate([parts.live.keys(), _ids(parts.delta)])

    @property
    def last_id(self) -> int:
        """The greatest id, or -1 if the index is empty."""
        parts = self._parts
        return max(parts.live.last, int(_ids(parts.delta).max(initial=-1)))

    def __len__(self) -> int:
        return self._parts.live.count + int(self._parts.delta.ntotal)

    def stats(self) -> IndexStats:
        """Return the kind of the index, and its costs."""
        base, delta, live = self._parts.base, self._parts.delta, self._parts.live
        return IndexStats(
            kind=self.kind,
            vectors=len(self),
            delta=int(delta.ntotal),
            gone=len(base) - live.count if base else 0,
            file_bytes=self._file_bytes,
            memory_bytes=int(delta.ntotal) * (4 * self.dimension + 8)
            + len(live.bits)
            + (base.size if base else 0),
            lists=base.lists if base else 0,
            probes=base.probes if base else 0,
            recall=base.recall if base else 1.0,
        )

    # Changes

    def add(self, ids: Int64 | Sequence[int], vectors: Float32) -> None:
        """Add vectors float32 [n, d] under ids int64 [n]; all of them or none.

        Raises:
            ValueError: an id is negative, given twice or taken, the dimension differs, or a value is not
                finite.
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
        parts = self._parts
        taken = keys[parts.live.holds(keys) | np.isin(keys, _ids(parts.delta))]
        if taken.size:
            raise ValueError(f"the id {taken.min()} is taken ({taken.size} are): remove it first")
        delta: Any = faiss.clone_index(parts.delta)
        delta.add_with_ids(rows, keys)
        self._parts = replace(parts, delta=delta)

    def remove(self, ids: Int64 | Sequence[int]) -> int:
        """Remove the vectors under these ids, and return their number. Ids without a vector are ignored."""
        keys, parts, before = np.asarray(ids, dtype=np.int64), self._parts, len(self)
        if parts.live.holds(keys).any():
            parts = replace(parts, live=parts.live.without(keys))
        if np.isin(keys, _ids(parts.delta)).any():
            delta: Any = faiss.clone_index(parts.delta)
            delta.remove_ids(keys)
            parts = replace(parts, delta=delta)
        self._parts = parts
        return before - len(self)

    def update(self, gone: Int64, more: Int64, stored: Stored) -> None:
        """Remove the ids `gone`, and add the stored vectors of the ids `more`.

        Ids without a vector are ignored. Vectors are read in blocks. If there are more than the delta can
        take, the index is compacted at once.
        """
        self.remove(gone)
        if self._parts.delta.ntotal + len(more) > EXACT_UP_TO + DELTA_MOST:
            self._parts = self.of(np.concatenate([self.ids, more]), stored, self.dimension)._parts
            return
        for at in range(0, len(more), BLOCK):
            self.add(*stored(more[at : at + BLOCK]))

    def wants_compacting(self) -> bool:
        """Return whether the kind no longer suits the index, or much has changed since its base was built."""
        base, delta, live = self._parts.base, self._parts.delta.ntotal, self._parts.live.count
        if base is None:
            return int(delta) > EXACT_UP_TO
        most = min(max(DELTA_SHARE * len(base), DELTA_LEAST), DELTA_MOST)
        return bool(delta > most or live < (1 - GONE_SHARE) * len(base))

    def compact(self, stored: Stored) -> None:
        """Merge base and delta into one index of the suitable kind, from the stored vectors.

        An id that `stored` does not find is left out.
        """
        self._parts = self.of(self.ids, stored, self.dimension)._parts

    # Search

    def search(
        self, vectors: Float32, k: int, allowed: Bits | None = None, stored: Stored | None = None
    ) -> tuple[Float32, Int64]:
        """Find the k nearest to each of the vectors float32 [m, d], or all if there are fewer.

        `allowed` restricts the search to these ids before it counts. So k are found if at least k ids are
        allowed. With `stored`, the scores are exact for both kinds: `stored` reads the vectors of more
        candidates than k, and the candidates are scored by these vectors. An id that `stored` does not find
        is left out.

        Returns:
            Inner products float32 [m, <=k], falling, and their ids int64 [m, <=k]. Ids rise where scores are
                equal.

        Raises:
            ValueError: the dimension differs, a value is not finite, or k < 1.
        """
        queries = self._checked(vectors)
        if k < 1:
            raise ValueError(f"k must be at least 1, not {k}")
        # FAISS divides the queries among threads, but here there are only one or two queries, and a thread
        # without a query spins. The setting applies only to the calling thread.
        faiss.omp_set_num_threads(1)
        parts = self._parts
        scores, ids = _exact(parts.delta, queries, k, allowed)
        if parts.base and len(queries):
            among = parts.live & allowed if allowed else parts.live
            others = _compressed(parts.base, queries, k, among, stored)
            scores, ids = np.hstack([scores, others[0]]), np.hstack([ids, others[1]])
        return _best(scores, ids, k)

    def _checked(self, vectors: Float32) -> Float32:
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.dimension:
            raise ValueError(f"vectors must be [n, {self.dimension}], not {list(rows.shape)}")
        if not np.isfinite(rows).all():
            raise ValueError("a vector holds a value that is not finite")
        return rows

    # Files

    def save(self, path: Path) -> None:
        """Write the index in one step: a crash leaves the whole old file or the whole new file.

        A base is written first, into the same folder under its own name, unless it exists there.

        Raises:
            OSError: the index cannot be written.
        """
        parts = self._parts
        payload = faiss.serialize_index(parts.delta).data
        if parts.base is None:
            write_sealed(path, _FLAT, payload)
            self._file_bytes = path.stat().st_size
            return
        base = parts.base.written(path.parent)
        assert base.file is not None  # noqa: S101 -- it was just written
        self._parts = replace(parts, base=base)
        described = {"base": asdict(base.file), "probes": base.probes, "recall": base.recall}
        line = json.dumps(described | {"bits": len(parts.live.bits)}).encode() + b"\n"
        write_sealed(path, _INVERTED, line, parts.live.bits.data, payload)
        self._file_bytes = path.stat().st_size + base.file.size

    @classmethod
    def open(cls, path: Path, dimension: int, *, thorough: bool = False) -> Self:
        """Open an index that `save` wrote. With `thorough`, read the whole base and compare its hash.

        Raises:
            IndexFileError: the index or its base is missing, unreadable, cut, damaged, or of another kind or
                dimension.
        """
        opened = cls(dimension)
        try:
            mark, content = read_sealed(path, _FLAT, _INVERTED)
            if mark == _FLAT:
                opened._parts = _Parts(_flat(content, dimension))
                opened._file_bytes = path.stat().st_size
            else:
                end = content.tobytes().index(b"\n") + 1
                described = json.loads(content[:end].tobytes())
                bits, payload = np.split(content[end:], [described["bits"]])
                file = KnownFile(**described["base"])
                base = Inverted.mapped(
                    path.parent,
                    file,
                    dimension,
                    described["probes"],
                    described["recall"],
                    thorough=thorough,
                )
                opened._parts = _Parts(_flat(payload, dimension), base, Bits.of_bits(bits))
                opened._file_bytes = path.stat().st_size + file.size
        # The line of JSON may contain values of any kind. RuntimeError is FAISS's.
        except (DamagedFileError, OSError, RuntimeError, LookupError, TypeError, ValueError) as error:
            raise IndexFileError(f"the index {path} cannot be used: {error}") from error
        return opened


# A plain FAISS index with ids: a delta, or the whole index of the flat kind


def _ids(delta: Any) -> Int64:
    ids: Int64 = faiss.vector_to_array(delta.id_map)
    return ids


def _exact(delta: Any, queries: Float32, k: int, allowed: Bits | None) -> tuple[Float32, Int64]:
    """Find the k nearest to each query, or all if fewer, in any order. Ties go to the lowest ids."""
    available, parameters = int(delta.ntotal), None
    if allowed is not None:
        available = int(np.count_nonzero(allowed.holds(_ids(delta))))
        parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(allowed.bits))  # type: ignore[call-arg, arg-type] # as FAISS's stubs have it
    k = min(k, available)
    if k == 0 or len(queries) == 0:
        return np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
    # Among equal scores, the positions decide which FAISS finds first. So look past the k-th until the scores
    # change, and let the ids decide.
    depth = min(k + 1, available)
    scores, positions = delta.search(queries, depth, params=parameters)
    while depth < available and (scores[:, -1] == scores[:, k - 1]).any():
        depth = min(2 * depth, available)
        scores, positions = delta.search(queries, depth, params=parameters)
    return _best(scores, positions, k)


def _best(scores: Float32, ids: Int64, k: int) -> tuple[Float32, Int64]:
    order = np.lexsort((ids, -scores))[:, :k]
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(ids, order, axis=1)


def _compressed(
    base: Inverted, queries: Float32, k: int, among: Bits, stored: Stored | None
) -> tuple[Float32, Int64]:
    """Find at least k of a base, or all of these ids if there are fewer, in any order."""
    depth = min(candidates(k) if stored else k, among.count)
    if depth == 0:
        return np.empty((len(queries), 0), np.float32), np.empty((len(queries), 0), np.int64)
    if stored is None:
        return base.search(queries, depth, among)
    # If no more ids are allowed than candidates are needed, all are candidates.
    candidate_ids = among.keys() if depth == among.count else np.unique(base.search(queries, depth, among)[1])
    held, rows = stored(candidate_ids)
    if not held.size:
        return _compressed(base, queries, k, _NOTHING, None)
    # Score all queries against all queries' candidates. FAISS computes the scores as it does for a delta.
    scores, places = faiss.knn(queries, rows, len(rows), metric=faiss.METRIC_INNER_PRODUCT)
    return scores, held[places]


# Files


def _flat(payload: UInt8, dimension: int) -> Any:
    """Return the flat index that FAISS's bytes describe. The lengths in the bytes are not trusted.

    Raises:
        DamagedFileError: the bytes are of another index.
    """
    index = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
    # The layout: two headers, the number of floats, the vectors, the number of ids, and the ids.
    expected = faiss.serialize_index(index)
    first = len(expected) - _LENGTH
    count = max(0, (len(payload) - len(expected)) // (4 * dimension + 8))
    last = len(payload) - 8 * count
    numbers = {8: count, 45: count, first - _LENGTH: count * dimension}
    for at, number in numbers.items():
        expected[at : at + _LENGTH] = np.array([number], "<u8").view(np.uint8)
    if not np.array_equal(payload[:first], expected[:first]):
        stated = payload[4:8].view("<i4").tolist()
        raise DamagedFileError(
            f"it is of another kind, or holds vectors of length {stated[0]}, not {dimension}"
        )
    vectors = payload[first : first + 4 * dimension * count].view("<f4").reshape(count, dimension)
    ids = payload[last:].view("<i8")
    index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(ids, np.int64))
    return index
