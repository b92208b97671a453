"""Quotes, which are coordinates, and their citations in words."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from qa.schema.documents import UPLOAD, Document, SectionKind, Span

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from qa.schema.documents import Section

_ITEM = re.compile(r"^(?P<indent>[ \t]{0,8})(?P<number>\d{1,3})[.)][ \t]+(?=\S)", re.MULTILINE)
_BLANK_LINE = re.compile(r"\r?\n[^\S\n]*\n\s*")
_ENOUGH: tuple[SectionKind, ...] = ("page", "row", "slide", "footnote", "endnote")


_SECTION_KINDS: tuple[SectionKind, ...] = (
    *("chapter", "message", "entry", "record", "sheet", "section"),
    *_ENOUGH,
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim extract: a document and two offsets. The text is always the slice of the document.

    Attributes:
        document: the quote's document.
        start: where the quote begins.
        end: where the quote ends.
        score: how well the quote answers; higher is better.
        number: the number that the quote's citation is shown with, from 1.
        emphasis: the words that answer, in document coordinates.
        copies: the same words in other documents, mostly near-duplicates (`qa.asking.copies`). Copies are
            never shown as other sources.
        looks_alike: whether another source shown with this quote has the same title and date, so that only
            the document's id distinguishes the two.
            document's id tells them apart.

    Raises:
        ValueError: the offsets are not in the document, or an emphasised span is not in the quote.
    """

    document: Document
    start: int
    end: int
    score: float = 0.0
    number: int = 1
    emphasis: tuple[Span, ...] = ()
    copies: tuple[Quote, ...] = ()
    looks_alike: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= len(self.document.text):
            raise ValueError(f"[{self.start}, {self.end}) does not lie in {self.document.id!r}")
        if any(not self.start <= span.start < span.end <= self.end for span in self.emphasis):
            raise ValueError("an emphasised span lies outside its quote")

    @property
    def text(self) -> str:
        """The slice of the document."""
        return self.document.text[self.start : self.end]

    @property
    def citation(self) -> Citation:
        """The citation: the place of the quote, in words for a reader."""
        return citation(self)


@dataclass(frozen=True, slots=True)
class Citation:
    """The place of a quote, in words for a reader. Unknown facts are empty.

    Attributes:
        title: the document's title, or its id.
        publisher: the document's publisher.
        number: the number of the issue.
        date: the date of publication, ISO 8601.
        locator: the place in the document; see `locator`.
        url: the document's address.
        series: the series that the issue belongs to.
        read_by: "OCR" if some of the words were read from a picture (see `Section`).
        published_in: what is named as the publisher; see `published_in`.
        author: who wrote the document.
    """

    title: str
    publisher: str
    number: str
    date: str
    locator: str
    url: str
    series: str = ""
    read_by: str = ""
    published_in: str = ""
    author: str = ""


class Place(NamedTuple):
    """A part of a locator.

    Attributes:
        kind: the kind of unit that is counted or named: a kind of section, "paragraph", "line", "item" or
            "header".
        name: the number or name of the unit: "3", "3–4", "Methods"; "" for the header.
        words: kind and name in words: "page 3", "section “Methods”".
    """

    kind: str
    name: str
    words: str


class CitationId(NamedTuple):
    """The id of a citation, as a string `{sha256}/{start}-{end}`.

    Attributes:
        sha256: the SHA-256 of a document's text.
        start: where the quote begins, in code points.
        end: where the quote ends.
    """

    sha256: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.sha256}/{self.start}-{self.end}"


def citation_id(quote: Quote) -> CitationId:
    """Return the id of the quote's citation, as links contain it."""
    return CitationId(quote.document.sha256, quote.start, quote.end)


def citation(quote: Quote) -> Citation:
    """Return the quote's citation. A document without a title is named by its id."""
    document = quote.document
    return Citation(
        title=document.title or document.id,
        publisher=document.publisher,
        number=document.number,
        date=document.date.isoformat() if document.date else "",
        locator=locator(document, quote.start, quote.end),
        url=document.url,
        series=document.series,
        read_by=next(
            (
                page.read_by
                for page in document.sections
                if page.read_by and page.start < quote.end and quote.start < page.end
            ),
            "",
        ),
        published_in=published_in(document),
        author=document.author,
    )


def told_apart(quotes: tuple[Quote, ...]) -> tuple[Quote, ...]:
    """Return the quotes, marked with `looks_alike` if another document has the same title and date."""
    ids: dict[tuple[str, dt.date | None], set[str]] = {}
    for quote in quotes:
        ids.setdefault(_face(quote.document), set()).add(quote.document.id)
    return tuple(replace(quote, looks_alike=len(ids[_face(quote.document)]) > 1) for quote in quotes)


def _face(document: Document) -> tuple[str, dt.date | None]:
    return " ".join(document.title.split()).casefold(), document.date


def published_in(document: Document) -> str:
    """Return the publisher. For a table's row without a publisher, return the name of the table's file."""
    is_row = any(section.kind == "row" for section in document.sections)
    file_name = re.split(r"[/\\]", document.path.removeprefix(UPLOAD))[-1]
    return document.publisher or (file_name if is_row else "")


def locator(document: Document, start: int, end: int) -> str:
    """Return the place of `[start, end)` in words, as a reader of the document would count.

    First come the sections that the range overlaps, the largest kind first: "chapter “Two”",
    "section “Methods”", "page 3", "pages 3–4", "sheet “Prices”, row 12", "footnote 1". A section is left out
    if it has the name of its chapter or entry, or the document's title.

    The paragraph follows unless there is a page, row, slide or note: "paragraph 3" or "paragraphs 3–4". For a
    numbered list, the item follows: "item 2". Paragraphs are the blocks between blank lines, but blocks of
    only header or page furniture do not count. If a text has several lines but no blank line, the line
    follows: "line 7". The place of a range within the header is "header".
    """
    return ", ".join(part.words for part in places(document, start, end))


def places(document: Document, start: int, end: int) -> tuple[Place, ...]:
    """Return the parts of the locator (see `locator`), the largest first."""
    if _covered(document.text, Span(start, end), document.header):
        return (Place("header", "", "header"),)
    overlapping = [section for section in document.sections if section.start < end and start < section.end]
    touched = [section for section in overlapping if not _is_around(section, overlapping)]
    names_by_kind = {
        kind: [" ".join(section.name.split()) for section in touched if section.kind == kind]
        for kind in _SECTION_KINDS
    }
    title = [" ".join(document.title.split())]
    if any(
        _alike(names_by_kind["section"], names)
        for names in (names_by_kind["chapter"], names_by_kind["entry"], title)
    ):
        names_by_kind["section"] = []
    parts = [_sections(kind, names) for kind, names in names_by_kind.items() if names]
    if not any(section.kind in _ENOUGH for section in touched):
        # Count from the start of the smallest section that holds the range's start.
        begin = max((s.start for s in touched if s.start <= start), default=0)
        stop = min((s.end for s in touched if s.end >= end), default=len(document.text))
        headed = bool(touched) and any(s.kind == "section" and s.start == begin for s in document.sections)
        parts.append(_paragraph(document, start, end, begin, stop, after_heading=headed))
        if item := _items(document, start, end, begin, stop):
            parts = [part for part in parts if part.kind != "line"] + [item]
    return tuple(parts)


def _is_around(section: Section, others: Sequence[Section]) -> bool:
    """Return whether another section, such as a table's or an aside's, lies within this section."""
    return any(
        other is not section
        and (other.kind, other.name) != (section.kind, section.name)
        and other.kind == section.kind == "section"
        and section.start <= other.start
        and other.end <= section.end
        for other in others
    )


def _sections(kind: SectionKind, names: list[str]) -> Place:
    """Return the place from the first to the last of several sections of one kind."""
    several = "entries" if kind == "entry" else f"{kind}s"
    if kind in ("message", "record", *_ENOUGH):
        return _place(kind, several, names[0], names[-1])
    if len(names) == 1:
        return Place(kind, names[0], f"{kind} “{names[0]}”")
    name = f"“{names[0]}” to “{names[-1]}”"
    return Place(kind, name, f"{several} {name}")


def _place(kind: str, several: str, first: str, last: str) -> Place:
    if first == last:
        return Place(kind, first, f"{kind} {first}")
    return Place(kind, f"{first}–{last}", f"{several} {first}–{last}")


def _alike(names: list[str], others: list[str]) -> bool:
    """Return whether two lists of names are equal in any case. The head of chapter “Two” may be "TWO"."""
    return [name.casefold() for name in names] == [name.casefold() for name in others]


def _paragraph(
    document: Document, start: int, end: int, begin: int, stop: int, *, after_heading: bool
) -> Place:
    """Return the paragraphs of `text[begin:stop]` that `[start, end)` is in, or its lines."""
    text = document.text
    blocks, counted = _counted(text, begin, stop, (*document.header, *document.furniture))
    if len(blocks) == 1 and "\n" in text[begin:stop].strip():
        unit = "line"
        first = text.count("\n", begin, start) + 1
        last = text.count("\n", begin, end - 1) + 1
    else:
        unit = "paragraph"
        starts = list(counted)
        own = bisect_right(blocks, start, key=lambda block: block.start) - 1
        if own >= 0 and start < blocks[own].end and blocks[own].start not in counted:
            insort(starts, blocks[own].start)  # a block of only header or furniture, but the range is in it
        headings = int(after_heading and starts[:1] == [begin] and start >= blocks[0].end)
        first = max(1, bisect_right(starts, start) - headings)
        last = max(first, bisect_left(starts, end) - headings)
    return _place(unit, f"{unit}s", str(first), str(last))


def _items(document: Document, start: int, end: int, begin: int, stop: int) -> Place | None:
    """Return the items of a numbered list that `[start, end)` is in, by their own numbers, or None.

    A list without blank lines is one paragraph. Only the numbers show a reader where in the list a quote is.
    """
    blocks, _ = _counted(document.text, begin, stop, (*document.header, *document.furniture))
    own = bisect_right(blocks, start, key=lambda block: block.start) - 1
    if own < 0 or end > blocks[own].end:
        return None
    starts, numbers = _numbered(document.text, blocks[own])
    first, last = bisect_right(starts, start) - 1, bisect_left(starts, end) - 1
    if first < 0 or not (numbers[first] and numbers[last]):
        return None
    return _place("item", "items", numbers[first], numbers[last])


@lru_cache(maxsize=8)
def _numbered(text: str, block: Span) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the starts of lines that begin with a number, and the numbers; "" if a line is not an item.

    A line is an item if its number is one more than the number above it, or one less than the number below.
    The two numbers must be aligned at the left or at the right. A line of prose may begin with any number.
    """
    matches = list(_ITEM.finditer(text, block.start, block.end))
    items: set[int] = set()
    last: dict[tuple[str, int], re.Match[str]] = {}
    for item in matches:
        indent, number = len(item["indent"]), item["number"]
        for edge in (("left", indent), ("right", indent + len(number))):
            before = last.get(edge)
            if before and int(number) == int(before["number"]) + 1:
                items |= {before.start(), item.start()}
            last[edge] = item
    starts = tuple(item.start() for item in matches)
    return starts, tuple(item["number"] if item.start() in items else "" for item in matches)


@lru_cache(maxsize=8)
def _counted(
    text: str, begin: int, stop: int, excluded: tuple[Span, ...]
) -> tuple[tuple[Span, ...], tuple[int, ...]]:
    """Return the blocks between blank lines, and the starts of blocks that `excluded` does not cover."""
    blocks = tuple(Span(block.start + begin, block.end + begin) for block in _blocks(text[begin:stop]))
    return blocks, tuple(block.start for block in blocks if not _covered(text, block, excluded))


def _blocks(text: str) -> list[Span]:
    """Return the blocks between blank lines."""
    spans = []
    start = len(text) - len(text.lstrip())
    for gap in _BLANK_LINE.finditer(text, start):
        spans.append(Span(start, gap.start()))
        start = gap.end()
    if text[start:].strip():
        spans.append(Span(start, len(text)))
    return spans


def _covered(text: str, block: Span, spans: tuple[Span, ...]) -> bool:
    """Return whether every visible character of the block is in one of the spans."""
    at = block.start
    for span in sorted(spans):
        if span.end > at and not text[at : min(span.start, block.end)].strip():
            at = max(at, span.end)
    return not text[at : block.end].strip()
