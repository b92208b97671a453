"""Reads the main text of a saved web page, without navigation, teasers and notices.

trafilatura chooses the blocks of the page that are its text. The words come from the page itself
(`markup.py`), so no word is lost, doubled or glued to another. Reasons: docs/decisions/0015-formats.md.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lxml import etree
from trafilatura import bare_extraction

from qa.document.metadata import with_language_of_script
from qa.errors import InputError
from qa.formats.heads.header import parse_header
from qa.formats.markup import RAISED, Block, blocks, breaks, compose, decode, has_struck, parse
from qa.formats.page import describe_page
from qa.formats.text import check_text, describe
from qa.schema import Document, Found
from qa.text.name_classes import letters
from qa.text.people import surely_people
from qa.text.terms import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import html

    from qa.formats.source import Options, Source
    from qa.text.written_dates import DateOrder

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # its messages about pages are of no use

# The mark of a block, in Braille. trafilatura keeps it as printable, and does not count it as letters.
_MARK = re.compile("[\u2800-\u28ff]{3}")
_NOT_XML = re.compile("[\u2800-\u28ff\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NOTE = re.compile(r"\W{0,2}([0-9]{1,3}(?!\w)|[¹²³⁰⁴-⁹]{1,3})[\].):]{0,2}\s*(?=\S)")
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_DEEPEST = 240  # trafilatura loses elements that are nested deeper than 256
_MOST_ELEMENTS = 50_000  # trafilatura reads so many in 7 s at most, and twice as many in a minute
_MOST_TEXT = 5_000_000  # characters; trafilatura keeps about ten copies in memory
_MOSTLY = 0.6  # with a larger share of linked characters, a text is mostly links
_FEWEST_WORDS = 15  # minimum words of a left-out paragraph that a note reports
# Phrases that address the visitors of a page. A text does not contain them.
_ADDRESSED = re.compile(
    r"\b(?:cookies|javascript|newsletter|all rights reserved|privacy (?:policy|notice)|this browser)\b|©"
    r"|\b(?:subscribe|sign(?:ing)? up|log(?:ged)? in|register|donate|click|tap) (?:to|for|now|here|today)\b"
    r"|\byour (?:e-?mail|inbox|browser|account|subscription|data|consent|device|comment)\b",
    re.IGNORECASE,
)
_MOST_ABOVE = 40  # first blocks that are searched for the lines above the text
_PROSE = 180  # characters: a longer block is prose
_CRUMBS = re.compile(
    r"^you are here|^home\s?[>›»/|]|\s[>›»]\s.*\s[>›»]\s|\w\.(?:html?|docx?|pdf)\b"
    r"|^we use cookies|cookies?\b",
    re.IGNORECASE,
)
# A notice of rights: it may stand above the text or between the lines of its head.
_LEGAL = re.compile(
    r"(?:permission is|redistribution|the above copyright|(?:the|this) software is|licen[cs]ed under"
    r"|a copy of the|for the full licen[cs]e|.{1,40}\bare free software) "
    r"|(?:this|the) (?:[\w-]+ ){0,3}(?:is free software|is distributed|may be|can be|is licen[cs]ed)\b",
    re.IGNORECASE,
)
_AROUND = ("nav", "footer", "aside", "dialog", "address")
_SHOWN = 80  # characters of a left-out paragraph that a note shows


def read(source: Source, options: Options) -> Iterator[Document | InputError]:
    """Yield the one document of a saved page.

    Raises:
        InputError: when the source is not HTML, has no text, or its encoding is in doubt.
    """
    decoded = decode(source.data, source.name)
    page = decoded.text
    tree = parse(page, source.name)
    every = blocks(tree)
    if not every:
        raise InputError(
            f"{source.name} has no text: perhaps a script writes the text, or it is in frames. "
            "Open the page in a browser and save it again, or save its text as a .txt file."
        )
    struck = has_struck(tree)
    about = describe_page(page, tree, every, options.date_order)
    head = list(_head(every))
    containers = [_containers(block) for block in every]  # before trafilatura changes the tree
    main_blocks = _main_blocks(tree, every)
    rendered = compose([every[number] for number in main_blocks] or every)
    check_text(rendered.text, source.name)
    notes = list(decoded.notes)
    if not main_blocks:
        notes.append("The main text of the page could not be found, so the whole page was read.")
    elif sum(every[number].linked for number in main_blocks) > _MOSTLY * len(rendered.text):
        notes.append("The page has little text other than links.")
    else:
        notes += _left_out(every, main_blocks, containers)
    if struck:
        notes.append("Words that the page strikes out were left out.")
    document = replace(
        about,
        text=rendered.text,
        sections=rendered.sections,
        notes=(*about.notes, *notes),
    )
    document = _with_head(document, head, options.date_order)
    document = describe(document, PurePath(source.file_name).stem, options.date_order)
    yield with_language_of_script(_with_host(document))


def _head(every: list[Block]) -> Iterator[str]:
    """Yield the blocks above a page's first prose, such as byline and date, and this prose.

    Navigation, lists, tables and notices of rights are left out.
    """
    for block in every[:_MOST_ABOVE]:
        words = "\n".join(" ".join(line.split()) for line in block.text.splitlines() if line.strip())
        aside = any(node.tag in _AROUND for node in (block.node, *block.node.iterancestors()))
        if (
            aside
            or _LEGAL.match(words)
            or block.kind in ("item", "row")
            or 2 * block.linked > len(words)
            or _CRUMBS.search(words)
        ):
            continue
        yield words
        if len(words) > _PROSE:
            return


def _with_head(document: Document, head: list[str], order: DateOrder) -> Document:
    """Fill the document's empty fields from the lines above its text."""
    header = parse_header("\n\n".join(head), order, document.title)
    if surely_people(header.author) and any(
        origin.field == "author" and origin.sure == "guessed" for origin in document.found
    ):  # a person above the text is a surer author than a guessed one, such as an agency
        others = tuple(origin for origin in document.found if origin.field != "author")
        document = replace(document, author="", found=others)
    header_values = {
        field: value
        for field in ("title", "author", "publisher", "series", "number", "date")
        if (value := getattr(header, field)) and not getattr(document, field)
    }
    if document.number or document.series:
        header_values.pop("series", None)
    if letters(header_values.get("publisher", "")) in letters(document.author):
        header_values.pop("publisher", None)  # "© 2015 Ann Osei" names the author
    origins = (*document.found, *(Found(field, "the top of the page", "likely") for field in header_values))
    notes = () if document.date else header.notes
    return replace(document, **header_values, found=origins, notes=(*document.notes, *notes))


def _main_blocks(tree: html.HtmlElement, every: list[Block]) -> list[int]:
    """Return the indices of the blocks that are the page's text. The tree cannot be used afterwards.

    Each block gets a mark at its beginning, and is kept if trafilatura returns the mark. These blocks are
    kept even if trafilatura drops them:
    - the page's title above the text,
    - sentences and tables in figures inside the text,
    - headings of kept blocks,
    - the other blocks of a quotation that has a kept block,
    - notes below the text that the text refers to.

    Return no index if the page is too large or too deep for trafilatura, or trafilatura finds no text.
    """
    if sum(len(block.text) for block in every) > _MOST_TEXT or _is_beyond_telling(tree):
        return []
    etree.strip_elements(tree, "script", "style", "noscript", with_tail=False)
    for node in tree.iter(etree.Element):
        for slot in ("text", "tail"):
            words = getattr(node, slot)
            if words and _NOT_XML.search(words):
                setattr(node, slot, _NOT_XML.sub("", words))
    for number, block in enumerate(every):
        words = getattr(block.node, block.slot) or ""
        setattr(block.node, block.slot, _mark(number) + words.lstrip())
    quotations = [_quotation(block) for block in every]  # before trafilatura changes the tree
    # Use the fallbacks of trafilatura, and prefer neither precision nor recall. Never give it an address.
    extracted = bare_extraction(tree, include_comments=False, include_tables=True)
    marks = set(_MARK.findall("".join(extracted.body.itertext()))) if extracted else set()
    chosen = [number for number in range(len(every)) if _mark(number) in marks]
    if not chosen:
        return []
    first, last = chosen[0], chosen[-1]
    titles = [number for number, block in enumerate(every) if block.level == 1]
    main = set(chosen)
    levels = {every[number].level for number in chosen}  # levels that a heading above the text may have
    quoted = {quotations[number] for number in chosen} - {None}
    for number, block in reversed(list(enumerate(every))):
        if (
            (titles == [number] and number < first)
            or (block.in_figure and first < number < last and _says_something(block))
            or (block.kind == "heading" and number + 1 in main and (number > first or block.level in levels))
            or quotations[number] in quoted
        ):
            main.add(number)
            levels.add(block.level)
    main |= _notes(every, chosen)
    return sorted(main)


def _containers(block: Block) -> set[html.HtmlElement]:
    """Return the element that contains a block together with other blocks, and the articles around the block.

    Return an empty set for a block in navigation, a footer or the like (`_AROUND`).
    """
    node = block.node if block.slot == "text" else block.node.getparent()
    lineage = [node, *node.iterancestors()]
    if any(element.tag in _AROUND for element in lineage):
        return set()
    depth = next((depth for depth, element in enumerate(lineage) if breaks(element)), 0)
    container = lineage[depth + (block.slot == "text" or depth > 0) :][:1]
    return {*container, *(element for element in lineage if element.tag == "article")}


def _left_out(every: list[Block], main: list[int], containers: list[set[html.HtmlElement]]) -> Iterator[str]:
    """Yield a note on left-out prose that may belong to the text: inside the text, or next to kept prose.

    The usual things around a text get no note: navigation, teasers under linked headlines, notices.
    """
    text = " ".join(" ".join(every[number].text.split()) for number in main)
    kept_containers = {
        container
        for number in main
        if measure(every[number].text) >= _FEWEST_WORDS
        for container in containers[number]
    }
    left: list[str] = []
    for number in sorted(set(range(len(every))) - set(main)):
        block, words = every[number], " ".join(every[number].text.split())
        above = every[number - 1] if number and number - 1 not in main else None
        if (
            measure(words) >= _FEWEST_WORDS
            and _says_something(block)
            and containers[number]
            and (main[0] < number < main[-1] or containers[number] & kept_containers)
            and block.linked < 0.5 * len(block.text)
            and not (above and above.linked > _MOSTLY * len(above.text))
            and not _ADDRESSED.search(words)
            and words not in text
        ):
            left.append(words)
    if left:
        longest = max(left, key=len)
        shown = longest if len(longest) <= _SHOWN else f"{longest[:_SHOWN].rsplit(' ', 1)[0]}…"
        what = (
            "A paragraph was left out as page furniture:"
            if len(left) == 1
            else (f"{len(left)} paragraphs were left out as page furniture, such as")
        )
        yield f"{what} “{shown}”."


def _quotation(block: Block) -> html.HtmlElement | None:
    """Return the quotation that contains a block, or None."""
    if block.slot == "text" and block.node.tag == "blockquote":
        return block.node
    return next(block.node.iterancestors("blockquote"), None)


def _notes(every: list[Block], chosen: list[int]) -> set[int]:
    """Return the indices of the notes below the text that it refers to by number, and of their heading."""
    text = " ".join(every[number].text for number in chosen)
    notes: set[int] = set()
    expected = 1
    for number in range(chosen[-1] + 1, len(every)):
        block = every[number]
        mark = _NOTE.match(block.text)
        if (
            mark
            and mark[1].translate(_LOWERED) == str(expected)
            and (f"[{expected}]" in text or str(expected).translate(RAISED) in text)
            and block.linked < _MOSTLY * len(block.text)
        ):
            if expected == 1 and every[number - 1].kind == "heading":
                notes.add(number - 1)
            notes.add(number)
            expected += 1
    return notes


def _says_something(block: Block) -> bool:
    """Return whether a block of a figure is a sentence or a row of a table, not a photographer's name."""
    return block.kind == "row" or block.text.endswith((".", "!", "?", "…", "。", "”"))


def _mark(number: int) -> str:
    return "".join(chr(0x2800 + (number >> shift & 0xFF)) for shift in (16, 8, 0))


def _is_beyond_telling(tree: html.HtmlElement) -> bool:
    """Return whether a page is nested too deep for trafilatura, or has too many elements."""
    depth = elements = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        elements += event == "start"
        if depth > _DEEPEST or elements > _MOST_ELEMENTS:
            return True
    return False


def _with_host(document: Document) -> Document:
    """Set the publisher to the host of the page's address if the publisher is not known."""
    host = (urlsplit(document.url).hostname or "").removeprefix("www.") if document.url else ""
    if document.publisher or not host:
        return document
    origins = (*document.found, Found("publisher", "its address", "guessed"))
    return replace(document, publisher=host, found=origins)
