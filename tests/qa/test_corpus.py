from __future__ import annotations

import gc
import io
import json
import logging
import shutil
import sqlite3
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.corpus import Corpus
from qa.errors import (
    DocumentNotFoundError,
    EncoderMismatchError,
    InputError,
    LibraryNotFoundError,
    ModelError,
    QuestionError,
)
from qa.limits import check_question
from qa.quoting.render import to_dict
from qa.schema import Answer, Document, Filters, Progress, Quote, answer_to_dict, citation
from qa.storage.records.contents import held_bytes
from tests.qa.consistency import index_problems, problems
from tests.qa.storage.folder import source
from tests.qa.test_deadline import until
from tests.qa.tiny import TinyEncoder, tiny_corpus, words, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from qa.storage.results import Hit

EVERYTHING = Filters()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "une bibliothèque"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "in coming"


@pytest.fixture
def corpus(library: Path) -> Iterator[Corpus]:
    with tiny_corpus(library) as corpus:
        yield corpus


def statuses(corpus: Corpus, *paths: Path) -> list[tuple[str, str]]:
    return [(result.document_id, result.status) for result in corpus.index(*paths).files]


def nearest(corpus: Corpus, question: str, filters: Filters = EVERYTHING) -> list[tuple[str, float]]:
    """Document ids and cosines for a question, best first."""
    found = corpus.store.nearest(
        corpus.store.encode_queries([question]), 10_000, corpus.store.select(filters)
    )[0]
    return [(hit.document_id, score) for hit, score in found]


# Documents in


def test_the_shipped_brief_goes_in_and_comes_back_verbatim(corpus: Corpus, brief: Path) -> None:
    report = corpus.index(brief)
    (result,) = report.files
    assert (result.status, result.document_id) == ("added", brief.name)
    assert result.passages == len(corpus.store.passages_of(brief.name)) > 1
    document = corpus.document(brief.name)
    assert document.text.encode() == brief.read_bytes()
    assert document.number == "08-4-4-1"
    assert problems(corpus.library) == []
    assert index_problems(corpus.library) == []


def test_what_has_not_changed_is_neither_embedded_nor_written_again(
    corpus: Corpus, library: Path, inbox: Path
) -> None:
    write(inbox, "a.txt", words(1))
    assert statuses(corpus, inbox) == [("a.txt", "added")]
    with tiny_corpus(library) as again:
        generation = again.store.generation
        assert statuses(again, inbox / "a.txt", inbox / ".." / "in coming") == [("a.txt", "unchanged")]
        assert again.store.generation == generation
        assert encoder(again).embedded == 0


def encoder(corpus: Corpus) -> TinyEncoder:
    given = corpus.store.encoders._given
    assert isinstance(given, TinyEncoder)
    return given


def test_a_changed_file_replaces_its_document_and_embeds_only_the_passages_that_changed(
    corpus: Corpus, inbox: Path
) -> None:
    text = words(1, 1200)
    write(inbox, "a.txt", text)
    corpus.index(inbox)
    before = encoder(corpus).embedded
    write(inbox, "a.txt", text + "\n\nOne more paragraph that names a zebra.\n")
    assert statuses(corpus, inbox) == [("a.txt", "replaced")]
    assert 1 <= encoder(corpus).embedded - before <= 2
    assert before > 5
    assert corpus.store.matching([["zebra"]], 5, corpus.store.select())[0]
    assert corpus.document("a.txt").text.endswith("zebra.\n")


@pytest.mark.parametrize(("field", "embedded"), [("url", False), ("collection", False), ("title", True)])
def test_changed_metadata_is_embedded_only_where_a_window_holds_it(
    corpus: Corpus, inbox: Path, field: str, embedded: bool
) -> None:
    record = {"_id": "r1", "title": "Copper", "text": words(1), "url": "https://a.example", "collection": "A"}
    path = write(inbox, "c.jsonl", json.dumps(record))
    corpus.index(path)
    before = encoder(corpus).embedded
    write(inbox, "c.jsonl", json.dumps(record | {field: "https://b.example"}))
    assert statuses(corpus, path) == [("r1", "replaced")]
    assert (encoder(corpus).embedded > before) == embedded
    assert getattr(corpus.document("r1"), field) == "https://b.example"


def test_title_publisher_and_date_are_found_but_are_no_part_of_a_passage(corpus: Corpus, inbox: Path) -> None:
    record = {
        "_id": "r1",
        "title": "Zinc report",
        "publisher": "Acme",
        "date": "2011-05-03",
        "text": words(1),
    }
    corpus.index(write(inbox, "c.jsonl", json.dumps(record)))
    for word in ("zinc", "acme", "2011", "may"):
        ((hit, _), *_) = corpus.store.matching([[word]], 5, corpus.store.select())[0]
        assert word not in corpus.document("r1").text[hit.start : hit.end].lower()


def test_ids_are_paths_under_the_folder_named_and_clashes_are_made_unique(
    corpus: Corpus, inbox: Path
) -> None:
    for name, seed in (("one/sub/x.txt", 1), ("one/y.txt", 2), ("two/y.txt", 3)):
        write(inbox, name, words(seed))
    everything = [("sub/x.txt", "added"), ("y.txt", "added"), ("y.txt~2", "added")]
    assert statuses(corpus, inbox / "one", inbox / "two") == everything
    assert statuses(corpus, inbox / "two" / "y.txt") == [("y.txt~2", "unchanged")]
    assert statuses(corpus, inbox / "one" / "sub") == [("sub/x.txt", "unchanged")]
    assert statuses(corpus, inbox / "one" / "sub" / "x.txt") == [("sub/x.txt", "unchanged")]
    write(inbox, "one/sub/x.txt", words(4))
    assert statuses(corpus, inbox / "one" / "sub") == [("sub/x.txt", "replaced")]
    assert statuses(corpus, inbox / "one") == [("sub/x.txt", "unchanged"), ("y.txt", "unchanged")]


def test_records_of_one_file_are_documents_of_their_own(corpus: Corpus, inbox: Path) -> None:
    records = [json.dumps({"_id": name, "text": words(seed)}) for seed, name in enumerate("ab")]
    path = write(inbox, "both.jsonl", "\n".join(records))
    assert statuses(corpus, path) == [("a", "added"), ("b", "added")]
    assert statuses(corpus, inbox) == [("a", "unchanged"), ("b", "unchanged")]


def test_one_bad_file_is_refused_by_name_and_the_others_go_in(corpus: Corpus, inbox: Path) -> None:
    write(inbox, "a.txt", words(1))
    (inbox / "b.txt").write_bytes(b"\x00\x01\x02\xff" * 100)
    (inbox / "c.txt").write_bytes(b"")
    write(
        inbox, "d.jsonl", '{"_id": "r1", "text": "Good."}\n{"_id": "r2"}\n{"_id": "r3", "text": "Good too."}'
    )
    report = corpus.index(inbox, inbox / "nowhere.txt")
    assert [result.status for result in report.files if result.document_id] == ["added"] * 3
    refused = {result.path: result.error for result in report.files if result.status == "refused"}
    assert len(refused) == report.count("refused") == 4
    for path, error in refused.items():
        assert error is not None
        assert error.code == "bad_input"
        assert path in error.message
    assert [info.id for info in corpus.documents()] == ["a.txt", "r1", "r3"]


def test_files_of_other_kinds_in_a_folder_are_named_once_and_a_folder_of_nothing_else_is_refused(
    corpus: Corpus, inbox: Path
) -> None:
    write(inbox, "a.txt", "Prices rose.\n")
    sheet = write(inbox / "sub", "report.xls", "x")
    report = corpus.index(inbox, inbox / "sub")
    assert [result.status for result in report.files] == ["refused", "added"]
    assert report.skipped == (str(sheet),)


def test_an_interruption_keeps_what_was_acknowledged_and_the_next_run_goes_on(
    corpus: Corpus, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.intake.run.BATCH", 4)
    for number in range(9):
        write(inbox, f"{number}.txt", words(number))
    acknowledged: list[str] = []

    def interrupt(progress: Progress) -> None:
        if progress.stage == "write":
            acknowledged.append(progress.name)
            if len(acknowledged) == 5:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.index(inbox, progress=interrupt)
    assert [info.id for info in corpus.documents()] == acknowledged
    assert {name for name, _ in nearest(corpus, "word1")} == set(acknowledged)
    assert [status for _, status in statuses(corpus, inbox)] == ["unchanged"] * 5 + ["added"] * 4
    assert len({name for name, _ in nearest(corpus, "word1")}) == 9


def test_progress_names_every_stage_and_ends_where_it_said_it_would(corpus: Corpus, inbox: Path) -> None:
    for number in range(3):
        write(inbox, f"{number}.txt", words(number))
    seen: list[Progress] = []
    corpus.index(inbox, progress=seen.append)
    assert {progress.stage for progress in seen} == {"model", "read", "embed", "write"}
    embedded = [progress.done for progress in seen if progress.stage == "embed"]
    assert embedded == sorted(embedded)
    assert embedded[-1] == sum(info.passages for info in corpus.documents())
    last_read = [progress for progress in seen if progress.stage == "read"][-1]
    assert (last_read.done, last_read.total) == (3, 3)
    assert [progress.name for progress in seen if progress.stage == "write"] == ["0.txt", "1.txt", "2.txt"]


def test_removal_is_all_or_nothing_and_reaches_the_index(corpus: Corpus, inbox: Path) -> None:
    for number in range(3):
        write(inbox, f"{number}.txt", words(number))
    corpus.index(inbox)
    with pytest.raises(DocumentNotFoundError):
        corpus.remove(["0.txt", "none.txt"])
    assert len(corpus.documents()) == 3
    assert corpus.remove(["0.txt", "2.txt"]) == ("0.txt", "2.txt")
    assert {name for name, _ in nearest(corpus, "word1")} == {"1.txt"}
    assert index_problems(corpus.library) == []


def test_a_library_that_is_not_there_is_not_made_by_asking_for_it(library: Path) -> None:
    with pytest.raises(LibraryNotFoundError):
        Corpus.open(library, create=False)
    assert not library.exists()


def test_an_empty_library_answers_every_search_with_nothing(corpus: Corpus) -> None:
    selection = corpus.store.select()
    assert (selection.documents, selection.undated) == (0, 0)
    assert nearest(corpus, "word1") == []
    assert corpus.store.matching([["word1"]], 5, selection)[0] == []
    assert corpus.store.phrase("word1", selection).places == ()
    assert corpus.store.encoder_identity.name == "tiny"


# Search


@pytest.mark.slow
def test_dense_search_finds_the_nearest_passages_as_brute_force_does(corpus: Corpus, inbox: Path) -> None:
    for number in range(12):
        write(inbox, f"{'even' if number % 2 == 0 else 'odd'}{number}.txt", words(number, 300))
    corpus.index(inbox)
    query = corpus.store.encode_queries(["word7 word8 word9"])[0]
    chosen = tuple(f"even{number}.txt" for number in range(0, 12, 2))
    for filters in (EVERYTHING, Filters(document=chosen)):
        selection = corpus.store.select(filters)
        keys, vectors = source(corpus.store).vectors_of(np.arange(10_000), corpus.store.encoding())
        scores = dict(zip(keys.tolist(), (vectors @ query).tolist(), strict=True))
        if (allowed := source(corpus.store).allowed(filters)) is not None:
            scores = {key: scores[key] for key in allowed.keys().tolist()}
        best = sorted(scores, key=lambda key: (-scores[key], key))[:7]
        found = corpus.store.nearest(query[None], 7, selection)[0]
        exact = [scores[hit.key] for hit, _ in found]
        assert exact == pytest.approx([scores[key] for key in best])
        assert [score for _, score in found] == pytest.approx(exact)
        assert len(found) == 7


def test_several_vectors_are_searched_as_each_alone(corpus: Corpus, inbox: Path) -> None:
    corpus.index(write(inbox, "a.txt", words(1, 900)))
    vectors = corpus.store.encode_queries(["word7", "word8 word9"])
    selection = corpus.store.select(Filters(document=("a.txt",)))
    assert corpus.store.nearest(vectors, 3, selection) == [
        corpus.store.nearest(v[None], 3, selection)[0] for v in vectors
    ]


def test_a_document_that_was_read_is_not_read_again_until_something_changes(
    corpus: Corpus, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.index(write(inbox, "a.txt", words(1)), write(inbox, "b.txt", words(2)))
    first = corpus.store.read(["a.txt"])["a.txt"]
    assert first == (corpus.document("a.txt"), corpus.store.passages_of("a.txt"))
    assert corpus.store.read(["a.txt"])["a.txt"] is first
    assert corpus.document("a.txt") is not first[0]  # what is shown is checked against a text read afresh
    corpus.index(write(inbox, "a.txt", words(3)))
    assert corpus.store.read(["a.txt"])["a.txt"][0].text == words(3)
    corpus.remove(["b.txt"])
    assert corpus.store.read(["b.txt"]) == {}
    monkeypatch.setattr("qa.storage.records.contents.READ_BYTES", 100)
    with tiny_corpus(corpus.library) as small:
        assert small.store.read(["a.txt"])["a.txt"] is not small.store.read(["a.txt"])["a.txt"]


@pytest.mark.slow
def test_what_is_kept_of_documents_read_takes_no_more_memory_than_is_counted(
    corpus: Corpus, inbox: Path
) -> None:
    corpus.index(write(inbox, "a.txt", words(1, 20_000)))
    tracemalloc.start()
    try:
        held = corpus.store.read(["a.txt"])["a.txt"]
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken <= 1.1 * held_bytes(*held)


# The index, derived


def filled(library: Path, inbox: Path, count: int = 4) -> list[tuple[str, float]]:
    for number in range(count):
        write(inbox, f"{number}.txt", words(number))
    with tiny_corpus(library) as corpus:
        corpus.index(inbox)
        return nearest(corpus, "word1 word2")


def index_file(library: Path) -> Path:
    (path,) = library.glob("*.faiss")
    return path


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-4] + b"\x00\x00\x80\x3f"),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["missing", "cut in half", "empty", "another number", "a folder"],
)
def test_a_damaged_index_is_made_again_from_the_store_without_embedding(
    library: Path, inbox: Path, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    before = filled(library, inbox)
    path = index_file(library)
    damage(path)  # type: ignore[operator]
    with tiny_corpus(library, create=False) as corpus:
        assert nearest(corpus, "word1 word2") == before
        assert encoder(corpus).embedded == 0
        assert "made again from the store" in caplog.text
        if path.is_dir():
            path.rmdir()
            write(inbox, "more.txt", words(99))
            corpus.index(inbox)
    assert index_problems(library) == []


def test_an_index_that_is_behind_is_brought_up_at_the_next_start(library: Path, inbox: Path) -> None:
    filled(library, inbox)
    old, content = index_file(library), index_file(library).read_bytes()
    with tiny_corpus(library) as corpus:
        corpus.remove(["1.txt"])
        corpus.index(write(inbox, "new.txt", words(50)))
        expected = nearest(corpus, "word1 word2")
        record = source(corpus.store).index_record()
    # As a crash between the commits and the files would have left it.
    (library / record.file).unlink()
    old.write_bytes(content)
    db = sqlite3.connect(library / "library.sqlite3")
    db.execute("UPDATE library SET index_file = ?, index_generation = 4", (old.name,))
    db.commit()
    db.close()
    with tiny_corpus(library) as corpus:
        assert nearest(corpus, "word1 word2") == expected
    assert index_problems(library) == []


def test_an_index_that_cannot_be_saved_is_a_warning_and_the_search_goes_on(
    corpus: Corpus, inbox: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (corpus.library / "index-1.faiss").mkdir()  # nothing can be put in its place
    with caplog.at_level(logging.WARNING, "qa"):
        corpus.index(write(inbox, "a.txt", words(1)))
    assert "could not be saved" in caplog.text
    assert nearest(corpus, "word1")
    (corpus.library / "index-1.faiss").rmdir()
    corpus.index(write(inbox, "b.txt", words(2)))
    assert index_problems(corpus.library) == []


def test_a_reader_sees_what_another_process_has_committed(corpus: Corpus, library: Path, inbox: Path) -> None:
    filled(library, inbox)
    with tiny_corpus(library) as writer:
        assert len({name for name, _ in nearest(corpus, "word1")}) == 4
        writer.remove(["0.txt"])
        writer.index(write(inbox, "new.txt", words(9)))
        assert {name for name, _ in nearest(corpus, "word1")} == {"1.txt", "2.txt", "3.txt", "new.txt"}
        assert corpus.store.generation == writer.store.generation
    assert index_problems(library) == []


@pytest.mark.day
def test_threads_ask_while_another_adds_and_removes(corpus: Corpus, inbox: Path) -> None:
    for number in range(4):
        write(inbox, f"{number}.txt", words(number))
    corpus.index(inbox)
    errors: list[BaseException] = []
    done = threading.Event()

    def ask() -> None:
        try:
            while not done.is_set():
                assert all(start < end for start, end in nearest_places(corpus))
        except BaseException as error:
            errors.append(error)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for turn in range(15):
        corpus.index(write(inbox, "turn.txt", words(100 + turn)))
        corpus.remove(["turn.txt"])
    done.set()
    for asker in askers:
        asker.join()
    assert errors == []
    assert index_problems(corpus.library) == []


def test_a_purge_does_not_wait_for_files_that_come_after_it(
    corpus: Corpus, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.index(write(inbox, "old.txt", words(0)))
    begun = {name: threading.Event() for name in ("first.txt", "later.txt")}
    goes_on = {name: threading.Event() for name in begun}
    read = corpus._intake.read_uploads

    def slowly(uploads: Any, *given: Any, **named: Any) -> Any:
        begun[uploads[0].name].set()
        assert goes_on[uploads[0].name].wait(20)
        return read(uploads, *given, **named)

    monkeypatch.setattr(corpus._intake, "read_uploads", slowly)
    first, later = (
        threading.Thread(target=corpus.upload, args=(name, io.BytesIO(name.encode()))) for name in begun
    )
    purge = threading.Thread(target=corpus.purge, args=(["old.txt"],))
    first.start()
    assert begun["first.txt"].wait(20)
    purge.start()
    until(lambda: bool(corpus._changing._waiters))  # type: ignore[attr-defined]
    later.start()
    assert not begun["later.txt"].wait(0.5)
    goes_on["first.txt"].set()
    purge.join(20)
    assert not purge.is_alive()
    assert begun["later.txt"].wait(20)
    goes_on["later.txt"].set()
    for each in (first, later):
        each.join(20)
    assert sorted(info.id for info in corpus.documents()) == ["first.txt", "later.txt"]


def nearest_places(corpus: Corpus) -> list[tuple[int, int]]:
    return [
        (hit.start, hit.end)
        for hit, _ in corpus.store.nearest(
            corpus.store.encode_queries(["word1"]), 50, corpus.store.select(EVERYTHING)
        )[0]
    ]


# Encoders


def test_another_encoder_is_refused_with_the_command_to_run(library: Path, inbox: Path) -> None:
    filled(library, inbox)
    with pytest.raises(EncoderMismatchError, match=r"made by tiny .*pullquote reindex --encoder other"):
        Corpus.open(library, encoder=TinyEncoder("other"))


def test_an_encoder_that_there_is_not_is_named(library: Path) -> None:
    with pytest.raises(ModelError, match="no-such-model"):
        Corpus.open(library, encoder="./no-such-model")


def test_a_reindex_exchanges_all_vectors_and_only_they_change(library: Path, inbox: Path) -> None:
    filled(library, inbox)
    other = TinyEncoder("other", 48)
    with tiny_corpus(library) as corpus, tiny_corpus(library) as reader:
        nearest(reader, "word1")
        keys = [passage.key for passage in corpus.store.passages_of("2.txt")]
        corpus.reindex(other)
        assert corpus.store.encoder_identity == other.identity
        assert other.embedded == sum(info.passages for info in corpus.documents())
        assert [passage.key for passage in corpus.store.passages_of("2.txt")] == keys
        after = nearest(corpus, "word1")
        assert len(after) == other.embedded
        with pytest.raises(EncoderMismatchError):
            reader.store.encode_queries(["word1"])
    assert problems(library) == []
    assert index_problems(library) == []
    with Corpus.open(library, encoder=TinyEncoder("other", 48)) as corpus:
        assert nearest(corpus, "word1") == after
        assert statuses(corpus, inbox / "0.txt") == [("0.txt", "unchanged")]


def test_an_interrupted_reindex_leaves_the_old_vectors_in_force_and_its_work_is_not_done_twice(
    library: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.intake.run.BATCH", 1)
    before = filled(library, inbox, 6)
    other = TinyEncoder("other")

    def interrupt(progress: Progress) -> None:
        if progress.stage == "write" and progress.done == 3:
            raise KeyboardInterrupt

    with tiny_corpus(library) as corpus:
        with pytest.raises(KeyboardInterrupt):
            corpus.reindex(other, progress=interrupt)
        assert nearest(corpus, "word1 word2") == before
    assert problems(library) == []
    done = other.embedded
    with tiny_corpus(library) as corpus:
        total = sum(info.passages for info in corpus.documents())
        assert 0 < done < total
        corpus.reindex(other)
        assert other.embedded == total
    assert problems(library) == []


def test_what_another_process_adds_during_a_reindex_is_embedded_too(library: Path, inbox: Path) -> None:
    filled(library, inbox)
    other = TinyEncoder("other")
    added = False

    def add(progress: Progress) -> None:
        nonlocal added
        if progress.stage == "write" and not added:
            added = True
            with tiny_corpus(library) as writer:
                writer.index(write(inbox, "new.txt", words(77)))
                writer.remove(["1.txt"])

    with tiny_corpus(library) as corpus:
        corpus.reindex(other, progress=add)
        assert {name for name, _ in nearest(corpus, "word1")} == {"0.txt", "2.txt", "3.txt", "new.txt"}
    assert problems(library) == []
    assert index_problems(library) == []


# Any sequence of changes

NAMES = st.sampled_from(["a.txt", "b.txt", "c.txt", "d.txt"])
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NAMES, st.integers(0, 5)),
        st.tuples(st.just("remove"), NAMES, st.just(0)),
    ),
    max_size=12,
)


@pytest.mark.day
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_after_any_changes_the_library_equals_one_made_afresh(
    changes: list[tuple[str, str, int]], tmp_path: Path
) -> None:
    for folder in ("old", "fresh", "in"):
        shutil.rmtree(tmp_path / folder, ignore_errors=True)
    held: dict[str, int] = {}
    with tiny_corpus(tmp_path / "old") as old, tiny_corpus(tmp_path / "fresh") as fresh:
        for kind, name, seed in changes:
            if kind == "put":
                held[name] = seed
                # Words of their own: the same in two files are one document: tests/qa/intake/test_sync.py.
                old.index(write(tmp_path / "in", name, words(seed) + f"Written as {name}.\n"))
            elif held.pop(name, None) is not None:
                old.remove([name], withdrawn=False)
                (tmp_path / "in" / name).unlink()
        if held:
            fresh.index(tmp_path / "in")
        assert contents(old) == contents(fresh)
        for question in ("word1 word2", "word30"):
            assert found(old, question) == found(fresh, question)


def contents(corpus: Corpus) -> list[tuple[Document, list[tuple[int, int]]]]:
    ids = [info.id for info in corpus.documents()]
    return [
        (corpus.document(name), [(each.start, each.end) for each in corpus.store.passages_of(name)])
        for name in ids
    ]


def found(corpus: Corpus, question: str) -> list[list[tuple[str, int, float]]]:
    """What dense search, BM25 and phrase search give, in terms that do not depend on keys."""
    everything = corpus.store.select()
    dense = corpus.store.nearest(corpus.store.encode_queries([question]), 1000, everything)[0]
    bm25 = corpus.store.matching([question.split()], 1000, everything)[0]
    phrases = corpus.store.phrase(question, everything)

    def plain(hits: list[tuple[Hit, float]]) -> list[tuple[str, int, float]]:
        return [(hit.document_id, hit.start, round(score, 5)) for hit, score in hits]

    return [
        sorted(plain(dense)),
        plain(bm25),
        [(place.document_id, place.span.start, 0.0) for place in phrases.places],
    ]


@pytest.mark.models
def test_with_the_real_encoder_the_brief_is_found_by_meaning(library: Path, brief: Path) -> None:
    with Corpus.open(library) as corpus:
        corpus.index(brief)
    with Corpus.open(library, create=False) as corpus:
        corpus.warm()
        ((best, cosine), *_) = corpus.store.nearest(
            corpus.store.encode_queries(["Which people did the police detain?"]),
            3,
            corpus.store.select(),
        )[0]
        assert "arrest" in corpus.document(best.document_id).text[best.start : best.end]
        assert 0.3 < cosine < 1
        assert corpus.store.encoder_identity.name == "all-MiniLM-L6-v2"
    assert index_problems(library) == []


class TestPythonInterface:
    """What a script's author may do wrong gets an error that says what to write."""

    def test_one_text_in_place_of_ids_removes_nothing(self, corpus: Corpus, inbox: Path) -> None:
        corpus.index(write(inbox, "a.txt", words(1)), write(inbox, "b.txt", words(2)))
        for change in (corpus.remove, corpus.restore, corpus.purge):
            with pytest.raises(InputError, match=r"write a list of ids, \['a\.txt'\]"):
                change("a.txt")
        assert corpus.store.count().documents == 2

    @pytest.mark.parametrize("wrong", [None, 3, b"Who?", ["Who?"]])
    def test_a_question_that_is_no_text_is_refused(self, corpus: Corpus, wrong: object) -> None:
        with pytest.raises(QuestionError, match="write a text"):
            check_question(wrong)  # type: ignore[arg-type]

    def test_a_filter_of_the_wrong_type_is_refused_when_it_is_made(self) -> None:
        with pytest.raises(InputError, match=r"write \('a\.txt',\)"):
            Filters(document="a.txt")  # type: ignore[arg-type]
        with pytest.raises(InputError, match=r"datetime\.date"):
            Filters(since="2008")  # type: ignore[arg-type]

    def test_one_value_of_a_filter_is_written_in_one_way_and_several_are_a_list_in_json(self) -> None:
        assert Filters(publisher=("IFES",)) == Filters(publisher="IFES")
        assert Filters(publisher=("", "IFES")).publisher == "IFES"
        assert not Filters(collection=(), series=("",))
        assert Filters(collection=("a", "b")).values("collection") == ("a", "b")
        assert (Filters(series="a").values("series"), Filters().values("series")) == (("a",), ())
        answer = Answer("Who?", "Who?", "none", filters=Filters(publisher="IFES", collection=("a", "b")))
        line = answer_to_dict(answer)["filters"]
        assert (line["publisher"], line["collection"], line["series"], line["document"]) == (
            "IFES",
            ["a", "b"],
            "",
            [],
        )

    def test_a_quote_has_its_citation_and_an_answer_its_line(self, corpus: Corpus, inbox: Path) -> None:
        corpus.index(write(inbox, "a.txt", "Harbour report\n\nThe harbour closed in May.\n"))
        document = corpus.document("a.txt")
        start = document.text.index("The harbour")
        quote = Quote(document, start, start + 26)
        answer = Answer("When?", "When?", "answered", quotes=(quote,))
        assert quote.citation == citation(quote)
        line = to_dict(answer, corpus.document)
        assert (line.pop("differing"), line.pop("said"), line["quotes"][0].pop("speaker")) == ([], "", None)
        assert answer.to_dict() == line
        assert answer.to_dict()["quotes"][0]["text"] == "The harbour closed in May."

    def test_the_names_that_a_script_needs_are_in_the_package(self) -> None:
        import qa

        for name in qa.__all__:
            assert getattr(qa, name) is not None
        assert qa.Filters is Filters


def test_a_title_can_neither_turn_a_citation_around_nor_break_its_line(corpus: Corpus, inbox: Path) -> None:
    record = {
        "_id": "a",
        "title": "Report \u202etxt.exe\u2066\nof\u2028May",
        "publisher": "River\u200f Press",
        "text": words(3),
    }
    corpus.index(write(inbox, "a.jsonl", json.dumps(record)))
    (info,) = corpus.documents()
    assert (info.title, info.publisher) == ("Report txt.exe of May", "River Press")
