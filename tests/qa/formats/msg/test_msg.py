"""Outlook's messages are read as other e-mails are."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from qa.formats.kinds import read_source
from qa.formats.source import PLAIN, Source
from qa.formats.worker import Worker
from qa.schema import Document
from tests.qa.formats.msg.make import BODY, compound, message, storage
from tests.qa.formats.reading import check, read_or_refused, refusal

HERE = Path(__file__).parent


def documents(data: bytes, name: str = "a.msg") -> list[Document]:
    found = list(read_source(Source(name, name, data), PLAIN))
    assert all(isinstance(each, Document) for each in found), found
    return [each for each in found if isinstance(each, Document)]


def test_a_message_has_its_subject_sender_day_and_text_and_its_attachments_are_documents() -> None:
    with Worker() as worker:  # which may write to no file, and open no connection
        letter, note = worker.read(Source("a.msg", "a.msg", (HERE / "plain.msg").read_bytes()), PLAIN)
    assert isinstance(letter, Document)
    assert isinstance(note, Document)
    check(letter)
    assert (letter.title, letter.author, letter.date) == (
        *("Prices of barley", "Ines Calder"),
        dt.date(2008, 4, 4),
    )
    assert letter.text.startswith("Barley cost 40 marks a sack on Monday.\n\nThe mill bought none.")
    assert [each.name for each in letter.sections][1] == "2 (quoted)"
    assert letter.notes == ("Attached, and not read: “photo.png”.",)
    assert (letter.format, note.format, note.id, note.text) == (
        "msg",
        "text",
        "/note.txt",
        "Rye was sold out.",
    )


def test_html_is_read_where_there_is_no_plain_text_and_an_attached_message_too() -> None:
    letter, inner = documents((HERE / "page.msg").read_bytes())
    assert letter.text == "Barley cost 40 marks a sack.\n\nQué más."
    assert letter.url == "mid:17@quay.example"
    assert (inner.id, inner.text, inner.title) == ("/Rye.eml", "It was sold out.", "Rye")
    assert letter.notes == ("Attached as links, and not read: “wire.xlsx”.",)


def test_several_attachments_of_all_kinds_are_read() -> None:
    inner = storage(body="It was sold out.", subject="Rye", header=24)
    found = documents(message(body=BODY, attached={"a.txt": b"One.", "b.txt": b"Two."}, inner=inner))
    assert [each.id for each in found] == ["", "/a.txt", "/b.txt", "/Rye.eml"]


def test_the_day_is_the_senders() -> None:
    (letter,) = documents(message(body=BODY, headers="Date: Sat, 5 Apr 2008 01:30:00 +0900\r\n"))
    assert letter.date == dt.date(2008, 4, 5)


def test_what_cannot_be_read_is_refused_by_name_with_the_reason() -> None:
    def said(data: bytes) -> str:
        return refusal(read_source, data, "a.msg")

    whole = message(body=BODY)
    assert "is damaged" in said(whole[:1_500])
    assert "only as Outlook's RTF" in said(message(rtf=b"\x10\0\0\0LZFu"))
    assert "has no text" in said(message())
    assert "is not an Outlook message" in said(compound({"WordDocument": b"a"}))
    assert "is not an Outlook message" in said(b"From: A\n\nText.")


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_damaged_message_is_read_or_refused_by_name(data: st.DataObject) -> None:
    whole = bytearray((HERE / "page.msg").read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    read_or_refused(read_source, bytes(whole), "a.msg")
