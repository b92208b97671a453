r"""Write texts and citations as plain text, Markdown, HTML and LaTeX. Unescaping restores each character.

Line breaks and each of several spaces are preserved, too. The null character and half a surrogate pair are
not valid in these formats. They are not escaped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Callable

Markup: TypeAlias = Literal["text", "markdown", "html", "latex"]
MARKUPS: Final = get_args(Markup)
Inlines: TypeAlias = list[dict[str, Any]]
"""Inline elements of pandoc's JSON (https://hackage.haskell.org/package/pandoc-types)."""

# White space that Markdown renderers would drop or join, and line breaks, after which a list could begin.
_MARKDOWN_SPACE: Final = re.compile(r"[\t\n\f\r]|(?<![^\s]) | (?![^\s])")
# Characters to escape. Quotation marks, dashes and dots are included, because pandoc replaces them.
_MARKDOWN: Final = re.compile(r"""[\\`*_{}\[\]<>#~^|$@&"']|-(?=-)|(?<=-)-|\.(?=\.)|(?<=\.)\.""")
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}
_LATEX: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\`{}",  # an accent on nothing: pandoc does not know \textasciigrave
}
# Spaces that TeX would drop or join, pairs of characters that it would print as one, and special characters.
_LATEX_FOUND: Final = re.compile(
    rf"(?P<space>(?<![^\s]) | (?![^\s]))|(?P<joined>(?<=-)-|(?<=,),)|[{re.escape(''.join(_LATEX))}]"
)


def markdown(text: str) -> str:
    """Return a text as Markdown (CommonMark and pandoc's Markdown), in one line."""
    escaped = _MARKDOWN.sub(r"\\\g<0>", text)
    return _MARKDOWN_SPACE.sub(lambda space: f"&#{ord(space[0])};", escaped)


def html(text: str) -> str:
    """Return a text as HTML for an element or an attribute. The element must preserve white space."""
    return "".join(_HTML.get(character, character) for character in text)


def latex(text: str) -> str:
    """Return a text as LaTeX in UTF-8. Line breaks stay, and two line breaks begin a paragraph."""
    return _LATEX_FOUND.sub(_in_latex, text)


def _in_latex(match: re.Match[str]) -> str:
    if match["space"]:
        return "\\ "
    return f"{{}}{match[0]}" if match["joined"] else _LATEX[match[0]]


def plain(text: str) -> str:
    """Return a text unchanged."""
    return text


ESCAPES: Final[dict[str, Callable[[str], str]]] = {
    "text": plain,
    "markdown": markdown,
    "html": html,
    "latex": latex,
}
_AROUND: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "text": {},
    "markdown": {
        "Emph": ("*", "*"),
        "Strong": ("**", "**"),
        "Superscript": ("<sup>", "</sup>"),
        "Subscript": ("<sub>", "</sub>"),
    },
    "html": {
        "Emph": ("<em>", "</em>"),
        "Strong": ("<strong>", "</strong>"),
        "Superscript": ("<sup>", "</sup>"),
        "Subscript": ("<sub>", "</sub>"),
        "SmallCaps": ('<span style="font-variant: small-caps">', "</span>"),
    },
    "latex": {
        "Emph": (r"\emph{", "}"),
        "Strong": (r"\textbf{", "}"),
        "Superscript": (r"\textsuperscript{", "}"),
        "Subscript": (r"\textsubscript{", "}"),
        "SmallCaps": (r"\textsc{", "}"),
    },
}


def words(inlines: Inlines, form: Markup) -> str:
    """Return a citation of pandoc's citeproc in one of the formats."""
    return "".join(_word(inline, form) for inline in inlines)


def _word(inline: dict[str, Any], form: Markup) -> str:
    """Return an inline element of pandoc in a markup language."""
    kind: str = inline["t"]
    content: Any = inline.get("c")
    match kind:
        case "Str":
            return ESCAPES[form](content)
        case "Space" | "SoftBreak" | "LineBreak":
            return " "
        case "Link":
            return _link(words(content[1], form), words(content[1], "text"), content[2][0], form)
        case "Span" | "Cite":
            return words(content[1], form)
        case "Quoted":
            marks = "“”" if content[0]["t"] == "DoubleQuote" else "‘’"
            return f"{marks[0]}{words(content[1], form)}{marks[1]}"
        case "Code" | "Math" | "RawInline":
            return ESCAPES[form](content[1])
        case "Note" | "Image":
            return ""
        case _:
            opening, closing = _AROUND[form].get(kind, ("", ""))
            return f"{opening}{words(content, form)}{closing}"


def _link(shown: str, text: str, address: str, form: Markup) -> str:
    """Return a link. Only web addresses are linked."""
    if form == "text" or not re.match(r"https?://[^\s<>{}\\]*$", address):
        return shown
    if form == "html":
        return f'<a href="{html(address)}">{shown}</a>'
    if form == "latex":
        return rf"\url{{{re.sub('[%#]', _escaped, address)}}}" if text == address else shown
    return f"<{address}>" if text == address else f"[{shown}](<{address}>)"


def _escaped(match: re.Match[str]) -> str:
    return f"\\{match[0]}"
