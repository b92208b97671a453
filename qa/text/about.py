"""Whether a question may ask for a fact about a document: who wrote it, when it appeared, its number.

It goes by words, without grammar. If they mislead, a head is read in vain.
"""

from __future__ import annotations

import re
from typing import Literal, cast

Fact = Literal["author", "date", "publisher"]
Field = Literal["author", "publisher", "date", "number", "series", "title", "place", "sender", "addressee"]

# What people call a document.
_KIND = (
    r"(?:abstract|account|act|advice|agenda|agreement|amendment|analysis|annex|appendix|application|article|bill"
    r"|booklet|brief|briefing|brochure|bulletin|certificate|chapter|chronicle|circular|column|commentary|communiqué"
    r"|complaint|contract|correction|decision|declaration|deed|dispatch|disclosure|document|draft|dossier|e-?mail"
    r"|editorial|essay|evaluation|feature|file|filing|forecast|form|guideline|guidance|handbook|inspection|interview"
    r"|journal|judge?ment|leaflet|lease|ledger|letter|licen[cs]e|list|log|magazine|mail|manual|memo|memorandum"
    r"|message|minute|newsletter|newspaper|note|notice|notification|opinion|order|page|pamphlet|paper|petition|piece"
    r"|plan|policy|poster|press release|proceedings|protocol|publication|record|release|reply|report|reprint"
    r"|resolution|return|review|ruling|schedule|sheet|specification|statement|story|study|submission|summary|survey|tender|text"
    r"|thesis|transcript|treaty|update|warrant|work|write-up)(?:s|es)?"
)
# Words that ask for each fact, by themselves and beside a kind of document.
_NUMBERED = (
    r"(?:case|file|serial|docket|certificate|document|fact sheet|order) (?:number|no\b)|reference|ref\b|doi"
    r"|isbn|issn|issue|edition|volume|version|numbered"
)
_WROTE = (
    r"authors?|authored|who(?:ever)? wrote|who writes|writers?|penned|by-?lines?|editors?|edits|edited"
    r"|drafted|drafter|compiled|compiler|signator(?:y|ies)|co-?signed|minutes? takers?|translat(?:ed|or)"
)
_ASKED: tuple[tuple[Field, str, str], ...] = (
    (
        "addressee",
        r"addressees?|addressed|recipients?|to whom|copied (?:to|in)|in copy",
        r"written to|sent to|went to",
    ),
    ("sender", r"senders?|who(?:ever)? sent|from whom", r"sent by|from"),
    ("title", r"titles?|titled|entitled|headlines?|subject line|headed|heading", r"called|subject|name of"),
    ("series", r"series|in which journal|which journal|law reports", r"journal|collection"),
    ("number", _NUMBERED, r"number|no\b|nr\b"),
    (
        "author",
        _WROTE,
        r"written|wrote|drew|drawn|prepared|signed|signs|took|taken|kept|recorded|made|behind|by",
    ),
    (
        "publisher",
        r"publish(?:ed|er|ers|es|ing)?|print(?:ed|er)|imprint|issu(?:ed|ing|er)|put out|brought out|outlet",
        r"released|institute|organi[sz]ation|agency|office|body|department|masthead|behind",
    ),
    (
        "date",
        r"publication date|dated|date of issue",
        r"dates?|when|day|weekday|month|year|season|old|recent",
    ),
    ("place", r"datelines?|filed from", r"where|place|venue|city|town"),
)
_CUES = tuple(
    (
        field,
        re.compile(rf"\b(?:{alone})\b", re.IGNORECASE),
        re.compile(rf"\b(?:{alone}|{beside})\b", re.IGNORECASE),
    )
    for field, alone, beside in _ASKED
)
_NAMES_KIND = re.compile(rf"\b{_KIND}\b", re.IGNORECASE)


# Documents as people speak of them; no matter, as a bill or a treaty may be, and no verb.
_THE_KIND = (
    r"(?:the|that|this|its?|his|her|their|our|an?|\w+['’]s)\s(?:[\w.’'-]+\s){0,3}?"
    r"(?P<kind>article|brief|briefing|bulletin|circular|document|e-?mail|essay|file|letter|mail|memo|memorandum"
    r"|message|newsletter|paper|presentation|press release|report|spreadsheet|study)\b"
)
_SURELY: tuple[tuple[Fact, re.Pattern[str]], ...] = tuple(
    (field, re.compile(f"^{asks} {_THE_KIND}{after}", re.IGNORECASE))
    for field, asks, after in cast(
        "tuple[tuple[Fact, str, str], ...]",
        (
            ("author", r"(?:full name of )?who(?:ever)? (?:wrote|authored|drafted|compiled|sent)", ""),
            ("author", r"who (?:is|was) (?:named as )?(?:the )?(?:author|writer|sender) of", ""),
            ("author", r"(?:(?:full )?name of )?(?:the )?(?:author|writer|sender) of", ""),
            ("author", r"by whom (?:is|was)", r".* (?:written|drafted|compiled|sent)\W*$"),
            ("date", r"(?:what is )?the date of", ""),
            ("date", r"(?:on )?(?:what|which) (?:date|day) did .{3,60}? send(?: \S+){0,3}?", ""),
            (
                "date",
                r"(?:when|(?:on )?(?:what|which) (?:date|day)) (?:is|was)",
                r".* (?:dated|published|issued|written|sent)\W*$",
            ),
            ("publisher", r"who (?:published|issued|(?:is|was) the publisher of)", ""),
        ),
    )
)


def asked_of_document(question: str) -> tuple[Field, ...]:
    """Return the facts about a document that a question may ask for, the likeliest first; mostly none."""
    named = _NAMES_KIND.search(question)
    alone = [field for field, cue, _ in _CUES if cue.search(question)]
    beside = [field for field, _, cue in _CUES if cue.search(question)] if named else []
    return tuple(dict.fromkeys([*alone, *beside]))


def fact_asked(question: str) -> tuple[Fact, str] | None:
    """Return the fact that a question surely asks for, and of which kind of document; mostly None.

    The kind is one word in the singular: "e-mail", "report".
    """
    for field, pattern in _SURELY:
        if match := pattern.search(question):
            return field, match["kind"].casefold()
    return None


def kinds_named(question: str) -> set[str]:
    """Return the kinds of document that a question names, in lower case: "letter", "e-mails"."""
    return {kind.casefold() for kind in _NAMES_KIND.findall(question)}
