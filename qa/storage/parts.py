"""The parts of a library that is copied: rows that belong together, for any engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qa.schema import Document
    from qa.storage.intake_port import EmbeddedPassages

# The keys of the tables about documents (`qa.storage.records.tables`), by table. Each table comes after the
# tables that it refers to.
COPIED = {
    "documents": "serial",
    "versions": "number",
    "locations": "number",
    "withdrawn": "path, part",
    "files": "path",
    "purged": "path_sha256, source_sha256",
    "corrections": "document, field",
    "read_as": "path",
}
# Columns about an engine's own passages: a copy does not take their values.
ENGINES_OWN = ("first_key", "passages")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a library that is copied at once.

    Attributes:
        rows: the rows by table, each row by column. Rows of documents and versions include their texts.
        document: the document among the rows, or None if there is none.
        passages: the document's passages with their vectors.
    """

    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    document: Document | None = None
    passages: EmbeddedPassages | None = None
