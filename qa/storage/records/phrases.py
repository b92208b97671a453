"""Finds exact phrases: chooses the documents to read, and finds the phrase in them. All engines use it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from qa.storage.results import Occurrence, Occurrences
from qa.text.phrase import occurrences, phrase_pattern, phrase_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qa.deadline import Deadline

# Number of a phrase's words that choose the documents to read: the longest words, as they are the rarest.
PHRASE_WORDS = 4
# A word is rare if fewer passages than this contain it.
PHRASE_RARE = 5_000
# If more documents than this contain a phrase's words, only documents with the words in sequence are read. At
# most this number of them is read,
PHRASE_READ = 500
# and reading stops when this number of documents contains the phrase.
PHRASE_FOUND = 100
# Number of places of a phrase that are kept. After them, one place of each document is kept.
PHRASE_PLACES = 1_000


def find_phrase(
    phrase: str,
    holding_words: Callable[[Sequence[str]], Sequence[str]],
    holding_together: Callable[[Sequence[str]], Sequence[str]],
    read: Callable[[Sequence[str]], Iterable[tuple[str, str, str]]],
    deadline: Deadline,
) -> Occurrences:
    """Find the occurrences of a phrase (see `phrase_pattern`), in order of document id and offset.

    All documents with the phrase's words are read, unless there are too many; see `Occurrences`.

    Args:
        phrase: the phrase.
        holding_words: returns, in order, the ids of the documents that contain the rare words among some
            words. If there are more than `PHRASE_READ` documents, the first `PHRASE_READ` + 1 are enough.
        holding_together: returns the ids of the documents with a passage that has the words in sequence.
        read: yields documents one by one, each as id, SHA-256 and text.
        deadline: the time when the search is given up.

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
    documents_read, documents_found, partial = 0, 0, False
    for document_id, sha256, text in read(holding):
        deadline.check()
        if not complete and (documents_read == PHRASE_READ or documents_found == PHRASE_FOUND):
            break
        spans = occurrences(pattern, text)
        most = max(1, PHRASE_PLACES - len(places))
        hits = [Occurrence(document_id, sha256, span) for span in islice(spans, most)]
        partial = partial or next(spans, None) is not None
        places += hits
        documents_read, documents_found = documents_read + 1, documents_found + bool(hits)
    documents = (occurrence.document_id for occurrence in places) if complete else holding
    return Occurrences(
        tuple(places),
        tuple(dict.fromkeys(documents)),
        documents_read,
        too_many_documents=not complete,
        has_more_places=partial,
    )
