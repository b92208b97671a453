"""Questions over HTTP: one question with its answer, or many questions with an event for each answer."""

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
from qa.web.examples import examples
from qa.web.options import FiltersBody  # noqa: TC001 - read when the body is made
from qa.web.problem import DEFECT
from qa.web.records import AnswerLine
from qa.web.replies import ANSWER, QUESTION, replies
from qa.web.shown import remember, to_remember
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from qa.deadline import Deadline
    from qa.schema import Filters, RankedPassage
    from qa.web.engine import Engine

log = logging.getLogger(__name__)
# Maximum number of passages that an answer over HTTP names, and how many documents they are from at least, if
# so many were found.
_MOST_PASSAGES, _LEAST_DOCUMENTS = 100, 20
_PageId = Annotated[str, Path(pattern="^[0-9A-Za-z_-]{16}$")]
_Examples = Annotated[
    list[str],
    Field(
        examples=[
            [
                "What was taken from the Kumsandong fertilizer factory?",
                "Why did the crackdown on smugglers fail?",
            ]
        ]
    ),
]
_LISTS_AT_ONCE = 2  # own threads, so that a person's single question never waits for a list


DEADLINE = {504: "`deadline`: the answer took longer than the chat allows (30 seconds by default)"}
_NOT_ASKED = {
    400: "`bad_question`: the question is empty, too long or not text; `bad_input`: a field is unknown, too "
    "long or not valid"
}
_NONE_ASKED = {
    400: "`bad_input`: a field is unknown, too long or not valid, or there is no question, or too many. No "
    "question was asked"
}
_EVENTS = {
    "answer": "`id` names the question, `done` of `total` are answered, and `answer` is the line that *Ask a "
    "question* gives.",
    "end": "The number of questions (`total`), and the number by outcome.",
}
_STREAM = f"""\
event: answer
data: {{"id": "1", "done": 1, "total": 2, "answer": {{"id": "{ANSWER}", "question": "{QUESTION}", \
"outcome": "answered", …}}}}
id: 1

event: answer
data: {{"id": "mayor", "done": 2, "total": 2, "answer": {{"id": "x0fvK2pTnQ3rWb7e", "question": "Who was \
elected mayor of Oslo?", "outcome": "none", …}}}}
id: 2

event: end
data: {{"total": 2, "answered": 1, "none": 1}}
"""


class TurnBody(Body):
    """An earlier turn of the conversation: a question or an answer."""

    role: Literal["user", "assistant"] = Field(description="The speaker of the turn: `user` or `assistant`.")
    text: Annotated[str, Field(max_length=MAX_REPLY_CHARACTERS)] = Field(description="The text of the turn.")


# Bounds for the OpenAPI document only. `qa.limits` and `qa.asking.confidence` check them, with own messages.
_LENGTH = {"maxLength": MAX_QUESTION_CHARACTERS}
_QUESTION = f"The question, at most {MAX_QUESTION_CHARACTERS:,} characters."
_HISTORY = (
    f"Earlier turns, the oldest first, at most {MAX_TURNS}. They are used to understand a follow-up. Each is "
    "a question as text, or a turn with its `role`."
)
_Strictness = Annotated[
    float, Field(strict=True, json_schema_extra={"minimum": LOOSEST, "maximum": STRICTEST})
]


class HowBody(Body):
    """How questions are asked."""

    filters: FiltersBody | None = Field(
        default=None, description="Search only the documents that match. Default: all documents."
    )
    strictness: _Strictness | None = Field(
        default=None,
        description="The share of answers that should be right, such as 0.9. Default: the value that the "
        "chat was started with.",
    )
    dates: Dates = Field(
        default="auto",
        description="`auto` prefers documents of a time that the question names. `ignore` does not.",
    )
    all: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        description="Whether to read on for every sentence that answers, and to quote all of them in `more`. "
        "This takes a second or two for each question. For a question that asks for several things, it is "
        "not done, and a note says so.",
    )

    def chosen_filters(self) -> Filters:
        """Return the filters for the documents that may answer."""
        return self.filters.filters() if self.filters else EVERYTHING


class AskedBody(Body):
    """A question, and the conversation before it."""

    question: str = Field(description=_QUESTION)
    history: list[str | TurnBody] = Field(default=[], max_length=MAX_TURNS, description=_HISTORY)


class AskBody(HowBody, AskedBody):
    """A question, and how it is asked."""

    question: Annotated[str, Field(json_schema_extra={"minLength": 1} | _LENGTH)] = Field(
        description=_QUESTION, examples=[QUESTION]
    )
    history: list[Annotated[str, Field(json_schema_extra=_LENGTH)] | TurnBody] = Field(
        default=[], max_length=MAX_TURNS, description=_HISTORY
    )


class QuestionBody(AskedBody):
    """One of many questions. Its event has its `id`, and also says what is wrong with the question."""

    id: Annotated[str, Field(max_length=MAX_FILTER_CHARACTERS)] = Field(
        default="", description="The id of the question in its event. Default: its number."
    )


class ListBody(Body):
    """Many questions."""

    questions: Annotated[list[str | QuestionBody], Field(min_length=1, max_length=MAX_QUESTIONS)] = Field(
        description=f"Up to {MAX_QUESTIONS:,}: each a text, or an object with its `question`. They are "
        "answered in this order, one after the other.",
        examples=[[QUESTION, {"id": "mayor", "question": "Who was elected mayor of Oslo?"}]],
    )

    def named(self) -> list[tuple[str, QuestionBody]]:
        """Return the questions with their ids. A question without an id gets its number as the id."""
        asked = [
            QuestionBody(question=question) if isinstance(question, str) else question
            for question in self.questions
        ]
        return [(body.id or str(number), body) for number, body in enumerate(asked, 1)]

    def check_ids(self) -> None:
        """Raise an error if two questions have the same id.

        Raises:
            InputError: two questions have the same id.
        """
        [(most, times)] = Counter(name for name, _ in self.named()).most_common(1)
        if times > 1:
            raise InputError(
                f"two questions have the id {most!r}: give each question another id, or leave out all ids"
            )


class QuestionsBody(HowBody, ListBody):
    """Many questions, and how all of them are asked."""


def routes(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes for questions. `few_at_once` limits the search for example questions."""
    router = APIRouter(tags=["Questions"])
    asking_many = Threads(_LISTS_AT_ONCE)

    @router.get("/examples", responses=replies(_Examples))
    @few_at_once
    def to_begin_with() -> tuple[str, ...]:
        """Suggest questions.

        Return example questions. Each was asked beforehand and has an answer. They are about the sample brief
        only if the library has no other document.
        """
        engine.check_ready()
        return examples(engine.corpus)

    @router.post("/ask", responses=replies(AnswerLine, _NOT_ASKED | DEADLINE))
    async def ask(body: AskBody, request: Request) -> dict[str, Any]:
        """Ask a question.

        The answer consists of quotes only. `outcome` is `answered`, `weak` (no answer was found; the quotes
        are the nearest passages) or `none` (nothing is near); `said` says so in a sentence. A greeting, a
        question about Pullquote, or a request for a summary has a fixed `reply` instead.
        """
        engine.check_ready()
        deadline = engine.deadline()  # includes the wait for a turn
        async with while_connected(request, deadline):
            return await engine.asking.run_while_awaited(deadline, _answered, engine, body, body, deadline)

    @router.get("/asked/{question}", include_in_schema=False)
    async def asked(question: _PageId) -> dict[str, Any]:
        """Return how far a question of the page has come.

        If `stage` is "", the question waits: `before` says for how many others, or is null if not known.
        """
        deadline = engine.running.deadline(question)
        before = engine.asking.before(deadline) if deadline else None
        return asdict(deadline.step) if deadline and before is None else {"stage": "", "before": before}

    @router.delete("/asked/{question}", include_in_schema=False)
    async def stop(question: _PageId) -> dict[str, bool]:
        """Stop a question of the page, and tell whether it had begun."""
        deadline = engine.running.deadline(question)
        waits = deadline is not None and engine.asking.before(deadline) is not None
        return {"begun": engine.running.stop(question) and not waits}

    stream = replies(None, _NONE_ASKED, stream=events.described(_EVENTS, _STREAM))

    @router.post("/questions", responses=stream)
    async def ask_many(body: QuestionsBody) -> EventSourceResponse:
        """Ask many questions.

        The reply is a stream of server-sent events: `answer` for each question, in order and as soon as it is
        answered, and `end` after the last. The data of each event is a line of JSON. A stream without `end`
        was cut off: the server stopped, or had too many streams. At most 96 are open at once. A further
        stream ends the oldest stream of the client that has the most. Send the remaining questions again.

        An answer that fails has the outcome `error`, never `none`, with its `code` and `message` (`deadline`
        if it took too long). The next question is then asked. When the client leaves, the work stops. A
        comment (`: ping`) every 15 seconds keeps proxies from ending a quiet stream.
        """
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
        record = {"id": name, "done": number, "total": len(body.questions), "answer": line}
        yield events.event("answer", record, str(number))
    yield events.event("end", {"total": len(body.questions), **outcomes})


def _answered(engine: Engine, asked: AskedBody, how: HowBody, deadline: Deadline) -> dict[str, Any]:
    """Return the answer line of a question.

    Raises:
        PullquoteError: any error of the engine.
    """
    history = [turn if isinstance(turn, str) else Turn(turn.role, turn.text) for turn in asked.history]
    options = engine.options(how.chosen_filters(), how.strictness, how.dates, find_all=how.all)
    answer = engine.ask(asked.question, history, options, deadline=deadline)
    answer_id = remember(engine, to_remember(answer, history, engine.corpus.store.generation))
    return to_dict(_bounded(answer), engine.corpus.document, answer_id)


def _bounded(answer: Answer) -> Answer:
    """Return the answer with at most _MOST_PASSAGES passages, the best ones.

    The best passage of each of the first _LEAST_DOCUMENTS documents is always kept.
    """
    first: dict[str, RankedPassage] = {}
    for passage in answer.passages:
        first.setdefault(passage.document_id, passage)
    ordered = dict.fromkeys([*islice(first.values(), _LEAST_DOCUMENTS), *answer.passages])
    best = set(islice(ordered, _MOST_PASSAGES))
    return replace(answer, passages=tuple(passage for passage in answer.passages if passage in best))


def _answered_or_error(
    engine: Engine, asked: QuestionBody, how: HowBody, deadline: Deadline
) -> dict[str, Any]:
    """Return the answer line of one of many questions. Any error becomes the outcome `error`."""
    deadline.restart()  # the wait for a turn does not count
    try:
        return _answered(engine, asked, how, deadline)
    except CancelledError:
        raise  # the client has left
    except PullquoteError as error:
        failure = Failure(error.code, engine.public(str(error)))
    except Exception:  # the border: the other questions still need answers
        log.exception("could not answer one of many questions")
        failure = Failure("internal", DEFECT)
    failed = Answer(asked.question, asked.question, "error", filters=how.chosen_filters(), error=failure)
    return to_dict(failed, engine.corpus.document)


@asynccontextmanager
async def while_connected(request: Request, deadline: Deadline) -> AsyncIterator[None]:
    """Cancel the work when the client leaves."""

    async def leave() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        deadline.cancel()

    left = asyncio.create_task(leave())
    try:
        yield
    finally:
        left.cancel()
