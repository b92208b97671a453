"""A saved page or a Word document as HTML to look at: nothing in it acts, sends or loads.

The security policy that it is sent with (`qa.web.originals`) forbids the same again.
"""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING

import nh3
from lxml import html
from lxml_html_clean import Cleaner

from qa.errors import InputError
from qa.formats.markup import decode, parse
from qa.formats.packages import open_package

if TYPE_CHECKING:
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
# What mammoth writes, but for links.
_TAGS = set("h1 h2 h3 h4 h5 h6 p br strong em s u sub sup ul ol li table thead tbody tr th td img".split())
_ATTRIBUTES = {"img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_PAPER = (
    "body { max-width: 44rem; margin: 0 auto; padding: 2rem 1.5rem 4rem; background: #fff; color: #1d1b18;"
    " font: 1.05rem/1.6 Georgia, serif; overflow-wrap: anywhere }"
    " img { max-width: 100%; height: auto } table { border-collapse: collapse }"
    " td, th { padding: 0.3rem 0.7rem; border: 1px solid #ccc; text-align: left; vertical-align: top }"
)


def view(source: Source, kind: str) -> str:
    """Return a source of this format as HTML.

    Raises:
        InputError: it is damaged.
    """
    return _of_word(source) if kind == "docx" else _of_page(source)


def _of_page(source: Source) -> str:
    tree = parse(decode(source.data, source.name), source.name)
    _CLEANER(tree)
    for element in tree.iter(html.etree.Element):
        for name, value in element.items():
            if name.rpartition(":")[2] in _LEADING and not value.startswith(("#", "data:image/")):
                del element.attrib[name]
            elif name == "style":
                element.set(name, _LOADED.sub("none", value))
        if element.tag == "style":
            element.text = _LOADED.sub("none", element.text or "")
    return f"<!doctype html>{html.tostring(tree, encoding='unicode')}"


def _of_word(source: Source) -> str:
    import mammoth

    open_package(source, "DOCX").close()
    try:
        made = mammoth.convert_to_html(io.BytesIO(source.data), external_file_access=False)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # whatever the bytes lead mammoth to: it promises nothing
        raise InputError(
            f"{source.name} cannot be shown ({type(error).__name__}). Download it instead."
        ) from error
    words = nh3.clean(made.value, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"data"})
    title = escape(source.file_name)
    return f"<!doctype html><title>{title}</title><style>{_PAPER}</style>{words}"
