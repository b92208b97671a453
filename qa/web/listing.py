"""Documents over HTTP: lists, the values of filters, bibliographies, and one document with its file."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, Field, create_model

from qa.errors import DocumentNotFoundError
from qa.formats.kinds import ANY_BYTES, MEDIA_TYPES
from qa.quoting.bibliography.entries import ENDINGS, MEDIA, Form, entries_of_documents
from qa.quoting.render import facets_to_dict
from qa.schema import FIELDS, FILTERED_BY_NAME
from qa.storage.results import Reason  # noqa: TC001 - read when the models are made
from qa.web import changes, documents, paging
from qa.web.documents import (  # noqa: TC001 - read when the routes are made
    BibliographyQuery,
    FoundQuery,
    ListQuery,
)
from qa.web.records import DocumentRecord
from qa.web.replies import replies

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.web.engine import Engine

_FORMS = "`bibtex`, `ris` or `csl-json`."
_Collection = Annotated[dict[str, str | int], Field(examples=[{"name": "markets", "documents": 12}])]
_Form = Annotated[Form, Path(description=_FORMS, examples=["bibtex"])]
_NOT_KNOWN = {400: "`bad_input`: a value is not valid or not known"}
_NOT_STORED = {
    404: "`original_not_found`: the document was not uploaded; `document_not_found`: no such document"
}


def routes(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes that find documents. `few_at_once` limits the routes that can take long.

    The last route matches every address below `/documents/`. Include other routes below it first.
    """
    router = APIRouter(tags=["Documents"])
    router.include_router(_lists(engine, few_at_once))
    router.include_router(_one(engine, few_at_once))
    return router


class VersionRecord(BaseModel):
    """An earlier text of a document, or the text of a removed document."""

    id: str = Field(examples=["report.txt"])
    sha256: str = Field(
        description="The SHA-256 of the document's text. Citations of this text still open.",
        examples=["d293efd23e90e9c0a36572649b4fc09a328a57b098b070bf876d5bbbbc09f967"],
    )
    reason: Reason = Field(
        description="Why the text is no longer current: `superseded` or `removed`.", examples=["removed"]
    )
    at: str = Field(
        description="When the text was superseded or removed (UTC).", examples=["2026-11-28T09:41:17+00:00"]
    )
    title: str = Field(examples=["A report"])
    characters: int = Field(examples=[42])


class DescribedRecord(DocumentRecord):
    """A document, and its earlier texts."""

    versions: list[VersionRecord] = Field(description="The earlier texts, the newest first.")


class _Dates(BaseModel):
    first: str | None = Field(description="The first date.", examples=["2008-04-04"])
    last: str | None = Field(description="The last date.", examples=["2008-04-04"])
    undated: int = Field(description="The number of documents without a date.", examples=[0])
    formats: list[list[str | int]] = Field(examples=[[["text", 1]]])


_VALUES: Any = {
    FIELDS[name].plural: (list[list[str | int]], Field(examples=[[[FIELDS[name].example, 1]]]))
    for name in FILTERED_BY_NAME
}
FacetsRecord = create_model(
    "FacetsRecord", __base__=_Dates, __doc__="What filters can choose from.", **_VALUES
)


def _lists(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes that list documents, or what documents have in common."""
    router = APIRouter()

    @router.get("/documents", responses=replies(list[DocumentRecord], _NOT_KNOWN, headers=paging.HEADERS))
    @few_at_once
    def listed(
        request: Request, response: Response, query: Annotated[ListQuery, Query()]
    ) -> list[dict[str, Any]]:
        """List the documents.

        List all documents, or those that the parameters select, without their texts and without their paths
        on this machine.
        """
        result = engine.corpus.find_documents(query.query())
        paging.say_part(request, response, result.total, query.limit, query.offset)
        return list(map(engine.describe, result.documents))

    references = replies(None, _NOT_KNOWN | changes.UNKNOWN, media=MEDIA.values(), headers=paging.HEADERS)

    @router.get("/bibliography/{form}", responses=references)
    @few_at_once
    def bibliography(request: Request, form: _Form, query: Annotated[BibliographyQuery, Query()]) -> Response:
        """Export documents for a reference manager.

        Return the metadata of all documents, or of those that the parameters select, as BibTeX, RIS or
        CSL-JSON, which Zotero and other programs import. Each document has a key such as
        `ifes2008scrap-1d6e1e`. The key does not depend on the other documents.
        """
        result = engine.corpus.find_documents(query.query())
        if query.document and not result.total:
            engine.corpus.document(query.document[0])  # raises an error if it does not exist
        response = Response(entries_of_documents(result.documents, form), media_type=MEDIA[form])
        paging.say_part(request, response, result.total, query.limit, query.offset)
        response.headers["Content-Disposition"] = f'attachment; filename="documents.{ENDINGS[form]}"'
        return response

    @router.get("/filters", responses=replies(FacetsRecord))
    @few_at_once
    def facets() -> dict[str, Any]:
        """List what filters can choose from.

        Return each value with its number of documents, the first and the last date, and the number of
        documents without a date.
        """
        return facets_to_dict(engine.corpus.store.facets())

    @router.get(
        "/removed-documents", responses=replies(list[VersionRecord], _NOT_KNOWN, headers=paging.HEADERS)
    )
    @few_at_once
    def removed(
        request: Request, response: Response, query: Annotated[FoundQuery, Query()]
    ) -> list[dict[str, Any]]:
        """List the removed documents.

        List the removed documents that can be put back: all, or those that the parameters select. The last
        removed document comes first.
        """
        versions = documents.find_removed(engine.corpus.store, query)
        paging.say_part(request, response, len(versions), query.limit, query.offset)
        end = None if query.limit is None else query.offset + query.limit
        return [version.to_dict() for version in versions[query.offset : end]]

    @router.get("/collections", responses=replies(list[_Collection], headers=paging.HEADERS))
    @few_at_once
    def collections(
        request: Request, response: Response, limit: paging.LimitOrAll = None, offset: paging.Offset = 0
    ) -> list[dict[str, Any]]:
        """List the collections. A collection exists as long as it has a document."""
        counts = engine.corpus.store.facets().values["collection"]
        part = paging.part(request, response, counts, limit, offset)
        return [{"name": name, "documents": count} for name, count in part]

    return router


def _one(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes for one document: its file, and its metadata."""
    router = APIRouter()

    files = {*MEDIA_TYPES.values(), ANY_BYTES}

    @router.get("/documents/{document_id:path}/original", responses=replies(None, _NOT_STORED, media=files))
    @few_at_once
    def original(document_id: changes.Id) -> Response:
        """Download the file of a document. The file as it was uploaded, byte for byte."""
        stored = engine.corpus.original(document_id)
        name = PurePosixPath(stored.name)
        return FileResponse(
            stored.path,
            media_type=MEDIA_TYPES.get(name.suffix.lower(), ANY_BYTES),
            filename=name.name,
            headers={
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "X-Content-Type-Options": "nosniff",
            },
        )

    removed = {404: "`document_not_found`: no such document, or it was removed"}

    @router.get("/documents/{document_id:path}", responses=replies(DescribedRecord, removed))
    @few_at_once
    def described(document_id: changes.Id) -> dict[str, Any]:
        """Describe a document.

        Return the document's metadata, the source of each value, and its earlier texts, which citations still
        open. *Open a citation* returns the text itself.
        """
        corpus = engine.corpus
        corpus.document(document_id)  # raises an error if no document has this very id
        info = changes.find_info(corpus, document_id)
        if info is None:
            raise DocumentNotFoundError(f"{document_id!r} was removed a moment ago")
        versions = corpus.store.versions(document_id)
        return engine.describe(info) | {"versions": [version.to_dict() for version in versions]}

    return router
