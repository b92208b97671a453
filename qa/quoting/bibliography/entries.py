"""Write documents and quotes as BibTeX, RIS and CSL-JSON for reference managers and editors.

All formats are made from items of CSL-JSON (`csl_item`). The BibTeX is in UTF-8, for biber, and for BibTeX
0.99d with a style that knows @online. Tests check how Zotero, pandoc and bibtexparser read the BibTeX.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from qa.quoting.bibliography.csl import PLAIN, csl_item, date_of, keys
from qa.schema import locator

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qa.schema import Document, DocumentInfo, Quote

Form: TypeAlias = Literal["bibtex", "ris", "csl-json"]
FORMS: Final = get_args(Form)
ENDINGS: Final[dict[Form, str]] = {"bibtex": "bib", "ris": "ris", "csl-json": "json"}
MEDIA: Final[dict[str, str]] = {
    "bibtex": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "csl-json": "application/vnd.citationstyles.csl+json",
}
_BIBTEX_TYPES: Final = {
    "report": ("techreport", "institution"),
    "webpage": ("online", "organization"),
    "personal_communication": ("letter", "organization"),
    "book": ("book", "publisher"),
    "speech": ("misc", "organization"),
}
_RIS_TYPES: Final = {
    "report": "RPRT",
    "webpage": "ELEC",
    "personal_communication": "ICOMM",
    "book": "BOOK",
    "speech": "SLIDE",
}
_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_BIBTEX: Final = {
    "\\": r"{\textbackslash}",
    "~": r"{\textasciitilde}",
    "^": r"\^{}",
    **{character: f"\\{character}" for character in "&%$#_"},
}
# Pairs of characters that TeX would print as one different character.
_JOINED: Final = frozenset(["--", "''", "``", ",,", "<<", ">>", "?`", "!`"])


def entries_of_documents(documents: Iterable[Document | DocumentInfo], form: Form) -> str:
    """Return documents in one of the formats, each with its own key (`keys`)."""
    documents = tuple(documents)
    return entries(
        [csl_item(document, key=key) for document, key in zip(documents, keys(documents), strict=True)], form
    )


def entry_of_quote(quote: Quote, form: Form) -> str:
    """Return a quote's document in one of the formats, with the quoted words and their place as its note.

    Each run of white space in the words becomes one space.
    """
    place = locator(quote.document, quote.start, quote.end)
    words = " ".join(quote.text.split())
    note = f"“{words}” ({place})" if place else f"“{words}”"
    return entries([{**csl_item(quote.document), "note": note}], form)


def entries(items: Sequence[Mapping[str, Any]], form: Form) -> str:
    """Return items of CSL-JSON in one of the formats. "note" is a note on the item."""
    match form:
        case "bibtex":
            return "\n".join(map(_bibtex, items))
        case "ris":
            return "".join(map(_ris, items))
        case "csl-json":
            return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def bibtex_text(text: str) -> str:
    """Return a text as the value of a BibTeX field: special characters are escaped, and braces balanced."""
    pairs = _paired(text)
    pieces = []
    for at, character in enumerate(text):
        if character in "{}":
            pieces.append(_brace(character, paired=at in pairs))
        else:
            is_joined = text[max(0, at - 1) : at + 1] in _JOINED
            pieces.append(f"{{}}{character}" if is_joined else _BIBTEX.get(character, character))
    return "".join(pieces)


def _brace(character: str, *, paired: bool) -> str:
    # BibTeX counts braces, even escaped braces. So a single brace gets a partner that is printed without ink.
    if paired:
        return f"\\{character}"
    return r"\{\vphantom{\}}" if character == "{" else r"\vphantom{\{}\}"


def _paired(text: str) -> set[int]:
    """Return the offsets of the braces in a text that have a partner."""
    opened, paired = [], set()
    for at, character in enumerate(text):
        if character == "{":
            opened.append(at)
        elif character == "}" and opened:
            paired |= {opened.pop(), at}
    return paired


def _bibtex(item: Mapping[str, Any]) -> str:
    """Return an item of CSL-JSON as an entry of BibTeX."""
    kind, publisher = _BIBTEX_TYPES[item["type"]]
    fields = {
        "author": " and ".join(map(_bibtex_name, item.get("author", ()))),
        # The inner braces preserve capitals.
        "title": f"{{{bibtex_text(item['title'])}}}",
        publisher: bibtex_text(item.get("publisher") or item.get("container-title", "")),
        "series": f"{{{bibtex_text(series)}}}" if (series := item.get("collection-title")) else "",
        "number": bibtex_text(item.get("number", "")),
        **_bibtex_date(item),
        "url": _bibtex_address(item.get("URL", "")),
        **{field.bibtex[0]: bibtex_text(item.get(field.csl[0], "")) for field in PLAIN},
        "annote": bibtex_text(item.get("note", "")),
    }
    lines = [
        f"  {name} = {value if name == 'month' else f'{{{value}}}'}"
        for name, value in fields.items()
        if value
    ]
    return f"@{kind}{{{item['id']},\n" + ",\n".join(lines) + "\n}\n"


def _bibtex_date(item: Mapping[str, Any]) -> dict[str, str]:
    year, month, day = (*date_of(item.get("issued", {})).split("-"), "", "")[:3]
    return {"year": year, "month": _MONTHS[int(month) - 1] if month else "", "day": day.lstrip("0")}


def _bibtex_name(name: Mapping[str, str]) -> str:
    if literal := name.get("literal"):
        return f"{{{bibtex_text(literal)}}}"
    family = " ".join(filter(None, (name.get("non-dropping-particle"), name["family"])))
    return bibtex_text(f"{family}, {name['given']}" if name.get("given") else family)


def _bibtex_address(address: str) -> str:
    """Return an address for BibTeX, which has no escapes in addresses. Special characters are %-encoded."""
    return re.sub(r"[{}\\\s]", lambda match: f"%{ord(match[0]):02X}", address)


def _ris(item: Mapping[str, Any]) -> str:
    """Return an item of CSL-JSON as a reference of RIS."""
    kind = _RIS_TYPES[item["type"]]
    day = date_of(item.get("issued", {}))
    site, series = item.get("container-title", ""), item.get("collection-title", "")
    tags = [
        ("TY", kind),
        ("ID", item["id"]),
        *(("AU", _ris_name(name)) for name in item.get("author", ())),
        ("TI", item["title"]),
        ("T2", site or series),
        ("T3", series if site else ""),
        ("PB", item.get("publisher", "")),
        # Zotero and EndNote use SN for the number of a report. Other programs use one tag for every number.
        ("SN" if kind == "RPRT" else "M1", item.get("number", "")),
        ("PY", day[:4]),
        ("DA", _ris_date(day)),
        ("UR", item.get("URL", "")),
        *((field.ris[0], item.get(field.csl[0], "")) for field in PLAIN),
        ("N1", item.get("note", "")),
    ]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in tags if value) + "ER  - \r\n\r\n"


def _ris_name(name: Mapping[str, str]) -> str:
    if literal := name.get("literal"):
        return f"{literal},"  # because of the comma, readers do not split the name
    family = " ".join(filter(None, (name.get("non-dropping-particle"), name["family"])))
    return f"{family}, {name['given']}" if name.get("given") else family


def _ris_date(day: str) -> str:
    return "/".join((*day.split("-"), "", "", "")[:3]) + "/" if day else ""
