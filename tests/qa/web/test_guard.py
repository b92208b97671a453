"""What reaches Gradio, and what the guard keeps from it. More of the guard: `tests/qa/web/test_api.py`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse

import ui
from qa.places import shipped_corpus
from qa.web import guard
from qa.web.access import Access, session_of
from qa.web.engine import Engine
from qa.web.queue import INPUTS, MAX_TEXT_CHARACTERS
from tests.qa.web.looped import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Message, Receive, Scope, Send

BASE = "http://127.0.0.1:7860"
JOIN = "/gradio_api/queue/join"
# As the page sends it.
ASKED = {
    "data": ["Who?", 0.86, '{"dates":"auto"}', "", None],
    "fn_index": 0,
    "trigger_id": 6,
    "session_hash": "v5r1c2lt52l",
}
HOST = b"127.0.0.1:7860"
COOKIE = Access().cookie(Headers({"host": HOST.decode()})).partition(";")[0]
BROWSER = COOKIE.partition("=")[2].partition(".")[0]
EVENT = "c5f46fbfc1b2425e86420e14fba07455"
FILE = {"path": "/etc/shadow", "meta": {"_type": "gradio.FileData"}}
ADDRESS = {"url": "http://192.0.2.1/x", "path": "http://192.0.2.1/x", "meta": {"_type": "gradio.FileData"}}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The whole app, Gradio included, over an engine that was never started."""
    engine = Engine(tmp_path_factory.mktemp("library"), shipped_corpus())
    app = ui.create_app(engine, "127.0.0.1", Access(anyone=True))
    with TestClient(app, base_url=BASE, headers={"Cookie": COOKIE}) as client:
        yield client


@pytest.fixture
def echo() -> TestClient:
    """An app that says what reached it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = (await request.body()).decode()
        seen = {"headers": dict(request.headers), "query": scope["query_string"].decode(), "body": body}
        await JSONResponse(seen)(scope, receive, send)

    guarded = guard.Guard(app, "127.0.0.1", strictness=[0.5, 0.86], access=Access(anyone=True))
    return TestClient(guarded, base_url=BASE)


@pytest.mark.parametrize(
    "asked",
    [
        ASKED | {"data": [FILE, 0.86, "", "", None]},
        ASKED | {"data": ["Who?", 0.86, ADDRESS, "", None]},
        ASKED | {"data": ["Who?", 0.86, "", "", FILE]},
        ASKED | {"data": [FILE], "fn_index": 1},
        ASKED | {"data": [["text"]], "fn_index": 2},
        ASKED | {"data": FILE},
        ASKED | {"data": None},
        ASKED | {"data": ["x" * (MAX_TEXT_CHARACTERS + 1), 0.86, "", "", None]},
        ASKED | {"data": ["Who?", "x", "", "", None]},
        ASKED | {"data": ["Who?", 0.5, "", "", None]},
        ASKED | {"data": ["Who?", True, "", "", None]},
        ASKED | {"data": ["Who?", 1e300, "", "", None]},
        ASKED | {"data": ["Who?", 10**400, "", "", None]},
        ASKED | {"data": ["Who?", float("nan"), "", "", None]},
        ASKED | {"data": ["\ud800", 0.86, "", "", None]},
        ASKED | {"data": []},
        ASKED | {"data": ["Who?", 0.86, "", "", None, None]},
        ASKED | {"data": ["Who?", 0.86, "", FILE, None]},
        ASKED | {"data": [FILE, None], "fn_index": 3},
        ASKED | {"data": [], "fn_index": 3},
        ASKED | {"data": [None], "fn_index": 57},
        ASKED | {"fn_index": "0"},
        ASKED | {"fn_index": -1},
        ASKED | {"fn_index": None},
        ASKED | {"fn_index": 0.5},
        ASKED | {"trigger_id": FILE},
        ASKED | {"event_data": FILE},
        ASKED | {"event_data": {}},
        ASKED | {"session_hash": "../../etc"},
        ASKED | {"session_hash": "x" * 33},
        ASKED | {"session_hash": ""},
        ASKED | {"session_hash": None},
        ASKED | {"event_id": EVENT},
        ASKED | {"oauth_token": "x"},
        ASKED | {"simple_format": True},
        ASKED | {"batched": True},
        ASKED | {"request": FILE},
        {},
        [],
        "text",
        None,
    ],
)  # fmt: skip
def test_nothing_but_what_the_page_sends_joins_the_queue(client: TestClient, asked: object) -> None:
    response = client.post(JOIN, content=json.dumps(asked), headers={"Content-Type": "application/json"})
    assert (response.status_code, response.headers["content-type"]) == (400, "application/problem+json")
    assert response.json()["code"] == "bad_input"
    assert "shadow" not in response.text


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"data":' + b"[" * 5000, b"data=1"])
def test_what_is_no_json_does_not_join_the_queue(client: TestClient, body: bytes) -> None:
    response = client.post(JOIN, content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert (response.status_code, response.json()["code"]) == (400, "bad_input")


def test_the_functions_of_the_page_are_those_that_may_be_called() -> None:
    functions = ui.page(Engine(Path("nowhere"), Path("nothing"))).fns.values()
    # The others cancel a question, by a route of its own, or run when a page is left, without being called.
    called = [each for each in functions if not each.cancels and "unload" not in dict(each.targets).values()]
    assert [each._id for each in called] == list(range(len(INPUTS)))
    assert [len(each.inputs) for each in called] == list(INPUTS)


@pytest.mark.day  # Gradio waits a minute for the question, which this engine never answers
def test_what_the_page_sends_joins_the_queue(client: TestClient) -> None:
    assert client.post(JOIN, json=ASKED).status_code == 200
    assert (
        client.post(JOIN, json=ASKED | {"data": [None, None], "fn_index": 1, "event_data": None}).status_code
        == 200
    )
    cancelled = {"event_id": EVENT, "session_hash": "v5r1c2lt52l", "fn_index": 0}
    assert client.post("/gradio_api/cancel", json=cancelled).json() == {"success": True}
    assert client.post("/gradio_api/reset", json={"event_id": EVENT}).json() == {"success": True}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("cancel", {"event_id": EVENT, "session_hash": "v", "fn_index": 0, "more": 1}),
        ("cancel", {"event_id": "../x", "session_hash": "v", "fn_index": 0}),
        ("cancel", {"event_id": EVENT, "session_hash": FILE, "fn_index": 0}),
        ("reset", {"event_id": FILE}),
        ("reset", {"event_id": [EVENT]}),
    ],
)
def test_a_run_is_ended_by_its_id_alone(client: TestClient, path: str, body: dict[str, Any]) -> None:
    assert client.post(f"/gradio_api/{path}", json=body).status_code == 400


def test_what_was_understood_is_passed_on_and_not_what_was_sent(echo: TestClient) -> None:
    sent = (
        '{"fn_index": 1, "data": [ [] ], "session_hash": "v", "fn_index": 0, '
        '"data": [true, 0.5, "ü", "", null]}'
    )
    said = {"Content-Type": "text/plain", "Cookie": COOKIE}
    seen = echo.post(JOIN, content=sent.encode(), headers=said).json()
    assert json.loads(seen["body"]) == {
        "data": [True, 0.5, "ü", "", None],
        "fn_index": 0,
        "session_hash": session_of(BROWSER, "v"),
    }
    assert seen["headers"]["content-type"] == "application/json"
    assert int(seen["headers"]["content-length"]) == len(seen["body"].encode())


def test_a_message_that_is_too_large_is_refused(echo: TestClient) -> None:
    assert echo.post(JOIN, content=b" " * 1_200_000).status_code == 413


@pytest.mark.parametrize("path", [JOIN, "/api/v1/ask", "/nothing"])
def test_a_body_in_chunks_is_refused_and_its_connection_closed(echo: TestClient, path: str) -> None:
    response = echo.post(path, content=iter([b"{}"]))
    assert (response.status_code, response.headers["connection"]) == (411, "close")


def test_headers_that_the_page_does_not_send_reach_nothing(echo: TestClient) -> None:
    sent = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-For": "192.0.2.1",
        "Forwarded": "host=evil.example",
        "X-Gradio-Server": "http://evil.example",
        "X-Gradio-User": "app",
        "X-IP-Token": "x",
        "X-Direct-Url": "http://evil.example",
        "X-Original-URL": "/gradio_api/upload",
        "X-HTTP-Method-Override": "DELETE",
        "Authorization": "Bearer x",
        "Cookie": "access-token=x",
        "Range": "bytes=0-1,0-1,0-1",
        "Referer": "http://evil.example",
    }
    for path in ("/", "/api/v1/status", "/config"):
        assert set(echo.get(path, headers=sent).json()["headers"]) == {
            "accept", "accept-encoding", "host", "user-agent"
        } - ({"accept-encoding"} if path == "/" else set())  # fmt: skip


def test_the_root_of_the_page_is_the_host_that_was_asked_for(client: TestClient) -> None:
    for headers in (
        {"X-Forwarded-Host": "evil.example"},
        {"X-Gradio-Server": "http://evil.example"},
        {"X-Forwarded-Proto": "https"},
    ):
        for path in ("/", "/config"):
            page = client.get(path, headers=headers).text
            assert "evil.example" not in page
            assert "https://127.0.0.1" not in page
            assert BASE in page


@pytest.mark.parametrize(
    "host",
    ["evil.example@127.0.0.1", "127.0.0.1:1@127.0.0.1", "127.0.0.1/evil", "127.0.0.1?x", "127.0.0.1:x"],
)
def test_a_host_is_a_name_and_a_port(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "origin", ["http://[", "http://127.0.0.1:7860/", "http://a@127.0.0.1:7860", "", "//", "\u00e4"]
)
def test_an_origin_that_is_none_of_ours_is_refused(client: TestClient, origin: str) -> None:
    response = client.get("/api/v1/status", headers={"origin": origin.encode()})
    assert (response.status_code, response.headers["content-type"]) == (403, "application/problem+json")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_elsewhere_may_link_here_but_not_load_from_here(client: TestClient, site: str) -> None:
    fetched = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    assert client.get("/gradio_api/heartbeat/x", headers=fetched).status_code == 403
    assert client.get("/api/v1/status", headers=fetched).status_code == 403
    followed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=followed).status_code == 200
    assert client.get("/api/v1/status", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        [("Sec-Fetch-Site", "Cross-Site")],
        [("Sec-Fetch-Site", "cross-site, none")],
        [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "SAME-SITE")],
        [("Sec-Fetch-Site", "x")],
        [("Sec-Fetch-Site", "")],
        [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Mode", "cors")],
        [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate, cors")],
    ],
)
def test_what_is_said_twice_or_otherwise_of_a_request_counts_too(
    echo: TestClient, headers: list[tuple[str, str]]
) -> None:
    assert echo.get("/", headers=headers).status_code == 403


def test_a_link_from_elsewhere_leads_to_a_page_and_to_nothing_else(echo: TestClient) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert echo.get("/", headers=followed).status_code == 200
    assert echo.get("/api/v1/docs", headers=followed).status_code == 200
    assert echo.get("/api/v1/documents", headers=followed).status_code == 403
    assert echo.get("/gradio_api/heartbeat/v", headers=followed).status_code == 403
    assert echo.post(JOIN, json=ASKED, headers=followed).status_code == 403
    assert echo.post("/", headers=followed).status_code == 403


@pytest.mark.parametrize(
    "query", ["deep_link=x", "deep_link=../x", "page=x", "all_endpoints=1", "__sign=x", "__theme=dark"]
)
def test_a_query_means_nothing_to_the_page(client: TestClient, query: str) -> None:
    for path in ("/", "/config"):
        assert client.get(f"{path}?{query}").text == client.get(path).text


@pytest.mark.parametrize(
    "query", ["", "session_hash=", "session_hash=../x", "session_hash=v&x=1", "x=session_hash=v"]
)
def test_a_stream_of_answers_belongs_to_a_session(client: TestClient, query: str) -> None:
    response = client.get(f"/gradio_api/queue/data?{query}")
    assert (response.status_code, response.json()["code"]) == (400, "bad_input")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../index.html",
        "/static//etc/passwd",
        "/static/fonts/",
        "/static/\x00",
        "/static/" + "x/" * 9 + "..",
        "/assets/c:\\windows\\win.ini",
        "/assets/..\\..\\x",
        "/assets/.hidden",
        "/web/",
        "/web/%2e%2e/guard.py",
        "/web//etc/passwd",
        "/config/",
        "/theme.css/x",
        "/gradio_api/startup-events",
        "/gradio_api/heartbeat/",
        "/gradio_api/heartbeat/..",
        "/gradio_api/theme.css",
        "/svelte/x",
    ],
)
def test_a_name_that_no_package_has_is_looked_up_nowhere(client: TestClient, path: str) -> None:
    escaped = path if "%" in path else "/" + path[1:].replace("\x00", "%00").replace("..", "%2e%2e")
    response = client.get(escaped)
    assert (response.status_code, response.json()["detail"]) == (404, "there is nothing at this address")


def test_a_file_of_the_page_is_there_and_may_be_kept(client: TestClient) -> None:
    for path in (
        "/web/page.js",
        "/web/fonts/Literata.woff2",
        "/static/img/logo.svg",
        "/theme.css",
        "/favicon.ico",
    ):
        response = client.get(path)
        assert (path, response.status_code, response.headers.get("cache-control")) == (path, 200, None)


def test_no_reply_is_kept_by_a_browser(client: TestClient) -> None:
    for path in (
        "/",
        "/config",
        "/api/v1/status",
        "/api/v1/health",
        "/api/v1/nothing",
        "/nothing",
        "/web/nothing.js",
    ):
        assert (path, client.get(path).headers["cache-control"]) == (path, "no-store")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", JOIN), ("PUT", JOIN), ("POST", "/"), ("DELETE", "/web/page.js"), ("OPTIONS", "/config")],
)
def test_a_method_that_the_page_does_not_use_is_refused(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.headers["content-type"]) == (405, "application/problem+json")


@pytest.mark.parametrize("length", ["x", "-1", "²", "9" * 5000])
def test_a_length_that_is_no_number_is_refused(client: TestClient, length: str) -> None:
    response = client.post(JOIN, content=b"{}", headers={"Content-Length": length.encode()})
    assert response.status_code == 413


def test_one_stream_too_many_ends_the_oldest_of_the_client_with_the_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "MAX_STREAMS", 4)
    closed = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if begins := Headers(scope=scope)["user-agent"].endswith("begun"):
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await closed.wait()
        if not begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"over"})

    async def stream(guarded: guard.Guard, name: str, address: str = "127.0.0.2") -> list[Message]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b""}

        scope = {
            "type": "http", "method": "GET", "path": "/gradio_api/heartbeat/x", "query_string": b"",
            "headers": [(b"host", HOST), (b"cookie", COOKIE.encode()), (b"user-agent", name.encode())],
            "client": (address, 1234),
        }  # fmt: skip
        await guarded(scope, receive, send)
        return sent

    async def test() -> None:
        guarded = guard.Guard(app, "127.0.0.1")
        others = [asyncio.create_task(stream(guarded, f"{n}", f"127.0.0.{n}")) for n in (3, 4)]
        await asyncio.sleep(0)
        names = ("1begun", "2", "3begun", "4")
        streams = [asyncio.create_task(stream(guarded, name)) for name in names]
        first, second = await asyncio.wait_for(asyncio.gather(*streams[:2]), 10)
        assert (first[0]["status"], first[-1]["body"]) == (200, b"")
        assert second[0]["status"] == 503
        assert not any(each.done() for each in (*others, *streams[2:]))
        closed.set()
        assert [(await each)[-1]["body"] for each in (*others, *streams[2:])] == [b"over"] * 4
        assert (await stream(guarded, "5"))[-1]["body"] == b"over"

    run(test())


def test_a_stream_of_a_session_that_is_not_known_ends(client: TestClient) -> None:
    """Gradio begins to answer first; a page whose server was started again asks so."""
    response = client.get("/gradio_api/queue/data?session_hash=gone")
    assert response.status_code == 200
    assert response.content.startswith(b"data: ")  # that it is not known
