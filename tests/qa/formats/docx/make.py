"""Write the Word documents in this folder: `PYTHONPATH=. python tests/qa/formats/docx/make.py`."""

# ruff: noqa: E501 -- XML as programs write it

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml

HERE = Path(__file__).parent
SEEDS = HERE.parents[3] / "seeds"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.{}notes+xml"
MADE = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)


def new(title: str = "", author: str = "", language: str = "") -> docx.document.Document:
    document = docx.Document()
    core = document.core_properties
    core.title, core.author, core.language = title, author, language
    core.created = core.modified = MADE
    return document


def raw(document: docx.document.Document, xml: str) -> None:
    """Add XML to the body, as Word writes it, before the section's properties."""
    for element in parse_xml(f'<w:body xmlns:w="{W}" {EXTRA}>{xml}</w:body>'):
        document.element.body.insert(len(document.element.body) - 1, element)


EXTRA = (
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)


def notes(document: docx.document.Document, kind: str, texts: dict[int, str]) -> None:
    inside = "".join(
        f'<w:{kind}note w:id="{number}"><w:p><w:r><w:{kind}noteRef/></w:r>'
        f"<w:r><w:t xml:space='preserve'> {text}</w:t></w:r></w:p></w:{kind}note>"
        for number, text in texts.items()
    )
    separator = (
        f'<w:{kind}note w:type="separator" w:id="-1"><w:p><w:r><w:t>NEVER</w:t></w:r></w:p></w:{kind}note>'
    )
    part = Part(
        PackURI(f"/word/{kind}notes.xml"),
        NOTES.format(kind),
        f'<?xml version="1.0"?><w:{kind}notes xmlns:w="{W}">{separator}{inside}</w:{kind}notes>'.encode(),
        document.part.package,
    )
    document.part.relate_to(part, getattr(RELATIONSHIP_TYPE, f"{kind.upper()}NOTES"))


def save(document: docx.document.Document, name: str) -> None:
    """Save a document with fixed times, and without the additions of python-docx's template."""
    for relation in [
        r for r in document.part.rels.values() if r.reltype.endswith(("Effects", "/customXml", "/theme"))
    ]:
        del document.part.rels[relation.rId]
    for style in document.styles.element.xpath("./w:style[@w:type='table'][not(@w:default)]"):
        style.getparent().remove(style)
    package = document.part.package
    for relation in [r for r in package.rels.values() if r.reltype.endswith("/thumbnail")]:
        del package.rels[relation.rId]
    held = io.BytesIO()
    document.save(held)
    with zipfile.ZipFile(held) as old, zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as new_file:
        for member in old.namelist():
            new_file.writestr(zipfile.ZipInfo(member), old.read(member), zipfile.ZIP_DEFLATED, 9)


def brief() -> None:
    (path,) = SEEDS.glob("*.txt")
    document = new(title="Microsoft Word - template_old.doc", author="IFES")
    for paragraph in path.read_text("utf-8").split("\n\n"):
        document.add_paragraph(paragraph.replace("\n", "\n"))
    save(document, "brief.docx")


def report() -> None:
    document = new("Coal and fish in Rason", "Pak Yong-su", "en-GB")
    document.sections[0].header.paragraphs[0].text = "RUNNING HEAD"
    document.sections[0].footer.paragraphs[0].text = "PAGE FOOT"
    document.add_heading("Summary", 1)
    document.add_paragraph("Coal went out by rail. Fish came in by truck.")
    document.add_paragraph("Trucks were counted", style="List Bullet")
    document.add_paragraph("at the bridge", style="List Bullet 2")
    document.add_paragraph("First the coal", style="List Number")
    document.add_paragraph("then the fish", style="List Number")
    document.add_heading("What was seen", 2)
    raw(
        document,
        """
        <w:p><w:r><w:t xml:space="preserve">The pier </w:t></w:r>
          <w:ins w:id="1" w:author="A"><w:r><w:t xml:space="preserve">in Rajin </w:t></w:r></w:ins>
          <w:del w:id="2" w:author="A"><w:r><w:delText xml:space="preserve">in Chongjin </w:delText></w:r></w:del>
          <w:r><w:t>was busy</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>, a </w:t></w:r>
          <w:hyperlink w:anchor="x"><w:r><w:t>fisher</w:t></w:r><w:r><w:t>man</w:t></w:r></w:hyperlink>
          <w:smartTag w:element="place"><w:r><w:t xml:space="preserve"> from Sinpo</w:t></w:r></w:smartTag>
          <w:sdt><w:sdtContent><w:r><w:t xml:space="preserve"> said on </w:t></w:r></w:sdtContent></w:sdt>
          <w:fldSimple w:instr=" DATE "><w:r><w:t>Monday</w:t></w:r></w:fldSimple>
          <w:r><w:rPr><w:vanish/></w:rPr><w:t>HIDDEN</w:t></w:r><w:r><w:t>.</w:t></w:r></w:p>
        <w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>CODE</w:instrText></w:r>
          <w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>Twenty</w:t></w:r>
          <w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:noBreakHyphen/><w:t>two trans\u00adports,</w:t></w:r>
          <w:r><w:rPr><w:strike/></w:rPr><w:t xml:space="preserve"> STRUCK</w:t></w:r>
          <w:r><w:t xml:space="preserve"> he added</w:t><w:endnoteReference w:id="3"/><w:t>.</w:t></w:r>
          <w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx><w:txbxContent>
            <w:p><w:r><w:t>In a box: keep off.</w:t></w:r></w:p></w:txbxContent></wps:txbx></w:drawing></mc:Choice>
            <mc:Fallback><w:pict><v:textbox><w:txbxContent><w:p><w:r><w:t>In a box: keep off.</w:t></w:r></w:p>
            </w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>
        <w:p><w:pPr><w:rPr><w:del w:id="4" w:author="A"/></w:rPr></w:pPr><w:r><w:t xml:space="preserve">Joined </w:t></w:r></w:p>
        <w:p><w:r><w:t>again.</w:t></w:r></w:p>
        """,
    )
    document.add_heading("Figures", 1)
    table = document.add_table(rows=2, cols=3)
    for cell, text in zip(table._cells, ["Good", "Tonnes", "", "Coal", "1,200", "by rail"], strict=True):
        cell.text = text
    inner = table.cell(1, 2).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "inner a", "inner b"
    document.add_table(rows=1, cols=1).cell(0, 0).text = "A framed remark."
    document.add_paragraph("The end.")
    document.add_comment(document.paragraphs[1].runs, "COMMENT", "A", "A")
    notes(document, "foot", {2: "Seen on 3 May."})
    notes(document, "end", {3: "By telephone."})
    save(document, "report.docx")


def languages() -> None:
    document = new("", "김철수", "ko-KR")
    document.add_heading("북중 접경의 고철 밀수", 1)
    document.add_paragraph("혜산시에서 고철 밀수가 늘었다. 보안원이 단속을 시작했다.")
    document.add_paragraph("가격은 두 배로 올랐다.", style="List Bullet")
    save(document, "korean.docx")
    document = new("废金属走私", "", "zh-CN")
    document.add_paragraph("长白县的废金属走私活动增加。警方开始调查。")
    save(document, "chinese.docx")


def broken() -> None:
    whole = (HERE / "brief.docx").read_bytes()
    (HERE / "cut-off.docx").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(HERE / "brief.docx") as old:
        for name, missing in (
            ("no-document.docx", "word/document.xml"),
            ("no-types.docx", "[Content_Types].xml"),
        ):
            with zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as file:
                for member in old.namelist():
                    if member != missing:
                        file.writestr(zipfile.ZipInfo(member), old.read(member), zipfile.ZIP_DEFLATED, 9)
    (HERE / "text.docx").write_bytes(b"This is no Word document.")


if __name__ == "__main__":
    brief()
    report()
    languages()
    broken()
