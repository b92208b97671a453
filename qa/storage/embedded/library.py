"""A library in one folder: the SQLite file, with the vector index and full text kept in step with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.errors import LibraryError
from qa.recent import Recent
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

# Documents of which is kept which of their passages models cannot read.
ILLEGIBLE_KEPT = 100_000
# How often a search is made at most because the library has changed meanwhile.
ATTEMPTS = 5


class EmbeddedLibrary(Store):
    """The library in `folder`; implements `qa.storage.ports.Library`. Several threads may use it at once.

    `encoder` is the name of one or one that is open already; without it, the one that made the library's
    vectors, or the default for a new library.

    Raises:
        LibraryNotFoundError: there is no library in the folder, and `create` is False.
        LibraryError: the library is damaged, locked, or may not be written.
    """

    shared: SharedDatabase | None = None
    """None: its desk lies in its folder."""

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
        self._illegible: Recent[tuple[int, str], frozenset[int]] = Recent(ILLEGIBLE_KEPT)

    def close(self) -> None:
        """Close the library's files."""
        super().close()
        self._words.close()

    def save(self, progress: OnProgress | None = None) -> None:
        """Bring the files of the index and of full text in step with what is held."""
        self._index.save()
        self._words.save()

    def save_changes_since(self, generation: int, progress: OnProgress | None = None) -> None:
        """Save after documents went in: the index only where anything has changed since that generation."""
        if self.generation != generation:
            self._index.save()
        self._words.save()

    def erase(self) -> None:
        """Overwrite what was purged in every file of the library.

        Raises:
            LibraryError: another process keeps the bytes from being overwritten.
        """
        try:
            notes = self.scrub()
            self._index.remake()
            self._words.remake()
        except OSError as error:
            raise LibraryError(
                f"{error.filename} cannot be removed ({error.strerror}), and may hold what was erased: "
                "stop whatever uses it, then run `pullquote remove --purge`"
            ) from error
        self.erased(notes)

    @property
    def encoder_identity(self) -> EncoderIdentity:
        """Which encoder made the library's vectors; while it is empty, which one will.

        Raises:
            ModelError: the library is empty, and the encoder's weights are missing.
        """
        encoding = self.encoding()
        return encoding.identity if encoding else self.encoders.identity()

    def stats(self) -> LibraryStats:
        """Tell what the library holds, and what that costs on disk and in memory."""
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
        """Load what a first search would otherwise wait for."""
        self.nearest(self.encode_queries(["warm"]), 1, self.select())
        self.matching([["warm"]], 1, self.select())

    def encode_queries(self, texts: Sequence[str]) -> Float32:
        """Embed questions with the library's encoder: unit vectors, float32 [n, d].

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
        """Search in what the filters leave now, until nothing has changed meanwhile.

        Else what is replaced meanwhile would be missing: from what is found, or from what was searched.
        """
        for _ in range(ATTEMPTS):
            generation = self.generation
            found = search(self.select(selection.filters))
            keys = {key for each in found for key, _ in each}
            hits = self.hits(keys)
            if self.generation == generation:
                break
        return [[(hits[key], score) for key, score in each if key in hits] for each in found]

    def legible(self, hits: Iterable[Hit]) -> set[int]:
        """Return the keys of those passages in which the shipped models can read something.

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
        for document_id, found in self.illegible(unknown).items() if unknown else ():
            self._illegible.put((generation, document_id), found, 1 + len(found))
            illegible[document_id] = found
        return {
            key
            for key, document_id in owners.items()
            if document_id in illegible and key not in illegible[document_id]
        }

    def names(self, question: str) -> Names:
        """Find the names in a question that the documents spell otherwise; see `qa.text.names.find`."""
        return find(question, self.aliases(), self)

    def aliases(self) -> Aliases:
        """Return the names that mean the same, those of the user's file among them."""
        return aliases(self.folder)

    def fetch_own_files(self) -> None:
        """Do nothing: the files that a person keeps beside the library lie in its folder."""

    def share_own_file(self, name: str) -> None:
        """Do nothing: who has the folder has the file."""
