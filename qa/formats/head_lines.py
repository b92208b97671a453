"""The short lines on top of a text, each taken apart: labels, dates, numbers, people, names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from qa.dates import PartialDate
from qa.formats.dates import DateOrder, FoundDate, find_date, find_dates, read_date
from qa.formats.furniture import find_furniture
from qa.formats.labels import LABELS, label_of, label_words, numbered_by
from qa.formats.lines import lines
from qa.formats.numbers import find_number
from qa.formats.organisations import (
    is_kind,
    is_periodical,
    is_section_heading,
    issued_by,
    likely_institution,
    may_name_institution,
    names_institution,
    names_periodical,
)
from qa.formats.people import (
    has_given_name,
    likely_people,
    people_first,
    people_in_line,
    people_stated,
    surely_people,
    who_is,
)
from qa.formats.shapes import SMALL_WORD, STATE, is_institution, name_shaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.schema import Span

TOP = 4_000  # characters in which a header is looked for
_MOST_LINES = 14  # a header is not longer
_MOST_CHARACTERS = 180  # nor is one of its lines
_IN_COLUMNS = 100  # characters of a line with gaps
HARD_WRAPPED = 50  # characters: a line that long may go on in the next
Role = Literal["published", "plain", "event", "updated", "never"]
# Labels that may stand in the head of any text, and make no header by themselves.
_WITHOUT_COLON = re.compile(
    r"(?:reporting period|period covered|reference (?:month|period)|next (?:release|issue)|last (?:updated"
    r"|revised|modified)|(?:updated|revised|heard|mis à jour)(?:\s(?:on|in|at|le)\b|\s[\d(]|\s(?-i:[A-Z])\w{2,8}\.?\s\d|$))",
    re.IGNORECASE,
)
SEPARATOR = re.compile(
    r"(?<=\d\d\d\d)\.\s+(?=[^\W\d_])|(?<=\w\w)\.\s+(?=(?:issued|published|produced|edited|price)\b)|\s\.{2,3}\s|\s*[|•]\s*|\s+(?://|[—–*/-]|--)\s+|\s*·\s*|\s{3,}|\t+|\u3000+",
    re.IGNORECASE,
)
_COLON = re.compile(r"(?<=[^\W\d_]) ?:\s{2,}| :\s")  # "DATE:      9 May" is in no two columns
_URL = re.compile(r"https?://[^\s<>\"”]+[^\s<>\"”.,;)]")
# Numbers that are none of the document's own, addresses and other things that a letterhead says.
_IDENTIFIER = re.compile(
    r"\b(?:isbn|issn|doi|p\.?\s?o\.? box)\b|\b(?:e-?mail|vat|iban|jel)(?: no)?\.?:"
    r"|\b(?:tel(?:ephone)?|phone|fax|mobile|hotline)\b[.:]?\s?(?:no\.?\s?)?[+\d(]"
    r"|\b(?:reg(?:istered|istration)?|charity|company|licen[cs]e|helpline|health line|line)\b[^|]{0,30}\bno\b"
    r"|\breg\. (?:no|charity)|\bregistered in\b|^price\b|\bprice:? ?[\d£$€]|^pages?\b|\b\d+ ?(?:pages|leaves|words"
    r"|pp?)\b|\bmin(?:utes?)? read\b"
    r"|\d comments?\b|\S@\S|\bwww\.|\blicen[cs]e (?:cc|no)\b|^copyright\b|©|\ball rights reserved\b"
    r"|^\+?[\d() /.-]{7,}$"
    r"|\(\d{3}\) \d{3}|\+\d{1,3} \d"
    r"|\b(?:street|road|lane|avenue|stra(?:ss|ß)e|platz|allee|calle|avenida|rue|square|boulevard|quay|dock|wharf|mews|crescent|terrace|parade|embankment)\b[^|:]{0,30},\s(?-i:[A-Z\d])"
    r"|,\s\d{4,6}\s(?-i:[A-Z])|\b(?-i:[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2})\b|^(?-i:ASX|NYSE|LSE|AIM|TSX|NASDAQ|ABN|ACN|ISIN|LEI)\b"
    r"|^\d{1,5}[a-z]?,? (?:[\w.’'-]+ ){0,4}(?:street|st|road|rd|row|avenue|ave|lane|square|boulevard|blvd"
    r"|drive"
    r"|way|quay|dock|wharf|gardens|court|mews|parade|esplanade|embankment|plaza|place|crescent|terrace)\b",
    re.IGNORECASE,
)
_PAGE = re.compile(
    r"(?:\bpages?|[,;]\s?pp?\.?|\spp?\.)\s?\d{1,5}(?:\s?(?:of|[–/-])\s?\d{1,5})?\s{0,3}$", re.IGNORECASE
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
    r"|rédigé|redactado|verfasst|preparado|elaborado|a report|an essay|report|essay|remarks|speech|address|lecture|keynote|talk|testimony|discours|interview) )?(?:by|par|von|por|door|di|av|af)\s+(?=\S)",
    re.IGNORECASE,
)
_EAST_ASIAN_BYLINE = re.compile(
    r"(?:文|撰文|作者|记者|本报记者|記者|글|글쓴이|저자|執筆|著)\s?[/|｜ ]\s{0,3}(?=\S)|(?:本报)?记者(?=\S)"
)
_STATED_BYLINE = re.compile(
    r"(?:written|prepared|compiled|drafted|reviewed|reported|submitted|words|text|story) by\s+|(?:rédigé par|redactado por|verfasst von|preparado por|elaborado por)\s+",
    re.IGNORECASE,
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
    r"|initiative|guide|leaflet|handbook|briefing note|newsletter|statement) (?:by|of|from)"
    r"|(?:published|issued) (?:monthly|weekly|quarterly|annually|daily|fortnightly|twice a year) by|(?:jointly )?organi[sz]ed by"
    r"|herausgegeben von|publié par|éditée? par|publicado por|издано|發行)\s+(?:the\s)?(?=\S)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"(?:the|an?|there|it|he|she|we|they|this|these|that)\s", re.IGNORECASE
)  # as a sentence does
_PREPARERS = ("prepared by", "compiled by", "drafted by", "written by")
_ONLY = re.compile(
    r"(?:original: )?(?:english|french|spanish|russian|arabic|chinese)(?: only)?", re.IGNORECASE
)
_NOT_BY = re.compile(
    r"(?:eds?|editors?|hrsg)\b[.:]?\s(?=\S)"
    r"|(?:edited|translated|photographs?|photos?|illustrated|illustrations?|photography|traduit|übersetzt)\b"
    r".{0,40}\b(?:by|par|von)\s",
    re.IGNORECASE,
)
_DAY = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|montag"
    r"|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lunes|martes|miércoles|jueves|viernes|sábado|domingo"
    r"|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|segunda-feira|terça-feira|quarta-feira|quinta-feira"
    r"|sexta-feira|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|понедельник|вторник|среда|четверг"
    r"|пятница|суббота|воскресенье)"
)
WEEKDAY = re.compile(rf"\b(?:{_DAY}|(?:mon|tue|wed|thu|fri|sat|sun)\.?)[\s,]{{0,3}}$", re.IGNORECASE)
_PUBLISHED = re.compile(
    r"\b(?:published|issued|posted|released?|given on|handed down|dated|(?:report|release|publication|issue) date|^date|date of (?:issue|report"
    r"|publication|release)|delivered|for immediate (?:use|release)|printed|publié"
    r"|veröffentlicht|erschienen|publicado|pubblicato|опубликован\w*|distr|입력|등록|게시|발행|작성|发布|发表)\b",
    re.IGNORECASE,
)
_PUBLISHED_ON = re.compile(
    r"\b(?:published|issued|released|posted|given|delivered|handed down)(?: on)?\s$", re.IGNORECASE
)
_EVENT = re.compile(
    r"\b(?:laid|tabled|launched|submitted|circulated|held|meeting|ending|presented|adopted|approved|conference|session|sitting|embargo(?:ed)?(?: until)?|covered"
    r"|given|read|entered|version|minutes of|statement of|letter of|report of|signed|as of|as at|made)\b",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"(?<!next )\b(?:updated|last update|revised|modified|reviewed|amended|mis à jour|aktualisiert|actualizado|обновлен\w*|수정|更新)\b",
    re.IGNORECASE,
)
_NEVER = re.compile(
    r"\b(?:next|heard|reference|period|valid|expires|deadline"
    r"|until"
    r"|covering|received|accepted|saved|closing|closes|current|declassify|decl|due"
    r"|expiry)\b",
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
    rf"[\s).,;]*(?:$|[(,.;]|by\b|{_DAY}\b|updated|\d\d?[:.h]\s?\d\d|à\s|at\s|um\s|г\b|오[전후]|—|–|-\s)",
    re.IGNORECASE,
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
    r"|(?:final|public) version|english translation|translated\b|summary$|minutes$|restricted(?:$|[ :–-]{1,3}(?:distribution|circulation|access))"
    r"|(?:strictly )?confidential(?:$|\W{1,3}not for)"
    r"|unclassified|(?:draft|version|revision)(?: [\w.]{1,5})?$|published with|embargoed|(?:our )?ref\b"
    r"|all times\b|period covered\b"
    r"|(?:[\w-]+ ){1,3}(?:session|sitting|meeting|edition|year)$|held at\b|present(?:ed)? (?:at|to)\b|original:"
    r"|page \d|menu$|home$|keywords\b|classified(?:$| by)|(?:top )?secret$|(?:strictly )?private(?: and confidential)?$|public$|internal$|unlimited$"
    r"|valid (?:from|until|to|through|for|\d)|in force (?:from|since|as)|effective (?:from|date|as|\d)|supersede[sd]? |withdrawn (?:on|from)|(?:this )?replaces\b|available (?:at|from|online|in)\b"
    r"|(?:supported|funded|sponsored|commissioned|endorsed|hosted|printed|typeset|seconded|moved) by\b"
    r"|with (?:the )?(?:support|assistance|funding|help|thanks)\b|in (?:association|partnership|co-?operation"
    r"|collaboration) with\b|on (?:behalf|the basis) of\b|(?:submitted|addressed|presented|prepared|subject) (?:to|for)\b"
    r"|do not (?:cite|quote|circulate|distribute|copy)|please (?:do|note|quote|send|reply|circulate|cite)|see (?:also|page)\b|no part of\b|continued (?:from|on)|end$|begins?$"
    r"|(?-i:FM|TO|INFO) (?-i:[A-Z ]+)$|(?:from|by) our (?:own )?|(?:type|manu)script(?:$|,)|facsimile$|scan(?:ned)?$|copy(?:$| no\b| \d| for\b)|photographs?(?:$| by)"
    rf"|(?:{_DAY},? )?\d{{1,2}}(?:[–-]\d{{1,2}})? [^\W\d_]+$)",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(
    r"(?:©|\(c\)|copyright)\s{0,3}(?:©|\(c\))?\s{0,3}(?P<year>(?:1[89]|20)\d\d)?(?:\s?[–-]\s?\d{4})?[\s,]{0,3}(?:by )?(?:the )?"
    r"(?P<holder>[^.,|©\d]{3,60})?",
    re.IGNORECASE,
)
_BOXED = re.compile(r"\[(?P<name>[^\[\]]{2,40})\]\s{0,3}(?=\S)")
_LINK = re.compile(r"\[(?P<words>[^\[\]]{1,200})\]\([^()\s]{1,300}\)")
# What stands over a text without being of it.
_NOTICE = re.compile(
    r"(?:this|the present) (?:publication|report|paper|document|text|article|briefing|translation|work|material|message"
    r"|e-?mail) (?:was|is|has|may|does|should|contains|forms)\b|(?:its|the) contents? (?:is|are|of this)\b"
    r"|the (?:views|opinions|findings|designations|information)\b.{0,80}\b(?:are|do|is|does)\b|disclaimer\b"
    r"|you are (?:receiving|reading)\b|views? (?:this|it|in) \b",
    re.IGNORECASE,
)
# "Reprinted from The Lantern"
_TAKEN_FROM = re.compile(
    r"(?:(?:re-?printed|extract(?:ed)?|excerpt(?:ed)?|adapted|taken|reproduced)(?: with permission)? from"
    r"|(?:first |originally )?(?:published|appeared|printed) in)\s(?:the\s(?=[a-z]))?",
    re.IGNORECASE,
)
_SPACED_OUT = re.compile(r"(?<!\S)[^\W\d_](?: [^\W\d_]){2,40}(?!\S)")  # "C O N F I D E N T I A L"
_WITH_PLACE_AND_DATE = re.compile(r"(?P<who>[^()\d]{3,60})\s{1,3}\((?P<when>[^()]{3,60})\)")
_FOR = re.compile(r"(?P<who>[^()\d:,]{3,60})\sfor\s(?:the\s)?(?P<body>[^\W\d_a-z].{3,60})")
_INNER = re.compile(r"(?P<outer>[^()]{4,120})\s\((?P<inner>[^()]{4,60})\)")
_HELD = re.compile(
    r"(?P<name>(?:minutes|record|proceedings|report|summary|notes) of .{3,100}?)\s(?:held|convened)\s",
    re.IGNORECASE,
)
_ACADEMIC = re.compile(
    r"\b(?:universit\w+|college|school|faculty|department|institute of technology)\b", re.IGNORECASE
)
_YEAR_BEHIND = re.compile(r"[,(]\s?(?P<year>(?:1[89]|20)\d\d)\)?[\s,.]*$")
_YEAR = re.compile(r"\(?(?P<year>(?:1[5-9]|20)\d\d)\)?\.?")
_DESCRIBES = re.compile(
    r"(?:an?|the|our)\s(?:[\w-]+\s)?(?:newsletter|blog|magazine|bulletin|journal|podcast|periodical"
    r"|digest|review|paper|publication)\s(?:on|for|about|of|from|by)\b",
    re.IGNORECASE,
)
_KIND_BY = re.compile(
    r"(?:(?:press|joint|public|open) )?(?:statement|communiqué|declaration|letter|message|submission"
    r"|appeal|release)"
    r"\s(?:by|of|from)\s(?:the\s)?",
    re.IGNORECASE,
)
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_AFFILIATION = re.compile(
    r"(?:\(?\d{1,2}\)|[*†‡§¹²³⁴-⁹]+)\s*\S"
    r"|(?:the )?(?:author|writer)s? (?:is|are)\b"
    r"|(?:(?:senior|junior|visiting|research|associate|assistant|adjunct|emeritus|policy|programme"
    r"|program)\s+)*"
    r"(?:fellow|lecturer|professor|researcher|analyst|director|scholar|correspondent|officer|student|reader"
    r"|specialist|economist|adviser|advisor|candidate)\b",
    re.IGNORECASE,
)
_EVENT_LINE = re.compile(
    r"(?:(?:paper|remarks|speech|address|lecture|talk|keynote|statement|text)\s)?(?:as )?"
    r"(?:presented|delivered|given|read|held|prepared|submitted)\s(?:at|for|to|before|in)\s",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Dated:
    """A date of the header, and what it is the date of."""

    found: FoundDate
    written: str
    role: Role


@dataclass(slots=True)
class Name:
    """Words of a header that may name its publisher, its series or its title."""

    text: str
    line: int  # the number of its line
    leads: bool = False  # whether it stands first in a line that holds a number or date too
    beside: bool = False  # whether it shares its line with something else
    dated: bool = False  # whether a date follows it behind a comma
    numbered: bool = False  # whether a number follows it at once
    person: bool = False  # whether it may name people


@dataclass(slots=True)
class Line:
    """A line of the top of the text, taken apart; `span` is None of what stands on the page only."""

    words: str
    span: Span | None
    block: int
    stated: dict[str, str] = field(default_factory=dict)
    dates: list[Dated] = field(default_factory=list)
    number: str = ""
    series: str = ""
    bare: bool = False  # whether the number is a code without "No." or the like
    volume: bool = False  # whether the number is of a volume
    issue: bool = False  # whether it is that of an issue, whatever of
    url: str = ""
    owner: str = ""  # whose the copyright is
    people: str = ""  # the line names people, and may be there for that
    names: list[Name] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    aside: bool = False  # whether it is there for a contact or the like

    @property
    def states_something(self) -> bool:
        """Whether it holds a date, a number, an address or a label."""
        return bool(self.dates or self.number or self.url or self.stated)


@dataclass(slots=True)
class Top:
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


def top_of(text: str) -> Top:
    """Return the short lines that a text begins with."""
    furniture = {
        span
        for span in find_furniture(text[:TOP])
        if find_date(line := text[span.start : span.end]) is None and not _COPYRIGHT.match(line)
    }
    top = Top()
    for number, block in enumerate(_blocks(text)):
        words = [text[span.start : span.end] for span in block]
        wrapped = _hard_wrapped(words)
        for position, span in enumerate(block):
            if _NOTICE.match(words[position]) and len(words[position]) <= _MOST_CHARACTERS:
                continue
            if span in furniture or not any(map(str.isalnum, words[position])):
                continue  # a rule of dashes or stars is no text
            heads = not top.lines and words[position][0] == "#"
            prose = (_is_prose(words[position]) and not heads) or bool(
                not top.lines and who_is(words[position])
            )
            if position == wrapped or prose or len(top.lines) == _MOST_LINES:
                top.prose = span.start
                return top
            top.lines.append((span, number))
    return top


def _hard_wrapped(block: Sequence[str]) -> int:
    """Return where a paragraph begins in lines that stand together, -1 where they hold none."""
    for position in range(1, len(block)):
        goes_on = block[position][0].islower() and len(block[position - 1]) > HARD_WRAPPED
        ends = re.search(r"[.!?…][”’\"')\]]*$", block[-1]) or len(block) - position > 2
        if goes_on and ends and not label_of(block[position])[0]:
            return position - 1
    return -1


def _is_prose(line: str) -> bool:
    columns = re.search(r"\s{3,}", line)
    line = " ".join(line.split())
    if columns and len(line) <= _IN_COLUMNS:
        return False
    if _COPYRIGHT.match(line) and len(line) <= 120:
        return False
    label, start = label_of(_unlisted(line))
    if label and len(line) <= _MOST_CHARACTERS and not _says(line[start:]):
        return False
    if (
        len(line) > _MOST_CHARACTERS
        or (
            _BODY_START.match(line)
            and not find_date(line[:30])
            and not (line[0] == "#" and has_given_name(people_in_line(line.lstrip("# "))))
        )
        or (len(line) > 60 and line[-1] in "-,")
    ):
        return True
    if line[-1] in ",;：" or (line[-1] == ":" and len(line) > 60) or re.search(r";\s?and$", line):
        return True  # "THE GENERAL ASSEMBLY,"
    if line.isupper() and len(line) <= 100 and len(line.split()) > 2:
        return False  # the headline of an old newspaper has a full stop
    if is_section_heading(line) or _SENTENCE_CJK.search(line) or _TWO_SENTENCES.fullmatch(line):
        return True
    if not _SENTENCE.match(line) or label_of(line)[0] or who_is(line) or _ABBREVIATED.search(line):
        return False
    if (by := _BYLINE.match(line)) and has_given_name(people_first(line[by.end() :])):
        return False
    if len(line) <= 120 and any(_PUBLISHED_ON.search(line[: date.start]) for date in find_dates(line)):
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


def take_apart(words: str, span: Span | None, block: int, order: DateOrder) -> Line:
    """Take a line apart: what it states, and the names that are left."""
    line = Line(words, span, block)
    rest = _COLON.sub(": ", cells(words))
    if rest[:1] == "[" and rest[-1:] == "]" and label_of(rest[1:-1])[0]:
        rest = rest[1:-1]
    rest = re.sub(r"\s{2,3}(?=\()", " ", rest)
    parts = [part.strip() for part in SEPARATOR.split(rest) if part and part.strip()]
    if " > " in rest or " › " in rest or " » " in rest:  # where a page stands in its site
        parts = [re.split(" [>›»] ", rest)[0]]
    labelled = [bool(label_of(part)[0]) for part in parts]
    if (labelled and labelled[0] and sum(labelled) == 1) or (label_of(rest)[0] and not label_words(rest)):
        parts = [rest]
    for part in parts:
        label, start = label_of(part)
        if label == "aside" and _says(part[start:]):
            line.names.append(Name(part, 0))  # "Source: A trader said that prices rose."
        elif label:
            _takelabel_of(line, label, part[start:].strip(), order)
        else:
            _take_part(line, part, order, shared=len(parts) > 1)
    surely = any(_are_people(people_in_line(name.text), name.text) for name in line.names if name.person)
    if not (line.states_something or surely or line.kinds or line.aside or "|" in rest) and (
        len(line.names) > 1
        and sum(is_institution(name.text) and not STATE.match(name.text) for name in line.names) != 1
    ):
        line.names, line.people = [Name(_tidy(rest), 0)], ""  # a dash or a bar here is part of the name
    if len(line.names) == 1 and _DESCRIBES.match(line.names[0].text) and not issued_by(line.names[0].text):
        line.names, line.aside = [], True
    _sort_people(line)
    for name, described in pairwise(list(line.names)):
        if _DESCRIBES.match(described.text):  # "Ballot Box — a newsletter on African elections"
            line.series, line.people = name.text, ""
            line.names = [each for each in line.names if each not in (name, described)]
            break
    for name in line.names:
        name.leads = name is line.names[0] and bool(line.number or line.dates) and not line.stated
    return line


def _sort_people(line: Line) -> None:
    """Take for people, of several names in a line or beside a number, only those that surely are."""
    people = [name for name in line.names if name.person]
    sure = [name for name in people if _are_people(people_in_line(name.text), name.text)]
    if line.number or (len(people) > 1 and sure):
        for name in people:
            name.person = name in sure
        line.people = "; ".join(people_in_line(name.text) for name in sure)


def _are_people(who: str, written: str) -> bool:
    body = written.rpartition(",")[2] if "," in written else ""
    return surely_people(who) or (likely_people(who) and bool(_body(body)))


def _says(value: str) -> bool:
    """Whether what stands behind a label is a sentence."""
    return len(value.split()) > 4 and value.endswith((".", "?", "!", "…", ":"))


def cells(words: str) -> str:
    """Take the marks of Markdown off a line; of a row of a table with a label, make "label: value"."""
    if words.startswith("|"):
        cells = [cell.strip() for cell in words.strip("|").split("|")]
        if len(cells) == 2 and cells[0].lower() in LABELS:
            return f"{cells[0]}: {cells[1]}"
        return "" if not any(re.search(r"[^\W\d_]", cell) for cell in cells) else " | ".join(cells)
    words = (
        re.sub(r"^#+(?:\s|\+)", "", _LINK.sub(r"\g<words>", words).lstrip("> "))
        .lstrip("> ")
        .lstrip("+:~=% ")
        .rstrip("~= ")
    )
    spaced = _SPACED_OUT.sub(lambda match: match[0].replace(" ", ""), words)
    return _unlisted(re.sub(r"\s{2,}", " ", spaced) if spaced != words else words)


def _unlisted(line: str) -> str:
    """Take the mark of a list off a line that has a label."""
    bare = line.lstrip("-•*– ")
    return bare if bare != line and label_of(bare)[0] else line


def _takelabel_of(line: Line, name: str, value: str, order: DateOrder) -> None:
    value = value.strip(" *_")
    if name == "published":
        date, note = read_date(value, order)
        if date or note:
            role: Role = "plain" if label_words(line.words).startswith("posted") else "published"
            line.dates.append(Dated(FoundDate(0, 0, date, note), value, role))
        line.aside = True
    elif name == "url":
        line.url = value if _URL.fullmatch(value) else ""
    elif name == "author" and label_words(line.words) in _PREPARERS and (body := _body(value)):
        line.stated["publisher"] = body
    elif name == "author":
        line.stated["author"] = people_stated(
            re.sub(r"<[^<>]{0,100}>|\[mailto:[^\[\]]{0,100}\]|[\w.+-]{1,64}@\S{1,100}", "", value)
        )
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


def _take_part(line: Line, part: str, order: DateOrder, *, shared: bool) -> None:
    """Take dates, number and people out of a part of a line; what is left of it are names."""
    if _URL.fullmatch(part):
        line.url = line.url or part
        return
    if (
        part.startswith("[") and part.endswith("]") and not find_number(part[1:-1]).number
    ) or _ONLY.fullmatch(part):
        line.aside = True
        return
    if _WITHOUT_COLON.match(part) or _NOT_BY.match(part) or _SEASON.fullmatch(part):
        line.aside = True
        return
    part = _PAGE.sub("", part)
    if owned := _COPYRIGHT.match(part):
        line.aside, holder = True, _tidy(owned["holder"] or "")
        if holder and name_shaped(holder) and not has_given_name(holder):
            line.owner = holder
        if owned["year"]:
            line.dates.append(_of_year(owned["year"]))
        return
    if taken := _TAKEN_FROM.match(part):
        line.aside = True
        when = next(find_dates(part, order), None)
        name = _tidy(part[taken.end() : when.start if when else len(part)])
        if when:
            line.dates.append(Dated(when, part[when.start : when.end], "event"))
        if is_institution(name) or is_periodical(name):
            line.stated["publisher"] = name
        return
    if (boxed := _BOXED.match(part)) and _EAST_ASIAN.search(boxed["name"]):
        line.names.append(Name(boxed["name"], 0, beside=True))
        part = part[boxed.end() :]
    if code := numbered_by(part):
        line.number, line.bare = line.number or code, True
        return
    if (year := _YEAR.fullmatch(part)) and (not shared or line.number):
        line.dates.append(_of_year(year["year"]))
        return
    signed = _WITH_PLACE_AND_DATE.fullmatch(part)
    who = people_in_line(signed["who"].strip()) if signed else ""
    if signed and who and (find_date(signed["when"], order) or has_given_name(who)):
        line.stated["author"] = who
        line.dates += [Dated(found, signed["when"], "plain") for found in find_dates(signed["when"], order)]
        return
    held = _HELD.match(part)
    if held and len(held["name"].split()) > 2:  # "Minutes of the meeting held on 8 November 2016"
        day = find_date(part, order)
        line.dates += [Dated(day, part[day.start : day.end], "event")] if day else []
        part = held["name"]
    inner = _INNER.fullmatch(part)
    if inner and find_date(inner["inner"], order):  # "Situation Report No. 7 (as of 21 October 2020)"
        _without_dates(line, inner["inner"], order, shared=shared)
        part = inner["outer"]
    rest, dated = _without_dates(line, part, order, shared=shared)
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
    if part.startswith("(") and part.endswith(")") and not find_number(part).number:
        line.aside = True
        return
    if (work := _FOR.fullmatch(_tidy(rest))) and surely_people(who := people_in_line(work["who"])):
        line.stated["author"] = who
        if names_institution(work["body"]) or may_name_institution(work["body"]):
            line.stated["publisher"] = work["body"]
        return
    if sent := re.match(
        r"(?:from|to)\s(?:the |all )?(?=(?-i:[^\W\d_a-z]))|to (?:all|the)\s", rest, re.IGNORECASE
    ):
        sender = _tidy(rest[sent.end() :])
        if rest[0] in "Ff" and name_shaped(sender.split(",")[0]) and not shared:
            line.stated["publisher"] = sender if _body(sender) else ""
        if rest[:2].lower() == "to" or name_shaped(sender.split(",")[0]):
            line.aside = True
            return
    if _ANONYMOUS.fullmatch(rest):
        line.aside = True
        if re.match(r"by staff\b", rest, re.IGNORECASE):
            line.people = rest[3:].strip()
        return
    if issued := _ISSUED.match(rest):
        name = re.sub(
            r"\s(?:on|in|am|le)$|\s(?:for use|with|in|on behalf)\s.*$", "", _tidy(rest[issued.end() :])
        )
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
        first = people_first(rest[by.end() :])
        after = rest[by.end() :].partition(", ")[2]
        if not who and (" " in by.group().strip() or (surely_people(first) and not _GOES_ON.match(after))):
            who = first  # "Speech by Dr Alma Reinholt, Governor of the Bank"
        body = _body(rest.partition(", ")[2])
        if who and body and not _ACADEMIC.search(body):
            line.owner = body
        body = _body(rest[by.end() :])
        if not who and body:
            line.stated["publisher"] = body
            return
        if stated:
            who = people_stated(rest[by.end() :])
        if who:
            line.stated["author"] = who
            return
    if (by := re.search(r"\sby\s", rest)) and dated and (who := people_in_line(_tidy(rest[by.end() :]))):
        line.stated["author"] = who
        return
    found = find_number(rest.strip("[]. ")) if not line.number else None
    if line.volume and "(" not in line.number and (issue := find_number(rest)).number and not issue.bare:
        line.number = f"{line.number}({issue.number})"
        return
    if found and found.volume and (year := _YEAR_BEHIND.search(rest)):
        line.dates.append(_of_year(year["year"]))
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
    if all(SMALL_WORD.fullmatch(word) for word in name.split()) or (
        line.dates and shared and name[0].islower()
    ):
        return
    body, kind = _apart_from_kind(name)
    if kind:  # "Keel Institute issue brief"
        line.kinds.append(kind)
        name = body
    elif dated and (by := _KIND_BY.match(name)) and is_institution(name[by.end() :]):
        name = name[by.end() :]  # "Press statement by the Union of Lightermen, 3 May 2010"
    if name.endswith("文件") and names_institution(name[:-2]):
        name = name[:-2]  # "东岭省交通运输厅文件": the head of an official document
    kind, comma, other = name.partition(", ")
    if comma and is_kind(kind) and other[:1].isupper():
        line.kinds.append(kind)
        name = other
    who = people_in_line(name)
    body = _body(name.rpartition(",")[2].strip()) if who and "," in name else ""
    if body and not _ACADEMIC.search(body):
        line.owner = body  # "Rukhsana Ali, Lantern Relief International"
    if who:
        line.people = f"{line.people}; {who}" if line.people else who
    line.names.append(
        Name(
            name,
            0,
            beside=shared or bool(dated or line.number),
            dated=bool(dated and not shared),
            person=bool(who),
        )
    )
    if found and found.number:
        line.names[-1].numbered = bool(found.rest)


def _body(words: str) -> str:
    """Return the institution that words behind "by" or "from" name, "" where they name none."""
    name = re.sub(
        r"^(?:[\w-]+\s){0,3}?(?:governor|president|director|chair\w*|head|secretary|ceo|member|minister|economist|fellow)"
        r"(?:\sgeneral)?(?:\sof|\sat|\sfor|,)\s",
        "",
        _tidy(words),
        flags=re.IGNORECASE,
    )
    name = re.sub(r"^the\s|\s(?:for use|with|on behalf)\s.*$", "", name)
    head = name.split(",")[0]
    named = is_institution(name) or is_institution(head) or likely_institution(head)
    if not (is_institution(name) and name.count(",") < 2) or "(" in name:
        name = head
    return name if named and len(name) <= 100 and name[:1].isupper() else ""


def _of_year(year: str) -> Dated:
    return Dated(FoundDate(0, 0, PartialDate(int(year))), year, "event")


def _apart_from_kind(name: str) -> tuple[str, str]:
    """Part an institution's name from the kind of document that follows it."""
    words = name.split()
    if is_periodical(name):
        return name, ""
    body, colon, kind = name.partition(": ")
    if colon and is_kind(kind) and name_shaped(body):
        return body, kind
    for at in range(1 if _EAST_ASIAN.search(name) else 2, len(words)):
        body, kind = " ".join(words[:at]), " ".join(words[at:])
        told = is_kind(kind) or (is_kind(words[at]) and words[at + 1 : at + 2] in (["for"], ["to"]))
        if told and not is_kind(body) and names_institution(body) and is_institution(body):
            return body, kind
    return name, ""


def _tidy(name: str) -> str:
    name = name.strip(" ,;:–—-*_~=")
    if name.count("(") != name.count(")"):
        name = name.strip(" ,;:–—-()")
    name = name.removesuffix(".") if not _ABBREVIATED.search(name) and name.count(".") == 1 else name
    return re.sub(r"\s+", " ", name)


def _without_dates(line: Line, part: str, order: DateOrder, *, shared: bool) -> tuple[str, bool]:
    """Take the dates for which a part of a line is there out of it; say whether it had any."""
    rest, cut, taken = "", 0, False
    for found in find_dates(part, order):
        before, after = part[cut : found.start], part[found.end :]
        role = _role(before)
        weekday = WEEKDAY.search(before)
        if _RANGE.search(before):
            role = "never"
            if re.search(r"[^\W\d_]", _RANGE.sub("", before)):
                continue  # "Results for the half year to 30 June 2010"
        lead = before[: weekday.start()] if weekday else before
        lead = re.sub(r"^\d\d?[:.h]\d\d\s?(?:[AaPp]\.?[Mm]\.?)?[\s,]*$", "", lead)
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
            series = name.isupper() and " " in name and isinstance(found.date, PartialDate)
            name = "" if _is_place(name) and not (shared and " " in name) and not series else name
            if name and not _may_be_dated(name) and role == "plain" and not found.note:
                role = "event"  # "Fire aboard MV Calder Star, 11 August 2013"
            if isinstance(found.date, PartialDate) and not _may_be_dated(name):
                continue  # "Consumer Price Index, April 2024": of the month, not from it
        elif _PLACE.fullmatch(f"{lead} "):
            name = ""
        else:
            continue
        if role != "never":
            line.dates.append(Dated(found, part[found.start : found.end], role))
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
            line.dates.append(Dated(FoundDate(0, 0, date), year["year"], "event"))
            return year["name"], True
        return part, False
    after = part[cut:]
    after = re.sub(r"^[\s,]*(?:\d\d?[:.h]\s?\d\d\s?(?:[ap]\.?m\.?)?)", "", after, flags=re.IGNORECASE)
    if re.match(r"\s?,", after) and not names_institution(after) and not find_number(after).number:
        after = ""  # "16 November 2022, 18:00, Old Customs House"
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
    if names_institution(name) or names_periodical(name) or name.startswith("The "):
        return False
    return not has_given_name(name)


def _may_be_dated(name: str) -> bool:
    return bool(
        not name
        or names_institution(name)
        or is_periodical(name)
        or surely_people(people_in_line(name))
        or ((work := _FOR.fullmatch(name)) and people_in_line(work["who"]))
        or is_kind(name)
        or find_number(name).number
        or re.fullmatch(r"[^\W\d_][\w’'-]*", name)
    )


def _role(before: str) -> Role:
    """Tell what a date is the date of, by the words that stand before it."""
    plain: tuple[int, Role] = (0, "plain")
    last = max(
        ((match.end(), role) for role, pattern in _ROLES for match in pattern.finditer(before)), default=plain
    )
    return last[1]


_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("published", _PUBLISHED),
    ("event", _EVENT),
    ("updated", _UPDATED),
    ("never", _NEVER),
)
