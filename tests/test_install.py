"""Pullquote as a newcomer gets it: installed into an empty environment, and started by make."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

import qa
from tests.conftest import BRIEF, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUESTION = "Where was the scrap metal going?"
NOWHERE = "http://127.0.0.1:9"  # a proxy that is not there: whatever is fetched from outside fails


def surroundings(home: Path) -> dict[str, str]:
    """Make an environment in which nothing of this user or this checkout is found, and no network."""
    ours = ("PULLQUOTE_", "PYTHON", "XDG_", "VIRTUAL_ENV", "HF_", "GRADIO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"HOME": str(home), "http_proxy": NOWHERE, "https_proxy": NOWHERE, "no_proxy": "127.0.0.1"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def fetch(url: str, body: object = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - our own server
    with urlopen(request, timeout=30) as response:  # noqa: S310
        content: bytes = response.read()
        return content


@contextmanager
def chatting(command: list[str], url: str, log: Path, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """Start a chat in a process group of its own, wait until it answers, and end it if the test did not."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, **options)  # type: ignore[call-overload]
    try:
        deadline = time.monotonic() + 120
        while True:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            try:
                fetch(f"{url}/api/v1/health")
            except URLError:
                time.sleep(0.2)
            else:
                break
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def interrupt(process: subprocess.Popen[bytes]) -> int:
    """Press Ctrl-C: a terminal sends it to the whole group."""
    os.killpg(process.pid, signal.SIGINT)
    return process.wait(timeout=30)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install as README does, and the checkout as a package; return the folder of the commands."""
    folder = tmp_path_factory.mktemp("an empty environment") / "env"
    script, packages = ROOT / "scripts" / "install.sh", ROOT / "requirements" / "install.txt"
    subprocess.run(["sh", str(script), str(folder), str(packages)], cwd=ROOT, check=True)
    # The script leaves the checkout as it is, to be edited: what a package lacks would not be missed.
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", str(ROOT)], check=True)
    return folder / "bin"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder that is home and working directory, far from the checkout."""
    return tmp_path_factory.mktemp("another folder")


@pytest.mark.day
@pytest.mark.install
def test_installed_it_knows_its_version(installed: Path, elsewhere: Path) -> None:
    command = [str(installed / "pullquote"), "--version"]
    result = subprocess.run(
        command, cwd=elsewhere, env=surroundings(elsewhere), capture_output=True, text=True, check=True
    )
    assert qa.__version__ in result.stdout


@pytest.mark.day
@pytest.mark.install
def test_installed_it_indexes_its_brief_and_answers_from_another_folder(
    installed: Path, elsewhere: Path
) -> None:
    def pullquote(*arguments: str) -> str:
        result = subprocess.run(
            [str(installed / "pullquote"), *arguments],
            cwd=elsewhere,
            env=surroundings(elsewhere),
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    pullquote("index")
    answer = json.loads(pullquote("ask", QUESTION, "--json"))
    source = BRIEF.read_text(encoding="utf-8")
    assert answer["outcome"] == "answered"
    assert any("smuggle out to China" in quote["text"] for quote in answer["quotes"])
    assert all(quote["text"] == source[quote["start"] : quote["end"]] for quote in answer["quotes"])


@pytest.mark.day
@pytest.mark.install
def test_installed_its_chat_serves_the_page_and_answers(
    installed: Path, elsewhere: Path, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(installed / "pullquote"), "chat", "--port", str(port)]
    with chatting(command, url, tmp_path / "log", cwd=elsewhere, env=surroundings(elsewhere)) as process:
        assert b"Pullquote" in fetch(url)
        answer = json.loads(fetch(f"{url}/api/v1/ask", {"question": QUESTION}))
        assert any("smuggle out to China" in quote["text"] for quote in answer["quotes"])
        interrupt(process)


@pytest.mark.day
@pytest.mark.models
def test_make_chat_serves_the_brief_and_ends_quietly_at_ctrl_c(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    here = [f"BIN={sys.prefix}/bin", "-o", ".venv/.installed"]  # the environment that runs this test
    environment = os.environ | {"PULLQUOTE_LIBRARY": str(tmp_path / "library")}
    command = ["make", "chat", f"PORT={port}", *here]
    with chatting(command, url, tmp_path / "log", cwd=ROOT, env=environment) as process:
        answer = json.loads(fetch(f"{url}/api/v1/ask", {"question": QUESTION}))
        assert any("smuggle out to China" in quote["text"] for quote in answer["quotes"])
        assert interrupt(process) in {0, -signal.SIGINT}  # GNU make passes the signal on, silently
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "***" not in log
    assert "Traceback" not in log
