"""The facade and `doctor` on a library with an index on Milvus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qa.corpus import Corpus
from qa.errors import InputError
from qa.storage.open import examine_library, open_library
from tests.qa.tiny import TinyEncoder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

NAMES = ("Kapsan", "Hyesan", "Musan")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.txt").write_text(f"The mill of {name} closed in March.\n")
    return folder


@pytest.fixture
def place(tmp_path: Path, address: str) -> Path:
    """A new library, which remembers its index."""
    place = tmp_path / "library"
    open_library(place, index=address).close()
    return place


def test_documents_are_indexed_embedded_anew_examined_and_purged(files: Path, place: Path) -> None:
    with Corpus.open(place, encoder=TinyEncoder()) as corpus:
        report = corpus.index(files)
        assert sorted(each.status for each in report.files) == ["added"] * 3
        assert [each.status for each in corpus.index(files).files] == ["unchanged"] * 3
        before = corpus.store.passages_of("Musan.txt")
        other = TinyEncoder("other")
        corpus.reindex(other)
        assert corpus.store.encoder_identity == other.identity
        assert corpus.store.passages_of("Musan.txt") == before
        vectors, everything = corpus.store.encode_queries(["mill"]), corpus.store.select()
        found = {hit.document_id for hit, _ in corpus.store.nearest(vectors, 9, everything)[0]}
        assert found == {f"{name}.txt" for name in NAMES}
    with Corpus.open(place, encoder=other) as corpus:
        dry = corpus.index(files / "Musan.txt", dry_run=True)
        assert [each.status for each in dry.files] == ["unchanged"]
        found_wrong = {each.about: each.problem for each in examine_library(place) if each.problem}
        assert "encoder" in found_wrong  # the tests' own is not installed
        assert found_wrong.keys() <= {"encoder"}
        assert corpus.purge(["Kapsan.txt"]) == ("Kapsan.txt",)
        assert not corpus.store.erasing
        assert corpus.store.count().documents == 2
        assert not corpus.store.holds("Kapsan")
        assert corpus.store.holds("Musan")
        assert [each.status for each in corpus.index(files).files].count("purged") == 1
    with pytest.raises(InputError, match=r"has its index at milvus://.*, not at milvus://elsewhere"):
        open_library(place, index="milvus://elsewhere")
