"""A document's text as HTML: no character changes, whatever it is shown as."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.document.segment import passages
from qa.schema import Document, Section, Span
from qa.web.parts import side_by_side
from qa.web.reader import Heading, Marks, outline, to_html


class Shown(HTMLParser):
    """What a browser makes of HTML: the text, the elements with attributes, and what each mark holds."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.marks: list[str] = []
        self._open: list[str] = []
        self.feed(html.replace("\r\n", "\n").replace("\r", "\n"))  # as a browser reads it
        self.close()
        assert self._open == []

    def handle_data(self, data: str) -> None:
        self.text += data
        if "mark" in self._open:
            self.marks[-1] += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)
        if tag == "mark":
            self.marks.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def shown(document: Document, marks: Marks | None = None) -> Shown:
    return Shown(str(to_html(document, passages(document), marks)))


def having(found: Shown, name: str, value: str) -> int:
    return sum(attributes.get(name) == value for _, attributes in found.elements)


LINES = ["A line.", "It goes on", "# Head", "### Low", "- item", "  - in it", "2. two", "  more of it"]
CELLS = ["a | b |", "| c", "| d | e |", "| --- | :-: |", "|---|", "|"]
texts = st.lists(st.sampled_from([*LINES, *CELLS, "", "\n", "\r", "<b>&amp;", " ", "İ\t"]), max_size=25).map(
    lambda lines: "\n".join(lines) or "x"
)
cuts = st.lists(st.integers(1, 60), max_size=4, unique=True)


def paged(text: str, cuts: list[int]) -> Document:
    edges = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    pages = tuple(Section(start, end, "page", str(at)) for at, (start, end) in enumerate(pairwise(edges)))
    return Document("a.md", text, format="markdown", sections=pages)


@given(texts, cuts, st.lists(st.tuples(st.integers(0, 99), st.integers(1, 30)), max_size=6))
def test_the_text_is_the_documents_character_for_character(
    text: str, cuts: list[int], places: list[tuple[int, int]]
) -> None:
    spans = [Span(at, at + length) for at, length in places if at + length <= len(text)]
    kept = side_by_side(spans[0], spans) if spans else []
    found = shown(paged(text, cuts), Marks(kept, spans[0] if spans else None))
    assert found.text == text
    focused = [attributes for tag, attributes in found.elements if tag == "mark" and "tabindex" in attributes]
    assert len(focused) <= len(kept)
    quoted = "".join(text[each.start : each.end] for each in kept)
    assert without_rules("".join(found.marks)) == without_rules(quoted)


def without_rules(text: str) -> str:
    """Leave out what is not seen of a table, and so not marked."""
    return re.sub(r"[\s|:-]", "", text)


@given(st.text(st.sampled_from("a<&\r\"' "), min_size=1, max_size=40), st.integers(0, 39), st.integers(1, 40))
def test_a_quote_within_a_paragraph_has_one_mark(text: str, start: int, end: int) -> None:
    place = Span(start, end) if start < end <= len(text) else Span(0, len(text))
    found = shown(Document("a.txt", text), Marks([place], place))
    assert found.text == text
    assert found.marks == [text[place.start : place.end]]
    assert ("mark", {"class": "current", "tabindex": "-1"}) in found.elements


def test_a_quote_over_several_elements_is_marked_in_each_and_takes_the_focus_once() -> None:
    text = "It is so:\n\n- one thing\n- another\n\nA | B\nc | d\n"
    place = Span(text.index("so"), text.index(" | d"))
    found = shown(Document("a.md", text, format="markdown"), Marks([place], None))
    assert [each.strip() for each in found.marks] == ["so:", "-", "one thing", "-", "another", "A", "B", "c"]
    marks = [attributes for tag, attributes in found.elements if tag == "mark"]
    assert [attributes.get("tabindex") for attributes in marks] == ["0", *[None] * 7]
    assert {attributes["data-to"] for attributes in marks} == {f"{place.start}-{place.end}"}


def test_a_paragraph_of_many_lines_is_one_element() -> None:
    wrapped = (
        "The ferry sank on Friday on its way to the island, and nobody in the\nharbour was told of it.\n"
    )
    text = f"{wrapped}\n{wrapped}\n- {wrapped}- One\n\n{wrapped}"
    found = shown(Document("a.txt", text))
    kinds = [
        attributes["class"] for tag, attributes in found.elements if tag == "div" and "class" in attributes
    ]
    assert kinds == ["body", "body", "list", "list", "body"]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("| 2007 | 2008\nNorth | 4 | 5", ["", "2007", "2008", "North", "4", "5"]),
        ("| Quay | Men\n| North | 4", ["Quay", "Men", "North", "4"]),
    ],
)
def test_a_first_cell_is_shown_where_it_is_empty_and_none_before_the_bars_of_markdown(
    text: str, cells: list[str]
) -> None:
    html = to_html(Document("a", text), passages(Document("a", text)))
    assert re.findall(r'class="cell" role="cell">(.*?)</span>', html) == cells


def test_headings_lists_tables_and_pages_are_named_as_such() -> None:
    rows = "City | Price\n--- | ---\nHyesan | 900\n"
    text = f"# Prices\n\nSome words.\n\n## Rice\n\n- one\n- two\n\n{rows}\nThe end.\n"
    at = text.index("- one")
    sections = (Section(0, at, "page", "1"), Section(at, len(text), "page", "2"))
    found = shown(Document("a.md", text, format="markdown", sections=sections))
    assert found.text == text
    assert having(found, "role", "heading") == 2
    assert (having(found, "aria-level", "1"), having(found, "aria-level", "2")) == (1, 1)
    assert (having(found, "role", "list"), having(found, "role", "listitem")) == (1, 2)
    assert (having(found, "role", "table"), having(found, "role", "row"), having(found, "role", "cell")) == (
        1,
        2,
        4,
    )
    assert having(found, "data-begins", "Page 2") == 1


def test_what_looks_like_markup_in_a_text_or_a_name_is_text() -> None:
    hostile = '"><script>canary()</script>'
    document = Document("a.txt", f"{hostile}\n", sections=(Section(0, 5, "page", hostile),))
    found = shown(document)
    assert {tag for tag, _ in found.elements} == {"div"}
    assert having(found, "data-begins", f"Page {hostile}") == 1


def test_the_outline_has_named_parts_or_else_the_pages() -> None:
    text = "One.\n\nTwo.\n\nThree.\n"
    pages = (Section(0, 6, "page", "i"), Section(6, 18, "page", "ii"))
    headed = (Section(0, 12, "section", "First"), Section(12, 18, "section", "Second"))
    assert outline(Document("a", text, sections=pages)) == [Heading("Page i", 0), Heading("Page ii", 6)]
    assert outline(Document("a", text, sections=pages + headed)) == [
        Heading("First", 0),
        Heading("Second", 12),
    ]
    assert outline(Document("a", text)) == []
