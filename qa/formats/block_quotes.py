"""Block quotes of word processors: which paragraphs are quotes by their style, or by their indent.

A style tells by its name. Word writes the names of its own styles in English whatever language it speaks, and
LibreOffice does so in OpenDocument; the other names are those that people and programs give to styles.
An indent tells less: lists, code, contents and addresses have one, too. A paragraph is a quote by its indent
if it stands further in than the text around it, and follows a paragraph of that text.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from qa.formats.blocks import Look
from qa.text.terms import measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qa.formats.blocks import Part

# How much further in a quote stands, in twentieths of a point: half a centimetre.
_LEAST = 280
# The body's indent is the smallest that this share of its paragraphs has.
_SHARE = 0.2
# A paragraph of at most so many words, without a stop at its end, may say who is quoted.
_MOST_IN_A_NAME = 12
# Words in quotation marks that are a quote, rather than a name.
_LEAST_QUOTED = 3
_QUOTES = re.compile(
    r"\b(?:(?:block|long|intense|blockzitat|block-)?quot(?:e|es|ation|ations)|block ?text|blockzitat"
    r"|zitate?|citations?|citas?|citazion[ei]|citaç(?:ão|ões)|citat|citatet|citaat|cytat|цитата"
    r"|인용(?:문)?|引用(?:文)?|明显引用)\b",
    re.IGNORECASE,
)
# Styles of paragraphs that are no quotes, though they may be indented or named for quotes.
_OTHERS = re.compile(
    r"\b(?:attribution|source|author|bibliograph\w*|references?|works cited|list\w*|toc|contents?|index"
    r"|caption|code|program|listing|pre-?formatted(?: text)?|source text|plain text|macro|html \w+|addres\w*"
    r"|signature|closing|salutation|date|header|footer|footnote|endnote|sender|envelope|table|heading|title"
    r"|subtitle|note)\b",
    re.IGNORECASE,
)
_TYPEWRITER = re.compile(
    r"courier|consol|mono|menlo|monaco|typewriter|source code|fixedsys|terminal", re.IGNORECASE
)
_LISTED = re.compile(
    r"\s*(?:[-–—•*·▪◦‣➢o]\s|\(?(?:[0-9]{1,3}|[ivxlc]{1,5}|[A-Za-z])(?:[.][0-9]{1,3}){0,3}(?:[.):]\)?\s|\t))"
)
# A paragraph of running text ends so, a note's mark after it or not.
_ENDED = re.compile(r"[.!?…:。！？][”\"’»)\]]*\s*(?:\[\w{1,5}\]\s*)*\Z")
_MARKED = re.compile(r"[“„«]([^“”„«»]{3,})[”“»]|\"([^\"]{3,})\"")
_DASH = re.compile(r"\s*[—–-]")


def look_of(
    names: Iterable[str], left: int, first: int, *, fonts: Iterable[str] = (), other: bool = False
) -> Look:
    """Tell what a paragraph is by the names of its style and those that it is based on, the nearest first."""
    quotes = False
    for name in names:
        plain = name.replace("_20_", " ").replace("_", " ")
        quotes = bool(_QUOTES.search(plain)) and not _OTHERS.search(plain)
        other = other or (not quotes and bool(_OTHERS.search(plain)))
        if quotes or other:
            break
    other = other or any(_TYPEWRITER.search(font) for font in fonts)
    return Look(left, first, quotes, other)


def marked(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield the parts of a report, each line of a block quote beginning with "> ", as in plain text."""
    body = _body_indent(parts)
    before = ""  # what the paragraph before is: "body", "quote" or something else
    introduced = False
    for at, part in enumerate(parts):
        look = part.look
        if part.kind != "paragraph" or look is None:
            before, introduced = "", False
            yield part
            continue
        following = parts[at + 1].look if at + 1 < len(parts) else None
        indented = before in ("body", "quote") and _is_indented(part.text, look, body, introduced=introduced)
        quotes = look.quotes or indented
        if quotes and before == "quote" and _names_speaker(part.text, last=following != look):
            quotes = False
        yield part._replace(text="> " + part.text.strip().replace("\n", "\n> ")) if quotes else part
        is_body = not look.other and look.left < body + _LEAST and bool(_ENDED.search(part.text))
        before = "quote" if quotes else "body" if is_body else ""
        introduced = part.text.rstrip().endswith(":") if is_body else introduced and quotes


def _body_indent(parts: Iterable[Part]) -> int:
    """Return the left indent of the text around the quotes."""
    looks = [part.look for part in parts if part.kind == "paragraph" and _ENDED.search(part.text)]
    counts = Counter(look.left for look in looks if look and not look.quotes and not look.other)
    least = _SHARE * counts.total()
    return min((left for left, count in counts.items() if count >= least), default=0)


def _is_indented(text: str, look: Look, body: int, *, introduced: bool) -> bool:
    """Tell whether a paragraph that follows the text around it is a quote by its indent."""
    if look.other or look.left - body < _LEAST or look.first <= -_LEAST or _LISTED.match(text):
        return False
    if introduced:
        return True
    # A paragraph with quotes in quotation marks is the writer's own text.
    own = any(measure(match[1] or match[2]) >= _LEAST_QUOTED for match in _MARKED.finditer(text))
    return bool(_ENDED.search(text)) and not own


def _names_speaker(text: str, *, last: bool) -> bool:
    """Tell whether a paragraph below a quote says who is quoted: “— Orkney Post”, “Ada Orr, the master”."""
    short = measure(text) <= _MOST_IN_A_NAME and not re.search(r"[.!?…][”\"’»]?\s*\Z", text)
    return last and (short or bool(_DASH.match(text) and not _ENDED.search(text)))
