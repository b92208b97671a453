"""Dossiers over HTTP: make, list, rename, delete and export them, and compare them with the library."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote as percent_encoded

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from qa.desk.stored_dossiers import MOST_NAME
from qa.limits import MAX_ID_CHARACTERS
from qa.quoting import verify
from qa.quoting.bibliography.styles import MAX_STYLE_NAME
from qa.quoting.cite import parse_citation
from qa.report.contents import info_to_dict, outdated, shown, to_dict, verdicts
from qa.report.export import MEDIA, export
from qa.report.tree import Format  # noqa: TC001 - read when the route is made
from qa.web import paging
from qa.web.body import Body
from qa.web.history import LISTED
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qa.schema import Holding
    from qa.web.engine import Engine

Id = Annotated[str, Path(pattern="^[0-9A-Za-z_-]{16}$")]
# Number of reports that are made at once. The programs that make a report use both cores.
_EXPORTED_AT_ONCE = 1


class DossierBody(Body):
    """The name of a dossier."""

    name: Annotated[str, Field(max_length=MOST_NAME)]


def routes(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes under `/api/v1/dossiers`. `few_at_once` limits the routes that can take long."""
    router = APIRouter(prefix="/dossiers")

    @router.get("")
    def dossiers(
        request: Request, response: Response, limit: paging.Limit = LISTED, offset: paging.Offset = 0
    ) -> dict[str, Any]:
        """List the dossiers, the last changed first."""
        infos = engine.corpus.desk.dossiers.all()
        listed = [info_to_dict(info) for info in paging.part(request, response, infos, limit, offset)]
        return {"dossiers": listed, "total": len(infos)}

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
    def dossier(dossier: Id) -> dict[str, Any]:
        """Return a dossier with its entries in order. The quotes are read from their documents now."""
        corpus = engine.corpus
        entries = shown(corpus.desk.dossiers.entries(dossier), corpus.store)
        return {**described(engine, dossier), "in_order": [to_dict(entry) for entry in entries]}

    @router.patch("/{dossier}")
    def rename(dossier: Id, body: DossierBody) -> dict[str, Any]:
        """Give a dossier another name."""
        return info_to_dict(engine.corpus.desk.dossiers.rename(dossier, body.name))

    @router.delete("/{dossier}")
    def delete(dossier: Id) -> dict[str, Any]:
        """Delete a dossier. It can be put back for a day."""
        deleted = described(engine, dossier)
        engine.corpus.desk.dossiers.delete(dossier)
        return deleted

    @router.post("/{dossier}/restore")
    def restore(dossier: Id) -> dict[str, Any]:
        """Put back a dossier that was deleted."""
        return info_to_dict(engine.corpus.desk.dossiers.restore(dossier))

    router.include_router(_reports(engine, few_at_once))
    return router


def _reports(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes that export a dossier, and that compare it with the library."""
    router = APIRouter()
    exporting = Threads(_EXPORTED_AT_ONCE)

    @router.get("/{dossier}/outdated")
    @few_at_once
    def list_outdated(dossier: Id) -> dict[str, Any]:
        """List the quotes that an export would contain although they are superseded, removed or purged."""
        corpus = engine.corpus
        entries = shown(corpus.desk.dossiers.entries(dossier), corpus.store)
        return {"outdated": [to_dict(entry) for entry in outdated(entries)]}

    @router.get("/{dossier}/export")
    @exporting.limited
    def exported(
        dossier: Id,
        format: Format,  # noqa: A002
        style: Annotated[str, Query(max_length=MAX_STYLE_NAME)] = "chicago",
    ) -> Response:
        """Return a dossier as a report."""
        info = engine.corpus.desk.dossiers.info(dossier)
        old = outdated(shown(engine.corpus.desk.dossiers.entries(dossier), engine.corpus.store))
        data = export(engine.corpus, info, format, style, files=False)
        plain = re.sub(r"[^\w -]", "_", info.name, flags=re.ASCII)[:80].strip() or "dossier"
        filename = (
            f"filename=\"{plain}.{format}\"; filename*=UTF-8''{percent_encoded(info.name, safe='')}.{format}"
        )
        headers = {
            "Content-Disposition": f"attachment; {filename}",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "Pullquote-Outdated": str(len(old)),
        }
        return Response(data, media_type=MEDIA[format], headers=headers)

    @router.get("/{dossier}/verify")
    @few_at_once
    def verified(dossier: Id) -> dict[str, Any]:
        """Compare every quote of a dossier with the library. The texts are read and hashed again."""
        corpus = engine.corpus
        entries = shown(corpus.desk.dossiers.entries(dossier), corpus.store)
        judged = [verdict for _, verdict in verdicts(entries, verify.Verifier(corpus.store))]
        present = [verdict for verdict in judged if verdict]
        return {**verify.to_dict(present), "purged": len(judged) - len(present)}

    return router


def described(engine: Engine, dossier: str) -> dict[str, Any]:
    """Return a dossier as HTTP gives it, without its entries."""
    return info_to_dict(engine.corpus.desk.dossiers.info(dossier))


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
    for holding in kept:
        record = {"dossier": holding.dossier, "name": holding.name, "entry": holding.entry}
        quotes.setdefault(holding.citation_id, []).append(record)
    return {"question": quotes.pop(""), "quotes": quotes}
