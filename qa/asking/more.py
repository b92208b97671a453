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
    from qa.text.question import ParsedQuestion

# Minimum score of a sentence that counts as an answer: it likelier answers than not.
LEAST = 0.0  # as a logit


def evidence(
    question: ParsedQuestion,
    read: Iterable[Read],
    documents: Mapping[str, Document],
    chosen: Sequence[Evidence],
    near: Sequence[Quote] = (),
) -> list[Evidence]:
    """Return the sentences that likelier answer than not, and the `chosen` sentences, the best first.

    Leave out sentences in `near`, the quotes that are only near.
    """
    by_sentence = {(piece.document.id, piece.sentence): piece for piece in chosen}
    windows = ((candidate.passage, candidate.reading) for candidate in read)
    for piece in answering(question, windows, documents, LEAST):
        by_sentence.setdefault((piece.document.id, piece.sentence), piece)
    pieces = [piece for piece in by_sentence.values() if not _is_held(piece, near)]
    return sorted(pieces, key=lambda piece: -piece.score)


def count(
    evidence: Sequence[Evidence],
    quotes: Sequence[Quote],
    copies: Mapping[str, Container[str]],
    *,
    read: int,
    at_least: bool,
    every: tuple[Quote, ...] | None = None,
) -> More:
    """Count the sentences that answer, and their documents. Near-duplicates count once.

    `quotes` are shown. `copies` are the near-duplicates of each document, by id. `read` is the number of
    passages that were read. `at_least` says that there may be more sentences. `every` quotes all of the
    sentences, if all were asked for. Then the documents of `every` are counted.
    """
    distinct = _distinct(evidence, quotes, copies)
    documents = {item.document.id for item in (distinct if every is None else every)}
    shown = sum(_is_held(piece, quotes) for piece in distinct)
    return More(shown, len(distinct), len(documents), at_least, read, every)


def _distinct(
    evidence: Iterable[Evidence], quotes: Sequence[Quote], copies: Mapping[str, Container[str]]
) -> list[Evidence]:
    """Return the sentences, but only one of near-duplicates with the same words, if possible a quoted one."""
    by_wording: dict[tuple[str, ...], list[Evidence]] = {}
    for piece in sorted(evidence, key=lambda piece: not _is_held(piece, quotes)):
        same = by_wording.setdefault(extract.wording(piece), [])
        if not any(other.document.id in copies.get(piece.document.id, ()) for other in same):
            same.append(piece)
    return [piece for same in by_wording.values() for piece in same]


def _is_held(evidence: Evidence, quotes: Sequence[Quote]) -> bool:
    """Return whether a quote, or a copy of it, contains the sentence."""
    sentence = Quote(evidence.document, evidence.sentence.start, evidence.sentence.end)
    return any(holds(quote, sentence) for quote in quotes)


def numbered_by_document(quotes: Sequence[Quote], numbered: Sequence[Quote]) -> tuple[Quote, ...]:
    """Group quotes by document, in order of place, and number them.

    A quote that contains a quote in `numbered` gets the number of that quote, or the lowest number if it
    contains several. Documents in `numbered` come first. The other quotes get the numbers that follow.
    """
    ids = dict.fromkeys(quote.document.id for quote in (*numbered, *quotes))
    order = {name: at for at, name in enumerate(ids)}
    grouped = sorted(quotes, key=lambda quote: (order[quote.document.id], quote.start))
    following = itertools.count(1 + max((quote.number for quote in numbered), default=0))
    return tuple(
        replace(
            quote,
            number=min((other.number for other in numbered if covers(quote, other)), default=0)
            or next(following),
        )
        for quote in grouped
    )
