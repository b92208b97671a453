"""Kills real servers and writers, fills a disk, cuts the network, restores a backup; checks the library."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgresql

ROOT = Path(__file__).parents[4]
log = logging.getLogger(__name__)
# How often each fault is made, and the seed by which it is chosen.
FAULTS = int(os.environ.get("PULLQUOTE_FAULTS", "1"))
SEED = os.environ.get("PULLQUOTE_SEED", "2026")

OWN = ["unshare", "--net", "--mount"]  # a network and disks of its own

pytestmark = [
    pytest.mark.day,
    pytest.mark.skipif(not importlib.util.find_spec("milvus"), reason="the milvus wheel is not installed"),
    pytest.mark.skipif(not importlib.util.find_spec("psycopg"), reason="psycopg is not installed"),
    pytest.mark.skipif(postgresql.programs() is None, reason=postgresql.MISSING),
]


def test_whatever_dies_nothing_acknowledged_is_lost_and_no_question_has_a_wrong_answer(
    tmp_path: Path,
) -> None:
    # One server alone is killed only in long runs: when both are killed, each of these faults happens, too.
    alone = ["postgresql_killed", "milvus_killed"] if FAULTS > 1 else []
    on_faults(tmp_path, "writer_killed", "both_killed", *alone, "restored")


def test_a_network_that_is_cut_loses_nothing(tmp_path: Path) -> None:
    cut = [*OWN, "nft", "add table ip trial"]
    if not (shutil.which("nft") and shutil.which("unshare")) or subprocess.run(cut, check=False).returncode:
        pytest.skip("the network cannot be cut here: that needs root, and nft (Debian: apt install nftables)")
    on_faults(tmp_path, "network_cut")


def test_a_full_disk_of_the_database_loses_nothing(tmp_path: Path) -> None:
    on_faults(tmp_path, "disk_full")


def on_faults(folder: Path, *scenarios: str) -> None:
    if not shutil.which("unshare") or subprocess.run([*OWN, "true"], check=False).returncode:
        pytest.skip("no network and no disk of its own can be made here: that needs root")
    module = "tests.qa.storage.postgresql.faults"
    command = [*OWN, sys.executable, "-m", module, str(folder), str(FAULTS), SEED, *scenarios]
    done = subprocess.run(
        command, check=False, timeout=600 + 300 * FAULTS, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-5_000:]
    log.info("%s", done.stdout)
