"""When to give up: work that takes too long, or that nobody waits for any more, ends at its next check."""

from __future__ import annotations

import threading
import time

from qa.errors import CancelledError, DeadlineError


class Deadline:
    """The time that a piece of work has, and whether anybody still wants it.

    The clock runs from when this was made; without `seconds` it never ends. The work calls `check` between
    its stages. Any thread may `cancel`.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._start = time.monotonic()
        self._cancelled = threading.Event()

    def restart(self) -> None:
        """Give the work its whole time again, after it waited for what it cannot help."""
        self._start = time.monotonic()

    def cancel(self) -> None:
        """Let the work end at its next check."""
        self._cancelled.set()

    def raise_if_cancelled(self) -> None:
        """Go on, or end if nobody waits for the work; how long it takes does not matter.

        Raises:
            CancelledError: nobody waits for the work.
        """
        if self._cancelled.is_set():
            raise CancelledError("the question was withdrawn before it was answered: ask it again")

    def check(self) -> None:
        """Go on, or end.

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
