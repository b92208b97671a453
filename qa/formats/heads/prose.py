"""Reads facts on a document from the prose below its head: dateline, signature, imprint at the end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.formats.heads.issue_dates import WEEKDAY, year_alone
from qa.formats.heads.line_parts import HARD_WRAPPED, HeadDate
from qa.formats.heads.line_rules import COPYRIGHT
from qa.text.name_classes import has_name_form, is_institution, may_own
from qa.text.organisations import is_periodical, likely_institution
from qa.text.people import has_given_name, is_role, likely_people, people_in_line, surely_people, who_is
from qa.text.written_dates import DateOrder, find_date, find_dates

if TYPE_CHECKING:
    import datetime as dt

_DATELINE = re.compile(
    r"\)?\s*(?:[(/]\s?(?P<agency>[^()/\d]{2,60})[)/])?\s?(?:—|–|--|-|―|:|\.-|\.\s(?=[^\W\d_a-z]))\s?"
)
_DATELINE_PLACE = re.compile(r"\(?(?-i:[^\Wa-z\d_])[^\d()\n.:;]{1,40}(?:,|\s[–—-])\s")
_UNDATED_LINE = re.compile(
    r"(?-i:[^\Wa-z\d_])[^\d()\n.:;]{1,40}(?:,\s[^()\n]{0,20})?\((?P<agency>[^()\d]{2,60})\)\s?(?:—|–|--|-"
    r"|―)\s"
)
_ANNOUNCES = re.compile(
    r"(?:the\s)?(?P<body>(?-i:[^\Wa-z\d_])[\w&.,’' -]{3,60}?)(?:\s\([^()\n]{2,60}\))?\s(?:has\s)?(?:today"
    r"|announce[sd]?|said|report(?:s|ed)?)\b",
    re.IGNORECASE,
)
_PRODUCED = re.compile(
    r"^This (?:publication|report|paper|document|bulletin|briefing|update|note) (?:is|was) (?:produced"
    r"|issued|published|prepared)"
    r" by (?:the )?(?P<body>(?-i:[^\Wa-z\d_])[^\n.,;]{3,80}?)(?=\s(?:in|with|for|and|on)\s|[.,;])",
    re.MULTILINE,
)
_SALUTATION = re.compile(
    r"(?:dear|sehr geehrte|liebe|estimad[oa]|monsieur|madame|уважаем|geachte)[^\n]{0,60}\n\s*+"
    r"(?:(?:re|subject|betreff|betrifft|objet|asunto|ref)\s?[.:]\s?(?P<stated>[^\n]{3,150})"
    r"|(?P<line>(?-i:[^\Wa-z])[^\n]{3,100}(?<![.,:;\s]))(?=[ \t\r]{0,4}\n[ \t\r]{0,4}\n))?",
    re.IGNORECASE,
)
# "The Kilwara Ports Authority invites sealed tenders"
_INVITES = re.compile(
    r"\s*+the (?P<body>(?-i:[^\Wa-z\d_])[\w&’' -]{3,60}?)\s(?:\([^()\n]{2,20}\) )?"
    r"(?:(?:hereby )?(?:invites?|announces?"
    r"|gives notice)|is pleased to|wishes to|has today|today (?:announced|commissioned|opened"
    r"|launched|published))\b",
    re.IGNORECASE,
)
_MOST_SIGNED = 20_000  # characters: the end of a longer text may be anything
_LISTED = re.compile(r"\s*+[*•–-]\s")
_SIGNATURE = 4  # maximum words of a signature
_CONTACTED = 2_000  # characters at the end of a text, which may name contacts
_CONTACTS = re.compile(
    r"^[ \t]{0,4}(?:(?:media|press|investor|further) )?contacts?(?: information| details| persons?)?:?"
    r"[ \t]{0,4}$",
    re.IGNORECASE | re.MULTILINE,
)
_FOOT = 600  # characters at the end of a text that may be its foot
_FOOT_LINES = 6
_LONGEST = 200  # characters: a longer line is not read
_CLOSING = re.compile(
    r"(?:yours \w+|(?:with )?(?:kind|best|warm)(?:est)? (?:regards|wishes)"
    r"|(?:with )?regards|sincerely(?: yours)?|(?:respectfully|humbly) (?:submitted|yours)|respectfully"
    r"|mit (?:freundlichen|besten|herzlichen) grüßen|hochachtungsvoll|cordialement|bien à vous|atentamente"
    r"|saludos(?: cordiales)?|(?:cordiali|distinti) saluti|atenciosamente|hoogachtend"
    r"|met vriendelijke groet(?:en)?|med vänlig hälsning|с уважением|z poważaniem)[,.:]?\s*",
    re.IGNORECASE,
)
_SIGNED_BY = re.compile(
    r"[(—–-]?\s?(?:(?:reporting|reported|written|story|text|words|par|von|por|di) )?(?:by|par|von|por)\s",
    re.IGNORECASE,
)
_FOR = re.compile(r"(?:for|p\.?p\.?|on behalf of)\b", re.IGNORECASE)
_ISSUED_BY = re.compile(
    r"(?:this [\w ]{3,30} (?:is|was) )?(?:published|issued|produced|distributed) (?:\w+ )?by:? (?:the )?"
    r"(?P<body>(?-i:[^\Wa-z\d_])[^\n.,;:()|©]{3,80}?)(?=\s(?:on|in|with|for|at)\s|[.,;:()|©]|$)",
    re.IGNORECASE,
)
_SOURCE = re.compile(r"source\s?:\s(?:the )?(?=\S)", re.IGNORECASE)
_DONE_AT = re.compile(
    r"(?:(?:done|given|signed|dated|adopted|fait|hecho|dado|feito|fatto)\b[^\d\n]{0,60}"
    r"|(?-i:[^\Wa-z\d_])[\w’' -]{2,30}, (?:le |den |am |on )?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Foot:
    """The fields that the last lines of a text state. The other fields are empty."""

    author: str = ""
    publisher: str = ""
    date: dt.date | None = None


def dateline(text: str, prose: int, order: DateOrder) -> tuple[HeadDate | None, str]:
    """Return the date and the agency in the first words of a report: "OSLO, 28 July 2011 (NTB) –"."""
    if prose < 0:
        return None, ""
    start = text[prose : prose + 200].lstrip()
    for found_date in find_dates(start, order):
        dash = _DATELINE.match(start, found_date.end)
        if dash and _DATELINE_PLACE.fullmatch(WEEKDAY.sub(" ", start[: found_date.start])):
            agency = dash["agency"] or ""
            speaks = _ANNOUNCES.match(start, dash.end())
            if speaks and is_institution(speaks["body"]):
                agency = agency or speaks["body"]
            return HeadDate(found_date, start[found_date.start : found_date.end], "plain"), agency
    undated = _UNDATED_LINE.match(start)
    return None, undated["agency"] if undated and not re.search(r"\d{4}", undated[0]) else ""


def letter_subject(text: str, prose: int) -> str | None:
    """Return the subject of a letter, which stands below the salutation.

    Return "" for a letter without a subject, or None if there is no salutation.
    """
    salutation = _SALUTATION.match(text, prose)
    if salutation is None:
        return None
    subject = (salutation["stated"] or salutation["line"] or "").strip(" *_")
    return subject if salutation["stated"] or not re.search(r"[.,:;]$", subject) else ""


def producer(text: str, prose: int) -> str:
    """Return the institution that made a text, or "".

    The text has a sentence such as "This report is published by …", or its prose begins with an act of the
    institution, such as "The … invites".
    """
    made = _PRODUCED.search(text) or (_INVITES.match(text, prose) if prose >= 0 else None)
    return made["body"] if made and is_institution(made["body"]) else ""


def read_foot(text: str, prose: int, order: DateOrder) -> Foot:
    """Return the fields that the last lines of a text state. Its prose begins at `prose`."""
    if prose < 0 or len(text) > _MOST_SIGNED:
        return Foot()
    start = max(prose, len(text) - _FOOT)
    start = max(prose, text.rfind("\n\n", 0, start))
    blocks = [block.splitlines() for block in re.split(r"\n[ \t\r]*\n", text[start:])]
    foot = [
        line
        for block in blocks
        if not _is_wrapped(block)
        for line in block
        if line.strip() and not _LISTED.match(line)
    ]
    foot = [" ".join(line.split()).strip("*_# ") for line in foot[-_FOOT_LINES:]]
    if start == prose and foot and text[start:].lstrip().startswith(foot[0][:20]):
        foot = foot[1:]  # the first line of the prose is not a foot
    publisher, date = _imprint(foot, order)
    signed = "" if _CONTACTS.search(text, max(prose, len(text) - _CONTACTED)) else _signed(foot)
    return Foot(signed, publisher, date)


def _is_wrapped(block: list[str]) -> bool:
    """Return whether a block of lines is one paragraph of prose, broken where a line was full."""
    full = [line for line in block[:-1] if len(line) > HARD_WRAPPED]
    return len(full) > 1 and any(line.lstrip()[:1].islower() for line in block[1:])


def _signed(foot: list[str]) -> str:
    """Return the person who signed, or "".

    The name stands below a closing formula, behind "by", above an office, or in the last lines.
    """
    for at, line in enumerate(foot):
        below = foot[at + 1] if at + 1 < len(foot) else ""
        if len(line) > _LONGEST:
            continue
        if closing := _CLOSING.match(line):
            for signature in (line[closing.end() :], below, *foot[at + 2 : at + 3]):
                if who := _person(signature):
                    return who
        if (by := _SIGNED_BY.match(line)) and (who := _person(line[by.end() :].rstrip(")."))):
            return who
        office = bool(below) and len(below) <= 80 and bool(is_role(below) or _FOR.match(below))
        if office and not re.search(r"[.:@]", line.rstrip(".")) and (who := _person(line)):
            return who
        if (
            line is foot[-1]
            and len(line.split()) <= _SIGNATURE
            and (who := _person(line))
            and not is_role(line)
        ):
            return who
        if at >= len(foot) - 2 and (who := who_is(line)) and _person(who):
            return who
    return ""


def _person(words: str) -> str:
    who = people_in_line(words) if len(words) <= 80 else ""
    return who if surely_people(who) or likely_people(who) else ""


def _imprint(foot: list[str], order: DateOrder) -> tuple[str, dt.date | None]:
    """Return the publisher of a text and the date of publication, if the last lines state them."""
    publisher, date = "", None
    owned_in: set[str] = set()
    for line in foot:
        if len(line) > _LONGEST:
            continue
        if (issued := _ISSUED_BY.match(line)) and _may_publish(issued["body"]):
            publisher = publisher or issued["body"]
        owned = COPYRIGHT.search(line) if "©" in line else None
        if owned:
            holder = (owned["holder"] or "").strip()
            if may_own(holder) and not has_given_name(holder):
                publisher = publisher or holder
            owned_in.update(re.findall(r"\b(?:1[89]|20)\d\d\b", owned["years"] or line))
        source = _SOURCE.match(line)
        imprint = line[source.end() :] if source else line
        name = re.split(r",\s|\.\s|\s[|–—-]\s", imprint)[0]
        rest = imprint[len(name) :]
        if (source and _may_publish(name)) or (
            rest[:1] == ","
            and not is_role(name)
            and is_institution(name)
            and has_name_form(name)
            and _is_place(rest, order)
        ):
            publisher = publisher or name
            found_date = next(find_dates(rest, order), None)
            date = date or (found_date.date if found_date else None)
        found_date = find_date(line, order)
        if (
            found_date
            and _DONE_AT.fullmatch(line[: found_date.start])
            and line[found_date.end :].strip(" .;") == ""
        ):
            date = date or found_date.date
    if len(owned_in) == 1:  # several years belong to versions
        date = date or year_alone(owned_in.pop()).found_date.date
    return publisher, date


def _may_publish(name: str) -> bool:
    return has_name_form(name) and (is_institution(name) or likely_institution(name) or is_periodical(name))


def _is_place(rest: str, order: DateOrder) -> bool:
    """Return whether the words behind a name are its place or a date: ", Vienna." or ", April 2006."."""
    first = re.split(r"\.\s|\.$|;|\|", rest[1:].strip())[0]
    found_date = find_date(first, order)
    if found_date:
        first = first[: found_date.start]
    return len(first.split()) <= 4 and all(word[:1].isupper() or word[:1].isdigit() for word in first.split())
