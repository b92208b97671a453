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
    quotations = _quotations(text, blocks)
    prose = _Prose(text, quotations, headings, added, edges, page_notes or {}, is_markdown=is_markdown)
    claims = [*prose.quoted(), *prose.only_cited(), *prose.unpaired()]
    yield from (claim for _, claim in sorted(claims, key=lambda pair: pair[0]))


class _Prose:
    """A running text with its quotations and headings. See `of_prose` for the other arguments.

    The methods yield claims, each with the offset at which it stands.
    """

    def __init__(
        self,
        text: str,
        quotations: Sequence[Quotation],
        headings: Sequence[tuple[int, int]],
        added: Sequence[int],
        edges: Sequence[int],
        page_notes: Mapping[str, str],
        *,
        is_markdown: bool,
    ) -> None:
        self._text = text
        self._added = added
        self._edges = edges
        self._is_markdown = is_markdown
        self._line_ends = [match.start() for match in re.finditer("\n", text)]
        self._cited = [match for match in CITATION_ID.finditer(text) if int(match[2]) < int(match[3])]
        self._found = list(self._with_ids(quotations))
        self._titles = _Ranges(title_places(text, headings))
        self._notes = _Ranges(note_places(text, headings))
        self._notes_by_mark = {**notes_of(text), **page_notes}
        self._rows = Rows(text)
        self._sentences = Sentences(text)

    def quoted(self) -> Iterator[tuple[int, Claim]]:
        """Yield the claims of quotations, and of the titles after them that may be quotations too."""
        for quotation, ids in self._found:
            if not (ids or quotation.title) and measure(quotation.words) < LEAST_WORDS:
                yield quotation.start, Claim(quotation.words, self._line(quotation.start), short=True)
                continue
            yield quotation.start, self._claim(quotation, ids)
            if quotation.marked and measure(quotation.title) >= LEAST_WORDS:
                at = self._text.find(quotation.title, quotation.end)
                yield at, Claim(quotation.title, self._line(at), maybe_title=True)

    def only_cited(self) -> Iterator[tuple[int, Claim]]:
        """Yield the claims of citations without a quote. Leave out a citation that only repeats the last."""
        text = self._text
        claimed = {match.start() for _, ids in self._found for match in ids}
        last = None
        hashes = [match.end() for match in _HASH.finditer(text)]
        ends = [
            *(quotation.range[1] for quotation, _ in self._found),
            *(match.end() for match in self._cited),
        ]
        begins = sorted([0, *hashes, *ends])
        for match in self._cited:
            begin = max(begins[bisect_right(begins, match.start()) - 1], match.start() - MOST_BESIDE)
            words = own_words(text[max(begin, text.rfind("\n\n", begin, match.start())) : match.start()])
            if match.start() not in claimed and (match[0] != last or words):
                line, beside = self._line(match.start()), without_links(words)
                yield match.start(), Claim(None, line, citation_in(match), beside=beside)
            last = match[0]

    def unpaired(self) -> Iterator[tuple[int, Claim]]:
        """Yield the claims of quotation marks without their other."""
        read = _Ranges(quotation.range for quotation, _ in self._found)
        for mark in UNPAIRED.finditer(self._text):
            if not read.contain(mark.start()):
                words = self._text[mark.start() : mark.start() + _MOST_SHOWN].partition("\n")[0]
                yield mark.start(), Claim(words, self._line(mark.start()), unpaired=True)

    def _with_ids(self, quotations: Sequence[Quotation]) -> Iterator[tuple[Quotation, list[re.Match[str]]]]:
        """Yield each quotation with the citation ids that belong to it."""
        at_ids = [match.start() for match in self._cited]
        end = len(self._text)
        for quotation, following in pairwise([*quotations, Quotation(end, end, "")]):
            after = slice(bisect_left(at_ids, quotation.end), bisect_left(at_ids, following.start))
            yield quotation, _own_ids(self._text, quotation, self._cited[after])

    def _claim(self, quotation: Quotation, ids: Sequence[re.Match[str]]) -> Claim:
        """Return the claim of a quotation with the citation ids that belong to it."""
        start, end = quotation.start, quotation.end
        cites = bool(ids or quotation.title)
        cell = self._rows.cell(start)
        noted_there = self._notes.contain(start)
        in_note = not cites and noted_there
        in_cell = quotation.form == "quotation marks" and cell is not None
        bounds = cell or block_around(self._text, start, end, self._edges)
        before, after = self._sentences.around(start, end, *bounds, noted=in_note)
        following_quote = _NEXT_QUOTE.search(after)
        said_of_it = after[: following_quote.start()] if following_quote else after
        references = [*noted(said_of_it, self._notes_by_mark), *self._rows.beside(start)]
        if in_note:
            references.append(f"{LABEL.sub('', before)} {after}")
        return Claim(
            markdown.without_escapes(quotation.words) if self._is_markdown else quotation.words,
            self._line(start),
            citation_in(ids[0]) if ids else None,
            title=quotation.title,
            maybe_title=in_note or (not cites and self._titles.contain(start)),
            maybe_work=in_note and cites_work(quotation.words, before, after),
            paragraphs=quotation.paragraphs and not ids,
            readings=quotation.readings,
            before=before,
            after=after,
            references=tuple(references),
            shape="note" if noted_there else "table cell" if in_cell else quotation.form,
        )

    def _line(self, at: int) -> int:
        """Return the number of the line at an offset. Line ends that were added do not count."""
        return bisect_left(self._line_ends, at) - bisect_left(self._added, at) + 1


def _quotations(text: str, blocks: Sequence[tuple[int, int]]) -> list[Quotation]:
    """Return the quotations of a text in order: above citations, in block quotes and between marks."""
    ends = Ends(text)
    quotations = [*quotes_above(text, ends)]
    above = _Ranges(quotation.range for quotation in quotations)
    for start, end in blocks:
        quotations += [
            quotation
            for quotation in markdown.quotes_of_block(text, start, end, ends)
            if not above.contain(quotation.start)
        ]
    whole = _Ranges(quotation.range for quotation in quotations)
    for start, end, words in markdown.html_quotes(text):
        if words and not whole.contain(start) and not is_marked(words, 0, len(words), Ends(words)):
            quotations.append(Quotation(start, end, words, paragraphs=True, form="block quote"))
    quoted = deque(sorted(quotation.range for quotation in quotations))
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
        quotations.append(Quotation(opened.start(), close, text[opened.start() + 1 : close - 1], at, title))
    return sorted(quotations)


def _own_ids(text: str, quotation: Quotation, after: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """Return the citation ids after a quotation that belong to it, up to an id with other words before it."""
    ids = [match for match in after[:_MOST_LINKS] if text.count("\n\n", quotation.end, match.start()) < 2]
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
