"""How fast passages are embedded: the default encoder as a graph, beside sentence-transformers.

usage: python -m benchmarks.ingest SUITE [--passages N] [--repeats N]

SUITE is a folder in BEIR layout with its own corpus; N of its passages, drawn at random, are embedded by each
side in turn: by one call of `SentenceTransformer.encode` in batches of 32, as a script would; and by the
graph that takes its place where there is no GPU. Medians, and the least cosine with the first's vectors.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sentence_transformers import SentenceTransformer

from benchmarks import machine
from embeddings import models, onnx
from qa.formats import read_path
from qa.schema import Document
from qa.segment import passages
from qa.window import window_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from embeddings.arrays import Float32


def main() -> None:
    """Print passages a second of each side."""
    parser = argparse.ArgumentParser()
    parser.add_argument("suite", type=Path)
    parser.add_argument("--passages", type=int, default=600)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    every = [
        window_text(document, passage)
        for document in read_path(arguments.suite / "corpus.jsonl")
        if isinstance(document, Document)
        for passage in passages(document)
    ]
    texts = random.Random(1).sample(every, min(arguments.passages, len(every)))
    plain = SentenceTransformer(str(models.encoder_folder(models.encoder_identity())), local_files_only=True)
    graph = onnx.open_default()
    sides: dict[str, Callable[[], Float32]] = {
        "SentenceTransformer.encode, batches of 32": lambda: plain.encode(
            texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False
        ),
        "the graph, one by one on each core": lambda: graph.encode_documents(texts),
    }
    expected = sides["SentenceTransformer.encode, batches of 32"]()  # and warm
    cosines = {name: float((side() * expected).sum(axis=1).min()) for name, side in sides.items()}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(arguments.repeats):
        for name, side in sides.items():
            start = time.perf_counter()
            side()
            seconds[name].append(time.perf_counter() - start)
    print(f"{machine.line()}\n{len(texts)} passages of {arguments.suite.name}")
    base = statistics.median(next(iter(seconds.values())))
    for name, each in seconds.items():
        median = statistics.median(each)
        print(
            f"  {name:<44} {len(texts) / median:6.1f} a second, {base / median:.2f} times the first; "
            f"least cosine {cosines[name]:.6f}"
        )


if __name__ == "__main__":
    main()
