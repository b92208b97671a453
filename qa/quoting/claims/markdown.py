"""Find block quotes and headings in running text, Markdown or not, and HTML block quotes within it.

markdown-it-py finds the headings, and the code in Markdown. All other lines that begin with `>` are block
quotes, even if CommonMark says otherwise, as below a comment that is never closed. So no quote is lost.
markdown-it-py gives no offsets within a line, and does not know footnotes or tables without a rule. So
patterns find the links, footnotes and rows.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from qa.formats.markdown import BLOCKS, LINE
from qa.quoting.claims.citations import cited_title, link_start
from qa.quoting.claims.marks import MOST_CHARACTERS, Quotation, is_marked
from qa.text.terms import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

    from qa.quoting.claims.marks import Ends

# The parser of text that is not Markdown. Such text has no code, and a line of tildes is a rule.
_PROSE = MarkdownIt("commonmark").disable(["fence", "html_block"])
_PROSE.core.ruler.enableOnly(["normalize", "block"])
# The lines of a block quote. In a list, the item's mark may stand before them. A line without `>` is the
# writer's own text, although CommonMark may add it to the block quote. Reports often continue right below a
# quote.
_BLOCK_QUOTE = re.compile(
    r"(?<![^\r\n])[^\S\r\n]*+(?:(?:[-+*]|[0-9]{1,9}[.)])[^\S\r\n]++)*+"
    r"(?P<lines>>[^\r\n]*+(?:(?:\r\n?|\n)[^\S\r\n]*+>[^\r\n]*+)*+)"
)
_MARKS = re.compile(r"(?<![^\r\n])[^\S\r\n]*(?:> ?)+")
_WRITTEN_LINE = re.compile(r"(?<![^\n])[^\S\n]*+\S[^\n]*")
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_HTML_QUOTE = re.compile(r"<(?P<closes>/?)(?P<name>blockquote|q)\b[^<>]*>", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?P<mark>[!-/:-@\[-`{-~])|&#[0-9]{1,7};")
# An empty line within a paragraph, which Markdown writes as a backslash.
_EMPTY_LINE = "\\"
# Minimum number of words of a sentence. Fewer words that end in a full stop may be a name.
_LEAST_SENTENCE = 6


def blocks(text: str, *, is_markdown: bool) -> tuple[str, list[tuple[int, int]], list[tuple[int, int]]]:
    """Return a text with its block quotes' marks as blanks, and the ranges of block quotes and headings."""
    starts = [line.start() for line in LINE.finditer(text)] + [len(text)]
    headings, code, quoted_to = [], [], 0
    for token in (BLOCKS if is_markdown else _PROSE).parse(f"{text}\n"):
        first, end = token.map or (0, 0)
        if token.type == "heading_open" and token.level == 0:
            headings.append((starts[first], starts[end]))
        elif token.type == "blockquote_open":
            quoted_to = max(quoted_to, end)
        elif is_markdown and first >= quoted_to and _is_code(token):
            code.append((starts[first], starts[end]))
    quotes = [
        quote.span("lines")
        for (_, start), (end, _) in pairwise([(0, 0), *code, (len(text), len(text))])
        for quote in _BLOCK_QUOTE.finditer(text, start, end)
    ]
    pieces, last = [], 0
    for start, end in quotes:
        pieces += [text[last:start], _MARKS.sub(_blanks, text[start:end])]
        last = end
    return "".join(pieces) + text[last:], quotes, headings


def _is_code(token: Token) -> bool:
    """Return whether a token is certainly code: a closed fence, or an indented Python session."""
    if token.type == "fence" and token.map:
        first, end = token.map
        return token.content.count("\n") < end - first - 1
    return token.type == "code_block" and token.content.startswith(">>>")


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match[0])


def without_attributes(text: str) -> str:
    """Return a text with the quotation marks within HTML tags as blanks."""
    return _TAG.sub(lambda tag: tag[0].replace('"', " ").replace("'", " "), text)


def without_escapes(text: str) -> str:
    """Return Markdown without backslashes before punctuation, and with numeric entities as characters."""
    return _ESCAPE.sub(lambda match: match["mark"] or html.unescape(match[0]), text)


def html_quotes(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the ranges of HTML quotes in a text (`blockquote`, `q`), and the quoted words."""
    opened: defaultdict[str, list[re.Match[str]]] = defaultdict(list)
    for tag in _HTML_QUOTE.finditer(text):
        waiting = opened[tag["name"].lower()]
        if not tag["closes"]:
            waiting.append(tag)
            continue
        for first in waiting:
            if tag.start() - first.end() <= MOST_CHARACTERS:
                words = _TAG.sub(" ", text[first.end() : tag.start()])
                yield first.start(), tag.end(), html.unescape(words).strip()
                break
        waiting.clear()


def quotes_of_block(text: str, start: int, end: int, ends: Ends) -> Iterator[Quotation]:
    """Yield the quotes of a block quote. Each ends at the citation after it, or at the end of the block."""
    begin: int | None = None
    stop = start
    lines = [
        (start + match.end() - len(match[0].lstrip()), start + match.end())
        for match in _WRITTEN_LINE.finditer(text[start:end])
        if match[0].strip() != _EMPTY_LINE
    ]
    for (at, line_end), (following, _) in pairwise([*lines, (end, end), (end, end)]):
        line = text[at:line_end].rstrip()
        link = link_start(line)
        words = line[:link]
        title = cited_title(line)
        last = following == end or text.count("\n", line_end, following) > 1
        cites = (
            bool(title) or not re.search(r"\w", words) or _is_attribution(line, begin is not None, last=last)
        )
        if link < len(line) and not cites:
            begin = at if begin is None else begin
            stop, cites = at + len(words.rstrip()), True
        if cites and begin is not None:
            if not is_marked(text, begin, stop, ends):
                yield Quotation(
                    begin,
                    stop,
                    text[begin:stop],
                    line_end if title else 0,
                    title,
                    paragraphs=True,
                    form="block quote",
                )
            begin = None
        elif not cites:
            begin = at if begin is None else begin
            stop = at + len(line)


def _is_attribution(line: str, after_quote: bool, *, last: bool) -> bool:
    """Return whether a line names the source of a quote (“— Orkney Post” or a link) and is not a sentence."""
    names = re.match(r"[—–-]+ |\[[^\]]*\]\(", line)
    sentence = measure(line) >= _LEAST_SENTENCE and line.rstrip('”"').endswith((".", "!", "?", "…"))
    return bool(names) and after_quote and last and not sentence
