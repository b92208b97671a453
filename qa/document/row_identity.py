"""Recognise rows without ids (of a table, or records of a list) after the table has changed.

Such a row is named by its number, and its number changes when a row is inserted above it. So a row is
recognised by its cells or its text. A row with other text is recognised by the unchanged rows around it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from qa.schema import Document

# Formats of tables and lists whose rows may have no ids.
TABLES = ("csv", "json", "xlsx")
# The part of a row: its table, which may be in an archive, and its number. A row that was set aside also has
# "~" and a number (`locations.aside_part`).
_ROW = re.compile(r"(?P<table>.*)#(?P<number>\d+)(?:~\d+)?", re.DOTALL)
# Minimum share of the words of two texts that both have, if they are one row before and after a change.
_ALIKE = 0.5
_MOST_COMPARED = 2_500  # pairs of rows between two unchanged rows


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its part of the file, the SHA-256 of its cells and of its text, and the text.

    The text is "" where it is not needed.
    """

    part: str
    source_sha256: str
    sha256: str
    text: str = ""


def is_row(part: str) -> bool:
    """Return whether a part may be a row without an id."""
    return _ROW.fullmatch(part) is not None


def numbered(document: Document) -> bool:
    """Return whether a document is a row of a table, or a record of a list, that is named by its number."""
    return document.format in TABLES and any(
        section.kind in ("row", "record")
        and section.end - section.start == len(document.text)
        and document.id.endswith(f"#{section.name}")
        for section in document.sections
    )


def follow(before: Iterable[Row], now: Iterable[Row], text: Callable[[str], str]) -> dict[str, str]:
    """Map the part of each row now to its part before. New rows are left out.

    `text` returns the former text of a part. Rows of `now` that have changed carry their text.
    """
    tables: defaultdict[str, tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((before, now)):
        for row in rows:
            if match := _ROW.fullmatch(row.part):
                tables[match["table"]][side].append(row)
    was: dict[str, str] = {}
    for old, new in tables.values():
        old.sort(key=_number)
        was |= {new[at].part: old[old_at].part for at, old_at in _pairs(old, new, text).items()}
    return was


def _number(row: Row) -> int:
    match = _ROW.fullmatch(row.part)
    return int(match["number"]) if match else 0


def _pairs(old: Sequence[Row], new: Sequence[Row], text: Callable[[str], str]) -> dict[int, int]:
    """Return which old row each new row was, by their positions. A row without a partner is left out."""
    pairs: dict[int, int] = {}
    for key in (attrgetter("source_sha256"), attrgetter("sha256")):
        taken = set(pairs.values())
        left: defaultdict[str, deque[int]] = defaultdict(deque)
        for old_at, row in enumerate(old):
            if old_at not in taken:
                left[key(row)].append(old_at)
        for at, row in enumerate(new):
            if at not in pairs and (same := left.get(key(row))):
                pairs[at] = same.popleft()
    for its_before, its_now in _gaps(pairs, len(old), len(new)):
        free = sorted(set(its_before).difference(pairs.values()))
        if len(free) == len(its_now):
            pairs |= zip(its_now, free, strict=True)
        elif len(free) * len(its_now) <= _MOST_COMPARED:
            texts = {at: new[at].text for at in its_now}
            pairs |= _alike({old_at: text(old[old_at].part) for old_at in free}, texts)
    return pairs


def _gaps(pairs: dict[int, int], old: int, new: int) -> Iterator[tuple[list[int], list[int]]]:
    """Yield, for each gap between two unchanged rows, the positions of changed rows before and now."""
    left = sorted(set(range(old)).difference(pairs.values()))
    start, above = 0, -1
    for at, below in [*sorted(pairs.items()), (new, old)]:
        if start < at and above < below:
            yield left[bisect_right(left, above) : bisect_left(left, below)], list(range(start, at))
        start, above = at + 1, below


def _alike(old: dict[int, str], new: dict[int, str]) -> dict[int, int]:
    """Pair texts by the share of words that both have, the most alike first."""
    words = {old_at: set(text.split()) for old_at, text in old.items()}
    candidates = []
    for at, text in new.items():
        mine = set(text.split())
        for old_at, others in words.items():
            alike = len(mine & others) / max(1, len(mine | others))
            if alike >= _ALIKE:
                candidates.append((-alike, at, old_at))
    pairs: dict[int, int] = {}
    for _, at, old_at in sorted(candidates):
        if at not in pairs and old_at not in pairs.values():
            pairs[at] = old_at
    return pairs
