"""Find out why a test query failed: the step of answering at which the expected sentence was lost.

The `passages` of an answer line are in the order after reading. Quotes are taken from the first `BEST`
passages. The reader read the first `read` passages (`MOST_READ`, if the line does not say). The other
passages are in the order of retrieval.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from qa.asking.choose import BEST
from qa.asking.extract import QUOTES
from qa.asking.retrieve import MOST_READ
from qa.evaluation.measures import confidence, normalise
from qa.evaluation.trec import ranking
from qa.text.display import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from qa.evaluation.schema import AnswerLine, Judged

Reason = Literal[
    "not retrieved",
    "not among the candidates",
    "sentence not chosen",
    "below the threshold",
    "answered without an answer",
    "gold not found",
    "error",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
# The meaning of each reason, for people who read a report.
MEANINGS: dict[str, str] = {
    "not retrieved": "No passage with the expected sentence was found.",
    "not among the candidates": f"Its passage was found, but not among the first {BEST}, from which "
    "quotes are taken.",
    "sentence not chosen": "Its passage was among the best, but other sentences were quoted.",
    "below the threshold": "The right place was found, but the confidence was too low to call it an answer.",
    "answered without an answer": "The documents do not state an answer, but an answer was given.",
    "gold not found": "The expected sentence does not occur in any document: the test query may be wrong.",
    "error": "The question could not be answered because of an error.",
}
TextOf: TypeAlias = "Callable[[str], str | None]"

_WORD_CHARACTER = re.compile(r"\w")
# The letters of this many documents are cached: enough for one query and its neighbours.
_KEPT_DOCUMENTS = 256


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold sentence, or a relevant document instead, and where the answer has it.

    Attributes:
        text: the sentence; empty for a document.
        document: the id of the document; empty if no known document contains the sentence.
        start: where the sentence begins in the document.
        end: where the sentence ends; 0 for a whole document.
        rank: the rank, from 1, of the first passage that contains the gold.
        quote: the number, from 1, of the first quote that contains the gold.
    """

    text: str
    document: str = ""
    start: int = 0
    end: int = 0
    rank: int | None = None
    quote: int | None = None


@dataclass(frozen=True, slots=True)
class Miss:
    """The reason why a query failed.

    Attributes:
        reason: the step at which the gold was lost.
        sentence: the reason in a sentence for people.
    """

    reason: Reason
    sentence: str


def why(judged: Judged, text_of: TextOf, relevant: Iterable[str] = ()) -> Miss | None:
    """Return why a query failed, or None if it did not fail or the suite does not say what to expect.

    `relevant` has the ids of the documents that answer the query, if the suite knows them.
    """
    return explain(judged, locate(judged, text_of, relevant))


def locate(judged: Judged, text_of: TextOf, relevant: Iterable[str] = ()) -> tuple[Gold, ...]:
    """Return where each gold sentence is, or the relevant documents if no sentence is found.

    Relevant documents are returned only for an answerable query. White space, punctuation and case do not
    matter, as in the measures. Retrieved documents are searched only for gold that the relevant documents do
    not contain.
    """
    query, answer = judged.query, judged.answer
    expected = list(dict.fromkeys([*filter(None, [query.document]), *relevant]))
    gold = tuple(_locate(text, answer, expected, text_of) for text in query.gold)
    if any(occurrence.document for occurrence in gold) or not expected or not query.answerable:
        return gold
    return tuple(_ranked(Gold("", document), answer) for document in expected)


def explain(judged: Judged, gold: Sequence[Gold]) -> Miss | None:
    """Return why a query failed. The query's gold has been located already."""
    query, answer = judged.query, judged.answer
    outcome = answer.get("outcome")
    if outcome == "error":
        problem = (answer.get("error") or {}).get("message") or "the answer line does not say what went wrong"
        return Miss("error", f"The question could not be answered: {problem}")
    if query.answerable is None or not _failed(judged, gold):
        return None
    percent = f"{(confidence(answer) or 0.0) * 100:.0f} %"
    if not query.answerable:
        return Miss(
            "answered without an answer",
            f"The documents do not answer this question, but an answer was given (confidence {percent}).",
        )
    if not gold:
        return Miss("below the threshold", f"No answer was given: the confidence was only {percent}.")
    return _miss(_decisive(gold, all_needed=query.all_needed), answer, percent)


def ordinal(number: int) -> str:
    """Return a number as 1st, 2nd, 3rd, 11th."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def occurrences(text: str, sentence: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets of a sentence in a text, ignoring white space, punctuation and case."""
    letters, offsets = _letters(text)
    wanted, _ = _letters(sentence)
    at = letters.find(wanted) if wanted else -1
    while at >= 0:
        yield offsets[at], offsets[at + len(wanted) - 1] + 1
        at = letters.find(wanted, at + 1)


def _miss(gold: Gold, answer: AnswerLine, percent: str) -> Miss:
    """Return the step at which the gold was lost."""
    what = "expected sentence" if gold.text else "right document"
    outcome, passage_count = answer.get("outcome"), len(answer.get("passages") or ())
    if gold.quote is not None and gold.quote <= QUOTES:
        if outcome == "answered":
            part = "Only a part of the expected sentence was quoted."
            other = "The right document was quoted, but not the sentence that answers."
            return Miss("sentence not chosen", part if gold.text else other)
        return Miss(
            "below the threshold",
            f"The {what} was shown, but not as an answer, because the confidence was {percent}.",
        )
    if not gold.document:
        return Miss(
            "gold not found", f"The {what} does not occur in the documents that were searched for it."
        )
    if gold.rank is None:
        return Miss("not retrieved", f"The {what} was not in the {plural(passage_count, 'passage')} found.")
    passage = f"The passage with the {what}" if gold.text else "The first passage of the right document"
    if gold.rank > BEST:
        read = answer.get("read") or MOST_READ
        closely = f", and only the first {read} were read closely" if gold.rank > read else ""
        return Miss(
            "not among the candidates",
            f"{passage} came {ordinal(gold.rank)} of {passage_count}; "
            f"quotes are taken from the first {BEST}{closely}.",
        )
    if outcome == "none" or (not gold.text and outcome != "answered"):
        return Miss(
            "below the threshold",
            f"{passage} came {ordinal(gold.rank)}, but no answer was given, because the confidence was "
            f"{percent}.",
        )
    return Miss(
        "sentence not chosen", f"{passage} came {ordinal(gold.rank)}, but other sentences were quoted."
    )


def _failed(judged: Judged, gold: Sequence[Gold]) -> bool:
    """Return whether the answer is not as expected: by the measure `right`, if it applies."""
    if "right" in judged.values:
        return judged.values["right"] < 1
    outcome = judged.answer.get("outcome")
    if outcome is None:  # a run of another system, which only ranks
        return bool(gold) and all(occurrence.rank is None or occurrence.rank > BEST for occurrence in gold)
    if not judged.query.answerable or outcome != "answered":
        return bool(judged.query.answerable) is not (outcome == "answered")
    enough = all if judged.query.all_needed else any
    return bool(gold) and not enough(
        occurrence.quote is not None and occurrence.quote <= QUOTES for occurrence in gold
    )


def _decisive(gold: Sequence[Gold], *, all_needed: bool) -> Gold:
    """Return the gold that came nearest to being quoted, or the farthest if all gold is needed."""

    def distance(occurrence: Gold) -> tuple[float, float, bool]:
        return (
            inf if occurrence.quote is None else occurrence.quote,
            inf if occurrence.rank is None else occurrence.rank,
            not occurrence.document,
        )

    return max(gold, key=distance) if all_needed else min(gold, key=distance)


def _locate(sentence: str, answer: AnswerLine, expected: Sequence[str], text_of: TextOf) -> Gold:
    """Return the occurrence of a gold sentence that came nearest to being quoted."""
    for documents in (expected, [document for document in ranking(answer) if document not in expected]):
        candidates = [
            _ranked(Gold(sentence, document, start, end), answer)
            for document in documents
            for start, end in occurrences(text_of(document) or "", sentence)
        ]
        if candidates:
            return _decisive(candidates, all_needed=False)
    return _ranked(Gold(sentence), answer)


def _ranked(gold: Gold, answer: AnswerLine) -> Gold:
    """Return the gold with the first passage and the first quote that contain it."""
    passages = (_overlaps(gold, passage) for passage in (answer.get("passages") or ()))
    quotes = (
        _overlaps(gold, quote) or _has_same_words(gold, quote) for quote in (answer.get("quotes") or ())
    )
    return replace(gold, rank=_first(passages), quote=_first(quotes))


def _first(matches: Iterable[bool]) -> int | None:
    """Return the number, from 1, of the first match."""
    return next((number for number, match in enumerate(matches, start=1) if match), None)


def _overlaps(gold: Gold, span: AnswerLine) -> bool:
    """Return whether a passage or quote overlaps with the gold in the gold's document."""
    if span["document"] != gold.document:
        return False
    if not gold.end or not {"start", "end"} <= span.keys():  # the document as a whole
        return True
    return bool(span["start"] < gold.end and gold.start < span["end"])


def _has_same_words(gold: Gold, quote: AnswerLine) -> bool:
    """Return whether a quote has the gold's words, because another document may have the same sentence."""
    wanted, quoted = normalise(gold.text), normalise(quote.get("text", ""))
    return bool(wanted and quoted) and (wanted in quoted or quoted in wanted)


@lru_cache(maxsize=_KEPT_DOCUMENTS)
def _letters(text: str) -> tuple[str, array[int]]:
    """Return the text's word characters in lower case, and the offset of each in the text."""
    letters: list[str] = []
    offsets = array("I")
    for match in _WORD_CHARACTER.finditer(text):
        lowered = match[0].lower()
        letters.append(lowered)
        offsets.extend([match.start()] * len(lowered))
    return "".join(letters), offsets
