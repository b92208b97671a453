"""Let visitors ask several chat servers behind nginx, kill one of the servers, and compare all answers.

python -m benchmarks.cluster_load FOLDER SUITE --library postgresql://USER@HOST:PORT/DATABASE
           --index milvus://HOST:PORT [--chats 2] [--visitors 8] [--questions 400]

Starts `--chats` chat servers, and nginx in FOLDER with `deploy/nginx.conf`. Each visitor asks one question
after the other as the page does, in Gradio's queue, in conversations of TURNS questions. Each question comes
with the cookie of another browser. So nginx sends all requests of one question to one server, and the next
question to any server. After half of the questions, the first chat server is killed (-9). A visitor whose
question gets no answer, and whose conversation does not have the question, asks again.

Before, this process asks each question once. At the end, the stored conversations must have the same
questions, outcomes and quotes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import secrets
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import machine
from qa.corpus import Corpus
from qa.desk.stored_conversations import new_id
from qa.evaluation import suite
from qa.schema import STRICTNESS
from tests.web.chatting import ROOT, TOKEN, Server, chat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.desk.stored_conversations import Conversations

FIRST_PORT, PROXY = 7801, "127.0.0.1:7800"
TURNS = 10  # of a conversation
PATIENCE, PAUSE = 300, 1.0  # seconds for an answer, and before a question is asked again


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
    count = arguments.questions // arguments.visitors
    drawn = random.Random(3).sample([query.text for query in suite.load(arguments.suite).queries], count)
    courses = [drawn[first : first + TURNS] for first in range(0, count, TURNS)]
    with ExitStack() as stack:
        corpus = stack.enter_context(Corpus.open(arguments.library, index=arguments.index))
        corpus.index(arguments.suite / "corpus.jsonl")
        print(f"{corpus.stats().passages:,} passages; {machine.line()}", flush=True)
        right = {course[0]: answers(corpus, course) for course in courses}
        servers = []
        for number in range(arguments.chats):
            options = ("--deadline", str(PATIENCE), "--public-url", f"http://{PROXY}", "--allow-changes")
            one = chat(arguments.library, *options, port=FIRST_PORT + number, token=TOKEN)
            servers.append(stack.enter_context(one))
        for server in servers:
            wait_for(f"{server.url}api/v1/health")
        proxy = nginx(folder, arguments.chats)
        stack.callback(proxy.terminate)
        fault = Fault(servers[0], count * arguments.visitors // 2)
        visitors = []
        for number in range(arguments.visitors):
            first = number % len(courses)
            own = courses[first:] + courses[:first]
            visitors.append(Visitor(number, corpus.desk.conversations, fault, own))
        begun = time.perf_counter()
        with ThreadPoolExecutor(len(visitors)) as pool:
            list(pool.map(Visitor.go, visitors))
        seconds = time.perf_counter() - begun
        kinds = sum((judged(corpus, right, visitor.asked) for visitor in visitors), Counter[str]())
    times = [each for visitor in visitors for each in visitor.milliseconds]
    p50, p95 = np.quantile(times, [0.5, 0.95])
    print(f"{len(visitors)} visitors, {arguments.chats} chat servers, one killed: {dict(kinds)}")
    for what, often in sum((visitor.again for visitor in visitors), Counter[str]()).items():
        print(f"  {often} questions {what}")
    print(f"{len(times) / seconds:.1f} questions a second, p50 {p50:,.0f} ms, p95 {p95:,.0f} ms")
    print(machine.line())


def answers(corpus: Corpus, course: Sequence[str]) -> list[Any]:
    """Return the question, outcome and quotes of each turn of a conversation."""
    found = []
    for at, text in enumerate(course):
        answer = corpus.ask(text, history=course[:at])
        quotes = [(quote.document.sha256, quote.start, quote.end) for quote in answer.quotes]
        found.append((text, answer.outcome, quotes))
    return found


def judged(corpus: Corpus, right: dict[str, list[Any]], asked: dict[str, Sequence[str]]) -> Counter[str]:
    """Compare stored conversations with the right answers. Print what differs."""
    count = Counter[str](conversations=len(asked))
    for conversation, course in asked.items():
        stored = []
        for turn in corpus.desk.conversations.turns(conversation):
            quotes = [(quote.sha256, quote.start, quote.end) for quote in turn.quotes]
            stored.append((turn.question, turn.answer.outcome, quotes))
        expected = right[course[0]]
        count["right"] += sum(one == other for one, other in zip(stored, expected, strict=False))
        count["conversations that are whole"] += stored == expected
        for one, other in zip(stored, expected, strict=False):
            if one != other:
                print(f"  {one} instead of {other}")
        if len(stored) != len(expected):
            print(f"  {len(stored)} turns instead of {len(expected)}: {[text for text, *_ in stored]}")
    return count


def nginx(folder: Path, chats: int) -> subprocess.Popen[bytes]:
    """Start nginx in front of the chat servers, with the file that ships.

    Raises:
        RuntimeError: nginx has not started.
    """
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    servers = "".join(f"server 127.0.0.1:{FIRST_PORT + number};\n" for number in range(chats))
    text = re.sub(r"(?:    server chat\d+:\d+ [^;]+;\n)+", servers, text)
    text = text.replace("listen 7800;", f"listen {PROXY};")
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
    """Wait until a chat server has loaded its models.

    Raises:
        RuntimeError: the chat server could not start.
    """
    while True:
        try:
            with urllib.request.urlopen(url, timeout=60):  # noqa: S310 - ours
                return
        except urllib.error.HTTPError as error:
            state = json.load(error)
            if state.get("stage") == "failed":
                raise RuntimeError(state["detail"]) from None
        time.sleep(1)


class Fault:
    """Kills a chat server after a number of answers. Threads share it."""

    def __init__(self, server: Server, after: int) -> None:
        self._server, self._left = server, after
        self._lock = threading.Lock()

    def count(self) -> None:
        """Count an answer."""
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self._server.process.kill()
                print("a chat server was killed", flush=True)


class Visitor:
    """A visitor who asks on the page from an own address, and comes as another browser with each question."""

    def __init__(
        self, number: int, stored: Conversations, fault: Fault, courses: Sequence[Sequence[str]]
    ) -> None:
        self._address, self._stored, self._fault = f"127.0.1.{number + 1}", stored, fault
        self._courses = courses
        self.asked: dict[str, Sequence[str]] = {}
        self.again = Counter[str]()
        self.milliseconds: list[float] = []

    def go(self) -> None:
        """Ask the questions of all conversations."""
        for course in self._courses:
            conversation = new_id()
            self.asked[conversation] = course
            for number, text in enumerate(course, 1):
                begun = time.perf_counter()
                while problem := self._ask(text, conversation):
                    asked_to_wait = re.search(r"again in (\d+) s", problem)
                    time.sleep(float(asked_to_wait[1]) if asked_to_wait else PAUSE)
                    if len(self._stored.numbers(conversation)) >= number:
                        self.again["not asked again: it was stored, and the page lost the answer"] += 1
                        break
                    self.again[f"asked again: {re.sub(r'[0-9]+ s', '… s', problem)}"] += 1
                self.milliseconds.append(1000 * (time.perf_counter() - begun))
                self._fault.count()

    def _ask(self, text: str, conversation: str) -> str:
        """Ask in Gradio's queue. Return "" if the page gets an answer, else what went wrong."""
        session, messages = secrets.token_hex(8), b""
        data = [text, STRICTNESS, "", json.dumps({"conversation": conversation}), None]
        body = {"fn_index": 0, "data": data, "session_hash": session, "trigger_id": 6}
        try:
            cookie = self._opened("GET", f"/?token={TOKEN}", "").getheader("Set-Cookie", "").partition(";")[0]
            joined = self._opened("POST", "/gradio_api/queue/join", cookie, json.dumps(body))
            if joined.status != HTTPStatus.OK:
                return f"{joined.status}"
            response = self._opened("GET", f"/gradio_api/queue/data?session_hash={session}", cookie)
            while b"process_completed" not in messages and (piece := response.read1(1 << 16)):
                messages += piece
        except (OSError, HTTPException) as error:
            return type(error).__name__
        if b"process_completed" not in messages:
            return "the stream ended"
        refused = re.search(rb"could not be answered</h2><p>([^<]*)", messages)
        return refused[1].decode() if refused else ""

    def _opened(self, method: str, path: str, cookie: str, body: str | None = None) -> HTTPResponse:
        """Send a request on a connection of its own, and return the response."""
        connection = HTTPConnection(PROXY, timeout=PATIENCE, source_address=(self._address, 0))
        connection.request(method, path, body, {"Content-Type": "application/json", "Cookie": cookie})
        return connection.getresponse()


if __name__ == "__main__":
    main()
