"""Presentations are read slide by slide."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from pptx import Presentation

from qa.formats.kinds import read_source
from qa.formats.pptx import read
from qa.formats.source import PLAIN, Source
from qa.formats.worker import Worker
from qa.schema import Document
from qa.schema.quotes import locator
from tests.qa.formats.pptx.make import BOX
from tests.qa.formats.reading import check, one, one_of, read_or_refused, refusal

DECK = Path(__file__).parent / "deck.pptx"


def place(document: Document, words: str) -> str:
    start = document.text.index(words)
    return locator(document, start, start + len(words))


def test_each_slide_is_a_place_with_its_title_first_and_its_notes_named() -> None:
    with Worker() as worker:  # which may write to no file, and open no connection
        (found,) = worker.read(Source("deck.pptx", "deck.pptx", DECK.read_bytes()), PLAIN)
    assert isinstance(found, Document)
    check(found)
    assert found.title == "Barley in 2008"
    assert str(found.date) == "2008-04-04"
    assert found.text.endswith(
        "Prices in spring\n\nBarley cost 40 marks a sack.\n\nRye was sold out.\n\nOats were not traded.\n\n"
        "Grain | Marks\nRye | 31\nBoth |\n\nSay that the mill bought none.\n\nThe mill"
    )
    assert place(found, "Rye was sold out.") == "section “Prices in spring”, slide 2"
    assert place(found, "Oats were not traded.") == "section “Prices in spring”, slide 2"
    assert place(found, "the mill bought none") == "section “Notes”, slide 2"
    assert place(found, "The mill") == "section “The mill”, slide 4"


def test_what_is_hidden_is_left_out_and_what_is_not_read_is_named() -> None:
    found = one(read, DECK)
    assert "nobody is shown" not in found.text
    assert found.notes == (
        "Hidden slides were left out: 3.",
        "The words of charts, diagrams and formulas on slide 4 were not read.",
    )


@pytest.mark.parametrize("ending", ["ppsx", "pptm"])
def test_a_slide_show_is_read_too(ending: str) -> None:
    kinds = {"ppsx": "slideshow.main+xml", "pptm": "presentation.macroEnabled.main+xml"}
    prefix = {"ppsx": "vnd.openxmlformats-officedocument.presentationml.", "pptm": "vnd.ms-powerpoint."}
    out = io.BytesIO()
    with zipfile.ZipFile(DECK) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.infolist():
            data = old.read(member).replace(
                b"vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
                f"{prefix[ending]}{kinds[ending]}".encode(),
            )
            new.writestr(member, data)
    name = f"a.{ending}"
    (found,) = read_source(Source(name, name, out.getvalue()), PLAIN)
    assert isinstance(found, Document)
    assert found.format == "pptx"


def changed(member: str, old: bytes, new: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(DECK) as package, zipfile.ZipFile(out, "w") as made:
        for each in package.infolist():
            data = package.read(each)
            made.writestr(each, data.replace(old, new) if each.filename == member else data)
    return out.getvalue()


def test_what_cannot_be_read_is_refused_by_name_with_the_reason() -> None:
    data = DECK.read_bytes()
    slide = "ppt/slides/slide2.xml"
    assert "damaged or cut off" in refusal(read_source, data[:-500], "a.pptx")
    assert "with a password" in refusal(read_source, b"\xd0\xcf\x11\xe0" + bytes(600), "a.pptx")
    assert "cannot be read as PPTX" in refusal(read_source, changed(slide, b"<p:cSld", b"<p:cSl"), "a.pptx")
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><p:sld'
    assert "XML entities" in refusal(read_source, changed(slide, b"<p:sld", bomb), "a.pptx")
    big = changed(slide, b"Rye was", b"Rye was" + b" " * 20_000_001)
    assert "a bomb, or a very long text" in refusal(read_source, big, "a.pptx")
    empty, out = Presentation(), io.BytesIO()
    empty.save(out)
    assert "is empty" in refusal(read_source, out.getvalue(), "a.pptx")


def test_groups_without_end_are_refused() -> None:
    made, out = Presentation(), io.BytesIO()
    group = made.slides.add_slide(made.slide_layouts[6]).shapes
    for _ in range(60):
        group = group.add_group_shape().shapes
    group.add_textbox(*BOX).text_frame.text = "Deep."
    made.save(out)
    assert "more than 50 deep" in refusal(read_source, out.getvalue(), "a.pptx")


def test_footers_are_never_quoted() -> None:
    made, out = Presentation(), io.BytesIO()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text = "Prices"
    slide.placeholders[1].text = "Rye was sold out."
    layout = next(
        each for each in made.slide_layouts[1].placeholders if "FOOTER" in str(each.placeholder_format.type)
    )
    slide.shapes.clone_placeholder(layout)
    next(each for each in slide.placeholders if each.placeholder_format.idx == 11).text = "For members alone"
    made.save(out)
    found = one_of(read, out.getvalue(), "a.pptx")
    assert [found.text[span.start : span.end] for span in found.furniture] == ["For members alone"]


@pytest.mark.parametrize("at", range(0, 30_000, 2_500))
def test_a_damaged_presentation_is_read_or_refused_by_name(at: int) -> None:
    data = DECK.read_bytes()
    read_or_refused(read_source, data[:at] + b"damaged!" + data[at + 8 :], "a.pptx")
