"""Run slow functions in threads: a limited number at once, with turns between clients."""

from __future__ import annotations

import asyncio
import math
from functools import partial, wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from qa.web.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from qa.deadline import Deadline

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Threads(Turns):
    """Runs functions in its own threads, by turns. Functions that wait take no thread."""

    def __init__(self, at_once: int, *, spare: int = 1, seconds: float = math.inf) -> None:
        super().__init__(at_once, spare=spare, seconds=seconds)
        self._own = CapacityLimiter(at_once + spare)  # anyio's default threads stay free

    async def run(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run a function with its arguments when its turn comes."""
        return await self._run(None, partial(function, *args, **kwargs))

    async def run_in_turn(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run a function with its arguments. The caller must have a turn already."""
        return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._own)

    async def run_while_awaited(
        self, deadline: Deadline, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs
    ) -> _R:
        """Run a function with its arguments when its turn comes.

        If nobody waits for the function any more, cancel its deadline.

        Raises:
            BusyError, CancelledError: see `Turns.turn`.
        """
        work = asyncio.ensure_future(self._run(deadline, partial(function, *args, **kwargs)))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            deadline.cancel()
            work.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody awaits it now
            raise

    def limited(self, function: Callable[_P, _R]) -> Callable[_P, Awaitable[_R]]:
        """Return a function that runs `function` in a thread when its turn comes."""

        @wraps(function)
        async def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            return await self.run(function, *args, **kwargs)

        return run

    async def _run(self, deadline: Deadline | None, function: Callable[[], _R]) -> _R:
        async with self.turn(deadline):
            return await self.run_in_turn(function)
