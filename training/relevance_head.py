"""Fit the stand-in's head: a logistic regression on the cross-encoder's hidden states.

usage: python -m training.relevance_head TRAINDATA SQUAD [--cache FILE.npz]

TRAINDATA has folders of fictional briefs (`briefs.jsonl`, `questions.jsonl`). SQUAD is the suite
`squad2_half_dev`. Writes `embeddings/relevance_head.npz`. Documents that are kept for validation are not
read: the folders in HELD_OUT, the conversations (d12), and the SQuAD articles in HELD_OUT_ARTICLES.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from embeddings.reading import Window
from embeddings.relevance import HEAD_FILE, CrossEncoderReader
from embeddings.runtime import cores
from qa.document.segment import passages
from qa.document.window import reading_window
from qa.formats.reading import read_path
from qa.schema import Document, Passage, Span
from training.questions import HEADER_QUESTIONS, HELD_OUT, HELD_OUT_ARTICLES, found, header_lines
from training.windows import shares

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from embeddings.arrays import Float32

    Float16 = npt.NDArray[np.float16]

SQUAD_QUESTIONS = 3000
SEED = 17
# Inverse of the regularisation's strength.
STRENGTH = 0.003


@dataclass(frozen=True, slots=True)
class Example:
    """A question, a window, and for each of the window's sentences whether it answers."""

    question: str
    window: Window
    labels: tuple[bool, ...]

    @property
    def answers(self) -> bool:
        """Whether the window answers the question."""
        return any(self.labels)


def main() -> None:
    """Collect examples, read them with the cross-encoder, fit the head, and write it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("traindata", type=Path)
    parser.add_argument("squad", type=Path)
    parser.add_argument(
        "--cache", type=Path, help="keep the hidden states here, and use them if they are there"
    )
    arguments = parser.parse_args()
    if arguments.cache and arguments.cache.exists():
        states = np.load(arguments.cache)
        features, answers = states["features"], states["answers"]
    else:
        rng = random.Random(SEED)
        collected = [*briefs(arguments.traindata, rng), *squad(arguments.squad, rng)]
        answers = np.array([example.answers for example in collected])
        print(f"{len(collected)} windows, {answers.mean():.0%} answer", file=sys.stderr)
        features = run(collected)
        if arguments.cache:
            np.savez(arguments.cache, features=features, answers=answers)
    weights, bias = fit(features, answers)
    target = Path(__file__).parent.parent / "embeddings" / HEAD_FILE
    np.savez(target, weights=weights, bias=bias)
    print(f"wrote {target.name}: {target.stat().st_size:,} bytes", file=sys.stderr)


def briefs(folder: Path, rng: random.Random) -> Iterator[Example]:
    """Yield examples from the fictional briefs."""
    for domain in sorted(folder.glob("d*")):
        if domain.name in (*HELD_OUT, "d12"):
            continue
        documents = {d.id: d for d in read_path(domain / "briefs.jsonl") if isinstance(d, Document)}
        questions = [json.loads(line) for line in (domain / "questions.jsonl").open(encoding="utf-8")]
        for question in questions:
            yield from examples(question["text"], documents[question["doc"]], question["gold_sentences"], rng)
        for document in documents.values():
            yield from header_examples(document, rng)


def squad(folder: Path, rng: random.Random) -> Iterator[Example]:
    """Yield examples from SQuAD 2.0, without the validation articles."""
    documents = {d.id: d for d in read_path(folder / "corpus.jsonl") if isinstance(d, Document)}
    relevant = dict(line.split("\t")[:2] for line in (folder / "qrels.tsv").read_text().splitlines()[1:])
    questions = []
    for line in (folder / "queries.jsonl").open(encoding="utf-8"):
        question = json.loads(line)
        document_id = question.get("near_miss_doc") or relevant.get(question["_id"])
        if document_id and not document_id.startswith(HELD_OUT_ARTICLES):
            questions.append((question["text"], documents[document_id], question.get("gold_sentences") or []))
    for text, document, gold in rng.sample(questions, SQUAD_QUESTIONS):
        yield from examples(text, document, gold, rng)


def examples(question: str, document: Document, gold: list[str], rng: random.Random) -> Iterator[Example]:
    """Yield an answering window, sometimes again without its gold, and one or two other windows."""
    spans = found(document, gold)
    read = [example(question, document, passage, spans) for passage in passages(document)]
    positive = [example for example in read if example.answers]
    negative = [example for example in read if example.labels and not example.answers]
    if positive:
        chosen = rng.choice(positive)
        yield chosen
        if rng.random() < 0.25 and not all(chosen.labels):
            remaining = tuple(
                s for s, gold in zip(chosen.window.sentences, chosen.labels, strict=True) if not gold
            )
            yield Example(question, Window(chosen.window.head, remaining), (False,) * len(remaining))
    yield from rng.sample(negative, min(len(negative), 1 if positive else 2))


def header_examples(document: Document, rng: random.Random) -> Iterator[Example]:
    """Yield questions on the header, each with a passage that answers and with another passage."""
    lines = header_lines(document)
    for field in rng.sample(sorted(HEADER_QUESTIONS), 2):
        if field in lines:
            question = rng.choice(HEADER_QUESTIONS[field])
            read = [example(question, document, p, lines[field]) for p in passages(document)]
            yield from (example for example in read if example.answers)
            yield rng.choice([example for example in read if not example.answers])


def example(question: str, document: Document, passage: Passage, gold: Sequence[Span]) -> Example:
    """Return the example of a passage. A sentence is gold if it overlaps with a span of `gold` (`shares`)."""
    labels = tuple(
        any(shares(Span(s.start, s.end), span) for span in gold) for s in passage.sentences if s.quotable
    )
    return Example(question, reading_window(document, passage), labels)


def run(found: list[Example]) -> Float16:
    """Return the head's features of each window, float16 [n, features]."""
    reader = CrossEncoderReader()
    started = time.perf_counter()
    rows = []
    with ThreadPoolExecutor(cores()) as pool:
        for row in pool.map(lambda example: reader.features(example.question, [example.window])[0], found):
            rows.append(row.astype(np.float16))
            if len(rows) % 1000 == 0:
                print(f"{len(rows)}/{len(found)} {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return np.stack(rows)


def fit(features: Float16, answers: np.ndarray) -> tuple[Float32, np.float32]:
    """Return weights float32 [features] and bias of a logistic regression on unscaled features."""
    scaler = StandardScaler()
    model = LogisticRegression(C=STRENGTH, max_iter=300)
    model.fit(scaler.fit_transform(features.astype(np.float32)), answers)
    weights = model.coef_[0] / scaler.scale_
    return weights.astype(np.float32), np.float32(model.intercept_[0] - weights @ scaler.mean_)


if __name__ == "__main__":
    main()
