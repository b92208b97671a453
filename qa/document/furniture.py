"""Find page furniture: the lines that a web page puts around a text ("Share", "Comments are closed.").

Only whole lines are furniture. Lines that could be part of the text count only near its top or bottom.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa.text.lines import lines

if TYPE_CHECKING:
    from qa.schema import Span

_EDGE = 8  # lines at the top and at the bottom where a single word such as "Share" is furniture

_KIND = (
    r"(?:article|story|post|page|note|digest|sheet|brief|briefing|report|update|interview|issue|item|letter"
    r"|bulletin|entry|link)"
)
_NETWORK = (
    r"(?:x|twitter|facebook|telegram|whats ?app|linked ?in|reddit|pinterest|instagram|youtube|bluesky"
    r"|mastodon)"
)
_RELATED_KIND = r"related(?: (?:posts?|articles?|stories|alerts?|content|sheets?))?"
# Lines that are always furniture.
_CERTAIN = (
    rf"(?:share|print|e-?mail|tweet|like|save|rate|cite)\s+this(?:\s+{_KIND})?"
    r"|comments? (?:are|is)(?: now)? (?:closed|off|disabled)"
    r"|(?:leave|post|add|write) a (?:comment|reply)|(?:no|\d+) (?:comments?|shares?|likes?|views?)"
    r"|(?:sign|log) in to (?:comment|reply)|skip to (?:main )?content|back to (?:the )?top"
    r"|continue reading|read more|(?:click|tap) here to [\w ]+|you (?:may|might) also like"
    r"|subscribe to [\w ’'-]{3,40}|sign up for [\w ’'-]{3,40}"
    rf"|(?:share|follow us|find us|join us) on (?:{_NETWORK}(?:,? (?:and )?)?)+"
    r"|(?:older|newer|previous|next) posts?|printer[- ]friendly(?: version)?|all rights reserved"
)
# Lines that are probably furniture, but may also be a heading or in a table.
_LIKELY = (
    rf"share|tweet|print|subscribe|unsubscribe|sign in|log in|sign up|register|menu|main menu"
    rf"|advertisement|advertorial|sponsored|e-?mail|{_RELATED_KIND}"
    r"|[-—–* ]*end(?:s| of (?:note|text))?[-—–* ]*"
)
# Words that are furniture only in a list with others: "Subscribe · Archive · Methodology".
_COMPANY = (
    rf"{_NETWORK}|mail|feed|rss|send|forward|comment|comments|cite|save|like|archive|contact|methodology"
    rf"|donate"
    r"|(?:earlier|older|more) \w+|back issues|(?:back|write|letters) to [\w ]+|results|calendar|home"
    r"|about(?: us)?"
)
_LABEL = (
    rf"(?:{_RELATED_KIND}|posted (?:in|on|by)|filed under|tags?|tagged(?: with)?|categor(?:y|ies)"
    r"|share(?: on)?|more from [\w ]{2,30}|you may also like|read more)"
)
_SEPARATOR = re.compile(r"\s*[|·•/]\s*|\s+[—–-]\s+|\s{2,}|\t")


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{pattern})(?<!\s)\s*+[.:»›>→…]*", re.IGNORECASE)


_CERTAIN_LINE, _LIKELY_LINE = _whole(_CERTAIN), _whole(_LIKELY)
_CERTAIN_PART, _ANY_PART = _whole(f"{_CERTAIN}|{_LIKELY}"), _whole(f"{_CERTAIN}|{_LIKELY}|{_COMPANY}")
_LABELLED = re.compile(rf"{_LABEL}\s*:\s*\S|posted (?:in|on|by)\s+\S|filed under\s+\S", re.IGNORECASE)
_COPYRIGHT = re.compile(r"(?:(?:©|\(c\))\s*\d{4}|©|copyright\s+(?:©|\(c\)|\d{4}))", re.IGNORECASE)
_RELATED = re.compile(r"related(?: (?:posts?|articles?|stories))?\s*:?", re.IGNORECASE)
_INVITES = re.compile(r"subscribe to |sign up for ", re.IGNORECASE)  # may also begin a sentence
_LONGEST = 160  # characters of a line
_SENTENCE_END = re.compile(r"\w{2}[.!][”’\"')\]]*$")


def is_furniture(line: str) -> bool:
    """Return whether a whole line is page furniture wherever it stands."""
    if len(line) > _LONGEST or _is_sentence(line):
        return False
    if _CERTAIN_LINE.fullmatch(line):
        return True
    parts = [part for part in _SEPARATOR.split(line) if part]
    if len(parts) < 2 or not any(_CERTAIN_PART.fullmatch(part) for part in parts):
        return False
    return all(_ANY_PART.fullmatch(part) or _LABELLED.match(part) for part in parts)


def _is_sentence(line: str) -> bool:
    """Return whether a line continues as a sentence: "Sign up for the war was slow in the north."."""
    return (
        _INVITES.match(line) is not None and len(line.split()) > 6 and _SENTENCE_END.search(line) is not None
    )


def _is_likely(line: str) -> bool:
    """Return whether a line is furniture if it stands at the top or the bottom of a text."""
    if len(line) > _LONGEST:
        return False
    first = _SEPARATOR.split(line)[0]
    listed = first != line and re.search(r"[|·•]", line) and _CERTAIN_PART.fullmatch(first)
    return bool(_LIKELY_LINE.fullmatch(line) or _LABELLED.match(line) or _COPYRIGHT.match(line) or listed)


def find_furniture(text: str) -> tuple[Span, ...]:
    """Return the lines of page furniture in a text, in order; none if all lines look like furniture."""
    every = tuple(lines(text))
    furniture: list[Span] = []
    in_related = False
    for position, span in enumerate(every):
        line = text[span.start : span.end]
        near_bottom = position >= len(every) - _EDGE
        at_edge = near_bottom or position < _EDGE
        if is_furniture(line) or (at_edge and _is_likely(line)):
            furniture.append(span)
            in_related = in_related or (near_bottom and bool(_RELATED.fullmatch(line)))
        elif in_related and not _SENTENCE_END.search(line):
            furniture.append(span)  # the titles listed under "Related posts"
        else:
            in_related = False
    return tuple(furniture) if len(furniture) < len(every) else ()
