"""The places of documents: finds the document that a source becomes, and changes its places.

A *location* or place is a file, or a part of a file (a record, a member of an archive). It has a `path` and
a `part`. The part of a file that is one document is "". A document has one or more locations. The document's
text is the text at its first location. Each function works inside a transaction of the store.
"""

# ruff: noqa: S608 -- statements are built from constants. Values from outside are always bound.

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.document.identity import RECORDS, agree, certain, certain_of
from qa.schema import UPLOAD
from qa.storage.files import is_gone
from qa.storage.intake_values import HeldLocation
from qa.storage.records.corrections import found_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.storage.intake_values import ReadDocument
    from qa.storage.statements import Statements

# `made_by` at the places of a restored document: RESTORED until the file is read again, and KEPT once the
# user was told that the file is gone.
RESTORED, KEPT = "restored", "kept"
_RECORDS = str(RECORDS)  # as SQL


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a document.

    Attributes:
        path: the file.
        part: the part of the file.
        format: the format of the document there.
        number: the location's number.
    """

    path: str
    part: str
    format: str
    number: int


@dataclass(frozen=True, slots=True)
class Target:
    """The document that a source (a document as it was read) becomes.

    Attributes:
        number: the document's number, or None for a new document.
        gives_text: whether the document gets this source's text.
        former: the number of another document that stood at this place before, or None.
        former_is_homeless: whether `former` has no other place.
        missing: the numbers of the document's locations whose files are gone.
        same_place: whether the document stands at this place already.
        keeps_former_id: whether this source takes the id of `former`, which keeps its other places.
        new_words: whether no document has the source's words.
    """

    number: int | None
    gives_text: bool = True
    former: int | None = None
    former_is_homeless: bool = False
    missing: tuple[int, ...] = ()
    same_place: bool = False
    keeps_former_id: bool = False
    new_words: bool = False


def target(db: Statements, read: ReadDocument) -> Target:
    """Find the document that a source becomes.

    1. If the document at the source's place has the source's words, the source is that document.
    2. Otherwise, if another document has the source's words (see `_same`), the source is that document. It
       was moved here if one of its files is gone, or else copied.
    3. Otherwise, if the document at the source's place has no other place, the source is that document, with
       new words.
    4. Otherwise the source is a new document. If its place is the first place of a document with other
       places, the source takes over that document's id.
    """
    document = read.document
    location = db.execute(
        "SELECT document, locations.number, "
        "documents.sha256 = ? OR (words_sha256 = ? AND words_sha256 != '') FROM locations "
        "JOIN documents ON serial = document WHERE locations.path = ? AND part = ?",
        (document.sha256, read.words, document.path, read.part),
    ).fetchone()
    former = None
    is_first = is_homeless = False
    if location:
        former, number, has_words = location
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
    missing = tuple(place.number for place in places if is_gone(place.path))
    held = db.execute(
        "SELECT sha256, format, source_sha256, made_by FROM documents WHERE serial = ?", (other,)
    ).fetchone()
    # A file that was only moved changes nothing in the document, even if a new reading gives another title.
    same = document.sha256, document.format, document.source_sha256, read.made_by
    gives_text = len(missing) == len(places) and held != same
    return Target(other, gives_text, former, is_homeless, missing)


def places_of(db: Statements, document: int) -> list[Place]:
    """List the places of a document, in order."""
    rows = db.execute(
        "SELECT path, part, format, number FROM locations WHERE document = ? ORDER BY number", (document,)
    )
    return [Place(*row) for row in rows]


def _same(db: Statements, read: ReadDocument) -> int | None:
    """Find the document that a read document is a copy of.

    A record is a copy if it has the same id and text, or if it was the same row of a file that is gone. Any
    other document is a copy if it has the same bytes or words, and no other publisher, number or date. The
    same words at two outlets, or on two days, are two documents.
    """
    document = read.document
    if document.format in RECORDS:
        row = db.execute(
            "SELECT serial FROM documents WHERE sha256 = ? AND given_id = ? ORDER BY serial",
            (document.sha256, document.id),
        ).fetchone()
        if row:
            return int(row[0])
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
        f"AND locations.format NOT IN {_RECORDS} ORDER BY serial",
        (document.sha256, document.source_sha256),
    ).fetchall()
    same_words = db.execute(
        "SELECT serial, publisher, number, date, found FROM documents "
        f"WHERE words_sha256 = ? AND words_sha256 != '' AND format NOT IN {_RECORDS} "
        "ORDER BY serial",
        (read.words,),
    ).fetchall()
    mine = certain_of(document)
    for serial, publisher, number, day, found in (*same_bytes, *same_words):
        if agree(mine, certain((publisher, number, day), found_in(found))):
            return int(serial)
    return None


def id_of_next(places: Sequence[Place], given_id: str) -> str:
    """Return a document's id by its second place, from the id that it was given by its first place."""
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


def put_location(db: Statements, number: int, read: ReadDocument) -> None:
    """Store the place where a document was read, after the document's other places."""
    document = read.document
    db.execute(
        "INSERT INTO locations (path, part, document, format, source_sha256, sha256, made_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path, part) DO UPDATE SET format = excluded.format, "
        "source_sha256 = excluded.source_sha256, sha256 = excluded.sha256, made_by = excluded.made_by "
        "WHERE (locations.format, locations.source_sha256, locations.sha256, locations.made_by) "
        "!= (excluded.format, excluded.source_sha256, excluded.sha256, excluded.made_by)",
        (
            *(document.path, read.part, number, document.format),
            *(document.source_sha256, document.sha256, read.made_by),
        ),
    )


def displace(db: Statements, document: int) -> HeldLocation:
    """Free the only place of a document for another document. Return the displaced document's new place.

    The new place is one more part of the same file. The displaced words may stand in a file that is yet to be
    read, as when two files are swapped. Afterwards the reader of files forgets the new place. If a run is
    interrupted, the next run finds that the part is gone.
    """
    number, path, part, document_id, form = db.execute(
        "SELECT locations.number, locations.path, part, id, locations.format FROM locations "
        "JOIN documents ON serial = document WHERE document = ?",
        (document,),
    ).fetchone()
    aside = aside_part(part, document)
    db.execute("UPDATE locations SET part = ? WHERE number = ?", (aside, number))
    db.execute("DELETE FROM files WHERE path = ?", (path,))  # the last reading did not give this part
    return HeldLocation(number, path, aside, document, document_id, form)


def aside_part(part: str, document: int) -> str:
    """Return the part for a document whose own part now belongs to another. No file gives such a part."""
    return f"{part}~{document}"


def hand_over(db: Statements, document: int) -> None:
    """Copy the path, format and source of a document's first place to the document.

    If that place has another text (for example other white space), other bytes or another reader, its file
    must be read again: delete the file's record. A restored document stays as it is until its file is read.
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
