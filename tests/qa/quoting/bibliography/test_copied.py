"""A quote with its citation: to be pasted, and verified where it was pasted."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from qa.quoting.bibliography.copied import copied
from qa.quoting.bibliography.entries import FORMS
from qa.quoting.bibliography.markup import MARKUPS
from qa.quoting.bibliography.styles import STYLES, open_style
from qa.quoting.claims.file import claims
from qa.quoting.opened import Opened, open_citation
from qa.quoting.verify import Verifier
from qa.schema import CitationId, Document, Quote
from tests.qa.quoting.bibliography.documents import DOCUMENTS, END, START
from tests.qa.quoting.bibliography.test_markup import TEXTS, _of_html, _of_latex, _of_markdown
from tests.qa.tiny import write

if TYPE_CHECKING:
    from pathlib import Path

    from qa.corpus import Corpus

BY_ID = {document.id: document for document in DOCUMENTS}


def opened(name: str, **changed: object) -> Opened:
    return replace(Opened(Quote(BY_ID[name], START, END), "current"), **changed)  # type: ignore[arg-type]


SCRAP = (
    "“Scrap metal smuggling rampant in North Korea”, Institute for Far Eastern Studies (IFES), NK Brief No. "
)
LINE = f"{SCRAP}08-4-4-1, 4 April 2008, paragraph 2"
QUOTE = BY_ID["scrap.txt"].text[START:END]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("text", f"“{QUOTE}”\n{LINE}\n"),
        ("markdown", f"“{QUOTE}”[^ifes2008scrap-1d6e1e]\n\n[^ifes2008scrap-1d6e1e]: {LINE}\n"),
        ("latex", f"“{QUOTE}”\\footnote{{{LINE}}}\n"),
        ("html", f'<p>“<span style="white-space: pre-wrap">{QUOTE}</span>”</p>\n<p>{LINE}</p>\n'),
    ],
)
def test_without_a_style_the_citation_is_our_own_line(form: str, expected: str):
    assert copied(opened("scrap.txt"), form) == expected


def test_a_style_of_notes_has_footnotes_and_another_an_entry_below():
    address = "https://example.org/harbour?a=1&b=2#top"
    note = copied(opened("page.html"), "latex", open_style("chicago"))
    assert note.endswith(
        "\\footnote{Ulrike Sand, “Harbour Dues \\& Fees: What Changes,” Port of Tarn, November 30, 2021, "
        "para. 2, \\url{https://example.org/harbour?a=1&b=2\\#top}.}\n"
    )
    below = copied(opened("page.html"), "html", open_style("apa"))
    shown = address.replace("&", "&amp;")
    assert below.endswith(
        "</span>” (Sand, 2021, para. 2)</p>\n<p>Sand, U. (2021, November 30). <em>Harbour dues &amp; fees: "
        f'what changes</em>. Port of Tarn. <a href="{shown}">{shown}</a></p>\n'
    )


def test_what_has_become_of_the_text_is_said_in_each_style():
    gone = opened("scrap.txt", status="superseded", since=dt.datetime(2024, 5, 6, tzinfo=dt.UTC))
    for style in (None, *map(open_style, STYLES)):
        assert "superseded on 6 May 2024" in copied(gone, "text", style)


@given(TEXTS.filter(bool))
def test_every_character_of_a_quote_comes_back(text: str):
    document = Document("a.txt", f"{text}.", title="A {title} & *more*")
    found = Opened(Quote(document, 0, len(text)), "current")
    said = f"“{text}”"
    assert copied(found, "text").startswith(said)
    assert _of_markdown(copied(found, "markdown").partition("[^")[0]) == said
    assert _of_html(copied(found, "html").partition("</p>")[0]) == said
    assert _of_latex(copied(found, "latex").partition("\\footnote")[0]) == said


@settings(deadline=None, max_examples=5)
@given(TEXTS.filter(bool))
def test_so_it_does_with_a_style(text: str):
    document = Document("a.txt", f"{text}.", title="A title")
    found = Opened(Quote(document, 0, len(text)), "current")
    assert copied(found, "text", open_style("mla")).startswith(f"“{text}” (A Title")


def test_what_is_pasted_is_verified(corpus: Corpus, inbox: Path, tmp_path: Path):
    text = 'Title: A memo\n\nThe *harbour* at Tarn_1 was "closed" in May, it said.  It opened -- again.\n'
    write(inbox, "memo.txt", text)
    corpus.index(inbox)
    document = corpus.document("memo.txt")
    start = document.text.index("The *harbour")
    place = CitationId(document.sha256, start, len(document.text.rstrip()))
    found = open_citation(corpus.store, place)
    verifier = Verifier(corpus.store)
    for form, ending in (("text", "txt"), ("markdown", "md"), ("html", "html")):
        for style in (None, *map(open_style, STYLES)):
            path = tmp_path / f"report.{ending}"
            path.write_text(copied(found, form, style), encoding="utf-8")
            verdicts = verifier.verdicts(claims(path)[0])
            assert [each.status for each in verdicts] == ["verbatim"], (form, style and style.name)


@pytest.mark.parametrize("form", [*MARKUPS, *FORMS])
def test_each_format_gives_something_of_each_document(form: str):
    for document in DOCUMENTS:
        assert copied(Opened(Quote(document, START, END), "current"), form)
