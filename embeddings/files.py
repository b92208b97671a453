"""Files that are either whole or not there, and their hashes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes.

    Raises:
        OSError: when it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, *parts: bytes | memoryview) -> None:
    """Write a file in one step: a reader, or the next start after a crash, finds the old one or the new one.

    Raises:
        OSError: when it cannot be written (a full disk); the old file is then untouched.
    """
    # In the same folder, as a rename is atomic only within one file system.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:  # Ctrl-C too: nobody else would remove the part
        Path(name).unlink(missing_ok=True)
        raise


def move_whole(source: Path, target: Path) -> None:
    """Put a finished file in its place, its bytes on the disk before its name is.

    Raises:
        OSError: when it cannot be flushed or moved; an old target is then untouched.
    """
    with source.open("rb+") as file:  # Windows flushes only what is open for writing
        os.fsync(file.fileno())
    source.replace(target)
