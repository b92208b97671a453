"""Three stages that overlap: the next group is read, and the last one written, while one is worked on."""

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
    """Take groups on one thread, work on each on the caller's, write its items in order on a third.

    What is written of a group is written within `in_one_change` of it. At most three groups are in memory,
    and a `huge` one alone. An error in any stage ends them all, once what came before it is written; of
    several, the first in order is raised. An interruption (Ctrl-C raises it on the main thread) ends them
    after the item that is being written.
    """
    stopped = threading.Event()

    def write_each(group: list[_Item], made: Any) -> None:
        with in_one_change(group):
            for item in group:
                if stopped.is_set():
                    return
                write(item, made)

    with ThreadPoolExecutor(1, thread_name_prefix="pullquote-writer") as writer:  # waits for it at the end
        # Its thread is there before it has work: an interruption while it starts would leave it behind.
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
                writing.result()  # an error of its own came first
                raise
        except BaseException:
            stopped.set()
            raise


def grouped(
    items: Iterable[_Item], most: int, size: int, size_of: Callable[[_Item], int]
) -> Iterator[list[_Item]]:
    """Group items until a group has so many, or that size; in order, and none empty."""
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
    """Call a function on a thread that nothing waits for: an interruption need not wait for a reader."""
    future: Future[_Result] = Future()

    def call() -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # it is raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    return future


def silent(_: Progress) -> None:
    """Show no progress."""


@contextmanager
def one_at_a_time(show: OnProgress) -> Iterator[OnProgress]:
    """Let several threads show progress, one after the other, and none when all is over."""
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
