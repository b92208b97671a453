"""Name the content of a file that is not searched for quotes, so that nobody believes it is verified."""

from __future__ import annotations

import re

from qa.formats.kinds import KINDS, PICTURES, WITHOUT_MARKS

# The content that is not read in texts of a format, and the patterns that find it.
_PICTURES = (PICTURES, re.compile(r"<img\b|!\["))
_SIGNS = {
    "html": (
        (PICTURES, re.compile(r"<img\b|<canvas\b|<video\b")),
        ("comments", re.compile(r"<!--(?!\[if)")),
        ("pages and files within the page", re.compile(r"<(?:iframe|object|embed)\b")),
    ),
    "markdown": (_PICTURES, ("code", re.compile(r"(?m)^ {0,3}(?:```|~~~)"))),
    "latex": (
        (PICTURES, re.compile(r"\\includegraphics\b")),
        ("comments", re.compile(r"(?<!\\)%")),
        ("files that it includes", re.compile(r"\\(?:input|include|subfile)\b")),
        (WITHOUT_MARKS, re.compile(r"\\begin\{(?:quote|quotation|displayquote|verse)\}")),
    ),
    "csv": (("the columns of questions", re.compile(r"(?i)\A[^\n]*\b(?:question|history|rejected)\b")),),
    "": (_PICTURES,),
}


def never_read(kind: str) -> tuple[str, ...]:
    """Return the names of the content that is never read in a file of a format.

    For a Word or OpenDocument document, `Document.unread` gives these names.
    """
    return KINDS[kind].unread if kind in KINDS else ()


def unread_of_text(text: str, kind: str) -> tuple[str, ...]:
    """Return the names of the unread content that a text of a format contains."""
    return tuple(name for name, sign in _SIGNS.get(kind, ()) if sign.search(text))
