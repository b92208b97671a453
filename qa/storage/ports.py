"""What asking, quoting and the desk want of a library, whatever keeps it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

from qa.schema import EVERYTHING, DocumentInfo, Filters

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from embeddings.arrays import Bits, Float32
    from embeddings.index import IndexStats
    from embeddings.models import EncoderIdentity
    from qa.deadline import Deadline
    from qa.schema import Document, DocumentList, DocumentQuery, Facets, Passage, Span
    from qa.storage.postgresql.database import SharedDatabase
    from qa.text.names import Names


# Documents that are in memory at once where many are read one after the other.
READ_AT_ONCE = 50
Segmented: TypeAlias = "tuple[Document, tuple[Passage, ...]]"
"""A document with its passages, whose offsets are those of its text."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found.

    Attributes:
        key: the library's number of the passage, which no other passage ever gets.
        document_id: the id of the document that it is of.
        sha256: the SHA-256 (hex) of the document's text.
        start: where the passage begins in that text.
        end: where the passage ends in that text.
        published: when the document was published; None where that is not known.
    """

    key: int
    document_id: str
    sha256: str
    start: int
    end: int
    published: dt.date | None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place at which a phrase stands.

    Attributes:
        document_id: the id of the document.
        sha256: the SHA-256 (hex) of the document's text.
        span: where the phrase stands in that text.
    """

    document_id: str
    sha256: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """Where a phrase stands.

    Attributes:
        places: where it stands, in order of document id and offset.
        documents: the ids of the documents that hold it, in order.
        read: how many of the documents were read.
        too_many_documents: whether only some of the documents were read. Then `documents` also holds those of
            which a passage holds the words of the phrase one after the other, up to inflection and what
            stands between them.
        has_more_places: whether the documents that were read hold the phrase in more places.
    """

    places: tuple[Occurrence, ...] = ()
    documents: tuple[str, ...] = ()
    read: int = 0
    too_many_documents: bool = False
    has_more_places: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What filters leave to search in.

    Attributes:
        documents: how many documents they leave.
        undated: how many documents a date filter leaves out because they have no date.
        allowed: the keys of the passages; None stands for all of them, or for those that an engine finds by
            the filters themselves.
        filters: the filters.
    """

    documents: int
    undated: int
    allowed: Bits | None
    filters: Filters = EVERYTHING


@dataclass(frozen=True, slots=True)
class Count:
    """How much a library holds.

    Attributes:
        documents: how many documents.
        passages: how many passages these have.
    """

    documents: int
    passages: int


Reason = Literal["superseded", "removed"]


@dataclass(frozen=True, slots=True)
class Version:
    """A text that a document had before.

    Attributes:
        number: the number of the version; later ones have greater numbers.
        document_id: the id that the document had.
        sha256: the SHA-256 (hex) of the text.
        reason: why the document does not have the text any more.
        at: when it was superseded or removed (UTC).
        held: what was known of the document, by field, and its locations.
    """

    number: int
    document_id: str
    sha256: str
    reason: Reason
    at: dt.datetime
    held: Mapping[str, Any]

    def info(self, document: Document) -> DocumentInfo:
        """Describe the document as it was. No passages of it are searched any more."""
        known: dict[str, Any] = {
            field.name: getattr(document, field.name)
            for field in fields(DocumentInfo)
            if hasattr(document, field.name)
        }
        places = tuple(dict.fromkeys(place["path"] for place in self.locations))
        return DocumentInfo(**known, characters=len(document.text), passages=0, locations=places)

    @property
    def locations(self) -> list[Mapping[str, Any]]:
        """Where the document stood, the place that it is named after first."""
        return [{"path": self.held["path"]}, *self.held["locations"]]

    @property
    def title(self) -> str:
        """The title that the document had."""
        return str(self.held["title"])

    def to_dict(self) -> dict[str, Any]:
        """Return an entry of what a document was before, or of `documents --removed --json`."""
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
    """The document that a citation names, as it was, and what has become of it.

    Attributes:
        document: the document as it was cited.
        status: "superseded" while the document has another text in the library, "removed" once it has none,
            whatever else has its id then.
        since: when it was superseded or removed (UTC); None for what is current.
        current_id: the id of the document that is in the library now; "" where it was removed.
        current_sha256: the SHA-256 of the text that it has now; "" where it was removed.
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
    """What a library holds, and what that costs.

    Attributes:
        documents: how many documents it holds.
        passages: how many passages these have.
        store_bytes: the size of what all else is derived from.
        encoder: the encoder of the vectors; None while there is no passage.
        index: what the index of vectors is and costs; None while there is no passage.
        postings_bytes: the size of the files that full text is searched in; 0 where the store itself is.
        originals_bytes: the size of the files that were uploaded.
        desk_bytes: the size of the file with what people keep, such as thumbs; 0 where there is none.
    """

    documents: int
    passages: int
    store_bytes: int
    encoder: EncoderIdentity | None
    index: IndexStats | None
    postings_bytes: int
    originals_bytes: int = 0
    desk_bytes: int = 0


class Library(Protocol):
    """What a question, a citation and a check of quotes read of a library.

    Every method may raise LibraryError. Each sees one state of the library; the next may see a later one. A
    document whose SHA-256 is not that of a hit was replaced after the hit was found. What is removed
    meanwhile is left out of a result.
    """

    def count(self) -> Count:
        """Count the documents and passages."""

    def facets(self) -> Facets:
        """Return what filters can choose from."""

    def documents(self, filters: Filters = EVERYTHING, limit: int | None = None) -> tuple[DocumentInfo, ...]:
        """List the documents that the filters leave, or the first `limit` of them, in order of id."""

    def find_documents(self, query: DocumentQuery) -> DocumentList:
        """List the documents that a query finds, in its order; equals in order of id."""

    def document(self, document_id: str) -> Document:
        """Read a document afresh; DocumentNotFoundError where there is none."""

    def read(self, ids: Iterable[str]) -> dict[str, Segmented]:
        """Read documents with their passages, by id, in the order of `ids`; those not held are left out.

        All are in memory at once: ask for many in parts.
        """

    def select(self, filters: Filters = EVERYTHING) -> Selection:
        """Find what the filters leave to search in; InputError where `since` is later than `until`."""

    def encode_queries(self, texts: Sequence[str]) -> Float32:
        """Embed questions with the library's encoder: unit vectors, float32 [n, d]."""

    def nearest(self, vectors: Float32, k: int, selection: Selection) -> list[list[tuple[Hit, float]]]:
        """Find the `k` nearest passages of each unit vector, float32 [m, d], with cosines, highest first."""

    def matching(
        self, queries: Sequence[Sequence[str]], k: int, selection: Selection
    ) -> list[list[tuple[Hit, float]]]:
        """Find the best `k` passages by BM25 for any of the words of each query, with scores, highest first.

        Equals come in order of their documents' ids, and of their places in these.
        """

    def phrase(self, phrase: str, selection: Selection, deadline: Deadline | None = None) -> Occurrences:
        """Find where a phrase stands word for word, whatever the typography (`qa.text.phrase`).

        Raises:
            DeadlineError, CancelledError: see `Deadline.check`.
        """

    def legible(self, hits: Iterable[Hit]) -> set[int]:
        """Return the keys of those passages in which the shipped models can read something."""

    def copies(self, ids: Iterable[str], filters: Filters = EVERYTHING) -> dict[str, dict[str, float]]:
        """Find the near-duplicates of documents, by id, that the filters leave.

        Gives their ids and similarity, 0 to 1, the most similar first. Documents without any are left out.
        """

    def names(self, question: str) -> Names:
        """Find the names in a question that the documents spell otherwise."""

    def cited(self, sha256: str, document_id: str = "") -> Cited:
        """Read the document whose text has, or had, this SHA-256 (hex), and tell what has become of it."""

    def kept_with(self, words: str) -> list[str]:
        """Find the texts that are no longer searched and hold these very words: their SHA-256."""

    def removed(self) -> tuple[Version, ...]:
        """List the documents that can be put back, what was removed last first."""

    def same_text(self, document_id: str) -> tuple[str, ...]:
        """List the ids of others that have, or had, the very text that a document has, or had."""


def read_in_parts(library: Library, ids: Iterable[str]) -> Iterator[Segmented]:
    """Read documents in order, `READ_AT_ONCE` in one call; those not held are left out."""
    left = iter(dict.fromkeys(ids))
    while part := list(islice(left, READ_AT_ONCE)):
        yield from library.read(part).values()


def read_places(library: Library, places: Iterable[Occurrence]) -> Iterator[tuple[Segmented, list[Span]]]:
    """Read the documents in which a phrase stands, in parts, each with its places.

    A document that was replaced after the phrase was found is left out.
    """
    spans: dict[tuple[str, str], list[Span]] = {}
    for place in places:
        spans.setdefault((place.document_id, place.sha256), []).append(place.span)
    for document, passages in read_in_parts(library, (document_id for document_id, _ in spans)):
        if here := spans.get((document.id, document.sha256)):
            yield (document, passages), here


class ThumbRow(NamedTuple):
    """A thumb as the desk keeps it: these are the columns, in this order."""

    query: str
    sha256: str
    start: int
    end: int
    document: str
    thumb: str
    shown: str


@dataclass(frozen=True, slots=True)
class DocumentTexts:
    """The texts that a document has, or had, by SHA-256 (hex): what the thumbs on it are known by.

    Attributes:
        own: the texts that no other document has, or had.
        shared: the texts that another has, or had, too.
    """

    document_id: str
    own: tuple[str, ...]
    shared: tuple[str, ...]


class DeskLibrary(Protocol):
    """A library with answers that were judged: where the quotes of them are read, and former thumbs."""

    @property
    def folder(self) -> Path:
        """The folder in which the library is, or what is kept beside it."""

    @property
    def shared(self) -> SharedDatabase | None:
        """The database of a desk that several servers share; None where the desk lies in the folder."""

    @property
    def read_only(self) -> bool:
        """Whether nothing may be written."""

    def former_thumbs(self) -> list[ThumbRow]:
        """Read the thumbs that the library kept itself, and the desk has not taken over yet."""

    def hand_over_thumbs(self, take: Callable[[list[ThumbRow]], None]) -> None:
        """Give the desk these thumbs; they go once `take` has returned."""

    def cited(self, sha256: str, document_id: str = "") -> Cited:
        """Read the document whose text has, or had, this SHA-256 (hex); DocumentNotFoundError if none."""

    def document(self, document_id: str) -> Document:
        """Read a document afresh; DocumentNotFoundError where there is none."""

    def document_by_sha256(self, sha256: str) -> Document:
        """Read the document whose text has this SHA-256 (hex); DocumentNotFoundError where there is none."""
