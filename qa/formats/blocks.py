"""Joins paragraphs, headings, list items and table rows into a text with sections."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Literal, NamedTuple

from qa.schema import Section, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qa.schema import SectionKind

# Characters that no reader sees. A search would miss a word that has a soft hyphen in it.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_TIGHT = frozenset({"item", "row"})
_ENDED_BY: dict[SectionKind, tuple[SectionKind, ...]] = {
    "section": ("section", "chapter", "message", "slide"),
    "chapter": ("chapter",),
    "message": ("message",),
    "slide": ("slide",),
    "footnote": ("footnote", "endnote"),
    "endnote": ("footnote", "endnote"),
}
_LONGEST_CELL = 300  # characters: a longer cell is text that a table only lays out, not a datum


class Look(NamedTuple):
    """The format of a paragraph.

    Attributes:
        left: its left indent, in twentieths of a point.
        first: the indent of its first line from `left`, in twentieths of a point.
        quotes: whether its style is a style for quotes.
        other: whether it is not body text, nor a quote by its indent. Its style, font or alignment can show
            this, or its place in a table or note.
    """

    left: int
    first: int
    quotes: bool
    other: bool


class Part(NamedTuple):
    """A block of a text, or the beginning of a section: a chapter, message, slide or note named `text`.

    A heading is a block that also begins a section, named by the heading's words. A chapter, message or
    section without a name only ends the one before it. Items or rows after a break belong to a new list or
    table. Furniture is a paragraph that is never quoted. A paragraph of a report has a `look`, from which
    block quotes are recognised.
    """

    kind: Literal[
        "paragraph",
        "heading",
        "item",
        "row",
        "furniture",
        "chapter",
        "message",
        "slide",
        "section",
        "break",
        "footnote",
        "endnote",
    ]
    text: str
    look: Look | None = None


class Composed(NamedTuple):
    """A text with its sections and its furniture, each in order."""

    text: str
    sections: tuple[Section, ...]
    furniture: tuple[Span, ...]


def compose(parts: Iterable[Part]) -> Composed:
    """Join blocks with blank lines, but the items of a list and the rows of a table with line ends.

    Characters that no reader sees are left out. A non-breaking space becomes a space, as when a browser
    copies text. A section ends with the last block before the next section that ends it (`_ENDED_BY`).
    """
    pieces: list[str] = []
    ends: list[int] = []
    furniture: list[Span] = []
    begun: list[tuple[int, SectionKind, str]] = []
    waiting: list[tuple[SectionKind, str]] = []
    length, last = 0, ""
    for kind, text, _ in parts:
        if kind in _ENDED_BY:
            waiting.append((kind, text))
        if kind in _ENDED_BY or kind == "break":
            last = ""
            continue
        text = _INVISIBLE.sub("", text).replace("\xa0", " ").strip("\n").rstrip()
        text = text if kind == "item" else text.lstrip()
        if not text:
            continue
        gap = "" if not pieces else "\n" if kind == last and kind in _TIGHT else "\n\n"
        start = length + len(gap)
        if kind == "heading":
            text = _SPACE.sub(" ", text)
            waiting.append(("section", text))
        begun += [(start, section, " ".join(name.split())) for section, name in waiting]
        waiting.clear()
        pieces += [gap, text]
        length, last = start + len(text), kind
        ends.append(length)
        if kind == "furniture":
            furniture.append(Span(start, length))
    return Composed("".join(pieces), _sections(begun, ends), tuple(furniture))


def _sections(begun: list[tuple[int, SectionKind, str]], ends: list[int]) -> tuple[Section, ...]:
    sections = []
    next_of: dict[SectionKind, int] = {}
    for start, kind, name in reversed(begun):
        stop = min((next_of[other] for other in _ENDED_BY[kind] if other in next_of), default=ends[-1] + 1)
        end = ends[bisect_left(ends, stop) - 1]
        if name and start < end:
            sections.append(Section(start, end, kind, name))
        next_of[kind] = start
    return tuple(sorted(sections, key=lambda each: (each.start, each.kind == "section", -each.end)))


def row(cells: Sequence[Sequence[Part]]) -> list[Part]:
    """Return a table's row as one line, its cells joined by " | ".

    Return the blocks of the cells unchanged if there is only one cell, or a cell is a quote or long: then the
    table only lays out text.
    """
    texts = [_SPACE.sub(" ", " ".join(part.text for part in cell)).strip() for cell in cells]
    quotes = any(part.look and part.look.quotes for cell in cells for part in cell)
    if len(cells) < 2 or quotes or any(len(text) > _LONGEST_CELL for text in texts):
        return [part for cell in cells for part in cell]
    return [Part("row", " | ".join(texts).strip())] if any(texts) else []


def revisions(*, tracked: bool, struck: bool) -> tuple[str, ...]:
    """Return notes for the reader on how `tracked` changes and `struck` out words were read."""
    return ("The document has tracked changes. It was read as if all of them were accepted.",) * tracked + (
        "Words that are struck out were left out.",
    ) * struck
