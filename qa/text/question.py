"""Parse a question: its words, names and exact phrases, and what it asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from qa.schema import Span
from qa.text import about
from qa.text.anaphora import CONTENT, FRAGMENT, refers_back
from qa.text.foreign import foreign_function_words
from qa.text.terms import FUNCTION_WORDS, has_content, words

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
# "What is demurrage?" names a thing. "What is missing?" and "What is the reason?" do not.
_DEFINING = re.compile(
    r"what(?:['’]s| is| are)(?: an?)?"
    r" (?!\w+(?:ed|en|ing)\b|(?:different|known|left|lost|new|next|old|true|worse|worst|wrong)\b)"
    rf"{CONTENT}[\s?.!]*",
    re.IGNORECASE,
)
_ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True)
class ParsedQuestion:
    """A question with what its words say. Each attribute is found when it is first needed, and then kept.

    Attributes:
        text: the question, as it was typed or as it is read after earlier questions.
    """

    text: str

    @cached_property
    def words(self) -> list[str]:
        """The words in order, as `qa.text.terms.words` writes them."""
        return words(self.text)

    @cached_property
    def content(self) -> list[str]:
        """The words that are no function words, in order, also repeated ones."""
        return [word for word in self.words if word not in FUNCTION_WORDS]

    @cached_property
    def terms(self) -> list[str]:
        """The content words to search for, each once, or all words if there are none ("What was it?")."""
        return list(dict.fromkeys(self.content or self.words))

    @cached_property
    def names(self) -> list[str]:
        """The words after the first that are capitalised or numbers: names and dates."""
        written = re.findall(r"\w+", self.text)[1:]
        return [word for word in written if word[0].isupper() or word[0].isdigit()]

    @cached_property
    def phrases(self) -> tuple[str, ...]:
        """The phrases in double quotation marks that have a word, in order and each once."""
        quoted = (next(filter(None, groups)).strip() for groups in _PHRASE.findall(self.text))
        return tuple(dict.fromkeys(phrase for phrase in quoted if re.search(r"\w", phrase)))

    @property
    def without_phrases(self) -> str:
        """The question without its exact phrases."""
        return _PHRASE.sub(" ", self.text).strip()

    @cached_property
    def blanked(self) -> str:
        """The question with spaces instead of the words of exact phrases. Offsets stay the same."""
        return _PHRASE.sub(lambda it: f"{it[0][0]}{' ' * (len(it[0]) - 2)}{it[0][-1]}", self.text)

    @property
    def mentioned(self) -> str:
        """The words X of a question "Which documents mention X?", or "" for any other question."""
        asked = _MENTIONED.fullmatch(self.text.strip())
        return asked["words"] if asked and has_content(asked["words"]) else ""

    @cached_property
    def answer_type(self) -> AnswerType | None:
        """The kind of words that an answer must hold, a date or a number, or None if it is not known."""
        if _ASKS_DATE.search(self.text):
            return "date"
        return "number" if _ASKS_NUMBER.search(self.text) else None

    @cached_property
    def is_standalone(self) -> bool:
        """Whether the question can be understood without the earlier turns.

        A content word by itself names a thing: "premiums", "the harvest".
        """
        if refers_back(self.text):
            return False
        asked = [word for word in self.words if word not in _ARTICLES]
        functional = FUNCTION_WORDS | foreign_function_words(self.text)
        content = [word for word in asked if word not in functional]
        names_a_thing = 0 < len(content) == len(asked) or _DEFINING.fullmatch(self.text)
        return len(content) >= FRAGMENT or bool(self.names or names_a_thing)

    @cached_property
    def document_fields(self) -> tuple[about.Field, ...]:
        """The facts about a document that the question asks for, mostly none."""
        return about.asked_of_document(self.text)

    @cached_property
    def document_fact(self) -> tuple[about.Fact, str] | None:
        """The fact that the question surely asks for, and the kind of document; mostly None."""
        return about.fact_asked(self.text)

    @cached_property
    def document_kinds(self) -> set[str]:
        """The kinds of document that the question names, in lower case: "letter", "e-mails"."""
        return about.kinds_named(self.text)


def spans_of_type(text: str, kind: AnswerType, offset: int = 0) -> tuple[Span, ...]:
    """Return the places of words of that kind in the text, moved by `offset`. A date's digits are numbers."""
    pattern = _DATE if kind == "date" else _NUMBER
    return tuple(Span(match.start() + offset, match.end() + offset) for match in pattern.finditer(text))
