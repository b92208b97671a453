"""Change the library over HTTP: correct, remove, restore and purge documents, and edit collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from qa.document.metadata import MOST_FIELD, value_of
from qa.errors import InputError
from qa.limits import MAX_DOCUMENTS, MAX_ID_CHARACTERS
from qa.schema import FIELDS, UPLOAD, Filters
from qa.web import uploads
from qa.web.body import Body, with_fields
from qa.web.threads import Threads

if TYPE_CHECKING:
    from qa.corpus import Corpus
    from qa.schema import Document, DocumentInfo
    from qa.web.engine import Engine

# A client's files are read one after the other, so that a page with many files does not delay questions.
# While long files of three clients are read, files of a fourth client can be read too.
_READ_AT_ONCE, _READ_BESIDE = 1, 3

Id = Annotated[str, Path(max_length=MAX_ID_CHARACTERS)]
_Field = Annotated[str, Field(max_length=MOST_FIELD)]
_IdText = Annotated[str, Field(max_length=MAX_ID_CHARACTERS)]


@with_fields(FIELDS, _Field | None, None)
class MetadataBody(Body):
    """Corrected fields of a document. null takes a correction back. "" says that there is no value."""


class PurgeBody(Body):
    """The title of the document, as a person has typed it."""

    title: _Field


class CollectBody(Body):
    """Documents, and the collection that they are put into, or "" for none."""

    ids: Annotated[list[_IdText], Field(min_length=1, max_length=MAX_DOCUMENTS)]
    collection: _Field


class RenameBody(Body):
    """The new name of a collection."""

    name: _Field


def may_change(engine: Engine) -> Any:
    """Return a dependency that refuses requests if changes are not allowed."""

    async def check() -> None:
        engine.check_may_change()

    return Depends(check)


def routes(engine: Engine, threads: Threads) -> APIRouter:
    """Return the routes that change documents. They refuse requests if changes are not allowed.

    Quick work runs in `threads`. Work that reads files, embeds or erases is done one after the other for each
    client.
    """
    taking_in = Threads(_READ_AT_ONCE, spare=_READ_BESIDE)
    router = APIRouter(dependencies=[may_change(engine)])
    router.include_router(uploads.routes(engine, taking_in))
    router.include_router(_of_documents(engine, threads, taking_in))
    router.include_router(_of_collections(engine, threads))
    return router


def _of_documents(engine: Engine, threads: Threads, taking_in: Threads) -> APIRouter:
    """Return the routes that correct, remove, restore and purge documents."""
    router = APIRouter()

    @router.patch("/documents/{document_id:path}")
    @threads.limited
    def edit(document_id: Id, body: MetadataBody) -> dict[str, Any]:
        """Correct the metadata of a document."""
        given = body.model_dump(exclude_unset=True)
        corrected = engine.corpus.store.corrections_of(document_id)
        values = {field: value for field, value in given.items() if value is not None}
        reset = [field for field in given if field not in values and field in corrected]
        if values or reset:
            engine.corpus.edit(document_id, values, reset=reset)
        return metadata(engine.corpus, engine.corpus.document(document_id))

    @router.delete("/documents/{document_id:path}")
    @threads.limited
    def remove(document_id: Id) -> dict[str, Any]:
        """Remove a document from all answers. It can be restored."""
        return {"removed": engine.corpus.remove([document_id])}

    @router.post("/documents/{document_id:path}/restore")
    async def restore(document_id: Id) -> dict[str, Any]:
        """Put back a document that was removed. It is embedded like a new document."""
        restored = await taking_in.run(engine.corpus.restore, [document_id])
        return {"restored": [result.document_id for result in restored]}

    @router.get("/documents/{document_id:path}/purge")
    @threads.limited
    def what_goes(document_id: Id) -> dict[str, Any]:
        """Return what a purge would erase."""
        return lost(engine.corpus, document_id)

    @router.post("/documents/{document_id:path}/purge")
    async def purge(document_id: Id, body: PurgeBody) -> dict[str, Any]:
        """Erase a document for good, if the body has its title."""

        def purged() -> dict[str, Any]:
            gone = lost(engine.corpus, document_id)
            if " ".join(body.title.split()) != " ".join(gone["title"].split()):
                raise InputError(
                    "this is not the document's title, so nothing was erased: to erase the document "
                    f"for good, type “{gone['title']}”"
                )
            engine.corpus.purge([document_id])
            return {"purged": [document_id], **gone}

        return await taking_in.run(purged)

    return router


def _of_collections(engine: Engine, threads: Threads) -> APIRouter:
    """Return the routes that put documents into collections, and that rename collections."""
    router = APIRouter()

    @router.post("/documents/collection")
    @threads.limited
    def collect(body: CollectBody) -> dict[str, Any]:
        """Put documents into a collection, or into none. If one document fails, no document is changed."""
        return {"moved": engine.corpus.put_in_collection(body.ids, body.collection)}

    @router.patch("/collections/{name:path}")
    @threads.limited
    def rename(name: Annotated[str, Path(max_length=MOST_FIELD)], body: RenameBody) -> dict[str, Any]:
        """Rename a collection in all its documents, or in none."""
        renamed = engine.corpus.rename_collection(name, body.name)
        return {"name": body.name.strip(), "renamed": len(renamed)}

    return router


def metadata(corpus: Corpus, document: Document) -> dict[str, Any]:
    """Return each field of a document: its value, its source, and the source's value before a correction."""
    corrected = corpus.store.corrections_of(document.id)
    sources = {source.field: source for source in document.found}

    def said(field: str) -> dict[str, Any]:
        by, correction = sources.get(field), corrected.get(field)
        return {
            "value": value_of(document, field),
            "source": by.source if by else "",
            "sure": by.sure if by else "",
            "corrected": correction is not None,
            "was": correction.was if correction else None,
        }

    return {"id": document.id, "fields": {field: said(field) for field in FIELDS}}


def find_info(corpus: Corpus, document_id: str) -> DocumentInfo | None:
    """Return the metadata that lists show of a document, or None if no current document has this id."""
    infos = corpus.documents(Filters(document=(document_id,)))  # also all in a file or folder of that name
    return next((info for info in infos if info.id == document_id), None)


def lost(corpus: Corpus, document_id: str) -> dict[str, Any]:
    """Return what a purge of a current or removed document would erase, and what else has the same text.

    Raises:
        DocumentNotFoundError: there is no such document.
    """
    versions = corpus.store.versions(document_id)
    info = find_info(corpus, document_id)
    if not info and not versions:
        corpus.document(document_id)  # raises an error if there is none
    thumbs, questions = corpus.citing(document_id)
    paths = (info.path, *info.locations) if info else [at["path"] for at in versions[0].locations]
    return {
        "title": info.title if info else versions[0].title,
        "versions": len(versions),
        "thumbs": thumbs,
        "questions": questions,
        "conversations": corpus.conversations_citing(document_id),
        "dossiers": corpus.dossiers_citing(document_id),
        "same_text": corpus.store.same_text(document_id),
        "files": sorted({path.removeprefix(UPLOAD) for path in map(str, paths) if path.startswith(UPLOAD)}),
    }
