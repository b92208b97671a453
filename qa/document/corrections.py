"""Corrections of metadata: what a person said, and what it stands in place of."""

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
    """One corrected field. `was` is what the source says; `found` where, None where nothing said it."""

    value: str
    was: str = ""
    found: Found | None = None


def correct(document: Document, values: Mapping[str, str]) -> tuple[Document, dict[str, Correction]]:
    """Correct a document as its source has it, by checked values (`qa.document.metadata.check`)."""
    held = {found.field: found for found in document.found}
    corrections = {
        field: Correction(value, value_of(document, field), held.get(field))
        for field, value in values.items()
    }
    return with_values(document, values, BY_HAND, "corrected"), corrections


def uncorrected(document: Document, corrections: Mapping[str, Correction]) -> Document:
    """Give a document back what its source says."""
    for field, each in corrections.items():
        document = with_values(document, {field: each.was}, BY_HAND, "corrected")
        others = tuple(found for found in document.found if found.field != field)
        document = replace(document, found=others + ((each.found,) if each.found else ()))
    return document
