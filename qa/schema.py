"""The values that Pullquote passes around: frozen, typed, and free of behaviour beyond their invariants.

Offsets are always Unicode code points in document coordinates, half open: `document.text[start:end]`.
A quote is coordinates: nothing here accepts the text of a quote, it is always the slice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["answered", "weak", "none", "error"]
SentenceKind = Literal["body", "heading", "list", "header", "furniture"]
SectionKind = Literal[
    "page", "section", "chapter", "message", "entry", "record", "sheet", "row", "footnote", "endnote"
]
# "skipped": of another kind than is read, all of a file or a part of it; "gone": no longer there, its
# document held all the same.
FileStatus = Literal[
    "added",
    "replaced",
    "moved",
    "duplicate",
    "unchanged",
    "refused",
    "withdrawn",
    "purged",
    "gone",
    "removed",
    "skipped",
]
Certainty = Literal["stated", "likely", "guessed", "corrected"]
ReplyKind = Literal["greeting", "thanks", "help", "documents", "summary"]
Dates = Literal["auto", "ignore"]


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
class PassagePlace:
    """Where a passage stands: all of it that a ranking needs. `key` is the store's id of the passage."""

    key: int
    document_id: str
    start: int
    end: int


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


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim extract: a document and two offsets. Its text is the slice, and cannot be anything else.

    `number` is the citation's number as shown (from 1). `emphasis` holds the spans, in document coordinates
    and inside the quote, of the words that carry the answer. `copies` are where the same words stand in
    other documents, near-duplicates for the most part (`qa.asking.copies`): never shown as other sources.

    Raises:
        ValueError: when the offsets do not lie in the document.
    """

    document: Document
    start: int
    end: int
    score: float = 0.0
    number: int = 1
    emphasis: tuple[Span, ...] = ()
    copies: tuple[Quote, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= len(self.document.text):
            raise ValueError(f"[{self.start}, {self.end}) does not lie in {self.document.id!r}")
        if any(not self.start <= span.start < span.end <= self.end for span in self.emphasis):
            raise ValueError("an emphasised span lies outside its quote")

    @property
    def text(self) -> str:
        """The verbatim slice of the source."""
        return self.document.text[self.start : self.end]

    @property
    def citation(self) -> Citation:
        """Where the quote stands, in words for a reader."""
        from qa.quoting.cite import citation

        return citation(self)


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a quote stands, in words for a reader. `date` is ISO 8601 or empty.

    `read_by` is "OCR" where some of its words were read off a picture (see `Section`), and else empty.
    """

    title: str
    publisher: str
    number: str
    date: str
    locator: str
    url: str
    series: str = ""
    read_by: str = ""


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A passage that retrieval found, as coordinates. `score` is what it was ordered by, higher is better."""

    document_id: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reply:
    """A fixed reply to what is not a question for the corpus ("hello"). It quotes nothing."""

    kind: ReplyKind
    text: str


@dataclass(frozen=True, slots=True)
class Signals:
    """What the confidence of an answer may rest on; `qa/asking/confidence.json` says which of these it does.

    Logits: `answers`, the surest reading of the passages that are quoted from, and `best`, that of the best
    passage; `span`, by how much some words of it are likelier the answer than none; `relevance`, the best
    passage's score, and `gap`, by how much that beats the second's; `sentence` and `sentence_gap`, the same
    of sentences.
    From 0 to 1: `retrieved`, how well the best passage was found (1 where both searches put it first), and
    `coverage`, the share of the question's content words that it holds. `fits` is 1 where the best sentence
    holds a date or number as the question asks for, 0 where it does not, and 0.5 where it asks for neither.
    `few` says how few passages were found: 0 where there were plenty, nearly 1 for one.
    """

    answers: float
    best: float
    span: float
    relevance: float
    gap: float
    sentence: float
    sentence_gap: float
    retrieved: float
    coverage: float
    fits: float
    few: float


@dataclass(frozen=True, slots=True)
class Milliseconds:
    """Wall time by stage."""

    retrieve: float = 0.0
    rerank: float = 0.0
    extract: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question has no answer line of its own: never shown as "not in the corpus"."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class DatePreference:
    """A time that a question names: among passages that answer about as well, what fits it comes first.

    Of an "event", passages fit that speak of the time, then documents published while that was news, then
    later ones; of "published", documents published then; of "latest", the newest. `since` and `until` are
    inclusive, None where open. `words` say where the question says so; None where an earlier one did.
    """

    kind: Literal["event", "published", "latest"]
    since: dt.date | None = None
    until: dt.date | None = None
    words: Span | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What Pullquote says to one question.

    `quotes` carry the answer (`answered`), or are the closest sentences, labelled as not stating it (`weak`),
    or are absent (`none`, `error`). `interpreted_question` differs from `question` for a follow-up.
    It is answered from a confidence of `threshold` on; `signals` are what the confidence rests on, None where
    nothing was read. `passages` are best first; the first `read` of them were read, the others stand as they
    were found. `searched` counts the documents that the filters left, `undated` those that a date filter left
    out for want of a date. `notes` are short remarks for the reader ("the phrase … does not occur"). `reply`
    is set when the question was not one for the corpus; the outcome is then `none`. `preference` is the time
    that the question was taken to name, None where it names none or that was to be ignored.
    Where not `calibrated`, the confidence is no probability, and is not shown: it is 0 where the question,
    or all that is shown, is not in Latin script, which our reader cannot judge; of a reader without a fit
    it is a guess. `unsearched` says why nothing was searched (the filters match no document), and is empty
    where something was: of the corpus such an answer says nothing; its outcome is `none`.
    """

    question: str
    interpreted_question: str
    outcome: Outcome
    confidence: float = 0.0
    threshold: float = 0.0
    signals: Signals | None = None
    quotes: tuple[Quote, ...] = ()
    passages: tuple[RankedPassage, ...] = ()
    milliseconds: Milliseconds = Milliseconds()
    read: int = 0
    searched: int = 0
    undated: int = 0
    filters: Filters = EVERYTHING
    notes: tuple[str, ...] = ()
    reply: Reply | None = None
    error: Failure | None = None
    preference: DatePreference | None = None
    calibrated: bool = True
    unsearched: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as the answer line of `pullquote ask --json`.

        Its quotes are slices of the documents as they were when the question was asked.
        """
        from qa.quoting.render import to_dict

        return to_dict(self, {quote.document.id: quote.document for quote in self.quotes}.__getitem__)


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier turn of a conversation: who spoke and what was said."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work has come. `total` is 0 while unknown.

    In stage "write", `bytes` of the `all_bytes` of the files to index are done; `passages` were new in them.
    """

    stage: Literal["model", "read", "embed", "write"]
    done: int
    total: int
    name: str = ""
    passages: int = 0
    bytes: int = 0
    all_bytes: int = 0


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one input document. `error` is set only when it was refused.

    What is "withdrawn" was removed by a person, and has not changed since: `pullquote restore` puts it back.
    What is "purged" was erased, and its file has not changed since: it is taken in when it is named itself.
    """

    path: str
    status: FileStatus
    document_id: str = ""
    passages: int = 0
    error: Failure | None = None
    notes: tuple[str, ...] = ()
    part: str = ""


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What `Corpus.index` did, document by document. `skipped` are paths of other kinds in its folders.

    Among these are sidecar files without their file. `remarks` say so, and what was kept although its files
    were not seen. Of a `dry_run`, it is what would be done.
    """

    files: tuple[FileResult, ...]
    seconds: float
    skipped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    dry_run: bool = False

    def count(self, status: str) -> int:
        """How many documents ended with this status."""
        return sum(result.status == status for result in self.files)
