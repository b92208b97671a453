"""What documents were read from, as it looks: a PDF's pages as pictures, with the place of a quote outlined.

A file is opened only if its bytes are those that the document was read from, and drawn by another process
(`qa.formats.worker`). No path comes from a client.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections import OrderedDict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from fastapi.responses import Response
from starlette.requests import Request  # noqa: TC002 - read when the route is made

from qa.errors import InputError, OriginalNotFoundError
from qa.formats.kinds import named
from qa.formats.page_place import Part
from qa.formats.source import Source
from qa.formats.worker import KeptWorker
from qa.limits import MAX_ID_CHARACTERS, MAX_OFFSET
from qa.schema import UPLOAD, Span
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.corpus import Corpus
    from qa.formats.page_picture import PagePicture
    from qa.schema import Document
    from qa.web.engine import Engine

SECONDS = 10.0  # to draw a page
PICTURES = 16  # that are kept
MOST_PAGE = 1_000_000
_AROUND = 200  # characters of the text around a quote, by which its place is told from others
_LONGEST = 20_000  # characters of a quote that are looked for
Shown = Literal["pages", "download"]
_SHOWN: dict[str, Shown] = {"pdf": "pages"}

_Id = Annotated[str, InPath(max_length=MAX_ID_CHARACTERS)]
_Offset = Annotated[int | None, Query(ge=0, lt=MAX_OFFSET)]


class Originals:
    """Draws what documents were read from, one page at a time; the last pictures are kept."""

    def __init__(self) -> None:
        self._workers = KeptWorker(file_seconds=SECONDS)
        self._lock = threading.Lock()
        self._pictures: OrderedDict[object, PagePicture] = OrderedDict()
        weakref.finalize(self, self._workers.close)

    def picture(
        self, corpus: Corpus, document: Document, page: int | None, quote: Span | None
    ) -> PagePicture:
        """Draw a page of a document, or the one on which a quote begins, with that outlined.

        Raises:
            OriginalNotFoundError: there is no PDF of it any more, or no such page.
            InputError: the file cannot be drawn.
        """
        if shown(document) != "pages":
            raise OriginalNotFoundError(f"{document.id!r} was not read from a PDF: it has no pages to show")
        key = (document.source_sha256, document.sha256, page, quote)
        source = _source(corpus, document)
        with self._lock:
            picture = self._pictures.pop(key, None)
            if picture is None:
                parts = list(_parts(document, quote)) if quote else []
                with self._workers.lent() as worker:
                    picture = worker.draw(source, page, parts)
            if not picture.png:
                raise OriginalNotFoundError(
                    f"there is no page {picture.page:,}: {document.id!r} has {picture.pages:,}"
                )
            for kept in (key, (document.source_sha256, document.sha256, picture.page, quote)):
                self._pictures[kept] = picture
            while len(self._pictures) > PICTURES:
                self._pictures.popitem(last=False)
            return picture


def routes(engine: Engine) -> APIRouter:
    """Return the routes that show originals."""
    originals, drawing = Originals(), Threads(1)
    router = APIRouter()

    @router.get("/api/v1/documents/{document_id:path}/pages/{page}.png")
    async def page(
        request: Request,
        document_id: _Id,
        page: Annotated[int, InPath(ge=1, le=MOST_PAGE)],
        start: _Offset = None,
        end: _Offset = None,
    ) -> Response:
        """Send a page of a PDF as a picture, with the quote from `start` to `end` outlined."""

        def drawn() -> PagePicture:
            document = engine.corpus.document(document_id)
            return originals.picture(engine.corpus, document, page, _quote(document, start, end))

        picture = await drawing.run(drawn)
        tag = f'"{hashlib.sha256(picture.png).hexdigest()[:32]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return Response(picture.png, media_type="image/png", headers={"ETag": tag})

    return router


def shown(document: Document) -> Shown | None:
    """Say how what a document was read from can be shown, as far as is known without reading it."""
    is_upload = document.path.startswith(UPLOAD)
    kind = named(_file_name(document))
    how = _SHOWN.get(document.format)
    if how and kind and kind.name == document.format and (is_upload or _is_file(document.path)):
        return how
    return "download" if is_upload else None


def _file_name(document: Document) -> str:
    return PurePosixPath(document.path.removeprefix(UPLOAD)).name


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def _source(corpus: Corpus, document: Document) -> Source:
    """Read the file of a document, if its bytes are still those that the document was read from.

    Raises:
        OriginalNotFoundError: it is gone, cannot be read, or has changed.
    """
    name = _file_name(document)
    path = corpus.original(document.id).path if document.path.startswith(UPLOAD) else Path(document.path)
    kind = named(name)
    most = kind.most_bytes if kind else 0
    data = b""
    try:
        if path.is_file():
            with path.open("rb") as file:
                data = file.read(most + 1)
    except (OSError, ValueError):
        raise OriginalNotFoundError(f"the file {name} cannot be read: see to its permissions") from None
    if hashlib.sha256(data).hexdigest() != document.source_sha256:
        raise OriginalNotFoundError(
            f"the file {name} has changed since it was read, or it is gone: what the document says is kept, "
            "and what it looked like is not"
        )
    return Source(name, name, data)


def _quote(document: Document, start: int | None, end: int | None) -> Span | None:
    """Return the place of a quote in the text of a document, if one is named.

    Raises:
        InputError: it is no place in that text.
    """
    if start is None and end is None:
        return None
    if start is None or end is None or not start < end <= len(document.text):
        raise InputError(
            f"there is no quote at {start}-{end}: the document has {len(document.text):,} characters"
        )
    return Span(start, min(end, start + _LONGEST))


def _parts(document: Document, quote: Span) -> Iterator[Part]:
    """Cut a quote where its pages end."""
    text = document.text
    for section in document.sections:
        start, end = max(quote.start, section.start), min(quote.end, section.end)
        if section.kind == "page" and start < end:
            before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
            yield Part(section.name, before, text[start:end], after)
