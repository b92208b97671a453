"""A SQLite file in a library's folder: opening it, its schema, its transactions, and what its errors mean."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import stat
import sys
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from embeddings.files import close_to_others, private
from qa.errors import InputError, LibraryError, LibraryNotFoundError
from qa.storage.statements import NO_VALUE, Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BUSY_SECONDS = 10.0
# Connections that are kept open while nobody uses them: with each goes a cache of pages.
KEPT_OPEN = 4

# What Pullquote itself puts into a library's folder, parts of files that were never finished too.
_OURS = re.compile(
    r"(library|desk)\.sqlite3(-wal|-shm|-journal)?|(index|words)-\d+\.(faiss|bin)|(vectors|postings)-\w+\.(faiss|bin)"
    r"|\..*\.part|aliases\.txt|complete|answers-.*|originals"
)
# The tables in which FTS5 keeps a full-text index: each SQLite makes them by itself, maybe in other words.
_OF_FTS5 = re.compile(
    r"CREATE TABLE 'words_(data|idx|docsize|config)' ?"
    r"\((?:(?!PRIMARY KEY ?\()[\w\s,])*+(PRIMARY KEY ?\([\w\s,]*+\))?[\w\s,]*+\)( WITHOUT ROWID)?"
)

# When the file and its log were last written (ns), and their sizes (bytes).
_Stamp = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, eq=False, kw_only=True)
class FileLayout(Layout):
    """What one kind of file holds.

    Attributes:
        kind: what the file is called in messages.
        application_id: what tells the file from any other SQLite file.
        advice_if_damaged: what to do about a damaged file where there is no backup, to complete a sentence.
        advice_if_refused: what to do about a file that is not opened, likewise.
        prepare: prepares a new connection, such as with the SQL functions that the tables use.
    """

    kind: str
    application_id: int
    advice_if_damaged: str
    advice_if_refused: str
    prepare: Callable[[sqlite3.Connection], None]


class SqliteFile:
    """A SQLite file in a library's folder. Any number of threads read at once, while one writes.

    A `read_only` one is not even changed to the latest schema; nor is one that may not be written.

    Every method raises `LibraryError` when the file is damaged, locked by another writer, or out of space;
    what was committed before stays as it was. A value that is not text raises `InputError`.

    Raises:
        LibraryNotFoundError: there is no such file in the folder, or it is empty, and `create` is False.
        LibraryError: the file is of another kind, damaged, or from a newer Pullquote. It is left untouched.
    """

    def __init__(
        self, folder: Path, layout: FileLayout, *, create: bool = True, read_only: bool = False
    ) -> None:
        self.folder = folder
        self.layout = layout
        self.path = folder / layout.name
        self._writing = threading.RLock()
        # Connections that no thread uses now, each with the stamp of the file that it was opened on.
        self._idle: list[tuple[_Stamp, sqlite3.Connection]] = []
        self._pool = threading.Lock()
        self._closed = False
        self._file: tuple[int, int] | None = None
        try:
            self._refuse_links()
            if not self.path.is_file():
                if not create:
                    raise LibraryNotFoundError(
                        f"there is no library in {folder}: make one with `pullquote index`"
                    )
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"cannot use the folder {folder} ({error.strerror}): name another with --library"
            ) from error
        self.read_only = read_only or (self.path.exists() and not may_write(self.path))
        if not self.read_only:
            self._close_to_others()
        with self._translated():
            stamp, db = self._connect(create=create)
            try:
                self._recognise(db, create=create)
            except BaseException:
                db.close()
                raise
        self._idle.append((stamp, db))

    def close(self) -> None:
        """Close the file, once what is being written is; what is being read now is read to its end.

        The file cannot be used afterwards.
        """
        with self._writing, self._pool, self._translated():
            self._closed = True
            while self._idle:
                self._idle.pop()[1].close()

    # Opening

    def _refuse_links(self) -> None:
        """Refuse files that lie elsewhere: SQLite would write to them, whatever they are.

        Raises:
            LibraryError: one of the library's files is a link, a pipe or a device.
        """
        for suffix in ("", "-wal", "-shm", "-journal"):
            path = self.path.with_name(self.path.name + suffix)
            with contextlib.suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                if not stat.S_ISREG(mode):
                    what = "a link" if stat.S_ISLNK(mode) else "no ordinary file"
                    raise LibraryError(
                        f"{path} is {what}, and is not used: name the folder of the file itself"
                    )

    def _close_to_others(self) -> None:
        """Make the file, if there is none; leave it, its folder and what lies there to this user alone.

        What is not ours in the folder stays as it is, and so does then the folder.
        """
        with contextlib.suppress(OSError):  # SQLite says why it cannot be made
            if not self.path.exists():
                private(self.path).close()
            entries = list(self.folder.iterdir())
            ours = [path for path in entries if _OURS.fullmatch(path.name)]
            for path in (*ours, *([self.folder] if len(ours) == len(entries) else [])):
                close_to_others(path)

    def _connect(self, *, create: bool = False) -> tuple[_Stamp, sqlite3.Connection]:
        mode = "mode=rwc" if create else "mode=rw"
        stamp = self._read_stamp()
        if self.read_only:
            # Where nothing can be written, SQLite cannot make the files by which WAL's users see each other,
            # and reads only what it is told will not change; `_lent` looks whether it has.
            mode = "mode=ro" if stamp[1][1] else "mode=ro&immutable=1"
        db = sqlite3.connect(
            f"{self.path.resolve().as_uri()}?{mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,  # transactions are begun and ended below, by hand
            check_same_thread=False,  # one thread at a time: `_lent` gives each to one
        )
        _distrust(db)
        self.layout.prepare(db)
        status = self.path.stat()
        self._file = self._file or (status.st_dev, status.st_ino)
        if self._file != (status.st_dev, status.st_ino):  # what is known of the old one is not true of it
            db.close()
            raise LibraryError(f"{self.path} was exchanged for another file: open the library again")
        return stamp, db

    def _recognise(self, db: sqlite3.Connection, *, create: bool) -> None:
        """Check that the file is a library of a version that this code knows; fill it if it is new."""
        # In this order: another process may fill the file between the two.
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = db.execute("PRAGMA application_id").fetchone()
        if application != self.layout.application_id and tables:
            raise LibraryError(
                f"{self.path} is not a Pullquote {self.layout.kind}: {self.layout.advice_if_refused}"
            )
        if not tables:
            # Also what a kill leaves behind before the first commit.
            if not create or self.read_only:
                raise LibraryNotFoundError(
                    f"the library in {self.folder} is empty: fill it with `pullquote index`"
                )
            db.execute("PRAGMA journal_mode = WAL")
        held, latest, first = _version(db), self.layout.latest_schema, self.layout.first_schema
        if tables and held < first:
            raise LibraryError(
                f"{self.path} was made by an early Pullquote (schema {held}; this one reads {first} and "
                f"later), and is left as it is: {self.layout.advice_if_refused}"
            )
        if held > latest:
            raise LibraryError(
                f"{self.path} was made by a newer Pullquote (schema {held}, this one knows {latest}): "
                "upgrade Pullquote, or name another folder with --library"
            )
        if tables:
            self._check_schema(db)
        self._prepare(db)
        if held < latest and not self.read_only:
            with _transaction(db, "BEGIN IMMEDIATE"):  # another process may have done it meanwhile
                bring_to(latest, db, self.layout)
                db.execute(f"PRAGMA application_id = {self.layout.application_id}")

    def _check_schema(self, db: sqlite3.Connection) -> None:
        """Refuse a file with other tables, indexes, triggers or views than its version has: they may do harm.

        Raises:
            LibraryError: naming what is foreign.
        """
        foreign = sorted(
            f"the {kind} {name!r}"
            for kind, name, *_ in _schema(db) - expected_schema(self.layout, _version(db))
        )
        if foreign:
            raise LibraryError(
                f"{self.path} holds what is not Pullquote's ({', '.join(foreign)}), and is not opened: put "
                f"it back from a backup, or {self.layout.advice_if_refused}"
            )

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Set how a connection works."""
        db.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power cut
        db.execute("PRAGMA foreign_keys = ON")
        if self.read_only:
            db.execute("PRAGMA temp_store = MEMORY")

    def _read_stamp(self) -> _Stamp:
        """Read when the file and its log were last written (ns), and their sizes (bytes)."""
        return _written(self.path), _written(self.path.with_name(self.path.name + "-wal"))

    def is_earlier(self, db: sqlite3.Connection) -> bool:
        """Tell whether the tables have an earlier schema, because the file may not be written."""
        return _version(db) < self.layout.latest_schema

    def file_bytes(self) -> int:
        """Measure the file and its log."""
        return sum(size for _, size in self._read_stamp())

    # Transactions

    def _translated(self) -> contextlib.AbstractContextManager[None]:
        return translated(self.path, self.layout)

    @contextlib.contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to one thread: the one that was used last, for its cache, or else a new one."""
        stamp, db = self._take()
        try:
            yield db
        finally:
            with self._pool:
                if self._closed or len(self._idle) >= KEPT_OPEN:
                    db.close()
                else:
                    self._idle.append((stamp, db))

    def _take(self) -> tuple[_Stamp, sqlite3.Connection]:
        with self._pool:
            if self._closed:
                raise LibraryError(f"{self.path} was closed: open the library again")
            while self._idle:
                stamp, db = self._idle.pop()
                if not self.read_only or stamp == self._read_stamp():
                    return stamp, db
                db.close()  # another user, who may write, has written
        stamp, db = self._connect()
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return stamp, db

    def scrub(self) -> None:
        """Leave no byte in the file, or its log, of what was deleted: both are written anew.

        Raises:
            LibraryError: another process reads all the while, which keeps what the log holds.
        """
        with self._writing, self._translated(), self._lent() as db:
            db.execute("VACUUM")
            busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise LibraryError(
                f"{self.path} is being read by another Pullquote, which keeps deleted text in its log: run "
                "`pullquote remove --purge` again when that is done"
            )

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give one snapshot, whatever other threads and processes commit meanwhile."""
        with self._translated(), self._lent() as db, _transaction(db, "BEGIN"):
            yield db

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open the one write transaction."""
        if self.read_only:
            raise LibraryError(
                f"{self.path} may not be written: see to the folder's permissions, or use --library"
            )
        with self._writing, self._translated(), self._lent() as db, _transaction(db, "BEGIN IMMEDIATE"):
            yield db


def may_write(path: Path) -> bool:
    """Tell whether this user may write a file and its folder."""
    return all(os.access(each, os.W_OK) for each in (path, path.parent))


@contextlib.contextmanager
def translated(path: Path, layout: FileLayout) -> Iterator[None]:
    """Name what SQLite reports, and values that nobody has written properly, with what to do next.

    Raises:
        InputError: an argument is not valid text.
        LibraryError: anything else.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _named(error, path, layout) from error
    except UnicodeEncodeError as error:  # an argument of bytes that are no UTF-8, "\\ud800" in JSON
        raise InputError(f"{error.object!r} is not valid text: type it again") from error
    except NO_VALUE as error:
        raise LibraryError(
            f"{path} is damaged: it holds what Pullquote does not write ({type(error).__name__}: {error}). "
            f"It was left as it is: put it back from a backup, or {layout.advice_if_damaged}"
        ) from error


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection, begin: str) -> Iterator[None]:
    db.execute(begin)
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after some errors, a full disk among them.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


# Of a table, an index, a trigger or a view: its type, its name, its table, and the SQL that made it.
_Schema = frozenset[tuple[str, str, str, str]]


@cache
def expected_schema(layout: FileLayout, version: int) -> _Schema:
    """Return what a file of that schema is made of."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        layout.prepare(db)
        bring_to(version, db, layout)
        return _schema(db)


def bring_to(version: int, db: sqlite3.Connection, layout: FileLayout) -> None:
    """Make the tables of a file that is empty, and change one of an earlier schema."""
    layout.bring(db, _version(db), version)
    db.execute(f"PRAGMA user_version = {version}")


def _schema(db: sqlite3.Connection) -> _Schema:
    rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    return frozenset(
        (kind, name, table, "" if kind == "table" and _OF_FTS5.fullmatch(sql) else sql)
        for kind, name, table, sql in ((*row[:3], _normalised(row[3] or "")) for row in rows)
    )


def _normalised(sql: str) -> str:
    """Return a statement without comments, and without white space that parts nothing."""
    sql = " ".join(re.sub(r"--[^\n]*", "", sql).split())
    return re.sub(r" ?([(),;]) ?", r"\1", sql)


def _distrust(db: sqlite3.Connection) -> None:
    """Take the file for what a stranger may have written: https://www.sqlite.org/security.html."""
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    if sys.version_info >= (3, 12):
        db.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _written(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _named(error: sqlite3.Error, path: Path, layout: FileLayout) -> LibraryError:
    """Say what an error of SQLite's means to a person."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code; the rest says where in SQLite
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            what = f"{path} is being written by another Pullquote: try again when that is done"
        case sqlite3.SQLITE_FULL:
            what = f"there is no space left for {path}: nothing was lost; free some space and try again"
        case sqlite3.SQLITE_IOERR:
            what = (
                f"{path} could not be read or written ({error}): nothing was lost; see whether the disk is "
                "full, failing or over its quota"
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            what = f"{path} may not be written ({error}): see to the folder's permissions, or use --library"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            what = (
                f"{path} is damaged or no {layout.kind} ({error}). It was left as it is: put it back from a "
                f"backup, or {layout.advice_if_damaged}"
            )
        case _ if "decode to UTF-8" in str(error):  # it repeats what it cannot decode
            what = f"{path} is damaged: put it back from a backup, or {layout.advice_if_damaged}"
        case _:
            what = f"{path}: {error}"
    return LibraryError(what)
