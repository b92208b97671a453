"""The index kept in step with the store, of either kind; what counts as many passages is set low here."""

from __future__ import annotations

import logging
import os
import sqlite3
import tempfile
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import embeddings.index
from embeddings.arrays import Bits
from embeddings.index import VectorIndex
from qa.commands.doctor import examine
from qa.document.segment import passages
from qa.schema import Document
from qa.storage.file_index.vector_index import PART_SECONDS, LibraryIndex
from qa.storage.intake_values import EmbeddedPassages, Entry, ReadDocument
from tests.processes import copied_process
from tests.qa.consistency import index_problems, problems
from tests.qa.storage.folder import records, source
from tests.qa.tiny import DIMENSION, TinyEncoder, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.storage.records.store import Store

ENCODER = TinyEncoder()


def set_low(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(embeddings.index, "EXACT_UP_TO", 40)
    patch.setattr(embeddings.index, "DELTA_LEAST", 8)
    patch.setattr(embeddings.index, "DELTA_MOST", 20)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store of a library for which 40 passages are many."""
    set_low(monkeypatch)
    with closing(records(tmp_path / "library ü")) as opened:
        yield opened


def put(store: Store, name: str, seed: int, count: int = 240) -> None:
    text = words(seed, count)
    document = Document(id=name, text=text, path=f"/in/{name}")
    pieces = passages(document)
    vectors = ENCODER.encode_documents([text[piece.start : piece.end] for piece in pieces])
    entries = [Entry(piece, bytes(16), vector) for piece, vector in zip(pieces, vectors, strict=True)]
    store.put(ReadDocument.of(document), EmbeddedPassages(entries, ENCODER.identity))


def fill(store: Store, least: int = 100) -> None:
    number = 0
    while len(all_keys(store)) < least:
        put(store, f"{number}.txt", number, 1200)
        number += 1


def all_keys(store: Store) -> np.ndarray:
    encoding = store.encoding()
    return source(store).vectors_of(np.arange(10_000), encoding)[0] if encoding else np.empty(0, np.int64)


def assert_finds_the_nearest(index: LibraryIndex, store: Store, allowed: np.ndarray | None = None) -> None:
    """Compare with numpy over what the store holds now."""
    encoding = store.encoding()
    assert encoding is not None
    keys, vectors = source(store).vectors_of(np.arange(10_000) if allowed is None else allowed, encoding)
    queries = ENCODER.encode_query([f"word{number} word{number + 1}" for number in range(20)])
    found = index.search(queries, 7, None if allowed is None else Bits.of_keys(allowed))
    shares = []
    for query, results in zip(queries, found, strict=True):
        scores = dict(zip(keys.tolist(), (vectors @ query).tolist(), strict=True))
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:7]
        assert len(results) == len(best)
        assert [score for _, score in results] == pytest.approx([scores[key] for key, _ in results], abs=1e-6)
        assert results == sorted(results, key=lambda result: (-result[1], result[0]))
        missed = {key for key, _ in best} - {key for key, _ in results}
        shares.append(len(missed) / 7)
    assert np.mean(shares) <= 0.02


# What has come and gone


@dataclass
class Follower:
    """What an index holds, and the generation with which it is in step."""

    keys: set[int] = field(default_factory=set)
    generation: int = -1

    def follow(self, store: Store) -> None:
        encoding = store.encoding()
        if encoding is None:
            return
        compared = []

        def keys() -> np.ndarray:
            compared.append(True)
            return np.array(sorted(self.keys), np.int64)

        difference = source(store).difference(encoding, keys, max(self.keys, default=-1), self.generation)
        whole = source(store).difference(encoding, keys)
        assert difference is not None
        assert whole is not None
        assert len(compared) == 1 + (self.generation < since(store))
        assert difference.generation == whole.generation == store.generation
        assert set(whole.stale.tolist()) == set(difference.stale.tolist()) & self.keys
        assert difference.missing.tolist() == whole.missing.tolist()
        self.keys = self.keys - set(difference.stale.tolist()) | set(difference.missing.tolist())
        self.generation = difference.generation
        assert self.keys == set(all_keys(store).tolist())


def since(store: Store) -> int:
    with closing(sqlite3.connect(store.folder / "library.sqlite3")) as db:
        return int(db.execute("SELECT gone_since FROM library").fetchone()[0])


def forget(store: Store) -> None:
    """Leave no record of what was removed until now."""
    with closing(sqlite3.connect(store.folder / "library.sqlite3")) as db:
        db.execute("DELETE FROM gone")
        db.execute("UPDATE library SET gone_since = generation")
        db.commit()


@pytest.mark.day
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "put", "remove", "follow", "follow", "forget", "reindex"]),
            st.integers(0, 1),
            st.integers(0, 3),
            st.integers(0, 9),
        ),
        max_size=25,
    )
)
def test_what_has_come_and_gone_since_is_what_a_comparison_of_all_keys_finds(
    history: list[tuple[str, int, int, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stores = [records(Path(folder)), records(Path(folder))]
        followers = [Follower() for _ in range(4)]
        for action, process, number, seed in history:
            store = stores[process]
            name = f"{number}.txt"
            match action:
                case "put":
                    put(store, name, seed)
                case "remove" if name in {info.id for info in store.documents()}:
                    store.remove([name])
                case "follow":
                    followers[number].follow(store)
                case "forget":
                    forget(store)
                case "reindex" if encoding := store.encoding():
                    again = store.begin_encoding(ENCODER.identity)
                    keys, vectors = source(store).vectors_of(np.arange(10_000), encoding)
                    rows = dict(zip(keys.tolist(), ((bytes(16), row) for row in vectors), strict=True))
                    store.put_vectors(again, rows)
                    assert store.adopt_encoding(again) == ()
        for follower in followers:
            follower.follow(stores[0])
        for store in stores:
            store.close()


def test_vectors_are_read_by_key_those_that_there_are(store: Store) -> None:
    put(store, "a.txt", 1)
    put(store, "b.txt", 2)
    store.remove(["a.txt"])
    encoding = store.encoding()
    assert encoding is not None
    (first, *_) = pieces = store.passages_of("b.txt")
    keys, vectors = source(store).vectors_of(
        np.array([999, first.key, 1, pieces[1].key, first.key]), encoding
    )
    assert keys.tolist() == [first.key, pieces[1].key]
    text = store.document("b.txt").text
    expected = ENCODER.encode_documents([text[piece.start : piece.end] for piece in pieces[:2]])
    assert vectors.dtype == np.float32
    assert vectors.tolist() == expected.astype(np.float16).tolist()  # as they are stored
    assert source(store).vectors_of(np.empty(0, np.int64), encoding)[1].shape == (0, DIMENSION)


# The index


def test_a_library_becomes_large_and_small_again_and_finds_the_nearest_all_the_while(store: Store) -> None:
    index = LibraryIndex(source(store))
    assert index.search(np.zeros((2, DIMENSION), np.float32), 3) == [[], []]
    assert index.stats() is None
    put(store, "small.txt", 99)
    index.save()
    fill(store)
    assert_finds_the_nearest(index, store)
    index.save()
    stats = index.stats()
    assert stats is not None
    assert (stats.kind, stats.delta, stats.gone) == ("inverted", 0, 0)
    files = {path: path.stat().st_size for path in store.folder.glob("*.faiss")}
    assert stats.file_bytes == sum(files.values())
    assert index_problems(store.folder) == []
    put(store, "0.txt", 1000)  # in place of many passages
    assert_finds_the_nearest(index, store)
    stats = index.stats()
    assert stats is not None
    assert stats.delta > 0
    assert stats.gone > 0
    third = all_keys(store)[::3]
    assert_finds_the_nearest(index, store, third)
    assert_finds_the_nearest(index, store, third[:3])
    assert_finds_the_nearest(index, store, third[:0])
    (query,) = ENCODER.encode_query(["word1"])
    assert index.search(query, 5) == index.search(query[np.newaxis], 5)
    index.save()
    assert index_problems(store.folder) == []
    store.remove([info.id for info in store.documents() if info.id != "small.txt"])
    index.save()
    stats = index.stats()
    assert stats is not None
    assert stats.kind == "flat"
    assert_finds_the_nearest(index, store)
    assert index_problems(store.folder) == []
    assert problems(store.folder) == []


def saved(store: Store) -> Path:
    """Fill and save a large library; gives its base."""
    fill(store)
    LibraryIndex(source(store)).save()
    (base,) = store.folder.glob("vectors-*.faiss")
    return base


def test_a_large_library_is_opened_and_not_built_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    saved(store)
    put(store, "more.txt", 77)
    monkeypatch.delattr(embeddings.index, "build")
    index = LibraryIndex(source(store))
    assert_finds_the_nearest(index, store)
    assert index.keys().tolist() == all_keys(store).tolist()
    assert caplog.records == []


@pytest.mark.parametrize("harm", ["missing", "cut", "damaged"])
def test_a_base_that_is_missing_or_damaged_is_made_again_with_a_warning(
    store: Store, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    base = saved(store)
    whole = base.read_bytes()
    base.unlink()
    if harm != "missing":
        base.write_bytes(whole[:-1] if harm == "cut" else whole[:-1] + b"\x99")
    with caplog.at_level(logging.WARNING, "qa"):
        assert_finds_the_nearest(LibraryIndex(source(store)), store)
    assert base.name in caplog.text
    assert "made again from the store" in caplog.text
    assert index_problems(store.folder) == []


@pytest.mark.slow
def test_a_doctor_sees_what_an_opening_does_not(store: Store) -> None:
    base = saved(store)
    (finding,) = (each for each in examine(store.folder) if each.about == "index")
    assert finding.value.endswith(f"in step with {len(all_keys(store))} passages")
    assert finding.problem == ""
    modified = base.stat().st_mtime_ns
    base.write_bytes(base.read_bytes()[:-1] + b"\x99")
    os.utime(base, ns=(0, modified))
    assert_finds_the_nearest(LibraryIndex(source(store)), store)
    (finding,) = (each for each in examine(store.folder) if each.about == "index")
    assert f"{base.name} is damaged" in finding.problem


def test_bases_of_before_are_cleared_away_once_nobody_can_be_about_to_name_them(store: Store) -> None:
    base = saved(store)
    put(store, "much.txt", 55, 2400)
    index = LibraryIndex(source(store))
    index.save()
    (other,) = set(store.folder.glob("vectors-*.faiss")) - {base}
    assert base.exists()  # it might just have been written, by a process about to name it
    for path in (base, other):
        os.utime(path, (0, path.stat().st_mtime - PART_SECONDS - 1))
    put(store, "little.txt", 56)
    index.save()
    assert list(store.folder.glob("vectors-*.faiss")) == [other]
    assert index_problems(store.folder) == []


def test_questions_wait_neither_for_a_save_nor_for_each_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(store)
    index = LibraryIndex(source(store))
    index.keys()
    put(store, "much.txt", 55, 2400)
    begun, go_on = threading.Event(), threading.Event()
    compact = VectorIndex.compact

    def slow(self: VectorIndex, stored: embeddings.inverted.Stored) -> None:
        begun.set()
        assert go_on.wait(30)
        compact(self, stored)

    monkeypatch.setattr(VectorIndex, "compact", slow)
    save = threading.Thread(target=index.save)
    save.start()
    assert begun.wait(30)
    put(store, "meanwhile.txt", 56)
    store.remove(["0.txt"])
    assert_finds_the_nearest(index, store)
    with index._changing:  # another question is bringing the index in step
        assert_finds_the_nearest(index, store)
    go_on.set()
    save.join(30)
    assert index.keys().tolist() == all_keys(store).tolist()
    assert_finds_the_nearest(index, store)
    stats = index.stats()
    assert stats is not None
    assert 0 < stats.delta < 20
    assert index_problems(store.folder) == []


def write_and_save(folder: Path, rounds: int) -> None:
    """What another process does to a library: its index is compacted again and again."""
    with pytest.MonkeyPatch.context() as patch, closing(records(folder)) as store:
        set_low(patch)
        index = LibraryIndex(source(store))
        for seed in range(rounds):
            put(store, f"{seed % 5}.txt", 100 + seed, 1200)
            index.save()


@pytest.mark.day
def test_one_process_asks_while_another_changes_and_compacts(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    saved(store)
    index = LibraryIndex(source(store))
    writer = copied_process(write_and_save, store.folder, 12)
    writer.start()
    queries = ENCODER.encode_query(["word1 word2", "word3"])
    asked = 0
    while writer.is_alive():
        for results in index.search(queries, 9):
            assert len({key for key, _ in results}) == 9
        asked += 1
    writer.join()
    assert (writer.exitcode, caplog.records) == (0, [])
    assert asked > 5
    assert index.keys().tolist() == all_keys(store).tolist()
    assert_finds_the_nearest(index, store)
    index.save()
    assert index_problems(store.folder) == []
