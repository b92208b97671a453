"""Write the OpenDocument texts in this folder: `PYTHONPATH=. python tests/qa/formats/odt/make.py`."""

# ruff: noqa: E501 -- XML as programs write it

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import odfdo

HERE = Path(__file__).parent
SEEDS = HERE.parents[3] / "seeds"
SPACES = (
    " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (
            ("office", "office"),
            ("text", "text"),
            ("table", "table"),
            ("draw", "drawing"),
            ("style", "style"),
            ("fo", "xsl-fo-compatible"),
        )
    )
    + ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def new(title: str = "", author: str = "", language: str = "") -> odfdo.Document:
    document = odfdo.Document("text")
    document.body.clear()
    if title:
        document.meta.title = title
    if author:
        document.meta.initial_creator = author
    if language:
        document.meta.language = language
    return document


def save(document: odfdo.Document, name: str, content: str = "") -> None:
    """Save a document with fixed times, without the template's pictures. `content` replaces its content."""
    held = io.BytesIO()
    document.save(held)
    with zipfile.ZipFile(held) as old, zipfile.ZipFile(HERE / name, "w") as file:
        for member in old.namelist():
            data = content.encode() if content and member == "content.xml" else old.read(member)
            if not member.endswith((".png", "/")):
                kind = zipfile.ZIP_STORED if member == "mimetype" else zipfile.ZIP_DEFLATED
                file.writestr(zipfile.ZipInfo(member), data, kind, 9)


def brief() -> None:
    (path,) = SEEDS.glob("*.txt")
    document = new(author="IFES")
    for paragraph in path.read_text("utf-8").split("\n\n"):
        document.body.append(odfdo.Paragraph(paragraph))
    save(document, "brief.odt")


REPORT = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document-content {SPACES} office:version="1.3">
<office:automatic-styles>
 <style:style style:name="hidden" style:family="text"><style:text-properties text:display="none"/></style:style>
 <style:style style:name="struck" style:family="text"><style:text-properties
   style:text-line-through-style="solid"/></style:style>
 <style:style style:name="struck2" style:family="text" style:parent-style-name="struck"/>
 <text:list-style style:name="L1">
  <text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>
  <text:list-level-style-number text:level="2" style:num-format="a" style:num-suffix=")" text:display-levels="2"/>
  <text:list-level-style-bullet text:level="3" text:bullet-char="•"/>
 </text:list-style>
</office:automatic-styles>
<office:body><office:text>
<text:tracked-changes><text:changed-region><text:deletion><text:p>DELETED</text:p></text:deletion>
</text:changed-region></text:tracked-changes>
<text:sequence-decls><text:sequence-decl text:name="Table"/></text:sequence-decls>
<text:h text:outline-level="1">Summary</text:h>
<text:p>Coal went
  out <text:s text:c="2"/>by <text:span>rail</text:span>.<text:line-break/>Fish<text:tab/>came in.</text:p>
<text:list text:style-name="L1"><text:list-item><text:p>Trucks</text:p>
 <text:list><text:list-item><text:p>at the bridge</text:p><text:p>all day</text:p>
  <text:list><text:list-item><text:p>in rain</text:p></text:list-item></text:list></text:list-item></text:list>
 </text:list-item><text:list-item><text:p>Boats</text:p></text:list-item></text:list>
<text:p>In between.</text:p>
<text:list text:style-name="L1" text:continue-numbering="true"><text:list-item><text:p>Trains</text:p>
 </text:list-item></text:list>
<text:h text:outline-level="2">What was <text:span>seen</text:span></text:h>
<text:p>The pier <text:change-start text:change-id="c"/>in Rajin<text:change-end text:change-id="c"/> was
 busy<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>Seen
 on 3 May.</text:p></text:note-body></text:note>, a <text:a xlink:href="x">fisherman</text:a> said<office:annotation>
 <dc:creator>A</dc:creator><text:p>COMMENT</text:p></office:annotation> on <text:date>Monday</text:date><text:span
 text:style-name="hidden">HIDDEN</text:span><text:span text:style-name="struck2"> STRUCK</text:span><text:hidden-text
 text:is-hidden="true">HIDDEN</text:hidden-text>: twenty-two trans\u00adports<text:note
 text:note-class="endnote"><text:note-citation>i</text:note-citation><text:note-body><text:p>By telephone.</text:p>
 </text:note-body></text:note>.<draw:frame><draw:text-box><text:p>In a box: keep off.</text:p></draw:text-box>
 </draw:frame></text:p>
<text:p><text:hidden-paragraph text:is-hidden="true"/>HIDDEN</text:p>
<text:section text:name="s" text:display="none"><text:p>HIDDEN</text:p></text:section>
<text:section text:name="t"><text:p>In a section.</text:p></text:section>
<text:h text:outline-level="1">Figures</text:h>
<table:table><table:table-column/><table:table-header-rows><table:table-row><table:table-cell><text:p>Good</text:p>
 </table:table-cell><table:table-cell><text:p>Tonnes</text:p></table:table-cell></table:table-row>
 </table:table-header-rows><table:table-row><table:table-cell><text:p>Coal</text:p></table:table-cell>
 <table:table-cell><text:p>1,200</text:p><text:p>by rail</text:p></table:table-cell></table:table-row></table:table>
<text:p>The end.</text:p>
</office:text></office:body></office:document-content>
"""


def languages() -> None:
    document = new("", "김철수", "ko-KR")
    document.body.append(odfdo.Header(1, "북중 접경의 고철 밀수"))
    document.body.append(odfdo.Paragraph("혜산시에서 고철 밀수가 늘었다. 보안원이 단속을 시작했다."))
    save(document, "korean.odt")
    document = new("废金属走私", "", "zh-CN")
    document.body.append(odfdo.Paragraph("长白县的废金属走私活动增加。警方开始调查。"))
    save(document, "chinese.odt")


def broken() -> None:
    whole = (HERE / "brief.odt").read_bytes()
    (HERE / "cut-off.odt").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(HERE / "brief.odt") as old, zipfile.ZipFile(HERE / "no-content.odt", "w") as file:
        for member in old.namelist():
            if member != "content.xml":
                file.writestr(zipfile.ZipInfo(member), old.read(member), zipfile.ZIP_DEFLATED, 9)
    (HERE / "text.odt").write_bytes(b"This is no OpenDocument text.")


if __name__ == "__main__":
    brief()
    save(new("Coal and fish in Rason", "Pak Yong-su", "en-GB"), "report.odt", REPORT)
    languages()
    broken()
