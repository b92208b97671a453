"""Reads sources from standard input, and writes the results to standard output, for `qa.formats.worker`.

The process ends when its parent does. It may neither write to a file nor open a connection. Its argument is
the maximum memory, in bytes. On Linux the kernel enforces this (`qa.formats.confinement`). On every system
Python enforces it: libraries obey, but machine code in a library that a file has taken over does not.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import traceback
from base64 import b64encode
from dataclasses import asdict
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any

from qa.errors import InputError, PartlyReadError, TextColumnError
from qa.formats import tesseract
from qa.formats.confinement import confine
from qa.formats.kinds import read_source
from qa.formats.source import Options, Source
from qa.formats.worker import to_plain

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_TRACE = 4_000  # characters
# Audit events of Python that no reader needs. `_forbid` checks the opening of files separately.
_FORBIDDEN = (
    "socket.",
    "os.chmod",
    "os.chown",
    "os.exec",
    "os.fork",
    "os.link",
    "os.posix_spawn",
    "os.spawn",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.system",
    "os.truncate",
    "os.utime",
    "shutil.",
    "urllib.Request",
)
_PROGRAMS = frozenset({"tesseract"})


def main() -> None:
    """Answer requests until standard input ends."""
    # The output of a library must not mix with the replies.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
    confined_by = _confine(int(sys.argv[1]))  # before a second thread starts, which would not be confined
    threading.Thread(target=_take, args=(sys.stdin.buffer, requests, replies), daemon=True).start()
    _write(replies, {"ready": True, "confined_by": confined_by})
    while True:
        request, data = requests.get()
        _answer(request, data, replies)
        del data


def _take(
    pipe: IO[bytes], requests: queue.SimpleQueue[tuple[dict[str, Any], bytes]], replies: IO[bytes]
) -> None:
    """Pass on requests. After the last request, end the process and all that it has started."""
    try:
        while line := pipe.readline():
            request = json.loads(line)
            requests.put((request, pipe.read(request["size"])))
    except MemoryError:  # no other request is being answered
        _write(replies, {"memory": True})
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _confine(memory: int) -> tuple[str, ...]:
    """Take from this process all rights that a reader does not need. Return what the kernel enforces."""
    if sys.platform != "win32":
        import resource

        # The kernel lets no file grow by a byte, whatever code writes.
        for what, most in (
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            _, hard = resource.getrlimit(what)
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (most, most))
    programs = tesseract.folders() if sys.platform == "linux" else ()
    if programs and confine(programs=programs):
        tesseract.fork()
        confined_by = confine(signals=False)
    else:
        confined_by = confine()
    sys.addaudithook(_forbid)
    return confined_by


def _forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise an error if a library writes, connects, or starts a program outside _PROGRAMS."""
    if event == "open":
        path, mode, flags = arguments
        if isinstance(path, int):  # already open: a pipe to a program
            return
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        if (writes or (isinstance(mode, str) and set(mode) & set("wax+"))) and path != os.devnull:
            raise PermissionError(f"a reader of files may not write {path!r}")
    elif event == "subprocess.Popen":
        if PurePath(str(arguments[0])).stem not in _PROGRAMS:
            raise PermissionError(f"a reader of files may not start {arguments[0]!r}")
    elif event.startswith(_FORBIDDEN):
        raise PermissionError(f"a reader of files may not do this: {event}")


def _answer(request: dict[str, Any], data: bytes, replies: IO[bytes]) -> None:
    """Do a task for the process that asked, and write the replies."""
    _limit_processor_time(2 * request["seconds"])

    def more_time(seconds: float) -> None:
        _limit_processor_time(2 * (request["seconds"] + seconds))
        _write(replies, {"more": seconds})

    source = Source(request["name"], request["file_name"], data, more_time)
    try:
        for reply in _TASKS[request["task"]](source, request):
            _write(replies, reply)
        _write(replies, {"done": True})
    except InputError as error:
        trace = traceback.format_exc()[-_LONGEST_TRACE:] if error.__cause__ else ""
        columns = error.columns if isinstance(error, TextColumnError) else ()
        _write(replies, {"refused": str(error), "trace": trace, "columns": columns})
        _write(replies, {"done": True})
    except MemoryError:
        _write(replies, {"memory": True})
    except ImportError as error:  # not the file's fault
        refused = (
            f"{source.name} was not read: Pullquote is not completely installed ({error}). Install it again."
        )
        _write(replies, {"refused": refused, "trace": traceback.format_exc()[-_LONGEST_TRACE:]})
        _write(replies, {"done": True})


def _read(source: Source, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    given = request["options"]
    columns = tuple((field, column) for field, column in given["columns"])
    for item in read_source(source, Options(**given | {"columns": columns})):
        if isinstance(item, PartlyReadError):
            yield {"partly_read": str(item)}
        elif isinstance(item, InputError):
            yield {"refused": str(item)}
        else:
            yield {"document": to_plain(item)}


def _draw(source: Source, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    from qa.formats.page_picture import draw
    from qa.formats.page_place import Part

    drawn = draw(source, request["page"], [Part(**part) for part in request["parts"]])
    yield {"shown": asdict(drawn) | {"png": b64encode(drawn.png).decode()}}


def _view(source: Source, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    from qa.formats.page_view import view

    yield {"shown": view(source, request["kind"], request["quote"])}


_TASKS = {"read": _read, "draw": _draw, "view": _view}


def _limit_processor_time(seconds: float) -> None:
    """Make the kernel end this process after so many seconds of processor time.

    This works even if the parent has ended. A loop in C may block the thread that would notice that end.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _write(replies: IO[bytes], reply: dict[str, Any]) -> None:
    # Half a character, which only metadata may still have, becomes a question mark.
    replies.write(json.dumps(reply, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    replies.flush()


if __name__ == "__main__":
    main()
