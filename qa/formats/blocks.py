"""Joins paragraphs, headings, list items and table rows into a text with sections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from qa.schema import Section, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qa.schema import SectionKind

# Characters that no reader sees. A search would miss a word that has a soft hyphen in it.
INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_TIGHT = frozenset({"item", "row"})
_BLOCKS = frozenset({"paragraph", "heading", "item", "row", "furniture"})
_ENDED_BY: dict[SectionKind, tuple[SectionKind, ...]] = {
    "section": ("section", "chapter", "message", "slide"),
    "chapter": ("chapter",),
    "message": ("message",),
    "slide": ("slide",),
    "footnote": ("footnote", "endnote"),
    "endnote": ("footnote", "endnote"),
}
LONGEST_CELL = 300  # characters: a longer cell is text that a table only lays out, not a datum


BlockKind = Literal["paragraph", "heading", "item", "row"]


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
    block quotes are recognised. If sections may lie in each other, `depth` is the number of sections around
    the part: the others end before it.
    """

    kind: Literal[
        BlockKind, "furniture", "break", "chapter", "message", "slide", "section", "footnote", "endnote"
    ]
    text: str
    look: Look | None = None
    depth: int | None = None


class Composed(NamedTuple):
    """A text with its sections and its furniture, each in order."""

    text: str
    sections: tuple[Section, ...] = ()
    furniture: tuple[Span, ...] = ()


def compose(parts: Iterable[Part]) -> Composed:
    """Join parts as `join` does, without the characters that no reader sees.

    A non-breaking space becomes a space, as when a browser copies text.
    """
    return join(_cleaned(part) if part.kind in _BLOCKS else part for part in parts)


def _cleaned(part: Part) -> Part:
    text = INVISIBLE.sub("", part.text).replace("\xa0", " ").strip("\n").rstrip()
    if part.kind == "heading":
        text = _SPACE.sub(" ", text)
    return part._replace(text=text if part.kind == "item" else text.lstrip())


def join(parts: Iterable[Part]) -> Composed:
    """Join blocks with blank lines, but the items of a list and the rows of a table with line ends.

    A section ends with the last block before the next section that ends it (`_ENDED_BY`), or as `Part.depth`
    says.
    """
    pieces: list[str] = []
    furniture: list[Span] = []
    sections: list[Section] = []
    going_on: list[tuple[int, SectionKind, str]] = []
    waiting: list[tuple[SectionKind, str, int | None]] = []
    length, last = 0, ""

    def end(ended: list[tuple[int, SectionKind, str]]) -> None:
        for section in ended:
            going_on.remove(section)
            start, kind, name = section
            if name and start < length:
                sections.append(Section(start, length, kind, name))

    for kind, text, _, depth in parts:
        if kind in _ENDED_BY:
            waiting.append((kind, text, depth))
        if kind in _ENDED_BY or kind == "break":
            last = last if depth is not None else ""
            continue
        if not text:
            continue
        if depth is not None:
            end(going_on[depth:])
        gap = "" if not pieces else "\n" if kind == last and kind in _TIGHT else "\n\n"
        start = length + len(gap)
        if kind == "heading":
            waiting.append(("section", text, None))
        for section, name, around in waiting:
            if around is None:  # otherwise, the block's own depth has ended the others
                end([entry for entry in going_on if section in _ENDED_BY[entry[1]]])
            going_on.append((start, section, " ".join(name.split())))
        waiting.clear()
        pieces += [gap, text]
        length, last = start + len(text), kind
        if kind == "furniture":
            furniture.append(Span(start, length))
    end(list(going_on))
    sections.sort(key=lambda section: (section.start, section.kind == "section", -section.end))
    return Composed("".join(pieces), tuple(sections), tuple(furniture))


def row(cells: Sequence[Sequence[Part]]) -> list[Part]:
    """Return a table's row as one line, its cells joined by " | ".

    Return the blocks of the cells unchanged if there is only one cell, or a cell is a quote or long: then the
    table only lays out text.
    """
    texts = [_SPACE.sub(" ", " ".join(part.text for part in cell)).strip() for cell in cells]
    quotes = any(part.look and part.look.quotes for cell in cells for part in cell)
    if len(cells) < 2 or quotes or any(len(text) > LONGEST_CELL for text in texts):
        return [part for cell in cells for part in cell]
    return [Part("row", " | ".join(texts).strip())] if any(texts) else []


def revisions(*, tracked: bool, struck: bool) -> tuple[str, ...]:
    """Return notes for the reader on how `tracked` changes and `struck` out words were read."""
    return ("The document has tracked changes. It was read as if all of them were accepted.",) * tracked + (
        "Words that are struck out were left out.",
    ) * struck
