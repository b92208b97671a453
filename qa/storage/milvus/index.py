"""The index of a library on Milvus, which follows the records by their outbox."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qa.errors import ConflictError, LibraryAwayError, LibraryError
from qa.schema import Progress
from qa.storage.engines import do_nothing
from qa.storage.findings import Finding
from qa.storage.milvus import rows
from qa.storage.milvus.address import Address
from qa.storage.milvus.conditions import condition
from qa.storage.milvus.connection import MOST, MissingCollectionError
from qa.storage.milvus.follower import Follower
from qa.storage.milvus.opened import Opened
from qa.storage.milvus.pending import Pending, selected
from qa.storage.records import outbox, vectors, words
from qa.storage.records.rows import count_passages, generation_of
from qa.text.display import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from embeddings.arrays import Float32, Int64
    from embeddings.index import IndexStats
    from qa.schema import OnProgress
    from qa.storage.engines import Database, Found
    from qa.storage.intake_values import Encoding
    from qa.storage.milvus.collection import Collection
    from qa.storage.results import Selection
    from qa.storage.statements import Statements

# Maximum number of changes that a search follows itself.
FOLLOWED = 256
# Maximum seconds that a search waits for another thread that follows.
PATIENCE = 2.0
# Maximum number of passages in the outbox that a search compares one by one.
SCANNED = 100_000
# Maximum number of times that a new index tries to replace the former, while others write.
ATTEMPTS = 30
# Maximum number of times that a save waits for the index: each time, Milvus may have lost rows.
FINISHES = 3
# Maximum seconds in which the outbox does not get shorter although others follow it, and between two looks.
STUCK, _LOOK = 300.0, 0.1

log = logging.getLogger(__name__)
_Hits = list[list[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class _State:
    """The records as a search sees them.

    Attributes:
        generation: the generation of the records.
        encoding: the active encoding, or None if there are no vectors.
        pending: the passages that Milvus may not have yet, or may still have.
    """

    generation: int
    encoding: Encoding | None
    pending: frozenset[int]


class MilvusIndex:
    """The index of a library on Milvus. Implements `qa.storage.engines.Index`. Threads may share it.

    A search is complete even if the index lags: it reads the outbox first, and compares the passages there
    itself. If Milvus is away, a search is an error, and never an empty result.

    Raises:
        InputError: the address is not valid.
    """

    def __init__(self, database: Database, address: str, name: str) -> None:
        self._database, self._stemmer = database, rows.Stemmer()
        self._opened = Opened(database, Address.parse(address), name)
        self._follower = Follower(database, self._opened, self._stemmer)
        self._pending = Pending(database.full_text, self._stemmer)
        self._seen: _State | None = None
        database.after_commit = self._follower.wake

    def close(self) -> None:
        """Close the index. It cannot be used afterwards."""
        self._database.after_commit = do_nothing
        self._follower.close()
        self._opened.close()
        self._stemmer.close()

    def check(self) -> None:
        """Raise LibraryError if Milvus cannot be used."""
        self._opened.connection.check()

    # Searching

    def nearest(self, vectors: Float32, k: int, selection: Selection) -> Found:
        """Find the `k` nearest passages of each unit vector, float32 [m, d], with cosines, highest first."""
        queries = np.atleast_2d(vectors)

        def search(collection: Collection, most: int, where: str) -> _Hits:
            return collection.nearest(queries, most, where)

        def scan(db: Statements, keys: Sequence[int], encoding: Encoding) -> _Hits:
            return self._pending.nearest(db, keys, encoding, queries)

        return self._found(len(queries), k, selection, search, scan)

    def matching(self, queries: Sequence[Sequence[str]], k: int, selection: Selection) -> Found:
        """Find the best `k` passages by BM25 for any of the words of each query, with scores, best first.

        Passages with equal scores are in order of document id, then of place in the document. Nothing is
        found if Milvus has no BM25.
        """
        stems = [self._stemmer.written(list(query)) for query in queries]
        asked = [" ".join(dict.fromkeys(stem for word in query for stem in word)) for query in stems]
        some = [at for at, text in enumerate(asked) if text]
        nothing: _Hits = [[] for _ in some]

        def search(collection: Collection, most: int, where: str) -> _Hits:
            if not self._opened.connection.has_words:
                return nothing
            return collection.matching([asked[at] for at in some], most, where)

        def scan(db: Statements, keys: Sequence[int], _: Encoding) -> _Hits:
            if not self._opened.connection.has_words:
                return nothing
            return self._pending.matching(db, keys, [queries[at] for at in some])

        generation, found = self._found(len(some), k, selection, search, scan)
        by_query = dict(zip(some, found, strict=True))
        return generation, [by_query.get(at, []) for at in range(len(queries))]

    def _found(
        self,
        queries: int,
        k: int,
        selection: Selection,
        search: Callable[[Collection, int, str], _Hits],
        scan: Callable[[Statements, Sequence[int], Encoding], _Hits],
    ) -> Found:
        """Search the collection and the outbox, and merge the results.

        A collection that is dropped meanwhile, because another encoding became active, is searched again.
        """
        if not queries or not selection.documents:
            with self._database.reading() as db:
                return generation_of(db), [[] for _ in range(queries)]
        for attempt in range(2):
            try:
                state, where, scanned = self._begun(k, selection, scan)
                if state.encoding is None:
                    break
                collection = self._opened.opened(state.encoding)
                return state.generation, self._merged(state, collection, k, where, search, scanned)
            except MissingCollectionError:
                self._opened.forget()
                if attempt:
                    raise
            except LibraryAwayError:
                self._follower.suspect()
                raise
        return state.generation, [[] for _ in range(queries)]

    def _begun(
        self,
        k: int,
        selection: Selection,
        scan: Callable[[Statements, Sequence[int], Encoding], _Hits],
    ) -> tuple[_State, str, _Hits]:
        """Read all that a search needs of the records, in one snapshot.

        Return the state, the condition for Milvus, and what is found in the outbox. If changes wait, or the
        collection is not open yet, follow a few changes, and read again.
        """
        with self._database.reading() as db:
            state = self._state(db)
            encoding = state.encoding
            if encoding is None or (self._opened.is_open(encoding) and not state.pending):
                return state, condition(db, selection.filters), []
        self._follow_few(state, encoding)
        with self._database.reading() as db:
            state = self._state(db)
            pending = selected(db, state.pending, selection.filters)
            found = scan(db, pending, state.encoding) if pending and state.encoding else []
            return state, condition(db, selection.filters), [_best(each, k) for each in found]

    def _follow_few(self, state: _State, encoding: Encoding) -> None:
        """Open the collection, and follow the changes if they are few, so that Milvus itself finds them.

        Leave many changes to the thread. If another process keeps the records from being written, the search
        compares the passages itself.
        """
        self._opened.active(encoding)
        self._follower.wake()
        if state.pending and len(state.pending) <= FOLLOWED and not self._database.read_only:
            try:
                self._follower.follow(PATIENCE)
            except LibraryAwayError:
                raise
            except LibraryError as error:
                log.info("%s", error)

    def _state(self, db: Statements) -> _State:
        """Read the state of the records.

        If it differs from the last state, search strongly: other processes may have written to Milvus.
        """
        self._opened.check_remembered(db)
        state = _State(generation_of(db), vectors.encoding(db), frozenset(outbox.pending(db)))
        if len(state.pending) > SCANNED:
            raise LibraryAwayError(
                f"the index at {self._opened.address.text} still lacks {len(state.pending):,} changes of the "
                f"library at {self._database.where}: wait until `pullquote index` has ended, and try again"
            )
        if state != self._seen and state.encoding:
            self._opened.connection.read_strongly()
            self._seen = state
        return state

    def _merged(
        self,
        state: _State,
        collection: Collection,
        k: int,
        where: str,
        search: Callable[[Collection, int, str], _Hits],
        scanned: _Hits,
    ) -> _Hits:
        """Search until there are `k` passages, and no further passage can be as good as the last of them."""
        most = min(2 * k + 10, MOST)
        while True:
            raw = search(collection, most, where)
            results = [
                [hit for hit in found if hit[0] not in state.pending] + (scanned[at] if scanned else [])
                for at, found in enumerate(raw)
            ]
            with self._database.reading() as db:
                keys = {key for found in results for key, _ in found}
                place = {key: at for at, key in enumerate(words.in_order(db, keys))}
            results = [
                sorted((hit for hit in found if hit[0] in place), key=lambda hit: (-hit[1], place[hit[0]]))
                for found in results
            ]
            enough = all(
                len(rows) < most or (len(found) >= k and found[k - 1][1] > rows[-1][1])
                for rows, found in zip(raw, results, strict=True)
            )
            if enough or most == MOST:
                return [found[:k] for found in results]
            most = min(8 * most, MOST)

    # Following

    def save(self, progress: OnProgress | None = None, *, changed: bool = True) -> None:
        """Follow the outbox to its end, and wait until Milvus has indexed all passages.

        If not `changed`, only finish what an interrupted save has left, and mend what Milvus has lost if it
        can be reached.

        Raises:
            LibraryError: Milvus is away, or others do not finish to follow their part.
        """
        with self._database.reading() as db:
            encoding, start = vectors.encoding(db), outbox.pending(db)
        if encoding is None or self._database.read_only:
            return
        if not (changed or start):
            try:
                self._follow_all(self._follower.mend(), progress)
            except LibraryError as error:
                log.info("%s", error)
            return
        self._follow_all(start, progress)
        for _ in range(FINISHES):
            with self._database.reading() as db:
                encoding = vectors.encoding(db) or encoding
                passages = count_passages(db)
            self._opened.active(encoding).finish(passages, progress)
            noted = self._follower.mend()
            if not noted:
                break
            self._follow_all(noted, progress)
        self._opened.drop_former()

    def _follow_all(self, start: set[int], progress: OnProgress | None) -> None:
        """Follow until none of the passages that were pending at the start is pending."""
        left, since = len(start), time.monotonic()
        waiting = start
        while waiting:
            followed = self._follower.follow()
            with self._database.reading() as db:
                waiting = start & outbox.pending(db)
            if progress and waiting:
                progress(Progress("index", len(start) - len(waiting), len(start)))
            if followed or len(waiting) < left:
                left, since = len(waiting), time.monotonic()
            elif time.monotonic() > since + STUCK:
                raise LibraryError(
                    f"another process holds {plural(left, 'change')} for the index at "
                    f"{self._opened.address.text}, and does not go on: end that process, and try again"
                )
            else:
                time.sleep(_LOOK)

    def prepare(self, encoding: Encoding, progress: OnProgress | None = None) -> None:
        """Fill the collection of an embedding that is about to become the active one."""
        self._follower.fill(encoding, progress)

    def build(self, remember: Callable[[Statements], object], progress: OnProgress | None = None) -> None:
        """Build the index from the records, without embedding. Then let the library `remember` it.

        Meanwhile, others follow the outbox for the former index. So all passages are compared at the end.

        Raises:
            LibraryError: Milvus is away, or the vectors were replaced meanwhile.
        """
        self.check()
        with self._database.reading() as db:
            encoding = vectors.encoding(db)
        written: dict[int, object] = {}
        kept = np.zeros(0, np.int64)
        if encoding:
            written = self._follower.fill(encoding, progress)
            kept = self._opened.of(encoding).keys()
        for attempt in range(ATTEMPTS):
            try:
                self._replace_former(encoding, written, kept, remember)
                break
            except ConflictError:  # a writer has taken longer than writers wait
                if attempt == ATTEMPTS - 1:
                    raise
        try:
            self.save(progress)
        except LibraryError as error:  # the library has this index now, and the outbox has what it lacks
            log.warning("%s", error)

    def _replace_former(
        self,
        encoding: Encoding | None,
        written: Mapping[int, object],
        kept: Int64,
        remember: Callable[[Statements], object],
    ) -> None:
        """Let the library remember this index, and note what has changed since it was filled."""
        with self._database.writing(counted=False) as db:  # all writers wait
            if encoding and vectors.encoding(db) != encoding:
                raise LibraryError(
                    f"another `pullquote reindex` of {self._database.where} finished first: run yours again"
                )
            remember(db)
            held = np.array([key for (key,) in db.execute("SELECT key FROM passages")], np.int64)
            outbox.note(db, np.setxor1d(kept, held).tolist())
            for number in rows.outdated(db, written):
                outbox.note_document(db, number)

    def drop(self) -> None:
        """Drop all collections of the library, also those that others still use."""
        self._opened.drop_all()

    def erase(self) -> None:
        """Delete purged passages, and have Milvus write its files without them.

        A server removes the old files after the time of its garbage collection.

        Raises:
            LibraryError: Milvus is away, or keeps passages that the records do not have.
        """
        with self._database.reading() as db:
            start, encodings = outbox.pending(db), vectors.encodings(db)
        self._follow_all(start, None)
        self._opened.drop_former()
        collections = [collection for _, collection in self._opened.existing(encodings)]
        for collection in collections:
            collection.flush()  # so that Milvus does not forget the deletions if it is killed
        noted = self._follower.mend(thoroughly=True)
        self._follow_all(noted, None)
        if noted and (left := noted & self._follower.mend(thoroughly=True)):
            raise LibraryError(
                f"the index at {self._opened.address.text} still differs from the records by "
                f"{plural(len(left), 'passage')}: run `pullquote remove --purge` again, or {self._mending()}"
            )
        for collection in collections:
            collection.compact()

    # Size and state

    def stats(self) -> IndexStats | None:
        """Return None: only the server knows the size of the index."""
        return None

    def file_bytes(self) -> int:
        """Return 0: the server has the words."""
        return 0

    def examine(self, passages: int) -> Iterator[Finding]:
        """Check the server, the collection and the outbox against the records, without changing a row."""
        with self._database.reading() as db:
            encoding, (count, since) = vectors.encoding(db), outbox.waiting(db)
        try:
            yield self._server()
            if encoding is None:
                yield Finding("index", "not needed: there are no documents")
                return
            yield from self._collection(self._opened.of(encoding))
            yield Finding("outbox", f"{plural(count, 'change')}, waiting since {since}" if count else "empty")
        except LibraryError as error:
            yield Finding("index", "away", str(error))

    def _server(self) -> Finding:
        self.check()
        connection, address = self._opened.connection, self._opened.address
        what = "Milvus Lite" if address.lite else "Milvus"
        too_old = ", without BM25 (new in 2.5): questions are answered by vectors alone"
        return Finding(
            "index server",
            f"{what} {connection.version} at {address.text}{'' if connection.has_words else too_old}",
        )

    def _mending(self) -> str:
        return f"build the index again with `pullquote reindex --index {self._opened.address.text}`"

    def _collection(self, collection: Collection) -> Iterator[Finding]:
        """Compare a collection with the records, and count the rows without an index."""
        if not collection.exists():
            yield Finding(
                "index",
                "none",
                f"Milvus does not have {collection.name}: the next question builds the index again from the "
                "records",
            )
            return
        collection.load()  # Milvus Lite has loaded no collection when it starts
        strays, missing = self._follower.differing(collection)
        yield Finding(
            "index",
            f"{collection.name}, {collection.kind()}, {plural(collection.count(), 'passage')}",
            f"it lacks {plural(len(missing), 'passage')}, and has {len(strays)} that the records lack: "
            f"{self._mending()}"
            if strays or missing
            else "",
        )
        if waiting := collection.not_indexed():
            yield Finding(
                "index of vectors",
                "behind",
                f"{plural(waiting, 'row')} not indexed yet: until then, questions may miss them",
            )


def _best(found: list[tuple[int, float]], k: int) -> list[tuple[int, float]]:
    """Return the best `k` passages, and all that are as good as the last of them."""
    if len(found) <= k:
        return found
    least = sorted((score for _, score in found), reverse=True)[max(k - 1, 0)]
    return [hit for hit in found if hit[1] >= least]
