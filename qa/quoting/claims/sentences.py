"""Sentences: what the sentence around a quote says before it, and after it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from qa.quoting.claims.citations import LABEL, LINKED

if TYPE_CHECKING:
    from collections.abc import Sequence

# Characters of the sentence around a quote that are looked at.
MOST_AROUND = 300
# No sentence ends with “Dr.” or “K.”.
_SHORT = "".join(
    rf"(?<!\b{word})"
    for word in (
        "[A-Z] Mr Mrs Ms Dr St No Nos Nr Prof Gen Sen Gov Rep Lt Col Capt Sgt pp p vol ed eds cf vs art sec"
    ).split()
)
_SENTENCE_END = re.compile(
    rf"(?:{_SHORT}\.|[!?。！？])(?:[”\"’»)\]⁰¹²³⁴-⁹]|\[\^?[^\[\]\s]{{1,40}}\])*+(?:\s+(?![0-9])|\Z)"
    # A paragraph, a heading, and what comes before an item of a list.
    r"|\n[ \t]*\n|^#{1,6}[ \t][^\n]*\n|\n(?=[ \t]{0,20}(?:[-*•+]|[0-9]{1,3}[.)])[ \t])",
    re.MULTILINE,
)
# Characters of a quote's end: a stop and the closing mark.
_CLOSED = 2
_GOES_ON = re.compile(r"[a-zß-öø-ÿ(\[—–,;:]")
_IN_BRACKETS = re.compile(r"\([^()\n]{1,150}\)")
_TO_DASH = re.compile(r"\s*+(?=[—–])")
_STARTS_WITH_DASH = re.compile(r"\s{0,20}[—–]")


class Sentences:
    """The sentences of a text, whose ends are looked for once."""

    def __init__(self, text: str) -> None:
        self._text = text
        found = [match.span() for match in _SENTENCE_END.finditer(text)]
        self._stops = [stop for stop, _ in found]
        self._ends = [end for _, end in found]

    def around(
        self, start: int, end: int, first: int = 0, last: int | None = None, *, noted: bool = False
    ) -> tuple[str, str]:
        """Return what the sentence around a quote says before it, and after it, between two offsets.

        A paragraph that ends in a colon goes on with the quote, and a line that begins with a dash belongs to
        it. In a note (`noted`) a title may end in a stop of its own.
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
        """Whether a quote ends with its sentence, and another begins behind it: “It is closed.” They left."""
        at = bisect_left(self._stops, end - _CLOSED)
        if at == len(self._stops) or self._stops[at] >= end:
            return False
        return not _GOES_ON.match(self._text, self._ends[at])


def sentence_around(text: str, start: int, end: int) -> tuple[str, str]:
    """Return what the sentence around a range of a text says before it, and after it."""
    first = max(0, start - MOST_AROUND)
    window = text[first : end + 2 * MOST_AROUND]
    return Sentences(window).around(start - first, end - first)


def sentences_around(text: str, start: int, end: int, beside: int = 0) -> tuple[int, int]:
    """Return where the sentence around a range begins and ends, or that many sentences `beside` it."""
    left, right = text[max(0, start - MOST_AROUND) : start], text[end : end + MOST_AROUND]
    before = [match.end() for match in _SENTENCE_END.finditer(left)][::-1]
    after = [match.end() for match in _SENTENCE_END.finditer(right)]
    if re.search(r"[.!?。！？][”\"’»)\]]*\Z", text[start:end]) and not right[:1].strip():
        after.insert(0, 0)  # the range ends with its sentence
    begin = start - len(left) + before[beside] if beside < len(before) else start - len(left)
    return begin, end + after[beside] if beside < len(after) else end + len(right)


def block_around(text: str, start: int, end: int, edges: Sequence[int]) -> tuple[int, int]:
    """Return where the block of a page begins and ends that holds a range.

    A block before it that ends in a colon belongs to it, and a block after it that begins with a dash.
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
    """Return what a link is called, if that is more than the name of a link."""
    label = link["label"] or ""
    return f" ({label}) " if re.search(r"[^\W\d_]", LABEL.sub(" ", f"[{label}]")) else " "
