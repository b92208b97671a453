"""Take in files over HTTP: receive them, and say how far each has come and what became of it."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections import deque
from contextlib import AsyncExitStack
from functools import partial
from http import HTTPStatus
from pathlib import PurePath
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, cast

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from qa.document.metadata import MOST_FIELD
from qa.errors import LibraryError, PullquoteError
from qa.intake.upload_names import MOST_NAME, upload_name
from qa.schema import UPLOAD, Failure, FileStatus, Filters
from qa.web import events
from qa.web.guard import MAX_UPLOAD_BYTES
from qa.web.problem import DEFECT, Problem, status_of, without_commands
from qa.web.replies import replies
from qa.web.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from typing import BinaryIO

    from qa.corpus import Corpus
    from qa.schema import DocumentInfo, FileResult, OnProgress, Progress
    from qa.web.engine import Engine
    from qa.web.threads import Threads

log = logging.getLogger(__name__)
# Number of files that are received at once. The others wait, and are read from their connections later.
RECEIVED_AT_ONCE = 8
# Number of further files at once, for clients that send no other file. They need not wait for slow clients.
_RECEIVED_BESIDE = 8
# The time to write the index grows with the number of all passages. So the index is written after the last of
# the files that come together, and at the latest after so many files. If the process is killed before that,
# the next start writes the index.
_SAVED_AFTER = 256
# Seconds between two events that say how far a file has come.
_TOLD_EVERY = 0.5
_RAW = {
    "required": False,  # a file may be empty: it is then reported like any file that cannot be read
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
_Results: TypeAlias = list[dict[str, Any]]
_NAMED = "The file's name; it may have folders, as in `2008/report.txt`."
_Name = Annotated[str, Query(max_length=4 * MOST_NAME, description=_NAMED, examples=["report.txt"])]
_PUT = "The collection for documents that are in no collection."
_Collection = Annotated[str, Query(max_length=MOST_FIELD, description=_PUT, examples=["markets"])]
_TEXT = "The column of a table that holds the text."
_TextColumn = Annotated[str, Query(max_length=MOST_FIELD, description=_TEXT, examples=["Body"])]
_COLLECTION = (
    "The column of a table, or the key of a record, that holds the collection. Without it, the documents are "
    "put into no collection."
)
_CollectionColumn = Annotated[str, Query(max_length=MOST_FIELD, description=_COLLECTION, examples=["Desk"])]
_NOT_ADDED = {
    400: "`bad_input`: the name is empty or too long, the file is hidden, or the body did not arrive "
    "completely",
    408: "the file arrived too slowly: less than 256 kB in 15 seconds",
    413: f"the file has more than {MAX_UPLOAD_BYTES:,} bytes",
    500: "`library`: the library may not be written, or its disk is full",
}
_EVENTS = {
    "progress": "The present `stage`: `wait` (other files are read first), `model`, `read`, `embed`, `write` "
    "or `index` (a server indexes the new passages); `done` of `total` (0: not known).",
    "result": "The reply as it comes without events.",
    "error": "The error, as in other replies: `status`, `title`, `detail` and `code`.",
}


class FileRecord(BaseModel):
    """The result for a document of a file."""

    status: FileStatus = Field(examples=["added"])
    document: str = Field(examples=["report.txt"])
    title: str = Field(examples=["A report"])
    collection: str = Field(examples=[""])
    also_at: list[str] = Field(description="The other places of the same text.", examples=[[]])
    former: str = Field(
        description="If the former text of this file is also at another place: the id of its document, which "
        "is still quoted.",
        examples=[""],
    )
    passages: int = Field(examples=[12])
    error: Failure | None = Field(description="Why a file was refused.", examples=[None])
    columns: list[dict[str, str]] = Field(
        description="The columns of a table if it is not clear which column holds the text.", examples=[[]]
    )
    notes: list[str] = Field(examples=[[]])


def routes(engine: Engine, taking_in: Threads) -> APIRouter:
    """Return the routes that take in files. The files are read in the threads `taking_in`."""
    router = APIRouter()
    inbox = _Inbox(engine, taking_in)

    declared = replies(list[FileRecord], _NOT_ADDED, stream=events.described(_EVENTS))

    @router.post("/documents", openapi_extra={"requestBody": _RAW}, responses=declared)
    async def add(
        request: Request,
        name: _Name,
        collection: _Collection = "",
        text_column: _TextColumn = "",
        collection_column: _CollectionColumn = "",
    ) -> Any:
        """Add a file.

        The body is the file, of at most 100 MB. It is read as by `pullquote index`, with the same limits, and
        stored. The reply has the result for each of its documents. Another file of the same name replaces the
        first file, whose text is kept for citations. Files are read one after the other.

        `status` is `added`, `replaced` (an earlier text), `duplicate` or `moved` (the document was there),
        `unchanged`, `refused` (`error` says why), `withdrawn` (a person removed the document, which can be
        restored), `gone` (a part that the file no longer has; its document stays) or `skipped`. A document
        that the library had stays in its `collection`, whatever `collection` was sent.

        A table is refused with the code `text_column` if it is not clear which column holds the text.
        `columns` then has the `name` of each column, with a `value` from it. Send the file again, and name
        the column as `text_column`. The choice is remembered.

        It is safe to send a file again if no reply came: a file is recognised by its name and its bytes, so a
        file that was already added is `unchanged`. A file that is being read is added even if its client has
        left. (If somebody has sent another file of the same name since, your file replaces it again.)

        With `Accept: text/event-stream` the reply is a stream of server-sent events, once the file has
        arrived: several `progress` events, and then `result` or `error`.
        """
        corpus, name = engine.corpus, upload_name(name)
        corpus.check_may_write()  # before the file is received
        latest: deque[Progress] = deque(maxlen=1)
        take_in = partial(
            _taken_in,
            engine,
            corpus,
            name,
            collection=collection,
            text_column=text_column,
            collection_column=collection_column,
            progress=latest.append,
            save=False,
        )
        try:
            work = await inbox.receive(request, corpus, take_in)
        except ClientDisconnect:
            return Problem(HTTPStatus.BAD_REQUEST, "the file did not arrive completely: send it again")
        if events.are_wanted(request.headers):
            work.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody awaits
            return events.stream(_events(engine, work, latest))
        return await work

    @router.post("/documents/sample", responses=replies(list[FileRecord]))
    async def add_sample() -> _Results:
        """Add the sample brief.

        Add the brief that comes with Pullquote, to try it. The reply is the same as for *Add a file*.
        """

        def taken_in() -> _Results:
            results = []
            for path in sorted(engine.shipped.glob("*.txt")):
                with path.open("rb") as file:
                    results += _taken_in(engine, engine.corpus, path.name, file)
            return results

        return await taking_in.run(taken_in)

    return router


class _Inbox:
    """Receives files. Writes the index after the last of the files that come together."""

    def __init__(self, engine: Engine, taking_in: Threads) -> None:
        self._engine = engine
        self._taking_in = taking_in
        self._turns = Turns(RECEIVED_AT_ONCE, spare=_RECEIVED_BESIDE)
        self._coming = self._unsaved = 0

    async def receive(
        self, request: Request, corpus: Corpus, take_in: Callable[[BinaryIO], _Results]
    ) -> asyncio.Task[_Results]:
        """Receive the file that is a request's body. Return the task that takes it in.

        Raises:
            BusyError: see `Turns.turn`.
            ClientDisconnect: the body did not come whole, or is too large.
            LibraryError: the file cannot be written.
        """
        self._coming += 1
        async with AsyncExitStack() as held:
            held.push_async_callback(self._leave)
            await held.enter_async_context(self._turns.turn())
            file = held.enter_context(_spool(corpus))
            await _receive(request, file)
            self._unsaved += 1
            return asyncio.create_task(self._run(held.pop_all(), take_in, file))

    async def _run(
        self, held: AsyncExitStack, take_in: Callable[[BinaryIO], _Results], file: BinaryIO
    ) -> _Results:
        async with held:
            return await self._taking_in.run(take_in, file)

    async def _leave(self) -> None:
        """Write the index, unless other files are still coming that it can wait for."""
        self._coming -= 1
        if self._unsaved and (self._unsaved >= _SAVED_AFTER or not self._coming):
            self._unsaved = 0
            await self._taking_in.run(self._engine.corpus.store.save)


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
            "there is no space left for the file: free some space and try again. Nothing was lost"
        )
    return LibraryError(
        f"the library cannot be written ({error.strerror}): check the permissions of its folder"
    )


async def _events(
    engine: Engine, work: asyncio.Task[_Results], latest: deque[Progress]
) -> AsyncGenerator[bytes]:
    """Yield events that say how far the work on a file has come, and at last an event with the result."""
    yield events.event("progress", {"stage": "wait", "done": 0, "total": 0})
    while not work.done():
        await asyncio.wait((work,), timeout=_TOLD_EVERY)
        if latest:
            progress = latest.pop()
            record = {"stage": progress.stage, "done": progress.done, "total": progress.total}
            yield events.event("progress", record)
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
    *,
    collection: str = "",
    text_column: str = "",
    collection_column: str = "",
    progress: OnProgress | None = None,
    save: bool = True,
) -> _Results:
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
    ids = tuple(dict.fromkeys(result.document_id for result in report.files if result.document_id))
    held = {info.id: info for info in corpus.documents(Filters(document=ids))} if ids else {}
    return [_result(engine, result, held.get(result.document_id)) for result in report.files]


def _result(engine: Engine, result: FileResult, info: DocumentInfo | None) -> dict[str, Any]:
    """Return what became of an upload, for JSON."""
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


def _shown(path: str) -> str:
    """Return a place as a person knows it: an upload's name, or a file's name after its folder's name."""
    return path.removeprefix(UPLOAD) if path.startswith(UPLOAD) else "/".join(PurePath(path).parts[-2:])
