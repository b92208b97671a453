"""Dates as headers write them. A date that has two possible meanings is never guessed."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from qa.text.dates import PartialDate, parse_date

if TYPE_CHECKING:
    from collections.abc import Iterator

DateOrder = Literal["auto", "dmy", "mdy"]

# The months, from January on, in the languages of the headers that are read: English (with abbreviations),
# French, German, Dutch, Spanish, Portuguese, Italian, Swedish and Danish, Polish, Turkish, Russian, Arabic.
_MONTHS = (
    (
        "january يناير jan janvier januar januari jänner enero janeiro gennaio stycznia"
        " styczeń ocak январь января"
    ),
    (
        "february فبراير feb février fevrier februar februari febrero fevereiro febbraio"
        " lutego şubat февраль февраля"
    ),
    "march مارس mar mars märz maart marzo março marca marzec mart март марта",
    "april أبريل apr avril abril aprile kwietnia kwiecień nisan апрель апреля",
    "may مايو mai mei mayo maio maggio maj maja mayıs май мая",
    "june يونيو jun juin juni junio junho giugno czerwca czerwiec haziran июнь июня",
    "july يوليو jul juillet juli julio julho luglio lipca lipiec temmuz июль июля",
    "august أغسطس aug août aout agosto augustus augusti sierpnia sierpień ağustos август августа",
    (
        "september سبتمبر sep sept septembre septiembre setiembre setembro settembre września"
        " eylül сентябрь сентября"
    ),
    "october أكتوبر oct octobre oktober octubre outubro ottobre października ekim октябрь октября",
    "november نوفمبر nov novembre noviembre novembro listopada listopad kasım ноябрь ноября",
    (
        "december ديسمبر dec décembre decembre dezember diciembre dezembro dicembre grudnia"
        " aralık декабрь декабря"
    ),
)
_NUMBER_OF_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_MONTH = rf"(?:{'|'.join(sorted(_NUMBER_OF_MONTH, key=len, reverse=True))})\b\.?"
_LAST_OF_THIS_CENTURY = 40
_ROMAN = "i ii iii iv v vi vii viii ix x xi xii".split()
_OF = r"(?:de[l]?\s|of\s)?"
# At most two spaces between parts: with more, the parts are in two columns ("No 8      December 1991").
_DATE = re.compile(
    r"(?<![\w/.-])(?:"
    rf"(?P<d1>\d{{1,2}})(?:st|nd|rd|th|er|º|\.)?[\s-]\s?{_OF}(?P<m1>{_MONTH}),?[\s-]\s?{_OF}(?P<y1>\d{{4}})"
    rf"|(?P<m2>{_MONTH})\s\s?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s\s?(?P<y2>\d{{4}})"
    r"|(?P<y3>\d{4})(?P<s3>[-./])\s?(?P<m3>\d{1,2})(?P=s3)\s?(?P<d3>\d{1,2})\.?"
    r"|(?P<a>\d{1,2})(?P<s4>[-./])(?P<b>\d{1,2})(?P=s4)(?P<y4>\d{4})"
    r"|(?P<a8>\d{1,2})/(?P<b8>\d{1,2})/(?P<y8>\d\d)"
    r"|(?P<y5>\d{4})\s?[년年]\s?(?P<m5>\d{1,2})\s?[월月](?:\s?(?P<d5>\d{1,2})\s?[일日号號])?"
    r"|(?P<d7>\d{1,2})[. ]\s?(?P<m7>[ivx]{1,4})[. ]\s?(?P<y7>\d{4})"
    rf"|(?P<m6>{_MONTH}),?\s\s?{_OF}(?P<y6>(?:1[4-9]|20)\d\d)"
    r")(?:\s?(?:г\.|года|р\.|r\.))?(?![\w/-]|\.\d)",
    re.IGNORECASE,
)
# Words before the day on which somebody fetched a copy. That day is not the document's date.
_FETCHED = re.compile(
    r"\b(?:downloaded|accessed|retrieved|viewed|consulted|printed (?:on|at|from|by)|consulté|abgerufen)\b"
    r"(?:(?!\b(?:published|issued|posted|released|updated)\b)[^;|·\n]){0,80}$",
    re.IGNORECASE,
)
# "No. 7 March 2020": the 7 is not a day.
_NUMBERED = re.compile(r"(?:\bn[or]\.?|№|#|\bn[°º]|\bnumber|\bissue|\bvol\.?)\s?$", re.IGNORECASE)
_MOST_BEFORE = 200  # characters before a date that are searched for words about it
_BEFORE_THE_TIME = re.compile(r"\s*(\d{4})-?(\d\d)-?(\d\d)(?=T|\s|\s*$)")
# "08-4-4-1": year, month, day and a running number, as the IFES numbers its briefs.
_NUMBER = re.compile(r"(?:19|20)?(\d\d)-(\d{1,2})-(\d{1,2})(?:-\d+)?")


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date in a text.

    Attributes:
        start, end: the place of the date in the text.
        date: the date, or None if it has two possible meanings.
        note: what a reader of the document should know about the date, or "".
    """

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
    """Read "a/b/year": first by what is possible, then by the document's number, then by the setting."""
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
        "Correct it, or index it again with --date-order dmy or --date-order mdy."
    )


def _month(name: str) -> int:
    return _NUMBER_OF_MONTH[name.rstrip(".").lower()]


def _named(match: re.Match[str]) -> dt.date | None:
    """Read a date whose month is named, or whose form says which number is the month."""
    if match["m6"]:
        of_month: dt.date = PartialDate(int(match["y6"]), _month(match["m6"]))
        return of_month
    if match["m5"] and not match["d5"]:
        month = int(match["m5"])
        return PartialDate(int(match["y5"]), month) if 1 <= month <= 12 else None
    if match["a8"]:  # "18/3/95": the year may have two digits if the date has only one possible meaning
        first, second, year = int(match["a8"]), int(match["b8"]), int(match["y8"])
        year += 1900 if year > _LAST_OF_THIS_CENTURY else 2000
        days = {_valid(year, second, first), _valid(year, first, second)} - {None}
        return days.pop() if len(days) == 1 else None
    if match["d7"]:  # "2.viii.2012"
        roman = match["m7"].lower()
        month = _ROMAN.index(roman) + 1 if roman in _ROMAN else 0
        return _valid(int(match["y7"]), month, int(match["d7"]))
    for which in "1235":
        if day := match[f"d{which}"]:
            month = int(match[f"m{which}"]) if which in "35" else _month(match[f"m{which}"])
            return _valid(int(match[f"y{which}"]), month, int(day))
    return None


def find_dates(text: str, order: DateOrder = "auto", number: str = "") -> Iterator[FoundDate]:
    """Yield the possible dates in the text, except days on which a copy was downloaded or the like.

    A month with its year is a date (`PartialDate`). A season or a year alone is not a date. `number` is the
    document's own number: with "08-4-5-1", it is known whether 4/5/2008 is in April or May.
    """
    for match in _DATE.finditer(text):
        start, note = match.start(), ""
        before = text[max(0, start - _MOST_BEFORE) : start]
        if _FETCHED.search(before):
            continue
        if match["a"]:
            date, note = _numeric(match, order, number)
        elif match["d1"] and _NUMBERED.search(before):
            start = match.start("m1")
            date = PartialDate(int(match["y1"]), _month(match["m1"]))
        else:
            date = _named(match)
        if date or note:
            yield FoundDate(start, match.end(), date, note)


def find_date(text: str, order: DateOrder = "auto", number: str = "") -> FoundDate | None:
    """Return the first day in the text, else the first month, or None if there is neither (`find_dates`)."""
    month = None
    for date in find_dates(text, order, number):
        if not isinstance(date.date, PartialDate):
            return date
        month = month or date
    return month


def read_date(written: str, order: DateOrder = "auto", number: str = "") -> tuple[dt.date | None, str]:
    """Read the date in a field of a format. If it has two possible meanings, a note says so instead.

    The field may hold a month or a year alone. For a time, the written day is used, whatever its time zone.
    """
    if time := _BEFORE_THE_TIME.match(written):
        written = "-".join(time.groups())
    try:
        return parse_date(
            re.sub(r"^(\d{4})/(\d\d)$", r"\1-\2", re.sub(r"^(\d\d)/(\d{4})$", r"\2-\1", written.strip()))
        ), ""
    except ValueError:
        date = find_date(written, order, number)
        return (date.date, date.note) if date else (None, "")
