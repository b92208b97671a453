"""What an outsider can do to a running chat: some thousand hostile requests, and everything watched.

`pytest tests/web/test_hostile.py -s` prints the figures that docs/security.md gives.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import pytest

from embeddings.models import cache_folder
from qa import Corpus
from tests.web.chatting import ROOT
from tests.web.hostile import COOKIE, HOST, SESSION, Bait, Request, question, requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

pytestmark = [pytest.mark.models, pytest.mark.day]

QUESTION = "What was the group transporting when it was arrested?"
OUTSIDE = "kept outside the library: 5f1c9e"
# Not in the library: as much is read for it as for any question.
ORDINARY = "Who won the football World Cup in 2006?"
# The bounds that the server has to keep. A request may take as much of the processor as five ordinary
# questions. The longest question that a reader takes, 254 tokens, takes 3.3 times as much as an ordinary one.
QUESTIONS = 5
# The least bound: on a fast machine, a request that is no question may take longer than five questions.
PROCESSOR_SECONDS = 2.0
HEALTH_SECONDS = 10.0
# After so many seconds the client leaves a response that may not end.
PATIENCE = 0.3
# What took longer is sent again so often, and the least counts.
_TRIES = 3
# A text in which nearly every place looks like every other.
REPETITIVE = "The harbour was closed in May. " * 13_000
_TICK = os.sysconf("SC_CLK_TCK")
# Audit events whose first argument is a path.
_OF_FILES = ("open", "os.listdir", "os.scandir", "os.mk", "os.re", "os.rm", "os.link", "os.symlink",
             "os.truncate", "shutil.", "sqlite3.connect", "tempfile.")  # fmt: skip


@dataclass
class Result:
    """What became of one request: the response's first bytes, and the seconds of processor time it took."""

    request: Request
    response: bytes
    seconds: float

    @property
    def status(self) -> int | None:
        """The response's status; None where the server closed or held the connection without one."""
        found = re.match(rb"HTTP/1\.[01] (\d{3})", self.response)
        return int(found[1]) if found else None


@dataclass
class Watched:
    """The server while and after it was attacked."""

    library: Path
    scratch: Path
    bait: Bait
    results: list[Result] = field(default_factory=list)
    seconds: float = PROCESSOR_SECONDS
    events: list[list[Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    reached: int = 0
    health: list[float] = field(default_factory=list)
    unhealthy: list[str] = field(default_factory=list)
    descriptors: tuple[int, int] = (0, 0)
    log: str = ""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, brief: Path) -> Watched:
    """Start the chat in a watched process, send it every hostile request, and stop it."""
    folder = tmp_path_factory.mktemp("hostile")
    secret, pipe, scratch = folder / "secret.txt", folder / "pipe", folder / "scratch"
    secret.write_text(OUTSIDE, "utf-8")
    os.mkfifo(pipe)
    scratch.mkdir()
    sha256 = _library(folder / "library", folder / "in", brief)
    with _listener() as (address, reached):
        bait = Bait(str(secret), str(pipe), address, sha256)
        watched = Watched(folder / "library", scratch, bait)
        with _server(watched, folder / "events.jsonl", folder / "log.txt") as (process, port):
            watched.answers.append(_ask(port))
            before = _descriptors(process.pid)
            started = (folder / "events.jsonl").stat().st_size
            stop = threading.Event()
            prober = threading.Thread(target=_probe, args=(port, watched, stop))
            prober.start()
            ordinary = [_send(question(ORDINARY), port, process.pid).seconds for _ in range(3)]
            watched.seconds = max(PROCESSOR_SECONDS, QUESTIONS * min(ordinary))
            for request in requests(bait):
                tries = [_send(request, port, process.pid)]
                while tries[-1].seconds > watched.seconds and len(tries) < _TRIES:
                    tries.append(_send(request, port, process.pid))  # the machine may be busy with others
                watched.results.append(min(tries, key=lambda result: result.seconds))
                if process.poll() is not None:
                    break
            if process.poll() is None:
                _crowd(port)
            stop.set()
            prober.join()
            if process.poll() is None:
                watched.answers.append(_ask(port))
                time.sleep(1)
                watched.descriptors = (before, _descriptors(process.pid))
            stopped = (folder / "events.jsonl").stat().st_size
        watched.log = (folder / "log.txt").read_text("utf-8", "replace")
        written = (folder / "events.jsonl").read_bytes()[started:stopped]
        watched.events = [json.loads(line) for line in written.splitlines()]
        watched.reached = len(reached)
    print(_figures(watched))  # noqa: T201 - asked for with -s
    return watched


def _library(library: Path, inbox: Path, brief: Path) -> str:
    """Index the brief and a long repetitive text, and supersede the latter; give its text's SHA-256."""
    inbox.mkdir()
    text = inbox / "harbour.txt"
    text.write_text(REPETITIVE, "utf-8")
    with Corpus.open(library) as corpus:
        corpus.index(brief, text)
        sha256 = next(info.sha256 for info in corpus.documents() if info.id == "harbour.txt")
        text.write_text(REPETITIVE.replace("May", "June"), "utf-8")
        corpus.index(text)
        assert corpus.cited(sha256).status == "superseded"
    return sha256


@contextlib.contextmanager
def _listener() -> Iterator[tuple[str, list[object]]]:
    """Listen on an address that nobody has a reason to reach, and count who does."""
    reached: list[object] = []
    with socket.create_server((("127.0.0.1"), 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, address = listener.accept()
                    reached.append(address)
                    connection.close()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/file.txt", reached


@contextlib.contextmanager
def _server(watched: Watched, events: Path, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Serve the library in a process that notes what it opens; wait until questions can be answered."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.web.watched_server", str(events), str(watched.library), str(port)]
    environment = os.environ | {"TMPDIR": str(watched.scratch), "MPLCONFIGDIR": mpl.get_cachedir()}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                _get(port, "/api/v1/health")
                break
            except OSError:
                assert process.poll() is None, log.read_text("utf-8", "replace")
                assert time.monotonic() < deadline, log.read_text("utf-8", "replace")
                time.sleep(0.1)
        yield process, port
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()


def _get(port: int, path: str, timeout: float = HEALTH_SECONDS) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=timeout) as response:
        body: bytes = response.read()
        return body


def _ask(port: int) -> dict[str, Any]:
    data = json.dumps({"question": QUESTION}).encode()
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/ask", data, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=60) as response:  # noqa: S310 - the address is ours
        line: dict[str, Any] = json.load(response)
    return {name: line[name] for name in ("outcome", "quotes", "confidence")}


def _crowd(port: int) -> None:
    """Ask sixty questions at once, more than the server has threads; each is answered, or refused by name."""
    with ThreadPoolExecutor(60) as crowd:
        for line in crowd.map(_ask_in_crowd, [port] * 60):
            assert line["outcome"] == "answered" or line["code"] in ("deadline", "busy"), line


def _ask_in_crowd(port: int) -> dict[str, Any]:
    try:
        return _ask(port)
    except urllib.error.HTTPError as error:
        problem: dict[str, Any] = json.load(error)
        return {"outcome": "error", "code": problem.get("code")}


def _probe(port: int, watched: Watched, stop: threading.Event) -> None:
    """Ask again and again whether the server is well, and note how long each reply takes."""
    while not stop.wait(0.25):
        start = time.monotonic()
        try:
            _get(port, "/api/v1/health")
            watched.health.append(time.monotonic() - start)
        except OSError as error:
            watched.unhealthy.append(f"after {len(watched.results)} requests: {error}")


def _send(request: Request, port: int, pid: int) -> Result:
    """Send a request, read what comes back, and measure the processor time until the server is quiet."""
    before = _processor_seconds(pid)
    response = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.settimeout(PATIENCE if request.endless else 40)
        with contextlib.suppress(OSError):
            connection.sendall(request.data)
        start = time.monotonic()
        while len(response) < 1 << 20 and (part := connection.recv(1 << 16)):
            response += part
            if request.endless and time.monotonic() - start > PATIENCE:  # however fast the answers come
                break
    if b"/queue/join " in request.data[:80] and b" 200 " in response[:20]:
        _read_events(port)
    return Result(request, response, _processor_seconds(pid) - before)


def _read_events(port: int) -> None:
    """Wait, as the page does, until what the session has queued is done."""
    url = f"http://127.0.0.1:{port}/gradio_api/queue/data?session_hash={SESSION}"
    request = urllib.request.Request(url, headers={"Host": HOST, "Cookie": COOKIE})
    with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=40) as events:  # noqa: S310
        for event in events:
            if b"process_completed" in event or b"close_stream" in event:
                return


def _processor_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _figures(watched: Watched) -> str:
    kinds = Counter(result.request.kind for result in watched.results)
    statuses = Counter(result.status for result in watched.results)
    bound = f"{watched.seconds:.2f} s"
    slowest = sorted(watched.results, key=lambda result: -result.seconds)[:5]
    return "\n".join(
        (
            f"\n{len(watched.results)} requests: {dict(kinds)}",
            f"statuses: {dict(statuses)}",
            f"bound: {bound}; longest: "
            + "; ".join(f"{each.seconds:.2f} s ({each.request.name:.60})" for each in slowest),
            f"health: {len(watched.health)} replies, longest {max(watched.health, default=0):.2f} s",
            f"files opened: {len({event[1] for event in watched.events if event[0] == 'open'})}",
            f"descriptors before and after: {watched.descriptors}",
        )
    )


def _none(faults: Iterable[str]) -> None:
    """Fail with every fault on a line of its own, if there is one."""
    found = list(faults)
    assert not found, "\n".join(found)


def test_there_are_enough_requests_and_each_was_sent(watched: Watched) -> None:
    assert len(watched.results) == len(requests(watched.bait)) >= 400


def test_no_request_takes_the_processor_longer_than_five_ordinary_questions(watched: Watched) -> None:
    _none(
        f"{each.seconds:.2f} s: {each.request.name}"
        for each in watched.results
        if each.seconds > watched.seconds
    )


def test_no_request_is_answered_by_an_internal_error(watched: Watched) -> None:
    _none(
        f"{each.status}: {each.request.name}"
        for each in watched.results
        if each.status and each.status >= 500 and each.status not in (501, 503, 505)
    )
    # What Gradio refuses it logs with a traceback; a fault of the server's own is logged with these words.
    assert "Exception in ASGI" not in watched.log, watched.log[-5_000:]
    assert "could not answer" not in watched.log, watched.log[-5_000:]


def test_health_answers_throughout(watched: Watched) -> None:
    assert watched.unhealthy == []
    assert len(watched.health) > 10


def test_no_file_outside_the_library_the_packages_and_the_scratch_folder_is_opened(watched: Watched) -> None:
    allowed = [
        watched.library,
        watched.scratch,
        cache_folder(),
        Path(mpl.get_cachedir()),  # Gradio loads it
        Path(os.devnull),  # what the process that reads files says of itself
        Path("/sys/fs/cgroup"),  # how many processors there are for the models
        *(ROOT / name for name in ("qa", "embeddings", "ui.py", "seeds")),
        *(Path(folder) for folder in sys.path if Path(folder).is_absolute() and Path(folder) != ROOT),
    ]
    paths = {
        Path(os.path.normpath(ROOT / path))  # without following links
        for event in watched.events
        if event[0].startswith(_OF_FILES) and isinstance(event[1], str)
        if event[:2] != ["sqlite3.connect", ":memory:"]  # no file: the tables that a schema is compared with
        if event[:2]
        != ["os.listdir", str(ROOT)]  # where Python looks first for a module, such as the SDK of MCP
        for path in [event[1].removeprefix("file:").partition("?mode=")[0]]  # as SQLite is told
    }
    _none(str(path) for path in sorted(paths) if not any(path.is_relative_to(folder) for folder in allowed))


def test_what_gradio_brings_and_the_chat_leaves_out_is_never_imported(watched: Watched) -> None:
    """See `qa.web.gradio_import`."""
    opened = (str(event[1]) for event in watched.events if event[0] == "open")
    _none(path for path in opened if "/site-packages/pandas/" in path)


def test_no_address_is_reached_and_no_program_started(watched: Watched) -> None:
    _none(
        str(event)
        for event in watched.events
        if event[0].split(".")[0] in {"socket", "http", "urllib", "ftplib", "smtplib", "subprocess", "pickle"}
        or event[0] in {"os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"}
        if not _reads_files(event) and not _reads_names_of_months(event)
    )
    assert watched.reached == 0


def _reads_files(event: list[Any]) -> bool:
    """Tell whether an event starts the process in which files are read, or asks Tesseract what it is."""
    named = str(event[2]) if event[0] == "subprocess.Popen" else ""
    return "'-m', 'qa.formats'" in named or named.endswith(("tesseract', '--version']", "'--list-langs']"))


def _reads_names_of_months(event: list[Any]) -> bool:
    """Tell whether an event is Babel's reading of its own data of a language, which it keeps pickled."""
    return event[0] == "pickle.find_class" and event[1].split(".")[0] == "babel"


def test_no_response_holds_a_file_from_outside_or_a_path_of_the_machine(watched: Watched) -> None:
    telling = (OUTSIDE.encode(), str(watched.library).encode(), str(ROOT).encode(), b"Traceback (most recent")
    _none(
        f"{text.decode()} in the response to {each.request.name}"
        for each in watched.results
        for text in telling
        if text in each.response and text not in each.request.data
    )


def test_nothing_is_left_behind(watched: Watched) -> None:
    copied = [
        path
        for path in (*watched.scratch.rglob("*"), *watched.library.rglob("*"))
        if path.is_file() and OUTSIDE.encode() in path.read_bytes()
    ]
    assert copied == []
    before, after = watched.descriptors
    assert after <= before + 20


def test_the_answers_are_the_same_afterwards(watched: Watched) -> None:
    first, last = watched.answers
    assert first == last
    assert first["outcome"] == "answered"


def test_the_watcher_sees_what_the_server_opens(watched: Watched) -> None:
    """Without this, a watcher that sees nothing would pass every test above."""
    opened = [event[1] for event in watched.events if event[0] == "open"]
    assert any(str(path).endswith("page.js") for path in opened)
    assert tempfile.gettempdir() != str(watched.scratch)
