"""Takes a line of a head apart: labels, dates, numbers, people, names."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from qa.formats.heads.issue_dates import DAY, FOR, ISSUED, without_dates, year_alone
from qa.formats.heads.labels import LABELS, label_of, label_words, numbered_by
from qa.formats.heads.line_parts import HeadDate, Line, Name, Role
from qa.formats.heads.numbers import find_number
from qa.text.name_classes import SMALL_WORD, STATE, has_name_form, is_institution, may_own
from qa.text.organisations import (
    is_kind,
    is_periodical,
    is_section_heading,
    issued_by,
    likely_institution,
    may_name_institution,
    names_institution,
)
from qa.text.people import (
    has_given_name,
    likely_people,
    people_first,
    people_in_line,
    people_stated,
    surely_people,
    who_is,
)
from qa.text.written_dates import DateOrder, FoundDate, find_date, find_dates, read_date

if TYPE_CHECKING:
    from qa.schema import Span

HARD_WRAPPED = 50  # characters: a line of this length may go on in the next line
# Labels without a colon. They may stand in the head of any text, and do not make a header by themselves.
_WITHOUT_COLON = re.compile(
    r"(?:reporting period|period covered|reference (?:month|period)|next (?:release|issue)|last (?:updated"
    r"|revised|modified)|(?:updated|revised|heard|mis à jour)(?:\s(?:on|in|at|le)\b|\s[\d(]"
    r"|\s(?-i:[A-Z])\w{2,8}\.?\s\d|$))",
    re.IGNORECASE,
)
SEPARATOR = re.compile(
    r"(?<=\d\d\d\d)\.\s+(?=[^\W\d_])|(?<=\w\w)\.\s+(?=(?:issued|published|produced|edited|price)\b)"
    r"|\s\.{2,3}\s|\s*[|•]\s*|\s+(?://|[—–*/-]|--)\s+|\s*·\s*|\s{3,}|\t+|\u3000+",
    re.IGNORECASE,
)
_COLON = re.compile(
    r"(?<=[^\W\d_]) {0,12}:\s{1,40}|(?<=[.)\]]):\s{2,40}| :\s"
)  # "DATE:      9 May" is not two columns
_URL = re.compile(r"https?://[^\s<>\"”]+[^\s<>\"”.,;)]")
# Numbers that are not the document's number, addresses and other contents of a letterhead.
_IDENTIFIER = re.compile(
    r"\b(?:isbn|issn|doi|p\.?\s?o\.? box)\b|\b(?:e-?mail|vat|iban|jel)(?: no)?\.?:"
    r"|\b(?:tel(?:ephone)?|phone|fax|mobile|hotline)\b[.:]?\s?(?:no\.?\s?)?[+\d(]"
    r"|\b(?:reg(?:istered|istration)?|charity|company|licen[cs]e|helpline|health line|line)\b[^|]{0,30}\bno\b"
    r"|\breg\. (?:no|charity)|\bregistered in\b|^price\b|\bprice:? ?[\d£$€]|^pages?\b|\b\d+ ?(?:pages"
    r"|leaves|words"
    r"|pp?)\b|\bmin(?:utes?)? read\b"
    r"|\d comments?\b|\S@\S|\bwww\.|\blicen[cs]e (?:cc|no)\b|^copyright\b|©|\ball rights reserved\b"
    r"|^(?!\d{3,6}/\d{2,4}$)\+?[\d() /.-]{7,}$"
    r"|\(\d{3}\) \d{3}|\+\d{1,3} \d"
    r"|\b(?:street|road|lane|avenue|stra(?:ss|ß)e|platz|allee|calle|avenida|rue|square|boulevard|quay"
    r"|dock|wharf|mews|crescent|terrace|parade|embankment)\b[^|:]{0,30},\s(?-i:[A-Z\d])"
    r"|,\s\d{4,6}\s(?-i:[A-Z])|\b(?-i:[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2})\b|^(?-i:ASX|NYSE|LSE|AIM|TSX"
    r"|NASDAQ|ABN|ACN|ISIN|LEI)\b"
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
BYLINE = re.compile(
    r"(?:(?:written|delivered|presented|reporting|words|text|story|prepared|compiled|drafted|reviewed|posted|reported|submitted"
    r"|rédigé|redactado|verfasst|preparado|elaborado|a report|an essay|report|essay|remarks|speech"
    r"|address|lecture|keynote|talk|testimony|discours|interview) )?(?:by|par|von|por|door|di|av"
    r"|af)\s+(?=\S)",
    re.IGNORECASE,
)
_EAST_ASIAN_BYLINE = re.compile(
    r"(?:文|撰文|作者|记者|本报记者|記者|글|글쓴이|저자|執筆|著)\s?[/|｜ ]\s{0,3}(?=\S)|(?:本报)?记者(?=\S)"
)
_STATED_BYLINE = re.compile(
    r"(?:written|prepared|compiled|drafted|reviewed|reported|submitted|words|text|story) by\s+"
    r"|(?:rédigé par|redactado por|verfasst von|preparado por|elaborado por)\s+",
    re.IGNORECASE,
)
# "东海国际问题研究所主办"
_ISSUER_FIRST = re.compile(r"(?P<body>[\u4e00-\u9fff]{4,30})(?:主办|主編|编印|印发|出版|发行|发布)")
_TAKEN_ON = re.compile(
    r"(?:published|printed|posted) (?:on|in|from) (?P<name>[^()]{3,60}) \(https?:", re.IGNORECASE
)
# "Open Hands International, Kilembwe field office"
_OFFICE_OF = re.compile(
    r"(?P<body>(?-i:[^\Wa-z\d_])[^\d,:()]{3,60}), (?:the )?(?:(?-i:[^\Wa-z\d_])[\w’'-]+ ){1,2}"
    r"(?:(?:field|country|regional|district|liaison) )?(?:office|delegation|bureau)",
    re.IGNORECASE,
)
_POSTED_BY = re.compile(
    r"(?:posted|submitted|published|uploaded|added) by (?:the )?(?P<who>(?-i:[^\Wa-z\d_])[^"
    r"|\d]{2,60}?),? on\s"
    r"(?=[^|]{0,14}\d)",
    re.IGNORECASE,
)
# "Case note by Priya Nandakumar, LL.M.", "typed up by Marge Dunleavy"
_WORK_BY = re.compile(
    r"(?:[^\W\d_][\w’'-]*\s){0,3}(?:notes?|comment(?:ary)?|reviews?|reports?|essays?|columns?|articles?|analysis|remarks"
    r"|speech|address|lecture|statement|letter|summary|brief(?:ing)?|dispatch|feature|story|typed up"
    r"|noted down"
    r"|recorded|edited version|interview) by\s(?P<who>(?-i:[^\Wa-z\d_]).{3,100})",
    re.IGNORECASE,
)
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
ABBREVIATED = re.compile(r"(?:\b[^\W\d_]|\b(?:Ltd|Inc|Co|Corp|No|Jr|Sr|St|eds?|edn|vol))\.$")
_REMARK = re.compile(
    r"(?:check (?:against|on) delivery|agenda item\b|(?:edited|revised|updated|reviewed|compiled) by$"
    r"|\.\. [\w-]+::|table of contents$|for (?:immediate"
    r"|release|partners|district doctors|the press|attention)\b|not for\b|by our\b"
    r"|(?:final|public) version|english translation|translated\b|summary$|minutes$|restricted(?:$"
    r"|[ :–-]{1,3}(?:distribution|circulation|access))"
    r"|(?:strictly )?confidential(?:$|\W{1,3}not for)"
    r"|unclassified|(?:draft|version|revision)(?: [\w.]{1,5})?$|published with|embargoed|(?:our )?ref\b"
    r"|all times\b|period covered\b"
    r"|(?:[\w-]+ ){1,3}(?:session|sitting|meeting|edition|year)$|held at\b|present(?:ed)? (?:at|to)\b"
    r"|original:"
    r"|(?:(?:action|name|date|signature|number|description|title|reference|version|author|revision)\s?){1,8}$"
    r"|(?:[\w-]+ )?draft$|(?:exhibit|annexe?|attachment|enclosure) [\w.-]{1,8}$"
    r"|page \d|menu$|home$|keywords\b|classified(?:$| by)|(?:top )?secret$"
    r"|(?:strictly )?private(?: and confidential)?$|public$|internal$|unlimited$"
    r"|valid (?:from|until|to|through|for|\d)|in force (?:from|since|as)|effective (?:from|date|as|\d)"
    r"|supersede[sd]? |withdrawn (?:on|from)|(?:this )?replaces\b|available (?:at|from|online|in)\b"
    r"|(?:supported|funded|sponsored|commissioned|endorsed|hosted|printed|typeset|seconded|moved) by\b"
    r"|with (?:the )?(?:support|assistance|funding|help|thanks)\b|in (?:association|partnership|co-?operation"
    r"|collaboration) with\b|on (?:behalf|the basis) of\b|(?:submitted|addressed|presented|prepared"
    r"|subject) (?:to|for)\b"
    r"|do not (?:cite|quote|circulate|distribute|copy)|please (?:do|note|quote|send|reply|circulate"
    r"|cite)|see (?:also|page)\b|no part of\b|continued (?:from|on)|end$|begins?$"
    r"|(?-i:FM|TO|INFO) (?-i:[A-Z ]+)$|(?:from|by) our (?:own )?|(?:type|manu)script(?:$|,)|facsimile$"
    r"|scan(?:ned)?$|copy(?:$| no\b| \d| for\b)|photographs?(?:$| by)"
    rf"|(?:{DAY},? )?\d{{1,2}}(?:[–-]\d{{1,2}})? [^\W\d_]+$)",
    re.IGNORECASE,
)
COPYRIGHT = re.compile(
    r"(?:©|\(c\)|copyright)\s{0,3}(?:©|\(c\)|copyright)?\s{0,3}(?P<years>(?:(?:1[89]|20)\d\d[\s,–-]{0,3}){0,20})"
    r"(?:by )?(?:the )?(?P<holder>(?:[^.,|©\d]|(?<=\s[A-Z])\.){3,60})?",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(r"(?<=\w)\s{0,3}<[\w.+-]{1,64}@[^<>\s]{1,100}>$")  # "Ann Osei <osei@example.org>"
_VERSION = re.compile(r"(?:version|edition|release|revision)\b", re.IGNORECASE)
_BEHIND_BYLINE = re.compile(
    r"\s(?=\d)|,?\swith\s"
)  # "By Ann Osei 10/ 5/11", "by Ann Osei, with drawings by …"
_BOXED = re.compile(r"\[(?P<name>[^\[\]]{2,40})\]\s{0,3}(?=\S)")
_LINK = re.compile(r"\[(?P<words>[^\[\]]{1,200})\]\([^()\s]{1,300}\)")
# "Reprinted from The Lantern"
_TAKEN_FROM = re.compile(
    r"(?:(?:re-?printed|extract(?:ed)?|excerpt(?:ed)?|adapted|taken|reproduced)(?: with permission)? from"
    r"|(?:first |originally )?(?:published|appeared|printed) in)\s(?:the\s(?=[a-z]))?",
    re.IGNORECASE,
)
_SPACED_OUT = re.compile(r"(?<!\S)[^\W\d_](?: [^\W\d_]){2,40}(?!\S)")  # "C O N F I D E N T I A L"
_WITH_PLACE_AND_DATE = re.compile(r"(?P<who>[^()\d]{3,60})\s{1,3}\((?P<when>[^()]{3,60})\)")
_INNER = re.compile(r"(?P<outer>[^()]{4,120})\s\((?P<inner>[^()]{4,60})\)")
_HELD = re.compile(
    r"(?P<name>(?:minutes|record|proceedings|report|summary|notes) of .{3,100}?)\s(?:held|convened)\s",
    re.IGNORECASE,
)
ACADEMIC = re.compile(
    r"\b(?:universit\w+|college|school|faculty|department|institute of technology)\b", re.IGNORECASE
)
_YEAR_BEHIND = re.compile(r"[,(]\s?(?P<year>(?:1[89]|20)\d\d)\)?[\s,.]*$")
_YEAR = re.compile(r"\(?(?P<year>(?:1[5-9]|20)\d\d)\)?\.?")
_DESCRIBES = re.compile(
    r"(?:an?|the|our)\s(?:[\w-]+\s)?(?:newsletter|blog|magazine|bulletin|journal|podcast|periodical"
    r"|digest|review|paper|publication)\s(?:on|for|about|of|from|by)\b",
    re.IGNORECASE,
)
EAST_ASIAN = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")
_AFFILIATION = re.compile(
    r"(?:\(?\d{1,2}\)|[*†‡§¹²³⁴-⁹]+)\s*\S"
    r"|(?:the )?(?:author|writer)s? (?:is|are)\b"
    r"|(?:(?:senior|junior|visiting|research|associate|assistant|adjunct|emeritus|policy|programme"
    r"|program)\s+)*"
    r"(?:fellow|lecturer|professor|researcher|analyst|director|scholar|correspondent|officer|student|reader"
    r"|(?:permanent |special )?representative (?:of|to)\b.*|specialist|economist|adviser|advisor"
    r"|candidate)\b",
    re.IGNORECASE,
)
_EVENT_LINE = re.compile(
    r"(?:(?:paper|remarks|speech|address|lecture|talk|keynote|statement|text)\s)?(?:as )?"
    r"(?:presented|delivered|given|read|held|prepared|submitted)\s(?:at|for|to|before|in)\s",
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
            _read_part(line, part, order, shared=len(parts) > 1)
    if line.aside and _VERSION.match(rest) and not line.dates:  # "Version 1.4, 31 May 2015"
        line.dates += [
            HeadDate(found, rest[found.start : found.end], "plain") for found in find_dates(rest, order)
        ]
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
        line.names, line.people = [Name(_trimmed(rest), 0)], ""  # a dash or a bar here is part of the name
    if len(line.names) == 1 and _DESCRIBES.match(line.names[0].text) and not issued_by(line.names[0].text):
        line.names, line.aside = [], True
    _keep_sure_people(line)
    for name, described in pairwise(line.names):
        if _DESCRIBES.match(described.text):  # "Ballot Box — a newsletter on African elections"
            line.series, line.people = name.text, ""
            line.names = [each for each in line.names if each not in (name, described)]
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
    return surely_people(who) or (likely_people(who) and bool(_institution_in(body)))


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
    if name in ("published", "updated"):
        date, note = read_date(value, order)
        if by := re.search(r"\sby (?:the )?(?=[^\W\da-z_])", value):
            body = _trimmed(value[by.end() :])
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
        line.url = value if _URL.fullmatch(value) else ""
    elif name == "author" and label_words(line.words) in _PREPARERS and (body := _institution_in(value)):
        line.stated["publisher"] = body
    elif name == "author":
        line.stated["author"] = people_stated(
            re.sub(r"<[^<>]{0,100}>|\[mailto:[^\[\]]{0,100}\]|(?<![\w.+-])[\w.+-]{1,64}@\S{1,100}", "", value)
        )
    elif name == "credit":
        who = people_in_line(re.split(r",\s(?=\d)", value)[0])
        if surely_people(who) or likely_people(who):
            line.stated["author"] = who
            line.dates += [
                HeadDate(found, value[found.start : found.end], "plain") for found in find_dates(value, order)
            ]
        else:
            _read_part(line, line.words, order, shared=False)
    elif name == "aside":
        line.aside = True
        if line.words.lower().startswith(("ref", "our ref")) and re.search(r"\d", value):
            found = find_number(value)
            line.number, line.bare = found.number, True
        if line.words.lower().startswith("source") and (is_institution(value) or is_periodical(value)):
            line.stated["publisher"] = value
    elif name == "within":
        found = find_number(re.sub(r",\s(?:19|20)\d\d\.?$", "", value))
        line.number, line.series, line.volume = found.number, found.series, found.volume
    elif name == "number":
        found = find_number(value)
        if found.number or re.search(r"\d", value):
            line.number, line.series = found.number or value.strip(" ."), found.series
        else:
            _read_part(line, line.words, order, shared=False)
    else:
        line.stated[name] = value


# Long: it is still to be split.
def _read_part(line: Line, part: str, order: DateOrder, *, shared: bool) -> None:  # noqa: C901
    """Move dates, number and people from a part of a line to `line`. The rest of the part is a name."""
    if _URL.fullmatch(part):
        line.url = line.url or part
        return
    if (
        part.startswith("[") and part.endswith("]") and not find_number(part[1:-1]).number
    ) or _ONLY.fullmatch(part):
        line.aside = True
        return
    if _SEASON.fullmatch(part):
        line.season = line.aside = True
        return
    if _WITHOUT_COLON.match(part) or _NOT_BY.match(part):
        line.aside = True
        if re.match(r"(?:last )?(?:updated|revised|modified)\b", part, re.IGNORECASE):
            line.dates += [
                HeadDate(found, part[found.start : found.end], "updated") for found in find_dates(part, order)
            ]
        return
    if re.match(r"agenda item\b", part, re.IGNORECASE):
        line.aside = True
        return
    part = _PAGE.sub("", part)
    if taken := _TAKEN_ON.match(part):
        line.stated["publisher"] = taken["name"]
        return
    if issued := _ISSUER_FIRST.fullmatch(part):
        line.stated["publisher"] = issued["body"]
        return
    if office := _OFFICE_OF.fullmatch(part):
        line.stated["publisher"] = office["body"]
        return
    if posted := _POSTED_BY.match(part):
        name = _trimmed(posted["who"])
        line.dates += [
            HeadDate(found, part[found.start : found.end], "published") for found in find_dates(part, order)
        ]
        if who := people_in_line(name):
            line.stated["author"] = who
        elif (
            is_institution(name)
            or likely_institution(name)
            or (has_name_form(name) and may_name_institution(name))
        ):
            line.stated["publisher"] = name
        line.aside = True
        return
    if who := who_is(part):
        line.stated["author"] = who
    if owned := COPYRIGHT.match(part):
        line.aside, holder = True, _trimmed(owned["holder"] or "")
        if may_own(holder) and not has_given_name(holder):
            line.owner = holder
        if len(years := re.findall(r"\d{4}", owned["years"])) == 1:  # "1996–2024" is not the text's date
            line.dates.append(year_alone(years[0]))
        return
    if taken := _TAKEN_FROM.match(part):
        line.aside = True
        when = next(find_dates(part, order), None)
        name = _trimmed(part[taken.end() : when.start if when else len(part)])
        if when:
            line.dates.append(HeadDate(when, part[when.start : when.end], "event"))
        if is_institution(name) or is_periodical(name):
            line.stated["publisher"] = name
        return
    if (boxed := _BOXED.match(part)) and EAST_ASIAN.search(boxed["name"]):
        line.names.append(Name(boxed["name"], 0, beside=True))
        part = part[boxed.end() :]
    if code := numbered_by(part):
        line.number, line.bare = line.number or code, True
        return
    if (year := _YEAR.fullmatch(part)) and (not shared or line.number):
        line.dates.append(year_alone(year["year"]))
        return
    signed = _WITH_PLACE_AND_DATE.fullmatch(part)
    who = people_in_line(signed["who"].strip()) if signed else ""
    if signed and who and (find_date(signed["when"], order) or has_given_name(who)):
        line.stated["author"] = who
        line.dates += [
            HeadDate(found, signed["when"], "plain") for found in find_dates(signed["when"], order)
        ]
        return
    held = _HELD.match(part)
    if held and len(held["name"].split()) > 2:  # "Minutes of the meeting held on 8 November 2016"
        day = find_date(part, order)
        line.dates += [HeadDate(day, part[day.start : day.end], "event")] if day else []
        part = held["name"]
    inner = _INNER.fullmatch(part)
    if inner and find_date(inner["inner"], order):  # "Situation Report No. 7 (as of 21 October 2020)"
        without_dates(line, inner["inner"], order, shared=shared)
        part = inner["outer"]
    rest, dated = without_dates(line, part, order, shared=shared)
    if _EVENT_LINE.match(part):
        by = re.search(r"\sby\s", part)
        if who := people_in_line(_trimmed(part[by.end() :])) if by else "":
            line.stated["author"] = who
        elif by and (body := _institution_in(part[by.end() :])):
            line.stated["publisher"] = body
    rest = _NOTED.sub("", _FETCHED.sub("", rest))
    if _IDENTIFIER.search(rest):
        rest = rest.split(". ")[0] if _IDENTIFIER.search(rest.split(". ")[0]) is None else ""
        line.aside = True
    if rest.startswith("(") and rest.endswith(")") and BYLINE.match(rest[1:]):
        rest = rest[1:-1]
    elif part.startswith("(") and part.endswith(")") and not find_number(part).number:
        line.aside = True
        return
    if (work := FOR.fullmatch(_trimmed(rest))) and surely_people(who := people_in_line(work["who"])):
        line.stated["author"] = who
        if names_institution(work["body"]) or may_name_institution(work["body"]):
            line.stated["publisher"] = work["body"]
        return
    if sent := re.match(
        r"(?:from|to)\s(?:(?:the )?desk of\s)?(?:(?-i:the|all) )?(?=(?-i:[^\W\d_a-z]))|to (?:all|the)\s",
        rest,
        re.IGNORECASE,
    ):
        sender = _trimmed(rest[sent.end() :])
        if rest[0] in "Ff" and has_name_form(sender.split(",")[0]) and not shared:
            line.stated["publisher"] = sender if _institution_in(sender) else ""
        if rest[:2].lower() == "to" or has_name_form(sender.split(",")[0]):
            line.aside = True
            return
    if issued := ISSUED.match(rest):
        name = re.sub(
            r"\s(?:on|in|am|le)$|\s(?:for use|with|in|on behalf)\s.*$", "", _trimmed(rest[issued.end() :])
        )
        if name[:1].isupper() and len(name) <= 100:
            line.stated["publisher"] = name
        return
    if by := _EAST_ASIAN_BYLINE.match(rest):
        line.stated["author"] = people_stated(rest[by.end() :])
        return
    if by := BYLINE.match(rest):
        stated = _STATED_BYLINE.match(rest)
        who = people_in_line(rest[by.end() :].strip())
        who = who or people_in_line(_BEHIND_BYLINE.split(rest[by.end() :])[0].strip())
        body = _institution_in(rest.partition(", ")[2])
        if who and body and not ACADEMIC.search(body):
            line.owner = body
        body = _institution_in(rest[by.end() :])
        if not who and body:
            line.stated["publisher"] = body
            return
        if stated:
            who = people_stated(rest[by.end() :])
        if who:
            line.stated["author"] = who
            return
    if work := _WORK_BY.fullmatch(rest):
        who = people_in_line(_trimmed(work["who"])) or people_first(work["who"])
        if surely_people(who) or likely_people(who):
            line.stated["author"] = who
            line.kinds.append(rest)
            return
    found = find_number(rest.strip("[]. ")) if not line.number else None
    if line.volume and "(" not in line.number and (issue := find_number(rest)).number and not issue.bare:
        line.number = f"{line.number}({issue.number})"
        return
    if found and found.number and (year := _YEAR_BEHIND.search(rest)):
        line.dates.append(year_alone(year["year"]))
    if found and found.number:
        line.number, line.bare = found.number, found.bare
        line.series, line.volume = found.series, found.volume
        line.issue = found.generic or found.volume
        rest = found.rest
    name = _trimmed(rest)
    if not re.search(r"[^\W\d_]{2}", name) or _SEASON.fullmatch(name):
        return
    if _REMARK.match(name):
        line.aside = line.aside or not shared
        return
    if is_section_heading(name) or _AFFILIATION.match(name):
        line.aside = True
        return
    if is_kind(re.sub(r"\s\([^()]{1,60}\)$", "", name)):
        line.kinds.append(name)
        return
    if all(SMALL_WORD.fullmatch(word) for word in name.split()) or (
        line.dates and shared and name[0].islower()
    ):
        return
    body, kind = _split_off_kind(name)
    if kind:  # "Keel Institute issue brief"
        line.kinds.append(kind)
        name = body
    if name.endswith("文件") and names_institution(name[:-2]):
        name = name[:-2]  # "东岭省交通运输厅文件": the head of an official document
    who = people_in_line(name)
    body = _institution_in(name.rpartition(",")[2].strip()) if who and "," in name else ""
    if body and not ACADEMIC.search(body):
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


def _institution_in(words: str) -> str:
    """Return the institution that the words behind "by" or "from" name, or "" if they name none."""
    if re.search(r"[’']s (?:\w+ )?(?:team|staff|desk|unit|office|department|section|secretariat)$", words):
        return ""
    name = re.sub(
        r"^(?:[\w-]+\s){0,3}?(?:governor|president|director|chair\w*|head|secretary|ceo|member|minister"
        r"|economist|fellow)"
        r"(?:\sgeneral)?(?:\sof|\sat|\sfor|,)\s",
        "",
        _trimmed(words),
        flags=re.IGNORECASE,
    )
    name = re.sub(r"^the\s|\s(?:for use|with|on behalf)\s.*$", "", name)
    head = name.split(",")[0]
    named = is_institution(name) or is_institution(head) or likely_institution(head)
    if not (is_institution(name) and name.count(",") < 2) or "(" in name:
        name = head
    return name if named and len(name) <= 100 and name[:1].isupper() else ""


def _split_off_kind(name: str) -> tuple[str, str]:
    """Return an institution's name and the kind of document that follows it, or the whole name and ""."""
    words = name.split()
    if is_periodical(name):
        return name, ""
    for at in range(1 if EAST_ASIAN.search(name) else 2, len(words)):
        body, kind = " ".join(words[:at]), " ".join(words[at:])
        told = is_kind(kind) or (is_kind(words[at]) and words[at + 1 : at + 2] in (["for"], ["to"]))
        if told and not is_kind(body) and names_institution(body) and is_institution(body):
            return body, kind
    return name, ""


def _trimmed(name: str) -> str:
    name = name.strip(" ,;:–—-*_~=")
    if name.count("(") != name.count(")"):
        name = name.strip(" ,;:–—-()")
    name = name.removesuffix(".") if not ABBREVIATED.search(name) and name.count(".") == 1 else name
    return re.sub(r"\s+", " ", name)
