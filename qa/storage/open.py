"""Opens a library with its engines: SQLite or PostgreSQL for records, files or Milvus for the index.

Outside `qa.storage`, no module imports an engine.
"""

from __future__ import annotations

import secrets
from contextlib import closing
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.places import ServerAddress, shown
from qa.storage.examine import examine
from qa.storage.file_index.index import FileIndex
from qa.storage.library import Library
from qa.storage.records.store import Store
from qa.storage.sqlite.database import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embeddings.encoder import Encoder
    from qa.places import LibraryAddress
    from qa.storage.engines import Database, Index
    from qa.storage.findings import Finding


def open_library(
    place: LibraryAddress,
    *,
    create: bool = True,
    read_only: bool = False,
    encoder: str | Encoder | None = None,
    index: str = "",
) -> Library:
    """Open the library in a folder or on a server, with its engines.

    `index` is the address of the index, which a new library remembers. "" means the index that the library
    has, or files in the folder of a new library.

    Raises:
        LibraryNotFoundError: the library does not exist, and `create` is False.
        MissingExtraError: the library is on a server, and the packages for it are not installed.
        InputError: an address is not valid, or the library has another index.
        EncoderMismatchError: another encoder than `encoder` made the library's vectors.
        LibraryError: the library is damaged, locked, or may not be written.
        ModelError: the encoder does not exist.
    """
    database = _database(place, create=create, read_only=read_only)
    try:
        library = Library(database, _index(database, index), encoder)
    except BaseException:
        database.close()
        raise
    if encoder is not None:
        try:
            library.encoders.identity()
        except BaseException:
            library.close()
            raise
    return library


def open_records(place: LibraryAddress, *, read_only: bool = True) -> Store:
    """Open only the records of an existing library, next to another process that uses its index.

    Raises:
        LibraryNotFoundError: the library does not exist.
        LibraryError: the library is damaged, locked or away.
    """
    return Store(_database(place, create=False, read_only=read_only))


def examine_library(place: LibraryAddress) -> Iterator[Finding]:
    """Check all stored parts of a library, and the encoder of its vectors.

    Raises:
        LibraryNotFoundError: the library does not exist.
        MissingExtraError: the library is on a server, and the packages for it are not installed.
        LibraryError: the library is damaged, locked or away.
    """
    with closing(open_library(place, create=False, read_only=True)) as library:
        yield from examine(library)


def _database(place: LibraryAddress, *, create: bool, read_only: bool) -> Database:
    if isinstance(place, ServerAddress):
        from qa.storage.postgresql.records import PostgresDatabase

        return PostgresDatabase(place.address, place.folder, create=create, read_only=read_only)
    return SqliteDatabase(place, create=create, read_only=read_only)


def _index(database: Database, asked: str) -> Index:
    """Open the index that the library remembers. A new library remembers the index that is asked for."""
    with database.reading() as db:
        address, name, generation = db.execute(
            "SELECT index_address, index_name, generation FROM library"
        ).fetchone()
    if asked and asked != address and generation:
        raise InputError(
            f"the library at {database.where} has its index "
            f"{f'at {shown(address)}' if address else 'in files'}, not at {shown(asked)}: leave --index "
            "out, or copy the library to a new library with that index"
        )
    is_new = bool(asked) and asked != address
    if is_new:
        address, name = asked, f"pullquote_{secrets.token_hex(6)}"
    if not address and isinstance(database, SqliteDatabase):
        return FileIndex(database)
    if not address:
        raise InputError(
            f"the library at {database.where} needs an index on Milvus: name it with --index milvus://HOST:PORT"
        )
    from qa.storage.milvus.index import MilvusIndex

    index = MilvusIndex(database, address, name)
    if is_new:
        try:
            index.check()  # so that no library remembers an address that is wrong
            with database.writing(counted=False) as db:
                db.execute("UPDATE library SET index_address = ?, index_name = ?", (address, name))
        except BaseException:
            index.close()
            raise
    return index
