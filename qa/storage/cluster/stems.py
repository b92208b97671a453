"""Words as full text holds them: FTS5's own stems, in letters that no analyzer of Milvus takes apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.storage.cluster.schema import LONGEST
from qa.storage.records import stems
from qa.text.terms import indexed

if TYPE_CHECKING:
    from collections.abc import Sequence


class Stemmer(stems.Stemmer):
    """Makes of texts their stems as Milvus holds them. Threads may share it."""

    def written(self, texts: Sequence[str]) -> list[list[str]]:
        """Give the stems of each text, in order, as Milvus holds them."""
        found = self.stems([indexed(text).replace("\0", " ") for text in texts])
        return [[_written(stem.decode()) for stem in each] for each in found]


def searched(head: Sequence[str], body: Sequence[str]) -> str:
    """Write the stems of a passage and of its document's head as they are searched: the head's count half.

    Of a passage with more than a field holds, the last words are not searched.
    """
    words = " ".join((*body, ".", *body, ".", *head))
    if len(words) <= LONGEST:
        return words
    return words[:LONGEST].rpartition(" ")[0]


def body_of(words: str) -> str:
    """Give the stems of the passage alone of what `searched` has written, between spaces."""
    return f" {words.partition(' . ')[0]} "


def _written(stem: str) -> str:
    """Write a stem in ASCII letters and digits: the analyzers of servers take other scripts apart."""
    return f"a{stem}" if stem.isascii() and stem.isalnum() else f"u{stem.encode().hex()}"
