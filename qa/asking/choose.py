"""Choose the sentences to show from the passages that were read, with the signals for the confidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from statistics import fmean
from typing import TYPE_CHECKING

from qa.asking import confidence, extract, statements
from qa.schema import Signals
from qa.text import times

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embeddings.reading import Reading
    from qa.asking.extract import Evidence
    from qa.asking.read import Read
    from qa.asking.retrieve import Retrieved, Search
    from qa.schema import DatePreference, Document, Passage
    from qa.text.question import ParsedQuestion

# Sentences are quoted only from this many of the best passages.
BEST = 3
# Passages found that are not few (`Signals.few`). The confidence was fitted with this number.
PLENTY = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """The sentences to show, and the basis of the confidence.

    Attributes:
        read: the passages that were read, ordered by rank.
        best: the passages that the confidence is judged by.
        evidence: the sentences in `best` that may answer, the best first.
        chosen: the sentences to show.
        signals: the signals for the confidence, or None if no sentence may answer.
        several: whether the sentences to show answer only together.
    """

    read: list[Read]
    best: list[Read]
    evidence: list[Evidence]
    chosen: list[Evidence]
    signals: Signals | None
    several: bool = False


def choose(search: Search, retrieved: Retrieved, read: list[Read]) -> Choice:
    """Choose the sentences to show from the passages `read`, which come best first.

    A date preference changes which sentences are shown. Except for `Signals.lead`, it does not change the
    signals for the confidence.
    """
    question, preference, best = search.meaning.question, search.preference, read[:BEST]
    evidence = answering(
        question, [(candidate.passage, candidate.reading) for candidate in best], retrieved.documents
    )
    signals = _signals(retrieved, read, evidence, preference) if evidence else None
    if preference is None:
        return Choice(read, best, evidence, extract.choose(evidence), signals)
    preferred = preferring(preference, read, retrieved.documents)
    first = [(candidate.passage, candidate.reading) for candidate in preferred[:BEST]]
    chosen = extract.choose(answering(question, first, retrieved.documents))
    return Choice(preferred, best, evidence, chosen, signals)


def answering(
    question: ParsedQuestion,
    read: Iterable[tuple[Passage, Reading]],
    documents: Mapping[str, Document],
    least: float = -inf,
) -> list[Evidence]:
    """Return the sentences that may answer, with a logit of at least `least`, the best first."""
    return [
        piece
        for piece in extract.evidence(read, documents, least)
        if statements.answering(question, piece.document, [piece.sentence])
    ]


def preferring(
    preference: DatePreference, read: Sequence[Read], documents: Mapping[str, Document]
) -> list[Read]:
    """Return passages with lower scores where they fit the date preference less; the best first."""
    locations = [
        (documents[candidate.passage.document_id], candidate.passage.start, candidate.passage.end)
        for candidate in read
    ]
    back = times.setbacks(
        preference,
        [candidate.reading.score for candidate in read],
        [(document.date, document.text[start:end]) for document, start, end in locations],
    )
    lowered = [
        replace(
            candidate,
            reading=replace(
                candidate.reading,
                score=candidate.reading.score - less,
                sentences=tuple(score - less for score in candidate.reading.sentences),
                parts=tuple(score - less for score in candidate.reading.parts),
            ),
        )
        for candidate, less in zip(read, back, strict=True)
    ]
    return sorted(lowered, key=lambda candidate: -candidate.reading.score)


def _signals(
    retrieved: Retrieved,
    read: Sequence[Read],
    evidence: Sequence[Evidence],
    preference: DatePreference | None,
) -> Signals:
    """Return the signals for the confidence, from the search, the reading and the best sentences.

    A passage that stands out (`lead`) shows that the library has the subject. It shows nothing about another
    time than the passage's. So `lead` is 0 if the best passage is not of the time that is asked for.
    """
    best, first = read[:BEST], read[0]
    of_time = (
        preference is None or preference.kind == "latest" or first.is_of(preference, first.best_sentences())
    )
    surest, *others = sorted((candidate.reading.answers for candidate in read), reverse=True)
    return Signals(
        answers=max(candidate.reading.answers for candidate in best),
        best=first.reading.answers,
        span=first.reading.span,
        relevance=first.reading.score,
        gap=first.reading.score - best[1].reading.score if len(best) > 1 else 0.0,
        sentence=evidence[0].score,
        sentence_gap=evidence[0].score - evidence[1].score if len(evidence) > 1 else 0.0,
        retrieved=first.retrieved,
        coverage=confidence.coverage(first.question, first.window),
        fits=confidence.fits(first.question, evidence[0].text),
        few=1 - min(retrieved.count, PLENTY) / PLENTY,
        background=fmean(others or [surest]),
        lead=retrieved.lead if of_time else 0.0,
        subject=max(
            (score for candidate in read if (score := candidate.reading.relevance) is not None), default=0.0
        ),
    )
