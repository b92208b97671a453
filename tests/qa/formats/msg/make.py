"""Write messages of Outlook byte by byte: a compound file ([MS-CFB]) of properties ([MS-OXMSG]).

`python -m tests.qa.formats.msg.make` writes the messages into this folder.
"""

from __future__ import annotations

import datetime as dt
import struct
from pathlib import Path
from typing import Any, TypeAlias

HERE = Path(__file__).parent
_SECTOR, _SMALL, _SHORT = 512, 4_096, 64
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_NOTHING = 0xFFFFFFFF
Storage: TypeAlias = "dict[str, bytes | Storage]"


def compound(root: Storage) -> bytes:
    """Return a compound file of version 3."""
    entries: list[tuple[str, bytes | Storage]] = [("Root Entry", root)]
    kids: dict[int, list[int]] = {}
    for at in range(1_000_000):
        if at == len(entries):
            break
        held = entries[at][1]
        if isinstance(held, dict):
            kids[at] = list(range(len(entries), len(entries) + len(held)))
            entries += sorted(held.items(), key=lambda each: (len(each[0]), each[0].upper()))
    sectors: list[bytes] = []
    fat: list[int] = []

    def put(data: bytes) -> int:
        first = len(sectors)
        pieces = [data[at : at + _SECTOR].ljust(_SECTOR, b"\0") for at in range(0, len(data), _SECTOR)]
        sectors.extend(pieces)
        fat.extend([*range(first + 1, first + len(pieces)), _END] if pieces else [])
        return first if pieces else _END

    short, short_fat, starts = b"", [], {}
    for at, (_, held) in enumerate(entries):
        if isinstance(held, bytes) and len(held) >= _SMALL:
            starts[at] = put(held)
        elif isinstance(held, bytes):
            count = -(-len(held) // _SHORT)
            starts[at] = len(short_fat) if count else _END
            short_fat += [*range(len(short_fat) + 1, len(short_fat) + count), _END] if count else []
            short += held.ljust(count * _SHORT, b"\0")
    starts[0] = put(short)
    short_at = put(b"".join(struct.pack("<I", each) for each in short_fat).ljust(_SECTOR, b"\xff"))
    left_right: dict[int, tuple[int, int]] = {}
    tops = {at: _tree(own, left_right) for at, own in kids.items()}
    directory = b""
    for at, (name, held) in enumerate(entries):
        written = f"{name}\0".encode("utf-16-le")
        left, right = left_right.get(at, (_NOTHING, _NOTHING))
        kind = 5 if at == 0 else 2 if isinstance(held, bytes) else 1
        size = len(short) if at == 0 else len(held) if isinstance(held, bytes) else 0
        directory += written.ljust(64, b"\0") + struct.pack(
            "<HBBIII16sIQQIQ",
            *(len(written), kind, 1, left, right, tops.get(at, _NOTHING), b"\0" * 16, 0, 0, 0),
            *(starts.get(at, 0), size),
        )
    directory_at = put(directory)
    tables = 1
    while tables * (_SECTOR // 4) < len(fat) + tables:
        tables += 1
    fat_at = range(len(sectors), len(sectors) + tables)
    table = [*fat, *[_FAT] * tables]
    table += [_FREE] * (tables * (_SECTOR // 4) - len(table))
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\0" * 16, 0x3E, 3, 0xFFFE, 9, 6, b"\0" * 6, 0, tables),
        *(directory_at, 0, _SMALL, short_at, -(-4 * len(short_fat) // _SECTOR) or 1, _END, 0),
    )
    header += b"".join(struct.pack("<I", each) for each in [*fat_at, *[_FREE] * (109 - tables)])
    return header + b"".join(sectors) + b"".join(struct.pack("<I", each) for each in table)


def _tree(entries: list[int], left_right: dict[int, tuple[int, int]]) -> int:
    """Make a balanced tree of sorted entries, and return its root."""
    if not entries:
        return _NOTHING
    middle = len(entries) // 2
    left_right[entries[middle]] = (
        _tree(entries[:middle], left_right),
        _tree(entries[middle + 1 :], left_right),
    )
    return entries[middle]


def properties(values: dict[int, str | bytes | int | dt.datetime], header: int) -> Storage:
    """Return properties by number, after a header of `header` bytes."""
    fixed, held = b"\0" * header, {}
    for number, value in values.items():
        if isinstance(value, int):
            fixed += struct.pack("<HHIIi", 3, number, 6, value, 0)
        elif isinstance(value, dt.datetime):
            since = value - dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
            fixed += struct.pack("<HHIQ", 0x40, number, 6, int(since.total_seconds()) * 10_000_000)
        else:
            kind = 0x102 if isinstance(value, bytes) else 0x1F
            data = value if isinstance(value, bytes) else value.encode("utf-16-le")
            held[f"__substg1.0_{number:04X}{kind:04X}"] = data
            fixed += struct.pack("<HHIII", kind, number, 6, len(data) + 2 * (kind == 0x1F), 0)
    return {"__properties_version1.0": fixed, **held}


def message(**given: Any) -> bytes:
    """Return the file of a message (`storage`)."""
    return compound(storage(**given))


def storage(
    *,
    subject: str = "Prices of barley",
    body: str = "",
    page: bytes = b"",
    headers: str = "",
    attached: dict[str, bytes] | None = None,
    inner: Storage | None = None,
    link: str = "",
    rtf: bytes = b"",
    header: int = 32,
) -> Storage:
    """Return a message. `inner` is an attached message. `link` names a file in another place."""
    values: dict[int, str | bytes | int | dt.datetime] = {
        0x001A: "IPM.Note",
        0x0037: subject,
        0x0C1A: "Ines Calder",
        0x0C1F: "calder@quay.example",
        0x0039: dt.datetime(2008, 4, 4, 9, 30, tzinfo=dt.UTC),
        0x340D: 0x40000,
        0x3FDE: 65001,
    }
    values |= {0x1000: body} if body else {}
    values |= {0x1013: page} if page else {}
    values |= {0x007D: headers} if headers else {}
    values |= {0x1009: rtf} if rtf else {}
    root = properties(values, header)
    for number, (name, data) in enumerate((attached or {}).items()):
        root[f"__attach_version1.0_#{number:08X}"] = properties({0x3707: name, 0x3701: data, 0x3705: 1}, 8)
    count = len(attached or {})
    if inner:
        at = root[f"__attach_version1.0_#{count:08X}"] = properties({0x3705: 5}, 8)
        at["__substg1.0_3701000D"] = inner
    if link:
        root[f"__attach_version1.0_#{count + 1:08X}"] = properties({0x3707: link, 0x3705: 2}, 8)
    return root


BODY = "Barley cost 40 marks a sack on Monday.\r\n\r\nThe mill bought none.\r\n\r\n> Did it rise again?\r\n"
PAGE = "<html><body><p>Barley cost <b>40 marks</b> a sack.</p><p>Qué más.</p></body></html>".encode()
INNER = storage(body="It was sold out.", subject="Rye", header=24)
HEADERS = (
    "From: Ines Calder <calder@quay.example>\r\nDate: Fri, 4 Apr 2008 18:30:00 +0900\r\n"
    "Message-ID: <17@quay.example>\r\nTo: desk@quay.example\r\n"
)
FILES = {
    "plain.msg": message(body=BODY, attached={"note.txt": b"Rye was sold out.", "photo.png": b"\x89PNG"}),
    "page.msg": message(
        page=PAGE,
        headers=HEADERS,
        inner=INNER,
        link="wire.xlsx",
    ),
}

if __name__ == "__main__":
    for file, data in FILES.items():
        (HERE / file).write_bytes(data)
