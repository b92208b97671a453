"""Convert answers to the desk's columns and back. Check stored values: a stranger may have written them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, astuple, fields
from typing import TYPE_CHECKING, Any, cast, get_args

from qa.schema import (
    Answer,
    AnsweredPart,
    DatePreference,
    Dates,
    Failure,
    Filters,
    History,
    Milliseconds,
    More,
    Outcome,
    QuoteReference,
    Reply,
    ReplyKind,
    ShownAnswer,
    Signals,
    Span,
)
from qa.storage import columns as stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.schema import Asked, KeptTurn
    from qa.storage.results import DocumentTexts
    from qa.storage.statements import Statements

_OUTCOME, _REPLY = stored.one_of(get_args(Outcome)), stored.one_of(get_args(ReplyKind))
_DATES, _HISTORY = stored.one_of(get_args(Dates)), stored.one_of(get_args(History))
_PREFERENCE = stored.one_of(("event", "published", "latest"))
# SQL condition: a quote is of the text with SHA-256 ?1 and, unless ?2 is '', of the document with id ?2.
OF = "sha256 = ?1 AND (?2 = '' OR document = ?2)"
ERASED = "Pullquote's remarks were erased when a document was purged, as they may have named it."


def purge_parameters(texts: DocumentTexts) -> list[tuple[str, str]]:
    """Return the parameters of `OF` that together find all quotes of a document.

    If another document has the same text, a quote belongs to this document only if it has this document's id.
    """
    return [
        *((sha256, "") for sha256 in texts.own),
        *((sha256, texts.document_id) for sha256 in texts.shared),
    ]


def citing(db: Statements, texts: DocumentTexts, filtered: str, quoting: str) -> dict[int, str]:
    """Return the rows that quote a document or filter by it: serial numbers, and what each row belongs to.

    `filtered` is a statement that selects the serial number, the conversation or dossier, and the filters.
    `quoting` selects the serial number and the conversation or dossier where `OF` holds.
    """
    owners = {
        serial: whole
        for serial, whole, filters in db.execute(filtered)
        if texts.document_id in filters_of(stored.text(filters)).document
    }
    for parameters in purge_parameters(texts):
        owners.update(db.execute(quoting, parameters).fetchall())
    return owners


def to_time(text: object) -> dt.datetime:
    """Read a time that is stored as UTC in ISO 8601.

    Raises:
        ValueError: the text is not a time, or has no time zone.
    """
    time = dt.datetime.fromisoformat(stored.text(text))
    if time.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    return time


def from_time(time: dt.datetime) -> str:
    """Write a time so that times sort as text."""
    return time.astimezone(dt.UTC).isoformat(timespec="microseconds")


def answer_row(turn: KeptTurn) -> str:
    """Write the part of an answer without words of documents: figures, and words of questions."""
    answer = turn.answer
    return _dumps(
        {
            "strictness": float(turn.strictness),
            "dates": turn.dates,
            "history": turn.history,
            "generation": turn.generation,
            "interpreted_question": answer.interpreted_question,
            "outcome": answer.outcome,
            "confidence": float(answer.confidence),
            "threshold": float(answer.threshold),
            "signals": answer.signals and [float(value) for value in asdict(answer.signals).values()],
            "milliseconds": [float(value) for value in asdict(answer.milliseconds).values()],
            "read": answer.read,
            "searched": answer.searched,
            "undated": answer.undated,
            "preference": answer.preference and _preference_row(answer.preference),
            "calibrated": answer.calibrated,
            "carried": answer.carried,
            "unjudged": answer.unjudged,
            "read_with": answer.read_with,
            "reply": answer.reply.kind if answer.reply else "",
            "error": answer.error.code if answer.error else "",
            "unsearched": bool(answer.unsearched),
            "notes": len(answer.notes),
            "more": answer.more
            and [
                answer.more.shown,
                answer.more.sentences,
                answer.more.documents,
                answer.more.at_least,
                answer.more.read,
                turn.all_quotes is not None,
            ],
            "parts": [
                [
                    part.words,
                    part.interpreted_question,
                    part.outcome,
                    float(part.confidence),
                    part.quotes,
                ]
                for part in answer.parts
            ],
        }
    )


def remarks_row(answer: Answer) -> str:
    """Write the part of an answer that may have words of documents, such as titles. It may be ""."""
    remarks = {
        "notes": answer.notes,
        "reply": answer.reply.text if answer.reply else "",
        "documents": answer.reply.documents if answer.reply else (),
        "error": answer.error.message if answer.error else "",
        "unsearched": answer.unsearched,
    }
    remarked = answer.notes or answer.reply or answer.error or answer.unsearched
    return _dumps(remarks) if remarked else ""


def filters_row(filters: Filters) -> str:
    """Write the filters that are set."""
    return _dumps(filters.to_dict())


def asked_with(row: str) -> tuple[float, Dates, History, int, bool]:
    """Read how a question was asked.

    Returns strictness, dates, history, the library's generation, and whether all answers were asked for.
    """
    held = stored.record(row)
    more = held["more"]
    return (
        _real(held["strictness"]),
        cast("Dates", _DATES(held["dates"])),
        cast("History", _HISTORY(held["history"])),
        stored.number(held["generation"]),
        bool(more and more[5]),
    )


def answer_of(question: str, row: str, remarks: str, filters: str) -> Answer:
    """Read an answer, without quotes. If its remarks were erased, each remark is ERASED."""
    held = stored.record(row)
    kept_remarks = stored.record(remarks) if remarks else {}

    def remark(name: str) -> str:
        return stored.text(kept_remarks.get(name, ERASED))

    return Answer(
        question,
        stored.text(held["interpreted_question"]),
        cast("Outcome", _OUTCOME(held["outcome"])),
        _real(held["confidence"]),
        _real(held["threshold"]),
        signals=_reals(Signals, held["signals"]) if held["signals"] is not None else None,
        milliseconds=_reals(Milliseconds, held["milliseconds"]),
        read=stored.number(held["read"]),
        searched=stored.number(held["searched"]),
        undated=stored.number(held["undated"]),
        filters=filters_of(filters),
        notes=tuple(map(stored.text, kept_remarks.get("notes", [ERASED] if held["notes"] else []))),
        reply=Reply(
            cast("ReplyKind", _REPLY(held["reply"])),
            remark("reply"),
            tuple(map(stored.text, kept_remarks.get("documents", ()))),
        )
        if held["reply"]
        else None,
        error=Failure(stored.text(held["error"]), remark("error")) if held["error"] else None,
        preference=_preference(held["preference"]) if held["preference"] else None,
        calibrated=bool(held["calibrated"]),
        unsearched=remark("unsearched") if held["unsearched"] else "",
        carried=tuple(map(stored.text, held["carried"])),
        strictness=_real(held["strictness"]),
        unjudged=stored.text(held["unjudged"]),
        read_with=tuple(map(stored.text, held["read_with"])),
        more=_more(held["more"]) if held["more"] else None,
        parts=tuple(map(_part, held["parts"])),
    )


def filters_of(row: str) -> Filters:
    """Read the filters that `filters_row` wrote."""
    return Filters.from_dict(stored.record(row))


def spans_row(spans: Sequence[Span]) -> str:
    """Write spans of a document."""
    return _dumps([(span.start, span.end) for span in spans])


def shown_row(shown: ShownAnswer) -> str:
    """Write an answer as it was shown, with its quotes as coordinates."""
    held = asdict(shown) | {
        "quotes": list(map(astuple, shown.quotes)),
        "all_quotes": list(map(astuple, shown.all_quotes)),
        "filters": shown.filters.to_dict(),
    }
    return json.dumps(held, separators=(",", ":"))


def shown_of(row: str) -> ShownAnswer:
    """Read what `shown_row` wrote."""
    held = stored.record(row)
    strictness = held["strictness"]
    return ShownAnswer(
        question=stored.text(held["question"]),
        history=tuple(map(stored.text, held["history"])),
        interpreted_question=stored.text(held["interpreted_question"]),
        outcome=cast("Outcome", _OUTCOME(held["outcome"])),
        quotes=tuple(map(reference_of, held["quotes"])),
        all_quotes=tuple(map(reference_of, held["all_quotes"])),
        filters=Filters.from_dict(held["filters"]),
        strictness=None if strictness is None else float(strictness),
    )


def cites(shown: ShownAnswer, texts: DocumentTexts, *more: tuple[str, str]) -> bool:
    """Return whether an answer quotes a document, or is filtered by it.

    Each of `more` is the document and the SHA-256 of another quote.
    """
    quotes = (*shown.quotes, *shown.all_quotes)
    return texts.document_id in shown.filters.document or any(
        sha256 in texts.own or (document == texts.document_id and sha256 in texts.shared)
        for document, sha256 in (*more, *((quote.document, quote.sha256) for quote in quotes))
    )


def reference_of(row: Sequence[Any]) -> QuoteReference:
    """Read the coordinates of a quote.

    Raises:
        ValueError: they are not a place in a text.
    """
    document, sha256, start, end = row
    if not 0 <= stored.number(start) < stored.number(end):
        raise ValueError(f"[{start}, {end}) is not a place in a text")
    return QuoteReference(stored.text(document), stored.text(sha256), start, end)


def how_row(asked: Asked | None) -> str:
    """Write how a question was asked and what was searched, if it is known."""
    if asked is None:
        return "{}"
    details = {name: getattr(asked, name) for name in ("searched", "strictness", "unjudged", "earlier")}
    return json.dumps({name: value for name, value in details.items() if value}, ensure_ascii=False)


def searched_of(row: str) -> dict[str, Any]:
    """Read what `how_row` wrote, as fields of `Asked`."""
    held = stored.record(row)
    strictness = held.get("strictness", 0.0)
    if not isinstance(strictness, int | float):
        raise TypeError("a strictness that is not a number")
    return {
        "searched": stored.number(held.get("searched", 0)),
        "strictness": float(strictness),
        "unjudged": stored.text(held.get("unjudged", "")),
        "earlier": tuple(map(stored.text, held.get("earlier", []))),
    }


def differing_row(figures: Sequence[QuoteReference]) -> str:
    """Write the places of figures that differ."""
    return json.dumps([astuple(figure) for figure in figures], ensure_ascii=False)


def differing_of(row: str) -> tuple[QuoteReference, ...]:
    """Read what `differing_row` wrote."""
    return stored.rows(row, QuoteReference, stored.text, stored.text, stored.number, stored.number)


def _preference_row(preference: DatePreference) -> list[Any]:
    words = preference.words
    days = (preference.since, preference.until)
    return [
        preference.kind,
        *(day.isoformat() if day else None for day in days),
        [words.start, words.end] if words else None,
    ]


def _preference(row: Sequence[Any]) -> DatePreference:
    kind, since, until, words = row
    return DatePreference(
        cast("Any", _PREFERENCE(kind)),
        _day(since) if since else None,
        _day(until) if until else None,
        Span(*map(stored.number, words)) if words else None,
    )


def _day(value: object) -> dt.date:
    return dt.date.fromisoformat(stored.text(value))


def _more(row: Sequence[Any]) -> More:
    shown, sentences, documents, at_least, read, _ = row
    return More(
        stored.number(shown),
        stored.number(sentences),
        stored.number(documents),
        bool(at_least),
        stored.number(read),
    )


def _part(row: Sequence[Any]) -> AnsweredPart:
    words, interpreted, outcome, confidence, quotes = row
    return AnsweredPart(
        stored.text(words),
        stored.text(interpreted),
        cast("Outcome", _OUTCOME(outcome)),
        _real(confidence),
        tuple(map(stored.number, quotes)),
    )


def _reals(kind: Any, values: Sequence[Any]) -> Any:
    return kind(**{field.name: _real(value) for field, value in zip(fields(kind), values, strict=False)})


def _real(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"{type(value).__name__} instead of a number")
    return float(value)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
