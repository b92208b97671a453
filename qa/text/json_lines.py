"""Write values as lines of JSON that any file and terminal accepts."""

from __future__ import annotations

import json
import re
from typing import TextIO

_SURROGATE = re.compile("[\ud800-\udfff]")


def dumps(value: object, *, ascii: bool = False, indent: int | None = None) -> str:  # noqa: A002
    """Return JSON that a UTF-8 file can hold: a lone surrogate, which UTF-8 cannot hold, stays an escape."""
    text = json.dumps(value, ensure_ascii=ascii, indent=indent)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def is_utf8(stream: TextIO) -> bool:
    """Return whether the stream accepts any character. Write plain ASCII JSON to any other stream."""
    return (stream.encoding or "").lower() in ("utf-8", "utf8")
