"""CSV and TSV: each row is a document. `qa.formats.columns` tells which column holds what."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.formats.columns import places
from qa.formats.jsonl import document_of
from qa.formats.text import CONVERT, MOST_BYTES, describe, printable
from qa.schema import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.formats.source import Options, Source
    from qa.schema import Document

_DELIMITERS = ",;\t|"
_CHUNK = 1_000_000


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield a document for each row; one that is refused comes as an InputError.

    Its id is what the column of ids holds, or else the number of the row, as a spreadsheet counts: the names
    of the columns are row 1. That number is what citations name.

    Raises:
        InputError: naming the source, when it is no table, not UTF-8 or UTF-16, or has no column of text.
    """
    encoding = _encoding(source)
    csv.field_size_limit(MOST_BYTES)
    names, delimiter = _header(source, encoding)
    found = places(tuple(names), options.columns)
    _check(source, names, found, options)
    index = {field: names.index(name) for field, name in found.items()}
    stem = printable(PurePath(source.file_name).stem)
    rows = csv.reader(_lines(source, encoding), delimiter=delimiter)
    next(rows)
    number = 1
    while True:
        number += 1
        where = f"{source.name}, row {number}"
        try:
            row = next(rows, None)
            if row is None:
                break
            if not any(cell.strip() for cell in row):
                continue
            yield _document(row, names, index, number, where, stem, options)
        except InputError as error:
            yield error
        except csv.Error as error:
            yield InputError(f"{where} cannot be read: {error}. Save the table anew as CSV.")
    if number == 2:
        raise InputError(f"{source.name} has no row below the names of its columns. Add one.")


def _document(
    row: Sequence[str],
    names: Sequence[str],
    index: dict[str, int],
    number: int,
    where: str,
    stem: str,
    options: Options,
) -> Document:
    if any(cell.strip() for cell in row[len(names) :]):
        raise InputError(
            f"{where} has {len(row)} cells, and there are {len(names)} columns. "
            "Put a text that holds the separator in quotation marks."
        )
    record = {field: row[place] for field, place in index.items() if place < len(row)}
    name = record.get("_id", "").strip() or str(number)
    sha256 = hashlib.sha256(json.dumps(row).encode()).hexdigest()
    document = document_of(record, name, sha256, where, "", options.date_order)
    rows = (Section(0, len(document.text), "row", str(number)),)
    return describe(replace(document, sections=rows), f"{stem}, row {number}", options.date_order)


def _encoding(source: Source) -> str:
    """Tell the encoding by its mark, or UTF-8; all bytes must be of it.

    Raises:
        InputError: naming the source, when they are not, or there are none.
    """
    data = source.data
    if not data.strip():
        raise InputError(f"{source.name} is empty. Put a table in it, or leave it out.")
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not marked and b"\0" in data[:4096]:
        raise InputError(f"{source.name} is a binary file, or UTF-16 without a mark. Save it in UTF-8.")
    encoding = "utf-16" if marked else "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data), _CHUNK):
        try:
            decoder.decode(data[start : start + _CHUNK], final=start + _CHUNK >= len(data))
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, start + error.start) + 1
            which = "UTF-16" if marked else "UTF-8"
            raise InputError(
                f"{source.name} is not {which} (line {line}: {error.reason}). {CONVERT}"
            ) from None
    return encoding


def _lines(source: Source, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(source.data), encoding, newline="")


def _header(source: Source, encoding: str) -> tuple[list[str], str]:
    """Read the names of the columns, and tell what separates them: what makes the most of them."""
    delimiters = "\t" if source.file_name.lower().endswith(".tsv") else _DELIMITERS
    headers = []
    for delimiter in delimiters:
        try:
            names = next(csv.reader(_lines(source, encoding), delimiter=delimiter), [])
        except csv.Error as error:
            raise InputError(f"{source.name} is no table: {error}. Save it anew as CSV.") from None
        headers.append((names, delimiter))
    return max(headers, key=lambda header: len(header[0]))


def _check(source: Source, names: Sequence[str], found: dict[str, str], options: Options) -> None:
    """Refuse a table without a column of text, or without one that is asked for."""
    there = ", ".join(name.strip() or "(no name)" for name in names[:50])[:1_000]
    for field, column in options.columns:
        if column not in names:
            raise InputError(
                f"{source.name} has no column “{column}”. It has: {there}. Name one: --column {field}=COLUMN."
            )
    if "text" not in found:
        raise InputError(
            f"{source.name} has no column that is known to hold text. It has: {there}. "
            "Say which does: --column text=COLUMN."
        )
