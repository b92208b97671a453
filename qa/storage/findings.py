"""The findings of `pullquote doctor` about a library and the encoder of its vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.errors import PullquoteError
from qa.text.display import plural
from qa.text.names import ALIAS_FILE, aliases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from embeddings.models import EncoderIdentity

DAMAGED = (
    "the {}'s files in the cache were damaged, so they are made again. Earlier answers may "
    "be wrong: restart a running chat, and check the disk"
)
NAMED = 5  # maximum number of problems that are listed; the rest are only counted


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked.

    Attributes:
        about: the thing that was checked.
        value: its state.
        problem: what is wrong, and how to mend it. "" if all is well.
    """

    about: str
    value: str
    problem: str = ""


def of_encoder(name: str, identify: Callable[[], EncoderIdentity]) -> Iterator[Finding]:
    """Check an encoder's weights and its export."""
    from embeddings import models, onnx

    try:
        identity = identify()
        folder = models.encoder_folder(identity)
        mended = onnx.mend(identity)
    except (models.ModelError, PullquoteError) as error:
        yield Finding("encoder", name, str(error))
        return
    yield Finding("encoder", f"{name}, {identity.dimension} dimensions, in {folder}, SHA-256 as expected")
    export = onnx.find_export(identity)
    made = (
        str(export.model) if export else f"none yet; it is made at the first use, in {models.cache_folder()}"
    )
    yield Finding("encoder export", made, DAMAGED.format("encoder") if mended else "")


def of_aliases(library: Path) -> Finding:
    """Check the user's file of aliases (names that mean the same)."""
    held = aliases(library)
    wrong = "; ".join(held.problems[:NAMED])
    if (more := len(held.problems) - NAMED) > 0:
        wrong += f"; and {more:,} more"
    return Finding("aliases", f"{plural(held.own, 'group')} of names in {library / ALIAS_FILE}", wrong)
