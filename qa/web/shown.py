"""Remember the answers that are shown, so that thumbs and dossiers can name them by id."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

from qa.desk.shown_answers import RememberedAnswer
from qa.errors import PullquoteError
from qa.evaluation.thumbs import shown_answer
from qa.report.contents import asked_of
from qa.text import differing_figures as figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.schema import Answer, Turn
    from qa.web.engine import Engine

log = logging.getLogger(__name__)


def to_remember(
    answer: Answer,
    history: Sequence[str | Turn],
    generation: int = 0,
    at: dt.datetime | None = None,
    conversation: str = "",
) -> list[RememberedAnswer]:
    """Return an answer as it is remembered.

    The list is empty if the answer cannot be judged, because it is a fixed reply or an error, or searched
    nothing.

    `generation` is the library's generation when the question was asked. `at` is the time of the question
    (default: now). `conversation` is the id of the conversation that shows the answer.
    """
    if answer.reply is not None or answer.error is not None or answer.unsearched:
        return []
    shown = shown_answer(answer, history)
    asked = asked_of(answer, shown.history, generation, at or dt.datetime.now(dt.UTC))
    differing = tuple(figure.reference for figure in figures.differing(answer))
    return [RememberedAnswer(shown, asked, differing, conversation)]


def remember(engine: Engine, answers: Sequence[RememberedAnswer]) -> str:
    """Remember answers, and return the id of the first, or "" if there is none.

    A server without changes stores nothing about a question. If the desk cannot be written, the answers are
    shown all the same, but cannot be judged.
    """
    if not (answers and engine.may_change):
        return ""
    try:
        engine.corpus.desk.shown_answers.remember(answers)
    except PullquoteError as error:
        log.warning("answers that are shown cannot be judged: %s", error)
        return ""
    return answers[0].id
