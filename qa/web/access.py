"""Decide who may use the chat: a person at this machine, or everybody who has the token (decision 18).

A browser is asked for the token once. It keeps a cookie that names the browser and is signed with the token.
If no token is asked for, the cookie only names the browser. Sessions of Gradio's queue belong to the browser.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from collections import OrderedDict
from http import HTTPStatus
from ipaddress import IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import idna
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse

from qa.errors import InputError
from qa.web import pages
from qa.web.problem import Problem
from qa.web.turns import CLIENT

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Receive, Scope

TOKEN_FILE = "PULLQUOTE_TOKEN_FILE"  # noqa: S105 - the name of a variable
Principal = Literal["local", "token", "anyone"]
"""Who asks: somebody at this machine, somebody who has the token, or anyone if no token is asked for."""

# Paths that need no token: the health check for probes, and the files of the sign-in page.
_OPEN = re.compile(r"/api/v1/health|/web/.+|/static/fonts/.+|/favicon\.ico")
# Headers that show that a proxy passed a request on from another machine.
_FORWARDED = re.compile(r"forwarded|x-forwarded-.+|x-real-ip|via")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
_USUAL_PORTS = {"http": 80, "https": 443}
_TOKEN = re.compile(r"[!-~]{32,1000}")
_FORM_BYTES = 4096
_COOKIE_SECONDS = 365 * 86_400
_BEARER = {"WWW-Authenticate": "Bearer"}
# Headers of the sign-in page. With this referrer policy, the browser sends the origin of the form. The form
# goes to the address that was asked for.
_ASKING = _BEARER | {
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}
# Seconds that the reply to a wrong token waits the first time and at most, and seconds until a wrong token is
# forgotten.
_FIRST_WAIT, _LONGEST_WAIT, _FORGET = 0.25, 4.0, 600.0
# Maximum number of replies that wait at once, and of addresses that are remembered.
_MOST_WAITING, _MOST_ADDRESSES = 16, 1000


def is_local(headers: Headers) -> bool:
    """Tell whether a request was made on this machine: no header shows that a proxy passed it on.

    The result is right only if the server listens on an address of this machine alone.
    """
    return not any(_FORWARDED.fullmatch(name.lower()) for name in headers)


def session_of(browser: str, session: str) -> str:
    """Return Gradio's name for a page's session. No other browser can make this name."""
    return hmac.new(browser.encode(), session.encode(), hashlib.sha256).hexdigest()[:32]


def new_token(path: str | None = None) -> str:
    """Return a new token, or the one in the file that PULLQUOTE_TOKEN_FILE names.

    Raises:
        InputError: the file cannot be read, or contains no token.
    """
    if not path:
        return secrets.token_urlsafe(32)
    try:
        token = Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise InputError(
            f"the token cannot be read from {path} ({TOKEN_FILE}): {error.strerror or error}"
        ) from error
    if not _TOKEN.fullmatch(token):
        raise InputError(
            f"{path} ({TOKEN_FILE}) has no valid token: a token has 32 to 1,000 letters, digits or "
            "signs without "
            f"spaces. Make a token with `openssl rand -hex 32 > {path}`"
        )
    return token


def public_address(url: str) -> str:
    """Return the address of a proxy as browsers write it: without a slash at the end or a usual port.

    Raises:
        InputError: `url` is not a web address, or has a path, a query, a fragment or a user.
    """
    try:
        parts = urlsplit(url.lower())
        port, host = parts.port, _host(parts.hostname or "")
    except ValueError:
        parts, port, host = urlsplit(""), None, ""
    rest = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in _USUAL_PORTS or not host or rest:
        raise InputError(
            "--public-url needs the proxy's address without a path, such as https://quotes.example"
        )
    is_usual = port in (None, _USUAL_PORTS[parts.scheme])
    return f"{parts.scheme}://{host}" + ("" if is_usual else f":{port}")


def _host(name: str) -> str:
    """Return the name or address of a host as browsers write it, or "" if it is not valid."""
    if ":" in name:
        return f"[{IPv6Address(name)}]"
    if not name.isascii():
        name = idna.encode(name, uts46=True).decode()
    name = name.removesuffix(".")
    return name if _HOST.fullmatch(name) else ""


class Access:
    """Lets a request in, or asks for the token.

    `token` is the token that everybody needs. Without a token, requests from this machine are let in, or all
    requests if `anyone` is true. `public` is the address of a proxy (`public_address`), or "".
    """

    def __init__(self, token: str = "", public: str = "", *, anyone: bool = False) -> None:
        self.token = "" if anyone else token
        self._anyone = anyone
        self.scheme, _, self.host = public.partition("://")
        # A proxy may also name the usual port, which browsers leave out.
        self._hosts = {self.host, f"{self.host}:{_USUAL_PORTS[self.scheme]}"} if public else set()
        self._patience = _Patience()

    async def admit(self, scope: Scope, receive: Receive, *, is_page: bool) -> Response | None:
        """Note in the scope who asks, or return a response to send instead.

        The scope gets "principal" and "browser". "browser" is "" if the request has no valid cookie of ours.
        `is_page` says whether a person looks at the address.
        """
        headers = Headers(scope=scope)
        browser = self._browser(headers)
        given = None
        if is_page and self.token:
            given = await _in_form(receive) if scope["method"] == "POST" else _in_query(scope)
        if given is not None:
            return await self._sign_in(scope, headers, browser, given)
        if self._anyone:
            principal: Principal | None = "anyone"
        elif not self.token:
            principal = "local" if is_local(headers) else None
        elif browser or self._has_token(headers):
            principal = "token"
        else:
            principal = None
        if principal is None and not _OPEN.fullmatch(scope["path"]):
            return await self._refused(scope, headers)
        scope.update(principal=principal, browser=browser)
        return None

    def is_public(self, headers: Headers) -> bool:
        """Tell whether a request names the proxy's address, so that the proxy must have passed it on."""
        return headers.get("host", "").lower() in self._hosts

    def cookie(self, headers: Headers) -> str:
        """Return a cookie that names a new browser and is signed with the token."""
        browser = secrets.token_urlsafe(24)
        secure = "; Secure" if self.scheme == "https" and self.is_public(headers) else ""
        return (
            f"{_cookie_name(headers)}={browser}.{self._signed(browser)}; Path=/; HttpOnly; SameSite=Lax; "
            f"Max-Age={_COOKIE_SECONDS}{secure}"
        )

    def _browser(self, headers: Headers) -> str:
        cookies = cookie_parser("; ".join(headers.getlist("cookie")))
        browser, _, signature = cookies.get(_cookie_name(headers), "").partition(".")
        return browser if browser and _is_same(signature, self._signed(browser)) else ""

    def _signed(self, browser: str) -> str:
        """Sign a browser's name. Without a token anybody could sign, and then the cookie lets nobody in."""
        return hmac.new(self.token.encode(), browser.encode(), hashlib.sha256).hexdigest()

    def _has_token(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and _is_same(given.strip(), self.token)

    async def _sign_in(self, scope: Scope, headers: Headers, browser: str, given: str) -> Response:
        """Redirect a browser to the address that it asked for, without the token in the address.

        With the right token, a new browser gets a cookie. A wrong token in the form shows the form again.
        """
        query = urlencode([(name, value) for name, value in _query(scope) if name != "token"])
        path = scope.get("raw_path", scope["path"].encode()).decode("ascii")
        is_right = _is_same(given.strip(), self.token)
        if not is_right and (refusal := await self._patience.wait()):
            return refusal
        if not is_right and scope["method"] == "POST":
            return _asking("This is not the right token.")
        reply = RedirectResponse(f"{path}?{query}" if query else path, HTTPStatus.SEE_OTHER)
        if is_right and not browser:  # a new name would end the sessions of its other pages
            reply.headers["Set-Cookie"] = self.cookie(headers)
        return reply

    async def _refused(self, scope: Scope, headers: Headers) -> Response:
        """Return the reply to a request without the token: a page to sign in, or a problem."""
        if not self.token:
            detail = (
                "this request came through a proxy, but the chat was started without --public-url: "
                "start it with --public-url"
            )
            return Problem(HTTPStatus.FORBIDDEN, detail, "forwarded")
        if "authorization" in headers and (refusal := await self._patience.wait()):
            return refusal
        if pages.wants_page(scope, headers):
            return _asking()
        detail = (
            "this needs the token that was printed when Pullquote was started: send it as `Authorization: "
            "Bearer TOKEN`, or load the page again to sign in"
        )
        refusal = Problem(HTTPStatus.UNAUTHORIZED, detail, "token_needed")
        refusal.headers.update(_BEARER)
        return refusal


class _Patience:
    """Delays the replies to wrong tokens, for one address ever longer. The right token never waits."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # by address: times, last time
        self._waiting = 0

    async def wait(self) -> Response | None:
        """Wait. If too many wait, return a refusal at once, so that a flood cannot block all connections."""
        address, now = CLIENT.get(), time.monotonic()
        times, before = self._wrong.pop(address, (0, now))
        times = 0 if now - before > _FORGET else times
        self._wrong[address] = times + 1, now
        if len(self._wrong) > _MOST_ADDRESSES:
            self._wrong.popitem(last=False)
        if self._waiting >= _MOST_WAITING:
            refusal = Problem(
                HTTPStatus.TOO_MANY_REQUESTS, "there were too many wrong tokens: wait", "token_needed"
            )
            refusal.headers["Retry-After"] = f"{_LONGEST_WAIT:.0f}"
            return refusal
        self._waiting += 1
        try:
            await asyncio.sleep(min(_FIRST_WAIT * 2.0 ** min(times, 10), _LONGEST_WAIT))
        finally:
            self._waiting -= 1
        return None


def _cookie_name(headers: Headers) -> str:
    """Return the cookie's name, which contains the port: browsers send a cookie to all servers of a host."""
    return f"pullquote-{headers.get('host', '').rpartition(':')[2]}".partition("]")[0]


def _is_same(one: str, other: str) -> bool:
    """Compare two texts in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode())


def _asking(problem: str = "") -> Response:
    return pages.page("sign_in.html", HTTPStatus.UNAUTHORIZED, _ASKING, problem=problem)


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def _in_query(scope: Scope) -> str | None:
    return dict(_query(scope)).get("token")


async def _in_form(receive: Receive) -> str:
    received, more = bytearray(), True
    while more and len(received) <= _FORM_BYTES:
        message = await receive()
        received += message.get("body", b"")
        more = message.get("more_body", False)
    return parse_qs(received[:_FORM_BYTES].decode("latin-1")).get("token", [""])[0]
