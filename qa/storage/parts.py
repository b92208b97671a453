"""What a library is copied in: rows that belong together, whatever keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qa.schema import Document
    from qa.storage.intake_port import EmbeddedPassages

# The tables that tell of documents (`qa.storage.records.tables`), each after those that it refers to.
COPIED = ("documents", "versions", "locations", "withdrawn", "files", "purged", "corrections", "read_as")
# Columns that say what an engine's own passages are.
ENGINES_OWN = ("first_key", "passages")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What is copied at once.

    Attributes:
        rows: rows by table, each with its columns; those of documents and versions have their texts.
        document: the document that is among them; None where there is none.
        passages: what that is searched by.
    """

    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    document: Document | None = None
    passages: EmbeddedPassages | None = None
