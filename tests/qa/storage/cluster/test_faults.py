"""A writer that dies at any call, and Milvus that is away: nothing is lost, and nothing is half there."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from io import BytesIO
from itertools import cycle, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from qa.storage.cluster import lease, texts
from qa.storage.cluster import state as states
from qa.storage.cluster.address import TOKEN_FILE, Address
from qa.storage.cluster.connection import Connection
from qa.storage.cluster.library import ClusterLibrary
from qa.storage.cluster.stems import Stemmer
from qa.storage.cluster.texts import PART

from qa.errors import InputError, LibraryAwayError, LibraryError, MissingExtraError
from qa.places import ClusterAddress
from qa.schema import UPLOAD, Progress
from qa.web.engine import Engine
from tests.qa.storage.intake_contract import ENCODER, document, embedded, put, read
from tests.qa.tiny import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

WRITES = ("upsert", "delete", "delete_in")


class Killed(BaseException):
    """The process is gone: nothing that it would still do is done."""


def dies_at(library: ClusterLibrary, call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the library's process die before its nth write."""
    left = [call]

    def dying(do: Callable[..., None]) -> Callable[..., None]:
        def write(*arguments: Any) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            do(*arguments)

        return write

    for name in WRITES:
        monkeypatch.setattr(library.connection, name, dying(getattr(library.connection, name)))


def state_of(library: ClusterLibrary) -> tuple[Any, ...]:
    held = library.read([document_id for document_id, _ in library.hashes()])
    found = library.matching([["sleeps", "word1"]], 50, library.select())[0]
    near = library.nearest(library.encode_queries(["sleeps"]), 50, library.select())[0]
    for document_id, (held_now, passages) in held.items():
        assert "".join(held_now.text[each.start : each.end] for each in passages) == held_now.text
        hits = {hit.key for hit, _ in near if hit.document_id == document_id}
        assert hits == {each.key for each in passages}
    texts = {document_id: held_now.text for document_id, (held_now, _) in held.items()}
    assert {hit.document_id for hit, _ in found} == (set(texts) if library.connection.has_words else set())
    return library.count(), texts, [each.document_id for each in library.removed()]


def put_back(library: ClusterLibrary) -> None:
    for document_id in ("a.txt", "b.txt"):
        _, held = library.restorable(document_id)
        library.restore(held, embedded(held))


@pytest.mark.slow
def test_a_writer_that_dies_at_any_write_leaves_all_or_nothing(
    address: Address, cluster: ClusterLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.storage.cluster.session.PENDING", 0.1)
    put(cluster, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    put(cluster, document("/b.txt", "The griffin sleeps.", "b.txt"))
    cluster.session.lease.give()
    put_new = "The unicorn sleeps. " + words(1, 300)
    several = [
        document("/a.txt", put_new, "a.txt"),
        *(document(f"/{name}.txt", f"The {name} sleeps.", f"{name}.txt") for name in "cde"),
    ]

    def put_several(library: ClusterLibrary) -> None:
        with library.one_change(map(read, several)):
            for each in several:
                put(library, each)
            library.prune(library.places_in("/b.txt"))

    def put_before(library: ClusterLibrary) -> None:
        put(library, document("/a.txt", "The unicorn sleeps.", "a.txt"))

    def put_all_before(library: ClusterLibrary) -> None:
        put_before(library)
        library.purge(["b.txt", *(f"{name}.txt" for name in "cde")])
        put(library, document("/b.txt", "The griffin sleeps.", "b.txt"))

    one = {"a.txt": put_new, "b.txt": "The griffin sleeps."}
    changes: list[tuple[Callable[[ClusterLibrary], object], Callable[[ClusterLibrary], object], Any]] = [
        (lambda library: put(library, several[0]), put_before, (one, [])),
        (lambda library: library.remove(["a.txt", "b.txt"]), put_back, ({}, ["b.txt", "a.txt"])),
        (put_several, put_all_before, ({each.id: each.text for each in several}, ["b.txt"])),
    ]
    outcomes = set()
    for change, back, becomes in changes:
        for call in range(40):
            with closing(ClusterLibrary(address, tmp_path / "desk", encoder=ENCODER)) as library:
                before = state_of(library)
                with monkeypatch.context() as patch:
                    dies_at(library, call, patch)
                    try:
                        change(library)
                        died = False
                    except Killed:
                        died = True
                    with suppress(Killed):
                        library.session.lease.give()
                library.session.lease._number = 0
                # A minute later, whoever waits takes the turn of one who has died away.
                library.connection.delete(library.session.collections.leases, 'key != ""')
            with closing(ClusterLibrary(address, tmp_path / "desk", encoder=ENCODER)) as library:
                now = state_of(library)
                done = now != before
                outcomes.add((died, done))
                assert died or done  # what was acknowledged is there
                if done:
                    assert now[1:] == becomes
                    back(library)
                    assert state_of(library)[0] == before[0]
            if not died:
                break
        else:
            pytest.fail("it never came to an end")
    assert outcomes == {(True, False), (True, True), (False, True)}


def test_a_purge_that_is_not_committed_leaves_the_uploaded_file(
    cluster: ClusterLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.keep_upload("a.txt", BytesIO(b"The unicorn sleeps."))
    put(cluster, document(f"{UPLOAD}a.txt", "The unicorn sleeps.", "a.txt"))
    with monkeypatch.context() as patch:
        dies_at(cluster, 0, patch)
        with pytest.raises(Killed):
            cluster.purge(["a.txt"])
    assert cluster.original("a.txt").path.read_bytes() == b"The unicorn sleeps."
    cluster.purge(["a.txt"])
    with monkeypatch.context() as patch:
        patch.setattr("qa.storage.records.uploads.sweep", _full)
        with pytest.raises(LibraryError, match="no space"):
            cluster.forget_unused_uploads()
    cluster.forget_unused_uploads()
    assert cluster.uploads() == ()


def _full(*_: object) -> None:
    raise LibraryError("no space")


def test_what_is_put_together_is_seen_by_others_at_its_end_and_takes_few_calls(
    address: Address, cluster: ClusterLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def counted(name: str, do: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, **named: [calls.append(name), do(*given, **named)][1]  # type: ignore[func-returns-value]

    new = [document(f"/{n}.txt", f"Text {n}. " + words(n, 300), f"{n}.txt") for n in range(32)]
    put(cluster, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    with closing(ClusterLibrary(address, tmp_path / "another desk", read_only=True)) as other:
        before = other.generation, other.count()
        for name in ("query", "get", "upsert", "delete"):
            monkeypatch.setattr(
                cluster.connection.milvus, name, counted(name, getattr(cluster.connection.milvus, name))
            )
        with cluster.one_change(map(read, new)):
            for each in new:
                put(cluster, each)
            assert (other.generation, other.count()) == before
            assert "upsert" not in calls
        assert other.count().documents == 33
    assert len(calls) <= len(new)


def test_a_search_that_is_overtaken_by_each_change_is_an_error_and_finds_not_nothing(
    cluster: ClusterLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cluster, document("/a.txt", "Tanks were sold."))
    search, done = cluster.connection.search, []

    def overtaken(*arguments: Any) -> Any:
        found = search(*arguments)
        done.append(found)
        put(cluster, document("/a.txt", f"Tanks were sold to {len(done)}."))
        return found

    monkeypatch.setattr("qa.storage.cluster.questions.ATTEMPTS", 2)
    with monkeypatch.context() as patched:
        patched.setattr(cluster.connection, "search", overtaken)
        with pytest.raises(LibraryError, match="is changing all the time: try again in a moment"):
            cluster.nearest(cluster.encode_queries(["tanks"]), 5, cluster.select())
    assert len(done) == 2
    assert cluster.nearest(cluster.encode_queries(["tanks"]), 5, cluster.select())[0]


def test_a_server_that_indexes_is_waited_for_as_long_as_it_goes_on(
    cluster: ClusterLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cluster, document("/a.txt", words(1, 3_000)))
    passages = cluster.count().passages
    monkeypatch.setattr(cluster.session, "address", Address.parse("milvus://127.0.0.1:19530/indexing"))
    for name, seconds in {"_GLANCE": 0.02, "LONGEST_STILL": 0.1, "SLOWEST": 10.0}.items():
        monkeypatch.setattr(f"qa.storage.cluster.vectors.{name}", seconds)

    def look_at(counts: Iterable[int]) -> None:
        left = iter(counts)
        monkeypatch.setattr("qa.storage.cluster.schema.not_indexed", lambda *_: next(left))

    told: list[Progress] = []
    look_at([3, 2, 1, 2, 1] * 4 + [0])
    cluster.save(told.append)
    assert [each.done for each in told] == [*[passages - each for each in [3, 2, 1, 2, 1] * 4], passages]
    assert {(each.stage, each.total) for each in told} == {("index", passages)}
    look_at(repeat(3))
    with pytest.raises(LibraryError, match="has stopped indexing"):
        cluster.save()
    monkeypatch.setattr("qa.storage.cluster.vectors.SLOWEST", 0.0)
    look_at(cycle([3, 2]))
    with pytest.raises(LibraryError, match="has stopped indexing"):
        cluster.save()


def test_a_state_that_a_server_does_not_show_yet_is_read_strongly(
    cluster: ClusterLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, collections = cluster.connection, cluster.session.collections
    get, levels = connection.get, []

    def get_late(collection: str, *arguments: Any, strong: bool) -> Any:
        levels.append(connection._level(collection, strong=strong).get("consistency_level"))
        return get(collection, *arguments, strong=strong) if len(levels) > 1 else []

    monkeypatch.setattr(connection, "get", get_late)
    assert states.read(connection, collections) == cluster.session.committed_state()
    assert levels[:2] == [None, "Strong"]


class TwoWriters:
    """Two writers, and in which order they had their turns: `first` has its own until it gives it."""

    def __init__(self, cluster: ClusterLibrary) -> None:
        self.first, self.next = (
            lease.Lease(cluster.connection, cluster.session.collections.leases) for _ in range(2)
        )
        self.order: list[str] = []

    def wait(self) -> None:
        with self.next.held():
            self.order.append("the next")

    @contextmanager
    def check(self) -> Iterator[None]:
        with self.first.held():
            yield
            thread = threading.Thread(target=self.wait)
            thread.start()
            time.sleep(1)
            self.order.append("the first")
        self.first.give()
        thread.join(10)
        assert self.order == ["the first", "the next"]
        self.next.give()


@pytest.mark.parametrize("name", ["query", "upsert"])
def test_who_was_broken_off_while_waiting_for_a_turn_waits_again(
    cluster: ClusterLibrary, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    writers = TwoWriters(cluster)
    do, left = getattr(cluster.connection, name), [1]

    def away(*arguments: Any, **options: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise LibraryAwayError("away")
        return do(*arguments, **options)

    with writers.check(), monkeypatch.context() as patched:
        patched.setattr(cluster.connection, name, away)
        with pytest.raises(LibraryAwayError):
            writers.wait()


def test_a_row_that_is_missing_while_it_is_written_anew_costs_nobody_the_turn(
    cluster: ClusterLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    writers = TwoWriters(cluster)
    writers.next._name = "0"  # of two with the same number, its turn would be first
    query, calls = cluster.connection.query, []

    def missing(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        return [] if len(calls) == 1 else query(*arguments, **options)

    with writers.check():
        monkeypatch.setattr(cluster.connection, "query", missing)


def test_a_turn_lasts_as_long_as_a_change_takes(
    cluster: ClusterLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("LEASE", 1.0), ("SECONDS", 0.1), ("IDLE", 0.1)):
        monkeypatch.setattr(lease, name, seconds)
    slow, waiting = (lease.Lease(cluster.connection, cluster.session.collections.leases) for _ in range(2))
    order = []

    def wait() -> None:
        with waiting.held():
            order.append("the next")

    with slow.held():
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(2.5)
        slow.keep()
        order.append("the first")
    slow.give()
    thread.join(10)
    assert order == ["the first", "the next"]


def test_a_text_longer_than_a_field_is_whole_and_a_damaged_one_is_no_text(
    cluster: ClusterLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "PARTS_AT_ONCE", 2)
    long = "".join(f"Sentence {number} has a “quote”, 북한 and €. " for number in range(8_000))
    assert len(long.encode()) > 4 * PART
    put(cluster, document("/long.txt", long, "long.txt"))
    assert cluster.document("long.txt").text == long
    sha256 = cluster.document("long.txt").sha256
    cluster.connection.delete(cluster.session.collections.texts, f'key == "{sha256}:1"')
    for read_whole in (cluster.document, cluster.document_and_passages):
        with pytest.raises(LibraryError, match=r", which came from /long\.txt, is incomplete"):
            read_whole("long.txt")


def test_two_who_write_take_turns(
    address: Address, cluster: ClusterLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "IDLE", 0.1)
    with closing(ClusterLibrary(address, tmp_path / "another desk", encoder=ENCODER)) as other:
        for number in range(3):
            for library in (cluster, other):
                put(library, document(f"/{number}.{library is other}", f"Text {number} {library is other}."))
    ids = [document_id for document_id, _ in cluster.hashes()]
    assert len(ids) == len(set(ids)) == cluster.count().documents == 6


def test_the_turn_of_one_who_has_died_is_taken_away(
    cluster: ClusterLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LEASE", 1.0)
    monkeypatch.setattr(lease, "SECONDS", 0.1)
    dead, waiting = (lease.Lease(cluster.connection, cluster.session.collections.leases) for _ in range(2))
    with dead.held():
        begun = time.monotonic()
        with waiting.held():
            assert time.monotonic() - begun > 0.9
        with pytest.raises(LibraryError, match="try again"):
            dead.keep()


def test_a_server_that_is_away_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.storage.cluster.connection.CONNECT_SECONDS", 0.5)
    with pytest.raises(
        LibraryAwayError, match=r"Milvus at milvus://127.0.0.1:9/x .*check that it runs"
    ) as away:
        ClusterLibrary(Address.parse("milvus://127.0.0.1:9/x"), tmp_path)
    assert "127.0.0.1:9:" in str(away.value).partition("(")[2]
    # A visitor is told that, and not where it is.
    shown = Engine(ClusterAddress("milvus://127.0.0.1:9/x", tmp_path), Path()).public(str(away.value))
    assert shown.startswith("Milvus at its address did not answer in time: check that it runs")
    assert "127.0.0.1" not in shown


@pytest.mark.parametrize(
    ("text", "uri", "name"),
    [
        ("milvus://host:19530/news", "http://host:19530", "news"),
        ("milvus+tls://host/n", "https://host:19530", "n"),
        ("milvus://[::1]:1", "http://[::1]:1", "pullquote"),
        ("milvus:///folder/a library.db", "/folder/a library.db", "pullquote"),
        ("milvus:///folder/file.db/news", "/folder/file.db", "news"),
        ("milvus:///me@home/what?.db", "/me@home/what?.db", "pullquote"),
    ],
)
def test_an_address_says_where_and_by_what_name(text: str, uri: str, name: str) -> None:
    address = Address.parse(text)
    assert (address.uri, address.name) == (uri, name)


@pytest.mark.parametrize(
    "text", ["milvus://", "milvus://host/a-b", "milvus:///file", "milvus://host:x/y", "milvus://u:p@host/x"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Address.parse(text)


@pytest.mark.parametrize(
    "text",
    ["milvus://u:hidden@h/n", "milvus://u:a/hidden@h:1/n", "milvus+tls://u:a#hidden@h/n",
     "milvus:u:hidden@h/n", "milvus://h:1/n?token=hidden"],
)  # fmt: skip
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InputError, match="may not have a password") as raised:
        Address.parse(text)
    assert "hidden" not in str(raised.value)


def test_a_token_is_read_from_a_file_and_is_in_no_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("user:secret\n")
    monkeypatch.setenv(TOKEN_FILE, str(tmp_path / "token"))
    assert Address.parse("milvus://host/x").options() == {"token": "user:secret"}
    monkeypatch.setenv(TOKEN_FILE, str(tmp_path / "none"))
    with pytest.raises(InputError, match=TOKEN_FILE):
        Address.parse("milvus://host/x").options()


def test_stems_are_in_letters_that_no_analyzer_takes_apart() -> None:
    with closing(Stemmer()) as stemmer:
        (stems, none) = stemmer.written(["Smuggled coppers: 북한 cafés", ""])
    assert stems[:2] == ["asmuggl", "acopper"]
    assert all(each.isascii() and each.isalnum() for each in stems)
    assert none == []


def test_a_connection_is_refused_where_the_file_is_none(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="there is no library"):
        Connection(Address.parse(f"milvus://{tmp_path}/none.db"), create=False)


@pytest.mark.skipif(os.name != "posix", reason="modes of files are of POSIX")
def test_a_file_is_its_users_alone(address: Address, cluster: ClusterLibrary) -> None:
    if not address.lite:
        pytest.skip("a server has no file here")
    assert stat.S_IMODE(Path(address.uri).stat().st_mode) == 0o700
    assert cluster.count().documents == 0


def test_a_missing_extra_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pullquote\[cluster\]'"):
        ClusterLibrary(Address.parse(f"milvus://{tmp_path}/x.db"), tmp_path)


def test_nothing_of_it_is_imported_where_a_library_lies_in_a_folder() -> None:
    code = "import sys, qa.cli, qa.corpus; print({'pymilvus', 'milvus_lite', 'grpc'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_a_machine_that_slept_through_its_turn_writes_nothing(
    cluster: ClusterLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cluster, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    before = state_of(cluster)
    awake, slept = lease._now, [0.0]
    monkeypatch.setattr(lease, "_now", lambda: awake() + slept[0])

    def put_and_sleep() -> None:
        with cluster.one_change():
            put(cluster, document("/b.txt", "The unicorn wakes.", "b.txt"))
            slept[0] = 2 * lease.LEASE

    with pytest.raises(LibraryError, match="another Pullquote may now write"):
        put_and_sleep()
    assert state_of(cluster) == before


def test_a_change_that_a_server_shows_in_part_is_asked_for_again(
    cluster: ClusterLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    read_strongly = cluster.connection.read_strongly
    monkeypatch.setattr(cluster.connection, "read_strongly", lambda: [asked.append(True), read_strongly()])
    reads_strongly = property(lambda _: bool(asked))
    monkeypatch.setattr(Connection, "reads_strongly", reads_strongly)
    put(cluster, document("/a.txt", "The unicorn sleeps.", "a.txt"))
    query = cluster.encode_queries(["unicorn"])
    assert [hit.document_id for hit, _ in cluster.nearest(query, 5, cluster.select())[0]] == ["a.txt"]
    assert asked == []
    name = cluster.session.collections.documents
    (row,) = cluster.connection.query(name, 'id == "a.txt"', ("*",))
    cluster.connection.upsert(name, [row | {"edition": row["edition"] + 1}])
    cluster.nearest(query, 5, cluster.select())
    assert asked == [True]
