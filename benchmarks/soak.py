"""Ask, list, cite, upload, edit and purge at the same time for an hour, and check every quote.

usage: python -m benchmarks.soak FOLDER [--minutes 60] [--clients 50] [--passages 10000]

Serves a copy of a library of `benchmarks.synthetic`, which is made in FOLDER, on 127.0.0.1. It contains the
articles of tests/suites/news. Each client has its own address. It asks questions, opens citations and lists
documents, one after the other without a pause. A refused client asks again at the time that the server names.
Meanwhile documents are uploaded, edited and purged. Clients ask for the uploaded documents, too.

Each quote and each opened citation is compared with its slice of the document's text. It is wrong if the
words differ, or if the document was purged before the request. Ends with 1 if a limit below is not met.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter, defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as percent_encoded

from benchmarks import machine, synthetic
from benchmarks.chat import answered
from benchmarks.crowd import Client
from qa import Corpus
from qa.evaluation import suite
from qa.schema.documents import sha256_text

if TYPE_CHECKING:
    from collections.abc import Mapping

SUITE = Path("tests/suites/news")
# What a client does next, with weights.
ACTIONS = {"ask": 4, "cite": 4, "list": 2}
# Share of the questions that are about uploaded documents.
ABOUT_UPLOADED = 0.2
# Uploaded documents that the library has at the same time, and seconds between two changes of a kind.
UPLOADED, UPLOAD_EVERY, EDIT_EVERY, PURGE_EVERY = 200, 1.0, 2.0, 2.0
SORTED_BY = ("title", "date", "added", "publisher")
# Limits. Memory may grow by this share after the first sixth of the time.
LIST_SECONDS, ASK_SECONDS, GROWTH, LATE = 1.0, 5.0, 0.1, 0.001
SAMPLED_EVERY = 10.0  # seconds between two samples of memory


class Soak:
    """A server under load: the texts it has, and what its replies were.

    Attributes:
        texts: the text of each document that the server may quote, by its SHA-256.
        gone: when each purge ended, by the SHA-256 of the purged text; infinity while it runs.
        wrong: what was wrong, one line each.
    """

    def __init__(self, url: str, texts: dict[str, str], questions: list[str], until: float) -> None:
        self.url, self.texts, self.questions, self.until = url, texts, questions, until
        self.gone: dict[str, float] = {}
        self.wrong: list[str] = []
        self.statuses: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.compared: Counter[str] = Counter()
        self._cited: deque[Mapping[str, Any]] = deque(maxlen=5_000)
        self._uploaded: deque[tuple[str, str]] = deque()  # id and question

    def client(self, number: int) -> None:
        """Ask, cite and list until the time is over."""
        draw, client = random.Random(number), Client(self.url, f"127.0.1.{number + 1}")
        while time.monotonic() < self.until:
            [action] = draw.choices([*ACTIONS], [*ACTIONS.values()])
            if action == "ask":
                self._ask(client, draw)
            elif action == "list":
                query = f"sort={draw.choice(SORTED_BY)}&limit=50&offset={draw.randrange(100)}"
                self._request(client, "list", f"/api/v1/documents?{query}")
            elif self._cited:
                self._cite(client, draw.choice([*self._cited]))

    def _ask(self, client: Client, draw: random.Random) -> None:
        question = draw.choice(self.questions)
        if self._uploaded and draw.random() < ABOUT_UPLOADED:
            question = draw.choice([*self._uploaded])[1]
        began = time.monotonic()
        answer = self._request(client, "ask", "/api/v1/ask", {"question": question})
        for cited in answer["quotes"] if answer else ():
            self._compare("quotes", cited, cited["text"], began)
            self._cited.append(cited)

    def _cite(self, client: Client, cited: Mapping[str, Any]) -> None:
        began, sha256 = time.monotonic(), cited["sha256"]
        opened = self._request(
            client, "cite", f"/api/v1/citations/{sha256}/{cited['start']}-{cited['end']}", gone=sha256
        )
        if opened:
            self._compare("citations", cited, opened["quote"], began)

    def _compare(self, kind: str, cited: Mapping[str, Any], words: str, began: float) -> None:
        """Compare a quote with its slice of the text, and its document with the purged documents."""
        self.compared[kind] += 1
        slice_ = self.texts.get(cited["sha256"], "")[cited["start"] : cited["end"]]
        if not words or words != slice_:
            self.wrong.append(f"{kind}: {cited['document']} says “{slice_}”, not “{words}”")
        if self.gone.get(cited["sha256"], began) < began:
            self.wrong.append(f"{kind}: {cited['document']} was purged before, and still says “{words}”")

    def upload(self) -> None:
        """Upload documents that all differ."""
        client, number = Client(self.url, "127.0.0.2"), 0
        while self._goes_on(UPLOAD_EVERY):
            number += 1
            draw = random.Random(f"upload {number}")
            crates, ships, harbour = draw.randint(100, 999), draw.randint(10, 99), f"Nordhaven-{number}"
            title = f"Log of {harbour}"
            text = (
                f"{title}\n\nThe watch at {harbour} counted {crates} crates of herring on the north pier. "
                f"In the same week {ships} ships passed the light of {harbour}.\n"
            )
            self.texts[sha256_text(text)] = text
            name = f"logs/{number}.txt"
            results = self._request(client, "upload", f"/api/v1/documents?name={name}", text.encode())
            if results and results[0]["status"] != "added":
                self.wrong.append(f"upload: {name} is {results[0]['status']}, not added")
            elif results:
                question = f"How many crates of herring did the watch at {harbour} count?"
                self._uploaded.append((name, question))

    def edit(self) -> None:
        """Correct the publisher of uploaded documents, and read it again."""
        client = Client(self.url, "127.0.0.3")
        while self._goes_on(EDIT_EVERY):
            if self._uploaded:
                name = self._uploaded[-1][0]
                publisher = f"Press of {time.monotonic():.0f}"
                path = f"/api/v1/documents/{percent_encoded(name, safe='')}"
                edited = self._request(client, "edit", path, {"publisher": publisher}, method="PATCH")
                record = self._request(client, "look", path) if edited else None
                if record and record["publisher"] != publisher:
                    self.wrong.append(
                        f"edit: {name} has the publisher {record['publisher']}, not {publisher}"
                    )

    def purge(self) -> None:
        """Purge the oldest uploaded documents, as long as there are enough others."""
        client = Client(self.url, "127.0.0.4")
        while self._goes_on(PURGE_EVERY):
            while len(self._uploaded) > UPLOADED:
                name, _ = self._uploaded.popleft()
                path = f"/api/v1/documents/{percent_encoded(name, safe='')}"
                record = self._request(client, "look", path)
                if record:
                    self.gone[record["sha256"]] = float("inf")
                    if self._request(client, "purge", f"{path}/purge", {"title": record["title"]}):
                        self.gone[record["sha256"]] = time.monotonic()

    def _goes_on(self, seconds: float) -> bool:
        """Wait, and return whether time is left."""
        time.sleep(seconds)
        return time.monotonic() < self.until

    def _request(
        self, client: Client, kind: str, path: str, body: object = None, method: str = "", gone: str = ""
    ) -> Any:
        """Return the reply of a request, or None after an error. Count its status and its time.

        A refusal must say when to try again. With `gone`, 404 is right if that text is purged.
        """
        began = time.monotonic()
        try:
            with client.open(path, body, method) as response:
                data, status = response.read(), response.status
                wait = response.headers.get("Retry-After")
        except (OSError, HTTPException) as error:
            self.statuses[kind][type(error).__name__] += 1
            return None
        self.statuses[kind][str(status)] += 1
        if status == 200:
            self.seconds[kind].append(time.monotonic() - began)
            return json.loads(data)
        if status == 503 and wait:
            time.sleep(max(0, min(float(wait), self.until - time.monotonic())))
        elif status != 504 and not (status == 404 and gone in self.gone):
            self.wrong.append(f"{kind}: {status} for {path}: {data[:200]!r}")
        return None


def main() -> None:
    """Make the library, serve it for the time, and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--passages", type=int, default=10_000)
    arguments = parser.parse_args()
    synthetic.make(arguments.folder, [SUITE], [SUITE], [arguments.passages])
    library = arguments.folder / "served"
    shutil.rmtree(library, ignore_errors=True)
    shutil.copytree(arguments.folder / str(arguments.passages), library)
    with Corpus.open(library) as corpus:
        documents = (corpus.document(info.id) for info in corpus.documents())
        texts = {document.sha256: document.text for document in documents}
    questions = [query.text for query in suite.load(SUITE).queries]
    print(machine.line(), f"{len(texts)} documents, {arguments.clients} clients", sep="\n", flush=True)
    command = [sys.executable, "-m", "qa", "--library", library, "chat", "--port", "7870", "--no-browser"]
    with (arguments.folder / "chat.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            answered("http://127.0.0.1:7870/api/v1/health")
            seconds = 60 * arguments.minutes
            soak = Soak("http://127.0.0.1:7870/", texts, questions, time.monotonic() + seconds)
            sizes: list[tuple[float, float]] = []
            with ThreadPoolExecutor(arguments.clients + 4) as pool:
                running = [pool.submit(soak.client, number) for number in range(arguments.clients)]
                running += [pool.submit(change) for change in (soak.upload, soak.edit, soak.purge)]
                running.append(pool.submit(_sample, server.pid, soak.until, sizes))
            for ended in running:
                ended.result()
        finally:
            server.terminate()
            server.wait(timeout=60)
    sys.exit(report(soak, sizes, seconds))


def _sample(server: int, until: float, sizes: list[tuple[float, float]]) -> None:
    """Append the time and the resident memory of the server and its child processes, in MiB."""
    while time.monotonic() < until:
        listed = Path(f"/proc/{server}/task").glob("*/children")
        processes = [server, *(int(number) for path in listed for number in path.read_text().split())]
        size = 0
        for process in processes:
            with suppress(OSError):
                size += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf(
                    "SC_PAGE_SIZE"
                )
        sizes.append((time.monotonic(), size / 2**20))
        time.sleep(SAMPLED_EVERY)


def report(soak: Soak, sizes: list[tuple[float, float]], seconds: float) -> bool:
    """Print the figures, and return whether a limit is not met."""
    print(machine.HEADER)
    for kind, taken in soak.seconds.items():
        counts = ", ".join(f"{status}: {count}" for status, count in sorted(soak.statuses[kind].items()))
        print(machine.row(kind, [1000 * value for value in taken]), counts, sep="  ")
    begin = sizes[0][0] + seconds / 6
    first = max(size for when, size in sizes if when <= begin)
    later = max(size for when, size in sizes if when > begin)
    every = sum(soak.statuses.values(), Counter[str]())
    late = every["504"] / every.total()
    print(f"memory: at most {first:.0f} MiB in the first sixth, {later:.0f} MiB later")
    print(f"504: {late:.2%} of all requests; compared: {dict(soak.compared)}; purged: {len(soak.gone)}")
    print(*soak.wrong[:20], f"{len(soak.wrong)} wrong", sep="\n")
    limits = {
        f"95 % of the lists take at most {LIST_SECONDS} s": _p95(soak.seconds["list"]) <= LIST_SECONDS,
        f"95 % of the answers take at most {ASK_SECONDS} s": _p95(soak.seconds["ask"]) <= ASK_SECONDS,
        f"memory grows by at most {GROWTH:.0%}": later <= first * (1 + GROWTH),
        f"at most {LATE:.1%} of the replies are 504": late <= LATE,
        "no quote, status or edit is wrong": not soak.wrong,
    }
    for limit, is_met in limits.items():
        print("met   " if is_met else "MISSED", limit)
    return not all(limits.values())


def _p95(seconds: list[float]) -> float:
    """Return the 95th percentile."""
    return sorted(seconds)[int(len(seconds) * 0.95)] if seconds else float("inf")


if __name__ == "__main__":
    main()
