"""The entries of a dossier over HTTP: add, order, change, remove and renew them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from qa.desk.stored_dossiers import MOST_NOTE
from qa.errors import InputError
from qa.limits import MAX_ID_CHARACTERS, MAX_OFFSET, MAX_QUESTION_CHARACTERS
from qa.quoting.cite import parse_citation
from qa.quoting.render import to_dict as to_line
from qa.report.contents import kept_quote, renewed, shown, to_dict
from qa.schema import EVERYTHING, Asked, DossierEntry, Outcome
from qa.web import paging
from qa.web.body import Body
from qa.web.dossiers import Id, described
from qa.web.options import FiltersBody  # noqa: TC001 - read when the body is made
from qa.web.questions import while_connected

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.deadline import Deadline
    from qa.web.engine import Engine

_Entry = Annotated[int, Path(ge=1, le=MAX_OFFSET)]
_Place = Annotated[int, Field(ge=1, le=MAX_OFFSET, strict=True)]


class EntryBody(Body):
    """An entry: a quote by its citation, a heading or note in words, or a question that found nothing.

    `answer`, the id of an answer line, gives the question, its filters and its outcome.
    """

    kind: Literal["quote", "heading", "note", "question"]
    citation: Annotated[str, Field(max_length=MAX_ID_CHARACTERS + 200)] | None = None
    words: Annotated[str, Field(max_length=MOST_NOTE)] | None = None
    question: Annotated[str, Field(max_length=MAX_QUESTION_CHARACTERS)] | None = None
    outcome: Outcome | None = None
    filters: FiltersBody | None = None
    answer: Annotated[str, Field(max_length=64)] | None = None
    at: _Place | None = None


class RenewBody(Body):
    """For a question: the id of the answer line of its new search. For a quote: nothing."""

    answer: Annotated[str, Field(max_length=64)] | None = None


class EntryChange(Body):
    """Other words of a heading or note, another place in the dossier, or both."""

    words: Annotated[str, Field(max_length=MOST_NOTE)] | None = None
    to: _Place | None = None


def routes(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes under `/api/v1/dossiers/{dossier}/entries`.

    `few_at_once` limits the routes that can take long.
    """
    router = APIRouter(prefix="/dossiers/{dossier}/entries")

    @router.get("")
    @few_at_once
    def entries(
        request: Request,
        response: Response,
        dossier: Id,
        limit: paging.LimitOrAll = None,
        offset: paging.Offset = 0,
    ) -> list[dict[str, Any]]:
        """List the entries of a dossier in order. The quotes are read from their documents now."""
        shown_entries = shown(engine.corpus.desk.dossiers.entries(dossier), engine.corpus.store)
        return [to_dict(entry) for entry in paging.part(request, response, shown_entries, limit, offset)]

    @router.post("")
    @few_at_once
    def add(dossier: Id, body: EntryBody) -> dict[str, Any]:
        """Add an entry. A quote that the dossier has already stays where it is."""
        (added,) = engine.corpus.desk.dossiers.add(dossier, [_entry(engine, body)], body.at)
        return {"entry": added.id, **described(engine, dossier)}

    @router.post("/{entry}/ask")
    async def ask_again(dossier: Id, entry: _Entry, request: Request) -> dict[str, Any]:
        """Ask the question of an entry again, as it was asked. The dossier does not change."""
        deadline = engine.deadline()
        async with while_connected(request, deadline):
            return await engine.asking.run_while_awaited(
                deadline, _asked_again, engine, dossier, entry, deadline
            )

    @router.post("/{entry}/renew")
    @few_at_once
    def renew(dossier: Id, entry: _Entry, body: RenewBody) -> dict[str, Any]:
        """Replace a superseded quote with the present words, or a question's search with a new search."""
        dossiers = engine.corpus.desk.dossiers
        held = dossiers.entry(dossier, entry)
        if held.kind == "quote":
            by = renewed(held, engine.corpus.store)
        else:
            by = _entry(engine, EntryBody(kind="question", answer=body.answer))
        return {
            "entry": dossiers.replace(dossier, entry, by).id,
            "replaced": entry,
            **described(engine, dossier),
        }

    @router.patch("/{entry}")
    @few_at_once
    def change(dossier: Id, entry: _Entry, body: EntryChange) -> dict[str, Any]:
        """Change the words of a heading or note, or move an entry."""
        if body.words is not None:
            engine.corpus.desk.dossiers.write(dossier, entry, body.words)
        if body.to is not None:
            engine.corpus.desk.dossiers.move(dossier, entry, body.to)
        return described(engine, dossier)

    @router.delete("/{entry}")
    @few_at_once
    def remove(dossier: Id, entry: _Entry) -> dict[str, Any]:
        """Take an entry out. It can be put back for a day."""
        engine.corpus.desk.dossiers.remove(dossier, entry)
        return described(engine, dossier)

    @router.post("/{entry}/restore")
    @few_at_once
    def put_back(dossier: Id, entry: _Entry) -> dict[str, Any]:
        """Put back an entry that was removed."""
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
    answer_id = engine.answers.remember(answer, asked.earlier, engine.corpus.store.generation)
    return to_line(answer, engine.corpus.document, answer_id)


def _entry(engine: Engine, body: EntryBody) -> DossierEntry:
    """Return the entry that a body describes.

    Raises:
        InputError: the body lacks what an entry of its kind needs, or the question was answered.
        DocumentNotFoundError: no document has, or had, the cited text.
    """
    asked = engine.answers.asked(body.answer) if body.answer else None
    if body.question and not asked:
        outcome = body.outcome or ("none" if body.kind == "question" else "answered")
        filters = body.filters.filters() if body.filters else EVERYTHING
        now = dt.datetime.now(dt.UTC)
        asked = Asked(body.question, outcome, filters, now, engine.corpus.store.generation)
    if body.kind == "quote":
        if not body.citation:
            raise InputError("a quote needs its citation: send SHA256/START-END, as the answer has it")
        cited, document = parse_citation(body.citation)
        differing = engine.answers.differing(body.answer) if body.answer else ()
        return kept_quote(engine.corpus.store, cited, document, asked, differing)
    if body.kind == "question":
        if asked is None:
            raise InputError("a question needs its words: send them as `question`")
        if asked.outcome == "answered":
            raise InputError("this question was answered: keep the quotes that answer it")
        return DossierEntry("question", asked=asked)
    return DossierEntry(body.kind, body.words or "")
