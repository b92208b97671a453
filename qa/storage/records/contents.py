"""Reads the contents of a library to search, cite and list them."""

# ruff: noqa: S608 -- statements are built from constants. Values from outside are always bound.

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from qa.bounded_cache import BoundedCache
from qa.deadline import Deadline
from qa.document.window import legible
from qa.errors import DocumentNotFoundError
from qa.schema import (
    EVERYTHING,
    FILTERED_BY_NAME,
    Document,
    DocumentInfo,
    DocumentList,
    DocumentQuery,
    Facets,
    Filters,
    Passage,
)
from qa.storage.records import listing, near_duplicates, outbox, vectors, versions, words
from qa.storage.records.filters import check_span, where
from qa.storage.records.phrases import find_phrase
from qa.storage.records.rows import (
    as_document,
    count_passages,
    date_of,
    document_at,
    generation_of,
    number_of,
    passages_where,
)
from qa.storage.results import Cited, Count, Hit, Selection, Version
from qa.text.names import fold
from qa.text.terms import indexed, is_only_latin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qa.storage.engines import Database
    from qa.storage.intake_values import Encoding
    from qa.storage.results import DocumentTexts, Occurrences, Segmented
    from qa.storage.statements import Statements

# Maximum number of cached selections. In a library of a million passages, each takes 125 kB.
SELECTIONS = 8
# Maximum number of cached parts of lists, and the number of documents that a list shows from one part.
LISTS, PART = 8, 5_000
# Maximum size, in bytes, of the cached documents that were read for questions.
READ_BYTES = 16 << 20
# Maximum number of passages that are read to find a word in small letters. A common word is found in them.
SMALL_READ = 20
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
        self._listed: BoundedCache[tuple[DocumentQuery, int], tuple[list[int], int]] = BoundedCache(LISTS)
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
                (documents,) = db.execute("SELECT count(*) FROM documents").fetchone()
                self._count = generation, Count(documents, count_passages(db))
            return self._count[1]

    def waiting(self) -> int:
        """Count the passages that an index on a server must still add or delete."""
        with self.database.reading() as db:
            return outbox.waiting(db)[0]

    def holds_only(self, sha256: str) -> bool:
        """Return whether there are documents, and all of their texts have this SHA-256 (hex)."""
        with self.database.reading() as db:
            ends = db.execute(
                "SELECT (SELECT min(sha256) FROM documents), (SELECT max(sha256) FROM documents)"
            ).fetchone()
        return bool(ends == (sha256, sha256))

    def has_or_had(self, sha256: str) -> bool:
        """Return whether a document has, or had, a text with this SHA-256 (hex), and was not purged."""
        with self.database.reading() as db:
            found = db.execute(
                "SELECT 1 FROM documents WHERE sha256 = ?1 UNION SELECT 1 FROM versions WHERE sha256 = ?1",
                (sha256,),
            ).fetchone()
        return found is not None

    def hashes(self) -> list[tuple[str, str]]:
        """List the documents' ids and the SHA-256 of their texts (hex), in order of id."""
        with self.database.reading() as db:
            return db.execute("SELECT id, sha256 FROM documents ORDER BY id").fetchall()

    def documents(self, filters: Filters = EVERYTHING, limit: int | None = None) -> tuple[DocumentInfo, ...]:
        """List the documents that the filters leave, or the first of them, in order of id, without text."""
        return self.find_documents(DocumentQuery(filters=filters, limit=limit)).documents

    def find_documents(self, query: DocumentQuery) -> DocumentList:
        """List the documents that a query finds, without text, in the query's order.

        Equals are in order of id. A list is read in short parts, so the row numbers of some long parts are
        cached until the library changes.
        """
        with self.database.reading() as db:
            if query.limit is None or query.limit > PART:
                numbers, total = listing.find(db, query, query.offset, query.limit)
                return DocumentList(tuple(listing.infos(db, numbers)), total)
            at = query.offset % PART
            key = replace(query, limit=None, offset=query.offset - at), generation_of(db)
            found = self._listed.get(key)
            if found is None:
                found = listing.find(db, query, query.offset - at, 2 * PART)
                self._listed.put(key, found)
            numbers, total = found
            return DocumentList(tuple(listing.infos(db, numbers[at : at + query.limit])), total)

    def facets(self) -> Facets:
        """Return the values that filters can choose from."""
        with self.database.reading() as db:
            generation = generation_of(db)
            if self._facets is None or self._facets[0] != generation:
                self._facets = generation, _facets(db)
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
            row = db.execute(
                "SELECT serial FROM documents WHERE sha256 = ? ORDER BY id LIMIT 1", (sha256.lower(),)
            ).fetchone()
            if row is None:
                raise DocumentNotFoundError(
                    f"the library in {self.database.where} has no document whose text has the SHA-256 "
                    f"{sha256!r}: it was removed, or its source has changed since"
                )
            return self._document(db, row[0])

    def cited(self, sha256: str, document_id: str = "") -> Cited:
        """Read the document whose text has, or had, that SHA-256 (hex), and its status now.

        If several documents have, or had, the text, prefer the document of that id, then a document that has
        the text now.

        Raises:
            DocumentNotFoundError: the library never had such a text, or it was purged.
        """
        with self.database.reading() as db:
            held = db.execute(
                "SELECT serial, id FROM documents WHERE sha256 = ? ORDER BY id != ?, id LIMIT 1",
                (sha256.lower(), document_id),
            ).fetchone()
            earlier_versions = list(versions.find(db, "sha256 = ?", sha256.lower()))
            own_versions = (version for version in earlier_versions if version.document_id == document_id)
            version = next(own_versions, earlier_versions[0] if earlier_versions else None)
            if held and (held[1] == document_id or version is None or version.document_id != document_id):
                document = self._document(db, held[0])
                others = versions.with_text(db, document)
                return Cited(document, "current", None, document.id, document.sha256, others)
            if version is None:
                raise DocumentNotFoundError(
                    f"the library in {self.database.where} has no document whose text has, or had, the "
                    f"SHA-256 {sha256!r}: it was never indexed here, or it was erased for good"
                )
            document = self._document_of(db, version)
            others = versions.with_text(db, document)
            # The text that superseded this text may have been removed since. Then another document may have
            # the id.
            removals = versions.find(
                db,
                "document = ? AND reason = 'removed' AND number >= ? "
                "AND sha256 NOT IN (SELECT sha256 FROM documents WHERE id = document)",
                document.id,
                version.number,
            )
            *_, removal = (None, *removals)
            current = db.execute(
                "SELECT sha256 FROM documents WHERE id = ?", (version.document_id,)
            ).fetchone()
            if current and not removal:
                return Cited(document, "superseded", version.at, document.id, current[0], others)
            return Cited(document, "removed", (removal or version).at, same_text=others)

    def earlier(self, document_id: str, sha256: str) -> tuple[Version, Document]:
        """Read an earlier text of a document, by the text's SHA-256 (hex) or the beginning of the SHA-256.

        Raises:
            DocumentNotFoundError: no earlier text has such a SHA-256, or several have.
        """
        with self.database.reading() as db:
            matches = [
                version
                for version in versions.find(db, "document = ?", document_id)
                if sha256 and version.sha256.startswith(sha256.lower())
            ]
            if len({version.sha256 for version in matches}) != 1:
                such = "more than one earlier text" if matches else "no earlier text"
                raise DocumentNotFoundError(
                    f"{document_id!r} has {such} whose SHA-256 begins with {sha256!r}: "
                    "`pullquote documents show` lists them"
                )
            return matches[0], self._document_of(db, matches[0])

    def kept_with(self, words: str) -> list[str]:
        """Return the SHA-256 of each text that is no longer searched and contains exactly these words."""
        with self.database.reading() as db:
            rows = db.execute(
                "SELECT sha256 FROM versions WHERE instr(text, ?) > 0 ORDER BY number DESC", (words,)
            ).fetchall()
            return list(dict.fromkeys(sha256 for (sha256,) in rows))

    def versions(self, document_id: str) -> tuple[Version, ...]:
        """List the earlier texts of a document, the newest first. Leave out the text that it has now."""
        with self.database.reading() as db:
            others = "document = ? AND sha256 NOT IN (SELECT sha256 FROM documents WHERE id = document)"
            return tuple(versions.find(db, others, document_id))

    def removed(self) -> tuple[Version, ...]:
        """List the documents that can be restored, the last removed first."""
        with self.database.reading() as db:
            last = (
                "number IN (SELECT max(number) FROM versions WHERE reason = 'removed' GROUP BY document) "
                "AND document NOT IN (SELECT id FROM documents)"
            )
            return tuple(versions.find(db, last))

    def restorable(self, document_id: str) -> tuple[Version, Document]:
        """Return the version that `restore` puts back, and its document; see `versions.restorable`."""
        with self.database.reading() as db:
            version = versions.restorable(db, document_id)
            return version, self._document_of(db, version)

    def texts(self, document_id: str) -> DocumentTexts:
        """List the present and earlier texts of a document."""
        with self.database.reading() as db:
            return versions.parted(db, document_id, versions.texts(db, document_id))

    def same_text(self, document_id: str) -> tuple[str, ...]:
        """List the ids of other documents that share a present or earlier text with a document."""
        with self.database.reading() as db:
            own = (
                "SELECT sha256 FROM documents WHERE id = ?1 "
                "UNION SELECT sha256 FROM versions WHERE document = ?1"
            )
            rows = db.execute(
                f"SELECT id FROM documents WHERE sha256 IN ({own}) AND id != ?1 "
                f"UNION SELECT document FROM versions WHERE sha256 IN ({own}) AND document != ?1 ORDER BY 1",
                (document_id,),
            )
            return tuple(other for (other,) in rows)

    def _document(self, db: Statements, number: int) -> Document:
        return document_at(db, self.database.where, number)

    def _document_of(self, db: Statements, version: Version) -> Document:
        return as_document(self.database.where, {**version.held, "text": versions.text(db, version)})

    def hits(self, keys: Iterable[int]) -> dict[int, Hit]:
        """Return the passages with these keys, by key. Leave out keys that do not exist."""
        return self.generation_and_hits(keys)[1]

    def generation_and_hits(self, keys: Iterable[int]) -> tuple[int, dict[int, Hit]]:
        """Return the generation, and the passages with these keys in this generation; see `hits`."""
        with self.database.reading() as db:
            rows = db.execute(
                "SELECT key, id, sha256, start, end, date FROM passages "
                "JOIN documents ON documents.serial = document "
                "WHERE key IN (SELECT CAST(value AS BIGINT) FROM json_each(?))",
                (json.dumps([int(key) for key in keys]),),
            )
            return generation_of(db), {
                key: Hit(key, document_id, sha256, start, end, date_of(date))
                for key, document_id, sha256, start, end, date in rows
            }

    def copies(self, ids: Iterable[str], filters: Filters = EVERYTHING) -> dict[str, dict[str, float]]:
        """Find the near-duplicates of documents among the documents that the filters leave.

        Return, by each document's id, the ids and similarities (0 to 1) of its near-duplicates, the most
        similar first. Leave out documents without near-duplicates.
        """
        with self.database.reading() as db:
            condition, values = where(filters)
            # CROSS JOIN keeps this order of tables: few documents are asked for, and they have few copies.
            rows = db.execute(
                f"""
                WITH asked (original, name) AS (
                    SELECT serial, id FROM documents WHERE id IN (SELECT value FROM json_each(?))
                )
                SELECT name, id, similarity FROM asked
                    CROSS JOIN copies ON copies.document = original
                    CROSS JOIN documents ON serial = other
                    WHERE {condition}
                UNION ALL
                SELECT name, id, 1.0 FROM asked
                    CROSS JOIN bands AS mine ON mine.document = original AND mine.band = ?
                    CROSS JOIN bands AS same ON same.band = mine.band AND same.hash = mine.hash
                        AND same.document != mine.document
                    CROSS JOIN documents ON serial = same.document
                    WHERE {condition}
                ORDER BY 1, 3 DESC, 2
                """,
                (json.dumps(list(dict.fromkeys(ids))), *values, near_duplicates.WHOLE, *values),
            )
            copies: dict[str, dict[str, float]] = {}
            for document_id, other, alike in rows:
                copies.setdefault(document_id, {})[other] = alike
            return copies

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
                    segmented = (
                        self._document(db, *row),
                        tuple(passages_where(db, "document = ?", *row)),
                    )
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
            key = filters, generation_of(db)
            selection = self._selections.get(key)
            if selection is None:
                condition, values = where(filters)
                (documents,) = db.execute(
                    f"SELECT count(*) FROM documents WHERE {condition}", values
                ).fetchone()
                undated = 0
                if filters.since or filters.until:
                    others, other_values = where(replace(filters, since=None, until=None))
                    (undated,) = db.execute(
                        f"SELECT count(*) FROM documents WHERE {others} AND date = ''", other_values
                    ).fetchone()
                selection = Selection(documents, undated, filters)
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
            return find_phrase(db, self.database.full_text, phrase, selection.filters, deadline or Deadline())

    def spellings(self, keys: Iterable[str]) -> dict[str, list[str]]:
        """Return the documents' spellings of names, by the names' keys, in order."""
        with self.database.reading() as db:
            rows = db.execute(
                "SELECT key, folded, min(spelling) FROM spellings "
                "WHERE key IN (SELECT value FROM json_each(?)) GROUP BY key, folded ORDER BY key, folded",
                (json.dumps(sorted(keys)),),
            ).fetchall()
            return {
                key: [spelling for *_, spelling in group] for key, group in groupby(rows, key=itemgetter(0))
            }

    def holds(self, name: str) -> bool:
        """Return whether the words of a name occur anywhere in sequence, up to inflection."""
        with self.database.reading() as db:
            return words.holds(db, self.database.full_text, fold(name))

    def holds_in_lower_case(self, word: str) -> bool:
        """Return whether the documents write a word, given in small letters, in small letters too."""
        with self.database.reading() as db:
            match, values = self.database.full_text.matches(indexed(word))
            key = self.database.full_text.key
            rows = db.execute(
                "SELECT substr(text, CAST(start + 1 AS INTEGER), CAST(end - start AS INTEGER)) FROM words "
                f"JOIN passages ON passages.key = words.{key} "
                f"JOIN documents ON serial = document WHERE {match} "
                f"ORDER BY words.{key} LIMIT ?",
                (*values, SMALL_READ),
            )
            # Full text finds inflections too, so any word with this beginning counts.
            return any(re.search(rf"\b{re.escape(word)}", text) for (text,) in rows)


def held_bytes(document: Document, passages: Sequence[Passage]) -> int:
    """Estimate the memory that a document and its passages take, in bytes."""
    return sys.getsizeof(document.text) + sum(
        _PASSAGE_BYTES + _SENTENCE_BYTES * len(passage.sentences) for passage in passages
    )


def _facets(db: Statements) -> Facets:
    """Return the values that filters can choose from."""

    def values(column: str) -> tuple[tuple[str, int], ...]:
        rows = db.execute(
            f"SELECT {column}, count(*) FROM documents WHERE {column} != '' GROUP BY 1 ORDER BY 1"
        )
        return tuple(rows.fetchall())

    first, last, undated = db.execute(
        "SELECT (SELECT min(date) FROM documents WHERE date != ''), "
        "(SELECT max(date) FROM documents), (SELECT count(*) FROM documents WHERE date = '')"
    ).fetchone()
    return Facets(
        # Collections come first, on pages, too: they are the user's own order of the documents.
        {name: values(name) for name in sorted(FILTERED_BY_NAME, key=lambda name: name != "collection")},
        date_of(first or ""),
        date_of(last or ""),
        undated,
        values("format"),
    )
