"""Find conversations by their words: names, questions and quotes. Quotes are read from their documents."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from qa.errors import DocumentNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qa.desk.stored_conversations import Conversations
    from qa.schema import ConversationInfo
    from qa.storage.results import Cited

# Seconds for which one search reads texts, and characters of quotes that stay in memory for the next search.
SECONDS = 0.2
REMEMBERED = 1 << 24


class Found(NamedTuple):
    """The result of a search.

    Attributes:
        conversations: the conversations that contain every word, the one changed last first.
        complete: whether the quotes of all conversations were read. If not, the next search reads more.
        matches: for each conversation, the question that has most of the words, in itself or in its quotes. A
            conversation is missing if only its name has the words.
    """

    conversations: tuple[ConversationInfo, ...]
    complete: bool
    matches: Mapping[str, Match] = MappingProxyType({})


class Match(NamedTuple):
    """A question that a search found.

    Attributes:
        position: the question's position in the conversation, from 1.
        question: the question.
    """

    position: int
    question: str


class Finder:
    """Search conversations, and remember the quotes that were read. Threads may share a finder.

    `cited` reads a document by SHA-256 and id, as `Store.cited` does. One search reads documents for at most
    `seconds`.
    """

    def __init__(self, cited: Callable[[str, str], Cited], seconds: float = SECONDS) -> None:
        self._cited = cited
        self._seconds = seconds
        self._lock = threading.Lock()
        self._quotes: dict[tuple[str, int, int], str] = {}
        self._left = REMEMBERED

    def find(self, conversations: Conversations, query: str) -> Found:
        """Find the conversations that contain every word of the query, ignoring case.

        Raises:
            LibraryError: the desk or a text is damaged.
        """
        wanted = _folded(query).split()
        every = conversations.all()
        if not wanted:
            return Found(every, complete=True)
        words = conversations.words()
        asked = {conversation: questions for conversation, _, questions in words}
        folded_words = {
            conversation: _folded(" ".join((name, *questions.values())))
            for conversation, name, questions in words
        }
        # Words that name and questions lack may be in the quotes.
        lacking = {
            conversation: [word for word in wanted if word not in words]
            for conversation, words in folded_words.items()
        }
        in_quotes: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        complete = self._look_up(conversations, lacking, in_quotes)
        matching = tuple(info for info in every if not lacking.get(info.id, wanted))
        matches = {info.id: _match(asked[info.id], in_quotes[info.id], wanted) for info in matching}
        return Found(
            matching, complete, {conversation: match for conversation, match in matches.items() if match}
        )

    def _look_up(
        self,
        conversations: Conversations,
        lacking: dict[str, list[str]],
        in_quotes: Mapping[str, Mapping[int, set[str]]],
    ) -> bool:
        """Look for the lacking words in the quotes, and return whether all quotes that are needed were read.

        Found words are removed from `lacking`, and added to `in_quotes` by conversation and question.
        """
        until, complete = time.monotonic() + self._seconds, True
        for conversation, quotes in groupby(
            conversations.quote_references(), key=lambda quote_row: quote_row[0]
        ):
            for _, number, document, sha256, start, end in quotes:
                words = lacking.get(conversation)
                if not words:
                    break
                quote = self._quote(document, sha256, start, end, may_read=time.monotonic() < until)
                if quote is None:
                    complete = False
                else:
                    in_quotes[conversation][number].update(word for word in words if word in quote)
                    lacking[conversation] = [word for word in words if word not in quote]
        return complete

    def _quote(self, document: str, sha256: str, start: int, end: int, *, may_read: bool) -> str | None:
        """Return the folded text of a quote, or None if it has not been read and may not be read now."""
        key = (sha256, start, end)
        with self._lock:
            remembered = self._quotes.get(key)
        if remembered is not None or not may_read:
            return remembered
        try:
            quote = _folded(self._cited(sha256, document).document.text[start:end])
        except DocumentNotFoundError:  # purged since the search began
            return ""
        with self._lock:
            if self._left < len(quote):
                self._quotes.clear()
                self._left = REMEMBERED
            self._quotes[key] = quote
            self._left -= len(quote)
        return quote


def _match(
    questions: Mapping[int, str], in_quotes: Mapping[int, set[str]], wanted: list[str]
) -> Match | None:
    """Return the question that has most of the wanted words, in itself or its quotes; None if all have none.

    Of equal questions, return the first.
    """
    best, most = None, 0
    for position, (number, question) in enumerate(questions.items(), 1):
        folded = _folded(question)
        found = {word for word in wanted if word in folded} | in_quotes.get(number, set())
        if len(found) > most:
            best, most = Match(position, question), len(found)
    return best


def _folded(text: str) -> str:
    """Return a text in lower case, with single spaces."""
    return " ".join(text.casefold().split())
