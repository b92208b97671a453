"""Convert an answer to what a conversation stores, and back to the same answer.

Quotes are stored as coordinates. Their words are read from the library again, which hashes the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from qa.errors import DocumentNotFoundError, LibraryError
from qa.schema import CitationId, KeptQuote, KeptTurn, Quote, citation_id
from qa.text.dates import date_in_words

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping

    from qa.schema import Answer, Dates, Document, History
    from qa.storage.results import Cited


class Lost(NamedTuple):
    """A quote that was shown and whose document was purged.

    Attributes:
        at: the quote's place among the quotes that were shown, from 0.
        number: the number of the quote's citation.
        purged: the day on which the document was purged. None if another process has just purged it, and the
            desk does not know the day yet.
    """

    at: int
    number: int
    purged: dt.date | None


@dataclass(frozen=True, slots=True)
class Recalled:
    """A stored answer with its quotes.

    Attributes:
        answer: the answer, without the lost quotes.
        fates: what happened to the source of a quote, for example "superseded on 5 May 2008". Quotes from
            current sources are missing.
        lost: the quotes whose documents were purged, in order.
    """

    answer: Answer
    fates: Mapping[CitationId, str] = field(default_factory=dict)
    lost: tuple[Lost, ...] = ()

    def document(self, document_id: str) -> Document:
        """Return a document of the answer's quotes, as it was read for them.

        Raises:
            DocumentNotFoundError: no quote is from that document.
        """
        for quote in (*self.answer.quotes, *self.answer.shown, *self.answer.nearest):
            if quote.document.id == document_id:
                return quote.document
        raise DocumentNotFoundError(f"no quote of the answer is of {document_id!r}")


def kept_turn(
    answer: Answer,
    asked: dt.datetime,
    strictness: float,
    dates: Dates = "auto",
    history: History = "auto",
    generation: int = 0,
) -> KeptTurn:
    """Return an answer as it is stored: its quotes as coordinates."""
    every = answer.more.quotes if answer.more else None
    return KeptTurn(
        asked,
        strictness,
        dates,
        history,
        replace(
            answer,
            quotes=(),
            passages=(),
            nearest=(),
            more=answer.more and replace(answer.more, quotes=None),
        ),
        tuple(map(_kept, answer.quotes)),
        None if every is None else tuple(map(_kept, every)),
        tuple(map(_kept, answer.nearest)),
        generation,
    )


def _kept(quote: Quote) -> KeptQuote:
    return KeptQuote(
        quote.document.id,
        quote.document.sha256,
        quote.start,
        quote.end,
        quote.number,
        float(quote.score),
        quote.emphasis,
        tuple(map(_kept, quote.copies)),
    )


def recall(turn: KeptTurn, cited: Callable[[str, str], Cited]) -> Recalled:
    """Read the quotes of a stored answer again, including texts that are superseded or removed.

    `cited` reads and hashes the document with a SHA-256 and an id (`Library.cited`).

    Raises:
        LibraryError: a text is not as it was stored, or a quote's place is not in the text.
    """
    fates: dict[CitationId, str] = {}
    quotes, lost, places = _quotes(turn.quotes, cited, fates)
    nearest, _, _ = _quotes(turn.nearest, cited, fates)
    answer = replace(
        turn.answer,
        quotes=quotes,
        nearest=nearest,
        parts=tuple(
            replace(part, quotes=tuple(places[at] for at in part.quotes if at in places))
            for part in turn.answer.parts
        ),
    )
    if turn.all_quotes is not None and answer.more:
        every, lost, _ = _quotes(turn.all_quotes, cited, fates)
        answer = replace(answer, more=replace(answer.more, quotes=every))
    return Recalled(answer, fates, lost)


def _quotes(
    kept_quotes: Iterable[KeptQuote], cited: Callable[[str, str], Cited], fates: dict[CitationId, str]
) -> tuple[tuple[Quote, ...], tuple[Lost, ...], dict[int, int]]:
    """Return the quotes, the lost quotes, and the new place of each old place. Add to `fates`."""
    quotes: list[Quote] = []
    lost: list[Lost] = []
    new_positions: dict[int, int] = {}
    for at, kept_quote in enumerate(kept_quotes):
        read = _read(kept_quote, cited)
        if read is None:
            lost.append(Lost(at, kept_quote.number, kept_quote.purged.date() if kept_quote.purged else None))
            continue
        copies = (_read(copy, cited) for copy in kept_quote.copies)
        quote = _quote(
            kept_quote,
            read,
            tuple(
                _quote(copy, source) for copy, source in zip(kept_quote.copies, copies, strict=True) if source
            ),
        )
        new_positions[at] = len(quotes)
        quotes.append(quote)
        if read.since:
            fates[citation_id(quote)] = f"{read.status} on {date_in_words(read.since.date())}"
    return tuple(quotes), tuple(lost), new_positions


def _read(kept_quote: KeptQuote, cited: Callable[[str, str], Cited]) -> Cited | None:
    if kept_quote.purged:
        return None
    try:
        return cited(kept_quote.sha256, kept_quote.document)
    except DocumentNotFoundError:  # purged, but not yet forgotten by the desk
        return None


def _quote(kept_quote: KeptQuote, cited: Cited, copies: tuple[Quote, ...] = ()) -> Quote:
    """Return the quote at stored coordinates of a document that was read again."""
    try:
        return Quote(
            cited.document,
            kept_quote.start,
            kept_quote.end,
            kept_quote.score,
            kept_quote.number,
            kept_quote.emphasis,
            copies,
        )
    except ValueError as error:
        raise LibraryError(
            f"the desk is damaged: a conversation quotes a place that does not exist ({error}). "
            "Put desk.sqlite3 back from a backup, or delete the conversation"
        ) from error
