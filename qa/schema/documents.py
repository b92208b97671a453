"""Documents and their parts. Offsets are in Unicode code points, half open: `document.text[start:end]`."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

from qa.errors import InputError
from qa.schema.fields import FILTERED_BY_NAME, DocumentOrder, Metadata, MetadataFilters

SentenceKind = Literal["body", "heading", "list", "header", "furniture"]


SectionKind = Literal[
    "page", "section", "chapter", "message", "entry", "record", "sheet", "row", "slide", "footnote", "endnote"
]


Certainty = Literal["stated", "likely", "guessed", "corrected"]


def sha256_text(text: str) -> str:
    """Return the hex SHA-256 of the text's UTF-8 bytes. Citations identify a text by it."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


# The path of an uploaded file begins with this; the file's name follows. Any other path is absolute.
UPLOAD = "upload:"


def printable(path: str) -> str:
    r"""Return a path as text that can be stored: a byte that is not UTF-8 is written as `\xff`."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points `[start, end)`, never empty.

    Attributes:
        start: the first code point.
        end: the code point after the last.

    Raises:
        ValueError: if not 0 <= start < end.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"not a span: [{self.start}, {self.end})")


@dataclass(frozen=True, slots=True, order=True)
class Section:
    """A part of a document that a reader can find again. Sections of one kind are in order and disjoint.

    Attributes:
        start: where the part begins; a "section" begins with its heading.
        end: where the part ends; a "section" ends where the next section begins.
        kind: the kind of part.
        name: the source's name for the part: a page's label, the words of a heading, a row's number.
        read_by: "OCR" for a page whose words were read from a picture, and may be misread.

    Raises:
        ValueError: if not 0 <= start < end.
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
    """The source of the value of a document's field.

    Attributes:
        field: the name of the field (title, date, …).
        source: where the value was found: "PDF information", "header line", "file name".
        sure: "stated" if the format has a field for the value, "likely" if the value was read from the text,
            "guessed" if it was taken from something else. "corrected" if a person entered it.
    """

    field: str
    source: str
    sure: Certainty


@dataclass(frozen=True, slots=True)
class Document(Metadata):
    """One source text and its metadata.

    Attributes:
        id: the name of the document in its library.
        text: the text; quotes are slices of it.
        format: the format of the file.
        path: the file.
        source_sha256: the SHA-256 of the bytes that the document was read from.
        header: the lines of the text that state title, publisher, number and date; they may be quoted.
        furniture: page furniture such as "Share". It is part of the text but is never quoted.
        notes: doubts about the metadata, in words for a reader.
        sections: pages, headings, rows and the like. Citations use them to say where a quote is.
        found: the sources of the metadata.
        unread: contents of the file that were not read, in words ("comments"). It is set only for a file that
            was read as a report.
        sha256: the SHA-256 of the text.
    """

    id: str
    text: str = field(repr=False)
    format: str = "text"
    path: str = ""
    source_sha256: str = ""
    header: tuple[Span, ...] = ()
    furniture: tuple[Span, ...] = ()
    notes: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    found: tuple[Found, ...] = ()
    unread: tuple[str, ...] = ()
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", sha256_text(self.text))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A whole sentence, heading, list item or header line of a document, without white space around it.

    Attributes:
        start: where the sentence begins.
        end: where the sentence ends.
        kind: the kind of sentence.
    """

    start: int
    end: int
    kind: SentenceKind = "body"

    @property
    def quotable(self) -> bool:
        """Whether the sentence may be quoted. Page furniture may not."""
        return self.kind != "furniture"


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences of one document. A document's passages, in order, cover its text completely.

    Attributes:
        document_id: the id of the passage's document.
        ordinal: the passage's number in the document, from 0.
        start: where the passage begins.
        end: where the passage ends.
        sentences: the passage's sentences, in document coordinates.
        key: the passage's id in the store; 0 before it is stored.
    """

    document_id: str
    ordinal: int
    start: int
    end: int
    sentences: tuple[Sentence, ...]
    key: int = 0


@dataclass(frozen=True, slots=True)
class Filters(MetadataFilters):
    """Filters that select the documents a question may be answered from. An empty field does not restrict.

    If a folder in `document` ends with a slash, the slash is dropped.

    Attributes:
        document: ids of documents, of files with several documents, such as a table, or of folders.

    Raises:
        InputError: `since` or `until` is not a `datetime.date`, or `document` is a single text.
    """

    document: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, value in (("since", self.since), ("until", self.until)):
            if not isinstance(value, dt.date | None):
                raise InputError(f"{name} is {value!r}: write a datetime.date, such as date(2008, 4, 4)")
        if isinstance(self.document, str):
            raise InputError(f"document holds ids: write ({self.document!r},)")
        if isinstance(self.document, tuple):
            ids = tuple(
                document_id.rstrip("/") or document_id if isinstance(document_id, str) else document_id
                for document_id in self.document
            )
            object.__setattr__(self, "document", ids)
        for name in FILTERED_BY_NAME:
            value = getattr(self, name)
            if isinstance(value, tuple):  # equal if they restrict to the same documents
                names = tuple(text for text in value if text != "")
                object.__setattr__(self, name, names if len(names) > 1 else names[0] if names else "")

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a filter in FILTERED_BY_NAME, or the ids of documents, as a tuple."""
        value = getattr(self, name)
        return value if isinstance(value, tuple) else (value,) if value else ()

    def __bool__(self) -> bool:
        return self != Filters()

    def to_dict(self) -> dict[str, Any]:
        """Return the filters that are set, ready for JSON: days as YYYY-MM-DD, several values as a list."""
        return {
            name: value.isoformat()
            if isinstance(value, dt.date)
            else list(value)
            if isinstance(value, tuple)
            else value
            for name, value in asdict(self).items()
            if value
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Filters:
        """Read the filters that `to_dict` wrote. The values may come from a stranger.

        Raises:
            TypeError: a value has the wrong type, or there is no such filter.
            ValueError: a day is not an ISO 8601 date.
        """
        read: dict[str, Any] = {}
        for name, value in values.items():
            several = isinstance(value, list)
            if not all(isinstance(text, str) for text in (value if several else [value])):
                raise TypeError(
                    f"the filter {name} is neither a text nor a list of texts: write a "
                    "text, or a tuple of texts"
                )
            is_day = name in {"since", "until"}
            read[name] = dt.date.fromisoformat(value) if is_day else tuple(value) if several else value
        return cls(**read)


EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class Facets:
    """The values that filters can choose from, each with the number of its documents, in order.

    Attributes:
        values: the values of each filter in FILTERED_BY_NAME.
        first: the earliest date of a document.
        last: the latest date of a document.
        undated: how many documents have no date.
        formats: the formats.
    """

    values: Mapping[str, tuple[tuple[str, int], ...]] = field(
        default_factory=lambda: dict.fromkeys(FILTERED_BY_NAME, ())
    )
    first: dt.date | None = None
    last: dt.date | None = None
    undated: int = 0
    formats: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentInfo(Metadata):
    """A document as lists show it: everything but its text (see `Document`).

    Attributes:
        characters: the length of the document's text.
        passages: how many passages the document has.
        locations: the files that contain the document.
    """

    id: str
    format: str
    path: str
    sha256: str
    source_sha256: str
    characters: int
    passages: int
    notes: tuple[str, ...] = ()
    found: tuple[Found, ...] = ()
    locations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentQuery:
    """A query that selects and orders the documents of a list.

    Attributes:
        words: words that must all occur in a document's metadata: its title, publisher, author, series,
            number or id. Parts of words match, in any case.
        text: words that must occur in a document's text, one after the other, in any case.
        filters: the filters that the documents must match.
        format: the format; "" does not restrict.
        order: the field that the documents are ordered by. Documents without a value come last. "added" means
            the order of their arrival in the library.
        descending: whether the greatest value comes first.
        limit: how many documents the list shows at most, or None to show all.
        offset: how many documents the list skips first.
    """

    words: str = ""
    filters: Filters = EVERYTHING
    format: str = ""
    order: DocumentOrder = "id"
    descending: bool = False
    limit: int | None = None
    offset: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class DocumentList:
    """The documents that a query finds.

    Attributes:
        documents: the documents from the query's offset, up to its limit.
        total: how many documents the query finds in all.
    """

    documents: tuple[DocumentInfo, ...]
    total: int
