"""A document's page: the text, the metadata with the source of each value, and the possible actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa.document.metadata import value_of
from qa.document.segment import passages as segment
from qa.errors import DocumentNotFoundError
from qa.quoting.cite import facts_of_document
from qa.schema import FIELDS, UPLOAD, published_in
from qa.text.dates import date_in_words
from qa.text.display import language_in_words, source_in_words
from qa.web import originals
from qa.web.changes import lost
from qa.web.problem import without_commands
from qa.web.reader import Heading, outline, to_html

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from markupsafe import Markup

    from qa.corpus import Corpus
    from qa.schema import Certainty, Document
    from qa.storage.results import Version

_SURENESS: dict[Certainty, str] = {
    "stated": "From: {}",
    "likely": "Probably, from: {}",
    "guessed": "A guess, from: {}",
    "corrected": "Corrected by you",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a document's metadata.

    Attributes:
        name: the name of the field.
        value: the value as a person would type it.
        words: the value as the page shows it.
        origin: the source of the value in words, or "" if there is none.
        was: the value in the document's source if a person has corrected it, or None.
    """

    name: str
    value: str
    words: str
    origin: str
    was: str | None

    @property
    def label(self) -> str:
        """Return the field's name as the page shows it."""
        return FIELDS[self.name].label


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """A document as its page shows it.

    Attributes:
        id: the document's id.
        sha256: the SHA-256 of the text that is shown.
        title: the document's title, or its id if it has no title.
        citation: the citation of the document in words.
        url: the document's web address, or "" if it has none that a browser may open.
        fields: the document's metadata.
        notes: doubts about the metadata.
        facts: the numbers of pages and of words, in words.
        text: the text as HTML.
        outline: the parts of the text.
        status: what has become of the text that is shown: "current", or "superseded" or "removed".
        since: when the text was superseded or removed, in words, or "".
        versions: the document's earlier texts, except the text that is shown.
        is_upload: whether the library stores the file that the document was read from.
        has_original: whether the file that the document was read from can be shown.
        goes: what a purge would erase, and what it would leave (`qa.web.changes.lost`).
    """

    id: str
    sha256: str
    title: str
    citation: str
    url: str
    fields: Sequence[Field]
    notes: Sequence[str]
    facts: Sequence[str]
    text: Markup
    outline: Sequence[Heading]
    status: str
    since: str
    versions: Sequence[Version]
    is_upload: bool
    has_original: bool
    goes: Mapping[str, Any]


def read(corpus: Corpus, document_id: str, sha256: str = "") -> DocumentPage:
    """Read a document for its page: as it is now, or as it was when it was removed.

    With `sha256`, read the document's earlier text with that SHA-256.

    Raises:
        DocumentNotFoundError: there is no such document, or no such text.
    """
    store = corpus.store
    status, since = "current", None
    if sha256:
        version, document = store.earlier(document_id, sha256)
        passages, status, since = segment(document), version.reason, version.at
    else:
        try:
            document, passages = store.document_and_passages(document_id)
        except DocumentNotFoundError:
            version, document = store.restorable(document_id)
            passages, status, since = segment(document), "removed", version.at
    title = document.title or document.id
    return DocumentPage(
        document.id,
        document.sha256,
        title,
        ", ".join([f"“{' '.join(title.split())}”", *facts_of_document(document, published_in(document))]),
        document.url if document.url.startswith(("http://", "https://")) else "",
        _fields(corpus, document),
        tuple(map(without_commands, document.notes)),
        _size(document),
        to_html(document, passages),
        outline(document),
        status,
        _day(since),
        [version for version in store.versions(document_id) if version.sha256 != document.sha256],
        document.path.startswith(UPLOAD),
        status == "current" and originals.shown(document) in ("pages", "view"),
        lost(corpus, document_id),
    )


def _fields(corpus: Corpus, document: Document) -> list[Field]:
    """Return a document's metadata for its page, with their origins and corrections."""
    corrections = corpus.store.corrections_of(document.id)
    sources = {source.field: source for source in document.found}
    fields = []
    for name in FIELDS:
        origin = ""
        if name in sources:
            origin = _SURENESS[sources[name].sure].format(source_in_words(sources[name].source))
        if name == "collection" and name in corrections:
            origin = "Chosen by you"
        was = corrections[name].was if name in corrections else None
        value = value_of(document, name)
        words = date_in_words(document.date) if name == "date" and document.date else value
        words = language_in_words(value) if name == "language" and value else words
        fields.append(Field(name, value, words, origin, was))
    return fields


def _size(document: Document) -> list[str]:
    pages = sum(section.kind == "page" for section in document.sections)
    words = len(document.text.split())
    return [f"{pages:,} pages"] * (pages > 1) + [f"{words:,} words"]


def _day(at: dt.datetime | None) -> str:
    return date_in_words(at) if at else ""
