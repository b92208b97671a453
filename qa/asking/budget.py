"""Decide how many candidates are read: reading takes most of an answer's time, and most questions need few.

Candidates are read in waves, in retrieval's order, until no candidate left is likely to come first. A wave's
size is fixed, whatever the number of cores, so that an answer is the same on every machine.
docs/decisions/0009-reader.md says how the waves were chosen, and what they lose against reading fifty
candidates (`python -m training.depth`).
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from embeddings.reader import RETRIEVED_WEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embeddings.reading import ReaderName

# Candidates in each wave, and a logit. Reading stops after the wave if a candidate left would have to answer
# above this logit to come first. After a few candidates, the logit is higher. After ten, it is lower, because
# the others seldom answer better than one that answers at all.
WAVES = ((3, 3.0), (3, 2.0), (4, -1.5), (12, inf))
# If all that answers is asked for: passages that are read, at most; passages in a wave; and seconds after
# which no further wave begins.
ALL, WAVE, SECONDS = 200, 25, 10.0


def most() -> int:
    """Return how many candidates are read at most."""
    return sum(size for size, _ in WAVES)


def waves(count: int, reader: ReaderName) -> Iterator[tuple[slice, float]]:
    """Split `count` candidates into waves, each with the logit for `enough`.

    The cross-encoder reads one wave, because it compares the sentences of all passages that it gets at once.
    """
    start = 0
    for size, unlikely in WAVES if reader != "cross-encoder" else [(most(), inf)]:
        if start < count:
            yield slice(start, min(start + size, count)), unlikely
            start += size


def enough(best: float, left: Sequence[float], unlikely: float) -> bool:
    """Return whether reading can stop.

    `best` is the best score so far. `left` says how well the unread candidates were retrieved. `unlikely` is
    the logit above which a candidate is unlikely to answer.
    """
    return not left or best - RETRIEVED_WEIGHT * max(left) >= unlikely
