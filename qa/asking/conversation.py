"""Find out what a follow-up means, without generating text.

A question that cannot stand alone ("And who arrested them?", "When was that?") is read with words of earlier
questions. The words are shown, so that a reader sees how the question was understood. A question that stands
alone is searched and read as in a new conversation. If this gives no answer, or if the question is brief
("Pagination options"), it is read after the last question on its subject, if there is one: "How many were
killed in the slide?" does not say which slide (docs/decisions/0013-questions.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.asking.replies import reply_kind
from qa.text import times
from qa.text.foreign import foreign_function_words
from qa.text.terms import FUNCTION_WORDS, content_words, has_content, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.schema import Turn

_FUNCTION = "|".join(sorted(FUNCTION_WORDS))
# Openings and endings of a turn that continues or corrects the turn before.
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
# Words that refer to something said before. Some, such as "it", "that" and "there", also have other uses.
# `_NOT_ANAPHORIC` excludes these uses.
_ANAPHORS = frozenset(
    """he she they him her them his hers their theirs it its this that these those there one ones
    former latter others same such himself herself itself themselves""".split()
)
# Uses that refer to nothing said before: "is it true", "when it rains", "there are", "the metal that", "those
# held", "in such numbers", "the same machine as".
_NOT_ANAPHORIC = re.compile(
    r"\b(?:is|was|does|did|has) it (?:true|possible|clear|known|likely|the case|reported|said)\b"
    r"|\bit (?:be |been )?\w+ (?:that|whether)\b|\bit (?:rain|pour|snow|freeze)\w*"
    r"|\b(?:make|made|find|found) it \w+ (?:for|to)\b"
    r"|\b(?:is|are|was|were|be|been|had|has|have) there\b|\bthere (?:is|are|was|were|be|been)\b"
    r"|\bone of\b|\bone (?!in|on|at|from|that|who|which|with|for|to|is|was|did|does|has|had\b)(?=\w)"
    r"|\b(?:no|any|some|every) ?one\b|\bsuch (?!an?\b)(?=\w)|\bthe same (?:[\w-]+ ){1,4}as\b"
    r"|\b(?:this|these|those|that) (?:brief|document|report|article|text|time|day|week|month|season|year)\b"
    r"|\bthis (?:spring|summer|autumn|winter|january|february|march|april|may|june|july|august|september"
    r"|october|november|december)\b"
    r"|\b(?:this|these|those|that) (?:\w+ )?who\b"
    r"|\bthose (?:\w+(?:ed|ing)|sent|held|left|caught|found|kept|taken|sold|made|born)\b"
    r"|\bthose (?:in|of|from|with|whose)\b"
    r"|(?<=\w )\bthat (?!(?:happen|was|is|be|come|say|mean|do|one)\b)(?=\w)"
    rf"|\b(?:former|latter) (?!(?:{_FUNCTION})\b)(?=\w)"
    rf"|\b(?!(?:{_FUNCTION})\b)\w+ that (?=(?:was|is|were|are|be)\b)",
    re.IGNORECASE,
)
_AUXILIARY = "is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might|must"
_CONTENT = rf"(?!(?i:{_FUNCTION})\b)[\w-]+"
_POSSESSIVE = rf"(?:him|her|it)self|themselves|(?:his|her|its|their)(?= (?:own\b|{_CONTENT}))"
# The words after an auxiliary name who acts. Pronouns of `_OF_THE_ACTING` most likely refer to these words:
# "What did Petra Lindqvist say she would publish?", "Did the pair leave their rifles?". Not so in: "Who told
# her?", "What is the name of his brother?", "Where is the car that he bought?".
_ACTING = re.compile(
    rf"\b(?i:{_AUXILIARY})(?: (?i:the|an?|any|all|some|many|most|both))? (?![a-z]+ed\b){_CONTENT}\b"
    r"(?! of (?:his|her|its|their)\b| (?:(?:that|which|whom|ones?) )*(?:he|she|they)\b)"
)
_OF_THE_ACTING = re.compile(rf"\b(?:he|she|they|theirs|it(?= (?:{_AUXILIARY})\b)|{_POSSESSIVE})\b")
# A noun or name that pronouns of `_OF_THE_NAMED` refer to: "Which country cancelled its orders?".
_NAMED = re.compile(
    rf"(?:\b(?i:which|what|the|an?) |(?<= )(?=[A-Z])){_CONTENT}(?: (?i:{_FUNCTION})\b)* {_CONTENT}"
)
_OF_THE_NAMED = re.compile(rf"\b(?:{_POSSESSIVE})\b")
# In a later clause, pronouns refer to anything that was named before: "Who bought the bridge and where is it
# now?".
_CLAUSE = re.compile(
    r"[,.;:]|\b(?:and|or|but|if|when|where|while|before|after|because|although|though|until|since|once|as"
    r"|unless|whether|why|how|what)\b",
    re.IGNORECASE,
)
_OF_ANYTHING = re.compile(
    r"(?<!\bthat )(?<!\bwhich )(?<!\bwhom )\b(?:he|she|it|they|him|her|them|his|hers|its|theirs?"
    r"|(?:him|her|it)self|themselves)\b",
    re.IGNORECASE,
)
# The beginning of a phrase before the main clause, as in "At the camp, did they sell rice?".
_FRONTED = re.compile(
    r"(?:in|at|on|by|for|from|to|of|under|with|during|according|apart|besides|after|before|when|if|because"
    rf"|since|as|until|while|although)\b(?! (?:which|what|whom|whose|how|{_AUXILIARY})\b)",
    re.IGNORECASE,
)
# A question with fewer content words among other words, and without a name, is a fragment: "By whom?", "How
# many?". A content word by itself names a thing: "premiums", "the harvest".
_FRAGMENT = 2
# "What is demurrage?" also names a thing. "What is missing?" and "What is the reason?" do not.
_DEFINING = re.compile(
    r"what(?:['’]s| is| are)(?: an?)?"
    r" (?!\w+(?:ed|en|ing)\b|(?:different|known|left|lost|new|next|old|true|worse|worst|wrong)\b)"
    rf"{_CONTENT}[\s?.!]*",
    re.IGNORECASE,
)
# A question with fewer content words, and no name or year, may be about many things: "Pagination options".
_BRIEF = 3
_ARTICLES = frozenset({"a", "an", "the"})
# Beginnings of a question, and number of content words in another turn, that set a topic (`_sets_topic`).
# "Good to know." sets none.
_ASKING = re.compile(rf"(?:who|whom|whose|what|which|when|where|why|how|{_AUXILIARY})\b", re.IGNORECASE)
_TELLING = 4
# The last earlier questions that are looked at. Older questions are forgotten.
_REMEMBERED = 4
# Weights in a search in context: of the question itself; and of each of two readings, with the words that it
# carries, and after all earlier questions that are remembered.
_OWN, _CONTEXT = 0.5, 1.0
# Words that are carried over, and words of earlier questions that a question is searched after, at most. More
# words would outweigh the question, or push it out of the encoder's window.
_CARRIED = 12
_AFTER = 100


@dataclass(frozen=True, slots=True)
class Interpretation:
    """How a question is read.

    Attributes:
        question: the question as it is shown, and as models read it.
        variants: the texts to search, each with its weight, the raw question first.
        timeless: the question without words that name a time, its own or carried, unless nothing else is
            left.
        leans_on: the earlier questions that it is read with, the oldest first.
        carried: the words of the earlier questions that it is read with. If there are none, it is read as in
            a new conversation.
    """

    question: str
    variants: tuple[tuple[str, float], ...]
    timeless: str
    leans_on: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()


def interpret(question: str, history: Sequence[str | Turn] = ()) -> Interpretation:
    """Read a question as it stands, or after the earlier turns if it cannot be understood without them.

    Only the user's own questions count as earlier turns.
    """
    reading = question.strip()
    leaning = None if stands_alone(reading) else in_context(reading, history)
    return leaning or Interpretation(reading, ((reading, 1.0),), _timeless(reading) or reading)


def in_context(question: str, history: Sequence[str | Turn]) -> Interpretation | None:
    """Read a question after the earlier turns, needed or not, or return None if they add no word."""
    return after(question, earlier_questions(history))


def after(question: str, earlier: Sequence[str]) -> Interpretation | None:
    """Read a question after earlier questions, needed or not, or return None if they add no word."""
    reading = question.strip()
    leans_on = tuple(earlier[_topic(earlier) :])
    carried = tuple(_carried(reading, leans_on))
    if not carried:
        return None
    expanded = _with_words(reading, carried)
    said = " ".join([*" ".join(earlier).split()[-_AFTER:], reading])
    variants = ((reading, _OWN), (expanded, _CONTEXT), (said, _CONTEXT))
    return Interpretation(expanded, variants, _timeless(reading, leans_on) or expanded, leans_on, carried)


def topics(history: Sequence[str | Turn]) -> list[list[str]]:
    """Group earlier questions: each question that stands alone, then the questions that lean on it."""
    found: list[list[str]] = []
    for text in earlier_questions(history):
        if stands_alone(text):
            found.append([text])
        elif found:
            found[-1].append(text)
    return found


def names_its_own(question: str) -> bool:
    """Return whether a question that leans on earlier questions also names a thing of its own.

    Then it may be asked without the earlier questions: "And what about the stadium?". Not so for "And who
    arrested them?", which names nothing, or "And in Hyesan?", which asks again what was asked before.
    """
    rest, asks = question, False
    while opening := _OPENING.match(rest):
        asks = asks or opening[0].casefold().endswith((" about", " of"))
        rest = rest[opening.end() :].lstrip(" ,")
    return stands_alone(rest) and (asks or bool(_ASKING.match(rest)))


def with_last_topic(question: str, meaning: Interpretation) -> Interpretation | None:
    """Read a question after only the last turn that changed the topic, or return None if no turn did."""
    last = next((turn for turn in reversed(meaning.leans_on[1:]) if names_its_own(turn)), None)
    return after(question, [last]) if last else None


def is_brief(question: str) -> bool:
    """Return whether a question has few content words and no name, so that it may be about many things."""
    content = [word for word in words(question) if word not in FUNCTION_WORDS]
    return len(content) < _BRIEF and not names(question)


def expand(question: str, earlier: Sequence[str]) -> str:
    """Return the question, and after it in brackets the words that it carries from earlier questions."""
    return _with_words(question, _carried(question, earlier[_topic(earlier) :]))


def _timeless(question: str, leaned_on: Sequence[str] = ()) -> str:
    """Return the question with its carried words, but without times, or "" if no content is left."""
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
    """Return whether a question can be understood without the earlier turns."""
    if _OPENING.match(question) or _ENDING.search(question):
        return False
    if _ANAPHORS.intersection(words(_NOT_ANAPHORIC.sub(" ", _without_bound(question)))):
        return False
    asked = [word for word in words(question) if word not in _ARTICLES]
    functional = FUNCTION_WORDS | foreign_function_words(question)
    content = [word for word in asked if word not in functional]
    names_a_thing = 0 < len(content) == len(asked) or _DEFINING.fullmatch(question)
    return len(content) >= _FRAGMENT or bool(names(question) or names_a_thing)


def _without_bound(question: str) -> str:
    """Return the question with "someone" for each pronoun that refers to something in the question."""
    for antecedent, pronouns in ((_ACTING, _OF_THE_ACTING), (_NAMED, _OF_THE_NAMED)):
        if found := antecedent.search(question):
            question = question[: found.end()] + pronouns.sub("someone", question[found.end() :])
    named = [word for word in re.finditer(r"\w+", question) if word[0].casefold() not in FUNCTION_WORDS]
    if len(named) < _FRAGMENT or _FRONTED.match(question):
        return question
    clause = _CLAUSE.search(question, named[_FRAGMENT - 1].end())
    return (
        question[: clause.end()] + _OF_ANYTHING.sub("someone", question[clause.end() :])
        if clause
        else question
    )


def names(question: str) -> list[str]:
    """Return the words of a question, after the first, that are capitalised or numbers: names and dates."""
    return [word for word in re.findall(r"\w+", question)[1:] if word[0].isupper() or word[0].isdigit()]


def earlier_questions(history: Sequence[str | Turn]) -> list[str]:
    """Return the user's last questions for the corpus, at most _REMEMBERED, the oldest first."""
    said = [
        turn if isinstance(turn, str) else turn.text
        for turn in history
        if isinstance(turn, str) or turn.role == "user"
    ]
    return [text for text in said if text.strip() and reply_kind(text) is None][-_REMEMBERED:]


def _carried(question: str, leaned_on: Sequence[str]) -> list[str]:
    """Return the content words of earlier questions that a question lacks.

    Carry only the last time that the earlier questions name. Carry none if the question names a time itself
    ("And in 2009?").
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
    """Return the index of the turn that set the topic: the last turn that stands alone and sets a topic.

    Without such a turn, return the last turn that stands alone, or 0.
    """
    alone = [place for place, text in enumerate(earlier) if stands_alone(text)]
    telling = [place for place in alone if _sets_topic(earlier[place])]
    return (telling or alone or [0])[-1]


def _sets_topic(turn: str) -> bool:
    """Return whether a turn asks something, names something, or has only or many content words."""
    content = [word for word in words(turn) if word not in FUNCTION_WORDS]
    fragment = len(content) == len(words(turn))
    asks = bool(_ASKING.match(turn)) or turn.rstrip().endswith("?")
    return asks or fragment or bool(names(turn)) or len(content) >= _TELLING


def _content_as_written(text: str) -> list[str]:
    """Return the content words as they were typed, because capitals mark names."""
    wanted = set(content_words(text))
    functional = FUNCTION_WORDS | foreign_function_words(text)
    return [
        word
        for word in re.findall(r"\w+", text)
        if wanted.intersection(words(word)) and word.casefold() not in functional
    ]
