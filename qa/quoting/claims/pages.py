"""Read the claims of HTML pages: elements that quote, with the citations after them, and running text."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, get_args

from qa.quoting.claims.citations import first_title, own_words
from qa.quoting.claims.claim import CITATION_ID, Claim, citation_in, wrong_range
from qa.quoting.claims.marks import MOST_CHARACTERS, without_marks
from qa.quoting.claims.prose import MOST_BESIDE, of_prose
from qa.quoting.claims.sentences import MOST_AROUND, sentence_around
from qa.quoting.claims.titles import in_note
from qa.quoting.references import (
    CELL,
    LONGEST_CELL,
    MOST_CELLS,
    ROW,
    in_short,
    is_source_column,
    noted,
)
from qa.schema import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml.html import HtmlElement

    from qa.schema import CitationId

_PAGE = re.compile(
    # A fragment of a page begins with an element.
    r"\A\s*<(?:article|a|blockquote|body|b|div|em|head|h[1-6]|i|li|main|ol|p|q|section|span|strong|table|ul)\b"
    r"[^<>]*>(?=[\s\S]*</)"
    r"|<!doctype html|<html|<\?xml[^<>]*>\s*<!doctype html|<a [^<>]*class=\"?cite",
    re.IGNORECASE,
)


def _of_class(name: str) -> str:
    return f"contains(concat(' ', @class, ' '), ' {name} ')"


# An answer as this program writes it. The class names are checked because other pages have answers, too.
_ANSWER = (
    f"article[{_of_class('answer')}][{' or '.join(map(_of_class, get_args(Outcome)))}"
    " or (@class = 'answer' and section[@class = 'reply' or @class = 'error'])]"
)
# Elements that are not running text: quotes, citations, and the program's own words in an answer.
_READ = (
    f"//blockquote | //q | //a[contains(@href, '#cite=')] | //*[{_of_class('quote')}]"
    f" | //*[{_of_class('cite')}] | //{_ANSWER}"
    # Questions, in the chat and in a report of an evaluation.
    f" | //*[{_of_class('message user')}]"
    " | //article[@class = 'question' and starts-with(@aria-labelledby, 'h')] | //tr[@data-v]"
)
# Elements that may name a document.
_NAMES = "//h1 | //h2 | //h3 | //h4 | //h5 | //h6 | //a | //cite"
# Elements that contain notes and references.
_NOTES = (
    "//*[contains(@class, 'footnote') or contains(@class, 'endnote') or contains(@class, 'references')"
    " or contains(@class, 'bibliography') or starts-with(@id, 'fn') or contains(@role, 'doc-endnote')"
    " or contains(@role, 'doc-biblio')]"
)
_QUOTING = ("blockquote", "q")
_CAPTIONS = ("figcaption", "cite", "footer")
# Maximum number of elements in a paragraph whose sentences around quotes are read.
_MOST_INLINE = 50
# Maximum number of elements of a note or cell that are read.
_MOST_ELEMENTS = 100
_FOOTNOTE_LABEL = re.compile(r"\W*\w{0,4}[*†‡§]{0,3}\W*")
_NOTE_ELEMENTS = frozenset("li p div aside dd section td".split())


def is_page(text: str) -> bool:
    """Return whether a text is an HTML page or a fragment of a page."""
    return bool(_PAGE.search(text))


def of_page(text: str) -> Iterator[Claim]:
    """Yield the claims of a page: first the elements that quote (`.quote`, blockquote, q), then the rest."""
    from lxml import etree, html

    from qa.formats.markup import breaks

    tree = html.document_fromstring(text)
    for hidden in tree.xpath("//script | //style"):
        hidden.clear(keep_tail=True)
    for carriage in tree.xpath("//i[@class='cr']"):
        carriage.text = "\r"
    notes = _mark_notes(tree)
    waiting: HtmlElement | None = None
    last = None
    preceding: list[str] = []  # words since the last quote or citation of the paragraph
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if not isinstance(element.tag, str):
            preceding += [element.tail or ""] if event == "end" else []
            continue
        if breaks(element):
            preceding = []
        if event == "end":
            preceding.append(element.tail or "")
            continue
        before, label = (" ".join(preceding), element.text_content()) if element.tag == "a" else ("", "")
        preceding.append(element.text or "")
        if "quote" in element.classes or (element.tag in _QUOTING and _quotes(element)):
            if waiting is not None:
                yield _of_element(waiting, notes)
            waiting, last = element, None
        elif (match := CITATION_ID.search(element.get("href") or "")) or "cite" in element.classes:
            citation = citation_in(match) if match else None
            if waiting is not None:
                yield _of_element(waiting, notes, citation, element)
            elif citation:
                ours = element.xpath(f"boolean(ancestor::{_ANSWER})")
                words = "" if ours else own_words(before[-MOST_BESIDE:], label)
                if citation != last or words:
                    yield Claim(
                        None, element.sourceline or 1, citation, wrong=wrong_range(citation), beside=words
                    )
            waiting, last = None, citation or last
            preceding = []
    if waiting is not None:
        yield _of_element(waiting, notes)
    for read in tree.xpath(_READ):
        read.clear(keep_tail=True)  # faster than `drop_tree`, which joins the text around each element
    in_names, in_notes = (
        "\n".join(element.text_content() for element in tree.xpath(path))[:MOST_CHARACTERS]
        for path in (_NAMES, _NOTES)
    )
    for claim in of_prose(*_joined(tree), page_notes=notes):
        if claim.text and not claim.citation and claim.text in in_notes:
            yield in_note(claim)
        elif claim.text and not claim.citation and claim.text in in_names:
            yield replace(claim, maybe_title=True)
        else:
            yield claim


def _joined(element: HtmlElement, gap: str = "\n") -> tuple[str, list[int], list[int]]:
    """Return an element's text, the offsets of line ends added between its blocks, and the blocks' edges."""
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


def _quotes(element: HtmlElement) -> bool:
    """Return whether an element is a quote itself.

    It is not if it lies within or around another quote, or if it is the reading of a question
    (“Understood as:”).
    """
    parent = element.getparent()
    return not (
        any("quote" in above.classes or above.tag in _QUOTING for above in element.iterancestors())
        or element.find_class("quote")
        or (parent is not None and (parent.text or "").startswith("Understood as:"))
    )


def _of_element(
    element: HtmlElement,
    notes: Mapping[str, str],
    citation: CitationId | None = None,
    cite: HtmlElement | None = None,
) -> Claim:
    """Return the claim of an element that quotes, with the citation after it."""
    title = ""
    if cite is not None:
        titles = cite.xpath(".//*[@class='title']")
        title = titles[0].text_content() if titles else first_title(" ".join(_text(cite).split()))
    line = element.sourceline or 1
    if "quote" in element.classes:
        text = element.text_content()
        return Claim(text, line, citation, title=title, exact=True, wrong=wrong_range(citation))
    before, after = _around_inline(element) if element.tag == "q" else _around_block(element)
    text, marks = _without_note_marks(_joined(element, "\n\n")[0], notes)
    return Claim(
        without_marks(text),
        line,
        citation,
        title=title,
        wrong=wrong_range(citation),
        paragraphs=not citation,
        before=before,
        after=after,
        references=(*noted(marks or after, notes), *_beside_in_row(element)),
        shape="block quote" if element.tag == "blockquote" else "quotation marks",
    )


def _around_inline(element: HtmlElement) -> tuple[str, str]:
    """Return the words before and after an inline element in the sentence around it."""
    parent = element.getparent()
    if parent is None or len(parent) > _MOST_INLINE:
        return "", ""
    start = len("".join(element.xpath("preceding-sibling::node()/descendant-or-self::text()")))
    return sentence_around(parent.text_content(), start, start + len(element.text_content()))


def _around_block(element: HtmlElement) -> tuple[str, str]:
    """Return the words before and after a block quote that belong to it.

    Words before it belong to it if they end in a colon. Words after it do if they are its caption or begin
    with a dash.
    """
    before = _text(element.getprevious()).rstrip()[-MOST_AROUND:]
    before = sentence_around(f"{before} ", len(before) + 1, len(before) + 1)[0] if before[-1:] == ":" else ""
    later = element.getnext()
    after = _text(later).strip()[:MOST_AROUND]
    if after and later.tag in _CAPTIONS:
        after = f"— {after.lstrip('—– ')}"
    return before, after if after.startswith(("—", "–")) else ""


def _text(element: HtmlElement | None) -> str:
    """Return the text of an element, or "" for None or a comment."""
    return element.text_content() if element is not None and isinstance(element.tag, str) else ""


# Notes and rows


def _mark_notes(tree: HtmlElement) -> dict[str, str]:
    """Replace the text of links to notes by the marks “[^…]”, and return the texts of the notes by mark."""
    targets = {element.get("id"): element for element in tree.xpath("//*[@id]")}
    notes: dict[str, str] = {}
    for link in tree.xpath("//a[starts-with(@href, '#')]"):
        name = link.get("href")[1:]
        target = targets.get(name)
        is_note = target is not None and target.tag in _NOTE_ELEMENTS
        if is_note and not len(link) and _FOOTNOTE_LABEL.fullmatch(link.text or ""):
            link.text = mark = f"[^{re.sub(r'[^0-9A-Za-z_-]', '-', name)[:40]}]"
            if mark not in notes:
                notes[mark] = _says(target)
    return notes


def _says(note: HtmlElement) -> str:
    """Return the beginning of the text of a note or cell, without the text of links within the page."""
    pieces: list[str] = []
    for element in islice(note.iter(), _MOST_ELEMENTS):
        if isinstance(element.tag, str) and not (element.get("href") or "").startswith("#"):
            pieces.append(element.text or "")
        if element is not note:
            pieces.append(element.tail or "")
    return in_short(" ".join(pieces))


def _without_note_marks(words: str, notes: Mapping[str, str]) -> tuple[str, str]:
    """Return a quote without the note marks at its end, and these marks."""
    quote = words.rstrip()
    while (mark := quote[max(quote.rfind("["), 0) :]) and mark in notes:
        quote = quote.removesuffix(mark).rstrip()
    return quote, words[len(quote) :].strip()


def _beside_in_row(element: HtmlElement) -> Iterator[str]:
    """Yield the short texts of the other cells in an element’s table row, as `Rows.beside` does."""
    row = next(element.iterancestors("tr"), None)
    if row is None or len(row) > MOST_CELLS:
        return
    own = set(element.iterancestors("td", "th"))
    names = _column_names(row)
    for position, cell in enumerate(row):
        if cell in own or (position < len(names) and not is_source_column(names[position])):
            continue
        words = _says(cell)
        if 0 < len(words) <= LONGEST_CELL:
            yield words


def _column_names(row: HtmlElement) -> list[str]:
    """Return the names of a row’s columns, or nothing if the table does not begin with a row of headings."""
    table = next(row.iterancestors("table"), None)
    # `find` would be slow, because lxml would also search the whole table for the second row.
    first = (
        None if table is None else next((element for element in table.iter() if element.tag == "tr"), None)
    )
    if first is None or first is row or any(cell.tag != "th" for cell in first):
        return []
    return [_says(cell) for cell in first[:MOST_CELLS]]
