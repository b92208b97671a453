"""The interface of the desk, which stores what people add to a library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.desk.shown_answers import ShownAnswers
    from qa.desk.stored_conversations import Conversations
    from qa.desk.stored_dossiers import Dossiers
    from qa.schema import Judgement, QuoteReference, ShownAnswer, Thumb
    from qa.storage.results import DocumentTexts


class Desk(Protocol):
    """The desk: what people add to a library. Every method may raise LibraryError."""

    conversations: Conversations
    dossiers: Dossiers
    shown_answers: ShownAnswers

    def put_thumb(self, shown: ShownAnswer, quote: QuoteReference | None, thumb: Thumb | None) -> None:
        """Put a thumb on a quote of an answer, or on the whole answer if `quote` is None.

        If `thumb` is None, take the thumb back.

        Raises:
            DocumentNotFoundError: the library no longer knows a text that the answer quotes.
        """

    def thumbs(self, shown: ShownAnswer | None = None) -> tuple[Judgement, ...]:
        """Return the thumbs on one answer, or all thumbs, in order of query, time and place."""

    def count_thumbs(self) -> tuple[int, int]:
        """Count the thumbs, and the test queries that they make."""

    def citing(self, texts: DocumentTexts) -> tuple[int, tuple[str, ...]]:
        """Count the thumbs that `forget` would delete, and list their questions."""

    def forget(self, purged: Iterable[DocumentTexts]) -> None:
        """Forget documents. `scrub` then overwrites their bytes.

        Delete each thumb that is on a text of the documents, or on an answer that quotes such a text or is
        filtered by a document. If another document has the same text, delete only the thumbs with the purged
        document's id. Of quotes in conversations and dossiers, only the time of the purge stays. Answers that
        were shown lately are forgotten if they quote the documents.
        """

    def scrub(self) -> None:
        """Leave no byte of deleted content in the files."""

    def file_bytes(self) -> int:
        """Return how many bytes the desk takes on disk."""

    def damage(self) -> list[str]:
        """Return the damage that is found in the desk's files."""

    def close(self) -> None:
        """Close what is open."""
