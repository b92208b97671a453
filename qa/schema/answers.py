"""Answers: what Pullquote says to a question, and how it is written as a line of JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from qa.schema.documents import EVERYTHING, Filters, Span

if TYPE_CHECKING:
    import datetime as dt

    from qa.schema.quotes import Quote

Outcome = Literal["answered", "weak", "none", "error"]
ReplyKind = Literal["greeting", "thanks", "help", "documents", "summary"]
Dates = Literal["auto", "ignore"]


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A passage that retrieval found, as coordinates. `score` is what it was ordered by, higher is better."""

    document_id: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Reply:
    """A fixed reply to what is not a question for the corpus ("hello"). It quotes nothing."""

    kind: ReplyKind
    text: str


@dataclass(frozen=True, slots=True)
class Signals:
    """What the confidence of an answer may rest on; `qa/asking/confidence.json` says which of these it does.

    Logits: `answers`, the surest reading of the passages that are quoted from, and `best`, that of the best
    passage; `span`, by how much some words of it are likelier the answer than none; `relevance`, the best
    passage's score, and `gap`, by how much that beats the second's; `sentence` and `sentence_gap`, the same
    of sentences.
    From 0 to 1: `retrieved`, how well the best passage was found (1 where both searches put it first), and
    `coverage`, the share of the question's content words that it holds. `fits` is 1 where the best sentence
    holds a date or number as the question asks for, 0 where it does not, and 0.5 where it asks for neither.
    `few` says how few passages were found: 0 where there were plenty, nearly 1 for one.
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


@dataclass(frozen=True, slots=True)
class Milliseconds:
    """Wall time by stage."""

    retrieve: float = 0.0
    rerank: float = 0.0
    extract: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question has no answer line of its own: never shown as "not in the corpus"."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class DatePreference:
    """A time that a question names: among passages that answer about as well, what fits it comes first.

    Of an "event", passages fit that speak of the time, then documents published while that was news, then
    later ones; of "published", documents published then; of "latest", the newest. `since` and `until` are
    inclusive, None where open. `words` say where the question says so; None where an earlier one did.
    """

    kind: Literal["event", "published", "latest"]
    since: dt.date | None = None
    until: dt.date | None = None
    words: Span | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What Pullquote says to one question.

    `quotes` carry the answer (`answered`), or are the closest sentences, labelled as not stating it (`weak`),
    or are absent (`none`, `error`). `interpreted_question` differs from `question` for a follow-up.
    It is answered from a confidence of `threshold` on; `signals` are what the confidence rests on, None where
    nothing was read. `passages` are best first; the first `read` of them were read, the others stand as they
    were found. `searched` counts the documents that the filters left, `undated` those that a date filter left
    out for want of a date. `notes` are short remarks for the reader ("the phrase … does not occur"). `reply`
    is set when the question was not one for the corpus; the outcome is then `none`. `preference` is the time
    that the question was taken to name, None where it names none or that was to be ignored.
    Where not `calibrated`, the confidence is no probability, and is not shown: it is 0 where the question,
    or all that is shown, is not in Latin script, which our reader cannot judge; of a reader without a fit
    it is a guess. `unsearched` says why nothing was searched (the filters match no document), and is empty
    where something was: of the corpus such an answer says nothing; its outcome is `none`.
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

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as the answer line of `pullquote ask --json`.

        Its quotes are slices of the documents as they were when the question was asked.
        """
        return answer_to_dict(self)


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier turn of a conversation: who spoke and what was said."""

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
        "quotes": [_quote_dict(quote) for quote in answer.quotes],
        "passages": [
            {"document": p.document_id, "start": int(p.start), "end": int(p.end), "score": float(p.score)}
            for p in answer.passages
        ],
        "milliseconds": {stage: round(float(ms), 3) for stage, ms in asdict(answer.milliseconds).items()},
        "error": asdict(answer.error) if answer.error else None,
        "reply": asdict(answer.reply) if answer.reply else None,
        "threshold": round(float(answer.threshold), 4),
        "signals": {name: round(float(value), 4) for name, value in asdict(answer.signals).items()}
        if answer.signals
        else None,
        "filters": {
            **asdict(filters),
            "since": filters.since.isoformat() if filters.since else None,
            "until": filters.until.isoformat() if filters.until else None,
            "document": list(filters.document),
        },
        "read": answer.read,
        "searched": answer.searched,
        "undated": answer.undated,
        "notes": list(answer.notes),
        "preference": _preference_dict(answer.preference) if answer.preference else None,
        "calibrated": answer.calibrated,
        "unsearched": answer.unsearched,
    }


def _preference_dict(preference: DatePreference) -> dict[str, Any]:
    words = preference.words
    return {
        "kind": preference.kind,
        "since": preference.since.isoformat() if preference.since else None,
        "until": preference.until.isoformat() if preference.until else None,
        "words": [words.start, words.end] if words else None,
    }


def _quote_dict(quote: Quote) -> dict[str, Any]:
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
