"""Write files whole or not at all, and recognise whether a file is as it was written."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from embeddings.arrays import UInt8


class DamagedFileError(Exception):
    """A file that is missing, unreadable, cut, damaged, or not the file that was written."""


def sha256_file(path: Path) -> str:
    """Return the hex SHA-256 of a file's bytes.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, *parts: bytes | memoryview, is_private: bool = True) -> None:
    """Write a file in one step: a reader, or the next start after a crash, finds the old or the new file.

    Other users may not read a private file (see `private_mode`). A file that is not private gets the mode of
    the file that it replaces, or the mode that the umask gives.

    Raises:
        OSError: the file cannot be written (a full disk); the old file is then unchanged.
    """
    written = part_path(path.parent, path.name)
    try:
        with private(written) if is_private else written.open("xb") as file:
            if not is_private:
                with suppress(FileNotFoundError):
                    shutil.copymode(path, written)
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        written.replace(path)
    except BaseException:  # Ctrl-C too: otherwise the part would stay
        written.unlink(missing_ok=True)
        raise


def private(path: Path) -> BinaryIO:
    """Open a new file for writing that other users may not read; see `private_mode`.

    Raises:
        OSError: the file cannot be made, or exists already.
    """
    mode = private_mode(path.parent)
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode))


def private_mode(folder: Path) -> int:
    """Return the mode of a new file in a folder: for this user, and for a group that shares the folder."""
    mode = folder.stat().st_mode
    return 0o600 if mode & stat.S_IRWXO else 0o600 | (mode & 0o060)


def close_to_others(path: Path) -> None:
    """Give only this user access to a file or folder of this user, if everybody has access.

    If everybody else has no access, the mode is unchanged: a group may share the file or folder.
    """
    with suppress(OSError):  # the file no longer exists
        status = path.lstat()
        mode = stat.S_IMODE(status.st_mode)
        if (
            os.name == "posix"
            and not stat.S_ISLNK(status.st_mode)
            and status.st_uid == os.geteuid()
            and mode & stat.S_IRWXO
        ):
            path.chmod(mode & stat.S_IRWXU)


def part_path(folder: Path, name: str) -> Path:
    """Return the name of a file to write before it gets its final name.

    Other users may be able to read the file when it gets its final name. A file of `tempfile` would stay
    private. The file is in the same folder, because a rename is atomic only within one file system.
    """
    return folder / f".{name}-{secrets.token_hex(8)}.part"


def move_whole(source: Path, target: Path) -> None:
    """Move a finished file to its place. Its bytes are on the disk before its name is.

    Raises:
        OSError: the file cannot be flushed or moved; an old target is then unchanged.
    """
    with source.open("rb+") as file:  # Windows flushes only files that are open for writing
        os.fsync(file.fileno())
    source.replace(target)


def check_ordinary(path: Path) -> None:
    """Refuse a link, which may lead anywhere, and a pipe or a device, which has no end.

    Raises:
        DamagedFileError: the path is a link, a pipe or a device.
        OSError: the file does not exist.
    """
    mode = path.lstat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # reading a folder fails later, with its own error
        raise DamagedFileError(f"{path} is a link, or no ordinary file")


# Small files: a mark, the SHA-256 of the content, and the content


def write_sealed(path: Path, mark: bytes, *parts: bytes | memoryview) -> None:
    """Write a file in one step, with its hash; see `write_whole`.

    Raises:
        OSError: the file cannot be written.
    """
    sha256 = hashlib.sha256()
    for part in parts:
        sha256.update(part)
    write_whole(path, mark, sha256.digest(), *parts)


def read_sealed(path: Path, *marks: bytes) -> tuple[bytes, UInt8]:
    """Read a file that `write_sealed` wrote with one of the marks. Return the mark and the content.

    All marks have the same length.

    Raises:
        DamagedFileError: the file is missing, unreadable, of another kind, cut or damaged.
    """
    try:
        check_ordinary(path)
        content = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise DamagedFileError(f"{path} cannot be read: {error}") from error
    mark, sha256, rest = np.split(content, np.cumsum([len(marks[0]), hashlib.sha256().digest_size]))
    if mark.tobytes() not in marks:
        raise DamagedFileError(f"{path} is of another kind or version")
    if hashlib.sha256(rest.data).digest() != sha256.tobytes():
        raise DamagedFileError(f"{path} is cut or damaged")
    return mark.tobytes(), rest


# Large files, which are mapped


_FILE_NAME = re.compile(r"[\w-]+\.\w+")  # without a folder: the file is in the folder itself


@dataclass(frozen=True, slots=True)
class KnownFile:
    """The record by which a file is recognised. The first `structure` bytes of the file are its structure.

    The structure is hashed each time the file is opened, because its content is trusted. The whole file is
    hashed if its modification time is not the recorded time. A file of another size is damaged.
    """

    name: str
    sha256: str
    size: int
    modified_ns: int
    structure: int
    structure_sha256: str

    def __post_init__(self) -> None:
        if not _FILE_NAME.fullmatch(self.name):
            raise DamagedFileError(f"{self.name!r} is not the name of a file")

    @classmethod
    def written(cls, folder: Path, stem: str, suffix: str, write: Callable[[BinaryIO], int]) -> Self:
        """Write a file `<stem>-<hash><suffix>`, and return its record.

        `write` writes the bytes, and returns the length of the structure.

        Raises:
            OSError: the file cannot be written.
        """
        part = part_path(folder, stem)
        try:
            with private(part) as content:
                structure = write(content)
            sha256 = sha256_file(part)
            # Named by content: two processes that build at the same time never replace each other's file.
            path = folder / f"{stem}-{sha256[:16]}{suffix}"
            move_whole(part, path)
        except BaseException:  # Ctrl-C too: otherwise the part would stay
            part.unlink(missing_ok=True)
            raise
        status = path.stat()
        with path.open("rb") as content:
            structure_sha256 = hashlib.sha256(content.read(structure)).hexdigest()
        return cls(path.name, sha256, status.st_size, status.st_mtime_ns, structure, structure_sha256)

    def mapped(self, folder: Path, *, thorough: bool = False) -> UInt8:
        """Return the mapped file. With `thorough`, hash the whole file.

        Raises:
            DamagedFileError: the file is missing, unreadable, cut, damaged or another file.
        """
        path = folder / self.name
        try:
            check_ordinary(path)
            status = path.stat()
            if status.st_size != self.size:
                raise DamagedFileError(f"{path} is cut or damaged")
            unchanged = status.st_mtime_ns == self.modified_ns and not thorough
            if not unchanged and sha256_file(path) != self.sha256:
                raise DamagedFileError(f"{path} is damaged")
            content = np.memmap(path, np.uint8, mode="r")
        except OSError as error:
            raise DamagedFileError(f"{path} cannot be read: {error}") from error
        if hashlib.sha256(content[: self.structure].data).hexdigest() != self.structure_sha256:
            raise DamagedFileError(f"{path} is damaged")
        return content
