"""Fit the confidence: a logistic regression on the signals of answers to questions whose answers are known.

usage: python -m training.confidence ANSWERS SUITE [SUITE ...] [--reader NAME]

ANSWERS is a folder with the answers to each suite, `<name of the suite>.jsonl`, as `pullquote evaluate SUITE
--out` keeps them. Writes `qa/asking/confidence.json` and its picture for the docs, and prints how it was
chosen: every set of signals is fitted on all suites but one and tested on that one, in turn; suites on the
same corpus are left out together. A question that the reader was trained on must not be among them
(`training/questions.py` says which).
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass, fields
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from matplotlib import pyplot
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from embeddings.reading import ReaderName
from qa.asking.confidence import FILE, LOOSEST, STRICTEST
from qa.evaluation import suite
from qa.evaluation.statistics import calibration_bins
from qa.schema import Signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Float64 = npt.NDArray[np.float64]

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "strictness.svg"
NAMES = tuple(field.name for field in fields(Signals))
# The inverse of the regularisation's strength (of standardised signals), and what each group weighs.
STRENGTH = 1.0
QUESTIONS = 300
# A precision of fewer answers than this share is not drawn.
LEAST_DRAWN = 0.05
# The share of a user's questions that the corpus answers, as in our own suites on the brief (125 of 182).
ANSWERABLE = 0.7
TARGETS = np.round(np.arange(LOOSEST, STRICTEST + 0.001, 0.025), 3).tolist()
# A set of signals must beat a smaller one by so much in Brier score.
WORTH = 0.001
# More signals than so many are not tried together.
MOST_SIGNALS = 3


@dataclass(frozen=True)
class Group:
    """The questions of all suites on one corpus: signals [n, signals], and whether answerable, bool [n]."""

    name: str
    signals: Float64
    answerable: npt.NDArray[np.bool_]

    @property
    def weights(self) -> Float64:
        """Weights by which each group counts the same, however many questions it has."""
        return np.full(len(self.answerable), QUESTIONS / len(self.answerable))


@dataclass(frozen=True)
class Model:
    """A logistic regression on the signals as they are: weights [used], and which signals these are for."""

    used: tuple[int, ...]
    weights: Float64
    intercept: float

    def probability(self, signals: Float64) -> Float64:
        """Return the probability that each question is answerable, [n]."""
        return 1 / (1 + np.exp(-(signals[:, self.used] @ self.weights + self.intercept)))


def main() -> None:
    """Choose the signals, fit them on all suites, find the thresholds, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("answers", type=Path)
    parser.add_argument("suites", type=Path, nargs="+")
    parser.add_argument(
        "--reader", choices=get_args(ReaderName), default="reader", help="what read the passages"
    )
    arguments = parser.parse_args()
    groups = read(arguments.answers, arguments.suites)
    chosen = choose(groups)
    model = fit(groups, chosen)
    held_out = [left_out(groups, group, chosen) for group in groups]
    table(groups, held_out)
    curve = thresholds(groups, held_out)
    draw(groups, held_out, curve)
    written = {
        "weights": {NAMES[i]: round(float(w), 4) for i, w in zip(chosen, model.weights, strict=True)},
        "intercept": round(model.intercept, 4),
        "curve": {"precision": TARGETS, "threshold": [round(t, 3) for t in curve]},
        "questions": {group.name: len(group.answerable) for group in groups},
    }
    target = Path(__file__).parent.parent / "qa" / "asking" / FILE
    every = json.loads(target.read_text(encoding="utf-8")) | {arguments.reader: written}
    target.write_text(json.dumps(every, indent=1) + "\n", encoding="utf-8")
    print(f"\nwrote {target.name}: {written['weights']}, intercept {written['intercept']}")


def read(answers: Path, suites: Sequence[Path]) -> list[Group]:
    """Read signals and answerability; suites with the same corpus become one group.

    Questions of which nobody has said whether they are answerable, and those for which nothing was read, are
    left out.
    """
    found: dict[str, tuple[list[str], list[list[float]], list[bool]]] = {}
    for path in suites:
        loaded = suite.load(path, print)
        corpus = hashlib.sha256(loaded.corpus.read_bytes()).hexdigest() if loaded.corpus else "the library"
        names, signals, answerable = found.setdefault(corpus, ([], [], []))
        names.append(loaded.name)
        known = {query.id: query.answerable for query in loaded.queries}
        for line in (answers / f"{loaded.name}.jsonl").open(encoding="utf-8"):
            answer = json.loads(line)
            if answer.get("signals") and known[answer["id"]] is not None:
                signals.append([answer["signals"][name] for name in NAMES])
                answerable.append(bool(known[answer["id"]]))
    if len(found) == 1:
        raise SystemExit("suites on one corpus only: there is nothing to fit on when it is left out")
    return [Group(" + ".join(names), np.array(s), np.array(a)) for names, s, a in found.values()]


def fit(groups: Sequence[Group], used: tuple[int, ...]) -> Model:
    """Return a model fitted on these groups."""
    signals = np.concatenate([group.signals[:, used] for group in groups])
    mean, scale = signals.mean(axis=0), signals.std(axis=0) + 1e-9
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(
        (signals - mean) / scale,
        np.concatenate([group.answerable for group in groups]),
        sample_weight=np.concatenate([group.weights for group in groups]),
    )
    weights = model.coef_[0] / scale
    return Model(used, weights, float(model.intercept_[0] - weights @ mean))


def left_out(groups: Sequence[Group], out: Group, used: tuple[int, ...]) -> Float64:
    """Return the probabilities of a group's questions by a model fitted on all other groups, [n]."""
    return fit([group for group in groups if group is not out], used).probability(out.signals)


def choose(groups: Sequence[Group]) -> tuple[int, ...]:
    """Return the smallest set of signals that no other beats by WORTH, in mean Brier score when left out.

    Of each signal, more should mean surer: a set that gives one a negative weight has learnt how the
    questions of some suites were written (that who paraphrases is answered, say), and is not chosen.
    """
    scores: dict[tuple[int, ...], tuple[float, float]] = {}
    for size in range(1, MOST_SIGNALS + 1):
        for used in combinations(range(len(NAMES)), size):
            held_out = [left_out(groups, group, used) for group in groups]
            pairs = list(zip(groups, held_out, strict=True))
            scores[used] = (
                float(np.mean([brier_score_loss(group.answerable, p) for group, p in pairs])),
                float(np.mean([roc_auc_score(group.answerable, p) for group, p in pairs])),
            )
    print("mean over groups, each left out\n   Brier   AUROC   signals")
    for size in range(1, MOST_SIGNALS + 1):
        best = sorted((used for used in scores if len(used) == size), key=lambda used: scores[used])[:3]
        for used in best:
            signs = ("" if weight >= 0 else "-" for weight in fit(groups, used).weights)
            shown = ", ".join(sign + NAMES[i] for sign, i in zip(signs, used, strict=True))
            print(f"  {scores[used][0]:.4f}  {scores[used][1]:.4f}   {shown}")
    sensible = {used: score for used, score in scores.items() if (fit(groups, used).weights >= 0).all()}
    least = min(brier for brier, _ in sensible.values())
    good = [used for used, (brier, _) in sensible.items() if brier < least + WORTH]
    return min(good, key=lambda used: (len(used), scores[used]))


def thresholds(groups: Sequence[Group], held_out: Sequence[Float64]) -> list[float]:
    """Return, for each of TARGETS, the lowest confidence from which the precision is never below it.

    Precision is over all groups, each left out of the fit and weighing the same, if ANSWERABLE of the
    questions are answerable: a suite is full of traps, and who asks knows what the documents are about.
    """
    shares = [
        np.where(
            group.answerable,
            ANSWERABLE / group.answerable.sum(),
            (1 - ANSWERABLE) / (~group.answerable).sum(),
        )
        for group in groups
    ]
    confidence = np.concatenate(held_out)
    order = np.argsort(-confidence, kind="stable")
    answerable = np.concatenate([group.answerable for group in groups])[order]
    given = np.concatenate(shares)[order]
    precision = np.cumsum(given * answerable) / np.cumsum(given)
    # A few sure answers say little: the first twentieth counts as a whole.
    first = int(np.searchsorted(np.cumsum(given) / given.sum(), 0.05))
    found = []
    for target in TARGETS:
        enough = np.flatnonzero(precision[first:] >= target)
        found.append(float(confidence[order][first + enough[-1]]) if len(enough) else 1.0)
    return [float(t) for t in np.maximum.accumulate(found)]


def draw(groups: Sequence[Group], held_out: Sequence[Float64], curve: Sequence[float]) -> None:
    """Draw how much each strictness answers, and how much of that is right."""
    figure, (answered, right) = pyplot.subplots(1, 2, figsize=(8, 3.4), layout="constrained", sharex=True)
    for group, p in zip(groups, held_out, strict=True):
        given = p >= np.array(curve)[:, None]
        rightly, wrongly = given[:, group.answerable].mean(axis=1), given[:, ~group.answerable].mean(axis=1)
        shown = rightly > LEAST_DRAWN
        answered.plot(TARGETS, rightly, label=group.name)
        precision = ANSWERABLE * rightly / (ANSWERABLE * rightly + (1 - ANSWERABLE) * wrongly + 1e-9)
        right.plot(np.array(TARGETS)[shown], precision[shown])
    right.plot(TARGETS, TARGETS, color="0.6", linestyle=":")
    answered.set(xlabel="strictness", ylabel="answerable questions answered", ylim=(0, 1.02))
    right.set(xlabel="strictness", ylabel="answers that are right", ylim=(0.6, 1.02))
    figure.legend(loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    with pyplot.rc_context({"svg.hashsalt": "pullquote", "svg.fonttype": "none"}):
        figure.savefig(PICTURE, metadata={"Date": None})


def table(groups: Sequence[Group], held_out: Sequence[Float64]) -> None:
    """Print each group's measures by a model that has not seen it, beside the raw scores."""
    print(f"\n{'each left out':<44} {'n':>5}    AUROC  ECE    Brier   raw AUROC: passage, sentence")
    for group, p in zip(groups, held_out, strict=True):
        passage, sentence = (
            roc_auc_score(group.answerable, group.signals[:, NAMES.index(name)])
            for name in ("relevance", "sentence")
        )
        mean, share, count = calibration_bins(p, group.answerable)
        ece = np.abs(mean - share) @ count / len(p)
        auroc, brier = roc_auc_score(group.answerable, p), brier_score_loss(group.answerable, p)
        print(
            f"{group.name[:44]:<44} {len(p):>5}    {auroc:.3f}  {ece:.3f}  {brier:.3f}"
            f"        {passage:.3f}   {sentence:.3f}"
        )


if __name__ == "__main__":
    main()
