"""Count the sentences that answer, and return all of them if asked (docs/decisions/0011-quotes.md)."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.asking import extract
from qa.asking.choose import answering
from qa.asking.copies import covers, holds
from qa.schema import More, Quote

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from qa.asking.extract import Evidence
    from qa.asking.read import Read
    from qa.schema import Document

# A sentence answers, as far as can be told, that is likelier than not to do so.
LEAST = 0.0  # as a logit


def evidence(
    question: str,
    read: Iterable[Read],
    documents: Mapping[str, Document],
    chosen: Sequence[Evidence],
    near: Sequence[Quote] = (),
) -> list[Evidence]:
    """Return the sentences that were read and likelier answer than not, and those chosen; the best first.

    Without those that quotes hold which are only near.
    """
    found = {(each.document.id, each.sentence): each for each in chosen}
    windows = ((each.passage, each.reading) for each in read)
    for each in answering(question, windows, documents, LEAST):
        found.setdefault((each.document.id, each.sentence), each)
    kept = [each for each in found.values() if not _is_held(each, near)]
    return sorted(kept, key=lambda each: -each.score)


def count(
    evidence: Sequence[Evidence],
    quotes: Sequence[Quote],
    copies: Mapping[str, Container[str]],
    *,
    read: int,
    at_least: bool,
    every: tuple[Quote, ...] | None = None,
) -> More:
    """Count the sentences that answer, and their documents; near-duplicates once.

    `quotes` are shown. `copies` are the near-duplicates of each document, by id. So many passages were
    `read`. `every` quotes all of the sentences, if all were asked for: the documents are then those of its
    quotes.
    """
    distinct = _distinct(evidence, quotes, copies)
    documents = {each.document.id for each in (distinct if every is None else every)}
    return More(_count_held(distinct, quotes), len(distinct), len(documents), at_least, read, every)


def _distinct(
    evidence: Iterable[Evidence], quotes: Sequence[Quote], copies: Mapping[str, Container[str]]
) -> list[Evidence]:
    """Return the sentences; of the same words in near-duplicates only one, if possible a quoted one."""
    kept: dict[tuple[str, ...], list[Evidence]] = {}
    for each in sorted(evidence, key=lambda each: not _is_held(each, quotes)):
        same = kept.setdefault(extract.wording(each), [])
        if not any(other.document.id in copies.get(each.document.id, ()) for other in same):
            same.append(each)
    return [each for same in kept.values() for each in same]


def _count_held(evidence: Iterable[Evidence], quotes: Sequence[Quote]) -> int:
    return sum(_is_held(each, quotes) for each in evidence)


def _is_held(evidence: Evidence, quotes: Sequence[Quote]) -> bool:
    """Tell whether a quote, or a copy of it, holds the sentence."""
    sentence = Quote(evidence.document, evidence.sentence.start, evidence.sentence.end)
    return any(holds(quote, sentence) for quote in quotes)


def numbered_by_document(quotes: Sequence[Quote], numbered: Sequence[Quote]) -> tuple[Quote, ...]:
    """Number quotes, grouped by document; in a document they come in order of place.

    A quote that holds one that is `numbered` already has its number, the lowest if it holds several. The
    documents of these come first. The other quotes are numbered after them.
    """
    ids = dict.fromkeys(quote.document.id for quote in (*numbered, *quotes))
    order = {name: at for at, name in enumerate(ids)}
    grouped = sorted(quotes, key=lambda quote: (order[quote.document.id], quote.start))
    following = itertools.count(1 + max((quote.number for quote in numbered), default=0))
    return tuple(
        replace(
            quote,
            number=min((each.number for each in numbered if covers(quote, each)), default=0)
            or next(following),
        )
        for quote in grouped
    )
