"""Converts a saved page or a Word document to HTML for display. The HTML cannot act, send or load anything.

The security policy in `qa.web.originals` forbids the same things again.
"""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import nh3
from lxml import html
from lxml_html_clean import Cleaner

from qa.errors import InputError
from qa.formats.markup import decode, parse
from qa.formats.packages import open_package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.formats.source import Source

_CLEANER = Cleaner(
    safe_attrs_only=False,
    inline_style=False,
    page_structure=False,
    links=True,
    forms=True,
    kill_tags=("base", "audio", "video", "source", "track", "noscript", "template"),
)
_LEADING = frozenset(("href", "src", "srcset", "background", "poster", "ping", "data", "action", "longdesc"))
_LOADED = re.compile(r"url\((?!\s*[\"']?data:)[^)]*\)?", re.IGNORECASE)
# The tags that mammoth writes, except links.
_TAGS = set("h1 h2 h3 h4 h5 h6 p br strong em s u sub sup ul ol li table thead tbody tr th td img".split())
_ATTRIBUTES = {"img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_MARKED = "background: #fbe9a9; color: #22201d"
_PAPER = (
    "body { max-width: 44rem; margin: 0 auto; padding: 2rem 1.5rem 4rem; background: #fff; color: #1d1b18;"
    " font: 1.05rem/1.6 Georgia, serif; overflow-wrap: anywhere }"
    " img { max-width: 100%; height: auto } table { border-collapse: collapse }"
    " td, th { padding: 0.3rem 0.7rem; border: 1px solid #ccc; text-align: left; vertical-align: top }"
)


def view(source: Source, kind: str, quote: str = "") -> str:
    """Return a source of the format `kind` as HTML, and mark a quote's words if they occur exactly once.

    Raises:
        InputError: the source is damaged.
    """
    return _of_word(source, quote) if kind == "docx" else _of_page(source, quote)


def _of_page(source: Source, quote: str) -> str:
    """Return a saved page with a quote marked, without scripts and links to anything outside."""
    tree = parse(decode(source.data, source.name).text, source.name)
    _CLEANER(tree)
    for element in tree.iter(html.etree.Element):
        for name, value in element.items():
            if name.rpartition(":")[2] in _LEADING and not value.startswith(("#", "data:image/")):
                del element.attrib[name]
            elif name == "style":
                element.set(name, _LOADED.sub("none", value))
        if element.tag == "style":
            element.text = _LOADED.sub("none", element.text or "")
    body = tree.find("body")
    _mark(tree if body is None else body, quote)
    return f"<!doctype html>{html.tostring(tree, encoding='unicode')}"


def _of_word(source: Source, quote: str) -> str:
    """Return a Word document as a page, with a quote marked."""
    import mammoth

    open_package(source, "DOCX").close()
    try:
        made = mammoth.convert_to_html(io.BytesIO(source.data), external_file_access=False)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # hostile bytes may make mammoth raise any error
        raise InputError(
            f"{source.name} cannot be shown ({type(error).__name__}). Download it instead."
        ) from error
    words = nh3.clean(made.value, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"data"})
    tree = html.fragment_fromstring(words, create_parent="main")
    _mark(tree, quote)
    title, shown = escape(source.file_name), html.tostring(tree, encoding="unicode")
    return f"<!doctype html><title>{title}</title><style>{_PAPER}</style>{shown}"


class _Text(NamedTuple):
    """Words of a page, at the beginning of an element or directly after it (`follow`)."""

    element: html.HtmlElement
    follow: bool
    words: str


def _mark(root: html.HtmlElement, quote: str) -> None:
    """Mark a quote that occurs exactly once in the page, white space aside. Its mark gets the id "quote"."""
    texts = list(_texts(root))
    letters = ["".join(node_text.words.split()) for node_text in texts]
    page, wanted = "".join(letters), "".join(quote.split())
    start = page.find(wanted)
    if not wanted or start < 0 or start != page.rfind(wanted):
        return
    for other in root.xpath("//*[@id='quote']"):
        del other.attrib["id"]
    end, at, is_first = start + len(wanted), 0, True
    for text, packed in zip(texts, letters, strict=True):
        first, last = max(start - at, 0), min(end - at, len(packed))
        at += len(packed)
        if first < last:
            mark = _put_mark(text, first, last)
            if is_first:
                mark.set("id", "quote")  # the frame opens the page at this id
            is_first = False


def _texts(root: html.HtmlElement) -> Iterator[_Text]:
    """Yield the visible texts below an element, in order."""
    for event, element in html.etree.iterwalk(root, events=("start", "end")):
        if event == "start" and element.text and element.tag not in ("style", "title"):
            yield _Text(element, False, element.text)
        elif event == "end" and element.tail and element is not root:
            yield _Text(element, True, element.tail)


def _put_mark(text: _Text, first: int, last: int) -> html.HtmlElement:
    """Put a mark around the letters from `first` up to, but not including, `last`, and return the mark.

    White space does not count.
    """
    element, follow, words = text
    places = [at for at, sign in enumerate(words) if not sign.isspace()]
    begin, end = places[first], places[last - 1] + 1
    mark = html.etree.Element("mark", style=_MARKED)
    mark.text, mark.tail = words[begin:end], words[end:]
    if follow:
        element.tail = words[:begin]
        parent = element.getparent()
        parent.insert(parent.index(element) + 1, mark)
    else:
        element.text = words[:begin]
        element.insert(0, mark)
    return mark
