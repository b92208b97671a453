"""Slow functions run in threads, at most so many at once."""

from __future__ import annotations

import asyncio
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from qa.deadline import Deadline

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Threads:
    """Runs functions in threads, at most `at_once` of them; the others wait without taking a thread."""

    def __init__(self, at_once: int) -> None:
        self._limit = asyncio.Semaphore(at_once)

    async def run(self, function: Callable[_P, _R], *args: _P.args, **named: _P.kwargs) -> _R:
        """Run a function with its arguments, when it is its turn."""
        async with self._limit:
            return await run_in_threadpool(function, *args, **named)

    async def run_while_awaited(
        self, deadline: Deadline, function: Callable[_P, _R], *args: _P.args, **named: _P.kwargs
    ) -> _R:
        """Run a function with its arguments; when nobody waits for it any more, its deadline is cancelled."""
        work = asyncio.ensure_future(self.run(function, *args, **named))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            deadline.cancel()
            work.add_done_callback(lambda done: done.cancelled() or done.exception())  # which nobody awaits
            raise

    def limited(self, function: Callable[_P, _R]) -> Callable[_P, Awaitable[_R]]:
        """Return a function that runs this one in a thread, when it is its turn."""

        @wraps(function)
        async def run(*args: _P.args, **named: _P.kwargs) -> _R:
            return await self.run(function, *args, **named)

        return run
