"""All that answers: how many sentences do, and which, if all are asked for (docs/decisions/0030-more.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qa.asking import extract
from qa.asking.choose import answering
from qa.schema import More, citation_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qa.asking.extract import Evidence
    from qa.asking.read import Read
    from qa.schema import Document, Quote

# A sentence answers, as far as can be told, that is likelier than not to do so.
LEAST = 0.0  # as a logit


def evidence(
    question: str, read: Iterable[Read], documents: Mapping[str, Document], chosen: Sequence[Evidence]
) -> list[Evidence]:
    """Return the sentences that were read and likelier answer than not, and those chosen; the best first."""
    found = {(each.document.id, each.sentence): each for each in chosen}
    windows = ((each.passage, each.reading) for each in read)
    for each in answering(question, windows, documents, LEAST):
        found.setdefault((each.document.id, each.sentence), each)
    return sorted(found.values(), key=lambda each: -each.score)


def count(evidence: Sequence[Evidence], quotes: Sequence[Quote], *, read: int, left: int) -> More:
    """Count the sentences that answer, and their documents; those of the same words once.

    `quotes` are shown; so many passages were `read`, and of those that were found so many were `left`.
    """
    distinct = {extract.wording(each): each for each in reversed(evidence)}.values()
    documents = {each.document.id for each in distinct}
    return More(_held(distinct, quotes), len(distinct), len(documents), left > 0, read)


def found(
    evidence: Sequence[Evidence],
    every: tuple[Quote, ...],
    quotes: Sequence[Quote],
    *,
    read: int,
    left: int,
) -> More:
    """Tell of `every` quote of the sentences that answer; see `count`."""
    documents = {quote.document.id for quote in every}
    return More(_held(evidence, quotes), _held(evidence, every), len(documents), left > 0, read, every)


def _held(evidence: Iterable[Evidence], quotes: Sequence[Quote]) -> int:
    """Count the sentences that quotes, or their copies, hold."""
    places = [place for quote in quotes for place in (quote, *quote.copies)]
    return sum(
        any(
            place.document.id == each.document.id
            and place.start <= each.sentence.start
            and each.sentence.end <= place.end
            for place in places
        )
        for each in evidence
    )


def by_document(quotes: Sequence[Quote], numbered: Sequence[Quote]) -> tuple[Quote, ...]:
    """Group quotes by document; in a document they come in order of place.

    Those that are `numbered` already keep their numbers, and their documents come first; the others follow.
    """
    ids = dict.fromkeys(quote.document.id for quote in (*numbered, *quotes))
    order = {name: at for at, name in enumerate(ids)}
    grouped = sorted(quotes, key=lambda quote: (order[quote.document.id], quote.start))
    numbers = {citation_id(quote): quote.number for quote in numbered}
    following = len(numbers)
    for quote in grouped:
        if citation_id(quote) not in numbers:
            following += 1
            numbers[citation_id(quote)] = following
    return tuple(replace(quote, number=numbers[citation_id(quote)]) for quote in grouped)
