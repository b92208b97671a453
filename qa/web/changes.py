"""Change the library over HTTP: add and remove documents, and edit their metadata and collections."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections import deque
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import PurePath, PurePosixPath
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import FileResponse, Response
from pydantic import Field
from starlette.requests import ClientDisconnect

from qa.document.metadata import FIELDS, MOST_FIELD, value_of
from qa.errors import InputError, LibraryError, PullquoteError
from qa.intake.uploads import MOST_NAME, upload_name
from qa.limits import MAX_DOCUMENTS, MAX_ID_CHARACTERS
from qa.schema import UPLOAD, Filters
from qa.web import events, paging
from qa.web.body import Body
from qa.web.guard import MAX_UPLOAD_BYTES
from qa.web.problem import DEFECT, Problem, status_of, without_commands
from qa.web.threads import Threads
from qa.web.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from typing import BinaryIO

    from qa.corpus import Corpus
    from qa.schema import Document, DocumentInfo, FileResult, OnProgress, Progress
    from qa.web.engine import Engine

log = logging.getLogger(__name__)
# Number of files that are received at once. The others wait, and are read from their connections later.
RECEIVED_AT_ONCE = 8
# Number of further files at once, for clients that send no other file. They need not wait for slow clients.
_RECEIVED_BESIDE = 8
# A client's files are read one after the other, so that a page with many files does not delay questions.
# While long files of three clients are read, files of a fourth client can be read too.
_READ_AT_ONCE, _READ_BESIDE = 1, 3
# The time to write the index grows with the number of all passages. So the index is written after the last of
# the files that come together, and at the latest after so many files. If the process is killed before that,
# the next start writes the index.
_SAVED_AFTER = 256
# Seconds between two events that say how far a file has come.
_TOLD_EVERY = 0.5
# Media types of files that a browser can show without running anything. All files are sent to be saved, too.
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

Id = Annotated[str, Path(max_length=MAX_ID_CHARACTERS)]
_Field = Annotated[str, Field(max_length=MOST_FIELD)]
_IdText = Annotated[str, Field(max_length=MAX_ID_CHARACTERS)]


class MetadataBody(Body):
    """Corrected fields of a document. null takes a correction back. "" says that there is no value."""

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
    """Return the routes that change documents, and two routes that read: originals and collections.

    The routes that change documents refuse requests if changes are not allowed. Quick work runs in `threads`.
    Work that reads files, embeds or erases is done one after the other for each client.
    """
    reading = APIRouter()
    router = APIRouter(dependencies=[may_change(engine)])
    receiving = Turns(RECEIVED_AT_ONCE, spare=_RECEIVED_BESIDE)
    taking_in = Threads(_READ_AT_ONCE, spare=_READ_BESIDE)
    coming = unsaved = 0

    async def leave() -> None:
        """Write the index, unless other files are still coming that it can wait for."""
        nonlocal coming, unsaved
        coming -= 1
        if unsaved and (unsaved >= _SAVED_AFTER or not coming):
            unsaved = 0
            await taking_in.run(engine.corpus.store.save)

    async def take_in(held: AsyncExitStack, *given: Any, told: OnProgress) -> list[dict[str, Any]]:
        async with held:
            return await taking_in.run(_taken_in, engine, *given, progress=told, save=False)

    @router.post("/documents", openapi_extra={"requestBody": _RAW})
    async def add(
        request: Request,
        name: Annotated[str, Query(max_length=4 * MOST_NAME)],
        collection: Annotated[str, Query(max_length=MOST_FIELD)] = "",
        text_column: Annotated[str, Query(max_length=MOST_FIELD)] = "",
        collection_column: Annotated[str, Query(max_length=MOST_FIELD)] = "",
    ) -> Any:
        """Take in the file that is the body. Return the result for each document, or events up to the result.

        A file that is sent again is `unchanged`. A file that has come whole is taken in, even if its client
        has left.
        """
        nonlocal coming, unsaved
        corpus, name = engine.corpus, upload_name(name)
        corpus.check_may_write()  # before the file is received
        coming += 1
        try:
            async with AsyncExitStack() as held:
                held.push_async_callback(leave)
                await held.enter_async_context(receiving.turn())
                file = held.enter_context(_spool(corpus))
                await _receive(request, file)
                unsaved += 1
                told: deque[Progress] = deque(maxlen=1)
                given = corpus, name, file, collection, text_column, collection_column
                work = asyncio.create_task(take_in(held.pop_all(), *given, told=told.append))
        except ClientDisconnect:
            return Problem(HTTPStatus.BAD_REQUEST, "the file did not come whole: send it again")
        if events.are_wanted(request.headers):
            work.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody awaits
            return events.stream(_events(engine, work, told))
        return await work

    @router.post("/documents/sample")
    async def add_sample() -> list[dict[str, Any]]:
        """Take in the sample briefs that ship."""

        def taken_in() -> list[dict[str, Any]]:
            results = []
            for path in sorted(engine.shipped.glob("*.txt")):
                with path.open("rb") as file:
                    results += _taken_in(engine, engine.corpus, path.name, file)
            return results

        return await taking_in.run(taken_in)

    @router.post("/documents/collection")
    @threads.limited
    def collect(body: CollectBody) -> dict[str, Any]:
        """Put documents into a collection, or into none. If one document fails, no document is changed."""
        return {"moved": engine.corpus.put_in_collection(body.ids, body.collection)}

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
                    f"that is not its title: to erase it for good, type “{gone['title']}”. Nothing was erased"
                )
            engine.corpus.purge([document_id])
            return {"purged": [document_id], **gone}

        return await taking_in.run(purged)

    @reading.get("/documents/{document_id:path}/original")
    @threads.limited
    def original(document_id: Id) -> Response:
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
    def collections(
        request: Request, response: Response, limit: paging.LimitOrAll = None, offset: paging.Offset = 0
    ) -> list[dict[str, Any]]:
        """List the collections, with how many documents are in each."""
        found = engine.corpus.store.facets().collections
        part = paging.part(request, response, found, limit, offset)
        return [{"name": name, "documents": count} for name, count in part]

    @router.patch("/collections/{name:path}")
    @threads.limited
    def rename(name: Annotated[str, Path(max_length=MOST_FIELD)], body: RenameBody) -> dict[str, Any]:
        """Rename a collection in all its documents, or in none."""
        renamed = engine.corpus.rename_collection(name, body.name)
        return {"name": body.name.strip(), "renamed": len(renamed)}

    reading.include_router(router)
    return reading


_RAW = {
    "required": False,  # a file may be empty: it is then reported like any file that cannot be read
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


def metadata(corpus: Corpus, document: Document) -> dict[str, Any]:
    """Return each field of a document: its value, its source, and the source's value before a correction."""
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


def find_info(corpus: Corpus, document_id: str) -> DocumentInfo | None:
    """Return the metadata that lists show of a document, or None if no current document has this id."""
    found = corpus.documents(Filters(document=(document_id,)))  # also all in a file or folder of that name
    return next((info for info in found if info.id == document_id), None)


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


def _shown(path: str) -> str:
    """Return a place as a person knows it: an upload's name, or a file's name after its folder's name."""
    return path.removeprefix(UPLOAD) if path.startswith(UPLOAD) else "/".join(PurePath(path).parts[-2:])


def _spool(corpus: Corpus) -> BinaryIO:
    """Open a file without a name on the library's disk. It is gone when it is closed or the process ends."""
    try:
        return cast("BinaryIO", TemporaryFile(dir=corpus.library))
    except OSError as error:
        raise _not_written(error) from error


async def _receive(request: Request, file: BinaryIO) -> None:
    """Write a body to a file as it comes.

    Raises:
        ClientDisconnect: the body did not come whole, or is too large.
        LibraryError: the file cannot be written.
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


async def _events(
    engine: Engine, work: asyncio.Task[list[dict[str, Any]]], told: deque[Progress]
) -> AsyncGenerator[bytes]:
    """Yield events that say how far the work on a file has come, and at last an event with the result."""
    yield events.event("progress", {"stage": "wait", "done": 0, "total": 0})
    while not work.done():
        await asyncio.wait((work,), timeout=_TOLD_EVERY)
        if told:
            progress = told.pop()
            said = {"stage": progress.stage, "done": progress.done, "total": progress.total}
            yield events.event("progress", said)
    failed = work.exception()
    if failed is None:
        yield events.event("result", work.result())
    elif isinstance(failed, PullquoteError):
        problem = Problem(status_of(failed), engine.public(str(failed)), failed.code)
        yield events.event("error", problem.record)
    else:
        log.error("a file could not be taken in", exc_info=failed)
        yield events.event("error", Problem(HTTPStatus.INTERNAL_SERVER_ERROR, DEFECT, "internal").record)


def _taken_in(
    engine: Engine,
    corpus: Corpus,
    name: str,
    file: BinaryIO,
    collection: str = "",
    text_column: str = "",
    collection_column: str = "",
    *,
    progress: OnProgress | None = None,
    save: bool = True,
) -> list[dict[str, Any]]:
    """Take a file in, and return what became of each of its documents."""
    report = corpus.upload(
        name,
        file,
        collection=collection,
        text_column=text_column,
        collection_column=collection_column,
        progress=progress,
        save=save,
    )
    ids = tuple(dict.fromkeys(each.document_id for each in report.files if each.document_id))
    held = {info.id: info for info in corpus.documents(Filters(document=ids))} if ids else {}
    return [_result(engine, each, held.get(each.document_id)) for each in report.files]


def _result(engine: Engine, result: FileResult, info: DocumentInfo | None) -> dict[str, Any]:
    error = result.error
    places = dict.fromkeys((info.path, *info.locations)) if info else ()
    return {
        "status": result.status,
        "document": result.document_id,
        "title": info.title if info else "",
        "collection": info.collection if info else "",
        "also_at": [_shown(path) for path in places if path != result.path],
        "former": result.former,
        "passages": result.passages,
        "error": {"code": error.code, "message": engine.public(error.message)} if error else None,
        "columns": [{"name": name, "value": value} for name, value in result.columns],
        "notes": list(map(without_commands, result.notes)),
    }
