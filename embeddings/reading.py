"""What a reader is given and gives back: windows of sentences, and what was read off them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


ReaderName = Literal["reader", "deep", "cross-encoder"]


@dataclass(frozen=True, slots=True)
class Window:
    """What is read at once.

    Attributes:
        head: where the sentences are from; may be empty.
        sentences: they, in order.
        context: what the document says before them that they need to be understood; may be empty.
    """

    head: str
    sentences: tuple[str, ...]
    context: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read off a window, as logits.

    `score` orders windows. `answers` says whether the window answers the question, `span` by how much some
    words in it are likelier to than none. `sentences` says of each sentence whether it is evidence of an
    answer: -inf where the model's limit cut it off; none at all where no sentence was scored. `words` are the
    words of each sentence that answer, as character offsets in it; None where that is likelier than any.
    `relevance` says whether the window is on the question's subject, whatever it answers; None where the
    reader does not tell. `parts` says of each sentence whether it is evidence for a part of the question;
    none where the reader does not tell.
    """

    score: float
    answers: float
    span: float = 0.0
    sentences: tuple[float, ...] = ()
    words: tuple[tuple[int, int] | None, ...] = ()
    relevance: float | None = None
    parts: tuple[float, ...] = ()


# What a deeper reader counts in whether a window answers. Its sentences count half.
SHARE = 0.35


def of_both(one: Reading, other: Reading) -> Reading:
    """Return what a reader and a deeper one make of a window. The words are those of the deeper one."""
    return Reading(
        one.score + SHARE * (other.answers - one.answers),
        one.answers + SHARE * (other.answers - one.answers),
        (one.span + other.span) / 2,
        tuple((a + b) / 2 for a, b in zip(one.sentences, other.sentences, strict=True)),
        other.words,
        one.relevance,
        other.parts,
    )


class Reader(Protocol):
    """Reads windows for a question. Threads may share it."""

    @property
    def name(self) -> ReaderName:
        """Whose scores its own are like: what is to be fitted to a reader is looked up by it."""

    @property
    def model(self) -> str:
        """Which reader this is: its `name`, or the name of the model that was asked for."""

    @property
    def deeper(self) -> Reader | None:
        """The reader that reads the best windows again; None if none does."""

    def read(self, question: str, windows: Sequence[Window], retrieved: Sequence[float]) -> list[Reading]:
        """Read each window, in the order given. `retrieved` says how well each was found, 0 to 1."""
