"""Kills a real server, or a process that indexes, and checks the library.

It is apart from `test_server.py`, so that another process can run it at the same time.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.qa.storage.milvus.test_server import unshared

ROOT = Path(__file__).parents[4]
log = logging.getLogger(__name__)
# How often each fault is made.
FAULTS = int(os.environ.get("PULLQUOTE_CRASHES", "2"))


@pytest.mark.day
@pytest.mark.skipif(not importlib.util.find_spec("milvus"), reason="the milvus wheel is not installed")
@pytest.mark.parametrize("scenario", ["server_killed", "server_gone", "writer_killed", "disk_full"])
def test_whatever_dies_nothing_acknowledged_is_lost_and_no_question_has_a_wrong_answer(
    scenario: str, tmp_path: Path
) -> None:
    on_faults(scenario, tmp_path, FAULTS)


@pytest.mark.day
@pytest.mark.skipif(not importlib.util.find_spec("milvus"), reason="the milvus wheel is not installed")
def test_after_an_index_run_the_server_searches_by_its_index(tmp_path: Path) -> None:
    on_faults("recall", tmp_path, 1)


def on_faults(scenario: str, folder: Path, times: int) -> None:
    own = [*unshared([]), "--mount"]
    if not shutil.which("unshare") or subprocess.run([*own, "true"], check=False).returncode:
        pytest.skip("no network of its own can be made here")
    module = "tests.qa.storage.milvus.faults_on_server"
    command = [*own, sys.executable, "-m", module, scenario, str(folder), str(times)]
    done = subprocess.run(
        command, check=False, timeout=600 + 300 * times, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-5_000:]
    log.info("%s: %s", scenario, done.stdout)
