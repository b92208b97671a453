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
# How ready the page is to answer, by the share of its answers that should be right.
READINESS = {0.8: "more often", 0.86: "balanced", 0.93: "only when sure"}


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A passage that retrieval found, as coordinates.

    Attributes:
        document_id: the id of its document.
        start: where it begins.
        end: where it ends.
        score: what passages are ordered by; higher is better.
    """

    document_id: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reply:
    """A fixed reply to what is no question for the corpus ("hello"). It quotes nothing.

    Attributes:
        kind: what kind of message it replies to.
        text: the words of the reply.
        documents: the ids of the documents that its lines with a bullet name, in order.
    """

    kind: ReplyKind
    text: str
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signals:
    """What the confidence of an answer can depend on; `qa/asking/confidence.json` names what it does.

    Attributes:
        answers: the highest logit of the passages that are quoted from.
        best: the logit of the best passage.
        span: by how much some words of it are more likely the answer than none, as a logit.
        relevance: the score of the best passage, as a logit.
        gap: by how much this score is above that of the second passage.
        sentence: the score of the best sentence, as a logit.
        sentence_gap: by how much this score is above that of the second sentence.
        retrieved: how well the best passage was found, from 0 to 1 (both searches rank it first).
        coverage: the share of the question's content words that the best passage contains.
        fits: 1 if the best sentence has the kind of date or number asked for, 0 if not, 0.5 if none is asked.
        few: how few passages were found, from 0 (plenty) to nearly 1 (one).
        background: the mean logit of all passages that were read but the surest; its own if none else was.
        lead: by how much the passage nearest to the question is nearer than the 29 behind it, as a cosine.
        subject: the highest logit that a passage which was read is on the question's subject; 0 where the
            reader does not tell.
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
    """Wall time by stage.

    Attributes:
        retrieve: of finding the passages.
        rerank: of reading them.
        extract: of choosing the quotes.
        total: of the whole answer.
    """

    retrieve: float = 0.0
    rerank: float = 0.0
    extract: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed; never shown as "no answer found".

    Attributes:
        code: the name of the error, for programs.
        message: what happened and what to do, for people.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class DatePreference:
    """A time that a question names: among passages that answer about as well, those that fit it come first.

    Attributes:
        kind: what fits. "event": passages that speak of the time, then documents published soon after it,
        then
            later ones. "published": documents published in that time. "latest": the newest documents.
        since: the first day; None if open.
        until: the last day; None if open.
        words: the question's words that name the time; None if an earlier question did.
    """

    kind: Literal["event", "published", "latest"]
    since: dt.date | None = None
    until: dt.date | None = None
    words: Span | None = None


@dataclass(frozen=True, slots=True)
class More:
    """All sentences that likelier answer than not, and those that are quoted.

    Near-duplicates count once.

    Attributes:
        shown: how many of them the answer's quotes hold.
        sentences: how many they are.
        documents: how many documents they stand in.
        at_least: whether there may be more: not every passage of the documents was read.
        read: how many passages were read.
        quotes: all of them, grouped by document, the document of the surest sentence first; in a document in
            order of place, neighbours joined. None where they were only counted.
    """

    shown: int
    sentences: int
    documents: int
    at_least: bool
    read: int
    quotes: tuple[Quote, ...] | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of a document and stands in none of its sentences, so that it cannot be quoted.

    Attributes:
        field: what it is: "author", "publisher", "date" (ISO), "number", "series" or "title".
        value: the fact.
        document: the id of the document.
        title: its title.
        source: where the fact was found: "the e-mail's header", "PDF information".
    """

    field: str
    value: str
    document: str
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class AnsweredPart:
    """What came of a part of a question that asks for several things.

    Attributes:
        words: the words of the question that ask for it.
        interpreted_question: the question as which it was read.
        outcome: the outcome of that.
        confidence: how sure it is that it is answered, from 0 to 1.
        quotes: which of the answer's quotes answer it, counted from 0.
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
        interpreted_question: the question as understood; another one for a follow-up.
        outcome: "answered": the quotes are the answer. "weak": they are the closest sentences, labelled as
        not
            stating it. "none", "error": there are no quotes.
        confidence: how sure it is that the quotes answer, from 0 to 1.
        threshold: the confidence from which the outcome is "answered".
        signals: what the confidence depends on; None if nothing was read.
        quotes: the quotes, in order.
        passages: the passages found, best first.
        milliseconds: wall time by stage.
        read: how many of the first passages were read; the others are in the order of retrieval.
        searched: how many documents the filters left.
        undated: how many documents a date filter left out because they have no date.
        filters: the filters that were used.
        notes: short remarks for the reader ("the phrase … does not occur").
        reply: a fixed reply, if the question was none for the corpus; the outcome is then "none".
        error: what went wrong; only of the outcome "error".
        preference: the time that the question names; None if it names none, or if times are ignored.
        calibrated: whether the confidence is a probability. If not, it is not shown: it is 0 if the question
            or all quotes are not in Latin script, which the reader cannot judge; of a reader without a fit, a
            guess. Nor is it a probability for words that documents are asked to mention.
        unsearched: why nothing was searched (no document matches the filters); empty if something was. Such
            an answer says nothing about the corpus; its outcome is "none".
        carried: the words of earlier questions that it was read with; without any, it was answered as in a
            fresh conversation.
        read_with: these earlier questions, the oldest first.
        more: how many sentences answer in all, and which, if all were asked for; None unless answered, and
            of a question of several parts.
        parts: the parts of a question that asks for several things; empty for any other. The outcome is
            "answered" only if that of every part is; if some are, the quotes answer these.
        strictness: the share of answers that should be right; None where that is not known.
        unjudged: the code of a language that the reader cannot judge, `und` for one that is not known: the
            question or the passages are in it. "" where the reader could judge.
        nearest: beside quotes that answer, further sentences near the question, which likelier do not. They
            are quotes, numbered after the others.
        facts: what the question asks of a document, and no sentence says; the outcome is then "weak".
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
        told = iter(told_apart((*self.quotes, *every, *self.nearest)))
        object.__setattr__(self, "quotes", tuple(islice(told, len(self.quotes))))
        if self.more and every:
            object.__setattr__(self, "more", replace(self.more, quotes=tuple(islice(told, len(every)))))
        object.__setattr__(self, "nearest", tuple(told))

    @property
    def is_answered_in_part(self) -> bool:
        """Whether some parts of the question are answered, and others are not."""
        return self.outcome == "weak" and any(part.outcome == "answered" for part in self.parts)

    @property
    def shown(self) -> tuple[Quote, ...]:
        """The quotes to show: all that answer, if all were asked for, else the best."""
        return self.quotes if self.more is None or self.more.quotes is None else self.more.quotes

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as the answer line of `pullquote ask --json`, but for what is told of the quotes.

        Who speaks in them and where they differ is read off the documents when the line is written
        (`qa.quoting.render`). Quotes are slices of the documents as they were when the question was asked.
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
    """Return a quote as it stands in an answer line."""
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
