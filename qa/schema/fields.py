"""The metadata of a document: a table in which each field is declared once.

The columns of a library, filters, options, HTTP, sidecar files, corrections and bibliographies follow from
it. To add a field, add it to `Metadata` (and, if documents are filtered by it, to `MetadataFilters`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import datetime as dt

FieldKind = Literal["text", "date", "address", "language"]
FieldFilter = Literal["", "exact", "range"]
DocumentOrder = Literal["id", "added", "title", "publisher", "date", "collection", "format", "passages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The declaration of a metadata field. In each tuple of names, the most usual name comes first.

    Attributes:
        name: the name in sidecar files, in options, over HTTP and in a library's columns.
        label: the name on pages.
        about: what the field says, in a sentence.
        kind: the kind of value. A "date" is a `datetime.date` or None. Other kinds are texts.
        filtered: how documents are filtered by it. "exact" compares whole values in any case. "range" is for
            the date: since and until.
        only: for an "exact" filter, the documents that it selects: "documents of this series".
        plural: for an "exact" filter, the name of the list of the field's values.
        example: a value, or "" if a document often has none.
        searched: whether a search for words in the metadata searches the field.
        in_table: for a column in the page's table of documents, the order of its first click.
        in_terminal: whether the list of `pullquote documents` has the field as a column.
        columns: names of columns of a table, or of keys of a JSON record.
        front_matter: keys in the front matter of Markdown.
        meta: names of `meta` elements in HTML, in lower case. The first that a page has counts.
        json_ld: the name in schema.org's JSON-LD.
        csl: variables of CSL-JSON. The first is written, the first that a reference has is read.
        bibtex: fields of BibTeX, likewise.
        ris: tags of RIS, likewise.
    """

    name: str
    label: str
    about: str
    kind: FieldKind = "text"
    filtered: FieldFilter = ""
    only: str = ""
    plural: str = ""
    example: str = ""
    searched: bool = False
    in_table: Literal["", "asc", "desc"] = ""
    in_terminal: bool = False
    columns: tuple[str, ...] = ()
    front_matter: tuple[str, ...] = ()
    meta: tuple[str, ...] = ()
    json_ld: str = ""
    csl: tuple[str, ...] = ()
    bibtex: tuple[str, ...] = ()
    ris: tuple[str, ...] = ()


def _declared(default: Any = "", **declaration: Any) -> Any:
    """Return a dataclass field with its declaration: the attributes of `Field`, but for the name."""
    return field(default=default, metadata=declaration)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What is known of a document. Unknown values are empty. `about` says what each field means."""

    title: str = _declared(
        about="The title.",
        example="Scrap metal smuggling rampant in North Korea",
        searched=True,
        in_table="asc",
        in_terminal=True,
        columns=("title", "headline", "heading", "subject"),
        front_matter=("title",),
        meta=("citation_title", "og:title", "dc.title", "dcterms.title", "twitter:title"),
        csl=("title",),
        bibtex=("title",),
        ris=("TI", "T1", "CT", "BT"),
    )
    author: str = _declared(
        about="Who wrote it.",
        searched=True,
        in_terminal=True,
        columns=("author", "authors", "byline", "creator"),
        front_matter=("author", "authors", "by", "written_by"),
        meta=(
            *("citation_author", "author", "dc.creator", "dcterms.creator", "article:author"),
            *("sailthru.author", "parsely-author", "search.byline", "byline", "byl"),
        ),
        json_ld="author",
    )
    publisher: str = _declared(
        about="Who published it.",
        filtered="exact",
        only="documents of this publisher",
        plural="publishers",
        example="Institute for Far Eastern Studies (IFES)",
        searched=True,
        in_table="asc",
        in_terminal=True,
        columns=("publisher", "outlet", "newspaper", "organisation", "organization"),
        front_matter=(
            *("publisher", "institution", "organisation", "organization", "issued_by", "published_by"),
            *("site", "site_name", "sitename"),
        ),
        meta=(
            *("citation_publisher", "citation_technical_report_institution"),
            *("citation_dissertation_institution", "og:site_name", "dc.publisher", "dcterms.publisher"),
            *("publisher", "application-name"),
        ),
        json_ld="publisher",
        csl=("publisher",),
        bibtex=("institution", "publisher", "organization", "school"),
        ris=("PB",),
    )
    publication_place: str = _declared(
        about="Where it was published, such as a city.",
        filtered="exact",
        only="documents that were published in this place",
        plural="publication_places",
        example="Seoul",
        columns=("publication_place", "place_of_publication", "publisher_place"),
        front_matter=("publication_place", "place_of_publication", "publisher_place"),
        meta=(
            *("citation_publisher_place", "citation_publication_place", "dc.publisher.place"),
            "eprints.place_of_pub",
        ),
        csl=("publisher-place",),
        bibtex=("address", "location"),
        ris=("CY", "PP"),
    )
    series: str = _declared(
        about="The series it is of.",
        filtered="exact",
        only="documents of this series",
        plural="series",
        example="NK Brief",
        searched=True,
        columns=("series",),
        front_matter=("series", "journal"),
        meta=("citation_journal_title", "citation_series_title", "prism.publicationname"),
        json_ld="isPartOf",
        csl=("collection-title", "container-title"),
        bibtex=("series", "journaltitle", "journal", "booktitle"),
        ris=("T2", "T3", "JO", "JF", "JA"),
    )
    number: str = _declared(
        about="Its number in the series.",
        example="08-4-4-1",
        searched=True,
        in_terminal=True,
        columns=("number", "no", "issue"),
        front_matter=("number", "no", "issue"),
        meta=("citation_technical_report_number", "citation_issue"),
        csl=("number", "collection-number", "issue"),
        bibtex=("number", "issue"),
        ris=("SN", "M1", "IS"),
    )
    date: dt.date | None = _declared(  # noqa: RUF009 - one call for the class, none for a document
        None,
        about="When it was published: YYYY-MM-DD, YYYY-MM or YYYY.",
        example="2008-04-04",
        kind="date",
        filtered="range",
        in_table="desc",
        in_terminal=True,
        columns=("date", "published", "publication_date", "pubdate", "date_published"),
        front_matter=(
            *("date", "published", "pubdate", "date_published", "publish_date", "publication_date"),
        ),
        meta=(
            *("article:published_time", "citation_publication_date", "citation_date", "dcterms.issued"),
            *("dc.date.issued", "dcterms.date", "dc.date", "datepublished", "publishdate", "publish-date"),
            *("publication_date", "pubdate", "pub_date", "publish_date", "date", "sailthru.date"),
            "parsely-pub-date",
        ),
        json_ld="datePublished",
    )
    url: str = _declared(
        label="Address",
        about="Its address.",
        kind="address",
        columns=("url", "link", "uri", "web_url"),
        front_matter=("url", "link", "canonical", "canonical_url", "source_url"),
        meta=("og:url", "citation_abstract_html_url"),
        json_ld="url",
        csl=("URL",),
        bibtex=("url",),
        ris=("UR", "L2"),
    )
    language: str = _declared(
        "en",
        about="Its language, as an ISO 639-1 code such as `en`.",
        kind="language",
        filtered="exact",
        only="documents in this language, such as en",
        plural="languages",
        example="en",
        columns=("language", "lang"),
        front_matter=("language", "lang"),
        meta=("content-language", "dc.language", "dcterms.language", "citation_language", "og:locale"),
        json_ld="inLanguage",
        csl=("language",),
        bibtex=("language", "langid"),
        ris=("LA",),
    )
    collection: str = _declared(
        about="The collection that it is in: a name for documents that belong together.",
        filtered="exact",
        only="documents of this collection",
        plural="collections",
        example="markets",
        in_table="asc",
        columns=("collection",),
    )


@dataclass(frozen=True, slots=True)
class MetadataFilters:
    """Filters by the fields of `Metadata`. An empty filter does not restrict.

    A name matches in any case. Several names are a tuple: a document matches if it has one of them. `since`
    is the first day and `until` the last day. They leave out a document without a date.
    """

    since: dt.date | None = None
    until: dt.date | None = None
    publisher: str | tuple[str, ...] = ""
    publication_place: str | tuple[str, ...] = ""
    series: str | tuple[str, ...] = ""
    language: str | tuple[str, ...] = ""
    collection: str | tuple[str, ...] = ""


FIELDS: Final = {
    dataclass_field.name: Field(
        **{
            "name": dataclass_field.name,
            "label": dataclass_field.name.replace("_", " ").capitalize(),
            **dataclass_field.metadata,
        },
    )
    for dataclass_field in fields(Metadata)
}
# The fields whose values are texts.
TEXTS: Final = tuple(name for name, definition in FIELDS.items() if definition.kind != "date")
# The fields that a search for words in the metadata searches.
SEARCHED: Final = tuple(name for name, definition in FIELDS.items() if definition.searched)
# The filters that compare a name with a document's metadata.
FILTERED_BY_NAME: Final = tuple(name for name, definition in FIELDS.items() if definition.filtered == "exact")
