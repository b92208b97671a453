"""What `pullquote doctor` finds when it looks at a library and at the encoder of its vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.errors import PullquoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from embeddings.models import EncoderIdentity


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: what was looked at.
        value: what was found there.
        problem: what is wrong and how to mend it; empty where nothing is.
    """

    about: str
    value: str
    problem: str = ""


def of_encoder(name: str, identify: Callable[[], EncoderIdentity]) -> Iterator[Finding]:
    """Look at the weights of an encoder and at its export."""
    from embeddings import models
    from embeddings.onnx import find_export

    try:
        identity = identify()
        folder = models.encoder_folder(identity)
    except (models.ModelError, PullquoteError) as error:
        yield Finding("encoder", name, str(error))
        return
    yield Finding("encoder", f"{name}, {identity.dimension} dimensions, in {folder}, SHA-256 as it should be")
    export = find_export(identity)
    made = str(export.model) if export else f"none yet; the first use makes it in {models.cache_folder()}"
    yield Finding("encoder export", made)
