"""Thumbs over HTTP: put them on answers and quotes, count them, and export them as test queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from qa.evaluation import thumbs
from qa.limits import MAX_CITATION_CHARACTERS
from qa.schema import Thumb  # noqa: TC001 - read when the body is made
from qa.web.body import Body

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.corpus import Corpus
    from qa.web.engine import Engine

_AnswerId = Annotated[str, Field(max_length=64)]


class ThumbBody(Body):
    """A thumb on an answer or on a quote of the answer. A `thumb` of null takes an earlier thumb back.

    `answer` is the id of the answer's line, and `quote` is the citation id of the quote.
    """

    answer: _AnswerId
    quote: Annotated[str, Field(max_length=MAX_CITATION_CHARACTERS)] | None = None
    thumb: Thumb | None


def routes(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes under `/api/v1/feedback`. `few_at_once` limits the routes that can take long."""
    router = APIRouter(prefix="/feedback")

    @router.get("")
    def kept() -> dict[str, int]:
        """Count the thumbs, and the test queries that are made from them."""
        return _counts(engine.corpus)

    @router.post("")
    @few_at_once
    def judge(body: ThumbBody) -> dict[str, Any]:
        """Put a thumb on an answer or a quote, or take it back. A new thumb replaces an earlier one."""
        shown = engine.answers.find(body.answer)
        quote = None if body.quote is None else shown.place(body.quote)
        engine.corpus.desk.put_thumb(shown, quote, body.thumb)
        return thumbs_on(body.answer)

    @router.get("/answers/{answer}")
    def thumbs_on(answer: _AnswerId) -> dict[str, Any]:
        """Return the thumbs on the answer and its quotes. Thumbs remain after their page is closed."""
        shown = engine.answers.find(answer)
        judgements = engine.corpus.desk.thumbs(shown)
        return thumbs.thumbs_on(judgements) | _counts(engine.corpus)

    @router.get("/test-queries.{form}")
    @few_at_once
    def exported(form: thumbs.Form) -> Response:
        """Return the thumbs as test queries, in a file that `pullquote evaluate` reads."""
        data = thumbs.to_file(thumbs.to_queries(engine.corpus.desk, engine.corpus.store), form)
        headers = {
            "Content-Disposition": f'attachment; filename="test-queries.{form}"',
            "Cache-Control": "no-store",
        }
        kinds = {"jsonl": "application/jsonl", "csv": "text/csv"}
        return Response(data, media_type=kinds[form], headers=headers)

    return router


def _counts(corpus: Corpus) -> dict[str, int]:
    count, queries = corpus.desk.count_thumbs()
    return {"thumbs": count, "queries": queries}
