from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.arrays import Bits
from embeddings.index import IndexFileError, VectorIndex

D = 5
MOST = 10_000  # of ids that a filter may name: it has a bit for each number up to its last


@st.composite
def stored(draw: st.DrawFn, least: int = 0, most: int = 2**62) -> tuple[np.ndarray, np.ndarray]:
    """Ids in any order, and vectors of small whole numbers: their products are exact and often tie."""
    ids = draw(st.lists(st.integers(0, most), min_size=least, max_size=40, unique=True))
    values = draw(st.lists(st.integers(-2, 2), min_size=len(ids) * D, max_size=len(ids) * D))
    return np.array(ids, dtype=np.int64), np.array(values, dtype=np.float32).reshape(-1, D)


def queries() -> st.SearchStrategy[np.ndarray]:
    row = st.lists(st.integers(-2, 2), min_size=D, max_size=D)
    return st.lists(row, min_size=1, max_size=25).map(lambda rows: np.array(rows, dtype=np.float32))


def brute_force(
    ids: np.ndarray, vectors: np.ndarray, query: np.ndarray, k: int
) -> tuple[list[float], list[int]]:
    scored = sorted((-float(vector @ query), int(key)) for key, vector in zip(ids, vectors, strict=True))[:k]
    return [-score for score, _ in scored], [key for _, key in scored]


def filled(ids: np.ndarray, vectors: np.ndarray) -> VectorIndex:
    index = VectorIndex(D)
    index.add(ids, vectors)
    return index


def assert_equals_brute_force(
    index: VectorIndex,
    ids: np.ndarray,
    vectors: np.ndarray,
    asked: np.ndarray,
    k: int,
    allowed: np.ndarray | None,
) -> None:
    scores, found = index.search(asked, k, None if allowed is None else Bits.of_keys(allowed))
    assert scores.dtype == np.float32
    assert found.dtype == np.int64
    keep = np.ones(len(ids), dtype=bool) if allowed is None else np.isin(ids, allowed)
    for row, query in enumerate(asked):
        expected = brute_force(ids[keep], vectors[keep], query, k)
        assert (scores[row].tolist(), found[row].tolist()) == expected


@given(stored(), queries(), st.integers(1, 60))
def test_a_search_equals_numpy_brute_force_ties_by_id(
    data: tuple[np.ndarray, np.ndarray], asked: np.ndarray, k: int
) -> None:
    assert_equals_brute_force(filled(*data), *data, asked, k, None)


@pytest.mark.parametrize("queries_at_once", [1, 25])
@pytest.mark.parametrize("allowed", [None, list(range(0, 999, 3))])
def test_of_many_equals_the_lowest_ids_are_found_wherever_they_lie(
    queries_at_once: int, allowed: list[int] | None
) -> None:
    ids = np.random.default_rng(0).permutation(999)
    index = filled(ids, np.ones((999, D), dtype=np.float32))
    bits = Bits.of_keys(np.array(allowed)) if allowed else None
    found = index.search(np.ones((queries_at_once, D), dtype=np.float32), 4, bits)[1]
    assert found.tolist() == [[0, 3, 6, 9] if allowed else [0, 1, 2, 3]] * queries_at_once


@given(stored(most=MOST), queries(), st.integers(1, 60), st.data())
def test_a_filtered_search_equals_brute_force_over_the_allowed_ids(
    data: tuple[np.ndarray, np.ndarray], asked: np.ndarray, k: int, more: st.DataObject
) -> None:
    ids = data[0].tolist()
    known = st.sampled_from(ids) if ids else st.nothing()
    allowed = more.draw(st.lists(known | st.integers(0, MOST)))
    assert_equals_brute_force(filled(*data), *data, asked, k, np.array(allowed, dtype=np.int64))


@given(stored(), queries(), st.data())
def test_removed_vectors_are_never_found_again_and_their_ids_are_free(
    data: tuple[np.ndarray, np.ndarray], asked: np.ndarray, more: st.DataObject
) -> None:
    ids, vectors = data
    gone = np.array(
        more.draw(st.lists(st.sampled_from(ids.tolist()), unique=True) if ids.size else st.just([])),
        dtype=np.int64,
    )
    index = filled(ids, vectors)
    strangers = np.array([2**62 + 1], dtype=np.int64)
    assert index.remove(np.concatenate([gone, strangers])) == len(gone)
    keep = ~np.isin(ids, gone)
    assert sorted(index.ids.tolist()) == sorted(ids[keep].tolist())
    assert len(index) == keep.sum()
    assert_equals_brute_force(index, ids[keep], vectors[keep], asked, 7, None)
    # Put back, they lie elsewhere than before; that must not show.
    index.add(ids[~keep], vectors[~keep])
    assert_equals_brute_force(index, ids, vectors, asked, 7, None)


@given(stored(), queries())
def test_save_then_open_is_identity(
    tmp_path_factory: pytest.TempPathFactory, data: tuple[np.ndarray, np.ndarray], asked: np.ndarray
) -> None:
    path = tmp_path_factory.mktemp("index") / "Zoë’s 索引.faiss"
    filled(*data).save(path)
    opened = VectorIndex.open(path, D)
    assert opened.ids.tolist() == data[0].tolist()
    assert_equals_brute_force(opened, *data, asked, 9, None)
    opened.add([2**62 + 5], np.ones((1, D), dtype=np.float32))
    assert len(opened) == len(data[0]) + 1


@pytest.mark.parametrize(
    ("ids", "vectors", "complaint"),
    [
        ([1, 1], np.ones((2, D)), "twice"),
        ([7], np.ones((1, D)), "taken"),
        ([-1], np.ones((1, D)), "negative"),
        ([1], np.ones((2, D)), "as many ids"),
        ([1], np.ones((1, D + 1)), "must be"),
        ([1], np.ones(D), "must be"),
        ([1, 2], np.array([[1.0] * D, [1, 2, np.nan, 4, 5]]), "not finite"),
        ([1], np.full((1, D), np.inf), "not finite"),
    ],
)
def test_what_cannot_be_added_is_refused_and_leaves_the_index_as_it_was(
    ids: list[int], vectors: np.ndarray, complaint: str
) -> None:
    index = filled(np.array([7]), np.ones((1, D), dtype=np.float32))
    with pytest.raises(ValueError, match=complaint):
        index.add(ids, vectors)
    assert index.ids.tolist() == [7]


def test_a_search_for_nothing_sensible_is_refused() -> None:
    index = filled(np.array([7]), np.ones((1, D), dtype=np.float32))
    with pytest.raises(ValueError, match="not finite"):
        index.search(np.full((1, D), np.nan, dtype=np.float32), 1)
    with pytest.raises(ValueError, match="k must be"):
        index.search(np.ones((1, D), dtype=np.float32), 0)


@pytest.fixture(scope="module")
def saved() -> tuple[VectorIndex, bytes]:
    index = filled(np.arange(3) * 10, np.eye(3, D, dtype=np.float32))
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        index.save(path)
        return index, path.read_bytes()


def test_a_file_cut_anywhere_is_refused(tmp_path: Path, saved: tuple[VectorIndex, bytes]) -> None:
    path, whole = tmp_path / "index", saved[1]
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(IndexFileError):
            VectorIndex.open(path, D)


def test_a_file_with_any_byte_changed_is_refused(tmp_path: Path, saved: tuple[VectorIndex, bytes]) -> None:
    path, whole = tmp_path / "index", saved[1]
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
        with pytest.raises(IndexFileError):
            VectorIndex.open(path, D)


def enveloped(index: faiss.Index) -> bytes:
    payload = faiss.serialize_index(index).tobytes()
    return b"pullquote index 1\n" + hashlib.sha256(payload).digest() + payload


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 500,
        faiss.serialize_index(faiss.IndexFlatIP(D)).tobytes(),
        enveloped(faiss.IndexFlatIP(D)),
        enveloped(faiss.IndexIDMap2(faiss.IndexFlatL2(D))),
        enveloped(faiss.IndexIDMap2(faiss.IndexHNSWFlat(D, 4, faiss.METRIC_INNER_PRODUCT))),
    ],
    ids=["empty", "zeros", "bare FAISS", "no ids", "another metric", "another structure"],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "index"
    path.write_bytes(content)
    with pytest.raises(IndexFileError, match="index"):
        VectorIndex.open(path, D)


def test_a_missing_file_a_folder_and_another_dimension_are_refused(
    tmp_path: Path, saved: tuple[VectorIndex, bytes]
) -> None:
    with pytest.raises(IndexFileError, match="cannot be read"):
        VectorIndex.open(tmp_path / "none", D)
    with pytest.raises(IndexFileError, match="cannot be read"):
        VectorIndex.open(tmp_path, D)
    (tmp_path / "index").write_bytes(saved[1])
    with pytest.raises(IndexFileError, match=f"length {D}, not {D + 1}"):
        VectorIndex.open(tmp_path / "index", D + 1)


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no limit on a process's files to stand for a full disk"
)
def test_a_full_disk_leaves_the_old_file_whole_and_raises_oserror(
    tmp_path: Path, saved: tuple[VectorIndex, bytes]
) -> None:
    path = tmp_path / "index"
    path.write_bytes(saved[1])
    script = f"""
import resource, numpy as np
from pathlib import Path
from embeddings.index import VectorIndex
index = VectorIndex({D})
index.add(np.arange(100_000), np.ones((100_000, {D}), dtype=np.float32))
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    index.save(Path({str(path)!r}))
except OSError as error:
    print("OSError")
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("OSError\n", "")
    assert [file.name for file in tmp_path.iterdir()] == ["index"]
    assert path.read_bytes() == saved[1]


@pytest.mark.parametrize("place", [*range(4, 90), -8 * 3 - 8 - 1])
def test_a_file_that_states_other_lengths_than_it_has_does_no_harm(tmp_path: Path, place: int) -> None:
    index = VectorIndex(D)
    index.add([1, 2, 3], np.eye(3, D, dtype=np.float32))
    index.save(tmp_path / "index")
    content = bytearray((tmp_path / "index").read_bytes()[len(b"pullquote index 1\n") + 32 :])
    content[place] ^= 0x7F
    sealed = b"pullquote index 1\n" + hashlib.sha256(content).digest() + content
    (tmp_path / "index").write_bytes(sealed)
    with contextlib.suppress(IndexFileError):
        opened = VectorIndex.open(tmp_path / "index", D)
        assert opened.search(np.eye(1, D, dtype=np.float32), 3)[1].shape == (1, 3)


@pytest.mark.skipif(sys.platform == "win32", reason="makes links and pipes as POSIX does")
def test_a_link_and_a_pipe_are_no_index(tmp_path: Path) -> None:
    VectorIndex(D).save(tmp_path / "index")
    (tmp_path / "link").symlink_to(tmp_path / "index")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(IndexFileError, match="is a link, or no ordinary file"):
            VectorIndex.open(tmp_path / name, D)
