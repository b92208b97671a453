"""The state of the server over HTTP: whether questions can be answered, and how far the start has come."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from qa import __version__
from qa.errors import NotReadyError
from qa.web.problem import Problem
from qa.web.threads import Threads

if TYPE_CHECKING:
    from qa.web.engine import Engine

_AT_ONCE = 2


def routes(engine: Engine) -> APIRouter:
    """Return the routes for the state of the server."""
    router = APIRouter()

    @router.get("/health")
    @Threads(_AT_ONCE).limited  # own threads, so that it answers even if others are busy
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

    return router
