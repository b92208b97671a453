"""The state of the server over HTTP: whether questions can be answered, and how far the start has come."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from qa import __version__
from qa.errors import NotReadyError
from qa.schema import Failure  # noqa: TC001 - read when the models are made
from qa.web.engine import Stage  # noqa: TC001
from qa.web.problem import Problem
from qa.web.replies import replies
from qa.web.threads import Threads

if TYPE_CHECKING:
    from qa.web.engine import Engine

_AT_ONCE = 2


class HealthRecord(BaseModel):
    """The server can answer questions."""

    status: Literal["ok"] = Field(examples=["ok"])
    version: str = Field(examples=[__version__])
    generation: int = Field(description="The number of changes of the library.", examples=[1])


class StatusRecord(BaseModel):
    """How far the start has come."""

    stage: Stage = Field(description="`library`, `index`, `models`, `ready` or `failed`.", examples=["ready"])
    done: int = Field(description="The number of steps done, of `total` (0: not known).", examples=[0])
    total: int = Field(examples=[0])
    name: str = Field(description="The file or model that is being read or loaded.", examples=[""])
    error: Failure | None = Field(
        description="The error of a failed start: its `code` and `message`.", examples=[None]
    )
    may_change: bool = Field(
        description="Whether documents, thumbs and history may be changed here.", examples=[True]
    )


_STARTING = (
    "`not_ready`, or the error of the start. `stage`, `done` and `total` say how far the start has come"
)


def routes(engine: Engine) -> APIRouter:
    """Return the routes for the state of the server."""
    router = APIRouter(tags=["State"])

    @router.get("/health", responses=replies(HealthRecord, {503: _STARTING}))
    @Threads(_AT_ONCE).limited  # own threads, so that it answers even if others are busy
    def health() -> JSONResponse:
        """Ask whether questions can be answered.

        Returns 200 once questions can be answered, and 503 until then. It is meant for programs that monitor
        the chat.
        """
        state = engine.state
        if state.stage == "ready":
            return JSONResponse(
                {"status": "ok", "version": __version__, "generation": engine.corpus.store.generation}
            )
        detail = engine.public(state.error.message) if state.error else "Pullquote is still starting"
        code = state.error.code if state.error else NotReadyError.code
        progress = {"stage": state.stage, "done": state.done, "total": state.total}
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, code, **progress)

    @router.get("/status", responses=replies(StatusRecord))
    def status() -> dict[str, Any]:
        """Follow the start.

        Return how far the start has come. The status is always 200, so that a page can poll it.
        """
        state = asdict(engine.state) | {"may_change": engine.may_change}
        state["name"] = engine.public(state["name"])
        if state["error"]:
            state["error"]["message"] = engine.public(state["error"]["message"])
        return state

    return router
