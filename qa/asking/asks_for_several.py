"""Recognise questions that need several places: a comparison, a change, two things at once.

The words of a question show it (`qa.text.word_weights`, docs/decisions/0010-several-places.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.text.word_weights import LONGEST, features, log_odds, shipped_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

# The name of its weights.
KIND = "several"
# Log odds above which a question counts as one. Four in five such questions are found. One in ten other
# questions also counts, and is read again in vain.
LEAST = -2.5


def asks_for_several(question: str, weights: Mapping[str, float] | None = None) -> bool:
    """Return whether a question likely needs several places, by default with the shipped weights."""
    if len(question) > LONGEST:
        return False
    return log_odds(features(question), weights or shipped_weights()[KIND]) > LEAST
