"""The full-text table of a library on PostgreSQL, with the words that FTS5 would store."""

from __future__ import annotations

from collections import defaultdict
from functools import cache, lru_cache
from itertools import chain, repeat
from typing import TYPE_CHECKING

from qa.storage.sqlite.stems import Stemmer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qa.storage.statements import Statements

# Limits of PostgreSQL: bytes of a word, places of a word in a text, and the last place. A longer word is cut.
_LONGEST, _MOST_PLACES, _LAST_PLACE = 2_046, 255, 16_383
_PLACES = tuple(map(str, range(1, _LAST_PLACE + 1)))


class TsvectorTable:
    """The table `words` on PostgreSQL. Implements `qa.storage.engines.FullTextTable`.

    The words are stems by FTS5 with their places, so both databases find the same words and phrases.
    """

    key = "passage"

    def put(self, db: Statements, rows: Iterable[tuple[int, str, str]]) -> None:
        """Add passages as (key, words of the head, words of the body)."""
        rows = list(rows)
        texts = list(dict.fromkeys(text for _, *both in rows for text in both))
        vectors = dict(zip(texts, map(_vector, _stemmer().stems(texts)), strict=True))
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


def _vector(stems: Sequence[bytes]) -> str:
    """Return stems, with their places, in the form of PostgreSQL's type tsvector."""
    places: defaultdict[bytes, list[str]] = defaultdict(list)
    for stem, place in zip(stems, chain(_PLACES, repeat(_PLACES[-1])), strict=False):
        places[stem].append(place)
    return " ".join([f"{_quoted(stem)}:{','.join(held[:_MOST_PLACES])}" for stem, held in places.items()])


@lru_cache(maxsize=50_000)
def _quoted(stem: bytes) -> str:
    """Return a stem in quotation marks, so that no character is syntax."""
    text = stem[:_LONGEST].decode(errors="ignore")
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
