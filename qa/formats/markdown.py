"""Reads Markdown: the text is the file's own text with its markup, so that quotes are verbatim.

markdown-it-py finds the headings and the lines without words. Front matter becomes metadata.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from qa.formats.heads.labels import LABELS
from qa.formats.heads.numbers import find_number
from qa.formats.heads.top import TOP
from qa.formats.markup import under_headings
from qa.formats.text import decode, describe
from qa.schema import FIELDS, Document, Found, Span
from qa.text.organisations import is_kind, is_section_heading
from qa.text.written_dates import find_date, read_date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

    from qa.errors import InputError
    from qa.formats.source import Options, Source
    from qa.schema import Section
    from qa.text.written_dates import DateOrder

_FRONT = re.compile(
    r"(?P<mark>---|\+\+\+)[ \t]*(?:\r\n|\r|\n)(?P<body>.*?)"
    r"(?<=[\r\n])(?P<end>(?P=mark)|\.\.\.)[ \t]*(?=[\r\n]|\Z)",
    re.DOTALL,
)
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
_PAIR = re.compile(
    r"(?P<key>[A-Za-z](?:[\w-]++| ++(?=[\w-]))*+)[ \t]*+(?::(?:[ \t]+|$)|=[ \t]*)(?P<value>.*)"
)
_GOES_ON = re.compile(r"[ \t]|-[ \t]|#|$")  # a nested value, a list item, a comment or a blank line
_EMPHASIS = re.compile(
    r"(?<![\w*_])(?P<marks>[*_]{1,3})(?=[^\s*_])(?P<words>[^\r\n]{1,300}?)(?<![\s*_])(?P=marks)(?![\w*_])"
)
_FIELDS = {key: name for name, field in FIELDS.items() for key in field.front_matter}
_TOP_HEADINGS = 3
# The end of a sentence: a word of two letters or more, with a full stop.
_SENTENCE_END = re.compile(r"[^\W\d_]{2}[.!?…][”’\"')\]*_]*(?=\s|$)|[。！？]")
_FEWEST_WORDS = 3  # words in a sentence
_LONGEST_NAME = 300
# Parses blocks only. Only the words of headings need inline markup, so it is not parsed for the whole text.
BLOCKS = MarkdownIt("commonmark").enable("table")
BLOCKS.core.ruler.enableOnly(["normalize", "block"])
_INLINE = MarkdownIt("commonmark")


_Bounds = tuple[int, int]  # start and end offsets of a line, including its line end


@dataclass(frozen=True, slots=True)
class _Front:
    """The front matter of a file.

    Attributes:
        values: the values by document field.
        header: the spans of the lines that give the values.
        furniture: the spans of the other lines.
        end: the offset where the front matter ends, or 0 if there is none.
    """

    values: dict[str, str]
    header: tuple[Span, ...] = ()
    furniture: tuple[Span, ...] = ()
    end: int = 0


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield the one document of a Markdown file.

    Raises:
        InputError: if the file is empty, binary, or in an unknown encoding.
    """
    decoded = decode(source.data, source.name)
    text = decoded.text
    front = _front_matter(text)
    lines = [line.span() for line in LINE.finditer(text, front.end)]
    env: dict[str, Any] = {}
    tokens = BLOCKS.parse(text[front.end :], env)
    sections = _sections(text, lines, tokens)
    document = Document(id="", text=text, format="markdown", sections=sections, notes=decoded.notes)
    document = _with_facts(document, front, _title(tokens), options.date_order)
    # The header parser does not know front matter, comments, rules or emphasis. So it gets the text below
    # them, with spaces instead of the marks of emphasis.
    stem = PurePath(source.file_name).stem
    wordless = sorted(_wordless(text, lines, tokens, env))
    start = front.end
    for span in wordless:
        if not text[start : span.start].strip():
            start = span.end
    plain = _EMPHASIS.sub(_blanked, text[start : start + TOP]) + text[start + TOP :]
    below = describe(replace(document, text=plain), stem, options.date_order)
    header = (*front.header, *(_marked(text, span, start) for span in below.header))
    furniture = {*front.furniture, *(_marked(text, span, start) for span in below.furniture), *wordless}
    yield replace(below, text=text, header=header, furniture=tuple(sorted(furniture - set(header))))


def _blanked(emphasis: re.Match[str]) -> str:
    blanks = " " * len(emphasis["marks"])
    return f"{blanks}{emphasis['words']}{blanks}"


def _marked(text: str, span: Span, by: int) -> Span:
    """Return a span of `text[by:]` as a span of `text`, with the marks of emphasis around it."""
    start, end = span.start + by, span.end + by
    while start > by and text[start - 1] in "*_":
        start -= 1
    while text[end : end + 1] in ("*", "_"):
        end += 1
    return Span(start, end)


def _with_facts(document: Document, front: _Front, title: str, order: DateOrder) -> Document:
    """Return a document with the values of its front matter, and with its first heading as its title."""
    values: dict[str, Any] = dict(front.values)
    notes = document.notes
    if written := values.pop("date", ""):
        date, doubt = read_date(written, order)
        values |= {"date": date} if date else {}
        if not date and not doubt:
            doubt = f"The date “{written}” has no day, so it was left out."
        notes += (doubt,) if doubt else ()
    origins = [Found(field, "front matter", "stated") for field in values]
    if title and "title" not in values:
        values["title"] = title
        origins.append(Found("title", "first heading", "stated"))
    return replace(document, found=tuple(origins), notes=notes, **values)


def _line_span(text: str, start: int, end: int) -> Span | None:
    """Return the span of a line without white space around it, or None if the line is blank."""
    line = text[start:end]
    left, right = len(line) - len(line.lstrip()), len(line.rstrip())
    return Span(start + left, start + right) if left < right else None


# Headings


def _headings(tokens: list[Token]) -> Iterator[tuple[int, int, str]]:
    """Yield line number, level and words of each heading outside quotations and lists.

    A sentence directly above a rule of hyphens is not a heading, although CommonMark says so.
    """
    for position, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            words = _words(tokens[position + 1].content)
            if not (token.markup == "-" and words.endswith((".", "!", "?", "。"))):
                yield token.map[0], int(token.tag[1]), words


def _words(inline: str) -> str:
    [token] = _INLINE.parseInline(inline[:_LONGEST_NAME])
    words = (
        child.content if child.type in ("text", "code_inline") else " "
        for child in token.children or ()
        if child.type in ("text", "code_inline", "softbreak", "hardbreak")
    )
    return " ".join("".join(words).split())


def _title(tokens: list[Token]) -> str:
    """Return the title: the heading that begins the text, or else the only heading of the highest level.

    Headings below the first sentence do not count, because they name parts of the text. If the text begins
    with a heading, the title is the first title-like heading among its first three headings.
    """
    tokens = list(_above_prose(tokens))
    headings = list(_headings(tokens))
    first = next((token for token in tokens if not _is_comment(token)), None)
    if headings and first and first.type == "heading_open":
        words = [words for _, _, words in headings[:_TOP_HEADINGS]]
        titles = [heading for heading in words if may_be_title(heading)]
        return (titles or [heading for heading in words[:1] if not is_section_heading(heading)] or [""])[0]
    highest = min((level for _, level, _ in headings), default=1)
    firsts = [words for _, level, words in headings if level == highest and not is_section_heading(words)]
    return firsts[0] if len(firsts) == 1 else ""


def _above_prose(tokens: list[Token]) -> Iterator[Token]:
    """Yield the tokens above the first paragraph that has a sentence."""
    for position, token in enumerate(tokens):
        if token.type == "paragraph_open" and _has_sentence(tokens[position + 1].content):
            return
        yield token


def _has_sentence(paragraph: str) -> bool:
    return any(
        end[0] in "。！？" or len(paragraph[: end.end()].split()) >= _FEWEST_WORDS
        for end in islice(_SENTENCE_END.finditer(paragraph[:TOP]), _FEWEST_WORDS)
    )


def may_be_title(heading: str) -> bool:
    """Return whether a heading may be a title, unlike "Statement", "Pavement No. 2" or "May 2018"."""
    numbered = find_number(heading)
    return not (
        is_kind(heading)
        or is_section_heading(heading)
        or (numbered.number and not numbered.rest and not numbered.bare)
        or find_date(heading)
        or re.match(r"\d{1,2}[.)]\s", heading)
    )


def _sections(text: str, lines: list[_Bounds], tokens: list[Token]) -> tuple[Section, ...]:
    headings = [
        (span.start, words)
        for line, _, words in _headings(tokens)
        if words and (span := _line_span(text, *lines[line]))
    ]
    return under_headings(text, headings)


# Lines without words


def _wordless(text: str, lines: list[_Bounds], tokens: list[Token], env: dict[str, Any]) -> Iterator[Span]:
    """Yield the spans of lines that are only markup: rules, fences, underlines, comments, link targets."""
    wordless: set[int] = set()
    for token in tokens:
        if not token.map:
            continue
        first, last = token.map[0], token.map[1] - 1
        if token.type == "hr" or (token.type == "heading_open" and token.markup in ("=", "-")):
            wordless.add(last)
        elif token.type == "fence":
            wordless |= {first, last} if _is_fence(text, lines[last], token.markup) else {first}
        elif _is_comment(token):
            wordless.update(range(first, last + 1))
        elif token.type == "table_open":
            wordless.add(first + 1)
    for reference in env.get("references", {}).values():
        wordless.update(range(*reference["map"]))
    yield from filter(None, (_line_span(text, *lines[line]) for line in wordless))


def _is_comment(token: Token) -> bool:
    content = token.content.strip() if token.type == "html_block" else ""
    return content.startswith("<!--") and content.endswith("-->")


def _is_fence(text: str, line: _Bounds, markup: str) -> bool:
    return text[slice(*line)].lstrip(" >\t").startswith(markup)


# Front matter


def _front_matter(text: str) -> _Front:
    """Read the front matter, if any: TOML between lines of "+++", or pairs as in YAML between lines of "---".

    The YAML reader knows only plain pairs, and lists of plain values. A citation does not need other forms of
    YAML, such as nested maps, anchors and folded texts.
    """
    match = _FRONT.match(text)
    if not match:
        return _Front({})
    toml = match["mark"] == "+++"
    lines = [line for line in LINE.finditer(text, match.start("body"), match.end("body")) if line[0]]
    if toml:
        try:
            held: dict[str, Any] = tomllib.loads(match["body"].replace("\r\n", "\n"))
        except (tomllib.TOMLDecodeError, RecursionError):
            return _Front({})
    else:
        held = _pairs([line[0].rstrip() for line in lines])
    if not held:
        return _Front({})
    values: dict[str, str] = {}
    for key, value in held.items():
        field = "" if isinstance(value, dict) else field_of(key)
        written = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
        written = " ".join(written.split())
        if field and field not in values and written and written.isprintable():
            values[field] = written
    header: list[Span] = []
    furniture = [Span(0, 3), Span(match.start("end"), match.start("end") + 3)]
    says = False
    for line in lines:
        if not _GOES_ON.match(line[0].rstrip()):
            pair = _PAIR.match(line[0])
            says = bool(pair and field_of(pair["key"]))
        if span := _line_span(text, *line.span()):
            (header if says else furniture).append(span)
    return _Front(values, tuple(header), tuple(furniture), match.end())


def field_of(key: str) -> str:
    """Return the document field that a key names, or "" if it names none."""
    name = re.sub("[ _-]", " ", key.lower())
    stated = LABELS.get(name, "").replace("published", "date")
    return _FIELDS.get(name.replace(" ", "_")) or ("" if stated == "aside" else stated)


def _pairs(lines: list[str]) -> dict[str, Any]:
    """Read lines of "key: value". Return no pairs if a line is not a pair and does not continue a pair."""
    held: dict[str, Any] = {}
    key = ""
    for line in lines:
        if _GOES_ON.match(line):
            item = re.match(r"\s*-\s+(.+)", line)
            if item and key and isinstance(held[key], list):
                held[key].append(_scalar(item[1].removeprefix("name:")))
        elif (pair := _PAIR.fullmatch(line)) and ":" in line:
            key = pair["key"]
            value = pair["value"].strip()
            listed = re.fullmatch(r"\[(.*)\]", value)
            if listed:
                held[key] = [_scalar(part) for part in listed[1].split(",") if part.strip()]
            else:
                held[key] = [] if not value else "" if value[0] in "|>&*{!" else _scalar(value)
        else:
            return {}
    return held


def _scalar(value: str) -> str:
    value = value.strip()
    if quoted := re.match(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^']|'')*)'", value):
        if quoted[1] is not None:
            return re.sub(r"\\(.)", r"\1", quoted[1])
        return quoted[2].replace("''", "'")
    return re.split(r"(?<!\s)\s++#", value)[0]
