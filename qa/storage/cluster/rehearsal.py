"""A copy of what a library on Milvus knows of documents, to try changes in: what a dry run works on."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from qa.storage.cluster.change import Change
from qa.storage.cluster.intake import Intake
from qa.storage.cluster.working import Working
from qa.storage.records.put import compare_row, put_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qa.storage.cluster.contents import Contents
    from qa.storage.cluster.session import Session
    from qa.storage.cluster.uploads import Uploads
    from qa.storage.cluster.vectors import Vectors
    from qa.storage.intake_port import EmbeddedPassages, ReadDocument, Status

T = TypeVar("T")


class Trial:
    """One state of a library, whose rows are fetched as they are asked for; what changes here is lost."""

    read_only = False

    def __init__(self, session: Session) -> None:
        self._lock = threading.RLock()
        self._state = session.committed_state()
        self._working = Working(session.connection, session.collections, self._state)
        self._change = Tried(
            session.connection,
            session.collections,
            session.stemmer,
            session.lease.keep,
            self._working,
        )

    def close(self) -> None:
        """Forget it."""
        self._working.close()

    @property
    def generation(self) -> int:
        """The number of the library's last change."""
        return self._state.generation

    def read_in_one_state(self, read: Callable[[Working], T]) -> T:
        """Read what is known by now."""
        with self._lock:
            return read(self._working)

    @contextmanager
    def part_of_change(self, fetch: Callable[[Working], object], *, counted: bool = True) -> Iterator[Change]:
        """Change what is known, here alone."""
        with self._lock, self._change.part(fetch, counted=counted):
            yield self._change

    @contextmanager
    def one_change(self, fetch: Callable[[Working], object]) -> Iterator[bool]:
        """Fetch what several changes work on; each is made at once."""
        self.read_in_one_state(fetch)
        yield True


class Tried(Change):
    """A change that is never committed: the passages of what is put in are passed over."""

    def write(
        self, number: int | None, read: ReadDocument, given_id: str, given: EmbeddedPassages
    ) -> tuple[int, Status]:
        """Write the row of a document, new or in place of the one of that number."""
        row = compare_row(self.db, number, read, given_id)
        return put_row(self.db, row, "", has_passages=row.has_same_words)


class Rehearsal(Intake):
    """What a library knows of its documents, to try changes in. Texts and vectors are the library's."""

    def __init__(self, session: Session, contents: Contents, vectors: Vectors, uploads: Uploads) -> None:
        self._trial = Trial(session)
        super().__init__(self._trial)
        self._rooms = session, contents, vectors, uploads
        self.row_text, self.sidecar_values = contents.row_text, contents.sidecar_values
        self.vectors = vectors.known
        self.uploads = uploads.newest

    def close(self) -> None:
        """Forget it."""
        self._trial.close()

    def rehearsal(self) -> Rehearsal:
        """Return another, of what the library knows."""
        return Rehearsal(*self._rooms)
