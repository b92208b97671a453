"""The PostgreSQL database of a library's records."""

# ruff: noqa: S608 -- statements are built from constants.

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qa.errors import ConflictError, LibraryError, LibraryNotFoundError
from qa.storage.engines import do_nothing
from qa.storage.findings import Finding
from qa.storage.postgresql import originals
from qa.storage.postgresql.address import PostgresAddress
from qa.storage.postgresql.database import SharedDatabase
from qa.storage.postgresql.findings import of_server
from qa.storage.postgresql.full_text import TsvectorTable
from qa.storage.postgresql.own_files import OwnFiles
from qa.storage.postgresql.tables import LAYOUT, NAMES
from qa.storage.records import near_duplicates
from qa.storage.records.tables import COPIED
from qa.text.display import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from qa.storage.intake_values import Upload
    from qa.storage.statements import Statements

log = logging.getLogger(__name__)
# Seconds after which documents are not compared again if other writers change the same rows. The next change
# compares the rest.
_COMPARING = 10
_COUNT = "UPDATE library SET generation = generation + 1"  # sent with the COMMIT


class PostgresDatabase:
    """The records of a library in a schema on a PostgreSQL server. Implements `qa.storage.engines.Database`.

    The schema has the desk, too. Documents with different names are written at the same time: a writer of
    some names shares the lock of the records, and a writer of all names has the lock alone. The generation is
    raised by the last statement of a change, so that writers wait for each other only there.

    Raises:
        MissingExtraError: the package psycopg is not installed.
        LibraryNotFoundError: the schema has no library, and `create` is False or `read_only` is True.
        LibraryError: another version of Pullquote made the library, or the server is away.
    """

    full_text = TsvectorTable()
    skip_locked = "FOR UPDATE SKIP LOCKED"

    def __init__(self, address: str, folder: Path, *, create: bool = True, read_only: bool = False) -> None:
        self.shared = SharedDatabase(PostgresAddress.parse(address), read_only=read_only)
        self.folder, self.where, self.read_only = folder, self.shared.address.where, read_only
        self.after_commit: Callable[[], object] = do_nothing
        self._own_files = OwnFiles(self)
        try:
            self._open(create=create and not read_only)
        except BaseException:
            self.close()
            raise

    def _open(self, *, create: bool) -> None:
        if not self.shared.has(LAYOUT):
            if not create:
                raise LibraryNotFoundError(
                    f"there is no library at {self.where}: fill it with `pullquote index`"
                )
            with self.shared.writing(LAYOUT):
                pass  # this makes the tables
        if not self.read_only:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def close(self) -> None:
        """Close all connections."""
        self.shared.close()

    # Transactions

    def reading(self) -> AbstractContextManager[Statements]:
        """Yield one snapshot, or the open write transaction of this thread."""
        return self.shared.reading(LAYOUT)

    @contextmanager
    def writing(self, *, counted: bool = True, names: Iterable[str] | None = None) -> Iterator[Statements]:
        """Open a write transaction, or a part of this thread's write transaction; see the port."""
        is_part = self.shared.change is not None
        with self.shared.writing(LAYOUT, names) as db:
            if names is None and not is_part:  # such a change may concern all documents, and take long
                db.execute("SET LOCAL statement_timeout = 0")
            mark = db.mark()
            yield db
            if not counted:
                db.forget(mark)
            is_counted = counted and not is_part and db.has_changed()
            if is_counted:
                db.execute(_COUNT)
        if is_counted:
            self._find_copies()
            self.after_commit()

    def _find_copies(self) -> None:
        """Find the near-duplicates of documents that were committed, also by a writer that has died since."""
        until = time.monotonic() + _COMPARING
        while time.monotonic() < until:
            try:
                with self.shared.writing(LAYOUT, ["near-duplicates"]) as db:
                    if near_duplicates.compare_noted(db):
                        db.execute(_COUNT)
                    return
            except ConflictError:
                continue
            except LibraryError as error:  # the change itself is committed
                log.warning("near-duplicates are looked for after the next change: %s", error)
                return

    @contextmanager
    def one_change(self, names: Iterable[str] = ()) -> Iterator[bool]:
        """Make all writes of this thread in the block one transaction; see the port."""
        if self.shared.change:
            yield False
            return
        failure: BaseException | None = None
        try:
            with self.writing(names=names):
                self.shared.settle()  # whoever waits in vain for a lock is told before a document is put in
                try:
                    yield False
                except BaseException as error:
                    failure = error
        except LibraryError:
            if failure:  # it is the cause
                raise failure from None
            raise
        if failure:
            raise failure

    # Files

    def fetched(self, upload: Upload) -> Upload:
        """Bring the bytes of an uploaded file into the folder, if only the database has them."""
        originals.fetch(self, upload)
        return upload

    def keep_original(self, db: Statements, upload: Upload) -> None:
        """Keep the bytes of an uploaded file in the database."""
        originals.keep(db, self.folder, upload)

    def drop_originals(self, db: Statements) -> None:
        """Delete the bytes of uploaded files that no upload has any more."""
        originals.drop_unused(db)

    def fetch_own_files(self) -> None:
        """Bring the copies in the folder of the user's own files up to date."""
        self._own_files.fetch()

    def share_own_file(self, name: str) -> None:
        """Put one of the user's own files into the database, or delete its copy there."""
        self._own_files.share(name)

    # Tables

    def count_on(self, db: Statements, tables: Iterable[str]) -> None:
        """Give new rows of tables greater numbers than the rows that were put in with their numbers."""
        for table in tables:
            if (key := COPIED[table]) in ("serial", "number"):
                db.execute(
                    "SELECT setval(held, "
                    f"greatest(nextval(held), (SELECT max({key}) + 1 FROM {table})), false) "
                    "FROM CAST(pg_get_serial_sequence(?, ?) AS regclass) AS held",
                    (table, key),
                )

    def scrub(self) -> None:
        """Write the tables again without deleted content. The server's logs and backups are unchanged."""
        self.shared.rewrite(NAMES, whole=True)

    def file_bytes(self) -> int:
        """Return the size of the tables with their indexes in bytes."""
        return self.shared.table_bytes(NAMES)

    def examine(self) -> Iterator[Finding]:
        """Check the server, and whether all tables exist."""
        yield of_server(self.shared)
        with self.reading() as db:
            rows = db.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(?)::oid AND relkind = 'r'",
                (self.shared.address.schema,),
            )
            missing = sorted(set(NAMES) - {name for (name,) in rows})
        yield Finding(
            "store",
            f"{plural(len(NAMES), 'table')} of records",
            f"the tables {', '.join(missing)} are missing: put the library back from a backup"
            if missing
            else "",
        )
