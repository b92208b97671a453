"""Turn the signals from reading into the probability of an answer, and the probability into an outcome.

The model is a logistic regression on a few named signals, after Gisserot-Boukhlef et al. (2024, arXiv
2402.12997), who abstain by a regression on a reranker's output. `training/confidence.py` fits it for each
reader, and writes `confidence.json`. docs/decisions/0008-confidence.md has the figures of each suite, with
that suite left out of the fit. A library may have its own confidence (`qa/asking/own_confidence.py`).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from qa.errors import InputError
from qa.schema import STRICTNESS
from qa.text.question import spans_of_type
from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embeddings.reading import ReaderName, Window
    from qa.schema import Outcome, Signals
    from qa.text.question import ParsedQuestion

FILE = "confidence.json"
# Bounds of the strictness that a user may choose.
LOOSEST, STRICTEST = 0.7, 0.95
# Minimum probability at which the closest sentences are shown. It is computed as if many passages were found.
WEAK = 0.05


def coverage(question: ParsedQuestion, window: Window) -> float:
    """Return the share of the question's content words that stand in the window or its head, 0 to 1."""
    held = set(content_words(" ".join((window.head, *window.sentences))))
    return len(held.intersection(question.terms)) / max(1, len(question.terms))


def matches(question: ParsedQuestion, text: str) -> bool:
    """Return whether a text in another script has half of a question's content words (names, numbers)."""
    return 2 * len(set(content_words(text)).intersection(question.terms)) >= len(question.terms)


def fits(question: ParsedQuestion, sentence: str) -> float:
    """Return 1 if a sentence has words of the kind that is asked for, 0 if not, 0.5 if no kind is named."""
    kind = question.answer_type
    return 0.5 if kind is None else float(bool(spans_of_type(sentence, kind)))


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic regression on signals, and the probability that an answer needs.

    Attributes:
        weights: the weight of each signal that it uses, by name.
        intercept: the log odds where all signals are 0.
        precision: shares of the given answers that should be right, rising.
        thresholds: the minimum probability of an answer for each share.
    """

    weights: Mapping[str, float]
    intercept: float
    precision: tuple[float, ...]
    thresholds: tuple[float, ...]

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError, OverflowError: the record is something else.
        """
        curve = record["curve"]
        precision, thresholds = (tuple(map(float, curve[name])) for name in ("precision", "threshold"))
        if not precision or len(precision) != len(thresholds):
            raise ValueError("the curve has no points, or not as many thresholds")
        weights = {str(name): float(weight) for name, weight in record["weights"].items()}
        intercept = float(record["intercept"])
        if not all(map(math.isfinite, (intercept, *weights.values(), *precision, *thresholds))):
            raise ValueError("a number is not finite")
        if any(one >= other for one, other in pairwise(precision)):
            raise ValueError("the shares do not rise")
        if not all(0 <= limit <= 1 for limit in thresholds):
            raise ValueError("a threshold is not a probability")
        return cls(weights, intercept, precision, thresholds)

    def to_dict(self) -> dict[str, Any]:
        """Return the record that JSON files have."""
        return {
            "weights": {name: round(weight, 4) for name, weight in self.weights.items()},
            "intercept": round(self.intercept, 4),
            "curve": {
                "precision": list(self.precision),
                "threshold": [round(limit, 4) for limit in self.thresholds],
            },
        }

    def log_odds(self, signals: Signals) -> float:
        """Return the log odds that the corpus states the answer. A signal that was not measured counts 0."""
        return self.intercept + sum(
            weight * (getattr(signals, name) or 0.0) for name, weight in self.weights.items()
        )

    def probability(self, signals: Signals) -> float:
        """Return how likely it is that the corpus states the answer."""
        return 1 / (1 + math.exp(-max(-500.0, min(500.0, self.log_odds(signals)))))

    def threshold(self, strictness: float = STRICTNESS) -> float:
        """Return the minimum probability at which an answer is given; see the module's `threshold`."""
        check_strictness(strictness)
        return float(np.interp(strictness, self.precision, self.thresholds))

    def is_near(self, signals: Signals) -> bool:
        """Return whether any passage that was read is near enough to the question to be shown.

        A small number of passages makes an answer likelier, but no passage nearer. So `few` counts as 0.
        """
        return self.probability(replace(signals, few=0.0)) >= WEAK


@cache
def shipped(reader: ReaderName = "reader") -> Confidence:
    """Return the confidence that comes with a reader."""
    text = files("qa.asking").joinpath(FILE).read_text(encoding="utf-8")
    return Confidence.from_dict(json.loads(text)[reader])


def probability(signals: Signals, reader: ReaderName = "reader") -> float:
    """Return how likely it is that the corpus states the answer, by what `reader` read."""
    return shipped(reader).probability(signals)


def threshold(strictness: float = STRICTNESS, reader: ReaderName = "reader") -> float:
    """Return the minimum confidence at which an answer is given.

    The share `strictness` of the given answers should then be right.

    The threshold is read off a curve of the development suites, each left out of the fit. Seven in ten of
    their questions are answerable. An answer is right here if its question is answerable.

    Raises:
        InputError: `strictness` is not a number between LOOSEST and STRICTEST.
    """
    return shipped(reader).threshold(strictness)


def check_strictness(strictness: float) -> None:
    """Raise InputError if the strictness is not a number between LOOSEST and STRICTEST."""
    if not isinstance(strictness, Real):
        raise InputError(
            f"the strictness is {strictness!r}: write a number between {LOOSEST} and {STRICTEST}, the share "
            "of the answers given that should be right"
        )
    if not LOOSEST <= strictness <= STRICTEST:
        raise InputError(
            f"the strictness {strictness:g} is not between {LOOSEST} and {STRICTEST}: "
            "it is the share of the answers given that should be right"
        )


def outcome(confidence: float, threshold: float, *, near: bool) -> Outcome:
    """Return the outcome for a confidence. `near` says whether any passage is near the question."""
    if confidence >= threshold:
        return "answered"
    return "weak" if near else "none"
