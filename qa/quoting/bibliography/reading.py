"""Read references in BibTeX, RIS and CSL-JSON as metadata for a library's documents."""

from __future__ import annotations

import json
import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from qa.document.metadata import check, on_one_line
from qa.errors import InputError
from qa.quoting.bibliography.csl import date_of, name_in_words
from qa.schema import FIELDS
from qa.text.display import languages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MOST_BYTES: Final = 20_000_000
_TAG: Final = re.compile(r"([A-Z][A-Z0-9]) {1,2}- ?(.*)")
_MONTHS: Final = {
    name: f"{at:02}"
    for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)
}
_PIECE: Final = re.compile(r'"[^"]*"|\w+')
_CONCATENATED: Final = re.compile(rf"(?:{_PIECE.pattern})(?:\s*#\s*(?:{_PIECE.pattern}))+")
_SITES: Final = frozenset(
    {"online", "electronic", "www", "ELEC", "WEB", "BLOG", "webpage", "post", "post-weblog"}
)
# The names of each field in the formats. The first name that a reference has is used. Authors and dates are
# read in other ways.
_BIBTEX: Final = {name: field.bibtex for name, field in FIELDS.items() if field.bibtex}
_RIS: Final = {name: field.ris for name, field in FIELDS.items() if field.ris}
_CSL: Final = {name: field.csl for name, field in FIELDS.items() if field.csl}


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference of a file to one document.

    Attributes:
        key: the reference's key or id in the file, or "".
        where: the reference's place in the file: "line 12", "item 3".
        values: the values by the fields of `qa.document.metadata`. No value is empty.
    """

    key: str
    where: str
    values: Mapping[str, str]


def read_references(data: bytes, name: str) -> list[Reference]:
    """Return the references of a file in BibTeX, RIS or CSL-JSON.

    The ending of the file's name shows the format, or else the beginning of the file does.

    Raises:
        InputError: the file has another format, or is damaged. The message names the line.
    """
    if len(data) > MOST_BYTES:
        raise InputError(f"{name} is larger than {MOST_BYTES // 1_000_000} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}, line {line}: this is not UTF-8. Export the file again in UTF-8.") from None
    beginning = text.lstrip()[:10]
    ending = name.lower().rpartition(".")[2]
    if ending == "json" or (ending not in ("bib", "ris") and beginning[:1] in ("[", "{")):
        references = _csl_json(text, name)
    elif ending == "ris" or (ending != "bib" and _TAG.match(beginning)):
        references = _ris(text, name)
    else:
        references = _bibtex(text, name)
    if not references:
        raise InputError(f"{name}, line 1: the file has no reference in BibTeX, RIS or CSL-JSON")
    return references


def _reference(key: str, where: str, raw_values: Mapping[str, str], name: str) -> Reference:
    """Return a reference. Its values are checked in the same way as values that a person enters."""
    values = {field: " ".join(on_one_line(value).split()) for field, value in raw_values.items()}
    if "language" in values:
        values["language"] = _language(values["language"])
    if not re.match(r"https?://", values.get("url", "http://"), re.IGNORECASE):
        del values["url"]
    try:
        return Reference(key, where, check({field: value for field, value in values.items() if value}))
    except InputError as error:
        raise InputError(f"{name}, {where}: {error}") from None


def _language(written: str) -> str:
    """Return the code of a language from its code or English name, or "" for other words."""
    code = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_].*)?", written)
    if code:
        return code[1].lower()
    return next((code for code, name in languages().items() if name.lower() == written.lower()), "")


def _first(record: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((record[name] for name in names if record.get(name)), "")


def _site_as_publisher(values: dict[str, str], kind: str) -> dict[str, str]:
    """Return the values with a web page's series as its publisher: in these formats it is the site's name."""
    if kind in _SITES and not values.get("publisher"):
        values["publisher"] = values.pop("series", "")
    return values


def _csl_json(text: str, name: str) -> list[Reference]:
    """Read references in CSL-JSON. `name` is the name of the file, for errors."""
    try:
        items = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{name}, line {error.lineno}: this is not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:  # too many digits, or too deep nesting
        raise InputError(f"{name}, line 1: this JSON cannot be read: {error}") from None
    items = items.get("items", [items]) if isinstance(items, dict) else items
    if not isinstance(items, list):
        raise InputError(f"{name}, line 1: this is not a list of CSL-JSON items")
    references = []
    for at, item in enumerate(items, start=1):
        where = f"item {at}"
        try:
            values = {field: _csl_text(_first(item, names)) for field, names in _CSL.items()}
            values["title"] = re.sub(r"</?(?:i|b|sup|sub|sc|span)\b[^<>]*>", "", values["title"])
            values["author"] = "; ".join(filter(None, map(name_in_words, item.get("author", ()))))
            values["date"] = date_of(item.get("issued") or {})
            values = _site_as_publisher(values, str(item.get("type", "")))
        except (AttributeError, TypeError, ValueError, LookupError):
            raise InputError(f"{name}, {where}: this is not an item of CSL-JSON") from None
        references.append(_reference(str(item.get("id", "")), where, values, name))
    return references


def _csl_text(value: object) -> str:
    if not isinstance(value, str | int | float):
        raise TypeError
    return str(value)


def _ris(text: str, name: str) -> list[Reference]:
    """Read references in RIS. `name` is the name of the file, for errors."""
    references: list[Reference] = []
    record: dict[str, list[str]] | None = None
    begun, last = 0, ""
    for at, line in enumerate(text.splitlines(), start=1):
        match = _TAG.fullmatch(line.rstrip())
        tag, value = (match[1], match[2].strip()) if match else ("", line.strip())
        if tag == "TY" and record is None:
            record, begun, last = {"TY": [value]}, at, tag
        elif record is None:
            if value or tag:
                raise InputError(
                    f"{name}, line {at}: a reference of RIS begins with “TY  - ”, not {line[:40]!r}"
                )
        elif tag == "TY":
            raise InputError(f"{name}, line {at}: the reference of line {begun} has no end, “ER  - ”")
        elif tag == "ER":
            references.append(_of_ris(record, f"line {begun}", name))
            record = None
        elif tag:
            record.setdefault(tag, []).append(value)
            last = tag
        else:  # continues the line before
            record[last][-1] = f"{record[last][-1]} {value}".strip()
    if record is not None:
        raise InputError(f"{name}, line {begun}: the reference that begins here has no end, “ER  - ”")
    return references


def _of_ris(record: dict[str, list[str]], where: str, name: str) -> Reference:
    firsts = {tag: values[0] for tag, values in record.items()}
    values = {field: _first(firsts, tags) for field, tags in _RIS.items()}
    authors = [author for tag in ("AU", "A1") for author in record.get(tag, ())]
    values["author"] = "; ".join(map(_in_order, authors))
    day = _first(firsts, ("DA", "PY", "Y1")).split("/")[:3]
    values["date"] = _joined(*(*day, "", "")[:3])
    return _reference(firsts.get("ID", ""), where, _site_as_publisher(values, firsts["TY"]), name)


def _in_order(author: str) -> str:
    """Return "Sand, Ulrike" as "Ulrike Sand". A name with a comma at the end is not split."""
    family, comma, given = author.partition(",")
    whole = not comma or not given.strip()
    return author.strip().rstrip(",") if whole else f"{given.strip()} {family.strip()}"


def _joined(year: str, month: str = "", day: str = "") -> str:
    """Return a date in ISO 8601 from its parts, as far as they are numbers or names of months."""
    if not re.fullmatch(r"\d{4}", year.strip()):
        return ""
    month = _MONTHS.get(month.strip()[:3].lower(), month.strip())
    if not month.isdecimal():
        return year.strip()
    day = day.strip()
    return f"{year.strip()}-{int(month):02}" + (f"-{int(day):02}" if day.isdecimal() else "")


def _bibtex(text: str, name: str) -> list[Reference]:
    """Read references in BibTeX. `name` is the name of the file, for errors."""
    from bibtexparser.entrypoint import parse_string
    from bibtexparser.model import DuplicateBlockKeyBlock, Entry

    decode = _decoder()
    with _quiet("bibtexparser"):
        library = parse_string(text)
    blocks = [*library.entries]
    for block in library.failed_blocks:
        if isinstance(block, DuplicateBlockKeyBlock) and isinstance(block.ignore_error_block, Entry):
            blocks.append(block.ignore_error_block)  # references with the same key are separate references
        else:
            why = getattr(block.error, "abort_reason", None) or block.error
            line = (block.start_line or 0) + 1
            raise InputError(f"{name}, line {line}: this BibTeX cannot be read: {why}")
    strings = {string.key.lower(): str(string.value) for string in library.strings}
    references = []
    for entry in sorted(blocks, key=lambda block: block.start_line or 0):
        where = f"line {(entry.start_line or 0) + 1}"
        raw = {field.key.lower(): _concatenated(str(field.value), strings) for field in entry.fields}
        try:
            values = {field: _first(raw, names) for field, names in _BIBTEX.items()}
            values = {field: value if field == "url" else decode(value) for field, value in values.items()}
            values["author"] = "; ".join(
                _bibtex_author(author, decode) for author in _authors(raw.get("author", ""))
            )
            values["date"] = decode(raw.get("date", "")).partition("/")[0] or _joined(
                decode(raw.get("year", "")), decode(raw.get("month", "")), decode(raw.get("day", ""))
            )
        except RecursionError:
            raise InputError(f"{name}, {where}: its braces and commands are nested too deep.") from None
        values = _site_as_publisher(values, entry.entry_type.lower())
        references.append(_reference(entry.key, where, values, name))
    return references


def _concatenated(value: str, strings: Mapping[str, str]) -> str:
    """Return the value of a concatenation like `ifes # " (IFES)"`, which bibtexparser does not evaluate."""
    for written in (value, f'"{value}"'):
        if '"' in value and _CONCATENATED.fullmatch(written):
            pieces = _PIECE.findall(written)
            return "".join(
                piece[1:-1] if piece[0] == '"' else strings.get(piece.lower(), piece) for piece in pieces
            )
    return value


def _authors(written: str) -> list[str]:
    """Return the names that are separated by "and" outside braces."""
    from bibtexparser.middlewares.names import split_multiple_persons_names

    return [name for name in split_multiple_persons_names(written) if name.lower() != "others"]


def _bibtex_author(author: str, decode: Callable[[str], str]) -> str:
    from bibtexparser.middlewares.names import InvalidNameError, parse_single_name_into_parts

    try:
        parts = parse_single_name_into_parts(author)
    except InvalidNameError:
        return decode(author)
    return decode(" ".join((*parts.first, *parts.von, *parts.last, *parts.jr)))


def _decoder() -> Callable[[str], str]:
    """Return a function that decodes TeX's escapes, with escapes that Zotero writes and pylatexenc lacks."""
    from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

    context = get_default_latex_context_db()
    more = {
        "textless": "<",
        "textgreater": ">",
        "textbar": "|",
        "textquotedbl": '"',
        "textasciicircum": "^",
        "textbraceleft": "{",
        "textbraceright": "}",
        "vphantom": "",
    }
    context.add_context_category("more", [MacroTextSpec(*macro) for macro in more.items()], prepend=True)
    latex = LatexNodes2Text(latex_context=context, keep_comments=True, strict_latex_spaces=False)

    def decode(value: str) -> str:
        # Many files have a plain "&", which in TeX begins a table cell.
        value = re.sub(r"(?<!\\)&", r"\\&", value.replace(r"\^{}", r"\textasciicircum{}"))
        return str(latex.latex_to_text(value))

    return decode


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Silence the log of a library whose results contain the same messages."""
    log = logging.getLogger(logger)
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
