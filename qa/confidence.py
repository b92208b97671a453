"""How sure an answer is: what was measured becomes a probability, and that an outcome.

Provisional and fitted by `training/confidence.py` on development questions that no model here was trained on;
what it is worth stands in docs/quality.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.reader import Reading
    from qa.extract import Evidence
    from qa.schema import Outcome

# A logistic regression: bias, and the weight of each of `features`.
BIAS = 0.0
WEIGHTS = (1.0, 0.0)
ANSWERED = 0.5
WEAK = 0.05


def features(readings: Sequence[Reading], evidence: Sequence[Evidence]) -> tuple[float, ...]:
    """What confidence rests on: the surest passage's "answers" logit, the best sentence's score."""
    return max(reading.answers for reading in readings), evidence[0].score


def probability(readings: Sequence[Reading], evidence: Sequence[Evidence]) -> float:
    """How likely it is that the quotes answer; 0 where nothing was read."""
    if not readings or not evidence:
        return 0.0
    logit = BIAS + sum(w * f for w, f in zip(WEIGHTS, features(readings, evidence), strict=True))
    return 1 / (1 + math.exp(-logit))


def outcome(confidence: float) -> Outcome:
    """What the answer may be called at this confidence."""
    if confidence >= ANSWERED:
        return "answered"
    return "weak" if confidence >= WEAK else "none"
