"""The header of a text: the few short lines on top that name it, who wrote and published it, number and date.

Headers come in any order ("Monitor | Brief No. 239", title first or last). So each line is taken apart first:
what has a form of its own (labels, dates, numbers, addresses, names of people) is told by that, and what a
citation needs none of (telephone numbers, kinds of documents) is dropped. Then publisher, series and title
are told apart among the names that are left. What is not sure stays empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from qa.formats.dates import DateOrder, FoundDate, find_date, find_dates, read_date
from qa.formats.furniture import find_furniture
from qa.formats.numbers import find_number
from qa.formats.organisations import (
    is_kind,
    is_periodical,
    is_section_heading,
    issued_by,
    may_name_institution,
    names_institution,
    names_periodical,
)
from qa.formats.people import (
    has_given_name,
    looks_like_person,
    people_first,
    people_in_line,
    people_stated,
    who_is,
)
from qa.text.dates import PartialDate
from qa.text.lines import lines

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from qa.schema import Span

TOP = 4_000  # characters in which a header is looked for
_MOST_LINES = 14  # a header is not longer
_MOST_CHARACTERS = 180  # nor is one of its lines
_HARD_WRAPPED = 50  # characters: a line that long may go on in the next

_Role = Literal["published", "plain", "event", "never"]
_RANKS: dict[_Role, int] = {"published": 0, "plain": 1, "event": 2, "never": 3}

# Labels, by the field that they state. Of the "aside" ones, a citation needs none.
_LABELS = {
    label: name
    for name, labels in {
        "title": "title|headline|subject|subj|re|titre|titel|título|titolo|betreff|objet|asunto|название|тема"
        "|제목|标题|题目",
        "author": "speaker|story|por|par|di|author|authors|author(s)|by|byline|from|written by|prepared by"
        "|compiled by"
        "|drafted by"
        "|reported by|reporter|words|text|rapporteur|reviewed by|auteur|auteurs|autor|autora|autores|autore"
        "|verfasser|von|автор|авторы|저자|작성자|글|글쓴이|作者|撰稿|文|撰文|著者",
        "publisher": "publisher|published by|issued by|issuing body|issuing authority|issuing office"
        "|institution|organisation|organization|herausgeber|éditeur|editorial|издатель|발행처|발행기관|발행인"
        "|출처|出版|出版社|发布单位|发布机构|机构|newspaper|imprint",
        "series": "series|journal|publication|reihe|collection|serie|série|серия|시리즈|系列|刊名",
        "number": "number|no|issue|issue no|report no|report number|document no|document number|doc no"
        "|document symbol|symbol|circular no|nummer|numéro|número|номер|번호|호|期号|编号|文号",
        "published": "date|dated|published|published on|publication date|date published|date of publication"
        "|issued|issued on|issue date|date of issue|released|release date|date of release|posted"
        "|posted on|first published|publicado|publié|publié le|datum|fecha|data|дата|дата публикации"
        "|опубликовано"
        "|날짜|발행일|게시일|작성일|日期|发布日期|发布时间|出版日期|发表日期|judgment delivered|delivered"
        "|for release|for immediate release|approved|adopted",
        "url": "url|link|web|address|permalink",
        "aside": "to|cc|bcc|via|an|à|para|кому|수신|contact|contacts|editor|editors|edited by|translated by"
        "|translator|place|location|filed from|dateline|e-mail|email|phone|tel|telephone|fax|keywords|tags"
        "|topics|topic|section|category|region|language|classification|distribution|distr|original|pages|page"
        "|isbn|issn|doi|jel|price|copies|attachments|attached|enclosures|encl|status|version|our ref|your ref"
        "|ref|reference|file|photographs|photos|photo|illustrations|source|sources|last updated|updated"
        "|last saved|saved|created|printed|last revised|revised|last modified|modified|last reviewed"
        "|next release|next issue|next review"
        "|reference month|reference period|reporting period|period|period covered|coverage|valid until"
        "|expires|deadline|heard|date heard|hearing|accessed|retrieved|downloaded|received|effective"
        "|date range"
        "|parish office|office|telephone no|opening hours|quorum|present|apologies|in attendance|copyright"
        "|licence|license|frequency|circulation|before|counsel|коротко|тел",
    }.items()
    for label in labels.split("|")
}
_LABEL = re.compile(r"(?P<label>[^\W\d_][\w()’' /.-]{0,28}?)\s{0,3}[:：]\s*(?=\S)")
_LABELS_IN_DIALOGUE = frozenset(
    {"source", "author", "editor", "reporter", "by", "text", "from", "to", "contact"}
)
# Labels that may stand in the head of any text, and make no header by themselves.
_WITHOUT_COLON = re.compile(
    r"(?:reporting period|period covered|reference (?:month|period)|next (?:release|issue)|last (?:updated"
    r"|revised|modified)|updated|revised|heard|mis à jour)\b",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"(?<=\d\d\d\d)\.\s+(?=[^\W\d_])|\s*[|•]\s*|\s+(?://|[—–*/-]|--)\s+|\s*·\s*|\s{3,}|\t+"
)
_COLON = re.compile(r"(?<=[^\W\d_]) ?:\s{2,}| :\s")  # "DATE:      9 May" is in no two columns
_URL = re.compile(r"https?://[^\s<>\"”]+[^\s<>\"”.,;)]")
# Numbers that are none of the document's own, addresses and other things that a letterhead says.
_IDENTIFIER = re.compile(
    r"\b(?:isbn|issn|doi|p\.?\s?o\.? box)\b|\b(?:e-?mail|vat|iban|jel)(?: no)?\.?:"
    r"|\b(?:tel(?:ephone)?|phone|fax|mobile|hotline)\b[.:]?\s?(?:no\.?\s?)?[+\d(]"
    r"|\b(?:reg(?:istered|istration)?|charity|company|licen[cs]e|helpline|health line|line)\b[^|]{0,30}\bno\b"
    r"|\breg\. (?:no|charity)|\bregistered in\b|^price\b|\bprice:? ?[\d£$€]|^pages?\b|\b\d+ ?(?:pages"
    r"|pp?)\b|\bmin(?:utes?)? read\b"
    r"|\d comments?\b|\S@\S|\bwww\.|\blicen[cs]e (?:cc|no)\b|^copyright\b|©|\ball rights reserved\b"
    r"|^\+?[\d() /.-]{7,}$"
    r"|\(\d{3}\) \d{3}|\+\d{1,3} \d"
    r"|^\d{1,5}[a-z]?,? (?:[\w.’'-]+ ){0,4}(?:street|st|road|rd|row|avenue|ave|lane|square|boulevard|blvd"
    r"|drive"
    r"|way|quay|plaza|place|crescent|terrace)\b",
    re.IGNORECASE,
)
_PAGE = re.compile(
    r"(?:\bpages?|[,;]\s?pp?\.?)\s?\d{1,5}(?:\s?(?:of|[–/-])\s?\d{1,5})?\s{0,3}$", re.IGNORECASE
)
_FETCHED = re.compile(r"[,(]\s?(?:accessed|retrieved|downloaded|viewed|consulted)\b.*$", re.IGNORECASE)
_NOTED = re.compile(
    r"\([^()]{0,80}\b(?:\d{1,4} ?(?:pp|pages)|isbn|issn|price)\b[^()]{0,80}\)$", re.IGNORECASE
)
_SEASON = re.compile(
    r"[(\s]*(?:(?:spring|summer|autumn|fall|winter|printemps|été|automne|hiver|frühjahr|sommer|herbst"
    r"|primavera)"
    r"|q[1-4]|[1-4]q|(?:first|second|third|fourth) (?:quarter|half)|h[12])(?: (?:issue|edition"
    r"|number))?[ ,/]*(?:of )?(?:19"
    r"|20)?\d\d(?:[/–-]\d+)?"
    r"[)\s.]*",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?:(?:written|reporting|words|text|story|prepared|compiled|drafted|reviewed|posted|reported|submitted"
    r"|a report|an essay|report|essay|remarks|speech|interview) )?(?:by|par|von|por|door|di|av|af)\s+(?=\S)",
    re.IGNORECASE,
)
_EAST_ASIAN_BYLINE = re.compile(
    r"(?:文|撰文|作者|记者|本报记者|記者|글|글쓴이|저자|執筆|著)\s?[/|｜ ]\s{0,3}(?=\S)|(?:本报)?记者(?=\S)"
)
_STATED_BYLINE = re.compile(
    r"(?:written|prepared|compiled|drafted|reviewed|reported|submitted|words|text|story) by\s+", re.IGNORECASE
)
_ANONYMOUS = re.compile(
    r"by (?:our|the|an?|staff)\b[\w ]{0,40}\b(?:correspondents?|desk|staff|reporters?|editors?"
    r"|writer)\b.{0,60}",
    re.IGNORECASE,
)
_ISSUED = re.compile(
    r"(?:(?:jointly )?(?:published|issued|produced|released|distributed|circulated)(?: jointly)? (?:by|for"
    r"|at)"
    r"|an? (?:(?:joint|special|new) )?(?:report|publication|study|paper|briefing|product|project"
    r"|initiative) (?:by|of|from)"
    r"|herausgegeben von|publié par|éditée? par|publicado por|издано|發行)\s+(?:the\s)?(?=\S)",
    re.IGNORECASE,
)
_ONLY = re.compile(
    r"(?:original: )?(?:english|french|spanish|russian|arabic|chinese)(?: only)?", re.IGNORECASE
)
_NOT_BY = re.compile(
    r"(?:edited|translated|photographs?|photos?|illustrated|illustrations?|photography|traduit|übersetzt)\b"
    r".{0,40}\b(?:by|par|von)\s",
    re.IGNORECASE,
)
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_WEEKDAY = re.compile(rf"\b(?:{_DAY}|(?:mon|tue|wed|thu|fri|sat|sun)\.?)[\s,]{{0,3}}$", re.IGNORECASE)
_PUBLISHED = re.compile(
    r"\b(?:published|issued|posted|released?|dated?|delivered|for immediate (?:use|release)|printed|publié"
    r"|veröffentlicht|erschienen|publicado|pubblicato|опубликован\w*|distr|입력|등록|게시|발행|작성|发布|发表)\b",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"\b(?:held|meeting|ending|presented|adopted|approved|conference|session|sitting|embargo(?:ed)?|covered"
    r"|given|read|entered|version|minutes of|statement of|letter of|report of|signed|as of|as at|made)\b",
    re.IGNORECASE,
)
_NEVER = re.compile(
    r"\b(?:updated?|revised|modified|reviewed|amended|next|heard|reference|period|valid|expires|deadline"
    r"|until"
    r"|covering|mis à jour|aktualisiert|actualizado|обновлен\w*|received|accepted|saved|closing|closes|due"
    r"|expiry|수정|更新)\b",
    re.IGNORECASE,
)
# What may stand before a date in a line that is there for the date: a place, "District of", "on".
_PLACE = re.compile(
    r"(?:(?:(?-i:[^\Wa-z\d_])[\w.’'-]*|and|de|du|of|district|on|the|le|am|el|den|der|a|à|em|il|от"
    r"|г)[ ,/]+){0,5}",
    re.IGNORECASE,
)
_OF_A_DAY = re.compile(
    r"(?:[^\W\d_]+\s){0,2}(?:judg[e]?ment|decision|order|opinion|minutes|meeting|session|release|report"
    r"|letter"
    r"|statement|resolution|version|edition|beschluss|urteil|arrêt|décision|постановление|решение)\s(?:of"
    r"|dated|du|vom|от|del|de)(?:\sthe)?\s*",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\d{1,2}(?:\s[^\W\d_]+)?\s?[–-]\s?$|\bto\s$|\bfrom\s$", re.IGNORECASE)
_APART = re.compile(r"(?:[,(—–:;-]\s*|\d\s+|\s\s)$")
_AFTER = re.compile(
    r"[\s).,;]*(?:$|[(,.;]|by\b|updated|\d\d?[:.h]\s?\d\d|à\s|at\s|um\s|г\b|오[전후]|—|–|-\s)", re.IGNORECASE
)
_BODY_START = re.compile(
    r"(?:[-•*–—] |#{2,} |\d+[.)] |Q[.:] |dear |madam|sir\b|in the chair|taking part|attending)", re.IGNORECASE
)
# "Prices rose. They fell.", but not "Draft for comment. No. 7."
_TWO_SENTENCES = re.compile(r"[A-Z][^.]++(?<=[a-z]{3})\. [A-Z][^.]++(?<=[a-z]{3})\.")
_SENTENCE = re.compile(r"\S+(?:\s+\S+){4,}[.…][”’\"')\]]*$|\S+(?:\s+\S+){19,}[?!][”’\"')\]]*$")
_SENTENCE_CJK = re.compile(r"。|[다요]\.(?:\s|$)")
_ABBREVIATED = re.compile(r"(?:\b[^\W\d_]|\b(?:Ltd|Inc|Co|Corp|No|Jr|Sr|St|eds?|edn|vol))\.$")
_REMARK = re.compile(
    r"(?:for (?:immediate|release|partners|district doctors|the press|attention)\b|not for\b|by our\b"
    r"|(?:final|public) version|english translation|translated\b|summary$|minutes$|restricted\b"
    r"|confidential\b"
    r"|unclassified|(?:draft|version|revision)(?: [\w.]{1,5})?$|published with|embargoed|(?:our )?ref\b"
    r"|all times\b|period covered\b"
    r"|(?:[\w-]+ ){1,3}(?:session|sitting|meeting|edition)$|held at\b|present(?:ed)? (?:at|to)\b|original:"
    r"|page \d|menu$|home$|keywords\b"
    rf"|(?:{_DAY},? )?\d{{1,2}}(?:[–-]\d{{1,2}})? [^\W\d_]+$)",
    re.IGNORECASE,
)
_DESCRIBES = re.compile(
    r"(?:an?|the|our)\s(?:[\w-]+\s)?(?:newsletter|blog|magazine|bulletin|journal|podcast|periodical"
    r"|digest)\b",
    re.IGNORECASE,
)
_KIND_BY = re.compile(
    r"(?:(?:press|joint|public|open) )?(?:statement|communiqué|declaration|letter|message|submission"
    r"|appeal|release)"
    r"\s(?:by|of|from)\s(?:the\s)?",
    re.IGNORECASE,
)
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_BY_ITS_BODY = re.compile(
    r"(?:note|report|statement|letter|memorandum|paper|submission|summary)\s(?:by|from|of)\s(?:the\s)?"
    r"(?:secretariat|chair(?:man|person)?|director|president|(?:executive )?secretary|rapporteur|committee"
    r"|board)",
    re.IGNORECASE,
)
_AFFILIATION = re.compile(
    r"(?:\(?\d{1,2}\)|[*†‡§¹²³⁴-⁹]+)\s*\S"
    r"|(?:the )?(?:author|writer)s? (?:is|are)\b"
    r"|(?:(?:senior|junior|visiting|research|associate|assistant|adjunct|emeritus|policy|programme"
    r"|program)\s+)*"
    r"(?:fellow|lecturer|professor|researcher|analyst|director|scholar|correspondent|officer|student|reader"
    r"|economist|adviser|advisor|candidate)\b",
    re.IGNORECASE,
)
_EVENT_LINE = re.compile(
    r"(?:(?:paper|remarks|speech|address|lecture|talk|keynote|statement|text)\s)?(?:as )?"
    r"(?:presented|delivered|given|read|held|prepared|submitted)\s(?:at|for|to|before|in)\s",
    re.IGNORECASE,
)
_DATELINE = re.compile(r"\)?\s*(?:[(/]\s?(?P<agency>[^()/\d]{2,60})[)/])?\s?(?:—|–|--|-|―|:)\s?")
_DATELINE_PLACE = re.compile(r"\(?(?-i:[^\Wa-z\d_])[^\d()\n.:;]{1,40},\s")
_UNDATED_LINE = re.compile(
    r"(?-i:[^\Wa-z\d_])[^\d()\n.:;]{1,40}(?:,\s[^()\n]{0,20})?\((?P<agency>[^()\d]{2,60})\)\s?(?:—|–|--|-"
    r"|―)\s"
)
_SMALL_WORD = re.compile(
    r"(?:an?|and|as|at|but|by|d|de|del|der|des|di|du|et|for|from|für|im|in|into|la|le|les|nor|off?|on|or|over"
    r"|per|plc|s|the|to|und|von|via|with|without|y)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"(?:\b(?:an?|and|as|at|by|for|from|in|into|of|on|or|the|to|with|de|la|le|der|die|und|et)|[,&–—-])$",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W\d_][\w’'.-]*")
_STATE = re.compile(
    r"(?:the )?(?:republic|kingdom|government|commonwealth|state|united nations)\b", re.IGNORECASE
)
_DIVISION = re.compile(
    r"(?:the )?(?:[\w&’'-]+ ){0,3}(?:department|division|unit|office|section|directorate|desk|service"
    r"|branch|staff)",
    re.IGNORECASE,
)
_COURT = re.compile(r"^in the (?=.{0,100}\b(?:court|tribunal)\b)", re.IGNORECASE)


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
    author: str = ""


@dataclass(frozen=True, slots=True)
class _Dated:
    """A date of the header, and what it is the date of."""

    found: FoundDate
    written: str
    role: _Role


@dataclass(slots=True)
class _Name:
    """Words of a header that may name its publisher, its series or its title."""

    text: str
    line: int  # the number of its line
    leads: bool = False  # whether it stands first in a line that holds a number or date too
    beside: bool = False  # whether it shares its line with something else
    dated: bool = False  # whether a date follows it behind a comma
    numbered: bool = False  # whether a number follows it at once
    person: bool = False  # whether it may name people


@dataclass(slots=True)
class _Line:
    """A line of the top of the text, taken apart; `span` is None of what stands on the page only."""

    words: str
    span: Span | None
    block: int
    stated: dict[str, str] = field(default_factory=dict)
    dates: list[_Dated] = field(default_factory=list)
    number: str = ""
    series: str = ""
    bare: bool = False  # whether the number is a code without "No." or the like
    volume: bool = False  # whether the number is of a volume
    issue: bool = False  # whether it is that of an issue, whatever of
    url: str = ""
    people: str = ""  # the line names people, and may be there for that
    names: list[_Name] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    aside: bool = False  # whether it is there for a contact or the like

    @property
    def states_something(self) -> bool:
        return bool(self.dates or self.number or self.url or self.stated)


# The top of a text


@dataclass(slots=True)
class _Top:
    """The short lines above the first prose; where that begins."""

    lines: list[tuple[Span, int]] = field(default_factory=list)
    prose: int = -1


def _blocks(text: str) -> Iterator[list[Span]]:
    """Yield the lines of the text's beginning that stand together without a blank line."""
    block: list[Span] = []
    for span in lines(text[:TOP]):
        if block and text.count("\n", block[-1].end, span.start) > 1:
            yield block
            block = []
        block.append(span)
    if block:
        yield block


def _top(text: str) -> _Top:
    furniture = {
        span for span in find_furniture(text[:TOP]) if find_date(text[span.start : span.end]) is None
    }
    top = _Top()
    for number, block in enumerate(_blocks(text)):
        words = [text[span.start : span.end] for span in block]
        wrapped = _hard_wrapped(words)
        for position, span in enumerate(block):
            if span in furniture or not any(map(str.isalnum, words[position])):
                continue  # a rule of dashes or stars is no text
            prose = _is_prose(words[position]) or bool(not top.lines and who_is(words[position]))
            if position == wrapped or prose or len(top.lines) == _MOST_LINES:
                top.prose = span.start
                return top
            top.lines.append((span, number))
    return top


def _hard_wrapped(block: Sequence[str]) -> int:
    """Return where a paragraph begins in lines that stand together, -1 where they hold none."""
    for position in range(1, len(block)):
        goes_on = block[position][0].islower() and len(block[position - 1]) > _HARD_WRAPPED
        ends = re.search(r"[.!?…][”’\"')\]]*$", block[-1]) or len(block) - position > 2
        if goes_on and ends and not _label(block[position])[0]:
            return position - 1
    return -1


def _is_prose(line: str) -> bool:
    label, start = _label(_unlisted(line))
    if label and len(line) <= _MOST_CHARACTERS and not _says(line[start:]):
        return False
    if (
        len(line) > _MOST_CHARACTERS
        or (_BODY_START.match(line) and not find_date(line[:30]))
        or (len(line) > 60 and line[-1] in "-,")
    ):
        return True
    if is_section_heading(line) or _SENTENCE_CJK.search(line) or _TWO_SENTENCES.fullmatch(line):
        return True
    if not _SENTENCE.match(line) or _label(line)[0] or who_is(line) or _ABBREVIATED.search(line):
        return False
    first = find_date(line[:80])
    if first and len(line) <= 120 and first.start <= 40:
        before = line[: first.start]
        stated = _PUBLISHED.search(before) or _BYLINE.match(before)
        if stated and len(before.split()) <= 5:
            return False  # "First published on 3 May 2012. Last modified 5 June 2013."
    date = find_date(line[:60])  # "20 June 2008. Not for attribution to individuals."
    if date and date.start and len(line) <= 120 and re.match(r"\.", line[date.end :]):
        before = line[: date.start].rstrip(" ,")
        return not (names_institution(before) or names_periodical(before))
    return len(line) > 60 or not (find_number(line).number or (date and date.start <= 12))


# A line taken apart


def _label(line: str) -> tuple[str, int]:
    """Return the field that a line's label states, and where its value begins; ("", 0) where it has none."""
    match = _LABEL.match(line)
    if match is None:
        return "", 0
    name = " ".join(match["label"].lower().replace(".", "").split())
    return (_LABELS[name], match.end()) if name in _LABELS else ("", 0)


def _take_apart(words: str, span: Span | None, block: int, order: DateOrder) -> _Line:
    line = _Line(words, span, block)
    rest = _COLON.sub(": ", _cells(words))
    parts = [part.strip() for part in _SEPARATOR.split(rest) if part and part.strip()]
    labelled = [bool(_label(part)[0]) for part in parts]
    if labelled and labelled[0] and sum(labelled) == 1:
        parts = [rest]
    for part in parts:
        label, start = _label(part)
        if label == "aside" and _says(part[start:]):
            line.names.append(_Name(part, 0))  # "Source: A trader said that prices rose."
        elif label:
            _take_label(line, label, part[start:].strip(), order)
        else:
            _take_part(line, part, order, shared=len(parts) > 1)
    if not (line.states_something or line.people or line.kinds or line.aside) and (
        len(line.names) > 1 and sum(is_institution(name.text) for name in line.names) != 1
    ):
        line.names = [_Name(_tidy(rest), 0)]  # a dash or a bar here is part of the name
    _sort_people(line)
    for name, described in pairwise(list(line.names)):
        if _DESCRIBES.match(described.text):  # "Ballot Box — a newsletter on African elections"
            line.series, line.people = name.text, ""
            line.names = [each for each in line.names if each not in (name, described)]
            break
    for name in line.names:
        name.leads = name is line.names[0] and bool(line.number or line.dates) and not line.stated
    return line


def _sort_people(line: _Line) -> None:
    """Take for people, of several names in a line or beside a number, only those that surely are."""
    people = [name for name in line.names if name.person]
    sure = [name for name in people if has_given_name(name.text)]
    if line.number or (len(people) > 1 and sure):
        for name in people:
            name.person = name in sure
        line.people = "; ".join(people_in_line(name.text) for name in sure)


def _says(value: str) -> bool:
    """Whether what stands behind a label is a sentence."""
    return len(value.split()) > 4 and value.endswith((".", "?", "!", "…", ":"))


def _cells(words: str) -> str:
    """Take the marks of Markdown off a line; of a row of a table with a label, make "label: value"."""
    if words.startswith("|"):
        cells = [cell.strip() for cell in words.strip("|").split("|")]
        if len(cells) == 2 and cells[0].lower() in _LABELS:
            return f"{cells[0]}: {cells[1]}"
        return "" if not any(re.search(r"[^\W\d_]", cell) for cell in cells) else " | ".join(cells)
    return _unlisted(words.lstrip("#> ").strip())


def _unlisted(line: str) -> str:
    """Take the mark of a list off a line that has a label."""
    bare = line.lstrip("-•*– ")
    return bare if bare != line and _label(bare)[0] else line


def _take_label(line: _Line, name: str, value: str, order: DateOrder) -> None:
    value = value.strip(" *_")
    if name == "published":
        date, note = read_date(value, order)
        if date or note:
            line.dates.append(_Dated(FoundDate(0, 0, date, note), value, "published"))
        line.aside = True
    elif name == "url":
        line.url = value if _URL.fullmatch(value) else ""
    elif name == "author":
        line.stated["author"] = people_stated(re.sub(r"<[^<>]{0,100}>|[\w.+-]{1,64}@\S{1,100}", "", value))
    elif name == "aside":
        line.aside = True
        if line.words.lower().startswith(("ref", "our ref")) and re.search(r"\d", value):
            found = find_number(value)
            line.number, line.bare = found.number, True
        if line.words.lower().startswith("source") and (is_institution(value) or is_periodical(value)):
            line.stated["publisher"] = value
    elif name == "number":
        found = find_number(value)
        line.number, line.series = found.number or value.strip(" ."), found.series
    else:
        line.stated[name] = value


def _take_part(line: _Line, part: str, order: DateOrder, *, shared: bool) -> None:
    """Take dates, number and people out of a part of a line; what is left of it are names."""
    if _URL.fullmatch(part):
        line.url = line.url or part
        return
    if (part.startswith("[") and part.endswith("]") and not find_number(part).number) or _ONLY.fullmatch(
        part
    ):
        line.aside = True
        return
    if _WITHOUT_COLON.match(part) or _NOT_BY.match(part) or _SEASON.fullmatch(part):
        line.aside = True
        return
    part = _PAGE.sub("", part)
    rest, dated = _without_dates(line, part, order)
    if dated and _EVENT_LINE.match(part):
        line.aside = True
        return
    rest = _NOTED.sub("", _FETCHED.sub("", rest))
    if who := who_is(rest):
        line.stated["author"] = who
        return
    if _IDENTIFIER.search(rest):
        rest = rest.split(". ")[0] if _IDENTIFIER.search(rest.split(". ")[0]) is None else ""
        line.aside = True
    if _ANONYMOUS.fullmatch(rest):
        line.aside = True
        if re.match(r"by staff\b", rest, re.IGNORECASE):
            line.people = rest[3:].strip()
        return
    if issued := _ISSUED.match(rest):
        name = re.sub(r"\s(?:on|in|am|le)$", "", _tidy(rest[issued.end() :]))
        who = people_in_line(name)
        if who and rest[issued.end() :][:1].isupper() and not is_institution(name) and rest[0] in "aA":
            line.stated["author"] = who
        elif name[:1].isupper() and len(name) <= 100:
            line.stated["publisher"] = name
        return
    if by := _EAST_ASIAN_BYLINE.match(rest):
        line.stated["author"] = people_stated(rest[by.end() :])
        return
    if by := _BYLINE.match(rest):
        stated = _STATED_BYLINE.match(rest)
        who = people_in_line(rest[by.end() :].strip())
        if not who and " " in by.group().strip():  # "Speech by Dr Alma Reinholt, Governor of the Bank"
            who = people_first(rest[by.end() :])
        if stated:
            who = people_stated(rest[by.end() :])
        if who:
            line.stated["author"] = who
            return
    if (by := re.search(r"\sby\s", rest)) and dated and (who := people_in_line(_tidy(rest[by.end() :]))):
        line.stated["author"] = who
        return
    found = find_number(rest) if not line.number else None
    if found and found.number:
        line.number, line.bare = found.number, found.bare
        line.series, line.volume = found.series, found.volume
        line.issue = found.generic or found.volume
        rest = found.rest
    name = _tidy(rest)
    if not re.search(r"[^\W\d_]{2}", name) or _SEASON.fullmatch(name):
        return
    if _REMARK.match(name):
        line.aside = line.aside or not shared
        return
    if is_section_heading(name) or _AFFILIATION.match(name):
        line.aside = True
        return
    if is_kind(name):
        line.kinds.append(name)
        return
    if all(_SMALL_WORD.fullmatch(word) for word in name.split()):
        return
    body, kind = _apart_from_kind(name)
    if kind:  # "Keel Institute issue brief"
        line.kinds.append(kind)
        name = body
    elif dated and (by := _KIND_BY.match(name)) and is_institution(name[by.end() :]):
        name = name[by.end() :]  # "Press statement by the Union of Lightermen, 3 May 2010"
    kind, comma, other = name.partition(", ")
    if comma and is_kind(kind) and other[:1].isupper():
        line.kinds.append(kind)
        name = other
    who = people_in_line(name) if not line.number else ""
    if who:
        line.people = f"{line.people}; {who}" if line.people else who
    line.names.append(
        _Name(
            name,
            0,
            beside=shared or bool(dated or line.number),
            dated=bool(dated and not shared),
            person=bool(who),
        )
    )
    if found and found.number:
        line.names[-1].numbered = bool(found.rest)


def _apart_from_kind(name: str) -> tuple[str, str]:
    """Part an institution's name from the kind of document that follows it."""
    words = name.split()
    if is_periodical(name):
        return name, ""
    body, colon, kind = name.partition(": ")
    if colon and is_kind(kind) and _name_shaped(body):
        return body, kind
    for at in range(1 if _EAST_ASIAN.search(name) else 2, len(words)):
        body, kind = " ".join(words[:at]), " ".join(words[at:])
        if is_kind(kind) and not is_kind(body) and names_institution(body) and is_institution(body):
            return body, kind
    return name, ""


def _tidy(name: str) -> str:
    name = name.strip(" ,;:–—-*_")
    if name.count("(") != name.count(")"):
        name = name.strip(" ,;:–—-()")
    name = name.removesuffix(".") if not _ABBREVIATED.search(name) and name.count(".") == 1 else name
    return re.sub(r"\s+", " ", name)


def _without_dates(line: _Line, part: str, order: DateOrder) -> tuple[str, bool]:
    """Take the dates for which a part of a line is there out of it; say whether it had any."""
    rest, cut, taken = "", 0, False
    for found in find_dates(part, order):
        before, after = part[cut : found.start], part[found.end :]
        role = _role(before)
        weekday = _WEEKDAY.search(before)
        if _RANGE.search(before):
            role = "never"
            if re.search(r"[^\W\d_]", _RANGE.sub("", before)):
                continue  # "Results for the half year to 30 June 2010"
        lead = before[: weekday.start()] if weekday else before
        lead = lead.rstrip("( \t") if not _APART.search(lead) else lead
        stated = role != "plain"
        if not _AFTER.match(after) or len(before) > 100:
            continue
        if stated or not lead.strip(" ,(:–—-") or _OF_A_DAY.fullmatch(lead):
            name = lead.strip(" ,(") if _ISSUED.match(lead) else ""
            if not stated and lead.strip(" ,(:–—-"):
                role = "event"
        elif _APART.search(lead) or weekday:
            name = lead.rstrip(" ,(—–:;-")
            name = "" if _is_place(name) else name
            if isinstance(found.date, PartialDate) and not _may_be_dated(name):
                continue  # "Consumer Price Index, April 2024": of the month, not from it
        elif _PLACE.fullmatch(f"{lead} "):
            name = ""
        else:
            continue
        if role != "never":
            line.dates.append(_Dated(found, part[found.start : found.end], role))
        else:
            line.aside = True
        rest, cut, taken = f"{rest} {name}".strip(), found.end, True
    if not taken:
        year = re.fullmatch(r"(?P<name>.*[^\W\d]),\s(?P<year>(?:1[5-9]|20)\d\d)", part)
        named = year and (
            "&" in part or names_institution(year["name"]) or may_name_institution(year["name"])
        )
        if year and named and not re.search(r"[:?!]", year["name"]):
            date = PartialDate(int(year["year"]))
            line.dates.append(_Dated(FoundDate(0, 0, date), year["year"], "event"))
            return year["name"], True
        return part, False
    after = part[cut:]
    after = re.sub(r"^[\s,]*(?:\d\d?[:.h]\s?\d\d\s?(?:[ap]\.?m\.?)?)", "", after, flags=re.IGNORECASE)
    if rest and after.strip(" .,;)"):
        return f"{rest}. {after.strip(' .,;()')}", True
    return (rest or after.strip(" .,;")), True


def _is_place(name: str) -> bool:
    """Whether a name before a date is, as far as can be told, where something was written."""
    if (
        len(name.split()) > 2
        or not all(word[:1].isupper() for word in name.split())
        or "&" in name
        or find_number(name).number
        or is_kind(name)
    ):
        return False
    if names_institution(name) or names_periodical(name) or may_name_institution(name):
        return False
    return not has_given_name(name)


def _may_be_dated(name: str) -> bool:
    return bool(
        not name
        or names_institution(name)
        or is_periodical(name)
        or looks_like_person(name)
        or is_kind(name)
        or find_number(name).number
        or re.fullmatch(r"[^\W\d_][\w’'-]*", name)
    )


def _role(before: str) -> _Role:
    """Tell what a date is the date of, by the words that stand before it."""
    plain: tuple[int, _Role] = (0, "plain")
    last = max(
        ((match.end(), role) for role, pattern in _ROLES for match in pattern.finditer(before)), default=plain
    )
    return last[1]


_ROLES: tuple[tuple[_Role, re.Pattern[str]], ...] = (
    ("published", _PUBLISHED),
    ("event", _EVENT),
    ("never", _NEVER),
)


# The header


def parse_header(
    text: str, date_order: DateOrder = "auto", title: str = "", above: Iterable[str] = ()
) -> Header:
    """Read the header off the top of a text.

    `title` is the title where it is known already. `above` are lines that the page shows above the text, and
    that are none of it: a running head.
    """
    top = _top(text)
    taken = [_take_apart(words, None, -1, date_order) for words in above]
    taken += [_take_apart(text[span.start : span.end], span, block, date_order) for span, block in top.lines]
    taken = _without_what_goes_on(_without_dialogue(text, taken))
    for number, line in enumerate(taken):
        for name in line.names:
            name.line = number
    return _Reading(text, taken, title, date_order, top.prose).header()


def _without_what_goes_on(taken: list[_Line]) -> list[_Line]:
    """Take no author from a line that goes on in the next: it may be a sentence."""
    for line, below in pairwise(taken):
        goes_on = line.block == below.block and below.words[0].islower() and not below.states_something
        if goes_on and _label(line.words)[0] == "author":
            line.stated.pop("author", None)
    return taken


def _without_dialogue(text: str, taken: list[_Line]) -> list[_Line]:
    """Take no speaker of a dialogue for a label: one that speaks again below."""
    for position, line in enumerate(taken):
        match = _LABEL.match(line.words)
        if match is None or line.span is None or match["label"].lower() not in _LABELS_IN_DIALOGUE:
            continue
        below = text[line.span.end : line.span.end + TOP]
        if re.search(rf"^{re.escape(match['label'])}\s?:", below, re.MULTILINE):
            return taken[:position]
    return taken


class _Reading:
    """What the lines of one header say together."""

    def __init__(self, text: str, taken: list[_Line], title: str, order: DateOrder, prose: int) -> None:
        self._text = text
        self._lines = taken
        self._known_title = title
        self._order = order
        self._prose = prose
        self._author = ""

    def header(self) -> Header:
        """Return what the header says."""
        dateline, agency = self._dateline()
        if not self._is_header():
            found = self._title_only()
            if found.title or self._known_title or dateline or agency:
                day, notes = self._date("", dateline)
                return replace(found, date=day, notes=notes, publisher=agency)
            return found
        lines = self._lines
        names = [name for line in lines for name in line.names]
        author = self._stated("author")
        if not author:
            authors = self._authors(names)
            author = "; ".join(line.people for line in authors)
            names = [name for name in names if not (name.person and lines[name.line] in authors)]
        title = self._known_title or self._stated("title")
        names = [name for name in names if not _same(name.text, title)]
        self._author = author
        number, numbered = self._number()
        publisher, series = self._publisher(names, numbered, title)
        publisher = self._stated("publisher") or publisher or agency
        series = self._stated("series") or series
        title = title or self._title(names, publisher, series)
        if not title:
            title = next((kind for line in lines for kind in line.kinds if " " in kind), "")
            title = "" if _NO_TITLE.fullmatch(title) else title
        if not number and title and not (named := find_number(title)).bare:
            number = named.number  # "Statement No. 14/2021: Results of the purchase campaign"
        day, notes = self._date(number, dateline)
        own = not self._known_title and not self._stated("title")
        if (
            (numbered or (day and own and not author and not is_kind(title)))
            and not series
            and _class(title) == "periodical"
        ):
            series = title
        return Header(
            title=title,
            publisher=publisher,
            series=series,
            number=number,
            date=day,
            url=next((line.url for line in lines if line.url), ""),
            spans=self._spans({title, publisher, series}, author),
            notes=notes,
            author=author,
        )

    def _is_header(self) -> bool:
        """Whether the lines say more than a title: without that, they may be anything."""
        if any(
            line.states_something and not (line.bare and line.names and not line.dates)
            for line in self._lines
        ):
            return True
        if self._prose < 0 or len(self._lines) > _MOST_UNDATED:
            return False
        names = [name.text for line in self._lines for name in line.names]
        return len(self._lines) > 1 and bool(
            any(line.people or line.kinds or (line.aside and len(names) > 1) for line in self._lines)
            or (len(names) > 1 and any(_class(name) in ("institution", "periodical") for name in names))
            or (len(names) > 1 and names[0].isupper())
            or (len(names) > 1 and may_name_institution(names[0]))
        )

    def _stated(self, name: str) -> str:
        return next((line.stated[name] for line in self._lines if line.stated.get(name)), "")

    def _authors(self, names: list[_Name]) -> list[_Line]:
        """Return the first lines that name people, unless one of them is needed for a title."""
        known = self._known_title or self._stated("title")
        shaped = [
            line
            for line in self._lines
            if line.people and not _same(_cells(line.words), known) and not self._is_common(line.people)
        ]
        on_top = shaped[0] is self._lines[0] if shaped else False
        if on_top and len(names) > 1 and not self._is_below(known) and not has_given_name(shaped[0].people):
            del shaped[0]  # on top of all a publisher or a title is as likely
        others = [
            name
            for name in names
            if self._lines[name.line] not in shaped and _class(name.text) not in ("institution", "periodical")
        ]
        if not known and not others:
            plain = [line for line in shaped if len(line.names) == 1 and not line.dates]
            numbered = any(line.number or line.kinds for line in self._lines)
            if plain and not (numbered and any(_class(name.text) == "periodical" for name in names)):
                shaped.remove(plain[0])
        if not shaped:
            return []
        first = self._lines.index(shaped[0])
        authors = [shaped[0]]
        single = [line.block for line in self._lines]
        apart = len(set(single)) == len(single)  # paragraphs of an office document
        for line in self._lines[first + 1 :]:
            if line in shaped and (apart or line.block == authors[-1].block):
                authors.append(line)
            elif not line.aside:
                break
        return authors

    def _is_below(self, title: str) -> bool:
        """Whether the lines are what stands below the title: none of them is the title."""
        return bool(title) and not any(_same(_cells(line.words), title) for line in self._lines)

    def _is_common(self, people: str) -> bool:
        """Whether the text uses a word of the names as a common one: then they are no names."""
        words = {word for word in _WORDS.findall(people) if len(word) > 3}
        body = self._text[self._prose : self._prose + TOP] if self._prose >= 0 else ""
        common = [
            word for word in words if re.search(rf"(?<![\w.@-]){re.escape(word.lower())}(?![\w@-])", body)
        ]
        return 2 * len(common) > len(words)

    def _number(self) -> tuple[str, _Line | None]:
        numbered = [line for line in self._lines if line.number]
        line = min(numbered, key=lambda line: line.bare, default=None)
        return (line.number if line else ""), line

    def _publisher(self, names: list[_Name], numbered: _Line | None, title: str) -> tuple[str, str]:
        """Tell publisher and series among the names, and take both out of these."""
        series = numbered.series if numbered else ""
        if numbered and numbered.number and not series and not numbered.volume:
            at = self._lines.index(numbered)
            beside = [numbered, *self._lines[max(0, at - 1) : at]]
            series = next((kind for line in beside for kind in line.kinds if _SERIES_KIND.search(kind)), "")
        for position, name in enumerate(names):
            if body := issued_by(name.text):  # "The Tiller / Newsletter of the Harbour Mission"
                if position and not series and not _title_like(names[position - 1].text) and not title:
                    series = names[position - 1].text
                    names.remove(names[position - 1])
                names.remove(name)
                return body, series
        institutions = [name for name in names if _class(name.text) == "institution"]
        mast = self._masthead(names, numbered)
        kinds = any(" " in kind for line in self._lines for kind in line.kinds)
        spare = len(names) > 1 or bool(title) or bool(series) or kinds
        publisher = ""
        if institutions and (spare or _is_plainly_institution(institutions[0].text)):
            best = max(
                institutions,
                key=lambda name: (
                    not (_STATE.match(name.text) or _DIVISION.fullmatch(name.text)),
                    not name.dated,
                    -name.line,
                ),
            )
            publisher = _COURT.sub("", best.text)
            for name in institutions:
                if name is best or _STATE.match(name.text) or _DIVISION.fullmatch(name.text):
                    names.remove(name)
            if not series and mast and mast in names and numbered:
                series = mast.text
                if len(names) > 1 or title:
                    names.remove(mast)
            return publisher, series
        if (
            series
            and " " in series
            and is_periodical(series)
            and numbered
            and not numbered.volume
            and (names or title)
        ):
            return series, ""  # "Maritime Law Bulletin, No. 331"
        above = names[0] if names else None
        if (
            above
            and mast
            and mast is not above
            and numbered
            and not series
            and self._may_publish(above, mast, spare=len(names) > 2 or bool(title))
        ):
            names.remove(above)
            if len(names) > 1:
                names.remove(mast)
            return above.text, mast.text
        if mast and (len(names) > 1 or title):
            names.remove(mast)
            if not series and numbered and numbered.names and mast in numbered.names:
                return mast.text, ""
            if numbered and numbered.issue and not series:
                return ("" if numbered.volume else mast.text), mast.text
            return mast.text, series
        if mast and numbered and not series:
            return "", mast.text
        return "", series

    def _masthead(self, names: list[_Name], numbered: _Line | None) -> _Name | None:
        """Return the name that stands where a periodical's or a publisher's does, if one surely does."""
        periodicals = [name for name in names if _class(name.text) == "periodical"]
        if periodicals:
            return max(periodicals, key=lambda name: (self._beside_number(name), name.dated, -name.line))
        for name in names:
            if name.leads and name.beside and not _title_like(name.text) and not name.dated:
                return name  # "Border Voice — Interview 37"
        for name in names:
            if name.dated and _name_shaped(name.text) and self._is_no_place(name):
                return name
        if numbered and not numbered.series and not numbered.bare and not numbered.names:
            at = self._lines.index(numbered)
            above = self._lines[at - 1] if at else None
            if above and above.block == numbered.block and len(above.names) == 1 and above.names[0] in names:
                name = above.names[0]
                if not name.beside and not _title_like(name.text):
                    return name
        first = names[0] if names else None
        if first is None or _title_like(first.text) or first.line > 2:
            return self._below_author(names)
        others = [name for name in names if name is not first]
        stated = any(line.states_something for line in self._lines)
        if others and stated and _name_shaped(first.text) and self._heads(first, others[0]):
            below = self._lines[first.line + 1]
            masthead = below.block == self._lines[first.line].block and (below.number or below.kinds)
            # A person may stand on top as well, above the title.
            sure = not self._lines[first.line].people or may_name_institution(first.text) or masthead
            return first if sure else None
        if (
            first.text.isupper()
            and not re.search(r"\d", first.text)
            and others
            and not others[0].text.isupper()
        ):
            return first
        if self._beside_number(first) and numbered and names_periodical(first.text):
            return first
        if may_name_institution(first.text) and others and not _SMALL_WORDS.search(first.text):
            return first
        return self._below_author(names)

    def _heads(self, first: _Name, other: _Name) -> bool:
        """Whether the first name of a header stands over the others as a publisher's does."""
        own = self._lines[first.line]
        below = next((line for line in self._lines[first.line + 1 :] if not line.aside), None)
        if has_given_name(first.text) and own.people and not names_periodical(first.text):
            return False
        written = below and (below.people or (below.stated.get("author") and len(below.stated) == 1))
        if _SUBTITLE.match(other.text) or written:
            return False
        if self._lines[other.line].block != own.block:
            return True
        between = self._lines[first.line + 1 : other.line]
        return any(line.number or line.dates or line.kinds for line in between)

    def _below_author(self, names: list[_Name]) -> _Name | None:
        """Return the name that stands right below an author: whom they write for, or work at."""
        for name in names:
            above = self._lines[name.line - 1] if name.line else None
            written = above and (
                above.stated.get("author") or (above.people and above.people in self._author)
            )
            said = len(name.text.split()) > 1 or names_institution(name.text) or names_periodical(name.text)
            if written and said and name is not names[0] and _name_shaped(name.text) and not name.beside:
                return name
        for name in names[1:]:
            own = self._lines[name.line].block
            beside = any(
                line.block == own and (line.people or line.dates or line.number) for line in self._lines
            )
            if beside and may_name_institution(name.text) and _name_shaped(name.text):
                return name
        return None

    def _may_publish(self, name: _Name, mast: _Name, *, spare: bool) -> bool:
        """Whether a name above a periodical's is likely its publisher's, and not the title."""
        if not (_name_shaped(name.text) and mast.line == name.line + 1):
            return False
        return spare or may_name_institution(name.text)

    def _is_no_place(self, name: _Name) -> bool:
        """Whether a name with a date is more than where something was written."""
        if re.search(r"\b(?:day|week|night|eve|month|year|anniversary|sunday)$", name.text, re.IGNORECASE):
            return False
        return (
            names_periodical(name.text)
            or may_name_institution(name.text)
            or bool(re.search(r"\s(?:of|for|&)\s", name.text))
            or len(name.text.split()) > 3
        )

    def _beside_number(self, name: _Name) -> bool:
        """Whether the name's line, or the one above or below it in the same block, holds a number or date."""
        own = self._lines[name.line]
        around = self._lines[max(0, name.line - 1) : name.line + 2]
        return any(line.block == own.block and (line.number or line.dates) for line in around)

    def _title(self, names: list[_Name], publisher: str, series: str) -> str:
        """Choose a title among the names that are left, and join it where it goes over two lines."""
        if len(names) > 1 and names[0].line == 0 and self._lines[0].people and _name_shaped(names[0].text):
            names = names[1:]  # who wrote or published it: it cannot be told
        left = [
            name
            for name in names
            if not _same(name.text, publisher)
            and not _same(name.text, series)
            and not _STATE.fullmatch(name.text)
        ]
        if not left:
            return series if series and not is_kind(series) else ""
        best = max(left, key=lambda name: (self._like_a_title(name, left), -name.line))
        title = best.text
        line = self._lines[best.line]
        whole = line.span and not line.dates and not line.series and not _SEPARATOR.search(line.words)
        if line.number and whole and (line.bare or re.match(r"\W*\w+\W?\s?\d", line.words)):
            title = line.words  # "Case 7/2018: the savings bank" is a title with a number in it
        for below in left:
            follows = below.line == best.line + 1 and self._lines[below.line].block == line.block
            if follows and not below.beside and not best.beside and _goes_on(title, below.text):
                return f"{title} {below.text}"
        return title

    def _like_a_title(self, name: _Name, names: list[_Name]) -> int:
        """Say how likely a name is the title, by its form and its place among the others."""
        line = self._lines[name.line]
        below = self._lines[name.line + 1] if name.line + 1 < len(self._lines) else None
        others = [each for each in names if each is not name]
        apart = any(self._lines[each.line].block != line.block for each in others)
        block = [each for each in self._lines if each.block == line.block]
        subtitle = any(
            each.line == name.line - 1 and self._lines[each.line].block == line.block for each in others
        )
        words = _WORDS.findall(name.text)
        return (
            2 * (_title_like(name.text) or bool(_INSIDE_A_TITLE.search(name.text)))
            + (len(words) >= 3)
            + (not name.beside and not line.number and not line.dates)
            + bool(below and (below.people or below.stated.get("author")))
            + 3 * (name.numbered and _title_like(name.text))
            - 4 * bool(_SUBTITLE.match(name.text) and others and others[0].line < name.line)
            - 3 * bool(_STATE.match(name.text) or name.text[0].islower())
            - 3 * bool(_BY_ITS_BODY.fullmatch(name.text))
            - 5 * name.dated
            - 3 * (name.beside and not name.numbered)
            - 3 * (_class(name.text) in ("institution", "periodical"))
            - 3 * subtitle
            - bool(re.search(r"\d$", name.text))
            - (len(words) < 2)
            - 2 * (apart and name.line == 0 and _name_shaped(name.text))
            - (apart and any(each.number or each.dates for each in block))
        )

    def _date(self, number: str, dateline: _Dated | None) -> tuple[dt.date | None, tuple[str, ...]]:
        dates = [each for line in self._lines for each in line.dates if each.role != "never"]
        if not dates and dateline:
            dates = [dateline]
        if not dates:
            return None, ()
        best = min(dates, key=lambda each: _RANKS[each.role])
        found = find_date(best.written, self._order, number) or best.found
        return found.date, ((found.note,) if found.note else ())

    def _dateline(self) -> tuple[_Dated | None, str]:
        """Return date and agency that a report's first words state: "OSLO, 28 July 2011 (NTB) –"."""
        if self._prose < 0:
            return None, ""
        start = self._text[self._prose : self._prose + 140].lstrip()
        for found in find_dates(start, self._order):
            dash = _DATELINE.match(start, found.end)
            if dash and _DATELINE_PLACE.fullmatch(_WEEKDAY.sub(" ", start[: found.start])):
                return _Dated(found, start[found.start : found.end], "plain"), dash["agency"] or ""
        undated = _UNDATED_LINE.match(start)
        return None, undated["agency"] if undated and not re.search(r"\d{4}", undated[0]) else ""

    def _spans(self, names: set[str], author: str) -> tuple[Span, ...]:
        """Return the lines down to the last that is surely the header's; what is above it is so as well."""
        last, block = -1, -1
        stated = any(line.states_something for line in self._lines)
        for position, line in enumerate(self._lines):
            named = any(any(name.text in each for each in names) for name in line.names if name.text)
            labelled = _label(line.words)[0] == "aside" and not line.words.lower().startswith("source")
            sure = line.states_something or named or bool(line.kinds)
            sure = sure or bool(line.people and line.people in author)
            if sure or (line.aside and (labelled or line.block == block)):
                last, block = position, line.block
            elif not stated:
                break
        return tuple(line.span for line in self._lines[: last + 1] if line.span)

    def _title_only(self) -> Header:
        """Take the first line, when it stands alone above the text and is no sentence."""
        line = next((line for line in self._lines if line.span), None)
        if line is None or line.span is None:
            return Header()
        below = self._text[line.span.end :]
        alone = re.match(r"\s*[\r\n]", below) and below.strip()
        if not alone or not _looks_like_a_title(line.words):
            return Header()
        spans = [line.span]
        for each in self._lines[self._lines.index(line) + 1 :]:
            if not (each.aside and each.span):
                break
            spans.append(each.span)
        return Header(title=line.words, spans=tuple(spans))


_SERIES_KIND = re.compile(
    r"\b(?:series|papers?|briefs?|notes?|reports?|bulletin|circular|advisory)$", re.IGNORECASE
)
_MOST_UNDATED = 6  # lines of a header without a date or number
_NO_TITLE = re.compile(
    r".*\b(?:memorandum|memo|release|note|notice|briefing|opinion|editorial|statement|analysis|comment)s?",
    re.IGNORECASE,
)
_SMALL_WORDS = re.compile(r"\b(?:and|in|on|to|from|after|with|by|as|at)\b", re.IGNORECASE)
_BEGINS_AS_TITLE = re.compile(
    r"an?\s|(?:(?:the|final|interim|annual|second|first|special|joint|draft)\s+)*(?:report|comments?|rules"
    r"|notice|letter|statement"
    r"|minutes|guide|guidance|review|remarks|resolution|study|survey|analysis|assessment|evaluation|notes?"
    r"|inspection|speech|address|proposal|response|submission|reply|introduction|inquiry|case|history"
    r"|politics"
    r"|list|register|amendments?|decision|judgment|opinion|order|practice direction|appeal)\s"
    r"(?:of|on|to|for|from|at|by|into|about|in|against)\s"
    r"|(?:how|why|what|when|where|who|whose|which|is|are|do|does|can|should|will|towards?|beyond|inside"
    r"|between|after|before|against|behind)\s",
    re.IGNORECASE,
)
_BEGINS_AS_INSTITUTION = re.compile(
    r"(?:the |la |le |el |die |das |der |l['’])?(?:\w+ )?\w+\s(?:of|for|on|de|del|des|du|für|der|dos|da|do"
    r"|van|voor|per|di)\b",
    re.IGNORECASE,
)


def _class(name: str) -> Literal["institution", "periodical", "perhaps", "other"]:
    """Tell what a name names, by its words."""
    name = _COURT.sub("", name)
    if is_periodical(name) and not _BEGINS_AS_TITLE.match(name) and not re.search(r"[:?!]", name):
        return "periodical"
    if names_institution(name) and not _title_like(name):
        return "institution"
    return "perhaps" if names_periodical(name) or may_name_institution(name) else "other"


def is_institution(name: str) -> bool:
    """Whether a name is an institution's, and no title that speaks of one."""
    return _class(name) == "institution"


def may_publish(name: str) -> bool:
    """Whether a name may be an organisation's by its form."""
    return _name_shaped(name) and not is_section_heading(name) and not is_kind(name)


def _title_like(name: str) -> bool:
    """Whether a name is built as a title is, and as no publisher's name."""
    if (
        re.search(r"[:?!;“”\"«»]|\sv(?:s|ersus)?\.?\s", name)
        or _BEGINS_AS_TITLE.match(name)
        or len(name) > 100
    ):
        return True
    words = _WORDS.findall(name)
    content = [word for word in words if not _SMALL_WORD.fullmatch(word)]
    lower = sum(word[0].islower() for word in content)
    if not words or words[0][0].islower():
        return True
    if lower >= 2 or (lower and len(content) <= 3 and name.isascii()):
        starts = _BEGINS_AS_INSTITUTION.match(name)
        return not (not name.isascii() and names_institution(words[0])) and not (
            starts and names_institution(starts[0])
        )
    return len(words) > 12


def _name_shaped(name: str) -> bool:
    """Whether a name may be an organisation's by its form: a few capitalised words, and no sentence."""
    words = name.split()
    content = [word for word in words if not _OF_A_NAME.fullmatch(word)]
    return (
        1 <= len(content) <= 6
        and len(name) <= 60
        and not _title_like(name)
        and not re.search(r"\d", name)
        and words[0].lower() not in ("a", "an", "on", "in", "to", "from", "after")
        and all(word[0].isupper() or not word[0].isalpha() for word in content)
        and not _SMALL_WORDS.search(name)
    )


_INSIDE_A_TITLE = re.compile(
    r"\s(?:and|or|in|on|to|from|after|with|without|by|as|at|under|between|against|before|is|are|was|will"
    r"|should)\s"
)
_OF_A_NAME = re.compile(
    r"(?:of|for|the|de|del|des|du|da|do|das|dos|di|der|für|&|la|le|les|los|las|el|sans|y|et|e|и)",
    re.IGNORECASE,
)
_SUBTITLE = re.compile(
    r"(?:how|why|what|when|where|who|an?|towards?|lessons|testimon(?:y|ies)|evidence|findings|notes|voices"
    r"|stories"
    r"|report (?:of|on)|results|from|on|the case)\b",
    re.IGNORECASE,
)


def _is_plainly_institution(name: str) -> bool:
    """Whether a name can hardly be a title, though it stands alone."""
    starts = _BEGINS_AS_INSTITUTION.match(name)
    return bool(starts and names_institution(starts[0])) and not re.search(r"\d", name)


def _same(one: str, other: str) -> bool:
    return bool(one) and re.sub(r"\W", "", one).casefold() == re.sub(r"\W", "", other).casefold()


def _goes_on(above: str, below: str) -> bool:
    """Whether a title goes on in the line below it."""
    return bool(_GOES_ON.search(above)) or below[0].islower() or len(above) >= _HARD_WRAPPED


def _looks_like_a_title(line: str) -> bool:
    return (
        len(line) <= 150
        and bool(re.search(r"[^\W\d_]{2}", line))
        and not re.search(r"[.…,;:]$", line)
        and not is_section_heading(line)
    )
