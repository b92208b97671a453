from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qa.errors import InputError
from qa.formats.mail import read
from qa.formats.source import Options, Source
from qa.formats.thread import Line, Sender, flowed, messages, unquoted
from qa.schema import Document, locator
from tests.qa.formats.reading import check, flipped, one, one_of, read_or_refused, refusal, stated

HERE = Path(__file__).parent
PAK, KIM, LEE = (
    "1 (Pak Yong-su, 4 April 2008)",
    "2 (Kim Jong, 4 April 2008)",
    "3 (Lee Sun, 3 April 2008)",
)


def said(document: Document) -> list[tuple[str, str]]:
    """Give each stretch of a thread: whose it is, and what of it may be quoted."""
    found = []
    for section in document.sections:
        text = document.text[section.start : section.end]
        for span in reversed(document.furniture):
            if section.start <= span.start < section.end:
                text = text[: span.start - section.start] + text[span.end - section.start :]
        found.append((section.name, text.strip()))
    return found


def test_what_a_thread_quotes_is_of_those_who_wrote_it() -> None:
    """Replies stand between the lines that they answer, and one message quotes another."""
    found = one(read, HERE / "thread.eml")
    assert said(found) == [
        (PAK, "Yes, six trucks came on Thursday."),
        (KIM, "Did the trucks come?"),
        (LEE, "Watch the bridge at Hyesan.\nIt is empty at night."),
        (KIM, "And who drove them?"),
        (PAK, "Soldiers drove them."),
        (KIM, "Kim"),
        (PAK, "Regards,"),
    ]
    start = found.text.index("Watch the bridge")
    assert locator(found, start, start + 10) == "message 3 (Lee Sun, 3 April 2008), line 1"


def test_no_line_of_a_thread_is_lost() -> None:
    found = one(read, HERE / "thread.eml")
    assert "On Fri, Apr 4, 2008 at 10:00 AM, Kim Jong\n<kim@example.org> wrote:" in found.text
    assert [found.text[s.start : s.end] for s in found.furniture][-1] == "--\nPak Yong-su\nBorder Desk"


def test_the_header_says_title_author_and_the_day_by_the_senders_clock() -> None:
    found = one(read, HERE / "thread.eml")  # 23:30 in Seoul is the day before in London
    assert (found.title, found.author, found.date) == ("Re: trucks", "Pak Yong-su", date(2008, 4, 4))
    assert found.url == "mid:1@example.org"
    assert {stated(found, field) for field in ("title", "author", "date", "url")} == {
        ("the e-mail's header", "stated")
    }


def test_headers_of_outlook_begin_earlier_messages() -> None:
    assert said(one(read, HERE / "outlook.eml")) == [
        (PAK, "I agree with Kim."),
        (KIM, "The price doubled."),
        (LEE, "Scrap costs more each day."),
    ]


def test_html_is_read_where_there_is_no_plain_text() -> None:
    found = one(read, HERE / "html.eml")
    assert said(found) == [
        (PAK, "It rained\nall day.\n\n- one\n- two\n\nPak"),
        (KIM, "Did it rain?"),
        ("3 (quoted)", "Inner words."),
    ]
    assert "HIDDEN" not in found.text


def test_korean_and_chinese_in_their_own_encodings() -> None:
    korean = one(read, HERE / "korean.eml")
    assert (korean.title, korean.author) == ("Re: 트럭", "박용수")
    assert said(korean) == [
        ("1 (박용수, 4 April 2008)", "네, 트럭이 왔습니다."),
        ("2 (김철수, 3 April 2008)", "트럭이 왔습니까?"),
    ]
    chinese = one(read, HERE / "chinese.eml")
    assert (chinese.title, chinese.author) == ("回复：卡车", "李四")
    assert said(chinese) == [
        ("1 (李四, 4 April 2008)", "卡车来了。"),
        ("2 (张三, 3 April 2008)", "卡车来了吗？"),
    ]


def test_attachments_are_documents_or_named(brief: Path) -> None:
    data = (HERE / "attached.eml").read_bytes()
    found = [item for item in read(Source("a.eml", "a.eml", data), Options()) if isinstance(item, Document)]
    assert [item.id for item in found] == ["", "/brief.txt", "/An older one.eml"]
    mail, attached, older = found
    assert mail.text == "The brief is attached, and its map."
    assert mail.sections == ()
    assert mail.notes == ("Attached, and not read: “map.png”.",)
    assert attached.text.replace("\r\n", "\n").strip() == brief.read_text("utf-8")
    assert (attached.number, attached.date) == ("08-4-4-1", date(2008, 4, 4))
    assert [item.format for item in found] == ["email", "text", "email"]
    assert (older.text, older.author) == ("Watch the bridge.", "Lee Sun")


def test_the_plain_text_counts_whatever_the_html_beside_it_is() -> None:
    deep = "<div>" * 5000 + "x"
    data = (
        "Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n"
        f"--b\nContent-Type: text/html\n\n{deep}\n--b\nContent-Type: text/calendar\n\nBEGIN\n"
        "--b\nContent-Type: text/plain\n\nPlain words.\n--b--\n"
    )
    found = one_of(read, data.encode(), "a.eml")
    assert found.text == "Plain words."
    assert found.notes == ("Attached, and not read: “a part (text/calendar)”.",)


def test_malformed_headers_and_encodings_are_read_with_a_note() -> None:
    found = one(read, HERE / "bare.eml")
    assert found.text == "café at noon"  # it is UTF-8, whatever it says
    assert found.title == "=?utf-8?b?8J-Y?= résumé =?bogus?q?x?="
    assert (found.date, found.author) == (None, "\ufffd")
    assert found.notes == ("The date “some day” cannot be read, so it was left out.",)
    latin = b'Subject: x\nContent-Type: text/plain; charset="us-ascii"\n\ncaf\xe9'
    assert one_of(read, latin, "a.eml").text == "café"
    assert "windows-1252" in one_of(read, latin.replace(b"us-ascii", b"utf-8"), "a.eml").notes[0]


def test_a_sentence_above_what_it_answers_is_no_header() -> None:
    body = "I agree with it.\n\nOn Apr 4, 2008, Kim <k@x.org> wrote:\n> Copper trade is up."
    found = one_of(read, f"From: Pak <p@x.org>\nSubject: Trade\n\n{body}".encode(), "a.eml")
    assert found.header == ()
    assert [found.text[s.start : s.end][:6] for s in found.furniture] == ["On Apr"]
    assert found.title == "Trade"
    assert one_of(read, b"From: p@x.org\n\nFirst.\nThen.", "a.eml").title == "a"


def test_an_e_mail_that_is_cut_off_says_so() -> None:
    data = (HERE / "cut-off.eml").read_bytes()
    first = next(read(Source("a.eml", "a.eml", data), Options()))
    assert isinstance(first, Document)
    assert first.notes == ("The e-mail is cut off: its end is missing.",)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"Subject: nothing\n\n", "has no text"),
        (b"This is no e-mail.\n\nIt has no headers.\n", "does not have the headers of an e-mail"),
        (b"", "does not have the headers of an e-mail"),
    ],
)
def test_what_is_no_e_mail_is_refused(data: bytes, why: str) -> None:
    assert why in refusal(read, data, "a.eml")


def test_parts_deep_in_one_another_are_refused() -> None:
    for depth in (60, 3000):
        nested = b"Subject: x\n" + b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)
        )
        assert refusal(read, nested + b"\nx", "a.eml")


# Threads, as lines

INTRODUCTIONS = {
    "On Fri, Apr 4, 2008 at 10:00 AM Kim Jong <kim@example.org> wrote:": KIM,
    "On 4/04/2008 10:00, Kim Jong wrote:": "2 (Kim Jong, 4 April 2008)",
    "On 4 April 2008 10:00:00 KST, \"Kim Jong\" <kim@example.org> wrote:": KIM,
    "Am 4. April 2008 um 10:00 schrieb Kim Jong <kim@example.org>:": "2 (Kim Jong, 4 April 2008)",
    "Kim Jong wrote:": "2 (Kim Jong)",
    "On 2008-04-04, kim@example.org wrote:": "2 (kim@example.org, 4 April 2008)",
    "2008년 4월 4일 (금) 오전 10:00, Kim Jong <kim@example.org>님이 작성:": KIM,
}  # fmt: skip


@pytest.mark.parametrize(("line", "name"), INTRODUCTIONS.items())
def test_introductions_name_the_writer_and_the_day(line: str, name: str) -> None:
    parts = messages(unquoted(f"Yes.\n\n{line}\n> Did they?\n> Really?"), Sender("Pak"))
    assert [part.text for part in parts if part.kind == "message"] == ["1 (Pak)", name]
    assert [part.text for part in parts if part.kind == "furniture"] == [line]


def test_a_head_without_an_address_is_told_by_its_date() -> None:
    head = "Von: Kim Jong\nGesendet: Freitag, 4. April 2008 10:00"
    assert (
        messages(unquoted(f"Ja.\n\n{head}\nSechs Lastwagen."), Sender("Pak"))[2].text
        == "2 (Kim Jong, 4 April 2008)"
    )


@pytest.mark.parametrize(
    "text",
    [
        "On 4 April 2008, the Daily NK wrote:\n\nSix trucks came.",  # no address, nothing marked
        "Prices rose\n>5 tonnes a day.",
        "From: the pier\nto the market they walked.",
        "He said to me:\nGo.",
        "From: Seoul to Pyongyang it takes two hours.\nDate: unknown",
        "From: Seoul\nTo: Pyongyang\nSubject: trains",
    ],
)
def test_what_only_looks_like_a_quotation_is_the_senders(text: str) -> None:
    assert [part[:2] for part in messages(unquoted(text), Sender("Pak"))] == [("paragraph", text)]


def test_signatures_and_notices_are_furniture_and_kept() -> None:
    text = "Yes.\n\nThis e-mail is confidential. If you are not\nthe one it is meant for, delete it."
    assert messages(unquoted(text), Sender())[-1].kind == "furniture"
    assert messages(unquoted("Yes.\n\nSent from my iPhone"), Sender())[-1][:2] == (
        "furniture",
        "Sent from my iPhone",
    )
    assert messages(unquoted("- -\n--\n" + "long\n" * 40), Sender())[0].kind == "paragraph"


def test_flowed_text_is_joined_as_it_is_meant() -> None:
    lines = unquoted("It goes \non here.\n> Quoted \n> too.\n Stuffed\n-- \nPak")
    assert flowed(lines, delete_space=False) == [
        Line(0, "It goes on here."),
        Line(1, "Quoted too."),
        Line(0, "Stuffed"),
        Line(0, "-- "),
        Line(0, "Pak"),
    ]
    assert flowed(unquoted("트럭 \n이"), delete_space=True) == [Line(0, "트럭이")]


LINES = [
    *("", "word", "> ", "> said", ">> deeper", ">", "On 4 April 2008, Kim <k@x.org> wrote:", "Kim wrote:"),
    *(
        "-----Original Message-----",
        "From: Kim <k@x.org>",
        "Sent: 4 April 2008",
        "To: Pak",
        "-- ",
        "____________",
    ),
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=25))
@example(["word", "Kim wrote:", "> said", "-- ", "word"])
def test_every_line_is_of_one_message_and_none_is_lost(lines: list[str]) -> None:
    body = "\n".join(lines)
    data = f"From: Pak <p@x.org>\nSubject: s\n\n{body}".encode()
    words = " ".join(line.text for line in unquoted(body)).split()
    try:
        found = one_of(read, data, "a.eml")
    except InputError:
        assert not words
        return
    check(found)
    assert found.text.split() == words
    if found.sections:
        covered = " ".join(found.text[s.start : s.end] for s in found.sections)
        assert covered.split() == words


@settings(max_examples=100)
@given(
    st.lists(st.integers(0, 4000), max_size=30),
    st.integers(0, 4000),
    st.sampled_from(["attached", "html", "korean"]),
)
def test_damaged_bytes_are_read_or_refused_and_nothing_else(
    places: list[int], length: int, name: str
) -> None:
    data = flipped((HERE / f"{name}.eml").read_bytes(), places)[: length or None]
    read_or_refused(read, data, "a.eml")
