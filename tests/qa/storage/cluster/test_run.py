"""A run over files into a library on Milvus: a group of documents is one change."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from qa.storage.cluster.library import ClusterLibrary

from qa.formats.reading import InputFile
from qa.intake.pipeline import silent
from qa.intake.plan import UserOptions
from qa.intake.run import Run

if TYPE_CHECKING:
    from pathlib import Path

    from qa.storage.cluster.address import Address

    from qa.schema import Progress

pytestmark = pytest.mark.slow


@pytest.fixture
def files(tmp_path: Path) -> list[InputFile]:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(f"The unicorn sleeps for the night number {number}.")
    return [InputFile(path, folder) for path in sorted(folder.iterdir())]


def test_what_a_run_reports_is_committed_and_a_group_is_one_change(
    address: Address, cluster: ClusterLibrary, files: list[InputFile], tmp_path: Path
) -> None:
    shown = []
    with closing(ClusterLibrary(address, tmp_path / "another desk", read_only=True)) as other:

        def show(progress: Progress) -> None:
            if progress.stage == "write":
                assert other.document(progress.name).text.startswith("The unicorn sleeps")
                shown.append(progress.name)

        run = Run(cluster, cluster.encoders, UserOptions(), files, show)
        run.take_in()
        assert [each.status for each in run.results] == ["added"] * 6
        assert shown == [each.document_id for each in run.results]
        assert cluster.session.committed_state().changes == 2  # the documents, and that the files were read
        again = Run(cluster, cluster.encoders, UserOptions(), files, silent)
        again.take_in()
        assert [each.status for each in again.results] == ["unchanged"] * 6
        assert cluster.session.committed_state().changes == 2


def test_a_dry_run_says_the_same_and_changes_nothing(cluster: ClusterLibrary, files: list[InputFile]) -> None:
    with closing(cluster.rehearsal()) as rehearsal:
        run = Run(rehearsal, None, UserOptions(), files, silent)
        run.take_in()
    assert [each.status for each in run.results] == ["added"] * 6
    assert cluster.count().documents == 0
