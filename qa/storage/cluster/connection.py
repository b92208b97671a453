"""A connection to Milvus: each call bounded in time, its errors named, with what to do next."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embeddings.files import close_to_others
from qa.errors import LibraryAwayError, LibraryError, LibraryNotFoundError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from qa.storage.cluster.address import Address

log = logging.getLogger(__name__)

# Within so many seconds, pymilvus tries again where a server is away; then a call that writes has failed.
SECONDS = 10.0
# One that reads, and then connecting anew: who asks a question hears within 10 s that the server is away.
READ_SECONDS, CONNECT_SECONDS = 6.0, 3.5
# A collection is made, loaded or flushed.
LONG_SECONDS = 300.0
# A server shows what another has written after so long at most (`common.gracefulTime` of Milvus).
STALE = 5.0
# Rows, and about bytes, in one message: a server takes 64 MB.
ROWS_AT_ONCE = 1_000
BYTES_AT_ONCE = 8 << 20
# Values of one condition `in`.
VALUES_AT_ONCE = 1_000
# Rows that Milvus Lite is slow to search before they are in a file.
IN_MEMORY = 2_000
# What Milvus returns of one search at most.
MOST = 16_384

# What is said of a server that is not there, or that one does not get through to.
_AWAY = ("unavailable", "deadline", "timeout", "timed out", "connect", "not ready", "retry")

Row = dict[str, Any]


class Connection:
    """Milvus at an address. Threads may share it.

    Every method raises LibraryError where Milvus does not answer in time, or refuses.

    Raises:
        MissingExtraError: the packages of the extra are not installed.
        LibraryError: there is no Milvus, or it does not let this user in.
    """

    def __init__(self, address: Address, *, create: bool = True) -> None:
        self.address = address
        try:
            import pymilvus

            if address.lite:
                import milvus_lite  # noqa: F401 - pymilvus starts it by the name of the file
        except ImportError as error:
            raise MissingExtraError(
                f"{address.text} is on Milvus, which needs packages that are not installed "
                f"({error.name}): pip install 'pullquote[cluster]'"
            ) from error
        # What it reports is raised, too, and named here.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        logging.getLogger("milvus_lite").setLevel(logging.CRITICAL)
        logging.getLogger("grpc").setLevel(logging.CRITICAL)
        self._in_memory: Counter[str] = Counter()
        self.is_alone = False
        """Whether nobody else can have been using it: of a Milvus Lite file, the first connection to it."""
        self._strong_until = 0.0
        self._written: dict[str, float] = {}
        # Milvus Lite runs beside this process, and does not go away: it may only be slow.
        self._read_seconds = LONG_SECONDS if address.lite else READ_SECONDS
        if address.lite:
            self._open_file(create=create)
        try:
            with self._translated():
                self.milvus: Any = pymilvus.MilvusClient(
                    uri=address.uri, timeout=SECONDS if address.lite else CONNECT_SECONDS, **address.options()
                )
                self.version = str(self.milvus.get_server_version())
            if address.lite and create:
                close_to_others(Path(address.uri))
        except BaseException:
            if address.lite:
                _release(address.uri)
            raise
        numbers = [int(part) for part in self.version.removeprefix("v").split(".")[:2] if part.isdigit()]
        # BM25 came with 2.5; `like "%…"`, and an index for columns of every kind, with 2.4. Milvus Lite has
        # versions of its own; of such indexes, each takes it half a second to make.
        self.has_words = address.lite or tuple(numbers) >= (2, 5)
        self.has_infix = address.lite or tuple(numbers) >= (2, 4)
        self.indexes_columns = not address.lite and self.has_infix

    def _open_file(self, *, create: bool) -> None:
        folder = os.path.dirname(self.address.uri)  # noqa: PTH120 - as text
        if not os.path.exists(self.address.uri):  # noqa: PTH110
            if not create:
                raise LibraryNotFoundError(
                    f"there is no library in {self.address.text}: make one with `pullquote index`"
                )
            try:
                os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
            except OSError as error:
                raise LibraryError(f"cannot use the folder {folder} ({error.strerror})") from error
        self.is_alone = _hold(self.address.uri)

    def close(self) -> None:
        """Close the connection; a Milvus Lite file is free for other processes after the last one's."""
        self.milvus.close()
        if self.address.lite:
            _release(self.address.uri)

    # Reading

    def read_strongly(self) -> None:
        """Wait, for some seconds, for what others have written: else a server shows it when it likes."""
        self._strong_until = time.monotonic() + STALE

    @property
    def reads_strongly(self) -> bool:
        """Whether what others have written is seen at once."""
        return self.address.lite or time.monotonic() < self._strong_until

    def _level(self, collection: str, *, strong: bool = False) -> dict[str, str]:
        """Choose the consistency level: own writes are seen at once, and those of others after `STALE`.

        *Session*, the level of the collections, shows a process its own writes. To a process that has written
        nothing it promises nothing: a server that has just started may show hardly any rows. Hence *Bounded*.
        """
        now = time.monotonic()
        if strong or now < self._strong_until:
            return {"consistency_level": "Strong"}
        if self.address.lite or now < self._written.get(collection, -STALE) + STALE:
            return {}
        return {"consistency_level": "Bounded"}

    def query(
        self, collection: str, condition: str, fields: Sequence[str], *, strong: bool = False
    ) -> list[Row]:
        """Read the rows that meet a condition, all of them."""
        level = self._level(collection, strong=strong)
        with self._translated():
            found = self.milvus.query(
                collection,
                filter=condition,
                output_fields=list(fields),
                limit=MOST,
                timeout=self._read_seconds,
                **level,
            )
            if len(found) < MOST:
                return [dict(row) for row in found]
        return list(self.scan(collection, condition, fields, strong=strong))

    def scan(
        self, collection: str, condition: str, fields: Sequence[str], *, strong: bool = False
    ) -> Iterator[Row]:
        """Read the rows that meet a condition in parts, in no order."""
        with self._translated():
            rows = self.milvus.query_iterator(
                collection,
                ROWS_AT_ONCE,
                filter=condition,
                output_fields=list(fields),
                timeout=self._read_seconds,
                **self._level(collection, strong=strong),
            )
            try:
                while part := rows.next():
                    yield from map(dict, part)
            finally:
                rows.close()

    def query_in(
        self, collection: str, field: str, values: Iterable[str | int], fields: Sequence[str], also: str = ""
    ) -> list[Row]:
        """Read the rows in which a field has one of the values, and that meet another condition."""
        wanted = list(dict.fromkeys(values))
        found: list[Row] = []
        for first in range(0, len(wanted), VALUES_AT_ONCE):
            condition = is_in(field, wanted[first : first + VALUES_AT_ONCE])
            found += self.query(collection, f"{condition} and {also}" if also else condition, fields)
        return found

    def get(
        self, collection: str, keys: Sequence[str | int], fields: Sequence[str], *, strong: bool = False
    ) -> list[Row]:
        """Read rows by their keys; those that there are, in no order."""
        level = self._level(collection, strong=strong)
        found: list[Row] = []
        for first in range(0, len(keys), VALUES_AT_ONCE):
            with self._translated():
                some = list(keys[first : first + VALUES_AT_ONCE])
                rows = self.milvus.get(
                    collection, ids=some, output_fields=list(fields), timeout=self._read_seconds, **level
                )
                found += map(dict, rows)
        return found

    def count(self, collection: str, condition: str = "") -> int:
        """Count the rows that meet a condition."""
        with self._translated():
            rows = self.milvus.query(
                collection,
                filter=condition,
                output_fields=["count(*)"],
                timeout=self._read_seconds,
                **self._level(collection),
            )
            return int(rows[0]["count(*)"])

    def search(
        self,
        collection: str,
        field: str,
        data: Sequence[Any],
        most: int,
        condition: str,
        fields: Sequence[str],
        parameters: Mapping[str, Any],
    ) -> list[list[tuple[Row, float]]]:
        """Find the rows that are nearest to each value, with their scores, best first."""
        with self._translated():
            found = self.milvus.search(
                collection,
                data=list(data),
                anns_field=field,
                limit=most,
                filter=condition,
                output_fields=list(fields),
                search_params={"params": dict(parameters)},
                timeout=self._read_seconds,
                **self._level(collection),
            )
            return [[(dict(hit["entity"]), float(hit["distance"])) for hit in hits] for hits in found]

    # Writing

    def upsert(self, collection: str, rows: Sequence[Row]) -> None:
        """Write rows, each in place of the one with its key."""
        for part in _in_parts(rows):
            with self._translated():
                self.milvus.upsert(collection, part, timeout=SECONDS)
            self._written[collection] = time.monotonic()
        if self.address.lite:
            self._in_memory[collection] += len(rows)
            if self._in_memory[collection] > IN_MEMORY:
                self._in_memory[collection] = 0
                self.call("flush", collection)

    def delete(self, collection: str, condition: str) -> None:
        """Delete the rows that meet a condition."""
        with self._translated():
            self.milvus.delete(collection, filter=condition, timeout=SECONDS)
        self._written[collection] = time.monotonic()

    def delete_in(self, collection: str, field: str, values: Sequence[str | int]) -> None:
        """Delete the rows in which a field has one of the values."""
        for first in range(0, len(values), VALUES_AT_ONCE):
            self.delete(collection, is_in(field, values[first : first + VALUES_AT_ONCE]))

    def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of pymilvus that may take long."""
        with self._translated():
            return getattr(self.milvus, name)(*arguments, timeout=LONG_SECONDS, **options)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Name what Milvus reports, with what to do next."""
        import grpc
        from pymilvus.exceptions import MilvusException

        try:
            yield
        except (MilvusException, grpc.RpcError) as error:
            raise self._named(error) from error

    def _named(self, error: Exception) -> LibraryError:
        where, said = self.address.text, _words(error)
        if self.address.lite and ("open" in said.lower() or "lock" in said.lower()):
            return LibraryError(
                f"{where} cannot be opened ({said}): only one process at a time may use a Milvus Lite "
                "file. End the "
                "other process, or use a server"
            )
        if self.address.lite:
            return LibraryError(f"{where}: Milvus Lite reports: {said}")
        if "auth" in said.lower() or "permission" in said.lower():
            return LibraryError(
                f"Milvus at {where} refuses this user ({said}): put user:password into PULLQUOTE_MILVUS_TOKEN"
            )
        if "handshake" in said.lower():
            return LibraryError(
                f"Milvus at {where} could not be reached by TLS ({said}): if you have your own "
                "certificate authority, "
                "name its certificate in PULLQUOTE_MILVUS_CA. If the server has no TLS, write milvus://"
            )
        if not any(sign in said.lower() for sign in _AWAY):
            return LibraryError(
                f"Milvus at {where} refuses the request ({said}): check it with `pullquote doctor`"
            )
        tls = "" if where.startswith("milvus+tls:") else " (by milvus+tls:// if it wants TLS)"
        return LibraryAwayError(
            f"Milvus at {where} did not answer in time ({said}): check that it "
            f"runs and can be reached{tls}, and try again. No finished change is lost"
        )


def _words(error: BaseException) -> str:
    """Say what an error says, and what its cause does: pymilvus says of each that it could not connect."""
    said = str(getattr(error, "message", "") or getattr(error, "details", lambda: "")() or error)
    if error.__cause__ is not None and error.__cause__ is not error:
        said = f"{said}: {_words(error.__cause__)}"
    return " ".join(said.split())[:500]


def is_in(field: str, values: Iterable[str | int]) -> str:
    """Write the condition that a field has one of the values."""
    return f"{field} in [{', '.join(map(quoted, values))}]"


def quoted(value: str | int) -> str:
    """Write a value as Milvus's expressions have it, in which nothing of it is syntax."""
    return json.dumps(value, ensure_ascii=False)


def _in_parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Part rows into messages that a server takes."""
    part: list[Row] = []
    size = 0
    for row in rows:
        own = sum(len(value) * 4 if isinstance(value, (str, list)) else 100 for value in row.values())
        if part and (len(part) == ROWS_AT_ONCE or size + own > BYTES_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(row)
        size += own
    if part:
        yield part


# pymilvus keeps a Milvus Lite file open until the process ends, and no other process may use it meanwhile.
_users: dict[str, int] = {}
_users_lock = threading.Lock()


def _hold(file: str) -> bool:
    """Count one more who uses a file; tell whether it is the first."""
    with _users_lock:
        _users[file] = _users.get(file, 0) + 1
        return _users[file] == 1


def _release(file: str) -> None:
    from milvus_lite.server_manager import server_manager_instance

    with _users_lock:
        _users[file] -= 1
        if not _users[file]:
            del _users[file]
            server_manager_instance.release_server(file)
