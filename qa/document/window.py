"""What models read for a passage or a sentence: with it, what its document is known to be.

All of it is known to retrieval and reading only; a quote is a slice of the document and never contains it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.document import tables
from qa.document.context import LOOKED_BACK
from qa.text.dates import date_in_words
from qa.text.terms import is_latin, is_only_latin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.reading import Window
    from qa.schema import Document, Passage, Sentence

# So many words tell a document from others.
CALLED = 14


def head(document: Document) -> str:
    """Join title, publisher, series with number, and date (ISO and in words), as far as they are known."""
    issue = " ".join(part for part in (document.series, document.number) if part)
    date = f"{document.date.isoformat()} {date_in_words(document.date)}" if document.date else ""
    return " · ".join(part for part in (document.title, document.publisher, issue, date) if part)


def reading_head(document: Document) -> str:
    """Join title and date in words, as far as they are known: what a window's sentences are read under."""
    date = date_in_words(document.date) if document.date else ""
    return " · ".join(part for part in (document.title, date) if part)


def window_text(document: Document, passage: Passage) -> str:
    """Give the text that is embedded for a passage: the document's head, then the passage."""
    body = document.text[passage.start : passage.end].strip()
    return "\n".join(part for part in (head(document), body) if part)


def reading_window(document: Document, passage: Passage) -> Window:
    """A passage as the reader reads it: under its document's title and date, its quotable sentences."""
    from embeddings.reading import Window

    return Window(
        reading_head(document),
        tuple(in_words(document, sentence) for sentence in passage.sentences if sentence.quotable),
    )


def among_others(document: Document, sentence: str) -> str:
    """A sentence as it is read among those of other documents: with what its own is called and dated."""
    words = reading_head(document).split()
    return f"{' '.join(words[:CALLED])}: {sentence}" if words else sentence


def sentences_before(document: Document, passages: Sequence[Passage], passage: Passage) -> tuple[str, ...]:
    """Return the quotable sentences before a passage, as the reader reads them: the last LOOKED_BACK."""
    found: list[str] = []
    for each in reversed(passages[: passage.ordinal]):
        quotable = [sentence for sentence in each.sentences if sentence.quotable]
        found[:0] = [in_words(document, sentence) for sentence in quotable]
        if len(found) >= LOOKED_BACK:
            break
    return tuple(found[-LOOKED_BACK:])


def legible(text: str, sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """Return the sentences of a passage that the shipped models can read: those in Latin script.

    A number or a mark is read beside a word in Latin script, and not where all words are in another.
    """
    quotable = [each for each in sentences if each.quotable]
    if not quotable or is_only_latin(text[quotable[0].start : quotable[-1].end]):
        return tuple(quotable)
    kept = [each for each in quotable if is_latin(text[each.start : each.end])]
    has_words = any(letter.isalpha() for each in kept for letter in text[each.start : each.end])
    return tuple(kept) if has_words else ()


def in_words(document: Document, sentence: Sentence) -> str:
    """A sentence as models read it: a header line with what it states in words, a row with names of columns.

    None of this is quoted.
    """
    text = document.text[sentence.start : sentence.end]
    if sentence.kind != "header":
        row = tables.row(document, sentence)
        return row.text if row else text
    issued = document.date is not None and str(document.date.year) in text
    stated = (
        ("Title", document.title if document.title in text else ""),
        ("Published by", document.publisher if document.publisher in text else ""),
        ("Series and number", document.number if document.number in text else ""),
        ("Date of publication", date_in_words(document.date) if document.date and issued else ""),
    )
    return " ".join([*(f"{label}: {value}." for label, value in stated if value), text])
