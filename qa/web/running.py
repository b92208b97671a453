"""Keep track of the questions that the page is waiting for: how far each has come, and how to stop it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from qa.bounded_cache import BoundedCache

if TYPE_CHECKING:
    from qa.deadline import Deadline

_STOPPED = 1_000  # maximum number of remembered ids of questions that were stopped before they began


class Running:
    """Stores the deadline of each question under the id that the page gave it. Several threads may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deadlines: dict[str, Deadline] = {}
        self._stopped: BoundedCache[str, bool] = BoundedCache(_STOPPED)

    def begin(self, question: str, deadline: Deadline) -> bool:
        """Note that a question begins, or return False if it was stopped before."""
        with self._lock:
            if self._stopped.get(question):
                return False
            self._deadlines[question] = deadline
            return True

    def end(self, question: str) -> None:
        """Forget a question."""
        with self._lock:
            self._deadlines.pop(question, None)

    def deadline(self, question: str) -> Deadline | None:
        """Return the deadline of a question, which says how far it has come, or None if it is not running."""
        with self._lock:
            return self._deadlines.get(question)

    def stop(self, question: str) -> bool:
        """Stop a question at its next check, or before it begins. Return whether it had begun."""
        with self._lock:
            if deadline := self._deadlines.get(question):
                deadline.cancel()
            else:
                self._stopped.put(question, value=True)
            return deadline is not None
