"""A library that an earlier commit made (schema7/make.py): all that it holds opens as before."""

from __future__ import annotations

import gzip
import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from qa.errors import DocumentNotFoundError, LibraryError
from qa.storage.embedded.database import FILE_NAME
from tests.qa.consistency import problems
from tests.qa.tiny import tiny_corpus, words, write

HERE = Path(__file__).parent / "schema7"
EXPECTED: dict[str, Any] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
MADE_IN = "/briefs"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Copy the library; its files are made to lie under `tmp_path`, as if it had been made there."""
    folder = tmp_path / "library"
    folder.mkdir()
    file = folder / FILE_NAME
    file.write_bytes(gzip.decompress((HERE / "library.sqlite3.gz").read_bytes()))
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.create_function("sha256", 1, sha256)
        for table, column in (
            *(("documents", "path"), ("locations", "path"), ("files", "path"), ("withdrawn", "path")),
            *(("read_as", "path"), ("versions", "held")),
        ):
            change = f"UPDATE {table} SET {column} = replace({column}, ?, ?)"  # noqa: S608
            db.execute(change, (MADE_IN, str(tmp_path)))
        was, now = (sha256(f"{where}/docs/purged.txt") for where in (MADE_IN, tmp_path))
        assert db.execute("UPDATE purged SET path_sha256 = ? WHERE path_sha256 = ?", (now, was)).rowcount == 1
    return folder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Write the files as they were when the library was left, the purged one too."""
    docs = tmp_path / "docs"
    for name in ("kept", "removed", "restored", "purged", "corrected"):
        write(docs, f"{name}.txt", f"{name.title()} story\n\n" + words(sum(map(ord, name)), 80))
    write(docs, "superseded.txt", "Superseded story\n\n" + words(9, 80))
    write(docs, "table.csv", "body;head\nRice rose in May.;First\nWheat fell in June.;Second\n")
    return docs


def test_every_citation_opens_as_before_and_nothing_purged_does(library: Path) -> None:
    with tiny_corpus(library) as corpus:
        assert [info.id for info in corpus.documents()] == EXPECTED["documents"]
        assert [version.document_id for version in corpus.store.removed()] == EXPECTED["removed"]
        for text_sha256, expected in EXPECTED["cited"].items():
            found = corpus.cited(text_sha256)
            assert {
                "document": found.document.id,
                "text": found.document.text,
                "title": found.document.title,
                "date": found.document.date.isoformat() if found.document.date else "",
                "status": found.status,
                "current": found.current_sha256,
            } == expected
        assert len({each["status"] for each in EXPECTED["cited"].values()}) == 3
        with pytest.raises(DocumentNotFoundError):
            corpus.cited(EXPECTED["purged"])
        thumbs = [
            [each.shown.question, each.quote.document, each.thumb]
            for each in corpus.store.thumbs()
            if each.quote
        ]
        assert thumbs == EXPECTED["thumbs"]
    assert problems(library) == []


def test_what_was_taken_out_stays_out_and_what_was_said_is_remembered(library: Path, docs: Path) -> None:
    with tiny_corpus(library) as corpus:
        report = corpus.index(docs)
        status = {Path(result.path).name: result.status for result in report.files if not result.part}
        assert status["purged.txt"] == "purged"
        assert status["removed.txt"] == "withdrawn"
        assert status["gone.txt"] == "gone"
        assert corpus.document("corrected.txt").title == "A corrected title"
        rows = [info for info in corpus.documents() if info.id.startswith("table.csv")]
        assert sorted(info.title for info in rows) == ["First", "Second"]
        corpus.restore(["removed.txt"])
        assert "removed.txt" in [info.id for info in corpus.documents()]
    assert problems(library) == []


def test_a_library_of_an_earlier_schema_is_refused_and_left_as_it_is(library: Path) -> None:
    file = library / FILE_NAME
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA user_version = 6")
    before = file.read_bytes()
    with pytest.raises(LibraryError, match="early Pullquote"):
        tiny_corpus(library)
    assert file.read_bytes() == before
