"""Complete the OpenAPI document of the HTTP interface, and render the page that shows it.

FastAPI knows the routes, parameters and bodies. `reference.toml` adds what FastAPI cannot know: their
purpose, examples and errors. `qa.schema.fields` describes the metadata of documents. The page is HTML and a
style sheet. It has no script and loads nothing from other servers.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from fastapi.openapi.utils import get_openapi
from markupsafe import Markup, escape

from qa import __version__
from qa.formats.kinds import ANY_BYTES, MEDIA_TYPES
from qa.schema import FIELDS
from qa.web.events import MEDIA
from qa.web.pages import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

_RAW = ANY_BYTES  # the body of an upload
_OF_ORIGINALS = sorted({media.partition(";")[0] for media in MEDIA_TYPES.values()})
_CODE = re.compile(r"`([^`]+)`")
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "The error (RFC 9457).",
    "properties": {
        "type": {"type": "string", "description": "Always about:blank."},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "description": "The status."},
        "detail": {"type": "string", "description": "What is wrong, and what to do."},
        "code": {"type": "string", "description": "The error's name, for scripts."},
    },
    "required": ["type", "title", "status", "detail"],
}


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


@cache
def _notes() -> dict[str, Any]:
    return tomllib.loads(files("qa.web").joinpath("reference.toml").read_text(encoding="utf-8"))


def openapi(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the app's routes, with the texts of `reference.toml`.

    Raises:
        KeyError: `reference.toml` lacks a route or a field of a body, or describes a route that is missing.
    """
    document = get_openapi(title="Pullquote", version=__version__, routes=app.routes)
    notes = _notes()
    document["info"]["description"] = notes["introduction"].strip()
    document["security"] = [{}, {"token": []}]
    document["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": notes["errors_everywhere"]["401"]}
    }
    everywhere = notes["errors_everywhere"]
    described = {note["route"]: note for note in notes["operation"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _describe(operation, described[f"{method.upper()} {path}"], everywhere)
    paths, document["paths"] = document["paths"], {}
    for method, path in map(str.split, described):  # in the order of reference.toml
        document["paths"].setdefault(path, {})[method.lower()] = paths[path][method.lower()]
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's errors; ours are `Problem`
        del schemas[name]
    for name, schema in schemas.items():
        for field, properties in schema["properties"].items():
            properties["description"] = notes["schemas"].get(name, {}).get(field) or FIELDS[field].about
    schemas["Problem"] = _PROBLEM_SCHEMA
    return document


def _describe(operation: dict[str, Any], note: dict[str, Any], everywhere: dict[str, str]) -> None:
    operation |= {"summary": note["summary"], "tags": [note["group"]]}
    operation["description"] = note["description"].strip()
    for parameter in operation.get("parameters", ()):
        parameter |= note["parameters"].get(parameter["name"]) or _filter(parameter["name"])
    if "events" in note:
        operation["x-events"] = note["events"]
    if "body" in note:
        operation["requestBody"]["content"]["application/json"]["example"] = json.loads(note["body"])
    responses = operation["responses"]
    responses.pop("422", None)
    responses["200"] |= {"description": "As asked for.", "content": _reply(responses["200"]["content"], note)}
    headers = note.get("headers", {}).items()
    if headers:
        described = {name: {"description": text, "schema": {"type": "string"}} for name, text in headers}
        responses["200"]["headers"] = described
    for status, meaning in sorted((everywhere | note.get("errors", {})).items()):
        content = {"application/problem+json": {"schema": _PROBLEM}}
        responses[status] = {"description": meaning, "content": content}


def _filter(name: str) -> dict[str, str]:
    """Return the description and the example of a parameter that filters by a field of the metadata."""
    return {"description": f"Only {FIELDS[name].only}; may be repeated.", "example": FIELDS[name].example}


def _said(events: dict[str, str]) -> str:
    return "\n\n".join(f"`{name}`: {text}" for name, text in events.items())


def _reply(content: dict[str, Any], note: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a route's reply, by media type.

    JSON is left out if the route has other media types and no example in JSON.
    """
    types = note.get("media", ())
    media: dict[str, Any] = {
        media_type: {"schema": {"type": "array"} if media_type.endswith("+json") else {"type": "string"}}
        for media_type in (_OF_ORIGINALS if types == "originals" else types)
    }
    if "events" in note:
        media[MEDIA] = {"itemSchema": _EVENT | {"description": _said(note["events"])}}
    if "stream" in note:
        media[MEDIA]["example"] = note["stream"]
    if media and "answer" not in note:
        return media
    as_json = content["application/json"]
    example = json.loads(note["answer"]) if "answer" in note else None
    if example is not None:
        as_json["example"] = example
    if "reply" in note:
        fields = {name: {"description": text} for name, text in note["reply"].items()}
        as_json["schema"] = {"type": "object", "properties": fields}
        if isinstance(example, list):
            as_json["schema"] = {"type": "array", "items": as_json["schema"]}
    return {"application/json": as_json, **media}


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, a field of a body or a field of a reply."""

    name: str
    kind: str
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """A route as the page shows it."""

    anchor: str
    method: str
    path: str
    group: str
    summary: str
    description: str
    parameters: list[Field]
    bodies: list[tuple[str, list[Field]]]
    headers: list[Field]
    reply: list[Field]
    events: list[Field]
    curl: str
    example: str
    errors: list[tuple[int, str, str]]


def page(document: dict[str, Any], base: str) -> str:
    """Return the reference as an HTML page. Its examples call the server at `base`."""
    operations = list(_operations(document, base.rstrip("/")))
    notes = _notes()
    return render(
        "reference.html",
        version=document["info"]["version"],
        introduction=notes["introduction"],
        errors=notes["errors"],
        error_example=_pretty(json.loads(notes["error_example"])),
        base=base.rstrip("/"),
        groups=[
            (name, list(members))
            for name, members in groupby(operations, key=lambda operation: operation.group)
        ],
        prose=_prose,
        paragraphs=_paragraphs,
    )


def _operations(document: dict[str, Any], base: str) -> Iterator[Operation]:
    schemas = document["components"]["schemas"]
    everywhere = _notes()["errors_everywhere"].values()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parameters = operation.get("parameters", [])
            bodies = operation.get("requestBody", {}).get("content", {})
            sent = bodies.get("application/json", {})
            reply = operation["responses"]["200"]
            received = reply["content"].get("application/json", {})
            schema = received.get("schema", {})
            asked = path
            for parameter in parameters:
                asked = asked.replace(f"{{{parameter['name']}}}", quote(str(parameter["example"]), safe=""))
            queried = [
                parameter for parameter in parameters if parameter["in"] == "query" and parameter["required"]
            ]
            needed = {parameter["name"]: parameter["example"] for parameter in queried}
            asked += f"?{urlencode(needed)}" if needed else ""
            yield Operation(
                anchor=re.sub(r"\W+", "-", f"{method}{path.removeprefix('/api/v1')}").strip("-"),
                method=method.upper(),
                path=path,
                group=operation["tags"][0],
                summary=operation["summary"],
                description=operation["description"],
                parameters=[
                    Field(
                        parameter["name"],
                        _kind(parameter["schema"]),
                        parameter["description"],
                        parameter["required"],
                    )
                    for parameter in parameters
                ],
                bodies=list(_bodies(sent.get("schema", {}), schemas)),
                headers=[
                    Field(name, "", header["description"])
                    for name, header in reply.get("headers", {}).items()
                ],
                events=[Field(name, "", text) for name, text in operation.get("x-events", {}).items()],
                reply=[
                    Field(name, "", definition["description"])
                    for name, definition in schema.get("items", schema).get("properties", {}).items()
                ],
                curl=_curl(method.upper(), base + asked, sent.get("example"), is_file=_RAW in bodies),
                example=reply["content"].get(MEDIA, {}).get("example", "")
                or (_pretty(received["example"]) if "example" in received else ""),
                errors=[
                    (int(status), HTTPStatus(int(status)).phrase, response["description"])
                    for status, response in sorted(operation["responses"].items())
                    if status != "200" and response["description"] not in everywhere
                ],
            )


def _bodies(schema: Any, schemas: dict[str, Any]) -> Iterator[tuple[str, list[Field]]]:
    """Yield the title and the fields of each schema in a body, and of the schemas inside each schema."""
    for name in dict.fromkeys(re.findall(r"#/components/schemas/(\w+)", json.dumps(schema))):
        definition = schemas[name]
        required = definition.get("required", ())
        fields = [
            Field(field, _kind(field_schema), field_schema["description"], field in required)
            for field, field_schema in definition["properties"].items()
        ]
        yield _title(name), fields
        yield from _bodies(definition["properties"], schemas)


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
