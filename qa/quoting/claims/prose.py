"""Read the claims of running text: quotations with the citations after them, and citations alone."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from qa.quoting.claims import markdown
from qa.quoting.claims.citations import (
    CITATION_LINE,
    LABEL,
    cited_title,
    own_words,
    quotes_above,
    without_links,
)
from qa.quoting.claims.claim import CITATION_ID, LEAST_WORDS, Claim, citation_in
from qa.quoting.claims.marks import OPENING, UNPAIRED, Ends, Quotation, is_marked, without_entities
from qa.quoting.claims.sentences import Sentences, block_around
from qa.quoting.claims.titles import cites_work, note_places, title_places
from qa.quoting.references import Rows, noted, notes_of
from qa.text.terms import measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# Maximum number of citation ids that belong to one quote. Further ids belong to no quote, as in a list of
# links.
_MOST_LINKS = 4
# Maximum number of characters before a citation without a quote that are kept.
MOST_BESIDE = 2_000
# Maximum number of characters after an unpaired mark that are kept.
_MOST_SHOWN = 60
# A line of a report's appendix with a question. Questions are not quotes.
_ASKED = re.compile(r"(?m)^[ \t]*(?:Question(?: [0-9]{1,5})?: |Read together with “)[^\n]*$")
# A hash that is not part of a citation. The words before the hash are not about a citation after it.
_HASH = re.compile(r"\b[0-9a-f]{64}\b(?!/[0-9])")
_ANY_MARK = re.compile("[“”„‟«»‹›‚‘’「」『』《》〈〉〝〞〟\"'＂]")
_NEXT_QUOTE = re.compile(r"[“„«「]|(?<!\w)\"(?=\w)")


def of_prose(
    text: str,
    added: Sequence[int] = (),
    edges: Sequence[int] = (),
    page_notes: Mapping[str, str] | None = None,
    *,
    is_markdown: bool = False,
) -> Iterator[Claim]:
    """Yield the claims of running text in order.

    The time is proportional to the length of any text, because repeated searches run only once (`Ends`,
    `Sentences`, `Rows`).

    Args:
        text: the running text.
        added: the offsets of line ends that were added to the text of a page.
        edges: the offsets at which the blocks of a page begin and end.
        page_notes: the texts of a page's notes by their marks.
        is_markdown: whether the text is Markdown.
    """
    text, blocks, headings = markdown.blocks(text, is_markdown=is_markdown)
    text = markdown.without_attributes(without_entities(text))
    text = _ASKED.sub(_without_marks, text)
    found = _quotations(text, blocks)
    cited = [match for match in CITATION_ID.finditer(text) if int(match[2]) < int(match[3])]
    at_ids = [match.start() for match in cited]
    claimed: set[int] = set()
    claims: list[tuple[int, Claim]] = []
    line_ends = [match.start() for match in re.finditer("\n", text)]

    def line_of(at: int) -> int:
        return bisect_left(line_ends, at) - bisect_left(added, at) + 1

    titles = _Ranges(title_places(text, headings))
    notes = _Ranges(note_places(text, headings))
    notes_by_mark = {**notes_of(text), **(page_notes or {})}
    rows = Rows(text)
    sentences = Sentences(text)
    for each, following in pairwise([*found, Quotation(len(text), len(text), "")]):
        ids = _own_ids(
            text, each, cited[bisect_left(at_ids, each.end) : bisect_left(at_ids, following.start)]
        )
        claimed |= {match.start() for match in ids}
        cites = bool(ids or each.title)
        if not cites and measure(each.words) < LEAST_WORDS:
            claims.append((each.start, Claim(each.words, line_of(each.start), short=True)))
            continue
        bounds = rows.cell(each.start) or block_around(text, each.start, each.end, edges)
        noted_there = notes.contain(each.start)
        in_note = not cites and noted_there
        in_cell = each.form == "quotation marks" and rows.cell(each.start) is not None
        before, after = sentences.around(each.start, each.end, *bounds, noted=in_note)
        following_quote = _NEXT_QUOTE.search(after)
        said_of_it = after[: following_quote.start()] if following_quote else after
        references = [*noted(said_of_it, notes_by_mark), *rows.beside(each.start)]
        if in_note:
            references.append(f"{LABEL.sub('', before)} {after}")
        claim = Claim(
            markdown.without_escapes(each.words) if is_markdown else each.words,
            line_of(each.start),
            citation_in(ids[0]) if ids else None,
            title=each.title,
            maybe_title=in_note or (not cites and titles.contain(each.start)),
            maybe_work=in_note and cites_work(each.words, before, after),
            paragraphs=each.paragraphs and not ids,
            readings=each.readings,
            before=before,
            after=after,
            references=tuple(references),
            shape="note" if noted_there else "table cell" if in_cell else each.form,
        )
        claims.append((each.start, claim))
        if each.marked and measure(each.title) >= LEAST_WORDS:
            at = text.find(each.title, each.end)
            claims.append((at, Claim(each.title, line_of(at), maybe_title=True)))
    last = None
    hashes = [match.end() for match in _HASH.finditer(text)]
    begins = sorted([0, *hashes, *(each.range[1] for each in found), *(match.end() for match in cited)])
    for match in cited:
        begin = max(begins[bisect_right(begins, match.start()) - 1], match.start() - MOST_BESIDE)
        words = own_words(text[max(begin, text.rfind("\n\n", begin, match.start())) : match.start()])
        if match.start() not in claimed and (match[0] != last or words):
            alone = Claim(None, line_of(match.start()), citation_in(match), beside=without_links(words))
            claims.append((match.start(), alone))
        last = match[0]
    read = _Ranges(each.range for each in found)
    for mark in UNPAIRED.finditer(text):
        if not read.contain(mark.start()):
            words = text[mark.start() : mark.start() + _MOST_SHOWN].partition("\n")[0]
            claims.append((mark.start(), Claim(words, line_of(mark.start()), unpaired=True)))
    yield from (claim for _, claim in sorted(claims, key=lambda each: each[0]))


def _quotations(text: str, blocks: Sequence[tuple[int, int]]) -> list[Quotation]:
    """Return the quotations of a text in order: above citations, in block quotes and between marks."""
    ends = Ends(text)
    found = [*quotes_above(text, ends)]
    above = _Ranges(each.range for each in found)
    for start, end in blocks:
        found += [
            each for each in markdown.quotes_of_block(text, start, end, ends) if not above.contain(each.start)
        ]
    whole = _Ranges(each.range for each in found)
    for start, end, words in markdown.html_quotes(text):
        if words and not whole.contain(start) and not is_marked(words, 0, len(words), Ends(words)):
            found.append(Quotation(start, end, words, paragraphs=True, form="block quote"))
    quoted = deque(sorted(each.range for each in found))
    at = 0
    while opened := OPENING.search(text, at):
        while quoted and quoted[0][0] <= opened.start():
            at = max(at, quoted.popleft()[1])
        if opened.start() < at:  # inside a quotation that is quoted as a whole
            continue
        close = ends.of(opened.start())
        if close is None:
            at = opened.end()
            continue
        line = CITATION_LINE.match(text, close)
        title = cited_title(line["cites"]) if line else ""
        at = line.end() if line and title else close
        found.append(Quotation(opened.start(), close, text[opened.start() + 1 : close - 1], at, title))
    return sorted(found)


def _own_ids(text: str, quotation: Quotation, after: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """Return the citation ids after a quotation that belong to it, up to an id with other words before it."""
    ids = [each for each in after[:_MOST_LINKS] if text.count("\n\n", quotation.end, each.start()) < 2]
    for count, (before, following) in enumerate(pairwise(ids), 1):
        if measure(without_links(text[before.end() : following.start()])) >= LEAST_WORDS:
            return ids[:count]
    return ids


def _without_marks(line: re.Match[str]) -> str:
    return _ANY_MARK.sub(" ", line[0])


class _Ranges:
    """Ranges of a text, for looking up offsets."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        spans = sorted(ranges)
        self._starts = [start for start, _ in spans]
        self._ends = list(accumulate((end for _, end in spans), max))

    def contain(self, at: int) -> bool:
        """Return whether an offset is in one of the ranges."""
        before = bisect_right(self._starts, at) - 1
        return before >= 0 and at < self._ends[before]
