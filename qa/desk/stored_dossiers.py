"""The dossiers on the desk: quotes as coordinates, with headings, notes and unanswered questions."""

# ruff: noqa: S608 -- statements consist of this file's own conditions; values from outside are always bound.

from __future__ import annotations

import datetime as dt
import unicodedata
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, cast, get_args

from qa.desk import rows
from qa.desk.stored_conversations import UNDO, new_id
from qa.errors import InputError, LibraryError, UnknownDossierError
from qa.limits import check_filters, check_question
from qa.schema import (
    Asked,
    CitationId,
    DossierEntry,
    DossierInfo,
    EntryKind,
    Holding,
    Outcome,
    QuoteReference,
    Span,
)
from qa.storage import columns as stored

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from qa.desk.tables import DeskTables
    from qa.storage.records.store import Store
    from qa.storage.results import DocumentTexts
    from qa.storage.statements import Statements

MOST_NAME = 200
MOST_HEADING = 500
MOST_NOTE = 20_000
MOST_ENTRIES = 2_000
_KIND, _OUTCOME = stored.one_of(get_args(EntryKind)), stored.one_of(get_args(Outcome))
_INFO = """
    SELECT id, name, began, changed,
        (SELECT count(*) FROM dossier_entries
            WHERE dossier = id AND kind = 'quote' AND removed = '' AND purged = ''),
        (SELECT count(*) FROM dossier_entries WHERE dossier = id AND removed = '')
    FROM dossiers
"""
_ENTRY = (
    "serial, kind, words, document, sha256, start, end, context_start, context_end, question, outcome, "
    "filters, asked, generation, how, differing, added, purged"
)
_COLUMNS = _ENTRY.removeprefix("serial, ")


class Added(NamedTuple):
    """The result of adding an entry.

    Attributes:
        id: the entry's id.
        number: the entry's place in the dossier, from 1.
        is_new: whether the dossier did not have the entry before.
    """

    id: int
    number: int
    is_new: bool


class Dossiers:
    """The dossiers that people gather from a library. Several threads and processes may use them at once.

    Every method may raise LibraryError; see `DeskTables`. Methods raise UnknownDossierError if the dossier or
    the entry does not exist.
    """

    def __init__(self, tables: DeskTables, library: Store) -> None:
        self._tables = tables
        self._library = library

    # Dossiers

    def create(self, name: str) -> DossierInfo:
        """Make an empty dossier.

        Raises:
            InputError: the name is empty or too long, or another dossier has it.
        """
        name = _checked_name(name)
        with self._tables.writing() as db:
            _check_is_free(db, name, "")
            made = _make(db, name)
        return self.info(made)

    def find_or_create(self, name: str) -> DossierInfo:
        """Return the dossier with a name. Make it if it does not exist; others may do so at the same time.

        Raises:
            InputError: the dossier does not exist, and the name is empty or too long.
        """
        with suppress(UnknownDossierError):
            return self.find(name)
        name = _checked_name(name)
        with self._tables.writing() as db:
            if not _is_taken(db, name, ""):
                _make(db, name)
        return self.find(name)

    def rename(self, dossier: str, name: str) -> DossierInfo:
        """Give a dossier another name.

        Raises:
            InputError: the name is empty or too long, or another dossier has it.
        """
        name = _checked_name(name)
        with self._tables.writing() as db:
            _check_is_free(db, name, dossier)
            _update(db, dossier, "name = ?2", name)
        return self.info(dossier)

    def delete(self, dossier: str) -> None:
        """Delete a dossier. For a day, `restore` can put it back. Later deletions then erase its rows."""
        now = dt.datetime.now(dt.UTC)
        with self._tables.writing() as db:
            _update(db, dossier, "deleted = ?2", rows.from_time(now))
            before = rows.from_time(now - UNDO)
            db.execute("DELETE FROM dossiers WHERE deleted != '' AND deleted < ?", (before,))

    def restore(self, dossier: str) -> DossierInfo:
        """Put back a deleted dossier. If another dossier has its name now, add a number to the name."""
        with self._tables.writing() as db:
            row = db.execute(
                "SELECT name FROM dossiers WHERE id = ? AND deleted != ''", (dossier,)
            ).fetchone()
            if row is None:
                raise _unknown()
            name, number = stored.text(row[0]), 1
            while _is_taken(db, name, dossier):
                number += 1
                name = f"{stored.text(row[0])[: MOST_NAME - 10]} ({number})"
            db.execute("UPDATE dossiers SET deleted = '', name = ? WHERE id = ?", (name, dossier))
        return self.info(dossier)

    def all(self) -> tuple[DossierInfo, ...]:
        """List the dossiers. The dossier that was changed last comes first."""
        with self._reading() as db:
            info_rows = db.execute(f"{_INFO} WHERE deleted = '' ORDER BY changed DESC, id").fetchall()
            return tuple(map(_info, info_rows))

    def info(self, dossier: str) -> DossierInfo:
        """Return the description of a dossier."""
        with self._reading() as db:
            row = db.execute(f"{_INFO} WHERE deleted = '' AND id = ?", (dossier,)).fetchone()
            if row is None:
                raise _unknown()
            return _info(row)

    def find(self, name: str) -> DossierInfo:
        """Return the dossier with a name, in any case, or with an id."""
        wanted = _folded(name)
        listed = self.all()
        dossier = next((info for info in listed if _folded(info.name) == wanted or info.id == name), None)
        if dossier is None:
            examples = ", ".join(f"“{info.name}”" for info in listed[:5])
            raise UnknownDossierError(
                f"there is no dossier {name[:MOST_NAME]!r}: "
                + (f"there is {examples}" if examples else "make a dossier with `pullquote dossier add`")
            )
        return dossier

    def deleted(self, name: str) -> DossierInfo:
        """Return the dossier with a name that was deleted last and can be put back."""
        with self._reading() as db:
            deleted_rows = db.execute(f"{_INFO} WHERE deleted != '' ORDER BY deleted DESC").fetchall()
            match = next(
                (info for info in map(_info, deleted_rows) if _folded(info.name) == _folded(name)), None
            )
        if match is None:
            raise UnknownDossierError(f"no dossier {name[:MOST_NAME]!r} was deleted within the last day")
        return match

    # Entries

    def entries(self, dossier: str) -> tuple[DossierEntry, ...]:
        """Return the entries of a dossier, in order."""
        with self._reading() as db:
            _check_is_known(db, dossier)
            entry_rows = db.execute(
                f"SELECT {_ENTRY} FROM dossier_entries WHERE dossier = ? AND removed = '' "
                "ORDER BY place, serial",
                (dossier,),
            ).fetchall()
            return tuple(map(_entry, entry_rows))

    def entry(self, dossier: str, entry: int) -> DossierEntry:
        """Return one entry of a dossier."""
        with self._reading() as db:
            return _entry(_row(db, dossier, entry))

    def holding(self, texts: Sequence[str], asked: Asked | None = None) -> tuple[Holding, ...]:
        """Return the entries with a quote of these texts (SHA-256), or with the unanswered question `asked`.

        Entries of the dossier that was changed last come first.
        """
        select = (
            "SELECT changed, serial, dossiers.id, name, kind, sha256, start, end FROM dossier_entries "
            "JOIN dossiers ON dossiers.id = dossier WHERE deleted = '' AND removed = '' AND "
        )
        with self._reading() as db:
            holding_rows = [
                row
                for sha256 in dict.fromkeys(texts)
                for row in db.execute(f"{select} kind = 'quote' AND sha256 = ?", (sha256,))
            ]
            if asked:
                values = asked.question, rows.filters_row(asked.filters)
                holding_rows += db.execute(
                    f"{select} kind = 'question' AND question = ? AND filters = ?", values
                )
            holding_rows.sort(key=itemgetter(1))
            holding_rows.sort(key=itemgetter(0), reverse=True)
            return tuple(_holding(row[1:]) for row in holding_rows)

    def add(self, dossier: str, entries: Sequence[DossierEntry], at: int | None = None) -> tuple[Added, ...]:
        """Add entries at a place, from 1, or at the end. Return the place of each entry.

        A quote or question that the dossier has already is not added again.

        Raises:
            DocumentNotFoundError: the library no longer knows the text of a quote; nothing was added.
            InputError: a heading or a note is empty or too long, or the dossier is full.
        """
        entries = [_checked(entry) for entry in entries]
        with self._tables.writing() as db:
            _check_is_known(db, dossier)
            for entry in entries:  # a purge that begins after this waits to forget the quote
                if entry.place:
                    self._library.cited(entry.place.sha256, entry.place.document)
            order = _order(db, dossier)
            to = len(order) if at is None else max(0, min(at - 1, len(order)))
            before = set(order)
            ids: list[int] = []
            for entry in entries:
                if held := _held(db, dossier, entry):
                    ids.append(held)
                    continue
                if len(order) >= MOST_ENTRIES:
                    raise InputError(
                        f"a dossier has at most {MOST_ENTRIES:,} entries: start another dossier for the rest"
                    )
                serial = _insert(db, dossier, entry)
                order.insert(to, serial)
                ids.append(serial)
                to += 1
            _put_in_order(db, dossier, order)
        return tuple(Added(entry_id, order.index(entry_id) + 1, entry_id not in before) for entry_id in ids)

    def write(self, dossier: str, entry: int, words: str) -> DossierEntry:
        """Change the words of a heading or a note.

        Raises:
            InputError: the entry is not a heading or note, or the words are empty or too many.
        """
        with self._tables.writing() as db:
            held = _entry(_row(db, dossier, entry))
            if held.kind not in ("heading", "note"):
                raise InputError(
                    "only headings and notes can be changed: the words of a quote are the words of its "
                    "document"
                )
            checked = _checked(DossierEntry(held.kind, words))
            db.execute("UPDATE dossier_entries SET words = ? WHERE serial = ?", (checked.words, entry))
            _update(db, dossier, "changed = ?2", _now())
        return next(dossier_entry for dossier_entry in self.entries(dossier) if dossier_entry.id == entry)

    def move(self, dossier: str, entry: int, to: int) -> None:
        """Move an entry to a place, from 1. A place past the end means the end."""
        with self._tables.writing() as db:
            _row(db, dossier, entry)
            order = [serial for serial in _order(db, dossier) if serial != entry]
            order.insert(max(0, to - 1), entry)
            _put_in_order(db, dossier, order)

    def remove(self, dossier: str, entry: int) -> None:
        """Remove an entry. For a day, `put_back` can undo this. Later removals then erase its row."""
        now = dt.datetime.now(dt.UTC)
        with self._tables.writing() as db:
            _row(db, dossier, entry)
            db.execute(
                "UPDATE dossier_entries SET removed = ? WHERE serial = ?", (rows.from_time(now), entry)
            )
            _update(db, dossier, "changed = ?2", rows.from_time(now))
            before = rows.from_time(now - UNDO)
            db.execute("DELETE FROM dossier_entries WHERE removed != '' AND removed < ?", (before,))

    def replace(self, dossier: str, entry: int, by: DossierEntry) -> Added:
        """Replace an entry by another. For a day, `put_back` can put the old entry next to the new one.

        Raises:
            DocumentNotFoundError: the library no longer knows the text of a quote; nothing was changed.
            InputError: the dossier has the new entry already, elsewhere.
        """
        by = _checked(by)
        with self._tables.writing() as db:
            _row(db, dossier, entry)
            if by.place:
                self._library.cited(by.place.sha256, by.place.document)
            order = _order(db, dossier)
            db.execute("UPDATE dossier_entries SET removed = ? WHERE serial = ?", (_now(), entry))
            if held := _held(db, dossier, by):
                raise InputError(f"the dossier already has this, as entry {order.index(held) + 1}")
            serial = _insert(db, dossier, by)
            order[order.index(entry)] = serial
            _put_in_order(db, dossier, order)
        return Added(serial, order.index(serial) + 1, is_new=True)

    def put_back(self, dossier: str, entry: int | None = None) -> DossierEntry:
        """Put an entry that was removed (by default the last one) back to its old place."""
        with self._tables.writing() as db:
            _check_is_known(db, dossier)
            one, values = ("", (dossier,)) if entry is None else (" AND serial = ?", (dossier, entry))
            removed_row = db.execute(
                f"SELECT {_ENTRY} FROM dossier_entries WHERE dossier = ? AND removed != ''{one} "
                "ORDER BY removed DESC, serial DESC LIMIT 1",
                values,
            ).fetchone()
            if removed_row is None:
                raise UnknownDossierError(
                    "there is nothing to put back: no entry was removed within the last day"
                )
            db.execute("UPDATE dossier_entries SET removed = '' WHERE serial = ?", (removed_row[0],))
            _put_in_order(db, dossier, _order(db, dossier))
            return _entry(removed_row)

    # Purges

    def citing(self, texts: DocumentTexts) -> tuple[str, ...]:
        """Return the names of all dossiers, even deleted ones, that would lose quotes by `forget`."""
        with self._reading() as db:
            dossiers = set(_citing(db, texts).values())
            every = db.execute(f"{_INFO} ORDER BY changed DESC, id")
            return tuple(_info(row).name for row in every if row[0] in dossiers)

    def forget(self, db: Statements, purged: Sequence[DocumentTexts]) -> None:
        """Forget the quotes of documents. Their entries stay, with their questions and the time of the purge.

        Also erase filters by the documents, and the filters that led to the quotes. Headings, notes,
        questions and names stay, because they are the analyst's own words.
        """
        now = _now()
        for texts in purged:
            entries = [(entry,) for entry in _citing(db, texts)]
            db.executemany("UPDATE dossier_entries SET filters = '{}' WHERE serial = ?", entries)
            db.executemany(
                "UPDATE dossier_entries SET document = '', sha256 = '', start = 0, end = 0, "
                f"context_start = 0, context_end = 0, purged = ?3 WHERE {rows.OF}",
                [(*pair, now) for pair in rows.purge_parameters(texts)],
            )
            _forget_figures(db, texts)

    def _reading(self) -> AbstractContextManager[Statements]:
        """Yield one snapshot. It is empty if no dossier was ever made."""
        return self._tables.reading()


def _now() -> str:
    return rows.from_time(dt.datetime.now(dt.UTC))


def _unknown() -> UnknownDossierError:
    return UnknownDossierError("there is no such dossier: it was deleted, or it is in another library")


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


# Checks


def _checked_name(name: str) -> str:
    name = " ".join(_text(name).split())
    if not name:
        raise InputError("the name of the dossier is empty: give the dossier a name")
    if len(name) > MOST_NAME:
        raise InputError(
            f"the name of a dossier may have at most {MOST_NAME} characters: give it a shorter name"
        )
    return name


def _text(words: str) -> str:
    try:
        return stored.text(words)
    except (TypeError, ValueError) as error:
        raise InputError(f"this cannot be kept: {error}") from error


def _checked(entry: DossierEntry) -> DossierEntry:
    """Return an entry as it is stored, or refuse it."""
    if entry.asked:
        check_question(entry.asked.question)
        check_filters(entry.asked.filters)
    if entry.kind in ("heading", "note"):
        is_heading = entry.kind == "heading"
        words = " ".join(_text(entry.words).split()) if is_heading else _text(entry.words).strip()
        most = MOST_HEADING if is_heading else MOST_NOTE
        if not words:
            raise InputError(f"a {entry.kind} has no words: write some")
        if len(words) > most:
            raise InputError(f"a {entry.kind} may have {most:,} characters, and this has {len(words):,}")
        return DossierEntry(entry.kind, words)
    missing = entry.place is None if entry.kind == "quote" else entry.asked is None
    if missing:
        raise InputError(f"a {entry.kind} without its {'place' if entry.kind == 'quote' else 'words'}")
    return entry


def _make(db: Statements, name: str) -> str:
    """Make a dossier with a name that was checked. Return its id."""
    made, now = new_id(), _now()
    db.execute("INSERT INTO dossiers VALUES (?, ?, ?, ?, '')", (made, name, now, now))
    return made


def _is_taken(db: Statements, name: str, dossier: str) -> bool:
    held = db.execute("SELECT name FROM dossiers WHERE deleted = '' AND id != ?", (dossier,))
    return any(_folded(stored.text(other)) == _folded(name) for (other,) in held)


def _check_is_free(db: Statements, name: str, dossier: str) -> None:
    if _is_taken(db, name, dossier):
        raise InputError(f"there is a dossier “{name}” already: choose another name")


def _check_is_known(db: Statements, dossier: str) -> None:
    if not db.execute("SELECT 1 FROM dossiers WHERE id = ? AND deleted = ''", (dossier,)).fetchone():
        raise _unknown()


# Rows


def _citing(db: Statements, texts: DocumentTexts) -> dict[int, str]:
    """Return the entries that quote a document or filter by it, and their dossiers."""
    return rows.citing(
        db,
        texts,
        "SELECT serial, dossier, filters FROM dossier_entries WHERE filters != '{}'",
        f"SELECT serial, dossier FROM dossier_entries WHERE {rows.OF}",
    )


def _forget_figures(db: Statements, texts: DocumentTexts) -> None:
    """Forget the places of differing figures in a document. If one figure is left, forget it, too."""
    figure_rows = db.execute(
        "SELECT serial, differing FROM dossier_entries WHERE differing != '[]'"
    ).fetchall()
    for serial, row in figure_rows:
        held = rows.differing_of(row)
        left = [
            figure
            for figure in held
            if figure.sha256 not in texts.own
            and not (figure.sha256 in texts.shared and figure.document == texts.document_id)
        ]
        if len(left) < len(held):
            figures_row = rows.differing_row(left if len(left) > 1 else ())
            db.execute("UPDATE dossier_entries SET differing = ? WHERE serial = ?", (figures_row, serial))


def _update(db: Statements, dossier: str, assignment: str, value: str) -> None:
    """Set a column of a dossier. `assignment` is SQL, with `?2` for the value.

    Raises:
        UnknownDossierError: there is no such dossier.
    """
    cursor = db.execute(f"UPDATE dossiers SET {assignment} WHERE id = ?1 AND deleted = ''", (dossier, value))
    if not cursor.rowcount:
        raise _unknown()


def _order(db: Statements, dossier: str) -> list[int]:
    serial_rows = db.execute(
        "SELECT serial FROM dossier_entries WHERE dossier = ? AND removed = '' ORDER BY place, serial",
        (dossier,),
    )
    return [serial for (serial,) in serial_rows]


def _put_in_order(db: Statements, dossier: str, order: Sequence[int]) -> None:
    db.executemany(
        "UPDATE dossier_entries SET place = ? WHERE serial = ?",
        [(position, serial) for position, serial in enumerate(order, 1)],
    )
    _update(db, dossier, "changed = ?2", _now())


def _row(db: Statements, dossier: str, entry: int) -> Sequence[Any]:
    _check_is_known(db, dossier)
    row: Sequence[Any] | None = db.execute(
        f"SELECT {_ENTRY} FROM dossier_entries WHERE dossier = ? AND serial = ? AND removed = ''",
        (dossier, entry),
    ).fetchone()
    if row is None:
        raise UnknownDossierError("the dossier has no such entry: it was removed, or is in another dossier")
    return row


def _held(db: Statements, dossier: str, entry: DossierEntry) -> int:
    """Return the id of the same quote or question in the dossier, or 0 if the dossier lacks it."""
    if entry.place:
        where = "kind = 'quote' AND document = ? AND sha256 = ? AND start = ? AND end = ?"
        values: tuple[Any, ...] = (
            entry.place.document,
            entry.place.sha256,
            entry.place.start,
            entry.place.end,
        )
    elif entry.kind == "question" and entry.asked:
        where = "kind = 'question' AND question = ? AND filters = ?"
        values = (entry.asked.question, rows.filters_row(entry.asked.filters))
    else:
        return 0
    held_row = db.execute(
        f"SELECT serial FROM dossier_entries WHERE dossier = ? AND removed = '' AND {where}",
        (dossier, *values),
    ).fetchone()
    return int(held_row[0]) if held_row else 0


def _insert(db: Statements, dossier: str, entry: DossierEntry) -> int:
    """Store an entry, without its place, and return its number."""
    reference, context, asked = entry.place, entry.context, entry.asked
    serial = db.execute(
        f"INSERT INTO dossier_entries (dossier, place, removed, {_COLUMNS}) "
        "VALUES (?, 0, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
        (
            dossier,
            entry.kind,
            entry.words,
            reference.document if reference else "",
            reference.sha256 if reference else "",
            reference.start if reference else 0,
            reference.end if reference else 0,
            context.start if context else 0,
            context.end if context else 0,
            asked.question if asked else "",
            asked.outcome if asked else "",
            rows.filters_row(asked.filters) if asked else "{}",
            rows.from_time(asked.at) if asked and asked.at else "",
            asked.generation if asked else 0,
            rows.how_row(asked),
            rows.differing_row(entry.differing),
            _now(),
        ),
    ).lastrowid
    assert serial is not None  # noqa: S101 - a row was put in
    return serial


def _info(row: Sequence[Any]) -> DossierInfo:
    dossier, name, began, changed, quotes, entries = row
    return DossierInfo(
        stored.text(dossier),
        stored.text(name),
        rows.to_time(began),
        rows.to_time(changed),
        stored.number(quotes),
        stored.number(entries),
    )


def _holding(row: Sequence[Any]) -> Holding:
    serial, dossier, name, kind, sha256, start, end = row
    quote_id = ""
    if kind == "quote":
        quote_id = str(CitationId(stored.text(sha256), stored.number(start), stored.number(end)))
    return Holding(stored.text(dossier), stored.text(name), stored.number(serial), quote_id)


def _entry(row: Sequence[Any]) -> DossierEntry:
    """Return the entry that a row stores."""
    serial, kind, words, document, sha256, start, end, begin, stop = row[:9]
    question, outcome, filters, at, generation, how, differing, added, purged = row[9:]
    asked = None
    if question:
        asked = Asked(
            stored.text(question),
            cast("Outcome", _OUTCOME(outcome)),
            rows.filters_of(filters),
            rows.to_time(at) if at else None,
            stored.number(generation),
            **rows.searched_of(how),
        )
    reference = None
    if kind == "quote" and not purged:
        if not 0 <= stored.number(start) < stored.number(end):
            raise LibraryError(
                f"the desk is damaged: a dossier quotes [{start}, {end}), which is not a place in a text. "
                "Put desk.sqlite3 back from a backup, or delete the dossier"
            )
        reference = QuoteReference(stored.text(document), stored.text(sha256), start, end)
    return DossierEntry(
        cast("EntryKind", _KIND(kind)),
        stored.text(words),
        reference,
        Span(stored.number(begin), stored.number(stop)) if stop else None,
        asked,
        rows.to_time(added),
        rows.to_time(purged) if purged else None,
        stored.number(serial),
        rows.differing_of(differing),
    )
