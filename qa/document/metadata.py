"""The metadata of a document: where each value comes from, and the values that a person states instead.

A sidecar file, `NAME.meta.toml` next to the file NAME, applies to all documents of that file. A correction
(`Corpus.edit`) applies to one document and overrides the sidecar. Both remain when the file is replaced.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import re
import stat
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from qa.errors import InputError, LibraryError
from qa.places import SIDECAR
from qa.schema import FIELDS, Document, Found
from qa.schema.fields import TEXTS
from qa.text.dates import parse_date

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qa.schema import Certainty, DocumentInfo

BY_SIDECAR = "sidecar file"
SIDECAR_BYTES = 40_000  # enough for all FIELDS at their longest
# An address. An e-mail without a web page has `mid:` and its Message-ID (RFC 2392).
ADDRESS = re.compile(r"(?:https?://|mid:)\S+", re.IGNORECASE)
MOST_FIELD = 1_000  # characters; each passage is read and searched with its document's title
# Characters of a text that are enough to classify its language. A text with fewer letters than `_LETTERS`, or
# a lower probability than `_SURE`, counts as English.
_READ = 2000
_LETTERS = 60
_SURE = 0.95
# Scripts that identify a language, however short the text. Kana comes before Han: Japanese has both.
_SCRIPTS = (
    ("ko", re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")),
)
_IN_HAN = frozenset({"ja", "ko", "lzh", "nan", "wuu", "yue"})  # may be written in Han characters alone
# Languages that are not written in Latin script.
_NOT_IN_LATIN = frozenset(
    "am ar be bg bn el fa gu he hi hy ja ka kk km kn ko ky lo mk ml mn mr my ne or pa ps ru si ta te th ug"
    " uk ur yi zh".split()
)
_MOST_LATIN = 0.9  # share of Latin letters, in names and quotations, that such a text may have
_LETTER = re.compile(r"[^\W\d_]")
# Characters that change the direction of the text around them (Unicode Standard Annex 9), or break a line.
_UNSEEN = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# A text is in a script if a larger share of its letters is. With a smaller share, it only has names in it.
_SCRIPT_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The values of a sidecar file, and the SHA-256 (hex) of its bytes. Both are empty without a file.

    If the file makes no sense, `values` are its last valid values, and `sha256` is a word instead of a hash.
    """

    values: Mapping[str, str]
    sha256: str = ""

    def complete(self, document: Document) -> Document:
        """Return a document with the sidecar's values, and with a language if nothing states one.

        Characters that could disguise a citation are removed from the document's own metadata
        (`on_one_line`). An address that is not an ADDRESS is removed, too, with a note.
        """
        own = _on_one_line(document)
        if own.url and not ADDRESS.fullmatch(own.url):
            note = "Its url does not begin with http:// or https://, so it was left out."
            own = replace(without(own, "url"), notes=(*own.notes, note))
        return with_language(with_values(own, self.values, BY_SIDECAR, "stated"))


NO_SIDECAR = Sidecar({})


def sidecar_of(path: Path) -> Path:
    """Return the path of a file's sidecar. The sidecar need not exist."""
    return path.with_name(path.name + SIDECAR)


def open_sidecar(path: Path, *, follow_links: bool = False) -> Sidecar:
    """Read the sidecar of a file, if there is one.

    The sidecar may be a link to a file in its folder. A link to a file elsewhere needs `follow_links`.

    Raises:
        InputError: the sidecar cannot be read, or makes no sense. The message names the sidecar.
    """
    sidecar = sidecar_of(path)
    try:
        ordinary = stat.S_ISREG(sidecar.stat().st_mode)
        if sidecar.is_symlink() and not follow_links:
            target = sidecar.resolve()
            if not target.is_relative_to(sidecar.parent.resolve()):
                raise InputError(f"{sidecar} is a link to {target}, out of its folder. Use --follow-links.")
        if not ordinary:  # a pipe or a device would be read for ever
            raise InputError(f"{sidecar} is not an ordinary file. Remove it.")
        with sidecar.open("rb") as file:
            data = file.read(SIDECAR_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return NO_SIDECAR
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            return NO_SIDECAR  # no file can have that name
        raise InputError(f"{sidecar} cannot be read: {error}. Check its permissions.") from None
    return sidecar_from(data, str(sidecar))


def sidecar_from(data: bytes, name: str) -> Sidecar:
    """Read a sidecar file's bytes.

    Raises:
        InputError: there are more than SIDECAR_BYTES, or they make no sense. The message names `name`.
    """
    if len(data) > SIDECAR_BYTES:
        raise InputError(
            f"{name} is larger than {SIDECAR_BYTES // 1000} kB. Keep only the fields that describe the file."
        )
    return Sidecar(read_sidecar(data, name), hashlib.sha256(data).hexdigest())


def read_sidecar(data: bytes, name: str) -> dict[str, str]:
    """Read a sidecar file: TOML, with some of FIELDS. An empty value means that the document has none.

    Raises:
        InputError: the file is not such TOML, or a value makes no sense. The message names `name`.
    """
    try:
        return check({field: _as_text(value) for field, value in _parsed(data).items()})
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except (ValueError, RecursionError) as error:  # from the decoder, TOML, or a number with too many digits
        raise InputError(f'{name} is not TOML: {error}. Write lines such as title = "…".') from None


def _parsed(data: bytes) -> dict[str, Any]:
    import tomllib  # only a sidecar needs it

    # The time to read a key grows with the square of the dots in it. No sensible line has so many dots.
    if any(line.count(b".") > MOST_FIELD for line in data.splitlines()):
        raise InputError(f"a line has more than {MOST_FIELD:,} dots")
    return tomllib.loads(data.decode("utf-8-sig"))


def check(values: Mapping[str, str]) -> dict[str, str]:
    """Check metadata that a person stated, and return the values without white space around them.

    Raises:
        InputError: a field is not in FIELDS; a date is not an ISO 8601 day, month or year; a url is not an
            ADDRESS; or a value is too long or has control characters.
    """
    checked = {}
    for field, value in values.items():
        if field not in FIELDS:
            raise InputError(f"{field!r} is not a field of a document: use {', '.join(FIELDS)}")
        kind = FIELDS[field].kind
        if kind == "date" and value.strip():
            try:
                checked[field] = parse_date(value.strip()).isoformat()
            except ValueError as error:
                raise InputError(str(error)) from None
        elif len(value) > MOST_FIELD:
            raise InputError(f"the {field} has more than {MOST_FIELD:,} characters: shorten it")
        elif kind == "address" and value.strip() and not ADDRESS.fullmatch(value.strip()):
            raise InputError(
                f"the {field} does not begin with http:// or https://, or has spaces: correct it"
            )
        elif not value.isprintable():
            raise InputError(f"the {field} {value!r} holds control characters: write it on one line")
        else:
            checked[field] = value.strip()
    return checked


def _as_text(value: object) -> str:
    match value:
        case str():
            return value
        case dt.datetime():
            return value.date().isoformat()
        case dt.date() | int() if not isinstance(value, bool):
            return str(value)
        case _:
            raise InputError(f'{value!r} is not a text: put it in quotation marks, as in title = "…"')


def without(document: Document, field: str) -> Document:
    """Return the document without its own value of a field, which may be any field but the date."""
    origins = tuple(origin for origin in document.found if origin.field != field)
    nothing: dict[str, Any] = {field: ""}
    return replace(document, **nothing, found=origins)


def with_values(document: Document, values: Mapping[str, str], source: str, sure: Certainty) -> Document:
    """Return a document with checked values instead of its own. For `source` and `sure`, see `Found`."""
    if not values:
        return document
    fields: dict[str, Any] = {field: value for field, value in values.items() if field != "date"}
    if "date" in values:
        fields["date"] = parse_date(values["date"]) if values["date"] else None
    if not fields.get("language", document.language):
        fields["language"] = Document("", "").language
    others = tuple(origin for origin in document.found if origin.field not in values)
    return replace(document, **fields, found=(*others, *(Found(field, source, sure) for field in values)))


def on_one_line(text: str) -> str:
    """Return the text of a citation's part without control characters and directional marks.

    Such marks could make a title look different, and reverse the rest of the citation.
    """
    return _CONTROLS.sub(" ", _UNSEEN.sub("", text))


def _on_one_line(document: Document) -> Document:
    """Return the document with each text of its metadata, and each name of a section, on one line."""
    fields: dict[str, Any] = {field: on_one_line(getattr(document, field)) for field in TEXTS}
    sections = tuple(replace(section, name=on_one_line(section.name)) for section in document.sections)
    return replace(document, **fields, sections=sections)


def value_of(document: Document | DocumentInfo, field: str) -> str:
    """Return a field of a document as text, a date in ISO 8601."""
    value = getattr(document, field)
    return value.isoformat() if isinstance(value, dt.date) else str(value or "")


def with_language(document: Document) -> Document:
    """Return a document with the language of its text, if no source has stated a language.

    The script may identify the language. Otherwise py3langid classifies the text, and its result counts if it
    is sure enough. py3langid is Barbaresi's fork of langid.py (Lui and Baldwin, 2012, "langid.py: An
    Off-the-shelf Language Identification Tool").
    """
    if any(origin.field == "language" for origin in document.found):
        return document
    if language := language_of_script(document.text):
        return _in(document, language)
    text = document.text[:_READ]
    if len(_LETTER.findall(text)) >= _LETTERS:
        language, probability = _classifier().classify(text)
        if probability >= _SURE and _may_be_in(language, text):
            return _in(document, language)
    return document


def language_of_script(text: str) -> str:
    """Return the language of a text if its script identifies the language, or ""."""
    text = text[:_READ]
    letters = len(_LETTER.findall(text))
    return next(
        (code for code, script in _SCRIPTS if len(script.findall(text)) > _SCRIPT_SHARE * letters), ""
    )


def with_language_of_script(document: Document) -> Document:
    """Return a document with the language of its text, if the stated language is not written in that script.

    Templates of web pages often state their own language, whatever the language of the text in them.
    """
    language = language_of_script(document.text)
    if not language and not _may_be_in(document.language, document.text[:_READ]):
        others = tuple(origin for origin in document.found if origin.field != "language")
        return with_language(replace(document, language=Document("", "").language, found=others))
    if not language or language == document.language or (language == "zh" and document.language in _IN_HAN):
        return document
    others = tuple(origin for origin in document.found if origin.field != "language")
    return _in(replace(document, found=others), language)


def _may_be_in(language: str, text: str) -> bool:
    """Return whether a text's script allows a language: a text in Latin letters cannot be Russian."""
    letters = _LETTER.findall(text)
    latin = sum(letter < "\u0250" for letter in letters)
    return language not in _NOT_IN_LATIN or latin <= _MOST_LATIN * len(letters)


def _in(document: Document, language: str) -> Document:
    origins = (*document.found, Found("language", "its text", "likely"))
    return replace(document, language=language, found=origins)


@cache
def _classifier() -> Any:
    """Return the classifier that recognises the language of a text."""
    # Loading takes half a second. Only indexing needs the classifier.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError as error:  # the model is unpacked into a temporary file
        import tempfile

        raise LibraryError(
            f"there is no space left in {tempfile.gettempdir()} ({error.strerror}): free some space and try "
            "again. Nothing was lost"
        ) from error
