"""Measure how many candidates to read (`qa.asking.budget`): the windows and the losses of each way.

usage: python -m training.depth SUITE [SUITE ...] [--limit N] [--ways WAY [WAY ...]]

SUITE is a folder in BEIR layout with its own corpus. Its questions are answered in each WAY. A way has waves
as in `qa.asking.budget`. For example, 6@2+4@0+12 reads six candidates, then four unless all others would need
a logit above 2, then twelve unless all others would need a logit above 0. No window is read twice, so a
further way costs seconds.

Prints the windows read and the measures. In brackets are the difference from the first way, and the lower end
of the difference's paired 95 % interval, both in points.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.suites import own_library
from embeddings.reader import RETRIEVED_WEIGHT, TrainedReader
from qa.asking import budget, retrieve
from qa.asking.answer import Answerer
from qa.evaluation import run, suite
from qa.quoting import render

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embeddings.reading import ReaderName, Reading, Window
    from qa.corpus import Corpus
    from qa.evaluation.schema import AnswerLine, Suite

MEASURES = ("nDCG@10", "hit@1", "hit@3", "word_F1", "right", "AUROC")
WAYS = ("50", "20", "6@2+4@0+12", "3@3+3@2+4@-1+12", "3@3+3@2+4@-1.5+12", "3@3+3@2+4@-2+12")


def way(text: str) -> tuple[tuple[int, float], ...]:
    """Return the way that the text of the command line means."""
    parts = [part.partition("@") for part in text.split("+")]
    return tuple((int(size), float(logit or "inf")) for size, _, logit in parts)


class Remembering:
    """A reader that reads each window once for a question."""

    name: ReaderName = "reader"
    model = "reader"
    deeper = None

    def __init__(self) -> None:
        self._reader = TrainedReader()
        self._read: dict[tuple[str, Window], Reading] = {}

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        """See Reader."""
        new = [window for window in dict.fromkeys(windows) if (question, window) not in self._read]
        for window, reading in zip(new, self._reader.read(question, new, [0.0] * len(new)), strict=True):
            self._read[question, window] = reading
        readings = (self._read[question, window] for window in windows)
        return [
            replace(reading, score=reading.answers + RETRIEVED_WEIGHT * retrieved_score)
            for reading, retrieved_score in zip(readings, retrieved, strict=True)
        ]


def main() -> None:
    """Print a table for each suite."""
    parser = argparse.ArgumentParser()
    parser.add_argument("suites", type=Path, nargs="+")
    parser.add_argument("--limit", type=int, default=300, help="questions of each suite")
    parser.add_argument("--ways", nargs="+", default=WAYS)
    arguments = parser.parse_args()
    for folder in arguments.suites:
        asked = suite.draw(suite.load(folder, print), arguments.limit)
        with own_library(asked) as corpus:
            compare(asked, corpus, arguments.ways)


def compare(asked: Suite, corpus: Corpus, ways: Sequence[str]) -> None:
    """Answer the questions in each way, and print how the answers differ from the first way's answers."""
    documents = run.library_documents(corpus)
    answerer = Answerer(corpus.store, Remembering())
    baseline: Mapping[str, AnswerLine] | None = None
    print(f"\n{asked.name}, {len(asked.queries)} questions; windows read: mean, median, 95th percentile")
    for name in ways:
        budget.WAVES = way(name)  # type: ignore[assignment] # of any number of waves
        retrieve.MOST_READ = budget.most()
        answers = {query.id: answerer.ask(query.text, query.history) for query in asked.queries}
        lines = {key: render.to_dict(answer, corpus.document, key) for key, answer in answers.items()}
        evaluation = run.evaluate(asked, lines, documents, baseline)
        baseline = baseline or lines
        read = [answer.read for answer in answers.values()]
        shown = [f"{np.mean(read):5.1f} {np.median(read):3.0f} {np.percentile(read, 95):3.0f} "]
        for measure in MEASURES:
            if measure in evaluation.measures:
                shown.append(f"{measure} {evaluation.measures[measure].value:.3f}")
            if evaluation.differences and measure in evaluation.differences:
                difference = evaluation.differences[measure]
                shown.append(f"({100 * difference.value:+.1f}, {100 * difference.low:+.1f})")
        print(f"{name:<12}", *shown, flush=True)


if __name__ == "__main__":
    main()
