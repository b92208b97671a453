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
from itertools import accumulate, pairwise, zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from qa import cells
from qa.cite import CitationId, locator, visible
from qa.errors import InputError, PartlyReadError
from qa.formats.kinds import kind_of
from qa.formats.source import PLAIN, Source
from qa.formats.text import encoding_of
from qa.formats.worker import Worker
from qa.reading import read_file
from qa.references import (
    CELL,
    ROW,
    Rows,
    beside_in_row,
    is_source_column,
    mark_notes,
    noted,
    notes_of,
    without_marks_of_notes,
)
from qa.schema import Outcome
from qa.terms import measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
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
_TEXTS = ("text", "markdown", "jsonl", "json", "csv")
_AS_IT_IS = (None, "html", *_TEXTS)

_ID = re.compile(r"\b([0-9a-f]{64})/([0-9]{1,12})-([0-9]{1,12})\b")
# What a citation begins with; what it quotes later is the name of a section.
_CITES = re.compile(r"(?:\[[0-9]+\] )?(?:[—–-] ?)?(?=“)")
_CITATION_LINE = re.compile(r"[ \t]*(?:\n[ \t]*){1,3}(?P<cites>(?:[—–] ?|- )?“[^\n]*)")
# What follows the title in a citation: nothing else in quotation marks than the names of sections.
_NAME = r"“(?:[^“”\n]|“[^“”\n]*”)*”"
_SECTION = r"(?:chapters?|entry|entries|sections?|sheets?)"
_FACTS = re.compile(rf"(?:, (?:{_SECTION} {_NAME}(?: to {_NAME})?|[^,\n“”\"„«»「」『』]*))*")
_LOCATED = re.compile(
    rf"{_SECTION} “"
    r"|[,·] (?:header|(?:\w*notes?|lines?|messages?|pages?|paragraphs?|records?|rows?) \w)"
)
_NUMBERED = re.compile(r"\[[0-9]+\] “")
# A numbered citation as the chat shows it, or as `ask` prints it, and what is no part of the quote above it.
_PASTED = re.compile(r"(?m)^[ \t]*(?P<number>\[[0-9]+\]) (?P<cites>“[^\n]*|[^\n]*? · [^\n]*)$")
_SEVERAL = re.compile(r"paragraphs ([0-9]{1,6})–([0-9]{1,6})")
_BETWEEN = re.compile(
    r"Copy|Copied|Link|New conversation|Pullquote|\[…\]|Searched [0-9,]+ .*"
    r"|(?:Also in|Confidence that|Note|Prefers|Question|Understood as): .*"
)
# How lines begin that go on in a part of an answer; other lines after it are somebody's own.
_AFTER = {"citation": ("  ", "Also in: "), "closing": ("Confidence that ", "Searched ", "Note: ")}
# Which marks close a quotation, by the one that opens it.
_CLOSING = {
    "“": "”", "„": "“”", "‟": "”", "«": "»", "‹": "›", "‚": "‘",
    "「": "」", "『": "』", "《": "》", "〈": "〉", "〝": "〞〟",
}  # fmt: skip
# Straight marks, which close what they open.
_STRAIGHT = '"＂'
_MARKS = "".join({*_STRAIGHT, *_CLOSING, *"".join(_CLOSING.values())} - {"‘"})
# In German, guillemets point inwards: they open a quotation after a blank, before a word.
_INWARDS = {"«": "»", "‹": "›"}
_OPENS_INWARDS = r"(?<![^\s(\[{“„—–>])[»›](?=[^\s.,;:!?…)\]])"
# Marks that a page or a note has as entities.
_ENTITY = re.compile(r"&#?\w{1,9};")
# A single mark opens a quotation after a blank, a bracket or another mark; not for letters: ’90s.
_OPENS_SINGLE = (
    r"(?<![^\s(\[{“„«—–>\"])['‘](?![\s'’‘])"
    r"(?![0-9]|(?:[Tt](?:is|was|were|will|would)|ave|bout|cause|cos|e|em|ere|gainst|im|m|n|neath|re|round|s|t|til)\b)"
)
_QUOTATION = re.compile(
    rf"{_OPENS_INWARDS}|[{''.join(_CLOSING)}]|(?<![\w{_STRAIGHT}])[{_STRAIGHT}](?=\S)|{_OPENS_SINGLE}"
)
# It closes one before a blank or punctuation. Before another word, what ends in s, -in’ or ’n’ is most likely
# “the dogs’ bowls”.
_SINGLE = re.compile(
    rf"(?P<opens>{_OPENS_SINGLE})|(?P<doubtful>(?:(?<=[sS])|(?<=\w\win)|(?<=['’]n))['’](?=\s+['‘’]?\w))"
    r"|(?P<closes>(?<=\S)['’](?!\w))|(?P<ends>\n\s*\n)"
)
_BLOCK_QUOTE = re.compile(r"(?m)^>[^\n]*(?:\n>[^\n]*)*")
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_HTML_BLOCK = re.compile(r"<(?P<closes>/?)(?P<name>blockquote|q)\b[^<>]*>", re.IGNORECASE)
_HTML = re.compile(
    # A fragment of a page begins with an element.
    r"\A\s*<(?:article|a|blockquote|body|b|div|em|head|h[1-6]|i|li|main|ol|p|q|section|span|strong|table|ul)\b"
    r"[^<>]*>(?=[\s\S]*</)"
    r"|<!doctype html|<html|<\?xml[^<>]*>\s*<!doctype html|<a [^<>]*class=\"?cite",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A quote as a file has it. `text` is None where there is only its citation.

    `line` counts from 1, and `where` says in words where that is in a file that has no lines ("page 2");
    `document` is the id and `title` the title that it is ascribed to, as far as said.
    In running text (not `exact`) lines may be broken anew and control characters be shown as symbols.
    `wrong` says why its citation names no place, where that is so. What is `short` is most likely no quote;
    an `unpaired` mark may begin or end one. What is `maybe_title` stands where titles stand: in a citation, a
    note, a list of references, a heading or a link. It is no quote if a document has that title. What is
    `maybe_work` stands in a note or list between an author and a year. It is no quote if no document says it.
    The `paragraphs` of a block may be quotes of their own. Other `readings`
    of the same words go without those before the quote, where the file does not tell which they are. What
    stands `beside` a citation without a quote are the words before it. The sentence around a quote in running
    text goes on `before` and `after` it; `references` are its notes, and the cells beside it in a table.
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
    maybe_title: bool = False
    maybe_work: bool = False
    paragraphs: bool = False
    readings: tuple[str, ...] = ()
    beside: str = ""
    before: str = ""
    after: str = ""
    references: tuple[str, ...] = ()


def claims(path: Path) -> tuple[list[Claim], list[Claim]]:
    """Read what a file quotes, in order: answers as JSON or JSON lines, CSV, HTML, Markdown or plain text.

    A file of any other format that is indexed is read as it is then, in a process of its own.
    Gives what was passed over, too: quotations of fewer than `LEAST_WORDS`, and marks without their other.

    Raises:
        InputError: it cannot be read.
    """
    data = read_file(path)
    source = Source(str(path), path.name, data)
    kind, refused = None, None
    try:
        kind = kind_of(source)[0].name
    except InputError as error:
        refused = error
    try:
        text = data.decode(encoding_of(data)) if kind in _AS_IT_IS else None
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
            if isinstance(document, PartlyReadError):
                continue
            if isinstance(document, InputError):
                raise document
            line_at = [0, *(match.end() for match in re.finditer("\n", document.text))]
            for claim in _all(document.text):
                at = line_at[min(claim.line, len(line_at)) - 1]
                where = locator(document, at, at + 1) if document.text else ""
                if _NOTE_PLACE.search(where) and claim.text and not claim.citation:
                    claim = _in_note(claim)
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
        sources = [cell for name, cell in zip(names, row, strict=False) if cell and is_source_column(name)]
        given = () if document else tuple(map(cells.read, sources))
        for name, cell in zip_longest(names, map(cells.read, row), fillvalue=""):
            if "quot" in name:
                parts = cell.splitlines() if name == "quotes" else [cell]
                for part in filter(None, map(without_marks, parts)):
                    yield Claim(part, line, document=document, references=given)
            elif name not in ("question", "history", "rejected"):
                for each in _of_prose(cell):
                    yield replace(each, line=line + each.line - 1, references=(*each.references, *given))


# HTML


def _of_html(text: str) -> Iterator[Claim]:
    """Find quotes (`.quote`, blockquote, q), each with the citation that follows; the rest is prose."""
    from lxml import etree, html

    from qa.formats.markup import breaks

    tree = html.document_fromstring(text)
    for hidden in tree.xpath("//script | //style"):
        hidden.clear(keep_tail=True)
    for carriage in tree.xpath("//i[@class='cr']"):
        carriage.text = "\r"
    notes_by_mark = mark_notes(tree)
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
        before, label = (" ".join(beside), element.text_content()) if element.tag == "a" else ("", "")
        beside.append(element.text or "")
        classes = (element.get("class") or "").split()
        if "quote" in classes or (element.tag in ("blockquote", "q") and _quotes(element)):
            if waiting is not None:
                yield _of_element(waiting, notes=notes_by_mark)
            waiting, last = element, None
        elif (match := _ID.search(element.get("href") or "")) or "cite" in classes:
            place = _place(match) if match else None
            if waiting is not None:
                yield _of_element(waiting, place, element, notes_by_mark)
            elif place:
                ours = element.xpath(f"boolean(ancestor::{_ANSWER})")
                words = "" if ours else _own(before[-_MOST_BESIDE:], label)
                if place != last or words:
                    yield Claim(None, element.sourceline or 1, place, wrong=_wrong(place), beside=words)
            waiting, last = None, place or last
            beside = []
    if waiting is not None:
        yield _of_element(waiting, notes=notes_by_mark)
    for read in tree.xpath(_READ):
        read.clear(keep_tail=True)  # `drop_tree` joins the text around them again for each
    names = "\n".join(each.text_content() for each in tree.xpath(_NAMES))[:MOST_CHARACTERS]
    notes = "\n".join(each.text_content() for each in tree.xpath(_NOTES))[:MOST_CHARACTERS]
    for claim in _of_prose(*_joined(tree), page_notes=notes_by_mark):
        if claim.text and not claim.citation and claim.text in notes:
            yield _in_note(claim)
        elif claim.text and not claim.citation and claim.text in names:
            yield replace(claim, maybe_title=True)
        else:
            yield claim


def _joined(element: HtmlElement, gap: str = "\n") -> tuple[str, list[int], list[int]]:
    """Return an element's text, where line ends were put in to part its blocks, and where these end."""
    from lxml import etree

    from qa.formats.markup import breaks

    pieces: list[str] = []
    added: list[int] = []
    edges: list[int] = []
    length = 0
    for event, node in etree.iterwalk(element, events=("start", "end")):
        words = node.text if event == "start" else node.tail if node is not element else None
        apart = isinstance(node.tag, str) and (breaks(node) or (node.tag == "br" and event == "end"))
        if apart and pieces and not pieces[-1].endswith(gap):
            pieces.append(gap)
            added.append(length)
            length += len(gap)
        if apart and node.tag != "br":
            edges.append(length)
        if node.tag == "tr" or (node.tag in ("td", "th") and event == "start"):
            pieces.append(ROW if node.tag == "tr" else CELL)
            length += 1
        if words and isinstance(node.tag, str) | (event == "end"):
            pieces.append(words)
            length += len(words)
    return "".join(pieces), added, edges


# An answer as the program writes it; other pages have answers, too.
_ANSWER = (
    "article[contains(concat(' ', @class, ' '), ' answer ')]["
    + " or ".join(f"contains(concat(' ', @class, ' '), ' {outcome} ')" for outcome in get_args(Outcome))
    + " or (@class = 'answer' and section[@class = 'reply' or @class = 'error'])]"
)
# What is not running text: quotes, citations, and what the program itself says in an answer.
_READ = (
    "//blockquote | //q | //a[contains(@href, '#cite=')] | //*[contains(concat(' ', @class, ' '), ' quote ')]"
    " | //*[contains(concat(' ', @class, ' '), ' cite ')] | //" + _ANSWER +
    # What was asked, in the chat and in a report of an evaluation.
    " | //*[contains(concat(' ', @class, ' '), ' message user ')]"
    " | //article[@class = 'question' and starts-with(@aria-labelledby, 'h')] | //tr[@data-v]"
)


# Where pages name a document, and where they have their notes.
_NAMES = "//h1 | //h2 | //h3 | //h4 | //h5 | //h6 | //a | //cite"
_NOTES = (
    "//*[contains(@class, 'footnote') or contains(@class, 'endnote') or contains(@class, 'references')"
    " or contains(@class, 'bibliography') or starts-with(@id, 'fn') or contains(@role, 'doc-endnote')"
    " or contains(@role, 'doc-biblio')]"
)


# A paragraph with more elements is not read for what it says around each of its quotes.
_MOST_INLINE = 50


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
    element: HtmlElement,
    place: CitationId | None = None,
    cite: HtmlElement | None = None,
    notes: Mapping[str, str] | None = None,
) -> Claim:
    titles = cite.xpath(".//*[@class='title']") if cite is not None else []
    said = " ".join(cite.text_content().split()) if cite is not None else ""
    title = titles[0].text_content() if titles else _title(said)
    ours = "quote" in (element.get("class") or "").split()
    text = element.text_content() if ours else _joined(element, "\n\n")[0]
    before = after = ""
    parent = element.getparent()
    if element.tag == "q" and parent is not None and len(parent) <= _MOST_INLINE:
        start = len("".join(parent.xpath("text()[not(preceding-sibling::*)]")))
        for sibling in element.itersiblings(preceding=True):
            start += len(sibling.text_content()) + len(sibling.tail or "")
        before, after = sentence_around(parent.text_content(), start, start + len(element.text_content()))
    elif not ours:
        before, after = _around_block(element)
    references: list[str] = []
    if not ours:
        text, marks = without_marks_of_notes(text, notes or {})
        text = without_marks(text)
        references = [*noted(marks or after, notes or {}), *beside_in_row(element)]
    return Claim(
        text,
        element.sourceline or 1,
        place,
        title=title,
        exact=ours,
        wrong=_wrong(place),
        paragraphs=not (ours or place),
        before=before,
        after=after,
        references=tuple(references),
    )


def _around_block(element: HtmlElement) -> tuple[str, str]:
    """Return what leads up to a block quote with a colon, and its caption or what follows it after a dash."""
    earlier, later = element.getprevious(), element.getnext()
    before = (
        earlier.text_content().rstrip()[-_MOST_AROUND:]
        if earlier is not None and isinstance(earlier.tag, str)
        else ""
    )
    after = (
        later.text_content().strip()[:_MOST_AROUND]
        if later is not None and isinstance(later.tag, str)
        else ""
    )
    captions = later is not None and later.tag in ("figcaption", "cite", "footer")
    after = f"— {after.lstrip('—– ')}" if after and captions else after
    before = (
        sentence_around(f"{before} ", len(before) + 1, len(before) + 1)[0] if before.endswith(":") else ""
    )
    return before, after if after.startswith(("—", "–")) else ""


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
            title = _title(line)
            yield Claim("\n".join(lines[begin:at]), begin + 1, title=title)
            if measure(title) >= LEAST_WORDS:
                yield Claim(title, at + 1, maybe_title=True)
            part, begin = "citation", None
        elif not line:
            begin = begin if part in ("", "closing") else at + 1
            part = ""
        if part == "opening" or around[at].startswith(_AFTER.get(part, ())):
            around[at] = ""
    yield from _of_prose("\n".join(around))


def _of_prose(
    text: str,
    added: Sequence[int] = (),
    edges: Sequence[int] = (),
    page_notes: Mapping[str, str] | None = None,
) -> Iterator[Claim]:
    """Read quotations, with the citation line or citation id that follows, and citation ids by themselves.

    In one pass, whatever the text: what is looked for again and again is looked up (`_Ends`, `_Lines`).
    """
    blocks = [match.span() for match in _BLOCK_QUOTE.finditer(text)]
    # As long as it was, so that offsets stay.
    text = re.sub(r"(?m)^(?:> ?)+", lambda match: " " * len(match[0]), text)
    text = _ENTITY.sub(_unescaped, text)
    # Attributes are no quotations.
    text = _TAG.sub(lambda match: match[0].replace('"', " ").replace("'", " "), text)
    ends = _Ends(text)
    found = [*_pasted(text, ends)]
    pasted = _Spans(each.range for each in found)
    for start, end in blocks:
        found += [each for each in _of_block(text, start, end, ends) if not pasted.hold(each.start)]
    whole = _Spans(each.range for each in found)
    for start, end, inner in _html_blocks(text):
        if inner and not whole.hold(start) and not _is_marked(inner, 0, len(inner), _Ends(inner)):
            found.append(_Found(start, end, inner, paragraphs=True))
    found.sort()
    quoted = deque(each.range for each in found)
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
        line = _CITATION_LINE.match(text, close)
        title = _cited_title(line["cites"]) if line else ""
        at = line.end() if line and title else close
        words = text[opened.start() + 1 : close - 1]
        found.append(_Found(opened.start(), close, words, at, title))
    found.sort()
    cited = [match for match in _ID.finditer(text) if int(match[2]) < int(match[3])]
    at_ids = [match.start() for match in cited]
    claimed: set[int] = set()
    claims: list[tuple[int, Claim]] = []
    line_of = _Lines(text, added).of
    titles = _Spans(match.span() for match in _TITLE_PLACES.finditer(text))
    notes = _Spans(_note_places(text))
    notes_by_mark = {**notes_of(text), **(page_notes or {})}
    rows = Rows(text)
    sentences = _Sentences(text)
    next_starts = [*(each.start for each in found[1:]), len(text)]
    for each, following in zip(found, next_starts, strict=False):
        beside = cited[bisect_left(at_ids, each.end) : bisect_left(at_ids, following)]
        ids = [match for match in beside[:MOST_LINKS] if text.count("\n\n", each.end, match.start()) < 2]
        for before, after in pairwise(ids):  # what words part from the quote's own links is another's
            if measure(_words(text[before.end() : after.start()])) >= LEAST_WORDS:
                ids = ids[: ids.index(after)]
                break
        claimed |= {match.start() for match in ids}
        place = _place(ids[0]) if ids else None
        number = line_of(each.start)
        short = not (ids or each.title) and measure(each.words) < LEAST_WORDS
        if short:
            claims.append((each.start, Claim(each.words, number, short=True)))
            continue
        bounds = rows.cell(each.start) or _block(text, each.start, each.end, edges)
        in_note = not (place or each.title) and notes.hold(each.start)
        said_before, said_after = sentences.around(each.start, each.end, *bounds, noted=in_note)
        references = [*noted(_before_quotes(said_after), notes_by_mark), *rows.beside(each.start)]
        if in_note:
            references.append(f"{_LABEL.sub('', said_before)} {said_after}")
        named = in_note or (not (place or each.title) and titles.hold(each.start))
        claims.append(
            (
                each.start,
                Claim(
                    each.words,
                    number,
                    place,
                    title=each.title,
                    maybe_title=named,
                    maybe_work=in_note and _cites_work(each.words, said_before, said_after),
                    paragraphs=each.paragraphs and not place,
                    readings=each.readings,
                    before=said_before,
                    after=said_after,
                    references=tuple(references),
                ),
            )
        )
        if each.heading and measure(each.heading) >= LEAST_WORDS:
            at = text.find(each.heading, each.end)
            claims.append((at, Claim(each.heading, line_of(at), maybe_title=True)))
    last = None
    begins = sorted([*(max(each.end, each.stop) for each in found), *(match.end() for match in cited)])
    for match in cited:
        nearest = bisect_right(begins, match.start()) - 1
        begin = max(begins[nearest] if nearest >= 0 else 0, match.start() - _MOST_BESIDE)
        words = _own(text[max(begin, text.rfind("\n\n", begin, match.start())) : match.start()])
        if match.start() not in claimed and (match[0] != last or words):
            words = _words(words)
            claims.append((match.start(), Claim(None, line_of(match.start()), _place(match), beside=words)))
        last = match[0]
    spans = _Spans(each.range for each in found)
    for mark in _UNPAIRED.finditer(text):
        if not spans.hold(mark.start()):
            line_end = text.find("\n", mark.start())
            words = text[mark.start() : min(mark.start() + 60, line_end if line_end >= 0 else len(text))]
            claims.append((mark.start(), Claim(words, line_of(mark.start()), unpaired=True)))
    yield from (claim for _, claim in sorted(claims, key=lambda each: each[0]))


# Where a document may be named, and is not quoted: headings and the texts of links.
_TITLE_PLACES = re.compile(
    r"(?m)^#{1,6}[ \t][^\n]*|^[^\n]+(?=\n(?:={3,}|-{3,})[ \t]*$)|(?<!!)\[[^\[\]\n]{1,400}\](?=\(|\[\w)"
)
# Notes, and the lists of what was read: from their heading to the next.
_NOTE = re.compile(
    # A star before a blank begins an item of a list; before another star, emphasis.
    r"(?m)^[ \t]*(?:\[\^[^\]\s]{1,40}\]:|[⁰¹²³⁴-⁹]+ |\*(?=[A-Z“\"][^*\n]*$)|[†‡] ?(?=[A-Z“\"]))[^\n]*"
    r"(?:\n[ \t]+\S[^\n]*)*"
)
_HEADED = re.compile(
    r"(?im)^#{0,6}[ \t]*\**(?:references?|bibliography|sources?|(?:foot|end)?notes|works cited|literature"
    r"|further reading|quellen|literatur|참고\s?문헌|출처|参考文献|參考文獻)\**:?[ \t]*$"
)
_NOTE_PLACE = re.compile(r"\b(?:foot|end)note\b")
_SAYS = re.compile(
    r"\b(?:sa(?:id|ys)|told|writes?|wrote|stat(?:es|ed)|report(?:s|ed)|not(?:es|ed)|claim(?:s|ed)"
    r"|according to|quot(?:es|ed|ing)|that)\b"
)
_ANY_HEADING = re.compile(r"(?m)^#{1,6}[ \t]")
# Small words between authors' names.
_JOINING = frozenset("al also and by cf de der di du ed eds et ff in la le s see the und van von y".split())
# What follows the title of a work in a list of references: where and when it appeared.
_APPEARED = re.compile(
    r"\b(?:1[5-9]|20)[0-9]{2}\b|https?://|\bpp?\. ?[0-9]|\b(?:[Nn]o|[Vv]ol|Nr)\. ?[0-9]|\baccessed\b"
    r"|^[\s,.;(]*(?:in:? )?[*_]?[A-Z][\w&.’'-]*+(?: (?:of|the|and|for|de|der|la|&|[A-Z][\w&.’'-]*+))*"
    r"[*_]?[\s.,;)]*$"
)


def _in_note(claim: Claim) -> Claim:
    work = _cites_work(claim.text or "", claim.before, claim.after)
    return replace(claim, maybe_title=True, maybe_work=work)


def _cites_work(words: str, before: str, after: str) -> bool:
    """Whether a quotation in a note or list of references is the title of a work, between author and year."""
    if _is_sentence(words):
        return False
    names = re.findall(r"[^\W\d_][\w’'-]*", before)
    # What follows “Interview, Hamhung:” was said.
    if before.rstrip().endswith(":") and re.search(r"[^\W\d_]", _LABEL.sub(" ", before)):
        return False
    authors = all(name[0].isupper() or not name[0].islower() or name in _JOINING for name in names)
    return authors and not _SAYS.search(f"{before} … {after}") and bool(_APPEARED.search(after))


# Verbs that sentences have; titles in capitals may have them too.
_PREDICATE = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|could|must|did|does|do|said|says|been|went|came|took|made|gave"
    r"|became|began|sold|told|found|left|lost|paid|sent|fell|rose|burned|killed|closed|opened|died|[a-z]{3,}ed)\b"
)
_CAPITALS = 0.6


def _is_sentence(words: str) -> bool:
    """Whether words are a sentence rather than a title: it has a verb, and few capitals."""
    long = re.findall(r"[^\W\d_]{4,}", words)
    capitals = sum(word[0].isupper() for word in long)
    return words[:1].islower() or (capitals < _CAPITALS * len(long) and bool(_PREDICATE.search(words)))


def _note_places(text: str) -> Iterator[tuple[int, int]]:
    """Find footnotes, and lists of references up to the next heading."""
    yield from (match.span() for match in _NOTE.finditer(text))
    end = 0
    for heading in _HEADED.finditer(text):
        if heading.start() >= end:
            following = _ANY_HEADING.search(text, heading.end())
            end = following.start() if following else len(text)
            yield heading.end(), end


# As much of the sentence around a quote is looked at.
_MOST_AROUND = 300
# No sentence ends with “Dr.” or “K.”.
_SHORT = "".join(
    rf"(?<!\b{word})"
    for word in (
        "[A-Z] Mr Mrs Ms Dr St No Nos Nr Prof Gen Sen Gov Rep Lt Col Capt Sgt pp p vol ed eds cf vs art sec"
    ).split()
)
_SENTENCE_END = re.compile(
    rf"(?:{_SHORT}\.|[!?。！？])(?:[”\"’»)\]⁰¹²³⁴-⁹]|\[\^?[^\[\]\s]{{1,40}}\])*+(?:\s+(?![0-9])|\Z)"
    # A paragraph, a heading, and what comes before an item of a list.
    r"|\n[ \t]*\n|^#{1,6}[ \t][^\n]*\n|\n(?=[ \t]{0,20}(?:[-*•+]|[0-9]{1,3}[.)])[ \t])",
    re.MULTILINE,
)
_NEXT_QUOTE = re.compile(r"[“„«「]|(?<!\w)\"(?=\w)")


class _Sentences:
    """The sentences of a text, whose ends are looked for once."""

    def __init__(self, text: str) -> None:
        self._text = text
        found = [match.span() for match in _SENTENCE_END.finditer(text)]
        self._stops = [stop for stop, _ in found]
        self._ends = [end for _, end in found]

    def around(
        self, start: int, end: int, first: int = 0, last: int | None = None, *, noted: bool = False
    ) -> tuple[str, str]:
        """Return what the sentence around a quote says before it, and after it, between two offsets.

        A paragraph that ends in a colon goes on with the quote, and a line that begins with a dash belongs to
        it. In a note (`noted`) a title may end in a stop of its own.
        """
        first = max(first, start - _MOST_AROUND)
        before = self._text[first:start]
        stripped = first + len(before.rstrip())
        at = bisect_right(self._ends, start)
        while at and self._text[stripped - 1 : stripped] == ":" and self._ends[at - 1] > stripped:
            at -= 1
        begin = max(first, self._ends[at - 1]) if at else first
        limit = min(len(self._text) if last is None else last, end + 2 * _MOST_AROUND)
        dash = _TO_DASH.match(self._text, end, limit)
        at = bisect_left(self._stops, dash.end() if dash else end)
        if not noted and self._ends_inside(end):
            at = bisect_left(self._stops, end - _CLOSED)
        limit = min(limit, self._ends[at]) if at < len(self._ends) else limit
        bracketed = _IN_BRACKETS.match(self._text, limit)
        limit = bracketed.end() if bracketed else limit
        before, after = self._text[begin:start], self._text[end:limit]
        return _linked(before).strip(), _linked(after)[:_MOST_AROUND].strip()

    def _ends_inside(self, end: int) -> bool:
        """Whether a quote ends with its sentence, and another begins behind it: “It is closed.” They left."""
        at = bisect_left(self._stops, end - _CLOSED)
        if at == len(self._stops) or self._stops[at] >= end:
            return False
        return not _GOES_ON.match(self._text, self._ends[at])


# Characters of a quote's end: a stop and the closing mark.
_CLOSED = 2
_GOES_ON = re.compile(r"[a-zß-öø-ÿ(\[—–,;:]")
_IN_BRACKETS = re.compile(r"\([^()\n]{1,150}\)")
_TO_DASH = re.compile(r"\s*+(?=[—–])")


def sentence_around(text: str, start: int, end: int) -> tuple[str, str]:
    """Return what the sentence around a range of a text says before it, and after it."""
    first = max(0, start - _MOST_AROUND)
    window = text[first : end + 2 * _MOST_AROUND]
    return _Sentences(window).around(start - first, end - first)


def _linked(text: str) -> str:
    """Read links as what they are called."""
    return (
        _LINKED.sub(_label, text)
        if "](" in text or "cite=" in text or "http" in text or "/" in text
        else text
    )


_STARTS_WITH_DASH = re.compile(r"\s{0,20}[—–]")


def _block(text: str, start: int, end: int, edges: Sequence[int]) -> tuple[int, int]:
    """Return where the block of a page begins and ends that holds a range.

    The one before belongs to it that ends in a colon, and the one after it that begins with a dash.
    """
    at = bisect_right(edges, start) - 1
    if at > 0 and text[edges[at - 1] : edges[at]].rstrip().endswith(":"):
        at -= 1
    following = bisect_left(edges, end)
    if following < len(edges) and _STARTS_WITH_DASH.match(text, edges[following]):
        following += 1
    begin = edges[at] if at >= 0 else 0
    return begin, edges[following] if following < len(edges) else len(text)


def sentences_around(text: str, start: int, end: int, beside: int = 0) -> tuple[int, int]:
    """Return where the sentence begins and ends that a range of a text lies in, with so many `beside` it."""
    left, right = text[max(0, start - _MOST_AROUND) : start], text[end : end + _MOST_AROUND]
    before = [match.end() for match in _SENTENCE_END.finditer(left)][::-1]
    after = [match.end() for match in _SENTENCE_END.finditer(right)]
    if re.search(r"[.!?。！？][”\"’»)\]]*\Z", text[start:end]) and not right[:1].strip():
        after.insert(0, 0)  # the range ends with its sentence
    begin = start - len(left) + before[beside] if beside < len(before) else start - len(left)
    return begin, end + after[beside] if beside < len(after) else end + len(right)


def _label(link: re.Match[str]) -> str:
    """Read a link as what it is called, if that is more than the name of a link."""
    label = link["label"] or ""
    return f" ({label}) " if re.search(r"[^\W\d_]", _LABEL.sub(" ", f"[{label}]")) else " "


def _before_quotes(after: str) -> str:
    """Return what follows a quote up to the next one."""
    following = _NEXT_QUOTE.search(after)
    return after[: following.start()] if following else after


def _unescaped(entity: re.Match[str]) -> str:
    """Read a quotation mark, as long as it was; other entities are left."""
    mark = entities.unescape(entity[0])
    return mark.rjust(len(entity[0])) if mark in {*_MARKS} else entity[0]


class _Found(NamedTuple):
    """A quotation at `[start, end)` of a text; up to `stop`, what stands after it is its citation."""

    start: int
    end: int
    words: str
    stop: int = 0
    title: str = ""
    paragraphs: bool = False
    readings: tuple[str, ...] = ()
    marked: bool = True

    @property
    def range(self) -> tuple[int, int]:
        """What has been read of the text with it."""
        return self.start, max(self.end, self.stop)

    @property
    def heading(self) -> str:
        """The title, where it may be another quotation: it stands in quotation marks."""
        return self.title if self.marked else ""


class _Spans:
    """Which offsets lie in some ranges of a text."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        spans = sorted(ranges)
        self._starts = [start for start, _ in spans]
        self._ends = list(accumulate((end for _, end in spans), max))

    def hold(self, at: int) -> bool:
        """Whether an offset is in one of the ranges."""
        before = bisect_right(self._starts, at) - 1
        return before >= 0 and at < self._ends[before]


# Marks that should have another; one alone in its line is an ornament, a straight one after a digit an inch.
_UNPAIRED = re.compile(
    rf"(?m)(?!^[^\w\n]*$)(?:[{''.join(_CLOSING)}”»」』》〉〞〟]|{_OPENS_INWARDS}|(?<![0-9])[{_STRAIGHT}]|``)"
)


# What a citation is called, beside which nothing is said: “[1]”, “(see also”, “Source:”.
_LABEL = re.compile(
    r"\[\^?[0-9⁰¹²³⁴-⁹]{1,3}\]|^[^\S\n]*+[0-9]{1,3}[.):]"
    r"|\b(?:(?:citation|links?|quote|refs?|references?|sources?|Quellen?)(?: [0-9]{1,3})?"
    r"|again|also|and|cf|cited?|from|here|ibid|in|quoted|see|the|there|voir|siehe|출처|来源)\b",
    re.IGNORECASE | re.MULTILINE,
)
_LINK = re.compile(r"https?://\S*|(?<![^\s\[\]()])[^\s\[\]()]*#cite=\S*|\bcite=")
# A link with its label, or a citation by itself.
_LINKED = re.compile(
    rf"\(?\[(?P<label>[^\[\]\n]{{0,120}})\]\([^()\s]{{1,400}}\)\)?|{_ID.pattern}|{_LINK.pattern}"
)


def _own(before: str, label: str = "") -> str:
    """Give the words before a citation and in its link; none where they only say that it is one."""
    named = f"{before} [{label.strip(' []')}]" if label else before
    return f"{before} {label}" if re.search(r"\w", _LABEL.sub(" ", _LINK.sub(" ", named))) else ""


def _words(text: str) -> str:
    """Leave out links."""
    return re.sub(r"[\[\]()<>]", " ", _LINK.sub(" ", text))


def _pasted(text: str, ends: _Ends) -> Iterator[_Found]:
    """Find quotes without quotation marks above numbered citations: a paragraph, or as many as are cited."""
    begin = 0
    for match in _PASTED.finditer(text):
        cites = match["cites"]
        title = _cited_title(cites) if cites.startswith("“") else cites.partition(" · ")[0]
        if not title:
            continue
        several = _SEVERAL.search(cites)
        more = int(several[2]) - int(several[1]) if several else 0
        first = last = None
        at = match.start() - 1
        while at > max(begin, match.start() - MOST_CHARACTERS):
            start = text.rfind("\n", begin, at) + 1 or begin
            line = text[start:at].strip()
            if _BETWEEN.fullmatch(line):
                break
            if not line and last is not None:
                if not more:
                    break
                more -= bool(text[at : at + 1])
            if line:
                first, last = start, last or at
            at = start - 1
        begin = match.end()
        if first is None or last is None:
            continue
        words = text[first:last]
        first += len(words) - len(words.lstrip())
        words = words.strip()
        if match["number"] in words[1:]:  # a note to what somebody wrote
            continue
        plain = cites.startswith("“")
        if ends.of(first) == first + len(words) if words[0] in (*_CLOSING, *_STRAIGHT) else False:
            words = words[1:-1]
        head, _, rest = words.partition("\n")
        readings = (rest.strip(),) if rest.strip() and head.rstrip().endswith("?") else ()
        yield _Found(first, last, words, match.end(), title, readings=readings, marked=plain)


def _of_block(text: str, start: int, end: int, ends: _Ends) -> Iterator[_Found]:
    """Find the quotes of a block, each up to the citation that follows it or to the block's end."""
    begin: int | None = None
    stop = start
    lines = [
        (start + match.start() + len(match[0]) - len(match[0].lstrip()), start + match.end())
        for match in re.finditer(r"(?<![^\n])[^\S\n]*+\S[^\n]*", text[start:end])
    ]
    for (at, line_end), (following, _) in pairwise([*lines, (end, end), (end, end)]):
        line = text[at:line_end].rstrip()
        link = _link(line)
        words = line[:link]
        title = _cited_title(line)
        last = following == end or text.count("\n", line_end, following) > 1
        cites = (
            bool(title) or not re.search(r"\w", words) or _is_attribution(line, begin is not None, last=last)
        )
        if link < len(line) and not cites:
            begin = at if begin is None else begin
            stop, cites = at + len(words.rstrip()), True
        if cites and begin is not None:
            if not _is_marked(text, begin, stop, ends):
                yield _Found(begin, stop, text[begin:stop], line_end if title else 0, title, paragraphs=True)
            begin = None
        elif not cites:
            begin = at if begin is None else begin
            stop = at + len(line)


def _link(line: str) -> int:
    """Tell where the link begins that a line ends in, to a citation; its end where it has none."""
    ids = list(_ID.finditer(line))
    if not ids or re.search(r"\s\S", line[ids[-1].end() :]):
        return len(line)
    at = ids[-1].start()
    inside = line.rfind("](", 0, at)
    if inside >= 0 and not re.search(r"[\s)]", line[inside:at]):
        return max(0, line.rfind("[", 0, inside))
    return len(line[:at].rstrip()) if line[:at].endswith(" ") else line.rfind(" ", 0, at) + 1


def _is_attribution(line: str, after_quote: bool, *, last: bool) -> bool:
    """Whether a line names who is quoted: “— Orkney Post”, a link; it is no sentence."""
    names = re.match(r"[—–-]+ |\[[^\]]*\]\(", line)
    sentence = measure(line) >= _LEAST_SENTENCE and line.rstrip('”"').endswith((".", "!", "?", "…"))
    return bool(names) and after_quote and last and not sentence


# Words of a sentence; what has fewer and ends in a full stop may be a name.
_LEAST_SENTENCE = 6


def _is_marked(text: str, start: int, end: int, ends: _Ends) -> bool:
    """Whether all of a stretch but a few words stands in quotation marks, as one or more quotations."""
    outside = []
    at = start
    while opened := _QUOTATION.search(text, at, end):
        outside.append(text[at : opened.start()])
        close = ends.of(opened.start())
        at = close if close and close <= end else opened.end()
        if at == opened.end():
            outside.append(text[opened.start() : at])
    outside.append(text[at:end])
    marked = end - start > sum(map(len, outside))
    return marked and measure(re.sub(r"[^\w\s]", "", " ".join(outside))) < LEAST_WORDS


def _cited_title(line: str) -> str:
    """Read the title of a citation as this program writes it, or after a dash; empty where a line is none."""
    line = line.strip()
    title = _title(line)
    rest = line[line.find(title) + len(title) + 1 :] if title else ""
    if not title or not _FACTS.fullmatch(rest.rstrip(".")):
        return ""
    return title if _LOCATED.search(rest) or (not rest and line[0] in "—–") else ""


def _title(cites: str) -> str:
    """Read the title that a citation begins with, in quotation marks; empty where a broken line cuts it."""
    begun = _CITES.match(cites)
    end = _Ends(cites).of(begun.end()) if begun else None
    return cites[begun.end() + 1 : end - 1] if begun and end and cites[end : end + 1] in ("", ",") else ""


def _html_blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where block quotes of HTML stand, and what each says."""
    yield from _elements(text, "blockquote")
    yield from _elements(text, "q")


def _elements(text: str, name: str) -> Iterator[tuple[int, int, str]]:
    tags = [tag for tag in _HTML_BLOCK.finditer(text) if tag["name"].lower() == name]
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
        self._straight = [
            (m.start(), m.end(), m[0] in _STRAIGHT)
            for m in re.finditer(rf"[{_STRAIGHT}](?!\w)|\n\s*\n", text)
        ]
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
        inwards: dict[str, list[int]] = {opening: [] for opening in _INWARDS.values()}
        for mark in re.finditer(f"(?P<opens>{_OPENS_INWARDS})|[«»‹›]", text):
            waiting = inwards[_INWARDS.get(mark[0], mark[0])]
            if mark["opens"]:
                waiting.append(mark.start())
            elif waiting:
                self._partners[waiting.pop()] = mark.end()

    def of(self, start: int) -> int | None:
        """Tell where the quotation that begins there ends, if it does within MOST_CHARACTERS."""
        limit = start + MOST_CHARACTERS
        if self._text[start] in _STRAIGHT:
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

    def __init__(self, text: str, added: Sequence[int] = ()) -> None:
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._added = added

    def of(self, at: int) -> int:
        """Tell the number of the line of an offset."""
        return bisect_left(self._ends, at) - bisect_left(self._added, at) + 1


def _place(match: re.Match[str]) -> CitationId:
    return CitationId(match[1], int(match[2]), int(match[3]))


def _wrong(place: CitationId | None) -> str:
    if place is None or 0 <= place.start < place.end:
        return ""
    return f"start {place.start} and end {place.end} are no range of a text"
