"""Reads JSON: one record or a list of records. Each record is a document with the keys of JSON Lines."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from qa.errors import InputError
from qa.formats import jsonl
from qa.formats.columns import map_columns
from qa.formats.encoding import CONVERT, encoding_of
from qa.formats.text import describe
from qa.schema import Section, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.formats.source import Options, Source
    from qa.schema import Document

MOST_RECORDS = 500_000
SECONDS_A_RECORD = 0.0005  # twice the usual time
LISTS = ("documents", "items", "data")  # the keys of an object that may contain the list of records
_EXPECTED = (
    'Write a list of records, [{"_id": …, "title": …, "text": …}, …], or one record, or '
    '{"documents": [records]}. '
    "If the text has another key, use --column text=KEY."
)


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield a document for each record, or an InputError for a refused record.

    A document's id is the record's id, or else the record's number in the list. Citations then name the
    number.

    Raises:
        InputError: naming the source, if it is not JSON, has no records, or has too many.
    """
    try:
        text = source.data.decode(encoding_of(source.data))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{source.name} is neither UTF-8 nor UTF-16 with a mark (byte {error.start}). {CONVERT}"
        ) from None
    if not text.strip():
        raise InputError(f"{source.name} is empty. {_EXPECTED}")
    try:
        records = _records(json.loads(text, parse_int=jsonl.whole_number), source.name, options)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and _is_object(text.lstrip().partition("\n")[0]):
            yield from jsonl.read(source, options)
            return
        raise InputError(
            f"{source.name} is not JSON: {error.msg} (line {error.lineno}, column {error.colno}). {_EXPECTED}"
        ) from None
    except RecursionError as error:  # brackets a thousand deep
        raise InputError(f"{source.name} cannot be read as JSON: {error}. {_EXPECTED}") from None
    del text
    if len(records) > MOST_RECORDS:
        raise InputError(f"{source.name} holds more than {MOST_RECORDS:,} records. Split it.")
    source.more_time(len(records) * SECONDS_A_RECORD)
    stem = printable(PurePath(source.file_name).stem)
    seen: set[str] = set()
    for number, record in enumerate(records, 1):
        where = f"{source.name}, record {number}"
        try:
            document = _document(record, number, where, stem, options)
        except InputError as error:
            yield error
            continue
        if document.id in seen and not document.sections:
            yield InputError(f"{where}: the id {document.id!r} was used before. Give each record its own id.")
            continue
        seen.add(document.id)
        yield document


def _records(value: object, name: str, options: Options) -> list[Any]:
    """Return the records in a JSON value.

    Raises:
        InputError: naming `name`, if the value has no records.
    """
    if isinstance(value, dict):
        lists = [key for key in LISTS if isinstance(value.get(key), list)]
        if "text" in map_columns(tuple(value), options.columns):
            value = [value]
        elif len(lists) == 1:
            value = value[lists[0]]
        else:
            keys = ", ".join(f"“{key}”" for key in list(value)[:20])[:1_000] or "no key"
            raise InputError(
                f"{name} is an object without a text and without a list of records: it has {keys}. "
                f"{_EXPECTED}"
            )
    if not isinstance(value, list):
        raise InputError(f"{name} is neither a list of records nor a record. {_EXPECTED}")
    if not value:
        raise InputError(f"{name} has no records. Put a record in it, or leave it out.")
    return value


def _document(record: object, number: int, where: str, stem: str, options: Options) -> Document:
    """Return a record as a document. Without an id, it is known by its number."""
    if not isinstance(record, dict):
        raise InputError(f'{where} is not an object. Write {{"_id": …, "title": …, "text": …}}.')
    sha256 = hashlib.sha256(json.dumps(record).encode()).hexdigest()
    fields, sources = jsonl.fields_of(record, where, options)
    has_id = "_id" in fields or any(field == "id" for field, _ in options.columns)
    name = jsonl.id_of(fields, where) if has_id else str(number)
    document = jsonl.document_of(fields, sources, name, sha256, where, "", options.date_order)
    if has_id:
        return describe(document, name, options.date_order)
    section = Section(0, len(document.text), "record", name)
    return describe(replace(document, sections=(section,)), f"{stem}, record {number}", options.date_order)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
