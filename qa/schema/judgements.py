"""What a person thinks of an answer, or of one of its quotes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from qa.errors import InputError
from qa.schema.quotes import CitationId

if TYPE_CHECKING:
    from qa.schema.answers import Outcome

Thumb = Literal["up", "down"]


@dataclass(frozen=True, slots=True, order=True)
class QuoteReference:
    """The coordinates of a quote.

    Attributes:
        document: the id of its document.
        sha256: the SHA-256 of the document's text.
        start: where it begins, in code points.
        end: where it ends.
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
    """An answer as it was shown, its quotes as coordinates.

    Attributes:
        question: the question as asked.
        history: the user's earlier questions, so that it can be asked again.
        interpreted_question: the question as understood.
        outcome: the outcome.
        quotes: the coordinates of the quotes.
        filtered: whether filters were set.
    """

    question: str
    history: tuple[str, ...]
    interpreted_question: str
    outcome: Outcome
    quotes: tuple[QuoteReference, ...] = ()
    filtered: bool = False

    @property
    def query_id(self) -> str:
        """An id for the question with its history: the same words have the same id on any machine."""
        asked = json.dumps([self.question, *self.history])
        return hashlib.sha256(asked.encode()).hexdigest()[:16]

    def place(self, citation_id: str) -> QuoteReference:
        """Return the quote with this citation id.

        Raises:
            InputError: the answer has no such quote.
        """
        for place in self.quotes:
            if place.citation_id == citation_id:
                return place
        raise InputError(f"the answer has no quote {citation_id[:100]!r}: judge one that it shows")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One thumb.

    Attributes:
        shown: the answer.
        quote: the quote that it is on; None if it is on the answer as a whole.
        thumb: up or down.
    """

    shown: ShownAnswer
    quote: QuoteReference | None
    thumb: Thumb
