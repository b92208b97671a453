"""Measure the answers of the chat to a crowd, and to one client while another client attacks.

usage: python -m benchmarks.crowd [SECONDS] [SUITE]

Serves the texts of SUITE (default: tests/suites/news). First 1, 8, 50 and 160 clients ask its questions for
SECONDS (default: 60). Each client has its own address. A refused client asks again at the time that the
server names. Then a client at 127.0.0.2 attacks in each of six ways. Meanwhile a client at 127.0.0.3 keeps a
stream open, lists the documents, asks, and adds a file. macOS knows these addresses only after `ifconfig lo0
alias`.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse
from itertools import count, cycle
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.chat import answered, chat
from benchmarks.machine import HEADER, line, row
from qa.evaluation import suite
from qa.schema import STRICTNESS

CROWDS = (1, 8, 50, 160)
ATTACKER, OTHER = "127.0.0.2", "127.0.0.3"
STREAMS, VERIFIES, ASKED_AT_ONCE, ASKED_ON_PAGE, UPLOADS = 97, 32, 100, 60, 8
SLOW_SECONDS = 0.5  # between two pieces of a slow upload
SLOW_BYTES = 20_000
ROUNDS = 20  # rounds of the other client's requests in each attack
PATIENCE = 60  # seconds for all rounds, and for one request

Attack = Callable[["Client", threading.Event], None]


def main() -> None:
    """Print both tables."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else "tests/suites/news")
    questions = [query.text for query in suite.load(folder).queries]
    with tempfile.TemporaryDirectory() as made:
        library = Path(made, "library")
        product: list[str | Path] = [sys.executable, "-m", "qa", "--library", library]
        subprocess.run([*product, "index", "-q", folder / "corpus.jsonl"], check=True)
        print(line())
        print(f"{'clients':<10}{'answers/s':>10}{'p50':>8}{'p95':>8}  statuses; 504 of those accepted")
        for size in CROWDS:
            with chat(library) as url:
                answered(url + "api/v1/health")
                print(crowd(url, size, questions, seconds), flush=True)
        for name, attack in ATTACKS.items():
            with chat(library) as url:
                answered(url + "api/v1/health")
                times, ended = attacked(url, attack, questions, ROUNDS)
            print(
                f"\n{name}; the other client's stream was {'cut off' if ended else 'left alone'}",
                HEADER,
                sep="\n",
            )
            for what, taken in times.items():
                failed = f" ({taken.count(None)} failed)" if None in taken else ""
                print(row(what + failed, [1000 * one for one in taken if one is not None] or [0]), flush=True)


class Client:
    """A client that sends requests from its own address, as a browser does. Several threads may use it."""

    def __init__(self, url: str, address: str) -> None:
        self.server = urlsplit(url).netloc
        self.address = address
        self._cookie = ""
        with self.open("/") as page:  # sets the cookie of a browser, to which its sessions belong
            self._cookie = page.headers.get("Set-Cookie", "").partition(";")[0]

    def open(
        self, path: str, body: object = None, method: str = "", timeout: float = PATIENCE
    ) -> HTTPResponse:
        """Send a request on a connection of its own, and return the response's head."""
        connection = HTTPConnection(self.server, timeout=timeout, source_address=(self.address, 0))
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection.request(
            method or ("GET" if body is None else "POST"),
            path,
            data,
            {"Content-Type": "application/json", "Connection": "close", "Cookie": self._cookie},
        )
        return connection.getresponse()

    def status(self, path: str, body: object = None) -> tuple[str, float]:
        """Send a request, read the response, and return its status and the seconds to wait if refused."""
        try:
            with self.open(path, body) as response:
                response.read()
                return str(response.status), float(response.headers.get("Retry-After", 1))
        except (OSError, HTTPException) as error:
            return type(error).__name__, 1

    def ask_on_page(self, question: str, session: str) -> float | None:
        """Return the seconds of a question that is asked as the page asks, or None if it is not answered."""
        start = time.perf_counter()
        data = [question, STRICTNESS, "", "", None]
        asked = {"fn_index": 0, "data": data, "session_hash": session, "trigger_id": 6}
        status, _ = self.status("/gradio_api/queue/join", asked)
        messages = self._until_completed(session) if status == "200" else b""
        return time.perf_counter() - start if b'class=\\"card\\"' in messages else None

    def _until_completed(self, session: str) -> bytes:
        """Return the messages to the page about its question, until the question is answered."""
        messages = b""
        with (
            contextlib.suppress(OSError, HTTPException),
            self.open(f"/gradio_api/queue/data?session_hash={session}") as response,
        ):
            while b"process_completed" not in messages and (piece := response.read1(1 << 16)):
                messages += piece
        return messages

    def seconds(self, path: str, body: object = None) -> float | None:
        """Return the seconds of a request, or None if it is not answered."""
        start = time.perf_counter()
        status, _ = self.status(path, body)
        return time.perf_counter() - start if status == "200" else None


def crowd(url: str, clients: int, questions: list[str], seconds: float) -> str:
    """Let clients ask one question after the other, and return a line of the table."""
    statuses: Counter[str] = Counter()
    times: list[float] = []
    end = time.monotonic() + seconds

    def ask(number: int) -> None:
        client = Client(url, f"127.0.1.{number + 1}")
        asked = cycle(questions[number % len(questions) :] + questions[: number % len(questions)])
        while time.monotonic() < end:
            start = time.perf_counter()
            status, wait = client.status("/api/v1/ask", {"question": next(asked)})
            if time.monotonic() < end:
                statuses[status] += 1
            if status == "200":
                times.append(time.perf_counter() - start)
            else:
                time.sleep(max(0, min(wait, end - time.monotonic())))

    together([partial(ask, number) for number in range(clients)])
    times.sort()
    p50, p95 = (times[min(len(times) - 1, int(len(times) * part))] for part in (0.5, 0.95))
    late = statuses["504"] / max(1, statuses["504"] + statuses["200"])
    counts = ", ".join(f"{status}: {many}" for status, many in sorted(statuses.items()))
    return f"{clients:<10}{statuses['200'] / seconds:>10.2f}{p50:>8.2f}{p95:>8.2f}  {counts}; {late:.1%}"


def attacked(
    url: str, attack: Attack, questions: list[str], rounds: int
) -> tuple[dict[str, list[float | None]], bool]:
    """Return the seconds of another client's requests during an attack, and whether its stream has ended."""
    other, over = Client(url, OTHER), threading.Event()
    ended = threading.Event()
    stream = other.open("/gradio_api/heartbeat/other")

    def listen() -> None:
        with contextlib.suppress(OSError, HTTPException, AttributeError, ValueError):
            while stream.read1(1 << 16):
                pass
        if not over.is_set():
            ended.set()

    measured = ("health", "list", "question", "question on the page", "file")
    times: dict[str, list[float | None]] = {what: [] for what in measured}
    with contextlib.ExitStack() as stack:
        threading.Thread(target=listen, daemon=True).start()
        attacking = threading.Thread(target=attack, args=(Client(url, ATTACKER), over), daemon=True)
        attacking.start()
        stack.callback(attacking.join, 10)
        stack.callback(over.set)
        time.sleep(2)  # the attack has begun
        end = time.monotonic() + PATIENCE
        for number, question in zip(range(rounds), cycle(questions), strict=False):
            if time.monotonic() > end:
                break
            text = f"The harbour of number {number} was closed in May.".encode()
            times["health"].append(other.seconds("/api/v1/health"))
            times["list"].append(other.seconds("/api/v1/documents?limit=20"))
            times["question"].append(other.seconds("/api/v1/ask", {"question": question}))
            on_page = other.ask_on_page(question, f"other{number}")
            times["question on the page"].append(on_page)
            times["file"].append(other.seconds(f"/api/v1/documents?name={number}.txt", text))
    return times, ended.is_set()


# The attacks. Each goes on until `over` is set.


def streams(client: Client, over: threading.Event, most: int = STREAMS) -> None:
    """Keep streams open, and open a stream again when it ends."""

    def keep(number: int) -> None:
        while not over.is_set():
            with contextlib.suppress(OSError, HTTPException):
                response = client.open(f"/gradio_api/heartbeat/{client.address[-1]}x{number}", timeout=1)
                while not over.is_set():
                    with contextlib.suppress(TimeoutError):
                        if not response.read1(1 << 16):
                            break
            over.wait(0.2)

    together([partial(keep, number) for number in range(most)])


def streams_and_verify(client: Client, over: threading.Event) -> None:
    """Keep streams open, and let the other connections verify a long text."""
    quotes = "\n\n".join(
        f'He said: "The school number {n} was opened in {1800 + n} by him."' for n in range(199)
    )

    def verify() -> None:
        while not over.is_set():
            client.status("/api/v1/verify", {"text": quotes})

    together([lambda: streams(client, over, STREAMS - 1), *[verify] * VERIFIES])


def questions_at_once(client: Client, over: threading.Event) -> None:
    """Keep a hundred questions waiting, and ask a refused question again."""

    def ask(number: int) -> None:
        while not over.is_set():
            status, _ = client.status("/api/v1/ask", {"question": f"Who closed the harbour number {number}?"})
            if status != "200":
                over.wait(0.5)

    together([partial(ask, number) for number in range(ASKED_AT_ONCE)])


def questions_on_the_page(client: Client, over: threading.Event) -> None:
    """Keep questions waiting in the queue of the page, each in its own session."""

    def ask(number: int) -> None:
        for again in count():
            if over.is_set():
                return
            client.ask_on_page(f"Who closed the harbour number {number}?", f"crowd{number}x{again}")
            over.wait(0.5)

    together([partial(ask, number) for number in range(ASKED_ON_PAGE)])


def slow_uploads(client: Client, over: threading.Event) -> None:
    """Keep sending files as slowly as the server allows."""

    def pieces(number: int) -> Iterator[bytes]:
        path = f"/api/v1/documents?name=slow-{number}.txt"
        yield f"POST {path} HTTP/1.1\r\nHost: {client.server}\r\nContent-Length: 90000000\r\n\r\n".encode()
        while not over.wait(SLOW_SECONDS):
            yield b"x" * SLOW_BYTES

    def send(number: int) -> None:
        host, port = client.server.split(":")
        while not over.is_set():
            with (
                contextlib.suppress(OSError),
                socket.create_connection((host, int(port)), 60, (client.address, 0)) as connection,
            ):
                for piece in pieces(number):
                    connection.sendall(piece)

    together([partial(send, number) for number in range(UPLOADS)])


def long_text(client: Client, over: threading.Event) -> None:
    """Add a text of 4.4 MB, which takes minutes."""
    days = (
        f"On day {day} the harbour of Ostrava was closed by the mayor number {day}.\n\n"
        for day in range(10**6)
    )
    text = bytearray()
    while len(text) < 4_400_000:
        text += next(days).encode()
    with contextlib.suppress(OSError, HTTPException):
        client.open("/api/v1/documents?name=long.txt", bytes(text), timeout=2).close()
    over.wait()


def together(works: list[Callable[[], None]]) -> None:
    """Run each work in its own thread."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


ATTACKS: dict[str, Attack] = {
    f"{STREAMS} streams": streams,
    f"{STREAMS - 1} streams and {VERIFIES} calls of verify": streams_and_verify,
    f"{ASKED_AT_ONCE} questions at once": questions_at_once,
    f"{ASKED_ON_PAGE} questions on the page": questions_on_the_page,
    f"{UPLOADS} slow uploads": slow_uploads,
    "a text of 4.4 MB": long_text,
}

if __name__ == "__main__":
    main()
