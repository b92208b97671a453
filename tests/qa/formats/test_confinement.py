"""What a parser may do that a file has taken over: nothing but read the file that it was given."""

from __future__ import annotations

import json
import logging
import mimetypes
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from qa.formats import confinement, tesseract
from qa.formats.source import PLAIN, Source
from qa.formats.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

TAKEN_OVER = Path(__file__).parent / "taken_over"
IN_FORCE = re.compile(r"Landlock \d+")
# What some systems refuse to everybody, or to everybody but root.
NOT_EVERYWHERE = {
    "attribute", "environment-of-another", "handle", "io_uring", "memory-of-another", "program-of-the-kernel",
    "read-from-another", "trace",
}  # fmt: skip


def offered() -> tuple[str, ...]:
    with Worker() as worker:
        list(worker.read(Source("a.txt", "a.txt", b"He left."), PLAIN))
        return worker.confined_by


@pytest.fixture(scope="module")
def protections() -> tuple[str, ...]:
    found = offered()
    if not ("seccomp" in found and any(map(IN_FORCE.match, found))):
        pytest.skip(f"this system confines a process by no more than: {', '.join(found) or 'nothing'}")
    return found


@pytest.fixture
def prey(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A folder with files, a port that listens, and a process of the same user."""
    for name in ("secret", "kept", "renamed", "removed"):
        (tmp_path / f"{name}.txt").write_text(name)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        subprocess.Popen(["sleep", "600"]) as victim,
    ):
        yield {"folder": str(tmp_path), "port": listener.getsockname()[1], "victim": victim.pid}
        victim.kill()


def untouched(folder: Path) -> bool:
    texts = {path.name: path.is_file() and path.read_text() for path in folder.iterdir()}
    return texts == {f"{name}.txt": name for name in ("secret", "kept", "renamed", "removed")}


@pytest.fixture
def _taken_over(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder of packages in which one has been taken over."""
    packages = tmp_path_factory.mktemp("packages")
    shutil.copy(TAKEN_OVER / "feedparser.py", packages)
    (packages / "feedparser-6.dist-info").mkdir()
    monkeypatch.syspath_prepend(packages)
    monkeypatch.setenv("PULLQUOTE_MILVUS_TOKEN", "secret")


@pytest.mark.usefixtures("protections", "_taken_over")
def test_a_parser_that_is_taken_over_reaches_nothing(
    prey: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    feed = f"<rss version='2.0'><!--{json.dumps(prey)}--></rss>".encode()
    with Worker() as worker, caplog.at_level(logging.DEBUG, "qa.formats.worker"):
        list(worker.read(Source("a.xml", "a.xml", feed), PLAIN))
    (succeeded,) = re.findall(r"^RuntimeError: succeeded: (.*)\.$", caplog.text, re.MULTILINE)
    assert succeeded == ""
    assert untouched(Path(prey["folder"]))


@pytest.mark.usefixtures("protections", "_taken_over")
def test_without_confinement_these_attacks_succeed(prey: dict[str, Any]) -> None:
    command = [sys.executable, str(TAKEN_OVER / "feedparser.py"), json.dumps(prey)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    attacks = re.findall(
        r'^        "([^"]+)": lambda', (TAKEN_OVER / "feedparser.py").read_text(), re.MULTILINE
    )
    assert {name.replace(" ", "-") for name in attacks} - set(done.stdout.split()) <= NOT_EVERYWHERE
    assert not untouched(Path(prey["folder"]))


# A stand-in for the program, which tries what a picture might make it do.
TESSERACT = """#!/bin/sh
[ "$1" = --version ] && echo "tesseract 5.0" && exit
try() { "$@" >/dev/null 2>&1 && echo "$1 succeeded" >&2; }
try cat FOLDER/secret.txt
try touch FOLDER/new.txt
try rm FOLDER/kept.txt
try setsid true
try kill -0 VICTIM
try PYTHON -S -c 'import socket; socket.socket()'
echo tried >&2
exit 1
"""


@pytest.mark.usefixtures("protections")
def test_tesseract_is_confined_as_well(
    prey: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    programs = tmp_path_factory.mktemp("prefix") / "bin"
    programs.mkdir()
    script = TESSERACT.replace("FOLDER", prey["folder"]).replace("VICTIM", str(prey["victim"]))
    (programs / "tesseract").write_text(script.replace("PYTHON", sys.executable))
    (programs / "tesseract").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    scanned = Path(__file__).parent / "pdf" / "files" / "scanned.pdf"
    with Worker() as worker:
        (found,) = worker.read(Source("scanned.pdf", "scanned.pdf", scanned.read_bytes()), PLAIN)
    assert re.findall(r"Tesseract failed \((.*?)\)", str(found), re.DOTALL) == ["tried"]
    assert untouched(Path(prey["folder"]))


# What a reader that is taken over asks of the process that runs Tesseract, before it goes.
SLOW = """#!/bin/sh
[ "$1" = --version ] && sleep 301
"""
LEAVE = """
import os
from qa.formats import tesseract

tesseract._send(tesseract._forked[0], {"task": "version"})
os._exit(0)
"""


@pytest.mark.usefixtures("protections")
def test_a_reader_that_goes_leaves_no_process_and_no_wait(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tesseract").write_text(SLOW)
    (tmp_path / "bin" / "tesseract").chmod(0o755)
    (tmp_path / "packages" / "feedparser-6.dist-info").mkdir(parents=True)
    (tmp_path / "packages" / "feedparser.py").write_text(LEAVE)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    monkeypatch.syspath_prepend(tmp_path / "packages")
    began = time.monotonic()
    with Worker() as worker:
        list(worker.read(Source("a.txt", "a.txt", b"He left."), PLAIN))
        assert worker._process
        group = worker._process.pid
        (message,) = worker.read(Source("a.xml", "a.xml", b"<rss version='2.0'></rss>"), PLAIN)
    assert "what reads it broke down" in str(message)
    assert time.monotonic() - began < 15
    while time.monotonic() - began < 15 and _is_there(group):
        time.sleep(0.05)
    assert not _is_there(group)


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    "request_and_picture",
    [
        ({"task": "read", "dpi": 72, "model": "eng"}, b"/etc/passwd\n"),  # a list of files
        ({"task": "read", "dpi": 72, "model": "../../secret"}, b"P5 1 1 255\n\0"),
    ],
)
def test_tesseract_is_asked_for_no_file(request_and_picture: tuple[dict[str, Any], bytes]) -> None:
    with pytest.raises(tesseract.TesseractError, match="no picture, or no language"):
        tesseract._arguments(*request_and_picture)


def test_tesseract_is_found_where_the_user_has_no_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "tesseract").write_text("#!/bin/sh\n")
    (tmp_path / "tesseract").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    assert tmp_path in tesseract.folders()
    assert tmp_path.parent not in tesseract.folders()


WITHOUT_LANDLOCK = """
import os
from pathlib import Path
from qa.formats import confinement, tesseract

confinement._restrict_files = lambda *_, **__: 0
assert confinement.confine(programs=(Path("/bin"),)) == ("seccomp",)
os.execv("/bin/sh", ["sh", "-c", "echo lost > kept.txt"])
"""


@pytest.mark.usefixtures("protections")
def test_without_landlock_a_program_writes_nothing_either(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    environment = os.environ | {"PYTHONPATH": str(Path(confinement.__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LANDLOCK],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "Permission denied" in done.stderr
    assert (tmp_path / "kept.txt").read_text() == "kept"


def test_every_list_of_types_of_files_can_be_read() -> None:
    assert set(map(Path, mimetypes.knownfiles)) <= set(confinement.readable_paths())


def test_numbers_of_calls_are_those_of_the_kernels_headers() -> None:
    headers = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    if not headers.is_file():
        pytest.skip("the kernel's headers are not installed")
    numbers = dict(re.findall(r"#define __NR_(\w+) (\d+)", headers.read_text()))
    refused = f"{confinement._REFUSED}, {confinement._REFUSED_TO_A_READER}"
    for call in refused.split(","):
        name, number, _ = call.split()
        assert numbers.get(name, number) == number, name


def test_folders_of_packages_are_readable_and_a_checkout_or_a_users_folder_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = Path(confinement.__file__).parents[2]
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(root), *sys.path])
    readable = confinement.readable_paths()
    assert {root / "qa", root / "embeddings", Path(pytest.__file__).parents[1]} <= set(readable)
    assert not [path for path in readable if root.is_relative_to(path) or tmp_path.is_relative_to(path)]


def test_the_environment_keeps_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    from qa.formats.worker import _environment

    for name in ("PULLQUOTE_MILVUS_TOKEN", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "secret")
    assert "secret" not in _environment().values()
    assert _environment().get("PATH") == os.environ.get("PATH")
