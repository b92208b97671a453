"""Whether a window answers a question: a linear head on the cross-encoder.

A cross-encoder is trained for relevance and gives a passage that looks right as high a score as one that
answers. Its hidden states know more than its score says: a logistic regression on them, fitted by
`training/reading_head.py`, reads it off in the same forward pass. What it is worth: docs/quality.md; why it
is there: docs/decisions/0005-reading-head.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from embeddings import runtime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.arrays import Float32
    from embeddings.reranker import OnnxReranker

HEAD_FILE = "reading_head.npz"


@dataclass(frozen=True, slots=True)
class Window:
    """What is read at once: a head that says where it is from (may be empty), and sentences in order."""

    head: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read off a window, as logits.

    `relevance` is the cross-encoder's own score, `answers` whether the window answers the question.
    """

    relevance: float
    answers: float


class Reader:
    """Reads windows with the default cross-encoder. Threads may share it."""

    def __init__(self, reranker: OnnxReranker) -> None:
        self._reranker = reranker

    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        """Read each window by itself, in the order given."""
        weights, bias = _head()
        # The cross-encoder's score is the last of the features.
        return [
            Reading(float(row[-1]), float(row @ weights + bias)) for row in self.features(question, windows)
        ]

    def features(self, question: str, windows: Sequence[Window]) -> list[Float32]:
        """Give what the head sees of each window, and is fitted on: float32 [features] each.

        The hidden states of the first token, the mean over the question's, the greatest among the sentences'
        means, and the score.
        """
        asked = self._reranker.encode_question(question)
        return list(runtime.pool().map(lambda window: self._features(asked, window), windows))

    def _features(self, question: list[int], window: Window) -> Float32:
        head, *sentences = self._reranker.encode_texts([window.head, *window.sentences])
        tokens = list(head)
        starts = []
        for sentence in sentences:
            starts.append(len(tokens))
            tokens += sentence
        score, hidden = self._reranker.hidden_states(question, tokens)
        first = len(question) + 2  # after [CLS], the question and [SEP]
        read = hidden[first:-1]
        # What the model's limit has cut off is not read.
        bounds = [*(start for start in starts if start < len(read)), len(read)]
        means = [read[start:end].mean(axis=0) for start, end in pairwise(bounds) if start < end]
        greatest = np.max(means, axis=0) if means else np.zeros_like(hidden[0])
        asked = hidden[1 : first - 1].mean(axis=0)
        return np.concatenate([hidden[0], asked, greatest, [score]]).astype(np.float32)


@cache
def _head() -> tuple[Float32, float]:
    with files("embeddings").joinpath(HEAD_FILE).open("rb") as stored, np.load(stored) as arrays:
        return arrays["weights"], float(arrays["bias"])
