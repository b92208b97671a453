"""Change the library over HTTP: correct, remove, restore and purge documents, and edit collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from qa.document.metadata import MOST_FIELD, value_of
from qa.errors import InputError
from qa.limits import MAX_DOCUMENTS, MAX_ID_CHARACTERS
from qa.schema import FIELDS, UPLOAD, Filters
from qa.web import uploads
from qa.web.body import Body, with_fields
from qa.web.replies import replies
from qa.web.threads import Threads

if TYPE_CHECKING:
    from qa.corpus import Corpus
    from qa.schema import Document, DocumentInfo
    from qa.web.engine import Engine

# A client's files are read one after the other, so that a page with many files does not delay questions.
# While long files of three clients are read, files of a fourth client can be read too.
_READ_AT_ONCE, _READ_BESIDE = 1, 3


def document_id(example: str) -> Any:
    """Return the declaration of a document's id in an address."""
    about = "The document's id, percent-encoded."
    return Path(max_length=MAX_ID_CHARACTERS, description=about, examples=[example])


Id = Annotated[str, document_id("report.txt")]
UNKNOWN = {404: "`document_not_found`: no such document"}
_NOT_CORRECTED = {400: "`bad_input`: there is no such field, a value is too long, or a date is not valid"}
_NOT_RESTORED = {
    400: "`bad_input`: there is already a document with this id",
    404: "`document_not_found`: no document with this id was removed, or it was erased",
}
_NOT_PURGED = {400: "`bad_input`: this is not the document's title. Nothing was erased"}
_NOT_MOVED = {
    400: "`bad_input`: there are too many documents, or the name is too long",
    404: "`document_not_found`: one of the documents does not exist. No document was moved",
}
_NOT_RENAMED = {400: "`bad_input`: there is no such collection, or the new name is empty or too long"}
_Removed = Annotated[dict[str, list[str]], Field(examples=[{"removed": ["report.txt"]}])]
_Restored = Annotated[dict[str, list[str]], Field(examples=[{"restored": ["report.txt"]}])]
_Moved = Annotated[dict[str, list[str]], Field(examples=[{"moved": ["report.txt"]}])]
_Renamed = Annotated[dict[str, str | int], Field(examples=[{"name": "border markets", "renamed": 12}])]
_NAMED = "The collection's name, percent-encoded."
_Collection = Annotated[str, Path(max_length=MOST_FIELD, description=_NAMED, examples=["markets"])]
_Field = Annotated[str, Field(max_length=MOST_FIELD)]
_IdText = Annotated[str, Field(max_length=MAX_ID_CHARACTERS)]


@with_fields(FIELDS, _Field | None, None)
class MetadataBody(Body):
    """Corrected fields of a document. null takes a correction back. "" says that there is no value."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"title": "A report", "publisher": "River Press", "date": "2008-04"}]}
    )


class CorrectedRecord(BaseModel):
    """The metadata of a document after a correction."""

    id: str = Field(examples=["report.txt"])
    fields: dict[str, dict[str, str | bool | None]] = Field(
        description="For each field: its `value`, its `source`, how `sure` the value is, whether it is "
        "`corrected`, and the value before (`was`).",
        examples=[{"publisher": {"value": "River Press", "source": "corrected by hand", "corrected": True}}],
    )


class LostRecord(BaseModel):
    """What a purge erases."""

    title: str = Field(examples=["A report"])
    versions: int = Field(description="The number of earlier texts that would be erased.", examples=[1])
    thumbs: int = Field(
        description="The number of thumbs that would be erased. `questions` has their questions.",
        examples=[2],
    )
    questions: list[str] = Field(examples=[["Who was arrested?"]])
    conversations: list[str] = Field(
        description="The conversations that would lose quotes.", examples=[["Who was arrested?"]]
    )
    dossiers: list[str] = Field(description="The dossiers that would lose quotes.", examples=[["Harbours"]])
    same_text: list[str] = Field(
        description="Other documents that have, or had, the same text: they stay.", examples=[[]]
    )
    files: list[str] = Field(
        description="The uploaded files that would be erased, unless other documents were read from them.",
        examples=[["report.txt"]],
    )


class PurgedRecord(LostRecord):
    """The document that was erased, and what was erased with it."""

    purged: list[str] = Field(examples=[["report.txt"]])


class PurgeBody(Body):
    """The title of the document, as a person has typed it."""

    title: _Field = Field(description="The document's title.", examples=["A report"])


class CollectBody(Body):
    """Documents, and the collection that they are put into."""

    ids: Annotated[list[_IdText], Field(min_length=1, max_length=MAX_DOCUMENTS)] = Field(
        description="The documents' ids.", examples=[["report.txt"]]
    )
    collection: _Field = Field(description="The collection, or empty for none.", examples=["markets"])


class RenameBody(Body):
    """The new name of a collection."""

    name: _Field = Field(description="The new name.", examples=["border markets"])


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
    read_only = replies(None, {403: "`read_only_server`: nothing may be changed here"})
    router = APIRouter(tags=["Documents"], dependencies=[may_change(engine)], responses=read_only)
    router.include_router(uploads.routes(engine, taking_in))
    router.include_router(_of_collections(engine, threads))
    router.include_router(_of_documents(engine, threads, taking_in))
    return router


def _of_documents(engine: Engine, threads: Threads, taking_in: Threads) -> APIRouter:
    """Return the routes that correct, remove, restore and purge documents."""
    router = APIRouter()

    @router.patch(
        "/documents/{document_id:path}", responses=replies(CorrectedRecord, _NOT_CORRECTED | UNKNOWN)
    )
    @threads.limited
    def edit(document_id: Id, body: MetadataBody) -> dict[str, Any]:
        """Correct the metadata of a document.

        A field corrects the value from the document's source. Null undoes the correction, and an empty text
        means that there is no value. The text and all citations stay. The reply has the source of each field.
        """
        given = body.model_dump(exclude_unset=True)
        corrected = engine.corpus.store.corrections_of(document_id)
        values = {field: value for field, value in given.items() if value is not None}
        reset = [field for field in given if field not in values and field in corrected]
        if values or reset:
            engine.corpus.edit(document_id, values, reset=reset)
        return metadata(engine.corpus, engine.corpus.document(document_id))

    @router.delete("/documents/{document_id:path}", responses=replies(_Removed, UNKNOWN))
    @threads.limited
    def remove(document_id: Id) -> dict[str, Any]:
        """Remove a document.

        Answers no longer quote the document. Citations still open it, and it can be restored.
        """
        return {"removed": engine.corpus.remove([document_id])}

    @router.post("/documents/{document_id:path}/restore", responses=replies(_Restored, _NOT_RESTORED))
    async def restore(document_id: Id) -> dict[str, Any]:
        """Put a removed document back. The document is as it was when it was removed."""
        restored = await taking_in.run(engine.corpus.restore, [document_id])
        return {"restored": [result.document_id for result in restored]}

    @router.get("/documents/{document_id:path}/purge", responses=replies(LostRecord, UNKNOWN))
    @threads.limited
    def what_goes(document_id: Id) -> dict[str, Any]:
        """List what a purge would erase.

        List what would be erased together with a document, which may be current or removed.
        """
        return lost(engine.corpus, document_id)

    @router.post(
        "/documents/{document_id:path}/purge", responses=replies(PurgedRecord, _NOT_PURGED | UNKNOWN)
    )
    async def purge(document_id: Id, body: PurgeBody) -> dict[str, Any]:
        """Erase a document for good.

        Erase the document's text, every earlier text, its file, its thumbs and its quotes in conversations.
        This cannot be undone, so the body must have the title, as typed by a person.
        """

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

    @router.post("/documents/collection", responses=replies(_Moved, _NOT_MOVED))
    @threads.limited
    def collect(body: CollectBody) -> dict[str, Any]:
        """Put documents into a collection.

        Move up to 1,000 documents. If one document cannot be moved, none is. An empty `collection` takes
        documents out of their collection.
        """
        return {"moved": engine.corpus.put_in_collection(body.ids, body.collection)}

    @router.patch("/collections/{name:path}", responses=replies(_Renamed, _NOT_RENAMED))
    @threads.limited
    def rename(name: _Collection, body: RenameBody) -> dict[str, Any]:
        """Rename a collection.

        Rename the collection in all its documents, or in none. If a collection with the new name exists, the
        two are merged.
        """
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
