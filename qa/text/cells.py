"""Text in the cells of a table: a spreadsheet takes one that begins with `=`, `+`, `-` or `@` for a formula.

It would run it, or show `#NAME?` and save that in the text's place. A tab or a line's end in front is passed
over by some, and the wide forms of the four signs count as well (OWASP, "CSV Injection"). So such a cell is
written with an apostrophe in front, which is taken away again when the table is read.
"""

from __future__ import annotations

import re

# Those that begin with apostrophes of their own get one more, so that what is read is what was written.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def to_cell(text: str) -> str:
    """Return the text as it is written in a cell."""
    return f"'{text}" if _FORMULA.match(text) else text


def from_cell(cell: str) -> str:
    """Return the text that a cell stands for."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
