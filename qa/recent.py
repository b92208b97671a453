"""What was used last, kept up to a bound: so that a question need not read again what the one before did."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

_Key = TypeVar("_Key", bound="Hashable")
_Value = TypeVar("_Value")


class Recent(Generic[_Key, _Value]):
    """The values used last, whose sizes add up to at most `limit`. Several threads may use it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._held: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: _Key) -> _Value | None:
        """Give the value of a key, which is now the one used last; None where it is not held."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def put(self, key: _Key, value: _Value, size: int = 1) -> None:
        """Hold a value, and let go of those that have not been used for longest, until the sizes fit."""
        with self._lock:
            self._size += size - self._held.pop(key, (None, 0))[1]
            self._held[key] = (value, size)
            while self._size > self._limit:
                _, (_, gone) = self._held.popitem(last=False)
                self._size -= gone
