from __future__ import annotations

import datetime as dt
import re
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.ingest import Instant
from qa.corpus import Corpus
from qa.errors import InputError
from qa.formats.kinds import kind_of, read_source
from qa.formats.source import PLAIN, Source
from qa.formats.worker import Worker
from qa.schema import Document, locator
from tests.qa.formats.mbox.make import MESSAGES, message, written
from tests.qa.formats.reading import check
from tests.qa.formats.zip.make import packed

HERE = Path(__file__).parent


def found(data: bytes, name: str = "desk.mbox") -> list[Document | InputError]:
    items: list[Document | InputError] = []
    try:
        items += read_source(Source(name, name, data), PLAIN)
    except InputError as error:
        items.append(error)
    return items


def documents(data: bytes, name: str = "desk.mbox") -> dict[str, Document]:
    items = found(data, name)
    assert all(isinstance(item, Document) for item in items), items
    return {item.id: item for item in items if isinstance(item, Document)}


@pytest.mark.parametrize("name", ["desk.mbox", "windows.mbox"])
def test_each_message_is_an_e_mail_with_its_own_id_and_what_is_attached_follows_it(name: str) -> None:
    read = documents((HERE / name).read_bytes())
    assert list(read) == ["/1@example.org", "/2@example.org", "/2@example.org/note.txt", "/3"]
    first, second, note, third = read.values()
    assert (first.title, first.author, first.date) == ("Trucks", "Pak Yong-su", dt.date(2008, 4, 4))
    assert (first.format, first.text, first.url) == (
        "email",
        "Six trucks came on Thursday.",
        "mid:1@example.org",
    )
    assert note.text.strip() == "The bridge at Hyesan is closed."
    assert (note.format, third.title) == ("text", "철")
    for document in read.values():
        check(document)
    at = second.text.index("Six trucks")
    assert locator(second, at, at + 9).startswith("message 2 (Pak Yong-su")


def test_a_line_that_begins_with_from_is_text_and_its_mark_is_none() -> None:
    read = documents((HERE / "desk.mbox").read_bytes())
    assert read["/2@example.org"].text.startswith("From Hyesan came two more.")
    assert read["/3"].text == "고철 값이 올랐다.\nFrom this week on it is dearer."
    unescaped = (HERE / "desk.mbox").read_bytes().replace(b">From ", b"From ")
    assert [each.text for each in documents(unescaped).values()] == [each.text for each in read.values()]


def test_a_message_is_the_same_document_as_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    written(tmp_path / "in" / "desk.mbox", MESSAGES[:1])
    (tmp_path / "in" / "one.eml").write_bytes(MESSAGES[0].as_bytes())
    with Corpus.open(tmp_path / "library", encoder=Instant()) as corpus:
        corpus.index(tmp_path / "in")
        assert [info.id for info in corpus.documents()] == ["desk.mbox/1@example.org"]


def test_a_mailbox_that_grows_keeps_its_documents(tmp_path: Path) -> None:
    box = tmp_path / "desk.mbox"
    written(box, MESSAGES)
    with Corpus.open(tmp_path / "library", encoder=Instant()) as corpus:
        corpus.index(box)
        written(box, [*MESSAGES, message("Kim", "More", "It rained all day.\n", "4@example.org")])
        report = corpus.index(box)
        ids = {info.id for info in corpus.documents()}
    assert sorted(each.status for each in report.files) == ["added", *["unchanged"] * 4]
    assert "desk.mbox/4@example.org" in ids


def test_two_messages_of_one_id_have_two() -> None:
    data = (HERE / "desk.mbox").read_bytes()
    assert list(documents(data + data))[4:6] == ["/1@example.org (2)", "/2@example.org (2)"]


def test_a_message_that_is_refused_does_not_cost_the_others() -> None:
    data = (HERE / "desk.mbox").read_bytes()
    empty = b"From a Fri Apr  4 10:00:00 2008\nSubject: nothing\n\n\n"
    items = found(empty + data)
    assert isinstance(items[0], InputError)
    assert str(items[0]).startswith("desk.mbox, message 1 has no text")
    assert len(items) == 5


def test_it_is_known_by_how_it_begins_and_read_in_an_archive() -> None:
    data = (HERE / "desk.mbox").read_bytes()
    kind, note = kind_of(Source("Inbox", "Inbox", data))
    assert (kind.name, note) == ("mbox", "")
    assert kind_of(Source("a.txt", "a.txt", data))[0].name == "mbox"
    assert kind_of(Source("a.eml", "a.eml", data))[0].name == "email"
    assert kind_of(Source("a.txt", "a.txt", b"From Monday on, at 10:00, 2008\nit rains."))[0].name == "text"
    assert next(iter(documents(packed({"in/desk.mbox": data}), "a.zip"))) == "/in/desk.mbox/1@example.org"


HOSTILE = {
    "nothing": b"",
    "text": b"He left.",
    "no header": b"From a Fri Apr  4 10:00:00 2008\nHe left.\n",
    "one endless line": b"From " * 4_000_000,
    "one endless line of figures": b"From " + b"10:00" * 4_000_000,
    "binary": bytes(range(256)) * 1_000,
    "text above": b"He left.\n\nFrom a Fri Apr  4 10:00:00 2008\nSubject: x\n\nHe left.\n",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_mailbox_is_refused_by_name_at_once(data: bytes) -> None:
    began = time.process_time()
    (refused,) = found(data)
    assert isinstance(refused, InputError)
    assert str(refused).startswith("desk.mbox is ")
    assert time.process_time() - began < 2


@pytest.mark.slow
def test_an_endless_line_in_a_message_costs_that_message() -> None:
    data = (HERE / "desk.mbox").read_bytes()
    endless = b"From a Fri Apr  4 10:00:00 2008\nSubject: x\n\n" + b"He left. From " * 1_000_000
    with Worker() as worker:
        items = list(worker.read(Source("desk.mbox", "desk.mbox", endless + b"\n\n" + data), PLAIN))
    assert [isinstance(item, InputError) for item in items] == [True, False, False, False, False]
    assert "desk.mbox, message 1" in str(items[0])


@pytest.mark.day
def test_ten_thousand_messages_are_read() -> None:
    one = (
        b"From a Fri Apr  4 10:00:00 2008\nFrom: Kim <k@example.org>\nMessage-ID: <%d@x>\n\nShip %d came.\n\n"
    )
    data = b"".join(one % (number, number) for number in range(10_000))
    with Worker() as worker:
        read = list(worker.read(Source("a.mbox", "a.mbox", data), PLAIN))
    assert len(read) == 10_000
    assert all(isinstance(item, Document) for item in read)


TEXT = st.lists(
    st.sampled_from(["He left.", "From here on", ">From there", "From a", "It rained", "철", ""]), max_size=6
)


@pytest.mark.slow
@settings(max_examples=30)
@given(st.lists(TEXT, min_size=1, max_size=4))
def test_what_was_written_is_what_is_read(bodies: list[list[str]]) -> None:
    """Python writes ">From" for "From"; so a line that begins with ">From" itself loses its mark."""
    texts = ["\n".join(["It is said.", *lines]) for lines in bodies]
    with tempfile.TemporaryDirectory() as folder:
        written(
            Path(folder) / "a.mbox",
            [message("Kim", "x", f"{text}\n", f"{at}@x") for at, text in enumerate(texts)],
        )
        read = documents((Path(folder) / "a.mbox").read_bytes(), "a.mbox")
    assert list(read) == [f"/{at}@x" for at in range(len(texts))]
    words = [re.findall(r"\w+", each.text) for each in read.values()]
    assert words == [re.findall(r"\w+", text) for text in texts]
