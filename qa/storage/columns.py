"""Checks the values in a library's columns: a stranger may have written them, so no value is trusted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

T = TypeVar("T")


def text(value: object) -> str:
    """Return a text unchanged.

    Raises:
        TypeError: the value is not a text.
        ValueError: the text has half of a surrogate pair, which files and terminals cannot encode.
    """
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} instead of text")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("text with half of a surrogate pair")
    return value


def one_of(names: Collection[str]) -> Callable[[object], str]:
    """Return a function that returns its argument if it is one of the names, and raises ValueError if not."""

    def known(value: object) -> str:
        if value not in names:
            raise ValueError("a name that Pullquote does not use")
        return text(value)

    return known


def number(value: object) -> int:
    """Return a whole number unchanged.

    Raises:
        TypeError: the value is not a whole number.
    """
    if not isinstance(value, int):
        raise TypeError(f"{type(value).__name__} instead of a whole number")
    return value


def rows(value: str, make: Callable[..., T], *kinds: Callable[[object], object]) -> tuple[T, ...]:
    """Return `make` of each row of a JSON list of lists.

    Each of `kinds` checks one item of a row. The last items of a row may be missing.

    Raises:
        ValueError, TypeError: the text is not a JSON list, or `make` or one of `kinds` refuses a row.
        RecursionError: the JSON is nested too deep.
    """
    return tuple(make(*(kind(item) for kind, item in zip(kinds, row, strict=False))) for row in items(value))


def items(value: str) -> list[Any]:
    """Return the items of a JSON list.

    Raises:
        ValueError: the text is not JSON.
        TypeError: the value is not a text, or the JSON is not a list.
        RecursionError: the JSON is nested too deep.
    """
    held = json.loads(text(value))
    if not isinstance(held, list):
        raise TypeError(f"{type(held).__name__} instead of a list")
    return held


def record(value: str) -> Mapping[str, Any]:
    """Return the fields of a JSON object.

    Raises:
        ValueError: the text is not JSON.
        TypeError: the value is not a text, or the JSON is not an object.
        RecursionError: the JSON is nested too deep.
    """
    held = json.loads(text(value))
    if not isinstance(held, dict):
        raise TypeError(f"{type(held).__name__} instead of an object")
    return held
