"""What is known of a document besides its text, where that comes from, and what a person says instead.

A sidecar file, `NAME.meta.toml` beside the file NAME, holds for all documents of that file; a correction
(`Corpus.edit`) for one document, and counts for more. Both outlive whatever the file is replaced by.
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
from qa.schema import Document, Found
from qa.text.dates import parse_date

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from qa.schema import Certainty, DocumentInfo

FIELDS = ("title", "author", "publisher", "series", "number", "date", "url", "language", "collection")
BY_SIDECAR = "sidecar file"
SIDECAR_BYTES = 40_000  # as long as all FIELDS can be
# An e-mail without a page of its own has `mid:` and its Message-ID, by RFC 2392.
ADDRESS = re.compile(r"(?:https?://|mid:)\S+", re.IGNORECASE)
MOST_FIELD = 1_000  # of a field: each passage is read and searched with its document's title
# Of a text, so much tells its language; with fewer letters, or less surely, it is taken for English.
_READ = 2000
_LETTERS = 60
_SURE = 0.95
# Scripts that tell the language by themselves, however short the text; kana stands among Han in Japanese.
_SCRIPTS = (
    ("ko", re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")),
)
_IN_HAN = frozenset({"ja", "ko", "lzh", "nan", "wuu", "yue"})  # may be written in Han characters alone
# Written in another script than the Latin one.
_NOT_IN_LATIN = frozenset(
    "am ar be bg bn el fa gu he hi hy ja ka kk km kn ko ky lo mk ml mn mr my ne or pa ps ru si ta te th ug"
    " uk ur yi zh".split()
)
_MOST_LATIN = 0.9  # of the letters of a text in such a language: names and quotations
_LETTER = re.compile(r"[^\W\d_]")
# Characters that change the direction of what stands around them (Unicode Standard Annex 9), or break a line.
_UNSEEN = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SCRIPT_SHARE = 0.3  # of the letters: a name in its own script is no text in it


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a sidecar file says, and the SHA-256 (hex) of its bytes; both empty where there is none.

    Of one that makes no sense, what it said when it did, and some other word in place of the hash.
    """

    values: Mapping[str, str]
    sha256: str = ""

    def complete(self, document: Document) -> Document:
        """Give a document what the sidecar says of it, and its language where nothing says that.

        Its own metadata lose what could disguise a citation (`on_one_line`), and an address that leads
        elsewhere than to the web.
        """
        own = _on_one_line(document)
        if own.url and not ADDRESS.fullmatch(own.url):
            note = "Its url begins with neither http:// nor https://; it was left out."
            own = replace(without(own, "url"), notes=(*own.notes, note))
        return with_language(with_values(own, self.values, BY_SIDECAR, "stated"))


NO_SIDECAR = Sidecar({})


def sidecar_of(path: Path) -> Path:
    """Name the sidecar file of a file, which need not exist."""
    return path.with_name(path.name + SIDECAR)


def open_sidecar(path: Path, *, follow_links: bool = False) -> Sidecar:
    """Read the sidecar file of a file, if there is one.

    It may be a link to another file in its folder; to one elsewhere only if links are to be followed.

    Raises:
        InputError: naming the sidecar, when it cannot be read, or makes no sense.
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
        InputError: naming `name`, when there are more than SIDECAR_BYTES, or they make no sense.
    """
    if len(data) > SIDECAR_BYTES:
        raise InputError(
            f"{name} is larger than {SIDECAR_BYTES // 1000} kB. Keep to what describes its file."
        )
    return Sidecar(read_sidecar(data, name), hashlib.sha256(data).hexdigest())


def read_sidecar(data: bytes, name: str) -> dict[str, str]:
    """Read a sidecar file: TOML, with some of FIELDS. An empty value says that there is none.

    Raises:
        InputError: naming `name`, when it is not such TOML, or a value makes no sense.
    """
    try:
        return check({field: _as_text(value) for field, value in _parsed(data).items()})
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except (ValueError, RecursionError) as error:  # of the decoder, TOML, a number with too many digits
        raise InputError(f'{name} is not TOML: {error}. Write lines such as title = "…".') from None


def _parsed(data: bytes) -> dict[str, Any]:
    import tomllib  # only a sidecar needs it

    # A key of many parts takes a time that grows with their square; no value has so many dots.
    if any(line.count(b".") > MOST_FIELD for line in data.splitlines()):
        raise InputError(f"a line has more than {MOST_FIELD:,} dots")
    return tomllib.loads(data.decode("utf-8-sig"))


def check(values: Mapping[str, str]) -> dict[str, str]:
    """Check metadata as a person gives them, and give them without white space around.

    Raises:
        InputError: a field is none of FIELDS, or a date is no ISO 8601 day, month or year.
    """
    checked = {}
    for field, value in values.items():
        if field not in FIELDS:
            raise InputError(f"{field!r} is no field of a document: use {', '.join(FIELDS)}")
        if field == "date" and value.strip():
            try:
                checked[field] = parse_date(value.strip()).isoformat()
            except ValueError as error:
                raise InputError(str(error)) from None
        elif len(value) > MOST_FIELD:
            raise InputError(f"the {field} has more than {MOST_FIELD:,} characters: shorten it")
        elif field == "url" and value.strip() and not ADDRESS.fullmatch(value.strip()):
            raise InputError("the url begins with neither http:// nor https://, or has spaces: write it so")
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
        case dt.date() | int():
            return str(value)
        case _:
            raise InputError(f'{value!r} is no text: put it in quotation marks, as in title = "…"')


def without(document: Document, field: str) -> Document:
    """Return the document without what it says itself of a field, which is any text but a date."""
    found = tuple(each for each in document.found if each.field != field)
    nothing: dict[str, Any] = {field: ""}
    return replace(document, **nothing, found=found)


def with_values(document: Document, values: Mapping[str, str], source: str, sure: Certainty) -> Document:
    """Put checked values in place of a document's own; `source` and `sure` say who says so (see `Found`)."""
    if not values:
        return document
    fields: dict[str, Any] = {field: value for field, value in values.items() if field != "date"}
    if "date" in values:
        fields["date"] = parse_date(values["date"]) if values["date"] else None
    if not fields.get("language", document.language):
        fields["language"] = Document("", "").language
    others = tuple(found for found in document.found if found.field not in values)
    return replace(document, **fields, found=(*others, *(Found(field, source, sure) for field in values)))


def on_one_line(text: str) -> str:
    """Return the text of a citation's part without control characters and directional marks.

    Such marks could make a title read otherwise than it is, and turn the rest of the citation around.
    """
    return _CONTROLS.sub(" ", _UNSEEN.sub("", text))


def _on_one_line(document: Document) -> Document:
    """Return the document with its metadata and the names of its sections each on one line."""
    texts = [field for field in FIELDS if field != "date"]
    fields: dict[str, Any] = {field: on_one_line(getattr(document, field)) for field in texts}
    sections = tuple(replace(section, name=on_one_line(section.name)) for section in document.sections)
    return replace(document, **fields, sections=sections)


def value_of(document: Document | DocumentInfo, field: str) -> str:
    """Give a field of a document as text; a date as ISO 8601."""
    value = getattr(document, field)
    return value.isoformat() if isinstance(value, dt.date) else str(value or "")


def with_language(document: Document) -> Document:
    """Tell the language of a document by its text, where nothing has said it.

    By its script, or as py3langid classifies it (Barbaresi's fork of langid.py; Lui and Baldwin, 2012,
    "langid.py: An Off-the-shelf Language Identification Tool") where that is sure.
    """
    if any(found.field == "language" for found in document.found):
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
    """Tell the language of a text by its script, where only one is written so; "" where several are."""
    text = text[:_READ]
    letters = len(_LETTER.findall(text))
    return next((code for code, each in _SCRIPTS if len(each.findall(text)) > _SCRIPT_SHARE * letters), "")


def with_language_of_script(document: Document) -> Document:
    """Put the language that the script shows in place of a stated one that is not written so.

    Templates of pages are often in one language, and say so of whatever stands in them.
    """
    language = language_of_script(document.text)
    if not language and not _may_be_in(document.language, document.text[:_READ]):
        others = tuple(found for found in document.found if found.field != "language")
        return with_language(replace(document, language=Document("", "").language, found=others))
    if not language or language == document.language or (language == "zh" and document.language in _IN_HAN):
        return document
    others = tuple(found for found in document.found if found.field != "language")
    return _in(replace(document, found=others), language)


def _may_be_in(language: str, text: str) -> bool:
    """Whether a text may be in a language by its script: one in Latin letters is in no Russian."""
    letters = _LETTER.findall(text)
    latin = sum(letter < "\u0250" for letter in letters)
    return language not in _NOT_IN_LATIN or latin <= _MOST_LATIN * len(letters)


def _in(document: Document, language: str) -> Document:
    found = (*document.found, Found("language", "its text", "likely"))
    return replace(document, language=language, found=found)


@cache
def _classifier() -> Any:
    # Half a second: only what indexes a document needs it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError as error:  # it is unpacked into a temporary file
        import tempfile

        raise LibraryError(
            f"there is no space left in {tempfile.gettempdir()} ({error.strerror}): nothing was lost; free "
            "some space and try again"
        ) from error
