r"""Texts come back from their escapes: read by markdown-it, Python's HTML parser, pylatexenc and pandoc."""

from __future__ import annotations

import json
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from qa.quoting.bibliography.markup import html, latex, markdown, words
from qa.quoting.bibliography.pandoc import run_pandoc

# Without the null character and halves of surrogate pairs, which have no place in these formats.
_ANY = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
_HOSTILE = st.sampled_from(
    [*"\\`*_{}[]<>()#+-.!|~^$&%@\"' \t\n\r:=1a,/?", "--", "...", "  ", "\n\n", "&amp;", "1."]
)
TEXTS = st.lists(_HOSTILE | _ANY, max_size=40).map("".join)
HARD = (
    "a  b   c ",
    " a",
    "He said \"no\" -- not 'yes'... *never* _ever_ <b>&amp;</b> [x](y) `code` $5^2_1$ ~~x~~ #1 100% {z} \\n",
    "two\nlines\n\nand a paragraph",
    "1. a list\n- or\n> a quote\n# a head\n\tcode",
    "``quoted'' ,,low'' ?`!` <<x>> a---b fi",
    "고철  밀수\n“曲” é ß ﬁ \u00a0x\u2003y\u2028z",
    "www.example.org https://example.org/a_b*c me@example.org @key [^1] :smile: $x$ \\(y\\)",
)


def _of_markdown(text: str) -> str:
    (opened, inline, closed) = MarkdownIt("commonmark").parse(text)
    assert (opened.type, closed.type) == ("paragraph_open", "paragraph_close")
    assert {each.type for each in inline.children} <= {"text", "text_special"}
    return "".join(each.content for each in inline.children)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.data: list[str] = []

    def handle_data(self, data: str) -> None:
        self.data.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert tag in ("p", "span")


def _of_html(text: str) -> str:
    parser = _Words()
    parser.feed(text)
    parser.close()
    return "".join(parser.data)


def _of_latex(text: str) -> str:
    known = get_default_latex_context_db()
    ours = {"textless": "<", "textgreater": ">", "textbar": "|", "textquotedbl": '"', "textasciicircum": "^"}
    known.add_context_category("ours", [MacroTextSpec(*each) for each in ours.items()], prepend=True)
    text = text.replace(r"\`{}", r"\textasciigrave{}")  # pylatexenc drops an accent on nothing
    return LatexNodes2Text(latex_context=known, strict_latex_spaces=False).latex_to_text(text)


@given(TEXTS)
def test_markdown_is_undone_by_another_parser(text: str) -> None:
    assert _of_markdown(f"“{markdown(text)}”") == f"“{text}”"


@given(TEXTS)
def test_html_is_undone_by_another_parser(text: str) -> None:
    assert _of_html(f"<p>“{html(text)}”</p>") == f"“{text}”"


@given(TEXTS)
def test_latex_is_undone_by_another_parser(text: str) -> None:
    assert _of_latex(f"“{latex(text)}”") == f"“{text}”"


def _text(inlines: list[dict[str, object]]) -> str:
    return words(inlines, "text")  # type: ignore[arg-type]


def test_pandoc_reads_the_same_characters_of_markdown() -> None:
    given = "\n\n".join(f"“{markdown(text)}”" for text in HARD)
    blocks = json.loads(run_pandoc(["--from=markdown", "--to=json"], given.encode()))["blocks"]
    assert [_text(block["c"]) for block in blocks] == [f"“{text}”" for text in HARD]


def test_pandoc_reads_the_same_characters_of_latex() -> None:
    pieces = [text for text in HARD if "\n" not in text]
    given = "\n\n".join(f"“{latex(text)}”" for text in pieces)
    blocks = json.loads(run_pandoc(["--from=latex", "--to=json"], given.encode()))["blocks"]
    # It reads TeX's control space as one that does not break.
    read = [_text(block["c"]).replace("\u00a0", " ") for block in blocks]
    assert read == [f"“{text}”".replace("\u00a0", " ") for text in pieces]
