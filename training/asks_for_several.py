"""Fit to a question's words whether it asks for what stands in several places.

usage: python -m training.asks_for_several

The written questions in `training/written` are fitted to: those of the type `two_places` against all others.
Prints how many of each author's it finds, fitted without that author's, and how many questions of the suites
that ship it takes for such. Then it fits to all, and writes `qa/asking/asks_for_several.json`.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from qa.asking.asks_for_several import FILE, LEAST, features

ROOT = Path(__file__).parent.parent
SUITES = ("kinds/development", "nk_brief", "two_part", "news")
# A word that fewer questions have tells nothing. The less C, the fewer words have a weight.
RARE = 10
C = 0.5


def main() -> None:
    """Print what it finds, and write the weights."""
    questions = [
        (line["text"], line["type"] == "two_places", line.get("_id", "").partition("-")[0])
        for name in ("kinds", "questions")
        for line in read(ROOT / "training" / "written" / f"{name}.jsonl")
    ]
    for author in sorted({author for _, is_one, author in questions if is_one}):
        weights = fit([(text, is_one) for text, is_one, other in questions if other != author])
        own = [likely(weights, text) for text, is_one, other in questions if is_one and other == author]
        print(f"{author}: {np.mean(own):.2f} of {len(own)} found")
    weights = fit([(text, is_one) for text, is_one, _ in questions])
    for name in SUITES:
        by_type: dict[str, list[bool]] = {}
        for line in read(ROOT / "tests" / "suites" / name / "queries.jsonl"):
            kind = "two_places" if line["type"] == "two_places" else "others"
            by_type.setdefault(kind, []).append(likely(weights, line["text"]))
        print(name, *(f"{kind} {np.mean(found):.2f} of {len(found)}" for kind, found in by_type.items()))
    kept = {name: round(weight, 2) for name, weight in weights.items()}
    lines = json.dumps(
        {name: kept[name] for name in sorted(kept) if kept[name]}, indent=0, ensure_ascii=False
    )
    ROOT.joinpath("qa", "asking", FILE).write_text(f"{lines}\n", encoding="utf-8")
    print(f"{len(kept)} weights")


def read(path: Path) -> list[dict[str, str]]:
    """Read a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def fit(questions: list[tuple[str, bool]]) -> dict[str, float]:
    """Return the weights that are not 0, by name; that of "" is the intercept."""
    found = [features(text) for text, _ in questions]
    held = Counter(name for each in found for name in each)
    names = sorted(name for name, count in held.items() if count >= RARE)
    columns = {name: at for at, name in enumerate(names)}
    rows = [[columns[name] for name in each if name in columns] for each in found]
    bounds = np.cumsum([0, *map(len, rows)])
    places = [column for row in rows for column in sorted(row)]
    matrix = csr_matrix((np.ones(len(places)), places, bounds), shape=(len(rows), len(names)))
    model = LogisticRegression(l1_ratio=1, solver="liblinear", C=C, random_state=0)
    model.fit(matrix, [is_one for _, is_one in questions])
    weights = {name: float(weight) for name, weight in zip(names, model.coef_[0], strict=True) if weight}
    return {"": float(model.intercept_[0]), **weights}


def likely(weights: dict[str, float], text: str) -> bool:
    """Tell whether these weights take a question for one."""
    return weights[""] + sum(weights.get(name, 0.0) for name in features(text)) > LEAST


if __name__ == "__main__":
    main()
