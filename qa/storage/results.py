"""The results that a library returns to asking, quoting and the desk."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from qa.schema import EVERYTHING, DocumentInfo, Filters

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from embeddings.index import IndexStats
    from embeddings.models import EncoderIdentity
    from qa.schema import Document, Passage, Span


Segmented: TypeAlias = "tuple[Document, tuple[Passage, ...]]"
"""A document with its passages, whose offsets refer to the document's text."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found.

    Attributes:
        key: the library's number of the passage, which no other passage ever gets.
        document_id: the id of the passage's document.
        sha256: the SHA-256 (hex) of the document's text.
        start: the offset of the passage's beginning in that text.
        end: the offset of the passage's end in that text.
        published: the day on which the document was published, or None if that is unknown.
    """

    key: int
    document_id: str
    sha256: str
    start: int
    end: int
    published: dt.date | None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence of a phrase in a document.

    Attributes:
        document_id: the id of the document.
        sha256: the SHA-256 (hex) of the document's text.
        span: the range of the phrase in that text.
    """

    document_id: str
    sha256: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """The occurrences of a phrase in a library.

    Attributes:
        places: the occurrences, in order of document id and offset.
        documents: the ids of the documents that contain the phrase, in order.
        read: the number of documents that were read.
        too_many_documents: whether only some of the documents were read. Then `documents` contains all
            documents with a passage that contains the words of the phrase in sequence, up to inflection and
            the characters between the words.
        has_more_places: whether the documents that were read have more occurrences than `places`.
    """

    places: tuple[Occurrence, ...] = ()
    documents: tuple[str, ...] = ()
    read: int = 0
    too_many_documents: bool = False
    has_more_places: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """The documents that filters leave to search in.

    Attributes:
        documents: the number of documents that the filters leave.
        undated: the number of documents that a date filter leaves out because they have no date.
        filters: the filters.
    """

    documents: int
    undated: int
    filters: Filters = EVERYTHING


@dataclass(frozen=True, slots=True)
class Count:
    """The size of a library.

    Attributes:
        documents: the number of documents.
        passages: the number of passages in the documents.
    """

    documents: int
    passages: int


Reason = Literal["superseded", "removed"]


@dataclass(frozen=True, slots=True)
class Version:
    """An earlier text of a document.

    Attributes:
        number: the number of the version. Later versions have greater numbers.
        document_id: the id that the document had.
        sha256: the SHA-256 (hex) of the text.
        reason: why the document no longer has the text.
        at: the time when the text was superseded or removed (UTC).
        held: the document's fields except its text, and its locations, at that time.
    """

    number: int
    document_id: str
    sha256: str
    reason: Reason
    at: dt.datetime
    held: Mapping[str, Any]

    def info(self, document: Document) -> DocumentInfo:
        """Describe the document as it was, with 0 passages: no passage of it is searched any more."""
        values: dict[str, Any] = {
            field.name: getattr(document, field.name)
            for field in fields(DocumentInfo)
            if hasattr(document, field.name)
        }
        places = tuple(dict.fromkeys(location["path"] for location in self.locations))
        return DocumentInfo(**values, characters=len(document.text), passages=0, locations=places)

    @property
    def locations(self) -> list[Mapping[str, Any]]:
        """The places of the document. The first is the place that it is named after."""
        return [{"path": self.held["path"]}, *self.held["locations"]]

    @property
    def title(self) -> str:
        """The title that the document had."""
        return str(self.held["title"])

    def to_dict(self) -> dict[str, Any]:
        """Return the entry in a list of earlier texts, or in `documents --removed --json`."""
        return {
            "id": self.document_id,
            "sha256": self.sha256,
            "reason": self.reason,
            "at": self.at.isoformat(),
            "title": self.title,
            "characters": self.held["characters"],
        }


@dataclass(frozen=True, slots=True)
class Cited:
    """The document that a citation names, as it was cited, and its status now.

    Attributes:
        document: the document as it was cited.
        status: "superseded" if the document has another text in the library now. "removed" if the document
            was removed, even if another document has its id now.
        since: the time when the text was superseded or removed (UTC), or None if it is current.
        current_id: the id of the document in the library now, or "" if it was removed.
        current_sha256: the SHA-256 of the document's text now, or "" if it was removed.
        same_text: the ids of other documents that have, or had, the cited text.
    """

    document: Document
    status: Literal["current", "superseded", "removed"]
    since: dt.datetime | None = None
    current_id: str = ""
    current_sha256: str = ""
    same_text: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LibraryStats:
    """The contents of a library, and the bytes that they take.

    Attributes:
        documents: the number of documents.
        passages: the number of passages in the documents.
        store_bytes: the size of the store, from which all else is derived.
        encoder: the encoder of the vectors, or None if there is no passage.
        index: the kind and size of the index of vectors, or None if there is no passage.
        postings_bytes: the size of the files for full-text search, or 0 if the store itself is searched.
        originals_bytes: the size of the uploaded files.
        desk_bytes: the size of the desk's file (thumbs, conversations), or 0 if there is no desk.
    """

    documents: int
    passages: int
    store_bytes: int
    encoder: EncoderIdentity | None
    index: IndexStats | None
    postings_bytes: int
    originals_bytes: int = 0
    desk_bytes: int = 0


@dataclass(frozen=True, slots=True)
class DocumentTexts:
    """The SHA-256 (hex) of a document's present and earlier texts. Thumbs on the document refer to them.

    Attributes:
        own: the texts that no other document has, or had.
        shared: the texts that another document has, or had, too.
    """

    document_id: str
    own: tuple[str, ...]
    shared: tuple[str, ...]
