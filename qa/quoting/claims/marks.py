"""Find the quotation marks that open a quotation, and the end of the quotation."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from typing import NamedTuple

from qa.quoting.claims.claim import LEAST_WORDS, Form
from qa.text.terms import measure

# Maximum number of characters of a quotation in running text. A longer quotation lacks its closing mark.
MOST_CHARACTERS = 20_000
# The closing marks of a quotation, by its opening mark.
CLOSING = {
    "“": "”", "„": "“”", "‟": "”", "«": "»", "‹": "›", "‚": "‘",
    "「": "」", "『": "』", "《": "》", "〈": "〉", "〝": "〞〟",
}  # fmt: skip
# Straight marks, which both open and close a quotation.
STRAIGHT = '"＂'
_MARKS = "".join({*STRAIGHT, *CLOSING, *"".join(CLOSING.values())} - {"‘"})
# Guillemets that point inwards, as in German. They open a quotation after a blank and before a word.
_INWARDS = {"«": "»", "‹": "›"}
_OPENS_INWARDS = r"(?<![^\s(\[{“„—–>])[»›](?=[^\s.,;:!?…)\]])"
# An entity, as which a page or a note may write a mark.
_ENTITY = re.compile(r"&#?\w{1,9};")
# A single mark opens a quotation after a blank, a bracket or another mark. It does not if it replaces letters
# or digits: ’90s.
_OPENS_SINGLE = (
    r"(?<![^\s(\[{“„«—–>\"])['‘](?![\s'’‘])"
    r"(?![0-9]|(?:[Tt](?:is|was|were|will|would)|ave|bout|cause|cos|e|em|ere|gainst|im|m|n|neath|re|round|s|t|til)\b)"
)
OPENING = re.compile(
    rf"{_OPENS_INWARDS}|[{''.join(CLOSING)}]|(?<![\w{STRAIGHT}])[{STRAIGHT}](?=\S)|{_OPENS_SINGLE}"
)
# A single mark closes a quotation before a blank or punctuation. Before another word, a mark after s, in
# “-in’” or in “’n’” is most likely an apostrophe: “the dogs’ bowls”.
_SINGLE = re.compile(
    rf"(?P<opens>{_OPENS_SINGLE})|(?P<doubtful>(?:(?<=[sS])|(?<=\w\win)|(?<=['’]n))['’](?=\s+['‘’]?\w))"
    r"|(?P<closes>(?<=\S)['’](?!\w))|(?P<ends>\n\s*\n)"
)
# Marks that should have a partner. A mark alone in its line is an ornament, and a straight mark after a digit
# means inches.
UNPAIRED = re.compile(
    rf"(?m)(?!^[^\w\n]*$)(?:[{''.join(CLOSING)}”»」』》〉〞〟]|{_OPENS_INWARDS}|(?<![0-9])[{STRAIGHT}]|``)"
)


class Quotation(NamedTuple):
    """A quotation in a text.

    Attributes:
        start: the offset of the beginning, with the opening mark.
        end: the offset of the end, with the closing mark.
        words: the quoted words.
        stop: the offset at which the citation after the quotation ends, or 0 without a citation.
        title: the title in that citation.
        paragraphs: whether the quotation's paragraphs may be separate quotes.
        readings: other readings of the quotation, without the words before the quote.
        marked: whether the title is in quotation marks, so that it could be mistaken for another quotation.
        form: the form of the quotation in the text.
    """

    start: int
    end: int
    words: str
    stop: int = 0
    title: str = ""
    paragraphs: bool = False
    readings: tuple[str, ...] = ()
    marked: bool = True
    form: Form = "quotation marks"

    @property
    def range(self) -> tuple[int, int]:
        """Return the range from the beginning of the quotation to the end of its citation."""
        return self.start, max(self.end, self.stop)


class Ends:
    """The ends of a text's quotations, after their closing marks. Quotations may contain other quotations."""

    def __init__(self, text: str) -> None:
        self._text = text
        # Straight marks that end a quotation, and empty lines, which no such quotation crosses.
        self._straight = [
            (m.start(), m.end(), m[0] in STRAIGHT) for m in re.finditer(rf"[{STRAIGHT}](?!\w)|\n\s*\n", text)
        ]
        # The ends of pasted quotes, right before a citation line. Such a quote may contain an unpaired mark.
        self._pasted = [m.end() for m in re.finditer(r"”(?=\n“[^\n]+”)", text)]
        self._partners = _single_marks(text)
        stacks: dict[str, list[int]] = {opening: [] for opening in CLOSING}
        for mark in re.finditer(f"[{''.join(stacks)}{''.join(CLOSING.values())}]", text):
            for opening, stack in stacks.items():
                if mark[0] == opening:
                    stack.append(mark.start())
                elif stack and mark[0] in CLOSING[opening]:
                    self._partners[stack.pop()] = mark.end()
        inwards: dict[str, list[int]] = {opening: [] for opening in _INWARDS.values()}
        for mark in re.finditer(f"(?P<opens>{_OPENS_INWARDS})|[«»‹›]", text):
            waiting = inwards[_INWARDS.get(mark[0], mark[0])]
            if mark["opens"]:
                waiting.append(mark.start())
            elif waiting:
                self._partners[waiting.pop()] = mark.end()

    def of(self, start: int) -> int | None:
        """Return the end of the quotation that begins at an offset.

        Return None if there is no end within `MOST_CHARACTERS`.
        """
        limit = start + MOST_CHARACTERS
        if self._text[start] in STRAIGHT:
            at = bisect_right(self._straight, (start, len(self._text), True))
            _, end, closes = self._straight[at] if at < len(self._straight) else (0, limit + 1, False)
            return end if closes and end <= limit else None
        end = self._partners.get(start, limit + 1)
        if end > limit:
            at = bisect_right(self._pasted, start)
            end = self._pasted[at] if at < len(self._pasted) else limit + 1
        return end if end <= limit else None


def _single_marks(text: str) -> dict[int, int]:
    """Return the ends of the quotations in single marks, by the offsets of their opening marks.

    A quotation ends in the same paragraph. A mark that is most likely an apostrophe closes a quotation only
    if no other mark does, and only if the marks are not straight.
    """
    partners: dict[int, int] = {}
    doubtful: dict[int, int] = {}
    opened: dict[str, list[int]] = {"'": [], "’": []}
    for mark in _SINGLE.finditer(text):
        if mark["ends"]:
            opened = {closing: [] for closing in opened}
            continue
        waiting = opened["’" if mark[0] == "‘" else mark[0]]
        if mark["opens"]:
            waiting.append(mark.start())
        elif waiting and mark["closes"]:
            partners[waiting.pop()] = mark.end()
        elif waiting and mark[0] == "’":
            doubtful.setdefault(waiting[-1], mark.end())
    return doubtful | partners


def without_marks(text: str) -> str:
    """Return a quote without the quotation marks around it."""
    text = text.strip()
    single = re.match(_OPENS_SINGLE, text) and Ends(text).of(0) == len(text)
    return (text[1:-1] if single else text.strip(_MARKS)).strip()


def without_entities(text: str) -> str:
    """Return a text with entities of quotation marks replaced by the marks, padded to the same length."""
    return _ENTITY.sub(_unescaped, text)


def _unescaped(entity: re.Match[str]) -> str:
    mark = html.unescape(entity[0])
    return mark.rjust(len(entity[0])) if mark in {*_MARKS} else entity[0]


def is_marked(text: str, start: int, end: int, ends: Ends) -> bool:
    """Return whether a stretch is in quotation marks except for a few words, as one or more quotations."""
    outside = []
    at = start
    while opened := OPENING.search(text, at, end):
        outside.append(text[at : opened.start()])
        close = ends.of(opened.start())
        at = close if close and close <= end else opened.end()
        if at == opened.end():
            outside.append(text[opened.start() : at])
    outside.append(text[at:end])
    marked = end - start > sum(map(len, outside))
    return marked and measure(re.sub(r"[^\w\s]", "", " ".join(outside))) < LEAST_WORDS
