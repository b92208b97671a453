"""Complete the OpenAPI document of the HTTP interface, and render the page that shows it.

Routes declare their purpose (the docstring), their parameters, bodies and replies (pydantic models), and
their errors (`replies`). This module adds what belongs to all routes. The page is HTML and a style sheet. It
has no script and loads nothing from other servers.
"""

from __future__ import annotations

import json
import re
import shlex
from http import HTTPStatus
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from fastapi.openapi.utils import get_openapi
from markupsafe import Markup, escape

from qa import __version__
from qa.formats.kinds import ANY_BYTES
from qa.web.events import MEDIA
from qa.web.pages import render
from qa.web.problem import ProblemBody

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi import FastAPI

_RAW = ANY_BYTES  # the body of an upload
_GROUPS = ("Questions", "Documents", "Thumbs", "Dossiers", "Conversations", "State")
_METHODS = ("get", "post", "patch", "delete")
_CODE = re.compile(r"`([^`]+)`")
_LINE_END = re.compile(r"(?<!\n)\n(?!\n)")
_INTRODUCTION = """\
A script can get everything that the chat shows: while `pullquote chat` runs, it answers in JSON at the
address below. Quotes are verbatim slices of the documents; `sha256`, `start` and `end` name the place of a
quote for good. Offsets count Unicode code points.

On this machine, no key is needed. If others can reach the chat (`--host`, `--public-url`), every route
except `/api/v1/health` asks for the token that was printed when the chat was started. Send `Authorization:
Bearer TOKEN` with each request. There are no accounts: whoever has the token can ask and read. They can
change something only if the chat was started with `--allow-changes`. Otherwise, routes that change or show
what people keep answer 403 (`read_only_server`).

Lists are returned in parts, by `limit` and `offset`. The header `X-Total-Count` has the number of items in
all. The header `Link` has the address of the next part (`rel="next"`) and of the previous part
(`rel="prev"`), relative to the requested address (RFC 8288)."""
_ERRORS = """\
An error is `application/problem+json` (RFC 9457): `detail` says in words what is wrong and what to do. `code`
is for scripts. Any route may also answer these errors."""
# The page shows these errors once, not with each route.
_EVERYWHERE = {
    401: "`token_needed`: the server asks for a token, and it is missing or wrong. The reply to a wrong "
    "token waits up to 4 seconds.",
    403: "The request comes from a page of another site.",
    408: "The request did not arrive within 15 seconds.",
    411: "The body came in chunks, without its Content-Length.",
    413: "The body has more than 1,048,576 bytes, or a file more than 100,000,000.",
    421: "The host name is not one of this machine's.",
    429: "`token_needed`: too many wrong tokens at once. The right token is still accepted.",
    500: "`library`, `model` or `internal`: the terminal says more.",
    503: "`not_ready`: the library is still being opened, or cannot be opened; `busy`: the server is busy "
    "with other requests, so ask again after the seconds in `Retry-After`.",
}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_BAD_INPUT = "`bad_input`: a value is not valid, for example too long"


def openapi(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the app's routes."""
    document = get_openapi(
        title="Pullquote", version=__version__, description=_in_lines(_INTRODUCTION), routes=app.routes
    )
    document["security"] = [{}, {"token": []}]
    components = document["components"]
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": _EVERYWHERE[401]}
    }
    schemas = components["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's errors; ours are `Problem`
        del schemas[name]
    schemas["Problem"] = ProblemBody.model_json_schema()
    for methods in document["paths"].values():
        for operation in methods.values():
            _complete(operation, schemas)
    document["paths"] = {
        path: {method: methods[method] for method in _METHODS if method in methods}
        for path, methods in sorted(document["paths"].items(), key=_place)
    }
    return document


def _place(item: tuple[str, dict[str, Any]]) -> tuple[int, int]:
    """Return the place of a path: its group, and before longer paths."""
    path, methods = item
    [group] = {operation["tags"][0] for operation in methods.values()}
    return _GROUPS.index(group), path.count("{")


def _complete(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Add what FastAPI does not write of an operation: examples, and the errors of all routes."""
    said = _in_lines(operation["description"])
    operation["summary"], operation["description"] = re.split(r"\.\s+", said, maxsplit=1)
    for parameter in operation.get("parameters", ()):
        [parameter["example"]] = parameter["schema"].pop("examples")
    sent = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if sent:
        [sent["example"]] = _examples(sent["schema"], schemas)
    responses = operation["responses"]
    reply = responses.setdefault("200", {})
    schema = _without_any(reply["content"].pop("application/json")["schema"])
    if schema:
        as_json = dict(zip(("schema", "example"), (schema, *_examples(schema, schemas)), strict=False))
        reply["content"] = {"application/json": as_json, **reply["content"]}
    if responses.pop("422", None):
        responses.setdefault("400", {"description": _BAD_INPUT})
    errors = {str(status): {"description": meaning} for status, meaning in _EVERYWHERE.items()} | responses
    del errors["200"]
    for response in errors.values():
        response["content"] = {"application/problem+json": {"schema": _PROBLEM}}
    operation["responses"] = {"200": reply, **dict(sorted(errors.items()))}


def _without_any(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a declared reply. FastAPI adds the type that the function returns: a dict."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    return schema | {"items": _without_any(schema["items"])} if "items" in schema else schema


def _examples(schema: dict[str, Any], schemas: dict[str, Any]) -> list[Any]:
    """Return an example of a schema, made of the examples of its fields, or no example."""
    if "examples" in schema:
        return list(schema["examples"][:1])
    if "$ref" in schema:
        return _examples(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "items" in schema:
        return [[item] for item in _examples(schema["items"], schemas)]
    several = [_examples(each, schemas) for each in schema.get("anyOf", ())]
    fields = schema.get("properties", {}).items()
    record = {name: value for name, field in fields for value in _examples(field, schemas)}
    return next(filter(None, several), [record] if record else [])


def _in_lines(text: str) -> str:
    """Return a text with each paragraph on one line."""
    return _LINE_END.sub(" ", text)


def page(document: dict[str, Any], base: str) -> str:
    """Return the reference as an HTML page. Its examples call the server at `base`."""
    operations = list(_operations(document, base.rstrip("/")))
    schemas = document["components"]["schemas"]
    return render(
        "reference.html",
        version=document["info"]["version"],
        introduction=_INTRODUCTION,
        problem=_ERRORS,
        errors=_errors(_EVERYWHERE),
        error_example=_pretty(*_examples(_PROBLEM, schemas)),
        base=base.rstrip("/"),
        groups=[(name, list(members)) for name, members in groupby(operations, key=itemgetter("group"))],
        kind=_kind,
        prose=_prose,
        paragraphs=_paragraphs,
    )


def _operations(document: dict[str, Any], base: str) -> Iterator[dict[str, Any]]:
    """Yield each route of the OpenAPI document for the reference, with an example of its call."""
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parameters = operation.get("parameters", [])
            bodies = operation.get("requestBody", {}).get("content", {})
            sent = bodies.get("application/json", {})
            reply = operation["responses"]["200"]
            stream = reply["content"].get(MEDIA, {})
            received = reply["content"].get("application/json", {})
            asked = path
            for parameter in parameters:
                asked = asked.replace(f"{{{parameter['name']}}}", quote(str(parameter["example"]), safe=""))
            needed = {
                parameter["name"]: parameter["example"]
                for parameter in parameters
                if parameter["in"] == "query" and parameter["required"]
            }
            asked += f"?{urlencode(needed)}" if needed else ""
            yield {
                "anchor": re.sub(r"\W+", "-", f"{method}{path.removeprefix('/api/v1')}").strip("-"),
                "method": method.upper(),
                "path": path,
                "group": operation["tags"][0],
                "summary": operation["summary"],
                "description": operation["description"],
                "parameters": {
                    parameter["name"]: parameter["schema"] | parameter for parameter in parameters
                },
                "required": [parameter["name"] for parameter in parameters if parameter["required"]],
                "bodies": list(_bodies(sent.get("schema", {}), schemas)),
                "headers": reply.get("headers", {}),
                "events": {name: {"description": text} for name, text in stream.get("x-events", {}).items()},
                "reply": _described(received.get("schema", {}), schemas),
                "curl": _curl(method.upper(), base + asked, sent.get("example"), is_file=_RAW in bodies),
                "example": stream.get("example", "")
                or (_pretty(received["example"]) if "example" in received else ""),
                "errors": _errors(
                    {
                        int(status): response["description"]
                        for status, response in operation["responses"].items()
                        if status != "200" and response["description"] not in _EVERYWHERE.values()
                    }
                ),
            }


def _errors(meanings: Mapping[int, str]) -> list[tuple[int, str, str]]:
    return [(status, HTTPStatus(status).phrase, meaning) for status, meaning in meanings.items()]


def _described(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a reply, or of its items, that need more words than their names."""
    named = schemas.get(schema.get("items", schema).get("$ref", "").rpartition("/")[2], {})
    return {name: field for name, field in named.get("properties", {}).items() if "description" in field}


def _bodies(schema: Any, schemas: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the title and the schema of each part of a body, and of the parts inside each part."""
    for name in dict.fromkeys(re.findall(r"#/components/schemas/(\w+)", json.dumps(schema))):
        yield _title(name), schemas[name]
        yield from _bodies(schemas[name]["properties"], schemas)


def _title(schema: str) -> str:
    return schema.removesuffix("Body").lower()


def _kind(schema: dict[str, Any]) -> str:
    """Return the type of a value in words."""
    if "$ref" in schema:
        return _title(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_kind, schema["anyOf"])))
    if "enum" in schema:
        return " or ".join(f"“{value}”" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    kind: str = schema["type"]
    return {"string": "text", "integer": "whole number"}.get(kind, kind)


def _curl(method: str, url: str, body: object, *, is_file: bool) -> str:
    parts = ["curl " + (url if url.isascii() and "?" not in url else shlex.quote(url))]
    if body is not None:
        sent = shlex.quote(json.dumps(body, ensure_ascii=False))
        parts += ["-H 'Content-Type: application/json'", f"-d {sent}"]
    if is_file:
        parts += [f"-H 'Content-Type: {_RAW}'", "--data-binary @report.txt"]
    if method not in ("GET", "POST") or (method == "POST" and len(parts) == 1):
        parts.insert(1, f"-X {method}")
    return " \\\n  ".join(parts)


def _pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _prose(text: str) -> Markup:
    """Return the text as HTML. Text between backticks becomes a `code` element."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text.strip()))))  # noqa: S704 - escaped


def _paragraphs(text: str) -> list[Markup]:
    return [_prose(paragraph) for paragraph in text.strip().split("\n\n")]
