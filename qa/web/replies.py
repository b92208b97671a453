"""Declare the replies of a route for the OpenAPI document. A declaration does not change or check replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qa.web.events import MEDIA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Declared = dict[int | str, dict[str, Any]]

# Examples: a quote of the brief that ships, and what people keep.
QUOTE = {
    "document": "ifes-nk-brief-08-4-4-1-scrap-metal-smuggling.txt",
    "sha256": "107e90fd97588cf96fd1ed88ff1edb757c74fdd79dc691705364b0e4851d4e72",
    "start": 1114,
    "end": 1360,
}
TITLE = "Scrap metal smuggling rampant in North Korea"
CITATION = "{sha256}/{start}-{end}".format_map(QUOTE)
QUESTION = "Which factory was stripped of its metal?"
ANSWER, DOSSIER, CONVERSATION = "lP089RUEFfGTKFSV", "x3Qk9vZk0TtWb7eA", "Jc1yq3vZk0TtWb7e"


def replies(
    model: Any = None,
    errors: Mapping[int, str] | None = None,
    *,
    media: Iterable[str] = (),
    headers: Mapping[str, str] | None = None,
    stream: Mapping[str, Any] | None = None,
) -> Declared:
    """Return the `responses` of a route or a router: the reply if all goes well, and the errors by status.

    Args:
        model: the pydantic type of a reply in JSON.
        errors: the meaning of each error of this route.
        media: the media types of a reply that is a file.
        headers: the meaning of each header of the reply.
        stream: the content of a reply that is a stream of events (`events.described`).
    """
    content: dict[str, Any] = {
        media_type: {"schema": {"type": "array" if media_type.endswith("+json") else "string"}}
        for media_type in sorted({each.partition(";")[0] for each in media})
    }
    content |= {MEDIA: stream} if stream else {}
    declared: Declared = {status: {"description": meaning} for status, meaning in (errors or {}).items()}
    if model or content or headers:
        declared[200] = {"description": "As asked for.", "content": content}
        declared[200] |= {"model": model} if model else {}
    if headers:
        declared[200]["headers"] = {
            name: {"description": meaning, "schema": {"type": "string"}} for name, meaning in headers.items()
        }
    return declared
