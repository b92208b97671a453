"""Name the content of a file that is not searched for quotes, so that nobody believes it is verified."""

from __future__ import annotations

import re

_WITHOUT_MARKS = "block quotes without quotation marks"
# The content that is never read in files of a format. For Word and OpenDocument, see `Document.unread`.
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
# The content that is not read in texts of a format, and the patterns that find it.
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
    """Return the names of the content that is never read in a file of a format."""
    return _NEVER.get(kind, ())


def unread_of_text(text: str, kind: str) -> tuple[str, ...]:
    """Return the names of the unread content that a text of a format contains."""
    return tuple(name for name, sign in _SIGNS.get(kind, ()) if sign.search(text))
