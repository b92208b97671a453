"""Reads the text of a DOCX file as its reader sees it, with tracked changes accepted.

`python-docx` opens the package and gives parts, styles and properties. Its own paragraph text omits the text
in insertions, content controls, smart tags and fields, so this module reads the tree itself. Word computes
the numbers of lists, so this module counts them ([reasons](../../docs/decisions/0015-formats.md)).
"""

from __future__ import annotations

import io
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import docx
from docx.oxml.ns import qn

from qa.errors import InputError
from qa.formats.block_quotes import look_of, marked
from qa.formats.blocks import Look, Part, compose, revisions, row
from qa.formats.numbering import Numbering, integer, value_of
from qa.formats.numerals import numeral
from qa.formats.packages import check_entities, open_package, parse_xml
from qa.formats.properties import with_properties
from qa.schema import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.formats.source import Options, Source

_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_NOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}notes"
_NUMBERING = _NOTES.replace("{}notes", "numbering")
_MOST_IN_HEADER = 6  # lines
_OFF = frozenset({"0", "false", "off"})
_GONE = frozenset(map(qn, ("w:del", "w:moveFrom")))
_COME = frozenset(map(qn, ("w:ins", "w:moveTo")))
# Elements without text of the paragraph: properties, codes of fields, marks of comments, ruby readings.
_SILENT = frozenset(
    map(
        qn,
        (
            "w:pPr w:rPr w:sdtPr w:sdtEndPr w:instrText w:delText w:delInstrText w:sectPr w:tblPr w:tblGrid"
            " w:trPr w:tcPr w:rt w:footnoteRef w:endnoteRef w:annotationRef w:fldData w:proofErr"
        ).split(),
    )
)
# Content that is not read, by its name: the elements or related parts that contain it.
_UNREAD = {
    "comments": {"comments"},
    "words that tracked changes delete": {qn("w:delText"), qn("w:moveFrom")},
    "page headers and footers": {"header", "footer"},
    "pictures": {
        "{http://schemas.openxmlformats.org/drawingml/2006/picture}pic",
        "{urn:schemas-microsoft-com:vml}imagedata",
    },
    "charts": {"{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"},
    "diagrams": {"{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"},
    "embedded files": {"{urn:schemas-microsoft-com:office:office}OLEObject", qn("w:altChunk")},
}
_CHARACTERS = {
    qn("w:tab"): "\t",
    qn("w:ptab"): "\t",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
}


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield the one document of a DOCX file.

    Raises:
        InputError: naming the source, when it is not DOCX, is damaged, locked or a bomb, or has no text.
    """
    open_package(source, "DOCX").close()
    try:
        opened = docx.Document(io.BytesIO(source.data))
        check_entities(opened.element, source.name)
        core = opened.core_properties
        properties = {"title": core.title, "author": core.author, "language": core.language}
        reader = _Reader(opened, source.name, as_report=options.as_report)
        parts = [*reader.parts(opened.element.body), *reader.notes()]
        composed = compose(marked(parts) if options.as_report else parts)
        above = _page_header(opened)
        unread = reader.unread() if options.as_report else ()
    except (InputError, MemoryError):
        raise
    except RecursionError:
        raise InputError(f"{source.name} is nested too deep. Save its text as a .txt file.") from None
    except Exception as error:  # python-docx may raise any error on damaged bytes
        raise InputError(
            f"{source.name} cannot be read as DOCX ({type(error).__name__}: {error}). Open it in Word or "
            "LibreOffice and save it again."
        ) from None
    document = Document(
        id="",
        text=composed.text,
        sections=composed.sections,
        format="docx",
        notes=reader.remarks(),
        unread=unread,
    )
    yield with_properties(
        document,
        properties,
        "the document's properties",
        PurePath(source.file_name).stem,
        options.date_order,
        source.name,
        display=reader.title,
        above=above,
    )


def _page_header(opened: Any) -> list[str]:
    """Return the lines of the first page's header."""
    section = opened.sections[0] if len(opened.sections) else None
    if section is None:
        return []
    headers = [section.header]
    if section.different_first_page_header_footer:
        headers.insert(0, section.first_page_header)
    for header in headers:
        header_lines = [
            line
            for header_paragraph in header.paragraphs
            for line in header_paragraph.text.split("\n")
            if line.strip()
        ]
        if header_lines:
            return [line.strip() for line in header_lines[:_MOST_IN_HEADER]]
    return []


class _Style:
    """The settings of a paragraph or character style, with the settings of the styles that it is based on."""

    def __init__(self, element: Any, styles: dict[str, Any]) -> None:
        self.outline: int | None = None
        self.list_id = ""
        self.depth: int | None = None
        self.hidden = False
        self.names: list[str] = []
        self.indents: dict[str, str] = {}
        self.fonts: list[str] = []
        self.alignment = ""
        seen: set[str] = set()
        while element is not None:
            self._take(element)
            based_on = element.find(qn("w:basedOn"))
            above = "" if based_on is None else based_on.get(qn("w:val")) or ""
            element = None if above in seen else styles.get(above)
            seen.add(above)

    def _take(self, element: Any) -> None:
        """Take the settings of `element` that no style based on `element` has set."""
        properties = element.find(qn("w:pPr"))
        self.names.append(value_of(element, "w:name"))
        self.indents = _indents(properties) | self.indents
        self.fonts = self.fonts or _fonts(element.find(qn("w:rPr")))
        self.alignment = self.alignment or value_of(properties, "w:jc")
        outline, list_id, depth = _paragraph_properties(properties)
        self.outline = outline if self.outline is None else self.outline
        if list_id and not self.list_id:
            self.list_id, self.depth = list_id, depth
        self.hidden = self.hidden or _is_on(element.find(qn("w:rPr")), "w:vanish")


class _Reader:
    """Reads the body of one document."""

    def __init__(self, opened: Any, name: str, *, as_report: bool) -> None:
        self._part = opened.part
        self._name = name
        self._body = opened.element.body
        self._as_report = as_report
        self._inside = 0  # number of tables, boxes and notes around the current paragraph
        styles = {
            style.get(qn("w:styleId")): style for style in opened.styles.element.iterchildren(qn("w:style"))
        }
        self._styles = {key: _Style(style, styles) for key, style in styles.items() if key}
        self._default = next(
            (
                key
                for key, style in styles.items()
                if style.get(qn("w:type")) == "paragraph"
                and style.get(qn("w:default")) in ("1", "true", "on")
            ),
            "",
        )
        self._numbering = Numbering(_related(opened.part, _NUMBERING, name))
        self.title = ""  # the first paragraph in the style of a title
        self._boxes: list[Any] = []
        self._fields: list[bool] = []  # for each open field, whether its code still goes on
        self._carried = ""  # text of a paragraph whose end was deleted: the next paragraph continues it
        self._noted: list[tuple[str, str, str]] = []  # kind, id and mark of each note, in order
        self._note_parts: dict[str, dict[str, Any]] = {}
        self._revised = self._struck = self._hidden = False

    def remarks(self) -> tuple[str, ...]:
        """Return notes for the reader on how the document's changes were read."""
        return revisions(tracked=self._revised, struck=self._struck)

    def unread(self) -> tuple[str, ...]:
        """Return the names of the file's contents that `parts` and `notes` did not read."""
        roots = [self._body, *(note for notes in self._note_parts.values() for note in notes.values())]
        tags = {element.tag for root in roots for element in root.iter()}
        related = {
            relation.reltype.rpartition("/")[2]
            for relation in self._part.rels.values()
            if not relation.is_external and _has_words(relation.target_part)
        }
        names = [name for name, marks in _UNREAD.items() if marks & tags or marks & related]
        flags = (("words struck out", self._struck), ("hidden words", self._hidden))
        return (*names, *(name for name, is_there in flags if is_there))

    def parts(self, container: Any) -> list[Part]:
        """Return the paragraphs and tables of a container in order, whatever elements wrap them."""
        parts: list[Part] = []
        for child in container.iterchildren():
            tag = child.tag
            if tag == qn("w:p"):
                parts += self._paragraph(child)
            elif tag == qn("w:tbl"):
                parts += self._table(child)
            elif tag == _ALTERNATIVES:
                parts += self.parts(_chosen(child))
            elif tag in _GONE:
                self._revised = True
            elif tag not in _SILENT and isinstance(tag, str):
                self._revised = self._revised or tag in _COME
                parts += self.parts(child)
        if self._carried:
            parts.append(Part("paragraph", self._carried))
            self._carried = ""
        return parts

    def notes(self) -> list[Part]:
        """Return the footnotes and endnotes, ordered as the text refers to them.

        They are in no section of the text.
        """
        parts = [Part("section", "")]
        position = 0
        self._inside += 1
        while position < len(self._noted):  # a note may refer to another
            kind, note_id, mark = self._noted[position]
            position += 1
            note = self._notes_of(kind).get(note_id)
            own = [] if note is None else self.parts(note)
            if own and mark:
                parts.append(Part("footnote" if kind == "foot" else "endnote", mark.strip("[]")))
                own[0] = Part("paragraph", f"{mark} {own[0].text.lstrip()}")
            parts += own
        return parts

    def _notes_of(self, kind: str) -> dict[str, Any]:
        if kind not in self._note_parts:
            root = _related(self._part, _NOTES.format(kind), self._name)
            self._note_parts[kind] = (
                {}
                if root is None
                else {note.get(qn("w:id")): note for note in root.iterchildren(qn(f"w:{kind}note"))}
            )
        return self._note_parts[kind]

    def _paragraph(self, paragraph: Any) -> list[Part]:
        """Return a paragraph as a heading, an item or a paragraph, with the text boxes that it anchors."""
        properties = paragraph.find(qn("w:pPr"))
        self._fields.clear()  # a code ends with its paragraph: a broken code must not hide later text
        text = self._carried + self._text(paragraph)
        self._carried = ""
        boxes, self._boxes = self._boxes, []
        self._inside += 1
        box_parts = [part for box in boxes for part in self.parts(box)]
        self._inside -= 1
        mark = None if properties is None else properties.find(qn("w:rPr"))
        if mark is not None and any(mark.find(tag) is not None for tag in _GONE):
            self._carried, self._revised = text, True
            return box_parts
        style_id = value_of(properties, "w:pStyle") or self._default
        style = self._styles.get(style_id)
        outline, list_id, depth = _paragraph_properties(properties)
        if style is not None:
            outline = style.outline if outline is None else outline
            if not list_id and style.list_id:
                list_id = style.list_id
                own = style.depth
                depth = self._numbering.level_of_style(list_id, style_id) if own is None else own
        label = self._numbering.next(list_id, depth or 0) if list_id not in ("", "0") else ""
        if not text.strip():
            return box_parts
        if style_id == "Title" and not self.title:
            self.title = " ".join(text.split())
        if outline is not None and outline < 9:
            return [Part("heading", f"{label} {text}" if label not in ("", "-") else text), *box_parts]
        look = self._look(paragraph, style) if self._as_report else None
        if label and not (look and look.quotes):
            return [Part("item", f"{'  ' * (depth or 0)}{label} {text.strip()}"), *box_parts]
        return [Part("paragraph", text, look), *box_parts]

    def _look(self, paragraph: Any, style: _Style | None) -> Look:
        """Return what shows whether a paragraph is a block quote: style, indents, fonts, alignment."""
        properties = paragraph.find(qn("w:pPr"))
        indents = (style.indents if style else {}) | _indents(properties)
        runs = [_fonts(run.find(qn("w:rPr"))) for run in paragraph.iter(qn("w:r"))]
        typed = bool(runs) and all(runs)
        alignment = value_of(properties, "w:jc") or (style.alignment if style else "")
        return look_of(
            style.names if style else (),
            integer(indents.get("left")),
            integer(indents.get("firstLine")) - integer(indents.get("hanging")),
            fonts=runs[0] if typed else style.fonts if style else (),
            other=bool(self._inside) or alignment in ("center", "right", "end"),
        )

    def _table(self, table: Any) -> list[Part]:
        parts: list[Part] = []
        self._inside += 1
        for line in _inside(table, qn("w:tr")):
            properties = line.find(qn("w:trPr"))
            if properties is not None and properties.find(qn("w:del")) is not None:
                self._revised = True
                continue
            parts += row([self._cell(cell) for cell in _inside(line, qn("w:tc"))])
        self._inside -= 1
        return [Part("break", ""), *parts, Part("break", "")]

    def _cell(self, cell: Any) -> list[Part]:
        merged = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
        if merged is not None and merged.get(qn("w:val")) != "restart":
            return []  # the cell above goes on here
        return self.parts(cell)

    def _text(self, element: Any) -> str:
        """Return the text of an element of a paragraph, as Word shows it."""
        pieces: list[str] = []
        for child in element.iterchildren():
            tag = child.tag
            if tag in _SILENT or not isinstance(tag, str):
                continue
            if tag == qn("w:t") or tag == _MATH_TEXT:
                if not any(self._fields):
                    pieces.append((child.text or "").replace("\n", " "))
            elif tag in _CHARACTERS:
                pieces.append(_CHARACTERS[tag])
            elif tag == qn("w:sym"):
                pieces.append(_symbol(child.get(qn("w:char"))))
            elif tag == qn("w:fldChar"):
                self._field(child.get(qn("w:fldCharType")))
            elif tag in (qn("w:footnoteReference"), qn("w:endnoteReference")):
                pieces.append(self._reference(child, "foot" if tag == qn("w:footnoteReference") else "end"))
            elif tag in _GONE:
                self._revised = True
            elif tag == qn("w:txbxContent"):
                self._boxes.append(child)
            elif tag == _ALTERNATIVES:
                pieces.append(self._text(_chosen(child)))
            elif tag == qn("w:r") and self._is_left_out(child.find(qn("w:rPr"))):
                for code in child.iterchildren(qn("w:fldChar")):
                    self._field(code.get(qn("w:fldCharType")))
            else:
                self._revised = self._revised or tag in _COME
                pieces.append(self._text(child))
        return "".join(pieces)

    def _is_left_out(self, properties: Any) -> bool:
        """Return whether words with these properties are struck out or hidden. Note it for `unread`."""
        if properties is None:
            return False
        if _is_on(properties, "w:strike") or _is_on(properties, "w:dstrike"):
            self._struck = True
            return True
        style = self._styles.get(value_of(properties, "w:rStyle"))
        if properties.find(qn("w:vanish")) is None:
            hidden = style is not None and style.hidden
        else:
            hidden = _is_on(properties, "w:vanish")
        self._hidden = self._hidden or hidden
        return hidden

    def _field(self, kind: str | None) -> None:
        if kind == "begin":
            self._fields.append(True)
        elif self._fields and kind == "separate":
            self._fields[-1] = False
        elif self._fields and kind == "end":
            self._fields.pop()

    def _reference(self, reference: Any, kind: str) -> str:
        """Return the mark of a note, or "" if a custom mark follows in the text."""
        mark = ""
        if reference.get(qn("w:customMarkFollows")) in (None, *_OFF):
            count = sum(other == kind and bool(mark) for other, _, mark in self._noted) + 1
            mark = f"[{count}]" if kind == "foot" else f"[{numeral(count, 'i')}]"
        self._noted.append((kind, reference.get(qn("w:id")) or "", mark))
        return mark


def _paragraph_properties(properties: Any) -> tuple[int | None, str, int | None]:
    """Return the outline level, the list's id and the depth in the list, if paragraph properties set them."""
    if properties is None:
        return None, "", None
    outline = value_of(properties, "w:outlineLvl")
    listed = properties.find(qn("w:numPr"))
    list_id = "" if listed is None else value_of(listed, "w:numId")
    depth = "" if listed is None else value_of(listed, "w:ilvl")
    return (integer(outline) if outline else None), list_id, (integer(depth) if depth else None)


def _indents(properties: Any) -> dict[str, str]:
    """Return the indents that paragraph properties set, in twentieths of a point."""
    element = None if properties is None else properties.find(qn("w:ind"))
    if element is None:
        return {}
    names = {"left": ("left", "start"), "firstLine": ("firstLine",), "hanging": ("hanging",)}
    attributes = {
        name: [element.get(qn(f"w:{attribute}")) for attribute in spellings]
        for name, spellings in names.items()
    }
    return {name: value for name, values in attributes.items() for value in values if value is not None}


def _fonts(properties: Any) -> list[str]:
    element = None if properties is None else properties.find(qn("w:rFonts"))
    return [] if element is None else [name for name in (element.get(qn("w:ascii")),) if name]


def _has_words(part: Any) -> bool:
    return b"<w:t>" in part.blob or b"<w:t " in part.blob


def _is_on(properties: Any, tag: str) -> bool:
    """Return whether a toggle such as `w:vanish` is present and not switched off."""
    toggle = None if properties is None else properties.find(qn(tag))
    return toggle is not None and (toggle.get(qn("w:val")) or "1") not in _OFF


def _chosen(alternatives: Any) -> Any:
    """Return the first of some alternatives. Each has the same content for another version of Word."""
    return next(alternatives.iterchildren(), alternatives)


def _inside(element: Any, tag: str) -> Iterator[Any]:
    """Yield the children with a tag, also inside content controls and the like, but not in inner tables."""
    for child in element.iterchildren():
        if child.tag == tag:
            yield child
        elif isinstance(child.tag, str) and child.tag not in _SILENT | _GONE:
            yield from _inside(child, tag)


def _symbol(code: str | None) -> str:
    """Return a character of a symbol font, or "" for a private code point, which only that font defines."""
    try:
        character = chr(int(code or "", 16))
    except (ValueError, OverflowError):
        return ""
    return "" if "\ue000" <= character <= "\uf8ff" or not character.isprintable() else character


def _related(part: Any, kind: str, name: str) -> Any:
    """Return the root of the part with the relationship `kind`, or None if a document has no such part.

    Raises:
        InputError: naming `name`, when the part is not well-formed XML, or declares entities.
    """
    for relation in part.rels.values():
        if relation.reltype == kind and not relation.is_external:
            return parse_xml(relation.target_part.blob, name)
    return None
