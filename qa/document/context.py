"""Choose earlier sentences that a passage needs to be understood: they are read with it, never quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.text.terms import content_words, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

# Sentences before a window that are looked at. At most MOST, with WORDS words in all, are read with it.
LOOKED_BACK = 60
MOST = 2
WORDS = 45


def introductions(question: str, window: str, before: Sequence[str]) -> list[int]:
    """Return the positions of earlier sentences with words that a question has and a window lacks, in order.

    A window that says "the master" answers a question about Captain Hall if "Captain Hall, master of the
    Orient, …" stands before it. Sentences with more of the missing words are chosen first. Among equals, the
    sentence nearest to the window is chosen.

    Args:
        question: the question, or only the words of it that are to be introduced.
        window: the text of the window, with its head.
        before: the sentences of the document that stand before the window, in order.
    """
    missing = set(content_words(question)).difference(content_words(window))
    if not missing:
        return []
    words_at = {}
    for at in range(max(0, len(before) - LOOKED_BACK), len(before)):
        folded = before[at].casefold()
        if any(word in folded for word in missing):  # a quick test, which most sentences fail
            words_at[at] = missing.intersection(content_words(before[at]))
    long = {at: measure(before[at]) for at, common in words_at.items() if common}
    chosen: list[int] = []
    room = WORDS
    while len(chosen) < MOST:
        gains = [(len(words_at[at] & missing), at) for at, words in long.items() if words <= room]
        gain, at = max(gains, default=(0, 0))
        if not gain:
            break
        chosen.append(at)
        missing -= words_at[at]
        room -= long[at]
    return sorted(chosen)
