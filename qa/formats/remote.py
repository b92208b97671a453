"""Lists and fetches files at addresses that fsspec knows, such as s3://BUCKET/FOLDER.

A reader fetches a file into a temporary file. The package for the protocol looks for credentials itself: in
the environment, in its own settings, on the machine. An address has no credentials, because it is stored.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from qa.document.metadata import SIDECAR_BYTES
from qa.errors import InputError, MissingExtraError
from qa.places import SIDECAR, shown
from qa.schema import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 1 << 20
_LONGEST = 200
_THIS_MACHINE = ("file", "local")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at an address.

    Attributes:
        url: the address.
        id: the path under the named folder, or else the name.
        size: the size in bytes.
        has_sidecar: whether a sidecar with the file's metadata is next to the file.
    """

    url: str
    id: str
    size: int
    has_sidecar: bool

    @property
    def name(self) -> str:
        """Return the name without folders."""
        return PurePosixPath(self.url).name


@dataclass(frozen=True, slots=True)
class RemoteListing:
    """The files at an address.

    Attributes:
        is_folder: whether the address is a folder.
        files: the files, in order of their paths.
    """

    is_folder: bool
    files: tuple[RemoteFile, ...]


def checked_url(url: str) -> str:
    """Return an address as it is stored, with the scheme in lower case.

    Raises:
        InputError: the address has a secret, is in another address, names nothing, or is on this machine.
    """
    given, _, rest = url.partition("://")
    scheme = given.lower()
    url = f"{scheme}://{rest}"
    if "@" in scheme:
        raise InputError(f"the characters before {shown(url)} are not part of an address: leave them out")
    if "::" in url:
        raise InputError(f"{shown(url)} has an address inside an address: name the files themselves")
    if _holds_secret(url):
        raise InputError(
            f"the {scheme} address has a password, a key or a setting, but addresses are shown and stored: "
            "leave it out, and set it where the package for the protocol reads it, such as "
            "its environment variables"
        )
    if not rest.strip("/"):
        raise InputError(f"{url} names no file or folder: add the path of the file or folder")
    if scheme in _THIS_MACHINE:  # a path is read without links out of the folder
        raise InputError(f"{url} is on this machine: write its path without {scheme}://")
    return url.rstrip("/")


def _holds_secret(url: str) -> bool:
    """Return whether an address contains a password, or something that may be a key."""
    scheme, _, rest = url.partition("://")
    if scheme in ("http", "https") and ("?" in rest or "@" in rest.partition("/")[0]):
        return True
    if "=" in rest.partition("?")[2]:  # such as a shared access signature of Azure's
        return True
    user, at, _ = unquote(rest).rpartition("@")
    name, colon, password = user.partition(":")
    # A secret may have "/", where urlsplit would end the host. A port is not a secret.
    is_port = password.partition("/")[0].isdecimal() and "/" in password
    return bool(at and colon) and "/" not in name and not is_port


def remote_files(url: str) -> RemoteListing:
    """List a file, or all files under a folder.

    Raises:
        InputError: the address cannot be listed.
        MissingExtraError: the package for its protocol is not installed.
    """
    with _translated(url, "listed"):
        system, path = _system(url)
        system.invalidate_cache()
        if system.isfile(path):
            described = system.exists(path + SIDECAR)
            name = printable(PurePosixPath(url).name)
            return RemoteListing(False, (RemoteFile(url, name, system.size(path) or 0, described),))
        sizes = {
            about["name"].removeprefix(path).lstrip("/"): about["size"] or 0 for about in _files(system, path)
        }
        if not sizes and not system.exists(path):
            raise FileNotFoundError
    return RemoteListing(
        True,
        tuple(
            RemoteFile(f"{url}/{name}", printable(name), sizes[name], name + SIDECAR in sizes)
            for name in sorted(sizes, key=lambda name: name.split("/"))
        ),
    )


def _files(system: Any, folder: str) -> Iterator[dict[str, Any]]:
    """Yield the details of each file under a folder.

    fsspec's `find` leaves out folders that cannot be listed, so their files would seem to be deleted.
    """
    for about in system.ls(folder, detail=True):
        if about["type"] != "directory":
            yield about
        elif (inner := about["name"].rstrip("/")) != folder.rstrip("/"):
            yield from _files(system, inner)


@contextmanager
def fetched(file: RemoteFile, most: int | None) -> Iterator[Path]:
    """Fetch a file, or at most its first `most` bytes, into a temporary file, and yield the path.

    Raises:
        InputError: the file cannot be read.
        MissingExtraError: the package for its protocol is not installed.
    """
    with TemporaryDirectory(prefix="pullquote-") as folder:
        local_path = Path(folder) / "fetched"
        with _translated(file.url, "read"), local_path.open("wb") as copy:
            system, path = _system(file.url)
            with system.open(path, "rb") as opened:
                left = most
                while data := opened.read(_BLOCK if left is None else min(_BLOCK, left)):
                    copy.write(data)
                    left = None if left is None else left - len(data)
        yield local_path


def fetched_sidecar(file: RemoteFile) -> bytes:
    """Return the bytes of a file's sidecar, or only its first bytes if it is too long for a sidecar.

    Raises:
        InputError: the sidecar cannot be read.
    """
    with _translated(file.url + SIDECAR, "read"):
        system, path = _system(file.url + SIDECAR)
        with system.open(path, "rb") as opened:
            data: bytes = opened.read(SIDECAR_BYTES + 1)
    return data


def state_of(url: str) -> str:
    """Return text that changes when the file changes, or "" if the file's state is unknown."""
    try:
        system, path = _system(url)
        return str(system.ukey(path))
    except Exception:  # a reader of the file will report the problem
        return ""


def is_away(url: str) -> bool:
    """Return whether a file certainly does not exist."""
    try:
        system, path = _system(url)
        system.invalidate_cache()
        system.info(path)
    except FileNotFoundError:
        return True
    except Exception:
        return False
    return False


def _system(url: str) -> tuple[Any, str]:
    """Return fsspec's file system of an address, and the path in it."""
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtraError(
            f"{url} is read by fsspec, which is not installed: pip install 'pullquote[cluster]'"
        ) from error
    try:
        system, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise MissingExtraError(f"{url} needs a package that is not installed: {error}") from error
    return system, path


@contextmanager
def _translated(url: str, what: str) -> Iterator[None]:
    """Turn the errors of any protocol into InputError. `what` says what failed: “read”, “listed”."""
    try:
        yield
    except (InputError, MissingExtraError):
        raise
    except FileNotFoundError as error:
        raise InputError(f"{url} was not found. Check the address.") from error
    except Exception as error:  # each protocol has its own errors
        message = " ".join(str(error).split())[:_LONGEST] or type(error).__name__
        raise InputError(
            f"{url} cannot be {what}: {message}. Check the address, and that its server gives you access."
        ) from error
