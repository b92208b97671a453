"""How many of the candidates are read: reading takes most of an answer's time, and most questions need few.

Candidates are read in waves, in retrieval's order, until none of those left is likely to come first. A wave's
size is fixed, whatever the number of cores, so that an answer is the same on every machine. How the waves
were chosen, and what they lose against reading fifty: docs/performance.md (`python -m training.depth`).
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from embeddings.reader import RETRIEVED_WEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from embeddings.reading import ReaderName

# How many are read in a wave, and above which logit one of those left would have to answer to come first for
# reading to stop after it. Few do above 0; after as few as six, more is asked.
WAVES = ((6, 2.0), (4, 0.0), (12, inf))
# Where all that answers is asked for: how many passages are read at most, how many of them in a wave, and the
# seconds after which no further wave is begun.
ALL, WAVE, SECONDS = 200, 25, 10.0


def most() -> int:
    """Return how many are read at most."""
    return sum(size for size, _ in WAVES)


def waves(count: int, reader: ReaderName) -> Iterator[tuple[slice, float]]:
    """Split `count` candidates into waves, each with the logit above which reading goes on.

    The cross-encoder reads one wave: it compares the sentences of all that it is given at once.
    """
    start = 0
    for size, unlikely in WAVES if reader != "cross-encoder" else [(most(), inf)]:
        if start < count:
            yield slice(start, min(start + size, count)), unlikely
            start += size


def enough(best: float, left: Sequence[float], unlikely: float) -> bool:
    """Tell whether to stop.

    `best` is the best score so far; `left` says how well the others were retrieved.
    """
    return not left or best - RETRIEVED_WEIGHT * max(left) >= unlikely
