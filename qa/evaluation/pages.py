"""The page of each question in the report: question, answer, expectation, and the reason of a miss."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from qa.asking.choose import BEST
from qa.asking.retrieve import MOST_READ
from qa.evaluation import misses
from qa.evaluation.measures import MEASURES, confidence
from qa.quoting.cite import facts
from qa.text.display import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from qa.evaluation.misses import Gold, Miss, TextOf
    from qa.evaluation.schema import AnswerLine, Evaluation, Judged

TitleOf: TypeAlias = "Callable[[str], str]"
Verdict = Literal["right", "missed", "open"]
Change = Literal["", "gained", "lost"]

# Punctuation that belongs to the gold before it. Gold is compared without punctuation.
_CLOSING = re.compile(r"\s?[.,;:!?…”’)\]»]+")
# Most ranks, and most expected documents (where no sentence is expected), that a page names.
_NAMED = 8
_SPEAKERS = {"user": "Asked", "assistant": "Replied"}
_OUTCOMES = {
    "answered": ("Answered", "Quoted as the answer"),
    "weak": ("Not answered", "Shown as nearest, not as an answer"),
    "none": ("Not answered", "Quoted"),
    "error": ("Error", "Quoted"),
}


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote.

    Attributes:
        parts: the quote's text in pieces, each with whether it is gold.
        title: the title of the document.
        facts: the other facts of the citation.
        verbatim: whether the document has these characters; true if the document is unknown.
    """

    parts: tuple[tuple[str, bool], ...]
    title: str
    facts: tuple[str, ...]
    verbatim: bool


@dataclass(frozen=True, slots=True)
class Expected:
    """A sentence or document that was expected.

    Attributes:
        text: a gold sentence; empty if only a document is known.
        where: the title or id of the document.
        position: which passage and quote contain the gold.
    """

    text: str
    where: str
    position: str


@dataclass(frozen=True, slots=True)
class Page:
    """A question's page.

    Attributes:
        number: the number of the page, from 1.
        judged: the query and its answer.
        miss: why the question was missed, or None if it was not missed.
        change: "gained" if only the baseline missed the question, "lost" if only this run did.
        quotes: the quotes that were shown.
        gold: the sentences or documents that were expected.
        shown: how many passages the picture of the ranks shows.
        ranks: the ranks of the shown passages that contain gold; the picture fills them.
        ranks_say: the ranks of the gold in words.
        first_quote: the number, from 1, of the first quote that is gold.
    """

    number: int
    judged: Judged
    miss: Miss | None
    change: Change
    quotes: tuple[Quoted, ...]
    gold: tuple[Expected, ...]
    shown: int
    ranks: tuple[int, ...]
    ranks_say: str
    first_quote: int | None

    @property
    def verdict(self) -> Verdict:
        """Return "missed" or "right", or "open" if it is unknown."""
        if self.miss:
            return "missed"
        is_judged = self.judged.query.answerable is not None and (self.outcome or self.gold)
        return "right" if is_judged else "open"

    @property
    def verdict_says(self) -> str:
        """Return the verdict in words."""
        if self.miss:
            return f"Missed: {self.miss.reason}."
        query = self.judged.query
        if self.verdict == "open":
            unknown = "no expected quote is given" if query.answerable is None else "it was only searched for"
            return f"Not judged: {unknown}."
        if not query.answerable:
            return "Right: the documents do not answer this, and no answer was given."
        if self.first_quote:
            what = "holds what was expected" if query.gold else "is from a right document"
            return f"Right: quote {self.first_quote} {what}."
        return "Right." if self.outcome else f"Right: found among the first {BEST}."

    @property
    def reason(self) -> str:
        """Return why the question was missed, in a few words, or "" if it was not missed."""
        return self.miss.reason if self.miss else ""

    @property
    def confidence(self) -> float | None:
        """Return the confidence of the answer, or None if the line has no confidence."""
        return confidence(self.judged.answer)

    @property
    def outcome(self) -> str:
        """Return the outcome of the answer, or "" if another system's line has no outcome."""
        return str(self.judged.answer.get("outcome") or "")

    @property
    def outcome_says(self) -> str:
        """Return the outcome in words."""
        return _OUTCOMES.get(self.outcome, ("", ""))[0]

    @property
    def quoted_says(self) -> str:
        """Return the heading of the quotes, such as "Quoted as the answer"."""
        return _OUTCOMES.get(self.outcome, ("", "Quoted"))[1]

    @property
    def expected_says(self) -> str:
        """Return in words what was expected."""
        query = self.judged.query
        if query.answerable is None:
            return "Expected: not given"
        if not query.answerable:
            return "Expected: no answer"
        if len(query.gold) > 1:
            return f"Expected: {'all' if query.all_needed else 'any'} of these"
        if query.gold:
            return "Expected"
        return "Expected: a sentence from" if self.gold else "Expected: an answer"

    @property
    def understood(self) -> str:
        """Return the question as interpreted, or "" if it was interpreted as asked."""
        interpreted = str(self.judged.answer.get("interpreted_question") or "")
        return "" if interpreted.strip() == self.judged.query.text.strip() else interpreted

    @property
    def values(self) -> list[tuple[str, float]]:
        """Return the measures of this question, in the order in which people read them."""
        order = [*MEASURES, *self.judged.values]
        return sorted(self.judged.values.items(), key=lambda name_and_value: order.index(name_and_value[0]))

    @property
    def history(self) -> list[tuple[str, str]]:
        """Return the earlier turns: who spoke, and what was said."""
        return [
            ("Asked", turn) if isinstance(turn, str) else (_SPEAKERS[turn.role], turn.text)
            for turn in self.judged.query.history
        ]


def pages(evaluation: Evaluation, text_of: TextOf, title_of: TitleOf) -> Iterator[Page]:
    """Yield the page of each question, in the suite's order."""
    rivals = {judged.query.id: judged for judged in evaluation.baseline_judged}
    for number, judged in enumerate(evaluation.judged, start=1):
        grades = evaluation.suite.qrels.get(judged.query.id, {})
        relevant = [document for document, grade in grades.items() if grade > 0]
        gold = misses.locate(judged, text_of, relevant)
        miss = misses.explain(judged, gold)
        change: Change = ""
        if rival := rivals.get(judged.query.id):
            missed = bool(misses.why(rival, text_of, relevant))
            change = "gained" if missed and not miss else "lost" if miss and not missed else ""
        passage_count = len(judged.answer.get("passages") or ())
        ranks = sorted({occurrence.rank for occurrence in gold if occurrence.rank is not None})
        yield Page(
            number,
            judged,
            miss,
            change,
            tuple(_quoted(quote, gold, text_of, title_of) for quote in judged.answer.get("quotes") or ()),
            tuple(
                Expected(
                    occurrence.text,
                    title_of(occurrence.document) or occurrence.document,
                    _where_found(occurrence, passage_count),
                )
                for occurrence in (gold if judged.query.gold else gold[:_NAMED])
            ),
            min(passage_count, MOST_READ),
            tuple(rank for rank in ranks if rank <= MOST_READ),
            _ranks_say(ranks, passage_count),
            min((occurrence.quote for occurrence in gold if occurrence.quote is not None), default=None),
        )


def _quoted(quote: AnswerLine, gold: Sequence[Gold], text_of: TextOf, title_of: TitleOf) -> Quoted:
    """Return a quote for a page: its words, with the right words marked, and its source."""
    document, start, text = quote["document"], quote["start"], quote["text"]
    citation = quote.get("citation") or {}
    title = citation.get("title") or title_of(document) or document
    publisher = citation.get("published_in") or citation.get("publisher")
    fields = ("author", "series", "number", "date", "locator", "read_by")
    source = text_of(document)
    spans = [
        (occurrence.start - start, occurrence.end - start)
        for occurrence in gold
        if occurrence.document == document
    ]
    spans += [span for occurrence in gold for span in misses.occurrences(text, occurrence.text)]
    return Quoted(
        tuple(_parts(text, spans)),
        title,
        tuple(facts(publisher=publisher or "", **{field: citation.get(field) or "" for field in fields})),
        source is None or source[start : quote["end"]] == text,
    )


def _parts(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    """Yield the text in pieces, each with whether a span covers it. Spans may reach beyond the text."""
    at = 0
    for start, end in sorted(spans):
        closing = _CLOSING.match(text, end)
        start, end = max(start, at), min(closing.end() if closing else end, len(text))
        if start < end:
            if at < start:
                yield text[at:start], False
            yield text[start:end], True
            at = end
    if at < len(text):
        yield text[at:], False


def _where_found(gold: Gold, passage_count: int) -> str:
    if not gold.document:
        return "does not occur in the documents that were searched for it"
    if gold.rank is None:
        return f"not in the {plural(passage_count, 'passage')} found"
    return f"passage {gold.rank} of {passage_count:,}" + (
        f", quote {gold.quote}" if gold.quote is not None else ""
    )


def _ranks_say(ranks: Sequence[int], passage_count: int) -> str:
    if not ranks:
        return ""
    ordinals = ", ".join(map(misses.ordinal, ranks[:_NAMED]))
    passages = plural(passage_count, "passage")
    return f"Found as the {ordinals} of {passages}; quotes are taken from the first {BEST}."
