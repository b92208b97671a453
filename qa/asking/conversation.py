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
from functools import cached_property
from typing import TYPE_CHECKING

from qa.asking.replies import reply_kind
from qa.text import times
from qa.text.anaphora import AUXILIARY, OPENING
from qa.text.foreign import foreign_function_words
from qa.text.question import ParsedQuestion
from qa.text.terms import FUNCTION_WORDS, content_words, has_content, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.schema import Turn

# A question with fewer content words, and no name or year, may be about many things: "Pagination options".
_BRIEF = 3
# Beginnings of a question, and number of content words in another turn, that set a topic (`_sets_topic`).
# "Good to know." sets none.
_ASKING = re.compile(rf"(?:who|whom|whose|what|which|when|where|why|how|{AUXILIARY})\b", re.IGNORECASE)
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


@dataclass(frozen=True)
class Interpretation:
    """How a question is read.

    Attributes:
        asked: the question as it was typed.
        question: the question as it is shown, and as models read it.
        variants: the texts to search, each with its weight, the raw question first.
        leans_on: the earlier questions that it is read with, the oldest first.
        carried: the words of the earlier questions that it is read with. If there are none, it is read as in
            a new conversation.
    """

    asked: ParsedQuestion
    question: ParsedQuestion
    variants: tuple[tuple[str, float], ...]
    leans_on: tuple[ParsedQuestion, ...] = ()
    carried: tuple[str, ...] = ()

    @cached_property
    def timeless(self) -> ParsedQuestion:
        """The question without words that name a time, its own or carried, unless nothing else is left."""
        text = _timeless(self.asked, self.leans_on)
        return ParsedQuestion(text) if text else self.question


def parse(question: str, history: Sequence[str | Turn] = ()) -> tuple[ParsedQuestion, list[ParsedQuestion]]:
    """Parse a question, and the questions before it that it may lean on, the oldest first."""
    return ParsedQuestion(question.strip()), [*map(ParsedQuestion, earlier_questions(history))]


def interpret(question: ParsedQuestion, earlier: Sequence[ParsedQuestion] = ()) -> Interpretation:
    """Read a question as it stands, or after earlier questions if it cannot be understood without them."""
    leaning = after(question, earlier) if earlier and not question.is_standalone else None
    return leaning or Interpretation(question, question, ((question.text, 1.0),))


def after(question: ParsedQuestion, earlier: Sequence[ParsedQuestion]) -> Interpretation | None:
    """Read a question after earlier questions, needed or not, or return None if they add no word."""
    leans_on = tuple(earlier[_topic(earlier) :])
    carried = tuple(_carried(question, leans_on))
    if not carried:
        return None
    expanded = _with_words(question.text, carried)
    context = " ".join([*" ".join(asked.text for asked in earlier).split()[-_AFTER:], question.text])
    variants = ((question.text, _OWN), (expanded, _CONTEXT), (context, _CONTEXT))
    return Interpretation(question, ParsedQuestion(expanded), variants, leans_on, carried)


def topics(earlier: Sequence[ParsedQuestion]) -> list[list[ParsedQuestion]]:
    """Group earlier questions: each question that stands alone, then the questions that lean on it."""
    groups: list[list[ParsedQuestion]] = []
    for question in earlier:
        if question.is_standalone:
            groups.append([question])
        elif groups:
            groups[-1].append(question)
    return groups


def names_its_own(question: ParsedQuestion) -> bool:
    """Return whether a question that leans on earlier questions also names a thing of its own.

    Then it may be asked without the earlier questions: "And what about the stadium?". Not so for "And who
    arrested them?", which names nothing, or "And in Hyesan?", which asks again what was asked before.
    """
    rest, asks = question.text, False
    while opening := OPENING.match(rest):
        asks = asks or opening[0].casefold().endswith((" about", " of"))
        rest = rest[opening.end() :].lstrip(" ,")
    return ParsedQuestion(rest).is_standalone and (asks or bool(_ASKING.match(rest)))


def with_last_topic(meaning: Interpretation) -> Interpretation | None:
    """Read a question after only the last turn that changed the topic, or return None if no turn did."""
    last = next((turn for turn in reversed(meaning.leans_on[1:]) if names_its_own(turn)), None)
    return after(meaning.asked, [last]) if last else None


def is_brief(question: ParsedQuestion) -> bool:
    """Return whether a question has few content words and no name, so that it may be about many things."""
    return len(question.content) < _BRIEF and not question.names


def _timeless(question: ParsedQuestion, leaned_on: Sequence[ParsedQuestion]) -> str:
    """Return the question with its carried words, but without times, or "" if no content is left."""
    alone = times.without(question, leaned_on)
    if leaned_on and not words(OPENING.sub("", alone)):  # "And in 2009?" asks the same of another time
        return _timeless(leaned_on[-1], leaned_on[:-1])
    text = _with_words(alone, _content(_timeless_each(leaned_on), set(words(alone))))
    return text if has_content(text) else ""


def _timeless_each(leaned_on: Sequence[ParsedQuestion]) -> list[str]:
    return [times.without(question, leaned_on[:at]) for at, question in enumerate(leaned_on)]


def _with_words(question: str, carried: Sequence[str]) -> str:
    return f"{question} ({', '.join(carried)})" if carried else question


def earlier_questions(history: Sequence[str | Turn]) -> list[str]:
    """Return the user's last questions for the corpus, at most _REMEMBERED, the oldest first."""
    texts = [
        turn if isinstance(turn, str) else turn.text
        for turn in history
        if isinstance(turn, str) or turn.role == "user"
    ]
    return [text for text in texts if text.strip() and reply_kind(text) is None][-_REMEMBERED:]


def _carried(question: ParsedQuestion, leaned_on: Sequence[ParsedQuestion]) -> list[str]:
    """Return the content words of earlier questions that a question lacks.

    Carry only the last time that the earlier questions name. Carry none if the question names a time itself
    ("And in 2009?").
    """
    timeless = _timeless_each(leaned_on)
    time = times.preference(question, leaned_on)
    if not (time and time.words):
        timed = [at for at, asked in enumerate(leaned_on) if timeless[at] != asked.text]
        for at in timed[-1:]:
            timeless[at] = leaned_on[at].text
    return _content(timeless, set(question.words))


def _content(texts: Sequence[str], own: set[str]) -> list[str]:
    """Return the content words of the texts, without a question's own words, at most _CARRIED."""
    carried = {
        word.casefold(): word
        for text in texts
        for word in _content_as_written(text)
        if word.casefold() not in own
    }
    return list(carried.values())[:_CARRIED]


def _topic(earlier: Sequence[ParsedQuestion]) -> int:
    """Return the index of the turn that set the topic: the last turn that stands alone and sets a topic.

    Without such a turn, return the last turn that stands alone, or 0.
    """
    alone = [index for index, question in enumerate(earlier) if question.is_standalone]
    telling = [index for index in alone if _sets_topic(earlier[index])]
    return (telling or alone or [0])[-1]


def _sets_topic(turn: ParsedQuestion) -> bool:
    """Return whether a turn asks something, names something, or has only or many content words."""
    fragment = turn.content == turn.words
    asks = bool(_ASKING.match(turn.text)) or turn.text.rstrip().endswith("?")
    return asks or fragment or bool(turn.names) or len(turn.content) >= _TELLING


def _content_as_written(text: str) -> list[str]:
    """Return the content words as they were typed, because capitals mark names."""
    wanted = set(content_words(text))
    functional = FUNCTION_WORDS | foreign_function_words(text)
    return [
        word
        for word in re.findall(r"\w+", text)
        if wanted.intersection(words(word)) and word.casefold() not in functional
    ]
