from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SH = shutil.which("sh")
pytestmark = pytest.mark.skipif(SH is None, reason="these are POSIX shell scripts")


def install(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(SH), str(ROOT / "scripts" / "install.sh"), str(tmp_path / "env"), "--editable", "."]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def executable(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def test_a_machine_without_a_fitting_python_is_told_what_to_install(tmp_path: Path) -> None:
    executable(tmp_path / "python3", "#!/bin/sh\nexit 1\n")  # as an older Python answers, or a shim for none
    result = install(tmp_path, PATH=str(tmp_path))
    assert result.returncode == 1
    assert "needs Python 3.11 or newer, and none is on the PATH" in result.stderr
    assert "apt install python3 python3-venv" in result.stderr
    assert not (tmp_path / "env").exists()


def test_a_named_python_that_does_not_fit_is_refused_and_no_other_taken(tmp_path: Path) -> None:
    result = install(tmp_path, PATH=os.environ["PATH"], PYTHON="python-of-yesterday")
    assert result.returncode == 1
    assert "PYTHON=python-of-yesterday is not a Python 3.11 or newer" in result.stderr
    assert not (tmp_path / "env").exists()


def test_a_python_without_ensurepip_is_met_with_the_name_of_debians_package(tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError", encoding="utf-8")
    result = install(tmp_path, PATH=os.environ["PATH"], PYTHON=sys.executable, PYTHONPATH=str(tmp_path))
    assert result.returncode == 1
    assert f"apt install python{sys.version_info.major}.{sys.version_info.minor}-venv" in result.stderr
    assert not (tmp_path / "env").exists()


@pytest.mark.parametrize(
    ("closing", "status"),
    [
        ("===== 12 passed, 1 warning in 3.21s =====", 0),
        ("===== 1 failed, 11 passed in 63.20s (0:01:03) =====", 1),
        ("===== no tests ran in 0.01s =====", 5),
    ],
)
def test_ci_ends_with_pytests_closing_line_and_its_status(tmp_path: Path, closing: str, status: int) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    recipe = (
        f"test:\n\t@echo '{closing}'; echo 'more, from something else'; exit {status}\ntest-day:\n\t@true\n"
    )
    (tmp_path / "Makefile").write_text(recipe, encoding="utf-8")
    command = ["bash", str(tmp_path / ".ci" / "run")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout.splitlines()[-1] == closing
    assert (result.returncode == 0) == (status == 0)
