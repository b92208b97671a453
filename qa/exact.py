"""Exact phrases: what a question has in quotation marks is searched word for word."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from qa import copies
from qa.deadline import Deadline
from qa.errors import DocumentNotFoundError
from qa.phrase import phrase_pattern, repeats_itself
from qa.question import phrases, without_phrases
from qa.schema import Answer, Passage, Quote, Sentence, Span
from qa.terms import has_content

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.corpus import Corpus, Selection
    from qa.schema import Document, Filters, Milliseconds, RankedPassage
    from qa.words import Occurrences

_Part = TypeVar("_Part", Sentence, Passage)
# Quotes shown for a phrase alone: all of them are equally right, so more than for a question.
QUOTES = 10
# So many phrases of a question are looked for: each is searched in every document that holds its words.
MAX_PHRASES = 10
# So many are looked up for copies of each other, which takes milliseconds for each.
FOLDED = 100


@dataclass(frozen=True, slots=True)
class Exact:
    """What became of a question's exact phrases.

    `selection` is where the rest of the question is to be searched: the documents that hold every phrase, or
    all that the filters left where one is `missing`. `whole` says that the question is nothing but phrases;
    `quotes` then hold the sentences that contain them, `passages` where those are. `notes` tell the reader.
    """

    selection: Selection
    whole: bool = False
    missing: bool = False
    quotes: tuple[Quote, ...] = ()
    passages: tuple[Passage, ...] = ()
    notes: tuple[str, ...] = ()


def search(
    corpus: Corpus, question: str, selection: Selection, filters: Filters, deadline: Deadline | None = None
) -> Exact:
    """Find the question's exact phrases in the documents that the filters left.

    Raises:
        DeadlineError, CancelledError: see `Deadline.check`.
    """
    asked = phrases(question)
    if not asked:
        return Exact(selection)
    found = _search(corpus, asked[:MAX_PHRASES], question, selection, filters, deadline or Deadline())
    if len(asked) > MAX_PHRASES:
        ignored = f"Only the first {MAX_PHRASES} of {len(asked)} exact phrases were looked for."
        found = replace(found, notes=(ignored, *found.notes))
    return found


def _search(
    corpus: Corpus,
    asked: Sequence[str],
    question: str,
    selection: Selection,
    filters: Filters,
    deadline: Deadline,
) -> Exact:
    whole = not has_content(without_phrases(question))
    found = {phrase: corpus.phrase(phrase, selection, deadline) for phrase in asked}
    missing = [phrase for phrase, where in found.items() if not where.places]
    if missing:
        told = tuple(_missing(phrase, found[phrase]) for phrase in missing)
        return Exact(selection, whole, missing=True, notes=told)
    holding = set.intersection(*(set(where.documents) for where in found.values()))
    if not holding:
        return Exact(selection, whole, missing=True, notes=("No document holds all of the exact phrases.",))
    if not whole:
        restricted = corpus.select(replace(filters, document=tuple(sorted(holding))))
        return Exact(restricted, notes=tuple(_searched(phrase, found[phrase]) for phrase in asked))
    places = [place for each in found.values() for place in each.places if place[0].id in holding]
    found_quotes, passages = _quotes(corpus, places, deadline)
    quotes = copies.folded(corpus, found_quotes[:FOLDED], filters, deadline=deadline)
    notes = [
        f"The words of “{phrase}” stand together in {len(where.documents):,} documents, of which "
        f"{where.read} were read."
        for phrase, where in found.items()
        if where.more
    ]
    if len(quotes) > QUOTES:
        left = len(quotes) - QUOTES + len(found_quotes[FOLDED:])
        least = "at least " if any(where.partial for where in found.values()) else ""
        notes.append(f"Not shown: {least}{left} more {'sentence' if left == 1 else 'sentences'}.")
    elif not quotes:
        notes.append("Found in page furniture only, which is not quoted.")
    return Exact(selection, whole, quotes=quotes[:QUOTES], passages=passages, notes=tuple(notes))


def foremost(question: str, quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """The quotes, those first that hold an exact phrase of the question; numbered in this order."""
    patterns = [pattern for pattern in map(phrase_pattern, phrases(question)[:MAX_PHRASES]) if pattern]
    ordered = sorted(quotes, key=lambda quote: not any(each.search(quote.text) for each in patterns))
    return tuple(replace(quote, number=number) for number, quote in enumerate(ordered, start=1))


def _missing(phrase: str, where: Occurrences) -> str:
    if where.more and not where.documents:
        return (
            f"The exact phrase “{phrase}” occurs within no passage. Its words are so common that it was not "
            "looked for across two."
        )
    if where.more:
        return (
            f"The exact phrase “{phrase}” was not found in the {where.read} documents that were read, of "
            f"{len(where.documents):,} that hold its words together."
        )
    if repeats_itself(phrase):
        return (
            f"The exact phrase “{phrase}” does not occur as it is written here. It repeats itself so often "
            "that no other spacing, case or dashes were tried."
        )
    return f"The exact phrase “{phrase}” does not occur."


def _searched(phrase: str, where: Occurrences) -> str:
    if where.more:
        return f"Searched where the words of “{phrase}” stand together."
    return f"Searched where “{phrase}” occurs."


def answer(
    question: str,
    exact: Exact,
    ranking: tuple[RankedPassage, ...],
    selection: Selection,
    filters: Filters,
    milliseconds: Milliseconds,
) -> Answer:
    """The answer to a question that is nothing but exact phrases: where they stand, or that they do not."""
    return Answer(
        question,
        question,
        "answered" if exact.quotes else "none",
        confidence=1.0 if exact.quotes else 0.0,
        quotes=exact.quotes,
        passages=ranking,
        milliseconds=milliseconds,
        searched=selection.documents,
        undated=selection.undated,
        filters=filters,
        notes=exact.notes,
    )


def _quotes(
    corpus: Corpus, places: Sequence[tuple[Document, Span]], deadline: Deadline
) -> tuple[tuple[Quote, ...], tuple[Passage, ...]]:
    """The sentences around the places, whole, each once, with the phrase emphasised; and their passages."""
    found: dict[str, tuple[Document, set[Span]]] = {}
    for document, place in places:
        found.setdefault(document.id, (document, set()))[1].add(place)
    quotes: list[Quote] = []
    holding: list[Passage] = []
    for document, spans in found.values():
        deadline.check()
        held, passages = _as_found(corpus, document)
        sentences = [sentence for passage in passages for sentence in passage.sentences]
        around: dict[tuple[int, int], list[Span]] = {}
        for place in sorted(spans):
            touched = _touched(sentences, place)
            if touched and all(sentence.quotable for sentence in touched):
                start, end = touched[0].start, touched[-1].end
                if start <= place.start and place.end <= end:
                    around.setdefault((start, end), []).append(place)
        for (start, end), emphasis in around.items():
            quotes.append(Quote(held, start, end, 1.0, len(quotes) + 1, tuple(emphasis)))
        held_by = {passage.ordinal for place in around for passage in _touched(passages, Span(*place))}
        holding += [passage for passage in passages if passage.ordinal in held_by]
    return tuple(quotes), tuple(holding)


def _touched(parts: Sequence[_Part], place: Span) -> Sequence[_Part]:
    """Find the parts of a text, in order and disjoint, that share a character with a place."""
    first = bisect_right(parts, place.start, key=lambda part: part.end)
    last = bisect_left(parts, place.end, key=lambda part: part.start)
    return parts[first:last]


def _as_found(corpus: Corpus, document: Document) -> tuple[Document, tuple[Passage, ...]]:
    """The document with its passages, in one snapshot; none where it has changed since it was found."""
    with suppress(DocumentNotFoundError):
        held, passages = corpus.document_and_passages(document.id)
        if held.sha256 == document.sha256:
            return held, passages
    return document, ()
