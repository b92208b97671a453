"""A document's text as HTML: no character changes, whatever it is shown as."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from qa.document.segment import passages
from qa.schema import Document, Section
from qa.web.reader import Heading, outline, to_html


class Shown(HTMLParser):
    """What a browser makes of HTML: the text, and the elements with attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html.replace("\r\n", "\n").replace("\r", "\n"))  # as a browser reads it
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def shown(document: Document) -> Shown:
    return Shown(str(to_html(document, passages(document))))


def having(found: Shown, name: str, value: str) -> int:
    return sum(attributes.get(name) == value for _, attributes in found.elements)


@given(
    st.lists(
        st.sampled_from(
            ["A line.", "# Head", "- item", "a | b |", "| c", "\n", "\r", "<b>&amp;", "|", " ", "İ\t"]
        ),
        max_size=25,
    ),
    st.lists(st.integers(1, 60), max_size=4, unique=True),
)
def test_the_text_is_the_documents_character_for_character(pieces: list[str], cuts: list[int]) -> None:
    text = "\n".join(pieces) or "x"
    edges = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    pages = tuple(Section(start, end, "page", str(at)) for at, (start, end) in enumerate(pairwise(edges)))
    document = Document("a.txt", text, sections=pages)
    assert shown(document).text == text


def test_headings_lists_tables_and_pages_are_named_as_such() -> None:
    text = "# Prices\n\nSome words.\n\n## Rice\n\n- one\n- two\n\nCity | Price\nHyesan | 900\n\nThe end.\n"
    at = text.index("- one")
    sections = (Section(0, at, "page", "1"), Section(at, len(text), "page", "2"))
    found = shown(Document("a.md", text, format="markdown", sections=sections))
    assert found.text == text
    assert having(found, "role", "heading") == 2
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
