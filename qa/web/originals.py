"""Show the originals of documents: a PDF's pages as pictures, with the place of a quote outlined.

Saved web pages and Word documents are shown as HTML. A file is shown only if its bytes have not changed since
the document was read. Another process draws it (`qa.formats.worker`). No path comes from a client.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections import OrderedDict
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, cast

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse, Response
from starlette.requests import Request  # noqa: TC002 - read when the route is made

from qa.errors import InputError, OriginalNotFoundError, PullquoteError
from qa.formats.kinds import named
from qa.formats.page_place import Part
from qa.formats.source import Source
from qa.formats.worker import KeptWorker
from qa.limits import MAX_ID_CHARACTERS, MAX_OFFSET
from qa.schema import UPLOAD, Span
from qa.web import changes, pages
from qa.web.replies import replies
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qa.corpus import Corpus
    from qa.formats.page_picture import PagePicture
    from qa.formats.worker import Worker
    from qa.schema import Document
    from qa.web.engine import Engine

SECONDS = 10.0  # to draw a page
KEPT = 16  # maximum number of pictures and HTML pages in the cache
MOST_PAGE = 1_000_000
_AROUND = 200  # characters around a quote that distinguish its place from others
_LONGEST = 20_000  # maximum number of a quote's characters that are looked for
Shown = Literal["pages", "view", "download"]
_Made = TypeVar("_Made", "PagePicture", str)
# A saved page may be looked at. It may not run, load, send or open anything.
_SANDBOX = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)

_Id = Annotated[str, InPath(max_length=MAX_ID_CHARACTERS)]
_NUMBER = "The number of the page, from 1."
_Page = Annotated[int, InPath(ge=1, le=MOST_PAGE, description=_NUMBER, examples=[1])]
_PageNumber = Annotated[int | None, Query(ge=1, le=MOST_PAGE)]
_BEGIN, _END = "Where a quote begins in the document's text, in code points.", "Where the quote ends."
_Start = Annotated[int | None, Query(ge=0, lt=MAX_OFFSET, description=_BEGIN, examples=[0])]
_End = Annotated[int | None, Query(ge=0, lt=MAX_OFFSET, description=_END, examples=[30])]
_NOT_DRAWN = {
    400: "`bad_input`: there is no quote at these characters, or the file cannot be drawn",
    404: "`original_not_found`: the document is not from a PDF, there is no such page, or the file is gone "
    "or has changed; `document_not_found`: no such document",
}
_NOT_SHOWN = {
    400: "`bad_input`: the file cannot be shown",
    404: "`original_not_found`: the document is neither a saved page nor a Word document, or the file is "
    "gone or has changed; `document_not_found`: no such document",
}
_DRAWN = replies(None, _NOT_DRAWN, media=["image/png"])
_SHOWN = replies(None, _NOT_SHOWN, media=["text/html"])


class Originals:
    """Draws the files that documents were read from, and caches the last results."""

    def __init__(self) -> None:
        self._workers = KeptWorker(file_seconds=SECONDS)
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, PagePicture | str] = OrderedDict()
        weakref.finalize(self, self._workers.close)

    def picture(
        self, corpus: Corpus, document: Document, page: int | None, quote: Span | None
    ) -> PagePicture:
        """Draw a page of a document, or the page on which a quote begins, with the quote outlined.

        Raises:
            OriginalNotFoundError: the document has no PDF, or the PDF has changed, is gone or lacks the page.
            InputError: the file cannot be drawn.
        """
        if shown(document) != "pages":
            raise OriginalNotFoundError(
                f"{document.id!r} was not read from a PDF, so it has no pages to show"
            )
        parts = list(_parts(document, quote)) if quote else []

        def draw(worker: Worker, source: Source) -> PagePicture:
            return worker.draw(source, page, parts)

        picture = self._once(corpus, document, (page, quote), draw)
        if not picture.png:
            raise OriginalNotFoundError(
                f"there is no page {picture.page:,}: {document.id!r} has {picture.pages:,}"
            )
        self._keep((document.source_sha256, document.sha256, (picture.page, quote)), picture)
        return picture

    def view(self, corpus: Corpus, document: Document, quote: Span | None) -> str:
        """Return a document's file as HTML to look at. The quote is marked if its words occur in it once.

        Raises:
            OriginalNotFoundError: the file is not a saved page or a Word document, has changed or is gone.
            InputError: the file cannot be shown.
        """
        if shown(document) != "view":
            raise OriginalNotFoundError(f"{document.id!r} cannot be shown as a page")
        words = document.text[quote.start : quote.end] if quote else ""
        return self._once(
            corpus,
            document,
            ("view", quote),
            lambda worker, source: worker.view(source, document.format, words),
        )

    def _once(
        self, corpus: Corpus, document: Document, what: object, make: Callable[[Worker, Source], _Made]
    ) -> _Made:
        source = _source(corpus, document)
        key = (document.source_sha256, document.sha256, what)
        if key not in self._kept:
            with self._workers.lent() as worker:
                self._keep(key, make(worker, source))
        return cast("_Made", self._keep(key, self._kept[key]))

    def _keep(self, key: object, made: PagePicture | str) -> PagePicture | str:
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made


def routes(engine: Engine) -> APIRouter:
    """Return the routes that show originals."""
    originals, drawing = Originals(), Threads(1)
    router = APIRouter(tags=["Documents"])

    @router.get("/api/v1/documents/{document_id:path}/pages/{page}.png", responses=_DRAWN)
    async def page(
        request: Request,
        document_id: Annotated[str, changes.document_id("report.pdf")],
        page: _Page,
        start: _Start = None,
        end: _End = None,
    ) -> Response:
        """Show a page of a PDF.

        The page as a picture (PNG), drawn from the file that the document was read from. With `start` and
        `end`, the place of the quote is outlined if it is certain. It is never outlined on a page that was
        read by OCR.

        If the document was not uploaded, the file is read from the place where it was indexed, if it has not
        changed since.
        """

        def drawn() -> PagePicture:
            document = engine.corpus.document(document_id)
            return originals.picture(engine.corpus, document, page, _quote(document, start, end))

        picture = await drawing.run(drawn)
        tag = f'"{hashlib.sha256(picture.png).hexdigest()[:32]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return Response(picture.png, media_type="image/png", headers={"ETag": tag})

    @router.get("/api/v1/documents/{document_id:path}/view", responses=_SHOWN)
    async def view(
        document_id: Annotated[str, changes.document_id("report.html")],
        start: _Start = None,
        end: _End = None,
    ) -> HTMLResponse:
        """Look at a saved page or a Word document.

        Return HTML that is made from the original file. Scripts, forms, links and everything that loads
        something are left out, and the security policy of the reply forbids them. A quote is marked if its
        words occur in the HTML exactly once.
        """

        def viewed() -> str:
            document = engine.corpus.document(document_id)
            return originals.view(engine.corpus, document, _quote(document, start, end))

        return HTMLResponse(await drawing.run(viewed), headers={"Content-Security-Policy": _SANDBOX})

    @router.get("/documents/{document_id:path}/original", include_in_schema=False)
    async def original(
        document_id: _Id, page: _PageNumber = None, start: _Start = None, end: _End = None
    ) -> HTMLResponse:
        """Show the original of a document, as a page that our other pages show in a frame."""

        def values() -> dict[str, Any]:
            document = engine.corpus.document(document_id)
            quote, how = _quote(document, start, end), shown(document)
            result: dict[str, Any] = {"document": document, "how": how, "quote": quote}
            if how == "pages":
                result["picture"] = originals.picture(engine.corpus, document, page, quote)
                label = result["picture"].label
                result["expected"] = quote and any(part.page == label for part in _parts(document, quote))
                result["by_ocr"] = any(
                    section.name == label and section.read_by for section in document.sections
                )
            elif how == "view":
                originals.view(engine.corpus, document, quote)  # raises an error if it cannot be shown
            return result

        try:
            return pages.page("original.html", problem="", **await drawing.run(values))
        except PullquoteError as error:
            problem, status = engine.public(str(error)), HTTPStatus.NOT_FOUND
            return pages.page("original.html", status, problem=f"{problem[0].upper()}{problem[1:]}.")

    return router


def shown(document: Document) -> Shown | None:
    """Return how the original of a document can be shown, or None. The file is not read for this."""
    is_upload = document.path.startswith(UPLOAD)
    kind = named(_file_name(document))
    if kind and kind.shown and kind.name == document.format and (is_upload or _is_file(document.path)):
        return kind.shown
    return "download" if is_upload else None


def _file_name(document: Document) -> str:
    return PurePosixPath(document.path.removeprefix(UPLOAD)).name


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def _source(corpus: Corpus, document: Document) -> Source:
    """Read the file of a document, if its bytes have not changed since the document was read.

    Raises:
        OriginalNotFoundError: the file is gone, cannot be read, or has changed.
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
        raise OriginalNotFoundError(f"the file {name} cannot be read: check its permissions") from None
    if hashlib.sha256(data).hexdigest() != document.source_sha256:
        raise OriginalNotFoundError(
            f"the file {name} has changed since it was read, or is gone: Pullquote has the document's "
            "text, but not its pages"
        )
    return Source(name, name, data)


def _quote(document: Document, start: int | None, end: int | None) -> Span | None:
    """Return the place of the named quote in the text of a document, or None if no quote is named.

    Raises:
        InputError: the place is incomplete or is not in the text.
    """
    if start is None and end is None:
        return None
    if start is None or end is None or not start < end <= len(document.text):
        raise InputError(
            f"there is no quote at {start}-{end}: the document has {len(document.text):,} characters"
        )
    return Span(start, min(end, start + _LONGEST))


def _parts(document: Document, quote: Span) -> Iterator[Part]:
    """Yield the parts of a quote, one for each page."""
    text = document.text
    for section in document.sections:
        start, end = max(quote.start, section.start), min(quote.end, section.end)
        if section.kind == "page" and start < end:
            before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
            yield Part(section.name, before, text[start:end], after)
