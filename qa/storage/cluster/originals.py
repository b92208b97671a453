"""Which files were uploaded, and their bytes: on one server's desk, or on one that several share.

On the former a table in a file of its own says so, in the desk's folder, where the bytes lie. On the latter
the table and the bytes are in the database; the folder has copies of those that were read here.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from embeddings.files import move_whole, part_path, private
from qa.errors import LibraryError
from qa.storage.records import uploads
from qa.storage.statements import Layout, empty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from qa.storage.intake_port import Upload
    from qa.storage.postgresql.database import SharedDatabase
    from qa.storage.statements import Statements

NAME = "originals.sqlite3"
PARTS = "original_parts"
# Of a file that is kept in parts, each has so many bytes, but for the last.
PART_BYTES = 1 << 20
_UPLOADS = (
    "CREATE TABLE IF NOT EXISTS uploads (number INTEGER PRIMARY KEY AUTOINCREMENT, "
    "name TEXT NOT NULL, sha256 TEXT NOT NULL, at TEXT NOT NULL, UNIQUE (name, sha256))"
)
OWN = Layout("originals", 1, (_UPLOADS,))
SHARED = Layout(
    "originals",
    1,
    (
        _UPLOADS,
        "CREATE INDEX uploads_by_sha256 ON uploads (sha256)",
        f"""CREATE TABLE {PARTS} (
            sha256 TEXT NOT NULL,
            place INTEGER NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (sha256, place)
        )""",
    ),
)


class Originals(Protocol):
    """The table of uploads, as `qa.storage.records.uploads` reads and changes it, and their bytes."""

    def reading(self) -> AbstractContextManager[Statements]:
        """Give one snapshot of the table."""

    def writing(self) -> AbstractContextManager[Statements]:
        """Open the one write transaction; bytes that no upload has in the end go with it."""

    def put(self, kept: Statements, sha256: str, part: Path) -> None:
        """Keep bytes that lie in a file, and have this SHA-256, unless they are kept."""

    def fetched(self, upload: Upload) -> Upload:
        """See to it that the bytes of an upload lie where it says; what is damaged or missing stays so."""

    def count_bytes(self) -> int:
        """Measure all uploaded files."""


class OwnOriginals:
    """The uploads of a desk in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / NAME

    @contextmanager
    def reading(self) -> Iterator[Statements]:
        """Give one snapshot of the table, of an empty one where there is none."""
        if not self._path.is_file():
            with empty(OWN) as nothing:
                yield nothing
            return
        with self._opened("mode=ro") as db:
            db.execute("BEGIN")
            yield db

    @contextmanager
    def writing(self) -> Iterator[Statements]:
        """Open the one write transaction, on a file that is made if need be."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._path.exists():
                private(self._path).close()
        except OSError as error:
            raise LibraryError(self._unusable(error)) from error
        with self._opened("mode=rw") as db, db:
            db.execute("BEGIN IMMEDIATE")
            db.execute(_UPLOADS)
            yield db

    @contextmanager
    def _opened(self, mode: str) -> Iterator[sqlite3.Connection]:
        try:
            uri = f"{self._path.resolve().as_uri()}?{mode}"
            with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as db:
                yield db
        except sqlite3.Error as error:
            raise LibraryError(self._unusable(error)) from error

    def _unusable(self, error: Exception) -> str:
        return f"{self._path} cannot be used ({error}): name another folder with --desk"

    def put(self, kept: Statements, sha256: str, part: Path) -> None:
        """Do nothing: `uploads.keep` puts the file in its place."""

    def fetched(self, upload: Upload) -> Upload:
        """Return the upload: its bytes lie there."""
        return upload

    def count_bytes(self) -> int:
        """Measure all uploaded files."""
        return uploads.folder_bytes(self._folder)


class SharedOriginals:
    """The uploads of a desk that several servers share; `folder` is for copies of those that are read here.

    After a purge the copies of other servers go when these look at uploads next.
    """

    def __init__(self, database: SharedDatabase, folder: Path) -> None:
        self._database = database
        self._folder = folder

    @contextmanager
    def reading(self) -> Iterator[Statements]:
        """Give one snapshot of the table; copies of what is no upload any more go."""
        with self._database.reading(SHARED) as kept:
            uploads.drop_strays(kept, self._folder, old=True)  # another process may be keeping one just now
            yield kept

    @contextmanager
    def writing(self) -> Iterator[Statements]:
        """Open the one write transaction; bytes that no upload has in the end go with it."""
        with self._database.writing(SHARED) as kept:
            yield kept
            gone = kept.execute(
                f"DELETE FROM {PARTS} WHERE sha256 NOT IN (SELECT sha256 FROM uploads)"  # noqa: S608
            ).rowcount
            uploads.drop_strays(kept, self._folder)
        if gone:
            with suppress(LibraryError):  # all is kept, and the server does this by itself one day
                self._database.rewrite(["uploads", PARTS], whole=False)

    def put(self, kept: Statements, sha256: str, part: Path) -> None:
        """Keep bytes in parts, unless they are kept."""
        if kept.execute(f"SELECT 1 FROM {PARTS} WHERE sha256 = ? AND place = 0", (sha256,)).fetchone():  # noqa: S608
            return
        with part.open("rb") as file:
            place, piece = 0, file.read(PART_BYTES)
            while piece or not place:  # of an empty file there is one part, too
                kept.execute(f"INSERT INTO {PARTS} VALUES (?, ?, ?)", (sha256, place, piece))  # noqa: S608
                place, piece = place + 1, file.read(PART_BYTES)

    def fetched(self, upload: Upload) -> Upload:
        """Copy the bytes of an upload into the folder, unless they are there: whole and hashed."""
        try:
            if not upload.path.exists():
                self._copy(upload)
        except OSError as error:
            raise LibraryError(
                f"{upload.path} cannot be written ({error.strerror}): check the permissions of its folder"
            ) from error
        return upload

    def _copy(self, upload: Upload) -> None:
        upload.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part, sha256, place = part_path(self._folder / uploads.FOLDER, "upload"), hashlib.sha256(), 0
        try:
            with private(part) as file:
                while (piece := self._part(upload.sha256, place)) is not None:
                    sha256.update(piece)
                    file.write(piece)
                    place += 1
            if place and sha256.hexdigest() == upload.sha256:
                move_whole(part, upload.path)
        finally:
            part.unlink(missing_ok=True)

    def _part(self, sha256: str, place: int) -> bytes | None:
        with self._database.reading(SHARED) as kept:
            row = kept.execute(
                f"SELECT content FROM {PARTS} WHERE sha256 = ? AND place = ?",  # noqa: S608
                (sha256, place),
            ).fetchone()
        return bytes(row[0]) if row else None

    def count_bytes(self) -> int:
        """Measure all uploaded files."""
        with self._database.reading(SHARED) as kept:
            row = kept.execute(f"SELECT CAST(coalesce(sum(length(content)), 0) AS INTEGER) FROM {PARTS}")  # noqa: S608
            return int(row.fetchone()[0])
