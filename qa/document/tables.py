"""Find the rows of tables in a document's text, and write each cell with the name of its column, for models.

A row is a line with tabs or bars between its cells, whatever the format of the document. A quote is the row
as it stands in the document. The text with column names is never quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from qa.schema import Span
from qa.text.lines import lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qa.schema import Document, Sentence

# The line under the column names of a Markdown table.
_RULE = re.compile(r"[\s:|-]+")
_BAR = re.compile(r"\|")
_TAB = re.compile(r"\t\s*")
# Characters of a caption at most. A longer line above a table is not its caption.
_LONGEST_CAPTION = 90
_LONG = 40  # a cell of more characters may be prose rather than a value
# The mark of a list item, or the name of a speaker. A line with only that before its first tab is not a row.
_MARK = re.compile(r"\(?(?:\w{1,3}|[ivxlcdm]{1,6})[.)]|[•*–—-]|[^\d|\t]{1,40}:", re.IGNORECASE)
_YEARS = re.compile(r"\D*(?:1[5-9]|20)\d\d(?:\D+\d{2,4})?\D*")
_KNOWN = 32  # texts whose tables are cached, because `row` is called for each sentence


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a row.

    Attributes:
        start: where the cell begins in `Row.text`.
        end: where the cell ends in `Row.text`.
        span: where the cell stands in the document.
    """

    start: int
    end: int
    span: Span


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes:
        text: the row as models read it: "Quarter: second; berths: 41; calls: 188".
        cells: the cells that are not empty, in order.
    """

    text: str
    cells: tuple[Cell, ...]

    def span(self, start: int, end: int) -> Span | None:
        """Return where these characters of `text` stand in the document, or None if they are in no cell.

        The span covers whole cells, except within one long cell.
        """
        cells = [cell for cell in self.cells if cell.start < end and start < cell.end]
        if not cells:
            return None
        if len(cells) == 1 and cells[0].end - cells[0].start > _LONG:
            away = cells[0].span.start - cells[0].start
            return Span(max(start, cells[0].start) + away, min(end, cells[0].end) + away)
        return Span(cells[0].span.start, cells[-1].span.end)


@dataclass(frozen=True, slots=True)
class _Table:
    """The facts that all rows of a table share. Rows of a `fenced` table begin with a bar, as in Markdown."""

    caption: str
    separator: re.Pattern[str]
    fenced: bool
    names: tuple[str, ...]


def row(document: Document, sentence: Sentence) -> Row | None:
    """Return the table row that a sentence is, or None if the sentence is not a row."""
    table = _rows(document.text).get((sentence.start, sentence.end))
    return _row(document.text, table, sentence.start, sentence.end) if table else None


@lru_cache(_KNOWN)
def _rows(text: str) -> dict[tuple[int, int], _Table]:
    """Map the offsets of each row in a text to its table. Leave out rows of column names."""
    if "|" not in text and "\t" not in text:
        return {}
    tables_by_row: dict[tuple[int, int], _Table] = {}
    for caption, separator, rows in _tables(text):
        fenced = separator is _BAR and all(text[line.start] == "|" for line in rows)
        cells = (_cells(text, line.start, line.end, separator, fenced=fenced) for line in rows)
        names = _names([text[start:end] for start, end in row_cells] for row_cells in cells)
        table = _Table(caption, separator, fenced, names)
        tables_by_row |= {(line.start, line.end): table for line in rows[bool(names) :]}
    return tables_by_row


def _tables(text: str) -> Iterator[tuple[str, re.Pattern[str], list[Span]]]:
    """Yield the caption, the cell separator and the rows of each run of two rows or more."""
    caption, above, rows = "", "", list[Span]()
    separator = _BAR
    end = 0
    for line in lines(text):
        line_text = text[line.start : line.end]
        is_next = text.count("\n", end, line.start) < 2
        end = line.end
        line_separator = _BAR if "|" in line_text else _TAB if "\t" in line_text else None
        if line_separator is _TAB and _MARK.fullmatch(line_text.split("\t")[0].strip()):
            line_separator = None
        if rows and not (line_separator is separator and is_next):
            if len(rows) > 1:
                yield caption, separator, rows
            rows = []
        if line_separator is None:
            above = line_text
            continue
        if "--" in line_text and _RULE.fullmatch(line_text):
            continue
        if not rows:
            is_caption = len(above) <= _LONGEST_CAPTION and not above.rstrip().endswith((".", "!", "?"))
            caption = above.strip("#*_ :") if is_caption else ""
        separator = line_separator
        rows.append(line)
    if len(rows) > 1:
        yield caption, separator, rows


def _cells(
    text: str, start: int, end: int, separator: re.Pattern[str], *, fenced: bool
) -> list[tuple[int, int]]:
    """Return the offsets of a line's cells. A cell may be empty.

    Text outside the outer bars of a `fenced` line is not a cell.
    """
    bounds = [(start, start), *(match.span() for match in separator.finditer(text, start, end)), (end, end)]
    cells = [_stripped(text, one[1], other[0]) for one, other in pairwise(bounds)]
    return cells[1 : -1 if text[end - 1] == "|" else None] if fenced else cells


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    cell = text[start:end]
    start += len(cell) - len(cell.lstrip())
    return start, start + len(cell.strip())


def _names(rows: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return the column names if the first row has them, or ().

    Each name but the first must be non-empty and not a value (`_is_value`). With one or two columns there
    must be at least two rows below. In more than half of them the last cell must have a digit, but not in the
    first row.
    """
    below = iter(rows)
    first = next(below)
    if not first or not all(first[1:]) or any(map(_is_value, first[1:])):
        return ()
    if len(first) < 3:
        others = [any(map(str.isdigit, "".join(cells[-1:]))) for cells in below]
        if len(others) < 2 or any(map(str.isdigit, first[-1])) or 2 * sum(others) <= len(others):
            return ()
    return tuple(first)


def _is_value(cell: str) -> bool:
    """Return whether a cell is a figure or a sentence, and so not a column name. A year may be one."""
    is_figure = cell[:1].isdigit() or cell[:2].strip("+-−").isdigit()
    return (is_figure and not _YEARS.fullmatch(cell)) or (
        len(cell) > _LONG and cell.endswith((".", "!", "?"))
    )


def _row(text: str, table: _Table, start: int, end: int) -> Row:
    """Return a row of a table as a text, “name: value; …”, and where each of its cells is."""
    cells = _cells(text, start, end, table.separator, fenced=table.fenced)
    names = table.names if len(cells) <= len(table.names) else ()  # a cell may itself hold a bar
    read = f"{table.caption}. " if table.caption else ""
    placed: list[Cell] = []
    for at, cell in enumerate(cells):
        cell_text = text[slice(*cell)]
        if not cell_text:
            continue
        if placed:
            read += "; " if names or len(placed) > 1 else ": "
        if name := names[at] if at < len(names) else "":
            read += f"{name}: "
        placed.append(Cell(len(read), len(read) + len(cell_text), Span(*cell)))
        read += cell_text
    return Row(read, tuple(placed))
