"""Quotes over HTTP: open a cited quote, find passages like it, and verify the quotes of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

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
from qa.web.records import CitationFacts, CitationWords, QuoteLine, VerifiedFacts, VerifiedWords
from qa.web.replies import QUOTE, TITLE, replies

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.web.engine import Engine


class VerifyBody(Body):
    """A text whose quotes are verified."""

    text: Annotated[str, Field(json_schema_extra={"maxLength": MAX_DRAFT_CHARACTERS})] = Field(
        description=f"The whole text, Markdown or plain, of at most {MAX_DRAFT_CHARACTERS:,} characters. "
        "Quotes are in quotation marks or block quotes, with or without citations.",
        examples=["A newspaper wrote: “everything metal that wasn’t bolted down is gone”."],
    )


class OpenedRecord(CitationFacts, CitationWords):
    """An opened citation, as from `pullquote cite --json`."""

    clipboard: str = Field(description="The quote with its citation.")
    original: originals.Shown | None = Field(
        description="How the original file can be shown: `pages`, `view` or `download`, or null if it "
        "cannot.",
        examples=[None],
    )


class SimilarRecord(BaseModel):
    """A document with passages like a quote."""

    document: str = Field(examples=[QUOTE["document"]])
    title: str = Field(examples=[TITLE])
    quotes: list[QuoteLine] = Field(
        description="Quotes as in an answer. `score` is the similarity, from 0 to 1."
    )


class Verified(VerifiedFacts, VerifiedWords):
    """The verdicts on a text, as `pullquote verify --json` gives them for a file."""


_AS_TEXT = "`text`, `markdown` or `latex` (with a footnote), `html`, `bibtex`, `ris` or `csl-json`."
_Format = Annotated[CopyFormat | None, Query(alias="format", description=_AS_TEXT, examples=["markdown"])]
_STYLES = (
    "The citation style: `chicago` (notes), `apa`, `mla`, `ieee`, or another name of citationstyles.org. "
    "Default: Pullquote's own line."
)
_Style = Annotated[str, Query(max_length=MAX_STYLE_NAME, description=_STYLES, examples=["chicago"])]
_NOT_OPENED = {
    400: "`bad_input`: there is no quote at these characters, or no such style",
    404: "`document_not_found`: no such text, or it was purged",
    501: "`missing_extra`: citing by a style needs packages that are not installed here",
}
_NO_QUOTE = {
    400: "`bad_input`: there is no quote at these characters",
    404: "`document_not_found`: no document has, or had, this text",
}
_NOT_VERIFIED = {
    400: "`bad_input`: the text has no quotes, has too many quotes, or is too long",
    504: "`deadline`: it took longer than the chat allows (30 seconds by default): send it in parts",
}
_OPENED = replies(OpenedRecord, _NOT_OPENED, media=["text/plain", *MEDIA.values()])
_SIMILAR = replies(list[SimilarRecord], _NO_QUOTE)


def routes(engine: Engine, few_at_once: Callable[[Any], Any]) -> APIRouter:
    """Return the routes for quotes. `few_at_once` limits the routes that can take long."""
    router = APIRouter(tags=["Questions"])

    @router.get("/citations/{sha256}/{start:offset}-{end:offset}", responses=_OPENED)
    @few_at_once
    def cited(
        sha256: parts.Sha256,
        start: parts.Start,
        end: parts.End,
        document: parts.Id = "",
        form: _Format = None,
        style: _Style = "",
    ) -> Any:
        """Open a citation.

        Return a quote in its whole source, as it was cited: `before + quote + after` is the document's text.
        The citation still opens if the document was replaced or removed. If the present text has nothing like
        the quote, `moved` is null and `difference` is empty.

        With `format` or `style`, the answer is not JSON. It is the quote with its citation as text to paste.
        Only characters that the format reserves are escaped. `bibtex`, `ris` and `csl-json` give the
        document's reference, with the quote as a note.
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

    @router.get("/citations/{sha256}/{start:offset}-{end:offset}/similar", responses=_SIMILAR)
    @few_at_once
    def similar_passages(
        sha256: parts.Sha256, start: parts.Start, end: parts.End, document: parts.Id = ""
    ) -> list[dict[str, Any]]:
        """Find passages like a quote.

        Return at most eight passages of the library that are most similar to the quote's passage, as quotes
        by document, the most similar first. Passages with the same words as the quote are left out.
        """
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

    @router.post("/verify", responses=replies(Verified, _NOT_VERIFIED))
    async def verify(body: VerifyBody, request: Request) -> dict[str, Any]:
        """Verify the quotes of a text.

        Check whether the documents say each quote of a text: `verbatim`; `superseded` or `removed` (an
        earlier text or a removed document said it); `moved` (a document other than the named document says
        it); `cited` (the citation opens, but the words next to it were not compared); `distorted` (the words
        left out change the sense, or somebody else says it); `altered`; or `unknown`. Words outside quotation
        marks and block quotes are not checked. A text may have at most 200 quotes. The text is not stored.
        """
        deadline = engine.deadline()  # includes the wait for a turn

        def verified() -> dict[str, Any]:
            # Imported here, because this import is slow and the first page should not wait for it.
            from qa.web import tools

            return tools.verify(engine, tools.Draft(text=body.text), deadline)

        async with while_connected(request, deadline):
            return await engine.verifying.run_while_awaited(deadline, verified)

    return router
