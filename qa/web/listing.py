"""Documents over HTTP: lists, the values of filters, bibliographies, and one document with its file."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response

from qa.errors import DocumentNotFoundError
from qa.formats.kinds import ANY_BYTES, MEDIA_TYPES
from qa.quoting.bibliography.entries import ENDINGS, MEDIA, Form, entries_of_documents
from qa.quoting.render import facets_to_dict
from qa.web import changes, documents, paging
from qa.web.documents import (  # noqa: TC001 - read when the routes are made
    BibliographyQuery,
    FoundQuery,
    ListQuery,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.web.engine import Engine


def routes(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes that find documents. `few_at_once` limits the routes that can take long.

    The last route matches every address below `/documents/`. Include other routes below it first.
    """
    router = APIRouter()
    router.include_router(_lists(engine, few_at_once))
    router.include_router(_one(engine, few_at_once))
    return router


def _lists(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes that list documents, or what documents have in common."""
    router = APIRouter()

    @router.get("/bibliography/{form}")
    @few_at_once
    def bibliography(request: Request, form: Form, query: Annotated[BibliographyQuery, Query()]) -> Response:
        """Return BibTeX, RIS or CSL-JSON for the documents that are named, or for all that are found."""
        result = engine.corpus.find_documents(query.query())
        if query.document and not result.total:
            engine.corpus.document(query.document[0])  # raises an error if it does not exist
        response = Response(entries_of_documents(result.documents, form), media_type=MEDIA[form])
        paging.say_part(request, response, result.total, query.limit, query.offset)
        response.headers["Content-Disposition"] = f'attachment; filename="documents.{ENDINGS[form]}"'
        return response

    @router.get("/filters")
    @few_at_once
    def facets() -> dict[str, Any]:
        """Return the values that filters can choose, with their numbers of documents, and the dates."""
        return facets_to_dict(engine.corpus.store.facets())

    @router.get("/documents")
    @few_at_once
    def listed(
        request: Request, response: Response, query: Annotated[ListQuery, Query()]
    ) -> list[dict[str, Any]]:
        """List the library's documents, without their texts and without their paths on this machine."""
        result = engine.corpus.find_documents(query.query())
        paging.say_part(request, response, result.total, query.limit, query.offset)
        return list(map(engine.describe, result.documents))

    @router.get("/removed-documents")
    @few_at_once
    def removed(
        request: Request, response: Response, query: Annotated[FoundQuery, Query()]
    ) -> list[dict[str, Any]]:
        """List the removed documents that can be put back, the last removed first."""
        versions = documents.find_removed(engine.corpus.store, query)
        paging.say_part(request, response, len(versions), query.limit, query.offset)
        end = None if query.limit is None else query.offset + query.limit
        return [version.to_dict() for version in versions[query.offset : end]]

    @router.get("/collections")
    @few_at_once
    def collections(
        request: Request, response: Response, limit: paging.LimitOrAll = None, offset: paging.Offset = 0
    ) -> list[dict[str, Any]]:
        """List the collections, with how many documents are in each."""
        counts = engine.corpus.store.facets().values["collection"]
        part = paging.part(request, response, counts, limit, offset)
        return [{"name": name, "documents": count} for name, count in part]

    return router


def _one(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes for one document: its file, and its metadata."""
    router = APIRouter()

    @router.get("/documents/{document_id:path}/original")
    @few_at_once
    def original(document_id: changes.Id) -> Response:
        """Send the file that a document was read from, to be saved."""
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

    @router.get("/documents/{document_id:path}")
    @few_at_once
    def described(document_id: changes.Id) -> dict[str, Any]:
        """Return a document's metadata, the source of each value, and the document's earlier texts."""
        corpus = engine.corpus
        corpus.document(document_id)  # raises an error if no document has this very id
        info = changes.find_info(corpus, document_id)
        if info is None:
            raise DocumentNotFoundError(f"{document_id!r} was removed a moment ago")
        versions = corpus.store.versions(document_id)
        return engine.describe(info) | {"versions": [version.to_dict() for version in versions]}

    return router
