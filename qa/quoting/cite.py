"""Where a quote stands, in words; the id that finds it again; the last check before it is shown.

Nothing leaves the program as a quote unless `check` has compared what is about to be shown with a freshly
read, freshly hashed source.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from qa.errors import DocumentNotFoundError, InputError, VerbatimError
from qa.schema import Citation, Document, Quote, SectionKind, Span, sha256_text
from qa.text.dates import PartialDate

if TYPE_CHECKING:
    import datetime as dt

ReadDocument: TypeAlias = Callable[[str], Document]
"""Gives the document of an id as the library holds it now, never from a cache: `Corpus.document`."""

# Not strftime or calendar: both follow the process's locale, and a citation must not.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_BLANK_LINE = re.compile(r"\r?\n[^\S\n]*\n\s*")
_CITATION_ID = re.compile(r"([0-9a-f]{64})/([0-9]{1,12})-([0-9]{1,12})")
# Escape sequences and the like, which could rewrite a terminal, and the overrides that make text read
# otherwise than it is. Line feeds and tabs are harmless.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e]")


class CitationId(NamedTuple):
    """What a citation's id names: the SHA-256 of a document's text and code-point offsets in it."""

    sha256: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.sha256}/{self.start}-{self.end}"


def citation_id(quote: Quote) -> CitationId:
    """Name a quote's place; the string of it is what links carry: `{sha256}/{start}-{end}`."""
    return CitationId(quote.document.sha256, quote.start, quote.end)


def parse_citation_id(text: str) -> CitationId:
    """Read `{sha256}/{start}-{end}`.

    Raises:
        InputError: when it has another shape or an empty range.
    """
    match = _CITATION_ID.fullmatch(text)
    if match is None or int(match[2]) >= int(match[3]):
        raise InputError(f"not a citation id: {visible(text[:100])!r}; it should be SHA256/START-END")
    return CitationId(match[1], int(match[2]), int(match[3]))


def visible(text: str) -> str:
    r"""Replace what could rewrite a terminal by a symbol for it, one code point for one.

    C0 controls and DEL become their control pictures (ESC: ␛), C1 controls and the two directional overrides
    become U+FFFD. Line feeds and tabs stay; the carriage return of a line end becomes a space.
    """
    return _UNSAFE.sub(lambda match: _picture(ord(match[0])), text.replace("\r\n", " \n"))


def in_one_line(text: str) -> str:
    """Make text `visible`, and its lines one."""
    return visible(" ".join(text.splitlines()))


def _picture(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def check(
    quote: Quote, read_document: ReadDocument, emitted: str | None = None, *, pictures: bool = False
) -> None:
    """Make sure, as the last step before a quote is shown, that what is shown is the slice of its source.

    The source is read again and hashed again. `emitted` is the very string that is shown (by default the
    quote's own text); with `pictures` it is compared with the slice as `visible` shows it.

    Raises:
        VerbatimError: when the source has gone or changed, or when `emitted` is anything but the slice.
    """
    document_id = quote.document.id
    try:
        source = read_document(document_id).text
    except DocumentNotFoundError as error:
        raise VerbatimError(
            f"the source of quote [{quote.number}], {document_id!r}, is no longer in the library; ask again"
        ) from error
    if sha256_text(source) != quote.document.sha256:
        raise VerbatimError(
            f"the text of {document_id!r} has changed since quote [{quote.number}] was taken from it; "
            "ask again, and if this stays, index the document anew"
        )
    text = source[quote.start : quote.end]
    if (quote.text if emitted is None else emitted) != (visible(text) if pictures else text):
        raise VerbatimError(
            f"quote [{quote.number}] is not what {document_id!r} says at {quote.start}-{quote.end}; "
            "it is withheld: please report this"
        )


def locator(document: Document, start: int, end: int) -> str:
    """Say where `[start, end)` stands, as a reader of the document would count.

    First the sections that it touches, from the largest kind: "chapter “Two”", "section “Methods”",
    "page 3", "pages 3–4", "sheet “Prices”, row 12", "footnote 1"; a section is left out that is called as
    its chapter is. A page, row or note is enough; in anything else, its paragraph follows (in a document
    without sections, that alone):
    "paragraph 3" or "paragraphs 3–4", blocks between blank lines, without those that are only header or page
    furniture; "header" within the header; "line 7" in a text of many lines without a blank one.
    """
    if _covered(document.text, Span(start, end), document.header):
        return "header"
    touched = [section for section in document.sections if section.start < end and start < section.end]
    named = {
        kind: [" ".join(section.name.split()) for section in touched if section.kind == kind]
        for kind in _SECTION_KINDS
    }
    if any(_alike(named["section"], named[kind]) for kind in ("chapter", "entry")):
        named["section"] = []
    parts = [_sections(kind, names) for kind, names in named.items() if names]
    if not any(section.kind in _ENOUGH for section in touched):
        # Counted from where the smallest section begins, which holds the start.
        begin = max((s.start for s in touched if s.start <= start), default=0)
        stop = min((s.end for s in touched if s.end >= end), default=len(document.text))
        headed = bool(touched) and any(s.kind == "section" and s.start == begin for s in document.sections)
        parts.append(_paragraph(document, start, end, begin, stop, after_heading=headed))
    return ", ".join(part for part in parts if part)


_ENOUGH: tuple[SectionKind, ...] = ("page", "row", "footnote", "endnote")
_SECTION_KINDS: tuple[SectionKind, ...] = (
    *("chapter", "message", "entry", "record", "sheet", "section"),
    *_ENOUGH,
)


def _sections(kind: SectionKind, names: list[str]) -> str:
    """Name sections of one kind, the first and the last of them."""
    if kind in ("message", "record", *_ENOUGH):
        return f"{kind} {names[0]}" if names[0] == names[-1] else f"{kind}s {names[0]}–{names[-1]}"
    return f"{kind} “{names[0]}”" if len(names) == 1 else f"{kind}s “{names[0]}” to “{names[-1]}”"


def _alike(names: list[str], others: list[str]) -> bool:
    """Whether names are the same, whatever their case: "TWO" stands at the head of chapter “Two”."""
    return [name.casefold() for name in names] == [name.casefold() for name in others]


def _paragraph(
    document: Document, start: int, end: int, begin: int, stop: int, *, after_heading: bool
) -> str:
    """Count paragraphs, or lines, of `text[begin:stop]`, up to `[start, end)`."""
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
            insort(starts, blocks[own].start)  # all header or furniture, and yet what is asked for
        headings = int(after_heading and starts[:1] == [begin] and start >= blocks[0].end)
        first = max(1, bisect_right(starts, start) - headings)
        last = max(first, bisect_left(starts, end) - headings)
    return f"{unit} {first}" if first == last else f"{unit}s {first}–{last}"


@lru_cache(maxsize=8)
def _counted(
    text: str, begin: int, stop: int, beside: tuple[Span, ...]
) -> tuple[tuple[Span, ...], tuple[int, ...]]:
    """Find the stretches between blank lines, and where those start that are not all header or furniture."""
    blocks = tuple(Span(block.start + begin, block.end + begin) for block in _blocks(text[begin:stop]))
    return blocks, tuple(block.start for block in blocks if not _covered(text, block, beside))


def _blocks(text: str) -> list[Span]:
    """Find the stretches between blank lines."""
    spans = []
    start = len(text) - len(text.lstrip())
    for gap in _BLANK_LINE.finditer(text, start):
        spans.append(Span(start, gap.start()))
        start = gap.end()
    if text[start:].strip():
        spans.append(Span(start, len(text)))
    return spans


def _covered(text: str, block: Span, spans: tuple[Span, ...]) -> bool:
    """Whether every visible character of the block lies in one of the spans."""
    at = block.start
    for span in sorted(spans):
        if span.end > at and not text[at : min(span.start, block.end)].strip():
            at = max(at, span.end)
    return not text[at : block.end].strip()


def date_in_words(date: dt.date) -> str:
    """Write `4 April 2008`, or as much of it as is known: `April 2008`, `2008`."""
    if isinstance(date, PartialDate):
        return f"{_MONTHS[date.month - 1]} {date.year}" if date.has_month else f"{date.year}"
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def citation(quote: Quote) -> Citation:
    """Say where the quote stands. A document without a title is named by its id."""
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
    )


def published_in(document: Document) -> str:
    """The publisher; of a table's row that names none, the table's file, as nothing else says where it is."""
    is_row = any(section.kind == "row" for section in document.sections)
    return document.publisher or (re.split(r"[/\\]", document.path)[-1] if is_row else "")


def facts(publisher: str, series: str, number: str, date: str, locator: str, read_by: str) -> list[str]:
    """Say what a citation names beside the title, as far as it is known; series and number are one."""
    issue = f"{series} No. {number}" if number else series
    said = (publisher, issue, date, locator, f"read by {read_by}" if read_by else "")
    return [" ".join(fact.split()) for fact in said if fact.strip()]


def facts_of(quote: Quote) -> list[str]:
    """Say what a quote's citation names beside the title, its date in words."""
    where = citation(quote)
    date = date_in_words(quote.document.date) if quote.document.date else ""
    publisher = published_in(quote.document)
    return facts(publisher, where.series, where.number, date, where.locator, where.read_by)


def cite_line(quote: Quote, fate: str = "") -> str:
    """One line: “Title”, Publisher, NK Brief No. 08-4-4-1, 4 April 2008, paragraph 4.

    "read by OCR" follows where the words were read off a picture; and what has become of the text may:
    "superseded on 5 May 2008".
    """
    title = " ".join((quote.document.title or quote.document.id).split())
    return ", ".join([f"“{title}”", *facts_of(quote), *([fate] if fate else [])])


def clipboard(quote: Quote, fate: str = "") -> str:
    """Make what a reader pastes into a report: the quote in quotation marks, its citation, its address."""
    lines = (f"“{quote.text}”", cite_line(quote, fate), quote.document.url)
    return "\n".join(line for line in lines if line)
