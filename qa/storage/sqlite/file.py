"""A SQLite file in a library's folder: its opening, schema, transactions and errors."""

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
# Maximum number of unused connections that are kept open. Each has a cache of pages.
KEPT_OPEN = 4

# The names of Pullquote's own files in a library's folder, including unfinished files.
_OURS = re.compile(
    r"(library|desk)\.sqlite3(-wal|-shm|-journal)?|(index|words)-\d+\.(faiss|bin)|(vectors|postings)-\w+\.(faiss|bin)"
    r"|\..*\.part|aliases\.txt|complete|answers-.*|originals"
)
# SQL of the tables in which FTS5 stores a full-text index. SQLite itself writes this SQL. Versions of SQLite
# may write it differently.
_OF_FTS5 = re.compile(
    r"CREATE TABLE 'words_(data|idx|docsize|config)' ?"
    r"\((?:(?!PRIMARY KEY ?\()[\w\s,])*+(PRIMARY KEY ?\([\w\s,]*+\))?[\w\s,]*+\)( WITHOUT ROWID)?"
)

# Of the file and of its log: the time of the last write (ns), and the size (bytes).
_Stamp = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, eq=False, kw_only=True)
class FileLayout(Layout):
    """The tables of one kind of file, and the kind's names and advice in messages.

    Attributes:
        kind: the name of this kind of file in messages.
        application_id: SQLite's `application_id`, which distinguishes the file from other SQLite files.
        advice_if_damaged: the end of a sentence: what to do if the file is damaged and there is no backup.
        advice_if_refused: the end of a sentence: what to do if the file is not opened.
        prepare: prepares a new connection, for example adds the SQL functions that the tables use.
    """

    kind: str
    application_id: int
    advice_if_damaged: str
    advice_if_refused: str
    prepare: Callable[[sqlite3.Connection], None]


class SqliteFile:
    """A SQLite file in a library's folder. Any number of threads may read while one thread writes.

    Every method raises `LibraryError` if the file is damaged, locked by another writer, or out of space.
    Earlier commits are not lost. A value that is not valid text raises `InputError`.

    Raises:
        LibraryNotFoundError: the file does not exist or is empty, and `create` is False.
        LibraryError: the file is of another kind, damaged, or of another schema. It is not changed.
    """

    def __init__(
        self, folder: Path, layout: FileLayout, *, create: bool = True, read_only: bool = False
    ) -> None:
        self.folder = folder
        self.layout = layout
        self.path = folder / layout.name
        self._writing = threading.RLock()
        # Connections that no thread uses now, each with the file's stamp when the connection was opened.
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
        """Close the file, after a running write has finished. Running reads continue to their end.

        The file cannot be used afterwards.
        """
        with self._writing, self._pool, self._translated():
            self._closed = True
            while self._idle:
                self._idle.pop()[1].close()

    # Opening

    def _refuse_links(self) -> None:
        """Raise an error if a file is a link, a pipe or a device: SQLite would write to it.

        Raises:
            LibraryError: a file of the library is a link, a pipe or a device.
        """
        for suffix in ("", "-wal", "-shm", "-journal"):
            path = self.path.with_name(self.path.name + suffix)
            with contextlib.suppress(FileNotFoundError):
                mode = path.lstat().st_mode
                if not stat.S_ISREG(mode):
                    what = "a link" if stat.S_ISLNK(mode) else "no ordinary file"
                    raise LibraryError(
                        f"{path} is {what}, which is not used: name the folder of the file itself"
                    )

    def _close_to_others(self) -> None:
        """Create the file if it does not exist. Let only this user access Pullquote's files and the folder.

        Other files in the folder keep their access. If there are any, the folder keeps its access too.
        """
        with contextlib.suppress(OSError):  # SQLite will report why the file cannot be created
            if not self.path.exists():
                private(self.path).close()
            entries = list(self.folder.iterdir())
            ours = [path for path in entries if _OURS.fullmatch(path.name)]
            for path in (*ours, *([self.folder] if len(ours) == len(entries) else [])):
                close_to_others(path)

    def _connect(self, *, create: bool = False) -> tuple[_Stamp, sqlite3.Connection]:
        """Open a connection, with the stamp of the file before it was opened."""
        mode = "mode=rwc" if create else "mode=rw"
        stamp = self._read_stamp()
        if self.read_only:
            # If nothing may be written, SQLite cannot create the files that processes share in WAL mode. It
            # then opens only a file that is declared immutable. `_take` checks whether the file has changed.
            mode = "mode=ro" if stamp[1][1] else "mode=ro&immutable=1"
        db = sqlite3.connect(
            f"{self.path.resolve().as_uri()}?{mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,  # `_transaction` begins and ends transactions
            check_same_thread=False,  # `_lent` gives a connection to one thread at a time
        )
        _distrust(db)
        self.layout.prepare(db)
        status = self.path.stat()
        self._file = self._file or (status.st_dev, status.st_ino)
        if self._file != (status.st_dev, status.st_ino):  # facts about the old file may be false
            db.close()
            raise LibraryError(f"{self.path} was replaced by another file: open the library again")
        return stamp, db

    def _recognise(self, db: sqlite3.Connection, *, create: bool) -> None:
        """Check that the file has the right kind and a known version. Create its tables if it is new."""
        # Count the tables first: another process may fill the file between the two statements.
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = db.execute("PRAGMA application_id").fetchone()
        if application != self.layout.application_id and tables:
            raise LibraryError(
                f"{self.path} is not a Pullquote {self.layout.kind}: {self.layout.advice_if_refused}"
            )
        if not tables:
            # A process that is killed before its first commit also leaves an empty file.
            if not create or self.read_only:
                raise LibraryNotFoundError(
                    f"the library in {self.folder} is empty: fill it with `pullquote index`"
                )
            db.execute("PRAGMA journal_mode = WAL")
        held, schema = _version(db), self.layout.schema
        if tables and held < schema:
            raise LibraryError(
                f"{self.path} was made by an earlier Pullquote (schema {held}, this Pullquote reads "
                f"{schema}), "
                f"and was not changed: {self.layout.advice_if_refused}"
            )
        if held > schema:
            raise LibraryError(
                f"{self.path} was made by a newer Pullquote (schema {held}, this Pullquote reads {schema}): "
                "upgrade Pullquote, or name another folder with --library"
            )
        if tables:
            self._check_schema(db)
        self._prepare(db)
        if not tables:
            with _transaction(db, "BEGIN IMMEDIATE"):
                if not _version(db):  # another process may have made the tables meanwhile
                    make(db, self.layout)
                    db.execute(f"PRAGMA application_id = {self.layout.application_id}")

    def _check_schema(self, db: sqlite3.Connection) -> None:
        """Raise an error if the file has tables, indexes, triggers or views that Pullquote did not make.

        They may do harm.

        Raises:
            LibraryError: the file has such objects. The message names them.
        """
        foreign = sorted(
            f"the {kind} {name!r}" for kind, name, *_ in _schema(db) - expected_schema(self.layout)
        )
        if foreign:
            raise LibraryError(
                f"{self.path} has tables that are not Pullquote's ({', '.join(foreign)}), so it is not "
                "opened: put "
                f"it back from a backup, or {self.layout.advice_if_refused}"
            )

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Set the pragmas of a connection."""
        db.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut
        db.execute("PRAGMA foreign_keys = ON")
        if self.read_only:
            db.execute("PRAGMA temp_store = MEMORY")

    def _read_stamp(self) -> _Stamp:
        """Return the times of the last write (ns) and the sizes (bytes) of the file and its log."""
        return _written(self.path), _written(self.path.with_name(self.path.name + "-wal"))

    def file_bytes(self) -> int:
        """Return the size of the file and its log together."""
        return sum(size for _, size in self._read_stamp())

    # Transactions

    def _translated(self) -> contextlib.AbstractContextManager[None]:
        return translated(self.path, self.layout)

    @contextlib.contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to one thread: the connection that was used last, for its cache, or a new one."""
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
        """Return an idle connection that is not out of date, or a new connection."""
        with self._pool:
            if self._closed:
                raise LibraryError(f"{self.path} was closed: open the library again")
            while self._idle:
                stamp, db = self._idle.pop()
                if not self.read_only or stamp == self._read_stamp():
                    return stamp, db
                db.close()  # another user has written to the file
        stamp, db = self._connect()
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return stamp, db

    def scrub(self) -> None:
        """Write the file again and empty its log, so that neither contains a byte of deleted data.

        Raises:
            LibraryError: another process keeps reading, so that the log cannot be emptied.
        """
        with self._writing, self._translated(), self._lent() as db:
            db.execute("VACUUM")
            busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise LibraryError(
                f"{self.path} is being read by another Pullquote, so its log still has deleted text: "
                "run `pullquote "
                "remove --purge` again when the other Pullquote is done"
            )

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection to one snapshot, which commits of other threads and processes do not change."""
        with self._translated(), self._lent() as db, _transaction(db, "BEGIN"):
            yield db

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a write transaction. Only one is open at a time."""
        if self.read_only:
            raise LibraryError(
                f"{self.path} may not be written: check the folder's permissions, or use --library"
            )
        with self._writing, self._translated(), self._lent() as db, _transaction(db, "BEGIN IMMEDIATE"):
            yield db


def may_write(path: Path) -> bool:
    """Return whether this user may write a file and its folder."""
    return all(os.access(target, os.W_OK) for target in (path, path.parent))


@contextlib.contextmanager
def translated(path: Path, layout: FileLayout) -> Iterator[None]:
    """Translate errors of SQLite and of malformed stored values into errors that say what to do next.

    Raises:
        InputError: an argument is not valid text.
        LibraryError: any other error of SQLite, or a malformed value in the file.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _named(error, path, layout) from error
    except UnicodeEncodeError as error:  # an argument of bytes that are not UTF-8, or "\\ud800" in JSON
        raise InputError(f"{error.object!r} is not valid text: type it again") from error
    except NO_VALUE as error:
        raise LibraryError(
            f"{path} is damaged: it has content that Pullquote does not write ({type(error).__name__}: "
            f"{error}). "
            f"It was not changed: put it back from a backup, or {layout.advice_if_damaged}"
        ) from error


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection, begin: str) -> Iterator[None]:
    db.execute(begin)
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # After some errors, such as a full disk, SQLite has already rolled back.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


# For each table, index, trigger and view: type, name, table, and the SQL that created it.
_Schema = frozenset[tuple[str, str, str, str]]


@cache
def expected_schema(layout: FileLayout) -> _Schema:
    """Return the tables, indexes, triggers and views of a file of that layout."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        layout.prepare(db)
        make(db, layout)
        return _schema(db)


def make(db: sqlite3.Connection, layout: FileLayout) -> None:
    """Create the tables of an empty file."""
    layout.make(db)
    db.execute(f"PRAGMA user_version = {layout.schema}")


def _schema(db: sqlite3.Connection) -> _Schema:
    rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    return frozenset(
        (kind, name, table, "" if kind == "table" and _OF_FTS5.fullmatch(sql) else sql)
        for kind, name, table, sql in ((*row[:3], _normalised(row[3] or "")) for row in rows)
    )


def _normalised(sql: str) -> str:
    """Return a statement without comments and without unnecessary white space."""
    sql = " ".join(re.sub(r"--[^\n]*", "", sql).split())
    return re.sub(r" ?([(),;]) ?", r"\1", sql)


def _distrust(db: sqlite3.Connection) -> None:
    """Protect against a file that a stranger may have written: https://www.sqlite.org/security.html."""
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
    """Return the error of SQLite as a LibraryError that tells a person what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code, without the extended code
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            what = f"{path} is being written by another Pullquote: try again when it is done"
        case sqlite3.SQLITE_FULL:
            what = f"there is no space left for {path}: free some space and try again. Nothing was lost"
        case sqlite3.SQLITE_IOERR:
            what = (
                f"{path} could not be read or written ({error}): check whether the disk is full, failing or "
                "over its quota. Nothing was lost"
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            what = f"{path} may not be written ({error}): check the folder's permissions, or use --library"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            what = (
                f"{path} is damaged, or is not a {layout.kind} ({error}). It was not changed: put it "
                "back from a "
                f"backup, or {layout.advice_if_damaged}"
            )
        case _ if "decode to UTF-8" in str(error):  # SQLite's message repeats the bytes
            what = f"{path} is damaged: put it back from a backup, or {layout.advice_if_damaged}"
        case _:
            what = f"{path}: {error}"
    return LibraryError(what)
