"""Dossiers over HTTP: make, list, rename, delete and export them, and compare them with the library."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote as percent_encoded

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from qa.desk.stored_dossiers import MOST_NAME
from qa.limits import MAX_ID_CHARACTERS
from qa.quoting import verify
from qa.quoting.bibliography.styles import MAX_STYLE_NAME
from qa.quoting.cite import parse_citation
from qa.report.contents import info_to_dict, outdated, shown, to_dict, verdicts
from qa.report.export import MEDIA, export
from qa.report.tree import Format  # noqa: TC001 - read when the route is made
from qa.schema import EntryKind, Outcome  # noqa: TC001 - read when the models are made
from qa.web import paging
from qa.web.body import Body
from qa.web.history import LISTED
from qa.web.records import ComparedRecord, Fate, PlacedQuote, VerdictLine
from qa.web.replies import ANSWER, CITATION, DOSSIER, QUESTION, replies
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qa.schema import Holding
    from qa.web.engine import Engine

_NAMED = "The `id` of a dossier."
Id = Annotated[str, Path(pattern="^[0-9A-Za-z_-]{16}$", description=_NAMED, examples=[DOSSIER])]
UNKNOWN = {404: "`dossier_not_found`: no such dossier or entry, or it was deleted"}
_BAD_NAME = {400: "`bad_input`: the name is empty, too long, or the name of another dossier"}
_OF_ANSWER = "The `id` of an answer."
_PLACE = "SHA256/START-END, or the link to a source in the chat."
_FORMATS = "`docx`, `odt`, `pdf`, `html`, `md` or `tex`."
_STYLES = "The citation style: `chicago`, `apa`, `mla`, `ieee`, or another name of citationstyles.org."
_NOT_FOUND = {
    400: "`bad_input`: no citation",
    404: "`answer_not_found`: there is no such answer, or the chat no longer remembers it",
}
_NOT_MADE = {
    400: "`bad_input`: another format or style",
    501: "`missing_extra`: a package for reports is not installed; `export`: the report cannot be written in "
    "this format, for example because no font has a character",
}
# Number of reports that are made at once. The programs that make a report use both cores.
_EXPORTED_AT_ONCE = 1


class DossierBody(Body):
    """The name of a dossier."""

    name: Annotated[str, Field(max_length=MOST_NAME)] = Field(
        description=f"The name of the dossier, at most {MOST_NAME} characters.", examples=["Harbours"]
    )


class DossierRecord(BaseModel):
    """A dossier without its entries."""

    id: str = Field(examples=[DOSSIER])
    name: str = Field(examples=["Harbours"])
    began: str = Field(examples=["2026-11-28T09:30:05+00:00"])
    changed: str = Field(examples=["2026-11-28T09:41:17+00:00"])
    quotes: int = Field(description="The number of quotes.", examples=[1])
    entries: int = Field(description="The number of entries.", examples=[2])


class EntryRecord(PlacedQuote):
    """An entry of a dossier. A field is left out if it does not belong to an entry of this kind.

    A quote has the fields of its question, too. A purged quote has neither its words nor its place.
    """

    model_config = ConfigDict(json_schema_extra={"required": ["id", "kind", "added"]})

    id: int = Field(examples=[2])
    kind: EntryKind = Field(examples=["quote"])
    added: str | None = Field(examples=["2026-11-28T09:30:05+00:00"])
    words: str = Field(description="The words of a heading or a note.")
    status: Fate | Literal["purged"] = Field(
        description="Whether a quote is current, or was superseded, removed or purged since.",
        examples=["current"],
    )
    fate: str = Field(description="The status of a quote in words. Empty if it is current.", examples=[""])
    today: str = Field(description="For a superseded quote: what its source says now.", examples=[""])
    citation_id: str = Field(examples=[CITATION])
    before: str = Field(examples=[""])
    after: str = Field(examples=[" Nobody was told."])
    cite: str = Field(description="The citation in a line.", examples=["“a”, line 1"])
    moved: str | None = Field(description="The place of its words in the present text.", examples=[None])
    present: dict[str, str] | None = Field(
        description="The sentences that stand in the place of a superseded quote.", examples=[None]
    )
    speaker: dict[str, Any] | None = Field(description="Who speaks, as in an answer.", examples=[None])
    differing: list[dict[str, str]] = Field(description="Where sources differ.", examples=[[]])
    remarks: list[str] = Field(
        description="What a reader must know: who speaks, where sources differ (`differing`), which letters "
        "could not be read.",
        examples=[[]],
    )
    notes: list[str] = Field(examples=[[]])
    question: str = Field(examples=[QUESTION])
    outcome: Outcome = Field(examples=["answered"])
    filters: dict[str, list[str]] = Field(examples=[{}])
    asked: str | None = Field(examples=["2026-11-28T09:30:05+00:00"])
    searched: int = Field(description="The number of documents that were searched.", examples=[1])
    strictness: float | None = Field(examples=[0.86])
    unjudged: str = Field(examples=[""])
    earlier: list[str] = Field(description="The earlier questions of its conversation.", examples=[[]])
    said: str = Field(description="For a question without an answer: the outcome in words.", examples=[""])


_Outdated = Annotated[dict[str, list[EntryRecord]], Field(examples=[{"outdated": []}])]


class DossiersRecord(BaseModel):
    """A part of the list of dossiers."""

    dossiers: list[DossierRecord]
    total: int = Field(examples=[1])


class WholeDossier(DossierRecord):
    """A dossier with its entries."""

    in_order: list[EntryRecord] = Field(description="The entries in order.")


class HoldingRecord(BaseModel):
    """An entry of a dossier that keeps a quote or a question."""

    dossier: str = Field(examples=[DOSSIER])
    name: str = Field(examples=["Harbours"])
    entry: int = Field(description="The `id` of the entry.", examples=[2])


class KeptRecord(BaseModel):
    """The entries that keep a question, and the entries that keep quotes."""

    question: list[HoldingRecord] = Field(
        description="The entries that keep the question as unanswered.", examples=[[]]
    )
    quotes: dict[str, list[HoldingRecord]] = Field(
        description="The entries that keep quotes, by citation id. Other quotes of the same documents are "
        "included.",
        examples=[{CITATION: [{"dossier": DOSSIER, "name": "Harbours", "entry": 2}]}],
    )


class VerifiedDossier(ComparedRecord):
    """The verdicts on the quotes of a dossier."""

    quotes: list[VerdictLine] = Field(examples=[[]])
    purged: int = Field(description="The number of quotes whose documents were purged.", examples=[0])


def routes(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes under `/api/v1/dossiers`. `few_at_once` limits the routes that can take long."""
    router = APIRouter(prefix="/dossiers", tags=["Dossiers"])

    @router.get("", responses=replies(DossiersRecord, headers=paging.HEADERS))
    def dossiers(
        request: Request, response: Response, limit: paging.Limit = LISTED, offset: paging.Offset = 0
    ) -> dict[str, Any]:
        """List the dossiers.

        A dossier has quotes that were collected for a report. It stores their places, never their text. The
        dossier that was changed last comes first.
        """
        infos = engine.corpus.desk.dossiers.all()
        listed = [info_to_dict(info) for info in paging.part(request, response, infos, limit, offset)]
        return {"dossiers": listed, "total": len(infos)}

    @router.post("", responses=replies(DossierRecord, _BAD_NAME))
    def create(body: DossierBody) -> dict[str, Any]:
        """Make a dossier.

        The new dossier is empty. No other dossier may have the same name, in upper or lower case.
        """
        return info_to_dict(engine.corpus.desk.dossiers.create(body.name))

    @router.get("/kept", responses=replies(KeptRecord, _NOT_FOUND))
    @few_at_once
    def kept(
        answer: Annotated[str, Query(max_length=64, description=_OF_ANSWER, examples=[ANSWER])] = "",
        citation: Annotated[
            str, Query(max_length=MAX_ID_CHARACTERS + 200, description=_PLACE, examples=[CITATION])
        ] = "",
    ) -> dict[str, Any]:
        """Find the dossiers that keep a quote.

        Return the dossiers that keep the quotes of an answer, or its question if it has no answer; or the
        dossiers that keep a quote, by its citation. The dossier that was changed last comes first.
        """
        return kept_to_dict(kept_in(engine, answer, citation))

    @router.get("/{dossier}", responses=replies(WholeDossier, UNKNOWN))
    @few_at_once
    def dossier(dossier: Id) -> dict[str, Any]:
        """Read a dossier. Its entries in order. The words of quotes are read from their documents now."""
        corpus = engine.corpus
        entries = shown(corpus.desk.dossiers.entries(dossier), corpus.store)
        return {**described(engine, dossier), "in_order": [to_dict(entry) for entry in entries]}

    @router.patch("/{dossier}", responses=replies(DossierRecord, _BAD_NAME | UNKNOWN))
    def rename(dossier: Id, body: DossierBody) -> dict[str, Any]:
        """Rename a dossier. No other dossier may have the name."""
        return info_to_dict(engine.corpus.desk.dossiers.rename(dossier, body.name))

    @router.delete("/{dossier}", responses=replies(DossierRecord, UNKNOWN))
    def delete(dossier: Id) -> dict[str, Any]:
        """Delete a dossier. It can be put back for a day."""
        deleted = described(engine, dossier)
        engine.corpus.desk.dossiers.delete(dossier)
        return deleted

    @router.post("/{dossier}/restore", responses=replies(DossierRecord, UNKNOWN))
    def restore(dossier: Id) -> dict[str, Any]:
        """Put back a dossier.

        Undo a deletion of the last day. If another dossier has the name now, the restored dossier gets a
        number.
        """
        return info_to_dict(engine.corpus.desk.dossiers.restore(dossier))

    router.include_router(_reports(engine, few_at_once))
    return router


def _reports(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes that export a dossier, and that compare it with the library."""
    router = APIRouter()
    exporting = Threads(_EXPORTED_AT_ONCE)

    @router.get("/{dossier}/outdated", responses=replies(_Outdated, UNKNOWN))
    @few_at_once
    def list_outdated(dossier: Id) -> dict[str, Any]:
        """List the outdated quotes.

        List the quotes that were superseded, removed or purged, as in *Read a dossier*. Look at them before
        an export.
        """
        corpus = engine.corpus
        entries = shown(corpus.desk.dossiers.entries(dossier), corpus.store)
        return {"outdated": [to_dict(entry) for entry in outdated(entries)]}

    outdated_quotes = {"Pullquote-Outdated": "The number of quotes in the report that are no longer current."}
    report = replies(None, _NOT_MADE | UNKNOWN, media=MEDIA.values(), headers=outdated_quotes)

    @router.get("/{dossier}/export", responses=report)
    @exporting.limited
    def exported(
        dossier: Id,
        format: Annotated[Format, Query(description=_FORMATS, examples=["docx"])],  # noqa: A002
        style: Annotated[
            str, Query(max_length=MAX_STYLE_NAME, description=_STYLES, examples=["chicago"])
        ] = "chicago",
    ) -> Response:
        """Export a dossier.

        Return the dossier as a report: quotes word for word with footnotes, a bibliography, and an appendix
        with the questions, the questions without an answer, and the hashes of the texts. Each quote is looked
        up in the file before it is sent. A quote that is no longer current says so in its note and in the
        appendix; *List the outdated quotes* lists these quotes.
        """
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

    @router.get("/{dossier}/verify", responses=replies(VerifiedDossier, UNKNOWN))
    @few_at_once
    def verified(dossier: Id) -> dict[str, Any]:
        """Verify a dossier. Compare every quote with the library. The texts are read and hashed again."""
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
    shown = engine.corpus.desk.shown_answers.find(answer) if answer else None
    texts = {quote.sha256 for quote in shown.shown.quotes} if shown else set()
    if citation:
        texts.add(parse_citation(citation)[0].sha256)
    return engine.corpus.desk.dossiers.holding(sorted(texts), shown.asked if shown else None)


def kept_to_dict(kept: Sequence[Holding]) -> dict[str, Any]:
    """Return the places of quotes, by citation id, and of the question, as HTTP gives them."""
    quotes: dict[str, list[dict[str, Any]]] = {"": []}
    for holding in kept:
        record = {"dossier": holding.dossier, "name": holding.name, "entry": holding.entry}
        quotes.setdefault(holding.citation_id, []).append(record)
    return {"question": quotes.pop(""), "quotes": quotes}
