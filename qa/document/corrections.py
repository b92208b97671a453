"""Corrections of metadata: the value that a person stated, and the value that it replaces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qa.document.metadata import value_of, with_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qa.schema import Document, Found

BY_HAND = "corrected by hand"


@dataclass(frozen=True, slots=True)
class Correction:
    """One corrected field. `was` is the source's value. `found` says where it was found, or is None."""

    value: str
    was: str = ""
    found: Found | None = None


def correct(document: Document, values: Mapping[str, str]) -> tuple[Document, dict[str, Correction]]:
    """Return a document with checked values (`qa.document.metadata.check`), and the corrections.

    The document must have its source's values.
    """
    held = {origin.field: origin for origin in document.found}
    corrections = {
        field: Correction(value, value_of(document, field), held.get(field))
        for field, value in values.items()
    }
    return with_values(document, values, BY_HAND, "corrected"), corrections


def uncorrected(document: Document, corrections: Mapping[str, Correction]) -> Document:
    """Return a document with its source's values again."""
    for field, correction in corrections.items():
        document = with_values(document, {field: correction.was}, BY_HAND, "corrected")
        others = tuple(origin for origin in document.found if origin.field != field)
        document = replace(document, found=others + ((correction.found,) if correction.found else ()))
    return document
