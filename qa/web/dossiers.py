"""Dossiers over HTTP: gather and order entries, export them, and compare them with the library."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote as percent_encoded

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from qa.desk.dossiers import MOST_NAME, MOST_NOTE
from qa.errors import InputError
from qa.limits import MAX_ID_CHARACTERS, MAX_OFFSET, MAX_QUESTION_CHARACTERS
from qa.quoting import verify
from qa.quoting.bibliography.styles import MAX_STYLE_NAME
from qa.quoting.cite import parse_citation
from qa.quoting.render import to_dict as to_line
from qa.report.contents import info_to_dict, kept_quote, outdated, renewed, shown, to_dict, verdicts
from qa.report.export import MEDIA, export
from qa.report.tree import Format  # noqa: TC001 - read when the route is made
from qa.schema import EVERYTHING, Asked, DossierEntry, Outcome
from qa.web import paging
from qa.web.body import Body
from qa.web.history import LISTED
from qa.web.options import FiltersBody  # noqa: TC001 - read when the body is made
from qa.web.questions import while_connected
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qa.deadline import Deadline
    from qa.schema import Holding
    from qa.web.engine import Engine

_Id = Annotated[str, Path(pattern="^[0-9A-Za-z_-]{16}$")]
_Entry = Annotated[int, Path(ge=1, le=MAX_OFFSET)]
_Place = Annotated[int, Field(ge=1, le=MAX_OFFSET, strict=True)]
# Number of reports that are made at once. The programs that make a report use both cores.
_EXPORTED_AT_ONCE = 1


class DossierBody(Body):
    """The name of a dossier."""

    name: Annotated[str, Field(max_length=MOST_NAME)]


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
    """Return the routes under `/api/v1/dossiers`. `few_at_once` limits the routes that can take long."""
    router = APIRouter(prefix="/dossiers")
    exporting = Threads(_EXPORTED_AT_ONCE)

    def described(dossier: str) -> dict[str, Any]:
        return info_to_dict(engine.corpus.desk.dossiers.info(dossier))

    @router.get("")
    def dossiers(
        request: Request, response: Response, limit: paging.Limit = LISTED, offset: paging.Offset = 0
    ) -> dict[str, Any]:
        """List the dossiers, the last changed first."""
        found = engine.corpus.desk.dossiers.all()
        listed = [info_to_dict(each) for each in paging.part(request, response, found, limit, offset)]
        return {"dossiers": listed, "total": len(found)}

    @router.post("")
    def create(body: DossierBody) -> dict[str, Any]:
        """Make an empty dossier."""
        return info_to_dict(engine.corpus.desk.dossiers.create(body.name))

    @router.get("/kept")
    @few_at_once
    def kept(
        answer: Annotated[str, Query(max_length=64)] = "",
        citation: Annotated[str, Query(max_length=MAX_ID_CHARACTERS + 200)] = "",
    ) -> dict[str, Any]:
        """Return where the quotes of an answer, the answer's question, and a citation are kept."""
        return kept_to_dict(kept_in(engine, answer, citation))

    @router.get("/{dossier}")
    @few_at_once
    def dossier(dossier: _Id) -> dict[str, Any]:
        """Return a dossier with its entries in order. The quotes are read from their documents now."""
        corpus = engine.corpus
        entries = shown(corpus.desk.dossiers.entries(dossier), corpus.store)
        return {**described(dossier), "in_order": [to_dict(each) for each in entries]}

    @router.patch("/{dossier}")
    def rename(dossier: _Id, body: DossierBody) -> dict[str, Any]:
        """Give a dossier another name."""
        return info_to_dict(engine.corpus.desk.dossiers.rename(dossier, body.name))

    @router.delete("/{dossier}")
    def delete(dossier: _Id) -> dict[str, Any]:
        """Delete a dossier. It can be put back for a day."""
        deleted = described(dossier)
        engine.corpus.desk.dossiers.delete(dossier)
        return deleted

    @router.post("/{dossier}/restore")
    def restore(dossier: _Id) -> dict[str, Any]:
        """Put back a dossier that was deleted."""
        return info_to_dict(engine.corpus.desk.dossiers.restore(dossier))

    @router.get("/{dossier}/entries")
    @few_at_once
    def entries(
        request: Request,
        response: Response,
        dossier: _Id,
        limit: paging.LimitOrAll = None,
        offset: paging.Offset = 0,
    ) -> list[dict[str, Any]]:
        """List the entries of a dossier in order. The quotes are read from their documents now."""
        found = shown(engine.corpus.desk.dossiers.entries(dossier), engine.corpus.store)
        return [to_dict(each) for each in paging.part(request, response, found, limit, offset)]

    @router.post("/{dossier}/entries")
    @few_at_once
    def add(dossier: _Id, body: EntryBody) -> dict[str, Any]:
        """Add an entry. A quote that the dossier has already stays where it is."""
        (added,) = engine.corpus.desk.dossiers.add(dossier, [_entry(engine, body)], body.at)
        return {"entry": added.id, **described(dossier)}

    @router.post("/{dossier}/entries/{entry}/ask")
    async def ask_again(dossier: _Id, entry: _Entry, request: Request) -> dict[str, Any]:
        """Ask the question of an entry again, as it was asked. The dossier does not change."""
        deadline = engine.deadline()
        async with while_connected(request, deadline):
            return await engine.asking.run_while_awaited(
                deadline, _asked_again, engine, dossier, entry, deadline
            )

    @router.post("/{dossier}/entries/{entry}/renew")
    @few_at_once
    def renew(dossier: _Id, entry: _Entry, body: RenewBody) -> dict[str, Any]:
        """Replace a superseded quote with the present words, or a question's search with a new search."""
        dossiers = engine.corpus.desk.dossiers
        held = dossiers.entry(dossier, entry)
        if held.kind == "quote":
            by = renewed(held, engine.corpus.store)
        else:
            by = _entry(engine, EntryBody(kind="question", answer=body.answer))
        return {"entry": dossiers.replace(dossier, entry, by).id, "replaced": entry, **described(dossier)}

    @router.patch("/{dossier}/entries/{entry}")
    @few_at_once
    def change(dossier: _Id, entry: _Entry, body: EntryChange) -> dict[str, Any]:
        """Change the words of a heading or note, or move an entry."""
        if body.words is not None:
            engine.corpus.desk.dossiers.write(dossier, entry, body.words)
        if body.to is not None:
            engine.corpus.desk.dossiers.move(dossier, entry, body.to)
        return described(dossier)

    @router.delete("/{dossier}/entries/{entry}")
    @few_at_once
    def remove(dossier: _Id, entry: _Entry) -> dict[str, Any]:
        """Take an entry out. It can be put back for a day."""
        engine.corpus.desk.dossiers.remove(dossier, entry)
        return described(dossier)

    @router.post("/{dossier}/entries/{entry}/restore")
    @few_at_once
    def put_back(dossier: _Id, entry: _Entry) -> dict[str, Any]:
        """Put back an entry that was removed."""
        engine.corpus.desk.dossiers.put_back(dossier, entry)
        return described(dossier)

    @router.get("/{dossier}/outdated")
    @few_at_once
    def list_outdated(dossier: _Id) -> dict[str, Any]:
        """List the quotes that an export would contain although they are superseded, removed or purged."""
        corpus = engine.corpus
        entries = shown(corpus.desk.dossiers.entries(dossier), corpus.store)
        return {"outdated": [to_dict(each) for each in outdated(entries)]}

    @router.get("/{dossier}/export")
    @exporting.limited
    def exported(
        dossier: _Id,
        format: Format,  # noqa: A002
        style: Annotated[str, Query(max_length=MAX_STYLE_NAME)] = "chicago",
    ) -> Response:
        """Return a dossier as a report."""
        info = engine.corpus.desk.dossiers.info(dossier)
        old = outdated(shown(engine.corpus.desk.dossiers.entries(dossier), engine.corpus.store))
        data = export(engine.corpus, info, format, style, files=False)
        plain = re.sub(r"[^\w -]", "_", info.name, flags=re.ASCII)[:80].strip() or "dossier"
        named = (
            f"filename=\"{plain}.{format}\"; filename*=UTF-8''{percent_encoded(info.name, safe='')}.{format}"
        )
        headers = {
            "Content-Disposition": f"attachment; {named}",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "Pullquote-Outdated": str(len(old)),
        }
        return Response(data, media_type=MEDIA[format], headers=headers)

    @router.get("/{dossier}/verify")
    @few_at_once
    def verified(dossier: _Id) -> dict[str, Any]:
        """Compare every quote of a dossier with the library. The texts are read and hashed again."""
        corpus = engine.corpus
        entries = shown(corpus.desk.dossiers.entries(dossier), corpus.store)
        judged = [verdict for _, verdict in verdicts(entries, verify.Verifier(corpus.store))]
        found = [verdict for verdict in judged if verdict]
        return {**verify.to_dict(found), "purged": len(judged) - len(found)}

    return router


def kept_in(engine: Engine, answer: str, citation: str) -> tuple[Holding, ...]:
    """Return where dossiers keep quotes from the cited texts, and an answer's question.

    The cited texts are the texts of the answer's quotes, and the text of the citation.

    Raises:
        InputError: `citation` is not a citation.
        UnknownAnswerError: no answer has this id, or the answer is forgotten.
    """
    texts = {quote.sha256 for quote in engine.answers.find(answer).quotes} if answer else set()
    if citation:
        texts.add(parse_citation(citation)[0].sha256)
    asked = engine.answers.asked(answer) if answer else None
    return engine.corpus.desk.dossiers.holding(sorted(texts), asked)


def kept_to_dict(kept: Sequence[Holding]) -> dict[str, Any]:
    """Return the places of quotes, by citation id, and of the question, as HTTP gives them."""
    quotes: dict[str, list[dict[str, Any]]] = {"": []}
    for each in kept:
        said = {"dossier": each.dossier, "name": each.name, "entry": each.entry}
        quotes.setdefault(each.citation_id, []).append(said)
    return {"question": quotes.pop(""), "quotes": quotes}


def _asked_again(engine: Engine, dossier: str, entry: int, deadline: Deadline) -> dict[str, Any]:
    """Ask the question of an entry again with its stored filters, and return the answer line.

    Raises:
        InputError: the entry has no question.
    """
    asked = engine.corpus.desk.dossiers.entry(dossier, entry).asked
    if asked is None:
        raise InputError("this entry has no question: only a question can be asked again")
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
            raise InputError("a quote needs its citation: SHA256/START-END, as an answer has it")
        place, document = parse_citation(body.citation)
        differing = engine.answers.differing(body.answer) if body.answer else ()
        return kept_quote(engine.corpus.store, place, document, asked, differing)
    if body.kind == "question":
        if asked is None:
            raise InputError("a question needs its words: send them as `question`")
        if asked.outcome == "answered":
            raise InputError("this question was answered: keep the quotes that answer it")
        return DossierEntry("question", asked=asked)
    return DossierEntry(body.kind, body.words or "")
