"""Make the real file of an item of a.jsonl and the others: `make(item, folder)` returns its path."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from pathlib import Path

_PAGE_WIDTH, _PAGE_HEIGHT = 595.28, 841.89  # A4, in points
_MARGIN = 72


def make(item: dict[str, Any], folder: Path) -> Path:
    """Write the file of an item into a folder of its own, and return its path."""
    path: Path = folder / item["id"] / item["name"]
    path.parent.mkdir(parents=True, exist_ok=True)
    if item["form"] == "docx":
        _write_docx(item, path)
    elif item["form"] == "pdf":
        _write_pdf(item, path)
    else:
        path.write_bytes(item["source"].encode())
    return path


def _of_kind(item: dict[str, Any], kind: str) -> list[str]:
    return [text for each, text in item["blocks"] if each == kind]


def _write_docx(item: dict[str, Any], path: Path) -> None:
    import docx
    from docx.shared import Pt

    document = docx.Document()
    properties, core = item["properties"], document.core_properties
    core.title = properties.get("title", "")
    core.author = properties.get("author", "")
    core.subject = properties.get("subject", "")
    core.comments = core.last_modified_by = ""
    if created := properties.get("created"):
        core.created = core.modified = dt.datetime.fromisoformat(created)
    else:  # the library's own template says that it was made in 2013
        for element in list(core._element):
            if element.tag.endswith(("}created", "}modified")):
                core._element.remove(element)
    section = document.sections[0]
    for place, kind in ((section.header, "header"), (section.footer, "footer")):
        if texts := _of_kind(item, kind):
            place.paragraphs[0].text = "\n".join(texts)
    for kind, text in item["blocks"]:
        if kind == "title":
            document.add_paragraph(text, style="Title")
        elif kind == "heading":
            document.add_heading(text, level=1)
        elif kind == "small":
            document.add_paragraph().add_run(text).font.size = Pt(8)
        elif kind == "paragraph":
            document.add_paragraph(text)
    document.save(str(path))


def _fonts(text: str) -> tuple[str, str]:
    """Return a font that has the letters of the text, and its bold face."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFont

    for name, first, last in (("HYSMyeongJo-Medium", "가", "힣"), ("STSong-Light", "一", "鿿")):
        if any(first <= letter <= last for letter in text):
            pdfmetrics.registerFont(UnicodeCIDFont(name))
            return name, name
    if text.isascii():
        return "Helvetica", "Helvetica-Bold"
    import matplotlib  # which brings DejaVu

    folder = f"{matplotlib.get_data_path()}/fonts/ttf"
    pdfmetrics.registerFont(TTFont("DejaVu", f"{folder}/DejaVuSans.ttf"))
    pdfmetrics.registerFont(TTFont("DejaVu-Bold", f"{folder}/DejaVuSans-Bold.ttf"))
    return "DejaVu", "DejaVu-Bold"


def _write_pdf(item: dict[str, Any], path: Path) -> None:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.lib.utils import TimeStamp
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    plain, bold = _fonts("".join(text for _, text in item["blocks"]))
    styles = {
        kind: ParagraphStyle(kind, fontName=font, fontSize=size, leading=leading, spaceAfter=after)
        for kind, font, size, leading, after in (
            ("title", bold, 20, 25, 10),
            ("heading", bold, 14, 18, 8),
            ("paragraph", plain, 10.5, 14, 8),
            ("small", plain, 8, 10, 6),
        )
    }
    properties = item["properties"]

    def furnish(canvas: Any, _: Any) -> None:
        canvas.setFont(plain, 8)
        for number, text in enumerate(_of_kind(item, "header")):
            canvas.drawString(_MARGIN, _PAGE_HEIGHT - 40 - 10 * number, text)
        for number, text in enumerate(_of_kind(item, "footer")):
            canvas.drawString(_MARGIN, 40 - 10 * number, text)

    def begin(canvas: Any, template: Any) -> None:
        for name in ("title", "author", "subject", "creator", "producer"):
            getattr(canvas, f"set{name.title()}")(properties.get(name, ""))
        if created := properties.get("created"):
            day = dt.date.fromisoformat(created)
            stamp = TimeStamp()
            stamp.YMDhms, stamp.dhh, stamp.dmm = (day.year, day.month, day.day, 12, 0, 0), 0, 0
            canvas._doc._timeStamp = stamp
        furnish(canvas, template)

    template = SimpleDocTemplate(
        str(path), pagesize=(_PAGE_WIDTH, _PAGE_HEIGHT), leftMargin=_MARGIN, rightMargin=_MARGIN
    )
    paragraphs = [Paragraph(escape(text), styles[kind]) for kind, text in item["blocks"] if kind in styles]
    template.build(paragraphs, onFirstPage=begin, onLaterPages=furnish)
