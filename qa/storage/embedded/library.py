"""A library in one folder: the SQLite file, with an up-to-date vector index and full-text search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.bounded_cache import BoundedCache
from qa.errors import LibraryError
from qa.storage.embedded.full_text import FullText
from qa.storage.embedded.store import Store
from qa.storage.embedded.vector_index import LibraryIndex
from qa.storage.encoders import Encoders
from qa.storage.ports import LibraryStats
from qa.storage.records import uploads
from qa.text.names import aliases, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.schema import OnProgress
    from qa.storage.ports import Hit, Selection
    from qa.storage.postgresql.database import SharedDatabase
    from qa.text.names import Aliases, Names

# Maximum size of the cache of illegible passages: its documents, plus their illegible passages.
ILLEGIBLE_KEPT = 100_000
# Maximum number of times that a search is made, if the library changes during each search.
ATTEMPTS = 5


class EmbeddedLibrary(Store):
    """The library in `folder`; implements `qa.storage.ports.Library`. Several threads may use it at once.

    `encoder` is the name of an encoder, or an open encoder. By default the library uses the encoder that made
    its vectors. A new library uses the default encoder.

    Raises:
        LibraryNotFoundError: the folder has no library, and `create` is False.
        LibraryError: the library is damaged, locked, or may not be written.
    """

    shared: SharedDatabase | None = None
    """None: the library's desk lies in the library's folder."""

    def __init__(
        self,
        folder: Path,
        *,
        create: bool = True,
        read_only: bool = False,
        encoder: str | Encoder | None = None,
    ) -> None:
        super().__init__(folder, create=create, read_only=read_only)
        self.encoders = Encoders(self, encoder, folder)
        self._index = LibraryIndex(self)
        self._words = FullText(self)
        self._illegible: BoundedCache[tuple[int, str], frozenset[int]] = BoundedCache(ILLEGIBLE_KEPT)

    def close(self) -> None:
        """Close the library's files."""
        super().close()
        self._words.close()

    def save(self, progress: OnProgress | None = None) -> None:
        """Bring the files of the vector index and of full text up to date."""
        self._index.save()
        self._words.save()

    def save_changes_since(self, generation: int, progress: OnProgress | None = None) -> None:
        """Save after documents were added. Save the vector index only if the generation has changed."""
        if self.generation != generation:
            self._index.save()
        self._words.save()

    def erase(self) -> None:
        """Overwrite the bytes of purged documents in every file of the library.

        Raises:
            LibraryError: another process keeps the bytes from being overwritten.
        """
        try:
            notes = self.scrub()
            self._index.remake()
            self._words.remake()
        except OSError as error:
            raise LibraryError(
                f"{error.filename} cannot be removed ({error.strerror}), and may have erased text: stop "
                "the program that uses it, then run `pullquote remove --purge`"
            ) from error
        self.erased(notes)

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
            self._index.stats(),
            self._words.file_bytes(),
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
        return self._found(lambda within: self._index.search(vectors, k, within.allowed), selection)

    def matching(
        self, queries: Sequence[Sequence[str]], k: int, selection: Selection
    ) -> list[list[tuple[Hit, float]]]:
        """Find the best `k` passages by BM25 for any of the words of each query, with scores, best first."""
        return self._found(lambda within: self._words.search(queries, k, within), selection)

    def _found(
        self, search: Callable[[Selection], list[list[tuple[int, float]]]], selection: Selection
    ) -> list[list[tuple[Hit, float]]]:
        """Search in the passages that the filters leave now. Search again if the library changes meanwhile.

        Otherwise passages that are replaced meanwhile would be missing from the search or its results.
        """
        for _ in range(ATTEMPTS):
            generation = self.generation
            results = search(self.select(selection.filters))
            keys = {key for result in results for key, _ in result}
            hits = self.hits(keys)
            if self.generation == generation:
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
        return aliases(self.folder)

    def fetch_own_files(self) -> None:
        """Do nothing: the user's own files lie in the library's folder."""

    def share_own_file(self, name: str) -> None:
        """Do nothing: the file in the library's folder is the only copy."""
