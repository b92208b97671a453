"""Turns by client: one that sends much waits behind itself, and gives way first where too much waits."""

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
# Seconds after which what waits looks whether anybody waits for it still.
_PATIENCE = 0.25
# Seconds that a piece of work is thought to take until some were measured, and how much each of these counts.
_FIRST_COST = 0.5
_NEWEST = 0.2
# However quick the work is, no more of it waits.
_MOST_WAITING = 24


def client_of(scope: Mapping[str, Any], headers: Headers | None = None) -> str:
    """Return the client that sent a request: its address, never a session, which anybody can make.

    Of an IPv6 address it is the network, as one person has all addresses of it. `headers` are given where a
    trusted proxy passed the request on: the client is the last one that it reports.
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
    """Lets so much work run at once, and calls what waits by turns between clients.

    The client with the least running is next, and of several the one whose last turn is the longest ago. A
    client with nothing running may begin beyond `at_once`, `spare` pieces in all: it need not wait until long
    work of others ends. A client that is alone has all turns.

    With `seconds`, work is refused that could not be done in so many by what such work took lately. The
    client with the most waiting gives way, with what it sent last. All is called in one event loop.
    """

    def __init__(self, at_once: int, *, spare: int = 1, seconds: float = math.inf) -> None:
        self._at_once, self._spare, self._seconds = at_once, spare, seconds
        self._running: Counter[str] = Counter()
        # By client, the one whose turn is the longest ago first.
        self._waiting: dict[str, list[_Ticket]] = {}
        self._numbered = 0
        # How much work one piece would have got by now, had it always shared with those running.
        self._share = 0.0
        self._changed = time.monotonic()
        self._cost = _FIRST_COST

    @asynccontextmanager
    async def turn(self, deadline: Deadline | None = None) -> AsyncIterator[None]:
        """Wait for a turn of the present client, and hold it.

        Where the time is bounded, at most half of what the deadline leaves is spent waiting: what begins can
        be done.

        Raises:
            BusyError: the work could not be done in time, or others came whose turn is before it.
            CancelledError: nobody waits for it any more.
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
                self._note_change()
                self._running[client] -= 1
                self._running += Counter()  # forgets who has nothing running
                self._call()

    def before(self, deadline: Deadline) -> int | None:
        """Say how much has its turn before the work with this deadline; None if that does not wait."""
        clients = list(self._waiting)
        for number, client in enumerate(clients):
            for place, ticket in enumerate(self._waiting[client]):
                if ticket.deadline is deadline:
                    turn = self._running[client] + place
                    return place + sum(
                        min(len(self._waiting[each]), max(0, turn - self._running[each] + (at < number)))
                        for at, each in enumerate(clients)
                        if each != client
                    )
        return None

    async def _called(self, ticket: _Ticket) -> None:
        deadline = ticket.deadline
        least = deadline.left() / 2 if deadline else 0
        while not (await asyncio.wait((ticket.called,), timeout=_PATIENCE if deadline else None))[0]:
            if deadline:
                deadline.raise_if_cancelled()
                if self._seconds < math.inf and deadline.left() < least:
                    raise self._busy()
        ticket.called.result()

    @contextmanager
    def _measured(self, deadline: Deadline | None) -> Iterator[None]:
        """Note how much of the machine work takes, unless it fails early or waits for something else."""
        share, counts = self._share, False
        try:
            yield
            counts = not (deadline and deadline.restarted)
        except DeadlineError:
            counts = True
            raise
        finally:
            self._note_change()
            if counts:
                self._cost += _NEWEST * (self._share - share - self._cost)

    def _call(self) -> None:
        """Let begin what has its turn."""
        while self._waiting:
            client = min(self._waiting, key=self._running.__getitem__)
            room = self._at_once if self._running[client] else self._at_once + self._spare
            if self._running.total() >= room:
                return
            self._note_change()
            tickets = self._waiting[client]
            ticket = tickets[0]
            self._withdraw(client, ticket)
            if tickets:  # the others of this client wait behind those of all others
                self._waiting[client] = self._waiting.pop(client)
            self._running[client] += 1
            ticket.called.set_result(None)

    def _turn_away(self) -> None:
        """Refuse what cannot be done in time, the newest of whoever has the most waiting first."""
        most = min(_MOST_WAITING, self._seconds / self._cost - self._running.total())
        while self._seconds < math.inf and self._waiting and self._length() > most:
            client = max(
                self._waiting, key=lambda each: (len(self._waiting[each]), self._waiting[each][-1].number)
            )
            ticket = self._waiting[client][-1]
            self._withdraw(client, ticket)
            ticket.called.set_exception(self._busy())

    def _length(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _withdraw(self, client: str, ticket: _Ticket) -> None:
        self._waiting[client].remove(ticket)
        if not self._waiting[client]:
            del self._waiting[client]

    def _note_change(self) -> None:
        now, running = time.monotonic(), self._running.total()
        if running:
            self._share += (now - self._changed) / running
        self._changed = now

    def _busy(self) -> BusyError:
        half = self._cost * (self._length() + self._running.total()) / 2
        return BusyError(max(1, math.ceil(min(half, self._seconds))))
