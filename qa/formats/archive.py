"""Reads ZIP archives. Members may be of any format, and are read in memory, one at a time.

The sizes that an archive states are not trusted: the limits apply to the bytes that are really unpacked.
Nothing is unpacked to disk.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qa.errors import InputError, PartlyReadError
from qa.formats.kinds import READS, ZIP, kind_of, named, read_source, unused
from qa.formats.packages import DAMAGED
from qa.formats.source import Source
from qa.outputs import own_output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qa.formats.source import Options
    from qa.schema import Document

MOST_MEMBERS = 100_000
MOST_BYTES = 1_000_000_000  # unpacked bytes of an archive, with its inner archives
DEEPEST = 3  # levels of archives in one another, the outermost included
MOST_TIMES = 200  # maximum ratio of a member's unpacked to its packed size; text rarely reaches 20
_SMALL = 10_000_000  # bytes: MOST_TIMES applies only to members that unpack to more
_NAMED = 5  # files of other kinds that a message names


@dataclass(slots=True)
class _Budget:
    """The number of files and bytes that may still be read, inner archives included.

    Attributes:
        members: the number of files.
        bytes: the number of unpacked bytes.
    """

    members: int
    bytes: int


def read(
    source: Source, options: Options, members: int = MOST_MEMBERS, size: int = MOST_BYTES
) -> Iterator[Document | InputError]:
    """Yield the documents of an archive's members, and an InputError for each refused member.

    A document's id is "/", the member's name, and the id that the member's format gives.

    Args:
        source: the archive.
        options: how its members are read.
        members: the maximum number of members, with the members of inner archives.
        size: the maximum number of unpacked bytes, with the bytes of inner archives.

    Raises:
        InputError: naming the source, when it is damaged or too large, or there is nothing in it to read.
    """
    return _read(source, options, 1, _Budget(members, size))


def _read(source: Source, options: Options, depth: int, budget: _Budget) -> Iterator[Document | InputError]:
    """Yield the documents in an archive, and in archives inside it, within the `budget` of all archives."""
    if depth > DEEPEST:
        raise InputError(f"{source.name} lies more than {DEEPEST} archives deep. Unpack the outer ones.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(source.data))
    except DAMAGED as error:
        raise InputError(
            f"{source.name} is damaged or cut off, or is not a ZIP archive ({error}). Copy it again."
        ) from None
    wanted, others = _wanted(archive)
    budget.members -= len(wanted)
    if budget.members < 0:
        raise InputError(f"{source.name} holds more than {MOST_MEMBERS:,} files. Split it.")
    if not wanted:
        raise InputError(f"{source.name} has nothing that can be read. {READS}.")
    if others:
        yield PartlyReadError(f"{source.name}: {_left_out(others)}")
    used: set[str] = set()
    for member, name in wanted:
        inner = Source(f"{source.name}/{name}", name.rpartition("/")[2], b"", source.more_time)
        try:
            _check(member, name, inner.name)
            inner = replace(inner, data=_bytes(archive, member, inner, budget))
            if own := own_output(inner.name, io.BytesIO(inner.data)):
                raise PartlyReadError(own)
            kind, _ = kind_of(inner)
            documents = (
                _read(inner, options, depth + 1, budget) if kind is ZIP else read_source(inner, options)
            )
            prefix = unused(f"/{name}", used)
            for item in documents:
                if isinstance(item, InputError):
                    yield item
                else:
                    yield replace(item, id=prefix + item.id)
        except InputError as error:
            yield error


def _wanted(archive: zipfile.ZipFile) -> tuple[list[tuple[zipfile.ZipInfo, str]], list[str]]:
    """Return the members to read with their names, and the names of members of other kinds.

    Hidden members and folders are in neither list.
    """
    wanted, others = [], []
    for member in archive.infolist():
        name = _name(member)
        parts = name.split("/")
        hidden = any(part == "__MACOSX" or (part[:1] == "." and part != "..") for part in parts)
        if hidden or name.endswith("/"):
            continue
        if named(name):
            wanted.append((member, name))
        else:
            others.append(name)
    return wanted, others


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name, read as UTF-8 if possible, even if the archive does not mark it as UTF-8."""
    name = member.orig_filename
    if not member.flag_bits & 0x800:
        raw = name.encode("cp437", "replace")
        with suppress(UnicodeDecodeError):
            name = raw.decode("utf-8")
    return name.replace("\\", "/")


def _left_out(others: list[str]) -> str:
    more = f" and {len(others) - _NAMED:,} more" if len(others) > _NAMED else ""
    return f"files of other kinds in the archive were left out: {', '.join(others[:_NAMED])}{more}."


def _check(member: zipfile.ZipInfo, name: str, where: str) -> None:
    """Refuse a member that is a link or locked, or whose name leads out of the archive.

    Raises:
        InputError: naming `where`, when the member is refused.
    """
    if name.startswith("/") or ".." in name.split("/") or re.match(r"[A-Za-z]:", name) or "\0" in name:
        raise InputError(f"{where} has a name that leads out of its archive. Pack it again.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise InputError(f"{where} is a link. Pack the file that it leads to.")
    if member.flag_bits & 1:
        raise InputError(f"{where} is locked by a password. Pack it again without a password.")


def _bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, inner: Source, budget: _Budget) -> bytes:
    """Return a member's bytes.

    Three limits apply: the size limit of the member's format, the archive's budget, and the packing ratio.

    Raises:
        InputError: naming the member, when it exceeds a limit or is damaged.
    """
    kind = named(inner.file_name)
    most = kind.most_bytes if kind else 0
    honest = max(_SMALL, MOST_TIMES * member.compress_size)
    try:
        with archive.open(member) as file:
            data = file.read(min(most, honest, budget.bytes) + 1)
    except DAMAGED as error:
        raise InputError(f"{inner.name} is damaged in its archive ({error}). Pack it again.") from None
    budget.bytes -= len(data)
    if budget.bytes < 0:
        raise InputError(f"{inner.name}: its archive unpacks to over {MOST_BYTES / 1e6:,.0f} MB. Split it.")
    if len(data) > most:
        raise InputError(f"{inner.name} is larger than {most // 1_000_000} MB. Split it into smaller files.")
    if len(data) > honest:
        raise InputError(
            f"{inner.name} unpacks to more than {MOST_TIMES} times its size, as ZIP bombs do. Unpack "
            "it, and add the file itself."
        )
    return data
