"""Render a document's text as HTML with headings, lists, tables and pages. No character changes.

The texts of the elements, joined in order, are the document's text. Additions such as the name of a page are
in attributes, and the style sheet shows them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup, escape

from qa.document.segment import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qa.schema import Document, Passage, Section, SectionKind, Span

Kind = Literal["body", "heading", "list", "header", "furniture", "table"]
_LINE = re.compile(r"[^\n]+\n?|\n")
_CELL = re.compile(r"( ?\| ?)")
_BELOW_THE_HEAD = re.compile(r"[ \t|]*+(?::?-{2,}+:?[ \t|]*+)++\s*+")  # of a Markdown table
_ITEM = re.compile(rf"[ \t]{{0,60}}+{MARKER.pattern}[ \t]+")
# The marker at the beginning of a list item or a heading.
_MARKERS: Mapping[Kind, re.Pattern[str]] = {"list": _ITEM, "heading": re.compile(r" {0,3}+#{1,6}[ \t]+")}
# The word before a part's name, which a reader sees where the part begins.
_NAMED: Mapping[SectionKind, str] = {
    "page": "Page ",
    "slide": "Slide ",
    "sheet": "Sheet ",
    "message": "Message ",
    "chapter": "",
}
_IN_OUTLINE = {"chapter", "section", "message", "entry", "sheet"}


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of a document's outline: its words, and the offset where its part begins."""

    name: str
    start: int


def outline(document: Document) -> list[Heading]:
    """Return the parts of a document for its outline, in order.

    If fewer than two parts have a name, return the pages or slides. One part alone gives an empty list.
    """
    parts = [section for section in document.sections if section.kind in _IN_OUTLINE]
    if len(parts) < 2:
        parts = [section for section in document.sections if section.kind in ("page", "slide")]
    headings = {
        section.start: Heading(_label(section) or section.name, section.start) for section in sorted(parts)
    }
    return list(headings.values()) if len(headings) > 1 else []


class Marks:
    """Marks quotes in a text. Their places are in order and do not overlap.

    A quote that spans several elements has a mark in each element. Only its first mark takes the focus.
    """

    def __init__(self, places: Sequence[Span] = (), current: Span | None = None) -> None:
        self._places = places
        self._current = current
        self._begun: set[Span] = set()

    def html(self, text: str, start: int, end: int) -> str:
        """Return `text[start:end]` as HTML, with marks around the quotes in it."""
        at, parts = start, []
        for span in self._places[bisect_right(self._places, start, key=lambda span: span.end) :]:
            if span.start >= end:
                break
            begin, stop = max(span.start, start), min(span.end, end)
            parts += [verbatim(text[at:begin]), self._mark(span, verbatim(text[begin:stop]))]
            at = stop
        return "".join([*parts, verbatim(text[at:end])])

    def _mark(self, span: Span, words: str) -> str:
        is_current = span == self._current
        how = 'class="current"' if is_current else f'data-does="go" data-to="{span.start}-{span.end}"'
        if span not in self._begun:
            self._begun.add(span)
            how += f' tabindex="{-1 if is_current else 0}"'
        return f"<mark {how}>{words}</mark>"


def to_html(document: Document, passages: Sequence[Passage], marks: Marks | None = None) -> Markup:
    """Return the text as HTML, to be shown with `white-space: pre-wrap`."""
    begins = {
        section.start
        for section in document.sections
        if section.kind in _NAMED or section.kind in _IN_OUTLINE
    }
    labels = {section.start: _label(section) for section in document.sections if section.kind in _NAMED}
    marks = marks or Marks()
    parts = []
    for kind, group in groupby(_blocks(document, passages, sorted(begins)), key=lambda block: block[0]):
        html = []
        blocks = list(group)
        # In Markdown, each row of a table begins with a bar. Elsewhere, the bar means an empty first cell.
        fenced = all(document.text.startswith("|", start) for _, start, _ in blocks)
        for _, start, end in blocks:
            attributes = f' id="at-{start}"' if start in begins else ""
            attributes += f' data-begins="{escape(labels[start])}"' if start in labels else ""
            html.append(_block(kind, document.text, start, end, attributes, marks, fenced=fenced))
        role = {"list": "list", "table": "table"}.get(kind)
        parts += [f'<div role="{role}">', *html, "</div>"] if role else html
    return Markup("".join(parts))  # noqa: S704 - escaped in `verbatim`


def _blocks(
    document: Document, passages: Sequence[Passage], cuts: Sequence[int]
) -> Iterator[tuple[Kind, int, int]]:
    """Yield paragraphs, headings, items and rows as (kind, start, end), in order.

    The blocks cover the whole text. A block is cut where a part of the document begins in it. An empty line
    belongs to the block before it.
    """
    text = document.text
    kind: Kind = "body"
    start = 0
    is_apart = True  # an empty line separates it from the block before
    for begin, end, line_kind, may_go_on in _lines(text, passages):
        if text[begin:end].isspace():
            is_apart = True
            continue
        first, last = bisect_left(cuts, begin), bisect_left(cuts, end)
        is_cut = first < last and cuts[first] == begin
        if is_apart or is_cut or not may_go_on or line_kind != kind:
            if begin > start:
                yield kind, start, begin
            kind, start = line_kind, begin
        for cut in cuts[first + is_cut : last]:
            yield kind, start, cut
            start = cut
        is_apart = False
    if start < len(text):
        yield kind, start, len(text)


def _lines(text: str, passages: Sequence[Passage]) -> Iterator[tuple[int, int, Kind, bool]]:
    """Yield the text's lines as (start, end, kind, whether the line may continue the line before)."""
    sentences = [sentence for passage in passages for sentence in passage.sentences]
    begins = [sentence.start for sentence in sentences]
    lines = [match.span() for match in _LINE.finditer(text)]
    for (start, end), is_row in zip(lines, _in_table([text[start:end] for start, end in lines]), strict=True):
        at = bisect_left(begins, start)
        is_within = at > 0 and sentences[at - 1].end > start
        if is_row:
            yield start, end, "table", False
        elif is_within:
            yield start, end, sentences[at - 1].kind, True
        elif at < len(begins) and begins[at] < end:
            kind = sentences[at].kind
            yield start, end, kind, kind == "body" or (kind == "list" and not _ITEM.match(text, start, end))
        else:
            yield start, end, "body", True


def _in_table(lines: Sequence[str]) -> list[bool]:
    """Tell which lines are rows of a table: neighbouring lines with the same number of bars."""
    cells = [line.count("|") for line in lines]
    return [
        count > 0 and count in (cells[at - 1] if at else 0, cells[at + 1] if at + 1 < len(cells) else 0)
        for at, count in enumerate(cells)
    ]


def _block(
    kind: Kind, text: str, start: int, end: int, attributes: str, marks: Marks, *, fenced: bool
) -> str:
    """Return one block as an HTML element."""
    if kind == "table" and _BELOW_THE_HEAD.fullmatch(text, start, end):
        return f'<div class="between" aria-hidden="true">{verbatim(text[start:end])}</div>'
    marker = _MARKERS[kind].match(text, start, end) if kind in _MARKERS else None
    if kind == "heading":
        level = min(marker.group().count("#"), 6) if marker else 2
        attributes += f' role="heading" aria-level="{level}"'
    attributes += {"list": ' role="listitem"', "table": ' role="row"'}.get(kind, "")
    if kind == "table":
        html = _cells(text, start, end, marks, fenced=fenced)
    elif marker:
        words = marks.html(text, marker.end(), end)
        html = f'<span class="marker">{marks.html(text, start, marker.end())}</span><span>{words}</span>'
    else:
        html = marks.html(text, start, end)
    return f'<div class="{kind}"{attributes}>{html}</div>'


def _cells(text: str, start: int, end: int, marks: Marks, *, fenced: bool) -> str:
    """Return a row with its cells. The bars between the cells are in the HTML, but are not shown."""
    body = text[start:end].rstrip("\n")
    parts = []
    at = start
    for number, part in enumerate(_CELL.split(body)):
        if number % 2:
            parts.append(f'<span class="between" aria-hidden="true">{verbatim(part)}</span>')
        elif part or number or not fenced:
            cell = marks.html(text, at, at + len(part))
            parts.append(f'<span class="cell" role="cell">{cell}</span>')
        at += len(part)
    return f"{''.join(parts)}{verbatim(text[at:end])}"


def _label(section: Section) -> str:
    """Return the label of a part, such as "Page 3", or "" if this kind of part has none."""
    return f"{_NAMED[section.kind]}{' '.join(section.name.split())}" if section.kind in _NAMED else ""


def verbatim(text: str) -> str:
    """Escape a text. A carriage return is escaped too, because browsers would read it as a line end."""
    return str(escape(text)).replace("\r", "&#13;")
