"""A text put together from paragraphs, headings, list items and table rows, and the sections they make."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Literal, NamedTuple

from qa.schema import Section, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qa.schema import SectionKind

# What no reader sees. A soft hyphen in the text would part a word from its search.
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
_LONGEST_CELL = 300  # characters: what is longer is a text that a table lays out, and no datum


class Look(NamedTuple):
    """How a paragraph is set.

    Attributes:
        left: its left indent, in twentieths of a point.
        first: the indent of its first line, from there.
        quotes: whether its style is that of quotes.
        other: whether it is something else by its style, font or alignment, or stands in a table or note.
    """

    left: int
    first: int
    quotes: bool
    other: bool


class Part(NamedTuple):
    """A block of a text, or where a section begins: a chapter, message, slide or note of the name `text`.

    A heading begins a section of its own words. A chapter, message or section without a name ends the one
    before it. After a break, a list or table is another one. Furniture is a paragraph that is never quoted.
    A paragraph of a report has a `look`, by which block quotes are told.
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
    """A text, its sections and its furniture, in order."""

    text: str
    sections: tuple[Section, ...]
    furniture: tuple[Span, ...]


def compose(parts: Iterable[Part]) -> Composed:
    """Join blocks: a blank line between them, a line end between the items of a list or the rows of a table.

    What no reader sees is left out, and a non-breaking space becomes a space, as a browser copies it. A
    section ends with the last block before the next of its kind.
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
    """Make a line of a table's row, its cells joined by " | "; what a table only lays out stays in blocks."""
    texts = [_SPACE.sub(" ", " ".join(part.text for part in cell)).strip() for cell in cells]
    quotes = any(part.look and part.look.quotes for cell in cells for part in cell)
    if len(cells) < 2 or quotes or any(len(text) > _LONGEST_CELL for text in texts):
        return [part for cell in cells for part in cell]
    return [Part("row", " | ".join(texts).strip())] if any(texts) else []


def revisions(*, tracked: bool, struck: bool) -> tuple[str, ...]:
    """Tell, in words for a reader, how a document's changes were read: `tracked` ones, `struck` out words."""
    return ("The document holds tracked changes; it was read as if all were accepted.",) * tracked + (
        "Words that are struck out were left out.",
    ) * struck
