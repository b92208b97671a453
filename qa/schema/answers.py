"""Answers to questions, and how they are written as lines of JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from qa.schema.documents import EVERYTHING, Filters, Span
from qa.schema.quotes import told_apart

if TYPE_CHECKING:
    import datetime as dt

    from qa.schema.quotes import Quote

Outcome = Literal["answered", "weak", "none", "error"]
ReplyKind = Literal["greeting", "thanks", "help", "documents", "summary"]
Dates = Literal["auto", "ignore"]
# The page's words for how readily it answers, by the share of answers that should be right.
READINESS = {0.8: "more often", 0.86: "balanced", 0.93: "only when sure"}
# Default share of answers that should be right.
STRICTNESS = 0.86


@dataclass(frozen=True, slots=True)
class AskOptions:
    """How a question is answered.

    Attributes:
        filters: which documents may answer.
        strictness: the share of answers that should be right (`qa.asking.confidence.Confidence.threshold`).
        dates: "ignore" if a time in the question must not order passages. Then a passage must state the time
            to answer (`qa.text.times`).
        find_all: whether more passages are read, so that `Answer.more` quotes all sentences that answer.
    """

    filters: Filters = EVERYTHING
    strictness: float = STRICTNESS
    dates: Dates = "auto"
    find_all: bool = False


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A passage that retrieval found, as coordinates.

    Attributes:
        document_id: the id of the passage's document.
        start: where the passage begins.
        end: where the passage ends.
        score: the score that passages are ordered by; higher is better.
    """

    document_id: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reply:
    """A fixed reply to a message that is not a question for the corpus ("hello"). It quotes nothing.

    Attributes:
        kind: the kind of message that it replies to.
        text: the words of the reply.
        documents: the ids of the documents that the reply lists in its bulleted lines, in order.
    """

    kind: ReplyKind
    text: str
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signals:
    """The inputs of an answer's confidence. `qa/asking/confidence.json` lists the inputs that are used.

    Attributes:
        answers: the highest logit of the passages that are quoted from.
        best: the logit of the best passage.
        span: how much more likely the best span of words in the best passage is the answer than no span is,
            as a logit.
        relevance: the score of the best passage, as a logit.
        gap: the score of the best passage minus the score of the second passage.
        sentence: the score of the best sentence, as a logit.
        sentence_gap: the score of the best sentence minus the score of the second sentence.
        retrieved: how well the best passage was found, from 0 to 1 (1: both searches rank it first).
        coverage: the share of the question's content words that the best passage contains.
        fits: 1 if the best sentence has the kind of date or number asked for, 0 if not, 0.5 if the question
            asks for no such kind.
        few: how few passages were found, from 0 (plenty) to nearly 1 (one).
        background: the mean logit of the passages that were read, without the surest passage. If only one
            passage was read, its logit.
        lead: the cosine similarity of question and nearest passage, minus the mean similarity of the next 29.
        subject: the highest logit that a passage which was read is on the question's subject. It is 0 if the
            reader does not give such a logit.
    """

    answers: float
    best: float
    span: float
    relevance: float
    gap: float
    sentence: float
    sentence_gap: float
    retrieved: float
    coverage: float
    fits: float
    few: float
    background: float = 0.0
    lead: float = 0.0
    subject: float = 0.0


@dataclass(frozen=True, slots=True)
class Milliseconds:
    """The wall time of each stage, in milliseconds.

    Attributes:
        retrieve: the time to find the passages.
        rerank: the time to read the passages.
        extract: the time to choose the quotes.
        total: the time for the whole answer.
    """

    retrieve: float = 0.0
    rerank: float = 0.0
    extract: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that a question or a file ended with. It is never shown as "no answer found".

    Attributes:
        code: the name of the error, for programs.
        message: what happened and what to do, for people.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class DatePreference:
    """A time that a question names. It prefers passages that fit, if other passages answer about as well.

    Attributes:
        kind: which passages fit. "event": passages that speak of the time come first, then documents
            published soon after the time, then later documents. "published": documents published in that
            time. "latest": the newest documents.
        since: the first day, or None if open.
        until: the last day, or None if open.
        words: the words that name the time in the question, or None if an earlier question named it.
    """

    kind: Literal["event", "published", "latest"]
    since: dt.date | None = None
    until: dt.date | None = None
    words: Span | None = None


@dataclass(frozen=True, slots=True)
class More:
    """How many sentences answer the question, and all quotes of them if the user asked for all.

    A sentence counts if it is likelier to answer than not, or if it is quoted. Near-duplicates count once.

    Attributes:
        shown: how many of these sentences the answer's quotes hold.
        sentences: how many sentences there are.
        documents: how many documents the sentences are in.
        at_least: whether there may be more sentences, because not every passage was read.
        read: how many passages were read.
        quotes: quotes of all these sentences, grouped by document. The documents of the answer's quotes come
            first. In a document, the quotes are in order of place, and neighbours are joined. None if the
            sentences were only counted.
    """

    shown: int
    sentences: int
    documents: int
    at_least: bool
    read: int
    quotes: tuple[Quote, ...] | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that is known about a document but is not in its sentences, so that it cannot be quoted.

    Attributes:
        field: the kind of fact: "author", "publisher", "date" (ISO), "number", "series" or "title".
        value: the fact.
        document: the id of the document.
        title: the document's title.
        source: where the fact was found: "the e-mail's header", "PDF information".
    """

    field: str
    value: str
    document: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class AnsweredPart:
    """The result for one part of a question that asks for several things.

    Attributes:
        words: the words of the question that ask for this part.
        interpreted_question: the question that was read for this part.
        outcome: the part's outcome.
        confidence: how sure it is that the part is answered, from 0 to 1.
        quotes: the indices, from 0, of the answer's quotes that answer this part.
    """

    words: str
    interpreted_question: str
    outcome: Outcome
    confidence: float
    quotes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question.

    Attributes:
        question: the question as asked.
        interpreted_question: the question as understood. For a follow-up it may differ from `question`.
        outcome: "answered": the quotes are the answer. "weak": the quotes are the closest sentences, labelled
            as not stating the answer. "none", "error": there are no quotes.
        confidence: how sure it is that the quotes answer, from 0 to 1.
        threshold: the least confidence that makes the outcome "answered".
        signals: the inputs of the confidence, or None if no passage was read.
        quotes: the quotes, in order.
        passages: the passages found, best first.
        milliseconds: the wall time of each stage.
        read: how many of the first passages were read. The other passages are in the order of retrieval.
        searched: how many documents the filters left.
        undated: how many documents a date filter left out because they have no date.
        filters: the filters that were used.
        notes: short remarks for the reader ("the phrase … does not occur").
        reply: a fixed reply, if the message was not a question for the corpus. The outcome is then "none".
        error: the error, or None unless the outcome is "error".
        preference: the time that the question names, or None if it names none or if times are ignored.
        calibrated: whether the confidence is a probability. If not, the confidence is not shown. It is then 0
            if the question or all quotes are not in Latin script, which the reader cannot judge. For a reader
            without a fit, it is a guess. It is also not a probability for "Which documents mention …?".
        unsearched: why no document was searched (no document matches the filters), or "" if some were.
            An answer with such a reason says nothing about the corpus, and its outcome is "none".
        carried: the words of earlier questions that were added to the question. If there are none, the
            question was answered as in a fresh conversation.
        read_with: the earlier questions that these words are from, the oldest first.
        more: how many sentences answer in all, and quotes of all of them if the user asked for all. None
            unless the outcome is "answered", and None for a question of several parts.
        parts: the parts of a question that asks for several things; empty for any other question. The outcome
            is "answered" only if every part is answered. If only some are, the quotes answer these parts.
        strictness: the share of answers that should be right, or None if it is not known.
        unjudged: the code of the language that the reader cannot judge, because the question or the passages
            are in it; `und` if that language is not known. "" if the reader could judge.
        nearest: further sentences near the question that likely do not answer it, shown with quotes that do.
            They are quotes, numbered after the other quotes.
        facts: facts about a document that the question asks for and that no sentence of it states. If there
            are any, the outcome is "weak".
    """

    question: str
    interpreted_question: str
    outcome: Outcome
    confidence: float = 0.0
    threshold: float = 0.0
    signals: Signals | None = None
    quotes: tuple[Quote, ...] = ()
    passages: tuple[RankedPassage, ...] = ()
    milliseconds: Milliseconds = Milliseconds()
    read: int = 0
    searched: int = 0
    undated: int = 0
    filters: Filters = EVERYTHING
    notes: tuple[str, ...] = ()
    reply: Reply | None = None
    error: Failure | None = None
    preference: DatePreference | None = None
    calibrated: bool = True
    unsearched: str = ""
    carried: tuple[str, ...] = ()
    read_with: tuple[str, ...] = ()
    more: More | None = None
    parts: tuple[AnsweredPart, ...] = ()
    strictness: float | None = None
    unjudged: str = ""
    nearest: tuple[Quote, ...] = ()
    facts: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        every = self.more.quotes if self.more and self.more.quotes else ()
        marked_quotes = iter(told_apart((*self.quotes, *every, *self.nearest)))
        object.__setattr__(self, "quotes", tuple(islice(marked_quotes, len(self.quotes))))
        if self.more and every:
            object.__setattr__(
                self, "more", replace(self.more, quotes=tuple(islice(marked_quotes, len(every))))
            )
        object.__setattr__(self, "nearest", tuple(marked_quotes))

    @property
    def is_answered_in_part(self) -> bool:
        """Whether some parts of the question are answered and others are not."""
        return self.outcome == "weak" and any(part.outcome == "answered" for part in self.parts)

    @property
    def shown(self) -> tuple[Quote, ...]:
        """The quotes to show: all that answer if the user asked for all, else the best quotes."""
        return self.quotes if self.more is None or self.more.quotes is None else self.more.quotes

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as `pullquote ask --json` prints it, but without what is said about the quotes.

        The speakers in the quotes, and the figures that differ, are read from the documents when the line is
        written (`qa.quoting.render`). Quotes are slices of the documents as they were when the question was
        asked.
        """
        return answer_to_dict(self)


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier turn of a conversation.

    Attributes:
        role: who spoke.
        text: what was said.
    """

    role: Literal["user", "assistant"]
    text: str


def answer_to_dict(answer: Answer, answer_id: str = "") -> dict[str, Any]:
    """Return an answer line, as `pullquote ask --json` prints it."""
    filters = answer.filters
    return {
        "id": answer_id,
        "question": answer.question,
        "interpreted_question": answer.interpreted_question,
        "outcome": answer.outcome,
        "confidence": round(float(answer.confidence), 4),
        "quotes": [quote_to_dict(quote) for quote in answer.quotes],
        "passages": [
            {"document": p.document_id, "start": int(p.start), "end": int(p.end), "score": float(p.score)}
            for p in answer.passages
        ],
        "milliseconds": {stage: round(float(ms), 3) for stage, ms in asdict(answer.milliseconds).items()},
        "error": asdict(answer.error) if answer.error else None,
        "reply": asdict(answer.reply) | {"documents": list(answer.reply.documents)} if answer.reply else None,
        "threshold": round(float(answer.threshold), 4),
        "signals": {
            name: None if value is None else round(float(value), 4)
            for name, value in asdict(answer.signals).items()
        }
        if answer.signals
        else None,
        "filters": {
            **{
                name: list(value) if isinstance(value, tuple) else value
                for name, value in asdict(filters).items()
            },
            "since": filters.since.isoformat() if filters.since else None,
            "until": filters.until.isoformat() if filters.until else None,
        },
        "read": answer.read,
        "searched": answer.searched,
        "undated": answer.undated,
        "notes": list(answer.notes),
        "preference": _preference_dict(answer.preference) if answer.preference else None,
        "calibrated": answer.calibrated,
        "unsearched": answer.unsearched,
        "carried": list(answer.carried),
        "strictness": answer.strictness,
        "unjudged": answer.unjudged,
        "read_with": list(answer.read_with),
        "more": _more_dict(answer.more) if answer.more else None,
        "parts": [
            {
                "words": part.words,
                "interpreted_question": part.interpreted_question,
                "outcome": part.outcome,
                "confidence": round(float(part.confidence), 4),
                "quotes": [answer.quotes[at].number for at in part.quotes],
            }
            for part in answer.parts
        ],
        "nearest": [quote_to_dict(quote) for quote in answer.nearest],
        "facts": [asdict(fact) for fact in answer.facts],
    }


def _more_dict(more: More) -> dict[str, Any]:
    return {
        "shown": more.shown,
        "sentences": more.sentences,
        "documents": more.documents,
        "at_least": more.at_least,
        "read": more.read,
        "quotes": None if more.quotes is None else [quote_to_dict(quote) for quote in more.quotes],
    }


def _preference_dict(preference: DatePreference) -> dict[str, Any]:
    words = preference.words
    return {
        "kind": preference.kind,
        "since": preference.since.isoformat() if preference.since else None,
        "until": preference.until.isoformat() if preference.until else None,
        "words": [words.start, words.end] if words else None,
    }


def quote_to_dict(quote: Quote) -> dict[str, Any]:
    """Return a quote as an answer line contains it."""
    return {
        "number": quote.number,
        "document": quote.document.id,
        "sha256": quote.document.sha256,
        "start": quote.start,
        "end": quote.end,
        "text": quote.text,
        "score": float(quote.score),
        "citation": asdict(quote.citation),
        "emphasis": [[span.start, span.end] for span in quote.emphasis],
        "copies": [
            {
                "document": copy.document.id,
                "title": copy.document.title,
                "publisher": copy.document.publisher,
                "date": copy.document.date.isoformat() if copy.document.date else "",
                "sha256": copy.document.sha256,
                "start": copy.start,
                "end": copy.end,
            }
            for copy in quote.copies
        ],
    }
