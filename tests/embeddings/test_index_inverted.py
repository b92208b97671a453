"""The index of many vectors. What "many" is, is set low here: no code but the thresholds differs."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import embeddings.index
import embeddings.inverted
from embeddings.arrays import Bits
from embeddings.index import IndexFileError, VectorIndex
from embeddings.inverted import _CENTROIDS

D = 5
MANY = 40
NONE = np.empty(0, np.int64)


def set_low(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(embeddings.index, "EXACT_UP_TO", MANY)
    patch.setattr(embeddings.index, "DELTA_LEAST", 8)
    patch.setattr(embeddings.index, "DELTA_MOST", 20)


class Held:
    """The vectors as they are, by id: what a store is to the index."""

    def __init__(self, dimension: int = D) -> None:
        self.vectors: dict[int, np.ndarray] = {}
        self.dimension = dimension
        self.most_at_once = 0

    def put(self, ids: np.ndarray, vectors: np.ndarray) -> None:
        self.vectors |= dict(zip(ids.tolist(), vectors, strict=True))

    def __call__(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.most_at_once = max(self.most_at_once, len(ids))
        held = [key for key in ids.tolist() if key in self.vectors]
        rows = np.array([self.vectors[key] for key in held], np.float32).reshape(-1, self.dimension)
        return np.array(held, np.int64), rows

    def nearest(self, query: np.ndarray, k: int, allowed: set[int] | None = None) -> list[tuple[float, int]]:
        scored = sorted(
            (-float(vector @ query), key)
            for key, vector in self.vectors.items()
            if allowed is None or key in allowed
        )
        return [(-score, key) for score, key in scored[:k]]


class Machine(RuleBasedStateMachine):
    """An index against a dict, whatever happens to it. Scores of small whole numbers are exact, and tie."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        set_low(self.patch)
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.index = VectorIndex(D)
        self.held = Held()
        self.saved = 0

    def teardown(self) -> None:
        self.patch.undo()
        self.folder.cleanup()

    @initialize(spares=st.sampled_from([0, 1000]))
    def choose_candidates(self, spares: int) -> None:
        """With so many more candidates than are asked for, all that is held is one, and results are exact."""
        self.all_are_candidates = spares > 0
        self.patch.setattr(embeddings.index, "candidates", lambda k: k + spares)

    @rule(ids=st.sets(st.integers(0, 300), min_size=1, max_size=60), seed=st.integers(0, 2**32))
    def add(self, ids: set[int], seed: int) -> None:
        free = np.array(sorted(ids - self.held.vectors.keys()), np.int64)
        vectors = np.random.default_rng(seed).integers(-2, 3, (len(free), D)).astype(np.float32)
        self.index.add(free, vectors)
        self.held.put(free, vectors)

    @precondition(lambda self: self.held.vectors)
    @rule(data=st.data())
    def add_what_is_taken(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.held.vectors)))
        with pytest.raises(ValueError, match=f"{key} is taken"):
            self.index.add([key], np.ones((1, D), np.float32))

    @rule(ids=st.sets(st.integers(0, 320), max_size=60))
    def remove(self, ids: set[int]) -> None:
        there = ids & self.held.vectors.keys()
        assert self.index.remove(sorted(ids)) == len(there)
        for key in there:
            del self.held.vectors[key]

    @rule()
    def save_and_open(self) -> None:
        path = Path(self.folder.name) / f"index {self.saved}"
        self.saved += 1
        self.index.save(path)
        self.index = VectorIndex.open(path, D)
        assert self.index.stats().file_bytes == sum(
            (path.parent / name).stat().st_size for name in (path.name, self.index.base_file) if name
        )

    @rule(forced=st.booleans())
    def compact(self, forced: bool) -> None:
        if forced or self.index.wants_compacting():
            self.index.compact(self.held)
            assert self.index.kind == ("inverted" if len(self.held.vectors) > MANY else "flat")
        assert not self.index.wants_compacting()

    @rule(
        queries=st.lists(st.lists(st.integers(-2, 2), min_size=D, max_size=D), min_size=1, max_size=3),
        k=st.integers(1, 90),
        allowed=st.none() | st.sets(st.integers(0, 320)),
        rescored=st.booleans(),
    )
    def search(self, queries: list[list[int]], k: int, allowed: set[int] | None, rescored: bool) -> None:
        asked = np.array(queries, np.float32)
        bits = None if allowed is None else Bits.of_keys(np.array(sorted(allowed), np.int64))
        scores, ids = self.index.search(asked, k, bits, self.held if rescored else None)
        for query, row, found in zip(asked, scores, ids.tolist(), strict=True):
            expected = self.held.nearest(query, k, allowed)
            results = list(zip(row.tolist(), found, strict=True))
            if self.index.kind == "flat" or (rescored and self.all_are_candidates):
                assert results == expected
                continue
            assert len(set(found)) == len(expected)  # so many are found, whatever the filter
            assert set(found) <= self.held.vectors.keys() & (allowed or self.held.vectors.keys())
            if rescored:
                assert results == sorted(((float(self.held.vectors[key] @ query), key) for key in found),
                                         key=lambda result: (-result[0], result[1]))  # fmt: skip

    @invariant()
    def holds_what_it_should(self) -> None:
        assert sorted(self.index.ids.tolist()) == sorted(self.held.vectors)
        assert len(self.index) == len(self.held.vectors)
        assert self.index.last_id == max(self.held.vectors, default=-1)
        stats = self.index.stats()
        assert stats.vectors == len(self.index)
        assert (stats.lists > 0) == (stats.kind == "inverted") == bool(self.index._parts.base)


Machine.TestCase.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)
TestMachine = pytest.mark.slow(Machine.TestCase)


def clustered(n: int, dimension: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around n / 50 centres, and their ids: 1 to n."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((n // 50, dimension))
    vectors = centres[random.integers(0, len(centres), n)] + 0.7 * random.standard_normal((n, dimension))
    return np.arange(1, n + 1), unit(vectors)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def many() -> tuple[VectorIndex, Held]:
    """An index of 5,000 vectors, built as a million would be."""
    patch = pytest.MonkeyPatch()
    patch.setattr(embeddings.index, "EXACT_UP_TO", 1000)
    patch.setattr(embeddings.index, "BLOCK", 512)
    patch.setattr(embeddings.inverted, "BLOCK", 512)
    held = Held(32)
    held.put(*clustered(5000, 32))
    index = VectorIndex.of(np.arange(1, 5001), held, 32)
    patch.undo()
    assert held.most_at_once <= 512  # no more vectors than a block are read at once
    return index, held


def near(held: Held, count: int) -> np.ndarray:
    """Questions: each near to some stored vector, and equal to none."""
    random = np.random.default_rng(1)
    ids = random.choice(sorted(held.vectors), count)
    rows = np.array([held.vectors[key] for key in ids.tolist()])
    return unit(rows + 0.08 * random.standard_normal(rows.shape))


@pytest.mark.slow
def test_many_are_found_as_an_exact_search_would_by_a_look_into_few_lists(
    many: tuple[VectorIndex, Held],
) -> None:
    index, held = many
    stats = index.stats()
    assert (stats.kind, stats.vectors, stats.lists) == ("inverted", 5000, 128)
    assert stats.probes < stats.lists / 2
    assert stats.file_bytes == 0
    assert stats.recall >= 0.99
    asked = near(held, 100)
    scores, ids = index.search(asked, 10, None, held)
    shares = []
    for query, row, found in zip(asked, scores, ids.tolist(), strict=True):
        exact = held.nearest(query, 10)
        shares.append(len({key for _, key in exact} & set(found)) / 10)
        assert np.allclose(row, [held.vectors[key] @ query for key in found], atol=1e-6)
    assert np.mean(shares) >= 0.98


def test_a_filter_that_leaves_3_of_5000_gives_3_and_each_of_many_filters_as_many_as_it_leaves(
    many: tuple[VectorIndex, Held],
) -> None:
    index, held = many
    random = np.random.default_rng(2)
    asked = near(held, 5)
    for left in (0, 1, 3, 60, 200, 2500):
        allowed = random.choice(np.arange(1, 5001), left, replace=False)
        for stored in (held, None):
            scores, ids = index.search(asked, 150, Bits.of_keys(allowed), stored)
            assert ids.shape == scores.shape == (5, min(150, left))
            assert np.isin(ids, allowed).all()
            assert all(len(set(row)) == len(row) for row in ids.tolist())
        # What is left is few enough to be scored itself, or all of it is looked at.
        exact = [[key for _, key in held.nearest(query, 10, set(allowed.tolist()))] for query in asked]
        assert index.search(asked, 10, Bits.of_keys(allowed), held)[1].tolist() == exact


def test_what_the_store_no_longer_holds_is_not_found(many: tuple[VectorIndex, Held]) -> None:
    index, held = many
    query = near(held, 1)
    best = held.nearest(query[0], 3)
    lacking = Held(32)
    lacking.vectors = {key: row for key, row in held.vectors.items() if key != best[0][1]}
    assert index.search(query, 2, None, lacking)[1].tolist() == [[key for _, key in best[1:]]]
    assert index.search(query, 2, None, Held(32))[1].shape == (1, 0)


@pytest.mark.parametrize("left", [0, 1, 1000])
def test_an_index_is_built_of_what_is_still_there_when_it_is_read(left: int) -> None:
    held = Held(32)
    held.put(*clustered(2000, 32))
    reads = 0

    def stored(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nonlocal reads
        reads += 1
        if reads > left // 500:  # after it all others are gone
            held.vectors = {key: row for key, row in held.vectors.items() if key <= left}
        return held(ids)

    with pytest.MonkeyPatch.context() as patch:
        set_low(patch)
        patch.setattr(embeddings.inverted, "BLOCK", 512)
        index = VectorIndex.of(np.arange(1, 2001), stored, 32)
    assert sorted(index.ids.tolist()) == list(range(1, left + 1))
    found = index.search(np.ones((3, 32), np.float32), 5, None, held)[1]
    assert found.shape == (3, min(5, left))


def test_a_copy_is_changed_alone_and_searches_go_on_meanwhile(many: tuple[VectorIndex, Held]) -> None:
    index, held = many
    copied = index.copy()
    asked = near(held, 1)
    expected = index.search(asked, 10, None, held)[1].tolist()
    problems: list[object] = []

    def search() -> None:
        for _ in range(300):
            if index.search(asked, 10, None, held)[1].tolist() != expected:
                problems.append("changed")
            found = copied.search(asked, 10, None, held)[1][0]
            if len(set(found.tolist())) != 10:
                problems.append(found)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for key in range(100):
        copied.remove([expected[0][key % 10], 6000 + key - 1])
        copied.add([6000 + key], np.zeros((1, 32), np.float32))
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(index) == 5000


# Files


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Held]:
    """The file of an index with a base, a delta, and vectors gone from both."""
    patch = pytest.MonkeyPatch()
    set_low(patch)
    held = Held()
    ids, vectors = clustered(200, D)
    held.put(ids, vectors)
    index = VectorIndex.of(ids, held, D)
    index.add([300, 301], np.eye(2, D, dtype=np.float32))
    index.remove([3, 5, 300])
    patch.undo()
    path = tmp_path_factory.mktemp("saved") / "index"
    index.save(path)
    return path, held


@pytest.fixture
def copied(saved: tuple[Path, Held], tmp_path: Path) -> tuple[Path, Path]:
    """A copy of the saved file and of its base, whose times are those of the original."""
    for path in saved[0].parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
        os.utime(tmp_path / path.name, ns=(0, path.stat().st_mtime_ns))
    (base,) = tmp_path.glob("vectors-*.faiss")
    assert VectorIndex.open(tmp_path / "index", D).base_file == base.name
    return tmp_path / "index", base


def change(path: Path, place: int, *, seen: bool) -> None:
    """Change one byte; what is not `seen` leaves the file's time as it was."""
    before = path.stat().st_mtime_ns
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 0x40]))
    os.utime(path, ns=(0, before + 10**9 * seen))


def test_a_file_with_any_byte_changed_or_cut_anywhere_is_refused(copied: tuple[Path, Path]) -> None:
    path, _ = copied
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x40]) + whole[place + 1 :])
        with pytest.raises(IndexFileError):
            VectorIndex.open(path, D)
        path.write_bytes(whole[:place])
        with pytest.raises(IndexFileError):
            VectorIndex.open(path, D)


def test_a_base_with_any_byte_of_its_structure_changed_is_refused_even_where_its_time_is_the_same(
    copied: tuple[Path, Path],
) -> None:
    path, base = copied
    structure = VectorIndex.open(path, D)._parts.base.file.structure  # type: ignore[union-attr]
    lists = 200 * (embeddings.inverted.Inverted._entry.fget(VectorIndex.open(path, D)._parts.base))  # type: ignore[attr-defined]
    assert structure + lists == base.stat().st_size
    for place in range(structure):
        change(base, place, seen=False)
        with pytest.raises(IndexFileError, match="damaged"):
            VectorIndex.open(path, D)
        change(base, place, seen=False)
    VectorIndex.open(path, D)


def test_a_base_that_was_touched_is_hashed_whole_and_so_it_is_when_asked_for(
    copied: tuple[Path, Path],
) -> None:
    path, base = copied
    os.utime(base, ns=(0, 0))
    VectorIndex.open(path, D)
    change(base, base.stat().st_size - 3, seen=True)
    with pytest.raises(IndexFileError, match="damaged"):
        VectorIndex.open(path, D)


def test_lists_damaged_unseen_are_refused_when_asked_for_and_never_give_a_wrong_score(
    copied: tuple[Path, Path], saved: tuple[Path, Held]
) -> None:
    path, base = copied
    held = saved[1]
    random = np.random.default_rng(0)
    structure = VectorIndex.open(path, D)._parts.base.file.structure  # type: ignore[union-attr]
    for place in random.integers(structure, base.stat().st_size, 400).tolist():
        change(base, place, seen=False)
    with pytest.raises(IndexFileError, match="damaged"):
        VectorIndex.open(path, D, thorough=True)
    index = VectorIndex.open(path, D)
    assert len(index) == 199
    for allowed in (None, Bits.of_keys(np.arange(0, 150))):
        scores, ids = index.search(held(np.arange(1, 30))[1], 20, allowed, held)
        for query, row, found in zip(held(np.arange(1, 30))[1], scores, ids.tolist(), strict=True):
            known = [key for key in found if key != 301]
            assert not {3, 5, 300} & set(known)
            assert np.allclose(
                [score for score, key in zip(row.tolist(), found, strict=True) if key != 301],
                [held.vectors[key] @ query for key in known],
                atol=1e-6,
            )


@pytest.mark.parametrize("harm", ["cut", "longer", "missing", "a folder", "another", "empty"])
def test_a_base_that_is_not_the_one_recorded_is_refused(
    copied: tuple[Path, Path], tmp_path: Path, harm: str
) -> None:
    path, base = copied
    time = base.stat().st_mtime_ns
    match harm:
        case "cut":
            base.write_bytes(base.read_bytes()[:-1])
        case "longer":
            base.write_bytes(base.read_bytes() + b"\0")
        case "missing" | "a folder":
            base.unlink()
            if harm == "a folder":
                base.mkdir()
        case "another":
            held = Held()
            held.put(*clustered(200, D, seed=9))
            with pytest.MonkeyPatch.context() as patch:
                set_low(patch)
                other = VectorIndex.of(np.arange(1, 201), held, D)
            (tmp_path / "other").mkdir()
            other.save(tmp_path / "other" / "index")
            (made,) = (tmp_path / "other").glob("vectors-*")
            assert made.name != base.name
            made.replace(base)
        case "empty":
            base.write_bytes(b"")
    if base.is_file():
        os.utime(base, ns=(0, time))
    with pytest.raises(IndexFileError, match=base.name):
        VectorIndex.open(path, D)


def test_another_dimension_is_refused(copied: tuple[Path, Path]) -> None:
    with pytest.raises(IndexFileError, match=f"length {D}, not {D + 1}"):
        VectorIndex.open(copied[0], D + 1)


def test_a_base_is_written_once_and_again_only_where_it_is_missing(copied: tuple[Path, Path]) -> None:
    path, base = copied
    index = VectorIndex.open(path, D)
    before = base.stat().st_mtime_ns, base.read_bytes()
    index.remove([1])
    index.save(path)
    assert (base.stat().st_mtime_ns, base.read_bytes()) == before
    if sys.platform == "win32":
        return  # a file that is mapped cannot be removed there
    base.unlink()
    index.save(path)
    assert base.read_bytes() == before[1]
    assert len(VectorIndex.open(path, D)) == 198


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no limit on a process's files to stand for a full disk"
)
def test_a_full_disk_leaves_no_part_of_a_base_and_raises_oserror(tmp_path: Path) -> None:
    script = f"""
import resource, numpy as np
from pathlib import Path
import embeddings.index
from embeddings.index import VectorIndex
embeddings.index.EXACT_UP_TO = 1000
rows = np.random.default_rng(0).standard_normal((20_000, {D})).astype(np.float32)
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
stored = lambda ids: (ids, rows[ids])
index = VectorIndex.of(np.arange(20_000), stored, {D})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    index.save(Path({str(tmp_path / "index")!r}))
except OSError as error:
    print("OSError", index.search(rows[:1], 1, None, stored)[1].tolist())
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("OSError [[0]]\n", "")
    assert list(tmp_path.iterdir()) == []


def test_a_base_that_was_made_to_do_harm_is_refused_before_faiss_reads_it(copied: tuple[Path, Path]) -> None:
    path, base = copied
    written, whole = path.read_bytes(), base.read_bytes()
    index = VectorIndex.open(path, D)._parts.base
    assert index is not None
    assert index.file is not None
    file, head = index.file, len(b"pullquote index 2\n") + 32
    numbers = range(_CENTROIDS + 4 * D * index.lists, file.structure)
    end_of_bounds = file.structure - 8 * index.lists - 12 - 29
    bounds = range(end_of_bounds - 8 * D, end_of_bounds)
    for place in (*range(_CENTROIDS), *numbers):
        if place in bounds or 45 <= place < 53:  # any value will do there
            continue
        changed = bytearray(whole)
        changed[place] ^= 0x7F
        base.write_bytes(changed)
        hashes = {
            file.sha256: hashlib.sha256(changed).hexdigest(),
            file.structure_sha256: hashlib.sha256(changed[: file.structure]).hexdigest(),
        }
        content = written[head:]
        for before, now in hashes.items():
            content = content.replace(before.encode(), now.encode())
        path.write_bytes(written[: head - 32] + hashlib.sha256(content).digest() + content)
        with pytest.raises(IndexFileError):
            VectorIndex.open(path, D)


@pytest.mark.parametrize("described", ["../vectors-1.faiss", "/etc/passwd", "probes", "missing", "list"])
def test_a_description_that_makes_no_sense_is_refused(copied: tuple[Path, Path], described: str) -> None:
    path, _ = copied
    written = path.read_bytes()
    head = len(b"pullquote index 2\n") + 32
    line, _, rest = written[head:].partition(b"\n")
    held = json.loads(line)
    match described:
        case "probes":
            held["probes"] = 10**9
        case "missing":
            del held["bits"]
        case "list":
            held["base"] = []
        case name:
            held["base"]["name"] = name
    content = json.dumps(held).encode() + b"\n" + rest
    path.write_bytes(written[: head - 32] + hashlib.sha256(content).digest() + content)
    with pytest.raises(IndexFileError):
        VectorIndex.open(path, D)
