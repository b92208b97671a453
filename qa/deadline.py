"""Deadlines: work that takes too long, or that nobody waits for any more, ends at its next check."""

from __future__ import annotations

import threading
import time

from qa.errors import CancelledError, DeadlineError


class Deadline:
    """The time that a piece of work has, and whether anybody still waits for it.

    The time begins when the deadline is made; without `seconds` it never ends. The work calls `check` between
    its stages. Any thread may `cancel`.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._start = time.monotonic()
        self._cancelled = threading.Event()

    def restart(self) -> None:
        """Begin the time anew, after the work had to wait for something else."""
        self._start = time.monotonic()

    def cancel(self) -> None:
        """End the work at its next check."""
        self._cancelled.set()

    def raise_if_cancelled(self) -> None:
        """End the work if nobody waits for it, however much time is left.

        Raises:
            CancelledError: nobody waits for the work.
        """
        if self._cancelled.is_set():
            raise CancelledError("the question was withdrawn before it was answered: ask it again")

    def check(self) -> None:
        """End the work if nobody waits for it, or if its time is up.

        Raises:
            CancelledError: nobody waits for the work.
            DeadlineError: its time is up.
        """
        self.raise_if_cancelled()
        if self._seconds is not None and time.monotonic() - self._start > self._seconds:
            raise DeadlineError(
                f"the question could not be answered within {self._seconds:g} s: ask again in a moment, in "
                "fewer words, or of fewer documents (filters)"
            )
