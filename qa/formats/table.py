"""CSV and TSV: each row is a document. `qa.formats.columns` tells which column holds what."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from qa.errors import InputError
from qa.formats.columns import places
from qa.formats.jsonl import document_of
from qa.formats.text import CONVERT, MOST_BYTES, describe
from qa.schema import Section, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.formats.source import Options, Source
    from qa.schema import Document

_DELIMITERS = ",;\t|"
_NO_DELIMITER = "\x1f"  # `csv` wants one: this one no text holds
_SEPARATOR = re.compile(r"\"?sep=([^\r\n\"])\"?\s*", re.IGNORECASE)
_SAMPLE = 100  # rows
_CHUNK = 1_000_000


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield a document for each row; one that is refused comes as an InputError.

    Its id is what the column of ids holds, or else the number of the row, as a spreadsheet counts: the names
    of the columns are row 1. That number is what citations name.

    Raises:
        InputError: naming the source, when it is no table, not UTF-8 or UTF-16, or has no column of text.
    """
    table = _open(source, _encoding(source))
    found = places(tuple(table.names), options.columns)
    _check(source, table.names, found, options)
    index = {field: table.names.index(name) for field, name in found.items()}
    stem = printable(PurePath(source.file_name).stem)
    twice = [f"The table has two columns “{name}”: the first was read." for name in _twice(table, index)]
    well_quoted = _is_well_quoted(table)
    rows = table.rows()
    next(rows)
    number = table.first
    while True:
        number += 1
        where = f"{source.name}, row {number}"
        begun = rows.line_num
        try:
            row = next(rows, None)
            if row is None:
                break
            if not any(cell.strip() for cell in row):
                continue
            document = _document(row, table.names, index, number, where, stem, options)
            lines = rows.line_num - begun
            notes = list(twice)
            if lines > 1 and not well_quoted:
                notes.append(
                    f"This row takes up {lines:,} lines of the table, in which some quotation mark is not "
                    "closed or not doubled: other rows may be part of it."
                )
            yield replace(document, notes=(*document.notes, *notes))
        except InputError as error:
            yield error
        except csv.Error as error:
            yield InputError(f"{where} cannot be read: {error}. Save the table anew as CSV.")
    if number == table.first + 1:
        raise InputError(f"{source.name} has no row below the names of its columns. Add one.")


@dataclass(frozen=True, slots=True)
class _Table:
    """A table's lines below `skipped` ones, the separator of its cells, its header, and that one's row."""

    source: Source
    encoding: str
    skipped: int
    first: int
    delimiter: str = _DELIMITERS[0]
    names: tuple[str, ...] = ()

    def rows(self, *, strict: bool = False) -> Any:
        """Read the header and the rows, by `csv.reader`."""
        lines = islice(_lines(self.source, self.encoding), self.skipped, None)
        return csv.reader(lines, delimiter=self.delimiter, strict=strict)


def _open(source: Source, encoding: str) -> _Table:
    """Find where a table begins, and what separates its cells.

    That is what a first line "sep=;" says, as Excel writes it; or else what cuts the most rows into as many
    cells as the header, and of several the most. A header that none of them cuts is of one column.
    """
    csv.field_size_limit(MOST_BYTES)
    delimiters = "\t" if source.file_name.lower().endswith(".tsv") else _DELIMITERS
    skipped = blank = 0
    for line in _lines(source, encoding):
        said = _SEPARATOR.fullmatch(line)
        if said:
            delimiters = said[1]
        elif line.strip():
            break
        else:
            blank += 1
        skipped += 1
    best, most = None, (0.0, 0)
    for delimiter in delimiters:
        table = _Table(source, encoding, skipped, blank + 1, delimiter)
        try:
            names, *rows = [row for row in islice(table.rows(), _SAMPLE) if row] or [[]]
        except csv.Error as error:
            raise InputError(f"{source.name} is no table: {error}. Save it anew as CSV.") from None
        alike = sum(len(row) == len(names) for row in rows) / max(1, len(rows))
        if len(names) > 1 and (best is None or (alike, len(names)) > most):
            best, most = replace(table, names=tuple(names)), (alike, len(names))
    if best is None:
        best = _Table(source, encoding, skipped, blank + 1, _NO_DELIMITER)
        best = replace(best, names=tuple(next(best.rows(), [])))
    return best


def _is_well_quoted(table: _Table) -> bool:
    try:
        for _ in table.rows(strict=True):
            pass
    except csv.Error:
        return False
    return True


def _twice(table: _Table, index: dict[str, int]) -> list[str]:
    """Return the names of columns that are read, and of which there are two."""
    names = [name.strip().casefold() for name in table.names]
    return [table.names[place].strip() for place in index.values() if names.count(names[place]) > 1]


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
