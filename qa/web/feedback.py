"""Thumbs over HTTP: put them on answers and quotes, count them, and export them as test queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import BaseModel, Field

from qa.evaluation import thumbs
from qa.limits import MAX_CITATION_CHARACTERS
from qa.schema import Thumb  # noqa: TC001 - read when the body is made
from qa.web.body import Body
from qa.web.replies import ANSWER, CITATION, replies

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.corpus import Corpus
    from qa.web.engine import Engine

_AnswerId = Annotated[str, Field(max_length=64, description="The `id` of an answer.", examples=[ANSWER])]
_MEDIA: dict[thumbs.Form, str] = {"jsonl": "application/jsonl", "csv": "text/csv"}
_FORMS = "`jsonl`: lines of JSON; `csv`: for a spreadsheet."
_Form = Annotated[thumbs.Form, Path(description=_FORMS, examples=["jsonl"])]
_FORGOTTEN = {
    404: "`answer_not_found`: there is no such answer, or the chat no longer remembers it, after a week "
    "or a purge: ask again"
}
_NOT_QUOTED = {400: "`bad_input`: a field is not valid, or the answer does not have this quote"}


class ThumbBody(Body):
    """A thumb on an answer or on a quote of the answer."""

    answer: _AnswerId
    quote: Annotated[str, Field(max_length=MAX_CITATION_CHARACTERS)] | None = Field(
        default=None,
        description="The place of a quote of the answer, `sha256/start-end`. Default: the thumb is on the "
        "answer itself.",
    )
    thumb: Thumb | None = Field(description="`up`, `down`, or null to remove the thumb.", examples=["up"])


class CountsRecord(BaseModel):
    """How many thumbs there are."""

    thumbs: int = Field(description="The number of thumbs in all.", examples=[1])
    queries: int = Field(description="The number of test queries made from the thumbs.", examples=[1])


class ThumbsRecord(CountsRecord):
    """The thumbs on an answer."""

    answer: Thumb | None = Field(description="The thumb on the answer, or null.", examples=["up"])
    quotes: dict[str, Thumb] = Field(
        description="The thumbs on its quotes, by place.", examples=[{CITATION: "down"}]
    )


def routes(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes under `/api/v1/feedback`. `few_at_once` limits the routes that can take long."""
    router = APIRouter(prefix="/feedback", tags=["Thumbs"])

    @router.post("", responses=replies(ThumbsRecord, _NOT_QUOTED | _FORGOTTEN))
    @few_at_once
    def judge(body: ThumbBody) -> dict[str, Any]:
        """Put a thumb on an answer or a quote.

        The thumb replaces an earlier thumb. Null removes it. Answers of the last week can be judged.
        """
        shown = engine.corpus.desk.shown_answers.find(body.answer).shown
        quote = None if body.quote is None else shown.place(body.quote)
        engine.corpus.desk.put_thumb(shown, quote, body.thumb)
        return thumbs_on(body.answer)

    @router.get("", responses=replies(CountsRecord))
    def kept() -> dict[str, int]:
        """Count the thumbs. Return the number of thumbs, and the number of test queries made from them."""
        return _counts(engine.corpus)

    @router.get("/answers/{answer}", responses=replies(ThumbsRecord, _FORGOTTEN))
    def thumbs_on(answer: _AnswerId) -> dict[str, Any]:
        """Read the thumbs on an answer.

        They include thumbs from an earlier time that the same question was asked.
        """
        shown = engine.corpus.desk.shown_answers.find(answer).shown
        judgements = engine.corpus.desk.thumbs(shown)
        return thumbs.thumbs_on(judgements) | _counts(engine.corpus)

    @router.get("/test-queries.{form}", responses=replies(media=_MEDIA.values()))
    @few_at_once
    def exported(form: _Form) -> Response:
        """Download the test queries. The thumbs as a file that `pullquote evaluate` reads."""
        data = thumbs.to_file(thumbs.to_queries(engine.corpus.desk, engine.corpus.store), form)
        headers = {
            "Content-Disposition": f'attachment; filename="test-queries.{form}"',
            "Cache-Control": "no-store",
        }
        return Response(data, media_type=_MEDIA[form], headers=headers)

    return router


def _counts(corpus: Corpus) -> dict[str, int]:
    count, queries = corpus.desk.count_thumbs()
    return {"thumbs": count, "queries": queries}
