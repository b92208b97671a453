"""The library's FAISS index, kept in step with the store that it is derived from.

`index-<generation>.faiss` mirrors the store at that generation; a row in the store names the file in force,
so that a new one can be written while other processes read the old. Of a large library, most of the index
lies in another file beside it, `vectors-<hash>.faiss` (see `embeddings.index`). Whatever happens to these
files, the store's vectors make them anew, and nothing is embedded for it.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from qa.errors import LibraryError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from embeddings.arrays import Bits, Float32, Int64
    from embeddings.index import IndexStats, VectorIndex
    from embeddings.inverted import Stored
    from qa.storage.embedded.store import IndexRecord, Store
    from qa.storage.embedded.vectors import Encoding

log = logging.getLogger(__name__)
# A part of an index file this old is no longer being written.
PART_SECONDS = 3600
_FILE = re.compile(r"index-(\d+)\.faiss")


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """An index as it is searched; nothing changes it.

    Attributes:
        index: the vectors.
        encoding: which encoder made them.
        generation: the state of the store that it is in step with.
    """

    index: VectorIndex
    encoding: Encoding
    generation: int


class LibraryIndex:
    """Nearest passages of a store. May be used from several threads, which do not wait for each other.

    The index is opened at the first search, and brought in step whenever the store's generation has grown,
    by this process or by another.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._state: _State | None = None
        self._changing = threading.Lock()
        # The generation of the file that this process has last read or written; -1 for none, or not as it now
        # is. Before saving, the index may be compacted, which takes a minute: searches and changes go on.
        self._saved = -1
        self._saving = threading.RLock()

    def search(self, vectors: Float32, k: int, allowed: Bits | None = None) -> list[list[tuple[int, float]]]:
        """Find the `k` nearest passages to each of the unit vectors, float32 [m, d], or to one, [d].

        Gives a list for each: (key, cosine), best first; the cosines are exact. `allowed` restricts the
        search to these keys. Gives nothing while the library is empty.

        Raises:
            ValueError: the vectors are not of the library's dimension.
        """
        queries = np.atleast_2d(vectors)
        state = self._in_step()
        if state is None:
            return [[] for _ in queries]
        scores, keys = state.index.search(queries, k, allowed, self._stored(state.encoding))
        return [list(zip(*both, strict=True)) for both in zip(keys.tolist(), scores.tolist(), strict=True)]

    def keys(self) -> Int64:
        """List the keys that the index holds, ascending, once it is in step."""
        state = self._in_step()
        return np.sort(state.index.ids) if state else np.empty(0, np.int64)

    def stats(self) -> IndexStats | None:
        """Tell what the index is and costs, once it is in step; None while the library is empty."""
        state = self._in_step()
        return state.index.stats() if state else None

    def save(self) -> None:
        """Write the index to its file, in step, unless it is there already; of the kind that suits its size.

        What keeps it from being written is logged, not raised: the index is derived, and goes on in memory.
        """
        with self._saving:
            state = self._in_step()
            if state and state.index.wants_compacting():
                compacted = state.index.copy()
                compacted.compact(self._stored(state.encoding))
                with self._changing:
                    if self._state and self._state.encoding == state.encoding:
                        self._state, self._saved = replace(state, index=compacted), -1
                state = self._in_step()  # what was added and removed meanwhile
            if state:
                self._write(state)

    def remake(self) -> None:
        """Make the files anew from the store's vectors, and remove all others, whoever may still read them.

        Raises:
            OSError: one of those cannot be removed.
        """
        with self._saving:
            with self._changing:
                self._state, self._saved = None, -1
            self.save()
            state, file = self._state, self._store.index_record().file
            keep = {file, state.index.base_file if state else ""}
            remove_others(self._store.folder, ("index-*.faiss", "vectors-*.faiss"), keep)

    # In step

    def _in_step(self) -> _State | None:
        """Give the index in step with the store's generation; None while there are no vectors."""
        record = self._store.index_record()
        state = self._state
        if record.encoding is None or (state and state.generation == record.generation):
            return state
        with self._changing:
            first = self._state is None
            while True:
                record = self._store.index_record()
                if record.encoding is None or (self._state and self._state.generation == record.generation):
                    break
                self._state = self._brought_in_step(record, record.encoding)
            state = self._state
        if first and state:
            with self._saving:
                self._write(state)
        return state

    def _brought_in_step(self, record: IndexRecord, encoding: Encoding) -> _State | None:
        """Give the state that follows, which may already be behind another change."""
        state = self._state if self._state and self._state.encoding == encoding else None
        # Where another process has saved a newer one, it may have compacted it.
        if state is None or state.generation < record.file_generation:
            state = self._opened(record, encoding) or state or self._empty(encoding)
        index = state.index.copy()
        difference = self._store.difference(encoding, lambda: index.ids, index.last_id, state.generation)
        if difference is None:
            return self._state  # a reindex has just put another encoding in force
        # What is removed before its vector is read is left out here, and stands in the next difference.
        index.update(difference.stale, difference.missing, self._stored(encoding))
        return _State(index, encoding, difference.generation)

    def _opened(self, record: IndexRecord, encoding: Encoding) -> _State | None:
        """Open the file in force; None where there is none, or it has to be made again."""
        from embeddings.index import IndexFileError, VectorIndex

        self._saved = -1
        while record.file and record.encoding == encoding:
            try:
                index = VectorIndex.open(self._store.folder / record.file, encoding.identity.dimension)
            except IndexFileError as error:
                now = self._store.index_record()
                if now.file == record.file:
                    log.warning("%s; made again from the store", error)
                    break
                record = now  # another process has just replaced it
            else:
                self._saved = record.file_generation
                return _State(index, encoding, record.file_generation)
        return None

    def _empty(self, encoding: Encoding) -> _State:
        from embeddings.index import VectorIndex

        return _State(VectorIndex(encoding.identity.dimension), encoding, -1)

    def _stored(self, encoding: Encoding) -> Stored:
        return lambda keys: self._store.vectors_of(keys, encoding)

    # Files

    def _write(self, state: _State) -> None:
        """Write the index unless the file in force is as new; clear away what is no longer in force."""
        if self._store.read_only:
            return
        behind = self._saved < state.generation
        if behind:
            file = f"index-{state.generation}.faiss"
            try:
                state.index.save(self._store.folder / file)
                self._store.record_index(file, state.generation, state.encoding)
            except (OSError, LibraryError) as error:
                log.warning(
                    "the index of %s could not be saved (%s): it stays in memory until the next start",
                    self._store.folder,
                    error,
                )
                return
            self._saved = state.generation
        self._sweep(state, just_written=behind)

    def _sweep(self, state: _State, *, just_written: bool) -> None:
        """Remove the files of earlier generations, and the parts that a killed process left."""
        folder = self._store.folder
        earlier = [
            path
            for path in folder.glob("index-*.faiss")
            if (match := _FILE.fullmatch(path.name)) and int(match[1]) < state.generation
        ]
        old = [*folder.glob(".index-*.part"), *folder.glob(".vectors-*.part")]
        if just_written and self._store.index_record().file_generation == state.generation:
            # Only now is it known which one is in force. And another process may just have written one, to
            # name it in a file of its own.
            old += [path for path in folder.glob("vectors-*.faiss") if path.name != state.index.base_file]
        sweep(earlier, old)


def sweep(earlier: Iterable[Path], old: Iterable[Path]) -> None:
    """Remove files, of `old` ones those that nobody can still be writing or about to name."""
    removable = [path for path in old if _age(path) > PART_SECONDS]
    for path in (*earlier, *removable):
        # Windows refuses while another process has a file open; another may also have removed it by now.
        with contextlib.suppress(OSError):
            path.unlink()


def remove_others(folder: Path, patterns: Iterable[str], keep: set[str]) -> None:
    """Remove all files of these patterns, and parts of such, but for those to keep.

    Raises:
        OSError: one cannot be removed.
    """
    for pattern in patterns:
        for path in (*folder.glob(pattern), *folder.glob(f".{pattern.partition('*')[0]}*.part")):
            if path.name not in keep:
                path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    """Return the seconds since a file was last written; 0 where it is gone."""
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime
    return 0.0
