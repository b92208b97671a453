"""The address of Milvus, and the settings of the environment that say how to reach it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from qa.errors import InputError
from qa.places import shown

# Environment variables: a token (`user:password`, or a key), or a file that has the token.
TOKEN, TOKEN_FILE = "PULLQUOTE_MILVUS_TOKEN", "PULLQUOTE_MILVUS_TOKEN_FILE"
# Environment variable: the certificate that the server's certificate is checked against.
CERTIFICATE = "PULLQUOTE_MILVUS_CA"
_FORM = "write milvus://HOST:PORT, milvus+tls://HOST:PORT, or milvus:///FOLDER/FILE.db"


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a Milvus server, or of a Milvus Lite file.

    Attributes:
        text: the address for messages.
        uri: the address for pymilvus: the address of a server, or the path of a file.
        lite: whether it is a Milvus Lite file.
    """

    text: str
    uri: str
    lite: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an address.

        Raises:
            InputError: the text is not an address of Milvus, or has a password.
        """
        # This also finds a password with "/", in which urlsplit would see the end of the host.
        if not text.startswith("milvus:///") and ("@" in text or "?" in text):
            raise InputError(
                "addresses are shown and stored, so they may not have a password: put user:password into "
                f"{TOKEN}, or into a file that {TOKEN_FILE} names"
            )
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port or 19530
        except ValueError:  # the message of the exception repeats the address
            raise InputError(f"{shown(text)} is not an address of Milvus: {_FORM}") from None
        if parts.scheme == "milvus" and not parts.netloc:
            file = text.removeprefix("milvus://")
            if not (file.startswith("/") and file.endswith(".db")):
                raise InputError(f"{shown(text)} does not name a file that ends in .db: {_FORM}")
            return cls(shown(text), file, lite=True)
        is_server = parts.scheme in ("milvus", "milvus+tls") and host and not parts.fragment
        if not is_server or parts.path.strip("/"):
            raise InputError(f"{shown(text)} is not an address of Milvus: {_FORM}")
        scheme = "https" if parts.scheme == "milvus+tls" else "http"
        return cls(shown(text), f"{scheme}://{f'[{host}]' if ':' in str(host) else host}:{port}", lite=False)

    def options(self) -> dict[str, Any]:
        """Return the options of pymilvus. The token and the certificate for a server are in the environment.

        Raises:
            InputError: the file with the token cannot be read.
        """
        if self.lite:
            # pymilvus pings every 10 s, even without calls, and Milvus Lite then ends the connection.
            return {"grpc_options": {"grpc.keepalive_time_ms": 2**31 - 1}}
        options = {}
        if file := os.environ.get(TOKEN_FILE):
            try:
                options["token"] = Path(file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise InputError(f"{file}, which {TOKEN_FILE} names, cannot be read: {error}") from error
        if token := os.environ.get(TOKEN):
            options["token"] = token
        if certificate := os.environ.get(CERTIFICATE):
            options["server_pem_path"] = certificate
        return options
