"""Maps the columns of a table, or the keys of a record, to the fields of a document."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from qa.document.metadata import MOST_FIELD
from qa.schema import fields

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

# The fields and the usual names of their columns. The field's own name comes first. Case does not matter.
FIELDS = {
    "_id": ("_id", "id", "doc_id", "docid", "document_id", "identifier"),
    "text": ("text", "body", "content", "contents", "full_text", "fulltext", "article"),
    **{name: field.columns for name, field in fields.FIELDS.items()},
}

# Maximum number of columns that a person is shown, and of characters of a value.
_ASKED, _SHOWN = 50, 60

# Minimum words of a cell of prose, and minimum share of cells of prose in a column of prose.
_SENTENCE, _MOSTLY = 8, 0.7


@lru_cache(maxsize=1_000)
def map_columns(names: tuple[str, ...], columns: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return the name of the column for each field: as `columns` maps the field, or else a usual name.

    A field is left out if `columns` maps it to a name that is not among `names`.
    """
    mapped = {"_id" if field == "id" else field: column for field, column in columns}
    taken = set(mapped.values())
    # If two names differ only in case, the first one counts, as a reader would expect.
    free = {name.strip().casefold(): name for name in reversed(names) if name not in taken}
    column_of: dict[str, str] = {}
    for field, usual in FIELDS.items():
        if field in mapped:
            name = mapped[field] if mapped[field] in names else ""
        else:
            name = next((free[usual_name] for usual_name in usual if usual_name in free), "")
        if name:
            column_of[field] = name
    return column_of


def prose_columns(names: Sequence[str], rows: Iterable[Sequence[str]], taken: Container[str]) -> list[str]:
    """Return the columns that are clearly prose and not in `taken`."""
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
    """Return the first columns that have a name, each once, with the beginning of its first value."""
    values = {name: "" for name in names if name.strip() and len(name) <= MOST_FIELD}
    for row in rows:
        for name, cell in zip(names, row, strict=False):
            if values.get(name) == "":
                values[name] = " ".join(cell[: 10 * _SHOWN].split())[:_SHOWN]
    return tuple(islice(values.items(), _ASKED))


def guessed(name: str) -> str:
    """Return a note for the reader that a column was chosen as the text."""
    return (
        f"The column “{name.strip()}” was read as the text, as only this column has prose: check that "
        "this is right."
    )
