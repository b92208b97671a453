"""Checks whether the files that documents were read from still exist."""

from __future__ import annotations

import os
import re
import stat

from qa.places import is_url
from qa.schema import UPLOAD

_BYTE = re.compile(r"\\x([89a-f][0-9a-f])")


def is_gone(path: str) -> bool:
    """Return whether a file certainly no longer exists, or is a folder now.

    If the system does not let us look, the file may exist, so return False. Also return False for an uploaded
    file, which lies in the library. Return False for a file at a URL, too: only the listing of its folder
    shows whether it exists.
    """
    if path.startswith(UPLOAD) or is_url(path):
        return False
    if "\ufffd" in path:  # old libraries stored a name that is not UTF-8 like this
        return False
    # Look for the path as it is written, and for the path with the bytes that its escapes may mean
    # (`qa.schema.printable`).
    unwritten = _BYTE.sub(lambda byte: chr(0xDC00 + int(byte[1], 16)), path)
    return all(_is_gone(name) for name in dict.fromkeys((path, unwritten)))


def _is_gone(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
