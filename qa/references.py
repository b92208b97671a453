"""What a text gives as the source of a quote besides its sentence: the notes to it, and its table row."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lxml.html import HtmlElement

# Control characters between the rows and the cells of a table that was no text. They read as white space.
ROW, CELL = "\x1e", "\x1f"

# A note or a cell is read up to so many characters; a longer cell is a text.
_MOST_CHARACTERS = 300
_LONGEST_CELL = 150
_MOST_CELLS = 50
_MOST_MARKS = 4
_MOST_ELEMENTS = 100

# A note’s mark in the text: “[^1]”, “[1]”, “¹”.
MARK = r"\[\^?[^\[\]\s]{1,40}\]|[⁰¹²³⁴-⁹]+"
_MARKS = re.compile(MARK)
_DIRECTLY = re.compile(rf"[.,;:!?’”*_)]{{0,3}} ?(?:{MARK})")
_NOTE = re.compile(
    r"(?m)^[ \t]*(?:\[\^(?P<label>[^\]\s]{1,40})\]:|\[(?P<number>[0-9]{1,4}|[ivxlc]{1,8})\](?=[ \t])"
    r"|(?P<raised>[⁰¹²³⁴-⁹]+)(?=[ \t]))[ \t]*(?P<says>[^\n]*(?:\n[ \t]+\S[^\n]*)*)"
)
_PIPE_ROW = re.compile(r"(?m)^[^\n|]*\|[^\n]*$")
_RULE = re.compile(r"[\s|:–-]+")
# The heads of columns that say where something is from.
_SOURCE_COLUMN = re.compile(
    r"\b(?:sources?|publication|publisher|published|outlet|paper|newspaper|journal|document|title|report|author|by|who"
    r"|from|where|medium|origin|citation|reference|speaker|brief|quelle|herausgeber|titel)\b|출처|来源|來源|出典",
    re.IGNORECASE,
)
_FOOTNOTE_LABEL = re.compile(r"\W*\w{0,4}[*†‡§]{0,3}\W*")
_NOTE_ELEMENTS = frozenset("li p div aside dd section td".split())


def notes_of(text: str) -> dict[str, str]:
    """Return what the notes of a text say, by the marks that they have in the text."""
    found: dict[str, str] = {}
    for match in _NOTE.finditer(text):
        mark = (
            f"[^{match['label']}]"
            if match["label"]
            else f"[{match['number']}]"
            if match["number"]
            else match["raised"]
        )
        found.setdefault(mark, " ".join(match["says"][:_MOST_CHARACTERS].split()))
    return found


def noted(after: str, notes: Mapping[str, str]) -> Iterator[str]:
    """Yield what the notes say whose marks stand right after a quote, or else later in its sentence."""
    directly = _DIRECTLY.match(after)
    marks = _MARKS.findall(after[: directly.end() + 1] if directly else after)
    for mark in marks[:_MOST_MARKS]:
        if mark in notes:
            yield notes[mark]


def is_source_column(name: str) -> bool:
    """Whether a column's head says that its cells are what something is from."""
    return bool(_SOURCE_COLUMN.search(name))


class Rows:
    """The table rows of a text, with " | " between cells or the control characters `ROW` and `CELL`."""

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
        """Return where the cell begins and ends in which an offset lies."""
        row, _ = self._row(at)
        return next(((start, end) for start, end in row if start <= at <= end), None)

    def beside(self, at: int) -> Iterator[str]:
        """Yield the short cells of the same row in columns of sources, or of no known name."""
        row, names = self._row(at)
        for position, (start, end) in enumerate(row):
            known = names[position] if names and position < len(names) else ""
            words = self._text[start:end].strip()
            if (
                not start <= at <= end
                and 0 < len(words) <= _LONGEST_CELL
                and (not known or is_source_column(known))
            ):
                yield words

    def _row(self, at: int) -> tuple[Sequence[tuple[int, int]], Sequence[str] | None]:
        found = bisect_right(self._starts, at) - 1
        if found < 0 or at > self._rows[found][-1][1]:
            return (), None
        return self._rows[found], self._heads[found]


_HAS_MARKS = re.compile(r"[“”„«»\"]")


def _tables(text: str) -> Iterator[list[list[tuple[int, int]]]]:
    """Yield the tables of a text: of each row, where its cells are."""
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
    """Return where the cells of a row are, those without a word at its edges left out."""
    cells = []
    for cell in text[start:end].split(gap):
        cells.append((start, start + len(cell)))
        start += len(cell) + len(gap)
    if cells and not text[slice(*cells[0])].strip():
        cells = cells[1:]
    if cells and not text[slice(*cells[-1])].strip():
        cells = cells[:-1]
    return cells if len(cells) <= _MOST_CELLS else []


def mark_notes(tree: HtmlElement) -> dict[str, str]:
    """Write “[^…]” for the links of a page that lead to its notes, and return what these say."""
    targets = {element.get("id"): element for element in tree.xpath("//*[@id]")}
    found: dict[str, str] = {}
    for link in tree.xpath("//a[starts-with(@href, '#')]"):
        name = link.get("href")[1:]
        target = targets.get(name)
        if (
            target is None
            or target.tag not in _NOTE_ELEMENTS
            or len(link)
            or not _FOOTNOTE_LABEL.fullmatch(link.text or "")
        ):
            continue
        mark = f"[^{re.sub(r'[^0-9A-Za-z_-]', '-', name)[:40]}]"
        if mark not in found:
            found[mark] = _says(target)
        link.text = mark
    return found


def _says(note: HtmlElement) -> str:
    """Return the beginning of what a note or a cell of a page says, without a link that leads back."""
    pieces: list[str] = []
    for element in islice(note.iter(), _MOST_ELEMENTS):
        if isinstance(element.tag, str) and not (element.get("href") or "").startswith("#"):
            pieces.append(element.text or "")
        if element is not note:
            pieces.append(element.tail or "")
    return " ".join(" ".join(pieces)[:_MOST_CHARACTERS].split())


def without_marks_of_notes(words: str, notes: Mapping[str, str]) -> tuple[str, str]:
    """Part a quote from the marks of notes that it ends in."""
    kept = words.rstrip()
    while (mark := kept[max(kept.rfind("["), 0) :]) and mark in notes:
        kept = kept.removesuffix(mark).rstrip()
    return kept, words[len(kept) :].strip()


def beside_in_row(element: HtmlElement) -> Iterator[str]:
    """Yield what the other cells of an element’s table row say, as `Rows.beside` does."""
    row = next(element.iterancestors("tr"), None)
    if row is None or len(row) > _MOST_CELLS:
        return
    own = {id(each) for each in element.iterancestors("td", "th")}
    names = _head(row)
    for position, cell in enumerate(row):
        if id(cell) in own or (position < len(names) and not is_source_column(names[position])):
            continue
        words = _says(cell)
        if 0 < len(words) <= _LONGEST_CELL:
            yield words


def _head(row: HtmlElement) -> list[str]:
    """Return the names of a row’s columns, where its table begins with a row of headings."""
    table = next(row.iterancestors("table"), None)
    first = None if table is None else table.find(".//tr")
    if first is None or first is row or any(cell.tag != "th" for cell in first):
        return []
    return [_says(cell) for cell in first[:_MOST_CELLS]]
