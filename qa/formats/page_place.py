"""Where words of a text stand on a page that it was laid out from; nowhere, unless that is certain.

`qa.formats.layout` joins lines and words, takes hyphens off and raises numbers. So letters and digits alone
are compared, in the order in which the page is read.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.formats.layout import Word

# Letters that cannot stand somewhere else by chance: of the words, or of the words and what is around them.
_CERTAIN = 20
_AROUND = 60  # letters before and after that are compared where the words stand on the page several times
_AHEAD = 8  # letters by which the best of several places must be better than the next
_OVERSHOT = 4  # letters that what stands between two columns may have in common with how the words go on


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a quote that stands on one page.

    Attributes:
        page: the label of the page.
        before: what stands in the text before it.
        words: its words.
        after: what stands in the text after it.
    """

    page: str
    before: str
    words: str
    after: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words beside each other on a line.

    Attributes:
        row: the number of the line.
        left, right, top, bottom: its edges, as those of its words.
    """

    row: int
    left: float
    right: float
    top: float
    bottom: float


def find(part: Part, rows: Sequence[Sequence[Word]]) -> list[Stretch]:
    """Find a part on the page that has these words, line by line; empty unless its place is certain."""
    words = [(number, word, _letters(word.text)) for number, row in enumerate(rows) for word in row]
    page = "".join(letters for _, _, letters in words)
    places = _places(
        _letters(part.words), _letters(part.before)[-_AROUND:], _letters(part.after)[:_AROUND], page
    )
    stretches: list[Stretch] = []
    at = 0
    for number, word, letters in words:
        for start, end in places:
            first, last = max(start - at, 0), min(end - at, len(letters))
            if first < last:
                width = (word.right - word.left) / len(letters)
                left = word.left + first * width
                right = word.left + last * width
                _add(stretches, Stretch(number, left, right, word.top, word.bottom))
        at += len(letters)
    return stretches


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text)))


def _places(words: str, before: str, after: str, page: str) -> list[tuple[int, int]]:
    """Find where the words stand: in one place, or in several where something stands between two columns."""
    if place := _place(words, before, after, page):
        return [place]
    longest = _longest_start(words, page)
    for length in range(longest, max(longest - _OVERSHOT, 0), -1):
        if place := _place(words[:length], before, "", page):
            _, end = place
            rest = _places(words[length:], "", after, page[end:])
            if rest:
                return [place, *((end + start, end + stop) for start, stop in rest)]
    return []


def _place(words: str, before: str, after: str, page: str) -> tuple[int, int] | None:
    """Find the one place of the words, by what is around them where they stand on the page several times."""
    ranked = sorted(
        ((_alike(page, start, start + len(words), before, after), start) for start in _starts(words, page)),
        reverse=True,
    )
    if not ranked or len(words) + ranked[0][0] < _CERTAIN:
        return None
    if len(ranked) > 1 and ranked[0][0] < ranked[1][0] + _AHEAD:
        return None
    return ranked[0][1], ranked[0][1] + len(words)


def _starts(words: str, page: str) -> Iterator[int]:
    at = page.find(words) if words else -1
    while at >= 0:
        yield at
        at = page.find(words, at + 1)


def _alike(page: str, start: int, end: int, before: str, after: str) -> int:
    """Count the letters around a place that are those around the words."""
    return _in_common(page[:start][: -_AROUND - 1 : -1], before[::-1]) + _in_common(page[end:], after)


def _in_common(one: str, other: str) -> int:
    """Count the letters with which both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _longest_start(words: str, page: str) -> int:
    """Return how many of the first letters of the words stand on the page one after the other."""
    there, beyond = 0, len(words) + 1
    while beyond - there > 1:
        length = (there + beyond) // 2
        if words[:length] in page:
            there = length
        else:
            beyond = length
    return there


def _add(stretches: list[Stretch], new: Stretch) -> None:
    """Add what stands beside the last stretch to that, or begin another."""
    if stretches and stretches[-1].row == new.row:
        last = stretches.pop()
        new = Stretch(new.row, last.left, new.right, min(last.top, new.top), max(last.bottom, new.bottom))
    stretches.append(new)
