"""The address of a library on Milvus, and what the environment says of how to get there."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from qa.errors import InputError
from qa.places import shown

NAME = "pullquote"
# A token (`user:password`, or a key), or a file that holds one.
TOKEN, TOKEN_FILE = "PULLQUOTE_MILVUS_TOKEN", "PULLQUOTE_MILVUS_TOKEN_FILE"
# The certificate that a server's is checked by.
CERTIFICATE = "PULLQUOTE_MILVUS_CA"
_FORM = "write milvus://HOST:PORT/NAME, milvus+tls://HOST:PORT/NAME, or milvus:///FOLDER/FILE.db"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_FILE = re.compile(r"(?P<file>/.*\.db)(/(?P<name>[^/]*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a library is.

    Attributes:
        text: the address as messages show it.
        uri: the address as pymilvus takes it: of a server, or the path of a file.
        name: the library's name there: what the names of its collections begin with.
        lite: whether it is a Milvus Lite file.
    """

    text: str
    uri: str
    name: str
    lite: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address.

        Raises:
            InputError: it is none.
        """
        # Also a password in which urlsplit sees the end of the host, such as one with "/".
        if not text.startswith("milvus:///") and ("@" in text or "?" in text):
            raise InputError(
                "addresses are shown and stored, so they may not have a password: put user:password "
                f"into {TOKEN}, "
                f"or into a file that {TOKEN_FILE} names"
            )
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port or 19530
        except ValueError:  # it says what is in the address
            raise InputError(f"{shown(text)} is not an address of a library: {_FORM}") from None
        if parts.scheme == "milvus" and not parts.netloc:
            file = _FILE.fullmatch(text.removeprefix("milvus://"))
            if file is None:
                raise InputError(f"{shown(text)} does not name a file that ends in .db: {_FORM}")
            return cls(shown(text), file["file"], _checked(text, file["name"] or NAME), lite=True)
        if parts.scheme not in ("milvus", "milvus+tls") or not host or parts.fragment:
            raise InputError(f"{shown(text)} is not an address of a library: {_FORM}")
        scheme = "https" if parts.scheme == "milvus+tls" else "http"
        server = f"[{host}]" if ":" in host else host
        name = _checked(text, parts.path.strip("/") or NAME)
        return cls(shown(text), f"{scheme}://{server}:{port}", name, lite=False)

    def options(self) -> dict[str, str]:
        """Read what else pymilvus is to be told of a server, from the environment.

        Raises:
            InputError: the file with the token cannot be read.
        """
        if self.lite:
            return {}
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


def _checked(text: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{shown(text)} has a name that a library cannot have: use up to 100 ASCII letters, digits and "
            "underscores, and do not begin with a digit"
        )
    return name
