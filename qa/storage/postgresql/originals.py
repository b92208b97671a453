"""Keeps the bytes of uploaded files in the database. A folder has copies of the files that were read here."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from embeddings.files import move_whole, part_path, private
from qa.storage.postgresql import own_files
from qa.storage.records import uploads

if TYPE_CHECKING:
    from pathlib import Path

    from qa.storage.engines import Database
    from qa.storage.intake_values import Upload
    from qa.storage.statements import Statements

PART_BYTES = 1 << 20
TABLES = (
    """
    -- The bytes of uploaded files. Each part has PART_BYTES bytes, the last part of a file fewer.
    CREATE TABLE original_parts (
        sha256 TEXT NOT NULL,
        place INTEGER NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (sha256, place)
    )
    """,
)


def keep(db: Statements, folder: Path, upload: Upload) -> None:
    """Store the bytes of an uploaded file, which lie in the folder, unless the database has them."""
    if db.execute("SELECT 1 FROM original_parts WHERE sha256 = ?", (upload.sha256,)).fetchone():
        return
    with uploads.translated(folder), upload.path.open("rb") as file:
        place, part = 0, file.read(PART_BYTES)
        while part or not place:  # an empty file has one part, too
            db.execute("INSERT INTO original_parts VALUES (?, ?, ?)", (upload.sha256, place, part))
            place, part = place + 1, file.read(PART_BYTES)


def drop_unused(db: Statements) -> None:
    """Delete the bytes that no upload has. Other servers then delete their copies; see `OwnFiles.fetch`."""
    deleted = db.execute(
        "DELETE FROM original_parts WHERE NOT EXISTS "
        "(SELECT 1 FROM uploads WHERE uploads.sha256 = original_parts.sha256)"
    ).rowcount
    if deleted:
        own_files.note(db, uploads.FOLDER)


def fetch(database: Database, upload: Upload) -> None:
    """Copy the bytes of an upload into the folder, unless the folder has them.

    Bytes that are damaged or missing in the database are not copied.
    """
    with uploads.translated(database.folder):
        if upload.path.exists():
            return
        upload.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part, sha256, place = part_path(database.folder / uploads.FOLDER, "upload"), hashlib.sha256(), 0
        try:
            with private(part) as file:
                while (content := _part(database, upload.sha256, place)) is not None:
                    sha256.update(content)
                    file.write(content)
                    place += 1
            if place and sha256.hexdigest() == upload.sha256:
                move_whole(part, upload.path)
        finally:
            part.unlink(missing_ok=True)


def _part(database: Database, sha256: str, place: int) -> bytes | None:
    with database.reading() as db:
        row = db.execute(
            "SELECT content FROM original_parts WHERE sha256 = ? AND place = ?", (sha256, place)
        ).fetchone()
    return bytes(row[0]) if row else None
