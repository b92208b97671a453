"""Read the contents of a dossier, with each quote opened again in the library as it is now."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from qa.errors import DocumentNotFoundError, InputError
from qa.quoting.bibliography.csl import csl_item, keys, located
from qa.quoting.cite import cite_line
from qa.quoting.claims.claim import Claim
from qa.quoting.claims.sentences import sentences_around
from qa.quoting.opened import open_citation, open_place
from qa.quoting.render import no_answer
from qa.quoting.speaker import said_by, speaker_to_dict
from qa.schema import (
    READINESS,
    Asked,
    CitationId,
    DossierEntry,
    Quote,
    QuoteReference,
    Span,
    citation,
    citation_id,
)
from qa.text.dates import date_in_words
from qa.text.display import describe_filters, in_one_line, plural, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qa.quoting.opened import Opened
    from qa.quoting.verify import Verdict, Verifier
    from qa.schema import Answer, Document, DossierInfo
    from qa.storage.library import Library

NOTE = "Analyst’s note"
UNREADABLE = "\ufffd"


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry of a dossier, with its present state.

    Attributes:
        entry: the entry.
        number: a quote's number among the dossier's quotes, from 1. It is 0 for other entries and purged
            quotes.
        opened: a quote as it opens now, or None for other entries and purged quotes.
        figures: the different figures or dates of the sources, the quote's own first. Empty if nothing
            differs.
        present: for a superseded quote, the whole sentences of the present text at the quote's place.
    """

    entry: DossierEntry
    number: int = 0
    opened: Opened | None = None
    figures: tuple[Quote, ...] = ()
    present: Quote | None = None

    @property
    def quote(self) -> Quote | None:
        """Return the quote in its document as it was stored, or None."""
        return self.opened.quote if self.opened else None

    @property
    def status(self) -> str:
        """Return "current", "superseded", "removed" or "purged" for a quote, or "" for other entries."""
        if self.opened:
            return self.opened.status
        return "purged" if self.entry.kind == "quote" else ""

    @property
    def fate(self) -> str:
        """Return the state of a quote in words ("superseded on 5 May 2008"), or "" if it is current."""
        if self.opened:
            return self.opened.fate
        if self.entry.kind != "quote":
            return ""
        purged = self.entry.purged
        return f"purged on {date_in_words(purged.date())}" if purged else "purged"

    @property
    def name(self) -> str:
        """Return the name of a quote in lists: "quote 3", or "a quote" if its document was purged."""
        return f"quote {self.number}" if self.number else "a quote"

    @property
    def today(self) -> str:
        """Return a sentence about the present text of a quote that is not current, or ""."""
        if self.status == "removed":
            return "Answers no longer quote this document."
        if self.status == "purged":
            return "Its document was erased for good."
        if not self.opened or self.status == "current":
            return ""
        if self.opened.moved:
            return "The present text still says this."
        return f"The present text {'has other words' if self.present else 'says nothing similar'}."

    @property
    def remarks(self) -> list[str]:
        """Return remarks for readers of the quote: its speaker, differing sources, and unreadable letters."""
        if self.quote is None:
            return []
        remarks = [f"Said by {speaker}."] if (speaker := said_by(self.quote)) else []
        if self.figures:
            own, *others = self.figures
            given = "; ".join(f"{_words(figure)} in {_source(figure)}" for figure in others)
            remarks.append(f"Sources differ: {_words(own)} here; {given}.")
        if count := self.quote.text.count(UNREADABLE):
            remarks.append(f"{plural(count, 'letter')} could not be read: each is shown as {UNREADABLE}.")
        return remarks


def _words(figure: Quote) -> str:
    return " ".join(figure.text.split())


def _source(quote: Quote) -> str:
    """Return a quote's document in words, without quotation marks, which would make the title a quote."""
    document = quote.document
    date = date_in_words(document.date) if document.date else ""
    return ", ".join(filter(None, (" ".join((document.title or document.id).split()), date)))


def asked_of(answer: Answer, earlier: Sequence[str], generation: int, at: dt.datetime) -> Asked:
    """Return the stored record of a question: how it was asked, its outcome, and the documents searched."""
    return Asked(
        answer.question.strip(),
        "answered" if answer.is_answered_in_part else answer.outcome,
        answer.filters,
        at,
        generation,
        answer.searched,
        answer.strictness or 0.0,
        answer.unjudged,
        tuple(earlier) if answer.carried else (),
    )


def how_asked(asked: Asked) -> str:
    """Return the day and strictness of a question in words: `28 November 2026, strictness balanced`."""
    day = date_in_words(asked.at.astimezone().date()) if asked.at else ""
    strictness = READINESS.get(asked.strictness, f"{asked.strictness:g}")
    return ", ".join(filter(None, (day, f"strictness {strictness}" if asked.strictness else "")))


def outcome_in_words(asked: Asked, titles: Mapping[str, str] | None = None) -> str:
    """Return the outcome of an unanswered question in words."""
    if asked.outcome == "error":
        return "This could not be answered because of an error"
    return no_answer(asked, titles)


def changed_since(asked: Asked, library: Library, generation: int) -> str:
    """Return a sentence about changes of the library since a question was asked, or "" without changes.

    The documents that match the filters are counted, not compared. If their number is the same, the sentence
    only says that the library has changed.
    """
    if not asked.generation or asked.generation == generation:
        return ""
    now = library.select(asked.filters).documents
    if not asked.searched or now == asked.searched:
        return "The library has changed since."
    were = "document was" if asked.searched == 1 else "documents were"
    return f"{asked.searched:,} {were} searched then; there {'is' if now == 1 else 'are'} {now:,} now."


def kept_quote(
    library: Library,
    quote_id: CitationId,
    document_id: str = "",
    asked: Asked | None = None,
    differing: Sequence[QuoteReference] = (),
) -> DossierEntry:
    """Return the dossier entry of a citation, with the quote's place and the sentences around it.

    Raises:
        DocumentNotFoundError: no document has, or had, such a text.
        InputError: the text ends before the quote does, or the quote begins or ends within a line break.
    """
    quote = open_citation(library, quote_id, document_id).quote
    return entry_of(quote, asked, differing)


def entry_of(
    quote: Quote, asked: Asked | None = None, differing: Sequence[QuoteReference] = ()
) -> DossierEntry:
    """Return the dossier entry of a quote. `differing` are the figures that differ in the quote's answer."""
    document = quote.document
    start, end = sentences_around(document.text, quote.start, quote.end, beside=1)
    reference = QuoteReference(document.id, document.sha256, quote.start, quote.end)
    own = [figure for figure in differing if _is_within(figure, reference)]
    figures = (*own, *(figure for figure in differing if figure not in own)) if own else ()
    return DossierEntry("quote", place=reference, context=Span(start, end), asked=asked, differing=figures)


def _is_within(figure: QuoteReference, reference: QuoteReference) -> bool:
    is_same_document = (figure.document, figure.sha256) == (reference.document, reference.sha256)
    return is_same_document and reference.start <= figure.start and figure.end <= reference.end


def shown(entries: Sequence[DossierEntry], library: Library) -> tuple[Shown, ...]:
    """Return the entries of a dossier with each quote opened again. Its text is read and hashed again.

    Raises:
        InputError: a text ends before a quote does, which means that the desk is damaged.
    """
    shown_entries, number = [], 0
    for entry in entries:
        opened = None
        if entry.place:
            try:
                opened = open_place(library, _id(entry.place), entry.place.document)
            except DocumentNotFoundError:  # the document was purged, and the desk still has the place
                opened = None
        if opened is None:
            shown_entries.append(Shown(entry))
            continue
        number += 1
        figures = _figures(entry.differing, library)
        shown_entries.append(Shown(entry, number, opened, figures, present_words(opened, library)))
    return tuple(shown_entries)


def renewed(entry: DossierEntry, library: Library) -> DossierEntry:
    """Return the entry of a superseded quote with the present words of its source. The question stays.

    Raises:
        InputError: the quote is current, or its source has no similar words any more.
    """
    (shown_entry,) = shown([entry], library)
    if shown_entry.present is None:
        raise InputError(
            "the quote is current, so there is nothing to renew"
            if shown_entry.status == "current"
            else f"there is nothing to renew; the quote was {shown_entry.fate}. {shown_entry.today}"
        )
    return entry_of(shown_entry.present, entry.asked)


def _figures(references: Sequence[QuoteReference], library: Library) -> tuple[Quote, ...]:
    """Return figures, read from their documents again, without figures of purged documents.

    Return nothing if only one figure remains.
    """
    figures = []
    for reference in references:
        with suppress(DocumentNotFoundError):
            figures.append(open_place(library, _id(reference), reference.document).quote)
    return tuple(figures) if len(figures) > 1 else ()


def present_words(opened: Opened, library: Library) -> Quote | None:
    """Return the sentences of the present text at the place of a superseded quote, or None."""
    if opened.current is None or opened.now is None:
        return None
    document, passages = library.read([opened.current.id]).get(opened.current.id, (opened.current, ()))
    if document.sha256 != opened.current.sha256:  # the document has just changed
        return None
    touched = [
        sentence
        for passage in passages
        for sentence in passage.sentences
        if sentence.start < opened.now.end and opened.now.start < sentence.end
    ]
    start = min((sentence.start for sentence in touched), default=opened.now.start)
    end = max((sentence.end for sentence in touched), default=opened.now.end)
    return Quote(document, start, end)


def _id(reference: QuoteReference) -> CitationId:
    return CitationId(reference.sha256, reference.start, reference.end)


class Question(NamedTuple):
    """A question of a dossier, with the numbers of the quotes that were kept from its answer."""

    asked: Asked
    quotes: tuple[int, ...]


def questions(entries: Sequence[Shown]) -> tuple[Question, ...]:
    """Return the questions of a dossier, each once, in the order of their entries.

    The same words count as another question if they were asked in another way, on another day, or with
    another outcome.
    """
    numbers: dict[tuple[object, ...], tuple[Asked, list[int]]] = {}
    for shown_entry in entries:
        if asked := shown_entry.entry.asked:
            day = asked.at and asked.at.date()
            at = (replace(asked, at=None, generation=0), day, shown_entry.entry.kind == "question")
            held = numbers.setdefault(at, (asked, []))[1]
            if shown_entry.number:
                held.append(shown_entry.number)
    return tuple(Question(asked, tuple(quotes)) for asked, quotes in numbers.values())


def verdicts(entries: Sequence[Shown], verifier: Verifier) -> list[tuple[Shown, Verdict | None]]:
    """Return the verdict on each quote of a dossier, as `pullquote verify` does. A purged quote has None."""
    return [
        (shown_entry, _verdict(shown_entry, verifier))
        for shown_entry in entries
        if shown_entry.entry.kind == "quote"
    ]


def _verdict(shown: Shown, verifier: Verifier) -> Verdict | None:
    reference, quote = shown.entry.place, shown.quote
    if reference is None or quote is None:
        return None
    where = f"quote {shown.number}"
    claim = Claim(quote.text, 0, _id(reference), reference.document, exact=True, where=where)
    return verifier.verdict(claim)


# Sources and citations


class Source(NamedTuple):
    """A document that a dossier quotes, with its key in the citations."""

    key: str
    document: Document


def sources(entries: Sequence[Shown]) -> dict[tuple[str, str], Source]:
    """Return the quoted documents by id and SHA-256, in order."""
    documents: dict[tuple[str, str], Document] = {}
    for shown_entry in entries:
        if shown_entry.quote:
            document = shown_entry.quote.document
            documents.setdefault((document.id, document.sha256), document)
    # Two texts of the same document count as one source with one key.
    by_id = {document.id: document for document in documents.values()}
    key_of = dict(zip(by_id, keys(by_id.values()), strict=True))
    return {at: Source(key_of[document.id], document) for at, document in documents.items()}


def cited(entries: Sequence[Shown]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return the items and the citations of a dossier for CSL-JSON, with the citations in order."""
    held = sources(entries)
    items = {source.key: csl_item(source.document, key=source.key) for source in held.values()}
    citations = [
        {
            "id": held[shown_entry.quote.document.id, shown_entry.quote.document.sha256].key,
            **located(shown_entry.quote),
        }
        for shown_entry in entries
        if shown_entry.quote
    ]
    return list(items.values()), citations


# Output


def outdated(entries: Sequence[Shown]) -> list[Shown]:
    """Return the quotes that are superseded, removed or purged."""
    return [shown_entry for shown_entry in entries if shown_entry.fate]


def outdated_lines(entries: Sequence[Shown]) -> Iterator[str]:
    """Yield a line for each quote that is no longer current, with its state and its present text."""
    for shown_entry in outdated(entries):
        words = f" “{in_one_line(shown_entry.quote.text)}”" if shown_entry.quote else ""
        yield f"{shown_entry.name}: {shown_entry.fate}. {shown_entry.today}{words}"


def info_to_dict(info: DossierInfo) -> dict[str, Any]:
    """Return the summary of a dossier for JSON."""
    times = {name: getattr(info, name).isoformat(timespec="seconds") for name in ("began", "changed")}
    return asdict(info) | times


def to_dict(shown: Shown) -> dict[str, Any]:
    """Return an entry for JSON. A quote's words are from the document as it was just read."""
    entry, opened, quote = shown.entry, shown.opened, shown.quote
    record: dict[str, Any] = {"id": entry.id, "kind": entry.kind}
    if entry.kind in ("heading", "note"):
        record["words"] = entry.words
    if entry.kind == "quote":
        record |= {"number": shown.number, "status": shown.status, "fate": shown.fate, "today": shown.today}
    if quote and opened:
        context = entry.context or Span(quote.start, quote.end)
        text = quote.document.text
        record |= {
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
            "present": _place_to_dict(shown.present) if shown.present else None,
            "speaker": speaker_to_dict(quote),
            "differing": [_place_to_dict(figure) for figure in shown.figures],
            "remarks": shown.remarks,
            "notes": list(quote.document.notes),
        }
    if entry.asked:
        record |= {
            "question": entry.asked.question,
            "outcome": entry.asked.outcome,
            "filters": filters_to_dict(entry.asked),
            "asked": entry.asked.at.isoformat(timespec="seconds") if entry.asked.at else None,
            "searched": entry.asked.searched,
            "strictness": entry.asked.strictness or None,
            "unjudged": entry.asked.unjudged,
            "earlier": list(entry.asked.earlier),
            "said": outcome_in_words(entry.asked),
        }
    added = entry.added.isoformat(timespec="seconds") if entry.added else None
    return record | {"added": added}


def _place_to_dict(quote: Quote) -> dict[str, Any]:
    return {
        "citation_id": str(citation_id(quote)),
        "document": quote.document.id,
        "title": quote.document.title,
        "text": quote.text,
    }


def filters_to_dict(asked: Asked) -> dict[str, Any]:
    """Return the filters of a question that were set."""
    return {
        name: value.isoformat()
        if isinstance(value, dt.date)
        else [value]
        if isinstance(value, str)
        else list(value)
        for name, value in asdict(asked.filters).items()
        if value
    }


def _asked_after(asked: Asked) -> str:
    """Return a question with the earlier question that it was read with: `And when? (after “Who paid?”)`."""
    return f"{asked.question} (after “{asked.earlier[-1]}”)" if asked.earlier else asked.question


def lines(entries: Sequence[Shown]) -> Iterator[list[tuple[str, str]]]:
    """Yield the contents of a dossier for a terminal, as lines of (words, style). The styles are rich's."""
    for position, shown_entry in enumerate(entries, 1):
        entry = shown_entry.entry
        number = (f"{position:>3}  ", "dim")
        match entry.kind:
            case "heading":
                yield [number, (in_one_line(entry.words), "bold")]
            case "note":
                first, *others = visible(entry.words).split("\n")
                yield [number, (f"{NOTE}: ", "dim italic"), (first, "italic")]
                for line in others:
                    yield [("     ", ""), (line, "italic")]
            case "question" if entry.asked:
                yield [number, (in_one_line(_asked_after(entry.asked)), "")]
                yield [("     ", ""), (in_one_line(outcome_in_words(entry.asked)), "yellow")]
                if how := how_asked(entry.asked):
                    yield [("     ", ""), (f"asked on {how}", "dim")]
            case _ if shown_entry.quote and shown_entry.opened:
                first, *others = visible(shown_entry.quote.text).split("\n")
                yield [number, (first, "")]
                for line in others:
                    yield [("     ", ""), (line, "")]
                yield [("     ", ""), (visible(cite_line(shown_entry.quote)), "cyan")]
                if shown_entry.fate:
                    yield [("     ", ""), (f"{shown_entry.fate}. {shown_entry.today}", "yellow")]
                notes = (f"Note: {note}" for note in shown_entry.quote.document.notes)
                yield from (
                    [("     ", ""), (in_one_line(words), "dim")] for words in (*shown_entry.remarks, *notes)
                )
            case _:
                yield [number, (f"a quote, {shown_entry.fate}", "yellow")]
        if entry.asked and entry.kind == "quote":
            yield [("     ", ""), (f"asked: {in_one_line(_asked_after(entry.asked))}", "dim")]
        if entry.asked and entry.asked.filters and entry.kind == "quote":
            yield [("     ", ""), (f"filters: {in_one_line(describe_filters(entry.asked.filters))}", "dim")]
