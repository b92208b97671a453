"""Find out what a question asks for: exact phrases in quotation marks, and the kind of its answer."""

from __future__ import annotations

import re
from typing import Literal

from qa.schema import Span
from qa.text.terms import has_content

AnswerType = Literal["date", "number"]

# A straight quotation mark after a digit means inches or seconds, and does not open a phrase.
_PHRASE = re.compile(r"“([^“”]+)”|(?<!\d)\"([^\"]+)\"|«([^«»]+)»|„([^„“”]+)[“”]")

# Words whose meaning only the earlier conversation tells.
_POINTING = (
    r"(?:this|that|these|those|such|same|others?|another|former|latter|my|your|his|hers?|its?|our|their|he|she"
    r"|they|him|them|us|me|you|it|one|ones)"
)
# "Which documents mention …?": the group has the words to look for, without an article.
_MENTIONED = re.compile(
    r"(?:which|what)(?: of the| of these)? (?:documents?|briefs?|reports?|articles?|papers?|texts?|sources?"
    r"|files?|notes?|stories|issues?|e-?mails?|messages?)"
    r" (?:mentions?|mentioned|refers? to|speaks? (?:of|about)|talks? about|contains?)"
    r" (?:the (?:word|words|phrase|name|term) )?"
    rf"(?!(?:the )?{_POINTING}\b)(?:the |a |an )?(?P<words>[^?!.,;:]{{2,80}}?)\s*[?.!]*",
    re.IGNORECASE,
)

_ASKS_DATE = re.compile(
    r"\b(?:when|(?:what|which) (?:date|day|month|year|decade|time)|how (?:long ago|recently|early|late)"
    r"|date of)\b",
    re.IGNORECASE,
)
_ASKS_NUMBER = re.compile(
    r"\b(?:how (?:many|much|large|big|heavy|far|long|old|high|tall|often)"
    r"|what (?:number|quantity|amount|tonnage|weight|price|percentage|percent|share|proportion|sum"
    r"|total|age|rate)"
    r"|(?:number|amount|quantity|tonnage|price|cost|percentage) of)\b",
    re.IGNORECASE,
)

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?)"
)
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? \d{{4}})?"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?\b"
    rf"|(?:(?:early|mid|late|the (?:beginning|end|start|middle) of)[ -])?{_MONTH}(?: \d{{4}})?"
    rf"|\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}"
    rf"|(?:(?:the )?(?:early|mid|late)[ -])?(?:the )?(?:1[5-9]|20)\d0s|(?:1[5-9]|20)\d{{2}}"
    rf"|(?:last|this|next|the (?:previous|following))"
    rf" (?:week|month|year|spring|summer|autumn|fall|winter|decade)"
    rf"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|yesterday|today|lately|recently)(?!\w)"
)
_NUMERAL = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|half|dozens?"
    r"|scores?|hundreds?|thousands?|(?:m|b|tr)illions?)"
)
_UNIT = (
    r"(?:per ?cent|%|tons?|tonnes?|tones|kg|kilograms?|km|kilomet(?:er|re)s?|m(?:et(?:er|re)s?)?|won|yuan"
    r"|dollars?|euros?|years?|months?|weeks?|days?|hours?|people|men|women)"
)
_NUMBER = re.compile(
    rf"(?:[$€£¥₩]\s?)?\b\d[\d,.]*\d(?:\s?{_UNIT}\b)?|\b\d(?:\s?{_UNIT}\b)?"
    rf"|\b{_NUMERAL}(?:[ -](?:and )?{_NUMERAL})*(?: {_UNIT})?\b",
    re.IGNORECASE,
)


def phrases(question: str) -> tuple[str, ...]:
    """Return the phrases in double quotation marks that have a word, in order and each once."""
    found = (next(filter(None, groups)).strip() for groups in _PHRASE.findall(question))
    return tuple(dict.fromkeys(phrase for phrase in found if re.search(r"\w", phrase)))


def asks_who_mentions(question: str) -> str:
    """Return the words X of a question "Which documents mention X?", or "" for any other question."""
    asked = _MENTIONED.fullmatch(question.strip())
    return asked["words"] if asked and has_content(asked["words"]) else ""


def without_phrases(question: str) -> str:
    """Return the question without its exact phrases."""
    return _PHRASE.sub(" ", question).strip()


def blanked(question: str) -> str:
    """Return the question with spaces instead of the words of exact phrases. Offsets stay the same."""
    return _PHRASE.sub(lambda match: f"{match[0][0]}{' ' * (len(match[0]) - 2)}{match[0][-1]}", question)


def answer_type(question: str) -> AnswerType | None:
    """Return the kind of words that an answer must hold, a date or a number, or None if it is not known."""
    if _ASKS_DATE.search(question):
        return "date"
    if _ASKS_NUMBER.search(question):
        return "number"
    return None


def spans_of_type(text: str, kind: AnswerType, offset: int = 0) -> tuple[Span, ...]:
    """Return the places of words of that kind in the text, moved by `offset`. A date's digits are numbers."""
    pattern = _DATE if kind == "date" else _NUMBER
    return tuple(Span(match.start() + offset, match.end() + offset) for match in pattern.finditer(text))
