"""The time that a question names. It is a preference among the passages that answer, never a filter.

"In March 2008" says when something happened, which is seldom the day of publication. "The briefs of 2008"
says when documents were published. "The latest" asks for the newest documents. The patterns are our own, for
English. A library that finds dates returns days, not periods, and loses the "since"
(docs/decisions/0013-questions.md).
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import TYPE_CHECKING

from qa.schema import DatePreference, Span
from qa.text.dates import PartialDate, date_in_words, parse_date, span_of
from qa.text.terms import FUNCTION_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.text.question import ParsedQuestion

# Readings within so many logits of the best answer about as well. Among these readings a preference decides.
CLOSE = 3.0
# Weight of a preference in the order of candidates to read. The retrieval score is from 0 to 1.
BOOST = 0.3
# Days after an event within which most publications about the event appear.
REPORTED = 45
# How well a passage fits a time: it speaks of the time; it was published while the time was news; it was
# published later, and may look back. A passage that was published before the time does not fit, because it
# cannot know of the time. A passage that names only other times does not fit either.
_SPEAKS, _NEWS, _LATER = 1.0, 0.6, 0.4

# Characters before a time that are searched for words which say that it is the time asked for.
_REACH = 100

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11)}
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_MEASURES = (
    r"(?:won|yuan|rmb|usd|euros?|dollars?|yen|per\s?cent|percentage|times|people|persons|men|women|head"
    r"|(?:metric\s+)?(?:tons?|tonnes?)|k[gm]|kilos?|(?:kilo|centi)?(?:grams?|met(?:er|re)s?)|miles?|lit(?:er|re)s?"
    r"|hectares?|pyong|acres?|barrels?|volts?|(?:kilo|mega)?watts?|hours?|days?|weeks?|months?|years?)"
)
# Not "2000 tons", "2,000" or "2000-strong".
_YEAR = rf"(?:(?<![\d.,-])|(?<=\bmid-))(?:19|20)\d\d(?![\d%]|[.,-]\d|-\w)(?!\s+{_MEASURES}\b)"
_NUMBER = r"(?:\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|twelve)"
_NUMBERS = ("", "", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "", "twelve")
_TIME = re.compile(
    r"(?P<cjk>(?:19|20)\d\d)\s?[년年](?:\s?(?P<cm>\d{1,2})\s?[월月](?:\s?(?P<cd>\d{1,2})\s?[일日])?)?"
    r"\s?(?:(?P<csince>이후|부터|以[来來后後]|之[后後])|(?P<cuntil>이전|까지|以前|之前))?"
    rf"|(?P<iso>(?<![\d-])(?:19|20)\d\d-\d\d(?:-\d\d)?(?![\d-]))"
    r"|(?<![\d-])(?P<y1>(?:19|20)\d\d)-(?P<y2>(?:19|20)\d\d)(?![\d-])"
    r"|(?<![\d-])(?P<y3>(?:19|20)\d\d)/(?P<y4>\d\d)(?![\d/])"
    rf"|Q(?P<quarter>[1-4])\s+(?:of\s+)?(?P<qy>{_YEAR})"
    r"|(?:(?<![\d.,])(?P<d0>\d{1,2})(?:st|nd|rd|th)?(?:\s+(?:and|to|or)\s+|\s?[-–]\s?))?"
    rf"(?<![\d.,])(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<dm1>{_MONTH})(?:,?\s+(?P<dy1>{_YEAR}))?"
    rf"|(?P<dm2>{_MONTH})\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<dy2>{_YEAR}))?"
    rf"|(?P<month>{_MONTH})(?:,?\s+(?:of\s+)?(?P<my>{_YEAR}))?"
    rf"|(?P<season>spring|summer|autumn|fall)\s+(?:of\s+)?(?P<sy>{_YEAR})"
    r"|(?P<decade>(?:19|20)\d)0['’]?s\b"
    r"|(?P<which>last|this)\s+(?P<unit>week|month|year)\b(?!\s+of\b)"
    rf"|(?P<back>last|past)\s+(?P<many>{_NUMBER})\s+(?P<units>days|weeks|months|years)\b"
    rf"|(?P<some>{_NUMBER})\s+(?P<ago>days|weeks|months|years)\s+ago\b"
    r"|(?P<yesterday>yesterday)\b(?!['’])"
    rf"|(?P<year>{_YEAR})",
    re.IGNORECASE,
)
_RELATIVE = ("which", "back", "ago", "yesterday")
_AT = re.compile(
    r"\b(?:(?:(?P<since>since|from|after|no\s+earlier\s+than|not\s+before)"
    r"|(?P<until>before|until|till|up\s+to|by|no\s+later\s+than|not\s+after)|(?P<between>between)"
    r"|in|during|of|for|on|throughout|over|around|dated)"
    r"\s+(?:the\s+)?(?:(?:early|mid|late)[\s-]+|(?:beginning|start|middle|end|course)\s+of\s+)?(?:years?\s+)?"
    r"|(?:early|mid|late)[\s-]+)$",
    re.IGNORECASE,
)
# "Not in 2008" asks for any time but 2008.
_NOT = re.compile(r"\b(?:not|except(?:ing|\s+for)?|excluding|other\s+than|apart\s+from)\s+$", re.IGNORECASE)
_ONWARDS = re.compile(r"\s+(?:onwards?|forward|on(?=\s*(?:[?.!,;]|$)))", re.IGNORECASE)
# "After 2006 but before 2009".
_BUT = re.compile(
    r",?\s+(?:(?:but|and|yet)\s+)?(?=(?:since|from|after|before|until|till|up\s+to|by|no\s+(?:later|earlier)\s)\b)",
    re.IGNORECASE,
)
_AND = re.compile(
    r"(?:\s+(?:and|or|to|until|till|through)|\s*[-–])\s*(?:(?:in|on|of)\s+)?(?:the\s+)?", re.IGNORECASE
)
# "Two years before 2008" is a time that is not supported.
_LENGTH = re.compile(r"\b(?:years?|months?|weeks?|days?|decades?)\s+$", re.IGNORECASE)
# After these words, a round number before a noun is more often a number of workers, say, than a year.
_COUNTING = frozenset("over for by of around on from till until".split()) | {"up to"}
_NEXT_WORD = re.compile(r"\s+(?:(?:to|or|and)\s+\d|([^\W\d_][\w-]*))")
_ISSUES = (
    r"(?:briefs?|reports?|articles?|documents?|issues?|bulletins?|notes?|stor(?:y|ies)|newsletters?|updates?)"
)
_PUBLISHED = re.compile(
    rf"\b(?:published|issued|released|printed|posted|dated|{_ISSUES})\s+$|\bdated\s+$", re.IGNORECASE
)
# "In briefs published", "briefs published": these words are removed with the time.
_IN_ISSUES = re.compile(
    rf"(?:(?<!\s)\s++(?:in|by|from|according\s+to)\s+(?:the\s+)?{_ISSUES}|(?P<issues>\s{_ISSUES}))"
    r"(?:\s+(?:published|issued|released|printed|posted))?$",
    re.IGNORECASE,
)
_ISSUE = re.compile(rf"\s+{_ISSUES}\b", re.IGNORECASE)
_LATEST = re.compile(
    rf"\b(?:latest|newest|(?:most\s+)?recent(?!\s+(?:years|months|weeks|days|decades|times|past|history)\b)|last(?=\s+{_ISSUES}\b))\b",
    re.IGNORECASE,
)
# Words of a follow-up about the time of the earlier question: since then, or at another time.
_SINCE_THEN = re.compile(r"\b(?:since\s+then|(?:ever\s+)?since(?=\s*+[?.!]*+\s*$))", re.IGNORECASE)
_OTHER_TIME = re.compile(
    r"\bat\s+any\s+(?:time|point)\b|\b(?:ever|always|afterwards|later|earlier|previously)\b"
    r"|\b(?:before|after)(?:\s+(?:that|then))?(?=\s*+[?.!]*+\s*$)"
    r"|\b(?:previous|following|next|any|other)\s+(?:years?|months?|weeks?|days?|times?)\b",
    re.IGNORECASE,
)


def preference(
    question: ParsedQuestion, earlier: Sequence[ParsedQuestion] = (), today: dt.date | None = None
) -> DatePreference | None:
    """Return the time that the question names, or else the last time that the `earlier` questions name.

    `earlier` are the questions that the question leans on. A month without a year is in the year that they
    name. If they name no year, the month says nothing. "Last year" is counted from `today`.
    """
    text = question.blanked
    day = today or dt.date.today()  # noqa: DTZ011 -- the day where the user is
    before = preference(earlier[-1], earlier[:-1], day) if earlier else None
    day_before = (before.since or before.until) if before else None
    for match in _TIME.finditer(text):
        bounded = _bounded(text, match, day, day_before.year if day_before else None)
        if bounded:
            return bounded
    if latest := _LATEST.search(text):
        return DatePreference("latest", words=Span(*latest.span()))
    if before is None or _OTHER_TIME.search(text):
        return None
    if _SINCE_THEN.search(text):
        return DatePreference(before.kind, before.since) if before.since else None
    return DatePreference(before.kind, before.since, before.until)


def is_relative(question: ParsedQuestion) -> bool:
    """Return whether the time that the question names depends on the day on which it is asked."""
    return preference(question, (), dt.date(2001, 1, 1)) != preference(question, (), dt.date(2011, 11, 11))


def without(question: ParsedQuestion, earlier: Sequence[ParsedQuestion] = ()) -> str:
    """Return the question without the words that name its time."""
    time, text = preference(question, earlier), question.text
    if time is None or time.words is None:
        return text
    before, after = text[: time.words.start].rstrip(), text[time.words.end :].lstrip()
    if time.kind == "published":
        before = _IN_ISSUES.sub(lambda match: match["issues"] or "", before)
    if not before:
        after = after.lstrip(" ,;:–-")
        return after[:1].upper() + after[1:] if text[0].isupper() else after
    after = after.lstrip(" ,") if before.endswith(",") else after
    return f"{before}{'' if re.match(r'[?.!,;:)]', after) else ' '}{after}"


def _bounded(question: str, match: re.Match[str], today: dt.date, year: int | None) -> DatePreference | None:
    """Return the time that a match and the words around it name, with a following time as its other bound."""
    but = _BUT.match(question, match.end())
    following = _TIME.search(question, but.end()) if but else None
    second = _framed(question, following, today, year) if following else None
    if not but or not second or not second.words or second.words.start != but.end():
        return _framed(question, match, today, year)
    second_day = second.since or second.until
    first = _framed(
        question, match, today, second_day.year if second_day else year
    )  # "after May but before July 2008"
    if not first or not first.words:
        return first
    bounds = (first.since or second.since, first.until or second.until)
    if (first.since, first.until, second.since, second.until).count(None) != 2 or None in bounds:
        return first
    return DatePreference(first.kind, *bounds, Span(first.words.start, second.words.end))


def _framed(question: str, match: re.Match[str], today: dt.date, year: int | None) -> DatePreference | None:
    """Return the time that a match and the words around it name, or None if they name no time."""
    joined = _AND.match(question, match.end())
    other = _TIME.match(question, joined.end()) if joined else None
    last = _dates(other, today, year) if other else None
    dates = _dates(match, today, last[0].year if last else year)  # "between May and July 2008"
    if other and dates and not last:
        last = _dates(other, today, dates[0].year)  # "between May 2008 and July"
    before = _search_before(_AT, question, match.start())
    if before and _search_before(_NOT, question, before.start()):
        return None
    issue = _ISSUE.match(question, match.end())
    onwards = _ONWARDS.match(question, match.end())
    alone = onwards or match["quarter"] or match["cjk"] or any(match[name] for name in _RELATIVE)
    if dates is None or not (before or issue or alone):
        return None
    if before and not issue and _is_no_time(question, match, before):
        return None
    start, end = before.start() if before else match.start(), match.end()
    since: dt.date | None
    until: dt.date | None
    since, until = dates
    several = bool(match["d0"] or match["y1"])
    if match["csince"]:
        until = None
    elif match["cuntil"]:
        since = None
    elif other and last and not (before and before["until"]):
        since, until, end = min(since, last[0]), max(until, last[1]), other.end()
    elif onwards and not (before and before["until"]):
        until, end = None, onwards.end()
    elif before and several and not before["until"]:
        pass
    elif before and before["since"]:
        since = until + dt.timedelta(days=1) if before["since"].lower() == "after" else since
        until = until if before["since"].lower() == "from" else None
    elif before and before["until"]:
        until = since - dt.timedelta(days=1) if before["until"].lower() == "before" else until
        since = None
    elif before and before["between"]:
        return None
    published = issue or _search_before(_PUBLISHED, question, start) or (before and before[0][:5] == "dated")
    if before and _is_name(question, match, before):
        start = match.start()
    return DatePreference("published" if published else "event", since, until, Span(start, end))


def _search_before(pattern: re.Pattern[str], text: str, end: int) -> re.Match[str] | None:
    """Search for a pattern that ends at an offset, within `_REACH` characters before it."""
    return pattern.search(text, max(0, end - _REACH), end)


def _is_no_time(question: str, match: re.Match[str], before: re.Match[str]) -> bool:
    """Return whether the words around a time say that it is a number, part of a name, or a starting point."""
    bounds = before["since"] or before["until"]
    if bounds and _search_before(_LENGTH, question, before.start()):
        return True
    if not match["year"]:
        return False
    follows = _NEXT_WORD.match(question, match.end())
    if follows is None:
        return False
    if follows[1] is None:  # "for 1900 to 2000 won"
        return _TIME.match(question, _after(_AND.match(question, match.end()))) is None
    noun = follows[1].casefold() not in FUNCTION_WORDS and follows[1].casefold() not in ("on", "onwards")
    if bounds and re.search(r"\bthe\s+$", before[0], re.IGNORECASE):  # "before the 2008 Olympics"
        return noun
    word = " ".join(before[0].casefold().split()).removesuffix(" the")
    return noun and word in _COUNTING and match["year"].endswith("00")


def _is_name(question: str, match: re.Match[str], before: re.Match[str]) -> bool:
    """Return whether a time is part of a name: "in the 2015 election" without "2015" is "in the election"."""
    follows = _NEXT_WORD.match(question, match.end())
    in_name = (match["year"] or match["my"]) and before[0].lower().endswith("the ")
    return bool(in_name and follows and follows[1] and follows[1].casefold() not in FUNCTION_WORDS)


def _after(match: re.Match[str] | None) -> int:
    return match.end() if match else 0


def _dates(match: re.Match[str], today: dt.date, year: int | None) -> tuple[dt.date, dt.date] | None:
    """Return the first and the last day of a time. A month without a year is in `year`."""
    try:
        if match["iso"]:
            parts = [int(part) for part in match["iso"].split("-")]
            return _span(*parts)
        if match["cjk"]:
            return _span(int(match["cjk"]), int(match["cm"] or 0), int(match["cd"] or 0))
        if match["y3"]:
            begins = int(match["y3"])
            return (
                (_span(begins)[0], _span(begins + 1)[1]) if (begins + 1) % 100 == int(match["y4"]) else None
            )
        if match["y1"]:
            return _span(int(match["y1"]))[0], _span(int(match["y2"]))[1]
        if match["quarter"]:
            month, of = 3 * int(match["quarter"]), int(match["qy"])
            return _span(of, month - 2)[0], _span(of, month)[1]
        if match["decade"]:
            return _span(int(match["decade"]) * 10)[0], _span(int(match["decade"]) * 10 + 9)[1]
        if match["year"]:
            return _span(int(match["year"]))
        if match["season"]:
            since, until = _SEASONS[match["season"].lower()]
            return _span(int(match["sy"]), since)[0], _span(int(match["sy"]), until)[1]
        if match["which"]:
            return _relative(match["which"].lower(), match["unit"].lower(), today)
        if match["yesterday"]:
            return _back("1", "days", today)
        if match["back"]:
            return _back(match["many"], match["units"], today)[0], today
        if match["ago"]:
            return _back(match["some"], match["ago"], today)
        name = match["dm1"] or match["dm2"] or match["month"]
        year_text = match["dy1"] or match["dy2"] or match["my"] or year
        day = match["d1"] or match["d2"]
        if year_text is None:
            return None
        month = _MONTHS.index(name[:3].lower()) + 1
        first, last = _span(int(year_text), month, int(day) if day else 0)
        return (_span(int(year_text), month, int(match["d0"]))[0] if match["d0"] else first), last
    except (ValueError, OverflowError):  # 31 February; "yesterday" in a text of 1 January 1
        return None


def _span(year: int, month: int = 0, day: int = 0) -> tuple[dt.date, dt.date]:
    if not month:
        return dt.date(year, 1, 1), dt.date(year, 12, 31)
    if not day:
        return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])
    return dt.date(year, month, day), dt.date(year, month, day)


def bound(written: str, *, last: bool) -> dt.date:
    """Read the day `YYYY-MM-DD`, or the first (`last`: the last) day of `YYYY-MM` or `YYYY`.

    Raises:
        ValueError: the text has another form, or there is no such day, month or year.
    """
    return span_of(parse_date(written))[last]


def _relative(which: str, unit: str, today: dt.date) -> tuple[dt.date, dt.date]:
    back = which == "last"
    if unit == "year":
        return _span(today.year - back)
    if unit == "month":
        of = today.replace(day=1) - dt.timedelta(days=1) if back else today
        return _span(of.year, of.month)
    monday = today - dt.timedelta(days=today.weekday() + 7 * back)
    return monday, monday + dt.timedelta(days=6)


def _back(many: str, units: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and last day of the year or month so many years or months ago, or of the day."""
    number, unit = int(many) if many.isdecimal() else _NUMBERS.index(many.lower()), units.lower()
    if unit == "years":
        return _span(today.year - number)
    if unit == "months":
        year, month = divmod(12 * today.year + today.month - 1 - number, 12)
        return _span(year, month + 1)
    day = today - dt.timedelta(**{unit: number})
    return day, day


def spoken_of(text: str, published: dt.date | None) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield the times that a text names. A month or day without a year is the last before publication."""
    for match in _TIME.finditer(text):
        bare = match["dm1"] or match["dm2"] or match["month"]
        if bare and (match["dy1"] or match["dy2"] or match["my"]):
            bare = None
        if published is None:
            dates = (
                None if bare or any(match[name] for name in _RELATIVE) else _dates(match, dt.date.min, None)
            )
        elif (bare and bare.islower()) or not _can_be_counted_from(published, match):
            dates = None  # "may" and "march" in small letters are not months
        else:
            dates = _dates(match, span_of(published)[0], published.year)
            if bare and dates and dates[0] > span_of(published)[1]:
                dates = _dates(match, published, published.year - 1)
        if dates:
            yield dates


def _can_be_counted_from(published: dt.date, match: re.Match[str]) -> bool:
    """Return whether a time can be counted from the date: a week cannot be counted from a month."""
    unit = match["unit"] or match["units"] or match["ago"] or match["yesterday"]
    if unit is None or not isinstance(published, PartialDate):
        return True
    return unit.lower().startswith("year") or (published.has_month and unit.lower().startswith("month"))


def fits(asked: DatePreference, found: Sequence[tuple[dt.date | None, str]]) -> list[float]:
    """Return how well each item found fits, from 0 to 1. An item is its publication day and its known text.

    For "latest", the newest item gets 1. The other items get less than a half, by their age.
    """
    if asked.kind == "latest":
        days_told = [_told_of(published, text) for published, text in found]
        days = sorted({day for day in days_told if day})
        return [
            0.0 if day is None else 1.0 if day == days[-1] else days.index(day) / (2 * len(days))
            for day in days_told
        ]
    return [_fit(asked, published, text) for published, text in found]


def _told_of(published: dt.date | None, text: str) -> dt.date | None:
    """Return the day that a text tells of: its publication, or the last time it names if all are old.

    A time is old if it ended more than REPORTED days before publication.
    """
    ends = [last for _, last in spoken_of(text, published)]
    old = published and ends and (published - max(ends)).days > REPORTED
    return max(ends) if old else published


def _fit(asked: DatePreference, published: dt.date | None, text: str) -> float:
    """Return how well a text fits the time that was asked for, 0 to 1."""
    since, until = asked.since or dt.date.min, asked.until or dt.date.max
    if asked.kind == "published":
        return float(published is not None and _overlap(span_of(published), (since, until)))
    spans = list(spoken_of(text, published))
    if any(since <= first and last <= until for first, last in spans):
        return _SPEAKS
    if spans and not any(_overlap(time, (since, until)) for time in spans):
        return 0.0
    if published is None:
        return _LATER
    if span_of(published)[1] < since:
        return 0.0
    near = asked.until is None or (published - until).days <= REPORTED
    return _NEWS if near else _LATER


def _overlap(one: tuple[dt.date, dt.date], other: tuple[dt.date, dt.date]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def is_of(asked: DatePreference, published: dt.date | None, sentence: str) -> bool:
    """Return whether a sentence is of the time asked for: speaks of it, or was published in or soon after it.

    For "latest", it returns False, because "latest" compares all passages found.
    """
    return asked.kind != "latest" and _fit(asked, published, sentence) >= _NEWS


def names(asked: DatePreference, published: dt.date | None, sentence: str) -> bool:
    """Return whether a sentence names exactly the time asked for, so that a model needs no hint of it."""
    return any(span == (asked.since, asked.until) for span in spoken_of(sentence, published))


def setbacks(
    asked: DatePreference, scores: Sequence[float], found: Sequence[tuple[dt.date | None, str]]
) -> list[float]:
    """Return the logits to subtract from each score, so that among close scores the best fit comes first.

    `scores` say how well each reading answers, as logits. For `found`, see `fits`. If no reading fits, all
    stay as they are.
    """
    close = [index for index, score in enumerate(scores) if score >= max(scores) - CLOSE]
    fitting = fits(asked, [found[index] for index in close])
    back = [0.0] * len(scores)
    for index, fit in zip(close, fitting, strict=True):
        back[index] = CLOSE * (max(fitting) - fit)
    return back


def in_words(asked: DatePreference) -> str:
    """Return the preferred time in words, for a reader: "events in March 2008"."""
    if asked.kind == "latest":
        return "the newest documents"
    what = "documents published" if asked.kind == "published" else "events"
    return f"{what} {_span_in_words(asked.since, asked.until)}"


def preferred(asked: DatePreference) -> str:
    """Return a note about the preference: "Events in March 2008 are preferred, as the question says."."""
    words = in_words(asked)
    return f"{words[0].upper()}{words[1:]} are preferred, as the question says."


def _span_in_words(since: dt.date | None, until: dt.date | None) -> str:
    if since is None or until is None:
        return f"since {date_in_words(since)}" if since else f"until {date_in_words(until)}" if until else ""
    if (since, until) == _span(since.year):
        return f"in {since.year}"
    if (since, until) == _span(since.year, since.month):
        return f"in {date_in_words(since).partition(' ')[2]}"
    first, last = date_in_words(since), date_in_words(until)
    return f"on {first}" if since == until else f"from {first} to {last}"
