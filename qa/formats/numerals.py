"""Writes numbers as lists show them: 4, d, D, iv, IV."""

from __future__ import annotations

from typing import Literal

NumeralStyle = Literal["1", "a", "A", "i", "I"]

_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)


def numeral(number: int, style: NumeralStyle) -> str:
    """Return a number in a style. The styles have the names that HTML and ODF use.

    Return digits for a number outside 1 to 3,999.
    """
    if style == "1" or not 0 < number < 4000:
        return str(number)
    letters = _roman(number) if style in "iI" else _letters(number)
    return letters.upper() if style in "AI" else letters


def _roman(number: int) -> str:
    written = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        written += letters * count
    return written


def _letters(number: int) -> str:
    """Return a number as letters: a … z, aa, ab, as spreadsheets count columns."""
    written = ""
    while number:
        number, letter = divmod(number - 1, 26)
        written = chr(ord("a") + letter) + written
    return written
