"""Number requests, and log them as JSON. A request's id is in its reply, on error pages and in the log."""

from __future__ import annotations

import logging
import secrets
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING

from pythonjsonlogger.json import JsonFormatter
from starlette.datastructures import MutableHeaders

from qa.text.display import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)
# The id of the request that is being answered, or "" where there is no request.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
HEADER = "X-Request-ID"


class RequestLog:
    """Gives each request an id, and logs its method, path, status and time. The query is not logged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        REQUEST_ID.set(request_id)
        # Gradio answers outside the request's context, but finds its state.
        scope = {**scope, "state": {**scope.get("state", {}), "request_id": request_id}}
        begun = time.perf_counter()
        status = 0  # until a reply begins

        async def numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, numbered)
        finally:
            took = round((time.perf_counter() - begun) * 1000, 1)
            method, path = scope["method"], scope["path"]
            about = {"method": method, "path": path, "status": status, "milliseconds": took}
            log.info("%s %s: %d", method, in_one_line(path), status, extra=about)


class _WithRequest(logging.Filter):
    """Adds the id of the request to each record that is logged while a request is answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = REQUEST_ID.get() or None
        return True


def write_json() -> Callable[[str], None]:
    """Write Pullquote's log records, and warnings of libraries, to standard error as lines of JSON.

    Returns:
        A function that logs a message.
    """
    handler = logging.StreamHandler()
    handler.addFilter(_WithRequest())
    handler.setFormatter(
        JsonFormatter(
            ["levelname", "name", "message", "request_id"],
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception"},
            timestamp="time",
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    own = logging.getLogger("qa")
    own.setLevel(own.level or logging.INFO)  # --verbose has set DEBUG
    return logging.getLogger("qa.chat").info
