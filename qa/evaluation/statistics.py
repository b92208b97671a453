"""Statistics of weighted cases, their bootstrap intervals, and randomisation tests between two systems.

A statistic is prepared once from the values of the cases; sorting is part of the preparation. It is then a
function of weights: how often each case counts. It maps weights, float64 `[n, draws]`, to values, float64
`[draws]`. All columns of the weights have the same sum. A column of ones gives the value of the statistic. A
column of counts is a bootstrap resample. A column of ones and zeros selects one system's cases. So a thousand
resamples of any statistic cost a few passes over one matrix.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import integrate, stats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Statistic: TypeAlias = Callable[["Floats"], "Floats"]

Floats: TypeAlias = npt.NDArray[np.float64]

RESAMPLES = 1000
LEVEL = 0.05  # of significance; intervals have the level 1 - LEVEL
_DIGITS = 9  # to which differences are rounded, so that equal differences are equal
# The matrix of one batch of resamples has about 4 MB, which fits into caches.
_BATCH_CELLS = 500_000


def mean(values: npt.ArrayLike) -> Statistic:
    """Return the mean of `values [n]`."""
    cases = np.asarray(values, dtype=np.float64)
    return lambda weights: cases @ weights / weights[:, 0].sum()


def quantile(values: npt.ArrayLike, q: float) -> Statistic:
    """Return the `q`-quantile of the cases: of n sorted cases, number int(q·n), counted from 0."""
    cases = np.asarray(values, dtype=np.float64)
    order = np.argsort(cases, kind="stable")

    def statistic(weights: Floats) -> Floats:
        reached = np.cumsum(weights[order], axis=0)
        value: Floats = cases[order][np.argmax(reached > np.floor(q * reached[-1]), axis=0)]
        return value

    return statistic


class _Thresholds:
    """Cases by falling score, summed at each threshold. Equal scores pass a threshold together."""

    def __init__(self, scores: npt.ArrayLike) -> None:
        cases = np.asarray(scores, dtype=np.float64)
        self.order = np.argsort(-cases, kind="stable")
        self.last = np.flatnonzero(np.append(np.diff(cases[self.order]) != 0, True))

    def passing(self, weights: Floats, values: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return the weight of the cases that pass each threshold, and the sum of these cases' values.

        Both have the shape `[1 + thresholds, draws]` and begin with 0.
        """
        drawn = weights[self.order]
        ordered = np.asarray(values, dtype=np.float64)[self.order, None]
        return self._sums(drawn), self._sums(drawn * ordered)

    def _sums(self, values: Floats) -> Floats:
        return np.pad(np.cumsum(values, axis=0)[self.last], ((1, 0), (0, 0)))


def auroc(scores: npt.ArrayLike, positive: npt.ArrayLike) -> Statistic:
    """Return the area under the ROC curve: how often a positive case outscores a negative (ties: half)."""
    thresholds = _Thresholds(scores)

    def statistic(weights: Floats) -> Floats:
        cases, hits = thresholds.passing(weights, positive)
        alarms = cases - hits
        area: Floats = integrate.trapezoid(hits, alarms, axis=0) / (hits[-1] * alarms[-1])
        return area

    return statistic


def coverage(scores: npt.ArrayLike, positive: npt.ArrayLike, precision: float) -> Statistic:
    """Return the largest recall, or 0, of a threshold whose precision is at least `precision`."""
    thresholds = _Thresholds(scores)

    def statistic(weights: Floats) -> Floats:
        cases, hits = thresholds.passing(weights, positive)
        best: Floats = np.where(hits >= precision * cases, hits, 0).max(axis=0) / hits[-1]
        return best

    return statistic


def area_under_risk(scores: npt.ArrayLike, wrong: npt.ArrayLike) -> Statistic:
    """Return the mean, over all cases, of the wrong share among cases with at least the same score (AURC).

    Geifman, Uziel, El-Yaniv, "Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers" (2019).
    """
    thresholds = _Thresholds(scores)

    def statistic(weights: Floats) -> Floats:
        cases, wrongs = thresholds.passing(weights, wrong)
        risk = wrongs / np.maximum(cases, 1)
        area: Floats = (np.diff(cases, axis=0) * risk[1:]).sum(axis=0) / cases[-1]
        return area

    return statistic


def risk_coverage(scores: npt.ArrayLike, wrong: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the share of cases above each threshold, and the wrong part of it, highest threshold first."""
    thresholds = _Thresholds(scores)
    cases, wrongs = thresholds.passing(np.ones((len(thresholds.order), 1)), wrong)
    return cases[1:, 0] / cases[-1], wrongs[1:, 0] / cases[1:, 0]


def _edges(total: int, bins: int) -> Floats:
    """Return the `bins + 1` edges of bins of equal mass, as cumulated counts. Larger bins come first."""
    size, larger = divmod(total, bins)
    bounds: Floats = np.minimum(np.arange(bins + 1), larger) + size * np.arange(bins + 1.0)
    return bounds


def calibration_error(scores: npt.ArrayLike, positive: npt.ArrayLike, bins: int = 10) -> Statistic:
    """Return the mean distance between mean score and share of positives, over bins of equal mass (ECE).

    If cases with equal scores fall into two bins, their positives are divided between the bins in proportion.
    """
    thresholds = _Thresholds(scores)
    gaps = np.asarray(scores, dtype=np.float64) - np.asarray(positive, dtype=np.float64)

    def statistic(weights: Floats) -> Floats:
        cases, gap = thresholds.passing(weights, gaps)
        edges = _edges(round(cases[-1, 0]), bins)
        at_edges = np.stack([np.interp(edges, *row) for row in zip(cases.T, gap.T, strict=True)])
        error: Floats = np.abs(np.diff(at_edges, axis=-1)).sum(axis=-1) / edges[-1]
        return error

    return statistic


def calibration_bins(
    scores: npt.ArrayLike, positive: npt.ArrayLike, bins: int = 10
) -> tuple[Floats, Floats, Floats]:
    """Return mean score, share of positives and count of `calibration_error`'s bins, highest scores first."""
    thresholds = _Thresholds(scores)
    n = len(thresholds.order)
    edges = _edges(n, min(bins, n))
    score, share = (
        np.diff(np.interp(edges, cases[:, 0], sums[:, 0])) / np.diff(edges)
        for cases, sums in (thresholds.passing(np.ones((n, 1)), values) for values in (scores, positive))
    )
    return score, share, np.diff(edges)


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share of n > 0 cases (Wilson, 1927). Its ends differ."""
    interval = stats.binomtest(round(share * n), n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def bootstrap(
    statistics: Sequence[Statistic],
    strata: npt.ArrayLike,
    seed: int = 0,
    resamples: int = RESAMPLES,
    batch_cells: int = _BATCH_CELLS,
) -> tuple[Floats, Floats, Floats]:
    """Return the statistics of n cases, and the ends of their 95 % bootstrap intervals: three times `[m]`.

    All statistics see the same resamples. Cases are drawn within their stratum (`strata [n]`, any labels). So
    a statistic that needs two classes has both in every resample. The suite, not chance, decides how many
    cases each class has. The intervals are percentiles. They stay in the statistic's range, exist for every
    distribution (BCa's do not if all resamples are equal), and need no jackknife, which costs more than the
    resamples.
    """
    labels = np.asarray(strata)
    n = len(labels)
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    # A case alone in its stratum is always drawn. scipy refuses a group of one case.
    singles = np.isin(np.arange(n), [group[0] for group in groups if len(group) == 1])[:, None]
    groups = [group for group in groups if len(group) > 1]
    values = _values(statistics, np.ones((n, 1)))[:, 0]
    if not groups:
        return values, values, values

    def of_resamples(*drawn: npt.NDArray[np.int64], axis: int) -> Floats:
        cases = np.concatenate(drawn, axis=-1)
        draws = len(cases)
        cells = cases * draws + np.arange(draws)[:, None]
        counts = np.bincount(cells.ravel(), minlength=n * draws).reshape(n, draws)
        return _values(statistics, (counts + singles).astype(np.float64))

    low, high = stats.bootstrap(
        groups,
        of_resamples,
        n_resamples=resamples,
        batch=max(1, batch_cells // n),
        method="percentile",
        rng=seed,
        vectorized=True,
    ).confidence_interval
    return values, low, high


def randomisation(
    statistics: Sequence[Statistic], n: int, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return how far two systems differ: the differences, their 95 % intervals (low, high) and p, each `[m]`.

    The statistics are of 2n cases: one system's n cases, then the other's, in the same order. Under the null
    hypothesis, either system could have given either output of a pair. So pairs are swapped at random
    (Smucker, Allan, Carterette, "A Comparison of Statistical Significance Tests for Information Retrieval
    Evaluation", 2007). If there are no more than `resamples` ways to swap, all are tried. p is the share of
    the tried ways with a difference at least as large as the measured one.

    The interval has the differences that this test cannot distinguish from the measured one (Garthwaite,
    "Confidence Intervals from Randomization Tests", 1996). It assumes that chance differences are as large
    for any true difference. So the interval contains 0 exactly if p is `LEVEL` or more.
    """

    def swapped(signs: Floats, axis: int) -> Floats:
        unswapped = np.atleast_2d(signs > 0).T.astype(np.float64)
        first = np.vstack([unswapped, 1 - unswapped])
        differences = np.round(_values(statistics, first) - _values(statistics, 1 - first), _DIGITS)
        return differences.T.reshape(*signs.shape[:-1], -1)

    differences: Floats = swapped(np.ones(n), -1)
    if n == 1:  # swapped or not, the difference has the same size; scipy needs at least two cases
        return (
            differences,
            differences - np.abs(differences),
            differences + np.abs(differences),
            np.ones_like(differences),
        )
    tested = stats.permutation_test(
        (np.ones(n),),  # of one sample, scipy flips signs at random
        lambda signs, axis: np.abs(swapped(signs, axis)),
        permutation_type="samples",
        alternative="greater",
        n_resamples=resamples,
        batch=max(1, _BATCH_CELLS // (2 * n)),
        rng=seed,
        vectorized=True,
    )
    ways = len(tested.null_distribution)
    drawn = int(2**n > resamples)  # the measured difference then counts as one more way
    rank = max(1, math.ceil(LEVEL * (ways + drawn) - drawn))
    # The largest difference whose p is `LEVEL` or more.
    reach = np.sort(tested.null_distribution, axis=0)[-rank]
    return differences, differences - reach, differences + reach, tested.pvalue


def _values(statistics: Sequence[Statistic], weights: Floats) -> Floats:
    """Return the values of all statistics for each draw of weights, `[m, draws]`."""
    return np.stack([statistic(weights) for statistic in statistics])
