"""Run an encoder on ONNX Runtime without torch: the default encoder, or another encoder's export.

The default encoder's graph is built from its weights (`embeddings/bert.py`). For any other encoder, the whole
sentence-transformers pipeline is traced and exported once. The transformer, its pooling and the modules after
it are the model's own, so no pooling is written here again. A graph takes the token ids of one text, because
texts are run one by one. There is no padding, so there is nothing to mask.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors
from tokenizers import Tokenizer

from embeddings import bert, models, runtime
from embeddings.models import EncoderIdentity, ModelError, cache_folder
from embeddings.torch_world import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentence_transformers import SentenceTransformer

    from embeddings.arrays import Float32

# These errors have no common base class of their own.
_RUNTIME_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)

# The library never makes a stored embedding again. So indexing into the same library would not help.
_CONSEQUENCE = (
    f"{runtime.WRONG_ANSWERS} Documents that were indexed before may not be found: index them again "
    "into a new library."
)
_REPORT_EVERY = 32
_MINIMUM_COSINE = 0.9999

# Texts that an export must encode as the original does: an empty text, one letter, characters outside every
# vocabulary, other scripts, sentences, white space at the ends, and more than any length limit.
_TRIALS = (
    "",
    "a",
    "🙂 ½ \u200b�",
    "Кто был арестован? 谁被逮捕了？",
    "Who arrested the dealers, and when?",
    "  The ministry said that “all scrap” had to be handed over.\n\n Prices rose by 12.5% in March 2008.  ",
    "An unusually long account of one and the same event, " * 400,
)


class OnnxEncoder:
    """An encoder as a graph. Any number of threads may share it."""

    def __init__(
        self,
        identity: EncoderIdentity,
        model: runtime.Model,
        query_prompt: str = "",
        document_prompt: str = "",
    ) -> None:
        self.identity = identity
        self._model = model
        self._query_prompt = query_prompt
        self._document_prompt = document_prompt

    @classmethod
    def of(cls, identity: EncoderIdentity, graph: runtime.Graph) -> Self:
        """Open an export."""
        return cls(identity, runtime.open_graph(graph), **graph.settings)

    def watch(self, export: Callable[[], runtime.Graph | None]) -> Self:
        """Let the export's files be hashed later. If they are damaged, `export` makes them again."""

        def make_again() -> runtime.Model:
            if graph := export():
                return runtime.open_graph(graph)
            raise ModelError(f"{self.identity.name} was not exported again")

        runtime.watch(self._model, _folder(self.identity), make_again, _CONSEQUENCE)
        return self

    def encode_query(self, texts: Sequence[str]) -> Float32:
        """See Encoder."""
        return self._encode(self._query_prompt, texts, None)

    def encode_documents(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> Float32:
        """See Encoder."""
        return self._encode(self._document_prompt, texts, progress)

    def _encode(
        self, prompt: str, texts: Sequence[str], progress: Callable[[int, int], None] | None
    ) -> Float32:
        vectors = np.empty((len(texts), self.identity.dimension), dtype=np.float32)
        rows = runtime.in_turn(self._vector, (prompt + text for text in texts))
        for done, row in enumerate(rows, start=1):
            vectors[done - 1] = row
            if progress and (done % _REPORT_EVERY == 0 or done == len(texts)):
                progress(done, len(texts))
        return vectors

    def _vector(self, text: str) -> Float32:
        tokens = np.array([self._model.tokenizer.encode(text).ids], dtype=np.int64)
        vector: Float32 = self._model.session.run(["embedding"], {"tokens": tokens})[0][0]
        return vector


def is_own(identity: EncoderIdentity) -> bool:
    """Return whether this is the default encoder or its int8 form, which `open_own` opens."""
    return identity in (models.encoder_identity(), models.encoder_identity(models.INT8_ENCODER))


def open_own(identity: EncoderIdentity) -> OnnxEncoder:
    """Open the default encoder or its int8 form.

    Raises:
        ModelError: the weights are missing or damaged, or this ONNX Runtime is too old for the int8 form.
    """
    try:
        model = runtime.open_cached(_folder(identity), lambda: _own_graph(identity), _CONSEQUENCE)
    except _RUNTIME_ERRORS as error:
        raise ModelError(f"ONNX Runtime cannot run {identity.name} ({error}): upgrade onnxruntime") from error
    return OnnxEncoder(identity, model)


def _own_graph(identity: EncoderIdentity) -> tuple[bytes, str]:
    int8 = identity != models.encoder_identity()
    return bert.encoder_graph(models.encoder_folder(identity), int8=int8)


def mend(identity: EncoderIdentity) -> bool:
    """Hash the files of an encoder in the cache. Return whether they were damaged.

    Damaged files of the default encoder or its int8 form are made again now. Another encoder's files are made
    at its next use.

    Raises:
        ModelError: the files are damaged, and the weights that they are made from are damaged, too.
    """
    if is_own(identity):
        return runtime.mend(_folder(identity), lambda: _own_graph(identity))
    return runtime.is_damaged(_folder(identity))


def find_export(identity: EncoderIdentity) -> runtime.Graph | None:
    """Return the model's export, or None if there is no whole export."""
    return runtime.find(_folder(identity))


def export(model: SentenceTransformer, identity: EncoderIdentity) -> runtime.Graph:
    """Export a loaded model, compare the export with the original, and store it.

    Raises:
        ModelError: the model cannot be exported, or its export gives other vectors.
        OSError: the cache folder cannot be written.
    """
    folder = _folder(identity)
    models.make_cache_folder(folder)
    with tempfile.TemporaryDirectory(prefix=".export-", dir=folder, ignore_cleanup_errors=True) as work:
        traced = Path(work) / "traced.onnx"
        tokenizer = _tokenizer(model, identity)
        _trace(model, tokenizer, traced, identity)
        settings = {
            "query_prompt": _prompt(model, "query"),
            "document_prompt": _prompt(model, "document", "passage", "corpus"),
        }
        try:
            graph = runtime.prepare(traced, tokenizer.to_str(), settings, Path(work))
            _compare(model, OnnxEncoder.of(identity, graph))
        except _RUNTIME_ERRORS as error:
            raise ModelError(f"ONNX Runtime cannot run the export of {identity.name}: {error}") from error
        return runtime.keep(graph, folder)


def _folder(identity: EncoderIdentity) -> Path:
    # Earlier versions stored a trace of the default encoder under its hash alone, and later a slower graph.
    kind = "-graph-2" if identity == models.encoder_identity() else ""
    return cache_folder() / f"{identity.sha256}{kind}"


def _tokenizer(model: SentenceTransformer, identity: EncoderIdentity) -> Tokenizer:
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        raise ModelError(f"{identity.name} has no tokenizer that can be stored, so it cannot be exported.")
    tokenizer = Tokenizer.from_str(backend.to_str())
    tokenizer.no_padding()
    if limit := model.max_seq_length:
        tokenizer.enable_truncation(limit)
    return tokenizer


def _prompt(model: SentenceTransformer, *names: str) -> str:
    """Return the prompt that sentence-transformers would choose: of the first known name, or the default."""
    prompts: dict[str, str] = model.prompts
    chosen = next((name for name in names if name in prompts), model.default_prompt_name)
    return (prompts.get(chosen) or "") if chosen else ""


def _trace(model: SentenceTransformer, tokenizer: Tokenizer, target: Path, identity: EncoderIdentity) -> None:
    """Write a model of sentence-transformers, with pooling and normalisation, as a graph to `target`."""
    import torch  # takes seconds

    class Pipeline(torch.nn.Module):  # type: ignore[misc] # torch is not type-checked
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
            embedding = self.model(features)["sentence_embedding"]
            return torch.nn.functional.normalize(embedding, dim=1)

    device, training = model.device, model.training
    sample = torch.tensor([tokenizer.encode(_TRIALS[4]).ids])
    try:
        with quiet(), torch.no_grad():
            torch.onnx.export(
                Pipeline().eval().to("cpu"),
                (sample,),
                str(target),
                input_names=["tokens"],
                output_names=["embedding"],
                dynamic_axes={"tokens": {1: "length"}},
                opset_version=17,
                # The newer exporter would need the package onnxscript, which is used nowhere else.
                dynamo=False,
            )
    # The errors that a tracer raises on other people's modules have no common class.
    except (RuntimeError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise ModelError(f"{identity.name} cannot be exported to ONNX: {error}") from error
    finally:
        model.to(device).train(training)


def _compare(model: SentenceTransformer, exported: OnnxEncoder) -> None:
    """Check that the exported graph gives the vectors of its model."""
    settings: dict[str, Any] = {"show_progress_bar": False, "normalize_embeddings": True}
    with quiet():
        pairs = (
            (model.encode_query(list(_TRIALS), **settings), exported.encode_query(_TRIALS)),
            (model.encode_document(list(_TRIALS), **settings), exported.encode_documents(_TRIALS)),
        )
    cosine = min(float((expected * actual).sum(axis=1).min()) for expected, actual in pairs)
    if not cosine > _MINIMUM_COSINE:  # also true for a NaN
        raise ModelError(
            f"The ONNX export of {exported.identity.name} gives other vectors (cosine {cosine:.4f})."
        )
