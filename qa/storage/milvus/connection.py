"""A connection to Milvus. Each call ends within a limited time. Each error says what to do next."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.files import close_to_others
from qa.errors import LibraryAwayError, LibraryError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qa.storage.milvus.address import Address

# Maximum seconds of a call that writes. pymilvus tries again within this time.
WRITE_SECONDS = 10.0
# Maximum seconds of a search, and of a connection: a question fails within 10 s if the server is away.
READ_SECONDS, CONNECT_SECONDS = 6.0, 3.5
# Maximum seconds until a collection is created, loaded, flushed or compacted.
LONG_SECONDS = 300.0
# Maximum seconds until a server shows changes of other processes (`common.gracefulTime` of Milvus).
STALE = 5.0
# Maximum number of rows, and approximate number of bytes, in one message. A server accepts 64 MB.
ROWS_AT_ONCE = 1_000
BYTES_AT_ONCE = 8 << 20
# Milvus Lite searches rows slowly before they are in a file.
IN_MEMORY = 2_000
# Maximum number of rows that Milvus returns for one search.
MOST = 16_384

# Words in the messages of pymilvus if the server is away or cannot be reached.
_AWAY = ("unavailable", "deadline", "timeout", "timed out", "connect", "not ready", "retry")
_MISSING = ("can't find collection", "cannot find collection", "collection not found", "not exist")

Row = dict[str, Any]


class MissingCollectionError(LibraryError):
    """Milvus does not have the collection."""


class Connection:
    """A connection to Milvus. Threads may share it.

    Every method raises LibraryError if Milvus refuses the request, and LibraryAwayError if Milvus does not
    answer in time.

    Raises:
        MissingExtraError: the packages of the extra are not installed.
        LibraryError: Milvus is away, or refuses this user.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        try:
            import pymilvus

            if address.lite:
                import milvus_lite  # noqa: F401 - pymilvus starts it if the address is a file
        except ImportError as error:
            raise MissingExtraError(
                f"{address.text} is on Milvus, which needs packages that are not installed "
                f"({error.name}): pip install 'pullquote[cluster]'"
            ) from error
        # These packages log each error that they raise. This module names the errors.
        for name in ("pymilvus", "milvus_lite", "grpc"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._in_memory: Counter[str] = Counter()
        self._strong_until = 0.0
        # Milvus Lite runs on this machine. It may be slow, but it is never away.
        self._read_seconds = LONG_SECONDS if address.lite else READ_SECONDS
        if address.lite:
            _open_file(Path(address.uri))
        try:
            with self._translated():
                self.milvus: Any = pymilvus.MilvusClient(
                    uri=address.uri,
                    timeout=WRITE_SECONDS if address.lite else CONNECT_SECONDS,
                    **address.options(),
                )
                self.version = str(self.milvus.get_server_version())
            if address.lite:
                close_to_others(Path(address.uri))
        except BaseException:
            if address.lite:
                _release(address.uri)
            raise
        numbers = [int(part) for part in self.version.removeprefix("v").split(".")[:2] if part.isdigit()]
        self.has_words = address.lite or tuple(numbers) >= (2, 5)
        """Whether Milvus has BM25. Milvus Lite has its own version numbers."""
        self.indexes_columns = not address.lite and tuple(numbers) >= (2, 4)
        """Whether Milvus can index columns of each kind. Milvus Lite needs half a second for each index."""

    def close(self) -> None:
        """Close the connection. Another process may then use a Milvus Lite file."""
        self.milvus.close()
        if self.address.lite:
            _release(self.address.uri)

    def check(self) -> None:
        """Raise LibraryAwayError at once if the server is away."""
        if not self.address.lite:
            with self._translated():
                self.milvus.get_server_version(timeout=CONNECT_SECONDS)

    # Reading

    def read_strongly(self) -> None:
        """Wait, in the searches of the next seconds, for changes that other processes have made."""
        self._strong_until = time.monotonic() + STALE

    def _level(self) -> dict[str, str]:
        """Return the consistency level of a search. *Bounded* shows each change after at most `STALE`."""
        if self.address.lite:
            return {}
        strong = time.monotonic() < self._strong_until
        return {"consistency_level": "Strong" if strong else "Bounded"}

    def search(
        self,
        collection: str,
        field: str,
        data: Sequence[Any],
        most: int,
        condition: str,
        parameters: Mapping[str, Any],
    ) -> list[list[tuple[int, float]]]:
        """Find the rows that are nearest to each value, as (key, score), the best first."""
        with self._translated():
            found = self.milvus.search(
                collection,
                data=list(data),
                anns_field=field,
                limit=most,
                filter=condition,
                output_fields=["key"],
                search_params={"params": dict(parameters)},
                timeout=self._read_seconds,
                **self._level(),
            )
            return [[(int(hit["entity"]["key"]), float(hit["distance"])) for hit in hits] for hits in found]

    def keys(self, collection: str) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return the keys of all rows, ascending."""
        parts = [np.zeros(0, np.int64)]
        self.count(collection)  # an iterator does not wait for the last changes, even if it reads strongly
        with self._translated():
            rows = self.milvus.query_iterator(
                collection, MOST, filter="key >= 0", output_fields=["key"], timeout=LONG_SECONDS
            )
            try:
                while part := rows.next():
                    parts.append(np.array([row["key"] for row in part], np.int64))
            finally:
                rows.close()
        return np.sort(np.concatenate(parts))

    def count(self, collection: str) -> int:
        """Count the rows. A server may count a row twice that it has just replaced."""
        asked = {"filter": "", "output_fields": ["count(*)"], "consistency_level": "Strong"}
        (row,) = self.call("query", collection, **asked)
        return int(row["count(*)"])

    # Writing

    def upsert(self, collection: str, rows: Sequence[Row]) -> None:
        """Write rows. A row replaces the row with the same key."""
        for part in _in_parts(rows):
            with self._translated():
                self.milvus.upsert(collection, part, timeout=WRITE_SECONDS)
        if self.address.lite:
            self._in_memory[collection] += len(rows)
            if self._in_memory[collection] > IN_MEMORY:
                self._in_memory[collection] = 0
                self.call("flush", collection)

    def delete(self, collection: str, keys: Sequence[int]) -> None:
        """Delete the rows with these keys."""
        for first in range(0, len(keys), ROWS_AT_ONCE):
            with self._translated():
                self.milvus.delete(
                    collection, ids=list(keys[first : first + ROWS_AT_ONCE]), timeout=WRITE_SECONDS
                )

    def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of pymilvus that may take long."""
        with self._translated():
            return getattr(self.milvus, name)(*arguments, timeout=LONG_SECONDS, **options)

    # Errors

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise the errors of pymilvus as errors that say what to do next."""
        import grpc
        from pymilvus.exceptions import MilvusException

        try:
            yield
        except (MilvusException, grpc.RpcError) as error:
            raise self._named(error) from error

    def _named(self, error: Exception) -> LibraryError:
        """Return an error of Milvus as our own, which says what to do."""
        where, message = self.address.text, _message(error)
        lowered = message.lower()
        if any(sign in lowered for sign in _MISSING):
            return MissingCollectionError(f"Milvus at {where} has lost a collection ({message}): try again")
        if self.address.lite and ("open" in lowered or "lock" in lowered):
            return LibraryError(
                f"{where} cannot be opened ({message}): only one process at a time may use a Milvus Lite "
                "file. End the other process, or use a server"
            )
        if self.address.lite:
            return LibraryError(f"{where}: Milvus Lite reports: {message}")
        if "auth" in lowered or "permission" in lowered:
            return LibraryError(
                f"Milvus at {where} refuses this user ({message}): put user:password into "
                "PULLQUOTE_MILVUS_TOKEN"
            )
        if "handshake" in lowered:
            return LibraryError(
                f"Milvus at {where} could not be reached by TLS ({message}): if you have your own "
                "certificate authority, name its certificate in PULLQUOTE_MILVUS_CA. If the server has no "
                "TLS, write milvus://"
            )
        if not any(sign in lowered for sign in _AWAY):
            return LibraryError(
                f"Milvus at {where} refuses the request ({message}): check it with `pullquote doctor`"
            )
        tls = "" if where.startswith("milvus+tls:") else " (by milvus+tls:// if it needs TLS)"
        return LibraryAwayError(
            f"Milvus at {where} did not answer in time ({message}): check that it runs and can be "
            f"reached{tls}, and try again; or build the index elsewhere with `pullquote reindex --index "
            "ADDRESS`. No finished change is lost"
        )


def _message(error: BaseException) -> str:
    """Return the message of an error and of its cause: pymilvus reports only that it could not connect."""
    message = str(getattr(error, "message", "") or getattr(error, "details", lambda: "")() or error)
    if error.__cause__ is not None and error.__cause__ is not error:
        message = f"{message}: {_message(error.__cause__)}"
    return " ".join(message.split())[:500]


def _in_parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Divide rows into messages of a size that a server accepts."""
    part: list[Row] = []
    size = 0
    for row in rows:
        bytes_of_row = sum(
            value.nbytes if isinstance(value, np.ndarray) else 4 * len(value) + 100
            for value in row.values()
            if isinstance(value, (str, np.ndarray))
        )
        if part and (len(part) == ROWS_AT_ONCE or size + bytes_of_row > BYTES_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(row)
        size += bytes_of_row
    if part:
        yield part


# pymilvus keeps a Milvus Lite file open until the process ends, so that no other process may use the file.
# These are the numbers of open connections to each file.
_users: Counter[str] = Counter()
_users_lock = threading.Lock()


def _open_file(file: Path) -> None:
    """Create the folder of a Milvus Lite file, and count one more connection to the file."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(
            f"cannot use the folder {file.parent} ({error.strerror}): name another file with --index"
        ) from error
    with _users_lock:
        _users[str(file)] += 1


def _release(file: str) -> None:
    """Count one connection less. Stop Milvus Lite after the last connection."""
    from milvus_lite.server_manager import server_manager_instance

    with _users_lock:
        _users[file] -= 1
        if not _users[file]:
            del _users[file]
            server_manager_instance.release_server(file)
