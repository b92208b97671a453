"""Whether a window answers a question, and which of its sentences do: linear heads on the cross-encoder.

A cross-encoder is trained for relevance and gives a passage that looks right as high a score as one that
answers. Its hidden states know more than its score says: two logistic regressions on them, fitted by
`training/reading_head.py`, read it off in the same forward pass. What they can and cannot do:
docs/decisions/0006-reading-head.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
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

    @property
    def text(self) -> str:
        """All of it, as one text."""
        return "\n".join(part for part in (self.head, " ".join(self.sentences)) if part)


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What the heads see: `window` float32 [w]; `sentences` float32 [n, s], NaN where one was not read."""

    relevance: float
    window: Float32
    sentences: Float32


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read off a window, as logits.

    `relevance` is the cross-encoder's own score, `answers` whether the window answers the question,
    `evidence` float32 [n] which of its sentences do; -inf for one that lay beyond the model's limit.
    """

    relevance: float
    answers: float
    evidence: Float32


class Reader:
    """Reads windows with the default cross-encoder. Threads may share it."""

    def __init__(self, reranker: OnnxReranker) -> None:
        self._reranker = reranker

    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        """Read each window by itself, in the order given."""
        head = _head()
        readings = []
        for features in self.features(question, windows):
            answers = features.window @ head["window_weights"] + head["window_bias"]
            evidence = features.sentences @ head["sentence_weights"] + head["sentence_bias"]
            evidence = np.where(np.isnan(evidence), -np.inf, evidence).astype(np.float32)
            readings.append(Reading(features.relevance, float(answers), evidence))
        return readings

    def features(self, question: str, windows: Sequence[Window]) -> list[Features]:
        """Give what the heads see of each window; what they are fitted on."""
        encoded = self._reranker.encode_question(question)
        return list(runtime.pool().map(lambda window: self._features(encoded.ids, window), windows))

    def _features(self, question: list[int], window: Window) -> Features:
        head, *sentences = self._reranker.encode_texts([window.head, *window.sentences])
        tokens = list(head)
        spans = []
        for sentence in sentences:
            spans.append((len(tokens), len(tokens) + len(sentence)))
            tokens += sentence
        logit, hidden = self._reranker.hidden_states(question, tokens)
        first = len(question) + 2  # after [CLS], the question and [SEP]
        asked, read = hidden[1 : first - 1], hidden[first:-1]
        pooled = np.full((len(spans), hidden.shape[1]), np.nan, dtype=np.float32)
        for row, (start, end) in enumerate(spans):
            if start < end and start < len(read):
                pooled[row] = read[start:end].mean(axis=0)
        strongest = np.nanmax(pooled, axis=0) if len(read) and spans else np.zeros_like(hidden[0])
        cls = hidden[0]
        return Features(
            logit,
            np.concatenate([cls, asked.mean(axis=0), strongest, [logit]]).astype(np.float32),
            np.concatenate([pooled, np.broadcast_to(cls, pooled.shape)], axis=1),
        )


@cache
def _head() -> dict[str, Float32]:
    with files("embeddings").joinpath(HEAD_FILE).open("rb") as stored, np.load(stored) as arrays:
        return {name: arrays[name] for name in arrays.files}
