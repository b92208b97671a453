"""The index of a library in files: FAISS for vectors, and postings or SQLite's FTS5 for BM25."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embeddings.files import DamagedFileError
from embeddings.index import IndexFileError, VectorIndex
from qa.errors import LibraryError
from qa.storage.file_index.full_text import WORDS, FullText, Postings, suffices_fts5
from qa.storage.file_index.source import Source
from qa.storage.file_index.vector_index import VECTORS, LibraryIndex, remove_others
from qa.storage.findings import Finding
from qa.text.display import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from embeddings.arrays import Float32
    from embeddings.index import IndexStats
    from qa.schema import OnProgress
    from qa.storage.engines import Found
    from qa.storage.file_index.source import Difference
    from qa.storage.intake_values import Encoding
    from qa.storage.results import Selection
    from qa.storage.sqlite.database import SqliteDatabase
    from qa.storage.statements import Statements


class FileIndex:
    """The index of the library in a folder. Implements `qa.storage.engines.Index`. Threads may share it.

    Every search first brings the index up to date with the records.
    """

    def __init__(self, database: SqliteDatabase) -> None:
        self._database, self.source = database, Source(database)
        self.vectors = LibraryIndex(self.source)
        self.words = FullText(self.source)

    def close(self) -> None:
        """Close the index. It cannot be used afterwards."""
        self.words.close()

    def nearest(self, vectors: Float32, k: int, selection: Selection) -> Found:
        """Find the `k` nearest passages of each unit vector, float32 [m, d], with cosines, highest first."""
        generation = self.source.generation()
        return generation, self.vectors.search(vectors, k, self.source.allowed(selection.filters))

    def matching(self, queries: Sequence[Sequence[str]], k: int, selection: Selection) -> Found:
        """Find the best `k` passages by BM25 for any of the words of each query, with scores, best first."""
        generation = self.source.generation()
        return generation, self.words.search(queries, k, selection)

    def save(self, progress: OnProgress | None = None, *, changed: bool = True) -> None:
        """Bring the files of the vector index and of full text up to date."""
        self.source.generation()  # fails if the library has another index
        self._save(changed=changed)

    def _save(self, *, changed: bool) -> None:
        if changed:
            self.vectors.save()
        self.words.save()

    def prepare(self, encoding: Encoding, progress: OnProgress | None = None) -> None:
        """Do nothing: the next search makes the index of another embedding from the records."""

    def build(self, remember: Callable[[Statements], object], progress: OnProgress | None = None) -> None:
        """Build the index from the records, without embedding. Then let the library `remember` it."""
        self._save(changed=True)
        with self._database.writing(counted=False) as db:
            remember(db)

    def drop(self) -> None:
        """Remove all files of the index.

        Raises:
            LibraryError: a file cannot be removed.
        """
        with self._database.writing(counted=False) as db:
            db.execute("UPDATE library SET index_file = '', words_file = ''")
        try:
            remove_others(self._database.folder, (*VECTORS, *WORDS), set())
        except OSError as error:
            raise LibraryError(
                f"{error.filename} cannot be removed ({error.strerror}): remove it, as the library does not "
                "need it any more"
            ) from error

    def erase(self) -> None:
        """Make the files again without purged passages, and remove all others.

        Raises:
            LibraryError: a file cannot be removed.
        """
        try:
            self.vectors.remake()
            self.words.remake()
        except OSError as error:
            raise LibraryError(
                f"{error.filename} cannot be removed ({error.strerror}), and may have erased text: stop "
                "the program that uses it, then run `pullquote remove --purge`"
            ) from error

    def stats(self) -> IndexStats | None:
        """Return the kind and size of the up-to-date index, or None if the library is empty."""
        return self.vectors.stats()

    def file_bytes(self) -> int:
        """Return the size of the files for full-text search, or 0 if SQLite itself searches."""
        return self.words.file_bytes()

    def examine(self, passages: int) -> Iterator[Finding]:
        """Check the files of the vector index and of full text against the records."""
        yield _index(self.source, passages)
        yield _postings(self.source, passages)


def _index(source: Source, passages: int) -> Finding:
    """Check the file of the vectors against the records."""
    record = source.index_record()
    if record.encoding is None:
        return Finding("index", "not needed: there are no documents")
    mending = "Nothing is lost: the next question builds it again from the store"
    if not record.file:
        return Finding("index", "none", f"the index has not been written. {mending}")
    try:
        dimension = record.encoding.identity.dimension
        index = VectorIndex.open(source.folder / record.file, dimension, thorough=True)
    except IndexFileError as error:
        return Finding("index", f"{record.file}, unusable", f"{error}. {mending}")
    difference = source.difference(record.encoding, lambda: index.ids)
    return _step("index", record.file, difference, passages, mending)


def _postings(source: Source, passages: int) -> Finding:
    """Check the file of the postings against the records."""
    record = source.words_record()
    mending = "Nothing is lost, but questions take longer until any `pullquote index` builds them again"
    if record.encoding is None or suffices_fts5(passages):
        return Finding("postings", "not needed: SQLite itself searches so few passages")
    if not record.file:
        return Finding("postings", "none", f"the postings have not been written. {mending}")
    try:
        postings = Postings.open(source.folder, record.file, record.file_generation, thorough=True)
    except DamagedFileError as error:
        return Finding("postings", f"{record.file}, unusable", f"{error}. {mending}")
    difference = source.difference(record.encoding, lambda: postings.keys)
    return _step("postings", record.file, difference, passages, mending)


def _step(about: str, file: str, difference: Difference | None, passages: int, mending: str) -> Finding:
    """Return the finding whether a derived file is up to date, by its difference from the source."""
    if difference is None or difference.stale.size or difference.missing.size:
        return Finding(about, f"{file}, behind", f"{file} is behind the source. {mending}")
    return Finding(about, f"{file}, in step with {plural(passages, 'passage')}")
