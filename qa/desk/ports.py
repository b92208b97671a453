"""What a person keeps of a library, whatever keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.schema import Judgement, QuoteReference, ShownAnswer, Thumb
    from qa.storage.ports import DocumentTexts


class Desk(Protocol):
    """The thumbs that people put on answers. Every method may raise LibraryError."""

    def put_thumb(self, shown: ShownAnswer, quote: QuoteReference | None, thumb: Thumb | None) -> None:
        """Put a thumb on a quote of an answer, or (None) on all of it; None for the thumb takes it back.

        DocumentNotFoundError where the library no longer knows a text that the answer quotes.
        """

    def thumbs(self, query_id: str | None = None) -> tuple[Judgement, ...]:
        """Read the thumbs on one test query, or all, in order of query and place."""

    def count_thumbs(self) -> tuple[int, int]:
        """Count the thumbs, and the test queries that they make."""

    def citing(self, texts: DocumentTexts) -> tuple[int, tuple[str, ...]]:
        """Count the thumbs that `forget` would delete, and list the questions that they are on."""

    def forget(self, purged: Iterable[DocumentTexts]) -> None:
        """Delete each thumb that is on a text of these documents, or on an answer that quotes one.

        No byte of them stays. On a text that another document has too, only those with the document's id go.
        """

    def file_bytes(self) -> int:
        """Measure what the thumbs take on disk."""

    def close(self) -> None:
        """Close what is open."""
