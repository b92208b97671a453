"""Reads Excel workbooks: each row of each sheet is a document, or each sheet is, as in `qa.formats.table`.

No macro or formula runs. Hidden sheets, rows and columns are left out. A formula has the result that Excel
stored. openpyxl reads the cells. Before that, this module searches each sheet for hidden parts, and for signs
of a hostile file.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
from contextlib import closing
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import openpyxl
from lxml import etree
from openpyxl.utils.escape import unescape
from openpyxl.worksheet import _read_only
from openpyxl.worksheet._reader import WorkSheetParser

from qa.errors import InputError
from qa.formats.columns import guessed, map_columns, prose_columns
from qa.formats.figures import Figures
from qa.formats.packages import DAMAGED, check_entities, open_package
from qa.formats.table import are_figures, check_columns, repeated_names, row_document
from qa.schema import Document, printable

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

    from qa.formats.source import Options, Source

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384  # Excel's own limits
MOST_XML = 200_000_000  # bytes of a sheet, which is read as a stream
_SECONDS_A_BYTE = 1e-6  # of XML: twice the time of rows with six cells
_MOST_DECIMALS = 30  # Excel's own limit
_HEADERS = 50  # rows that are searched for the names of columns: a title may be above them
_SAMPLE = 100  # rows that are searched for a column of prose
_MOST_NAMED = 5
# Parts of a number format without digits: quoted words, escaped characters, colours, conditions, padding.
_BESIDE = re.compile(r'"[^"]*"|\\.|\[[^\[\]]*\]|_.|\*.')
_DECIMAL = re.compile(r"(?P<whole>[#0?,]*[#0?])(?:\.(?P<places>[#0?]+))?(?P<percent>%?)")

_GUARDED: dict[str, Any] = {"resolve_entities": False, "load_dtd": False, "no_network": True}


@dataclass(slots=True)
class _Sheet:
    """A sheet, the names of its columns and their row, and its hidden rows and columns."""

    sheet: Any = None
    first: int = 0
    names: tuple[str, ...] = ()
    column_of: dict[str, str] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    uncalculated: int = 0
    guessed: str = ""

    @property
    def title(self) -> str:
        """The sheet's name, without characters that cannot be printed."""
        return printable(self.sheet.title)

    def remarks(self) -> tuple[str, ...]:
        """Return notes on a guessed column, on hidden parts, and on formulas without a result."""
        hidden = [(len(self.hidden_rows), "hidden row"), (len(self.hidden_columns), "hidden column")]
        counts = [f"{count:,} {what}{'s' * (count > 1)}" for count, what in hidden if count]
        left_out = f"Of the sheet “{self.title}”, {' and '.join(counts)} were left out." if counts else ""
        lacking = (
            f"In the sheet “{self.title}”, {self.uncalculated:,} formulas have no stored result and "
            "were read "
            "as empty: open the workbook in Excel and save it."
            if self.uncalculated
            else ""
        )
        return tuple(filter(None, (guessed(self.guessed) if self.guessed else "", left_out, lacking)))


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield a document for each row of each sheet, or an InputError for a refused row.

    A row's id is the sheet's name, "#", and the value in the column of ids, or else the row's number.
    Citations name the row's number. If no sheet has a column of text, each sheet of figures is a document
    with the sheet's name as its id.

    Raises:
        InputError: naming the source, if it is not a workbook, is damaged, locked or a bomb, or if no sheet
            has a column of text or consists of figures.
    """
    with closing(open_package(source, "XLSX", MOST_XML)) as package:
        size = sum(member.file_size for member in package.infolist() if member.filename.endswith(".xml"))
        source.more_time(size * _SECONDS_A_BYTE)
        seen = {member.filename: _scanned(package, member, source.name) for member in package.infolist()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about content that openpyxl could not save
        with closing(_opened(source)) as workbook:
            for sheet in workbook.worksheets:
                seen[sheet._worksheet_path].sheet = sheet
            yield from _documents(
                [seen[worksheet._worksheet_path] for worksheet in workbook.worksheets], source, options
            )


class _CellParser(WorkSheetParser):  # type: ignore[misc]
    """openpyxl's parser, changed so that a malformed cell does not stop the whole workbook."""

    col_counter: int

    def parse_cell(self, element: Any) -> Any:
        """Parse a cell. A malformed number or date becomes text. Another malformed cell becomes an error."""
        column = self.col_counter
        try:
            return super().parse_cell(element)
        except (ValueError, LookupError):  # such as a number of over 4,300 digits, or a missing string
            self.col_counter = column
            element.set("t", "str" if element.get("t", "n") in ("n", "d") else "e")
            element.attrib.pop("s", None)
            return super().parse_cell(element)


_read_only.WorkSheetParser = _CellParser  # openpyxl has no other way to set the parser


def _opened(source: Source) -> Any:
    """Return openpyxl's workbook of a source.

    Raises:
        InputError: openpyxl cannot read the source.
    """
    try:
        return openpyxl.load_workbook(
            io.BytesIO(source.data), read_only=True, data_only=True, keep_links=False
        )
    except MemoryError:
        raise
    except Exception as error:  # hostile bytes may make openpyxl raise any error
        raise InputError(
            f"{source.name} cannot be read as XLSX ({type(error).__name__}: {str(error)[:200]}). Open it in "
            "Excel or LibreOffice and save it again."
        ) from None


def _documents(all_sheets: list[_Sheet], source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield the documents of the visible sheets. The first has notes on the sheets that were left out.

    Raises:
        InputError: no sheet has rows with a column of text, or figures.
    """
    hidden = [sheet.title for sheet in all_sheets if sheet.sheet.sheet_state != "visible"]
    sheets: list[_Sheet] = []
    without: list[_Sheet] = []
    for sheet in all_sheets:
        if sheet.sheet.sheet_state == "visible":
            _find_columns(sheet, options)
            has_columns = "text" in sheet.column_of and not _lacks_a_column(sheet, options)
            (sheets if has_columns else without).append(sheet)
    if not sheets and not options.columns:
        sheets = [sheet for sheet in without if _guess_text(sheet)]
        without = [sheet for sheet in without if sheet not in sheets]
    if not sheets and (sheets := [sheet for sheet in without if _are_figures(sheet, options)]):
        without = [sheet for sheet in without if sheet.names and sheet not in sheets]
    if not all_sheets:
        raise InputError(
            f"{source.name} has no sheet that can be read: it may be in Excel's “Strict” format. Save it as "
            "an ordinary .xlsx."
        )
    if not sheets and without and not any(sheet.names for sheet in without):
        raise InputError(
            f"{source.name} has only empty sheets. Put a table in a sheet, or leave the file out."
        )
    if not sheets and without:
        first = next(sheet for sheet in without if sheet.names)
        where = f"{source.name}, sheet “{first.title}”,"
        check_columns(where, first.names, first.column_of, options, _sample(first, first.first))
    elif not sheets and hidden:
        raise InputError(f"{source.name} has only hidden sheets. Unhide a sheet in Excel, and save the file.")
    notes = [f"Hidden sheets were left out: {_listed(hidden)}."] if hidden else []
    if without:
        names = _listed([sheet.title for sheet in without])
        notes.append(f"Sheets were left out, because it is not clear which column holds the text: {names}.")
    empty = bool(sheets)
    for sheet in sheets:
        notes += sheet.remarks()
        has_text = "text" in sheet.column_of
        for item in _rows(sheet, source, options) if has_text else _figures(sheet, source):
            empty = False
            if isinstance(item, Document):
                item = replace(item, notes=(*item.notes, *notes))
                notes.clear()
            yield item
    if empty:
        raise InputError(f"{source.name} has no visible row below the names of its columns. Add a row.")


def _rows(sheet: _Sheet, source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield each visible row of a sheet as a document, or an InputError."""
    index = {field: sheet.names.index(name) for field, name in sheet.column_of.items()}
    stem = f"{printable(PurePath(source.file_name).stem)}, {sheet.title}"
    twice = repeated_names(sheet.names, index)
    rows = sheet.sheet.iter_rows(min_row=sheet.first + 1, max_row=MOST_ROWS, max_col=len(sheet.names))
    for number, row in enumerate(rows, sheet.first + 1):
        if number in sheet.hidden_rows:
            continue
        cells = [_cell_text(cell) for cell in row]
        if not any(cell.strip() for cell in cells):
            continue
        where = f"{source.name}, sheet “{sheet.title}”, row {number}"
        try:
            document = row_document(cells, sheet.names, index, number, where, stem, options, sheet.title)
        except InputError as error:
            yield error
            continue
        yield replace(document, notes=(*document.notes, *twice))


def _figures(sheet: _Sheet, source: Source) -> Iterator[Document | InputError]:
    """Yield a sheet of figures as one document, or an InputError."""
    figures = Figures(f"{source.name}, sheet “{sheet.title}”,")
    sheet.sheet.reset_dimensions()  # else each row is as wide as the workbook claims for the sheet
    try:
        for number, row in enumerate(sheet.sheet.iter_rows(max_row=MOST_ROWS), 1):
            if number not in sheet.hidden_rows:
                cells = [_cell_text(cell) for at, cell in enumerate(row, 1) if at not in sheet.hidden_columns]
                figures.add(number, cells)
        stem = printable(PurePath(source.file_name).stem)
        yield figures.document(sheet.title, f"{stem}, {sheet.title}", sheet.title)
    except InputError as error:
        yield error


def _find_columns(sheet: _Sheet, options: Options) -> None:
    """Find the row of column names: the first row that names the column of text, or else the fullest row."""
    rows = sheet.sheet.iter_rows(max_row=_HEADERS, max_col=MOST_COLUMNS)
    for number, row in enumerate(rows, 1):
        cells = [_cell_text(cell).strip() for cell in row]
        if not any(cells) or number in sheet.hidden_rows:
            continue
        while not cells[-1]:
            cells.pop()
        mapped = {name for _, name in options.columns}
        names = tuple(
            name if at not in sheet.hidden_columns or name in mapped else ""
            for at, name in enumerate(cells, 1)
        )
        column_of = map_columns(names, options.columns)
        if "text" in column_of or sum(map(bool, names)) > sum(map(bool, sheet.names)):
            sheet.first, sheet.names, sheet.column_of = number, names, column_of
        if "text" in column_of:
            return


def _sample(sheet: _Sheet, after: int) -> Iterator[list[str]]:
    """Yield the cells of the first visible rows after row number `after`."""
    rows = sheet.sheet.iter_rows(min_row=after + 1, max_row=after + _SAMPLE, max_col=max(1, len(sheet.names)))
    for number, row in enumerate(rows, after + 1):
        if number not in sheet.hidden_rows:
            yield [_cell_text(cell) for cell in row]


def _guess_text(sheet: _Sheet) -> bool:
    """Use the only column of prose as the text. Return whether exactly one column is prose."""
    prose = _prose_columns(sheet)
    if len(prose) == 1:
        sheet.guessed = prose[0]
        sheet.column_of = {**sheet.column_of, "text": sheet.guessed}
    return bool(sheet.guessed)


def _are_figures(sheet: _Sheet, options: Options) -> bool:
    """Return whether a sheet has figures and no prose, so that it becomes one document."""
    return bool(sheet.names) and are_figures(_prose_columns(sheet), _sample(sheet, 0), sheet.names, options)


def _prose_columns(sheet: _Sheet) -> list[str]:
    """Return the names of the columns that hold prose and are not used for metadata."""
    return prose_columns(sheet.names, _sample(sheet, sheet.first), {*sheet.column_of.values(), ""})


def _lacks_a_column(sheet: _Sheet, options: Options) -> bool:
    """Return whether a sheet lacks a column that the options name."""
    return any(column not in sheet.names for _, column in options.columns)


def _scanned(package: zipfile.ZipFile, member: zipfile.ZipInfo, workbook: str) -> _Sheet:
    """Check a file in a workbook's archive. If it is a sheet, note its hidden parts and empty formulas.

    Raises:
        InputError: naming the workbook, if the member is damaged, declares entities, or has more rows than a
            sheet may have.
    """
    seen = _Sheet()
    where = f"{workbook}, {member.filename},"
    number = 0
    try:
        with package.open(member) as file:
            _, root = next(etree.iterparse(file, events=("start",), **_GUARDED))
            check_entities(root, where)
            if etree.QName(root).localname != "worksheet":
                return seen
        with package.open(member) as file:
            for _, element in etree.iterparse(file, tag=("{*}row", "{*}col", "{*}c"), **_GUARDED):
                tag = element.tag.rpartition("}")[2]
                if tag == "c":
                    formula = element.find("{*}f") if len(element) > 0 else None
                    seen.uncalculated += formula is not None and not element.findtext("{*}v")
                    continue
                if tag == "col" and _is_on(element.get("hidden")):
                    first, last = int(element.get("min")), min(int(element.get("max")), MOST_COLUMNS)
                    seen.hidden_columns.update(range(max(1, first), last + 1))
                elif tag == "row":
                    number = int(element.get("r") or number + 1)
                    if number > MOST_ROWS:
                        raise InputError(f"{where} has more than {MOST_ROWS:,} rows. Split it.")
                    if _is_on(element.get("hidden")):
                        seen.hidden_rows.add(number)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
    except (etree.XMLSyntaxError, ValueError, TypeError) as error:
        if "unknown error" in str(error):  # lxml's message if memory runs out
            raise MemoryError from None
        if member.filename.lower().endswith((".xml", ".rels")):
            raise InputError(
                f"{where} is not well-formed, or has a cell of more than 10 MB ({str(error)[:200]}). Open it "
                "in Excel or LibreOffice and save it again."
            ) from None
    except DAMAGED as error:
        if "Error -4" in str(error):  # zlib's message if memory runs out
            raise MemoryError from None
        raise InputError(f"{where} is damaged ({str(error)[:200]}). Copy the workbook again.") from None
    return seen


def _cell_text(cell: Any) -> str:
    """Return what Excel shows in a cell, but a date in ISO 8601, and "" for an error."""
    value = cell.value
    if value is None or cell.data_type == "e":
        return ""
    if isinstance(value, str):
        return str(unescape(value))
    if isinstance(value, bool):
        return str(value).upper()
    pattern = _BESIDE.sub("", cell.number_format or "").partition(";")[0].strip()
    if isinstance(value, dt.datetime):
        return _date_text(value, pattern.lower())
    if isinstance(value, (int, float)):
        return _number_text(value, pattern)
    return str(value)


def _date_text(moment: dt.datetime, pattern: str) -> str:
    """Return a date in ISO 8601, no more exact than Excel shows it: a month has no day."""
    if "y" in pattern and "d" not in pattern:
        return moment.strftime("%Y-%m" if "m" in pattern else "%Y")
    return moment.date().isoformat() if moment.time() == dt.time() else moment.isoformat(" ", "seconds")


def _number_text(value: float, pattern: str) -> str:
    """Return a number with the decimals, zeros, commas and percent sign of its format.

    If the format has anything else, return up to 15 significant digits.
    """
    match = _DECIMAL.fullmatch(pattern)
    decimals = (match["places"] or "") if match else ""
    if match is None or len(decimals) > _MOST_DECIMALS or not abs(value) < 1e15:
        return f"{value:.15g}" if abs(value) < 1e300 else str(value)  # a whole number may exceed floats
    with localcontext(prec=_MOST_DECIMALS + 20):  # digits: 15 before the point, or 17 in a percentage
        number = Decimal(repr(value)) * (100 if match["percent"] else 1)
        number = number.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    text = f"{number.copy_abs():{',' if ',' in match['whole'] else ''}f}"
    whole, point, rest = text.partition(".")
    while len(rest) > decimals.count("0") and rest.endswith("0"):
        rest = rest[:-1]
    if "," not in match["whole"]:
        whole = whole.zfill(match["whole"].count("0"))
    sign = "-" if number < 0 else ""
    return f"{sign}{whole}{point if rest else ''}{rest}{match['percent']}"


def _is_on(attribute: str | None) -> bool:
    """Return whether an XML attribute is true."""
    return attribute in ("1", "true")


def _listed(names: list[str]) -> str:
    """Return the first few of the names in quotation marks, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(f"“{name}”" for name in names[:_MOST_NAMED]) + more
