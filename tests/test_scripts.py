from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SH = shutil.which("sh")
pytestmark = pytest.mark.skipif(SH is None, reason="these are POSIX shell scripts")


def install(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return install_from(tmp_path, ROOT / "requirements" / "install.txt", **environment)


def install_from(tmp_path: Path, file: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(SH), str(ROOT / "scripts" / "install.sh"), str(tmp_path / "env"), str(file)]
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


@pytest.mark.day
@pytest.mark.install
@pytest.mark.parametrize("hashes", ["", f" --hash=sha256:{'0' * 64}"])
def test_a_package_with_other_bytes_than_the_file_says_is_not_installed(tmp_path: Path, hashes: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(f"colorama==0.4.6{hashes}\n")
    result = install_from(tmp_path, file, **os.environ)
    assert result.returncode
    assert "hash" in result.stderr.casefold()
    assert not list((tmp_path / "env").glob("lib/*/site-packages/colorama"))


def test_each_package_is_named_with_hashes_and_without_an_address() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    optional, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    installed = [*project["project"]["dependencies"], *optional["report"], *groups["build"]]
    tested = [*installed, *optional["cluster"], *groups["dev"]]
    for name, wanted in (("install", installed), ("tests", tested)):
        text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
        assert not re.search(r"://|^\s*-", text, re.MULTILINE)
        pinned: dict[str, list[Requirement]] = {}
        for line in text.splitlines():
            requirement, *hashes = re.split(r"\s+--hash=sha256:", line.strip())
            assert hashes
            assert all(re.fullmatch("[0-9a-f]{64}", each) for each in hashes)
            parsed = Requirement(requirement)
            pinned.setdefault(canonicalize_name(parsed.name), []).append(parsed)
        for each in map(Requirement, wanted):
            if each.name == "torch":
                assert "torch" not in pinned
                continue
            for minor in (11, 12, 13, 14):
                machine = {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.1"}
                (found,) = (
                    one
                    for one in pinned[canonicalize_name(each.name)]
                    if one.marker is None or one.marker.evaluate(machine)
                )
                assert each.specifier.contains(str(found.specifier).removeprefix("==")), each


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
