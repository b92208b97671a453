"""Fit the confidence: the probability that an answer is right, by a logistic regression on its signals.

usage: python -m training.confidence ANSWERS SUITE [SUITE ...] [--unseen SUITE ...] [--reader NAME]
                                     [--signals NAME ...]

ANSWERS is a folder with the answers to each suite, `<name of the suite>.jsonl`, as `pullquote evaluate SUITE
--out` keeps them. An answer is right if a gold sentence is among its first three quotes. It is not enough
that the corpus has an answer. The module writes `qa/asking/confidence.json` and its picture for the docs.

It prints how the signals were chosen. Each set of signals is fitted on all corpora but one, and tested on
that corpus, in turn. Suites on the same corpus are left out together. With `--signals`, the named signals are
used without a choice. Suites that are `--unseen` are only measured, after the fit.

The suites may have no question on which the reader was trained. `training/corpora.py` makes suites of the
part of public sets that is held out, and `training/small_libraries.py` makes small libraries of suites. `make
confidence` runs all steps.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from matplotlib import pyplot
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from embeddings.reading import ReaderName
from qa.asking.confidence import FILE, LOOSEST, STRICTEST, Confidence, shipped
from qa.evaluation import measures, suite
from qa.evaluation.run import read_answers, suite_documents
from qa.evaluation.statistics import calibration_bins
from qa.schema import STRICTNESS, Signals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Float64 = npt.NDArray[np.float64]

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "strictness.svg"
NAMES = tuple(field.name for field in fields(Signals))
# Signals that may have a negative weight. The ratings of the windows that do not answer best belong to the
# question and the corpus. So they are subtracted from the ratings of the best windows.
BACKGROUND = frozenset({"background"})
# Inverse of the regularisation's strength, for standardised signals and groups of weight GROUP.
STRENGTH = 1.0
GROUP = 100.0
# Assumed share of a user's questions that the corpus answers, as in the suite on the brief (62 of 90).
ANSWERABLE = 0.7
TARGETS = np.round(np.arange(LOOSEST, STRICTEST + 0.001, 0.025), 3).tolist()
# Share of the corpora that keep a floor (`floors`).
CORPORA = 0.9
# A few sure answers say little. So this share of the answers, the surest ones, counts as a whole.
FIRST = 0.05
# Minimum share of answerable questions answered for which the precision is drawn.
LEAST_DRAWN = 0.05
# Sets of signals are as good as the best if their Brier scores differ by less than AS_GOOD. A smaller set is
# chosen if it loses less than WORTH of the right outcomes.
AS_GOOD = 0.004
WORTH = 0.01
# Separates the name of a suite from the number of a small library made of it (`small_libraries.py`).
SMALL = "~"
# Joins the names of suites on one corpus.
TOGETHER = " + "
# The thresholds that are tried.
GRID = np.linspace(0.02, 0.98, 49)
# Maximum number of signals in a set; how many of the best sets get another signal; how many are printed.
MOST_SIGNALS, KEPT, SHOWN = 3, 40, 4


@dataclass(frozen=True)
class Group:
    """The questions of all suites on one corpus.

    Attributes:
        name: names of the suites.
        signals: float [n, signals]. A signal that was not measured is NaN.
        answerable: whether the corpus answers each question, bool [n].
        quoted: whether the corpus answers and a gold sentence is among the first three quotes, bool [n]. It
            is None where no gold is known. Then each answerable question counts as quoted rightly.
    """

    name: str
    signals: Float64
    answerable: npt.NDArray[np.bool_]
    quoted: npt.NDArray[np.bool_] | None = None

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """Return which questions have a right answer, if the answer is given, bool [n]."""
        return self.answerable if self.quoted is None else self.quoted

    @property
    def suites(self) -> set[str]:
        """Return the names of the suites whose corpus the group has, whole or in part."""
        return {name.partition(SMALL)[0] for name in self.name.split(TOGETHER)}

    def is_apart(self, other: Group) -> bool:
        """Return whether the groups share no corpus, so that a fit on one may be tested on the other."""
        return self.suites.isdisjoint(other.suites)

    @property
    def weights(self) -> Float64:
        """Return weights that make all groups count alike, and the share ANSWERABLE of each answerable."""
        share = np.where(
            self.answerable,
            ANSWERABLE / self.answerable.sum(),
            (1 - ANSWERABLE) / (~self.answerable).sum(),
        )
        return GROUP * share

    def brier(self, p: Float64) -> float:
        """Return the Brier score of probabilities. Both classes have the same weight."""
        error = (p - self.good) ** 2
        return float(error[self.answerable].mean() + error[~self.answerable].mean()) / 2

    def auroc(self, p: Float64) -> float:
        """Return how often an answerable question has a higher probability than an unanswerable question."""
        return float(roc_auc_score(self.answerable, p))

    def right(self, p: Float64, threshold: float) -> float:
        """Return the share of the outcomes that are right at a threshold, if ANSWERABLE are answerable.

        An outcome is right if a gold sentence is quoted, or if an unanswerable question is not answered.
        """
        given = p >= threshold
        return float((given & self.good | ~given & ~self.answerable) @ self.weights / GROUP)

    def most_right(self, p: Float64) -> float:
        """Return the share of the outcomes that are right at the best threshold for this group."""
        return max(self.right(p, threshold) for threshold in (*p, np.inf))

    def calibration_error(self, p: Float64) -> float:
        """Return the mean distance between probability and share of good questions (ECE)."""
        mean, share, count = calibration_bins(p, self.good)
        return float(np.abs(mean - share) @ count / len(p))

    def precision(self, p: Float64, threshold: float) -> float:
        """Return the share of the answers that are right, if ANSWERABLE of the questions are answerable.

        A suite has more unanswerable questions than a user, who knows what the documents are about.
        """
        given = p >= threshold
        if not given.any():
            return 1.0
        every = self.weights[given].sum()
        return float(self.weights[given & self.good].sum() / every)


@dataclass(frozen=True)
class Model:
    """A logistic regression on unscaled signals: weights [used], and the indices of the signals."""

    used: tuple[int, ...]
    weights: Float64
    intercept: float

    def probability(self, signals: Float64) -> Float64:
        """Return the probability that an answer to each question is right, [n]."""
        return 1 / (1 + np.exp(-(signals[:, self.used] @ self.weights + self.intercept)))


def main() -> None:
    """Choose the signals, fit them on all suites, find the thresholds, and write them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("answers", type=Path)
    parser.add_argument("suites", type=Path, nargs="+")
    parser.add_argument("--unseen", type=Path, nargs="+", default=[], help="suites that nothing is fitted on")
    parser.add_argument(
        "--reader", choices=get_args(ReaderName), default="reader", help="what read the passages"
    )
    parser.add_argument("--signals", choices=NAMES, nargs="+", help="take these, choose none")
    arguments = parser.parse_args()
    groups, unseen = (read(arguments.answers, suites) for suites in (arguments.suites, arguments.unseen))
    if len(groups) < 2:
        raise SystemExit("suites on one corpus only: there is nothing to fit on when it is left out")
    used = tuple(sorted(map(NAMES.index, arguments.signals))) if arguments.signals else choose(groups)
    model = fit(groups, used)
    held_out = [left_out(groups, group, used) for group in groups]
    curve = thresholds(groups, held_out)
    floor = floors(groups, held_out, curve)
    before = shipped(arguments.reader)
    table(groups, held_out, [thresholds(*without(groups, held_out, group)) for group in groups], before)
    if unseen:
        table(unseen, [model.probability(group.signals) for group in unseen], [curve] * len(unseen), before)
    draw(groups, held_out, curve)
    print(f"\nstrictness  threshold  kept by {CORPORA:.0%} of corpora  right, {ANSWERABLE:.0%} answerable")
    for target, threshold, precision in zip(TARGETS, curve, floor, strict=True):
        right = np.mean([group.right(p, threshold) for group, p in zip(groups, held_out, strict=True)])
        print(f"{target:>10.3f}  {threshold:>9.3f}  {precision:>22.3f}  {right:>21.3f}")
    weights = {NAMES[i]: round(float(w), 4) for i, w in zip(used, model.weights, strict=True)}
    fitted = Confidence(weights, round(model.intercept, 4), tuple(TARGETS), tuple(curve))
    written = fitted.to_dict() | {"questions": {group.name: len(group.answerable) for group in groups}}
    written["curve"]["floor"] = [round(precision, 3) for precision in floor]
    target = Path(__file__).parent.parent / "qa" / "asking" / FILE
    every = json.loads(target.read_text(encoding="utf-8")) | {arguments.reader: written}
    target.write_text(json.dumps(every, indent=1) + "\n", encoding="utf-8")
    print(f"\nwrote {target.name}: {weights}, intercept {fitted.intercept}, thresholds {fitted.thresholds}")


def read(answers: Path, suites: Sequence[Path]) -> list[Group]:
    """Read signals and labels. Suites on one corpus, or small libraries of one suite, become one group.

    Questions without a label, and questions for which no passage was read, are left out. A corpus is left out
    unless it has answerable and unanswerable questions.
    """
    by_corpus: dict[str, tuple[list[str], list[list[float]], list[bool], list[bool]]] = {}
    for path in suites:
        loaded = suite.load(path, print)
        corpus = hashlib.sha256(loaded.corpus.read_bytes()).hexdigest() if loaded.corpus else "the library"
        whole, small, _ = loaded.name.partition(SMALL)
        key, name = (whole, whole + SMALL) if small else (corpus, loaded.name)
        names, signals, answerable, quoted = by_corpus.setdefault(key, ([], [], [], []))
        if name not in names:
            names.append(name)
        lines = read_answers(answers / f"{loaded.name}.jsonl")
        for judged in measures.judge(loaded, lines, _texts(loaded.corpus)):
            given, query = judged.answer.get("signals"), judged.query
            if given and query.answerable is not None:
                values = (given.get(signal) for signal in NAMES)
                signals.append([math.nan if value is None else value for value in values])
                answerable.append(query.answerable)
                quoted.append(query.answerable and judged.values.get("hit@3", 1.0) == 1.0)
    groups = [
        Group(TOGETHER.join(names), np.array(s), np.array(a), np.array(q))
        for names, s, a, q in by_corpus.values()
    ]
    for group in groups:
        if len(set(group.answerable)) < 2:
            print(f"{group.name} is left out: all of its questions are answerable, or none")
    return [group for group in groups if len(set(group.answerable)) > 1]


def _texts(corpus: Path | None) -> Callable[[str], str | None]:
    """Return a function that gives the text of a document of a suite's corpus by its id."""
    texts = (
        {document.id: document.text for document in suite_documents(corpus, print).values()} if corpus else {}
    )
    return texts.get


def fit(groups: Sequence[Group], used: tuple[int, ...]) -> Model:
    """Return a model that is fitted on the groups."""
    signals = np.concatenate([group.signals[:, used] for group in groups])
    mean, scale = signals.mean(axis=0), signals.std(axis=0) + 1e-9
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(
        (signals - mean) / scale,
        np.concatenate([group.good for group in groups]),
        sample_weight=np.concatenate([group.weights for group in groups]),
    )
    weights = model.coef_[0] / scale
    return Model(used, weights, float(model.intercept_[0] - weights @ mean))


def left_out(groups: Sequence[Group], out: Group, used: tuple[int, ...]) -> Float64:
    """Return the probabilities of a group's questions, [n], by a model fitted on the other corpora."""
    return fit([group for group in groups if group.is_apart(out)], used).probability(out.signals)


def without(
    groups: Sequence[Group], held_out: Sequence[Float64], out: Group
) -> tuple[list[Group], list[Float64]]:
    """Return all groups of other corpora, with their probabilities."""
    apart = [(group, p) for group, p in zip(groups, held_out, strict=True) if group.is_apart(out)]
    return [group for group, _ in apart], [p for _, p in apart]


def is_sensible(model: Model) -> bool:
    """Return whether more of each signal means surer, and more of a BACKGROUND signal less sure.

    A set that turns a signal round has learnt how the questions of some suites were written. For example, it
    has learnt that paraphrased questions are answerable.
    """
    signs = [-1 if NAMES[i] in BACKGROUND else 1 for i in model.used]
    return bool((model.weights * signs >= 0).all())


def right_left_out(groups: Sequence[Group], held_out: Sequence[Float64]) -> float:
    """Return the mean share of right outcomes. Each group has the threshold that is best for the others."""
    right = np.array([[g.right(p, t) for t in GRID] for g, p in zip(groups, held_out, strict=True)])
    others = np.array([[g.is_apart(other) for other in groups] for g in groups]) @ right
    return float(np.mean(right[np.arange(len(right)), others.argmax(axis=1)]))


def choose(groups: Sequence[Group]) -> tuple[int, ...]:
    """Return the sensible set of signals that has the most right outcomes among the best by Brier score.

    If several sets have about the most right outcomes (WORTH), the smallest set is chosen. Among sets of the
    same size, the set with the most right outcomes is chosen. Signals are added one at a time to the best
    sets of the previous size. All values are of groups that are left out of the fit.
    """
    measured = [i for i in range(len(NAMES)) if not any(np.isnan(g.signals[:, i]).any() for g in groups)]
    if missing := [name for i, name in enumerate(NAMES) if i not in measured]:
        print(f"not in all answers, and so not tried: {', '.join(missing)}")
    scores: dict[tuple[int, ...], tuple[float, float, float]] = {}
    best: list[tuple[int, ...]] = [()]
    print("mean over groups, each left out\n   Brier   AUROC   right   signals")
    for _ in range(MOST_SIGNALS):
        tried = {tuple(sorted({*used, i})) for used in best for i in measured if i not in used}
        for used in tried:
            held_out = [(group, left_out(groups, group, used)) for group in groups]
            scores[used] = (
                float(np.mean([group.brier(p) for group, p in held_out])),
                float(np.mean([group.auroc(p) for group, p in held_out])),
                right_left_out(groups, [p for _, p in held_out]),
            )
        best = sorted(tried, key=lambda used: scores[used])[:KEPT]
        for used in best[:SHOWN]:
            signs = ("" if weight >= 0 else "-" for weight in fit(groups, used).weights)
            shown = ", ".join(sign + NAMES[i] for sign, i in zip(signs, used, strict=True))
            print("  " + "  ".join(f"{value:.4f}" for value in scores[used]) + f"   {shown}")
    sensible = {used: score for used, score in scores.items() if is_sensible(fit(groups, used))}
    least = min(brier for brier, _, _ in sensible.values())
    good = {used: score for used, score in sensible.items() if score[0] < least + AS_GOOD}
    most = max(right for _, _, right in good.values())
    return min(
        (used for used, (_, _, right) in good.items() if right > most - WORTH),
        key=lambda used: (len(used), -scores[used][2]),
    )


def thresholds(groups: Sequence[Group], held_out: Sequence[Float64]) -> list[float]:
    """Return for each of TARGETS the lowest probability at which the precision reaches the target.

    The precision is of all groups together. Each group is left out of the fit, and has the same weight.
    Questions with equal probabilities are answered together.
    """
    confidence = np.concatenate(held_out)
    order = np.argsort(-confidence, kind="stable")
    given = np.concatenate([group.weights for group in groups])[order]
    right = np.cumsum(given * np.concatenate([group.good for group in groups])[order])
    last = np.append(np.diff(confidence[order]) != 0, True)
    precision, share = (right / np.cumsum(given))[last], (np.cumsum(given) / given.sum())[last]
    first = int(np.searchsorted(share, FIRST))
    probabilities = []
    for target in TARGETS:
        enough = np.flatnonzero(precision[first:] >= target)
        probabilities.append(float(confidence[order][last][first + enough[-1]]) if len(enough) else 1.0)
    return [float(t) for t in np.maximum.accumulate(probabilities)]


def floors(groups: Sequence[Group], held_out: Sequence[Float64], curve: Sequence[float]) -> list[float]:
    """Return the precision that CORPORA of the corpora keep at each threshold.

    The precisions of the groups, each left out of the fit, are ordered. The rank is chosen so that a further
    corpus, drawn like the groups, keeps the precision with probability CORPORA. This is split conformal
    prediction with corpora as cases (Vovk, Gammerman and Shafer, 2005). It needs at least nine groups. With
    fewer groups, the lowest precision is returned. A corpus without any answer keeps every precision.
    """
    rank = min(len(groups), math.ceil(CORPORA * (len(groups) + 1)))
    precisions = []
    for threshold in curve:
        precision = [group.precision(p, threshold) for group, p in zip(groups, held_out, strict=True)]
        precisions.append(sorted(precision, reverse=True)[rank - 1])
    return precisions


def draw(groups: Sequence[Group], held_out: Sequence[Float64], curve: Sequence[float]) -> None:
    """Draw the share of questions answered, and the share of right answers, for each strictness."""
    figure, (answered, right) = pyplot.subplots(1, 2, figsize=(8, 4.4), layout="constrained", sharex=True)
    for group, p in zip(groups, held_out, strict=True):
        rightly = (p >= np.array(curve)[:, None])[:, group.answerable].mean(axis=1)
        precision = np.array([group.precision(p, threshold) for threshold in curve])
        shown = rightly > LEAST_DRAWN
        answered.plot(TARGETS, rightly, label=group.name, linewidth=1)
        right.plot(np.array(TARGETS)[shown], precision[shown], linewidth=1)
    right.plot(TARGETS, TARGETS, color="0.6", linestyle=":")
    answered.set(xlabel="strictness", ylabel="answerable questions answered", ylim=(0, 1.02))
    right.set(xlabel="strictness", ylabel="answers that are right", ylim=(0.6, 1.02))
    figure.legend(loc="outside lower center", ncols=3, fontsize=7, frameon=False)
    with pyplot.rc_context({"svg.hashsalt": "pullquote", "svg.fonttype": "none"}):
        figure.savefig(PICTURE, metadata={"Date": None})


def table(
    groups: Sequence[Group],
    held_out: Sequence[Float64],
    curves: Sequence[Sequence[float]],
    before: Confidence,
) -> None:
    """Print each group's measures by a model and thresholds that have not seen it, and by `before`."""
    print(
        f"\n{'none fitted on':<34} {'n':>5}   AUROC  ECE   Brier   right at {STRICTNESS:g}, at best"
        "   before: AUROC  ECE   Brier   right, at best"
    )
    rows = []
    for group, p, curve in zip(groups, held_out, curves, strict=True):
        used = [NAMES.index(name) for name in before.weights]
        old = Model(tuple(used), np.array(list(before.weights.values())), before.intercept)
        row = []
        for probabilities, threshold in (
            (p, float(np.interp(STRICTNESS, TARGETS, curve))),
            (old.probability(group.signals), before.threshold()),
        ):
            row += [
                group.auroc(probabilities),
                group.calibration_error(probabilities),
                group.brier(probabilities),
                group.right(probabilities, threshold),
                group.most_right(probabilities),
            ]
        rows.append(row)
        _print_row(group.name, len(p), row)
    _print_row("mean", sum(map(len, held_out)), np.mean(rows, axis=0))


def _print_row(name: str, n: int, row: Sequence[float] | Float64) -> None:
    auroc, ece, brier, right, best, *before = row
    old = "  ".join(f"{value:.3f}" for value in before)
    print(f"{name[:34]:<34} {n:>5}   {auroc:.3f}  {ece:.3f}  {brier:.3f}   {right:.3f}  {best:.3f}   {old}")


if __name__ == "__main__":
    main()
