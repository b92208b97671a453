"""Very many vectors, compressed and divided into lists: built once, kept in a file, searched where it lies.

A list holds the vectors nearest to its centroid, each as 4 bits a dimension of what it differs from that (an
IVF index with a scalar quantiser, as FAISS calls it). A search looks into the few lists nearest to the query.
What it finds are candidates: their scores are near the true ones, and who holds the vectors can give those.

FAISS maps the file and so must never change it: `add` would end the process and `remove_ids` crash it.
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

    # Reads stored vectors by id: of ids int64 [n] those that there are, each once and in any order, and their
    # vectors float32 [<=n, d].
    Stored = Callable[[Int64], tuple[Int64, Float32]]

# With the candidates scored again, 4 bits lose nothing: of 100,000 passages, a look into all lists found all
# of the 10 nearest to 200 questions.
_CODE = faiss.ScalarQuantizer.QT_4bit
# In FAISS's bytes: where the centroids stand; how many follow the bounds of values, up to the lists' sizes;
# and how many say that there are no sizes, of an index without vectors.
_CENTROIDS, _LISTS, _NO_SIZES = 98, 29, 12
# k-means looks at so many vectors a list, so often: 64 of them and 10 times made no better lists.
_TRAINED_ON, _ROUNDS = 32, 6
# So many vectors are in memory at once, besides the sample.
BLOCK = 8192
# So many lists are looked into as find this share of the 10 nearest of 200 trial queries. Each is the sum of
# 4 stored vectors: a stored vector's own neighbours are found far too easily, and a question's about as hard
# as those of such a sum (of 100,000 passages, .98 where this says .99).
_RECALL, _NEIGHBOURS, _TRIALS, _SUMMED = 0.99, 10, 200, 4


def candidates(k: int) -> int:
    """How many to find by compressed vectors, for the best `k` to be among them."""
    return k + max(32, k // 4)


class Inverted:
    """Compressed vectors under ids. Nothing here changes one; any number of threads may search.

    `probes` is how many of the `lists` a search looks into, and `recall` which share of the 10 nearest that
    found when it was built.
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
        self._content = content  # what FAISS has mapped; it does not keep it alive
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
        """How many lists there are."""
        return int(self._index.nlist)

    @property
    def size(self) -> int:
        """Bytes in memory, or in the mapped file."""
        return self.lists * self.dimension * 4 + len(self) * self._entry

    @property
    def _entry(self) -> int:
        return int(self._index.code_size) + 8  # its id is an int64

    def search(self, queries: Float32, k: int, among: Bits) -> tuple[Float32, Int64]:
        """Find k candidates for each of the queries, float32 [m, d], among so many ids and no fewer.

        Returns:
            Approximate inner products float32 [m, k], falling, and ids int64 [m, k]; -1 where a damaged file
            has lost one.
        """
        # The rarer what is allowed, the more lists have to be looked into to find as many.
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
        """Write it into a folder, unless it is there, named by its bytes, and map it from there.

        Raises:
            OSError: when it cannot be written.
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
        """Map what `written` wrote; `thorough` hashes the lists too, which are only candidates.

        Raises:
            DamagedFileError: when the file is missing, unreadable, cut, damaged or another one.
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
    """Compare the structure of FAISS's bytes with that of such an index; gives how many lists it has.

    What FAISS writes of an index without vectors must stand there too, but for what is its own: how many
    vectors there are, how many lists are looked into, the centroids, and the bounds of values. The lists'
    sizes follow, and then the lists, to the end of the file.

    Raises:
        DamagedFileError: when it is another one.
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
    found = content[: len(expected)].copy()
    if len(found) < len(expected):
        raise damaged
    bounds = len(expected) - _LISTS - 8 * dimension
    for start, end in (
        (8, 16),  # vectors
        (45, 53),  # lists that are looked into
        (_CENTROIDS, _CENTROIDS + 4 * lists * dimension),
        (bounds, bounds + 8 * dimension),
    ):
        expected[start:end] = found[start:end] = 0
    if not np.array_equal(found, expected):
        raise damaged
    # Either of all lists, or pairs: a list and its size.
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
    """Build it in memory from stored vectors, with all cores. Gives the ids too that were found.

    Only a sample and a block of the vectors are in memory at any time.
    """
    from embeddings.runtime import cores  # here: a search has no use for ONNX Runtime

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
    index.cp.min_points_per_centroid = 1  # below it FAISS prints a warning
    index.train(sample)  # those no longer there are zeros
    trials = min(_TRIALS, at // _SUMMED)
    summed = _spread(np.arange(at), trials * _SUMMED).reshape(_SUMMED, trials)
    queries = sample[summed].sum(axis=0)
    del sample
    nearest = faiss.ResultHeap(trials, _NEIGHBOURS, keep_max=True)
    found = [ids[:0]]
    for block_ids, rows in _blocks(ids, stored):
        index.add_with_ids(rows, block_ids)
        found.append(block_ids)
        few = min(_NEIGHBOURS, len(rows))
        scores, places = faiss.knn(queries, rows, few, metric=faiss.METRIC_INNER_PRODUCT)
        nearest.add_result(scores, block_ids[places])
    nearest.finalize()
    probes, recall = _probes(index, queries, nearest.I)
    return Inverted(index, probes, recall), np.concatenate(found)


def _probes(index: Any, queries: Float32, nearest: Int64) -> tuple[int, float]:
    """Find how many lists to look into, and which share of the `nearest`, int64 [m, k], is found so.

    Where there are fewer than k, the others are -1.
    """
    probes = max(1, index.nlist // 128)
    while len(queries):
        parameters = faiss.SearchParametersIVF(nprobe=probes)  # type: ignore[call-arg] # as FAISS's stubs have it
        _, found = index.search(queries, candidates(_NEIGHBOURS), params=parameters)
        pairs = zip(nearest, found, strict=True)
        recall = float(np.mean([np.isin(true, [*got, -1]).mean() for true, got in pairs]))
        if recall >= _RECALL or probes == index.nlist:
            return probes, recall
        probes = min(math.ceil(1.25 * probes), index.nlist)
    return index.nlist, 1.0


def _spread(ids: Int64, count: int) -> Int64:
    """Choose so many of the ids, or all where there are fewer, evenly over all."""
    count = min(count, len(ids))
    return ids[np.arange(count) * len(ids) // max(1, count)]


def _blocks(ids: Int64, stored: Stored) -> Iterator[tuple[Int64, Float32]]:
    for at in range(0, len(ids), BLOCK):
        found, rows = stored(ids[at : at + BLOCK])
        if found.size:
            yield found, rows
