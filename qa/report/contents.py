"""What a dossier holds today: each quote opened again, and what has become of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from qa.errors import DocumentNotFoundError
from qa.quoting.bibliography.csl import csl_item, keys, located
from qa.quoting.cite import cite_line
from qa.quoting.claims.claim import Claim
from qa.quoting.claims.sentences import sentences_around
from qa.quoting.opened import open_citation, open_place
from qa.quoting.render import describe_filters
from qa.schema import CitationId, DossierEntry, QuoteReference, Span, citation
from qa.text.dates import date_in_words
from qa.text.display import in_one_line, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.quoting.opened import Opened
    from qa.quoting.verify import Verdict, Verifier
    from qa.schema import Asked, Document, DossierInfo, Quote
    from qa.storage.ports import Library

NOTE = "Analyst’s note"
NOT_FOUND = {
    "none": "not in the corpus",
    "weak": "not in the corpus: only passages that do not state it were found",
    "error": "could not be answered because of an error",
    "answered": "answered",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry of a dossier as it is today.

    Attributes:
        entry: the entry.
        number: a quote's number among the dossier's quotes, from 1; 0 for what is none, or was purged.
        opened: a quote as it opens today; None for what is no quote, or was purged.
    """

    entry: DossierEntry
    number: int = 0
    opened: Opened | None = None

    @property
    def quote(self) -> Quote | None:
        """The quote, in its document as it was kept."""
        return self.opened.quote if self.opened else None

    @property
    def status(self) -> str:
        """What has become of a quote: current, superseded, removed or purged; "" for what is none."""
        if self.opened:
            return self.opened.status
        return "purged" if self.entry.kind == "quote" else ""

    @property
    def fate(self) -> str:
        """The same in words, with the day: "superseded on 5 May 2008"; "" while it is current."""
        if self.opened:
            return self.opened.fate
        if self.entry.kind != "quote":
            return ""
        purged = self.entry.purged
        return f"purged on {date_in_words(purged.date())}" if purged else "purged"


def kept_quote(
    library: Library, place: CitationId, document_id: str = "", asked: Asked | None = None
) -> DossierEntry:
    """Return what is kept of a citation: its place, with the sentences around it.

    Raises:
        DocumentNotFoundError: no document has, or had, such a text.
        InputError: the text ends before the quote does, or the quote begins or ends within a line break.
    """
    quote = open_citation(library, place, document_id).quote
    return entry_of(quote, asked)


def entry_of(quote: Quote, asked: Asked | None = None) -> DossierEntry:
    """Return what is kept of a quote."""
    document = quote.document
    start, end = sentences_around(document.text, quote.start, quote.end, beside=1)
    place = QuoteReference(document.id, document.sha256, quote.start, quote.end)
    return DossierEntry("quote", place=place, context=Span(start, end), asked=asked)


def shown(entries: Sequence[DossierEntry], library: Library) -> tuple[Shown, ...]:
    """Open each quote of a dossier again: its text is read and hashed afresh.

    Raises:
        InputError: a text has no such place: the desk is damaged.
    """
    found, number = [], 0
    for entry in entries:
        opened = None
        if entry.place:
            try:
                opened = open_place(library, _id(entry.place), entry.place.document)
            except DocumentNotFoundError:  # purged, and the desk is yet to forget it
                opened = None
            number += opened is not None
        found.append(Shown(entry, number if opened else 0, opened))
    return tuple(found)


def _id(place: QuoteReference) -> CitationId:
    return CitationId(place.sha256, place.start, place.end)


class Question(NamedTuple):
    """A question of a dossier, with the numbers of the quotes that it brought."""

    asked: Asked
    quotes: tuple[int, ...]


def questions(entries: Sequence[Shown]) -> tuple[Question, ...]:
    """Return the questions of a dossier, each once, in the order of their entries."""
    numbers: dict[tuple[object, ...], tuple[Asked, list[int]]] = {}
    for each in entries:
        if asked := each.entry.asked:
            at = (asked.question, asked.filters, each.entry.kind == "question")
            held = numbers.setdefault(at, (asked, []))[1]
            if each.number:
                held.append(each.number)
    return tuple(Question(asked, tuple(quotes)) for asked, quotes in numbers.values())


def verdicts(entries: Sequence[Shown], verifier: Verifier) -> list[tuple[Shown, Verdict | None]]:
    """Compare each quote of a dossier with the library, as `pullquote verify` does; None for a purged one."""
    return [(each, _verdict(each, verifier)) for each in entries if each.entry.kind == "quote"]


def _verdict(shown: Shown, verifier: Verifier) -> Verdict | None:
    place, quote = shown.entry.place, shown.quote
    if place is None or quote is None:
        return None
    where = f"quote {shown.number}"
    claim = Claim(quote.text, 0, _id(place), place.document, exact=True, where=where)
    return verifier.verdict(claim)


# What is cited


class Source(NamedTuple):
    """A document that a dossier quotes, under the key that its citations name it by."""

    key: str
    document: Document


def sources(entries: Sequence[Shown]) -> dict[tuple[str, str], Source]:
    """Return the documents that are quoted, by id and SHA-256, in order."""
    documents: dict[tuple[str, str], Document] = {}
    for each in entries:
        if each.quote:
            document = each.quote.document
            documents.setdefault((document.id, document.sha256), document)
    # Two texts of one document are one source, under one key.
    by_id = {document.id: document for document in documents.values()}
    key_of = dict(zip(by_id, keys(by_id.values()), strict=True))
    return {at: Source(key_of[document.id], document) for at, document in documents.items()}


def cited(entries: Sequence[Shown]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return the items and the citations of a dossier as CSL-JSON has them, the citations in order."""
    held = sources(entries)
    items = {source.key: csl_item(source.document, key=source.key) for source in held.values()}
    citations = [
        {"id": held[each.quote.document.id, each.quote.document.sha256].key, **located(each.quote)}
        for each in entries
        if each.quote
    ]
    return list(items.values()), citations


# What is shown of it


def info_to_dict(info: DossierInfo) -> dict[str, Any]:
    """Return what JSON says of a dossier."""
    return {
        "id": info.id,
        "name": info.name,
        "began": info.began.isoformat(timespec="seconds"),
        "changed": info.changed.isoformat(timespec="seconds"),
        "quotes": info.quotes,
        "entries": info.entries,
    }


def to_dict(shown: Shown) -> dict[str, Any]:
    """Return what JSON says of an entry; a quote's words are read from its document now."""
    entry, opened, quote = shown.entry, shown.opened, shown.quote
    said: dict[str, Any] = {"id": entry.id, "kind": entry.kind}
    if entry.kind in ("heading", "note"):
        said["words"] = entry.words
    if entry.kind == "quote":
        said |= {"number": shown.number, "status": shown.status, "fate": shown.fate}
    if quote and opened:
        context = entry.context or Span(quote.start, quote.end)
        text = quote.document.text
        said |= {
            "citation_id": str(CitationId(quote.document.sha256, quote.start, quote.end)),
            "document": quote.document.id,
            "sha256": quote.document.sha256,
            "start": quote.start,
            "end": quote.end,
            "text": quote.text,
            "before": text[context.start : quote.start],
            "after": text[quote.end : context.end],
            "citation": asdict(citation(quote)),
            "cite": cite_line(quote, opened.fate),
            "moved": str(opened.moved.citation_id) if opened.moved else None,
        }
    if entry.asked:
        said |= {
            "question": entry.asked.question,
            "outcome": entry.asked.outcome,
            "filters": filters_to_dict(entry.asked),
            "asked": entry.asked.at.isoformat(timespec="seconds") if entry.asked.at else None,
        }
    added = entry.added.isoformat(timespec="seconds") if entry.added else None
    return said | {"added": added}


def filters_to_dict(asked: Asked) -> dict[str, Any]:
    """Return the filters that a question was asked with, without those that were not set."""
    return {
        name: value.isoformat()
        if isinstance(value, dt.date)
        else [value]
        if isinstance(value, str)
        else list(value)
        for name, value in asdict(asked.filters).items()
        if value
    }


def lines(entries: Sequence[Shown]) -> Iterator[list[tuple[str, str]]]:
    """Say what a dossier holds in lines of (words, style): the style is one of rich's."""
    for place, each in enumerate(entries, 1):
        entry = each.entry
        number = (f"{place:>3}  ", "dim")
        match entry.kind:
            case "heading":
                yield [number, (in_one_line(entry.words), "bold")]
            case "note":
                first, *others = visible(entry.words).split("\n")
                yield [number, (f"{NOTE}: ", "dim italic"), (first, "italic")]
                for line in others:
                    yield [("     ", ""), (line, "italic")]
            case "question" if entry.asked:
                said = NOT_FOUND[entry.asked.outcome]
                yield [number, (in_one_line(entry.asked.question), ""), (f"  {said}", "yellow")]
            case _ if each.quote and each.opened:
                first, *others = visible(each.quote.text).split("\n")
                yield [number, (first, "")]
                for line in others:
                    yield [("     ", ""), (line, "")]
                yield [("     ", ""), (visible(cite_line(each.quote)), "cyan")]
                if each.fate:
                    yield [("     ", ""), (each.fate, "yellow")]
            case _:
                yield [number, (f"a quote, {each.fate}", "yellow")]
        if entry.asked and entry.kind == "quote":
            yield [("     ", ""), (f"asked: {in_one_line(entry.asked.question)}", "dim")]
        if entry.asked and entry.asked.filters:
            yield [("     ", ""), (f"filters: {in_one_line(describe_filters(entry.asked.filters))}", "dim")]
