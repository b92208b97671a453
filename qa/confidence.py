"""How sure an answer is: from what was measured to a probability, and from that to an outcome.

The scale is provisional: a logistic curve through the best sentence's score, with thresholds set by hand.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.schema import Outcome

ANSWERED = 0.5
WEAK = 0.05


def probability(logit: float) -> float:
    """The logistic function of a score."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, logit))))


def outcome(confidence: float) -> Outcome:
    """What the answer may be called at this confidence."""
    if confidence >= ANSWERED:
        return "answered"
    return "weak" if confidence >= WEAK else "none"
