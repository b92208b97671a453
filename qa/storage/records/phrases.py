"""Finds exact phrases: chooses the documents to read, and finds the phrase in them.

Each function works inside a transaction of the records' database. `table` is the database's full-text table.
"""

# ruff: noqa: S608 -- as in `store`: values from outside are always bound.

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from qa.storage.records.filters import where
from qa.storage.records.words import count_with
from qa.storage.results import Occurrence, Occurrences
from qa.text.phrase import occurrences, phrase_pattern, phrase_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.deadline import Deadline
    from qa.schema import Filters
    from qa.storage.engines import FullTextTable
    from qa.storage.statements import Statements

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
    db: Statements, table: FullTextTable, phrase: str, filters: Filters, deadline: Deadline
) -> Occurrences:
    """Find the occurrences of a phrase (see `phrase_pattern`), in order of document id and offset.

    All documents with the phrase's words are read, unless there are too many; see `Occurrences`.

    Raises:
        DeadlineError, CancelledError: see `Deadline.check`.
    """
    pattern = phrase_pattern(phrase)
    if pattern is None:
        return Occurrences()
    words = phrase_words(phrase)
    longest = sorted(set(words), key=len, reverse=True)[:PHRASE_WORDS]
    holding = _holding_words(db, table, longest, filters)
    complete = len(holding) <= PHRASE_READ
    if not complete and words:
        holding = _holding_together(db, table, words, filters)
    places: list[Occurrence] = []
    documents_read, documents_found, partial = 0, 0, False
    for document_id in holding:
        deadline.check()
        if not complete and (documents_read == PHRASE_READ or documents_found == PHRASE_FOUND):
            break
        sha256, text = db.execute(
            "SELECT sha256, text FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
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


def _holding_words(db: Statements, table: FullTextTable, words: Sequence[str], filters: Filters) -> list[str]:
    """List the ids of the documents that contain all rare words among some words, in order.

    Frequent words are ignored: they exclude few documents, and take long. At most `PHRASE_READ` + 1
    ids are returned.
    """
    rare = [table.matches(word) for word in words if count_with(db, table, word, PHRASE_RARE) < PHRASE_RARE]
    condition, values = where(filters)
    # The words may be in different passages: a phrase may run from one passage into the next.
    holding = " INTERSECT ".join(
        f"SELECT document FROM words JOIN passages ON passages.key = words.{table.key} WHERE {match}"
        for match, _ in rare
    )
    within = f"serial IN ({holding})" if rare else "TRUE"
    rows = db.execute(
        f"SELECT id FROM documents WHERE {within} AND {condition} ORDER BY id LIMIT ?",
        (*(value for _, match_values in rare for value in match_values), *values, PHRASE_READ + 1),
    )
    return [document_id for (document_id,) in rows]


def _holding_together(
    db: Statements, table: FullTextTable, words: Sequence[str], filters: Filters
) -> list[str]:
    """List the ids of the documents with a passage that has the words in sequence, in order of id."""
    match, match_values = table.matches(" ".join(words))
    condition, values = where(filters)
    rows = db.execute(
        f"SELECT DISTINCT documents.id FROM words JOIN passages ON passages.key = words.{table.key} "
        f"JOIN documents ON documents.serial = document WHERE {match} AND {condition} ORDER BY documents.id",
        (*match_values, *values),
    )
    return [document_id for (document_id,) in rows]
