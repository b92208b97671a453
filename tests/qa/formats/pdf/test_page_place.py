"""Where a quote stands on the page of a PDF: in the right place, or nowhere."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
import pytest
from reportlab.pdfgen.canvas import Canvas

from qa.document.segment import passages
from qa.formats import pdf
from qa.formats.layout import Word
from qa.formats.page_picture import _boxes
from qa.formats.page_place import Part, Stretch, _letters, find
from qa.formats.source import PLAIN, Source

if TYPE_CHECKING:
    from qa.schema import Document

FILES = Path(__file__).parent / "files"
TEXTS = ("article", "brief", "columns", "diary", "korean", "labelled", "restricted", "rotated")


def on_lines(*lines: str) -> list[list[Word]]:
    """Set lines in a type in which each letter is ten points wide."""
    rows = []
    for number, line in enumerate(lines):
        row, at = [], 0
        for word in line.split(" "):
            row.append(Word(word, at, at + 10 * len(word), 20 * number, 20 * number + 12, 10))
            at += 10 * (len(word) + 1)
        rows.append(row)
    return rows


def part(words: str, before: str = "", after: str = "") -> Part:
    return Part("1", before, words, after)


def document_of(data: bytes) -> Document:
    (document,) = pdf.read(Source("a.pdf", "a.pdf", data), PLAIN)
    return document


def parts_of(document: Document, start: int, end: int) -> list[Part]:
    text, found = document.text, []
    for section in document.sections:
        first, last = max(start, section.start), min(end, section.end)
        if section.kind == "page" and first < last:
            around = text[max(0, first - 200) : first], text[last : last + 200]
            found.append(Part(section.name, around[0], text[first:last], around[1]))
    return found


def outlined(opened: pdfium.PdfDocument, part: Part) -> str:
    """Return the letters that PDFium has within the outline."""
    letters = ""
    for index in range(len(opened)):
        if pdf.label_of(opened, index) == part.page:
            text = opened[index].get_textpage()
            for left, bottom, right, top in _boxes(opened, index, part):
                letters += text.get_text_bounded(left - 0.5, bottom - 0.5, right + 0.5, top + 0.5)
    return _letters(letters)


@pytest.mark.parametrize("name", TEXTS)
def test_every_sentence_is_found_on_its_page_and_no_other_words(name: str) -> None:
    data = (FILES / f"{name}.pdf").read_bytes()
    document = document_of(data)
    opened = pdfium.PdfDocument(data)
    sentences = [sentence for passage in passages(document) for sentence in passage.sentences]
    assert sentences
    for sentence in sentences:
        for part in parts_of(document, sentence.start, sentence.end):
            assert outlined(opened, part) == _letters(part.words)


def test_a_quote_of_two_pages_is_found_on_both() -> None:
    data = (FILES / "article.pdf").read_bytes()
    document = document_of(data)
    pages = [section for section in document.sections if section.kind == "page"]
    border = pages[1].start
    parts = parts_of(document, border - 80, border + 80)
    assert [part.page for part in parts] == ["1", "2"]
    assert all(outlined(pdfium.PdfDocument(data), part) == _letters(part.words) for part in parts)


@pytest.mark.parametrize("name", ["scanned", "mixed"])
def test_what_was_read_by_ocr_is_found_nowhere(name: str) -> None:
    opened = pdfium.PdfDocument((FILES / f"{name}.pdf").read_bytes())
    page = {"scanned": "1", "mixed": "2"}[name]
    words = "The inspector counted forty sacks of cement at the bridge on Monday."
    assert outlined(opened, Part(page, "", words, "")) == ""


def test_lines_hyphens_ligatures_and_raised_numbers_make_no_difference() -> None:
    rows = on_lines("The resi-", "dents fled to the ﬁelds1", "that evening.")
    found = find(part("The residents fled to the fields¹ that evening."), rows)
    assert [(each.row, each.left, each.right) for each in found] == [(0, 0, 90), (1, 0, 240), (2, 0, 130)]


def test_a_sentence_within_a_line_is_outlined_alone() -> None:
    rows = on_lines("He left. The residents fled to the fields. She stayed.")
    assert find(part("The residents fled to the fields.", "He left. ", " She stayed."), rows) == [
        Stretch(0, 90, 420, 0, 12)
    ]


def test_a_script_without_spaces_is_outlined_by_its_characters() -> None:
    rows = on_lines("他走了。居民们在那天晚上逃到了河对岸的田野里去了。她留下了。")
    (found,) = find(part("居民们在那天晚上逃到了河对岸的田野里去了。", "他走了。", "她留下了。"), rows)
    assert found.row == 0
    assert 30 <= found.left <= 45
    assert 235 <= found.right <= 260


def test_words_that_stand_there_twice_are_told_by_what_is_around_them() -> None:
    said = "The border was closed on Monday."
    rows = on_lines("Ostrava reports:", said, "Hyesan reports:", said, "Nobody came.")
    found = find(part(said, "Hyesan reports: ", " Nobody came."), rows)
    assert [each.row for each in found] == [3]


@pytest.mark.parametrize(
    ("words", "before", "after"),
    [
        ("The border was closed on Monday.", "", ""),  # stands there twice
        ("The border was closed on Tuesday.", "", ""),  # nowhere
        ("Yes.", "", ""),  # too short
        ("…", "", ""),
    ],
)
def test_what_is_uncertain_is_found_nowhere(words: str, before: str, after: str) -> None:
    said = "The border was closed on Monday."
    assert find(part(words, before, after), on_lines(said, "Yes.", said)) == []


def test_a_sentence_around_a_figure_is_outlined_without_its_caption() -> None:
    rows = on_lines("The residents of the town", "Figure 1. A melon", "fled over the river at night.")
    found = find(part("The residents of the town fled over the river at night."), rows)
    assert [each.row for each in found] == [0, 2]


def test_repeated_sentences_are_outlined_where_they_are_quoted() -> None:
    """Each page says the same sentence many times: an outline may be missing, and never be another's."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 842), invariant=True)
    towns = [f"In town {number} of the river district" for number in range(60)]
    for page in range(2):
        for line, town in enumerate(towns[page * 30 : page * 30 + 30]):
            canvas.drawString(60, 780 - 24 * line, f"{town} nothing at all was sold. The market was closed.")
        canvas.showPage()
    canvas.save()
    document, opened = document_of(buffer.getvalue()), pdfium.PdfDocument(buffer.getvalue())
    said = "The market was closed."
    heights = []
    at = document.text.find(said)
    while at >= 0:
        (quoted,) = parts_of(document, at, at + len(said))
        (box,) = _boxes(opened, int(quoted.page) - 1, quoted)
        heights.append((quoted.page, round(box[1])))
        at = document.text.find(said, at + 1)
    assert len(heights) == 60
    assert heights == sorted(heights, key=lambda place: (place[0], -place[1]))
    assert len(set(heights)) == 60
