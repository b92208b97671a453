"""Reads plain text into a document, verbatim. No character of the text is changed, not even line ends."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from qa.document.metadata import MOST_FIELD, value_of
from qa.errors import InputError
from qa.formats.encoding import codec_of, notes_on
from qa.schema import FIELDS, Document, Found, printable
from qa.text.terms import MOST_COMBINING, is_stacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qa.formats.source import Options, Source
    from qa.schema import Section
    from qa.text.written_dates import DateOrder

MOST_BYTES = 50_000_000
# Limits of one document. The Bible has 4.4 million characters. The time to process a text depends on its
# lines and sentences: within the limits it is less than 20 s.
MOST_CHARACTERS = 5_000_000
MOST_LINES = 200_000
MOST_ENDS = 300_000  # of sentences
# Minimum share of letters and digits in a text of more than _LONG characters. The limit is needed because
# sentencex takes quadratic time for a run of other characters.
_FEWEST_LETTERS, _LONG = 0.05, 500_000
_MOST_AHEAD = 92  # days: a quarterly's next issue is dated so far ahead at most
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# Line ends other than \n (see `qa.text.lines`), and sentence ends of sentencex. A sentence does not end if a
# lower-case ASCII letter or a digit follows at once.
_LINE_END = re.compile("\r(?!\n)|[\f\v\x85\u2028\u2029]")
_SENTENCE_END = re.compile(
    "[!.?\u0589\u061d-\u061f\u06d4\u0700-\u0702\u07f9\u0837\u0839\u083d\u083e\u0964\u0965\u104a\u104b\u1362"
    "\u1367\u1368\u166e\u1735\u1736\u1803\u1809\u1944\u1945\u1aa8-\u1aab\u1b5a\u1b5b\u1b5e\u1b5f\u1b7d\u1b7e"
    "\u1c3b\u1c3c\u1c7e\u1c7f\u2024\u203c\u203d\u2047-\u2049\u2e2e\u2e3c\u2e53\u2e54\u3002\ua4ff\ua60e\ua60f"
    "\ua6f3\ua6f7\ua876\ua877\ua8ce\ua8cf\ua92f\ua9c8\ua9c9\uaa5d-\uaa5f\uaaf0\uaaf1\uabeb\ufe52\ufe56\ufe57"
    "\uff01\uff0e\uff1f\uff61\U00010a56-\U0001da88]++(?![a-z0-9])"
)
_FEW_CONTROLS = 0.02  # share of control characters: with more, the file is not text


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text that was decoded from bytes.

    Attributes:
        text: the text.
        notes: a note on the encoding, if the file does not name it.
    """

    text: str
    notes: tuple[str, ...] = ()


def decode(data: bytes, name: str) -> Decoded:
    """Decode UTF-8, UTF-16, or an encoding that is guessed. Only a byte order mark is removed.

    Raises:
        InputError: naming `name`, if the bytes are empty, are not text, or have an unknown encoding.
    """
    codec = codec_of(data, name)
    text = data.decode(codec)
    check_text(text, name)
    return Decoded(text, notes_on(codec))


def check_text(text: str, name: str) -> None:
    """Raise an error if a text cannot be the text of a document.

    Raises:
        InputError: naming `name`, if the text is empty, exceeds a limit, has hardly any letters, or contains
            NUL, many control characters, too many accents on a letter, or a surrogate.
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"{name} has more than {MOST_CHARACTERS:,} characters of text. Split it.")
    if text.count("\n") + sum(1 for _ in _LINE_END.finditer(text)) > MOST_LINES:
        raise InputError(f"{name} has more than {MOST_LINES:,} lines. Split it.")
    if sum(1 for _ in _SENTENCE_END.finditer(text)) > MOST_ENDS:
        raise InputError(f"{name} has more than {MOST_ENDS:,} sentences. Split it.")
    if len(text) > _LONG and sum(map(str.isalnum, text)) < _FEWEST_LETTERS * len(text):
        raise InputError(f"{name} has hardly a letter or digit, so it is not a text. Leave it out.")
    if not text.strip():
        raise InputError(f"{name} is empty. Put text in it, or leave it out.")
    if "\0" in text or len(_CONTROL.findall(text)) > _FEW_CONTROLS * len(text):
        raise InputError(f"{name} is a binary file, not text. Save its text as a .txt file.")
    if is_stacked(text):
        raise InputError(
            f"{name} has more than {MOST_COMBINING} accents on one letter, so it is not a text. Leave it out."
        )
    if surrogate := re.search("[\ud800-\udfff]", text):
        raise InputError(
            f"{name} holds half a character (U+{ord(surrogate.group()):04X}) at offset {surrogate.start()}. "
            "Write the character whole and try again."
        )


def bounded(document: Document) -> Document:
    """Cut metadata and names of sections to MOST_FIELD characters. A note names the metadata that is cut."""
    long: dict[str, Any] = {
        field: "" if FIELDS[field].kind == "address" else value[:MOST_FIELD]  # half an address leads nowhere
        for field in FIELDS
        if len(value := value_of(document, field)) > MOST_FIELD
    }
    sections = document.sections
    if any(len(section.name) > MOST_FIELD for section in sections):
        sections = tuple(replace(section, name=section.name[:MOST_FIELD]) for section in sections)
    cut = f"Cut, as longer than {MOST_FIELD:,} characters: {', '.join(long)}." if long else ""
    return replace(document, **long, sections=sections, notes=(*document.notes, *([cut] if cut else [])))


def describe(
    document: Document,
    fallback_title: str,
    date_order: DateOrder = "auto",
    *,
    headed: bool = True,
    above: Iterable[str] = (),
) -> Document:
    """Fill a document's missing metadata from its header, and mark the header and page furniture.

    `above` are the lines that the page shows above the text. A text that is not `headed`, such as a letter,
    begins with its own words, so it is not searched for a header.
    """
    # Imported here: callers that need only a limit or an encoding, such as the chat, should start fast.
    from qa.document.furniture import find_furniture
    from qa.formats.heads.header import Header, parse_header

    header = parse_header(document.text, date_order, document.title, above) if headed else Header()
    spans = header.spans
    only_a_title = not (header.publisher or header.number or header.date or header.url or header.author)
    if only_a_title and document.title and document.title != header.title:
        spans = ()  # the first line is a heading, but not the title
    header_values = {
        field: getattr(header, field)
        for field in ("title", "author", "publisher", "series", "number", "date", "url")
        if getattr(header, field) and not getattr(document, field)
    }
    if document.number:
        header_values.pop("series", None)
    authors = (document.author or header.author).split("; ")
    if any(" " in author and header_values.get("publisher", "").startswith(author) for author in authors):
        del header_values["publisher"]  # a PDF joins this line of the head with the author's line above it
    origins = [Found(field, "its header", "likely") for field in header_values]
    if not document.title and not header.title:
        header_values["title"] = fallback_title
        origins.append(Found("title", "its name", "guessed"))
    title = document.title or header_values.get("title", "")
    if (date := document.date or header.date) and _lies_ahead(date):
        header_values["date"] = None
        origins = [origin for origin in origins if origin.field != "date"]
        document = replace(
            document,
            found=tuple(origin for origin in document.found if origin.field != "date"),
            notes=(*document.notes, f"The date {date} lies in the future; it was left out."),
        )
    return replace(
        document,
        **header_values,
        sections=tuple(
            section for section in document.sections if not _is_line_of(title, document.text, section)
        ),
        header=spans,
        furniture=tuple(span for span in find_furniture(document.text) if span not in spans),
        notes=document.notes + (() if document.date else header.notes),
        found=(*document.found, *origins),
    )


def _lies_ahead(date: dt.date) -> bool:
    """Return whether a date is too far ahead to be a date of publication."""
    latest = dt.date.today() + dt.timedelta(days=_MOST_AHEAD)  # noqa: DTZ011 - a day more or less is the same
    return date.isoformat() > latest.isoformat()


def _is_line_of(title: str, text: str, section: Section) -> bool:
    """Return whether a section's name is one line of a longer title. Text above it must be title, too."""
    if section.kind != "section" or section.start > 2 * len(title):
        return False
    whole, name, above = map(_letters, (title, section.name, text[: section.start]))
    return (
        name != whole
        and bool(name)
        and (whole.endswith(name) if above else True)
        and whole.startswith(above or name)
    )


def _letters(words: str) -> str:
    return re.sub(r"\W", "", words).casefold()


def read(source: Source, options: Options) -> Iterator[Document]:
    """Yield the one document of a plain text file.

    Raises:
        InputError: naming the source, if it is empty, binary, or in an unknown encoding.
    """
    decoded = decode(source.data, source.name)
    document = Document(id="", text=decoded.text, notes=decoded.notes)
    yield describe(document, printable(PurePath(source.file_name).stem), options.date_order)
