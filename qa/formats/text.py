"""Plain text: UTF-8 bytes to a document, verbatim. No byte of the text is changed, line ends included."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.formats.furniture import find_furniture
from qa.formats.header import Header, parse_header
from qa.schema import Document, Found, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.formats.dates import DateOrder
    from qa.formats.source import Options, Source

MOST_BYTES = 50_000_000
# Of one document: the Bible has 4.4 million characters. Half a million sentences take 10 s to be told apart.
MOST_CHARACTERS = 5_000_000
MOST_LINES = 200_000
# A long text is letters and digits by so much at least: sentencex takes the square of a run of marks.
_FEWEST_LETTERS, _LONG = 0.05, 500_000
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_FEW_CONTROLS = 0.02  # of the characters: a stray one is a flaw of a text, many are no text
CONVERT = (
    "Save it as UTF-8 in an editor and try again, or convert it: iconv -f ENCODING -t UTF-8 OLD > NEW "
    "(Korean text is often in CP949, Chinese in GB18030, Western European in WINDOWS-1252)"
)


def decode(data: bytes, name: str) -> str:
    """Bytes to text, unchanged but for a byte order mark.

    Raises:
        InputError: naming `name`, when the bytes are empty, not text, or not UTF-8.
    """
    if data.startswith(_UTF_16):
        raise InputError(f"{name} is text in UTF-16, not UTF-8. Save its text as a .txt file in UTF-8.")
    body = data.removeprefix(_BOM)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        if b"\0" in body[:4096]:
            raise InputError(f"{name} is a binary file, not text. Save its text as a .txt file.") from None
        offset = error.start + len(data) - len(body)
        line = body.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name} is not UTF-8: byte 0x{data[offset]:02x} at offset {offset} (line {line}). {CONVERT}"
        ) from None
    check_text(text, name)
    return text


def check_text(text: str, name: str) -> None:
    """Refuse what is no text to read.

    Raises:
        InputError: naming `name`, when the text is empty, or holds NUL, many controls or a surrogate, or is
            larger than any document.
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"{name} has more than {MOST_CHARACTERS:,} characters of text. Split it.")
    if text.count("\n") + text.count("\r") - text.count("\r\n") > MOST_LINES:
        raise InputError(f"{name} has more than {MOST_LINES:,} lines. Split it.")
    if len(text) > _LONG and sum(map(str.isalnum, text)) < _FEWEST_LETTERS * len(text):
        raise InputError(f"{name} holds hardly a letter or digit, and is no text. Leave it out.")
    if not text.strip():
        raise InputError(f"{name} is empty. Put text in it, or leave it out.")
    if "\0" in text or len(_CONTROL.findall(text)) > _FEW_CONTROLS * len(text):
        raise InputError(f"{name} is a binary file, not text. Save its text as a .txt file.")
    if surrogate := re.search("[\ud800-\udfff]", text):
        raise InputError(
            f"{name} holds half a character (U+{ord(surrogate.group()):04X}) at offset {surrogate.start()}. "
            "Write the character whole and try again."
        )


def describe(
    document: Document, fallback_title: str, date_order: DateOrder = "auto", *, headed: bool = True
) -> Document:
    """Fill what is not known of a document yet from its header, and mark header and page furniture.

    A text that is not `headed`, such as a letter, begins with its own words, and none are taken for a header.
    """
    header = parse_header(document.text, date_order, document.title) if headed else Header()
    spans = header.spans
    only_a_title = not (header.publisher or header.number or header.date or header.url)
    if only_a_title and document.title and document.title != header.title:
        spans = ()  # the first line is some heading: the title is another
    known = {
        field: getattr(header, field)
        for field in ("title", "publisher", "series", "number", "date", "url")
        if getattr(header, field) and not getattr(document, field)
    }
    if document.number:
        known.pop("series", None)
    found = [Found(field, "its header", "likely") for field in known]
    if not document.title and not header.title:
        known["title"] = fallback_title
        found.append(Found("title", "its name", "guessed"))
    return replace(
        document,
        **known,
        header=spans,
        furniture=tuple(span for span in find_furniture(document.text) if span not in spans),
        notes=document.notes + (() if document.date else header.notes),
        found=(*document.found, *found),
    )


def read(source: Source, options: Options) -> Iterator[Document]:
    """Read plain text: one document.

    Raises:
        InputError: naming the source, when it is empty, binary or not UTF-8.
    """
    document = Document(id="", text=decode(source.data, source.name))
    yield describe(document, printable(PurePath(source.file_name).stem), options.date_order)
