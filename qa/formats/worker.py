"""Parses and draws files in another process, so that a hostile file harms nothing else.

Requests and replies are JSON, and a file's bytes follow its request. So a reply can never be executed. The
process runs `qa/formats/__main__.py`, which limits what the process may do.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from base64 import b64decode
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from typing import IO, TYPE_CHECKING, Any, Self, get_args

from qa.errors import InputError, PartlyReadError, TextColumnError
from qa.formats.text import bounded, check_text
from qa.schema import Certainty, Document, Found, Section, SectionKind, Span
from qa.text.dates import parse_date

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.formats.page_picture import PagePicture
    from qa.formats.page_place import Part
    from qa.formats.source import Options, Source

SECONDS = 20.0  # to read a file, and a second more for each megabyte over ten
MORE_SECONDS = 1_800.0  # maximum additional time that a reader may ask for, such as for OCR
KEPT_SECONDS = 30.0  # how long a worker waits for another file
MEMORY = 1_000_000_000  # bytes of address space, which also limits memory
_FREE_BYTES = 10_000_000
_LONGEST_REPLY = 200_000_000  # bytes
_FIELDS = frozenset(field.name for field in fields(Document))
_PLAIN = tuple(field.name for field in fields(Document) if field.type == "str" and field.init)
# Environment variables that a reader needs. Windows starts no process without SYSTEMROOT and WINDIR.
_KEPT = frozenset(
    {"PATH", "LD_LIBRARY_PATH", "TESSDATA_PREFIX", "LANG", "LANGUAGE", "TZ", "SYSTEMROOT", "WINDIR"}
    | {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONUTF8"}
)
_BROKEN = "{} cannot be shown: what draws it broke down. It may be damaged or hostile."
_log = logging.getLogger(__name__)


class Worker:
    """Reads and draws sources in another process, which starts at the first request.

    Only one thread at a time may use a worker. Any thread may call `close`, which ends a request in progress.

    Attributes:
        confined_by: the kernel's mechanisms that confine the process. It is empty before the first request.
    """

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.confined_by: tuple[str, ...] = ()
        self._seconds = seconds
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._closed = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, even during a request."""
        with self._lock:
            self._closed = True
            self._end()

    def read(self, source: Source, options: Options) -> Iterator[Document | InputError]:
        """Yield the same as `qa.formats.kinds.read_source`. Every failure is yielded as an InputError.

        Raises:
            ValueError: the worker is closed.
        """
        for reply in self._replies(source, "read", {"options": asdict(options)}):
            if "document" in reply:
                yield reply["document"]
            elif "partly_read" in reply:
                yield PartlyReadError(reply["partly_read"])
            elif columns := reply.get("columns"):
                yield TextColumnError(reply["refused"], tuple((name, value) for name, value in columns))
            else:
                yield InputError(reply["refused"])

    def draw(self, source: Source, page: int | None, parts: Sequence[Part]) -> PagePicture:
        """Draw a page of a PDF as `qa.formats.page_picture.draw` does.

        Raises:
            InputError: the page cannot be drawn.
            ValueError: the worker is closed.
        """
        from qa.formats.page_picture import PagePicture

        drawn = self._shown(source, "draw", {"page": page, "parts": [asdict(part) for part in parts]})
        try:
            return PagePicture(**(drawn | {"png": b64decode(drawn["png"])}))
        except (KeyError, TypeError, ValueError):  # the reply is malformed: a file has taken over the process
            raise InputError(_BROKEN.format(source.name)) from None

    def view(self, source: Source, kind: str, quote: str = "") -> str:
        """Return a source of the format `kind` as HTML for display, as `qa.formats.page_view.view` does.

        Raises:
            InputError: the source cannot be shown.
            ValueError: the worker is closed.
        """
        shown = self._shown(source, "view", {"kind": kind, "quote": quote})
        if not isinstance(shown, str):
            raise InputError(_BROKEN.format(source.name))
        return shown

    def _shown(self, source: Source, task: str, values: dict[str, Any]) -> Any:
        shown, refused = None, ""
        for reply in self._replies(source, task, values):
            refused = reply.get("refused", refused)
            shown = reply.get("shown", shown)
        if refused:
            raise InputError(refused)
        return shown

    def _replies(self, source: Source, task: str, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the replies of the process until it is done. An accident is yielded as "refused"."""
        try:
            process = self._started()
        except OSError as error:
            why = f"{source.name} was not read: no process can be started ({error.strerror})."
            yield {"refused": why}
            return
        limit = self._seconds + max(0, len(source.data) - _FREE_BYTES) / 1e6
        clock = _Clock(process, limit)
        done, read = False, 0
        try:
            if not self._ready:  # the start does not count as the file's time
                ready = _reply(process)
                self._ready = "ready" in ready
                self.confined_by = tuple(ready.get("confined_by", ()))
            with clock:
                _ask(process, source, {"task": task, **values, "seconds": limit})
            while not done:
                with clock:
                    reply = _reply(process)
                if "more" in reply:
                    clock.add(reply["more"])
                elif "done" in reply:
                    done = True
                elif reply.keys() & (
                    {"document", "partly_read", "refused"} if task == "read" else {"shown", "refused"}
                ):
                    read += "document" in reply
                    if reply.get("trace"):
                        _log.debug("%s: %s", source.name, reply["trace"])
                    yield reply
                else:
                    yield {"refused": self._accident(source, reply, clock, read)}
                    return
        finally:
            if not done:  # the process is unreliable after an accident, or nobody waits for the rest
                with self._lock:
                    self._end(process)

    def _started(self) -> subprocess.Popen[bytes]:
        """Return the process that reads files. Start it if there is none."""
        with self._lock:
            if self._closed:
                raise ValueError("the worker is closed")
            if self._process is None:
                self._ready = False
                self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
                    # The new process may import only what this process may import.
                    [sys.executable, "-P", "-B", "-m", "qa.formats", str(self._memory)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=_environment(),
                    # Only this process reacts to Ctrl-C.
                    start_new_session=True,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
            return self._process

    def _end(self, process: subprocess.Popen[bytes] | None = None) -> None:
        if self._process is None or (process and process is not self._process):
            return
        _kill(self._process)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # a request may not be sent completely
                _pipe(pipe).close()
        self._process = None

    def _accident(self, source: Source, reply: dict[str, Any], clock: _Clock, read: int) -> str:
        before = f" {read:,} of its documents were read before." if read else ""
        hint = f"It may be damaged or hostile: open it and save it again, or leave it out.{before}"
        if clock.ran_out:
            return f"{source.name} took longer than {clock.limit:.0f} s to read. {hint}"
        if "memory" in reply:
            return f"{source.name} needed more than {self._memory / 1e9:g} GB of memory to be read. {hint}"
        return f"{source.name} cannot be read: what reads it broke down. {hint}"


class KeptWorker:
    """Keeps a worker for the next file for a while, because starting it takes longer than most files."""

    def __init__(self, seconds: float = KEPT_SECONDS, file_seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._file_seconds = file_seconds
        self._lock = threading.Lock()
        self._idle: Worker | None = None
        self._timer: threading.Timer | None = None

    @contextmanager
    def lent(self) -> Iterator[Worker]:
        """Lend the worker to one thread. Meanwhile, other threads get new workers. An error ends one."""
        with self._lock:
            worker, self._idle = self._idle or Worker(self._file_seconds), None
            if self._timer:
                self._timer.cancel()
        try:
            yield worker
        except BaseException:
            worker.close()
            raise
        with self._lock:
            left, self._idle = self._idle, worker
            self._timer = threading.Timer(self._seconds, self.close)
            self._timer.daemon = True
            self._timer.start()
        if left:
            left.close()

    def close(self) -> None:
        """End the worker, unless it is lent."""
        with self._lock:
            worker, self._idle = self._idle, None
            if self._timer:
                self._timer.cancel()
        if worker:
            worker.close()


def _environment() -> dict[str, str]:
    """Return the environment variables that a reader needs, without tokens and passwords."""
    variables = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("LC_")}
    return {**variables, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101
    return pipe


def _ask(process: subprocess.Popen[bytes], source: Source, task: dict[str, Any]) -> None:
    request = {"name": source.name, "file_name": source.file_name, "size": len(source.data), **task}
    with suppress(BrokenPipeError):  # no reply tells as much
        pipe = _pipe(process.stdin)
        pipe.write(json.dumps(request).encode() + b"\n")
        pipe.write(source.data)
        pipe.flush()


def _reply(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Read a reply. Return {} if it is malformed, because a file may have taken over the process."""
    line = _pipe(process.stdout).readline(_LONGEST_REPLY)
    try:
        reply = json.loads(line) if line.endswith(b"\n") else {}
        if "document" in reply:
            reply["document"] = from_plain(reply["document"])
        is_ours = isinstance(reply, dict) and 0 <= reply.get("more", 0) <= MORE_SECONDS
        words = [reply.get(key, "") for key in ("partly_read", "refused", "trace")]
        words += [word for name, value in reply.get("columns", ()) for word in (name, value)]
        _check_texts(words)
    except (AttributeError, InputError, KeyError, RecursionError, TypeError, ValueError):
        return {}
    return reply if is_ours else {}


def _check_texts(words: list[Any]) -> None:
    """Check that all words are text that can be stored. JSON can also write half a character.

    Raises:
        TypeError: a word is not text.
        ValueError: a word has half a character.
    """
    "".join(words).encode()


class _Clock:
    """Counts the time of waiting for a process, over several `with` blocks. Kills it when the time is up."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._left = self.limit = seconds
        self._more = MORE_SECONDS
        self.ran_out = False

    def __enter__(self) -> None:
        self._began = time.monotonic()
        self._timer = threading.Timer(max(0, self._left), self._end)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()
        self._left -= time.monotonic() - self._began

    def add(self, seconds: float) -> None:
        """Add time, but not more than MORE_SECONDS over all calls."""
        seconds = min(seconds, self._more)
        self._left += seconds
        self._more -= seconds
        self.limit += seconds

    def _end(self) -> None:
        self.ran_out = True
        _kill(self._process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and, except on Windows, the processes that it has started."""
    if sys.platform == "win32":
        process.kill()
    elif process.returncode is None:  # no other process gets its id until somebody waits for it
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def to_plain(document: Document) -> dict[str, Any]:
    """Return a document as numbers, text and lists, for JSON."""
    return {
        **{name: getattr(document, name) for name in _PLAIN},
        "date": document.date and document.date.isoformat(),
        "header": [(span.start, span.end) for span in document.header],
        "furniture": [(span.start, span.end) for span in document.furniture],
        "notes": document.notes,
        "sections": [
            (section.start, section.end, section.kind, section.name, section.read_by)
            for section in document.sections
        ],
        "found": [(origin.field, origin.source, origin.sure) for origin in document.found],
        **({"unread": document.unread} if document.unread else {}),
    }


def from_plain(plain: dict[str, Any]) -> Document:
    """Return the document that `to_plain` made plain.

    Raises:
        AttributeError, InputError, KeyError, TypeError, ValueError: `plain` is not a plain document.
    """
    document = Document(
        **{name: plain[name] for name in _PLAIN},
        date=parse_date(plain["date"]) if plain["date"] else None,
        header=tuple(Span(*span) for span in plain["header"]),
        furniture=tuple(Span(*span) for span in plain["furniture"]),
        notes=tuple(plain["notes"]),
        sections=tuple(Section(*section) for section in plain["sections"]),
        found=tuple(Found(*origin) for origin in plain["found"]),
        unread=tuple(plain.get("unread", ())),
    )
    spans: tuple[Span | Section, ...] = (*document.header, *document.furniture, *document.sections)
    words = [getattr(document, name) for name in _PLAIN] + [*document.notes, *document.unread]
    words += [word for section in document.sections for word in (section.name, section.read_by)]
    words += [origin.source for origin in document.found]
    _check_texts(words)
    check_text(document.text, "it")
    if not (
        bounded(document) == document
        and {section.kind for section in document.sections} <= set(get_args(SectionKind))
        and {origin.sure for origin in document.found} <= set(get_args(Certainty))
        and {origin.field for origin in document.found} <= _FIELDS
        and all(type(end) is int for span in spans for end in (span.start, span.end))
        and max((span.end for span in spans), default=0) <= len(document.text)
    ):
        raise ValueError("a part of it does not belong to a document")
    return document
