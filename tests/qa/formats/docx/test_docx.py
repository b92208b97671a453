from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.document.segment import sentences
from qa.formats.docx import read
from qa.schema import locator
from tests.qa.formats.reading import (
    flipped,
    named,
    one,
    one_of,
    read_or_refused,
    refusal,
    stated,
    with_member,
)

HERE = Path(__file__).parent
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def test_a_brief_is_read_word_for_word_with_its_header(brief: Path) -> None:
    found = one(read, HERE / "brief.docx")
    assert found.text == brief.read_text("utf-8")
    assert found.title == "Scrap metal smuggling rampant in North Korea"
    assert found.publisher == "Institute for Far Eastern Studies (IFES)"
    assert (found.series, found.number, found.date) == ("NK Brief", "08-4-4-1", date(2008, 4, 4))
    assert [found.text[s.start : s.end] for s in found.furniture] == ["Share", "Comments are closed."]


def test_the_name_of_a_template_is_no_title_and_the_day_of_saving_no_date() -> None:
    found = one(
        read, HERE / "brief.docx"
    )  # its property says "Microsoft Word - template_old.doc", made in 2024
    assert stated(found, "title") == ("its header", "likely")
    assert found.author == "IFES"
    assert stated(found, "author") == ("the document's properties", "stated")
    assert one(read, HERE / "chinese.docx").date is None


REPORT = """\
Summary

Coal went out by rail. Fish came in by truck.

- Trucks were counted
- at the bridge
1. First the coal
2. then the fish

What was seen

The pier in Rajin was busy[1], a fisherman from Sinpo said on Monday.

Twenty-two transports, he added[i].

In a box: keep off.

Joined again.

Figures

Good | Tonnes |
Coal | 1,200 | by rail inner a | inner b

A framed remark.

The end.

[1] Seen on 3 May.

[i] By telephone."""


def test_a_report_is_read_as_its_reader_sees_it() -> None:
    """Insertions, links, smart tags, controls, fields, boxes, nested tables in; what is not seen, out."""
    found = one(read, HERE / "report.docx")
    assert found.text == REPORT
    assert found.notes == (
        "The document has tracked changes. It was read as if all of them were accepted.",
        "Words that are struck out were left out.",
    )
    assert (found.title, found.author, found.language) == ("Coal and fish in Rason", "Pak Yong-su", "en")
    assert stated(found, "title") == ("the document's properties", "stated")


def test_headings_begin_sections_and_notes_are_in_none() -> None:
    found = one(read, HERE / "report.docx")
    sections = named(found, "section")
    assert list(sections) == ["Summary", "What was seen", "Figures"]
    assert sections["What was seen"].startswith("What was seen\n\nThe pier")
    assert sections["Figures"].endswith("The end.")
    headings = [found.text[s.start : s.end] for s in sentences(found) if s.kind == "heading"]
    assert headings == list(sections)


def test_korean_and_chinese() -> None:
    korean = one(read, HERE / "korean.docx")
    assert korean.text.split("\n\n")[1:] == [
        "혜산시에서 고철 밀수가 늘었다. 보안원이 단속을 시작했다.",
        "- 가격은 두 배로 올랐다.",
    ]
    assert (korean.author, korean.language) == ("김철수", "ko")
    assert list(named(korean, "section")) == ["북중 접경의 고철 밀수"]
    chinese = one(read, HERE / "chinese.docx")
    assert chinese.text == "长白县的废金属走私活动增加。警方开始调查。"
    assert (chinese.title, chinese.language) == ("废金属走私", "zh")


NUMBERING = f"""<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="0">
<w:lvl w:ilvl="0"><w:start w:val="3"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="%1."/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%2)"/></w:lvl>
<w:lvl w:ilvl="2"><w:numFmt w:val="decimal"/><w:isLgl/><w:lvlText w:val="%1.%2.%3"/></w:lvl>
<w:lvl w:ilvl="3"><w:numFmt w:val="ganada"/><w:lvlText w:val="%4)"/></w:lvl>
<w:lvl w:ilvl="4"><w:numFmt w:val="none"/><w:lvlText w:val=""/></w:lvl></w:abstractNum>
<w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num>
<w:num w:numId="8"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="9"/>
</w:lvlOverride></w:num></w:numbering>"""


def test_lists_are_numbered_as_word_numbers_them() -> None:
    def item(list_id: int, depth: int, text: str) -> str:
        return (
            f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{list_id}"/></w:numPr></w:pPr>'
            f"<w:r><w:t>{text}</w:t></w:r></w:p>"
        )

    items = [
        (7, 0, "a"),
        (7, 1, "b"),
        (7, 1, "c"),
        (7, 2, "d"),
        (7, 3, "e"),
        (7, 4, "f"),
        (7, 0, "g"),
        (7, 1, "h"),
    ]
    body = "".join(item(*each) for each in [*items, (8, 0, "i"), (0, 0, "j")])
    data = with_member((HERE / "report.docx").read_bytes(), "word/numbering.xml", NUMBERING.encode())
    data = with_member(
        data, "word/document.xml", f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'.encode()
    )
    assert one_of(read, data, "a.docx").text == (
        "III. a\n  (a) b\n  (b) c\n    3.2.1 d\n      가) e\n\nf\n\nIV. g\n  (a) h\nIX. i\n\nj"
    )


def document_of(body: str) -> bytes:
    xml = f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    return with_member((HERE / "report.docx").read_bytes(), "word/document.xml", xml.encode())


def run(inside: str) -> str:
    return f"<w:p><w:r>{inside}</w:r></w:p>"


CODE = '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
CLOSED_UNSEEN = '<w:r><w:rPr><w:vanish/></w:rPr><w:fldChar w:fldCharType="end"/></w:r>'
SHOWN = '<w:rPr><w:vanish w:val="0"/><w:strike w:val="false"/></w:rPr>'
RUBY = (
    "<w:ruby><w:rt><w:r><w:t>kan</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>漢</w:t></w:r></w:rubyBase></w:ruby>"
)
SMALL = {
    "a line break and a tab": (run("<w:t>a</w:t><w:br/><w:t>b</w:t><w:tab/><w:t>c</w:t>"), "a\nb\tc"),
    "what no reader sees": (run("<w:t>a</w:t><w:softHyphen/><w:t>b\xadc&#160;d</w:t>"), "abc d"),
    "a picture of a symbol font": (run('<w:t>a</w:t><w:sym w:font="Wingdings" w:char="F0E0"/>'), "a"),
    "a field that is never closed": (f"<w:p>{CODE}<w:r><w:t>x</w:t></w:r></w:p>{run('<w:t>y</w:t>')}", "y"),
    "a field that is closed unseen": (
        f"<w:p>{CODE}{CLOSED_UNSEEN}<w:r><w:t>seen</w:t></w:r></w:p>",
        "seen",
    ),
    "toggles that are off": (run(f"{SHOWN}<w:t>seen</w:t>"), "seen"),
    "a control": (f"<w:sdt><w:sdtContent>{run('<w:t>a</w:t>')}</w:sdtContent></w:sdt>", "a"),
    "the last paragraph's end is deleted": (
        "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>last</w:t></w:r></w:p>",
        "last",
    ),
    "a reading over a word": (run(RUBY), "漢"),
}


@pytest.mark.parametrize(("body", "text"), SMALL.values(), ids=SMALL)
def test_small_things(body: str, text: str) -> None:
    assert one_of(read, document_of(body), "a.docx").text == text


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("cut-off.docx", "is damaged or cut off"),
        ("no-document.docx", "word/document.xml"),
        ("no-types.docx", "[Content_Types].xml"),
        ("text.docx", "is no DOCX file"),
    ],
)
def test_broken_files_are_refused_by_name(name: str, why: str) -> None:
    assert why in refusal(read, (HERE / name).read_bytes(), name)


def test_a_part_of_another_kind_than_it_should_be_is_refused() -> None:
    whole = (HERE / "brief.docx").read_bytes()
    with ZipFile(io.BytesIO(whole)) as package:
        types = package.read("[Content_Types].xml").replace(
            b"wordprocessingml.styles", b"wordprocessingml.other"
        )
    assert "styles" in refusal(read, with_member(whole, "[Content_Types].xml", types), "a.docx")


def test_a_locked_file_says_so() -> None:
    assert "locked by a password" in refusal(read, b"\xd0\xcf\x11\xe0" + bytes(600), "a.docx")


def test_a_document_without_words_is_refused() -> None:
    assert "is empty" in refusal(read, document_of("<w:p/>"), "a.docx")


@pytest.mark.day
def test_bombs_are_refused_before_they_are_unpacked() -> None:
    whole = (HERE / "report.docx").read_bytes()
    big = with_member(whole, "word/document.xml", b" " * 41_000_000)
    assert "MB of XML" in refusal(read, big, "big.docx")
    pictures = whole
    for number in range(8):
        pictures = with_member(pictures, f"word/media/{number}.png", bytes(39_000_000))
    assert "unpacks to" in refusal(read, pictures, "pictures.docx")
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 99}">' for n in range(9))
    laughs = f'<!DOCTYPE d [{entities}]><w:document xmlns:w="{W}">{run("<w:t>&e8;</w:t>")}</w:document>'
    assert "entit" in refusal(read, with_member(whole, "word/document.xml", laughs.encode()), "laughs.docx")


def test_deep_nesting_is_read_or_refused() -> None:
    def nested(depth: int) -> bytes:
        return document_of("<w:sdt>" * depth + run("<w:t>deep</w:t>") + "</w:sdt>" * depth)

    assert one_of(read, nested(30), "a.docx").text == one_of(read, nested(200), "a.docx").text == "deep"
    assert "depth" in refusal(read, nested(5000), "a.docx")


words = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="\xad"), min_size=1, max_size=8
)


@pytest.mark.slow
@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from(["Normal", "Heading 1", "List Bullet"]), st.lists(words, min_size=1)))
)
def test_no_word_is_lost_doubled_or_glued(paragraphs: list[tuple[str, list[str]]]) -> None:
    document = docx.Document()
    for style, said in [*paragraphs, ("Normal", ["end"])]:
        paragraph = document.add_paragraph(style=style)
        for number, word in enumerate(said):
            paragraph.add_run(f" {word}" if number else word)
    held = io.BytesIO()
    document.save(held)
    found = one_of(read, held.getvalue(), "a.docx")
    expected = [
        word for style, said in paragraphs for word in (["-"] if style == "List Bullet" else []) + said
    ]
    assert found.text.split() == [*expected, "end"]
    assert sum(style == "Heading 1" for style, _ in paragraphs) == len(found.sections)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 40_000), max_size=20), st.integers(0, 40_000))
def test_damaged_bytes_are_read_or_refused_and_nothing_else(places: list[int], length: int) -> None:
    read_or_refused(read, flipped((HERE / "korean.docx").read_bytes(), places)[: length or None], "a.docx")


def test_a_note_is_cited_as_one_and_quoted_without_its_mark() -> None:
    found = one(read, HERE / "report.docx")
    assert named(found, "footnote") == {"1": "[1] Seen on 3 May."}
    assert named(found, "endnote") == {"i": "[i] By telephone."}
    quoted = [each for each in sentences(found) if each.quotable]
    shown = {found.text[each.start : each.end]: locator(found, each.start, each.end) for each in quoted}
    assert shown["Seen on 3 May."] == "footnote 1"
    assert shown["By telephone."] == "endnote i"
