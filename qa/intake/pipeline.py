"""Overlap three stages: read the next group, work on the current group, and write the last group."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from qa.schema import OnProgress, Progress

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")
_Result = TypeVar("_Result")


def overlap(
    groups: Iterator[list[_Item]],
    work: Callable[[list[_Item]], _Made],
    write: Callable[[_Item, _Made], None],
    huge: Callable[[list[_Item]], bool],
    in_one_change: Callable[[list[_Item]], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> None:
    """Take groups on one thread, work on them on the caller's thread, and write their items on a third.

    Items are written in order. The items of a group are written within the group's `in_one_change`. At most
    three groups are in memory, and a `huge` group is there alone. An error in any stage ends all stages,
    after the items before it are written. Of several errors, the first in order is raised. An interruption
    (Ctrl-C raises it on the main thread) ends the stages after the item that is being written.
    """
    stopped = threading.Event()

    def write_each(group: list[_Item], made: Any) -> None:
        with in_one_change(group):
            for item in group:
                if stopped.is_set():
                    return
                write(item, made)

    with ThreadPoolExecutor(1, thread_name_prefix="pullquote-writer") as writer:  # waits for it at the end
        # Start the thread before it has work: an interruption during the start would leave the thread behind.
        writing = writer.submit(write_each, [], None)
        reading = _begin(lambda: next(groups, None))
        try:
            try:
                while (group := reading.result()) is not None:
                    alone = huge(group)
                    if not alone:
                        reading = _begin(lambda: next(groups, None))
                    made = work(group)
                    writing.result()
                    writing = writer.submit(write_each, group, made)
                    if alone:
                        writing.result()
                        reading = _begin(lambda: next(groups, None))
                writing.result()
            except Exception:
                writing.result()  # an error of the writer came first
                raise
        except BaseException:
            stopped.set()
            raise


def grouped(
    items: Iterable[_Item], most: int, size: int, size_of: Callable[[_Item], int]
) -> Iterator[list[_Item]]:
    """Yield groups of items, in order. A group ends when it has `most` items or reaches `size`."""
    group: list[_Item] = []
    held = 0
    for item in items:
        group.append(item)
        held += size_of(item)
        if held >= size or len(group) >= most:
            yield group
            group, held = [], 0
    if group:
        yield group


def _begin(function: Callable[[], _Result]) -> Future[_Result]:
    """Call a function on a daemon thread, so that an interruption need not wait for a reader."""
    future: Future[_Result] = Future()

    def call() -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    return future


def silent(_: Progress) -> None:
    """Show no progress."""


@contextmanager
def one_at_a_time(show: OnProgress) -> Iterator[OnProgress]:
    """Let several threads show progress one after the other, and no progress after the block."""
    lock = threading.Lock()
    over = False

    def show_one(progress: Progress) -> None:
        with lock:
            if not over:
                show(progress)

    try:
        yield show_one
    finally:
        over = True
