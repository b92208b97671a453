"""How long a running chat takes to take in very many small files, and to move their documents together.

usage: python -m benchmarks.uploads [--files 10000] [--at-once 3]

Starts `pullquote chat` on an empty library in a temporary folder, and posts made-up files as the page does,
so many at once. No two are alike. The time of each thousand is printed: it should stay the same. At the end
comes the processor time of the server, its start of some seconds included, for machines that others use, too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
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
# As many as one request may move.
_MOVED = 1_000


def _ask(server: Server, method: str, path: str, body: bytes) -> Any:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}api/v1/{path}", body, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=600) as response:  # noqa: S310
        return json.load(response)


def _post(server: Server, number: int) -> str:
    chance = random.Random(number)
    text = " ".join(chance.choices(_WORDS, k=80)).capitalize() + "."
    (result,) = _ask(server, "POST", f"documents?name={number // 100}/{number}.txt", text.encode())
    return str(result["status"])


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
                began = time.perf_counter()
                statuses = Counter(pool.map(lambda number: _post(server, number), numbers))
                took = time.perf_counter() - began
                each = 1000 * took / len(numbers)
                print(f"{first:6} …: {took:7.1f} s, {each:5.0f} ms each, {dict(statuses)}", flush=True)
        ids = [f"{number // 100}/{number}.txt" for number in range(min(_MOVED, arguments.files))]
        for what, method, path, body in (
            ("moved", "POST", "documents/collection", {"ids": ids, "collection": "one"}),
            ("renamed", "PATCH", "collections/one", {"name": "another"}),
        ):
            began = time.perf_counter()
            _ask(server, method, path, json.dumps(body).encode())
            print(f"{len(ids)} documents {what}: {time.perf_counter() - began:.2f} s")
    used = os.times()
    seconds = used.children_user + used.children_system
    print(f"the server's processor time: {seconds:.0f} s, {1000 * seconds / arguments.files:.0f} ms a file")


if __name__ == "__main__":
    main()
