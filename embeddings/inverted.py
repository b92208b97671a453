"""Very many vectors, compressed and divided into lists. They are built once, stored in a file, and mapped.

A list has the vectors nearest to its centroid. Each vector is stored as its difference from the centroid,
with 4 bits per dimension (FAISS calls this an IVF index with a scalar quantiser). A search looks into the few
lists nearest to the query. Its results are candidates: their scores are near the true scores. The caller can
compute the true scores from the stored vectors.

FAISS maps the file, so FAISS must never change it: `add` would end the process and `remove_ids` crash it.
Neither can be reached from outside this module.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

from embeddings.files import DamagedFileError, KnownFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from embeddings.arrays import Bits, Float32, Int64, UInt8

    # Reads stored vectors: takes ids int64 [n], and returns the ids that have a vector, each once and in any
    # order, and their vectors float32 [<=n, d].
    Stored = Callable[[Int64], tuple[Int64, Float32]]

# Candidates are scored again, so 4 bits lose nothing: among 100,000 passages, a look into all lists found all
# of the 10 nearest to 200 questions.
_CODE = faiss.ScalarQuantizer.QT_4bit
# In FAISS's bytes: the offset of the centroids; the number of bytes between the bounds of values and the
# lists' sizes; and the number of bytes for the sizes in an index without vectors.
_CENTROIDS, _LISTS, _NO_SIZES = 98, 29, 12
# Vectors per list that k-means looks at, and its rounds: 64 vectors and 10 rounds made no better lists.
_TRAINED_ON, _ROUNDS = 32, 6
# Vectors that are in memory at once, in addition to the sample.
BLOCK = 8192
# A search looks into enough lists to find this share of the 10 nearest of 200 trial queries. Each trial query
# is the sum of 4 stored vectors. A stored vector's own neighbours are found far too easily. A question's
# neighbours are about as hard to find as a sum's (.98 instead of .99 among 100,000 passages).
_RECALL, _NEIGHBOURS, _TRIALS, _SUMMED = 0.99, 10, 200, 4


def candidates(k: int) -> int:
    """Return how many to find by compressed vectors, so that the best `k` are among them."""
    return k + max(32, k // 4)


class Inverted:
    """Compressed vectors under ids. They are never changed. Any number of threads may search.

    Attributes:
        probes: the number of lists that a search looks into.
        recall: the share of the 10 nearest that such a search found when the lists were built.
    """

    def __init__(
        self,
        index: Any,
        probes: int,
        recall: float,
        file: KnownFile | None = None,
        content: UInt8 | None = None,
    ) -> None:
        self._index = index
        self._content = content  # the bytes that FAISS has mapped; FAISS does not keep them alive
        self.probes = probes
        self.recall = recall
        self.file = file

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """The length of the vectors."""
        return int(self._index.d)

    @property
    def lists(self) -> int:
        """The number of lists."""
        return int(self._index.nlist)

    @property
    def size(self) -> int:
        """The number of bytes in memory, or in the mapped file."""
        return self.lists * self.dimension * 4 + len(self) * self._entry

    @property
    def _entry(self) -> int:
        return int(self._index.code_size) + 8  # the id is an int64

    def search(self, queries: Float32, k: int, among: Bits) -> tuple[Float32, Int64]:
        """Find k candidates for each of the queries, float32 [m, d], among at least k ids.

        Returns:
            Approximate inner products float32 [m, k], falling, and ids int64 [m, k]. An id is -1 if a damaged
                file has lost it.
        """
        # The fewer ids are allowed, the more lists the search must look into to find k.
        probes = math.ceil(self.probes * len(self) / among.count)
        while True:
            probes = min(probes, self.lists)
            scores, ids = self._probed(queries, k, probes, among if among.count < len(self) else None)
            if probes == self.lists or (ids >= 0).all():
                return scores, ids
            probes *= 2

    def _probed(self, queries: Float32, k: int, probes: int, among: Bits | None) -> tuple[Float32, Int64]:
        selector = faiss.IDSelectorBitmap(among.bits) if among else None  # type: ignore[call-arg, arg-type] # as FAISS's stubs have it
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=probes)  # type: ignore[call-arg] # as FAISS's stubs have it
        scores, ids = self._index.search(queries, k, params=parameters)
        return scores, ids

    # Files

    def written(self, folder: Path) -> Inverted:
        """Write the vectors to a file in a folder, and return them mapped from the file.

        The file is named by its bytes. A file that exists is not written again.

        Raises:
            OSError: the file cannot be written.
        """
        if self.file and (folder / self.file.name).exists():
            return self

        def write(content: BinaryIO) -> int:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(content.write))  # type: ignore[attr-defined] # no stub
            return content.tell() - len(self) * self._entry

        file = KnownFile.written(folder, "vectors", ".faiss", write)
        return self.mapped(folder, file, self.dimension, self.probes, self.recall)

    @classmethod
    def mapped(
        cls,
        folder: Path,
        file: KnownFile,
        dimension: int,
        probes: int,
        recall: float,
        *,
        thorough: bool = False,
    ) -> Inverted:
        """Map a file that `written` wrote. With `thorough`, also hash the lists, which are only candidates.

        Raises:
            DamagedFileError: the file is missing, unreadable, cut, damaged or another file.
        """
        content = file.mapped(folder, thorough=thorough)
        lists = _checked_lists(content, dimension)
        if not 1 <= probes <= lists:
            raise DamagedFileError(f"{file.name} has {lists} lists, and {probes} of them cannot be probed")
        reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(content), content.size)  # type: ignore[attr-defined] # no stub
        index: Any = faiss.read_index(reader)
        return cls(index, probes, recall, file, content)


def _untrained(dimension: int, lists: int) -> Any:
    return faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension), dimension, lists, _CODE, faiss.METRIC_INNER_PRODUCT
    )


def _checked_lists(content: UInt8, dimension: int) -> int:
    """Compare the structure of FAISS's bytes with the expected structure. Return the number of lists.

    The bytes must equal FAISS's bytes for an index without vectors, except for its own values: the number of
    vectors, the number of lists that are looked into, the centroids, and the bounds of values. The lists'
    sizes follow, and then the lists, up to the end of the file.

    Raises:
        DamagedFileError: the structure differs.
    """
    damaged = DamagedFileError("the file of compressed vectors has another structure than it should have")
    content = np.asarray(content)
    lists = int(content[37:45].view("<u8")[0]) if len(content) > _CENTROIDS else 0
    if not 0 < 4 * lists * dimension < len(content):
        raise damaged
    if (stated := int(content[4:8].view("<i4")[0])) != dimension:
        raise DamagedFileError(f"it holds vectors of length {stated}, not {dimension}")
    index = _untrained(dimension, lists)
    index.quantizer.add(np.zeros((lists, dimension), np.float32))
    faiss.copy_array_to_vector(np.zeros(2 * dimension, np.float32), index.sq.trained)
    index.is_trained = True
    expected = faiss.serialize_index(index)[:-_NO_SIZES].copy()
    actual = content[: len(expected)].copy()
    if len(actual) < len(expected):
        raise damaged
    bounds = len(expected) - _LISTS - 8 * dimension
    for start, end in (
        (8, 16),  # vectors
        (45, 53),  # number of lists that are looked into
        (_CENTROIDS, _CENTROIDS + 4 * lists * dimension),
        (bounds, bounds + 8 * dimension),
    ):
        expected[start:end] = actual[start:end] = 0
    if not np.array_equal(actual, expected):
        raise damaged
    # The sizes of all lists ("full"), or pairs of a list and its size ("sprs").
    at = len(expected)
    kind, count = content[at : at + 4].tobytes(), int(content[at + 4 : at + 12].view("<u8")[0])
    sizes = content[at + 12 : at + 12 + 8 * count].view("<u8").astype(np.float64)
    listed = np.arange(lists) if kind == b"full" else sizes[0::2]
    sizes = sizes if kind == b"full" else sizes[1::2]
    vectors = int(content[8:16].view("<u8")[0])
    if (
        kind not in (b"full", b"sprs")
        or len(listed) != len(sizes)
        or listed.max(initial=0) >= lists
        or sizes.sum() != vectors
        or at + 12 + 8 * count + vectors * (int(index.code_size) + 8) != len(content)
    ):
        raise damaged
    return lists


def build(ids: Int64, stored: Stored, dimension: int) -> tuple[Inverted, Int64]:
    """Build the lists in memory from stored vectors, with all cores. Return them, and the ids found.

    Only a sample and one block of the vectors are in memory at any time.
    """
    from embeddings.runtime import cores  # imported here, because a search does not need ONNX Runtime

    faiss.omp_set_num_threads(cores())
    ids = np.sort(ids)
    lists = 2 ** round(math.log2(2 * math.sqrt(len(ids))))
    lists = min(lists, len(ids))
    sample_ids = _spread(ids, _TRAINED_ON * lists)
    sample, at = np.zeros((len(sample_ids), dimension), np.float32), 0
    for block_ids, rows in _blocks(sample_ids, stored):
        sample_ids[at : at + len(rows)], sample[at : at + len(rows)] = block_ids, rows
        at += len(rows)
    index = _untrained(dimension, lists)
    index.cp.spherical = True
    index.cp.niter = _ROUNDS
    index.cp.min_points_per_centroid = 1  # with fewer points than this, FAISS prints a warning
    index.train(sample)  # vectors that no longer exist are zeros
    trials = min(_TRIALS, at // _SUMMED)
    summed = _spread(np.arange(at), trials * _SUMMED).reshape(_SUMMED, trials)
    queries = sample[summed].sum(axis=0)
    del sample
    nearest = faiss.ResultHeap(trials, _NEIGHBOURS, keep_max=True)
    found_ids = [ids[:0]]
    for block_ids, rows in _blocks(ids, stored):
        index.add_with_ids(rows, block_ids)
        found_ids.append(block_ids)
        few = min(_NEIGHBOURS, len(rows))
        scores, places = faiss.knn(queries, rows, few, metric=faiss.METRIC_INNER_PRODUCT)
        nearest.add_result(scores, block_ids[places])
    nearest.finalize()
    probes, recall = _probes(index, queries, nearest.I)
    return Inverted(index, probes, recall), np.concatenate(found_ids)


def _probes(index: Any, queries: Float32, nearest: Int64) -> tuple[int, float]:
    """Return how many lists to look into, and the share of the `nearest`, int64 [m, k], that is then found.

    If a query has fewer than k nearest, the others are -1.
    """
    probes = max(1, index.nlist // 128)
    while len(queries):
        parameters = faiss.SearchParametersIVF(nprobe=probes)  # type: ignore[call-arg] # as FAISS's stubs have it
        _, neighbours = index.search(queries, candidates(_NEIGHBOURS), params=parameters)
        pairs = zip(nearest, neighbours, strict=True)
        recall = float(np.mean([np.isin(true, [*got, -1]).mean() for true, got in pairs]))
        if recall >= _RECALL or probes == index.nlist:
            return probes, recall
        probes = min(math.ceil(1.25 * probes), index.nlist)
    return index.nlist, 1.0


def _spread(ids: Int64, count: int) -> Int64:
    """Return `count` of the ids, or all if there are fewer, evenly spread."""
    count = min(count, len(ids))
    return ids[np.arange(count) * len(ids) // max(1, count)]


def _blocks(ids: Int64, stored: Stored) -> Iterator[tuple[Int64, Float32]]:
    for at in range(0, len(ids), BLOCK):
        block_ids, rows = stored(ids[at : at + BLOCK])
        if block_ids.size:
            yield block_ids, rows
