"""The Dossiers pages: the list, a dossier with its quotes as they are today, and the menu of *Keep*."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from qa.desk.stored_dossiers import MOST_HEADING, MOST_NOTE
from qa.limits import MAX_DOCUMENTS, MAX_ID_CHARACTERS
from qa.quoting.cite import facts_of, parse_citation
from qa.quoting.wording import difference
from qa.report.contents import changed_since, how_asked, outcome_in_words, outdated, shown
from qa.schema import DocumentQuery, Filters, citation_id
from qa.text.dates import date_in_words
from qa.text.display import describe_filters
from qa.web import pages
from qa.web.cards import CARRIAGE_RETURN, quote_block
from qa.web.dossiers import kept_in
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.corpus import Corpus
    from qa.quoting.wording import Difference
    from qa.report.contents import Shown
    from qa.schema import DossierEntry, Quote
    from qa.web.engine import Engine

_AT_ONCE = 8
_FORMATS = (
    ("docx", "Word (docx)"),
    ("odt", "OpenDocument (odt)"),
    ("pdf", "PDF"),
    ("html", "Web page (html)"),
    ("md", "Markdown (md)"),
    ("tex", "LaTeX (tex)"),
)
_STYLES = (("chicago", "Chicago (notes)"), ("apa", "APA"), ("mla", "MLA"), ("ieee", "IEEE"))


def routes(engine: Engine) -> APIRouter:
    """Return the routes of the Dossiers pages. The engine answers them."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    limited = Threads(_AT_ONCE).limited

    @router.get("/dossiers")
    @limited
    def dossiers() -> HTMLResponse:
        """List the dossiers, the last changed first."""
        if not engine.may_change:
            return pages.page("dossiers.html", kept=False)
        infos = engine.corpus.desk.dossiers.all()
        return pages.page(
            "dossiers.html", kept=True, dossiers=[(info, _when(info.changed)) for info in infos]
        )

    @router.get("/dossier")
    def unnamed() -> RedirectResponse:
        """Redirect to the list of dossiers. A single dossier is at /dossiers/ID."""
        return RedirectResponse("/dossiers")

    @router.get("/dossiers/{dossier}")
    @limited
    def dossier(dossier: Annotated[str, Path(pattern=r"^[\w-]{16}$")]) -> HTMLResponse:
        """Show the entries of a dossier in order. The quotes are read from their documents now."""
        if not engine.may_change:
            return pages.page("dossiers.html", kept=False)
        corpus = engine.corpus
        info = corpus.desk.dossiers.info(dossier)
        stored = corpus.desk.dossiers.entries(dossier)
        entries = shown(stored, corpus.store)
        titles = _titles(corpus, stored)
        fates = Counter(entry.status for entry in entries if entry.fate)
        return pages.page(
            "dossier.html",
            info=info,
            entries=entries,
            fates=sorted(fates.items()),
            block=_block,
            place=citation_id,
            facts=facts_of,
            filters=lambda filters: describe_filters(filters, titles),
            outcome=lambda asked: outcome_in_words(asked, titles),
            how=how_asked,
            since=lambda asked: changed_since(asked, corpus.store, corpus.store.generation),
            difference=_difference,
            notes=lambda quote: list(map(engine.public, quote.document.notes)),
            outdated=outdated(entries),
            most={"heading": MOST_HEADING, "note": MOST_NOTE},
            formats=_FORMATS,
            styles=_STYLES,
        )

    @router.get("/parts/keep")
    @limited
    def keep(
        answer: Annotated[str, Query(max_length=64)] = "",
        citation: Annotated[str, Query(max_length=MAX_ID_CHARACTERS + 200)] = "",
    ) -> HTMLResponse:
        """Show the dossiers that can keep a quote of an answer, or a question that found no answer."""
        engine.check_may_change()
        cited_id = str(parse_citation(citation)[0]) if citation else ""
        holdings = [
            holding for holding in kept_in(engine, answer, citation) if holding.citation_id == cited_id
        ]
        held = {holding.dossier: holding.entry for holding in holdings}
        return pages.page("keep.html", dossiers=engine.corpus.desk.dossiers.all(), held=held)

    return router


def _block(quote: Quote) -> Markup:
    """Return a quote as its card shows it. The document is not read again: it was just read and hashed."""
    block = quote_block(quote, lambda _: quote.document)
    return Markup(block.replace(CARRIAGE_RETURN, "&#13;"))  # noqa: S704 - escaped there


def _when(changed: dt.datetime) -> str:
    at, today = changed.astimezone(), dt.datetime.now().astimezone().date()
    day = {today: "today", today - dt.timedelta(days=1): "yesterday"}.get(at.date())
    return f"{day}, {at:%H:%M}" if day else f"on {date_in_words(at)}"


def _difference(entry: Shown) -> Difference:
    """Return how the words of a superseded quote differ from the present sentences."""
    return difference(entry.quote.text, entry.present.text) if entry.quote and entry.present else ()


def _titles(corpus: Corpus, entries: Sequence[DossierEntry]) -> dict[str, str]:
    """Return the titles of the documents that the filters of questions name, by id."""
    ids = dict.fromkeys(
        document_id for entry in entries if entry.asked for document_id in entry.asked.filters.document
    )
    if not ids:
        return {}
    filters = Filters(document=tuple(ids)[:MAX_DOCUMENTS])
    documents = corpus.find_documents(DocumentQuery(filters=filters)).documents
    return {document.id: document.title or document.id for document in documents}
