"""Write an answer as a dict, as a line of JSON, as plain text, and for a terminal.

`to_dict`, `to_json`, `to_text` and `to_terminal` read and hash the source of each quote again (`cite.check`).
They compare the source with the quote in their result, and raise VerbatimError if they differ. Their argument
`read_document` returns a document by its id, as the library has it now: `corpus.document`.

Other formats are Markdown (`markdown.py`), HTML (`html.py`) and the HTML of the page (`qa/web/cards.py`).
"""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from qa.document.metadata import value_of
from qa.quoting.cite import check, cite_line, file_among_alike
from qa.quoting.speaker import said_by, speaker_to_dict
from qa.schema import FIELDS, READINESS, Answer, Failure, answer_to_dict, citation_id
from qa.text import differing_figures as figures
from qa.text import times
from qa.text.dates import date_in_words
from qa.text.display import (
    describe_filters,
    language_in_words,
    plural,
    short_citation,
    source_in_words,
    visible,
)
from qa.text.foreign import UNKNOWN
from qa.text.json_lines import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Group, RenderableType
    from rich.text import Text

    from qa.quoting.cite import DocumentReader
    from qa.schema import Asked, DocumentInfo, Facets, Fact, Filters, More, Quote

FAILED = "This question could not be answered because of an error."
IN_PART = "Only a part of the question is answered. The quotes answer that part alone."
NEAREST = "Nearest passages"
# Maximum number of copies of a quote that are named.
NAMED = 10


def to_dict(answer: Answer, read_document: DocumentReader, id: str = "") -> dict[str, Any]:  # noqa: A002
    """Return an answer line as a dict. The fields are in the order of the design, then `reply` and so on.

    Raises:
        VerbatimError: if a quote in it is not the slice of its source.
    """
    line = _line(answer, id)
    _check_dict(line, answer, read_document)
    return line


def to_json(answer: Answer, read_document: DocumentReader, id: str = "", *, ascii: bool = False) -> str:  # noqa: A002
    """Return an answer line as JSON. The check parses the line, so it compares the quotes that a reader gets.

    Raises:
        VerbatimError: if a quote in it is not the slice of its source.
    """
    line = dumps(_line(answer, id), ascii=ascii)
    _check_dict(json.loads(line), answer, read_document)
    return line


def to_text(answer: Answer, read_document: DocumentReader) -> str:
    """Return an answer as plain text for a pipe or a file. Lines are not wrapped, and a quote begins a line.

    Control characters are shown as symbols (`cite.visible`). Otherwise, a quote is exact.

    Raises:
        VerbatimError: if a quote in it is not the slice of its source.
    """
    text = ""
    places: list[tuple[Quote, int, int]] = []
    for heading, _ in opening(answer):
        text += visible(heading) + "\n"
    for quote, follows in in_order(answer):
        heading = document_heading(answer, quote)
        text += f"\n== {visible(heading)}\n" if heading else ""
        text += "\n[…]\n\n" if follows else "\n"
        start = len(text)
        text += visible(quote.text)
        places.append((quote, start, len(text)))
        text += f"\n{visible(_numbered(quote))}\n"
        text += "".join(f"{visible(line)}\n" for line in besides(quote))
    if below := closing(answer):
        text += "\n" + "".join(visible(line) + "\n" for line in below)
    what, rows = differing(answer)
    if rows:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        text += f"{what}:\n"
        for row in rows:
            text += "  " + "  ".join(map(str.ljust, map(visible, row), widths)).rstrip() + "\n"
    for quote, start, end in places:
        check(quote, read_document, text[start:end], pictures=True)
    return text


def to_terminal(answer: Answer, read_document: DocumentReader) -> Group:
    """Return an answer for rich to print. The words that carry the answer are bold, and lines wrap at spaces.

    Raises:
        VerbatimError: if a quote in it, before its lines are wrapped, is not the slice of its source.
    """
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    parts: list[RenderableType] = [Text(visible(heading), style) for heading, style in opening(answer)]
    shown: list[tuple[Quote, Text]] = []
    for quote, follows in in_order(answer):
        card = _card(quote)
        shown.append((quote, card))
        heading = document_heading(answer, quote)
        parts += [Text(f"\n== {visible(heading)}\n", "bold")] if heading else []
        parts.append(Text("\n  […]\n" if follows else "", "dim"))
        parts += [Padding(card, (0, 0, 0, 2)), Padding(Text(visible(_numbered(quote)), "cyan"), (0, 0, 0, 2))]
        parts += [Padding(Text(visible(line), "cyan dim"), (0, 0, 0, 2)) for line in besides(quote)]
    if below := closing(answer):
        parts += [Text(""), *(Text(visible(line), "dim") for line in below)]
    what, rows = differing(answer)
    if rows:
        table = Table.grid(padding=(0, 2, 0, 0))
        for row in rows:
            table.add_row(*map(Text, map(visible, row), ("bold", "cyan", "", "")))
        parts += [Text(f"{what}:", "bold"), Padding(table, (0, 0, 0, 2))]
    for quote, card in shown:
        check(quote, read_document, card.plain, pictures=True)
    return Group(*parts)


def how_sure(answer: Answer, percent: str = "%") -> str:
    """Return the confidence in words, and the strictness that it is too low for.

    An example is `31%; too little for “balanced”`. Whole percents must not contradict the outcome. So a
    confidence below the threshold is rounded down. A sufficient confidence is never shown as less than the
    threshold. A confidence that is not calibrated is "unknown", and a note of the answer says why.
    """
    if not answer.calibrated:
        return "unknown"
    sure, enough = percents(answer)
    return f"{sure}{percent}" + (f"; too little for {strictness_in_words(answer)}" if sure < enough else "")


def strictness_in_words(of: Answer | Asked) -> str:
    """Return the required strictness in the words of the page: `“balanced”`, or `a strictness of 0.9`."""
    if not of.strictness:
        return "an answer"
    readiness = READINESS.get(of.strictness)
    return f"“{readiness}”" if readiness else f"a strictness of {of.strictness:g}"


def percents(answer: Answer) -> tuple[int, int]:
    """Return the confidence and the threshold in percent. The threshold is 0 if no passage was read."""
    sure = round(100 * answer.confidence, 6)
    if answer.signals is None:
        return round(sure), 0
    enough = answers_from(answer.threshold)
    return max(round(sure), enough) if answer.confidence >= answer.threshold else math.floor(sure), enough


def answers_from(threshold: float) -> int:
    """Return the threshold of confidence in percent, rounded up, as it is shown."""
    return math.ceil(round(100 * threshold, 6))


def no_answer(of: Answer | Asked, titles: Mapping[str, str] | None = None) -> str:
    """Return the words for a question without an answer, with the documents that were searched.

    All outputs use these words. They are one or two sentences without the last full stop, or "" for an
    answer. `titles` are the titles of documents by id, as in `describe_filters`.
    """
    if of.outcome not in ("weak", "none"):
        return ""
    if of.unjudged:
        nearest = ". These passages are nearest" if isinstance(of, Answer) and of.quotes else ""
        language = "this language" if of.unjudged == UNKNOWN else language_in_words(of.unjudged)
        return f"The reader cannot judge {language}{nearest}"
    return f"No answer found{_searched(of, titles)}"


def _searched(of: Answer | Asked, titles: Mapping[str, str] | None) -> str:
    """Return the searched documents in words.

    An example is ` in the 45 documents searched in collection Velden (publisher IFES)`.
    """
    collections = of.filters.values("collection")
    others = describe_filters(replace(of.filters, collection=()), titles)
    where = " in the documents searched"
    if of.searched:
        where = f" in the {plural(of.searched, 'document') if of.searched > 1 else 'document'} searched"
    if collections:
        *first, last = collections
        collection_names = f"{', '.join(first)} and {last}" if first else last
        where += f" in {'collections' if first else 'collection'} {collection_names}"
    return where + (f" ({others})" if others else "")


def error_to_dict(question: str, filters: Filters, failure: Failure) -> dict[str, Any]:
    """Return the answer line of a question that failed with an error. The line has no quotes."""
    return answer_to_dict(Answer(question, question, "error", filters=filters, error=failure))


def info_to_dict(info: DocumentInfo) -> dict[str, Any]:
    """Return an entry of `documents --json`."""
    return {
        "id": info.id,
        **{name: value_of(info, name) for name in FIELDS},
        "format": info.format,
        "path": info.path,
        "sha256": info.sha256,
        "source_sha256": info.source_sha256,
        "characters": info.characters,
        "passages": info.passages,
        "notes": list(info.notes),
        "found": [asdict(origin) for origin in info.found],
        "locations": list(info.locations),
    }


def facets_to_dict(facets: Facets) -> dict[str, Any]:
    """Return the values that filters can choose from, for JSON. Dates are in ISO 8601, of any precision."""
    first, last = (date.isoformat() if date else None for date in (facets.first, facets.last))
    values = {FIELDS[name].plural: values for name, values in facets.values.items()}
    dates = {"first": first, "last": last, "undated": facets.undated}
    return {**values, **dates, "formats": facets.formats}


def _line(answer: Answer, id: str) -> dict[str, Any]:  # noqa: A002
    """Return an answer line with the quotes' speakers, the differing figures, and the words for no answer."""
    line = answer_to_dict(answer, id)
    line["said"] = "" if answer.reply else _said(answer)
    for quote, written in _written(line, answer):
        written["speaker"] = speaker_to_dict(quote)
    line["differing"] = [
        {"number": figure.quote.number, "text": figure.words} for figure in figures.differing(answer)
    ]
    return line


def _written(line: dict[str, Any], answer: Answer) -> Iterator[tuple[Quote, dict[str, Any]]]:
    """Yield each quote of an answer with its dict in the answer line."""
    every = (answer.more.quotes if answer.more else None) or ()
    written = [*line["quotes"], *((line["more"] or {}).get("quotes") or ()), *line["nearest"]]
    return zip((*answer.quotes, *every, *answer.nearest), written, strict=True)


def _check_dict(line: dict[str, Any], answer: Answer, read_document: DocumentReader) -> None:
    for quote, shown in _written(line, answer):
        check(quote, read_document, shown["text"])


def opening(answer: Answer) -> Iterator[tuple[str, str]]:
    """Yield the lines above the quotes, each with its style: the question, its reading, and the outcome."""
    yield f"Question: {answer.question}", "bold"
    if reading := how_read(answer):
        yield reading, "italic"
    if answer.parts:
        yield f"Read as: {' '.join(part.interpreted_question for part in answer.parts)}", "italic"
    if answer.reply:
        yield answer.reply.text, ""
    elif line := said_of_none(answer):
        yield line, "bold yellow"
    if answer.error:
        yield FAILED, "bold red"
        yield f"{answer.error.message} ({answer.error.code})", ""
    if answer.more and answer.more.quotes:
        yield f"{all_that_answer(answer.more)}, by document:", ""


def said_of_none(answer: Answer, titles: Mapping[str, str] | None = None) -> str:
    """Return the line above the quotes of a question that is not fully answered, or "" for an answer."""
    line = _said(answer, titles)
    is_list = bool(answer.quotes) and not (answer.unjudged or answer.is_answered_in_part)
    return f"{line} {NEAREST}:" if is_list and line else line


def _said(answer: Answer, titles: Mapping[str, str] | None = None) -> str:
    if answer.unsearched:
        return f"Nothing was searched. {answer.unsearched}"
    if answer.is_answered_in_part:
        return " ".join([IN_PART, *map(fact_in_words, answer.facts)])
    sentence = no_answer(answer, titles)
    return " ".join([f"{sentence}.", *map(fact_in_words, answer.facts)]) if sentence else ""


def fact_in_words(fact: Fact) -> str:
    """Return a fact about a document that is not from its text: "By PDF information, the author of …"."""
    value = date_in_words(dt.date.fromisoformat(fact.value)) if fact.field == "date" else fact.value
    return (
        f"By {source_in_words(fact.source)}, the {fact.field} of “{fact.title or fact.document}” is {value}."
    )


def how_read(answer: Answer) -> str:
    """Return the reading of a question in words: `Read together with “Who paid?”`, or `Understood as: …`.

    Return "" if the question was read as it was asked.
    """
    if answer.read_with:
        earlier = [f"“{' '.join(question.split())}”" for question in answer.read_with]
        return f"Read together with {' and '.join(earlier)}"
    changed = answer.interpreted_question != answer.question
    return f"Understood as: {answer.interpreted_question}" if changed else ""


def all_that_answer(more: More) -> str:
    """Return the number of sentences that answer: `At least 41 sentences in 20 documents answer`."""
    least = "At least " if more.at_least else ""
    answer = "answers" if more.sentences == 1 else "answer"
    return f"{least}{plural(more.sentences, 'sentence')} in {plural(more.documents, 'document')} {answer}"


def more_than_shown(answer: Answer) -> str:
    """Return the share of the sentences that is shown: `3 of 41 sentences in 20 documents`.

    Return "" if all sentences are shown.
    """
    extent = answer.more
    if extent is None or extent.quotes is not None or extent.sentences <= extent.shown:
        return ""
    least = "at least " if extent.at_least else ""
    return (
        f"{extent.shown} of {least}{extent.sentences:,} sentences in {plural(extent.documents, 'document')}"
    )


def by_part(answer: Answer) -> str:
    """Return the parts of the question with the numbers of the quotes that answer them.

    An example is `“Who opened it” [1]; “who paid” not answered`.
    """
    return "; ".join(
        f"“{part.words}” {' '.join(f'[{answer.quotes[at].number}]' for at in part.quotes) or 'not answered'}"
        for part in answer.parts
    )


def closing(answer: Answer) -> list[str]:
    """Return the lines below the quotes: the confidence, the searched documents, and the notes."""
    lines = []
    if not (answer.reply or answer.error or answer.unsearched):
        searched = f"Searched {plural(answer.searched, 'document')}"
        if answer.filters:
            searched += f" ({describe_filters(answer.filters)})"
        if answer.undated:
            searched += f"; {plural(answer.undated, 'document')} without a date left out"
        preferred = f" {times.preferred(answer.preference)}" if answer.preference else ""
        lines = [
            f"Confidence that the documents searched state the answer: {how_sure(answer)}.",
            f"{searched}.{preferred}",
        ]
        if answer.parts and answer.quotes:
            lines.append(f"Parts: {by_part(answer)}.")
        if some := more_than_shown(answer):
            lines.append(f"Shown: {some} that answer; --all shows them all.")
    elif answer.undated:
        lines = [f"{plural(answer.undated, 'document')} without a date left out."]
    return lines + [f"Note: {note}" for note in answer.notes]


def differing(answer: Answer) -> tuple[str, list[tuple[str, str, str, str]]]:
    """Return the kind of figures that differ in an answer, and a row for each figure.

    A row has the figure's words, the number of its quote, the date and the source. If nothing differs, both
    results are empty.
    """
    what, compared = figures.compared(answer)
    rows = []
    for figure in compared:
        document = figure.quote.document
        date = date_in_words(document.date) if document.date else "no date"
        title = " ".join((document.title or document.id).split())
        source = ", ".join(filter(None, (title, document.publisher, *file_among_alike(figure.quote))))
        rows.append((figure.words, f"[{figure.quote.number}]", date, source))
    return what, rows


def in_order(answer: Answer) -> Iterator[tuple[Quote, bool]]:
    """Yield the quotes to show as `gaps` does, then the nearest passages."""
    yield from gaps(answer.shown)
    yield from ((quote, False) for quote in answer.nearest)


def gaps(quotes: Sequence[Quote]) -> Iterator[tuple[Quote, bool]]:
    """Yield each quote, and whether words lie between it and the previous quote of the same document."""
    before: Quote | None = None
    for quote in quotes:
        yield (
            quote,
            before is not None
            and before.document.id == quote.document.id
            and bool(quote.document.text[before.end : quote.start].strip()),
        )
        before = quote


def emphasised(quote: Quote) -> Iterator[tuple[int, int, bool]]:
    """Yield the stretches of a quote as (start, end, whether the stretch carries the answer).

    The offsets are offsets in the document.
    """
    at = quote.start
    for span in sorted(quote.emphasis):
        start = max(span.start, at)
        if start < span.end:
            if at < start:
                yield at, start, False
            yield start, span.end, True
            at = span.end
    if at < quote.end:
        yield at, quote.end, False


def document_heading(answer: Answer, quote: Quote) -> str:
    """Return the heading above a quote, or "".

    If quotes are grouped by document, a document's first quote has the document's title. The first of the
    nearest passages has `NEAREST`.
    """
    if answer.nearest and quote is answer.nearest[0]:
        return NEAREST
    every = answer.more.quotes if answer.more else None
    first = next((candidate for candidate in every or () if candidate.document.id == quote.document.id), None)
    title = quote.document.title or quote.document.id
    return " ".join(title.split()) if quote is first else ""


def _numbered(quote: Quote) -> str:
    """Return a numbered citation with its id. `verify` uses the id to check the quote above the citation."""
    return f"[{quote.number}] {cite_line(quote)} ({citation_id(quote)})"


def besides(quote: Quote) -> list[str]:
    """Return the lines that name the speaker of a quote and the other documents with the same words."""
    speaker = said_by(quote)
    lines = [f"Said by {speaker}."] if speaker else []
    if not quote.copies:
        return lines
    citations = "; ".join(map(short_citation, quote.copies[:NAMED]))
    return [*lines, f"Also in: {citations}{more(quote)}."]


def more(quote: Quote) -> str:
    """Return the number of copies that are not named, in words, or ""."""
    left = len(quote.copies) - NAMED
    return f"; and {left:,} more" if left > 0 else ""


def _card(quote: Quote) -> Text:
    from rich.text import Text

    card = Text(visible(quote.text), overflow="fold")
    for span in quote.emphasis:
        card.stylize("bold", span.start - quote.start, span.end - quote.start)
    return card
