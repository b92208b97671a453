"""What a model reads for a passage: the passage with a short head that says what it comes from.

The head is known to retrieval only; a quote is a slice of the document and never contains it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.cite import date_in_words

if TYPE_CHECKING:
    from qa.schema import Document, Passage


def head(document: Document) -> str:
    """Join title, publisher, series with number, and date (ISO and in words), as far as they are known."""
    issue = " ".join(part for part in (document.series, document.number) if part)
    date = f"{document.date.isoformat()} {date_in_words(document.date)}" if document.date else ""
    return " · ".join(part for part in (document.title, document.publisher, issue, date) if part)


def window_text(document: Document, passage: Passage) -> str:
    """Give the text that is embedded for a passage: the document's head, then the passage."""
    body = document.text[passage.start : passage.end].strip()
    return "\n".join(part for part in (head(document), body) if part)
