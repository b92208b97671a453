"""Reads a part of a line that has no label: a list of rules, which are tried from top to bottom.

`RULES`, at the end, is the list, with an example for each rule. A rule is a function with the name of what it
recognises, below its pattern. It moves what it recognises to the line, and takes it out of the words that the
next rules see. It returns whether the part is read, so that no other rule is tried.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.formats.heads import line_asides as asides
from qa.formats.heads.issue_dates import FOR, ISSUED, dates_in, without_dates, year_alone
from qa.formats.heads.labels import numbered_by
from qa.formats.heads.line_names import EAST_ASIAN, institution_in, split_off_kind, trimmed
from qa.formats.heads.line_parts import HeadDate, Name, Part
from qa.formats.heads.numbers import find_number
from qa.text.name_classes import SMALL_WORD, has_name_form, is_institution, may_own
from qa.text.organisations import (
    is_kind,
    is_periodical,
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
from qa.text.written_dates import DateOrder, find_date, find_dates

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.formats.heads.line_parts import Line


def read_part(line: Line, words: str, order: DateOrder, *, shared: bool) -> None:
    """Move dates, number and people from a part of a line to `line`. The rest of the part is a name."""
    part = Part(line, words, order, shared)
    for rule in RULES:
        if rule(part):
            return


URL = re.compile(r"https?://[^\s<>\"”]+[^\s<>\"”.,;)]")


def _address(part: Part) -> bool:
    if not URL.fullmatch(part.words):
        return False
    part.line.url = part.line.url or part.words
    return True


_TAKEN_ON = re.compile(
    r"(?:published|printed|posted) (?:on|in|from) (?P<name>[^()]{3,60}) \(https?:", re.IGNORECASE
)


def _copied_from_site(part: Part) -> bool:
    return _state_publisher(part, _TAKEN_ON.match(part.words), "name")


# "东海国际问题研究所主办"
_ISSUER_FIRST = re.compile(r"(?P<body>[\u4e00-\u9fff]{4,30})(?:主办|主編|编印|印发|出版|发行|发布)")


def _issuer_before_verb(part: Part) -> bool:
    return _state_publisher(part, _ISSUER_FIRST.fullmatch(part.words), "body")


# "Open Hands International, Kilembwe field office"
_OFFICE_OF = re.compile(
    r"(?P<body>(?-i:[^\Wa-z\d_])[^\d,:()]{3,60}), (?:the )?(?:(?-i:[^\Wa-z\d_])[\w’'-]+ ){1,2}"
    r"(?:(?:field|country|regional|district|liaison) )?(?:office|delegation|bureau)",
    re.IGNORECASE,
)


def _office_of_institution(part: Part) -> bool:
    return _state_publisher(part, _OFFICE_OF.fullmatch(part.words), "body")


def _state_publisher(part: Part, match: re.Match[str] | None, group: str) -> bool:
    """Take a group of a match as publisher. Return whether there is a match."""
    if match is None:
        return False
    part.line.stated["publisher"] = match[group]
    return True


_POSTED_BY = re.compile(
    r"(?:posted|submitted|published|uploaded|added) by (?:the )?(?P<who>(?-i:[^\Wa-z\d_])[^"
    r"|\d]{2,60}?),? on\s"
    r"(?=[^|]{0,14}\d)",
    re.IGNORECASE,
)


def _posted_by(part: Part) -> bool:
    """Read “Posted by …”: an author or publisher, and a date. Return whether the part is read."""
    posted = _POSTED_BY.match(part.words)
    if posted is None:
        return False
    name = trimmed(posted["who"])
    part.line.dates += dates_in(part.words, part.order, "published")
    if who := people_in_line(name):
        part.line.stated["author"] = who
    elif (
        is_institution(name)
        or likely_institution(name)
        or (has_name_form(name) and may_name_institution(name))
    ):
        part.line.stated["publisher"] = name
    part.line.aside = True
    return True


def _sentence_on_author(part: Part) -> bool:
    if who := who_is(part.words):
        part.line.stated["author"] = who
    return False


COPYRIGHT = re.compile(
    r"(?:©|\(c\)|copyright)\s{0,3}(?:©|\(c\)|copyright)?\s{0,3}(?P<years>(?:(?:1[89]|20)\d\d[\s,–-]{0,3}){0,20})"
    r"(?:by )?(?:the )?(?P<holder>(?:[^.,|©\d]|(?<=\s[A-Z])\.){3,60})?",
    re.IGNORECASE,
)


def _copyright(part: Part) -> bool:
    owned = COPYRIGHT.match(part.words)
    if owned is None:
        return False
    part.line.aside, holder = True, trimmed(owned["holder"] or "")
    if may_own(holder) and not has_given_name(holder):
        part.line.owner = holder
    if len(years := re.findall(r"\d{4}", owned["years"])) == 1:  # "1996–2024" is not the text's date
        part.line.dates.append(year_alone(years[0]))
    return True


# "Reprinted from The Lantern"
_TAKEN_FROM = re.compile(
    r"(?:(?:re-?printed|extract(?:ed)?|excerpt(?:ed)?|adapted|taken|reproduced)(?: with permission)? from"
    r"|(?:first |originally )?(?:published|appeared|printed) in)\s(?:the\s(?=[a-z]))?",
    re.IGNORECASE,
)


def _reprinted_from(part: Part) -> bool:
    """Read “Taken from …”: a publisher, and a date. Return whether the part is read."""
    taken = _TAKEN_FROM.match(part.words)
    if taken is None:
        return False
    part.line.aside = True
    when = next(find_dates(part.words, part.order), None)
    name = trimmed(part.words[taken.end() : when.start if when else len(part.words)])
    if when:
        part.line.dates.append(HeadDate(when, part.words[when.start : when.end], "event"))
    if is_institution(name) or is_periodical(name):
        part.line.stated["publisher"] = name
    return True


_BOXED = re.compile(r"\[(?P<name>[^\[\]]{2,40})\]\s{0,3}(?=\S)")


def _boxed_east_asian_name(part: Part) -> bool:
    boxed = _BOXED.match(part.words)
    if boxed and EAST_ASIAN.search(boxed["name"]):
        part.line.names.append(Name(boxed["name"], 0, shares_line=True))
        part.words = part.words[boxed.end() :]
    return False


def _label_and_number(part: Part) -> bool:
    code = numbered_by(part.words)
    if code:
        part.line.number, part.line.bare = part.line.number or code, True
    return bool(code)


_YEAR = re.compile(r"\(?(?P<year>(?:1[5-9]|20)\d\d)\)?\.?")


def _year(part: Part) -> bool:
    year = _YEAR.fullmatch(part.words)
    if year is None or (part.shared and not part.line.number):
        return False
    part.line.dates.append(year_alone(year["year"]))
    return True


_WITH_PLACE_AND_DATE = re.compile(r"(?P<who>[^()\d]{3,60})\s{1,3}\((?P<when>[^()]{3,60})\)")


def _person_with_place_and_date(part: Part) -> bool:
    signed = _WITH_PLACE_AND_DATE.fullmatch(part.words)
    who = people_in_line(signed["who"].strip()) if signed else ""
    if not (signed and who and (find_date(signed["when"], part.order) or has_given_name(who))):
        return False
    part.line.stated["author"] = who
    part.line.dates += [
        HeadDate(found_date, signed["when"], "plain") for found_date in find_dates(signed["when"], part.order)
    ]
    return True


_HELD = re.compile(
    r"(?P<name>(?:minutes|record|proceedings|report|summary|notes) of .{3,100}?)\s(?:held|convened)\s",
    re.IGNORECASE,
)


def _day_of_meeting(part: Part) -> bool:
    held = _HELD.match(part.words)
    if held and len(held["name"].split()) > 2:  # "Minutes of the meeting held on 8 November 2016"
        day = find_date(part.words, part.order)
        if day:
            part.line.dates.append(HeadDate(day, part.words[day.start : day.end], "event"))
        part.words = held["name"]
    return False


_INNER = re.compile(r"(?P<outer>[^()]{4,120})\s\((?P<inner>[^()]{4,60})\)")


def _date_in_brackets(part: Part) -> bool:
    inner = _INNER.fullmatch(part.words)
    if inner and find_date(inner["inner"], part.order):  # "Situation Report No. 7 (as of 21 October 2020)"
        without_dates(part.line, inner["inner"], part.order, shared=part.shared)
        part.words = inner["outer"]
    return False


def _dates(part: Part) -> bool:
    part.with_dates = part.words
    part.words, part.dated = without_dates(part.line, part.words, part.order, shared=part.shared)
    return False


_EVENT_LINE = re.compile(
    r"(?:(?:paper|remarks|speech|address|lecture|talk|keynote|statement|text)\s)?(?:as )?"
    r"(?:presented|delivered|given|read|held|prepared|submitted)\s(?:at|for|to|before|in)\s",
    re.IGNORECASE,
)


def _occasion(part: Part) -> bool:
    by = re.search(r"\sby\s", part.with_dates) if _EVENT_LINE.match(part.with_dates) else None
    if by is None:
        return False
    credited = part.with_dates[by.end() :]
    if who := people_in_line(trimmed(credited)):
        part.line.stated["author"] = who
    elif body := institution_in(credited):
        part.line.stated["publisher"] = body
    return False


BYLINE = re.compile(
    r"(?:(?:written|delivered|presented|reporting|words|text|story|prepared|compiled|drafted|reviewed|posted|reported|submitted"
    r"|rédigé|redactado|verfasst|preparado|elaborado|a report|an essay|report|essay|remarks|speech"
    r"|address|lecture|keynote|talk|testimony|discours|interview) )?(?:by|par|von|por|door|di|av"
    r"|af)\s+(?=\S)",
    re.IGNORECASE,
)


def _brackets(part: Part) -> bool:
    words, whole = part.words, part.with_dates
    if words.startswith("(") and words.endswith(")") and BYLINE.match(words[1:]):
        part.words = words[1:-1]
        return False
    if whole.startswith("(") and whole.endswith(")") and not find_number(whole).number:
        part.line.aside = True
        return True
    return False


def _person_for_institution(part: Part) -> bool:
    work = FOR.fullmatch(trimmed(part.words))
    who = people_in_line(work["who"]) if work else ""
    if not work or not surely_people(who):
        return False
    part.line.stated["author"] = who
    if names_institution(work["body"]) or may_name_institution(work["body"]):
        part.line.stated["publisher"] = work["body"]
    return True


_SENT = re.compile(
    r"(?:from|to)\s(?:(?:the )?desk of\s)?(?:(?-i:the|all) )?(?=(?-i:[^\W\d_a-z]))|to (?:all|the)\s",
    re.IGNORECASE,
)


def _sender_or_receiver(part: Part) -> bool:
    """Read “From …” or “To …” of a letter. Return whether the part is read."""
    sent = _SENT.match(part.words)
    if sent is None:
        return False
    name = trimmed(part.words[sent.end() :])
    has_form = has_name_form(name.split(",")[0])
    if part.words[0] in "Ff" and has_form and not part.shared:
        part.line.stated["publisher"] = name if institution_in(name) else ""
    if part.words[:2].lower() == "to" or has_form:
        part.line.aside = True
        return True
    return False


def _issued_by(part: Part) -> bool:
    issued = ISSUED.match(part.words)
    if issued is None:
        return False
    name = re.sub(
        r"\s(?:on|in|am|le)$|\s(?:for use|with|in|on behalf)\s.*$", "", trimmed(part.words[issued.end() :])
    )
    if name[:1].isupper() and len(name) <= 100:
        part.line.stated["publisher"] = name
    return True


_EAST_ASIAN_BYLINE = re.compile(
    r"(?:文|撰文|作者|记者|本报记者|記者|글|글쓴이|저자|執筆|著)\s?[/|｜ ]\s{0,3}(?=\S)|(?:本报)?记者(?=\S)"
)


def _east_asian_byline(part: Part) -> bool:
    by = _EAST_ASIAN_BYLINE.match(part.words)
    if by:
        part.line.stated["author"] = people_stated(part.words[by.end() :])
    return by is not None


_STATED_BYLINE = re.compile(
    r"(?:written|prepared|compiled|drafted|reviewed|reported|submitted|words|text|story) by\s+"
    r"|(?:rédigé par|redactado por|verfasst von|preparado por|elaborado por)\s+",
    re.IGNORECASE,
)
_BEHIND_BYLINE = re.compile(
    r"\s(?=\d)|,?\swith\s"
)  # "By Ann Osei 10/ 5/11", "by Ann Osei, with drawings by …"
ACADEMIC = re.compile(
    r"\b(?:universit\w+|college|school|faculty|department|institute of technology)\b", re.IGNORECASE
)


def _byline(part: Part) -> bool:
    """Read “By …”: an author, a workplace or a publisher. Return whether the part is read."""
    by = BYLINE.match(part.words)
    if by is None:
        return False
    credited = part.words[by.end() :]
    who = people_in_line(credited.strip()) or people_in_line(_BEHIND_BYLINE.split(credited)[0].strip())
    workplace = institution_in(part.words.partition(", ")[2])
    if who and workplace and not ACADEMIC.search(workplace):
        part.line.owner = workplace
    body = institution_in(credited)
    if not who and body:
        part.line.stated["publisher"] = body
        return True
    if _STATED_BYLINE.match(part.words):
        who = people_stated(credited)
    if who:
        part.line.stated["author"] = who
    return bool(who)


# "Case note by Priya Nandakumar, LL.M.", "typed up by Marge Dunleavy"
_WORK_BY = re.compile(
    r"(?:[^\W\d_][\w’'-]*\s){0,3}(?:notes?|comment(?:ary)?|reviews?|reports?|essays?|columns?|articles?|analysis|remarks"
    r"|speech|address|lecture|statement|letter|summary|brief(?:ing)?|dispatch|feature|story|typed up"
    r"|noted down"
    r"|recorded|edited version|interview) by\s(?P<who>(?-i:[^\Wa-z\d_]).{3,100})",
    re.IGNORECASE,
)


def _kind_of_text_by_person(part: Part) -> bool:
    work = _WORK_BY.fullmatch(part.words)
    who = (people_in_line(trimmed(work["who"])) or people_first(work["who"])) if work else ""
    if not (surely_people(who) or likely_people(who)):
        return False
    part.line.stated["author"] = who
    part.line.kinds.append(part.words)
    return True


def _issue_of_volume(part: Part) -> bool:
    line = part.line
    if not line.volume or "(" in line.number:
        return False
    issue = find_number(part.words)
    if not issue.number or issue.bare:
        return False
    line.number = f"{line.number}({issue.number})"
    return True


_YEAR_BEHIND = re.compile(r"[,(]\s?(?P<year>(?:1[89]|20)\d\d)\)?[\s,.]*$")


def _number(part: Part) -> bool:
    """Take the number of an issue or report off the part. The rest is for the next rules."""
    line = part.line
    numbered = find_number(part.words.strip("[]. ")) if not line.number else None
    if numbered is None or not numbered.number:
        return False
    if year := _YEAR_BEHIND.search(part.words):
        line.dates.append(year_alone(year["year"]))
    line.number, line.bare = numbered.number, numbered.bare
    line.series, line.volume = numbered.series, numbered.volume
    line.issue = numbered.generic or numbered.volume
    part.words, part.numbered = numbered.rest, bool(numbered.rest)
    return False


def _no_words(part: Part) -> bool:
    part.words = trimmed(part.words)
    return not re.search(r"[^\W\d_]{2}", part.words) or bool(asides.SEASON.fullmatch(part.words))


def _kind(part: Part) -> bool:
    if not is_kind(re.sub(r"\s\([^()]{1,60}\)$", "", part.words)):
        return False
    part.line.kinds.append(part.words)
    return True


def _small_words(part: Part) -> bool:
    beside_date = part.line.dates and part.shared and part.words[0].islower()
    return bool(beside_date) or all(SMALL_WORD.fullmatch(word) for word in part.words.split())


def _kind_behind_institution(part: Part) -> bool:
    body, kind = split_off_kind(part.words)
    if kind:  # "Keel Institute issue brief"
        part.line.kinds.append(kind)
        part.words = body
    return False


def _head_of_chinese_document(part: Part) -> bool:
    if part.words.endswith("文件") and names_institution(part.words[:-2]):
        part.words = part.words[:-2]  # "东岭省交通运输厅文件": the head of an official document
    return False


def _name(part: Part) -> bool:
    """Note the part as a name: a person, perhaps with a workplace, or a title. Return True."""
    line, name = part.line, part.words
    who = people_in_line(name)
    body = institution_in(name.rpartition(",")[2].strip()) if who and "," in name else ""
    if body and not ACADEMIC.search(body):
        line.owner = body  # "Rukhsana Ali, Lantern Relief International"
    if who:
        line.people = f"{line.people}; {who}" if line.people else who
    line.names.append(
        Name(
            name,
            0,
            shares_line=part.shared or bool(part.dated or line.number),
            dated=part.dated and not part.shared,
            numbered=part.numbered,
            person=bool(who),
        )
    )
    return True


RULES: tuple[Callable[[Part], bool], ...] = (
    # A whole part that a citation needs as it is, or does not need.
    _address,  # "https://lantern.example/17"
    asides.remark_in_brackets,  # "[translated extract]"
    asides.season,  # "Spring 2014"
    asides.label_without_colon,  # "Last updated 3 May 2012"
    asides.editor_or_translator,  # "Edited by Ann Osei"
    asides.agenda_item,  # "Agenda item 4"
    asides.number_of_page,  # "The Lantern, p. 7"
    # A whole part that says who published, posted or owns the text.
    _copied_from_site,  # "Published on The Lantern (https://lantern.example)"
    _issuer_before_verb,  # "东海国际问题研究所主办"
    _office_of_institution,  # "Relief Hands International, Kilembwe field office"
    _posted_by,  # "Posted by Ann Osei on 3 May 2012"
    _sentence_on_author,  # "Olga Prins teaches public law in Tarn."
    _copyright,  # "© 2012 Harbour Mission"
    _reprinted_from,  # "Reprinted from The Lantern"
    # A number or a year alone, and dates. Dates are taken out of the part.
    _boxed_east_asian_name,  # "[东海通讯] 港口"
    _label_and_number,  # "Order Code RL33781"
    _year,  # "2012"
    _person_with_place_and_date,  # "Ann Osei (Accra, 3 May 2012)"
    _day_of_meeting,  # "Minutes of the board held on 3 May 2012"
    _date_in_brackets,  # "Situation Report No. 7 (as of 3 May 2012)"
    _dates,  # "Oslo, 3 May 2012"
    _occasion,  # "Paper presented at the forum by Ann Osei"
    # What stands beside dates: contacts, then who made the text.
    asides.pages_and_price,  # "Old Piers (84 pages, price 5 crowns)"
    asides.contact_or_identifier,  # "ISSN 1234-5678"
    _brackets,  # "(by Ivo Brandt)"
    _person_for_institution,  # "Ann Osei for the Harbour Institute"
    _sender_or_receiver,  # "From the desk of Ann Osei"
    _issued_by,  # "Issued by the Harbour Institute"
    _east_asian_byline,  # "记者王伟"
    _byline,  # "By Ann Osei"
    _kind_of_text_by_person,  # "Case note by Ann Osei"
    # A number is taken out of the part. The rest of the part is a name, if it is none of these.
    _issue_of_volume,  # "No. 2" next to "Vol. 14"
    _number,  # "Strait Watch No. 12"
    _no_words,  # only marks are left
    asides.remark,  # "For immediate release"
    asides.heading_or_affiliation,  # "Senior Fellow"
    _kind,  # "Press release"
    _small_words,  # "on the"
    _kind_behind_institution,  # "Keel Institute issue brief"
    _head_of_chinese_document,  # "东岭省交通运输厅文件"
    _name,  # "Harbour Institute"
)
