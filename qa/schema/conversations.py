"""Conversations as they are kept: quotes as coordinates, never their text."""

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
        document: the id of its document; "" once that was purged.
        sha256: the SHA-256 of the document's text; "" once that was purged.
        start: where it begins, in code points.
        end: where it ends.
        number: the number that its citation was shown with.
        score: how well it answered.
        emphasis: the words that answered, in document coordinates.
        copies: the same words in other documents.
        purged: when its document was purged (UTC); None while it is not.
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
        asked: when it was asked.
        strictness: the share of answers that was to be right.
        dates: whether the times that the question names counted.
        history: whether the earlier questions counted.
        answer: the answer without quotes and passages.
        quotes: its quotes.
        all_quotes: all quotes that answer, if all were asked for.
        nearest: what was only near.
        generation: the library's generation then.
        number: its number in the conversation, from 1; 0 before it is kept.
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
        id: its id, which cannot be guessed.
        name: what the user calls it; until then its first question, with a number where others began with it.
        began: when its first question was asked (UTC).
        changed: when its last question was asked (UTC).
        questions: how many questions it has.
        last: its last question.
    """

    id: str
    name: str
    began: dt.datetime
    changed: dt.datetime
    questions: int
    last: str
