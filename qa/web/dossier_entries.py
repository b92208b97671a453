"""The entries of a dossier over HTTP: add, order, change, remove and renew them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from qa.desk.stored_dossiers import MOST_NOTE
from qa.errors import InputError
from qa.limits import MAX_ID_CHARACTERS, MAX_OFFSET, MAX_QUESTION_CHARACTERS
from qa.quoting.cite import parse_citation
from qa.quoting.render import to_dict as to_line
from qa.report.contents import kept_quote, renewed, shown, to_dict
from qa.schema import EVERYTHING, Asked, DossierEntry, EntryKind, Outcome
from qa.web import paging
from qa.web.body import Body
from qa.web.dossiers import UNKNOWN, DossierRecord, EntryRecord, Id, described
from qa.web.options import FiltersBody  # noqa: TC001 - read when the body is made
from qa.web.questions import DEADLINE, while_connected
from qa.web.records import AnswerLine
from qa.web.replies import ANSWER, CITATION, QUESTION, replies
from qa.web.shown import remember, to_remember

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.deadline import Deadline
    from qa.web.engine import Engine

_NAMED = "The `id` of an entry."
_Entry = Annotated[int, Path(ge=1, le=MAX_OFFSET, description=_NAMED, examples=[2])]
_QuestionEntry = Annotated[int, Path(ge=1, le=MAX_OFFSET, description=_NAMED, examples=[3])]
_Place = Annotated[int, Field(ge=1, le=MAX_OFFSET, strict=True)]
_NOT_A_QUESTION = {400: "`bad_input`: the entry has no question"}
_NOT_ADDED = {
    400: "`bad_input`: a field is missing, or there are too many entries",
    404: "`dossier_not_found`: no such dossier; `document_not_found`: no document has, or had, the cited "
    "text",
}
_NOT_RENEWED = {
    400: "`bad_input`: the quote is current, its source now says nothing similar, the question is "
    "answered, or the dossier already has the new entry",
    404: "`dossier_not_found`: no such dossier or entry; `answer_not_found`: no such answer",
}
_NOT_CHANGED = {400: "`bad_input`: the entry is a quote, or the words are empty"}


class EntryBody(Body):
    """An entry: a quote by its citation, a heading or note in words, or a question that found nothing."""

    kind: EntryKind = Field(
        description="The kind of entry: `quote`, `heading`, `note`, or `question` for a question without an "
        "answer.",
        examples=["quote"],
    )
    citation: Annotated[str, Field(max_length=MAX_ID_CHARACTERS + 200)] | None = Field(
        default=None,
        description="For a quote: SHA256/START-END, or the link to its source in the chat.",
        examples=[CITATION],
    )
    words: Annotated[str, Field(max_length=MOST_NOTE)] | None = Field(
        default=None, description="For a heading or a note: its words."
    )
    question: Annotated[str, Field(max_length=MAX_QUESTION_CHARACTERS)] | None = Field(
        default=None,
        description="For a quote: the question that it answers, if there is one. For a question: its words.",
        examples=[QUESTION],
    )
    outcome: Outcome | None = Field(default=None, description="The outcome of the question.")
    filters: FiltersBody | None = Field(default=None, description="The filters of the question.")
    answer: Annotated[str, Field(max_length=64)] | None = Field(
        default=None,
        description="The `id` of an answer that the chat still remembers. It replaces question, outcome and "
        "filters.",
    )
    at: _Place | None = Field(
        default=None, description="The place of the entry, from 1. Default: at the end."
    )


class RenewBody(Body):
    """How an entry is renewed."""

    answer: Annotated[str, Field(max_length=64)] | None = Field(
        default=None,
        description="For a question: the `id` of the answer line of its new search. For a quote: leave it "
        "out.",
        examples=[ANSWER],
    )


class EntryChange(Body):
    """Other words of a heading or note, another place in the dossier, or both."""

    words: Annotated[str, Field(max_length=MOST_NOTE)] | None = Field(
        default=None, description="The new words of a heading or a note."
    )
    to: _Place | None = Field(default=None, description="The new place of the entry, from 1.", examples=[1])


class AddedRecord(DossierRecord):
    """The dossier, and its new entry."""

    entry: int = Field(description="The `id` of the new entry.", examples=[5])


class RenewedRecord(AddedRecord):
    """The dossier, its new entry, and the entry that the new entry replaces."""

    replaced: int = Field(description="The `id` of the entry that was replaced.", examples=[3])


def routes(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes under `/api/v1/dossiers/{dossier}/entries`.

    `few_at_once` decorates the routes that can take long, so that few of them run at once.
    """
    router = APIRouter(
        prefix="/dossiers/{dossier}/entries", tags=["Dossiers"], responses=replies(None, UNKNOWN)
    )

    @router.get("", responses=replies(list[EntryRecord], headers=paging.HEADERS))
    @few_at_once
    def entries(
        request: Request,
        response: Response,
        dossier: Id,
        limit: paging.LimitOrAll = None,
        offset: paging.Offset = 0,
    ) -> list[dict[str, Any]]:
        """List the entries of a dossier. In order, as *Read a dossier* has them: all of them, or a part."""
        shown_entries = shown(engine.corpus.desk.dossiers.entries(dossier), engine.corpus.store)
        return [to_dict(entry) for entry in paging.part(request, response, shown_entries, limit, offset)]

    @router.post("", responses=replies(AddedRecord, _NOT_ADDED))
    @few_at_once
    def add(dossier: Id, body: EntryBody) -> dict[str, Any]:
        """Add an entry.

        Add a quote, a heading, a note, or a question without an answer. A quote that the dossier already has
        stays where it is. `entry` is the entry's id.
        """
        (added,) = engine.corpus.desk.dossiers.add(dossier, [_entry(engine, body)], body.at)
        return {"entry": added.id, **described(engine, dossier)}

    router.include_router(_again(engine, few_at_once))
    router.include_router(_changes(engine, few_at_once))
    return router


def _again(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes that ask the question of an entry again, and that renew an entry."""
    router = APIRouter()

    @router.post("/{entry}/ask", responses=replies(AnswerLine, _NOT_A_QUESTION | DEADLINE))
    async def ask_again(dossier: Id, entry: _QuestionEntry, request: Request) -> dict[str, Any]:
        """Ask a kept question again.

        The question is asked with its own filters, strictness and earlier questions. The reply is an answer
        line, as in *Ask a question*. The dossier does not change: add the quotes, or renew the entry with the
        `id` of the line.
        """
        deadline = engine.deadline()
        async with while_connected(request, deadline):
            return await engine.asking.run_while_awaited(
                deadline, _asked_again, engine, dossier, entry, deadline
            )

    @router.post("/{entry}/renew", responses=replies(RenewedRecord, _NOT_RENEWED))
    @few_at_once
    def renew(dossier: Id, entry: _QuestionEntry, body: RenewBody) -> dict[str, Any]:
        """Renew an entry.

        Replace a superseded quote by the present words of its source (`present`), or a question's search by a
        new search. `entry` is the new entry. The `replaced` entry can be put back for a day.
        """
        dossiers = engine.corpus.desk.dossiers
        former = dossiers.entry(dossier, entry)
        if former.kind == "quote":
            by = renewed(former, engine.corpus.store)
        else:
            by = _entry(engine, EntryBody(kind="question", answer=body.answer))
        return {
            "entry": dossiers.replace(dossier, entry, by).id,
            "replaced": entry,
            **described(engine, dossier),
        }

    return router


def _changes(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes that change, remove and put back an entry."""
    router = APIRouter()

    @router.patch("/{entry}", responses=replies(DossierRecord, _NOT_CHANGED))
    @few_at_once
    def change(dossier: Id, entry: _Entry, body: EntryChange) -> dict[str, Any]:
        """Change or move an entry.

        Change the words of a heading or note, or move an entry. The words of a quote cannot be changed.
        """
        if body.words is not None:
            engine.corpus.desk.dossiers.write(dossier, entry, body.words)
        if body.to is not None:
            engine.corpus.desk.dossiers.move(dossier, entry, body.to)
        return described(engine, dossier)

    @router.delete("/{entry}", responses=replies(DossierRecord))
    @few_at_once
    def remove(dossier: Id, entry: _Entry) -> dict[str, Any]:
        """Remove an entry. It can be put back for a day."""
        engine.corpus.desk.dossiers.remove(dossier, entry)
        return described(engine, dossier)

    @router.post("/{entry}/restore", responses=replies(DossierRecord))
    @few_at_once
    def put_back(dossier: Id, entry: _Entry) -> dict[str, Any]:
        """Put back an entry. Undo a removal of the last day. The entry returns to its place."""
        engine.corpus.desk.dossiers.put_back(dossier, entry)
        return described(engine, dossier)

    return router


def _asked_again(engine: Engine, dossier: str, entry: int, deadline: Deadline) -> dict[str, Any]:
    """Ask the question of an entry again with its stored filters, and return the answer line.

    Raises:
        InputError: the entry has no question.
    """
    asked = engine.corpus.desk.dossiers.entry(dossier, entry).asked
    if asked is None:
        raise InputError("this entry has no question, so it cannot be asked again")
    options = engine.options(asked.filters, asked.strictness or None)
    answer = engine.ask(asked.question, asked.earlier, options, deadline=deadline)
    answer_id = remember(engine, to_remember(answer, asked.earlier, engine.corpus.store.generation))
    return to_line(answer, engine.corpus.document, answer_id)


def _entry(engine: Engine, body: EntryBody) -> DossierEntry:
    """Return the entry that a body describes.

    Raises:
        InputError: the body lacks what an entry of its kind needs, or the question was answered.
        DocumentNotFoundError: no document has, or had, the cited text.
    """
    answer = engine.corpus.desk.shown_answers.find(body.answer) if body.answer else None
    asked = answer.asked if answer else None
    if body.question and not asked:
        outcome = body.outcome or ("none" if body.kind == "question" else "answered")
        filters = body.filters.filters() if body.filters else EVERYTHING
        now = dt.datetime.now(dt.UTC)
        asked = Asked(body.question, outcome, filters, now, engine.corpus.store.generation)
    if body.kind == "quote":
        if not body.citation:
            raise InputError("a quote needs its citation: send SHA256/START-END, as the answer has it")
        cited, document = parse_citation(body.citation)
        return kept_quote(engine.corpus.store, cited, document, asked, answer.differing if answer else ())
    if body.kind == "question":
        if asked is None:
            raise InputError("a question needs its words: send them as `question`")
        if asked.outcome == "answered":
            raise InputError("this question was answered: keep the quotes that answer it")
        return DossierEntry("question", asked=asked)
    return DossierEntry(body.kind, body.words or "")
