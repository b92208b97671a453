"""Exact phrases: which documents are read for one, and where it stands in them; the same in all engines."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from qa.storage.ports import Occurrence, Occurrences
from qa.text.phrase import occurrences, phrase_pattern, phrase_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qa.deadline import Deadline

# So many of a phrase's words choose the documents in which it is looked for: the longest are the rarest.
PHRASE_WORDS = 4
# A word is rare if fewer passages than this hold it. If more documents than this hold a phrase's words, only
# those are read, as many at most, that hold these together; until so many do hold the phrase.
PHRASE_RARE = 5_000
PHRASE_READ = 500
PHRASE_FOUND = 100
# So many places of a phrase are kept, and beyond them one of each document.
PHRASE_PLACES = 1_000


def find_phrase(
    phrase: str,
    holding_words: Callable[[Sequence[str]], Sequence[str]],
    holding_together: Callable[[Sequence[str]], Sequence[str]],
    read: Callable[[Sequence[str]], Iterable[tuple[str, str, str]]],
    deadline: Deadline,
) -> Occurrences:
    """Find where the documents hold the phrase (see `phrase_pattern`), in order of id and offset.

    All documents that hold its words are read, unless there are many; see `Occurrences`.

    Args:
        phrase: the phrase.
        holding_words: lists the documents that hold the rare ones of some words anywhere, by id, in order; of
            more than `PHRASE_READ`, one above that is enough.
        holding_together: lists the documents of which a passage holds the words one after the other.
        read: gives documents one by one, each its id, SHA-256 and text.
        deadline: when it is given up.

    Raises:
        DeadlineError, CancelledError: see `Deadline.check`.
    """
    pattern = phrase_pattern(phrase)
    if pattern is None:
        return Occurrences()
    words = phrase_words(phrase)
    longest = sorted(set(words), key=len, reverse=True)[:PHRASE_WORDS]
    holding = holding_words(longest)
    complete = len(holding) <= PHRASE_READ
    if not complete and words:
        holding = holding_together(words)
    places: list[Occurrence] = []
    documents_read, found, partial = 0, 0, False
    for document_id, sha256, text in read(holding):
        deadline.check()
        if not complete and (documents_read == PHRASE_READ or found == PHRASE_FOUND):
            break
        spans = occurrences(pattern, text)
        most = max(1, PHRASE_PLACES - len(places))
        here = [Occurrence(document_id, sha256, span) for span in islice(spans, most)]
        partial = partial or next(spans, None) is not None
        places += here
        documents_read, found = documents_read + 1, found + bool(here)
    documents = (each.document_id for each in places) if complete else holding
    return Occurrences(
        tuple(places),
        tuple(dict.fromkeys(documents)),
        documents_read,
        too_many_documents=not complete,
        has_more_places=partial,
    )
