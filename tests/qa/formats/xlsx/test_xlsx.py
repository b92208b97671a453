from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.ingest import Instant
from qa.corpus import Corpus
from qa.document.metadata import MOST_FIELD
from qa.document.row_identity import numbered
from qa.document.segment import sentences
from qa.document.tables import row as row_of
from qa.errors import InputError, TextColumnError
from qa.formats.kinds import kind_of, read_source
from qa.formats.source import Options, Source
from qa.formats.worker import Worker
from qa.schema import Document, Found, Section, locator
from tests.qa.formats.reading import check, with_member
from tests.qa.formats.xlsx.make import cell, raw, saved, workbook
from tests.qa.formats.zip.make import packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
ROW = f"<row>{cell('text')}</row>"


def found(data: bytes, name: str = "a.xlsx", **columns: str) -> list[Document | InputError]:
    items: list[Document | InputError] = []
    try:
        items += read_source(Source(name, name, data), Options(columns=tuple(columns.items())))
    except InputError as error:
        items.append(error)
    return items


def documents(data: bytes, name: str = "a.xlsx", **columns: str) -> list[Document]:
    items = found(data, name, **columns)
    assert all(isinstance(item, Document) for item in items), items
    return [item for item in items if isinstance(item, Document)]


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


@pytest.fixture
def worker() -> Iterator[Worker]:
    with Worker() as opened:
        yield opened


def test_each_row_of_each_sheet_is_a_document_with_what_its_columns_hold() -> None:
    copper, rice, aid = documents((HERE / "briefs.xlsx").read_bytes(), "briefs.xlsx")
    assert (copper.id, rice.id, aid.id) == ("#Prices#w-1", "#Prices#6", "#Aid#2")
    assert copper.text == "Copper rose by 4 percent.\nIt will not last."
    assert (copper.title, copper.publisher, copper.number) == ("Copper prices rise", "Border Wire", "007")
    assert (copper.date, rice.date) == (dt.date(2008, 4, 4), dt.date(2008, 5, 5))
    assert copper.sections == (Section(0, 43, "sheet", "Prices"), Section(0, 43, "row", "4"))
    assert locator(copper, 0, 6) == "sheet “Prices”, row 4"
    assert {
        Found("date", "column “Published”", "stated"),
        Found("number", "column “number”", "stated"),
    } <= set(copper.found)
    assert (rice.number, aid.title) == ("12", "briefs, Aid, row 2")
    for document in (copper, rice, aid):
        check(document)


def test_what_is_not_seen_is_not_read_and_said() -> None:
    copper, _, aid = documents((HERE / "briefs.xlsx").read_bytes())
    assert copper.notes == (
        "Hidden sheets were left out: “Plans”.",
        "Sheets were left out, because it is not clear which column holds the text: “Notes”.",
        "Of the sheet “Prices”, 1 hidden row and 1 hidden column were left out.",
    )
    assert aid.notes == (
        (
            "In the sheet “Aid”, 1 formulas have no stored result and were read as empty: open the workbook "
            "in Excel and save it."
        ),
    )


def test_a_formulas_result_is_the_one_that_was_stored() -> None:
    row = '<row><c t="str"><f>"Six"&amp;" men left."</f><v>Six men left.</v></c></row>'
    (read,) = documents(raw(ROW + row))
    assert (read.text, read.notes) == ("Six men left.", ())


def test_columns_are_those_that_are_named() -> None:
    data = (HERE / "briefs.xlsx").read_bytes()
    assert [each.text for each in documents(data, text="Headline", id="secret")] == [
        "Copper prices rise",
        "Rice aid arrives",
    ]
    (refused,) = found(data, text="story")
    assert "has no column “story”. It has: id, Headline, body" in str(refused)
    prose = "The port pays for all of the repairs this year."
    (refused,) = found(workbook({"A": [["Frage", "Inhalt"], [prose, prose]]}))
    assert (
        "a.xlsx, sheet “A”, does not say which column holds the text. Its columns are: Frage, Inhalt."
        in str(refused)
    )
    assert isinstance(refused, TextColumnError)
    assert refused.columns == (("Frage", prose), ("Inhalt", prose))


SHOWN = {
    "whole": (7, "General", "7"),
    "float": (0.1 + 0.2, "General", "0.3"),
    "percent": (0.125, "0.0%", "12.5%"),
    "half up": (2.5, "0", "3"),
    "thousands": (1234567.891, "#,##0.00", "1,234,567.89"),
    "negative": (-1234.5, "#,##0.0;[Red]-#,##0.0", "-1,234.5"),
    "zeros": (42, "00000", "00042"),
    "as many decimals as Excel has": (123456.5, f"0.{'0' * 30}", f"123456.5{'0' * 29}"),
    "optional ones": (1e14 + 0.5, f"#,##0.{'#' * 30}%", "10,000,000,000,000,050%"),
    "more than Excel has": (1.5, f"0.{'0' * 5000}", "1.5"),
    "optional decimals": (1.5, "0.0##", "1.5"),
    "day": (dt.datetime(2008, 4, 4), "d/m/yyyy", "2008-04-04"),  # noqa: DTZ001
    "hour": (dt.datetime(2008, 4, 4, 10, 30), "d/m/yyyy h:mm", "2008-04-04 10:30:00"),  # noqa: DTZ001
    "month": (dt.datetime(2008, 4, 1), 'mmmm" of day "yyyy', "2008-04"),  # noqa: DTZ001
    "year": (dt.datetime(2008, 1, 1), "yyyy", "2008"),  # noqa: DTZ001
    "yes": (True, "General", "TRUE"),
    "error": ("#N/A", "General", ""),
    "escaped": ("a_x000D_\nb", "General", "a\r\nb"),
}


@pytest.mark.parametrize(("value", "pattern", "shown"), SHOWN.values(), ids=SHOWN)
def test_numbers_and_dates_are_as_shown(value: object, pattern: str, shown: str) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["text", "title"])
    sheet.append(["He left.", value])
    sheet["B2"].number_format = pattern
    (read,) = documents(saved(book), title="title")
    assert read.title == (shown or "a, Sheet, row 2")


def test_a_number_that_is_no_float_loses_no_workbook() -> None:
    row = f"<row>{cell('text')}{cell('title')}</row><row>{cell('He left.')}<c><v>1{'0' * 400}</v></c></row>"
    assert [each.text for each in documents(raw(row), title="title")] == ["He left."]


def test_it_is_known_by_what_it_holds_and_read_in_an_archive() -> None:
    data = (HERE / "briefs.xlsx").read_bytes()
    kind, note = kind_of(Source("a.docx", "a.docx", data))
    assert kind.name == "xlsx"
    assert "an Excel workbook" in note
    assert kind_of(Source("a.xlsm", "a.xlsm", data)) == (kind, "")
    assert documents(packed({"in/b.xlsx": data}), "a.zip")[0].id == "/in/b.xlsx#Prices#w-1"


@pytest.mark.parametrize("data", [b"<worksheet", b"", b"He left.", b"\0" * 9])
def test_a_workbook_whose_sheet_is_broken_is_refused_by_its_name(data: bytes) -> None:
    (refused,) = found(
        with_member(workbook({"A": [["text"], ["He left."]]}), "xl/worksheets/sheet1.xml", data)
    )
    assert "a.xlsx, xl/worksheets/sheet1.xml, is not well-formed" in str(refused)


HUGE = {
    "rows without end": ("<row/>" * 3_000_000, "has more than 1,048,576 rows"),
    "a row of a number beyond all": (ROW + '<row r="99999999999"/>', "has more than 1,048,576 rows"),
    "a cell of 12 MB": (ROW + f"<row>{cell('a' * 12_000_000)}</row>", "a cell of more than 10 MB"),
    "nothing": ("", "has only empty sheets"),
    "a name of two lines": (f"<row>{cell('a&#10;b')}</row>", "Its columns are: a b."),
    "no row": (ROW, "has no visible row below the names of its columns"),
    "cells that are no numbers": (ROW + '<row r="x"/>', "is not well-formed"),
    "nested": ("<row><c>" * 100_000, "is not well-formed"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("sheet", "reason"), HUGE.values(), ids=HUGE)
def test_a_hostile_sheet_is_refused_by_name(worker: Worker, sheet: str, reason: str) -> None:
    (refused,) = worker.read(Source("a.xlsx", "a.xlsx", raw(sheet)), Options())
    assert isinstance(refused, InputError)
    assert str(refused).startswith("a.xlsx")
    assert reason in str(refused)


@pytest.mark.slow
def test_cells_far_away_cost_nothing(worker: Worker) -> None:
    far = f'{ROW}<row r="1048576"><c r="A1048576" t="str"><v>He left.</v></c><c r="XFD1048576"/></row>'
    (read,) = worker.read(Source("a.xlsx", "a.xlsx", raw(far)), Options())
    assert isinstance(read, Document)
    assert read.id == "#A#1048576"


@pytest.mark.slow
def test_strings_and_cells_without_end_cost_their_file_alone() -> None:
    strings = b"<si><t>" + b"a" * 12_000_000 + b"</t></si>"
    row = '<row><c t="s"><v>0</v></c></row>'
    hostile = raw(ROW + row, strings=strings), raw(f"{ROW}<row>{'<c/>' * 3_000_000}</row>")
    good = Source("b.xlsx", "b.xlsx", workbook({"A": [["text"], ["He left."]]}))
    with Worker(memory=350_000_000) as worker:
        for data in hostile:
            items = list(worker.read(Source("a.xlsx", "a.xlsx", data), Options()))
            assert items
            assert all(isinstance(item, InputError) for item in items), items
            assert all(str(item).startswith("a.xlsx") for item in items)
        (read,) = worker.read(good, Options())
    assert isinstance(read, Document)


def test_xml_that_declares_entities_is_refused() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    data = raw(ROW + "<row><c t='str'><v>&j;</v></c></row>", prolog=laughs.encode() + b"]>")
    (refused,) = found(data)
    assert "a.xlsx, xl/worksheets/sheet1.xml, declares XML entities" in str(refused)


_ORDINARY, _STRICT = b'xmlns:r="http://schemas.openxmlformats.org/', b'xmlns:r="http://purl.oclc.org/ooxml/'
STRICT = packed({name: data.replace(_ORDINARY, _STRICT) for name, data in members(raw(ROW)).items()})
BROKEN = {
    "cut off": ((HERE / "briefs.xlsx").read_bytes()[:3_000], "a.xlsx is damaged or cut off"),
    "text": (b"He left.", "is not an Excel workbook, although its name says so"),
    "old Excel": (b"\xd0\xcf\x11\xe0" * 9, "an old Microsoft Office file, or one with a password"),
    "binary": (
        packed({"[Content_Types].xml": b"<a/>", "xl/workbook.bin": b"x"}),
        "an Excel workbook in the binary format",
    ),
    "no sheets": (
        packed({"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/>"}),
        "cannot be read as XLSX",
    ),
    "strict": (STRICT, "has no sheet that can be read: it may be in Excel's “Strict” format"),
    "bomb": (lambda: packed({"xl/a.xml": b"\0" * 250_000_000}), "a bomb"),  # made only for its test
}


@pytest.mark.parametrize(("data", "reason"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_workbook_is_refused_by_name(data: bytes | Callable[[], bytes], reason: str) -> None:
    (refused,) = found(data if isinstance(data, bytes) else data())
    assert isinstance(refused, InputError)
    assert str(refused).startswith("a.xlsx")
    assert reason in str(refused)


def test_macros_are_not_looked_at() -> None:
    data = io.BytesIO(workbook({"A": [["text"], ["He left."]]}))
    with zipfile.ZipFile(data, "a") as package:
        package.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 Shell")
    assert [each.text for each in documents(data.getvalue(), "a.xlsm")] == ["He left."]


# What Excel writes into a cell: no control characters, and no escape of one.
TEXT = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Cn", "Mn", "Me"], exclude_characters="_"), max_size=40
)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=5))
def test_what_was_written_is_what_is_read(written: list[str]) -> None:
    written = [f"He left. {text}" for text in written]
    read = documents(workbook({"A": [["text"], *([text] for text in written)]}))
    assert [each.text for each in read] == written


def test_columns_are_remembered_and_rows_that_change_places_keep_their_ids(tmp_path: Path) -> None:
    rows = [[f"Ship {number} came to Nampo on Friday."] for number in range(4)]
    file = tmp_path / "a.xlsx"
    file.write_bytes(workbook({"Ships": [["story"], *rows]}))
    with Corpus.open(tmp_path / "library", encoder=Instant(), columns={"text": "story"}) as corpus:
        corpus.index(file)
        before = {corpus.document(info.id).text: info.id for info in corpus.documents()}
    assert sorted(before.values()) == [f"a.xlsx#Ships#{number}" for number in range(2, 6)]
    file.write_bytes(workbook({"Ships": [["story"], ["A new one stands above."], *rows]}))
    with Corpus.open(tmp_path / "library", encoder=Instant()) as corpus:
        report = corpus.index(file)
        after = {corpus.document(info.id).text: info.id for info in corpus.documents()}
    assert {text: after[text] for text in before} == before
    assert sorted(each.status for each in report.files) == ["added", *["replaced"] * 4]


@pytest.mark.parametrize(
    ("bad", "shown"),
    [
        ("<c><v>" + "9" * 5_000 + "</v></c>", "9" * MOST_FIELD),
        ("<c><v>1.5.5</v></c>", "1.5.5"),
        ('<c t="d"><v>spring</v></c>', "spring"),
        ('<c t="s"><v>7</v></c>', ""),  # a shared string that is not there
        ('<c t="b"><v>perhaps</v></c>', ""),
        ('<c s="' + "9" * 5_000 + '"><v>7</v></c>', "7"),
    ],
)
def test_a_cell_that_makes_no_sense_costs_nothing_but_itself(bad: str, shown: str) -> None:
    head = f"<row>{cell('text')}{cell('number')}{cell('title')}</row>"
    row = f"<row>{cell('He left.')}{bad}{cell('After it')}</row>"
    first, second = documents(raw(f"<sheetData>{head}{row}{row.replace('left', 'stayed')}</sheetData>"))
    assert (first.text, first.number, first.title) == ("He left.", shown, "After it")
    assert second.text == "He stayed."


def test_the_one_column_that_is_prose_is_taken_for_the_text_and_a_note_says_so() -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    remark = "The mill bought no barley on Monday, and rye was sold out by noon."
    for row in (("Place", "Remarks"), ("Quay", remark), ("Mill", remark)):
        book.active.append(row)
    book.save(out)
    first, _ = read_source(Source("a.xlsx", "a.xlsx", out.getvalue()), Options())
    assert isinstance(first, Document)
    assert first.text == remark
    assert first.notes == (
        "The column “Remarks” was read as the text, as only this column has prose: check that this is right.",
    )


def test_each_sheet_of_figures_is_one_document_that_shows_what_the_sheet_shows() -> None:
    revenue, staff = documents((HERE / "budget.xlsx").read_bytes(), "budget.xlsx")
    assert revenue.text == (
        "Revenue of the port, thousand USD\n\n"
        "| 2007 | 2008\n"
        "Fees |  |\n"
        "Berths, north | 1,250.0 | 12.5%\n"
        "Cranes |  | n/a\n"
        "Total |  | 7"
    )
    assert staff.text == "2008\n\nQuay | Men | Since\nNorth | 12 | 2008-04-04\nSouth | 9 |"
    assert [(each.id, each.title, each.format) for each in (revenue, staff)] == [
        ("#Revenue", "budget, Revenue", "xlsx"),
        ("#2008", "budget, 2008", "xlsx"),
    ]
    assert revenue.notes == (
        "Hidden sheets were left out: “Plans”.",
        "Sheets were left out, because it is not clear which column holds the text: “Sources”.",
        "Of the sheet “Revenue”, 1 hidden row and 1 hidden column were left out.",
        (
            "In the sheet “Revenue”, 1 formulas have no stored result and were read as empty: open the "
            "workbook "
            "in Excel and save it."
        ),
    )
    assert staff.notes == ()
    for document in (revenue, staff):
        check(document)


def test_a_row_of_figures_is_cited_by_its_number_and_read_with_its_columns() -> None:
    revenue, _ = documents((HERE / "budget.xlsx").read_bytes())
    read = {
        locator(revenue, each.start, each.end): found.text
        for each in sentences(revenue)
        if (found := row_of(revenue, each))
    }
    caption = "Revenue of the port, thousand USD"
    assert read == {
        "sheet “Revenue”, row 4": f"{caption}. Fees",
        "sheet “Revenue”, row 5": f"{caption}. Berths, north; 2007: 1,250.0; 2008: 12.5%",
        "sheet “Revenue”, row 8": f"{caption}. Cranes; 2008: n/a",
        "sheet “Revenue”, row 9": f"{caption}. Total; 2008: 7",
    }


def test_figures_are_left_out_beside_texts_and_texts_of_two_columns_beside_figures() -> None:
    texts, figures = [["text"], ["He left."]], [["Quay", "Men"], ["North", 4]]
    data = workbook({"Figures": figures, "Texts": texts})
    (read,) = documents(data)
    assert (read.id, read.text) == ("#Texts#2", "He left.")
    left_out = "Sheets were left out, because it is not clear which column holds the text: “{}”."
    assert read.notes == (left_out.format("Figures"),)
    prose = "The port pays for all of the repairs this year."
    (read,) = documents(workbook({"Talks": [["Question", "Reply"], [prose, prose]], "Figures": figures}))
    assert (read.id, read.text) == ("#Figures", "Figures\n\nQuay | Men\nNorth | 4")
    assert read.notes == (left_out.format("Talks"),)


def test_figures_are_rows_by_the_column_that_is_named_and_refused_where_it_is_not_there() -> None:
    data = (HERE / "budget.xlsx").read_bytes()
    assert [each.text for each in documents(data, text="Quay")] == ["North", "South"]
    (refused,) = found(data, title="Body")
    assert "has no column “Body”" in str(refused)
    assert [each.id for each in documents(data, title="Quay")] == ["#2008"]


def test_a_sheet_of_figures_larger_than_a_document_costs_itself_alone() -> None:
    large = [["a", "b"], *[["x" * 32_000, 1]] * 160]
    refused, read = found(workbook({"Large": large, "Small": [["a", "b"], [1, 2]]}))
    assert "a.xlsx, sheet “Large”, has more than 200,000 rows or 5,000,000 characters" in str(refused)
    assert isinstance(read, Document)
    assert read.id == "#Small"


def test_a_sheet_of_figures_that_is_named_by_a_number_is_no_row_whose_number_may_change() -> None:
    (figures,) = documents(workbook({"2": [["Quay", "Men"], ["North", 4]]}))
    (text,) = documents(workbook({"2": [["text"], ["He left."]]}))
    assert (figures.id, numbered(figures)) == ("#2", False)
    assert (text.id, numbered(text)) == ("#2#2", True)
