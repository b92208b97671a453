"""Turn texts into unit vectors: the Encoder protocol, sentence-transformers, and the choice of an encoder.

Torch is not imported before sentence-transformers has to encode a text.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from embeddings import models, runtime
from embeddings.models import EncoderIdentity, ModelError
from embeddings.torch_world import loading, quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sentence_transformers import SentenceTransformer

    from embeddings.arrays import Float32

log = logging.getLogger(__name__)

BATCH = 32


class Encoder(Protocol):
    """Turn texts into vectors of unit length, so that their inner product is their cosine.

    Any text is allowed, even an empty one. The end of a text beyond the model's length limit is cut off.
    """

    @property
    def identity(self) -> EncoderIdentity:
        """The identity of the model, which is recorded with the vectors."""

    def encode_query(self, texts: Sequence[str]) -> Float32:
        """Return vectors float32 [n, d] of questions, with the model's own query prompt."""

    def encode_documents(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> Float32:
        """Return vectors float32 [n, d] of passages, with the model's own document prompt.

        `progress(done, total)` is called after each batch.
        """


def identify_encoder(name: str | None = None, *, download: bool = True) -> EncoderIdentity:
    """Identify an encoder: the default one or its int8 form, a sentence-transformers folder, or a hub id.

    Without `download`, a hub id is looked for only in the local cache.

    Raises:
        ModelError: there is no such model.
    """
    return models.encoder_identity(name, download=download)


def open_encoder(encoder: str | EncoderIdentity | None = None) -> Encoder:
    """Open the encoder for documents, by name or by identity.

    The default encoder and its int8 form run as the graph that also encodes questions. If there is a GPU, the
    default encoder runs in sentence-transformers instead. Every other encoder always does.
    Sentence-transformers imports torch and reads the weights at first use.

    Raises:
        ModelError: there is no such model, or the default encoder's weights are missing or damaged.
    """
    from embeddings import onnx  # a cycle, see open_query_encoder

    identity = encoder if isinstance(encoder, EncoderIdentity) else models.encoder_identity(encoder)
    if onnx.is_own(identity) and not (identity == models.encoder_identity() and runtime.has_gpu()):
        return onnx.open_own(identity)
    return SentenceTransformerEncoder(identity)


def open_query_encoder(identity: EncoderIdentity) -> Encoder:
    """Open the encoder for questions: the same model as a graph, which starts without torch.

    The default encoder and its int8 form need no torch to make the graph. Another encoder is exported first
    if it has no export, which takes a while. If it cannot be exported, or the cache folder cannot be written,
    sentence-transformers is used instead. It gives the same vectors, but starts seconds later.

    Raises:
        ModelError: a graph must be made, and the model is missing or has changed since.
    """
    from embeddings import onnx  # imported here, because an export needs the encoder: a cycle

    if onnx.is_own(identity):
        return onnx.open_own(identity)
    encoder = SentenceTransformerEncoder(identity)
    graph = onnx.find_export(identity) or encoder.export()
    return onnx.OnnxEncoder.of(identity, graph).watch(encoder.export) if graph else encoder


class SentenceTransformerEncoder:
    """A sentence-transformers model, loaded at first use. Threads may share it. They take turns.

    Its methods raise ModelError if the weights are missing, damaged or have changed.
    """

    def __init__(self, identity: EncoderIdentity) -> None:
        self.identity = identity
        self._lock = threading.Lock()
        self._loaded: SentenceTransformer | None = None

    def encode_query(self, texts: Sequence[str]) -> Float32:
        """See Encoder."""
        return self._encode("encode_query", texts, None)

    def encode_documents(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> Float32:
        """See Encoder."""
        return self._encode("encode_document", texts, progress)

    def export(self) -> Any | None:
        """Return the model's ONNX export, and make it if needed. If that fails, warn, and return None."""
        with self._lock:
            return self._export(self._model())

    def _encode(
        self, method: str, texts: Sequence[str], progress: Callable[[int, int], None] | None
    ) -> Float32:
        """Return a vector for each text, by a method of the model. Texts are encoded in batches."""
        vectors = np.empty((len(texts), self.identity.dimension), dtype=np.float32)
        # Texts of similar length share a batch, so that there is little padding. The longest texts come
        # first, so that a machine with too little memory fails at once.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(texts), BATCH):
            rows = order[start : start + BATCH]
            # Other threads can use the model between batches.
            with self._lock, quiet():
                vectors[rows] = getattr(self._model(), method)(
                    [texts[i] for i in rows],
                    batch_size=BATCH,
                    show_progress_bar=False,
                    convert_to_numpy=True,
                    normalize_embeddings=True,
                )
            if progress:
                progress(start + len(rows), len(texts))
        return vectors

    def _model(self) -> SentenceTransformer:
        """Return the model. At the first call, load it with torch, and export it unless it is our own."""
        if self._loaded is None:
            folder = models.encoder_folder(self.identity)
            with loading(self.identity.name, folder):
                from sentence_transformers import SentenceTransformer  # takes seconds

                # Use local files only, without the folder's code and without requests to the hub.
                model = SentenceTransformer(str(folder), local_files_only=True, trust_remote_code=False)
                dimension = model.encode([""], show_progress_bar=False).shape[1]
            if dimension != self.identity.dimension:
                raise ModelError(
                    f"The configuration of {self.identity.name} states vectors of length "
                    f"{self.identity.dimension}, but its vectors have the length {dimension}: use "
                    "another encoder."
                )
            self._loaded = model
            # Export now, while torch is loaded: the next process, which only asks, then starts without torch.
            if self.identity != models.encoder_identity():
                self._export(model)
        return self._loaded

    def _export(self, model: SentenceTransformer) -> Any | None:
        from embeddings import onnx  # a cycle, see open_query_encoder

        try:
            return onnx.find_export(self.identity) or onnx.export(model, self.identity)
        except (ModelError, OSError) as error:
            log.warning("Questions are encoded by sentence-transformers, which starts slowly: %s", error)
            return None
