"""The full-text table of a library on PostgreSQL, with the words that FTS5 would store."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from qa.storage.sqlite.stems import Stemmer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qa.storage.statements import Statements

# Maximum number of bytes of a word. PostgreSQL allows no more, so a longer word is cut.
_LONGEST = 2_046
# The stems of a text, with their places, in the form of PostgreSQL's type tsvector. PostgreSQL merges equal
# stems. It keeps the first 255 places of a stem, and no place above 16,383.
_STEM = f"substr(CAST(term AS BLOB), 1, {_LONGEST})"
_VECTOR = f"doc, CAST(group_concat('''' || {_STEM} || ''':' || (offset + 1), ' ') AS BLOB)"


class TsvectorTable:
    """The table `words` on PostgreSQL. Implements `qa.storage.engines.FullTextTable`.

    The words are stems by FTS5 with their places, so both databases find the same words and phrases.
    """

    key = "passage"

    def put(self, db: Statements, rows: Iterable[tuple[int, str, str]]) -> None:
        """Add passages as (key, words of the head, words of the body)."""
        rows = list(rows)
        texts = list(dict.fromkeys(text for _, *both in rows for text in both))
        vectors = dict.fromkeys(texts, "")
        for at, vector in _stemmer().select(_VECTOR, "GROUP BY doc", texts):
            vectors[texts[at]] = vector.decode(errors="ignore")
        db.executemany(
            "INSERT INTO words (passage, head, body) VALUES (?, CAST(? AS tsvector), CAST(? AS tsvector))",
            [(key, vectors[head], vectors[body]) for key, head, body in rows],
        )

    def delete(self, db: Statements, rows: Iterable[tuple[int, str, str]]) -> None:
        """Do nothing: the row of a passage is deleted with the passage."""

    def matches(self, words: str, *, head: bool = False) -> tuple[str, tuple[str, ...]]:
        """Return a condition that a passage has words in sequence, and its values."""
        (stems,) = _stemmer().stems([words])
        if not stems:
            return "FALSE", ()
        query = " <-> ".join(map(_quoted, stems))
        columns = ("body", "head") if head else ("body",)
        condition = " OR ".join(f"words.{column} @@ CAST(? AS tsquery)" for column in columns)
        return f"({condition})", (query,) * len(columns)


@cache
def _stemmer() -> Stemmer:
    return Stemmer()


def _quoted(stem: bytes) -> str:
    """Return a stem in quotation marks. It has only letters and figures."""
    return f"'{stem[:_LONGEST].decode(errors='ignore')}'"
