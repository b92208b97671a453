"""Show the progress of a long command on standard error: as a bar in a terminal, else as a line at times."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from qa.text.display import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import TaskID

    from qa.schema import Progress

_STAGES = {
    "model": "Loading the model",
    "read": "Reading",
    "embed": "Embedding passages",
    "write": "Writing",
    "index": "Indexing by the server",
}
_SECONDS_BETWEEN_LINES = 5.0
# The seconds that rates are computed over. A rerun begins with unchanged files, which take no time.
_RATE_SECONDS = 60.0


class Meter(Protocol):
    """Something that shows progress."""

    def __call__(self, label: str, done: int, total: int, note: str = "") -> None:
        """Show under a label that `done` of `total` are done. A `total` of 0 means that it is unknown.

        If there is a `note`, it is shown after the percentage instead of both counts.
        """


@contextmanager
def meter(*, quiet: bool = False, seconds: float = _SECONDS_BETWEEN_LINES) -> Iterator[Meter]:
    """Open a meter on standard error, and leave the screen as it was. With `quiet`, it shows nothing.

    Without a terminal, `seconds` pass between two lines.
    """
    if quiet:
        yield lambda label, done, total, note="": None
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield bars
    else:
        with _lines(seconds) as lines:
            yield lines


def stage(progress: Progress) -> str:
    """Return the stage of a piece of work in words."""
    return _STAGES[progress.stage]


def staged(show: Meter, clock: Callable[[], float] = time.monotonic) -> Callable[[Progress], None]:
    """Return a function that shows work on a meter. For indexing, it adds passages a second and time left."""
    samples: deque[tuple[float, int, int]] = deque()  # seconds, passages and bytes done

    def report(progress: Progress) -> None:
        if not progress.all_bytes:
            show(stage(progress), progress.done, progress.total)
            return
        now = clock()
        if len(samples) > 1 and now - samples[-2][0] < 1:
            samples.pop()  # one sample a second is enough
        samples.append((now, progress.passages, progress.bytes))
        while now - samples[0][0] > _RATE_SECONDS:
            samples.popleft()
        seconds, passages, size = (last - first for last, first in zip(samples[-1], samples[0], strict=True))
        note = f"{progress.passages:,} passages"
        if seconds and size:
            left = dt.timedelta(seconds=round((progress.all_bytes - progress.bytes) * seconds / size))
            note += f", {passages / seconds:,.1f} a second, {left} left"
        show("Indexing", progress.bytes, progress.all_bytes, note)

    return report


@contextmanager
def _bars() -> Iterator[Meter]:
    """Yield a meter that draws a bar for each label on a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Count(ProgressColumn):
        def render(self, task: Task) -> Text:
            if note := task.fields["note"]:
                return Text(f"{task.percentage:.0f} %, {note}")
            total = f"{task.total:.0f}" if task.total else "?"
            speed = f" {task.speed:,.1f}/s" if task.speed else ""
            return Text(f"{task.completed:.0f}/{total}{speed}")

    class Left(TimeRemainingColumn):
        def render(self, task: Task) -> Text:
            return Text() if task.fields["note"] else super().render(task)

    tasks: dict[str, TaskID] = {}
    waiting: set[str] = set()  # labels without a count; each label ends when the next label comes
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        Count(),
        Left(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def show(label: str, done: int, total: int, note: str = "") -> None:
            label = in_one_line(label)
            for over in waiting - {label}:
                progress.remove_task(tasks.pop(over))
            waiting.intersection_update({label})
            if label not in tasks:
                tasks[label] = progress.add_task(label, total=None, note="")
                if not total and not done:
                    waiting.add(label)
            progress.update(tasks[label], completed=done, total=total or None, note=note)

        yield show


@contextmanager
def _lines(seconds: float) -> Iterator[Meter]:
    """Yield a meter that prints a line for each label, and again after some seconds."""
    shown: set[str] = set()
    ends: dict[str, str] = {}  # the line that says that all is done, by label, until the line is shown
    last = 0.0

    def show(label: str, done: int, total: int, note: str = "") -> None:
        nonlocal last
        label = in_one_line(label)
        now = time.monotonic()
        count = f"{done / total:.0%}, {note}" if note and total else f"{done:,} of {total:,}"
        line = f"{label}: {count}" if total else f"{label} …"
        ends.pop(label, None)
        if label in shown and now - last < seconds:
            if total and done >= total:
                ends[label] = line
            return
        shown.add(label)
        last = now
        print(line, file=sys.stderr, flush=True)  # noqa: T201

    yield show
    for line in ends.values():
        print(line, file=sys.stderr, flush=True)  # noqa: T201
