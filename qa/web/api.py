"""The HTTP interface under /api/v1: questions, citations, documents, verified quotes, thumbs and health.

Errors are sent as `application/problem+json`.
"""

from __future__ import annotations

import logging
from functools import cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Match, Route
from starlette.staticfiles import StaticFiles

from qa import __version__
from qa.errors import BusyError, InputError, PullquoteError
from qa.text.display import in_one_line
from qa.web import (
    STATIC,
    assistants,
    changes,
    documents,
    dossier,
    dossier_entries,
    dossiers,
    feedback,
    health,
    history,
    listing,
    originals,
    pages,
    parts,
    questions,
    quotes,
    reference,
)
from qa.web.changes import may_change
from qa.web.guard import Guard
from qa.web.options import readiness
from qa.web.problem import DEFECT, Problem, first_error, status_of
from qa.web.replies import replies
from qa.web.request_log import REQUEST_ID
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

    from qa.desk.find import Finder
    from qa.web.access import Access
    from qa.web.engine import Engine

log = logging.getLogger(__name__)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Threads for routes that can take long. Questions, texts to be verified and files have their own threads.
_AT_ONCE = 8


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
    threads = Threads(_AT_ONCE)
    few_at_once = threads.limited
    router = APIRouter(prefix="/api/v1")
    router.include_router(health.routes(engine))
    router.include_router(quotes.routes(engine, few_at_once))
    router.include_router(questions.routes(engine, few_at_once))
    router.include_router(changes.routes(engine, threads))
    router.include_router(listing.routes(engine, few_at_once))  # not first: it would match changes' routes
    hidden = replies(None, {403: "`read_only_server`: this chat neither changes nor shows what people keep"})
    for private in (
        feedback.routes(engine, few_at_once),
        history.routes(engine, finder, few_at_once),
        dossiers.routes(engine, few_at_once),
        dossier_entries.routes(engine, few_at_once),
    ):
        router.include_router(private, dependencies=[may_change(engine)], responses=hidden)

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
            refusal = Problem(HTTPStatus.METHOD_NOT_ALLOWED, f"this route only allows {', '.join(allowed)}")
            refusal.headers["Allow"] = ", ".join(allowed)
        else:
            refusal = Problem(HTTPStatus.NOT_FOUND, f"there is no such route: {scope['path'][:200]}")
        await refusal(scope, receive, send)


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
    path = in_one_line(request.url.path)
    log.error("request %s failed: %s %s", REQUEST_ID.get(), request.method, path, exc_info=error)
    if pages.wants_page(request.scope, request.headers):
        return pages.trouble(HTTPStatus.INTERNAL_SERVER_ERROR)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, DEFECT, "internal")
