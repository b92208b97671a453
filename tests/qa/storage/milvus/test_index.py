"""How the index on Milvus follows the records: crashes, lost collections, other encoders, other processes."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from contextlib import closing, suppress
from itertools import cycle, repeat
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from qa.errors import LibraryAwayError, LibraryError
from qa.schema import Filters, Progress
from qa.storage.milvus import collection as collections
from qa.storage.milvus import index as indexes
from qa.storage.milvus import rows
from qa.storage.milvus.connection import Connection
from qa.storage.milvus.follower import Follower
from qa.storage.open import open_library, open_records
from qa.storage.records import outbox
from tests.qa.storage.intake_contract import document, embedded, put
from tests.qa.storage.milvus.conftest import ENCODER, index_of
from tests.qa.tiny import TinyEncoder, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from qa.places import LibraryAddress
    from qa.storage.library import Library
    from qa.storage.milvus.collection import Collection
    from qa.storage.records.store import Store


class Killed(BaseException):
    """The process is gone: nothing that it would still do is done."""


def pending(store: Store) -> set[int]:
    with store.database.reading() as db:
        return outbox.pending(db)


def keys(store: Store) -> set[int]:
    with store.database.reading() as db:
        return {key for (key,) in db.execute("SELECT key FROM passages")}


def collection(library: Library) -> Collection:
    encoding = library.encoding()
    assert encoding
    return index_of(library)._opened.of(encoding)


def found(library: Library, text: str = "sleeps", **filters: str) -> set[str]:
    """The ids of the documents that the nearest vectors find."""
    selection = library.select(Filters(**filters))  # type: ignore[arg-type]
    return {hit.document_id for hit, _ in library.nearest(library.encode_queries([text]), 50, selection)[0]}


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a thread that follows, and without searches that follow."""
    monkeypatch.setattr(Follower, "wake", lambda _: None)
    monkeypatch.setattr(indexes, "FOLLOWED", 0)


def dies_at(call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process die at its nth write to Milvus: before it, or after it if the number is odd."""
    left = [call // 2]

    def dying(do: Callable[..., None]) -> Callable[..., None]:
        def write(*arguments: Any) -> None:
            left[0] -= 1
            if left[0] < 0 and call % 2 == 0:
                raise Killed
            do(*arguments)
            if left[0] < 0:
                raise Killed

        return write

    for name in ("upsert", "delete"):
        monkeypatch.setattr(Connection, name, dying(getattr(Connection, name)))


# Following


def test_a_thread_follows_each_commit(library: Library) -> None:
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    put(library, document("/b.txt", "The griffin sleeps.", "b.txt"))
    library.remove(["a.txt"])
    until = time.monotonic() + 20
    while pending(library) and time.monotonic() < until:
        time.sleep(0.05)
    assert pending(library) == set()
    assert set(collection(library).keys().tolist()) == keys(library)


@pytest.mark.usefixtures("still")
def test_a_process_that_dies_while_it_follows_loses_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    before: set[str] = set()
    for call in range(20):
        put(library, document("/a.txt", words(call, 300), "a.txt"))
        put(library, document(f"/{call}.txt", f"The unicorn {call} sleeps.", f"{call}.txt"))
        library.remove(before)
        now, before = {"a.txt", f"{call}.txt"}, {f"{call}.txt"}
        with monkeypatch.context() as patch:
            dies_at(call, patch)
            try:
                library.save()
                died = False
            except Killed:
                died = True
                assert pending(library)
        assert found(library) == now
        library.save()
        assert found(library) == now
        assert set(collection(library).keys().tolist()) == keys(library)
        if not died:
            break
    assert (died, call > 2) == (False, True)


def test_a_follower_that_fails_says_so_once_and_goes_on(
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("qa.storage.milvus.follower.FIRST_PAUSE", 0.05)
    upsert, attempts, enough = Connection.upsert, [], threading.Event()

    def away(*arguments: Any) -> None:
        attempts.append(arguments)
        if len(attempts) < 4:
            raise LibraryAwayError("Milvus is away")
        upsert(*arguments)
        enough.set()

    monkeypatch.setattr(Connection, "upsert", away)
    with caplog.at_level(logging.WARNING, "qa.storage.milvus.follower"):
        put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
        assert enough.wait(20)
    library.save()
    assert len([each for each in caplog.records if "Milvus is away" in each.message]) == 1
    assert set(collection(library).keys().tolist()) == keys(library) != set()


def test_what_is_left_at_the_end_stays_in_the_outbox_for_others(
    library: Library, place: LibraryAddress
) -> None:
    with closing(open_library(place, encoder=ENCODER)) as other:
        index_of(other)._follower.close()
        put(other, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    left = pending(library)
    assert left == keys(library)
    index_of(library)._follower.wake()
    library.save()
    assert pending(library) == set()


@pytest.mark.usefixtures("still")
def test_another_process_finds_a_change_at_once_even_if_it_may_not_write(
    library: Library, place: LibraryAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_library(place, encoder=ENCODER, read_only=True)) as other:
        put(library, document("/a.txt", "The unicorn sleeps.", "a.txt", publisher="P"))
        library.save()
        assert found(other) == {"a.txt"}
        put(library, document("/b.txt", "The griffin sleeps.", "b.txt"))
        library.put_in_collection(["a.txt"], "C")
        assert found(other) == {"a.txt", "b.txt"}
        assert found(other, collection="c") == found(other, publisher="p") == {"a.txt"}
        library.remove(["a.txt"])
        assert found(other) == {"b.txt"}
        waiting = pending(library)
        other.save()
        assert pending(library) == waiting != set()
        monkeypatch.setattr(indexes, "SCANNED", 1)
        with pytest.raises(LibraryAwayError, match=r"still lacks 2 changes .* try again"):
            found(other)
    with closing(open_records(place)) as records:
        assert [info.id for info in records.documents()] == ["b.txt"]


@pytest.mark.usefixtures("still")
def test_a_search_reads_the_outbox_once(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    library.save()
    assert found(library) == {"a.txt"}
    vectors, selection = library.encode_queries(["sleeps"]), library.select()
    reading, calls = library.database.reading, itertools.count()
    monkeypatch.setattr(library.database, "reading", lambda: next(calls) is not None and reading())
    assert library.nearest(vectors, 5, selection)[0]
    assert next(calls) == 3  # the state with the outbox, the order of the hits, and the hits
    put(library, document("/b.txt", "The griffin sleeps.", "b.txt"))
    assert found(library) == {"a.txt", "b.txt"}


# The collection


def test_a_collection_that_is_lost_is_made_again_without_embedding(
    library: Library, place: LibraryAddress
) -> None:
    put(library, document("/a.txt", words(1, 900), "a.txt"))
    put(library, document("/b.txt", "The griffin sleeps.", "b.txt"))
    library.save()
    assert found(library) == {"a.txt", "b.txt"}
    before = ENCODER.embedded
    index_of(library)._opened.connection.call("drop_collection", collection(library).name)
    with (
        closing(open_library(place, encoder=ENCODER, read_only=True)) as other,
        pytest.raises(LibraryError, match=r"does not have the index .* run `pullquote index`"),
    ):
        found(other)
    assert found(library) == {"a.txt", "b.txt"}
    library.save()
    assert set(collection(library).keys().tolist()) == keys(library)
    assert ENCODER.embedded == before
    index_of(library)._opened.connection.call("drop_collection", collection(library).name)
    put(library, document("/c.txt", "The bear sleeps.", "c.txt"))
    library.save()
    assert found(library) == {"a.txt", "b.txt", "c.txt"}


@pytest.mark.usefixtures("still")
def test_changes_during_a_reindex_are_in_the_new_collection(library: Library) -> None:
    for name in "abc":
        put(library, document(f"/{name}.txt", f"The {name} sleeps.", f"{name}.txt"))
    library.save()
    old, other = collection(library), TinyEncoder("other")
    target = library.begin_encoding(other.identity)

    def embed() -> None:
        for document_id, _ in library.hashes():
            held, passages = library.document_and_passages(document_id)
            entries = embedded(held, other).entries
            given = zip(passages, entries, strict=True)
            library.put_vectors(target, {one.key: (each.digest, each.vector) for one, each in given})

    embed()
    index = index_of(library)
    index.prepare(target)
    library.put_in_collection(["a.txt"], "C")
    library.remove(["b.txt"])
    index._follower.follow()
    put(library, document("/d.txt", "The d sleeps.", "d.txt"))
    assert library.adopt_encoding(target) == ("d.txt",)
    embed()
    assert library.adopt_encoding(target) == ()
    library.encoders.use(other, other.identity)
    assert collection(library).name != old.name
    assert found(library) == {"a.txt", "c.txt", "d.txt"}
    library.save()
    assert set(collection(library).keys().tolist()) == keys(library)
    assert found(library, collection="c") == {"a.txt"}
    assert not old.exists()


@pytest.mark.usefixtures("still")
def test_a_row_that_is_copied_never_replaces_a_newer_row(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No writer waits for the copy. What has changed since its row was read follows again."""
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    put(library, document("/b.txt", "The griffin sleeps.", "b.txt"))
    library.save()
    index, encoding = index_of(library), library.encoding()
    assert encoding
    index._opened.connection.call("delete", collection(library).name, ids=list(keys(library)))
    upsert, calls = Connection.upsert, itertools.count()

    def late(*arguments: Any) -> None:
        if next(calls) == 0:  # the rows were read, and are not written yet
            library.put_in_collection(["a.txt"], "C")
            library.remove(["b.txt"])
            while index._follower.follow():
                pass
        upsert(*arguments)

    monkeypatch.setattr(Connection, "upsert", late)
    index.prepare(encoding)
    assert len(pending(library)) == 2
    library.save()
    assert found(library, collection="c") == {"a.txt"}
    assert set(collection(library).keys().tolist()) == keys(library)


def test_a_purge_takes_the_passages_out_of_milvus(library: Library) -> None:
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    put(library, document("/b.txt", "The griffin sleeps.", "b.txt"))
    library.save()
    library.purge(["a.txt"])
    library.forgotten(library.to_forget())
    library.erase()
    assert not library.erasing
    assert set(collection(library).keys().tolist()) == keys(library)
    assert found(library) == {"b.txt"}


def add_strays(library: Library, *strays: int) -> None:
    """Give Milvus rows that the records do not have, as a server may have after it was killed."""
    index, encoding = index_of(library), library.encoding()
    assert encoding
    stemmer = index._stemmer if index._opened.connection.has_words else None
    with library.database.reading() as db:
        row = rows.read(db, sorted(keys(library)), encoding, stemmer)[0]
    collection(library).upsert([row | {"key": key} for key in strays])


def test_rows_that_milvus_keeps_or_loses_are_found_and_mended(library: Library) -> None:
    for name in "abc":
        put(library, document(f"/{name}.txt", f"The {name} sleeps.", f"{name}.txt"))
    library.save()
    add_strays(library, 10**6, 10**6 + 1)
    [problem] = [each.problem for each in library.index.examine(0) if each.problem]
    assert problem.startswith("it lacks 0 passages, and has 2 that the records lack: ")
    library.index.save(changed=False)
    assert set(collection(library).keys().tolist()) == keys(library)
    put(library, document("/d.txt", "The d sleeps.", "d.txt"))
    collection(library).delete(sorted(keys(library))[:2])
    put(library, document("/e.txt", "The e sleeps.", "e.txt"))
    library.save()
    assert set(collection(library).keys().tolist()) == keys(library)
    # One stray row and one lost row: only a purge, which compares all keys, finds these.
    add_strays(library, 10**6)
    collection(library).delete(sorted(keys(library))[:1])
    library.purge(["e.txt"])
    library.forgotten(library.to_forget())
    library.erase()
    assert set(collection(library).keys().tolist()) == keys(library)
    assert found(library) == {"a.txt", "b.txt", "c.txt", "d.txt"}


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("closes", [False, True])
def test_rows_that_come_after_the_locks_have_ended_are_followed_again(
    library: Library, address: str, place: LibraryAddress, monkeypatch: pytest.MonkeyPatch, closes: bool
) -> None:
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    put(library, document("/b.txt", "The griffin sleeps.", "b.txt"))
    upsert = Connection.upsert

    def late(*arguments: Any) -> None:
        """The database is killed while Milvus is written, and another process follows a later change."""
        monkeypatch.setattr(Connection, "upsert", upsert)
        raise LibraryAwayError("PostgreSQL is away")

    monkeypatch.setattr(Connection, "upsert", late)
    with pytest.raises(LibraryAwayError):
        index_of(library)._follower.follow()
    with closing(open_library(place, encoder=ENCODER)) as other:
        other.remove(["a.txt"])
        other.save()
        assert pending(other) == set()
    add_strays(library, 1)  # the row that comes late
    if closes:
        library.index.close()
        assert pending(library) == {1, 2}
        return
    index_of(library)._follower.follow()
    assert set(collection(library).keys().tolist()) == keys(library)


def test_a_purge_fails_while_milvus_keeps_a_purged_passage(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    put(library, document("/b.txt", "The griffin sleeps.", "b.txt"))
    library.save()
    library.purge(["a.txt"])
    library.forgotten(library.to_forget())
    with monkeypatch.context() as patch:
        patch.setattr(Connection, "delete", lambda *_: None)
        with pytest.raises(LibraryError, match=r"still differs .* by 1 passage: run .*--purge` again"):
            library.erase()
        assert found(library) == {"b.txt"}
    assert library.erasing
    library.erase()
    assert not library.erasing
    assert set(collection(library).keys().tolist()) == keys(library)


def test_after_milvus_was_away_its_rows_are_compared(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    library.save()
    add_strays(library, 10**6)

    def away(*_: Any) -> None:
        raise LibraryAwayError("Milvus is away")

    with monkeypatch.context() as patch:
        patch.setattr(Connection, "search", away)
        with pytest.raises(LibraryAwayError):
            found(library)
    until = time.monotonic() + 20
    while collection(library).count() > 1 and time.monotonic() < until:
        time.sleep(0.05)
    assert set(collection(library).keys().tolist()) == keys(library)


def test_what_differs_from_the_records_is_named(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def problems() -> list[str]:
        return [finding.problem for finding in library.index.examine(0) if finding.problem]

    assert problems() == []
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    library.save()
    assert problems() == []
    with monkeypatch.context() as patch:
        patch.setattr(Follower, "wake", lambda _: None)
        put(library, document("/b.txt", "The griffin sleeps.", "b.txt"))
        assert [each.value for each in library.index.examine(0) if "waiting since" in each.value]
        assert problems() == []
    library.save()
    collection(library).delete(list(keys(library))[:1])
    assert ["it lacks 1 passage, and has 0 that the records lack" in each for each in problems()] == [True]
    index_of(library)._opened.connection.call("drop_collection", collection(library).name)
    assert ["the next question builds the index again" in each for each in problems()] == [True]


@pytest.mark.parametrize("place", [pytest.param("postgresql", marks=pytest.mark.day)], indirect=True)
def test_who_writes_does_not_wait_for_milvus(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    library.save()
    follows, goes_on = threading.Event(), threading.Event()
    upsert = collections.Collection.upsert

    def slow(one: Collection, rows: Any) -> None:
        follows.set()
        goes_on.wait(60)
        upsert(one, rows)

    monkeypatch.setattr(collections.Collection, "upsert", slow)
    put(library, document("/b.txt", "The griffin sleeps.", "b.txt"))
    assert follows.wait(60)
    put(library, document("/c.txt", "The kraken sleeps.", "c.txt"))
    assert len(pending(library)) == 2
    goes_on.set()
    library.save()
    assert found(library) == {"a.txt", "b.txt", "c.txt"}


def test_a_collection_that_nobody_has_loaded_is_examined(library: Library) -> None:
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    library.save()
    index_of(library)._opened.connection.call("release_collection", collection(library).name)
    findings = {each.about: each for each in library.index.examine(1)}
    assert findings["index"].value.endswith("1 passage")
    assert not any(each.problem for each in findings.values())


def test_a_server_that_indexes_is_waited_for_as_long_as_it_goes_on(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(library, document("/a.txt", words(1, 600), "a.txt"))
    library.save()
    passages = library.count().passages
    for name, seconds in {"_CHECK": 0.02, "LONGEST_PAUSE": 0.1, "SLOWEST": 10.0}.items():
        monkeypatch.setattr(collections, name, seconds)

    # A connection of its own: the library's is also the outbox's, which goes on beside.
    connection = SimpleNamespace(
        address=SimpleNamespace(lite=False, text="milvus://host"), call=lambda *_: None
    )
    one = collections.Collection(connection, collection(library).name)  # type: ignore[arg-type]

    def look_at(counts: Iterable[int]) -> None:
        left = iter(counts)
        monkeypatch.setattr(one, "not_indexed", lambda: next(left))

    told: list[Progress] = []
    look_at([3, 2, 1, 2, 1] * 4 + [0])
    one.finish(passages, told.append)
    assert [each.done for each in told] == [*[passages - each for each in [3, 2, 1, 2, 1] * 4], passages]
    look_at(repeat(3))
    with pytest.raises(LibraryError, match="has stopped indexing"):
        one.finish(passages, None)
    monkeypatch.setattr(collections, "SLOWEST", 0.0)
    look_at(cycle([3, 2]))
    with pytest.raises(LibraryError, match="has stopped indexing"):
        one.finish(passages, None)


@pytest.mark.parametrize(
    ("pending_rows", "not_loaded", "waiting"),
    [(0, 0, 0), (3, 0, 0), (0, 900, 0), (3, 50_000, 50_000), (5_000, 0, 5_000), (0, 5_000, 5_000)],
)
def test_rows_that_milvus_compares_one_by_one_count_as_indexed(
    pending_rows: int, not_loaded: int, waiting: int
) -> None:
    segments = [SimpleNamespace(segment_id=each, num_rows=rows, level_name="L1") for each, rows in
                enumerate((7_000, not_loaded))]  # fmt: skip
    said = {
        "describe_index": {"pending_index_rows": pending_rows},
        "list_loaded_segments": segments[:1],
        "list_persistent_segments": segments,
    }
    connection = SimpleNamespace(address=SimpleNamespace(lite=False), call=lambda name, *_: said[name])
    assert collections.Collection(connection, "any").not_indexed() == waiting  # type: ignore[arg-type]


# Milvus is away


def test_without_milvus_a_question_is_an_error_and_the_records_are_there(
    library: Library, place: LibraryAddress, caplog: pytest.LogCaptureFixture
) -> None:
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    library.save()
    with library.database.writing(counted=False) as db:
        db.execute("UPDATE library SET index_address = 'milvus://127.0.0.1:9'")
    with closing(open_library(place, encoder=ENCODER)) as away:
        begun = time.monotonic()
        for search in (lambda: found(away), lambda: away.matching([["unicorn"]], 5, away.select())):
            with pytest.raises(
                LibraryAwayError, match=r"Milvus at milvus://127.0.0.1:9 .*check that it runs"
            ):
                search()
        assert time.monotonic() - begun < 20
        put(away, document("/b.txt", "The griffin sleeps.", "b.txt"))
        assert [info.id for info in away.documents()] == ["a.txt", "b.txt"]
        assert away.cited(away.document("b.txt").sha256).document.id == "b.txt"
        assert [finding.value for finding in away.index.examine(2)] == ["away"]
        with pytest.raises(LibraryAwayError):
            away.save()
        begun = time.monotonic()
    assert time.monotonic() - begun < 20
    assert len(pending(library)) == 1


def test_a_library_does_not_remember_an_address_without_milvus(tmp_path: Path, address: str) -> None:
    with pytest.raises(LibraryAwayError):
        open_library(tmp_path / "new", index="milvus://127.0.0.1:9")
    with closing(open_library(tmp_path / "new", encoder=ENCODER, index=address)) as library:
        put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
        assert found(library) == {"a.txt"}
    with suppress(FileNotFoundError), closing(open_library(tmp_path / "new", encoder=ENCODER)) as again:
        assert found(again) == {"a.txt"}


def test_the_scores_of_the_outbox_are_those_of_the_records(library: Library, still: None) -> None:
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    ((hit, score),) = library.nearest(library.encode_queries(["unicorn"]), 5, library.select())[0]
    embedded_passages = library.document_and_passages("a.txt")[1]
    assert hit.key == embedded_passages[0].key
    vector = ENCODER.encode_query(["unicorn"])[0]
    with library.database.reading() as db:
        (blob,) = db.execute("SELECT vector FROM vectors").fetchone()
    assert score == pytest.approx(float(vector @ np.frombuffer(blob, "<f2").astype(np.float32)))


def test_words_in_the_outbox_are_found(library: Library, still: None) -> None:
    if not index_of(library)._opened.connection.has_words:
        pytest.skip("a server before 2.5 has no BM25")
    put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    put(library, document("/b.txt", "The griffin dreams.", "b.txt"))
    ((by_words, _),) = library.matching([["griffin"]], 5, library.select())[0]
    assert by_words.document_id == "b.txt"
