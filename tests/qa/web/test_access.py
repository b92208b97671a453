"""The token: who is let in, how a browser signs in, and whose a session of Gradio's queue is."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import Headers
from starlette.responses import JSONResponse

import ui
from qa.errors import InputError
from qa.places import shipped_corpus
from qa.web import access
from qa.web.access import Access, new_token, public_address
from qa.web.engine import Engine
from qa.web.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

TOKEN = "correct-horse-battery-staple-0123456789"  # noqa: S105 - of these tests
BASE = "http://127.0.0.1:7860"
HERE = Headers({"host": "127.0.0.1:7860"})
HTML = {"Accept": "text/html"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
JOIN = "/gradio_api/queue/join"
ASKED = {"fn_index": 4, "data": [None], "session_hash": "v5r1c2lt52l"}

ROUTES = (
    ("GET", "/"),
    ("GET", "/config"),
    ("GET", "/documents"),
    ("GET", "/documents/a/original"),
    ("GET", "/history"),
    ("GET", "/dossiers"),
    ("GET", "/parts/welcome"),
    ("GET", "/assets/index.js"),
    ("GET", "/theme.css"),
    ("GET", "/gradio_api/app_id"),
    ("GET", "/gradio_api/heartbeat/x"),
    ("GET", "/gradio_api/queue/data?session_hash=x"),
    ("POST", JOIN),
    ("POST", "/gradio_api/cancel"),
    ("POST", "/gradio_api/reset"),
    ("POST", "/mcp"),
    ("POST", "/api/v1/ask"),
    ("POST", "/api/v1/questions"),
    ("POST", "/api/v1/verify"),
    ("POST", "/api/v1/documents?name=a.txt"),
    ("GET", "/api/v1/documents"),
    ("GET", "/api/v1/documents/a/file"),
    ("GET", "/api/v1/documents/a/pages/1.png"),
    ("GET", "/api/v1/status"),
    ("GET", "/api/v1/docs"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/v1/health/"),
    ("GET", "/api/v1//health"),
    ("GET", "/api/v1/nothing"),
)
FORGED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "another scheme": {"Authorization": f"Basic {TOKEN}"},
    "no scheme": {"Authorization": TOKEN},
    "a longer token": {"Authorization": f"Bearer {TOKEN}x"},
    "an empty token": {"Authorization": "Bearer "},
    "no ASCII": {"Authorization": "Bearer ü".encode()},
    "the token as a cookie": {"Cookie": f"pullquote-7860={TOKEN}"},
    "no signature": {"Cookie": "pullquote-7860=x."},
    "no browser": {"Cookie": "pullquote-7860=."},
    "a cookie signed without a token": {"Cookie": Access().cookie(HERE).partition(";")[0]},
    "a cookie of another token": {"Cookie": Access(f"{TOKEN}x").cookie(HERE).partition(";")[0]},
    "forwarded from here": {"X-Forwarded-For": "127.0.0.1"},
    "another name of this machine": {"Host": "localhost:7860"},
}


def guarded(allowed: Access, **options: Any) -> TestClient:
    """A guarded app that says what reached it, as a new client."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen = {name: scope[name] for name in ("principal", "scheme", "path", "client")}
        seen |= {"body": (await receive())["body"].decode(), "query": scope["query_string"].decode()}
        await JSONResponse(seen)(scope, receive, send)

    client = TestClient(Guard(app, "127.0.0.1", access=allowed), base_url=BASE, **options)
    client.follow_redirects = False
    return client


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The whole app, Gradio included, which asks for the token."""
    engine = Engine(tmp_path_factory.mktemp("library"), shipped_corpus())
    with TestClient(ui.create_app(engine, "0.0.0.0", Access(TOKEN)), base_url=BASE) as client:  # noqa: S104
        client.follow_redirects = False
        yield client


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_LONGEST_WAIT", 0.01)


@pytest.mark.parametrize("sent", FORGED)
def test_nothing_but_health_is_told_without_the_token(whole: TestClient, sent: str) -> None:
    for method, path in ROUTES:
        response = whole.request(method, path, headers=FORGED[sent])
        told = (response.status_code, response.headers["content-type"], response.headers["www-authenticate"])
        assert (path, *told) == (path, 401, "application/problem+json", "Bearer")
        assert response.json()["code"] == "token_needed"
        assert "set-cookie" not in response.headers


def test_probes_and_the_page_that_asks_need_no_token(whole: TestClient) -> None:
    assert whole.get("/api/v1/health").json()["code"] == "not_ready"
    asking = whole.get("/documents?q=x", headers=HTML)
    assert (asking.status_code, asking.headers["www-authenticate"]) == (401, "Bearer")
    linked = re.findall(r'(?:href|src)="([^"]+)"', asking.text)
    assert len(linked) > 2
    for path in (*linked, "/static/fonts/IBMPlexSans/IBMPlexSans-Regular.woff2"):
        assert whole.get(path).status_code == 200, path
    assert "form-action 'self'" in asking.headers["content-security-policy"]
    assert "script-src" not in asking.headers["content-security-policy"]


def test_a_script_sends_the_token_and_is_told_apart_from_this_machine(whole: TestClient) -> None:
    assert whole.get("/api/v1/status", headers=BEARER).status_code == 200
    assert whole.get("/api/v1/status", headers={"Authorization": f"bearer  {TOKEN} "}).status_code == 200
    assert guarded(Access(TOKEN)).get("/api/v1/x", headers=BEARER).json()["principal"] == "token"
    assert guarded(Access()).get("/api/v1/x").json()["principal"] == "local"
    assert guarded(Access(TOKEN, anyone=True)).get("/api/v1/x").json()["principal"] == "anyone"


def test_a_browser_is_asked_once_and_led_to_where_it_was_going() -> None:
    client = guarded(Access(TOKEN))
    assert client.get("/documents/a%2Fb?q=x", headers=HTML).status_code == 401
    signed = client.post("/documents/a%2Fb?q=x", data={"token": f" {TOKEN} "}, headers={"Origin": BASE})
    assert (signed.status_code, signed.headers["location"]) == (303, "/documents/a%2Fb?q=x")
    cookie = signed.headers["set-cookie"]
    assert TOKEN not in cookie
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert client.get("/documents/a%2Fb?q=x").json()["principal"] == "token"
    again = client.post("/documents", data={"token": TOKEN})  # in a tab that asked before
    assert (again.status_code, again.headers.get("set-cookie")) == (303, None)  # of whose session it stays


def test_the_address_with_the_token_leads_to_the_one_without() -> None:
    client = guarded(Access(TOKEN))
    led = client.get(f"/?token={TOKEN}&conversation=a%26b", headers=HTML)
    assert (led.status_code, led.headers["location"]) == (303, "/?conversation=a%26b")
    assert led.headers["referrer-policy"] == "no-referrer"
    assert TOKEN not in led.headers["set-cookie"] + led.text
    assert client.get("/").json()["principal"] == "token"
    stale = guarded(Access(TOKEN)).get("/?token=old", headers=HTML)  # no page has it in its address either
    assert (stale.status_code, stale.headers["location"]) == (303, "/")
    assert "set-cookie" not in stale.headers
    assert guarded(Access(TOKEN)).get(f"/api/v1/status?token={TOKEN}").status_code == 401


def test_a_wrong_token_is_said_to_be_wrong_and_another_site_signs_nobody_in() -> None:
    client = guarded(Access(TOKEN))
    for sent in ({"token": "x"}, {"token": ""}, {}, {"token": TOKEN[:-1]}, {"token": TOKEN + "\x00"}):
        refused = client.post("/", data=sent)
        assert (refused.status_code, "This is not the right token." in refused.text) == (401, True)
        assert "set-cookie" not in refused.headers
    assert client.post("/", content=b"x" * 100_000).status_code == 401
    assert (
        client.post("/", data={"token": TOKEN}, headers={"Origin": "https://evil.example"}).status_code == 403
    )
    assert guarded(Access()).post("/", data={"token": TOKEN}).status_code == 405


def test_wrong_tokens_wait_ever_longer_and_the_right_one_never_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_FIRST_WAIT", 0.1)
    monkeypatch.setattr(access, "_LONGEST_WAIT", 5.0)
    client, took = guarded(Access(TOKEN)), []
    for _ in range(4):
        before = time.monotonic()
        assert client.get("/api/v1/x", headers={"Authorization": "Bearer x"}).status_code == 401
        took.append(time.monotonic() - before)
    assert [wait > least for wait, least in zip(took, (0.1, 0.2, 0.4, 0.8), strict=True)] == [True] * 4
    before = time.monotonic()
    assert client.get("/api/v1/x", headers=BEARER).status_code == 200
    assert client.post("/", data={"token": TOKEN}).status_code == 303
    assert client.get("/api/v1/x", headers={"Authorization": ""}).status_code == 200  # by the cookie
    assert time.monotonic() - before < 0.1


def test_a_flood_of_wrong_tokens_holds_few_connections_and_shuts_nobody_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access, "_FIRST_WAIT", 5.0)
    monkeypatch.setattr(access, "_LONGEST_WAIT", 5.0)
    monkeypatch.setattr(access, "_MOST_WAITING", 3)
    client = guarded(Access(TOKEN))
    statuses: list[int] = []

    def guess() -> None:
        statuses.append(client.get("/api/v1/x", headers={"Authorization": "Bearer x"}).status_code)

    guesses = [threading.Thread(target=guess) for _ in range(20)]
    for each in guesses:
        each.start()
    before = time.monotonic()
    while len(statuses) < 17 and time.monotonic() - before < 4:
        time.sleep(0.01)
    assert statuses == [429] * 17
    assert client.get("/api/v1/x", headers=BEARER).status_code == 200
    assert time.monotonic() - before < 4
    for each in guesses:
        each.join()
    assert statuses[17:] == [401] * 3


def test_the_session_of_a_browser_is_not_that_of_another_who_names_it() -> None:
    allowed = Access()
    victim, thief, nobody = (guarded(allowed) for _ in range(3))
    for client in (victim, thief):
        client.headers["Cookie"] = allowed.cookie(HERE).partition(";")[0]
    paths = ("/gradio_api/heartbeat/v5r1c2lt52l", "/gradio_api/queue/data?session_hash=v5r1c2lt52l")
    for path in paths:
        mine, its = (client.get(path).json() for client in (victim, thief))
        assert mine == victim.get(path).json()
        assert mine != its
        assert "v5r1c2lt52l" not in str(mine)
        assert (nobody.get(path).status_code, nobody.get(path).json()["code"]) == (403, "cookie_needed")
    cancelled = {"session_hash": "v5r1c2lt52l", "fn_index": 0, "event_id": "a" * 32}
    for path, body in ((JOIN, ASKED), ("/gradio_api/cancel", cancelled)):
        mine, its = (client.post(path, json=body).json()["body"] for client in (victim, thief))
        assert "v5r1c2lt52l" not in mine + its
        assert mine != its
        assert nobody.post(path, json=body).status_code == 403


def test_the_page_gives_each_browser_a_cookie_that_the_queue_asks_for(tmp_path: Path) -> None:
    engine = Engine(tmp_path, shipped_corpus())
    with TestClient(ui.create_app(engine, "127.0.0.1"), base_url=BASE) as client:
        assert client.post(JOIN, json=ASKED).status_code == 403
        given = client.get("/", headers=HTML)
        assert {"HttpOnly", "SameSite=Lax"} <= set(given.headers["set-cookie"].split("; "))
        assert "set-cookie" not in client.get("/", headers=HTML).headers
        assert client.post(JOIN, json=ASKED).status_code == 200


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"]
)
def test_what_a_proxy_passes_on_is_not_taken_for_the_owner(header: str) -> None:
    refused = guarded(Access()).get("/api/v1/status", headers={header: "127.0.0.1"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forwarded")
    assert "--public-url" in refused.json()["detail"]
    assert guarded(Access(anyone=True)).get("/api/v1/status", headers={header: "x"}).status_code == 200


def test_behind_a_proxy_its_address_is_ours_and_everybody_needs_the_token() -> None:
    client = guarded(Access(TOKEN, "https://quotes.example"))
    public = {"Host": "quotes.example", "Origin": "https://quotes.example"}
    assert client.get("/api/v1/x", headers=public).status_code == 401
    assert client.get("/api/v1/x").status_code == 401  # a proxy may say "localhost"
    signed = client.post("/", data={"token": TOKEN}, headers={"Host": "quotes.example"})
    assert "Secure" in signed.headers["set-cookie"].split("; ")
    seen = client.get("/api/v1/x", headers=BEARER | {"Host": "quotes.example"}).json()
    assert (seen["principal"], seen["scheme"]) == ("token", "https")
    assert client.get("/api/v1/x", headers=BEARER).json()["scheme"] == "http"
    usual = {"Host": "Quotes.Example:443", "Origin": "https://quotes.example"}  # as some proxies name it
    assert client.get("/api/v1/x", headers=BEARER | usual).json()["scheme"] == "https"
    same = client.post("/", data={"token": TOKEN}, headers=usual)
    assert same.headers["set-cookie"].partition("=")[0] == signed.headers["set-cookie"].partition("=")[0]
    for host in ("quotes.example:1", "quotes.example:80", "evil.example", "quotes.example.evil.example"):
        assert client.get("/api/v1/x", headers=BEARER | {"Host": host}).status_code == 421
    foreign = BEARER | {"Host": "quotes.example", "Origin": "https://evil.example"}
    assert client.get("/api/v1/x", headers=foreign).status_code == 403


@pytest.mark.parametrize(
    ("public", "reported", "client"),
    [
        (True, "198.51.100.7", "198.51.100.7"),
        (True, "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # what comes before is what the client says
        (True, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (True, "::ffff:198.51.100.7", "198.51.100.7"),
        (True, "198.51.100.7:5555", "198.51.100.7"),  # as Azure and IIS write it
        (True, "[2001:db8:1:2:3:4:5:6]:5555", "2001:db8:1:2::/64"),
        (True, "[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"),
        (True, "unknown", ""),
        (True, "198.51.100.7:x", ""),
        (True, "", "testclient"),
        (False, "198.51.100.7", "testclient"),
    ],
)
def test_behind_a_proxy_a_client_is_the_address_that_it_reports(
    public: bool, reported: str, client: str
) -> None:
    headers = BEARER | {"X-Forwarded-For": reported} | ({"Host": "quotes.example"} if public else {})
    seen = guarded(Access(TOKEN, "https://quotes.example")).get("/api/v1/x", headers=headers)
    assert seen.json()["client"][0] == client


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://quotes.example", "https://quotes.example"),
        ("https://Quotes.Example:443/", "https://quotes.example"),
        ("http://quotes.example:8080", "http://quotes.example:8080"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://[2001:DB8:0::1]:81", "http://[2001:db8::1]:81"),
        ("https://quotes.example.", "https://quotes.example"),
        ("https://Bücher.example:8443", "https://xn--bcher-kva.example:8443"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("https://quotes_1", "https://quotes_1"),
    ],
)
def test_the_address_of_a_proxy_is_read_as_browsers_write_it(given: str, read: str) -> None:
    assert public_address(given) == read


@pytest.mark.parametrize(
    "given",
    ["quotes.example", "ftp://quotes.example", "https://", "https://x/path", "https://x?q", "https://u:p@x",
     "https://x:port", "https://[", "https://x#y", "https://ex ample", "https://quotes.example ", "https://..",
     "https://x..y", "https://x/ ", "https://ex%20ample", "https://bü cher"],
)  # fmt: skip
def test_what_is_no_address_of_a_proxy_is_refused(given: str) -> None:
    with pytest.raises(InputError, match="--public-url needs the proxy's address"):
        public_address(given)


def test_the_token_of_a_file_is_shared_and_a_file_without_one_is_named(tmp_path: Path) -> None:
    assert len(new_token()) >= 40
    assert len({new_token(), new_token(None), new_token("")}) == 3
    file = tmp_path / "token"
    with pytest.raises(InputError, match=rf"cannot be read from {file} .*PULLQUOTE_TOKEN_FILE.*No such file"):
        new_token(str(file))
    for wrong in ("", " \n", "short", "x" * 31, "two words " * 5, "ü" * 40):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(InputError, match=rf"{file} .*32 to 1,000 .*openssl rand -hex 32"):
            new_token(str(file))
    file.write_text(f"{TOKEN}\r\n", encoding="utf-8")
    assert new_token(str(file)) == TOKEN
    first, second = Access(TOKEN), guarded(Access(new_token(str(file))))
    cookie = first.cookie(HERE).partition(";")[0]
    assert second.get("/api/v1/x", headers={"Cookie": cookie}).status_code == 200
