"""Run a Milvus server of the `milvus` wheel in its own network, and the tests of an engine on it.

`unshare -rn python -m tests.qa.storage.milvus.on_server [--secured] FOLDER [PYTEST ARGUMENTS]`: the server
listens on nine fixed ports of all interfaces. A secured server needs TLS, with its own certificate, and a
password. With `--run MODULE` instead of pytest's arguments, the module is run with the arguments that follow.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from milvus import MilvusServer, MilvusServerConfig

from qa.errors import LibraryError
from qa.storage.milvus.address import Address
from qa.storage.milvus.connection import Connection

if TYPE_CHECKING:
    from types import TracebackType

_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
PORT = 19530
LONGEST = 180.0  # maximum seconds of a start


class _Config(MilvusServerConfig):
    """Take the same ports again, although the ports of a killed server count as used for a minute."""

    def try_bind_port(self, port: int) -> socket.socket:
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
        return bound


class Server:
    """A server with its files in a folder. It runs inside `with`.

    A secured server needs TLS, with its own certificate in `server.pem`, and a password.

    Attributes:
        folder: the folder of the files.
        address: the address of the server.
    """

    def __init__(self, folder: Path, *, secured: bool = False) -> None:
        if len(socket.if_nameindex()) != 1:
            sys.exit("this is no network of its own: start it by unshare -rn")
        _raise_loopback()
        self.folder, self._is_secured = folder, secured
        self.address = f"milvus+tls://localhost:{PORT}" if secured else f"milvus://127.0.0.1:{PORT}"
        self._server = MilvusServer()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> float:
        """Start the server, and return the seconds until it answered.

        The server reports that it is healthy earlier.
        """
        begun = time.monotonic()
        self._server = MilvusServer(_Config())
        self._server.set_base_dir(str(self.folder))
        self._server.listen_port = PORT
        if self._is_secured:
            _secure(self._server, self.folder)
        self._server.start()
        while not self._is_secured:
            try:
                Connection(Address.parse(self.address)).close()
                return time.monotonic() - begun
            except LibraryError:
                if time.monotonic() - begun > LONGEST:
                    raise
                time.sleep(0.2)
        return time.monotonic() - begun

    def stop(self) -> None:
        """Ask the server to end. End it if it waits for others to take over its work."""
        process = self._server.server_proc
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        self._server.stop()

    def kill(self) -> None:
        """Kill the server (-9)."""
        self._server.server_proc.kill()
        self._server.server_proc.wait()
        self._server.stop()

    def has_ended(self) -> bool:
        """Return whether the server has ended by itself."""
        return self._server.server_proc.poll() is not None

    @property
    def pid(self) -> str:
        """The number of the server's process."""
        return str(self._server.server_proc.pid)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _IFF_UP))


def _secure(server: MilvusServer, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    rest = ["-addext", "subjectAltName=DNS:localhost", "-keyout", "server.key", "-out", "server.pem"]
    subprocess.run([*made.split(), *rest], check=True, capture_output=True, cwd=folder)
    for name, value in {"authorization_enabled": True, "tls_mode": 1}.items():
        server.config.set(name, value)
    for file in ("pem", "key"):
        server.config.set(f"server_{file}_path", str(folder / f"server.{file}"))


def main(folder: str, *arguments: str, secured: bool = False) -> int:
    with Server(Path(folder).resolve(), secured=secured) as server:
        os.environ["PULLQUOTE_TEST_MILVUS"] = server.address
        os.environ["PULLQUOTE_TEST_MILVUS_CERTIFICATE"] = str(server.folder / "server.pem")
        if arguments[:1] == ("--run",):
            return subprocess.run([sys.executable, "-m", *arguments[1:]], check=False).returncode
        return int(pytest.main(list(arguments)))


if __name__ == "__main__":
    given = [each for each in sys.argv[1:] if each != "--secured"]
    sys.exit(main(*given, secured=len(given) + 1 < len(sys.argv)))
