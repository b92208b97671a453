"""The input and output of a reader: windows of sentences, and readings of windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


ReaderName = Literal["reader", "deep", "cross-encoder"]


@dataclass(frozen=True, slots=True)
class Window:
    """The text that a reader reads at once.

    Attributes:
        head: where the sentences are from; may be empty.
        sentences: the sentences, in order.
        context: earlier text of the document that the sentences need to be understood; may be empty.
    """

    head: str
    sentences: tuple[str, ...]
    context: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading a window, as logits.

    Attributes:
        score: orders windows.
        answers: whether the window answers the question.
        span: by how much the likeliest words of an answer are likelier than no words.
        sentences: for each sentence, whether it is evidence of an answer. It is -inf if the model's limit cut
            the sentence off. Empty if no sentence was scored.
        words: for each sentence, the words that answer, as character offsets in the sentence. None if no
            words are likelier.
        relevance: whether the window is about the question's subject, even if it does not answer. None if the
            reader does not give it.
        parts: for each sentence, whether it is evidence for a part of the question. Empty if the reader does
            not give it.
    """

    score: float
    answers: float
    span: float = 0.0
    sentences: tuple[float, ...] = ()
    words: tuple[tuple[int, int] | None, ...] = ()
    relevance: float | None = None
    parts: tuple[float, ...] = ()


# Weight of the deeper reader in `answers`. Its sentences have a weight of one half.
SHARE = 0.35


def combined(reading: Reading, deeper: Reading) -> Reading:
    """Combine a reading with the deeper reader's. The words and parts are the deeper reader's."""
    return Reading(
        reading.score + SHARE * (deeper.answers - reading.answers),
        reading.answers + SHARE * (deeper.answers - reading.answers),
        (reading.span + deeper.span) / 2,
        tuple((a + b) / 2 for a, b in zip(reading.sentences, deeper.sentences, strict=True)),
        deeper.words,
        reading.relevance,
        deeper.parts,
    )


class Reader(Protocol):
    """Read windows for a question. Threads may share a reader."""

    @property
    def name(self) -> ReaderName:
        """The name of the reader whose scores are comparable. Fitted values are looked up by this name."""

    @property
    def model(self) -> str:
        """The name of the model that was asked for. It is the `name` of a reader of our own."""

    @property
    def deeper(self) -> Reader | None:
        """The reader that reads the best windows again, or None."""

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        """Read each window, in the given order. `retrieved` says how well each was found, 0 to 1."""
