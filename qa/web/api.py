"""The HTTP interface: questions, citations, documents, quotes verified, thumbs and health, under /api/v1.

Errors are problem+json.
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
# Threads of what can take long; questions, texts to be verified and files have their own.
_AT_ONCE = 8
_HEALTH_AT_ONCE = 2


class ThumbBody(Body):
    """A thumb on an answer, by the id of its line, or on the quote of it that has this citation id.

    null takes it back.
    """

    answer: _AnswerId
    quote: Annotated[str, Field(max_length=MAX_CITATION_CHARACTERS)] | None = None
    thumb: Thumb | None


class VerifyBody(Body):
    """A text whose quotes are verified."""

    text: Annotated[str, Field(json_schema_extra={"maxLength": MAX_DRAFT_CHARACTERS})]


def create_app(engine: Engine, host: str, access: Access | None = None) -> FastAPI:
    """Return the guarded app with these routes; what is mounted on it later is guarded too."""
    app = FastAPI(
        title="Pullquote",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    for name in ("documents", "dossiers", "history"):
        app.add_route(f"/{name}/", _without_slash)
    app.include_router(originals.routes(engine))  # whose addresses begin as those of documents do
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
    # Its presence keeps Gradio from adding a CORS policy of its own; ours allows no other origin.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    shares = [share for _, share in readiness(engine.strictness)]
    app.add_middleware(Guard, host=host, strictness=shares, access=access)
    app.add_exception_handler(PullquoteError, partial(_pullquote_error, engine))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
    return app


def routes(engine: Engine, finder: Finder) -> APIRouter:
    """Return the routes, which this engine answers."""
    others = Threads(_AT_ONCE)
    few_at_once = others.limited
    router = APIRouter(prefix="/api/v1")
    thumbs = APIRouter(prefix="/feedback", dependencies=[may_change(engine)])

    @router.get("/health")
    @Threads(_HEALTH_AT_ONCE).limited  # its own: it is answered whatever keeps all others
    def health() -> JSONResponse:
        """200 once questions can be answered, 503 with the stage until then."""
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
        """How far the start has come, and what may be done: always 200, for the page to poll."""
        state = asdict(engine.state) | {"may_change": engine.may_change}
        state["name"] = engine.public(state["name"])
        if state["error"]:
            state["error"]["message"] = engine.public(state["error"]["message"])
        return state

    @router.get("/examples")
    @few_at_once
    def to_begin_with() -> tuple[str, ...]:
        """Questions to begin with, each of which is answered: it was asked beforehand."""
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
        """A quote in its whole source, as it was cited: `before + quote + after` is the document's text.

        With `format`, or `style`, only the quote and its citation, as text to be pasted.

        Where several documents have that text, `document` is the id of the one that is cited; `same_text` are
        the ids of the others.

        Where that is no longer what the library answers from, `status` is "superseded" or "removed" and
        `since` says when. `current` is what stands there now, and where to open it; the quote's very words
        are there at `moved`, or else `difference` is what they have become. Both are null, and empty, where
        it says nothing like them.
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
        """What is known of documents as BibTeX, RIS or CSL-JSON: of those named, or of all that are found."""
        found = engine.corpus.find_documents(query.query())
        if query.document and not found.total:
            engine.corpus.document(query.document[0])  # which says that there is none
        response = _text(entries_of_documents(found.documents, form), form)
        paging.say_part(request, response, found.total, query.limit, query.offset)
        response.headers["Content-Disposition"] = f'attachment; filename="documents.{ENDINGS[form]}"'
        return response

    @router.get("/citations/{sha256}/{start:offset}-{end:offset}/similar")
    @few_at_once
    def similar_passages(
        sha256: parts.Sha256, start: parts.Start, end: parts.End, document: parts.Id = ""
    ) -> list[dict[str, Any]]:
        """Find the passages that are most like the one of a quote, by document, as quotes."""
        # Not before: it brings what searches, for which the first page does not wait.
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
        """What filters can choose from: values with the number of their documents, and the dates."""
        return facets_to_dict(engine.corpus.store.facets())

    @router.get("/documents")
    @few_at_once
    def listed(
        request: Request, response: Response, query: Annotated[ListQuery, Query()]
    ) -> list[dict[str, Any]]:
        """What the library holds, without the texts, and without where on this machine they were read."""
        found = engine.corpus.find_documents(query.query())
        paging.say_part(request, response, found.total, query.limit, query.offset)
        return list(map(engine.describe, found.documents))

    @router.get("/removed-documents")
    @few_at_once
    def removed(
        request: Request, response: Response, query: Annotated[FoundQuery, Query()]
    ) -> list[dict[str, Any]]:
        """What was removed and can be put back, what was removed last first."""
        found = documents.find_removed(engine.corpus.store, query)
        paging.say_part(request, response, len(found), query.limit, query.offset)
        end = None if query.limit is None else query.offset + query.limit
        return [version.to_dict() for version in found[query.offset : end]]

    @router.post("/verify")
    async def verify(body: VerifyBody, request: Request) -> dict[str, Any]:
        """Compare the quotes of a text with the documents, as assistants have it done."""
        deadline = engine.deadline()  # the time in which it waits for its turn counts

        def verified() -> dict[str, Any]:
            # Not before: it brings what reads quotes out of a text, for which the first page does not wait.
            from qa.web import tools

            return tools.verify(engine, tools.Draft(text=body.text), deadline)

        async with questions.while_connected(request, deadline):
            return await engine.verifying.run_while_awaited(deadline, verified)

    @thumbs.get("")
    def kept() -> dict[str, int]:
        """How many thumbs there are, and test queries made of them."""
        return _thumb_counts(engine.corpus)

    @thumbs.post("")
    @few_at_once
    def judge(body: ThumbBody) -> dict[str, Any]:
        """Put a thumb on an answer or a quote, in place of an earlier one, or take it back."""
        shown = engine.answers.find(body.answer)
        quote = None if body.quote is None else shown.place(body.quote)
        engine.corpus.desk.put_thumb(shown, quote, body.thumb)
        return thumbs_on(body.answer)

    @thumbs.get("/answers/{answer}")
    def thumbs_on(answer: _AnswerId) -> dict[str, Any]:
        """Which thumbs the answer and its quotes have; they outlive the page that they were put on."""
        shown = engine.answers.find(answer)
        judgements = engine.corpus.desk.thumbs(shown)
        return feedback.thumbs_on(judgements) | _thumb_counts(engine.corpus)

    @thumbs.get("/test-queries.{form}")
    @few_at_once
    def exported(form: feedback.Form) -> Response:
        """The thumbs as test queries, in a file that `pullquote evaluate` reads."""
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

    @router.get("/documents/{document_id:path}")  # after the routes above, whose addresses begin so
    @few_at_once
    def described(document_id: changes.Id) -> dict[str, Any]:
        """What is known of a document and where each value comes from, and the texts that it had before."""
        corpus = engine.corpus
        corpus.document(document_id)  # which says that there is none, and looks into no file or folder
        info = changes.find_info(corpus, document_id)
        if info is None:
            raise DocumentNotFoundError(f"{document_id!r} was removed this moment")
        versions = corpus.store.versions(document_id)
        return engine.describe(info) | {"versions": [version.to_dict() for version in versions]}

    for peoples in (history.routes(engine, finder, few_at_once), dossiers.routes(engine, few_at_once)):
        router.include_router(peoples, dependencies=[may_change(engine)])

    @router.get("/docs", include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        """Show what can be asked for, and how."""
        return HTMLResponse(reference.page(request.app.openapi(), str(request.base_url)))

    return router


async def _without_slash(request: Request) -> RedirectResponse:
    """Lead an address that a person ended with a slash to the page."""
    return RedirectResponse(request.url.path.rstrip("/"))


class _Unanswered:
    """Refuses what no route under /api/v1 answers: what is mounted at "/" would, in a form of its own."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say which methods the address knows, or that there is no such address."""
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
    """Return text that is pasted or kept: HTML is no page here, and is not to be shown as one."""
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
