"""Write the workbooks in this folder: `python tests/qa/formats/xlsx/make.py`."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl

from tests.qa.formats.zip.make import packed

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(sheets: dict[str, Sequence[Sequence[Any]]]) -> bytes:
    """Return a workbook of these rows in the form of openpyxl."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """Return the bytes of a workbook."""
    book.properties.created = book.properties.modified = dt.datetime(2008, 4, 4)  # noqa: DTZ001
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def raw(sheet: str | bytes, *, strings: bytes = b"", prolog: bytes = b"") -> bytes:
    """Return a workbook of one sheet with this XML, which no program writes."""
    sheet = sheet.encode() if isinstance(sheet, str) else sheet
    shared = f'<Relationship Id="r2" Type="{_RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>'
    members = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship '
        f'Id="r1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>{shared}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        '<sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
    }
    return packed(
        {name: text.encode() for name, text in members.items()}
        | {
            "xl/sharedStrings.xml": b'<sst xmlns="%s">%s</sst>' % (_MAIN.encode(), strings),
            "xl/worksheets/sheet1.xml": prolog
            + b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (_MAIN.encode(), sheet),
        }
    )


def cell(text: str) -> str:
    """Return a cell with an inline text."""
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'


def briefs() -> bytes:
    """Return a workbook with all parts that a table may have."""
    book = openpyxl.Workbook()
    prices = book.active
    assert prices is not None
    prices.title = "Prices"
    prices.append(["Prices at the border, April 2008"])
    prices.append([])
    prices.append(["id", "Headline", "body", "Published", "outlet", "number", "secret"])
    day = dt.datetime(2008, 4, 4)  # noqa: DTZ001
    prices.append(
        ["w-1", "Copper prices rise", "Copper rose by 4 percent.\nIt will not last.", day, "Border Wire", 7]
    )
    prices.append([None, "Hidden", "This row is hidden.", day])
    prices.append(
        [None, "Rice aid arrives", "Three ships came to Nampo.", "5 May 2008", "Border Wire", 12, "x"]
    )
    prices["F4"].number_format = "000"
    prices["D4"].number_format = "d mmmm yyyy"
    prices.row_dimensions[5].hidden = True
    prices.column_dimensions["G"].hidden = True
    hidden = book.create_sheet("Plans")
    hidden.append(["text"])
    hidden.append(["This sheet is hidden."])
    hidden.sheet_state = "hidden"
    book.create_sheet("Notes").append(["Compiled by the desk"])
    aid = book.create_sheet("Aid")
    aid.append(["text", "share"])
    aid.append(["No ship came on Friday.", 0.125])
    aid.append(['="Ship"', None])
    return saved(book)


def budget() -> bytes:
    """Return a workbook of figures, with all parts that their sheets may have."""
    book = openpyxl.Workbook()
    revenue = book.active
    assert revenue is not None
    revenue.title = "Revenue"
    for row in (
        ["Revenue of the port, thousand USD"],
        [],
        [None, dt.datetime(2007, 1, 1), None, 2008, "secret"],  # noqa: DTZ001
        ["Fees"],
        ["Berths, north", 1250, None, 0.125],
        ["Hidden", 1, None, 1],
        [],
        ["Cranes", None, None, "n/a", "x"],
        ["Total", "=SUM(B5:B8)", None, 7],
    ):
        revenue.append(row)
    revenue["B3"].number_format = "yyyy"
    revenue["B5"].number_format = "#,##0.0"
    revenue["D5"].number_format = "0.0%"
    revenue.row_dimensions[6].hidden = True
    revenue.column_dimensions["E"].hidden = True
    staff = book.create_sheet("2008")
    for row in (["Quay", "Men", "Since"], ["North", 12, dt.datetime(2008, 4, 4)], ["South", 9]):  # noqa: DTZ001
        staff.append(row)
    book.create_sheet("Empty")
    book.create_sheet("Sources").append(["Compiled by the desk"])
    hidden = book.create_sheet("Plans")
    hidden.append(["Quay", "Men"])
    hidden.append(["East", 4])
    hidden.sheet_state = "hidden"
    return saved(book)


if __name__ == "__main__":
    (HERE / "briefs.xlsx").write_bytes(briefs())
    (HERE / "budget.xlsx").write_bytes(budget())
