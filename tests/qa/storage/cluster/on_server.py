"""Start a Milvus server in a folder, in a network of its own, and run the tests of an engine on it.

`unshare -rn python -m tests.qa.storage.cluster.on_server [--secured] FOLDER [PYTEST ARGUMENTS]`: the server
listens on nine fixed ports of all interfaces. A secured one wants TLS, with a certificate of its own, and a
password. With `--run MODULE` in place of pytest's arguments, that module is run with those that follow.
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

import pytest
from milvus import MilvusServer

_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
PORT = 19530


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
    if len(socket.if_nameindex()) != 1:
        sys.exit("this is no network of its own: start it by unshare -rn")
    _raise_loopback()
    server = MilvusServer()
    server.set_base_dir(folder)
    server.listen_port = PORT
    if secured:
        _secure(server, Path(folder))
    begun = time.monotonic()
    server.start()
    print(f"the server started in {time.monotonic() - begun:.0f} s", flush=True)  # noqa: T201
    try:
        scheme, host = ("milvus+tls", "localhost") if secured else ("milvus", "127.0.0.1")
        os.environ["PULLQUOTE_TEST_MILVUS"] = f"{scheme}://{host}:{server.listen_port}"
        os.environ["PULLQUOTE_TEST_MILVUS_CERTIFICATE"] = str(Path(folder) / "server.pem")
        if arguments[:1] == ("--run",):
            return subprocess.run([sys.executable, "-m", *arguments[1:]], check=False).returncode
        return int(pytest.main(list(arguments)))
    finally:
        server.stop()


if __name__ == "__main__":
    given = [each for each in sys.argv[1:] if each != "--secured"]
    sys.exit(main(*given, secured=len(given) + 1 < len(sys.argv)))
