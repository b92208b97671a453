"""The SQLite file of a library: opening it, its schema, its transactions, and what its errors mean."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import stat
import sys
import threading
from functools import cache
from typing import TYPE_CHECKING

from embeddings.files import close_to_others, private
from qa.errors import InputError, LibraryError, LibraryNotFoundError
from qa.schema import Span
from qa.storage.embedded.locations import words_sha256
from qa.text.names import spellings
from qa.text.terms import indexed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

FILE_NAME = "library.sqlite3"
APPLICATION_ID = 0x50756C6C  # "Pull": tells this file from any other SQLite file
BUSY_SECONDS = 10.0
# Connections that are kept open while nobody uses them: with each goes a cache of pages.
KEPT_OPEN = 4

# What Pullquote itself puts into a library's folder, parts of files that were never finished too.
_OURS = re.compile(
    r"library\.sqlite3(-wal|-shm|-journal)?|(index|words)-\d+\.(faiss|bin)|(vectors|postings)-\w+\.(faiss|bin)"
    r"|\..*\.part|aliases\.txt|complete|answers-.*"
)
# The tables in which FTS5 keeps a full-text index: each SQLite makes them by itself, maybe in other words.
_OF_FTS5 = re.compile(
    r"CREATE TABLE 'words_(data|idx|docsize|config)' ?"
    r"\((?:(?!PRIMARY KEY ?\()[\w\s,])*+(PRIMARY KEY ?\([\w\s,]*+\))?[\w\s,]*+\)( WITHOUT ROWID)?"
)

# What comes of a row that nobody has written properly, when values are made of it.
_NO_VALUE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)

# When the file and its log were last written (ns), and their sizes (bytes).
_Stamp = tuple[tuple[int, int], tuple[int, int]]

# The full-text index, and what else is to have the same words.
WORDS = """
CREATE VIRTUAL TABLE words USING fts5 (
    head, body, content = '', tokenize = 'porter unicode61 remove_diacritics 2'
)
"""


def put_spellings(db: sqlite3.Connection, text: str) -> None:
    """Note how a text spells names."""
    db.executemany(
        "INSERT OR IGNORE INTO spellings (key, folded, spelling) VALUES (?, ?, ?)",
        [(key, folded, spelling) for (key, folded), spelling in spellings(text).items()],
    )


def _read_again(db: sqlite3.Connection) -> None:
    """Enter Han and Hangul into full text as `indexed` has them now, and how the documents spell names."""
    for (serial,) in db.execute("SELECT serial FROM documents").fetchall():
        head, text = db.execute("SELECT head, text FROM documents WHERE serial = ?", (serial,)).fetchone()
        put_spellings(db, f"{head}\n\n{text}")
        if indexed(head) == head and indexed(text) == text:
            continue
        rows = [
            (key, head, text[start:end])
            for key, start, end in db.execute(
                "SELECT key, start, end FROM passages WHERE document = ?", (serial,)
            )
        ]
        db.executemany("INSERT INTO words (words, rowid, head, body) VALUES ('delete', ?, ?, ?)", rows)
        db.executemany(
            "INSERT INTO words (rowid, head, body) VALUES (?, ?, ?)",
            [(key, indexed(head), indexed(body)) for key, head, body in rows],
        )
        # Postings that were made of the words of before.
        db.execute("UPDATE library SET words_file = ''")


# One tuple of statements, or functions, a schema version. Never edit one that was released: append the next.
_MIGRATIONS: tuple[tuple[str | Callable[[sqlite3.Connection], None], ...], ...] = (
    (
        """
        CREATE TABLE encodings (
            -- One embedding of the library's passages; `library.encoding` names the one in force.
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            dimension INTEGER NOT NULL
        )
        """,
        """
        CREATE TABLE library (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            generation INTEGER NOT NULL DEFAULT 0,
            encoding INTEGER REFERENCES encodings,
            -- The derived index: which file, and the generation that it mirrors.
            index_file TEXT NOT NULL DEFAULT '',
            index_generation INTEGER NOT NULL DEFAULT 0
        )
        """,
        "INSERT INTO library (one) VALUES (1)",
        """
        CREATE TABLE documents (
            serial INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            -- The id before it was made unique: with `path`, how a file is known again.
            given_id TEXT NOT NULL,
            path TEXT NOT NULL,
            title TEXT NOT NULL,
            publisher TEXT NOT NULL,
            series TEXT NOT NULL,
            number TEXT NOT NULL,
            date TEXT NOT NULL,
            url TEXT NOT NULL,
            language TEXT NOT NULL,
            format TEXT NOT NULL,
            collection TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            source_sha256 TEXT NOT NULL,
            header TEXT NOT NULL,
            furniture TEXT NOT NULL,
            notes TEXT NOT NULL,
            -- As the full-text index holds it: taking a row out of that needs the very words that went in.
            head TEXT NOT NULL,
            characters INTEGER NOT NULL,
            text TEXT NOT NULL
        )
        """,
        "CREATE INDEX documents_by_source ON documents (given_id, path)",
        "CREATE INDEX documents_by_sha256 ON documents (sha256)",
        """
        CREATE TABLE passages (
            -- AUTOINCREMENT: a key is never used twice, so keys alone tell what an index lacks.
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            document INTEGER NOT NULL REFERENCES documents,
            ordinal INTEGER NOT NULL,
            start INTEGER NOT NULL,
            end INTEGER NOT NULL,
            sentences TEXT NOT NULL,
            UNIQUE (document, ordinal)
        )
        """,
        """
        CREATE TABLE vectors (
            number INTEGER PRIMARY KEY,
            passage INTEGER NOT NULL REFERENCES passages ON DELETE CASCADE,
            encoding INTEGER NOT NULL REFERENCES encodings ON DELETE CASCADE,
            -- Of the text that was embedded: the same text need not be embedded again.
            digest BLOB NOT NULL,
            vector BLOB NOT NULL,
            UNIQUE (passage, encoding)
        )
        """,
        "CREATE INDEX vectors_by_digest ON vectors (digest)",
        "CREATE INDEX vectors_by_encoding ON vectors (encoding, passage)",
        # Contentless: the text lies in `documents` already.
        WORDS,
    ),
    (
        """
        CREATE TABLE thumbs (
            -- One thumb a row; see `qa.desk.thumbs`. `query` names a question with its history.
            query TEXT NOT NULL,
            -- The quote: by these, so that it outlives its document's row. On an answer as a whole: '' and 0.
            sha256 TEXT NOT NULL,
            start INTEGER NOT NULL,
            end INTEGER NOT NULL,
            document TEXT NOT NULL,
            thumb TEXT NOT NULL CHECK (thumb IN ('up', 'down')),
            -- The answer as it was shown, without the text of its quotes.
            shown TEXT NOT NULL,
            PRIMARY KEY (query, sha256, start, end)
        )
        """,
    ),
    (
        # A record is known by path and id (all of a file have its path), a text by its path alone.
        "DROP INDEX documents_by_source",
        "CREATE INDEX documents_by_path ON documents (path, given_id)",
        "CREATE INDEX texts_by_path ON documents (path) WHERE format = 'text'",
    ),
    (
        # A document's passages go in in one transaction, so their keys are one run: with it, what a filter
        # leaves is known without a look at any passage.
        "ALTER TABLE documents ADD COLUMN first_key INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE documents ADD COLUMN passages INTEGER NOT NULL DEFAULT 0",
        # A hash of what read and segmented it: a file that is the same, read the same way, is unchanged.
        "ALTER TABLE documents ADD COLUMN made_by TEXT NOT NULL DEFAULT ''",
        """
        UPDATE documents SET (first_key, passages) = (
            SELECT coalesce(min(key), 0), count(*) FROM passages WHERE document = serial
        )
        """,
        # All that filters ask for, beside the rows, for these hold the texts.
        """
        CREATE INDEX documents_by_filters ON documents (
            date, publisher, series, language, collection, id, first_key, passages
        )
        """,
        # Which passages were taken out, and after which generation: what a derived index has to follow,
        # besides the keys above its last. `gone_since` is the generation from which on this is known.
        "CREATE TABLE gone (passage INTEGER PRIMARY KEY, generation INTEGER NOT NULL)",
        "ALTER TABLE library ADD COLUMN gone_since INTEGER NOT NULL DEFAULT 0",
        "UPDATE library SET gone_since = generation",
        """
        CREATE TRIGGER passage_gone AFTER DELETE ON passages BEGIN
            INSERT INTO gone SELECT old.key, generation FROM library;
        END
        """,
    ),
    (
        # The file of postings (`full_text`), and the generation that it mirrors.
        "ALTER TABLE library ADD COLUMN words_file TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE library ADD COLUMN words_generation INTEGER NOT NULL DEFAULT 0",
    ),
    (
        "ALTER TABLE documents ADD COLUMN author TEXT NOT NULL DEFAULT ''",
        # Pages, headings, rows: [[start, end, kind, name], …]; where the metadata come from: [[field, source,
        # sure], …].
        "ALTER TABLE documents ADD COLUMN sections TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE documents ADD COLUMN found TEXT NOT NULL DEFAULT '[]'",
        # Of its words alone, whatever the format: the same document in two files is known by it.
        "ALTER TABLE documents ADD COLUMN words_sha256 TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX documents_by_words ON documents (words_sha256) WHERE words_sha256 != ''",
        # Where a document stands: one row for each file, or part of a file (a record, a member of an
        # archive), that holds it, in the order in which they were found; `part` is '' for a whole file. The
        # columns of the same names in `documents` are those of the first, whose text is the document's.
        """
        CREATE TABLE locations (
            number INTEGER PRIMARY KEY,
            path TEXT NOT NULL,
            part TEXT NOT NULL,
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            format TEXT NOT NULL,
            source_sha256 TEXT NOT NULL,
            -- Of the text that was read there: another may have the same words.
            sha256 TEXT NOT NULL,
            made_by TEXT NOT NULL,
            UNIQUE (path, part)
        )
        """,
        "CREATE INDEX locations_by_document ON locations (document)",
        # A library of before may hold one file twice: the second has a place of its own, which will be found
        # gone.
        """
        INSERT INTO locations (path, part, document, format, source_sha256, sha256, made_by)
            SELECT path, iif(count(*) OVER same = 1, part, part || '~' || serial),
                serial, format, source_sha256, sha256, made_by
            FROM (SELECT *, iif(format = 'text', '', given_id) AS part FROM documents)
            WINDOW same AS (PARTITION BY path, part ORDER BY serial ROWS UNBOUNDED PRECEDING)
            ORDER BY serial
        """,
        "UPDATE documents SET words_sha256 = words_sha256(text, furniture)",
        # By these, sources were known before.
        "DROP INDEX documents_by_path",
        "DROP INDEX texts_by_path",
        # Files as they were read last, whole: one that has not changed is not parsed again, nor is one
        # refused. All the documents that it gave are held: when one goes, so does the row.
        """
        CREATE TABLE files (
            path TEXT PRIMARY KEY,
            sha256 TEXT NOT NULL,
            made_by TEXT NOT NULL,
            documents INTEGER NOT NULL,
            -- What of it was refused: [[path, status, code, message], …]
            refused TEXT NOT NULL
        )
        """,
        """
        CREATE TRIGGER location_gone AFTER DELETE ON locations BEGIN
            DELETE FROM files WHERE path = old.path;
        END
        """,
        # Texts that are no longer searched, and what was known of them: `held` is JSON, all but the text.
        """
        CREATE TABLE versions (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            document TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            reason TEXT NOT NULL CHECK (reason IN ('superseded', 'removed')),
            at TEXT NOT NULL,
            held TEXT NOT NULL,
            text TEXT NOT NULL
        )
        """,
        "CREATE INDEX versions_by_sha256 ON versions (sha256)",
        "CREATE INDEX versions_by_document ON versions (document)",
        # Where documents stood that a person removed: the same bytes there do not bring them back.
        """
        CREATE TABLE withdrawn (
            path TEXT NOT NULL,
            part TEXT NOT NULL,
            source_sha256 TEXT NOT NULL,
            version INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
            PRIMARY KEY (path, part)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX withdrawn_by_version ON withdrawn (version)",
        # Holds a row while something was erased whose bytes may still lie in the library's files.
        "CREATE TABLE erasing (one INTEGER)",
        # What a person has said of a document's metadata: it outlives whatever the document is replaced by.
        # `was` is what the source says, and `found` where: JSON of (field, source, sure), or ''.
        """
        CREATE TABLE corrections (
            document TEXT NOT NULL,
            field TEXT NOT NULL,
            value TEXT NOT NULL,
            was TEXT NOT NULL,
            found TEXT NOT NULL,
            PRIMARY KEY (document, field)
        )
        """,
        # Near-duplicates: hashes of bands of MinHash signatures; pairs that were compared and are alike.
        """
        CREATE TABLE bands (
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            band INTEGER NOT NULL,
            hash BLOB NOT NULL,
            PRIMARY KEY (band, hash, document)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX bands_by_document ON bands (document)",
        """
        CREATE TABLE copies (
            -- Each pair twice, once from either side.
            document INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            other INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
            similarity REAL NOT NULL,
            PRIMARY KEY (document, other)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX copies_by_other ON copies (other)",
        # How the documents spell names: by what all romanisations of one have in common (`names.key`).
        """
        CREATE TABLE spellings (
            key TEXT NOT NULL,
            folded TEXT NOT NULL,
            spelling TEXT NOT NULL,
            PRIMARY KEY (key, folded)
        ) WITHOUT ROWID
        """,
        _read_again,
    ),
    (
        # How a person said that a file is to be read; `columns` is JSON: [[field, column], …]. Without a row,
        # as any other.
        """
        CREATE TABLE read_as (
            path TEXT PRIMARY KEY,
            date_order TEXT NOT NULL,
            columns TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        # What was erased and stands in a file still, which is not to bring it back by itself. Hashes alone:
        # of the path, and of the bytes there (of a feed's entry, of its text).
        """
        CREATE TABLE purged (
            path_sha256 TEXT NOT NULL,
            source_sha256 TEXT NOT NULL,
            PRIMARY KEY (path_sha256, source_sha256)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX versions_by_words ON versions (json_extract(held, '$.words_sha256'))",
    ),
)
# What the versions from one up to another lack that may only be read: SQLite looks among the temporary tables
# first.
_AS_OF_NOW = (
    (0, 2, "CREATE TEMP TABLE thumbs (query, sha256, start, end, document, thumb, shown)"),
    (
        0,
        4,
        """
        CREATE TEMP VIEW documents AS SELECT *, '' AS made_by,
            (SELECT coalesce(min(key), 0) FROM passages WHERE document = serial) AS first_key,
            (SELECT count(*) FROM passages WHERE document = serial) AS passages,
            '' AS author, '[]' AS sections, '[]' AS found, '' AS words_sha256
        FROM main.documents
        """,
    ),
    (0, 4, "CREATE TEMP TABLE gone (passage, generation)"),
    (
        0,
        5,
        """
        CREATE TEMP VIEW library AS SELECT one, generation, encoding, index_file, index_generation,
            generation AS gone_since, '' AS words_file, 0 AS words_generation
        FROM main.library
        """,
    ),
    (
        4,
        6,
        """
        CREATE TEMP VIEW documents AS SELECT *,
            '' AS author, '[]' AS sections, '[]' AS found, '' AS words_sha256
        FROM main.documents
        """,
    ),
    (
        0,
        6,
        """
        CREATE TEMP VIEW locations AS
            SELECT serial AS number, path, iif(format = 'text', '', given_id) AS part, serial AS document,
                format, source_sha256, sha256, made_by
            FROM documents
        """,
    ),
    (0, 6, "CREATE TEMP TABLE files (path, sha256, made_by, documents, refused)"),
    (0, 6, "CREATE TEMP TABLE versions (number, document, sha256, reason, at, held, text)"),
    (0, 6, "CREATE TEMP TABLE withdrawn (path, part, source_sha256, version)"),
    (0, 6, "CREATE TEMP TABLE erasing (one)"),
    (0, 6, "CREATE TEMP TABLE corrections (document, field, value, was, found)"),
    (0, 6, "CREATE TEMP TABLE bands (document, band, hash)"),
    (0, 6, "CREATE TEMP TABLE copies (document, other, similarity)"),
    (0, 6, "CREATE TEMP TABLE spellings (key, folded, spelling)"),
    (0, 7, "CREATE TEMP TABLE read_as (path, date_order, columns)"),
    (0, 7, "CREATE TEMP TABLE purged (path_sha256, source_sha256)"),
)


class Database:
    """The SQLite file of the library in `folder`. Any number of threads read at once, while one writes.

    A `read_only` one is not even migrated; so is one that may not be written.

    Every method raises `LibraryError` when the file is damaged, locked by another writer, or out of space;
    what was committed before stays as it was. A value that is not text raises `InputError`.

    Raises:
        LibraryNotFoundError: there is no library in the folder, and `create` is False.
        LibraryError: the file is no library, damaged, or from a newer Pullquote. It is left untouched.
    """

    def __init__(self, folder: Path, *, create: bool = True, read_only: bool = False) -> None:
        self.folder = folder
        self.path = folder / FILE_NAME
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
        self.read_only = read_only or (
            self.path.exists() and not all(os.access(path, os.W_OK) for path in (self.path, folder))
        )
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

        The store cannot be used afterwards.
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
            path = self.path.with_name(FILE_NAME + suffix)
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
        _add_functions(db)
        status = self.path.stat()
        self._file = self._file or (status.st_dev, status.st_ino)
        if self._file != (status.st_dev, status.st_ino):  # what is known of the old one is not true of it
            db.close()
            raise LibraryError(f"{self.path} was exchanged for another file: open the library again")
        return stamp, db

    def _recognise(self, db: sqlite3.Connection, *, create: bool) -> None:
        """Check that the file is a library of a version that this code knows; fill it if it is new."""
        (application,) = db.execute("PRAGMA application_id").fetchone()
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != APPLICATION_ID and tables:
            raise LibraryError(f"{self.path} is not a Pullquote library: name another folder with --library")
        if not tables:
            # Also what a kill leaves behind before the first commit.
            if any(self.folder.glob("index-*.faiss")):
                raise LibraryError(
                    f"{self.path} is empty, yet an index lies beside it: it was damaged. Put it back from "
                    "a backup, or move the folder away and run `pullquote index` again"
                )
            if not create or self.read_only:
                raise LibraryNotFoundError(
                    f"the library in {self.folder} is empty: fill it with `pullquote index`"
                )
            db.execute("PRAGMA journal_mode = WAL")
        if _version(db) > len(_MIGRATIONS):
            raise LibraryError(
                f"{self.path} was made by a newer Pullquote (schema {_version(db)}, this one knows "
                f"{len(_MIGRATIONS)}): upgrade Pullquote, or name another folder with --library"
            )
        self._check_schema(db)
        self._prepare(db)
        if _version(db) < len(_MIGRATIONS) and not self.read_only:
            with _transaction(db, "BEGIN IMMEDIATE"):  # another process may have done it meanwhile
                for statements in _MIGRATIONS[_version(db) :]:
                    _migrate(db, statements)
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")

    def _check_schema(self, db: sqlite3.Connection) -> None:
        """Refuse a file with other tables, indexes, triggers or views than its version has: they may do harm.

        Raises:
            LibraryError: naming what is foreign.
        """
        foreign = sorted(
            f"the {kind} {name!r}" for kind, name, *_ in _schema(db) - _made_by_version(max(0, _version(db)))
        )
        if foreign:
            raise LibraryError(
                f"{self.path} holds what is not Pullquote's ({', '.join(foreign)}), and is not opened: put "
                "it back from a backup, or index your documents into another folder with --library"
            )

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Set how a connection works; show what may not be migrated as this schema has it: by views."""
        db.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power cut
        db.execute("PRAGMA foreign_keys = ON")
        if self.read_only:
            db.execute("PRAGMA temp_store = MEMORY")
            held = _version(db)
            for first, end, statement in _AS_OF_NOW:
                if first <= held < end:
                    db.execute(statement)

    def _read_stamp(self) -> _Stamp:
        """Read when the file and its log were last written (ns), and their sizes (bytes)."""
        return _written(self.path), _written(self.path.with_name(FILE_NAME + "-wal"))

    def file_bytes(self) -> int:
        """Measure the file and its log."""
        return sum(size for _, size in self._read_stamp())

    # Transactions

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Name what SQLite reports: what happened, to which file, what to do next."""
        try:
            yield
        except sqlite3.Error as error:
            raise _named(error, self.path) from error
        except UnicodeEncodeError as error:  # an argument of bytes that are no UTF-8, "\\ud800" in JSON
            raise InputError(f"{error.object!r} is not valid text: type it again") from error
        except _NO_VALUE as error:
            raise LibraryError(
                f"{self.path} is damaged: it holds what Pullquote does not write ({type(error).__name__}: "
                f"{error}). It was left as it is: put it back from a backup, or move the folder away and run "
                "`pullquote index` again"
            ) from error

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
            # A word that was deleted stands in the full-text index until its segments are merged.
            db.execute("INSERT INTO words (words) VALUES ('optimize')")
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
    def writing(self, *, counted: bool = True) -> Iterator[sqlite3.Connection]:
        """Open the one write transaction; `counted` ones that change something raise the generation."""
        if self.read_only:  # said here, for SQLite would write into a view's temporary table
            raise LibraryError(
                f"{self.path} may not be written: see to the folder's permissions, or use --library"
            )
        with self._writing, self._translated(), self._lent() as db, _transaction(db, "BEGIN IMMEDIATE"):
            before = db.total_changes
            yield db
            if counted and db.total_changes > before:
                db.execute("UPDATE library SET generation = generation + 1")


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
def _made_by_version(version: int) -> _Schema:
    """Tell what the migrations up to a version make."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        _add_functions(db)
        for statements in _MIGRATIONS[:version]:
            _migrate(db, statements)
        return _schema(db)


def _schema(db: sqlite3.Connection) -> _Schema:
    rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    return frozenset(
        (kind, name, table, "" if kind == "table" and _OF_FTS5.fullmatch(sql) else sql)
        for kind, name, table, sql in ((*row[:3], _stripped(row[3] or "")) for row in rows)
    )


def _stripped(sql: str) -> str:
    """Take the indentation from a statement; a comment in it ends where its line does."""
    return "\n".join(line.strip() for line in sql.splitlines() if line.strip())


def _migrate(
    db: sqlite3.Connection, statements: Iterable[str | Callable[[sqlite3.Connection], None]]
) -> None:
    for statement in statements:
        db.execute(statement) if isinstance(statement, str) else statement(db)


def _distrust(db: sqlite3.Connection) -> None:
    """Take the file for what a stranger may have written: https://www.sqlite.org/security.html."""
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    if sys.version_info >= (3, 12):
        db.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)


def _add_functions(db: sqlite3.Connection) -> None:
    db.create_function("casefold", 1, str.casefold, deterministic=True)
    db.create_function("words_sha256", 2, _words_sha256, deterministic=True)


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _words_sha256(text: str, furniture: str) -> str:
    return words_sha256(text, [Span(*span) for span in json.loads(furniture)])


def _written(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _named(error: sqlite3.Error, path: Path) -> LibraryError:
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
                f"{path} is damaged or no library ({error}). It was left as it is: put it back from a "
                "backup, or move the folder away and run `pullquote index` again"
            )
        case _:
            what = f"{path}: {error}"
    return LibraryError(what)
