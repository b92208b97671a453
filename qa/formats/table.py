"""Reads CSV and TSV: each row is a document, or the whole table is one document if no column is text.

`qa.formats.columns` finds the column for each field.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from qa.errors import InputError, TextColumnError
from qa.formats.columns import guessed, map_columns, prose_columns, with_values
from qa.formats.encoding import codec_of, notes_on
from qa.formats.figures import Figures, begins_at
from qa.formats.jsonl import document_of
from qa.formats.text import MOST_BYTES, MOST_CHARACTERS, describe
from qa.schema import Section, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qa.formats.source import Options, Source
    from qa.schema import Document

_DELIMITERS = ",;\t|"
_NO_DELIMITER = "\x1f"  # `csv` needs a delimiter: no text contains this character
_SEPARATOR = re.compile(r"\"?sep=([^\r\n\"])\"?\s*", re.IGNORECASE)
_SAMPLE = 100  # rows that are looked at to find columns and the delimiter
_ROWS = 1_000  # after so many rows, ask for more time
SECONDS_A_ROW = 0.001  # four times the usual time: the machine may be busy


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield a document for each row, or one document of figures. A refused row is yielded as an InputError.

    A row's id is the value in the column of ids, or else the number of the row, as a spreadsheet counts: the
    names of the columns are row 1. Citations name the number.

    Raises:
        InputError: naming the source, if it is not a table, may have its text in several columns, or has an
            unknown encoding.
    """
    encoding = _encoding(source)
    table = _open(source, encoding)
    column_of = dict(map_columns(tuple(table.names), options.columns))  # a copy: the result is cached
    first_notes = notes_on(encoding)  # notes for the first document
    is_known = "text" in column_of or any(field == "text" for field, _ in options.columns)
    if not is_known:
        prose = prose_columns(table.names, table.sample(), {*column_of.values(), ""})
        if len(prose) == 1:
            column_of["text"] = prose[0]
            first_notes = (*first_notes, guessed(prose[0]))
        elif are_figures(prose, [table.names, *table.sample()], table.names, options):
            yield from _figures(source, encoding, first_notes)
            return
    check_columns(source.name, table.names, column_of, options, table.sample())
    index = {field: table.names.index(name) for field, name in column_of.items()}
    stem = printable(PurePath(source.file_name).stem)
    twice = repeated_names(table.names, index)
    well_quoted = table.is_well_quoted(table.lines())
    number = table.first
    for number, row in _numbered(table):
        where = f"{source.name}, row {number}"
        if row.problem:
            yield InputError(f"{where} {row.problem}")
        if not any(cell.strip() for cell in row.cells):
            continue
        try:
            document = row_document(row.cells, table.names, index, number, where, stem, options)
        except InputError as error:
            yield error
            continue
        notes = [*first_notes, *twice, *row.doubts(well_quoted=well_quoted)]
        first_notes = ()
        yield replace(document, notes=(*document.notes, *notes))
    if number == table.first:
        raise InputError(f"{source.name} has no row below the names of its columns. Add a row.")


def _figures(source: Source, encoding: str, notes: tuple[str, ...]) -> Iterator[Document | InputError]:
    """Yield an InputError for each refused row, and then a table of figures as one document."""
    table = _open(source, encoding, titled=True)
    well_quoted = table.is_well_quoted(table.lines())
    figures = Figures(source.name)
    figures.add(table.first, next(table.rows(table.lines())))
    doubts: list[str] = []
    for number, row in _numbered(table):
        where = f"{source.name}, row {number}"
        if row.problem:
            yield InputError(f"{where} {row.problem}")
            continue
        try:
            _check_width(where, row.cells, len(table.names))
        except InputError as error:
            yield error
            continue
        figures.add(number, row.cells)
        doubts = doubts or [f"Row {number}: {doubt}" for doubt in row.doubts(well_quoted=well_quoted)]
    stem = printable(PurePath(source.file_name).stem)
    yield replace(figures.document(stem, stem), notes=(*notes, *doubts))


def _numbered(table: _Table) -> Iterator[tuple[int, _Row]]:
    """Yield the rows below the header with their numbers, and ask for the time to read them."""
    for number, row in enumerate(_rows(table), table.first + 1):
        if number % _ROWS == 0:
            table.source.more_time(_ROWS * SECONDS_A_ROW)
        yield number, row


@dataclass(frozen=True, slots=True)
class _Table:
    """A table in a file.

    Attributes:
        source, encoding: the file and its encoding.
        skipped: how many lines of the file are above the table.
        first: the number of the header's row.
        delimiter: the separator of the cells.
        names: the cells of the header.
    """

    source: Source
    encoding: str
    skipped: int
    first: int
    delimiter: str = _DELIMITERS[0]
    names: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield the lines of the header and all lines below."""
        return islice(_lines(self.source, self.encoding), self.skipped, None)

    def rows(self, lines: Iterable[str], *, strict: bool = False) -> Any:
        """Read lines with `csv.reader`."""
        return csv.reader(lines, delimiter=self.delimiter, strict=strict)

    def sample(self) -> Iterator[list[str]]:
        """Yield the first rows below the header."""
        return islice(self.rows(self.lines()), 1, _SAMPLE)

    def is_well_quoted(self, lines: Iterable[str]) -> bool:
        """Return whether each quotation mark in the lines is closed, or doubled inside a quoted cell."""
        try:
            for _ in self.rows(lines, strict=True):
                pass
        except csv.Error:
            return False
        return True

    def is_row(self, line: str) -> bool:
        """Return whether a line by itself has as many cells as there are columns."""
        return len(next(self.rows([line]))) == len(self.names)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table.

    Attributes:
        cells: the cells, or [] if the row cannot be read.
        lines: how many lines the row takes up.
        torn: whether the row may be part of the text of an earlier row that cannot be read.
        problem: why the row cannot be read, or "".
    """

    cells: list[str]
    lines: int
    torn: bool = False
    problem: str = ""

    def doubts(self, *, well_quoted: bool) -> list[str]:
        """Return notes on why the row may be wrong, in a table that is `well_quoted` or not."""
        doubts = []
        if self.lines > 1 and not well_quoted:
            doubts.append(
                f"This row takes up {self.lines:,} lines of the table, and a quotation mark in it is "
                "not closed "
                "or not doubled: other rows may be part of this row."
            )
        if self.torn:
            doubts.append(
                "A row above has a quotation mark that is never closed: this row may be part of its text."
            )
        return doubts


def _rows(table: _Table) -> Iterator[_Row]:
    """Yield the rows below the header.

    If a quotation mark is never closed, its row takes in other rows. Such a row is refused, because its end
    is unknown. Reading goes on at the next line that is a row by itself.
    """
    rest = table.lines()
    header = table.rows(rest)
    next(header)
    at = table.skipped + header.line_num + 1
    ahead: deque[str] = deque()  # lines that were read as part of a refused row
    torn = False  # whether some lines of `ahead` are not rows
    while True:
        torn = torn and bool(ahead)
        taken: list[str] = []
        problem = ""
        try:
            cells = next(table.rows(_taking(ahead, rest, taken)), None)
        except csv.Error as error:
            cells, problem = [], f"cannot be read: {error}. Save the table again as CSV."
        if cells is None:
            return
        alone = [table.is_row(line) for line in taken[1:]]
        cut_off = len(taken) > 1 and sum(map(len, taken)) > MOST_CHARACTERS
        if (any(alone) or cut_off) and not table.is_well_quoted(taken):
            torn = torn or any(line.strip() and not row for line, row in zip(taken[1:], alone, strict=True))
            own = 1 + alone.index(True) if any(alone) else len(taken)
            ahead.extendleft(reversed(taken[own:]))
            del taken[own:]
            lines = f"line {at}" if own == 1 else f"lines {at}–{at + own - 1}"
            cells = []
            problem = (
                f"({lines} of the file) has a quotation mark that is never closed, so this row was "
                "left out. The "
                "rows below were read. Close the mark, or double it if it is part of the text."
            )
        yield _Row(cells, len(taken), torn, problem)
        at += len(taken)


def _taking(ahead: deque[str], rest: Iterator[str], taken: list[str]) -> Iterator[str]:
    """Yield lines, `ahead` first, and add them to `taken`. Stop at the maximum characters of a document."""
    characters = 0
    while characters <= MOST_CHARACTERS:
        line = ahead.popleft() if ahead else next(rest, None)
        if line is None:
            return
        taken.append(line)
        characters += len(line)
        yield line


def _open(source: Source, encoding: str, *, titled: bool = False) -> _Table:
    """Find where a table begins, and what separates its cells.

    A first line "sep=;", as Excel writes it, names the separator. Otherwise, the best separator cuts the most
    rows into as many cells as the header, and among equals, into the most cells. If no separator cuts the
    header, the table has one column. A `titled` table may have other lines above its header.
    """
    csv.field_size_limit(MOST_BYTES)
    delimiters = "\t" if source.file_name.lower().endswith(".tsv") else _DELIMITERS
    skipped = blank = 0
    for line in _lines(source, encoding):
        separator = _SEPARATOR.fullmatch(line)
        if separator:
            delimiters = separator[1]
        elif line.strip():
            break
        else:
            blank += 1
        skipped += 1
    best, most = None, (0.0, False, 0)
    for delimiter in delimiters:
        table = _Table(source, encoding, skipped, blank + 1, delimiter)
        try:
            every = [row for row in islice(table.rows(table.lines()), _SAMPLE) if row] or [[]]
        except csv.Error as error:
            raise InputError(f"{source.name} is not a table: {error}. Save it again as CSV.") from None
        top = begins_at(every) if titled else 0
        names, *rows = every[top:]
        alike = sum(len(row) == len(names) for row in rows) / max(1, len(rows))
        # The commas may be only in the title, or only in the values below one name: "Smith, John".
        if titled and (len(names) == 1 + bool(top) or not any(len(row) > 1 for row in rows)):
            continue
        if len(names) > 1 and (best is None or (alike, not top, len(names)) > most):
            best, most = replace(table, names=tuple(names)), (alike, not top, len(names))
    if best is None:
        best = _Table(source, encoding, skipped, blank + 1, _NO_DELIMITER)
        best = replace(best, names=tuple(next(best.rows(best.lines()), [])))
    return best


def repeated_names(names: Sequence[str], index: dict[str, int]) -> list[str]:
    """Return notes on columns that are read and whose name occurs twice."""
    folded = [name.strip().casefold() for name in names]
    twice = [names[position].strip() for position in index.values() if folded.count(folded[position]) > 1]
    return [f"The table has two columns “{name}”: the first was read." for name in twice]


def row_document(
    row: Sequence[str],
    names: Sequence[str],
    index: dict[str, int],
    number: int,
    where: str,
    stem: str,
    options: Options,
    sheet: str = "",
) -> Document:
    """Return the document of a row. Its sections name the row's number and the row's `sheet`, if any.

    Raises:
        InputError: naming `where`, if the row has too many cells, no text, or a field that cannot be read.
    """
    _check_width(where, row, len(names))
    record = {field: row[position] for field, position in index.items() if position < len(row)}
    name = record.get("_id", "").strip() or str(number)
    sha256 = hashlib.sha256(json.dumps(row).encode()).hexdigest()
    sources = {field: f"column “{names[position].strip()}”" for field, position in index.items()}
    document = document_of(record, sources, name, sha256, where, "", options.date_order)
    end = len(document.text)
    within = (Section(0, end, "sheet", sheet),) if sheet else ()
    document = replace(
        document,
        id=f"{sheet}#{name}" if sheet else name,
        sections=(*within, Section(0, end, "row", str(number))),
    )
    return describe(document, f"{stem}, row {number}", options.date_order)


def _check_width(where: str, row: Sequence[str], columns: int) -> None:
    if any(cell.strip() for cell in row[columns:]):
        raise InputError(
            f"{where} has {len(row)} cells, and there are {columns} columns. "
            "Put a text that holds the separator in quotation marks."
        )


def _encoding(source: Source) -> str:
    """Return the encoding of all bytes: by the byte order mark, or UTF-8, or a guess from the bytes.

    Raises:
        InputError: naming the source, if the encoding is unknown, or the source is empty.
    """
    if not source.data.strip():
        raise InputError(f"{source.name} is empty. Put a table in it, or leave it out.")
    return codec_of(source.data, source.name)


def _lines(source: Source, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(source.data), encoding, newline="")


def are_figures(
    prose: Sequence[str], rows: Iterable[Sequence[str]], names: Sequence[str], options: Options
) -> bool:
    """Return whether a table is one document: no column is `prose`, and it has two rows or more.

    Return False if the user named a column that the table does not have. Such a table is refused later.
    """
    is_table = sum(any(cell.strip() for cell in row) for row in rows) > 1
    return is_table and not prose and all(column in names for _, column in options.columns)


def check_columns(
    where: str,
    names: Sequence[str],
    column_of: dict[str, str],
    options: Options,
    rows: Iterable[Sequence[str]],
) -> None:
    """Raise an error if a table has no column of text, or lacks a column that the user named.

    Raises:
        InputError: naming `where`, if a named column is missing.
        TextColumnError: naming `where`, with values from `rows`, if the column of text is missing or unknown.
    """
    listed = ", ".join(" ".join(name.split()) or "(no name)" for name in names[:50])[:1_000]
    for field, column in options.columns:
        if column not in names:
            message = (
                f"{where} has no column “{column}”. It has: {listed}. Name one: --column {field}=COLUMN."
            )
            if field == "text":
                raise TextColumnError(message, with_values(names, rows))
            raise InputError(message)
    if "text" not in column_of:
        message = (
            f"{where} does not say which column holds the text. Its columns are: {listed}. "
            "Call one of them “text”; or say which it is with --column text=COLUMN."
        )
        raise TextColumnError(message, with_values(names, rows))
