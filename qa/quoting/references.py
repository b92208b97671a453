"""Find the references of a quote: the text of its notes, and the other cells of its table row."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Control characters that separate the rows and the cells of an HTML table. They count as white space.
ROW, CELL = "\x1e", "\x1f"

# Maximum number of characters of a note or a cell that are read.
_MOST_CHARACTERS = 300
# Maximum number of characters of a cell that may be a reference. A longer cell is running text.
LONGEST_CELL = 150
# Maximum number of cells of a row.
MOST_CELLS = 50
# Maximum number of note marks that are read after a quote.
_MOST_MARKS = 4

# The mark of a note in the text: “[^1]”, “[1]”, “¹”.
MARK = r"\[\^?[^\[\]\s]{1,40}\]|[⁰¹²³⁴-⁹]+"
_MARKS = re.compile(MARK)
_DIRECTLY = re.compile(rf"[.,;:!?’”*_)]{{0,3}} ?(?:{MARK})")
# A note. A star before a blank begins a list item instead, and a star before another star begins emphasis.
NOTE = re.compile(
    r"(?m)^[ \t]*(?:\[\^(?P<label>[^\]\s]{1,40})\]:|\[(?P<number>[0-9]{1,4}|[ivxlc]{1,8})\](?=[ \t])"
    r"|(?P<raised>[⁰¹²³⁴-⁹]+)(?=[ \t])|(?P<sign>\*(?=[A-Z“\"][^*\n]*$)|[†‡] ?(?=[A-Z“\"])))"
    r"[ \t]*(?P<says>[^\n]*(?:\n[ \t]+\S[^\n]*)*)"
)
_PIPE_ROW = re.compile(r"(?m)^[^\n|]*\|[^\n]*$")
# Names of columns whose cells are sources.
_SOURCE_COLUMN = re.compile(
    r"\b(?:sources?|publication|publisher|published|outlet|paper|newspaper|journal|document|title|report|author|by|who"
    r"|from|where|medium|origin|citation|reference|speaker|brief|quelle|herausgeber|titel)\b|출처|来源|來源|出典",
    re.IGNORECASE,
)


def notes_of(text: str) -> dict[str, str]:
    """Return the beginnings of the notes of a text by mark. Notes with signs such as “†” are left out."""
    notes: dict[str, str] = {}
    for match in NOTE.finditer(text):
        mark = match["raised"] or (f"[^{match['label']}]" if match["label"] else f"[{match['number']}]")
        if not match["sign"]:
            notes.setdefault(mark, in_short(match["says"]))
    return notes


def in_short(words: str) -> str:
    """Return the beginning of the words of a note or a cell, in one line."""
    return " ".join(words[:_MOST_CHARACTERS].split())


def noted(after: str, notes: Mapping[str, str]) -> Iterator[str]:
    """Yield the texts of the notes whose marks follow a quote, directly or else later in its sentence."""
    directly = _DIRECTLY.match(after)
    marks = _MARKS.findall(after[: directly.end() + 1] if directly else after)
    for mark in marks[:_MOST_MARKS]:
        if mark in notes:
            yield notes[mark]


def is_source_column(name: str) -> bool:
    """Return whether the name of a column shows that its cells are sources."""
    return bool(_SOURCE_COLUMN.search(name))


class Rows:
    """The table rows of a text. A "|" separates the cells, or `ROW` and `CELL` separate rows and cells."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._rows: list[list[tuple[int, int]]] = []
        self._heads: list[list[str] | None] = []
        for table in _tables(text):
            head, *others = table
            ruled = bool(others) and not text[others[0][0][0] : others[0][-1][1]].strip(" \t|:-–")
            headed = bool(others) and (ruled or not _HAS_MARKS.search(text, head[0][0], head[-1][1]))
            names = [text[start:end].strip() for start, end in head] if headed else None
            self._rows += table
            self._heads += [names] * len(table)
        self._starts = [row[0][0] for row in self._rows]

    def cell(self, at: int) -> tuple[int, int] | None:
        """Return the range of the cell around an offset, or None outside tables."""
        row, _ = self._row(at)
        return next(((start, end) for start, end in row if start <= at <= end), None)

    def beside(self, at: int) -> Iterator[str]:
        """Yield the other short cells of a row, from columns of sources and columns without a name."""
        row, names = self._row(at)
        for position, (start, end) in enumerate(row):
            name = names[position] if names and position < len(names) else ""
            words = self._text[start:end].strip()
            if (
                not start <= at <= end
                and 0 < len(words) <= LONGEST_CELL
                and (not name or is_source_column(name))
            ):
                yield words

    def _row(self, at: int) -> tuple[Sequence[tuple[int, int]], Sequence[str] | None]:
        index = bisect_right(self._starts, at) - 1
        if index < 0 or at > self._rows[index][-1][1]:
            return (), None
        return self._rows[index], self._heads[index]


_HAS_MARKS = re.compile(r"[“”„«»\"]")


def _tables(text: str) -> Iterator[list[list[tuple[int, int]]]]:
    """Yield the tables of a text. A table is a list of rows, and a row is a list of ranges of cells."""
    table: list[list[tuple[int, int]]] = []
    last = -1
    for match in _PIPE_ROW.finditer(text):
        if table and match.start() > last + 1:
            yield table
            table = []
        cells = _cells(text, match.start(), match.end(), "|")
        if len(cells) > 1:
            table.append(cells)
            last = match.end()
    if table:
        yield table
    table = []
    at = 0
    while (begin := text.find(ROW, at)) >= 0:
        end = text.find(ROW, begin + 1)
        end = len(text) if end < 0 else end
        cells = _cells(text, begin + 1, end, CELL)
        if len(cells) > 1:
            table.append(cells)
        elif text[begin + 1 : end].strip() and table:
            yield table
            table = []
        at = end
    if table:
        yield table


def _cells(text: str, start: int, end: int, gap: str) -> list[tuple[int, int]]:
    """Return the ranges of a row's cells, without empty cells at both ends.

    Return no ranges if the row has more than `MOST_CELLS` cells.
    """
    cells = []
    for cell in text[start:end].split(gap):
        cells.append((start, start + len(cell)))
        start += len(cell) + len(gap)
    if cells and not text[slice(*cells[0])].strip():
        cells = cells[1:]
    if cells and not text[slice(*cells[-1])].strip():
        cells = cells[:-1]
    return cells if len(cells) <= MOST_CELLS else []
