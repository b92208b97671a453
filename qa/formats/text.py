"""Plain text: bytes to a document, verbatim. No character of the text is changed, line ends included."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from qa.document.metadata import FIELDS, MOST_FIELD, value_of
from qa.errors import InputError
from qa.formats.encoding import codec_of, notes_on
from qa.schema import Document, Found, printable
from qa.text.terms import MOST_COMBINING, is_stacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qa.formats.source import Options, Source
    from qa.schema import Section
    from qa.text.written_dates import DateOrder

MOST_BYTES = 50_000_000
# Of one document: the Bible has 4.4 million characters. What is made of a text takes time by its lines and
# sentences: at most so many that all of it takes less than 20 s.
MOST_CHARACTERS = 5_000_000
MOST_LINES = 200_000
MOST_ENDS = 300_000  # of sentences
# A long text is letters and digits by so much at least: sentencex takes the square of a run of marks.
_FEWEST_LETTERS, _LONG = 0.05, 500_000
_MOST_AHEAD = 92  # days
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# What ends a line (see `qa.text.lines`) besides \n; and what ends a sentence for sentencex, unless an
# ASCII letter or digit follows at once.
_LINE_END = re.compile("\r(?!\n)|[\f\v\x85\u2028\u2029]")
_SENTENCE_END = re.compile(
    "[!.?\u0589\u061d-\u061f\u06d4\u0700-\u0702\u07f9\u0837\u0839\u083d\u083e\u0964\u0965\u104a\u104b\u1362"
    "\u1367\u1368\u166e\u1735\u1736\u1803\u1809\u1944\u1945\u1aa8-\u1aab\u1b5a\u1b5b\u1b5e\u1b5f\u1b7d\u1b7e"
    "\u1c3b\u1c3c\u1c7e\u1c7f\u2024\u203c\u203d\u2047-\u2049\u2e2e\u2e3c\u2e53\u2e54\u3002\ua4ff\ua60e\ua60f"
    "\ua6f3\ua6f7\ua876\ua877\ua8ce\ua8cf\ua92f\ua9c8\ua9c9\uaa5d-\uaa5f\uaaf0\uaaf1\uabeb\ufe52\ufe56\ufe57"
    "\uff01\uff0e\uff1f\uff61\U00010a56-\U0001da88]++(?![a-z0-9])"
)
_FEW_CONTROLS = 0.02  # of the characters: a stray one is a flaw of a text, many are no text


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text that was bytes.

    Attributes:
        text: the text.
        notes: in which encoding it was read, where nothing in the file names it.
    """

    text: str
    notes: tuple[str, ...] = ()


def decode(data: bytes, name: str) -> Decoded:
    """Decode UTF-8, UTF-16 with a byte order mark, or what the bytes show; nothing but the mark is changed.

    Raises:
        InputError: naming `name`, when the bytes are empty, not text, or their encoding cannot be told.
    """
    codec = codec_of(data, name)
    text = data.decode(codec)
    check_text(text, name)
    return Decoded(text, notes_on(codec))


def check_text(text: str, name: str) -> None:
    """Refuse what is no text to read.

    Raises:
        InputError: naming `name`, when the text is empty, or holds NUL, many controls or a surrogate, or is
            larger than any document.
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"{name} has more than {MOST_CHARACTERS:,} characters of text. Split it.")
    if text.count("\n") + sum(1 for _ in _LINE_END.finditer(text)) > MOST_LINES:
        raise InputError(f"{name} has more than {MOST_LINES:,} lines. Split it.")
    if sum(1 for _ in _SENTENCE_END.finditer(text)) > MOST_ENDS:
        raise InputError(f"{name} has more than {MOST_ENDS:,} sentences. Split it.")
    if len(text) > _LONG and sum(map(str.isalnum, text)) < _FEWEST_LETTERS * len(text):
        raise InputError(f"{name} holds hardly a letter or digit, and is no text. Leave it out.")
    if not text.strip():
        raise InputError(f"{name} is empty. Put text in it, or leave it out.")
    if "\0" in text or len(_CONTROL.findall(text)) > _FEW_CONTROLS * len(text):
        raise InputError(f"{name} is a binary file, not text. Save its text as a .txt file.")
    if is_stacked(text):
        raise InputError(
            f"{name} has more than {MOST_COMBINING} accents on one letter, and is no text. Leave it out."
        )
    if surrogate := re.search("[\ud800-\udfff]", text):
        raise InputError(
            f"{name} holds half a character (U+{ord(surrogate.group()):04X}) at offset {surrogate.start()}. "
            "Write the character whole and try again."
        )


def bounded(document: Document) -> Document:
    """Cut metadata, and names of sections, that are longer than any in good faith; a note says so."""
    long: dict[str, Any] = {
        field: "" if field == "url" else value[:MOST_FIELD]  # half an address leads nowhere
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
    """Fill what is not known of a document yet from its header, and mark header and page furniture.

    `above` are lines that the page shows above the text. A text that is not `headed`, such as a letter,
    begins with its own words, and none are taken for a header.
    """
    # Only here: who asks for a bound or an encoding, as the chat does at its start, waits for no patterns.
    from qa.document.furniture import find_furniture
    from qa.formats.heads.header import Header, parse_header

    header = parse_header(document.text, date_order, document.title, above) if headed else Header()
    spans = header.spans
    only_a_title = not (header.publisher or header.number or header.date or header.url or header.author)
    if only_a_title and document.title and document.title != header.title:
        spans = ()  # the first line is some heading: the title is another
    known = {
        field: getattr(header, field)
        for field in ("title", "author", "publisher", "series", "number", "date", "url")
        if getattr(header, field) and not getattr(document, field)
    }
    if document.number:
        known.pop("series", None)
    authors = (document.author or header.author).split("; ")
    if any(" " in author and known.get("publisher", "").startswith(author) for author in authors):
        del known["publisher"]  # a line of the head that a PDF joins with the author's above it
    found = [Found(field, "its header", "likely") for field in known]
    if not document.title and not header.title:
        known["title"] = fallback_title
        found.append(Found("title", "its name", "guessed"))
    title = document.title or known.get("title", "")
    if (date := document.date or header.date) and _lies_ahead(date):
        known["date"] = None
        found = [each for each in found if each.field != "date"]
        document = replace(
            document,
            found=tuple(each for each in document.found if each.field != "date"),
            notes=(*document.notes, f"The date {date} lies in the future; it was left out."),
        )
    return replace(
        document,
        **known,
        sections=tuple(each for each in document.sections if not _is_line_of(title, document.text, each)),
        header=spans,
        furniture=tuple(span for span in find_furniture(document.text) if span not in spans),
        notes=document.notes + (() if document.date else header.notes),
        found=(*document.found, *found),
    )


def _lies_ahead(date: dt.date) -> bool:
    """Whether a date is none of publication: further ahead than a quarterly's next issue."""
    latest = dt.date.today() + dt.timedelta(days=_MOST_AHEAD)  # noqa: DTZ011 - a day more or less is the same
    return date.isoformat() > latest.isoformat()


def _is_line_of(title: str, text: str, section: Section) -> bool:
    """Whether a section is one line of a title that goes over several: all above it is of the title, too."""
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
    """Read plain text: one document.

    Raises:
        InputError: naming the source, when it is empty, binary, or in an encoding that cannot be told.
    """
    decoded = decode(source.data, source.name)
    document = Document(id="", text=decoded.text, notes=decoded.notes)
    yield describe(document, printable(PurePath(source.file_name).stem), options.date_order)
