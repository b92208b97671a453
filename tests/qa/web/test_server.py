"""The server over real connections, with short deadlines."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from qa.web import server
from qa.web.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send

GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
STREAM = b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LARGE_BYTES = 50_000_000
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all addresses of 127.0.0.0/8")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Echo a body; count for as long as anybody listens; or send very much at once."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(1000):
            await send({"type": "http.response.body", "body": f"{number}\n".encode(), "more_body": True})
            await asyncio.sleep(0.1)
    elif scope["path"] == "/guarded":
        await Guard(app, "127.0.0.1")(scope, receive, send)
    elif scope["path"] == "/large":
        await PlainTextResponse(b"x" * LARGE_BYTES)(scope, receive, send)
    else:
        seen = await Request(scope, receive).body() or str(scope["client"][0]).encode()
        await PlainTextResponse(seen)(scope, receive, send)


@contextlib.contextmanager
def connections(app: ASGIApp, *, timeout: int) -> Iterator[Callable[..., socket.socket]]:
    """Run a server with this app, and give what opens connections to it; both end with the context."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    running = server.create_server(app, lifespan="off")
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    with contextlib.ExitStack() as opened:

        def connect(source: str = "127.0.0.1") -> socket.socket:
            address = listener.getsockname()
            return opened.enter_context(socket.create_connection(address, timeout, (source, 0)))

        yield connect
    running.should_exit = True
    thread.join(timeout=20)
    assert not thread.is_alive()


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], socket.socket]]:
    """Opens a connection to a server that waits a second, and keeps ten of them."""
    monkeypatch.setattr(server, "REQUEST_SECONDS", 1)
    monkeypatch.setattr(server, "REPLY_SECONDS", 1)
    monkeypatch.setattr(server, "REPLY_BYTES", 1 << 16)
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 10)
    with connections(app, timeout=20) as connect:
        yield connect


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    received = []
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            received.append(piece)
    return b"".join(received)


def read_until(connection: socket.socket, end: bytes) -> bool:
    """Read until this has come, or the server closes the connection."""
    received = b""
    while end not in received and (piece := connection.recv(1 << 16)):
        received += piece
    return end in received


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0.05)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "half",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_a_request_that_is_half_sent_is_ended_with_its_reason(
    connect: Callable[[], socket.socket], half: bytes
) -> None:
    connection = connect()
    connection.sendall(half)
    head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"content-type: application/problem+json" in head
    assert "within 1 seconds" in json.loads(body)["detail"]


@pytest.mark.parametrize("sent", [b"", GET])
def test_a_connection_on_which_nothing_comes_is_closed_without_a_word(
    connect: Callable[[], socket.socket], sent: bytes
) -> None:
    connection = connect()
    connection.sendall(sent)
    assert read_all(connection).count(b"HTTP/1.1") == (1 if sent else 0)


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\nX: ", GET + b"GET / HTTP/1.1\r\nX: "])
def test_a_request_that_comes_in_drops_is_ended_all_the_same(
    connect: Callable[[], socket.socket], start: bytes
) -> None:
    connection = connect()
    connection.sendall(start)
    began = time.monotonic()
    with contextlib.suppress(ConnectionError):
        while time.monotonic() - began < 15:
            connection.sendall(b"x")
            time.sleep(0.1)
    assert time.monotonic() - began < 10


def test_a_request_that_comes_in_pieces_is_answered(connect: Callable[[], socket.socket]) -> None:
    connection = connect()
    for _ in range(2):
        for piece in (b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-", b"Length: 6\r\n\r\nabc", b"def"):
            connection.sendall(piece)
            time.sleep(0.1)
        assert read_until(connection, b"abcdef")


@pytest.mark.slow
def test_a_stream_may_be_listened_to_in_silence(connect: Callable[[], socket.socket]) -> None:
    connection = connect()
    connection.sendall(STREAM)
    began = time.monotonic()
    assert read_until(connection, b"30\n")
    assert time.monotonic() - began > 2


@pytest.mark.slow
def test_a_reply_that_nobody_takes_is_ended(connect: Callable[[], socket.socket]) -> None:
    connection = connect()
    connection.sendall(GET.replace(b"/ ", b"/large ", 1))
    time.sleep(6)
    assert len(read_all(connection)) < LARGE_BYTES


def test_a_large_reply_that_is_taken_arrives_whole(connect: Callable[[], socket.socket]) -> None:
    connection = connect()
    connection.sendall(
        GET.replace(b"/ ", b"/large ", 1).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    )
    assert len(read_all(connection)) > LARGE_BYTES


def test_connections_that_wait_make_room_and_streams_stay(connect: Callable[[], socket.socket]) -> None:
    stream = connect()
    stream.sendall(STREAM)
    stream.recv(1 << 16)
    waiting = [connect() for _ in range(300)]
    asking = connect()
    asking.sendall(GET)
    assert b"200 OK" in asking.recv(1 << 16)
    stream.recv(1 << 16)
    said = [read_all(each) for each in waiting[:280]]
    assert all(not each or each.startswith(b"HTTP/1.1 503 ") for each in said)
    assert b"\n" in stream.recv(1 << 16)


def test_a_crowd_of_one_address_is_told_that_there_is_no_room_and_nothing_is_reset(
    connect: Callable[[], socket.socket],
) -> None:
    crowd = [connect() for _ in range(60)]
    for each in crowd:
        each.sendall(GET[:-2] + b"Connection: close\r\n\r\n")
    said = [each.makefile("rb").read() for each in crowd]
    assert {each.split(b" ")[1] for each in said} == {b"200", b"503"}
    refused = [each for each in said if each.split(b" ")[1] == b"503"]
    assert all(b"retry-after: 1\r\n" in each and b"busy" in each for each in refused)


@linux
@pytest.mark.parametrize("sent", [b"", GET[:-2], GET, STREAM])
def test_the_address_with_the_most_connections_gives_way_to_others(
    connect: Callable[..., socket.socket], sent: bytes
) -> None:
    stream = connect("127.0.0.3")
    stream.sendall(STREAM)
    stream.recv(1 << 16)
    waiting = connect("127.0.0.3")
    crowd = [connect("127.0.0.2") for _ in range(30)]
    for each in crowd:
        with contextlib.suppress(ConnectionError):
            each.sendall(sent)
    time.sleep(0.3)
    asking = connect("127.0.0.4")
    for each in (asking, waiting):
        each.sendall(GET)
        assert b"200 OK" in each.recv(1 << 16)
    stream.recv(1 << 16)
    assert read_until(stream, b"\n")


@linux
def test_of_addresses_with_as_many_connections_an_idle_one_gives_way(
    connect: Callable[..., socket.socket],
) -> None:
    streams = [connect(f"127.0.0.{number}") for number in range(2, 11)]
    for stream in streams:
        stream.sendall(STREAM)
        stream.recv(1 << 16)
    idle = [connect(f"127.0.0.{number}") for number in range(11, 19)]
    assert all(read_all(each).startswith(b"HTTP/1.1 503 ") for each in idle[:7])
    for stream in streams:
        for _ in range(3):  # the first may have come before
            assert stream.recv(1 << 16)


def test_where_all_connections_are_at_work_one_more_is_told_so(connect: Callable[[], socket.socket]) -> None:
    streams = [connect() for _ in range(10)]
    for stream in streams:
        stream.sendall(STREAM)
        stream.recv(1 << 16)
    refused = read_all(connect())
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"application/problem+json" in refused
    streams[0].close()
    time.sleep(0.5)
    connection = connect()
    connection.sendall(GET)
    assert b"200 OK" in connection.recv(1 << 16)


def test_who_a_client_says_that_it_is_forwarded_for_is_not_believed(
    connect: Callable[[], socket.socket],
) -> None:
    connection = connect()
    connection.sendall(GET[:-2] + b"X-Forwarded-For: 192.0.2.1\r\n\r\n")
    assert read_until(connection, b"127.0.0.1")


def test_a_web_socket_is_not_spoken(connect: Callable[[], socket.socket]) -> None:
    connection = connect()
    connection.sendall(GET[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert b"200 OK" in connection.recv(1 << 16)


@pytest.mark.slow
@pytest.mark.parametrize("framing", [b"Content-Length: 90000000", b"Transfer-Encoding: chunked"])
def test_a_body_that_does_not_end_is_refused_and_its_connection_closed(
    connect: Callable[[], socket.socket], monkeypatch: pytest.MonkeyPatch, framing: bytes
) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 60)
    connection = connect()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + framing + b"\r\n\r\n")
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < 60_000_000:
            sent += connection.send(b"1\r\na\r\n" * 10_000)
    assert sent < 20_000_000


def test_bodies_that_follow_each_other_are_bounded_each_for_itself(
    connect: Callable[[], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MORE_SENT_BYTES", 300_000 - server.MAX_BODY_BYTES)
    connection = connect()
    for _ in range(4):
        connection.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200003\r\n\r\n")
        connection.sendall(b"x" * 200_000 + b"end")
        assert read_until(connection, b"end")


def test_a_body_in_many_chunks_takes_no_long_time(
    connect: Callable[[], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 60)
    connection = connect()
    began = time.process_time()
    head = b"POST /guarded HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    with contextlib.suppress(ConnectionError):
        connection.sendall(head + b"1\r\na\r\n" * 900_000)
    read_all(connection)
    assert time.process_time() - began < 2


def test_a_client_that_still_sends_can_read_why_it_was_refused(connect: Callable[[], socket.socket]) -> None:
    for _ in range(30):  # else one in a few is broken off
        connection = connect()
        connection.sendall(b"GET /" + b"a" * 600_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
        assert (head[:13], body[-1:]) == (b"HTTP/1.1 400 ", b"}")
        connection.close()


def test_what_is_no_http_is_refused_once_and_nothing_breaks(
    connect: Callable[[], socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect()
    connection.sendall(
        b"POST /guarded HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n"
    )
    assert read_all(connection).count(b"HTTP/1.1 4") == 1
    assert "Exception" not in caplog.text
