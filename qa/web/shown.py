"""Remember the answers that were shown lately, so that thumbs and dossiers can name them by id."""

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

# Maximum size of all remembered answers together, in characters: about ten thousand answers.
REMEMBERED = 1 << 24


class Answers:
    """Remembers each answer under an id that cannot be guessed, and forgets the oldest.

    Only answers that were shown can be judged, whatever a page or a document says. Several threads may use
    this class.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        """Make room for answers of `remembered` characters together."""
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
    ) -> str:
        """Remember an answer, and return its id, or "" if the answer cannot be judged.

        A fixed reply, an error, and an answer that searched nothing cannot be judged.

        `generation` is the library's generation when the question was asked. `at` is the time of the question
        (default: now).
        """
        if answer.reply is not None or answer.error is not None or answer.unsearched:
            return ""
        shown = shown_answer(answer, history)
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
        """Return the answer with this id.

        Raises:
            UnknownAnswerError: no answer has this id, or the answer is forgotten.
        """
        return self._find(answer_id)[0]

    def asked(self, answer_id: str) -> Asked:
        """Return what was asked for the answer with this id: the question, its filters, and when.

        Raises:
            UnknownAnswerError: no answer has this id, or the answer is forgotten.
        """
        return self._find(answer_id)[1]

    def differing(self, answer_id: str) -> tuple[QuoteReference, ...]:
        """Return the places where quotes of the answer with this id give different figures or dates.

        Raises:
            UnknownAnswerError: no answer has this id, or the answer is forgotten.
        """
        return self._find(answer_id)[2]

    def _find(self, answer_id: str) -> tuple[ShownAnswer, Asked, tuple[QuoteReference, ...]]:
        """Return what is remembered under an id, for `find`, `asked` and `differing`."""
        with self._lock:
            if answer_id in self._shown:
                return self._shown[answer_id]
        raise UnknownAnswerError(
            "Pullquote does not remember this answer, perhaps because it was restarted: "
            "ask the question again, and use the new answer"
        )
