"""The page's guard: who may speak to the server, what may be asked of it, and what a browser may do with it.

One ASGI middleware around everything. Gradio brings some sixty routes (uploads, a file proxy, monitoring);
only those that the page calls get through, by name.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from qa.web.problem import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1 << 20
_OPEN = re.compile(
    r"/|/(?:assets|static|web|api/v1)/.+|/theme\.css|/favicon\.ico|/config"
    r"|/gradio_api/(?:queue/(?:join|data)|heartbeat/\w+|startup-events|reset|cancel|app_id)"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
# Styles need 'unsafe-inline': Svelte writes style attributes. Scripts do not: ours and Gradio's are files,
# and the few that stand in Gradio's page are named by their hash.
_POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
_INLINE_SCRIPT = re.compile(r"<script(?![^<>]*\ssrc=)[^<>]*>([^<]*(?:<(?!/?script)[^<]*)*)</script>")
_PREVIEW = re.compile(r'<(?:meta\s+(?:property="og|name="twitter)|link rel="manifest")[^>]*>\s*')
_HEAD = """\
<meta name="color-scheme" content="light dark">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="#fbfaf7">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#15171a">
<link rel="icon" href="/web/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/web/page.css">
<script src="/web/page.js" type="module"></script>
</head>"""


class Guard:
    """Refuses other sites, strange hosts, routes nobody needs and large bodies; sets the security headers."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._names = {"localhost", socket.gethostname().lower(), host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # a web socket is left unanswered, which refuses it: nothing here speaks it
        headers = Headers(scope=scope)
        send = _with_headers(send)
        refusal = self._refusal(scope["path"], headers)
        if refusal is not None:
            await refusal(scope, receive, send)
        elif scope["path"] == "/" and scope["method"] == "GET":
            plain = [(key, value) for key, value in scope["headers"] if key != b"accept-encoding"]
            await self._app({**scope, "headers": plain}, receive, _Dressed(send))
        else:
            await self._app(scope, _limited(receive), send)

    def _refusal(self, path: str, headers: Headers) -> Problem | None:
        if not self._is_ours(headers.get("host", "")):
            return Problem(HTTPStatus.MISDIRECTED_REQUEST, "this server does not answer to that host name")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != headers["host"]:
            return Problem(HTTPStatus.FORBIDDEN, "requests from other sites are refused")
        if not _OPEN.fullmatch(path):
            return Problem(HTTPStatus.NOT_FOUND, "there is nothing here")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may hold {MAX_BODY_BYTES:,} bytes")
        return None

    def _is_ours(self, host: str) -> bool:
        """A name of this machine, or an address: DNS rebinding needs a name of its own."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _with_headers(send: Send) -> Send:
    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Content-Security-Policy", _POLICY.format(hashes=""))
        await send(message)

    return dressed


def _limited(receive: Receive) -> Receive:
    """Stop reading a body that was sent without a length, or with a false one, at the limit."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            if read > MAX_BODY_BYTES:
                return {"type": "http.disconnect"}
        return message

    return limited


class _Dressed:
    """Holds Gradio's page back until it is whole, then adds our head and the hashes of its inline scripts."""

    def __init__(self, send: Send) -> None:
        self._send = send
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
            page = _PREVIEW.sub("", self._body.decode()).replace("</head>", _HEAD, 1)
            digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(page))
            hashes = "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
            headers["Content-Security-Policy"] = _POLICY.format(hashes=hashes)
            headers["Cache-Control"] = "no-store"
            self._body = page.encode()
            headers["Content-Length"] = str(len(self._body))
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": self._body})
