"""Thumbs from the chat: their meaning, and the test queries for `pullquote evaluate` that they become.

A thumb is on an answer or on one of its quotes. The desk stores the thumb with the answer: the question, the
earlier questions, the filters, the strictness, the outcome and the quotes. The thumb is shown again only with
this answer. A quote is stored as coordinates. Its text is read from its source when the test queries are
exported.

The thumbs on all answers to a question with the same earlier questions and filters make one test query. If
two thumbs contradict each other, the last one counts.

- Up on a quote: the quote answers, and is expected. Down: it does not, and is among the `rejected`.
- Up on an answer: the question is answerable. Only thumbs on quotes say which quotes answer it. If the answer
  said that nothing was found, that was right: the question is not answerable.
- Down on an answer: the right answer is unknown. A person has to fill it in.
"""

from __future__ import annotations

import csv
import io
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from qa.asking.conversation import earlier_questions
from qa.errors import DocumentNotFoundError, OutputError
from qa.outputs import write_output
from qa.quoting.cite import check
from qa.schema import Judgement, Quote, QuoteReference, ShownAnswer
from qa.text import cells
from qa.text.json_lines import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from qa.desk.interface import Desk
    from qa.schema import Answer, Document, Turn
    from qa.storage.library import Library

Form = Literal["jsonl", "csv"]
Line: TypeAlias = dict[str, Any]
"""A test query as a line of the file."""

_TO_FILL_IN = "the answer was judged wrong: add the expected quotes, or say if the question is answerable"
_UNMARKED = (
    "the answer was judged right, but none of its quotes was judged: press a thumb on the quotes that "
    "answer, or add them"
)
_COLUMNS = ("id", "question", "answerable", "document", "quote", "history", "rejected", "note", "filters")


def shown_answer(answer: Answer, history: Sequence[str | Turn] = ()) -> ShownAnswer:
    """Return the parts of an answer that are stored with a thumb."""
    quotes, shown = (
        tuple(QuoteReference(q.document.id, q.document.sha256, q.start, q.end) for q in group)
        for group in (answer.quotes, (*answer.shown, *answer.nearest))
    )
    return ShownAnswer(
        answer.question.strip(),
        tuple(text.strip() for text in earlier_questions(history)),
        answer.interpreted_question,
        answer.outcome,
        quotes,
        tuple(reference for reference in shown if reference not in quotes),
        answer.filters,
        answer.strictness,
    )


def thumbs_on(judgements: Sequence[Judgement]) -> dict[str, Any]:
    """Return the thumbs on one answer: the thumb on the whole, and the thumbs on quotes by citation id."""
    return {
        "answer": next((judgement.thumb for judgement in judgements if judgement.quote is None), None),
        "quotes": {
            judgement.quote.citation_id: judgement.thumb
            for judgement in judgements
            if judgement.quote is not None
        },
    }


# Test queries


def to_queries(desk: Desk, library: Library) -> list[Line]:
    """Return test queries from the thumbs on a library's answers, in order of the questions.

    Each test query is a question with its history and its filters. Quotes are sliced from their sources now.
    A quote whose source has changed or is gone is left out, with a note.

    Raises:
        VerbatimError: a quote is not the slice of its source.
    """
    judgements = sorted(desk.thumbs(), key=_asked)
    return [_query(list(group), library) for _, group in groupby(judgements, _asked)]


def _asked(judgement: Judgement) -> tuple[str, tuple[str, ...], str]:
    shown = judgement.shown
    return shown.question, shown.history, shown.query_id


def _query(judgements: Sequence[Judgement], library: Library) -> Line:
    """Return the line of a suite that the thumbs on one answer make."""
    whole = next((judgement for judgement in reversed(judgements) if judgement.quote is None), None)
    shown = (whole or judgements[-1]).shown
    thumbs = {judgement.quote: judgement.thumb for judgement in judgements if judgement.quote is not None}
    expected = _Slices(library, (reference for reference, thumb in thumbs.items() if thumb == "up"))
    rejected = _Slices(library, (reference for reference, thumb in thumbs.items() if thumb == "down"))
    all_rejected = set(thumbs.values()) == {"down"} and thumbs.keys() >= {*shown.quotes}
    answerable, note = _answerable(whole, expected, all_rejected=all_rejected)
    notes = [*expected.lost, *rejected.lost, *([note] if note else [])]
    line = {
        "id": shown.query_id,
        "question": shown.question,
        "history": list(shown.history),
        "interpreted_question": shown.interpreted_question,
        "quotes": expected.texts,
        "answerable": answerable,
        "document": expected.documents[0] if len(expected.documents) == 1 else "",
        "rejected": rejected.texts,
        "filters": shown.filters.to_dict(),
        "notes": notes,
    }
    if shown.interpreted_question == shown.question:
        del line["interpreted_question"]
    always = ("question", "quotes", "answerable")
    return {name: value for name, value in line.items() if value or name in always}


def _answerable(whole: Judgement | None, expected: _Slices, *, all_rejected: bool) -> tuple[bool | None, str]:
    """Return whether the documents answer the question (None: unknown), and a note on what to fill in."""
    if expected.texts:
        return True, ""
    if whole is None or expected.lost:
        return None, ""
    if whole.thumb == "down":
        return None, _TO_FILL_IN
    if whole.shown.outcome == "answered":
        return (None, _TO_FILL_IN) if all_rejected else (True, _UNMARKED)
    return False, ""


class _Slices:
    """The texts of places, each once and in order of the places; their documents; notes on lost quotes."""

    def __init__(self, library: Library, references: Iterable[QuoteReference]) -> None:
        self._library = library
        self.lost: list[str] = []
        quotes = [quote for reference in sorted(references) if (quote := self._quote(reference))]
        self.texts = list(dict.fromkeys(quote.text for quote in quotes))
        self.documents = list(dict.fromkeys(quote.document.id for quote in quotes))

    def _quote(self, reference: QuoteReference) -> Quote | None:
        """Return the quote that was judged. If it is lost, say so in `lost`, and return None."""
        document, fate = self._document(reference)
        if document is not None and reference.end > len(document.text):
            document, fate = None, "has no such place"
        if document is None:
            self.lost.append(
                f"a quote of {reference.document!r} ({reference.start}-{reference.end}) is left out: "
                f"the document {fate}"
            )
            return None
        quote = Quote(document, reference.start, reference.end)
        check(quote, self._library.document)
        return quote

    def _document(self, reference: QuoteReference) -> tuple[Document | None, str]:
        """Return the document, perhaps under another id, or None and what happened to it."""
        fate = "has changed since"
        try:
            document = self._library.document(reference.document)
            if document.sha256 == reference.sha256:
                return document, ""
        except DocumentNotFoundError:
            fate = "is no longer in the library"
        try:
            return self._library.document_by_sha256(reference.sha256), ""
        except DocumentNotFoundError:
            return None, fate


# Files


def to_file(queries: Sequence[Line], form: Form) -> bytes:
    """Return test queries as the bytes of a file: lines of JSON, or a table for a spreadsheet."""
    if form == "jsonl":
        return to_jsonl(queries).encode("utf-8")
    return _to_csv(queries).encode("utf-8-sig")  # without the mark, Excel assumes its own code page


def save(queries: Sequence[Line], path: Path, *, replace: bool = False) -> None:
    """Write a file in the form that its name ends in. Do not replace a file with other content.

    Raises:
        OutputError: the file has other content and `replace` is False, or it cannot be written.
    """
    data = to_file(queries, "csv" if path.suffix.lower() == ".csv" else "jsonl")
    try:
        spared = not replace and path.is_file() and path.read_bytes() not in (b"", data)
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror}; name another file") from error
    if spared:
        raise OutputError(
            f"{path} already exists with other content, perhaps your own additions: name another "
            "file, or replace it with --force"
        )
    write_output(path, [data.decode("utf-8")])


def to_jsonl(queries: Iterable[Line], *, ascii: bool = False) -> str:  # noqa: A002
    """Return test queries as lines of JSON."""
    return "".join(dumps(query, ascii=ascii) + "\n" for query in queries)


def _to_csv(queries: Iterable[Line]) -> str:
    """Return a table. A question with several quotes, turns or notes has several rows."""
    table = io.StringIO(newline="")
    rows = csv.writer(table)
    rows.writerow(_COLUMNS)
    for query in queries:
        answerable = {True: "yes", False: "no", None: ""}[query["answerable"]]
        same = [query["id"], query["question"], answerable, query.get("document", "")]
        filters = dumps(query["filters"]) if "filters" in query else ""
        several = [query.get(name, []) for name in ("quotes", "history", "rejected", "notes")]
        height = max(1, *map(len, several))
        for row in zip_longest(*several, [""] * height, fillvalue=""):
            rows.writerow(map(cells.to_cell, (*same, *row[:-1], filters)))
    return table.getvalue()
