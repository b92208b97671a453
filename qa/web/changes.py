"""What is changed in the library over HTTP: documents in and out, their metadata, collections."""

from __future__ import annotations

import asyncio
import errno
from http import HTTPStatus
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse, Response
from pydantic import Field
from starlette.requests import ClientDisconnect

from qa.document.metadata import FIELDS, MOST_FIELD, value_of
from qa.errors import InputError, LibraryError
from qa.intake.uploads import MOST_NAME, upload_name
from qa.limits import MAX_DOCUMENTS, MAX_ID_CHARACTERS
from qa.schema import UPLOAD, Filters
from qa.web.body import Body
from qa.web.guard import MAX_UPLOAD_BYTES
from qa.web.problem import Problem, without_commands
from qa.web.threads import Threads

if TYPE_CHECKING:
    from typing import BinaryIO

    from qa.corpus import Corpus
    from qa.schema import Document, FileResult
    from qa.web.engine import Engine

# Files that are received at once; the others wait, and are read from their connections later.
RECEIVED_AT_ONCE = 8
# One is read after the other: a page that sends many is not to keep questions from being answered.
_READ_AT_ONCE = 1
# To write the index takes time by the number of all passages: it is written after the last of the files that
# come together, and after so many of them at the latest. Killed before, the next start makes up for it.
_SAVED_AFTER = 256
# Of these a browser shows nothing that could run. All are sent to be saved, too.
_SAFE_KINDS = {
    ".pdf": "application/pdf",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".csv": "text/plain; charset=utf-8",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".epub": "application/epub+zip",
    ".zip": "application/zip",
}

_Id = Annotated[str, Path(max_length=MAX_ID_CHARACTERS)]
_Field = Annotated[str, Field(max_length=MOST_FIELD)]
_IdText = Annotated[str, Field(max_length=MAX_ID_CHARACTERS)]


class MetadataBody(Body):
    """Corrected fields of a document; null takes a correction back, "" says that there is none."""

    title: _Field | None = None
    author: _Field | None = None
    publisher: _Field | None = None
    series: _Field | None = None
    number: _Field | None = None
    date: _Field | None = None
    url: _Field | None = None
    language: _Field | None = None
    collection: _Field | None = None


class PurgeBody(Body):
    """The title of the document, as a person has typed it."""

    title: _Field


class CollectBody(Body):
    """Documents, and the collection that they are put into; "" for none."""

    ids: Annotated[list[_IdText], Field(min_length=1, max_length=MAX_DOCUMENTS)]
    collection: _Field


class RenameBody(Body):
    """The new name of a collection."""

    name: _Field


def may_change(engine: Engine) -> Any:
    """Return a dependency that refuses requests where nothing may be changed."""

    async def check() -> None:
        engine.check_may_change()

    return Depends(check)


def routes(engine: Engine, threads: Threads) -> APIRouter:
    """Return the routes that change documents, run in these threads; each refuses where nothing may change.

    What reads files, embeds or erases has its turn one after the other.
    """
    reading = APIRouter()
    router = APIRouter(dependencies=[may_change(engine)])
    receiving, taking_in = asyncio.Semaphore(RECEIVED_AT_ONCE), Threads(_READ_AT_ONCE)
    coming = unsaved = 0

    @router.post("/documents", openapi_extra={"requestBody": _RAW})
    async def add(
        request: Request,
        name: Annotated[str, Query(max_length=4 * MOST_NAME)],
        collection: Annotated[str, Query(max_length=MOST_FIELD)] = "",
    ) -> Any:
        """Take in the file that is the body; what became of each of its documents."""
        nonlocal coming, unsaved
        corpus, name = engine.corpus, upload_name(name)
        corpus.check_may_write()  # before anything is sent
        coming += 1
        try:
            async with receiving:
                with _spool(corpus) as file:
                    await _receive(request, file)
                    unsaved += 1
                    return await taking_in.run(_taken_in, engine, corpus, name, file, collection, save=False)
        except ClientDisconnect:
            return Problem(HTTPStatus.BAD_REQUEST, "the file did not come whole: send it again")
        finally:
            coming -= 1
            if unsaved and (unsaved >= _SAVED_AFTER or not coming):
                unsaved = 0
                await taking_in.run(corpus.store.save)

    @router.post("/documents/sample")
    async def add_sample() -> list[dict[str, Any]]:
        """Take in the briefs that ship, to try things with."""

        def taken_in() -> list[dict[str, Any]]:
            results = []
            for path in sorted(engine.shipped.glob("*.txt")):
                with path.open("rb") as file:
                    results += _taken_in(engine, engine.corpus, path.name, file, "")
            return results

        return await taking_in.run(taken_in)

    @router.post("/documents/collection")
    @threads.limited
    def collect(body: CollectBody) -> dict[str, Any]:
        """Put documents into a collection, or into none: all or none of them."""
        return {"moved": engine.corpus.put_in_collection(body.ids, body.collection)}

    @router.patch("/documents/{document_id:path}")
    @threads.limited
    def edit(document_id: _Id, body: MetadataBody) -> dict[str, Any]:
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
    def remove(document_id: _Id) -> dict[str, Any]:
        """Take a document out of every answer; it can be restored."""
        return {"removed": engine.corpus.remove([document_id])}

    @router.post("/documents/{document_id:path}/restore")
    async def restore(document_id: _Id) -> dict[str, Any]:
        """Put back a document that was removed: it is embedded as a new one is."""
        restored = await taking_in.run(engine.corpus.restore, [document_id])
        return {"restored": [result.document_id for result in restored]}

    @router.get("/documents/{document_id:path}/purge")
    @threads.limited
    def what_goes(document_id: _Id) -> dict[str, Any]:
        """Say what a purge would erase."""
        return lost(engine.corpus, document_id)

    @router.post("/documents/{document_id:path}/purge")
    async def purge(document_id: _Id, body: PurgeBody) -> dict[str, Any]:
        """Erase a document for good, where its title was typed."""

        def purged() -> dict[str, Any]:
            gone = lost(engine.corpus, document_id)
            if " ".join(body.title.split()) != " ".join(gone["title"].split()):
                raise InputError(
                    f"that is not its title: to erase it for good, type “{gone['title']}”. Nothing was erased"
                )
            engine.corpus.purge([document_id])
            return {"purged": [document_id], **gone}

        return await taking_in.run(purged)

    @reading.get("/documents/{document_id:path}/original")
    @threads.limited
    def original(document_id: _Id) -> Response:
        """Send the file that a document was read from, to be saved."""
        found = engine.corpus.original(document_id)
        name = PurePosixPath(found.name)
        return FileResponse(
            found.path,
            media_type=_SAFE_KINDS.get(name.suffix.lower(), "application/octet-stream"),
            filename=name.name,
            headers={
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "X-Content-Type-Options": "nosniff",
            },
        )

    @reading.get("/collections")
    @threads.limited
    def collections() -> list[dict[str, Any]]:
        """List the collections, with how many documents are in each."""
        return _collections(engine.corpus)

    @router.patch("/collections/{name:path}")
    @threads.limited
    def rename(name: Annotated[str, Path(max_length=MOST_FIELD)], body: RenameBody) -> dict[str, Any]:
        """Give a collection another name, in all its documents or none."""
        renamed = engine.corpus.rename_collection(name, body.name)
        return {"name": body.name.strip(), "renamed": len(renamed)}

    reading.include_router(router)
    return reading


_RAW = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


def metadata(corpus: Corpus, document: Document) -> dict[str, Any]:
    """Say of each field of a document what it is, where that was found, and what its source says instead."""
    corrected = corpus.store.corrections_of(document.id)
    found = {each.field: each for each in document.found}

    def said(field: str) -> dict[str, Any]:
        by, correction = found.get(field), corrected.get(field)
        return {
            "value": value_of(document, field),
            "source": by.source if by else "",
            "sure": by.sure if by else "",
            "corrected": correction is not None,
            "was": correction.was if correction else None,
        }

    return {"id": document.id, "fields": {field: said(field) for field in FIELDS}}


def lost(corpus: Corpus, document_id: str) -> dict[str, Any]:
    """Say what a purge of a document, held or removed, takes with it.

    Raises:
        DocumentNotFoundError: there is none.
    """
    versions = corpus.store.versions(document_id)
    held = [info for info in corpus.documents(Filters(document=(document_id,))) if info.id == document_id]
    if not held and not versions:
        corpus.document(document_id)  # which says that there is none
    thumbs, questions = corpus.citing(document_id)
    paths = (held[0].path, *held[0].locations) if held else [at["path"] for at in versions[0].locations]
    return {
        "title": held[0].title if held else versions[0].title,
        "versions": len(versions),
        "thumbs": thumbs,
        "questions": questions,
        "conversations": corpus.conversations_citing(document_id),
        "dossiers": corpus.dossiers_citing(document_id),
        "same_text": corpus.store.same_text(document_id),
        "files": sorted({path.removeprefix(UPLOAD) for path in map(str, paths) if path.startswith(UPLOAD)}),
    }


def _collections(corpus: Corpus) -> list[dict[str, Any]]:
    return [{"name": name, "documents": count} for name, count in corpus.store.facets().collections]


def _spool(corpus: Corpus) -> BinaryIO:
    """Open a file without a name on the library's disk: it is gone when it is closed, or the process ends."""
    try:
        return cast("BinaryIO", TemporaryFile(dir=corpus.library))
    except OSError as error:
        raise _not_written(error) from error


async def _receive(request: Request, file: BinaryIO) -> None:
    """Write a body to a file as it comes.

    Raises:
        ClientDisconnect: it did not come whole.
        LibraryError: it cannot be written.
    """
    received = 0
    async for piece in request.stream():
        received += len(piece)
        try:
            file.write(piece)
        except OSError as error:
            raise _not_written(error) from error
    if received > MAX_UPLOAD_BYTES or str(received) != request.headers.get("content-length", "0"):
        raise ClientDisconnect
    file.seek(0)


def _not_written(error: OSError) -> LibraryError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LibraryError(
            "there is no space left for the file: nothing was lost; free some space and try again"
        )
    return LibraryError(f"the library cannot be written ({error.strerror}): see to its folder's permissions")


def _taken_in(
    engine: Engine, corpus: Corpus, name: str, file: BinaryIO, collection: str, *, save: bool = True
) -> list[dict[str, Any]]:
    """Take a file in, and say what became of each of its documents."""
    report = corpus.upload(name, file, collection=collection, save=save)
    ids = tuple(dict.fromkeys(each.document_id for each in report.files if each.document_id))
    held = {info.id: info for info in corpus.documents(Filters(document=ids))} if ids else {}
    return [
        _result(engine, each, held[each.document_id].title if each.document_id in held else "")
        for each in report.files
    ]


def _result(engine: Engine, result: FileResult, title: str) -> dict[str, Any]:
    error = result.error
    return {
        "status": result.status,
        "document": result.document_id,
        "title": title,
        "passages": result.passages,
        "error": {"code": error.code, "message": engine.public(error.message)} if error else None,
        "notes": list(map(without_commands, result.notes)),
    }
