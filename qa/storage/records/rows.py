"""Reads documents and passages from rows of the tables, and makes rows. Values in a row are not trusted."""

# ruff: noqa: S608 -- statements are built from column lists and conditions of this package. Values from
# outside are always bound.

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any, get_args

from qa.errors import DocumentNotFoundError, LibraryError
from qa.schema import (
    Document,
    DocumentInfo,
    Passage,
    Section,
    SectionKind,
    Sentence,
    SentenceKind,
    Span,
)
from qa.schema.fields import TEXTS
from qa.storage import columns as stored
from qa.storage.records import versions
from qa.storage.records.corrections import found_in
from qa.text.dates import parse_date

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from qa.storage.statements import Statements


PLAIN = ("id", "path", *TEXTS, "format", "source_sha256", "text")

# The columns of `documents`: fields of a Document as they are, fields in another form, and added columns.
COLUMNS = (
    *PLAIN,
    "date",
    "header",
    "furniture",
    "notes",
    "sections",
    "found",
    "sha256",
    "words_sha256",
    "given_id",
    "head",
    "characters",
)
# Number of ids before, and after, a missing id in order, among which similar ids are looked for.
SUGGESTED_FROM = 500
# The text is read as bytes: a damaged text may not be UTF-8.
_READ = ", ".join(name if name != "text" else "CAST(text AS BLOB)" for name in COLUMNS)


SENTENCE = stored.number, stored.number, stored.one_of(get_args(SentenceKind))
SECTION = stored.number, stored.number, stored.one_of(get_args(SectionKind)), stored.text, stored.text


def row_of(document: Document, words: str, given_id: str, head: str) -> tuple[str | int, ...]:
    """Return a document's values, in the order of `COLUMNS`."""
    return (
        *(getattr(document, name) for name in PLAIN),
        document.date.isoformat() if document.date else "",
        json.dumps([(span.start, span.end) for span in document.header]),
        json.dumps([(span.start, span.end) for span in document.furniture]),
        json.dumps(document.notes),
        json.dumps([(s.start, s.end, s.kind, s.name, s.read_by) for s in document.sections]),
        json.dumps([(origin.field, origin.source, origin.sure) for origin in document.found]),
        document.sha256,
        words,
        given_id,
        head,
        len(document.text),
    )


def passage_row(ordinal: int, passage: Passage) -> tuple[int, int, int, str]:
    """Return the number of a passage in the document, its start and end, and its sentences as JSON."""
    sentences = [(sentence.start, sentence.end, sentence.kind) for sentence in passage.sentences]
    return ordinal, passage.start, passage.end, json.dumps(sentences, separators=(",", ":"))


def info_of(held: dict[str, Any]) -> DocumentInfo:
    """Return the DocumentInfo of a row, to which the paths of its locations were added."""
    made: dict[str, Any] = {
        "date": date_of(held["date"]),
        "notes": tuple(map(stored.text, stored.items(held["notes"]))),
        "found": found_in(held["found"]),
        "locations": tuple(dict.fromkeys(map(stored.text, held["locations"]))),
        "characters": stored.number(held["characters"]),
        "passages": stored.number(held["passages"]),
    }
    plain: dict[str, Any] = {name: stored.text(value) for name, value in held.items() if name not in made}
    return DocumentInfo(**plain, **made)


def spans_of(row: str) -> tuple[Span, ...]:
    """Parse spans from JSON."""
    return stored.rows(row, Span, stored.number, stored.number)


def passages_where(db: Statements, where: str, value: str | int) -> Iterator[Passage]:
    """Yield the passages that meet a condition on one value, in order of document and place."""
    rows = db.execute(
        "SELECT key, id, ordinal, start, end, sentences, characters FROM passages "
        f"JOIN documents ON documents.serial = document WHERE {where} ORDER BY document, ordinal",
        (value,),
    )
    for key, document_id, ordinal, start, end, sentences, characters in rows:
        whole = stored.rows(sentences, Sentence, *SENTENCE)
        edges = [start, *(edge for sentence in whole for edge in (sentence.start, sentence.end)), end]
        if min(edges) < 0 or edges != sorted(edges) or end > characters:
            raise ValueError("a passage that its document does not have")
        yield Passage(document_id, ordinal, start, end, whole, key)


def date_of(text: str) -> dt.date | None:
    """Parse a date, or return None for ""."""
    return parse_date(stored.text(text)) if text else None


def generation_of(db: Statements) -> int:
    """Return the generation, a number that grows with every committed change."""
    return int(db.execute("SELECT generation FROM library").fetchone()[0])


def count_passages(db: Statements) -> int:
    """Count the passages of all documents."""
    return int(db.execute("SELECT coalesce(sum(passages), 0) FROM documents").fetchone()[0])


def number_of(db: Statements, document_id: str) -> int:
    """Return the number of a document's row.

    Raises:
        DocumentNotFoundError: no document has the id. The message suggests similar ids.
    """
    row = db.execute("SELECT serial FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None:
        held = [
            held
            for order in ("id >= ? ORDER BY id", "id < ? ORDER BY id DESC")
            for (held,) in db.execute(
                f"SELECT id FROM documents WHERE {order} LIMIT ?", (document_id, SUGGESTED_FROM)
            )
        ]
        near = difflib.get_close_matches(document_id, held, 3)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "`pullquote documents` lists them"
        if removed := next(versions.find(db, "document = ?", document_id), None):
            hint = f"it was removed on {removed.at:%Y-%m-%d}; `pullquote restore` puts it back"
        raise DocumentNotFoundError(f"the library has no document {document_id!r}: {hint}")
    return int(row[0])


def document_at(db: Statements, place: str, number: int) -> Document:
    """Read the document of that number, and check the text's hash."""
    row = db.execute(f"SELECT {_READ} FROM documents WHERE serial = ?", (number,)).fetchone()
    held = dict(zip(COLUMNS, row, strict=True))
    return as_document(place, held | {"text": held["text"].decode(errors="replace")})


def as_document(place: str, held: Mapping[str, Any]) -> Document:
    """Make a document from its stored values.

    Raises:
        LibraryError: the text does not have the recorded SHA-256 or length.
    """
    document = Document(
        **{name: stored.text(held.get(name, "")) for name in PLAIN},
        date=date_of(held["date"]),
        header=spans_of(held["header"]),
        furniture=spans_of(held["furniture"]),
        notes=tuple(map(stored.text, stored.items(held["notes"]))),
        sections=stored.rows(held["sections"], Section, *SECTION),
        found=found_in(held["found"]),
        unread=(),
    )
    if document.sha256 != held["sha256"] or held.get("characters") not in (None, len(document.text)):
        raise LibraryError(
            f"the text of {document.id!r} in {place}, which came from {document.path or 'no file'}, does not "
            "have the SHA-256 recorded for it: the library is damaged. Put it back from a backup, or remove "
            "the document and add that file again"
        )
    return document
