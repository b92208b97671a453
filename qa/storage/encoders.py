"""The encoder that a library uses, opened when it is needed.

A library names the encoder that made its vectors, and may come from anybody. So that encoder is opened only
if it is packaged, or if the user has named it too (docs/decisions/0014-reading-files.md).
"""

from __future__ import annotations

import json
import logging
import os
import shlex
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from embeddings.encoder import identify_encoder, open_encoder, open_query_encoder
from embeddings.files import write_whole
from embeddings.models import DEFAULT_ENCODER, PACKAGED_ENCODERS
from embeddings.models import ModelError as WeightsError
from qa.errors import ModelError, UntrustedEncoderError
from qa.places import settings_folder
from qa.storage.records.vectors import check_encoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from embeddings.arrays import Float32
    from embeddings.encoder import Encoder
    from embeddings.models import EncoderIdentity
    from qa.storage.intake_values import Encoding

log = logging.getLogger(__name__)

# Environment variable that names an encoder. It may be opened for libraries whose vectors it made.
ENCODER_VARIABLE = "PULLQUOTE_ENCODER"


@contextmanager
def model_errors() -> Iterator[None]:
    """Raise the errors of `embeddings` as `qa.errors.ModelError`."""
    try:
        yield
    except WeightsError as error:
        raise ModelError(str(error)) from error


class EncodedLibrary(Protocol):
    """A library whose vectors an encoder made."""

    def encoding(self) -> Encoding | None:
        """Return the active encoding, or None before the first document."""


class Encoders:
    """Embeds a library's documents, and questions. Several threads may use it."""

    def __init__(self, store: EncodedLibrary, encoder: str | Encoder | None, place: str) -> None:
        self._store, self._place = store, place
        self._lock = threading.RLock()
        self._take(encoder)

    def use(self, encoder: str | Encoder, identity: EncoderIdentity) -> None:
        """Use the encoder that has made all vectors again, and drop the encoder that was open before.

        An encoder given by name is noted as trusted: later it is opened if only the library names it.
        """
        if isinstance(encoder, str):
            trust(identity)
        with self._lock:
            self._take(None if isinstance(encoder, str) else encoder)

    def _take(self, encoder: str | Encoder | None) -> None:
        self._name = encoder if isinstance(encoder, str) else None
        self._given = None if isinstance(encoder, str) else encoder
        self._identity: EncoderIdentity | None = self._given.identity if self._given else None
        self._document_encoder: Encoder | None = self._given
        self._query_encoder: Encoder | None = self._given

    def identity(self) -> EncoderIdentity:
        """Return the identity of the encoder in use, which must have made the library's vectors.

        Raises:
            EncoderMismatchError: another encoder made the vectors.
            UntrustedEncoderError: only the library names the encoder.
            ModelError: the encoder does not exist, or its weights are missing.
        """
        with self._lock, model_errors():
            encoding = self._store.encoding()
            follows = self._name is None and self._given is None
            if follows and encoding and self._identity and self._identity.sha256 != encoding.identity.sha256:
                self._take(None)  # another process has made all vectors again
            if self._identity is None:
                recorded = encoding.identity if follows and encoding else None
                self._identity = permitted(recorded) if recorded else identify_encoder(self._name)
            if encoding:
                check_encoder(encoding, self._identity, self._place)
            return self._identity

    def documents(self) -> Encoder:
        """Return the encoder of documents. The first call opens it.

        Raises:
            EncoderMismatchError: another encoder made the library's vectors.
            UntrustedEncoderError: only the library names the encoder.
            ModelError: the encoder's weights are missing or damaged.
        """
        with self._lock, model_errors():
            if self._document_encoder is None:
                self._document_encoder = open_encoder(self.identity())
            return self._document_encoder

    def _queries(self) -> Encoder:
        with self._lock, model_errors():
            identity = self.identity()
            if self._query_encoder is None:
                self._query_encoder = open_query_encoder(identity)
            return self._query_encoder

    def encode_queries(self, texts: Sequence[str]) -> Float32:
        """Embed questions. Return unit vectors, float32 [n, d].

        Raises:
            EncoderMismatchError: another encoder made the library's vectors.
            UntrustedEncoderError: only the library names the encoder.
            ModelError: the encoder's weights are missing or damaged.
        """
        with model_errors():
            return self._queries().encode_query(texts)


def permitted(recorded: EncoderIdentity) -> EncoderIdentity:
    """Identify, on this machine, the encoder that a library names.

    The encoder must be packaged, or the user must have named it.

    Raises:
        UntrustedEncoderError: the encoder is not packaged, and the user has not named it.
        embeddings.models.ModelError: the encoder does not exist.
    """
    if recorded.name in PACKAGED_ENCODERS:
        return identify_encoder(recorded.name)
    if encoder_name := os.environ.get(ENCODER_VARIABLE):
        identity = identify_encoder(encoder_name)
        if (identity.sha256, identity.dimension) == (recorded.sha256, recorded.dimension):
            return identity
    if is_trusted(recorded):
        return identify_encoder(recorded.name, download=False)
    quoted = shlex.quote(recorded.name)
    raise UntrustedEncoderError(
        f"the vectors of this library were made by the encoder {recorded.name} (SHA-256 "
        f"{recorded.sha256[:12]}…), which does not come with Pullquote, so it is opened only if you "
        "name it. If you trust it, run "
        f"`pullquote reindex --encoder {quoted}`, or set {ENCODER_VARIABLE}={quoted}; if not, "
        f"`pullquote reindex --encoder {DEFAULT_ENCODER}` makes the vectors again with the default encoder"
    )


def trust(identity: EncoderIdentity) -> None:
    """Note in the user's settings that this encoder, with these weights, may be opened for any library."""
    if identity.name in PACKAGED_ENCODERS or is_trusted(identity):
        return
    content = json.dumps([*_trusted(), [identity.name, identity.sha256]], indent=1)
    try:
        _notes().parent.mkdir(parents=True, exist_ok=True)
        write_whole(_notes(), content.encode())
    except OSError as error:
        log.warning(
            "%s cannot be written (%s): set %s=%s to ask this library",
            _notes(),
            error.strerror,
            ENCODER_VARIABLE,
            identity.name,
        )


def is_trusted(identity: EncoderIdentity) -> bool:
    """Return whether the user has named this encoder, with these weights, on this machine."""
    return [identity.name, identity.sha256] in _trusted()


def _trusted() -> list[object]:
    try:
        noted = json.loads(_notes().read_bytes())
    except (OSError, ValueError):
        return []
    return noted if isinstance(noted, list) else []


def _notes() -> Path:
    return settings_folder() / "encoders.json"
