"""Documents and their parts. Offsets are Unicode code points, half open: `document.text[start:end]`."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Literal

SentenceKind = Literal["body", "heading", "list", "header", "furniture"]


SectionKind = Literal[
    "page", "section", "chapter", "message", "entry", "record", "sheet", "row", "footnote", "endnote"
]


Certainty = Literal["stated", "likely", "guessed", "corrected"]


def sha256_text(text: str) -> str:
    """Hex SHA-256 of the text's UTF-8 bytes: the identity that citations carry."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def printable(path: str) -> str:
    r"""Make a path text that can be stored: a byte of a file name that is not UTF-8 is written as `\xff`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points `[start, end)`, never empty.

    Raises:
        ValueError: unless 0 <= start < end.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"not a span: [{self.start}, {self.end})")


@dataclass(frozen=True, slots=True, order=True)
class Section:
    """A part of a document that a reader can find again: `text[start:end]` is all of it.

    `name` is what the source calls it: a page's label, the words of a heading, a row's number. Sections of
    one kind are in order and disjoint; a "section" runs from its heading (its first line) to the next.
    `read_by` is "OCR" of a page whose words were read off a picture, and may be misread.

    Raises:
        ValueError: unless 0 <= start < end.
    """

    start: int
    end: int
    kind: SectionKind
    name: str
    read_by: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"not a section: [{self.start}, {self.end})")


@dataclass(frozen=True, slots=True)
class Found:
    """Where a document's `field` (title, date, …) was found: "PDF information", "header line", "file name".

    `sure` is "stated" where the format has a field for it that says so, "likely" where it was read off the
    text, "guessed" where something else had to do, "corrected" where a person said so.
    """

    field: str
    source: str
    sure: Certainty


@dataclass(frozen=True, slots=True)
class Document:
    """One source text and what is known about it.

    `header` spans hold the lines of the text that state title, publisher, number and date (quotable);
    `furniture` spans hold page furniture such as "Share" (kept in the text, never quoted);
    `sections` are its pages, headings, rows and the like, as far as its format has them, by which citations
    say where a quote stands; `found` tells where its metadata come from.
    `notes` state doubts about the metadata, in words for a reader.
    `sha256` is that of the text, `source_sha256` that of the bytes it was read from.
    """

    id: str
    text: str
    title: str = ""
    publisher: str = ""
    series: str = ""
    number: str = ""
    date: dt.date | None = None
    url: str = ""
    language: str = "en"
    format: str = "text"
    path: str = ""
    collection: str = ""
    source_sha256: str = ""
    header: tuple[Span, ...] = ()
    furniture: tuple[Span, ...] = ()
    notes: tuple[str, ...] = ()
    author: str = ""
    sections: tuple[Section, ...] = ()
    found: tuple[Found, ...] = ()
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", sha256_text(self.text))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A whole sentence, heading, list item or header line of a document; white space around it excluded."""

    start: int
    end: int
    kind: SentenceKind = "body"

    @property
    def quotable(self) -> bool:
        """Whether it may be shown as a quote: page furniture may not."""
        return self.kind != "furniture"


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences of one document. A document's passages, in order, tile its text.

    `key` is the store's id of the passage (0 before it is stored); `sentences` are in document coordinates.
    """

    document_id: str
    ordinal: int
    start: int
    end: int
    sentences: tuple[Sentence, ...]
    key: int = 0


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents a question may be answered from; empty fields do not restrict.

    `since` and `until` are inclusive, a month or a year as a whole. A document without a date is left out
    where either is set.
    `document` holds document ids, or ids of files with many documents, such as a table; the others match
    without regard to case.

    Raises:
        TypeError: `since` or `until` is no `datetime.date`, or `document` is one text.
    """

    since: dt.date | None = None
    until: dt.date | None = None
    publisher: str = ""
    series: str = ""
    document: tuple[str, ...] = ()
    language: str = ""
    collection: str = ""

    def __post_init__(self) -> None:
        for name, value in (("since", self.since), ("until", self.until)):
            if not isinstance(value, dt.date | None):
                raise TypeError(f"{name} is {value!r}: write a datetime.date, such as date(2008, 4, 4)")
        if isinstance(self.document, str):
            raise TypeError(f"document holds ids: write ({self.document!r},)")

    def __bool__(self) -> bool:
        return self != Filters()


EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Facets:
    """What filters can choose from: each value with the number of its documents, by value; and the dates."""

    publishers: tuple[tuple[str, int], ...] = ()
    series: tuple[tuple[str, int], ...] = ()
    languages: tuple[tuple[str, int], ...] = ()
    collections: tuple[tuple[str, int], ...] = ()
    first: dt.date | None = None
    last: dt.date | None = None
    undated: int = 0


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document as lists show it: everything but its text. `locations` are the files that it stands in."""

    id: str
    title: str
    publisher: str
    series: str
    number: str
    date: dt.date | None
    url: str
    format: str
    path: str
    collection: str
    sha256: str
    source_sha256: str
    characters: int
    passages: int
    language: str
    notes: tuple[str, ...] = ()
    author: str = ""
    found: tuple[Found, ...] = ()
    locations: tuple[str, ...] = ()
