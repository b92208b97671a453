"""The encoders of a library: which one is in use, opened when it is needed."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from embeddings.encoder import identify_encoder, open_encoder, open_query_encoder
from embeddings.models import ModelError as WeightsError
from qa.errors import ModelError
from qa.vectors import check_encoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.store import Store


class Encoders:
    """What embeds the documents of a library, and the questions. May be used from several threads."""

    def __init__(self, store: Store, encoder: str | Encoder | None) -> None:
        self._store = store
        self._lock = threading.RLock()
        self._take(encoder)

    def use(self, encoder: str | Encoder | None) -> None:
        """Take an encoder by name, or as it is, or else the library's own; let go of what was open before."""
        with self._lock:
            self._take(encoder)

    def _take(self, encoder: str | Encoder | None) -> None:
        self._name = encoder if isinstance(encoder, str) else None
        self._given = None if isinstance(encoder, str) else encoder
        self._identity: EncoderIdentity | None = self._given.identity if self._given else None
        self._document_encoder: Encoder | None = self._given
        self._query_encoder: Encoder | None = self._given

    def identity(self) -> EncoderIdentity:
        """Identify the encoder in use, which must be the one that made the library's vectors.

        Raises:
            EncoderMismatchError: another encoder made them.
            ModelError: there is no such encoder, or its weights are missing.
        """
        with self._lock:
            encoding = self._store.encoding()
            follows = self._name is None and self._given is None
            if follows and encoding and self._identity and self._identity.sha256 != encoding.identity.sha256:
                self._take(None)  # another process has embedded the library anew
            if self._identity is None:
                name = encoding.identity.name if follows and encoding else self._name
                with model_errors():
                    self._identity = identify_encoder(name)
            if encoding:
                check_encoder(encoding, self._identity, self._store.folder)
            return self._identity

    def documents(self) -> Encoder:
        """Open the encoder of documents, once.

        Raises:
            EncoderMismatchError: another encoder made the library's vectors.
            ModelError: the encoder's weights are missing or damaged.
        """
        with self._lock, model_errors():
            if self._document_encoder is None:
                self._document_encoder = open_encoder(self.identity().name)
            return self._document_encoder

    def _queries(self) -> Encoder:
        with self._lock, model_errors():
            identity = self.identity()
            if self._query_encoder is None:
                self._query_encoder = open_query_encoder(identity)
            return self._query_encoder

    def encode_queries(self, texts: Sequence[str]) -> Float32:
        """Embed questions: unit vectors, float32 [n, d].

        Raises:
            EncoderMismatchError: another encoder made the library's vectors.
            ModelError: the encoder's weights are missing or damaged.
        """
        with model_errors():
            return self._queries().encode_query(texts)


@contextmanager
def model_errors() -> Iterator[None]:
    """Name the errors of `embeddings` as this package does."""
    try:
        yield
    except WeightsError as error:
        raise ModelError(str(error)) from error
