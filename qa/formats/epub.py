"""Reads EPUB books: the chapters in reading order, with their names from the table of contents.

A book is a list of pages in a ZIP file. This module reads it with `zipfile` and `lxml`, since the library for
EPUB, EbookLib, is under the AGPL ([reasons](../../docs/decisions/0015-formats.md)).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from html.entities import html5
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from qa.errors import InputError
from qa.formats.blocks import Part, compose
from qa.formats.markup import blocks, decode, has_struck, parse
from qa.formats.packages import open_package, parse_xml, read_member
from qa.formats.properties import with_properties
from qa.formats.text import MOST_BYTES, Decoded
from qa.schema import Document
from qa.text.written_dates import read_date

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zipfile import ZipFile

    from qa.formats.source import Options, Source
    from qa.text.written_dates import DateOrder

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
# Algorithms that hide only fonts, not text.
_OF_FONTS = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
_LOCKS = (
    ("META-INF/rights.xml", "Adobe ADEPT"),
    ("META-INF/sinf.xml", "Apple FairPlay"),
    ("META-INF/license.lcpl", "Readium LCP"),
)
_OPF = "{http://www.idpf.org/2007/opf}"
_TYPE = "{http://www.idpf.org/2007/ops}type"
_NAMED_ENTITY = re.compile(rb"&([A-Za-z][A-Za-z0-9]*);")
_OF_XML = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_NOTE = re.compile(r"\W?(\d{1,3}|[a-z]|[*†‡§]{1,3})\W?")


@dataclass(slots=True)
class _Entry:
    """An entry of the table of contents.

    Attributes:
        name: its words.
        page: the path of the page that it leads to.
        fragment: the id of the place on that page, or "".
        depth: its level in the table, from 1.
    """

    name: str
    page: str
    fragment: str
    depth: int


@dataclass(slots=True)
class _Book:
    """The contents of the package document.

    Attributes:
        metadata: its metadata element.
        pages: the paths of the pages, in reading order.
        nav: the path of the table of contents of EPUB 3, or "".
        ncx: the path of the table of contents of EPUB 2, or "".
    """

    metadata: Any
    pages: list[str] = field(default_factory=list)
    nav: str = ""
    ncx: str = ""


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield the one document of an EPUB file.

    Raises:
        InputError: naming the source, when it is not EPUB, is damaged, protected (DRM) or a bomb, or has no
            text.
    """
    with open_package(source, "EPUB") as package:
        _refuse_protected(package, source.name)
        book = _open(package, source.name)
        contents = _contents(package, book, source.name)
        parts: list[Part] = []
        notes: list[str] = []
        characters = 0
        for page in book.pages:
            if page not in package.namelist():
                notes.append(f"The book's file {page} is missing from it.")
                continue
            tree = parse_page(read_member(package, page, source.name), f"{source.name}, {page},")
            if has_struck(tree):
                notes.append("Words that are struck out were left out.")
            new = _page(tree, [entry for entry in contents if entry.page == page])
            parts += new
            characters += sum(len(part.text) for part in new)
            if characters > MOST_BYTES:
                raise InputError(f"{source.name} holds more than {MOST_BYTES:,} characters. Split it.")
    composed = compose(parts)
    properties, doubts = _properties(book.metadata, options.date_order)
    yield with_properties(
        Document(
            id="",
            text=composed.text,
            sections=composed.sections,
            format="epub",
            notes=tuple(dict.fromkeys((*doubts, *notes))),
        ),
        properties,
        "the book's metadata",
        PurePath(source.file_name).stem,
        options.date_order,
        source.name,
        published=True,
    )


def _refuse_protected(package: ZipFile, name: str) -> None:
    if _ENCRYPTION not in package.namelist():
        return
    root = parse_xml(read_member(package, _ENCRYPTION, name), name)
    used = {method.get("Algorithm") for method in root.iter("{*}EncryptionMethod")}
    if used - _OF_FONTS:
        lock = next((lock for member, lock in _LOCKS if member in package.namelist()), "an unknown scheme")
        raise InputError(
            f"{name} is protected against copying (DRM: {lock}), so its text cannot be read. Ask "
            "the publisher for a copy without DRM."
        )


def _open(package: ZipFile, name: str) -> _Book:
    """Read the list of a book's pages, in order, and where its metadata and tables of contents are."""
    container = parse_xml(read_member(package, _CONTAINER, name), name)
    path = next((file.get("full-path") or "" for file in container.iter("{*}rootfile")), "")
    root = parse_xml(read_member(package, path, name), name)
    book = _Book(metadata=next(root.iter("{*}metadata"), etree.Element("metadata")))
    items: dict[str, str] = {}
    for item in root.iter("{*}item"):
        items[item.get("id") or ""] = target = _path(path, item.get("href") or "")[0]
        if "nav" in (item.get("properties") or "").split():
            book.nav = target
        elif item.get("media-type") == "application/x-dtbncx+xml":
            book.ncx = target
    read_in_turn = [items.get(item.get("idref") or "", "") for item in root.iter("{*}itemref")]
    book.pages = [page for page in dict.fromkeys(read_in_turn) if page and page != book.nav]
    if not book.pages:
        raise InputError(f"{name} lists no pages to read. Save it again with its program.")
    return book


def _path(base: str, link: str) -> tuple[str, str]:
    """Return the path in the package that a link on the page `base` leads to, and its fragment."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return "", ""
    if parts.scheme or parts.netloc:
        return "", ""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(parts.path)))
    return (path if parts.path else base), unquote(parts.fragment)


def _contents(package: ZipFile, book: _Book, name: str) -> list[_Entry]:
    """Return the table of contents of EPUB 3, or else of EPUB 2. A book without a table has no chapters."""
    present = set(package.namelist())
    if book.nav in present:
        tree = parse_page(read_member(package, book.nav, name), name)
        for nav in tree.iter("nav"):
            if "toc" in (nav.get(_TYPE) or "").split():
                links = ((link, link.get("href"), "".join(link.itertext()), "ol") for link in nav.iter("a"))
                return _entries(links, book.nav)
    if book.ncx in present:
        root = parse_xml(read_member(package, book.ncx, name), name)
        points = (
            (
                point,
                next((content.get("src") for content in point.iterchildren("{*}content")), ""),
                " ".join(text.text or "" for label in point.iterchildren("{*}navLabel") for text in label),
                "{*}navPoint",
            )
            for point in root.iter("{*}navPoint")
        )
        return _entries(points, book.ncx)
    return []


def _entries(links: Iterator[tuple[Any, str | None, str, str]], base: str) -> list[_Entry]:
    entries = []
    for element, link, label, nests in links:
        page, fragment = _path(base, link or "")
        depth = sum(1 for _ in element.iterancestors(nests)) + (nests != "ol")
        if page and label.strip():
            entries.append(_Entry(" ".join(label.split()), page, fragment, depth))
    return entries


def parse_page(data: bytes, name: str) -> Any:
    """Parse XHTML as XML, or as HTML if it is not well-formed. Remove the namespaces of element names.

    Raises:
        InputError: naming `name`, when the page declares entities, is nested too deep, or is in no known
            encoding.
    """
    try:
        root = parse_xml(_NAMED_ENTITY.sub(_by_number, data), name)
    except InputError:
        if b"<!ENTITY" in data:
            raise
        decoded = decode(data, name) if data.strip() else Decoded("")
        if decoded.notes:  # a page that does not name its encoding is damaged
            raise
        text = decoded.text
        return parse(text, name) if text.strip() else etree.Element("html")
    for element in root.iter(etree.Element):
        element.tag = etree.QName(element).localname.lower()
    return root


def _by_number(match: re.Match[bytes]) -> bytes:
    """Return an entity that XML does not know, such as "&nbsp;", as numbers of characters."""
    meant = "" if match[1] in _OF_XML else html5.get(f"{match[1].decode()};", "")
    return "".join(f"&#{ord(character)};" for character in meant).encode() or match[0]


def _page(tree: Any, entries: list[_Entry]) -> list[Part]:
    """Return the blocks of a page, with the chapters that begin on it.

    The first of `entries` begins a chapter at the top of the page. Another entry of depth 1 begins a chapter
    at the place that it leads to.
    """
    for link in tree.iter("a"):
        _mark_note(link)
    order = {element: position for position, element in enumerate(tree.iter())}
    ids = {element.get("id") or element.get("name"): position for element, position in order.items()}
    begins = [
        (0 if not index else ids[entry.fragment], entry.name)
        for index, entry in enumerate(entries)
        if not index or (entry.depth == 1 and entry.fragment in ids)
    ]
    # A heading applies only to its own file: the next file may begin with a chapter without a heading.
    parts = [Part("section", "")]
    for block in blocks(tree):
        while begins and begins[0][0] <= order[block.node]:
            parts.append(Part("chapter", begins.pop(0)[1]))
        parts.append(Part(block.kind, block.text))
    return parts


def _mark_note(link: Any) -> None:
    """Replace a link to a note by "[1]". A plain number would look like a part of the word before it."""
    if "#" not in (link.get("href") or ""):
        return
    says_so = "noteref" in f"{link.get(_TYPE)} {link.get('role')}"
    parent = link.getparent()
    raised = (parent is not None and parent.tag == "sup") or any(child.tag == "sup" for child in link)
    mark = _NOTE.fullmatch("".join(link.itertext()).strip()) if says_so or raised else None
    if mark:
        del link[:]
        link.text = f"[{mark[1]}]"


def _properties(metadata: Any, order: DateOrder) -> tuple[dict[str, str | None], list[str]]:
    """Return the fields that the metadata state, and notes on doubtful values."""

    def values(name: str) -> list[Any]:
        return [e for e in metadata.iter(f"{{*}}{name}") if (e.text or "").strip()]

    roles = {
        (meta.get("refines") or "").removeprefix("#"): (meta.text or "").strip()
        for meta in metadata.iter("{*}meta")
        if meta.get("property") == "role"
    }
    authors = [
        creator.text.strip()
        for creator in values("creator")
        if (creator.get(f"{_OPF}role") or roles.get(creator.get("id") or "") or "aut") == "aut"
    ]
    dates = values("date")
    published = [date for date in dates if date.get(f"{_OPF}event") == "publication"]
    written = (published or [date for date in dates if not date.get(f"{_OPF}event")] or [None])[0]
    date, doubts = _date(written.text.strip() if written is not None else "", order)
    addresses = [e.text.strip() for e in (*values("identifier"), *values("source"))]
    return {
        "title": next((title.text for title in values("title")), ""),
        "author": ", ".join(authors),
        "publisher": next((publisher.text for publisher in values("publisher")), ""),
        "language": next((language.text for language in values("language")), ""),
        "date": date,
        "url": next((address for address in addresses if re.match(r"https?://\S+$", address)), ""),
    }, doubts


def _date(written: str, order: DateOrder) -> tuple[str, list[str]]:
    """Return a date as ISO 8601, or "" and a note if it cannot be read."""
    date, doubt = read_date(written, order)
    if written and not (date or doubt):
        doubt = f"The date “{written}” has no day, month or year, so it was left out."
    return date.isoformat() if date else "", [doubt] if doubt else []
