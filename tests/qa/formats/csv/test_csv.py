from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa.document.segment import sentences
from qa.document.tables import row
from qa.errors import InputError, TextColumnError
from qa.formats.source import Options, Source
from qa.formats.table import read
from qa.schema import Document, Found, Section, locator
from qa.text.dates import PartialDate
from tests.qa.formats.reading import check

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent


def table(name: str, data: bytes | None = None, **columns: str) -> Iterator[Document | InputError]:
    source = Source(name, name, (HERE / name).read_bytes() if data is None else data)
    return read(source, Options(columns=tuple(columns.items())))


def documents(name: str, data: bytes | None = None, **columns: str) -> list[Document]:
    found = list(table(name, data, **columns))
    assert all(isinstance(item, Document) for item in found), found
    return [item for item in found if isinstance(item, Document)]


def test_each_row_is_a_document_with_what_its_columns_hold_and_is_cited_by_its_row() -> None:
    first, second, bare, again, refused = table("briefs.csv")
    assert isinstance(first, Document)
    assert first.text == (
        "Copper rose by 4 percent in Dandong, traders said.\n“It will not last,” one of them said."
    ).replace("“", '"').replace("”", '"')
    assert (first.id, first.title, first.publisher) == ("w-1", "Copper prices rise", "Border Wire")
    assert first.date == dt.date(2008, 4, 4)
    assert first.sections == (Section(0, len(first.text), "row", "2"),)
    assert isinstance(second, Document)
    assert second.date == dt.date(2008, 5, 5)
    assert isinstance(bare, Document)
    assert (bare.id, bare.title) == ("4", "briefs, row 4")
    assert isinstance(again, Document)
    assert (again.id, again.sections[0].name) == ("w-1", "5")
    assert isinstance(refused, InputError)
    assert "briefs.csv, row 6 is empty" in str(refused)


def test_a_row_says_which_column_its_metadata_come_from() -> None:
    data = "Text,When,Language,Author\nThe ferry was suspended.,2008-04-04,,Ann\nThe pier is shut.,soon,de,\n"
    first, second = documents("t.csv", data.encode(), date="When")
    assert set(first.found) == {
        Found("date", "column “When”", "stated"),
        Found("author", "column “Author”", "stated"),
        Found("title", "its name", "guessed"),
    }
    assert set(second.found) == {
        Found("language", "column “Language”", "stated"),
        Found("title", "its name", "guessed"),
    }


def test_columns_are_those_that_are_named() -> None:
    with pytest.raises(InputError, match="has no column “body”"):
        list(table("semicolon.csv", text="body"))
    # Its first text holds the separator, outside quotation marks.
    refused, read_one = table("semicolon.csv", text="Inhalt", title="Überschrift", id="Kennung")
    assert "row 2 has 4 cells, and there are 3 columns" in str(refused)
    assert isinstance(read_one, Document)
    assert (read_one.id, read_one.title, read_one.text) == ("b", "Grenze", "Kupfer, Zink; und mehr")


def test_what_is_mapped_is_not_taken_for_another_field() -> None:
    (found,) = documents("a.csv", b"title,text,subject\nA,He left.,B\n", text="title")
    assert (found.text, found.title) == ("A", "B")


def test_utf_16_and_tabs_as_excel_writes_them() -> None:
    (found,) = documents("excel.csv")
    assert (found.title, found.text, found.language) == (
        "고철 밀수",
        "량강도에서 고철 밀수가 늘고 있다.",
        "ko",
    )


def test_a_tsv_is_separated_by_tabs_whatever_else_it_holds() -> None:
    (found,) = documents("wire.tsv")
    assert (found.title, found.text) == ("One, two; three", "Six men, it is said, left on Monday.")


def test_a_table_in_another_encoding_is_read() -> None:
    (found,) = documents("western.csv")
    assert (found.title, found.text) == ("Café", "He left the café.")


BAD = {
    "empty.csv": (b" \n", "is empty"),
    "header.csv": (b"title,text\n", "has no row below"),
    "zeros.csv": (b"title,text\n\0\0\0", "is a binary file"),
    "cut.csv": ("title,text\na,b\n".encode("utf-16")[:-1], "is marked as UTF-16, but is not"),
    "nameless.csv": (b",,\n1,2,3\n", "Its columns are: (no name), (no name), (no name)"),
}


@pytest.mark.parametrize(("name", "data", "reason"), [(name, *bad) for name, bad in BAD.items()], ids=BAD)
def test_what_is_no_table_is_refused_by_name(name: str, data: bytes | None, reason: str) -> None:
    with pytest.raises(InputError) as error:
        list(table(name, data))
    assert name in str(error.value)
    assert reason in str(error.value)


def test_the_text_of_a_cell_is_kept_to_the_letter() -> None:
    text = '  Two  spaces, “curly”\r\n\ttabs and "quotes".  '
    data = f'text\r\n"{text.replace(chr(34), chr(34) * 2)}"\r\n'.encode()
    (found,) = documents("a.csv", data)
    assert found.text == text


def test_a_row_whose_quotation_mark_is_never_closed_is_refused_by_name_and_the_others_are_read() -> None:
    refused, *others = table("unclosed.csv")
    assert isinstance(refused, InputError)
    assert "unclosed.csv, row 2 (line 2 of the file) has a quotation mark that is never closed" in str(
        refused
    )
    assert [(item.text, item.sections[0].name) for item in others if isinstance(item, Document)] == [
        ("She stayed, it is said.", "3"),
        ("They ate.", "4"),
        ("Ships came.\nThey left.", "5"),
    ]
    assert [bool(item.notes) for item in others if isinstance(item, Document)] == [False, False, True]


def test_a_quotation_mark_that_no_other_follows_costs_its_own_row_and_no_more() -> None:
    refused, *others = table("a.csv", b'text\n"He left.\n' + b"She stayed.\n" * 1_000)
    assert "row 2 (line 2 of the file)" in str(refused)
    assert [item.text for item in others if isinstance(item, Document)] == ["She stayed."] * 1_000
    assert not any(item.notes for item in others if isinstance(item, Document))


def test_lines_that_are_no_rows_are_left_out_with_the_row_whose_text_they_may_be() -> None:
    data = b'id,text\n1,"Two\nlines"\n2,"He left.\nOn Monday.\n\n3,She stayed.\nOn Friday\n4,They ate.\n'
    first, refused, doubtful, fragment, last = table("a.csv", data)
    assert isinstance(first, Document)
    assert first.text == "Two\nlines"
    assert "row 3 (lines 4–6 of the file)" in str(refused)
    assert isinstance(doubtful, Document)
    assert (doubtful.text, doubtful.sections[0].name) == ("She stayed.", "4")
    assert "A row above has a quotation mark that is never closed" in doubtful.notes[0]
    assert isinstance(fragment, InputError)
    assert isinstance(last, Document)
    assert (last.text, last.sections[0].name) == ("They ate.", "6")
    assert "A row above has a quotation mark that is never closed" in last.notes[0]


def test_a_row_of_several_lines_is_one_where_its_lines_are_no_rows() -> None:
    assert not any(item.notes for item in documents("briefs.csv", b'id,text\n4,"Yes\nand no"\n'))
    spaced, after = documents("a.csv", b'id,text\n"1" ,"He left.\nOn Monday."\n2,"She" stayed.\n')
    assert (spaced.text, after.text) == ("He left.\nOn Monday.", "She stayed.")
    assert spaced.notes[0].startswith("This row takes up 2 lines of the table")
    (last,) = documents("a.csv", b'id,text\n1,"He left.\nOn Monday.\n')
    assert last.text.rstrip() == "He left.\nOn Monday."


@pytest.mark.slow
def test_a_row_too_long_to_be_held_is_refused_and_never_cut_off() -> None:
    data = b'id,text\n1,"' + b"He left.\n" * 556_000 + b'"\n2,She stayed.\n'
    refused, *_, last = table("a.csv", data)
    assert "row 2 (lines 2–" in str(refused)
    assert isinstance(last, Document)
    assert last.text == "She stayed."


def test_cells_are_separated_by_what_the_rows_agree_upon() -> None:
    (found,) = documents("a.csv", b"title;text, body\nA;Six men left.\n", text="text, body")
    assert (found.title, found.text) == ("A", "Six men left.")


def test_a_table_of_one_column_needs_no_quotation_marks() -> None:
    texts = ["Six men, it is said, left.", "One; two\tthree | four", "Ships came."]
    found = documents("a.csv", "\n".join(["text", *texts]).encode())
    assert [document.text for document in found] == texts


@pytest.mark.parametrize(("above", "row"), [(b"sep=;\r\n", "2"), (b"\r\n", "3"), (b'"sep=;"\n \n', "3")])
def test_what_stands_above_the_header_is_skipped(above: bytes, row: str) -> None:
    """Excel reads the separator off such a line, and shows the header in row 1."""
    (found,) = documents("a.csv", above + b"title;text\r\nA, B;He left.\r\n")
    assert (found.title, found.text, found.sections[0].name) == ("A, B", "He left.", row)


def test_of_two_columns_of_a_name_the_first_is_read_and_a_note_says_so() -> None:
    (found,) = documents("a.csv", b"text,Text,title\nHe left.,She left.,A\n")
    assert found.text == "He left."
    assert found.notes == ("The table has two columns “text”: the first was read.",)


def test_a_month_or_a_year_is_a_date() -> None:
    rows = documents("a.csv", b"text,date\nHe left.,2024-04\nShe left.,2024\n")
    assert [(each.date, each.notes) for each in rows] == [(PartialDate(2024, 4), ()), (PartialDate(2024), ())]


@pytest.mark.slow
def test_a_long_table_asks_for_the_time_that_its_rows_take() -> None:
    asked: list[float] = []
    source = Source("a.csv", "a.csv", b"text\n" + b"He left.\n" * 5_000, asked.append)
    assert len(list(read(source, Options()))) == 5_000
    assert len(asked) == 5
    assert sum(asked) == pytest.approx(5)


REMARKS = "The mill bought no barley on Monday, and rye was sold out by noon."


def test_the_one_column_that_is_prose_is_taken_for_the_text_and_a_note_says_so() -> None:
    first, second = documents(
        "a.csv",
        f"Place;Day;Remarks\nQuay;1;{REMARKS}\nMill;2;{REMARKS}\n".encode(),
    )
    assert first.text == REMARKS
    assert first.notes == (
        "The column “Remarks” was read as the text, as only this column has prose: check that this is right.",
    )
    assert second.notes == ()


@pytest.mark.parametrize("rows", [f"{REMARKS};{REMARKS}", ";"])
def test_where_two_columns_are_prose_or_there_is_no_row_the_columns_are_named(rows: str) -> None:
    with pytest.raises(TextColumnError, match=r"Its columns are: Place, Remarks\. .*--column text=COLUMN"):
        list(table("a.csv", f"Place;Remarks\n{rows}\n".encode()))


def figures(name: str, data: str | None = None) -> Document:
    (found,) = documents(name, data.encode() if data else None)
    check(found)
    return found


def rows(document: Document) -> list[tuple[str, str]]:
    """Each sentence of a table as it is quoted, and where it is."""
    text = document.text
    return [
        (text[each.start : each.end], locator(document, each.start, each.end)) for each in sentences(document)
    ]


def as_read(document: Document) -> list[str]:
    return [found.text for each in sentences(document) if (found := row(document, each))]


def test_a_table_of_figures_is_one_document_whose_rows_are_quoted_and_read_with_their_columns() -> None:
    found = figures("figures.csv")
    assert found.text == (
        "figures\n\n"
        "Country | Year | Imports, t | Share\n"
        "Korea, Republic of | 2007 | 1,800 | 4.5%\n"
        "St. Lucia. Castries | 2007 |  | 0.1%\n"
        "China | 2008 | 2,450 |"
    )
    assert (found.id, found.title, found.notes) == ("", "figures", ())
    assert rows(found)[1:] == [
        ("Country | Year | Imports, t | Share", "row 1"),
        ("Korea, Republic of | 2007 | 1,800 | 4.5%", "row 2"),
        ("St. Lucia. Castries | 2007 |  | 0.1%", "row 3"),
        ("China | 2008 | 2,450 |", "row 5"),
    ]
    assert as_read(found) == [
        "figures. Country: Korea, Republic of; Year: 2007; Imports, t: 1,800; Share: 4.5%",
        "figures. Country: St. Lucia. Castries; Year: 2007; Share: 0.1%",
        "figures. Country: China; Year: 2008; Imports, t: 2,450",
    ]


def test_lines_above_a_table_of_figures_stay_and_do_not_tell_what_separates_its_cells() -> None:
    found = figures("titled.csv")
    assert found.text == ("Customs returns, 2019\n\nLand | 2018 | 2019\nIran | 4,5 | 6,7\nChina | 1,5 | 2,5")
    assert [place for _, place in rows(found)] == ["row 1", "row 3", "row 4", "row 5"]
    assert as_read(found)[0] == "Customs returns, 2019. Land: Iran; 2018: 4,5; 2019: 6,7"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("2017,2018,2019\n4,5,6.5\n7,8,9\n", "2017 | 2018 | 2019\n4 | 5 | 6.5\n7 | 8 | 9"),
        ("Quay,Men,\nNorth,4,\n", "Quay | Men\nNorth | 4"),  # a column without any value
        (",2018,2019\nFees,,\nBerths,4,5\n", "| 2018 | 2019\nFees |  |\nBerths | 4 | 5"),
        ("Name\nSmith, John\nDoe, Jane\n", "Name\nSmith, John\nDoe, Jane"),
        ("Keepers, 2008\nSmith\nDoe\n", "Keepers, 2008\nSmith\nDoe"),
        ("id,title\n1,Copper  prices\u00a0rise\n", "id | title\n1 | Copper prices rise"),
        ('Quay,Men\nNorth,"4\nof 5"\n', "Quay | Men\nNorth | 4 of 5"),
        (f"Place;Remarks\nQuay;{REMARKS}\nMill;No\n", f"Place | Remarks\nQuay | {REMARKS}\nMill | No"),
    ],
)
def test_what_has_no_column_of_prose_is_a_table_of_figures(data: str, text: str) -> None:
    assert figures("a.csv", data).text == f"a\n\n{text}"


def test_a_column_that_was_taken_for_the_text_of_one_table_is_not_so_for_another() -> None:
    assert len(documents("a.csv", f"Place;Remarks\nQuay;{REMARKS}\nMill;{REMARKS}\n".encode())) == 2
    assert figures("a.csv", "Place;Remarks\nQuay;4\n").text == "a\n\nPlace | Remarks\nQuay | 4"


def test_long_labels_without_a_name_are_those_of_rows() -> None:
    assert figures("a.csv", f";2007;2008\n{REMARKS};4;5\n").text == f"a\n\n| 2007 | 2008\n{REMARKS} | 4 | 5"


def test_rows_as_long_as_each_other_are_sentences_of_their_own() -> None:
    long = [
        f"{number} | {'Harbour of the north '}| {number}00 | {number}50 | on time" for number in range(10, 20)
    ]
    data = "\n".join(["nr|place|in|out|state", *long])
    assert len(rows(figures("a.csv", data))) == 12


def test_a_row_of_figures_with_too_many_cells_is_refused_since_they_would_stand_in_wrong_columns() -> None:
    refused, found = table("a.csv", b"Country,Imports\nIran,4\nChina,1,234\nIndia,5\n")
    assert "a.csv, row 3 has 3 cells, and there are 2 columns" in str(refused)
    assert isinstance(found, Document)
    assert found.text == "a\n\nCountry | Imports\nIran | 4\nIndia | 5"
    assert rows(found)[-1] == ("India | 5", "row 4")


def test_a_row_of_figures_whose_quotation_mark_is_never_closed_is_refused_and_doubts_are_told() -> None:
    refused, found = table("a.csv", b'a,b\n1,2\n3,"4\nfive\n6,7\n')
    assert "row 3 (lines 3–4 of the file) has a quotation mark that is never closed" in str(refused)
    assert isinstance(found, Document)
    assert found.text == "a\n\na | b\n1 | 2\n6 | 7"
    assert [note.partition(":")[0] for note in found.notes] == ["Row 4"]


def test_a_column_that_is_named_and_is_not_there_refuses_a_table_of_figures() -> None:
    for field in ("title", "text"):
        with pytest.raises(InputError, match="has no column “Body”"):
            list(table("figures.csv", **{field: "Body"}))
    assert documents("figures.csv", text="Country")[0].text == "Korea, Republic of"


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        "a,b\n" + "1,2\n" * 200_000,
        f"a,b\n{'1' * 2_500_000},{'1' * 2_500_000}\n",
        f"a{',b' * 2_000}\n" + f"1{',' * 2_000}\n" * 1_000,  # which the bars alone would fill
    ],
    ids=["rows", "characters", "columns"],
)
def test_a_table_of_figures_larger_than_a_document_is_refused(data: str) -> None:
    with pytest.raises(InputError, match=r"a\.csv has more than 200,000 rows or 5,000,000 characters"):
        list(table("a.csv", data.encode()))
