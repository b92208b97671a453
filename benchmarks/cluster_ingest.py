"""Measure how fast writers put documents into a library on PostgreSQL, and how fast Milvus follows.

python -m benchmarks.cluster_ingest --library postgresql://USER@HOST:PORT/DATABASE --index milvus://HOST:PORT
           [--documents N] [--passages N] [--together N] [--writers N [N ...]]

Made-up documents of `--passages` passages, with random unit vectors of 384 dimensions, are put by groups of
`--together`, as an index run puts them. Each of `--writers` Ray actors puts `--documents` documents. Each
number of writers has a library of its own, in a new schema. The time until Milvus has everything is stated
separately. With FOLDER as the library, the records are in SQLite, whose writers take turns.
"""

from __future__ import annotations

import argparse
import random
import secrets
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import machine
from embeddings.models import EncoderIdentity
from qa.intake.distributed.workers import LOCAL, Workers
from qa.intake.make import segment
from qa.places import is_address, library_address
from qa.schema import Document
from qa.storage.intake_values import ReadDocument
from qa.storage.open import open_library, open_records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.storage.intake_values import EmbeddedPassages
    from qa.storage.records.store import Store

    Documents = list[tuple[ReadDocument, EmbeddedPassages]]

DIMENSION = 384
CHARACTERS = 870  # fewer than a passage has
ENCODER = EncoderIdentity("random", "0" * 64, DIMENSION)


def main() -> None:
    """Print a line for each number of writers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True, help="a server without a schema, or a new folder")
    parser.add_argument("--index", required=True)
    parser.add_argument("--documents", type=int, default=256)
    parser.add_argument("--passages", type=int, default=10)
    parser.add_argument("--together", type=int, default=64)
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 4])
    arguments = parser.parse_args()
    print(machine.line())
    with Workers(LOCAL, library_address(arguments.library)):  # starts Ray as an index run does
        for writers in arguments.writers:
            measure(arguments, writers)


def measure(arguments: argparse.Namespace, writers: int) -> None:
    """Let writers fill a new library, then let Milvus follow."""
    import ray  # after `Workers`, which sets the variables that Ray reads when it is imported

    name = f"ingest_{writers}_{secrets.token_hex(3)}"
    is_server = is_address(arguments.library)
    library = f"{arguments.library}?schema={name}" if is_server else f"{arguments.library}/{name}"
    size = arguments.documents, arguments.passages, arguments.together
    with closing(open_library(library_address(library), index=arguments.index)) as opened:
        put(opened, list(documents(1, 1, "before")), 1)  # only the first document makes an embedding
    actor_class: Any = ray.remote(num_cpus=0)(Writer)
    actors = [actor_class.remote(library, f"by {number}", *size) for number in range(writers)]
    ray.get([actor.__ray_ready__.remote() for actor in actors])
    begun = time.perf_counter()
    ray.get([actor.put.remote() for actor in actors])
    seconds = time.perf_counter() - begun
    passages = writers * arguments.documents * arguments.passages
    for actor in actors:
        ray.kill(actor)
    with closing(open_library(library_address(library))) as opened:
        begun = time.perf_counter()
        opened.save()
        behind = time.perf_counter() - begun
        held = opened.count()
    print(
        f"{writers} writers, {arguments.together} documents in a change: {held.documents:,} documents, "
        f"{passages / seconds:,.0f} passages/s; Milvus has everything after {behind:.1f} s more",
        flush=True,
    )


class Writer:
    """A Ray actor that puts documents into a library."""

    def __init__(self, library: str, name: str, count: int, passages: int, together: int) -> None:
        self._made = list(documents(count, passages, name))
        self._together = together
        self._records = open_records(library_address(library), read_only=False)
        put(
            self._records, list(documents(1, 1, f"before {name}")), 1
        )  # only a first document imports modules

    def put(self) -> None:
        """Put all documents, and close the records."""
        with closing(self._records) as records:
            put(records, self._made, self._together)


def documents(count: int, passages: int, name: str) -> Iterator[tuple[ReadDocument, EmbeddedPassages]]:
    """Yield documents of `passages` passages each."""
    drawn = random.Random(name)
    numbers = np.random.default_rng(drawn.randrange(2**32))
    for number in range(count):
        text, segmented = "", None
        while segmented is None or len(segmented.passages) < passages:
            text += " ".join(f"word{drawn.randrange(10_000)}" for _ in range(12)).capitalize() + ". "
            document = Document(id=f"{name}/{number}.txt", text=text, path=f"/{name}/{number}.txt")
            if len(text) > passages * CHARACTERS:  # segmenting after each sentence would take long
                segmented = segment(document)
        drawn_vectors = numbers.standard_normal((len(segmented.passages), DIMENSION)).astype(np.float32)
        vectors = drawn_vectors / np.linalg.norm(drawn_vectors, axis=1, keepdims=True)
        by_digest = dict(zip(segmented.digests, vectors, strict=True))
        yield ReadDocument.of(document, made_by="a benchmark"), segmented.embedded(by_digest, ENCODER)


def put(records: Store, made: Documents, together: int) -> None:
    """Put documents by groups, as an index run does."""
    for first in range(0, len(made), together):
        some = made[first : first + together]
        records.known_documents([read for read, _ in some])
        with records.one_change([read for read, _ in some]):
            for read, passages in some:
                records.put(read, passages)


if __name__ == "__main__":
    main()
