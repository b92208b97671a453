"""The library's FAISS index, kept in step with the store that it is derived from.

`index-<generation>.faiss` mirrors the store at that generation; a row in the store names the file in force,
so that a new one can be written while other processes read the old. Whatever happens to these files, the
store's vectors make them anew, and nothing is embedded for it.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from qa.errors import LibraryError

if TYPE_CHECKING:
    from embeddings.arrays import Float32, Int64
    from embeddings.index import VectorIndex
    from qa.store import Encoding, IndexRecord, Store

log = logging.getLogger(__name__)
# A part of an index file this old is no longer being written.
PART_SECONDS = 3600
_FILE = re.compile(r"index-(\d+)\.faiss")


class LibraryIndex:
    """Nearest passages of a store. May be used from several threads.

    The index is opened at the first search, and brought in step whenever the store's generation has grown,
    by this process or by another.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._index: VectorIndex | None = None
        self._encoding: Encoding | None = None
        self._generation = -1
        self._saved_generation = -1

    def search(self, vector: Float32, k: int, allowed: Int64 | None = None) -> list[tuple[int, float]]:
        """Find the `k` nearest passages of a unit vector, float32 [d]: (key, cosine), best first.

        `allowed` restricts the search to these keys. Gives nothing while the library is empty.

        Raises:
            ValueError: the vector is not of the library's dimension.
        """
        with self._lock:
            index = self._in_step()
            if index is None or not len(index) or (allowed is not None and not allowed.size):
                return []
            scores, keys = index.search(np.ascontiguousarray(vector[np.newaxis], np.float32), k, allowed)
        return [(int(key), float(score)) for key, score in zip(keys[0], scores[0], strict=True)]

    def keys(self) -> Int64:
        """List the keys that the index holds, ascending, once it is in step."""
        with self._lock:
            index = self._in_step()
            return np.sort(index.ids) if index else np.empty(0, np.int64)

    def save(self) -> None:
        """Write the index to its file, in step, unless it is there already.

        What keeps it from being written is logged, not raised: the index is derived, and goes on in memory.
        """
        with self._lock:
            self._in_step()
            self._write()

    def _in_step(self) -> VectorIndex | None:
        """Bring the index to the store's generation; None while there are no vectors."""
        while True:
            record = self._store.index_record()
            if record.generation == self._generation or record.encoding is None:
                return self._index
            first = self._index is None
            if self._index is None or record.encoding != self._encoding:
                self._index, self._encoding = self._open(record, record.encoding), record.encoding
            difference = self._store.difference(self._index.ids, record.encoding)
            if difference is None:
                continue  # a reindex has just put another encoding in force
            if difference.stale.size:
                self._index.remove(difference.stale)
            if difference.missing.size:
                self._index.add(difference.missing, difference.vectors)
            self._generation = record.generation
            if first:
                self._write()
            return self._index

    def _open(self, record: IndexRecord, encoding: Encoding) -> VectorIndex:
        from embeddings.index import IndexFileError, VectorIndex

        self._saved_generation = -1
        if record.file:
            try:
                index = VectorIndex.open(self._store.folder / record.file, encoding.identity.dimension)
            except IndexFileError as error:
                now = self._store.index_record()
                if now.file != record.file:  # another process has just replaced it
                    return self._open(now, encoding)
                log.warning("%s; made again from the store", error)
            else:
                self._saved_generation = record.file_generation
                return index
        return VectorIndex(encoding.identity.dimension)

    def _write(self) -> None:
        """Write the index unless the file in force is as new; clear away what is no longer in force."""
        if self._index is None or self._encoding is None or self._store.read_only:
            return
        if self._saved_generation < self._generation:
            file = f"index-{self._generation}.faiss"
            try:
                self._index.save(self._store.folder / file)
                self._store.record_index(file, self._generation, self._encoding)
            except (OSError, LibraryError) as error:
                log.warning(
                    "the index of %s could not be saved (%s): it stays in memory until the next start",
                    self._store.folder,
                    error,
                )
                return
            self._saved_generation = self._generation
        self._sweep()

    def _sweep(self) -> None:
        """Remove the files of earlier generations, and the parts that a killed process left."""
        folder = self._store.folder
        earlier = [
            path
            for path in folder.glob("index-*.faiss")
            if (match := _FILE.fullmatch(path.name)) and int(match[1]) < self._generation
        ]
        for path in (*earlier, *folder.glob(".index-*.part")):
            # Windows refuses while another process has a file open; another may also have removed it by now.
            with contextlib.suppress(OSError):
                if path in earlier or time.time() - path.stat().st_mtime > PART_SECONDS:
                    path.unlink()
