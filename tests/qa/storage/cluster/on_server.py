"""Start a Milvus server in a folder, in a network of its own, and run the tests of an engine on it.

`unshare -rn python -m tests.qa.storage.cluster.on_server FOLDER [PYTEST ARGUMENTS]`: the server listens on
nine fixed ports of all interfaces.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys
import time

import pytest
from milvus import MilvusServer

_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1
PORT = 19530


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", _IFF_UP))


def main(folder: str, *arguments: str) -> int:
    if len(socket.if_nameindex()) != 1:
        sys.exit("this is no network of its own: start it by unshare -rn")
    _raise_loopback()
    server = MilvusServer()
    server.set_base_dir(folder)
    server.listen_port = PORT
    begun = time.monotonic()
    server.start()
    print(f"the server started in {time.monotonic() - begun:.0f} s", flush=True)  # noqa: T201
    try:
        os.environ["PULLQUOTE_TEST_MILVUS"] = f"milvus://127.0.0.1:{server.listen_port}"
        return int(pytest.main(list(arguments)))
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
