"""Where documents come from: the places at which each stands, and the files as they were read last.

A *location* is a file, or a part of one (a record, a member of an archive): `path` and `part`, which is ""
for a file that is one document. A document has one or more; its text is that of the first. All here works on
a connection of the store's, inside its transactions.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.document.identity import RECORDS, agree, certain, certain_of
from qa.schema import UPLOAD, Failure, FileResult, sha256_text
from qa.storage import columns as stored
from qa.storage.files import is_gone
from qa.storage.intake_port import FileRecord, HeldLocation, KnownFile, KnownPart, ReadAs, WithdrawnPart
from qa.storage.records.corrections import found_in

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from qa.storage.intake_port import ReadDocument

# In `made_by`, of a place of a document that a person has put back: as long as its file was not read since,
# and once it was said that this is gone.
RESTORED, KEPT = "restored", "kept"
# Refusals that are kept of a file; one with more is read again each time.
_MOST_REFUSALS = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a document.

    Attributes:
        path: the file.
        part: the part of it.
        format: the format that the document was read in there.
        number: the location's number.
    """

    path: str
    part: str
    format: str
    number: int


@dataclass(frozen=True, slots=True)
class Target:
    """Which document a source is.

    Attributes:
        number: the document's number; None for a new one.
        gives_text: whether the document's text is to be this source's.
        former: the number of the document that stood at this place before.
        former_is_homeless: whether that one stands nowhere else.
        missing: the numbers of locations of files that are not there now.
        same_place: whether the document stands at this very place already.
        keeps_former_id: whether this source keeps the id of `former`, which stands on at its other places.
        new_words: whether no document has its words.
    """

    number: int | None
    gives_text: bool = True
    former: int | None = None
    former_is_homeless: bool = False
    missing: tuple[int, ...] = ()
    same_place: bool = False
    keeps_former_id: bool = False
    new_words: bool = False


def target(db: sqlite3.Connection, read: ReadDocument) -> Target:
    """Find which document a source is: the one that stands there, unless its words are now another's.

    Otherwise it is the one that has its words (see `_same`): copied there, or moved, where a file that it was
    in is gone. Of a document that stands in other files too, the first keeps the id when it has other words.
    """
    document = read.document
    here = db.execute(
        "SELECT document, locations.number, "
        "documents.sha256 = ? OR (words_sha256 = ? AND words_sha256 != '') FROM locations "
        "JOIN documents ON serial = document WHERE locations.path = ? AND part = ?",
        (document.sha256, read.words, document.path, read.part),
    ).fetchone()
    former = None
    is_first = is_homeless = False
    if here:
        former, number, has_words = here
        places = places_of(db, former)
        is_first, is_homeless = places[0].number == number, len(places) == 1
        if has_words:
            return Target(former, gives_text=is_first, same_place=True)
    other = _same(db, read)
    if other is None and is_homeless:
        return Target(former, same_place=True, new_words=True)
    if other is None:
        return Target(None, former=former, keeps_former_id=is_first, new_words=True)
    places = places_of(db, other)
    missing = tuple(each.number for each in places if is_gone(each.path))
    held = db.execute(
        "SELECT sha256, format, source_sha256, made_by FROM documents WHERE serial = ?", (other,)
    ).fetchone()
    # The same bytes that were moved are left as they are: what was made of them, by whatever title, holds.
    same = document.sha256, document.format, document.source_sha256, read.made_by
    gives_text = len(missing) == len(places) and held != same
    return Target(other, gives_text, former, is_homeless, missing)


def places_of(db: sqlite3.Connection, document: int) -> list[Place]:
    """List the places of a document, in order."""
    rows = db.execute(
        "SELECT path, part, format, number FROM locations WHERE document = ? ORDER BY number", (document,)
    )
    return [Place(*row) for row in rows]


def _same(db: sqlite3.Connection, read: ReadDocument) -> int | None:
    """Find the document that this one is a copy of.

    A record has the same id and text, or was the same row of a table that is gone. All else has the same
    bytes or words, and no other publisher, number or date: the same words at two outlets, or on two days, are
    two documents.
    """
    document = read.document
    if document.format in RECORDS:
        named = db.execute(
            "SELECT serial FROM documents WHERE sha256 = ? AND given_id = ? ORDER BY serial",
            (document.sha256, document.id),
        ).fetchone()
        if named:
            return int(named[0])
        rows = db.execute(
            "SELECT serial, locations.path FROM documents JOIN locations ON document = serial "
            "WHERE documents.sha256 = ? AND part = ? AND locations.source_sha256 = ? "
            "AND locations.format = ? ORDER BY serial",
            (document.sha256, read.part, document.source_sha256, document.format),
        ).fetchall()
        return next((int(serial) for serial, path in rows if is_gone(path)), None)
    same_bytes = db.execute(
        "SELECT serial, publisher, documents.number, date, found "
        "FROM documents JOIN locations ON document = serial "
        "WHERE documents.sha256 = ? AND locations.source_sha256 = ? AND locations.source_sha256 != '' "
        "AND locations.format NOT IN (SELECT value FROM json_each(?)) ORDER BY serial",
        (document.sha256, document.source_sha256, json.dumps(RECORDS)),
    ).fetchall()
    same_words = db.execute(
        "SELECT serial, publisher, number, date, found FROM documents "
        "WHERE words_sha256 = ? AND words_sha256 != '' AND format NOT IN (SELECT value FROM json_each(?)) "
        "ORDER BY serial",
        (read.words, json.dumps(RECORDS)),
    ).fetchall()
    mine = certain_of(document)
    for serial, publisher, number, day, found in (*same_bytes, *same_words):
        if agree(mine, certain((publisher, number, day), found_in(found))):
            return int(serial)
    return None


def id_of_next(places: Sequence[Place], given_id: str) -> str:
    """Give the id that a document is given at the second of its places, by the one given at its first."""
    first, second = places[:2]
    if second.format in RECORDS and second.part == given_id:
        return given_id
    name = given_id.removesuffix(first.part)
    root = first.path.removesuffix(name) if first.path.endswith(os.sep + name) else ""
    if second.path.startswith(UPLOAD):
        name = second.path.removeprefix(UPLOAD)
    elif root and second.path.startswith(root):
        name = second.path.removeprefix(root)
    else:
        name = os.path.basename(second.path)  # noqa: PTH119 -- as text
    return f"{name}{second.part}"


def put_location(db: sqlite3.Connection, number: int, read: ReadDocument) -> None:
    """Say that a document stands where it was read, after the places where it stands already."""
    document = read.document
    db.execute(
        "DELETE FROM locations WHERE path = ? AND part = ? AND document != ?",
        (document.path, read.part, number),
    )
    db.execute(
        "INSERT INTO locations (path, part, document, format, source_sha256, sha256, made_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path, part) DO UPDATE SET format = excluded.format, "
        "source_sha256 = excluded.source_sha256, sha256 = excluded.sha256, made_by = excluded.made_by "
        "WHERE (format, source_sha256, sha256, made_by) "
        "!= (excluded.format, excluded.source_sha256, excluded.sha256, excluded.made_by)",
        (
            *(document.path, read.part, number, document.format),
            *(document.source_sha256, document.sha256, read.made_by),
        ),
    )


def displace(db: sqlite3.Connection, document: int) -> HeldLocation:
    """Make the one place of a document free for another, as one more part of its file, and give that.

    Its words may stand in a file that is yet to be read, as when two files change places; who reads files
    forgets the place afterwards. A run that is broken off leaves a part that the next one finds gone.
    """
    number, path, part, document_id, form = db.execute(
        "SELECT locations.number, locations.path, part, id, locations.format FROM locations "
        "JOIN documents ON serial = document WHERE document = ?",
        (document,),
    ).fetchone()
    aside = aside_part(part, document)
    db.execute("UPDATE locations SET part = ? WHERE number = ?", (aside, number))
    db.execute("DELETE FROM files WHERE path = ?", (path,))  # as read last, it does not give this one
    return HeldLocation(number, path, aside, document, document_id, form)


def aside_part(part: str, document: int) -> str:
    """Name the part at which a document stands whose own is another's now: no file gives it."""
    return f"{part}~{document}"


def known_file(db: sqlite3.Connection, path: str) -> KnownFile:
    """Read what is known of a file."""
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


def _last(db: sqlite3.Connection, path: str) -> FileRecord | None:
    """Read how a file was read last; None where it is to be read."""
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


def _read_as(db: sqlite3.Connection, path: str) -> ReadAs:
    """Read how a person said that a file is to be read."""
    row = db.execute("SELECT date_order, columns FROM read_as WHERE path = ?", (path,)).fetchone()
    return (
        ReadAs(row[0], tuple((field, column) for field, column in stored.items(row[1]))) if row else ReadAs()
    )


def row_text(db: sqlite3.Connection, path: str, part: str) -> str:
    """Read the text of a row as it was read last."""
    found = db.execute(
        "SELECT text FROM locations JOIN documents ON serial = document "
        "WHERE locations.path = ?1 AND part = ?2 UNION ALL "
        "SELECT text FROM withdrawn JOIN versions ON number = version WHERE path = ?1 AND part = ?2",
        (path, part),
    ).fetchone()
    return str(found[0]) if found else ""


def prune(
    db: sqlite3.Connection, places: Iterable[HeldLocation], drop: Callable[[int], object]
) -> tuple[str, ...]:
    """Forget places; return the ids of documents that then stood nowhere, and were dropped by number."""
    removed = []
    for place in places:
        numbers = [each.number for each in places_of(db, place.document)]
        if numbers == [place.number]:
            drop(place.document)
            removed.append(place.document_id)
        elif place.number in numbers:
            db.execute("DELETE FROM locations WHERE number = ?", (place.number,))
            hand_over(db, place.document)
    return tuple(removed)


def renumber(db: sqlite3.Connection, path: str, was: Mapping[str, str], now: Container[str]) -> None:
    """Let documents, and what was removed, follow their rows: `was` tells what parts of `now` were before.

    What stood at one of these and is none of the rows is set aside, as one more part, for no file gives it.
    """
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
    db.execute("DELETE FROM files WHERE path = ?", (path,))  # until it was read to its end


def mark_reported_gone(db: sqlite3.Connection, places: Iterable[int]) -> None:
    """Remember that the user was told that these places, by number, are gone: of what was restored, once."""
    of_these = (
        "made_by = ?1 AND {} IN (SELECT document FROM locations "
        "WHERE made_by = ?1 AND number IN (SELECT value FROM json_each(?2)))"
    )
    for table, key in (("documents", "serial"), ("locations", "document")):
        db.execute(
            f"UPDATE {table} SET made_by = ?3 WHERE {of_these.format(key)}",  # noqa: S608
            (RESTORED, json.dumps(list(places)), KEPT),
        )


def hand_over(db: sqlite3.Connection, document: int) -> None:
    """Let a document follow the first of its places.

    Where the text there is another, in its white space say, or the same was made of other bytes or in another
    way, its file is to be read again: nothing is known of that until it was. What a person has put back stays
    as it is until then.
    """
    first = db.execute(
        "SELECT number, path, format, source_sha256, sha256, made_by FROM locations "
        "WHERE document = ? ORDER BY number LIMIT 1",
        (document,),
    ).fetchone()
    number, path, form, source_sha256, sha256, made_by = first
    followed, *made = db.execute(
        "SELECT path, sha256, format, source_sha256, made_by FROM documents WHERE serial = ?", (document,)
    ).fetchone()
    if made_by not in (RESTORED, KEPT) and made != [sha256, form, source_sha256, made_by]:
        made_by = ""
        db.execute("UPDATE locations SET made_by = '' WHERE number = ?", (number,))
        db.execute("DELETE FROM files WHERE path = ?", (path,))
    if (followed, *made) != (path, sha256, form, source_sha256, made_by):
        db.execute(
            "UPDATE documents SET path = ?, format = ?, source_sha256 = ?, made_by = ? WHERE serial = ?",
            (path, form, source_sha256, made_by, document),
        )


def put_file(db: sqlite3.Connection, file: FileRecord) -> None:
    """Record that a file was read to its end, and all that it gave is held.

    A file is not recorded while there are documents of it which it no longer gives: it is read again until
    these were removed, so that they are named each time.
    """
    refused = json.dumps(
        [(each.path, each.status, each.error.code, each.error.message) for each in file.refused if each.error]
    )
    (held,) = db.execute("SELECT count(*) FROM locations WHERE path = ?", (file.path,)).fetchone()
    whole = held == file.documents or not file.documents
    if not file.refused:  # what was refused may be what was purged
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


def put_read_as(db: sqlite3.Connection, path: str, options: ReadAs) -> None:
    """Remember how a file is to be read, unless that is as any other."""
    db.execute("DELETE FROM read_as WHERE path = ?", (path,))
    if options != ReadAs():
        db.execute(
            "INSERT INTO read_as (path, date_order, columns) VALUES (?, ?, ?)",
            (path, options.date_order, json.dumps(options.columns)),
        )


def places_in(db: sqlite3.Connection, path: str, *, folder: bool) -> Iterator[HeldLocation]:
    """Yield the locations in a file, or in the files of a folder and its subfolders, by path and part."""
    first, end = path, f"{path}\0"  # no name of a file lies between these
    if folder:
        first = path.rstrip(os.sep) + os.sep
        end = first[:-1] + chr(ord(os.sep) + 1)
    rows = db.execute(
        "SELECT locations.number, locations.path, part, document, id, locations.format, "
        "locations.made_by = ? FROM locations JOIN documents ON serial = document "
        "WHERE locations.path >= ? AND locations.path < ? ORDER BY locations.path, part",
        (KEPT, first, end),
    )
    return (HeldLocation(*row) for row in rows)
