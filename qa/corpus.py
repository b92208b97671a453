"""The corpus: documents go in, questions come out answered. Keeps the index in step with the store."""

from __future__ import annotations

import sys
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from qa.confidence import STRICTNESS
from qa.encoders import Encoders
from qa.errors import LibraryError
from qa.fulltext import FullText
from qa.library import LibraryIndex
from qa.limits import check_ids
from qa.names import aliases, find
from qa.pipeline import silent
from qa.recent import Recent
from qa.schema import EVERYTHING, Document, Filters, Passage, Progress
from qa.selection import Selection
from qa.store import Count, Store

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.answer import Answerer
    from qa.deadline import Deadline
    from qa.feedback import Judgement, Place, Shown, Thumb
    from qa.formats.dates import DateOrder
    from qa.intake import Intake, OnProgress
    from qa.names import Aliases, Names
    from qa.schema import (
        Answer,
        Dates,
        DocumentInfo,
        Facets,
        FileResult,
        IndexReport,
        PassagePlace,
        Turn,
    )
    from qa.stats import LibraryStats
    from qa.versions import Cited, Version
    from qa.words import Occurrences

__all__ = ["Corpus", "Selection"]

# Documents that were read for questions are kept up to so many bytes.
READ_BYTES = 16 << 20
# Documents of which is kept what of them models cannot read.
ILLEGIBLE_KEPT = 100_000
_SENTENCE_BYTES = 192
_PASSAGE_BYTES = 256


class Corpus:
    """A library of documents in a folder. May be used from several threads, and by several processes.

    Use `Corpus.open`; as a context manager it closes itself.
    """

    def __init__(
        self,
        store: Store,
        encoder: str | Encoder | None,
        date_order: DateOrder | None = None,
        columns: Mapping[str, str] | None = None,
        reader: str | None = None,
    ) -> None:
        self.library = store.folder
        self._store = store
        self._index = LibraryIndex(store)
        self._words = FullText(store)
        self._read: Recent[tuple[int, str], tuple[Document, tuple[Passage, ...]]] = Recent(READ_BYTES)
        self._illegible: Recent[tuple[int, str], frozenset[int]] = Recent(ILLEGIBLE_KEPT)
        self._encoders = Encoders(store, encoder)
        self._columns = None if columns is None else tuple(columns.items())
        self._date_order = date_order
        self._lock = threading.RLock()
        self._reader = reader
        self._answerer: Answerer | None = None

    @classmethod
    def open(
        cls,
        library: Path | str,
        *,
        create: bool = True,
        read_only: bool = False,
        encoder: str | Encoder | None = None,
        date_order: DateOrder | None = None,
        columns: Mapping[str, str] | None = None,
        reader: str | None = None,
    ) -> Self:
        """Open the library in a folder; with `create`, make it where there is none.

        Of one that is opened `read_only` no byte is changed.
        `encoder` is the name of one or one that is open already; without it, the one that made the library's
        vectors, or the default for a new library. `date_order` reads dates such as 4/8/2008.
        `columns` says which column of a table, or key of a record, holds which field of a document. Where
        one of these two is None, each file is read as it was last.
        `reader` names what reads passages (`embeddings.reader.open_reader`).

        Raises:
            LibraryNotFoundError: there is no library in the folder, and `create` is False.
            EncoderMismatchError: another encoder made the library's vectors.
            LibraryError: the library is damaged, locked, or may not be written.
            ModelError: there is no such encoder.
        """
        store = Store(Path(library), create=create, read_only=read_only)
        try:
            corpus = cls(store, encoder, date_order, columns, reader)
            if encoder is not None:
                corpus._encoders.identity()
        except BaseException:
            store.close()
            raise
        return corpus

    def close(self) -> None:
        """Close the library's files."""
        self._store.close()
        self._words.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @cached_property
    def _intake(self) -> Intake:
        from qa.intake import Intake  # questions do without all that reads files

        return Intake(self._store, self._encoders, self._date_order, self._columns)

    # The encoder

    @property
    def encoder_identity(self) -> EncoderIdentity:
        """Which encoder made the library's vectors; while it is empty, which one will.

        Raises:
            ModelError: the library is empty, and the encoder's weights are missing.
        """
        encoding = self._store.encoding()
        return encoding.identity if encoding else self._encoders.identity()

    def encode_queries(self, texts: Sequence[str]) -> Float32:
        """Embed questions with the library's encoder: unit vectors, float32 [n, d].

        Raises:
            EncoderMismatchError: another encoder made the library's vectors.
            ModelError: the encoder's weights are missing or damaged.
        """
        return self._encoders.encode_queries(texts)

    # Documents in and out

    def index(
        self,
        *paths: Path | str,
        progress: OnProgress | None = None,
        prune: bool = False,
        dry_run: bool = False,
        named_files: bool = True,
        follow_links: bool = False,
    ) -> IndexReport:
        """Bring the library in step with files and folders; what has not changed is not parsed again.

        Each document is committed by itself: when this is interrupted, those that `progress` has named in
        stage "write" are in the library. A document that cannot be read is refused in the report, and the
        others go in. What a folder no longer holds is "gone" in the report; its documents stay in the library
        unless they are to be pruned (or are, by `prune`, afterwards). A `dry_run` only tells what would be
        done. What was purged of a file that has not changed is left out, unless the file is named itself and
        `named_files` says that a person has named it. Links in a folder that lead out of it are left out, and
        named in the report as skipped, unless `follow_links`; what is named itself may be a link.

        Reading, embedding and writing overlap: `progress` is called on several threads, one call at a time.

        Raises:
            EncoderMismatchError: another encoder made the library's vectors.
            ModelError: the encoder's weights are missing or damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        generation = self._store.generation
        report = self._intake.index(
            paths,
            progress or silent,
            prune=prune,
            dry_run=dry_run,
            named_files=named_files,
            follow_links=follow_links,
        )
        if self._store.generation != generation:
            self._index.save()
        if not dry_run:
            self._words.save()  # a library of before has no such file yet
            self._store.complete_copies()  # nor have its documents been compared
        return report

    def prune(self, report: IndexReport) -> IndexReport:
        """Remove the documents that a report says are gone. Gives the report with these as removed.

        `restore` puts them back; so does their file, when it comes back.

        Raises:
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        generation = self._store.generation
        pruned = self._intake.prune(report)
        if self._store.generation != generation:
            self._save()
        return pruned

    def remove(self, ids: Iterable[str], *, withdrawn: bool = True) -> tuple[str, ...]:
        """Take documents out of every answer, all or none. Gives their ids, each once.

        `restore` puts them back, and citations still open them. While they are `withdrawn`, indexing the same
        files again does not bring them back; what was removed because its file has gone is not.

        Raises:
            DocumentNotFoundError: one of them is not held; nothing was removed.
            InputError: `ids` is one text.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        removed = self._store.remove(check_ids(ids), withdrawn=withdrawn)
        self._save()
        return removed

    def restore(self, ids: Iterable[str], progress: OnProgress | None = None) -> tuple[FileResult, ...]:
        """Put back documents that were removed, as they were then; nothing where one of them cannot be.

        Each is segmented and embedded as a new one is, and committed by itself.

        Raises:
            DocumentNotFoundError: one of them was not removed, or was purged since.
            InputError: a document of that id is held, or `ids` is one text.
            ModelError: the encoder's weights are missing or damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        restored = self._intake.restore(check_ids(ids), progress or silent)
        self._save()
        return restored

    def edit(
        self, document_id: str, values: Mapping[str, str], *, reset: Iterable[str] = ()
    ) -> tuple[Document, tuple[str, ...]]:
        """Correct the metadata of a document; fields to `reset` are again what its source says.

        Gives the document, and the fields that are corrected now. Corrections outlive its source's changes.
        The text, and every citation, stay as they are.

        Raises:
            DocumentNotFoundError: there is no such document.
            InputError: a field is none of `qa.metadata.FIELDS`, a date is not ISO 8601, or what is to be
                reset was not corrected.
            LibraryError: the library is locked, may not be written, or is out of space; or the document
                was replaced meanwhile.
        """
        edited = self._intake.edit(document_id, values, reset)
        self._save()
        return edited

    def purge(self, ids: Iterable[str] = ()) -> tuple[str, ...]:
        """Erase documents for good, all or none: every version of theirs, their vectors, and thumbs on them.

        They may have been removed before. No byte of them stays in the library's folder, nor any answer from
        this library that `evaluate` keeps: its files are written anew, which needs as much room again. Where
        that was interrupted, the next purge does it, of whatever ids or none. The files that they were read
        from stay; hashes alone are kept, so that these do not bring them back (see `index`).

        Raises:
            DocumentNotFoundError: one of them is not known; nothing was erased.
            InputError: `ids` is one text.
            LibraryError: another process keeps the bytes from being overwritten: they are erased from every
                answer, and the next `purge` overwrites them. Or the library may not be written.
        """
        from qa.evaluation.run import forget_answers

        purged = self._store.purge(check_ids(ids))
        if self._store.erasing:
            forget_answers(self.library)
            try:
                self._store.scrub()
                self._index.remake()
                self._words.remake()
            except OSError as error:
                raise LibraryError(
                    f"{error.filename} cannot be removed ({error.strerror}), and may hold what was erased: "
                    "stop whatever uses it, then run `pullquote remove --purge`"
                ) from error
            self._store.erased()
        return purged

    def reindex(self, encoder: str | Encoder, progress: OnProgress | None = None) -> None:
        """Embed every passage with another encoder, or with the same where windows have changed.

        Until all are done, the old vectors serve; they are exchanged in one transaction. After an
        interruption, what was embedded is not embedded again.

        Raises:
            ModelError: there is no such encoder, or its weights are damaged.
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        self._intake.reindex(encoder, progress or silent)
        self._save()

    def _save(self) -> None:
        self._index.save()
        self._words.save()

    # What is in it

    @property
    def generation(self) -> int:
        """A number that grows with every committed change, by whatever process."""
        return self._store.generation

    def count(self) -> Count:
        """Count the documents and passages."""
        return self._store.count()

    def stats(self) -> LibraryStats:
        """Tell what the library holds, and what that costs on disk and in memory."""
        from qa.stats import LibraryStats

        held, encoding = self._store.count(), self._store.encoding()
        return LibraryStats(
            held.documents,
            held.passages,
            self._store.file_bytes(),
            encoding.identity if encoding else None,
            self._index.stats(),
            self._words.file_bytes(),
        )

    def holds_only(self, sha256: str) -> bool:
        """Tell whether there are documents, and all of their texts have this SHA-256 (hex)."""
        return self._store.holds_only(sha256)

    def hashes(self) -> list[tuple[str, str]]:
        """List the documents' ids and the SHA-256 of their texts (hex), in order of id."""
        return self._store.hashes()

    def documents(self, filters: Filters = EVERYTHING, limit: int | None = None) -> tuple[DocumentInfo, ...]:
        """List the documents that the filters leave, or the first `limit` of them, in order of id."""
        return self._store.documents(filters, limit)

    def facets(self) -> Facets:
        """Tell what filters can choose from."""
        return self._store.facets()

    def document(self, document_id: str) -> Document:
        """Read the document of that id afresh; its text's SHA-256 is compared with the one recorded.

        Raises:
            DocumentNotFoundError: there is none.
            LibraryError: the text is not what was stored.
        """
        return self._store.document(document_id)

    def document_by_sha256(self, sha256: str) -> Document:
        """Read the document whose text has that SHA-256, in hex.

        Raises:
            DocumentNotFoundError: there is none.
            LibraryError: the text is not what was stored.
        """
        return self._store.document_by_sha256(sha256)

    # Versions

    def cited(self, sha256: str, document_id: str = "") -> Cited:
        """Read the document whose text has, or had, that SHA-256 (hex), and tell what has become of it.

        Of several that have the same text, the one of that id, where there is one.

        Raises:
            DocumentNotFoundError: no text with it was ever held, or it was purged.
            LibraryError: the text is not what was stored.
        """
        return self._store.cited(sha256, document_id)

    def kept_with(self, words: str) -> list[str]:
        """Find the texts that are no longer searched and hold these very words: their SHA-256."""
        return self._store.kept_with(words)

    def versions(self, document_id: str) -> tuple[Version, ...]:
        """List the other texts that a document had before, the newest first."""
        return self._store.versions(document_id)

    def earlier(self, document_id: str, sha256: str) -> tuple[Version, Document]:
        """Read a text that a document had before, by its SHA-256 (hex) or by how that begins.

        Raises:
            DocumentNotFoundError: it had none, or more than one begins so.
        """
        return self._store.earlier(document_id, sha256)

    def removed(self) -> tuple[Version, ...]:
        """List the documents that `restore` can put back, what was removed last first."""
        return self._store.removed()

    def citing(self, document_id: str) -> tuple[int, tuple[str, ...]]:
        """Tell what in the library cites a document, in any version: how many thumbs, on which questions."""
        return self._store.citing(document_id)

    def same_text(self, document_id: str) -> tuple[str, ...]:
        """List the ids of others that have, or had, the very text that a document has, or had."""
        return self._store.same_text(document_id)

    # Questions

    def ask(
        self,
        question: str,
        history: Sequence[str | Turn] = (),
        filters: Filters = EVERYTHING,
        strictness: float = STRICTNESS,
        dates: Dates = "auto",
        *,
        deadline: Deadline | None = None,
    ) -> Answer:
        """Answer a question with quotes; see `qa.answer.Answerer.ask`.

        Raises:
            QuestionError: the question or the history is empty, too long or too much.
            DeadlineError: the deadline, if there is one, has passed.
            PullquoteError: what else keeps it from being answered.
        """
        return self.answerer().ask(question, history, filters, strictness, dates, deadline=deadline)

    def warm(self, progress: OnProgress | None = None) -> None:
        """Load what a first question would otherwise wait for: encoder, index and reader."""
        (progress or silent)(Progress("model", 0, 0, self.encoder_identity.name))
        self._index.search(self.encode_queries(["warm"])[0], 1)
        self.bm25(["warm"], 1, self.select())
        self.answerer()

    def answerer(self) -> Answerer:
        """Open what answers questions, once.

        Raises:
            ModelError: the reader's weights are missing or damaged.
        """
        with self._lock:
            if self._answerer is None:
                from qa.answer import Answerer

                self._answerer = Answerer(self, self._reader)
            return self._answerer

    def select(self, filters: Filters = EVERYTHING) -> Selection:
        """Find what the filters leave to search in.

        Raises:
            InputError: `since` is later than `until`.
        """
        return self._store.select(filters)

    def left_by(self, filters: Filters, ids: Iterable[str]) -> set[str]:
        """Tell which of some documents, by id, the filters leave."""
        return self._store.left_by(filters, ids)

    def dense(self, vector: Float32, k: int, selection: Selection) -> list[tuple[int, float]]:
        """Find the `k` nearest passages of a unit vector, float32 [d]: (key, cosine), best first."""
        return self.dense_each(vector[np.newaxis], k, selection)[0]

    def dense_each(self, vectors: Float32, k: int, selection: Selection) -> list[list[tuple[int, float]]]:
        """Find the `k` nearest passages of each of the unit vectors, float32 [m, d]; see `dense`."""
        return self._index.search(vectors, k, selection.allowed)

    def bm25(self, terms: Sequence[str], k: int, selection: Selection) -> list[tuple[int, float]]:
        """Find the best `k` passages by BM25 for any of the words, as (key, score), highest first."""
        return self.bm25_each([terms], k, selection)[0]

    def bm25_each(
        self, queries: Sequence[Sequence[str]], k: int, selection: Selection
    ) -> list[list[tuple[int, float]]]:
        """Find the best `k` passages for each of several lists of words; see `bm25`."""
        return self._words.search(queries, k, selection)

    def phrase(self, phrase: str, selection: Selection, deadline: Deadline | None = None) -> Occurrences:
        """Find where the phrase stands word for word, in order of document id and offset.

        Raises:
            DeadlineError, CancelledError: see `Deadline.check`.
        """
        return self._store.phrase(phrase, selection, deadline)

    def passages(self, keys: Iterable[int]) -> dict[int, Passage]:
        """Read passages by key, in the order of `keys`; those removed meanwhile are left out."""
        return self._store.passages(keys)

    def places(self, keys: Iterable[int]) -> dict[int, PassagePlace]:
        """Find where passages stand, by key, in the order of `keys`; those removed meanwhile are left out."""
        return self._store.places(keys)

    def passages_of(self, document_id: str) -> tuple[Passage, ...]:
        """Read the passages of a document, in order; joined, they are its text.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        return self._store.passages_of(document_id)

    def document_and_passages(self, document_id: str) -> tuple[Document, tuple[Passage, ...]]:
        """Read a document and its passages in one snapshot, so that their offsets are those of its text.

        What was read last is kept while nothing changes; what is shown is checked against a text read afresh.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        key = self._store.generation, document_id
        held = self._read.get(key)
        if held is None:
            held = self._store.document_and_passages(document_id)
            self._read.put(key, held, held_bytes(*held))
        return held

    def sources(self) -> list[str]:
        """List the files that documents stand in, or stood in before they were removed, by path."""
        return self._store.sources()

    def dates(self, ids: Iterable[str]) -> dict[str, dt.date]:
        """Find the publication dates of documents by id; those without one, or not held, are left out."""
        return self._store.dates(ids)

    def copies(self, ids: Iterable[str]) -> dict[str, dict[str, float]]:
        """Find the near-duplicates of documents by id: their ids and similarity, the most similar first.

        Documents without any, or not held, are left out. See `qa.copies`.
        """
        return self._store.copies(ids)

    def documents_of(self, keys: Iterable[int]) -> dict[int, str]:
        """Find the document id of each passage, by key; those removed meanwhile are left out."""
        return self._store.documents_of(keys)

    def legible(self, keys: Iterable[int]) -> set[int]:
        """Return those of the passages in which the shipped models can read something (`qa.window.legible`).

        Those removed meanwhile are left out.
        """
        generation = self._store.generation
        owners = self._store.documents_of(keys)
        illegible: dict[str, frozenset[int]] = {}
        unknown: set[str] = set()
        for document_id in set(owners.values()):
            held = self._illegible.get((generation, document_id))
            if held is None:
                unknown.add(document_id)
            else:
                illegible[document_id] = held
        for document_id, found in self._store.illegible(unknown).items() if unknown else ():
            self._illegible.put((generation, document_id), found, 1 + len(found))
            illegible[document_id] = found
        return {
            key
            for key, document_id in owners.items()
            if document_id in illegible and key not in illegible[document_id]
        }

    def names(self, question: str) -> Names:
        """Find the names in a question that the documents spell otherwise; see `qa.names.find`."""
        return find(question, self.aliases(), self._store)

    def aliases(self) -> Aliases:
        """Give the names that mean the same, those of the user's file among them."""
        return aliases(self.library)

    def holds(self, name: str) -> bool:
        """Tell whether the words of a name stand one after the other anywhere, up to inflection."""
        return self._store.holds(name)

    # Thumbs

    def put_thumb(self, shown: Shown, quote: Place | None, thumb: Thumb | None) -> None:
        """Put a thumb on a quote of an answer, or (None) on all of it; None for the thumb takes it back.

        Raises:
            LibraryError: the library is locked, may not be written, or is out of space.
        """
        self._store.put_thumb(shown, quote, thumb)

    def thumbs(self, query_id: str | None = None) -> tuple[Judgement, ...]:
        """Read the thumbs of one test query, or of all; `qa.feedback` makes test queries of them."""
        return self._store.thumbs(query_id)

    def count_thumbs(self) -> tuple[int, int]:
        """Count the thumbs, and the test queries that they make."""
        return self._store.count_thumbs()


def held_bytes(document: Document, passages: Sequence[Passage]) -> int:
    """Say about how much memory a document and its passages take."""
    return sys.getsizeof(document.text) + sum(
        _PASSAGE_BYTES + _SENTENCE_BYTES * len(passage.sentences) for passage in passages
    )
