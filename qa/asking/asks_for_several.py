"""Whether a question asks for what stands in several places: a comparison, a change, two things at once.

People ask so in more ways than a list of patterns holds. So the words of a question and its pairs of words
are weighed. `training/asks_for_several.py` fits the weights, a logistic regression, to written questions
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
# The log odds from which on a question is taken for one. Four in five are found. So is one plain question in
# ten, which is read again in vain.
LEAST = -2.5
# Nobody compares in more characters; a longer text costs much to read again.
LONGEST = 300
_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[:.,]\d+)*|[?,;:](?=\s|$)|[–—-]")


def asks_for_several(question: str, weights: Mapping[str, float] | None = None) -> bool:
    """Tell whether a question likely asks for what stands in several places, by default with our weights."""
    if len(question) > LONGEST:
        return False
    weights = weights or _weights()
    return weights[""] + sum(weights.get(each, 0.0) for each in features(question)) > LEAST


def features(question: str) -> set[str]:
    """Return the words of a question and its pairs of neighbours, in lower case; a number is "#"."""
    words = ["#" if word[0].isdigit() else word for word in _TOKEN.findall(question.lower())]
    return {*words, *map(" ".join, pairwise(words))}


@cache
def _weights() -> Mapping[str, float]:
    """Return the weight of each word and pair that has one; that of "" is the intercept."""
    text = files("qa.asking").joinpath(FILE).read_text(encoding="utf-8")
    weights: dict[str, float] = json.loads(text)
    return weights
