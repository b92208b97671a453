"""The records on PostgreSQL: writers at the same time, changes of several writes, refusals and erasure."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import Pipeline

from qa.errors import ConflictError, InputError, LibraryError, LibraryNotFoundError
from qa.schema import DocumentQuery
from qa.storage.postgresql import database as engine
from qa.storage.postgresql.address import PostgresAddress
from qa.storage.postgresql.database import SharedDatabase
from qa.storage.postgresql.records import PostgresDatabase
from qa.storage.postgresql.tables import LAYOUT, NAMES
from qa.storage.records import near_duplicates
from qa.storage.records import store as records
from qa.storage.records.store import Store
from tests.postgresql import POOLER
from tests.processes import copied_process
from tests.qa.desk.on_server import corpus_on_server
from tests.qa.storage.contract import BRIEF, text
from tests.qa.storage.intake_contract import document, embedded, put, read
from tests.qa.tiny import words
from tests.qa.tiny import write as file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from qa.schema import Document, Progress
    from qa.storage.postgresql.dialect import Session
    from qa.storage.statements import Statements
    from tests.postgresql import Server

WRITERS, DOCUMENTS = 4, 24
# The server's settings for probes of a silent connection, and the same options of the client's socket.
_PROBES = {
    "tcp_keepalives_idle": socket.TCP_KEEPIDLE,
    "tcp_keepalives_interval": socket.TCP_KEEPINTVL,
    "tcp_keepalives_count": socket.TCP_KEEPCNT,
}


@pytest.fixture
def store(database: PostgresDatabase) -> Store:
    return Store(database)


def mixed(folder: Path, count: int = DOCUMENTS) -> list[Document]:
    """Documents of the files of a folder: some have the same words, and each third is a record."""
    folder.mkdir(exist_ok=True)
    documents = []
    for at in range(count):
        path = folder / f"{at}.txt"
        path.touch()
        kind = "jsonl" if at % 3 == 0 else "text"
        content = f"Text {at // 2}. {words(at // 2, 60)}"
        documents.append(document(path, content, f"{at}.txt", format=kind, source_sha256=content[:9]))
    return documents


def write(
    address: str, folder: Path, number: int, documents: Sequence[Document], problems: list[str]
) -> None:
    """Put documents in changes of six, beginning at another document than other writers."""
    try:
        with closing(Store(PostgresDatabase(address, folder))) as store:
            turned = [*documents[number * 5 :], *documents[: number * 5]]
            for start in range(0, len(turned), 6):
                group = [read(each) for each in turned[start : start + 6]]
                with store.one_change(group):
                    for each in group:
                        store.put(each, embedded(each.document))
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}")


def write_in_process(address: str, folder: Path, number: int) -> None:
    problems: list[str] = []
    write(address, folder, number, mixed(folder.parent / "in"), problems)
    if problems:
        raise SystemExit(problems[0])


def same_as_one_writer(address: str, folder: Path, documents: Sequence[Document]) -> None:
    """Compare the library with what one writer leaves: the places, texts, passages, words and vectors."""
    with closing(Store(PostgresDatabase(address, folder))) as store:
        places = [(at.path, at.part) for at in store.places_in(str(folder.parent / "in"), folder=True)]
        assert places == sorted((each.path, "") for each in documents)
        texts = {each.text for each in documents}
        held = [store.document(info.id) for info in store.documents()]
        records = [each for each in documents if each.format == "jsonl"]
        assert {each.text for each in held} == texts
        assert len(held) == len(records) + len({each.text for each in documents if each.format == "text"})
        for each in held:
            passages = store.passages_of(each.id)
            assert "".join(each.text[at.start : at.end] for at in passages) == each.text
            assert store.document(each.id).sha256 == each.sha256
        with store.database.reading() as db:
            (passages,) = db.execute("SELECT count(*) FROM passages").fetchone()
            for table in ("words", "vectors"):
                assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (passages,)  # noqa: S608
            assert db.execute("SELECT count(*) FROM encodings").fetchone() == (1,)


def test_threads_that_put_the_same_files_at_once_lose_nothing(address: str, tmp_path: Path) -> None:
    documents = mixed(tmp_path / "in")
    problems: list[str] = []
    threads = [
        threading.Thread(target=write, args=(address, tmp_path / str(number), number, documents, problems))
        for number in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    same_as_one_writer(address, tmp_path / "all", documents)


@pytest.mark.skipif(not POOLER, reason="there is no PgBouncer (Debian: apt install pgbouncer)")
def test_a_pooler_may_give_each_transaction_another_session(postgresql: Server, tmp_path: Path) -> None:
    with postgresql.pooled(sessions=2) as address:
        test_threads_that_put_the_same_files_at_once_lose_nothing(f"{address}?schema=pooled", tmp_path)
        assert plans(f"{address}?schema=pooled", tmp_path) == 0


def test_a_server_keeps_the_plans_of_a_change(address: str, tmp_path: Path) -> None:
    assert plans(address, tmp_path) > 0


def plans(address: str, folder: Path) -> int:
    """Make a change of several documents. Return the number of plans that its session keeps."""
    with closing(Store(PostgresDatabase(address, folder))) as store:
        for at in range(4):
            put(store, text(f"planned {at}", f"{words(at)}"))
        with store.database.writing() as db:
            (count,) = db.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    return int(count)


def test_processes_that_put_the_same_files_at_once_lose_nothing(address: str, tmp_path: Path) -> None:
    processes = [
        copied_process(write_in_process, address, tmp_path / str(number), number) for number in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    same_as_one_writer(address, tmp_path / "all", mixed(tmp_path / "in"))


def test_only_this_thread_sees_a_change_before_its_end(store: Store, address: str, tmp_path: Path) -> None:
    one, two = text("one", "First."), text("two", "Second.")
    with closing(Store(PostgresDatabase(address, tmp_path / "other"))) as other:
        generation = store.generation
        with store.one_change([read(one), read(two)]) as is_at_once:
            put(store, one)
            put(store, two)
            assert not is_at_once
            assert store.count().documents == 2
            assert other.count().documents == 0
        assert other.count().documents == 2
        assert store.generation == generation + 1


def test_what_was_written_before_a_failure_in_a_change_is_committed(store: Store) -> None:
    one, two = text("one", "First."), text("two", "Sec\0nd.")

    def change() -> None:
        with store.one_change([read(one), read(two)]):
            put(store, one)
            put(store, two)

    with pytest.raises(InputError, match="NUL"):
        change()
    assert [info.id for info in store.documents()] == ["one"]
    put(store, replace(two, text="Second."))
    assert store.count().documents == 2


def test_near_duplicates_that_are_put_in_at_the_same_moment_are_found(
    store: Store, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = words(1)
    one, two, three = (
        text(name, story[: len(story) * part // 10]) for name, part in (("one", 6), ("two", 8), ("three", 10))
    )
    with closing(Store(PostgresDatabase(address, tmp_path / "other"))) as other:
        put(store, BRIEF)
        with store.one_change([read(one)]), other.one_change([read(two)]):
            put(store, one)
            put(other, two)
        assert [list(store.copies([name])[name]) for name in ("one", "two")] == [["two"], ["one"]]
        generation = store.generation
        # A writer that dies after its commit compares nothing. The next writer does it.
        monkeypatch.setattr(other.database, "_find_copies", lambda: None)
        put(other, three)
        assert store.copies(["three"]) == {}
        put(store, text("four", "Another text."))
        assert sorted(store.copies(["three"])["three"]) == ["one", "two"]
        assert store.generation == generation + 3  # a cached answer may not have had the copies


def test_each_counted_commit_calls_the_hook(store: Store) -> None:
    calls: list[int] = []
    store.database.after_commit = lambda: calls.append(store.generation)
    put(store, BRIEF)
    put(store, BRIEF)
    with store.one_change():
        put(store, text("two", "Second."))
        put(store, text("three", "Third."))
    store.put_files([], {})
    assert calls == [1, 2]


def test_a_library_that_is_not_there_is_not_made_by_a_reader(address: str, tmp_path: Path) -> None:
    for options in ({"create": False}, {"read_only": True}):
        with pytest.raises(LibraryNotFoundError, match="pullquote index"):
            PostgresDatabase(address, tmp_path, **options)
    with closing(PostgresDatabase(address, tmp_path)):
        pass
    with closing(Store(PostgresDatabase(address, tmp_path, read_only=True))) as store:
        assert store.count().documents == 0
        with pytest.raises(LibraryError, match="only for reading"):
            put(store, BRIEF)


def test_a_library_of_another_version_is_refused(address: str, tmp_path: Path, postgresql: Server) -> None:
    with closing(PostgresDatabase(address, tmp_path)):
        pass
    schema = address.partition("schema=")[2]
    postgresql.sql(f"UPDATE {schema}.layouts SET version = 3 WHERE part = 'records'")  # noqa: S608
    message = rf"earlier Pullquote \(schema 3.*{LAYOUT.schema}\).*index again.*schema=NAME"
    with pytest.raises(LibraryError, match=message):
        PostgresDatabase(address, tmp_path)


def test_no_word_of_a_purged_document_stays_on_the_server(
    store: Store, address: str, postgresql: Server
) -> None:
    secret = "The vyzzogeton was seen. " + words(1, 80)
    put(store, document("/in/secret.txt", secret, "secret.txt", source_sha256="ab" * 32))
    put(store, document("/in/other.txt", words(1, 80), "other.txt"))
    schema = address.partition("schema=")[2]
    postgresql.sql("ANALYZE")
    store.purge(["secret.txt"])
    store.scrub()
    postgresql.sql("CHECKPOINT")
    data = postgresql.data / "base"
    held = [path for path in data.rglob("*") if path.is_file() and b"vyzzogeton" in path.read_bytes()]
    assert [postgresql.sql(f"SELECT pg_filenode_relation(0, {path.name})") for path in held] == []
    samples = (
        f"SELECT count(*) FROM pg_stats WHERE schemaname = '{schema}' "  # noqa: S608
        "AND concat(histogram_bounds, most_common_vals, most_common_elems) ~ '[a-z]'"
    )
    assert postgresql.sql(samples) == "0"


def test_lists_find_words_by_an_index_of_trigrams(store: Store, address: str, postgresql: Server) -> None:
    trigrams = f"schemaname = '{address.partition('schema=')[2]}' AND indexdef LIKE '%trgm%'"
    assert store.find_documents(DocumentQuery(words="none")).documents == ()
    assert postgresql.sql(f"SELECT count(*) FROM pg_indexes WHERE {trigrams}") == "1"  # noqa: S608


def test_the_server_folds_the_case_of_letters_as_python_does(store: Store) -> None:
    with store.database.reading() as db:
        for character in map(chr, [*range(1, 0x2FF), 0x1E9E, 0xFB03, 0x10D0, 0x13A0, 0x10400]):
            word = f"a{character}B"
            assert db.execute("SELECT casefold(?)", (word,)).fetchone() == (word.casefold(),)


def test_a_word_that_the_server_cannot_hold_whole_is_found(store: Store) -> None:
    long = "x" * 5_000
    put(store, text("long", f"It says {long} and 'quoted' \\ words " + "again " * 400))
    selection = store.select()
    assert [at.document_id for at in store.phrase(long, selection).places] == ["long"]
    assert [at.document_id for at in store.phrase("quoted", selection).places] == ["long"]
    assert store.holds("quoted words again")


def test_a_new_document_of_a_change_takes_four_round_trips(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [text(f"{number}", f"Number {number}. {words(number, 60)}") for number in range(9)]
    put(store, documents.pop())
    assert store.count().documents == 1  # from now on it is known that there are tables
    trips = []

    def sync(pipeline: Pipeline) -> None:
        trips.append(pipeline)
        wait(pipeline)

    wait = Pipeline.sync
    monkeypatch.setattr(Pipeline, "sync", sync)
    reads = [read(each) for each in documents]
    store.known_documents(reads)
    assert len(trips) <= 3
    with store.one_change(reads):
        for each in reads:
            store.put(each, embedded(each.document))
    assert len(trips) <= 3 + 4 * len(reads) + 15
    assert store.count().documents == 9


def test_the_documents_of_a_change_are_compared_in_few_round_trips(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips: list[Pipeline] = []
    wait, compare = Pipeline.sync, near_duplicates.compare_noted

    def sync(pipeline: Pipeline) -> None:
        trips.append(pipeline)
        wait(pipeline)

    def compare_and_count(db: Statements) -> bool:
        trips.clear()
        is_found = compare(db)
        counts.append(len(trips))
        return is_found

    monkeypatch.setattr(Pipeline, "sync", sync)
    monkeypatch.setattr(near_duplicates, "compare_noted", compare_and_count)
    counts: list[int] = []
    stories = [words(at) for at in range(20)]
    for at, story in enumerate(stories):
        put(store, text(f"{at}", story))
    copies = [text(f"copy of {at}", story[: len(story) * 4 // 5]) for at, story in enumerate(stories)]
    with store.one_change(map(read, copies)):
        for each in copies:
            put(store, each)
    assert {name: list(found) for name, found in store.copies(each.id for each in copies).items()} == {
        f"copy of {at}": [f"{at}"] for at in range(20)
    }
    assert counts[-1] <= counts[0] + 3


def test_an_insert_of_many_rows_does_the_same_as_inserts_of_one_row(store: Store) -> None:
    insert = "INSERT INTO read_as (path, date_order, columns) VALUES (?, lower(?), ?)"
    rows = [("100 %", "É", "''"), ("a\\b{}", "DMY", 'a "b", c'), ("NULL", "", "NULL")]
    with store.database.writing(counted=False) as db:
        db.executemany(insert, rows)
        assert db.execute("SELECT * FROM read_as ORDER BY path").fetchall() == [
            ("100 %", "É", "''"),
            ("NULL", "", "NULL"),
            ("a\\b{}", "dmy", 'a "b", c'),
        ]
        db.executemany(
            insert + " ON CONFLICT DO NOTHING", [("NULL", "", ""), ("new", "", ""), ("new", "", "")]
        )
        db.executemany("INSERT INTO erasing (one, cited) VALUES (?, ?)", [(1, "x"), (None, "y")])
        db.executemany("INSERT INTO erasing (one, cited) VALUES (?, ?)", [])
        assert db.execute("SELECT count(*) FROM read_as").fetchone() == (4,)
        assert db.execute("SELECT one, cited FROM erasing ORDER BY cited").fetchall() == [
            (1, "x"),
            (None, "y"),
        ]


def test_an_error_of_a_statement_undoes_only_its_part(store: Store) -> None:
    def fail() -> None:
        with store.database.writing() as db:
            db.execute("UPDATE documents SET title = 'other'")
            db.execute("INSERT INTO library (one) VALUES (1)")  # its error comes with the next result
            db.execute("UPDATE documents SET title = 'third'")

    with store.database.one_change():
        put(store, text("one", "First."))
        with pytest.raises(ConflictError, match="try again"):
            fail()
        put(store, text("two", "Second."))
    assert [(info.id, info.title) for info in store.documents()] == [("one", ""), ("two", "")]


def test_a_failure_before_a_part_is_sent_undoes_only_this_part(store: Store) -> None:
    put(store, text("one", "First."))
    generation = store.generation
    with store.database.one_change():
        with store.database.writing() as db:
            db.execute("INSERT INTO spellings (key, folded, spelling) VALUES ('one', 'one', 'One')")
        with pytest.raises(RuntimeError, match="before a statement"), store.database.writing():
            raise RuntimeError("before a statement")
    with store.database.reading() as db:
        assert ("One",) in db.execute("SELECT spelling FROM spellings").fetchall()
    assert store.generation == generation + 1


def test_a_part_that_fails_undoes_the_parts_in_it(store: Store) -> None:
    def fail_in_part() -> None:
        with store.database.writing() as db:
            db.execute("UPDATE documents SET title = 'inner'")
            db.execute("SELECT 1").fetchall()  # the savepoint is sent
            raise RuntimeError("inner")

    def fail() -> None:
        with store.database.writing() as db:
            db.execute("UPDATE documents SET title = 'outer'")
            with pytest.raises(RuntimeError, match="inner"):
                fail_in_part()
            raise RuntimeError("outer")

    put(store, text("one", "First."))
    with store.database.one_change():
        with pytest.raises(RuntimeError, match="outer"):
            fail()
        put(store, text("two", "Second."))
    assert [(info.id, info.title) for info in store.documents()] == [("one", ""), ("two", "")]


def test_a_libpq_without_pipeline_mode_is_named(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psycopg.pq.version", lambda: 130_009)
    with pytest.raises(LibraryError, match=r"needs libpq 14 or later.*libpq 13\.9: upgrade.*psycopg\[binary"):
        PostgresDatabase(address, tmp_path)


def test_who_has_the_lock_is_named_in_a_change_of_several_writes(
    store: Store, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, text("one", "First."))
    assert store.count().documents == 1
    monkeypatch.setattr("qa.storage.postgresql.database.LOCK_SECONDS", 0.3)
    two = text("two", "Second.")
    with (
        closing(Store(PostgresDatabase(address, tmp_path / "other"))) as other,
        other.database.writing(),
        pytest.raises(ConflictError, match="try again"),
        store.one_change([read(two)]),
    ):
        put(store, two)
    put(store, two)


def test_writers_go_on_after_they_gave_up_waiting_for_a_lock(
    store: Store, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LOCK_SECONDS", 1)
    for at in range(4):  # so that the server keeps plans
        put(store, text(f"first {at}", words(at)))
    with closing(Store(PostgresDatabase(address, tmp_path / "other"))) as other:
        for at, is_locked in enumerate((True, False, True, False, False), 4):
            if is_locked:
                with other.database.writing(), pytest.raises(ConflictError, match="try again"):
                    put(store, text(f"second {at}", words(at)))
            else:
                put(store, text(f"second {at}", words(at)))
    assert store.count().documents == 7


def test_a_change_after_a_failed_statement_is_not_called_committed(store: Store) -> None:
    put(store, text("one", "First."))
    with (
        pytest.raises(LibraryError, match="was undone, because one of its statements had failed"),
        store.database.writing() as db,
        suppress(Exception),
    ):
        db.execute("SELECT nothing FROM nowhere").fetchall()


def test_a_document_that_is_replaced_while_it_is_compared_is_compared_again(
    store: Store, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = words(1)
    with closing(Store(PostgresDatabase(address, tmp_path / "other"))) as other:
        put(store, text("old", story))
        writer = threading.Thread(target=put, args=(other, text("two", story[: len(story) * 9 // 10])))
        compare = near_duplicates._copies

        def late(*arguments: Any) -> Iterator[tuple[int, int, float]]:
            found = list(compare(*arguments))
            if not writer.ident:  # the other writer replaces the text that was just compared
                writer.start()
                writer.join(1)
            yield from found

        monkeypatch.setattr(near_duplicates, "_copies", late)
        put(store, text("two", "Other words of a text that is not alike, and which is replaced at once."))
        writer.join()
        assert list(store.copies(["two"])["two"]) == ["old"]


def test_a_writer_that_is_suspended_before_its_commit_does_not_hold_up_others(
    store: Store, address: str, tmp_path: Path
) -> None:
    goes_on, failures = threading.Event(), []
    with closing(Store(PostgresDatabase(address, tmp_path / "other"))) as suspended:
        shared = suspended.database.shared
        assert shared
        commit = shared._commit

        def commit_late(db: Session) -> None:
            about_to_commit.set()
            goes_on.wait(60)
            commit(db)

        def write_late() -> None:
            try:
                put(suspended, document("/a.txt", "The unicorn sleeps.", "a.txt"))
            except LibraryError as error:
                failures.append(str(error))

        about_to_commit = threading.Event()
        put(store, document("/c.txt", "The kraken sleeps.", "c.txt"))
        shared._commit = commit_late  # type: ignore[method-assign]
        writer = threading.Thread(target=write_late)
        writer.start()
        assert about_to_commit.wait(60)
        put(store, document("/b.txt", "The griffin sleeps.", "b.txt"))
        goes_on.set()
        writer.join()
    assert failures == []
    assert [info.id for info in store.documents()] == ["a.txt", "b.txt", "c.txt"]


def test_a_run_goes_on_when_another_process_was_in_the_way_of_a_document(
    address: str, inbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a.txt", "b.txt", "c.txt"]
    with corpus_on_server(address, tmp_path / "library") as corpus, ExitStack() as held:
        for name in names:
            file(inbox, name, f"The {name} sleeps.\n")
        corpus.index(inbox)
        for name in names:
            file(inbox, name, f"The {name} dreams.\n")
        shared = SharedDatabase(PostgresAddress.parse(address))
        other = held.enter_context(shared.writing(LAYOUT, ()))
        other.execute("UPDATE documents SET title = title WHERE id = 'b.txt'")
        monkeypatch.setattr(records, "ATTEMPTS", 2)
        monkeypatch.setattr(engine, "LOCK_SECONDS", 1)
        written: list[str] = []

        def end_other(progress: Progress) -> None:
            if progress.stage == "write":
                written.append(progress.name)
                held.close()

        report = corpus.index(inbox, progress=end_other)
        assert [each.status for each in report.files] == ["replaced"] * 3
        assert list(dict.fromkeys(written)) == names
        assert [corpus.store.document(name).text for name in names] == [
            f"The {name} dreams.\n" for name in names
        ]
        assert [each.status for each in corpus.index(inbox).files] == ["unchanged"] * 3
    shared.close()


def test_the_server_is_examined(store: Store) -> None:
    assert next(store.database.examine()).about == "database server"
    assert {"documents", "passages", "words", "outbox"} <= set(NAMES)
    findings = {each.about: each for each in store.database.examine()}
    assert not any(each.problem for each in findings.values() if "fsync" not in each.problem)
    assert store.file_bytes() > 0


def test_both_sides_give_up_a_silent_connection_after_ten_seconds(database: PostgresDatabase) -> None:
    with database.reading() as db:
        told = {name: db.execute(f"SHOW {name}").fetchone()[0] for name in ("tcp_user_timeout", *_PROBES)}
        with socket.socket(fileno=os.dup(db._db.fileno())) as client:  # type: ignore[attr-defined]
            asked = [client.getsockopt(socket.IPPROTO_TCP, option) for option in _PROBES.values()]
            timeout = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert (timeout, asked) == (10_000, [5, 2, 3])
    assert list(told.values()) == ["10000", "5", "2", "3"]
