"""Find out whether quotes of different documents give different figures or dates for a question.

Only the words that the reader took for the answer are compared, and only figures with the same unit. The
module does not judge which figure is right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from qa.schema import QuoteReference, Span
from qa.text.question import AnswerType, ParsedQuestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qa.schema import Answer, Quote

# Relative difference within which two figures count as equal if one is rounded.
_NEAR = 0.1

_UNITS = {
    word: number
    for number, word in enumerate(
        """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen
    """.split()
    )
} | {
    word: 10 * tens
    for tens, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "milliard": 10**9,
    "lakh": 100_000,
    "crore": 10**7,
    "dozen": 12,
}
# Scales that may follow digits directly or after a space.
_ABBREVIATED = {
    **dict.fromkeys(("mn", "mln"), 10**6),
    **dict.fromkeys(("bn", "bln", "mrd"), 10**9),
    **dict.fromkeys(("tn", "trn"), 10**12),
}
# Letters that are scales only directly after digits, because "5 m" may be metres. In a sum of money, a space
# may stand between.
_LETTERS = {"k": 1_000, "m": 10**6}
_ALL_SCALES = _SCALES | _ABBREVIATED | _LETTERS
_NUMERAL = "|".join([*_UNITS, *_SCALES])
_FIGURE = re.compile(
    rf"(?<![\w.,])(?P<currency>[$€£¥₩₹])?"
    rf"(?P<words>(?:\d{{1,2}}(?:,\d\d)+,\d{{3}}|\d+(?:,\d{{3}})*)(?:\.\d+)?"
    rf"(?:(?:(?: ?(?:{'|'.join(_SCALES)})s?)+| ?(?:{'|'.join(_ABBREVIATED)})|(?(currency) ?)[km])\b)?"
    rf"(?![,.]?\d)"
    rf"|(?:{_NUMERAL})(?:(?:-| | and )(?:{_NUMERAL}|(?:{'|'.join(_SCALES)})s))*\b)",
    re.IGNORECASE,
)
# Characters that a figure may go on after the reader's words: “2” of “2 million tonnes”.
_BEYOND = 24
# The word after a figure says what is counted. `_PEOPLE` are words that say only "people", or nothing at all.
_COUNTED = re.compile(r" ([a-z]+)")
_PEOPLE = frozenset(
    "people persons dead died were was are is have had who in on of at and more others".split()
)
_UNIT = re.compile(
    r"[ -]?(%|(?:per ?cent|ton|tonne|tone|kg|kilogram|km|kilomet(?:er|re)|met(?:er|re)|mile|acre|hectare"
    r"|won|yuan|yen|dollar|euro|pound|year|month|week|day|hour|minute|litre|barrel|megawatt|degree)s?\b)",
    re.IGNORECASE,
)
_ROUNDED = re.compile(
    r"\b(?:about|some|nearly|almost|around|roughly|approximately|close to)\s*$", re.IGNORECASE
)
# A figure after such words is a bound, which agrees with many figures, or one end of a range.
_BOUND = re.compile(
    r"(?:\b(?:over|under|above|below|at (?:least|most)|(?:more|less|fewer|greater) than|up to|as many as"
    r"|between|from)|\d\s*(?:-|–|to|and|or))\s*$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"\s*(?:[-–]\s*\d|(?:to|and|or) \d|or (?:so|more|less|fewer)\b|\+)")
_YEAR = re.compile(r"(?:\b(?:in|since|until|by|during|from|late|early|mid|year)|,)[\s-]*$", re.IGNORECASE)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
# Whole names and abbreviations only: "separate", "market", "may" or "march" in small letters are not months.
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|(?-i:M)ar(?:ch)?|apr(?:il)?|(?-i:M)ay|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DATE = re.compile(
    rf"\b(?:(?P<before>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?)?{_MONTH}"
    r"(?: (?P<after>\d{1,2})(?:st|nd|rd|th)?\b)?"
    r"(?:,? (?P<year>\d{4}))?\b|\b(?P<alone>(?:1[5-9]|20)\d\d)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """The figure or date that a quote gives as the answer.

    Attributes:
        quote: the quote.
        words: the words of the figure or date.
        value: the number with its unit, or the parts of the date that are named.
        place: the place of the words in the quote's document.
        rounded: whether the words before the figure say that it is rounded: “about”, “some”.
    """

    quote: Quote
    words: str
    value: tuple[float, str] | Mapping[str, int]
    place: Span
    rounded: bool = False

    @property
    def reference(self) -> QuoteReference:
        """The place of the words, with the document."""
        document = self.quote.document
        return QuoteReference(document.id, document.sha256, self.place.start, self.place.end)


def differing(answer: Answer) -> tuple[Figure, ...]:
    """Return a figure for each document that gives one, if any two differ. Otherwise return no figures."""
    kind = ParsedQuestion(answer.interpreted_question).answer_type
    if answer.outcome != "answered" or kind is None or answer.parts:
        return ()
    by_document: dict[str, Figure] = {}
    for quote in answer.quotes:
        figure = _figure(quote, kind)
        if figure and quote.document.id not in by_document:
            by_document[quote.document.id] = figure
    figures = tuple(by_document.values())
    if any(_differ(one, other) for at, one in enumerate(figures) for other in figures[:at]):
        return figures
    return ()


def compared(answer: Answer) -> tuple[str, tuple[Figure, ...]]:
    """Return a heading such as `Different figures`, and the figures, with equal figures next to each other.

    If the figures do not differ, both are empty.
    """
    figures = differing(answer)
    if not figures:
        return "", ()
    words = [figure.words for figure in figures]
    what = "figures" if isinstance(figures[0].value, tuple) else "dates"
    return f"Different {what}", tuple(sorted(figures, key=lambda figure: words.index(figure.words)))


def in_words(answer: Answer) -> str:
    """Return what differs, in words: `Different figures: 61 [1] [3], 58 [2]`, or "" if no figures differ."""
    what, figures = compared(answer)
    by_words = groupby(figures, key=lambda figure: figure.words)
    return what and f"{what}: " + ", ".join(
        f"{words} {' '.join(f'[{figure.quote.number}]' for figure in group)}" for words, group in by_words
    )


def _figure(quote: Quote, kind: AnswerType) -> Figure | None:
    """Return the only figure or date in the emphasised words, unless it is a bound or one end of a range."""
    text = quote.document.text
    if quote.document.language not in ("en", ""):
        return None
    pattern = _DATE if kind == "date" else _FIGURE
    matches = [
        match
        for span in quote.emphasis
        for match in pattern.finditer(text, span.start, min(span.end + _BEYOND, quote.end))
        if match.start() < span.end
    ]
    if len(matches) != 1:
        return None
    (match,) = matches
    before = text[max(0, match.start() - 20) : match.start()]
    if _BOUND.search(before) or _GOES_ON.match(text, match.end()):
        return None
    if kind == "date":
        if match["alone"] and not _YEAR.search(before):
            return None
        return Figure(quote, " ".join(match[0].split()), _date(match), Span(*match.span()))
    value = _number(match["words"])
    if value is None:
        return None
    measured, counted = _UNIT.match(text, match.end()), _COUNTED.match(text, match.end())
    end = measured.end() if measured else match.end()
    unit = match["currency"] or (measured[1] if measured else counted[1] if counted else "")
    unit = "" if unit in _PEOPLE else "%" if unit.startswith("per") else unit.casefold().removesuffix("s")
    words = " ".join(text[match.start() : end].split())
    return Figure(quote, words, (value, unit), Span(match.start(), end), bool(_ROUNDED.search(before)))


def _number(words: str) -> float | None:
    """Read a number: 1,234.5; 2.1 million; three hundred and twelve; 1.2 lakh crore."""
    if re.fullmatch(r"\d{1,3}\.\d{3}", words):
        return None  # thousands in one country, a decimal fraction in another
    total = part = scaled = 0.0
    for word in re.findall(r"[\d.,]+|[a-z]+", words.casefold()):
        if scale := _ALL_SCALES.get(word) or _SCALES.get(word.removesuffix("s")):
            # A scale after another scale multiplies it: a thousand million.
            total, part = total - scaled * (not part), (part or scaled or 1) * scale
            scaled = 0.0
            if not word.startswith("hundred"):
                total, part, scaled = total + part, 0.0, part
            continue
        scaled = 0.0
        if word in _UNITS:
            part += _UNITS[word]
        elif word != "and":
            try:
                part += float(word.replace(",", ""))
            except ValueError:
                return None
    return total + part


def _date(match: re.Match[str]) -> dict[str, int]:
    """Return the parts of a date that are named."""
    month = match["month"]
    parts = {
        "year": match["year"] or match["alone"],
        "month": month and 1 + _MONTHS.index(month.casefold()[:3]),
        "day": match["before"] or match["after"],
    }
    return {name: int(value) for name, value in parts.items() if value}


def _differ(one: Figure, other: Figure) -> bool:
    """Return whether two figures of the same unit, or two dates, cannot both be right."""
    if isinstance(one.value, tuple) and isinstance(other.value, tuple):
        (first, unit), (second, also) = one.value, other.value
        if unit != also:
            return False
        if one.rounded or other.rounded:
            return abs(first - second) > _NEAR * max(first, second)
        return first != second
    mine, yours = one.value, other.value
    if isinstance(mine, tuple) or isinstance(yours, tuple):
        return False
    return any(mine[name] != yours[name] for name in mine.keys() & yours.keys())
