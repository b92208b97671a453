from __future__ import annotations

from pathlib import Path

import pytest

from qa.places import library_address
from qa.web.problem import without_commands, without_folders, without_servers


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("/home/ann/my docs/lib/library.sqlite3: disk I/O error", "lib/library.sqlite3: disk I/O error"),
        ("cannot use /home/ann/my docs/lib (No such file): see", "cannot use lib (No such file): see"),
        ("no space left in /tmp: free some", "no space left in /tmp: free some"),
        ("[Errno 2] No such file: '/srv/models/e5/config.json'", "[Errno 2] No such file: 'config.json'"),
        ("“/srv/a/b”, (/srv/a/b), path=/srv/a/b", "“b”, (b), path=b"),
        (r"C:\Users\ann\lib\x.db is bad; \\srv\share\f.txt too", "x.db is bad; f.txt too"),
        ("No such file: '/home/Jane Doe/secret plans/x.txt'", "No such file: 'x.txt'"),
        ("cannot read /home/Jane Doe/secret plans/my x.txt: see", "cannot read my x.txt: see"),
        (r"C:\Users\Jane Doe\secret plans\x.db is bad; \\srv\my share\f.txt too", "x.db is bad; f.txt too"),
        ("not /srv/a b/c, nor /srv/d e/f or /srv/g", "not c, nor f or g"),
        ("/home/doe, jane (old)/it's/x.txt", "doe, jane (old)/it's/x.txt"),  # said in docs/security.md
        ("see https://example.com/a/b and/or 24/7", "see https://example.com/a/b and/or 24/7"),
        ("there is no such route: /api", "there is no such route: /api"),
    ],
)
def test_a_file_is_named_without_its_folders(message: str, told: str) -> None:
    assert without_folders(message, Path("/home/ann/my docs/lib")) == told


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "It is not UTF-8. Save it as UTF-8; or convert it with iconv -f ENCODING OLD > NEW (say, CP949).",
            "It is not UTF-8. Save it as UTF-8.",
        ),
        (
            'Line 1 has no "id". Give each record an id, as text; or name its key with --column id=KEY.',
            'Line 1 has no "id". Give each record an id, as text.',
        ),
        ("there is no document 'a': `pullquote documents` lists them", "there is no document 'a'"),
        (
            "it was not removed, or it was erased: `pullquote x` lists it",
            "it was not removed, or it was erased",
        ),
        (
            "there is no document 'a': it was removed on 2026-11-28; `pullquote restore` puts it back",
            "there is no document 'a': it was removed on 2026-11-28",
        ),
        (
            "lib/library.sqlite3 may not be written: check the folder's permissions, or use --library",
            "lib/library.sqlite3 may not be written: check the folder's permissions",
        ),
        (
            "It has no text. Install Tesseract (Debian: apt install tesseract-ocr) and index it again.",
            "It has no text. Install Tesseract and index it again.",
        ),
        ("The reader knows English. Name another with --reader.", "The reader knows English."),
        (
            "It is not opened. If you trust it, run `pullquote reindex --encoder x`, or set X=x; if not, `y`",
            "It is not opened.",
        ),
        ("Fit it again (pullquote evaluate SUITE --fit).", "Fit it again."),
        ("use --library", "use --library"),  # better than nothing
        ("a text -- with a dash, or two: it stays", "a text -- with a dash, or two: it stays"),
        (
            "Budget --final.pdf is protected. Remove the password.",
            "Budget --final.pdf is protected. Remove the password.",
        ),
        ("The file `x.txt` is empty. Add another.", "The file `x.txt` is empty. Add another."),
        ("iconv.txt is damaged. Save it again.", "iconv.txt is damaged. Save it again."),
    ],
)
def test_a_page_is_not_told_what_to_type_at_a_terminal(message: str, told: str) -> None:
    assert without_commands(message) == told


def test_a_long_message_takes_no_time() -> None:
    for hostile in (
        "/a" * 100_000,
        "/" * 100_000,
        "a/" * 100_000,
        "C:\\" * 100_000,
        "/a b" * 100_000,
        "/a" + " a" * 100_000,
    ):
        without_folders(hostile)
    for hostile in (" (" * 100_000, ". A" * 100_000, ", or `" * 50_000, " (`" * 100_000):
        without_commands(hostile)


SERVED = library_address("postgresql://ann@db.example:5432/news?schema=wires")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            'the library at db.example:5432/news?schema=wires cannot be opened (user "ann" at 10.0.0.7): try',
            "the library at its address cannot be opened: try",
        ),
        (
            "Milvus at milvus://index.example:19530 does not answer (index.example: refused): try again",
            "Milvus at its address does not answer: try again",
        ),
        ("Milvus at milvus:///home/ann/x.db: it is in use", "Milvus at its address: it is in use"),
        ("no library at postgresql://db.example/news.", "no library at its address."),
        ("'Postgres://db.example' is no address", "'its address' is no address"),
        (
            "postgresql:x is wrong: write postgresql://USER@HOST",
            "its address is wrong: write postgresql://USER@HOST",
        ),
        ("there is no document 'a' (it was removed)", "there is no document 'a' (it was removed)"),
    ],
)
def test_a_server_is_not_named(message: str, told: str) -> None:
    assert without_servers(message, SERVED) == told


def test_an_index_of_a_library_in_a_folder_is_not_named() -> None:
    assert without_servers("Milvus at milvus://h:1 is away", Path("lib")) == "Milvus at its address is away"
