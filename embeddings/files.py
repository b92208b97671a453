"""Files that are either whole or not there, and that are known to be what was written."""

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
    """A file that is missing, unreadable, cut, damaged, or another one than was written."""


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes.

    Raises:
        OSError: when it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, *parts: bytes | memoryview, is_private: bool = True) -> None:
    """Write a file in one step: a reader, or the next start after a crash, finds the old one or the new one.

    Others may not read it (see `private_mode`), unless it is not private: then it has the mode of the file
    that it replaces, or the one that the umask gives.

    Raises:
        OSError: when it cannot be written (a full disk); the old file is then untouched.
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
    except BaseException:  # Ctrl-C too: nobody else would remove the part
        written.unlink(missing_ok=True)
        raise


def private(path: Path) -> BinaryIO:
    """Open a new file for writing that others may not read; see `private_mode`.

    Raises:
        OSError: when it cannot be made, or is there.
    """
    mode = private_mode(path.parent)
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode))


def private_mode(folder: Path) -> int:
    """Choose the mode of a new file in a folder: for this user, and for a group that shares the folder."""
    mode = folder.stat().st_mode
    return 0o600 if mode & stat.S_IRWXO else 0o600 | (mode & 0o060)


def close_to_others(path: Path) -> None:
    """Leave a file or folder of this user's to that user alone, where everybody could use it.

    One that is closed to others stays as it is: a group may share it.
    """
    with suppress(OSError):  # it is gone by now
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
    """Name a file to write before it gets its name: unlike one of `tempfile`, others may read it by then.

    In the same folder, as a rename is atomic only within one file system.
    """
    return folder / f".{name}-{secrets.token_hex(8)}.part"


def move_whole(source: Path, target: Path) -> None:
    """Put a finished file in its place, its bytes on the disk before its name is.

    Raises:
        OSError: when it cannot be flushed or moved; an old target is then untouched.
    """
    with source.open("rb+") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())
    source.replace(target)


def check_ordinary(path: Path) -> None:
    """Refuse what is no file of its folder: a link may lead anywhere, and a pipe or a device has no end.

    Raises:
        DamagedFileError: when it is a link, or no ordinary file.
        OSError: when there is none.
    """
    mode = path.lstat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # that a folder cannot be read is said by who reads it
        raise DamagedFileError(f"{path} is a link, or no ordinary file")


# Small files: a mark, the SHA-256 of what follows, and that


def write_sealed(path: Path, mark: bytes, *parts: bytes | memoryview) -> None:
    """Write a file in one step, with its hash; see `write_whole`.

    Raises:
        OSError: when it cannot be written.
    """
    sha256 = hashlib.sha256()
    for part in parts:
        sha256.update(part)
    write_whole(path, mark, sha256.digest(), *parts)


def read_sealed(path: Path, *marks: bytes) -> tuple[bytes, UInt8]:
    """Read a file that `write_sealed` wrote with one of the marks, all equally long: its mark and the rest.

    Raises:
        DamagedFileError: when it is missing, unreadable, of another kind, cut or damaged.
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


_FILE_NAME = re.compile(r"[\w-]+\.\w+")  # of a file in the folder itself


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What is recorded of a file, to know it by. It begins with a structure of so many bytes.

    What stands in the structure is believed, so that is hashed at each opening; all of the file is when its
    size or time is not the recorded one.
    """

    name: str
    sha256: str
    size: int
    modified_ns: int
    structure: int
    structure_sha256: str

    def __post_init__(self) -> None:
        if not _FILE_NAME.fullmatch(self.name):
            raise DamagedFileError(f"{self.name!r} is no name of a file")

    @classmethod
    def written(cls, folder: Path, stem: str, suffix: str, write: Callable[[BinaryIO], int]) -> Self:
        """Write a file `<stem>-<hash><suffix>`; `write` gives its bytes, and says how many are its structure.

        Raises:
            OSError: when it cannot be written.
        """
        part = part_path(folder, stem)
        try:
            with private(part) as content:
                structure = write(content)
            sha256 = sha256_file(part)
            # By its bytes: two processes that build at the same time never exchange a file under each other.
            path = folder / f"{stem}-{sha256[:16]}{suffix}"
            move_whole(part, path)
        except BaseException:  # Ctrl-C too: nobody else would remove the part
            part.unlink(missing_ok=True)
            raise
        status = path.stat()
        with path.open("rb") as content:
            structure_sha256 = hashlib.sha256(content.read(structure)).hexdigest()
        return cls(path.name, sha256, status.st_size, status.st_mtime_ns, structure, structure_sha256)

    def mapped(self, folder: Path, *, thorough: bool = False) -> UInt8:
        """Map it; `thorough` hashes all of it.

        Raises:
            DamagedFileError: when it is missing, unreadable, cut, damaged or another one.
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
