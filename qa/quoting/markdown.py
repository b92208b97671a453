"""Write an answer as Markdown. Every renderer shows exactly the characters of the source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.quoting.cite import check, cite_line, is_web_address
from qa.quoting.render import besides, closing, document_heading, in_order, opening
from qa.text.display import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.quoting.cite import DocumentReader
    from qa.schema import Answer, Quote

# Characters that CommonMark, GitHub's extensions or pandoc's Markdown would read as markup, an address, a
# symbol or typography. Each character of a match is escaped.
_MARKUP = re.compile(
    r"""[\\`*_\[\]<>{}&~|$^"'@]|-{2,}|[.]{2,}|[?!]{2,}|,{2,}|={2,}|\+{2,}|%{2,}|\+(?=-)"""
    r"""|\((?=(?:c|r|p|tm)\))|:(?=[\w+-]+:)|:(?=//)|(?<=www)[.]""",
    re.IGNORECASE,
)
# Characters that are markup only at the beginning of a line.
_FIRST = re.compile(r"[#+=:(%-]")
# The number of a list item at the beginning of a line. Group 1 is the mark after the number.
_ITEM = re.compile(r"[(]?[0-9A-Za-z]{1,9}([.)])(?=\s|\Z)")
# White space that a renderer removes or collapses: at both ends of a line, after a space, and tabs.
_SPACE = re.compile("\\A[\\s\ufeff]+|[\\s\ufeff]+\\Z|(?<= ) +|[\t\u2028\u2029]+")


def to_markdown(answer: Answer, read_document: DocumentReader) -> str:
    """Return an answer as Markdown. Each quote is a block quote, with its citation below.

    Control characters are shown as symbols (`visible`). Otherwise, a rendered quote is exact.

    Raises:
        VerbatimError: if a quote, as markdown-it renders it, differs from the slice of its source.
    """
    blocks: list[str] = []
    places: list[tuple[Quote, str]] = []
    for number, (line, _) in enumerate(opening(answer)):
        blocks.append(escaped(line) if number else f"**{escaped(line)}**")
    for quote, follows in in_order(answer):
        if heading := document_heading(answer, quote):
            blocks.append(f"### {escaped(heading)}")
        if follows:
            blocks.append(escaped("[…]"))
        block = "\n".join(f"> {line}" for line in escaped(quote.text).split("\n"))
        places.append((quote, block))
        address = quote.document.url
        link = [f"<{address}>"] if is_web_address(address) else []
        # The unescaped “[1]” is not a link, because the Markdown defines no label “1”. `verify` needs the
        # number unescaped to recognise the citation.
        line = f"[{quote.number}] {escaped(cite_line(quote))}"
        blocks += [block, " ".join([line, *link]), *map(escaped, besides(quote))]
    blocks += map(escaped, closing(answer))
    for quote, block in places:
        check(quote, read_document, "".join(_rendered(block)), pictures=True)
    return "\n\n".join(blocks) + "\n"


def escaped(text: str) -> str:
    """Return a text as the Markdown of one paragraph that shows the text line by line."""
    lines = visible(text).split("\n")
    pieces = [_escaped(lines[0])]
    for line in lines[1:]:
        # A literal blank line would end the paragraph.
        pieces += ["\\\n" if line.strip() else "&#10;", _escaped(line)]
    return "".join(pieces)


def _escaped(line: str) -> str:
    marked = {at for match in _MARKUP.finditer(line) for at in range(*match.span())}
    if _FIRST.match(line):
        marked.add(0)
    if item := _ITEM.match(line):
        marked.add(item.start(1))
    spaces = {at for match in _SPACE.finditer(line) for at in range(*match.span())}
    return "".join(
        f"&#{ord(character)};" if at in spaces else f"\\{character}" if at in marked else character
        for at, character in enumerate(line)
    )


def _rendered(block: str) -> Iterator[str]:
    """Yield the text that a block of Markdown shows. For markup in it, yield the type of the token."""
    from markdown_it import MarkdownIt

    frame = ("blockquote_open", "paragraph_open", "inline", "paragraph_close", "blockquote_close")
    tokens = MarkdownIt("commonmark").parse(block)
    if tuple(token.type for token in tokens) != frame:
        yield from (token.type for token in tokens)
        return
    for token in tokens[2].children or ():
        yield "\n" if token.type == "hardbreak" else token.content if token.type == "text" else token.type
