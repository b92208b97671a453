"""Which encoder made the vectors of a library: two are never mixed."""

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
    """Tell whether a name is short enough, and has no character that could rewrite a message."""
    return 0 < len(name) <= LONGEST_NAME and in_one_line(name) == name


def check_encoder(encoding: Encoding, encoder: EncoderIdentity, place: object) -> None:
    """Refuse to mix two encoders' vectors.

    Raises:
        EncoderMismatchError: the vectors in force were made by another encoder.
    """
    held = encoding.identity
    if (held.sha256, held.dimension) != (encoder.sha256, encoder.dimension):
        raise EncoderMismatchError(
            f"the vectors in {place} were made by {held.name} (SHA-256 {held.sha256[:12]}…), not by "
            f"{encoder.name} ({encoder.sha256[:12]}…): use that one, or make them anew with "
            f"`pullquote reindex --encoder {shlex.quote(encoder.name)}`"
        )
