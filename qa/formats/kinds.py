"""Finds the format of a file by its name and first bytes, and reads it with the format's module."""

from __future__ import annotations

import hashlib
import re
from dataclasses import KW_ONLY, dataclass, replace
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, TypeVar

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
ANY_BYTES = "application/octet-stream"  # a media type that says nothing
_PLAIN = "text/plain; charset=utf-8"
_OFFICE = "application/vnd.openxmlformats-officedocument"
LETTER = "personal_communication"  # the type of e-mails and letters in bibliographies


# Content that `verify` does not find in most formats.
WITHOUT_MARKS = "block quotes without quotation marks"
PICTURES = "pictures"


@dataclass(frozen=True, slots=True)
class Kind:
    """A format. Everything that differs by format only in a name or a number stands here.

    Attributes:
        name: its name in a library.
        module: its module in `qa.formats`.
        what: its name in messages: "a PDF".
        label: the name of one document of it in tables and filters: "Web page".
        endings: the extensions of its files, the usual one first.
        many: its name in a list of formats: "web pages". "" means: as `label`.
        media: the media type of a file with the first ending, if a browser runs nothing in such a file. Files
            with other endings are sent as bytes.
        csl: the type of its documents in bibliographies, by the Citation Style Language.
        shown: how the chat shows an original: as pictures of its pages, or as a page to view.
        libraries: the packages whose version may change how it is read, besides COMMON_LIBRARIES.
        as_text: whether `verify` reads a file's quotes from the file's own characters, not as for indexing.
        unread: the names of the content in which `verify` never finds quotes.
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
    label: str
    endings: tuple[str, ...]
    _: KW_ONLY
    many: str = ""
    media: str = ANY_BYTES
    csl: str = "report"
    shown: Literal["pages", "view"] | None = None
    libraries: tuple[str, ...] = ()
    as_text: bool = False
    unread: tuple[str, ...] = ()
    several: bool = False
    holds: bool = False
    signed: bool = False
    most_bytes: int = MOST_BYTES
    reading: int = 4


_EVERY = (
    Kind(
        "text", "text", "plain text", "Text", (".txt", ".text"), many="plain text", media=_PLAIN, as_text=True
    ),
    Kind(
        "markdown",
        "markdown",
        "Markdown",
        "Markdown",
        (".md", ".markdown"),
        media=_PLAIN,
        libraries=("markdown-it-py",),
        as_text=True,
    ),
    Kind(
        "rst",
        "rst",
        "reStructuredText",
        "reStructuredText",
        (".rst", ".rest"),
        media=_PLAIN,
        libraries=("docutils",),
        unread=(PICTURES, "comments"),
    ),
    Kind(
        "html",
        "html",
        "a web page",
        "Web page",
        (".html", ".htm", ".xhtml"),
        many="web pages",
        csl="webpage",
        shown="view",
        libraries=("lxml", "lxml_html_clean", "trafilatura"),
        unread=(WITHOUT_MARKS, PICTURES),
    ),
    Kind(
        "pdf",
        "pdf",
        "a PDF",
        "PDF",
        (".pdf",),
        media="application/pdf",
        shown="pages",
        libraries=("pypdfium2",),
        unread=(WITHOUT_MARKS, PICTURES, "annotations"),
        signed=True,
        most_bytes=_MORE_BYTES,
    ),
    Kind(
        "docx",
        "docx",
        "a Word document",
        "Word",
        (".docx",),
        media=f"{_OFFICE}.wordprocessingml.document",
        shown="view",
        libraries=("lxml", "python-docx"),
        signed=True,
        most_bytes=_MORE_BYTES,
    ),
    Kind(
        "xlsx",
        "sheets",
        "an Excel workbook",
        "Excel",
        (".xlsx", ".xlsm"),
        media=f"{_OFFICE}.spreadsheetml.sheet",
        libraries=("openpyxl",),
        unread=("comments", PICTURES, "charts"),
        several=True,
        signed=True,
        most_bytes=_MORE_BYTES,
        reading=5,
    ),
    Kind(
        "pptx",
        "pptx",
        "a PowerPoint presentation",
        "PowerPoint",
        (".pptx", ".pptm", ".ppsx"),
        csl="speech",
        libraries=("lxml", "python-pptx"),
        signed=True,
        most_bytes=_MORE_BYTES,
        reading=5,
    ),
    Kind(
        "odt",
        "odt",
        "an OpenDocument text",
        "OpenDocument",
        (".odt",),
        media="application/vnd.oasis.opendocument.text",
        libraries=("lxml", "odfdo"),
        signed=True,
        most_bytes=_MORE_BYTES,
    ),
    Kind(
        "rtf",
        "rtf",
        "an RTF document",
        "RTF",
        (".rtf",),
        unread=(WITHOUT_MARKS, "comments", PICTURES),
        signed=True,
        most_bytes=_MORE_BYTES,
    ),
    Kind(
        "epub",
        "epub",
        "an EPUB book",
        "EPUB",
        (".epub",),
        media="application/epub+zip",
        csl="book",
        libraries=("lxml",),
        unread=(WITHOUT_MARKS, PICTURES),
        signed=True,
        most_bytes=_MORE_BYTES,
        reading=5,
    ),
    Kind(
        "email",
        "mail",
        "an e-mail",
        "E-mail",
        (".eml",),
        many="e-mail",
        csl=LETTER,
        unread=("attachments of other formats", PICTURES),
        several=True,
        holds=True,
        reading=5,
    ),
    Kind(
        "msg",
        "msg",
        "an Outlook message",
        "Outlook message",
        (".msg",),
        many="Outlook's messages",
        csl=LETTER,
        libraries=("python-oxmsg",),
        several=True,
        holds=True,
        signed=True,
        reading=5,
    ),
    Kind(
        "mbox",
        "mbox",
        "a mailbox",
        "Mailbox",
        (".mbox",),
        many="mailboxes",
        csl=LETTER,
        unread=("attachments of other formats", PICTURES),
        several=True,
        holds=True,
        most_bytes=_MORE_BYTES,
        reading=5,
    ),
    Kind(
        "feed",
        "feed",
        "a feed (RSS or Atom)",
        "Feed",
        (".rss", ".atom", ".xml"),
        many="feeds",
        csl="webpage",
        libraries=("feedparser", "lxml"),
        unread=(WITHOUT_MARKS, PICTURES),
        several=True,
    ),
    Kind(
        "csv",
        "table",
        "a table",
        "Table",
        (".csv", ".tsv"),
        many="CSV",
        media=_PLAIN,
        as_text=True,
        several=True,
        most_bytes=_MORE_BYTES,
        reading=5,
    ),
    Kind("jsonl", "jsonl", "JSON Lines", "JSON Lines", (".jsonl",), as_text=True, several=True),
    Kind(
        "json",
        "records",
        "JSON",
        "JSON",
        (".json",),
        as_text=True,
        unread=("values other than quotes",),
        several=True,
    ),
    Kind(
        "zip",
        "archive",
        "a ZIP archive",
        "ZIP",
        (".zip",),
        many="ZIP archives",
        media="application/zip",
        several=True,
        holds=True,
        signed=True,
        most_bytes=_MORE_BYTES,
    ),
)
KINDS = {kind.name: kind for kind in _EVERY}
JSONL, ZIP = KINDS["jsonl"], KINDS["zip"]
ENDINGS = {ending: kind for kind in _EVERY for ending in kind.endings}
MEDIA_TYPES = {kind.endings[0]: kind.media for kind in _EVERY}
# Packages whose version may change how any file is read.
COMMON_LIBRARIES = ("chardet", "py3langid", "sentencex")
LIBRARIES = tuple(sorted({*COMMON_LIBRARIES, *(name for kind in _EVERY for name in kind.libraries)}))
_LISTED = [kind.many or kind.label for kind in _EVERY]
READS = f"Pullquote reads {', '.join(_LISTED[:-1])} and {_LISTED[-1]}"
# The formats with the endings of their files, for a list: "RTF (.rtf), EPUB (.epub)".
WITH_ENDINGS = ", ".join(
    f"{name} ({', '.join(kind.endings)})" for name, kind in zip(_LISTED, _EVERY, strict=True)
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
    return " ".join(sorted(f"{kind.name} {kind.reading}" for kind in kinds))


def named(file_name: str) -> Kind | None:
    """Return the format that the name of a file says, or None if the name says no known format."""
    return ENDINGS.get(PurePath(file_name).suffix.lower())


def kind_of(source: Source) -> tuple[Kind, str]:
    """Return the format of a source, and a note for the reader if the file's name says another format.

    The bytes decide if they show a format. Otherwise the name decides.

    Raises:
        InputError: naming the source, when its format cannot be read or recognised.
    """
    named_kind = named(source.file_name)
    ending = PurePath(source.file_name).suffix
    shown = _signature(source.data, named_kind)
    if isinstance(shown, str):
        raise InputError(f"{source.name} is {shown}. {READS}: save it as one of these, or leave it out.")
    if shown is None and named_kind is None:
        what = f"a {ending} file" if ending else "a file without an extension"
        raise InputError(f"{source.name} is {what}. {READS}: save its text as a .txt file in UTF-8.")
    if shown is None and named_kind and named_kind.signed and source.data:
        raise InputError(
            f"{source.name} is not {named_kind.what}, although its name says so. Open it, and save it again "
            "in this format."
        )
    kind = shown or named_kind
    assert kind is not None  # noqa: S101
    if kind is named_kind or not named_kind:
        return kind, ""
    return kind, f"The file is named {ending}, but it is {kind.what}, and was read as one."


def _signature(data: bytes, named_kind: Kind | None) -> Kind | str | None:
    """Return the format that the bytes show, the description of a format that is not read, or None."""
    if data.startswith(_OLE) and (_OUTLOOK in data or named_kind is KINDS["msg"]):
        return KINDS["msg"]
    if unreadable := next((what for start, what in _UNREADABLE if data.startswith(start)), None):
        return unreadable
    if data.startswith(b"%PDF-") or (named_kind is KINDS["pdf"] and b"%PDF-" in data[:1024]):
        return KINDS["pdf"]
    if data.startswith(b"{\\rtf"):
        return KINDS["rtf"]
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(data, named_kind)
    head = data[:_HEAD]
    # Some programs write a mailbox's first line above a single e-mail.
    if named_kind is not KINDS["email"] and _MAILBOX.match(head):
        return KINDS["mbox"]
    if encoding_of(head) == "utf-16":
        head = head.decode("utf-16", "ignore").encode()
    match = _MARKUP.match(head)
    root = match["root"] if match else None
    if root and root.lower() != b"html":
        return KINDS["feed"]
    return KINDS["html"] if root or (match and match["page"]) else None


def _archive(data: bytes, named_kind: Kind | None) -> Kind | str:
    """Return the format of a ZIP archive, or the description of a format that is not read.

    Files of several formats are ZIP archives.
    """
    first = data[30 : 30 + int.from_bytes(data[26:28], "little")]
    if first == b"mimetype":
        media = data[30 + len(first) + int.from_bytes(data[28:30], "little") :][:60]
        if media.startswith(b"application/epub+zip"):
            return KINDS["epub"]
        if media.startswith(b"application/vnd.oasis.opendocument.text"):
            return KINDS["odt"]
        if media.startswith(b"application/vnd.oasis.opendocument"):
            return "an OpenDocument file that is not a text"
    listed = data[-_TAIL:]
    # An archive may hold a Word document that lists its members just before the archive's own list.
    if b"[Content_Types].xml" in listed and (named_kind is not ZIP or first == b"[Content_Types].xml"):
        if b"word/document" in listed:
            return KINDS["docx"]
        if b"xl/workbook.xml" in listed:
            return KINDS["xlsx"]
        if b"xl/workbook" in listed:
            return "an Excel workbook in the binary format (.xlsb)"
        if b"ppt/presentation" in listed:
            return KINDS["pptx"]
    return named_kind if named_kind and named_kind.name in ("docx", "xlsx", "pptx", "odt", "epub") else ZIP


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
        ends = [span.end for span in (*document.header, *document.furniture)]
        if max([*ends, *(section.end for section in document.sections)], default=0) > len(document.text):
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
