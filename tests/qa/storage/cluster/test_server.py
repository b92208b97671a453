"""The contract on a real server, of the `milvus` wheel: in a network of its own, as its ports are fixed."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent


def unshared(command: Sequence[str]) -> list[str]:
    return ["unshare", "--map-root-user", "--net", *command]


@pytest.mark.day
@pytest.mark.skipif(not importlib.util.find_spec("milvus"), reason="the milvus wheel is not installed")
def test_the_contract_holds_on_a_real_server(tmp_path: Path) -> None:
    if not shutil.which("unshare") or subprocess.run(unshared(["true"]), check=False).returncode:
        pytest.skip("no network of its own can be made here")
    tests = [str(HERE / "test_library.py"), str(HERE / "test_intake.py")]
    command = [
        sys.executable,
        "-m",
        "tests.qa.storage.cluster.on_server",
        str(tmp_path / "server"),
        "-q",
        *tests,
    ]
    done = subprocess.run(unshared(command), check=False, timeout=1_500, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-2_000:]
