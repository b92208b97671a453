"""Read each part of a question, and combine the answers into one (docs/decisions/0010-several-places.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

from qa.asking.conversation import after, interpret
from qa.asking.copies import holds
from qa.asking.extract import QUOTES
from qa.schema import AnsweredPart
from qa.text import times
from qa.text.terms import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qa.asking.conversation import Interpretation
    from qa.schema import Answer, Document, Outcome, Quote, RankedPassage
    from qa.text.parts import Part
    from qa.text.question import ParsedQuestion

# Weight of the whole question in the search for a part. The part itself has weight 1.
WHOLE = 0.5
_HOW_MANY = re.compile(r"how (?:many|much)\b", re.IGNORECASE)
_ORDINALS = ("first", "second", "third")


def whole(asked: ParsedQuestion, parts: Sequence[Part], earlier: Sequence[ParsedQuestion]) -> Interpretation:
    """Read a whole question of several parts, after earlier questions if its first part leans on them."""
    return interpret(asked, () if parts[0].question.is_standalone else earlier)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a part of a question is read.

    Attributes:
        meaning: the part as it is searched and read.
        subject: the questions that say what the part is about, if the part does not say so itself.
    """

    meaning: Interpretation
    subject: tuple[ParsedQuestion, ...] = ()

    def is_in(self, document: Document) -> bool:
        """Return whether a document may answer the part, because it is on the part's subject.

        "How old was he?" has an answer in many documents. So the document must have half of the subject's
        names, or half of its content words if the subject has no name.
        """
        return speaks_of(document, self.subject)


def speaks_of(document: Document, subject: Sequence[ParsedQuestion]) -> bool:
    """Return whether a document has half of the names in questions, or of the content words without names."""
    names = {word for question in subject for name in question.names for word in words(name)}
    asked = names or {word for question in subject for word in question.terms}
    held = asked.intersection(words(f"{document.title}\n{document.text}"))
    return 2 * len(held) >= len(asked)


def readings(parts: Sequence[Part], whole: Interpretation) -> list[Reading]:
    """Read each part of a question. A part that does not say its subject is read with words of the others.

    All parts lean on the same earlier turns as the whole question. The search for a part also searches for
    the whole question.
    """
    searched = tuple((text, WHOLE * weight) for text, weight in whole.variants)
    part_readings = []
    for at, part in enumerate(parts):
        others = [other.question for other in (*parts[:at], *parts[at + 1 :])]
        leans = not part.question.is_standalone
        leans_on_others = at > 0 or (leans and not whole.leans_on) or _end_together(part.question, others)
        leaned_on = (*whole.leans_on, *(others if leans_on_others else ()))
        meaning = interpret(part.question)
        subject: tuple[ParsedQuestion, ...] = ()
        if leans or not part.question.names:
            meaning = after(part.question, leaned_on) or meaning
            subject = (
                (whole.leans_on[:1] or leaned_on)
                if leans
                else tuple(question for question in leaned_on if question.names)
            )
        in_context = meaning.variants[1:] if leans else ()
        variants = ((meaning.question.text, 1.0), *in_context, *searched)
        part_readings.append(Reading(replace(meaning, variants=variants), subject))
    return part_readings


def _end_together(question: ParsedQuestion, others: Sequence[ParsedQuestion]) -> bool:
    """Return whether another part's end belongs to both: "How many died, and how many were hurt in Rome?"."""
    ask_how_many = all(_HOW_MANY.match(part_question.text) for part_question in (question, *others))
    return ask_how_many and any(other.names for other in others)


def combined(parts: Sequence[Part], answers: Sequence[Answer]) -> dict[str, Any]:
    """Combine the answers to a question's parts, and return the fields of the whole answer.

    The whole is answered only if every part is. Its confidence is the confidence of the least sure part. If
    only some parts are answered, the outcome is "weak", notes name the other parts, and the quotes are of the
    answered parts.
    """
    outcomes = [answer.outcome for answer in answers]
    outcome: Outcome = "weak"
    if len(set(outcomes)) == 1:
        outcome = outcomes[0]
    shown = [answer for answer in answers if answer.outcome == "answered"] or answers
    quotes = _each_once(shown)
    least = min(answers, key=lambda answer: answer.confidence)
    notes = list(dict.fromkeys(chain.from_iterable(answer.notes for answer in answers)))
    preferences = [answer.preference and times.in_words(answer.preference) for answer in answers]
    if len(set(preferences)) > 1:
        notes += [
            f"For the {ordinal} part, prefers {preferred}."
            for ordinal, preferred in zip(_ORDINALS, preferences, strict=False)
            if preferred
        ]
    if outcome == "weak" and "answered" in outcomes:
        notes = [
            *(
                _not_answered(ordinal, part, answer, quotes)
                for ordinal, part, answer in zip(_ORDINALS, parts, answers, strict=False)
                if answer.outcome != "answered"
            ),
            *notes,
        ]
    return {
        "outcome": outcome,
        "confidence": least.confidence,
        "threshold": least.threshold,
        "signals": least.signals,
        "quotes": quotes,
        "passages": _ranking(answers),
        "read": sum(answer.read for answer in answers),
        "searched": answers[0].searched,
        "undated": answers[0].undated,
        "unsearched": answers[0].unsearched,
        "notes": tuple(notes),
        "calibrated": all(answer.calibrated for answer in answers),
        "unjudged": next((answer.unjudged for answer in answers if answer.unjudged), ""),
        "nearest": _nearest(shown, quotes),
        "facts": tuple(dict.fromkeys(fact for answer in answers for fact in answer.facts)),
        "parts": tuple(
            AnsweredPart(
                part.words,
                answer.interpreted_question,
                answer.outcome,
                answer.confidence,
                tuple(
                    at
                    for at, quote in enumerate(quotes)
                    if answer in shown and any(holds(quote, other) for other in answer.quotes)
                ),
            )
            for part, answer in zip(parts, answers, strict=True)
        ),
    }


def _not_answered(ordinal: str, part: Part, answer: Answer, shown: Sequence[Quote]) -> str:
    """Return a note that a part is not answered, or not surely if its closest sentence is quoted."""
    label = f"the {ordinal} part: “{part.words}”"
    if any(holds(quote, closest) for quote in shown for closest in answer.quotes[:1]):
        return f"Not sure of {label}; its closest sentence is among the quotes."
    return f"Nothing on {label}."


def _each_once(answers: Sequence[Answer]) -> tuple[Quote, ...]:
    """Return the quotes of answers: the best quote of each, then the next, each place once."""
    distinct: list[Quote] = []
    for quote in filter(None, chain.from_iterable(zip_longest(*(answer.quotes for answer in answers)))):
        same = next(
            (at for at, other in enumerate(distinct) if holds(other, quote) or holds(quote, other)), None
        )
        if same is not None:
            longer, other = (
                (distinct[same], quote) if holds(distinct[same], quote) else (quote, distinct[same])
            )
            within = {
                span for span in other.emphasis if longer.start <= span.start and span.end <= longer.end
            }
            distinct[same] = replace(longer, emphasis=tuple(sorted({*longer.emphasis, *within})))
        elif len(distinct) < max(QUOTES, len(answers)):
            distinct.append(quote)
    return tuple(replace(quote, number=number) for number, quote in enumerate(distinct, start=1))


def _nearest(answers: Iterable[Answer], quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """Return the quotes of answers that are only near, each place once, numbered after `quotes`."""
    distinct: list[Quote] = []
    for quote in chain.from_iterable(answer.nearest for answer in answers):
        if not any(holds(other, quote) or holds(quote, other) for other in (*quotes, *distinct)):
            distinct.append(quote)
    return tuple(
        replace(quote, number=number) for number, quote in enumerate(distinct, start=len(quotes) + 1)
    )


def _ranking(answers: Iterable[Answer]) -> tuple[RankedPassage, ...]:
    """Return the passages of answers, each once with its best score, the best first."""
    best: dict[tuple[str, int, int], RankedPassage] = {}
    for passage in chain.from_iterable(answer.passages for answer in answers):
        location = (passage.document_id, passage.start, passage.end)
        if location not in best or best[location].score < passage.score:
            best[location] = passage
    return tuple(sorted(best.values(), key=lambda passage: -passage.score))
