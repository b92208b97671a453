"""Which sentences of a window answer a question, whether any does, and in which words.

The reader is our own: a cross-encoder trained further by `training/reader.py` to give, in one pass, a logit
for the window, one for each sentence, and for each token one as the first and one as the last word of the
answer (docs/reader.md). `embeddings.relevance.CrossEncoderReader` stands in for it where its weights are
missing, and for comparison.
"""

from __future__ import annotations

import logging
from functools import cached_property
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING

import numpy as np

from embeddings import models, runtime
from embeddings.models import DEEP_READER_SHA256, READER_SHA256, ModelError, cache_folder
from embeddings.reading import Reader, ReaderName, Reading, Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Encoding, Tokenizer

    from embeddings.arrays import Float32

log = logging.getLogger(__name__)


# The model's own limit, in tokens, for question, window and the marks around them. A question may take half
# of it, so that some of the window is always read.
_LIMIT = 512
_QUESTION_LIMIT = 254
_HEAD_LIMIT = 40
_CONTEXT_LIMIT = 80
# The words that answer are at most so many tokens.
_LONGEST = 30
_PLACES = np.arange(_LIMIT)
_LENGTHS = _PLACES - _PLACES[:, None]
_IMPOSSIBLE = np.where((_LENGTHS < 0) | (_LENGTHS >= _LONGEST), -np.inf, 0.0).astype(np.float32)
# How much it counts in a window's score how well it was retrieved, 0 to 1 (docs/decisions/0009-reader.md).
RETRIEVED_WEIGHT = 2.0


def open_reader(name: str | None = None) -> Reader:
    """Open a reader by name; by default our own, or, with a warning, the cross-encoder where it is missing.

    "deep" names our own reader, too. Any other name is that of a CrossEncoder: a folder or a hub id.

    Raises:
        ModelError: its weights are missing or damaged.
    """
    from embeddings.relevance import CrossEncoderReader, NamedReader  # our own reader does without them

    if name == "cross-encoder":
        return CrossEncoderReader()
    if name and name not in ("reader", "deep"):
        return NamedReader(name)
    try:
        reader = TrainedReader("deep" if name == "deep" else "reader")
        if name == "deep":
            _ = reader.deeper  # its weights must be there
    except ModelError as error:
        if name:
            raise
        log.warning("%s Until then the cross-encoder reads, which finds fewer answers.", error)
        return CrossEncoderReader()
    return reader


class TrainedReader:
    """Our own reader. What it reads off a window depends on that window alone.

    With `is_deeper` it is the deeper one itself.

    Raises:
        ModelError: its weights are missing or damaged.
    """

    def __init__(self, name: ReaderName = "reader", *, is_deeper: bool = False) -> None:
        self.name = name
        self.model: str = name
        self._is_deeper = is_deeper
        weights = models.deep_reader_weights if is_deeper else models.reader_weights
        self._model = runtime.open_kept(_folder(deep=is_deeper), weights)
        self._marks = marks(self._model.tokenizer)
        # A graph of before the fourth version gives no relevance, and the deeper one has no types of tokens.
        self._outputs = [output.name for output in self._model.session.get_outputs()]
        self._has_types = len(self._model.session.get_inputs()) > 2

    @cached_property
    def deeper(self) -> TrainedReader | None:
        """The deeper reader, opened at first use. Without its weights there is a warning, and None.

        Raises:
            ModelError: the weights are missing or damaged, and this reader is called "deep".
        """
        if self._is_deeper:
            return None
        try:
            return TrainedReader(is_deeper=True)
        except ModelError as error:
            if self.name == "deep":
                raise
            log.warning("%s Until then no deeper reader reads.", error)
            return None

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        """See Reader."""
        asked = self._model.tokenizer.encode(question, add_special_tokens=False).ids[:_QUESTION_LIMIT]
        # The longest first: when the last one ends, no core has been idle for long.
        order = sorted(range(len(windows)), key=lambda place: -sum(map(len, windows[place].sentences)))
        read = runtime.pool().map(lambda place: self._read(asked, windows[place], retrieved[place]), order)
        by_place = dict(zip(order, read, strict=True))
        return [by_place[place] for place in range(len(windows))]

    def _read(self, question: list[int], window: Window, retrieved: float) -> Reading:
        head, context, *sentences = self._model.tokenizer.encode_batch(
            [window.head, window.context, *window.sentences], add_special_tokens=False
        )
        tokens, types, bounds = lay_out(
            self._marks, question, head.ids, context.ids, [each.ids for each in sentences], _LIMIT
        )
        # A sentence's mean over its tokens, as a matrix [sentences, tokens].
        pool = np.zeros((len(sentences), len(tokens)), dtype=np.float32)
        for row, (start, end) in zip(pool, pairwise(bounds), strict=True):
            row[start:end] = 1 / max(1, end - start)
        inputs = {"input_ids": np.array([tokens], dtype=np.int64), "pool": pool}
        if self._has_types:
            inputs["token_type_ids"] = np.array([types], dtype=np.int64)
        given = dict(zip(self._outputs, self._model.session.run(None, inputs), strict=True))
        evidence, span = given["sentences"], given["span"]
        score = float(given["window"][0])
        none = float(span[0].sum())
        found = [
            _words(span[start:end], text, encoding) if start < end else None
            for text, encoding, (start, end) in zip(
                window.sentences, sentences, pairwise(bounds), strict=True
            )
        ]
        return Reading(
            score + RETRIEVED_WEIGHT * retrieved,
            score,
            max((each[0] for each in found if each), default=none) - none,
            tuple(
                _both(score, float(logit)) if each else -np.inf
                for logit, each in zip(evidence, found, strict=True)
            ),
            tuple(each[1] if each and each[0] > none else None for each in found),
            float(given["relevance"][0]) if "relevance" in given else None,
            tuple(
                float(logit) if each else -np.inf for logit, each in zip(given["parts"], found, strict=True)
            )
            if "parts" in given
            else (),
        )


def mend() -> bool:
    """Hash the files of our readers in the cache; make them again, and say so, if they are damaged.

    Raises:
        ModelError: they are damaged, and so are the weights that they are made of.
    """
    small = runtime.mend(_folder(), models.reader_weights)
    return runtime.mend(_folder(deep=True), models.deep_reader_weights) or small


def _folder(*, deep: bool = False) -> Path:
    return cache_folder() / (DEEP_READER_SHA256 if deep else READER_SHA256)


def _both(one: float, other: float) -> float:
    """The logit of a product of two probabilities, from theirs."""
    return float(-np.logaddexp(np.logaddexp(-one, -other), -one - other))


def marks(tokenizer: Tokenizer) -> tuple[int, int]:
    """The ids of `[CLS]` and `[SEP]`."""
    cls, sep = tokenizer.encode("").ids
    return cls, sep


def lay_out(
    marks: tuple[int, int],
    question: list[int],
    head: list[int],
    context: list[int],
    sentences: Sequence[list[int]],
    limit: int,
) -> tuple[list[int], list[int], list[int]]:
    """Lay out what the model reads, in at most `limit` tokens.

    That is `[CLS] question [SEP] head sentences [SEP]`, with `context [SEP]` before the
    sentences if there is any. Gives the tokens, their types, and the places where the sentences start and
    the last one ends. It is the same in training: what the model reads must be what it learnt to read.
    """
    cls, sep = marks
    tokens = [cls, *question, sep]
    types = [0] * len(tokens)
    tokens += head[:_HEAD_LIMIT]
    if context:
        tokens += [*context[:_CONTEXT_LIMIT], sep]
    bounds = [min(bound, limit - 1) for bound in accumulate(map(len, sentences), initial=len(tokens))]
    tokens += chain.from_iterable(sentences)
    tokens = [*tokens[: limit - 1], sep]
    return tokens, types + [1] * (len(tokens) - len(types)), bounds


def _words(span: Float32, text: str, encoding: Encoding) -> tuple[float, tuple[int, int]]:
    """The likeliest words that answer, in a sentence's tokens [tokens, first or last]: logit, offsets."""
    # Not before the first word, nor _LONGEST tokens from it.
    both = span[:, :1] + span[:, 1] + _IMPOSSIBLE[: len(span), : len(span)]
    first, last = divmod(int(np.argmax(both)), len(span))
    start, end = encoding.offsets[first][0], encoding.offsets[last][1]
    # A token may be part of a word.
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return float(both[first, last]), (start, end)
