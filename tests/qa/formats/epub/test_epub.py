from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.formats.epub import read
from qa.schema import locator
from qa.text.dates import PartialDate
from tests.qa.formats.epub.make import CONTAINER, items, opf, page, refs
from tests.qa.formats.reading import (
    flipped,
    named,
    one,
    one_of,
    read_or_refused,
    refusal,
    stated,
    with_member,
)

if TYPE_CHECKING:
    from qa.schema import Document

HERE = Path(__file__).parent
BOOK = HERE / "book.epub"

TEXT = """\
One: The River

Ice came early that year[1], and 10⁶ tonnes lay still.

Ice

- thin
- thick

Month | cm
May | 3

1. By the gauge.

It goes on in another file.

Two

Two ends[2].

Three

Three begins."""


def test_a_book_is_its_pages_in_order_and_what_it_says_of_itself() -> None:
    found = one(read, BOOK)
    assert found.text == TEXT
    assert (found.title, found.author, found.publisher) == (
        "Rivers of the North",
        "Pak Yong-su",
        "River Press",
    )
    assert (found.date, found.language, found.url) == (date(2019, 3, 4), "en", "https://example.org/rivers")
    assert stated(found, "date") == ("the book's metadata", "stated")


def test_chapters_are_named_by_the_contents_and_go_on_over_files() -> None:
    found = one(read, BOOK)
    chapters = named(found, "chapter")
    assert list(chapters) == ["One: The River", "Two", "Three"]
    assert chapters["One: The River"].endswith("another file.")
    assert chapters["Two"] == "Two\n\nTwo ends[2]."
    assert list(named(found, "section")) == ["One: The River", "Ice", "Two", "Three"]
    start = found.text.index("It goes on")
    assert locator(found, start, start + 5) == "chapter “One: The River”, paragraph 6"
    # A heading says nothing of what stands in another file.
    assert named(found, "section")["Ice"].endswith("1. By the gauge.")


def where(found: Document, words: str) -> str:
    start = found.text.index(words)
    return locator(found, start, start + len(words))


def test_a_heading_that_repeats_its_chapter_is_named_once_and_is_no_paragraph_of_it() -> None:
    found = one(read, BOOK)
    assert where(found, "Ice came early") == "chapter “One: The River”, paragraph 1"
    assert where(found, "- thin") == "chapter “One: The River”, section “Ice”, paragraph 1"
    assert where(found, "Two ends") == "chapter “Two”, paragraph 1"
    assert where(found, "Two ends[2].\n\nThree\n\nThree") == "chapters “Two” to “Three”, paragraphs 1–3"
    capitals = replace(found.sections[-1], name="THREE")
    assert capitals.kind == "section"
    found = replace(found, sections=(*found.sections[:-1], capitals))
    assert where(found, "Three begins") == "chapter “Three”, paragraph 1"


def test_an_older_book_in_korean_whose_pages_are_no_xml() -> None:
    found = one(read, HERE / "korean.epub")
    assert found.text == "제1장 강\n\n압록강이 얼었다.\n사람들이 건넜다."
    assert (found.title, found.author, found.language) == ("북방의 강", "김철수", "ko")
    assert (found.date, found.url) == (PartialDate(2008), "")
    assert list(named(found, "chapter")) == ["제1장 강"]
    assert found.notes == ("The book's file OPS/text/gone.html is missing from it.",)


@pytest.mark.parametrize(
    ("written", "expected", "notes"),
    [
        ("2019-03", PartialDate(2019, 3), ()),
        ("March 2019", PartialDate(2019, 3), ()),
        ("2019-03-04T10:00:00Z", date(2019, 3, 4), ()),
        ("", None, ()),
        ("lately", None, ("The date “lately” has no day, month or year, so it was left out.",)),
    ],
)
def test_a_stated_date_may_be_a_month(written: str, expected: date | None, notes: tuple[str, ...]) -> None:
    package = opf(f"<dc:date>{written}</dc:date>", items("one.xhtml"), refs("one", "one"))
    found = one_of(read, with_member(book_of("<p>Once.</p>"), "OPS/book.opf", package.encode()), "a.epub")
    assert (found.date, found.notes) == (expected, notes)


def test_a_brief_keeps_its_header(brief: Path) -> None:
    found = one(read, HERE / "brief.epub")
    assert found.text.split() == brief.read_text("utf-8").split()
    assert (found.series, found.number, found.date) == ("NK Brief", "08-4-4-1", date(2008, 4, 4))
    assert found.title == "Scrap metal smuggling rampant in North Korea"


def test_protected_books_are_refused_by_name_and_hidden_fonts_are_not() -> None:
    why = refusal(read, (HERE / "locked.epub").read_bytes(), "locked.epub")
    assert "DRM: Adobe ADEPT" in why
    assert one(read, HERE / "fonts.epub").text == "Said openly."


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("cut-off.epub", "is damaged or cut off"),
        ("no-container.epub", "has no META-INF/container.xml"),
        ("no-package.epub", "has no OPS/book.opf"),
        ("text.epub", "is no EPUB file"),
    ],
)
def test_broken_files_are_refused_by_name(name: str, why: str) -> None:
    assert why in refusal(read, (HERE / name).read_bytes(), name)


def book_of(body: str) -> bytes:
    whole = with_member(BOOK.read_bytes(), "OPS/one.xhtml", page(body).encode())
    return with_member(whole, "OPS/book.opf", opf("", items("one.xhtml"), refs("one", "one")).encode())


def test_a_page_that_is_listed_twice_is_read_once_and_links_lead_nowhere_else() -> None:
    assert one_of(read, book_of("<p>Once.</p>"), "a.epub").text == "Once."
    container = CONTAINER.replace("OPS/book.opf", "../../etc/passwd").encode()
    whole = with_member(book_of("<p>Once.</p>"), "META-INF/container.xml", container)
    assert "has no ../../etc/passwd" in refusal(read, whole, "a.epub")


def test_bombs_are_refused() -> None:
    whole = BOOK.read_bytes()
    assert "MB of XML" in refusal(read, with_member(whole, "OPS/one.xhtml", b" " * 41_000_000), "a.epub")
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 99}">' for n in range(9))
    laughs = f"<!DOCTYPE d [{entities}]><html><body>&e8;</body></html>".encode()
    for member in ("OPS/one.xhtml", "OPS/book.opf", "META-INF/container.xml"):
        assert "entit" in refusal(read, with_member(whole, member, laughs), "a.epub")
    assert one_of(read, book_of("<div>" * 900 + "deep" + "</div>" * 900), "a.epub").text == "deep"
    assert "depth" in refusal(read, book_of("<div>" * 9000 + "deep" + "</div>" * 9000), "a.epub")


def test_pages_in_utf_16_and_undeclared_names_of_characters() -> None:
    data = '<?xml version="1.0" encoding="UTF-16"?><html><body><p>강이 얼었다.</p></body></html>'.encode(
        "utf-16"
    )
    whole = with_member(book_of(""), "OPS/one.xhtml", data)
    assert one_of(read, whole, "a.epub").text == "강이 얼었다."
    assert (
        one_of(read, book_of("<p>caf&eacute; &amp; &bogus; bar</p>"), "a.epub").text == "café & &bogus; bar"
    )


@settings(max_examples=80)
@given(st.lists(st.integers(0, 3000), max_size=20), st.integers(0, 3000))
def test_damaged_bytes_are_read_or_refused_and_nothing_else(places: list[int], length: int) -> None:
    read_or_refused(read, flipped(BOOK.read_bytes(), places)[: length or None], "a.epub")


@settings(max_examples=80)
@given(
    st.binary(max_size=60),
    st.integers(0, 900),
    st.sampled_from(["OPS/one.xhtml", "OPS/book.opf", "OPS/nav.xhtml"]),
)
def test_damaged_members_are_read_or_refused_and_nothing_else(junk: bytes, at: int, member: str) -> None:
    with ZipFile(BOOK) as whole:
        data = whole.read(member)
    read_or_refused(read, with_member(BOOK.read_bytes(), member, data[:at] + junk + data[at:]), "a.epub")
