"""Find out whether a question asks for a fact about a document: its author, date, number and the like.

The functions judge by words, without grammar. If the words mislead, a head is read in vain.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, cast, get_args

from qa.text.word_weights import LONGEST, features, log_odds, shipped_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

Fact = Literal["author", "date", "publisher"]
Field = Literal["author", "publisher", "date", "number", "series", "title", "place", "sender", "addressee"]

# Log odds above which the words of a question ask for a field. The words for a date, a place and a number are
# often about an event, so they need more.
LEAST = -2.5
LEAST_OF: dict[Field, float] = {"date": 0.5, "place": -0.5, "number": -1.5}

# The words for a kind of document. Act, bill, order and the like are left out: they rarely mean a document.
_KIND = (
    r"(?:abstract|advice|advisory|agenda|agreement|amendment|analysis|announcement|annex|appendix|article|audit"
    r"|booklet|brief|briefing|brochure|bulletin|certificate|chapter|chronicle|circular|commentary|communiqué"
    r"|contract|correction|decision|declaration|dispatch|disclosure|document|draft|dossier|e-?mail|editorial|essay"
    r"|evaluation|feature|filing|forecast|guideline|guidance|handbook|inspection|interview|journal|judge?ment"
    r"|leaflet|lease|ledger|letter|licen[cs]e|magazine|mail|manual|memo|memorandum|message|minute|newsletter"
    r"|newspaper|note|notice|notification|opinion|pamphlet|paper|petition|piece|poster|press release"
    r"|proceedings|protocol|publication|release|report|reprint|resolution|review|ruling|specification|statement|story|study"
    r"|submission|summary|survey|tender|text|thesis|transcript|update|write-up)(?:s|es)?"
)
_NAMES_KIND = re.compile(rf"\b{_KIND}\b", re.IGNORECASE)
# For each fact: words that ask for it on their own, and words that ask for it near a kind of document.
_ASKED: dict[Field, tuple[str, str]] = {
    "addressee": (
        r"addressees?",
        r"addressed|recipients?|to whom|copied (?:to|in)|in copy|written to|sent to|went to",
    ),
    "sender": (r"who(?:ever)? sent", r"senders?|from whom|sent by"),
    "title": (r"titled?|entitled|headlines?|subject line", r"headed|headings?(?! for)|called|subject"),
    "series": (r"(?:in )?which journal|law reports", r"series|journal|collection"),
    "number": (
        (
            r"(?:case|file|serial|docket|certificate|document|fact sheet|issue) (?:number|no\b)"
            r"|doi|isbn|issn|numbered"
        ),
        (
            r"(?:which|what|running|its) number(?! of)|numbers? of (?:the|this|that)|^number|number\W*$"
            r"|reference|ref|issue|edition|volume|version"
        ),
    ),
    "author": (
        (
            r"authors? of|authors?$|authored|who(?:ever)? wrote|who edits|by-?lines?|signator(?:y|ies)"
            r"|co-?signed|minutes? takers?|(?:took|kept) (?:the )?minutes"
        ),
        (
            r"author|writers?|penned|editors?|edited|drafted|drafter|compiled|compiler|translat(?:ed|or)"
            r"|written|wrote|drew up|drawn up|prepared|signed|signs|signature|kept|by whom"
        ),
    ),
    "publisher": (
        (
            r"publishers?|imprint|issuer|issuing (?:\w+ )?(?:body|institut\w+|office|agency|organi[sz]ation)"
            r"|masthead"
        ),
        (
            r"publish(?:ed|es)|print(?:ed|er)|issu(?:ed|ing)|put out|brought out|outlet|institute"
            r"|organi[sz]ation|agency"
        ),
    ),
    "date": (
        r"publication date|dated|date of (?:issue|publication)",
        r"dates?|when|day|month|year|season|old|recent",
    ),
    "place": (r"datelines?|filed from", r"place|city|town|where"),
}
_CUES = tuple(
    (field, re.compile(rf"\b(?:{alone})\b", re.IGNORECASE), re.compile(rf"\b(?:{near})\b", re.IGNORECASE))
    for field, (alone, near) in _ASKED.items()
)
# "When" and "where" ask for a fact about a document only with words that say that the document appeared.
_OF_ITS_APPEARING = frozenset(("date", "place"))
_APPEARED = re.compile(
    r"\b(?:publish|print|issue|issuing|releas|dated?\b|writ|wrote|sent|send|sign|appear|c[ao]me out|put out"
    r"|brought out|drawn up|drafted|compiled|prepared|adopted|approved|revised|circulated|filed|posted"
    r"|handed)"
    r"|dates? (?:of|on|for|is|has|,)|date$|(?:month|year|date) of publication"
    r"|(?:['’]s|[,–:-]) (?:\w+ )?(?:date|day|month|year)|\b(?:old|recent)\b",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\W*(?:(?:on|in) )?(?:when|(?:what|which) (?:date|day|month|year))\b", re.IGNORECASE)
# Characters before and after a kind of document within which other words count as near it.
_NEAR = 40

# A document as people name it. Words that often mean a subject, such as bill, or a verb are left out.
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
    """Return the facts about a document that a question asks for, by patterns or words; mostly none."""
    return tuple(dict.fromkeys([*asked_by_patterns(question), *asked_by_words(question)]))


def asked_by_patterns(question: str) -> tuple[Field, ...]:
    """Return the facts about a document that a question asks for, judged by patterns.

    A question that asks when a document was published does not ask who published it.
    """
    kinds = _NAMES_KIND.finditer(question)
    near = " ".join(question[max(0, match.start() - _NEAR) : match.end() + _NEAR] for match in kinds)
    appeared = _APPEARED.search(question)
    alone = [field for field, cue, _ in _CUES if cue.search(question)]
    near_fields = [
        field for field, _, cue in _CUES if cue.search(near) and (appeared or field not in _OF_ITS_APPEARING)
    ]
    if "publisher" in near_fields and _WHEN.match(question):
        near_fields.remove("publisher")
    return tuple(dict.fromkeys([*alone, *near_fields]))


def asked_by_words(
    question: str, weights: Mapping[str, Mapping[str, float]] | None = None
) -> tuple[Field, ...]:
    """Return the facts about a document that a question asks for, judged by the weights of its words.

    This finds questions that no pattern finds. More of them ask for something else.
    """
    if len(question) > LONGEST:
        return ()
    question_features = features(question)
    weights = weights or shipped_weights()
    return tuple(
        field
        for field in get_args(Field)
        if log_odds(question_features, weights[field]) > LEAST_OF.get(field, LEAST)
    )


def fact_asked(question: str) -> tuple[Fact, str] | None:
    """Return the fact that a question surely asks for, and the kind of document; mostly None.

    The kind is one word in the singular: "e-mail", "report".
    """
    for field, pattern in _SURELY:
        if match := pattern.search(question):
            return field, match["kind"].casefold()
    return None


def kinds_named(question: str) -> set[str]:
    """Return the kinds of document that a question names, in lower case: "letter", "e-mails"."""
    return {kind.casefold() for kind in _NAMES_KIND.findall(question)}
