"""Measure a growing library on a Milvus server: ingest, bytes, memory, recall, and parts of a question.

unshare -rn python -m benchmarks.cluster_scale FOLDER SUITE ... --passages N [N ...]

The server of the `milvus` wheel is started in FOLDER/server, in a network of its own (unshare). With
--address, another server is used, and its memory and disk are not known.

The documents are made by `benchmarks.synthetic`: real sentences in a new order, 100 passages each, with
vectors made of the sentences' vectors and noise. A change has AT_ONCE documents. At each size, the last
SINGLY documents are added one by one by `put`. Above --as-in-life passages, the other documents are added by
`in_bulk`, with the same rows and fewer messages. An interrupted run goes on in the same FOLDER. Sizes are
whole documents.

Recall is the share of the exact ten nearest passages that are found. Passages with equal scores count.
--delay MS asks all questions again through a relay that delays each message in both directions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import threading
import time
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
from qa.storage.cluster import spellings
from qa.storage.cluster import state as states
from qa.storage.cluster.address import Address
from qa.storage.cluster.conditions import condition
from qa.storage.cluster.contents import Contents
from qa.storage.cluster.library import ClusterLibrary
from qa.storage.cluster.schema import DENSE

from benchmarks import machine, synthetic
from embeddings.encoder import open_encoder
from qa.errors import LibraryError
from qa.evaluation import suite
from qa.schema import EVERYTHING, Filters
from qa.storage.intake_port import EmbeddedPassages, ReadDocument
from qa.storage.records.put import put_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder
    from tests.qa.storage.cluster.on_server import Server

NAME = "scale"
NEAREST, DEPTH = 10, 100  # for recall; as many as a question reads (qa.asking.retrieve)
BLOCK = 50_000
EFFORTS = (50, 100, 200, 400, 800)
RELAY = 19_700
FILTERS = {
    "no filter": EVERYTHING,
    "1 % of the documents": Filters(collection="c7"),
    "half of the documents": Filters(language="en"),
}
AT_ONCE, SINGLY = 20, 20
READ = 5  # about as many documents as a question reads


def main() -> None:
    """Read the command line, and print the measurements as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("suites", nargs="+", type=Path)
    parser.add_argument("--passages", nargs="+", type=int, required=True)
    parser.add_argument("--address", help="of a server that runs, milvus://HOST:PORT")
    parser.add_argument("--as-in-life", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--delay", type=float, help="milliseconds, each way")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    say("machine", is_=machine.line())
    encoder = open_encoder()
    sources = synthetic.sources_of(arguments.suites, arguments.folder / "vectors.npz", encoder)
    texts = [query.text for path in arguments.suites for query in suite.load(path).queries]
    asked = encoder.encode_query(random.Random(3).sample(texts, min(arguments.questions, len(texts))))
    with server_in(arguments.folder, arguments.address) as server:
        run = Run(arguments, server, encoder, sources, asked)
        for size in sorted(arguments.passages):
            run.measure(size)
        if arguments.delay:
            relay(arguments.delay / 1000)
            run.base = f"milvus://127.0.0.1:{RELAY}"
            with closing(run.opened()) as library:
                run.questions(library, f"with {arguments.delay} ms each way")
                run.fill(library, max(arguments.passages) + SINGLY * synthetic.PER_DOCUMENT, 1)


def server_in(folder: Path, address: str | None) -> Any:
    """Start a server in a folder, unless an address is given."""
    if address:
        return nullcontext(None)
    from tests.qa.storage.cluster.on_server import Server

    return Server(folder / "server")


def say(what: str, **values: object) -> None:
    """Print one line of JSON."""
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}
    print(json.dumps({"what": what, **rounded}), flush=True)


class Run:
    """A library that is measured at each size."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        server: Server | None,
        encoder: Encoder,
        sources: Sequence[synthetic.Source],
        asked: Float32,
    ) -> None:
        self._arguments, self._server, self._encoder = arguments, server, encoder
        self._sources, self._asked = sources, asked
        self._folder: Path = arguments.folder
        self._documents = 0
        self._best = np.full((len(asked), NEAREST), -2, np.float32)
        self.base: str = server.address if server else arguments.address

    def opened(self) -> ClusterLibrary:
        """Open the library."""
        address = Address.parse(f"{self.base}/{NAME}")
        return ClusterLibrary(address, self._folder / "desk", encoder=self._encoder)

    def measure(self, size: int) -> None:
        """Fill the library to a size, and measure it."""
        with closing(self.opened()) as library:
            most = size - SINGLY * synthetic.PER_DOCUMENT
            most -= most % (AT_ONCE * synthetic.PER_DOCUMENT)
            with nullcontext() if size <= self._arguments.as_in_life else in_bulk(library):
                self.fill(library, most, AT_ONCE)
            self.fill(library, size, 1)
            begun = time.perf_counter()
            library.save()
            say("flushed and indexed", passages=size, seconds=time.perf_counter() - begun)
            self._sizes(size)
            self._recall(library, size)
            self.questions(library, "")
        if self._server:
            self._server.stop()
            started = self._server.start()
            begun, refused = time.perf_counter(), 0
            while True:
                try:
                    with closing(self.opened()) as library:
                        opened = time.perf_counter() - begun
                        library.nearest(self._asked[:1], DEPTH, library.select())
                    break
                except LibraryError:
                    refused += 1
            first = time.perf_counter() - begun
            say(
                "after a restart",
                passages=size,
                answers=started,
                opened=opened,
                first_search=first,
                refused=refused,
            )
            self._sizes(size)

    def fill(self, library: ClusterLibrary, size: int, at_once: int) -> None:
        """Put documents in, `at_once` in a change, until the library has `size` passages."""
        held = library.count().passages
        while self._documents * synthetic.PER_DOCUMENT < held:  # of an interrupted run
            _, entries = synthetic.synthetic(self._documents, synthetic.PER_DOCUMENT, self._sources)
            self._exact(np.stack([entry.vector for entry in entries]))
            self._documents += 1
        begun, first = time.perf_counter(), held
        cpu = time.process_time()
        while held < size:
            some: list[tuple[ReadDocument, EmbeddedPassages]] = []
            while held < size and len(some) < at_once:
                most = min(synthetic.PER_DOCUMENT, size - held)
                document, entries = synthetic.synthetic(self._documents, most, self._sources)
                self._exact(np.stack([entry.vector for entry in entries]))
                some.append((ReadDocument.of(document), EmbeddedPassages(entries, self._encoder.identity)))
                held += len(entries)
                self._documents += 1
            put(library, some)
        seconds = time.perf_counter() - begun
        if held > first:
            say(
                "put",
                passages=size,
                documents_in_a_change=at_once,
                seconds=seconds,
                a_second=(held - first) / seconds,
                client_cpu=time.process_time() - cpu,
            )

    def _exact(self, vectors: Float32) -> None:
        """Update the scores of the exact nearest passages."""
        scores = self._asked @ vectors.T
        self._best = -np.sort(-np.concatenate([self._best, scores], axis=1), axis=1)[:, :NEAREST]

    def _sizes(self, size: int) -> None:
        if self._server:
            on_disk = {
                part.name: sum(path.lstat().st_size for path in part.rglob("*") if path.is_file())
                for part in (self._server.folder / "data").iterdir()
            }
            say("bytes", passages=size, resident=self._server.resident(), **on_disk)

    def _recall(self, library: ClusterLibrary, size: int) -> None:
        """Compare the passages that are found with the exact nearest passages."""
        least = self._best[:, -1] - 1e-5
        session = library.session
        passages = session.passages(session.committed_state())
        for effort in EFFORTS:
            found, milliseconds = [], []
            for vector in self._asked:
                begun = time.perf_counter()
                (hits,) = library.session.connection.search(
                    passages, DENSE, [vector.tolist()], NEAREST, "", ("key",), {"ef": effort}
                )
                milliseconds.append(1000 * (time.perf_counter() - begun))
                found.append([score for _, score in hits])
            say(
                "recall",
                passages=size,
                ef=effort,
                recall=share(found, least),
                p50=quantile(milliseconds, 0.5),
                p95=quantile(milliseconds, 0.95),
            )
        every = library.select()
        found = [
            [score for _, score in library.nearest(vector[None], NEAREST, every)[0]] for vector in self._asked
        ]
        say("recall", passages=size, ef="as the product asks", recall=share(found, least))

    def questions(self, library: ClusterLibrary, how: str) -> None:
        """Time each part of a question."""
        size, session = library.count().passages, library.session
        passages, documents = session.passages(session.committed_state()), session.collections.documents
        ids: list[list[str]] = []

        def timed(part: str, filters: str, do: Callable[[Float32], object]) -> None:
            milliseconds = []
            for vector in self._asked:
                begun = time.perf_counter()
                do(vector[None])
                milliseconds.append(1000 * (time.perf_counter() - begun))
            say(
                f"part of a question {how}".strip(),
                passages=size,
                part=part,
                filters=filters,
                p50=quantile(milliseconds, 0.5),
                p95=quantile(milliseconds, 0.95),
            )

        timed("state", "", lambda _: states.read(session.connection, session.collections))
        for name, filters in FILTERS.items():
            selection = library.select(filters)
            count = f"serial >= 0 and ({within})" if (within := condition(filters)) else ""
            timed("documents counted", name, lambda _, c=count: session.connection.count(documents, c))  # type: ignore[misc]
            timed(
                "search alone",
                name,
                lambda vector, within=within: library.session.connection.search(  # type: ignore[misc]
                    passages, DENSE, vector.tolist(), 2 * DEPTH + 10, within, ("key",), {"ef": 400}
                ),
            )

            def nearest(vector: Float32, selection: Any = selection) -> None:
                (hits,) = library.nearest(vector, DEPTH, selection)
                ids.append(list(dict.fromkeys(hit.document_id for hit, _ in hits))[:READ])

            timed("nearest, with states and documents", name, nearest)
        left = iter(ids)

        def read(_: Float32) -> None:
            Contents(session).read(next(left))  # a new reader, because a used one keeps what it has read

        timed(f"{READ} documents read, with texts and passages", "", read)


@contextmanager
def in_bulk(library: ClusterLibrary) -> Iterator[None]:
    """Insert the passages of a change at once, without spellings: the earlier documents have all names."""
    connection, upsert = library.session.connection, library.session.connection.upsert
    held: dict[int, dict[str, Any]] = {}  # by key, because a change that is tried again gives the same rows

    def take(collection: str, rows: Sequence[dict[str, Any]]) -> None:
        if "_passages_" not in collection:
            upsert(collection, rows)
            return
        held.update((row["key"], row) for row in rows)
        if len(held) >= AT_ONCE * synthetic.PER_DOCUMENT:
            connection.call("insert", collection, list(held.values()))
            held.clear()

    with patch.object(connection, "upsert", take), patch.object(spellings, "put", lambda *_: None):
        yield


def put(library: ClusterLibrary, some: Sequence[tuple[ReadDocument, EmbeddedPassages]]) -> None:
    """Put documents in, in one change. Try again if a busy server has not answered in time."""
    for attempt in range(10):
        try:
            put_once(library, some)
        except LibraryError as error:
            say("a change was tried again", attempt=attempt, because=str(error)[-200:])
        else:
            return
    raise LibraryError("the server does not answer any more")


def put_once(library: ClusterLibrary, some: Sequence[tuple[ReadDocument, EmbeddedPassages]]) -> None:
    """Put documents in, in one change."""
    if len(some) == 1:
        library.put(*some[0])
        return
    with library.session.changing() as change:
        change.working.read([read for read, _ in some])
        for read, passages in some:
            put_document(
                change.db,
                read,
                None,
                lambda number, named, given_id, passages=passages: change.write(  # type: ignore[misc]
                    number, named, given_id, passages
                ),
            )


def share(found: Sequence[Sequence[float]], least: Float32) -> float:
    """Return the share of the nearest passages that were found."""
    near = sum(score >= enough for scores, enough in zip(found, least, strict=True) for score in scores)
    return float(near) / (NEAREST * len(found))


def quantile(values: Sequence[float], at: float) -> float:
    """Return the quantile of the values at a share from 0 to 1."""
    return float(np.quantile(values, at))


def relay(seconds: float) -> None:
    """Start a relay to the server at port RELAY. It delays each message by `seconds` in both directions."""
    from tests.qa.storage.cluster.on_server import PORT

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(1 << 20):
            loop.call_later(seconds, writer.write, data)
        loop.call_later(seconds, writer.close)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", PORT)
        await asyncio.gather(hand_on(reader, back), hand_on(there, writer), return_exceptions=True)

    async def listen() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", RELAY) as listening:
            await listening.serve_forever()

    threading.Thread(target=lambda: asyncio.run(listen()), daemon=True).start()
    time.sleep(1)


if __name__ == "__main__":
    main()
