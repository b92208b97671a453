"""Reads ODT: the text of an OpenDocument text as a reader sees it, with tracked changes accepted.

`odfdo` opens the package and gives the properties. This module reads the tree itself, because the text from
`odfdo` has no separate notes and no marked headings ([why so](../../docs/decisions/0015-formats.md)).
"""

from __future__ import annotations

import io
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

import odfdo

from qa.errors import InputError
from qa.formats.block_quotes import look_of, marked
from qa.formats.blocks import Look, Part, compose, revisions, row
from qa.formats.numerals import NumeralStyle, numeral
from qa.formats.packages import open_package, parse_xml, read_member
from qa.formats.properties import with_properties
from qa.schema import Document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zipfile import ZipFile

    from qa.formats.source import Options, Source

_NAMES = {
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0": "office",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0": "text",
    "urn:oasis:names:tc:opendocument:xmlns:table:1.0": "table",
    "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0": "draw",
    "urn:oasis:names:tc:opendocument:xmlns:style:1.0": "style",
    "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0": "svg",
    "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0": "fo",
}
_SPACES = {prefix: space for space, prefix in _NAMES.items()}
# Elements without text of the page: deletions, comments, forms, variables, readings of ruby text.
_SILENT = frozenset(
    """text:tracked-changes text:sequence-decls text:variable-decls text:user-field-decls
    text:dde-connection-decls text:alphabetical-index-auto-mark-file text:number text:script text:ruby-text
    text:note-citation office:annotation office:annotation-end office:forms office:event-listeners svg:title
    svg:desc draw:object draw:object-ole draw:image draw:glue-point draw:enhanced-geometry table:table-column
    table:table-columns table:table-header-columns""".split()
)
# Content of a report that is not read: the name for readers, and the elements that contain it.
_UNREAD = {
    "comments": {"office:annotation"},
    "words that tracked changes delete": {"text:deletion"},
    "pictures": {"draw:image"},
    "embedded files": {"draw:object", "draw:object-ole"},
    "forms": {"office:forms"},
    "hidden words": {"text:hidden-text", "text:hidden-paragraph"},
}
_HEADERS = ("style:header", "style:footer", "style:header-left", "style:footer-left", "style:header-first")
# How many twentieths of a point are in a unit of length.
_UNITS = {"in": 1440.0, "cm": 566.9, "mm": 56.69, "pt": 20.0, "pc": 240.0}
_LENGTH = re.compile(r"(-?[0-9]{1,6}(?:\.[0-9]{1,9})?)(in|cm|mm|pt|pc)")
_SPACE = re.compile(r"[ \t\r\n]+")
_MOST_SPACES = 1_000
_DEEPEST = 10


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield the one document of an ODT file.

    Raises:
        InputError: naming the source, if it is not an ODT file, is damaged, locked or a bomb, or has no text.
    """
    with open_package(source, "ODT") as package:
        if "META-INF/manifest.xml" in package.namelist() and b"encryption-data" in read_member(
            package, "META-INF/manifest.xml", source.name
        ):
            raise InputError(f"{source.name} is locked by a password. Save it without a password.")
        content = parse_xml(read_member(package, "content.xml", source.name), source.name)
        styles = _styles(package, source.name)
    properties = _properties(source)
    body = content.find(_tag("office:body") + "/" + _tag("office:text"))
    if body is None:
        raise InputError(f"{source.name} is an OpenDocument file, but not a text. Save it as ODT.")
    roots = [content] if styles is None else [styles, content]
    reader = _Reader(roots, as_report=options.as_report)
    try:
        parts = [*reader.parts(body), *reader.notes()]
        composed = compose(marked(parts) if options.as_report else parts)
    except RecursionError:
        raise InputError(
            f"{source.name} is nested too deep to be read. Save its text as a .txt file."
        ) from None
    yield with_properties(
        Document(
            id="",
            text=composed.text,
            sections=composed.sections,
            format="odt",
            notes=reader.remarks(),
            unread=reader.unread(roots) if options.as_report else (),
        ),
        properties,
        "the document's properties",
        PurePath(source.file_name).stem,
        options.date_order,
        source.name,
    )


def _styles(package: ZipFile, name: str) -> Any:
    if "styles.xml" not in package.namelist():
        return None
    return parse_xml(read_member(package, "styles.xml", name), name)


def _properties(source: Source) -> dict[str, str | None]:
    """Return the title, the author and the language in a document's properties."""
    try:
        meta = odfdo.Document(io.BytesIO(source.data)).meta
        author = meta.initial_creator or meta.creator
        properties = {"title": meta.title, "author": author, "language": meta.language}
    except MemoryError:
        raise
    except Exception as error:  # hostile bytes may make odfdo raise any error
        raise InputError(
            f"{source.name} cannot be read as ODT ({type(error).__name__}: {error}). Open it in "
            "LibreOffice or Word and save it again."
        ) from None
    return properties


def _tag(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{_SPACES[prefix]}}}{local}"


def _name(element: Any) -> str:
    """Return the name of an element, such as "text:p". The name is ":p" in a namespace outside `_NAMES`.

    Return "" for a node that is not an element.
    """
    if not isinstance(element.tag, str):
        return ""
    space, _, local = element.tag[1:].partition("}")
    return f"{_NAMES.get(space, '')}:{local}"


class _Style:
    """A style: its names, paragraph settings, font and parent, and whether it strikes out or hides words."""

    def __init__(self, element: Any) -> None:
        self.names = [element.get(_tag(f"style:{name}")) or "" for name in ("name", "display-name")]
        paragraph = element.find(_tag("style:paragraph-properties"))
        self.set = {} if paragraph is None else dict(paragraph.attrib)
        words = element.find(_tag("style:text-properties"))
        line = "none" if words is None else words.get(_tag("style:text-line-through-style"), "none")
        self.struck = line != "none"
        self.hidden = words is not None and words.get(_tag("text:display")) == "none"
        fonts = (
            [words.get(_tag(name)) for name in ("style:font-name", "fo:font-family")]
            if words is not None
            else []
        )
        self.font = next(filter(None, fonts), "")
        self.parent = element.get(_tag("style:parent-style-name")) or ""


class _Reader:
    """Reads the body of one document. `roots` are the roots of the styles, if any, and of the content."""

    def __init__(self, roots: list[Any], *, as_report: bool) -> None:
        self._as_report = as_report
        self._inside = 0  # how many tables, boxes and notes are around the current element
        self._looks: dict[str, _Style] = {}
        self._lists: dict[str, dict[int, Any]] = {}
        self._outline: dict[int, Any] = {}
        for root in roots:
            for style in root.iter(_tag("style:style")):
                self._looks[style.get(_tag("style:name")) or ""] = _Style(style)
            for style in root.iter(_tag("text:list-style")):
                self._lists[style.get(_tag("style:name")) or ""] = _levels(style)
            for style in root.iter(_tag("text:outline-style")):
                self._outline = _levels(style)
        self._counts: dict[str, dict[int, int]] = {}
        self._boxes: list[Any] = []
        self._noted: list[tuple[Any, str, str]] = []  # body, mark and class of the notes
        self._revised = self._struck = False

    def remarks(self) -> tuple[str, ...]:
        """Return notes for the reader on tracked changes and on words that are struck out."""
        return revisions(tracked=self._revised, struck=self._struck)

    def unread(self, roots: list[Any]) -> tuple[str, ...]:
        """Return the names of content in the file that `parts` and `notes` did not read."""
        names = {_name(element) for element in roots[-1].iter()}
        contents = [name for name, marks in _UNREAD.items() if marks & names]
        headers = (header for root in roots for tag in _HEADERS for header in root.iter(_tag(tag)))
        if any("".join(header.itertext()).strip() for header in headers):
            contents.append("page headers and footers")
        return (*contents, *(("words struck out",) if self._struck else ()))

    def parts(self, container: Any) -> list[Part]:
        """Read paragraphs, lists and tables in order, also inside other elements."""
        parts: list[Part] = []
        for child in container.iterchildren():
            match _name(child):
                case "text:p":
                    parts += self._paragraph(child)
                case "text:h":
                    parts += self._heading(child)
                case "text:list":
                    parts += self._list(child, "", 1)
                case "table:table":
                    parts += [Part("break", ""), *self._table(child), Part("break", "")]
                case "text:tracked-changes":
                    self._revised = self._revised or len(child) > 0
                case "text:section" if child.get(_tag("text:display")) == "none":
                    pass
                case name if name in _SILENT or not name:
                    pass
                case _:
                    parts += self.parts(child)
        return parts

    def notes(self) -> list[Part]:
        """Read the footnotes and endnotes in the order of their marks in the text, outside any section."""
        parts = [Part("section", "")]
        position = 0
        self._inside += 1
        while position < len(self._noted):  # a note may refer to another
            note, mark, kind = self._noted[position]
            position += 1
            own = self.parts(note)
            if own:
                parts.append(Part("endnote" if kind == "endnote" else "footnote", mark.strip("[]")))
                own[0] = Part("paragraph", f"{mark} {own[0].text.lstrip()}")
            parts += own
        return parts

    def _paragraph(self, paragraph: Any) -> list[Part]:
        look = self._look(paragraph) if self._as_report else None
        return [Part("paragraph", self._line(paragraph), look), *self._beside()]

    def _look(self, paragraph: Any) -> Look:
        """Return what shows whether a paragraph is a block quote: styles, indents, font, alignment."""
        names: list[str] = []
        properties: dict[str, str] = {}
        font = self._font_of_words(paragraph)
        name, seen = paragraph.get(_tag("text:style-name")) or "", set()
        while name in self._looks and name not in seen:
            seen.add(name)
            style = self._looks[name]
            names += style.names
            properties = style.set | properties
            font = font or style.font
            name = style.parent
        return look_of(
            names,
            _length(properties.get(_tag("fo:margin-left"))),
            _length(properties.get(_tag("fo:text-indent"))),
            fonts=(font,),
            other=bool(self._inside) or properties.get(_tag("fo:text-align")) in ("center", "end", "right"),
        )

    def _font_of_words(self, paragraph: Any) -> str:
        """Return the font of a paragraph if all its words are in one span, or else ""."""
        spans = [child for child in paragraph.iterchildren() if isinstance(child.tag, str)]
        if len(spans) != 1 or (paragraph.text or "").strip() or (spans[0].tail or "").strip():
            return ""
        style = self._looks.get(spans[0].get(_tag("text:style-name")) or "")
        return style.font if style else ""

    def _beside(self) -> list[Part]:
        """Read the text boxes of the paragraph that was read last."""
        boxes, self._boxes = self._boxes, []
        self._inside += 1
        parts = [part for box in boxes for part in self.parts(box)]
        self._inside -= 1
        return parts

    def _heading(self, heading: Any) -> list[Part]:
        depth = _integer(heading.get(_tag("text:outline-level")), 1)
        text = self._line(heading)
        label = ""
        if text and heading.get(_tag("text:is-list-header")) != "true":
            label = self._label("", self._outline, depth, _integer(heading.get(_tag("text:start-value")), -1))
        return [Part("heading", f"{label} {text}" if label not in ("", "-") else text), *self._beside()]

    def _list(self, element: Any, style: str, depth: int) -> list[Part]:
        """Return the items of a list and of lists inside it, with their numbers."""
        style = element.get(_tag("text:style-name")) or style
        goes_on = element.get(_tag("text:continue-numbering")) == "true" or element.get(
            _tag("text:continue-list")
        )
        counts = self._counts.setdefault(style, {})
        if depth == 1 and not goes_on:
            counts.clear()
        parts: list[Part] = []
        for item in element.iterchildren():
            numbered = _name(item) == "text:list-item"
            if not numbered and _name(item) != "text:list-header":
                continue
            start = _integer(item.get(_tag("text:start-value")), -1)
            for child in item.iterchildren():
                match _name(child):
                    case "text:list":
                        parts += self._list(child, style, depth + 1)
                    case "text:p" if numbered:
                        parts += self._item(child, style, depth, start)
                        numbered = False
                    case "text:p":
                        parts += self._paragraph(child)
                    case "text:h":
                        parts += self._heading(child)
                    case "table:table":
                        parts += self._table(child)
        return parts

    def _item(self, paragraph: Any, style: str, depth: int, start: int) -> list[Part]:
        label = self._label(style, self._lists.get(style, {}), depth, start)
        text = self._line(paragraph)
        look = self._look(paragraph) if self._as_report else None
        if not text:
            return self._beside()
        if not label or (look and look.quotes):
            quotes = look if look and look.quotes else None
            return [Part("paragraph", text, quotes), *self._beside()]
        return [Part("item", f"{'  ' * (depth - 1)}{label} {text}"), *self._beside()]

    def _label(self, style: str, levels: dict[int, Any], depth: int, start: int) -> str:
        """Count the next item. Return its number as shown, "-" for a bullet, or "" for none."""
        level = levels.get(min(depth, _DEEPEST))
        if level is None:
            return "" if levels is self._outline else "-"
        counts = self._counts.setdefault(style, {})
        first = _integer(level.get(_tag("text:start-value")), 1)
        counts[depth] = start if start >= 0 else counts.get(depth, first - 1) + 1
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]
        if _name(level) in ("text:list-level-style-bullet", "text:list-level-style-image"):
            return "-"
        numbers = []
        shown = min(_integer(level.get(_tag("text:display-levels")), 1), depth)
        for at in range(depth - shown + 1, depth + 1):
            written = levels[at].get(_tag("style:num-format")) if at in levels else ""
            if written:
                numeral_style = written if written in ("1", "a", "A", "i", "I") else "1"
                numbers.append(numeral(counts.get(at, 1), cast("NumeralStyle", numeral_style)))
        if not level.get(_tag("style:num-format")):
            return ""
        around = (level.get(_tag(f"style:num-{side}")) or "" for side in ("prefix", "suffix"))
        return ".".join(numbers).join(around).strip()

    def _table(self, table: Any) -> list[Part]:
        parts: list[Part] = []
        for child in table.iterchildren():
            name = _name(child)
            if name == "table:table-row":
                self._inside += 1
                parts += row([self.parts(cell) for cell in child.iterchildren() if "cell" in _name(cell)])
                self._inside -= 1
            elif name.startswith("table:table-") and name not in _SILENT:  # groups of rows
                parts += self._table(child)
        return parts

    def _line(self, paragraph: Any) -> str:
        """Return the text of a paragraph as it is shown."""
        if any(
            field.get(_tag("text:is-hidden")) == "true"
            for field in paragraph.iter(_tag("text:hidden-paragraph"))
        ):
            return ""
        pieces: list[str] = []
        if not self._is_left_out(paragraph):
            self._inline(paragraph, pieces)
        return "".join(pieces).strip()

    def _inline(self, element: Any, pieces: list[str]) -> None:
        """Add the visible words of an element to `pieces`."""
        _say(element.text, pieces)
        for child in element.iterchildren():
            match _name(child):
                case "text:s":
                    count = min(max(_integer(child.get(_tag("text:c")), 1), 1), _MOST_SPACES)
                    pieces.append(" " * count)
                case "text:tab":
                    pieces.append("\t")
                case "text:line-break":
                    pieces.append("\n")
                case "text:note":
                    pieces.append(self._note(child))
                case "text:hidden-text":
                    if child.get(_tag("text:is-hidden")) == "false":
                        self._inline(child, pieces)
                case "draw:text-box" | "draw:custom-shape" | "draw:rect" | "draw:ellipse" | "draw:line":
                    self._boxes.append(child)
                case "text:span" if self._is_left_out(child):
                    pass
                case name if name in _SILENT or not name:
                    pass
                case _:
                    self._inline(child, pieces)
            _say(child.tail, pieces)

    def _note(self, note: Any) -> str:
        """Return a note's mark, and keep the note for `notes`."""
        cited = note.find(_tag("text:note-citation"))
        shown = "" if cited is None else "".join(cited.itertext()).strip()
        mark = f"[{shown or len(self._noted) + 1}]"
        body = note.find(_tag("text:note-body"))
        if body is not None:
            self._noted.append((body, mark, note.get(_tag("text:note-class")) or ""))
        return mark

    def _is_left_out(self, element: Any) -> bool:
        """Return whether an element's style strikes out or hides the words."""
        name = element.get(_tag("text:style-name")) or ""
        seen: set[str] = set()
        while name in self._looks and name not in seen:
            seen.add(name)
            look = self._looks[name]
            if look.struck or look.hidden:
                self._struck = self._struck or look.struck
                return True
            name = look.parent
        return False


def _say(words: str | None, pieces: list[str]) -> None:
    """Add text, with white space collapsed by OpenDocument's rules."""
    words = _SPACE.sub(" ", words or "")
    before = pieces[-1][-1:] if pieces else " "
    words = words.removeprefix(" ") if before in (" ", "\n") else words
    if words:
        pieces.append(words)


def _levels(style: Any) -> dict[int, Any]:
    return {_integer(level.get(_tag("text:level")), 1): level for level in style.iterchildren()}


def _length(written: str | None) -> int:
    """Return a length in twentieths of a point, or 0 if it is missing or malformed."""
    match = _LENGTH.fullmatch(written or "")
    return round(float(match[1]) * _UNITS[match[2]]) if match else 0


def _integer(written: str | None, otherwise: int) -> int:
    return int(written) if written and re.fullmatch(r"[0-9]{1,9}", written) else otherwise
