"""How sure an answer is: what was read becomes a probability, and that an outcome.

One feature for now, the surest passage's "answers" logit: the scores of passages and sentences, tried beside
it, point one way on some suites and the other way on others (docs/quality.md). The curve's middle was set by
hand on `tests/suites/nk_brief`: it fits a corpus of one brief, and is not calibrated for others yet.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embeddings.reader import Reading
    from qa.schema import Outcome

# The logistic curve: how steep it is, and the logit that it takes for an even chance.
SLOPE = 0.7
MIDDLE = -2.0
# The least confidence of an answer, and of a passage that is near enough to be shown as the closest.
ANSWERED = 0.5
WEAK = 0.15


def probability(readings: Iterable[Reading]) -> float:
    """How likely it is that one of the passages answers; 0 where none was read."""
    surest = max((reading.answers for reading in readings), default=-math.inf)
    return 1 / (1 + math.exp(min(SLOPE * (MIDDLE - surest), 500)))


def outcome(confidence: float) -> Outcome:
    """What the answer may be called at this confidence."""
    if confidence >= ANSWERED:
        return "answered"
    return "weak" if confidence >= WEAK else "none"
