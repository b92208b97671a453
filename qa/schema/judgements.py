"""A person's judgement of an answer or of a quote."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from qa.errors import InputError
from qa.schema.documents import EVERYTHING
from qa.schema.quotes import CitationId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qa.schema.answers import Outcome
    from qa.schema.documents import Filters

Thumb = Literal["up", "down"]


@dataclass(frozen=True, slots=True, order=True)
class QuoteReference:
    """The coordinates of a quote.

    Attributes:
        document: the id of the quote's document.
        sha256: the SHA-256 of the document's text.
        start: where the quote begins, in code points.
        end: where the quote ends.
    """

    document: str
    sha256: str
    start: int
    end: int

    @property
    def citation_id(self) -> str:
        """The id of the quote's citation."""
        return str(CitationId(self.sha256, self.start, self.end))


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """An answer as it was shown, with its quotes as coordinates.

    Attributes:
        question: the question as asked.
        history: the user's earlier questions, so that the question can be asked again.
        interpreted_question: the question as understood.
        outcome: the outcome.
        quotes: the coordinates of the quotes.
        all_quotes: the coordinates of the quotes that "show all" added.
        filters: the filters.
        strictness: the share of answers that was to be right, or None if that is unknown.
    """

    question: str
    history: tuple[str, ...]
    interpreted_question: str
    outcome: Outcome
    quotes: tuple[QuoteReference, ...] = ()
    all_quotes: tuple[QuoteReference, ...] = ()
    filters: Filters = EVERYTHING
    strictness: float | None = None

    @property
    def query_id(self) -> str:
        """The id of the test query that thumbs on this answer create; see `query_id`."""
        return query_id(self.question, self.history, self.filters.to_dict())

    @property
    def answer_id(self) -> str:
        """The id of the answer. Another strictness, outcome or quote gives another id."""
        quotes = [quote.citation_id for quote in self.quotes]
        return _short_hash([self.query_id, self.strictness, self.outcome, *quotes])

    def place(self, citation_id: str) -> QuoteReference:
        """Return the quote with this citation's id.

        Raises:
            InputError: the answer has no such quote.
        """
        for quote in (*self.quotes, *self.all_quotes):
            if quote.citation_id == citation_id:
                return quote
        raise InputError(
            f"the answer has no quote {citation_id[:100]!r}: judge a quote that the answer shows"
        )


def query_id(question: str, history: Iterable[str], filters: Mapping[str, Any]) -> str:
    """Return an id for a question, its history and its filters (`Filters.to_dict`), equal on all machines."""
    return _short_hash([question, *history, *([filters] if filters else [])])


def _short_hash(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One thumb.

    Attributes:
        shown: the answer.
        quote: the quote that the thumb is on, or None if it is on the answer as a whole.
        thumb: up or down.
    """

    shown: ShownAnswer
    quote: QuoteReference | None
    thumb: Thumb
