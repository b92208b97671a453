"""Compare documents by their texts, publishers, numbers and dates, to find which are the same."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.schema import Document, Found, Span

# Formats whose records have ids that scripts rely on. Such a record is never merged with another document.
RECORDS = ("jsonl", "csv", "json", "xlsx")
_WORD = re.compile(r"[^\W_]+")


def words_sha256(text: str, furniture: Iterable[Span] = ()) -> str:
    """Return the SHA-256 (hex) of a text's words, which is the same in any format; "" for no words.

    Words are letters and digits, normalised by NFKC and case-folded. Page furniture does not count.
    """
    ends = [0, *(end for span in furniture for end in (span.start, span.end)), len(text)]
    body = "\n".join(text[start:end] for start, end in list(pairwise(ends))[::2])
    words = " ".join(_WORD.findall(unicodedata.normalize("NFKC", body).casefold()))
    return hashlib.sha256(words.encode()).hexdigest() if words else ""


def agree(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Return whether two documents have the same values where both are certain; see `certain`."""
    return all(a == b or not a or not b for a, b in zip(some, others, strict=True))


def certain_of(document: Document) -> tuple[str, ...]:
    """Return the certain publisher, number and date of a document; see `certain`."""
    date = document.date.isoformat() if document.date else ""
    return certain((document.publisher, document.number, date), document.found)


def certain(values: tuple[str, ...], origins: Iterable[Found]) -> tuple[str, ...]:
    """Return publisher, number and date as they are compared: case-folded, and "" where not certain.

    A value that was guessed, or stated by a person, is not certain.
    """
    others = {origin.field for origin in origins if origin.sure in ("guessed", "corrected")}
    names = ("publisher", "number", "date")
    return tuple(
        "" if name in others else value.casefold() for name, value in zip(names, values, strict=True)
    )
