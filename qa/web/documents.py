"""The Documents page: what the library holds, as a table, and each document as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from qa.web import pages

if TYPE_CHECKING:
    from qa.web.engine import Engine


def routes(engine: Engine) -> APIRouter:
    """The pages, over what this engine holds."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/documents")
    def documents() -> HTMLResponse:
        """Show the table."""
        return pages.page("documents.html", held=engine.corpus.documents(limit=100))

    return router
