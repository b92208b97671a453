"""A small evaluation for the report's tests: each verdict and reason once, and text that means harm."""

from __future__ import annotations

from typing import Any

from qa.evaluation.measures import compare, judge, measure
from qa.evaluation.schema import Evaluation, Query, Suite
from qa.schema import Turn

CANARY = "window.harmed = true"
HARM = (
    f"<script>{CANARY}</script></script></style><img src=x onerror='{CANARY}'> \"' onload={CANARY} "
    "{{ 7 * 7 }} {% raw %} ${harm} $x^2$ &amp; \u202egnp.\u202c \x1b[31m\x00 half \ud800 end."
)
HARMED = "harm </script> $x$"
GOLD = "The ferry was sold for 40 crowns."
TEXTS = {
    "minutes": f"Minutes of the harbour. {GOLD} Nobody saw the buyer. {HARM} A second ferry was kept.",
    "letter": "A letter about coal. Nothing in it is of use.",
}
TITLES = {"minutes": "Minutes <b>1911</b>", "letter": ""}
QUERIES = (
    Query("right", "What was paid for the ferry?", gold=(GOLD,), answers=("40 crowns",)),
    Query("silent", "Who was the buyer?", answerable=False),
    Query("invented", "When did the harbour freeze?", answerable=False),
    Query("not retrieved", "What did the ferry cost?", gold=(GOLD,)),
    Query("not chosen", "How many crowns?", gold=(GOLD, "A second ferry was kept."), all_needed=True),
    Query("weak", "What did it go for?", (Turn("user", "Was it sold?"), "And then?"), gold=(GOLD,)),
    Query("error", "Where is it?", gold=(GOLD,)),
    Query("open", "Is it true?", answerable=None),
    Query(HARMED, f"What does this do: {HARM}", (HARM,), gold=(HARM,), answers=(HARM,)),
)
NUMBER = {query.id: number for number, query in enumerate(QUERIES, start=1)}


def text_of(document: str) -> str | None:
    return TEXTS.get(document)


def title_of(document: str) -> str:
    return TITLES.get(document, "")


def quote(sentence: str, document: str = "minutes") -> dict[str, Any]:
    start = TEXTS[document].index(sentence)
    return {
        "document": document,
        "start": start,
        "end": start + len(sentence),
        "text": sentence,
        "score": 1.0,
    }


def line(outcome: str, sure: float, *sentences: str, found: tuple[str, ...] = ("minutes",)) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "confidence": sure,
        "threshold": 0.0 if outcome == "error" else 0.6,
        "quotes": [quote(sentence) for sentence in sentences],
        "passages": [{"document": name, "start": 0, "end": len(TEXTS[name]), "score": 0.0} for name in found],
        "milliseconds": {"total": 400.0},
    }


ANSWERS: dict[str, dict[str, Any]] = {
    "right": line("answered", 0.97, "Nobody saw the buyer.", GOLD),
    "silent": line("none", 0.04),
    "invented": line("answered", 0.71, "Nobody saw the buyer."),
    "not retrieved": line("answered", 0.66, found=("letter", "letter")),
    "not chosen": line("answered", 0.64, GOLD),
    "weak": line("weak", 0.31, GOLD) | {"interpreted_question": "What did the ferry go for?"},
    "error": line("error", 0.0) | {"error": {"code": "library", "message": f"it is locked {HARM}"}},
    "open": line("answered", 0.8, GOLD),
    HARMED: line("answered", 0.9, HARM) | {"interpreted_question": f"Understood {HARM}", "error": None},
}
# The baseline missed the first question, and did not invent an answer to the third.
BASELINE = ANSWERS | {"right": line("answered", 0.6, "Nobody saw the buyer."), "invented": line("none", 0.1)}


def evaluation(*, baseline: bool = False, queries: tuple[Query, ...] = QUERIES) -> Evaluation:
    suite = Suite(f"harbour {HARM}", queries, {query.id: {"minutes": 1} for query in queries if query.gold})
    ours = judge(suite, ANSWERS, text_of)
    if not baseline:
        return Evaluation(suite, ours, measure(ours))
    theirs = judge(suite, BASELINE, text_of)
    return Evaluation(suite, ours, measure(ours), compare(ours, theirs), measure(theirs), theirs)


def many(count: int) -> Evaluation:
    """The sample's questions over and over, each time with another id and confidence."""
    queries, answers = [], {}
    for number in range(count):
        like = QUERIES[number % (len(QUERIES) - 1)]
        name = f"{like.id} {number}"
        fields = {field: getattr(like, field) for field in ("history", "answerable", "gold", "all_needed")}
        queries.append(Query(name, f"{like.text} ({number})", **fields))
        answers[name] = ANSWERS[like.id] | {"confidence": (number * 37 % 1000) / 1000}
    suite = Suite("many", tuple(queries), {query.id: {"minutes": 1} for query in queries if query.gold})
    judged = judge(suite, answers, text_of)
    return Evaluation(suite, judged, measure(judged))
