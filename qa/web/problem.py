"""Turn errors into RFC 9457 problem details, and their messages into words that a page can show."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from qa.errors import (
    BusyError,
    CancelledError,
    DeadlineError,
    DocumentNotFoundError,
    ExportError,
    InputError,
    LibraryAwayError,
    MissingExtraError,
    NotReadyError,
    OriginalNotFoundError,
    ReadOnlyServerError,
    UnknownAnswerError,
    UnknownConversationError,
    UnknownDossierError,
)
from qa.places import ServerAddress
from qa.storage.postgresql.address import PostgresAddress

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi.exceptions import RequestValidationError
    from pydantic import ValidationError

    from qa.errors import PullquoteError
    from qa.places import LibraryAddress


class ProblemBody(BaseModel):
    """The error (RFC 9457)."""

    model_config = ConfigDict(
        title="Problem", json_schema_extra={"required": ["type", "title", "status", "detail"]}
    )

    type: str = Field(description="Always about:blank.", examples=["about:blank"])
    title: str = Field(description="The status in words.", examples=["Bad Request"])
    status: int = Field(description="The status.", examples=[400])
    detail: str = Field(description="What is wrong, and what to do.", examples=["question: Field required"])
    code: str = Field(description="The error's name, for scripts.", examples=["bad_input"])


DEFECT = "something went wrong inside Pullquote; its log says what"
# The HTTP status of each class of errors, the most specific class first.
_STATUS = (
    (DocumentNotFoundError, HTTPStatus.NOT_FOUND),
    (OriginalNotFoundError, HTTPStatus.NOT_FOUND),
    (UnknownAnswerError, HTTPStatus.NOT_FOUND),
    (UnknownConversationError, HTTPStatus.NOT_FOUND),
    (UnknownDossierError, HTTPStatus.NOT_FOUND),
    (ReadOnlyServerError, HTTPStatus.FORBIDDEN),
    (MissingExtraError, HTTPStatus.NOT_IMPLEMENTED),
    (ExportError, HTTPStatus.NOT_IMPLEMENTED),
    (NotReadyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (LibraryAwayError, HTTPStatus.SERVICE_UNAVAILABLE),
    (DeadlineError, HTTPStatus.GATEWAY_TIMEOUT),
    (BusyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (CancelledError, HTTPStatus.SERVICE_UNAVAILABLE),  # the client has left, so nobody reads it
    (InputError, HTTPStatus.BAD_REQUEST),
)

# An absolute path of two or more parts, of POSIX or Windows, that is not a part of an address or of a word. A
# folder's name may contain spaces, but no sign that ends a path in a message.
_IN_NAME = r"[^\s/\\:;,'\"()]"
_PATH = re.compile(
    rf"(?<![\w/.:~-])(?:[A-Za-z]:[\\/]|\\\\|/)(?:{_IN_NAME}++(?: ++{_IN_NAME}++)*+[\\/])+(?={_IN_NAME})"
)

# The address of a server, without a sign that ends the address in a message. Forms such as HOST:PORT stay.
_SERVER = re.compile(
    r"\b(?:postgres(?:ql)?|milvus(?:\+tls)?):/*+(?!USER@|HOST|FOLDER)[^\s,;()'\"]*[^\s,;()'\".:]",
    re.IGNORECASE,
)

# Text to type at a terminal: a command in backticks, an option, or a program that messages name.
_OPTION = r"(?<!\S)--[a-z][a-z-]*(?=[\s,;)]|\.?(?:\s|$))"
_TYPED = re.compile(rf"`(?:pullquote|pip|iconv|make|apt)\b|{_OPTION}|\biconv\b(?!\.\w)|\bpip install\b")
_ASIDE = re.compile(rf" \((?=[^()]*(?:`(?:pullquote|pip)\b|{_OPTION}|\b(?:apt|pip) install\b))[^()]*+\)")
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z“`])")


class Problem(JSONResponse):
    """A response of `application/problem+json`. `detail` says what is wrong to people, `code` to scripts."""

    media_type = "application/problem+json"

    def __init__(self, status: int, detail: str, code: str = "", **more: Any) -> None:
        body = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": int(status),
            "detail": detail,
        }
        self.record: dict[str, Any] = body | ({"code": code} if code else {}) | more
        super().__init__(self.record, status_code=int(status))


def status_of(error: PullquoteError) -> HTTPStatus:
    """Return the HTTP status for an error."""
    return next(
        (status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR
    )


def first_error(error: ValidationError | RequestValidationError) -> str:
    """Return where the first error is, and what it is, in words."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}{': ' if where else ''}{first['msg'].removeprefix('Value error, ')}"


def without_folders(message: str, *known: Path) -> str:
    """Return the message with only the last name of each file and folder. The terminal shows whole paths.

    The paths of `known` folders may contain any signs. Other paths end at a sign that _IN_NAME leaves out.
    """
    for folder in sorted({*known, *(path.absolute() for path in known)}, key=lambda path: -len(str(path))):
        if folder.parent != folder:
            message = message.replace(f"{folder.parent}{os.sep}", "")
    return _PATH.sub("", message)


def without_servers(message: str, library: LibraryAddress) -> str:
    """Return the message without the addresses of a library's servers, and without the servers' own words."""
    public = _SERVER.sub("its address", message)
    if isinstance(library, ServerAddress):
        with suppress(InputError):  # then the message says that the address is wrong
            public = public.replace(PostgresAddress.parse(library.address).where, "its address")
    if public == message:
        return message
    before, parenthesis, after = public.partition(" (")
    return before + after.rpartition(")")[2] if parenthesis else public


def without_commands(message: str) -> str:
    """Return the message without advice for a terminal, because a page has no terminal.

    A sentence with advice is cut at the last ", or", ":" or ";" before the advice, or left out. Messages
    are written for this ("Save it as UTF-8; or convert it with iconv …").
    """
    sentences = _SENTENCE_END.split(_ASIDE.sub("", message))
    return " ".join(filter(None, map(_untyped, sentences))) or message


def _untyped(sentence: str) -> str:
    typed = _TYPED.search(sentence)
    if not typed:
        return sentence
    before = sentence[: typed.start()]
    end = max(map(before.rfind, (", or ", ": ", "; ")))
    stop = "." if sentence.endswith(".") else ""
    return f"{before[:end]}{stop}" if end > 0 else ""
