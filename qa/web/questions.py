"""Questions over HTTP: one, with its answer, or many, each answer an event as soon as it is there."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from fastapi.sse import EventSourceResponse  # noqa: TC002 - read when the route is made
from pydantic import Field

from qa.asking.confidence import LOOSEST, STRICTEST, check_strictness
from qa.errors import CancelledError, InputError, PullquoteError
from qa.limits import (
    MAX_FILTER_CHARACTERS,
    MAX_QUESTION_CHARACTERS,
    MAX_QUESTIONS,
    MAX_REPLY_CHARACTERS,
    MAX_TURNS,
    check_filters,
)
from qa.quoting.render import to_dict
from qa.schema import EVERYTHING, Answer, Dates, Failure, Turn
from qa.web import events
from qa.web.body import Body
from qa.web.options import FiltersBody  # noqa: TC001 - read when the body is
from qa.web.problem import DEFECT
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from qa.deadline import Deadline
    from qa.schema import Filters, RankedPassage
    from qa.web.engine import Engine

log = logging.getLogger(__name__)
# How many passages an answer over HTTP names, and of how many documents at least, where so many were found.
_MOST_PASSAGES, _LEAST_DOCUMENTS = 100, 20
_PageId = Annotated[str, Path(pattern="^[0-9A-Za-z_-]{16}$")]
_LISTS_AT_ONCE = 2  # beside the threads for single questions: one question of a person waits for no list


class TurnBody(Body):
    """An earlier turn of the conversation: a question or an answer."""

    role: Literal["user", "assistant"]
    text: Annotated[str, Field(max_length=MAX_REPLY_CHARACTERS)]


# What `qa.limits` and `qa.asking.confidence` refuse, in their own words, the schema says too.
_LENGTH = {"maxLength": MAX_QUESTION_CHARACTERS}
_Strictness = Annotated[
    float, Field(strict=True, json_schema_extra={"minimum": LOOSEST, "maximum": STRICTEST})
]


class HowBody(Body):
    """What questions are asked with: filters, and the share of answers that should be right.

    Without `strictness`, that of `pullquote chat` holds; see `qa.asking.confidence.threshold`. With `dates`
    "ignore", a time that the question names is no preference. With `all`, `more` quotes every sentence that
    answers.
    """

    filters: FiltersBody | None = None
    strictness: _Strictness | None = None
    dates: Dates = "auto"
    all: Annotated[bool, Field(strict=True)] = False

    def chosen_filters(self) -> Filters:
        """Return which documents may answer."""
        return self.filters.filters() if self.filters else EVERYTHING


class AskedBody(Body):
    """A question, and the conversation before it."""

    question: str
    history: list[str | TurnBody] = Field(default=[], max_length=MAX_TURNS)


class AskBody(HowBody, AskedBody):
    """A question, and what it is asked with."""

    question: Annotated[str, Field(json_schema_extra={"minLength": 1} | _LENGTH)]
    history: list[Annotated[str, Field(json_schema_extra=_LENGTH)] | TurnBody] = Field(
        default=[], max_length=MAX_TURNS
    )


class QuestionBody(AskedBody):
    """One of many questions; `id` is its name in the events. What is wrong with it is said in its event."""

    id: Annotated[str, Field(max_length=MAX_FILTER_CHARACTERS)] = ""


class ListBody(Body):
    """Many questions."""

    questions: Annotated[list[str | QuestionBody], Field(min_length=1, max_length=MAX_QUESTIONS)]

    def named(self) -> list[tuple[str, QuestionBody]]:
        """Return the questions with their ids; of one without, its number."""
        asked = [QuestionBody(question=each) if isinstance(each, str) else each for each in self.questions]
        return [(each.id or str(number), each) for number, each in enumerate(asked, 1)]

    def check_ids(self) -> None:
        """Refuse two questions of one id.

        Raises:
            InputError: there are two.
        """
        [(most, times)] = Counter(name for name, _ in self.named()).most_common(1)
        if times > 1:
            raise InputError(f"two questions have the id {most!r}: give each another, or none of them one")


class QuestionsBody(HowBody, ListBody):
    """Many questions, and what all of them are asked with."""


def routes(engine: Engine) -> APIRouter:
    """Return the routes under which questions are asked."""
    router = APIRouter()
    asking_many = Threads(_LISTS_AT_ONCE)

    @router.post("/ask")
    async def ask(body: AskBody, request: Request) -> dict[str, Any]:
        """One answer line; by its id it can be judged."""
        engine.check_ready()
        deadline = engine.deadline()  # the time in which it waits for its turn counts
        async with while_connected(request, deadline):
            return await engine.asking.run_while_awaited(deadline, _answered, engine, body, body, deadline)

    @router.get("/asked/{question}", include_in_schema=False)
    async def asked(question: _PageId) -> dict[str, Any]:
        """Say how far a question of the page has come; without a stage, it waits for those `before` it."""
        deadline = engine.running.deadline(question)
        before = engine.asking.before(deadline) if deadline else None
        return asdict(deadline.step) if deadline and before is None else {"stage": "", "before": before}

    @router.delete("/asked/{question}", include_in_schema=False)
    async def stop(question: _PageId) -> dict[str, bool]:
        """Stop a question of the page, and tell whether it had begun."""
        deadline = engine.running.deadline(question)
        waits = deadline is not None and engine.asking.before(deadline) is not None
        return {"begun": engine.running.stop(question) and not waits}

    @router.post("/questions")
    async def ask_many(body: QuestionsBody) -> EventSourceResponse:
        """Answer questions one after the other, each as an event; a client that leaves stops the work."""
        engine.check_ready()
        body.check_ids()
        check_filters(body.chosen_filters())
        if body.strictness is not None:
            check_strictness(body.strictness)
        return events.stream(_answers(engine, body, asking_many))

    return router


async def _answers(engine: Engine, body: QuestionsBody, asking: Threads) -> AsyncGenerator[bytes]:
    outcomes: Counter[str] = Counter()
    for number, (name, asked) in enumerate(body.named(), 1):
        deadline = engine.deadline()
        line = await asking.run_while_awaited(deadline, _answered_or_error, engine, asked, body, deadline)
        outcomes[line["outcome"]] += 1
        said = {"id": name, "done": number, "total": len(body.questions), "answer": line}
        yield events.event("answer", said, str(number))
    yield events.event("end", {"total": len(body.questions), **outcomes})


def _answered(engine: Engine, asked: AskedBody, how: HowBody, deadline: Deadline) -> dict[str, Any]:
    """Return the answer line of a question.

    Raises:
        PullquoteError: whatever the engine raises.
    """
    history = [turn if isinstance(turn, str) else Turn(turn.role, turn.text) for turn in asked.history]
    filters = how.chosen_filters()
    answer = engine.ask(
        asked.question, history, filters, how.strictness, how.dates, find_all=how.all, deadline=deadline
    )
    strictness = engine.strictness if how.strictness is None else how.strictness
    answer_id = engine.answers.remember(
        answer, history, engine.corpus.store.generation, strictness=strictness
    )
    return to_dict(_bounded(answer), engine.corpus.document, answer_id)


def _bounded(answer: Answer) -> Answer:
    """Return the answer with its best passages alone, which are of as many documents as are promised."""
    first: dict[str, RankedPassage] = {}
    for each in answer.passages:
        first.setdefault(each.document_id, each)
    named = dict.fromkeys([*islice(first.values(), _LEAST_DOCUMENTS), *answer.passages])
    kept = set(islice(named, _MOST_PASSAGES))
    return replace(answer, passages=tuple(each for each in answer.passages if each in kept))


def _answered_or_error(
    engine: Engine, asked: QuestionBody, how: HowBody, deadline: Deadline
) -> dict[str, Any]:
    """Return the answer line of one of many questions: whatever goes wrong with it is its outcome `error`."""
    deadline.restart()  # others of its kind may have had their turn before
    try:
        return _answered(engine, asked, how, deadline)
    except CancelledError:
        raise  # nobody is there to read it
    except PullquoteError as error:
        failure = Failure(error.code, engine.public(str(error)))
    except Exception:  # the border: the answers to other questions are still wanted
        log.exception("could not answer one of many questions")
        failure = Failure("internal", DEFECT)
    failed = Answer(asked.question, asked.question, "error", filters=how.chosen_filters(), error=failure)
    return to_dict(failed, engine.corpus.document)


@asynccontextmanager
async def while_connected(request: Request, deadline: Deadline) -> AsyncIterator[None]:
    """Cancel the work when its client leaves."""

    async def leave() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        deadline.cancel()

    left = asyncio.create_task(leave())
    try:
        yield
    finally:
        left.cancel()
