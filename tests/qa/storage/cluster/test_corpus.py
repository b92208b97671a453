"""The facade, `doctor` and the options on a library on Milvus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from qa.cli import cli
from qa.corpus import Corpus
from qa.errors import InputError, LibraryNotFoundError
from qa.places import ClusterAddress, library_address
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
def place(tmp_path: Path) -> ClusterAddress:
    return ClusterAddress(f"milvus://{tmp_path}/library.db", tmp_path / "desk")


def test_documents_are_indexed_embedded_anew_examined_and_purged(files: Path, place: ClusterAddress) -> None:
    with pytest.raises(LibraryNotFoundError, match="make one with `pullquote index`"):
        open_library(place, create=False)
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


def test_an_address_is_no_folder_and_a_desk_is_for_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert library_address(tmp_path / "milvus:") == tmp_path / "milvus:"
    monkeypatch.setenv("PULLQUOTE_DESK", str(tmp_path / "desk"))
    assert library_address("milvus://host/x") == ClusterAddress("milvus://host/x", tmp_path / "desk")
    monkeypatch.delenv("PULLQUOTE_DESK")
    one, other = (library_address(f"milvus://host/{name}") for name in "xy")
    assert isinstance(one, ClusterAddress)
    assert isinstance(other, ClusterAddress)
    assert one.desk != other.desk
    assert one.desk.name.startswith("host_x-")
    done = CliRunner().invoke(
        cli, ["documents", "--library", str(tmp_path), "--desk", str(tmp_path / "desk")]
    )
    assert (done.exit_code, "--desk is only for a library on Milvus" in done.output) == (2, True)
    done = CliRunner().invoke(cli, ["documents", "--library", "milvus://user:secret@host/x"])
    assert (done.exit_code, "secret" in done.output) == (InputError.exit_code, False)
