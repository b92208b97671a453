"""Server-sent events: messages from long work while it goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event

from qa.text.json_lines import dumps

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from starlette.datastructures import Headers

MEDIA = "text/event-stream"
# Seconds without an event after which a comment is sent, because proxies end a silent connection.
_SILENCE_SECONDS = 15.0
# The schema of an event in a stream, as in OpenAPI 3.2. Tools for OpenAPI 3.1 can read it.
_EVENT = {
    "type": "object",
    "properties": {
        "event": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "id": {"type": "string"},
    },
    "required": ["event", "data"],
}


def described(meanings: Mapping[str, str], example: str = "") -> dict[str, Any]:
    """Return the content of a stream: the events that it has, and an example."""
    said = "\n\n".join(f"`{name}`: {meaning}" for name, meaning in meanings.items())
    content = {"itemSchema": _EVENT | {"description": said}, "x-events": meanings}
    return content | ({"example": example} if example else {})


def are_wanted(headers: Headers) -> bool:
    """Tell whether a request asks for events as its answer."""
    return MEDIA in headers.get("accept", "").lower()


def event(name: str, data: object, event_id: str | None = None) -> bytes:
    """Return an event whose data is a line of JSON."""
    return format_sse_event(event=name, data_str=dumps(data), id=event_id)


def stream(events: AsyncGenerator[bytes]) -> EventSourceResponse:
    """Return a response that sends the events as they come, until the client leaves."""
    return EventSourceResponse(_without_silence(events))


async def _without_silence(events: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield the events, and a comment whenever no event has come for some seconds."""
    coming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            await asyncio.wait((coming,), timeout=_SILENCE_SECONDS)
            if not coming.done():
                yield KEEPALIVE_COMMENT
                continue
            next_event = coming.result()
            if next_event is None:
                return
            yield next_event
            coming = asyncio.ensure_future(anext(events, None))
    finally:
        coming.cancel()
