"""The values in the columns of a library: a stranger may have written them, so nothing is believed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

T = TypeVar("T")


def text(value: object) -> str:
    """Return a text as it is.

    Raises:
        TypeError: it is none.
        ValueError: it has half of a surrogate pair, which no file and no terminal takes.
    """
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} in place of text")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("text with half of a surrogate pair")
    return value


def one_of(names: Collection[str]) -> Callable[[object], str]:
    """Return what makes sure that a value is one of the names."""

    def known(value: object) -> str:
        if value not in names:
            raise ValueError("a name that Pullquote does not use")
        return text(value)

    return known


def number(value: object) -> int:
    """Return a whole number as it is.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, int):
        raise TypeError(f"{type(value).__name__} in place of a whole number")
    return value


def rows(value: str, make: Callable[..., T], *kinds: Callable[[object], object]) -> tuple[T, ...]:
    """Make a value of each row of a JSON list of lists, whose items are of these kinds; the last may lack.

    Raises:
        ValueError: it is no JSON, or a row makes no such value.
        TypeError: likewise.
        RecursionError: it is nested too deep.
    """
    return tuple(make(*(kind(item) for kind, item in zip(kinds, row, strict=False))) for row in items(value))


def items(value: str) -> list[Any]:
    """Return the items of a JSON list.

    Raises:
        ValueError: it is no JSON.
        TypeError: it is no list.
        RecursionError: it is nested too deep.
    """
    held = json.loads(text(value))
    if not isinstance(held, list):
        raise TypeError(f"{type(held).__name__} in place of a list")
    return held


def record(value: str) -> Mapping[str, Any]:
    """Return what a JSON object holds.

    Raises:
        ValueError: it is no JSON.
        TypeError: it is no object.
        RecursionError: it is nested too deep.
    """
    held = json.loads(text(value))
    if not isinstance(held, dict):
        raise TypeError(f"{type(held).__name__} in place of an object")
    return held
