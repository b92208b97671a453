"""Conversations found by their words: names, questions, and quotes, which are read from their documents."""

from __future__ import annotations

import threading
import time
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from qa.errors import DocumentNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.desk.conversations import Conversations
    from qa.schema import ConversationInfo
    from qa.storage.ports import Cited

# How long one search reads texts, and how many characters of quotes are in memory for the next.
SECONDS = 0.2
REMEMBERED = 1 << 24


class Found(NamedTuple):
    """What a search found.

    Attributes:
        conversations: those that hold every word, the one changed last first.
        complete: whether the quotes of all conversations were read; the next search reads on.
    """

    conversations: tuple[ConversationInfo, ...]
    complete: bool


class Finder:
    """Searches conversations, and remembers the quotes that it has read. Threads may share it."""

    def __init__(self, cited: Callable[[str, str], Cited], seconds: float = SECONDS) -> None:
        self._cited = cited
        self._seconds = seconds
        self._lock = threading.Lock()
        self._quotes: dict[tuple[str, int, int], str] = {}
        self._left = REMEMBERED

    def find(self, conversations: Conversations, query: str) -> Found:
        """Find the conversations that hold every word of the query, in any case.

        Raises:
            LibraryError: the desk or a text is damaged.
        """
        wanted = _folded(query).split()
        every = conversations.all()
        if not wanted:
            return Found(every, complete=True)
        said = {
            conversation: _folded(f"{name} {questions}")
            for conversation, name, questions in conversations.words()
        }
        # The words that the questions lack, quotes may have.
        lacking = {
            conversation: [word for word in wanted if word not in words]
            for conversation, words in said.items()
        }
        complete = self._look_up(conversations, lacking)
        return Found(tuple(each for each in every if not lacking.get(each.id, wanted)), complete)

    def _look_up(self, conversations: Conversations, lacking: dict[str, list[str]]) -> bool:
        """Take from each conversation the words that its quotes hold; tell whether all quotes were read."""
        until, complete = time.monotonic() + self._seconds, True
        for conversation, places in groupby(conversations.places(), key=lambda place: place[0]):
            for _, document, sha256, start, end in places:
                words = lacking.get(conversation)
                if not words:
                    break
                quote = self._quote(document, sha256, start, end, may_read=time.monotonic() < until)
                if quote is None:
                    complete = False
                else:
                    lacking[conversation] = [word for word in words if word not in quote]
        return complete

    def _quote(self, document: str, sha256: str, start: int, end: int, *, may_read: bool) -> str | None:
        """Return the folded text of a quote; None where it has not been read, and may not be now."""
        place = (sha256, start, end)
        with self._lock:
            known = self._quotes.get(place)
        if known is not None or not may_read:
            return known
        try:
            quote = _folded(self._cited(sha256, document).document.text[start:end])
        except DocumentNotFoundError:  # purged meanwhile
            return ""
        with self._lock:
            if self._left < len(quote):
                self._quotes.clear()
                self._left = REMEMBERED
            self._quotes[place] = quote
            self._left -= len(quote)
        return quote


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
