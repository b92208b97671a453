"""Weighs the words of a question, to tell what kind of question it is.

People ask in more ways than a list of patterns can hold. So each word, and each pair of neighbouring words,
has a weight. `training/question_words.py` fits the weights to written questions by a logistic regression.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILE = "word_weights.json"
# Maximum characters of a question whose words are weighed: more is read for such a question, and a long text
# costs much to read.
LONGEST = 300
_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[:.,]\d+)*|[?,;:](?=\s|$)|[–—-]")


def features(question: str) -> set[str]:
    """Return the words and the pairs of neighbouring words of a question, in lower case, numbers as "#"."""
    words = ["#" if word[0].isdigit() else word for word in _TOKEN.findall(question.lower())]
    return {*words, *map(" ".join, pairwise(words))}


def log_odds(question_features: Iterable[str], weights: Mapping[str, float]) -> float:
    """Return the log odds that a question with these features is of a kind, with the kind's weights."""
    return weights[""] + sum(weights.get(feature, 0.0) for feature in question_features)


@cache
def shipped_weights() -> Mapping[str, Mapping[str, float]]:
    """Return the shipped weights of each kind of question, by word or pair of words."""
    text = files("qa.text").joinpath(FILE).read_text(encoding="utf-8")
    weights: dict[str, dict[str, float]] = json.loads(text)
    return weights
