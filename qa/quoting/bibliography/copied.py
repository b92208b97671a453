"""Write a quote with its citation for pasting into a text: plain text, Markdown, HTML, LaTeX and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, Union

from qa.quoting.bibliography.csl import citation_key, csl_item, located
from qa.quoting.bibliography.entries import FORMS, Form, entry_of_quote
from qa.quoting.bibliography.markup import ESCAPES, Markup, words
from qa.quoting.bibliography.styles import rendered
from qa.quoting.cite import cite_line, with_lines_joined

if TYPE_CHECKING:
    from qa.quoting.bibliography.markup import Inlines
    from qa.quoting.bibliography.styles import Style
    from qa.quoting.opened import Opened

CopyFormat: TypeAlias = Union[Markup, Form]  # noqa: UP007 - the aliases are strings


def copied(opened: Opened, form: CopyFormat, style: Style | None = None) -> str:
    r"""Return a quote with its citation. Unescaping restores each character of the quote.

    The only exceptions are line ends within a paragraph of Markdown, which a reader sees as spaces
    (`with_lines_joined`). Only plain text keeps these line ends.

    Without a style, the citation is our own line (`cite_line`). In plain text and HTML, the citation is below
    the quote. In Markdown and LaTeX, it is in a footnote. If a style cites in the text, the citation is after
    the quote, and the entry of the bibliography is below. If the cited text was superseded or removed, the
    citation mentions it. BibTeX, RIS and CSL-JSON do not use a style (see `entry_of_quote`).

    In HTML, the quote keeps its white space. In LaTeX, `\n\n` begins a paragraph.

    Raises:
        InputError: pandoc refuses the style.
        MissingExtraError: a style is given, but pandoc is not installed.
    """
    quote = opened.quote
    if form in FORMS:
        return entry_of_quote(quote, form)  # type: ignore[arg-type]
    markup: Markup = form  # type: ignore[assignment]
    text = ESCAPES[markup](quote.text if markup == "text" else with_lines_joined(quote))
    body = f'<span style="white-space: pre-wrap">{text}</span>' if markup == "html" else text
    quoted = f"“{body}”"
    if style is None:
        address = csl_item(quote.document).get("URL", "")
        return _noted(quoted, _own(opened, address, markup), citation_key(quote.document), markup)
    item = csl_item(quote.document)
    place = located(quote)
    if opened.fate:
        place["suffix"] = f"{place.get('suffix', '')}, {opened.fate}"
    made = rendered([item], [{"id": item["id"], **place}], style)
    citation = words(made.citations[0], markup)
    if style.in_notes:
        return _noted(quoted, citation, item["id"], markup)
    entry = words(made.bibliography[0][1], markup) if made.bibliography else ""
    return _in_text(quoted, citation, entry, markup)


def _own(opened: Opened, address: str, markup: Markup) -> str:
    line: Inlines = [{"t": "Str", "c": cite_line(opened.quote, opened.fate)}]
    if address:
        between = {"t": "Str", "c": "\n"} if markup == "text" else {"t": "Str", "c": ", "}
        line += [between, {"t": "Link", "c": [["", [], []], [{"t": "Str", "c": address}], [address, ""]]}]
    return words(line, markup)


def _noted(quoted: str, citation: str, key: str, markup: Markup) -> str:
    match markup:
        case "markdown":
            return f"{quoted}[^{key}]\n\n[^{key}]: {citation}\n"
        case "latex":
            return f"{quoted}\\footnote{{{citation}}}\n"
        case "html":
            return _paragraphs(quoted, citation)
        case "text":
            return f"{quoted}\n{citation}\n"


def _in_text(quoted: str, citation: str, entry: str, markup: Markup) -> str:
    whole = f"{quoted} {citation}"
    if markup == "html":
        return _paragraphs(whole, entry)
    below = f"\\noindent {entry}" if markup == "latex" else entry
    return f"{whole}\n\n{below}\n" if entry else f"{whole}\n"


def _paragraphs(above: str, below: str) -> str:
    return f"<p>{above}</p>\n<p>{below}</p>\n" if below else f"<p>{above}</p>\n"
