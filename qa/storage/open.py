"""Opens a library with its engines: SQLite or PostgreSQL for records, files or Milvus for the index.

Outside `qa.storage`, no module imports an engine.
"""

from __future__ import annotations

import secrets
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from qa.errors import InputError, LibraryError, LibraryNotFoundError
from qa.places import FILES, NEW_ON_SERVER, ServerAddress, index_address, shown
from qa.storage.examine import examine
from qa.storage.file_index.index import FileIndex
from qa.storage.library import Library
from qa.storage.records.store import Store
from qa.storage.sqlite.database import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embeddings.encoder import Encoder
    from qa.places import LibraryAddress
    from qa.schema import OnProgress
    from qa.storage.engines import Database, Index
    from qa.storage.findings import Finding
    from qa.storage.statements import Statements


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
        InputError: an address is not valid, the library has another index, or a new library on a server has
            none.
        EncoderMismatchError: another encoder than `encoder` made the library's vectors.
        LibraryError: the library is damaged, locked, or may not be written.
        ModelError: the encoder does not exist.
    """
    asked = index_address(index) if index else ""
    try:
        may_create = create and (bool(asked) or not isinstance(place, ServerAddress))
        database = _database(place, create=may_create, read_only=read_only)
    except LibraryNotFoundError:
        if not create:
            raise
        raise InputError(
            f"there is no library at {place} yet, and a new library on PostgreSQL needs an index on Milvus: "
            f"write {NEW_ON_SERVER}"
        ) from None
    try:
        library = Library(database, _index(database, asked), encoder)
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


def takes_index(place: LibraryAddress) -> bool:
    """Return whether there is no library yet, or only an empty library that remembers no index.

    Raises:
        MissingExtraError: the library is on a server, and the packages for it are not installed.
        LibraryError: the library is damaged, locked or away.
    """
    try:
        with closing(open_records(place)) as records, records.database.reading() as db:
            address, generation = db.execute("SELECT index_address, generation FROM library").fetchone()
    except LibraryNotFoundError:
        return True
    return not address and not generation


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


def move_index(place: LibraryAddress, index: str, progress: OnProgress | None = None) -> str:
    """Build the index of a library again from its records, at an address or in files. Then delete the former.

    No passage is embedded, and the former index need not be there. Until the new index is complete, the
    library has the former index. Return what is left of the former index, or "".

    Raises:
        LibraryNotFoundError: the library does not exist.
        MissingExtraError: the library is on a server, and the packages for it are not installed.
        InputError: the address is not valid, or the library is on a server and the index is to be in files.
        LibraryError: the library or the new index is locked, away or may not be written.
    """
    address = "" if index == FILES else index_address(index)
    with closing(_database(place, create=False, read_only=False)) as database:
        with database.writing(counted=False) as db:  # so that a library that may not be written is named now
            former_address, former_name = db.execute(
                "SELECT index_address, index_name FROM library"
            ).fetchone()
        if not address and not former_address and isinstance(database, SqliteDatabase):
            with closing(FileIndex(database)) as files:
                files.erase()
            return ""
        _built(database, address, progress).close()
        with closing(_engine(database, former_address, former_name)) as former:
            try:
                former.drop()
            except LibraryError as error:
                if not former_address:
                    return str(error)
                return (
                    f"the former index could not be deleted: if Milvus at {shown(former_address)} still "
                    f"runs, drop its collections {former_name}_*"
                )
    return ""


def _index(database: Database, asked: str) -> Index:
    """Open the index that the library remembers. A new library remembers the index that is asked for."""
    with database.reading() as db:
        address, name, generation = db.execute(
            "SELECT index_address, index_name, generation FROM library"
        ).fetchone()
    is_new = bool(asked) and asked != address
    if is_new and generation:
        raise InputError(
            f"the library at {database.where} has its index "
            f"{f'at {shown(address)}' if address else 'in files'}, not at {shown(asked)}: leave --index "
            f"out, or build the index there with `pullquote reindex --index {shown(asked)}`"
        )
    return _built(database, asked) if is_new else _engine(database, address, name)


def _built(database: Database, address: str, progress: OnProgress | None = None) -> Index:
    """Build a new index from the records, and let the library remember it."""
    name = f"pullquote_{secrets.token_hex(6)}" if address else ""

    def remember(db: Statements) -> None:
        db.execute("UPDATE library SET index_address = ?, index_name = ?", (address, name))
        if not address:
            db.execute("DELETE FROM outbox")

    index = _engine(database, address, name)
    try:
        index.build(remember, progress)
    except BaseException:
        with closing(index), database.reading() as db, suppress(LibraryError):
            if db.execute("SELECT index_name FROM library").fetchone()[0] != name:
                index.drop()
        raise
    return index


def _engine(database: Database, address: str, name: str) -> Index:
    """Open the index at an address, or in the files of the folder if the address is ""."""
    if address:
        from qa.storage.milvus.index import MilvusIndex

        return MilvusIndex(database, address, name)
    if isinstance(database, SqliteDatabase):
        return FileIndex(database)
    raise InputError(f"the library at {database.where} needs an index on Milvus: write {NEW_ON_SERVER}")
