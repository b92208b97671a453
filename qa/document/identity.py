"""Which documents are the same: what their texts, publishers, numbers and dates have in common."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.schema import Document, Found, Span

# Formats whose records have ids of their own, by which scripts know them: none is merged with another.
RECORDS = ("jsonl", "csv", "json", "xlsx")
_WORD = re.compile(r"[^\W_]+")


def words_sha256(text: str, furniture: Iterable[Span] = ()) -> str:
    """Hash the words of a text: the same text in another format has the same. "" for a text without words.

    Letters and digits count, NFKC and case-folded; page furniture does not.
    """
    ends = [0, *(end for span in furniture for end in (span.start, span.end)), len(text)]
    kept = "\n".join(text[start:end] for start, end in list(pairwise(ends))[::2])
    words = " ".join(_WORD.findall(unicodedata.normalize("NFKC", kept).casefold()))
    return hashlib.sha256(words.encode()).hexdigest() if words else ""


def agree(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Tell whether nothing that is certain of one document is otherwise of another."""
    return all(a == b or not a or not b for a, b in zip(some, others, strict=True))


def certain_of(document: Document) -> tuple[str, ...]:
    """Return what is certain of a document; see `certain`."""
    date = document.date.isoformat() if document.date else ""
    return certain((document.publisher, document.number, date), document.found)


def certain(values: tuple[str, ...], found: Iterable[Found]) -> tuple[str, ...]:
    """Return publisher, number and date as they are compared.

    What was guessed, or said by a person, is left out.
    """
    others = {each.field for each in found if each.sure in ("guessed", "corrected")}
    names = ("publisher", "number", "date")
    return tuple(
        "" if name in others else value.casefold() for name, value in zip(names, values, strict=True)
    )
