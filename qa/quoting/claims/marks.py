"""Quotation marks: which marks open a quotation, and where it ends."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from typing import NamedTuple

from qa.quoting.claims.claim import LEAST_WORDS, Form
from qa.text.terms import measure

# In running text, a quotation that goes on for longer has lost its end.
MOST_CHARACTERS = 20_000
# Which marks close a quotation, by the one that opens it.
CLOSING = {
    "“": "”", "„": "“”", "‟": "”", "«": "»", "‹": "›", "‚": "‘",
    "「": "」", "『": "』", "《": "》", "〈": "〉", "〝": "〞〟",
}  # fmt: skip
# Straight marks, which close what they open.
STRAIGHT = '"＂'
_MARKS = "".join({*STRAIGHT, *CLOSING, *"".join(CLOSING.values())} - {"‘"})
# In German, guillemets point inwards: they open a quotation after a blank, before a word.
_INWARDS = {"«": "»", "‹": "›"}
_OPENS_INWARDS = r"(?<![^\s(\[{“„—–>])[»›](?=[^\s.,;:!?…)\]])"
# Marks that a page or a note has as entities.
_ENTITY = re.compile(r"&#?\w{1,9};")
# A single mark opens a quotation after a blank, a bracket or another mark; not for letters: ’90s.
_OPENS_SINGLE = (
    r"(?<![^\s(\[{“„«—–>\"])['‘](?![\s'’‘])"
    r"(?![0-9]|(?:[Tt](?:is|was|were|will|would)|ave|bout|cause|cos|e|em|ere|gainst|im|m|n|neath|re|round|s|t|til)\b)"
)
OPENING = re.compile(
    rf"{_OPENS_INWARDS}|[{''.join(CLOSING)}]|(?<![\w{STRAIGHT}])[{STRAIGHT}](?=\S)|{_OPENS_SINGLE}"
)
# A single mark closes before a blank or punctuation. Before another word, what ends in s, -in’ or ’n’ is most
# likely “the dogs’ bowls”.
_SINGLE = re.compile(
    rf"(?P<opens>{_OPENS_SINGLE})|(?P<doubtful>(?:(?<=[sS])|(?<=\w\win)|(?<=['’]n))['’](?=\s+['‘’]?\w))"
    r"|(?P<closes>(?<=\S)['’](?!\w))|(?P<ends>\n\s*\n)"
)
# Marks that should have another; one alone in its line is an ornament, a straight one after a digit an inch.
UNPAIRED = re.compile(
    rf"(?m)(?!^[^\w\n]*$)(?:[{''.join(CLOSING)}”»」』》〉〞〟]|{_OPENS_INWARDS}|(?<![0-9])[{STRAIGHT}]|``)"
)


class Quotation(NamedTuple):
    """A quotation in a text.

    Attributes:
        start: where it begins, with its mark.
        end: where it ends, with its mark.
        words: what it quotes.
        stop: where its citation ends, if one follows.
        title: the title in that citation.
        paragraphs: whether its paragraphs may be quotes of their own.
        readings: the same words without those before the quote.
        marked: whether the title stands in quotation marks, and may be taken for another quotation.
        form: how the text shows that it is one.
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
        """Where the quotation begins and its citation ends."""
        return self.start, max(self.end, self.stop)


class Ends:
    """Where the quotations of a text end, after their closing marks; quotations may hold others."""

    def __init__(self, text: str) -> None:
        self._text = text
        # Straight marks that end a quotation, and the empty lines that no quotation goes over.
        self._straight = [
            (m.start(), m.end(), m[0] in STRAIGHT) for m in re.finditer(rf"[{STRAIGHT}](?!\w)|\n\s*\n", text)
        ]
        # What is pasted holds an opening mark without its other, and ends before a citation line.
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
        """Return where the quotation ends that begins at an offset; None if not within MOST_CHARACTERS."""
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
    """Return where each single mark opens a quotation, and where this ends in the same paragraph.

    A mark that is most likely an apostrophe closes what nothing else does, unless that is a straight one.
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
    """Return a text with the marks that stand in it as entities, each as long as its entity was."""
    return _ENTITY.sub(_unescaped, text)


def _unescaped(entity: re.Match[str]) -> str:
    mark = html.unescape(entity[0])
    return mark.rjust(len(entity[0])) if mark in {*_MARKS} else entity[0]


def is_marked(text: str, start: int, end: int, ends: Ends) -> bool:
    """Whether all of a stretch but a few words stands in quotation marks, as one or more quotations."""
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
