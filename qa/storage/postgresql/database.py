"""A database on a PostgreSQL server: connections, transactions, and which tables there are."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa.errors import InputError, LibraryError, MissingExtraError
from qa.storage.postgresql.dialect import Session
from qa.storage.postgresql.errors import first_line, meaning, not_opened
from qa.storage.statements import NO_VALUE, empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import psycopg

    from qa.storage.desk_address import DeskAddress
    from qa.storage.statements import Layout, Statements

# How long is waited for a connection, for other writers, for a statement, and for the next statement.
CONNECT_SECONDS, LOCK_SECONDS, STATEMENT_SECONDS, IDLE_SECONDS = 5, 10, 60, 120
# Connections that this process has at most; and that are kept open while nobody uses them.
MOST, KEPT_OPEN = 8, 4
# A connection that is silent is asked after so many seconds whether it is there, and given up soon after.
_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}
_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Each statement after the lock sees all that was committed before it was given: no other writer is at work.
_WRITING = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
# In each transaction, as a pooler may lend another session to each.
_SETTINGS = (
    "SELECT set_config('search_path', ?, true), set_config('statement_timeout', ?, true), "
    "set_config('lock_timeout', ?, true), set_config('idle_in_transaction_session_timeout', ?, true)"
)
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(?, 0))"
_VERSIONS = "CREATE TABLE versions (part TEXT PRIMARY KEY, version INTEGER NOT NULL)"


@dataclass(frozen=True, slots=True)
class Server:
    """What a server says of itself.

    Attributes:
        version: PostgreSQL's.
        schemas: which schema the tables of each part have.
        ahead: by how many seconds its clock is ahead of this machine's.
        lacking: the right that this user lacks, or "".
        volatile: the settings by which what was acknowledged can be lost, or "".
        only_reads: whether it is a copy of another.
    """

    version: str
    schemas: Mapping[str, int]
    ahead: float
    lacking: str
    volatile: str
    only_reads: bool


class SharedDatabase:
    """The schema of one library in a database. Threads may share it; it is opened when it is first used.

    Each `Layout` is a part of its own: its tables are made when something is first written to it, and its
    writers take turns. Every method raises LibraryError where the server is away, or refuses; what was
    committed before stays as it was. A value that is not text raises InputError.

    Raises:
        MissingExtraError: the package psycopg is not installed.
    """

    def __init__(self, address: DeskAddress, *, read_only: bool = False) -> None:
        try:
            import psycopg  # noqa: F401 - used below, where it is there
        except ImportError as error:
            raise MissingExtraError(
                f"the desk at {address.where} is on PostgreSQL, which needs a package that is not installed "
                f"({error.name}): pip install 'pullquote[cluster]'"
            ) from error
        self.address, self.read_only = address, read_only
        self._idle: list[psycopg.Connection[Any]] = []
        self._pool = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST)
        self._latest: set[str] = set()  # parts whose tables were seen to be what this code knows

    def close(self) -> None:
        """Close what nobody uses; it is opened again where it is used again."""
        with self._pool:
            while self._idle:
                self._idle.pop().close()

    # Transactions

    @contextlib.contextmanager
    def reading(self, part: Layout) -> Iterator[Statements]:
        """Give one snapshot of a part; of nothing, where nothing was ever written to it."""
        with self._transaction(_READING) as db:
            held = self._held(db, part)
            if held == part.latest_schema:
                yield db
                return
        if held and not self.read_only:
            with self.writing(part):  # which brings it to what this code knows
                pass
        elif held:
            raise LibraryError(
                f"the desk at {self.address.where} was made by an earlier Pullquote: open the library once "
                "so that it may be written"
            )
        if held:
            with self._transaction(_READING) as db:
                yield db
        else:
            with self._named(), empty(part) as nothing:
                yield nothing

    @contextlib.contextmanager
    def writing(self, part: Layout) -> Iterator[Statements]:
        """Open the one write transaction of a part; its tables are made where there are none."""
        if self.read_only:
            raise LibraryError(f"the desk at {self.address.where} was opened to be read only")
        with self._transaction(_WRITING) as db:
            db.execute(_LOCK, (f"{self.address.schema} {part.name}",))
            if self._held(db, part) != part.latest_schema:
                self._bring(db, part)
            yield db

    def has(self, part: Layout) -> bool:
        """Tell whether something was ever written to a part."""
        with self._transaction(_READING) as db:
            return bool(self._held(db, part))

    def _held(self, db: Statements, part: Layout) -> int:
        """Read which schema the tables of a part have; 0 where there are none."""
        if part.name in self._latest:
            return part.latest_schema
        held = self.schemas(db).get(part.name, 0)
        if held > part.latest_schema:
            raise LibraryError(
                f"the desk at {self.address.where} was made by a newer Pullquote (schema {held} of its "
                f"{part.name}, this one knows {part.latest_schema}): upgrade Pullquote here, too"
            )
        if held == part.latest_schema:
            self._latest.add(part.name)
        return held

    def schemas(self, db: Statements) -> dict[str, int]:
        """Read which schema the tables of each part have."""
        (there,) = db.execute("SELECT to_regclass(?)", (f"{self.address.schema}.versions",)).fetchone()
        return dict(db.execute("SELECT part, version FROM versions").fetchall()) if there else {}

    def _bring(self, db: Statements, part: Layout) -> None:
        """Make the tables of a part, or change those of an earlier schema."""
        db.execute(_LOCK, (self.address.schema,))  # the writers of another part may be at it, too
        if not db.execute("SELECT to_regnamespace(?)", (self.address.schema,)).fetchone()[0]:
            (encoding,) = db.execute("SELECT current_setting('server_encoding')").fetchone()
            if encoding != "UTF8":
                raise LibraryError(
                    f"the database {self.address.where} holds text as {encoding}, which has not all "
                    "characters: make another for the desk, with ENCODING 'UTF8'"
                )
            db.execute(f"CREATE SCHEMA {self.address.schema}")
        held = self.schemas(db)
        if not held:
            db.execute(_VERSIONS)
        part.bring(db, held.get(part.name, 0), part.latest_schema)
        _take_no_samples(db, self.address.schema)
        db.execute(
            "INSERT INTO versions VALUES (?, ?) ON CONFLICT (part) DO UPDATE SET version = excluded.version",
            (part.name, part.latest_schema),
        )

    def rewrite(self, tables: Iterable[str], *, whole: bool) -> None:
        """Let go of the space of deleted rows: to the system, by files written anew, or to later rows."""
        with self._named(), contextlib.closing(self._connect()) as db:
            db.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'".encode())
            for table in tables:
                db.execute(f"VACUUM {'(FULL)' if whole else ''} {self.address.schema}.{table}".encode())

    # Connections

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[Session]:
        with self._named(), self._lent(begin) as db:
            try:
                yield Session(db)
            except BaseException:
                _roll_back(db)
                raise
            self._commit(db)

    def _commit(self, db: psycopg.Connection[Any]) -> None:
        import psycopg

        try:
            db.execute("COMMIT")
        except psycopg.OperationalError as error:
            if not db.closed:
                _roll_back(db)
                raise
            raise LibraryError(
                f"the connection to the desk at {self.address.where} was lost while a change was being "
                "committed: look whether it was made before you make it again"
            ) from error

    @contextlib.contextmanager
    def _lent(self, begin: str) -> Iterator[psycopg.Connection[Any]]:
        """Lend a connection to one thread, in a transaction."""
        if not self._places.acquire(timeout=LOCK_SECONDS):
            raise LibraryError(
                f"all {MOST} connections of this process to the desk at {self.address.where} are in use: try "
                "again in a moment"
            )
        try:
            db = self._begun(begin)
            try:
                yield db
            finally:
                with self._pool:
                    is_kept = not db.closed and len(self._idle) < KEPT_OPEN
                    is_kept = is_kept and db.info.transaction_status == 0  # no transaction is open
                    if is_kept:
                        self._idle.append(db)
                if not is_kept:
                    db.close()
        finally:
            self._places.release()

    def _begun(self, begin: str) -> psycopg.Connection[Any]:
        """Begin a transaction; a connection that was lost since it was used last is opened again."""
        import psycopg

        while True:
            with self._pool:
                db = self._idle.pop() if self._idle else None
            is_new = db is None
            db = db or self._connect()
            try:
                _begin(db, begin, self.address.schema)
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
        import psycopg

        options: dict[str, Any] = {**self.address.options, **self.address.secrets(), **_ALIVE}
        try:
            return psycopg.connect(
                **options,
                autocommit=True,  # transactions are begun and ended here, by hand
                prepare_threshold=None,  # a pooler may lend another session to each transaction
                connect_timeout=CONNECT_SECONDS,
                application_name="pullquote",
                client_encoding="utf-8",
            )
        except (psycopg.Error, UnicodeEncodeError) as error:
            raise LibraryError(not_opened(str(error), self.address.where)) from error

    # Errors

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Name what PostgreSQL reports, and values that nobody has written properly, with what to do next."""
        import psycopg

        where = self.address.where
        try:
            yield
        except psycopg.DataError as error:
            raise InputError(
                f"a value cannot be kept on the desk ({first_line(error)}): type it again"
            ) from error
        except (psycopg.Error, sqlite3.Error) as error:
            raise LibraryError(meaning(error, where, STATEMENT_SECONDS)) from error
        except UnicodeEncodeError as error:
            raise InputError(f"{error.object!r} is not valid text: type it again") from error
        except NO_VALUE as error:
            raise LibraryError(
                f"the desk at {where} is damaged: it holds what Pullquote does not write "
                f"({type(error).__name__}: {error}). It was left as it is: put it back from a backup"
            ) from error

    # What it is

    def server(self) -> Server:
        """Read what the server says of itself."""
        with self._transaction(_READING) as db:
            schema = self.address.schema
            before = time.time()
            version, clock, fsync, synchronous, only_reads, there, may_create = db.execute(
                "SELECT current_setting('server_version'), extract(epoch FROM clock_timestamp())::float8, "
                "current_setting('fsync'), current_setting('synchronous_commit'), pg_is_in_recovery(), "
                "to_regnamespace(?) IS NOT NULL, has_database_privilege(current_database(), 'CREATE')",
                (schema,),
            ).fetchone()
            ahead = clock - (before + time.time()) / 2
            lacking = "" if there or may_create else "CREATE on the database"
            if there:
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
        """Measure tables, their indexes and their long values."""
        with self._transaction(_READING) as db:
            rows = db.execute(
                "SELECT relname, pg_total_relation_size(pg_class.oid) FROM pg_class "
                "JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = ? AND relkind = 'r'",
                (self.address.schema,),
            )
            sizes = dict(rows.fetchall())
        return sum(sizes.get(each, 0) for each in tables)


def _take_no_samples(db: Statements, schema: str) -> None:
    """Have the server keep no values of texts for its planner: a purge would not reach these."""
    columns = db.execute(
        "SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "WHERE relnamespace = to_regnamespace(?)::oid AND relkind = 'r' AND attnum > 0 AND NOT attisdropped "
        "AND coalesce(attstattarget, -1) != 0 AND atttypid IN ('text'::regtype, 'bytea'::regtype)",
        (schema,),
    )
    for table, column in columns.fetchall():
        db.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


def _begin(db: psycopg.Connection[Any], begin: str, schema: str) -> None:
    db.execute(begin.encode())
    limits = [f"{seconds}s" for seconds in (STATEMENT_SECONDS, LOCK_SECONDS, IDLE_SECONDS)]
    Session(db).execute(_SETTINGS, (f"{schema}, pg_catalog", *limits))


def _roll_back(db: psycopg.Connection[Any]) -> None:
    import psycopg

    with contextlib.suppress(psycopg.Error):
        if not db.closed:
            db.execute("ROLLBACK")
