from __future__ import annotations

import datetime as dt
import socket
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.document.segment import passages, sentences
from qa.errors import InputError
from qa.formats.feed import read
from qa.formats.source import Options, Source
from qa.schema import Document, Found, Section

PLAIN = Options()
HEAD = '<?xml version="1.0" encoding="utf-8"?>'


def entries(data: bytes, options: Options = PLAIN) -> list[Document | InputError]:
    return list(read(Source("folder/feed.xml", "feed.xml", data), options))


def file(name: str, options: Options = PLAIN) -> list[Document | InputError]:
    return entries((Path(__file__).parent / "files" / name).read_bytes(), options)


def first(data: bytes) -> Document:
    document = entries(data)[0]
    assert isinstance(document, Document)
    return document


def rss(item: str, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> bytes:
    return (
        f'{head}<rss version="2.0"><channel><title>Works</title><item>{item}</item></channel></rss>'.encode()
    )


def test_an_entry_of_an_rss_feed_is_a_document() -> None:
    document = file("rss.xml")[0]
    assert isinstance(document, Document)
    assert document.id == "monitor-77"
    assert document.text == (
        "The price rose to 5,200 won in the first week of March. Traders blame the closed crossings.\n\n"
        "In short supply\n\n- wheat flour\n- soya oil"
    )
    assert document.title == "Rice at 5,200 won: the highest since 2017"
    assert (document.author, document.publisher) == ("Mina Seo", "Border Monitor & Review")
    assert document.date == dt.date(2019, 3, 12)  # as written; in London it was the 13th
    assert (document.url, document.language) == ("https://monitor.example/rice", "en")
    assert document.format == "feed"
    heading = document.text.index("In short")
    assert document.sections == (
        Section(0, len(document.text), "entry", document.title),
        Section(heading, len(document.text), "section", "In short supply"),
    )
    assert Found("publisher", "feed title", "stated") in document.found


def test_an_ambiguous_date_is_left_out_with_a_note_unless_the_order_is_known() -> None:
    ice = file("rss.xml")[1]
    assert isinstance(ice, Document)
    assert (ice.id, ice.date) == ("https://monitor.example/ice", None)
    assert "03/04/2011" in ice.notes[0]
    dated = file("rss.xml", Options(date_order="dmy"))[1]
    assert isinstance(dated, Document)
    assert dated.date == dt.date(2011, 4, 3)


def test_entries_without_text_and_with_a_used_id_are_refused_by_name() -> None:
    wordless, again = map(str, file("rss.xml")[2:])
    assert wordless.startswith(
        "folder/feed.xml, entry 3 (A picture without words) has no text. Save the page"
    )
    assert again.startswith("folder/feed.xml, entry 4: the id 'monitor-77' was used before.")


def test_an_atom_feed_in_korean_and_chinese() -> None:
    korean, chinese = file("atom.xml")
    assert isinstance(korean, Document)
    assert isinstance(chinese, Document)
    assert korean.text == (
        "양강도 혜산 시장의 쌀값이 올랐다고 상인들이 전했다.\n\n지난해 가을 이후 가장 높은 값이다."
    )
    assert (korean.language, korean.author, korean.date) == ("ko", "편집부", dt.date(2020, 2, 3))
    assert chinese.text == "长白口岸今年前五个月的贸易额下降了百分之四十。粮食的进口几乎停止。"
    assert (chinese.language, chinese.author, chinese.date) == ("zh", "李明; 王芳", dt.date(2020, 2, 5))
    assert Found("date", "entry updated", "stated") in chinese.found


def test_sentences_of_entries_are_whole() -> None:
    for document in file("atom.xml"):
        assert isinstance(document, Document)
        assert all(document.text[s.start : s.end].endswith((".", "。")) for s in sentences(document))
        assert "".join(document.text[p.start : p.end] for p in passages(document)) == document.text


def test_what_a_broken_feed_still_says_is_read_with_a_note() -> None:
    bridge, ferry = file("broken.rss")
    assert isinstance(bridge, Document)
    assert bridge.text == "The bridge at Lower Ford carries twelve tonnes. It was built for carts."
    assert bridge.publisher == "Works & Roads"
    assert bridge.notes == ("The XML of the feed is broken: words may be missing.",)
    assert "entry 2 (The ferry) has no text" in str(ferry)


def test_an_untitled_entry_takes_its_link_and_no_sentence_for_a_title() -> None:
    document = first(
        rss("<link>https://a.example/1</link><description>A sentence, and no title.</description>")
    )
    assert document.id == document.title == "https://a.example/1"
    assert Found("title", "its name", "guessed") in document.found


def test_plain_text_that_looks_like_markup_stays_as_it_is() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>T</title>'
        '<summary type="text">If a &lt; b, then\n\nb &gt; a.</summary></entry></feed>'
    )
    assert first(atom.encode()).text == "If a < b, then\n\nb > a."


@pytest.mark.parametrize("encoding", ["euc-kr", "windows-1252", "utf-16"])
def test_encodings(encoding: str) -> None:
    words = "혜산 시장의 쌀값이 올랐다" if encoding == "euc-kr" else "A “café” opened."
    text = rss(f"<guid>1</guid><description>{words}</description>").decode()
    data = text.replace("utf-8", encoding).encode("cp949" if encoding == "euc-kr" else encoding)
    assert first(data).text == words


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "lololol">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"<html><body><p>Words.</p></body></html>", "is not an RSS or Atom feed"),
        (b"only words", "is not an RSS or Atom feed"),
        (b'<rss version="2.0"><channel><title>T</title></channel></rss>', "has no entries"),
        (b'<?xml version="1.0" encoding="utf-8"?><rss>\xe9</rss>', ("says that its encoding is utf-8, "
        "but it is not")),
        (b"\0\1\2\3", "is a binary file"),
        (rss("<guid>1</guid><description>&j;</description>", BOMB), "defines XML entities"),
        (
            rss("<guid>1</guid><description>&a;</description>",
                '<!DOCTYPE r [<!entity a SYSTEM "file:///etc/hostname">]>'),
            "defines XML entities",
        ),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=f"^folder/feed.xml .*{said}"):
        entries(data)


def test_an_entry_nested_too_deeply_is_refused_and_the_next_one_read() -> None:
    deep = "&lt;div&gt;" * 100_000
    data = rss(
        f"<guid>1</guid><description>{deep}word</description></item>"
        "<item><guid>2</guid><description>Some words.</description>"
    )
    started = time.perf_counter()
    refused, read_one = entries(data)
    assert "entry 1 (1) cannot be read: Excessive depth" in str(refused)
    assert isinstance(read_one, Document)
    assert time.perf_counter() - started < 10


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a feed wanted the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    data = rss(
        "<guid>1</guid><description>Some words.</description>",
        '<!DOCTYPE rss SYSTEM "http://a.example/rss.dtd">',
    )
    assert first(data).text == "Some words."
    with pytest.raises(InputError):
        entries(b"http://a.example/feed.xml")
    with pytest.raises(InputError):
        entries(str(Path(__file__).parent / "files" / "rss.xml").encode())


@given(st.binary(max_size=200), st.integers(0, 1500))
def test_whatever_the_bytes_documents_or_refusals_come(junk: bytes, at: int) -> None:
    data = (Path(__file__).parent / "files" / "rss.xml").read_bytes()
    try:
        found = entries(data[:at] + junk + data[at + len(junk) :])
    except InputError:
        return
    for entry in found:
        if isinstance(entry, Document):
            assert entry.text.strip()
            assert entry.id
            assert entry.sections[0].end == len(entry.text)
        else:
            assert str(entry).startswith("folder/feed.xml, entry ")
    assert len({entry.id for entry in found if isinstance(entry, Document)}) == sum(
        isinstance(entry, Document) for entry in found
    )
