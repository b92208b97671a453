"""A chat that others can reach: who is let in, and that it asks a person once. All of it is real."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from qa import Corpus
from tests.web.chatting import ROOT, TOKEN, Server, ask, chat, check_accessible, check_fits, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.models]

EVERYWHERE = ["--host", "0.0.0.0"]  # noqa: S104
FERRY = "When did the ferry sink?"
TEXT = "A report\n\nThe ferry sank in the harbour on 4 April 2008. Nobody was hurt.\n"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A chat over one document that others can reach, which takes its token from a file."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "report.txt").write_text(TEXT, "utf-8")
    with Corpus.open(folder / "library") as corpus:
        corpus.index(folder / "report.txt")
    with chat(folder / "library", *EVERYWHERE, token=TOKEN) as running:
        while running.get("api/v1/status")[1]["stage"] != "ready":
            time.sleep(0.1)
        yield running


def sign_in(page: Page, token: str) -> None:
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def test_the_page_asks_once_and_leads_to_where_one_was_going(browser: Browser, shared: Server) -> None:
    cite = f"#cite={shared.get('api/v1/documents')[1][0]['sha256']}/10-25"
    referers: list[str] = []
    with opened(browser, shared.url + cite, "#token") as page:
        page.on("request", lambda request: referers.append(str(request.headers.get("referer", ""))))
        expect(page.locator("#token")).to_be_focused()
        check_accessible(page)
        check_fits(page)
        sign_in(page, "not-the-token")
        expect(page.get_by_role("alert")).to_have_text("This is not the right token.")
        check_accessible(page)
        sign_in(page, TOKEN)
        expect(page.locator("#source mark.current").first).to_be_visible()  # the fragment came along
        page.keyboard.press("Escape")
        expect(ask(page, FERRY).locator(".quote")).to_contain_text(
            "The ferry sank in the harbour on 4 April 2008"
        )
        (cookie,) = page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"], TOKEN in cookie["value"]) == (True, "Lax", False)
        page.goto(f"{shared.url}documents")
        expect(page.get_by_role("link", name="A report")).to_be_visible()
    assert not any(TOKEN in referer for referer in referers)


@pytest.mark.day
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_one_can_sign_in(browser: Browser, shared: Server, scheme: Any) -> None:
    size = {"width": 360, "height": 640}
    with opened(browser, f"{shared.url}history", "#token", viewport=size, color_scheme=scheme) as page:
        check_fits(page)
        check_accessible(page)


def test_the_printed_address_signs_in_and_does_not_stay(browser: Browser, tmp_path: Path) -> None:
    with chat(tmp_path / "library", *EVERYWHERE) as server:
        assert server.process.stderr is not None
        printed = re.search(r"at (http://localhost:\d+/)(\?token=(\S+))", server.process.stderr.readline())
        assert printed
        with opened(browser, printed[1] + printed[2]) as page:
            assert page.url == printed[1]
            assert server.get("api/v1/status")[0] == 401
        assert Server(server.url, server.process, printed[3]).get("api/v1/status")[0] == 200
        server.process.terminate()
        assert printed[3] not in server.process.communicate(timeout=60)[1]  # nor in any other line


def test_a_page_whose_token_has_changed_asks_again_and_loses_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    with chat(tmp_path / "library", *EVERYWHERE, token=TOKEN) as first:
        port = urlsplit(first.url).port or 0
        context = browser.new_context()
        page, other = context.new_page(), context.new_page()
        page.goto(first.entry)
        page.locator(".examples button").first.wait_for()  # it has started
        page.locator("#question textarea").fill("What was I")
        other.goto(f"{first.url}documents")
        expect(other.locator("#find > input")).to_be_visible()
    other_token = TOKEN[::-1]
    with chat(tmp_path / "library", *EVERYWHERE, port=port, token=other_token):
        other.locator("#find > input").fill("x")
        expect(other.locator(".notice")).to_contain_text("You are signed out")
        other.locator(".notice").get_by_role("button", name="Load again").click()
        expect(other.locator("#token")).to_be_visible()
        expect(page.locator("#token")).to_be_visible()  # by itself
        sign_in(page, other_token)
        expect(page.locator("#question textarea")).to_have_value("What was I")
        context.close()


def test_through_a_proxy_that_encrypts_the_page_works_and_its_cookie_is_secure(
    browser: Browser, tmp_path: Path
) -> None:
    with encrypting(tmp_path) as (port, forward), browser.new_context(ignore_https_errors=True) as context:
        public = f"https://quotes.localhost:{port}"
        with chat(tmp_path / "library", "--public-url", public, token=TOKEN) as server:
            assert server.process.stderr is not None
            printed = [server.process.stderr.readline() for _ in range(2)]
            assert f"starting at {server.url} " in printed[0]
            assert printed[1] == f"Others use {public}/\n"
            forward.append(urlsplit(server.url).port or 0)
            page = context.new_page()
            page.goto(public)
            sign_in(page, TOKEN)
            expect(page.locator(".examples button")).to_have_count(4, timeout=60_000)
            answer = ask(page, "What was taken from the Kumsandong fertilizer factory?")
            expect(answer.locator(".quote")).not_to_have_count(0)
            assert [cookie["secure"] for cookie in context.cookies()] == [True]
            assert server.get("api/v1/status")[1]["may_change"] is False
            stranger = Server(server.url, server.process, "x")
            assert stranger.get("api/v1/status")[0] == 401  # on this machine, too: it may be the proxy


def test_an_assistant_sends_the_token(shared: Server) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
               "params": {"name": "ask", "arguments": {"question": FERRY}}}  # fmt: skip
    status, challenge, _ = _post(shared, "/mcp", message, {})
    assert (status, challenge) == (401, "Bearer")
    status, _, said = _post(shared, "/mcp", message, {"Authorization": f"Bearer {TOKEN}"})
    assert status == 200
    assert "The ferry sank in the harbour on 4 April 2008" in said


def test_who_names_the_session_of_another_gets_nothing_of_his_conversation(
    browser: Browser, tmp_path: Path
) -> None:
    """The same page with and without a token: a thief has a cookie of his own, and the victim's session."""
    with chat(tmp_path / "library") as server, opened(browser, server.url) as page:
        thief = _cookie(server)
        with page.expect_request("**/queue/join*") as joined:
            ask(page, "What was taken from the Kumsandong fertilizer factory?")
        session = joined.value.post_data_json["session_hash"]
        for cookie in (thief, ""):
            got = b""
            body = {"data": ["", None], "fn_index": 1, "session_hash": session}  # to save the conversation
            status, _, _ = _post(server, "/gradio_api/queue/join", body, {"Cookie": cookie})
            assert status == (200 if cookie else 403)
            if cookie:
                got = _events(server, session, cookie)
                assert b"process_completed" in got  # he saves his own, which is empty
            assert b"Kumsandong" not in got
        mine = page.context.cookies()[0]
        cookie = f"{mine['name']}={mine['value']}"
        assert _post(server, "/gradio_api/queue/join", body, {"Cookie": cookie})[0] == 200
        assert b"Kumsandong" in _events(server, session, cookie)


@pytest.mark.parametrize(
    ("options", "token", "said"),
    [
        (EVERYWHERE, "short", "openssl rand -hex 32"),
        (EVERYWHERE, "", "openssl rand -hex 32"),
        (EVERYWHERE, None, "No such file"),
        (["--public-url", "quotes.example"], TOKEN, "--public-url needs the proxy's address"),
    ],
)
def test_a_chat_without_a_token_does_not_start(
    tmp_path: Path, options: list[str], token: str | None, said: str
) -> None:
    if token is not None:
        (tmp_path / "token").write_text(token, "ascii")
    command = [sys.executable, "-m", "qa", "chat", "--port", "0", "--no-browser", *options]
    environment = os.environ | {"PULLQUOTE_TOKEN_FILE": str(tmp_path / "token")}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3
    assert said in done.stderr


@pytest.mark.day
def test_a_proxy_that_asks_lets_in_whom_it_likes(tmp_path: Path) -> None:
    with chat(tmp_path / "library", "--no-token", "--public-url", "https://quotes.example") as server:
        headers = {"Host": "quotes.example", "X-Forwarded-For": "192.0.2.1"}
        request = urllib.request.Request(f"{server.url}api/v1/status", headers=headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            assert json.load(response)["may_change"] is False
        server.process.terminate()
        assert "With --no-token, whoever reaches it" in server.process.communicate(timeout=60)[1]


@contextlib.contextmanager
def encrypting(folder: Path) -> Iterator[tuple[int, list[int]]]:
    """A proxy that speaks https and passes on each byte, to the port that is put into the list."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = f"req -x509 -newkey rsa:2048 -nodes -subj /CN=quotes.localhost -keyout {key} -out {certificate}"
    subprocess.run(["openssl", *made.split()], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    forward: list[int] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", forward[0])
        await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    starting = asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    server = asyncio.run_coroutine_threadsafe(starting, loop).result()
    try:
        yield server.sockets[0].getsockname()[1], forward
    finally:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        loop.call_soon_threadsafe(loop.call_soon, loop.stop)
        thread.join()


def _cookie(server: Server) -> str:
    with urllib.request.urlopen(server.url, timeout=10) as response:  # noqa: S310
        return str(response.headers["Set-Cookie"]).partition(";")[0]


def _post(server: Server, path: str, body: Any, headers: dict[str, str]) -> tuple[int, str | None, str]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    sent = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    connection.request("POST", path, json.dumps(body), sent | headers)
    response = connection.getresponse()
    try:
        return response.status, response.headers["WWW-Authenticate"], response.read().decode()
    finally:
        connection.close()


def _events(server: Server, session: str, cookie: str) -> bytes:
    """Read the stream of a session until what it has queued is done."""
    url = f"{server.url}gradio_api/queue/data?session_hash={session}"
    request = urllib.request.Request(url, headers={"Cookie": cookie})  # noqa: S310
    read = b""
    with urllib.request.urlopen(request, timeout=20) as events:  # noqa: S310
        for event in events:
            read += event
            if b"process_completed" in event or b"close_stream" in event:
                break
    return read
