"""Cleans the properties that programs store in office files and books, and adds them to the metadata."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.document.metadata import with_values
from qa.formats.heads.header import parse_header
from qa.formats.page import TWO_LETTERS
from qa.formats.placeholders import is_no_author, is_no_title
from qa.formats.text import check_text, describe
from qa.text.name_classes import is_division, is_institution, letters
from qa.text.organisations import is_kind, may_name_institution
from qa.text.people import likely_people, looks_like_person, people_stated, surely_people

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qa.formats.heads.header import Header
    from qa.schema import Document
    from qa.text.written_dates import DateOrder

_TOP = 3_000  # characters at the beginning of the text
_FEW_WORDS = 2  # a title of so few words may occur in another title by chance


def reconcile(
    stated: dict[str, str], text: str, display: str, above: Sequence[str], date_order: DateOrder
) -> dict[str, str]:
    """Return a file's properties, without properties that the first page contradicts.

    Often, properties come from an older file that was overwritten. So a title counts only if the page shows
    it, or the page has no title. An author that is an institution becomes the publisher. `display` is the
    title that the page shows. `above` are the lines that the page shows above its text.
    """
    header = parse_header(text, date_order, display, above)
    title, author = stated.get("title", ""), stated.get("author", "")
    top = letters(text[:_TOP])
    settled = dict(stated)
    if not _keeps_title(title, display, header, top):
        settled["title"] = ""
    if " " in author and not is_division(author) and _is_body(author) and not is_no_author(author):
        settled["publisher"] = stated.get("publisher") or ("" if header.publisher else author)
    if not _keeps_author(author, header.author, top):
        settled["author"] = ""
    if _is_person(author) and settled["author"]:
        settled["author"] = people_stated(author)  # "Ann Osei and Bo Strand"
    return {field: value for field, value in settled.items() if value}


def _keeps_title(title: str, display: str, header: Header, top: str) -> bool:
    """Return whether a title counts, given what the page shows. `top` are the first letters of the page."""
    if is_no_title(title) or is_kind(title):
        return False
    if display and letters(display) != letters(title):
        return len(title.split()) > _FEW_WORDS and display.startswith(
            f"{title} "
        )  # the subtitle is below the title
    says_more = header.publisher or header.number or header.date or header.author
    if not (header.title and says_more) or letters(title) == letters(header.title):
        return True
    on_page = letters(title) in top and len(title.split()) > _FEW_WORDS
    return on_page and not header.title.startswith(title)


def _keeps_author(author: str, on_page: str, top: str) -> bool:
    """Return whether an author counts, given the author `on_page` and the first letters `top` of the page."""
    if is_no_author(author):
        return False
    if " " in author and (is_division(author) or _is_body(author)):
        return False
    if on_page and " " not in author and (author.isascii() or author.isupper()):
        return False  # "Hollis", "CRC", where the page says "From: Nadia Kessler"
    if not _is_person(author) and letters(author) not in top:
        return False  # "Communications", "Comms Team"
    if re.match(r"[^\W\d_]\.", author) and author.split()[-1] in on_page:
        return False  # "A. Mensah"
    if not on_page or set(people_stated(author).split("; ")) >= set(on_page.split("; ")):
        return True
    # "Jeroen K" is cut off, "Rukhsana Ali" is one of two.
    return not on_page.startswith(author) and letters(author) in f"{top} {letters(on_page)}"


def _is_body(author: str) -> bool:
    return is_institution(author) or (may_name_institution(author) and not _is_person(author))


def _is_person(author: str) -> bool:
    who = people_stated(author)
    return (" " in who or not who.isascii()) and (
        surely_people(who) or (likely_people(who) and looks_like_person(who))
    )


def language_code(written: str) -> str:
    """Return a language's code, such as "ko" for "ko-KR", "ko_KR" or "kor", or "" without a language."""
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
    """Fill a document's metadata from its properties, then from the header of its text, and mark the header.

    The page counts more than a property (`reconcile`), unless the properties are `published` with the text.
    `display` is the paragraph in the style of a title. `above` are the lines that the page shows above its
    text. `source` says where the properties are stored. `name` is the document's name in messages.

    Raises:
        InputError: naming `name`, if `check_text` refuses the text.
    """
    check_text(document.text, name)
    stated = {field: _printable(value or "") for field, value in properties.items()}
    stated["language"] = language_code(stated.get("language", ""))
    display = "" if is_kind(display) or is_institution(display) else " ".join(display.split())
    if published:
        stated = {field: value for field, value in stated.items() if value}
    else:
        stated = reconcile(stated, document.text, display, above, date_order)
    document = with_values(document, stated, source, "stated")
    if display and not document.title:
        document = with_values(document, {"title": display}, "the style of its title", "likely")
    return describe(document, fallback_title, date_order, above=above)


def _printable(value: str) -> str:
    return "".join(character if character.isprintable() else " " for character in value).strip()
