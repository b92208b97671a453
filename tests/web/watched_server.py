"""Serve the chat, and log each file that the process opens and each address that it reaches.

`test_hostile.py` runs it: `python -m tests.web.watched_server LOG LIBRARY PORT`. Each line of LOG is JSON
with the audit event's name and arguments.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

# Audit events by which a process reaches a file, an address or another program (Python's audit events table).
_WATCHED = {
    "ftplib.connect", "http.client.connect", "open", "os.exec", "os.fork", "os.forkpty", "os.link",
    "os.listdir", "os.mkdir", "os.posix_spawn", "os.putenv", "os.remove", "os.rename", "os.rmdir",
    "os.scandir", "os.spawn", "os.symlink", "os.system", "os.truncate", "pickle.find_class",
    "shutil.copyfile", "shutil.move", "shutil.rmtree", "smtplib.connect", "socket.connect",
    "socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname", "socket.sendto",
    "sqlite3.connect", "sqlite3.load_extension", "subprocess.Popen", "tempfile.mkdtemp",
    "tempfile.mkstemp", "urllib.Request",
}  # fmt: skip


def watch(log: int) -> None:
    """Write all later watched events of this process to the file descriptor."""

    def note(event: str, args: tuple[object, ...]) -> None:
        if event in _WATCHED:
            os.write(log, json.dumps([event, *map(_plain, args)]).encode() + b"\n")

    sys.addaudithook(note)


def _plain(argument: object) -> object:
    if isinstance(argument, bytes | os.PathLike):
        return os.fsdecode(argument)
    return argument if isinstance(argument, str | int | None) else repr(argument)[:300]


if __name__ == "__main__":
    import ui

    log_file, library, port = sys.argv[1:]
    watch(os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    ui.serve(Path(library), "127.0.0.1", int(port), open_browser=False)
