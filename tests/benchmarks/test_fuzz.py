"""Hostile and broken files, a few: `python -m benchmarks.fuzz` makes thousands, and large ones."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_RUN = """
import json, sys
from pathlib import Path
from benchmarks.fuzz import faults, run

found = run(Path(sys.argv[1]), 200, 1, large=False)
print(json.dumps([faults(found), found["files"], found["results"]]))
"""


@pytest.mark.day
def test_hostile_files_cost_themselves_and_the_good_ones_go_in(tmp_path: Path) -> None:
    # In a process of its own: pytest's has loaded what other tests need, and its memory is judged.
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(tmp_path)], capture_output=True, text=True, check=True
    )
    faults, files, results = json.loads(done.stdout.splitlines()[-1])
    assert faults == [], done.stdout
    assert files >= 200
    assert results["added"] >= 20
    assert results["refused"] >= 50
