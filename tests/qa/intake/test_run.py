"""`Corpus.index` as a pipeline: it gives what one step after the other would, and does nothing twice."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from qa.corpus import Corpus
from qa.document.segment import passages
from qa.document.window import window_text
from qa.errors import LibraryError, ModelError
from qa.formats.reading import files, read_path
from qa.formats.source import PLAIN
from qa.intake.make import segment
from qa.intake.plan import made_by
from qa.schema import Document, Progress
from qa.storage.intake_values import ReadDocument
from tests.qa.consistency import index_problems, problems
from tests.qa.storage.folder import records
from tests.qa.tiny import TinyEncoder, tiny_corpus, words, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from embeddings.arrays import Float32


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    return tmp_path / "in ü"


def tables(library: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, those of the full-text index in words."""
    db = sqlite3.connect(library / "library.sqlite3")
    try:
        db.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab ('main', 'words', 'instance')")
        names = [
            name
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not name.startswith("words")
        ]
        held = {name: db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in names}  # noqa: S608
        held["words"] = sorted(db.execute("SELECT * FROM temp.vocabulary").fetchall())
    finally:
        db.close()
    # The name of the index's file; whether it is right is `index_problems`' to say.
    held["library"] = [tuple(value for value in row if "faiss" not in str(value)) for row in held["library"]]
    return held


def mixed(inbox: Path) -> None:
    """Texts and records, refused ones among them, one twice under another name, one of many passages."""
    for number in range(7):
        write(inbox, f"{number}.txt", words(number))
    write(inbox, "3b.txt", words(3))
    write(inbox, "4b.txt", words(44, 6000))
    write(inbox, "5b.txt", "")
    records = [
        {"_id": f"r{number}", "title": f"Copper {number}", "text": words(100 + number)} for number in range(9)
    ]
    lines = [json.dumps(record) for record in [*records, records[2], {"_id": "bad"}]]
    write(inbox, "r.jsonl", "\n".join(lines))


def one_after_the_other(library: Path, inbox: Path) -> None:
    encoder = TinyEncoder()
    store = records(library)
    for path in files(inbox, []):
        for item in read_path(path, inbox):
            if isinstance(item, Document):
                segmented = segment(item)
                windows = [window_text(item, passage) for passage in segmented.passages]
                vectors = dict(zip(segmented.digests, encoder.encode_documents(windows), strict=True))
                read = ReadDocument.of(item, made_by=made_by(path.name, PLAIN))
                store.put(read, segmented.embedded(vectors, encoder.identity))
    store.close()


@pytest.mark.day
@pytest.mark.parametrize(("batch", "huge"), [(1, 10**6), (4, 10**6), (4, 8), (256, 4096)])
def test_the_library_is_the_one_that_one_step_after_the_other_makes(
    tmp_path: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch, batch: int, huge: int
) -> None:
    monkeypatch.setattr("qa.intake.run.BATCH", batch)
    monkeypatch.setattr("qa.intake.run.HUGE", huge)
    monkeypatch.setattr("qa.intake.make.SLICE", 7)
    mixed(inbox)
    one_after_the_other(tmp_path / "serial", inbox)
    with tiny_corpus(tmp_path / "library") as corpus:
        report = corpus.index(inbox)
    assert [result.status for result in report.files].count("refused") == 3
    expected, found = tables(tmp_path / "serial"), tables(tmp_path / "library")
    assert expected.keys() == found.keys()
    # Only the corpus keeps which files were read. Which index file there is, only one of the two knows.
    assert expected.pop("files") == []
    assert len(found.pop("files")) == len(list(inbox.glob("*.txt")))
    assert [row[:3] for row in expected.pop("library")] == [row[:3] for row in found.pop("library")]
    assert expected == found
    assert problems(tmp_path / "library") == []
    assert index_problems(tmp_path / "library") == []


# Errors, stage by stage


def test_an_error_of_the_encoder_leaves_what_came_before_it(
    tmp_path: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.intake.run.BATCH", 1)

    class Failing(TinyEncoder):
        def encode_documents(
            self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
        ) -> Float32:
            if self.embedded > 10:
                raise ModelError("out of memory")
            return super().encode_documents(texts, progress)

    for number in range(6):
        write(inbox, f"{number}.txt", words(number))
    encoder = Failing()
    with Corpus.open(tmp_path / "library", encoder=encoder) as corpus:
        with pytest.raises(ModelError, match="out of memory"):
            corpus.index(inbox)
        held = corpus.documents()
        assert sum(info.passages for info in held) == encoder.embedded > 0
        assert [info.id for info in held] == [f"{number}.txt" for number in range(len(held))]
    assert problems(tmp_path / "library") == []


def test_an_error_of_the_store_comes_from_index_and_leaves_what_was_committed(
    tmp_path: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes the library, as the third document is to be written."""
    monkeypatch.setattr("qa.intake.run.BATCH", 1)
    monkeypatch.setattr("qa.storage.sqlite.file.BUSY_SECONDS", 0.01)
    for number in range(6):
        write(inbox, f"{number}.txt", words(number))
    named: list[str] = []
    with tiny_corpus(tmp_path / "library") as corpus:
        other = sqlite3.connect(tmp_path / "library" / "library.sqlite3", check_same_thread=False)

        def take(progress: Progress) -> None:
            if progress.stage == "write":
                named.append(progress.name)
                if progress.done == 2:
                    other.execute("BEGIN IMMEDIATE")

        with pytest.raises(LibraryError, match="another Pullquote"):
            corpus.index(inbox, progress=take)
        other.close()
        assert [info.id for info in corpus.documents()] == named == ["0.txt", "1.txt"]
    assert problems(tmp_path / "library") == []


def test_an_interruption_in_the_encoder_leaves_what_was_named_and_the_next_run_goes_on(
    tmp_path: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.intake.run.BATCH", 1)

    class Interrupted(TinyEncoder):
        def encode_documents(
            self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
        ) -> Float32:
            if self.embedded > 10:
                raise KeyboardInterrupt
            return super().encode_documents(texts, progress)

    for number in range(6):
        write(inbox, f"{number}.txt", words(number))
    named: list[str] = []
    with Corpus.open(tmp_path / "library", encoder=Interrupted()) as corpus:
        with pytest.raises(KeyboardInterrupt):
            corpus.index(inbox, progress=lambda p: named.append(p.name) if p.stage == "write" else None)
        after = list(named)
        time.sleep(0.05)
        assert named == after  # nothing goes on behind one's back
        assert [info.id for info in corpus.documents()] == named
    assert problems(tmp_path / "library") == []
    with tiny_corpus(tmp_path / "library") as corpus:
        report = corpus.index(inbox)
        assert report.count("unchanged") == len(named)
        assert report.count("added") == 6 - len(named)


# Nothing twice


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of documents that are segmented from now on."""
    ids: list[str] = []

    def count(document: Document) -> object:
        ids.append(document.id)
        return passages(document)

    monkeypatch.setattr("qa.intake.make.passages", count)
    return ids


def test_what_has_not_changed_is_not_segmented_and_needs_no_model(
    tmp_path: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed(inbox)
    write(inbox, "notes.txt", "Cabinet meeting, Friday\n\n13/14/2008\n\nPrices rose. " + words(8))
    with tiny_corpus(tmp_path / "library") as corpus:
        first = corpus.index(inbox)
        generation = corpus.store.generation
    segmented = counted(monkeypatch)
    with tiny_corpus(tmp_path / "library") as corpus:
        monkeypatch.setattr(
            "qa.storage.encoders.Encoders.documents", lambda self: pytest.fail("a model was opened")
        )
        again = corpus.index(inbox)
        assert corpus.store.generation == generation
    assert segmented == []
    for before, after in zip(first.files, again.files, strict=True):
        if before.status == "refused":
            assert after == before
        else:
            assert after.status == "unchanged"
            lasting = tuple(note for note in before.notes if not note.startswith("The same text as"))
            assert (after.document_id, after.passages, after.notes) == (
                before.document_id,
                before.passages,
                lasting,
            )


def test_only_the_records_of_a_file_that_changed_are_read_again(
    tmp_path: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed(inbox)
    path = inbox / "r.jsonl"
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(path)
        path.write_text(path.read_text(encoding="utf-8").replace("Copper 5", "Zinc 5"), encoding="utf-8")
        segmented = counted(monkeypatch)
        report = corpus.index(path)
        assert segmented == ["r5"]
        assert report.count("replaced") == 1
        assert corpus.document("r5").title == "Zinc 5"


def test_what_was_made_otherwise_is_read_again_once(
    tmp_path: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Cabinet brief\n\nPublished 5/4/2008\n\n" + words(1)
    write(inbox, "a.txt", text)
    segmented = counted(monkeypatch)
    for order, status in (("dmy", "added"), ("dmy", "unchanged"), ("mdy", "replaced"), ("mdy", "unchanged")):
        with tiny_corpus(tmp_path / "library", date_order=order) as corpus:
            (result,) = corpus.index(inbox).files
            assert result.status == status
    assert segmented == ["a.txt"] * 2
    with tiny_corpus(tmp_path / "library", date_order="mdy") as corpus:
        monkeypatch.setattr("qa.intake.plan.made_by", lambda *_: "a later version of Pullquote")
        assert [result.status for _ in range(2) for result in corpus.index(inbox).files] == ["unchanged"] * 2
    assert segmented == ["a.txt"] * 3


# Progress


def test_progress_ends_with_all_bytes_and_the_passages_that_were_new_and_comes_one_call_at_a_time(
    tmp_path: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.intake.run.BATCH", 4)
    mixed(inbox)
    seen: list[Progress] = []
    inside = threading.Lock()

    def show(progress: Progress) -> None:
        assert inside.acquire(blocking=False)
        time.sleep(0.001)
        seen.append(progress)
        inside.release()

    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(inbox, progress=show)
        size = sum(path.stat().st_size for path in inbox.iterdir())
        done = [progress for progress in seen if progress.stage == "write"]
        assert {progress.all_bytes for progress in done} == {size}
        sizes = [progress.bytes for progress in done]
        assert sizes == sorted(sizes)
        assert sizes[0] == (inbox / "0.txt").stat().st_size
        assert size - 100 < sizes[-1] <= size
        assert done[-1].passages == sum(info.passages for info in corpus.documents())
        seen.clear()
        corpus.index(inbox / "r.jsonl", progress=show)
    done = [progress for progress in seen if progress.stage == "write"]
    assert done[-1].passages == 0
    assert done[-1].bytes > 0.9 * done[-1].all_bytes


# Memory

_INDEX = """
import json, re, sys
from pathlib import Path
from qa.corpus import Corpus
from tests.qa.tiny import TinyEncoder

folder, counts = Path(sys.argv[1]), map(int, sys.argv[2:])
with Corpus.open(folder / "library", encoder=TinyEncoder()) as corpus:
    for count in counts:
        path = folder / f"{count}.jsonl"
        with path.open("w") as file:
            for number in range(count):
                record = {"_id": f"{count}-{number}", "text": f"Prices rose by {number}. " * 20}
                file.write(json.dumps(record) + "\\n")
        corpus.store.index.vectors.save = lambda: None
        assert corpus.index(path).count("added") == count
        print(re.findall(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[0])
"""


@pytest.mark.day
@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak: ru_maxrss begins with pytest's")
def test_memory_hardly_grows_with_the_records_of_a_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INDEX, str(tmp_path), "2000", "12000"],
        capture_output=True,
        text=True,
        check=True,
        # Otherwise each thread keeps freed memory, and how much is chance.
        env={**os.environ, "MALLOC_ARENA_MAX": "1"},
    )
    small, large = (int(line) * 1024 for line in re.findall(r"\d+", done.stdout))
    # Measured: 500 bytes a record. If all records of a file are held until its end: 5,300.
    assert large - small < 2500 * (12_000 - 2_000)


def test_what_a_person_corrects_while_a_file_is_read_again_stays(tmp_path: Path, inbox: Path) -> None:
    library = tmp_path / "library"

    class EditingEncoder(TinyEncoder):
        """Lets a person correct the document that it is asked to embed."""

        def encode_documents(
            self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
        ) -> Float32:
            vectors = super().encode_documents(texts, progress)
            if edits:
                with tiny_corpus(library) as other:
                    other.edit("a.txt", edits.pop())
            return vectors

    edits: list[dict[str, str]] = []
    with Corpus.open(library, encoder=EditingEncoder()) as corpus:
        corpus.index(write(inbox, "a.txt", words(1)))
        for title, edit in (("Two", {"title": "Two", "publisher": "Office"}), ("Three", {"title": "Three"})):
            edits.append(edit)
            corpus.index(write(inbox, "a.txt", words(len(title))))
            held = corpus.document("a.txt")
            assert (held.title, held.publisher) == (title, "Office")
            assert problems(library) == []
