from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from typing import TYPE_CHECKING

import pytest

import qa
from tests.conftest import BRIEF, ROOT

if TYPE_CHECKING:
    from pathlib import Path

BRIEF_SHA256 = "107e90fd97588cf96fd1ed88ff1edb757c74fdd79dc691705364b0e4851d4e72"
APACHE_2_SHA256 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


# Compression takes most of the time of a build, and changes nothing that is tested here.
_WITHOUT_COMPRESSION = """
import functools, gzip, zlib
gzip.GzipFile = functools.partial(gzip.GzipFile, compresslevel=0)
zlib.Z_DEFAULT_COMPRESSION = 0
from hatchling.cli import hatchling
hatchling()
"""


def build(source: Path, destination: Path, target: str) -> Path:
    """Build `source` as a "wheel" or an "sdist" and return the file."""
    command = [sys.executable, "-c", _WITHOUT_COMPRESSION, "build", "-t", target, "-d", str(destination)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = destination.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("dist"), "wheel")


def sources(*folders: str) -> set[str]:
    files = (file for folder in folders for file in (ROOT / folder).rglob("*") if file.is_file())
    return {file.relative_to(ROOT).as_posix() for file in files if "__pycache__" not in file.parts}


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.split(r"[<>=!~\[; ]", line, maxsplit=1)[0] for line in project["dependencies"]]


def noticed_licences() -> dict[str, str]:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    _, libraries = re.split(r"^Libraries\n-+\n", notice, flags=re.MULTILINE)
    return dict(re.findall(r"^  (\S+) {2,}(.+)$", libraries, flags=re.MULTILINE))


def stated_licence(package: str) -> str:
    metadata = importlib.metadata.metadata(package)
    fields = [metadata["License-Expression"], metadata["License"], *metadata.get_all("Classifier", [])]
    return " ".join(field for field in fields if field).replace("Apache Software License", "Apache-2.0")


@pytest.mark.slow
def test_the_wheel_holds_the_packages_the_page_and_the_corpus_and_nothing_else(wheel: Path) -> None:
    held = {name for name in names(wheel) if ".dist-info/" not in name}
    assert held == sources("qa", "embeddings") | {"ui.py"} | {f"qa/{name}" for name in sources("seeds")}


@pytest.mark.slow
def test_the_wheel_carries_the_brief_byte_for_byte(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        carried = archive.read(f"qa/seeds/{BRIEF.name}")
    assert hashlib.sha256(carried).hexdigest() == BRIEF_SHA256


def test_the_brief_of_the_checkout_is_byte_for_byte_what_was_given(brief: Path) -> None:
    assert hashlib.sha256(brief.read_bytes()).hexdigest() == BRIEF_SHA256


@pytest.mark.slow
@pytest.mark.parametrize("name", ["LICENSE", "NOTICE"])
def test_the_wheel_carries_licence_and_notice(wheel: Path, name: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        carried = archive.read(f"pullquote-{qa.__version__}.dist-info/licenses/{name}")
    assert carried == (ROOT / name).read_bytes()


def test_the_code_is_under_the_unaltered_apache_licence() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2_SHA256


@pytest.mark.slow
def test_the_wheel_states_its_command_and_its_version(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        information = f"pullquote-{qa.__version__}.dist-info"
        commands = archive.read(f"{information}/entry_points.txt").decode()
        metadata = archive.read(f"{information}/METADATA").decode()
    assert "pullquote = qa.cli:main" in commands
    assert f"\nVersion: {qa.__version__}\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata


@pytest.mark.slow
def test_a_wheel_built_from_the_source_archive_is_the_same(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build(ROOT, tmp_path, "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    rebuilt = build(tmp_path / f"pullquote-{qa.__version__}", tmp_path / "dist", "wheel")
    assert names(rebuilt) == names(wheel)


def test_notice_lists_exactly_the_libraries_that_are_required() -> None:
    assert list(noticed_licences()) == sorted(requirements())


@pytest.mark.parametrize("package", requirements())
def test_notice_names_the_licence_that_the_library_states(package: str) -> None:
    named = re.split(r"[ ,(]", noticed_licences()[package], maxsplit=1)[0]
    stated = stated_licence(package)
    assert named in stated or named.removesuffix("-3-Clause") in stated


def test_every_make_target_that_the_documentation_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    named = {
        target
        for page in pages
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"chat", "test"} <= named <= targets


def test_make_takes_the_port_from_the_environment_but_not_the_host() -> None:
    environment = os.environ | {"HOST": "my-laptop", "PORT": "8000"}
    command = ["make", "--dry-run", "chat"]
    recipe = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert '--host "127.0.0.1" --port "8000"' in recipe.stdout
