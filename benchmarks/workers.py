"""Measure ingest without workers and by Ray on this machine, and what the one writer costs.

python -m benchmarks.workers [--documents 300] [--words 240]: made-up documents, each time into a new library.
Whatever the number of workers, one process plans, asks what is known and puts: its processor time for these
bounds an ingest.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import machine
from qa.corpus import Corpus
from qa.intake.plan import plan_file
from qa.intake.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable

_LINE = 12  # words
_VOCABULARY = 5_000


def main() -> None:
    """Read the command line, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--words", type=int, default=240)
    arguments = parser.parse_args()
    print(machine.line())
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        write(folder / "in", arguments.documents, arguments.words)
        for workers in (None, "local"):
            spent = {"plan": 0.0, "ask": 0.0, "put": 0.0}
            with Corpus.open(folder / f"library {workers}") as corpus, counted(spent, corpus):
                begun = time.perf_counter()
                report = corpus.index(folder / "in", workers=workers)
                seconds = time.perf_counter() - begun
                passages = corpus.store.count().passages
            count = report.count("added")
            print(
                f"{workers or 'no workers'}: {count:,} documents, {passages:,} passages in {seconds:.1f} s, of "
                f"which {seconds - report.seconds:.1f} s start and end: {count / report.seconds:.1f} documents "
                f"and {passages / report.seconds:.1f} passages a second"
            )
            costs = ", ".join(f"{what} {1000 * each / count:.2f}" for what, each in spent.items())
            print(f"  processor time of one process, ms a document: {costs}")


def write(folder: Path, documents: int, words: int) -> None:
    """Write documents of made-up words."""
    drawn = random.Random(45)
    folder.mkdir()
    for number in range(documents):
        said = [f"word{drawn.randrange(_VOCABULARY)}" for _ in range(words)]
        lines = [" ".join(said[at : at + _LINE]).capitalize() + "." for at in range(0, words, _LINE)]
        (folder / f"{number:06}.txt").write_text("\n\n".join(lines))


