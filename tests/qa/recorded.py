"""A real library whose calls are recorded. Some of its methods may be replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.storage.library import Library


class Recorded:
    """Pass every call on to `library`, and add the method's name and arguments to `calls`."""

    def __init__(self, library: Library, **instead: Callable[..., Any]) -> None:
        self._library = library
        self._instead = instead
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        method = self._instead.get(name) or getattr(self._library, name)

        def called(*arguments: Any, **named: Any) -> Any:
            self.calls.append((name, arguments))
            return method(*arguments, **named)

        return called
