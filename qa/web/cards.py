"""Render an answer for the chat, with a card for each quote. Quotes are checked in the HTML that is sent."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import quote as urlquote

from qa.quoting.cite import check, facts_of, file_among_alike
from qa.quoting.html import text_of_html, with_emphasis
from qa.quoting.render import (
    NAMED,
    NEAREST,
    all_that_answer,
    by_part,
    fact_in_words,
    gaps,
    how_read,
    more,
    more_than_shown,
    no_answer,
    percents,
    strictness_in_words,
)
from qa.quoting.speaker import said_by
from qa.schema import citation_id
from qa.text import differing_figures as figures
from qa.text import times
from qa.text.dates import date_in_words
from qa.text.display import describe_filters, plural, short_citation
from qa.text.inline_markup import without_markup
from qa.web.problem import without_commands

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from qa.desk.kept import Lost
    from qa.quoting.cite import DocumentReader
    from qa.schema import Answer, CitationId, Failure, More, Quote, Reply

# Number of quotes that are shown at first. More would bury the next question. The rest is one click away.
SHOWN = 3
_LONG = 110  # a title with more characters does not fit in a line
# Gradio strips and re-indents the lines of a message (inspect.cleandoc), so white space is sent as character
# references. Browsers turn "\r\n" into "\n", so a carriage return is sent as an element. The page's script
# turns the element back into the character.
CARRIAGE_RETURN = '<i class="cr"></i>'
_SPACE = {"\n": "&#10;", "\t": "&#9;", "\r": CARRIAGE_RETURN, " ": " "}
# A link, because Gradio's sanitiser removes buttons. The page's script acts on it.
_CLEAR = '<p><a class="clear-filters" href="#filters">Try without the filters</a></p>'
_BULLET = re.compile(r"(?m)^[ \t]*(?P<bullet>[-*+][ \t]+)(?=\S)")
PENDING = '<p class="searching">Searching…</p>'
STOPPED = (
    '<article class="answer stopped"><section class="stop"><h2>Stopped</h2>'
    "<p>This question was stopped before it was answered. The documents may state an answer.</p>"
    '<p><a class="ask-again" href="#again">Ask it again</a></p></section></article>'
)


def text(value: str) -> str:
    """Return a text as HTML that shows the same text and does nothing."""
    escaped = escape(value)
    return "".join(_SPACE.get(character, character) for character in escaped)


def answer_card(
    answer: Answer,
    read_document: DocumentReader,
    answer_id: str = "",
    fates: Mapping[CitationId, str] = MappingProxyType({}),
    lost: Sequence[Lost] = (),
    titles: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the answer's HTML, on one line. With an id (see `qa.web.shown`), the answer can be judged.

    Args:
        answer: the answer.
        read_document: reads a document again from the library.
        answer_id: the answer's id for thumbs, or "" if the answer cannot be judged.
        fates: what has become of the quotes' sources since the answer was first shown, by citation.
        lost: the quotes whose documents were purged since then (see `qa.desk.kept`).
        titles: the titles of the documents that the filters name, by id.

    Raises:
        VerbatimError: a quote in the HTML differs from its slice of the source, which is read again.
    """
    if answer.error is not None:
        return error_card(answer.error)
    if answer.reply is not None:
        return f'<article class="answer"><section class="reply">{_reply(answer.reply)}</section></article>'
    quotes = list(_quote_cards(answer.quotes, read_document, fates))
    for lost_quote in lost:
        quotes.insert(lost_quote.at, _lost_card(lost_quote))
    parts = [*_remarks(answer)]
    if answer.unsearched:
        return f'<article class="answer none">{_unsearched(answer)}{"".join(parts)}</article>'
    parts.append(_differing(answer))
    if answer.more and answer.more.quotes:
        parts.extend(_by_document(answer.more, read_document, fates))
        parts.extend(_by_date(answer.more.quotes))
        parts.extend(map(_lost_card, lost))
    elif answer.outcome == "answered":
        parts.extend(_folded(quotes))
        parts.extend(_by_date(answer.quotes))
        if some := more_than_shown(answer):
            # The page's script makes the link a button, because Gradio's sanitiser removes buttons.
            parts.append(
                f'<p class="some"><span>{some}</span>: <a class="show-all" href="#all">show all</a></p>'
            )
    else:
        parts.append(_not_in_corpus(answer, quotes, titles))
    if answer.nearest:
        near = "".join(_quote_cards(answer.nearest, read_document, fates))
        parts.append(f'<details class="more nearest"><summary>{NEAREST}</summary>{near}</details>')
    if answer.parts and answer.quotes:
        parts.append(f'<p class="parts">Parts: {text(by_part(answer))}</p>')
    filters = text(describe_filters(answer.filters, titles))
    within = f" ({filters})" if filters else ""
    seconds = round(answer.milliseconds.total / 1000)
    took = plural(seconds, "second") if seconds else "less than a second"
    searched = f"Searched {plural(answer.searched, 'document')}{within} in {took}"
    sure = f"{percents(answer)[0]}&nbsp;%" if answer.calibrated else "unknown"
    means = "The probability that the documents state the answer"
    parts.append(f'<p class="trace">{searched} · <span title="{means}">likely answered: {sure}</span></p>')
    judged = f' id="answer-{escape(answer_id)}"' if answer_id else ""
    return f'<article class="answer {answer.outcome}"{judged}>{"".join(parts)}</article>'


def address(document_id: str) -> str:
    """Return the address of a document's page."""
    return f"/documents/{urlquote(document_id, safe='')}"


def _reply(reply: Reply) -> str:
    """Return the words of a reply as HTML. A line that names a document links to the document's page."""
    ids = iter(reply.documents)
    lines = []
    for line in map(text, reply.text.splitlines()):
        name = next(ids, None) if line.startswith("• ") else None
        lines.append(line if name is None else f'• <a href="{address(name)}">{line[2:]}</a>')
    return "&#10;".join(lines)


def error_card(failure: Failure) -> str:
    """Return a card that says what went wrong. It must not look like an answer, or like "no answer"."""
    return (
        '<article class="answer"><section class="error"><h2>This question could not be answered</h2>'
        f"<p>{text(failure.message)}</p></section></article>"
    )


def problem(words: str) -> str:
    """Return a line below an answer about something else that failed, such as storing the answer."""
    return f'<p class="problem">{text(words)}</p>'


def quote_card(quote: Quote, read_document: DocumentReader, fate: str = "") -> str:
    """Return a quote's card: its text, the numbered link to its source, and what has become of the source."""
    block = quote_block(quote, read_document)
    facts = " · ".join(map(text, facts_of(quote)))
    if date := quote.document.date:
        words = text(date_in_words(date))
        facts = facts.replace(words, f'<time datetime="{date.isoformat()}">{words}</time>', 1)
    link = _cite(quote, facts)
    speaker = said_by(quote)
    speaker_line = f'<p class="speaker">Said by {text(speaker)}</p>' if speaker else ""
    since = f'<p class="since">This source was {text(fate)}.</p>' if fate else ""
    below = speaker_line + _also_in(quote) + since
    return f'<section class="card">{block}<p class="source">{link}</p>{below}</section>'


def _cite(quote: Quote, facts: str) -> str:
    """Return the numbered link that opens a quote in its source."""
    title = quote.document.title or quote.document.id
    long = f' long" title="{text(title)}' if len(title) > _LONG else ""  # the style cuts it
    more = f' <span class="facts">· {facts}</span>' if facts else ""
    same_text = any(copy.document.sha256 == quote.document.sha256 for copy in quote.copies)
    return (
        f'<a class="cite" href="{_hash(quote, ambiguous=same_text)}">'
        f'<span class="number">[{quote.number}]</span> <span class="title{long}">{text(title)}</span>'
        f"{more}</a>"
    )


def _differing(answer: Answer) -> str:
    """Return a table of the figures or dates that differ between sources, each with a link to its quote."""
    what, compared = figures.compared(answer)
    if not compared:
        return ""
    rows = []
    for figure in compared:
        document = figure.quote.document
        date = text(date_in_words(document.date)) if document.date else "no date"
        facts = " · ".join(map(text, filter(None, (document.publisher, *file_among_alike(figure.quote)))))
        rows.append(
            f'<tr><th scope="row">{text(figure.words)}</th>'
            f'<td>{_cite(figure.quote, facts)}</td><td class="date">{date}</td></tr>'
        )
    return (
        f'<table class="differing"><caption>{what} '
        "<span>Pullquote does not judge which is right.</span></caption>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _lost_card(lost: Lost) -> str:
    """Return the card that replaces a quote whose document was purged."""
    when = f" on {text(date_in_words(lost.purged))}" if lost.purged else ""
    return (
        f'<section class="lost"><p><span class="number">[{lost.number}]</span> Purged{when}: '
        "this document was erased for good.</p></section>"
    )


def quote_block(quote: Quote, read_document: DocumentReader) -> str:
    """Return a quote's verbatim text as HTML.

    Raises:
        VerbatimError: the HTML differs from the quote's slice of the source, which is read again.
    """
    # A browser that translates the page must leave a quote as it is.
    block = f'<blockquote class="quote" translate="no">{_emphasised(quote)}</blockquote>'
    check(quote, read_document, emitted=text_of_html(block))
    return block


def _also_in(quote: Quote) -> str:
    """Return links to the other places of the same words: near-duplicates that are shown as one source."""
    if not quote.copies:
        return ""
    links = "; ".join(
        f'<a class="copy" href="{_hash(copy, ambiguous=True)}">{text(short_citation(copy))}</a>'
        for copy in quote.copies[:NAMED]
    )
    return f'<p class="copies">Also in: {links}{more(quote)}</p>'


def _hash(quote: Quote, *, ambiguous: bool) -> str:
    """Return the fragment of an address that opens the quote.

    If `ambiguous`, it names the quote's document, because other documents may have the same text.
    """
    parameter = f"&amp;document={urlquote(quote.document.id, safe='')}" if ambiguous else ""
    return f"#cite={citation_id(quote)}{parameter}"


class Numbers:
    """Gives the citation numbers of a conversation. The same place keeps its number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._last = 0

    def number(self, answer: Answer) -> Answer:
        """Return the answer with this conversation's numbers on its quotes."""
        quotes = self.assign(answer.quotes)
        more = answer.more
        if more and more.quotes is not None:
            more = replace(more, quotes=self.assign(more.quotes))
        return replace(answer, quotes=quotes, more=more, nearest=self.assign(answer.nearest))

    def assign(self, quotes: Iterable[Quote]) -> tuple[Quote, ...]:
        """Return the quotes with this conversation's numbers."""
        return tuple(replace(quote, number=self._of(str(citation_id(quote)))) for quote in quotes)

    def _of(self, place: str) -> int:
        if place not in self._numbers:
            self.take(place, self._last + 1)
        return self._numbers[place]

    def take(self, place: str, number: int) -> None:
        """Note the number that a place was shown with."""
        self._numbers[place] = number
        self._last = max(self._last, number)


def _quote_cards(
    quotes: tuple[Quote, ...], read_document: DocumentReader, fates: Mapping[CitationId, str]
) -> Iterator[str]:
    """Yield the cards of the quotes.

    "[…]" comes between two quotes of one document if words between them are left out.
    """
    for quote, follows in gaps(quotes):
        fate = fates.get(citation_id(quote), "")
        yield ('<p class="gap">[…]</p>' if follows else "") + quote_card(quote, read_document, fate)


def _remarks(answer: Answer) -> Iterator[str]:
    """Yield what the card says above the quotes: how the question was read, preferences, notes."""
    if answer.carried:
        # With this link, the page's script asks again without the earlier questions.
        yield (
            f'<p class="understood">{text(how_read(answer))} '
            '<a class="ignore-history" href="#history=ignore">Ask without the earlier questions</a></p>'
        )
    if answer.parts:
        read_as = " ".join(f"<q>{text(part.interpreted_question)}</q>" for part in answer.parts)
        yield f'<p class="understood">Read as: {read_as}</p>'
    if answer.preference:
        # With this link, the page's script asks again without the preference.
        yield (
            f'<p class="understood preference">{text(times.preferred(answer.preference))} '
            '<a class="ignore-dates" href="#dates=ignore">Ask without this preference</a></p>'
        )
    for note in answer.notes:
        yield f'<p class="note">{text(without_commands(note))}</p>'
    if answer.undated:
        yield f'<p class="note">{plural(answer.undated, "document")} without a date left out.</p>'


def _folded(cards: list[str]) -> Iterator[str]:
    yield from cards[:SHOWN]
    rest = cards[SHOWN:]
    if rest:
        label = plural(len(rest), "more quote")
        yield f'<details class="more"><summary>{label}</summary>{"".join(rest)}</details>'


def _by_document(more: More, read_document: DocumentReader, fates: Mapping[CitationId, str]) -> Iterator[str]:
    """Yield a card for every quote, under a heading for each document."""
    yield f'<h2 class="all">{all_that_answer(more)}</h2>'
    for _, group in groupby(more.quotes or (), key=lambda quote: quote.document.id):
        quotes = tuple(group)
        document = quotes[0].document
        title = text(document.title or document.id)
        yield (
            f'<section class="document"><h3>{title} <span>{plural(len(quotes), "quote")}</span></h3>'
            f"{''.join(_quote_cards(quotes, read_document, fates))}</section>"
        )


def _by_date(quotes: Sequence[Quote]) -> Iterator[str]:
    """Yield a link to order quotes by date, if they have several. The page's script makes it a button."""
    if len({quote.document.date for quote in quotes} - {None}) > 1:
        yield '<p class="order"><a class="by-date" href="#date">Order by date</a></p>'


def _unsearched(answer: Answer) -> str:
    clear = _CLEAR if answer.filters else ""
    return (
        '<section class="not-in-corpus none unsearched"><h2>Nothing was searched</h2>'
        f"<p>{text(answer.unsearched)}</p>{clear}</section>"
    )


def _not_in_corpus(answer: Answer, quotes: list[str], titles: Mapping[str, str]) -> str:
    """Return the card of a question that the documents do not answer, or only in part."""
    clear = _CLEAR if answer.filters else ""
    facts = "".join(f'<p class="fact">{text(fact_in_words(fact))}</p>' for fact in answer.facts)
    if answer.is_answered_in_part:
        return (
            '<section class="not-in-corpus weak in-part"><h2>Only a part of the question is answered</h2>'
            f"<p>The quotes answer that part alone.</p>{facts}{clear}{''.join(_folded(quotes))}</section>"
        )
    message = f"<h2>{text(no_answer(answer, titles))}{'.' if answer.unjudged else ''}</h2>"
    sure, enough = percents(answer)
    if answer.calibrated and quotes and sure < enough:
        least = text(strictness_in_words(answer))
        message += f"<p>The nearest passages are {sure}&nbsp;% likely to answer: too little for {least}.</p>"
    message += facts
    if quotes and not answer.unjudged:
        clear += f"<h3>{NEAREST}</h3>"
    kind = "weak" if quotes else "none"
    return f'<section class="not-in-corpus {kind}">{message}{clear}{"".join(_folded(quotes))}</section>'


def _emphasised(quote: Quote) -> str:
    source, marks = quote.document.text, _marks(quote)
    return with_emphasis(quote, lambda start, end: _marked(source, start, end, marks))


def _marks(quote: Quote) -> frozenset[int]:
    """Return the places of Markdown markup in a quote's document: characters that a reader does not see."""
    if quote.document.format != "markdown":
        return frozenset()
    _, seen = without_markup(quote.text)
    marks = frozenset(range(quote.start, quote.end)) - {quote.start + at for at in seen}
    bullets = [match.span("bullet") for match in _BULLET.finditer(quote.text)]
    if len(bullets) == 1 and bullets[0][0] == 0:  # the quote is one item of a list, or its beginning
        marks |= frozenset(range(quote.start, quote.start + bullets[0][1]))
    return marks


def _marked(source: str, start: int, end: int, marks: frozenset[int]) -> str:
    """Return a part of a text as HTML. It contains the markup, but the page's style hides the markup."""
    runs = groupby(range(start, end), key=marks.__contains__)
    pieces = ((is_mark, text(source[run[0] : run[-1] + 1])) for is_mark, at in runs if (run := list(at)))
    return "".join(f'<span class="markup">{piece}</span>' if is_mark else piece for is_mark, piece in pieces)
