"""The answers that were shown lately, so that thumbs and dossiers can name them by id."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast, get_args

from qa.desk import rows
from qa.errors import UnknownAnswerError
from qa.schema import Asked, Outcome, QuoteReference, ShownAnswer
from qa.storage import columns as stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qa.desk.tables import DeskTables
    from qa.storage.records.store import Store
    from qa.storage.results import DocumentTexts
    from qa.storage.statements import Statements

# How long an answer is remembered after it was shown last, and how many answers are remembered.
REMEMBERED = dt.timedelta(days=7)
MOST = 10_000
_OUTCOME = stored.one_of(get_args(Outcome))
_COLUMNS = "shown, outcome, asked, generation, how, differing"


@dataclass(frozen=True, slots=True)
class RememberedAnswer:
    """An answer that was shown, with its quotes as coordinates.

    Attributes:
        shown: the answer as a thumb stores it.
        asked: what was asked, as a dossier stores it.
        differing: the places where quotes give different figures or dates.
        conversation: the id of the conversation that shows the answer, or "".
    """

    shown: ShownAnswer
    asked: Asked
    differing: tuple[QuoteReference, ...] = ()
    conversation: str = ""

    @property
    def id(self) -> str:
        """The id of the answer. The same answer has the same id when its conversation is opened again."""
        row = json.dumps([self.conversation, *_row(self)]).encode()
        return base64.urlsafe_b64encode(hashlib.sha256(row).digest()[:12]).decode()


class ShownAnswers:
    """The answers that were shown lately. Every server of the library knows them, and forgets the oldest.

    Only answers that were shown can be judged, whatever a page or a document says. Every method may raise
    LibraryError; see `DeskTables`.
    """

    def __init__(self, tables: DeskTables, library: Store, most: int = MOST) -> None:
        """Remember at most `most` answers in `tables`."""
        self._tables = tables
        self._library = library
        self._most = most

    def remember(self, answers: Iterable[RememberedAnswer]) -> None:
        """Remember answers under their ids. Leave out answers that quote a text that was purged meanwhile."""
        now = dt.datetime.now(dt.UTC)
        answers = list(answers)
        with self._tables.writing() as db:
            # A purge that begins after this waits to forget the answers.
            gone = {text for text in set().union(*map(_texts, answers)) if not self._library.has_or_had(text)}
            for answer in answers:
                if _texts(answer) & gone:
                    continue
                db.execute("DELETE FROM shown_answers WHERE id = ?", (answer.id,))
                db.execute(
                    "INSERT INTO shown_answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (answer.id, answer.conversation, *_row(answer), rows.from_time(now)),
                )
            db.execute(
                "DELETE FROM shown_answers WHERE remembered < ? OR remembered < "
                "(SELECT remembered FROM shown_answers ORDER BY remembered DESC LIMIT 1 OFFSET ?)",
                (rows.from_time(now - REMEMBERED), self._most - 1),
            )

    def find(self, answer_id: str) -> RememberedAnswer:
        """Return the answer with this id.

        Raises:
            UnknownAnswerError: no answer has this id, or the answer is forgotten.
        """
        since = rows.from_time(dt.datetime.now(dt.UTC) - REMEMBERED)
        with self._tables.reading() as db:
            row = db.execute(
                f"SELECT conversation, {_COLUMNS} FROM shown_answers "  # noqa: S608 - no value from outside
                "WHERE id = ? AND remembered >= ?",
                (answer_id, since),
            ).fetchone()
        if row is None:
            raise UnknownAnswerError(
                "Pullquote no longer remembers this answer, because a week has passed, many answers were "
                "shown since, or a document or the conversation was erased: ask the question again, and use "
                "the new answer"
            )
        return _answer(row)

    def forget(self, db: Statements, purged: Sequence[DocumentTexts]) -> None:
        """Forget the answers that quote the documents, or are filtered by them."""
        shown_rows = db.execute("SELECT id, shown FROM shown_answers").fetchall() if purged else ()
        for answer_id, row in shown_rows:
            shown = rows.shown_of(row)
            if any(rows.cites(shown, texts) for texts in purged):
                db.execute("DELETE FROM shown_answers WHERE id = ?", (answer_id,))


def _texts(answer: RememberedAnswer) -> set[str]:
    """Return the SHA-256 of the texts that an answer quotes."""
    return {quote.sha256 for quote in (*answer.shown.quotes, *answer.shown.all_quotes)}


def _row(answer: RememberedAnswer) -> tuple[Any, ...]:
    """Return the values of _COLUMNS."""
    asked = answer.asked
    return (
        rows.shown_row(answer.shown),
        asked.outcome,
        rows.from_time(asked.at) if asked.at else "",
        asked.generation,
        rows.how_row(asked),
        rows.differing_row(answer.differing),
    )


def _answer(row: Sequence[Any]) -> RememberedAnswer:
    """Return the answer of a row: its conversation and the values of _COLUMNS."""
    conversation, shown_row, outcome, at, generation, how, differing = row
    shown = rows.shown_of(shown_row)
    asked = Asked(
        shown.question,
        cast("Outcome", _OUTCOME(outcome)),
        shown.filters,
        rows.to_time(at) if at else None,
        stored.number(generation),
        **rows.searched_of(how),
    )
    return RememberedAnswer(shown, asked, rows.differing_of(differing), stored.text(conversation))
