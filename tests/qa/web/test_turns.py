"""Turns between clients, with work that ends when the test says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from qa.deadline import Deadline
from qa.errors import BusyError, CancelledError
from qa.web import turns
from qa.web.turns import CLIENT, Turns
from tests.qa.web.looped import run

if TYPE_CHECKING:
    import pytest


class Work:
    """Pieces of work of clients, by name: what has begun, in order, and how each is ended."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.begun: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def send(self, *names: str, deadline: Deadline | None = None) -> None:
        """Send work in this order; the first letter of its name is its client's."""
        for name in names:
            self._ends[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._run(name, deadline))
            await asyncio.sleep(0)
        await settle()

    async def _run(self, name: str, deadline: Deadline | None) -> None:
        CLIENT.set(name[0])
        async with self.turns.turn(deadline):
            self.begun.append(name)
            await self._ends[name].wait()

    async def end(self, *names: str) -> None:
        for name in names:
            self._ends[name].set()
            await settle()

    async def end_all(self) -> None:
        for each in self._ends.values():
            each.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    def refused(self) -> list[str]:
        return [
            name
            for name, task in self.tasks.items()
            if task.done() and not task.cancelled() and isinstance(task.exception(), BusyError)
        ]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_clients_take_turns_and_one_that_is_alone_has_them_all() -> None:
    async def test() -> None:
        work = Work(Turns(2, spare=0))
        await work.send("a1", "a2", "a3", "a4", "b1", "c1", "b2")
        assert work.begun == ["a1", "a2"]
        await work.end("a1", "a2", "b1", "a3", "c1")
        assert work.begun == ["a1", "a2", "b1", "a3", "c1", "b2", "a4"]
        await work.end_all()

    run(test())


def test_a_client_with_nothing_running_does_not_wait_for_long_work_of_another() -> None:
    async def test() -> None:
        work = Work(Turns(2, spare=1))
        await work.send("a1", "a2", "a3", "b1", "c1")
        assert work.begun == ["a1", "a2", "b1"]
        await work.end("b1")
        assert work.begun == ["a1", "a2", "b1", "c1"]
        await work.end_all()

    run(test())


def test_what_would_take_too_long_is_refused_the_heaviest_client_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "_FIRST_COST", 1.0)

    async def test() -> None:
        work = Work(Turns(1, spare=0, seconds=4))
        await work.send("a1", "a2", "a3", "a4", "a5")
        assert work.refused() == ["a5"]
        await work.send("b1", "b2")
        assert work.refused() == ["a4", "a5", "b2"]
        error = work.tasks["a5"].exception()
        assert isinstance(error, BusyError)
        assert "busy" in str(error)
        assert error.seconds >= 1
        await work.end("a1", "a2")
        assert work.begun == ["a1", "a2", "b1"]
        await work.end_all()

    run(test())


def test_how_much_may_wait_follows_how_long_such_work_takes() -> None:
    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def accepted(seconds: float) -> int:
        work = Turns(2, spare=0, seconds=0.4)

        async def piece() -> None:
            async with work.turn():
                await wait(seconds)

        for _ in range(12):
            await asyncio.gather(piece(), piece())
        results = await asyncio.gather(*(piece() for _ in range(40)), return_exceptions=True)
        return sum(result is None for result in results)

    async def test() -> None:
        quick, slow = await accepted(0.01), await accepted(0.1)
        assert quick == 2 + turns._MOST_WAITING
        assert 6 <= slow <= 8  # two at a time, each .1 s: eight in .4 s

    run(test())


def test_what_waits_is_withdrawn_with_its_task_or_its_deadline_and_leaves_no_trace() -> None:
    async def test() -> None:
        work = Work(Turns(1, spare=0))
        deadline = Deadline(60)
        await work.send("a1")
        await work.send("b1", deadline=deadline)
        await work.send("c1", "d1")
        work.tasks["c1"].cancel()
        deadline.cancel()
        await asyncio.sleep(0.4)
        assert isinstance(work.tasks["b1"].exception(), CancelledError)
        await work.end("a1")
        assert work.begun == ["a1", "d1"]
        await work.end_all()
        assert not work.turns._waiting
        assert not work.turns._running

    run(test())


def test_one_that_has_waited_for_half_of_its_time_is_refused_and_never_begun() -> None:
    async def test() -> None:
        work = Work(Turns(1, spare=0, seconds=60))
        await work.send("a1")
        await work.send("b1", deadline=Deadline(1))
        await asyncio.sleep(1.2)
        assert work.refused() == ["b1"]
        await work.end_all()

    run(test())


def test_a_piece_of_work_knows_how_many_come_before_it() -> None:
    async def test() -> None:
        work = Work(Turns(2, spare=0))
        mine = [Deadline(60) for _ in range(3)]
        await work.send("a1", "a2")
        await work.send("c1", deadline=mine[0])
        assert work.turns.before(mine[0]) == 0
        assert work.turns.before(mine[1]) is None
        await work.end("a1")
        assert work.turns.before(mine[0]) is None
        await work.send("a3", "a4")
        for number, deadline in enumerate(mine):
            await work.send(f"b{number}", deadline=deadline)
        assert [work.turns.before(each) for each in mine] == [0, 2, 4]
        await work.end("c1", "b0", "a2", "a3", "b1")
        assert work.begun == ["a1", "a2", "c1", "b0", "b1", "a3", "a4", "b2"]
        await work.end_all()

    run(test())
