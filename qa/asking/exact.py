"""Search exact phrases: the words of a question that stand in quotation marks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from qa.asking import copies
from qa.asking.more import numbered_by_document
from qa.deadline import Deadline
from qa.schema import More, Passage, Quote, Sentence, Span
from qa.storage.library import read_in_parts, read_places
from qa.storage.results import Occurrence
from qa.text import times
from qa.text.phrase import near, phrase_pattern, phrase_words, repeats_itself
from qa.text.terms import has_content, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qa.schema import DatePreference, Filters
    from qa.storage.library import Library
    from qa.storage.results import Occurrences, Segmented, Selection
    from qa.text.question import ParsedQuestion

_Part = TypeVar("_Part", Sentence, Passage)
# Quotes shown for a question of phrases only. All are equally right, so more are shown than for others.
QUOTES = 10
# Phrases of a question that are looked for, at most. Each is searched in every document that has its words.
MAX_PHRASES = 10
# For a missing phrase: passages whose documents are read for similar text, and quotes of this text, at most.
NEAR_READ, NEAR = 20, 3
# Sentences that are compared to find copies, at most. Each takes milliseconds. ALL: if all are asked for.
FOLDED, ALL = 100, 1_000


@dataclass(frozen=True, slots=True)
class _Task:
    """Where and how exact phrases are searched: the arguments of `search`."""

    library: Library
    selection: Selection
    preference: DatePreference | None
    deadline: Deadline
    find_all: bool


@dataclass(frozen=True, slots=True)
class Exact:
    """The result of a search for a question's exact phrases.

    Attributes:
        selection: the documents to search for the rest of the question: documents that hold every phrase, or
            all that the filters left if a phrase is missing.
        whole: whether the question has only phrases.
        missing: whether a phrase was not found, or no document holds all phrases.
        quotes: for a question of phrases only, the sentences with the phrases; if a phrase is missing, the
            sentences around places that differ from it by one word.
        passages: the passages that contain the phrases.
        notes: notes for the reader.
        more: the number of sentences with the phrases, and quotes of all of them if all were asked for.
        is_certain: whether the quotes surely are what was asked for; False if other words may say the same.
    """

    selection: Selection
    whole: bool = False
    missing: bool = False
    quotes: tuple[Quote, ...] = ()
    passages: tuple[Passage, ...] = ()
    notes: tuple[str, ...] = ()
    more: More | None = None
    is_certain: bool = True


def search(
    library: Library,
    question: ParsedQuestion,
    selection: Selection,
    preference: DatePreference | None = None,
    deadline: Deadline | None = None,
    *,
    find_all: bool = False,
) -> Exact:
    """Find the question's exact phrases in the documents that the filters left.

    X in "Which documents mention X?" also counts as an exact phrase if it occurs. For a question of phrases
    only, quotes that fit the date preference come first.

    Raises:
        DeadlineError, CancelledError: see `Deadline.check`.
    """
    task = _Task(library, selection, preference, deadline or Deadline(), find_all)
    if not question.phrases:
        return _search_mentioned(task, question)
    exact = _search(task, question.phrases[:MAX_PHRASES], question.without_phrases)
    if len(question.phrases) > MAX_PHRASES:
        ignored = f"Only the first {MAX_PHRASES} of {len(question.phrases)} exact phrases were searched."
        exact = replace(exact, notes=(ignored, *exact.notes))
    return exact


def _search_mentioned(task: _Task, question: ParsedQuestion) -> Exact:
    """Find X of "Which documents mention X?", in any spelling of the names in X."""
    mentioned = question.mentioned
    if not mentioned or not question.is_standalone:
        return Exact(task.selection)
    names = task.library.names(question.text)
    spelt = names.spelt(mentioned)
    held = ((spelling, task.library.phrase(spelling, task.selection, task.deadline)) for spelling in spelt)
    where = {spelling: occurrences for spelling, occurrences in held if occurrences.places}
    if not where:
        return Exact(task.selection)
    quoted = _quoted(
        task, where, [occurrence for occurrences in where.values() for occurrence in occurrences.places]
    )
    as_written = f"Searched word for word for “{mentioned}”: other forms of its words were not searched."
    found_as = " ".join(where)
    return replace(
        quoted,
        is_certain=False,
        notes=(*quoted.notes, *names.notes(found_as, found_as), as_written),
        more=quoted.more and replace(quoted.more, at_least=True),
    )


def _search(task: _Task, asked: Sequence[str], rest: str) -> Exact:
    """Find the phrases that are asked for. `rest` is the question without the phrases."""
    library, selection, whole = task.library, task.selection, not has_content(rest)
    by_phrase = {phrase: library.phrase(phrase, selection, task.deadline) for phrase in asked}
    missing = [phrase for phrase, where in by_phrase.items() if not where.places]
    if missing:
        notes = tuple(_missing(phrase, by_phrase[phrase]) for phrase in missing)
        near = _near(task, missing[0]) if whole else ()
        return Exact(selection, whole, missing=True, quotes=near, notes=notes)
    holding = set.intersection(*(set(where.documents) for where in by_phrase.values()))
    if not holding:
        return Exact(selection, whole, missing=True, notes=("No document has all of the exact phrases.",))
    if not whole:
        restricted = library.select(replace(selection.filters, document=tuple(sorted(holding))))
        return Exact(restricted, notes=tuple(_searched(phrase, by_phrase[phrase]) for phrase in asked))
    places = [
        occurrence
        for where in by_phrase.values()
        for occurrence in where.places
        if occurrence.document_id in holding
    ]
    return _quoted(task, by_phrase, places)


def _near(task: _Task, phrase: str) -> tuple[Quote, ...]:
    """Quote places that differ by one word from a phrase that was not found."""
    [hits] = task.library.matching([phrase_words(phrase)], NEAR_READ, task.selection)
    places = []
    for document, _ in read_in_parts(task.library, dict.fromkeys(hit.document_id for hit, _ in hits)):
        task.deadline.check()
        places += [Occurrence(document.id, document.sha256, span) for span in near(phrase, document.text)]
    quotes, *_ = _quotes(task, places[:QUOTES], NEAR)
    return tuple(replace(quote, score=0.0) for quote in quotes)


def _quoted(task: _Task, found: Mapping[str, Occurrences], places: Sequence[Occurrence]) -> Exact:
    """Quote the places of the phrases that were `found`, for a question of phrases only."""
    library, selection, preference = task.library, task.selection, task.preference
    all_quotes, unquoted, passages, read = _quotes(task, places, ALL if task.find_all else FOLDED)
    known_copies = copies.Copies(library, selection.filters, read=read)
    quotes = copies.merged(known_copies, all_quotes, earliest=preference is None, deadline=task.deadline)
    beyond = _without_copies(library, unquoted, quotes, selection.filters)
    if preference:
        fits = times.fits(preference, [(quote.document.date, quote.text) for quote in quotes])
        order = sorted(range(len(quotes)), key=lambda index: -fits[index])
        quotes = tuple(replace(quotes[index], number=at) for at, index in enumerate(order, start=1))
    notes = [
        f"The words of “{phrase}” are together in {len(where.documents):,} documents, of which "
        f"{where.read} were read."
        for phrase, where in found.items()
        if where.too_many_documents
    ]
    if not quotes:
        notes.append("Found only in page furniture (menus, headers, footers), which is not quoted.")
        return Exact(selection, whole=True, passages=passages, notes=tuple(notes))
    sentences = len(quotes) + len(beyond)
    if task.find_all and beyond:
        notes.append(f"The first {len(quotes):,} of {sentences:,} sentences are quoted.")
    shown = quotes[:QUOTES]
    more = More(
        len(shown),
        sentences,
        len({quote.document.id for quote in quotes}.union(beyond)),
        any(where.has_more_places or where.too_many_documents for where in found.values()),
        len(passages),
        numbered_by_document(quotes, shown) if task.find_all else None,
    )
    return Exact(selection, whole=True, quotes=shown, passages=passages, notes=tuple(notes), more=more)


def _without_copies(
    library: Library, unquoted: Sequence[tuple[str, str]], quotes: Sequence[Quote], filters: Filters
) -> list[str]:
    """Return the documents of unquoted sentences, except sentences that a near-duplicate has, too.

    A sentence is given as the id of its document and its text.
    """
    others = library.copies({name for name, _ in unquoted}, filters) if unquoted else {}
    saying: dict[tuple[str, ...], set[str]] = {}
    for quote in quotes:
        places = (quote, *quote.copies)
        saying.setdefault(tuple(words(quote.text)), set()).update(
            occurrence.document.id for occurrence in places
        )
    document_ids = []
    for name, text in unquoted:
        holders = saying.setdefault(tuple(words(text)), set())
        if holders.isdisjoint(others.get(name, ())):
            document_ids.append(name)
        holders.add(name)
    return document_ids


def foremost(question: ParsedQuestion, quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """Return the quotes, first the quotes with an exact phrase of the question, numbered in this order."""
    patterns = [pattern for pattern in map(phrase_pattern, question.phrases[:MAX_PHRASES]) if pattern]
    ordered = sorted(quotes, key=lambda quote: not any(pattern.search(quote.text) for pattern in patterns))
    return tuple(replace(quote, number=number) for number, quote in enumerate(ordered, start=1))


def _missing(phrase: str, where: Occurrences) -> str:
    """Return the note that an exact phrase does not occur, or was not found where it was sought."""
    if where.too_many_documents and not where.documents:
        return (
            f"The exact phrase “{phrase}” does not occur within a passage. Its words are so common "
            "that it was not searched "
            "across two passages."
        )
    if where.too_many_documents:
        return (
            f"The exact phrase “{phrase}” was not found in the {where.read} documents that were read, of "
            f"{len(where.documents):,} that have its words together."
        )
    if repeats_itself(phrase):
        return (
            f"The exact phrase “{phrase}” does not occur as it is written. It repeats its words so often "
            "that no other spacing, case or dashes were tried."
        )
    return f"The exact phrase “{phrase}” does not occur."


def _searched(phrase: str, where: Occurrences) -> str:
    if where.too_many_documents:
        return f"Searched only the documents that have the words of “{phrase}” together."
    return f"Searched only the documents that have “{phrase}”."


def _quotes(
    task: _Task, places: Sequence[Occurrence], most: int
) -> tuple[list[Quote], list[tuple[str, str]], tuple[Passage, ...], dict[str, Segmented]]:
    """Quote the whole sentences around places, each once, with the phrase emphasised.

    Return at most `most` quotes; the other sentences, each as the id of its document and its text; the
    passages around all places; and the quoted documents with their passages, by id.
    """
    quotes: list[Quote] = []
    unquoted: list[tuple[str, str]] = []
    holding: list[Passage] = []
    read: dict[str, Segmented] = {}
    for (document, passages), spans in read_places(task.library, places):
        task.deadline.check()
        sentences = [sentence for passage in passages for sentence in passage.sentences]
        around: dict[tuple[int, int], list[Span]] = {}
        for span in sorted(set(spans)):
            touched = _touched(sentences, span)
            if touched and all(sentence.quotable for sentence in touched):
                start, end = touched[0].start, touched[-1].end
                if start <= span.start and span.end <= end:
                    around.setdefault((start, end), []).append(span)
        for (start, end), emphasis in around.items():
            if len(quotes) < most:
                quotes.append(Quote(document, start, end, 1.0, len(quotes) + 1, tuple(emphasis)))
                read[document.id] = document, passages
            else:
                unquoted.append((document.id, document.text[start:end]))
        held_by = {passage.ordinal for span in around for passage in _touched(passages, Span(*span))}
        holding += [passage for passage in passages if passage.ordinal in held_by]
    return quotes, unquoted, tuple(holding), read


def _touched(parts: Sequence[_Part], span: Span) -> Sequence[_Part]:
    """Return the parts of a text, in order and disjoint, that share a character with a place."""
    first = bisect_right(parts, span.start, key=lambda part: part.end)
    last = bisect_left(parts, span.end, key=lambda part: part.start)
    return parts[first:last]
