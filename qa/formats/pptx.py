"""Reads PPTX: the texts of a presentation's slides, in PowerPoint's own reading order.

`python-pptx` opens the package and gives slides and shapes. A slide's title comes first. The speaker's notes
are a section of their own. Hidden slides are left out. A note names the slides with words that are not read.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.package import Package

from qa.errors import InputError
from qa.formats.blocks import Part, compose, row
from qa.formats.packages import check_entities, open_package
from qa.formats.properties import with_properties
from qa.schema import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qa.formats.source import Options, Source

NOTES = "Notes"  # the name of the section with a slide's speaker's notes
_DEEPEST = 50  # levels of nested groups
# Placeholders that are alike on each slide. They are never quoted.
_FURNITURE = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.HEADER, PP_PLACEHOLDER.SLIDE_NUMBER)
_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield the one document of a presentation.

    Raises:
        InputError: naming the source, if it is not a presentation, is damaged, locked or a bomb, or is empty.
    """
    open_package(source, "PPTX").close()
    try:
        # `pptx.Presentation` refuses slide shows (.ppsx), which have the same format.
        presentation: Any = Package.open(io.BytesIO(source.data)).main_document_part.presentation
        core = presentation.core_properties
        properties = {"title": core.title, "author": core.author, "language": core.language}
        reader = _Reader(source.name)
        composed = compose(reader.parts(presentation))
    except (InputError, MemoryError):
        raise
    except Exception as error:  # hostile bytes may make python-pptx raise any error
        raise InputError(
            f"{source.name} cannot be read as PPTX ({type(error).__name__}: {error}). Open it in PowerPoint "
            "or LibreOffice and save it again."
        ) from None
    document = Document(
        id="", text=composed.text, sections=composed.sections, format="pptx", notes=reader.remarks()
    )
    described = with_properties(
        document,
        properties,
        "the presentation's properties",
        PurePath(source.file_name).stem,
        options.date_order,
        source.name,
        display=reader.title,
    )
    furniture = {*described.furniture, *composed.furniture} - set(described.header)
    yield replace(described, furniture=tuple(sorted(furniture)))


class _Reader:
    """Reads the slides of one presentation."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.title = ""  # of the first slide
        self._hidden: list[int] = []
        self._unread: set[int] = set()

    def remarks(self) -> tuple[str, ...]:
        """Return notes on the slides and words that were left out."""
        hidden, unread = _listed(self._hidden), _listed(sorted(self._unread))
        return (f"Hidden slides were left out: {hidden}.",) * bool(hidden) + (
            f"The words of charts, diagrams and formulas on slide {unread} were not read.",
        ) * bool(unread)

    def parts(self, presentation: Any) -> Iterator[Part]:
        """Yield the texts of the slides, each followed by the speaker's notes."""
        for number, slide in enumerate(presentation.slides, 1):
            check_entities(slide.element, self._name)
            if slide.element.get("show") in ("0", "false"):
                self._hidden.append(number)
                continue
            yield Part("slide", str(number))
            yield Part("section", "")
            yield from self._slide(slide, number)
            if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
                check_entities(slide.notes_slide.element, self._name)
                yield Part("section", NOTES)
                yield from _paragraphs(slide.notes_slide.notes_text_frame)

    def _slide(self, slide: Any, number: int) -> Iterator[Part]:
        title = slide.shapes.title
        words = " ".join(title.text_frame.text.split()) if title is not None else ""
        if words:
            self.title = self.title or (words if number == 1 else "")
            yield Part("heading", words)
        own = None if title is None else title.shape_id
        yield from self._shapes(slide.shapes, number, 0, own)

    def _shapes(self, shapes: Any, number: int, depth: int, title: int | None) -> Iterator[Part]:
        """Yield the texts of shapes in order, without the title.

        Raises:
            InputError: naming the source, if groups are nested too deep.
        """
        if depth > _DEEPEST:
            raise InputError(
                f"{self._name} has groups that are nested more than {_DEEPEST} deep. Leave it out."
            )
        if any(child.tag == _ALTERNATIVES for child in shapes._element.iterchildren()):
            self._unread.add(number)
        for shape in shapes:
            if title is not None and shape.shape_id == title:
                continue
            if hasattr(shape, "shapes"):
                yield from self._shapes(shape.shapes, number, depth + 1, None)
            elif getattr(shape, "has_table", False):
                yield from _table(shape.table)
            elif shape.has_text_frame:
                fixed = shape.is_placeholder and shape.placeholder_format.type in _FURNITURE
                yield Part("break", "")
                yield from _paragraphs(shape.text_frame, furniture=fixed)
            elif shape.shape_type is None or getattr(shape, "has_chart", False):
                self._unread.add(number)


def _paragraphs(frame: Any, *, furniture: bool = False) -> Iterator[Part]:
    for paragraph in frame.paragraphs:
        text = paragraph.text.replace("\v", "\n")
        if text.strip():
            yield Part("furniture" if furniture else "paragraph", text)


def _table(table: Any) -> Iterator[Part]:
    yield Part("break", "")
    for line in table.rows:
        yield from row([[] if cell.is_spanned else list(_paragraphs(cell.text_frame)) for cell in line.cells])
    yield Part("break", "")


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
