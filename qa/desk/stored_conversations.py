"""The conversations on the desk: each question with its answer. Quotes are stored as coordinates."""

# ruff: noqa: S608 -- statements consist of this file's own conditions; values from outside are always bound.

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from qa.desk import rows
from qa.errors import DocumentNotFoundError, UnknownConversationError
from qa.schema import ConversationInfo, KeptQuote, KeptTurn, Span
from qa.storage import columns as stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from qa.desk.tables import DeskTables
    from qa.storage.records.store import Store
    from qa.storage.results import DocumentTexts
    from qa.storage.statements import Statements

_ID = re.compile(r"[\w-]{16}", re.ASCII)
# Time for which a deleted conversation can be put back.
UNDO = dt.timedelta(days=1)
MAX_NAME_CHARACTERS = 200
_INFO = """
    SELECT id, name, began, changed,
        (SELECT count(*) FROM turns WHERE conversation = id),
        (SELECT question FROM turns WHERE conversation = id ORDER BY number LIMIT 1),
        (SELECT question FROM turns WHERE conversation = id ORDER BY number DESC LIMIT 1)
    FROM conversations
"""
_QUOTE = "of_all, place, copy, document, sha256, start, end, number, score, emphasis, purged"


def new_id() -> str:
    """Return a new id that cannot be guessed."""
    return secrets.token_urlsafe(12)


def is_id(text: object) -> bool:
    """Return whether a text has the form of an id."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


class Conversations:
    """The conversations that people had with a library. Several threads and processes may use them at once.

    Every method may raise LibraryError; see `DeskTables`.
    """

    def __init__(self, tables: DeskTables, library: Store) -> None:
        self._tables = tables
        self._library = library

    # Writing

    def keep(self, conversation: str, turn: KeptTurn) -> int:
        """Store a turn, and return its number.

        A turn with a number replaces the stored turn with this number. A turn without a number becomes the
        last turn. If the conversation does not exist, it is made. If it was deleted, it is put back. If the
        document of a quote has been purged, the quote is stored as purged.
        """
        asked = rows.from_time(turn.asked)
        with self._tables.writing() as db:
            turn = self._without_purged(turn)  # a purge that begins after this waits to forget the turn
            db.execute(
                "INSERT INTO conversations VALUES (?1, '', ?2, ?2, '') "
                "ON CONFLICT (id) DO UPDATE SET deleted = '', "
                "changed = CASE WHEN conversations.changed > ?2 THEN conversations.changed ELSE ?2 END",
                (conversation, asked),
            )
            number = turn.number
            if number:
                db.execute("DELETE FROM turns WHERE conversation = ? AND number = ?", (conversation, number))
            else:
                (number,) = db.execute(
                    "SELECT coalesce(max(number), 0) + 1 FROM turns WHERE conversation = ?", (conversation,)
                ).fetchone()
            serial = db.execute(
                "INSERT INTO turns (conversation, number, question, asked, answer, remarks, filters) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    conversation,
                    number,
                    turn.question,
                    asked,
                    rows.answer_row(turn),
                    rows.remarks_row(turn.answer),
                    rows.filters_row(turn.answer.filters),
                ),
            ).lastrowid
            db.executemany(
                f"INSERT INTO quotes (turn, {_QUOTE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(serial, *row) for row in _quote_rows(turn)],
            )
        return int(number)

    def branch(self, conversation: str, number: int, new: str) -> None:
        """Copy the turns before turn `number` into conversation `new`, which asks that turn differently."""
        with self._tables.writing() as db:
            serials = db.execute(
                "SELECT serial FROM turns WHERE conversation = ? AND number < ? ORDER BY number",
                (conversation, number),
            ).fetchall()
            if serials:
                db.execute(
                    "INSERT INTO conversations SELECT ?, name, began, changed, '' FROM conversations "
                    "WHERE id = ? ON CONFLICT DO NOTHING",
                    (new, conversation),
                )
            for (serial,) in serials:
                copied = db.execute(
                    "INSERT INTO turns (conversation, number, question, asked, answer, remarks, filters) "
                    "SELECT ?, number, question, asked, answer, remarks, filters FROM turns WHERE serial = ?",
                    (new, serial),
                ).lastrowid
                db.execute(
                    f"INSERT INTO quotes (turn, {_QUOTE}) SELECT ?, {_QUOTE} FROM quotes WHERE turn = ?",
                    (copied, serial),
                )

    def rename(self, conversation: str, name: str) -> ConversationInfo:
        """Give a conversation a name. The name "" means its first question.

        Raises:
            UnknownConversationError: there is no such conversation.
        """
        self._update(conversation, "name = ?2", name.strip()[:MAX_NAME_CHARACTERS])
        return self.info(conversation)

    def delete(self, conversation: str) -> None:
        """Delete a conversation. For a day, `restore` can put it back. Later deletions then erase its rows.

        Its answers can no longer be judged, until the conversation is opened again.

        Raises:
            UnknownConversationError: there is no such conversation.
        """
        now = dt.datetime.now(dt.UTC)
        self._update(conversation, "deleted = ?2", rows.from_time(now))
        with self._tables.writing() as db:
            db.execute("DELETE FROM shown_answers WHERE conversation = ?", (conversation,))
            db.execute(
                "DELETE FROM conversations WHERE deleted != '' AND deleted < ?", (rows.from_time(now - UNDO),)
            )

    def restore(self, conversation: str) -> ConversationInfo:
        """Put back a deleted conversation.

        Raises:
            UnknownConversationError: there is no such conversation, or it was deleted so long ago that its
                rows are erased.
        """
        self._update(conversation, "deleted = ?2", "")
        return self.info(conversation)

    def _update(self, conversation: str, assignment: str, value: str) -> None:
        """Set a column of a conversation. `assignment` is SQL, with `?2` for the value.

        Raises:
            UnknownConversationError: there is no such conversation.
        """
        with self._tables.writing() as db:
            changed = db.execute(
                f"UPDATE conversations SET {assignment} WHERE id = ?1", (conversation, value)
            ).rowcount
        if not changed:
            raise _unknown()

    def _without_purged(self, turn: KeptTurn) -> KeptTurn:
        """Return a turn with a quote that only has its number for each quote of a purged document."""
        now = dt.datetime.now(dt.UTC)
        in_library: dict[tuple[str, str], bool] = {}

        def is_known(quote: KeptQuote) -> bool:
            text = quote.sha256, quote.document
            if text not in in_library:
                try:
                    in_library[text] = bool(self._library.cited(*text))
                except DocumentNotFoundError:
                    in_library[text] = False
            return in_library[text]

        def as_stored(quote: KeptQuote) -> KeptQuote:
            if quote.purged or not is_known(quote):
                return KeptQuote("", "", 0, 0, quote.number, purged=quote.purged or now)
            return replace(quote, copies=tuple(filter(is_known, quote.copies)))

        return replace(
            turn,
            quotes=tuple(map(as_stored, turn.quotes)),
            all_quotes=None if turn.all_quotes is None else tuple(map(as_stored, turn.all_quotes)),
            nearest=tuple(map(as_stored, turn.nearest)),
        )

    # Reading

    def count(self) -> int:
        """Count the conversations."""
        with self._reading() as db:
            (count,) = db.execute("SELECT count(*) FROM conversations WHERE deleted = ''").fetchone()
        return int(count)

    def all(self) -> tuple[ConversationInfo, ...]:
        """List the conversations, the one changed last first."""
        with self._reading() as db:
            info_rows = db.execute(f"{_INFO} WHERE deleted = '' ORDER BY changed DESC, id")
            return _told_apart(tuple(map(_info, info_rows)))

    def info(self, conversation: str) -> ConversationInfo:
        """Return the description of a conversation.

        Raises:
            UnknownConversationError: there is no such conversation, or it was deleted.
        """
        for info in self.all():
            if info.id == conversation:
                return info
        raise _unknown()

    def turns(self, conversation: str) -> tuple[KeptTurn, ...]:
        """Return the turns of a conversation, in order.

        Raises:
            UnknownConversationError: there is no such conversation, or it was deleted.
        """
        with self._reading() as db:
            self._check_exists(db, conversation)
            turn_rows = db.execute(
                "SELECT serial, number, question, asked, answer, remarks, filters FROM turns "
                "WHERE conversation = ? ORDER BY number",
                (conversation,),
            ).fetchall()
            quotes: dict[int, list[Any]] = defaultdict(list)
            for serial, *row in db.execute(
                f"SELECT turn, {_QUOTE} FROM quotes WHERE turn IN "
                "(SELECT serial FROM turns WHERE conversation = ?) ORDER BY turn, of_all, place, copy",
                (conversation,),
            ):
                quotes[serial].append(row)
            return tuple(_turn(row, quotes[serial]) for serial, *row in turn_rows)

    def numbers(self, conversation: str) -> set[int]:
        """Return the numbers of the turns of a conversation. There are none if it does not exist."""
        with self._reading() as db:
            found = db.execute("SELECT number FROM turns WHERE conversation = ?", (conversation,))
            return {number for (number,) in found}

    def words(self) -> list[tuple[str, str, dict[int, str]]]:
        """Return the id, the name and the questions by number of each conversation, for a search."""
        with self._reading() as db:
            question_rows = db.execute(
                "SELECT id, name, number, question FROM conversations JOIN turns ON conversation = id "
                "WHERE deleted = '' ORDER BY id, number"
            )
            return [
                (
                    conversation_id,
                    name,
                    {stored.number(number): stored.text(text) for *_, number, text in questions},
                )
                for (conversation_id, name), questions in groupby(
                    question_rows, key=lambda row: (stored.text(row[0]), stored.text(row[1]))
                )
            ]

    def quote_references(self) -> list[tuple[str, int, str, str, int, int]]:
        """Return the quotes of all conversations, newest conversation first.

        Each quote is the conversation, the number of the question, the document, the SHA-256, start and end.
        """
        with self._reading() as db:
            quote_rows = db.execute(
                "SELECT DISTINCT changed, conversation, turns.number, document, sha256, start, end "
                "FROM quotes JOIN turns ON turn = serial JOIN conversations ON conversation = id "
                "WHERE purged = '' AND copy = 0 AND deleted = '' "
                "ORDER BY changed DESC, conversation, turns.number"
            )
            return [tuple(quote) for _, *quote in quote_rows]

    # Purges

    def citing(self, texts: DocumentTexts) -> tuple[str, ...]:
        """Return the names of the conversations that would lose quotes or filters if `texts` were purged.

        Deleted conversations are included.
        """
        with self._reading() as db:
            conversations = set(_citing(db, texts).values())
            every = db.execute(f"{_INFO} ORDER BY changed DESC, id")
            return tuple(_info(row).name for row in every if row[0] in conversations)

    def forget(self, db: Statements, purged: Sequence[DocumentTexts]) -> None:
        """Forget the quotes of documents. Only their places, their numbers and the time of the purge stay.

        Also erase filters by the documents, and filters of answers that quote the documents. Remarks may name
        any document, so erase the remarks of all turns. Questions and names stay, because they are the user's
        own words.
        """
        if not purged:
            return
        now = rows.from_time(dt.datetime.now(dt.UTC))
        for texts in purged:
            turns = [(turn,) for turn in _citing(db, texts)]
            db.executemany("UPDATE turns SET filters = '{}' WHERE serial = ?", turns)
            parameters = rows.purge_parameters(texts)
            db.executemany(
                f"DELETE FROM quotes WHERE copy > 0 AND ({rows.OF} OR (turn, of_all, place) IN "
                f"(SELECT turn, of_all, place FROM quotes WHERE {rows.OF}))",
                parameters,
            )
            db.executemany(
                "UPDATE quotes SET document = '', sha256 = '', start = 0, end = 0, score = 0, "
                f"emphasis = '[]', purged = ?3 WHERE {rows.OF}",
                [(*pair, now) for pair in parameters],
            )
        db.execute("UPDATE turns SET remarks = ''")

    # The tables

    def _reading(self) -> AbstractContextManager[Statements]:
        """Open one snapshot of the tables. It is empty if no conversation was ever stored."""
        return self._tables.reading()

    @staticmethod
    def _check_exists(db: Statements, conversation: str) -> None:
        """Check that there is such a conversation.

        Raises:
            UnknownConversationError: there is no such conversation, or it was deleted.
        """
        if not db.execute(
            "SELECT 1 FROM conversations WHERE id = ? AND deleted = ''", (conversation,)
        ).fetchone():
            raise _unknown()


def _citing(db: Statements, texts: DocumentTexts) -> dict[int, str]:
    """Return the turns that quote a document or filter by it, and their conversations."""
    return rows.citing(
        db,
        texts,
        "SELECT serial, conversation, filters FROM turns WHERE filters != '{}'",
        f"SELECT serial, conversation FROM turns JOIN quotes ON turn = serial WHERE {rows.OF}",
    )


def _unknown() -> UnknownConversationError:
    return UnknownConversationError(
        "there is no such conversation: it was deleted, or it is in another library"
    )


def _info(row: Sequence[Any]) -> ConversationInfo:
    conversation, name, began, changed, questions, first, last = row
    return ConversationInfo(
        stored.text(conversation),
        stored.text(name) or stored.text(first or ""),
        rows.to_time(began),
        rows.to_time(changed),
        stored.number(questions),
        stored.text(last or ""),
    )


def _told_apart(listed: tuple[ConversationInfo, ...]) -> tuple[ConversationInfo, ...]:
    """Number the conversations with the same name, from the second on, in order of their beginning."""
    seen: Counter[str] = Counter()
    names = {}
    for info in sorted(listed, key=lambda info: (info.began, info.id)):
        seen[info.name] += 1
        names[info.id] = f"{info.name} ({seen[info.name]})" if seen[info.name] > 1 else info.name
    return tuple(replace(info, name=names[info.id]) for info in listed)


def _quote_rows(turn: KeptTurn) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of quotes. `of_all` is 0 for the answer, 1 for all that answer, 2 for the nearest."""
    for kind, quotes in enumerate((turn.quotes, turn.all_quotes or (), turn.nearest)):
        for position, quote in enumerate(quotes):
            for copy_number, kept_quote in enumerate((quote, *quote.copies)):
                yield (
                    kind,
                    position,
                    copy_number,
                    kept_quote.document,
                    kept_quote.sha256,
                    kept_quote.start,
                    kept_quote.end,
                    kept_quote.number,
                    float(kept_quote.score),
                    rows.spans_row(kept_quote.emphasis),
                    rows.from_time(kept_quote.purged) if kept_quote.purged else "",
                )


def _turn(row: Sequence[Any], quotes: Iterable[Sequence[Any]]) -> KeptTurn:
    """Return the turn that a row and the rows of its quotes store."""
    number, question, asked, answer, remarks, filters = row
    strictness, dates, history, generation, all_asked = rows.asked_with(answer)
    quotes_by_kind: Mapping[int, list[KeptQuote]] = defaultdict(list)
    for (kind, _), group in groupby(
        quotes, key=lambda quote_row: (stored.number(quote_row[0]), quote_row[1])
    ):
        first, *copies = map(_kept, group)
        quotes_by_kind[kind].append(replace(first, copies=tuple(copies)))
    return KeptTurn(
        rows.to_time(asked),
        strictness,
        dates,
        history,
        rows.answer_of(stored.text(question), answer, remarks, filters),
        tuple(quotes_by_kind[0]),
        tuple(quotes_by_kind[1]) if all_asked else None,
        tuple(quotes_by_kind[2]),
        generation,
        stored.number(number),
    )


def _kept(row: Sequence[Any]) -> KeptQuote:
    _, _, _, document, sha256, start, end, number, score, emphasis, purged = row
    return KeptQuote(
        stored.text(document),
        stored.text(sha256),
        stored.number(start),
        stored.number(end),
        stored.number(number),
        float(score),
        stored.rows(emphasis, Span, stored.number, stored.number),
        purged=rows.to_time(purged) if purged else None,
    )
