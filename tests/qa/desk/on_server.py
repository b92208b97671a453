"""Opens a library on a PostgreSQL server, with a tiny encoder and an index that reads the records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.corpus import Corpus
from qa.storage.library import Library
from qa.storage.postgresql.records import PostgresDatabase
from tests.qa.storage.exact_index import ExactIndex
from tests.qa.tiny import TinyEncoder

if TYPE_CHECKING:
    from pathlib import Path


def corpus_on_server(address: str, folder: Path, *, read_only: bool = False) -> Corpus:
    """Open or make the library at an address. `folder` has copies of files."""
    database = PostgresDatabase(address, folder, read_only=read_only)
    return Corpus(Library(database, ExactIndex(database), TinyEncoder()))
