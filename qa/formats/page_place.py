"""Finds the words of a text on the page that they come from, if their place is certain.

`qa.formats.layout` joins lines and words, removes hyphens and raises numbers. So only letters and digits are
compared, in the reading order of the page.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.formats.layout import Word

# Minimum letters of a certain place: the letters of the words, and the matching letters around them.
_CERTAIN = 20
_AROUND = 60  # letters before and after the words that are compared
_AHEAD = 8  # letters that the best place must have more than the second best
_OVERSHOT = 4  # letters of text between two columns that may match the words by chance


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a quote that stands on one page.

    Attributes:
        page: the label of the page.
        before: the text before the part.
        words: the words of the part.
        after: the text after the part.
    """

    page: str
    before: str
    words: str
    after: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of words on one line.

    Attributes:
        row: the number of the line.
        left, right, top, bottom: the edges, in the same units as the edges of the words.
    """

    row: int
    left: float
    right: float
    top: float
    bottom: float


def find(part: Part, rows: Sequence[Sequence[Word]]) -> list[Stretch]:
    """Return the places of a part on a page with the lines `rows`, or [] if the place is not certain."""
    words = [(number, word, _letters(word.text)) for number, row in enumerate(rows) for word in row]
    page = "".join(letters for _, _, letters in words)
    places = _spans(
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


def _spans(words: str, before: str, after: str, page: str) -> list[tuple[int, int]]:
    """Return start and end of each place of the words on the page.

    There are several places if other text between two columns interrupts the words.
    """
    if span := _single_span(words, before, after, page):
        return [span]
    longest = _longest_start(words, page)
    for length in range(longest, max(longest - _OVERSHOT, 0), -1):
        if span := _single_span(words[:length], before, "", page):
            _, end = span
            rest = _spans(words[length:], "", after, page[end:])
            if rest:
                return [span, *((end + start, end + stop) for start, stop in rest)]
    return []


def _single_span(words: str, before: str, after: str, page: str) -> tuple[int, int] | None:
    """Return the one place of the words, or None if it is not certain.

    If the words occur several times, the text around them decides.
    """
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
    """Return how many letters around a place match the letters around the words."""
    return _in_common(page[:start][: -_AROUND - 1 : -1], before[::-1]) + _in_common(page[end:], after)


def _in_common(one: str, other: str) -> int:
    """Return the length of the common beginning of two texts."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _longest_start(words: str, page: str) -> int:
    """Return the length of the longest beginning of the words that occurs on the page."""
    matching, beyond = 0, len(words) + 1
    while beyond - matching > 1:
        length = (matching + beyond) // 2
        if words[:length] in page:
            matching = length
        else:
            beyond = length
    return matching


def _add(stretches: list[Stretch], new: Stretch) -> None:
    """Extend the last stretch if the new stretch is on the same line, or else append the new stretch."""
    if stretches and stretches[-1].row == new.row:
        last = stretches.pop()
        new = Stretch(new.row, last.left, new.right, min(last.top, new.top), max(last.bottom, new.bottom))
    stretches.append(new)
