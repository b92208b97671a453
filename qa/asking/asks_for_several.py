"""Recognise questions that need several places: a comparison, a change, two things at once.

People ask such questions in more ways than a list of patterns can hold. So each word, and each pair of words,
has a weight. `training/asks_for_several.py` fits the weights to written questions by a logistic regression
(docs/decisions/0010-several-places.md).
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "asks_for_several.json"
# Log odds above which a question counts as one. Four in five such questions are found. One in ten other
# questions also counts, and is read again in vain.
LEAST = -2.5
# Characters of a question that compares, at most. A longer text costs much to read again.
LONGEST = 300
_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[:.,]\d+)*|[?,;:](?=\s|$)|[–—-]")


def asks_for_several(question: str, weights: Mapping[str, float] | None = None) -> bool:
    """Return whether a question likely needs several places, by default with the shipped weights."""
    if len(question) > LONGEST:
        return False
    weights = weights or _weights()
    return weights[""] + sum(weights.get(feature, 0.0) for feature in features(question)) > LEAST


def features(question: str) -> set[str]:
    """Return the words and the pairs of neighbouring words of a question, in lower case, numbers as "#"."""
    words = ["#" if word[0].isdigit() else word for word in _TOKEN.findall(question.lower())]
    return {*words, *map(" ".join, pairwise(words))}


@cache
def _weights() -> Mapping[str, float]:
    """Return the weight of each word and pair that has a weight. The weight of "" is the intercept."""
    text = files("qa.asking").joinpath(FILE).read_text(encoding="utf-8")
    weights: dict[str, float] = json.loads(text)
    return weights
