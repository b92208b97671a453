"""Block quotes of Word and OpenDocument: told by style or indent, and what of a file is not read."""

from __future__ import annotations

import io
import subprocess
from typing import TYPE_CHECKING, Any

import docx
import odfdo
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Cm, Pt

from qa.formats.kinds import read_source
from qa.formats.source import Options, Source
from qa.quoting.claims.file import all_of_text, claims
from qa.schema import Document

if TYPE_CHECKING:
    from pathlib import Path

LEAD = "The harbour board met on Monday and wrote down what it had seen in the sheds."
QUOTE = "The north pier has been shut since May, and nobody has mended the crane."
OTHER = "Of the nine cranes on the quay, two were working when the board went round."
CLOSING = "The board meets again in the autumn, when the new crane is due."


def quoted(path: Path) -> list[tuple[str, str]]:
    """Return what a file quotes, read in this process: another one takes its time to start."""
    (document,) = read_source(Source(path.name, path.name, path.read_bytes()), Options(as_report=True))
    assert isinstance(document, Document)
    return [(claim.form, " ".join(claim.words.split())) for claim in all_of_text(document.text)]


def word(*paragraphs: tuple[str, dict[str, Any]]) -> docx.document.Document:
    """Make a Word document of texts, with their style and indents in centimetres."""
    document = docx.Document()
    for text, look in paragraphs:
        paragraph = document.add_paragraph(text, style=look.get("style"))
        layout = paragraph.paragraph_format
        for name in ("left_indent", "right_indent", "first_line_indent"):
            if name in look:
                setattr(layout, name, Cm(look[name]))
        for run in paragraph.runs:
            run.font.name = look.get("font")
    return document


def saved(document: docx.document.Document, path: Path) -> Path:
    document.save(str(path))
    return path


BLOCK = {"left_indent": 1.25}


@pytest.mark.parametrize("style", ["Quote", "Intense Quote"])
def test_paragraphs_in_the_styles_of_quotes_are_quotes(tmp_path: Path, style: str) -> None:
    document = word((LEAD, {}), (QUOTE, {"style": style}), (OTHER, {"style": style}), (CLOSING, {}))
    assert quoted(saved(document, tmp_path / "a.docx")) == [("block quote", QUOTE), ("block quote", OTHER)]


@pytest.mark.parametrize(
    ("style_id", "name"),
    [
        ("Zitat", "Quote"),
        ("IntensivesZitat", "Intense Quote"),
        ("Citationintense", "Intense Quote"),
        ("a5", "Block Text"),
        ("Blockzitat", "Blockzitat"),
        ("CitaDestacada", "Cita destacada"),
        ("Citazione", "Citazione"),
        ("Quotations", "Quotations"),
    ],
)
def test_word_tells_a_quote_in_any_language(tmp_path: Path, style_id: str, name: str) -> None:
    document = docx.Document()
    for known in ("Quote", "Intense Quote"):
        document.styles.element.remove(document.styles[known].element)
    style = document.styles.add_style("Mine", WD_STYLE_TYPE.PARAGRAPH)
    own = document.styles.add_style("House style", WD_STYLE_TYPE.PARAGRAPH)
    own.base_style = style
    style.element.set(docx.oxml.ns.qn("w:styleId"), style_id)
    style.element.find(docx.oxml.ns.qn("w:name")).set(docx.oxml.ns.qn("w:val"), name)
    own.element.find(docx.oxml.ns.qn("w:basedOn")).set(docx.oxml.ns.qn("w:val"), style_id)
    document.add_paragraph(LEAD)
    for text, each in ((QUOTE, style_id), (OTHER, own.style_id)):
        paragraph = document.add_paragraph(text)
        properties = paragraph._p.get_or_add_pPr()
        properties.append(parse_xml(f'<w:pStyle {nsdecls("w")} w:val="{each}"/>'))
    assert [words for _, words in quoted(saved(document, tmp_path / "a.docx"))] == [QUOTE, OTHER]


@pytest.mark.parametrize("style", ["Quotations", "Quote", "Intense_20_Quote", "P7"])
def test_paragraphs_of_opendocument_in_the_styles_of_quotes_are_quotes(tmp_path: Path, style: str) -> None:
    document = odfdo.Document("text")
    document.body.clear()
    for text, name in ((LEAD, None), (QUOTE, style), (CLOSING, None)):
        document.body.append(odfdo.Paragraph(text, style=name))
    document.insert_style(odfdo.Style("paragraph", name="Quotations", display_name="Zitat"))
    document.insert_style(odfdo.Style("paragraph", name="P7", parent_style="Quotations"), automatic=True)
    for name in ("Quote", "Intense_20_Quote"):
        document.insert_style(odfdo.Style("paragraph", name=name))
    document.save(str(tmp_path / "a.odt"))
    assert quoted(tmp_path / "a.odt") == [("block quote", QUOTE)]


def test_an_indented_paragraph_of_either_format_is_a_quote(tmp_path: Path) -> None:
    document = word(
        (LEAD, {}), (QUOTE, BLOCK), (LEAD, {}), (OTHER, BLOCK | {"right_indent": 1}), (CLOSING, {})
    )
    expected = [("block quote", QUOTE), ("block quote", OTHER)]
    assert quoted(saved(document, tmp_path / "a.docx")) == expected
    text = odfdo.Document("text")
    text.body.clear()
    style = odfdo.Style("paragraph", name="P1", area="paragraph", margin_left="1cm")
    text.insert_style(style, automatic=True)
    for words, name in ((LEAD, None), (QUOTE, "P1"), (LEAD, None), (OTHER, "P1"), (CLOSING, None)):
        text.body.append(odfdo.Paragraph(words, style=name))
    text.save(str(tmp_path / "a.odt"))
    assert quoted(tmp_path / "a.odt") == expected


@pytest.mark.parametrize("first", ["A", "I", "9"])
def test_an_indented_quote_may_begin_with_a_letter_or_a_number(tmp_path: Path, first: str) -> None:
    quote = f"{first} cranes were seen by the board on the quay."
    document = word((LEAD, {}), (quote, BLOCK), (CLOSING, {}))
    assert quoted(saved(document, tmp_path / "a.docx")) == [("block quote", quote)]


def test_more_quotes_than_text_of_ones_own_are_quotes(tmp_path: Path) -> None:
    lead = "He went on:"
    document = word((lead, {}), (QUOTE, BLOCK), (lead, {}), (OTHER * 3, BLOCK), (lead, {}), (LEAD * 3, BLOCK))
    assert len(quoted(saved(document, tmp_path / "a.docx"))) == 3


def test_who_is_quoted_is_no_quote(tmp_path: Path) -> None:
    for number, line in enumerate(("— The harbour board, 4 May 2009", "Ada Orr, master of the harbour")):
        for look in (BLOCK, {"style": "Quote"}):
            document = word((LEAD, {}), (QUOTE, look), (line, look), (CLOSING, {}))
            assert quoted(saved(document, tmp_path / f"{number}.docx")) == [("block quote", QUOTE)]


SECTION = [(LEAD, {}), (CLOSING, {}), (LEAD, {})]
NO_QUOTES = {
    "list": [*SECTION, (QUOTE, {"style": "List Bullet"}), (OTHER, {"style": "List Number 2"})],
    "list that goes on": [*SECTION, (QUOTE, {"style": "List Bullet"}), (OTHER, {"left_indent": 1.27})],
    "list continue": [*SECTION, (QUOTE, {"style": "List Continue"}), (OTHER, {"style": "List Paragraph"})],
    "numbers by hand": [*SECTION, (f"(a)\t{QUOTE}", BLOCK), (f"2. {OTHER}", BLOCK), (f"• {OTHER}", BLOCK)],
    "code": [*SECTION, ("for crane in cranes: mend(crane).", BLOCK | {"font": "Courier New"})],
    "first lines": [(text, {"first_line_indent": 1.25}) for text in (LEAD, QUOTE, OTHER, CLOSING)],
    "whole document": [(text, BLOCK) for text in (LEAD, QUOTE, OTHER, CLOSING)],
    "body under headings": [
        ("Summary", {"style": "Heading 1"}),
        *[(text, BLOCK) for text in (LEAD, QUOTE)],
        ("Cranes", {}),
        *[(text, BLOCK) for text in (OTHER, CLOSING)],
    ],
    "bibliography": [*SECTION, (f"Orr, Ada. {QUOTE}", {"left_indent": 1.25, "first_line_indent": -1.25})],
    "address": [*SECTION, ("The Harbour Board", BLOCK), ("12 Pier Road", BLOCK), ("Leith", BLOCK)],
    "signature": [*SECTION, ("Ada Orr, master of the harbour", {"left_indent": 9})],
    "own text": [*SECTION, ("The paper wrote of “the old crane”, and of no other crane.", {})],
}


@pytest.mark.parametrize("name", NO_QUOTES)
def test_what_is_indented_and_no_quote_is_none(tmp_path: Path, name: str) -> None:
    path = saved(word(*NO_QUOTES[name]), tmp_path / "a.docx")
    assert [form for form, _ in quoted(path) if form == "block quote"] == []


def test_the_writers_own_indented_text_is_read_for_its_quotes(tmp_path: Path) -> None:
    own = f"As the board has it, “{QUOTE[:-1]}” since that day."
    document = word((LEAD, {}), (own, BLOCK), (CLOSING, {}))
    assert quoted(saved(document, tmp_path / "a.docx")) == [("quotation marks", QUOTE[:-1])]


def test_quotes_in_cells_and_notes_are_told_apart(tmp_path: Path) -> None:
    document = word((f"They wrote “{OTHER}” of it.", {}))
    cell = document.add_table(1, 2).rows[0].cells
    cell[0].text, cell[1].text = f"“{QUOTE}”", "board"
    styled = document.add_table(1, 2).rows[0].cells
    styled[0].text, styled[0].paragraphs[0].style = LEAD, document.styles["Quote"]
    styled[1].text = "board"
    path = saved(document, tmp_path / "a.docx")
    assert quoted(path) == [("quotation marks", OTHER), ("table cell", QUOTE), ("block quote", LEAD)]


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    document = word((f"They wrote “{QUOTE}” of it.", {}))
    assert claims(saved(document, tmp_path / "a.docx")).unread == ()
    document.sections[0].footer.paragraphs[0].text = "Secret"
    document.add_comment(document.paragraphs[0].runs, text="“Is this so at all?”", author="A")
    document.add_picture(io.BytesIO(_picture()), width=Pt(9))
    for tag in ("del", "ins"):
        words = "delText" if tag == "del" else "t"
        document.paragraphs[0]._p.append(
            parse_xml(f'<w:{tag} {nsdecls("w")} w:id="9"><w:r><w:{words}>Gone.</w:{words}></w:r></w:{tag}>')
        )
    assert claims(saved(document, tmp_path / "a.docx")).unread == (
        "comments",
        "words that tracked changes delete",
        "page headers and footers",
        "pictures",
    )


def test_what_is_not_read_of_opendocument_and_of_texts_is_named(tmp_path: Path) -> None:
    text = odfdo.Document("text")
    text.body.clear()
    paragraph = odfdo.Paragraph(f"They wrote “{QUOTE}” of it.")
    paragraph.insert_annotation(body="“Is this so at all?”", creator="A", after="wrote")
    text.body.append(paragraph)
    text.save(str(tmp_path / "a.odt"))
    assert claims(tmp_path / "a.odt").unread == ("comments",)
    written = f"They wrote “{QUOTE}” of it."
    for name, content, unread in (
        ("a.md", f"{written}\n\n![crane](crane.png)\n", ("pictures",)),
        ("a.html", f"<p>{written}<!-- “No?” --></p>", ("comments",)),
        (
            "a.tex",
            f"{written}\n\\begin{{quote}}{OTHER}\\end{{quote}}",
            ("block quotes without quotation marks",),
        ),
        ("a.txt", written, ()),
    ):
        (tmp_path / name).write_text(content, "utf-8")
        assert claims(tmp_path / name).unread == unread, name


@pytest.mark.parametrize("form", ["docx", "odt"])
def test_block_quotes_that_pandoc_writes_are_read(tmp_path: Path, form: str) -> None:
    from pypandoc import get_pandoc_path

    path = tmp_path / f"a.{form}"
    text = f"{LEAD}\n\n> {QUOTE}\n>\n> {OTHER}\n\n{CLOSING}\n\n- {LEAD}\n\n        {OTHER}\n"
    subprocess.run([get_pandoc_path(), "-o", str(path)], input=text.encode(), check=True)
    assert quoted(path) == [("block quote", QUOTE), ("block quote", OTHER)]


def _picture() -> bytes:
    import pypdfium2

    held = io.BytesIO()
    document = pypdfium2.PdfDocument.new()
    document.new_page(9, 9).render().to_pil().save(held, "PNG")
    return held.getvalue()
