"""Reads the contents of a library to search, cite and list them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.bounded_cache import BoundedCache
from qa.deadline import Deadline
from qa.document.window import legible
from qa.schema import (
    EVERYTHING,
    Document,
    DocumentInfo,
    DocumentList,
    DocumentQuery,
    Facets,
    Filters,
    Passage,
)
from qa.storage.ports import Cited, Count, Hit, Selection, Version
from qa.storage.records import listing, near_duplicates, reading, vectors, versions, words
from qa.storage.records.filters import check_span
from qa.storage.records.reading import generation_of, number_of
from qa.storage.records.rows import (
    date_of,
    passages_where,
)
from qa.storage.records.selection import select
from qa.text.names import fold
from qa.text.terms import is_only_latin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from embeddings.arrays import Int64
    from qa.storage.engines import Database
    from qa.storage.intake_port import Encoding
    from qa.storage.ports import DocumentTexts, Occurrences, Segmented
    from qa.storage.statements import Statements

# Maximum number of cached selections. In a library of a million passages, each takes 125 kB.
SELECTIONS = 8
# Maximum number of cached lists. In a library of a hundred thousand documents, each takes 800 kB.
LISTS = 8
# Maximum size, in bytes, of the cached documents that were read for questions.
READ_BYTES = 16 << 20
_SENTENCE_BYTES = 192
_PASSAGE_BYTES = 256


class Contents:
    """Reads the records of a library.

    Every method raises `LibraryError` if the database is damaged, away, or locked by another writer.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.folder, self.read_only = database.folder, database.read_only
        self._selections: BoundedCache[tuple[Filters, int], Selection] = BoundedCache(SELECTIONS)
        self._listed: BoundedCache[tuple[DocumentQuery, int], Int64] = BoundedCache(LISTS)
        self._facets: tuple[int, Facets] | None = None
        self._count: tuple[int, Count] | None = None
        self._read: BoundedCache[tuple[int, str], Segmented] = BoundedCache(READ_BYTES)

    def close(self) -> None:
        """Close the database. The records cannot be used afterwards."""
        self.database.close()

    @property
    def generation(self) -> int:
        """A number that grows with every committed change, of any process."""
        with self.database.reading() as db:
            return generation_of(db)

    def encoding(self) -> Encoding | None:
        """Return the active encoding, or None before the first document."""
        with self.database.reading() as db:
            return vectors.encoding(db)

    def file_bytes(self) -> int:
        """Return the size of the file and its log."""
        return self.database.file_bytes()

    def count(self) -> Count:
        """Count the documents and passages."""
        with self.database.reading() as db:
            generation = generation_of(db)
            if self._count is None or self._count[0] != generation:
                counted = db.execute(
                    "SELECT count(*), CAST(coalesce(sum(passages), 0) AS BIGINT) FROM documents"
                ).fetchone()
                self._count = generation, Count(*counted)
            return self._count[1]

    def holds_only(self, sha256: str) -> bool:
        """Return whether there are documents, and all of their texts have this SHA-256 (hex)."""
        with self.database.reading() as db:
            ends = db.execute(
                "SELECT (SELECT min(sha256) FROM documents), (SELECT max(sha256) FROM documents)"
            ).fetchone()
        return bool(ends == (sha256, sha256))

    def hashes(self) -> list[tuple[str, str]]:
        """List the documents' ids and the SHA-256 of their texts (hex), in order of id."""
        with self.database.reading() as db:
            return db.execute("SELECT id, sha256 FROM documents ORDER BY id").fetchall()

    def documents(self, filters: Filters = EVERYTHING, limit: int | None = None) -> tuple[DocumentInfo, ...]:
        """List the documents that the filters leave, or the first of them, in order of id, without text."""
        return self.find_documents(DocumentQuery(filters=filters, limit=limit)).documents

    def find_documents(self, query: DocumentQuery) -> DocumentList:
        """List the documents that a query finds, without text, in the query's order.

        Equals are in order of id. The last results are cached until the library changes, because a list is
        read in parts.
        """
        with self.database.reading() as db:
            key = replace(query, limit=None, offset=0), generation_of(db)
            numbers = self._listed.get(key)
            if numbers is None:
                numbers = listing.find(db, query)
                self._listed.put(key, numbers)
            end = len(numbers) if query.limit is None else query.offset + query.limit
            return DocumentList(tuple(listing.infos(db, numbers[query.offset : end])), len(numbers))

    def facets(self) -> Facets:
        """Return the values that filters can choose from."""
        with self.database.reading() as db:
            generation = generation_of(db)
            if self._facets is None or self._facets[0] != generation:
                self._facets = generation, reading.facets(db)
            return self._facets[1]

    def document(self, document_id: str) -> Document:
        """Read the document of that id.

        Raises:
            DocumentNotFoundError: no document has the id.
        """
        with self.database.reading() as db:
            return self._document(db, number_of(db, document_id))

    def document_by_sha256(self, sha256: str) -> Document:
        """Read the document whose text has that SHA-256 (hex). If several have it, read the first by id.

        Raises:
            DocumentNotFoundError: no document has such a text.
        """
        with self.database.reading() as db:
            return reading.with_sha256(db, self.database.where, sha256)

    def cited(self, sha256: str, document_id: str = "") -> Cited:
        """Read the document whose text has, or had, that SHA-256 (hex), and its status now.

        If several documents have, or had, the text, prefer the document of that id, then a document that has
        the text now.

        Raises:
            DocumentNotFoundError: the library never had such a text, or it was purged.
        """
        with self.database.reading() as db:
            return reading.cited(db, self.database.where, sha256, document_id)

    def earlier(self, document_id: str, sha256: str) -> tuple[Version, Document]:
        """Read an earlier text of a document, by the text's SHA-256 (hex) or the beginning of the SHA-256.

        Raises:
            DocumentNotFoundError: no earlier text has such a SHA-256, or several have.
        """
        with self.database.reading() as db:
            return reading.earlier(db, self.database.where, document_id, sha256)

    def kept_with(self, words: str) -> list[str]:
        """Return the SHA-256 of each text that is no longer searched and contains exactly these words."""
        with self.database.reading() as db:
            return reading.kept_with(db, words)

    def versions(self, document_id: str) -> tuple[Version, ...]:
        """List the earlier texts of a document, the newest first. Leave out the text that it has now."""
        with self.database.reading() as db:
            return reading.former(db, document_id)

    def removed(self) -> tuple[Version, ...]:
        """List the documents that can be restored, the last removed first."""
        with self.database.reading() as db:
            return reading.removed(db)

    def restorable(self, document_id: str) -> tuple[Version, Document]:
        """Return the version that `restore` puts back, and its document; see `versions.restorable`."""
        with self.database.reading() as db:
            return reading.restorable(db, self.database.where, document_id)

    def texts(self, document_id: str) -> DocumentTexts:
        """List the present and earlier texts of a document."""
        with self.database.reading() as db:
            return versions.parted(db, document_id, versions.texts(db, document_id))

    def same_text(self, document_id: str) -> tuple[str, ...]:
        """List the ids of other documents that share a present or earlier text with a document."""
        with self.database.reading() as db:
            return versions.same_text(db, document_id)

    def _document(self, db: Statements, number: int) -> Document:
        return reading.document_at(db, self.database.where, number)

    def hits(self, keys: Iterable[int]) -> dict[int, Hit]:
        """Return the passages with these keys, by key. Leave out keys that do not exist."""
        with self.database.reading() as db:
            rows = db.execute(
                "SELECT key, id, sha256, start, end, date FROM passages "
                "JOIN documents ON documents.serial = document "
                "WHERE key IN (SELECT CAST(value AS BIGINT) FROM json_each(?))",
                (json.dumps([int(key) for key in keys]),),
            )
            return {
                key: Hit(key, document_id, sha256, start, end, date_of(date))
                for key, document_id, sha256, start, end, date in rows
            }

    def copies(self, ids: Iterable[str], filters: Filters = EVERYTHING) -> dict[str, dict[str, float]]:
        """Find the near-duplicates of documents among the documents that the filters leave.

        Return, by each document's id, the ids and similarities (0 to 1) of its near-duplicates, the most
        similar first. Leave out documents without near-duplicates.
        """
        with self.database.reading() as db:
            return near_duplicates.copies_of(db, ids, filters)

    def illegible(self, ids: Iterable[str]) -> dict[str, frozenset[int]]:
        """Return the keys of the passages that the shipped models cannot read at all, by document id.

        See `qa.document.window.legible`. Leave out documents that do not exist.
        """
        with self.database.reading() as db:
            texts = db.execute(
                "SELECT id, serial, text FROM documents WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(ids)),),
            )
            return {
                document_id: frozenset()
                if is_only_latin(text)
                else frozenset(
                    passage.key
                    for passage in passages_where(db, "document = ?", number)
                    if any(sentence.quotable for sentence in passage.sentences)
                    and not legible(text, passage.sentences)
                )
                for document_id, number, text in texts
            }

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """Read the passages of a document, in order.

        Raises:
            DocumentNotFoundError: the document does not exist.
        """
        with self.database.reading() as db:
            return tuple(passages_where(db, "document = ?", number_of(db, document_id)))

    def read(self, ids: Iterable[str]) -> dict[str, Segmented]:
        """Read documents with their passages, in one snapshot, in the order of `ids`.

        Leave out ids that do not exist. The last documents are cached until the library changes.
        """
        documents: dict[str, Segmented] = {}
        with_id = "SELECT serial FROM documents WHERE id = ?"
        with self.database.reading() as db:
            generation = generation_of(db)
            for document_id in dict.fromkeys(ids):
                if cached := self._read.get((generation, document_id)):
                    documents[document_id] = cached
                elif row := db.execute(with_id, (document_id,)).fetchone():
                    segmented = self._document(db, *row), tuple(passages_where(db, "document = ?", *row))
                    self._read.put((generation, document_id), segmented, held_bytes(*segmented))
                    documents[document_id] = segmented
        return documents

    def document_and_passages(self, document_id: str) -> Segmented:
        """Read a document and its passages, in one snapshot.

        Raises:
            DocumentNotFoundError: the document does not exist.
        """
        with self.database.reading() as db:
            number = number_of(db, document_id)
            return self._document(db, number), tuple(passages_where(db, "document = ?", number))

    def select(self, filters: Filters = EVERYTHING) -> Selection:
        """Find the passages that the filters leave to search in.

        Raises:
            InputError: `since` is later than `until`.
        """
        check_span(filters)
        with self.database.reading() as db:
            return self._selected(db, filters)

    def _selected(self, db: Statements, filters: Filters) -> Selection:
        key = filters, generation_of(db)
        selection = self._selections.get(key)
        if selection is None:
            selection = select(db, filters)
            self._selections.put(key, selection)
        return selection

    def in_order(self, keys: Iterable[int]) -> list[int]:
        """Order passages by document id and place in the document. Leave out keys that no longer exist."""
        with self.database.reading() as db:
            return words.in_order(db, keys)

    def phrase(self, phrase: str, selection: Selection, deadline: Deadline | None = None) -> Occurrences:
        """Find the occurrences of a phrase (see `phrase_pattern`), in order of document id and offset.

        All documents with the phrase's words are read, unless there are too many; see `Occurrences`.

        Raises:
            DeadlineError, CancelledError: see `Deadline.check`.
        """
        with self.database.reading() as db:
            return words.find_phrase(
                db, self.database.full_text, phrase, selection.filters, deadline or Deadline()
            )

    def spellings(self, keys: Iterable[str]) -> dict[str, list[str]]:
        """Return the documents' spellings of names, by the names' keys, in order."""
        with self.database.reading() as db:
            return words.spellings(db, keys)

    def holds(self, name: str) -> bool:
        """Return whether the words of a name occur anywhere in sequence, up to inflection."""
        with self.database.reading() as db:
            return words.holds(db, self.database.full_text, fold(name))

    def holds_in_lower_case(self, word: str) -> bool:
        """Return whether the documents write a word, given in small letters, in small letters too."""
        with self.database.reading() as db:
            return words.holds_in_lower_case(db, self.database.full_text, word)


def held_bytes(document: Document, passages: Sequence[Passage]) -> int:
    """Estimate the memory that a document and its passages take, in bytes."""
    return sys.getsizeof(document.text) + sum(
        _PASSAGE_BYTES + _SENTENCE_BYTES * len(passage.sentences) for passage in passages
    )
