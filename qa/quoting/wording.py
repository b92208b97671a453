"""Find words in a text, or the most similar place in the text, and compare both word by word."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from qa.schema import Span
from qa.text.terms import HAN, HANGUL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# Minimum share, 0 to 1, of a quote's words that a similar place has in the same order.
LEAST_SHARE = 0.5
# Maximum number of words that are compared in full. Longer quotes are compared without their most common
# words, which takes a second instead of minutes.
MOST_COMPARED = 1_000
# Maximum number of pairs of equal words in a comparison of long texts. Common words are left out until no
# more pairs remain. The limit matters if a text repeats a hundred words again and again, so that each is
# common.
MOST_PAIRS = 500_000
# Maximum number of characters that are searched for a place that cuts no word.
MOST_SEARCHED = 20_000_000
# Maximum number of places that are examined.
MOST_PLACES = 10_000
# Maximum number of characters by which a cut word is completed.
LONGEST_WORD = 1_000
# A word. In Chinese and Japanese, which have no spaces between words, a character counts as a word.
_WORD = re.compile(r"[^\W\u3040-\u30ff\u3400-\u9fff]+|[\u3040-\u30ff\u3400-\u9fff]")
_TOKEN = re.compile(r"\S+\s*|\s+")
# An edge (marked by `_EDGE`) cuts a word or a number if it lies
# - between letters or digits, except Han, kana and Hangul,
# - next to a hyphen between words, also at the end of a line, or next to a minus,
# - next to a separator within a number, or
# - before an apostrophe and its letters (“can’t”). A quote may begin after an apostrophe (“l’économie”).
_EDGE = "\uffff"
_PARTED = rf"[^\W{HAN}{HANGUL}]"
_HYPHEN = "[-\u2010-\u2013\u2212\ufe63\uff0d]"
_OF_NUMBER = "[.,:/'\u2019\u00b7\u066b\u066c\u2044\u00a0\u2009\u202f]"
_CURRENCY = "[$£¥₩€]"
_CUT = re.compile(
    "|".join(
        (
            rf"{_PARTED}{_EDGE}{_PARTED}",
            rf"\w{_EDGE}{_HYPHEN}(?:\r?\n)?\w",
            rf"\w{_HYPHEN}(?:{_EDGE}(?:\r?\n)?|\r?\n{_EDGE})\w",
            rf"(?<!{_HYPHEN}){_HYPHEN}(?:{_EDGE}{_CURRENCY}?|{_CURRENCY}{_EDGE})\d",
            rf"\d(?:{_EDGE}{_OF_NUMBER}|{_OF_NUMBER}{_EDGE})\d",
            rf"\s\.{_EDGE}\d",
            rf"\w{_EDGE}['\u2019]{_PARTED}",
        )
    )
)
# Number of characters that are examined on each side of an edge. Several are needed for stacked accents.
_ABOUT = 8


@dataclass(frozen=True, slots=True)
class Change:
    """Consecutive words of two texts that are compared.

    Attributes:
        op: "equal" if both texts have the words, "insert" if only the new text has them, and "delete" if only
            the old text has them.
        text: the words.
    """

    op: Literal["equal", "insert", "delete"]
    text: str


Difference: TypeAlias = tuple[Change, ...]
"""All changes from an old text to a new text. Without the insertions, the joined words are the old text.
Without the deletions, they are the new text."""


def cuts(text: str, at: int) -> bool:
    """Return whether an edge at an offset cuts a word or a number: “un|able”, “1.|5”, “-|5”, “anti|-war”.

    In Han, kana and Hangul, an edge between two letters cuts no word.
    """
    if at < len(text) and unicodedata.category(text[at]).startswith("M"):
        return True
    return bool(_CUT.search(_bare(text[max(0, at - _ABOUT) : at]) + _EDGE + _bare(text[at : at + _ABOUT])))


def _bare(text: str) -> str:
    """Return a text without accents and invisible characters, such as soft hyphens and joiners."""
    return "".join(
        character
        for character in text
        if character != _EDGE and unicodedata.category(character) not in ("Mn", "Mc", "Me", "Cf")
    )


def is_whole(span: Span, text: str) -> bool:
    """Return whether both ends of a span cut no word and no number of a text."""
    return not (cuts(text, span.start) or cuts(text, span.end))


def find(words: str, text: str, near: int = 0) -> Span | None:
    """Return the place nearest to an offset where a text has these exact characters as whole words.

    Only the nearest places are examined, because a text may repeat the words very often.
    """
    places = min(MOST_PLACES, MOST_SEARCHED // max(1, len(words)))
    nearest = (
        next((span for span in islice(spans, places) if is_whole(span, text)), None)
        for spans in (_before(words, text, near), _from(words, text, near))
    )
    return min(filter(None, nearest), key=lambda span: abs(span.start - near), default=None)


def _from(words: str, text: str, near: int) -> Iterator[Span]:
    """Yield the places of the words from an offset on, the nearest first."""
    at = text.find(words, near) if words else -1
    while at >= 0:
        yield Span(at, at + len(words))
        at = text.find(words, at + 1)


def _before(words: str, text: str, near: int) -> Iterator[Span]:
    """Yield the places of the words before an offset, the nearest first."""
    at = text.rfind(words, 0, max(0, near - 1 + len(words))) if words else -1
    while at >= 0:
        yield Span(at, at + len(words))
        at = text.rfind(words, 0, at - 1 + len(words))


def difference(old: str, new: str) -> Difference:
    """Return the words that were deleted from the old text, inserted into it, or kept, in order."""
    both = _TOKEN.findall(old), _TOKEN.findall(new)
    changes: list[Change] = []
    for op, start, end, first, last in _matcher(*both).get_opcodes():
        deleted, inserted = "".join(both[0][start:end]), "".join(both[1][first:last])
        if op == "equal":
            changes.append(Change("equal", deleted))
        else:
            changes += [Change("delete", deleted)] if deleted else []
            changes += [Change("insert", inserted)] if inserted else []
    return tuple(changes)


class Text:
    """A text that is prepared for the search for the place most similar to a quote."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._spans = [match.span() for match in _WORD.finditer(text)]
        self._numbers: dict[str, int] = {}
        numbers = [
            self._numbers.setdefault(text[start:end].casefold(), len(self._numbers))
            for start, end in self._spans
        ]
        self._words = np.array(numbers, np.int64)
        # A rare word is better evidence of a quote's place than a common word.
        self._rarity = 1 / np.bincount(self._words) if numbers else np.empty(0)

    def nearest(self, quote: str) -> Span | None:
        """Return the place that has most of a quote's words in the same order.

        Return None if the place has less than `LEAST_SHARE` of the words. Only one stretch of about the
        quote's length is compared: the stretch that shares the rarest words with the quote. So the search
        takes milliseconds in a text of any length.
        """
        words = [match[0].casefold() for match in _WORD.finditer(quote)]
        asked = [self._numbers.get(word, -1) for word in words]
        numbers = np.array(sorted({number for number in asked if number >= 0}), np.int64)
        if not numbers.size:
            return None
        length = min(len(asked), len(self._words))
        shared = np.where(np.isin(self._words, numbers), self._rarity[self._words], 0.0)
        sums = np.concatenate([[0.0], np.cumsum(shared)])
        best = int(np.argmax(sums[length:] - sums[:-length]))
        margin = length // 4 + 2
        first, last = max(0, best - margin), min(len(self._words), best + length + margin)
        matcher = _matcher(asked, self._words[first:last].tolist())
        if sum(block.size for block in matcher.get_matching_blocks()) < LEAST_SHARE * len(asked):
            return None
        begin, end = _trimmed(matcher.get_opcodes())
        return self._extended(self._spans[first + begin][0], self._spans[first + end - 1][1], quote)

    def _extended(self, start: int, end: int, quote: str) -> Span:
        """Return a range, extended by punctuation and to whole words.

        The range gets punctuation only at an end where the quote has punctuation.
        """
        if not quote[:1].isalnum():
            while start and not (self.text[start - 1].isalnum() or self.text[start - 1].isspace()):
                start -= 1
        if not quote[-1:].isalnum():
            while end < len(self.text) and not (self.text[end].isalnum() or self.text[end].isspace()):
                end += 1
        least, most = start - LONGEST_WORD, end + LONGEST_WORD
        while start > least and cuts(self.text, start):
            start -= 1
        while end < most and cuts(self.text, end):
            end += 1
        return Span(start, end)


def _matcher(old: Sequence[str | int], new: Sequence[str | int]) -> SequenceMatcher[str | int]:
    if max(len(old), len(new)) <= MOST_COMPARED:
        return SequenceMatcher(None, old, new, autojunk=False)
    return SequenceMatcher(_too_common(old, new).__contains__, old, new)


def _too_common(old: Sequence[str | int], new: Sequence[str | int]) -> set[str | int]:
    """Return the words to leave out so that at most `MOST_PAIRS` pairs of equal words remain.

    difflib leaves out further words itself.
    """
    counts, others = Counter(old), Counter(new)
    popular = len(new) // 100 + 1
    pairs = {word: count * others[word] for word, count in counts.items() if others[word] <= popular}
    left = sum(pairs.values())
    common: set[str | int] = set()
    for word in sorted(pairs, key=pairs.__getitem__, reverse=True):
        if left <= MOST_PAIRS:
            break
        common.add(word)
        left -= pairs[word]
    return common


def _trimmed(opcodes: Sequence[tuple[str, int, int, int, int]]) -> tuple[int, int]:
    """Return the beginning and the end of the quote's words within the stretch that was compared."""
    codes = [code for code in opcodes if code[0] != "delete"]
    while codes[0][0] == "insert":
        del codes[0]
    while codes[-1][0] == "insert":
        del codes[-1]
    op, start, end, first, last = codes[0]
    begin = max(first, last - (end - start)) if op == "replace" else first
    op, start, end, first, last = codes[-1]
    return begin, min(last, first + (end - start)) if op == "replace" else last


def become(
    quote: str, near: int, text: str, index: Callable[[str], Text] = Text
) -> tuple[Span | None, Difference]:
    """Return the place of a quote's words in a text, or else of the most similar words, and the difference.

    Return None and an empty difference if the text has no similar words. `index` returns the `Text` of a
    text.
    """
    if span := find(quote, text, near):
        return span, ()
    span = index(text).nearest(quote)
    return span, difference(quote, text[span.start : span.end]) if span else ()


def in_words(changes: Difference) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a difference as (op, words), in the form of wdiff: [-deleted-], {+inserted+}."""
    marks = {"equal": ("", ""), "delete": ("[-", "-]"), "insert": ("{+", "+}")}
    for change, following in zip_longest(changes, changes[1:]):
        before, after = marks[change.op]
        words = change.text.rstrip() if change.op != "equal" else change.text
        # The last words of a text have no white space after them.
        apart = change.text[len(words) :] or (" " if following and change.op == "delete" else "")
        yield change.op, f"{before}{words}{after}{apart}"


def joined(changes: Difference, *, without: Literal["insert", "delete"]) -> str:
    """Return the old text (`without="insert"`) or the new text (`without="delete"`)."""
    return "".join(chain.from_iterable(change.text for change in changes if change.op != without))
