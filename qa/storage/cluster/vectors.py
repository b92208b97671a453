"""The embeddings of a library on Milvus: which is in force, another beside it, and whether all is indexed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qa.errors import LibraryError
from qa.schema import Progress
from qa.storage.cluster import passage_rows, schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embeddings.arrays import Float32
    from embeddings.models import EncoderIdentity
    from qa.schema import OnProgress
    from qa.storage.cluster.session import Session
    from qa.storage.intake_port import Encoding


# Seconds: so long a server that indexes may come no further, and so long it may take for a passage (two busy
# cores take 0.004); so long we wait between two looks at it.
LONGEST_STILL, SLOWEST, _GLANCE = 3_600.0, 0.05, 0.5


class Vectors:
    """Embeds a library anew, and waits until Milvus has indexed what there is."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def known(self, digests: Iterable[bytes], encoder: EncoderIdentity) -> dict[bytes, Float32]:
        """Find the vectors that are held, by this encoder, of windows with these digests."""
        wanted = list(digests)
        state = self._session.committed_state()
        found = self._session.staged_vectors(wanted, encoder)
        for number in state.encodings:
            held = state.encoded(int(number))
            if held and wanted and held.identity.sha256 == encoder.sha256:
                collection = self._session.collections.passages(held.number)
                found |= passage_rows.vectors(self._session.connection, collection, wanted)
        return found

    def begin_encoding(self, encoder: EncoderIdentity) -> Encoding:
        """Make room for another embedding of every passage, beside the one in force."""
        with self._session.changing(counted=False) as change:
            return change.new_encoding(encoder)

    def put(self, encoding: Encoding, given: Mapping[int, tuple[bytes, Float32]]) -> None:
        """Add digests and vectors to an embedding, by passage key; keys no longer held are passed over.

        Raises:
            LibraryError: another reindex finished meanwhile and has thrown this one's vectors away.
        """
        with self._session.changing(counted=False) as change:
            if change.state.encoded(encoding.number) is None:
                raise LibraryError(
                    f"another `pullquote reindex` of {self._session.address.text} finished first: run yours "
                    "again if needed"
                )
            passage_rows.with_vectors(
                self._session.connection,
                self._session.passages(change.state),
                self._session.collections.passages(encoding.number),
                given,
            )

    def adopt(self, encoding: Encoding, progress: OnProgress | None = None) -> tuple[str, ...]:
        """Put an embedding in force; return the ids of documents that are not in it, if any."""
        new = self._session.collections.passages(encoding.number)
        self._wait_for_index(new, self._session.committed_state().passages, progress)
        with self._session.changing() as change:
            held: dict[int, int] = {}
            for row in self._session.connection.scan(new, "key >= 0", ("edition",)):
                held[row["edition"]] = held.get(row["edition"], 0) + 1
            with self._session.lists.of(change.state) as db:
                counts = dict(db.execute("SELECT id, passages FROM documents"))
            lacking = [
                row["id"]
                for row in self._session.connection.scan(
                    self._session.collections.documents, "serial >= 0", ("id", "edition")
                )
                if held.get(row["edition"], 0) != counts[row["id"]]
            ]
            if not lacking:
                change.adopt(encoding)
        if not lacking:
            for number in change.state.encodings:
                if int(number) != encoding.number:
                    self._session.connection.call(
                        "drop_collection", self._session.collections.passages(int(number))
                    )
        return tuple(sorted(lacking))

    def save(self, progress: OnProgress | None = None) -> None:
        """Have Milvus write what it holds in memory and index it: until then, recall on a server is low."""
        state = self._session.committed_state()
        for name in self._session.names(state):
            self._session.connection.call("flush", name)
        if state.encoding:
            self._wait_for_index(self._session.passages(state), state.passages, progress)
        self._session.lease.give()

    def save_changes_since(self, generation: int, progress: OnProgress | None = None) -> None:
        """Save after documents went in: only what has changed since that generation."""
        if self._session.generation != generation:
            self.save(progress)
        else:
            self._session.lease.give()

    def _wait_for_index(self, collection: str, passages: int, progress: OnProgress | None) -> None:
        """Wait until every row is in the index, of so many passages.

        Raises:
            LibraryError: Milvus has come no further for an hour, or takes far too long.
        """
        if self._session.address.lite:
            return
        begun = since = time.monotonic()
        last = 0
        while left := schema.not_indexed(self._session.connection, collection):
            if progress:
                progress(Progress("index", max(passages - left, 0), passages))
            if left != last:  # it grows, too, when the server puts segments together
                last, since = left, time.monotonic()
            if time.monotonic() > min(since, begun + passages * SLOWEST) + LONGEST_STILL:
                raise LibraryError(
                    f"Milvus at {self._session.address.text} has stopped indexing: check that its index "
                    "nodes run. The passages stay, but questions may miss them until they are indexed"
                )
            time.sleep(_GLANCE)
        if last and progress:
            progress(Progress("index", passages, passages))
