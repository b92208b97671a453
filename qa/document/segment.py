"""Cut a document into sentences and passages, given as offsets.

A text is first cut into blocks: paragraphs, list items, headings, header lines, furniture, rows of sheets.
`sentencex` cuts a block into sentences, and its cuts are then corrected. Runs of whole sentences make
passages, which tile the text. Reasons: docs/decisions/0001-sentences.md.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentencex import get_sentence_boundaries

from qa.schema import Document, Passage, Sentence, SentenceKind, Span
from qa.text.lines import lines
from qa.text.terms import HANGUL, MEASURED, measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PASSAGE_WORDS = 90
MOST_SENTENCE_WORDS = 150  # a longer sentence is cut at white space, so that a model can read it
# Version of the segmentation. Raise it when texts are segmented differently: then all files are read again.
SEGMENTATION = 2
MOST_SENTENCE_CHARACTERS = 1500
MOST_QUOTATION_WORDS = 60  # up to this length, a quotation of several sentences stays whole, with its speaker
_MOST_UNITS = 40  # sentences in a passage
# Characters that sentencex gets at once: its time grows with the square of the number of sentences, and of
# marks in a row. In the last `_UNSURE` characters of a portion, cuts may depend on the text after it.
_MOST_AT_ONCE = 4_000
_UNSURE = 200

_WORD = MEASURED
_TERMINAL = re.compile(r"[.!?…。！？][”’\"'»)\]*_」』）》]*(?: ''| [\"”])?$")
MARKER = re.compile(r"(?:[-•*–—▪◦‣·○●]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]|\[\d{1,3}\])(?=\s+\S)")
_NOTE_MARK = re.compile(r"(\[\w{1,6}\])\s+(?=\S)")
_ONLY_MARKER = re.compile(r"\W?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)]")
_MARKDOWN_HEADING = re.compile(r"#{1,6}\s+\S")

# sentencex reads quotation marks, brackets and line ends as spaces. Otherwise it would pair marks, which is
# slow, and wrong if a mark is not closed. It would also end sentences at line ends. Offsets stay the same.
_NEUTRAL = str.maketrans(dict.fromkeys('“”„‟‘"«»()「」『』（）《》\r\n\f\v\x85\u2028\u2029\t', " "))
_TYPED_QUOTES = re.compile(r"(?<!\S)(?:``|''?)|`{3,}")
_BEFORE_A_CUT = re.compile(
    r"(?:(?<![\s“”„‟\"'‘’«»(\[{「」『』（）《》])[\s“”„‟\"'‘’«»(\[{「」『』（）《》]++)?$"
)
_CLOSERS = re.compile(
    r"[”’\"'»)\]}」』）》]*[⁰¹²³⁴-⁹]*(?:\[(?:\d{1,3}|[a-z]|note \d+|citation needed)\])*"
    r"(?: (?:' )?(?:''|[\"”)\]])(?=\s|$))*"
)

# Abbreviations at which sentencex may wrongly end a sentence. After `_ABBREVIATION` it always goes on. After
# `_ABBREVIATION_OR_END` it goes on unless the next word often starts sentences. After `_BEFORE_A_NUMBER` it
# goes on only before a number.
_ABBREVIATION = re.compile(
    r"(?<![^\W_])(?:approx|ca|cf|vs|incl|resp|figs?|eqs?|e\.g|i\.e|viz|gen|col|lt|maj|sgt|capt|cmdr|adm|brig|rev"
    r"|messrs|mrs?|ms|drs?|prof)\.$",
    re.IGNORECASE,
)
_ABBREVIATION_OR_END = re.compile(
    r"(?<![^\W_])(?:paras?|dept|st|mt|ft|jan|feb|apr|jun|jul|aug|sept?|oct|nov|dec|spp?)\.$", re.IGNORECASE
)
_BEFORE_A_NUMBER = re.compile(
    r"(?<![^\W_])(?:nos?|nr|pp?|vols?|chs?|chap|secs?|sect|arts?|est|tel|ext|ed|eds|mar|mon|tues?|wed|thurs?|fri|sat"
    r"|sun|ver|v|c)\.$",
    re.IGNORECASE,
)
_TIME = re.compile(r"\b[ap]\.m\.$", re.IGNORECASE)
_AFTER_A_TIME = re.compile(
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:Jan|Febr)uary|March|April|May|June|July|August"
    r"|(?:Septem|Octo|Novem|Decem)ber|[A-Z]{2,3}T|GMT|UTC)\b"
)
_INITIALS = re.compile(r"(?:^|[^\w.])(?:[A-Z]\.[ -]?){1,40}$")
_STARTS_A_SENTENCE = re.compile(
    r"(?:The|A|An|In|On|At|It|He|She|They|We|I|This|That|These|Those|But|And|However|His|Her|Its|Their|As|If|For|By"
    r"|When|While|After|Before|There|No|Not|To|From|With)\b"
)
_INTERRUPTED = re.compile(r"(?:[?!…][”’\"'»)\]]*|\.\.|[.,][”’\"'»)\]]+)$")
# Ends that sentencex misses: "characteristics.The next", "He said no. Five left.", "at 4,000 m. Few".
_MISSED = re.compile(
    r"(?<=[a-z]{3})[.!?][”\"’)]*(?=[“\"]?(?:[A-Z][a-z]+|A|I)(?:[ ,]|$))"
    r"|\b(?:[Nn]o|ore|fed|[Mm]ay|me|miss|ill|ok|OK|art|arc|etc|la|DC|Ken|Bart|Penn|Yahoo)\."
    r"(?=\s+[“\"(]?(?:[A-Z][a-z]+|A|I)\b)"
    r"|(?<=[a-z][ /])[abd-oq-uw-z]\.(?=\s+(?:[A-Z][a-z]+|A|I)\b)"
    r"|\d ?(?:m|km|mm|cm|kg|g|l|t|h|mi|min) ?\.(?=\s+(?:[A-Z][a-z]+|A)\b)"
    rf"|(?<=[{HANGUL}])…+(?=\s)"
)
# A full stop without a space after it ends a sentence if a plain word precedes ("at noon.They left"), or if
# the next word often starts sentences ("in May.The ministry"). Otherwise it is a part of a word.
_PLAIN_WORD = re.compile(r"(?:^|[\s(“\"‘'’-])[a-z]{3,80}\.$")
_CAPITALISED = re.compile(r"(?:[A-Z][a-z]+|A|I)(?:[ ,]|$)")
# Text that continues a sentence after a quotation that ends like a sentence: "…”고 말했다" in Korean,
# "…」と言った" in Japanese. Chinese needs a verb of saying too, as another sentence may begin there.
_GOES_ON = re.compile(
    rf"[{HANGUL}]|と|[^\s。！？，；]{{0,10}}(?:[说說道称稱问問]道?|表示|指出|强调|強調)[，。！？：]"
)
_CLOSED = re.compile(r"[.!?…。！？][”’\"'»」』]+$")
_BRACKET = re.compile(r"``|''|[“”„«»()\[\]\"「」『』（）]")
_CLOSES = {"”": "“„", "»": "«", ")": "(", "]": "[", "''": ("``",), "」": "「", "』": "『", "）": "（"}
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that belong together, with their kind and the number of their paragraph.

    A block that `is_whole` is one sentence. Other body text and list items are cut into sentences.
    """

    start: int
    end: int
    kind: SentenceKind
    paragraph: int
    is_whole: bool = False


@dataclass(slots=True)
class _Unit:
    """A sentence and the page furniture around it, which stay in one passage. `kind` is the sentence's."""

    sentences: list[Sentence]
    words: int
    paragraph: int
    kind: SentenceKind


def sentences(document: Document) -> tuple[Sentence, ...]:
    """Return the sentences, headings, list items, header lines and page furniture, in order and disjoint.

    They begin and end without white space. Together they hold every character of the text that is not white
    space. A sentence of more than MOST_SENTENCE_WORDS or MOST_SENTENCE_CHARACTERS comes in pieces.
    """
    return tuple(sentence for sentence, _ in _sentences_with_paragraphs(document))


def passages(document: Document, words: int = PASSAGE_WORDS) -> tuple[Passage, ...]:
    """Return runs of whole sentences, of about `words` words, that tile the text; none for an empty text.

    A passage ends with a paragraph where possible. A passage also ends after a header of several lines, which
    answers "who published this?". Page furniture belongs to the passage before it.
    """
    text = document.text
    if not text:
        return ()
    units = _units(document)
    firsts = _first_units(units, words)
    starts = [0, *(units[first].sentences[0].start for first in firsts[1:])]
    return tuple(
        Passage(
            document.id, ordinal, start, end, tuple(s for unit in units[first:last] for s in unit.sentences)
        )
        for ordinal, (start, end, first, last) in enumerate(
            zip(starts, [*starts[1:], len(text)], firsts, [*firsts[1:], len(units)], strict=True)
        )
    )


# Blocks


def _blocks(document: Document) -> Iterator[_Block]:
    """Yield the blocks of a text, in order.

    A block ends at a blank line, at a line that does not continue it (`_continues`), and around each line of
    a header, of page furniture or of a sheet, and around each heading.
    """
    text = document.text
    all_lines = list(lines(text))
    width = max((line.end - line.start for line in all_lines), default=0)
    wrap_width = width if 45 <= width <= 130 else 0
    header = _SortedSpans(document.header)
    furniture = _SortedSpans(document.furniture)
    headings = {section.start for section in document.sections if section.kind == "section"}
    notes = {section.start for section in document.sections if section.kind in ("footnote", "endnote")}
    rows = {section.start for section in document.sections if section.kind == "row"}
    rows = rows if len(rows) > 1 else set()  # a text that is one row is prose
    paragraph = 0
    open_block: list[Span] = []

    def close() -> Iterator[_Block]:
        if open_block:
            first, last = open_block[0], open_block[-1]
            kind: SentenceKind = "body"
            if MARKER.match(text, first.start, first.end):
                kind = "list"
            elif (
                len(open_block) == 1
                and last is not all_lines[-1]
                and _looks_like_heading(text[first.start : first.end])
            ):
                kind = "heading"
            yield _Block(first.start, last.end, kind, paragraph)
            open_block.clear()

    previous_end = 0
    for line in all_lines:
        gap = text[previous_end : line.start]
        if gap.count("\n") > 1 or gap.count("\r") > 1 or "\f" in gap or "\u2029" in gap:
            yield from close()
            paragraph += 1
        previous_end = line.end
        if line.start in notes and (mark := _NOTE_MARK.match(text, line.start, line.end)):
            yield from close()
            yield _Block(
                line.start, line.start + len(mark[1]), "furniture", paragraph
            )  # the mark is not part of the note
            line = Span(mark.end(), line.end)
        own: SentenceKind | None = None
        if header.overlaps(line):
            own = "header"
        elif furniture.overlaps(line):
            own = "furniture"
        elif line.start in rows and "|" in text[line.start : line.end]:
            own = "body"
        elif line.start in headings or _MARKDOWN_HEADING.match(text, line.start, line.end):
            own = "heading"
        if own:
            yield from close()
            yield _Block(line.start, line.end, own, paragraph, is_whole=True)
        elif open_block and line.start not in rows and _continues(text, open_block, line, wrap_width):
            open_block.append(line)
        else:
            yield from close()
            open_block.append(line)
    yield from close()


class _SortedSpans:
    """Spans in order, to find out whether a line overlaps any of them."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = sorted(spans)
        self._starts = [span.start for span in self._spans]

    def overlaps(self, line: Span) -> bool:
        position = bisect_left(self._starts, line.end)
        return position > 0 and self._spans[position - 1].end > line.start


def _continues(text: str, block: list[Span], line: Span, wrap_width: int) -> bool:
    """Return whether a line continues the block above it.

    It does if the sentence goes on, if the line above was wrapped at `wrap_width`, or if the line is indented
    below a list item. `wrap_width` is in characters, and 0 if the lines of the text were not wrapped by hand.
    """
    above = block[-1]
    if MARKER.match(text, line.start, line.end):
        return False
    if MARKER.match(text, block[0].start, block[0].end) and _indent(text, line) > _indent(text, block[0]):
        return True
    length = above.end - above.start
    ended = _TERMINAL.search(text, max(above.start, above.end - 20), above.end)
    if text[line.start].islower() and not ended and length >= 30:
        return True
    word = _WORD.match(text, line.start, line.end)
    return bool(wrap_width and word and length + 1 + len(word.group()) >= wrap_width - 4)


def _indent(text: str, line: Span) -> int:
    """Return the number of characters between the line break and the first word of a line."""
    return line.start - 1 - max(text.rfind("\n", 0, line.start), text.rfind("\r", 0, line.start))


def _looks_like_heading(line_text: str) -> bool:
    """Return whether a line on its own is short, begins like a heading, and does not end like a sentence."""
    return (
        len(line_text) <= 100
        and measure(line_text) <= 12
        and not re.search(r"[.!?…,;。！？]$|:\s*+[^\s\d:]*+\d|[|\t]|\d\s?%", line_text)
        and not (line_text.endswith(":") and len(line_text.split()) > 4)
        and bool(re.search(r"[^\W\d_]", line_text))
        and not line_text[0].islower()
    )


# Sentences


def _sentences_with_paragraphs(document: Document) -> Iterator[tuple[Sentence, int]]:
    """Yield each sentence with the number of its paragraph."""
    for block in _blocks(document):
        whole = block.is_whole or block.kind in ("furniture", "heading")
        spans = [Span(block.start, block.end)] if whole else _cut(document, block.start, block.end)
        for span in spans:
            for piece in _short_enough(document.text, span):
                yield Sentence(piece.start, piece.end, block.kind), block.paragraph


def _cut(document: Document, start: int, end: int) -> Iterator[Span]:
    """Yield the sentences of a block, `text[start:end]`, without the white space between them."""
    text = document.text
    ends = sentence_ends(text, start, end, document.language)
    cuts = _without_cuts_in_quotations(text, start, end, ends)
    for first, last in zip([start, *cuts], [*cuts, end], strict=True):
        yield from _stripped(text, first, last)


def sentence_ends(text: str, start: int, end: int, language: str) -> list[int]:
    """Return where sentences end in `text[start:end]`, in order, also inside quotations."""
    marker = MARKER.match(text, start, end)
    begin = marker.end() if marker else start  # sentencex finds no end in an item that begins with a bullet
    cuts = sorted(set(_possible_ends_in_portions(text, begin, end, language)))
    ends: list[int] = []
    for position, cut in enumerate(cuts):
        after = cuts[position + 1] if position + 1 < len(cuts) else end
        if not _is_false_end(text, ends[-1] if ends else start, cut, after):
            ends.append(cut)
    return ends


def _possible_ends_in_portions(text: str, start: int, end: int, language: str) -> Iterator[int]:
    """Yield what `_possible_ends` yields. A long block is read in portions.

    Each portion begins with a sentence, if an end is sure enough, or else at a space.
    """
    while end - start > _MOST_AT_ONCE:
        limit = start + _MOST_AT_ONCE
        sure = [cut for cut in _possible_ends(text, start, limit, language) if start < cut < limit - _UNSURE]
        yield from sure
        start = max(sure, default=0) or text.rfind(" ", start + 1, limit) + 1 or limit
    yield from _possible_ends(text, start, end, language)


def _possible_ends(text: str, start: int, end: int, language: str) -> Iterator[int]:
    """Yield where sentences may end in `text[start:end]`: after closing quotation marks, before white space.

    The offsets are in no order. Some are false (`_is_false_end`).
    """
    neutral = _TYPED_QUOTES.sub(lambda quote: " " * len(quote.group()), text[start:end]).translate(_NEUTRAL)
    for boundary in get_sentence_boundaries(re.split("[-_]", language.lower())[0], neutral):
        reached = start + boundary["end_index"]
        if reached >= end:
            break
        back = _BEFORE_A_CUT.search(text, max(start, reached - 100), reached)
        closers = _CLOSERS.match(text, back.start() if back else reached, end)
        yield closers.end() if closers else reached
    for missed in _MISSED.finditer(text, start, end):
        yield missed.end()


def _is_false_end(text: str, start: int, cut: int, after: int) -> bool:
    """Return whether the sentence `text[start:cut]` really goes on with `text[cut:after]`."""
    left = text[max(start, cut - 80) : cut].strip()
    right = text[cut : min(after, cut + 80)].strip()
    if not left or not right:
        return True
    if text[cut - 1] == "." and text[cut].isalnum() and text[cut] < "\u1100":  # not in Chinese or Korean
        starts = right[1:2].islower() and _STARTS_A_SENTENCE.match(right)
        return not (_CAPITALISED.match(right) and (starts or _PLAIN_WORD.search(left)))
    if not text[cut].isspace() and _CLOSED.search(left) and _GOES_ON.match(right):
        return True
    if _ONLY_MARKER.fullmatch(left):
        return True  # the number of a list item or of a section
    if right[0].islower() and (_INTERRUPTED.search(left) or _TIME.search(left)):
        return True  # “What?” she asked.
    if _BEFORE_A_NUMBER.search(left):
        return right[0].isdigit()
    if _ABBREVIATION.search(left):
        return True
    if _TIME.search(left):
        return bool(_AFTER_A_TIME.match(right))
    if _STARTS_A_SENTENCE.match(right):
        return False
    return bool(_ABBREVIATION_OR_END.search(left) or (_INITIALS.search(left) and right[0].isupper()))


def _without_cuts_in_quotations(text: str, start: int, end: int, cuts: list[int]) -> list[int]:
    """Return the cuts without those that would split a sentence inside a quotation or brackets.

    The cuts stay if the whole sentence has more than MOST_QUOTATION_WORDS. A quotation without words around
    it may be cut, because it has no speaker to lose.
    """
    dropped: set[int] = set()
    for opened, closed in _quotations(text, start, end):
        first, last = bisect_right(cuts, opened), bisect_right(cuts, closed)
        if first == last:
            continue
        sentence_start = cuts[first - 1] if first else start
        sentence_end = cuts[last] if last < len(cuts) else end
        if sentence_end - sentence_start > 20 * MOST_QUOTATION_WORDS:
            continue
        bare = not (
            text[sentence_start:opened].strip() or text[closed + 1 : sentence_end].strip(" \r\n\t’”'\".)")
        )
        if not bare and measure(text[sentence_start:sentence_end]) <= MOST_QUOTATION_WORDS:
            dropped.update(cuts[first:last])
    return [cut for cut in cuts if cut not in dropped]


def _quotations(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the outermost pairs of quotation marks or brackets, as the offsets at which the marks begin."""
    stack: list[tuple[str, int]] = []
    for match in _BRACKET.finditer(text, start, end):
        mark, at = match.group(), match.start()
        if mark == '"':
            opens = (
                (at == start or text[at - 1] in " \n\r\t([—–-“")
                and at + 1 < end
                and not text[at + 1].isspace()
            )
            partners: Sequence[str] = "" if opens else '"'
        else:
            partners = _CLOSES.get(mark, "")
            opens = not partners
        if opens:
            if len(stack) == _DEEPEST:
                stack.clear()  # so many unclosed marks are not pairs
            stack.append((mark, at))
            continue
        while stack and stack[-1][0] not in partners and any(opened in partners for opened, _ in stack):
            stack.pop()
        if stack and stack[-1][0] in partners:
            opened_at = stack.pop()[1]
            if not stack:
                yield opened_at, at


def _stripped(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield `text[start:end]` without white space at its ends, or nothing if it is only white space."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    if left < right:
        yield Span(start + left, start + right)


def _short_enough(text: str, span: Span) -> Iterator[Span]:
    """Yield a sentence, in pieces if it is too long for the models: cut at white space, or else anywhere."""
    words = [(match.start(), match.end()) for match in _WORD.finditer(text, span.start, span.end)]
    if len(words) <= MOST_SENTENCE_WORDS and span.end - span.start <= MOST_SENTENCE_CHARACTERS:
        yield span
        return
    pieces = -(-len(words) // MOST_SENTENCE_WORDS)
    most_words = -(-len(words) // pieces)
    start, count = span.start, 0
    for position, (first, last) in enumerate(words):
        if count == most_words or (count and last - start > MOST_SENTENCE_CHARACTERS):
            yield Span(start, words[position - 1][1])
            start, count = first, 0
        while last - start > MOST_SENTENCE_CHARACTERS:
            yield Span(start, start + MOST_SENTENCE_CHARACTERS)
            start += MOST_SENTENCE_CHARACTERS
        count += 1
    yield Span(start, span.end)


# Passages


def _units(document: Document) -> list[_Unit]:
    """Return the sentences, each with the page furniture after it.

    The first sentence also has the furniture above it. A text of only furniture is one unit.
    """
    units: list[_Unit] = []
    on_top: list[Sentence] = []  # page furniture above the first sentence
    for sentence, paragraph in _sentences_with_paragraphs(document):
        if sentence.kind != "furniture":
            words = measure(document.text[sentence.start : sentence.end])
            units.append(_Unit([*on_top, sentence], words, paragraph, sentence.kind))
            on_top.clear()
        elif units:
            units[-1].sentences.append(sentence)
        else:
            on_top.append(sentence)
    return units or [_Unit(on_top, 0, 0, "furniture")]


def _first_units(units: list[_Unit], passage_words: int) -> list[int]:
    """Return the index of the first unit of each passage of about `passage_words` words.

    The passages have the least total cost of sizes and ends.
    """
    words = [unit.words for unit in units]
    walls = [_is_header_end(units, position) for position in range(len(units))]
    best, came_from = [0.0], [0]
    for end in range(1, len(units) + 1):
        cheapest, origin, size = float("inf"), end - 1, 0
        for start in range(end - 1, max(-1, end - 1 - _MOST_UNITS), -1):
            size += words[start]
            if size > 2 * passage_words and start < end - 1:
                break
            cost = best[start] + ((size - passage_words) / passage_words) ** 2
            if cost < cheapest:
                cheapest, origin = cost, start
            if walls[start]:
                break
        best.append(cheapest + _end_cost(units, end))
        came_from.append(origin)
    firsts, first = [0], came_from[-1]
    while first > 0:
        firsts.append(first)
        first = came_from[first]
    return sorted(firsts)


def _end_cost(units: list[_Unit], end: int) -> float:
    """Return the cost of ending a passage before unit `end`."""
    if end == len(units):
        return 0.0
    if units[end - 1].kind == "heading":
        return 1.0  # a heading belongs to the text below it
    return 0.0 if units[end].paragraph != units[end - 1].paragraph else 0.3


def _is_header_end(units: list[_Unit], position: int) -> bool:
    """Return whether a header of several lines ends before this unit. No passage spans that end."""
    kinds = [unit.kind == "header" for unit in units[max(0, position - 2) : position + 1]]
    return kinds == [True, True, False]
