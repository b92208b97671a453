"""Fit which words of a question show that its answer stands in several places.

usage: python -m training.asks_for_several

Fits the questions of the type `two_places` in `training/written` against all others. Each set of documents is
left out once: the module prints the share of its questions that are found. It also prints the share of the
questions of the suites that ship which count as asking for several places. Then it fits all questions, and
writes `qa/asking/asks_for_several.json`.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from qa.asking.asks_for_several import FILE, asks_for_several, features
from training.corpora import read_lines

ROOT = Path(__file__).parent.parent
SUITES = ("kinds/development", "nk_brief", "two_part", "news")
# Minimum number of questions, and of sets of documents, that have a word. Rarer words belong to the subjects.
RARE, SETS = 10, 5
# Inverse of the regularisation's strength: with less, fewer words have a weight.
C = 0.5


class Asked(NamedTuple):
    """A question, whether it asks for several places, and the set of documents that it is about."""

    text: str
    for_several: bool
    documents: str


def main() -> None:
    """Print the shares that are found, and write the weights."""
    questions = [
        Asked(line["text"], line["type"] == "two_places", (line.get("_id") or line["doc"]).partition("-")[0])
        for name in ("kinds", "questions")
        for line in read_lines(ROOT / "training" / "written" / f"{name}.jsonl")
    ]
    for left_out in sorted({question.documents for question in questions if question.for_several}):
        weights = fit([question for question in questions if question.documents != left_out])
        own = [asked.text for asked in questions if asked.for_several and asked.documents == left_out]
        judgements = [asks_for_several(text, weights) for text in own]
        print(f"{left_out}: {np.mean(judgements):.2f} of {len(own)} found")
    weights = fit(questions)
    for name in SUITES:
        by_type: dict[str, list[bool]] = {}
        for line in read_lines(ROOT / "tests" / "suites" / name / "queries.jsonl"):
            kind = "two_places" if line["type"] == "two_places" else "others"
            by_type.setdefault(kind, []).append(asks_for_several(line["text"], weights))
        print(name, *(f"{kind} {np.mean(judged):.2f} of {len(judged)}" for kind, judged in by_type.items()))
    rounded = {name: round(weights[name], 2) for name in sorted(weights) if round(weights[name], 2)}
    lines = json.dumps(rounded, indent=0, ensure_ascii=False)
    ROOT.joinpath("qa", "asking", FILE).write_text(f"{lines}\n", encoding="utf-8")
    print(f"{len(rounded) - 1} words and pairs have a weight")


def fit(questions: list[Asked]) -> dict[str, float]:
    """Return the weights that are not 0, by name. The name "" has the intercept."""
    feature_sets = [features(question.text) for question in questions]
    held = Counter(name for own in feature_sets for name in own)
    sets: dict[str, set[str]] = {}
    for question, own in zip(questions, feature_sets, strict=True):
        for name in own:
            sets.setdefault(name, set()).add(question.documents)
    names = sorted(name for name, count in held.items() if count >= RARE and len(sets[name]) >= SETS)
    columns = {name: at for at, name in enumerate(names)}
    rows = [sorted(columns[name] for name in own if name in columns) for own in feature_sets]
    bounds = np.cumsum([0, *map(len, rows)])
    places = [column for row in rows for column in row]
    matrix = csr_matrix((np.ones(len(places)), places, bounds), shape=(len(rows), len(names)))
    model = LogisticRegression(l1_ratio=1, solver="liblinear", C=C, random_state=0)
    model.fit(matrix, [question.for_several for question in questions])
    weights = {name: float(weight) for name, weight in zip(names, model.coef_[0], strict=True) if weight}
    return {"": float(model.intercept_[0]), **weights}


if __name__ == "__main__":
    main()
