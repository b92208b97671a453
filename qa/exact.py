"""Exact phrases: what a question has in quotation marks is searched word for word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qa.question import phrases, without_phrases
from qa.schema import Answer, Quote, RankedPassage, Span
from qa.terms import FUNCTION_WORDS, words

if TYPE_CHECKING:
    from qa.corpus import Corpus, Selection
    from qa.schema import Document, Filters, Milliseconds, Passage

# Quotes shown for a phrase alone: all of them are equally right, so more than for a question.
QUOTES = 10


@dataclass(frozen=True, slots=True)
class Exact:
    """What became of a question's exact phrases.

    `selection` is where the rest of the question is to be searched: the documents that hold every phrase, or
    all that the filters left where one is `missing`. `whole` says that the question is nothing but phrases;
    `quotes` then hold the sentences that contain them. `notes` say it to the reader.
    """

    selection: Selection
    whole: bool = False
    missing: bool = False
    quotes: tuple[Quote, ...] = ()
    passages: tuple[RankedPassage, ...] = ()
    notes: tuple[str, ...] = ()


def search(corpus: Corpus, question: str, selection: Selection, filters: Filters) -> Exact:
    """Find the question's exact phrases in the documents that the filters left."""
    asked = phrases(question)
    if not asked:
        return Exact(selection)
    whole = not any(word not in FUNCTION_WORDS for word in words(without_phrases(question)))
    found = {phrase: corpus.phrase(phrase, selection) for phrase in asked}
    missing = [phrase for phrase, places in found.items() if not places]
    if missing:
        notes = tuple(f"The exact phrase “{phrase}” does not occur." for phrase in missing)
        return Exact(selection, whole, missing=True, notes=notes)
    holding = set.intersection(*({document.id for document, _ in places} for places in found.values()))
    if not holding:
        return Exact(selection, whole, missing=True, notes=("No document holds all of the exact phrases.",))
    if not whole:
        restricted = corpus.select(replace(filters, document=tuple(sorted(holding))))
        return Exact(restricted, notes=tuple(f"Searched where “{phrase}” occurs." for phrase in asked))
    places = [place for each in found.values() for place in each if place[0].id in holding]
    quotes, passages = _quotes(corpus, places)
    more = (f"{len(quotes) - QUOTES} more sentences contain it.",) if len(quotes) > QUOTES else ()
    return Exact(selection, whole, quotes=quotes[:QUOTES], passages=passages, notes=more)


def answer(
    question: str, exact: Exact, selection: Selection, filters: Filters, milliseconds: Milliseconds
) -> Answer:
    """The answer to a question that is nothing but exact phrases: where they stand, or that they do not."""
    return Answer(
        question,
        question,
        "answered" if exact.quotes else "none",
        confidence=1.0 if exact.quotes else 0.0,
        quotes=exact.quotes,
        passages=exact.passages,
        milliseconds=milliseconds,
        searched=selection.documents,
        undated=selection.undated,
        filters=filters,
        notes=exact.notes,
    )


def _quotes(
    corpus: Corpus, places: list[tuple[Document, Span]]
) -> tuple[tuple[Quote, ...], tuple[RankedPassage, ...]]:
    """The sentences around the places, whole, each once, with the phrase emphasised; and their passages."""
    spans: dict[tuple[str, int, int], list[Span]] = {}
    documents: dict[str, Document] = {}
    passages: dict[tuple[str, int], Passage] = {}
    for document, place in places:
        documents[document.id] = document
        touched = [
            (passage, sentence)
            for passage in corpus.passages_of(document.id)
            for sentence in passage.sentences
            if sentence.quotable and sentence.start < place.end and place.start < sentence.end
        ]
        if not touched:
            continue
        start, end = touched[0][1].start, touched[-1][1].end
        if start <= place.start and place.end <= end:
            spans.setdefault((document.id, start, end), []).append(place)
            passages.update({(document.id, passage.ordinal): passage for passage, _ in touched})
    quotes = tuple(
        Quote(documents[document_id], start, end, 1.0, number, tuple(sorted(set(emphasis))))
        for number, ((document_id, start, end), emphasis) in enumerate(spans.items(), start=1)
    )
    ranked = tuple(RankedPassage(p.document_id, p.start, p.end, 1.0) for p in passages.values())
    return quotes, ranked
