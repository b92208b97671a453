"""Write an answer as a piece of HTML for a notebook or a report. It has no script and loads nothing."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

from qa.quoting.bibliography.markup import html as escaped
from qa.quoting.cite import check, cite_line, is_web_address
from qa.quoting.render import besides, closing, document_heading, emphasised, in_order, opening
from qa.text.display import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qa.quoting.cite import DocumentReader
    from qa.schema import Answer, Quote

# The style is inline because a notebook has no style sheet of ours. Spaces and line breaks are part of a
# quote, and a browser must not translate a quote.
_QUOTE = '<blockquote translate="no" style="white-space: pre-wrap">'


def to_html(answer: Answer, read_document: DocumentReader) -> str:
    """Return an answer as HTML. Each quote is a block quote, with its citation below.

    The words that carry the answer are in <strong>. All texts are escaped, so they cannot contain markup.
    Only web addresses become links. Control characters are shown as symbols, and the carriage return of a
    line end as a space (`visible`). Otherwise, a quote is exact.

    Raises:
        VerbatimError: if a quote, as a browser shows it, differs from the slice of its source, which is read
            again.
    """
    return f'<div class="pullquote-answer">{"".join(_pieces(answer, read_document))}</div>'


def _pieces(answer: Answer, read_document: DocumentReader) -> Iterator[str]:
    """Yield the elements of an answer's page. Each quote is checked against its document."""
    for number, (line, _) in enumerate(opening(answer)):
        yield _paragraph(line) if number else f"<p><strong>{_text(line)}</strong></p>"
    for quote, follows in in_order(answer):
        if heading := document_heading(answer, quote):
            yield f"<h3>{_text(heading)}</h3>"
        if follows:
            yield _paragraph("[…]")
        block = f"{_QUOTE}{_words(quote)}</blockquote>"
        check(quote, read_document, text_of_html(block), pictures=True)
        yield block
        cited = f"[{quote.number}] {_text(cite_line(quote))}"
        if is_web_address(address := quote.document.url):
            cited += f' <a href="{escaped(address)}" rel="noreferrer">{_text(address)}</a>'
        yield f"<p>{cited}</p>"
        yield from map(_paragraph, besides(quote))
    yield from map(_paragraph, closing(answer))


def _paragraph(text: str) -> str:
    return "".join(f"<p>{_text(line)}</p>" for line in text.splitlines())


def _text(text: str) -> str:
    return escaped(visible(text))


def _words(quote: Quote) -> str:
    shown = visible(quote.text)  # has as many code points as the quote, so offsets stay valid
    return with_emphasis(quote, lambda start, end: escaped(shown[start - quote.start : end - quote.start]))


def with_emphasis(quote: Quote, write: Callable[[int, int], str]) -> str:
    """Return a quote as HTML, with the words that carry the answer in <strong>.

    `write` returns the HTML of a stretch, given the offsets of the stretch in the document.
    """
    stretches = ((write(start, end), is_strong) for start, end, is_strong in emphasised(quote))
    return "".join(f"<strong>{words}</strong>" if is_strong else words for words, is_strong in stretches)


def text_of_html(html: str) -> str:
    """Return the text that a browser shows of HTML. An element <i class="cr"> counts as a carriage return."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.text)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if (tag, attrs) == ("i", [("class", "cr")]):
            self.text.append("\r")
