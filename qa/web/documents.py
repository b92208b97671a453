"""The Documents pages: a table of the library's documents to search, order and filter, and each document."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BeforeValidator, Field, ValidationError

from qa.formats.kinds import KINDS
from qa.limits import MAX_DOCUMENTS, MAX_FILTER_CHARACTERS, MAX_ID_CHARACTERS, MAX_NAMES, check_filters
from qa.quoting.cite import facts
from qa.schema import FIELDS, FILTERED_BY_NAME, DocumentOrder, DocumentQuery, Filters
from qa.schema.fields import SEARCHED
from qa.text.dates import date_in_words, parse_date
from qa.text.display import language_in_words
from qa.web import pages
from qa.web.body import Body, with_fields
from qa.web.cards import address
from qa.web.document import read
from qa.web.options import Name, Since, Until
from qa.web.paging import MAX_LISTED, Offset
from qa.web.replies import QUOTE
from qa.web.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qa.schema import DocumentInfo
    from qa.storage.library import Library
    from qa.storage.results import Version
    from qa.web.engine import Engine

# Maximum number of threads for these pages. Other threads stay free for quick requests.
_AT_ONCE = 8
ROWS = 100  # rows of the table at first, and rows that each scroll to the end adds
_Text = Annotated[str, Field(max_length=MAX_FILTER_CHARACTERS)]
_Id = Annotated[Name, Field(max_length=MAX_ID_CHARACTERS)]
_FORMATS = {kind.name: kind.label for kind in KINDS.values()}
# The columns of the table: the name, the label and the order of the first click.
COLUMNS = (
    *(
        (name, definition.label, definition.in_table)
        for name, definition in FIELDS.items()
        if definition.in_table
    ),
    ("format", "Format", "asc"),
)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


# One value or several values.
Names = Annotated[
    list[Annotated[Name, Field(max_length=MAX_FILTER_CHARACTERS)]],
    Field(max_length=MAX_NAMES),
    BeforeValidator(_listed),
]


@with_fields(FILTERED_BY_NAME, Names, [], selects=True)
class FoundQuery(Body):
    """A query that says which documents are found, and which part of the list is returned."""

    q: _Text = Field(
        default="",
        description=f"Words that the {', '.join(SEARCHED)} or id must have, as parts of words in any case.",
        examples=["scrap"],
    )
    text: _Text = Field(
        default="", description="Words that the text has together, in this order.", examples=["scrap metal"]
    )
    limit: Annotated[int, Field(ge=0, le=MAX_LISTED)] | None = Field(
        default=None, description="The most items to return.", examples=[100]
    )
    offset: Offset = 0
    format: _Text = Field(default="", description="Only documents of this format.", examples=["text"])
    since: Since | None = Field(
        default=None, description="Only documents of this day, month or year, or later.", examples=["2008"]
    )
    until: Until | None = Field(
        default=None,
        description="Only documents of this day, month or year, or earlier.",
        examples=["2008-12-31"],
    )

    def filters(self) -> Filters:
        """Return the filters in the form that the library takes."""
        values: dict[str, Any] = {name: tuple(getattr(self, name)) for name in FILTERED_BY_NAME}
        return Filters(**values | {"since": self.since, "until": self.until})


class ListQuery(FoundQuery):
    """A query that also says the order of the documents; see `qa.schema.DocumentQuery`."""

    sort: DocumentOrder = Field(
        default="id",
        description="The field to order by. Documents without a value come last. `added` is the order in "
        "which documents were added.",
        examples=["date"],
    )
    order: Literal["asc", "desc"] = Field(default="asc", description="The order.", examples=["desc"])

    def query(self) -> DocumentQuery:
        """Return the query in the form that the library takes."""
        descending = self.order == "desc"
        return DocumentQuery(
            self.q, self.filters(), self.format, self.sort, descending, self.limit, self.offset, self.text
        )


class BibliographyQuery(ListQuery):
    """The query of a bibliography: it names documents in `document`, or takes all that the filters find."""

    document: Annotated[list[_Id], Field(max_length=MAX_DOCUMENTS), BeforeValidator(_listed)] = Field(
        default=[],
        description="Only this document, or all in this file or folder; may be repeated.",
        examples=[[QUOTE["document"]]],
    )

    def query(self) -> DocumentQuery:
        """Return the query in the form that the library takes."""
        query = super().query()
        return replace(query, filters=replace(query.filters, document=tuple(self.document)))


class TableQuery(ListQuery):
    """The query of the table. It has another default order, and can list the removed documents."""

    sort: DocumentOrder = "added"
    order: Literal["asc", "desc"] = "desc"
    state: Literal["current", "removed"] = "current"


@dataclass(frozen=True, slots=True)
class Row:
    """A document in the table.

    Attributes:
        cells: the values of COLUMNS, but for the title.
        known: the author, and the series with the number.
        state: a remark, such as that the document was removed, or "".
    """

    id: str
    title: str
    cells: list[str]
    known: str
    state: str

    @property
    def href(self) -> str:
        """Return the address of the document's page."""
        return address(self.id)


def routes(engine: Engine) -> APIRouter:
    """Return the routes of the Documents pages. The engine answers them."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    limited = Threads(_AT_ONCE).limited

    @router.get("/documents")
    @limited
    def documents(request: Request) -> HTMLResponse:
        """Show the table, or the part of it that the address asks for."""
        asked = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
        query, refused = _read(asked)
        store = engine.corpus.store
        if query.state == "removed":
            found_removed = find_removed(store, query)
            rows = [_removed(version) for version in found_removed[query.offset :][:ROWS]]
            total = len(found_removed)
        else:
            matching = engine.corpus.find_documents(replace(query.query(), limit=ROWS))
            rows, total = [_row(document) for document in matching.documents], matching.total
        shown = query.offset + len(rows)
        facets = store.facets()
        held = store.count().documents
        return pages.page(
            "documents.html",
            rows=rows,
            total=total,
            query=query,
            asked=asked,
            refused=refused,
            filtered=bool(asked.keys() - {"q", "sort", "order", "offset"}),
            facets=facets,
            held=held,
            removed=not held and bool(store.removed()),
            may_change=engine.may_change,
            more=_href(asked, offset=shown) if shown < total else "",
            href=lambda **changed: _href(asked, offset="", **changed),
            formats=_FORMATS,
            columns=COLUMNS,
            fields=FIELDS,
            languages={code: language_in_words(code) for code, _ in facets.values["language"]},
        )

    @router.get("/documents/{document_id:path}")
    @limited
    def document(
        document_id: str,
        version: Annotated[str, Query(max_length=64)] = "",
        show: Literal["", "original"] = "",
    ) -> HTMLResponse:
        """Show a document, one of its earlier texts, or the file that it was read from."""
        shown = read(engine.corpus, document_id, version)
        return pages.page(
            "document.html",
            shown=shown,
            as_original=shown.has_original and show == "original",
            formats=_FORMATS,
            may_change=engine.may_change,
            address=address,
        )

    return router


def _read(asked: Mapping[str, str]) -> tuple[TableQuery, set[str]]:
    """Read the query of an address. Return the query, and the names of the invalid values."""
    values = {name: value for name, value in asked.items() if name in TableQuery.model_fields}
    try:
        return TableQuery.model_validate(values), set()
    except ValidationError as error:
        refused = {str(detail["loc"][0]) for detail in error.errors()}
        rest = {name: value for name, value in values.items() if name not in refused}
        return TableQuery.model_validate(rest), refused


def _href(asked: Mapping[str, str], **changed: object) -> str:
    """Return the address of the table with changed values. Empty values are left out."""
    values = {name: value for name, value in {**asked, **changed}.items() if value}
    return f"/documents?{urlencode(values)}" if values else "/documents"


def _row(info: DocumentInfo) -> Row:
    return Row(
        info.id,
        info.title or info.id,
        _cells(asdict(info)),
        _known(info.author, info.series, info.number),
        "" if info.passages else "No text",
    )


def _removed(version: Version) -> Row:
    held: Mapping[str, Any] = version.held
    return Row(
        version.document_id,
        version.title or version.document_id,
        _cells({**held, "date": parse_date(held["date"]) if held["date"] else None}),
        _known(held["author"], held["series"], held["number"]),
        f"Removed on {date_in_words(version.at)}",
    )


def _known(author: str, series: str, number: str) -> str:
    return " · ".join(facts(author=author, series=series, number=number))


def find_removed(store: Library, query: FoundQuery) -> list[Version]:
    """Return the removed documents that match the query and can be put back, the last removed first.

    Raises:
        InputError: see `check_filters`.
    """
    check_filters(query.filters())
    holding = set(store.kept_with(query.text)) if query.text else None
    return [
        version
        for version in store.removed()
        if (holding is None or version.sha256 in holding) and _is_found(version, query)
    ]


def _is_found(version: Version, query: FoundQuery) -> bool:
    """Return whether a removed document has the words and values of a search."""
    held = version.held
    asked = {name: getattr(query, name) for name in FILTERED_BY_NAME}
    asked["format"] = [query.format] if query.format else []
    texts = (held[name] for name in (*SEARCHED, "id"))
    words = "\n".join(texts).casefold()
    return (
        all(word in words for word in query.q.casefold().split())
        and all(
            not names or held[name].casefold() in map(str.casefold, names) for name, names in asked.items()
        )
        and (query.since is None or held["date"] >= str(query.since))
        and (query.until is None or "" < held["date"] <= str(query.until))
    )


def _cells(metadata: Mapping[str, Any]) -> list[str]:
    values = [metadata[name] for name, _, _ in COLUMNS[1:-1]]
    cells = [date_in_words(value) if isinstance(value, dt.date) else value for value in values]
    return [*(cell or "" for cell in cells), _FORMATS.get(metadata["format"], metadata["format"])]
