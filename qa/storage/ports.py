"""What asking, quoting and the desk want of a library, whatever keeps it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, Protocol

from qa.schema import EVERYTHING, DocumentInfo, Filters

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from embeddings.arrays import Bits, Float32
    from embeddings.index import IndexStats
    from embeddings.models import EncoderIdentity
    from qa.deadline import Deadline
    from qa.schema import Document, Facets, Judgement, Passage, PassageSpan, Span
    from qa.text.names import Names


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """Where a phrase stands: `places`, and the ids of the `documents` that hold it, in order of id.

    With `more`, only the first `read` of these documents were read, and the others are those of which a
    passage holds its words one after the other, up to inflection and what stands between them. `partial` says
    that these documents hold the phrase in more places.
    """

    places: tuple[tuple[Document, Span], ...] = ()
    documents: tuple[str, ...] = ()
    read: int = 0
    more: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What a set of filters leaves to search in.

    `allowed` holds the passages' keys; None stands for all of them. `undated` counts the documents that a
    date filter left out for want of a date.
    """

    documents: int
    undated: int
    allowed: Bits | None
    filters: Filters = EVERYTHING


@dataclass(frozen=True, slots=True)
class Count:
    """How much a library holds."""

    documents: int
    passages: int


Reason = Literal["superseded", "removed"]


@dataclass(frozen=True, slots=True)
class Version:
    """A text that a document had, up to `at` (UTC), when it was superseded or removed.

    `held` is what the store held of the document, by the names of its columns, and its `locations`.
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

    `store_bytes` is the size of the one file that all else is derived from, what is not yet merged into it
    included. `encoder` and `index` are None while there is no passage. `postings_bytes` is the size of the
    files that full text is searched in, 0 where that is the store itself.
    """

    documents: int
    passages: int
    store_bytes: int
    encoder: EncoderIdentity | None
    index: IndexStats | None
    postings_bytes: int


class Library(Protocol):
    """What a question, a citation and a check of quotes read of a library.

    Every method may raise LibraryError.

    Keys are the library's numbers of passages. What is removed meanwhile is left out of each result.
    """

    @property
    def generation(self) -> int:
        """A number that grows with every committed change, by whatever process."""

    def count(self) -> Count:
        """Count the documents and passages."""

    def facets(self) -> Facets:
        """Return what filters can choose from."""

    def documents(self, filters: Filters = EVERYTHING, limit: int | None = None) -> tuple[DocumentInfo, ...]:
        """List the documents that the filters leave, or the first `limit` of them, in order of id."""

    def document(self, document_id: str) -> Document:
        """Read a document afresh; DocumentNotFoundError where there is none."""

    def document_and_passages(self, document_id: str) -> tuple[Document, tuple[Passage, ...]]:
        """Read a document and its passages in one snapshot; DocumentNotFoundError where there is none."""

    def select(self, filters: Filters = EVERYTHING) -> Selection:
        """Find what the filters leave to search in; InputError where `since` is later than `until`."""

    def left_by(self, filters: Filters, ids: Iterable[str]) -> set[str]:
        """Return those of these documents, by id, that the filters leave."""

    def encode_queries(self, texts: Sequence[str]) -> Float32:
        """Embed questions with the library's encoder: unit vectors, float32 [n, d]."""

    def nearest(self, vectors: Float32, k: int, selection: Selection) -> list[list[tuple[int, float]]]:
        """Find the `k` nearest passages of each vector, float32 [m, d]: (key, cosine), best first."""

    def matching(
        self, queries: Sequence[Sequence[str]], k: int, selection: Selection
    ) -> list[list[tuple[int, float]]]:
        """Find the best `k` passages by BM25 for any of a query's words: (key, score), highest first."""

    def phrase(self, phrase: str, selection: Selection, deadline: Deadline | None = None) -> Occurrences:
        """Find where a phrase stands word for word, in order of document id and offset."""

    def places(self, keys: Iterable[int]) -> dict[int, PassageSpan]:
        """Find where passages stand, by key, in the order of `keys`."""

    def documents_of(self, keys: Iterable[int]) -> dict[int, str]:
        """Find the document id of each passage, by key."""

    def legible(self, keys: Iterable[int]) -> set[int]:
        """Return those of the passages in which the shipped models can read something."""

    def dates(self, ids: Iterable[str]) -> dict[str, dt.date]:
        """Find the publication dates of documents by id; those without one are left out."""

    def copies(self, ids: Iterable[str]) -> dict[str, dict[str, float]]:
        """Find the near-duplicates of documents by id: their ids and similarity, the most similar first."""

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


class JudgedLibrary(Protocol):
    """A library with thumbs on its answers."""

    def thumbs(self) -> tuple[Judgement, ...]:
        """Read all thumbs."""

    def document(self, document_id: str) -> Document:
        """Read a document afresh; DocumentNotFoundError where there is none."""

    def document_by_sha256(self, sha256: str) -> Document:
        """Read the document whose text has this SHA-256 (hex); DocumentNotFoundError where there is none."""
