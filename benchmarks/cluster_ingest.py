"""Measure how a library on Milvus takes documents: documents a second, and calls for each document.

usage: python -m benchmarks.cluster_ingest [--address ADDRESS] [--documents N] [--passages N]
           [--together N [N ...]]

Made-up documents of `--passages` passages, with random unit vectors of 384 dimensions, are added in groups of
each size of `--together`, as an index run adds them. Without an address, the library is a new Milvus Lite
file. `unshare -rn python -m tests.qa.storage.cluster.on_server FOLDER --run benchmarks.cluster_ingest` starts
a server for it. The documents stay in the library at the address.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qa.storage.cluster.address import Address
from qa.storage.cluster.library import ClusterLibrary

from benchmarks import machine
from embeddings.models import EncoderIdentity
from qa.intake.make import segment
from qa.schema import Document
from qa.storage.intake_port import ReadDocument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qa.storage.intake_port import EmbeddedPassages

DIMENSION = 384
ENCODER = EncoderIdentity("random", "0" * 64, DIMENSION)
CALLS = ("query", "get", "search", "upsert", "delete", "query_iterator")


def main() -> None:
    """Print a line for each size of a group."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default=os.environ.get("PULLQUOTE_TEST_MILVUS", ""))
    parser.add_argument("--documents", type=int, default=256)
    parser.add_argument("--passages", type=int, default=10)
    parser.add_argument("--together", type=int, nargs="+", default=[1, 64])
    arguments = parser.parse_args()
    print(machine.line())
    with tempfile.TemporaryDirectory() as folder:
        server = f"{arguments.address}/ingest_{os.getpid()}" if arguments.address else ""
        address = Address.parse(server or f"milvus://{folder}/library.db")
        with closing(ClusterLibrary(address, Path(folder) / "desk")) as library:
            calls = count_calls(library)
            for group in arguments.together:
                made = list(documents(arguments.documents, arguments.passages, f"by {group}"))
                put(
                    library, list(documents(1, 1, f"before {group}")), 1
                )  # only the first document waits for this
                calls.clear()
                begun = time.perf_counter()
                longest = put(library, made, group)
                seconds = time.perf_counter() - begun
                counts = ", ".join(f"{name} {count}" for name, count in calls.most_common())
                print(
                    f"{'Lite' if address.lite else 'server'} {library.connection.version}, {group} together: "
                    f"{len(made) / seconds:.1f} documents/s, {calls.total() / len(made):.2f} calls each "
                    f"({counts}), the longest change {longest:.2f} s"
                )


def count_calls(library: ClusterLibrary) -> Counter[str]:
    """Count the calls of Milvus from now on, by name."""
    calls: Counter[str] = Counter()

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def count(*given: Any, **named: Any) -> Any:
            calls[name] += 1
            return call(*given, **named)

        return count

    for name in CALLS:
        setattr(library.connection.milvus, name, counted(name, getattr(library.connection.milvus, name)))
    return calls


def documents(count: int, passages: int, name: str) -> Iterator[tuple[ReadDocument, EmbeddedPassages]]:
    """Yield documents of `passages` passages each."""
    drawn, numbers = random.Random(name), np.random.default_rng(len(name))
    for number in range(count):
        text = ""
        segmented = segment(Document(id="", text=text, path=""))
        while len(segmented.passages) < passages:
            text += " ".join(f"word{drawn.randrange(10_000)}" for _ in range(12)).capitalize() + ". "
            document = Document(id=f"{name}/{number}.txt", text=text, path=f"/{name}/{number}.txt")
            segmented = segment(document)
        drawn_vectors = numbers.standard_normal((passages, DIMENSION)).astype(np.float32)
        vectors = drawn_vectors / np.linalg.norm(drawn_vectors, axis=1, keepdims=True)
        by_digest = dict(zip(segmented.digests, vectors, strict=True))
        yield ReadDocument.of(document, made_by="a benchmark"), segmented.embedded(by_digest, ENCODER)


def put(library: ClusterLibrary, made: list[tuple[ReadDocument, EmbeddedPassages]], group: int) -> float:
    """Put documents in by groups, as an index run does. Return the seconds of the slowest group."""
    longest = 0.0
    for first in range(0, len(made), group):
        some = made[first : first + group]
        library.known_documents([read for read, _ in some])
        begun = time.perf_counter()
        if group == 1:
            library.put(*some[0])
        else:
            with library.one_change([read for read, _ in some]):
                for read, passages in some:
                    library.put(read, passages)
        longest = max(longest, time.perf_counter() - begun)
    return longest


if __name__ == "__main__":
    main()
