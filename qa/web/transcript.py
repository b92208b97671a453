"""Write a conversation as one file to keep, open and print: HTML that loads nothing and has no script.

`pullquote verify` reads the file. It contains every quote character for character, with the quote's place.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from qa import __version__
from qa.quoting.cite import cite_line
from qa.quoting.render import (
    FAILED,
    all_that_answer,
    by_part,
    document_heading,
    how_read,
    how_sure,
    in_order,
    more_than_shown,
    said_of_none,
)
from qa.quoting.speaker import said_by
from qa.schema import citation_id
from qa.text import differing_figures as figures
from qa.text import times
from qa.text.dates import date_in_words
from qa.text.display import describe_filters, plural, short_citation
from qa.web import STATIC
from qa.web.cards import quote_block, text

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from qa.desk.kept import Lost
    from qa.quoting.cite import DocumentReader
    from qa.schema import Answer, CitationId, Quote


def entry(
    answer: Answer,
    read_document: DocumentReader,
    at: dt.datetime,
    fates: Mapping[CitationId, str] = MappingProxyType({}),
    lost: Sequence[Lost] = (),
    titles: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return a question with its answer, as it was shown at the time `at`; see `qa.web.cards.answer_card`.

    Raises:
        VerbatimError: a quote in the HTML differs from its slice of the source, which is read again.
    """
    parts = [f"<h2>{text(answer.question)}</h2>", *_paragraphs(_opening(answer, titles))]
    for quote, follows in in_order(answer):
        if heading := document_heading(answer, quote):
            parts.append(f"<h3>{text(heading)}</h3>")
        parts += ["<p>[…]</p>"] * follows
        parts += [quote_block(quote, read_document), _cited(quote, fates.get(citation_id(quote), ""))]
    parts += _paragraphs(map(_purged, lost))
    parts += _paragraphs(_closing(answer, at, titles), "facts")
    return f'<article class="answer {answer.outcome}">{"".join(parts)}</article>'


def page(entries: Sequence[str], saved: dt.datetime) -> str:
    """Return the whole file with the entries."""
    style = STATIC.joinpath("transcript.css").read_text(encoding="utf-8")
    day, body = date_in_words(saved), "\n".join(entries)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f'<meta name="generator" content="Pullquote {__version__}">'
        f'<meta name="date" content="{saved.isoformat()}">'
        f"<title>Pullquote, {day}</title>\n<style>\n{style}</style></head>\n<body>"
        "<header><h1>Conversation</h1>"
        f"<p>Saved by Pullquote on {day} at {_clock(saved)}: {plural(len(entries), 'question')}. "
        "Quotes are verbatim. The command <code>pullquote verify</code> compares the quotes in this "
        "file with the documents."
        f"</p></header>\n{body}\n</body></html>\n"
    )


def _clock(at: dt.datetime) -> str:
    return f"{at:%H:%M} (UTC{at.isoformat()[-6:]})"


def _paragraphs(lines: Iterable[str], name: str = "said") -> list[str]:
    return [f'<p class="{name}">{text(line)}</p>' for line in lines]


def _opening(answer: Answer, titles: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines above the quotes of an answer."""
    if reading := how_read(answer):
        yield reading
    if answer.parts:
        yield f"Read as: {' '.join(part.interpreted_question for part in answer.parts)}"
    if answer.reply:
        yield answer.reply.text
    elif message := said_of_none(answer, titles):
        yield message
    if answer.error:
        yield FAILED
        yield answer.error.message
    if answer.more and answer.more.quotes:
        yield f"{all_that_answer(answer.more)}, by document:"


def _closing(answer: Answer, at: dt.datetime, titles: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines below the quotes of an answer."""
    yield from answer.notes
    if answer.parts and answer.quotes:
        yield f"Parts: {by_part(answer)}."
    if differing := figures.in_words(answer):
        yield f"{differing}."
    if some := more_than_shown(answer):
        yield f"Shown: {some} that answer."
    facts = [f"Asked on {date_in_words(at)} at {_clock(at)}"]
    if answer.filters:
        facts.append(f"filters: {describe_filters(answer.filters, titles)}")
    if answer.preference:
        facts.append(f"prefers {times.in_words(answer.preference)}")
    if not (answer.reply or answer.error or answer.unsearched):
        facts += [
            f"searched {plural(answer.searched, 'document')}",
            f"likely answered: {how_sure(answer, percent=chr(160) + '%')}",
        ]
    if answer.undated:
        facts.append(f"{plural(answer.undated, 'document')} without a date left out")
    yield " · ".join(facts)


def _purged(lost: Lost) -> str:
    when = f" on {date_in_words(lost.purged)}" if lost.purged else ""
    return f"[{lost.number}] Purged{when}: this document was erased for good."


def _cited(quote: Quote, fate: str) -> str:
    """Return the full citation with the place: the text's SHA-256 and the quote's offsets."""
    cited_id = citation_id(quote)
    url = f" {quote.document.url}" if quote.document.url else ""
    copies = "; ".join(map(short_citation, quote.copies))
    also = f'<span class="also">Also in: {text(copies)}</span>' if copies else ""
    if speaker := said_by(quote):
        also = f'<span class="also">Said by {text(speaker)}</span>{also}'
    return (
        f'<p class="source" id="cite={cited_id}"><a class="cite" href="#cite={cited_id}">[{quote.number}] '
        f'{text(cite_line(quote, fate) + url)} <span class="place">{cited_id}</span></a>{also}</p>'
    )
