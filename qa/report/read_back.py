"""Read an exported file back, and check that it contains each quote character by character after unescaping.

White space is an exception in formats with their own white space: line ends may be written differently. In a
PDF, white space is ignored, and characters are compared in the form NFKC, which splits ligatures.
"""

from __future__ import annotations

import html
import io
import re
import unicodedata
import zipfile
from typing import TYPE_CHECKING

from qa.quoting.claims.latex import plain_text
from qa.report.tree import marks_for
from qa.text.display import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.report.tree import Format

# An escape in Markdown for a character, or for a line end in a quote.
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~\n])|&(?:#[0-9]{1,7}|[A-Za-z]{2,8});")
_PAGE_NUMBER = re.compile(r"\s[0-9]{1,5}\s*\Z")
_QUOTED_LINE = re.compile(r"(?m)^> ?")
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SIGNS = {
    f"{_WORD}br": "\n",
    f"{_WORD}tab": "\t",
    f"{_WORD}softHyphen": "\u00ad",
    f"{_WORD}noBreakHyphen": "\u2011",
}
_OPEN = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def contains(quotes: Sequence[str], data: bytes, form: Format) -> Iterator[bool]:
    """Yield for each quote whether a file contains it in quotation marks, after the quote before it.

    In a PDF, a quote may be anywhere, and its quotation marks are not checked.
    """
    if form == "pdf":
        whole = _squeezed(_of_pdf(data))
        yield from (_squeezed(quote) in whole for quote in quotes)
        return
    text, at = text_of(data, form), 0
    for quote in quotes:
        opening, closing = marks_for(quote)
        words = f"{opening}{visible(quote.replace(chr(13) + chr(10), chr(10)))}{closing}"
        start = text.find(words, at)
        at = start + len(words) if start >= 0 else at
        yield start >= 0


def text_of(data: bytes, form: Format) -> str:
    """Return the words of a file without escapes. A line break within a paragraph becomes a line feed."""
    if form in ("docx", "odt"):
        return _of_package(data, form)
    text = data.decode()
    if form == "html":
        return html.unescape(re.sub(r"<[^<>]*>", "", re.sub(r"<br ?/?>\n", "\n", text)))
    if form == "tex":
        return plain_text(text)
    return _ESCAPE.sub(lambda match: match[1] or html.unescape(match[0]), _QUOTED_LINE.sub("", text))


def _of_package(data: bytes, form: Format) -> str:
    """Return the text of a Word or OpenDocument file."""
    from lxml import etree

    name = "word/document.xml" if form == "docx" else "content.xml"
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        root = etree.fromstring(package.read(name))
    pieces: list[str] = []
    for node in root.iter():
        match node.tag:
            case str() as tag if tag == f"{_WORD}t":
                pieces.append(node.text or "")
            case str() as tag if tag in _SIGNS:
                pieces.append(_SIGNS[tag])
            case _:
                pass
    return "".join(pieces) if form == "docx" else "".join(_of_open(root))


def _of_open(node: object) -> Iterator[str]:
    """Yield the words of an OpenDocument element, with elements for spaces, tabs and line breaks."""
    from lxml import etree

    assert isinstance(node, etree._Element)  # noqa: S101 - a type of lxml
    if node.tag == f"{_OPEN}s":
        yield " " * int(node.get(f"{_OPEN}c", "1"))
    elif node.tag == f"{_OPEN}tab":
        yield "\t"
    elif node.tag == f"{_OPEN}line-break":
        yield "\n"
    else:
        yield node.text or ""
        for child in node:
            yield from _of_open(child)
            yield child.tail or ""


def _of_pdf(data: bytes) -> str:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        pages = (page.get_textpage().get_text_bounded() for page in document)
        return "\n".join(_PAGE_NUMBER.sub("", page) for page in pages)
    finally:
        document.close()


def _squeezed(text: str) -> str:
    """Return a text without white space and with ligatures as letters. A PDF does not preserve either."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", visible(text)))
