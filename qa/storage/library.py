"""A library: its records in a database, the index that follows them, and the encoder of its vectors."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from qa.bounded_cache import BoundedCache
from qa.storage.encoders import Encoders
from qa.storage.records import uploads
from qa.storage.records.store import Store
from qa.storage.results import LibraryStats
from qa.text.names import aliases, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.schema import OnProgress, Span
    from qa.storage.engines import Database, Found, Index
    from qa.storage.intake_values import Encoding
    from qa.storage.results import Hit, Occurrence, Segmented, Selection
    from qa.text.names import Aliases, Names

# Maximum size of the cache of illegible passages: its documents, plus their illegible passages.
ILLEGIBLE_KEPT = 100_000
# Maximum number of times that a search is made, if the library changes during each search.
ATTEMPTS = 5
# Maximum number of documents in memory when many are read one after the other.
READ_AT_ONCE = 50


class Library(Store):
    """A library. Several threads may use it at once.

    `encoder` is the name of an encoder, or an open encoder. By default the library uses the encoder that made
    its vectors. A new library uses the default encoder.
    """

    def __init__(self, database: Database, index: Index, encoder: str | Encoder | None = None) -> None:
        super().__init__(database)
        self.index = index
        self.encoders = Encoders(self, encoder, database.where)
        self._illegible: BoundedCache[tuple[int, str], frozenset[int]] = BoundedCache(ILLEGIBLE_KEPT)

    def close(self) -> None:
        """Close the index and the database."""
        self.index.close()
        super().close()

    def save(self, progress: OnProgress | None = None) -> None:
        """Bring the index up to date with the records."""
        self.index.save(progress)

    def save_changes_since(self, generation: int, progress: OnProgress | None = None) -> None:
        """Save after documents were added: save only the changes since that generation."""
        self.index.save(progress, changed=self.generation != generation)

    def erase(self) -> None:
        """Overwrite the bytes of purged documents in the database and in the index.

        Raises:
            LibraryError: another process keeps the bytes from being overwritten.
        """
        notes = self.scrub()
        self.index.erase()
        self.erased(notes)

    def adopt_encoding(self, encoding: Encoding, progress: OnProgress | None = None) -> tuple[str, ...]:
        """Prepare the index for an embedding, and make it the active embedding; see `Store`."""
        self.index.prepare(encoding, progress)
        return super().adopt_encoding(encoding)

    @property
    def encoder_identity(self) -> EncoderIdentity:
        """The encoder that made the library's vectors, or will make them if the library is empty.

        Raises:
            ModelError: the library is empty, and the encoder's weights are missing.
        """
        encoding = self.encoding()
        return encoding.identity if encoding else self.encoders.identity()

    def stats(self) -> LibraryStats:
        """Return how much the library contains, and how much that takes on disk and in memory."""
        held, encoding = self.count(), self.encoding()
        return LibraryStats(
            held.documents,
            held.passages,
            self.file_bytes(),
            encoding.identity if encoding else None,
            self.index.stats(),
            self.index.file_bytes(),
            uploads.folder_bytes(self.folder),
        )

    def warm(self) -> None:
        """Load all that a first search would otherwise wait for."""
        self.nearest(self.encode_queries(["warm"]), 1, self.select())
        self.matching([["warm"]], 1, self.select())

    def encode_queries(self, texts: Sequence[str]) -> Float32:
        """Embed questions with the library's encoder. Return unit vectors, float32 [n, d].

        Raises:
            EncoderMismatchError: another encoder made the library's vectors.
            ModelError: the encoder's weights are missing or damaged.
        """
        return self.encoders.encode_queries(texts)

    def nearest(self, vectors: Float32, k: int, selection: Selection) -> list[list[tuple[Hit, float]]]:
        """Find the `k` nearest passages of each unit vector, float32 [m, d], with cosines, highest first."""
        return self._found(lambda: self.index.nearest(vectors, k, selection))

    def matching(
        self, queries: Sequence[Sequence[str]], k: int, selection: Selection
    ) -> list[list[tuple[Hit, float]]]:
        """Find the best `k` passages by BM25 for any of the words of each query, with scores, best first."""
        return self._found(lambda: self.index.matching(queries, k, selection))

    def _found(self, search: Callable[[], Found]) -> list[list[tuple[Hit, float]]]:
        """Search, and look the hits up. Search again if the library changes meanwhile.

        Otherwise passages that are replaced meanwhile would be missing from the search or its results.
        """
        for _ in range(ATTEMPTS):
            generation, results = search()
            generation_now, hits = self.generation_and_hits({key for found in results for key, _ in found})
            if generation_now == generation:
                break
        return [[(hits[key], score) for key, score in result if key in hits] for result in results]

    def legible(self, hits: Iterable[Hit]) -> set[int]:
        """Return the keys of the passages that the shipped models can read, at least in part.

        See `qa.document.window.legible`.
        """
        generation = self.generation
        owners = {hit.key: hit.document_id for hit in hits}
        illegible: dict[str, frozenset[int]] = {}
        unknown: set[str] = set()
        for document_id in set(owners.values()):
            held = self._illegible.get((generation, document_id))
            if held is None:
                unknown.add(document_id)
            else:
                illegible[document_id] = held
        for document_id, keys in self.illegible(unknown).items() if unknown else ():
            self._illegible.put((generation, document_id), keys, 1 + len(keys))
            illegible[document_id] = keys
        return {
            key
            for key, document_id in owners.items()
            if document_id in illegible and key not in illegible[document_id]
        }

    def names(self, question: str) -> Names:
        """Find the names in a question that the documents spell in another way; see `qa.text.names.find`."""
        return find(question, self.aliases(), self)

    def aliases(self) -> Aliases:
        """Read the aliases (names that mean the same), including those of the user's file."""
        self.fetch_own_files()
        return aliases(self.folder)

    def fetch_own_files(self) -> None:
        """Update the user's own files in the library's folder from the files that the servers share.

        The user's own files are the aliases and a fitted confidence.
        """
        self.database.fetch_own_files()

    def share_own_file(self, name: str) -> None:
        """Share one of the user's own files with the servers, or delete their copy if it is gone."""
        self.database.share_own_file(name)


def read_in_parts(library: Library, ids: Iterable[str]) -> Iterator[Segmented]:
    """Read documents in order, `READ_AT_ONCE` in one call. Leave out ids that do not exist."""
    left = iter(dict.fromkeys(ids))
    while part := list(islice(left, READ_AT_ONCE)):
        yield from library.read(part).values()


def read_places(library: Library, places: Iterable[Occurrence]) -> Iterator[tuple[Segmented, list[Span]]]:
    """Read the documents that contain a phrase, in parts, each with the spans of the phrase.

    Leave out a document that was replaced after the phrase was found.
    """
    spans: dict[tuple[str, str], list[Span]] = {}
    for occurrence in places:
        spans.setdefault((occurrence.document_id, occurrence.sha256), []).append(occurrence.span)
    for document, passages in read_in_parts(library, (document_id for document_id, _ in spans)):
        if phrase_spans := spans.get((document.id, document.sha256)):
            yield (document, passages), phrase_spans
