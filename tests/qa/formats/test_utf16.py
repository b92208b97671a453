"""UTF-16 with a byte order mark is read as UTF-8 is, wherever text is decoded."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import InputError
from qa.formats.kinds import kind_of, read_source
from qa.formats.reading import read_path
from qa.formats.source import PLAIN, Source
from qa.formats.text import decode
from qa.formats.worker import Worker
from qa.quoting.claims.file import claims
from qa.schema import Document
from tests.qa.formats.zip.make import packed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARKS = {"little": ("utf-16-le", b"\xff\xfe"), "big": ("utf-16-be", b"\xfe\xff")}
WORDS = "고철 밀수가 늘고 있다. He said “no” 🙂 to ਊ and Ċ."
FILES = {
    "a.txt": f"Scrap\r\n\r\n{WORDS}\n",
    "a.md": f"# Scrap\n\n{WORDS}\n",
    "a.csv": f'title,text\nScrap,"{WORDS}"\n',
    "a.tsv": f"title\ttext\nScrap\t{WORDS}\n",
    "a.html": f"<!DOCTYPE html><html><head><title>Scrap</title><body><h1>Scrap</h1><p>{WORDS}</p></html>",
    "a.jsonl": f'{{"_id": "1", "title": "Scrap", "text": "{WORDS}"}}\n\n'
    '{"_id": "2", "text": "ਊĊ. It rains."}',
}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as worker:
        yield worker


def documents(path: Path, worker: Worker) -> list[Document]:
    found = list(read_path(path, worker=worker))
    assert all(isinstance(item, Document) for item in found), found
    return [item for item in found if isinstance(item, Document)]


@pytest.mark.parametrize("order", MARKS)
@pytest.mark.parametrize("name", FILES)
def test_the_text_is_that_of_the_same_file_in_utf_8(
    tmp_path: Path, worker: Worker, name: str, order: str
) -> None:
    codec, mark = MARKS[order]
    path = tmp_path / name
    path.write_bytes(FILES[name].encode())
    plain = documents(path, worker)
    path.write_bytes(mark + FILES[name].encode(codec))
    marked = documents(path, worker)
    facts = [(each.id, each.text, each.title, each.sections, each.header, each.sha256) for each in marked]
    assert facts == [
        (each.id, each.text, each.title, each.sections, each.header, each.sha256) for each in plain
    ]
    assert any(WORDS in each.text for each in marked)


@pytest.mark.parametrize("order", MARKS)
def test_the_hash_of_the_source_is_that_of_its_bytes(tmp_path: Path, worker: Worker, order: str) -> None:
    codec, mark = MARKS[order]
    (tmp_path / "a.txt").write_bytes(mark + FILES["a.txt"].encode(codec))
    (found,) = documents(tmp_path / "a.txt", worker)
    assert found.source_sha256 == hashlib.sha256((tmp_path / "a.txt").read_bytes()).hexdigest()
    (tmp_path / "a.jsonl").write_bytes(mark + FILES["a.jsonl"].encode(codec))
    first, _ = documents(tmp_path / "a.jsonl", worker)
    line = FILES["a.jsonl"].split("\n")[0].encode(codec)
    assert first.source_sha256 == hashlib.sha256(line).hexdigest()


@pytest.mark.parametrize("name", FILES)
def test_it_is_read_in_an_archive_too(name: str) -> None:
    data = packed({name: FILES[name].encode("utf-16")})
    found = list(read_source(Source("a.zip", "a.zip", data), PLAIN))
    assert any(isinstance(item, Document) and WORDS in item.text for item in found), found


def test_a_page_is_known_by_how_it_begins() -> None:
    kind, note = kind_of(Source("a.txt", "a.txt", FILES["a.html"].encode("utf-16")))
    assert kind.name == "html"
    assert note


@pytest.mark.slow
@given(
    st.text(st.characters(codec="utf-16", exclude_categories=["Cc", "Cs"]), max_size=50),
    st.sampled_from([*MARKS]),
)
def test_what_was_written_is_what_is_read(text: str, order: str) -> None:
    codec, mark = MARKS[order]
    text = f"He left. {text}"
    try:
        assert decode(mark + text.encode(codec), "a.txt").text == text
    except InputError as error:
        assert "accents" in str(error)  # noqa: PT017


BROKEN = {
    "half a character": b"\xff\xfe" + "He left.".encode("utf-16-le")[:-1],
    "half a pair": b"\xff\xfe" + "He left.".encode("utf-16-le") + b"\x3d\xd8",
    "UTF-8 under the mark": b"\xff\xfeHe left. \xd8\xd8\xd8\xd8",
    "UTF-32": "He left.".encode("utf-32"),
    "nothing": b"\xff\xfe",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.csv", "a.html", "a.jsonl"])
def test_what_is_not_utf_16_is_refused_by_name(
    tmp_path: Path, worker: Worker, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    found = list(read_path(tmp_path / name, worker=worker))
    assert found
    for item in found:
        assert isinstance(item, InputError)
        assert name in str(item)


def test_lines_before_the_one_that_is_not_utf_16_go_in(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes('{"_id": "1", "text": "He left."}\n'.encode("utf-16") * 1 + b"\x00\xd8\n\0")
    first, refused = read_path(path)
    assert isinstance(first, Document)
    assert isinstance(refused, InputError)
    assert "a.jsonl, line 2 is not UTF-16" in str(refused)


def test_a_line_of_many_megabytes_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    long = '{"_id": "1", "text": "' + "a" * 26_000_000 + '"}\n'
    path.write_bytes((long + '{"_id": "2", "text": "He left."}\n').encode("utf-16"))
    refused, second = read_path(path)
    assert "a.jsonl, line 1 is longer than 50 MB" in str(refused)
    assert isinstance(second, Document)
    assert second.id == "2"


def test_verify_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes("He wrote: “Six trucks came to the border on Thursday.”\n".encode("utf-16"))
    (claim,) = claims(path).claims
    assert claim.text == "Six trucks came to the border on Thursday."
