"""Where the desk's tables are, whatever has them: a file, or a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from qa.storage.statements import Statements


class DeskTables(Protocol):
    """Where the desk's tables are: in a file, or on a server. Every method may raise LibraryError."""

    def writing(self) -> AbstractContextManager[Statements]:
        """Open the one write transaction: others wait, whatever thread, process or machine they are on."""

    def reading(self) -> AbstractContextManager[Statements]:
        """Give one snapshot. It is empty where nothing was ever kept."""

    def count_on(self, db: Statements) -> None:
        """Have new rows get numbers after those that were put in with theirs."""

    def is_made(self) -> bool:
        """Tell whether anything was ever kept."""

    def scrub(self) -> None:
        """Leave nothing in the files of what was deleted."""

    def count_bytes(self) -> int:
        """Measure what the tables take on disk."""

    def damage(self) -> list[str]:
        """List what is wrong in the files."""

    def close(self) -> None:
        """Close what is open; it is opened again where it is used again."""
