"""A document's page: its text, what is known of it and where each value comes from, and what can be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qa.document.metadata import FIELDS, value_of
from qa.document.segment import passages as segment
from qa.errors import DocumentNotFoundError
from qa.quoting.cite import facts
from qa.schema import UPLOAD, published_in
from qa.text.dates import date_in_words
from qa.text.display import language_in_words
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
    from qa.storage.ports import Version

LABELS = {"url": "Address"}
_SURENESS: dict[Certainty, str] = {
    "stated": "From: {}",
    "likely": "Probably, from: {}",
    "guessed": "A guess, from: {}",
    "corrected": "Corrected by you",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A value that is known of a document.

    Attributes:
        name: the name of the field.
        value: the value, as a person would type it.
        words: the value, as it is read.
        origin: where it comes from, in words; "" where nothing says it.
        was: what the document's source says, where a person has corrected it; else None.
    """

    name: str
    value: str
    words: str
    origin: str
    was: str | None

    @property
    def label(self) -> str:
        """Return the name as it is shown."""
        return LABELS.get(self.name, self.name.capitalize())


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """A document as its page shows it.

    Attributes:
        id: the document's id.
        sha256: the SHA-256 of the text that is shown.
        title: its title, or else its id.
        citation: how it is cited.
        url: its address; "" where none is known that a browser may open.
        fields: what is known of it.
        notes: doubts about that.
        facts: its size and what it was read from, in words.
        text: its text, as HTML.
        outline: its parts.
        status: what has become of the text that is shown.
        since: when that was superseded or removed, in words.
        versions: the texts that it had before.
        is_upload: whether the library keeps the file that it was read from.
        has_original: whether the file that it was read from can be shown.
        goes: what an erasure would take, and leave (`qa.web.changes.lost`).
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
    """Read a document as it is, or as it was when it was removed, or an earlier text of it by SHA-256.

    Raises:
        DocumentNotFoundError: there is none.
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
        ", ".join([f"“{' '.join(title.split())}”", *_facts(document)]),
        document.url if document.url.startswith(("http://", "https://")) else "",
        _fields(corpus, document),
        tuple(map(without_commands, document.notes)),
        _size(document),
        to_html(document, passages),
        outline(document),
        status,
        _day(since),
        [each for each in store.versions(document_id) if each.sha256 != document.sha256],
        document.path.startswith(UPLOAD),
        status == "current" and originals.shown(document) in ("pages", "view"),
        lost(corpus, document_id),
    )


def _fields(corpus: Corpus, document: Document) -> list[Field]:
    corrections = corpus.store.corrections_of(document.id)
    found = {each.field: each for each in document.found}
    fields = []
    for name in FIELDS:
        origin = _SURENESS[found[name].sure].format(found[name].source) if name in found else ""
        if name == "collection" and name in corrections:
            origin = "Chosen by you"
        was = corrections[name].was if name in corrections else None
        value = value_of(document, name)
        words = date_in_words(document.date) if name == "date" and document.date else value
        words = language_in_words(value) if name == "language" and value else words
        fields.append(Field(name, value, words, origin, was))
    return fields


def _facts(document: Document) -> list[str]:
    date = date_in_words(document.date) if document.date else ""
    return facts(
        author=document.author,
        publisher=published_in(document),
        series=document.series,
        number=document.number,
        date=date,
        locator="",
        read_by="",
    )


def _size(document: Document) -> list[str]:
    pages = sum(section.kind == "page" for section in document.sections)
    words = len(document.text.split())
    return [f"{pages:,} pages"] * (pages > 1) + [f"{words:,} words"]


def _day(at: dt.datetime | None) -> str:
    return date_in_words(at) if at else ""
