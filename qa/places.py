"""Addresses of a library and of its desk, and default folders: of libraries, settings, the shipped corpus."""

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
_SCHEMES = ("milvus:", "milvus+tls:")
_DESK_SCHEMES = ("postgresql:", "postgres:")


@dataclass(frozen=True, slots=True)
class ClusterAddress:
    """The address of a library on Milvus, with its desk.

    Attributes:
        address: the library's address, such as milvus://HOST:PORT/NAME.
        desk: the folder of the user's own data on the library, or the address of a database that servers
            share.
    """

    address: str
    desk: Path | str

    def __str__(self) -> str:
        return shown(self.address)


LibraryAddress: TypeAlias = Path | ClusterAddress
"""A folder, or an address with a desk."""


def library_address(name: Path | str, desk: Path | str | None = None) -> LibraryAddress:
    """Return the address of the library that a person names: a folder, or an address on Milvus.

    The desk of a library on Milvus is in `desk`, else in `PULLQUOTE_DESK`, else in the user's data folder.

    Raises:
        InputError: `name` or `desk` is an address of another kind.
    """
    if not is_address(name):
        return _folder(name, "a library", "milvus://HOST:PORT/NAME")
    address = _in_small_letters(str(name))
    own = desk or os.environ.get("PULLQUOTE_DESK") or _default_desk(address)
    return ClusterAddress(address, desk_address(own))


def desk_address(name: Path | str) -> Path | str:
    """Return the address of the desk that a person names: a folder, or the address of a database.

    Raises:
        InputError: `name` is an address of another kind.
    """
    if is_shared(name):
        return _in_small_letters(str(name))
    return _folder(name, "a desk", "postgresql://USER@HOST:PORT/DATABASE")


def _folder(name: Path | str, what: str, form: str) -> Path:
    if is_url(name) or is_address(name) or is_shared(name):
        raise InputError(f"{shown(str(name))} is not an address of {what}: name a folder, or write {form}")
    return Path(name)


def _in_small_letters(address: str) -> str:
    scheme, colon, rest = address.partition(":")
    return scheme.lower() + colon + rest


def shown(address: str) -> str:
    """Return an address without parts that may be secret: the user, and all that follows "?" or "#".

    A text that is not quite an address, such as an address in quotation marks, is cut in the same way.
    """
    ((scheme, slashes, where, after),) = _ADDRESS.findall(address.strip())  # any text matches exactly once
    # A password may hold "?", and the part after "?" may hold "@". Then the host cannot be found.
    return f"{scheme.lower()}{slashes}{'…' if '@' in after else where.rpartition('@')[2]}"


def is_shared(desk: Path | str) -> bool:
    """Return whether the name of a desk is the address of a database and not a folder."""
    return isinstance(desk, str) and desk.lower().startswith(_DESK_SCHEMES)


def is_address(name: Path | str) -> bool:
    """Return whether the name of a library is an address on Milvus and not a folder."""
    return isinstance(name, str) and name.lower().startswith(_SCHEMES)


def is_url(name: Path | str) -> bool:
    """Return whether a name is an address, such as s3://BUCKET, and not a path."""
    return isinstance(name, str) and bool(_URL.match(name))


def folder_of(address: LibraryAddress) -> Path:
    """Return the folder of a library, or of the desk of a library on Milvus.

    If the desk is in a database, the folder is for copies of files.
    """
    if not isinstance(address, ClusterAddress):
        return address
    return address.desk if isinstance(address.desk, Path) else _default_desk(address.address, address.desk)


def _default_desk(address: str, shared: str = "") -> Path:
    from platformdirs import user_data_path

    readable = re.sub("[^A-Za-z0-9.]+", "_", shown(address).partition("://")[2])[-60:].strip("_")
    name = f"{readable}-{hashlib.sha256((address + shared).encode()).hexdigest()[:8]}"
    return user_data_path("pullquote", appauthor=False) / "desks" / name


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
