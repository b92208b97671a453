"""The library's FAISS index, which is derived from the store and kept up to date with it.

`index-<generation>.faiss` mirrors the store at that generation. A row in the store names the active file, so
a new file can be written while other processes read the old file. In a large library, most of the index lies
in a second file, `vectors-<hash>.faiss` (see `embeddings.index`). If the files are missing or damaged, they
are made again from the store's vectors, without embedding.
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
    from qa.storage.file_index.source import IndexRecord, Source
    from qa.storage.intake_values import Encoding

VECTORS = ("index-*.faiss", "vectors-*.faiss")  # the files of a library
log = logging.getLogger(__name__)
# Age in seconds at which an unfinished index file is no longer being written.
PART_SECONDS = 3600
_FILE = re.compile(r"index-(\d+)\.faiss")


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """An index as it is searched. It is immutable.

    Attributes:
        index: the vectors.
        encoding: the encoding of the vectors.
        generation: the generation of the store that the index mirrors.
    """

    index: VectorIndex
    encoding: Encoding
    generation: int


class LibraryIndex:
    """Finds the nearest passages of a store. Several threads may use it without waiting for each other.

    The first search opens the index. If any process has raised the store's generation, the next search brings
    the index up to date.
    """

    def __init__(self, store: Source) -> None:
        self._store = store
        self._state: _State | None = None
        self._changing = threading.Lock()
        # The generation of the file that this process last read or wrote, or -1 if the index must be written.
        # Before saving, the index may be compacted. That takes a minute, while searches and changes go on.
        self._saved = -1
        self._saving = threading.RLock()

    def search(self, vectors: Float32, k: int, allowed: Bits | None = None) -> list[list[tuple[int, float]]]:
        """Find the `k` nearest passages to each unit vector, float32 [m, d], or to one unit vector, [d].

        Return a list of (key, exact cosine) for each vector, the highest cosine first. `allowed` restricts
        the search to these keys. The lists are empty if the library is empty.

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
        """Return the keys in the up-to-date index, ascending."""
        state = self._in_step()
        return np.sort(state.index.ids) if state else np.empty(0, np.int64)

    def stats(self) -> IndexStats | None:
        """Return the kind and size of the up-to-date index, or None if the library is empty."""
        state = self._in_step()
        return state.index.stats() if state else None

    def save(self) -> None:
        """Write the up-to-date index to its file, unless the file is up to date. Compact the index if needed.

        Errors in writing are logged, not raised: the index is derived, and stays in memory.
        """
        with self._saving:
            state = self._in_step()
            if state and state.index.wants_compacting():
                compacted = state.index.copy()
                compacted.compact(self._stored(state.encoding))
                with self._changing:
                    if self._state and self._state.encoding == state.encoding:
                        self._state, self._saved = replace(state, index=compacted), -1
                state = self._in_step()  # follow the changes made meanwhile
            if state:
                self._write(state)

    def remake(self) -> None:
        """Make the files again from the store's vectors. Remove all others, even if a process reads them.

        Raises:
            OSError: a file cannot be removed.
        """
        with self._saving:
            with self._changing:
                self._state, self._saved = None, -1
            self.save()
            state, file = self._state, self._store.index_record().file
            keep = {file, state.index.base_file if state else ""}
            remove_others(self._store.folder, VECTORS, keep)

    # In step

    def _in_step(self) -> _State | None:
        """Return the index of the store's present generation, or None if there are no vectors."""
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
        """Return the next state. Another change may already have made it outdated."""
        state = self._state if self._state and self._state.encoding == encoding else None
        # If another process has saved a newer index, open it: it may be compacted.
        if state is None or state.generation < record.file_generation:
            state = self._opened(record, encoding) or state or self._empty(encoding)
        index = state.index.copy()
        difference = self._store.difference(encoding, lambda: index.ids, index.last_id, state.generation)
        if difference is None:
            return self._state  # a reindex has just made another encoding the active encoding
        # A passage that is removed before its vector is read is left out here. The next difference lists it.
        index.update(difference.stale, difference.missing, self._stored(encoding))
        return _State(index, encoding, difference.generation)

    def _opened(self, record: IndexRecord, encoding: Encoding) -> _State | None:
        """Open the active file, or return None if there is no file or it must be made again."""
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
        """Write the index, unless the active file is as new. Remove files that are no longer active."""
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
        """Remove the files of earlier generations, the parts that a killed process left, and former bases."""
        folder = self._store.folder
        earlier = [
            path
            for path in folder.glob("index-*.faiss")
            if (match := _FILE.fullmatch(path.name)) and int(match[1]) < state.generation
        ]
        old = [*folder.glob(".index-*.part"), *folder.glob(".vectors-*.part")]
        if just_written and self._store.index_record().file_generation == state.generation:
            # Only now is it known that this base is the active base. `sweep` keeps young bases: another
            # process may just have written a base, and is about to write the index file that names it.
            old += [path for path in folder.glob("vectors-*.faiss") if path.name != state.index.base_file]
        sweep(earlier, old)


def sweep(earlier: Iterable[Path], old: Iterable[Path]) -> None:
    """Remove the `earlier` files, and those `old` files that no process can still be writing or naming."""
    removable = [path for path in old if _age(path) > PART_SECONDS]
    for path in (*earlier, *removable):
        # Windows refuses while another process has the file open. The file may also be gone by now.
        with contextlib.suppress(OSError):
            path.unlink()


def remove_others(folder: Path, patterns: Iterable[str], keep: set[str]) -> None:
    """Remove all files of some patterns, and their unfinished parts, except the files to keep.

    Raises:
        OSError: a file cannot be removed.
    """
    for pattern in patterns:
        for path in (*folder.glob(pattern), *folder.glob(f".{pattern.partition('*')[0]}*.part")):
            if path.name not in keep:
                path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    """Return the seconds since a file was last written, or 0 if it is gone."""
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime
    return 0.0
