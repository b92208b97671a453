"""Makes one document of a table without a column of prose. Each row is one line, as in other formats' tables.

`qa.document.tables` reads such a row with the names of its columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.formats.text import MOST_CHARACTERS, MOST_LINES
from qa.schema import Document, Found, Section, sha256_text

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOP = 50  # first rows that are searched for the names of columns: a title may stand above the names
_BETWEEN = " | "


def begins_at(rows: Sequence[Sequence[str]]) -> int:
    """Return the index of the row with the names of the columns, or 0 if all rows are empty.

    It is the first row that fills more than half as many cells as the fullest row. The names of columns need
    not be the fullest row: the column of row labels often has no name.
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows[:_TOP]]
    return next((at for at, count in enumerate(filled) if 2 * count > max(filled)), 0)


@dataclass(slots=True)
class Figures:
    """A table as it is read, row by row.

    Attributes:
        where: what messages call the table.
        rows: the rows that are not empty, each with its number, in order.
    """

    where: str
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    _size: int = 0

    def add(self, number: int, row: Sequence[str]) -> None:
        """Add a row without superfluous white space. Leave out an empty row.

        Raises:
            InputError: naming `where`, when the table is larger than any document.
        """
        cells = [" ".join(cell.split()) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            self.rows.append((number, cells))
            self._size += sum(map(len, cells)) + len(_BETWEEN) * len(cells)
            self._check(self._size)

    def document(self, caption: str, title: str, sheet: str = "") -> Document:
        """Return the document: the lines above the table, or else the caption, and then the rows.

        A column without any value is left out.

        Raises:
            InputError: naming `where`, when the table is larger than any document.
        """
        top = begins_at([cells for _, cells in self.rows[:_TOP]])
        used = sorted({at for _, cells in self.rows[top:] for at, cell in enumerate(cells) if cell})
        self._check(len(_BETWEEN) * len(used) * len(self.rows))
        pieces = [] if top else [" ".join(caption.split()), "\n\n"]
        start = sum(map(len, pieces))
        sections: list[Section] = []
        for index, (number, cells) in enumerate(self.rows):
            if index < top:
                line = ", ".join(filter(None, cells))  # not _BETWEEN: a title has no columns
            else:
                line = _BETWEEN.join(cells[at] if at < len(cells) else "" for at in used).strip()
            gap = "\n\n" if index < top else "\n"
            sections.append(Section(start, start + len(line), "row", str(number)))
            pieces += [line, gap]
            start += len(line) + len(gap)
        text = "".join(pieces[:-1])
        within = (Section(0, len(text), "sheet", sheet),) if sheet else ()
        return Document(
            sheet,
            text,
            title=title,
            source_sha256=sha256_text(text) if sheet else "",
            sections=(*within, *sections),
            found=(Found("title", "its name", "guessed"),),
        )

    def _check(self, characters: int) -> None:
        if len(self.rows) > MOST_LINES or characters > MOST_CHARACTERS:
            raise InputError(
                f"{self.where} has more than {MOST_LINES:,} rows or {MOST_CHARACTERS:,} characters. Split it."
            )
