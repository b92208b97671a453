"""Measure the speed and memory of indexing against sentence-transformers and the bare model.

usage: python -m benchmarks.ingest SUITE [--passages N] [--repeats N] [--records N]

SUITE is a folder in BEIR layout with its own corpus. Its documents are drawn at random until they have N
passages. Each side gets the same documents, and the sides take turns:

- one call of `SentenceTransformer.encode` in batches of 32, as in a script;
- the encoder for documents without a GPU, and its int8 form;
- the whole of `Corpus.index`: reading, segmenting, encoding, committing, and the index;
- the limit: the graph's forward passes on both cores, with ready tokens.

Prints medians and ratios, the least cosine with the vectors of the first side, and the peak memory of each
side in its own process. At the end, `--records` records of one passage are indexed without a model. The
growth of memory is printed for each record.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import machine
from embeddings import models, onnx, runtime
from embeddings.encoder import open_encoder
from embeddings.models import EncoderIdentity
from qa.corpus import Corpus
from qa.document.segment import passages
from qa.document.window import window_text
from qa.formats.reading import read_path
from qa.schema import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embeddings.arrays import Float32

    Side = Callable[[], object]

PLAIN, ENCODER, INT8, INDEX, BARE = (
    "SentenceTransformer.encode, batches of 32",
    "the encoder for documents",
    "its int8 form",
    "all of Corpus.index",
    "the forward passes alone",
)


class Instant:
    """An encoder without time or memory, so that only the pipeline and the store are measured."""

    identity = EncoderIdentity("instant", "0" * 64, 384)

    def encode_query(self, texts: Sequence[str]) -> Float32:
        """See Encoder."""
        return np.full((len(texts), 384), 384**-0.5, np.float32)

    def encode_documents(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> Float32:
        """See Encoder."""
        return self.encode_query(texts)


def main() -> None:
    """Print passages a second and peak memory of each side."""
    parser = argparse.ArgumentParser()
    parser.add_argument("suite", type=Path)
    parser.add_argument("--passages", type=int, default=600)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        if arguments.only and arguments.only.isdecimal():
            index_records(folder, int(arguments.only))
        else:
            texts = draw(arguments.suite, arguments.passages, folder / "drawn.jsonl")
            if not arguments.only:
                compare(arguments, texts, folder)
                return
            side(arguments.only, texts, folder)()
    # Not ru_maxrss, because a process begins with the value of its parent.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    print(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])


def draw(suite: Path, count: int, target: Path) -> list[str]:
    """Write documents of the suite with `count` passages to a file. Return the texts to embed."""
    text = (suite / "corpus.jsonl").read_text(encoding="utf-8")
    lines = [line + "\n" for line in text.split("\n") if line.strip()]
    random.Random(1).shuffle(lines)
    target.write_text("".join(lines), encoding="utf-8")
    texts: list[str] = []
    for used, item in enumerate(read_path(target)):
        if len(texts) >= count:
            target.write_text("".join(lines[:used]), encoding="utf-8")
            break
        if isinstance(item, Document):
            texts += [window_text(item, passage) for passage in passages(item)]
    return texts


def side(name: str, texts: list[str], folder: Path) -> Side:
    """Open the models of a side, and return its work as a function."""
    if name == PLAIN:
        from sentence_transformers import SentenceTransformer  # the other sides need no torch

        weights = models.encoder_folder(models.encoder_identity())
        plain = SentenceTransformer(str(weights), local_files_only=True, device="cpu")
        return lambda: plain.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
    if name == BARE:
        model = onnx.open_own(models.encoder_identity())._model
        tokens = [np.array([encoding.ids]) for encoding in model.tokenizer.encode_batch(texts)]
        run = model.session.run
        return lambda: list(runtime.in_turn(lambda ids: run(None, {"tokens": ids}), tokens))
    encoder = open_encoder(models.INT8_ENCODER if name == INT8 else None)
    if name in (ENCODER, INT8):
        return lambda: encoder.encode_documents(texts)

    def index() -> None:
        with (
            tempfile.TemporaryDirectory(dir=folder) as library,
            Corpus.open(library, encoder=encoder) as corpus,
        ):
            report = corpus.index(folder / "drawn.jsonl")
        if sum(result.passages for result in report.files) != len(texts):
            raise SystemExit("the sides did not have the same work")

    return index


def compare(arguments: argparse.Namespace, texts: list[str], folder: Path) -> None:
    """Time the sides in turn. Then measure the memory of each side in its own process."""
    sides = {name: side(name, texts, folder) for name in (PLAIN, ENCODER, INT8, INDEX, BARE)}
    expected = np.asarray(sides[PLAIN]())  # and warm
    cosines = [(np.asarray(sides[name]()) * expected).sum(axis=1) for name in (ENCODER, INT8)]
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(arguments.repeats):
        for name, work in sides.items():
            start = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - start)

    def ratio(name: str, other: str) -> float:
        return statistics.median(b / a for a, b in zip(seconds[name], seconds[other], strict=True))

    print(
        f"{machine.line()}\n{len(texts)} passages of {arguments.suite.name}; least cosines "
        f"{cosines[0].min():.6f} and {cosines[1].min():.4f} (mean {cosines[1].mean():.4f})"
    )
    print(f"{'':<44}{'a second':>10}{'times the first':>17}{'of the limit':>14}")
    for name in sides:
        print(
            f"{name:<44}{len(texts) / statistics.median(seconds[name]):>10.1f}{ratio(name, PLAIN):>17.2f}"
            f"{ratio(name, BARE):>14.2f}",
            flush=True,
        )
    print("Peak memory")
    for name in sides:
        print(f"{name:<44}{child(arguments, name) / 1024:>9.0f} MiB", flush=True)
    few, many = (child(arguments, str(count)) for count in (arguments.records // 10, arguments.records))
    record_bytes = (many - few) * 1024 / (arguments.records * 0.9)
    name = f"{arguments.records} records and their index"
    print(f"{name:<44}{many / 1024:>9.0f} MiB, {record_bytes:.0f} B each")


def child(arguments: argparse.Namespace, only: str) -> int:
    """Return the peak memory of one side in a process of its own, in KiB."""
    command = [sys.executable, "-m", "benchmarks.ingest", str(arguments.suite)]
    command += ["--passages", str(arguments.passages), "--only", only]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()[-1])


def index_records(folder: Path, count: int) -> None:
    """Index `count` records of one passage each."""
    path = folder / "records.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            record = {"_id": f"record {number}", "text": f"Prices rose by {number} in March 2008. " * 15}
            file.write(json.dumps(record) + "\n")
    with Corpus.open(folder / "library", encoder=Instant()) as corpus:
        corpus.index(path)


if __name__ == "__main__":
    main()
