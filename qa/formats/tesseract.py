"""Runs the program Tesseract: itself, or through a process that was forked before this one was confined."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_forked: tuple[IO[bytes], IO[bytes]] | None = None  # what is asked of that process, and what it replies


class TesseractError(Exception):
    """Tesseract failed, with what it said, or was not there in time."""


def folders() -> tuple[Path, ...]:
    """List the folders of Tesseract, its libraries, its data, and of shells; none where it is missing."""
    found = shutil.which("tesseract")
    if not found:
        return ()
    programs, data = Path(found).parent, os.environ.get("TESSDATA_PREFIX")
    prefix = programs.parent  # such as /usr, or a folder of conda's or Homebrew's
    if prefix in (Path.home(), *Path.home().parents):
        prefix = programs
    # What is on the PATH may be a script that starts the program.
    shells = Path("/bin"), Path("/usr/bin")
    return (programs, prefix, Path(found).resolve(), *shells, *([Path(data)] if data else []))


def fork() -> None:
    """Have a process run Tesseract that is confined as this one is now, and not as it will be."""
    global _forked
    (asked, ask), (reply, replied) = os.pipe(), os.pipe()
    if os.fork() == 0:
        os.dup2(2, 0)
        os.dup2(2, 1)
        os.close(ask)
        os.close(reply)
        _serve(os.fdopen(asked, "rb"), os.fdopen(replied, "wb"))
    os.close(asked)
    os.close(replied)
    _forked = os.fdopen(ask, "wb"), os.fdopen(reply, "rb")


def run(arguments: list[str], given: bytes, seconds: float) -> bytes:
    """Run Tesseract and return what it writes.

    Args:
        arguments: of its command line.
        given: its standard input.
        seconds: how long it may take.

    Raises:
        TesseractError: it failed.
        TimeoutError: it took longer.
    """
    if _forked is None:
        return _run(arguments, given, seconds)
    ask, replied = _forked
    with suppress(BrokenPipeError):  # no reply tells as much
        _send(ask, {"arguments": arguments, "seconds": seconds}, given)
    reply, written = _received(replied)
    if "late" in reply:
        raise TimeoutError
    if "ran" not in reply:
        raise TesseractError(reply.get("failed", "the process that runs it has ended"))
    return written


def _serve(asked: IO[bytes], replied: IO[bytes]) -> None:
    """Run Tesseract whenever that is asked, and end when nobody can ask any more."""
    try:
        while True:
            request, given = _received(asked)
            if not request:
                break
            try:
                _send(replied, {"ran": True}, _run(request["arguments"], given, request["seconds"]))
            except TesseractError as error:
                _send(replied, {"failed": str(error)})
            except TimeoutError:
                _send(replied, {"late": True})
    finally:
        os._exit(0)


def _run(arguments: list[str], given: bytes, seconds: float) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 -- what is run is named here; its arguments are ours
            ["tesseract", *arguments],  # noqa: S607 -- wherever it is installed
            input=given,
            capture_output=True,
            timeout=seconds,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # its threads only wait for one another
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    except (subprocess.CalledProcessError, OSError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        raise TesseractError(said.decode("utf-8", "replace").strip()) from None
    return done.stdout


def _send(pipe: IO[bytes], message: dict[str, Any], data: bytes = b"") -> None:
    pipe.write(json.dumps({**message, "size": len(data)}).encode() + b"\n")
    pipe.write(data)
    pipe.flush()


def _received(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Read a message and its data; an empty message when there are no more."""
    line = pipe.readline()
    message = json.loads(line) if line.endswith(b"\n") else {}
    return message, pipe.read(message["size"]) if message else b""
