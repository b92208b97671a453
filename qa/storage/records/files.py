"""Knows the files that a library was made from: the places of its documents, and each file's last reading."""

# ruff: noqa: S608 -- statements are built from names of this package. Values from outside are always bound.

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from qa.schema import UPLOAD, Failure, FileResult, sha256_text
from qa.storage import columns as stored
from qa.storage.intake_values import FileRecord, HeldLocation, KnownFile, KnownPart, ReadAs, WithdrawnPart
from qa.storage.records.contents import Contents
from qa.storage.records.locations import KEPT, RESTORED, aside_part, hand_over, places_of
from qa.storage.records.write import drop

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping

    from qa.storage.statements import Statements

# Maximum number of stored refusals of a file. A file with more refusals is read again each time.
_MOST_REFUSALS = 1_000


class Files(Contents):
    """Reads and changes what the records know about files."""

    def prune(self, places: Iterable[HeldLocation]) -> tuple[str, ...]:
        """Forget places, and remove the documents that then have no place. Return the removed documents' ids.

        All is one transaction.
        """
        with self.database.writing() as db:
            removed = []
            for place in places:
                numbers = [location.number for location in places_of(db, place.document)]
                if numbers == [place.number]:
                    drop(db, self.database.full_text, place.document)
                    removed.append(place.document_id)
                elif place.number in numbers:
                    db.execute("DELETE FROM locations WHERE number = ?", (place.number,))
                    hand_over(db, place.document)
            return tuple(removed)

    def mark_reported_gone(self, places: Iterable[HeldLocation]) -> None:
        """Remember that the user was told that these places are gone.

        Restored documents at these places are not reported as gone again. The generation stays.
        """
        numbers = json.dumps([place.number for place in places])
        with self.database.writing(counted=False) as db:
            of_these = (
                "made_by = ?1 AND {} IN (SELECT document FROM locations "
                "WHERE made_by = ?1 AND number IN (SELECT CAST(value AS BIGINT) FROM json_each(?2)))"
            )
            for table, key in (("documents", "serial"), ("locations", "document")):
                db.execute(
                    f"UPDATE {table} SET made_by = ?3 WHERE {of_these.format(key)}",
                    (RESTORED, numbers, KEPT),
                )

    def stands(self, ids: Collection[str]) -> dict[str, int]:
        """Count the places at which each document stands, by id. Leave out ids that do not exist."""
        with self.database.reading() as db:
            rows = db.execute(
                "SELECT id, count(*) FROM documents JOIN locations ON document = serial "
                "WHERE id IN (SELECT value FROM json_each(?)) GROUP BY id ORDER BY id",
                (json.dumps(list(ids)),),
            )
            return dict(rows.fetchall())

    def to_be_read(self) -> tuple[str, ...]:
        """List the files that must be read again, because they are now the first place of a document."""
        with self.database.reading() as db:
            rows = db.execute(
                "SELECT DISTINCT path FROM locations WHERE made_by = '' ORDER BY path"
            ).fetchall()
        return tuple(path for (path,) in rows)

    def put_files(self, files: Iterable[FileRecord], read_as: Mapping[str, ReadAs]) -> None:
        """Record files that were read to their ends, in one transaction. The generation stays.

        `read_as` says how to read some of the files, by path, from now on.
        """
        files = list(files)
        names = [f"file {path}" for path in (*(file.path for file in files), *read_as)]
        with self.database.writing(counted=False, names=names) as db:
            for file in files:
                _put_file(db, file)
            for path, options in read_as.items():
                _put_read_as(db, path, options)

    def known_file(self, path: str) -> KnownFile:
        """Read the library's knowledge about a file."""
        return self.known_files([path])[0]

    def known_files(self, paths: Iterable[str]) -> list[KnownFile]:
        """Read the library's knowledge about files, in their order."""
        with self.database.reading() as db:
            return [_known_file(db, path) for path in paths]

    def row_text(self, path: str, part: str) -> str:
        """Return the text of a row at the last reading, or "" if there is no such row."""
        with self.database.reading() as db:
            row = db.execute(
                "SELECT text FROM locations JOIN documents ON serial = document "
                "WHERE locations.path = ?1 AND part = ?2 UNION ALL "
                "SELECT text FROM withdrawn JOIN versions ON number = version WHERE path = ?1 AND part = ?2",
                (path, part),
            ).fetchone()
            return str(row[0]) if row else ""

    def renumber(self, path: str, was: Mapping[str, str], now: Container[str]) -> None:
        """Move stored and removed documents with their rows, in one transaction. The generation stays.

        `was` maps parts of `now` to the rows' former parts. If a document's part now belongs to another row,
        and no row follows the document, it gets a part that no file gives.
        """
        with self.database.writing(counted=False) as db:
            becomes = {before: part for part, before in was.items()}
            for held, put in (
                (
                    "SELECT part, document FROM locations WHERE path = ?",
                    "UPDATE locations SET part = ? WHERE path = ? AND part = ?",
                ),
                (
                    "SELECT part, version FROM withdrawn WHERE path = ?",
                    "UPDATE withdrawn SET part = ? WHERE path = ? AND part = ?",
                ),
            ):
                aside = {
                    part: aside_part(part, number)
                    for part, number in db.execute(held, (path,)).fetchall()
                    if (part in becomes or part in now) and becomes.get(part) != part
                }
                db.executemany(put, [(other, path, part) for part, other in aside.items()])
                db.executemany(put, [(becomes[part], path, aside[part]) for part in aside if part in becomes])
            db.execute("DELETE FROM files WHERE path = ?", (path,))  # it must be read again to its end

    def places_in(
        self, path: str, *, folder: bool = False, beside: Container[str] = ()
    ) -> tuple[HeldLocation, ...]:
        """List the places in a file, or in all files under a folder, in order of path and part.

        Leave out the parts in `beside`, which the caller knows. They may be a million.
        """
        with self.database.reading() as db:
            first, end = path, f"{path}\1"  # no file name sorts between them, as no file name has a NUL
            if folder:
                first = path.rstrip(os.sep) + os.sep
                end = first[:-1] + chr(ord(os.sep) + 1)
            rows = db.execute(
                "SELECT locations.number, locations.path, part, document, id, locations.format, "
                "locations.made_by = ? FROM locations JOIN documents ON serial = document "
                "WHERE locations.path >= ? AND locations.path < ? ORDER BY locations.path, part",
                (KEPT, first, end),
            )
            places = (HeldLocation(*columns, kept=bool(kept)) for *columns, kept in rows)  # type: ignore[misc]
            return tuple(place for place in places if place.part not in beside)

    def sources(self) -> list[str]:
        """List the paths of the files of all documents and earlier texts, without uploads."""
        with self.database.reading() as db:
            rows = db.execute(
                "SELECT path FROM locations UNION SELECT path FROM withdrawn "
                "UNION SELECT json_extract(held, '$.path') FROM versions "
                "UNION SELECT json_extract(value, '$.path') FROM versions, json_each(held, '$.locations') "
                "ORDER BY 1"
            )
            return [path for (path,) in rows if not path.startswith(UPLOAD)]


def _known_file(db: Statements, path: str) -> KnownFile:
    """Read the library's knowledge about a file."""
    rows = db.execute(
        "SELECT part, id, locations.format, locations.source_sha256, locations.sha256, locations.made_by, "
        "passages, notes FROM locations JOIN documents ON serial = document WHERE locations.path = ? "
        "ORDER BY locations.number",
        (path,),
    )
    parts = {
        part: KnownPart(
            document_id,
            form,
            source_sha256,
            sha256,
            made_by,
            passages,
            tuple(map(stored.text, stored.items(notes))),
        )
        for part, document_id, form, source_sha256, sha256, made_by, passages, notes in rows
    }
    withdrawn = {
        part: WithdrawnPart(*values)
        for part, *values in db.execute(
            "SELECT part, document, source_sha256, sha256 FROM withdrawn JOIN versions ON number = version "
            "WHERE path = ? AND source_sha256 != '' ORDER BY part",
            (path,),
        )
    }
    purged = db.execute("SELECT source_sha256 FROM purged WHERE path_sha256 = ?", (sha256_text(path),))
    return KnownFile(
        path,
        parts,
        withdrawn,
        frozenset(source_sha256 for (source_sha256,) in purged),
        _last(db, path),
        _read_as(db, path),
    )


def _last(db: Statements, path: str) -> FileRecord | None:
    """Return the record of a file's last complete reading, or None if the file must be read."""
    row = db.execute(
        "SELECT sha256, made_by, documents, refused FROM files WHERE path = ?", (path,)
    ).fetchone()
    if row is None:
        return None
    sha256, made_by, documents, refused = row
    failures = tuple(
        FileResult(shown, status, error=Failure(code, message))
        for shown, status, code, message in stored.items(refused)
    )
    return FileRecord(path, sha256, made_by, documents, failures)


def _read_as(db: Statements, path: str) -> ReadAs:
    """Return a person's choice of how to read a file."""
    row = db.execute("SELECT date_order, columns FROM read_as WHERE path = ?", (path,)).fetchone()
    return (
        ReadAs(row[0], tuple((field, column) for field, column in stored.items(row[1]))) if row else ReadAs()
    )


def _put_file(db: Statements, file: FileRecord) -> None:
    """Record that a file was read to its end, and that all its documents are stored.

    If the library still has documents of the file that the file no longer gives, the file is not recorded. It
    is read again until those documents are removed, so that they are named each time.
    """
    refused = json.dumps(
        [
            (refusal.path, refusal.status, refusal.error.code, refusal.error.message)
            for refusal in file.refused
            if refusal.error
        ]
    )
    (held,) = db.execute("SELECT count(*) FROM locations WHERE path = ?", (file.path,)).fetchone()
    whole = held == file.documents or not file.documents
    if not file.refused:  # a refused part may be a purged document
        db.execute(
            "DELETE FROM purged WHERE path_sha256 = ? "
            "AND source_sha256 NOT IN (SELECT value FROM json_each(?))",
            (sha256_text(file.path), json.dumps(list(file.purged))),
        )
    db.execute("DELETE FROM files WHERE path = ?", (file.path,))
    if whole and len(file.refused) <= _MOST_REFUSALS:
        db.execute(
            "INSERT INTO files (path, sha256, made_by, documents, refused) VALUES (?, ?, ?, ?, ?)",
            (file.path, file.sha256, file.made_by, file.documents, refused),
        )


def _put_read_as(db: Statements, path: str, options: ReadAs) -> None:
    """Store how to read a file, unless the options are the default options."""
    db.execute("DELETE FROM read_as WHERE path = ?", (path,))
    if options != ReadAs():
        db.execute(
            "INSERT INTO read_as (path, date_order, columns) VALUES (?, ?, ?)",
            (path, options.date_order, json.dumps(options.columns)),
        )
