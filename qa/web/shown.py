"""The answers that were shown lately, so that a thumb, or what is kept in a dossier, can name one."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from collections import deque
from typing import TYPE_CHECKING

from qa.errors import UnknownAnswerError
from qa.evaluation.thumbs import shown_answer
from qa.report.contents import asked_of
from qa.text import differing_figures as figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.schema import Answer, Asked, QuoteReference, ShownAnswer, Turn

# Of all answers together, in characters: some ten thousand.
REMEMBERED = 1 << 24


class Answers:
    """Remembers each answer under an id that cannot be guessed, and forgets the oldest.

    Nothing but what was shown can be judged, whatever a page or a document says. May be used from several
    threads.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._left = remembered
        self._lock = threading.Lock()
        self._shown: dict[str, tuple[ShownAnswer, Asked, tuple[QuoteReference, ...]]] = {}
        self._ages: deque[tuple[str, int]] = deque()

    def remember(
        self,
        answer: Answer,
        history: Sequence[str | Turn],
        generation: int = 0,
        at: dt.datetime | None = None,
        strictness: float | None = None,
    ) -> str:
        """Give the answer an id; "" where it searched nothing, and so cannot be judged.

        `generation` is the library's when the question was asked, `at` when that was: now, if not given.
        `strictness` is the share of answers that was to be right.
        """
        if answer.reply is not None or answer.error is not None or answer.unsearched:
            return ""
        shown = shown_answer(answer, history, strictness)
        at = at or dt.datetime.now(dt.UTC)
        asked = asked_of(answer, shown.history, generation, at)
        differing = tuple(figure.reference for figure in figures.differing(answer))
        answer_id, size = secrets.token_urlsafe(12), len(repr((shown, asked, differing)))
        with self._lock:
            self._shown[answer_id] = shown, asked, differing
            self._ages.append((answer_id, size))
            self._left -= size
            while self._left < 0 and len(self._ages) > 1:
                oldest, size = self._ages.popleft()
                del self._shown[oldest]
                self._left += size
        return answer_id

    def find(self, answer_id: str) -> ShownAnswer:
        """Find the answer of that id.

        Raises:
            UnknownAnswerError: it was never given, or is forgotten.
        """
        return self._find(answer_id)[0]

    def asked(self, answer_id: str) -> Asked:
        """Find what was asked for the answer of that id: the question, its filters, and when.

        Raises:
            UnknownAnswerError: it was never given, or is forgotten.
        """
        return self._find(answer_id)[1]

    def differing(self, answer_id: str) -> tuple[QuoteReference, ...]:
        """Find where the quotes of the answer of that id give different figures or dates: their places.

        Raises:
            UnknownAnswerError: it was never given, or is forgotten.
        """
        return self._find(answer_id)[2]

    def _find(self, answer_id: str) -> tuple[ShownAnswer, Asked, tuple[QuoteReference, ...]]:
        with self._lock:
            if answer_id in self._shown:
                return self._shown[answer_id]
        raise UnknownAnswerError(
            "Pullquote does not remember that answer; it was perhaps restarted since. "
            "Ask the question again, and take the new answer"
        )
