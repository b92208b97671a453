from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import InputError
from qa.formats.kinds import read_source
from qa.formats.rtf import read
from qa.formats.source import PLAIN, Source
from qa.formats.worker import Worker
from qa.schema import Document, locator
from tests.qa.formats.reading import flipped, named, one, one_of, read_or_refused, refusal, stated
from tests.qa.formats.zip.make import packed

HERE = Path(__file__).parent
START = rb"{\rtf1\ansi\ansicpg1252 "


def test_the_text_is_what_a_word_processor_shows() -> None:
    assert one(read, HERE / "report.rtf").text == (
        "Scrap metal\n\n"
        "He left[1] the town’s market, “they say” – for 20€.\n\n"
        "고철сталь 废铁 고x café 😀\n\n"
        "- Copper\n2. Zinc\n\n"
        "Prices\n\n"
        "Month | Price\nApril | 4 percent, more\n\n"
        "The source is here.It ends–here, well-known cooperation.[i]\n\n"
        "A box.\n\n"
        "한글\n\n"
        "[1] As he said on “Monday”.\n\n"
        "[i] An endnote."
    )


def test_headings_and_notes_are_places() -> None:
    found = one(read, HERE / "report.rtf")
    assert list(named(found, "section")) == ["Scrap metal", "Prices"]
    assert named(found, "footnote") == {"1": "[1] As he said on “Monday”."}
    assert named(found, "endnote") == {"i": "[i] An endnote."}
    at = found.text.index("As he said")
    assert locator(found, at, at + 5) == "footnote 1"
    at = found.text.index("The source")
    assert locator(found, at, at + 5).startswith("section “Prices”")


def test_properties_say_title_and_author_and_no_day() -> None:
    found = one(read, HERE / "report.rtf")
    assert (found.title, found.author, found.date, found.publisher) == (
        "Scrap at the border",
        "Pak Yong-su",
        None,
        "",
    )
    assert stated(found, "title") == stated(found, "author") == ("the document's properties", "stated")
    assert found.notes == (
        "The document has tracked changes. It was read as if all of them were accepted.",
        "Words that are struck out were left out.",
    )


def test_other_programs_write_otherwise() -> None:
    assert one(read, HERE / "textedit.rtf").text == "First line\n\nSecond 고철 line…"
    assert one(read, HERE / "korean.rtf").text == "고철 밀수가 늘고 있다."


TEXTS = {
    "a title in the text": (rb"\pard A\par B\par", "A\n\nB"),
    "doubled skip": (rb"\uc3\u8364abcEUR", "€EUR"),
    "skip ends with its group": (rb"{\uc5\u8364 a}b", "€b"),
    "no skip": (rb"\uc0\u8364\u8364x", "€€x"),
    "skipped bytes": (rb"\uc2\u44256\'b0\'edx", "고x"),
    "skipped words": (rb"\uc1\u8364\tab x", "€x"),
    "half a character": (rb"\u-10179?x", "�x"),
    "code page of the document": (rb"\ansicpg1251 \'f1", "с"),
    "unknown code page": (rb"\ansicpg99999 \'e9", "é"),
    "bytes of no font": (rb"\f9 \'e9", "é"),
    "hidden for a while": (rb"a{\v b\v0 c}d", "acd"),
    "plain shows": (rb"\v a\plain b", "b"),
    "nested table": (rb"\pard\intbl a\cell\pard\intbl\itap2 b\nestcell c\cell\row", "a | b c"),
    "table cut off": (rb"\pard\intbl a\cell b", "a | b"),
    "unknown words": (rb"\frobnicate7 a{\*\frobnicate b}c", "ac"),
    "escapes": (rb"a\{b\}\\c", "a{b}\\c"),
    "line ends": (b"a\r\nb\\\nc\\\r\nd", "ab\n\nc\n\nd"),
    "annotation": (rb"a{\*\annotation b}{\annotation c}", "a"),
    "tabs": (rb"a\tab b", "a\tb"),
    "list of letters": (rb"{\listtext\f1 a)\tab}A\par{\listtext b)\tab}B\par", "a) A\nb) B"),
}


@pytest.mark.parametrize(("rtf", "text"), TEXTS.values(), ids=TEXTS)
def test_control_words(rtf: bytes, text: str) -> None:
    assert one_of(read, START + rtf + b"}", "a.rtf").text == text


def test_bytes_that_are_no_characters_are_told() -> None:
    found = one_of(read, START + rb"{\fonttbl{\f1\fcharset129 B;}}\f1 He \'b0 left.}", "a.rtf")
    assert found.text == "He � left."
    assert "not characters of the code page" in found.notes[0]


def test_a_document_that_is_cut_off_says_so() -> None:
    found = one_of(read, START + b"He left the town", "a.rtf")
    assert (found.text, found.notes) == (
        "He left the town",
        ("The document is cut off: its end is missing.",),
    )


HOSTILE = {
    "nested a million deep": (START + b"{" * 1_000_000, "is nested more than 2,000 groups deep"),
    "nested destinations": (START + rb"{\*\a" * 1_000_000, "is nested more than 2,000 groups deep"),
    "nested notes": (START + rb"{\footnote a" * 1_000_000, "is nested more than 2,000 groups deep"),
    "endless bytes": (START + rb"He left.\bin9999999999 a}", "says that 9,999,999,999 bytes follow in it"),
    "bytes before": (START + rb"He left.\bin-5 a}", "says that -5 bytes follow"),
    "nothing": (START + b"}", "is empty"),
    "pictures alone": (START + rb"{\pict " + b"00ff" * 1_000_000 + b"}}", "is empty"),
    "closed at once": (START + b"}" * 1_000_000, "is empty"),
}


@pytest.mark.parametrize(("data", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_documents_are_refused_by_name_at_once(data: bytes, reason: str) -> None:
    began = time.process_time()
    assert reason in refusal(read, data, "a.rtf")
    assert time.process_time() - began < 10


@pytest.mark.slow
def test_a_million_control_words_are_read_in_time() -> None:
    data = START + rb"\b a\b0 \'e9\u8364?" * 300_000 + b"}"
    with Worker() as worker:
        (found,) = worker.read(Source("a.rtf", "a.rtf", data), PLAIN)
    assert isinstance(found, Document)
    assert found.text.startswith("aé€")


def test_it_is_read_in_an_archive() -> None:
    data = packed({"in/report.rtf": (HERE / "report.rtf").read_bytes()})
    (found,) = read_source(Source("a.zip", "a.zip", data), PLAIN)
    assert isinstance(found, Document)
    assert (found.id, found.format) == ("/in/report.rtf", "rtf")


def test_what_is_no_rtf_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"^a\.rtf is not an RTF document, although its name says so"):
        list(read_source(Source("a.rtf", "a.rtf", b"He left."), PLAIN))


CHARACTERS = st.characters(
    exclude_categories=["Cc", "Cs", "Mn", "Me", "Zl", "Zp"], exclude_characters="\xad\xa0\u200b\u2060\ufeff"
)
ESCAPES = {"\\": "\\\\", "{": "\\{", "}": "\\}"}


def written(character: str) -> str:
    """Write a character as a word processor does."""
    if character in ESCAPES:
        return ESCAPES[character]
    if character.isascii():
        return character
    units = character.encode("utf-16-le")
    numbers = [int.from_bytes(units[at : at + 2], "little", signed=True) for at in range(0, len(units), 2)]
    return "".join(f"\\u{number}?" for number in numbers)


@pytest.mark.slow
@given(st.lists(st.text(CHARACTERS, max_size=30), min_size=1, max_size=4))
def test_what_was_written_is_what_is_read(paragraphs: list[str]) -> None:
    paragraphs = [f"He left {text}.".replace("  ", " ") for text in paragraphs]
    rtf = "".join("".join(map(written, text)) + "\\par\n" for text in paragraphs)
    found = one_of(read, START + rtf.encode("ascii") + b"}", "a.rtf")
    assert found.text == "\n\n".join(paragraphs)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_flipped_bits_are_refused_by_name_at_most(places: list[int]) -> None:
    read_or_refused(read, flipped((HERE / "report.rtf").read_bytes(), places), "report.rtf")


@given(st.text("\\{}'*ubinfc0123456789 a-", max_size=60))
def test_any_words_are_refused_by_name_at_most(text: str) -> None:
    read_or_refused(read, START + text.encode(), "a.rtf")
