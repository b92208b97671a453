"""What a follow-up means, without generating text.

A question that cannot stand alone ("And who arrested them?", "When was that?") is read together with the
words of the earlier question that it leans on. Both readings are searched; the one with the carried words is
shown, so that a reader sees what was understood. A question that stands alone drops the history.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.replies import reply_kind
from qa.terms import FUNCTION_WORDS, content_words, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.schema import Turn

# A turn that opens so continues the one before.
_OPENING = re.compile(r"\s*(?:and|but|or|so|then|also|plus|what about|how about|what of)\b", re.IGNORECASE)
# Words that stand for something said before. "It", "that" and "there" also have other uses, ruled out below.
_ANAPHORS = frozenset(
    """he she they him her them his hers their theirs it its this that these those there one ones
    former latter same such himself herself itself themselves""".split()
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
# Fewer content words than this, and no name, is a fragment: "By whom?", "How many?", "Since when?"
_FRAGMENT = 2
# Words carried over at most: a long turn would drown the question.
_CARRIED = 12


@dataclass(frozen=True, slots=True)
class Interpretation:
    """How a question is read: `question` is what is shown, `variants` what is searched, the raw one first."""

    question: str
    variants: tuple[str, ...]


def interpret(question: str, history: Sequence[str | Turn] = ()) -> Interpretation:
    """Read the question in the light of the earlier turns; only the user's own questions are used."""
    reading = question.strip()
    carried = _carried(reading, _user_questions(history))
    if not carried:
        return Interpretation(reading, (reading,))
    expanded = f"{reading} ({', '.join(carried)})"
    return Interpretation(expanded, (reading, expanded))


def stands_alone(question: str) -> bool:
    """Whether the question can be understood without what was said before."""
    if _OPENING.match(question):
        return False
    if _ANAPHORS.intersection(words(_NOT_ANAPHORIC.sub(" ", question))):
        return False
    content = [word for word in words(question) if word not in FUNCTION_WORDS]
    return len(content) >= _FRAGMENT or _names_something(question)


def _names_something(question: str) -> bool:
    """Whether a word inside the question is capitalised or a number, as names and dates are."""
    return any(word[0].isupper() or word[0].isdigit() for word in re.findall(r"\w+", question)[1:])


def _user_questions(history: Sequence[str | Turn]) -> list[str]:
    said = [
        turn if isinstance(turn, str) else turn.text
        for turn in history
        if isinstance(turn, str) or turn.role == "user"
    ]
    return [text for text in said if text.strip() and reply_kind(text) is None]


def _carried(question: str, earlier: list[str]) -> list[str]:
    """The content words it leans on: of the last question that stands alone, and of what followed that."""
    if not earlier or stands_alone(question):
        return []
    start = max((i for i, text in enumerate(earlier) if stands_alone(text)), default=0)
    own = set(words(question))
    carried = (
        word for text in earlier[start:] for word in _content_as_written(text) if word.casefold() not in own
    )
    return list(dict.fromkeys(carried))[:_CARRIED]


def _content_as_written(text: str) -> list[str]:
    """The content words in the case in which they were typed: capitals carry names."""
    wanted = set(content_words(text))
    return [
        word
        for word in re.findall(r"\w+", text)
        if word.casefold() in wanted and word.casefold() not in FUNCTION_WORDS
    ]
