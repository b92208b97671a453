"""Quotes over HTTP: open a cited quote, find passages like it, and verify the quotes of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from qa.limits import MAX_DRAFT_CHARACTERS
from qa.quoting import opened
from qa.quoting.bibliography.copied import CopyFormat, copied
from qa.quoting.bibliography.entries import MEDIA
from qa.quoting.bibliography.styles import MAX_STYLE_NAME, open_style
from qa.schema import CitationId, quote_to_dict
from qa.web import originals, parts
from qa.web.body import Body
from qa.web.problem import without_commands
from qa.web.questions import while_connected

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.web.engine import Engine


class VerifyBody(Body):
    """A text whose quotes are verified."""

    text: Annotated[str, Field(json_schema_extra={"maxLength": MAX_DRAFT_CHARACTERS})]


def routes(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes for quotes. `few_at_once` limits the routes that can take long."""
    router = APIRouter()

    @router.get("/citations/{sha256}/{start:offset}-{end:offset}")
    @few_at_once
    def cited(
        sha256: parts.Sha256,
        start: parts.Start,
        end: parts.End,
        document: parts.Id = "",
        form: Annotated[CopyFormat | None, Query(alias="format")] = None,
        style: Annotated[str, Query(max_length=MAX_STYLE_NAME)] = "",
    ) -> Any:
        """Return a quote in its whole source, as it was cited: `before + quote + after` is the source's text.

        With `format` or `style`, return only the quote and its citation, as text to paste.

        If several documents have the cited text, `document` is the id of the cited document. `same_text` has
        the ids of the others.

        If the library no longer answers from the cited text, `status` is "superseded" or "removed", and
        `since` says when. `current` is the present document, with the place to open in it. `moved` is the
        place of the quote's exact words in its text. If the words have changed, `difference` says how. If
        the present text has nothing like the quote, `moved` is null and `difference` is empty.
        """
        citation = CitationId(sha256, start, end)
        opened_quote = opened.open_citation(engine.corpus.store, citation, document)
        if form or style:
            in_style = open_style(style, files=False) if style else None
            text = copied(opened_quote, form or "text", in_style)
            # HTML is sent as plain text, so that a browser does not show it as a page.
            return Response(text, media_type=MEDIA.get(form or "text", "text/plain"))
        original = originals.shown(opened_quote.quote.document) if opened_quote.status == "current" else None
        shown = opened.to_dict(opened_quote) | {"original": original}
        return shown | {"notes": list(map(without_commands, shown["notes"]))}

    @router.get("/citations/{sha256}/{start:offset}-{end:offset}/similar")
    @few_at_once
    def similar_passages(
        sha256: parts.Sha256, start: parts.Start, end: parts.End, document: parts.Id = ""
    ) -> list[dict[str, Any]]:
        """Find the passages that are most like a quote's passage. Return them by document, as quotes."""
        # Imported here, because this import is slow and the first page should not wait for it.
        from qa.asking.similar import by_document, similar

        cited = opened.open_citation(engine.corpus.store, CitationId(sha256, start, end), document)
        return [
            {
                "document": source.id,
                "title": source.title,
                "quotes": [quote_to_dict(quote) for quote in quotes],
            }
            for source, quotes in by_document(similar(engine.corpus.store, cited.quote))
        ]

    @router.post("/verify")
    async def verify(body: VerifyBody, request: Request) -> dict[str, Any]:
        """Compare the quotes of a text with the documents, as the tool for assistants does."""
        deadline = engine.deadline()  # includes the wait for a turn

        def verified() -> dict[str, Any]:
            # Imported here, because this import is slow and the first page should not wait for it.
            from qa.web import tools

            return tools.verify(engine, tools.Draft(text=body.text), deadline)

        async with while_connected(request, deadline):
            return await engine.verifying.run_while_awaited(deadline, verified)

    return router
