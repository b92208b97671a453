"""Who may write: one at a time, by turns (Lamport's bakery), as Milvus cannot compare and set.

Who wants to write puts a row of their own, with a number above all that are there, and waits until those with
lower numbers have gone (L. Lamport, A New Solution of Dijkstra's Concurrent Programming Problem, 1974). This
is right as long as each writer reads what the others have written before. Who waits takes the row of a writer
away once its `beat` has not changed for `LEASE` seconds: it has died. A writer whose own last beat is
nearly as old writes nothing more.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from qa.errors import LibraryError
from qa.storage.cluster.connection import SECONDS
from qa.storage.cluster.schema import NO_VECTOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.storage.cluster.connection import Connection

LEASE = 60.0
# A turn is given back when nothing was written for so long.
IDLE = 1.0
# How often it is looked, at most, whether others wait.
LOOK = 0.2
# How long one waits for a turn before giving up.
PATIENCE = 600.0
_POLL = 0.1
# Others' turns go on while this machine sleeps, and so does this clock; `time.monotonic` may stand still.
_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", None) or getattr(time, "CLOCK_MONOTONIC", None)


def _now() -> float:
    """Tell the seconds by a clock that nobody sets, and that goes on while the machine sleeps."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


class Lease:
    """The turn of one writer. Its threads take turns by a lock."""

    def __init__(self, connection: Connection, collection: str) -> None:
        self._connection, self._collection = connection, collection
        self._lock = threading.RLock()
        self._saying = threading.Lock()
        self._name = uuid.uuid4().hex
        self._number = 0
        self._beats = 0
        self._beaten = 0.0  # when it was said last that this writer lives
        self._used = self._looked = 0.0
        self._depth = 0
        self.is_new = False
        """Whether others may have written since this writer's last turn."""

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the turn, and hold it."""
        with self._lock:
            if not self._depth:
                self.is_new = not self._number or self._has_lapsed()
                if self.is_new:
                    try:
                        self._take()
                    except BaseException:  # it was not this writer's turn yet, whatever its row says
                        self._number = 0
                        raise
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                self._used = _now()
                self._give_way()

    def keep(self) -> None:
        """Make sure that the turn has not ended, before something is written.

        Raises:
            LibraryError: another may have been given it.
        """
        if self._has_lapsed():
            raise LibraryError(
                f"{self._connection.address.text} was unreachable for so long that another Pullquote "
                "may now write: try again"
            )
        self._beat()

    def _beat(self) -> None:
        """Say now and then that this writer lives, until its turn is given back, or may have ended."""
        with self._saying:
            if self._number and _now() - self._beaten > LEASE / 4 and not self._has_lapsed():
                self._say(choosing=False)

    def _give_way(self) -> None:
        """Give the turn back, after a change, if others wait: it is looked for them now and then."""
        if self._depth or not self._number or self._used - self._looked < LOOK:
            return
        self._looked = self._used
        with suppress(LibraryError):  # the change is done, whatever becomes of the turn
            if self._others(strong=False):
                self.give()

    def give(self) -> None:
        """Give the turn back."""
        with self._lock:
            if self._number and not self._depth:
                with self._saying:
                    self._number = 0
                self._connection.delete_in(self._collection, "key", [self._name])

    def _has_lapsed(self) -> bool:
        """Tell whether the turn may end within the time that one call takes."""
        return _now() - self._beaten > LEASE - 2 * SECONDS

    def _take(self) -> None:
        self._number = 0
        self._say(choosing=True)
        others = self._others() | self._others()  # as a row may be missing while it is written anew
        self._number = 1 + max((row["number"] for row in others.values()), default=0)
        self._say(choosing=False)
        until = _now() + PATIENCE
        seen: dict[str, tuple[int, float]] = {}
        alone = 0
        while True:
            others = self._others()
            now = _now()
            before = False
            for name, row in others.items():
                if row["number"] and (row["number"], name) > (self._number, self._name):
                    continue
                beat, since = seen.setdefault(name, (row["beat"], now))
                if beat != row["beat"]:
                    seen[name] = row["beat"], now
                elif now - since > LEASE:  # it has died
                    self._connection.delete_in(self._collection, "key", [name])
                    continue
                before = True
            alone = 0 if before else alone + 1
            if alone == 2:  # for the same reason
                break
            if alone:
                continue
            if now > until:
                self.give()
                raise LibraryError(
                    f"another Pullquote is writing to {self._connection.address.text}: try again "
                    "when it is done"
                )
            if now - self._beaten > LEASE / 4:
                self._say(choosing=False)
            time.sleep(_POLL)
        self._say(choosing=False)
        threading.Thread(target=self._give_when_idle, daemon=True).start()

    def _give_when_idle(self) -> None:
        """Give the turn back once it is idle; while it is not, say that this writer lives."""
        while True:
            time.sleep(IDLE)
            if not self._lock.acquire(timeout=IDLE):  # a change is under way, which may take long
                with suppress(LibraryError):  # else the turn ends, which `keep` sees
                    self._beat()
                continue
            try:
                if not self._number:
                    return
                if not self._depth and _now() - self._used > IDLE:
                    try:
                        self.give()
                    except (LibraryError, RuntimeError, ValueError):  # it was closed meanwhile
                        self._number = 0
                    return
            finally:
                self._lock.release()

    def _say(self, *, choosing: bool) -> None:
        """Write this writer's row."""
        begun = _now()
        self._beats += 1
        row = {"number": 0 if choosing else self._number, "beat": self._beats}
        self._connection.upsert(self._collection, [{"key": self._name, "row": json.dumps(row), **NO_VECTOR}])
        self._beaten = begun

    def _others(self, *, strong: bool = True) -> dict[str, dict[str, Any]]:
        """Read the rows of all others; one that is choosing has the number 0."""
        rows = self._connection.query(self._collection, 'key != ""', ("key", "row"), strong=strong)
        return {row["key"]: json.loads(row["row"]) for row in rows if row["key"] != self._name}
