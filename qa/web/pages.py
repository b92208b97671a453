"""Render the pages that are not Gradio's: templates that share one frame, and error pages."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from qa.text.dates import date_in_words
from qa.web.request_log import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import Headers
    from starlette.types import Scope

_TITLES = {
    HTTPStatus.NOT_FOUND: "There is no such page",
    HTTPStatus.SERVICE_UNAVAILABLE: "One moment",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong",
}
# Advice to a person, by status. For other statuses, the page shows only the title.
_ADVICE = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address. The page may have been removed, or the "
    "link is incomplete.",
    HTTPStatus.FORBIDDEN: "This page cannot be opened from another site. Type the address instead.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Pullquote is busy, or still starting. This page then loads by itself.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Open the page again. If the error stays, read Pullquote’s log.",
}


@cache
def environment() -> Environment:
    """Return the environment of all templates. It escapes everything, and a missing value is an error."""
    templates = Environment(
        loader=PackageLoader("qa.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["in_words"] = date_in_words
    return templates


def render(template: str, **values: Any) -> str:
    """Render a template with the values."""
    return environment().get_template(template).render(values)


def page(
    template: str, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """Render a template as a reply."""
    return HTMLResponse(render(template, **values), status, headers)


def trouble(status: int) -> HTMLResponse:
    """Return an error page that says in plain words what is wrong."""
    title = _TITLES.get(HTTPStatus(status), HTTPStatus(status).phrase)
    # The browser loads the page again by itself until the server is ready.
    again = {"Refresh": "2"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    advice = _ADVICE.get(HTTPStatus(status), "")
    request_id = REQUEST_ID.get() if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
    return page("trouble.html", status, again, title=title, advice=advice, request_id=request_id)


def wants_page(scope: Scope, headers: Headers) -> bool:
    """Tell whether a person's browser asks for a page, and not a script for data."""
    return not scope["path"].startswith("/api/") and "text/html" in headers.get("accept", "")
