"""Score how well texts answer a question, with cross-encoders, which read question and text together."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import numpy as np

from embeddings import models, runtime
from embeddings.models import DEFAULT_RERANKER, DEFAULT_RERANKER_SHA256, ModelError, cache_folder
from embeddings.torch_world import loading, quiet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentence_transformers import CrossEncoder

    from embeddings.arrays import Float32, Int64

# The model's limit in tokens for question, text and marks, and the number of marks.
_LIMIT = 512
_MARKS = 3
# Layers (of twelve, from 0) whose states `embeddings.relevance` reads, and the states' names in the graph.
LAYERS = (7, 9, 11)
_STATES = [f"/bert/encoder/layer.{layer}/output/LayerNorm/Add_1_output_0" for layer in LAYERS]
# Most tokens of a question: about half of the limit, so that some of the text is always read.
_QUESTION_LIMIT = 254


class Reranker(Protocol):
    """Score texts against a question. Higher is better. The scale is the model's own (raw logits)."""

    def scores(self, query: str, texts: Sequence[str]) -> Float32:
        """Return one score for each text, float32 [n], in the order of `texts`."""


class OnnxReranker:
    """The default reranker (int8). A pair's score depends only on the pair. Threads may share it."""

    def __init__(self) -> None:
        self._model = runtime.open_cached(_folder(), _source)
        self._cls, self._sep = map(self._model.tokenizer.token_to_id, ("[CLS]", "[SEP]"))

    def scores(self, query: str, texts: Sequence[str]) -> Float32:
        """See Reranker."""
        question = self.encode_question(query)
        # Score the longest texts first: then no core is idle for long when the last text ends.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        scores = np.empty(len(texts), dtype=np.float32)
        scores[order] = list(runtime.pool().map(lambda i: self._score(question, texts[i]), order))
        return scores

    def encode_question(self, query: str) -> list[int]:
        """Return the question's tokens, without marks, cut so that there is room for a text."""
        return self._model.tokenizer.encode(query, add_special_tokens=False).ids[:_QUESTION_LIMIT]

    def _score(self, question: list[int], text: str) -> float:
        passage = self._model.tokenizer.encode(text, add_special_tokens=False)
        return float(self._model.session.run(["logits"], self._feed(question, passage.ids))[0][0, 0])

    def encode_texts(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the tokens of each text, without marks."""
        encoded = self._model.tokenizer.encode_batch(texts, add_special_tokens=False)
        return [encoding.ids for encoding in encoded]

    def hidden_states(self, question: list[int], text: list[int]) -> tuple[float, Float32]:
        """Run a pair of token lists. Return its score and the states of LAYERS in a row, float32 [tokens, d].

        The tokens are `[CLS] question [SEP] text [SEP]`. The text is cut to the model's limit.
        """
        logits, *states = self._model.session.run(["logits", *_STATES], self._feed(question, text))
        return float(logits[0, 0]), np.concatenate([state[0] for state in states], axis=-1)

    def _feed(self, question: list[int], text: list[int]) -> dict[str, Int64]:
        text = text[: _LIMIT - _MARKS - len(question)]
        tokens = [self._cls, *question, self._sep, *text, self._sep]
        types = [0] * (len(question) + 2) + [1] * (len(text) + 1)
        return {
            "input_ids": np.array([tokens], dtype=np.int64),
            "attention_mask": np.ones((1, len(tokens)), dtype=np.int64),
            "token_type_ids": np.array([types], dtype=np.int64),
        }


def mend() -> bool:
    """Hash the default reranker's files in the cache. If they are damaged, make them again and return True.

    Raises:
        ModelError: the files are damaged, and the weights that they are made from are damaged, too.
    """
    return runtime.mend(_folder(), _source)


def _folder() -> Path:
    return cache_folder() / f"{DEFAULT_RERANKER_SHA256}-states"


def _source() -> tuple[bytes, str]:
    """Return the graph, with the score and the states of LAYERS as outputs, and the tokenizer."""
    import onnx  # 0.1 s, and only when the model is used for the first time
    from tokenizers import Tokenizer

    folder = models.reranker_folder()
    weights = folder / "model.onnx"
    models.check_weights(weights, DEFAULT_RERANKER_SHA256, DEFAULT_RERANKER, "pullquote")
    model = onnx.load(weights)
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", "tokens", "states"])
        for name in _STATES
    )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return model.SerializeToString(), tokenizer.to_str()


class CrossEncoderReranker:
    """Any sentence-transformers CrossEncoder with one score, on torch. Threads may share it. They take turns.

    Raises:
        ModelError: the model is missing or is not such a model.
    """

    def __init__(self, name: str) -> None:
        self._lock = threading.Lock()
        self._model = _load_cross_encoder(name, models.named_folder(name))

    def scores(self, query: str, texts: Sequence[str]) -> Float32:
        """See Reranker."""
        if not texts:
            return np.empty(0, dtype=np.float32)
        pairs = [(query, text) for text in texts]
        with self._lock, quiet():
            # `predict` sorts by length itself.
            scores = self._model.predict(pairs, batch_size=16, show_progress_bar=False)
        return np.asarray(scores, dtype=np.float32)


def _load_cross_encoder(name: str, folder: Path) -> CrossEncoder:
    """Load a model of the user's with torch. It must give one score for each pair."""
    with loading(name, folder):
        import torch  # takes seconds
        from sentence_transformers import CrossEncoder  # takes seconds

        # Identity: raw logits, even if the model's configuration names another activation.
        model = CrossEncoder(
            str(folder),
            local_files_only=True,
            trust_remote_code=False,
            activation_fn=torch.nn.Identity(),
        )
    if model.num_labels != 1:
        raise ModelError(
            f"{name} gives {model.num_labels} scores a pair; a reranker gives one. Use another model."
        )
    return model
