"""Reads JSON Lines: one document in each line, `{"_id", "title", "text", ...}`.

The document's text is exactly the value of the field for the text.
"""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
import io
import json
import re
from contextlib import suppress
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from qa.document.metadata import MOST_FIELD, value_of
from qa.errors import InputError
from qa.formats.columns import map_columns
from qa.formats.source import PLAIN, nothing_known
from qa.formats.text import MOST_BYTES, bounded, check_text, describe
from qa.schema import FIELDS, Document, Found, printable
from qa.schema.fields import TEXTS
from qa.text.written_dates import read_date

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from qa.formats.source import AskDocument, Options, Source
    from qa.schema import FileResult
    from qa.text.written_dates import DateOrder

# Maximum characters of a record outside strings. Nested lists take twenty bytes of memory for each character.
_MOST_BESIDE = 1_000_000
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_LONGEST = MOST_BYTES + 2  # bytes of a line that are read at once: an even number, for UTF-16
_SPACE = " \t\r\n\v\f"
_WEEK = re.compile(r"\d{4}-?W\d\d(?!-?\d)", re.ASCII)  # in ISO 8601: `fromisoformat` would give its Monday


def read_jsonl(
    path: Path, options: Options = PLAIN, ask_document: AskDocument = nothing_known, shown: str = ""
) -> Iterator[Document | FileResult | InputError]:
    """Yield the documents of a JSON Lines file, one at a time, and an InputError for each refused line.

    A document for which `ask_document` returns a result (see `qa.formats.reading`) is not read again.
    Messages call the file `shown`, or its path if `shown` is empty.

    Raises:
        OSError: when the file cannot be read.
    """
    with path.open("rb") as file:
        yield from _documents(file, shown or str(path), options, ask_document)


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield the documents of JSON Lines inside an archive, and an InputError for each refused line."""
    for item in _documents(io.BytesIO(source.data), source.name, options, nothing_known):
        if isinstance(item, (Document, InputError)):
            yield item


def _documents(
    file: IO[bytes], source: str, options: Options, ask_document: AskDocument
) -> Iterator[Document | FileResult | InputError]:
    """Yield a document for each line of a file, its result if it is unchanged, or an InputError."""
    seen: set[str] = set()
    number = 0
    path = printable(source)
    encoding = _encoding(file)
    newline = "\n".encode(encoding)
    while line := _line(file, newline):
        number += 1
        where = f"{source}, line {number}"
        if len(line) > MOST_BYTES:
            yield InputError(f"{where} is longer than {MOST_BYTES // 1_000_000} MB. Split its text.")
            while line and not line.endswith(newline):  # `_line` reads UTF-16 by whole characters
                line = _line(file, newline)
            continue
        line = line.removesuffix(newline)
        try:
            text = _decoded(line, encoding, where).strip(_SPACE)
            if not text:
                continue
            if not seen and text.startswith("["):
                yield InputError(f"{where} is not a JSON object. If the file is a list, name it .json.")
                return
            line = text.encode(encoding)
            record = _record(text, where)
            fields, sources = fields_of(record, where, options)
            name = id_of(fields, where)
            sha256 = hashlib.sha256(line).hexdigest()
            item: Document | FileResult | None = ask_document(name, sha256, len(line))
            if item is None:
                read_from = f"{where} ({name})"
                document = document_of(fields, sources, name, sha256, read_from, path, options.date_order)
                item = bounded(describe(document, name, options.date_order))
        except InputError as error:
            yield error
            continue
        if name in seen:
            yield InputError(f"{where}: the id {name!r} was used before. Give each record its own id.")
            continue
        seen.add(name)
        yield item
    if not number:
        yield InputError(f"{source} is empty. Write one JSON object a line, or leave it out.")


def fields_of(record: dict[str, Any], where: str, options: Options) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a record's values by field of a document, and the key of each value, also by field.

    Raises:
        InputError: naming `where`, when the record lacks the key that is mapped to the text.
    """
    key_of = map_columns(tuple(record), options.columns)
    missing = [column for field, column in options.columns if field == "text" and "text" not in key_of]
    if missing:
        raise InputError(
            f"{where} has no “{missing[0]}”; it has {', '.join(record) or 'nothing'}. "
            "Call the key of the text “text”; or name it with --column text=KEY."
        )
    return (
        {field: record[key] for field, key in key_of.items()},
        {field: f"key “{key}”" for field, key in key_of.items()},
    )


def id_of(record: dict[str, Any], where: str) -> str:
    """Return the id of a record. Its fields are as `fields_of` returns them.

    If the id is a whole number, `record` then holds it as text.

    Raises:
        InputError: naming `where`, when the record has no id, or the id is not text or too long.
    """
    number = record.get("_id")
    if isinstance(number, int) and not isinstance(number, bool):
        record["_id"] = str(number)
    name = _field(record, "_id", where)
    if not name.strip():
        raise InputError(
            f'{where} has no "_id" or "id". Give each record an id, as text; or name the key of the '
            "with --column id=KEY."
        )
    if len(name) > MOST_FIELD:
        raise InputError(f"{where}: the id has more than {MOST_FIELD:,} characters. Shorten it.")
    return name


def document_of(
    record: dict[str, Any],
    sources: Mapping[str, str],
    name: str,
    sha256: str,
    where: str,
    path: str,
    date_order: DateOrder,
) -> Document:
    """Return a document made of a record's fields, which are named as in `qa.formats.columns.FIELDS`.

    `sources` says, by field, where its value was found, such as "column “When”".

    Raises:
        InputError: naming `where`, when the record has no text to read, or a field is not text.
    """
    text = record.get("text")
    if not isinstance(text, str):
        raise InputError(f'{where} has no "text". Give the document\'s text, in quotation marks.')
    check_text(text, where)
    date, notes = _date(record.get("date"), where, date_order, _field(record, "number", where))
    texts: dict[str, Any] = {field: value for field in TEXTS if (value := _field(record, field, where))}
    document = Document(
        id=name,
        text=text,
        date=date,
        format="jsonl",
        path=path,
        source_sha256=sha256,
        notes=notes,
        **texts,
    )
    stated = [field for field in FIELDS if (record.get(field) or "").strip() and value_of(document, field)]
    return replace(document, found=tuple(Found(field, sources[field], "stated") for field in stated))


def _field(record: dict[str, Any], name: str, where: str) -> str:
    value = record.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(f'{where}: "{name}" is not text. Put it in quotation marks, or leave it out.')
    if value.strip():
        check_text(value, f'{where}: "{name}"')
    return value


def _record(line: str, where: str) -> dict[str, Any]:
    """Return the JSON object on a line."""
    if len(line) > _MOST_BESIDE and len(_STRING.sub("", line)) > _MOST_BESIDE:
        raise InputError(
            f"{where} holds more than {_MOST_BESIDE // 1_000_000} MB of data that is not strings. "
            "Keep only the fields that describe the text."
        )
    try:
        record = json.loads(line, parse_int=whole_number)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{where} is not JSON: {error.msg} at column {error.colno}. Write one JSON object a line."
        ) from None
    except RecursionError as error:  # brackets a thousand deep
        raise InputError(
            f"{where} cannot be read as JSON: {error}. Write one plain JSON object a line."
        ) from None
    if not isinstance(record, dict):
        raise InputError(f'{where} is not a JSON object. Write {{"_id": …, "title": …, "text": …}}.')
    return record


def whole_number(digits: str) -> int | str:
    """Return a whole number of JSON, or its digits as written if they are more than a field may have."""
    return int(digits) if len(digits) <= MOST_FIELD else digits


def _encoding(file: IO[bytes]) -> str:
    """Return the encoding of a file's lines, and move the file behind its byte order mark."""
    head = file.read(3)
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            file.seek(len(mark))
            return encoding
    file.seek(0)
    return "utf-8"


def _line(file: IO[bytes], newline: bytes) -> bytes:
    """Return the next line with its newline, or the first _LONGEST bytes of a longer line."""
    if len(newline) == 1:
        return file.readline(_LONGEST)
    line = bytearray()
    while len(line) < _LONGEST and (piece := file.readline(_LONGEST - len(line))):
        line += piece
        if newline[0] == 0x0A and len(line) % 2:  # the other half of the character that ends in 0A
            line += file.read(1)
        if len(line) % 2 == 0 and line.endswith(newline):
            break
    return bytes(line)


def _decoded(line: bytes, encoding: str, where: str) -> str:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError as error:
        name = "UTF-8" if encoding == "utf-8" else "UTF-16"
        raise InputError(
            f"{where} is not {name} (byte {error.start} of the line). Save the file as UTF-8."
        ) from None


def _date(
    value: object, where: str, date_order: DateOrder, number: str
) -> tuple[dt.date | None, tuple[str, ...]]:
    """Return the date of a field, written as ISO 8601 or as in headers, and notes on it.

    A date that could be read two ways, or cannot be read, gives no date but a note.
    """
    if value is None or value == "":
        return None, ()
    if not isinstance(value, str):
        raise InputError(f'{where}: "date" is not text. Write it as "2008-04-04", or leave it out.')
    with suppress(ValueError):
        if not _WEEK.match(value):
            return dt.datetime.fromisoformat(value).date(), ()
    date, note = read_date(value, date_order, number)
    if date:
        return date, (note,) if note else ()
    return None, (note or f"The date “{value}” has no day, month or year, so it was left out.",)
