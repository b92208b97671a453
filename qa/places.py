"""Where a library is; default places: the library and settings of this user, and the corpus that ships."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from qa.errors import InputError

SIDECAR = ".meta.toml"
"""The end of the name of a file with metadata of the file that it is named after."""

_URL = re.compile(r"[^/\\]{2,}://")  # one letter is a drive of Windows
_ADDRESS = re.compile(r"\A([^/\\:@?#]+:)?(/*)([^?#]*)(.*)", re.DOTALL)
_SCHEMES = ("milvus:", "milvus+tls:")
_DESK_SCHEMES = ("postgresql:", "postgres:")


@dataclass(frozen=True, slots=True)
class ClusterPlace:
    """Where a library on Milvus is.

    Attributes:
        address: its address, such as milvus://HOST:PORT/NAME.
        desk: the folder of what a person keeps beside it; or the address of a database, which servers share.
    """

    address: str
    desk: Path | str

    def __str__(self) -> str:
        return shown(self.address)


LibraryPlace: TypeAlias = Path | ClusterPlace
"""A folder, or an address with a desk."""


def library_place(named: Path | str, desk: Path | str | None = None) -> LibraryPlace:
    """Tell where the library is that a person names: a folder, or an address on Milvus.

    What is kept beside the latter lies in `desk`, else in `PULLQUOTE_DESK`, else in the user's data folder.

    Raises:
        InputError: either is an address of another kind.
    """
    if not is_address(named):
        return _folder(named, "a library", "milvus://HOST:PORT/NAME")
    address = _in_small_letters(str(named))
    own = desk or os.environ.get("PULLQUOTE_DESK") or _default_desk(address)
    return ClusterPlace(address, desk_place(own))


def desk_place(named: Path | str) -> Path | str:
    """Tell where the desk is that a person names: a folder, or the address of a database.

    Raises:
        InputError: it is an address of another kind.
    """
    if is_shared(named):
        return _in_small_letters(str(named))
    return _folder(named, "a desk", "postgresql://USER@HOST:PORT/DATABASE")


def _folder(named: Path | str, what: str, form: str) -> Path:
    if is_url(named) or is_address(named) or is_shared(named):
        raise InputError(f"{shown(str(named))} is no address of {what}: name a folder, or write {form}")
    return Path(named)


def _in_small_letters(address: str) -> str:
    scheme, colon, rest = address.partition(":")
    return scheme.lower() + colon + rest


def shown(address: str) -> str:
    """Return an address without what may be secret in it: a user, what follows "?" or "#".

    A text that is not quite an address, such as one in quotation marks, is cut in the same way.
    """
    ((scheme, slashes, where, after),) = _ADDRESS.findall(address.strip())  # any text matches, once
    # A password may hold "?", and what follows "?" may hold "@": then nobody can tell where the host is.
    return f"{scheme.lower()}{slashes}{'…' if '@' in after else where.rpartition('@')[2]}"


def is_shared(desk: Path | str) -> bool:
    """Tell whether what a person names as a desk is the address of a database rather than a folder."""
    return isinstance(desk, str) and desk.lower().startswith(_DESK_SCHEMES)


def is_address(named: Path | str) -> bool:
    """Tell whether what a person names as a library is an address on Milvus rather than a folder."""
    return isinstance(named, str) and named.lower().startswith(_SCHEMES)


def is_url(named: Path | str) -> bool:
    """Tell whether what a person names is an address, such as s3://BUCKET, rather than a path."""
    return isinstance(named, str) and bool(_URL.match(named))


def folder_of(place: LibraryPlace) -> Path:
    """Return the folder of a library, or of what is kept beside one on Milvus.

    Of a desk in a database, copies of files lie there.
    """
    if not isinstance(place, ClusterPlace):
        return place
    return place.desk if isinstance(place.desk, Path) else _default_desk(place.address, place.desk)


def _default_desk(address: str, shared: str = "") -> Path:
    from platformdirs import user_data_path

    readable = re.sub("[^A-Za-z0-9.]+", "_", shown(address).partition("://")[2])[-60:].strip("_")
    name = f"{readable}-{hashlib.sha256((address + shared).encode()).hexdigest()[:8]}"
    return user_data_path("pullquote", appauthor=False) / "desks" / name


def default_library() -> Path | str:
    """Return the folder or address of the library: `PULLQUOTE_LIBRARY`, else in the user's data folder.

    It may not exist.
    """
    if named := os.environ.get("PULLQUOTE_LIBRARY"):
        return named
    from platformdirs import user_data_path

    return user_data_path("pullquote", appauthor=False)


def settings_folder() -> Path:
    """Return the folder of this user's own settings, which no library contains; it may not exist."""
    from platformdirs import user_config_path

    return user_config_path("pullquote", appauthor=False)


def shipped_corpus() -> Path:
    """Return the folder of the briefs that ship: in a wheel inside the package, in a checkout beside it."""
    package = Path(__file__).parent
    inside = package / "seeds"
    return inside if inside.is_dir() else package.parent / "seeds"
