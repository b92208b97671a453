"""Recognises placeholders: titles and authors that programs write into fields that a person left empty."""

from __future__ import annotations

import re

_NO_TITLE = re.compile(
    r"microsoft (?:word|powerpoint|excel)\b.*|powerpoint.*|word document|untitled\b.*|new page.*"
    r"|home ?page|index|.*- (?:microsoft )?internet explorer|.*- mozilla.*|unknown|no title|title"
    r"|(?:document|dokument|presentation|layout|slide|book|page|template|scan|doc|문서)[ _-]?\d*"
    r"|제목\s?없음|無題|无标题|\(?anonymous\)?|https?://\S+|[\W\d_]*|\S*[_\d]\S*|.*\btemplate\b.*"
    r"|.*\.(?:docx?|dot[xm]?|odt|ott|rtf|txt|pdf|html?|epub|indd|qxd|qxp|tex|dvi|pptx?|xlsx?|pages|pub"
    r"|ps)\b.*",
    re.IGNORECASE,
)
_NO_AUTHOR = re.compile(
    r"(?:(?:do[-_]?)?no[-_. ]?t?[-_]?reply\b.*|.*\bcms|hr|pr|it|comms|python-docx|microsoft\b.*"
    r"|administrator|admin|windows\b.*|(?:default )?user"
    r"|owner|author"
    r"|unknown|unspecified|anonymous|\(?anonymous\)?|default|pc|test|guest|calibre.*|libreoffice.*|webmaster"
    r"|studio\b.*|.*\b(?:studio|design|designs|graphics|print|printing|scanner|typesetting|template)\b.*"
    r"|communications?|publications?|press|media|research|konica.*|ricoh.*|canon.*|xerox.*|epson.*"
    r"|(?:\w+ )?(?:team|department|dept|division|unit)"
    r"|office|staff|secretary|secretariat|reception|team|desk|editor|hp|dell|lenovo|acer|asus|toshiba"
    r"|samsung|사용자|\W*)\d*",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"[a-z][\w.-]*|\S*[_@]\S*|.*\d.*")  # "lgreen", "hq-temp", "Ricoh Aficio MP C3002"


def is_no_title(title: str) -> bool:
    """Return whether a title is a program's placeholder."""
    return bool(_NO_TITLE.fullmatch(title))


def is_no_author(author: str) -> bool:
    """Return whether an author is a program's placeholder, or the name of a login or a machine."""
    return bool(_NO_AUTHOR.fullmatch(author) or _LOGIN.fullmatch(author))
