"""How often answers are right, and which of the ways to score sentences and confidence is worth having.

usage: python -m benchmarks.quality [SUITE ...] [--limit N]

A SUITE is a folder in BEIR layout with gold sentences; without one, the two suites on the shipped brief. The
first table is the product as it answers. The others take its parts apart on the same questions: AUROC of
what could serve as confidence, and how often a gold sentence is first, or in three, by each way of scoring.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.reader import Reader
from embeddings.reranker import OnnxReranker
from qa import Corpus, extract, retrieve
from qa.answer import READ, RERANKED, Answerer
from qa.conversation import interpret
from qa.window import reading_window

SUITES = [
    Path(__file__).parent.parent / "tests" / "suites" / name for name in ("nk_brief", "nk_brief_heldout")
]
SEED = 7


def main() -> None:
    """Print the tables, suite by suite."""
    parser = argparse.ArgumentParser()
    parser.add_argument("suites", nargs="*", type=Path, default=SUITES)
    parser.add_argument("--limit", type=int, help="so many questions, drawn at random")
    arguments = parser.parse_args()
    for suite in arguments.suites:
        questions = [json.loads(line) for line in (suite / "queries.jsonl").open(encoding="utf-8")]
        random.Random(SEED).shuffle(questions)
        with tempfile.TemporaryDirectory() as library, Corpus.open(library) as corpus:
            corpus.index(*([SUITES[0].parents[2] / "seeds"] if suite in SUITES else [suite / "corpus.jsonl"]))
            print(f"\n{suite.name}")
            measure(corpus, questions[: arguments.limit])


def measure(corpus: Corpus, questions: list[dict[str, Any]]) -> None:
    """Ask every question twice: of the product, and of its parts."""
    answerer = Answerer(corpus)
    reranker = OnnxReranker()
    reader = Reader(reranker)
    right, held, first, asked, quoted = 0, 0, 0, 0, 0
    labels: list[bool] = []
    confidence: dict[str, list[float]] = {"answers": [], "passage": [], "sentence": []}
    scored: dict[str, list[list[bool]]] = {"alone": [], "after the one before": [], "mean of both": []}
    for number, question in enumerate(questions):
        if sys.stderr.isatty():
            print(f"\r{number}/{len(questions)}", end="", file=sys.stderr)
        answer = answerer.ask(question["text"], question.get("history") or [])
        answerable = question.get("answerable", True)
        gold = question.get("gold_sentences") or []
        hits = [is_gold(quote.text, gold) for quote in answer.quotes[:3]]
        quoted_gold = [any(is_gold(quote.text, [each]) for quote in answer.quotes[:3]) for each in gold]
        holds = all(quoted_gold) if question.get("all_needed") else any(quoted_gold)
        asked += bool(gold)
        held += bool(gold) and holds
        first += bool(hits and hits[0])
        quoted += len(answer.quotes)
        right += (answer.outcome == "answered") == answerable and (holds or not gold)
        labels.append(answerable)
        parts(corpus, question, reranker, reader, confidence, scored)
    print(f"  right {right}/{len(questions)}   gold first {first}/{asked}   in three {held}/{asked}"
          f"   quotes an answer {quoted / len(questions):.1f}")  # fmt: skip
    print("  AUROC         " + "   ".join(f"{name} {auroc(v, labels):.3f}" for name, v in confidence.items()))
    for name, ranks in scored.items():
        print(f"  {name:<22} first {rate(ranks, 1):.3f}   in three {rate(ranks, 3):.3f}")


def parts(
    corpus: Corpus,
    question: dict[str, Any],
    reranker: OnnxReranker,
    reader: Reader,
    confidence: dict[str, list[float]],
    scored: dict[str, list[list[bool]]],
) -> None:
    """Score one question in every way, and add what came out."""
    meaning = interpret(question["text"], question.get("history") or [])
    found = retrieve.candidates(corpus, meaning.variants, corpus.select())[:RERANKED]
    passages = list(corpus.passages(key for key, _ in found).values())
    documents = {passage.document_id: corpus.document(passage.document_id) for passage in passages}
    windows = [reading_window(documents[passage.document_id], passage) for passage in passages]
    readings = reader.read(meaning.question, windows)
    best = sorted(range(len(windows)), key=lambda i: -readings[i].relevance)[:READ]
    texts = [windows[i].sentences for i in best]
    pairs = [
        (a, f"{b} {a}" if b else a) for each in texts for b, a in zip(("", *each[:-1]), each, strict=True)
    ]
    alone, after = (
        reranker.scores(meaning.question, [text for pair in pairs for text in pair]).reshape(-1, 2).T
    )
    ways = dict(zip(scored, (alone, after, alone + extract.CONTEXT_WEIGHT * after), strict=True))
    confidence["answers"].append(max(readings[i].answers for i in best))
    confidence["passage"].append(max(readings[i].relevance for i in best))
    confidence["sentence"].append(float(alone.max()))
    if gold := question.get("gold_sentences"):
        labels = [is_gold(text, gold) for text, _ in pairs]
        for name, scores in ways.items():
            scored[name].append([labels[i] for i in np.argsort(-scores, kind="stable")])


def is_gold(text: str, gold: list[str]) -> bool:
    """Whether a sentence equals, holds, or lies in a gold one, but for white space and punctuation."""
    plain = re.sub(r"\W+", "", text.lower())
    return any(plain in each or each in plain for each in (re.sub(r"\W+", "", g.lower()) for g in gold))


def auroc(scores: list[float], labels: list[bool]) -> float:
    """The chance that an answerable question scores above an unanswerable one (Mann-Whitney U, ties half)."""
    above, below = (
        np.array([s for s, y in zip(scores, labels, strict=True) if y is want]) for want in (True, False)
    )
    difference = above[:, None] - below[None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def rate(ranks: list[list[bool]], depth: int) -> float:
    """How often one of the first `depth` is gold."""
    return float(np.mean([any(labels[:depth]) for labels in ranks]))


if __name__ == "__main__":
    main()
