"""Draws a page of a PDF as a picture, with a quote outlined."""

from __future__ import annotations

import ctypes
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from qa.errors import InputError
from qa.formats.page_place import find
from qa.formats.pdf import characters_of, label_of, open_pdf, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.formats.layout import Word
    from qa.formats.page_place import Part, Stretch
    from qa.formats.source import Source

_WIDTH = 1_400  # pixels: a screen with fine dots shows the page half as wide
_MOST_PIXELS = 4_000_000
_MARGIN = 1.5  # points between the words and their outline
_FILL, _LINE = (255, 224, 102, 110), (176, 112, 0, 255)

_Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page as a picture.

    Attributes:
        png: the picture, or empty if the page does not exist.
        page: the number of the page, from 1.
        label: the document's label of the page.
        pages: the number of pages in the document.
        quote: how far down the page the quote begins, 0 to 1, or None if no quote is outlined.
    """

    png: bytes
    page: int
    label: str
    pages: int
    quote: float | None = None


def draw(source: Source, page: int | None, parts: Sequence[Part]) -> PagePicture:
    """Draw a page with the quote outlined. If `page` is None, draw the page where the quote begins.

    `parts` are the parts of the quote on its pages. If there is no such page, the picture is empty.

    Raises:
        InputError: the PDF cannot be opened, or the page is damaged.
    """
    with open_pdf(source) as pdf:
        pages = len(pdf)
        index = page - 1 if page is not None else _page_of(pdf, parts)
        if not 0 <= index < pages:
            return PagePicture(b"", index + 1, "", pages)
        label = label_of(pdf, index)
        boxes = [box for part in parts if part.page == label for box in _boxes(pdf, index, part)]
        try:
            drawn = pdf[index]
            for box in boxes:
                _outline(drawn, box)
            bitmap = drawn.render(scale=_scale(*drawn.get_size()), may_draw_forms=False)
            picture = io.BytesIO()
            bitmap.to_pil().save(picture, "PNG")
            quote = min((_height(drawn, box) for box in boxes), default=None)
        except pdfium.PdfiumError:
            raise InputError(
                f"page {label} of {source.name} is damaged. Open it in a PDF reader and save it again."
            ) from None
        return PagePicture(picture.getvalue(), index + 1, label, pages, quote)


def _page_of(pdf: pdfium.PdfDocument, parts: Sequence[Part]) -> int:
    """Return the index of the page where a quote begins. Several pages may have the same label."""
    if not parts:
        return 0
    labelled = [index for index in range(len(pdf)) if label_of(pdf, index) == parts[0].page]
    sure = (index for index in labelled if _boxes(pdf, index, parts[0]))
    return next(sure, labelled[0] if labelled else 0)


def _boxes(pdf: pdfium.PdfDocument, index: int, part: Part) -> list[_Box]:
    """Return the boxes around a part on a page, in points from the left and from the bottom."""
    try:
        text = pdf[index].get_textpage()
    except pdfium.PdfiumError:
        return []
    turned_rows: list[tuple[int, Sequence[Word]]] = [
        (turn, row) for turn, _, row in rows_of(text, characters_of(text))
    ]
    stretches = find(part, [row for _, row in turned_rows])
    return [_upright(stretch, turned_rows[stretch.row][0]) for stretch in stretches]


def _upright(stretch: Stretch, turn: int) -> _Box:
    """Return left, bottom, right and top of a stretch on the page.

    A stretch of turned text has the coordinates of the page after `turn` quarter turns: undo them.
    """
    left, right, top, bottom = stretch.left, stretch.right, stretch.top, stretch.bottom
    return (
        (left, -bottom, right, -top),
        (top, left, bottom, right),
        (-right, top, -left, bottom),
        (-bottom, -right, -top, -left),
    )[turn]


def _outline(page: pdfium.PdfPage, box: _Box) -> None:
    """Fill a box on the page like a highlighter, and draw a line around it."""
    left, bottom, right, top = box
    shape = raw.FPDFPageObj_CreateNewRect(
        left - _MARGIN, bottom - _MARGIN, right - left + 2 * _MARGIN, top - bottom + 2 * _MARGIN
    )
    raw.FPDFPageObj_SetBlendMode(shape, b"Multiply")
    raw.FPDFPageObj_SetFillColor(shape, *_FILL)
    raw.FPDFPageObj_SetStrokeColor(shape, *_LINE)
    raw.FPDFPageObj_SetStrokeWidth(shape, 1.0)
    raw.FPDFPath_SetDrawMode(shape, raw.FPDF_FILLMODE_ALTERNATE, True)
    raw.FPDFPage_InsertObject(page.raw, shape)


def _height(page: pdfium.PdfPage, box: _Box) -> float:
    """Return how far down the shown page a box begins, 0 to 1."""
    across, down = ctypes.c_int(), ctypes.c_int()
    heights = []
    for x, y in ((box[0], box[1]), (box[2], box[3])):
        raw.FPDF_PageToDevice(page.raw, 0, 0, 10_000, 10_000, 0, x, y, across, down)
        heights.append(down.value)
    return max(0.0, min(heights) / 10_000)


def _scale(width: float, height: float) -> float:
    """Return the scale of the picture, in pixels per point."""
    return min(_WIDTH / max(1.0, width), math.sqrt(_MOST_PIXELS / max(1.0, width * height)))
