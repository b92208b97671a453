"""Runs the program Tesseract directly, or through a process that was forked before this one was confined."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

SECONDS = 60.0  # maximum time of one call of Tesseract, such as for a page
# Folders of libraries and data, next to the program's own folder, on Linux, in conda and in Homebrew.
_BESIDE = ("lib", "lib64", "libexec", "opt", "Cellar", "share/tessdata", "share/tesseract-ocr")
_MODEL = re.compile(r"[A-Za-z0-9_+]{0,1000}")
_FIRST_HELD = 3  # the first descriptor after the standard ones
_forked: tuple[IO[bytes], IO[bytes]] | None = None  # pipes to the forked process: requests, replies


class TesseractError(Exception):
    """Tesseract failed. The error has Tesseract's message."""


def folders() -> tuple[Path, ...]:
    """Return the folders of Tesseract, its libraries, its data and shells, or none if it is missing."""
    program = shutil.which("tesseract")
    if not program:
        return ()
    programs, data = Path(program).parent, os.environ.get("TESSDATA_PREFIX")
    siblings = (programs.parent / name for name in _BESIDE)
    # The file on the PATH may be a script that starts the program.
    shells = Path("/bin"), Path("/usr/bin")
    return (programs, *siblings, Path(program).resolve(), *shells, *([Path(data)] if data else []))


def fork() -> None:
    """Fork a process that runs Tesseract. It stays confined as this process is now, not as it will be."""
    global _forked
    (asked, ask), (reply, replied) = os.pipe(), os.pipe()
    if os.fork() == 0:
        os.dup2(2, 0)
        os.dup2(2, 1)
        # If the forked process kept these open, the end of this process's replies would never be seen.
        for held in set(range(_FIRST_HELD, replied)) - {asked}:
            with suppress(OSError):
                os.close(held)
        _serve(os.fdopen(asked, "rb"), os.fdopen(replied, "wb"))
    os.close(asked)
    os.close(replied)
    _forked = os.fdopen(ask, "wb"), os.fdopen(reply, "rb")


def version() -> str:
    """Return Tesseract's output about its version.

    Raises:
        TesseractError, TimeoutError: see `read`.
    """
    return _asked({"task": "version"})


def languages() -> str:
    """Return Tesseract's list of the languages that it has data for.

    Raises:
        TesseractError, TimeoutError: see `read`.
    """
    return _asked({"task": "languages"})


def read(picture: bytes, dpi: int, model: str) -> str:
    """Return the words in a picture as Tesseract's table.

    Args:
        picture: the picture as PGM.
        dpi: dots per inch of the picture.
        model: Tesseract's name of one or several languages ("kor+eng"), or "" for Tesseract's default.

    Raises:
        TesseractError: Tesseract failed.
        TimeoutError: Tesseract took longer than SECONDS.
    """
    return _asked({"task": "read", "dpi": dpi, "model": model}, picture)


def _asked(request: dict[str, Any], picture: bytes = b"") -> str:
    """Return what Tesseract writes, from the process that was forked for it, or from this process."""
    if _forked is None:
        return _run(request, picture).decode("utf-8", "replace")
    ask, replied = _forked
    with suppress(BrokenPipeError):  # the missing reply shows it
        _send(ask, request, picture)
    reply, written = _received(replied)
    if "late" in reply:
        raise TimeoutError
    if "ran" not in reply:
        raise TesseractError(reply.get("failed", "the process that runs it has ended"))
    return written.decode("utf-8", "replace")


def _serve(asked: IO[bytes], replied: IO[bytes]) -> None:
    """Run Tesseract for each request. End the process when the requests have ended."""
    try:
        while True:
            request, picture = _received(asked)
            if not request:
                break
            try:
                _send(replied, {"ran": True}, _run(request, picture))
            except TesseractError as error:
                _send(replied, {"failed": str(error)})
            except TimeoutError:
                _send(replied, {"late": True})
    finally:
        os._exit(0)


def _arguments(request: dict[str, Any], picture: bytes) -> list[str]:
    """Return the command line for a request. The request may come from a reader that a file has taken over.

    Raises:
        TesseractError: the request could make Tesseract open a file.
    """
    if request["task"] == "version":
        return ["--version"]
    if request["task"] == "languages":
        return ["--list-langs"]
    dpi, model = int(request["dpi"]), str(request["model"])
    # Tesseract reads input that is not a picture as a list of files.
    if not (picture.startswith(b"P5 ") and _MODEL.fullmatch(model)):
        raise TesseractError("it is given no picture, or no language")
    return ["stdin", "stdout", "--dpi", str(dpi), *(["-l", model] if model else []), "tsv"]


def _run(request: dict[str, Any], picture: bytes) -> bytes:
    """Run Tesseract on a picture, and return what it writes."""
    try:
        done = subprocess.run(  # noqa: S603 -- the program is named here, and the arguments are ours
            ["tesseract", *_arguments(request, picture)],  # noqa: S607 -- wherever it is installed
            input=picture,
            capture_output=True,
            timeout=SECONDS,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # its threads only wait for one another
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    except (subprocess.CalledProcessError, OSError) as error:
        message = getattr(error, "stderr", b"") or str(error).encode()
        raise TesseractError(message.decode("utf-8", "replace").strip()) from None
    return done.stdout


def _send(pipe: IO[bytes], message: dict[str, Any], data: bytes = b"") -> None:
    pipe.write(json.dumps({**message, "size": len(data)}).encode() + b"\n")
    pipe.write(data)
    pipe.flush()


def _received(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """Read a message and its data. The message is empty if the pipe has ended."""
    line = pipe.readline()
    message = json.loads(line) if line.endswith(b"\n") else {}
    return message, pipe.read(message["size"]) if message else b""
