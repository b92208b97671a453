"""How sure an answer is: what was read becomes a probability, and that an outcome.

A logistic regression on a few named signals, after Gisserot-Boukhlef et al. (2024, arXiv 2402.12997), who
abstain by a regression on what a reranker gives. `training/confidence.py` fits it, for each reader, and
writes `confidence.json`; the figures, suite by suite, each left out of the fit, are in
docs/decisions/0008-confidence.md.
A library may have a confidence of its own (`qa/asking/own_confidence.py`).
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
from qa.text.question import answer_type, spans_of_type
from qa.text.terms import content_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embeddings.reading import ReaderName, Window
    from qa.schema import Outcome, Signals

FILE = "confidence.json"
# The precision that answers are to have, unless the user says otherwise, and the bounds of what may be said.
STRICTNESS = 0.86
LOOSEST, STRICTEST = 0.7, 0.95
# The least probability, were there many passages to read, at which the closest sentences are worth showing.
WEAK = 0.05


def coverage(question: str, window: Window) -> float:
    """Return the share of the question's content words that stand in the window or its head, 0 to 1."""
    asked = set(content_words(question))
    return len(asked.intersection(content_words(" ".join((window.head, *window.sentences))))) / max(
        1, len(asked)
    )


def matches(question: str, text: str) -> bool:
    """Tell whether a text in another script holds half of a question's content words: names, numbers."""
    asked = content_words(question)
    return 2 * len(set(content_words(text)).intersection(asked)) >= len(asked)


def fits(question: str, sentence: str) -> float:
    """Tell whether a sentence has words of the kind that is asked for; 0.5 where no kind is named."""
    kind = answer_type(question)
    return 0.5 if kind is None else float(bool(spans_of_type(sentence, kind)))


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic regression on signals, and which probability an answer needs.

    Attributes:
        weights: the weight of each signal that it uses, by name.
        intercept: the log odds where all signals are 0.
        precision: shares of the answers given that should be right, rising.
        thresholds: the least probability of an answer for each of these.
    """

    weights: Mapping[str, float]
    intercept: float
    precision: tuple[float, ...]
    thresholds: tuple[float, ...]

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises:
            KeyError, TypeError, ValueError, OverflowError: it is something else.
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
        if not all(0 <= each <= 1 for each in thresholds):
            raise ValueError("a threshold is no probability")
        return cls(weights, intercept, precision, thresholds)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "weights": {name: round(weight, 4) for name, weight in self.weights.items()},
            "intercept": round(self.intercept, 4),
            "curve": {
                "precision": list(self.precision),
                "threshold": [round(each, 4) for each in self.thresholds],
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
        """Return the least probability at which an answer is given; see the module's `threshold`."""
        check_strictness(strictness)
        return float(np.interp(strictness, self.precision, self.thresholds))

    def is_near(self, signals: Signals) -> bool:
        """Tell whether anything that was read comes so near the question that it is worth showing.

        What few passages there were to read makes an answer likelier, and brings none of them nearer.
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
    """Return the least confidence at which an answer is given.

    Of the answers given, the share `strictness` should then be right.

    It is read off a curve of the development suites, each left out of the fit, where seven in ten questions
    are answerable; right means here that the question is.

    Raises:
        InputError: `strictness` is no number between LOOSEST and STRICTEST.
    """
    return shipped(reader).threshold(strictness)


def check_strictness(strictness: float) -> None:
    """Refuse a strictness that is no number between LOOSEST and STRICTEST."""
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
    """Return the outcome at this confidence; `near` says whether anything is near the question."""
    if confidence >= threshold:
        return "answered"
    return "weak" if near else "none"
