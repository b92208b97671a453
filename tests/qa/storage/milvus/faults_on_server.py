"""Kill a Milvus server, or a process that indexes, or fill the server's disk, and then check the library.

`unshare -rn python -m tests.qa.storage.milvus.faults_on_server SCENARIO FOLDER TIMES [SEED]`. SCENARIO is
server_killed, server_gone, writer_killed, disk_full (it needs `unshare -rmn`) or recall. Each time there are
new files. One process indexes them. In server_killed, another process asks meanwhile. Afterwards each
acknowledged document must be there once, a second run must bring the rest, and `doctor` must find no problem.
No question may ever have another answer than on a quiet server, or an error. In server_gone, a question must
fail soon.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.asking.answer import Answerer
from qa.corpus import Corpus
from qa.errors import LibraryError
from qa.schema import Document, Passage, Sentence
from qa.storage.examine import examine
from qa.storage.intake_values import EmbeddedPassages, Entry, ReadDocument
from qa.storage.open import open_library, open_records
from tests.qa.storage.milvus.on_server import PORT, Server
from tests.qa.tiny import TinyEncoder, TinyReader, words, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.schema import Progress

FILES = 12  # new ones each time
BEASTS = ("unicorn", "griffin", "basilisk", "kraken")
PHOENIX = "phoenix"  # its documents come and go
# Maximum seconds until a question fails, on a machine with many processes.
LONGEST_ERROR = 30.0
LONGEST_TO_HEAR = 10.0  # from the last question on
# What `doctor` finds wrong: an encoder that is none.
_OF_TESTS = ("encoder",)


def encoder() -> TinyEncoder:
    return TinyEncoder("wide", 384)


def text_of(name: str) -> str:
    return f"So says {name}.\n\n{words(sum(name.encode()), 120)}"


# Processes of their own


def index(place: str, inbox: str) -> None:
    """Index a folder, and say what is acknowledged."""

    def acknowledge(progress: Progress) -> None:
        if progress.stage == "write":
            print(progress.name, flush=True)  # noqa: T201

    with Corpus.open(place, encoder=encoder()) as corpus:
        corpus.index(inbox, progress=acknowledge)


def ask(place: str) -> None:
    """Ask without end, and say what came of each question."""
    with Corpus.open(place, encoder=encoder()) as corpus:
        answerer = Answerer(corpus.store, TinyReader())
        while True:
            for beast in (*BEASTS, PHOENIX):
                begun = time.monotonic()
                said: dict[str, Any] = {"beast": beast, "begun": begun}
                try:
                    answer = answerer.ask(f"Where does the {beast} sleep?")
                    said |= {"outcome": answer.outcome, "quotes": [str(each.text) for each in answer.quotes]}
                except LibraryError as error:
                    said |= {"error": str(error)}
                except Exception as error:  # that there is none is what is tested
                    said |= {"defect": repr(error)}
                said["seconds"] = time.monotonic() - begun
                print(json.dumps(said), flush=True)  # noqa: T201
                time.sleep(0.2)


def child(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", __spec__.name, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Indexer:
    """A process that indexes, and what it has acknowledged."""

    def __init__(self, place: Path, inbox: Path) -> None:
        self.process = child("index", place, inbox)
        self.acknowledged: set[str] = set()
        self.listening = threading.Thread(target=self._listen, daemon=True)
        self.listening.start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.acknowledged.add(Path(line.strip()).name)

    def works(self, new: set[str], count: int, seconds: float) -> None:
        """Wait until it has acknowledged so many of the new files, and some time more, or has ended."""
        while len(self.acknowledged & new) < count and self.process.poll() is None:
            time.sleep(0.005)
        time.sleep(seconds)


class Asker:
    """A process that asks, and what it has said."""

    def __init__(self, place: Path | str) -> None:
        self._process = child("ask", place)
        self.said: list[dict[str, Any]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self.said.append(json.loads(line))

    def hears_answers(self, seconds: float = 120) -> float:
        """Wait until each question was answered once more; return for how long."""
        begun, first = time.monotonic(), len(self.said)
        while set(BEASTS) - {each["beast"] for each in self.said[first:] if "outcome" in each}:
            assert self._process.poll() is None, self._process.stderr and self._process.stderr.read()
            assert time.monotonic() - begun < seconds, self.said[first:][-5:]
            time.sleep(0.05)
        return time.monotonic() - begun

    def judged(self, right: dict[str, dict[str, Any]]) -> dict[str, float]:
        """Look at all that it has said: each answer is right, and each error came in time."""
        said = list(self.said)
        assert not [each for each in said if "defect" in each]
        answers = [each for each in said if "outcome" in each and each["beast"] != PHOENIX]
        for each in answers:  # the confidence may fall with the documents that come in, the quotes stay
            assert each["outcome"] != "none", each
            assert each["quotes"] == right[each["beast"]]["quotes"], each
        slowest = max(
            (each for each in said if "error" in each), key=itemgetter("seconds"), default={"seconds": 0.0}
        )
        assert slowest["seconds"] < LONGEST_ERROR, slowest
        return {
            "answers": len(answers),
            "errors": sum("error" in each for each in said),
            "slowest_error": slowest["seconds"],
        }

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


# Scenarios


class Books:
    """What there should be in a library, and whether it is there."""

    def __init__(self, server: Server, folder: Path, seed: int) -> None:
        self.server, self.place, self.inbox = server, folder / "library", folder / "inbox"
        open_library(self.place, index=server.address).close()
        self.random = random.Random(seed)
        self.count = Counter[str]()
        self._made, self._new = 0, set[str]()
        for beast in BEASTS:
            write(self.inbox, f"{beast}.txt", f"The {beast} sleeps in the barn of {beast}ton.\n")
        self.second_run()

    def interrupted(self) -> Indexer:
        """Let new files be indexed, and return in the middle of it."""
        self._new = {f"{self._made + each}.txt" for each in range(FILES)}
        self._made += FILES
        for name in self._new:
            write(self.inbox, name, text_of(name))
        indexer = Indexer(self.place, self.inbox)
        indexer.works(self._new, self.random.randrange(FILES), self.random.uniform(0, 0.3))
        return indexer

    def ended(self, indexer: Indexer, *, was_killed: bool = False) -> None:
        """Wait until it has ended, and look at how."""
        code = indexer.process.wait(300)
        indexer.listening.join()
        assert indexer.process.stderr
        said = indexer.process.stderr.read()
        if was_killed:
            assert code in (0, -9), said
        else:
            last = said.strip().splitlines()[-1:] or [""]
            assert code == 0 or re.match(r"qa\.errors\.Library\w+: Milvus at", last[0]), said
        self.count["runs that ended well" if code == 0 else "runs that were broken off"] += 1
        self.count["new documents acknowledged by these"] += len(indexer.acknowledged & self._new)

    def check(self, indexer: Indexer) -> None:
        """Look whether what was acknowledged is there, let a second run bring the rest, and look at all."""
        held = set(self._held())
        assert indexer.acknowledged <= held, indexer.acknowledged - held
        self.count["documents there that nobody had acknowledged"] += len(
            held & self._new - indexer.acknowledged
        )
        self.second_run()
        files = {path.name: path.read_text(encoding="utf-8") for path in self.inbox.iterdir()}
        assert set(self._held()) == set(files)
        with closing(open_library(self.place, create=False, encoder=encoder())) as library:
            assert library.count().documents == len(files)
            for name, text in files.items():
                document, passages = library.document_and_passages(name)
                assert document.text == text
                assert "".join(text[each.start : each.end] for each in passages) == text
            wrong = [each for each in examine(library) if each.problem and each.about not in _OF_TESTS]
        assert not wrong, wrong

    def _held(self) -> list[str]:
        """List the ids of the documents; each is there once."""
        with closing(open_records(self.place)) as library:
            ids = [document_id for document_id, _ in library.hashes()]
        assert len(ids) == len(set(ids))
        return ids

    def second_run(self) -> None:
        with Corpus.open(self.place, encoder=encoder()) as corpus:
            report = corpus.index(self.inbox)
        assert not [each for each in report.files if each.error], report


def server_killed(server: Server, folder: Path, times: int, seed: int) -> None:
    books = Books(server, folder, seed)
    asker = Asker(books.place)
    asker.hears_answers()
    right = {each["beast"]: each for each in asker.said if "outcome" in each}
    assert all("answered" in each["outcome"] for each in right.values()), right
    back = []
    for _ in range(times):
        indexer = books.interrupted()
        server.kill()
        books.ended(indexer)
        time.sleep(books.random.uniform(0, 3))
        server.start()
        back.append(asker.hears_answers())
        books.check(indexer)
        judged = asker.judged(right)
        say(books.count, slowest_to_answer_again=max(back), **judged)
    asker.end()


def writer_killed(server: Server, folder: Path, times: int, seed: int) -> None:
    books = Books(server, folder, seed)
    for _ in range(times):
        indexer = books.interrupted()
        indexer.process.kill()
        books.ended(indexer, was_killed=True)
        books.check(indexer)
        say(books.count)


def disk_full(server: Server, folder: Path, times: int, seed: int) -> None:
    books = Books(server, folder, seed)
    filler = server.folder / "data" / "filler"
    for _ in range(times):
        left = shutil.disk_usage(filler.parent).free - books.random.randrange(1 << 20)
        with suppress(OSError), filler.open("wb") as file:
            file.write(bytes(max(left, 0)))
        indexer = books.interrupted()
        books.ended(indexer)
        filler.unlink()
        books.count["servers that ended" if server.has_ended() else "servers that stayed"] += 1
        server.kill()
        server.start()
        books.check(indexer)
        say(books.count)


def recall(server: Server, folder: Path, times: int, seed: int) -> None:
    """Compare what is found right after `save` with the nearest of all, which the index should find."""
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(40, 384))
    every = np.zeros((0, 384), np.float32)
    place = folder / "library"
    with closing(open_library(place, encoder=encoder(), index=server.address)) as library:
        for number in range(60 * times):
            vectors = centres[draw.integers(40, size=100)] + 0.9 * draw.normal(size=(100, 384))
            vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
            every = np.concatenate([every, vectors])
            lines = [f"Line {line} of {number}.\n" for line in range(100)]
            ends = np.cumsum([len(line) for line in lines]).tolist()
            spans = zip([0, *ends[:-1]], ends, strict=True)
            entries = [
                Entry(
                    Passage(f"{number}.txt", at, start, end, (Sentence(start, end - 1),)),
                    hashlib.blake2b(f"{number} {at}".encode(), digest_size=16).digest(),
                    vectors[at],
                )
                for at, (start, end) in enumerate(spans)
            ]
            document = Document(f"{number}.txt", "".join(lines), path=f"/{number}.txt")
            library.put(ReadDocument.of(document), EmbeddedPassages(entries, encoder().identity))
        library.save()
        asked = every[draw.choice(len(every), 100, replace=False)] + 0.02 * draw.normal(size=(100, 384))
        asked = (asked / np.linalg.norm(asked, axis=1, keepdims=True)).astype(np.float32)
        stored = every.astype(np.float16).astype(np.float32)
        least = np.sort(asked @ stored.T, axis=1)[:, -10] - 1e-5
        found = library.nearest(asked, 10, library.select())
    near = [score >= enough for hits, enough in zip(found, least, strict=True) for _, score in hits]
    print(json.dumps({"recall@10": sum(near) / 1_000}))  # noqa: T201
    assert sum(near) >= 980


class Way:
    """A port by which a server is reached, until `goes`: then nothing is answered, and later all is reset."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"milvus://127.0.0.1:{self.listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._is_open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def goes(self, seconds: float) -> None:
        self._is_open = False
        threading.Timer(seconds, self._reset).start()

    def _accept(self) -> None:
        while True:
            here, _ = self.listener.accept()
            self._open.append(here)
            if self._is_open:
                there = socket.create_connection(("127.0.0.1", PORT))
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while (data := one.recv(1 << 16)) and self._is_open:
                other.sendall(data)

    def _reset(self) -> None:
        reset = struct.pack("ii", 1, 0)
        for each in self._open:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            each.shutdown(socket.SHUT_RDWR)
            each.close()


def server_gone(server: Server, folder: Path, times: int, seed: int) -> None:
    """Let the way to a server go while it is asked: who asks hears within ten seconds that it is away."""
    for number in range(5):
        write(folder / "inbox", f"{number}.txt", words(number))
    for name, seconds in enumerate((0.1, 3.0, 5.5, 9.0) * times):
        way = Way()
        place = folder / f"library {name}"
        open_library(place, index=way.address).close()
        with Corpus.open(place, encoder=encoder()) as corpus:
            corpus.index(folder / "inbox")
            answerer = Answerer(corpus.store, TinyReader())
            answerer.ask("Where is word7?")
            threading.Timer(1, way.goes, (seconds,)).start()
            begun = time.monotonic()
            with suppress(LibraryError):
                while True:
                    begun = time.monotonic()
                    answerer.ask(f"Where is word{seed} at {begun}?")
            heard = time.monotonic() - begun
            print(json.dumps({"reset_after": seconds, "heard_after": round(heard, 1)}), flush=True)  # noqa: T201
            assert heard < LONGEST_TO_HEAR


def say(count: Counter[str], **more: float) -> None:
    said = {**count, **{name: round(each, 1) for name, each in more.items()}}
    print(json.dumps(said), flush=True)  # noqa: T201


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Let a folder be on a disk of its own, in this process's mounts."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(folder)], check=True)
    yield


def main(scenario: str, *arguments: str) -> None:
    if scenario == "index":
        index(*arguments)
        return
    if scenario == "ask":
        ask(*arguments)
        return
    folder, times, seed = Path(arguments[0]), int(arguments[1]), int((*arguments[2:], "2008")[0])
    if scenario == "disk_full":
        with small_disk(folder / "server" / "data"), Server(folder / "server") as server:
            disk_full(server, folder, times, seed)
        return
    with Server(folder / "server") as server:
        {
            "server_killed": server_killed,
            "server_gone": server_gone,
            "writer_killed": writer_killed,
            "recall": recall,
        }[scenario](server, folder, times, seed)


if __name__ == "__main__":
    main(*sys.argv[1:])
