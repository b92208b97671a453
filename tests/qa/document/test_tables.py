from __future__ import annotations

import pytest

from qa.document.tables import Row, row
from qa.schema import Document, Sentence
from qa.text.lines import lines

READ = {
    "bars": (
        "Calls\nQuay | 2007 | 2008\nNorth | 4 | 5\nSouth |  | 7",
        ["Calls. Quay: North; 2007: 4; 2008: 5", "Calls. Quay: South; 2008: 7"],
    ),
    "tabs": ("Quay\tMen\tShare\nNorth\t4\t5 %", ["Quay: North; Men: 4; Share: 5 %"]),
    "Markdown": (
        "| Quay | Men | Share |\n|---|---|---|\n| North | 4 |  |\n|  | 5 | 6 |",
        ["Quay: North; Men: 4", "Men: 5; Share: 6"],
    ),
    "the first column has no name": (
        "| 2007 | 2008\nNorth | 4 | 5\nSouth |  | 7",
        ["North; 2007: 4; 2008: 5", "South; 2008: 7"],
    ),
    "a row has no name": (
        "Quay | 2007 | 2008\n| 4 | 5\nSouth | 6 | 7",
        ["2007: 4; 2008: 5", "Quay: South; 2007: 6; 2008: 7"],
    ),
    "of two columns": ("Quay | Men\nNorth | 4\nSouth | 5", ["Quay: North; Men: 4", "Quay: South; Men: 5"]),
    "without names": ("North | 4\nSouth | 5", ["North: 4", "South: 5"]),
    "figures without names": ("2019 | 4 | 5\n2020 | 6 | 7", ["2019: 4; 5", "2020: 6; 7"]),
    "a sentence above": ("It rained.\nNorth | 4\nSouth | 5", ["North: 4", "South: 5"]),
    "a cell with a bar": (
        "Quay | Kind | Ships\nNorth | A | B | 4\nSouth | C | 5",
        ["North: A; B; 4", "Quay: South; Kind: C; Ships: 5"],
    ),
    "no table but a list": ("1.\tThe port opened.\n2.\tIt took 5 ships.", []),
    "no table but what was said": ("SMITH:\tWho was there?\nJONES:\tThe master was there.", []),
    "nothing but bars": ("|\n|\n|", ["", "", ""]),
}


def rows(text: str) -> list[Row]:
    document = Document("a", text)
    found = (row(document, Sentence(line.start, line.end)) for line in lines(text))
    return [each for each in found if each]


def test_of_a_long_cell_the_words_are_emphasised_and_of_a_short_one_all() -> None:
    prose = "The harbour took 41 ships in the second quarter of the year."
    text = f"Quay | Ships | Note\nNorth | 41 ships | {prose}\nSouth | 5 | none"
    north, _ = rows(text)
    for words, shown in (("second quarter", "second quarter"), ("Note: The", "The"), ("41 sh", "41 ships")):
        at = north.text.index(words)
        span = north.span(at, at + len(words))
        assert span
        assert text[span.start : span.end] == shown
    assert north.span(0, 3) is None


@pytest.mark.parametrize(("text", "read"), READ.values(), ids=READ)
def test_a_row_is_read_with_the_names_of_its_columns(text: str, read: list[str]) -> None:
    assert [each.text for each in rows(text)] == read


@pytest.mark.parametrize("text", [text for text, _ in READ.values()], ids=READ)
def test_each_cell_is_a_slice_of_what_is_read_and_of_the_text(text: str) -> None:
    for each in rows(text):
        for cell in each.cells:
            assert each.text[cell.start : cell.end] == text[cell.span.start : cell.span.end]


def test_what_is_no_table_has_no_rows() -> None:
    assert rows("The quay | of the north.\n\nA word | and another, apart.") == []
    assert rows("No table at all.\nIndeed.") == []
