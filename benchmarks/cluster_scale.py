"""Measure a growing library on PostgreSQL and Milvus: ingest, bytes, memory, recall, and parts of a question.

python -m benchmarks.cluster_scale FOLDER SUITE ... --library postgresql://USER@HOST:PORT/DATABASE
           --index milvus://HOST:PORT --passages N [N ...] [--pid PID]

The documents are made by `benchmarks.synthetic`: real sentences in a new order, 100 passages each, with
vectors made of the sentences' vectors and noise. A change has AT_ONCE documents. At each size, the last
SINGLY documents are put one by one. An interrupted run goes on with the same library. Sizes are whole
documents. FOLDER keeps the vectors of the sentences. --pid is the process of Milvus, for its memory.

Recall is the share of the exact ten nearest passages that are found. Passages with equal scores count.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import machine, synthetic
from embeddings.encoder import open_encoder
from qa.evaluation import suite
from qa.places import library_address
from qa.schema import EVERYTHING, Filters
from qa.storage.intake_values import EmbeddedPassages, ReadDocument
from qa.storage.open import open_library

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder
    from qa.storage.library import Library
    from qa.storage.results import Selection

NEAREST, DEPTH = 10, 100  # for recall; as many as a question reads (qa.asking.retrieve)
FILTERS = {
    "no filter": EVERYTHING,
    "1 % of the documents": Filters(collection="c7"),
    "half of the documents": Filters(language="en"),
}
AT_ONCE, SINGLY = 64, 20
READ = 5  # about as many documents as a question reads


def main() -> None:
    """Read the command line, and print the measurements as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("suites", nargs="+", type=Path)
    parser.add_argument("--library", required=True)
    parser.add_argument("--index", required=True)
    parser.add_argument("--passages", nargs="+", type=int, required=True)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--pid", type=int)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    say("machine", is_=machine.line())
    encoder = open_encoder()
    sources = synthetic.sources_of(arguments.suites, arguments.folder / "vectors.npz", encoder)
    texts = [query.text for path in arguments.suites for query in suite.load(path).queries]
    asked = encoder.encode_query(random.Random(3).sample(texts, min(arguments.questions, len(texts))))
    place = library_address(arguments.library)
    with closing(open_library(place, index=arguments.index, encoder=encoder)) as library:
        run = Run(library, encoder, sources, asked, arguments.pid)
        for size in sorted(arguments.passages):
            run.measure(size)


def say(what: str, **values: object) -> None:
    """Print one line of JSON."""
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in values.items()}
    print(json.dumps({"what": what, **rounded}), flush=True)


class Run:
    """A library that is measured at each size."""

    def __init__(
        self,
        library: Library,
        encoder: Encoder,
        sources: Sequence[synthetic.Source],
        asked: Float32,
        pid: int | None,
    ) -> None:
        self._library, self._encoder, self._sources = library, encoder, sources
        self._asked, self._pid = asked, pid
        self._documents = 0
        self._best = np.full((len(asked), NEAREST), -2, np.float32)

    def measure(self, size: int) -> None:
        """Fill the library to a size, and measure it."""
        most = size - SINGLY * synthetic.PER_DOCUMENT
        most -= most % (AT_ONCE * synthetic.PER_DOCUMENT)
        self.fill(most, AT_ONCE)
        self.fill(size, 1)
        begun = time.perf_counter()
        self._library.save()
        say("index up to date", passages=size, seconds=time.perf_counter() - begun)
        resident = resident_bytes(self._pid) if self._pid else None
        say("bytes", passages=size, records=self._library.file_bytes(), resident_of_milvus=resident)
        self._recall(size)
        self._questions(size)

    def fill(self, size: int, at_once: int) -> None:
        """Put documents in, `at_once` in a change, until the library has `size` passages."""
        held = self._library.count().passages
        while self._documents * synthetic.PER_DOCUMENT < held:  # of an interrupted run
            _, entries = synthetic.synthetic(self._documents, synthetic.PER_DOCUMENT, self._sources)
            self._exact(np.stack([entry.vector for entry in entries]))
            self._documents += 1
        first, seconds = held, 0.0
        while held < size:
            some: list[tuple[ReadDocument, EmbeddedPassages]] = []
            while held < size and len(some) < at_once:
                most = min(synthetic.PER_DOCUMENT, size - held)
                document, entries = synthetic.synthetic(self._documents, most, self._sources)
                self._exact(np.stack([entry.vector for entry in entries]))
                some.append((ReadDocument.of(document), EmbeddedPassages(entries, self._encoder.identity)))
                held += len(entries)
                self._documents += 1
            begun = time.perf_counter()
            with self._library.one_change([read for read, _ in some]):
                for read, passages in some:
                    self._library.put(read, passages)
            seconds += time.perf_counter() - begun
        if held > first:
            a_second = (held - first) / seconds
            say("put", passages=size, documents_in_a_change=at_once, seconds=seconds, a_second=a_second)

    def _exact(self, vectors: Float32) -> None:
        """Update the scores of the exact nearest passages, with vectors as they are stored."""
        scores = self._asked @ vectors.astype(np.float16).astype(np.float32).T
        self._best = -np.sort(-np.concatenate([self._best, scores], axis=1), axis=1)[:, :NEAREST]

    def _recall(self, size: int) -> None:
        """Compare the passages that are found with the exact nearest passages."""
        every = self._library.select()
        found = [
            [score for _, score in self._library.nearest(vector[None], NEAREST, every)[0]]
            for vector in self._asked
        ]
        say("recall", passages=size, recall=share(found, self._best[:, -1] - 1e-5))

    def _questions(self, size: int) -> None:
        """Time each part of a question."""
        library = self._library
        ids: list[list[str]] = []

        def timed(part: str, filters: str, do: Callable[[Float32], object]) -> None:
            milliseconds = []
            for vector in self._asked:
                begun = time.perf_counter()
                do(vector[None])
                milliseconds.append(1000 * (time.perf_counter() - begun))
            p50, p95 = quantile(milliseconds, 0.5), quantile(milliseconds, 0.95)
            say("part of a question", passages=size, part=part, filters=filters, p50=p50, p95=p95)

        for name, filters in FILTERS.items():
            selection = library.select(filters)

            def select(_: Float32, filters: Filters = filters) -> Selection:
                return library.select(filters)

            def search(vector: Float32, selection: Selection = selection) -> object:
                return library.index.nearest(vector, DEPTH, selection)

            def nearest(vector: Float32, selection: Selection = selection) -> None:
                (hits,) = library.nearest(vector, DEPTH, selection)
                ids.append(list(dict.fromkeys(hit.document_id for hit, _ in hits))[:READ])

            timed("documents selected", name, select)
            timed("index alone", name, search)
            timed("nearest, with their records", name, nearest)
        left = iter(ids)

        def read(_: Float32) -> None:
            for document_id in next(left):
                library.document_and_passages(document_id)

        timed(f"{READ} documents read, with texts and passages", "", read)


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    (kilobytes,) = re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    return 1024 * int(kilobytes)


def share(found: Sequence[Sequence[float]], least: Float32) -> float:
    """Return the share of the nearest passages that were found."""
    near = sum(score >= enough for scores, enough in zip(found, least, strict=True) for score in scores)
    return float(near) / (NEAREST * len(found))


def quantile(values: Sequence[float], at: float) -> float:
    """Return the quantile of the values at a share from 0 to 1."""
    return float(np.quantile(values, at))


if __name__ == "__main__":
    main()
