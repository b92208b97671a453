"""Follows the outbox: applies the changes of the records to the collections, also in a background thread."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from qa.errors import ConflictError, LibraryError, PullquoteError
from qa.schema import Progress
from qa.storage.milvus import rows
from qa.storage.milvus.connection import MissingCollectionError
from qa.storage.records import outbox, vectors
from qa.storage.records.rows import count_passages
from qa.text.display import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qa.schema import OnProgress
    from qa.storage.engines import Database
    from qa.storage.intake_values import Encoding
    from qa.storage.milvus.collection import Collection
    from qa.storage.milvus.connection import Row
    from qa.storage.milvus.opened import Opened
    from qa.storage.milvus.rows import Stemmer
    from qa.storage.statements import Statements

log = logging.getLogger(__name__)

# Maximum number of changes that are followed in one transaction. On SQLite, other writers wait meanwhile.
AT_ONCE = 500
# Seconds after a commit until it is followed: the changes of several commits are then followed together.
GATHERING = 0.2
# Seconds between two attempts if Milvus is away: the first and the longest pause.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
# Maximum seconds that `close` waits for the thread, and tries to note what is unsure.
CLOSING = 15.0


class Follower:
    """Follows the outbox of a library. Threads may share it.

    A change stays in the outbox until Milvus has it. So after an error or a crash, it is followed again.
    """

    def __init__(self, database: Database, opened: Opened, stemmer: Stemmer) -> None:
        self._database, self._opened, self._stemmer = database, opened, stemmer
        self._following = threading.Lock()
        self._starting = threading.Lock()
        self._work, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._suspects = True  # that Milvus has lost changes: it may if it is killed
        # Keys that are being followed, or whose transaction failed. If the locks ended before Milvus was
        # written, another process may have followed later changes first.
        self._unsure: set[int] = set()

    def follow(self, patience: float = -1) -> int:
        """Follow some changes, and return their number.

        It is 0 if no change is waiting, or if others follow all of them. `patience` is the maximum number of
        seconds to wait for another thread that follows, or -1.

        Raises:
            LibraryError: Milvus or the database is away. The changes stay in the outbox.
        """
        for attempt in range(2):
            with self._database.reading() as db:
                encoding, (count, _) = vectors.encoding(db), outbox.waiting(db)
            unsure = patience < 0 and bool(self._unsure)  # a search does not wait for the rows of others
            if not (count or unsure) or self._database.read_only:
                return 0
            self._opened.connection.check()  # before the transaction, so that no writer waits for a server
            try:
                if encoding:
                    self._opened.active(encoding)
                if not self._following.acquire(timeout=patience):
                    return 0
                try:
                    if unsure:
                        self._note_unsure()
                    return self._follow()
                finally:
                    self._following.release()
            except MissingCollectionError:
                self._opened.forget()
                if attempt:
                    raise
        return 0

    def _follow(self) -> int:
        """Bring a batch of the outbox into Milvus. Return how many keys there were."""
        # The rows in the outbox are locked, and no document: writers need not wait for Milvus.
        try:
            with self._database.writing(counted=False, names=()) as db:
                keys = outbox.take(db, AT_ONCE, self._database.skip_locked)
                self._unsure |= set(keys)
                self._opened.check_remembered(db)
                # Read the encodings after the rows are locked: `fill` copies what is followed before.
                for encoding, collection in self._present(db):
                    self._apply(db, keys, encoding, collection)
                outbox.done(db, keys)
        except BaseException:
            self._work.set()  # so that the thread follows them again
            raise
        self._unsure -= set(keys)
        return len(keys)

    def _present(self, db: Statements) -> list[tuple[Encoding, Collection]]:
        """Return the encodings that have a collection. Raise an error if the active one has none."""
        active, present = vectors.encoding(db), self._opened.existing(vectors.encodings(db))
        if active and active not in [encoding for encoding, _ in present]:
            raise MissingCollectionError(f"the index of encoding {active.number} is missing: try again")
        return present

    def _note(self, keys: Iterable[int]) -> None:
        """Note keys in the outbox, in a transaction of its own."""
        with self._database.writing(counted=False, names=()) as db:
            outbox.note(db, keys)

    def _note_unsure(self) -> None:
        """Note the unsure keys in the outbox again. If other processes hold their rows, try later."""
        try:
            self._note(self._unsure)
        except ConflictError as error:
            log.info("%s", error)
            self._work.set()
        else:
            self._unsure.clear()

    def _apply(self, db: Statements, keys: Sequence[int], encoding: Encoding, collection: Collection) -> None:
        """Add the passages that the records have to a collection, and delete the others."""
        added = self._rows(db, keys, encoding)
        deleted = sorted(set(keys) - {row["key"] for row in added})
        if added:
            collection.upsert(added)
        if deleted:
            collection.delete(deleted)

    def _rows(self, db: Statements, keys: Sequence[int], encoding: Encoding) -> list[Row]:
        return rows.read(db, keys, encoding, self._stemmer if self._opened.connection.has_words else None)

    def mend(self, *, thoroughly: bool = False) -> set[int]:
        """Compare Milvus with the records. Note the rows that differ in the outbox, and return their keys.

        Milvus may lose changes that it has acknowledged if it is killed. Unless `thoroughly`, compare the
        keys only if no change waits, and the active collection has another number of rows than the records.
        """
        with self._database.reading() as db:
            active, encodings = vectors.encoding(db), vectors.encodings(db)
            passages, (waiting, _) = count_passages(db), outbox.waiting(db)
            self._opened.check_remembered(db)
        noted: set[int] = set()
        for encoding, collection in self._opened.existing(encodings):
            collection.load()
            is_active = encoding == active
            if thoroughly or (is_active and not waiting and collection.count() != passages):
                strays, missing = self.differing(collection)
                noted |= strays | missing if is_active else strays
        if noted:
            log.warning(
                "the index at %s differs from the records by %s, which follow again",
                self._opened.address.text,
                plural(len(noted), "passage"),
            )
            self._note(noted)
        return noted

    def differing(self, collection: Collection) -> tuple[set[int], set[int]]:
        """Return the keys of a collection that the records lack, and the reverse, without the outbox."""
        with self._database.reading() as db:
            pending = outbox.pending(db)
        kept = collection.keys()
        with self._database.reading() as db:
            held = np.array([key for (key,) in db.execute("SELECT key FROM passages")], np.int64)
            pending |= outbox.pending(db)
        strays, missing = np.setdiff1d(kept, held), np.setdiff1d(held, kept)
        return set(strays.tolist()) - pending, set(missing.tolist()) - pending

    def fill(self, encoding: Encoding, progress: OnProgress | None) -> dict[int, object]:
        """Fill the collection of an encoding that will become active with the vectors of the records.

        Return the filtered metadata as they were written, by the number of a document, or None if they
        changed meanwhile.

        No writer waits. From now on, `follow` also writes to this collection. A passage may change, and be
        followed, after its row was read and before it is written. So each passage is read again after its row
        was written: if it differs, it is noted in the outbox. A later change is followed later.
        """
        collection = self._opened.prepared(encoding)
        with self._database.reading() as db:
            query = "SELECT passage FROM vectors WHERE encoding = ?"
            held = np.array([key for (key,) in db.execute(query, (encoding.number,))], np.int64)
        missing = np.setdiff1d(held, collection.keys()).tolist()
        written: dict[int, object] = {}
        for first in range(0, len(missing), AT_ONCE):
            keys = missing[first : first + AT_ONCE]
            with self._database.reading() as db:
                added = self._rows(db, keys, encoding)
            collection.upsert(added)
            with self._database.reading() as db:
                now = rows.columns(db, keys)
            changed = [row["key"] for row in added if now.get(row["key"]) != rows.columns_of(row)]
            for number, *metadata in map(rows.columns_of, added):
                if written.setdefault(number, metadata) != metadata:
                    written[number] = None
            if changed:
                self._note(changed)
            if progress:
                progress(Progress("index", min(first + AT_ONCE, len(missing)), len(missing)))
        if missing:
            collection.finish(len(held), progress)
        return written

    # The thread

    def suspect(self) -> None:
        """Compare Milvus with the records in the background: it was away, and may have lost changes."""
        self._suspects = True
        self.wake()

    def wake(self) -> None:
        """Follow the outbox in the background."""
        if self._database.read_only or self._closing.is_set():
            return
        self._work.set()
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread. Changes that it has not followed stay in the outbox."""
        self._closing.set()
        self._work.set()
        until = time.monotonic() + CLOSING
        with self._starting:
            if self._thread:
                self._thread.join(CLOSING)
        while self._unsure and not self._noted(last=time.monotonic() > until):
            time.sleep(FIRST_PAUSE)

    def _noted(self, *, last: bool) -> bool:
        """Note the unsure keys in the outbox for the next process. Return whether it is done or given up."""
        try:
            self._note(self._unsure)
        except LibraryError as error:
            if last:
                log.warning(
                    "%s; the index at %s may differ from it by %s: `pullquote doctor` compares them",
                    error,
                    self._opened.address.text,
                    plural(len(self._unsure), "passage"),
                )
            return last
        return True

    def _run(self) -> None:
        """Follow the outbox until closing. After an error, pause, each time for longer."""
        pause = FIRST_PAUSE
        while not self._closing.is_set():
            self._work.wait()
            self._work.clear()
            self._closing.wait(GATHERING)
            try:
                while not self._closing.is_set() and (self.follow() or self._mends()):
                    pause = FIRST_PAUSE
            except PullquoteError as error:
                self._opened.forget()
                self._suspects = True
                if self._closing.is_set():
                    return
                if pause == FIRST_PAUSE:
                    log.warning("%s; the index follows the records as soon as it can", error)
                self._work.set()
                self._closing.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _mends(self) -> bool:
        """Compare Milvus with the records if it may have lost changes. Return whether there are any."""
        if not self._suspects:
            return False
        with self._database.reading() as db:
            waiting, _ = outbox.waiting(db)
        if waiting:  # others follow these changes: try again when they are done
            self._work.set()
            self._closing.wait(FIRST_PAUSE)
            return False
        self._suspects = False
        return bool(self.mend())
