"""Takes a line of a head apart: its parts, with or without a label, and what the parts say together."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from qa.formats.heads.issue_dates import dates_in
from qa.formats.heads.labels import LABELS, label_of, label_words
from qa.formats.heads.line_names import institution_in, trimmed
from qa.formats.heads.line_parts import HeadDate, Line, Name, Role
from qa.formats.heads.line_rules import URL, read_part
from qa.formats.heads.numbers import find_number
from qa.text.name_classes import STATE, is_institution
from qa.text.organisations import is_periodical, issued_by
from qa.text.people import likely_people, people_in_line, people_stated, surely_people
from qa.text.written_dates import DateOrder, FoundDate, read_date

if TYPE_CHECKING:
    from qa.schema import Span

SEPARATOR = re.compile(
    r"(?<=\d\d\d\d)\.\s+(?=[^\W\d_])|(?<=\w\w)\.\s+(?=(?:issued|published|produced|edited|price)\b)"
    r"|\s\.{2,3}\s|\s*[|•]\s*|\s+(?://|[—–*/-]|--)\s+|\s*·\s*|\s{3,}|\t+|\u3000+",
    re.IGNORECASE,
)
_COLON = re.compile(
    r"(?<=[^\W\d_]) {0,12}:\s{1,40}|(?<=[.)\]]):\s{2,40}| :\s"
)  # "DATE:      9 May" is not two columns
_PREPARERS = ("prepared by", "compiled by", "drafted by", "written by")
_ADDRESSED = re.compile(r"(?<=\w)\s{0,3}<[\w.+-]{1,64}@[^<>\s]{1,100}>$")  # "Ann Osei <osei@example.org>"
_VERSION = re.compile(r"(?:version|edition|release|revision)\b", re.IGNORECASE)
_LINK = re.compile(r"\[(?P<words>[^\[\]]{1,200})\]\([^()\s]{1,300}\)")
_SPACED_OUT = re.compile(r"(?<!\S)[^\W\d_](?: [^\W\d_]){2,40}(?!\S)")  # "C O N F I D E N T I A L"
_DESCRIBES = re.compile(
    r"(?:an?|the|our)\s(?:[\w-]+\s)?(?:newsletter|blog|magazine|bulletin|journal|podcast|periodical"
    r"|digest|review|paper|publication)\s(?:on|for|about|of|from|by)\b",
    re.IGNORECASE,
)


def parse_line(words: str, span: Span | None, block: int, order: DateOrder) -> Line:
    """Return a line taken apart: the fields that it states, and the remaining names."""
    line = Line(words, span, block)
    rest = _COLON.sub(": ", cells(words))
    if rest[:1] == "[" and rest[-1:] == "]" and label_of(rest[1:-1])[0]:
        rest = rest[1:-1]
    rest = re.sub(r"\s{2,3}(?=\()", " ", _ADDRESSED.sub("", rest))
    parts = [part.strip() for part in SEPARATOR.split(rest) if part and part.strip()]
    if " > " in rest or " › " in rest or " » " in rest:  # the place of a page in its site
        parts = [re.split(" [>›»] ", rest)[0]]
    labelled = [bool(label_of(part)[0]) for part in parts]
    if (labelled and labelled[0] and sum(labelled) == 1) or (label_of(rest)[0] and not label_words(rest)):
        parts = [rest]
    for part in parts:
        label, start = label_of(part)
        if label == "aside" and is_sentence(part[start:]):
            line.names.append(Name(part, 0))  # "Source: A trader said that prices rose."
        elif label:
            _read_label(line, label, part[start:].strip(), order)
        else:
            read_part(line, part, order, shared=len(parts) > 1)
    if line.aside and _VERSION.match(rest) and not line.dates:  # "Version 1.4, 31 May 2015"
        line.dates += dates_in(rest, order, "plain")
    first = line.dates[0].written if line.dates else ""
    before = rest.partition(first)[0].strip(" ,") if first else ""
    if before and not line.stated and surely_people(before) and people_in_line(before) == before:
        line.stated["author"] = before  # "Ann Osei 8/17/13 11:04am"
    surely = any(
        _surely_name_people(people_in_line(name.text), name.text) for name in line.names if name.person
    )
    if not (line.states_something or surely or line.kinds or line.aside or "|" in rest) and (
        len(line.names) > 1
        and sum(is_institution(name.text) and not STATE.match(name.text) for name in line.names) != 1
    ):
        line.names, line.people = [Name(trimmed(rest), 0)], ""  # a dash or a bar here is part of the name
    if len(line.names) == 1 and _DESCRIBES.match(line.names[0].text) and not issued_by(line.names[0].text):
        line.names, line.aside = [], True
    _keep_sure_people(line)
    for name, described in pairwise(line.names):
        if _DESCRIBES.match(described.text):  # "Ballot Box — a newsletter on African elections"
            line.series, line.people = name.text, ""
            line.names = [other_name for other_name in line.names if other_name not in (name, described)]
            break
    return line


def _keep_sure_people(line: Line) -> None:
    """Treat only sure names of people as people, if a line has a number or several names of people."""
    people = [name for name in line.names if name.person]
    sure = [name for name in people if _surely_name_people(people_in_line(name.text), name.text)]
    if line.number or (len(people) > 1 and sure):
        for name in people:
            name.person = name in sure


def _surely_name_people(who: str, written: str) -> bool:
    body = written.rpartition(",")[2] if "," in written else ""
    return surely_people(who) or (likely_people(who) and bool(institution_in(body)))


def is_sentence(value: str) -> bool:
    """Return whether the words behind a label are a sentence."""
    return len(value.split()) > 4 and value.endswith((".", "?", "!", "…", ":"))


def cells(words: str) -> str:
    """Return a line without Markdown's marks. A row of a table with a label becomes "label: value"."""
    if words.startswith("|"):
        cells = [cell.strip() for cell in words.strip("|").split("|")]
        if len(cells) == 2 and cells[0].lower().strip(" .:") in LABELS:
            return f"{cells[0]}: {cells[1]}"
    words = (
        re.sub(r"^#+(?:\s|\+)", "", _LINK.sub(r"\g<words>", words).lstrip("> "))
        .lstrip("> ")
        .lstrip("+:~=% ")
        .rstrip("~= ")
    )
    words = re.sub(r"(?<!\.)\.{3,60}\s?:", ":", words)
    spaced = _SPACED_OUT.sub(lambda match: match[0].replace(" ", ""), words)
    return without_list_mark(re.sub(r"\s{2,}", " ", spaced) if spaced != words else words)


def without_list_mark(line: str) -> str:
    """Return a line without the mark of a list if it has a label, or else unchanged."""
    bare = line.lstrip("-•*– ")
    return bare if bare != line and label_of(bare)[0] else line


def _read_label(line: Line, name: str, value: str, order: DateOrder) -> None:
    """Note on the line what a label, such as “Author:”, states."""
    if name in ("published", "updated"):
        date, note = read_date(value, order)
        if by := re.search(r"\sby (?:the )?(?=[^\W\da-z_])", value):
            body = trimmed(value[by.end() :])
            if is_institution(body):
                line.stated["publisher"] = body
        if date or note:
            role: Role = (
                "updated"
                if name == "updated"
                else "plain"
                if label_words(line.words).startswith("posted")
                else "published"
            )
            line.dates.append(HeadDate(FoundDate(0, 0, date, note), value, role))
        line.aside = True
    elif name == "url":
        line.url = value if URL.fullmatch(value) else ""
    elif name == "author" and label_words(line.words) in _PREPARERS and (body := institution_in(value)):
        line.stated["publisher"] = body
    elif name == "author":
        line.stated["author"] = people_stated(
            re.sub(r"<[^<>]{0,100}>|\[mailto:[^\[\]]{0,100}\]|(?<![\w.+-])[\w.+-]{1,64}@\S{1,100}", "", value)
        )
    elif name == "credit":
        who = people_in_line(re.split(r",\s(?=\d)", value)[0])
        if surely_people(who) or likely_people(who):
            line.stated["author"] = who
            line.dates += dates_in(value, order, "plain")
        else:
            read_part(line, line.words, order, shared=False)
    elif name == "aside":
        line.aside = True
        if line.words.lower().startswith(("ref", "our ref")) and re.search(r"\d", value):
            numbered = find_number(value)
            line.number, line.bare = numbered.number, True
        if line.words.lower().startswith("source") and (is_institution(value) or is_periodical(value)):
            line.stated["publisher"] = value
    elif name == "within":
        numbered = find_number(re.sub(r",\s(?:19|20)\d\d\.?$", "", value))
        line.number, line.series, line.volume = numbered.number, numbered.series, numbered.volume
    elif name == "number":
        numbered = find_number(value)
        if numbered.number or re.search(r"\d", value):
            line.number, line.series = numbered.number or value.strip(" ."), numbered.series
        else:
            read_part(line, line.words, order, shared=False)
    else:
        line.stated[name] = value
