"""The substitute for our own reader: a cross-encoder, which knows what a passage is about.

The cross-encoder is trained for relevance. A passage that only looks right gets as high a score as a passage
that answers. Its hidden states know more than its score says. A logistic regression on the states, fitted by
`training/relevance_head.py`, computes this in the same forward pass (docs/decisions/0009-reader.md). The
cross-encoder must score sentences one by one.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from embeddings import runtime
from embeddings.reading import Reading
from embeddings.reranker import CrossEncoderReranker, OnnxReranker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.arrays import Float32
    from embeddings.reading import ReaderName, Window
    from embeddings.reranker import Reranker

HEAD_FILE = "relevance_head.npz"
# Weights in the order of windows, next to relevance (weight 1): of "it answers", and of how well the window
# was retrieved, 0 to 1 (docs/decisions/0009-reader.md). Then the number of first windows whose sentences are
# scored.
ANSWERS_WEIGHT = 0.5
RETRIEVED_WEIGHT = 4.0
SCORED = 3
# Number of best sentences that are read again after the sentence before them, and the weight of that score.
IN_CONTEXT = 6
CONTEXT_WEIGHT = 0.5
# Factor on the scores. They run from -11 to 11 and, as logits, would be far too sure.
TEMPERED = 0.4


class CrossEncoderReader:
    """Read windows with the default cross-encoder.

    Raises:
        ModelError: the weights are missing or damaged.
    """

    name: ReaderName = "cross-encoder"
    model = "cross-encoder"
    deeper = None

    def __init__(self) -> None:
        self._reranker = OnnxReranker()

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        """See Reader. Only the SCORED best readings have sentences."""
        weights, bias = _head()
        readings = []
        for row, retrieval_score in zip(self.features(question, windows), retrieved, strict=True):
            answers = float(row @ weights + bias)
            # The cross-encoder's score is the last of the features.
            score = float(row[-1]) + ANSWERS_WEIGHT * answers + RETRIEVED_WEIGHT * retrieval_score
            readings.append(Reading(score, answers))
        return _with_sentences(self._reranker, question, windows, readings)

    def features(self, question: str, windows: Sequence[Window]) -> list[Float32]:
        """Return the features of each window for the logistic regression, float32 [features] each.

        The features are the hidden states of the first token, the mean over the question's tokens, the
        greatest of the sentences' means, and the score.
        """
        asked = self._reranker.encode_question(question)
        return list(runtime.pool().map(lambda window: self._features(asked, window), windows))

    def _features(self, question: list[int], window: Window) -> Float32:
        """Return what relevance is estimated from: mean states of question and sentences, and the score."""
        head, *sentences = self._reranker.encode_texts([window.head, *window.sentences])
        tokens = list(head)
        starts = []
        for sentence in sentences:
            starts.append(len(tokens))
            tokens += sentence
        score, hidden = self._reranker.hidden_states(question, tokens)
        first = len(question) + 2  # after [CLS], the question and [SEP]
        read = hidden[first:-1]
        # Sentences beyond the model's limit are not read.
        bounds = [*(start for start in starts if start < len(read)), len(read)]
        means = [read[start:end].mean(axis=0) for start, end in pairwise(bounds) if start < end]
        greatest = np.max(means, axis=0) if means else np.zeros_like(hidden[0])
        asked = hidden[1 : first - 1].mean(axis=0)
        return np.concatenate([hidden[0], asked, greatest, [score]]).astype(np.float32)


class NamedReader:
    """Read windows with any CrossEncoder of one score. Only its score is used: nothing was fitted to it.

    Raises:
        ModelError: there is no such model.
    """

    name: ReaderName = "cross-encoder"
    deeper = None

    def __init__(self, model: str) -> None:
        self.model = model
        self._reranker = CrossEncoderReranker(model)

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        """See Reader. Only the SCORED best readings have sentences."""
        scores = self._reranker.scores(question, [" ".join((w.head, *w.sentences)).strip() for w in windows])
        readings = [
            Reading(score + RETRIEVED_WEIGHT * retrieval_score, TEMPERED * score)
            for score, retrieval_score in zip(scores.tolist(), retrieved, strict=True)
        ]
        return _with_sentences(self._reranker, question, windows, readings)


def _with_sentences(
    reranker: Reranker, question: str, windows: Sequence[Window], readings: list[Reading]
) -> list[Reading]:
    """Add the scores of their sentences to the SCORED best readings."""
    best = sorted(range(len(readings)), key=lambda index: -readings[index].score)[:SCORED]
    scored = _sentences(reranker, question, [windows[index] for index in best])
    for index, scores in zip(best, scored, strict=True):
        readings[index] = replace(readings[index], sentences=scores, words=(None,) * len(scores))
    return readings


def _sentences(reranker: Reranker, question: str, windows: Sequence[Window]) -> list[tuple[float, ...]]:
    """Score each sentence of the windows. Score the best sentences in their context, too.

    Alone, a sentence that says "they" or "that month" scores too low. After the sentence before it, a
    sentence that only follows the answer scores too high. The weighted mean of both scores is right more
    often than either. If the windows have several heads, a sentence is read with its head. A single head does
    not distinguish sentences, and makes their scores less clear (docs/decisions/0009-reader.md).
    """
    several = len({window.head for window in windows}) > 1
    texts: list[str] = []
    in_context: dict[int, str] = {}
    for window in windows:
        for index, (before, text) in enumerate(pairwise(window.sentences), start=len(texts) + 1):
            in_context[index] = f"{before} {text}"
        head = f"{window.head}: " if several and window.head else ""
        texts += [head + text for text in window.sentences]
    scores = reranker.scores(question, texts)
    best = [index for index in np.argsort(-scores, kind="stable")[:IN_CONTEXT] if index in in_context]
    again = reranker.scores(question, [in_context[index] for index in best])
    scores[best] = (scores[best] + CONTEXT_WEIGHT * again) / (1 + CONTEXT_WEIGHT)
    every = iter((scores * TEMPERED).tolist())
    return [tuple(next(every) for _ in window.sentences) for window in windows]


@cache
def _head() -> tuple[Float32, float]:
    with (
        files("embeddings").joinpath(HEAD_FILE).open("rb") as stored,
        np.load(stored, allow_pickle=False) as arrays,
    ):
        return arrays["weights"], float(arrays["bias"])
