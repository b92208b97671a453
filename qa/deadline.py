"""Deadlines: work ends at its next check if it takes too long, or if nobody waits for it any more."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import Literal

from qa.errors import CancelledError, DeadlineError

Stage = Literal["waiting", "searching", "reading", "quoting"]


@dataclass(frozen=True, slots=True)
class Step:
    """The stage of a piece of work, and how far it has come.

    Attributes:
        stage: the stage.
        done: how many passages have been read; 0 in other stages.
        total: how many passages there are to read; 0 in other stages.
    """

    stage: Stage = "waiting"
    done: int = 0
    total: int = 0


class Deadline:
    """The time that a piece of work has, whether anybody still waits for it, and how far it has come.

    The time starts when the deadline is made. Without `seconds`, it never ends. The work calls `enter` or
    `check` between its stages. Any thread may call `cancel` and read `step`.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._start = time.monotonic()
        self._cancelled = threading.Event()
        self.step = Step()
        self.restarted = False

    def restart(self) -> None:
        """Start the time again, after the work had to wait for something else."""
        self._start = time.monotonic()
        self.restarted = True

    def left(self) -> float:
        """Return how many seconds are left."""
        return math.inf if self._seconds is None else self._start + self._seconds - time.monotonic()

    def cancel(self) -> None:
        """End the work at its next check."""
        self._cancelled.set()

    def raise_if_cancelled(self) -> None:
        """End the work if nobody waits for it, however much time is left.

        Raises:
            CancelledError: nobody waits for the work.
        """
        if self._cancelled.is_set():
            raise CancelledError("the question was stopped before it was answered: ask it again")

    def enter(self, stage: Stage, done: int = 0, total: int = 0) -> None:
        """Store the next stage of the work in `step`, and `check`.

        Raises:
            CancelledError, DeadlineError: see `check`.
        """
        self.step = Step(stage, done, total)
        self.check()

    def check(self) -> None:
        """End the work if nobody waits for it, or if the deadline has passed.

        Raises:
            CancelledError: nobody waits for the work.
            DeadlineError: the deadline has passed.
        """
        self.raise_if_cancelled()
        if self.left() < 0:
            raise DeadlineError(
                f"the question could not be answered within {self._seconds:g} s: ask again in a "
                "moment, in fewer "
                "words, or with filters that select fewer documents"
            )
