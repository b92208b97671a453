from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import embeddings.index
import qa.storage.file_index.full_text
from qa.cli import cli
from qa.storage.stats import size
from tests.qa.tiny import tiny_corpus, words, write

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def library(tmp_path: Path) -> Path:
    for number in range(40):
        write(tmp_path, f"documents/{number}.txt", words(number))
    return tmp_path / "library"


def stats(library: Path, *options: str) -> Result:
    return CliRunner().invoke(cli, ["documents", "--library", str(library), "--stats", *options])


@pytest.mark.slow
def test_a_small_library_is_searched_exactly(library: Path, tmp_path: Path) -> None:
    with tiny_corpus(library) as corpus:
        corpus.index(tmp_path / "documents")
        passages = sum(info.passages for info in corpus.documents())
    told = json.loads(stats(library, "--json").stdout)
    assert (told["documents"], told["passages"]) == (40, passages)
    assert (told["index"]["kind"], told["index"]["vectors"], told["index"]["recall"]) == ("flat", passages, 1)
    files = sum(path.stat().st_size for path in library.glob("*.faiss"))
    assert told["index"]["file_bytes"] == files > 0
    assert told["store_bytes"] >= (library / "library.sqlite3").stat().st_size
    text = stats(library).stdout
    assert text.startswith(f"holds    40 documents, {passages} passages\n")
    assert f"exact: {passages} vectors" in text
    assert "lists" not in text
    assert "words    searched in the store" in text


def test_a_large_library_says_how_much_of_its_index_is_searched_and_what_that_finds(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings.index, "EXACT_UP_TO", 20)
    monkeypatch.setattr(qa.storage.file_index.full_text, "FTS5_UP_TO", 20)
    with tiny_corpus(library) as corpus:
        corpus.index(tmp_path / "documents")
        corpus.remove(["3.txt"])
        text = stats(library).stdout
        told = corpus.stats()
    assert told.index
    assert told.index.kind == "inverted"
    assert told.index.gone > 0
    assert f"{told.index.probes:,} of {told.index.lists:,} lists" in text
    assert f"{told.index.gone:,} removed" in text
    files = [*library.glob("words-*.bin"), *library.glob("postings-*.bin")]
    assert told.postings_bytes == sum(path.stat().st_size for path in files) > 0
    assert f"words     {size(told.postings_bytes)} in files" in text


def test_an_empty_library_has_no_index(library: Path) -> None:
    with tiny_corpus(library):
        pass
    result = stats(library)
    assert result.exit_code == 0
    assert result.stdout.startswith("holds  0 documents, 0 passages\nstore  ")
    assert json.loads(stats(library, "--json").stdout)["index"] is None


def test_what_the_whole_costs_is_not_asked_of_a_part(library: Path) -> None:
    with tiny_corpus(library):
        pass
    result = stats(library, "--language", "en")
    assert result.exit_code == 2
    assert "leave out the filters" in result.stderr


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (812, "812 B"), (1410, "1.41 kB"), (999_999, "1 MB"), (3_200_000_000, "3.2 GB")],
)
def test_sizes_are_said_as_people_do(count: int, said: str) -> None:
    assert size(count) == said
