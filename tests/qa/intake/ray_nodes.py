"""Ray nodes for tests: what processes there are, and a cluster on this machine."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]


def descendants(pid: int) -> dict[int, str]:
    """The processes below one, and what each calls itself."""
    parents, names = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                names[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    below = {pid}
    while more := {child for child, parent in parents.items() if parent in below} - below:
        below |= more
    return {each: names[each] for each in below - {pid}}


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def left_of(pids: dict[int, str], seconds: float = 120) -> dict[int, str]:
    """Those that are still there after a while."""
    end = time.monotonic() + seconds
    while (left := {pid: name for pid, name in pids.items() if is_alive(pid)}) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def kill(*pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


class Cluster:
    """A head and one more node, each in processes of its own, on this machine."""

    def __init__(self, **environment: str) -> None:
        # A socket's path has 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="pq", dir="/tmp"))
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            **environment,
        }
        self.port, client = free_port(), free_port()
        self.address = f"ray://127.0.0.1:{client}"
        self.head = self._start(
            "--head",
            f"--port={self.port}",
            f"--ray-client-server-port={client}",
            "--include-dashboard=false",
            f"--temp-dir={self.folder}",
            "--num-cpus=0",  # what reads and embeds is on the other node
        )
        self._wait(client)
        self._wait(self.agent)
        self.other = self.add_node()

    def add_node(self) -> subprocess.Popen[bytes]:
        return self._start(f"--address=127.0.0.1:{self.port}", "--num-cpus=2")

    def kill_other(self) -> None:
        """Let the machine beside the head lose its power."""
        kill(self.other.pid, *descendants(self.other.pid))
        self.other.wait()

    def said_of_clients(self) -> str:
        """What Ray's servers for clients have said."""
        logs = sorted((self.folder / "session_latest" / "logs").glob("ray_client_server*"))
        return "\n".join(f"{each.name}: {each.read_text()[-2_000:]}" for each in logs)

    def close(self) -> None:
        for node in (self.other, self.head):
            pids = descendants(node.pid)
            kill(node.pid, *pids)
            node.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        self.agent = free_port()
        return subprocess.Popen(
            [
                *(str(Path(sys.executable).parent / "ray"), "start", "--block"),
                "--object-store-memory=200000000",
                # Without it the proxy of clients looks for an address with port 0, and dies.
                f"--runtime-env-agent-port={self.agent}",
                *arguments,
            ],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _wait(self, port: int) -> None:
        """Wait until something listens at a port, at whichever address."""
        end = time.monotonic() + 60
        while f":{port:04X} 00000000:0000 0A" not in Path("/proc/net/tcp").read_text() and (
            f":{port:04X} 00000000000000000000000000000000:0000 0A" not in Path("/proc/net/tcp6").read_text()
        ):
            assert self.head.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)


@contextmanager
def cluster(**environment: str) -> Iterator[Cluster]:
    started = Cluster(**environment)
    try:
        yield started
    finally:
        started.close()
