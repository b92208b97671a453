"""Which column of a table, or key of a record, holds which field of a document."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from qa.document.metadata import MOST_FIELD

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

# The fields, and what else they are called. A record's own key comes first, whatever its case.
FIELDS = {
    "_id": ("_id", "id", "doc_id", "docid", "document_id", "identifier"),
    "text": ("text", "body", "content", "contents", "full_text", "fulltext", "article"),
    "title": ("title", "headline", "heading", "subject"),
    "date": ("date", "published", "publication_date", "pubdate", "date_published"),
    "url": ("url", "link", "uri", "web_url"),
    "publisher": ("publisher", "outlet", "newspaper", "organisation", "organization"),
    "author": ("author", "authors", "byline", "creator"),
    "series": ("series",),
    "number": ("number", "no", "issue"),
    "language": ("language", "lang"),
    "collection": ("collection",),
}

# How many columns a person is shown, and how many characters of a value.
_ASKED, _SHOWN = 50, 60

# A cell of so many words is prose, and so is a column of which so many cells are.
_SENTENCE, _MOSTLY = 8, 0.7


@lru_cache(maxsize=1_000)
def map_columns(names: tuple[str, ...], columns: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Tell, by field, the name that holds it: as `columns` maps it, or else by what it is usually called.

    A field that `columns` maps to a name which is not among `names` has no place.
    """
    mapped = {"_id" if field == "id" else field: column for field, column in columns}
    taken = set(mapped.values())
    # The first of two that differ in case alone, as a reader would.
    free = {name.strip().casefold(): name for name in reversed(names) if name not in taken}
    found: dict[str, str] = {}
    for field, usual in FIELDS.items():
        if field in mapped:
            name = mapped[field] if mapped[field] in names else ""
        else:
            name = next((free[each] for each in usual if each in free), "")
        if name:
            found[field] = name
    return found


def prose_columns(names: Sequence[str], rows: Iterable[Sequence[str]], taken: Container[str]) -> list[str]:
    """Return the columns that are plainly prose, of those not taken."""
    cells: list[list[int]] = [[] for _ in names]
    for row in rows:
        for counts, cell in zip(cells, row, strict=False):
            if cell.strip():
                counts.append(len(cell.split()))
    return [
        name
        for name, counts in zip(names, cells, strict=True)
        if name not in taken
        and counts
        and sum(count >= _SENTENCE for count in counts) >= _MOSTLY * len(counts)
    ]


def with_values(names: Sequence[str], rows: Iterable[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """Return the first columns that have a name, each once, with the beginning of a value in it."""
    values = {name: "" for name in names if name.strip() and len(name) <= MOST_FIELD}
    for row in rows:
        for name, cell in zip(names, row, strict=False):
            if values.get(name) == "":
                values[name] = " ".join(cell[: 10 * _SHOWN].split())[:_SHOWN]
    return tuple(islice(values.items(), _ASKED))


def guessed(name: str) -> str:
    """Tell a reader that a column was taken for the text."""
    return f"The column “{name.strip()}” was taken for the text, as it alone is prose: see that it is."
