"""The header of a brief: the few short lines on top that name it, its publisher, its number and its date.

Headers come in any order ("Monitor | Brief No. 239", title first or last), so the parser takes out what has
a form of its own (dates, numbers, addresses), then tells publisher from title among the lines that are left.
What it is not sure of stays empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

from qa.formats.dates import DateOrder, find_date
from qa.formats.furniture import find_furniture
from qa.formats.lines import lines

if TYPE_CHECKING:
    import datetime as dt

    from qa.schema import Span

TOP = 4_000  # characters in which a header is looked for
_MOST_LINES = 8  # a header is not longer
_MOST_CHARACTERS = 180  # nor is one of its lines

# What a publisher calls one of its pieces: the word before a number.
_PIECE = (
    r"(?:abstract|alert|analysis|announcement|appeal|brief|briefing|bulletin|case|circular|conversations?"
    r"|digest|dispatch|despatch|document|edition|entry|feature|flash|fortnightly|interview|issue|item|leaflet"
    r"|letters?|memo|minutes|monthly|note|notebook|notice|paper|policy|primer|quarterly|read|release|report"
    r"|review|series|service|sheet|sitrep|special|statement|summary|table|timeline|update|voices|weekly|week"
    r"|wire)"
)
_MODIFIER = (
    r"(?:audit|case|city hall|company|data|document|election|equity|field|flash|foreign|incident|interview"
    r"|long|market|news|policy|press|price|research|round|situation|special|sports|statistical|urgent|weekly|wire"
    r"|working|working group)"
)
_PERIODICAL = re.compile(
    rf"(?!{_MODIFIER} \w+$)[\w&’'-]+ .*\b(?:bulletin|daily|digest|gazette|journal|letter|monitor|monthly"
    r"|notebook|primer|quarterly|report|review|weekly|wire)",
    re.IGNORECASE,
)
_CODE = r"(?=[\w./-]*\d)(?!\d{1,2}(?:st|nd|rd|th)\b)\w[\w./-]*(?:,\d{3})*(?:\s\(\d{4}\))?"
_NUMBER_WORD = r"(?:No\.?|Nos\.|Nr\.?|Number|Num\.|№|#(?=\d)|(?:Our )?Ref\.?:?)"
# Each alternative is a way to write a number; `s…` is what stands before it.
_NUMBER = re.compile(
    rf"(?<![\w/.-])(?:(?P<n2>Vol\.? ?\d+,? {_NUMBER_WORD}\s?\d+)"
    rf"|(?:(?P<s1>(?:[\w&’'-]+ ){{0,3}}{_PIECE}),? )?{_NUMBER_WORD}\s?(?P<n1>(?:(?-i:[A-Z]{{2,6}}) )?{_CODE})"
    rf"|(?P<s3>(?:(?:(?-i:[A-Z]{{2,5}})|{_MODIFIER}) )?{_PIECE}),?:? (?P<n3>{_CODE})(?: of \d+)?"
    r"|(?P<n4>(?-i:(?![A-Z]{2} \d{5}(?!\w))[A-Z]{2,6}(?:[-/][A-Z]{1,6})*[-/ ]?\d[\d/.-]*(?:-[A-Z])?))"
    r"|(?P<n5>\d{4}/\d{1,3}|\d{1,3}/\d{4}|\d{2,4}(?:-\d{1,2}){2,3})(?!\w))",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"(?:(?<!\s)\s++)?[|·•]\s*|(?<!\s)\s++(?://?|[—–-])\s+")
_URL = re.compile(r"https?://[^\s<>\"”]+[^\s<>\"”.,;)]")
_LABEL = re.compile(
    r"(?P<label>title|headline|subject|re|publisher|published by|source|series|number|date|published"
    r"|published on|issued|posted|posted on|released|updated|url|link|web)\s*:\s*(?=\S)",
    re.IGNORECASE,
)
# Lines of a header that say nothing which a citation needs: who wrote it, whom to ask, where.
_ASIDE = re.compile(
    r"(?P<label>(?P<anywhere>authors?|by|byline|written by|contacts?|dateline)|sources?|place|location"
    r"|filed from|e-?mail|phone|tel(?:ephone)?|keywords?|tags?|topics?|section|category|region"
    r"|language|classification|distribution|edit(?:or|ed by)|translat(?:or|ed by)"
    r"|last updated)\s*:\s*\S.*(?<![.?!…:])",
    re.IGNORECASE,
)
_CAPITAL = r"(?-i:[^\Wa-z\d_])[\w.’'-]*"
_NAME = rf"{_CAPITAL}(?:\s(?:{_CAPITAL}|de|del|der|al|bin|van|von)){{1,4}}"
_BYLINE = re.compile(
    rf"(?:(?:written|reporting|words|text|compiled|edited|translated) )?by (?:{_NAME}(?:(?:,| and) {_NAME})*"
    r"|(?:our|the|an?) [\w ]{0,40}(?:correspondents?|desk|staff|reporters?|editors?))"
    r"(?:(?:,| in) [^.?!…]{1,60})?",
    re.IGNORECASE,
)
_STATING = frozenset({"title", "headline", "publisher", "published by"})  # labels that only a header has
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
# What may stand before a date in a line that is there for the date: "Published", "Week ending", "Seoul,".
_DATE_LEAD = re.compile(
    r"(?:.*\b(?:published|issued|posted|released|dated?|updated|entered|held|meeting|ending|covered|release"
    r"|for immediate use|(?:meeting|minutes|session|sitting|statement|letter|report) of|version|session)\b"
    r"[^.]{0,20}"
    rf"|(?:(?:(?-i:[^\Wa-z\d_])[\w.’'-]*|and|de|du|of|district)[ ,/]++){{0,5}}|{_DAY},?\s++)[\s(:,—–-]*",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\d{1,2}(?:\s+[^\W\d_]+)?\s?[–-]\s?$")
_APART = re.compile(rf"(?:[,(—–-]\s*|\d\s+|\b{_DAY},?\s+)$", re.IGNORECASE)
_BODY_START = re.compile(
    r"(?:[-•*–] |#{2,} |\d+[.)] |Q[.:] |dear |madam|sir\b|present:|to:? |from: |in the chair|taking part"
    r"|attending)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"\S+(?:\s+\S+){4,}[.…][”’\"')\]]*$|\S+(?:\s+\S+){19,}[?!][”’\"')\]]*$")
_REMARK = re.compile(
    r"(?:for (?:immediate|release|partners|district doctors|the press)\b|press release$|not for publication"
    r"|by our\b|(?:final|public) version|english translation|translated\b|summary$|minutes$|restricted\b"
    r"|published with|embargoed|(?:our )?ref\b|all times\b|(?:meeting of|week ending|period covered)\b"
    rf"|(?:{_DAY},? )?\d{{1,2}}(?:[–-]\d{{1,2}})? [^\W\d_]+$)",
    re.IGNORECASE,
)
_DIVISION = re.compile(
    r"(?:press|people|planning|news|media) (?:office|department|service|desk)", re.IGNORECASE
)
_ORGANISATION = re.compile(
    r"\b(?:institut[eo]?|cent(?:re|er|ro)|university|college|school of|ministry|department|directorate|office"
    r"|board|authority|agency|bureau|commission|committee|council|federation|association|society|union"
    r"|foundation|trust|coalition|consortium|cooperative|network|forum|project|group|unit|services?"
    r"|observator(?:y|io)|observer|monitor|watch|wire|review|digest|bulletin|journal|gazette|courier|ledger"
    r"|letter|times|post|press|news|daily|weekly|dispatch|desk|reports?|notes|notebook|survey|archive|database"
    r"|tracker|research|studies|policy|intelligence|newsletter|magazine|markets?|papers?|partners|house"
    r"|company|guild|engineering)\b",
    re.IGNORECASE,
)
# Of two names that look alike, "Marine Weekly" publishes "Ledger of Zeta".
_ENDS_AS_PERIODICAL = re.compile(
    r"\b(?:bulletin|courier|daily|digest|dispatch|gazette|herald|journal|ledger|magazine|monitor|news|observer"
    r"|post|press|quarterly|review|times|watch|weekly|wire)$",
    re.IGNORECASE,
)
_SMALL_WORD = re.compile(
    r"(?:an?|and|as|at|but|by|de|del|der|di|du|et|for|from|in|into|la|le|nor|off?|on|or|over|per|the|to|und|von"
    r"|via|with|y)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says; what it does not say is empty. `spans` are its lines, in order."""

    title: str = ""
    publisher: str = ""
    series: str = ""
    number: str = ""
    date: dt.date | None = None
    url: str = ""
    spans: tuple[Span, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Line:
    """A line of the top of the text, taken apart."""

    span: Span
    label: str = ""
    date: str = ""
    number: str = ""
    series: str = ""
    url: str = ""
    names: list[str] = field(default_factory=list)
    leads: bool = False  # whether the first name stands before the number or date
    bare: bool = False  # whether the number is a code without "No." or the like
    aside: bool = False  # whether it is there for an author, a contact or the like

    @property
    def states_something(self) -> bool:
        return bool(self.date or self.number or self.url or self.label in _STATING)


def _top(text: str) -> list[Span]:
    """Return the lines before the first one that is prose."""
    furniture = {
        span for span in find_furniture(text[:TOP]) if find_date(text[span.start : span.end]) is None
    }
    top: list[Span] = []
    for span in lines(text[:TOP]):
        line = text[span.start : span.end]
        continues = bool(top) and line[0].islower() and top[-1].end - top[-1].start > 50
        if continues and "\n\n" not in text[top[-1].end : span.start].replace("\r", ""):
            return top[:-1]  # a hard-wrapped paragraph: its first line looked like a header's
        if _is_prose(line) or len(top) == _MOST_LINES:
            break
        if span not in furniture:
            top.append(span)
    return top


def _is_prose(line: str) -> bool:
    if len(line) > _MOST_CHARACTERS or _BODY_START.match(line) or (len(line) > 60 and line[-1] in "-,"):
        return True
    if not _SENTENCE.match(line):
        return False
    date = find_date(line[:40])  # "20 June 2008. Not for attribution to individuals."
    return len(line) > 60 or not (_NUMBER.match(line) or (date and date.start <= 12))


def _take_apart(text: str, span: Span) -> _Line:
    """Find date, number and address in a line; what is left of it are names."""
    line = _Line(span)
    rest = text[span.start : span.end]
    if label := _LABEL.match(rest):
        line.label = label["label"].lower()
        rest = rest[label.end() :]
    if _URL.fullmatch(rest):
        line.url, rest = rest, ""
    for part in _SEPARATOR.split(rest):
        leads = not line.number and not line.date
        name = _tidy(_without_number(line, _without_date(line, part)))
        if re.search(r"[^\W\d_]{2}", name) and not _REMARK.match(name):
            line.leads = line.leads or (leads and not line.names)
            line.names.append(name)
    if not line.states_something:
        line.names = [] if _REMARK.match(rest) else [rest]  # a dash or a bar here is part of the name
    return line


def _tidy(name: str) -> str:
    name = name.strip(" ,;:–—-")
    if name.count("(") != name.count(")"):
        name = name.strip(" ,;:–—-()")
    return name


def _without_date(line: _Line, part: str) -> str:
    found = find_date(part)
    if found is None or line.date:
        return part
    before, after = _RANGE.sub("", part[: found.start]), part[found.end :]
    written = part[found.start : found.end]
    if not re.match(r"[\s).,;]*(?:$|\(|,|\.|by\b|\d\d[:.]\d\d)", after):
        return part
    if _DATE_LEAD.fullmatch(before):
        line.date = written
        # "Seoul, 4 April 2008" is place and date; "Maritime Bulletin, No. 331, 21 May 2021" is more.
        names_someone = _NUMBER.search(before) or _ORGANISATION.search(before)
        return before if names_someone else ""
    if _APART.search(before):
        line.date = written
        return re.sub(rf"{_DAY}\W*$", "", before, flags=re.IGNORECASE)
    return part


def _without_number(line: _Line, part: str) -> str:
    """Take a number off the start or the end of a part, or the whole part."""
    if line.number:
        return part
    part = part.strip(" ,;:")
    for match in _NUMBER.finditer(part):
        before, rest = part[: match.start()].rstrip(), part[match.end() :].lstrip()
        bare = bool(match["n4"] or match["n5"])
        goes_on = rest.strip(" ,;:.") and not rest.startswith("(")
        clear = not before and not bare and (match["n1"] or part[match.end() :][:1] in ":,.")
        if goes_on and not (clear and len(part) <= 100):
            continue
        if bare and re.search(r"\w$", before) and not _ORGANISATION.search(before):
            continue  # "Outbreak of COVID-19"
        after = rest.strip(" ,;:.")
        line.bare = bare
        line.number = next(match[name] for name in ("n1", "n2", "n3", "n4", "n5") if match[name]).strip(" .")
        line.series = (match["s1"] or match["s3"] or "").strip(" ,")
        adjacent = bool(re.search(r"\w$", before))
        before = before.rstrip(" ,–—-(:")
        if before.lower().endswith((" in", " of", " to")):
            before, line.series = "", f"{before} {line.series}"  # "Report in brief 5/2020"
        elif adjacent and line.series and _PERIODICAL.fullmatch(f"{before} {line.series}"):
            before, line.series = f"{before} {line.series}", ""  # "Northern Markets Report 2024/17"
        return before or after
    return part


def _like_a_publisher(name: str) -> int:
    """Say how much a name looks like a publisher's (high) rather than like a title (low)."""
    words: list[str] = re.findall(r"[^\W\d_][\w’'.-]*", name)
    content = [word for word in words if not _SMALL_WORD.fullmatch(word)]
    capitalised = bool(content) and all(word[0].isupper() for word in content)
    return (
        3 * bool(_ORGANISATION.search(name))
        + 2 * (capitalised and len(words) <= 8)
        + name.isupper()
        - 2 * (sum(word[0].islower() for word in content) >= 2)
        - 2 * bool(re.search(r"[:?;!“\"]|\d", name))
        - 2 * (len(words) > 9)
        - 3 * bool(_DIVISION.fullmatch(name) or re.match(r"\w+ (?:of|on) the ", name))
        - 4 * bool(_ORGANISATION.fullmatch(name))  # "Research" alone
    )


def _looks_like_a_title(line: str) -> bool:
    return len(line) <= 150 and bool(re.search(r"[^\W\d_]{2}", line)) and not re.search(r"[.…,;:]$", line)


def parse_header(text: str, date_order: DateOrder = "auto", title: str = "") -> Header:
    """Read the header off the top of a text. Without a date or a number there, only a title can be found.

    `title` is the title where it is known already.
    """
    top = [_take_apart(text, span) for span in _top(text)]
    for above, below in pairwise(top):
        if not below.states_something and _is_aside(text, above.span, below.span):
            below.aside, below.names = True, []
    stating = [index for index, line in enumerate(top) if line.states_something]
    if all(top[index].bare and top[index].names and not top[index].date for index in stating):
        return _title_only(text, top)  # a code alone, as in "Budget 2015/16", makes no header
    last = stating[-1]
    while last + 1 < len(top) and (
        top[last + 1].aside or _wants_a_title(text, top[: last + 1], top[last + 1])
    ):
        last += 1
    used = top[: last + 1]

    labelled = {line.label: name for line in used if line.label for name in line.names[:1]}
    title = title or _first(labelled, "title", "headline", "subject", "re")
    publisher = _first(labelled, "publisher", "published by", "source")
    series = labelled.get("series", "")
    number = next((line.number for line in used if line.number), labelled.get("number", ""))
    series = series or next((line.series for line in used if line.number), "")

    # A name that leads a line with a number or date, or stands beside one, is more likely the publisher.
    scored = [
        (
            _like_a_publisher(name) + 2 * (line.leads and not order) + _beside_number(used, index),
            bool(_ENDS_AS_PERIODICAL.search(name)),
            -index,
            name,
        )
        for index, line in enumerate(used)
        if not line.label
        for order, name in enumerate(line.names)
        if name != title
    ]
    if not publisher and scored:
        best = max(scored)
        if best[0] >= 3 and (title or len(scored) > 1 or best[0] >= 5):
            publisher = best[-1]
            scored.remove(best)
    if not publisher and _PERIODICAL.fullmatch(series):
        publisher, series = series, ""  # "Maritime Law Bulletin, No. 331"
    if not title and scored:
        _, _, position, title = min(
            scored, key=lambda entry: (used[-entry[2]].states_something, entry[0], -entry[2])
        )
        line = text[used[-position].span.start : used[-position].span.end]
        if not used[-position].date and not _SEPARATOR.search(line):
            title = line  # "Case 7/2018: the savings bank" is a title with a number in it

    written = next((line.date for line in used if line.date), "")
    found = find_date(written, date_order, number)
    notes = (found.note,) if found and found.note else ()
    return Header(
        title=title,
        publisher=publisher,
        series=series,
        number=number,
        date=found.date if found else None,
        url=next((line.url for line in used if line.url), ""),
        spans=tuple(line.span for line in _trimmed(used, {title, publisher})),
        notes=notes,
    )


def _trimmed(used: list[_Line], names: set[str]) -> list[_Line]:
    """Leave out what stands below the last line that is surely the header's; what is above it is as well."""
    sure = [line.states_something or line.aside or bool(names & set(line.names)) for line in used]
    return used[: len(sure) - sure[::-1].index(True)]


def _is_aside(text: str, above: Span, span: Span) -> bool:
    """Whether a line names an author, a contact or the like, and begins neither a sentence nor a dialogue."""
    line = text[span.start : span.end]
    if re.match(r"[ \t]*\r?\n[ \t]*[a-z]", text[span.end :]):
        return False  # hard-wrapped: it goes on
    if _BYLINE.fullmatch(line):
        return True
    found = _ASIDE.fullmatch(line)
    if found is None:
        return False
    speaks_again = re.search(rf"^{re.escape(found['label'])}\s*:", text[span.end :], re.MULTILINE)
    adjacent = text.count("\n", above.end, span.start) == 1
    return bool(found["anywhere"] or adjacent) and (not speaks_again or line.lower().startswith("contact"))


def _wants_a_title(text: str, used: list[_Line], line: _Line) -> bool:
    """Whether the header still lacks a title (its own line of some words), and this line could be one."""
    own_lines = sum(bool(before.names) and not before.states_something for before in used)
    shared = any(before.names and before.states_something for before in used)
    words = len(text[line.span.start : line.span.end].split())
    return own_lines + shared < 2 and bool(line.names) and words >= 3


def _first(labelled: dict[str, str], *labels: str) -> str:
    return next((labelled[label] for label in labels if label in labelled), "")


def _beside_number(used: list[_Line], index: int) -> int:
    """Return 1 where the line above or below holds a number and no name."""
    around = used[max(0, index - 1) : index + 2]
    return int(any(bool(line.number) and not line.names for line in around))


def _title_only(text: str, top: list[_Line]) -> Header:
    """Take the first line, when it stands alone above the text and is no sentence."""
    if not top:
        return Header()
    span = top[0].span
    line = text[span.start : span.end]
    alone = re.match(r"\s*[\r\n]", text[span.end :]) and text[span.end :].strip()
    if not alone or not _looks_like_a_title(line):
        return Header()
    asides = takewhile(lambda below: below.aside, top[1:])
    return Header(title=line, spans=(span, *(below.span for below in asides)))
