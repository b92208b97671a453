"""Separates the sender's own words in an e-mail from the earlier messages that it quotes.

Mail programs quote in two ways. They mark lines with ">" below "On 4 April 2008, Kim wrote:". Or they put the
header of the earlier message ("From: … Sent: …") above the whole message. Every line is kept. Signatures, and
lines that introduce a quotation, are furniture
([why so, and why no library](../../docs/decisions/0015-formats.md)).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from email.utils import parseaddr
from typing import TYPE_CHECKING, NamedTuple

from qa.formats.blocks import Part
from qa.text.dates import PartialDate, date_in_words
from qa.text.written_dates import find_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARKS = re.compile(r"(?:> ?)+")
_WROTE = re.compile(
    r"(?:\b(?:wrote|writes|said|a écrit|escribió|escreveu|skrev|schreef|ha scritto|написал(?:\(а\))?)"
    r"|님이 작성|写道|寫道)\s?[:：]$|\b(?:schrieb|schreef) .{2,120}[:：]$"
)
# Only the first @ and the first point after it are tried, so that the pattern takes linear time.
_ADDRESS = re.compile(
    r"[<(\[]?(?:mailto:)?(?<![^\s<>()\[\]:])[^\s<>()\[\]:][^\s<>()\[\]:@]*+@"
    r"[^\s<>()\[\]:][^\s<>()\[\]:.]*+\.[^\s<>()\[\]:]++[>)\]]?"
)
_MOST_WRAPPED = 3  # maximum lines of "On … wrote:"
_EAST_ASIAN_DATE = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
# The name after "schrieb", before the date, or between the date and "wrote".
_NAMES = (
    re.compile(r"\b(?:schrieb|schreef)\s+(?P<name>[^\d,:：<>]+)"),
    re.compile(r"^(?P<name>[^\d,:：<>]+?)(?<!\s)\s*+(?:于|於)\s?\d"),
    re.compile(
        r"(?:^|(?<=[\d,:：<>]))(?P<name>\s|[^\d,:：<>]+?(?<!\s))\s*+"
        r"(?:\b\w++|\ba écrit|\bha scritto|님이 작성)\s?[:：]$"
    ),
)
_NO_NAME = re.compile(
    r"^(?:\s|[AaPp]\.?[Mm]\.?\b|[A-Z]{3,4}\b|\(?[A-Z]{3,4}\)|at\b|um\b|à\b|On\b|Am\b|[+,.-])+"
)
_DIVIDER = re.compile(
    r"[-_*\s]*(?:original message|forwarded message|begin forwarded message|ursprüngliche nachricht"
    r"|weitergeleitete nachricht|message d'origine|message transféré|mensaje original"
    r"|원본 메시지|전달된 메시지|原始邮件|原始郵件|转发邮件)[-_*\s:]*",
    re.IGNORECASE,
)
_RULE = re.compile(r"[_-]{10,}")
_FIELDS = {
    "from": "from|von|de|보낸 ?사람|보낸이|发件人|寄件者|寄件人|差出人",
    "date": "sent|date|gesendet|datum|envoyé|fecha|enviado|보낸 ?날짜|날짜|发送时间|日期|寄件日期|送信日時",
    "other": "to|cc|bcc|subject|reply-to|importance|attachments|an|betreff|à|objet|para|asunto"
    "|받는 ?사람|참조|제목|收件人|收件者|抄送|主题|主旨|主題|宛先|件名",
}
_ANY_FIELD = "|".join(f"(?P<{kind}>{names})" for kind, names in _FIELDS.items())
_FIELD = re.compile(rf"\W{{0,2}}(?:{_ANY_FIELD})\W{{0,2}}[:：]\*{{0,2}}\s*(?P<value>.*)", re.IGNORECASE)
# A date field with a day and a year in any language, unlike "Date: unknown".
_SENT_ON = re.compile(rf"(?>.*?(?:{_FIELDS['date']})\W{{0,2}}[:：]).*?\d\D++\d", re.IGNORECASE)
_MOST_SIGNED = 15  # lines of a signature
_SIGNED = re.compile(r"--\s?|—\s?")
_SENT_FROM = re.compile(
    r"(?:sent from (?:my|yahoo|outlook|mail)\b|get outlook for\b|나의 iphone에서 보냄|发自我的).{0,40}",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"\W*(?:confidentiality (?:notice|note)|(?:legal )?disclaimer\b"
    r"|this (?:e-?mail|message|communication)\b"
    r"(?=.{0,300}\b(?:confidential|privileged|intended (?:only|solely))))",
    re.IGNORECASE | re.DOTALL,
)


class Line(NamedTuple):
    """A line of an e-mail.

    Attributes:
        depth: how many quotations are around the line.
        text: the words.
    """

    depth: int
    text: str


@dataclass(frozen=True, slots=True)
class Sender:
    """The writer of a message, and its day, as far as they are known."""

    name: str = ""
    date: dt.date | None = None


@dataclass(slots=True)
class _MessageLine:
    """A line whose message is known.

    Attributes:
        text: the words.
        message: the number of the line's message, from 0.
        furniture: whether the line is not part of the message's own words.
    """

    text: str
    message: int
    furniture: bool = False


def unquoted(text: str) -> list[Line]:
    """Remove the ">" marks from the lines of a plain text. Their number becomes the line's depth.

    A single ">" before a word, as in ">5 tonnes", is a quotation only next to other marked lines.
    """
    lines = text.split("\n")
    unquoted_lines = []
    for position, line in enumerate(lines):
        marks = _MARKS.match(line)
        around = lines[max(0, position - 1) : position + 2 : 2] if position else lines[1:2]
        if marks and (marks[0] != ">" or line == ">" or any(other.startswith(">") for other in around)):
            unquoted_lines.append(Line(marks[0].count(">"), line[marks.end() :]))
        else:
            unquoted_lines.append(Line(0, line))
    return unquoted_lines


def flowed(lines: Sequence[Line], *, delete_space: bool) -> list[Line]:
    """Join each line of "format=flowed" text (RFC 3676) that ends in a space with the next line."""
    joined: list[Line] = []
    goes_on = False
    for depth, text in lines:
        text = text.removeprefix(" ")  # space-stuffing of RFC 3676
        if goes_on and joined[-1].depth == depth and text != "-- ":
            before = joined.pop().text
            text = (before[:-1] if delete_space else before) + text
        joined.append(Line(depth, text))
        goes_on = text.endswith(" ") and text != "-- "
    return joined


def messages(lines: Sequence[Line], sender: Sender) -> list[Part]:
    """Join the lines into paragraphs, with a section for each message.

    An e-mail without quotations has no sections. Message 1 is the e-mail itself. The other messages are
    numbered in the order of their beginnings, and named by sender and day if they are known.
    """
    message_lines, senders = _attributed(lines, sender)
    _mark_signatures(message_lines)
    parts: list[Part] = []
    current = -1
    at = 0
    while at < len(message_lines):
        message, furniture = message_lines[at].message, message_lines[at].furniture
        end = at
        while end < len(message_lines) and (message_lines[end].message, message_lines[end].furniture) == (
            message,
            furniture,
        ):
            end += 1
        text = "\n".join(line.text.rstrip() for line in message_lines[at:end]).strip("\n")
        at = end
        if not text.strip():
            continue
        if message != current and len(senders) > 1:
            parts.append(Part("message", _label(message, senders[message])))
        current = message
        parts.append(Part("furniture" if furniture else "paragraph", text))
    return parts


def _label(number: int, sender: Sender) -> str:
    description = ", ".join(filter(None, (sender.name, date_in_words(sender.date) if sender.date else "")))
    return f"{number + 1} ({description or 'quoted'})"


def _attributed(lines: Sequence[Line], sender: Sender) -> tuple[list[_MessageLine], list[Sender]]:
    """Return the lines with the number of their message, and the senders of the messages."""
    senders = [sender]
    owners = [0]  # for each depth, the number of the message that is quoted there now
    announced: Sender | None = None  # by "On … wrote:", for the next quotation
    message_lines: list[_MessageLine] = []
    at = 0
    while at < len(lines):
        depth = lines[at].depth
        while depth >= len(owners):
            senders.append(announced or Sender())
            owners.append(len(senders) - 1)
            announced = None
        if announced and depth > 0 and lines[at - 1].depth < depth:
            senders.append(announced)
            owners[depth:] = [len(senders) - 1]
            announced = None
        if length := _introduction_length(lines, at):
            announced = _writer(" ".join(line.text.strip() for line in lines[at : at + length]))
            message_lines += [
                _MessageLine(line.text, owners[depth], furniture=True) for line in lines[at : at + length]
            ]
            if _next_depth(lines, at + length) <= depth:  # the earlier message follows without marks
                senders.append(announced)
                owners[depth:] = [len(senders) - 1]
                announced = None
        elif length := _header_length(lines, at):
            senders.append(_sender_of(lines[at : at + length]))
            owners[depth:] = [len(senders) - 1]
            message_lines += [
                _MessageLine(line.text, owners[depth], furniture=True) for line in lines[at : at + length]
            ]
        else:
            length = 1
            message_lines.append(_MessageLine(lines[at].text, owners[depth]))
        at += length
    return message_lines, senders


def _next_depth(lines: Sequence[Line], at: int) -> int:
    return next((line.depth for line in lines[at:] if line.text.strip()), -1)


def _introduction_length(lines: Sequence[Line], at: int) -> int:
    """Return how many lines "On … wrote:" takes up at this line, or 0 if it does not begin here.

    A quotation must follow, or there must be a date and an address: "the Daily NK wrote:" may be the sender's
    own sentence.
    """
    depth = lines[at].depth
    text = ""
    for length, line in enumerate(lines[at : at + _MOST_WRAPPED], 1):
        if line.depth != depth or not line.text.strip() or len(text) > 300:
            return 0
        text = f"{text} {line.text.strip()}".strip()
        if not _WROTE.search(text):
            continue
        rest = (
            later_line.depth for later_line in lines[at + length : at + length + 3] if later_line.text.strip()
        )
        quoted = next(rest, depth) > depth
        dated = _date(text) is not None
        return length if (quoted and (dated or length == 1)) or (dated and _ADDRESS.search(text)) else 0
    return 0


def _header_length(lines: Sequence[Line], at: int) -> int:
    """Return how many lines an earlier message's header takes up, with a divider above it, or 0."""
    depth = lines[at].depth
    divided = bool(_DIVIDER.fullmatch(lines[at].text.strip())) and bool(lines[at].text.strip())
    start = at + (divided or bool(_RULE.fullmatch(lines[at].text.strip())))
    while start > at and start < len(lines) and not lines[start].text.strip() and lines[start].depth == depth:
        start += 1
    kinds: list[str] = []
    end = start
    while end < len(lines) and lines[end].depth == depth and lines[end].text.strip():
        field = _FIELD.fullmatch(lines[end].text.strip())
        if field:
            kind = next(kind for kind in _FIELDS if field[kind])
            if (kind == "from") is bool(kinds):
                break  # a header begins with its only "From", so that each line is read for one header
            kinds.append(kind)
        elif not kinds or not lines[end - 1].text.rstrip().endswith((",", ";")):
            break  # only a list of recipients takes up several lines
        end += 1
    if kinds[:1] == ["from"] and ("date" in kinds or len(kinds) >= 3):
        fields = [line.text for line in lines[start:end]]
        if divided or any(_ADDRESS.search(field) or _SENT_ON.match(field) for field in fields):
            return end - at
    return start - at if divided else 0


def _sender_of(head: Iterable[Line]) -> Sender:
    name, date = "", None
    for line in head:
        field = _FIELD.fullmatch(line.text.strip())
        if field and field["from"] and not name:
            name = _person(field["value"])
        elif field and field["date"] and not date:
            date = _date(field["value"])
    return Sender(name, date)


def _person(written: str) -> str:
    """Return the name in "Kim Jong <kim@example.org>", or the address if it has no name."""
    written = re.sub(r"\[(?:mailto:)?([^\[\]]*)\]", r"<\1>", written)
    name, address = parseaddr(written) if "@" in written else (written, "")
    return " ".join((name or address or written).split()).strip("\"' *")


def _writer(text: str) -> Sender:
    """Return the sender and day in "On 4 April 2008, Kim Jong <kim@example.org> wrote:"."""
    address = _ADDRESS.search(text)
    bare = " ".join(_ADDRESS.sub(" ", text).split())
    for pattern in _NAMES:
        if match := pattern.search(bare):
            name = _NO_NAME.sub("", match["name"]).strip(" \"'*.")
            if re.search(r"[^\W\d_]{2}", name):
                return Sender(name, _date(text))
    return Sender(address[0].strip("<>()[]") if address else "", _date(text))


def _date(text: str) -> dt.date | None:
    if match := _EAST_ASIAN_DATE.search(text):
        try:
            return dt.date(*map(int, match.groups()))
        except ValueError:
            return None
    found_date = find_date(text)
    return found_date.date if found_date and not isinstance(found_date.date, PartialDate) else None


def _mark_signatures(message_lines: list[_MessageLine]) -> None:
    """Mark signatures, and legal notices at the end of a message, as furniture."""
    for end in range(len(message_lines), 0, -1):
        if end < len(message_lines) and message_lines[end].message == message_lines[end - 1].message:
            continue
        start = end - 1
        while start > 0 and message_lines[start - 1].message == message_lines[end - 1].message:
            start -= 1
        block = message_lines[start:end]
        last = max((position for position, line in enumerate(block) if line.text.strip()), default=-1)
        if last >= 0 and _SENT_FROM.fullmatch(block[last].text.strip()):
            block[last].furniture = True
        for position, line in enumerate(block):
            left = len(block) - position
            starts = position == 0 or not block[position - 1].text.strip()
            signed = position and left <= _MOST_SIGNED and _SIGNED.fullmatch(line.text)
            legal = (
                starts
                and left <= 4 * _MOST_SIGNED
                and _LEGAL.match("\n".join(next_line.text for next_line in block[position : position + 8]))
            )
            if signed or legal:
                for signature_line in block[position:]:
                    signature_line.furniture = True
                break
