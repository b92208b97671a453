"""The tests on a real server of the `milvus` wheel. Its ports are fixed, so it has its own network."""

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


def run_on_server(*arguments: str) -> None:
    """Run tests on a server."""
    if not shutil.which("unshare") or subprocess.run(unshared(["true"]), check=False).returncode:
        pytest.skip("no network of its own can be made here")
    command = unshared([sys.executable, "-m", "tests.qa.storage.milvus.on_server", *arguments])
    done = subprocess.run(command, check=False, timeout=1_500, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-2_000:]
    assert " passed" in done.stdout


@pytest.mark.day
@pytest.mark.skipif(not importlib.util.find_spec("milvus"), reason="the milvus wheel is not installed")
def test_the_contract_holds_on_a_real_server(tmp_path: Path) -> None:
    tests = [str(HERE / name) for name in ("test_library.py", "test_same_as_in_folder.py", "test_index.py")]
    run_on_server(str(tmp_path / "server"), "-q", "-n", "0", "-m", "not day", *tests)


@pytest.mark.day
@pytest.mark.skipif(not importlib.util.find_spec("milvus"), reason="the milvus wheel is not installed")
@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl to make a certificate")
def test_tls_and_passwords_are_used_and_what_is_wrong_with_them_is_said(tmp_path: Path) -> None:
    run_on_server("--secured", str(tmp_path / "server"), "-q", str(HERE / "test_secured.py"))
