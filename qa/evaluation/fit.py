"""Fit the confidence of a library on its user's test queries, and measure the gain.

The fit changes the log odds of the confidence that ships: it adds a shift and multiplies by a factor (Platt
scaling). Few questions say little, so a prior holds both numbers back. SHIFT and STRETCH are the prior's
standard deviations. The gain is measured on questions that were left out of the fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from qa.errors import InputError
from qa.evaluation import statistics
from qa.evaluation.schema import Difference
from qa.schema import Signals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from qa.asking.confidence import Confidence
    from qa.evaluation.schema import Judged, Query

    Floats = npt.NDArray[np.float64]

# The fit needs at least this many answerable questions, and as many others. docs/decisions/0008-confidence.md
# says how much a fit on this many questions gains.
LEAST = 10
SHIFT, STRETCH = 1.5, 0.35
FOLDS = 10


@dataclass(frozen=True, slots=True)
class Gain:
    """A measure before the fit and after it, on questions that were left out of the fit.

    Attributes:
        before: the measure with the confidence that ships.
        after: the measure with the fitted confidence.
        difference: after minus before.
    """

    before: float
    after: float
    difference: Difference


@dataclass(frozen=True, slots=True)
class Fit:
    """A confidence that was fitted on test queries.

    Attributes:
        confidence: the fitted confidence.
        questions: how many questions the confidence was fitted on.
        answerable: how many of the questions are answerable.
        right: the gain in the share of right outcomes.
        brier: the gain in the Brier score.
    """

    confidence: Confidence
    questions: int
    answerable: int
    right: Gain
    brier: Gain

    @property
    def gains(self) -> bool:
        """Return whether the Brier score falls by more than chance, and the right outcomes do not fall."""
        return self.brier.difference.high < 0 and self.right.difference.value >= 0


def check_enough(queries: Iterable[Query]) -> None:
    """Refuse test queries that are too few to fit on.

    Raises:
        InputError: fewer than LEAST queries are answerable, or fewer than LEAST are not answerable.
    """
    judged = [query.answerable for query in queries if query.answerable is not None]
    answerable = sum(judged)
    if min(answerable, len(judged) - answerable) < LEAST:
        raise InputError(
            f"there are too few test queries to fit the confidence: {answerable:,} with an answer in "
            "the documents and "
            f"{len(judged) - answerable:,} without; at least {LEAST} of each are needed. Add queries "
            "(answerable: yes or no), or press thumbs in the chat."
        )


def fit(judged: Sequence[Judged], shipped: Confidence, strictness: float) -> Fit:
    """Fit on the questions that are known to be answerable or not, and measure the gain.

    `shipped` is the confidence to start from. The share of right outcomes is measured at `strictness`.

    Raises:
        InputError: too few questions have signals, because nothing was read for the others.
    """
    cases = [
        (shipped.log_odds(Signals(**case.answer["signals"])), case.query.answerable)
        for case in judged
        if case.answer.get("signals") and case.query.answerable is not None
    ]
    check_enough(case.query for case in judged if case.answer.get("signals"))
    log_odds = np.array([value for value, _ in cases])
    answerable = np.array([is_answerable for _, is_answerable in cases], dtype=bool)
    before = special.expit(log_odds)
    after = left_out(log_odds, answerable)
    threshold = shipped.threshold(strictness)
    scale, shift = scaling(log_odds, answerable)
    return Fit(
        scaled(shipped, scale, shift),
        len(cases),
        int(answerable.sum()),
        _gain(*((probabilities >= threshold) == answerable for probabilities in (before, after))),
        _gain(*((probabilities - answerable) ** 2 for probabilities in (before, after))),
    )


def scaled(confidence: Confidence, scale: float, shift: float) -> Confidence:
    """Return the confidence with its log odds multiplied by `scale` and moved by `shift`."""
    return replace(
        confidence,
        weights={name: scale * weight for name, weight in confidence.weights.items()},
        intercept=scale * confidence.intercept + shift,
    )


def scaling(log_odds: Floats, answerable: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return the factor and the shift of the log odds that make the truth likeliest, given the prior."""
    signs = np.where(answerable, 1.0, -1.0)

    def loss(parameters: Floats) -> float:
        log_scale, shift = parameters
        missed = -special.log_expit(signs * (np.exp(log_scale) * log_odds + shift)).sum()
        return float(missed + ((shift / SHIFT) ** 2 + (log_scale / STRETCH) ** 2) / 2)

    log_scale, shift = optimize.minimize(loss, np.zeros(2)).x
    return float(np.exp(log_scale)), float(shift)


def left_out(log_odds: Floats, answerable: npt.NDArray[np.bool_], seed: int = 0) -> Floats:
    """Return each question's probability by a fit on the other folds. Each fold has both kinds."""
    rng = np.random.default_rng(seed)
    folds = np.empty(len(answerable), dtype=np.int64)
    for kind in (True, False):
        rows = rng.permutation(np.flatnonzero(answerable == kind))
        folds[rows] = np.arange(len(rows)) % FOLDS
    probabilities = np.empty(len(answerable))
    for fold in range(FOLDS):
        out = folds == fold
        scale, shift = scaling(log_odds[~out], answerable[~out])
        probabilities[out] = special.expit(scale * log_odds[out] + shift)
    return probabilities


def _gain(before: npt.ArrayLike, after: npt.ArrayLike) -> Gain:
    old, new = (np.asarray(values, dtype=np.float64) for values in (before, after))
    tested = statistics.randomisation([statistics.mean(np.concatenate([new, old]))], len(new))
    value, low, high, p = (float(column[0]) for column in tested)
    return Gain(float(old.mean()), float(new.mean()), Difference(value, low, high, p, len(new)))
