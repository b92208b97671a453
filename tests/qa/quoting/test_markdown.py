from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa.errors import VerbatimError
from qa.quoting import markdown
from qa.quoting.claims.file import claims_of_text
from qa.quoting.markdown import escaped, to_markdown
from qa.quoting.verify import Verifier
from qa.schema import Answer, Document, More, Quote
from qa.text.display import visible
from tests.qa.briefs import BRIEF, HOSTILE, quote, reader
from tests.qa.tiny import tiny_corpus, write

if TYPE_CHECKING:
    from pathlib import Path

READ = reader(BRIEF, HOSTILE)
# With all that changes characters switched on: dashes, ellipses, quotation marks, (c).
CURLY = MarkdownIt("commonmark", {"typographer": True}).enable(["replacements", "smartquotes", "table"])
CURLY.enable("strikethrough")
PLAIN = MarkdownIt("commonmark")
# What is markup somewhere, or white space that is taken away.
HARD = "\\`*_[]()<>{}&~|$^\"'@#+-=:.!?%,;/ \t\n\u00a0\u2028\ufeff\r\0\x1b19ac“”…—é北"
ALL = "".join(chr(code) for code in range(0x20, 0x7F))


def answered(*quotes: Quote, question: str = "Who was arrested?") -> Answer:
    return Answer(question, question, "answered", 0.83, 0.55, None, quotes, searched=1)


def shown(rendered: str) -> str:
    """What a browser holds as the text of one paragraph in a block quote; lines break at <br />."""
    inner = re.fullmatch(r"<blockquote>\n<p>(.*)</p>\n</blockquote>\n", rendered, re.DOTALL)
    assert inner, rendered
    assert re.sub(r"<br />\n", "", inner[1]).count("<") == 0, rendered
    return html.unescape(inner[1].replace("<br />\n", "\n"))


@pytest.mark.parametrize("renderer", [PLAIN, CURLY], ids=["CommonMark", "with typography"])
@given(text=st.text(st.sampled_from(HARD), min_size=1) | st.text(min_size=1))
@example(text=ALL)
@example(text="a\n\nb")
@example(text="1. a\n===\n- b\n    c\n> d\n| e | f |\n|---|---|\n#g\n(1) h\n+++\n~~~\n:::\n")
@example(text="  two  spaces at  both ends  ")
@example(text="(c) (TM) +-1 .... ?????? !!!! ,, -- --- :smile: http://a_b_c.de/*x* www.x.org ==x== %%y%%")
@example(text="&amp; &#65; <b>x</b> [a](b) ![c](d) [^1] [1]: /x `code` $x$ **b** __u__ ~~s~~ H~2~O x^2^")
def test_what_is_rendered_has_the_characters_of_the_text(renderer: MarkdownIt, text: str) -> None:
    assert shown(renderer.render("\n".join(f"> {line}" for line in escaped(text).split("\n")))) == visible(
        text
    )


def test_quotes_are_block_quotes_with_their_citations_below() -> None:
    first = quote(BRIEF, "On April 1", "imprisoned.", 1)
    written = to_markdown(answered(first), READ)
    lines = written.split("\n")
    assert lines[0] == "**Question: Who was arrested?**"
    assert lines[2].startswith("> On April 1")
    assert lines[4].startswith("[1] “")
    assert written.endswith("Searched 1 document.\n")


def test_the_quotes_of_a_hostile_document_are_exact() -> None:
    whole = Quote(HOSTILE, 0, len(HOSTILE.text))
    rendered = PLAIN.render(to_markdown(answered(whole, question="**Who** <b>asks</b>?"), READ))
    assert "<strong>Question: **Who** &lt;b&gt;asks&lt;/b&gt;?</strong>" in rendered
    assert "<script" not in rendered
    assert "<img" not in rendered


def test_all_that_answers_is_headed_by_document() -> None:
    first = quote(BRIEF, "On April 1", "imprisoned.", 1)
    every = More(1, 1, 1, at_least=False, read=1, quotes=(first,))
    answer = Answer("Who?", "Who?", "answered", 0.8, 0.5, None, (first,), more=every)
    assert "\n\n### " in to_markdown(answer, READ)


def test_an_answer_that_is_none_says_so() -> None:
    assert "No answer found in the documents searched." in to_markdown(Answer("Who?", "Who?", "none"), READ)


def test_a_quote_that_would_be_rendered_otherwise_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "escaped", lambda text: text.replace("the", "*the*"))
    with pytest.raises(VerbatimError):
        to_markdown(answered(quote(BRIEF, "On April 1", "imprisoned.", 1)), READ)


def test_only_an_address_becomes_a_link() -> None:
    for url, link in (
        ("https://example.com/a_b?c=1", " <https://example.com/a_b?c=1>\n"),
        ("javascript:alert(1)", "paragraph 1\n"),
        ("https://a.b/> <script>", "paragraph 1\n"),
    ):
        document = Document("a", "There was nothing.", title="Title", url=url)
        assert link in to_markdown(answered(Quote(document, 0, 18)), lambda _, held=document: held)


def test_verify_reads_it_back(tmp_path: Path) -> None:
    text = (
        'Prices *rise*\n\nThe mayor won\'t pay [1] for it: "never", he said at 10:30... or 5 -- 6 % more.\n'
        "He added, on the next line, that A&B <Ltd> has paid $5 since 1. May.\n"
    )
    with tiny_corpus(tmp_path / "library") as corpus:
        corpus.index(write(tmp_path / "in", "prices.txt", text))
        (document,) = (corpus.document(info.id) for info in corpus.documents())
        start, middle = text.index("The mayor"), text.index("He added")
        quotes = (Quote(document, start, middle - 1), Quote(document, start, len(text) - 1, number=2))
        written = to_markdown(answered(*quotes), corpus.document)
        claims, passed_over, _ = claims_of_text(written)
        verdicts = Verifier(corpus.store).verdicts(claims)
        assert passed_over == []
        assert [verdict.status for verdict in verdicts] == ["verbatim", "verbatim"]
        claims, *_ = claims_of_text(written.replace("won\\'t pay", "will pay"))
        assert [verdict.status for verdict in Verifier(corpus.store).verdicts(claims)] == [
            "altered",
            "altered",
        ]
