"""The lines of a text, as offsets. They are used to find the header, the furniture and the segments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.schema import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

# Not str.splitlines, which also splits at \x1c-\x1e. These characters occur by accident in scanned words.
_LINE = re.compile(r"[^\n\r\f\v\x85\u2028\u2029]+")


def lines(text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """Yield the lines of `text[start:end]` that are not blank, stripped, in document coordinates."""
    for match in _LINE.finditer(text, start, len(text) if end is None else end):
        line = match.group()
        left = len(line) - len(line.lstrip())
        right = len(line.rstrip())
        if left < right:
            yield Span(match.start() + left, match.start() + right)
