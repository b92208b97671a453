"""Render parts of the Ask page: the start with documents and examples, the filters, a quote in its source."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import Field
from starlette.convertors import StringConvertor, register_url_convertor

from qa.document.segment import passages as segment
from qa.errors import DocumentNotFoundError, NotReadyError, PullquoteError
from qa.limits import MAX_DOCUMENTS, MAX_ID_CHARACTERS, MAX_OFFSET
from qa.quoting import opened
from qa.quoting.cite import facts_of_document
from qa.schema import FIELDS, CitationId, DocumentQuery, Filters, Span, citation_id
from qa.text.display import language_in_words
from qa.web import originals, pages
from qa.web.cards import address
from qa.web.documents import ListQuery
from qa.web.examples import examples
from qa.web.problem import without_commands
from qa.web.reader import Marks, to_html, verbatim
from qa.web.replies import QUOTE
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from qa.corpus import Corpus
    from qa.schema import DocumentInfo, Passage
    from qa.web.engine import Engine

_AT_ONCE = 8
_LISTED = 4  # documents that the page lists before the first question
_SMALL = 20  # in a library with at most so many documents, the page also offers to add more
_FOUND = 20  # documents that a search offers for the filter
_PLACE = r"\d{1,12}-\d{1,12}"
_MOST_PLACES = 20_000  # characters of the parameter `quotes`: about two thousand places


class _OffsetConvertor(StringConvertor):
    """Matches a part of an address up to the next dash.

    The default pattern allows dashes. It would try each dash of a long address as the one between offsets.
    """

    regex = "[^/-]+"


register_url_convertor("offset", _OffsetConvertor())
_TEXT = "The SHA-256 of the document's text, from a quote."
_NAMED = "The document's id, if several documents have the same text."
_BEGIN, _END = "Where the quote begins, in code points.", "Where the quote ends."
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description=_TEXT, examples=[QUOTE["sha256"]])]
Start = Annotated[int, Path(ge=0, lt=MAX_OFFSET, description=_BEGIN, examples=[QUOTE["start"]])]
End = Annotated[int, Path(ge=1, lt=MAX_OFFSET, description=_END, examples=[QUOTE["end"]])]
Id = Annotated[str, Query(max_length=MAX_ID_CHARACTERS, description=_NAMED, examples=[QUOTE["document"]])]


class FilterQuery(ListQuery):
    """The filters that are set, and in `q` the words to search for documents."""

    document: Annotated[
        list[Annotated[str, Field(max_length=MAX_ID_CHARACTERS)]], Field(max_length=MAX_DOCUMENTS)
    ] = Field(default=[])


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter, with a name, and facts that distinguish it from other values of the same name."""

    value: str
    name: str
    facts: str
    is_chosen: bool


def routes(engine: Engine) -> APIRouter:
    """Return the routes of the parts. The engine answers them."""
    limited = Threads(_AT_ONCE).limited
    router = APIRouter(prefix="/parts", include_in_schema=False, default_response_class=HTMLResponse)
    router.include_router(_start(engine, limited))
    router.include_router(_filters(engine, limited))
    router.include_router(_sources(engine, limited))
    return router


def _start(engine: Engine, limited: Callable[[Any], Any]) -> APIRouter:
    """Return the routes of what the page shows before the first question."""
    router = APIRouter()

    @router.get("/welcome")
    @limited
    def welcome() -> HTMLResponse:
        """Show the documents that were added last. If the library is small, also offer to add more."""
        newest = engine.corpus.find_documents(DocumentQuery(order="added", descending=True, limit=_LISTED))
        return pages.page(
            "first.html",
            documents=[(document, _facts(document)) for document in newest.documents],
            total=newest.total,
            is_small=newest.total <= _SMALL,
            collections=engine.corpus.store.facets().values["collection"],
            address=address,
        )

    @router.get("/examples")
    @limited
    def to_begin_with() -> HTMLResponse:
        """Show example questions. They are asked beforehand, and the first page does not wait for that."""
        engine.check_ready()
        return pages.page("examples.html", examples=examples(engine.corpus))

    return router


def _filters(engine: Engine, limited: Callable[[Any], Any]) -> APIRouter:
    """Return the routes of the filters."""
    router = APIRouter()

    @router.get("/filters")
    @limited
    def filters(query: Annotated[FilterQuery, Query()]) -> HTMLResponse:
        """Show the filters that a question can have, and the values that are set."""
        facets = engine.corpus.store.facets()
        return pages.page(
            "filters.html",
            query=query,
            choices=[
                (name, _plural(name), _choices(name, value_counts, getattr(query, name)))
                for name, value_counts in facets.values.items()
            ],
            facets=facets,
            documents=_document_choices(engine.corpus, query),
        )

    @router.get("/filters/documents")
    @limited
    def filter_documents(query: Annotated[FilterQuery, Query()]) -> HTMLResponse:
        """Show the documents that are chosen, and other documents that the words of `q` find."""
        return pages.page("document_choices.html", documents=_document_choices(engine.corpus, query))

    return router


def _sources(engine: Engine, limited: Callable[[Any], Any]) -> APIRouter:
    """Return the routes of a quote in its source."""
    router = APIRouter()

    @router.get("/sources/{sha256}/{start:offset}-{end:offset}")
    @limited
    def source(
        request: Request,
        sha256: Sha256,
        start: Start,
        end: End,
        document: Id = "",
        quotes: Annotated[str, Query(max_length=_MOST_PLACES, pattern=rf"^({_PLACE}(,{_PLACE})*)?$")] = "",
    ) -> HTMLResponse:
        """Show a quote in its source. The other quotes of the conversation (`quotes`) are marked too."""
        try:
            cited = opened.open_citation(engine.corpus.store, CitationId(sha256, start, end), document)
        except DocumentNotFoundError:
            problem = "This library does not have this text: it was never added, or it was erased for good."
            return pages.page("opened.html", found=None, problem=problem, again="")
        except NotReadyError as error:
            again = "" if engine.state.stage == "failed" else f"{request.url.path}?{request.url.query}"
            return pages.page("opened.html", found=None, problem=engine.public(str(error)), again=again)
        except PullquoteError as error:
            return pages.page("opened.html", found=None, problem=engine.public(str(error)), again="")
        current, shown = Span(start, end), cited.quote.document
        places = side_by_side(current, _read_places(quotes, len(shown.text)))
        at = places.index(current)
        return pages.page(
            "opened.html",
            found=cited,
            said=opened.to_dict(cited),
            notes=[without_commands(note) for note in shown.notes],
            places=places,
            at=at,
            previous=places[at - 1],
            next=places[(at + 1) % len(places)],
            text=to_html(shown, _passages(engine.corpus, cited), Marks(places, current)),
            may_change=engine.may_change,
            has_original=cited.status == "current" and originals.shown(shown) in ("pages", "view"),
            quoted=Markup(verbatim(cited.quote.text)),  # noqa: S704 - escaped there
            here=address(shown.id),
            query=f"?{urlencode({'document': document})}" if document else "",
        )

    @router.get("/sources/{sha256}/{start:offset}-{end:offset}/similar")
    @limited
    def similar_passages(sha256: Sha256, start: Start, end: End, document: Id = "") -> HTMLResponse:
        """Show the passages that are most like a quote's passage."""
        # Imported here, because this import is slow and the first page should not wait for it.
        from qa.asking.similar import by_document, similar

        cited = opened.open_citation(engine.corpus.store, CitationId(sha256, start, end), document)
        groups = by_document(similar(engine.corpus.store, cited.quote))
        return pages.page("similar.html", found=groups, place=citation_id)

    return router


def _plural(name: str) -> str:
    return FIELDS[name].plural.replace("_", " ").capitalize()


def _choices(name: str, value_counts: Sequence[tuple[str, int]], chosen: Sequence[str]) -> list[Choice]:
    """Return the values of a filter. Include the chosen values, even if no document has them any more."""
    counts = dict.fromkeys(chosen, 0) | dict(value_counts)
    in_words = language_in_words if name == "language" else str
    choices = [
        Choice(value, in_words(value), f"{count:,}", value in chosen) for value, count in counts.items()
    ]
    return sorted(choices, key=lambda choice: choice.name)


def _document_choices(corpus: Corpus, query: FilterQuery) -> list[Choice]:
    """Return the chosen documents, then the first documents that the words of `q` find."""
    chosen = dict.fromkeys(query.document)
    of_chosen = DocumentQuery(filters=Filters(document=tuple(chosen)))
    chosen_infos = {info.id: info for info in corpus.find_documents(of_chosen).documents} if chosen else {}
    matching = corpus.find_documents(DocumentQuery(query.q, order="title", limit=_FOUND)).documents
    return [
        *(
            Choice(
                document_id,
                _title(chosen_infos.get(document_id)) or document_id,
                _facts(chosen_infos.get(document_id)),
                True,
            )
            for document_id in chosen
        ),
        *(Choice(info.id, _title(info), _facts(info), False) for info in matching if info.id not in chosen),
    ]


def _title(info: DocumentInfo | None) -> str:
    return info.title or info.id if info else ""


def _read_places(places: str, length: int) -> Iterator[Span]:
    """Read places such as `0-23,40-61`. Leave out places that are not within a text of this length."""
    for written in places.split(","):
        start, _, end = written.partition("-")
        if written and int(start) < int(end) <= length:
            yield Span(int(start), int(end))


def side_by_side(current: Span, others: Iterable[Span]) -> list[Span]:
    """Return the places of quotes in order. Leave out places that overlap the current or an earlier place."""
    spans: list[Span] = []
    for span in sorted({current, *others}):
        is_beside = span.end <= current.start or current.end <= span.start
        if span == current or (is_beside and (not spans or spans[-1].end <= span.start)):
            spans.append(span)
    return spans


def _passages(corpus: Corpus, opened_quote: opened.Opened) -> Sequence[Passage]:
    """Return the passages of the text that a citation opens."""
    cited = opened_quote.quote.document
    if opened_quote.status == "current":
        with contextlib.suppress(DocumentNotFoundError):
            document, passages = corpus.store.document_and_passages(cited.id)
            if document.sha256 == cited.sha256:
                return passages
    return segment(cited)


def _facts(info: DocumentInfo | None) -> str:
    return " · ".join(facts_of_document(info, info.publisher)) if info else ""
