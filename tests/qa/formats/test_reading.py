from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa.errors import InputError
from qa.formats.encoding import codec_of
from qa.formats.reading import files, read_path, supported
from qa.formats.source import PLAIN, Source
from qa.formats.text import MOST_BYTES, decode
from qa.formats.worker import Worker
from qa.schema import Document, Found
from qa.text.dates import PartialDate

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534
WORKER = Worker()  # to start one for each file would take most of the time


def one(path: Path, root: Path | None = None) -> Document:
    (found,) = read_path(path, root, worker=WORKER)
    assert isinstance(found, Document), found
    return found


def refusal(path: Path) -> str:
    (found,) = read_path(path, worker=WORKER)
    assert isinstance(found, InputError), found
    return str(found)


def shown(document: Document, spans: str) -> list[str]:
    return [document.text[span.start : span.end] for span in getattr(document, spans)]


# Plain text


def test_the_shipped_brief_is_read_whole_with_its_header_and_furniture(brief: Path) -> None:
    found = one(brief, brief.parent)
    assert found.text.encode() == brief.read_bytes()
    assert found.source_sha256 == "107e90fd97588cf96fd1ed88ff1edb757c74fdd79dc691705364b0e4851d4e72"
    assert found.sha256 == found.source_sha256
    assert found.id == brief.name
    assert found.title == "Scrap metal smuggling rampant in North Korea"
    assert found.publisher == "Institute for Far Eastern Studies (IFES)"
    assert (found.series, found.number, found.date) == ("NK Brief", "08-4-4-1", date(2008, 4, 4))
    assert shown(found, "header") == [found.title, found.publisher, "NK Brief No. 08-4-4-1", "4/4/2008"]
    assert shown(found, "furniture") == ["Share", "Comments are closed."]
    assert found.notes == ()


def test_line_ends_and_white_space_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "mixed ends.TXT"
    data = b"Title\r\n\r\n  Two  spaces.\rOld Mac.\nEnd\t\r\n"
    path.write_bytes(data)
    assert one(path).text.encode() == data


def test_a_byte_order_mark_is_no_part_of_the_text_but_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bom.txt"
    path.write_bytes(b"\xef\xbb\xbfHe left.")
    found = one(path)
    assert found.text == "He left."
    assert found.source_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_id_is_the_path_under_the_named_folder(tmp_path: Path) -> None:
    path = tmp_path / "2008 briefs" / "april" / "a.txt"
    path.parent.mkdir(parents=True)
    path.write_text("He left.", encoding="utf-8")
    assert one(path, tmp_path).id == "2008 briefs/april/a.txt"
    assert one(path).id == "a.txt"
    assert one(path, tmp_path / "elsewhere").id == "a.txt"


def test_a_text_without_a_title_is_called_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "notes of 3 May.txt"
    path.write_text("The police held six men at the border on Monday, it is said.", encoding="utf-8")
    found = one(path)
    assert found.title == "notes of 3 May"
    assert (found.publisher, found.number, found.date, found.header) == ("", "", None, ())


BAD = {
    "nothing": (b"", "is empty"),
    "white space": (" \r\n\t\u2003\n".encode(), "is empty"),
    "only a mark": (b"\xef\xbb\xbf", "is empty"),
    "old Word": (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Microsoft Office file"),
    "PNG": (b"\x89PNG\r\n\x1a\n\0\0", "a PNG image"),
    "zeros": (b"He\0left", "a binary file"),
    "broken and zeros": (b"\0\xff\xfa\0", "a binary file"),
    "no document": (b"a " * 2_500_001, "has more than 5,000,000 characters"),
    "hardly a letter": (b"He left." + b"`" * 500_000, "hardly a letter"),
    "no lines of text": (b"a\r\n" * 200_001, "has more than 200,000 lines"),
    "no lines of pages": (b"a\f" * 200_001, "has more than 200,000 lines"),
    "no sentences": ("中文。".encode() * 300_001, "has more than 300,000 sentences"),
    "accents on accents": (("e" + "\u0316\u0301" * 200).encode(), "more than 300 accents on one letter"),
    "controls": (b"\x01\x02\x03 He left \x04\x05", "a binary file"),
    "latin-1": ("Erste Zeile\nzweite: Caf\xe9\n".encode("latin-1"), "byte 0xe9 at offset 23 (line 2)"),
    "latin-1 after a mark": (b"\xef\xbb\xbfCaf\xe9", "byte 0xe9 at offset 6 (line 1)"),
    "cut in a character": ("Café".encode()[:-1], "byte 0xc3 at offset 3 (line 1)"),
}


@pytest.mark.parametrize(("data", "reason"), BAD.values(), ids=BAD)
def test_what_is_no_text_is_refused_by_name_with_the_reason_and_a_next_step(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    path = tmp_path / "bad file.txt"
    path.write_bytes(data)
    message = refusal(path)
    assert str(path) in message
    assert reason in message
    assert message.count(". ") >= 1


def test_a_stray_control_character_is_no_reason_to_refuse_a_text(tmp_path: Path) -> None:
    path = tmp_path / "stray.txt"
    path.write_text("The police held six men at the border.\x1a They left.", encoding="utf-8")
    assert "\x1a" in one(path).text


def test_accents_and_decimals_in_good_faith_are_read(tmp_path: Path) -> None:
    text = "He left" + "\u0316\u0301" * 100 + ". " + "1.5 " * 300_001
    path = tmp_path / "good.txt"
    path.write_text(text, encoding="utf-8")
    assert one(path).text == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.html", "<title>{long}</title><p>He left.</p>"),
        ("a.md", "---\ntitle: {long}\n---\nHe left.\n"),
        ("a.csv", "title,text\n{long},He left.\n"),
        ("a.jsonl", '{{"_id": "1", "title": "{long}", "text": "He left."}}'),
    ],
)
def test_a_title_without_end_is_cut_and_that_is_said(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text.format(long="word " * 1_000), encoding="utf-8")
    found = one(path)
    assert found.title == ("word " * 200)
    assert "Cut, as longer than 1,000 characters: title." in found.notes


def test_a_file_over_the_limit_is_refused_before_it_is_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert "larger than 50 MB" in refusal(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert "was not found" in refusal(tmp_path / "none.txt")
    assert "is a folder" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["brief.ppt", "brief.doc", "README.rst", "brief"])
def test_other_formats_are_refused_with_what_can_be_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("He left.", encoding="utf-8")
    assert not supported(path)
    assert "Pullquote reads plain text, Markdown, web pages" in refusal(path)


@pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(os, "geteuid"), reason="POSIX permissions and pipes"
)
def test_what_cannot_be_opened_or_would_never_end_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    assert "not an ordinary file" in refusal(pipe)
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "gone.txt")
    assert "was not found" in refusal(link)
    loop = tmp_path / "loop.txt"
    loop.symlink_to(loop)
    assert str(loop) in refusal(loop)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions work otherwise on Windows")
def test_a_file_without_permission_is_refused() -> None:
    with Worker() as worker:
        # Python itself may be out of nobody's reach, so it is started before.
        list(worker.read(Source("first", "first.txt", b"He left."), PLAIN))
        with as_nobody(), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "secret.txt"
            path.write_text("He left.", encoding="utf-8")
            (found,) = read_path(path, worker=worker)
            assert isinstance(found, Document)
            path.chmod(0)
            assert "Permission denied" in refusal(path)


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's right to read everything; CI runs as root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"])).filter(
        lambda text: text.removeprefix("\ufeff").strip()
    )
)
@example("\ufeffa")
def test_every_text_survives_encoding_and_decoding(text: str) -> None:
    assert decode(text.encode(), "x").text == text.removeprefix("\ufeff")


@given(st.binary())
def test_bytes_are_either_text_to_the_letter_or_refused(data: bytes) -> None:
    body = data.removeprefix(b"\xef\xbb\xbf")
    with contextlib.suppress(InputError):
        codec = codec_of(data, "x").removesuffix("-sig")
        assert decode(data, "x").text == (body if codec == "utf-8" else data).decode(codec)


# Folders


def test_a_folder_is_walked_in_order_without_what_is_hidden_or_unsupported(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.jsonl", "a/y.text", ".hidden.txt", ".git/x.txt", "c.png", "B.TXT"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    skipped: list[Path] = []
    found = [path.relative_to(tmp_path).as_posix() for path in files(tmp_path, skipped)]
    assert found == sorted(found)
    assert set(found) >= {"a/y.text", "a/z.jsonl", "b.txt"}
    assert not any(".hidden" in name or ".git" in name or "png" in name for name in found)
    assert skipped == [tmp_path / "c.png"]


def test_a_folder_linked_into_itself_is_walked_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").touch()
    try:
        (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this system lets only administrators make links")
    assert [path.name for path in files(tmp_path, [])] == ["x.txt"]


def test_nothing_there_and_nothing_to_read_are_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="was not found"):
        list(files(tmp_path / "none", []))
    (tmp_path / "a.png").touch()
    with pytest.raises(InputError, match="has nothing that can be read"):
        list(files(tmp_path, []))


def test_a_named_file_is_handed_over_whatever_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.touch()
    assert list(files(path, [])) == [path]


# JSON Lines


def write(path: Path, *records: object) -> Path:
    lines = (record if isinstance(record, bytes) else json.dumps(record).encode() for record in records)
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def test_a_record_is_a_document_and_what_it_gives_wins(tmp_path: Path) -> None:
    text = "Copper prices rise\nBorder Wire\nNo. 7\n4 May 2020\n\nPrices rose. \r\n\nShare\n"
    path = write(
        tmp_path / "corpus.jsonl",
        {
            "_id": "a/1",
            "title": "Given",
            "text": text,
            "date": "2021-01-02",
            "language": "ko",
            "collection": "c",
        },
        {"_id": 2, "text": text, "url": "https://example.org/2", "publisher": "Given Press"},
    )
    first, second = read_path(path, tmp_path)
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert (first.id, first.text, first.format) == ("a/1", text, "jsonl")
    assert (first.title, first.publisher, first.number) == ("Given", "Border Wire", "7")
    assert (first.date, first.language, first.collection) == (date(2021, 1, 2), "ko", "c")
    assert shown(first, "furniture") == ["Share"]
    assert (second.id, second.title, second.publisher) == ("2", "Copper prices rise", "Given Press")
    assert (second.date, second.url) == (date(2020, 5, 4), "https://example.org/2")
    assert shown(second, "header") == ["Copper prices rise", "Border Wire", "No. 7", "4 May 2020"]
    assert Found("language", "key “language”", "stated") in first.found
    assert {each.field for each in second.found if each.source.startswith("key")} == {"publisher", "url"}


def test_a_bad_line_is_refused_by_number_and_the_others_are_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "corpus.jsonl",
        b'\xef\xbb\xbf{"_id": "1", "text": "He left."}',
        b"",
        b'{"_id": "2", "text": ',
        b'{"_id": "3", "text": "caf\xe9"}',
        ["4"],
        {"text": "He left."},
        {"_id": "6"},
        {"_id": "7", "text": " \n"},
        {"_id": "8", "text": "He \ud800 left."},
        {"_id": "1", "text": "He left again."},
        {"_id": "10", "text": "He left.", "title": 5},
        b"[" * 100_000,
        b'{"_id": ' + b"1" * 5_000 + b', "text": "x"}',
        {"_id": "14", "text": "She stayed.\x00"},
        {"_id": "15", "text": "She stayed."},
        {"_id": "1" * 1_001, "text": "She stayed."},
        b'{"_id": "17", "text": "He left.", "more": [' + b"{}," * 400_000 + b"1]}",
        b'{"_id": "18", "text": "He left.", "more": "' + b'\\"{},' * 400_000 + b'"}',
    )
    found = list(read_path(path))
    assert [item.id for item in found if isinstance(item, Document)] == ["1", "15", "18"]
    refused = [str(item) for item in found if isinstance(item, InputError)]
    expected = {
        3: "is not JSON",
        4: "is not UTF-8",
        5: "is not a JSON object",
        6: 'has no "_id"',
        7: 'has no "text"',
        8: "is empty",
        9: "half a character (U+D800)",
        10: "was used before",
        11: '"title" is not text',
        12: "cannot be read as JSON",
        13: "more than 1,000 characters",
        14: "a binary file",
        16: "more than 1,000 characters",
        17: "more than 1 MB of data that is not strings",
    }
    assert len(refused) == len(expected)
    for (line, reason), message in zip(expected.items(), refused, strict=True):
        assert f"{path}, line {line}" in message
        assert reason in message


def test_of_a_thousand_lines_the_refusals_are_named_and_the_others_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"{\n" * 1_500 + b'{"_id": "1", "text": "He left."}\n')
    *refused, read, others = read_path(path)
    assert len(refused) == 1_000
    assert isinstance(read, Document)
    assert str(others) == f"{path}: 500 more of its parts were refused. Correct the first parts."


def test_the_number_of_a_record_decides_which_day_its_date_means(tmp_path: Path) -> None:
    record = {"_id": "1", "text": "He left.", "date": "4/5/2008", "number": "08-4-5-1"}
    assert one(write(tmp_path / "a.jsonl", record)).date == date(2008, 4, 5)


@pytest.mark.parametrize(
    ("given_date", "expected", "note"),
    [
        ("2008-04-04", date(2008, 4, 4), ""),
        ("2008-04-04T10:00:00Z", date(2008, 4, 4), ""),
        ("4 April 2008", date(2008, 4, 4), ""),
        ("2008", PartialDate(2008), ""),
        ("spring 2008", None, "has no day"),
        ("5/4/2008", None, "may mean"),
        ("2024-W15-3", date(2024, 4, 10), ""),
        ("2024-W15", None, "has no day"),
        ("2024W15T10:00", None, "has no day"),
    ],
)
def test_a_given_date_is_read_or_left_out_with_a_note(
    tmp_path: Path, given_date: str, expected: date | None, note: str
) -> None:
    found = one(write(tmp_path / "a.jsonl", {"_id": "1", "text": "He left.", "date": given_date}))
    assert found.date == expected
    assert note in "".join(found.notes)
    assert bool(found.notes) == bool(note)


def test_records_come_one_by_one_before_the_file_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", *({"_id": str(n), "text": "He left. " * 200} for n in range(1_000)))
    stream = read_path(path)
    first = next(stream)
    with path.open("r+b") as file:
        file.truncate(1_000_000)
    assert isinstance(first, Document)
    assert sum(isinstance(item, Document) for item in stream) < 999


def test_an_empty_file_of_records_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.touch()
    assert "is empty" in refusal(path)
