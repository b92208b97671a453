"""Opens what a test needs of a library in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.storage.file_index.source import Source
from qa.storage.records.store import Store
from qa.storage.sqlite.database import SqliteDatabase

if TYPE_CHECKING:
    from pathlib import Path


def records(folder: Path, *, create: bool = True) -> Store:
    """Open the records of the library in a folder."""
    return Store(SqliteDatabase(folder, create=create))


def source(store: Store) -> Source:
    """Return the records as the files of an index follow them."""
    assert isinstance(store.database, SqliteDatabase)
    return Source(store.database)
