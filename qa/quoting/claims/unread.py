"""Name what a file holds that is not read for quotes, so that nobody takes it for verified."""

from __future__ import annotations

import re

_WITHOUT_MARKS = "block quotes without quotation marks"
# What is never read in a file of a format. Word and OpenDocument name what they hold (`Document.unread`).
_NEVER = {
    "pdf": (_WITHOUT_MARKS, "pictures", "annotations"),
    "rtf": (_WITHOUT_MARKS, "comments", "pictures"),
    "epub": (_WITHOUT_MARKS, "pictures"),
    "html": (_WITHOUT_MARKS, "pictures"),  # a page in another encoding than UTF-8
    "email": ("attachments of other formats", "pictures"),
    "mbox": ("attachments of other formats", "pictures"),
    "feed": (_WITHOUT_MARKS, "pictures"),
    "xlsx": ("comments", "pictures", "charts"),
    "json": ("values other than quotes",),
}
# What is not read in a text of a format, and how it begins.
_PICTURES = ("pictures", re.compile(r"<img\b|!\["))
_SIGNS = {
    "html": (
        ("pictures", re.compile(r"<img\b|<canvas\b|<video\b")),
        ("comments", re.compile(r"<!--(?!\[if)")),
        ("pages and files within the page", re.compile(r"<(?:iframe|object|embed)\b")),
    ),
    "markdown": (_PICTURES, ("code", re.compile(r"(?m)^ {0,3}(?:```|~~~)"))),
    "latex": (
        ("pictures", re.compile(r"\\includegraphics\b")),
        ("comments", re.compile(r"(?<!\\)%")),
        ("files that it includes", re.compile(r"\\(?:input|include|subfile)\b")),
        (_WITHOUT_MARKS, re.compile(r"\\begin\{(?:quote|quotation|displayquote|verse)\}")),
    ),
    "csv": (("the columns of questions", re.compile(r"(?i)\A[^\n]*\b(?:question|history|rejected)\b")),),
    "": (_PICTURES,),
}


def never_read(kind: str) -> tuple[str, ...]:
    """Name what is never read in a file of a format."""
    return _NEVER.get(kind, ())


def unread_of_text(text: str, kind: str) -> tuple[str, ...]:
    """Name what a text of a format holds that is not read."""
    return tuple(name for name, sign in _SIGNS.get(kind, ()) if sign.search(text))
