"""Converts HTML to text: the words that a browser would show, in separate blocks.

White space is laid out as browsers do it. The text leaves out scripts, hidden elements, soft hyphens and
zero-width spaces, because browsers do not show them. It also leaves out embedded media, form controls, the
readings of ruby text, words that are struck out, and the permalinks of headings.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lxml import etree, html

from qa.errors import InputError
from qa.formats.blocks import INVISIBLE, LONGEST_CELL, BlockKind, Composed, Part, join
from qa.formats.encoding import codec_of, encoding_of, notes_on
from qa.formats.text import Decoded, check_text
from qa.schema import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BLOCK = frozenset(
    """address article aside blockquote body caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol
    p pre search section summary table tbody td tfoot th thead tr ul""".split()
)
_HEADING = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CELL = frozenset({"td", "th"})
_LINKS = re.compile(r"(?!mailto:).", re.IGNORECASE | re.DOTALL)
_ENDS_PART = frozenset({"aside", "blockquote", "details", "dialog", "figure", "footer", "nav", "section"})
_LIST = frozenset({"ul", "ol", "menu", "dir"})
_COUNTED = ("a", "figure", "pre", "sup")  # these elements change how the words in them are read
# Elements that show no words, form controls, and the brackets and readings of ruby text, which repeat words.
_UNSEEN = frozenset(
    """applet audio button canvas datalist embed head iframe input map noembed noframes noscript object option
    progress rp rt script select style svg template textarea title video""".split()
)
_STRUCK = frozenset({"del", "s", "strike"})  # the page itself marks these words as no longer valid
_HIDDEN = re.compile(r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_AS_BLOCK = re.compile(r"(?:^|[;\s])display\s*:\s*(?:block|flex|grid|table)", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f\xa0]+")
RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_HEAD = 4096  # bytes at the beginning that are searched for the declared encoding
_DECLARED = re.compile(
    rb"<meta[^>]{0,200}?charset\s*+=\s*+[\"']?\s*+([\w.:-]+)|^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]+)",
    re.IGNORECASE,
)
# The encodings that pages mean by a name (encoding.spec.whatwg.org, "Names and labels").
MEANT = {
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
    "iso-8859-9": "windows-1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "utf-16": "utf-8",  # a declaration that is readable as ASCII is not in UTF-16
}
_MOST_ACCENTED = 0.3  # share of characters: Latin text has fewer, East Asian text read as Latin has more


@dataclass(slots=True)
class Block:
    """A paragraph, a heading, a list item or a table row.

    Attributes:
        text: the words.
        kind: the kind of block.
        node, slot: the element, and the element's slot, that contain the first character.
        level: the level of a heading, from 1, or 0 for other blocks.
        linked: how many characters are links.
        in_figure: whether the block is inside a `figure` element.
    """

    text: str
    kind: BlockKind
    node: html.HtmlElement
    slot: Literal["text", "tail"]
    level: int = 0
    linked: int = 0
    in_figure: bool = False


def decode(data: bytes, name: str) -> Decoded:
    """Decode HTML or XML by its byte order mark, or as UTF-8 if it is valid UTF-8, or as it declares.

    If it declares no encoding, guess the encoding from the bytes.

    Raises:
        InputError: naming `name`, if no encoding fits, or the result is not text.
    """
    decoded = _decoded(data, name)
    text = decoded.text.removeprefix("\ufeff")
    check_text(text, name)
    return Decoded(text, decoded.notes)


def _decoded(data: bytes, name: str) -> Decoded:
    """Decode a page. An encoding that it declares must fit."""
    convert = "Convert it to UTF-8 and try again: iconv -f ENCODING -t UTF-8 OLD > NEW"
    with suppress(UnicodeDecodeError):
        # Text in another encoding is hardly ever valid UTF-8. So a valid page is UTF-8, whatever it declares.
        if b"\0" not in data[:_HEAD] or encoding_of(data) == "utf-16":
            return Decoded(data.decode(encoding_of(data)))
    match = _DECLARED.search(data[:_HEAD])
    if not match:
        codec = codec_of(data, name)
        return Decoded(data.decode(codec), notes_on(codec))
    declared = (match[1] or match[2]).decode("ascii")
    meant = MEANT.get(declared.lower(), declared)
    try:
        text = data.decode(meant)
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(
            f"{name} says that its encoding is {declared}, but it is not ({error}). {convert}"
        ) from None
    accented = sum("\x80" <= character <= "\xff" for character in text)
    if meant.startswith("windows-125") and accented > _MOST_ACCENTED * len(re.sub(r"<[^>]*+>?|\s", "", text)):
        raise InputError(f"{name} says that its encoding is {declared}, but this is unlikely. {convert}")
    return Decoded(text)


def parse(source: str, name: str) -> html.HtmlElement:
    """Parse HTML, even if it is broken, without comments. The parser fetches nothing and defines no entity.

    Raises:
        InputError: naming `name`, if there is no HTML, or it is nested deeper than libxml2's 2,048 levels.
    """
    parser = html.HTMLParser(
        encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True
    )
    lines = source.replace("\r\n", "\n").replace("\r", "\n")  # HTML requires this, and libxml2 does not do it
    try:
        tree = html.document_fromstring(lines.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise InputError(
            f"{name} has no HTML that can be read ({error}). Save the page again, or leave it out."
        ) from None
    for entry in parser.error_log:
        if entry.type_name == "ERR_RESOURCE_LIMIT":
            raise InputError(
                f"{name} cannot be read: {entry.message.split(',')[0].strip()}. "
                "Save the page's text as a .txt file."
            )
    return tree


def render(source: str, name: str) -> Composed:
    """Return all the text of an HTML page or fragment.

    Raises:
        InputError: see `parse`.
    """
    return compose(blocks(parse(source, name)) if source.strip() else [])


def compose(every: Sequence[Block]) -> Composed:
    """Join blocks to a text with sections. The sections of a page may lie in each other."""
    return join(_parts(every))


def _parts(every: Sequence[Block]) -> Iterator[Part]:
    scopes = _scopes(every)
    going_on: list[html.HtmlElement | None] = []  # the elements that contain the sections that go on
    for number, block in enumerate(every):
        around = {block.node, *block.node.iterancestors()}
        left = (at for at, scope in enumerate(going_on) if scope is not None and scope not in around)
        del going_on[next(left, len(going_on)) :]
        if number in scopes:
            own = (at for at, scope in enumerate(going_on) if scope is scopes[number])
            del going_on[next(own, len(going_on)) :]
            yield Part("section", block.text, depth=len(going_on))
        kind = "paragraph" if block.kind == "heading" else block.kind
        yield Part(kind, block.text, depth=len(going_on))
        if number in scopes:
            going_on.append(scopes[number])


def _scopes(every: Sequence[Block]) -> dict[int, html.HtmlElement | None]:
    """Return, by the number of a heading's block, the element that contains the whole section of the heading.

    The section ends with that element. The element is None if the next heading ends the section. A table's
    caption is the heading of the table's rows. Text below an aside belongs to the heading above the aside.
    """
    scopes: dict[int, html.HtmlElement | None] = {}
    last: dict[html.HtmlElement, int] = {}  # the last block in each ending element, without headings
    for number, block in enumerate(every):
        if block.kind != "heading":
            last |= dict.fromkeys(_ending(block), number)
    for number, block in enumerate(every):
        if block.node.tag == "caption" or block.kind == "heading":
            scopes[number] = next(
                (element for element in _ending(block) if last.get(element, -1) > number), None
            )
    return {
        number: scope
        for number, scope in scopes.items()
        if scope is not None or every[number].kind == "heading"
    }


def _ending(block: Block) -> list[html.HtmlElement]:
    """Return the elements around a block that end the sections inside them, the innermost first."""
    tags = ("table",) if block.node.tag == "caption" or block.kind == "row" else ()
    return [element for element in block.node.iterancestors() if element.tag in (*_ENDS_PART, *tags)]


def under_headings(text: str, headings: list[tuple[int, str]]) -> tuple[Section, ...]:
    """Cut a text into sections at its headings. Each heading is given by its start and its words."""
    ends = [*(start for start, _ in headings), len(text)][1:]
    return tuple(
        Section(start, start + len(text[start:end].rstrip()), "section", name)
        for (start, name), end in zip(headings, ends, strict=True)
    )


def blocks(tree: html.HtmlElement) -> list[Block]:
    """Cut the shown text of a tree into blocks, in order."""
    return _Layout().read(tree)


def has_struck(tree: html.HtmlElement) -> bool:
    """Return whether the page strikes out words, which `blocks` leaves out."""
    return any(node.text_content().strip() for node in tree.iter(*_STRUCK))


class _Layout:
    """Walks over a tree and lays out its text in blocks."""

    def __init__(self) -> None:
        self.done: list[Block] = []
        self.open: list[str] = []
        self.place: tuple[html.HtmlElement, Literal["text", "tail"]] | None = None
        self.level = 0
        self.linked = 0
        self.inside = dict.fromkeys(_COUNTED, 0)
        self.lists: list[int | None] = []  # last number of each open list, None without numbers
        self.marker = ""
        self.rows: list[list[int]] = []  # for each open row, the index of each cell's first block

    def read(self, tree: html.HtmlElement) -> list[Block]:
        walk = etree.iterwalk(tree, events=("start", "end"))
        for event, node in walk:
            if event == "start":
                if _shown(node):
                    self._enter(node)
                    self._say(node, "text")
                else:
                    walk.skip_subtree()
            else:
                if _shown(node):
                    self._leave(node)
                if node is not tree:
                    self._say(node, "tail")
        self._close()
        return self.done

    def _enter(self, node: html.HtmlElement) -> None:
        """Note that an element begins."""
        tag = node.tag
        if breaks(node):
            self._close()
        if tag == "br":
            self.open.append("\n")
        elif tag == "q":
            self.open.append("“")
        elif _counts(node):
            self.inside[tag] += 1
        elif tag in _HEADING:
            self.level = int(tag[1])
        elif tag in _LIST:
            numbered = tag == "ol" and node.get("type", "1") == "1"
            self.lists.append(_number(node.get("start"), 1) - 1 if numbered else None)
        elif tag == "li":
            self.marker = self._marker(node)
        elif tag == "tr":
            self.rows.append([])
        elif tag in _CELL and self.rows:
            self.rows[-1].append(len(self.done))

    def _leave(self, node: html.HtmlElement) -> None:
        """Note that an element ends."""
        tag = node.tag
        if tag == "q":
            self.open.append("”")
        if breaks(node):
            self._close()
        if _counts(node):
            self.inside[tag] -= 1
        elif tag in _HEADING:
            self.level = 0
        elif tag in _LIST:
            self.lists.pop()
        elif tag == "li":
            self.marker = ""
        elif tag == "tr":
            self._row(self.rows.pop())

    def _marker(self, node: html.HtmlElement) -> str:
        if not self.lists or self.lists[-1] is None:
            return "- "
        self.lists[-1] = _number(node.get("value"), self.lists[-1] + 1)
        return f"{self.lists[-1]}. "

    def _say(self, node: html.HtmlElement, slot: Literal["text", "tail"]) -> None:
        """Add an element's own words, or the words after it, to the open block."""
        words = node.text if slot == "text" else node.tail
        if not words:
            return
        words = INVISIBLE.sub("", words)
        if not self.inside["pre"]:
            words = _SPACE.sub(" ", words)
        if self.inside["sup"] and not words.translate(RAISED).strip(" ⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"):
            # 10⁶ is not 106. The number of a linked note gets brackets: "mines¹" would be another word.
            words = f"[{words.strip()}]" if self.inside["a"] else words.translate(RAISED)
        if self.inside["a"]:
            self.linked += len(words)
        if self.place is None and words.strip():
            self.place = (node, slot)
        self.open.append(words)

    def _close(self) -> None:
        """End the open block, if it has words."""
        place, words, linked = self.place, "".join(self.open), self.linked
        self.place, self.open, self.linked = None, [], 0
        if place is None:
            return
        if self.inside["pre"]:
            text = words.strip("\r\n").rstrip()
        else:
            single = re.sub(r" {2,}", " ", words)
            text = re.sub(r"\n{2,}", "\n\n", re.sub(r" ?\n ?", "\n", single)).strip()
        kind: BlockKind = "paragraph"
        if self.level:
            kind, text = "heading", " ".join(text.split())
        elif self.marker:
            kind, text, self.marker = "item", f"{'  ' * (len(self.lists) - 1)}{self.marker}{text}", ""
        self.done.append(Block(text, kind, *place, self.level, linked, self.inside["figure"] > 0))

    def _row(self, cells: list[int]) -> None:
        """Join the cells of a row of data into one block. A row that only lays out a page is not joined."""
        if len(cells) < 2:
            return
        groups = [self.done[start:end] for start, end in zip(cells, [*cells[1:], None], strict=True)]
        if any(map(_is_layout, groups)) or sum(map(bool, groups)) < 2:
            return
        first = next(group[0] for group in groups if group)
        texts = [" ".join(group[0].text.split()) if group else "" for group in groups]
        del self.done[cells[0] :]
        linked = sum(group[0].linked for group in groups if group)
        row = Block(" | ".join(texts).strip(), "row", first.node, first.slot, 0, linked, first.in_figure)
        self.done.append(row)


def _counts(node: html.HtmlElement) -> bool:
    """Return whether an element changes how the words in it are read.

    An `a` element does only if it links to something other than an e-mail address.
    """
    return node.tag in _COUNTED and (node.tag != "a" or bool(_LINKS.match(node.get("href", ""))))


def _is_layout(cell: list[Block]) -> bool:
    return len(cell) > 1 or any(
        block.kind in ("row", "item") or len(block.text) > LONGEST_CELL for block in cell
    )


def _shown(node: html.HtmlElement) -> bool:
    return not (
        node.tag in _UNSEEN
        or node.tag in _STRUCK
        or "hidden" in node.attrib
        or (node.tag == "dialog" and "open" not in node.attrib)
        or _HIDDEN.search(node.get("style", ""))
        or _is_permalink(node)
    )


def _is_permalink(node: html.HtmlElement) -> bool:
    """Return whether an element is a heading's permalink: a mark ("¶") or icon that links within the page."""
    words = (node.text or "").strip()
    return (
        node.tag == "a"
        and node.get("href", "").startswith("#")
        and len(node) == 0
        and len(words) == 1
        and (words in "¶#§" or "\ue000" <= words <= "\uf8ff")
    )


def breaks(node: html.HtmlElement) -> bool:
    """Return whether an element begins and ends a block."""
    return node.tag in _BLOCK or bool(_AS_BLOCK.search(node.get("style", "")))


def _number(written: str | None, otherwise: int) -> int:
    return int(written) if written and re.fullmatch(r"-?[0-9]{1,9}", written.strip()) else otherwise
