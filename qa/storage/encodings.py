"""Checks of the encoder that made a library's vectors: vectors of two encoders are never mixed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from qa.errors import EncoderMismatchError
from qa.text.display import in_one_line

if TYPE_CHECKING:
    from embeddings.models import EncoderIdentity
    from qa.storage.intake_port import Encoding

LONGEST_NAME = 200


def is_plain(name: str) -> bool:
    """Return whether a name is short enough, and has no character that could alter a message's display."""
    return 0 < len(name) <= LONGEST_NAME and in_one_line(name) == name


def check_encoder(encoding: Encoding, encoder: EncoderIdentity, place: object) -> None:
    """Raise an error if `encoder` is not the encoder of the active vectors.

    Raises:
        EncoderMismatchError: another encoder made the active vectors.
    """
    held = encoding.identity
    if (held.sha256, held.dimension) != (encoder.sha256, encoder.dimension):
        raise EncoderMismatchError(
            f"the vectors in {place} were made by {held.name} (SHA-256 {held.sha256[:12]}…), not by "
            f"{encoder.name} ({encoder.sha256[:12]}…): use that encoder, or make the vectors again "
            f"with `pullquote reindex --encoder {shlex.quote(encoder.name)}`"
        )
