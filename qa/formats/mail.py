"""Reads e-mail (.eml): the words of a message, separate from the words of earlier messages that it quotes.

Python's `email` module parses the message. Plain text is preferred to HTML, because mail programs mark
quotations in plain text. Attachments in a supported format become documents. A note names the other
attachments, except pictures that the text shows.
"""

from __future__ import annotations

import email
import re
from contextlib import suppress
from dataclasses import replace
from email import errors, policy
from email.header import decode_header, make_header
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

from qa.document.metadata import with_values
from qa.errors import InputError
from qa.formats.blocks import compose
from qa.formats.heads.numbers import find_number
from qa.formats.kinds import named, read_source
from qa.formats.markup import MEANT, Block, blocks, parse
from qa.formats.text import check_text, describe
from qa.formats.thread import Line, Sender, flowed, messages, unquoted
from qa.schema import Document
from qa.text.name_classes import is_institution
from qa.text.organisations import likely_institution, names_periodical
from qa.text.people import in_order, people_in_line, surely_people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from qa.formats.source import Options, Source

_FOLDED = re.compile(r"(?<!\s)[^\S\r\n]*+[\r\n]\s*")
_QUOTES = re.compile(r"gmail_quote|yahoo_quoted|protonmail_quote|moz-cite", re.IGNORECASE)
_HEADERS = ("From", "Date", "Subject", "Message-ID", "To", "Received")
_ENCODED = re.compile(r"=\?[^?\s]+\?[bq]\?[^?]*\?=(?:\s+=\?[^?\s]+\?[bq]\?[^?]*\?=)*", re.IGNORECASE)
_CUT_OFF = (errors.CloseBoundaryNotFoundDefect, errors.StartBoundaryNotFoundDefect)
_PART = re.compile(r"^(?:\w+ )?(?:office|desk|team|unit|service|department)$", re.IGNORECASE)
_NO_REPLY = re.compile(r"(?:do[-_.]?)?no[-_.]?t?[-_.]?reply\b", re.IGNORECASE)
_DIVISION = re.compile(
    r"(?:press|media|news|communications?|public affairs|information|publications?|newsletter)\b",
    re.IGNORECASE,
)
_DEEPEST = 50  # levels of nested parts
_MOST_ATTACHMENTS = 1_000


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield an e-mail and the documents attached to it. An attachment's id begins with "/" and its name.

    Raises:
        InputError: naming the source, if it is not an e-mail, is malformed, or has neither text nor an
            attachment in a supported format.
    """
    try:
        message = _parsed(source)
    except InputError:
        raise
    except Exception as error:  # the parser should raise nothing, but it does
        raise _malformed(source, error) from None
    yield from read_message(message, source, options)


def read_message(
    message: Message, source: Source, options: Options, form: str = "email", notes: tuple[str, ...] = ()
) -> Iterator[Document | InputError]:
    """Yield a parsed e-mail as a document of the format `form`, and the documents attached to it.

    Raises:
        InputError: naming the source, if it is malformed, or has neither text nor an attachment in a
            supported format.
    """
    try:
        reading = _Reading(source.name)
        lines = reading.lines(message, 0)
        attached, not_read = _attachments(reading.attachments)
        document = _document(message, lines, source)
        cut_off = any(isinstance(defect, _CUT_OFF) for part in message.walk() for defect in part.defects)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # the parser should raise nothing, but it does
        raise _malformed(source, error) from None
    reading.notes += notes
    if cut_off:
        reading.notes.append("The e-mail is cut off: its end is missing.")
    if not_read:
        listed = ", ".join(f"“{name}”" for name in not_read[:10])
        more = f" and {len(not_read) - 10} more" if len(not_read) > 10 else ""
        reading.notes.append(f"Attached, and not read: {listed}{more}.")
    if document is not None:
        yield replace(document, format=form, notes=(*document.notes, *reading.notes))
    elif not attached:
        raise InputError(f"{source.name} has no text. Leave it out, or save its words as a .txt file.")
    for name, data in attached:
        yield from _attached(source, options, name, data)


def _malformed(source: Source, error: Exception) -> InputError:
    return InputError(
        f"{source.name} cannot be read as an e-mail ({type(error).__name__}: {error}). Save it again."
    )


def _parsed(source: Source) -> Message:
    # Not policy.default, which raises errors for malformed headers.
    message = email.message_from_bytes(source.data, policy=policy.compat32)
    if not any(_header(message, name) for name in _HEADERS):
        raise InputError(
            f"{source.name} does not have the headers of an e-mail. Save the message again as .eml."
        )
    return message


def _document(message: Message, lines: list[Line], source: Source) -> Document | None:
    """Return the document of an e-mail, or None if the e-mail has no text."""
    name, address = parseaddr(_header(message, "From"))
    author = in_order(name) or address
    if surely_people(who := people_in_line(author)):
        author = who
    date = _header(message, "Date")
    try:
        day = parsedate_to_datetime(date).date()  # the day in the sender's time zone
    except (ValueError, TypeError, IndexError, OverflowError):
        day = None
    composed = compose(messages(lines, Sender(author, day)))
    if not composed.text:
        return None
    check_text(composed.text, source.name)
    notes = (f"The date “{date}” cannot be read, so it was left out.",) if date and not day else ()
    archived = _header(message, "Archived-At").strip("<>")
    identity = _header(message, "Message-ID").strip("<> ")
    url = archived if re.fullmatch(r"https?://\S+", archived) else f"mid:{identity}" if identity else ""
    subject = _header(message, "Subject")
    facts = {
        "title": subject,
        "author": "" if _NO_REPLY.match(address) and author == address else author,
        "date": day.isoformat() if day else "",
        "url": url if re.fullmatch(r"\S+", url) else "",
    }
    stated = {field: value for field, value in facts.items() if value}
    likely = {field: value for field, value in _issued(name, subject).items() if value}
    document = Document(id="", text=composed.text, sections=composed.sections, format="email", notes=notes)
    described = describe(
        with_values(
            with_values(document, stated, "the e-mail's header", "stated"),
            likely,
            "the e-mail's header",
            "likely",
        ),
        PurePath(source.file_name).stem,
        headed=False,  # the e-mail's header has the metadata, and the text begins with its first sentence
    )
    furniture = {*described.furniture, *composed.furniture}
    return replace(described, furniture=tuple(sorted(furniture)))


def _issued(sender: str, subject: str) -> dict[str, str]:
    """Return publisher, series and number of an e-mail that an organisation sends to many readers.

    The sender "Press Office, Sandvik Ferry Line" gives the publisher "Sandvik Ferry Line". If the sender
    "Grain Wire" writes "Grain Wire #211: Bids slip", then "Grain Wire" is a series.
    """
    _, comma, organisation = sender.partition(", ")
    publisher = organisation if comma and _DIVISION.match(sender) else ""
    within = re.fullmatch(r"[^()]{2,80} \((?P<name>[^()]{2,80})\)", sender)
    if within:
        publisher = within["name"] if is_institution(within["name"]) else ""
    elif (is_institution(sender) or likely_institution(sender)) and not comma and not _PART.search(sender):
        publisher = sender
    numbered = find_number(subject.split(": ")[0])
    series = numbered.series if numbered.number and not numbered.bare else ""
    if series.casefold() != sender.casefold() and not names_periodical(series):
        series = ""
    return {"publisher": publisher, "series": series, "number": numbered.number if series else ""}


class _Reading:
    """Reads the parts of one message."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.attachments: list[tuple[str, Message]] = []
        self.notes: list[str] = []

    def lines(self, part: Message, depth: int) -> list[Line]:
        """Return the lines of a part's text, and add attached parts to `attachments`.

        Raises:
            InputError: naming the e-mail, if its parts are nested too deep.
        """
        if depth > _DEEPEST:
            raise InputError(
                f"{self._name} has parts that are nested more than {_DEEPEST} deep. Leave it out."
            )
        kind = part.get_content_type()
        inner = part.get_payload() if part.is_multipart() else None
        if kind == "message/rfc822" or _is_attached(part, kind):
            if len(self.attachments) < _MOST_ATTACHMENTS:
                self.attachments.append((_file_name(part, kind, inner), part))
            return []
        if isinstance(inner, list):
            return self._several(
                kind, [inner_part for inner_part in inner if not isinstance(inner_part, str)], depth
            )
        if kind == "text/html":
            return self._html(self._text(part))
        if kind != "text/plain" and part.get_content_maintype() != "multipart":
            return []
        lines = unquoted(self._text(part))
        if str(part.get_param("format", "")).lower() == "flowed":
            lines = flowed(lines, delete_space=str(part.get_param("delsp", "")).lower() == "yes")
        return lines

    def _several(self, kind: str, inner: list[Any], depth: int) -> list[Line]:
        """Return the lines of all parts of a multipart part.

        If the parts are alternatives, return only the first part that has words, plain text before others.
        """
        if kind == "multipart/alternative":
            chosen: list[Line] = []
            for inner_part in sorted(
                inner, key=lambda inner_part: inner_part.get_content_type() != "text/plain"
            ):
                if not (chosen and inner_part.get_content_type() == "text/html"):
                    part_lines = self.lines(inner_part, depth + 1)
                    chosen = chosen or (part_lines if any(line.text.strip() for line in part_lines) else [])
            return chosen
        lines: list[Line] = []
        for inner_part in inner:
            more = self.lines(inner_part, depth + 1)
            lines += [Line(0, ""), *more] if lines and more else more
        return lines

    def _html(self, text: str) -> list[Line]:
        lines: list[Line] = []
        last = ""
        for block in blocks(parse(text, self._name)) if text.strip() else []:
            depth = _quoted(block)
            if lines and not (block.kind == last and block.kind in ("item", "row")):
                lines.append(Line(min(depth, lines[-1].depth), ""))
            lines += [Line(depth, line) for line in block.text.split("\n")]
            last = block.kind
        return lines

    def _text(self, part: Message) -> str:
        """Decode a part in the encoding that it names, or else as UTF-8.

        If neither fits, decode it as windows-1252 and add a note.
        """
        data = part.get_payload(decode=True)
        data = data if isinstance(data, bytes) else b""
        try:
            charset = (part.get_content_charset() or "").lower()
        except (LookupError, ValueError, TypeError):
            charset = ""
        for encoding in filter(None, (MEANT.get(charset, charset), "utf-8")):
            try:
                text = data.decode(encoding)
                break
            except (UnicodeDecodeError, LookupError):
                continue
        else:
            text = data.decode("windows-1252", "replace")
            self.notes.append(
                f"Its encoding ({charset or 'not named'}) does not fit its text; it was read as windows-1252."
            )
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _quoted(block: Block) -> int:
    """Return how many quotations are around a block."""
    count = 0
    for node in (block.node, *block.node.iterancestors()):
        inside = node is not block.node or block.slot == "text"
        if (
            inside
            and node.tag == "blockquote"
            and (node.get("type") == "cite" or _QUOTES.search(node.get("class") or ""))
        ):
            count += 1
    return count


def _is_attached(part: Message, kind: str) -> bool:
    if part.is_multipart() and kind != "message/rfc822":
        return False
    if part.get_content_disposition() == "attachment":
        return True
    return kind not in ("text/plain", "text/html") and part.get_content_maintype() != "multipart"


def _file_name(part: Message, kind: str, inner: Any) -> str:
    name = _decoded(str(part.get_filename() or ""))
    if not name and isinstance(inner, list) and inner and not isinstance(inner[0], str):
        name = f"{_header(inner[0], 'Subject') or 'message'}.eml"
    return re.sub(r"[/\\\s]+", " ", name).strip() or f"a part ({kind})"


def _attachments(attachments: list[tuple[str, Message]]) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Return name and bytes of each attachment in a supported format, and the names of the others."""
    attached: list[tuple[str, bytes]] = []
    not_read: list[str] = []
    for name, part in attachments:
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload()
            whole = b""
            with suppress(Exception):  # a malformed message cannot always be written again
                whole = cast("Message", inner[0]).as_bytes() if isinstance(inner, list) else b""
            attached.append((name if name.endswith(".eml") else f"{name}.eml", whole))
            continue
        data = part.get_payload(decode=True)
        if named(name) and isinstance(data, bytes) and data:
            attached.append((name, data))
        elif not (part.get_content_maintype() == "image" and part.get("Content-ID")):  # a picture in the text
            not_read.append(name)
    return attached, not_read


def _attached(source: Source, options: Options, name: str, data: bytes) -> Iterator[Document | InputError]:
    inner = replace(source, name=f"{source.name}/{name}", file_name=name, data=data)
    try:
        for item in read_source(inner, options):
            yield item if isinstance(item, InputError) else replace(item, id=f"/{name}{item.id}")
    except InputError as error:
        yield error


def _header(message: Message, name: str) -> str:
    """Return a header, decoded (RFC 2047) and on one line, or "" if it is missing."""
    raw = (value for key, value in message.raw_items() if key.lower() == name.lower())
    return _decoded(str(next(raw, "")))


def _decoded(value: str) -> str:
    """Decode encoded words, and decode raw bytes as UTF-8. A malformed encoded word stays as it is."""

    def words(match: re.Match[str]) -> str:
        with suppress(errors.HeaderParseError, ValueError, LookupError):
            return str(make_header(decode_header(match[0])))
        return match[0]

    value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    value = _ENCODED.sub(words, _FOLDED.sub(" ", value))
    return "".join(character if character.isprintable() else " " for character in value).strip()
