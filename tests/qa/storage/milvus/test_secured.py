"""TLS and passwords, on a server that needs both (`on_server --secured`)."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from qa.errors import LibraryError
from qa.storage.milvus.address import CERTIFICATE, TOKEN, TOKEN_FILE

if TYPE_CHECKING:
    from pathlib import Path

SERVER = os.environ.get("PULLQUOTE_TEST_MILVUS", "")
pytestmark = pytest.mark.skipif(not SERVER.startswith("milvus+tls:"), reason="no server that wants TLS")
# What a new server has.
USER = "root:Milvus"


@pytest.fixture(autouse=True)
def certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CERTIFICATE, os.environ["PULLQUOTE_TEST_MILVUS_CERTIFICATE"])


def version(server: str = SERVER) -> str:
    """Connect in a process of its own: pymilvus keeps what is open, by host and user."""
    code = (
        "import sys; from qa.errors import LibraryError; from qa.storage.milvus.address import Address\n"
        "from qa.storage.milvus.connection import Connection\n"
        "try: print(Connection(Address.parse(sys.argv[1])).version)\n"
        "except LibraryError as error: sys.exit(str(error))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, server],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode:
        raise LibraryError(done.stderr)
    return done.stdout


def test_a_password_from_the_environment_lets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, USER)
    assert version()


def test_a_password_from_a_file_lets_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{USER}\n")
    monkeypatch.setenv(TOKEN_FILE, str(tmp_path / "token"))
    assert version()


@pytest.mark.parametrize("token", ["", "root:wrong"])
def test_without_it_the_error_says_what_to_do_and_not_the_password(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv(TOKEN, token)
    with pytest.raises(LibraryError, match=r"refuses this user.*PULLQUOTE_MILVUS_TOKEN") as raised:
        version()
    assert "wrong" not in str(raised.value)


def test_a_server_that_another_authority_signed_is_not_spoken_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(TOKEN, USER)
    monkeypatch.delenv(CERTIFICATE)
    with pytest.raises(LibraryError, match=r"certificate.*PULLQUOTE_MILVUS_CA"):
        version()


def test_a_server_that_wants_tls_is_named_where_it_is_asked_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, USER)
    plain = SERVER.replace("milvus+tls:", "milvus:")
    with pytest.raises(LibraryError, match=r"milvus\+tls"):
        version(plain)
