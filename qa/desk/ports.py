"""What a person keeps of a library, whatever keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.desk.conversations import Conversations
    from qa.desk.dossiers import Dossiers
    from qa.schema import Judgement, QuoteReference, ShownAnswer, Thumb
    from qa.storage.ports import DocumentTexts


class Desk(Protocol):
    """What people keep: thumbs on answers, conversations, dossiers. Every method may raise LibraryError."""

    conversations: Conversations
    dossiers: Dossiers

    def put_thumb(self, shown: ShownAnswer, quote: QuoteReference | None, thumb: Thumb | None) -> None:
        """Put a thumb on a quote of an answer, or (None) on all of it; None for the thumb takes it back.

        A thumb that an earlier Pullquote kept without its answer goes, too.

        DocumentNotFoundError where the library no longer knows a text that the answer quotes.
        """

    def thumbs(self, shown: ShownAnswer | None = None) -> tuple[Judgement, ...]:
        """Read the thumbs on one answer, or all, in order of query, time and place."""

    def count_thumbs(self) -> tuple[int, int]:
        """Count the thumbs, and the test queries that they make."""

    def citing(self, texts: DocumentTexts) -> tuple[int, tuple[str, ...]]:
        """Count the thumbs that `forget` would delete, and list the questions that they are on."""

    def forget(self, purged: Iterable[DocumentTexts]) -> None:
        """Forget documents: no byte of their texts or ids stays.

        Each thumb goes that is on a text of theirs, or on an answer that quotes one; on a text that another
        document has too, only those with the document's id. Of quotes in conversations and dossiers, only
        the time stays.
        """

    def file_bytes(self) -> int:
        """Measure what all this takes on disk."""

    def damage(self) -> list[str]:
        """List what is wrong in the files that have it."""

    def close(self) -> None:
        """Close what is open."""
