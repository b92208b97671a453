from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.document.segment import passages, sentences
from qa.errors import InputError
from qa.formats.markdown import read
from qa.formats.source import Options, Source
from qa.schema import Document, Found

FILES = sorted((Path(__file__).parent / "files").glob("*.md"))


def file(name: str) -> Document:
    path = Path(__file__).parent / "files" / f"{name}.md"
    return read_bytes(path.read_bytes(), path.name)


def read_bytes(data: bytes, name: str = "note.md") -> Document:
    [document] = read(Source(f"folder/{name}", name, data), Options())
    assert isinstance(document, Document)
    return document


def names(document: Document) -> list[str]:
    return [section.name for section in document.sections]


def kinds(document: Document) -> dict[str, str]:
    return {document.text[s.start : s.end]: s.kind for s in sentences(document)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_text_is_the_file(path: Path) -> None:
    document = file(path.stem)
    assert document.text == path.read_bytes().decode()
    assert document.format == "markdown"
    assert "".join(document.text[p.start : p.end] for p in passages(document)) == document.text


@pytest.mark.parametrize(
    ("above", "title"),
    [
        ("<!-- saved by hand -->\n\n# Rice\n\n", "Rice"),
        ("<!--\nsaved\n-->\n\nRice prices\n\n", "Rice prices"),
        ("---\n\nRice prices\n\n", "Rice prices"),
        ("---\ntitle: Rice prices\n\n", "Rice prices"),
        ("<!-- one --> <!-- two -->\n\n***\n\n", "note"),
    ],
)
def test_a_comment_or_a_rule_above_the_text_is_no_title(above: str, title: str) -> None:
    document = read_bytes(
        f"{above}Rice fell to 5,200 won in Hyesan, and nobody knew why it did so.\n".encode()
    )
    assert document.title == title
    assert kinds(document)["Rice fell to 5,200 won in Hyesan, and nobody knew why it did so."] == "body"


def test_words_behind_a_comment_are_quoted() -> None:
    document = read_bytes(b"The first line.\n\n<!-- x --> Six men left on Monday.\n")
    assert document.furniture == ()


def test_a_date_that_is_none_is_left_out_with_a_note() -> None:
    document = read_bytes(b"---\ntitle: Rice\ndate: some day\n---\n\nHe left.\n")
    assert (document.date, document.notes) == (None, ("The date “some day” has no day, so it was left out.",))


def test_sections_are_named_by_the_words_of_their_headings() -> None:
    document = file("brief")
    assert names(document) == [
        "Rice prices: a note",
        "What is in short supply",
        "Prices by week",
        "Sources",
    ]
    first_lines = [document.text[section.start : section.end].split("\n")[0] for section in document.sections]
    assert first_lines == [
        "# Rice prices: a note",
        "## What is *in short* supply",
        "Prices by week",
        "### Sources ###",
    ]


def test_front_matter_becomes_metadata_and_header() -> None:
    document = file("brief")
    assert document.title == "Rice prices: a note"
    assert document.author == "Mina Seo; Paul Ott"
    assert document.publisher == "Border Monitor"
    assert document.number == "19-3"
    assert document.date == dt.date(2019, 3, 12)
    stated = {found.field for found in document.found if found.source == "front matter"}
    assert stated == {"title", "author", "publisher", "number", "date"}
    shown = kinds(document)
    assert shown["publisher: Border Monitor"] == shown["- Paul Ott"] == "header"
    assert shown["layout: post"] == shown["tags: [rice, markets]"] == shown["---"] == "furniture"


def test_lines_of_markup_alone_are_never_quoted_and_sentences_are() -> None:
    shown = kinds(file("brief"))
    for line in (
        "--------------",
        "|---------|------:|",
        "***",
        "```text",
        "```",
        "<!-- an editor's remark -->",
        '[1]: https://monitor.example/crossings "Crossings"',
    ):
        assert shown[line] == "furniture"
    assert shown["The price rose to **5,200 won** in the first week of March."] == "body"
    assert shown["Traders blame [the closed crossings][1]."] == "body"
    assert shown["| 4 March | 5,200 |"] == "body"
    assert shown["## What is *in short* supply"] == shown["Prices by week"] == "heading"


def test_toml_windows_line_ends_and_no_blank_lines() -> None:
    document = file("toml_crlf")
    assert (document.title, document.author) == ("The mill closes", "Ida Brenner")
    assert document.date == dt.date(1998, 5, 12)
    assert names(document) == ["The mill closes", "What comes next"]
    assert kinds(document)["Forty people worked there."] == "body"
    assert kinds(document)['colour = "red"'] == "furniture"


@pytest.mark.parametrize(
    ("name", "title", "heading"),
    [
        ("korean", "혜산 시장 쌀값 상승", "부족한 품목"),
        ("chinese", "长白口岸贸易额下降", "背景"),
        ("header", "The bridge at Lower Ford", "The bridge at Lower Ford"),
    ],
)
def test_the_first_heading_is_the_title(name: str, title: str, heading: str) -> None:
    document = file(name)
    assert document.title == title
    assert Found("title", "first heading", "stated") in document.found
    assert names(document)[-1] == heading


def test_the_header_below_a_heading_is_read() -> None:
    document = file("header")
    assert (document.publisher, document.number, document.date) == (
        "Bulletin of Works",
        "12",
        dt.date(2011, 5, 4),
    )


def test_a_header_below_front_matter_is_marked_where_it_stands() -> None:
    document = read_bytes(
        b"---\nlayout: post\n---\n# The bridge\n\n"
        b"Bulletin of Works | No. 12 | 4 May 2011\n\nIt carries twelve tonnes.\n"
    )
    marked = [document.text[span.start : span.end] for span in document.header]
    assert marked == ["# The bridge", "Bulletin of Works | No. 12 | 4 May 2011"]


def test_a_first_sentence_is_no_title_and_a_sentence_on_a_rule_no_heading() -> None:
    assert file("plain").title == "plain"
    assert file("rule").title == "rule"
    assert names(file("rule")) == []
    assert kinds(file("rule"))["A rule stands above this sentence, which is no front matter."] == "body"


@pytest.mark.parametrize(
    ("front", "author"),
    [
        ("author: Mina Seo", "Mina Seo"),
        ("Author: 'Mina O''Seo'", "Mina O'Seo"),
        (r'author: "Mina \"M\" Seo"  # edits', 'Mina "M" Seo'),
        ("authors: [Mina Seo, 'Paul Ott']", "Mina Seo; Paul Ott"),
        ("by:\n- Mina Seo\n- Paul Ott", "Mina Seo; Paul Ott"),
        ("author: >\n  Mina Seo", ""),
        ("author: {first: Mina}", ""),
        ("author:\n  first: Mina", ""),
        ("author: Mina Seo\nand a line that is no pair", ""),
    ],
)
def test_forms_of_front_matter(front: str, author: str) -> None:
    assert read_bytes(f"---\n{front}\n---\nWords of a text.\n".encode()).author == author


def test_a_date_that_could_be_read_two_ways_is_left_out_with_a_note() -> None:
    document = read_bytes(b"---\ntitle: A note\ndate: 04/05/2019\n---\nWords of a text.\n")
    assert document.date is None
    assert "04/05/2019" in document.notes[0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\n \r\n", "is empty"),
        (b"caf\xe9", "is not UTF-8"),
        (b"a\0b", "is a binary file"),
        ("café".encode("utf-16")[:-1], "is marked as UTF-16, but is not"),
    ],
)
def test_what_is_no_text_is_refused_by_name(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=rf"^folder/note\.md .*{said}"):
        read_bytes(data)


_LINES = st.sampled_from(
    ["# A b", "## C *d*", "word word.", "", "---", "===", "> # q", "- # l", "```", "    # code", "[x]: y",
     "|a|b|", "|-|-|", "key: value", "+++", "title: T", "<!--", "-->", " ### e", "#", "# `", "\t", "a = 1"]
)  # fmt: skip
_ENDS = st.sampled_from(["\n", "\r\n", "\r", "\u2028", "\x0b", "\x0c"])


@given(st.lists(st.tuples(_LINES, _ENDS), max_size=20))
def test_whatever_the_lines_text_and_offsets_are_the_files(parts: list[tuple[str, str]]) -> None:
    text = "".join(line + end for line, end in parts)
    try:
        document = read_bytes(text.encode())
    except InputError:
        assert not text.strip()
        return
    assert document.text == text
    assert "".join(text[p.start : p.end] for p in passages(document)) == text
    ends = 0
    for section in document.sections:
        assert ends <= section.start
        assert section.name.split()[0] in text[section.start : section.end]
        assert not text[section.start].isspace()
        ends = section.end
    for spans in (document.header, document.furniture):
        assert list(spans) == sorted(spans)
        assert all(span.end <= len(text) and text[span.start : span.end].strip() for span in spans)
    assert not set(document.header) & set(document.furniture)


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["[", "> ", "`", "<!--", "# h\n\n", "h\n-\n", "a: b\n", "|a|b|\n|-|-|\n"])
def test_a_hundred_thousand_characters_of_anything_take_seconds_at_most(piece: str) -> None:
    started = time.perf_counter()
    read_bytes(("---\n" + piece * (100_000 // len(piece))).encode())
    assert time.perf_counter() - started < 10


EMPHASISED = {
    "bold": ("**NK Brief No. 08-4-4-1**", "**Institute for Far Eastern Studies (IFES)**", "**4/4/2008**"),
    "labels": ("**Number:** NK Brief No. 08-4-4-1", "__Publisher:__ Institute for Far Eastern Studies (IFES)",
               "**Date:** 4/4/2008", "***Author:*** Kim Min-su"),
    "slanted": ("*NK Brief No. 08-4-4-1*", "_Institute for Far Eastern Studies (IFES)_", "*4/4/2008*",
                "_By Kim Min-su_"),
    "plain": ("NK Brief No. 08-4-4-1", "Institute for Far Eastern Studies (IFES)", "4/4/2008"),
}  # fmt: skip


@pytest.mark.parametrize("lines", EMPHASISED.values(), ids=EMPHASISED)
@pytest.mark.parametrize("end", ["  \n", "\n\n"])
def test_a_header_whose_lines_are_emphasised_is_one(lines: tuple[str, ...], end: str) -> None:
    head = ("# Scrap metal smuggling", *lines)
    document = read_bytes(
        f"{end.join(head)}\n\nMetal that was *not* bolted down is gone, it is said.\n".encode()
    )
    assert (document.title, document.publisher, document.number, document.date) == (
        "Scrap metal smuggling",
        "Institute for Far Eastern Studies (IFES)",
        "08-4-4-1",
        dt.date(2008, 4, 4),
    )
    assert [document.text[span.start : span.end] for span in document.header] == list(head)
    assert set(kinds(document).values()) == {"header", "body"}


def test_stars_that_emphasise_nothing_stay_what_they_are() -> None:
    document = read_bytes(b"# A note\n\n* By Mina Seo\n* 4 April 2008\n\nTwo * 3 and 5 * 2, and *one more.\n")
    assert document.date is None
    assert document.publisher == ""


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("It says so.\n\n# Report\n\nMore.\n", "note"),
        (
            "---\npublisher: IFES\n---\n\nIt is said it **was closed.**\n\n# Background\n\nMore.\n",
            "note",
        ),
        ("Office of Tests\n\n# Report on copper\n\nIt says so.\n", "Report on copper"),
        ("# Report on copper\n\nIt says so.\n\n# Findings\n\nNone.\n", "Report on copper"),
    ],
)
def test_a_heading_behind_the_first_sentence_is_of_a_part(text: str, title: str) -> None:
    assert read_bytes(text.encode()).title == title


def test_a_line_of_facts_above_the_only_heading_does_not_hide_the_title() -> None:
    document = read_bytes(
        b"Version: 0.2\n\n## Ferry hooks\n\nThe hooks of a ferry hold it at the pier, it is said.\n"
    )
    assert document.title == "Ferry hooks"


def test_a_date_that_lies_ahead_is_left_out_with_a_note() -> None:
    document = read_bytes(
        b"# Ferry fares\n\nDate: 3 May 2091\n\nThe fares of the ferries rose by a third, it is said.\n"
    )
    assert document.date is None
    assert "The date 2091-05-03 lies in the future; it was left out." in document.notes
