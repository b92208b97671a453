from __future__ import annotations

import datetime as dt
import re
import shutil
import sys
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa.document.segment import sentences
from qa.errors import InputError
from qa.formats import ocr, tesseract
from qa.formats.pdf import MOST_PAGES, read
from qa.formats.reading import read_path
from qa.formats.source import PLAIN, Options, Source
from qa.schema import Document, Found, locator
from tests.qa.formats.pdf import make

FILES = Path(__file__).parent / "files"
needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="Tesseract is not installed")


def load(name: str) -> Source:
    return Source(f"briefs/{name}.pdf", f"{name}.pdf", (FILES / f"{name}.pdf").read_bytes())


def document(source: Source | str, options: Options = PLAIN) -> Document:
    (found,) = read(load(source) if isinstance(source, str) else source, options)
    return found


def refusal(source: Source | str, options: Options = PLAIN) -> str:
    with pytest.raises(InputError) as caught:
        list(read(load(source) if isinstance(source, str) else source, options))
    assert "briefs/" in str(caught.value)
    return str(caught.value)


def source_of(data: bytes) -> Source:
    return Source("briefs/made.pdf", "made.pdf", data)


def whole(text: str) -> str:
    """What a text of `make` says when it is read."""
    raised = str.maketrans("12", "¹²")
    marks = re.compile(r"\^(\d)")
    return marks.sub(lambda mark: mark[1].translate(raised), text.replace("|", "").removeprefix("# "))


def names(found: Document, kind: str) -> list[str]:
    return [section.name for section in found.sections if section.kind == kind]


def sentence_with(found: Document, words: str) -> str:
    (sentence,) = (s for s in sentences(found) if words in found.text[s.start : s.end])
    return found.text[sentence.start : sentence.end]


def where(found: Document, words: str) -> str:
    start = found.text.index(words)
    return locator(found, start, start + len(words))


@pytest.fixture
def without_tesseract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


# Text


def test_a_brief_keeps_the_lines_of_its_head_and_joins_those_of_its_paragraphs() -> None:
    title, *head = make.BRIEF_HEADER
    assert document("brief").text == "\n\n".join([title, "\n".join(head), *map(whole, make.BRIEF)])


def test_an_article_is_read_column_after_column_and_its_paragraphs_come_out_whole() -> None:
    blocks = document("article").text.split("\n\n")
    notes = [whole(note).replace("¹The", "¹ The") for note in make.ARTICLE_NOTES]
    body = [block for block in blocks[2:] if block not in notes]
    assert blocks[:2] == [make.ARTICLE_TITLE, make.ARTICLE_AUTHORS]
    # One paragraph is cut at the end of a sentence, so that a footnote stays on its page.
    assert "\n\n".join(body).replace("was.\n\nA smug", "was. A smug") == "\n\n".join(map(whole, make.ARTICLE))
    assert [block for block in blocks if block in notes] == notes


def test_words_broken_at_the_ends_of_lines_are_joined_and_compounds_keep_their_hyphens() -> None:
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(load("article").data)]
    broken = re.findall("\\w+\ufffe\\w+", "".join(pages))  # how PDFium writes such a hyphen
    assert len(broken) >= 4
    text = document("article").text
    assert all(word.replace("\ufffe", "") in text for word in broken)
    assert text.count("long-term") == 2
    assert "sledge-load" in text


def test_running_heads_and_page_numbers_are_left_out() -> None:
    text = document("article").text
    assert "River Markets Review" not in text
    assert "M. Harrow" not in text
    assert "118" not in text


def test_heads_that_say_another_thing_on_each_page_are_left_out_and_titles_of_pages_are_not() -> None:
    found = document("diary")
    titles = [title for _, _, title in make.DIARY_EDGES]
    said = [part for both in zip(titles, make.DIARY, strict=True) for part in both if part]
    assert found.text == "\n\n".join(said)
    assert found.date is None  # each foot has the date of its page


def test_a_sentence_that_runs_over_a_page_is_whole_and_has_both_pages() -> None:
    found = document("article")
    sentence = sentence_with(found, "rose with the moon")
    assert sentence.startswith("The fee rose")
    assert sentence.endswith("being seen.")
    assert where(found, sentence).endswith("pages 1–2")


def test_a_footnote_stands_on_its_own_page_outside_the_sentence_that_runs_around_it() -> None:
    found = document("article")
    assert where(found, "One inspector is said").endswith("page 2")
    assert sentence_with(found, "merchant").startswith("A smuggler, in the clerk’s")


def test_a_raised_mark_is_part_of_the_sentence_before_it() -> None:
    assert sentence_with(document("article"), "lunar new year.¹").endswith("year.¹")


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.text("abcdefgjly", min_size=1, max_size=9), min_size=3, max_size=10),
    st.floats(-0.5, 3),
)
def test_every_space_character_between_two_words_is_kept(words: list[str], room: float) -> None:
    data = make.tight(words, room)
    with pypdfium2.PdfDocument(data) as pdf:
        held = pdf[0].get_textpage().get_text_range()
    assert document(source_of(data)).text == " ".join(held.split())


def test_a_word_that_ends_in_f_is_not_glued_to_the_next() -> None:
    assert document(source_of(make.tight(["head", "of", "forestry"], 0.3))).text == "head of forestry"


def test_words_that_only_stand_apart_are_words_of_their_own() -> None:
    data = make.moved_apart(["make", "directed", "graphs"], 0.14)
    with pypdfium2.PdfDocument(data) as pdf:
        assert pdf[0].get_textpage().get_text_range() == "makedirectedgraphs"  # PDFium has no space either
    assert document(source_of(data)).text == "make directed graphs"


def test_a_small_word_between_the_lines_of_a_title_is_part_of_it() -> None:
    body = " ".join(f"(A ferry that waits is shown a light, {each}.) Tj 0 -14 Td" for each in ("red", "blue"))
    title = (
        "/F 22 Tf (Many Ferries) Tj 0 -26 Td /F 11 Tf (or) Tj 0 -26 Td /F 22 Tf (An Introduction) Tj 0 -60 Td"
    )
    data = make.page_of(f"BT 72 700 Td {title} 0 -60 Td /F 11 Tf {body} ET", HELVETICA)
    assert document(source_of(data)).title == "Many Ferries or An Introduction"


HELVETICA = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


@pytest.mark.parametrize(
    ("operators", "text"),
    [
        ("/F 11 Tf 1.5 Tc (smuggling) Tj", "smuggling"),  # spaced out on purpose
        ("/F 11 Tf (Nicht-) Tj 1.5 Tc (smuggler) Tj", "Nicht-smuggler"),
        ("/F 11 Tf (Smugg) Tj 1.5 Tc (ling) Tj", "Smuggling"),
        ("/F 10 Tf 130 Tz [(T) -10 (ra) -100 (vel) -60 (ing)] TJ", "Traveling"),  # wide letters
        ("/F 5 Tf 3 Ts (a) Tj 0 Ts /F 11 Tf [(Sm) -70 (ug) -70 (gling)] TJ", "aSmuggling"),
    ],
)
def test_letters_that_stand_a_little_apart_are_one_word(operators: str, text: str) -> None:
    data = make.page_of(f"BT 72 700 Td {operators} ET", HELVETICA)
    assert document(source_of(data)).text == text


@pytest.mark.parametrize("words", [["waited.", ".", "."], ["10", "000"], ["long-", "term"]])
def test_a_little_room_beside_marks_and_figures_is_no_space(words: list[str]) -> None:
    assert document(source_of(make.moved_apart(words, 0.14))).text == "".join(words)


def test_a_drop_cap_begins_its_word_and_mixes_no_lines() -> None:
    assert document(source_of(make.drop_cap())).text == " ".join(make.DROPPED)


def test_headings_are_sections_but_not_the_title() -> None:
    found = document("article")
    assert names(found, "section") == [whole(text) for text in make.ARTICLE if text.startswith("# ")]
    assert where(found, "Aluminium followed") == "section “Prices”, page 1"


def test_three_columns_above_and_below_what_is_as_wide_as_all() -> None:
    found = document("columns")
    expected = [*make.COLUMNS_THREE, make.CAPTION, *make.COLUMNS_BELOW]
    assert found.text.split("\n\n") == ["Three weeks at the market", *expected]


def test_pages_are_named_by_their_labels() -> None:
    found = document("labelled")
    assert names(found, "page") == ["iii", "iv", "1", "2"]
    assert where(found, sentence_with(found, "It was written")) == "pages iv–1"
    assert where(found, "The preface") == "page iii"


def test_a_page_turned_on_its_side_is_read_and_a_stamp_across_it_is_not() -> None:
    assert document("rotated").text == make.TYPED


def test_korean_text() -> None:
    found = document("korean")
    assert found.text == "\n\n".join(make.KOREAN)
    assert found.title == make.KOREAN[0]


@pytest.mark.parametrize("name", ["brief", "article", "columns", "korean", "labelled", "rotated", "damaged"])
def test_pages_tile_the_text_and_headings_begin_their_sections(name: str) -> None:
    found = document(name)
    pages = [section for section in found.sections if section.kind == "page"]
    assert "".join(found.text[page.start : page.end] for page in pages) == found.text
    for section in found.sections:
        if section.kind == "section":
            assert found.text[section.start : section.end].startswith(section.name)


# Metadata


def test_a_brief_is_described_by_its_head_and_not_by_what_the_program_that_made_it_says() -> None:
    found = document("brief")
    assert (found.title, found.publisher, found.series, found.number, found.date, found.author) == (
        "Scrap metal smuggling rampant in North Korea",
        "Institute for Far Eastern Studies (IFES)",
        "NK Brief",
        "08-4-4-1",
        dt.date(2008, 4, 4),
        "",
    )


def test_the_files_own_fields_and_a_date_in_a_running_head() -> None:
    found = document("article")
    assert (found.title, found.author, found.language) == (
        make.ARTICLE_TITLE,
        "Mina Harrow; Tobias Lund",
        "en",
    )
    assert found.date == dt.date(2009, 5, 14)
    assert {
        Found("title", "PDF information", "stated"),
        Found("author", "PDF information", "stated"),
        Found("language", "PDF catalogue", "stated"),
        Found("date", "its running head", "likely"),
    } <= set(found.found)


def test_the_day_a_file_was_made_is_no_date_of_publication() -> None:
    found = document("columns")
    assert found.date is None
    assert found.notes == ("No date of publication was found; the file was made on 2000-01-01.",)


def test_a_title_is_read_off_the_page_where_the_file_has_none() -> None:
    found = document("columns")
    assert found.title == "Three weeks at the market"
    assert Found("title", "the largest type of its first page", "likely") in found.found


# What cannot be read


def test_a_password_is_asked_for_by_name_and_an_empty_one_is_none() -> None:
    assert "needs a password" in refusal("password")
    assert document("restricted").text == make.TYPED


def test_a_damaged_file_is_mended_and_a_truncated_one_refused() -> None:
    assert document("damaged").text == document("article").text
    assert "damaged" in refusal("truncated")


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4\n", b"no pdf at all", b"%PDF-1.7\n%%EOF"])
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    assert "damaged, or is not a PDF" in refusal(source_of(data))


def test_a_file_without_pages_or_without_text_is_refused() -> None:
    assert "no text" in refusal(source_of(make.pages_of_nothing(2)))


@pytest.mark.slow
def test_a_file_of_too_many_pages_is_refused() -> None:
    assert f"up to {MOST_PAGES}" in refusal(source_of(make.pages_of_nothing(MOST_PAGES + 1)))


def test_a_page_of_monstrous_size_is_read() -> None:
    assert document(source_of(make.one_page(size=(14_000_000, 14_000_000)))).text == make.TYPED


def test_fonts_that_do_not_say_their_letters_are_refused(without_tesseract: None) -> None:
    assert "does not say which letters" in refusal(source_of(make.nameless_letters()))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["article", "labelled", "mixed", "korean"]), st.data())
def test_whatever_the_bytes_there_is_a_document_or_a_refusal(name: str, data: st.DataObject) -> None:
    content = bytearray(load(name).data)
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(len(content) // 2, len(content)))]
    try:
        (found,) = read(source_of(bytes(content)), Options(ocr=False))
    except InputError as error:
        assert "briefs/made.pdf" in str(error)  # noqa: PT017 -- either is right
    else:
        assert found.text.strip()


# Scans


def test_a_scan_is_refused_with_what_to_install(without_tesseract: None) -> None:
    message = refusal("scanned")
    assert "pictures of text" in message
    assert "apt install tesseract-ocr" in message


def test_a_scan_among_pages_of_text_is_noted(without_tesseract: None) -> None:
    found = document("mixed")
    assert found.text == make.TYPED
    assert found.notes[0].startswith("Page 2 was not read: the file has only a picture of the text.")


def test_what_another_program_read_off_a_scan_is_read_and_labelled() -> None:
    found = document(source_of(make.scan_with_text()))
    assert found.text == " ".join(make.SCAN)
    assert found.notes[0].startswith("Page 1 was read by OCR (before, by another program)")


def test_without_ocr_a_scan_is_refused() -> None:
    assert "Index it with OCR" in refusal("scanned", Options(ocr=False))


@pytest.mark.slow
@needs_tesseract
def test_a_scan_is_read_by_tesseract_and_says_so() -> None:
    asked: list[float] = []
    scan = load("scanned")
    found = document(Source(scan.name, scan.file_name, scan.data, asked.append))
    program = ocr.version("")
    assert found.text == " ".join(make.SCAN)
    assert found.notes[0] == f"Page 1 was read by OCR ({program}): check quotes against the page."
    assert Found("text", f"OCR ({program})", "likely") in found.found
    assert max(asked) >= tesseract.SECONDS


@needs_tesseract
def test_a_scan_among_pages_of_text_is_read_in_its_place() -> None:
    found = document("mixed")
    assert found.text == f"{make.TYPED}\n\n{' '.join(make.SCAN)}"
    assert where(found, "forty sacks") == "page 2"


@pytest.mark.slow
@needs_tesseract
@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_scan_that_lies_on_its_side_or_upside_down_is_read_turned(turned: int) -> None:
    assert document(source_of(make.scanned(turned=turned))).text == " ".join(make.SCAN)


@needs_tesseract
def test_the_head_of_a_scan_stands_apart_and_a_line_that_begins_with_a_figure_goes_on() -> None:
    head = ("Harbour Board of Vardo", "Minutes of 7 March 1961", "")
    body = ("The board heard that nine blocks were lost in a storm of", "2 March and that the light was out.")
    found = document(source_of(make.scanned((*head, *body))))
    assert (found.publisher, found.date) == ("Harbour Board of Vardo", dt.date(1961, 3, 7))
    assert sentence_with(found, "nine blocks") == " ".join(body)


@needs_tesseract
def test_pages_read_by_ocr_say_so_and_others_do_not() -> None:
    pages = [section for section in document("mixed").sections if section.kind == "page"]
    assert [page.read_by for page in pages] == ["", "OCR"]


@pytest.fixture
def failing_tesseract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A program of that name that says its version and languages, takes a picture, and fails."""
    program = tmp_path / "tesseract"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "tesseract 5.0" && exit\n'
        '[ "$1" = --list-langs ] && printf "List (1):\\neng\\n" && exit\n'
        "cat >/dev/null; echo no memory >&2; exit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")


@pytest.mark.skipif(sys.platform == "win32", reason="a script of the shell stands in for Tesseract")
@pytest.mark.usefixtures("failing_tesseract")
def test_tesseract_that_fails_is_a_refusal_that_says_why() -> None:
    assert "Tesseract failed (no memory)" in refusal("scanned")


@pytest.mark.skipif(sys.platform == "win32", reason="a script of the shell stands in for Tesseract")
@pytest.mark.usefixtures("failing_tesseract")
def test_tesseract_is_given_the_picture_from_where_files_are_read() -> None:
    (found,) = read_path(FILES / "scanned.pdf")
    assert isinstance(found, InputError)
    assert "Tesseract failed (no memory)" in str(found)


@pytest.mark.slow
@needs_tesseract
def test_a_scan_is_read_where_files_are_read() -> None:
    (found,) = read_path(FILES / "scanned.pdf")
    assert isinstance(found, Document)
    assert found.text == " ".join(make.SCAN)


def test_which_of_tesseracts_languages_are_used() -> None:
    installed = frozenset({"eng", "kor", "osd"})
    assert ocr.model_for("ko-KR", installed) == "kor+eng"
    assert ocr.model_for("fr", installed) == "eng"
    assert ocr.model_for("", frozenset()) == ""
