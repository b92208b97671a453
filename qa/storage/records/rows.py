"""Converts documents and passages to rows of the tables and back. Values in a row are not trusted."""

# ruff: noqa: S608 -- statements are built from column lists and conditions of this package. Values from
# outside are always bound.

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

from qa.schema import (
    Document,
    DocumentInfo,
    Passage,
    SectionKind,
    Sentence,
    SentenceKind,
    Span,
)
from qa.schema.fields import TEXTS
from qa.storage import columns as stored
from qa.storage.records.corrections import found_in
from qa.text.dates import parse_date

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

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
