"""Find the words before and after a quote in the sentence around it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from qa.quoting.claims.citations import LABEL, LINKED

if TYPE_CHECKING:
    from collections.abc import Sequence

# Maximum number of characters on each side of a quote that are read.
MOST_AROUND = 300
# Abbreviations that do not end a sentence: “Dr.”, “K.”.
_SHORT = "".join(
    rf"(?<!\b{word})"
    for word in (
        "[A-Z] Mr Mrs Ms Dr St No Nos Nr Prof Gen Sen Gov Rep Lt Col Capt Sgt pp p vol ed eds cf vs art sec"
    ).split()
)
_SENTENCE_END = re.compile(
    rf"(?:{_SHORT}\.|[!?。！？])(?:[”\"’»)\]⁰¹²³⁴-⁹]|\[\^?[^\[\]\s]{{1,40}}\])*+(?:\s+(?![0-9])|\Z)"
    # The end of a paragraph, of a heading, and of the text before a list item.
    r"|\n[ \t]*\n|^#{1,6}[ \t][^\n]*\n|\n(?=[ \t]{0,20}(?:[-*•+]|[0-9]{1,3}[.)])[ \t])",
    re.MULTILINE,
)
# Number of characters at the end of a quote that ends a sentence: a full stop and the closing mark.
_CLOSED = 2
_GOES_ON = re.compile(r"[a-zß-öø-ÿ(\[—–,;:]")
_IN_BRACKETS = re.compile(r"\([^()\n]{1,150}\)")
_TO_DASH = re.compile(r"\s*+(?=[—–])")
_STARTS_WITH_DASH = re.compile(r"\s{0,20}[—–]")


class Sentences:
    """The sentences of a text. The search for the ends of sentences runs only once."""

    def __init__(self, text: str) -> None:
        self._text = text
        spans = [match.span() for match in _SENTENCE_END.finditer(text)]
        self._stops = [stop for stop, _ in spans]
        self._ends = [end for _, end in spans]

    def around(
        self, start: int, end: int, first: int = 0, last: int | None = None, *, noted: bool = False
    ) -> tuple[str, str]:
        """Return the words before and after a quote in the sentence around it, between two offsets.

        A paragraph before the quote that ends in a colon belongs to the sentence. So does a line after the
        quote that begins with a dash. In a note (`noted`), a full stop at the end of a title does not end the
        sentence.
        """
        first = max(first, start - MOST_AROUND)
        stripped = first + len(self._text[first:start].rstrip())
        at = bisect_right(self._ends, start)
        while at and self._text[stripped - 1 : stripped] == ":" and self._ends[at - 1] > stripped:
            at -= 1
        begin = max(first, self._ends[at - 1]) if at else first
        limit = min(len(self._text) if last is None else last, end + 2 * MOST_AROUND)
        dash = _TO_DASH.match(self._text, end, limit)
        at = bisect_left(self._stops, dash.end() if dash else end)
        if not noted and self._ends_inside(end):
            at = bisect_left(self._stops, end - _CLOSED)
        limit = min(limit, self._ends[at]) if at < len(self._ends) else limit
        bracketed = _IN_BRACKETS.match(self._text, limit)
        before = LINKED.sub(_label, self._text[begin:start])
        after = LINKED.sub(_label, self._text[end : bracketed.end() if bracketed else limit])
        return before.strip(), after[:MOST_AROUND].strip()

    def _ends_inside(self, end: int) -> bool:
        """Return whether a quote ends a sentence, and a new one follows: “It is closed.” They left."""
        at = bisect_left(self._stops, end - _CLOSED)
        if at == len(self._stops) or self._stops[at] >= end:
            return False
        return not _GOES_ON.match(self._text, self._ends[at])


def sentence_around(text: str, start: int, end: int) -> tuple[str, str]:
    """Return the words before and after a range of a text in the sentence around it."""
    first = max(0, start - MOST_AROUND)
    window = text[first : end + 2 * MOST_AROUND]
    return Sentences(window).around(start - first, end - first)


def sentences_around(text: str, start: int, end: int, beside: int = 0) -> tuple[int, int]:
    """Return the range of the sentence around a range, extended by `beside` sentences on each side."""
    left, right = text[max(0, start - MOST_AROUND) : start], text[end : end + MOST_AROUND]
    before = [match.end() for match in _SENTENCE_END.finditer(left)][::-1]
    after = [match.end() for match in _SENTENCE_END.finditer(right)]
    if re.search(r"[.!?。！？][”\"’»)\]]*\Z", text[start:end]) and not right[:1].strip():
        after.insert(0, 0)  # the range ends with its sentence
    begin = start - len(left) + before[beside] if beside < len(before) else start - len(left)
    return begin, end + after[beside] if beside < len(after) else end + len(right)


def block_around(text: str, start: int, end: int, edges: Sequence[int]) -> tuple[int, int]:
    """Return the range of the block of a page around a range.

    A block before that ends in a colon is included, and so is a block after that begins with a dash.
    """
    at = bisect_right(edges, start) - 1
    if at > 0 and text[edges[at - 1] : edges[at]].rstrip().endswith(":"):
        at -= 1
    following = bisect_left(edges, end)
    if following < len(edges) and _STARTS_WITH_DASH.match(text, edges[following]):
        following += 1
    begin = edges[at] if at >= 0 else 0
    return begin, edges[following] if following < len(edges) else len(text)


def _label(link: re.Match[str]) -> str:
    """Return the label of a link in brackets, or a blank if the label has no words of its own."""
    label = link["label"] or ""
    return f" ({label}) " if re.search(r"[^\W\d_]", LABEL.sub(" ", f"[{label}]")) else " "
