"""A store to try changes in: what a dry run says would become of documents is what became of them there."""

# ruff: noqa: S608 -- statements are put together from the names of this package's own tables and columns.

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import TYPE_CHECKING

from qa.storage.embedded.database import Database, add_functions, bring_to
from qa.storage.embedded.store import Store
from qa.storage.embedded.tables import latest_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

# The tables that say which documents there are, and where they are from; each after those that it refers to.
_TABLES = ("encodings", "library", "documents", "locations", "files", "versions", "withdrawn", "purged",
           "corrections", "read_as")  # fmt: skip


class Rehearsal(Store):
    """What a store knows of its documents, but for what they contain. What changes here is lost.

    It blocks nobody who writes, and may be of a library that cannot be written. The
    passages of what is put in are passed over. Texts are read from the store.
    """

    def __init__(self, store: Store, database: Database) -> None:
        self.folder, self.read_only = store.folder, False
        self._store = store
        self._database = _Copy(database)

    def row_text(self, path: str, part: str) -> str:
        """Read the text of a row as it was read last."""
        return self._store.row_text(path, part)

    def sidecar_values(self, path: str) -> dict[str, str]:
        """Read what the sidecar file of a file said when it could be read last, by field."""
        return self._store.sidecar_values(path)

    def _encoding_for(self, *_: object) -> None:
        """Find no encoding: no passages are written."""


class _Copy(Database):
    """The tables of a database that tell of documents, as one snapshot has them, in a file that goes away."""

    def __init__(self, database: Database) -> None:
        self.folder, self.path, self.read_only = database.folder, database.path, False
        self._writing = threading.RLock()
        # "": a temporary file, which SQLite deletes; as long as it is small, it is in memory alone.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        add_functions(self._db)
        bring_to(latest_schema(), self._db)
        self._db.execute("PRAGMA foreign_keys = ON")
        with database.reading() as held, self.writing(counted=False) as db:
            for table in _TABLES:
                names = [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))]
                columns = ", ".join("''" if name == "text" else name for name in names)
                marks = ", ".join("?" * len(names))
                db.executemany(
                    f"INSERT OR REPLACE INTO {table} VALUES ({marks})",
                    held.execute(f"SELECT {columns} FROM {table}"),
                )

    @contextlib.contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        with self._writing:  # one connection, for one thread at a time
            yield self._db

    def close(self) -> None:
        """Forget the copy."""
        self._db.close()
