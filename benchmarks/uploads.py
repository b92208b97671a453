"""Measure how long a running chat takes to add very many small files, and to move their documents.

usage: python -m benchmarks.uploads [--files 10000] [--at-once 3]

Starts `pullquote chat` on an empty library in a temporary folder. It posts made-up files as the page does,
`--at-once` at once. All files differ. For each thousand files it prints the time and the server's processor
time for a file, which should stay the same. It also prints the memory of the server and of the process that
parses. At the end the documents are counted, the table and the last document are opened, and `pullquote
doctor` checks the library.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import machine
from tests.web.chatting import Server, chat

_WORDS = (
    "report market border harbour trade grain factory railway winter ministry prices smuggling copper coal "
    "traders police inspection power supply rice fertiliser brigade province city new old rising closed"
).split()
# Maximum number of documents that one request may move.
_MOVED = 1_000


def _ask(server: Server, method: str, path: str, body: bytes | None) -> Any:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}api/v1/{path}", body, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=600) as response:  # noqa: S310
        return json.load(response)


def _post(server: Server, number: int) -> str:
    chance = random.Random(number)
    text = " ".join(chance.choices(_WORDS, k=80)).capitalize() + "."
    (result,) = _ask(server, "POST", f"documents?name={number // 100}/{number}.txt", text.encode())
    return str(result["status"])


def _processes(server: Server) -> list[int]:
    """Return the ids of the server's process and its child processes."""
    listed = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    return [server.process.pid, *(int(number) for path in listed for number in path.read_text().split())]


def _worked(server: Server) -> float:
    """Return the processor time of the server and of its processes so far, in seconds."""
    ticks = 0
    for process in _processes(server):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))  # user and system, with ended children
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory(server: Server) -> str:
    """Return the resident memory of the processes in MiB."""
    sizes = []
    for process in _processes(server):
        (line,) = (
            line for line in Path(f"/proc/{process}/status").read_text().splitlines() if "VmRSS" in line
        )
        sizes.append(f"{int(line.split()[1]) >> 10}")
    return " + ".join(sizes)


def _look(server: Server, number: int, library: Path) -> None:
    """Count the documents, open the table and the last document, and run `pullquote doctor`."""
    with urllib.request.urlopen(f"{server.url}api/v1/documents?limit=1", timeout=60) as listed:  # noqa: S310
        print(f"documents in the list: {listed.headers['X-Total-Count']}")
    for path in ("documents", "documents?q=harbour&sort=title", f"documents/{number // 100}%2F{number}.txt"):
        began, before = time.perf_counter(), _worked(server)
        with urllib.request.urlopen(server.url + path, timeout=600) as response:  # noqa: S310
            length = len(response.read())
        print(
            f"GET /{path}: {response.status}, {length} bytes, {time.perf_counter() - began:.2f} s, "
            f"{_worked(server) - before:.2f} s of processor time"
        )
    command = [sys.executable, "-m", "qa", "doctor", "--library", str(library)]
    doctor = subprocess.run(command, check=False, capture_output=True, text=True)
    lines = doctor.stdout.splitlines()
    beginnings = ("documents ", "originals ", "index ")
    print(*(line for line in lines if line.startswith(beginnings)), lines[-1], doctor.stderr, sep="\n")


def main() -> None:
    """Post the files and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=3)
    arguments = parser.parse_args()
    print(json.dumps({"machine": machine.line(), "files": arguments.files, "at_once": arguments.at_once}))
    with tempfile.TemporaryDirectory() as folder, chat(Path(folder) / "library") as server:
        while server.get("api/v1/health")[0] != 200:
            time.sleep(0.1)
        with ThreadPoolExecutor(arguments.at_once) as pool:
            for first in range(0, arguments.files, 1_000):
                numbers = range(first, min(first + 1_000, arguments.files))
                began, before = time.perf_counter(), _worked(server)
                statuses = Counter(pool.map(lambda number: _post(server, number), numbers))
                took = time.perf_counter() - began
                taken = 1000 * took / len(numbers)
                worked = 1000 * (_worked(server) - before) / len(numbers)
                print(
                    f"{first:6} …: {took:7.1f} s, {taken:5.0f} ms each, {worked:5.0f} of processor time, "
                    f"{_memory(server)} MiB, {dict(statuses)}",
                    flush=True,
                )
        ids = [f"{number // 100}/{number}.txt" for number in range(min(_MOVED, arguments.files))]
        for what, method, path, body in (
            ("moved", "POST", "documents/collection", {"ids": ids, "collection": "one"}),
            ("renamed", "PATCH", "collections/one", {"name": "another"}),
        ):
            began = time.perf_counter()
            _ask(server, method, path, json.dumps(body).encode())
            print(f"{len(ids)} documents {what}: {time.perf_counter() - began:.2f} s")
        _look(server, arguments.files - 1, Path(folder) / "library")
    used = os.times()
    seconds = used.children_user + used.children_system
    print(f"the server's processor time: {seconds:.0f} s, {1000 * seconds / arguments.files:.0f} ms a file")


if __name__ == "__main__":
    main()
