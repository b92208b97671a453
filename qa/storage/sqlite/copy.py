"""A copy of a database's knowledge about documents, in which a dry run tries its changes."""

# ruff: noqa: S608 -- statements are built from the names of this package's own tables and columns.

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING

from qa.storage.engines import do_nothing
from qa.storage.sqlite.database import LAYOUT, SqliteDatabase
from qa.storage.sqlite.file import make

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.storage.engines import Database

# The tables about documents and their sources, each after the tables that it refers to.
_TABLES = ("encodings", "library", "documents", "locations", "files", "versions", "withdrawn", "purged",
           "corrections", "read_as", "uploads")  # fmt: skip


class DatabaseCopy(SqliteDatabase):
    """A copy of one snapshot of the tables about documents, without texts.

    The copy does not block other writers. It can also be made of a library that may not be written.
    """

    def __init__(self, database: Database) -> None:
        self.folder, self.where, self.read_only = database.folder, database.where, False
        self.path, self.layout = database.folder, LAYOUT
        self.after_commit = do_nothing
        self._writing = threading.RLock()
        # "" means a temporary file that SQLite deletes. As long as the file is small, it is only in memory.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self.layout.prepare(self._db)
        make(self._db, self.layout)
        self._db.execute("DROP INDEX documents_by_filters")  # the largest, and not needed here
        self._db.execute("PRAGMA journal_mode = MEMORY")
        self._db.execute("PRAGMA cache_size = -65536")  # KiB, at most
        with database.reading() as held, self.writing(counted=False) as db:
            for table in _TABLES:
                names = [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))]
                columns = ", ".join("''" if name == "text" else name for name in names)
                marks = ", ".join("?" * len(names))
                db.executemany(
                    f"INSERT OR REPLACE INTO {table} VALUES ({marks})",
                    held.execute(f"SELECT {columns} FROM {table}"),
                )
        self._db.execute("PRAGMA foreign_keys = ON")

    @contextlib.contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        with self._writing:  # one connection, for one thread at a time
            yield self._db

    def close(self) -> None:
        """Delete the copy."""
        self._db.close()
