"""A date may be a day, a month or a year; see `qa.text.dates`."""

import copy
import datetime as dt
import pickle

import pytest

from qa.text.dates import PartialDate, parse_date, span_of

APRIL = PartialDate(2024, 4)


@pytest.mark.parametrize(
    ("written", "date"),
    [("2024-04-05", dt.date(2024, 4, 5)), ("2024-04", APRIL), ("2024", PartialDate(2024))],
)
def test_a_date_is_a_day_a_month_or_a_year_and_is_written_as_it_was_read(written: str, date: dt.date):
    assert parse_date(written) == date
    assert parse_date(written).isoformat() == str(date) == f"{date}" == written


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("2024-13", "there is no such month: 2024-13"),
        ("2024-00-01", "there is no such month: 2024-00"),
        ("2024-02-30", "there is no such day: 2024-02-30"),
        ("0000", "there is no such year: 0000"),
        ("4 April", "'4 April' is not a date; write 2008-04-04, 2008-04 or 2008"),
        ("2024-4", "'2024-4' is not a date"),
        ("٢٠٢٤", "is not a date"),
        ("", "'' is not a date"),
    ],
)
def test_what_is_no_date_is_refused_with_the_reason(written: str, message: str):
    with pytest.raises(ValueError, match=message):
        parse_date(written)


def test_a_date_covers_the_days_of_its_month_or_year():
    assert span_of(dt.date(2024, 4, 5)) == (dt.date(2024, 4, 5), dt.date(2024, 4, 5))
    assert span_of(PartialDate(2024, 2)) == (dt.date(2024, 2, 1), dt.date(2024, 2, 29))
    assert span_of(PartialDate(2024)) == (dt.date(2024, 1, 1), dt.date(2024, 12, 31))
    assert not any(isinstance(day, PartialDate) for day in span_of(APRIL))


def test_a_month_is_not_its_first_day():
    first = dt.date(2024, 4, 1)
    assert first != APRIL
    assert APRIL != first  # noqa: SIM300 -- the other way round
    assert not first == APRIL  # noqa: SIM201 -- what equality says
    assert PartialDate(2024) != PartialDate(2024, 1)
    assert len({first, APRIL, PartialDate(2024, 4)}) == 2


def test_a_month_stands_among_days_as_its_first_does():
    assert sorted([dt.date(2024, 4, 2), APRIL, dt.date(2024, 3, 31)])[1] is APRIL


def test_a_month_survives_copying_and_pickling():
    for date in (APRIL, PartialDate(2024)):
        assert copy.deepcopy(date) == pickle.loads(pickle.dumps(date)) == date  # noqa: S301 -- our own


def test_counting_days_from_a_month_counts_from_its_first():
    assert APRIL + dt.timedelta(days=1) == dt.date(2024, 4, 2)
    assert (dt.date(2024, 4, 11) - APRIL).days == 10


def test_replacing_a_part_keeps_what_is_known():
    assert APRIL.replace(year=2009) == PartialDate(2009, 4)
    assert str(APRIL.replace(month=5)) == "2024-05"
    assert str(PartialDate(2024).replace(year=2009)) == "2009"
    assert APRIL.replace(day=5) == dt.date(2024, 4, 5)
    with pytest.raises(ValueError, match="2024 has no month: name the month and the day"):
        PartialDate(2024).replace(day=5)


def test_no_format_shows_a_day_or_a_month_that_nobody_stated():
    assert f"{APRIL:%B %Y}" == "April 2024"
    assert f"{PartialDate(2024):%Y, 100 %%d}" == "2024, 100 %d"
    for written in ("%d %B %Y", "%-d.%m.%Y", "%x", "%c", "%A"):
        with pytest.raises(ValueError, match="2024-04 has no day that '%"):
            APRIL.strftime(written)
    with pytest.raises(ValueError, match="2024 has no month that '%B %Y' could show"):
        f"{PartialDate(2024):%B %Y}"
    with pytest.raises(ValueError, match="2024-04 has no day"):
        APRIL.ctime()
