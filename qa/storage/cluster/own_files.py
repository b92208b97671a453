"""The small files that a person keeps beside a library, where several servers share them.

The folder has copies, in the form in which a library in a folder has the files themselves.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from embeddings.files import write_whole
from qa.errors import LibraryError
from qa.storage.statements import Layout

if TYPE_CHECKING:
    from pathlib import Path

    from qa.storage.postgresql.database import SharedDatabase

# Names that mean the same (`qa.text.names`), and a fitted confidence (`qa.asking.own_confidence`).
NAMES = ("aliases.txt", "confidence.json")
LAYOUT = Layout(
    "files",
    1,
    # `number` grows with each change. Of a file that was taken away, the content is empty.
    ("CREATE TABLE files (name TEXT PRIMARY KEY, number INTEGER NOT NULL, content BLOB NOT NULL)",),
)


class SharedFiles:
    """The shared files of one library, and their copies in a folder. Threads may share it."""

    def __init__(self, database: SharedDatabase, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._lock = threading.Lock()
        self._copied: dict[str, int] = {}

    def fetch(self) -> None:
        """Copy what others have changed.

        Raises:
            LibraryError: the database is away, or the folder cannot be written.
        """
        with self._lock:
            self._make_folder()
            with self._database.reading(LAYOUT) as db:
                numbers = dict.fromkeys(NAMES, 0) | dict(
                    db.execute("SELECT name, number FROM files").fetchall()
                )
                changed = {
                    name: bytes(row[0]) if row else b""
                    for name in NAMES
                    if numbers[name] != self._copied.get(name)
                    for row in [db.execute("SELECT content FROM files WHERE name = ?", (name,)).fetchone()]
                }
            for name, content in changed.items():
                self._write(self._folder / name, content)
                self._copied[name] = numbers[name]

    def share(self, name: str) -> None:
        """Let others have a file as it lies in the folder, or lack it as the folder does.

        Raises:
            LibraryError: the database is away, or may not be written.
        """
        path = self._folder / name
        with self._lock, self._database.writing(LAYOUT) as db:
            (number,) = db.execute("SELECT coalesce(max(number), 0) + 1 FROM files").fetchone()
            db.execute(
                "INSERT INTO files VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                "number = excluded.number, content = excluded.content",
                (name, number, path.read_bytes() if path.exists() else b""),
            )

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(f"cannot use the folder {self._folder} ({error.strerror})") from error

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        try:
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
