"""Conversations as they are stored: quotes as coordinates, never their text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt

    from qa.schema.answers import Answer, Dates
    from qa.schema.documents import Span

History = Literal["auto", "ignore"]


@dataclass(frozen=True, slots=True)
class KeptQuote:
    """The coordinates of a quote that was shown.

    Attributes:
        document: the id of the quote's document; "" after the document was purged.
        sha256: the SHA-256 of the document's text; "" after the document was purged.
        start: where the quote begins, in code points.
        end: where the quote ends.
        number: the number that the quote's citation was shown with.
        score: how well the quote answered.
        emphasis: the words that answered, in document coordinates.
        copies: the same words in other documents.
        purged: when the quote's document was purged (UTC), or None if it was not.
    """

    document: str
    sha256: str
    start: int
    end: int
    number: int = 1
    score: float = 0.0
    emphasis: tuple[Span, ...] = ()
    copies: tuple[KeptQuote, ...] = ()
    purged: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A question with the answer that was shown.

    Attributes:
        asked: when the question was asked.
        strictness: the share of answers that was to be right.
        dates: whether the times that the question names counted.
        history: whether the earlier questions counted.
        answer: the answer without quotes and passages.
        quotes: the answer's quotes.
        all_quotes: all quotes that answer if the user asked for all, else None.
        nearest: the quotes that are only near the question.
        generation: the library's generation when the question was asked.
        number: the turn's number in the conversation, from 1; 0 before the turn is stored.
    """

    asked: dt.datetime
    strictness: float
    dates: Dates
    history: History
    answer: Answer
    quotes: tuple[KeptQuote, ...] = ()
    all_quotes: tuple[KeptQuote, ...] | None = None
    nearest: tuple[KeptQuote, ...] = ()
    generation: int = 0
    number: int = 0

    @property
    def question(self) -> str:
        """The question as asked."""
        return self.answer.question


@dataclass(frozen=True, slots=True)
class ConversationInfo:
    """A conversation as a list shows it.

    Attributes:
        id: the conversation's id, which cannot be guessed.
        name: the name that the user gave. Until then, it is the first question, with a number if other
            conversations began with the same question.
        began: when the first question was asked (UTC).
        changed: when the last question was asked (UTC).
        questions: how many questions the conversation has.
        last: the last question.
    """

    id: str
    name: str
    began: dt.datetime
    changed: dt.datetime
    questions: int
    last: str
