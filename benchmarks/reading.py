"""Measure how long the reader and the cross-encoder take for the same windows, in one run.

usage: python -m benchmarks.reading SUITE [--questions N] [--repeats N]

SUITE is a folder in BEIR layout with its own corpus. For each question, these sides read the candidates in
turn:

- the reader: windows, sentences and words in one pass,
- the cross-encoder, which only scores the windows,
- the cross-encoder as the stand-in for the reader: windows, then sentences one by one.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.suites import own_library
from embeddings.reader import TrainedReader
from embeddings.relevance import CrossEncoderReader
from embeddings.reranker import OnnxReranker
from qa.asking import retrieve
from qa.asking.conversation import interpret, parse
from qa.document.window import reading_window
from qa.evaluation import suite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embeddings.reading import Window


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("suite", type=Path)
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    asked = suite.draw(suite.load(arguments.suite, print), arguments.questions)
    reader, stand_in, reranker = TrainedReader(), CrossEncoderReader(), OnnxReranker()
    sides: dict[str, Callable[[str, Sequence[Window], Sequence[float]], object]] = {
        "the reader: windows, sentences, words": lambda q, w, r: reader.read(q, w, r),
        "the cross-encoder: windows alone": lambda q, w, r: reranker.scores(
            q, [" ".join((window.head, *window.sentences)) for window in w]
        ),
        "the cross-encoder in the reader's place": lambda q, w, r: stand_in.read(q, w, r),
    }
    times: dict[str, list[float]] = {name: [] for name in sides}
    with own_library(asked) as corpus:
        for query in asked.queries:
            meaning = interpret(*parse(query.text, query.history))
            search = retrieve.prepare(corpus.store, meaning)
            hits = retrieve.candidates(corpus.store, search, corpus.store.select()).legible
            nearest = hits[: retrieve.MOST_READ]
            opened = corpus.store.read(hit.document_id for hit, _ in nearest)
            passages = {passage.key: passage for _, own in opened.values() for passage in own}
            windows = [reading_window(opened[hit.document_id][0], passages[hit.key]) for hit, _ in nearest]
            retrieved = [score for _, score in nearest]
            for _ in range(arguments.repeats):
                for name, read in sides.items():
                    start = time.perf_counter()
                    read(meaning.question.text, windows, retrieved)
                    times[name].append(1000 * (time.perf_counter() - start))
    slowest = max(len(name) for name in times)
    base = statistics.median(times["the cross-encoder: windows alone"])
    for name, milliseconds in times.items():
        median = statistics.median(milliseconds)
        print(f"{name:<{slowest}}  {median:6.0f} ms a question, {median / base:.2f} of the second")


if __name__ == "__main__":
    main()
