"""How sure an answer is: what was read becomes a probability, and that an outcome.

A logistic regression on a few named signals, after Gisserot-Boukhlef et al. (2024, arXiv 2402.12997), who
abstain by a regression on what a reranker gives. `training/confidence.py` fits it, for each reader, and
writes `confidence.json`; the figures, suite by suite, each left out of the fit, are in docs/quality.md.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache
from importlib.resources import files
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from qa.errors import InputError
from qa.text.question import answer_type, spans_of_type
from qa.text.terms import content_words

if TYPE_CHECKING:
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


def probability(signals: Signals, reader: ReaderName = "reader") -> float:
    """Return how likely it is that the corpus states the answer, by what `reader` read."""
    model = _model(reader)
    logit = model["intercept"] + sum(
        weight * getattr(signals, name) for name, weight in model["weights"].items()
    )
    return 1 / (1 + math.exp(-max(-500.0, min(500.0, logit))))


def threshold(strictness: float = STRICTNESS, reader: ReaderName = "reader") -> float:
    """Return the least confidence at which an answer is given.

    Of the answers given, the share `strictness` should then be right.

    It is read off a curve of the development suites, each left out of the fit, where seven in ten questions
    are answerable; right means here that the question is.

    Raises:
        InputError: `strictness` is no number between LOOSEST and STRICTEST.
    """
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
    curve = _model(reader)["curve"]
    return float(np.interp(strictness, curve["precision"], curve["threshold"]))


def is_near(signals: Signals, reader: ReaderName = "reader") -> bool:
    """Tell whether anything that was read comes so near the question that it is worth showing.

    What few passages there were to read makes an answer likelier, and brings none of them nearer.
    """
    return probability(replace(signals, few=0.0), reader) >= WEAK


def outcome(confidence: float, threshold: float, *, near: bool) -> Outcome:
    """Return the outcome at this confidence; `near` says whether anything is near the question."""
    if confidence >= threshold:
        return "answered"
    return "weak" if near else "none"


@cache
def _model(reader: ReaderName) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(files("qa.asking").joinpath(FILE).read_text(encoding="utf-8"))[reader]
    return loaded
