"""Measure ingest without workers and with Ray on this machine, and the time of the single writer.

python -m benchmarks.workers [--documents 300] [--words 240]

Made-up documents are indexed into a new library each time. With any number of workers, one process plans,
asks the library and puts the documents. Its processor time for these steps limits an ingest.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import machine
from qa.corpus import Corpus

_LINE = 12  # words in a line
_VOCABULARY = 5_000
_ASKED = ("known_file", "known_documents", "vectors", "put", "put_files")


def main() -> None:
    """Read the command line, and print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--words", type=int, default=240)
    arguments = parser.parse_args()
    print(machine.line())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "in", arguments.documents, arguments.words)
        for workers in (None, "local"):
            with Corpus.open(folder / f"library {workers}") as corpus:
                spent = {name: counted(corpus.store, name) for name in _ASKED}
                begun = time.perf_counter()
                report = corpus.index(folder / "in", workers=workers)
                seconds = time.perf_counter() - begun
                passages = corpus.store.count().passages
            count, spent_on_files = report.count("added"), report.seconds
            print(f"{workers or 'no workers'}: {count:,} documents, {passages:,} passages in {seconds:.1f} s")
            print(f"  of which {seconds - spent_on_files:.1f} s start and end; in the rest, a second,")
            print(f"  {count / spent_on_files:.1f} documents and {passages / spent_on_files:.1f} passages")
            costs = ", ".join(f"{name} {1000 * sum(seconds) / count:.2f}" for name, seconds in spent.items())
            print(f"  processor time of one process, ms a document: {costs}")


def write(folder: Path, documents: int, words: int) -> None:
    """Write documents of made-up words."""
    drawn = random.Random(45)
    folder.mkdir()
    for number in range(documents):
        drawn_words = [f"word{drawn.randrange(_VOCABULARY)}" for _ in range(words)]
        lines = [" ".join(drawn_words[at : at + _LINE]).capitalize() + "." for at in range(0, words, _LINE)]
        (folder / f"{number:06}.txt").write_text("\n\n".join(lines))


def counted(library: Any, name: str) -> list[float]:
    """Record the processor seconds of each call of a library's method, in the list that is returned."""
    seconds: list[float] = []
    method = getattr(library, name)

    def call(*given: Any, **named: Any) -> Any:
        begun = time.thread_time()
        try:
            return method(*given, **named)
        finally:
            seconds.append(time.thread_time() - begun)

    setattr(library, name, call)
    return seconds


if __name__ == "__main__":
    main()
