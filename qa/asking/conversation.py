"""What a follow-up means, without generating text.

A question that cannot stand alone ("And who arrested them?", "When was that?") is read together with the
words of the earlier questions that it leans on, and shown with them, so that a reader sees what was
understood. A question that stands alone is read and shown as it is; the conversation then only helps to find
and to order passages ("How many were killed in the slide?" says not which slide), and a change of topic
costs little, because the question itself is searched too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.asking.replies import reply_kind
from qa.text import times
from qa.text.terms import FUNCTION_WORDS, content_words, has_content, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.schema import Turn

# A turn that opens so continues or corrects the one before, as does one that ends so.
_OPENING = re.compile(
    r"(?:(?<!\s)\s++)?(?:(?:no|yes|ok|okay|sorry|oops|well|i see)\b[\s,.!]*)?"
    r"(?:and|but|or|so|then|also|plus|what about|how about|what of|i meant?)\b",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"\b(?:too|as well|either|instead|otherwise|then|afterwards|else|the other)[\s?.!]*$"
    r"|\b(?:first|second|third|last|other|another|which) ones?\b",
    re.IGNORECASE,
)
# Words that stand for something said before. "It", "that" and "there" also have other uses, ruled out below.
_ANAPHORS = frozenset(
    """he she they him her them his hers their theirs it its this that these those there one ones
    former latter others same such himself herself itself themselves""".split()
)
# "is it true", "there are", and "that" after a noun or verb ("the metal that"): not anaphors.
_NOT_ANAPHORIC = re.compile(
    r"\b(?:is|was|does|did|has) it (?:true|possible|clear|known|likely|the case|reported|said)\b"
    r"|\b(?:is|are|was|were|be|been|had|has|have) there\b|\bthere (?:is|are|was|were|be|been)\b"
    r"|\bone of\b|\bone (?!in|on|at|from|that|who|which|with|for|to|is|was|did|does|has|had\b)(?=\w)"
    r"|\b(?:no|any|some|every) ?one\b|\bsuch as\b|\bthe same \w+ as\b"
    r"|\b(?:this|these|those|that) (?:brief|document|report|article|text|week|month|year)\b"
    r"|\b(?:this|these|those|that) (?:\w+ )?who\b"
    r"|(?<=\w )\bthat (?!(?:happen|was|is|be|come|say|mean|do)\b)(?=\w)",
    re.IGNORECASE,
)
# A name after one of these verbs is who acts; in what follows, these pronouns are most likely that one's:
# "What did Petra Lindqvist say she would publish?", "… in her minutes" (but not "Who told her?").
_NAMED_FIRST = re.compile(
    r"\b(?i:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must) [A-Z].*"
)
_OF_THE_NAME = re.compile(
    r"\b(?:he|she|they|(?:him|her)self|themselves)\b"
    rf"|\b(?:his|her|their)(?= (?!(?:{'|'.join(sorted(FUNCTION_WORDS))})\b)\w)"
)
# Fewer content words than this, and no name, is a fragment: "By whom?", "How many?", "Since when?"
_FRAGMENT = 2
# A question without a name sets a topic if it has so many content words.
_TELLING = 4
# So many earlier questions are looked at: what was said before them is forgotten.
_REMEMBERED = 4
# What the question counts in a search, and each of two readings of it in context: with the words that it
# carries, and after all that is remembered.
_ALONE = (1.0, 0.5)
_LEANING = (0.5, 1.0)
# Words carried over at most, and words that a question is searched after: long turns would drown it, or push
# it out of what the encoder reads.
_CARRIED = 12
_AFTER = 100


@dataclass(frozen=True, slots=True)
class Interpretation:
    """How a question is read.

    Attributes:
        question: what is shown and what models read: with carried words only where it leans on them.
        variants: what is searched, each with its weight, the raw question first.
        timeless: the question without the words that name a time, its own and carried ones; with them where
            nothing else is left.
        leans_on: the earlier questions without which it cannot be understood, the oldest first.
    """

    question: str
    variants: tuple[tuple[str, float], ...]
    timeless: str
    leans_on: tuple[str, ...] = ()


def interpret(question: str, history: Sequence[str | Turn] = ()) -> Interpretation:
    """Read the question in the light of the earlier turns; only the user's own questions are used."""
    reading = question.strip()
    earlier = earlier_questions(history)
    if not earlier:
        return Interpretation(reading, ((reading, 1.0),), _timeless(reading) or reading)
    expanded = expand(reading, earlier)
    alone = stands_alone(reading)
    own, context = _ALONE if alone else _LEANING
    before = " ".join(earlier).split()[-_AFTER:]
    variants = ((reading, own), (expanded, context), (" ".join([*before, reading]), context))
    if alone:
        return Interpretation(reading, variants, _timeless(reading) or reading)
    leans_on = tuple(earlier[_topic(earlier) :])
    return Interpretation(expanded, variants, _timeless(reading, leans_on) or expanded, leans_on)


def expand(question: str, earlier: Sequence[str]) -> str:
    """Return the question with the words that it carries over from earlier ones, in brackets after it."""
    return _with_words(question, _carried(question, earlier[_topic(earlier) :]))


def _timeless(question: str, leaned_on: Sequence[str] = ()) -> str:
    """Return the question with what it carries over, but without times; empty if nothing is left."""
    alone = times.without(question, leaned_on)
    if leaned_on and not words(_OPENING.sub("", alone)):  # "And in 2009?" asks the same of another time
        return _timeless(leaned_on[-1], leaned_on[:-1])
    said = _with_words(alone, _content(_timeless_each(leaned_on), alone))
    return said if has_content(said) else ""


def _timeless_each(leaned_on: Sequence[str]) -> list[str]:
    return [times.without(text, leaned_on[:at]) for at, text in enumerate(leaned_on)]


def _with_words(question: str, carried: Sequence[str]) -> str:
    return f"{question} ({', '.join(carried)})" if carried else question


def stands_alone(question: str) -> bool:
    """Tell whether the question can be understood without what was said before."""
    if _OPENING.match(question) or _ENDING.search(question):
        return False
    leaning = _NAMED_FIRST.sub(lambda match: _OF_THE_NAME.sub(" ", match[0]), question)
    if _ANAPHORS.intersection(words(_NOT_ANAPHORIC.sub(" ", leaning))):
        return False
    content = [word for word in words(question) if word not in FUNCTION_WORDS]
    return len(content) >= _FRAGMENT or bool(names(question))


def names(question: str) -> list[str]:
    """Return the words inside a question that are capitalised or numbers, as names and dates are."""
    return [word for word in re.findall(r"\w+", question)[1:] if word[0].isupper() or word[0].isdigit()]


def earlier_questions(history: Sequence[str | Turn]) -> list[str]:
    """Return the user's earlier questions that a question is read after, the oldest first: four at most."""
    said = [
        turn if isinstance(turn, str) else turn.text
        for turn in history
        if isinstance(turn, str) or turn.role == "user"
    ]
    return [text for text in said if text.strip() and reply_kind(text) is None][-_REMEMBERED:]


def _carried(question: str, leaned_on: Sequence[str]) -> list[str]:
    """Return the content words that a question lacks of the one that set the topic and of what followed.

    Of the times that they name only the last is carried, and none where it names one itself ("And in 2009?").
    """
    timeless = _timeless_each(leaned_on)
    time = times.preference(question, leaned_on)
    if not (time and time.words):
        named = [at for at, text in enumerate(leaned_on) if timeless[at] != text]
        for at in named[-1:]:
            timeless[at] = leaned_on[at]
    return _content(timeless, question)


def _content(texts: Sequence[str], question: str) -> list[str]:
    """Return the content words of the texts that the question lacks, at most _CARRIED."""
    own = set(words(question))
    carried = {
        word.casefold(): word
        for text in texts
        for word in _content_as_written(text)
        if word.casefold() not in own
    }
    return list(carried.values())[:_CARRIED]


def _topic(earlier: Sequence[str]) -> int:
    """Find the question that set the topic: the last that says enough by itself, or that stands alone."""
    alone = [place for place, text in enumerate(earlier) if stands_alone(text)]
    telling = [place for place in alone if _says_enough(earlier[place])]
    return (telling or alone or [0])[-1]


def _says_enough(question: str) -> bool:
    """Tell whether a question names something, or has enough content words to be found by itself."""
    return bool(names(question)) or len(content_words(question)) >= _TELLING


def _content_as_written(text: str) -> list[str]:
    """Return the content words in the case in which they were typed: capitals carry names."""
    wanted = set(content_words(text))
    return [
        word
        for word in re.findall(r"\w+", text)
        if wanted.intersection(words(word)) and word.casefold() not in FUNCTION_WORDS
    ]
