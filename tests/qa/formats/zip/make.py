"""Write the archives in this folder: `python tests/qa/formats/zip/make.py`."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
TIME = (2008, 4, 4, 12, 0, 0)


def packed(members: dict[str, bytes], **attributes: int) -> bytes:
    """Return an archive, which is the same each time."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            for attribute, value in attributes.items():
                setattr(info, attribute, value)
            archive.writestr(info, data)
    return file.getvalue()


def archives() -> dict[str, bytes]:
    """Return all archives by file name."""
    table = b"id,text\na,Prices rose in May.\nb,Prices fell in June.\n"
    mixed = {
        "april/copper.txt": b"Copper prices rise\n\nCopper rose by 4 percent in Dandong.\n",
        "rows.csv": table,
        "records.jsonl": b'{"_id": "r/1", "text": "Three ships came to Nampo."}\n',
        "picture.png": b"\x89PNG\r\n\x1a\n",
        "broken.txt": b"Caf\xe9\n",
        "__MACOSX/april/._copper.txt": b"\0\5\x16\7",
        ".hidden.txt": b"Hidden.",
        "inner.zip": packed({"deep.txt": b"The border at Hyesan was closed."}),
    }
    deep = packed({"bottom.txt": b"At the bottom."})
    for level in range(4):
        deep = packed({f"{level}.zip": deep, f"level-{level}.txt": b"On the way down."})
    hostile = dict.fromkeys(
        ("../up.txt", "/etc/root.txt", "C:/drive.txt", "a/../../up.txt", "..\\back.txt"), b"I lead out."
    )
    locked = bytearray(packed({"secret.txt": b"Nobody knows."}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(signature) + offset] |= 1
    utf8 = "briefs/량강도.txt".encode()
    named = packed({"x" * len(utf8): b"A name in UTF-8 that does not say so."}).replace(
        b"x" * len(utf8), utf8
    )
    return {
        "mixed.zip": packed(mixed),
        "deep.zip": deep,
        "hostile.zip": packed({**hostile, "good.txt": b"I stay inside."}),
        "link.zip": packed({"link.txt": b"/etc/passwd"}, external_attr=(stat.S_IFLNK | 0o777) << 16),
        "locked.zip": bytes(locked),
        "names.zip": named,
        "bomb.zip": packed({"bomb.txt": b"0" * 12_000_000, "good.txt": b"I am small."}),
        "pictures.zip": packed({"a.png": b"\x89PNG", "b.gif": b"GIF8"}),
    }


if __name__ == "__main__":
    for name, data in archives().items():
        (HERE / name).write_bytes(data)
