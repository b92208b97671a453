"""A bounded cache of the values used last, so that a question need not read again what another has read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

_Key = TypeVar("_Key", bound="Hashable")
_Value = TypeVar("_Value")


class BoundedCache(Generic[_Key, _Value]):
    """The values used last, whose sizes add up to at most `limit`. Several threads may use the cache."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._entries: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: _Key) -> _Value | None:
        """Return the value of a key, or None. The value then counts as the value used last."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def put(self, key: _Key, value: _Value, size: int = 1) -> None:
        """Add a value, and remove the values unused for the longest time until the sizes fit the limit."""
        with self._lock:
            self._size += size - self._entries.pop(key, (None, 0))[1]
            self._entries[key] = (value, size)
            while self._size > self._limit:
                _, (_, removed) = self._entries.popitem(last=False)
                self._size -= removed
