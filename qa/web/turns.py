"""Give turns to clients. A client with much work waits longest, and is refused first if too much waits."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from qa.errors import BusyError, DeadlineError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from starlette.datastructures import Headers

    from qa.deadline import Deadline

# The client whose request is being served; `qa.web.guard` sets it.
CLIENT: ContextVar[str] = ContextVar("client", default="")
_IPV6_NETWORK = 64  # bits
# Some proxies report an address with its port.
_WITH_PORT = re.compile(r"\[(?P<v6>[^\[\]]+)\](?::\d+)?|(?P<v4>[^:]+):\d+")
# Seconds between two checks whether anybody still waits for a waiting piece of work.
_PATIENCE = 0.25
# Seconds that a piece of work is assumed to take until some pieces are measured.
_FIRST_COST = 0.5
# Weight of the newest measurement in the moving average, 0 to 1.
_NEWEST = 0.2
# Maximum number of pieces of work that wait, however quick the work is.
_MOST_WAITING = 24


def client_of(scope: Mapping[str, Any], headers: Headers | None = None) -> str:
    """Return the client that sent a request: an address, never a session, because anybody can make sessions.

    For an IPv6 address, return its network, because one person has all addresses of the network. `headers`
    are given if a trusted proxy passed the request on. The client is then the last in `X-Forwarded-For`.
    """
    reported = ",".join(headers.getlist("x-forwarded-for")).rpartition(",")[2].strip() if headers else ""
    if with_port := _WITH_PORT.fullmatch(reported):
        reported = with_port["v6"] or with_port["v4"]
    address = reported or str((scope.get("client") or ("",))[0])
    try:
        read = ip_address(address.partition("%")[0])
    except ValueError:
        return "" if reported else address
    if isinstance(read, IPv4Address):
        return str(read)
    return str(read.ipv4_mapped or ip_network((read, _IPV6_NETWORK), strict=False))


class _Ticket:
    """A piece of work that waits for its turn."""

    def __init__(self, number: int, deadline: Deadline | None) -> None:
        self.number = number
        self.deadline = deadline
        self.called: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Turns:
    """Lets `at_once` pieces of work run at once, and gives turns to clients for the waiting work.

    The next turn goes to the client with the least running work. Among several such clients, it goes to the
    client that has waited longest since its last turn. A client with nothing running may begin in addition to
    `at_once`, up to `spare` pieces in all. So it need not wait for the long work of others. If there is only
    one client, it has all turns.

    With `seconds`, work is refused if recent work shows that it could not be done in so many seconds. The
    newest work of the client with the most waiting work is refused first. Use the class in one event loop.

    Attributes:
        refused: how many pieces of work were refused.
    """

    def __init__(self, at_once: int, *, spare: int = 1, seconds: float = math.inf) -> None:
        self._at_once, self._spare, self._seconds = at_once, spare, seconds
        self._running: Counter[str] = Counter()
        # The waiting work by client. The client that has waited longest since its last turn comes first.
        self._waiting: dict[str, list[_Ticket]] = {}
        self._numbered = 0
        # Seconds of the machine that one piece would have by now, if it had always shared with running work.
        self._share = 0.0
        self._changed = time.monotonic()
        self._cost = _FIRST_COST
        self.refused = 0

    @property
    def running(self) -> int:
        """How many pieces of work run."""
        return self._running.total()

    @property
    def waiting(self) -> int:
        """How many pieces of work wait."""
        return sum(map(len, [*self._waiting.values()]))

    @asynccontextmanager
    async def turn(self, deadline: Deadline | None = None) -> AsyncIterator[None]:
        """Wait for a turn of the present client, and keep the turn until the block ends.

        With `seconds`, at most half of the deadline's remaining time is spent waiting, so that work that
        begins can be done.

        Raises:
            BusyError: the work could not be done in time, or other work with earlier turns came.
            CancelledError: nobody waits for the work any more.
        """
        client = CLIENT.get()
        self._numbered += 1
        ticket = _Ticket(self._numbered, deadline)
        self._waiting.setdefault(client, []).append(ticket)
        self._call()
        self._turn_away()
        try:
            await self._called(ticket)
            with self._measured(deadline):
                yield
        finally:
            if not ticket.called.done():
                self._withdraw(client, ticket)
            elif not ticket.called.exception():
                self._update_share()
                self._running[client] -= 1
                self._running += Counter()  # drops clients with nothing running
                self._call()

    def before(self, deadline: Deadline) -> int | None:
        """Return how many pieces come before the work with this deadline, or None if it does not wait."""
        clients = list(self._waiting)
        for number, client in enumerate(clients):
            for position, ticket in enumerate(self._waiting[client]):
                if ticket.deadline is deadline:
                    turn = self._running[client] + position
                    return position + sum(
                        min(len(self._waiting[other]), max(0, turn - self._running[other] + (at < number)))
                        for at, other in enumerate(clients)
                        if other != client
                    )
        return None

    async def _called(self, ticket: _Ticket) -> None:
        """Wait until a piece of work has its turn.

        Raises:
            BusyError: the work was refused, or half of the time for it is over.
            CancelledError: nobody waits for the work any more.
        """
        deadline = ticket.deadline
        least = deadline.left() / 2 if deadline else 0
        while not (await asyncio.wait((ticket.called,), timeout=_PATIENCE if deadline else None))[0]:
            if deadline:
                deadline.raise_if_cancelled()
                if self._seconds < math.inf and deadline.left() < least:
                    raise self._busy_error()
        ticket.called.result()

    @contextmanager
    def _measured(self, deadline: Deadline | None) -> Iterator[None]:
        """Measure the machine time that the work in the block takes, for the moving average.

        Work that fails early, or waits for something else (`restarted`), does not count.
        """
        share, counts = self._share, False
        try:
            yield
            counts = not (deadline and deadline.restarted)
        except DeadlineError:
            counts = True
            raise
        finally:
            self._update_share()
            if counts:
                self._cost += _NEWEST * (self._share - share - self._cost)

    def _call(self) -> None:
        """Start the waiting work that has its turn."""
        while self._waiting:
            client = min(self._waiting, key=self._running.__getitem__)
            room = self._at_once if self._running[client] else self._at_once + self._spare
            if self.running >= room:
                return
            self._update_share()
            tickets = self._waiting[client]
            ticket = tickets[0]
            self._withdraw(client, ticket)
            if tickets:  # the client goes to the end of the line
                self._waiting[client] = self._waiting.pop(client)
            self._running[client] += 1
            ticket.called.set_result(None)

    def _turn_away(self) -> None:
        """Refuse work that cannot be done in time, first the newest of the client with the most waiting."""
        most = min(_MOST_WAITING, self._seconds / self._cost - self.running)
        while self._seconds < math.inf and self._waiting and self.waiting > most:
            client = max(
                self._waiting,
                key=lambda candidate: (len(self._waiting[candidate]), self._waiting[candidate][-1].number),
            )
            ticket = self._waiting[client][-1]
            self._withdraw(client, ticket)
            ticket.called.set_exception(self._busy_error())

    def _withdraw(self, client: str, ticket: _Ticket) -> None:
        """Remove a piece of work from the waiting work."""
        self._waiting[client].remove(ticket)
        if not self._waiting[client]:
            del self._waiting[client]

    def _update_share(self) -> None:
        """Add the time since the last call to `_share`. Call this before the running work changes."""
        now, running = time.monotonic(), self.running
        if running:
            self._share += (now - self._changed) / running
        self._changed = now

    def _busy_error(self) -> BusyError:
        """Count a refusal, and return its error, with the seconds after which to try again."""
        self.refused += 1
        half = self._cost * (self.waiting + self.running) / 2
        return BusyError(max(1, math.ceil(min(half, self._seconds))))
