"""Make the name of an uploaded file. The name is text and never becomes a path on the disk."""

from __future__ import annotations

import re
import unicodedata

from qa.document.metadata import on_one_line
from qa.errors import InputError
from qa.formats.reading import HIDDEN
from qa.places import SIDECAR
from qa.schema import printable

# Most characters of a file name (as in most file systems) and of the whole name (as for documents elsewhere).
MOST_PART, MOST_NAME = 255, 1_000
_DRIVE = re.compile(r"[A-Za-z]:")


def upload_name(given: str) -> str:
    """Return the name of an uploaded file, with "/" between the folders that it came in.

    Parts that could lead elsewhere are removed: drives, "..", control characters and directional marks.
    Letters are composed (NFC), because systems differ in how they write them.

    Raises:
        InputError: no name is left, the name is too long, or it belongs to a hidden file or a sidecar.
    """
    composed = unicodedata.normalize("NFC", printable(given))
    cleaned_parts = (on_one_line(part).strip() for part in re.split(r"[/\\]", composed))
    parts = [part for part in cleaned_parts if part not in ("", ".", "..")]
    if parts and _DRIVE.fullmatch(parts[0]):
        del parts[0]
    if not any(character.isalnum() for part in parts for character in part):
        raise InputError(f"the file has no name ({given[:40]!r}): give it one, and add it again")
    name, longest = "/".join(parts), max(map(len, parts))
    if longest > MOST_PART or len(name) > MOST_NAME:
        raise InputError(
            f"the name “{name[:40]}…” has {max(longest, len(name)):,} characters; at most {MOST_PART} are "
            f"kept, and {MOST_NAME:,} with its folders: give the file a shorter name, and add it again"
        )
    if any(part.startswith(HIDDEN) for part in parts):
        raise InputError(f"{name} is a hidden file, or is in a hidden folder, so it is left out")
    if name.endswith(SIDECAR):
        raise InputError(
            f"{name} describes another file, so it is left out: correct the document of the file instead"
        )
    return name
