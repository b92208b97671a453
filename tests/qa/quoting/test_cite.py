from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qa.errors import InputError, VerbatimError
from qa.quoting.cite import check, cite_line, clipboard, parse_citation, with_lines_joined
from qa.quoting.render import differing
from qa.schema import (
    Answer,
    Citation,
    CitationId,
    Document,
    Quote,
    Section,
    Span,
    answer_to_dict,
    citation,
    citation_id,
    locator,
)
from qa.text.dates import date_in_words, parse_date
from qa.text.display import visible
from tests.qa.briefs import BRIEF, HOSTILE, quote, reader

ARRESTED = quote(BRIEF, "Those arrested", "in the North.")


def test_a_citation_line_names_title_publisher_series_number_date_and_paragraph():
    assert cite_line(ARRESTED) == (
        "“Scrap metal smuggling rampant in North Korea”, Institute for Far Eastern Studies (IFES), "
        "NK Brief No. 08-4-4-1, 4 April 2008, paragraph 2"
    )


def test_a_citation_for_a_program_has_the_date_in_iso():
    assert citation(ARRESTED) == Citation(
        title="Scrap metal smuggling rampant in North Korea",
        publisher="Institute for Far Eastern Studies (IFES)",
        number="08-4-4-1",
        date="2008-04-04",
        locator="paragraph 2",
        url="",
        series="NK Brief",
        published_in="Institute for Far Eastern Studies (IFES)",
    )


def test_a_row_of_a_table_without_a_publisher_is_published_in_the_file_of_the_table():
    row = Document(id="r", text="Rice rose.", path="wire/prices.csv", sections=(Section(0, 10, "row", "2"),))
    cited = citation(Quote(row, 0, 10))
    assert (cited.publisher, cited.published_in) == ("", "prices.csv")
    assert cite_line(Quote(row, 0, 10)) == "“r”, prices.csv, row 2"
    assert (
        answer_to_dict(Answer("q", "q", "answered", quotes=(Quote(row, 0, 10),)))["quotes"][0]["citation"][
            "published_in"
        ]
        == "prices.csv"
    )


def test_a_document_of_which_nothing_is_known_is_cited_by_its_id():
    bare = Document(id="notes/a.txt", text="One sentence.")
    assert cite_line(Quote(bare, 0, 13)) == "“notes/a.txt”, paragraph 1"


@pytest.mark.parametrize(
    ("series", "number", "expected"),
    [
        ("NK Brief", "", "“t”, NK Brief, paragraph 1"),
        ("", "7", "“t”, No. 7, paragraph 1"),
        ("", "", "“t”, paragraph 1"),
    ],
)
def test_a_series_and_a_number_are_each_named_without_the_other(series, number, expected):
    document = Document(id="x", text="A.", title="t", series=series, number=number)
    assert cite_line(Quote(document, 0, 2)) == expected


def test_a_quote_off_a_page_read_by_ocr_says_so_and_one_beside_it_does_not():
    pages = (Section(0, 5, "page", "1"), Section(5, 10, "page", "2", "OCR"))
    document = Document(id="x", text="Aaa. Bbbb.", title="t", sections=pages)
    assert cite_line(Quote(document, 0, 4)) == "“t”, page 1"
    assert clipboard(Quote(document, 5, 10)) == "“Bbbb.”\n“t”, page 2, read by OCR"
    assert citation(Quote(document, 0, 10)).read_by == "OCR"


def test_a_section_that_is_named_as_the_document_is_not_named_twice():
    text = "A  visit\n\nHe came.\n\nHe left.\n\nPrices\n\nRice rose."
    sections = (Section(0, 30, "section", "A  visit"), Section(30, len(text), "section", "Prices"))
    document = Document(id="x", text=text, title="A VISIT", sections=sections)
    left, rice = (Quote(document, at, at + 8) for at in (text.index("He left."), text.index("Rice rose.")))
    assert cite_line(left) == "“A VISIT”, paragraph 2"
    assert cite_line(rice) == "“A VISIT”, section “Prices”, paragraph 1"


def test_a_title_over_several_lines_still_makes_one_line():
    assert "\n" not in cite_line(Quote(HOSTILE, 0, 5))


def test_the_clipboard_holds_the_exact_quote_in_quotation_marks_then_the_citation_then_the_address():
    document = replace(BRIEF, url="https://example.org/brief")
    copied = clipboard(quote(document, "Those arrested", "in the North."))
    assert copied == f"“{ARRESTED.text}”\n{cite_line(ARRESTED)}\nhttps://example.org/brief"


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("Scrap metal", "Korea", "header"),
        ("NK Brief", "08-4-4-1", "header"),
        ("Institute", "4/4/2008", "header"),
        ("Scrap metal", "4/4/2008", "header"),  # over two header spans and a blank line
        ("As smuggling", "lately", "paragraph 1"),
        ("On April 1", "imprisoned.", "paragraph 1"),
        ("imprisoned.", "Those", "paragraphs 1–2"),
        ("In response", "useless.", "paragraph 4"),
    ],
)
def test_paragraphs_are_counted_as_a_reader_does_without_header_and_furniture(first, last, expected):
    q = quote(BRIEF, first, last)
    assert locator(BRIEF, q.start, q.end) == expected


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_windows_line_ends_and_blank_lines_with_spaces_separate_paragraphs_too(newline):
    text = newline.join(["", "One.", "still one", " \t", "", "Two.", "", "Three."])
    document = Document(id="x", text=text)
    found = [
        locator(document, text.index(word), text.index(word) + 3) for word in ("One", "still", "Two", "Thr")
    ]
    assert found == ["paragraph 1", "paragraph 1", "paragraph 2", "paragraph 3"]


def test_a_text_of_many_lines_without_a_blank_one_is_located_by_line():
    document = Document(id="x", text="one\ntwo\nthree\n")
    assert locator(document, 4, 7) == "line 2"
    assert locator(document, 4, 13) == "lines 2–3"


def test_a_line_that_is_empty_counts_as_it_does_in_an_editor():
    document = Document(id="x", text="\none\ntwo")
    assert locator(document, 5, 8) == "line 3"


@given(
    text=st.text(alphabet="ab \n\t\r.", min_size=1, max_size=60),
    data=st.data(),
)
def test_every_quote_has_a_locator_that_counts_from_one_and_never_backwards(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assume(text[start:end].strip())
    document = Document(id="x", text=text)
    unit, numbers = locator(document, start, end).split(" ")
    first, _, last = numbers.partition("–")
    assert unit in {"paragraph", "paragraphs", "line", "lines"}
    assert 1 <= int(first) <= int(last or first) <= text.count("\n") + 1


def test_dates_are_in_english_words_whatever_the_locale():
    assert date_in_words(dt.date(2008, 4, 4)) == "4 April 2008"
    assert date_in_words(dt.date(1995, 12, 31)) == "31 December 1995"
    assert date_in_words(parse_date("2024-04")) == "April 2024"
    assert date_in_words(parse_date("2024")) == "2024"


def test_a_citation_names_no_day_that_the_document_does_not():
    quote = Quote(Document("a", "Rice rose.", title="Prices", date=parse_date("2024-04")), 0, 10)
    assert cite_line(quote) == "“Prices”, April 2024, paragraph 1"
    assert citation(quote).date == "2024-04"


@pytest.mark.parametrize(
    ("form", "document"),
    [
        ("{}", ""),
        (" {}\n", ""),
        ("#cite={}", ""),
        ("http://127.0.0.1:7860/#cite={}", ""),
        ("http://127.0.0.1:7860/#cite={}&document=two.jsonl%20%26%20more", "two.jsonl & more"),
        ("http://127.0.0.1:7860/api/v1/citations/{}", ""),
        ("http://127.0.0.1:7860/api/v1/citations/{}?document=a+b%2B", "a b+"),
    ],
)
def test_a_citation_is_read_from_its_id_and_from_its_addresses(form, document):
    text = str(citation_id(ARRESTED))
    assert text == f"{BRIEF.sha256}/{ARRESTED.start}-{ARRESTED.end}"
    place = CitationId(BRIEF.sha256, ARRESTED.start, ARRESTED.end)
    assert parse_citation(form.format(text)) == (place, document)


@pytest.mark.parametrize(
    "text",
    ["", "x/1-2", "a" * 64, "a" * 64 + "/2-2", "a" * 64 + "/3-2", "A" * 64 + "/1-2", "a" * 64 + "/1-2/3",
     "a" * 64 + "/-1-2", "a" * 64 + "/1-9999999999999", "a" * 64 + "/١-٢", "../" + "a" * 64 + "/1-2",
     "#quote=" + "a" * 64 + "/1-2", "b" + "a" * 64 + "/1-2"],
)  # fmt: skip
def test_anything_but_a_hash_and_a_range_is_no_citation(text):
    with pytest.raises(InputError, match="is not a citation: give SHA256/START-END"):
        parse_citation(text)


@given(st.text())
def test_what_is_visible_keeps_its_length_and_all_but_controls(text):
    shown = visible(text)
    assert len(shown) == len(text)
    kept = [(a, b) for a, b in zip(text, shown, strict=True) if a != b]
    assert all(a < " " or "\x7f" <= a <= "\x9f" or a in "\u202d\u202e" for a, _ in kept)
    assert not any((c < " " and c not in "\n\t") or "\x7f" <= c <= "\x9f" for c in shown)


def test_an_escape_is_shown_as_its_symbol():
    assert visible("\x1b[2J\x9b\x7f\r\n\r") == "␛[2J\ufffd␡ \n␍"


def test_a_quote_that_is_its_slice_passes():
    check(ARRESTED, reader(BRIEF))
    check(ARRESTED, reader(BRIEF), ARRESTED.text)
    hostile = quote(HOSTILE, "He said", "Two")
    check(hostile, reader(HOSTILE), visible(hostile.text), pictures=True)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda text: text.replace("  ", " ") + " ",
        lambda text: text[:-1],
        lambda text: text.replace("’", "'"),
        lambda text: text.replace("selling", "Selling"),
        lambda text: "",
    ],
)
def test_anything_but_the_slice_is_refused(tamper):
    with pytest.raises(VerbatimError, match="is not what"):
        check(ARRESTED, reader(BRIEF), tamper(ARRESTED.text))


def test_a_control_character_that_is_shown_as_it_is_is_refused_where_symbols_are_due():
    hostile = quote(HOSTILE, "He said", "Two")
    with pytest.raises(VerbatimError):
        check(hostile, reader(HOSTILE), hostile.text, pictures=True)


def test_a_source_that_has_changed_elsewhere_is_refused_though_the_slice_is_the_same():
    changed = replace(BRIEF, text=BRIEF.text + "!")
    with pytest.raises(VerbatimError, match="has changed since"):
        check(ARRESTED, reader(changed))


def test_a_source_that_has_gone_is_refused():
    with pytest.raises(VerbatimError, match="no longer in the library"):
        check(ARRESTED, reader())


def test_a_document_that_lies_about_its_hash_is_found_out():
    changed = replace(BRIEF, text=BRIEF.text.replace("gold", "lead"))
    object.__setattr__(changed, "sha256", BRIEF.sha256)
    with pytest.raises(VerbatimError, match="has changed since"):
        check(ARRESTED, reader(changed))


def test_a_header_span_that_ends_inside_a_paragraph_does_not_hide_it():
    text = "Title and more.\n\nBody."
    document = Document(id="x", text=text, header=(Span(0, 5),))
    assert locator(document, 6, 9) == "paragraph 1"
    assert locator(document, 17, 22) == "paragraph 2"


@pytest.mark.parametrize("above", ["", "Two sentences stand above. They are a paragraph.\n\n"])
def test_a_quote_of_a_numbered_list_is_cited_by_the_number_of_its_item(above: str):
    items = "1. The boat is late.\n2) The fare has risen.\n   It is twelve crowns.\n3. It is shut."
    text = f"{above}{items}\n\nEnd."
    document = Document(id="list", text=text)

    def place(first: str, last: str) -> str:
        return locator(document, text.index(first), text.index(last) + len(last))

    paragraph = "paragraph 2, " if above else "paragraph 1, "
    assert place("The boat", "late.") == f"{paragraph}item 1"
    assert place("It is", "crowns.") == f"{paragraph}item 2"
    assert place("The fare", "shut.") == f"{paragraph}items 2–3"
    assert "item" not in place("End", "End")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("The number rose by\n12. After that it fell to\n40. It was not heard of again.", "line 3"),
        ("1. Rye\n1. Oats\n1. Wheat of the north. It was not heard of again.", "line 3"),
        (" 8. Rye\n 9. Oats\n10. Wheat. It was not heard of again.", "item 10"),
        ("1. Rye\n   1. Red. It was not heard of again.\n   2. Old\n2. Oats", "item 1"),
    ],
)
def test_a_line_is_an_item_only_where_the_numbers_count_up(text: str, place: str):
    start = text.index("It was")
    assert locator(Document(id="a", text=text), start, start + 10) == place


def test_a_section_within_another_is_the_place_of_what_stands_in_it():
    text = "Fares\n\nOne.\n\nTable 2\n\na | b\n\nFour."
    sections = (Section(0, len(text), "section", "Fares"), Section(13, 27, "section", "Table 2"))
    document = Document(id="fares", text=text, sections=sections)
    assert locator(document, text.index("a | b"), text.index("a | b") + 5) == "section “Table 2”, paragraph 1"
    assert locator(document, text.index("Four"), len(text)) == "section “Fares”, paragraph 4"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("The boat\nis late,\r\nit is said.", "The boat is late, it is said."),
        ("- The boat\n  is late.\n- It is shut.", "- The boat is late.\n- It is shut."),
        ("10. The boat\n    is late,\n    it is said.", "10. The boat is late, it is said."),
        ("- The boat\n    - is late.", "- The boat\n    - is late."),
        ("a | b\n--- | ---\nc | d\ne | f", "a | b\n--- | ---\nc | d\ne | f"),
        ("A verse  \nof two lines\\\nor three", "A verse  \nof two lines\\\nor three"),
        ("## Fares\nThey rose.\n\n1. One\n2. Two", "## Fares\nThey rose.\n\n1. One\n2. Two"),
        ("| a | b |\n|---|---|\n| c | d |", "| a | b |\n|---|---|\n| c | d |"),
        ("```\nx = 1\ny = 2\n```", "```\nx = 1\ny = 2\n```"),
    ],
)
def test_the_end_of_a_line_within_a_paragraph_of_markdown_is_read_as_a_space(text: str, seen: str):
    assert with_lines_joined(Quote(Document(id="m", text=text, format="markdown"), 0, len(text))) == seen
    assert with_lines_joined(Quote(Document(id="t", text=text), 0, len(text))) == text


def test_sources_that_look_alike_are_told_apart_by_their_ids() -> None:
    day = dt.date(2008, 4, 4)
    documents = [
        Document(id=name, text=text, title=title, date=day)
        for name, text, title in (
            ("wire/a.txt", "Rye cost 31.", "Prices"),
            ("desk/a.txt", "Rye cost 13.", "Prices"),
            ("b.txt", "Oats cost 9.", "Oats"),
        )
    ]
    quotes = tuple(Quote(each, 0, len(each.text), number=at) for at, each in enumerate(documents, 1))
    answer = Answer("What did rye cost?", "What did rye cost?", "answered", quotes=quotes)
    lines = [cite_line(each) for each in answer.quotes]
    assert [line.rpartition(", ")[2] for line in lines] == ["in wire/a.txt", "in desk/a.txt", "paragraph 1"]
    emphasised = [replace(each, emphasis=(Span(9, 11),)) for each in quotes[:2]]
    asked = "How many kopecks did rye cost?"
    _, rows = differing(Answer(asked, asked, "answered", quotes=tuple(emphasised)))
    assert [source for _, _, _, source in rows] == ["Prices, in wire/a.txt", "Prices, in desk/a.txt"]
    near = replace(answer, quotes=answer.quotes[:1], nearest=answer.quotes[1:2])
    assert cite_line(near.nearest[0]).endswith("in desk/a.txt")
    alone = replace(answer, quotes=answer.quotes[1:])
    assert "desk/a.txt" not in cite_line(alone.quotes[0])


def test_what_is_only_near_is_told_apart_from_the_quotes_by_its_id() -> None:
    one, other = (Document(f"{place}/a.txt", "Lead rose.", title="Lead") for place in ("old", "new"))
    answer = Answer("?", "?", "answered", quotes=(Quote(one, 0, 4),), nearest=(Quote(other, 5, 9),))
    assert [each.looks_alike for each in (*answer.quotes, *answer.nearest)] == [True, True]
    assert cite_line(answer.nearest[0]).endswith(", in new/a.txt")
