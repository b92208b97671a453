from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa.errors import InputError
from qa.formats import archive
from qa.formats.reading import read_path
from qa.formats.source import PLAIN, Source
from qa.schema import Document
from tests.qa.formats.zip.make import archives, packed

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent


def members(name: str, data: bytes | None = None, **most: int) -> Iterable[Document | InputError]:
    source = Source(name, name, (HERE / name).read_bytes() if data is None else data)
    return list(archive.read(source, PLAIN, **most))


def texts(found: Iterable[Document | InputError]) -> dict[str, str]:
    return {item.id: item.text for item in found if isinstance(item, Document)}


def refused(found: Iterable[Document | InputError]) -> list[str]:
    return [str(item) for item in found if isinstance(item, InputError)]


def test_the_files_are_those_that_the_script_makes() -> None:
    for name, data in archives().items():
        with zipfile.ZipFile(HERE / name) as kept, zipfile.ZipFile(io.BytesIO(data)) as made:
            listed = [(member.filename, member.CRC) for member in kept.infolist()]
            assert listed == [(member.filename, member.CRC) for member in made.infolist()], name


def test_members_of_any_format_are_documents_under_the_name_of_the_archive() -> None:
    found = list(read_path(HERE / "mixed.zip", HERE.parent))
    documents = [item for item in found if isinstance(item, Document)]
    assert [(item.id, item.format) for item in documents] == [
        ("zip/mixed.zip/april/copper.txt", "text"),
        ("zip/mixed.zip/rows.csv#a", "csv"),
        ("zip/mixed.zip/rows.csv#b", "csv"),
        ("zip/mixed.zip/records.jsonl#r/1", "jsonl"),
        ("zip/mixed.zip/inner.zip/deep.txt", "text"),
    ]
    assert {item.path for item in documents} == {str(HERE / "mixed.zip")}
    assert documents[0].title == "Copper prices rise"
    assert not any(document.notes for document in documents)
    assert len({item.source_sha256 for item in documents}) == 5
    left_out, broken = refused(found)
    assert left_out.endswith("mixed.zip: files of other kinds in the archive were left out: picture.png.")
    assert "mixed.zip/broken.txt is not UTF-8" in broken


def test_archives_are_read_three_deep() -> None:
    found = members("deep.zip")
    assert set(texts(found)) == {
        "/level-3.txt",
        "/3.zip/level-2.txt",
        "/3.zip/2.zip/level-1.txt",
    }
    (message,) = refused(found)
    assert "deep.zip/3.zip/2.zip/1.zip lies more than 3 archives deep" in message


def test_names_that_lead_out_links_and_locked_members_are_refused_by_name() -> None:
    found = members("hostile.zip")
    assert texts(found) == {"/good.txt": "I stay inside."}
    messages = refused(found)
    assert len(messages) == 5
    assert all("has a name that leads out of its archive" in message for message in messages)
    assert "../up.txt" in messages[0]
    (link,) = refused(members("link.zip"))
    assert "link.zip/link.txt is a link" in link
    (locked,) = refused(members("locked.zip"))
    assert "locked.zip/secret.txt is locked by a password" in locked


def test_a_name_in_utf_8_is_read_though_the_archive_does_not_say_so() -> None:
    assert set(texts(members("names.zip"))) == {"/briefs/량강도.txt"}


def test_a_bomb_is_refused_and_its_neighbour_is_read() -> None:
    found = members("bomb.zip")
    assert texts(found) == {"/good.txt": "I am small."}
    (message,) = refused(found)
    assert "bomb.zip/bomb.txt unpacks to more than 200 times its size" in message


def test_a_member_that_is_larger_than_it_says_is_refused() -> None:
    data = bytearray(packed({"a.txt": b"He left. " * 100}))
    size = (900).to_bytes(4, "little")
    assert data.count(size) == 2
    found = members("a.zip", bytes(data.replace(size, (90).to_bytes(4, "little"))))
    assert texts(found) == {}
    (message,) = refused(found)
    assert "a.zip/a.txt is damaged in its archive" in message


def test_bounds_hold_over_all_of_an_archive() -> None:
    inner = packed({"b.txt": b"She stayed. " * 100, "c.txt": b"They came."})
    data = packed({"a.txt": b"He left. " * 100, "inner.zip": inner})
    assert len(texts(members("a.zip", data))) == 3
    found = members("a.zip", data, size=900 + len(inner) + 100)
    assert set(texts(found)) == {"/a.txt"}
    assert "a.zip/inner.zip/b.txt: its archive unpacks to over" in refused(found)[0]
    found = members("a.zip", data, members=3)
    assert set(texts(found)) == {"/a.txt"}
    assert "holds more than" in refused(found)[0]


def test_a_cut_archive_and_one_with_nothing_to_read_are_refused_whole() -> None:
    with pytest.raises(InputError, match=r"pictures\.zip has nothing that can be read"):
        members("pictures.zip")
    with pytest.raises(InputError, match=r"mixed\.zip is damaged or cut off"):
        members("mixed.zip", (HERE / "mixed.zip").read_bytes()[:-30])


def test_two_members_of_one_name_are_two_documents() -> None:
    data = packed({"a.txt": b"One left.", "b.txt": b"Two left."}).replace(b"b.txt", b"a.txt")
    assert texts(members("a.zip", data)) == {"/a.txt": "One left.", "/a.txt (2)": "Two left."}
