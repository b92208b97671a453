"""The full-text table of a library's SQLite file, by FTS5."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.storage.statements import Statements


class Fts5Table:
    """The table `words` in SQLite. Implements `qa.storage.engines.FullTextTable`.

    The table has no copy of the texts. So a row is deleted with the words that were put in.
    """

    key = "rowid"

    def put(self, db: Statements, rows: Iterable[tuple[int, str, str]]) -> None:
        """Add passages as (key, words of the head, words of the body)."""
        db.executemany("INSERT INTO words (rowid, head, body) VALUES (?, ?, ?)", rows)

    def delete(self, db: Statements, rows: Iterable[tuple[int, str, str]]) -> None:
        """Delete passages, with the words that were put in."""
        db.executemany("INSERT INTO words (words, rowid, head, body) VALUES ('delete', ?, ?, ?)", rows)

    def matches(self, words: str, *, head: bool = False) -> tuple[str, tuple[str, ...]]:
        """Return a condition that a passage has words in sequence, and its values."""
        return "words MATCH ?", (quoted(words) if head else f"body : {quoted(words)}",)


def quoted(words: str) -> str:
    """Return words as a quoted string of FTS5's query language, so that no character is syntax."""
    return '"' + words.replace('"', '""').replace("\0", " ") + '"'
