"""Let many visitors ask several chat servers behind nginx, over one library on PostgreSQL and Milvus.

python -m benchmarks.cluster_load FOLDER SUITE --library postgresql://USER@HOST:PORT/DATABASE
           --index milvus://HOST:PORT [--chats 2] [--visitors 8] [--questions 400]

Starts `--chats` chat servers, and nginx in FOLDER with `deploy/nginx.conf`. Each visitor asks one question
after the other over HTTP, of any server. Before, all questions are asked once. Answers that differ later are
printed.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from qa.corpus import Corpus
from qa.evaluation import suite
from tests.web.chatting import ROOT, TOKEN, chat

FIRST_PORT, PROXY, PUBLIC = 7801, "http://127.0.0.1:7800", "http://chat.localhost:7800"
DISTINCT = 60  # number of different questions


def main() -> None:
    """Read the command line, start everything, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("suite", type=Path)
    parser.add_argument("--library", required=True)
    parser.add_argument("--index", required=True)
    parser.add_argument("--chats", type=int, default=2)
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--questions", type=int, default=400)
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    drawn = random.Random(3).sample([query.text for query in suite.load(arguments.suite).queries], DISTINCT)
    with ExitStack() as stack:
        with Corpus.open(arguments.library, index=arguments.index) as corpus:
            corpus.index(arguments.suite / "corpus.jsonl")
            print(f"{corpus.stats().passages:,} passages", flush=True)
        for number in range(arguments.chats):
            options = ("--deadline", "300", "--public-url", PUBLIC)
            stack.enter_context(chat(arguments.library, *options, port=FIRST_PORT + number, token=TOKEN))
        for number in range(arguments.chats):
            wait_for(f"http://127.0.0.1:{FIRST_PORT + number}/api/v1/health")
        proxy = nginx(folder, arguments.chats)
        stack.callback(proxy.terminate)
        print(machine.line(), flush=True)
        right = {text: Visitor().ask(text)[0] for text in drawn}
        visitors = [Visitor() for _ in range(arguments.visitors)]
        questions = arguments.questions // len(visitors)
        begun = time.perf_counter()
        with ThreadPoolExecutor(len(visitors)) as pool:
            runs = list(pool.map(lambda visitor: visitor.go(drawn, right, questions), visitors))
        seconds = time.perf_counter() - begun
    outcomes = sum((Counter(kinds) for kinds, _ in runs), Counter[str]())
    times = np.concatenate([milliseconds for _, milliseconds in runs])
    p50, p95 = np.quantile(times, [0.5, 0.95])
    print(f"{len(visitors)} visitors, {arguments.chats} chat servers: {dict(outcomes)}")
    print(f"{len(times) / seconds:.1f} questions a second, p50 {p50:,.0f} ms, p95 {p95:,.0f} ms")
    print(machine.line())


def nginx(folder: Path, chats: int) -> subprocess.Popen[bytes]:
    """Start nginx in front of the chat servers, with the file that ships.

    Raises:
        RuntimeError: nginx has not started.
    """
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    servers = "".join(f"server 127.0.0.1:{FIRST_PORT + number};\n" for number in range(chats))
    text = re.sub(r"(?:    server chat\d+:\d+ [^;]+;\n)+", servers, text)
    text = text.replace("listen 7800;", f"listen {PROXY.removeprefix('http://')};")
    own = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        "user root; master_process off; daemon off;\nevents {}\n"  # unshare has no other user
        f"pid {folder}/nginx.pid; error_log {folder}/nginx.log;\n"
        f"http {{\naccess_log {folder}/access.log;\n{own}\n{text}\n}}\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")])
    time.sleep(1)
    if process.poll() is not None:
        raise RuntimeError(f"nginx has not started: {folder / 'nginx.log'} says why")
    return process


def wait_for(url: str) -> None:
    """Wait until a chat server has loaded its models."""
    while True:
        with suppress(OSError), urllib.request.urlopen(url, timeout=60):  # noqa: S310 - ours
            return
        time.sleep(1)


class Visitor:
    """A visitor who asks over HTTP."""

    _number = 0
    _lock = threading.Lock()

    def __init__(self) -> None:
        with Visitor._lock:
            Visitor._number += 1
            self._random = random.Random(Visitor._number)

    def ask(self, text: str) -> tuple[Any, float]:
        """Ask a question. Return the outcome and quotes, and the milliseconds."""
        body = json.dumps({"question": text}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
        request = urllib.request.Request(f"{PROXY}/api/v1/ask", body, headers)  # noqa: S310 - ours
        begun = time.perf_counter()
        with urllib.request.urlopen(request, timeout=300) as response:  # noqa: S310 - ours
            answer = json.load(response)
        took = 1000 * (time.perf_counter() - begun)
        return [answer["outcome"], [quote["text"] for quote in answer["quotes"]]], took

    def go(self, drawn: list[str], right: dict[str, Any], count: int) -> tuple[list[str], list[float]]:
        """Ask `count` questions. Return the kind of each answer, and the milliseconds."""
        kinds, times = [], []
        for text in self._random.choices(drawn, k=count):
            try:
                answer, took = self.ask(text)
            except OSError as error:
                kinds.append(f"error: {error}")
                continue
            kinds.append("as on a quiet server" if answer == right[text] else f"another answer: {text}")
            times.append(took)
        return kinds, times


if __name__ == "__main__":
    main()
