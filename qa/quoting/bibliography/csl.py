"""Convert documents and places to the JSON of the Citation Style Language (CSL-JSON), and back.

See https://docs.citationstyles.org/en/stable/specification.html
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from qa.formats.kinds import KINDS
from qa.schema import FIELDS, places
from qa.text.dates import PartialDate
from qa.text.display import visible
from qa.text.people import has_given_name, looks_like_person

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from qa.schema import Document, DocumentInfo, Quote

# CSL's names for our kinds of places.
_LABELS: Final = {
    "page": "page",
    "paragraph": "paragraph",
    "line": "line",
    "footnote": "note",
    "endnote": "note",
    "section": "section",
    "chapter": "chapter",
}
_PARTICLES: Final = frozenset(
    "von van der den de da di del della du la le dos das ter ten zu af al el bin".split()
)
# Surnames that may stand first, and may be given names elsewhere. A name like "Kim Jong Il" is not split.
_SURNAMES_FIRST: Final = frozenset(
    """kim lee park pak choi choe chung jung jeong kang cho jo yoon yun jang chang lim im han oh seo suh shin
    kwon hwang ahn an song hong yoo ryu chen wang li zhang liu yang huang zhao wu zhou xu sun ma zhu hu guo he
    lin luo nguyen tran le pham""".split()
)
_HASHED: Final = 6
# The fields that are written as they are. Bibliographies have special ways to write the others.
PLAIN: Final = tuple(
    field
    for name, field in FIELDS.items()
    if field.csl and name not in ("title", "publisher", "series", "number", "url")
)
_SMALL: Final = frozenset(
    "a an the of on in for and to from at by with is are de la le les der die das den und et el los".split()
)


def csl_item(document: Document | DocumentInfo, *, key: str = "") -> dict[str, Any]:
    """Return a document as an item of CSL-JSON, without unknown fields.

    Each text is in one line, and each run of white space in it becomes one space. The item's id is `key`, or
    by default the result of `citation_key`.
    """
    issue = {"collection-title": document.series, "number": document.number}
    format_ = KINDS.get(document.format)
    kind = format_.csl if format_ and not all(issue.values()) else "report"
    item: dict[str, Any] = {
        "id": key or citation_key(document),
        "type": kind,
        "title": document.title or document.id,
        "author": names(document.author),
        # A web page's publisher is given as the name of its site, because styles do not print its publisher.
        "container-title" if kind == "webpage" else "publisher": document.publisher,
        **issue,
        "issued": csl_date(document.date) if document.date else None,
        "URL": document.url if re.match(r"https?://", document.url, re.IGNORECASE) else "",
        **{field.csl[0]: getattr(document, field.name) for field in PLAIN},
    }
    clean = {name: _one_line(value) if isinstance(value, str) else value for name, value in item.items()}
    return {name: value for name, value in clean.items() if value}


def csl_date(date: dt.date) -> dict[str, Any]:
    """Return a date for CSL-JSON with its known precision: a year, a month or a day."""
    if isinstance(date, PartialDate):
        return {"date-parts": [[date.year, date.month] if date.has_month else [date.year]]}
    return {"date-parts": [[date.year, date.month, date.day]]}


def date_of(written: dict[str, Any]) -> str:
    """Return the first date of CSL-JSON in ISO 8601 with its precision, or "" if it is not in numbers."""
    parts = (written.get("date-parts") or [[]])[0]
    numbers = [int(part) for part in parts if str(part).isdecimal()]
    return "-".join(f"{number:0{4 if not at else 2}}" for at, number in enumerate(numbers))


def names(author: str) -> list[dict[str, str]]:
    """Return the names of a document's authors for CSL-JSON. In `author`, "; " separates the names.

    A name is split only if the surname is certain: in "Sand, Ulrike", or in "Ulrike Sand" with a known given
    name. Any other name stays whole, such as an organisation's name or "Kim Min-ji", because a wrong surname
    would name another person.
    """
    written = author.split(";")
    if len(written) == 1 and len(several := author.split(", ")) > 1 and all(map(_is_whole, several)):
        written = several
    return [_name(name) for name in map(_one_line, written) if name]


def _is_whole(name: str) -> bool:
    return " " in name.strip() and looks_like_person(name.strip())


def _name(name: str) -> dict[str, str]:
    """Return a name in CSL: in parts if it is surely a person's, or else as it is."""
    family, comma, given = name.partition(", ")
    several = _is_whole(family) and _is_whole(given)
    if comma and "," not in given and not several and looks_like_person(f"{given} {family}"):
        return {"family": family, "given": given}
    words = name.split()
    apart = (
        (name.isascii() or _is_latin(name))
        and len(words) in (2, 3, 4)
        and not comma
        and looks_like_person(name)
        and has_given_name(name)
    )
    if not apart or words[0].lower() in _SURNAMES_FIRST or any("-" in word for word in words[1:]):
        return {"literal": name}
    at = len(words) - 1
    while at > 1 and words[at - 1].lower() in _PARTICLES:
        at -= 1
    particle = " ".join(words[at:-1])
    parted = {"non-dropping-particle": particle} if particle else {}
    return {"family": words[-1], "given": " ".join(words[:at]), **parted}


def _is_latin(name: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in name if letter.isalpha())


def name_in_words(name: dict[str, str]) -> str:
    """Return a name of CSL-JSON in its spoken order: "Ulrike Sand"."""
    if name.get("literal"):
        return name["literal"]
    order = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix")
    return " ".join(name[part] for part in order if name.get(part))


def located(quote: Quote) -> dict[str, str]:
    """Return the place of a quote for a citation in CSL-JSON: `label`, `locator` and `suffix`.

    The locator is the last part of the place for which CSL has a name. The other parts follow in words. For
    example, section “Methods”, paragraph 3 becomes "para. 3, section “Methods”".
    """
    parts = list(places(quote.document, quote.start, quote.end))
    labelled_part = next((part for part in reversed(parts) if part.kind in _LABELS), None)
    at = {"label": _LABELS[labelled_part.kind], "locator": labelled_part.name} if labelled_part else {}
    rest = ", ".join(part.words for part in parts if part is not labelled_part)
    return {**at, **({"suffix": f", {rest}"} if rest else {})}


def citation_key(document: Document | DocumentInfo) -> str:
    """Return a document's key for a bibliography: "ifes2008scrap-3f2a9c".

    The key has the author or publisher, the year and the title's first word, in ASCII. The end of the key is
    from the SHA-256 of the document's id. So the key does not depend on other documents.
    """
    who = names(document.author)
    name = (who[0].get("family") or who[0].get("literal", "")) if who else document.publisher
    short = re.search(r"\(([A-Z]{2,8})\)", name)
    pieces = (
        _word(short[1] if short else name),
        str(document.date.year) if document.date else "",
        _word(document.title),
    )
    digest = hashlib.sha256(document.id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{'' if pieces[0] or pieces[2] else 'document'}{''.join(pieces)}-{digest[:_HASHED]}"


def keys(documents: Iterable[Document | DocumentInfo]) -> list[str]:
    """Return the documents' keys. If two keys would be equal, the later key gets more digits."""
    used: set[str] = set()
    given = []
    for document in documents:
        key = citation_key(document)
        digest = hashlib.sha256(document.id.encode("utf-8", "surrogatepass")).hexdigest()
        length = _HASHED
        while key in used and length < len(digest):
            length += 2
            key = f"{citation_key(document).rpartition('-')[0]}-{digest[:length]}"
        used.add(key)
        given.append(key)
    return given


def _word(text: str) -> str:
    """Return the first word with content, in lower-case ASCII letters and digits, or ""."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower().replace("'", ""))
    return next((word for word in words if word not in _SMALL), "")[:20]


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()))
