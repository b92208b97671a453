"""Reads RTF (version 1.9.1, Microsoft 2008): the text that a word processor shows.

A file consists of groups in braces, control words and bytes. A group inherits the settings of the group
around it. A group may be a *destination*: a footnote, the font table, or something that is not shown. The
file is read in one pass with an explicit stack, so that the cost is linear in length and depth.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from qa.errors import InputError
from qa.formats.blocks import Part, compose, revisions, row
from qa.formats.numerals import numeral
from qa.formats.properties import with_properties
from qa.schema import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.formats.source import Options, Source

MOST_DEPTH = 2_000  # levels of nested groups
_TOKEN = re.compile(
    rb"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?[0-9]{1,10})?\x20?"
    rb"|\\'(?P<byte>[0-9A-Fa-f]{2})|\\(?P<symbol>[^A-Za-z])|(?P<brace>[{}])|[\r\n\0]+|(?P<text>[^\\{}\r\n\0]+)",
    re.DOTALL,
)
# Code pages by the character set of a font. None is for a symbol font, whose bytes are not letters.
_CHARSETS: dict[int, str | None] = {
    0: "cp1252",
    2: None,
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "big5hkscs",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}
_SAID = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850", "ansi": "cp1252"}
_CHARACTERS = {
    "tab": "\t",
    "line": "\n",
    "lbr": "\n",
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
    "zwj": "\u200d",
    "zwnj": "\u200c",
    "ltrmark": "\u200e",
    "rtlmark": "\u200f",
}
_SYMBOLS = {0x7E: "\xa0", 0x5F: "-", 0x5C: "\\", 0x7B: "{", 0x7D: "}", 0x09: "\t"}
_ENDS = frozenset({"par", "sect", "page", "column"})
# Destinations that are not shown in the text. Unknown destinations that begin with \* are not shown either.
_SILENT = frozenset(
    """aftncn aftnsep aftnsepc annotation atnid atnauthor buptim colortbl comment creatim doccomm footer
    footerf footerl footerr ftncn ftnsep ftnsepc header headerf headerl headerr filetbl nonesttables
    nonshppict pict printim revtim rxe sn sp stylesheet sv tc tcn txe xe shprslt upr themedata
    xmlopen""".split()
)
_SHOWN = frozenset({"shpinst", "ud"})  # destinations that begin with \*, but have text that is shown
_BEGUN = frozenset({"fonttbl", "info", "footnote", "shptxt"})
_INFO = frozenset({"title", "author"})
_LABELS = frozenset({"listtext", "pntext"})
_HIDING = frozenset({"v", "webhidden", "deleted", "strike", "striked"})
_HEADING = re.compile(r"heading ?[1-9]|title", re.IGNORECASE)  # names of styles in Word, in any language


@dataclass(slots=True)
class _Flow:
    """A stretch of text: the body, a footnote, a label or a property."""

    parts: list[Part] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    cell: list[Part] = field(default_factory=list)
    cells: list[list[Part]] = field(default_factory=list)
    label: str = ""
    boxes: list[Part] = field(default_factory=list)  # text boxes of the paragraph, which follow below it

    def take_text(self) -> str:
        """Return the text of the paragraph so far, and begin another."""
        # RTF writes the halves of a surrogate pair one by one: join them.
        text = "".join(self.text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        self.text.clear()
        return text

    def end_paragraph(self, *, heading: bool, in_table: bool) -> None:
        """Make the text so far a paragraph, a list item, a heading, or part of a table's cell."""
        text, label = self.take_text(), self.label
        self.label = ""
        parts = self.cell if in_table else self.parts
        if text.strip() and label and not heading:
            parts.append(Part("item", f"{label} {text.strip()}"))
        elif text.strip():
            parts.append(Part("heading", f"{label} {text}".strip()) if heading else Part("paragraph", text))
        parts += self.boxes
        self.boxes = []

    def end_cell(self) -> None:
        self.end_paragraph(heading=False, in_table=True)
        self.cells.append(self.cell)
        self.cell = []

    def end_row(self) -> None:
        self.parts += row(self.cells)
        self.cells = []

    def all_parts(self) -> list[Part]:
        """Return all parts, including the cells of a table that is cut off."""
        self.end_paragraph(heading=False, in_table=bool(self.cell or self.cells))
        if self.cell:
            self.cells.append(self.cell)
        if self.cells:
            self.end_row()
        return self.parts


@dataclass(slots=True)
class _Group:
    """The settings of a group. A group inside another begins with a copy."""

    flow: _Flow | None
    kind: str = ""  # the destination around it: "fonttbl", "styles", "footnote", …, or "" for text
    begun: bool = False  # whether the destination began with this group itself
    code_page: str | None = "cp1252"
    skip: int = 1  # characters after \u, for readers without Unicode
    hidden: frozenset[str] = frozenset()
    style: int = 0
    outline: int = 9
    in_table: bool = False


def read(source: Source, options: Options) -> Iterator[Document]:
    """Yield the one document of an RTF file.

    Raises:
        InputError: naming the source, if it is not RTF, has no text, is nested too deep, or declares more
            bytes than it has.
    """
    reader = _Reader(source)
    reader.read()
    composed = compose([*reader.body.all_parts(), *reader.noted()])
    document = Document(
        id="", text=composed.text, sections=composed.sections, format="rtf", notes=reader.remarks()
    )
    yield with_properties(
        document,
        {name: flow.take_text() for name, flow in reader.info.items()},
        "the document's properties",
        PurePath(source.file_name).stem,
        options.date_order,
        source.name,
    )


class _Reader:
    """Reads one document."""

    def __init__(self, source: Source) -> None:
        self._data = source.data
        self._name = source.name
        self.body = _Flow()
        self.info: dict[str, _Flow] = {}
        self._notes: list[tuple[str, str, _Flow]] = []  # kind, mark and text
        self._stack: list[_Group] = []
        self._group = _Group(None)
        self._code_page = "cp1252"  # of the document
        self._fonts: dict[int, str | None] = {}
        self._font = 0  # number of the font that is read in the font table
        self._default_font = 0
        self._styles: set[int] = set()  # numbers of heading styles
        self._style = 0  # number of the style that is read in the style sheet
        self._style_name = ""
        self._bytes = bytearray()  # not decoded yet, in the code page `_bytes_in`
        self._bytes_in: str | None = "cp1252"
        self._left_to_skip = 0
        self._unknown = self._revised = self._struck = self._cut_off = False

    def remarks(self) -> tuple[str, ...]:
        """Return notes for the reader on changes, struck out words, unknown bytes and a missing end."""
        notes = []
        if self._unknown:
            notes.append(
                "Some bytes are not characters of the code page that the file names; they are shown as �."
            )
        if self._cut_off:
            notes.append("The document is cut off: its end is missing.")
        return (*revisions(tracked=self._revised, struck=self._struck), *notes)

    def noted(self) -> list[Part]:
        """Return the footnotes and endnotes, outside any section."""
        parts = [Part("section", "")]
        for kind, mark, flow in self._notes:
            own = flow.all_parts()
            if own:
                parts.append(Part("footnote" if kind == "footnote" else "endnote", mark.strip("[]")))
                parts += [Part("paragraph", f"{mark} {own[0].text.lstrip()}"), *own[1:]]
        return parts

    def read(self) -> None:
        """Read the document.

        Raises:
            InputError: see `read`.
        """
        at, data = 0, self._data
        while match := _TOKEN.match(data, at):
            at = match.end()
            kind = match.lastgroup
            if kind == "text":
                self._raw(match["text"])
            elif kind == "byte":
                self._raw(bytes((int(match["byte"], 16),)))
            elif kind in ("word", "number"):
                word, number = match["word"].decode(), match["number"]
                if word == "bin":
                    at = self._binary(at, int(number or 0))
                else:
                    self._word(word, None if number is None else int(number))
            elif kind == "symbol":
                self._symbol(match["symbol"][0])
            elif kind == "brace" and match["brace"] == b"{":
                self._open()
            elif kind == "brace" and self._close():
                break
        self._flush()
        self._cut_off = bool(self._stack)

    def _open(self) -> None:
        """Begin a group."""
        self._flush()
        self._left_to_skip = 0
        if len(self._stack) >= MOST_DEPTH:
            raise InputError(
                f"{self._name} is nested more than {MOST_DEPTH:,} groups deep, which a text never is. "
                "Leave it out."
            )
        self._stack.append(self._group)
        if len(self._stack) == 1:
            self._group = _Group(self.body)
        else:
            self._group = replace(self._group, begun=False)

    def _close(self) -> bool:
        """End a group. Return whether it was the outermost group, the document."""
        self._flush()
        self._left_to_skip = 0
        group = self._group
        if group.kind == "styles" and self._style_name:
            self._end_style()
        around = self._text_around()
        if group.begun and group.flow is not None and around is not None:
            if group.kind == "label":
                text = " ".join(group.flow.take_text().split())
                around.label = text if any(map(str.isalnum, text)) else "-"
            elif group.kind == "shptxt":
                around.boxes += group.flow.all_parts()
        self._group = self._stack.pop() if self._stack else group
        return not self._stack

    def _binary(self, at: int, size: int) -> int:
        """Return the position after `size` bytes of binary data."""
        if size < 0 or size > len(self._data) - at:
            raise InputError(
                f"{self._name} says that {size:,} bytes follow in it, and has {len(self._data) - at:,}: it "
                "is cut off, or hostile. Copy it again, or leave it out."
            )
        return at + size

    def _raw(self, data: bytes) -> None:
        """Take bytes that are text, unless the group hides them."""
        if self._left_to_skip:
            skipped = min(self._left_to_skip, len(data))
            self._left_to_skip -= skipped
            data = data[skipped:]
        group = self._group
        if group.kind == "styles":
            self._style_name += data.decode("ascii", "replace")[:100]
        elif group.kind == "fonttbl" or group.flow is None or not data:
            return
        elif not group.hidden:
            if self._bytes_in != group.code_page:
                self._flush()
                self._bytes_in = group.code_page
            self._bytes += data

    def _write(self, text: str) -> None:
        if self._left_to_skip:
            self._left_to_skip -= 1
        elif self._group.flow is not None and not self._group.hidden:
            self._flush()
            self._group.flow.text.append(text)

    def _flush(self) -> None:
        """Decode the bytes so far. They are decoded together, because a character may have two bytes."""
        if not self._bytes:
            return
        if self._group.flow is not None and self._bytes_in is not None:
            try:
                text = self._bytes.decode(self._bytes_in)
            except UnicodeDecodeError:
                text = self._bytes.decode(self._bytes_in, "replace")
                self._unknown = True
            self._group.flow.text.append(text)
        elif self._group.flow is not None:  # in a symbol font, only white space is known
            self._group.flow.text.append(" " if self._bytes.isspace() else "")
        self._bytes.clear()

    def _symbol(self, symbol: int) -> None:
        if symbol in (0x0A, 0x0D):
            self._word("par", None)
        elif symbol == 0x2A:  # \*: readers that do not know the destination skip it
            self._flush()
            self._group.kind, self._group.begun = "*", True
        elif symbol in _SYMBOLS:
            self._write(_SYMBOLS[symbol])

    def _word(self, word: str, number: int | None) -> None:
        """Obey a control word, with its number if it has one."""
        if self._left_to_skip and word != "u":
            self._left_to_skip -= 1
            return
        group = self._group
        if group.kind == "*":
            self._known_destination(word)
        elif group.kind == "fonttbl":
            self._font_word(word, number)
        elif group.kind == "styles":
            self._style_word(word, number)
        elif word in _SILENT or word in _BEGUN or word in _LABELS:
            self._destination(word)
        elif group.kind == "info" and word in _INFO:
            self._flush()
            group.flow, group.kind = self.info.setdefault(word, _Flow()), "field"
        elif word == "ftnalt" and group.kind == "footnote":
            self._make_endnote(group)
        elif word == "u":
            self._unicode(number or 0)
        elif word == "uc":
            group.skip = max(0, min(number or 0, 100))
        elif word in _CHARACTERS:
            self._write(_CHARACTERS[word])
        elif word in _HIDING:
            self._hide(word, on=number != 0)
        elif word == "plain":
            self._flush()
            group.hidden = frozenset()
            group.code_page = self._page_of(self._default_font)
        elif word == "f":
            group.code_page = self._page_of(number or 0)
        elif word in _SAID:
            self._code_page = group.code_page = _SAID[word]
        elif word == "ansicpg" and number:
            self._code_page = _python_name(number)
            group.code_page = self._code_page
        elif word == "deff":
            self._default_font = number or 0
        elif word == "revised":
            self._revised = self._revised or number != 0
        else:
            self._layout(word, number)

    def _layout(self, word: str, number: int | None) -> None:
        """Handle the control words that make paragraphs and tables."""
        group, flow = self._group, self._group.flow
        if word == "pard":
            group.style, group.outline, group.in_table = 0, 9, False
        elif word == "s":
            group.style = number or 0
        elif word == "outlinelevel":
            group.outline = 9 if number is None else number
        elif word == "intbl":
            group.in_table = True
        elif flow is None:
            return
        elif word in _ENDS:
            self._flush()
            heading = group.outline < 9 or group.style in self._styles
            flow.end_paragraph(heading=heading and not group.in_table, in_table=group.in_table)
        elif word in ("cell", "nestcell"):
            self._flush()
            flow.end_cell() if word == "cell" else flow.end_paragraph(heading=False, in_table=True)
        elif word == "row":
            self._flush()
            flow.end_row()

    def _destination(self, word: str) -> None:
        """Let the group's text go where a control word says: to a note, a label, or nowhere."""
        self._flush()
        group = self._group
        group.begun = True
        if word == "footnote" and group.flow is not None:
            mark = f"[{sum(kind == 'footnote' for kind, _, _ in self._notes) + 1}]"
            group.flow.text.append(mark)
            self._notes.append(("footnote", mark, _Flow()))
            self._group = replace(group, flow=self._notes[-1][2], kind="footnote", hidden=frozenset())
            self._group.in_table = False
        elif group.flow is not None and (word in _LABELS or word == "shptxt"):
            group.flow, group.kind = _Flow(), "label" if word in _LABELS else word
        else:
            group.flow = None
            group.kind = {"stylesheet": "styles"}.get(word, word)

    def _known_destination(self, word: str) -> None:
        """Read on in a marked destination if it has text that is shown. Otherwise skip the destination."""
        group = self._group
        if word in _SHOWN and (around := self._text_around()) is not None:
            group.flow, group.kind = around, ""
        elif word in _LABELS:
            group.kind = ""
            self._destination(word)
        else:
            group.flow, group.kind = None, "silent"
            self._style_name = ""

    def _text_around(self) -> _Flow | None:
        return next((state.flow for state in reversed(self._stack) if state.flow is not None), None)

    def _make_endnote(self, group: _Group) -> None:
        """Turn the note that was begun into an endnote, and change its mark."""
        around = self._text_around()
        if not self._notes or around is None or not around.text or self._notes[-1][2] is not group.flow:
            return
        count = sum(kind == "endnote" for kind, _, _ in self._notes) + 1
        mark = f"[{numeral(count, 'i')}]"
        around.text[-1] = mark
        self._notes[-1] = ("endnote", mark, self._notes[-1][2])

    def _font_word(self, word: str, number: int | None) -> None:
        if word == "f":
            self._font = number or 0
        elif word == "fcharset" and number is not None and number != 1:
            self._fonts[self._font] = _CHARSETS.get(number, self._code_page)
        elif word == "cpg" and number:
            self._fonts[self._font] = _python_name(number)

    def _style_word(self, word: str, number: int | None) -> None:
        if word == "s":
            self._style, self._style_name = number or 0, ""
        elif word in ("cs", "ds", "ts"):
            self._style, self._style_name = -1, ""
        elif word == "outlinelevel" and number is not None and number < 9:
            self._styles.add(self._style)

    def _end_style(self) -> None:
        name = self._style_name.partition(";")[0].strip()
        if self._style >= 0 and _HEADING.fullmatch(name):
            self._styles.add(self._style)
        self._style_name = ""

    def _unicode(self, number: int) -> None:
        """Write a character by its signed 16-bit number, and skip the replacement that follows."""
        self._left_to_skip = 0
        self._write(chr(number & 0xFFFF) if number else "")
        self._left_to_skip = self._group.skip

    def _hide(self, word: str, *, on: bool) -> None:
        self._flush()
        group = self._group
        group.hidden = group.hidden | {word} if on else group.hidden - {word}
        self._revised = self._revised or (on and word == "deleted")
        self._struck = self._struck or (on and word.startswith("strike"))

    def _page_of(self, font: int) -> str | None:
        return self._fonts.get(font, self._code_page)


def _python_name(code_page: int) -> str:
    special = {65001: "utf-8", 10000: "mac_roman", 936: "gb18030", 1361: "johab"}
    try:
        return codecs.lookup(special.get(code_page, f"cp{code_page}")).name
    except LookupError:
        return "cp1252"
