"""Read windows: find out whether sentences answer a question, and by what words.

The reader is our own: a cross-encoder that `training/reader.py` trains further. In one pass, it gives a logit
for the window and a logit for each sentence. For each token, it gives a logit as the first and as the last
word of the answer (docs/reader.md). If its weights are missing, and for comparison,
`embeddings.relevance.CrossEncoderReader` reads instead.
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


# The model's limit, in tokens, for question, window and marks. A question may take about half of it, so that
# some of the window is always read.
_LIMIT = 512
_QUESTION_LIMIT = 254
_HEAD_LIMIT = 40
_CONTEXT_LIMIT = 80
# Most tokens of the words that answer.
_LONGEST = 30
_PLACES = np.arange(_LIMIT)
_LENGTHS = _PLACES - _PLACES[:, None]
_IMPOSSIBLE = np.where((_LENGTHS < 0) | (_LENGTHS >= _LONGEST), -np.inf, 0.0).astype(np.float32)
# Weight in a window's score of how well the window was retrieved, 0 to 1 (docs/decisions/0009-reader.md).
RETRIEVED_WEIGHT = 2.0


def open_reader(name: str | None = None) -> Reader:
    """Open a reader by name. The default is our own reader.

    "deep" names our own reader with the deeper reader, whose weights must then exist. "cross-encoder" is the
    default cross-encoder. Any other name is a CrossEncoder: a folder or a hub id. If no name is given and our
    reader's weights are missing, the cross-encoder is opened, with a warning.

    Raises:
        ModelError: the weights are missing or damaged.
    """
    from embeddings.relevance import CrossEncoderReader, NamedReader  # our own reader does not need them

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
        log.warning("%s Until then, the cross-encoder reads and finds fewer answers.", error)
        return CrossEncoderReader()
    return reader


class TrainedReader:
    """Our own reader. The reading of a window depends only on the window.

    With `is_deeper`, this is the deeper reader itself.

    Raises:
        ModelError: the weights are missing or damaged.
    """

    def __init__(self, name: ReaderName = "reader", *, is_deeper: bool = False) -> None:
        self.name = name
        self.model: str = name
        self._is_deeper = is_deeper
        weights = models.deep_reader_weights if is_deeper else models.reader_weights
        self._model = runtime.open_cached(_folder(deep=is_deeper), weights)
        self._marks = marks(self._model.tokenizer)
        # A graph before the fourth version gives no relevance. The deeper reader's graph has no token types.
        self._outputs = [output.name for output in self._model.session.get_outputs()]
        self._has_types = len(self._model.session.get_inputs()) > 2

    @cached_property
    def deeper(self) -> TrainedReader | None:
        """The deeper reader, opened at first use. If its weights are missing, warn, and return None.

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
            log.warning("%s Until then, the deeper reader is not used.", error)
            return None

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        """See Reader."""
        asked = self._model.tokenizer.encode(question, add_special_tokens=False).ids[:_QUESTION_LIMIT]
        # Read the longest windows first: then no core is idle for long when the last window ends.
        order = sorted(range(len(windows)), key=lambda index: -sum(map(len, windows[index].sentences)))
        read = runtime.pool().map(lambda index: self._read(asked, windows[index], retrieved[index]), order)
        by_place = dict(zip(order, read, strict=True))
        return [by_place[index] for index in range(len(windows))]

    def _read(self, question: list[int], window: Window, retrieved: float) -> Reading:
        """Read one window. `question` is the tokens of the question."""
        head, context, *sentences = self._model.tokenizer.encode_batch(
            [window.head, window.context, *window.sentences], add_special_tokens=False
        )
        tokens, types, bounds = lay_out(
            self._marks, question, head.ids, context.ids, [encoding.ids for encoding in sentences], _LIMIT
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
        answers = [
            _words(span[start:end], text, encoding) if start < end else None
            for text, encoding, (start, end) in zip(
                window.sentences, sentences, pairwise(bounds), strict=True
            )
        ]
        return Reading(
            score + RETRIEVED_WEIGHT * retrieved,
            score,
            max((answer[0] for answer in answers if answer), default=none) - none,
            tuple(
                _both(score, float(logit)) if answer else -np.inf
                for logit, answer in zip(evidence, answers, strict=True)
            ),
            tuple(answer[1] if answer and answer[0] > none else None for answer in answers),
            float(given["relevance"][0]) if "relevance" in given else None,
            tuple(
                float(logit) if answer else -np.inf
                for logit, answer in zip(given["parts"], answers, strict=True)
            )
            if "parts" in given
            else (),
        )


def mend() -> bool:
    """Hash the files of our readers in the cache. If they are damaged, make them again, and return True.

    Raises:
        ModelError: the files are damaged, and the weights that they are made from are damaged, too.
    """
    small = runtime.mend(_folder(), models.reader_weights)
    return runtime.mend(_folder(deep=True), models.deep_reader_weights) or small


def _folder(*, deep: bool = False) -> Path:
    return cache_folder() / (DEEP_READER_SHA256 if deep else READER_SHA256)


def _both(one: float, other: float) -> float:
    """Return the logit of the product of two probabilities, given their logits."""
    return float(-np.logaddexp(np.logaddexp(-one, -other), -one - other))


def marks(tokenizer: Tokenizer) -> tuple[int, int]:
    """Return the ids of `[CLS]` and `[SEP]`."""
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

    The layout is `[CLS] question [SEP] head sentences [SEP]`. If there is a context, `context [SEP]` comes
    before the sentences. Returns the tokens, their types, and the bounds of the sentences: where each starts,
    and where the last one ends. Training uses the same layout: what the model reads must be what it learnt to
    read.
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
    """Return the likeliest answer in a sentence's tokens [tokens, first or last]: its logit and offsets."""
    # The last word is not before the first word, and fewer than _LONGEST tokens after it.
    both = span[:, :1] + span[:, 1] + _IMPOSSIBLE[: len(span), : len(span)]
    first, last = divmod(int(np.argmax(both)), len(span))
    start, end = encoding.offsets[first][0], encoding.offsets[last][1]
    # A token may be part of a word: extend the offsets to whole words.
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return float(both[first, last]), (start, end)
