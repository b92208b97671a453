"""Finds the format of a file by its name and first bytes, and reads it with the format's module."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

from qa.document.metadata import MOST_FIELD
from qa.errors import InputError, PartlyReadError
from qa.formats.encoding import encoding_of
from qa.formats.text import MOST_BYTES, bounded, check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from qa.formats.source import Options, Source
    from qa.schema import Document

_Read = TypeVar("_Read")

MOST_REFUSED = 1_000  # refused parts of a source that are reported one by one
_MORE_BYTES = 200_000_000  # for formats whose pictures, or many documents, make a file large


@dataclass(frozen=True, slots=True)
class Kind:
    """A format.

    Attributes:
        name: its name in a library.
        module: its module in `qa.formats`.
        what: its name in messages.
        endings: the extensions of its files.
        several: whether a source gives several documents, whose ids begin with the source's id.
        holds: whether a source contains whole files, and gives documents of their formats.
        signed: whether the bytes of a source show that it is of this format.
        most_bytes: the maximum size of a source, in bytes.
        reading: the version of the format's reading. Raise it when the same file gives another document than
            before (`tests/qa/formats/test_readings.py` checks this). Files of the format are then read again.
    """

    name: str
    module: str
    what: str
    endings: tuple[str, ...]
    several: bool = False
    holds: bool = False
    signed: bool = False
    most_bytes: int = MOST_BYTES
    reading: int = 3


_KINDS = {
    kind.name: kind
    for kind in (
        Kind("text", "text", "plain text", (".txt", ".text")),
        Kind("markdown", "markdown", "Markdown", (".md", ".markdown")),
        Kind("html", "html", "a web page", (".html", ".htm", ".xhtml")),
        Kind("pdf", "pdf", "a PDF", (".pdf",), signed=True, most_bytes=_MORE_BYTES),
        Kind("docx", "docx", "a Word document", (".docx",), signed=True, most_bytes=_MORE_BYTES),
        Kind(
            "xlsx",
            "sheets",
            "an Excel workbook",
            (".xlsx", ".xlsm"),
            several=True,
            signed=True,
            most_bytes=_MORE_BYTES,
            reading=4,
        ),
        Kind(
            "pptx",
            "pptx",
            "a PowerPoint presentation",
            (".pptx", ".pptm", ".ppsx"),
            signed=True,
            most_bytes=_MORE_BYTES,
        ),
        Kind("odt", "odt", "an OpenDocument text", (".odt",), signed=True, most_bytes=_MORE_BYTES),
        Kind("rtf", "rtf", "an RTF document", (".rtf",), signed=True, most_bytes=_MORE_BYTES),
        Kind("epub", "epub", "an EPUB book", (".epub",), signed=True, most_bytes=_MORE_BYTES),
        Kind("email", "mail", "an e-mail", (".eml",), several=True, holds=True),
        Kind("msg", "msg", "an Outlook message", (".msg",), several=True, holds=True, signed=True),
        Kind("mbox", "mbox", "a mailbox", (".mbox",), several=True, holds=True, most_bytes=_MORE_BYTES),
        Kind("feed", "feed", "a feed (RSS or Atom)", (".rss", ".atom", ".xml"), several=True),
        Kind("csv", "table", "a table", (".csv", ".tsv"), several=True, most_bytes=_MORE_BYTES, reading=4),
        Kind("jsonl", "jsonl", "JSON Lines", (".jsonl",), several=True),
        Kind("json", "records", "JSON", (".json",), several=True),
        Kind(
            "zip",
            "archive",
            "a ZIP archive",
            (".zip",),
            several=True,
            holds=True,
            signed=True,
            most_bytes=_MORE_BYTES,
        ),
    )
}
JSONL, ZIP = _KINDS["jsonl"], _KINDS["zip"]
ENDINGS = {ending: kind for kind in _KINDS.values() for ending in kind.endings}
READS = (
    "Pullquote reads plain text, Markdown, web pages, PDF, Word, Excel, PowerPoint, OpenDocument, RTF, EPUB, "
    "e-mail (Outlook's too), feeds, CSV, JSON and ZIP archives"
)

_OLE = b"\xd0\xcf\x11\xe0"
_OUTLOOK = "__properties_version1.0".encode("utf-16-le")  # a stream in each message of Outlook
_UNREADABLE = (
    (_OLE, "an old Microsoft Office file, or one with a password"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3\0", "an SQLite database"),
)
_HEAD = 2_048  # first bytes of a source that may show its format
_TAIL = 65_536  # last bytes of a ZIP archive, which list its members
# The beginning of a page or feed, down to its first element. The element must have attributes or end at once:
# a text may begin with "<rss is an old format". An element must also follow a document type.
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*"
    rb"(?:<\?[^>]*>\s*|<!--.*?-->\s*|(?P<page><!doctype html)[^>]*>\s*(?=<)|<![^>-][^>]*>\s*)*+"
    rb"(?:<(?P<root>html|rss|feed|rdf:rdf)(?:\s*/?>|\s[^<>=]{0,99}=))?",
    re.IGNORECASE | re.DOTALL,
)
# The first line of a mailbox by RFC 4155, with a header below it. Plain text does not begin like this.
_MAILBOX = re.compile(
    rb"From \S{1,300} +(?:mon|tue|wed|thu|fri|sat|sun),? [^\r\n]{0,60}[0-9]{2}:[0-9]{2}[^\r\n]{0,60}\r?\n"
    rb"[!-9;-~]{1,100}:",
    re.IGNORECASE,
)


def reading_of(file_name: str) -> str:
    """Return the versions of all readings that may apply to a file of this name.

    If a version changes, the file may give other documents. All formats apply to a file that may contain
    other files, or whose name does not say its format.
    """
    kind = named(file_name)
    kinds = {kind} if kind and not kind.holds else set(ENDINGS.values())
    return " ".join(sorted(f"{each.name} {each.reading}" for each in kinds))


def named(file_name: str) -> Kind | None:
    """Return the format that the name of a file says, or None if the name says no known format."""
    return ENDINGS.get(PurePath(file_name).suffix.lower())


def kind_of(source: Source) -> tuple[Kind, str]:
    """Return the format of a source, and a note for the reader if the file's name says another format.

    The bytes decide if they show a format. Otherwise the name decides.

    Raises:
        InputError: naming the source, when its format cannot be read or recognised.
    """
    said = named(source.file_name)
    ending = PurePath(source.file_name).suffix
    shown = _signature(source.data, said)
    if isinstance(shown, str):
        raise InputError(f"{source.name} is {shown}. {READS}: save it as one of these, or leave it out.")
    if shown is None and said is None:
        what = f"a {ending} file" if ending else "a file without an extension"
        raise InputError(f"{source.name} is {what}. {READS}: save its text as a .txt file in UTF-8.")
    if shown is None and said and said.signed and source.data:
        raise InputError(
            f"{source.name} is not {said.what}, although its name says so. Open it, and save it again "
            "in this format."
        )
    kind = shown or said
    assert kind is not None  # noqa: S101
    if kind is said or not said:
        return kind, ""
    return kind, f"The file is named {ending}, but it is {kind.what}, and was read as one."


def _signature(data: bytes, said: Kind | None) -> Kind | str | None:
    """Return the format that the bytes show, the description of a format that is not read, or None."""
    if data.startswith(_OLE) and (_OUTLOOK in data or said is _KINDS["msg"]):
        return _KINDS["msg"]
    if unreadable := next((what for start, what in _UNREADABLE if data.startswith(start)), None):
        return unreadable
    if data.startswith(b"%PDF-") or (said is _KINDS["pdf"] and b"%PDF-" in data[:1024]):
        return _KINDS["pdf"]
    if data.startswith(b"{\\rtf"):
        return _KINDS["rtf"]
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(data, said)
    head = data[:_HEAD]
    # Some programs write a mailbox's first line above a single e-mail.
    if said is not _KINDS["email"] and _MAILBOX.match(head):
        return _KINDS["mbox"]
    if encoding_of(head) == "utf-16":
        head = head.decode("utf-16", "ignore").encode()
    found = _MARKUP.match(head)
    root = found["root"] if found else None
    if root and root.lower() != b"html":
        return _KINDS["feed"]
    return _KINDS["html"] if root or (found and found["page"]) else None


def _archive(data: bytes, said: Kind | None) -> Kind | str:
    """Return the format of a ZIP archive, or the description of a format that is not read.

    Files of several formats are ZIP archives.
    """
    first = data[30 : 30 + int.from_bytes(data[26:28], "little")]
    if first == b"mimetype":
        media = data[30 + len(first) + int.from_bytes(data[28:30], "little") :][:60]
        if media.startswith(b"application/epub+zip"):
            return _KINDS["epub"]
        if media.startswith(b"application/vnd.oasis.opendocument.text"):
            return _KINDS["odt"]
        if media.startswith(b"application/vnd.oasis.opendocument"):
            return "an OpenDocument file that is not a text"
    listed = data[-_TAIL:]
    # An archive may hold a Word document that lists its members just before the archive's own list.
    if b"[Content_Types].xml" in listed and (said is not ZIP or first == b"[Content_Types].xml"):
        if b"word/document" in listed:
            return _KINDS["docx"]
        if b"xl/workbook.xml" in listed:
            return _KINDS["xlsx"]
        if b"xl/workbook" in listed:
            return "an Excel workbook in the binary format (.xlsb)"
        if b"ppt/presentation" in listed:
            return _KINDS["pptx"]
    return said if said and said.name in ("docx", "xlsx", "pptx", "odt", "epub") else ZIP


def read_source(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield the documents of a source of any format, and an InputError for each refused part.

    After MOST_REFUSED refused parts, one InputError counts the others.

    A document's id is the part after the source's own id. It is "" for the whole source, "#" and a name for
    a part, or "/" and a name for a file in an archive or e-mail. Ids are unique in a source.

    Raises:
        InputError: all of the source is refused.
        ValueError: a format's module gave a span outside the document's text.
    """
    kind, note = kind_of(source)
    read = import_module(f"qa.formats.{kind.module}").read
    sha256 = hashlib.sha256(source.data).hexdigest()
    used: set[str] = set()
    for item in some_refused(_guarded(read, source, options), source.name):
        if isinstance(item, InputError):
            yield item
            continue
        document = bounded(replace(item, id=item.id[:MOST_FIELD]))
        check_text(document.text, f"{source.name}, {document.id}" if document.id else source.name)
        ends = [each.end for each in (*document.header, *document.furniture)]
        if max([*ends, *(each.end for each in document.sections)], default=0) > len(document.text):
            raise ValueError("a span is outside its text")
        if not (kind.holds and document.id.startswith("/")):
            document = replace(
                document,
                id=f"#{document.id}" if document.id else "",
                format=kind.name,
                source_sha256=document.source_sha256 or sha256,
            )
        notes = (note, *document.notes) if note else document.notes
        yield replace(document, id=unused(document.id, used), notes=notes)


def some_refused(items: Iterable[_Read], name: str) -> Iterator[_Read | InputError]:
    """Yield the items of a source. After MOST_REFUSED refusals, one InputError counts the others."""
    refused = 0
    for item in items:
        refused += isinstance(item, InputError) and not isinstance(item, PartlyReadError)
        if refused <= MOST_REFUSED or not isinstance(item, InputError):
            yield item
    if refused > MOST_REFUSED:
        yield InputError(
            f"{name}: {refused - MOST_REFUSED:,} more of its parts were refused. Correct the first parts."
        )


def _guarded(
    read: Callable[[Source, Options], Iterator[Document | InputError]], source: Source, options: Options
) -> Iterator[Document | InputError]:
    """Yield what a format's module reads. An unexpected error becomes an InputError that names the source.

    Raises:
        InputError: all of the source is refused.
    """
    try:
        yield from read(source, options)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # from a library, on bytes that it did not expect
        words = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise InputError(
            f"{source.name} is damaged, or does not follow its format ({words}). "
            "Open it and save it again, or leave it out."
        ) from error


def unused(name: str, used: set[str]) -> str:
    """Return a name that is not in `used`, with a number if necessary, and add it to `used`."""
    number, unused = 1, name
    while unused in used:
        number += 1
        unused = f"{name} ({number})"
    used.add(unused)
    return unused
