"""Whether the files that documents were read from are still there."""

from __future__ import annotations

import os
import re
import stat

from qa.places import is_url
from qa.schema import UPLOAD

_BYTE = re.compile(r"\\x([89a-f][0-9a-f])")


def is_gone(path: str) -> bool:
    """Tell whether a file is certainly not there, or is a folder now.

    Where the system does not let one look, the file may be there. An uploaded file lies in the library; of
    one at an address, the listing of its folder tells.
    """
    if path.startswith(UPLOAD) or is_url(path):
        return False
    if "\ufffd" in path:  # so an old library has a name that is not UTF-8
        return False
    # As it is written, and with the bytes that it may stand for (`qa.schema.printable`).
    unwritten = _BYTE.sub(lambda byte: chr(0xDC00 + int(byte[1], 16)), path)
    return all(_is_gone(name) for name in dict.fromkeys((path, unwritten)))


def _is_gone(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
