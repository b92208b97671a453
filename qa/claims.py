"""What a file quotes: read out of answers, of pages and reports, and of any text.

A claim is what somebody says that a document says; `qa.verify` compares it with the documents.
"""

from __future__ import annotations

import csv
import html as entities
import io
import json
import re
from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from qa import cells
from qa.cite import CitationId, locator, visible
from qa.errors import InputError
from qa.formats.kinds import kind_of
from qa.formats.markup import breaks
from qa.formats.source import PLAIN, Source
from qa.formats.worker import Worker
from qa.terms import measure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml.html import HtmlElement

# In running text, fewer words (`qa.terms.measure`) in quotation marks are a name or a title.
LEAST_WORDS = 3
# In running text, a quotation that goes on for longer has lost its end.
MOST_CHARACTERS = 20_000

# A quote has few links; those of a list of links have none.
MOST_LINKS = 4

# Words before a citation without a quote.
_MOST_BESIDE = 2_000

# Formats that are read as they stand; a web page in another encoding than UTF-8 is read as one indexes it.
_TEXTS = ("text", "markdown", "jsonl", "csv")
_AS_IT_IS = (None, "html", *_TEXTS)

_ID = re.compile(r"\b([0-9a-f]{64})/([0-9]{1,12})-([0-9]{1,12})\b")
# What a citation begins with; what it quotes later is the name of a section.
_CITES = re.compile(r"(?:\[[0-9]+\] )?(?:[—–-] ?)?(?=“)")
_CITATION_LINE = re.compile(r"[ \t]*\n[ \t]*(?:[—–-] ?)?(?P<cites>“.+?”(?:,[^\n]*)?)[ \t]*(?=\n|$)")
_NUMBERED = re.compile(r"\[[0-9]+\] “")
# How lines begin that go on in a part of an answer; other lines after it are somebody's own.
_AFTER = {"citation": ("  ", "Also in: "), "closing": ("Confidence that ", "Searched ", "Note: ")}
# Which marks close a quotation, by the one that opens it.
_CLOSING = {"“": "”", "„": "“”", "«": "»", "「": "」", "『": "』"}
_MARKS = "".join({'"', *_CLOSING, *_CLOSING.values()}) + "”"
# A single mark opens a quotation after a blank, a bracket or another mark; not for letters: ’90s.
_OPENS_SINGLE = (
    r"(?<![^\s(\[{“„«—–>\"])['‘](?![\s'’‘])"
    r"(?![0-9]|(?:[Tt](?:is|was|were|will|would)|ave|bout|cause|cos|e|em|ere|gainst|im|m|n|neath|re|round|s|t|til)\b)"
)
_QUOTATION = re.compile(rf"[{''.join(_CLOSING)}]|(?<![\w\"])\"(?=\S)|{_OPENS_SINGLE}")
# It closes one before a blank or punctuation. Before another word, what ends in s, -in’ or ’n’ is most likely
# “the dogs’ bowls”.
_SINGLE = re.compile(
    rf"(?P<opens>{_OPENS_SINGLE})|(?P<doubtful>(?:(?<=[sS])|(?<=\w\win)|(?<=['’]n))['’](?=\s+\w))"
    r"|(?P<closes>(?<=\S)['’](?!\w))|(?P<ends>\n\s*\n)"
)
_BLOCK_QUOTE = re.compile(r"(?m)^>[^\n]*(?:\n>[^\n]*)*")
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_HTML_BLOCK = re.compile(r"<(?P<closes>/?)blockquote\b[^<>]*>", re.IGNORECASE)
_HTML = re.compile(
    r"\A\s*<(?:p|div|q|blockquote|ul|ol|li|table|section|article|main|span|h[1-6]|body|head|a|b|i|em|strong)\b[^<>]*>"
    r"|<!doctype html|<html|<\?xml[^<>]*>\s*<!doctype html|<a [^<>]*class=\"?cite", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A quote as a file has it. `text` is None where there is only its citation.

    `line` counts from 1, and `where` says in words where that is in a file that has no lines ("page 2");
    `document` is the id and `title` the title that it is ascribed to, as far as said.
    In running text (not `exact`) lines may be broken anew and control characters be shown as symbols.
    `wrong` says why its citation names no place, where that is so. What is `short` is most likely no quote;
    an `unpaired` mark may begin or end one. A `heading` is none if it is the title of a document, which what
    stands before it is ascribed to. The `paragraphs` of a block may be quotes of their own. Other `readings`
    of the same words go without those before the quote, where the file does not tell which they are. What
    stands `beside` a citation without a quote are the words before it.
    """

    text: str | None
    line: int
    citation: CitationId | None = None
    document: str = ""
    title: str = ""
    exact: bool = False
    wrong: str = ""
    short: bool = False
    where: str = ""
    unpaired: bool = False
    heading: bool = False
    paragraphs: bool = False
    readings: tuple[str, ...] = ()
    beside: str = ""


def claims(path: Path) -> tuple[list[Claim], list[Claim]]:
    """Read what a file quotes, in order: answers as JSON or JSON lines, CSV, HTML, Markdown or plain text.

    A file of any other format that is indexed is read as it is then, in a process of its own.
    Gives what was passed over, too: quotations of fewer than `LEAST_WORDS`, and marks without their other.

    Raises:
        InputError: it cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    source = Source(str(path), path.name, data)
    kind, refused = None, None
    try:
        kind = kind_of(source)[0].name
    except InputError as error:
        refused = error
    try:
        text = data.decode("utf-8-sig") if kind in _AS_IT_IS else None
    except UnicodeDecodeError as error:
        text = None
        refused = refused or InputError(f"{path} is not UTF-8 text: export it as text, HTML or JSON lines")
        refused.__cause__ = error
    if text is None and (kind is None or kind in _TEXTS):
        assert refused is not None  # noqa: S101 - nothing else leaves these without a text
        raise refused
    found = _all(text, kind or "") if text is not None else list(_of_documents(source))
    kept = [claim for claim in found if not (claim.short or claim.unpaired)]
    return kept, [claim for claim in found if claim.short or claim.unpaired]


def _of_documents(source: Source) -> Iterator[Claim]:
    """Read what the documents of a file quote, each with where it stands in the words of a citation.

    Raises:
        InputError: a document is refused.
    """
    with Worker() as worker:
        for document in worker.read(source, PLAIN):
            if isinstance(document, InputError):
                raise document
            line_at = [0, *(match.end() for match in re.finditer("\n", document.text))]
            for claim in _all(document.text):
                at = line_at[min(claim.line, len(line_at)) - 1]
                where = locator(document, at, at + 1) if document.text else ""
                parts = (visible(document.id.lstrip("/#")), where)
                yield replace(claim, where=", ".join(filter(None, parts)))


def of_text(text: str) -> list[Claim]:
    """Read what a text quotes, whatever it is."""
    return [claim for claim in _all(text) if not (claim.short or claim.unpaired)]


def _all(text: str, kind: str = "") -> list[Claim]:
    if text.lstrip()[:1] in ("{", "["):
        try:
            found = _of_json(text)
        except RecursionError:  # brackets a thousand deep
            found = None
        if found is not None:
            return found
    if kind == "html" or _HTML.search(text):
        return list(_of_html(text))
    first = text.lstrip("\r\n").partition("\n")[0]
    if kind == "csv" or ({"question", "quote"} <= {*re.split(r"\W+", first.lower())} and _cells(first)):
        return list(_of_table(text))
    text = text.replace("\r\n", "\n")
    if re.search(r"(?m)^Question: ", text) and re.search(r"(?m)^(?:  )?\[[0-9]+\] “", text):
        return sorted(_of_transcript(text), key=lambda claim: claim.line)
    return list(_of_prose(text))


# JSON


def _of_json(text: str) -> list[Claim] | None:
    """Read one JSON value, or one a line; None where it is neither."""
    try:
        values = [(1, json.loads(text))]
    except ValueError:
        try:
            lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
            values = [(n, json.loads(line)) for n, line in lines]
        except ValueError:
            return None
    return [claim for line, value in values for claim in _of_value(value, line)]


def _of_value(value: object, line: int) -> Iterator[Claim]:
    """Find quotes in a value, at any depth: those of answers, and those of test queries, mere strings."""
    if isinstance(value, list):
        for each in value:
            yield from _of_value(each, line)
    elif isinstance(value, dict):
        if isinstance(value.get("sha256"), str) and isinstance(value.get("text"), str) and "start" in value:
            yield _of_quote(value, line)
            return
        for name, each in value.items():
            if name == "quotes" and isinstance(each, list) and all(isinstance(one, str) for one in each):
                document = value.get("document")
                named = document if isinstance(document, str) else ""
                yield from (Claim(one, line, document=named, exact=True) for one in each)
            else:
                yield from _of_value(each, line)


def _of_quote(quote: dict[str, Any], line: int) -> Claim:
    named = quote.get("citation")
    title = named.get("title", "") if isinstance(named, dict) else ""
    start, end = quote["start"], quote.get("end")
    if type(start) is int and type(end) is int:
        place = CitationId(quote["sha256"], start, end)
        wrong = _wrong(place)
    else:
        place, wrong = None, f"start {start!r} and end {end!r} are not both whole numbers"
    return Claim(quote["text"], line, place, str(quote.get("document", "")), str(title), True, wrong)


# CSV


def _cells(line: str) -> tuple[str, list[str]]:
    """Split the header of a table: by what cuts it into the most cells."""
    return max(((mark, line.split(mark)) for mark in ",;\t|"), key=lambda each: len(each[1]))


def _of_table(text: str) -> Iterator[Claim]:
    """Read the cells of a table: quotes in the columns called so, running text in others.

    As in JSON lines, what was asked, and what was rejected, is not read.
    """
    named = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    rest = text[named.end() :] if named else text
    delimiter = named[1] if named else _cells(rest.lstrip("\r\n").partition("\n")[0])[0]
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    rows = csv.reader(io.StringIO(rest, newline=""), delimiter=delimiter)
    names: list[str] = []
    begins = 1 + bool(named)
    for row in rows:
        line, begins = begins, rows.line_num + 1 + bool(named)
        if not names:
            names = [name.strip().lower() for name in row]
            continue
        document = next((cell for name, cell in zip(names, row, strict=False) if name == "document"), "")
        for name, cell in zip_longest(names, map(cells.read, row), fillvalue=""):
            if "quot" in name:
                parts = cell.splitlines() if name == "quotes" else [cell]
                for part in filter(None, map(without_marks, parts)):
                    yield Claim(part, line, document=document)
            elif name not in ("question", "history", "rejected"):
                yield from (replace(each, line=line + each.line - 1) for each in _of_prose(cell))


# HTML


def _of_html(text: str) -> Iterator[Claim]:
    """Find quotes (`.quote`, blockquote, q), each with the citation that follows; the rest is prose."""
    from lxml import etree, html

    tree = html.document_fromstring(text)
    for hidden in tree.xpath("//script | //style"):
        hidden.clear(keep_tail=True)
    for carriage in tree.xpath("//i[@class='cr']"):
        carriage.text = "\r"
    waiting: HtmlElement | None = None
    last = None
    beside: list[str] = []  # words since the last quote or citation of the paragraph
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if not isinstance(element.tag, str):
            beside += [element.tail or ""] if event == "end" else []
            continue
        if breaks(element):
            beside = []
        if event == "end":
            beside.append(element.tail or "")
            continue
        before = " ".join([*beside, element.text_content()]) if element.tag == "a" else ""
        beside.append(element.text or "")
        classes = (element.get("class") or "").split()
        if "quote" in classes or (element.tag in ("blockquote", "q") and _quotes(element)):
            if waiting is not None:
                yield _of_element(waiting)
            waiting, last = element, None
        elif (match := _ID.search(element.get("href") or "")) or "cite" in classes:
            place = _place(match) if match else None
            if waiting is not None:
                yield _of_element(waiting, place, element)
                before = ""
            elif place and place != last:
                ours = any((each.get("class") or "").startswith("answer") for each in element.iterancestors())
                words = "" if ours else before[-_MOST_BESIDE:]
                yield Claim(None, element.sourceline or 1, place, wrong=_wrong(place), beside=words)
            waiting, last = None, place or last
            beside = []
    if waiting is not None:
        yield _of_element(waiting)
    for read in tree.xpath(_READ):
        read.clear(keep_tail=True)  # `drop_tree` joins the text around them again for each
    yield from _of_prose(*_joined(tree))


def _joined(element: HtmlElement) -> tuple[str, list[int]]:
    """Give an element's text, its paragraphs in lines of their own, and where a line end was put in for that."""
    from lxml import etree

    pieces: list[str] = []
    added: list[int] = []
    length = 0
    for event, node in etree.iterwalk(element, events=("start", "end")):
        words = node.text if event == "start" else node.tail if node is not element else None
        apart = isinstance(node.tag, str) and (breaks(node) or (node.tag == "br" and event == "end"))
        if apart and pieces and not pieces[-1].endswith("\n"):
            pieces.append("\n")
            added.append(length)
            length += 1
        if words and isinstance(node.tag, str) | (event == "end"):
            pieces.append(words)
            length += len(words)
    return "".join(pieces), added


# What is not running text: quotes, citations, and what the program itself says in an answer.
_READ = (
    "//blockquote | //q | //a[contains(@href, '#cite=')] | //*[contains(concat(' ', @class, ' '), ' quote ')]"
    " | //*[contains(concat(' ', @class, ' '), ' cite ')] | //article[starts-with(@class, 'answer')]"
    # What was asked, in the chat and in a report of an evaluation.
    " | //*[contains(concat(' ', @class, ' '), ' message user ')]"
    " | //article[starts-with(@class, 'question')] | //tr[@data-v]"
)


def _quotes(element: HtmlElement) -> bool:
    """Whether an element quotes by itself: not within or around another, nor what pages say of a question."""
    inside = any(
        "quote" in (above.get("class") or "").split() or above.tag in ("blockquote", "q")
        for above in element.iterancestors()
    )
    if inside:
        return False
    around = element.xpath(".//*[contains(concat(' ', @class, ' '), ' quote ')]")
    parent = element.getparent()
    question = parent is not None and (parent.text or "").startswith("Understood as:")
    return not (around or question)


def _of_element(
    element: HtmlElement, place: CitationId | None = None, cite: HtmlElement | None = None
) -> Claim:
    titles = cite.xpath(".//*[@class='title']") if cite is not None else []
    said = " ".join(cite.text_content().split()) if cite is not None else ""
    title = titles[0].text_content() if titles else _title(said)
    ours = "quote" in (element.get("class") or "").split()
    text = element.text_content() if ours else without_marks(_joined(element)[0])
    return Claim(
        text,
        element.sourceline or 1,
        place,
        title=title,
        exact=ours,
        wrong=_wrong(place),
        paragraphs=not (ours or place),
    )


def without_marks(text: str) -> str:
    """Leave out the quotation marks around a quote."""
    text = text.strip()
    single = re.match(_OPENS_SINGLE, text) and _Ends(text).of(0) == len(text)
    return (text[1:-1] if single else text.strip(_MARKS)).strip()


# Text


def _of_transcript(text: str) -> Iterator[Claim]:
    """Read answers as `pullquote ask` writes them: a quote is all that stands above its numbered citation.

    In a terminal it indents them and breaks lines. What stands around the answers is running text: a report
    that they were pasted into.
    """
    around = text.split("\n")
    lines = [line.removeprefix("  ").rstrip() for line in around]
    begin: int | None = None
    part = ""  # of an answer, up to the next empty line
    for at, line in enumerate(lines):
        if line.startswith("Question: "):
            part, begin = "opening", None
        elif begin is not None and line.startswith("Confidence that the corpus states the answer: "):
            part, begin = "closing", None
        elif begin is not None and _NUMBERED.match(line):
            around[begin : at + 1] = [""] * (at + 1 - begin)
            begin += 2 * (lines[begin : begin + 2] == ["[…]", ""])
            yield Claim("\n".join(lines[begin:at]), begin + 1, title=_title(line))
            part, begin = "citation", None
        elif not line:
            begin = begin if part in ("", "closing") else at + 1
            part = ""
        if part == "opening" or around[at].startswith(_AFTER.get(part, ())):
            around[at] = ""
    yield from _of_prose("\n".join(around))


def _of_prose(text: str) -> Iterator[Claim]:
    """Read quotations, with the citation line or citation id that follows, and citation ids by themselves.

    In one pass, whatever the text: what is looked for again and again is looked up (`_Ends`, `_Lines`).
    """
    blocks = [match.span() for match in _BLOCK_QUOTE.finditer(text)]
    # As long as it was, so that offsets stay.
    text = re.sub(r"(?m)^(?:> ?)+", lambda match: " " * len(match[0]), text)
    # Attributes are no quotations.
    text = _TAG.sub(lambda match: match[0].replace('"', " ").replace("'", " "), text)
    ends = _Ends(text)
    found: list[tuple[int, int, str]] = []
    for start, end in blocks:
        inner = re.split(r"\n[^\S\n]*\n|\n(?=\s*(?:[—–-]+ |\[|“[^\n]+”, ))", text[start:end], maxsplit=1)[0]
        at = start + len(inner) - len(inner.lstrip())
        single = text[at : at + 1] in ("'", "‘") and ends.of(at)
        if not single and not inner.lstrip().startswith(('"', *_CLOSING)):
            found.append((at, start + len(inner.rstrip()), inner.strip()))
    for start, end, inner in _html_blocks(text):
        if inner and not inner.startswith(('"', *_CLOSING)):
            found.append((start, end, inner))
    found.sort()
    quoted = deque((start, end) for start, end, _ in found)
    at = 0
    while opened := _QUOTATION.search(text, at):
        while quoted and quoted[0][0] <= opened.start():
            at = max(at, quoted.popleft()[1])
        if opened.start() < at:  # inside what is quoted as a whole
            continue
        close = ends.of(opened.start())
        if close is None:
            at = opened.end()
            continue
        found.append((opened.start(), close, text[opened.start() + 1 : close - 1]))
        line = _CITATION_LINE.match(text, close)
        at = line.end() if line else close
    found.sort()
    cited = [match for match in _ID.finditer(text) if int(match[2]) < int(match[3])]
    at_ids = [match.start() for match in cited]
    claimed: set[int] = set()
    claims: list[tuple[int, Claim]] = []
    line_of = _Lines(text).of
    next_starts = [*(start for start, _, _ in found[1:]), len(text)]
    for (start, end, words), following in zip(found, next_starts, strict=False):
        beside = cited[bisect_left(at_ids, end) : bisect_left(at_ids, following)]
        ids = [match for match in beside[:MOST_LINKS] if text.count("\n\n", end, match.start()) < 2]
        line = _CITATION_LINE.match(text, end)
        claimed |= {match.start() for match in ids}
        place = _place(ids[0]) if ids else None
        title = _title(line["cites"]) if line else ""
        short = not (ids or line) and measure(words) < LEAST_WORDS
        claims.append((start, Claim(words, line_of(start), place, title=title, short=short)))
    last = None
    for match in cited:
        if match.start() not in claimed and match[0] != last:
            claims.append((match.start(), Claim(None, line_of(match.start()), _place(match))))
        last = match[0]
    yield from (claim for _, claim in sorted(claims, key=lambda each: each[0]))


def _title(cites: str) -> str:
    """Read the title that a citation begins with, in quotation marks; empty where a broken line cuts it."""
    begun = _CITES.match(cites)
    end = _Ends(cites).of(begun.end()) if begun else None
    return cites[begun.end() + 1 : end - 1] if begun and end and cites[end : end + 1] in ("", ",") else ""


def _html_blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where block quotes of HTML stand, and what each says."""
    tags = list(_HTML_BLOCK.finditer(text))
    closing = [tag.start() for tag in tags if tag["closes"]]
    ends = {tag.start(): tag.end() for tag in tags if tag["closes"]}
    at = 0
    for tag in tags:
        next_close = bisect_left(closing, tag.end())
        if tag["closes"] or tag.start() < at or next_close == len(closing):
            continue
        close = closing[next_close]
        if close - tag.end() <= MOST_CHARACTERS:
            at = ends[close]
            yield tag.start(), at, entities.unescape(_TAG.sub(" ", text[tag.end() : close])).strip()


class _Ends:
    """Where the quotations of a text end, after their closing marks; quotations may hold others."""

    def __init__(self, text: str) -> None:
        self._text = text
        # Straight marks that end a quotation, and the empty lines that no quotation goes over.
        self._straight = [(m.start(), m.end(), m[0] == '"') for m in re.finditer(r"\"(?!\w)|\n\s*\n", text)]
        # What is pasted holds an opening mark without its other, and ends before a citation line.
        self._pasted = [m.end() for m in re.finditer(r"”(?=\n“[^\n]+”)", text)]
        self._partners = _singles(text)
        stacks: dict[str, list[int]] = {opening: [] for opening in _CLOSING}
        for mark in re.finditer(f"[{''.join(stacks)}{''.join(_CLOSING.values())}]", text):
            for opening, stack in stacks.items():
                if mark[0] == opening:
                    stack.append(mark.start())
                elif stack and mark[0] in _CLOSING[opening]:
                    self._partners[stack.pop()] = mark.end()

    def of(self, start: int) -> int | None:
        """Tell where the quotation that begins there ends, if it does within MOST_CHARACTERS."""
        limit = start + MOST_CHARACTERS
        if self._text[start] == '"':
            at = bisect_right(self._straight, (start, len(self._text), True))
            _, end, closes = self._straight[at] if at < len(self._straight) else (0, limit + 1, False)
            return end if closes and end <= limit else None
        end = self._partners.get(start, limit + 1)
        if end > limit:
            at = bisect_right(self._pasted, start)
            end = self._pasted[at] if at < len(self._pasted) else limit + 1
        return end if end <= limit else None


def _singles(text: str) -> dict[int, int]:
    """Pair single quotation marks: where each opens, and after which it closes, in the same paragraph.

    A mark that is most likely an apostrophe closes what nothing else does, unless that is a straight one.
    """
    partners: dict[int, int] = {}
    doubtful: dict[int, int] = {}
    opened: dict[str, list[int]] = {"'": [], "’": []}
    for mark in _SINGLE.finditer(text):
        if mark["ends"]:
            opened = {closing: [] for closing in opened}
            continue
        waiting = opened["’" if mark[0] == "‘" else mark[0]]
        if mark["opens"]:
            waiting.append(mark.start())
        elif waiting and mark["closes"]:
            partners[waiting.pop()] = mark.end()
        elif waiting and mark[0] == "’":
            doubtful.setdefault(waiting[-1], mark.end())
    return doubtful | partners


class _Lines:
    """The numbers of a text's lines, from 1."""

    def __init__(self, text: str) -> None:
        self._ends = [match.start() for match in re.finditer("\n", text)]

    def of(self, at: int) -> int:
        """Tell the number of the line of an offset."""
        return bisect_left(self._ends, at) + 1


def _place(match: re.Match[str]) -> CitationId:
    return CitationId(match[1], int(match[2]), int(match[3]))


def _wrong(place: CitationId | None) -> str:
    if place is None or 0 <= place.start < place.end:
        return ""
    return f"start {place.start} and end {place.end} are no range of a text"
