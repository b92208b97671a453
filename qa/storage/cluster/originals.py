"""Which files were uploaded to this desk: a table in a file of its own, in the desk's folder."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from embeddings.files import private
from qa.errors import LibraryError

if TYPE_CHECKING:
    from pathlib import Path

NAME = "originals.sqlite3"


def open_table(folder: Path, *, read_only: bool) -> str:
    """Give the address, for SQLite, of the file with the table, made if need be; "" where there is none.

    Raises:
        LibraryError: the folder may not be written.
    """
    path = folder / NAME
    if read_only:
        return f"{path.resolve().as_uri()}?mode=ro" if path.is_file() else ""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            private(path).close()
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS uploads (number INTEGER PRIMARY KEY AUTOINCREMENT, "
                "name TEXT NOT NULL, sha256 TEXT NOT NULL, at TEXT NOT NULL, UNIQUE (name, sha256))"
            )
    except (OSError, sqlite3.Error) as error:
        raise LibraryError(f"{path} cannot be used ({error}): name another folder with --desk") from error
    return path.resolve().as_uri()
