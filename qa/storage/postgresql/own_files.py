"""The user's own files of a library on a server. The database has the files, and the folder has copies.

The copies have the form that the files have in a library in a folder.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from embeddings.files import write_whole
from qa.errors import LibraryError
from qa.storage.records import uploads

if TYPE_CHECKING:
    from pathlib import Path

    from qa.storage.engines import Database
    from qa.storage.statements import Statements

# Names that mean the same (`qa.text.names`), and a fitted confidence (`qa.asking.own_confidence`).
NAMES = ("aliases.txt", "confidence.json")
TABLES = (
    """
    -- `number` grows with each change. The content of a deleted file is empty. The row 'originals' has only a
    -- number, which grows when uploads are deleted.
    CREATE TABLE own_files (name TEXT PRIMARY KEY, number INTEGER NOT NULL, content BLOB NOT NULL)
    """,
)


def note(db: Statements, name: str, content: bytes = b"") -> None:
    """Store a file's content, so that all servers copy the content."""
    db.execute(
        "INSERT INTO own_files VALUES (?, 1, ?) ON CONFLICT (name) DO UPDATE SET "
        "number = own_files.number + 1, content = excluded.content",
        (name, content),
    )


class OwnFiles:
    """The user's own files of one library, and their copies in the folder. Threads may share it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._copied: dict[str, int] = {}

    def fetch(self) -> None:
        """Copy the files that have changed into the folder. Delete the copies of deleted uploads.

        Raises:
            LibraryError: the database is away, or the folder cannot be written.
        """
        folder = self._database.folder
        with self._lock, self._database.reading() as db:
            numbers = dict(db.execute("SELECT name, number FROM own_files").fetchall())
            changed = {
                name for name in (*NAMES, uploads.FOLDER) if numbers.get(name, 0) != self._copied.get(name)
            }
            for name in changed & {*NAMES}:
                row = db.execute("SELECT content FROM own_files WHERE name = ?", (name,)).fetchone()
                _write(folder / name, bytes(row[0]) if row else b"")
                self._copied[name] = numbers.get(name, 0)
            # Another process may be storing a new upload in the folder, so new files stay for now.
            if uploads.FOLDER in changed and uploads.drop_strays(db, folder, old=True):
                self._copied[uploads.FOLDER] = numbers.get(uploads.FOLDER, 0)

    def share(self, name: str) -> None:
        """Store a file of the folder in the database, or note that the folder has no such file.

        Raises:
            LibraryError: the database is away, or may not be written.
        """
        path = self._database.folder / name
        content = path.read_bytes() if path.exists() else b""
        with self._database.writing(counted=False, names=["own files"]) as db:
            note(db, name, content)


def _write(path: Path, content: bytes) -> None:
    """Write a file if its content differs. Delete it if the content is empty."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (path.read_bytes() if path.exists() else b"") == content:
            return
        if content:
            write_whole(path, content)
        else:
            path.unlink()
    except OSError as error:
        raise LibraryError(
            f"{path} cannot be written ({error.strerror}): check the permissions of its folder"
        ) from error
