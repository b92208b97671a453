from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import odfdo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.document.segment import sentences
from qa.formats.odt import read
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


def test_a_brief_is_read_word_for_word_with_its_header(brief: Path) -> None:
    found = one(read, HERE / "brief.odt")
    assert found.text == brief.read_text("utf-8")
    assert found.title == "Scrap metal smuggling rampant in North Korea"
    assert found.publisher == "Institute for Far Eastern Studies (IFES)"
    assert (found.series, found.number, found.date) == ("NK Brief", "08-4-4-1", date(2008, 4, 4))
    assert stated(found, "author") == ("the document's properties", "stated")
    assert stated(found, "title") == ("its header", "likely")


# odfdo's template numbers headings.
REPORT = """\
1. Summary

Coal went out   by rail.
Fish\tcame in.

1. Trucks
  1.a) at the bridge

all day

    - in rain
2. Boats

In between.

3. Trains

1.1. What was seen

The pier in Rajin was busy[1], a fisherman said on Monday: twenty-two transports[i].

In a box: keep off.

In a section.

2. Figures

Good | Tonnes
Coal | 1,200 by rail

The end.

[1] Seen on 3 May.

[i] By telephone."""


def test_a_report_is_read_as_its_reader_sees_it() -> None:
    found = one(read, HERE / "report.odt")
    assert found.text == REPORT
    assert found.notes == (
        "The document has tracked changes. It was read as if all of them were accepted.",
        "Words that are struck out were left out.",
    )
    assert (found.title, found.author, found.language) == ("Coal and fish in Rason", "Pak Yong-su", "en")


def test_headings_begin_sections_and_notes_are_in_none() -> None:
    found = one(read, HERE / "report.odt")
    sections = named(found, "section")
    assert list(sections) == ["1. Summary", "1.1. What was seen", "2. Figures"]
    assert sections["2. Figures"].endswith("The end.")
    assert [found.text[s.start : s.end] for s in sentences(found) if s.kind == "heading"] == list(sections)


def test_korean_and_chinese() -> None:
    korean = one(read, HERE / "korean.odt")
    assert korean.text.endswith("\n\n혜산시에서 고철 밀수가 늘었다. 보안원이 단속을 시작했다.")
    assert (korean.author, korean.language) == ("김철수", "ko")
    chinese = one(read, HERE / "chinese.odt")
    assert chinese.text == "长白县的废金属走私活动增加。警方开始调查。"
    assert (chinese.title, chinese.language) == ("废金属走私", "zh")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("cut-off.odt", "is damaged or cut off"),
        ("no-content.odt", "has no content.xml"),
        ("text.odt", "is no ODT file"),
    ],
)
def test_broken_files_are_refused_by_name(name: str, why: str) -> None:
    assert why in refusal(read, (HERE / name).read_bytes(), name)


def test_locked_and_wrong_files_say_so() -> None:
    whole = (HERE / "report.odt").read_bytes()
    locked = with_member(whole, "META-INF/manifest.xml", b"<manifest:encryption-data/>")
    assert "locked by a password" in refusal(read, locked, "a.odt")
    sheet = (HERE / "report.odt").read_bytes()
    content = b"<a/>"
    assert "is an OpenDocument file, but not a text" in refusal(
        read, with_member(sheet, "content.xml", content), "a.odt"
    )


def test_bombs_are_refused() -> None:
    whole = (HERE / "report.odt").read_bytes()
    assert "MB of XML" in refusal(read, with_member(whole, "content.xml", b" " * 41_000_000), "a.odt")
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 99}">' for n in range(9))
    laughs = f"<!DOCTYPE d [{entities}]><d>&e8;</d>".encode()
    for member in ("content.xml", "styles.xml"):
        assert "entit" in refusal(read, with_member(whole, member, laughs), "a.odt")
    read_or_refused(read, with_member(whole, "meta.xml", laughs), "a.odt")
    deep = b"<d>" * 5000 + b"</d>" * 5000
    assert "depth" in refusal(read, with_member(whole, "content.xml", deep), "a.odt")


words = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.lists(words, min_size=1))))
def test_no_word_is_lost_doubled_or_glued(paragraphs: list[tuple[bool, list[str]]]) -> None:
    document = odfdo.Document("text")
    document.body.clear()
    for heading, said in [*paragraphs, (False, ["end"])]:
        text = " ".join(said)
        document.body.append(odfdo.Header(1, text) if heading else odfdo.Paragraph(text))
    held = io.BytesIO()
    document.save(held)
    found = one_of(read, held.getvalue(), "a.odt")
    expected, count = [], 0
    for heading, said in paragraphs:
        count += heading
        expected += [f"{count}.", *said] if heading else said
    assert found.text.split() == [*expected, "end"]
    assert len(found.sections) == count


@settings(max_examples=60)
@given(st.lists(st.integers(0, 20_000), max_size=20), st.integers(0, 20_000))
def test_damaged_bytes_are_read_or_refused_and_nothing_else(places: list[int], length: int) -> None:
    read_or_refused(read, flipped((HERE / "korean.odt").read_bytes(), places)[: length or None], "a.odt")


def test_a_note_is_cited_as_one_and_quoted_without_its_mark() -> None:
    found = one(read, HERE / "report.odt")
    assert named(found, "footnote") == {"1": "[1] Seen on 3 May."}
    assert named(found, "endnote") == {"i": "[i] By telephone."}
    quoted = [each for each in sentences(found) if each.quotable]
    shown = {found.text[each.start : each.end]: locator(found, each.start, each.end) for each in quoted}
    assert shown["Seen on 3 May."] == "footnote 1"
    assert shown["By telephone."] == "endnote i"
