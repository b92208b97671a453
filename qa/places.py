"""Addresses of a library, and default folders: of libraries, settings, the shipped corpus."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from qa.errors import InputError

SIDECAR = ".meta.toml"
"""The suffix of a sidecar file, which holds the metadata of the file that it is named after."""

_URL = re.compile(r"[^/\\]{2,}://")  # a single letter is a drive on Windows
_ADDRESS = re.compile(r"\A([^/\\:@?#]+:)?(/*)([^?#]*)(.*)", re.DOTALL)
_SCHEMES = ("postgresql:", "postgres:")
_INDEX_SCHEMES = ("milvus:", "milvus+tls:")
_SCHEMA = re.compile(r"\?schema=\w+")
# The name of an index in the files of the library's folder, where an index is named.
FILES = "files"
_INDEX_FORM = "write milvus://HOST:PORT, milvus+tls://HOST:PORT, or milvus:///FOLDER/FILE.db"
NEW_ON_SERVER = (
    "`pullquote index PATH --library postgresql://USER@HOST:PORT/DATABASE --index milvus://HOST:PORT`"
)
"""The command that makes a library on PostgreSQL."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The address of a library on a PostgreSQL server.

    Attributes:
        address: the address, such as postgresql://USER@HOST:PORT/DATABASE?schema=NAME.
        folder: the local folder for copies of files that the database has.
    """

    address: str
    folder: Path

    def __str__(self) -> str:
        return shown(self.address)


LibraryAddress: TypeAlias = Path | ServerAddress
"""A folder, or an address on a server."""


def library_address(name: Path | str) -> LibraryAddress:
    """Return the address of the library that a person names: a folder, or an address on a server.

    Raises:
        InputError: `name` is an address of another kind.
    """
    if is_index(name):
        raise InputError(
            f"{shown(str(name))} is the address of an index, not of a library: write {NEW_ON_SERVER}"
        )
    if is_address(name):
        address = _in_small_letters(str(name))
        return ServerAddress(address, _copies(address))
    if is_url(name):
        raise InputError(
            f"{shown(str(name))} is not an address of a library: name a folder, or write "
            "postgresql://USER@HOST:PORT/DATABASE"
        )
    return Path(name)


def index_address(name: str) -> str:
    """Return the address of the index that a person names, in the one form that a library remembers.

    Raises:
        InputError: `name` is not an address of an index, or it contains a password.
    """
    address = _in_small_letters(name.strip())
    is_file = address.startswith("milvus:///")
    if is_index(address) and not is_file and set(address) & set("@?#"):
        raise InputError(
            "the address of an index is shown and stored, so it may not have a password: put user:password "
            "into PULLQUOTE_MILVUS_TOKEN, or into a file that PULLQUOTE_MILVUS_TOKEN_FILE names"
        )
    if not is_index(address) or not is_url(address):
        raise InputError(f"{shown(name)} is not an address of an index: {_INDEX_FORM}")
    return address if is_file else address.rstrip("/")


def _in_small_letters(address: str) -> str:
    scheme, colon, rest = address.partition(":")
    return scheme.lower() + colon + rest


def shown(address: str) -> str:
    """Return an address without parts that may be secret: the user, and all that follows "?" or "#".

    The schema of a library on PostgreSQL is not secret. A text that is not quite an address, such as an
    address in quotation marks, is cut in the same way.
    """
    ((scheme, slashes, where, after),) = _ADDRESS.findall(address.strip())  # any text matches exactly once
    # A password may hold "?", and the part after "?" may hold "@". Then the host cannot be found.
    schema = after if scheme.lower() in _SCHEMES and _SCHEMA.fullmatch(after) else ""
    return f"{scheme.lower()}{slashes}{'…' if '@' in after else where.rpartition('@')[2]}{schema}"


def is_address(name: Path | str) -> bool:
    """Return whether the name of a library is an address on a server and not a folder."""
    return isinstance(name, str) and name.lower().startswith(_SCHEMES)


def is_index(name: Path | str) -> bool:
    """Return whether a name is the address of an index on Milvus."""
    return isinstance(name, str) and name.lower().startswith(_INDEX_SCHEMES)


def is_url(name: Path | str) -> bool:
    """Return whether a name is an address, such as s3://BUCKET, and not a path."""
    return isinstance(name, str) and bool(_URL.match(name))


def folder_of(address: LibraryAddress) -> Path:
    """Return the folder of a library, or of the local copies of files of a library on a server."""
    return address.folder if isinstance(address, ServerAddress) else address


def _copies(address: str) -> Path:
    from platformdirs import user_data_path

    readable = re.sub("[^A-Za-z0-9.]+", "_", shown(address).partition("://")[2])[-60:].strip("_")
    name = f"{readable}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"
    return user_data_path("pullquote", appauthor=False) / "servers" / name


def default_library() -> Path | str:
    """Return the folder or address of the library: `PULLQUOTE_LIBRARY`, else a folder in the user's data.

    The folder may not exist.
    """
    if library := os.environ.get("PULLQUOTE_LIBRARY"):
        return library
    from platformdirs import user_data_path

    return user_data_path("pullquote", appauthor=False)


def settings_folder() -> Path:
    """Return the folder of this user's own settings, which no library contains. The folder may not exist."""
    from platformdirs import user_config_path

    return user_config_path("pullquote", appauthor=False)


def shipped_corpus() -> Path:
    """Return the folder of the briefs that ship: inside the package in a wheel, next to it in a checkout."""
    package = Path(__file__).parent
    inside = package / "seeds"
    return inside if inside.is_dir() else package.parent / "seeds"
