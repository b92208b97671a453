"""Lists over HTTP, in parts: `limit` and `offset` choose a part. Headers give the total and the next part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import Request, Response

_T = TypeVar("_T")
MAX_LIMIT = 1_000
MAX_LISTED = 1_000_000
# Maximum characters of the header `Link`, which contains all filters. Clients read no longer lines.
_MOST_LINK = 8_000
_SOME = "The most items to return, up to 1,000."
_SKIPPED = "The number of items to skip."
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description=_SOME, examples=[100])]
LimitOrAll = Annotated[int | None, Query(ge=1, le=MAX_LIMIT, description=_SOME, examples=[100])]
Offset = Annotated[int, Query(ge=0, le=MAX_LISTED, description=_SKIPPED, examples=[0])]
HEADERS = {
    "X-Total-Count": "The number of items in all, or of items found.",
    "Link": "The addresses of the previous and the next part.",
}


def part(
    request: Request, response: Response, items: Sequence[_T], limit: int | None, offset: int
) -> Sequence[_T]:
    """Return a part of a list, or all items from an offset on. Set the headers (`say_part`)."""
    say_part(request, response, len(items), limit, offset)
    return items[offset : offset + limit if limit else None]


def say_part(request: Request, response: Response, total: int, limit: int | None, offset: int) -> None:
    """Set the headers with the total (X-Total-Count) and the addresses of the neighbouring parts (Link).

    The addresses are relative, because only the client knows which host it has asked (RFC 8288).
    """
    response.headers["X-Total-Count"] = str(total)
    parts = {}
    if limit and offset and total:
        before = min(limit, offset)  # the first part may be shorter: no item comes twice
        parts["prev"] = min(offset - before, (total - 1) // limit * limit), before
    if limit and offset + limit < total:
        parts["next"] = offset + limit, limit
    links = []
    for name, (begins, most) in parts.items():
        asked = request.url.include_query_params(limit=most, offset=begins)
        links.append(f'<{asked.path}?{asked.query}>; rel="{name}"')
    if links and len(link := ", ".join(links)) <= _MOST_LINK:
        response.headers["Link"] = link
