"""Dates as headers write them. A date that could be read two ways is never guessed."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

DateOrder = Literal["auto", "dmy", "mdy"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<{}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DATE = re.compile(
    r"(?<![\w/.-])(?:"
    rf"(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH.format('m1')},?\s+(?P<y1>\d{{4}})"
    rf"|{_MONTH.format('m2')}\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y2>\d{{4}})"
    r"|(?P<y3>\d{4})(?P<s3>[-./])(?P<m3>\d{1,2})(?P=s3)(?P<d3>\d{1,2})\.?"
    r"|(?P<a>\d{1,2})(?P<s4>[-./])(?P<b>\d{1,2})(?P=s4)(?P<y4>\d{4})"
    r")(?![\w/-]|\.\d)",
    re.IGNORECASE,
)
# What stands before the day on which somebody fetched a copy, which is none of the document's own.
_FETCHED = re.compile(
    r"\b(?:downloaded|accessed|retrieved|viewed|consulted|printed (?:on|at|from|by))\b"
    r"(?:(?!\b(?:published|issued|posted|released|updated)\b)[^;|·\n]){0,80}$",
    re.IGNORECASE,
)
# "08-4-4-1": year, month, day and a running number, as the IFES numbers its briefs.
_NUMBER = re.compile(r"(?:19|20)?(\d\d)-(\d{1,2})-(\d{1,2})(?:-\d+)?")


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date written at `text[start:end]`; `date` is None where it could be read two ways."""

    start: int
    end: int
    date: dt.date | None
    note: str = ""


def _valid(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _numeric(match: re.Match[str], order: DateOrder, number: str) -> tuple[dt.date | None, str]:
    """Read "a/b/year", by what is possible, then the document's number, then the setting."""
    first, second, year = int(match["a"]), int(match["b"]), int(match["y4"])
    day_first, month_first = _valid(year, second, first), _valid(year, first, second)
    if day_first is None or month_first is None or day_first == month_first:
        return day_first or month_first, ""
    written = match.group()
    code = _NUMBER.fullmatch(number)
    for date in (day_first, month_first):
        if code and tuple(map(int, code.groups())) == (year % 100, date.month, date.day):
            return date, f"The date “{written}” was read as {date}, as the number {number} says."
    if order != "auto":
        date = day_first if order == "dmy" else month_first
        return date, f"The date “{written}” was read as {date}, by the date order “{order}”."
    return None, (
        f"The date “{written}” may mean {day_first} or {month_first}; it was left out. "
        "Index it again with the date order set: --date-order dmy or --date-order mdy."
    )


def find_date(text: str, order: DateOrder = "auto", number: str = "") -> FoundDate | None:
    """Find the first possible date in the text, or None; not one on which a copy was downloaded or the like.

    `number` is the document's own number: one like "08-4-5-1" decides whether 4/5/2008 is in April or May.
    """
    for match in _DATE.finditer(text):
        note = ""
        if _FETCHED.search(text, 0, match.start()):
            continue
        if match["a"]:
            date, note = _numeric(match, order, number)
        elif match["y3"]:
            date = _valid(int(match["y3"]), int(match["m3"]), int(match["d3"]))
        else:
            which = "1" if match["m1"] else "2"
            month = _MONTHS.index(match[f"m{which}"][:3].lower()) + 1
            date = _valid(int(match[f"y{which}"]), month, int(match[f"d{which}"]))
        if date or note:
            return FoundDate(match.start(), match.end(), date, note)
    return None
