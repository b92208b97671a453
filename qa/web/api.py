"""The HTTP interface under /api/v1: questions, citations, documents, verified quotes, thumbs and health.

Errors are sent as `application/problem+json`.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from functools import cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Match, Route
from starlette.staticfiles import StaticFiles

from qa import __version__
from qa.errors import (
    BusyError,
    DocumentNotFoundError,
    InputError,
    NotReadyError,
    PullquoteError,
)
from qa.evaluation import thumbs as feedback
from qa.limits import MAX_CITATION_CHARACTERS, MAX_DRAFT_CHARACTERS
from qa.quoting import opened
from qa.quoting.bibliography.copied import CopyFormat, copied
from qa.quoting.bibliography.entries import ENDINGS, MEDIA, Form, entries_of_documents
from qa.quoting.bibliography.styles import MAX_STYLE_NAME, open_style
from qa.quoting.render import facets_to_dict
from qa.schema import CitationId, Thumb, quote_to_dict
from qa.web import (
    STATIC,
    assistants,
    changes,
    documents,
    dossier,
    dossiers,
    history,
    originals,
    pages,
    paging,
    parts,
    questions,
    reference,
)
from qa.web.body import Body
from qa.web.changes import may_change
from qa.web.documents import (  # noqa: TC001 - read when the routes are made
    BibliographyQuery,
    FoundQuery,
    ListQuery,
)
from qa.web.examples import examples
from qa.web.guard import Guard
from qa.web.options import readiness
from qa.web.problem import DEFECT, Problem, first_error, status_of, without_commands
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

    from qa.corpus import Corpus
    from qa.desk.find import Finder
    from qa.web.access import Access
    from qa.web.engine import Engine

log = logging.getLogger(__name__)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_AnswerId = Annotated[str, Field(max_length=64)]
# Threads for routes that can take long. Questions, texts to be verified and files have their own threads.
_AT_ONCE = 8
_HEALTH_AT_ONCE = 2


class ThumbBody(Body):
    """A thumb on an answer or on a quote of the answer. A `thumb` of null takes an earlier thumb back.

    `answer` is the id of the answer's line, and `quote` is the citation id of the quote.
    """

    answer: _AnswerId
    quote: Annotated[str, Field(max_length=MAX_CITATION_CHARACTERS)] | None = None
    thumb: Thumb | None


class VerifyBody(Body):
    """A text whose quotes are verified."""

    text: Annotated[str, Field(json_schema_extra={"maxLength": MAX_DRAFT_CHARACTERS})]


def create_app(engine: Engine, host: str, access: Access | None = None) -> FastAPI:
    """Return the app with all routes behind the guard. Apps that are mounted later are guarded too."""
    app = FastAPI(
        title="Pullquote",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    for name in ("documents", "dossiers", "history"):
        app.add_route(f"/{name}/", _without_slash)
    app.include_router(originals.routes(engine))  # first: later routes would match too
    finder = history.finder(engine)
    app.include_router(routes(engine, finder))
    app.include_router(documents.routes(engine))
    app.include_router(parts.routes(engine))
    app.include_router(history.page(engine, finder))
    app.include_router(dossier.routes(engine))
    app.openapi = cache(partial(reference.openapi, app))  # type: ignore[method-assign]
    app.mount("/web", StaticFiles(directory=STATIC))
    app.router.routes.append(assistants.route(engine))
    app.router.routes.append(Route("/api/v1/{path:path}", endpoint=_Unanswered(tuple(app.router.routes))))
    # Gradio adds a CORS policy only if the app has none. This policy allows no other origin.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    shares = [share for _, share in readiness(engine.strictness)]
    app.add_middleware(Guard, host=host, strictness=shares, access=access)
    app.add_exception_handler(PullquoteError, partial(_pullquote_error, engine))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
    return app


def routes(engine: Engine, finder: Finder) -> APIRouter:
    """Return the routes under /api/v1. The engine answers them."""
    others = Threads(_AT_ONCE)
    few_at_once = others.limited
    router = APIRouter(prefix="/api/v1")
    thumbs = APIRouter(prefix="/feedback", dependencies=[may_change(engine)])

    @router.get("/health")
    @Threads(_HEALTH_AT_ONCE).limited  # own threads, so that it answers even if others are busy
    def health() -> JSONResponse:
        """Return 200 once questions can be answered. Until then, return 503 with the stage of the start."""
        state = engine.state
        if state.stage == "ready":
            return JSONResponse(
                {"status": "ok", "version": __version__, "generation": engine.corpus.store.generation}
            )
        detail = engine.public(state.error.message) if state.error else "Pullquote is still starting"
        code = state.error.code if state.error else NotReadyError.code
        progress = {"stage": state.stage, "done": state.done, "total": state.total}
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, code, **progress)

    @router.get("/status")
    def status() -> dict[str, Any]:
        """Return how far the start has come, and whether changes are allowed.

        The status is always 200, because the page polls this route.
        """
        state = asdict(engine.state) | {"may_change": engine.may_change}
        state["name"] = engine.public(state["name"])
        if state["error"]:
            state["error"]["message"] = engine.public(state["error"]["message"])
        return state

    @router.get("/examples")
    @few_at_once
    def to_begin_with() -> tuple[str, ...]:
        """Return example questions. Each was asked beforehand, and has an answer."""
        engine.check_ready()
        return examples(engine.corpus)

    @router.get("/citations/{sha256}/{start:offset}-{end:offset}")
    @few_at_once
    def cited(
        sha256: parts.Sha256,
        start: parts.Start,
        end: parts.End,
        document: parts.Id = "",
        form: Annotated[CopyFormat | None, Query(alias="format")] = None,
        style: Annotated[str, Query(max_length=MAX_STYLE_NAME)] = "",
    ) -> Any:
        """Return a quote in its whole source, as it was cited: `before + quote + after` is the source's text.

        With `format` or `style`, return only the quote and its citation, as text to paste.

        If several documents have the cited text, `document` is the id of the cited document. `same_text` has
        the ids of the others.

        If the library no longer answers from the cited text, `status` is "superseded" or "removed", and
        `since` says when. `current` is the present document, with the place to open in it. `moved` is the
        place of the quote's exact words in its text. If the words have changed, `difference` says how. If
        the present text has nothing like the quote, `moved` is null and `difference` is empty.
        """
        place = CitationId(sha256, start, end)
        found = opened.open_citation(engine.corpus.store, place, document)
        if form or style:
            in_style = open_style(style, files=False) if style else None
            return _text(copied(found, form or "text", in_style), form)
        original = originals.shown(found.quote.document) if found.status == "current" else None
        shown = opened.to_dict(found) | {"original": original}
        return shown | {"notes": list(map(without_commands, shown["notes"]))}

    @router.get("/bibliography/{form}")
    @few_at_once
    def bibliography(request: Request, form: Form, query: Annotated[BibliographyQuery, Query()]) -> Response:
        """Return BibTeX, RIS or CSL-JSON for the documents that are named, or for all that are found."""
        found = engine.corpus.find_documents(query.query())
        if query.document and not found.total:
            engine.corpus.document(query.document[0])  # raises an error if it does not exist
        response = _text(entries_of_documents(found.documents, form), form)
        paging.say_part(request, response, found.total, query.limit, query.offset)
        response.headers["Content-Disposition"] = f'attachment; filename="documents.{ENDINGS[form]}"'
        return response

    @router.get("/citations/{sha256}/{start:offset}-{end:offset}/similar")
    @few_at_once
    def similar_passages(
        sha256: parts.Sha256, start: parts.Start, end: parts.End, document: parts.Id = ""
    ) -> list[dict[str, Any]]:
        """Find the passages that are most like a quote's passage. Return them by document, as quotes."""
        # Imported here, because this import is slow and the first page should not wait for it.
        from qa.asking.similar import by_document, similar

        cited = opened.open_citation(engine.corpus.store, CitationId(sha256, start, end), document)
        return [
            {
                "document": each.id,
                "title": each.title,
                "quotes": [quote_to_dict(quote) for quote in quotes],
            }
            for each, quotes in by_document(similar(engine.corpus.store, cited.quote))
        ]

    @router.get("/filters")
    @few_at_once
    def facets() -> dict[str, Any]:
        """Return the values that filters can choose, with their numbers of documents, and the dates."""
        return facets_to_dict(engine.corpus.store.facets())

    @router.get("/documents")
    @few_at_once
    def listed(
        request: Request, response: Response, query: Annotated[ListQuery, Query()]
    ) -> list[dict[str, Any]]:
        """List the library's documents, without their texts and without their paths on this machine."""
        found = engine.corpus.find_documents(query.query())
        paging.say_part(request, response, found.total, query.limit, query.offset)
        return list(map(engine.describe, found.documents))

    @router.get("/removed-documents")
    @few_at_once
    def removed(
        request: Request, response: Response, query: Annotated[FoundQuery, Query()]
    ) -> list[dict[str, Any]]:
        """List the removed documents that can be put back, the last removed first."""
        found = documents.find_removed(engine.corpus.store, query)
        paging.say_part(request, response, len(found), query.limit, query.offset)
        end = None if query.limit is None else query.offset + query.limit
        return [version.to_dict() for version in found[query.offset : end]]

    @router.post("/verify")
    async def verify(body: VerifyBody, request: Request) -> dict[str, Any]:
        """Compare the quotes of a text with the documents, as the tool for assistants does."""
        deadline = engine.deadline()  # includes the wait for a turn

        def verified() -> dict[str, Any]:
            # Imported here, because this import is slow and the first page should not wait for it.
            from qa.web import tools

            return tools.verify(engine, tools.Draft(text=body.text), deadline)

        async with questions.while_connected(request, deadline):
            return await engine.verifying.run_while_awaited(deadline, verified)

    @thumbs.get("")
    def kept() -> dict[str, int]:
        """Count the thumbs, and the test queries that are made from them."""
        return _thumb_counts(engine.corpus)

    @thumbs.post("")
    @few_at_once
    def judge(body: ThumbBody) -> dict[str, Any]:
        """Put a thumb on an answer or a quote, or take it back. A new thumb replaces an earlier one."""
        shown = engine.answers.find(body.answer)
        quote = None if body.quote is None else shown.place(body.quote)
        engine.corpus.desk.put_thumb(shown, quote, body.thumb)
        return thumbs_on(body.answer)

    @thumbs.get("/answers/{answer}")
    def thumbs_on(answer: _AnswerId) -> dict[str, Any]:
        """Return the thumbs on the answer and its quotes. Thumbs remain after their page is closed."""
        shown = engine.answers.find(answer)
        judgements = engine.corpus.desk.thumbs(shown)
        return feedback.thumbs_on(judgements) | _thumb_counts(engine.corpus)

    @thumbs.get("/test-queries.{form}")
    @few_at_once
    def exported(form: feedback.Form) -> Response:
        """Return the thumbs as test queries, in a file that `pullquote evaluate` reads."""
        data = feedback.to_file(feedback.to_queries(engine.corpus.desk, engine.corpus.store), form)
        headers = {
            "Content-Disposition": f'attachment; filename="test-queries.{form}"',
            "Cache-Control": "no-store",
        }
        kinds = {"jsonl": "application/jsonl", "csv": "text/csv"}
        return Response(data, media_type=kinds[form], headers=headers)

    router.include_router(questions.routes(engine))
    router.include_router(thumbs)
    router.include_router(changes.routes(engine, others))

    @router.get("/documents/{document_id:path}")  # not first: it would match those above
    @few_at_once
    def described(document_id: changes.Id) -> dict[str, Any]:
        """Return a document's metadata, the source of each value, and the document's earlier texts."""
        corpus = engine.corpus
        corpus.document(document_id)  # raises an error if no document has this very id
        info = changes.find_info(corpus, document_id)
        if info is None:
            raise DocumentNotFoundError(f"{document_id!r} was removed this moment")
        versions = corpus.store.versions(document_id)
        return engine.describe(info) | {"versions": [version.to_dict() for version in versions]}

    for peoples in (history.routes(engine, finder, few_at_once), dossiers.routes(engine, few_at_once)):
        router.include_router(peoples, dependencies=[may_change(engine)])

    @router.get("/docs", include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        """Show the reference of the HTTP interface."""
        return HTMLResponse(reference.page(request.app.openapi(), str(request.base_url)))

    return router


async def _without_slash(request: Request) -> RedirectResponse:
    """Redirect an address that a person ended with a slash to the page."""
    return RedirectResponse(request.url.path.rstrip("/"))


class _Unanswered:
    """Refuses the requests under /api/v1 that no route answers.

    Otherwise the app that is mounted at "/" would answer them, in its own form.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer which methods the address allows, or that the address does not exist."""
        allowed = [
            method
            for method in _METHODS
            if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in self._routes)
        ]
        if allowed:
            refusal = Problem(HTTPStatus.METHOD_NOT_ALLOWED, f"this can be asked for by {', '.join(allowed)}")
            refusal.headers["Allow"] = ", ".join(allowed)
        else:
            refusal = Problem(HTTPStatus.NOT_FOUND, f"there is no such route: {scope['path'][:200]}")
        await refusal(scope, receive, send)


def _text(text: str, form: CopyFormat | None) -> Response:
    """Return a response with text to paste or save.

    HTML is sent as plain text, so that a browser does not show it as a page.
    """
    return Response(text, media_type=MEDIA.get(form or "text", "text/plain"))


def _thumb_counts(corpus: Corpus) -> dict[str, int]:
    thumbs, queries = corpus.desk.count_thumbs()
    return {"thumbs": thumbs, "queries": queries}


def _pullquote_error(engine: Engine, request: Request, error: Exception) -> Response:
    assert isinstance(error, PullquoteError)  # noqa: S101 - registered for it
    status = status_of(error)
    if pages.wants_page(request.scope, request.headers):
        return pages.trouble(status)
    problem = Problem(status, engine.public(str(error)), error.code)
    if isinstance(error, BusyError):
        problem.headers["Retry-After"] = str(error.seconds)
    return problem


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    if pages.wants_page(request.scope, request.headers):
        return pages.trouble(HTTPStatus.BAD_REQUEST)
    return Problem(HTTPStatus.BAD_REQUEST, first_error(error), InputError.code)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    if pages.wants_page(request.scope, request.headers):
        return pages.trouble(error.status_code)
    return Problem(error.status_code, str(error.detail))


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    if pages.wants_page(request.scope, request.headers):
        return pages.trouble(HTTPStatus.INTERNAL_SERVER_ERROR)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, DEFECT, "internal")
