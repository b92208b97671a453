"""Dates as documents have them: a day, or only a month or a year, in ISO 8601."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Any

# Not from strftime or calendar: they follow the process's locale, and a citation must not.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DIRECTIVE = re.compile(r"%[-_0^#EO]{0,3}(.)", re.DOTALL)
_OF_A_DAY, _OF_A_MONTH = frozenset("aAcdDeFgGjsuUVwWx"), frozenset("bBhm")
_ISO = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)


class PartialDate(dt.date):
    """A month or a year as a date: `2024-04` or `2024`.

    A month is written, compared for equality and hashed as a month, and a year as a year. Only an order or a
    difference, which needs a day, uses the first day. The class is a subclass of `date`, so that code for
    dates can show it. Such code never shows a day that is not known.
    """

    __slots__ = ("_written",)
    _written: str

    def __new__(cls, year: int, month: int | None = None, day: int | None = None) -> Any:
        """Make a year or a month. With a day, as when days are added, the result is a plain date."""
        if month is not None and day is not None:
            return dt.date(year, month, day)
        self = super().__new__(cls, year, month or 1, 1)
        self._written = f"{year:04}" if month is None else f"{year:04}-{month:02}"
        return self

    @property
    def has_month(self) -> bool:
        """Whether the month is known."""
        return len(self._written) > len("2024")

    def isoformat(self) -> str:
        """Write the date as ISO 8601, with no more than is known."""
        return self._written

    def strftime(self, written: str, /) -> str:
        """Write the date as `date` does.

        Raises:
            ValueError: the format has a day or a month that is not known.
        """
        asked = set(_DIRECTIVE.findall(written))
        for part, directives in (("month", _OF_A_MONTH), ("day", _OF_A_DAY)):
            if asked & directives and (part == "day" or not self.has_month):
                raise ValueError(
                    f"{self} has no {part} that {written!r} could show: use str() or another format"
                )
        return super().strftime(written)

    def ctime(self) -> str:
        """Refuse to write the date, because the text would show a day."""
        return self.strftime("%c")

    def replace(self, year: Any = None, month: Any = None, day: Any = None) -> Any:
        """Return a date with other parts. With a day, the result is a plain date.

        Raises:
            ValueError: there is no such date, or a day is named and no month is known.
        """
        if month is None and self.has_month:
            month = self.month
        if day is not None and month is None:
            raise ValueError(f"{self} has no month: name the month and the day")
        return PartialDate(self.year if year is None else year, month, day)

    __replace__ = replace  # what `copy.replace` calls, from Python 3.13 on

    def __repr__(self) -> str:
        return f"PartialDate({self._written!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PartialDate) and self._written == other._written

    def __ne__(self, other: object) -> bool:
        return not self == other  # `date` has its own, which would compare the days

    def __hash__(self) -> int:
        return hash(self._written)

    def __reduce__(self) -> tuple[Any, ...]:
        return PartialDate, (self.year, self.month if self.has_month else None)


def parse_date(written: str) -> dt.date:
    """Read `YYYY-MM-DD`, `YYYY-MM` or `YYYY`. The last two forms give a `PartialDate`.

    Raises:
        ValueError: the text has another form, or there is no such day, month or year.
    """
    match = _ISO.fullmatch(written)
    if match is None:
        raise ValueError(f"{written[:40]!r} is not a date; write 2008-04-04, 2008-04 or 2008")
    year, month, day = (int(part) if part else None for part in match.groups())
    if not year:
        raise ValueError(f"there is no such year: {match[1]}")
    if month is not None and not 1 <= month <= 12:
        raise ValueError(f"there is no such month: {match[1]}-{match[2]}")
    try:
        date: dt.date = PartialDate(year, month, day)
    except ValueError:
        raise ValueError(f"there is no such day: {written}") from None
    return date


def span_of(date: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last day that a date covers: all of a month or year, or the day itself."""
    if not isinstance(date, PartialDate):
        return date, date
    last_month = date.month if date.has_month else 12
    last_day = calendar.monthrange(date.year, last_month)[1]
    return dt.date(date.year, date.month, 1), dt.date(date.year, last_month, last_day)


def date_in_words(date: dt.date) -> str:
    """Write `4 April 2008`, or as much as is known: `April 2008`, `2008`."""
    if isinstance(date, PartialDate):
        return f"{_MONTHS[date.month - 1]} {date.year}" if date.has_month else f"{date.year}"
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"
