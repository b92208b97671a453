"""Finds block quotes in documents of word processors: paragraphs that are quotes by their style or indent.

A style is recognised by its name. Word stores the names of its built-in styles in English, whatever the
language of its menus. LibreOffice does the same in OpenDocument. `_QUOTES` also has names that people and
other programs give to styles. An indent is weaker evidence: lists, code, tables of contents and addresses are
indented, too. So a paragraph is a quote by its indent only if it is indented more than the body text, and
follows body text or another quote.
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

# Minimum indent of a quote from the body, in twentieths of a point: half a centimetre.
_LEAST = 280
# The body's indent is the smallest indent that at least this share of its paragraphs has.
_SHARE = 0.2
# Maximum words of a paragraph that may say who is quoted. It must not end with a stop.
_MOST_IN_A_NAME = 12
# Minimum words in quotation marks that are a quote and not a name.
_LEAST_QUOTED = 3
_QUOTES = re.compile(
    r"\b(?:(?:block|long|intense|blockzitat|block-)?quot(?:e|es|ation|ations)|block ?text|blockzitat"
    r"|zitate?|citations?|citas?|citazion[ei]|citaç(?:ão|ões)|citat|citatet|citaat|cytat|цитата"
    r"|인용(?:문)?|引用(?:文)?|明显引用)\b",
    re.IGNORECASE,
)
# Names of styles that are not for quotes, though they may be indented or contain a word such as "quote".
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
# The end of a paragraph of running text, with or without the mark of a note.
_ENDED = re.compile(r"[.!?…:。！？][”\"’»)\]]*\s*(?:\[\w{1,5}\]\s*)*\Z")
_MARKED = re.compile(r"[“„«]([^“”„«»]{3,})[”“»]|\"([^\"]{3,})\"")
_DASH = re.compile(r"\s*[—–-]")


def look_of(
    names: Iterable[str], left: int, first: int, *, fonts: Iterable[str] = (), other: bool = False
) -> Look:
    """Return the look of a paragraph, from its style, fonts and indents.

    `names` are the names of its style and of the styles that this style is based on, the nearest first. A
    paragraph in a typewriter font is `other`. The caller sets `other` if it has another reason.
    """
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
    """Yield the parts of a report, with "> " before each line of a block quote, as in plain text."""
    body = _body_indent(parts)
    before = ""  # the kind of the previous paragraph: "body", "quote", or "" for anything else
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
    """Return the left indent of the body text."""
    looks = [part.look for part in parts if part.kind == "paragraph" and _ENDED.search(part.text)]
    counts = Counter(look.left for look in looks if look and not look.quotes and not look.other)
    least = _SHARE * counts.total()
    return min((left for left, count in counts.items() if count >= least), default=0)


def _is_indented(text: str, look: Look, body: int, *, introduced: bool) -> bool:
    """Return whether a paragraph that follows body text or a quote is a quote by its indent.

    `introduced` says whether the body text before the quote ended with a colon.
    """
    if look.other or look.left - body < _LEAST or look.first <= -_LEAST or _LISTED.match(text):
        return False
    if introduced:
        return True
    # A paragraph with quotes in quotation marks is the writer's own text.
    own = any(measure(match[1] or match[2]) >= _LEAST_QUOTED for match in _MARKED.finditer(text))
    return bool(_ENDED.search(text)) and not own


def _names_speaker(text: str, *, last: bool) -> bool:
    """Return whether a paragraph below a quote says who is quoted: “— Orkney Post”, “Ada Orr, the master”.

    `last` says whether the next part has another look.
    """
    short = measure(text) <= _MOST_IN_A_NAME and not re.search(r"[.!?…][”\"’»]?\s*\Z", text)
    return last and (short or bool(_DASH.match(text) and not _ENDED.search(text)))
