"""Build pandoc's document tree (its JSON) of a dossier, with each quote character by character.

Pandoc's readers would change quotes, because they read asterisks as emphasis and two spaces as one. Its
writers escape any characters in a `Str`. So each line of a quote becomes a `Str`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from qa.quoting.cite import with_lines_joined
from qa.quoting.claims.marks import Ends
from qa.report.contents import NOTE, how_asked, outcome_in_words, outdated, questions, sources
from qa.text.dates import date_in_words
from qa.text.display import describe_filters, plural, visible

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from embeddings.models import EncoderIdentity
    from qa.quoting.bibliography.styles import Rendered
    from qa.report.contents import Question, Shown

Node: TypeAlias = dict[str, Any]
Format = Literal["docx", "odt", "pdf", "html", "md", "tex"]
# Formats with the title in the metadata, because their templates read it there.
_TITLED = ("docx", "odt", "tex")
# Formats with a span around the words of a quote.
_SPANNED = ("docx", "odt", "html")
# Pairs of quotation marks for a quote. The first pair is used that no mark inside the quote can close.
_MARKS = (("“", "”"), ("«", "»"), ("「", "」"), ("『", "』"), ("《", "》"), ("〈", "〉"))
_IN_TEX = {"`": "\\textasciigrave{}", '"': "\\textquotedbl{}", ",": ",{}"}
# Characters that pandoc's writers do not escape, by format:
# - characters that TeX's fonts and Typst replace by other characters,
# - characters that Markdown reads as an entity or, at the beginning of a line, as a list or heading, and
# - a backslash in Markdown, because its writer drops some characters after a backslash.
_ESCAPES: dict[str, tuple[str, re.Pattern[str], Callable[[str], str]]] = {
    "tex": ("latex", re.compile(r'[`"]|,(?=,)'), _IN_TEX.__getitem__),
    "pdf": ("typst", re.compile(r"-|\.(?=\.)"), "\\{}".format),
    "md": (
        "commonmark",
        re.compile(r"&(?=#?\w)|\\|\A[ \t]*+[-+=#>]|\A[ \t]*+[0-9]{1,9}[.)]"),
        lambda match: "&amp;" if match == "&" else f"{match[:-1]}\\{match[-1]}",
    ),
}
_LINE_END = re.compile(r"\r\n|\n")
_SENTENCES = {
    "superseded": "The source has another text since {day}.",
    "removed": "The source was removed from the library on {day}.",
}
# Typst markup before a quote that does not fit on a page with its footnote. The quote begins a new page, so
# no footnote of another quote stands between its parts.
_BREAKABLE = "#pagebreak(weak: true)\n#[\n#show quote.where(block: true): set block(breakable: true)"
# Number of characters in a line of the PDF, and number of lines of a quote that fit on a page.
_WIDTH, _MOST_LINES = 72, 40
API = [1, 23, 1]


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about the origin of a report, for its manifest.

    Attributes:
        name: the dossier's name.
        made: the time at which the report was made.
        version: the version of Pullquote.
        generation: the library's generation.
        encoder: the encoder that made the library's vectors, or None without vectors.
        readers: the SHA-256 of the weights of each reading model, by the model's name.
        style: the name of the citation style.
    """

    name: str
    made: dt.datetime
    version: str
    generation: int
    encoder: EncoderIdentity | None
    readers: Mapping[str, str]
    style: str


def tree(entries: Sequence[Shown], rendered: Rendered, facts: Facts, form: Format) -> Node:
    """Return the report as a document of pandoc.

    The citations in `rendered` are the citations of the quotes, in the order of the quotes.
    """
    title = _text(facts.name, form)
    in_head = form in _TITLED
    top = 1 if in_head else 2
    blocks = [] if in_head else [_heading(1, title)]
    blocks.append(
        _paragraph(
            f"Quotes are word for word from the documents that the notes cite. Text marked as {NOTE} "
            f"is the analyst’s own. Made on {date_in_words(facts.made.date())}.",
            form,
        )
    )
    if old := outdated(entries):
        are = "1 quote is" if len(old) == 1 else f"{len(old):,} quotes are"
        notice = f"{are} no longer current: the notes and the appendix describe the changes of the sources."
        blocks.append(_paragraph(notice, form))
    notes = iter(rendered.citations)
    for shown in entries:
        blocks += _of_entry(shown, notes, top, form)
    if rendered.bibliography:
        blocks.append(_heading(top, _text("Bibliography", form)))
        blocks += [_para(entry) for _, entry in rendered.bibliography]
    blocks += _appendix(entries, facts, top, form)
    meta = {"title": {"t": "MetaInlines", "c": title}} if in_head else {}
    return {"pandoc-api-version": API, "meta": meta, "blocks": blocks}


def marks_for(words: str) -> tuple[str, str]:
    """Return the opening and closing quotation marks that show unambiguously where the words end.

    If no pair does, return the first pair.
    """
    for pair in _MARKS:
        quoted = f"{pair[0]}{words}{pair[1]}"
        if Ends(quoted).of(0) == len(quoted):
            return pair
    return _MARKS[0]


def quoted(words: str, form: Format) -> list[Node]:
    """Return a quote's words between quotation marks. Control characters are shown as symbols."""
    opening, closing = marks_for(words)
    inner = _text(words, form)
    if form in _SPANNED:
        attributes = [["custom-style", "QuotedWords"]] if form != "html" else []
        is_exact = visible(words.replace("\r\n", "\n")) == words.replace("\r\n", "\n")
        classes = ["quote"] if form == "html" and is_exact else []
        inner = [{"t": "Span", "c": [["", classes, attributes], inner]}]
    return [_str(opening), *inner, _str(closing)]


# Parts of the report


def _of_entry(shown: Shown, notes: Iterator[list[Node]], top: int, form: Format) -> Iterator[Node]:
    """Yield an entry of a dossier. `notes` gives the footnote of each quote, in order."""
    entry = shown.entry
    if entry.kind == "heading":
        yield _heading(top, _text(entry.words, form))
    elif entry.kind == "note":
        paragraphs = re.split(r"\n\s*\n", entry.words)
        label = {"t": "Strong", "c": [_str(f"{NOTE}:")]}
        first = _para([label, {"t": "Space"}, *_text(paragraphs[0], form)])
        attributes = [["custom-style", "AnalystNote"]] if form in ("docx", "odt") else []
        others = [_para(_text(paragraph, form)) for paragraph in paragraphs[1:]]
        yield {"t": "Div", "c": [["", ["note"], attributes], [first, *others]]}
    elif shown.quote:
        remarks = " ".join([*_fate(shown), *shown.remarks])
        note = [*next(notes), *([{"t": "Space"}, *_text(remarks, form)] if remarks else [])]
        words = [*quoted(with_lines_joined(shown.quote), form), {"t": "Note", "c": [_para(note)]}]
        block = {"t": "BlockQuote", "c": [_para(words)]}
        if form == "pdf" and _is_long(shown.quote.text):
            yield from (_typst(_BREAKABLE), block, _typst("]"))
        else:
            yield block
    elif entry.kind == "quote":
        yield _paragraph(f"[There was a quote here. Its document was {shown.fate}.]", form)


def _is_long(words: str) -> bool:
    """Return whether a quote may be too long for a page of the PDF."""
    is_wide = any(unicodedata.east_asian_width(character) in ("W", "F") for character in words)
    width = _WIDTH // 2 if is_wide else _WIDTH
    return sum(1 + len(line) // width for line in words.split("\n")) > _MOST_LINES


def _typst(markup: str) -> Node:
    return {"t": "RawBlock", "c": ["typst", markup]}


def _fate(shown: Shown) -> list[str]:
    opened = shown.opened
    if opened is None or opened.since is None:
        return []
    return [_SENTENCES[opened.status].format(day=date_in_words(opened.since.date())), shown.today]


def _appendix(entries: Sequence[Shown], facts: Facts, top: int, form: Format) -> Iterator[Node]:
    """Yield the appendix: what is outdated, which questions were asked, and the manifest."""
    asked = questions(entries)
    answered = [question for question in asked if question.quotes or question.asked.outcome == "answered"]
    others = [question for question in asked if question not in answered]
    selected = [shown.number for shown in entries if shown.quote and not shown.entry.asked]
    number = 0
    yield _heading(top, _text("Appendix: how this was found", form))
    if old := outdated(entries):
        yield _heading(top + 1, _text("No longer current", form))
        for quote in old:
            yield _paragraph(f"{quote.name[0].upper()}{quote.name[1:]}: {quote.fate}. {quote.today}", form)
    yield _heading(top + 1, _text("Questions asked", form))
    if not answered:
        yield _paragraph("No question is kept with the quotes.", form)
    for number, question in enumerate(answered, 1):
        yield from _question(number, question, form)
    if selected:
        yield _paragraph(f"Kept without a question: {_numbers(selected)}.", form)
    yield _heading(top + 1, _text("Questions without an answer", form))
    if not others:
        yield _paragraph("None is kept.", form)
    for at, question in enumerate(others, number + 1):
        yield from _question(at, question, form)
    yield _heading(top + 1, _text("Manifest", form))
    yield from _manifest(entries, facts, form)


def _question(number: int, question: Question, form: Format) -> Iterator[Node]:
    """Yield what was asked and how, what was found, and which of the quotes were kept."""
    asked = question.asked
    yield _paragraph(f"Question {number}: {' '.join(asked.question.split())}", form)
    if asked.earlier:
        yield _paragraph(f"Question before it: {' '.join(asked.earlier[-1].split())}", form)
    asked_how = how_asked(asked)
    searched = f"Asked on {asked_how}" if asked.at else "Asked"
    numbers = _numbers(question.quotes)
    if asked.outcome == "answered":
        kept_quotes = f"kept: {numbers}" if question.quotes else "its quotes were purged"
        where = describe_filters(asked.filters) or "all documents"
        yield _paragraph(f"{searched}. Searched: {where}. Answered; {kept_quotes}.", form)
        return
    nearest = f" Kept from this answer: {numbers}." if question.quotes else ""
    yield _paragraph(f"{searched}. {outcome_in_words(asked)}.{nearest}", form)


def _numbers(quotes: Sequence[int]) -> str:
    return f"{'quote' if len(quotes) == 1 else 'quotes'} {', '.join(map(str, quotes))}"


def _manifest(entries: Sequence[Shown], facts: Facts, form: Format) -> Iterator[Node]:
    """Yield paragraphs with the sources and places of all quotes, so that each quote can be opened again."""
    held = sources(entries)
    if form == "pdf":  # a citation must fit into one line
        yield _typst("#set text(size: 7.5pt)")
    encoder = f"{facts.encoder.name}, SHA-256 {facts.encoder.sha256}" if facts.encoder else "none"
    readers = " and ".join(f"{name}, SHA-256 {sha256}" for name, sha256 in facts.readers.items())
    yield _paragraph(
        f"Pullquote {facts.version}; library generation {facts.generation}; encoder {encoder}; read "
        f"by {readers}; citation style {facts.style}. {plural(len(held), 'text')}, "
        f"{plural(sum(1 for shown in entries if shown.quote), 'quote')}.",
        form,
    )
    yield _paragraph(
        "Each quote is named by the SHA-256 of its document’s text (UTF-8), and by where in that text it "
        "begins and ends, in characters. The command pullquote cite opens it.",
        form,
    )
    for at, source in held.items():
        document = source.document
        yield _paragraph(
            f"Document {document.id}: {len(document.text):,} characters, SHA-256 {document.sha256}", form
        )
        for shown in entries:
            quote = shown.quote
            if quote and (quote.document.id, quote.document.sha256) == at:
                yield _paragraph(f"quote {shown.number}: {document.sha256}/{quote.start}-{quote.end}", form)


# Nodes


def _str(words: str) -> Node:
    return {"t": "Str", "c": words}


def _text(words: str, form: Format) -> list[Node]:
    """Return words unchanged, with each line as a `Str` if it needs no escapes."""
    nodes: list[Node] = []
    at = 0
    for end in _LINE_END.finditer(words):
        nodes += _line(words[at : end.start()], form)
        if form == "html" and end[0] == "\r\n":
            nodes.append({"t": "RawInline", "c": ["html", '<i class="cr"></i>']})
        nodes.append({"t": "LineBreak"})
        at = end.end()
    return [*nodes, *_line(words[at:], form)]


def _line(words: str, form: Format) -> list[Node]:
    """Return a line as one `Str`. Characters that pandoc's writer does not escape become raw inlines."""
    words = visible(words)
    if form not in _ESCAPES:
        return [_str(words)] if words else []
    raw, pattern, escaped = _ESCAPES[form]
    nodes, at = [], 0
    for match in pattern.finditer(words):
        nodes += [_str(words[at : match.start()])] if at < match.start() else []
        nodes.append({"t": "RawInline", "c": [raw, escaped(match[0])]})
        at = match.end()
    return [*nodes, _str(words[at:])] if words[at:] else nodes


def _para(inlines: Sequence[Node]) -> Node:
    return {"t": "Para", "c": list(inlines)}


def _paragraph(words: str, form: Format) -> Node:
    return _para(_text(words, form))


def _heading(level: int, inlines: Sequence[Node]) -> Node:
    return {"t": "Header", "c": [level, ["", [], []], list(inlines)]}


def characters(node: object) -> Iterator[str]:
    """Yield the words of all `Str` nodes of a tree."""
    if isinstance(node, dict):
        if node.get("t") == "Str":
            yield node["c"]
        else:
            for value in node.values():
                yield from characters(value)
    elif isinstance(node, list):
        for value in node:
            yield from characters(value)
