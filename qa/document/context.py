"""What a passage leaves unsaid and its document said before: read beside the passage, and never quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.text.terms import content_words, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of the sentences before a window so many are looked at, so many are read beside it, with so many words.
LOOKED_BACK = 60
MOST = 2
WORDS = 45


def introductions(question: str, window: str, before: Sequence[str]) -> list[int]:
    """Return which earlier sentences introduce what a question names and a window does not, in their order.

    A window that says "the master" answers a question about Captain Hall if "Captain Hall, master of the
    Orient, …" stands before it. The sentences with most of the words of the question that the window lacks
    are taken; of equals, the nearest to the window.

    Args:
        question: the question, or those of its words that are to be introduced.
        window: what is read of the window, with its head.
        before: the sentences of the document that stand before the window, in order.
    """
    missing = set(content_words(question)).difference(content_words(window))
    if not missing:
        return []
    said = {}
    for at in range(max(0, len(before) - LOOKED_BACK), len(before)):
        folded = before[at].casefold()
        if any(word in folded for word in missing):  # quick; in most sentences none is
            said[at] = missing.intersection(content_words(before[at]))
    long = {at: measure(before[at]) for at, found in said.items() if found}
    chosen: list[int] = []
    room = WORDS
    while len(chosen) < MOST:
        gains = [(len(said[at] & missing), at) for at, words in long.items() if words <= room]
        gain, at = max(gains, default=(0, 0))
        if not gain:
            break
        chosen.append(at)
        missing -= said[at]
        room -= long[at]
    return sorted(chosen)
