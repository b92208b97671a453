"""Real documents and answers made by hand, for the tests of what is shown."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from qa.errors import DocumentNotFoundError
from qa.schema import Document, Quote, Span

SEED = Path(__file__).parents[2] / "seeds" / "ifes-nk-brief-08-4-4-1-scrap-metal-smuggling.txt"
_TEXT = SEED.read_bytes().decode("utf-8")


def _span(text: str, first: str, last: str) -> Span:
    start = text.index(first)
    return Span(start, text.index(last, start) + len(last))


BRIEF = Document(
    id=SEED.name,
    text=_TEXT,
    title="Scrap metal smuggling rampant in North Korea",
    publisher="Institute for Far Eastern Studies (IFES)",
    series="NK Brief",
    number="08-4-4-1",
    date=dt.date(2008, 4, 4),
    header=(_span(_TEXT, "Scrap", "Korea"), _span(_TEXT, "Institute", "4/4/2008")),
    furniture=(_span(_TEXT, "Share", "closed."),),
)
HOSTILE = Document(
    id="hostile \x1b[31m.txt",
    text="\x1b]0;owned\x07\x1b[2JA  title\u202e\n\n"
    "He said <script>alert(1)</script>, \x1b[31m$$x$$ ${y}\t[link](javascript:1) \x9b2J\x7f.\r\n"
    "Two  spaces,\r\nİstanbul \U0001f600 e\u0301.\n\n[9] “Forged”, Nobody\n",
    title="<b>Bold</b>\x1b[31m\nForged line",
)


def quote(
    document: Document, first: str, last: str, number: int = 1, emphasis: tuple[str, ...] = ()
) -> Quote:
    """The quote from `first` to `last`, with words of it emphasised."""
    span = _span(document.text, first, last)
    spans = tuple(
        Span(at, at + len(words)) for words in emphasis for at in [document.text.index(words, span.start)]
    )
    return Quote(document, span.start, span.end, 0.5, number, spans)


def reader(*documents: Document):
    """What `Corpus.document` is: gives a document by its id."""
    held = {document.id: document for document in documents}

    def read(document_id: str) -> Document:
        if document_id not in held:
            raise DocumentNotFoundError(f"no {document_id}")
        return held[document_id]

    return read
