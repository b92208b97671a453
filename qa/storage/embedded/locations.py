"""Where documents come from: the places at which each stands, and the files as they were read last.

A *location* is a file, or a part of one (a record, a member of an archive): `path` and `part`, which is ""
for a file that is one document. A document has one or more; its text is that of the first. All here works on
a connection of the store's, inside its transactions.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from qa.document.row_identity import TABLES, Row, is_row
from qa.schema import Failure, FileResult, Found, sha256_text
from qa.storage import columns as stored
from qa.storage.embedded.corrections import found_in

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from qa.formats.dates import DateOrder
    from qa.schema import Document, Span

# Formats whose records have ids of their own, by which scripts know them: none is merged with another.
RECORDS = ("jsonl", "csv", "json", "xlsx")
# In `made_by`, of a place of a document that a person has put back: as long as its file was not read since,
# and once it was said that this is gone.
RESTORED, KEPT = "restored", "kept"
_BYTE = re.compile(r"\\x([89a-f][0-9a-f])")
_WORD = re.compile(r"[^\W_]+")
# Refusals that are kept of a file; one with more is read again each time.
_MOST_REFUSALS = 1_000


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """A place at which a document stands, the SHA-256 (hex) of the text there and of the bytes it is from."""

    path: str
    part: str
    format: str
    source_sha256: str
    sha256: str
    made_by: str


@dataclass(frozen=True, slots=True)
class PlaceInFile:
    """A place of a document, and the number of its location; None where that is only foreseen."""

    path: str
    part: str
    format: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that was read to its end: its bytes' SHA-256, how many documents it gave, what was refused.

    And what was left out, as it was purged: the hashes by which that is known.
    """

    path: str
    sha256: str
    made_by: str
    documents: int
    refused: tuple[FileResult, ...] = ()
    purged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadAs:
    """How a person said that a file is to be read (`qa.formats.source.Options`), until another is said."""

    date_order: DateOrder = "auto"
    columns: tuple[tuple[str, str], ...] = ()


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
        place: the number of the location at this place.
        new_words: whether no document has its words.
    """

    number: int | None
    gives_text: bool = True
    former: int | None = None
    former_is_homeless: bool = False
    missing: tuple[int, ...] = ()
    same_place: bool = False
    keeps_former_id: bool = False
    place: int | None = None
    new_words: bool = False


@dataclass(frozen=True, slots=True)
class HeldLocation:
    """A location of a document that is held; `kept` where it is known to be gone, and a person wants it."""

    number: int
    path: str
    part: str
    document: int
    document_id: str
    format: str
    kept: bool = False


def default_part(document: Document) -> str:
    """Give the part that a document is of its file, where nothing else says so."""
    return document.id if document.format in RECORDS else ""


def words_sha256(text: str, furniture: Iterable[Span] = ()) -> str:
    """Hash the words of a text: the same text in another format has the same. "" for a text without words.

    Letters and digits count, NFKC and case-folded; page furniture does not.
    """
    ends = [0, *(end for span in furniture for end in (span.start, span.end)), len(text)]
    kept = "\n".join(text[start:end] for start, end in list(pairwise(ends))[::2])
    words = " ".join(_WORD.findall(unicodedata.normalize("NFKC", kept).casefold()))
    return hashlib.sha256(words.encode()).hexdigest() if words else ""


def is_gone(path: str) -> bool:
    """Whether a file is certainly not there, or a folder: one that may not be looked for may be there."""
    if "\ufffd" in path:  # so a library of before has a name that is not UTF-8
        return False
    # As it is written, and with the bytes that it may stand for (`qa.schema.printable`).
    unwritten = _BYTE.sub(lambda byte: chr(0xDC00 + int(byte[1], 16)), path)
    return all(_is_gone(name) for name in dict.fromkeys((path, unwritten)))


def _is_gone(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False


def target(
    db: sqlite3.Connection,
    document: Document,
    words: str,
    part: str,
    made_by: str = "",
    ahead: Foreseen | None = None,
) -> Target:
    """Find which document a source is: the one that stands there, unless its words are now another's.

    Otherwise it is the one that has its words (see `_same`): copied there, or moved, where a file that it was
    in is gone. Of a document that stands in other files too, the first keeps the id when it has other words.
    `ahead` is what will have changed by then.
    """
    here = db.execute(
        "SELECT document, locations.number, "
        "documents.sha256 = ? OR (words_sha256 = ? AND words_sha256 != '') FROM locations "
        "JOIN documents ON serial = document WHERE locations.path = ? AND part = ?",
        (document.sha256, words, document.path, part),
    ).fetchone()
    left = place = None
    first = alone = False
    if here:
        left, place, known = here
        places = stands(db, left, ahead)
        first, alone = place in {each.number for each in places[:1]}, len(places) == 1
        if known:
            return Target(left, gives_text=first, same_place=True)
    other = _same(db, document, words, part, ahead.changed if ahead else ())
    if other is None and alone:
        return Target(left, same_place=True, place=place, new_words=True)
    if other is None:
        return Target(None, former=left, keeps_former_id=first, place=place, new_words=True)
    places = stands(db, other, ahead)
    dead = tuple(at.number for at in places if at.number is not None and is_gone(at.path))
    held = db.execute(
        "SELECT sha256, format, source_sha256, made_by FROM documents WHERE serial = ?", (other,)
    ).fetchone()
    # The same bytes that were moved are left as they are: what was made of them, by whatever title, holds.
    mine = document.sha256, document.format, document.source_sha256, made_by
    leads = len(dead) == len(places) and held != mine
    return Target(other, leads, left, alone, dead, place=place)


def stands(db: sqlite3.Connection, document: int, ahead: Foreseen | None = None) -> list[PlaceInFile]:
    """List the places of a document, in order."""
    rows = db.execute(
        "SELECT path, part, format, number FROM locations WHERE document = ? ORDER BY number", (document,)
    )
    places = [PlaceInFile(*row) for row in rows]
    if ahead is None:
        return places
    return [place for place in places if place.number not in ahead.lost] + ahead.more[document]


def _same(
    db: sqlite3.Connection, document: Document, words: str, part: str, changed: Container[int]
) -> int | None:
    """Find the document that this one is a copy of, beside those that have `changed`.

    A record has the same id and text, or was the same row of a table that is gone. All else has the same
    bytes or words, and no other publisher, number or date: the same words at two outlets, or on two days, are
    two documents.
    """
    if document.format in RECORDS:
        named = db.execute(
            "SELECT serial FROM documents WHERE sha256 = ? AND given_id = ? ORDER BY serial",
            (document.sha256, document.id),
        ).fetchall()
        if theirs := [int(serial) for (serial,) in named if serial not in changed]:
            return theirs[0]
        rows = db.execute(
            "SELECT serial, locations.path FROM documents JOIN locations ON document = serial "
            "WHERE documents.sha256 = ? AND part = ? AND locations.source_sha256 = ? "
            "AND locations.format = ? ORDER BY serial",
            (document.sha256, part, document.source_sha256, document.format),
        ).fetchall()
        return next((int(serial) for serial, path in rows if serial not in changed and is_gone(path)), None)
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
        (words, json.dumps(RECORDS)),
    ).fetchall()
    mine = certain_of(document)
    for serial, publisher, number, day, found in (*same_bytes, *same_words):
        if serial not in changed and agree(mine, certain((publisher, number, day), found_in(found))):
            return int(serial)
    return None


class Foreseen:
    """What will have changed once documents are in the store that are not there yet.

    `lost` are the numbers of places that others will have taken or that will be forgotten, `more` are the new
    ones of documents, by their numbers; the text of those `changed` will be another, and so the ids of those
    `parted`: what each is given, and held under. `ids` are those that will be taken.
    """

    def __init__(self) -> None:
        # What is certain of a text that is new, and the id and number of its document.
        self._held: dict[str, list[tuple[tuple[str, ...], str, int | None]]] = {}
        self.ids: set[str] = set()
        self.lost: set[int] = set()
        self.more: defaultdict[int, list[PlaceInFile]] = defaultdict(list)
        self.changed: set[int] = set()
        self.new_ids: dict[int, tuple[str, str]] = {}

    def renamed(self, number: int, held_id: str) -> str:
        """Give the id that a document will have."""
        return self.new_ids.get(number, ("", held_id))[1]

    def copied(self, document: Document, part: str, to: Target) -> str | None:
        """Give the id of the document that one with new words is a copy of, and take note that it is."""
        mine = certain_of(document)
        for theirs, held_id, number in self._held.get(_as_copied(document), []):
            if agree(mine, theirs):
                self.lost.update([to.place] if to.place is not None else [])
                if number is not None:
                    self.more[number].append(PlaceInFile(document.path, part, document.format))
                return held_id
        return None

    def put(self, document: Document, part: str, held_id: str, to: Target) -> None:
        """Take note of where a document will stand, and of what it says if that is new."""
        self.lost.update(to.missing, [to.place] if to.place is not None and not to.same_place else [])
        if to.number is not None and not to.same_place:
            self.more[to.number].append(PlaceInFile(document.path, part, document.format))
        if to.new_words:
            self._held.setdefault(_as_copied(document), []).append((certain_of(document), held_id, to.number))
            self.ids.add(held_id)
            self.changed.update([to.number] if to.number is not None else [])


def _as_copied(document: Document) -> str:
    """Say what copies have in common, but for what is certain of them."""
    if document.format in RECORDS:
        return f"{document.format} {document.id} {document.sha256}"
    same = words_sha256(document.text, document.furniture)
    return same or f"{document.sha256} {document.source_sha256}"


def agree(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Tell whether nothing that is certain of one document is otherwise of another."""
    return all(a == b or not a or not b for a, b in zip(some, others, strict=True))


def certain_of(document: Document) -> tuple[str, ...]:
    """Give what is certain of a document; see `certain`."""
    date = document.date.isoformat() if document.date else ""
    return certain((document.publisher, document.number, date), document.found)


def certain(values: tuple[str, ...], found: Iterable[Found]) -> tuple[str, ...]:
    """Give publisher, number and date as they are compared: without what was guessed, or said by a person."""
    others = {each.field for each in found if each.sure in ("guessed", "corrected")}
    names = ("publisher", "number", "date")
    return tuple(
        "" if name in others else value.casefold() for name, value in zip(names, values, strict=True)
    )


def id_of_next(places: Sequence[PlaceInFile], given_id: str) -> str:
    """Give the id that a document is given at the second of its places, by the one given at its first."""
    first, second = places[:2]
    if second.format in RECORDS and second.part == given_id:
        return given_id
    name = given_id.removesuffix(first.part)
    root = first.path.removesuffix(name) if first.path.endswith(os.sep + name) else ""
    inside = root and second.path.startswith(root)
    its_name = second.path.removeprefix(root) if inside else os.path.basename(second.path)  # noqa: PTH119 -- as text
    return f"{its_name}{second.part}"


def put_location(db: sqlite3.Connection, document: int, location: SourceLocation) -> None:
    """Say that a document stands at a place, after the places where it stands already."""
    values = (document, location.format, location.source_sha256, location.sha256, location.made_by)
    key = location.path, location.part
    held = db.execute(
        "SELECT document, format, source_sha256, sha256, made_by FROM locations WHERE path = ? AND part = ?",
        key,
    ).fetchone()
    if held == values:
        return
    if held and held[0] == document:
        db.execute(
            "UPDATE locations SET document = ?, format = ?, source_sha256 = ?, sha256 = ?, made_by = ? "
            "WHERE path = ? AND part = ?",
            (*values, *key),
        )
        return
    db.execute("DELETE FROM locations WHERE path = ? AND part = ?", key)
    db.execute(
        "INSERT INTO locations (path, part, document, format, source_sha256, sha256, made_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*key, *values),
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


def rows(db: sqlite3.Connection, path: str) -> list[Row]:
    """List the rows of tables in a file: those that are held, and those that a person removed."""
    found = db.execute(
        "SELECT part, source_sha256, sha256 FROM locations WHERE path = ?1 "
        "AND format IN (SELECT value FROM json_each(?2)) UNION ALL "
        "SELECT part, source_sha256, sha256 FROM withdrawn JOIN versions ON number = version "
        "WHERE path = ?1 AND source_sha256 != ''",
        (path, json.dumps(TABLES)),
    )
    return [Row(*row) for row in found if is_row(row[0])]


def row_text(db: sqlite3.Connection, path: str, part: str) -> str:
    """Read the text of a row as it was read last."""
    found = db.execute(
        "SELECT text FROM locations JOIN documents ON serial = document "
        "WHERE locations.path = ?1 AND part = ?2 UNION ALL "
        "SELECT text FROM withdrawn JOIN versions ON number = version WHERE path = ?1 AND part = ?2",
        (path, part),
    ).fetchone()
    return str(found[0]) if found else ""


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


def keep_restored(db: sqlite3.Connection, places: Iterable[int]) -> None:
    """Note of places, by number, that they were said to be gone: it is said once of what was restored."""
    for number in places:
        row = db.execute(
            "SELECT document FROM locations WHERE number = ? AND made_by = ?", (number, RESTORED)
        ).fetchone()
        if row:
            values = (KEPT, row[0], RESTORED)
            db.execute("UPDATE locations SET made_by = ? WHERE document = ? AND made_by = ?", values)
            db.execute("UPDATE documents SET made_by = ? WHERE serial = ? AND made_by = ?", values)


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
    its_path, *made = db.execute(
        "SELECT path, sha256, format, source_sha256, made_by FROM documents WHERE serial = ?", (document,)
    ).fetchone()
    if made_by not in (RESTORED, KEPT) and made != [sha256, form, source_sha256, made_by]:
        made_by = ""
        db.execute("UPDATE locations SET made_by = '' WHERE number = ?", (number,))
        db.execute("DELETE FROM files WHERE path = ?", (path,))
    if (its_path, *made) != (path, sha256, form, source_sha256, made_by):
        db.execute(
            "UPDATE documents SET path = ?, format = ?, source_sha256 = ?, made_by = ? WHERE serial = ?",
            (path, form, source_sha256, made_by, document),
        )


def unchanged(
    db: sqlite3.Connection, path: str, part: str, source_sha256: str, made_by: str
) -> FileResult | None:
    """Tell that what stands at a place was made of the same bytes by the same maker; None if it was not."""
    row = db.execute(
        "SELECT id, passages, notes FROM locations JOIN documents ON serial = document "
        "WHERE locations.path = ? AND part = ? AND locations.source_sha256 = ? AND locations.made_by = ? "
        "AND locations.made_by != ''",
        (path, part, source_sha256, made_by),
    ).fetchone()
    return _unchanged(path, *row) if row else None


def file_unchanged(
    db: sqlite3.Connection, path: str, sha256: str, made_by: str
) -> tuple[FileResult, ...] | None:
    """Tell what reading a file would, if it has the same bytes and maker as when all of it was read last."""
    row = db.execute(
        "SELECT documents, refused FROM files WHERE path = ? AND sha256 = ? AND made_by = ?",
        (path, sha256, made_by),
    ).fetchone()
    if row is None:
        return None
    documents, refused = row
    results = []
    if documents:
        results = [
            _unchanged(path, *held)
            for held in db.execute(
                "SELECT id, passages, notes FROM locations JOIN documents ON serial = document "
                "WHERE locations.path = ? ORDER BY locations.number",
                (path,),
            )
        ]
    failures = [
        FileResult(shown, status, error=Failure(code, message))
        for shown, status, code, message in stored.items(refused)
    ]
    withdrawn = [
        FileResult(path, "withdrawn", document_id)
        for (document_id,) in db.execute(
            "SELECT document FROM withdrawn JOIN versions ON number = version "
            "WHERE path = ? AND source_sha256 != '' AND part NOT GLOB '*#*~*' ORDER BY part",
            (path,),
        )
    ]
    rows = db.execute("SELECT 1 FROM purged WHERE path_sha256 = ?", (sha256_text(path),))
    purged = [FileResult(path, "purged") for _ in rows]
    return (*results, *withdrawn, *purged, *failures)


def _unchanged(path: str, document_id: str, passages: int, notes: str) -> FileResult:
    return FileResult(
        path, "unchanged", document_id, passages, notes=tuple(map(stored.text, stored.items(notes)))
    )


def put_file(db: sqlite3.Connection, file: FileRead) -> None:
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
    values = (file.path, file.sha256, file.made_by, file.documents, refused)
    before = db.execute(
        "SELECT path, sha256, made_by, documents, refused FROM files WHERE path = ?", (file.path,)
    ).fetchone()
    if not whole or len(file.refused) > _MOST_REFUSALS:
        if before:
            db.execute("DELETE FROM files WHERE path = ?", (file.path,))
    elif before != values:
        db.execute(
            "INSERT OR REPLACE INTO files (path, sha256, made_by, documents, refused) VALUES (?, ?, ?, ?, ?)",
            values,
        )


def read_as(db: sqlite3.Connection, path: str) -> ReadAs:
    """Tell how a file was read last, as far as a person can say so."""
    row = db.execute("SELECT date_order, columns FROM read_as WHERE path = ?", (path,)).fetchone()
    return (
        ReadAs(row[0], tuple((field, column) for field, column in stored.items(row[1]))) if row else ReadAs()
    )


def put_read_as(db: sqlite3.Connection, path: str, options: ReadAs) -> None:
    """Remember how a file is to be read, unless that is as any other."""
    db.execute("DELETE FROM read_as WHERE path = ?", (path,))
    if options != ReadAs():
        db.execute(
            "INSERT INTO read_as (path, date_order, columns) VALUES (?, ?, ?)",
            (path, options.date_order, json.dumps(options.columns)),
        )


def under(db: sqlite3.Connection, folder: str) -> Iterator[HeldLocation]:
    """Yield the locations of files in a folder and its subfolders, in order of path."""
    first = folder.rstrip(os.sep) + os.sep
    rows = db.execute(
        "SELECT locations.number, locations.path, part, document, id, locations.format, "
        "locations.made_by = ? FROM locations JOIN documents ON serial = document "
        "WHERE locations.path >= ? AND locations.path < ? "
        "ORDER BY locations.path, part",
        (KEPT, first, first[:-1] + chr(ord(os.sep) + 1)),
    )
    return (HeldLocation(*row) for row in rows)


def at(db: sqlite3.Connection, path: str) -> Iterator[HeldLocation]:
    """Yield the locations in a file, in order."""
    rows = db.execute(
        "SELECT locations.number, locations.path, part, document, id, locations.format, "
        "locations.made_by = ? FROM locations JOIN documents ON serial = document "
        "WHERE locations.path = ? ORDER BY part",
        (KEPT, path),
    )
    return (HeldLocation(*row) for row in rows)
