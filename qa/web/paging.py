"""Lists over HTTP, in parts: `limit` and `offset`; the number of all, and the next part, in the headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Query

if TYPE_CHECKING:
    from fastapi import Request, Response

MAX_LIMIT = 1_000
MAX_LISTED = 1_000_000
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
LimitOrAll = Annotated[int | None, Query(ge=1, le=MAX_LIMIT)]
Offset = Annotated[int, Query(ge=0, le=MAX_LISTED)]


def say_part(request: Request, response: Response, total: int, limit: int | None, offset: int) -> None:
    """Say in the headers how many there are (X-Total-Count), and where the parts beside this one are (Link).

    The addresses are relative: what host the client has asked is the client's to know (RFC 8288).
    """
    response.headers["X-Total-Count"] = str(total)
    parts = {}
    if limit and offset:
        parts["prev"] = max(0, offset - limit)
    if limit and offset + limit < total:
        parts["next"] = offset + limit
    links = []
    for name, begins in parts.items():
        asked = request.url.include_query_params(limit=limit, offset=begins)
        links.append(f'<{asked.path}?{asked.query}>; rel="{name}"')
    if links:
        response.headers["Link"] = ", ".join(links)
