"""The two ports that an engine implements: a database for records, and an index for search.

The records are what counts. An index is derived from the records, follows them, and can be made again from
them at any time, without embedding. A hit of an index counts only if the records have that passage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from embeddings.arrays import Float32
    from embeddings.index import IndexStats
    from qa.schema import OnProgress
    from qa.storage.findings import Finding
    from qa.storage.intake_values import Encoding, Upload
    from qa.storage.postgresql.database import SharedDatabase
    from qa.storage.results import Selection
    from qa.storage.statements import Statements


Found: TypeAlias = "tuple[int, list[list[tuple[int, float]]]]"
"""The generation of the records when a search began, and the (key, score) of each hit of each query."""


def do_nothing() -> None:
    """Do nothing: the hook `Database.after_commit` of a library whose index follows by itself."""


class FullTextTable(Protocol):
    """The table `words`: the words of each passage, in a database's own kind of full-text index."""

    @property
    def key(self) -> str:
        """The name of the column with the passage's key."""

    def put(self, db: Statements, rows: Iterable[tuple[int, str, str]]) -> None:
        """Add passages as (key, words of the head, words of the body); see `qa.text.terms.indexed`."""

    def delete(self, db: Statements, rows: Iterable[tuple[int, str, str]]) -> None:
        """Delete passages, with the words that were put in."""

    def matches(self, words: str, *, head: bool = False) -> tuple[str, tuple[str, ...]]:
        """Return a condition on `words`, and its values: the passage's body has the words in sequence.

        With `head`, the passage's head may have them instead.
        """


class Database(Protocol):
    """The database of a library's records. Threads may share it.

    Every method raises LibraryError if the database is damaged, away, locked by another writer, or out of
    space. Earlier commits are not lost.

    Attributes:
        after_commit: called after each counted change that this process commits. The index may set it.
    """

    after_commit: Callable[[], object]

    @property
    def folder(self) -> Path:
        """The local folder of the library: its files, or copies of files that the database has."""

    @property
    def where(self) -> str:
        """The folder or the address, for messages."""

    @property
    def read_only(self) -> bool:
        """Whether the database may not be written."""

    @property
    def full_text(self) -> FullTextTable:
        """The full-text table."""

    @property
    def skip_locked(self) -> str:
        """The clause by which a SELECT locks its rows, and leaves out the rows that others have locked."""

    @property
    def shared(self) -> SharedDatabase | None:
        """The database on a server, which also has the desk, or None if the desk is in the folder."""

    def close(self) -> None:
        """Close all connections. The database cannot be used afterwards."""

    def reading(self) -> AbstractContextManager[Statements]:
        """Yield one snapshot, which commits of others do not change."""

    def writing(
        self, *, counted: bool = True, names: Iterable[str] | None = None
    ) -> AbstractContextManager[Statements]:
        """Open a write transaction. If `counted`, it raises the generation if it changes something.

        Other writers that give one of these names wait. None stands for all names. A writer without names
        waits for nobody, except for a row that another transaction has changed.

        Raises:
            ConflictError: another writer has changed the same rows. The change can be tried again.
        """

    def one_change(self, names: Iterable[str] = ()) -> AbstractContextManager[bool]:
        """Treat all writes of this thread in the block as one change.

        Yield whether each write in the block is committed at once, as without the block. If not, all are
        committed at the end of the block. Until then only this thread sees them, and none counts as
        acknowledged. If a write fails, the writes before it are committed, and the error is raised. Other
        writers that give one of these names wait.
        """

    def fetched(self, upload: Upload) -> Upload:
        """Bring the bytes of an uploaded file into the folder, if only the database has them."""

    def fetch_own_files(self) -> None:
        """Bring the copies in the folder of the user's own files up to date, if the database has them."""

    def share_own_file(self, name: str) -> None:
        """Put one of the user's own files into the database, if it has them, or delete its copy there."""

    def keep_original(self, db: Statements, upload: Upload) -> None:
        """Keep the bytes of an uploaded file in the database, too, if other machines read them there."""

    def count_on(self, db: Statements, tables: Iterable[str]) -> None:
        """Give new rows of tables greater numbers than the rows that were put in with their numbers."""

    def drop_originals(self, db: Statements) -> None:
        """Delete the bytes of uploaded files in the database that no upload has any more."""

    def scrub(self) -> None:
        """Overwrite the bytes of deleted rows.

        Raises:
            LibraryError: another process keeps the bytes from being overwritten.
        """

    def file_bytes(self) -> int:
        """Return the size of the records in bytes."""

    def examine(self) -> Iterator[Finding]:
        """Check the database, without changing it."""


class Index(Protocol):
    """The index of a library's passages: the nearest vectors, BM25, and filters. Threads may share it."""

    def close(self) -> None:
        """Close the index. It cannot be used afterwards."""

    def nearest(self, vectors: Float32, k: int, selection: Selection) -> Found:
        """Find the `k` nearest passages of each unit vector, float32 [m, d], among the selected ones.

        The scores are cosines.
        """

    def matching(self, queries: Sequence[Sequence[str]], k: int, selection: Selection) -> Found:
        """Find the best `k` selected passages by BM25 for any of the words of each query, the best first.

        Passages with equal scores are in order of document id, then of place in the document.
        """

    def save(self, progress: OnProgress | None = None, *, changed: bool = True) -> None:
        """Follow the records to their present generation, and store the index.

        If not `changed`, only finish what an interrupted save has left.
        """

    def prepare(self, encoding: Encoding, progress: OnProgress | None = None) -> None:
        """Get ready for an embedding that is about to become the active one."""

    def build(self, remember: Callable[[Statements], object], progress: OnProgress | None = None) -> None:
        """Build the index from the records, without embedding. Then let the library `remember` it.

        `remember` is called in the transaction from which on this index follows the records.

        Raises:
            LibraryError: the index cannot be built. The library has not remembered it.
        """

    def drop(self) -> None:
        """Delete all that the index has of the library, because the library remembers another index."""

    def erase(self) -> None:
        """Delete the words and vectors of purged passages wherever the index has them."""

    def stats(self) -> IndexStats | None:
        """Return the kind and size of the index, or None if it is empty or its server alone knows."""

    def file_bytes(self) -> int:
        """Return the size of the files for full-text search, or 0 if there are none."""

    def examine(self, passages: int) -> Iterator[Finding]:
        """Check the index of that many passages against the records, without changing it."""
