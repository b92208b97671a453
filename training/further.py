"""Fit the probability that each quote of an answer answers. Unlikely quotes are shown as nearest passages.

usage: python -m training.further ANSWERS SUITE [SUITE ...]

ANSWERS is a folder with the answers to each suite, `<name of the suite>.jsonl`, as `pullquote evaluate SUITE
--out` keeps them. They are made with SURE above 1, so that no quote is set apart. The reader was not trained
on the questions of a SUITE, and is not measured on them: `training/corpora.py` makes these suites of the part
of public sets that is held out.

Prints the values for `qa/asking/extract.py`. For each suite, left out of the fit, it also prints how many
questions lose their only gold quote, and how many quotes are left.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

from qa.asking.extract import QUOTES, SURE
from qa.evaluation import suite
from qa.evaluation.measures import normalise
from qa.evaluation.run import read_answers

if TYPE_CHECKING:
    from collections.abc import Sequence

TRIED = (0.6, 0.65, round(SURE, 3), 0.7, 0.75, 0.8)


@dataclass(frozen=True)
class Case:
    """An answer with several quotes: its suite, the scores, and whether each quote has gold."""

    suite: str
    scores: tuple[float, ...]
    gold: tuple[bool, ...]


def main() -> None:
    """Print the weights, and the effect of the rule on each suite."""
    answers, *paths = map(Path, sys.argv[1:])
    cases, asked = [], {}
    for path in paths:
        own_cases, asked[path.name] = read(answers, path)
        cases += own_cases
    for name, model in zip(("FIRST_ANSWERS", "ANOTHER_ANSWERS"), fit(cases), strict=True):
        print(f"{name} = {tuple(np.round([*model.coef_[0], model.intercept_[0]], 3).tolist())}")
    for sure in TRIED:
        print(f"\nfrom {sure} on the first is sure")
        print("  questions  lost  other quotes; those without gold beside a right first one")
        for name in asked:
            models = fit([case for case in cases if case.suite != name])
            shown_cases = [(case, shown(models, case, sure)) for case in cases if case.suite == name]
            lost = sum(any(c.gold) and not any(np.array(c.gold) & np.array(k)) for c, k in shown_cases)
            others = [(c, k[at], c.gold[at]) for c, k in shown_cases for at in range(1, len(k))]
            without_gold = [is_shown for c, is_shown, is_gold in others if c.gold[0] and not is_gold]
            left = sum(is_shown for _, is_shown, _ in others)
            counts = f"{len(others)} → {left}; {len(without_gold)} → {sum(without_gold)}"
            print(f"  {asked[name]:>9}  {lost:>4}  {counts}  {name}")


def read(answers: Path, path: Path) -> tuple[list[Case], int]:
    """Return the answers with several quotes, and the number of questions with a gold sentence."""
    loaded = suite.load(path, print)
    lines = read_answers(answers / f"{loaded.name}.jsonl")
    cases, asked = [], 0
    for query in loaded.queries:
        line = lines.get(query.id)
        golds = [normalise(gold) for gold in query.gold]
        if not (line and golds):
            continue
        asked += 1
        quotes = line["quotes"][:QUOTES]
        if line["outcome"] == "answered" and len(quotes) > 1 and not line["parts"] and not line["carried"]:
            texts = [normalise(quote["text"]) for quote in quotes]
            gold = tuple(any(sentence in text or text in sentence for sentence in golds) for text in texts)
            cases.append(Case(path.name, tuple(quote["score"] for quote in quotes), gold))
    return cases, asked


def fit(cases: Sequence[Case]) -> tuple[LogisticRegression, LogisticRegression]:
    """Return a model for the first quote, by two scores, and for another quote, by score and distance."""
    others = [(case, at) for case in cases for at in range(1, len(case.scores))]
    return (
        LogisticRegression(C=10).fit([case.scores[:2] for case in cases], [case.gold[0] for case in cases]),
        LogisticRegression(C=10).fit(
            [by(case, at) for case, at in others], [case.gold[at] for case, at in others]
        ),
    )


def by(case: Case, at: int) -> tuple[float, float]:
    """Return the features of another quote: its score, and the first quote's score minus its score."""
    return case.scores[at], case.scores[0] - case.scores[at]


def shown(models: tuple[LogisticRegression, LogisticRegression], case: Case, sure: float) -> list[bool]:
    """Return which quotes are shown, as `qa.asking.extract.set_apart` decides."""
    first, another = models
    if first.predict_proba([case.scores[:2]])[0][1] < sure:
        return [True] * len(case.scores)
    return [
        True,
        *(another.predict_proba([by(case, at)])[0][1] >= 1 / 2 for at in range(1, len(case.scores))),
    ]


if __name__ == "__main__":
    main()
