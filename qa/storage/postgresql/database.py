"""A database on a PostgreSQL server: connections, transactions, and the schemas of tables."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa.errors import LibraryError, MissingExtraError, UnstorableError
from qa.storage.postgresql.dialect import Session
from qa.storage.postgresql.errors import first_line, meaning, not_opened
from qa.storage.statements import NO_VALUE, empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import psycopg

    from qa.storage.postgresql.address import PostgresAddress
    from qa.storage.statements import Layout, Statements

# Maximum waits: for a connection, for other writers, for a statement, and for a transaction's next statement.
CONNECT_SECONDS, LOCK_SECONDS, STATEMENT_SECONDS, IDLE_SECONDS = 5, 10, 60, 120
# Maximum number of connections of this process, and of unused connections that are kept open.
MOST, KEPT_OPEN = 8, 4
# A silent connection is probed after some seconds, and is given up if nobody answers for ten seconds.
_ALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
_LEAST_LIBPQ = 140_000  # earlier versions have no pipeline mode
_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Each statement after the lock sees all earlier commits, and the lock keeps other writers out.
_WRITING = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
# These are set in each transaction: a pooler may give each transaction another session. The server gives up a
# silent client as soon as the client gives up the server: until then it keeps the client's locks.
_SETTINGS = (
    (
        "SELECT set_config('search_path', ?, true), set_config('statement_timeout', ?, true), "
        "set_config('lock_timeout', ?, true), set_config('idle_in_transaction_session_timeout', ?, true), "
        "set_config('jit', 'off', true), "
    )
    + ", ".join(
        f"set_config('tcp_{name.removeprefix('tcp_')}', '{value}', true)" for name, value in _ALIVE.items()
    )
    + ", pg_backend_pid()"
)
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))"
_SHARED_LOCK = "SELECT pg_advisory_xact_lock_shared(hashtextextended(?, 0))"
# The locks are taken in the order of the keys, so that two writers do not wait for each other.
_LOCKS = "SELECT count(pg_advisory_xact_lock(key)) FROM unnest(CAST(? AS bigint[])) AS key"
_LAYOUTS = "CREATE TABLE layouts (part TEXT PRIMARY KEY, version INTEGER NOT NULL)"


@dataclass(frozen=True, slots=True)
class Server:
    """The properties of a server.

    Attributes:
        version: the version of PostgreSQL.
        schemas: the number of the schema of each part's tables, by part.
        ahead: the seconds by which the server's clock is ahead of this machine's clock.
        lacking: the right that this user lacks, or "".
        volatile: the settings by which an acknowledged change can be lost, or "".
        only_reads: whether the server is a read-only copy of another server.
    """

    version: str
    schemas: Mapping[str, int]
    ahead: float
    lacking: str
    volatile: str
    only_reads: bool


class SharedDatabase:
    """The PostgreSQL schema of one library. Threads may share it. The first use connects to the server.

    Each `Layout` is a part of its own. The tables of a part are created at the first write, and the writers
    of a part take turns. Every method raises LibraryError if the server cannot be reached, or refuses.
    Earlier commits are not lost. A value that cannot be stored raises UnstorableError.

    Raises:
        MissingExtraError: the package psycopg is not installed.
    """

    def __init__(self, address: PostgresAddress, *, read_only: bool = False) -> None:
        try:
            import psycopg  # noqa: F401 - the other methods import it again
        except ImportError as error:
            raise MissingExtraError(
                f"the library at {address.where} is on PostgreSQL, which needs a package that is not "
                f"installed ({error.name}): pip install 'pullquote[cluster]'"
            ) from error
        self.address, self.read_only = address, read_only
        self._idle: list[Session] = []
        self._pool = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST)
        self._made: set[str] = set()  # parts whose tables exist, and were committed
        self._of_thread = threading.local()

    def close(self) -> None:
        """Close the unused connections. The next use opens a connection again."""
        with self._pool:
            while self._idle:
                self._idle.pop().close()

    # Transactions

    @property
    def change(self) -> Session | None:
        """The open write transaction of this thread, or None."""
        return getattr(self._of_thread, "change", None)

    def settle(self) -> None:
        """Run the statements of this thread's write transaction that wait."""
        with self._joined() as db:
            db.settle()

    @contextlib.contextmanager
    def reading(self, part: Layout) -> Iterator[Statements]:
        """Yield one snapshot of a part, or empty tables if the part was never written.

        In a write transaction of this thread, yield this transaction.
        """
        with self._joined() if self.change else self._transaction(_READING) as db:
            is_made = self._is_made(db, part)
            if is_made and not self.change:
                self._made.add(part.name)
            if is_made:
                yield db
                return
        with self.named(), empty(part) as nothing:
            yield nothing

    @contextlib.contextmanager
    def writing(self, part: Layout, names: Iterable[str] | None = None) -> Iterator[Session]:
        """Open a write transaction of a part. Create the part's tables if they do not exist.

        It is the only one of the part, or of each of some names; see `qa.storage.engines.Database.writing`.
        In a write transaction of this thread, which may be of another part, open a savepoint. If the block
        fails, what it has written is undone, and the transaction goes on.
        """
        if self.read_only:
            raise LibraryError(f"the library at {self.address.where} was opened only for reading")
        is_part = self.change is not None
        with self._savepoint() if is_part else self._begun_change() as db:
            locks = self._lock(db, part, names)
            if not is_part:  # locks of a savepoint end with it if it is undone
                db.locks = locks
            if not self._is_made(db, part):
                self._make(db, part)
            yield db

    @contextlib.contextmanager
    def _begun_change(self) -> Iterator[Session]:
        with self._transaction(_WRITING) as db:
            self._of_thread.change = db
            try:
                yield db
            finally:
                self._of_thread.change = None

    @contextlib.contextmanager
    def _joined(self) -> Iterator[Session]:
        with self.named():
            assert self.change  # noqa: S101
            yield self.change

    @contextlib.contextmanager
    def _savepoint(self) -> Iterator[Session]:
        with self._joined() as db:
            db.settle()  # errors of earlier statements belong to the whole change
            mark = db.mark()
            # ROLLBACK TO keeps a savepoint, and it would hide an outer savepoint of the same name.
            name = f"part_{mark}"
            savepoint = db.execute(f"SAVEPOINT {name}")
            try:
                yield db
                db.execute(f"RELEASE SAVEPOINT {name}")
                db.settle()  # errors belong to this part
            except BaseException:
                if savepoint.is_sent:
                    db.undo(f"ROLLBACK TO SAVEPOINT {name}")
                else:
                    db.discard()
                db.forget(mark)
                raise

    def _lock(self, db: Session, part: Layout, names: Iterable[str] | None) -> set[int | str]:
        """Wait for other writers of a part, or of some of its names. Then they wait for this transaction.

        Return the locks.
        """
        whole = f"{self.address.schema} {part.name}"
        if names is None:
            db.execute(_LOCK, (whole,))
            return set()
        keys = {_key(f"{whole} {name}") for name in names}
        if keys and whole not in db.locks:
            db.execute(_SHARED_LOCK, (whole,))
        if lacking := sorted(keys - db.locks):
            db.execute(_LOCKS, (lacking,))
        return {whole, *keys} if keys else set()

    def has(self, part: Layout) -> bool:
        """Return whether a part was ever written."""
        with self._transaction(_READING) as db:
            return self._is_made(db, part)

    def _is_made(self, db: Statements, part: Layout) -> bool:
        """Return whether the tables of a part exist.

        Raises:
            LibraryError: another version of Pullquote made the tables.
        """
        if part.name in self._made:
            return True
        held = self.schemas(db).get(part.name, 0)
        if held and held != part.schema:
            age, advice = (
                ("a newer", "upgrade Pullquote here, too")
                if held > part.schema
                else ("an earlier", "index again into another schema (`?schema=NAME` in the address)")
            )
            raise LibraryError(
                f"the library at {self.address.where} was made by {age} Pullquote (schema {held} of its "
                f"{part.name}, this Pullquote reads {part.schema}): {advice}"
            )
        return bool(held)

    def schemas(self, db: Statements) -> dict[str, int]:
        """Return the number of the schema of each part's tables, by part."""
        (table,) = db.execute("SELECT to_regclass(?)", (f"{self.address.schema}.layouts",)).fetchone()
        return dict(db.execute("SELECT part, version FROM layouts").fetchall()) if table else {}

    def _make(self, db: Statements, part: Layout) -> None:
        """Create the tables of a part."""
        db.execute(_LOCK, (self.address.schema,))  # a writer of another part may do the same
        if not db.execute("SELECT to_regnamespace(?)", (self.address.schema,)).fetchone()[0]:
            (encoding,) = db.execute("SELECT current_setting('server_encoding')").fetchone()
            if encoding != "UTF8":
                raise LibraryError(
                    f"the database {self.address.where} holds text as {encoding}, which does not have "
                    "all characters: create another database for the library, with ENCODING 'UTF8'"
                )
            db.execute(f"CREATE SCHEMA {self.address.schema}")
        # Look again: the first look may have seen a cache from before another writer made the tables.
        made = self.schemas(db)
        if not made:
            db.execute(_LAYOUTS)
        if part.name not in made:
            part.make(db)
            _take_no_samples(db, self.address.schema)
            db.execute("INSERT INTO layouts VALUES (?, ?)", (part.name, part.schema))

    def rewrite(self, tables: Iterable[str], *, whole: bool) -> None:
        """Free the space of deleted rows in tables.

        If `whole`, write the tables' files again, and return the space to the system. Otherwise later rows
        may use the space.
        """
        with self.named(), contextlib.closing(self._connect()) as db:
            db.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'".encode())
            for table in tables:
                db.execute(f"VACUUM {'(FULL)' if whole else ''} {self.address.schema}.{table}".encode())

    # Connections

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[Session]:
        with self.named(), self._lent(begin) as db:
            try:
                yield db
            except BaseException:
                _roll_back(db)
                raise
            self._commit(db)

    def _commit(self, db: Session) -> None:
        """Commit a transaction."""
        import psycopg

        try:
            committed = db.execute("COMMIT")
            db.settle()
        except psycopg.Error as error:
            if not db.closed:
                _roll_back(db)
                raise
            raise LibraryError(
                f"the connection to the library at {self.address.where} was lost while a change was being "
                "committed: check whether the change was made before you repeat it"
            ) from error
        if committed.status == "ROLLBACK":
            db.is_spoilt = True
            raise LibraryError(
                f"a change of the library at {self.address.where} was undone, because one of its statements "
                "had failed: try again"
            )

    @contextlib.contextmanager
    def _lent(self, begin: str) -> Iterator[Session]:
        """Lend a connection to one thread, in a transaction."""
        if not self._places.acquire(timeout=LOCK_SECONDS):
            raise LibraryError(
                f"all {MOST} connections of this process to the library at {self.address.where} are in use: "
                "try again in a moment"
            )
        try:
            db = self._begun(begin)
            try:
                yield db
            finally:
                with self._pool:
                    is_kept = not db.closed and len(self._idle) < KEPT_OPEN
                    is_kept = is_kept and not db.in_transaction and not db.is_spoilt
                    if is_kept:
                        self._idle.append(db)
                if not is_kept:
                    db.close()
        finally:
            self._places.release()

    def _begun(self, begin: str) -> Session:
        """Begin a transaction on an unused connection that is still alive, or on a new connection."""
        import psycopg

        limits = [f"{seconds}s" for seconds in (STATEMENT_SECONDS, LOCK_SECONDS, IDLE_SECONDS)]
        while True:
            with self._pool:
                db = self._idle.pop() if self._idle else None
            is_new = db is None
            db = db or Session(self._connect())
            try:
                db.begin(begin)
                settings = db.execute(_SETTINGS, (f"{self.address.schema}, pg_catalog", *limits))
                *_, process = settings.fetchone()
                db.prepare(begin == _WRITING and process == db.first_process)
            except psycopg.OperationalError:
                db.close()
                if is_new:
                    raise
            except BaseException:
                db.close()
                raise
            else:
                return db

    def _connect(self) -> psycopg.Connection[Any]:
        """Open a connection."""
        import psycopg

        if psycopg.pq.version() < _LEAST_LIBPQ:
            raise LibraryError(
                f"the library at {self.address.where} needs libpq 14 or later, and this Python has libpq "
                f"{psycopg.pq.version_pretty(psycopg.pq.version())}: upgrade it, or take the libpq of "
                "`pip install 'psycopg[binary]'`"
            )
        options: dict[str, Any] = {**self.address.options, **self.address.secrets(), **_ALIVE}
        try:
            return psycopg.connect(
                **options,
                autocommit=True,  # `_begin`, `_commit` and `_roll_back` begin and end transactions
                prepare_threshold=None,  # see `Session.prepare`
                connect_timeout=CONNECT_SECONDS,
                application_name="pullquote",
                client_encoding="utf-8",
            )
        except (psycopg.Error, UnicodeEncodeError) as error:
            raise not_opened(str(error), self.address.where) from error

    # Errors

    @contextlib.contextmanager
    def named(self) -> Iterator[None]:
        """Translate errors of PostgreSQL and of malformed values into errors that say what to do next."""
        import psycopg

        where = self.address.where
        try:
            yield
        except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded) as error:
            raise UnstorableError(
                f"PostgreSQL cannot store a value ({first_line(error)}): correct it"
            ) from error
        except (psycopg.Error, sqlite3.Error) as error:
            raise meaning(error, where, STATEMENT_SECONDS) from error
        except UnicodeEncodeError as error:
            raise UnstorableError(f"{error.object!r} is not valid text: type it again") from error
        except NO_VALUE as error:
            raise LibraryError(
                f"the library at {where} is damaged: it has content that Pullquote does not write "
                f"({type(error).__name__}: {error}). It was not changed: put it back from a backup"
            ) from error

    # Description

    def server(self) -> Server:
        """Read the properties of the server."""
        with self._transaction(_READING) as db:
            schema = self.address.schema
            before = time.time()
            version, clock, fsync, synchronous, only_reads, schema_exists, may_create = db.execute(
                "SELECT current_setting('server_version'), extract(epoch FROM clock_timestamp())::float8, "
                "current_setting('fsync'), current_setting('synchronous_commit'), pg_is_in_recovery(), "
                "to_regnamespace(?) IS NOT NULL, has_database_privilege(current_database(), 'CREATE')",
                (schema,),
            ).fetchone()
            ahead = clock - (before + time.time()) / 2
            lacking = "" if schema_exists or may_create else "CREATE on the database"
            if schema_exists:
                row = db.execute("SELECT has_schema_privilege(?, 'USAGE')", (schema,)).fetchone()
                lacking = "" if row[0] else f"USAGE on the schema {schema}"
            off = [
                name for name, on in (("fsync", fsync), ("synchronous_commit", synchronous)) if on == "off"
            ]
            return Server(
                version,
                {} if lacking else self.schemas(db),
                ahead,
                lacking,
                ", ".join(f"{name} is off" for name in off),
                only_reads,
            )

    def table_bytes(self, tables: Iterable[str]) -> int:
        """Return the size of tables with their indexes and long values."""
        with self._transaction(_READING) as db:
            rows = db.execute(
                "SELECT relname, pg_total_relation_size(pg_class.oid) FROM pg_class "
                "JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = ? AND relkind = 'r'",
                (self.address.schema,),
            )
            sizes = dict(rows.fetchall())
        return sum(sizes.get(table, 0) for table in tables)


def _take_no_samples(db: Statements, schema: str) -> None:
    """Let the server's planner collect no samples of text and bytes: a purge would not delete the samples."""
    columns = db.execute(
        "SELECT CASE relkind WHEN 'r' THEN 'TABLE' ELSE 'INDEX' END, attrelid::regclass, "
        "CASE relkind WHEN 'r' THEN quote_ident(attname) ELSE attnum::text END "
        "FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "LEFT JOIN pg_index ON indexrelid = attrelid "
        "WHERE relnamespace = to_regnamespace(?)::oid AND attnum > 0 AND NOT attisdropped "
        "AND (relkind = 'r' OR relkind = 'i' AND indkey[attnum - 1] = 0) "  # an index of an expression
        "AND coalesce(attstattarget, -1) != 0 "  # trigrams are integers
        "AND atttypid IN ('text'::regtype, 'bytea'::regtype, 'tsvector'::regtype, 'integer'::regtype)",
        (schema,),
    )
    for kind, relation, column in columns.fetchall():
        db.execute(f"ALTER {kind} {relation} ALTER COLUMN {column} SET STATISTICS 0")


def _key(name: str) -> int:
    """Return the key of the advisory lock of a name. Names that share a key only wait for each other."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


def _roll_back(db: Session) -> None:
    import psycopg

    with contextlib.suppress(psycopg.Error):
        if not db.closed:
            db.undo("ROLLBACK")
