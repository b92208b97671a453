"""Write citations in words, and check each quote right before it is shown.

The program shows a quote only after `check` has compared the characters to show with the source. For this,
the source is read and hashed again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote_plus

from qa.errors import DocumentNotFoundError, InputError, VerbatimError
from qa.schema import CitationId, Document, Quote, sha256_text
from qa.text.dates import date_in_words
from qa.text.display import in_one_line, visible

if TYPE_CHECKING:
    from qa.schema import DocumentInfo

DocumentReader: TypeAlias = Callable[[str], Document]
"""Returns the document of an id as the library has it now, never from a cache: `Corpus.document`."""

# The id of a citation, alone or at the end of an address of the page (#cite=…) or of HTTP.
_CITATION = re.compile(
    r"(?:\S*(?:#cite=|/citations/))?([0-9a-f]{64})/([0-9]{1,12})-([0-9]{1,12})(?:[?&]document=([^&#\s]*))?"
)

# A line of Markdown that does not continue in the next line: a heading, or code.
_ENDS_AT_ONCE = re.compile(r"[ ]{0,3}#|\t|[ ]{4}")
# A line of Markdown that begins a new block.
_BEGINS_BLOCK = re.compile(r"[ \t]*(?:[-*+][ \t]|[0-9]{1,9}[.)][ \t]|[#>]|[-=_*]{3}|$)")
_LINE_END = re.compile(r"(\r\n|\n)")
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"\\^`{|}]+")


def is_web_address(text: str) -> bool:
    """Return whether a text is an address that may become a link. Only http and https are allowed."""
    return _WEB_ADDRESS.fullmatch(text) is not None


def parse_citation(text: str) -> tuple[CitationId, str]:
    """Return the id of a citation, and the id of the document that the address names, or "".

    `text` is the citation's id, `{sha256}/{start}-{end}`, or its address on the page or in HTTP.

    Raises:
        InputError: the text has another form, or its range is empty.
    """
    match = _CITATION.fullmatch(text.strip())
    if match is None or int(match[2]) >= int(match[3]):
        raise InputError(
            f"{in_one_line(text[:100])!r} is not a citation: give SHA256/START-END, as in `ask --json`, "
            "or the link to a source in the chat, which ends in #cite=SHA256/START-END"
        )
    return CitationId(match[1], int(match[2]), int(match[3])), unquote_plus(match[4] or "")


def check(
    quote: Quote, read_document: DocumentReader, emitted: str | None = None, *, pictures: bool = False
) -> None:
    """Check, as the last step before a quote is shown, that the shown text is the slice of its source.

    The source is read and hashed again. `emitted` is exactly the string that is shown (by default the quote's
    text). With `pictures`, it is compared with the slice as `visible` shows the slice.

    Raises:
        VerbatimError: if the source was removed or has changed, or if `emitted` differs from the slice.
    """
    document_id = quote.document.id
    try:
        source = read_document(document_id).text
    except DocumentNotFoundError as error:
        raise VerbatimError(
            f"the source of quote [{quote.number}], {document_id!r}, is no longer in the library: ask again"
        ) from error
    if sha256_text(source) != quote.document.sha256:
        raise VerbatimError(
            f"the text of {document_id!r} has changed since quote [{quote.number}] was taken from it: "
            "ask again. If the error stays, index the document again"
        )
    text = source[quote.start : quote.end]
    if (quote.text if emitted is None else emitted) != (visible(text) if pictures else text):
        raise VerbatimError(
            f"quote [{quote.number}] is not what {document_id!r} says at {quote.start}-{quote.end}; "
            "so the quote is not shown: please report this"
        )


def with_lines_joined(quote: Quote) -> str:
    """Return a quote with the lines of its Markdown paragraphs joined, for a format that wraps lines itself.

    A paragraph of Markdown may have several lines, and a renderer shows a space for each line end within it.
    This function does the same. All other characters stay. Line ends that break a line in Markdown stay, too:
    after two spaces or a backslash, at a blank line, and in lists, headings, quotations, tables and code.
    """
    text = quote.text
    if quote.document.format != "markdown" or "```" in text or "~~~" in text:
        return text
    first, *others = _LINE_END.split(text)
    pieces, goes_on = [first], _goes_on(first)
    for end, line in zip(others[::2], others[1::2], strict=True):
        before = pieces[-1]
        is_broken = not before.strip() or before.endswith(("  ", "\t", "\\"))
        if goes_on and not is_broken and "|" not in line and not _BEGINS_BLOCK.match(line):
            pieces[-1:] = [before.removesuffix(" "), " ", line.lstrip(" \t")]
        else:
            pieces += [end, line]
            goes_on = _goes_on(line)
    return "".join(pieces)


def _goes_on(line: str) -> bool:
    """Return whether a line of Markdown may continue in the next line. A table row does not."""
    return "|" not in line and not _ENDS_AT_ONCE.match(line)


def facts(
    *,
    author: str = "",
    publisher: str = "",
    series: str = "",
    number: str = "",
    date: str = "",
    locator: str = "",
    read_by: str = "",
) -> list[str]:
    """Return the known facts that a citation names after the title. Series and number are one fact."""
    issue = f"{series} No. {number}" if number else series
    parts = (author, publisher, issue, date, locator, f"read by {read_by}" if read_by else "")
    return [" ".join(fact.split()) for fact in parts if fact.strip()]


def facts_of_document(document: Document | DocumentInfo, publisher: str) -> list[str]:
    """Return the facts that a citation of a whole document names after the title."""
    date = date_in_words(document.date) if document.date else ""
    return facts(
        author=document.author, publisher=publisher, series=document.series, number=document.number, date=date
    )


def facts_of(quote: Quote) -> list[str]:
    """Return the facts that a quote's citation names after the title, with the date in words."""
    where = quote.citation
    date = date_in_words(quote.document.date) if quote.document.date else ""
    known_facts = facts(
        author=where.author,
        publisher=where.published_in,
        series=where.series,
        number=where.number,
        date=date,
        locator=where.locator,
        read_by=where.read_by,
    )
    return [*known_facts, *file_among_alike(quote)]


def file_among_alike(quote: Quote) -> list[str]:
    """Return the document's id in words if another shown source has the same title and date."""
    return [f"in {quote.document.id}"] if quote.looks_alike and quote.document.title else []


def cite_line(quote: Quote, fate: str = "", most: int | None = None) -> str:
    """Return a citation in one line.

    An example is: “Title”, Author, Publisher, NK Brief No. 08-4-4-1, 4 April 2008, paragraph 4.

    If the words were read from a picture, "read by OCR" follows. `fate` comes last: "superseded on 5 May
    2008". A title or fact with more than `most` characters is cut and ends in "…".
    """
    title = " ".join((quote.document.title or quote.document.id).split())
    parts = (f"“{_cut(title, most)}”", *(_cut(fact, most) for fact in facts_of(quote)), fate)
    return ", ".join(filter(None, parts))


def _cut(words: str, most: int | None) -> str:
    return words if most is None or len(words) <= most else f"{words[: most - 1].rstrip()}…"


def clipboard(quote: Quote, fate: str = "") -> str:
    """Return the text to paste into a report: the quote in quotation marks, its citation and its address."""
    lines = (f"“{quote.text}”", cite_line(quote, fate), quote.document.url)
    return "\n".join(line for line in lines if line)
