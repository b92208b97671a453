"""Text in the cells of a table, written so that no spreadsheet reads it as a formula.

A spreadsheet reads a cell that begins with `=`, `+`, `-` or `@` as a formula. It would run the formula, or
show `#NAME?` and save that instead of the text. Some spreadsheets ignore a tab or a line end in front, and
the wide forms of the four signs count as well (OWASP, "CSV Injection"). So such a cell is written with an
apostrophe in front, which is removed when the table is read.
"""

from __future__ import annotations

import re

# A text that begins with apostrophes of its own gets one more, so that reading gives the written text.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def to_cell(text: str) -> str:
    """Return a text as it is written in a cell."""
    return f"'{text}" if _FORMULA.match(text) else text


def from_cell(cell: str) -> str:
    """Return the text that a cell means."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
