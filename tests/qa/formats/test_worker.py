"""The process in which files are parsed: what it costs when one is hostile, and what it may not do."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa.errors import InputError
from qa.formats.reading import read_path
from qa.formats.source import PLAIN, Source
from qa.formats.worker import KeptWorker, Worker, from_plain, to_plain
from qa.schema import Document, FileResult, Found, Section, Span
from qa.text.dates import parse_date

if TYPE_CHECKING:
    from collections.abc import Iterator

posix = pytest.mark.skipif(sys.platform == "win32", reason="limits of the kernel")
linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells which processes there are")
GOOD = Source("good.txt", "good.txt", b"He left.")


def texts(worker: Worker, source: Source) -> list[str]:
    found = list(worker.read(source, PLAIN))
    return [item.text if isinstance(item, Document) else str(item) for item in found]


def test_a_kept_worker_reads_the_next_file_in_the_same_process_and_ends_when_none_comes() -> None:
    kept, processes = KeptWorker(seconds=0.5), []
    for _ in range(2):
        with kept.lent() as worker:
            assert texts(worker, GOOD) == ["He left."]
            processes.append(worker._process)
    assert processes[0] is processes[1] is not None
    processes[0].wait(timeout=10)
    with kept.lent() as worker:
        assert texts(worker, GOOD) == ["He left."]
        other = worker._process
        with kept.lent() as second:  # while it is lent, another thread gets one of its own
            assert second is not worker
    kept.close()
    assert other
    other.wait(timeout=10)


def test_a_kept_worker_is_ended_by_an_error() -> None:
    kept = KeptWorker()
    with suppress(RuntimeError), kept.lent() as worker:
        texts(worker, GOOD)
        process = worker._process
        raise RuntimeError
    assert process
    process.wait(timeout=10)
    with kept.lent() as worker:
        assert texts(worker, GOOD) == ["He left."]
    kept.close()


def test_a_document_comes_through_as_it_is() -> None:
    document = Document(
        "a#1",
        "Two lines\u2028of “text”.\r\nEnd 고철 😀",
        title="T",
        date=dt.date(2008, 4, 4),
        header=(Span(0, 3),),
        furniture=(Span(4, 9),),
        notes=("A doubt.",),
        author="A",
        sections=(Section(0, 9, "page", "iv"),),
        found=(Found("title", "its header", "likely"),),
    )
    month = replace(document, date=parse_date("2008-04"))
    assert [from_plain(to_plain(each)) for each in (document, month)] == [document, month]
    with Worker() as worker:
        (found,) = worker.read(Source("a", "a.txt", document.text.encode()), PLAIN)
    assert isinstance(found, Document)
    assert found.text == document.text


def test_one_process_reads_many_files() -> None:
    with Worker() as worker:
        assert texts(worker, GOOD) == ["He left."]
        process = worker._process
        assert texts(worker, GOOD) == ["He left."]
        assert worker._process is process
        assert process is not None
    assert process.poll() is not None
    with pytest.raises(ValueError, match="closed"):
        texts(worker, GOOD)


def test_a_file_that_takes_too_long_costs_itself() -> None:
    row = b"Prices rose in May. " * 240_000
    slow = Source("slow.csv", "slow.csv", b"\n".join([b"text", b"Prices rose.", row, row]))
    with Worker(seconds=0.4) as worker:
        texts(worker, GOOD)
        *read, message = texts(worker, slow)
        assert message.startswith("slow.csv took longer than 0 s to read.")
        assert message.endswith(
            f" {len(read):,} of its documents were read before." if read else "leave it out."
        )
        assert texts(worker, GOOD) == ["He left."]


@pytest.mark.slow
@posix
def test_a_file_that_needs_too_much_memory_costs_itself() -> None:
    large = Source("large.txt", "large.txt", b"Prices rose in May. " * 2_000_000)
    for larger in (2, 8):  # the text, and already the file, needs too much
        hostile = replace(large, data=large.data * larger)
        with Worker(memory=200_000_000, seconds=10) as worker:
            (message,) = texts(worker, hostile)
            assert message.startswith("large.txt needed more than 0.2 GB of memory to be read.")
            assert texts(worker, GOOD) == ["He left."]
    with Worker() as worker:
        (message,) = texts(worker, large)
        assert message == "large.txt has more than 5,000,000 characters of text. Split it."


def test_a_process_that_breaks_down_is_started_again() -> None:
    with Worker() as worker:
        texts(worker, GOOD)
        assert worker._process
        worker._process.kill()
        (message,) = texts(worker, GOOD)
        assert message.startswith("good.txt cannot be read: what reads it broke down.")
        assert texts(worker, GOOD) == ["He left."]


PLAIN_DOCUMENT = to_plain(Document("", "He left.", title="T"))


WRITTEN = [
    b"no JSON\n",
    b"[" * 100_000 + b"\n",
    b"[]\n",
    b"7\n",
    b'"document"\n',
    b'{"more": "a day"}\n',
    b'{"more": NaN}\n',
    b'{"more": -1e99}\n',
    b'{"document": {}}\n',
    b'{"document": null}\n',
    b'{"shown": 1}\n',
    b'{"refused": null}\n',
    b'{"refused": "x", "columns": 5}\n',
    b'{"refused": "x", "columns": [1]}\n',
    b'{"refused": "\\ud800"}\n',
    b'{"partly_read": {}}\n',
    *(
        json.dumps({"document": PLAIN_DOCUMENT | change}).encode() + b"\n"
        for change in (
            {"text": 7},
            {"title": ["T"]},
            {"date": 2008},
            {"header": [[5, 500]]},
            {"furniture": [[0, 1.5]]},
            {"sections": [[0, 4, "page", 3, ""]]},
            {"found": [["title", "its header", None]]},
            {"notes": [1]},
            {"notes": ["half \ud800"]},
            {"title": "half \ud800"},
            {"title": "long " * 1_000},
            {"text": ""},
            {"text": "a" + "\u0301" * 1_000},
            {"sections": [[0, 4, "evil", "n", ""]]},
            {"sections": [[0, 4, "page", "\ud800", ""]]},
            {"found": [["title", "its header", "evil"]]},
            {"found": [["evil", "its header", "likely"]]},
        )
    ),
]


@pytest.fixture(scope="module")
def taken_over(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker in which a feed, when it is read, writes the bytes of its number in `WRITTEN` as a reply."""
    folder = tmp_path_factory.mktemp("packages")
    (folder / "packages.dist-info").mkdir()
    (folder / "feedparser.py").write_text(
        f"import os\n\ndef parse(data, *arguments, **named):\n    written = {WRITTEN!r}\n"
        "    data = data if isinstance(data, bytes) else data.read()\n"
        "    number = int(data.partition(b'<title>')[2].partition(b'<')[0])\n"
        "    for replies in range(3, 12):\n        try:\n            os.write(replies, written[number])\n"
        "        except OSError:\n            pass\n"
    )
    with pytest.MonkeyPatch.context() as patch, Worker() as worker:
        patch.syspath_prepend(folder)
        yield worker


@posix
@pytest.mark.parametrize("number", range(len(WRITTEN)), ids=lambda number: str(WRITTEN[number][:60]))
def test_what_a_process_writes_that_was_taken_over_is_an_accident_of_that_file(
    taken_over: Worker, number: int
) -> None:
    assert texts(taken_over, GOOD) == ["He left."]
    feed = f"<rss version='2.0'><title>{number}</title></rss>".encode()
    (message,) = texts(taken_over, Source("a.xml", "a.xml", feed))
    assert message.startswith("a.xml cannot be read: what reads it broke down.")
    assert texts(taken_over, GOOD) == ["He left."]


def test_what_nobody_waits_for_is_not_mistaken_for_the_next_file() -> None:
    with Worker() as worker:
        rows = worker.read(Source("a.csv", "a.csv", b"text\nOne left.\nTwo left.\n"), PLAIN)
        next(rows)
        rows.close()  # type: ignore[attr-defined]
        assert texts(worker, GOOD) == ["He left."]


_ABANDON = """
import sys
from qa.formats.worker import Worker
from qa.formats.source import PLAIN, Source

worker = Worker()
list(worker.read(Source("a", "a.txt", b"He left."), PLAIN))
print(worker._process.pid, flush=True)
if sys.argv[1] == "busy":
    data = b"text\\n" + b"Prices rose in May.\\n" * 2_000_000
    rows = worker.read(Source("b", "b.csv", data), PLAIN)  # kept, or the process would end here
    next(rows)
    print("reading", flush=True)
sys.stdin.read()
"""


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.slow
@linux
@pytest.mark.parametrize("state", ["idle", "busy"])
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_the_process_ends_with_its_parent(state: str, end: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _ABANDON, state],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        if state == "busy":
            assert parent.stdout.readline() == "reading\n"
        assert not gone(pid)
        parent.send_signal(end)
        parent.wait(timeout=30)
        deadline = time.monotonic() + 30
        while not gone(pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert gone(pid)


_INDEX = """
import sys
from pathlib import Path
from tests.qa.tiny import tiny_corpus

folder = Path(sys.argv[1])
(folder / "a.csv").write_text("text\\n" + "Prices rose in May.\\n" * 500_000)
with tiny_corpus(folder / "library") as corpus:
    show = lambda progress: print(progress.stage, flush=True) if progress.stage == "write" else None
    corpus.index(folder / "a.csv", progress=show)
"""


def children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # it has ended meanwhile
            found += map(int, (thread / "children").read_text().split())
    return found


@pytest.mark.slow
@linux
def test_an_interrupted_index_leaves_no_process_behind(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _INDEX, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "write\n"
        (child,) = children(parent.pid)
        parent.send_signal(signal.SIGINT)
        _, errors = parent.communicate(timeout=20)
        assert errors.endswith("KeyboardInterrupt\n")
        assert gone(child)


ATTEMPTS = {
    "write": "open('made.txt', 'w')",
    "append": "open('kept.txt', 'a')",
    "empty": "os.truncate('kept.txt', 0)",
    "low level": "os.open('made.txt', os.O_WRONLY | os.O_CREAT)",
    "remove": "os.remove('kept.txt')",
    "rename": "os.rename('kept.txt', 'made.txt')",
    "folder": "os.mkdir('made.txt')",
    "link": "os.symlink('kept.txt', 'made.txt')",
    "copy": "shutil.copy('kept.txt', 'made.txt')",
    "temporary": "tempfile.NamedTemporaryFile(dir='.')",
    "database": "sqlite3.connect('made.txt').execute('CREATE TABLE t (x)')",
    "connect": "socket.create_connection(('127.0.0.1', 9))",
    "look up": "socket.getaddrinfo('example.org', 80)",
    "fetch": "urllib.request.urlopen('http://127.0.0.1:9/')",
    "program": "subprocess.run(['touch', 'made.txt'])",
    "shell": "os.system('touch made.txt')",
    "memory": "bytearray(2_000_000_000)",
}


@posix
@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_what_a_reader_may_not_do(tmp_path: Path, attempt: str) -> None:
    (tmp_path / "kept.txt").write_text("kept")
    script = (
        "import os, shutil, socket, sqlite3, subprocess, tempfile, urllib.request\n"
        "from qa.formats.__main__ import _confine\n"
        "_confine(1_000_000_000)\n"
        f"try:\n    {attempt}\n"
        "except (PermissionError, MemoryError, sqlite3.OperationalError) as error:\n"
        "    print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "refused\n", done.stderr
    assert (tmp_path / "kept.txt").read_text() == "kept"
    assert not (tmp_path / "made.txt").is_file() or not (tmp_path / "made.txt").stat().st_size


def test_the_process_starts_with_nothing_heavy() -> None:
    script = "import sys, qa.formats.__main__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {
        "numpy",
        "torch",
        "lxml",
        "docx",
        "qa.corpus",
        "qa.storage.records.store",
        "embeddings",
    } & set(loaded.split())


# What is known is not read


def test_a_file_is_asked_for_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"He left.")
    result = FileResult("a.txt", "unchanged", "a.txt")
    asked: list[object] = []

    def known(document_id: str, sha256: str, size: int) -> FileResult | None:
        asked.append((document_id, sha256, size))
        return result

    with Worker() as worker:
        assert list(read_path(path, tmp_path, ask_document=known, worker=worker)) == [result]
        assert asked == [("a.txt", hashlib.sha256(b"He left.").hexdigest(), 8)]
        assert worker._process is None


def test_a_file_of_several_documents_is_asked_for_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"text\nHe left.\nShe stayed.\n")
    results = (FileResult("a.csv", "unchanged", "1"), FileResult("a.csv", "refused"))

    def never(document_id: str, sha256: str, size: int) -> None:
        raise AssertionError(document_id)

    with Worker() as worker:
        found = list(
            read_path(path, ask_document=never, ask_file=lambda path, sha256: results, worker=worker)
        )
        assert tuple(found) == results
        assert worker._process is None
        found = list(read_path(path, ask_document=never, ask_file=lambda path, sha256: None, worker=worker))
    assert [item.id for item in found if isinstance(item, Document)] == ["a.csv#2", "a.csv#3"]


def test_a_file_that_was_refused_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"")
    result = FileResult("a.txt", "refused")
    with Worker() as worker:
        assert list(read_path(path, ask_file=lambda path, sha256: (result,), worker=worker)) == [result]
        assert worker._process is None
        (error,) = read_path(path, worker=worker)
    assert isinstance(error, InputError)


def test_a_library_that_is_missing_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trafilatura.py").write_text("import cleaned_away")
    (tmp_path / "trafilatura.dist-info").mkdir()  # a folder of packages
    monkeypatch.syspath_prepend(tmp_path)
    page = b"<!doctype html><title>Iron</title><p>Iron was sold in Hyesan, and copper in Kapsan."
    with Worker() as worker:
        [refused] = worker.read(Source("a.html", "a.html", page), PLAIN)
        [document] = worker.read(Source("a.txt", "a.txt", b"Iron was sold."), PLAIN)
    assert str(refused) == (
        "a.html was not read: Pullquote is not completely installed (No module named 'cleaned_away'). "
        "Install it again."
    )
    assert isinstance(document, Document)


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")
def test_tesseract_may_be_started_and_given_a_picture() -> None:
    script = (
        "from qa.formats import tesseract\n"
        "from qa.formats.__main__ import _confine\n"
        "_confine(1_000_000_000)\n"
        "picture = b'P5 400 60 255\\n' + b'\\xff' * 24_000\n"
        "print(tesseract.read(picture, 72, ''))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("level\tpage_num")


def test_a_thousand_refusals_of_one_file_are_named_and_the_others_counted() -> None:
    rows = b"a,text\n" + b"1,2,3\n" * 1_500 + b"1,He left.\n"
    with Worker() as worker:
        found = texts(worker, Source("a.csv", "a.csv", rows))
    assert len(found) == 1_002
    assert found[-2:] == ["He left.", "a.csv: 500 more of its parts were refused. Correct the first parts."]
