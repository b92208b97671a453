from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import qa.storage.file_index.fts5
import qa.storage.records.filters
import qa.storage.records.phrases
import qa.storage.records.rows
import qa.storage.sqlite.file
from qa.document.segment import passages
from qa.errors import (
    DocumentNotFoundError,
    LibraryError,
    LibraryNotFoundError,
)
from qa.schema import EVERYTHING, Document, Filters
from qa.storage.intake_values import EmbeddedPassages, Entry, ReadDocument
from qa.storage.results import Count, Hit
from qa.storage.sqlite.database import LAYOUT
from qa.text.dates import parse_date
from tests.conftest import ROOT
from tests.processes import copied_process
from tests.qa.consistency import problems
from tests.qa.storage.contract import BRIEF, finds_each_phrase, text
from tests.qa.storage.folder import records, source
from tests.qa.tiny import TinyEncoder, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.storage.records.store import Store

ENCODER = TinyEncoder()


def ingest(store: Store, document: Document, encoder: TinyEncoder = ENCODER) -> str:
    entries = [
        Entry(passage, document.text[passage.start : passage.end].encode()[:16], vector)
        for passage in passages(document)
        for vector in encoder.encode_documents([document.text[passage.start : passage.end]])
    ]
    ingested = store.put(ReadDocument.of(document), EmbeddedPassages(entries, encoder.identity))
    assert ingested
    return ingested.document_id


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = records(tmp_path / "a library, in Zürich")
    yield store
    store.close()


def test_a_document_comes_back_as_it_went_in(store: Store) -> None:
    ingest(store, BRIEF)
    assert store.document(BRIEF.id) == BRIEF
    assert store.document_by_sha256(BRIEF.sha256.upper()) == BRIEF


@pytest.mark.parametrize(
    "content",
    ["İstanbul 🙂 e\u0301\r\nnext\u2028line", "a\x00b after a NUL", "\ufeffmark", "$$ <b> ' \" ;--"],
)
def test_any_text_keeps_its_characters_and_their_count(store: Store, content: str) -> None:
    document = text("odd", content)
    ingest(store, document)
    assert store.document("odd").text == content
    assert store.documents()[0].characters == len(content)


def test_passages_come_back_with_keys_and_sentences_and_tile_the_text(store: Store) -> None:
    ingest(store, BRIEF)
    stored = store.passages_of(BRIEF.id)
    assert [replace(passage, key=0) for passage in stored] == list(passages(BRIEF))
    assert "".join(BRIEF.text[passage.start : passage.end] for passage in stored) == BRIEF.text
    assert any(sentence.kind == "furniture" for passage in stored for sentence in passage.sentences)


def test_hits_are_found_by_the_keys_asked_for_and_missing_ones_are_left_out(store: Store) -> None:
    ingest(store, text("long", words(1, 600)))
    first, _, third, *_ = store.passages_of("long")
    sha256 = store.document("long").sha256
    assert store.hits([third.key, 999, first.key]) == {
        each.key: Hit(each.key, "long", sha256, each.start, each.end, None) for each in (first, third)
    }


def test_a_document_info_says_all_but_the_text(store: Store) -> None:
    ingest(store, BRIEF)
    (info,) = store.documents()
    for name in ("id", "title", "publisher", "series", "number", "date", "url", "format", "path", "notes"):
        assert getattr(info, name) == getattr(BRIEF, name)
    assert (info.collection, info.language) == ("Briefs", "en")
    assert (info.sha256, info.source_sha256) == (BRIEF.sha256, BRIEF.source_sha256)
    assert (info.characters, info.passages) == (len(BRIEF.text), len(passages(BRIEF)))


def test_the_generation_grows_with_every_change_and_with_nothing_else(store: Store) -> None:
    seen = [store.generation]
    for action in (
        lambda: ingest(store, BRIEF),
        lambda: ingest(store, replace(BRIEF, title="Another")),
        lambda: store.remove([BRIEF.id]),
    ):
        action()
        seen.append(store.generation)
    assert seen == [0, 1, 2, 3]
    ingest(store, BRIEF)
    ingest(store, BRIEF)
    assert store.generation == 4


def test_keys_are_never_used_again(store: Store) -> None:
    ingest(store, BRIEF)
    before = {passage.key for passage in store.passages_of(BRIEF.id)}
    store.remove([BRIEF.id])
    ingest(store, BRIEF)
    assert min(passage.key for passage in store.passages_of(BRIEF.id)) > max(before)


def test_removal_is_all_or_nothing_and_suggests_the_id_that_was_meant(store: Store) -> None:
    ingest(store, BRIEF)
    with pytest.raises(DocumentNotFoundError, match=r"briefs/scarp.txt.*did you mean 'briefs/scrap.txt'"):
        store.remove([BRIEF.id, "briefs/scarp.txt"])
    assert [info.id for info in store.documents()] == [BRIEF.id]
    assert store.remove([BRIEF.id, BRIEF.id]) == (BRIEF.id,)
    assert store.documents() == ()


def test_an_id_that_is_not_held_is_compared_with_few_of_many(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qa.storage.records.rows, "SUGGESTED_FROM", 3)
    for number in range(10, 40):
        ingest(store, text(f"brief-{number}.txt", "Text."))
    with store.database.reading() as db:
        pass  # one thread has the same connection each time
    rows: list[str] = []
    db.set_trace_callback(rows.append)
    with pytest.raises(DocumentNotFoundError, match=r"did you mean 'brief-2\d.txt'"):
        store.document("brief-25b.txt")
    db.set_trace_callback(None)
    listing = [row for row in rows if row.startswith("SELECT id FROM documents")]
    assert sum(len(db.execute(row).fetchall()) for row in listing) == 6


def test_what_is_held_is_counted_and_named_without_a_look_at_each(store: Store) -> None:
    assert (store.count(), store.holds_only(BRIEF.sha256)) == (Count(0, 0), False)
    ingest(store, BRIEF)
    assert store.holds_only(BRIEF.sha256)
    ingest(store, replace(BRIEF, id="copy", path="/copy"))
    assert store.holds_only(BRIEF.sha256)
    ingest(store, text("b", words(1)))
    assert not store.holds_only(BRIEF.sha256)
    infos = store.documents()
    assert store.count() == Count(len(infos), sum(info.passages for info in infos))
    assert store.hashes() == [(info.id, info.sha256) for info in infos]
    assert store.documents(limit=2) == infos[:2]
    assert store.documents(Filters(collection="briefs"), 1) == infos[1:2]


def test_what_is_removed_or_replaced_leaves_no_word_behind(store: Store) -> None:
    ingest(store, text("a", "The unicorn sleeps."))
    ingest(store, text("a", "The griffin sleeps."))
    assert source(store).bm25(["unicorn"], 5, EVERYTHING) == []
    assert len(source(store).bm25(["griffin"], 5, EVERYTHING)) == 1
    store.remove(["a"])
    assert source(store).bm25(["griffin"], 5, EVERYTHING) == []


def test_a_difference_is_told_only_for_the_vectors_in_force(store: Store) -> None:
    ingest(store, BRIEF)
    old = store.encoding()
    assert old is not None
    new = store.begin_encoding(TinyEncoder("other").identity)
    keys = [passage.key for passage in store.passages_of(BRIEF.id)]
    assert store.adopt_encoding(new) == (BRIEF.id,)
    store.put_vectors(new, dict.fromkeys([*keys, 999], (b"", np.zeros(32, np.float32))))
    assert store.adopt_encoding(new) == ()
    assert source(store).difference(old, lambda: np.empty(0, np.int64)) is None
    difference = source(store).difference(new, lambda: np.array([999]))
    assert difference is not None
    assert (difference.stale.tolist(), difference.missing.tolist()) == ([999], keys)


def test_an_ingest_never_reads_all_documents(store: Store) -> None:
    statements: list[str] = []
    with store.database.reading() as db:
        pass  # one thread has the same connection each time
    db.set_trace_callback(statements.append)
    ingest(store, Document(id="x", text="A record.", path="/a.jsonl", format="jsonl"))
    ingest(store, Document(id="x", text="A text.", path="/a.txt", source_sha256="a" * 64))
    db.set_trace_callback(None)
    plans = [
        detail
        for statement in statements
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))
        for *_, detail in db.execute(f"EXPLAIN QUERY PLAN {statement}")
    ]
    assert any(
        "locations USING INDEX sqlite_autoindex_locations_1 (path=? AND part=?)" in plan for plan in plans
    )
    assert any("documents USING INDEX documents_by_words (words_sha256=?)" in plan for plan in plans)
    assert not [plan for plan in plans if plan.startswith(("SCAN documents", "SCAN locations"))]


# Search


@pytest.fixture
def filled(store: Store) -> Store:
    ingest(store, BRIEF)
    ingest(
        store, text("late", "Copper is smuggled.", date=dt.date(2010, 1, 1), publisher="ÉCOLE", series="S")
    )
    ingest(store, text("undated", "Copper is sold.", publisher="école", language="fr", collection="Private"))
    return store


def test_a_month_is_kept_as_a_month(store: Store) -> None:
    month = parse_date("2024-04")
    ingest(store, text("april", "Copper.", date=month))
    assert store.document("april").date == store.documents()[0].date == month
    (hit,) = store.hits(passage.key for passage in store.passages_of("april")).values()
    assert hit.published == month
    assert asdict(store.facets())["first"] == month


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(since=dt.date(2008, 4, 5)),
        Filters(publisher="école"),
        Filters(publisher=("école", "Nobody")),
    ],
)
def test_a_selection_looks_at_no_passage_and_at_no_text_and_is_made_once(
    filled: Store, filters: Filters
) -> None:
    with filled.database.reading() as db:
        pass  # one thread has the same connection each time
    statements: list[str] = []
    db.set_trace_callback(statements.append)
    filled.select(filters)
    first, statements[:] = [each for each in statements if "documents" in each], []
    filled.select(filters)
    assert not any("documents" in each for each in statements)
    ingest(filled, text("new", "New.", publisher="École", date=dt.date(2011, 1, 1)))
    assert filled.select(filters).documents == len(filled.documents(filters))
    db.set_trace_callback(None)
    plans = [detail for each in first for *_, detail in db.execute(f"EXPLAIN QUERY PLAN {each}")]
    assert plans
    assert all("COVERING INDEX" in plan for plan in plans)


def _as_one_statement(store: Store, terms: list[str], k: int, filters: Filters) -> list[tuple[int, float]]:
    """The search that bm25 is to equal: every match joined with its document."""
    where, values = qa.storage.records.filters.where(filters)
    with store.database.reading() as db:
        rows = db.execute(
            "SELECT key, bm25(words, ?, ?) AS cost FROM words JOIN passages ON key = words.rowid "  # noqa: S608
            "JOIN documents ON documents.serial = document "
            f"WHERE words MATCH ? AND {where} ORDER BY cost, id, ordinal LIMIT ?",
            (
                qa.storage.file_index.fts5.BM25_HEAD_WEIGHT,
                qa.storage.file_index.fts5.BM25_BODY_WEIGHT,
                " OR ".join(terms),
                *values,
                k,
            ),
        ).fetchall()
    return [(key, -cost) for key, cost in rows]


@pytest.mark.parametrize("seed", range(4))
def test_bm25_finds_what_a_join_of_every_match_would_in_the_same_order(store: Store, seed: int) -> None:
    random = np.random.default_rng(seed)
    drawn = random.permutation(300)  # ids are not in the order of keys
    for number in drawn:
        content = " ".join(random.choice(["copper", "rice", "coal"], random.integers(1, 4)))
        pages = "\n\n".join([content] * int(random.integers(1, 3)))
        ingest(
            store,
            text(f"{number}", pages, series=f"s{number % 3}", title=random.choice(["Copper", "Notes"])),
        )
    store.remove([f"{number}" for number in drawn[:40]])
    wanted = (Filters(), Filters(series="S1"), Filters(document=("7", "8", "70")), Filters(series="none"))
    for filters in wanted:
        for terms in (["copper"], ["coal", "rice"], ["notes"], ["absent"]):
            for k in (1, 7, 100, 1000):
                assert source(store).bm25(terms, k, filters) == _as_one_statement(store, terms, k, filters)


def test_a_phrase_is_found_across_passages_and_only_where_the_filters_let_it(store: Store) -> None:
    document = text("long", words(3, 600))
    ingest(store, document)
    (_, second, *_) = store.passages_of("long")
    around = document.text[second.start - 14 : second.start + 8].strip()
    phrase = around[around.index(" ") + 1 : around.rindex(" ")] if around.count(" ") > 1 else around
    hits = store.phrase(phrase, store.select()).places
    assert any(hit.span.start < second.start < hit.span.end for hit in hits)
    assert store.phrase(phrase, store.select(Filters(language="de"))).places == ()


@pytest.mark.parametrize("rare", [1, 4])
def test_a_phrase_of_a_library_of_few_documents_is_found_wherever_it_stands(
    store: Store, monkeypatch: pytest.MonkeyPatch, rare: int
) -> None:
    monkeypatch.setattr(qa.storage.records.phrases, "PHRASE_RARE", rare)
    documents = [text(f"{number}", words(number, 600)) for number in range(8)]
    for document in documents:
        ingest(store, document)
    finds_each_phrase(store, documents)


def test_of_a_phrase_that_many_documents_hold_no_more_are_read_than_are_needed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qa.storage.records.phrases, "PHRASE_READ", 4)
    monkeypatch.setattr(qa.storage.records.phrases, "PHRASE_FOUND", 3)
    for number in range(9):
        between = "," if number == 1 else ""
        ingest(store, text(f"{number}", f"Barges{between} left port.", collection="even" * (1 - number % 2)))
        ingest(store, text(f"apart{number}", "Port barges are left.", collection="even"))
    found = store.phrase("Barges left port", store.select())
    assert [place.document_id for place in found.places] == ["0", "2", "3"]
    assert (found.documents, found.read, found.too_many_documents) == (tuple("012345678"), 4, True)
    found = store.phrase("barges left", store.select(Filters(collection="even")))
    assert [place.document_id for place in found.places] == ["0", "2", "4"]
    assert (found.documents, found.read, found.too_many_documents) == (("0", "2", "4", "6", "8"), 3, True)
    found = store.phrase("Barges, left port", store.select(Filters(document=("1",))))
    assert (len(found.places), found.documents, found.too_many_documents) == (1, ("1",), False)


# Threads and processes


def test_threads_read_and_write_one_store_at_the_same_time(store: Store) -> None:
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(10):
                ingest(store, text(f"{number}", f"Text {number} of turn {turn}, with copper."))
                assert source(store).bm25(["copper"], 50, EVERYTHING)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [store.document(str(number)).text for number in range(4)] == [
        f"Text {number} of turn 9, with copper." for number in range(4)
    ]
    assert store.generation == 40


def test_readers_wait_neither_for_each_other_nor_for_the_writer(store: Store) -> None:
    ingest(store, BRIEF)
    together = threading.Barrier(3, timeout=30)
    seen = []

    def read() -> None:
        with store.database.reading() as db:
            together.wait()  # all three are inside their transactions
            seen.append(db.execute("SELECT count(*) FROM documents").fetchone()[0])

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    with store.database.writing() as db:
        db.execute("DELETE FROM passages")
        db.execute("DELETE FROM documents")
        together.wait()
        for reader in readers:
            reader.join()
    assert seen == [1, 1]
    assert store.documents() == ()


def test_a_closed_store_says_so_and_leaves_no_file_open(store: Store) -> None:
    ingest(store, BRIEF)
    store.close()
    with pytest.raises(LibraryError, match="was closed"):
        store.documents()
    assert [path.name for path in store.folder.iterdir()] == ["library.sqlite3"]  # SQLite's last has left


@pytest.mark.skipif(sys.platform == "win32", reason="Windows exchanges no file that is open")
def test_a_file_that_was_exchanged_while_open_is_never_read_beside_the_old_one(
    store: Store, tmp_path: Path
) -> None:
    ingest(store, BRIEF)
    path = store.folder / "library.sqlite3"
    shutil.copy(path, tmp_path / "copy")
    (tmp_path / "copy").replace(path)
    with store.database.reading(), pytest.raises(LibraryError, match="exchanged"):
        store.documents()


def _fill(folder: Path, number: int) -> None:
    store = records(folder)
    for turn in range(15):
        ingest(store, text(f"{number}-{turn}", f"Text {number} of turn {turn}."))
    store.close()


@pytest.mark.slow
def test_processes_that_make_and_fill_one_library_at_the_same_time_take_turns(tmp_path: Path) -> None:
    writers = [copied_process(_fill, tmp_path / "lib", number) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    store = records(tmp_path / "lib", create=False)
    assert len(store.documents()) == 45
    store.close()
    assert problems(tmp_path / "lib") == []


def test_a_writer_that_has_to_wait_too_long_is_told_so_and_readers_go_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(store, BRIEF)
    monkeypatch.setattr(qa.storage.sqlite.file, "BUSY_SECONDS", 0.05)
    other = records(store.folder)
    blocker = sqlite3.connect(store.folder / "library.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(LibraryError, match="being written by another Pullquote"):
        ingest(other, text("b", "Waits."))
    assert other.document(BRIEF.id) == BRIEF
    blocker.execute("ROLLBACK")
    blocker.close()
    assert ingest(other, text("b", "Waits no more.")) == "b"
    other.close()


# Damage


def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "lib"
    store = records(folder)
    for number in range(20):
        ingest(store, text(f"{number}", words(number)))
    store.close()
    return folder


def test_a_folder_without_a_library_is_named_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFoundError, match=r"nowhere.*pullquote index"):
        records(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_a_killed_start_left_empty_is_filled_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "library.sqlite3").touch()
    with pytest.raises(LibraryNotFoundError):
        records(tmp_path, create=False)
    records(tmp_path).close()
    records(tmp_path, create=False).close()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda path: path.write_bytes(b"not a database, but a letter " * 100),
            "damaged, or is not a library",
        ),
        (lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), "damaged"),
        (lambda path: (path.write_bytes(b""), (path.parent / "index-3.faiss").touch()), "was damaged"),
        (lambda path: path.unlink() or _sql(path, "CREATE TABLE t (x)"), "not a Pullquote library"),
        (lambda path: _sql(path, "PRAGMA user_version = 99"), "newer Pullquote"),
    ],
    ids=["a letter", "cut in half", "cut to nothing", "foreign", "newer"],
)
def test_a_damaged_or_foreign_file_is_named_and_left_as_it_is(
    tmp_path: Path, damage: object, message: str
) -> None:
    folder = saved(tmp_path)
    path = folder / "library.sqlite3"
    damage(path)  # type: ignore[operator]
    before = path.read_bytes()
    with pytest.raises(LibraryError, match=message) as caught:
        records(folder).documents()
    assert str(folder) in str(caught.value)
    assert path.read_bytes() == before


def _sql(path: Path, statement: str) -> None:
    db = sqlite3.connect(path)
    db.execute(statement)
    db.commit()
    db.close()


@pytest.mark.parametrize("damaged", [b"Scrip", b"S\xff\xfep"])
def test_a_damaged_text_names_the_file_that_it_came_from(store: Store, damaged: bytes) -> None:
    ingest(store, replace(BRIEF, path="/inbox/wire/brief.txt"))
    with sqlite3.connect(store.folder / "library.sqlite3") as db:
        db.execute("UPDATE documents SET text = CAST(? || substr(CAST(text AS BLOB), 6) AS TEXT)", (damaged,))
    db.close()
    for read in (store.document, store.document_and_passages):
        with pytest.raises(LibraryError, match=r"came from /inbox/wire/brief\.txt, does not have the SHA"):
            read(BRIEF.id)


def test_a_damaged_title_is_not_repeated(store: Store) -> None:
    ingest(store, BRIEF)
    with sqlite3.connect(store.folder / "library.sqlite3") as db:
        db.execute("UPDATE documents SET title = CAST(x'73656372657420ff' AS TEXT)")
    db.close()
    with pytest.raises(LibraryError, match=r"library\.sqlite3 is damaged: put it back") as raised:
        store.document(BRIEF.id)
    assert "secret" not in str(raised.value)


def test_damage_inside_the_file_is_named_when_it_is_met(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    path = folder / "library.sqlite3"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LibraryError, match="damaged"):
        records(folder, create=False).documents()


def test_a_text_that_no_longer_has_its_hash_is_an_error_and_not_a_source(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    _sql(folder / "library.sqlite3", "UPDATE documents SET text = 'x' || substr(text, 2) WHERE id = '3'")
    store = records(folder)
    with pytest.raises(LibraryError, match=r"'3'.*SHA-256"):
        store.document("3")
    assert store.document("4").text == words(4)
    store.close()


@pytest.mark.parametrize(
    ("schema", "advice"),
    [(LAYOUT.schema - 1, "run `pullquote index` with another folder"), (LAYOUT.schema + 1, "upgrade")],
)
def test_a_library_of_another_schema_is_left_as_it_is(tmp_path: Path, schema: int, advice: str) -> None:
    folder = saved(tmp_path)
    _sql(folder / "library.sqlite3", f"PRAGMA user_version = {schema}")
    before = (folder / "library.sqlite3").read_bytes()
    with pytest.raises(LibraryError, match=advice):
        records(folder, create=False)
    assert (folder / "library.sqlite3").read_bytes() == before


# Space


def test_a_full_store_says_so_and_keeps_what_it_has(store: Store) -> None:
    ingest(store, BRIEF)
    with store.database.reading() as db:
        pass  # one thread has the same connection each time
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(LibraryError, match="no space left"):
        ingest(store, text("big", words(1, 60_000)))
    assert [info.id for info in store.documents()] == [BRIEF.id]
    assert ingest(store, text("small", "Fits.")) == "small"
    store.close()
    assert problems(store.folder) == []


_FILL_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from qa.errors import LibraryError
from tests.qa.storage.folder import records
from tests.qa.storage.records.test_store import ingest, text, words
store = records(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (800_000, 800_000))
try:
    for number in range(10_000):
        ingest(store, text(f"n{number}", words(number)))
        print(f"n{number}", flush=True)
except LibraryError as error:
    print(error, file=sys.stderr)
    sys.exit(3)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="limits a file's size with POSIX's setrlimit")
def test_a_disk_that_refuses_to_write_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    library = tmp_path / "lib"
    done = subprocess.run(
        [sys.executable, "-c", _FILL_A_FULL_DISK, str(library)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert "library.sqlite3" in done.stderr
    assert "Nothing was lost" in done.stderr
    acknowledged = done.stdout.split()
    assert len(acknowledged) > 3
    store = records(library, create=False)
    assert {info.id for info in store.documents()} == set(acknowledged)
    assert ingest(store, text("after", "There is space again.")) == "after"
    store.close()
    assert problems(library) == []


# Read-only folders


_READ_ONLY = """
import os, sys
from pathlib import Path
from qa.errors import LibraryError
from qa.schema import EVERYTHING
from tests.qa.storage.folder import records, source
from tests.qa.storage.records.test_store import ingest, text
if os.geteuid() == 0:
    os.setuid(65534)  # to root, no folder is read-only
store = records(Path(sys.argv[1]), create=True)
assert store.read_only
print(len(store.documents()), len(source(store).bm25(["word3"], 100, EVERYTHING)) > 0, flush=True)
try:
    ingest(store, text("new", "New."))
except LibraryError as error:
    print(error, flush=True)
sys.stdin.readline()
print(len(store.documents()), len(store.document("later").text), flush=True)
"""


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Path]:
    """A library that anyone may enter, which tmp_path lets only its owner do."""
    with tempfile.TemporaryDirectory(prefix="pullquote-") as folder:
        Path(folder).chmod(0o755)
        shutil.copytree(saved(tmp_path), Path(folder) / "lib")
        yield Path(folder) / "lib"


def lock(folder: Path) -> None:
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)


def unlock(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)


def reader(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _READ_ONLY, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no read-only folders")
def test_a_library_that_may_only_be_read_is_read_and_follows_one_who_may_write(public: Path) -> None:
    lock(public)
    with reader(public) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "20 True\n"
        assert "may not be written" in child.stdout.readline()
        assert [path.name for path in public.iterdir()] == ["library.sqlite3"]
        unlock(public)
        writer = records(public)
        ingest(writer, text("later", "Four"))
        writer.close()
        lock(public)
        out, errors = child.communicate("go on\n", timeout=60)
        assert out == "21 4\n", errors
    unlock(public)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no read-only folders")
def test_a_library_that_was_killed_and_then_made_read_only_still_gives_what_was_acknowledged(
    public: Path,
) -> None:
    writer = records(public)
    ingest(writer, text("later", "Four"))
    assert (public / "library.sqlite3-wal").stat().st_size > 0  # as a kill leaves it
    lock(public)
    with reader(public) as child:
        out, errors = child.communicate("go on\n", timeout=60)
    assert out.startswith("21 True\n"), errors
    assert out.endswith("\n21 4\n"), errors
    unlock(public)
    writer.close()


@pytest.mark.parametrize(
    ("named", "ids"),
    [
        (("prices.csv",), ["prices.csv#2", "prices.csv#3"]),
        (("prices.csv#2",), ["prices.csv#2"]),
        (("pack.zip",), ["pack.zip/a.txt", "pack.zip/t.csv#2"]),
        (("pack.zip/t.csv", "prices.csv#3"), ["pack.zip/t.csv#2", "prices.csv#3"]),
        (("letter.eml",), ["letter.eml"]),  # the letter, not what is attached to it
        (("pack.zip/",), ["pack.zip/a.txt", "pack.zip/t.csv#2"]),
        (("price", "prices.cs", "pack.zi/"), []),
    ],
)
def test_a_table_or_an_archive_names_all_that_is_in_it(
    store: Store, named: tuple[str, ...], ids: list[str]
) -> None:
    for name in ("prices.csv#2", "prices.csv#3", "prices.csv~", "pack.zip/a.txt", "pack.zip/t.csv#2"):
        ingest(store, text(name, f"Copper of {name}."))
    for name in ("letter.eml", "letter.eml/attached.txt"):
        ingest(store, text(name, f"Tin of {name}."))
    filters = Filters(document=named)
    assert [info.id for info in store.documents(filters)] == ids
    assert store.select(filters).documents == len(ids)
