"""Which format a file is of: by its name, unless it begins as only another does."""

from __future__ import annotations

import io
import re
import tomllib
import zipfile
from pathlib import Path

import pytest

from qa.errors import InputError
from qa.formats import kinds
from qa.formats.kinds import ENDINGS, kind_of, read_source
from qa.formats.source import PLAIN, Source
from qa.formats.text import decode


def packed(*members: tuple[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in members:
            archive.writestr(name, text)
    return file.getvalue()


DOCX = packed(("[Content_Types].xml", "<Types/>"), ("word/document.xml", "<w/>"))
XLSX = packed(("[Content_Types].xml", "<Types/>"), ("xl/workbook.xml", "<w/>"))
XLSB = packed(("[Content_Types].xml", "<Types/>"), ("xl/workbook.bin", "x"))
RTF = b"{\\rtf1 He left.}"
EPUB = packed(("mimetype", "application/epub+zip"), ("OPS/a.xhtml", ""))
ODT = packed(("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", ""))
ODS = packed(("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", ""))
BOX = packed(("a.txt", "He left."))
with_docx = io.BytesIO()
with zipfile.ZipFile(with_docx, "w") as _archive:
    _archive.writestr("a.docx", DOCX)  # stored: its own list stands before the list of all
BOX_OF_DOCX = with_docx.getvalue()
PAGE = b"<!DOCTYPE html>\n<html><p>He left."

ROOT = Path(__file__).parents[3]
KINDS = {
    "PDF": ("a.pdf", b"%PDF-1.7\n", "pdf", False),
    "PDF after a line": ("a.pdf", b"\r\n%PDF-1.7\n", "pdf", False),
    "PDF as text": ("a.txt", b"%PDF-1.7\n", "pdf", True),
    "PDF without an ending": ("report", b"%PDF-1.7\n", "pdf", False),
    "text about PDF": ("a.txt", b"Of %PDF- files.", "text", False),
    "DOCX": ("a.docx", DOCX, "docx", False),
    "DOCX as ZIP": ("a.zip", DOCX, "docx", True),
    "DOCX as PDF": ("a.pdf", DOCX, "docx", True),
    "Excel": ("a.xlsx", XLSX, "xlsx", False),
    "Excel with macros": ("a.xlsm", XLSX, "xlsx", False),
    "Excel as DOCX": ("a.docx", XLSX, "xlsx", True),
    "Excel as ZIP": ("a.zip", XLSX, "xlsx", True),
    "RTF": ("a.rtf", RTF, "rtf", False),
    "RTF as DOC": ("a.doc", RTF, "rtf", False),
    "RTF as text": ("a.txt", RTF, "rtf", True),
    "text about RTF": ("a.txt", b"It begins with {\\rtf1.", "text", False),
    "JSON": ("a.json", b'[{"text": "He left."}]', "json", False),
    "JSON as text": ("a.txt", b'[{"text": "He left."}]', "text", False),
    "page as JSON": ("a.json", PAGE, "html", True),
    "EPUB": ("a.epub", EPUB, "epub", False),
    "EPUB as DOCX": ("a.docx", EPUB, "epub", True),
    "ODT": ("a.odt", ODT, "odt", False),
    "ZIP": ("a.zip", BOX, "zip", False),
    "ZIP with a DOCX": ("a.zip", BOX_OF_DOCX, "zip", False),
    "ZIP as text": ("a.txt", BOX, "zip", True),
    "page": ("a.html", b"<p>He left.", "html", False),
    "page as PDF": ("a.pdf", PAGE, "html", True),
    "page as text": ("a.txt", b"\xef\xbb\xbf <!-- saved -->\n<HTML lang=en>", "html", True),
    "XHTML as feed": ("a.xml", b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x">\n<html>', "html", True),
    "feed": ("a.xml", b'<?xml version="1.0"?><rss version="2.0">', "feed", False),
    "feed as page": ("a.html", b'<?xml version="1.0"?>\n<feed xmlns="x">', "feed", True),
    "text about feeds": ("a.txt", b"<rss is an old format, he said.", "text", False),
    "text about a document type": ("a.txt", b"<!DOCTYPE html> begins a page.", "text", False),
    "text about GIF": ("a.txt", b"GIF8 is how a GIF begins.", "text", False),
    "text about pages": ("a.txt", b"The <html> element.", "text", False),
    "upper case": ("A.MD", b"# He left", "markdown", False),
    "nothing": ("a.pdf", b"", "pdf", False),
}


@pytest.mark.parametrize(("name", "data", "kind", "noted"), KINDS.values(), ids=KINDS)
def test_the_format_is_told(name: str, data: bytes, kind: str, noted: bool) -> None:
    found, note = kind_of(Source(name, name, data))
    assert found.name == kind
    assert bool(note) == noted
    if noted:
        assert found.what in note


REFUSED = {
    "text as PDF": ("a.pdf", b"He left.", "is not a PDF, although its name says so"),
    "text as ZIP": ("a.zip", b"He left.", "is not a ZIP archive"),
    "binary Excel": ("a.xlsx", XLSB, "is an Excel workbook in the binary format"),
    "table": ("a.odt", ODS, "is an OpenDocument file that is not a text"),
    "picture as page": ("a.html", b"\x89PNG\r\n\x1a\n", "is a PNG image"),
    "old Word": (
        "a.docx",
        b"\xd0\xcf\x11\xe0\xa1\xb1",
        "an old Microsoft Office file, or one with a password",
    ),
    "no ending": ("notes", b"He left.", "is a file without an extension"),
    "unknown": ("a.tex", b"He left.", "is a .tex file"),
}


@pytest.mark.parametrize(("name", "data", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_can_be_no_format_is_refused(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(InputError) as error:
        kind_of(Source(f"/in/{name}", name, data))
    assert f"/in/{name}" in str(error.value)
    assert reason in str(error.value)


def test_every_ending_is_lower_case_and_begins_with_a_dot() -> None:
    assert all(ending == ending.lower() and ending.startswith(".") for ending in ENDINGS)


def test_no_format_takes_the_name_or_the_ending_of_another() -> None:
    written = (Path(kinds.__file__)).read_text(encoding="utf-8")
    assert len(kinds.KINDS) == written.count("\n    Kind(")
    assert len(ENDINGS) == sum(len(kind.endings) for kind in kinds.KINDS.values())


def test_every_library_of_a_format_is_a_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = {re.split(r"[^\w-]", each)[0] for each in project["project"]["dependencies"]}
    assert set(kinds.LIBRARIES) <= named


# Where endings have another meaning: the formats of a dossier, names that are no titles.
MAY_NAME = (
    "qa/formats/",
    "qa/report/",
    "qa/web/dossier.py",
    "qa/commands/dossiers.py",
)


def test_no_other_module_lists_formats() -> None:
    """A list of endings, or of names of formats, would have to be added to for each new format."""
    ending = "|".join(re.escape(each) for each in ENDINGS)
    name = "|".join({*kinds.KINDS} - {"text", "html", "markdown", "feed", "csv", "json", "jsonl"})
    listed = re.compile(rf"(?:\"(?:{ending}|{name})\"[^\n]*\n?[^\n]*){{3}}|(?:(?:{ending})\b[,\s]+){{3}}")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in [*(ROOT / "qa").rglob("*.py"), *(ROOT / "qa").rglob("*.toml"), ROOT / "ui.py"]
        if not path.relative_to(ROOT).as_posix().startswith(MAY_NAME)
        for match in listed.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_text_whose_encoding_cannot_be_told_is_not_told_to_be_western() -> None:
    """Korean text, converted as what it is not, is no text any more."""
    with pytest.raises(InputError, match=r"is not UTF-8: .*iconv -f ENCODING .*Korean text is often in CP"):
        decode("쌀.".encode("cp949"), "a.txt")


SIGNED = {
    "PDF": b"%PDF-1.4",
    "ZIP": b"PK\x03\x04",
    "old Office": b"\xd0\xcf\x11\xe0",
    "PNG": b"\x89PNG",
    "JPEG": b"\xff\xd8\xff",
    "GIF": b"GIF89a",
    "older GIF": b"GIF87a",
    "gzip": b"\x1f\x8b",
    "SQLite": b"SQLite format 3\0",
}


@pytest.mark.parametrize("start", SIGNED.values(), ids=SIGNED)
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_what_begins_as_no_text_does_is_never_read_as_text(name: str, start: bytes) -> None:
    with pytest.raises(InputError, match=f"^/in/{name} is "):
        list(read_source(Source(f"/in/{name}", name, start + b" He left."), PLAIN))
