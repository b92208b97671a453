"""Finds the head of a text: the short lines above its first prose."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from qa.document.furniture import find_furniture
from qa.formats.heads.issue_dates import PUBLISHED
from qa.formats.heads.labels import LABEL, label_of
from qa.formats.heads.line_names import ABBREVIATED
from qa.formats.heads.line_parts import HARD_WRAPPED
from qa.formats.heads.line_reader import cells, is_sentence, without_list_mark
from qa.formats.heads.line_rules import BYLINE, COPYRIGHT
from qa.formats.heads.numbers import find_number
from qa.text.lines import lines
from qa.text.organisations import is_section_heading, names_institution, names_periodical
from qa.text.people import has_given_name, people_first, people_in_line, who_is
from qa.text.written_dates import find_date, find_dates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qa.formats.heads.line_parts import Line
    from qa.schema import Span

TOP = 4_000  # first characters of a text, which may contain its header
_MOST_LINES = 14  # maximum lines of a header
_MOST_CHARACTERS = 180  # maximum characters of a line of a header
_IN_COLUMNS = 100  # maximum characters of a line with gaps that is not prose
_PUBLISHED_ON = re.compile(
    r"\b(?:published|issued|released|posted|given|delivered|handed down|ratified|adopted|approved)(?: on)?"
    r"\s$",
    re.IGNORECASE,
)
_BODY_START = re.compile(
    r"(?:[-•*–—] |#{2,} |\d+[.)] |Q[.:] |dear |madam|sir\b|in the chair|taking part|attending)", re.IGNORECASE
)
# "Prices rose. They fell.", but not "Draft for comment. No. 7."
_TWO_SENTENCES = re.compile(r"[A-Z][^.]++(?<=[a-z]{3})\. [A-Z][^.]++(?<=[a-z]{3})\.")
_SENTENCE = re.compile(r"\S+(?:\s+\S+){4,}[.…][”’\"')\]]*$|\S+(?:\s+\S+){19,}[?!][”’\"')\]]*$")
_SENTENCE_CJK = re.compile(r"。|[다요]\.(?:\s|$)")
# A notice above a text that does not belong to the text.
_NOTICE = re.compile(
    r"(?:this|the present) (?:publication|report|paper|document|text|article|briefing|translation|work"
    r"|material|message"
    r"|e-?mail) (?:was|is|has|may|does|should|contains|forms)\b|(?:its|the) contents? (?:is|are|of this)\b"
    r"|the (?:views|opinions|findings|designations|information)\b.{0,80}\b(?:are|do|is|does)\b|disclaimer\b"
    r"|you are (?:receiving|reading)\b|views? (?:this|it|in) \b",
    re.IGNORECASE,
)


_LOWER_HEADING = re.compile(r"##+\s(?!\d|[ivx]+\.)(?=\S{1,40}\s\S{1,40}\s\S)")
_LEADERS = re.compile(r"(?:\. ?){6}\s{0,40}[\divxl]{1,6}$", re.IGNORECASE)  # a table of contents


_LABELS_IN_DIALOGUE = frozenset(
    {"source", "author", "editor", "reporter", "by", "text", "from", "to", "contact"}
)


@dataclass(slots=True)
class Top:
    """The short lines above the first prose of a text.

    Attributes:
        lines: the lines, each with the number of its block.
        prose: the position of the prose, or -1 if there is none.
    """

    lines: list[tuple[Span, int]] = field(default_factory=list)
    prose: int = -1


def _blocks(text: str) -> Iterator[list[Span]]:
    """Yield the blocks at the beginning of a text: lines without a blank line between them."""
    block: list[Span] = []
    for span in lines(text[:TOP]):
        if block and text.count("\n", block[-1].end, span.start) > 1:
            yield block
            block = []
        block.append(span)
    if block:
        yield block


def find_top(text: str) -> Top:
    """Return the short lines at the beginning of a text, and the position of its first prose."""
    furniture = {
        span
        for span in find_furniture(text[:TOP])
        if find_date(line := text[span.start : span.end]) is None and not COPYRIGHT.match(line)
    }
    top = Top()
    blocks = list(_blocks(text))
    for number, block in enumerate(blocks):
        words = [text[span.start : span.end] for span in block]
        wrapped = _hard_wrapped(words)
        for position, span in enumerate(block):
            if _NOTICE.match(words[position]) and len(words[position]) <= _MOST_CHARACTERS:
                continue
            if span in furniture or not any(map(str.isalnum, words[position])):
                continue  # a rule of dashes or stars
            heads = not top.lines and words[position][0] == "#"
            line = words[position]
            first = not any(text[line_span.start] == "#" for line_span, _ in top.lines)
            heads = heads or (first and bool(_LOWER_HEADING.match(line)) and not is_section_heading(line))
            if _LEADERS.search(words[position]):
                top.prose = span.start
                return top
            prose = (_is_prose(words[position]) and not heads) or bool(
                not top.lines and who_is(words[position])
            )
            if not top.lines and is_section_heading(line):
                continue  # "Executive summary" above the head
            if prose and len(block) == 1 and _is_between_labels(text, top, blocks[number + 1 : number + 2]):
                continue
            if position == wrapped or prose or len(top.lines) == _MOST_LINES:
                top.prose = span.start
                return top
            top.lines.append((span, number))
    return top


def _is_between_labels(text: str, top: Top, below: list[list[Span]]) -> bool:
    """Return whether a line of prose is inside a head: below a label, and above a label for a date."""
    above = top.lines[-1][0] if top.lines else None
    return (
        above is not None
        and bool(label_of(cells(text[above.start : above.end]))[0])
        and any(
            label_of(cells(text[span.start : span.end]))[0] in ("published", "updated")
            for block in below
            for span in block[:1]
        )
    )


def _hard_wrapped(block: Sequence[str]) -> int:
    """Return the index of the line that begins a paragraph in a block of lines, or -1 if there is none."""
    for position in range(1, len(block)):
        goes_on = block[position][0].islower() and len(block[position - 1]) > HARD_WRAPPED
        ends = re.search(r"[.!?…][”’\"')\]]*$", block[-1]) or len(block) - position > 2
        if goes_on and ends and not label_of(block[position])[0]:
            first = position - 1
            while (
                first
                and all(map(_is_full, block[first - 1 : first + 1]))
                and re.search(r"[a-z]{3}[.,]? [A-Za-z]", block[first])
            ):
                first -= 1
            return first
    return -1


def _is_full(line: str) -> bool:
    """Return whether a line is as long as a line of prose, has no label and is not in capitals."""
    return HARD_WRAPPED < len(line) <= 90 and not line.isupper() and not label_of(line)[0]


def _is_prose(line: str) -> bool:
    """Return whether a line belongs to the text, so that the head of the document ends before it."""
    columns = re.search(r"\s{3,}", line)
    line = " ".join(line.split())
    if columns and len(line) <= _IN_COLUMNS:
        return False
    if COPYRIGHT.match(line) and len(line) <= 120:
        return False
    label, start = label_of(without_list_mark(line))
    if label and len(line) <= _MOST_CHARACTERS and not is_sentence(line[start:]):
        return False
    if (
        len(line) > _MOST_CHARACTERS
        or (
            _BODY_START.match(line)
            and not find_date(line[:30])
            and not (line[0] == "#" and has_given_name(people_in_line(line.lstrip("# "))))
        )
        or (len(line) > 60 and line[-1] in "-,")
    ):
        return True
    if line[-1] in ",;：" or (line[-1] == ":" and len(line) > 60) or re.search(r";\s?and$", line):
        return True  # "THE GENERAL ASSEMBLY,"
    if line.isupper() and len(line) <= 100 and len(line.split()) > 2:
        return False  # the headline of an old newspaper has a full stop
    if is_section_heading(line) or _SENTENCE_CJK.search(line) or _TWO_SENTENCES.fullmatch(line):
        return True
    if not _SENTENCE.match(line) or label_of(line)[0] or who_is(line) or ABBREVIATED.search(line):
        return False
    if (by := BYLINE.match(line)) and has_given_name(people_first(line[by.end() :])):
        return False
    if len(line) <= 120 and any(_PUBLISHED_ON.search(line[: date.start]) for date in find_dates(line)):
        return False
    first = find_date(line[:80])
    if first and len(line) <= 120 and first.start <= 40:
        before = line[: first.start]
        stated = PUBLISHED.search(before) or BYLINE.match(before)
        if stated and len(before.split()) <= 5:
            return False  # "First published on 3 May 2012. Last modified 5 June 2013."
    date = find_date(line[:60])  # "20 June 2008. Not for attribution to individuals."
    if date and date.start and len(line) <= 120 and re.match(r"\.", line[date.end :]):
        before = line[: date.start].rstrip(" ,")
        return not (names_institution(before) or names_periodical(before))
    return len(line) > 60 or not (find_number(line).number or (date and date.start <= 12))


def without_misreadings(text: str, lines: list[Line]) -> list[Line]:
    """Return parsed lines without labels, authors and dates that other lines show to be wrong."""
    return _without_other_labels(_without_what_goes_on(_without_dialogue(text, lines)))


def _without_what_goes_on(taken: list[Line]) -> list[Line]:
    """Remove the author of a line with a label that goes on in the next line: it may be a sentence."""
    for line, below in pairwise(taken):
        goes_on = line.block == below.block and below.words[0].islower() and not below.states_something
        if goes_on and label_of(line.words)[0] == "author":
            line.stated.pop("author", None)
    return taken


def _without_other_labels(taken: list[Line]) -> list[Line]:
    """Remove the names and dates of a line with an unknown label among lines with known labels."""
    labelled = Counter(line.block for line in taken if label_of(cells(line.words))[0])
    for line in taken:
        words = cells(line.words)
        first = line is taken[0] and line.names
        if (
            labelled[line.block] > 1
            and not first
            and LABEL.match(words)
            and not label_of(words)[0]
            and not line.number
        ):
            line.names, line.dates, line.people, line.aside = [], [], "", True
    return taken


def _without_dialogue(text: str, taken: list[Line]) -> list[Line]:
    """Return the lines above a dialogue, or all lines if there is none.

    A dialogue begins where a label is the name of a speaker, who speaks again below.
    """
    for position, line in enumerate(taken):
        match = LABEL.match(line.words)
        if match is None or line.span is None or match["label"].lower() not in _LABELS_IN_DIALOGUE:
            continue
        below = text[line.span.end : line.span.end + TOP]
        if re.search(rf"^{re.escape(match['label'])}\s?:", below, re.MULTILINE):
            return taken[:position]
    return taken
