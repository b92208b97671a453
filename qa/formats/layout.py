"""Puts the words of pages, given with their positions, into a text in reading order.

Columns are recognised by left edges at which many lines begin. Running heads and page numbers stand on
several pages at the same place. Paragraphs are recognised by indentation, leading and the length of lines.
The lines of a paragraph are joined, and so are words that are broken at the end of a line. Reasons:
docs/decisions/0015-formats.md.

Lengths are in points. Positions are measured from the left and the top of the page as it is read.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import chain, groupby, pairwise, zip_longest
from statistics import median
from typing import TYPE_CHECKING, Literal

from qa.schema import Section
from qa.text.written_dates import find_date

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.schema import SectionKind

_GUTTER = 0.7  # em: words of a line with a wider gap between them may stand in two columns
_CELL = 2.0  # em: words with a wider gap between them stand in two cells of a table
_FEWEST_LINES = 4  # minimum lines in each of two columns
_NARROWEST = 8.0  # em: minimum width of the usual line of a column of prose; cells of tables are narrower
_WIDE = 20.0  # em: minimum width of prose that may have a narrow column next to it
_NARROWEST_BESIDE = 3.0  # em: minimum width of a narrow column next to wide prose
_MOST_CANDIDATES = 6  # edges that are tried for a cut into columns
_DEEPEST = 6  # cuts into columns inside each other
_DROP_CAP = 1.6  # minimum size of a drop cap, as a multiple of the size of the words next to it
_MOST_DROP_CAPS = 12  # on a page
_INDENT = 0.8  # em: minimum indent of the first line of a paragraph
_LEADING = 0.35  # em: a distance of lines that is this much more than usual separates paragraphs
_HEADING = 1.12  # minimum size of a heading, as a multiple of the size of the body
_SMALL = 0.93  # footnotes are smaller than this multiple of the size of the body
_EDGE_ROWS = 3  # rows at each edge that are searched for running heads and feet
_SAME_PLACE = 4.0  # points: maximum distance between rows at the same place of two pages
_BAND = 4  # minimum pages on which rows at the same place may be heads, whatever they say
_SET_OFF = 1.5  # minimum distance of the rows from the text, as a multiple of the usual distance of lines
_LONGEST_HEAD = 100  # characters

_TERMINAL = re.compile(r"[.!?…。！？:][”’\"'»)\]]*[⁰¹²³⁴-⁹*†‡]*$")
_SENTENCE_END = re.compile(r"[.!?…。！？][”’\"'»)\]]*[⁰¹²³⁴-⁹*†‡]*(?: +|(?<=[。！？]))(?=\S)")
_MARKER = re.compile(r"(?:[-•*–—▪◦‣·○●]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]|\[\d{1,3}\])\s+\S")
_NOTE = re.compile(r"(?:[⁰¹²³⁴-⁹]+|[*†‡§]+|\d{1,3}[.)]?(?=\s))\s*\S")
_CAPTION = re.compile(r"(?:Fig(?:ure|\.)|Table|Chart|Map|Box|Exhibit)\s?\d+\b")
_OUTER_NUMBER = re.compile(r"^\W*(\d{1,5})(?!\S)|(?<!\S)(\d{1,5})\W*$")
_WORDY = re.compile(r"[^\W\d_]{3}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}")
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)
_INITIAL = re.compile(r"[“„\"‘'«]?[^\W\d_]")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_BROKEN = re.compile(r"(?<![^\W\d_])(?<![^\W\d_][-’'])([^\W\d_]++(?:[-’'][^\W\d_]++)*+)-$")
_TIED = re.compile(r"(?<=\S)[-–—/]$")  # "1998–" and "2007", "traders—" and "who"
# Parts of compounds. A broken word with one of the parts keeps its hyphen, if it occurs nowhere else.
_FIRST_PARTS = frozenset("anti cross half long mid non self short three two vice well".split())
_SECOND_PARTS = frozenset(
    "assisted backed based born called driven free guided induced level made old oriented related scale"
    " speaking style term type wide year".split()
)
_SUSPENDED = frozenset({"and", "or", "to", "und", "oder", "et", "y"})  # "long- and short-term"


@dataclass(slots=True)
class Word:
    """A word of a page: the characters between two spaces.

    Attributes:
        text: the word.
        left, right, top, bottom: its edges on the page.
        size: the size of its type.
        bold: whether its type is bold.
        spaced: whether a space separates it from the word before it, or None if only the gap can show this.
    """

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    bold: bool = False
    spaced: bool | None = None

    @property
    def middle(self) -> float:
        """Return the vertical middle of the word."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a column.

    Attributes:
        text: its words.
        left, right, top, bottom: its edges on the page.
        size: the size of most of its type.
        bold: whether its type is bold.
        first: the width of its first word, or of its first two words if the first is a number ("2 March").
        column: the number of its column on the page.
        aside: whether it stands outside the text, because it is turned by 90 degrees.
    """

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    bold: bool = False
    first: float = 0.0
    column: int = 0
    aside: bool = False


@dataclass(slots=True)
class Page:
    """A page.

    Attributes:
        name: its name in citations.
        lines: its lines, in reading order.
        read_by: "OCR" if its words are not the file's own text (see `Section`).
    """

    name: str
    lines: list[Line] = field(default_factory=list)
    read_by: str = ""


@dataclass(frozen=True, slots=True)
class LaidOutText:
    """The pages as one text.

    Attributes:
        text: the text.
        sections: its pages, and the parts under its headings.
        display: the largest lines of its first page, usually a title.
        running: its running heads and feet.
    """

    text: str
    sections: tuple[Section, ...]
    display: str
    running: tuple[str, ...]


# Words to lines


def rows_in_order(words: Sequence[Word]) -> Iterator[tuple[int, list[Word]]]:
    """Yield the words of each line with the number of the line's column, in reading order.

    Columns come from the left. Lines across several columns come before, between or after the columns.
    """
    for number, region in enumerate(_regions(_with_drop_caps(words), 0)):
        for row in _rows(region):
            yield number, row


def _with_drop_caps(words: Sequence[Word]) -> list[Word]:
    """Return the words, with each large initial next to several lines moved into the first of the lines."""
    initials = [word for word in words if _INITIAL.fullmatch(word.text) and word.text[-1].isupper()]
    least = _DROP_CAP * median(word.size for word in words) if initials else 0.0
    large = sorted((word for word in initials if word.size > least), key=lambda word: -word.size)
    changed: dict[int, Word] = {}
    for cap in large[:_MOST_DROP_CAPS]:
        top, bottom = cap.top + 0.15 * cap.size, cap.bottom - 0.2 * cap.size
        neighbours = _rows(
            [
                word
                for word in words
                if top < word.middle < bottom
                and -0.1 * cap.size < word.left - cap.right < 0.5 * cap.size
                and _DROP_CAP * word.size < cap.size
            ]
        )
        if len(neighbours) < 2:
            continue
        first = neighbours[0][0]
        # "A river", but "After": A, I and O are words of their own if there is room for a space.
        joined = cap.text[-1] not in "AIO" or first.left - cap.right < 0.25 * first.size
        changed[id(cap)] = replace(first, text=cap.text, left=cap.left, right=first.left, spaced=cap.spaced)
        changed[id(first)] = replace(first, spaced=not joined)
        for row in neighbours[1:]:
            changed[id(row[0])] = replace(row[0], left=cap.left)
    return [changed.get(id(word), word) for word in words]


def _rows(words: list[Word]) -> list[list[Word]]:
    """Return the words in groups that stand on one line: lines from the top, words from the left."""
    rows: list[list[Word]] = []
    middle = size = 0.0
    for word in sorted(words, key=lambda word: word.middle):
        if rows and word.middle - middle < 0.45 * max(size, word.size):
            rows[-1].append(word)
            if word.size > size:
                middle, size = word.middle, word.size
        else:
            rows.append([word])
            middle, size = word.middle, word.size
    for row in rows:
        row.sort(key=lambda word: word.left)
    return rows


def _segments(row: list[Word]) -> list[tuple[float, float]]:
    """Return the left and right edges of a row's segments. Gaps of at least a gutter separate segments."""
    segments: list[tuple[float, float]] = []
    for word in row:
        if segments and word.left - segments[-1][1] < _GUTTER * word.size:
            segments[-1] = (segments[-1][0], max(segments[-1][1], word.right))
        else:
            segments.append((word.left, word.right))
    return segments


def _regions(words: list[Word], depth: int) -> Iterator[list[Word]]:
    """Yield the words in regions of one column each, in reading order."""
    rows = _rows(words)
    cut = _best_cut(rows) if depth < _DEEPEST and len(rows) >= _FEWEST_LINES else None
    if cut is None:
        if words:
            yield words
        return
    edge, bands = cut
    done = 0
    for start, end in bands:
        yield from _regions([word for row in rows[done:start] for word in row], depth + 1)
        band = [word for row in rows[start:end] for word in row]
        yield from _regions([word for word in band if word.left < edge], depth + 1)
        yield from _regions([word for word in band if word.left >= edge], depth + 1)
        done = end
    yield from _regions([word for row in rows[done:] for word in row], depth + 1)


def _best_cut(rows: list[list[Word]]) -> tuple[float, list[tuple[int, int]]] | None:
    """Return the best cut between two columns: the edge, and the runs of rows that it cuts (`_bands`).

    The edge is just left of a right-hand column. The best edge cuts the most rows. Return None without an
    edge.
    """
    segments = [_segments(row) for row in rows]
    starts = Counter(round(left) for row in segments for left, _ in row)
    leftmost = min(left for row in segments for left, _ in row)
    near = {start: sum(starts[start + d] for d in (-1, 0, 1)) for start in starts}
    candidates = sorted(
        (start for start in starts if start > leftmost + 20 and near[start] >= _FEWEST_LINES),
        key=lambda start: (-near[start], start),
    )[:_MOST_CANDIDATES]
    best: tuple[int, float, list[tuple[int, int]]] | None = None
    for start in sorted(candidates):
        edge = start - 1.5
        bands = list(_bands(rows, segments, edge))
        height = sum(last - first for first, last in bands)
        if bands and (best is None or height > best[0]):
            best = height, edge, bands
    return (best[1], best[2]) if best else None


def _bands(
    rows: list[list[Word]], segments: list[list[tuple[float, float]]], edge: float
) -> Iterator[tuple[int, int]]:
    """Yield the runs of rows, as start and end, where no words cross the edge and both sides are columns."""
    first = 0
    for index in range(len(rows) + 1):
        if index < len(rows):
            size = rows[index][0].size
            if not any(left < edge and right > edge - 0.3 * size for left, right in segments[index]):
                continue
        left = [parts for row in segments[first:index] if (parts := [p for p in row if p[0] < edge])]
        right = [parts for row in segments[first:index] if (parts := [p for p in row if p[0] >= edge])]
        if min(len(left), len(right)) >= _FEWEST_LINES and _are_columns(left, right, rows[first][0].size):
            yield first, index
        first = index + 1


def _are_columns(
    left: list[list[tuple[float, float]]], right: list[list[tuple[float, float]]], size: float
) -> bool:
    """Return whether both sides are prose, or one is prose and the other notes in the margin.

    Otherwise they are cells of a table.
    """
    widths = [median(row[-1][1] - row[0][0] for row in side) / size for side in (left, right)]
    if min(widths) >= _NARROWEST:
        return True
    wider = right if widths[1] > widths[0] else left
    whole = sum(len(row) == 1 for row in wider) > 0.8 * len(wider)
    return max(widths) >= _WIDE and min(widths) >= _NARROWEST_BESIDE and whole


def as_line(row: list[Word], column: int) -> Line:
    """Return the line of a column that some words make, given from the left."""
    size = max(word.size for word in row)
    usual = max(row, key=lambda word: len(word.text) * (word.size > 0.8 * size))
    parts: list[str] = []
    previous: Word | None = None
    for word in row:
        text = word.text
        gap = word.left - previous.right if previous else 0.0
        close = previous is not None and gap < (0.25 if word.spaced is False else 0.08) * usual.size
        raised = word.size < 0.8 * usual.size and word.middle < usual.middle - 0.05 * usual.size
        if raised and (close or previous is None):
            text = text.translate(_RAISED)
        # A letter's box may overlap a space. The space still counts, except before a raised mark.
        if previous and not (close and (raised or not word.spaced)):
            parts.append("\t" if word.left - previous.right > _CELL * usual.size else " ")
        parts.append(text)
        previous = word
    together = row[1] if row[0].text.isdecimal() and len(row) > 1 else row[0]
    return Line(
        "".join(parts),
        row[0].left,
        max(word.right for word in row),
        min(word.top for word in row if word.size >= 0.8 * size),
        max(word.bottom for word in row if word.size >= 0.8 * size),
        usual.size,
        sum(len(word.text) for word in row if word.bold) > 0.9 * sum(len(word.text) for word in row),
        together.right - row[0].left,
        column,
    )


# Running heads


def without_running_heads(pages: Sequence[Page]) -> tuple[str, ...]:
    """Remove running heads, running feet and page numbers from the pages. Return the removed texts.

    A row is removed only if it stands at an edge and apart from the text. Running heads stand at the same
    place on several pages and have the same words, but may have different numbers and dates. Two pages are
    enough if the row begins or ends with a number that counts the pages. At the top, the heads of facing
    pages may have different words, if one page has its number first and the other has it last. If most pages
    have a row at the same place that can only be a head, the rows are removed whatever they say
    (`_heads_by_place`).
    """
    size, _ = _usual_type([line for page in pages for line in page.lines])
    edges = [(_edge_rows(page, top=True), _edge_rows(page, top=False)) for page in pages]
    repeats: defaultdict[tuple[bool, str], list[tuple[float, int]]] = defaultdict(list)
    counted: defaultdict[tuple[bool, int], list[tuple[float, int, str, bool]]] = defaultdict(list)
    for index, sides in enumerate(edges):
        for row in chain(*sides):
            repeats[row.at_top, row.comparable_text].append((row.top, index))
            for number, words, first in row.counted(index):
                counted[row.at_top, number].append((row.top, index, words, first))
    banded = {id(row) for row in _heads_by_place(edges, size)}
    heads: dict[str, None] = {}
    for index, (page, sides) in enumerate(zip(pages, edges, strict=True)):
        gone: set[int] = set()
        for rows in sides:
            runs = [id(row) in banded or _runs_on(row, index, repeats, counted, pages) for row in rows]
            count = runs.index(False) if False in runs else len(runs)
            while count and not rows[count - 1].apart:
                count -= 1
            for row in rows[:count]:
                gone |= {id(line) for line in row.lines}
                heads.setdefault(row.text)
        page.lines = [line for line in page.lines if id(line) not in gone]
    return tuple(heads)


@dataclass(slots=True)
class _Row:
    """Lines next to each other at the upper or lower edge of a page.

    Attributes:
        lines: the lines.
        top: their position on the page.
        at_top: whether they are at the upper edge.
        apart: whether they are farther from the text than lines usually are from each other.
        gap: the distance to the next row farther in, as a multiple of the usual distance of lines, or 0 if
            there is no such row.
    """

    lines: list[Line]
    top: float
    at_top: bool
    apart: bool
    gap: float = 0.0

    @property
    def text(self) -> str:
        return " ".join(line.text for line in sorted(self.lines, key=lambda line: line.left))

    @property
    def comparable_text(self) -> str:
        """Return the row's text with "#" for its date and its numbers, to compare rows."""
        text = self.text
        if date := find_date(text):
            text = f"{text[: date.start]}#{text[date.end :]}"
        return _DIGITS.sub("#", text)

    @property
    def size(self) -> float:
        return max(line.size for line in self.lines)

    def counted(self, index: int) -> Iterator[tuple[int, str, bool]]:
        """Yield, for each number that begins or ends the row, how the number fits the page `index`.

        That is the number minus the index, the other words of the row, and whether the number comes first.
        """
        text = self.text
        for match in _OUTER_NUMBER.finditer(text):
            rest = f"{text[: match.start()]} {text[match.end() :]}"
            words = " ".join(re.findall(r"\w+", rest)).lower()
            yield int(match[1] or match[2]) - index, words, match[1] is not None


def _edge_rows(page: Page, *, top: bool) -> list[_Row]:
    """Return the outermost rows at the upper or lower edge of a page, the outermost first."""
    rows: list[_Row] = []
    usual = _line_distance(page.lines)
    for line in sorted(page.lines, key=lambda line: line.top if top else -line.top):
        if line.aside:
            continue
        if rows and abs(line.top - rows[-1].top) < 0.5 * line.size:
            rows[-1].lines.append(line)
            continue
        if rows:
            distance = abs(line.top - rows[-1].top)
            rows[-1].gap = distance / usual
            if not rows[-1].text.isdecimal():
                rows[-1].apart = distance > usual + 0.2 * line.size
        if len(rows) == _EDGE_ROWS:
            break
        # Without a row farther in, the row stands apart if the row before it does.
        rows.append(_Row([line], line.top, top, apart=not rows or rows[-1].apart))
    return rows


def _line_distance(lines: Sequence[Line]) -> float:
    """Return the usual distance of lines: the median."""
    steps = [b.top - a.top for a, b in pairwise(lines) if 0 < b.top - a.top < 3 * a.size]
    return median(steps) if steps else 1.2 * max((line.size for line in lines), default=0.0)


def _heads_by_place(edges: Sequence[tuple[list[_Row], list[_Row]]], size: float) -> Iterator[_Row]:
    """Yield the rows that are heads by their place and type: titles of chapters, guide words and the like.

    Heads stand at one height on most pages, clearly apart from the text, and are not sentences. The first
    words of each page may look like this, too. So heads must also have one of three properties:
    - they are at the top and in smaller type than the text,
    - half of them have the words of another head,
    - most begin or end with a number that counts the pages.

    Rows in larger type than the text are titles of their pages, and stay.
    """
    for side in (0, 1):
        pages = sum(bool(sides[side]) for sides in edges)
        rows = sorted(
            ((row.top, index, row) for index, sides in enumerate(edges) for row in sides[side]),
            key=lambda entry: entry[:2],
        )
        while rows:
            reach = rows[0][0] + _SAME_PLACE
            band = {index: row for top, index, row in rows if top <= reach and _may_be_head(row, size)}
            rows = [entry for entry in rows if entry[0] > reach]
            if len(band) >= max(_BAND, 0.75 * pages) and _are_heads(band, size):
                yield from band.values()


def _may_be_head(row: _Row, size: float) -> bool:
    text = row.text
    return (
        row.gap >= _SET_OFF
        and row.size <= 1.02 * size
        and len(text) <= _LONGEST_HEAD
        and text.count("\t") < 2
        and not (_TERMINAL.search(text) or _CAPTION.match(text))
        and (row.at_top or not _NOTE.match(text))
    )


def _are_heads(band: dict[int, _Row], size: float) -> bool:
    """Return whether rows of several pages, by the pages' indices, are heads (see `_heads_by_place`)."""
    sizes = [row.size for row in band.values()]
    at_top = next(iter(band.values())).at_top
    if at_top and max(sizes) < 0.95 * size and max(sizes) - min(sizes) < 0.05 * size:
        return True
    counts = Counter(row.comparable_text for row in band.values())
    repeated = sum(count for count in counts.values() if count > 1)
    offsets = Counter(number for index, row in band.items() for number, _, _ in row.counted(index))
    counting = max(offsets.values(), default=0)
    return repeated >= 0.5 * len(band) or counting >= 0.75 * len(band)


def _runs_on(
    row: _Row,
    index: int,
    repeats: dict[tuple[bool, str], list[tuple[float, int]]],
    counted: dict[tuple[bool, int], list[tuple[float, int, str, bool]]],
    pages: Sequence[Page],
) -> bool:
    """Return whether a row is a running head or foot, or a page's number."""
    if len(pages) == 1 and row.text == pages[0].name:
        return True
    alike = {
        other for top, other in repeats[row.at_top, row.comparable_text] if abs(top - row.top) <= _SAME_PLACE
    }
    if len(alike) >= max(2, min(3, len(pages))):
        return True
    for number, words, first in row.counted(index):
        for top, other, others, before in counted[row.at_top, number]:
            if other == index or abs(top - row.top) > _SAME_PLACE:
                continue
            # At the foot, the words must be the same: if each page has one note, notes count the pages, too.
            if others == words or (row.at_top and before is not first):
                return True
    return False


# Lines to text


@dataclass(slots=True)
class _Block:
    """A paragraph, a heading or the like.

    Attributes:
        kind: "aside" is text that a paragraph may run around: footnotes, captions, tables, turned text.
        first, last: its first and its last line.
        pieces: the texts of its lines, each with the index of its page.
        tight: whether it follows the block above without a blank line.
        full: whether its last line is full (see `_is_full`).
    """

    kind: Literal["body", "heading", "aside"]
    first: Line
    last: Line
    pieces: list[tuple[str, int]]
    tight: bool = False
    full: bool = False


@dataclass(frozen=True, slots=True)
class _Column:
    """The lines of one column.

    Attributes:
        lines: the lines.
        left, right: its edges.
        pitch: the usual distance of its lines.
    """

    lines: list[Line]
    left: float
    right: float
    pitch: float


def lay_out(pages: Sequence[Page]) -> LaidOutText:
    """Return the pages as one text. Sentences that go over two pages are joined.

    The pages lose their running heads.
    """
    running = without_running_heads(pages)
    every = [line for page in pages for line in page.lines]
    body = _usual_type(every)
    blocks = _blocks(pages, body, _Joiner(every))
    return _assemble(list(_with_asides_on_their_page(blocks)), pages, running, _display(pages, body))


def _usual_type(lines: Sequence[Line]) -> tuple[float, bool]:
    """Return the type of most characters: its size, and whether it is bold."""
    counts: Counter[tuple[float, bool]] = Counter()
    for line in lines:
        counts[round(line.size * 2) / 2, line.bold] += len(line.text)
    return counts.most_common(1)[0][0] if counts else (10.0, False)


def _display(pages: Sequence[Page], body: tuple[float, bool]) -> str:
    """Return the largest lines of the first page if they are clearly larger than the body, or "".

    They are usually a title.

    A short word on a line of its own between two of the largest lines ("or") belongs to them.
    """
    lines = next((page.lines for page in pages if page.lines), [])
    largest = max((line.size for line in lines), default=0.0)
    large = [line.size > 0.97 * largest for line in lines]
    for at, (before, _, after) in enumerate(zip(large, large[1:], large[2:], strict=False), 1):
        large[at] |= before and after and bool(re.fullmatch(r"[a-z]{1,4}", lines[at].text))
    text = " ".join(line.text for line, is_large in zip(lines, large, strict=True) if is_large)
    return text if largest >= 1.2 * body[0] and len(text) <= 250 else ""


class _Joiner:
    """Decides how the end of a line joins the next line, by the words that the document has elsewhere."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._words: Counter[str] = Counter()
        broken: list[tuple[str, str]] = []
        for line, after in zip_longest(lines, lines[1:]):
            words = [word.group().lower() for word in _WORD.finditer(line.text)]
            half = _BROKEN.search(line.text)
            self._words.update(words[:-1] if half else words)
            if half and after and (next_word := _WORD.match(after.text)):
                broken.append((half[1].lower(), next_word.group().lower()))
        # In a text that breaks no words, a hyphen at the end of a line belongs to its word.
        joined = sum(left + right in self._words for left, right in broken)
        hyphenated = sum(f"{left}-{right}" in self._words for left, right in broken)
        self._breaks_words = joined > 0 or hyphenated == 0

    def joint(self, above: str, below: str) -> tuple[int, str]:
        """Return how many characters to remove at the end of `above`, and the text to put before `below`."""
        half = _BROKEN.search(above)
        if half is None:
            tied = _TIED.search(above) or (_wide(above[-1:]) and _wide(below[:1]))
            return 0, "" if tied else " "
        next_word = _WORD.match(below)
        if next_word is None:
            return 0, ""  # "08-" and "4"
        left, right = half[1].lower(), next_word.group().lower()
        if right in _SUSPENDED:
            return 0, " "
        return (0, "") if self._keeps_hyphen(left, right, next_word.group()[0].islower()) else (1, "")

    def _keeps_hyphen(self, left: str, right: str, lower: bool) -> bool:
        whole, compound = self._words[left + right], self._words[f"{left}-{right}"]
        if whole or compound:
            return compound > whole
        if not lower or not self._breaks_words or "-" in left + right or len(left) == 1:
            return True  # "Hyesan-Jangbaek", "n-type"
        if right in _SECOND_PARTS:
            return True
        return len(right) >= 4 and (
            left in _FIRST_PARTS or (len(left) >= 4 and self._words[left] > 0 and self._words[right] > 0)
        )


def _wide(character: str) -> bool:
    """Return whether a character is of a script that is written without spaces: Chinese, Japanese."""
    return bool(re.match(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]", character))


def _columns(page: Page) -> Iterator[_Column]:
    for _, group in groupby(page.lines, key=lambda line: (line.column, line.aside)):
        lines = list(group)
        left, right = min(line.left for line in lines), max(line.right for line in lines)
        yield _Column(lines, left, right, _line_distance(lines))


def _blocks(pages: Sequence[Page], body: tuple[float, bool], joiner: _Joiner) -> list[_Block]:
    """Return the blocks that the lines make.

    A paragraph may go on in the next column or on the next page, and after the asides that it runs around.
    """
    blocks: list[_Block] = []
    paragraph: _Block | None = None  # the last of the body, or None after a heading
    for index, page in enumerate(pages):
        for column in _columns(page):
            notes = _first_note(column.lines, body[0])
            for position, line in enumerate(column.lines):
                block = blocks[-1] if blocks and position else None
                kind = _kind(column, position, body, block)
                if position >= notes or line.aside:
                    kind = "aside"
                if kind == "body" and (block is None or block.kind == "aside") and paragraph:
                    block = paragraph if _goes_on(paragraph, line, column) else None
                    how = "join" if block else "part"
                else:
                    how = _link_to(block, line, kind, column) if block else "part"
                full = _is_full(line, column.lines[position + 1 : position + 2], column)
                if block and how == "join":
                    text, at = block.pieces[-1]
                    off, between = joiner.joint(text, line.text)
                    block.pieces[-1] = (text[: len(text) - off] + between, at)
                    block.pieces.append((line.text, index))
                    block.last, block.full = line, full
                else:
                    block = _Block(kind, line, line, [(line.text, index)], tight=how == "line", full=full)
                    blocks.append(block)
                paragraph = {"body": block, "heading": None, "aside": paragraph}[kind]
    return blocks


def _first_note(lines: list[Line], size: float) -> int:
    """Return the position of the small lines at the end of a column: footnotes, or a licence.

    If the whole column is small, return the position of the first line that looks like a note.
    """
    first = len(lines)
    while first and lines[first - 1].size < _SMALL * size:
        first -= 1
    if first:
        return first
    return next((i for i, line in enumerate(lines) if _NOTE.match(line.text)), len(lines))


def _kind(
    column: _Column, position: int, body: tuple[float, bool], block: _Block | None
) -> Literal["body", "heading", "aside"]:
    """Return what a line of a column is. An aside is a caption or a table."""
    line = column.lines[position]
    if "\t" in line.text:
        return "aside"
    if len(line.text) <= 150 and not _CAPTION.match(line.text) and _WORDY.search(line.text):
        if line.size >= _HEADING * body[0]:
            return "heading"
        above = column.lines[position - 1] if position else None
        apart = above is None or above.bold or line.top - above.top > column.pitch + 0.2 * line.size
        if line.bold and not body[1] and apart and line.size > _SMALL * body[0]:
            return "heading"
    if (
        block
        and block.kind == "aside"
        and "\t" not in block.last.text
        and _link_to(block, line, "aside", column) != "part"
    ):
        return "aside"  # the caption goes on
    return "aside" if _CAPTION.match(line.text) else "body"


def _link_to(block: _Block, line: Line, kind: str, column: _Column) -> Literal["join", "line", "part"]:
    """Return how a line follows the block above it in its column.

    It is joined to the block, begins on a new "line", or is a "part" behind a blank line.
    """
    above, size = block.last, line.size
    if block.kind != kind or abs(above.size - size) > 0.12 * size:
        return "part"
    if line.top - above.top > column.pitch + _LEADING * size:
        return "part"
    if kind == "heading":
        return "join" if above.bold == line.bold else "part"
    if "\t" in line.text or "\t" in above.text:
        return "line"
    ended = bool(_TERMINAL.search(above.text))
    soft = block.full or (len(above.text) >= 30 and line.text[0].islower())
    marked = _MARKER.match(line.text) or (kind == "aside" and _NOTE.match(line.text))
    if marked and (ended or not soft or not line.text[0].isalnum()):
        return "line"
    if _BROKEN.search(above.text) and line.text[0].islower():
        return "join"
    in_item = _MARKER.match(block.first.text) and line.left > block.first.left + 2
    indented = line.left > max(column.left, above.left) + _INDENT * size and not in_item
    if indented and (ended or soft):
        return "part"
    if block.full or (soft and not ended):
        return "join"
    return "part" if ended else "line"


def _is_full(line: Line, after: Sequence[Line], column: _Column) -> bool:
    """Return whether a line is full: the first word of the next line would not have fitted on it."""
    word = after[0].first if after else 3 * line.size
    return line.right + 0.2 * line.size + word > column.right - 0.3 * line.size


def _goes_on(paragraph: _Block, line: Line, column: _Column) -> bool:
    """Return whether a paragraph goes on with a line of another column, or with a line after an aside."""
    last = paragraph.last
    if _TERMINAL.search(last.text) or abs(last.size - line.size) > 0.12 * line.size:
        return False
    if line.text[0].islower() or (_BROKEN.search(last.text) and not last.text[-2].isdigit()):
        return True
    return paragraph.full and line.left < column.left + _INDENT * line.size and not _MARKER.match(line.text)


def _with_asides_on_their_page(blocks: list[_Block]) -> Iterator[_Block]:
    """Yield the blocks, with asides moved into paragraphs that go over several pages.

    An aside is moved behind the paragraph's last sentence that ends on the aside's page.
    """
    position = 0
    while position < len(blocks):
        block = blocks[position]
        position += 1
        while len(block.pieces) > 1 and position < len(blocks):
            page = blocks[position].pieces[0][1]
            if blocks[position].kind != "aside" or page >= block.pieces[-1][1]:
                break
            head, block = _split(block, page)
            if head:
                yield head
            while (
                position < len(blocks)
                and blocks[position].kind == "aside"
                and blocks[position].pieces[0][1] == page
            ):
                yield blocks[position]
                position += 1
        yield block


def _split(block: _Block, page: int) -> tuple[_Block | None, _Block]:
    """Return the two halves of a paragraph, cut where its last sentence on a page ends.

    The first half is None if the paragraph begins on the page and no sentence of it ends there.
    """
    upto = sum(at <= page for _, at in block.pieces)
    whole = "".join(text for text, _ in block.pieces[:upto])
    since = sum(len(text) for text, at in block.pieces if at < page)
    end = max((m.end() for m in _SENTENCE_END.finditer(whole) if m.end() > since), default=0)
    if not end and block.pieces[0][1] == page:
        return None, block
    end = end or len(whole)  # a sentence of more than a page must be cut
    head: list[tuple[str, int]] = []
    tail: list[tuple[str, int]] = []
    done = 0
    for text, at in block.pieces:
        cut = min(max(end - done, 0), len(text))
        done += len(text)
        head += [(text[:cut], at)] if cut else []
        tail += [(text[cut:], at)] if cut < len(text) else []
    return replace(block, pieces=head), replace(block, pieces=tail, tight=False)


def _assemble(
    blocks: list[_Block], pages: Sequence[Page], running: tuple[str, ...], display: str
) -> LaidOutText:
    """Join blocks to one text, with the places of its pages and headings."""
    parts: list[str] = []
    at = 0
    starts: dict[int, int] = {}
    headings: list[tuple[int, str, str]] = []
    for block in blocks:
        pieces = [*block.pieces[:-1], (block.pieces[-1][0].rstrip(), block.pieces[-1][1])]
        if parts:
            separator = "\n" if block.tight else "\n\n"
            parts.append(separator)
            at += len(separator)
        whole = "".join(text for text, _ in pieces)
        if block.kind == "heading" and len(whole) <= 200 and not re.search(r"[.,;]$", whole):
            headings.append((at, whole, ""))
        for text, index in pieces:
            starts.setdefault(index, at)
            parts.append(text)
            at += len(text)
    starting = [(start, pages[index].name, pages[index].read_by) for index, start in starts.items()]
    sections = [*_sections(starting, "page", at), *_sections(headings, "section", at)]
    return LaidOutText("".join(parts), tuple(sorted(sections)), display, running)


def _sections(starts: list[tuple[int, str, str]], kind: SectionKind, end: int) -> Iterator[Section]:
    """Yield the sections. Each goes from its start to the start of the next section."""
    for (start, name, read_by), (stop, *_) in pairwise([*starts, (end, "", "")]):
        if start < stop:
            yield Section(start, stop, kind, name, read_by)
