"""The interface of the desk's tables, which a file or a server stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from qa.storage.statements import Statements


class DeskTables(Protocol):
    """The place of the desk's tables: a file or a server. Every method may raise LibraryError."""

    def writing(self) -> AbstractContextManager[Statements]:
        """Open the one write transaction. Writers in other threads, processes and machines wait."""

    def reading(self) -> AbstractContextManager[Statements]:
        """Yield one snapshot. It is empty if nothing was ever stored."""

    def count_on(self, db: Statements) -> None:
        """Give new rows numbers after the rows that were inserted with their numbers."""

    def is_made(self) -> bool:
        """Return whether anything may be stored."""

    def scrub(self) -> None:
        """Leave no deleted content in the files."""

    def count_bytes(self) -> int:
        """Return how many bytes the tables take on disk."""

    def damage(self) -> list[str]:
        """Return the damage that is found in the files."""

    def close(self) -> None:
        """Close what is open. The next use opens it again."""
