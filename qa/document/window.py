"""Make the text that models read for a passage or a sentence: its words, with facts about the document.

Retrieval and reading use the added facts. A quote is a slice of the document and never contains them.
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

# Words of a title and date that are enough to tell a document from others.
CALLED = 14


def head(document: Document) -> str:
    """Return the known title, publisher, series with number, and date (ISO and in words), joined."""
    issue = " ".join(part for part in (document.series, document.number) if part)
    date = f"{document.date.isoformat()} {date_in_words(document.date)}" if document.date else ""
    return " · ".join(part for part in (document.title, document.publisher, issue, date) if part)


def reading_head(document: Document) -> str:
    """Return the known title and date (in words), joined: the head of a window that is read."""
    date = date_in_words(document.date) if document.date else ""
    return " · ".join(part for part in (document.title, date) if part)


def window_text(document: Document, passage: Passage) -> str:
    """Return the text that is embedded for a passage: the document's head, then the passage."""
    body = document.text[passage.start : passage.end].strip()
    return "\n".join(part for part in (head(document), body) if part)


def reading_window(document: Document, passage: Passage) -> Window:
    """Return a passage as the reader reads it: its quotable sentences under the document's title and date."""
    from embeddings.reading import Window

    return Window(
        reading_head(document),
        tuple(in_words(document, sentence) for sentence in passage.sentences if sentence.quotable),
    )


def among_others(document: Document, sentence: str) -> str:
    """Return a sentence as it is read among those of other documents: after its document's title and date.

    The title and date are cut to `CALLED` words.
    """
    words = reading_head(document).split()
    return f"{' '.join(words[:CALLED])}: {sentence}" if words else sentence


def sentences_before(document: Document, passages: Sequence[Passage], passage: Passage) -> tuple[str, ...]:
    """Return the last LOOKED_BACK quotable sentences before a passage, as the reader reads them."""
    sentences: list[str] = []
    for earlier_passage in reversed(passages[: passage.ordinal]):
        quotable = [sentence for sentence in earlier_passage.sentences if sentence.quotable]
        sentences[:0] = [in_words(document, sentence) for sentence in quotable]
        if len(sentences) >= LOOKED_BACK:
            break
    return tuple(sentences[-LOOKED_BACK:])


def legible(text: str, sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """Return the quotable sentences that the shipped models can read: sentences in Latin script.

    A sentence is in Latin script if at least half of its letters are. Sentences without letters, such as
    numbers, are returned too, unless all sentences with words are in other scripts.
    """
    quotable = [sentence for sentence in sentences if sentence.quotable]
    if not quotable or is_only_latin(text[quotable[0].start : quotable[-1].end]):
        return tuple(quotable)
    latin = [sentence for sentence in quotable if is_latin(text[sentence.start : sentence.end])]
    has_words = any(letter.isalpha() for sentence in latin for letter in text[sentence.start : sentence.end])
    return tuple(latin) if has_words else ()


def in_words(document: Document, sentence: Sentence) -> str:
    """Return a sentence as models read it: a header line after its facts in words, a row with column names.

    The added words are never quoted.
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
