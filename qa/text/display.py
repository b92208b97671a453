"""Show texts and counts, so that no text can rewrite a terminal or read differently from what it is."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING

from qa.schema import published_in
from qa.text.dates import date_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qa.schema import Filters, Quote

# Escape sequences and the like, which could rewrite a terminal, and directional overrides, which make text
# read differently from what it is. Line feeds and tabs are harmless.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e]")


def visible(text: str) -> str:
    r"""Replace characters that could rewrite a terminal by symbols, one code point for one.

    C0 controls and DEL become their control pictures (ESC: ␛), C1 controls and the two directional overrides
    become U+FFFD. Line feeds and tabs stay; the carriage return of a line end becomes a space.
    """
    return _UNSAFE.sub(lambda match: _picture(ord(match[0])), text.replace("\r\n", " \n"))


def in_one_line(text: str) -> str:
    """Return text on one line, and `visible`."""
    return visible(" ".join(text.splitlines()))


def _picture(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


@cache
def languages() -> Mapping[str, str]:
    """Return the names of languages by code: German for `de`."""
    # Imported late: babel reads a file, which `ask` need not wait for.
    from babel import Locale

    return dict(Locale("en").languages)


def language_in_words(code: str) -> str:
    """Return the name of a language: German for `de`. An unknown code is returned as it is."""
    return languages().get(code, code)


def source_in_words(source: str) -> str:
    """Return the source of a field's value in words: "the page's tag “author”" for "meta author"."""
    return f"the page's tag “{source.removeprefix('meta ')}”" if source.startswith("meta ") else source


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 document`, `2 documents`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def describe_filters(filters: Filters, titles: Mapping[str, str] | None = None) -> str:
    """Return the filters that are set, in words: `since 1 January 2008, publisher IFES`. "" means no filter.

    With `titles` (document titles by id), the words are as on the page: documents by title, languages by
    name. Without `titles`, they are as in the options of a command.
    """
    words = []
    for name, value in asdict(filters).items():
        for item in value if isinstance(value, tuple) else (value,) if value else ():
            if isinstance(item, dt.date):
                text = date_in_words(item)
            elif titles is not None and name == "document":
                text = f"“{titles.get(item, item)}”"
            elif titles is not None and name == "language":
                text = language_in_words(item)
            else:
                text = item
            words.append(f"{name.replace('_', ' ')} {text}")
    return ", ".join(words)


def short_citation(quote: Quote) -> str:
    """Return the name of a quote's document: `“Title”, Author, Publisher, 4 April 2008`."""
    document = quote.document
    date = date_in_words(document.date) if document.date else ""
    facts = (f"“{document.title or document.id}”", document.author, published_in(document), date)
    return ", ".join(fact for fact in facts if fact)
