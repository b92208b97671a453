"""Opens the collections of a library: connects to Milvus when it is needed, and makes what is missing."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from qa.errors import LibraryError
from qa.storage.milvus.collection import Collection, collections
from qa.storage.milvus.connection import Connection, MissingCollectionError
from qa.storage.records import outbox, vectors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.storage.engines import Database
    from qa.storage.intake_values import Encoding
    from qa.storage.milvus.address import Address
    from qa.storage.statements import Statements


class Opened:
    """The collections of a library. Threads may share it.

    Every method raises LibraryError if Milvus is away or refuses.
    """

    def __init__(self, database: Database, address: Address, name: str) -> None:
        self._database, self.address, self._name = database, address, name
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._failed: tuple[float, LibraryError] | None = None
        self._loaded: dict[int, Collection] = {}

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None
            self._loaded.clear()

    @property
    def connection(self) -> Connection:
        """The connection to Milvus. The first use opens it.

        If it fails, it also fails for the threads that have waited for it. So no thread waits for long.
        """
        if self._connection is None:
            asked = time.monotonic()
            with self._lock:
                if self._failed and self._failed[0] > asked:
                    raise self._failed[1]
                try:
                    self._connection = self._connection or Connection(self.address)
                except LibraryError as error:
                    self._failed = time.monotonic(), error
                    raise
        return self._connection

    def is_open(self, encoding: Encoding) -> bool:
        """Return whether the collection of an encoding is open."""
        return encoding.number in self._loaded

    def opened(self, encoding: Encoding) -> Collection:
        """Return an open collection.

        Raises:
            MissingCollectionError: it is not open any more.
        """
        try:
            return self._loaded[encoding.number]
        except KeyError:
            raise MissingCollectionError(
                f"Milvus at {self.address.text} has lost the index of encoding {encoding.number}: try again"
            ) from None

    def active(self, encoding: Encoding) -> Collection:
        """Return the collection of the active encoding, loaded.

        If Milvus does not have the collection, note all passages in the outbox, and make an empty collection:
        the passages are then added from the records.

        Raises:
            LibraryError: the collection is missing, and the records may not be written.
        """
        collection = self._loaded.get(encoding.number)
        if collection:
            return collection
        self.connection.check()
        with self._lock:
            collection = self.of(encoding)
            if not collection.exists():
                if self._database.read_only:
                    raise LibraryError(
                        f"Milvus at {self.address.text} does not have the index of the library at "
                        f"{self._database.where}: run `pullquote index` as a user who may write the library"
                    )
                # First the rows are committed: if this process ends here, the next one notes them again.
                with self._database.writing(counted=False) as db:
                    self.check_remembered(db)
                    outbox.note_all(db)
                self._make(collection, encoding)
            collection.load()
            self._loaded[encoding.number] = collection
        return collection

    def prepared(self, encoding: Encoding) -> Collection:
        """Return the collection of an encoding that is not active yet, loaded. Make it if it is missing."""
        collection = self.of(encoding)
        if not collection.exists():
            self._make(collection, encoding)
        collection.load()
        return collection

    def existing(self, encodings: Iterable[Encoding]) -> list[tuple[Encoding, Collection]]:
        """Return the encodings that have a collection, with their collections."""
        return [
            (encoding, collection)
            for encoding in encodings
            for collection in [self._loaded.get(encoding.number) or self.of(encoding)]
            if encoding.number in self._loaded or collection.exists()
        ]

    def of(self, encoding: Encoding) -> Collection:
        """Return the collection of an encoding. It may not exist."""
        return Collection(self.connection, f"{self._name}_{encoding.number}")

    def check_remembered(self, db: Statements) -> None:
        """Raise LibraryError if the library has another index by now."""
        (name,) = db.execute("SELECT index_name FROM library").fetchone()
        if name != self._name:
            raise LibraryError(
                f"the library at {self._database.where} has another index by now: restart this Pullquote"
            )

    def forget(self) -> None:
        """Forget which collections exist, because Milvus does not have one of them any more."""
        self._loaded.clear()

    def drop_former(self) -> None:
        """Drop the collections of encodings that the records have deleted."""
        made = collections(self.connection, self._name)
        with self._database.reading() as db:  # after the collections: a new encoding commits before them
            kept = {encoding.number for encoding in vectors.encodings(db)}
        self._drop(set(made) - kept)

    def drop_all(self) -> None:
        """Drop all collections."""
        self._drop(collections(self.connection, self._name))

    def _drop(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._loaded.pop(number, None)
            self.connection.call("drop_collection", f"{self._name}_{number}")

    def _make(self, collection: Collection, encoding: Encoding) -> None:
        try:
            collection.create(encoding.identity.dimension)
        except LibraryError:
            if not collection.exists():  # otherwise another process has just made it
                raise
