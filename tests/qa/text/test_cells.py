from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.text.cells import from_cell, to_cell


@pytest.mark.parametrize(
    "text", ["=1+1", "+49", "- an item", "@home", "'=1", "''-", "\t=1", "\r=1", "\n@a", "＝1+1", "\tplain"]
)
def test_what_a_spreadsheet_takes_for_a_formula_has_an_apostrophe_in_front(text: str) -> None:
    assert to_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "1-2", "'quoted'", "'", "“=”"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert to_cell(text) == from_cell(text) == text


@given(st.text(st.sampled_from("'=+-@a \t\r＝"), max_size=6) | st.text(max_size=6))
def test_what_is_read_is_what_was_written(text: str) -> None:
    assert from_cell(to_cell(text)) == text
    assert to_cell(text)[:1] not in tuple("=+-@\t\r\n＝＋－＠")
