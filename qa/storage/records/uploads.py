"""Stores uploaded files unchanged, each under the SHA-256 of its bytes, in a folder of the library.

A name may have several files. The newest file counts. The others stay as long as the library has a document,
or an earlier text, from that name. Files are added and removed inside a write transaction of the table of
uploads, so that no process removes a file that another process has just added.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import re
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from embeddings.files import DamagedFileError, check_ordinary, move_whole, part_path, private, sha256_file
from qa.errors import LibraryError, OriginalNotFoundError
from qa.schema import UPLOAD
from qa.storage import columns as stored
from qa.storage.intake_values import Upload
from qa.storage.records import versions
from qa.storage.records.put import is_held

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from qa.storage.statements import Statements

FOLDER = "originals"
_SHA256 = re.compile("[0-9a-f]{64}")
_PART = re.compile(r"\.upload-[0-9a-f]{16}\.part")
_PIECE = 1 << 20
# Intake may still be reading an upload that is younger than this.
_UNREAD = dt.timedelta(hours=1)
# Seconds since the last write after which an unfinished file counts as left behind. Its bytes come from a
# local file, so writing does not pause for long.
_LEFT_BEHIND = 60


def path_of(library: Path, sha256: str) -> Path:
    """Return the path of the bytes with a SHA-256."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"{sha256[:80]!r} is not a SHA-256")
    return library / FOLDER / sha256[:2] / sha256


def write_part(library: Path, content: BinaryIO) -> tuple[Path, str]:
    """Write bytes to a temporary file. Return the file and the SHA-256 of the bytes.

    Raises:
        LibraryError: the bytes cannot be written, such as on a full disk. No file is left.
    """
    with translated(library):
        folder = _make_folder(library / FOLDER)
        part, sha256 = part_path(folder, "upload"), hashlib.sha256()
        try:
            with private(part) as file:
                while piece := content.read(_PIECE):
                    sha256.update(piece)
                    file.write(piece)
        except BaseException:  # Ctrl-C too: nobody else would remove the file
            part.unlink(missing_ok=True)
            raise
        return part, sha256.hexdigest()


def keep(db: Statements, library: Path, name: str, sha256: str, part: Path) -> Upload:
    """Move a temporary file to its path, and record it as the newest file of that name."""
    deleted = db.execute("DELETE FROM uploads WHERE name = ? AND sha256 = ?", (name, sha256)).rowcount
    path = path_of(library, sha256)
    with translated(library):
        if not _is_kept(path, part.stat().st_size):
            _make_folder(path.parent)
            move_whole(part, path)
    db.execute("INSERT INTO uploads (name, sha256, at) VALUES (?, ?, ?)", (name, sha256, _now()))
    return Upload(name, sha256, path, is_new=not deleted)


def newest(db: Statements, library: Path, name: str | None = None) -> tuple[Upload, ...]:
    """List the newest file of each name, or of `name` only, in order of name."""
    of_name, values = ("", ()) if name is None else ("name = ? AND ", (name,))
    rows = db.execute(
        f"SELECT name, sha256 FROM uploads WHERE {of_name}"  # noqa: S608
        "number IN (SELECT max(number) FROM uploads GROUP BY name) ORDER BY name",
        values,
    )
    return tuple(
        Upload(stored.text(stored_name), sha256, path_of(library, stored.text(sha256)))
        for stored_name, sha256 in rows
    )


def of_source(db: Statements, library: Path, places: Iterable[tuple[str, str]]) -> tuple[Upload, ...]:
    """Find the uploaded files that a document was read from.

    `places` are the paths of the document's places, each with the SHA-256 of the document's bytes there. If
    no file of a name has that SHA-256, take the newest: a part of a file has another SHA-256 than the file.
    """
    files: list[Upload] = []
    for path, source_sha256 in places:
        if not path.startswith(UPLOAD):
            continue
        name = path.removeprefix(UPLOAD)
        candidates = newest(db, library, name)
        exact = "SELECT 1 FROM uploads WHERE name = ? AND sha256 = ?"
        if candidates and db.execute(exact, (name, source_sha256)).fetchone():
            candidates = (Upload(name, source_sha256, path_of(library, source_sha256)),)
        files += candidates
    return tuple(files)


def original(db: Statements, library: Path, document_id: str) -> Upload:
    """Find the uploaded file that a stored or removed document was read from.

    Raises:
        DocumentNotFoundError: the document does not exist.
        OriginalNotFoundError: the document was not uploaded.
    """
    if is_held(db, document_id):
        places = db.execute(
            "SELECT locations.path, locations.source_sha256 FROM locations "
            "JOIN documents ON serial = document WHERE id = ? ORDER BY locations.number",
            (document_id,),
        ).fetchall()
    else:
        version = versions.restorable(db, document_id)
        places = [(at["path"], at["source_sha256"]) for at in version.held["locations"]]
    files = of_source(db, library, places)
    if not files:
        raise OriginalNotFoundError(
            f"{document_id!r} was not uploaded: its file is where it was indexed from"
        )
    return files[0]


def checked(upload: Upload, document_id: str) -> Upload:
    """Hash the bytes of a document's original, and return the original.

    Raises:
        LibraryError: the bytes are missing, or differ from the uploaded bytes.
    """
    if wrong := damage(upload):
        raise LibraryError(f"the original of {document_id!r} {wrong}: upload {upload.name!r} again")
    return upload


def forget(db: Statements, library: Path, upload: Upload) -> None:
    """Forget one file of a name. Remove its bytes, unless another name has the same bytes."""
    db.execute("DELETE FROM uploads WHERE name = ? AND sha256 = ?", (upload.name, upload.sha256))
    _remove(db, library, {upload.sha256})


def forget_unused(db: Statements, library: Path, names: set[str]) -> None:
    """Forget the files of the unused names among `names`: no document and no earlier text is from them.

    Forget the same bytes under other unused names too, for example after an interrupted upload.
    """
    if not names:
        return
    used = _used(db)
    of_name = "SELECT sha256 FROM uploads WHERE name = ?"
    sha256s = {sha256 for name in names - used for (sha256,) in db.execute(of_name, (name,))}
    for sha256 in sha256s:
        for (name,) in db.execute("SELECT name FROM uploads WHERE sha256 = ?", (sha256,)).fetchall():
            if name not in used:
                db.execute("DELETE FROM uploads WHERE name = ? AND sha256 = ?", (name, sha256))
    _remove(db, library, sha256s)


def sweep(db: Statements, library: Path) -> None:
    """Remove the files that interrupted uploads have left behind."""
    forget_unused(db, library, unread(db))
    drop_strays(db, library)


def drop_strays(db: Statements, library: Path, *, old: bool = False) -> bool:
    """Remove the strays in the folder of originals. Return whether none is left.

    If `old`, remove only strays that are not new.
    """
    before, is_clean = time.time() - _LEFT_BEHIND, True
    with translated(library):
        for path in strays(db, library):
            if old and path.lstat().st_mtime >= before:
                is_clean = False
            else:
                path.unlink(missing_ok=True)
    return is_clean


def unread(db: Statements) -> set[str]:
    """Return the names of unused uploads that are no longer being read."""
    before = (dt.datetime.now(dt.UTC) - _UNREAD).isoformat(timespec="seconds")
    rows = db.execute("SELECT name FROM uploads GROUP BY name HAVING max(at) < ?", (before,))
    old = {name for (name,) in rows}
    return old - _used(db) if old else set()


def strays(db: Statements, library: Path) -> list[Path]:
    """List the strays in the folder of originals: files of no upload that are not being written.

    A file is a stray only if its name is like our names: the library may lie in a folder with other files.
    """
    digests = {sha256 for (sha256,) in db.execute("SELECT sha256 FROM uploads")}
    folder, left_behind = library / FOLDER, time.time() - _LEFT_BEHIND
    if folder.is_symlink():
        return []
    whole = (path for path in folder.glob("??/*") if _is_ours(path) and path.name not in digests)
    parts = (path for path in folder.glob(".upload-*.part") if _PART.fullmatch(path.name))
    return sorted((*whole, *(path for path in parts if path.lstat().st_mtime < left_behind)))


def damage(upload: Upload) -> str:
    """Return what is wrong with the bytes of an uploaded file, or "" if they are right."""
    try:
        check_ordinary(upload.path)
        return "" if sha256_file(upload.path) == upload.sha256 else "is damaged"
    except FileNotFoundError:
        return "is missing"
    except (OSError, DamagedFileError) as error:
        return f"cannot be read ({error})"


def folder_bytes(library: Path) -> int:
    """Return the size of all uploaded files."""
    return sum(path.lstat().st_size for path in (library / FOLDER).glob("??/*") if _is_ours(path))


def _is_ours(path: Path) -> bool:
    """Return whether a path has the form of `path_of`, and is not in a linked folder."""
    in_link = path.parent.is_symlink()
    return bool(_SHA256.fullmatch(path.name)) and path.name.startswith(path.parent.name) and not in_link


def _used(db: Statements) -> set[str]:
    """Return the names of the uploads of stored documents, earlier texts and removed documents."""
    rows = db.execute(
        "SELECT path FROM locations WHERE path >= ?1 AND path < ?2 UNION "
        "SELECT path FROM withdrawn WHERE path >= ?1 AND path < ?2 UNION "
        "SELECT json_extract(value, '$.path') FROM versions, json_each(held, '$.locations')",
        (UPLOAD, UPLOAD[:-1] + chr(ord(UPLOAD[-1]) + 1)),
    )
    return {path.removeprefix(UPLOAD) for (path,) in rows if path.startswith(UPLOAD)}


def _remove(db: Statements, library: Path, sha256s: Iterable[str]) -> None:
    """Remove files by their SHA-256, except files that an upload still has."""
    for sha256 in sha256s:
        if not db.execute("SELECT 1 FROM uploads WHERE sha256 = ?", (sha256,)).fetchone():
            with translated(library):
                path = path_of(library, sha256)
                path.unlink(missing_ok=True)
                with suppress(OSError):  # the folder has other files, too
                    path.parent.rmdir()


def _is_kept(path: Path, size: int) -> bool:
    """Return whether a path is an ordinary file of that size. Its name is the SHA-256 of its bytes."""
    try:
        check_ordinary(path)
        return path.stat().st_size == size
    except (FileNotFoundError, DamagedFileError):
        return False


def _make_folder(folder: Path) -> Path:
    """Make a folder for this user, and for the group if the group may use the parent folder.

    Raises:
        LibraryError: the folder is a link. A library's maker could use it to choose where files are written.
    """
    if folder.is_symlink():
        raise LibraryError(f"{folder} is a link, which is not used: put the folder itself there")
    if not folder.is_dir():
        folder.mkdir(mode=0o700 | stat.S_IMODE(folder.parent.stat().st_mode) & 0o070, exist_ok=True)
    return folder


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


@contextmanager
def translated(library: Path) -> Iterator[None]:
    """Translate the system's errors about the folder of originals into errors that say what to do next."""
    folder = library / FOLDER
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise LibraryError(
                f"there is no space left for {folder}: free some space and try again. Nothing was lost"
            ) from error
        raise LibraryError(
            f"{folder} cannot be written ({error.strerror}): check its permissions, or use --library"
        ) from error
