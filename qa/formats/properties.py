"""What office files and books say of themselves: the properties that their programs keep, cleaned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.formats.header import parse_header
from qa.formats.page import TWO_LETTERS
from qa.formats.text import check_text, describe
from qa.metadata import with_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qa.formats.dates import DateOrder
    from qa.schema import Document

# What programs write where nobody said anything.
_NO_TITLE = re.compile(
    r"(?:microsoft word\b.*|word document|untitled\b.*|unknown|no title"
    r"|(?:document|dokument|template|문서)\s?\d*|제목\s?없음|無題|无标题|.*\.(?:docx?|dotx?|odt|ott|rtf|txt|pdf|html?|epub))",
    re.IGNORECASE,
)
_NO_AUTHOR = re.compile(
    r"(?:python-docx|microsoft(?: office)?(?: user)?|administrator|admin|(?:default |windows )?user|owner"
    r"|author|unknown|anonymous|calibre.*|libreoffice.*)",
    re.IGNORECASE,
)


def language_code(written: str) -> str:
    """Return "ko" of "ko-KR", "ko_KR" or "kor"; nothing where it names no language."""
    match = re.match(r"([A-Za-z]{2,3})(?:[-_]|$)", written.strip())
    code = match[1].lower() if match else ""
    return "" if code in ("und", "mul", "zxx") else TWO_LETTERS.get(code, code)


def with_properties(
    document: Document,
    properties: Mapping[str, str | None],
    source: str,
    fallback_title: str,
    date_order: DateOrder,
    name: str,
    *,
    published: bool = False,
) -> Document:
    """Fill a document's metadata from its properties, then from the header of its text, and mark that.

    Where the header states a publisher, number or date, its title counts for more than the property, which
    often is that of an older document, overwritten; not so where properties are `published` with the text.
    `source` says what holds the properties; `name` is what messages call the document.

    Raises:
        InputError: naming `name`, when there is no text in it.
    """
    check_text(document.text, name)
    stated = {field: _printable(value or "") for field, value in properties.items()}
    stated["language"] = language_code(stated.get("language", ""))
    if _NO_TITLE.fullmatch(stated.get("title", "")):
        del stated["title"]
    if _NO_AUTHOR.fullmatch(stated.get("author", "")):
        del stated["author"]
    header = parse_header(document.text, date_order)
    if not published and header.title and (header.publisher or header.number or header.date):
        stated.pop("title", None)
    stated = {field: value for field, value in stated.items() if value}
    return describe(with_values(document, stated, source, "stated"), fallback_title, date_order)


def _printable(value: str) -> str:
    return "".join(character if character.isprintable() else " " for character in value).strip()
