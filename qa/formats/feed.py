"""Reads RSS and Atom feeds. Each entry is a document; its text is the entry's content or else its summary."""

from __future__ import annotations

import io
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import feedparser

from qa.errors import InputError
from qa.formats.blocks import Composed
from qa.formats.markup import decode, render
from qa.formats.page import primary_language
from qa.formats.text import check_text, describe
from qa.schema import Document, Found, Section
from qa.text.written_dates import read_date

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from qa.formats.source import Options, Source
    from qa.text.written_dates import DateOrder

_ROOT = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_Entry = dict[str, Any]  # an entry, or the feed itself, as feedparser returns it


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield the entries of a feed in order, and an InputError for each refused entry.

    Raises:
        InputError: when the source is not a feed, has no entry or defines entities, or its encoding is in
            doubt.
    """
    name = source.name
    decoded = decode(source.data, name)
    text = decoded.text
    root = _ROOT.search(text)
    if root and "<!ENTITY" in text[: root.start()].upper():
        raise InputError(f"{name} defines XML entities, which are not read. Replace them by their text.")
    # A stream, so that feedparser never fetches an address. `markup` makes sanitising unnecessary.
    parsed = feedparser.parse(
        io.BytesIO(text.encode("utf-8")),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    if not parsed.version:
        raise InputError(
            f"{name} is not an RSS or Atom feed. Save the feed itself, not the page that shows it."
        )
    if not parsed.entries:
        raise InputError(f"{name} has no entries. Leave it out.")
    broken = ("The XML of the feed is broken: words may be missing.",) if parsed.bozo else ()
    notes = (*decoded.notes, *broken)
    seen: set[str] = set()
    for number, entry in enumerate(parsed.entries, 1):
        where = f"{name}, entry {number}"
        try:
            document = _document(entry, parsed.feed, where, notes, options.date_order)
        except InputError as error:
            yield error
            continue
        if document.id in seen:
            yield InputError(f"{where}: the id {document.id!r} was used before. Give each entry its own id.")
            continue
        seen.add(document.id)
        yield document


def _document(entry: _Entry, feed: _Entry, where: str, notes: tuple[str, ...], order: DateOrder) -> Document:
    """Return an entry of a feed as a document."""
    title = _line(entry, "title", where)
    key = _plain(entry.get("id")) or _plain(entry.get("link")) or title
    where = f"{where} ({title or key})" if key else where
    body = _body(entry, where)
    if not body.text:
        raise InputError(f"{where} has no text. Save the page that it links to, or leave it out.")
    if not key:
        raise InputError(f"{where} has no id, link or title. Give it an id.")
    check_text(body.text, where)
    source = entry.get("source", {})
    publisher = _line(source, "title", where) or _line(feed, "title", where)
    date, date_field, doubt = _date(entry, order)
    link = _plain(entry.get("link"))
    facts: dict[str, tuple[Any, str]] = {
        "title": (title, "entry title"),
        "author": (_author(entry) or _author(feed), "entry author" if _author(entry) else "feed author"),
        "publisher": (publisher, "feed title"),
        "date": (date, f"entry {date_field}"),
        "url": (link if link.startswith(("http://", "https://")) else "", "entry link"),
        "language": (_language(entry, feed), "feed language"),
    }
    stated = {field: value for field, (value, _) in facts.items() if value}
    document = Document(
        id=key,
        text=body.text,
        format="feed",
        sections=(Section(0, len(body.text), "entry", title or key), *body.sections),
        found=tuple(Found(field, facts[field][1], "stated") for field in stated),
        notes=notes + ((doubt,) if doubt else ()),
        **stated,
    )
    return describe(document, key, order)


def _body(entry: _Entry, where: str) -> Composed:
    """Return the first content that has text, or else the summary."""
    for content in (*entry.get("content", ()), entry.get("summary_detail", {})):
        value = content.get("value") or ""
        is_plain = content.get("type") == "text/plain"
        rendered = Composed(value.strip()) if is_plain else render(value, where)
        if rendered.text:
            return rendered
    return Composed("")


def _line(holder: _Entry, field: str, where: str) -> str:
    """Return a field as one line of plain text. The field may contain HTML."""
    detail = holder.get(f"{field}_detail") or {}
    value = detail.get("value") or ""
    return _plain(value if detail.get("type") == "text/plain" else render(value, where).text)


def _plain(value: object) -> str:
    return "".join(c for c in " ".join(str(value or "").split()) if c.isprintable())


def _author(holder: _Entry) -> str:
    names = (_plain(author.get("name")) for author in holder.get("authors", ()))
    return "; ".join(dict.fromkeys(filter(None, names))) or _plain(holder.get("author"))


def _date(entry: _Entry, order: DateOrder) -> tuple[dt.date | None, str, str]:
    """Return the day of publication or else of the last change, the name of its field, and a note on doubts.

    The day is taken as written, in whatever time zone.
    """
    doubt = ""
    for field in ("published", "updated"):
        # Not entry.get: feedparser returns the date of "published" if "updated" is missing.
        written = _plain(dict.get(entry, field))
        try:
            return parsedate_to_datetime(written).date(), field, ""
        except (ValueError, TypeError, IndexError, OverflowError):
            date, note = read_date(written, order)
        if date:
            return date, field, ""
        doubt = doubt or note
    return None, "", doubt


def _language(entry: _Entry, feed: _Entry) -> str:
    contents = (*entry.get("content", ()), entry.get("summary_detail") or {}, entry.get("title_detail") or {})
    languages = [*(content.get("language") for content in contents), feed.get("language")]
    return primary_language(next(filter(None, languages), ""))
