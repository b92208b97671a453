"""An index that is built again at another address: from files to Milvus and back, and from a lost server."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from qa.errors import InputError, LibraryAwayError, LibraryError
from qa.places import FILES
from qa.storage.milvus.collection import Collection, collections
from qa.storage.milvus.connection import Connection
from qa.storage.open import move_index, open_library
from tests.qa.storage.intake_contract import document, put
from tests.qa.storage.milvus.conftest import ENCODER, index_of
from tests.qa.storage.milvus.test_index import Killed, collection, dies_at, found, keys, pending
from tests.qa.tiny import words

if TYPE_CHECKING:
    from pathlib import Path

    from qa.places import LibraryAddress
    from qa.storage.library import Library

GONE = "milvus://127.0.0.1:9"


def fill(library: Library) -> None:
    for name in "abc":
        put(library, document(f"/{name}.txt", f"The {name} sleeps. {words(1, 200)}", f"{name}.txt"))
    library.save()


def remembered(library: Library) -> str:
    with library.database.reading() as db:
        return str(db.execute("SELECT index_address FROM library").fetchone()[0])


def index_files(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if each.suffix in (".faiss", ".bin")]


@pytest.mark.slow
def test_an_index_moves_from_files_to_milvus_and_back_without_embedding(tmp_path: Path, address: str) -> None:
    with closing(open_library(tmp_path, encoder=ENCODER)) as library:
        fill(library)
        expected = found(library)
    assert index_files(tmp_path)
    embedded = ENCODER.embedded
    steps: list[int] = []
    with closing(open_library(tmp_path, encoder=ENCODER)) as former:
        assert found(former) == expected
        assert move_index(tmp_path, address, lambda progress: steps.append(progress.done)) == ""
        for use in (lambda: found(former), former.save):
            with pytest.raises(LibraryError, match="has another index by now: restart this Pullquote"):
                use()
    assert steps
    assert index_files(tmp_path) == []
    with closing(open_library(tmp_path, encoder=ENCODER)) as library:
        assert remembered(library) == address
        assert found(library) == expected
        assert set(collection(library).keys().tolist()) == keys(library)
        put(library, document("/d.txt", "The d sleeps.", "d.txt"))
        library.remove(["a.txt"])
        expected = found(library)
        name, embedded = collection(library).name, ENCODER.embedded
    # The same address, and a folder without Milvus.
    assert move_index(tmp_path, address) == ""
    with closing(open_library(tmp_path, encoder=ENCODER)) as library:
        assert collection(library).name != name
        assert found(library) == expected
        connection, base = index_of(library)._opened.connection, collection(library).name.rpartition("_")[0]
        assert collections(connection, base) != collections(connection, name.rpartition("_")[0]) == []
        assert move_index(tmp_path, FILES) == ""
        assert collections(connection, base) == []
        with pytest.raises(LibraryError, match=r"has another index by now: restart this Pullquote"):
            found(library)
    with closing(open_library(tmp_path, encoder=ENCODER)) as library:
        assert (remembered(library), pending(library)) == ("", set())
        assert found(library) == expected
    assert move_index(tmp_path, FILES) == ""
    with closing(open_library(tmp_path, encoder=ENCODER)) as library:
        assert found(library) == expected
        assert expected == {"b.txt", "c.txt", "d.txt"}
    assert ENCODER.embedded == embedded


def test_an_index_moves_from_a_server_that_is_gone(
    library: Library, place: LibraryAddress, address: str
) -> None:
    fill(library)
    with library.database.writing(counted=False) as db:
        db.execute("UPDATE library SET index_address = ?", (GONE,))
    name = collection(library).name.rpartition("_")[0]
    with pytest.raises(LibraryAwayError, match=r"127\.0\.0\.1:9"):
        move_index(place, GONE)
    left = move_index(place, address)
    assert f"if Milvus at {GONE} still runs, drop its collections {name}_*" in left
    with closing(open_library(place, encoder=ENCODER)) as moved:
        assert remembered(moved) == address
        assert found(moved) == {"a.txt", "b.txt", "c.txt"}


@pytest.mark.day
def test_a_kill_leaves_the_former_index(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.storage.milvus.follower.AT_ONCE", 4)
    with closing(open_library(tmp_path, encoder=ENCODER)) as library:
        fill(library)
        expected = found(library)
    for call in range(20):
        with monkeypatch.context() as patch:
            dies_at(call, patch)
            try:
                move_index(tmp_path, address)
                died = False
            except Killed:
                died = True
        with closing(open_library(tmp_path, encoder=ENCODER)) as library:
            assert remembered(library) == ("" if died else address)
            assert found(library) == expected
        if not died:
            break
    assert (died, call > 1) == (False, True)


def test_what_others_change_while_an_index_moves_is_in_the_new_index(
    library: Library, place: LibraryAddress, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(library)
    upsert, calls = Connection.upsert, iter(range(1_000))

    def late(connection: Connection, name: str, rows: list[Any]) -> None:
        if next(calls) == 0:  # the rows were read, and are not written yet
            library.put_in_collection(["a.txt"], "C")
            library.remove(["b.txt"])
            put(library, document("/d.txt", "The d sleeps.", "d.txt"))
            while pending(library):
                index_of(library)._follower.follow()
        upsert(connection, name, rows)

    monkeypatch.setattr(Connection, "upsert", late)
    move_index(place, address)
    # A process that has the former index neither answers nor takes changes from the outbox.
    with pytest.raises(LibraryError, match="has another index by now: restart"):
        found(library)
    put(library, document("/e.txt", "The e sleeps.", "e.txt"))
    with pytest.raises(LibraryError, match="has another index by now: restart"):
        library.save()
    assert pending(library)
    with closing(open_library(place, encoder=ENCODER)) as moved:
        assert found(moved) == {"a.txt", "c.txt", "d.txt", "e.txt"}
        assert found(moved, collection="c") == {"a.txt"}
        moved.save()
        assert set(collection(moved).keys().tolist()) == keys(moved)


@pytest.mark.day
@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_library_on_postgresql_has_no_index_in_files(library: Library, place: LibraryAddress) -> None:
    with pytest.raises(InputError, match="needs an index on Milvus"):
        move_index(place, FILES)
    assert remembered(library)


@pytest.mark.day
@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_an_index_that_is_complete_waits_for_long_writers(
    library: Library, place: LibraryAddress, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(library)
    monkeypatch.setattr("qa.storage.postgresql.database.LOCK_SECONDS", 1)
    writes = threading.Event()

    def write() -> None:
        with library.database.writing(names=["a place"]):
            writes.set()
            time.sleep(4)

    keys_of = Collection.keys

    def then_another_writes(one: Collection) -> Any:
        kept = keys_of(one)
        if len(kept) and not writes.is_set():
            threading.Thread(target=write).start()
            writes.wait()
        return kept

    monkeypatch.setattr(Collection, "keys", then_another_writes)
    assert move_index(place, address) == ""
    assert writes.is_set()
    with closing(open_library(place, encoder=ENCODER)) as moved:
        assert found(moved) == {"a.txt", "b.txt", "c.txt"}
