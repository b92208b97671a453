"""Hostile and broken files, a few: `python -m benchmarks.fuzz` makes thousands, and large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.fuzz import faults, run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_hostile_files_cost_themselves_and_the_good_ones_go_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "")  # put back afterwards, with the next
    monkeypatch.setattr("tempfile.tempdir", None)
    found = run(tmp_path, 200, 1, large=False)
    assert faults(found) == [], found
    assert found["files"] >= 200
    assert found["results"]["added"] >= 20
    assert found["results"]["refused"] >= 50
