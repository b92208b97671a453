"""A document's text as HTML: headings, lists, tables and pages look as such, and no character changes.

The text of the elements, one after the other, is the document's text. What is only shown, such as the name
of a page, stands in attributes, which the style sheet writes out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qa.schema import Document, Passage, Section, SectionKind

Kind = Literal["body", "heading", "list", "header", "furniture", "table"]
_LINE = re.compile(r"[^\n]+\n?|\n")
_CELL = re.compile(r"( ?\| ?)")
# What a part is called where a reader sees it begin.
_NAMED: Mapping[SectionKind, str] = {"page": "Page ", "sheet": "Sheet ", "message": "Message ", "chapter": ""}
_IN_OUTLINE = {"chapter", "section", "message", "entry", "sheet"}


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of a document's outline: its words, and the offset at which its part begins."""

    name: str
    start: int


def outline(document: Document) -> list[Heading]:
    """Return the parts of a document that have a name, in order; the pages where there are no others."""
    parts = [each for each in document.sections if each.kind in _IN_OUTLINE]
    if len(parts) < 2:
        parts = [each for each in document.sections if each.kind == "page"]
    named = {each.start: Heading(_label(each) or each.name, each.start) for each in sorted(parts)}
    return list(named.values()) if len(named) > 1 else []


def to_html(document: Document, passages: Sequence[Passage]) -> Markup:
    """Return the text as HTML, to be shown with `white-space: pre-wrap`."""
    starts = {
        each.start: each for each in document.sections if each.kind in _NAMED or each.kind in _IN_OUTLINE
    }
    marked = {each.start: each for each in document.sections if each.kind in _NAMED}
    parts = []
    for kind, lines in groupby(_lines(document, passages, sorted(starts)), key=lambda line: line[0]):
        blocks = [_block(kind, document.text, start, end, starts, marked) for _, start, end in lines]
        role = {"list": "list", "table": "table"}.get(kind)
        parts += [f'<div role="{role}">', *blocks, "</div>"] if role else blocks
    return Markup("".join(parts))  # noqa: S704 - escaped in `verbatim`


def _lines(
    document: Document, passages: Sequence[Passage], cuts: Sequence[int]
) -> Iterator[tuple[Kind, int, int]]:
    """Yield the text's lines of one kind as (kind, start, end), in order. They tile the text.

    A line is cut where a part of the document begins in it; an empty line goes with what comes before.
    """
    sentences = [sentence for passage in passages for sentence in passage.sentences]
    begins = [sentence.start for sentence in sentences]
    kind: Kind = "body"
    start = 0
    lines = [match.span() for match in _LINE.finditer(document.text)]
    in_table = _in_table([document.text[start:end] for start, end in lines])
    for (begin, end), is_row in zip(lines, in_table, strict=True):
        if document.text[begin:end].isspace():
            continue
        at = bisect_left(begins, begin)
        found: Kind = "table" if is_row else "body"
        if not is_row and at < len(begins) and begins[at] < end:
            found = sentences[at].kind
        for cut in (begin, *cuts[bisect_left(cuts, begin + 1) : bisect_left(cuts, end)]):
            if cut > start:
                yield kind, start, cut
            kind, start = found, cut
    if start < len(document.text):
        yield kind, start, len(document.text)


def _in_table(lines: Sequence[str]) -> list[bool]:
    """Tell which lines are rows of a table: two or more in succession with as many cells."""
    cells = [line.count("|") for line in lines]
    return [
        count > 0 and count in (cells[at - 1] if at else 0, cells[at + 1] if at + 1 < len(cells) else 0)
        for at, count in enumerate(cells)
    ]


def _block(
    kind: Kind, text: str, start: int, end: int, starts: Mapping[int, Section], marked: Mapping[int, Section]
) -> str:
    """Return one part as an element."""
    attributes = f' class="{kind}"'
    if start in starts:
        attributes += f' id="at-{start}"'
    if start in marked:
        attributes += f' data-begins="{escape(_label(marked[start]))}"'
    attributes += {
        "heading": ' role="heading" aria-level="2"',
        "list": ' role="listitem"',
        "table": ' role="row"',
    }.get(kind, "")
    return (
        f"<div{attributes}>{_cells(text[start:end]) if kind == 'table' else verbatim(text[start:end])}</div>"
    )


def _cells(row: str) -> str:
    """Return a row with its cells; what stands between them is there, but not seen."""
    body = row.rstrip("\n")
    parts = [
        f'<span class="between" aria-hidden="true">{verbatim(part)}</span>'
        if at % 2
        else f'<span class="cell" role="cell">{verbatim(part)}</span>'
        for at, part in enumerate(_CELL.split(body))
        if part or at  # a row may begin with what stands between two cells
    ]
    return f"{''.join(parts)}{row[len(body) :]}"


def _label(section: Section) -> str:
    """Return what a part is called: "Page 3"."""
    return f"{_NAMED[section.kind]}{' '.join(section.name.split())}" if section.kind in _NAMED else ""


def verbatim(text: str) -> str:
    """Escape a text; a browser would take a carriage return for a line's end, unless it is written so."""
    return str(escape(text)).replace("\r", "&#13;")
