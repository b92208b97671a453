"""The HTTP server: uvicorn, with a time limit on every wait for a client, and a limit on connections.

uvicorn alone waits for ever for a request that is half sent, and for a reply that nobody reads. A client that
has asked for a stream may be silent for as long as it likes, because the server waits for nothing from it.
"""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from qa.web.guard import MAX_BODY_BYTES, most_bytes
from qa.web.problem import Problem
from qa.web.request_log import RequestLog
from qa.web.turns import client_of

if TYPE_CHECKING:
    import asyncio
    from types import FrameType

    from starlette.types import ASGIApp, Scope

# Seconds that a request may take to come, headers and body together.
REQUEST_SECONDS = 15
# Seconds that a client may take to upload so many bytes of a file, or the rest of the file.
UPLOAD_SECONDS = 15
UPLOAD_BYTES = 1 << 18
# Seconds that a client may take to receive so many bytes of a reply, or the rest of the reply.
REPLY_SECONDS = 30
REPLY_BYTES = 1 << 20
# Maximum number of connections that are served. Each takes a file descriptor, and some systems give a process
# 256. Browsers open at most 6 for a page.
MAX_CONNECTIONS = 128
# Maximum number of further connections, which are refused with a reply. Beyond this, they are aborted.
MAX_REFUSED = 64
# How many bytes may come beyond the body that the guard lets through, framing included. The guard refuses a
# larger body while the rest of it still comes.
MORE_SENT_BYTES = 3 << 20
# Seconds and bytes that a refused client may go on sending before its connection is closed.
_LINGER_SECONDS = 1
_LINGER_BYTES = 1 << 20
# Seconds that the server waits for open streams when it ends.
_FAREWELL_SECONDS = 1
_numbers = itertools.count()


class BoundedProtocol(H11Protocol):
    """A connection that ends when its client takes too long to send a request or to receive the reply."""

    address = ""
    _number = 0  # the higher, the newer
    _request_begun = False
    _refused = False
    _lingered = 0  # bytes that came after the refusal
    _sent_bytes = 0
    _sent_before: int | None = None  # `_sent_bytes` at the last check
    _request_timer: asyncio.TimerHandle | None = None
    _reply_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request. If there are too many connections, end one."""
        super().connection_made(transport)
        self._number = next(_numbers)
        self.address = client_of({"client": self.client})
        # Writing is paused, and the timer runs, until the client has received everything.
        transport.set_write_buffer_limits(high=0)
        self._watch_request()
        self._make_room()

    def data_received(self, data: bytes) -> None:
        """Take the data that were sent, unless they are too much for one body."""
        if self._refused:
            self._lingered += len(data)
            if self._lingered > _LINGER_BYTES:
                self.transport.close()
            return
        self._request_begun = True
        if self.conn.their_state is h11.SEND_BODY:
            self._sent_bytes += len(data)
        else:
            self._sent_bytes, self._sent_before = 0, None
        if self._sent_bytes > self._most_bytes() + MORE_SENT_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
            return
        super().data_received(data)
        self._watch_request()

    def send_400_response(self, msg: str) -> None:
        """Answer that the data are not HTTP, unless a reply has begun."""
        self._refuse(HTTPStatus.BAD_REQUEST, msg)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._request_begun = False
        super().on_response_complete()
        self._watch_request()

    def pause_writing(self) -> None:
        """Begin to wait for the client to receive what was written."""
        super().pause_writing()
        self._watch_reply()

    def resume_writing(self) -> None:
        """Go on: the client has received everything."""
        super().resume_writing()
        self._stop_watching_reply()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        super().connection_lost(exc)
        self._stop_watching_request()
        self._stop_watching_reply()

    def _most_bytes(self) -> int:
        """Return how many bytes the body that is coming may have."""
        return most_bytes(cast("Scope", self.scope)) if self.scope else MAX_BODY_BYTES

    def _watch_reply(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._reply_timer = self.loop.call_later(REPLY_SECONDS, self._end_slow_reply, left)

    def _stop_watching_reply(self) -> None:
        if self._reply_timer is not None:
            self._reply_timer.cancel()
            self._reply_timer = None

    def _end_slow_reply(self, left_before: int) -> None:
        if left_before - self.transport.get_write_buffer_size() < REPLY_BYTES:
            self.transport.abort()
        else:
            self._watch_reply()

    def _watch_request(self) -> None:
        """Let the timer run from the end of one request to the end of the next."""
        if self._refused:
            return
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop_watching_request()
        elif self._request_timer is None and not self.transport.is_closing():
            self._request_timer = self.loop.call_later(REQUEST_SECONDS, self._end_slow_request)

    def _stop_watching_request(self) -> None:
        if self._request_timer is not None:
            self._request_timer.cancel()
            self._request_timer = None

    def _end_slow_request(self) -> None:
        """Refuse a request that has not come in time. An upload has more time while it goes on."""
        if self.conn.their_state is h11.SEND_BODY and self._most_bytes() > MAX_BODY_BYTES:
            before, self._sent_before = self._sent_before, self._sent_bytes
            goes_on = before is None or self._sent_bytes - before >= UPLOAD_BYTES
            if goes_on or self.flow.read_paused:  # a paused client waits for us
                self._request_timer = self.loop.call_later(UPLOAD_SECONDS, self._end_slow_request)
                return
        if self._request_begun:
            detail = f"the request did not arrive within {REQUEST_SECONDS} seconds: send it again"
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, detail)
        else:
            self.transport.close()

    def _make_room(self) -> None:
        """If there are too many connections, end a connection of an address that has the most."""
        connections = cast("set[BoundedProtocol]", self.connections)
        served = {connection for connection in connections if not connection._refused}
        if len(served) > MAX_CONNECTIONS:
            _one_of_the_heaviest(served)._give_way()
        elif len(connections) > MAX_CONNECTIONS + MAX_REFUSED:
            _one_of_the_heaviest(connections - served).transport.abort()

    def _give_way(self) -> None:
        if self.cycle is not None and self._is_idle():  # the client waits for nothing
            self.transport.close()
            self.connections.discard(self)  # at once: the loop reports the end only in its next round
            return
        self._refuse(
            HTTPStatus.SERVICE_UNAVAILABLE, "the server is busy with other requests: ask again in a moment"
        )
        if self.cycle is not None:
            self.cycle.message_event.set()  # tells the app that the client has gone

    def _is_idle(self) -> bool:
        return self._request_timer is not None and not self._request_begun

    def _worth(self) -> tuple[int, int]:
        """Return the worth of a connection, from least: idle, sending, waiting, receiving a reply.

        Among idle or sending connections, the oldest is worth least. Among the others, the newest is.
        """
        if self._request_timer is not None:
            return int(self._request_begun), self._number
        return 2 + (self.conn.our_state is not h11.SEND_RESPONSE), -self._number

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Send a refusal, unless a reply has begun, and close once the client can have read it."""
        if self.cycle is not None:  # an earlier request must not be answered in addition
            self.cycle.disconnected = True
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            reply = Problem(status, detail)
            if status == HTTPStatus.SERVICE_UNAVAILABLE:
                reply.headers["Retry-After"] = "1"
            headers = [*reply.raw_headers, (b"connection", b"close")]
            for event in (
                h11.Response(status_code=status, headers=headers, reason=status.phrase.encode()),
                h11.Data(data=bytes(reply.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        # If it were closed with unread data, the client would see a broken connection and might not read why.
        self._stop_watching_request()
        self._refused = True
        self._request_timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()


def _one_of_the_heaviest(connections: set[BoundedProtocol]) -> BoundedProtocol:
    """Return the connection that is worth least among the addresses with the most connections."""
    counts = Counter(connection.address for connection in connections)
    most = max(counts.values())
    heaviest = (connection for connection in connections if counts[connection.address] == most)
    return min(heaviest, key=BoundedProtocol._worth)


class Server(uvicorn.Server):
    """uvicorn's server, but it ends without error messages about open streams."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end. An open tab always has a stream, and cutting the stream off is not an error."""
        logging.getLogger("uvicorn.error").disabled = True
        super().handle_exit(sig, frame)


def create_server(app: ASGIApp, **settings: Any) -> Server:
    """Return a server for the app. `settings` are uvicorn's settings."""
    return Server(
        uvicorn.Config(
            RequestLog(app),
            http=BoundedProtocol,
            ws="none",
            # A client's mistakes are reported to the client, not on the terminal.
            log_level="error",
            log_config=None,
            # Headers with a forwarded host or address are not trusted, because any client can send them.
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_FAREWELL_SECONDS,
            **settings,
        )
    )
