"""Finds the dates in a line of a head, and the role of each date: publication, event, update or none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.formats.heads.line_parts import HeadDate, Line, Role
from qa.formats.heads.numbers import find_number
from qa.text.dates import PartialDate
from qa.text.organisations import (
    is_kind,
    is_periodical,
    may_name_institution,
    names_institution,
    names_periodical,
)
from qa.text.people import has_given_name, people_in_line, surely_people
from qa.text.written_dates import DateOrder, FoundDate, find_dates

if TYPE_CHECKING:
    from qa.formats.heads.line_parts import Line

DAY = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|montag"
    r"|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|lunes|martes|miércoles|jueves|viernes|sábado"
    r"|domingo"
    r"|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|segunda-feira|terça-feira|quarta-feira"
    r"|quinta-feira"
    r"|sexta-feira|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|понедельник|вторник|среда"
    r"|четверг"
    r"|пятница|суббота|воскресенье)"
)
WEEKDAY = re.compile(rf"\b(?:{DAY}|(?:mon|tue|wed|thu|fri|sat|sun)\.?)[\s,]{{0,3}}$", re.IGNORECASE)
PUBLISHED = re.compile(
    r"\b(?:published|issued|posted|released?|sent|filed|appeared|given on|handed down|dated|(?:report"
    r"|release|publication"
    r"|issue) date|^date|date of (?:issue|report"
    r"|publication|release)|delivered|for immediate (?:use|release)|publié"
    r"|veröffentlicht|erschienen|publicado|pubblicato|опубликован\w*|distr|입력|등록|게시|발행|작성|发布|发表)\b",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"\b(?:laid|tabled|launched|submitted|circulated|held|meeting|ending|presented|adopted|approved"
    r"|conference|session|sitting|embargo(?:ed)?(?: until)?|covered"
    r"|given|read|entered|version|minutes of|statement of|letter of|report of|signed|as of|as at|made)\b",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"(?<!next )\b(?:updated|last update|revised|modified|reviewed|amended|mis à jour|aktualisiert"
    r"|actualizado|обновлен\w*|수정|更新)\b",
    re.IGNORECASE,
)
_NEVER = re.compile(
    r"\b(?:next|heard|reference|period|valid|expires|deadline"
    r"|(?<!embargoed )(?<!embargo )until"
    r"|covering|received|accepted|saved|printed|generated|downloaded|retrieved|accessed|closing|closes|current|declassify|decl|due"
    r"|expiry)\b",
    re.IGNORECASE,
)
# Words that may come before the date in a line that is there for its date: a place, "District of", "on".
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
    rf"[\s).,;]*(?:$|[(,.;]|by\b|{DAY}\b|updated|\d\d?[:.h]\s?\d\d|à\s|at\s|um\s|г\b|오[전후]|—|–|-\s)",
    re.IGNORECASE,
)
ISSUED = re.compile(
    r"(?:(?:jointly )?(?:published|issued|produced|released|distributed|circulated)(?: jointly)? (?:by|for"
    r"|at)"
    r"|an? (?:(?:joint|special|new) )?(?:report|publication|study|paper|briefing|product|project"
    r"|initiative|guide|leaflet|handbook|briefing note|newsletter|statement) (?:by|of|from)"
    r"|(?:published|issued) (?:monthly|weekly|quarterly|annually|daily|fortnightly|twice a year) by"
    r"|(?:jointly )?organi[sz]ed by"
    r"|herausgegeben (?:von|vom|durch)|udgivet af|utgiven av|uitgegeven door|publié par|éditée? par"
    r"|publicado por|издано|發行)\s+(?:the\s)?(?=\S)",
    re.IGNORECASE,
)
FOR = re.compile(r"(?P<who>[^()\d:,]{3,60}),?\sfor\s(?:the\s)?(?P<body>[^\W\d_a-z].{3,60})")


def year_alone(year: str) -> HeadDate:
    """Return the date of a text that states only a year."""
    return HeadDate(FoundDate(0, 0, PartialDate(int(year))), year, "event")


def dates_in(words: str, order: DateOrder, role: Role) -> list[HeadDate]:
    """Return all dates in some words, with the same role."""
    return [
        HeadDate(found_date, words[found_date.start : found_date.end], role)
        for found_date in find_dates(words, order)
    ]


def without_dates(line: Line, part: str, order: DateOrder, *, shared: bool) -> tuple[str, bool]:
    """Move the dates that a part of a line is there for to `line`.

    Return the rest of the part, and whether the part had such a date. `shared` says that the line has other
    parts.
    """
    rest, cut, taken = "", 0, False
    for found_date in find_dates(part, order):
        before, after = part[cut : found_date.start], part[found_date.end :]
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
            name = lead.strip(" ,(") if ISSUED.match(lead) else ""
        elif _APART.search(lead) or weekday:
            name = lead.rstrip(" ,(—–:;-")
            series = name.isupper() and " " in name and isinstance(found_date.date, PartialDate)
            name = "" if _is_place(name) and not (shared and " " in name) and not series else name
            if name and not _may_be_dated(name) and role == "plain" and not found_date.note:
                role = "event"  # "Fire aboard MV Calder Star, 11 August 2013"
            if isinstance(found_date.date, PartialDate) and not _may_be_dated(name):
                continue  # "Consumer Price Index, April 2024": about the month, not published in it
        elif _PLACE.fullmatch(f"{lead} "):
            name = lead.strip() if find_number(lead).number else ""
        else:
            continue
        if role != "never":
            line.dates.append(HeadDate(found_date, part[found_date.start : found_date.end], role))
        else:
            line.aside = True
        rest, cut, taken = f"{rest} {name}".strip(), found_date.end, True
    if not taken:
        year = re.fullmatch(r"(?P<name>.*[^\W\d]),\s(?P<year>(?:1[5-9]|20)\d\d)", part)
        is_body = year and (
            "&" in part or names_institution(year["name"]) or may_name_institution(year["name"])
        )
        if year and is_body and not re.search(r"[:?!]", year["name"]):
            date = PartialDate(int(year["year"]))
            line.dates.append(HeadDate(FoundDate(0, 0, date), year["year"], "event"))
            return year["name"], True
        return part, False
    after = part[cut:]
    after = re.sub(r"^[\s,]*(?:\d\d?[:.h]\s?\d\d\s?(?:[ap]\.?m\.?)?)", "", after, flags=re.IGNORECASE)
    if re.match(r"\s?,", after) and not names_institution(after) and not find_number(after).number:
        after = ""  # "16 November 2022, 18:00, Old Customs House"
    return (rest or after.strip(" .,;")), True


def _is_place(name: str) -> bool:
    """Return whether a name before a date is probably the place where something was written."""
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
        or ((work := FOR.fullmatch(name)) and people_in_line(work["who"]))
        or is_kind(name)
        or find_number(name).number
        or re.fullmatch(r"[^\W\d_][\w’'-]*", name)
    )


def _role(before: str) -> Role:
    """Return the role of a date, by the last word before it that shows a role."""
    plain: tuple[int, Role] = (0, "plain")
    last = max(
        ((match.end(), role) for role, pattern in _ROLES for match in pattern.finditer(before)), default=plain
    )
    return last[1]


_ROLES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("published", PUBLISHED),
    ("event", _EVENT),
    ("updated", _UPDATED),
    ("never", _NEVER),
)
