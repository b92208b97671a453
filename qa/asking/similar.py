"""Find passages like a given passage: the search finds them by its words, the most alike first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.asking.conversation import interpret
from qa.asking.copies import repeats
from qa.asking.retrieve import candidates, prepare
from qa.schema import EVERYTHING, Quote
from qa.text.question import ParsedQuestion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.schema import Document, Passage
    from qa.storage.library import Library

MOST = 8
# Minimum score of a passage in a search for another passage's words. That other passage itself scores 1.
# Passages with lower scores may be on other subjects.
ALIKE_FROM = 0.25
_LOOKED_AT = 50
_LONGEST = 2_000  # characters of a quote's passages that are searched for


def similar(library: Library, quote: Quote, most: int = MOST) -> list[Quote]:
    """Find the passages that are most like a quote's passage, as quotes, the most alike first.

    Passages that only repeat its words are left out.

    Raises:
        LibraryError: the library cannot be read.
    """
    words = _passage_of(library, quote)
    search = prepare(library, interpret(ParsedQuestion(words)))
    hits = [
        (hit, score)
        for hit, score in candidates(library, search, library.select(EVERYTHING)).legible[:_LOOKED_AT]
        if score >= ALIKE_FROM
    ]
    read = library.read(dict.fromkeys(hit.document_id for hit, _ in hits))
    quotes = []
    for hit, score in hits:
        document, passages = read.get(hit.document_id, (None, ()))
        if document is None or document.sha256 != hit.sha256:  # removed or replaced meanwhile
            continue
        passage = next((candidate for candidate in passages if candidate.key == hit.key), None)
        other = _quoted(document, passage, score) if passage else None
        if other and not _overlaps(other, quote) and not repeats(other.text, words):
            quotes.append(other)
    return quotes[:most]


def by_document(quotes: Iterable[Quote]) -> list[tuple[Document, list[Quote]]]:
    """Group quotes by their documents, in the order of the first quote of each document."""
    groups: dict[str, tuple[Document, list[Quote]]] = {}
    for quote in quotes:
        groups.setdefault(quote.document.id, (quote.document, []))[1].append(quote)
    return list(groups.values())


def _passage_of(library: Library, quote: Quote) -> str:
    """Return the text of a quote's passages, or the quote itself if its text is no longer searched."""
    document = quote.document
    held = library.read([document.id]).get(document.id)
    if held is None or held[0].sha256 != document.sha256:
        return quote.text[:_LONGEST]
    around = [passage for passage in held[1] if passage.start < quote.end and quote.start < passage.end]
    return document.text[around[0].start : around[-1].end][:_LONGEST]


def _overlaps(one: Quote, other: Quote) -> bool:
    is_same_text = one.document.sha256 == other.document.sha256
    return is_same_text and one.start < other.end and other.start < one.end


def _quoted(document: Document, passage: Passage, score: float) -> Quote | None:
    """Return a passage from its first to its last line of running text or lists, or None if it has none."""
    sentences = [sentence for sentence in passage.sentences if sentence.kind in ("body", "list")]
    return Quote(document, sentences[0].start, sentences[-1].end, score) if sentences else None
