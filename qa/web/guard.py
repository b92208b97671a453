"""Guard the server: who may speak to it, what may be asked of it, and what a browser may do with its pages.

The guard is one ASGI middleware around everything. Gradio has about sixty routes (uploads, a file proxy,
monitoring). Requests get through only to the routes that the page calls, by name. The guard passes on only
the headers, the query and the body that the page sends. So Gradio gets no path of a file, no address to fetch
and no forwarded host.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ipaddress
import re
import socket
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING

from pydantic import ValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException

from qa.web import events, pages
from qa.web.access import Access, session_of
from qa.web.assistants import PATH as MCP
from qa.web.problem import Problem, first_error
from qa.web.queue import Cancel, Join, Reset
from qa.web.turns import CLIENT, client_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1 << 20
# Maximum size of an uploaded file. Only one route takes files.
MAX_UPLOAD_BYTES = 100_000_000
_UPLOAD = "POST", "/api/v1/documents"
_QUESTIONS = "POST", "/api/v1/questions"
# Maximum number of event streams that are open at once, for all pages: three quarters of the connections
# (`qa.web.server`). One more ends the oldest stream of the client that has the most streams. So a client that
# opens many streams does not shut others out.
MAX_STREAMS = 96
_API = re.compile(r"/api/v1/.+")
# Parts of the Ask page that the server renders.
_PARTS = r"/parts/.+"
# Pages that a link on another site may lead to.
_PAGES = r"/documents(?:/.*)?|/history(?:/.*)?|/dossiers?(?:/.*)?"
_PAGE = re.compile(rf"/|/api/v1/docs|{_PAGES}", re.DOTALL)
# Pages that our own pages may show in a frame. They have no controls that a person could press by mistake.
_FRAMED = re.compile(r"/documents/.+/original|/api/v1/documents/.+/view", re.DOTALL)
# Names of static files as the packages have them, without ".." and without empty parts.
_STATIC = re.compile(
    r"/(?:assets|static|web)/(?:[\w-][\w.-]*/)*[\w-][\w.-]*|/theme\.css|/favicon\.ico", re.ASCII
)
_QUEUE_DATA = "/gradio_api/queue/data"
_STREAM = re.compile(rf"{_QUEUE_DATA}|/gradio_api/heartbeat/[0-9A-Za-z]{{1,32}}")
_READ = re.compile(rf"/|/config|/gradio_api/app_id|{_PARTS}|{_STATIC.pattern}|{_STREAM.pattern}", re.ASCII)
_QUERIED = re.compile(rf"{_API.pattern}|{_QUEUE_DATA}|{_PARTS}|{_PAGES}", re.DOTALL)
_SENT: dict[str, type[Join | Cancel | Reset]] = {
    "/gradio_api/queue/join": Join,
    "/gradio_api/cancel": Cancel,
    "/gradio_api/reset": Reset,
}
_QUEUE_DATA_QUERY = re.compile(rb"session_hash=[0-9A-Za-z]{1,32}")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?", re.ASCII | re.IGNORECASE)
# The only headers that are passed on. Headers of a proxy would move Gradio's root. The apps behind the guard
# need no ranges and no cookies.
_PASSED = {
    b"accept",
    b"accept-encoding",
    b"content-length",
    b"content-type",
    b"host",
    b"if-modified-since",
    b"if-none-match",
    b"origin",
    b"user-agent",
}
# Further headers that are passed on from clients of MCP.
_PASSED_TO_MCP = {b"mcp-method", b"mcp-name", b"mcp-protocol-version"}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
# Styles need 'unsafe-inline', because Svelte writes style attributes. Scripts do not need it: our scripts and
# Gradio's are files, and the policy names the few inline scripts of Gradio's page by their hashes.
_POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'self'; form-action 'none'; "
    "frame-ancestors {ancestors}"
)
_INLINE_SCRIPT = re.compile(r"<script(?![^<>]*\ssrc=)[^<>]*>([^<]*(?:<(?!/?script)[^<]*)*)</script>")
_BODY = re.compile(r"<body[^<>]*>")
_PREVIEW = re.compile(r'<(?:meta\s+(?:property="og|name="twitter)|link rel="manifest")[^>]*>\s*')


def most_bytes(scope: Scope) -> int:
    """Return how many bytes the body of a request may have."""
    is_upload = (scope["method"], scope["path"]) == _UPLOAD
    return MAX_UPLOAD_BYTES if is_upload else MAX_BODY_BYTES


class Guard:
    """Refuses other sites, unknown hosts, large bodies and all that no page sends. Sets security headers.

    `strictness` has the choices that the page offers. `access` decides who is let in.
    """

    def __init__(
        self, app: ASGIApp, host: str, strictness: Collection[float] = (), access: Access | None = None
    ) -> None:
        self._app = app
        self._strictness = strictness
        self._access = access or Access()
        self._names = {"localhost", socket.gethostname().lower(), host.lower()}
        self._streams: dict[asyncio.Timeout, str] = {}  # with their clients, the oldest first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # a web socket gets no answer, which refuses it: the app uses no web sockets
        path, method = scope["path"], scope["method"]
        send = _with_headers(send, path)
        headers = Headers(scope=scope)
        is_public = self._access.is_public(headers)
        CLIENT.set(client_of(scope, headers if is_public else None))
        if is_public:
            scope = _named(scope, self._access.host)
            headers = Headers(scope=scope)
        refusal: Response | None = self._refusal(scope, headers)
        if refusal is not None and pages.wants_page(scope, headers):
            refusal = pages.trouble(refusal.status_code)
        if refusal is None:
            is_page = _PAGE.fullmatch(path) is not None
            refusal = await self._access.admit(scope, receive, is_page=is_page)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if is_public:
            scope = {**scope, "scheme": self._access.scheme}
        scope = _stripped(scope)
        if path in _SENT:
            await self._pass_message(_SENT[path], scope, receive, send)
            return
        receive = _limited(receive, most_bytes(scope))
        if _STREAM.fullmatch(path):
            if not scope["browser"]:
                await _without_cookie()(scope, receive, send)
                return
            scope = _bound(scope)
        if _is_stream(scope, headers):
            await self._stream(scope, receive, send)
        elif path == "/" and method == "GET":
            cookie = "" if scope["browser"] else self._access.cookie(headers)
            await self._app(_without(scope, b"accept-encoding"), receive, _Dressed(send, cookie))
        else:
            await self._app(scope, receive, send)

    async def _pass_message(
        self, expected: type[Join | Cancel | Reset], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Read the whole message, and pass on its validated fields, never the bytes that were sent."""
        received, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            received += message.get("body", b"")
            more = message.get("more_body", False)
            if len(received) > MAX_BODY_BYTES:
                await _too_large(MAX_BODY_BYTES)(scope, receive, send)
                return
        try:
            understood = expected.model_validate_json(received, context=self._strictness)
        except ValidationError as error:
            await Problem(HTTPStatus.BAD_REQUEST, first_error(error), "bad_input")(scope, receive, send)
            return
        if not isinstance(understood, Reset):  # only the browser that began an event knows its id
            if not scope["browser"]:
                await _without_cookie()(scope, receive, send)
                return
            understood.session_hash = session_of(scope["browser"], understood.session_hash)
        body = understood.model_dump_json(exclude_unset=True).encode()
        headers = [*_without(scope, b"content-length", b"content-type")["headers"]]
        headers += [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
        await self._app({**scope, "headers": headers}, _replayed(body, receive), send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a stream for as long as its page is open, unless too many streams are open."""
        sent: Message = {}

        async def noted(message: Message) -> None:
            nonlocal sent
            await send(message)
            sent = message

        try:
            async with asyncio.timeout(None) as stream:
                self._streams[stream] = CLIENT.get()
                if len(self._streams) > MAX_STREAMS:
                    self._end_one()
                try:
                    await self._app(scope, receive, noted)
                finally:
                    self._streams.pop(stream, None)
        except TimeoutError:
            if not stream.expired():
                raise
        except RuntimeError as error:
            # Gradio begins to answer before it finds that the session is unknown, as after a restart.
            if not (sent and isinstance(error.__cause__, HTTPException)):
                raise
            await send({"type": "http.response.body"})
            return
        if not stream.expired():
            return
        if not sent:
            detail = "too many pages are open: close some, and load this one again"
            await Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, "busy")(scope, receive, send)
        elif sent.get("more_body", True):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _end_one(self) -> None:
        """End the oldest stream of the client that has the most streams."""
        [(heaviest, _)] = Counter(self._streams.values()).most_common(1)
        oldest = next(stream for stream, client in self._streams.items() if client == heaviest)
        del self._streams[oldest]
        oldest.reschedule(0)

    def _refusal(self, scope: Scope, headers: Headers) -> Problem | None:
        """Return why a request is refused before anything reads its body, or None."""
        host, path = headers.get("host", ""), scope["path"]
        if "transfer-encoding" in headers:
            return _without_length()
        if not self._is_ours(host):
            return Problem(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this server does not answer to this host "
                "name: use the address that was printed at the start",
            )
        if _is_foreign(scope, headers, host):
            return Problem(HTTPStatus.FORBIDDEN, "requests from other sites are refused")
        if not _API.fullmatch(path):
            is_sent = path in _SENT or path == MCP
            if not (is_sent or _READ.fullmatch(path) or _PAGE.fullmatch(path)):
                return Problem(HTTPStatus.NOT_FOUND, "there is nothing at this address")
            signs_in = self._access.token and _PAGE.fullmatch(path) and scope["method"] == "POST"
            if not signs_in and scope["method"] not in ({"POST"} if is_sent else {"GET", "HEAD"}):
                return Problem(HTTPStatus.METHOD_NOT_ALLOWED, "this address does not allow this method")
            if path == _QUEUE_DATA and not _QUEUE_DATA_QUERY.fullmatch(scope["query_string"]):
                return Problem(HTTPStatus.BAD_REQUEST, "session_hash: send letters and digits", "bad_input")
        length = headers.get("content-length", "0")
        most = most_bytes(scope)
        if not (length.isascii() and length.isdecimal() and len(length) < 20) or int(length) > most:
            return _too_large(most)
        return None

    def _is_ours(self, host: str) -> bool:
        """Tell whether a host is a name of this machine or its proxy, or any IP address.

        Other names are refused, because an attack by DNS rebinding uses such a name.
        """
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match[1].strip("[]").lower()
        if name in self._names or host.lower() == self._access.host:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _is_stream(scope: Scope, headers: Headers) -> bool:
    """Tell whether a request is answered with a stream of events."""
    asked = scope["method"], scope["path"]
    return (
        asked == _QUESTIONS
        or (asked == _UPLOAD and events.are_wanted(headers))
        or _STREAM.fullmatch(scope["path"]) is not None
    )


def _without_cookie() -> Problem:
    detail = (
        "your browser did not send the cookie of this page: allow cookies for this page, and load it again"
    )
    return Problem(HTTPStatus.FORBIDDEN, detail, "cookie_needed")


def _without_length() -> Problem:
    """Refuse a body in chunks, and close the connection: each chunk takes time, however small it is."""
    refusal = Problem(HTTPStatus.LENGTH_REQUIRED, "send the whole body with its Content-Length")
    refusal.headers["Connection"] = "close"
    return refusal


def _too_large(most: int) -> Problem:
    what = "a body may hold" if most == MAX_BODY_BYTES else "the file is too large: it may have"
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{what} {most:,} bytes")


def _is_foreign(scope: Scope, headers: Headers, host: str) -> bool:
    """Tell whether another site sent this request. Links to a page that a person follows do not count."""
    own = {f"http://{host}", f"https://{host}"}
    if any(origin not in own for origin in headers.getlist("origin")):
        return True
    sites, modes = _said(headers, "sec-fetch-site"), _said(headers, "sec-fetch-mode")
    if sites <= {"same-origin", "none"}:
        return False
    is_page = scope["method"] in {"GET", "HEAD"} and _PAGE.fullmatch(scope["path"]) is not None
    return not (is_page and modes == {"navigate"})


def _said(headers: Headers, name: str) -> set[str]:
    """Return all values of a header, even if it was sent several times."""
    return {value.strip().lower() for line in headers.getlist(name) for value in line.split(",")}


def _stripped(scope: Scope) -> Scope:
    """Return the request with only the headers and the query that may be passed on."""
    path = scope["path"]
    passed = _PASSED | _PASSED_TO_MCP if path == MCP else _PASSED
    headers = [(name, value) for name, value in scope["headers"] if name in passed]
    query = scope["query_string"] if _QUERIED.fullmatch(path) else b""
    return {**scope, "headers": headers, "query_string": query, "client": (CLIENT.get(), 0)}


def _bound(scope: Scope) -> Scope:
    """Return the request for a stream with a session name that only the browser can make."""
    asked, path = scope["query_string"], scope["path"]
    if path == _QUEUE_DATA:
        session = session_of(scope["browser"], asked.decode().partition("=")[2])
        return {**scope, "query_string": f"session_hash={session}".encode()}
    before, _, session = path.rpartition("/")
    path = f"{before}/{session_of(scope['browser'], session)}"
    return {**scope, "path": path, "raw_path": path.encode()}


def _named(scope: Scope, host: str) -> Scope:
    """Return the request with the host's name as browsers write it."""
    header = (b"host", host.encode())
    return {**scope, "headers": [header if line[0] == b"host" else line for line in scope["headers"]]}


def _without(scope: Scope, *names: bytes) -> Scope:
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in names]}


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives this body first, and then waits until the client leaves."""
    message: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def replayed() -> Message:
        nonlocal message
        first, message = message, None
        return first or await receive()

    return replayed


def _with_headers(send: Send, path: str) -> Send:
    """Return a `send` that sets the security headers. A browser may cache only static files."""
    keep, is_framed = _STATIC.fullmatch(path), _FRAMED.fullmatch(path)
    policy = _POLICY.format(hashes="", ancestors="'self'" if is_framed else "'none'")

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if is_framed:
                headers["X-Frame-Options"] = "SAMEORIGIN"
            headers.setdefault("Content-Security-Policy", policy)
            if not keep or message["status"] >= HTTPStatus.BAD_REQUEST:
                headers["Cache-Control"] = "no-store"
        await send(message)

    return dressed


def _limited(receive: Receive, most: int) -> Receive:
    """Return a `receive` that stops at `most` bytes: a body may have no length, or a false length."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            if read > most:
                return {"type": "http.disconnect"}
        return message

    return limited


def _framed(page: str) -> str:
    """Return Gradio's page with the head and the frame that all pages have."""
    head = pages.render("head.html", styles=["page.css", "uploads.css"], scripts=["page.js"])
    before = pages.render("frame.html", current="Ask", content="question") + pages.render("welcome.html")
    page = page.replace("</head>", f"{head}</head>", 1)
    page = page.replace("</body>", f"{pages.render('source.html')}</body>", 1)
    return _BODY.sub(lambda body: body[0] + before, page, count=1)


class _Dressed:
    """Collects Gradio's page until it is whole, and adds our frame and the hashes of its inline scripts.

    A new browser gets a cookie.
    """

    def __init__(self, send: Send, cookie: str) -> None:
        self._send = send
        self._cookie = cookie
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body", False):
            return
        headers = MutableHeaders(scope=self._start)
        if headers.get("content-type", "").startswith("text/html"):
            page = _framed(_PREVIEW.sub("", self._body.decode()))
            digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(page))
            hashes = "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
            headers["Content-Security-Policy"] = _POLICY.format(hashes=hashes, ancestors="'none'")
            self._body = page.encode()
            headers["Content-Length"] = str(len(self._body))
            if self._cookie:
                headers["Set-Cookie"] = self._cookie
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": self._body})
