"""How far a long command has come, on standard error: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import TaskID

    from qa.schema import Progress

_STAGES = {
    "model": "Loading the model",
    "read": "Reading",
    "embed": "Embedding passages",
    "write": "Writing",
}
_SECONDS_BETWEEN_LINES = 5.0


class Meter(Protocol):
    """What shows progress."""

    def __call__(self, label: str, done: int, total: int) -> None:
        """Show that `done` of `total` are done under a label; a `total` of 0 is unknown."""


@contextmanager
def meter(*, quiet: bool = False) -> Iterator[Meter]:
    """Open a meter on standard error and leave the screen as it was; with `quiet` it shows nothing."""
    if quiet:
        yield lambda label, done, total: None
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield bars
    else:
        yield _lines()


def stage(progress: Progress) -> str:
    """Name the stage of a piece of work for a reader."""
    return _STAGES[progress.stage]


@contextmanager
def _bars() -> Iterator[Meter]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.1f}/s" if task.speed else "", "dim")

    tasks: dict[str, TaskID] = {}
    waiting: set[str] = set()  # labels that count nothing: each is over when the next one comes
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def show(label: str, done: int, total: int) -> None:
            if label not in tasks:
                for over in waiting:
                    progress.remove_task(tasks.pop(over))
                waiting.clear()
                tasks[label] = progress.add_task(label, total=None)
                if not total and not done:
                    waiting.add(label)
            progress.update(tasks[label], completed=done, total=total or None)

        yield show


def _lines() -> Meter:
    shown: set[str] = set()
    last = 0.0

    def show(label: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if label in shown and now - last < _SECONDS_BETWEEN_LINES:
            return
        shown.add(label)
        last = now
        print(f"{label}: {done:,} of {total:,}" if total else f"{label} …", file=sys.stderr, flush=True)  # noqa: T201

    return show
