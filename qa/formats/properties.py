"""What office files and books say of themselves: the properties that their programs keep, cleaned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.document.metadata import with_values
from qa.formats.header import parse_header
from qa.formats.organisations import is_kind, may_name_institution
from qa.formats.page import TWO_LETTERS
from qa.formats.people import likely_people, looks_like_person, people_stated, surely_people
from qa.formats.rubbish import is_no_author, is_no_title
from qa.formats.shapes import is_division, is_institution
from qa.formats.text import check_text, describe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qa.formats.dates import DateOrder
    from qa.schema import Document

_TOP = 3_000  # characters


def settle(
    stated: dict[str, str], text: str, display: str, above: Sequence[str], date_order: DateOrder
) -> dict[str, str]:
    """Return what a file says of itself, without what its first page says otherwise.

    Properties are often those of an older file, overwritten: a title counts where it stands on the page, or
    the page has none. `display` is what the page shows as a title, `above` what it shows above its text.
    """
    settled = dict(stated)
    top = _letters(text[:_TOP])
    header = parse_header(text, date_order, display, above)
    title, author = settled.get("title", ""), settled.get("author", "")
    says_more = bool(header.publisher or header.number or header.date or header.author)
    if is_no_title(title) or is_kind(title) or (display and _letters(display) != _letters(title)):
        settled["title"] = ""
    elif header.title and says_more and _letters(title) != _letters(header.title):
        on_page = _letters(title) in top and len(title.split()) > 2
        settled["title"] = title if on_page and not header.title.startswith(title) else ""
    if is_no_author(author):
        settled["author"] = ""
    elif header.author and " " not in author and author.isascii():
        settled["author"] = ""  # "Hollis", where the page says "From: Nadia Kessler"
    elif " " in author and is_division(author):
        settled["author"] = ""
    elif " " in author and (
        is_institution(author) or (may_name_institution(author) and not _is_person(author))
    ):
        settled["author"] = ""
        settled["publisher"] = settled.get("publisher") or ("" if header.publisher else author)
    elif author.isupper() and " " not in author and header.author:
        settled["author"] = ""  # an abbreviation, where the page names a person
    elif not _is_person(author) and _letters(author) not in top:
        settled["author"] = ""  # "Communications", "Comms Team"
    elif re.match(r"[^\W\d_]\.", author) and author.split()[-1] in header.author:
        settled["author"] = ""  # "A. Mensah"
    elif header.author and header.author.startswith(author) and header.author != author:
        settled["author"] = ""  # "Jeroen K", "Rukhsana Ali" of two
    elif header.author and author != header.author:
        on_page = _letters(author) in f"{top} {_letters(header.author)}"
        if not on_page or header.author.startswith(f"{author}; "):
            settled["author"] = ""
    return {field: value for field, value in settled.items() if value}


def _is_person(author: str) -> bool:
    who = people_stated(author)
    return (" " in who or not who.isascii()) and (
        surely_people(who) or (likely_people(who) and looks_like_person(who))
    )


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text).casefold()


def language_code(written: str) -> str:
    """Return "ko" of "ko-KR", "ko_KR" or "kor"; nothing where it names no language."""
    match = re.match(r"([A-Za-z]{2,3})(?:[-_]|$)", written.strip())
    code = match[1].lower() if match else ""
    return "" if code in ("und", "mul", "zxx") else TWO_LETTERS.get(code, code)


def with_properties(
    document: Document,
    properties: Mapping[str, str | None],
    source: str,
    fallback_title: str,
    date_order: DateOrder,
    name: str,
    *,
    published: bool = False,
    display: str = "",
    above: Sequence[str] = (),
) -> Document:
    """Fill a document's metadata from its properties, then from the header of its text, and mark that.

    What the page says counts for more than a property (`settle`); not so where properties are `published`
    with the text. `display` is the paragraph in the style of a title, `above` the page's own header. `source`
    says what holds the properties; `name` is what messages call the document.

    Raises:
        InputError: naming `name`, when there is no text in it.
    """
    check_text(document.text, name)
    stated = {field: _printable(value or "") for field, value in properties.items()}
    stated["language"] = language_code(stated.get("language", ""))
    display = "" if is_kind(display) or is_institution(display) else " ".join(display.split())
    if published:
        stated = {field: value for field, value in stated.items() if value}
    else:
        stated = settle(stated, document.text, display, above, date_order)
    document = with_values(document, stated, source, "stated")
    if display and not document.title:
        document = with_values(document, {"title": display}, "the style of its title", "likely")
    return describe(document, fallback_title, date_order, above=above)


def _printable(value: str) -> str:
    return "".join(character if character.isprintable() else " " for character in value).strip()
