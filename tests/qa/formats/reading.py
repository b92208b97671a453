"""Read files with a format's own function, for the tests of office formats, books and e-mails."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from qa.errors import InputError
from qa.formats.source import Options, Source
from qa.schema import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Read = Callable[[Source, Options], Iterator[Document | InputError]]


def one(read: Read, path: Path, options: Options | None = None) -> Document:
    """Read a file of one document, and check the rules of all documents."""
    return one_of(read, path.read_bytes(), path.name, options)


def one_of(read: Read, data: bytes, name: str, options: Options | None = None) -> Document:
    (found,) = read(Source(name, name, data), options or Options())
    assert isinstance(found, Document), found
    check(found)
    assert found.text == found.text.strip()
    assert not set(found.text) & {"\xad", "\u200b", "\ufeff"}
    return found


def refusal(read: Read, data: bytes, name: str) -> str:
    """Return why a file is refused. The reason must name the file."""
    with pytest.raises(InputError) as refused:
        list(read(Source(name, name, data), Options()))
    assert name in str(refused.value)
    return str(refused.value)


def read_or_refused(read: Read, data: bytes, name: str) -> None:
    """Read any bytes. The only error that may be raised is a refusal that names the file."""
    try:
        found = list(read(Source(name, name, data), Options()))
    except InputError as error:
        found = [error]
    for item in found:
        if isinstance(item, Document):
            check(item)
        else:
            assert name in str(item)


def check(document: Document) -> None:
    """Check that sections are in order, without white space at their ends, and disjoint within a kind."""
    text = document.text
    for kind in {section.kind for section in document.sections}:
        end = 0
        for section in document.sections:
            if section.kind == kind:
                assert end <= section.start < section.end <= len(text)
                assert text[section.start : section.end] == text[section.start : section.end].strip()
                assert section.name
                end = section.end
    assert [s.start for s in document.sections] == sorted(s.start for s in document.sections)
    for span in (*document.header, *document.furniture):
        assert span.end <= len(text)


def named(document: Document, kind: str) -> dict[str, str]:
    """Return the text of each section of a kind by its name."""
    return {s.name: document.text[s.start : s.end] for s in document.sections if s.kind == kind}


def stated(document: Document, field: str) -> tuple[str, str]:
    """Return the source of a field, and how sure it is."""
    (found,) = (found for found in document.found if found.field == field)
    return found.source, found.sure


def with_member(data: bytes, name: str, content: bytes) -> bytes:
    """Return a package in which the member `name` has another content."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        new.writestr(name, content)
    return held.getvalue()


def flipped(data: bytes, places: list[int]) -> bytes:
    """Return the bytes with a flipped bit at each place."""
    broken = bytearray(data)
    for place in places:
        broken[place % len(broken)] ^= 1 << place % 8
    return bytes(broken)
