from __future__ import annotations

import copy
import pickle
from dataclasses import asdict, replace

import lxml.html
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa.errors import LibraryError, VerbatimError
from qa.quoting import html
from qa.quoting.html import text_of_html, to_html
from qa.quoting.quoted_answer import QuotedAnswer
from qa.schema import Answer, Document, More, Quote, Span
from qa.text.display import visible
from tests.qa.briefs import BRIEF, HOSTILE, quote, reader

READ = reader(BRIEF, HOSTILE)
HARD = "<>&\"'/=;# \t\n\r\0\x1b\u00a0\u202e\u2028“”é北\U0001f600ab"


def answered(*quotes: Quote, question: str = "Who was arrested?") -> Answer:
    return Answer(question, question, "answered", 0.83, 0.55, None, quotes, searched=1)


@given(
    text=st.text(st.sampled_from(HARD), min_size=1, max_size=30) | st.text(min_size=1, max_size=30),
    cuts=st.lists(st.integers(0, 30), max_size=6),
)
@example(text="a\r\nb", cuts=[1, 2])
@example(text="</blockquote><script>x</script>", cuts=[0, 5])
def test_any_quote_reads_as_its_source_however_it_is_emphasised(text: str, cuts: list[int]) -> None:
    document = Document("a.txt", text, title="Title")
    ends = sorted({min(cut, len(text)) for cut in cuts})
    emphasis = tuple(Span(*pair) for pair in zip(ends[::2], ends[1::2], strict=False))
    whole = Quote(document, 0, len(text), emphasis=emphasis)
    written = to_html(answered(whole), lambda _: document)
    (block,) = lxml.html.fromstring(written).iter("blockquote")
    assert {each.tag for each in block.iter()} <= {"blockquote", "strong"}
    shown = visible(text)
    strong = [each.text_content() for each in block.iter("strong")]
    assert "".join(strong) == "".join(shown[span.start : span.end] for span in emphasis)
    assert text_of_html(lxml.html.tostring(block, encoding="unicode", with_tail=False)) == visible(text)


def test_citations_stand_below_their_quotes_and_headings_above_those_of_a_document() -> None:
    first = quote(BRIEF, "On April 1", "imprisoned.", 1)
    page = lxml.html.fromstring(to_html(answered(first), READ))
    assert [each.tag for each in page] == ["p", "blockquote", "p", "p", "p", "p"]
    assert page[2].text_content().startswith("[1] “Scrap metal")
    every = More(1, 1, 1, at_least=False, read=1, quotes=(first,))
    answer = Answer("Who?", "Who?", "answered", 0.8, 0.5, None, (first,), more=every)
    assert "<h3>Scrap metal smuggling rampant in North Korea</h3>" in to_html(answer, READ)


def test_an_answer_that_is_none_says_so() -> None:
    assert "No answer found in the documents searched." in to_html(Answer("Who?", "Who?", "none"), READ)


@pytest.mark.parametrize(
    ("url", "links"),
    [("https://example.com/a_b?c=1&d", 1), ("javascript:alert(1)", 0), ('https://a.b/" onclick="x', 0)],
)
def test_only_an_address_of_the_web_becomes_a_link(url: str, links: int) -> None:
    document = Document("a", "There was nothing.", title="Title", url=url)
    page = lxml.html.fromstring(to_html(answered(Quote(document, 0, 18)), lambda _: document))
    assert [each.get("href") for each in page.iter("a")] == [url] * links


def test_a_quote_that_would_be_shown_otherwise_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "escaped", lambda text: text)
    with pytest.raises(VerbatimError):
        to_html(answered(Quote(HOSTILE, 0, len(HOSTILE.text))), READ)


def test_a_quote_whose_source_has_changed_is_shown_in_no_way() -> None:
    changed = Document(BRIEF.id, BRIEF.text + " ")
    first = quote(BRIEF, "On April 1", "imprisoned.", 1)
    answer = QuotedAnswer.of(answered(first, question="Who?"), lambda _: changed)
    for write in (answer.to_markdown, answer.to_html, answer.to_dict, answer.__str__, answer._repr_html_):
        with pytest.raises(VerbatimError):
            write()
    for copied in (copy.deepcopy(answer), pickle.loads(pickle.dumps(answer)), replace(answer, searched=2)):  # noqa: S301
        assert copied.quotes == answer.quotes
        with pytest.raises(LibraryError, match="ask again"):
            copied.to_markdown()
    assert asdict(answer)["question"] == "Who?"
    assert repr(answer) == "<QuotedAnswer: answered, 1 quote, to 'Who?'>"
