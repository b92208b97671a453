"""Replace the library that reads feeds by a library that a feed has taken over by machine code.

The calls go to the C library, so that Python's audit hooks do not notice them. The feed, or a program's
argument, names a folder with `secret.txt` and `kept.txt`, a port that listens, and a process.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import re
import sys
from typing import IO, Any

_C = ctypes.CDLL(None, use_errno=True)
_C.mmap.restype = ctypes.c_void_p
_ARM = platform.machine() == "aarch64"


def parse(feed: IO[bytes], **_: Any) -> None:
    """Try every attack.

    Raises:
        RuntimeError: always, with the names of the attacks that succeeded.
    """
    given = json.loads(re.search(rb"<!--(.*?)-->", feed.read())[1])  # type: ignore[index]
    raise RuntimeError(f"succeeded: {' '.join(attempt(**given))}.")


def attempt(folder: str, port: int, victim: int) -> list[str]:
    """Try every attack, and return the names of the attacks that succeeded."""
    secret, kept = f"{folder}/secret.txt".encode(), f"{folder}/kept.txt".encode()
    new = f"{folder}/new".encode()
    memory = ctypes.create_string_buffer(64)
    vector = (ctypes.c_uint64 * 2)(ctypes.addressof(memory), 1)
    handle = (ctypes.c_uint8 * 136)(128)
    tries = {
        "read": lambda: _C.open(secret, os.O_RDONLY),
        "list": lambda: bool(_C.opendir(folder.encode())) - 1,
        "environment": lambda: bool(_C.getenv(b"PULLQUOTE_MILVUS_TOKEN")) - 1,
        "environment of another": lambda: _C.open(f"/proc/{victim}/environ".encode(), os.O_RDONLY),
        "memory of another": lambda: _C.open(f"/proc/{victim}/mem".encode(), os.O_RDWR),
        "connect": lambda: _connect(port),
        "pair of sockets": lambda: _C.socketpair(1, 1, 0, (ctypes.c_int * 2)()),
        "io_uring": lambda: _C.syscall(425, 1, (ctypes.c_uint8 * 120)()),
        "map": lambda: _overwrite(kept),
        "write": lambda: _C.open(kept, os.O_WRONLY),
        "create": lambda: _C.open(new, os.O_CREAT | os.O_RDONLY, 0o600),
        "hard link": lambda: _C.link(kept, new + b".link"),
        "link": lambda: _C.symlink(kept, new + b".symlink"),
        "folder": lambda: _C.mkdir(new + b".folder", 0o700),
        "pipe": lambda: _C.mkfifo(new + b".pipe", 0o600),
        "mode": lambda: _C.chmod(kept, 0o644),
        "times": lambda: _C.utimes(kept, None),
        "attribute": lambda: _C.setxattr(kept, b"user.made", b"1", 1, 0),
        "handle": lambda: _C.name_to_handle_at(-100, kept, handle, ctypes.byref(ctypes.c_int()), 0),
        "rename": lambda: _C.rename(f"{folder}/renamed.txt".encode(), new + b".renamed"),
        "remove": lambda: _C.unlink(f"{folder}/removed.txt".encode()),
        "fork": lambda: _fork(),
        "run": lambda: _run(),
        "memory as a program": lambda: _C.memfd_create(b"made", 0),
        "trace": lambda: _C.ptrace(16, victim, None, None),  # PTRACE_ATTACH
        "signal": lambda: _C.kill(victim, 0),
        "signal for input": lambda: _input_signal(victim),
        "signal to a thread": lambda: _C.syscall(131 if _ARM else 234, victim, victim, 0),
        "handle of a process": lambda: _C.syscall(434, victim, 0),
        "limits of another": lambda: _C.prlimit(victim, 7, (ctypes.c_uint64 * 2)(512, 512), None),
        "read from another": lambda: _reads(_C.process_vm_readv, victim, vector),
        "session": lambda: _session(),
        "shared memory": lambda: _C.shmget(0x51, 64, 0o1600),
        "program of the kernel": lambda: _C.syscall(280 if _ARM else 321, 5, (ctypes.c_uint8 * 120)(), 120),
    }
    return [name.replace(" ", "-") for name, attack in tries.items() if attack() >= 0]


def _connect(port: int) -> int:
    opened = _C.socket(2, 1, 0)
    address = b"\x02\x00" + port.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    return _C.connect(opened, address, 16) if opened >= 0 else -1


def _overwrite(path: bytes) -> int:
    """Write through a map, which is not stopped by a limit of a file's size."""
    opened = _C.open(path, os.O_RDWR)
    mapped = _C.mmap(None, 4, 3, 1, opened, 0) if opened >= 0 else None
    if mapped is None or mapped == ctypes.c_void_p(-1).value:
        return -1
    ctypes.memmove(mapped, b"lost", 4)
    return 0


def _fork() -> int:
    process = _C.fork()
    if process == 0:
        _C._exit(0)
    return process


def _run() -> int:
    """Start a program, in a new process if this is possible."""
    process = _C.fork()
    if process > 0:
        status = ctypes.c_int()
        _C.waitpid(process, ctypes.byref(status), 0)
        return -(status.value != 0)
    arguments = (ctypes.c_char_p * 2)(b"true", None)
    failed = _C.execv(b"/bin/true", arguments)
    if process == 0:
        _C._exit(1)
    return failed


def _reads(call: Any, victim: int, vector: Any) -> int:
    """Read four bytes of another process. An answer that the address is unused counts as success."""
    remote = (ctypes.c_uint64 * 2)(1, 1)
    done = call(victim, vector, 1, remote, 1, 0)
    return 0 if done >= 0 or ctypes.get_errno() == 14 else -1  # EFAULT


def _input_signal(victim: int) -> int:
    """Let the kernel send a harmless signal to another process when a pipe can be read."""
    ends = (ctypes.c_int * 2)()
    _C.pipe(ends)
    _C.fcntl(ends[0], 10, 28)  # F_SETSIG, SIGWINCH
    failed = _C.fcntl(ends[0], 8, victim)  # F_SETOWN
    _C.fcntl(ends[0], 4, os.O_NONBLOCK | 0o20000)  # O_ASYNC
    _C.write(ends[1], b"x", 1)
    return failed


def _session() -> int:
    """Leave the group of processes that is ended together."""
    process = _C.fork()
    if process == 0:
        _C._exit(0 if _C.setsid() > 0 else 1)
    status = ctypes.c_int(1)
    if process > 0:
        _C.waitpid(process, ctypes.byref(status), 0)
        return -(status.value != 0)
    return 0 if _C.setsid() > 0 else -1


if __name__ == "__main__":
    sys.stdout.write(" ".join(attempt(**json.loads(sys.argv[1]))))
